/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row "orc" of the kernel table: wrappers that put several Orc programs together to one kernel.
 *
 * Orc's code for AVX and AVX-512 (0.4.41, 0.4.44) ends without vzeroupper, and after that for AVX-512 SSE code runs four times
 * slower: every wrapper cleans up behind it. A loop is named NAME_made, and NAME_orc runs it where it is right.
 */
#include "kernels-orc.h"

#include <orc/orc.h>
#include <string.h>

#include "kernels-c.h"
#include "kernels-watch.h"
#include "kernels-x86.h"
#include "orc-colour.h"
#include "orc-denormalize.h"
#include "orc-normalize.h"
#include "orc-running.h"
#include "orc-statistics.h"

#define MAGIC 0x4b400000 /* normalize.orc */

/* NAME_orc, of what Orc made where that is right, else of the reference. Then come, of each array of the signature in turn,
 * the bytes of an item and what it may be. */
#define DEFINE_WATCHED(name, signature, SAMPLE, parameters, arguments, reference, ...)             \
  static void name##_orc parameters                                                                \
  {                                                                                                \
    static PixelnormWatch watch = { #name, SAMPLE, pixelnorm_call_##signature, { __VA_ARGS__ } };  \
                                                                                                   \
    if (pixelnorm_watch_is_right (                                                                 \
            &watch, (PixelnormAnyKernel) name##_made, (PixelnormAnyKernel) (reference)))           \
      name##_made arguments;                                                                       \
    else                                                                                           \
      (reference) arguments;                                                                       \
  }

#define U8 PIXELNORM_SAMPLE_U8
#define U16 PIXELNORM_SAMPLE_U16

#define BITS(bytes)                                                                                \
  {                                                                                                \
    bytes, PIXELNORM_BITS                                                                          \
  }
#define NUMBERS(content)                                                                           \
  {                                                                                                \
    4, PIXELNORM_##content                                                                         \
  }

static void
accumulate_u8_made (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  /* two programs, since a program's widest type sets its pace: bytes beside 32-bit words run at a
   * quarter */
  pixelnorm_orc_accumulate_u8 (min, max, sum, scratch, lists[0], n);
  pixelnorm_orc_add_u16_u32 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
accumulate4_u8_made (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  pixelnorm_orc_accumulate4_u8 (min, max, sum, scratch, lists[0], lists[1], lists[2], lists[3], n);
  pixelnorm_orc_add_u16_u32 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
accumulate_u16_made (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  pixelnorm_orc_accumulate_u16 (min, max, sum, scratch, lists[0], n);
  pixelnorm_orc_add_u32_u64 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
accumulate4_u16_made (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
{
  pixelnorm_orc_accumulate4_u16 (min, max, sum, scratch, lists[0], lists[1], lists[2], lists[3], n);
  pixelnorm_orc_add_u32_u64 (p, scratch, n);
  pixelnorm_clean_vectors ();
}

static void
spill_u16_made (uint64_t *total, uint16_t *part, int n)
{
  pixelnorm_orc_spill_u16 (total, part, n);
  pixelnorm_clean_vectors ();
}

static void
spill_u32_made (uint64_t *total, uint32_t *part, int n)
{
  pixelnorm_orc_spill_u32 (total, part, n);
  pixelnorm_clean_vectors ();
}

#define ACCUMULATE_PARAMETERS                                                                      \
  (void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n)
#define WATCH_ACCUMULATE(name, SAMPLE, ...)                                                        \
  DEFINE_WATCHED (name, accumulate, SAMPLE, ACCUMULATE_PARAMETERS,                                 \
      (min, max, sum, p, lists, scratch, n), __VA_ARGS__)
#define SUMS(b) BITS (b), BITS (b), BITS (2 * b), BITS (4 * b), BITS (b)

WATCH_ACCUMULATE (accumulate_u8, U8, pixelnorm_kernels_c.accumulate[U8], SUMS (1))
WATCH_ACCUMULATE (accumulate_u16, U16, pixelnorm_kernels_c.accumulate[U16], SUMS (2))
WATCH_ACCUMULATE (
    accumulate4_u8, U8, pixelnorm_kernels_c.accumulate4[U8], SUMS (1), BITS (1), BITS (1), BITS (1))
WATCH_ACCUMULATE (accumulate4_u16, U16, pixelnorm_kernels_c.accumulate4[U16], SUMS (2), BITS (2),
    BITS (2), BITS (2))

DEFINE_WATCHED (spill_u16, spill_u16, U16, (uint64_t * total, uint16_t *part, int n),
    (total, part, n), pixelnorm_kernels_c.spill_u16, BITS (8), BITS (2))
DEFINE_WATCHED (spill_u32, spill_u32, U16, (uint64_t * total, uint32_t *part, int n),
    (total, part, n), pixelnorm_kernels_c.spill_u32, BITS (8), BITS (4))

#define DEFINE_NORMALIZE_F32(samples)                                                              \
  static void normalize_##samples##_f32_made (void *y, const void *x, const void *centre,          \
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
  static void normalize_##samples##_##item##_made (void *y, const void *x, const void *centre,     \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    pixelnorm_orc_normalize_##samples##_##item (y, x, centre, scale, bias, MAGIC - zero_point, n); \
    pixelnorm_clean_vectors ();                                                                    \
  }

#define WATCH_NORMALIZE(name, SAMPLE, ITEM, bytes, item_bytes)                                     \
  DEFINE_WATCHED (name, normalize, SAMPLE,                                                         \
      (void *y, const void *x, const void *centre, const float *scale, const float *bias,          \
          int zero_point, int n),                                                                  \
      (y, x, centre, scale, bias, zero_point, n), pixelnorm_kernels_c.normalize[SAMPLE][ITEM],     \
      BITS (item_bytes), BITS (bytes), BITS (bytes), NUMBERS (COEFFICIENTS),                       \
      NUMBERS (COEFFICIENTS))

DEFINE_NORMALIZE_F32 (u8)
DEFINE_NORMALIZE_F32 (u16)
WATCH_NORMALIZE (normalize_u8_f32, U8, PIXELNORM_ITEM_F32, 1, 4)
WATCH_NORMALIZE (normalize_u16_f32, U16, PIXELNORM_ITEM_F32, 2, 4)
DEFINE_NORMALIZE_F16 (u8, uint8_t)
DEFINE_NORMALIZE_F16 (u16, uint16_t)
DEFINE_NORMALIZE_CODES (u8, u8)
DEFINE_NORMALIZE_CODES (u8, i8)
DEFINE_NORMALIZE_CODES (u16, u8)
DEFINE_NORMALIZE_CODES (u16, i8)
WATCH_NORMALIZE (normalize_u8_u8, U8, PIXELNORM_ITEM_U8, 1, 1)
WATCH_NORMALIZE (normalize_u8_i8, U8, PIXELNORM_ITEM_I8, 1, 1)
WATCH_NORMALIZE (normalize_u16_u8, U16, PIXELNORM_ITEM_U8, 2, 1)
WATCH_NORMALIZE (normalize_u16_i8, U16, PIXELNORM_ITEM_I8, 2, 1)

PIXELNORM_DEFINE_REPEAT (u8_f32_orc, uint8_t, float)
PIXELNORM_DEFINE_REPEAT (u8_f16_orc, uint8_t, uint16_t)
PIXELNORM_DEFINE_REPEAT (u8_u8_orc, uint8_t, uint8_t)
PIXELNORM_DEFINE_REPEAT (u8_i8_orc, uint8_t, int8_t)
PIXELNORM_DEFINE_REPEAT (u16_f32_orc, uint16_t, float)
PIXELNORM_DEFINE_REPEAT (u16_f16_orc, uint16_t, uint16_t)
PIXELNORM_DEFINE_REPEAT (u16_u8_orc, uint16_t, uint8_t)
PIXELNORM_DEFINE_REPEAT (u16_i8_orc, uint16_t, int8_t)

static void
unpack_u16_made (uint16_t *x, int swap, int shift, unsigned mask, int n)
{
  if (swap)
    pixelnorm_orc_unpack_swapped_u16 (x, shift, (int) mask, n);
  else
    pixelnorm_orc_unpack_u16 (x, shift, (int) mask, n);
  pixelnorm_clean_vectors ();
}

DEFINE_WATCHED (unpack_u16, unpack, U16, (uint16_t * x, int swap, int shift, unsigned mask, int n),
    (x, swap, shift, mask, n), pixelnorm_kernels_c.unpack_u16, BITS (2), BITS (2), BITS (2),
    BITS (2))

static void
fixed_point_u8_made (uint8_t *to, const uint8_t *from, const PixelnormFixedPoint *how, int n)
{
  for (int i = 0; i < n; i += PIXELNORM_TILE)
    pixelnorm_orc_fixed_point_u8 (to + i, from + i, how->fine, how->factor, how->plus, how->minus,
        how->shift, how->sign, n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE);
  pixelnorm_clean_vectors ();
}

DEFINE_WATCHED (fixed_point_u8, fixed_point, U8,
    (uint8_t * to, const uint8_t *from, const PixelnormFixedPoint *how, int n), (to, from, how, n),
    pixelnorm_kernels_c.fixed_point_u8, BITS (1), BITS (1), BITS (1), BITS (2), BITS (2), BITS (2))

#define DEFINE_RUNNING(samples)                                                                    \
  static void running_##samples##_made (float *y, int32_t *mean, uint16_t *rest, float *variance,  \
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

#define WATCH_RUNNING(name, SAMPLE, bytes)                                                         \
  DEFINE_WATCHED (name, running, SAMPLE,                                                           \
      (float *y, int32_t *mean, uint16_t *rest, float *variance, const void *x,                    \
          const float *gamma, const float *beta, const int32_t *momentum,                          \
          const PixelnormRunningParameters *k, int n),                                             \
      (y, mean, rest, variance, x, gamma, beta, momentum, k, n), pixelnorm_##name##_c, BITS (4),   \
      NUMBERS (POSITIVE), BITS (2), NUMBERS (VARIANCES), BITS (bytes), NUMBERS (COEFFICIENTS),     \
      NUMBERS (COEFFICIENTS), NUMBERS (POSITIVE))

DEFINE_RUNNING (u8)
DEFINE_RUNNING (u16)
WATCH_RUNNING (running_u8, U8, 1)
WATCH_RUNNING (running_u16, U16, 2)

static void
convert_u8_made (void *to, const float *from, int zero_point, int n)
{
  pixelnorm_orc_convert_u8 (to, from, MAGIC - zero_point, n);
  pixelnorm_clean_vectors ();
}

static void
convert_i8_made (void *to, const float *from, int zero_point, int n)
{
  pixelnorm_orc_convert_i8 (to, from, MAGIC - zero_point, n);
  pixelnorm_clean_vectors ();
}

#define WATCH_CONVERT(name)                                                                        \
  DEFINE_WATCHED (name, convert, U8, (void *to, const float *from, int zero_point, int n),         \
      (to, from, zero_point, n), pixelnorm_##name##_c, BITS (1), NUMBERS (COEFFICIENTS))

WATCH_CONVERT (convert_u8)
WATCH_CONVERT (convert_i8)

#define DENORMALIZE_ARGUMENTS                                                                      \
  void *x, const void *y, const void *centre, const float *unscale, const float *bias,             \
      int largest, int n

#define DEFINE_DENORMALIZE(item)                                                                   \
  static void denormalize_##item##_u8_made (DENORMALIZE_ARGUMENTS)                                 \
  {                                                                                                \
    (void) largest; /* saturating conversions know it */                                           \
    pixelnorm_orc_denormalize_##item##_u8 (x, y, centre, unscale, bias, n);                        \
    pixelnorm_clean_vectors ();                                                                    \
  }                                                                                                \
                                                                                                   \
  static void denormalize_##item##_u16_made (DENORMALIZE_ARGUMENTS)                                \
  {                                                                                                \
    pixelnorm_orc_denormalize_##item##_u16 (x, y, centre, unscale, bias, largest, n);              \
    pixelnorm_clean_vectors ();                                                                    \
  }

#define WATCH_DENORMALIZE(name, ITEM, SAMPLE, bytes, item)                                         \
  DEFINE_WATCHED (name, denormalize, SAMPLE, (DENORMALIZE_ARGUMENTS),                              \
      (x, y, centre, unscale, bias, largest, n), pixelnorm_denormalize_c[ITEM][SAMPLE],            \
      BITS (bytes), item, BITS (bytes), NUMBERS (COEFFICIENTS), NUMBERS (COEFFICIENTS))

DEFINE_DENORMALIZE (f32)
DEFINE_DENORMALIZE (u8)
DEFINE_DENORMALIZE (i8)
WATCH_DENORMALIZE (denormalize_f32_u8, PIXELNORM_ITEM_F32, U8, 1, NUMBERS (RESULTS))
WATCH_DENORMALIZE (denormalize_f32_u16, PIXELNORM_ITEM_F32, U16, 2, NUMBERS (RESULTS))
WATCH_DENORMALIZE (denormalize_u8_u8, PIXELNORM_ITEM_U8, U8, 1, BITS (1))
WATCH_DENORMALIZE (denormalize_u8_u16, PIXELNORM_ITEM_U8, U16, 2, BITS (1))
WATCH_DENORMALIZE (denormalize_i8_u8, PIXELNORM_ITEM_I8, U8, 1, BITS (1))
WATCH_DENORMALIZE (denormalize_i8_u16, PIXELNORM_ITEM_I8, U16, 2, BITS (1))

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
pack_u16_made (uint16_t *x, int swap, int shift, int n)
{
  if (swap)
    pixelnorm_orc_pack_swapped_u16 (x, shift, n);
  else
    pixelnorm_orc_pack_u16 (x, shift, n);
  pixelnorm_clean_vectors ();
}

DEFINE_WATCHED (pack_u16, pack, U16, (uint16_t * x, int swap, int shift, int n),
    (x, swap, shift, n), pixelnorm_pack_u16_c, BITS (2), BITS (2), BITS (2), BITS (2))

/* What saturation of words clips at both ends by: the largest word becomes the largest code. */
#define LIMITED_TOP (UINT16_MAX - 18687)
#define FULL_TOP (UINT16_MAX - 255)

/* Orc's words lie at even addresses; luma and results need not. */
static void
colour_u8 (void *const planes[3], const void *luma, const void *chroma,
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
colour_u8_1_made (void *r, void *g, void *b, const void *luma, const void *chroma,
    const PixelnormColourFactors *factors, int n)
{
  colour_u8 ((void *const[3]){ r, g, b }, luma, chroma, factors, 1, n);
}

/* The last of an odd number goes through the reference. */
static void
colour_u8_2_made (void *r, void *g, void *b, const void *luma, const void *chroma,
    const PixelnormColourFactors *factors, int n)
{
  const int last = n - 1;

  colour_u8 ((void *const[3]){ r, g, b }, luma, chroma, factors, 2, n);
  if (n & 1)
    pixelnorm_colour_c[PIXELNORM_SAMPLE_U8][1]((uint8_t *) r + last, (uint8_t *) g + last,
        (uint8_t *) b + last, (const uint8_t *) luma + last, (const uint8_t *) chroma + last,
        factors, 1);
}

#define WATCH_COLOUR(name, log2_shared)                                                            \
  DEFINE_WATCHED (name, colour, U8,                                                                \
      (void *r, void *g, void *b, const void *luma, const void *chroma,                            \
          const PixelnormColourFactors *factors, int n),                                           \
      (r, g, b, luma, chroma, factors, n), pixelnorm_colour_c[U8][log2_shared], BITS (1),          \
      BITS (1), BITS (1), BITS (1), BITS (2), BITS (1), BITS (1), BITS (1))

WATCH_COLOUR (colour_u8_1, 0)
WATCH_COLOUR (colour_u8_2, 1)

/* What Orc makes of running.orc is known to be wrong for AVX (0.4.35 to 0.4.41) and for NEON (before 0.4.38; later it is
 * not made at all); its code for SSE is right. */
static int
running_is_wrong (void)
{
  OrcTarget *target = orc_target_get_default ();
  const char *name = target ? orc_target_get_name (target) : "";

  return strcmp (name, "avx") == 0 || strcmp (name, "neon") == 0;
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
  pixelnorm_orc_init_colour ();
  pixelnorm_orc_init_denormalize ();
  pixelnorm_orc_init_normalize ();
  pixelnorm_orc_init_running ();
  pixelnorm_orc_init_statistics ();
  fill_statistics (kernels);
  USE_SAMPLES (PIXELNORM_SAMPLE_U8, u8);
  USE_SAMPLES (PIXELNORM_SAMPLE_U16, u16);
  kernels->fixed_point_u8 = fixed_point_u8_orc;
  kernels->fast_fixed_point = 1;
  kernels->unpack_u16 = unpack_u16_orc;
  kernels->pack_u16 = pack_u16_orc;
  if (!running_is_wrong ()) {
    kernels->running[PIXELNORM_SAMPLE_U8] = running_u8_orc;
    kernels->running[PIXELNORM_SAMPLE_U16] = running_u16_orc;
  }
  kernels->convert[PIXELNORM_ITEM_U8] = convert_u8_orc;
  kernels->convert[PIXELNORM_ITEM_I8] = convert_i8_orc;
  kernels->colour[PIXELNORM_SAMPLE_U8][0] = colour_u8_1_orc;
  kernels->colour[PIXELNORM_SAMPLE_U8][1] = colour_u8_2_orc;
}
