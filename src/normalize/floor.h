/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much min-deviation rules. */
#pragma once

#include "coefficients.h"

/* n_channels is 0 where there is nothing to tell: no profile, or a method that does not divide. */
typedef struct {
  guint n_channels;
  const char *channels;
  PixelnormFloorCount counts[PIXELNORM_MAX_CHANNELS];
  double divisors[PIXELNORM_MAX_CHANNELS]; /* where all samples of a channel have one */
  const char *divisor_name;
  double least; /* min-deviation */
  gboolean per_pixel;
} PixelnormFloor;

/* Without counts. @coefficients are not needed any more afterwards, but their profile. */
void pixelnorm_floor_init (PixelnormFloor *self, const PixelnormCoefficients *coefficients);
/* Counts, in several threads. */
void pixelnorm_floor_measure (PixelnormFloor *self, const PixelnormCoefficients *coefficients);

/* In words where it rules a whole channel or most samples; else NULL. */
char *pixelnorm_floor_describe (const PixelnormFloor *self);
