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

/* where statistics may come from beside a profile; a running estimate knows no minimum and maximum */
#define FRAMES (1 << PIXELNORM_STATISTICS_SOURCE_FRAME | 1 << PIXELNORM_STATISTICS_SOURCE_BATCH)
#define STREAM (FRAMES | 1 << PIXELNORM_STATISTICS_SOURCE_RUNNING)

#define HALF_RANGE "half of their range"

/* --- what is divided by, where it is not less than the floor --- */

static double
deviation_of (const PixelnormMethodInput *in)
{
  return sqrt (in->variance + in->settings->epsilon);
}

static double
half_range_of (const PixelnormMethodInput *in)
{
  return (in->max - in->min) / 2;
}

static double
light_of (const PixelnormMethodInput *in)
{
  return in->mean - in->dark;
}

static double
half_distance_of (const PixelnormMethodInput *in)
{
  return (in->high - in->low) / 2;
}

/* --- the methods --- */

static void
derive_fixed (const PixelnormMethodInput *in, double *subtract, double *scale)
{
  *subtract = in->given_mean;
  *scale = 1 / in->given_std;
}

static void
derive_center (const PixelnormMethodInput *in, double *subtract, double *scale)
{
  *subtract = in->mean;
  *scale = 1;
}

static void
derive_zscore (const PixelnormMethodInput *in, double *subtract, double *scale)
{
  *subtract = in->mean;
  *scale = 1 / fmax (deviation_of (in), in->floor);
}

static void
derive_mean_range (const PixelnormMethodInput *in, double *subtract, double *scale)
{
  *subtract = in->mean;
  *scale = 1 / fmax (half_range_of (in), in->floor);
}

static void
derive_min_max (const PixelnormMethodInput *in, double *subtract, double *scale)
{
  *subtract = (in->max + in->min) / 2;
  *scale = 1 / fmax (half_range_of (in), in->floor);
}

static void
derive_flat_field (const PixelnormMethodInput *in, double *subtract, double *scale)
{
  *subtract = in->dark;
  *scale = in->gain / fmax (light_of (in), in->floor);
}

static void
derive_percentile (const PixelnormMethodInput *in, double *subtract, double *scale)
{
  *subtract = (in->low + in->high) / 2;
  *scale = 1 / fmax (half_distance_of (in), in->floor);
}

/* The ranges put y = 0 exactly on code 128, where y = 0 means something. */
static const PixelnormMethodRow rows[] = {
  { PIXELNORM_METHOD_FIXED, .derive = derive_fixed },
  { PIXELNORM_METHOD_CENTER, .needs_profile = TRUE, .sources = STREAM, .in_codes = TRUE,
      .range_low = -128, .range_high = 127, .derive = derive_center },
  { PIXELNORM_METHOD_ZSCORE, .needs_profile = TRUE, .sources = STREAM, .range_low = -4,
      .range_high = 127 / 32.0, .derive = derive_zscore, .divisor = deviation_of,
      .divisor_name = "their deviation" },
  { PIXELNORM_METHOD_MEAN_RANGE, .needs_profile = TRUE, .sources = FRAMES, .needs_floor = TRUE,
      .range_low = -2, .range_high = 127 / 64.0, .derive = derive_mean_range,
      .divisor = half_range_of, .divisor_name = HALF_RANGE },
  { PIXELNORM_METHOD_MIN_MAX, .needs_profile = TRUE, .sources = FRAMES, .needs_floor = TRUE,
      .range_low = -128 / 127.0, .range_high = 1, .derive = derive_min_max,
      .divisor = half_range_of, .divisor_name = HALF_RANGE },
  { PIXELNORM_METHOD_FLAT_FIELD, .needs_profile = TRUE, .needs_floor = TRUE, .takes_dark = TRUE,
      .in_codes = TRUE, .range_low = 0, .range_high = 255, .derive = derive_flat_field,
      .divisor = light_of, .divisor_name = "their light above the dark frames" },
  { PIXELNORM_METHOD_PERCENTILE, .needs_profile = TRUE, .needs_floor = TRUE,
      .needs_histogram = TRUE, .range_low = -128 / 127.0, .range_high = 1,
      .derive = derive_percentile, .divisor = half_distance_of,
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

PixelnormAffine
pixelnorm_method_affine (const PixelnormMethodRow *row, const PixelnormMethodInput *input,
    double gamma, double beta, guint max_code)
{
  double subtract, own_scale;

  row->derive (input, &subtract, &own_scale);
  const double scale = own_scale * gamma;
  const double zero = scale != 0 ? subtract - beta / scale : subtract;
  const double centre = CLAMP (rint (zero), 0.0, (double) max_code);

  /* in one piece, whose parts need not wait for each other */
  return (PixelnormAffine){ (guint) centre, scale, (centre - subtract) * own_scale * gamma + beta,
    subtract, beta };
}
