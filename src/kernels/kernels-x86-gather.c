/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that change places (pshufb of SSSE3), for which Orc has no opcode: three channels from packed pixels
 * or planes to lists. Fewer are taken by kernels-x86-pick.c.
 *
 * Against the C loop: three channels of packed 8-bit pixels .059 / .345 +480 % (4 bytes a pixel .069 / .346
 * +400 %), of planes .041 / .345 +740 %; of 16-bit samples .092 / .279 +200 % (packed), .071 / .279 +290 %
 * (planes).
 *
 * A step takes 16 bytes or more of a packed frame, or 16 of each plane. The last pixels of a row go
 * one by one through the C reference, so that no byte outside of the row is read and none outside of
 * the list is written.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include <tmmintrin.h>

#include "kernels-c.h"

#define SSSE3 __attribute__ ((target ("ssse3")))

/* Where nothing is to be put. */
#define NONE 0x80

/* Where the bytes of a result come from, made once, by bytes of a sample less one: the o-th result out
 * of plane c. */
static uint8_t planar_places[2][3][3][16];

static void
make_places (int sample_bytes)
{
  for (int k = 0; k < 48; k++)
    for (int c = 0; c < 3; c++) {
      const int sample = k / sample_bytes;

      planar_places[sample_bytes - 1][k / 16][c][k % 16] =
          (uint8_t) (sample % 3 == c ? sample / 3 * sample_bytes + k % sample_bytes : NONE);
    }
}

static void
gather_rest (void *to, const void *const *from, const unsigned *strides, int done, int n_pixels,
    unsigned sample_bytes)
{
  const PixelnormSample type = sample_bytes == 2 ? PIXELNORM_SAMPLE_U16 : PIXELNORM_SAMPLE_U8;
  const void *rest[3];

  for (unsigned c = 0; c < 3; c++)
    rest[c] = (const uint8_t *) from[c] + (size_t) done * strides[c];
  pixelnorm_kernels_c.gather[type](
      (uint8_t *) to + (size_t) done * 3 * sample_bytes, rest, strides, 3, n_pixels - done);
}

/* Three channels out of pixels of @stride bytes, as many pixels as 16 bytes hold of them and of their
 * results a step. */
SSSE3 static void
gather_packed (
    void *to, const void *const *from, const unsigned *strides, int n_pixels, unsigned sample_bytes)
{
  const int stride = (int) strides[0], pixel = 3 * (int) sample_bytes;
  const int step = 16 / stride < 16 / pixel ? 16 / stride : 16 / pixel;
  const int left = (16 + pixel - 1) / pixel; /* what a step reads and writes is less than so many */
  const uint8_t *base = from[0];
  uint8_t places[16];
  long offsets[3];
  int i = 0;

  for (int c = 1; c < 3; c++)
    base = (const uint8_t *) from[c] < base ? from[c] : base;
  for (int c = 0; c < 3; c++)
    offsets[c] = (const uint8_t *) from[c] - base;
  /* what lies outside is written again by the next step */
  for (int k = 0, c = 0; k < 16; c = c == 2 ? 0 : c + 1) {
    for (unsigned b = 0; b < sample_bytes; b++)
      places[k++] = (uint8_t) (offsets[c] < 16 ? offsets[c] + b : NONE);
    offsets[c] += stride;
  }
  const __m128i shuffle = _mm_loadu_si128 ((const __m128i *) places);

  for (; i + left <= n_pixels; i += step) {
    const __m128i x = _mm_loadu_si128 ((const __m128i *) (base + (long) i * stride));

    _mm_storeu_si128 (
        (__m128i *) ((uint8_t *) to + (long) i * pixel), _mm_shuffle_epi8 (x, shuffle));
  }
  gather_rest (to, from, strides, i, n_pixels, sample_bytes);
}

/* Three planes: 16 bytes of each become 3 x 16 bytes, each sample from one of the planes. */
SSSE3 static void
gather_planar (
    void *to, const void *const *from, const unsigned *strides, int n_pixels, unsigned sample_bytes)
{
  const int step = 16 / (int) sample_bytes;
  const uint8_t *planes[3] = { from[0], from[1], from[2] };
  __m128i shuffles[3][3]; /* output, plane */
  int i = 0;

  for (int o = 0; o < 3; o++)
    for (int c = 0; c < 3; c++)
      shuffles[o][c] = _mm_loadu_si128 ((const __m128i *) planar_places[sample_bytes - 1][o][c]);
  for (; i + step <= n_pixels; i += step) {
    const long at = (long) i * (int) sample_bytes;
    const __m128i a = _mm_loadu_si128 ((const __m128i *) (planes[0] + at));
    const __m128i b = _mm_loadu_si128 ((const __m128i *) (planes[1] + at));
    const __m128i c = _mm_loadu_si128 ((const __m128i *) (planes[2] + at));

    for (int o = 0; o < 3; o++)
      _mm_storeu_si128 ((__m128i *) ((uint8_t *) to + 3 * at + 16 * o),
          _mm_or_si128 (_mm_or_si128 (_mm_shuffle_epi8 (a, shuffles[o][0]),
                            _mm_shuffle_epi8 (b, shuffles[o][1])),
              _mm_shuffle_epi8 (c, shuffles[o][2])));
  }
  gather_rest (to, from, strides, i, n_pixels, sample_bytes);
}

