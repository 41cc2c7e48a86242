/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Y'CbCr to R'G'B' in vectors of 128 (SSSE3), 256 and 512 bits: colour-x86.h, once a width. */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "kernels-c.h"

#define ROW(name) sse_##name
#define TARGET __attribute__ ((target ("ssse3")))
#define VECTOR __m128i
#define FLOATS __m128
#define BYTES 16
#define V(name) _mm_##name
#define S(name) _mm_##name##_si128
#define F(name) _mm_##name##_ps
#define IN_LANES(a, b)
#include "colour-x86.h"

#define ROW(name) avx2_##name
#define TARGET __attribute__ ((target ("avx2")))
#define VECTOR __m256i
#define FLOATS __m256
#define BYTES 32
#define V(name) _mm256_##name
#define S(name) _mm256_##name##_si256
#define F(name) _mm256_##name##_ps
#define IN_LANES(a, b)                                                                             \
  do {                                                                                             \
    const VECTOR even = _mm256_permute2x128_si256 (a, b, 0x20);                                    \
                                                                                                   \
    b = _mm256_permute2x128_si256 (a, b, 0x31);                                                    \
    a = even;                                                                                      \
  } while (0)
#include "colour-x86.h"

#define ROW(name) avx512_##name
#define TARGET __attribute__ ((target ("avx512f,avx512bw")))
#define VECTOR __m512i
#define FLOATS __m512
#define BYTES 64
#define V(name) _mm512_##name
#define S(name) _mm512_##name##_si512
#define F(name) _mm512_##name##_ps
#define IN_LANES(a, b)                                                                             \
  do {                                                                                             \
    const VECTOR even = _mm512_shuffle_i32x4 (a, b, 0x88);                                         \
                                                                                                   \
    b = _mm512_shuffle_i32x4 (a, b, 0xdd);                                                         \
    a = even;                                                                                      \
  } while (0)
#include "colour-x86.h"

void
pixelnorm_fill_ssse3_colour (PixelnormKernels *kernels)
{
  sse_fill (kernels);
}

void
pixelnorm_fill_avx2_colour (PixelnormKernels *kernels)
{
  avx2_fill (kernels);
}

void
pixelnorm_fill_avx512_colour (PixelnormKernels *kernels)
{
  avx512_fill (kernels);
}

#endif
