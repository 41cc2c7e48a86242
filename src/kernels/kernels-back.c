/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way back from results to samples: the reference, as plainly as C can say it, and what is made of
 * Orc's programs.
 *
 * Adding to 1.5 * 2^23, whose last place is 1, rounds half to even. 1.5 * 2^23 + centre is exact, so the
 * sum of centre and the product is rounded once, to the even sample, whatever centre is.
 */
#include <math.h>
#include <string.h>

#include "kernels-c.h"
#include "kernels-x86.h"
#include "orc-denormalize.h"

#define MAGIC 12582912.f
#define BEYOND 131072.f /* every sample, whatever centre is */

static int
sample_of (float y, int centre, float unscale, float bias, int largest)
{
  const float product = (y - bias) * unscale;
  const float difference = isnan (product) ? 0 : fmaxf (fminf (product, BEYOND), -BEYOND);
  const int x = (int) (difference + (MAGIC + (float) centre) - MAGIC);

  return x < 0 ? 0 : x > largest ? largest : x;
}

/* 1 sign, 5 exponent (bias 15), 10 fraction; without a whole part where the exponent is 0, and no finite
 * number where it is 31. Every such number is one of float32. */
static float
float_of_half (uint16_t bits)
{
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float size = exponent == 31 ? (fraction ? NAN : INFINITY)
      : exponent                    ? ldexpf ((float) (fraction + 1024), exponent - 25)
                                    : (float) fraction * 0x1p-24f;

  return bits & 0x8000 ? -size : size;
}

#define DEFINE_DENORMALIZE(item, samples, Item, Sample, expression)                                \
  static void denormalize_##item##_##samples##_c (void *x_, const void *y_, const void *centre_,   \
      const float *unscale, const float *bias, int largest, int n)                                 \
  {                                                                                                \
    Sample *x = x_;                                                                                \
    const Item *y = y_;                                                                            \
    const Sample *centre = centre_;                                                                \
                                                                                                   \
    for (int i = 0; i < n; i++)                                                                    \
      x[i] = (Sample) sample_of (expression, centre[i], unscale[i], bias[i], largest);             \
  }

DEFINE_DENORMALIZE (f32, u8, float, uint8_t, y[i])
DEFINE_DENORMALIZE (f16, u8, uint16_t, uint8_t, float_of_half (y[i]))
DEFINE_DENORMALIZE (u8, u8, uint8_t, uint8_t, (float) y[i])
DEFINE_DENORMALIZE (i8, u8, int8_t, uint8_t, (float) y[i])
DEFINE_DENORMALIZE (f32, u16, float, uint16_t, y[i])
DEFINE_DENORMALIZE (f16, u16, uint16_t, uint16_t, float_of_half (y[i]))
DEFINE_DENORMALIZE (u8, u16, uint8_t, uint16_t, (float) y[i])
DEFINE_DENORMALIZE (i8, u16, int8_t, uint16_t, (float) y[i])

const PixelnormDenormalize pixelnorm_denormalize_c[PIXELNORM_N_ITEMS][PIXELNORM_N_SAMPLES] = {
  [PIXELNORM_ITEM_F32] = { denormalize_f32_u8_c, denormalize_f32_u16_c },
  [PIXELNORM_ITEM_F16] = { denormalize_f16_u8_c, denormalize_f16_u16_c },
  [PIXELNORM_ITEM_U8] = { denormalize_u8_u8_c, denormalize_u8_u16_c },
  [PIXELNORM_ITEM_I8] = { denormalize_i8_u8_c, denormalize_i8_u16_c },
};

#define DEFINE_SCATTER(samples, Sample)                                                            \
  static void scatter_##samples##_c (void *const *to, const unsigned *strides,                     \
      unsigned n_channels, const void *from_, int n_pixels)                                        \
  {                                                                                                \
    for (unsigned c = 0; c < n_channels; c++) {                                                    \
      uint8_t *at = to[c];                                                                         \
      const Sample *from = (const Sample *) from_ + c;                                             \
                                                                                                   \
      for (int i = 0; i < n_pixels; i++, at += strides[c], from += n_channels)                     \
        *(Sample *) at = *from;                                                                    \
    }                                                                                              \
  }

