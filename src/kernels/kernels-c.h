/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C row of the kernel table. */
#pragma once

#include <math.h>

#include "kernels.h"

extern const PixelnormKernels pixelnorm_kernels_c;

/* The way back, in C and with Orc's programs: into a row. */
void pixelnorm_kernels_back_c (PixelnormKernels *kernels);
void pixelnorm_kernels_back_orc (PixelnormKernels *kernels);

extern const PixelnormDenormalize pixelnorm_denormalize_c[PIXELNORM_N_ITEMS][PIXELNORM_N_SAMPLES];

/* What a running variance is at least, so that no denormal number comes up. */
#define PIXELNORM_SMALLEST_VARIANCE 0x1p-100f

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

/* Half precision, rounded half to even, saturated: what float16 results are made with where the
 * processor cannot. */
void pixelnorm_convert_f32_f16_c (uint16_t *to, const float *from, int n);

/* normalize_repeat_NAME of normalize_NAME: a tile of coefficients at a time. */
#define PIXELNORM_DEFINE_REPEAT(name, Sample, Item)                                                \
  static void normalize_repeat_##name (void *y, const void *x, const void *centre,                 \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    for (int i = 0; i < n; i += PIXELNORM_TILE)                                                    \
      normalize_##name ((Item *) y + i, (const Sample *) x + i, centre, scale, bias, zero_point,   \
          n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE);                                        \
  }