int
pixelnorm_is_packed (
    const void *const *from, const unsigned *strides, unsigned stride, unsigned sample_bytes)
{
  const uintptr_t span = stride - sample_bytes;

  for (int c = 0; c < 3; c++)
    for (int k = 0; k < 3; k++)
      if (strides[c] != stride || (uintptr_t) from[c] - (uintptr_t) from[k] + span > 2 * span)
        return 0;
  return 1;
}

static void
gather_ssse3 (
    void *to, const void *const *from, const unsigned *strides, int n_pixels, unsigned sample_bytes)
{
  const unsigned stride = strides[0];

  if (stride == sample_bytes && strides[1] == stride && strides[2] == stride)
    gather_planar (to, from, strides, n_pixels, sample_bytes);
  else if (stride >= 3 * sample_bytes && stride <= 4 * sample_bytes
      && pixelnorm_is_packed (from, strides, stride, sample_bytes))
    gather_packed (to, from, strides, n_pixels, sample_bytes);
  else
    gather_rest (to, from, strides, 0, n_pixels, sample_bytes);
}

static void
gather_u8_ssse3 (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  (void) n_channels; /* kernels-x86-pick.c takes fewer */
  gather_ssse3 (to, from, strides, n_pixels, 1);
}

static void
gather_u16_ssse3 (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  (void) n_channels;
  gather_ssse3 (to, from, strides, n_pixels, 2);
}

/* Four words a step: the two bytes that each of 12 samples is in go to a word, where it is shifted to the high end by a
 * product, and down. */
SSSE3 static void
unpack_10_ssse3 (uint16_t *to, const void *words, int swap, int n_words)
{
  static const int8_t first[2][3] = { { 0, 1, 2 },
    { 2, 1, 0 } }; /* of a sample, the byte of its low bits */
  const uint8_t *from = words;
  uint8_t places[32] = { 0 };
  __m128i shuffles[2], factors[2];
  uint16_t up[16] = { 0 };
  int i = 0;

  swap = swap != 0;
  for (int k = 0; k < 12; k++) {
    const int low = k / 3 * 4 + first[swap][k % 3] + swap;

    places[2 * k] = (uint8_t) low;
    places[2 * k + 1] = (uint8_t) (swap ? low - 1 : low + 1);
    up[k] = (uint16_t) (64 >> 2 * (k % 3));
  }
  for (int h = 0; h < 2; h++) {
    shuffles[h] = _mm_loadu_si128 ((const __m128i *) &places[16 * h]);
    factors[h] = _mm_loadu_si128 ((const __m128i *) &up[8 * h]);
  }
  for (; i + 4 <= n_words; i += 4, to += 12) {
    const __m128i x = _mm_loadu_si128 ((const __m128i *) (from + 4 * (long) i));

    _mm_storeu_si128 ((__m128i *) to,
        _mm_srli_epi16 (_mm_mullo_epi16 (_mm_shuffle_epi8 (x, shuffles[0]), factors[0]), 6));
    _mm_storel_epi64 ((__m128i *) (to + 8),
        _mm_srli_epi16 (_mm_mullo_epi16 (_mm_shuffle_epi8 (x, shuffles[1]), factors[1]), 6));
  }
  pixelnorm_kernels_c.unpack_10 (to, from + 4 * (long) i, swap, n_words - i);
}

void
pixelnorm_fill_ssse3 (PixelnormKernels *kernels)
{
  make_places (1);
  make_places (2);
  kernels->gather[PIXELNORM_SAMPLE_U8] = gather_u8_ssse3;
  kernels->gather[PIXELNORM_SAMPLE_U16] = gather_u16_ssse3;
  kernels->unpack_10 = unpack_10_ssse3;
  pixelnorm_fill_ssse3_pick (kernels);
  pixelnorm_fill_ssse3_colour (kernels);
}

#endif
