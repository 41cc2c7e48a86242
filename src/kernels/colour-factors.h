/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The integers that Y'CbCr is converted to R'G'B' with. */
#pragma once

#include "kernels.h"

/* Kr and Kb of a matrix are in units of this. */
#define PIXELNORM_COLOUR_UNIT 10000

/* @depth 8 to 16; @swapped: pairs are Cr, Cb. Returns whether it can: always with the matrices of ITU-T H.273. */
int pixelnorm_colour_factors_init (
    PixelnormColourFactors *self, int kr, int kb, int limited, int depth, int swapped);

/* Rounded down; b > 0. */
static inline int64_t
pixelnorm_floor_divide (int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}
