/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* METHOD TABLE: how statistics become an affine. A new method is one function and one row here, and
 * one value of PixelnormMethod.
 *
 * Every method says (x - subtract) * scale, of which gamma and beta make y = (x - subtract) * scale + add. It is
 * computed as y' = (x - centre) * scale + bias, whose integer centre is the sample next to the zero of y.
 *
 * How far y' is from y, with u = 2^-24, the rounding of float32, p = |(x - centre) * scale| and b = |bias|: x - centre is
 * exact, scale, bias, the product and the sum are rounded once each, so |y' - y| <= 2 u p + u b + u |y|, but for terms of
 * u^2. There are three cases:
 *   x = centre: y' is bias, and errs by u |y|.
 *   The zero lies within half a code value of centre: b <= |scale| / 2 <= p / 2, so p <= 2 |y| and b <= |y|, and y' errs
 *     by 6 u |y|. Were centre elsewhere, p and b could be large and y small.
 *   The zero lies beyond the samples, and centre is the first or the last of them: the product and bias have the same
 *     sign, so p + b = |y|, and y' errs by 3 u |y|.
 * So it errs by at most 6 u |y| < 4e-7 |y| at every depth. To that comes what double precision loses before: with v =
 * 2^-53, bias is made by at most 9 roundings of numbers up to |add| + largest code * |scale| + |y|, 9 v < 2e-15 of the
 * first two. With gamma and beta of a file add counts as the sum of both sizes. Numbers below 2^-126 may become 0:
 * scale, and y with it below 65535 * 2^-126 < 1e-33.
 */
#include "methods.h"

#include <math.h>
#include <string.h>

#include "kernels/clones.h"

/* where statistics may come from beside a profile; a running estimate knows no minimum and maximum */
#define FRAMES (1 << PIXELNORM_STATISTICS_SOURCE_FRAME | 1 << PIXELNORM_STATISTICS_SOURCE_BATCH)
#define STREAM (FRAMES | 1 << PIXELNORM_STATISTICS_SOURCE_RUNNING)

#define HALF_RANGE "half of their range"

/* --- what is divided by, where it is not less than the floor --- */

static void
find_deviations (
    const PixelnormMethodInput *in, const PixelnormMethodRun *run, guint n, double *divisors)
{
  const double epsilon = in->settings->epsilon;

  for (guint i = 0; i < n; i++)
    divisors[i] = sqrt (run->variance[i] + epsilon);
}

static void
find_half_ranges (
    const PixelnormMethodInput *in, const PixelnormMethodRun *run, guint n, double *divisors)
{
  for (guint i = 0; i < n; i++)
    divisors[i] = (run->max[i] - run->min[i]) / 2;
}

static void
find_light (
    const PixelnormMethodInput *in, const PixelnormMethodRun *run, guint n, double *divisors)
{
  for (guint i = 0; i < n; i++)
    divisors[i] = run->mean[i] - run->dark[i];
}

static void
find_half_distances (
    const PixelnormMethodInput *in, const PixelnormMethodRun *run, guint n, double *divisors)
{
  for (guint i = 0; i < n; i++)
    divisors[i] = (in->high - in->low) / 2;
}

static void
divide (double dividend, const double *divisors, double floor, guint n, double *scale)
{
  for (guint i = 0; i < n; i++)
    scale[i] = dividend / (divisors[i] > floor ? divisors[i] : floor);
}

/* --- the methods --- */

static void
derive_fixed (const PixelnormMethodInput *in, const PixelnormMethodRun *run, const double *divisors,
    guint n, double *subtract, double *scale)
{
  for (guint i = 0; i < n; i++) {
    subtract[i] = in->given_mean;
    scale[i] = 1 / in->given_std;
  }
}

static void
derive_center (const PixelnormMethodInput *in, const PixelnormMethodRun *run,
    const double *divisors, guint n, double *subtract, double *scale)
{
  memcpy (subtract, run->mean, n * sizeof *subtract);
  for (guint i = 0; i < n; i++)
    scale[i] = 1;
}

static void
derive_zscore (const PixelnormMethodInput *in, const PixelnormMethodRun *run,
    const double *divisors, guint n, double *subtract, double *scale)
{
  memcpy (subtract, run->mean, n * sizeof *subtract);
  divide (1, divisors, in->floor, n, scale);
}

static void
derive_mean_range (const PixelnormMethodInput *in, const PixelnormMethodRun *run,
    const double *divisors, guint n, double *subtract, double *scale)
{
  memcpy (subtract, run->mean, n * sizeof *subtract);
  divide (1, divisors, in->floor, n, scale);
}

static void
derive_min_max (const PixelnormMethodInput *in, const PixelnormMethodRun *run,
    const double *divisors, guint n, double *subtract, double *scale)
{
  for (guint i = 0; i < n; i++)
    subtract[i] = (run->max[i] + run->min[i]) / 2;
  divide (1, divisors, in->floor, n, scale);
}

static void
derive_flat_field (const PixelnormMethodInput *in, const PixelnormMethodRun *run,
    const double *divisors, guint n, double *subtract, double *scale)
{
  memcpy (subtract, run->dark, n * sizeof *subtract);
  divide (in->gain, divisors, in->floor, n, scale);
}

