/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the byte permutations of AVX-512 (VBMI) do better still. Wider arithmetic is in
 * kernels-x86-avx512-normalize.c.
 *
 * A table of 256 bytes is four registers, so 64 bytes at a time are looked up in two steps a table: and
 * since tables are exact, they are the way to 8 bits where samples are planes or alternate between up
 * to four tables.
 *
 * Three channels of packed pixels are picked apart and looked up in one reading, where 64 pixels are three or four registers,
 * too: .028 in cache; frames of RGB in memory, 640x480, .031 / .086 of a channel after the other, +180 %.
 *
 * Stores under a mask are for the end of a list only: plain ones, which the next step writes over, take
 * less time.
 *
 * Lookups of 1 to 4 tables take .021, .023, .028 and .035, beside .119 of normalizing with AVX2, +240 % and
 * more, and .28 of lookups in C. Against SSSE3: three channels of 3 or 4 .027 / .059 +120 % and .028 / .069
 * +150 %, of planes .016 / .041 +160 %; of 16-bit samples .037 / .092 +150 % and .039 / .092 +140 %, of
 * planes .025 / .071 +180 %.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include "avx512.h"
#include "kernels-c.h"

/* A table in registers. */
typedef struct {
  __m512i quarters[4];
} Table;

INLINE_AVX512 Table
load_table (const uint8_t *from)
{
  Table table;

  for (int q = 0; q < 4; q++)
    table.quarters[q] = _mm512_loadu_si512 (from + 64 * q);
  return table;
}

/* @x looked up in the tables that belong to vector @v of a step: since 64 is no multiple of 3, each vector
 * begins one table further. Low and high half of the tables each take their bytes in turn. */
INLINE_AVX512 __m512i
look_up (__m512i x, const Table *tables, const __mmask64 *masks, const unsigned period, unsigned v)
{
  __m512i low = x, high = x;

  for (unsigned c = 0; c < period; c++) {
    const Table *table = &tables[(c + 64 * v) % period];

    low = _mm512_mask2_permutex2var_epi8 (table->quarters[0], low, masks[c], table->quarters[1]);
    high = _mm512_mask2_permutex2var_epi8 (table->quarters[2], high, masks[c], table->quarters[3]);
  }
  return _mm512_mask_blend_epi8 (_mm512_movepi8_mask (x), low, high);
}

/* Which of 64 samples are of table 0, by period; of table c they are c further. */
static const __mmask64 every[5] = { 0, 0xffffffffffffffff, 0x5555555555555555, 0x9249249249249249,
  0x1111111111111111 };

INLINE_AVX512 __mmask64
first (int n)
{
  return n < 64 ? ((__mmask64) 1 << n) - 1 : ~(__mmask64) 0;
}

/* Steps of as many vectors as begin with another table. */
INLINE_AVX512 void
look_up_list (
    uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], const unsigned period, int n)
{
  const unsigned n_vectors = period == 3 ? 3 : 1;
  const int step = 64 * (int) n_vectors;
  Table loaded[4];
  __mmask64 masks[4];
  int i = 0;

  for (unsigned c = 0; c < period; c++) {
    loaded[c] = load_table (tables[c]);
    masks[c] = every[period] << c;
  }
  for (; i + step <= n; i += step)
    for (unsigned v = 0; v < n_vectors; v++) {
      const __m512i x = _mm512_loadu_si512 (from + i + 64 * v);

      _mm512_storeu_si512 (to + i + 64 * v, look_up (x, loaded, masks, period, v));
    }
  for (unsigned v = 0; v < n_vectors && i < n; v++, i += 64) {
    const __mmask64 valid = first (n - i);
    const __m512i x = _mm512_maskz_loadu_epi8 (valid, from + i);

    _mm512_mask_storeu_epi8 (to + i, valid, look_up (x, loaded, masks, period, v));
  }
}

AVX512 static void
lookup_u8_vbmi (
    uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], unsigned period, int n)
{
  if (period == 1)
    look_up_list (to, from, tables, 1, n);
  else if (period == 2)
    look_up_list (to, from, tables, 2, n);
  else if (period == 3)
    look_up_list (to, from, tables, 3, n);
  else
    look_up_list (to, from, tables, 4, n);
}

/* i * n, of 64 pixels of n bytes. */
static uint8_t pixel_offsets[5][64];

/* Pixels as they lie, n bytes each: those of 64. */
typedef struct {
  __m512i parts[4];
} Pixels;

INLINE_AVX512 Pixels
load_pixels (const uint8_t *from, const int n)
{
  Pixels pixels;

  for (int v = 0; v < n; v++)
    pixels.parts[v] = _mm512_loadu_si512 (from + 64 * v);
  return pixels;
}

