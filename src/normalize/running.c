/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running estimates of every sample: 10 bytes each, in the order in which a pass meets the samples. The
 * kernel makes results of the estimates of before, and moves them, tile by tile; results that are not
 * float32 go through a tile in cache. kernels.h says how exact that is.
 *
 * Samples that are no channels (alpha) are run along with momentum 0: their mean stays 0, so y = x / the
 * smallest divisor * gamma, with the gamma that makes it x again, or its 8-bit twin.
 */
#include "running.h"

#include <math.h>

#include "io/pages.h"

#define BYTES_A_SAMPLE (sizeof (gint32) + sizeof (float) + sizeof (guint16))

static gboolean
allocate (PixelnormRunning *self, GError **error)
{
  if (self->n <= G_MAXSIZE / BYTES_A_SAMPLE)
    self->block = pixelnorm_pages_new (self->n * BYTES_A_SAMPLE);
  if (!self->block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for running statistics of %" G_GSIZE_FORMAT
        " samples. Scale the video down, "
        "or use scope channel.",
        self->n);
    return FALSE;
  }
  self->mean = self->block;
  self->variance = (float *) (self->mean + self->n);
  self->rest = (guint16 *) (self->variance + self->n);
  return TRUE;
}

static void
fill_tiles (PixelnormRunning *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization)
{
  const PixelnormSettings *settings = coefficients->settings;
  const double step = quantization ? quantization->step : 1;
  const double offset = quantization ? quantization->offset : 0;
  const PixelnormRunningParameters *k = &self->parameters;

  for (guint i = 0; i < PIXELNORM_TILE; i++) {
    const gint channel = self->route->channels[i % self->route->rows.n_channels];

    if (channel < 0) {
      self->gamma[i] =
          fmaxf (sqrtf (k->epsilon), k->floor) * (float) (255.0 / coefficients->max_code);
      continue;
    }
    self->gamma[i] =
        (float) (pixelnorm_settings_value (settings->gamma, settings->n_gamma, channel) / step);
    self->beta[i] =
        (float) ((pixelnorm_settings_value (settings->beta, settings->n_beta, channel) - offset)
            / step);
    self->momentum[i] =
        (gint32) rint (CLAMP (ldexp (settings->momentum, 31), 1.0, (double) PIXELNORM_MOMENTUM_1));
  }
}

static void
start_from_profile (PixelnormRunning *self, const PixelnormCoefficients *coefficients)
{
  for (gsize i = 0; i < self->n; i++) {
    const gint channel = self->route->channels[i % self->route->rows.n_channels];

    if (channel < 0)
      continue;
    const PixelnormEstimate estimate =
        pixelnorm_coefficients_estimate (coefficients, i / self->route->rows.n_channels, channel);
    const double mean = ldexp (estimate.mean, self->parameters.shift), whole = rint (mean);

    self->mean[i] = (gint32) whole;
    self->rest[i] =
        (guint16) fmin (PIXELNORM_REST_HALF + rint (ldexp (mean - whole, 16)), G_MAXUINT16);
    self->variance[i] = (float) estimate.variance;
  }
  self->started = TRUE;
}

gboolean
pixelnorm_running_init (PixelnormRunning *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormQuantization *quantization = pixelnorm_plan_quantization (plan);
  const PixelnormRows *rows = &route->rows;
  const gboolean divides = coefficients->settings->method == PIXELNORM_METHOD_ZSCORE;
  const gint shift = 31 - g_bit_storage (coefficients->max_code);

  self->route = route;
  self->n = rows->n_samples * rows->height;
  self->parameters = (PixelnormRunningParameters){ shift, ldexpf (1, -shift), divides,
    divides ? (float) coefficients->settings->epsilon : 0,
    divides ? (float) coefficients->floor : 1 };
  self->run = pixelnorm_kernels ()->running[rows->type];
  self->convert = pixelnorm_kernels ()->convert[plan->type->item];
  self->zero_point = quantization ? quantization->zero_point : 0;
  if (!allocate (self, error))
    return FALSE;
  fill_tiles (self, coefficients, quantization);
  if (coefficients->inputs.profile)
    start_from_profile (self, coefficients);
  self->clip = pixelnorm_clip_new (plan, route, coefficients->settings);
  return TRUE;
}