DEFINE_SCATTER (u8, uint8_t)
DEFINE_SCATTER (u16, uint16_t)

static void
pack_u16_c (uint16_t *x, int swap, int shift, int n)
{
  for (int i = 0; i < n; i++) {
    const uint16_t word = (uint16_t) (x[i] << shift);

    x[i] = swap ? (uint16_t) (word << 8 | word >> 8) : word;
  }
}

void
pixelnorm_kernels_back_c (PixelnormKernels *kernels)
{
  memcpy (kernels->denormalize, pixelnorm_denormalize_c, sizeof kernels->denormalize);
  kernels->scatter[PIXELNORM_SAMPLE_U8] = scatter_u8_c;
  kernels->scatter[PIXELNORM_SAMPLE_U16] = scatter_u16_c;
  kernels->pack_u16 = pack_u16_c;
}

#define ARGUMENTS                                                                                  \
  void *x, const void *y, const void *centre, const float *unscale, const float *bias,             \
      int largest, int n

#define DEFINE_ORC(item)                                                                           \
  static void denormalize_##item##_u8_orc (ARGUMENTS)                                              \
  {                                                                                                \
    (void) largest; /* saturating conversions know it */                                           \
    pixelnorm_orc_denormalize_##item##_u8 (x, y, centre, unscale, bias, n);                        \
    pixelnorm_clean_vectors ();                                                                    \
  }                                                                                                \
                                                                                                   \
  static void denormalize_##item##_u16_orc (ARGUMENTS)                                             \
  {                                                                                                \
    pixelnorm_orc_denormalize_##item##_u16 (x, y, centre, unscale, bias, largest, n);              \
    pixelnorm_clean_vectors ();                                                                    \
  }

DEFINE_ORC (f32)
DEFINE_ORC (u8)
DEFINE_ORC (i8)

/* No Orc has an opcode for half precision: through a tile of float32. */
#define DEFINE_ORC_F16(samples, Sample)                                                            \
  static void denormalize_f16_##samples##_orc (ARGUMENTS)                                          \
  {                                                                                                \
    const uint16_t *halves = y;                                                                    \
    float tile[PIXELNORM_TILE];                                                                    \
                                                                                                   \
    for (int i = 0; i < n; i += PIXELNORM_TILE) {                                                  \
      const int m = n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE;                               \
                                                                                                   \
      for (int k = 0; k < m; k++)                                                                  \
        tile[k] = float_of_half (halves[i + k]);                                                   \
      denormalize_f32_##samples##_orc (                                                            \
          (Sample *) x + i, tile, (const Sample *) centre + i, unscale + i, bias + i, largest, m); \
    }                                                                                              \
  }

DEFINE_ORC_F16 (u8, uint8_t)
DEFINE_ORC_F16 (u16, uint16_t)

static void
pack_u16_orc (uint16_t *x, int swap, int shift, int n)
{
  if (swap)
    pixelnorm_orc_pack_swapped_u16 (x, shift, n);
  else
    pixelnorm_orc_pack_u16 (x, shift, n);
  pixelnorm_clean_vectors ();
}

#define USE(item, ITEM)                                                                            \
  kernels->denormalize[ITEM][PIXELNORM_SAMPLE_U8] = denormalize_##item##_u8_orc;                   \
  kernels->denormalize[ITEM][PIXELNORM_SAMPLE_U16] = denormalize_##item##_u16_orc

void
pixelnorm_kernels_back_orc (PixelnormKernels *kernels)
{
  USE (f32, PIXELNORM_ITEM_F32);
  USE (f16, PIXELNORM_ITEM_F16);
  USE (u8, PIXELNORM_ITEM_U8);
  USE (i8, PIXELNORM_ITEM_I8);
  kernels->pack_u16 = pack_u16_orc;
}
