/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that change places (pshufb of SSSE3), for which Orc has no opcode: samples from packed pixels
 * or planes to lists.
 *
 * Against the C loop: three channels of packed 8-bit pixels .059 / .352 +500 % (4 bytes a pixel .070 / .354
 * +410 %), of planes .041 / .352 +760 %, one channel of pixels of 2, 3, 4 samples .037 / .294 +690 %, .045 /
 * .295 +560 %, .060 / .300 +400 %; of 16-bit samples .092 / .280 +200 % (packed), .071 / .280 +290 %
 * (planes), .072, .081, .110 / .551 +400 % and more (one channel).
 *
 * A step takes 16 bytes or more of a packed frame, or 16 of each plane. The last pixels of a row go
 * one by one through the C reference, so that no byte outside of the row is read and none outside of
 * the list is written.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include <string.h>
#include <tmmintrin.h>

#include "kernels-c.h"

#define SSSE3 __attribute__ ((target ("ssse3")))

/* Where nothing is to be put. */
#define NONE 0x80

#define MAX_BLOCKS 4

/* Where the bytes of a result come from, made once, by bytes of a sample less one: the o-th result out
 * of plane c; and one channel out of block b of n, n samples a pixel, where the channel is the first
 * of the pixel, and where it is the last. */
static uint8_t planar_places[2][3][3][16];
static uint8_t channel_places[2][MAX_BLOCKS + 1][MAX_BLOCKS][16];
static uint8_t last_places[2][MAX_BLOCKS + 1][MAX_BLOCKS][16];

static void
make_places (int sample_bytes)
{
  for (int k = 0; k < 48; k++)
    for (int c = 0; c < 3; c++) {
      const int sample = k / sample_bytes;

      planar_places[sample_bytes - 1][k / 16][c][k % 16] =
          (uint8_t) (sample % 3 == c ? sample / 3 * sample_bytes + k % sample_bytes : NONE);
    }
  for (int n = 1; n <= MAX_BLOCKS; n++)
    for (int k = 0; k < 16; k++) {
      const int place = k / sample_bytes * sample_bytes * n + k % sample_bytes;
      const int last = place + (n - 1) * sample_bytes;

      for (int b = 0; b < n; b++) {
        channel_places[sample_bytes - 1][n][b][k] = (uint8_t) (place / 16 == b ? place % 16 : NONE);
        last_places[sample_bytes - 1][n][b][k] = (uint8_t) (last / 16 == b ? last % 16 : NONE);
      }
    }
}

static void
gather_rest (void *to, const void *const *from, const unsigned *strides, unsigned n_channels,
    int done, int n_pixels, unsigned sample_bytes)
{
  const PixelnormSample type = sample_bytes == 2 ? PIXELNORM_SAMPLE_U16 : PIXELNORM_SAMPLE_U8;
  const void *rest[3];

  for (unsigned c = 0; c < n_channels; c++)
    rest[c] = (const uint8_t *) from[c] + (size_t) done * strides[c];
  pixelnorm_kernels_c.gather[type]((uint8_t *) to + (size_t) done * n_channels * sample_bytes, rest,
      strides, n_channels, n_pixels - done);
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
  gather_rest (to, from, strides, 3, i, n_pixels, sample_bytes);
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
  gather_rest (to, from, strides, 3, i, n_pixels, sample_bytes);
}

SSSE3 static inline __attribute__ ((always_inline)) __m128i
load (const uint8_t *from)
{
  return _mm_loadu_si128 ((const __m128i *) from);
}

SSSE3 static inline __attribute__ ((always_inline)) __m128i
shuffle_blocks (const uint8_t *from, const __m128i *shuffles, const int n_blocks)
{
  __m128i y = _mm_setzero_si128 ();

  for (int b = 0; b < n_blocks; b++)
    y = _mm_or_si128 (y, _mm_shuffle_epi8 (load (from + 16 * b), shuffles[b]));
  return y;
}

/* 16 bytes of results out of @n_blocks blocks of 16 bytes a step. The last block may end within the
 * pixel after them: so the last step, which overlaps the one before, takes blocks that end with the
 * last sample and begin within the pixel before. Returns whether there were enough pixels. */
