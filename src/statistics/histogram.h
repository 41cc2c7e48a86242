/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often each code value occurred in each channel. */
#pragma once

#include "kernels/kernels.h"
#include "moments.h"

typedef struct {
  guint n_channels, n_levels;
  guint64 counts[]; /* [n_channels, n_levels] */
} PixelnormHistogram;

PixelnormHistogram *pixelnorm_histogram_new (guint n_channels, guint depth);

static inline gsize
pixelnorm_histogram_n_items (const PixelnormHistogram *self)
{
  return (gsize) self->n_channels * self->n_levels;
}

/* Counts @n samples of @n_channels channels from @first on, side by side. */
void pixelnorm_histogram_add (PixelnormHistogram *self, guint first, guint n_channels,
    PixelnormSample type, const void *samples, gint n);

/* The moments of a channel's histogram; FALSE where it holds more samples than a profile can. */
gboolean pixelnorm_histogram_moments (
    const guint64 *counts, guint n_levels, PixelnormMoments *moments);

/* The percentile as numpy.percentile (method="linear") defines it; @percent within 0 and 100. The
 * counts are of at least one sample. */
double pixelnorm_histogram_percentile (const guint64 *counts, guint n_levels, double percent);