static void
derive_percentile (const PixelnormMethodInput *in, const PixelnormMethodRun *run,
    const double *divisors, guint n, double *subtract, double *scale)
{
  for (guint i = 0; i < n; i++)
    subtract[i] = (in->low + in->high) / 2;
  divide (1, divisors, in->floor, n, scale);
}

/* The ranges put y = 0 exactly on code 128, where y = 0 means something. */
static const PixelnormMethodRow rows[] = {
  { PIXELNORM_METHOD_FIXED, .derive = derive_fixed },
  { PIXELNORM_METHOD_CENTER, .needs_profile = TRUE, .sources = STREAM, .in_codes = TRUE,
      .range_low = -128, .range_high = 127, .derive = derive_center },
  { PIXELNORM_METHOD_ZSCORE, .needs_profile = TRUE, .sources = STREAM, .range_low = -4,
      .range_high = 127 / 32.0, .derive = derive_zscore, .divisor = find_deviations,
      .divisor_name = "their deviation" },
  { PIXELNORM_METHOD_MEAN_RANGE, .needs_profile = TRUE, .sources = FRAMES, .needs_floor = TRUE,
      .range_low = -2, .range_high = 127 / 64.0, .derive = derive_mean_range,
      .divisor = find_half_ranges, .divisor_name = HALF_RANGE },
  { PIXELNORM_METHOD_MIN_MAX, .needs_profile = TRUE, .sources = FRAMES, .needs_floor = TRUE,
      .range_low = -128 / 127.0, .range_high = 1, .derive = derive_min_max,
      .divisor = find_half_ranges, .divisor_name = HALF_RANGE },
  { PIXELNORM_METHOD_FLAT_FIELD, .needs_profile = TRUE, .needs_floor = TRUE, .takes_dark = TRUE,
      .in_codes = TRUE, .range_low = 0, .range_high = 255, .derive = derive_flat_field,
      .divisor = find_light, .divisor_name = "their light above the dark frames" },
  { PIXELNORM_METHOD_PERCENTILE, .needs_profile = TRUE, .needs_floor = TRUE,
      .needs_histogram = TRUE, .range_low = -128 / 127.0, .range_high = 1,
      .derive = derive_percentile, .divisor = find_half_distances,
      .divisor_name = "half of the distance between their percentiles" },
};

/* The row of @method, or NULL where it is none. */
const PixelnormMethodRow *
pixelnorm_method_row (PixelnormMethod method)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].method == method)
      return &rows[i];
  return NULL;
}

/**
 * pixelnorm_method_needs_profile:
 * @method: a method
 *
 * Returns: whether the method takes its numbers from statistics: a profile, unless the settings say
 *   that they are of the stream itself
 *
 * Since: 0.1
 */
gboolean
pixelnorm_method_needs_profile (PixelnormMethod method)
{
  const PixelnormMethodRow *row = pixelnorm_method_row (method);

  return row && row->needs_profile;
}

/**
 * pixelnorm_settings_need_profile:
 * @self: settings
 *
 * Returns: whether a normalizer of these settings needs a profile
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_need_profile (const PixelnormSettings *self)
{
  return self->statistics == PIXELNORM_STATISTICS_SOURCE_PROFILE
      && pixelnorm_method_needs_profile (self->method);
}

/**
 * pixelnorm_settings_use_profile:
 * @self: settings
 *
 * Returns: whether a normalizer of these settings uses a profile where there is one: it needs it, or
 *   running estimates start from it
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_use_profile (const PixelnormSettings *self)
{
  return pixelnorm_method_needs_profile (self->method)
      && (self->statistics == PIXELNORM_STATISTICS_SOURCE_PROFILE
          || self->statistics == PIXELNORM_STATISTICS_SOURCE_RUNNING);
}

/* The whole number next to @number, half to even as rint() has it, of those from 0 to 2^51. */
static inline double
round_small (double number)
{
  return (number + 0x1p52) - 0x1p52;
}

/* Loops without calls and branches, so that they are vectors. */
PIXELNORM_CLONES static void
make_affines (const double *subtract, const double *own_scale, guint n, const double *gamma,
    const double *beta, double last, PixelnormAffine *affines)
{
  double scale[PIXELNORM_RUN], centre[PIXELNORM_RUN], bias[PIXELNORM_RUN];

  for (guint i = 0; i < n; i++) {
    scale[i] = own_scale[i] * gamma[i];
    const double way = beta[i] / scale[i]; /* from subtract to where y is 0 */
    const double zero = scale[i] != 0 ? subtract[i] - way : subtract[i];

    centre[i] = round_small (CLAMP (zero, 0.0, last));
    bias[i] = (centre[i] - subtract[i]) * own_scale[i] * gamma[i] + beta[i];
  }
  for (guint i = 0; i < n; i++)
    affines[i] = (PixelnormAffine){ (guint) centre[i], scale[i], bias[i], subtract[i], beta[i] };
}

void
pixelnorm_method_affines (const PixelnormMethodRow *row, const PixelnormMethodInput *input,
    const PixelnormMethodRun *run, const double *divisors, guint n, const double *gamma,
    const double *beta, guint max_code, PixelnormAffine *affines)
{
  double subtract[PIXELNORM_RUN], scale[PIXELNORM_RUN];

  row->derive (input, run, divisors, n, subtract, scale);
  make_affines (subtract, scale, n, gamma, beta, max_code, affines);
}