SSSE3 static inline __attribute__ ((always_inline)) int
gather_blocks (uint8_t *to, const uint8_t *from, int n_pixels, int sample_bytes, const int n_blocks)
{
  const int step = 16 / sample_bytes, end = n_pixels - step;
  __m128i shuffles[MAX_BLOCKS];

  if (end < 1)
    return 0;
  for (int b = 0; b < n_blocks; b++)
    shuffles[b] = load (channel_places[sample_bytes - 1][n_blocks][b]);
  for (int i = 0; i < end; i += step)
    _mm_storeu_si128 ((__m128i *) (to + (long) i * sample_bytes),
        shuffle_blocks (from + (long) i * sample_bytes * n_blocks, shuffles, n_blocks));
  for (int b = 0; b < n_blocks; b++)
    shuffles[b] = load (last_places[sample_bytes - 1][n_blocks][b]);
  from += ((long) end * n_blocks - (n_blocks - 1)) * sample_bytes;
  _mm_storeu_si128 (
      (__m128i *) (to + (long) end * sample_bytes), shuffle_blocks (from, shuffles, n_blocks));
  return 1;
}

/* One channel out of pixels of 2, 3 or 4 samples. */
SSSE3 static void
gather_channel (
    void *to, const void *const *from, const unsigned *strides, int n_pixels, unsigned sample_bytes)
{
  const int bytes = (int) sample_bytes;
  int done;

  if (strides[0] == 2 * sample_bytes)
    done = gather_blocks (to, from[0], n_pixels, bytes, 2);
  else if (strides[0] == 3 * sample_bytes)
    done = gather_blocks (to, from[0], n_pixels, bytes, 3);
  else
    done = gather_blocks (to, from[0], n_pixels, bytes, 4);
  if (!done)
    gather_rest (to, from, strides, 1, 0, n_pixels, sample_bytes);
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
gather_ssse3 (void *to, const void *const *from, const unsigned *strides, unsigned n_channels,
    int n_pixels, unsigned sample_bytes)
{
  const unsigned stride = strides[0];

  if (n_channels == 1 && stride == sample_bytes)
    memcpy (to, from[0], (size_t) n_pixels * sample_bytes);
  else if (n_channels == 1 && stride <= 4 * sample_bytes && stride % sample_bytes == 0)
    gather_channel (to, from, strides, n_pixels, sample_bytes);
  else if (n_channels == 3 && stride == sample_bytes && strides[1] == stride
      && strides[2] == stride)
    gather_planar (to, from, strides, n_pixels, sample_bytes);
  else if (n_channels == 3 && stride >= 3 * sample_bytes && stride <= 4 * sample_bytes
      && pixelnorm_is_packed (from, strides, stride, sample_bytes))
    gather_packed (to, from, strides, n_pixels, sample_bytes);
  else
    gather_rest (to, from, strides, n_channels, 0, n_pixels, sample_bytes);
}

static void
gather_u8_ssse3 (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  gather_ssse3 (to, from, strides, n_channels, n_pixels, 1);
}

static void
gather_u16_ssse3 (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  gather_ssse3 (to, from, strides, n_channels, n_pixels, 2);
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
  __m128i factors[2];
  uint16_t up[16] = { 0 };
  int i = 0;

  swap = swap != 0;
  for (int k = 0; k < 12; k++) {
    const int low = k / 3 * 4 + first[swap][k % 3] + swap;

    places[2 * k] = (uint8_t) low;
    places[2 * k + 1] = (uint8_t) (swap ? low - 1 : low + 1);
    up[k] = (uint16_t) (64 >> 2 * (k % 3));
  }
  for (int h = 0; h < 2; h++)
    factors[h] = load ((const uint8_t *) &up[8 * h]);
  for (; i + 4 <= n_words; i += 4, to += 12) {
    const __m128i x = load (from + 4 * (long) i);

    _mm_storeu_si128 ((__m128i *) to,
        _mm_srli_epi16 (_mm_mullo_epi16 (_mm_shuffle_epi8 (x, load (places)), factors[0]), 6));
    _mm_storel_epi64 ((__m128i *) (to + 8),
        _mm_srli_epi16 (_mm_mullo_epi16 (_mm_shuffle_epi8 (x, load (places + 16)), factors[1]), 6));
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
  pixelnorm_fill_ssse3_colour (kernels);
}

#endif
