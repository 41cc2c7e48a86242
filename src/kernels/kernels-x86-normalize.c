/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Normalization with AVX2: what Orc's SSE backend does at half the width, and what no Orc can: half
 * precision (F16C) and stores past the caches.
 *
 * Multiplication and addition stay two roundings, as everywhere: no FMA. The last samples of a list go
 * through the C reference.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels-c.h"

#define AVX2 __attribute__ ((target ("avx2,f16c")))
#define INLINE_AVX2 static inline __attribute__ ((target ("avx2,f16c"), always_inline))

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

INLINE_AVX2 __m256
scale_and_shift (__m256i x, __m256i centre, const float *scale, const float *bias)
{
  const __m256 difference = _mm256_cvtepi32_ps (_mm256_sub_epi32 (x, centre));

  return _mm256_add_ps (
      _mm256_mul_ps (difference, _mm256_loadu_ps (scale)), _mm256_loadu_ps (bias));
}

INLINE_AVX2 __m256
clamp (__m256 value, float bound)
{
  return _mm256_max_ps (_mm256_min_ps (value, _mm256_set1_ps (bound)), _mm256_set1_ps (-bound));
}

/* Eight codes before they are narrowed. */
INLINE_AVX2 __m256i
round_8 (__m256 value, __m256i zero_point)
{
  return _mm256_add_epi32 (_mm256_cvtps_epi32 (clamp (value, 1024)), zero_point);
}

/* Narrowing works in halves of a register; this puts their quarters in order. */
INLINE_AVX2 __m256i
in_order (__m256i packed)
{
  return _mm256_permutevar8x32_epi32 (packed, _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7));
}

INLINE_AVX2 void
store_u8 (void *y, int i, __m256i low, __m256i high)
{
  _mm256_storeu_si256 ((__m256i *) ((uint8_t *) y + i), in_order (_mm256_packus_epi16 (low, high)));
}

INLINE_AVX2 void
store_i8 (void *y, int i, __m256i low, __m256i high)
{
  _mm256_storeu_si256 ((__m256i *) ((uint8_t *) y + i), in_order (_mm256_packs_epi16 (low, high)));
}

#define VALUE(samples, i)                                                                          \
  scale_and_shift (load_##samples (x, i), load_##samples (centre, i), scale + (i), bias + (i))

#define REST(samples, row, item_bytes, Sample)                                                     \
  row ((uint8_t *) y + (size_t) i * (item_bytes), (const Sample *) x + i,                          \
      (const Sample *) centre + i, scale + i, bias + i, zero_point, n - i)

#define ARGUMENTS                                                                                  \
  void *y, const void *x, const void *centre, const float *scale, const float *bias,               \
      int zero_point, int n

#define DEFINE_F32(samples, SAMPLE, Sample)                                                        \
  AVX2 static void normalize_##samples##_f32_avx2 (ARGUMENTS)                                      \
  {                                                                                                \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 8 <= n; i += 8)                                                                     \
      _mm256_storeu_ps ((float *) y + i, VALUE (samples, i));                                      \
    REST (samples, pixelnorm_kernels_c.normalize[SAMPLE][PIXELNORM_ITEM_F32], 4, Sample);          \
  }

/* Results up to the next 32 bytes go through the C reference too. */
#define DEFINE_STREAM(samples, SAMPLE, Sample)                                                     \
  AVX2 static void normalize_##samples##_stream_avx2 (ARGUMENTS)                                   \
  {                                                                                                \
    const int head = (int) (-(uintptr_t) y % 32 / 4);                                              \
    int i = head < n ? head : n;                                                                   \
                                                                                                   \
    pixelnorm_kernels_c.normalize[SAMPLE][PIXELNORM_ITEM_F32](                                     \
        y, x, centre, scale, bias, zero_point, i);                                                 \
    for (; i + 8 <= n; i += 8)                                                                     \
      _mm256_stream_ps ((float *) y + i, VALUE (samples, i));                                      \
    REST (samples, pixelnorm_kernels_c.normalize[SAMPLE][PIXELNORM_ITEM_F32], 4, Sample);          \
  }

