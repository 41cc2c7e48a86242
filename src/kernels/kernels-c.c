/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference: each kernel as plainly as C can say it. What the fast ones give is compared with
 * this. What differs by the type of the samples only is written once, as a macro.
 */
#include "kernels-c.h"

#include <math.h>
#include <string.h>

#define DEFINE_STATISTICS(name, Sample, Sum, P, largest)                                           \
  static void accumulate_##name##_c (void *min_, void *max_, void *sum_, void *p_,                 \
      const void *const *lists, void *scratch, int n)                                              \
  {                                                                                                \
    Sample *min = min_, *max = max_;                                                               \
    Sum *sum = sum_;                                                                               \
    P *p = p_;                                                                                     \
    const Sample *x = lists[0];                                                                    \
                                                                                                   \
    (void) scratch;                                                                                \
    for (int i = 0; i < n; i++) {                                                                  \
      min[i] = x[i] < min[i] ? x[i] : min[i];                                                      \
      max[i] = x[i] > max[i] ? x[i] : max[i];                                                      \
      sum[i] += x[i];                                                                              \
      p[i] += (P) x[i] * (largest - x[i]);                                                         \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static void accumulate4_##name##_c (                                                             \
      void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)    \
  {                                                                                                \
    for (int k = 0; k < 4; k++)                                                                    \
      accumulate_##name##_c (min, max, sum, p, lists + k, scratch, n);                             \
  }

DEFINE_STATISTICS (u8, uint8_t, uint16_t, uint32_t, 255u)
DEFINE_STATISTICS (u16, uint16_t, uint32_t, uint64_t, 65535u)

static void
spill_u16_c (uint64_t *total, uint16_t *part, int n)
{
  for (int i = 0; i < n; i++)
    total[i] += part[i];
  memset (part, 0, (size_t) n * sizeof *part);
}

static void
spill_u32_c (uint64_t *total, uint32_t *part, int n)
{
  for (int i = 0; i < n; i++)
    total[i] += part[i];
  memset (part, 0, (size_t) n * sizeof *part);
}

#define DEFINE_NORMALIZE(name, Sample, Item, expression)                                           \
  static void normalize_##name##_c (void *y_, const void *x_, const void *centre_,                 \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    Item *y = y_;                                                                                  \
    const Sample *x = x_, *centre = centre_;                                                       \
                                                                                                   \
    (void) zero_point;                                                                             \
    for (int i = 0; i < n; i++) {                                                                  \
      const float value = (float) (x[i] - centre[i]) * scale[i] + bias[i];                         \
                                                                                                   \
      y[i] = (Item) expression;                                                                    \
    }                                                                                              \
  }

DEFINE_NORMALIZE (u8_f32, uint8_t, float, value)
DEFINE_NORMALIZE (u8_f16, uint8_t, uint16_t, pixelnorm_half_of (value))
DEFINE_NORMALIZE (u8_u8, uint8_t, uint8_t, pixelnorm_round_to_code (value, zero_point, 0, 255))
DEFINE_NORMALIZE (u8_i8, uint8_t, int8_t, pixelnorm_round_to_code (value, zero_point, -128, 127))
DEFINE_NORMALIZE (u16_f32, uint16_t, float, value)
DEFINE_NORMALIZE (u16_f16, uint16_t, uint16_t, pixelnorm_half_of (value))
DEFINE_NORMALIZE (u16_u8, uint16_t, uint8_t, pixelnorm_round_to_code (value, zero_point, 0, 255))
DEFINE_NORMALIZE (u16_i8, uint16_t, int8_t, pixelnorm_round_to_code (value, zero_point, -128, 127))

