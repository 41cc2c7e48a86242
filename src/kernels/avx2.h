/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the row "avx2" share. */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define AVX2 __attribute__ ((target ("avx2,f16c")))
#define INLINE_AVX2 static inline __attribute__ ((target ("avx2,f16c"), always_inline))

/* 8 samples from i on as 32-bit integers. */
INLINE_AVX2 __m256i
load_u8 (const void *x, int i)
{
  return _mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) ((const uint8_t *) x + i)));
}

INLINE_AVX2 __m256i
load_u16 (const void *x, int i)
{
  return _mm256_cvtepu16_epi32 (_mm_loadu_si128 ((const __m128i *) ((const uint16_t *) x + i)));
}

/* 32 bytes, whatever they are. */
INLINE_AVX2 __m256i
load_all (const void *from)
{
  return _mm256_loadu_si256 ((const __m256i *) from);
}

INLINE_AVX2 void
store_all (void *to, __m256i value)
{
  _mm256_storeu_si256 ((__m256i *) to, value);
}

INLINE_AVX2 __m128i
low_half (__m256i value)
{
  return _mm256_castsi256_si128 (value);
}

INLINE_AVX2 __m128i
high_half (__m256i value)
{
  return _mm256_extracti128_si256 (value, 1);
}

/* Eight codes before they are narrowed. What is below -1024 is so afterwards, too; what is far below
 * becomes the smallest integer. */
INLINE_AVX2 __m256i
round_to_codes (__m256 value)
{
  return _mm256_cvtps_epi32 (_mm256_min_ps (value, _mm256_set1_ps (1024)));
}

/* 16 of them with the zero-point. */
INLINE_AVX2 __m256i
narrow_16 (__m256 a, __m256 b, __m256i zero_point)
{
  return _mm256_adds_epi16 (
      _mm256_packs_epi32 (round_to_codes (a), round_to_codes (b)), zero_point);
}

/* Narrowing works in halves of a register; this puts their quarters in order. */
INLINE_AVX2 __m256i
in_order (__m256i packed)
{
  return _mm256_permutevar8x32_epi32 (packed, _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7));
}

INLINE_AVX2 void
store_u8 (void *y, __m256i low, __m256i high)
{
  store_all (y, in_order (_mm256_packus_epi16 (low, high)));
}

INLINE_AVX2 void
store_i8 (void *y, __m256i low, __m256i high)
{
  store_all (y, in_order (_mm256_packs_epi16 (low, high)));
}

INLINE_AVX2 void
store_f16 (uint16_t *y, __m256 value)
{
  const __m256 largest = _mm256_set1_ps (65504), least = _mm256_set1_ps (-65504);
  const __m256 clamped = _mm256_max_ps (_mm256_min_ps (value, largest), least);

  _mm_storeu_si128 (
      (__m128i *) y, _mm256_cvtps_ph (clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
