/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics -> affine. */
#pragma once

#include "settings.h"
#include "statistics/moments.h"

/* y = (x - centre) * scale + bias, with an integer centre, so that x - centre is exact in any
 * arithmetic: the sample next to y = 0, or next to subtract where scale is 0. What is asked for exactly is
 * y = (x - subtract) * scale + add; bias is what centre leaves of that. */
typedef struct {
  guint centre;
  double scale;
  double bias;
  double subtract;
  double add;
} PixelnormAffine;

/* What is known of a sample without its moments: running estimates. */
typedef struct {
  double mean, variance;
} PixelnormEstimate;

/* What a method may look at, for one sample. */
typedef struct {
  const PixelnormSettings *settings;
  double floor;                 /* min-deviation: divisors are never less */
  double given_mean, given_std; /* fixed: of this channel, in code values */
  double mean, variance;        /* of the sample at the chosen scope: measured, or estimated */
  double min, max;              /* likewise; an estimate has none */
  double dark;                  /* flat-field: the mean of the dark frame's sample, or 0 */
  double low, high;             /* percentile: the two, in code values */
  double gain;                  /* flat-field: the channel mean of (mu - dark) */
} PixelnormMethodInput;

typedef struct {
  PixelnormMethod method;
  gboolean needs_profile;
  guint sources;        /* of statistics beside a profile: bits 1 << PixelnormStatisticsSource */
  gboolean needs_floor; /* divides by what may be 0, and only min-deviation prevents it */
  gboolean takes_dark;
  gboolean needs_histogram;     /* so scope pixel cannot be */
  gboolean in_codes;            /* results are code values: they grow with the depth */
  double range_low, range_high; /* default at 8 bits; equal: from the bounds of the result */
  void (*derive) (const PixelnormMethodInput *input, double *subtract, double *scale);
  /* what it divides by unless that is less than the floor, and its name; NULL: the floor has no effect */
  double (*divisor) (const PixelnormMethodInput *input);
  const char *divisor_name;
} PixelnormMethodRow;

const PixelnormMethodRow *pixelnorm_method_row (PixelnormMethod method);

/* Results of the method are multiplied by @gamma, and @beta is added. */
PixelnormAffine pixelnorm_method_affine (const PixelnormMethodRow *row,
    const PixelnormMethodInput *input, double gamma, double beta, guint max_code);
