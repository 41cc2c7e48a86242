/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running estimates with AVX2, and results of theirs in other items: one loop where Orc takes three programs and a tile
 * between them, twice as wide as those of its SSE backend; and half precision with F16C, which no Orc has an opcode for.
 *
 * Against Orc's SSE: running estimates of 8-bit samples .620 / 1.68 +170 %, of 16-bit samples .626 / 1.70 +170 %; float32
 * to float16 .060 / 9.0 (Orc: through C), to 8-bit codes .046 / .255 +450 %.
 *
 * Where Orc's vectors are wider, codes of 8 bits are left to it; running estimates are not, since what Orc 0.4.41 makes of
 * them for AVX gives NaN (kernels-orc.c), and C takes 6.3. The AVX-512 of Orc 0.4.42 takes .705.
 *
 * The same steps as in kernels-c-running.c, with no FMA, and the division and the square root as IEEE has them. The last
 * samples of a list go through the C reference.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include "avx2.h"
#include "kernels-c.h"

/* The low halves of 8 words. */
INLINE_AVX2 void
store_rest (uint16_t *rest, __m256i low)
{
  const __m256i words = _mm256_and_si256 (low, _mm256_set1_epi32 (0xffff));

  _mm_storeu_si128 ((__m128i *) rest, _mm_packus_epi32 (low_half (words), high_half (words)));
}

/* Products of 64 bits come up in two registers, of the even and the odd samples; what is wanted of the odd ones is shifted
 * to the upper 32 bits. fraction and the upper half of momentum are 16 bits each, whose product madd makes. */
INLINE_AVX2 void
move_mean (
    int32_t *mean, uint16_t *rest, __m256i d, __m256i momentum, __m256i old_rest, __m256i fraction)
{
  const __m256i even = _mm256_mul_epi32 (d, momentum);
  const __m256i odd =
      _mm256_mul_epi32 (_mm256_srli_epi64 (d, 32), _mm256_srli_epi64 (momentum, 32));
  const __m256i high =
      _mm256_blend_epi32 (_mm256_srli_epi64 (even, 31), _mm256_slli_epi64 (odd, 1), 0xaa);
  const __m256i below =
      _mm256_blend_epi32 (_mm256_srli_epi64 (even, 15), _mm256_slli_epi64 (odd, 17), 0xaa);
  const __m256i off =
      _mm256_srai_epi32 (_mm256_madd_epi16 (fraction, _mm256_srli_epi32 (momentum, 16)), 16);
  const __m256i sum =
      _mm256_add_epi32 (_mm256_and_si256 (below, _mm256_set1_epi32 (0xffff)), old_rest);
  const __m256i low = _mm256_sub_epi32 (sum, _mm256_slli_epi32 (off, 1));

  store_all (mean,
      _mm256_add_epi32 (load_all (mean), _mm256_add_epi32 (high, _mm256_srai_epi32 (low, 16))));
  store_rest (rest, low);
}

INLINE_AVX2 __m256
move_variance (__m256 variance, __m256 d, __m256i momentum_)
{
  const __m256 momentum = _mm256_mul_ps (_mm256_cvtepi32_ps (momentum_), _mm256_set1_ps (0x1p-31f));
  const __m256 kept = _mm256_sub_ps (_mm256_set1_ps (1), momentum);
  const __m256 step = _mm256_sub_ps (_mm256_mul_ps (_mm256_mul_ps (d, d), kept), variance);

  return _mm256_max_ps (_mm256_add_ps (_mm256_mul_ps (step, momentum), variance),
      _mm256_set1_ps (PIXELNORM_SMALLEST_VARIANCE));
}

/* What PixelnormRunningParameters has, in every place of a register. */
typedef struct {
  __m128i shift;
  __m256 unit, weight, epsilon, floor;
} Parameters;

INLINE_AVX2 __m256
deviation_of (__m256 variance, const Parameters *k)
{
  const __m256 sum = _mm256_add_ps (_mm256_mul_ps (variance, k->weight), k->epsilon);

  return _mm256_max_ps (_mm256_sqrt_ps (sum), k->floor);
}

