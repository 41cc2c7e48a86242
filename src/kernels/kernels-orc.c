/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row "orc" of the kernel table: wrappers that put several Orc programs together to one kernel.
 *
 * Orc's AVX-512 code (0.4.44) ends without vzeroupper, after which SSE code runs four times slower:
 * every wrapper cleans up behind it.
 */
#include "kernels-orc.h"

#include <orc/orc.h>
#include <string.h>

#include "kernels-c.h"
#include "kernels-x86.h"
#include "orc-colour.h"
#include "orc-denormalize.h"
#include "orc-normalize.h"
#include "orc-running.h"
#include "orc-statistics.h"

#define MAGIC 0x4b400000 /* normalize.orc */

static void
accumulate_u8_orc (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  /* two programs, since a program's widest type sets its pace: bytes beside 32-bit words run at a
   * quarter */
  pixelnorm_orc_accumulate_u8 (min, max, sum, scratch, lists[0], n);
  pixelnorm_orc_add_u16_u32 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
accumulate4_u8_orc (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  pixelnorm_orc_accumulate4_u8 (min, max, sum, scratch, lists[0], lists[1], lists[2], lists[3], n);
  pixelnorm_orc_add_u16_u32 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
accumulate_u16_orc (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  pixelnorm_orc_accumulate_u16 (min, max, sum, scratch, lists[0], n);
  pixelnorm_orc_add_u32_u64 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
accumulate4_u16_orc (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  pixelnorm_orc_accumulate4_u16 (min, max, sum, scratch, lists[0], lists[1], lists[2], lists[3], n);
  pixelnorm_orc_add_u32_u64 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
spill_u16_orc (uint64_t *total, uint16_t *part, int n)
{
  pixelnorm_orc_spill_u16 (total, part, n);
  pixelnorm_clean_vectors ();
}

static void
spill_u32_orc (uint64_t *total, uint32_t *part, int n)
{
  pixelnorm_orc_spill_u32 (total, part, n);
  pixelnorm_clean_vectors ();
}

#define DEFINE_NORMALIZE_F32(samples)                                                              \
  static void normalize_##samples##_f32_orc (void *y, const void *x, const void *centre,           \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    (void) zero_point;                                                                             \
    pixelnorm_orc_normalize_##samples##_f32 (y, x, centre, scale, bias, n);                        \
    pixelnorm_clean_vectors ();                                                                    \
  }

/* No Orc has an opcode for half precision: through a tile of float32. */
#define DEFINE_NORMALIZE_F16(samples, Sample)                                                      \
  static void normalize_##samples##_f16_orc (void *y, const void *x, const void *centre,           \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    float tile[PIXELNORM_TILE];                                                                    \
                                                                                                   \
    for (int i = 0; i < n; i += PIXELNORM_TILE) {                                                  \
      const int m = n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE;                               \
                                                                                                   \
      normalize_##samples##_f32_orc (tile, (const Sample *) x + i, (const Sample *) centre + i,    \
          scale + i, bias + i, zero_point, m);                                                     \
      pixelnorm_convert_f16_c ((uint16_t *) y + i, tile, 0, m);                                    \
    }                                                                                              \
  }

#define DEFINE_NORMALIZE_CODES(samples, item)                                                      \
  static void normalize_##samples##_##item##_orc (void *y, const void *x, const void *centre,      \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    pixelnorm_orc_normalize_##samples##_##item (y, x, centre, scale, bias, MAGIC - zero_point, n); \
    pixelnorm_clean_vectors ();                                                                    \
  }

DEFINE_NORMALIZE_F32 (u8)
DEFINE_NORMALIZE_F32 (u16)
DEFINE_NORMALIZE_F16 (u8, uint8_t)
DEFINE_NORMALIZE_F16 (u16, uint16_t)
DEFINE_NORMALIZE_CODES (u8, u8)
DEFINE_NORMALIZE_CODES (u8, i8)
DEFINE_NORMALIZE_CODES (u16, u8)
DEFINE_NORMALIZE_CODES (u16, i8)

PIXELNORM_DEFINE_REPEAT (u8_f32_orc, uint8_t, float)
PIXELNORM_DEFINE_REPEAT (u8_f16_orc, uint8_t, uint16_t)
PIXELNORM_DEFINE_REPEAT (u8_u8_orc, uint8_t, uint8_t)
PIXELNORM_DEFINE_REPEAT (u8_i8_orc, uint8_t, int8_t)
PIXELNORM_DEFINE_REPEAT (u16_f32_orc, uint16_t, float)
PIXELNORM_DEFINE_REPEAT (u16_f16_orc, uint16_t, uint16_t)
PIXELNORM_DEFINE_REPEAT (u16_u8_orc, uint16_t, uint8_t)
PIXELNORM_DEFINE_REPEAT (u16_i8_orc, uint16_t, int8_t)