/* The first @n_bytes of them. */
INLINE_AVX512 Pixels
load_some_pixels (const uint8_t *from, int n_bytes, const int n)
{
  Pixels pixels;

  for (int v = 0; v < n; v++)
    pixels.parts[v] =
        _mm512_maskz_loadu_epi8 (n_bytes > 64 * v ? first (n_bytes - 64 * v) : 0, from + 64 * v);
  return pixels;
}

/* The bytes at @places, one a pixel. */
INLINE_AVX512 __m512i
take_channel (Pixels pixels, __m512i places, const int n)
{
  const __mmask64 is_late = _mm512_movepi8_mask (places); /* from 128 on */
  const __m512i early = _mm512_permutex2var_epi8 (pixels.parts[0], places, pixels.parts[1]);

  if (n == 3)
    return _mm512_mask_permutexvar_epi8 (early, is_late, places, pixels.parts[2]);
  return _mm512_mask_blend_epi8 (
      is_late, early, _mm512_permutex2var_epi8 (pixels.parts[2], places, pixels.parts[3]));
}

/* 64 pixels a step, all of whose bytes must be there; the others are read under a mask. */
INLINE_AVX512 void
look_up_planes (uint8_t *const *to, const uint8_t *const *from, const int n,
    const uint8_t (*const *tables)[256], int n_pixels)
{
  const uint8_t *base = from[0];
  __m512i places[3];
  Table loaded[3];
  int last = 0, i = 0;

  for (int c = 1; c < 3; c++)
    base = from[c] < base ? from[c] : base;
  for (int c = 0; c < 3; c++) {
    const int offset = (int) (from[c] - base);

    places[c] =
        _mm512_add_epi8 (_mm512_loadu_si512 (pixel_offsets[n]), _mm512_set1_epi8 ((char) offset));
    loaded[c] = load_table (*tables[c]);
    last = offset > last ? offset : last;
  }
  for (; i + 64 < n_pixels; i += 64) {
    const Pixels pixels = load_pixels (base + (long) i * n, n);

    for (int c = 0; c < 3; c++)
      _mm512_storeu_si512 (
          to[c] + i, look_up (take_channel (pixels, places[c], n), &loaded[c], every + 1, 1, 0));
  }
  if (i < n_pixels) {
    const int m = n_pixels - i;
    const Pixels pixels = load_some_pixels (base + (long) i * n, (m - 1) * n + last + 1, n);

    for (int c = 0; c < 3; c++)
      _mm512_mask_storeu_epi8 (to[c] + i, first (m),
          look_up (take_channel (pixels, places[c], n), &loaded[c], every + 1, 1, 0));
  }
}

AVX512 static void
lookup_planes_u8_vbmi (uint8_t *const *to, const uint8_t *const *from, unsigned stride,
    const uint8_t (*const *tables)[256], int n_pixels)
{
  const void *const places[] = { from[0], from[1], from[2] };
  const unsigned strides[] = { stride, stride, stride };

  if ((stride != 3 && stride != 4) || !pixelnorm_is_packed (places, strides, stride, 1))
    pixelnorm_kernels_c.lookup_planes_u8 (to, from, stride, tables, n_pixels);
  else if (stride == 3)
    look_up_planes (to, from, 3, tables, n_pixels);
  else
    look_up_planes (to, from, 4, tables, n_pixels);
}

/* Where the bytes of a vector of results come from, made once, by bytes of a sample less one: three channels
 * of n samples a pixel, without the offsets of the channels, whose bytes the masks tell; and the o-th
 * vector of three planes, out of plane 0 and 1, or out of plane 2, whose bytes the masks tell. */
static uint8_t pixel_places[2][5][64];
static __mmask64 channel_masks[2][3];
static uint8_t planar_places[2][3][2][64];
static __mmask64 planar_masks[2][3];

static void
make_places (unsigned bytes)
{
  for (unsigned k = 0; k < 64; k++) {
    const unsigned sample = k / bytes, byte = k % bytes;

    for (unsigned n = 1; n < 5; n++)
      pixel_places[bytes - 1][n][k] = (uint8_t) (sample / 3 * n * bytes + byte);
    channel_masks[bytes - 1][sample % 3] |= (__mmask64) 1 << k;
  }
  for (unsigned k = 0; k < 192; k++) {
    const unsigned sample = k / bytes, place = sample / 3 * bytes + k % bytes;

    planar_places[bytes - 1][k / 64][0][k % 64] = (uint8_t) (sample % 3 == 1 ? 64 + place : place);
    planar_places[bytes - 1][k / 64][1][k % 64] = (uint8_t) place;
    if (sample % 3 == 2)
      planar_masks[bytes - 1][k / 64] |= (__mmask64) 1 << k % 64;
  }
}

/* Three channels out of pixels of @n samples, as many whole pixels as 64 bytes hold; what is written
 * behind them is written again by the next step. */
