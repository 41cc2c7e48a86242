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

/* Samples that were counted, those of them that are divided by the floor, since the divisor is less, and those whose divisor is 0. */
typedef struct {
  gsize n_counted, n_ruled, n_still;
} PixelnormFloorCount;

/* Several threads may add to @into. */
static inline void
pixelnorm_floor_count_add (PixelnormFloorCount *into, const PixelnormFloorCount *more)
{
  g_atomic_pointer_add (&into->n_counted, more->n_counted);
  g_atomic_pointer_add (&into->n_ruled, more->n_ruled);
  g_atomic_pointer_add (&into->n_still, more->n_still);
}

/* Of @n <= PIXELNORM_RUN samples of a channel, from the @first on, which are added to @count unless that is NULL. */
void pixelnorm_coefficients_get_run (const PixelnormCoefficients *self, gsize first, guint channel,
    guint n, PixelnormAffine *affines, PixelnormFloorCount *count);
/* Of one sample; of the channel, where they are not per pixel. */
PixelnormAffine pixelnorm_coefficients_get (
    const PixelnormCoefficients *self, gsize sample, guint channel);

/* Only adds them to @count, of a method that divides. Where the statistics are not per pixel, the only sample is the channel. */
void pixelnorm_coefficients_count_floored (const PixelnormCoefficients *self, gsize first,
    guint channel, guint n, PixelnormFloorCount *count);

/* What a method that divides would divide a whole channel by without a floor, in code values. */
double pixelnorm_coefficients_divisor (const PixelnormCoefficients *self, guint channel);

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
