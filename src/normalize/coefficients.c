/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The affine of every sample. The integers are pooled by the scope first (sum of sums, min of
 * mins), then the method makes an affine of them. A pixel that was never counted has no statistics
 * of its own: it is taken as one that always had its channel's mean.
 */
#include "coefficients.h"

#include <math.h>
#include <string.h>

#include "kernels/clones.h"

/* Never counted: as if it always had been the channel's mean. */
static PixelnormMoments
still_moments (const PixelnormMoments *pooled)
{
  const guint mean = (guint) rint (pixelnorm_moments_mean (pooled));

  return (PixelnormMoments){ 1, mean, (PixelnormU128) mean * mean, mean, mean };
}

static inline void
find_dark (const PixelnormCoefficients *self, gsize first, guint channel, guint n, double *dark)
{
  const PixelnormProfile *profile = self->inputs.dark;
  const gboolean sized = profile && profile->data.scope != PIXELNORM_SCOPE_CHANNEL;

  for (guint i = 0; i < n; i++) {
    dark[i] = self->dark_pooled[channel];
    if (!sized)
      continue;
    const PixelnormMoments moments = pixelnorm_profile_moments (&profile->data, first + i, channel);
    if (moments.count)
      dark[i] = pixelnorm_moments_mean (&moments);
  }
}

/* Samples that were never counted, and those whose numbers are too large for a block. */
static void
find_odd_ones (const PixelnormCoefficients *self, guint channel, const PixelnormMomentsBlock *block,
    gboolean fits, guint n, PixelnormMethodRun *run)
{
  const double still = rint (pixelnorm_moments_mean (&self->pooled[channel]));

  for (guint i = 0; i < n; i++)
    if (block->count[i] == 0) {
      run->mean[i] = run->min[i] = run->max[i] = still;
      run->variance[i] = 0;
    } else if (!fits) {
      const PixelnormMoments moments = { block->count[i], block->sum[i], block->squares[i] };

      run->mean[i] = pixelnorm_moments_mean (&moments);
      run->variance[i] = pixelnorm_moments_variance (&moments);
    }
}

/* What methods look at, of samples of a channel from the @first on, and whether each was counted. */
PIXELNORM_CLONES static void
find_pixel_run (const PixelnormCoefficients *self, gsize first, guint channel, guint n,
    PixelnormMethodRun *run, gboolean *is_counted)
{
  const PixelnormProfileData *data = &self->inputs.profile->data;
  const gboolean fits = pixelnorm_moments_block_fits (data->frames, self->max_code);
  const gboolean even = !data->count[channel].data;
  PixelnormMomentsBlock block;

  pixelnorm_profile_read_channel (data, channel, first, n, &block);
  if (fits)
    pixelnorm_moments_block_estimate (&block, n, even, run->mean, run->variance);
  for (guint i = 0; i < n; i++) {
    run->min[i] = (gint) block.min[i]; /* below 2^16 */
    run->max[i] = (gint) block.max[i];
    is_counted[i] = block.count[i] > 0;
  }
  if (!fits || !even)
    find_odd_ones (self, channel, &block, fits, n, run);
  find_dark (self, first, channel, n, run->dark);
}

/* The same of a whole channel, for each of @n samples. */
static void
find_channel_run (
    const PixelnormCoefficients *self, guint channel, guint n, PixelnormMethodRun *run)
{
  const PixelnormMoments *pooled = &self->pooled[channel];
  const PixelnormEstimate estimate = self->estimated
      ? self->estimates[channel]
      : (PixelnormEstimate){ pixelnorm_moments_mean (pooled), pixelnorm_moments_variance (pooled) };

  for (guint i = 0; i < n; i++) {
    run->mean[i] = estimate.mean;
    run->variance[i] = estimate.variance;
    run->min[i] = pooled->min;
    run->max[i] = pooled->max;
    run->dark[i] = self->dark_pooled[channel];
  }
}

