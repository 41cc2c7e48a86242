/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Normalization with AVX2: what Orc's SSE backend does at half the width, and what no Orc can: half
 * precision (F16C), stores past the caches, and coefficients that stay in registers.
 *
 * Against Orc's SSE:
 *
 *   8-bit samples to     pixel-wise             channel-wise (repeat)
 *   float32              .082 / .218 +170 %     .070 / .218 +210 %
 *     streaming          .638 / .757 +19 %      .211 / .374 +77 %    a frame of 1920x1080 RGB
 *   float16              .140 / 9.2             .141 / 9.2           Orc: through C
 *   uint8, int8          .119 / .512 +330 %     .106 / .517 +390 %
 *   16-bit samples to
 *   float32              Orc                    .065 / .196 +200 %
 *     streaming          .708 / .833 +18 %      .263 / .419 +59 %    a frame of 1920x1080 RGB
 *   float16              .138 / 9.2             .142 / 9.2           Orc: through C
 *   uint8, int8          .119 / .474 +300 %     .106 / .482 +350 %
 *
 * Against the AVX2 of Orc 0.4.41: channel-wise float32 .069 / .119 +72 %, of 16-bit samples .065 / .115 +77 %;
 * 8-bit codes .119 / .320 +170 % and .107 / .329 +210 %, of 16-bit samples .120 / .296 +150 % and .107 /
 * .306 +190 %; streaming .632 / .715 +13 % and .171 / .283 +65 %, of 16-bit samples .627 / .730 +16 % and
 * .220 / .347 +58 %; pixel-wise float32 is Orc's. Against the AVX-512 of Orc 0.4.42: .069 / .102 +48 % and
 * .065 / .099 +52 %; .119 / .247 +110 % and .106 / .269 +150 %; streaming 8 to 28 % and 61 to 71 %.
 *
 * Multiplication and addition stay two roundings, as everywhere: no FMA. The last samples of a list go
 * through the C reference.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include "avx2.h"
#include "kernels-c.h"

/* The coefficients of 8 samples. */
typedef struct {
  __m256i centre;
  __m256 scale, bias;
} Coefficients;

INLINE_AVX2 __m256
scale_and_shift (__m256i x, Coefficients k)
{
  const __m256 difference = _mm256_cvtepi32_ps (_mm256_sub_epi32 (x, k.centre));

  return _mm256_add_ps (_mm256_mul_ps (difference, k.scale), k.bias);
}

INLINE_AVX2 void
store_f32 (float *y, __m256 value)
{
  _mm256_storeu_ps (y, value);
}

INLINE_AVX2 void
store_stream (float *y, __m256 value)
{
  _mm256_stream_ps (y, value);
}

#define ARGUMENTS                                                                                  \
  void *y_, const void *x, const void *centre, const float *scale, const float *bias,              \
      int zero_point, int n

#define COEFFICIENTS(samples, i)                                                                   \
  ((Coefficients){                                                                                 \
      load_##samples (centre, i), _mm256_loadu_ps (scale + (i)), _mm256_loadu_ps (bias + (i)) })

#define VALUE(samples, i, k) scale_and_shift (load_##samples (x, i), k)

/* The samples from i on. */
#define REST(SAMPLE, ITEM, Sample)                                                                 \
  pixelnorm_kernels_c.normalize[SAMPLE][ITEM](y + i, (const Sample *) x + i,                       \
      (const Sample *) centre + i, scale + i, bias + i, zero_point, n - i)

/* Floats of either width, 8 a step, from an aligned place on where they stream. */
#define DEFINE_FLOATS(samples, item, SAMPLE, ITEM, Sample, Item, HEAD)                             \
  AVX2 static void normalize_##samples##_##item##_avx2 (ARGUMENTS)                                 \
  {                                                                                                \
    Item *y = y_;                                                                                  \
    int i = HEAD;                                                                                  \
                                                                                                   \
    pixelnorm_kernels_c.normalize[SAMPLE][ITEM](y, x, centre, scale, bias, zero_point, i);         \
    for (; i + 8 <= n; i += 8)                                                                     \
      store_##item (y + i, VALUE (samples, i, COEFFICIENTS (samples, i)));                         \
    REST (SAMPLE, ITEM, Sample);                                                                   \
  }                                                                                                \
                                                                                                   \
  AVX2 static void normalize_repeat_##samples##_##item##_avx2 (ARGUMENTS)                          \
  {                                                                                                \
    Item *y = y_;                                                                                  \
    int i = HEAD;                                                                                  \
    const Coefficients a = COEFFICIENTS (samples, i);                                              \
    const Coefficients b = COEFFICIENTS (samples, i + 8);                                          \
    const Coefficients c = COEFFICIENTS (samples, i + 16);                                         \
                                                                                                   \
    pixelnorm_kernels_c.normalize[SAMPLE][ITEM](y, x, centre, scale, bias, zero_point, i);         \
    const int first = i;                                                                           \
    for (; i + 24 <= n; i += 24) {                                                                 \
      store_##item (y + i, VALUE (samples, i, a));                                                 \
      store_##item (y + i + 8, VALUE (samples, i + 8, b));                                         \
      store_##item (y + i + 16, VALUE (samples, i + 16, c));                                       \
    }                                                                                              \
    normalize_##samples##_##item##_avx2 (y + i, (const Sample *) x + i,                            \
        (const Sample *) centre + first, scale + first, bias + first, zero_point, n - i);          \
  }

#define NO_HEAD 0
/* Results up to the next 32 bytes go through the C reference. */
#define STREAM_HEAD (n < 8 ? n : (int) (-(uintptr_t) y % 32 / 4))

/* 32 codes a step; with coefficients that repeat, 96. */
#define DEFINE_CODES(samples, item, SAMPLE, ITEM, Sample)                                          \
  AVX2 static void normalize_##samples##_##item##_avx2 (ARGUMENTS)                                 \
  {                                                                                                \
    const __m256i zero = _mm256_set1_epi16 ((short) zero_point);                                   \
    uint8_t *y = y_;                                                                               \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 32 <= n; i += 32)                                                                   \
      store_##item (y + i,                                                                         \
          narrow_16 (VALUE (samples, i, COEFFICIENTS (samples, i)),                                \
              VALUE (samples, i + 8, COEFFICIENTS (samples, i + 8)), zero),                        \
          narrow_16 (VALUE (samples, i + 16, COEFFICIENTS (samples, i + 16)),                      \
              VALUE (samples, i + 24, COEFFICIENTS (samples, i + 24)), zero));                     \
    REST (SAMPLE, ITEM, Sample);                                                                   \
  }                                                                                                \
                                                                                                   \
  AVX2 static void normalize_repeat_##samples##_##item##_avx2 (ARGUMENTS)                          \
  {                                                                                                \
    const __m256i zero = _mm256_set1_epi16 ((short) zero_point);                                   \
    uint8_t *y = y_;                                                                               \
    int i = 0;                                                                                     \
    const Coefficients a = COEFFICIENTS (samples, 0), b = COEFFICIENTS (samples, 8);               \
    const Coefficients c = COEFFICIENTS (samples, 16);                                             \
                                                                                                   \
    for (; i + 96 <= n; i += 96) {                                                                 \
      store_##item (y + i, narrow_16 (VALUE (samples, i, a), VALUE (samples, i + 8, b), zero),     \
          narrow_16 (VALUE (samples, i + 16, c), VALUE (samples, i + 24, a), zero));               \
      store_##item (y + i + 32,                                                                    \
          narrow_16 (VALUE (samples, i + 32, b), VALUE (samples, i + 40, c), zero),                \
          narrow_16 (VALUE (samples, i + 48, a), VALUE (samples, i + 56, b), zero));               \
      store_##item (y + i + 64,                                                                    \
          narrow_16 (VALUE (samples, i + 64, c), VALUE (samples, i + 72, a), zero),                \
          narrow_16 (VALUE (samples, i + 80, b), VALUE (samples, i + 88, c), zero));               \
    }                                                                                              \
    normalize_##samples##_##item##_avx2 (                                                          \
        y + i, (const Sample *) x + i, centre, scale, bias, zero_point, n - i);                    \
  }

