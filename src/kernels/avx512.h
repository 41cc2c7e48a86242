/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the row "avx512" share. */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define AVX512 __attribute__ ((target ("avx512f,avx512bw,avx512vl,avx512vbmi")))
#define INLINE_AVX512                                                                              \
  static inline __attribute__ ((target ("avx512f,avx512bw,avx512vl,avx512vbmi"), always_inline))

/* Rounded half to even, saturated: never infinite. */
INLINE_AVX512 __m256i
halve (__m512 value)
{
  const __m512 largest = _mm512_set1_ps (65504), least = _mm512_set1_ps (-65504);
  const __m512 clamped = _mm512_max_ps (_mm512_min_ps (value, largest), least);

  return _mm512_cvtps_ph (clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

INLINE_AVX512 void
store_halves (uint16_t *y, __m512 value)
{
  _mm256_storeu_si256 ((__m256i *) y, halve (value));
}
