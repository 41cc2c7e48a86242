/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference of the kernel families `running` and `convert`. */
#include "kernels-c.h"

/* By the steps that the other loops take. */
static float
move_variance (float variance, float d, float momentum)
{
  return fmaxf (
      (d * d * (1 - momentum) - variance) * momentum + variance, PIXELNORM_SMALLEST_VARIANCE);
}

/* What lies right of the last place of a mean, in 2^-16 of it. */
static int32_t
fraction_of (uint16_t rest)
{
  return (int32_t) rest - PIXELNORM_REST_HALF;
}

/* The product has 31 bits right of the point. */
static void
move_mean (int32_t *mean, uint16_t *rest, int32_t d, int32_t momentum)
{
  const int64_t step = (int64_t) d * momentum;
  const int32_t off = fraction_of (*rest) * (momentum >> 16) >> 16;
  const int32_t low = (int32_t) (step >> 15 & 0xffff) + *rest - 2 * off;

  *mean += (int32_t) (step >> 31) + (low >> 16);
  *rest = (uint16_t) low;
}

#define DEFINE_RUNNING(samples, Sample)                                                            \
  void pixelnorm_running_##samples##_c (float *y, int32_t *mean, uint16_t *rest, float *variance,  \
      const void *x_, const float *gamma, const float *beta, const int32_t *momentum,              \
      const PixelnormRunningParameters *k, int n)                                                  \
  {                                                                                                \
    const Sample *x = x_;                                                                          \
                                                                                                   \
    for (int i = 0; i < n; i++) {                                                                  \
      const int32_t whole = (int32_t) x[i] * (1 << k->shift) - mean[i];                            \
      const float d = ((float) whole - (float) fraction_of (rest[i]) * 0x1p-16f) * k->unit;        \
      const float deviation = fmaxf (sqrtf (variance[i] * k->weight + k->epsilon), k->floor);      \
                                                                                                   \
      y[i] = d / deviation * gamma[i] + beta[i];                                                   \
      move_mean (&mean[i], &rest[i], whole, momentum[i]);                                          \
      variance[i] =                                                                                \
          move_variance (variance[i], (float) whole * k->unit, (float) momentum[i] * 0x1p-31f);    \
    }                                                                                              \
  }

DEFINE_RUNNING (u8, uint8_t)
DEFINE_RUNNING (u16, uint16_t)

void
pixelnorm_convert_f16_c (void *to_, const float *from, int zero_point, int n)
{
  uint16_t *to = to_;

  (void) zero_point;
  for (int i = 0; i < n; i++)
    to[i] = pixelnorm_half_of (from[i]);
}

#define DEFINE_CONVERT(item, Item, smallest, largest)                                              \
  void pixelnorm_convert_##item##_c (void *to_, const float *from, int zero_point, int n)          \
  {                                                                                                \
    Item *to = to_;                                                                                \
                                                                                                   \
    for (int i = 0; i < n; i++)                                                                    \
      to[i] = (Item) pixelnorm_round_to_code (from[i], zero_point, smallest, largest);             \
  }

DEFINE_CONVERT (u8, uint8_t, 0, 255)
DEFINE_CONVERT (i8, int8_t, -128, 127)