#define DEFINE_ALL(samples, SAMPLE, Sample)                                                        \
  DEFINE_FLOATS (samples, f32, SAMPLE, PIXELNORM_ITEM_F32, Sample, float, NO_HEAD)                 \
  DEFINE_FLOATS (samples, stream, SAMPLE, PIXELNORM_ITEM_F32, Sample, float, STREAM_HEAD)          \
  DEFINE_FLOATS (samples, f16, SAMPLE, PIXELNORM_ITEM_F16, Sample, uint16_t, NO_HEAD)              \
  DEFINE_CODES (samples, u8, SAMPLE, PIXELNORM_ITEM_U8, Sample)                                    \
  DEFINE_CODES (samples, i8, SAMPLE, PIXELNORM_ITEM_I8, Sample)

DEFINE_ALL (u8, PIXELNORM_SAMPLE_U8, uint8_t)
DEFINE_ALL (u16, PIXELNORM_SAMPLE_U16, uint16_t)

static void
stream_end_x86 (void)
{
  _mm_sfence ();
}

#define USE(SAMPLE, samples, ITEM, item)                                                           \
  kernels->normalize[SAMPLE][ITEM] = normalize_##samples##_##item##_avx2;                          \
  kernels->normalize_repeat[SAMPLE][ITEM] = normalize_repeat_##samples##_##item##_avx2

void
pixelnorm_fill_avx2_normalize (PixelnormKernels *kernels, int orc_is_narrow)
{
  USE (PIXELNORM_SAMPLE_U8, u8, PIXELNORM_ITEM_F16, f16);
  USE (PIXELNORM_SAMPLE_U16, u16, PIXELNORM_ITEM_F16, f16);
  kernels->normalize_stream[PIXELNORM_SAMPLE_U8] = normalize_u8_stream_avx2;
  kernels->normalize_stream[PIXELNORM_SAMPLE_U16] = normalize_u16_stream_avx2;
  kernels->normalize_repeat_stream[PIXELNORM_SAMPLE_U8] = normalize_repeat_u8_stream_avx2;
  kernels->normalize_repeat_stream[PIXELNORM_SAMPLE_U16] = normalize_repeat_u16_stream_avx2;
  kernels->stream_end = stream_end_x86;
  USE (PIXELNORM_SAMPLE_U8, u8, PIXELNORM_ITEM_U8, u8);
  USE (PIXELNORM_SAMPLE_U8, u8, PIXELNORM_ITEM_I8, i8);
  USE (PIXELNORM_SAMPLE_U16, u16, PIXELNORM_ITEM_U8, u8);
  USE (PIXELNORM_SAMPLE_U16, u16, PIXELNORM_ITEM_I8, i8);
  kernels->normalize_repeat[PIXELNORM_SAMPLE_U8][PIXELNORM_ITEM_F32] = normalize_repeat_u8_f32_avx2;
  kernels->normalize_repeat[PIXELNORM_SAMPLE_U16][PIXELNORM_ITEM_F32] =
      normalize_repeat_u16_f32_avx2;
  /* of 16-bit samples Orc is as good in any width */
  if (orc_is_narrow)
    kernels->normalize[PIXELNORM_SAMPLE_U8][PIXELNORM_ITEM_F32] = normalize_u8_f32_avx2;
}

#endif
