/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Three channels of packed pixels to a plane each, in one reading of them, in vectors of 256 and 512 bits (VBMI):
 * planes-x86.h, once a width. A shuffle puts the samples of a channel into 32-bit words, ready to be converted.
 *
 * Frames of 8-bit RGB in memory, 640x480 to float32, where coefficients repeat, against a channel after the other, gathered
 * and normalized: .082 / .150 +83 % in AVX2, .064 / .122 +91 % in AVX-512. To uint8: .122 / .176 +44 % in AVX2; in AVX-512
 * where every pixel has coefficients of its own, 1920x1080, .360 / .714 +98 %. Where they repeat, tables are faster there:
 * kernels-x86-avx512.c. Of 16-bit samples, RGBA at 640x480, to uint8: .575 / .799 +39 % in AVX2 and .431 / .741 +72 % in
 * AVX-512 where every pixel has coefficients; where they repeat AVX-512 gains 15 %, and AVX2 takes as long as before.
 *
 * 8-bit RGB to float32 on a Xeon (family 6, model 207): lines that are written whole gain AVX2 48 % at 224x224, .096 / .142,
 * and AVX-512 gains 18 % in cache, .051 / .060, where nothing is converted.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include "avx2.h"
#include "avx512.h"
#include "kernels-c.h"

/* Where nothing is to be put, whatever is added to it: the highest bit stays. */
#define NONE 0xc0
/* The bits of 2^23 in float32. */
#define EXPONENT_23 0x4b000000

/* Made once: where the bytes of 32-bit words come from, one sample of each pixel, by bytes of a sample less one and by
 * whether there are four samples a pixel, not three. */
static uint8_t word_places[2][2][64];

static void
make_places (void)
{
  for (int bytes = 1; bytes <= 2; bytes++)
    for (int four = 0; four <= 1; four++)
      for (int k = 0; k < 64; k++)
        word_places[bytes - 1][four][k] =
            (uint8_t) (k % 4 < bytes ? k / 4 * (3 + four) * bytes + k % 4 : NONE);
}

INLINE_AVX2 __m256i
avx2_load_places (int bytes, int four)
{
  return _mm256_broadcastsi128_si256 (
      _mm_loadu_si128 ((const __m128i *) word_places[bytes - 1][four]));
}

/* 2^23 + x: the exponent over bits that are the number. */
INLINE_AVX2 __m256
avx2_lift (__m256i x)
{
  return _mm256_castsi256_ps (_mm256_or_si256 (x, _mm256_set1_epi32 (EXPONENT_23)));
}

/* Four pixels a lane. */
INLINE_AVX2 __m256i
avx2_read (const uint8_t *from, long stride)
{
  return _mm256_inserti128_si256 (_mm256_castsi128_si256 (_mm_loadu_si128 ((const __m128i *) from)),
      _mm_loadu_si128 ((const __m128i *) (from + 4 * stride)), 1);
}

/* Bytes that both readings have are taken from both, and are the same. */
INLINE_AVX2 __m256i
avx2_pick_2 (__m256i x, __m256i next, __m256i places, int apart)
{
  const __m256i beyond = _mm256_cmpgt_epi8 (places, _mm256_set1_epi8 (15));
  const __m256i later = _mm256_sub_epi8 (places, _mm256_set1_epi8 ((char) apart));

  return _mm256_or_si256 (
      _mm256_shuffle_epi8 (x, _mm256_or_si256 (places, beyond)), _mm256_shuffle_epi8 (next, later));
}

#define ROW(name) avx2_##name
#define TARGET AVX2
#define VECTOR __m256i
#define FLOATS __m256
#define BYTES 32
#define LANE 16
#define F(name) _mm256_##name##_ps
#define SHIFTED(places, by) _mm256_add_epi8 (places, _mm256_set1_epi8 ((char) (by)))
#define READ(from, stride) avx2_read (from, stride)
#define PICK(x, places) avx2_lift (_mm256_shuffle_epi8 (x, places))
#define PICK_2(x, next, places, apart) avx2_lift (avx2_pick_2 (x, next, places, apart))
#define LOAD(bytes, from) avx2_lift (bytes == 2 ? load_u16 (from, 0) : load_u8 (from, 0))
#define STORE_F16(y, value) store_f16 (y, value)
#define STREAM(y, value) _mm256_stream_ps (y, value)
#define SET_16(value) _mm256_set1_epi16 ((short) (value))
#define NARROW(a, b, zero_point) narrow_16 (a, b, zero_point)
#define STORE_U8(y, low, high) store_u8 (y, low, high)
#define STORE_I8(y, low, high) store_i8 (y, low, high)
#define NARROWER(name) pixelnorm_kernels_c.name
#include "planes-x86.h"