void
pixelnorm_running_clear (PixelnormRunning *self)
{
  pixelnorm_pages_free (self->block);
  g_free (self->clip);
}

/* What there is before the first frame: its own samples, which never varied. */
static void
start_tile (PixelnormRunning *self, gsize at, const void *x, gint n, PixelnormSample type)
{
  const gint shift = self->parameters.shift;

  for (gint i = 0; i < n; i++) {
    const gint32 code =
        type == PIXELNORM_SAMPLE_U16 ? ((const guint16 *) x)[i] : ((const guint8 *) x)[i];

    self->mean[at + i] = self->momentum[i] > 0 ? code << shift : 0;
    self->rest[at + i] = PIXELNORM_REST_HALF;
  }
}

void
pixelnorm_running_run_tile (PixelnormRunning *self, const PixelnormFrame *out, guint y, gsize i,
    const void *x, gint n, gboolean learn)
{
  const PixelnormRows *rows = &self->route->rows;
  guint8 *to = pixelnorm_route_row (self->route, out, y) + i * self->route->item_bytes;
  const gsize k = y * rows->n_samples + i;
  float results[PIXELNORM_TILE];

  if (!self->started)
    start_tile (self, k, x, n, rows->type);
  self->run (self->convert ? results : (float *) to, self->mean + k, self->rest + k,
      self->variance + k, x, self->gamma, self->beta, learn ? self->momentum : self->still,
      &self->parameters, n);
  if (self->convert)
    self->convert (to, results, self->zero_point, n);
  if (self->clip)
    self->clip->apply (self->clip, to, n);
}

void
pixelnorm_running_run_row (PixelnormRunning *self, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y, gboolean learn)
{
  const PixelnormRows *rows = &self->route->rows;
  PixelnormTile buffer;

  for (gsize i = 0; i < rows->n_samples; i += PIXELNORM_TILE) {
    const gint n = (gint) MIN (rows->n_samples - i, PIXELNORM_TILE);
    const void *x = pixelnorm_rows_tile (rows, in, y, i, n, &buffer);

    pixelnorm_running_run_tile (self, out, y, i, x, n, learn);
  }
}

/* The pass of @from that has a channel, and its place in the pixels there. */
static const PixelnormRunning *
find_channel (const PixelnormRunning *from, guint n_from, gint channel, guint *place)
{
  for (guint p = 0; p < n_from; p++)
    for (*place = 0; *place < from[p].route->rows.n_channels; (*place)++)
      if (from[p].route->channels[*place] == channel)
        return &from[p];
  return NULL;
}

static void
carry_over_channel (PixelnormRunning *self, guint place, const PixelnormRunning *from, guint other)
{
  const guint step = self->route->rows.n_channels, from_step = from->route->rows.n_channels;

  for (gsize i = place, k = other; i < self->n; i += step, k += from_step) {
    self->mean[i] = from->mean[k];
    self->variance[i] = from->variance[k];
    self->rest[i] = from->rest[k];
  }
  self->started = from->started;
}

void
pixelnorm_running_carry_over (
    PixelnormRunning *self, guint n, const PixelnormRunning *from, guint n_from)
{
  for (guint p = 0; p < n; p++)
    for (guint place = 0; place < self[p].route->rows.n_channels; place++) {
      const gint channel = self[p].route->channels[place];
      guint other;
      const PixelnormRunning *pass = find_channel (from, n_from, channel, &other);

      if (channel >= 0 && pass)
        carry_over_channel (&self[p], place, pass, other);
    }
}