static void
find_run (const PixelnormCoefficients *self, gsize first, guint channel, guint n,
    PixelnormMethodRun *run, gboolean *is_counted)
{
  if (self->pixel_statistics) {
    find_pixel_run (self, first, channel, n, run, is_counted);
    return;
  }
  find_channel_run (self, channel, n, run);
  for (guint i = 0; i < n; i++)
    is_counted[i] = TRUE;
}

static void
pool (PixelnormCoefficients *self)
{
  const gboolean global = self->settings->scope == PIXELNORM_SCOPE_GLOBAL;

  for (guint c = 0; c < self->n_channels; c++) {
    self->pooled[c] = pixelnorm_profile_pool (self->inputs.profile, global ? -1 : (gint) c);
    if (self->pooled[c].count == 0) /* a parser refuses such a profile */
      self->pooled[c] = still_moments (&self->pooled[c]);
    if (self->inputs.dark) {
      const PixelnormMoments dark =
          pixelnorm_profile_pool (self->inputs.dark, global ? -1 : (gint) c);

      self->dark_pooled[c] = pixelnorm_moments_mean (&dark);
    }
    self->gain[c] = pixelnorm_moments_mean (&self->pooled[c]) - self->dark_pooled[c];
  }
}

/* The percentiles, by the scope. */
static gboolean
find_percentiles (PixelnormCoefficients *self, GError **error)
{
  const PixelnormSettings *settings = self->settings;

  if (!self->method->needs_histogram)
    return TRUE;
  if (self->pixel_statistics) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Percentiles are those of whole channels, and scope pixel was asked for. Set scope to "
        "channel or global.");
    return FALSE;
  }
  for (guint c = 0; c < self->n_channels; c++) {
    const gint channel = settings->scope == PIXELNORM_SCOPE_GLOBAL ? -1 : (gint) c;

    if (!pixelnorm_profile_get_percentile (
            self->inputs.profile, channel, settings->percentile_low, &self->low[c], error)
        || !pixelnorm_profile_get_percentile (
            self->inputs.profile, channel, settings->percentile_high, &self->high[c], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_values (const char *name, guint n_values, guint n_channels, GError **error)
{
  if (n_values <= 1 || n_values == n_channels)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "%s has %u values, and the stream %u channel%s. Give one value, or one a channel.", name,
      n_values, n_channels, n_channels == 1 ? "" : "s");
  return FALSE;
}

static gboolean
check_profile (PixelnormProfile *profile, const char *name, PixelnormScope scope,
    const PixelnormGeometry *geometry, GError **error)
{
  PixelnormGeometry own = profile->data.geometry;
  g_autofree char *text = g_strdup_printf ("the %s", name);

  if (scope == PIXELNORM_SCOPE_PIXEL && profile->data.scope == PIXELNORM_SCOPE_CHANNEL) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "The %s holds statistics of whole channels only, and scope pixel was asked for. Set scope "
        "to channel, or collect with pixelstats scope=pixel.",
        name);
    return FALSE;
  }
  if (scope != PIXELNORM_SCOPE_PIXEL)
    own.width = own.height = 0;
  return pixelnorm_geometry_check (&own, geometry, text, "the stream", error);
}

/* Until there are statistics of the stream. */
static void
begin_without_profile (PixelnormCoefficients *self)
{
  self->per_pixel = self->settings->scope == PIXELNORM_SCOPE_PIXEL;
  for (guint c = 0; c < self->n_channels; c++)
    self->pooled[c] = still_moments (&self->pooled[c]);
}

