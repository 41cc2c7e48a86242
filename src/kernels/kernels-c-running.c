/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference of the kernel families `running` and `convert`. */
#include "kernels-c.h"

#define REST_UNIT 0x1p-15f /* of what rounding left of a mean */
#define SMALLEST_VARIANCE 0x1p-100f

/* Rounds half away from zero, by the steps that the other loops take: half is added with the sign, and
 * what is right of the point cut off. */
static int32_t
round_step (float step)
{
  return (int32_t) (step + copysignf (.5f, step));
}

#define DEFINE_RUNNING(samples, Sample)                                                            \
  void pixelnorm_running_##samples##_c (float *y, int32_t *mean, int16_t *rest, float *variance,   \
      const void *x_, const float *gamma, const float *beta, const float *momentum,                \
      const PixelnormRunningParameters *parameters, int n)                                         \
  {                                                                                                \
    const Sample *x = x_;                                                                          \
                                                                                                   \
    for (int i = 0; i < n; i++) {                                                                  \
      const float d_shifted = (float) ((int32_t) x[i] * (1 << parameters->shift) - mean[i]);       \
      const float d = d_shifted * parameters->unit, m = momentum[i];                               \
      const float deviation = sqrtf (variance[i] * parameters->weight + parameters->epsilon);      \
      const float step = d_shifted * m + rest[i] * REST_UNIT;                                      \
      const int32_t whole = round_step (step);                                                     \
                                                                                                   \
      y[i] = d / fmaxf (deviation, parameters->floor) * gamma[i] + beta[i];                        \
      mean[i] += whole;                                                                            \
      rest[i] = (int16_t) fminf (rintf ((step - (float) whole) / REST_UNIT), 32767);               \
      variance[i] = fmaxf ((d * d * (1 - m) - variance[i]) * m + variance[i], SMALLEST_VARIANCE);  \
    }                                                                                              \
  }

DEFINE_RUNNING (u8, uint8_t)
DEFINE_RUNNING (u16, uint16_t)

void
pixelnorm_convert_f16_c (void *to, const float *from, int zero_point, int n)
{
  (void) zero_point;
  pixelnorm_convert_f32_f16_c (to, from, n);
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
