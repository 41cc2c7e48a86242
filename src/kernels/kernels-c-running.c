/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference of the kernel families `running` and `convert`. */
#include "kernels-c.h"

/* As fmaxf() where @least is a number, but a compiler makes vectors of it. */
static float
at_least (float least, float value)
{
  return value > least ? value : least;
}

/* By the steps that the other loops take. */
static float
move_variance (float variance, float d, float momentum)
{
  return at_least (
      PIXELNORM_SMALLEST_VARIANCE, (d * d * (1 - momentum) - variance) * momentum + variance);
}

/* What lies right of the last place of a mean, in 2^-16 of it. */
static int32_t
fraction_of (uint16_t rest)
{
  return (int32_t) rest - PIXELNORM_REST_HALF;
}

/* The product has 31 bits right of the point. */
static void
move_means (int32_t *restrict mean, uint16_t *restrict rest, const int32_t *restrict d,
    const int32_t *restrict momentum, int n)
{
  for (int i = 0; i < n; i++) {
    const int64_t step = (int64_t) d[i] * momentum[i];
    const int32_t off = fraction_of (rest[i]) * (momentum[i] >> 16) >> 16;
    const int32_t low = (int32_t) (step >> 15 & 0xffff) + rest[i] - 2 * off;

    mean[i] += (int32_t) (step >> 31) + (low >> 16);
    rest[i] = (uint16_t) low;
  }
}

static void
move_variances (float *restrict variance, const int32_t *restrict d,
    const int32_t *restrict momentum, float unit, int n)
{
  for (int i = 0; i < n; i++)
    variance[i] = move_variance (variance[i], (float) d[i] * unit, (float) momentum[i] * 0x1p-31f);
}

/* Three loops, each of which a compiler makes vectors of; whole is d in integers. */
#define DEFINE_RUNNING(samples, Sample)                                                            \
  static void make_results_##samples (float *restrict y, int32_t *restrict whole,                  \
      const Sample *restrict x, const int32_t *restrict mean, const uint16_t *restrict rest,       \
      const float *restrict variance, const float *restrict gamma, const float *restrict beta,     \
      const PixelnormRunningParameters *k, int n)                                                  \
  {                                                                                                \
    const int32_t one = 1 << k->shift;                                                             \
    const float unit = k->unit, weight = k->weight, epsilon = k->epsilon, floor = k->floor;        \
                                                                                                   \
    for (int i = 0; i < n; i++) {                                                                  \
      const float deviation = at_least (floor, sqrtf (variance[i] * weight + epsilon));            \
                                                                                                   \
      whole[i] = (int32_t) x[i] * one - mean[i];                                                   \
      y[i] = ((float) whole[i] - (float) fraction_of (rest[i]) * 0x1p-16f) * unit / deviation      \
              * gamma[i]                                                                           \
          + beta[i];                                                                               \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  void pixelnorm_running_##samples##_c (float *y, int32_t *mean, uint16_t *rest, float *variance,  \
      const void *x, const float *gamma, const float *beta, const int32_t *momentum,               \
      const PixelnormRunningParameters *k, int n)                                                  \
  {                                                                                                \
    int32_t whole[PIXELNORM_TILE];                                                                 \
                                                                                                   \
    make_results_##samples (y, whole, x, mean, rest, variance, gamma, beta, k, n);                 \
    move_means (mean, rest, whole, momentum, n);                                                   \
    move_variances (variance, whole, momentum, k->unit, n);                                        \
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
