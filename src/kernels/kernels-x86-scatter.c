/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixels of four samples out of three channels and a constant, with AVX2: RGBx, BGRA and their like. Channels side by side
 * are moved by one shuffle, planes by unpacking twice.
 *
 * Against the C loop: out of planes .026 / .352, out of a list .028 / .358; of 16-bit samples .041 / .230 and .045 / .230.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include "avx2.h"
#include "kernels-c.h"

/* Of a list of three channels a pixel: where the samples of a pixel lie in it, a byte each, the highest bit where there is
 * none. */
typedef struct {
  const uint8_t *from;
  __m256i places, opaque;
} List;

INLINE_AVX2 List
find_list (const unsigned *places, const void *const *from, unsigned opaque, const int bytes)
{
  const int bits = 8 * bytes;
  const uint64_t one = (1u << bits) - 1;
  uint64_t place = 0x8080808080808080, constant = 0;
  const uint8_t *base = from[0];
  unsigned left = 6;

  for (int c = 1; c < 3; c++)
    base = (const uint8_t *) from[c] < base ? from[c] : base;
  for (int c = 0; c < 3; c++) {
    const uint64_t first = (uint64_t) ((const uint8_t *) from[c] - base);
    const uint64_t whole = bytes == 2 ? first | (first + 1) << 8 : first;

    place = (place & ~(one << bits * places[c])) | whole << bits * places[c];
    left -= places[c];
  }
  constant = (uint64_t) opaque << bits * left;
  if (bytes == 1) {
    place = (place & 0xffffffff) | place << 32;
    constant |= constant << 32;
  }
  /* from pixel to pixel of a lane */
  const __m256i pixels = bytes == 2
      ? _mm256_set_epi32 (0x06060606, 0x06060606, 0, 0, 0x06060606, 0x06060606, 0, 0)
      : _mm256_set_epi32 (
          0x09090909, 0x06060606, 0x03030303, 0, 0x09090909, 0x06060606, 0x03030303, 0);

  return (List){ base, _mm256_add_epi8 (_mm256_set1_epi64x ((int64_t) place), pixels),
    _mm256_set1_epi64x ((int64_t) constant) };
}

/* 12 bytes a lane, of 16 that are read. */
INLINE_AVX2 void
move_list (uint8_t *to, const uint8_t *from, __m256i places, __m256i opaque)
{
  const __m128i low = _mm_loadu_si128 ((const __m128i *) from);
  const __m256i x = _mm256_inserti128_si256 (
      _mm256_castsi128_si256 (low), _mm_loadu_si128 ((const __m128i *) (from + 12)), 1);

  store_all (to, _mm256_or_si256 (_mm256_shuffle_epi8 (x, places), opaque));
}

/* The last steps begin to read 4 bytes earlier, since else they would read as many behind the list; the last one overlaps the
 * one before. Returns whether there are enough pixels. */
INLINE_AVX2 int
scatter_list (uint8_t *to, const unsigned *places, const void *const *from, unsigned opaque,
    long n_pixels, const int bytes)
{
  const List list = find_list (places, from, opaque, bytes);
  const long stride = 3 * bytes, pixel = 4 * bytes, step = 32 / pixel, end = n_pixels - step;
  const __m256i later = _mm256_add_epi8 (list.places, _mm256_set1_epi8 (4));

  long i = 0;

  if (end * stride < 4)
    return 0;
#pragma GCC unroll 4
  for (; i * stride + 4 <= end * stride; i += step)
    move_list (to + i * pixel, list.from + i * stride, list.places, list.opaque);
  for (i = i < end ? i : end;; i = end) {
    move_list (to + i * pixel, list.from + i * stride - 4, later, list.opaque);
    if (i == end)
      return 1;
  }
}