static void
unpack_u16_orc (uint16_t *x, int swap, int shift, unsigned mask, int n)
{
  if (swap)
    pixelnorm_orc_unpack_swapped_u16 (x, shift, (int) mask, n);
  else
    pixelnorm_orc_unpack_u16 (x, shift, (int) mask, n);
  pixelnorm_clean_vectors ();
}

#define DEFINE_RUNNING(samples)                                                                    \
  static void running_##samples##_orc (float *y, int32_t *mean, uint16_t *rest, float *variance,   \
      const void *x, const float *gamma, const float *beta, const int32_t *momentum,               \
      const PixelnormRunningParameters *k, int n)                                                  \
  {                                                                                                \
    int32_t d[PIXELNORM_TILE];                                                                     \
                                                                                                   \
    pixelnorm_orc_running_result_##samples (y, d, x, mean, rest, variance, gamma, beta, k->shift,  \
        k->unit, k->weight, k->epsilon, k->floor, n);                                              \
    pixelnorm_orc_running_mean (mean, rest, d, momentum, n);                                       \
    pixelnorm_orc_running_variance (variance, d, momentum, k->unit, n);                            \
    pixelnorm_clean_vectors ();                                                                    \
  }

DEFINE_RUNNING (u8)
DEFINE_RUNNING (u16)

static void
convert_u8_orc (void *to, const float *from, int zero_point, int n)
{
  pixelnorm_orc_convert_u8 (to, from, MAGIC - zero_point, n);
  pixelnorm_clean_vectors ();
}

static void
convert_i8_orc (void *to, const float *from, int zero_point, int n)
{
  pixelnorm_orc_convert_i8 (to, from, MAGIC - zero_point, n);
  pixelnorm_clean_vectors ();
}

#define DENORMALIZE_ARGUMENTS                                                                      \
  void *x, const void *y, const void *centre, const float *unscale, const float *bias,             \
      int largest, int n

#define DEFINE_DENORMALIZE(item)                                                                   \
  static void denormalize_##item##_u8_orc (DENORMALIZE_ARGUMENTS)                                  \
  {                                                                                                \
    (void) largest; /* saturating conversions know it */                                           \
    pixelnorm_orc_denormalize_##item##_u8 (x, y, centre, unscale, bias, n);                        \
    pixelnorm_clean_vectors ();                                                                    \
  }                                                                                                \
                                                                                                   \
  static void denormalize_##item##_u16_orc (DENORMALIZE_ARGUMENTS)                                 \
  {                                                                                                \
    pixelnorm_orc_denormalize_##item##_u16 (x, y, centre, unscale, bias, largest, n);              \
    pixelnorm_clean_vectors ();                                                                    \
  }

DEFINE_DENORMALIZE (f32)
DEFINE_DENORMALIZE (u8)
DEFINE_DENORMALIZE (i8)

#define DEFINE_DENORMALIZE_F16(samples, Sample)                                                    \
  static void denormalize_f16_##samples##_orc (DENORMALIZE_ARGUMENTS)                              \
  {                                                                                                \
    const uint16_t *halves = y;                                                                    \
    float tile[PIXELNORM_TILE];                                                                    \
                                                                                                   \
    for (int i = 0; i < n; i += PIXELNORM_TILE) {                                                  \
      const int m = n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE;                               \
                                                                                                   \
      for (int k = 0; k < m; k++)                                                                  \
        tile[k] = pixelnorm_float_of_half (halves[i + k]);                                         \
      denormalize_f32_##samples##_orc (                                                            \
          (Sample *) x + i, tile, (const Sample *) centre + i, unscale + i, bias + i, largest, m); \
    }                                                                                              \
  }

DEFINE_DENORMALIZE_F16 (u8, uint8_t)
DEFINE_DENORMALIZE_F16 (u16, uint16_t)

static void
pack_u16_orc (uint16_t *x, int swap, int shift, int n)
{
  if (swap)
    pixelnorm_orc_pack_swapped_u16 (x, shift, n);
  else
    pixelnorm_orc_pack_u16 (x, shift, n);
  pixelnorm_clean_vectors ();
}

/* What saturation of words clips at both ends by: the largest word becomes the largest code. */
#define LIMITED_TOP (UINT16_MAX - 18687)
#define FULL_TOP (UINT16_MAX - 255)

