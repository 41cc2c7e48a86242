/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of a normalizer, and whether it can be done. The limits keep every coefficient and
 * result finite in float32.
 */
#include <math.h>
#include <string.h>

#include "methods.h"

/* The smallest divisor, in code values: 255 / 1e-6 is far from float32's largest number. */
#define SMALLEST_DIVISOR 1e-6
#define LARGEST_VALUE 1e6

G_DEFINE_BOXED_TYPE (
    PixelnormSettings, pixelnorm_settings, pixelnorm_settings_copy, pixelnorm_settings_free)

/**
 * pixelnorm_settings_init: (skip)
 * @settings: (out caller-allocates): settings to fill in
 *
 * Fills in the defaults: zscore, scope pixel, statistics of a profile, momentum .1, min-deviation 1, epsilon 0, percentiles 1 and 99, mean
 * and std 127.5 in code values, gamma 1, beta 0, no clipping, the method's own range.
 *
 * Since: 0.1
 */
void
pixelnorm_settings_init (PixelnormSettings *settings)
{
  *settings = (PixelnormSettings){
    .method = PIXELNORM_METHOD_ZSCORE,
    .scope = PIXELNORM_SCOPE_PIXEL,
    .statistics = PIXELNORM_STATISTICS_SOURCE_PROFILE,
    .momentum = .1,
    .min_deviation = 1,
    .percentile_low = 1,
    .percentile_high = 99,
    .n_mean = 1,
    .mean = { 127.5 },
    .n_std = 1,
    .std = { 127.5 },
    .n_gamma = 1,
    .gamma = { 1 },
    .n_beta = 1,
    .beta = { 0 },
    .clip_low = -G_MAXDOUBLE,
    .clip_high = G_MAXDOUBLE,
  };
}

/**
 * pixelnorm_settings_new:
 *
 * Returns: (transfer full): the defaults
 *
 * Since: 0.1
 */
PixelnormSettings *
pixelnorm_settings_new (void)
{
  PixelnormSettings *settings = g_new (PixelnormSettings, 1);

  pixelnorm_settings_init (settings);
  return settings;
}

/**
 * pixelnorm_settings_copy:
 * @settings: settings
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
PixelnormSettings *
pixelnorm_settings_copy (const PixelnormSettings *settings)
{
  PixelnormSettings *copy = g_new (PixelnormSettings, 1);

  *copy = *settings;
  return copy;
}

/**
 * pixelnorm_settings_free:
 * @settings: (transfer full) (nullable): settings
 *
 * Since: 0.1
 */
void
pixelnorm_settings_free (PixelnormSettings *settings)
{
  g_free (settings);
}

static gboolean
set_values (const char *name, const gdouble *values, guint n_values, gdouble *to, guint *n_to,
    GError **error)
{
  if (n_values != 1 && n_values != PIXELNORM_MAX_CHANNELS) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s has %u values; give 1 for all channels, or 3, one a channel, as in %s=\"<1,2,3>\".",
        name, n_values, name);
    return FALSE;
  }
  *n_to = n_values;
  for (guint i = 0; i < n_values; i++)
    to[i] = values[i];
  return TRUE;
}

/**
 * pixelnorm_settings_set_mean:
 * @settings: settings
 * @values: (array length=n_values): one value, or one a channel
 * @n_values: how many
 * @error: return location for a #GError, or %NULL
 *
 * Sets the mean of the method fixed.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS and nothing changed
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_set_mean (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error)
{
  return set_values ("mean", values, n_values, settings->mean, &settings->n_mean, error);
}

/**
 * pixelnorm_settings_set_std:
 * @settings: settings
 * @values: (array length=n_values): one value, or one a channel
 * @n_values: how many
 * @error: return location for a #GError, or %NULL
 *
 * Sets the divisor of the method fixed.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS and nothing changed
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_set_std (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error)
{
  return set_values ("std", values, n_values, settings->std, &settings->n_std, error);
}

/**
 * pixelnorm_settings_set_gamma:
 * @settings: settings
 * @values: (array length=n_values): one value, or one a channel
 * @n_values: how many
 * @error: return location for a #GError, or %NULL
 *
 * Sets what results are multiplied by.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS and nothing changed
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_set_gamma (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error)
{
  return set_values ("gamma", values, n_values, settings->gamma, &settings->n_gamma, error);
}

/**
 * pixelnorm_settings_set_beta:
 * @settings: settings
 * @values: (array length=n_values): one value, or one a channel
 * @n_values: how many
 * @error: return location for a #GError, or %NULL
 *
 * Sets what is added to results, after gamma.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS and nothing changed
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_set_beta (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error)
{
  return set_values ("beta", values, n_values, settings->beta, &settings->n_beta, error);
}

/* Whether @value is a number of sensible size; NaN is not. */
static gboolean
in_range (const char *name, double value, double low, double high, GError **error)
{
  if (value >= low && value <= high)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "%s is %g; it must lie within %g and %g.", name, value, low, high);
  return FALSE;
}

