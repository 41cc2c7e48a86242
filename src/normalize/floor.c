/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of a picture min-deviation rules: whose deviation, or what else the method divides by, is less. It guards
 * against dividing by noise. Where it rules a whole channel, or most samples, results are of its making rather than of the
 * data's, and whoever set it should know.
 */
#include <math.h>

#include "coefficients.h"
#include "io/parallel.h"

#define MOST 0.5

/* Of each channel: samples that were counted, those that are divided by the floor, and, where all have one, the divisor. */
typedef struct {
  guint n_channels;
  gsize n_counted[PIXELNORM_MAX_CHANNELS], n_ruled[PIXELNORM_MAX_CHANNELS];
  gsize n_still; /* of all channels: those of a divisor of 0 */
  double divisor[PIXELNORM_MAX_CHANNELS];
  const PixelnormMethodRow *method;
  gboolean per_pixel;
} Floor;

/* A channel that several threads measure, and what they have found. */
typedef struct {
  const PixelnormCoefficients *coefficients;
  guint channel;
  gsize n_counted, n_ruled, n_still; /* atomic */
} Measured;

static void
measure_range (gpointer data, gsize begin, gsize end)
{
  Measured *measured = data;
  const double floor = measured->coefficients->floor;
  double divisors[PIXELNORM_RUN];
  gsize n_counted = 0, n_ruled = 0, n_still = 0;

  for (gsize first = begin; first < end; first += PIXELNORM_RUN) {
    const guint n = (guint) MIN (end - first, PIXELNORM_RUN);

    pixelnorm_coefficients_find_divisors (
        measured->coefficients, first, measured->channel, n, divisors);
    for (guint i = 0; i < n; i++) {
      n_counted += !isnan (divisors[i]);
      n_ruled += divisors[i] < floor;
      n_still += divisors[i] == 0;
    }
  }
  g_atomic_pointer_add (&measured->n_counted, n_counted);
  g_atomic_pointer_add (&measured->n_ruled, n_ruled);
  g_atomic_pointer_add (&measured->n_still, n_still);
}

static void
measure_channel (Floor *self, const PixelnormCoefficients *coefficients, guint channel)
{
  const PixelnormProfileData *data = &coefficients->inputs.profile->data;
  const gsize n = self->per_pixel ? pixelnorm_profile_n_samples (data, channel) : 1;
  Measured measured = { coefficients, channel };

  if (!self->per_pixel)
    pixelnorm_coefficients_find_divisors (coefficients, 0, channel, 1, &self->divisor[channel]);
  pixelnorm_parallel_run (n, PIXELNORM_PARALLEL_SAMPLES, measure_range, &measured);
  self->n_counted[channel] = measured.n_counted;
  self->n_ruled[channel] = measured.n_ruled;
  self->n_still += measured.n_still;
}

static gboolean
measure (
    Floor *self, const PixelnormInputs *inputs, const PixelnormSettings *settings, GError **error)
{
  PixelnormCoefficients coefficients;

  *self = (Floor){ 0 };
  if (!inputs->profile || !pixelnorm_settings_need_profile (settings))
    return TRUE;
  if (!pixelnorm_coefficients_init (
          &coefficients, settings, inputs, pixelnorm_profile_get_geometry (inputs->profile), error))
    return FALSE;
  self->n_channels = coefficients.n_channels;
  self->method = coefficients.method;
  self->per_pixel = coefficients.pixel_statistics;
  for (guint c = 0; c < self->n_channels && self->method->divisor; c++)
    measure_channel (self, &coefficients, c);
  return TRUE;
}

static double
share_of (const Floor *self, guint channel)
{
  return self->n_ruled[channel] ? (double) self->n_ruled[channel] / self->n_counted[channel] : 0;
}

/**
 * pixelnorm_inputs_measure_floor:
 * @self: what is normalized with
 * @settings: how
 * @shares: (out caller-allocates) (array fixed-size=3): of each channel of the profile the share of its samples, 0 to 1,
 *   that are divided by min-deviation, since what the method would divide them by is less; of scope channel and global
 *   0 or 1. Samples that were never counted do not count here, and channels that there are not are 0
 * @error: return location for a #GError, or %NULL
 *
 * Tells how much min-deviation rules. With a method that does not divide, and with statistics of the stream, of which nothing is
 * known beforehand, all is 0. An affine and dark frames that the method does not take change nothing.
 *
 * Returns: %TRUE; %FALSE where there is no normalizer of @settings and @self, with the error of
 *   pixelnorm_normalizer_new()
 *
 * Since: 0.2
 */
