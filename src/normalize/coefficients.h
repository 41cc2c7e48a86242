/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The affine of every sample, from settings and profiles. */
#pragma once

#include <pixelnorm/normalizer.h>

#include "learned-affine.h"
#include "methods.h"
#include "profile/profile-private.h"

/* Gives the affine of a sample in double, for whoever lays out the coefficients. */
typedef struct {
  const PixelnormMethodRow *method;
  const PixelnormSettings *settings; /* borrowed */
  PixelnormInputs inputs;            /* those that are used; borrowed */
  guint n_channels;
  guint max_code;
  double floor;
  gboolean per_pixel;                              /* else one affine a channel */
  gboolean pixel_statistics;                       /* the method's part of it is per pixel */
  PixelnormMoments pooled[PIXELNORM_MAX_CHANNELS]; /* by the scope: of the channel, or of all */
  PixelnormEstimate
      estimates[PIXELNORM_MAX_CHANNELS]; /* instead of pooled, where estimated is set */
  gboolean estimated;
  double dark_pooled[PIXELNORM_MAX_CHANNELS];
  double gain[PIXELNORM_MAX_CHANNELS]; /* flat-field */
  double low[PIXELNORM_MAX_CHANNELS];  /* percentile: the two, by the scope */
  double high[PIXELNORM_MAX_CHANNELS];
} PixelnormCoefficients;

/* @inputs may be NULL: nothing. Results are multiplied by gamma of their affine, and its beta is added, before
 * those of @settings are applied. */
gboolean pixelnorm_coefficients_init (PixelnormCoefficients *self,
    const PixelnormSettings *settings, const PixelnormInputs *inputs,
    const PixelnormGeometry *geometry, GError **error);

/* A thread takes so many at least: it works for some milliseconds. */
#define PIXELNORM_PARALLEL_SAMPLES (1 << 17)

/* Of @n <= PIXELNORM_RUN samples of a channel, from the @first on. */
void pixelnorm_coefficients_get_run (const PixelnormCoefficients *self, gsize first, guint channel,
    guint n, PixelnormAffine *affines);
/* Of one sample; of the channel, where they are not per pixel. */
PixelnormAffine pixelnorm_coefficients_get (
    const PixelnormCoefficients *self, gsize sample, guint channel);

/* What a method that divides would divide @n <= PIXELNORM_RUN samples of a channel by without a floor, in code
 * values; NaN for those that were never counted. Where the statistics are not per pixel, all is the channel's. */
void pixelnorm_coefficients_find_divisors (
    const PixelnormCoefficients *self, gsize first, guint channel, guint n, double *divisors);

/* Mean and deviation of a channel, such that the method alone makes (x - mean) / std of x. */
void pixelnorm_coefficients_describe (
    const PixelnormCoefficients *self, guint channel, double *mean, double *std);

/* Mean and variance of a sample of the profile. */
PixelnormEstimate pixelnorm_coefficients_estimate (
    const PixelnormCoefficients *self, gsize sample, guint channel);

/* What becomes 0 and 255 in 8-bit video. */
void pixelnorm_coefficients_range (const PixelnormCoefficients *self, double *low, double *high);

/* What samples of 8 bits make of the method's own range. */
typedef struct {
  double low, high; /* the results of 0 and 255, over all channels */
  double
      code_value; /* how far apart results of neighbouring code values are, in the channel where that is least */
} PixelnormReach;

/* FALSE where it does not matter or is not known: the range was set, samples are deeper, every pixel has its own affine,
 * statistics are of the stream, or every result is the same. */
gboolean pixelnorm_coefficients_reach (const PixelnormCoefficients *self, PixelnormReach *reach);
