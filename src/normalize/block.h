/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The coefficients of a pass, in the order in which it meets the samples: an array of each. */
#pragma once

#include "plan.h"

typedef struct {
  const PixelnormPlan *plan; /* borrowed, as its route is */
  const PixelnormRoute *route;
  gboolean per_pixel; /* else they are of a tile, and repeat */
  gsize n;            /* samples that have them */
  gsize row_step;     /* from a row's coefficients to the next one's: 0 where they repeat */
  void *memory;       /* of all three arrays */
  float *scale;       /* backward 1 / scale */
  float *bias;
  guint8 *centre; /* of the samples' type */
  gsize sample_bytes;
  PixelnormFloorCount
      floored[PIXELNORM_MAX_CHANNELS]; /* of the samples of each channel that it has */
} PixelnormBlock;

/* Makes room for a pass along a route of @plan. Where none of its samples is a channel there is a tile,
 * whatever other passes have. */
gboolean pixelnorm_block_init (PixelnormBlock *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, GError **error);
void pixelnorm_block_clear (PixelnormBlock *self);

/* Lays out the coefficients. Returns how many samples have the scale 0: all of them become one result. */
guint64 pixelnorm_block_fill (PixelnormBlock *self, const PixelnormCoefficients *coefficients);
