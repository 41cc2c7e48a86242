/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SOURCE TABLE: where statistics come from. Those of a frame are measured and used when it is run, those of a
 * batch when its first frame is run after all were measured. Running estimates per channel are used as they
 * are while the frames of a batch are run and measured, and move at its end. So a batch needs no frame to be
 * kept, unless the statistics are its own.
 */
#include "normalizer-private.h"

#include <string.h>

#include "kernels/float-state.h"

static void
describe (PixelnormNormalizer *self, const PixelnormCoefficients *coefficients)
{
  for (guint c = 0; c < self->n_coefficients; c++)
    pixelnorm_coefficients_describe (coefficients, c, &self->mean[c], &self->std[c]);
}

static gboolean
init_passes (PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormPlan *plan = &self->plan;

  self->n_coefficients = coefficients->per_pixel ? 0 : plan->layout.n_channels;
  describe (self, self->estimates ? &self->estimates->coefficients : coefficients);
  for (guint p = 0; p < plan->n_routes; p++)
    if (!pixelnorm_pass_init (&self->passes[p], plan, &plan->routes[p], coefficients, error))
      return FALSE;
  self->end = self->passes[0].end;
  pixelnorm_passes_find_planes (self->passes, plan->n_routes, &self->planes);
  return TRUE;
}

static void
run_passes (PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output,
    gboolean learn)
{
  if (pixelnorm_passes_run_planes (self->passes, &self->planes, input, output))
    return;
  for (guint y = 0; y < self->plan.height; y += self->turn)
    for (guint p = 0; p < self->plan.n_routes; p++)
      pixelnorm_pass_run (&self->passes[p], input, output, y, self->turn);
}

static void
run_pass_tile (PixelnormNormalizer *self, guint route, const PixelnormFrame *output, guint y,
    gsize i, const void *x, gint n, gboolean learn)
{
  pixelnorm_pass_run_tile (&self->passes[route], output, y, i, x, n);
}

static void
clear_passes (PixelnormNormalizer *self)
{
  for (guint p = 0; p < self->plan.n_routes; p++)
    pixelnorm_pass_clear (&self->passes[p]);
  pixelnorm_estimates_free (self->estimates);
}

/* Statistics of channels of the stream. */

static gboolean
init_estimates (
    PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  self->estimates = pixelnorm_estimates_new (coefficients, &self->plan.layout, error);
  return self->estimates && init_passes (self, coefficients, error);
}

static void
forget_frames (PixelnormNormalizer *self)
{
  pixelnorm_estimates_forget_frames (self->estimates);
}

/* The coefficients of the passes, from the newest statistics. Loops of float run for tables, also between
 * frames, and leave the caller's arithmetic as it was. */
static void
refill (PixelnormNormalizer *self)
{
  const PixelnormFloatState state = pixelnorm_float_state_save ();

  for (guint p = 0; p < self->plan.n_routes; p++)
    pixelnorm_pass_refill (&self->passes[p], &self->estimates->coefficients);
  pixelnorm_float_state_restore (state);
  describe (self, &self->estimates->coefficients);
}

static void
measure (PixelnormNormalizer *self, const PixelnormFrame *frame)
{
  pixelnorm_estimates_add (self->estimates, frame);
}

static void
prepare_batch (PixelnormNormalizer *self, const PixelnormFrame *frame, gboolean learn)
{
  if (!pixelnorm_estimates_has_frames (self->estimates))
    return;
  pixelnorm_estimates_take (self->estimates);
  refill (self);
}

static void
prepare_frame (PixelnormNormalizer *self, const PixelnormFrame *frame, gboolean learn)
{
  measure (self, frame);
  prepare_batch (self, frame, learn);
}

/* The first frame of running estimates is normalized with its own statistics, with which they start where
 * it counts. */
static void
prepare_running (PixelnormNormalizer *self, const PixelnormFrame *frame, gboolean learn)
{
  if (self->estimates->started) {
    if (learn)
      measure (self, frame);
    return;
  }
  forget_frames (self);
  measure (self, frame);
  pixelnorm_estimates_start (self->estimates);
  self->estimates->started = learn;
  if (!learn)
    forget_frames (self);
  refill (self);
}

static void
end_running_batch (PixelnormNormalizer *self)
{
  if (!pixelnorm_estimates_has_frames (self->estimates))
    return;
  pixelnorm_estimates_move (self->estimates);
  refill (self);
}

static void
carry_over_channels (PixelnormNormalizer *self, PixelnormNormalizer *from)
{
  PixelnormCoefficients *coefficients = &self->estimates->coefficients;

  self->estimates->started = from->estimates->started;
  coefficients->estimated = from->estimates->coefficients.estimated;
  memcpy (coefficients->estimates, from->estimates->coefficients.estimates,
      sizeof coefficients->estimates);
  refill (self);
}