/* The statistics that the method takes of @inputs. */
static gboolean
take_statistics (PixelnormCoefficients *self, const PixelnormInputs *inputs,
    const PixelnormGeometry *geometry, GError **error)
{
  const PixelnormSettings *settings = self->settings;
  PixelnormProfile *profile = inputs ? inputs->profile : NULL;
  PixelnormProfile *dark = inputs && self->method->takes_dark ? inputs->dark : NULL;

  if (!pixelnorm_settings_use_profile (settings)
      || (!profile && !pixelnorm_settings_need_profile (settings))) {
    begin_without_profile (self);
    return TRUE;
  }
  if (!profile) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "This method needs a profile: make one with pixelstats, use statistics of the stream itself, "
        "or the method fixed.");
    return FALSE;
  }
  /* a dark frame of whole channels suits any scope */
  if (!check_profile (profile, "profile", settings->scope, geometry, error)
      || (dark
          && !check_profile (dark, "profile of dark frames",
              dark->data.scope == PIXELNORM_SCOPE_CHANNEL ? PIXELNORM_SCOPE_CHANNEL
                                                          : settings->scope,
              geometry, error)))
    return FALSE;
  self->inputs.profile = profile;
  self->inputs.dark = dark;
  self->per_pixel = self->pixel_statistics = settings->scope == PIXELNORM_SCOPE_PIXEL;
  pool (self);
  return find_percentiles (self, error);
}

static gboolean
take_affine (PixelnormCoefficients *self, PixelnormLearnedAffine *affine,
    const PixelnormGeometry *geometry, GError **error)
{
  if (!affine)
    return TRUE;
  if (self->settings->statistics != PIXELNORM_STATISTICS_SOURCE_PROFILE) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "An affine of a file goes with statistics of a profile only. Set gamma and beta, a value a "
        "channel, or statistics=profile.");
    return FALSE;
  }
  if (!pixelnorm_learned_affine_check (affine, geometry, error))
    return FALSE;
  self->inputs.affine = affine;
  self->per_pixel |= pixelnorm_learned_affine_is_per_pixel (affine);
  return TRUE;
}

gboolean
pixelnorm_coefficients_init (PixelnormCoefficients *self, const PixelnormSettings *settings,
    const PixelnormInputs *inputs, const PixelnormGeometry *geometry, GError **error)
{
  memset (self, 0, sizeof *self);
  if (!pixelnorm_settings_check (settings, error))
    return FALSE;
  self->method = pixelnorm_method_row (settings->method);
  self->settings = settings;
  self->n_channels = strlen (geometry->channels);
  self->max_code = (1u << geometry->depth) - 1;
  self->floor = settings->min_deviation;
  return check_values ("gamma", settings->n_gamma, self->n_channels, error)
      && check_values ("beta", settings->n_beta, self->n_channels, error)
      && (self->method->needs_profile
              ? take_statistics (self, inputs, geometry, error)
              : check_values ("mean", settings->n_mean, self->n_channels, error)
                  && check_values ("std", settings->n_std, self->n_channels, error))
      && take_affine (self, inputs ? inputs->affine : NULL, geometry, error);
}

/* What the method looks at, whichever the sample. */
static PixelnormMethodInput
channel_input (const PixelnormCoefficients *self, guint channel)
{
  const PixelnormSettings *settings = self->settings;
  const double unit = settings->units == PIXELNORM_UNITS_UNIT ? self->max_code : 1;

  return (PixelnormMethodInput){
    .settings = settings,
    .floor = self->floor,
    .given_mean = pixelnorm_settings_value (settings->mean, settings->n_mean, channel) * unit,
    .given_std = pixelnorm_settings_value (settings->std, settings->n_std, channel) * unit,
    .gain = self->gain[channel],
    .low = self->low[channel],
    .high = self->high[channel],
  };
}

double
pixelnorm_coefficients_divisor (const PixelnormCoefficients *self, guint channel)
{
  const PixelnormMethodInput input = channel_input (self, channel);
  PixelnormMethodRun run;
  double divisor;

  find_channel_run (self, channel, 1, &run);
  self->method->divisor (&input, &run, 1, &divisor);
  return divisor;
}