PIXELNORM_DEFINE_REPEAT (u8_f32_c, uint8_t, float)
PIXELNORM_DEFINE_REPEAT (u8_f16_c, uint8_t, uint16_t)
PIXELNORM_DEFINE_REPEAT (u8_u8_c, uint8_t, uint8_t)
PIXELNORM_DEFINE_REPEAT (u8_i8_c, uint8_t, int8_t)
PIXELNORM_DEFINE_REPEAT (u16_f32_c, uint16_t, float)
PIXELNORM_DEFINE_REPEAT (u16_f16_c, uint16_t, uint16_t)
PIXELNORM_DEFINE_REPEAT (u16_u8_c, uint16_t, uint8_t)
PIXELNORM_DEFINE_REPEAT (u16_i8_c, uint16_t, int8_t)

#define DEFINE_PLANES_STEP(name, Sample, Item, expression, step)                                   \
  static void planes_##name##_c (                                                                  \
      const PixelnormToPlane *planes, unsigned stride, int zero_point, int n_pixels)               \
  {                                                                                                \
    (void) zero_point;                                                                             \
    for (int c = 0; c < 3; c++) {                                                                  \
      const PixelnormToPlane *k = &planes[c];                                                      \
      const uint8_t *x = k->x;                                                                     \
      const Sample *centre = k->centre;                                                            \
      Item *y = k->y;                                                                              \
                                                                                                   \
      for (int i = 0, j = 0; i < n_pixels; i++, j += step, x += stride) {                          \
        const float value = (float) (*(const Sample *) x - centre[j]) * k->scale[j] + k->bias[j];  \
                                                                                                   \
        y[i] = (Item) expression;                                                                  \
      }                                                                                            \
    }                                                                                              \
  }

#define DEFINE_PLANES(name, Sample, Item, expression)                                              \
  DEFINE_PLANES_STEP (name, Sample, Item, expression, 1)                                           \
  DEFINE_PLANES_STEP (repeat_##name, Sample, Item, expression, 0)

DEFINE_PLANES (u8_f32, uint8_t, float, value)
DEFINE_PLANES (u8_f16, uint8_t, uint16_t, pixelnorm_half_of (value))
DEFINE_PLANES (u8_u8, uint8_t, uint8_t, pixelnorm_round_to_code (value, zero_point, 0, 255))
DEFINE_PLANES (u8_i8, uint8_t, int8_t, pixelnorm_round_to_code (value, zero_point, -128, 127))
DEFINE_PLANES (u16_f32, uint16_t, float, value)
DEFINE_PLANES (u16_f16, uint16_t, uint16_t, pixelnorm_half_of (value))
DEFINE_PLANES (u16_u8, uint16_t, uint8_t, pixelnorm_round_to_code (value, zero_point, 0, 255))
DEFINE_PLANES (u16_i8, uint16_t, int8_t, pixelnorm_round_to_code (value, zero_point, -128, 127))

static void
stream_end_c (void)
{
}

#define DEFINE_GATHER(name, Sample)                                                                \
  static void gather_##name##_c (void *to_, const void *const *from, const unsigned *strides,      \
      unsigned n_channels, int n_pixels)                                                           \
  {                                                                                                \
    for (unsigned c = 0; c < n_channels; c++) {                                                    \
      const uint8_t *at = from[c];                                                                 \
      Sample *to = (Sample *) to_ + c;                                                             \
                                                                                                   \
      for (int i = 0; i < n_pixels; i++, at += strides[c], to += n_channels)                       \
        *to = *(const Sample *) at;                                                                \
    }                                                                                              \
  }

DEFINE_GATHER (u8, uint8_t)
DEFINE_GATHER (u16, uint16_t)

static void
unpack_u16_c (uint16_t *x, int swap, int shift, unsigned mask, int n)
{
  for (int i = 0; i < n; i++) {
    const uint16_t word = swap ? (uint16_t) (x[i] << 8 | x[i] >> 8) : x[i];

    x[i] = (uint16_t) (word >> shift & mask);
  }
}

static void
unpack_10_c (uint16_t *to, const void *words, int swap, int n_words)
{
  const uint8_t *from = words;

  for (int i = 0; i < n_words; i++, to += 3, from += 4) {
    const uint32_t low =
        (uint32_t) (from[0] | from[1] << 8 | from[2] << 16) | (uint32_t) from[3] << 24;
    const uint32_t word = swap ? __builtin_bswap32 (low) : low;

    for (int k = 0; k < 3; k++)
      to[k] = (uint16_t) (word >> 10 * k & 1023);
  }
}

