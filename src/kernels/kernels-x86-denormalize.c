/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way back with AVX2, where Orc's vectors are half as wide, and from half precision with F16C, which
 * no Orc has an opcode for.
 *
 * Against Orc's SSE:
 *
 *   to samples of   8 bits                     16 bits
 *   float32         .134 / .462  +240 %        .141 / .528  +270 %
 *   float16         .147 / 5.9                 .155 / 5.7           Orc: through C
 *   uint8, int8     .164 / .572  +250 %        .171 / .649  +280 %
 *
 * The same steps as in denormalize.orc. The last samples of a list go through the C reference.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include "avx2.h"
#include "kernels-c.h"

#define MAGIC 0x4b400000 /* 1.5 * 2^23 */

/* 8 results from i on. */
INLINE_AVX2 __m256
result_f32 (const void *y, int i)
{
  return _mm256_loadu_ps ((const float *) y + i);
}

INLINE_AVX2 __m256
result_f16 (const void *y, int i)
{
  return _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) ((const uint16_t *) y + i)));
}

INLINE_AVX2 __m256
result_u8 (const void *y, int i)
{
  return _mm256_cvtepi32_ps (load_u8 (y, i));
}

INLINE_AVX2 __m256
result_i8 (const void *y, int i)
{
  const __m128i bytes = _mm_loadl_epi64 ((const __m128i *) ((const int8_t *) y + i));

  return _mm256_cvtepi32_ps (_mm256_cvtepi8_epi32 (bytes));
}

/* Begins to read what comes a page later. Planes of a tensor are read in turns, a tile of each, which is too short for the
 * processor to find out by itself. */
INLINE_AVX2 void
fetch_ahead (const void *y, int n_bytes)
{
  for (int k = 0; k < n_bytes; k += 64)
    _mm_prefetch ((const char *) ((uintptr_t) y + 4096 + (uintptr_t) k), _MM_HINT_T0);
}

/* Eight samples before they are saturated. */
INLINE_AVX2 __m256i
round_8 (__m256 y, __m256i centre, const float *unscale, const float *bias)
{
  const __m256i magic = _mm256_set1_epi32 (MAGIC);
  const __m256 product =
      _mm256_mul_ps (_mm256_sub_ps (y, _mm256_loadu_ps (bias)), _mm256_loadu_ps (unscale));
  const __m256 number = _mm256_and_ps (product, _mm256_cmp_ps (product, product, _CMP_EQ_OQ));
  const __m256 clamped =
      _mm256_max_ps (_mm256_min_ps (number, _mm256_set1_ps (131072)), _mm256_set1_ps (-131072));
  const __m256 sum =
      _mm256_add_ps (clamped, _mm256_castsi256_ps (_mm256_add_epi32 (centre, magic)));

  return _mm256_sub_epi32 (_mm256_castps_si256 (sum), magic);
}

#define SAMPLES(item, samples, i)                                                                  \
  round_8 (result_##item (y, i), load_##samples (centre, i), unscale + (i), bias + (i))

#define ARGUMENTS                                                                                  \
  void *x_, const void *y, const void *centre, const float *unscale, const float *bias,            \
      int largest, int n

#define DEFINE_U8(item, ITEM, Item)                                                                \
  AVX2 static void denormalize_##item##_u8_avx2 (ARGUMENTS)                                        \
  {                                                                                                \
    uint8_t *x = x_;                                                                               \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 32 <= n; i += 32) {                                                                 \
      fetch_ahead ((const Item *) y + i, 32 * (int) sizeof (Item));                                \
      store_u8 (x + i, _mm256_packs_epi32 (SAMPLES (item, u8, i), SAMPLES (item, u8, i + 8)),      \
          _mm256_packs_epi32 (SAMPLES (item, u8, i + 16), SAMPLES (item, u8, i + 24)));            \
    }                                                                                              \
    pixelnorm_denormalize_c[ITEM][PIXELNORM_SAMPLE_U8](x + i, (const Item *) y + i,                \
        (const uint8_t *) centre + i, unscale + i, bias + i, largest, n - i);                      \
  }

/* packus saturates at 65535, before the depth does. */
#define DEFINE_U16(item, ITEM, Item)                                                               \
  AVX2 static void denormalize_##item##_u16_avx2 (ARGUMENTS)                                       \
  {                                                                                                \
    const __m256i most = _mm256_set1_epi16 ((short) largest);                                      \
    uint16_t *x = x_;                                                                              \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 16 <= n; i += 16) {                                                                 \
      fetch_ahead ((const Item *) y + i, 16 * (int) sizeof (Item));                                \
      const __m256i packed =                                                                       \
          _mm256_packus_epi32 (SAMPLES (item, u16, i), SAMPLES (item, u16, i + 8));                \
                                                                                                   \
      store_all (x + i, _mm256_min_epu16 (_mm256_permute4x64_epi64 (packed, 0xd8), most));         \
    }                                                                                              \
    pixelnorm_denormalize_c[ITEM][PIXELNORM_SAMPLE_U16](x + i, (const Item *) y + i,               \
        (const uint16_t *) centre + i, unscale + i, bias + i, largest, n - i);                     \
  }

#define DEFINE(item, ITEM, Item)                                                                   \
  DEFINE_U8 (item, ITEM, Item)                                                                     \
  DEFINE_U16 (item, ITEM, Item)

DEFINE (f32, PIXELNORM_ITEM_F32, float)
DEFINE (f16, PIXELNORM_ITEM_F16, uint16_t)
DEFINE (u8, PIXELNORM_ITEM_U8, uint8_t)
DEFINE (i8, PIXELNORM_ITEM_I8, int8_t)

#define USE(ITEM, item)                                                                            \
  kernels->denormalize[ITEM][PIXELNORM_SAMPLE_U8] = denormalize_##item##_u8_avx2;                  \
  kernels->denormalize[ITEM][PIXELNORM_SAMPLE_U16] = denormalize_##item##_u16_avx2

void
pixelnorm_fill_avx2_denormalize (PixelnormKernels *kernels, int orc_is_narrow)
{
  USE (PIXELNORM_ITEM_F16, f16);
  if (!orc_is_narrow)
    return;
  USE (PIXELNORM_ITEM_F32, f32);
  USE (PIXELNORM_ITEM_U8, u8);
  USE (PIXELNORM_ITEM_I8, i8);
}

#endif