/* Orc's words lie at even addresses; luma and results need not. */
static void
colour_u8_orc (void *const planes[3], const void *luma, const void *chroma,
    const PixelnormColourFactors *k, int shared, int n)
{
  const int limited = k->unit > 1, n_terms = n / shared, n_bytes = n_terms * shared;
  const int top = limited ? LIMITED_TOP - k->scale * k->black : FULL_TOP;
  uint16_t terms[PIXELNORM_TILE], pairs[PIXELNORM_TILE], y[PIXELNORM_TILE / 2],
      to[PIXELNORM_TILE / 2];

  memcpy (pairs, chroma, (size_t) n_terms * sizeof *pairs);
  memcpy (y, luma, (size_t) n_bytes);
  for (int c = 0; c < 3; c++) {
    const PixelnormChromaTerm *term = &k->terms[c];

    pixelnorm_orc_colour_term (terms, pairs, term->parts[0][0], term->parts[0][1],
        term->parts[1][0], term->parts[1][1], term->first + top * (1 << term->shift), term->last,
        term->shift, n_terms);
    if (shared == 2)
      (limited ? pixelnorm_orc_colour_limited_2 : pixelnorm_orc_colour_full_2) (
          to, y, terms, n_terms);
    else
      (limited ? pixelnorm_orc_colour_limited_1 : pixelnorm_orc_colour_full_1) (
          (uint8_t *) to, (const uint8_t *) y, terms, n_terms);
    memcpy (planes[c], to, (size_t) n_bytes);
  }
  pixelnorm_clean_vectors ();
}

static void
colour_u8_1_orc (void *r, void *g, void *b, const void *luma, const void *chroma,
    const PixelnormColourFactors *factors, int n)
{
  colour_u8_orc ((void *const[3]){ r, g, b }, luma, chroma, factors, 1, n);
}

/* The last of an odd number goes through the reference. */
static void
colour_u8_2_orc (void *r, void *g, void *b, const void *luma, const void *chroma,
    const PixelnormColourFactors *factors, int n)
{
  const int last = n - 1;

  colour_u8_orc ((void *const[3]){ r, g, b }, luma, chroma, factors, 2, n);
  if (n & 1)
    pixelnorm_colour_c[PIXELNORM_SAMPLE_U8][1]((uint8_t *) r + last, (uint8_t *) g + last,
        (uint8_t *) b + last, (const uint8_t *) luma + last, (const uint8_t *) chroma + last,
        factors, 1);
}

/* What Orc 0.4.41 makes of running.orc for AVX gives NaN; its code for SSE is right. */
static int
is_orc_avx (void)
{
  OrcTarget *target = orc_target_get_default ();

  return target && strcmp (orc_target_get_name (target), "avx") == 0;
}

static void
fill_statistics (PixelnormKernels *kernels)
{
  kernels->accumulate[PIXELNORM_SAMPLE_U8] = accumulate_u8_orc;
  kernels->accumulate[PIXELNORM_SAMPLE_U16] = accumulate_u16_orc;
  kernels->accumulate4[PIXELNORM_SAMPLE_U8] = accumulate4_u8_orc;
  kernels->accumulate4[PIXELNORM_SAMPLE_U16] = accumulate4_u16_orc;
  kernels->spill_u16 = spill_u16_orc;
  kernels->spill_u32 = spill_u32_orc;
}

#define USE_NORMALIZE(SAMPLE, samples, ITEM, item)                                                 \
  kernels->normalize[SAMPLE][ITEM] = normalize_##samples##_##item##_orc;                           \
  kernels->normalize_repeat[SAMPLE][ITEM] = normalize_repeat_##samples##_##item##_orc;             \
  kernels->denormalize[ITEM][SAMPLE] = denormalize_##item##_##samples##_orc

/* No Orc can store past the caches. */
#define USE_SAMPLES(SAMPLE, samples)                                                               \
  USE_NORMALIZE (SAMPLE, samples, PIXELNORM_ITEM_F32, f32);                                        \
  USE_NORMALIZE (SAMPLE, samples, PIXELNORM_ITEM_F16, f16);                                        \
  USE_NORMALIZE (SAMPLE, samples, PIXELNORM_ITEM_U8, u8);                                          \
  USE_NORMALIZE (SAMPLE, samples, PIXELNORM_ITEM_I8, i8);                                          \
  kernels->normalize_stream[SAMPLE] = normalize_##samples##_f32_orc;                               \
  kernels->normalize_repeat_stream[SAMPLE] = normalize_repeat_##samples##_f32_orc

void
pixelnorm_fill_orc (PixelnormKernels *kernels)
{
  fill_statistics (kernels);
  USE_SAMPLES (PIXELNORM_SAMPLE_U8, u8);
  USE_SAMPLES (PIXELNORM_SAMPLE_U16, u16);
  kernels->unpack_u16 = unpack_u16_orc;
  kernels->pack_u16 = pack_u16_orc;
  if (!is_orc_avx ()) {
    kernels->running[PIXELNORM_SAMPLE_U8] = running_u8_orc;
    kernels->running[PIXELNORM_SAMPLE_U16] = running_u16_orc;
  }
  kernels->convert[PIXELNORM_ITEM_U8] = convert_u8_orc;
  kernels->convert[PIXELNORM_ITEM_I8] = convert_i8_orc;
  kernels->colour[PIXELNORM_SAMPLE_U8][0] = colour_u8_1_orc;
  kernels->colour[PIXELNORM_SAMPLE_U8][1] = colour_u8_2_orc;
}
