/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of a picture min-deviation rules: whose deviation, or what else the method divides by, is less. It guards
 * against dividing by noise. Where it rules a whole channel, or most samples, results are of its making rather than of the
 * data's, and whoever set it should know.
 */
#include "floor.h"

#include "io/parallel.h"

#define MOST 0.5

/* A channel that several threads measure, and what they have found. */
typedef struct {
  const PixelnormCoefficients *coefficients;
  guint channel;
  PixelnormFloorCount *count;
} Measured;

static void
measure_range (gpointer data, gsize begin, gsize end)
{
  const Measured *measured = data;
  PixelnormFloorCount count = { 0 };

  for (gsize first = begin; first < end; first += PIXELNORM_RUN)
    pixelnorm_coefficients_count_floored (measured->coefficients, first, measured->channel,
        (guint) MIN (end - first, PIXELNORM_RUN), &count);
  pixelnorm_floor_count_add (measured->count, &count);
}

static void
measure_channel (PixelnormFloor *self, const PixelnormCoefficients *coefficients, guint channel)
{
  const PixelnormProfileData *data = &coefficients->inputs.profile->data;
  const gsize n = self->per_pixel ? pixelnorm_profile_n_samples (data, channel) : 1;
  Measured measured = { coefficients, channel, &self->counts[channel] };

  pixelnorm_parallel_run (n, PIXELNORM_PARALLEL_SAMPLES, measure_range, &measured);
}

void
pixelnorm_floor_init (PixelnormFloor *self, const PixelnormCoefficients *coefficients)
{
  PixelnormProfile *profile = coefficients->inputs.profile;

  *self = (PixelnormFloor){ 0 };
  if (!profile || !pixelnorm_settings_need_profile (coefficients->settings))
    return;
  self->channels = pixelnorm_profile_get_channels (profile);
  self->n_channels = coefficients->method->divisor ? coefficients->n_channels : 0;
  self->divisor_name = coefficients->method->divisor_name;
  self->least = coefficients->floor;
  self->per_pixel = coefficients->pixel_statistics;
  for (guint c = 0; c < self->n_channels && !self->per_pixel; c++)
    self->divisors[c] = pixelnorm_coefficients_divisor (coefficients, c);
}

void
pixelnorm_floor_measure (PixelnormFloor *self, const PixelnormCoefficients *coefficients)
{
  for (guint c = 0; c < self->n_channels; c++)
    measure_channel (self, coefficients, c);
}

static gboolean
measure (PixelnormFloor *self, const PixelnormInputs *inputs, const PixelnormSettings *settings,
    GError **error)
{
  PixelnormCoefficients coefficients;

  *self = (PixelnormFloor){ 0 };
  if (!inputs->profile || !pixelnorm_settings_need_profile (settings))
    return TRUE;
  if (!pixelnorm_coefficients_init (
          &coefficients, settings, inputs, pixelnorm_profile_get_geometry (inputs->profile), error))
    return FALSE;
  pixelnorm_floor_init (self, &coefficients);
  pixelnorm_floor_measure (self, &coefficients);
  return TRUE;
}

static double
share_of (const PixelnormFloor *self, guint channel)
{
  const PixelnormFloorCount *count = &self->counts[channel];

  return count->n_ruled ? (double) count->n_ruled / count->n_counted : 0;
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
  PixelnormFloor floor;

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
append_shares (GString *text, const PixelnormFloor *floor)
{
  for (guint c = 0; c < floor->n_channels; c++) {
    g_string_append_printf (text, "%s%c ", c > 0 ? ", " : "", floor->channels[c]);
    append_number (text, "%.4g", 100 * share_of (floor, c));
    g_string_append (text, " %");
  }
}

/* "R 0.25, G 0.5": channels that are ruled, and what they would be divided by. */
static void
append_divisors (GString *text, const PixelnormFloor *floor)
{
  const char *separator = "";

  for (guint c = 0; c < floor->n_channels; c++) {
    if (!floor->counts[c].n_ruled)
      continue;
    g_string_append_printf (text, "%s%c ", separator, floor->channels[c]);
    append_number (text, "%.4g", floor->divisors[c]);
    separator = ", ";
  }
}

char *
pixelnorm_floor_describe (const PixelnormFloor *self)
{
  PixelnormFloorCount all = { 0 };
  gboolean whole = FALSE;

  for (guint c = 0; c < self->n_channels; c++) {
    pixelnorm_floor_count_add (&all, &self->counts[c]);
    whole = whole || share_of (self, c) == 1;
  }
  if (!whole && all.n_ruled <= MOST * all.n_counted)
    return NULL;
  GString *text = g_string_new (self->per_pixel ? "" : "Whole channels");
  if (self->per_pixel) {
    append_number (text, "%.4g", 100.0 * all.n_ruled / all.n_counted);
    g_string_append (text, " % of the samples");
  }
  g_string_append (text, " are divided by min-deviation=");
  append_number (text, "%g", self->least);
  g_string_append_printf (text, " instead of %s, which is less (", self->divisor_name);
  (self->per_pixel ? append_shares : append_divisors) (text, self);
  g_string_append (text, self->per_pixel ? "). " : " code values). ");
  if (all.n_still) {
    g_string_append (text, "For ");
    append_number (text, "%.4g", 100.0 * all.n_still / all.n_counted);
    g_string_append (text, " % it is 0, which is less than any min-deviation. ");
  }
  g_string_append_printf (text,
      "If differences that small matter, set min-deviation below them%s; if they are noise, leave it.",
      self->per_pixel ? ", or scope=channel" : "");
  return g_string_free (text, FALSE);
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
  PixelnormFloor floor;

  g_return_val_if_fail (self != NULL && settings != NULL, NULL);

  return measure (&floor, self, settings, NULL) ? pixelnorm_floor_describe (&floor) : NULL;
}