/* Running estimates of every sample. */

static gboolean
init_running (PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormPlan *plan = &self->plan;

  self->running = g_new0 (PixelnormRunning, PIXELNORM_MAX_PLANES);
  for (guint p = 0; p < plan->n_routes; p++)
    if (!pixelnorm_running_init (&self->running[p], plan, &plan->routes[p], coefficients, error))
      return FALSE;
  return TRUE;
}

static void
run_running (PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output,
    gboolean learn)
{
  for (guint y = 0; y < self->plan.height; y++)
    for (guint p = 0; p < self->plan.n_routes; p++)
      if (y < self->plan.routes[p].rows.height)
        pixelnorm_running_run_row (&self->running[p], input, output, y, learn);
}

static void
run_running_tile (PixelnormNormalizer *self, guint route, const PixelnormFrame *output, guint y,
    gsize i, const void *x, gint n, gboolean learn)
{
  pixelnorm_running_run_tile (&self->running[route], output, y, i, x, n, learn);
}

static void
end_running_frame (PixelnormNormalizer *self, gboolean learn)
{
  for (guint p = 0; p < self->plan.n_routes && learn; p++)
    self->running[p].started = TRUE;
}

static void
carry_over_pixels (PixelnormNormalizer *self, PixelnormNormalizer *from)
{
  pixelnorm_running_carry_over (
      self->running, self->plan.n_routes, from->running, from->plan.n_routes);
}

static void
clear_running (PixelnormNormalizer *self)
{
  for (guint p = 0; p < self->plan.n_routes && self->running; p++)
    pixelnorm_running_clear (&self->running[p]);
  g_free (self->running);
}

static const PixelnormSource rows[] = {
  { PIXELNORM_STATISTICS_SOURCE_PROFILE, .init = init_passes, .clear = clear_passes,
      .run_rows = run_passes, .run_tile = run_pass_tile },
  { PIXELNORM_STATISTICS_SOURCE_FRAME,
      .flags = PIXELNORM_STATISTICS_FLAG_PER_FRAME | PIXELNORM_STATISTICS_FLAG_ON_BUFFERS,
      .init = init_estimates, .clear = clear_passes, .prepare = prepare_frame,
      .run_rows = run_passes, .run_tile = run_pass_tile, .cancel_batch = forget_frames },
  { PIXELNORM_STATISTICS_SOURCE_BATCH,
      .flags = PIXELNORM_STATISTICS_FLAG_WAIT | PIXELNORM_STATISTICS_FLAG_IN_ORDER
          | PIXELNORM_STATISTICS_FLAG_ON_BUFFERS,
      .init = init_estimates, .clear = clear_passes, .measure = measure, .prepare = prepare_batch,
      .run_rows = run_passes, .run_tile = run_pass_tile, .cancel_batch = forget_frames },
  { PIXELNORM_STATISTICS_SOURCE_RUNNING, .per_pixel = TRUE,
      .flags = PIXELNORM_STATISTICS_FLAG_IN_ORDER, .init = init_running, .clear = clear_running,
      .run_rows = run_running, .run_tile = run_running_tile, .end_frame = end_running_frame,
      .carry_over = carry_over_pixels },
  { PIXELNORM_STATISTICS_SOURCE_RUNNING,
      .flags = PIXELNORM_STATISTICS_FLAG_IN_ORDER | PIXELNORM_STATISTICS_FLAG_ON_BUFFERS,
      .init = init_estimates, .clear = clear_passes, .prepare = prepare_running,
      .run_rows = run_passes, .run_tile = run_pass_tile, .end_batch = end_running_batch,
      .cancel_batch = forget_frames, .carry_over = carry_over_channels },
};

const PixelnormSource *
pixelnorm_source (PixelnormStatisticsSource source, PixelnormScope scope)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].source == source && (!rows[i].per_pixel || scope == PIXELNORM_SCOPE_PIXEL))
      return &rows[i];
  return NULL;
}

/**
 * pixelnorm_statistics_source_get_flags:
 * @source: where statistics come from
 * @scope: over what they are pooled
 *
 * Returns: what such statistics ask of whoever gives the frames, and what they are good for
 *
 * Since: 0.2
 */
PixelnormStatisticsFlags
pixelnorm_statistics_source_get_flags (PixelnormStatisticsSource source, PixelnormScope scope)
{
  const PixelnormSource *row = pixelnorm_source (source, scope);

  return row ? row->flags : 0;
}