static void
lookup_u8_c (uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], unsigned period, int n)
{
  for (unsigned c = 0; c < period; c++) {
    const uint8_t *table = tables[c];

    for (int i = (int) c; i < n; i += (int) period)
      to[i] = table[from[i]];
  }
}

static void
lookup_planes_u8_c (uint8_t *const *to, const uint8_t *const *from, unsigned stride,
    const uint8_t (*const *tables)[256], int n_pixels)
{
  for (int c = 0; c < 3; c++) {
    const uint8_t *at = from[c];

    for (int i = 0; i < n_pixels; i++, at += stride)
      to[c][i] = (*tables[c])[*at];
  }
}

static void
fixed_point_u8_c (uint8_t *to, const uint8_t *from, const PixelnormFixedPoint *how, int n)
{
  for (int i = 0; i < n; i++) {
    const int k = i % PIXELNORM_TILE;
    const uint32_t a = (256u * from[i] + how->fine[k]) * how->factor[k] >> 16;
    const uint32_t sum = a + how->plus[k] < 65535 ? a + how->plus[k] : 65535;
    const uint32_t code = (sum > how->minus[k] ? sum - how->minus[k] : 0) >> how->shift;

    to[i] = (uint8_t) ((code < 255 ? code : 255) ^ (uint32_t) how->sign);
  }
}

const PixelnormKernels pixelnorm_kernels_c = {
  "c",
  { accumulate_u8_c, accumulate_u16_c },
  { accumulate4_u8_c, accumulate4_u16_c },
  spill_u16_c,
  spill_u32_c,
  { { normalize_u8_f32_c, normalize_u8_f16_c, normalize_u8_u8_c, normalize_u8_i8_c },
      { normalize_u16_f32_c, normalize_u16_f16_c, normalize_u16_u8_c, normalize_u16_i8_c } },
  { { normalize_repeat_u8_f32_c, normalize_repeat_u8_f16_c, normalize_repeat_u8_u8_c,
        normalize_repeat_u8_i8_c },
      { normalize_repeat_u16_f32_c, normalize_repeat_u16_f16_c, normalize_repeat_u16_u8_c,
          normalize_repeat_u16_i8_c } },
  { normalize_u8_f32_c, normalize_u16_f32_c },
  { normalize_repeat_u8_f32_c, normalize_repeat_u16_f32_c },
  stream_end_c,
  { { planes_u8_f32_c, planes_u8_f16_c, planes_u8_u8_c, planes_u8_i8_c },
      { planes_u16_f32_c, planes_u16_f16_c, planes_u16_u8_c, planes_u16_i8_c } },
  { { planes_repeat_u8_f32_c, planes_repeat_u8_f16_c, planes_repeat_u8_u8_c,
        planes_repeat_u8_i8_c },
      { planes_repeat_u16_f32_c, planes_repeat_u16_f16_c, planes_repeat_u16_u8_c,
          planes_repeat_u16_i8_c } },
  { planes_u8_f32_c, planes_u16_f32_c },
  { planes_repeat_u8_f32_c, planes_repeat_u16_f32_c },
  { gather_u8_c, gather_u16_c },
  unpack_u16_c,
  unpack_10_c,
  lookup_u8_c,
  lookup_planes_u8_c,
  fixed_point_u8_c,
  .fast_fixed_point = 0,
  .fast_tables = 0,
  .fast_planes = 0,
  .running = { pixelnorm_running_u8_c, pixelnorm_running_u16_c },
  .convert = { NULL, pixelnorm_convert_f16_c, pixelnorm_convert_u8_c, pixelnorm_convert_i8_c },
};

void
pixelnorm_fill_c (PixelnormKernels *kernels)
{
  *kernels = pixelnorm_kernels_c;
  pixelnorm_fill_c_denormalize (kernels);
  pixelnorm_fill_c_colour (kernels);
}
