/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row "c" of the kernel table, the reference, and what its files share. */
#pragma once

#include <math.h>

#include "kernels.h"

void pixelnorm_fill_c (PixelnormKernels *kernels);
/* Its part of kernels-c-denormalize.c. */
void pixelnorm_fill_c_denormalize (PixelnormKernels *kernels);

/* That of kernels-c-colour.c. */
void pixelnorm_fill_c_colour (PixelnormKernels *kernels);

/* All of it but those parts: what other rows take for the rest of a list. */
extern const PixelnormKernels pixelnorm_kernels_c;

extern const PixelnormDenormalize pixelnorm_denormalize_c[PIXELNORM_N_ITEMS][PIXELNORM_N_SAMPLES];

extern const PixelnormScatter pixelnorm_scatter_c[PIXELNORM_N_SAMPLES];
extern const PixelnormScatterOpaque pixelnorm_scatter_opaque_c[PIXELNORM_N_SAMPLES];
void pixelnorm_pack_u16_c (uint16_t *x, int swap, int shift, int n);

/* What a running variance is at least, so that no denormal number comes up. */
#define PIXELNORM_SMALLEST_VARIANCE 0x1p-100f

extern const PixelnormColourKernel pixelnorm_colour_c[PIXELNORM_N_SAMPLES][2];

/* Running estimates, and results of theirs in other items. */
void pixelnorm_running_u8_c (float *y, int32_t *mean, uint16_t *rest, float *variance,
    const void *x, const float *gamma, const float *beta, const int32_t *momentum,
    const PixelnormRunningParameters *parameters, int n);
void pixelnorm_running_u16_c (float *y, int32_t *mean, uint16_t *rest, float *variance,
    const void *x, const float *gamma, const float *beta, const int32_t *momentum,
    const PixelnormRunningParameters *parameters, int n);
void pixelnorm_convert_f16_c (void *to, const float *from, int zero_point, int n);
void pixelnorm_convert_u8_c (void *to, const float *from, int zero_point, int n);
void pixelnorm_convert_i8_c (void *to, const float *from, int zero_point, int n);

static inline int
pixelnorm_round_to_code (float value, int zero_point, int smallest, int largest)
{
  const int code = (int) rintf (fmaxf (fminf (value, 1024), -1024)) + zero_point;

  return code < smallest ? smallest : code > largest ? largest : code;
}

/* Half precision: 1 sign, 5 exponent (bias 15), 10 fraction. The smallest normal half is 2^-14, the unit of
 * the denormal ones 2^-24. Rounded half to even, saturated. */
static inline uint16_t
pixelnorm_half_of (float value)
{
  const uint16_t sign = signbit (value) ? 0x8000 : 0;
  const float size = fminf (fabsf (value), 65504);
  int exponent;

  if (size < 0x1p-14f)
    return sign | (uint16_t) rintf (size * 0x1p24f); /* 1024 is the smallest normal one */
  (void) frexpf (size, &exponent); /* size = fraction * 2^exponent, fraction >= .5 */
  const uint16_t fraction = (uint16_t) rintf (ldexpf (size, 11 - exponent)); /* 1024 to 2048 */
  return sign | (uint16_t) (((exponent + 14) << 10) + (fraction - 1024));    /* 2048 carries */
}

/* Without a whole part where the exponent is 0, and no finite number where it is 31. Every half is a
 * float32. */
static inline float
pixelnorm_float_of_half (uint16_t bits)
{
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float size = exponent == 31 ? (fraction ? NAN : INFINITY)
      : exponent                    ? ldexpf ((float) (fraction + 1024), exponent - 25)
                                    : (float) fraction * 0x1p-24f;

  return bits & 0x8000 ? -size : size;
}

/* normalize_repeat_NAME of normalize_NAME: a tile of coefficients at a time. */
#define PIXELNORM_DEFINE_REPEAT(name, Sample, Item)                                                \
  static void normalize_repeat_##name (void *y, const void *x, const void *centre,                 \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    for (int i = 0; i < n; i += PIXELNORM_TILE)                                                    \
      normalize_##name ((Item *) y + i, (const Sample *) x + i, centre, scale, bias, zero_point,   \
          n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE);                                        \
  }
