/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of the stream itself, of whole channels: of a frame, of a batch, or running. */
#pragma once

#include "frame/layout.h"
#include "statistics/accumulator-private.h"
#include "coefficients.h"

typedef struct {
  PixelnormCoefficients coefficients; /* by what was measured last */
  PixelnormLayout layout;
  PixelnormAccumulator *accumulator; /* what is being measured */
  gboolean started;                  /* running: there are estimates */
} PixelnormEstimates;

/* Copies @coefficients, whose settings must stay; where they are of a profile, running estimates start from it. NULL with an
 * error. */
PixelnormEstimates *pixelnorm_estimates_new (
    const PixelnormCoefficients *coefficients, const PixelnormLayout *layout, GError **error);
void pixelnorm_estimates_free (PixelnormEstimates *self);

void pixelnorm_estimates_add (PixelnormEstimates *self, const PixelnormFrame *frame);
gboolean pixelnorm_estimates_has_frames (const PixelnormEstimates *self);
void pixelnorm_estimates_forget_frames (PixelnormEstimates *self);

/* What was measured becomes the coefficients' statistics, and is forgotten. */
void pixelnorm_estimates_take (PixelnormEstimates *self);

/* Running: what was measured becomes the estimates, and is kept for pixelnorm_estimates_move(). */
void pixelnorm_estimates_start (PixelnormEstimates *self);

/* Running: the estimates move towards what was measured, which is forgotten. */
void pixelnorm_estimates_move (PixelnormEstimates *self);
