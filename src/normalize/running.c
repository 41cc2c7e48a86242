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

static double
value_of (const double *values, guint n_values, guint channel)
{
  return values[n_values > 1 ? channel : 0];
}

static void
fill_tiles (PixelnormRunning *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization)
{
  const PixelnormSettings *settings = &coefficients->settings;
  const double step = quantization ? quantization->step : 1;
  const double offset = quantization ? quantization->offset : 0;
  const PixelnormRunningParameters *k = &self->parameters;

  for (guint i = 0; i < PIXELNORM_TILE; i++) {
    const gint channel = self->channels[i % self->period];

    if (channel < 0) {
      self->gamma[i] =
          fmaxf (sqrtf (k->epsilon), k->floor) * (float) (255.0 / coefficients->max_code);
      continue;
    }
    self->gamma[i] = (float) (value_of (settings->gamma, settings->n_gamma, channel) / step);
    self->beta[i] =
        (float) ((value_of (settings->beta, settings->n_beta, channel) - offset) / step);
    self->momentum[i] =
        (gint32) rint (CLAMP (ldexp (settings->momentum, 31), 1.0, (double) PIXELNORM_MOMENTUM_1));
  }
}

static void
start_from_profile (PixelnormRunning *self, const PixelnormCoefficients *coefficients)
{
  for (gsize i = 0; i < self->n; i++) {
    const gint channel = self->channels[i % self->period];

    if (channel < 0)
      continue;
    const PixelnormEstimate estimate =
        pixelnorm_coefficients_estimate (coefficients, i / self->period, channel);
    self->mean[i] = (gint32) rint (ldexp (estimate.mean, self->parameters.shift));
    self->variance[i] = (float) estimate.variance;
    self->rest[i] = PIXELNORM_REST_HALF;
  }
  self->started = TRUE;
}

gboolean
pixelnorm_running_init (PixelnormRunning *self, PixelnormPass *pass,
    const PixelnormCoefficients *coefficients, const PixelnormQuantization *quantization,
    PixelnormItem item, const PixelnormPassChannels channels, GError **error)
{
  const gboolean divides = coefficients->settings.method == PIXELNORM_METHOD_ZSCORE;
  const gint shift = 31 - g_bit_storage (coefficients->max_code);

  self->period = pass->rows.n_channels;
  self->n = pass->rows.n_samples * pass->rows.height;
  for (guint i = 0; i < self->period; i++)
    self->channels[i] = channels[i];
  self->parameters = (PixelnormRunningParameters){ shift, ldexpf (1, -shift), divides,
    divides ? (float) coefficients->settings.epsilon : 0,
    divides ? (float) coefficients->floor : 1 };
  self->run = pixelnorm_kernels ()->running[pass->rows.type];
  self->convert = pixelnorm_kernels ()->convert[item];
  pass->zero_point = quantization ? quantization->zero_point : 0;
  if (!allocate (self, error))
    return FALSE;
  fill_tiles (self, coefficients, quantization);
  if (coefficients->profile)
    start_from_profile (self, coefficients);
  if (pixelnorm_settings_clip (&coefficients->settings))
    pass->clip = pixelnorm_clip_new (
        item, &coefficients->settings, quantization, self->channels, self->period);
  return TRUE;
}

void
pixelnorm_running_clear (PixelnormRunning *self)
{
  pixelnorm_pages_free (self->block);
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
pixelnorm_running_run_row (PixelnormRunning *self, const PixelnormPass *pass,
    const PixelnormFrame *in, const PixelnormFrame *out, guint y, gboolean learn)
{
  const gssize stride = pass->stride ? pass->stride : out->strides[pass->plane];
  guint8 *to = out->planes[pass->plane] + pass->offset + (gssize) y * stride;
  const gint32 *momentum = learn ? self->momentum : self->still;
  gsize k = y * pass->rows.n_samples;
  float results[PIXELNORM_TILE];
  PixelnormTile buffer;

  for (gsize i = 0; i < pass->rows.n_samples; i += PIXELNORM_TILE, k += PIXELNORM_TILE) {
    const gint n = (gint) MIN (pass->rows.n_samples - i, PIXELNORM_TILE);
    const void *x = pixelnorm_rows_tile (&pass->rows, in, y, i, n, &buffer);

    if (!self->started)
      start_tile (self, k, x, n, pass->rows.type);
    self->run (self->convert ? results : (float *) to, self->mean + k, self->rest + k,
        self->variance + k, x, self->gamma, self->beta, momentum, &self->parameters, n);
    if (self->convert)
      self->convert (to, results, pass->zero_point, n);
    if (pass->clip)
      pass->clip->apply (pass->clip, to, n);
    to += PIXELNORM_TILE * pass->item_bytes;
  }
}

/* The pass of @from that has a channel, and its place in the pixels there. */
static const PixelnormRunning *
find_channel (const PixelnormRunning *from, guint n_from, gint channel, guint *place)
{
  for (guint p = 0; p < n_from; p++)
    for (*place = 0; *place < from[p].period; (*place)++)
      if (from[p].channels[*place] == channel)
        return &from[p];
  return NULL;
}

static void
carry_over_channel (PixelnormRunning *self, guint place, const PixelnormRunning *from, guint other)
{
  for (gsize i = place, k = other; i < self->n; i += self->period, k += from->period) {
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
    for (guint place = 0; place < self[p].period; place++) {
      guint other;
      const PixelnormRunning *pass = find_channel (from, n_from, self[p].channels[place], &other);

      if (self[p].channels[place] >= 0 && pass)
        carry_over_channel (&self[p], place, pass, other);
    }
}
