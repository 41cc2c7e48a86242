/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The moments of a set of samples, as integers, and what follows from them. Nothing is rounded
 * before the very last step, so statistics do not depend on the order in which frames or shards
 * came.
 *
 * Ranges: a profile holds at most 2^32 frames of samples below 2^16, so for one sample sum < 2^48
 * and squares < 2^64; pooled over the pixels of a channel count and sum stay below 2^64 (the
 * accumulator refuses more) and squares below 2^80.
 */
#pragma once

#include <pixelnorm/profile.h>

#define PIXELNORM_MAX_FRAMES (G_GUINT64_CONSTANT (1) << 32)

typedef unsigned __int128 PixelnormU128;

typedef struct {
  guint64 count;
  PixelnormU128 sum;
  PixelnormU128 squares;
  guint min;
  guint max;
} PixelnormMoments;

/* The moments of nothing: the start for pixelnorm_moments_pool(). */
#define PIXELNORM_MOMENTS_EMPTY ((PixelnormMoments){ .min = G_MAXUINT })

void pixelnorm_moments_pool (PixelnormMoments *into, const PixelnormMoments *more);
double pixelnorm_moments_mean (const PixelnormMoments *moments);
double pixelnorm_moments_variance (const PixelnormMoments *moments);
gboolean pixelnorm_moments_equal (const PixelnormMoments *a, const PixelnormMoments *b);
const char *pixelnorm_moments_problem (const PixelnormMoments *moments);

/* The same in floating point; all 0 of no samples. */
void pixelnorm_statistics_init (PixelnormStatistics *statistics, const PixelnormMoments *moments);
