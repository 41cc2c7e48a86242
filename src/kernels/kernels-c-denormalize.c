/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference of the kernel families `denormalize`, `scatter` and `pack`: from results to samples, as
 * plainly as C can say it.
 *
 * Adding to 1.5 * 2^23, whose last place is 1, rounds half to even. 1.5 * 2^23 + centre is exact, so the
 * sum of centre and the product is rounded once, to the even sample, whatever centre is.
 */
#include <math.h>
#include <string.h>

#include "kernels-c.h"

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
DEFINE_DENORMALIZE (f16, u8, uint16_t, uint8_t, pixelnorm_float_of_half (y[i]))
DEFINE_DENORMALIZE (u8, u8, uint8_t, uint8_t, (float) y[i])
DEFINE_DENORMALIZE (i8, u8, int8_t, uint8_t, (float) y[i])
DEFINE_DENORMALIZE (f32, u16, float, uint16_t, y[i])
DEFINE_DENORMALIZE (f16, u16, uint16_t, uint16_t, pixelnorm_float_of_half (y[i]))
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

const PixelnormScatter pixelnorm_scatter_c[PIXELNORM_N_SAMPLES] = { scatter_u8_c, scatter_u16_c };

#define DEFINE_SCATTER_OPAQUE(samples, Sample)                                                     \
  static void scatter_opaque_##samples##_c (void *to_, const unsigned *places,                     \
      const void *const *from, unsigned stride, unsigned opaque, int n_pixels)                     \
  {                                                                                                \
    const unsigned left = 0 + 1 + 2 + 3 - places[0] - places[1] - places[2];                       \
    const uint8_t *const at[] = { from[0], from[1], from[2] };                                     \
    Sample *to = to_;                                                                              \
                                                                                                   \
    for (int i = 0; i < n_pixels; i++, to += 4) {                                                  \
      for (int c = 0; c < 3; c++)                                                                  \
        to[places[c]] = *(const Sample *) (at[c] + (long) i * stride);                             \
      to[left] = (Sample) opaque;                                                                  \
    }                                                                                              \
  }

DEFINE_SCATTER_OPAQUE (u8, uint8_t)
DEFINE_SCATTER_OPAQUE (u16, uint16_t)

const PixelnormScatterOpaque pixelnorm_scatter_opaque_c[PIXELNORM_N_SAMPLES] = {
  scatter_opaque_u8_c, scatter_opaque_u16_c
};

void
pixelnorm_pack_u16_c (uint16_t *x, int swap, int shift, int n)
{
  for (int i = 0; i < n; i++) {
    const uint16_t word = (uint16_t) (x[i] << shift);

    x[i] = swap ? (uint16_t) (word << 8 | word >> 8) : word;
  }
}

void
pixelnorm_fill_c_denormalize (PixelnormKernels *kernels)
{
  memcpy (kernels->denormalize, pixelnorm_denormalize_c, sizeof kernels->denormalize);
  memcpy (kernels->scatter, pixelnorm_scatter_c, sizeof kernels->scatter);
  memcpy (kernels->scatter_opaque, pixelnorm_scatter_opaque_c, sizeof kernels->scatter_opaque);
  kernels->pack_u16 = pixelnorm_pack_u16_c;
}