INLINE_AVX512 __m512i
avx512_load_places (int bytes, int four)
{
  return _mm512_loadu_si512 (word_places[bytes - 1][four]);
}

INLINE_AVX512 __m512
avx512_lift (__m512i x)
{
  return _mm512_castsi512_ps (_mm512_or_si512 (x, _mm512_set1_epi32 (EXPONENT_23)));
}

/* Low bytes of every word are those of a sample, the others those of 2^23. */
INLINE_AVX512 __m512
avx512_pick (__m512i x, __m512i places)
{
  return _mm512_castsi512_ps (_mm512_mask_permutexvar_epi8 (
      _mm512_set1_epi32 (EXPONENT_23), 0x1111111111111111, places, x));
}

/* Places from 64 on are those of the next reading. */
INLINE_AVX512 __m512i
avx512_pick_2 (__m512i x, __m512i next, __m512i places, int apart)
{
  const __m512i later =
      _mm512_mask_add_epi8 (places, _mm512_cmpge_epu8_mask (places, _mm512_set1_epi8 (64)), places,
          _mm512_set1_epi8 ((char) (64 - apart)));

  return _mm512_maskz_permutex2var_epi8 (0x3333333333333333, x, later, next);
}

/* As in avx2.h. */
INLINE_AVX512 __m512i
avx512_round_to_codes (__m512 value)
{
  return _mm512_cvtps_epi32 (_mm512_min_ps (value, _mm512_set1_ps (1024)));
}

INLINE_AVX512 __m512i
avx512_narrow_16 (__m512 a, __m512 b, __m512i zero_point)
{
  return _mm512_adds_epi16 (
      _mm512_packs_epi32 (avx512_round_to_codes (a), avx512_round_to_codes (b)), zero_point);
}

/* Of four vectors, whose quarters narrowing has brought together. */
INLINE_AVX512 void
avx512_store_codes (uint8_t *y, __m512i packed)
{
  const __m512i order = _mm512_setr_epi32 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);

  _mm512_storeu_si512 (y, _mm512_permutexvar_epi32 (order, packed));
}

#define ROW(name) avx512_##name
#define TARGET AVX512
#define VECTOR __m512i
#define FLOATS __m512
#define BYTES 64
#define LANE 64
#define F(name) _mm512_##name##_ps
#define SHIFTED(places, by) _mm512_add_epi8 (places, _mm512_set1_epi8 ((char) (by)))
#define READ(from, stride) _mm512_loadu_si512 (from)
#define PICK(x, places) avx512_pick (x, places)
#define PICK_2(x, next, places, apart) avx512_lift (avx512_pick_2 (x, next, places, apart))
#define LOAD(bytes, from)                                                                          \
  avx512_lift (bytes == 2 ? _mm512_cvtepu16_epi32 (_mm256_loadu_si256 ((const __m256i *) (from)))  \
                          : _mm512_cvtepu8_epi32 (_mm_loadu_si128 ((const __m128i *) (from))))
#define STORE_F16(y, value) store_halves (y, value)
#define STREAM(y, value) _mm512_stream_ps (y, value)
#define SET_16(value) _mm512_set1_epi16 ((short) (value))
#define NARROW(a, b, zero_point) avx512_narrow_16 (a, b, zero_point)
#define STORE_U8(y, low, high) avx512_store_codes (y, _mm512_packus_epi16 (low, high))
#define STORE_I8(y, low, high) avx512_store_codes (y, _mm512_packs_epi16 (low, high))
#define NARROWER(name) avx2_kernels.name
/* what avx2_fill() made */
static PixelnormKernels avx2_kernels;
#include "planes-x86.h"

void
pixelnorm_fill_avx2_planes (PixelnormKernels *kernels)
{
  make_places ();
  avx2_fill (kernels);
}

void
pixelnorm_fill_avx512_planes (PixelnormKernels *kernels)
{
  avx2_fill (&avx2_kernels);
  avx512_fill (kernels);
}

#endif