/* What the method alone does with a channel. */
static PixelnormAffine
method_affine (const PixelnormCoefficients *self, guint channel)
{
  const PixelnormMethodInput input = channel_input (self, channel);
  const double gamma = 1, beta = 0;
  PixelnormMethodRun run;
  PixelnormAffine affine;
  double divisor = 1;

  find_channel_run (self, channel, 1, &run);
  if (self->method->divisor)
    self->method->divisor (&input, &run, 1, &divisor);
  pixelnorm_method_affines (
      self->method, &input, &run, &divisor, 1, &gamma, &beta, self->max_code, &affine);
  return affine;
}

static void
count_floored (const PixelnormCoefficients *self, const double *divisors,
    const gboolean *is_counted, guint n, PixelnormFloorCount *count)
{
  guint n_counted = 0, n_ruled = 0, n_still = 0;

  for (guint i = 0; i < n; i++) {
    n_counted += is_counted[i];
    n_ruled += is_counted[i] & (divisors[i] < self->floor);
    n_still += is_counted[i] & (divisors[i] == 0);
  }
  count->n_counted += n_counted;
  count->n_ruled += n_ruled;
  count->n_still += n_still;
}

void
pixelnorm_coefficients_count_floored (const PixelnormCoefficients *self, gsize first, guint channel,
    guint n, PixelnormFloorCount *count)
{
  const PixelnormMethodInput input = channel_input (self, channel);
  gboolean is_counted[PIXELNORM_RUN];
  double divisors[PIXELNORM_RUN];
  PixelnormMethodRun run;

  find_run (self, first, channel, n, &run, is_counted);
  self->method->divisor (&input, &run, n, divisors);
  count_floored (self, divisors, is_counted, n, count);
}

/* The gamma and beta of a sample, of the file first and then of the settings:
 * (y g + b) gamma + beta = y (g gamma) + (b gamma + beta). */
static void
get_scaling (
    const PixelnormCoefficients *self, gsize sample, guint channel, double *gamma, double *beta)
{
  const PixelnormSettings *settings = self->settings;

  *gamma = pixelnorm_settings_value (settings->gamma, settings->n_gamma, channel);
  *beta = pixelnorm_settings_value (settings->beta, settings->n_beta, channel);
  if (self->inputs.affine) {
    double learned_gamma, learned_beta;

    pixelnorm_learned_affine_get (
        self->inputs.affine, sample, channel, &learned_gamma, &learned_beta);
    *beta += learned_beta * *gamma;
    *gamma *= learned_gamma;
  }
}

void
pixelnorm_coefficients_get_run (const PixelnormCoefficients *self, gsize first, guint channel,
    guint n, PixelnormAffine *affines, PixelnormFloorCount *count)
{
  const PixelnormMethodInput input = channel_input (self, channel);
  double gamma[PIXELNORM_RUN], beta[PIXELNORM_RUN], divisors[PIXELNORM_RUN];
  gboolean is_counted[PIXELNORM_RUN];
  PixelnormMethodRun run;

  find_run (self, first, channel, n, &run, is_counted);
  get_scaling (self, first, channel, &gamma[0], &beta[0]);
  for (guint i = 1; i < n; i++) {
    gamma[i] = gamma[0];
    beta[i] = beta[0];
  }
  for (guint i = 1; i < n && self->inputs.affine; i++)
    get_scaling (self, first + i, channel, &gamma[i], &beta[i]);
  if (self->method->divisor)
    self->method->divisor (&input, &run, n, divisors);
  if (self->method->divisor && count)
    count_floored (self, divisors, is_counted, n, count);
  pixelnorm_method_affines (
      self->method, &input, &run, divisors, n, gamma, beta, self->max_code, affines);
}

PixelnormAffine
pixelnorm_coefficients_get (const PixelnormCoefficients *self, gsize sample, guint channel)
{
  PixelnormAffine affine;

  pixelnorm_coefficients_get_run (self, sample, channel, 1, &affine, NULL);
  return affine;
}

