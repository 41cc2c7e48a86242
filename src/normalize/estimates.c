/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of the stream itself, of whole channels. Frames are added as exact integers, as they are for a
 * profile, and become moments when a frame or a batch is complete; nothing is allocated on the way.
 *
 * Running estimates move as torch.nn.BatchNorm2d says: mean = (1 - m) mean + m batch mean, and likewise the
 * variance with that of the batch divided by N - 1. A batch of one sample has none: 0 is taken.
 */
#include "estimates.h"

PixelnormEstimates *
pixelnorm_estimates_new (
    const PixelnormCoefficients *coefficients, const PixelnormLayout *layout, GError **error)
{
  PixelnormAccumulator *accumulator =
      pixelnorm_accumulator_new (PIXELNORM_SCOPE_CHANNEL, layout, error);

  if (!accumulator)
    return NULL;
  PixelnormEstimates *self = g_new0 (PixelnormEstimates, 1);
  self->coefficients = *coefficients;
  self->layout = *layout;
  self->accumulator = accumulator;
  self->started = coefficients->inputs.profile != NULL;
  self->coefficients.estimated = self->started;
  for (guint c = 0; c < layout->n_channels && self->started; c++)
    self->coefficients.estimates[c] = pixelnorm_coefficients_estimate (coefficients, 0, c);
  self->coefficients.inputs.profile = NULL; /* was borrowed */
  return self;
}

void
pixelnorm_estimates_free (PixelnormEstimates *self)
{
  if (!self)
    return;
  g_object_unref (self->accumulator);
  g_free (self);
}

void
pixelnorm_estimates_add (PixelnormEstimates *self, const PixelnormFrame *frame)
{
  /* the layout is its own, and a batch is far from what the sums can hold */
  pixelnorm_accumulator_add (self->accumulator, &self->layout, frame, 1, NULL);
}

gboolean
pixelnorm_estimates_has_frames (const PixelnormEstimates *self)
{
  return self->accumulator->frames > 0;
}

void
pixelnorm_estimates_forget_frames (PixelnormEstimates *self)
{
  pixelnorm_accumulator_reset (self->accumulator);
}

/* What was measured, by the scope. */
static void
pool (PixelnormEstimates *self, PixelnormMoments *pooled)
{
  const guint n = self->layout.n_channels;
  PixelnormMoments all = PIXELNORM_MOMENTS_EMPTY;

  pixelnorm_accumulator_settle (self->accumulator);
  for (guint c = 0; c < n; c++) {
    pooled[c] = pixelnorm_accumulator_pool (self->accumulator, c);
    pixelnorm_moments_pool (&all, &pooled[c]);
  }
  for (guint c = 0; c < n && self->coefficients.settings->scope == PIXELNORM_SCOPE_GLOBAL; c++)
    pooled[c] = all;
}

void
pixelnorm_estimates_take (PixelnormEstimates *self)
{
  pool (self, self->coefficients.pooled);
  pixelnorm_estimates_forget_frames (self);
}

void
pixelnorm_estimates_start (PixelnormEstimates *self)
{
  PixelnormMoments pooled[PIXELNORM_MAX_CHANNELS];

  pool (self, pooled);
  for (guint c = 0; c < self->layout.n_channels; c++)
    self->coefficients.estimates[c] = (PixelnormEstimate){ pixelnorm_moments_mean (&pooled[c]),
      pixelnorm_moments_variance (&pooled[c]) };
  self->coefficients.estimated = TRUE;
}

void
pixelnorm_estimates_move (PixelnormEstimates *self)
{
  const double m = self->coefficients.settings->momentum;
  PixelnormMoments pooled[PIXELNORM_MAX_CHANNELS];

  pool (self, pooled);
  for (guint c = 0; c < self->layout.n_channels; c++) {
    PixelnormEstimate *estimate = &self->coefficients.estimates[c];
    const double n = (double) pooled[c].count;
    const double variance = n > 1 ? pixelnorm_moments_variance (&pooled[c]) * (n / (n - 1)) : 0;

    estimate->mean = (1 - m) * estimate->mean + m * pixelnorm_moments_mean (&pooled[c]);
    estimate->variance = (1 - m) * estimate->variance + m * variance;
  }
  pixelnorm_estimates_forget_frames (self);
}