AVX512 static void
gather_pixels (void *to_, const void *const *from, int n_pixels, int bytes, int n)
{
  const int stride = n * bytes, pixel = 3 * bytes;
  const int step = 64 / stride; /* 64 bytes read, 48 or 63 or less good ones written */
  const int left = step + (63 + pixel) / pixel; /* as many pixels are surely read and written */
  const uint8_t *base = from[0];
  uint8_t *to = to_;
  __m512i place = _mm512_loadu_si512 (pixel_places[bytes - 1][n]);
  int last = 0, i = 0;

  for (int c = 1; c < 3; c++)
    base = (const uint8_t *) from[c] < base ? from[c] : base;
  for (int c = 0; c < 3; c++) {
    const int offset = (int) ((const uint8_t *) from[c] - base);

    place = _mm512_mask_add_epi8 (
        place, channel_masks[bytes - 1][c], place, _mm512_set1_epi8 ((char) offset));
    last = offset > last ? offset : last;
  }
  for (; i + left <= n_pixels; i += step)
    _mm512_storeu_si512 (to + (long) i * pixel,
        _mm512_permutexvar_epi8 (place, _mm512_loadu_si512 (base + (long) i * stride)));
  for (; i < n_pixels; i += step) {
    const int m = n_pixels - i < step ? n_pixels - i : step;
    const __m512i x =
        _mm512_maskz_loadu_epi8 (first ((m - 1) * stride + last + bytes), base + (long) i * stride);

    _mm512_mask_storeu_epi8 (
        to + (long) i * pixel, first (m * pixel), _mm512_permutexvar_epi8 (place, x));
  }
}

/* Three planes. Returns how many pixels are done. */
AVX512 static int
gather_planes (void *to_, const void *const *from, int n_pixels, int bytes)
{
  const int step = 64 / bytes;
  const uint8_t *planes[3] = { from[0], from[1], from[2] };
  uint8_t *to = to_;
  __m512i places[3][2];
  int i = 0;

  for (int o = 0; o < 3; o++)
    for (int k = 0; k < 2; k++)
      places[o][k] = _mm512_loadu_si512 (planar_places[bytes - 1][o][k]);
  for (; i + step <= n_pixels; i += step, to += 192) {
    const long at = (long) i * bytes;
    const __m512i a = _mm512_loadu_si512 (planes[0] + at);
    const __m512i b = _mm512_loadu_si512 (planes[1] + at);
    const __m512i c = _mm512_loadu_si512 (planes[2] + at);

    for (int o = 0; o < 3; o++)
      _mm512_storeu_si512 (to + 64 * o,
          _mm512_mask_permutexvar_epi8 (_mm512_permutex2var_epi8 (a, places[o][0], b),
              planar_masks[bytes - 1][o], places[o][1], c));
  }
  return i;
}

static PixelnormGather gather_otherwise[PIXELNORM_N_SAMPLES];

/* Three channels. */
AVX512 static void
gather_vbmi (void *to, const void *const *from, const unsigned *strides, int n_pixels, int bytes)
{
  const unsigned n = strides[0] % (unsigned) bytes == 0 ? strides[0] / (unsigned) bytes : 0;
  int done = 0;

  if (n == 1 && strides[1] == strides[0] && strides[2] == strides[0]) {
    done = gather_planes (to, from, n_pixels, bytes);
  } else if ((n == 3 || n == 4)
      && pixelnorm_is_packed (from, strides, strides[0], (unsigned) bytes)) {
    gather_pixels (to, from, n_pixels, bytes, (int) n);
    done = n_pixels;
  }
  if (done < n_pixels) {
    const void *rest[3];

    for (unsigned c = 0; c < 3; c++)
      rest[c] = (const uint8_t *) from[c] + (size_t) done * strides[c];
    gather_otherwise[bytes - 1](
        (uint8_t *) to + (size_t) done * 3 * (size_t) bytes, rest, strides, 3, n_pixels - done);
  }
}

static void
gather_u8_vbmi (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  (void) n_channels; /* kernels-x86-pick.c takes fewer */
  gather_vbmi (to, from, strides, n_pixels, 1);
}

static void
gather_u16_vbmi (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  (void) n_channels;
  gather_vbmi (to, from, strides, n_pixels, 2);
}

void
pixelnorm_fill_avx512_bytes (PixelnormKernels *kernels)
{
  for (unsigned n = 3; n <= 4; n++)
    for (unsigned i = 0; i < 64; i++)
      pixel_offsets[n][i] = (uint8_t) (i * n);
  make_places (1);
  make_places (2);
  for (int sample = 0; sample < PIXELNORM_N_SAMPLES; sample++)
    gather_otherwise[sample] = kernels->gather[sample];
  kernels->gather[PIXELNORM_SAMPLE_U8] = gather_u8_vbmi;
  kernels->gather[PIXELNORM_SAMPLE_U16] = gather_u16_vbmi;
  kernels->lookup_u8 = lookup_u8_vbmi;
  kernels->lookup_planes_u8 = lookup_planes_u8_vbmi;
  kernels->fast_tables = 4;
}

#endif
