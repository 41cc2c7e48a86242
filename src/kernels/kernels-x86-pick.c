/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One or two channels out of packed pixels, and pairs out of two planes, which is luma and chroma of Y'CbCr
 * and the planes of RGB, in vectors of 128 (SSSE3), 256 and 512 bits (VBMI): pick-x86.h, once a width.
 *
 * In SSSE3 against the C loop: two planes .019 / .362 +1800 %, pairs of 2 samples .020 / .360 +1700 %, of 4
 * .030 / .362 +1100 %; one channel of 2, 3, 4 samples .030 / .285 +850 %, .040 / .286 +620 %, .050 / .288 +480 %;
 * of 16-bit samples .034 / .290 +750 % (planes, pairs of 2), .052 / .290 +460 % (pairs of 4), .052 / .281 +440 %,
 * .070 / .281 +300 %, .090 / .281 +210 %.
 * In AVX2 against SSSE3: two planes .013 / .019 +46 %, pairs of 2 .014 / .020 +43 %, pairs of 4 and one channel of
 * 2 .021 / .030 +43 %, one of 4 .035 / .050 +43 %; 16 bits .021 / .034 +62 %, .034 / .052 +53 %, .059 / .090 +53 %.
 * In AVX-512 against AVX2: pairs of 4 and one channel of 2 .018 / .021 +17 %, 16 bits .029 / .034 +17 %, and the
 * kernel `colour`, which reads 64 bytes, need not wait for two stores: all that makes RGB of YUY2, .307 / .348 ns
 * a pixel. One channel of 3 or 4 is not here: .027 / .042 and .030 / .035 in cache, but out of frames in memory
 * pixelnorm took 1.2 times as long with it, RGB or BGRx of 1920x1080 to NCHW.
 */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "kernels-c.h"

#define MAX_BLOCKS 4

/* Made once, by bytes of a sample less one: where the bytes of results come from, by channels less one and
 * samples a pixel, as if all channels were the first sample; and all bits of what is of the second channel. */
static uint8_t places[2][2][5][64];
static uint8_t seconds[2][64];

/* Pixels that one or two channels are taken out of. */
typedef struct {
  const uint8_t *from; /* the sample that lies first */
  int behind;          /* bytes of a pixel behind the sample that lies last */
  int offset, apart;   /* bytes to the first channel, and from there to the second */
  const uint8_t *places, *seconds;
} Pixels;

static void
make_places (unsigned bytes)
{
  for (unsigned k = 0; k < 64; k++) {
    const unsigned sample = k / bytes, byte = k % bytes;

    for (unsigned channels = 1; channels <= 2; channels++)
      for (unsigned n = 1; n <= 4; n++)
        places[bytes - 1][channels - 1][n][k] = (uint8_t) (sample / channels * n * bytes + byte);
    seconds[bytes - 1][k] = sample % 2 ? 0xff : 0;
  }
}

/* How many bytes there are for each of a result; 0 for what is no such pixel. */
static inline __attribute__ ((always_inline)) int
find_pixels (Pixels *to, const void *const *from, const unsigned *strides, unsigned n_channels,
    const int bytes)
{
  static const uint8_t n_blocks[2][5] = { { 0, 1, 2, 3, 4 }, { 0, 0, 1, 0, 2 } };
  const uint8_t *first = from[0], *last = from[n_channels - 1];
  const intptr_t apart = (intptr_t) last - (intptr_t) first;
  const intptr_t span = (apart < 0 ? -apart : apart) + bytes;
  const unsigned stride = strides[0], n = stride / (unsigned) bytes;

  if (strides[n_channels - 1] != stride || n > 4 || n * (unsigned) bytes != stride
      || span > (intptr_t) stride)
    return 0;
  *to = (Pixels){ .from = apart < 0 ? last : first,
    .behind = (int) stride - (int) span,
    .offset = apart < 0 ? (int) -apart : 0,
    .apart = (int) apart,
    .places = places[bytes - 1][n_channels - 1][n],
    .seconds = seconds[bytes - 1] };
  return n_blocks[n_channels - 1][n];
}

#define ROW(name) sse_##name
#define TARGET __attribute__ ((target ("ssse3")))
#define VECTOR __m128i
#define BYTES 16
#define TAKES(n_blocks) 1
#define NARROWER(name, sample) pixelnorm_kernels_c.gather[sample]
#define V(name) _mm_##name
#define S(name) _mm_##name##_si128
#define LANES(from) sse_load (from)
#define IN_ORDER(y, n_blocks) y
#define PAIRS(a, b)
#include "pick-x86.h"

#define ROW(name) avx2_##name
#define TARGET __attribute__ ((target ("avx2")))
#define VECTOR __m256i
#define BYTES 32
#define TAKES(n_blocks) (n_blocks != 3)
#define NARROWER(name, sample) sse_##name
#define V(name) _mm256_##name
#define S(name) _mm256_##name##_si256
#define LANES(from) _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const __m128i *) (from)))
#define IN_ORDER(y, n_blocks)                                                                      \
  (n_blocks == 1 ? y                                                                               \
          : n_blocks == 2                                                                          \
          ? _mm256_permute4x64_epi64 (y, 0xd8)                                                     \
          : _mm256_permutevar8x32_epi32 (y, _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7)))
#define PAIRS(a, b)                                                                                \
  do {                                                                                             \
    const VECTOR first = _mm256_permute2x128_si256 (a, b, 0x20);                                   \
                                                                                                   \
    b = _mm256_permute2x128_si256 (a, b, 0x31);                                                    \
    a = first;                                                                                     \
  } while (0)
#include "pick-x86.h"

#define ROW(name) avx512_##name
#define TARGET __attribute__ ((target ("avx512f,avx512bw,avx512vl,avx512vbmi")))
#define VECTOR __m512i
#define BYTES 64
#define TAKES(n_blocks) (n_blocks == 2)
#define NARROWER(name, sample) avx2_##name
#define V(name) _mm512_##name
#define S(name) _mm512_##name##_si512
#define LANES(from) avx512_load (from)
#include "pick-x86.h"

void
pixelnorm_fill_ssse3_pick (PixelnormKernels *kernels)
{
  make_places (1);
  make_places (2);
  sse_fill (kernels);
}

void
pixelnorm_fill_avx2_pick (PixelnormKernels *kernels)
{
  avx2_fill (kernels);
}

void
pixelnorm_fill_avx512_pick (PixelnormKernels *kernels)
{
  avx512_fill (kernels);
}

#endif
