/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Normalization with AVX2: what Orc's SSE backend does at half the width, and what no Orc can: half
 * precision (F16C), stores past the caches, and coefficients that stay in registers.
 *
 * Measured against Orc 0.4.33 (GCC 12, Zen 4), ns a sample, 224x224 and 1920x1080 RGB, gain in speed:
 *
 *   8-bit samples to     pixel-wise             channel-wise (repeat)
 *   float32              .168 / .230 +36 %      .070 / .212 +200 %
 *     at 1080p           .437 / .510 +17 %      .149 / .233 +57 %
 *   float32 streaming    .378 / .562 +49 %      .156 / .241 +54 %    both at 1080p
 *   float16              .159 / 12               .137 / 12           Orc: through C
 *   uint8, int8          .134 / .517 +290 %     .106 / .508 +380 %
 *   16-bit samples to
 *   float32              Orc                    .076 / .191 +150 %
 *     streaming, 1080p   .436 / .573 +31 %      .169 / .234 +38 %
 *   float16              .176 / 11               .137 / 11           Orc: through C
 *   uint8, int8          .150 / .480 +220 %     .107 / .469 +340 %
 *
 * Against the AVX2 of Orc 0.4.41 (GCC 14, Zen 5, lists of 768): channel-wise float32 .052 / .073 +40 %,
 * uint8 .082 / .230 +180 %, of 16-bit samples .082 / .217 +160 %; pixel-wise float32 gains nothing.
 * Against the AVX-512 of Orc 0.4.44: .051 / .064 +25 % and .082 / .126 +50 %; pixel-wise uint8 .090 / .126
 * +40 %.
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
