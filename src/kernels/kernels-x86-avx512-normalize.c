/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Normalization to floats with AVX-512, whose stores are whole cache lines: with halves of them, as of
 * AVX2, a tile of float32 fills the queue of stores, and what gathers the next tile has to wait.
 *
 * Against AVX2:
 *
 *   8-bit samples to     pixel-wise             channel-wise (repeat)
 *   float32              .065 / .082 +26 %      .053 / .070 +32 %
 *   float16              .114 / .140 +23 %      .099 / .141 +42 %
 *   16-bit samples to
 *   float32              .065 / .188 +190 %     .052 / .065 +25 %     pixel-wise: over Orc
 *   float16              .114 / .138 +21 %      .099 / .142 +43 %
 *
 * Against the AVX2 of Orc 0.4.41: pixel-wise float32 .065 / .114 +75 %, of 16-bit samples .065 / .104 +60 %.
 * Against the AVX-512 of Orc 0.4.42: .065 / .084 +29 % and .065 / .082 +26 %. This is a Zen 4, which does
 * 512 bits in two halves; a processor that does them at once gains more.
 *
 * On a Xeon (family 6, model 207) saturating halves by one instruction, not by a minimum and a maximum, gains 12 %, .095 / .106.
 *
 * Stores past the caches gained little: those stay with AVX2.
 *
 * Multiplication and addition stay two roundings: no FMA. The last samples of a list go under a mask.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include "avx512.h"

/* Up to 16 samples from i on, zeros behind them. */
INLINE_AVX512 __m512i
load_u8 (const void *x, int i, __mmask16 valid)
{
  return _mm512_cvtepu8_epi32 (_mm_maskz_loadu_epi8 (valid, (const uint8_t *) x + i));
}

INLINE_AVX512 __m512i
load_u16 (const void *x, int i, __mmask16 valid)
{
  return _mm512_cvtepu16_epi32 (_mm256_maskz_loadu_epi16 (valid, (const uint16_t *) x + i));
}

/* The same where all 16 are there. */
INLINE_AVX512 __m512i
load_all_u8 (const void *x, int i)
{
  return _mm512_cvtepu8_epi32 (_mm_loadu_si128 ((const __m128i *) ((const uint8_t *) x + i)));
}

INLINE_AVX512 __m512i
load_all_u16 (const void *x, int i)
{
  return _mm512_cvtepu16_epi32 (_mm256_loadu_si256 ((const __m256i *) ((const uint16_t *) x + i)));
}

INLINE_AVX512 __mmask16
first (int n)
{
  return (__mmask16) (n < 16 ? (1u << n) - 1 : 0xffffu);
}

/* The coefficients of 16 samples. */
typedef struct {
  __m512i centre;
  __m512 scale, bias;
} Coefficients;

INLINE_AVX512 __m512
scale_and_shift (__m512i x, Coefficients k)
{
  const __m512 difference = _mm512_cvtepi32_ps (_mm512_sub_epi32 (x, k.centre));

  return _mm512_add_ps (_mm512_mul_ps (difference, k.scale), k.bias);
}

INLINE_AVX512 void
store_f32 (float *y, __m512 value)
{
  _mm512_storeu_ps (y, value);
}

INLINE_AVX512 void
store_f16 (uint16_t *y, __m512 value)
{
  store_halves (y, value);
}

INLINE_AVX512 void
store_some_f32 (float *y, __m512 value, __mmask16 valid)
{
  _mm512_mask_storeu_ps (y, valid, value);
}

INLINE_AVX512 void
store_some_f16 (uint16_t *y, __m512 value, __mmask16 valid)
{
  _mm256_mask_storeu_epi16 (y, valid, halve (value));
}

#define ARGUMENTS                                                                                  \
  void *y_, const void *x, const void *centre, const float *scale, const float *bias,              \
      int zero_point, int n

#define COEFFICIENTS(samples, i)                                                                   \
  ((Coefficients){ load_all_##samples (centre, i), _mm512_loadu_ps (scale + (i)),                  \
      _mm512_loadu_ps (bias + (i)) })

#define VALUE(samples, i, k) scale_and_shift (load_all_##samples (x, i), k)

/* The m <= 16 samples from i on, with the coefficients from j on. */
#define SOME(samples, item, i, j, m)                                                               \
  do {                                                                                             \
    const __mmask16 valid = first (m);                                                             \
    const Coefficients some = { load_##samples (centre, j, valid),                                 \
      _mm512_maskz_loadu_ps (valid, scale + (j)), _mm512_maskz_loadu_ps (valid, bias + (j)) };     \
                                                                                                   \
    store_some_##item (y + (i), scale_and_shift (load_##samples (x, i, valid), some), valid);      \
  } while (0)

/* 16 a step; where coefficients repeat every 24 samples, 48. */
#define DEFINE_FLOATS(samples, item, Item)                                                         \
  AVX512 static void normalize_##samples##_##item##_avx512 (ARGUMENTS)                             \
  {                                                                                                \
    Item *y = y_;                                                                                  \
    int i = 0;                                                                                     \
                                                                                                   \
    (void) zero_point;                                                                             \
    for (; i + 16 <= n; i += 16)                                                                   \
      store_##item (y + i, VALUE (samples, i, COEFFICIENTS (samples, i)));                         \
    if (i < n)                                                                                     \
      SOME (samples, item, i, i, n - i);                                                           \
  }                                                                                                \
                                                                                                   \
  AVX512 static void normalize_repeat_##samples##_##item##_avx512 (ARGUMENTS)                      \
  {                                                                                                \
    Item *y = y_;                                                                                  \
    int i = 0;                                                                                     \
    const Coefficients a = COEFFICIENTS (samples, 0);                                              \
    const Coefficients b = COEFFICIENTS (samples, 16);                                             \
    const Coefficients c = COEFFICIENTS (samples, 32);                                             \
    int j = 0;                                                                                     \
                                                                                                   \
    (void) zero_point;                                                                             \
    for (; i + 48 <= n; i += 48) {                                                                 \
      store_##item (y + i, VALUE (samples, i, a));                                                 \
      store_##item (y + i + 16, VALUE (samples, i + 16, b));                                       \
      store_##item (y + i + 32, VALUE (samples, i + 32, c));                                       \
    }                                                                                              \
    for (; i < n; i += 16, j += 16)                                                                \
      SOME (samples, item, i, j, n - i);                                                           \
  }

#define DEFINE_ALL(samples)                                                                        \
  DEFINE_FLOATS (samples, f32, float)                                                              \
  DEFINE_FLOATS (samples, f16, uint16_t)

DEFINE_ALL (u8)
DEFINE_ALL (u16)

#define USE(SAMPLE, samples)                                                                       \
  kernels->normalize[SAMPLE][PIXELNORM_ITEM_F32] = normalize_##samples##_f32_avx512;               \
  kernels->normalize[SAMPLE][PIXELNORM_ITEM_F16] = normalize_##samples##_f16_avx512;               \
  kernels->normalize_repeat[SAMPLE][PIXELNORM_ITEM_F32] = normalize_repeat_##samples##_f32_avx512; \
  kernels->normalize_repeat[SAMPLE][PIXELNORM_ITEM_F16] = normalize_repeat_##samples##_f16_avx512

void
pixelnorm_fill_avx512_normalize (PixelnormKernels *kernels)
{
  USE (PIXELNORM_SAMPLE_U8, u8);
  USE (PIXELNORM_SAMPLE_U16, u16);
}

#endif
