/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the row "avx512" share. */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define AVX512 __attribute__ ((target ("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))
#define INLINE_AVX512                                                                              \
  static inline                                                                                    \
      __attribute__ ((target ("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi"), always_inline))

/* Rounded half to even, saturated: never infinite. */
INLINE_AVX512 __m256i
halve (__m512 value)
{
  /* of both the one that is nearer to 0, with the sign of the first */
  const __m512 clamped = _mm512_range_ps (value, _mm512_set1_ps (65504), 2);

  return _mm512_cvtps_ph (clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

INLINE_AVX512 void
store_halves (uint16_t *y, __m512 value)
{
  _mm256_storeu_si256 ((__m256i *) y, halve (value));
}