/* Eight samples. */
INLINE_AVX2 void
run_8 (float *y, int32_t *mean, uint16_t *rest, float *variance_, __m256i x, const float *gamma,
    const float *beta, const int32_t *momentum_, const Parameters *k)
{
  const __m256i whole = _mm256_sub_epi32 (_mm256_sll_epi32 (x, k->shift), load_all (mean));
  const __m256i old_rest = load_u16 (rest, 0);
  const __m256i fraction = _mm256_sub_epi32 (old_rest, _mm256_set1_epi32 (PIXELNORM_REST_HALF));
  const __m256i momentum = load_all (momentum_);
  const __m256 variance = _mm256_loadu_ps (variance_);
  const __m256 d = _mm256_cvtepi32_ps (whole);
  const __m256 part = _mm256_mul_ps (_mm256_cvtepi32_ps (fraction), _mm256_set1_ps (0x1p-16f));
  const __m256 exact = _mm256_mul_ps (_mm256_sub_ps (d, part), k->unit);
  const __m256 scaled =
      _mm256_mul_ps (_mm256_div_ps (exact, deviation_of (variance, k)), _mm256_loadu_ps (gamma));

  _mm256_storeu_ps (y, _mm256_add_ps (scaled, _mm256_loadu_ps (beta)));
  move_mean (mean, rest, whole, momentum, old_rest, fraction);
  _mm256_storeu_ps (variance_, move_variance (variance, _mm256_mul_ps (d, k->unit), momentum));
}

#define DEFINE_RUNNING(samples, Sample)                                                            \
  AVX2 static void running_##samples##_avx2 (float *y, int32_t *mean, uint16_t *rest,              \
      float *variance, const void *x, const float *gamma, const float *beta,                       \
      const int32_t *momentum, const PixelnormRunningParameters *parameters, int n)                \
  {                                                                                                \
    const Parameters k = { _mm_cvtsi32_si128 (parameters->shift),                                  \
      _mm256_set1_ps (parameters->unit), _mm256_set1_ps (parameters->weight),                      \
      _mm256_set1_ps (parameters->epsilon), _mm256_set1_ps (parameters->floor) };                  \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 8 <= n; i += 8)                                                                     \
      run_8 (y + i, mean + i, rest + i, variance + i, load_##samples (x, i), gamma + i, beta + i,  \
          momentum + i, &k);                                                                       \
    pixelnorm_running_##samples##_c (y + i, mean + i, rest + i, variance + i,                      \
        (const Sample *) x + i, gamma + i, beta + i, momentum + i, parameters, n - i);             \
  }

DEFINE_RUNNING (u8, uint8_t)
DEFINE_RUNNING (u16, uint16_t)

AVX2 static void
convert_f16_avx2 (void *to_, const float *from, int zero_point, int n)
{
  uint16_t *to = to_;
  int i = 0;

  for (; i + 8 <= n; i += 8)
    store_f16 (to + i, _mm256_loadu_ps (from + i));
  pixelnorm_convert_f16_c (to + i, from + i, zero_point, n - i);
}

INLINE_AVX2 __m256i
codes_16 (const float *from, __m256i zero_point)
{
  return narrow_16 (_mm256_loadu_ps (from), _mm256_loadu_ps (from + 8), zero_point);
}

#define DEFINE_CONVERT(item)                                                                       \
  AVX2 static void convert_##item##_avx2 (void *to_, const float *from, int zero_point, int n)     \
  {                                                                                                \
    const __m256i zero = _mm256_set1_epi16 ((short) zero_point);                                   \
    uint8_t *to = to_;                                                                             \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + 32 <= n; i += 32)                                                                   \
      store_##item (to + i, codes_16 (from + i, zero), codes_16 (from + i + 16, zero));            \
    pixelnorm_convert_##item##_c (to + i, from + i, zero_point, n - i);                            \
  }

DEFINE_CONVERT (u8)
DEFINE_CONVERT (i8)

void
pixelnorm_fill_avx2_running (PixelnormKernels *kernels, int orc_is_narrow)
{
  kernels->running[PIXELNORM_SAMPLE_U8] = running_u8_avx2;
  kernels->running[PIXELNORM_SAMPLE_U16] = running_u16_avx2;
  kernels->convert[PIXELNORM_ITEM_F16] = convert_f16_avx2;
  if (!orc_is_narrow)
    return;
  kernels->convert[PIXELNORM_ITEM_U8] = convert_u8_avx2;
  kernels->convert[PIXELNORM_ITEM_I8] = convert_i8_avx2;
}

#endif