void
pixelnorm_coefficients_describe (
    const PixelnormCoefficients *self, guint channel, double *mean, double *std)
{
  const PixelnormAffine affine = method_affine (self, channel);
  double gamma = 1, beta;

  if (self->inputs.affine)
    pixelnorm_learned_affine_get (self->inputs.affine, 0, channel, &gamma, &beta);
  *mean = affine.subtract;
  *std = 1 / (affine.scale * gamma);
}

PixelnormEstimate
pixelnorm_coefficients_estimate (const PixelnormCoefficients *self, gsize sample, guint channel)
{
  const PixelnormMoments *pooled = &self->pooled[channel];
  PixelnormMethodRun run;
  gboolean is_counted;

  if (!self->per_pixel || !self->pixel_statistics)
    return (
        PixelnormEstimate){ pixelnorm_moments_mean (pooled), pixelnorm_moments_variance (pooled) };
  find_pixel_run (self, sample, channel, 1, &run, &is_counted);
  return (PixelnormEstimate){ run.mean[0], run.variance[0] };
}

/* The bounds of the method's own results in a channel: its range, or what 0 and the largest code
 * become. */
static void
method_range (const PixelnormCoefficients *self, guint channel, double ends[2])
{
  const double unit = self->method->in_codes ? self->max_code / 255.0 : 1;

  if (self->method->range_low == self->method->range_high) {
    const PixelnormAffine affine = method_affine (self, channel);

    ends[0] = -affine.subtract * affine.scale + affine.add;
    ends[1] = (self->max_code - affine.subtract) * affine.scale + affine.add;
    return;
  }
  ends[0] = self->method->range_low * unit;
  ends[1] = self->method->range_high * unit;
}

/* With every gamma and beta of a channel. */
static void
widen_range (const PixelnormCoefficients *self, guint channel, double *low, double *high)
{
  const gboolean sized =
      self->inputs.affine && pixelnorm_learned_affine_is_per_pixel (self->inputs.affine);
  const gsize n = sized ? (gsize) pixelnorm_learned_affine_get_width (self->inputs.affine)
          * pixelnorm_learned_affine_get_height (self->inputs.affine)
                        : 1;
  double ends[2], gamma, beta;

  method_range (self, channel, ends);
  for (gsize i = 0; i < n; i++) {
    get_scaling (self, i, channel, &gamma, &beta);
    for (guint end = 0; end < 2; end++) {
      *low = fmin (*low, ends[end] * gamma + beta);
      *high = fmax (*high, ends[end] * gamma + beta);
    }
  }
}

void
pixelnorm_coefficients_range (const PixelnormCoefficients *self, double *low, double *high)
{
  *low = self->settings->range_low;
  *high = self->settings->range_high;
  if (*low != *high)
    return;
  *low = HUGE_VAL;
  *high = -HUGE_VAL;
  for (guint c = 0; c < self->n_channels; c++)
    widen_range (self, c, low, high);
  if (*low == *high) /* gamma 0: some range around the only result */
    *high = *low + 1;
}

gboolean
pixelnorm_coefficients_reach (const PixelnormCoefficients *self, PixelnormReach *reach)
{
  const PixelnormSettings *settings = self->settings;

  if (settings->range_low != settings->range_high || self->max_code != 255 || self->per_pixel
      || settings->statistics != PIXELNORM_STATISTICS_SOURCE_PROFILE)
    return FALSE;
  *reach = (PixelnormReach){ HUGE_VAL, -HUGE_VAL, HUGE_VAL };
  for (guint c = 0; c < self->n_channels; c++) {
    const PixelnormAffine affine = pixelnorm_coefficients_get (self, 0, c);
    const double first = -affine.subtract * affine.scale + affine.add;
    const double last = (255 - affine.subtract) * affine.scale + affine.add;

    reach->low = fmin (reach->low, fmin (first, last));
    reach->high = fmax (reach->high, fmax (first, last));
    if (affine.scale != 0)
      reach->code_value = fmin (reach->code_value, fabs (affine.scale));
  }
  return reach->code_value < HUGE_VAL;
}