/* 32 bytes of each plane, in the order of a pixel's samples. */
INLINE_AVX2 void
move_planes (uint8_t *to, const __m256i *planes, const int bytes)
{
#define UNPACK(half, a, b)                                                                         \
  (bytes == 2 ? _mm256_unpack##half##_epi16 (a, b) : _mm256_unpack##half##_epi8 (a, b))
#define UNPACK_PAIRS(half, a, b)                                                                   \
  (bytes == 2 ? _mm256_unpack##half##_epi32 (a, b) : _mm256_unpack##half##_epi16 (a, b))
  const __m256i low[] = { UNPACK (lo, planes[0], planes[1]), UNPACK (lo, planes[2], planes[3]) };
  const __m256i high[] = { UNPACK (hi, planes[0], planes[1]), UNPACK (hi, planes[2], planes[3]) };
  /* each lane has pixels of that lane */
  const __m256i quarters[] = { UNPACK_PAIRS (lo, low[0], low[1]), UNPACK_PAIRS (hi, low[0], low[1]),
    UNPACK_PAIRS (lo, high[0], high[1]), UNPACK_PAIRS (hi, high[0], high[1]) };
#undef UNPACK
#undef UNPACK_PAIRS

  for (int k = 0; k < 2; k++) {
    store_all (to + 32 * k, _mm256_permute2x128_si256 (quarters[2 * k], quarters[2 * k + 1], 0x20));
    store_all (
        to + 64 + 32 * k, _mm256_permute2x128_si256 (quarters[2 * k], quarters[2 * k + 1], 0x31));
  }
}

/* The last step overlaps the one before. Returns whether there are enough pixels. */
INLINE_AVX2 int
scatter_planes (uint8_t *to, const unsigned *places, const void *const *from, unsigned opaque,
    long n_pixels, const int bytes)
{
  const __m256i constant =
      bytes == 2 ? _mm256_set1_epi16 ((short) opaque) : _mm256_set1_epi8 ((char) opaque);
  const long end = n_pixels * bytes - 32;
  const uint8_t *planes[4] = { (const uint8_t *) &constant, (const uint8_t *) &constant,
    (const uint8_t *) &constant, (const uint8_t *) &constant };
  long walks[4] = { 0 }; /* all bits where the sample is that of a plane, which goes on */

  if (end < 0)
    return 0;
  for (int c = 0; c < 3; c++) {
    planes[places[c]] = from[c];
    walks[places[c]] = -1;
  }
  for (long at = 0;; at = at + 32 < end ? at + 32 : end) {
    __m256i x[4];

    for (int s = 0; s < 4; s++)
      x[s] = load_all (planes[s] + (at & walks[s]));
    move_planes (to + 4 * at, x, bytes);
    if (at == end)
      return 1;
  }
}

INLINE_AVX2 int
scatter (uint8_t *to, const unsigned *places, const void *const *from, unsigned stride,
    unsigned opaque, int n_pixels, const int bytes)
{
  const unsigned strides[] = { stride, stride, stride };

  if (stride == (unsigned) bytes)
    return scatter_planes (to, places, from, opaque, n_pixels, bytes);
  return stride == 3u * bytes && pixelnorm_is_packed (from, strides, stride, (unsigned) bytes)
      && scatter_list (to, places, from, opaque, n_pixels, bytes);
}

#define DEFINE(samples, SAMPLE, bytes)                                                             \
  AVX2 static void scatter_opaque_##samples##_avx2 (void *to, const unsigned *places,              \
      const void *const *from, unsigned stride, unsigned opaque, int n_pixels)                     \
  {                                                                                                \
    if (!scatter (to, places, from, stride, opaque, n_pixels, bytes))                              \
      pixelnorm_scatter_opaque_c[SAMPLE](to, places, from, stride, opaque, n_pixels);              \
  }

DEFINE (u8, PIXELNORM_SAMPLE_U8, 1)
DEFINE (u16, PIXELNORM_SAMPLE_U16, 2)

void
pixelnorm_fill_avx2_scatter (PixelnormKernels *kernels)
{
  kernels->scatter_opaque[PIXELNORM_SAMPLE_U8] = scatter_opaque_u8_avx2;
  kernels->scatter_opaque[PIXELNORM_SAMPLE_U16] = scatter_opaque_u16_avx2;
}

#endif