#define DEFINE_F16(samples, SAMPLE, Sample)                                                        \
  AVX2 static void normalize_##samples##_f16_avx2 (ARGUMENTS)                                      \
  {                                                                                                \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 8 <= n; i += 8)                                                                     \
      _mm_storeu_si128 ((__m128i *) ((uint16_t *) y + i),                                          \
          _mm256_cvtps_ph (                                                                        \
              clamp (VALUE (samples, i), 65504), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));  \
    REST (samples, pixelnorm_kernels_c.normalize[SAMPLE][PIXELNORM_ITEM_F16], 2, Sample);          \
  }

#define DEFINE_CODES(samples, item, SAMPLE, ITEM, Sample)                                          \
  AVX2 static void normalize_##samples##_##item##_avx2 (ARGUMENTS)                                 \
  {                                                                                                \
    const __m256i zero = _mm256_set1_epi32 (zero_point);                                           \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 32 <= n; i += 32) {                                                                 \
      const __m256i low = _mm256_packs_epi32 (                                                     \
          round_8 (VALUE (samples, i), zero), round_8 (VALUE (samples, i + 8), zero));             \
      const __m256i high = _mm256_packs_epi32 (                                                    \
          round_8 (VALUE (samples, i + 16), zero), round_8 (VALUE (samples, i + 24), zero));       \
                                                                                                   \
      store_##item (y, i, low, high);                                                              \
    }                                                                                              \
    REST (samples, pixelnorm_kernels_c.normalize[SAMPLE][ITEM], 1, Sample);                        \
  }

DEFINE_F32 (u8, PIXELNORM_SAMPLE_U8, uint8_t)
DEFINE_F32 (u16, PIXELNORM_SAMPLE_U16, uint16_t)
DEFINE_STREAM (u8, PIXELNORM_SAMPLE_U8, uint8_t)
DEFINE_STREAM (u16, PIXELNORM_SAMPLE_U16, uint16_t)
DEFINE_F16 (u8, PIXELNORM_SAMPLE_U8, uint8_t)
DEFINE_F16 (u16, PIXELNORM_SAMPLE_U16, uint16_t)
DEFINE_CODES (u8, u8, PIXELNORM_SAMPLE_U8, PIXELNORM_ITEM_U8, uint8_t)
DEFINE_CODES (u8, i8, PIXELNORM_SAMPLE_U8, PIXELNORM_ITEM_I8, uint8_t)
DEFINE_CODES (u16, u8, PIXELNORM_SAMPLE_U16, PIXELNORM_ITEM_U8, uint16_t)
DEFINE_CODES (u16, i8, PIXELNORM_SAMPLE_U16, PIXELNORM_ITEM_I8, uint16_t)

static void
stream_end_x86 (void)
{
  _mm_sfence ();
}

void
pixelnorm_kernels_x86_normalize (PixelnormKernels *kernels, int orc_is_narrow)
{
  PixelnormNormalize (*bytes) = kernels->normalize[PIXELNORM_SAMPLE_U8];
  PixelnormNormalize (*words) = kernels->normalize[PIXELNORM_SAMPLE_U16];

  bytes[PIXELNORM_ITEM_F16] = normalize_u8_f16_avx2;
  words[PIXELNORM_ITEM_F16] = normalize_u16_f16_avx2;
  kernels->normalize_stream[PIXELNORM_SAMPLE_U8] = normalize_u8_stream_avx2;
  kernels->normalize_stream[PIXELNORM_SAMPLE_U16] = normalize_u16_stream_avx2;
  kernels->stream_end = stream_end_x86;
  if (!orc_is_narrow)
    return;
  bytes[PIXELNORM_ITEM_F32] = normalize_u8_f32_avx2;
  bytes[PIXELNORM_ITEM_U8] = normalize_u8_u8_avx2;
  bytes[PIXELNORM_ITEM_I8] = normalize_u8_i8_avx2;
  words[PIXELNORM_ITEM_F32] = normalize_u16_f32_avx2;
  words[PIXELNORM_ITEM_U8] = normalize_u16_u8_avx2;
  words[PIXELNORM_ITEM_I8] = normalize_u16_i8_avx2;
}

#endif
