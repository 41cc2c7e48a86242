/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference of the kernel families `colour` and `upsample`: the equations of kernels.h in plain integers. */
#include <string.h>

#include "colour-factors.h"
#include "kernels-c.h"

static int
chroma_of (const PixelnormChromaTerm *term, int u, int v)
{
  return (int) pixelnorm_floor_divide (term->cb * u + term->cr * v + term->half, term->divisor);
}

/* What is below 0 is so before the division, too, where it is rounded towards 0. */
static int
value_of (int luma, int chroma, const PixelnormColourFactors *k)
{
  const int64_t value = ((int64_t) k->scale * (luma - k->black) + chroma) / k->unit;

  return value < 0 ? 0 : value > k->largest ? k->largest : (int) value;
}

#define DEFINE_COLOUR(name, Sample, shared)                                                        \
  static void colour_##name##_c (void *r, void *g, void *b, const void *luma, const void *chroma,  \
      const PixelnormColourFactors *k, int n)                                                      \
  {                                                                                                \
    Sample *const planes[] = { r, g, b };                                                          \
    const Sample *y = luma, *pair = chroma;                                                        \
                                                                                                   \
    for (int i = 0; i < n; i += shared, pair += 2)                                                 \
      for (int c = 0; c < 3; c++) {                                                                \
        const int term = chroma_of (&k->terms[c], pair[0] - k->centre, pair[1] - k->centre);       \
                                                                                                   \
        for (int j = i; j < i + shared && j < n; j++)                                              \
          planes[c][j] = (Sample) value_of (y[j], term, k);                                        \
      }                                                                                            \
  }

DEFINE_COLOUR (u8_1, uint8_t, 1)
DEFINE_COLOUR (u8_2, uint8_t, 2)
DEFINE_COLOUR (u16_1, uint16_t, 1)
DEFINE_COLOUR (u16_2, uint16_t, 2)

const PixelnormColourKernel pixelnorm_colour_c[PIXELNORM_N_SAMPLES][2] = {
  { colour_u8_1_c, colour_u8_2_c },
  { colour_u16_1_c, colour_u16_2_c },
};

/* t has a pair before the first and one behind the last. */
#define DEFINE_UPSAMPLE(name, Sample, Sum)                                                         \
  static void upsample_##name##_pixel (                                                            \
      Sample *to, const Sum *t, const PixelnormUpsampling *how, int f, int n)                      \
  {                                                                                                \
    const Sum own = (Sum) how->pixels[f].own, other = (Sum) how->pixels[f].other;                  \
    const Sum rounding = (Sum) how->pixels[f].rounding;                                            \
    const Sum *beside = t + 2 * how->pixels[f].side;                                               \
    const int step = 2 << how->log2_w, shift = how->shift;                                         \
                                                                                                   \
    for (int i = 0; i < n; i++, to += step)                                                        \
      for (int c = 0; c < 2; c++)                                                                  \
        to[c] =                                                                                    \
            (Sample) ((Sum) (own * t[2 * i + c] + other * beside[2 * i + c] + rounding) >> shift); \
  }                                                                                                \
                                                                                                   \
  static void upsample_##name##_c (void *to, const void *near_, const void *far_,                  \
      const PixelnormUpsampling *how, int first, int n_pairs, int n)                               \
  {                                                                                                \
    const Sample *near = near_, *far = far_;                                                       \
    const Sum near_weight = (Sum) how->near, far_weight = (Sum) how->far;                          \
    const int shared = 1 << how->log2_w;                                                           \
    Sum t[2 * (PIXELNORM_TILE + 4)];                                                               \
                                                                                                   \
    if (n_pairs < 1)                                                                               \
      return;                                                                                      \
    for (int i = 0; i < 2 * n_pairs; i++)                                                          \
      t[2 + i] = (Sum) (near_weight * near[i] + far_weight * far[i]);                              \
    for (int c = 0; c < 2; c++) {                                                                  \
      t[c] = t[2 + c];                                                                             \
      t[2 + 2 * n_pairs + c] = t[2 * n_pairs + c];                                                 \
    }                                                                                              \
    for (int f = 0; f < shared; f++)                                                               \
      upsample_##name##_pixel (                                                                    \
          (Sample *) to + 2 * f, t + 2 + 2 * first, how, f, (n - f + shared - 1) / shared);        \
  }

DEFINE_UPSAMPLE (u8, uint8_t, uint16_t) /* 16 x 255 + 8 at most */
DEFINE_UPSAMPLE (u16, uint16_t, uint32_t)

void
pixelnorm_fill_c_colour (PixelnormKernels *kernels)
{
  memcpy (kernels->colour, pixelnorm_colour_c, sizeof kernels->colour);
  kernels->upsample[PIXELNORM_SAMPLE_U8] = upsample_u8_c;
  kernels->upsample[PIXELNORM_SAMPLE_U16] = upsample_u16_c;
}