static gboolean
check_fixed (const PixelnormSettings *settings, GError **error)
{
  const double unit = settings->units == PIXELNORM_UNITS_UNIT ? 255 : 1;

  for (guint i = 0; i < settings->n_mean; i++)
    if (!in_range ("mean", settings->mean[i], -LARGEST_VALUE, LARGEST_VALUE, error))
      return FALSE;
  for (guint i = 0; i < settings->n_std; i++)
    if (!in_range ("std", settings->std[i], SMALLEST_DIVISOR / unit, LARGEST_VALUE, error))
      return FALSE;
  if (settings->n_mean == 0 || settings->n_std == 0) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The method fixed needs a mean and a std: give 1 value for all channels, or 3.");
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_floor (const PixelnormSettings *settings, const PixelnormMethodRow *method, GError **error)
{
  double floor = settings->min_deviation;

  if (!in_range ("min-deviation", settings->min_deviation, 0, LARGEST_VALUE, error)
      || !in_range ("epsilon", settings->epsilon, 0, LARGEST_VALUE, error))
    return FALSE;
  if (settings->method == PIXELNORM_METHOD_ZSCORE)
    floor = fmax (floor, sqrt (settings->epsilon));
  else if (!method->needs_floor)
    return TRUE;
  if (floor >= SMALLEST_DIVISOR)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "min-deviation is %g%s: a sample that never varied would be divided by next to nothing. Set "
      "min-deviation%s to %g or more.",
      settings->min_deviation,
      settings->method == PIXELNORM_METHOD_ZSCORE ? " and epsilon no larger" : "",
      settings->method == PIXELNORM_METHOD_ZSCORE ? ", or the root of epsilon," : "",
      SMALLEST_DIVISOR);
  return FALSE;
}

/* What statistics of the stream itself ask of the other settings. */
static gboolean
check_source (const PixelnormSettings *settings, const PixelnormMethodRow *method, GError **error)
{
  static const char *const names[] = { "profile", "frame", "batch", "running" };
  const guint source = settings->statistics;

  if (source >= G_N_ELEMENTS (names)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "There is no source of statistics %u.", source);
    return FALSE;
  }
  if (source == PIXELNORM_STATISTICS_SOURCE_PROFILE)
    return TRUE;
  if (!(method->sources & 1u << source)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The method %s cannot be had with statistics=%s: %s. Set statistics=profile, or the method to "
        "zscore or center.",
        method->name, names[source],
        method->sources ? "a running estimate knows no minimum and maximum"
                        : "its numbers are given, or those of a whole profile");
    return FALSE;
  }
  if (source != PIXELNORM_STATISTICS_SOURCE_RUNNING && settings->scope == PIXELNORM_SCOPE_PIXEL) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "statistics=%s are those of all pixels of a frame, and scope pixel, the default, has one value a "
        "pixel. Set scope=channel or scope=global; for statistics a pixel set statistics=running.",
        names[source]);
    return FALSE;
  }
  if (source != PIXELNORM_STATISTICS_SOURCE_RUNNING
      || (settings->momentum > 0 && settings->momentum <= 1))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "momentum is %g; it must be more than 0 and at most 1: the weight of a new frame, as in PyTorch. "
      "(ONNX and Keras write 1 - momentum.)",
      settings->momentum);
  return FALSE;
}

static gboolean
check_scaling (const PixelnormSettings *settings, GError **error)
{
  for (guint i = 0; i < settings->n_gamma; i++)
    if (!in_range ("gamma", settings->gamma[i], -LARGEST_VALUE, LARGEST_VALUE, error))
      return FALSE;
  for (guint i = 0; i < settings->n_beta; i++)
    if (!in_range ("beta", settings->beta[i], -LARGEST_VALUE, LARGEST_VALUE, error))
      return FALSE;
  if (settings->n_gamma > 0 && settings->n_beta > 0 && settings->clip_low <= settings->clip_high)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "clip-low is %g and clip-high %g; the first must not be more.", settings->clip_low,
      settings->clip_high);
  return FALSE;
}

static gboolean
check_percentiles (const PixelnormSettings *settings, GError **error)
{
  if (!in_range ("percentile-low", settings->percentile_low, 0, 100, error)
      || !in_range ("percentile-high", settings->percentile_high, 0, 100, error))
    return FALSE;
  if (settings->percentile_low < settings->percentile_high)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "percentile-low is %g and percentile-high %g; the first must be less, as 1 and 99 are.",
      settings->percentile_low, settings->percentile_high);
  return FALSE;
}

/**
 * pixelnorm_settings_check:
 * @settings: settings
 * @error: return location for a #GError, or %NULL
 *
 * Returns: whether the settings are possible and agree with each other; else %FALSE with
 *   %PIXELNORM_ERROR_SETTINGS
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_check (const PixelnormSettings *settings, GError **error)
{
  const PixelnormMethodRow *method = pixelnorm_method_row (settings->method);

  if (!method || (guint) settings->scope > PIXELNORM_SCOPE_GLOBAL) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "There is no method %d with scope %d.", settings->method, settings->scope);
    return FALSE;
  }
  if (!in_range ("range-low", settings->range_low, -LARGEST_VALUE, LARGEST_VALUE, error)
      || !in_range ("range-high", settings->range_high, -LARGEST_VALUE, LARGEST_VALUE, error))
    return FALSE;
  if (settings->range_low != settings->range_high
      && fabs (settings->range_high - settings->range_low) < SMALLEST_DIVISOR) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "range-low %g and range-high %g are less than %g apart; set both alike for the method's "
        "own range.",
        settings->range_low, settings->range_high, SMALLEST_DIVISOR);
    return FALSE;
  }
  if (settings->quant_scale != 0
      && !in_range ("quant-scale", settings->quant_scale, SMALLEST_DIVISOR, LARGEST_VALUE, error))
    return FALSE;
  if (settings->quant_scale == 0 && settings->quant_zero_point != 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "quant-zero-point is %d and quant-scale 0, which makes both of the range. Set quant-scale as "
        "the model says, too, or leave quant-zero-point at 0.",
        settings->quant_zero_point);
    return FALSE;
  }
  if (!check_scaling (settings, error) || !check_source (settings, method, error))
    return FALSE;
  if (settings->method == PIXELNORM_METHOD_FIXED)
    return check_fixed (settings, error);
  return check_floor (settings, method, error)
      && (!method->needs_histogram || check_percentiles (settings, error));
}