gboolean
pixelnorm_inputs_measure_floor (
    const PixelnormInputs *self, const PixelnormSettings *settings, gdouble *shares, GError **error)
{
  Floor floor;

  g_return_val_if_fail (self != NULL && settings != NULL && shares != NULL, FALSE);

  const gboolean measured = measure (&floor, self, settings, error);
  for (guint c = 0; c < PIXELNORM_MAX_CHANNELS; c++)
    shares[c] = measured ? share_of (&floor, c) : 0;
  return measured;
}

static void G_GNUC_PRINTF (2, 0) append_number (GString *text, const char *format, double number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (buffer, sizeof buffer, format, number));
}

/* "R 100 %, G 12.5 %, B 3 %" */
static void
append_shares (GString *text, const Floor *floor, const char *channels)
{
  for (guint c = 0; c < floor->n_channels; c++) {
    g_string_append_printf (text, "%s%c ", c > 0 ? ", " : "", channels[c]);
    append_number (text, "%.4g", 100 * share_of (floor, c));
    g_string_append (text, " %");
  }
}

/* "R 0.25, G 0.5": channels that are ruled, and what they would be divided by. */
static void
append_divisors (GString *text, const Floor *floor, const char *channels)
{
  const char *separator = "";

  for (guint c = 0; c < floor->n_channels; c++) {
    if (!floor->n_ruled[c])
      continue;
    g_string_append_printf (text, "%s%c ", separator, channels[c]);
    append_number (text, "%.4g", floor->divisor[c]);
    separator = ", ";
  }
}

/**
 * pixelnorm_inputs_describe_floor:
 * @self: what is normalized with
 * @settings: how
 *
 * Says in words where min-deviation rules a whole channel, or most samples of the picture: results are then smaller than
 * the method promises. The words name the channels, what was found, and what can be done.
 *
 * Returns: (transfer full) (nullable): sentences in one line; %NULL where it rules less, or where there is no normalizer
 *   of @settings and @self
 *
 * Since: 0.2
 */
gchar *
pixelnorm_inputs_describe_floor (const PixelnormInputs *self, const PixelnormSettings *settings)
{
  GString *text;
  Floor floor;
  gsize n_ruled = 0, n_counted = 0;
  gboolean whole = FALSE;

  g_return_val_if_fail (self != NULL && settings != NULL, NULL);

  if (!measure (&floor, self, settings, NULL))
    return NULL;
  for (guint c = 0; c < floor.n_channels; c++) {
    n_ruled += floor.n_ruled[c];
    n_counted += floor.n_counted[c];
    whole = whole || share_of (&floor, c) == 1;
  }
  if (!whole && n_ruled <= MOST * n_counted)
    return NULL;
  const char *channels = pixelnorm_profile_get_channels (self->profile);
  text = g_string_new ("min-deviation=");
  append_number (text, "%g", settings->min_deviation);
  g_string_append (text, " is what ");
  if (floor.per_pixel) {
    append_number (text, "%.4g", 100.0 * n_ruled / n_counted);
    g_string_append (text, " % of the samples are");
  } else {
    g_string_append (text, "whole channels are");
  }
  g_string_append_printf (text, " divided by, since %s is less (", floor.method->divisor_name);
  if (floor.per_pixel)
    append_shares (text, &floor, channels);
  else
    append_divisors (text, &floor, channels);
  g_string_append (text, floor.per_pixel ? "). " : " code values). ");
  if (floor.n_still) {
    g_string_append (text, "Of ");
    append_number (text, "%.4g", 100.0 * floor.n_still / n_counted);
    g_string_append (text, " % it is 0, which no min-deviation changes. ");
  }
  g_string_append_printf (text,
      "If differences that small matter, set min-deviation below them%s; if they are noise, leave it.",
      floor.per_pixel ? ", or scope=channel" : "");
  return g_string_free (text, FALSE);
}
