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

/* Samples of a channel that are looked at together. */
#define PIXELNORM_RUN 128

/* What a method may look at: of a channel, in code values. */
typedef struct {
  const PixelnormSettings *settings;
  double floor;                 /* min-deviation: divisors are never less */
  double given_mean, given_std; /* fixed */
  double low, high;             /* percentile: the two */
  double gain;                  /* flat-field: the channel mean of (mu - dark) */
} PixelnormMethodInput;

/* And of some of its samples, at the chosen scope: an array a number. */
typedef struct {
  double mean[PIXELNORM_RUN], variance[PIXELNORM_RUN]; /* measured, or estimated */
  double min[PIXELNORM_RUN], max[PIXELNORM_RUN];       /* likewise; an estimate has none */
  double dark[PIXELNORM_RUN]; /* flat-field: the mean of the dark frame's sample, or 0 */
} PixelnormMethodRun;

typedef struct {
  PixelnormMethod method;
  gboolean needs_profile;
  guint sources;        /* of statistics beside a profile: bits 1 << PixelnormStatisticsSource */
  gboolean needs_floor; /* divides by what may be 0, and only min-deviation prevents it */
  gboolean takes_dark;
  gboolean needs_histogram;     /* so scope pixel cannot be */
  gboolean in_codes;            /* results are code values: they grow with the depth */
  double range_low, range_high; /* default at 8 bits; equal: from the bounds of the result */
  /* of the first @n samples; @divisors: what the next one found */
  void (*derive) (const PixelnormMethodInput *input, const PixelnormMethodRun *run,
      const double *divisors, guint n, double *subtract, double *scale);
  /* what it divides by unless that is less than the floor, and its name; NULL: the floor has no effect */
  void (*divisor) (
      const PixelnormMethodInput *input, const PixelnormMethodRun *run, guint n, double *divisors);
  const char *divisor_name;
} PixelnormMethodRow;

const PixelnormMethodRow *pixelnorm_method_row (PixelnormMethod method);

/* Of the first @n samples, with the divisors of the method, if it has them. Results of the method are multiplied by @gamma, and
 * @beta is added, of each. */
void pixelnorm_method_affines (const PixelnormMethodRow *row, const PixelnormMethodInput *input,
    const PixelnormMethodRun *run, const double *divisors, guint n, const double *gamma,
    const double *beta, guint max_code, PixelnormAffine *affines);
