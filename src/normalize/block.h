/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The coefficients of a pass, in the order in which it meets the samples: an array of each. */
#pragma once

#include "plan.h"

typedef struct {
  gboolean per_pixel; /* else they are of a tile, and repeat */
  gsize n;            /* samples that have them */
  gsize row_step;     /* from a row's coefficients to the next one's: 0 where they repeat */
  void *memory;       /* of all three arrays */
  float *scale;       /* backward what undoes it */
  float *bias;
  guint8 *centre; /* of the samples' type */
  gsize sample_bytes;
} PixelnormBlock;

/* Makes room. Where none of the samples is a channel there is a tile, whatever other passes have. */
gboolean pixelnorm_block_init (PixelnormBlock *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, GError **error);
void pixelnorm_block_clear (PixelnormBlock *self);

static inline void
pixelnorm_block_set (PixelnormBlock *self, gsize i, guint centre, double scale, double bias)
{
  if (self->sample_bytes == 2)
    ((guint16 *) self->centre)[i] = (guint16) centre;
  else
    self->centre[i] = (guint8) centre;
  self->scale[i] = (float) scale;
  self->bias[i] = (float) bias;
}

/* The affine of the i-th of the samples; its results are those of the plan's type, but for the zero-point.
 * Only 8-bit video has samples that are no channels. */
PixelnormAffine pixelnorm_block_affine (const PixelnormBlock *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, gsize i);
