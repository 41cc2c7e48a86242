/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inner loops. One signature a family; the KERNEL TABLE in kernels.c holds a row for each
 * implementation of all of them, slowest and most readable (C) first. Lengths n are in samples, 0
 * is allowed; arrays need no alignment beyond that of their items and never overlap, except that
 * an accumulator is read and written. Same bits whichever row ran.
 *
 * Times in comments of this folder are what tests/kernels/bench-kernels prints: ns a sample of lists of 768,
 * in cache. GCC 12, a Zen 4 with AVX-512, and Orc 0.4.33, whose only x86 backend is SSE, unless they say
 * otherwise. "a / b +c %": this row, the row before, and the gain in speed.
 */
#pragma once

#include <stdint.h>

/* Samples in a tile: what lies between two kernels of one pass stays in the first-level cache. A
 * multiple of 1, 2, 3 and 4 samples a pixel, so that coefficients of scope channel repeat with
 * every tile. */
#define PIXELNORM_TILE 768

/* Coefficients of scope channel repeat after fewer samples already: a multiple of 1, 2, 3 and 4, and
 * of the 8 samples of a vector. */
#define PIXELNORM_REPEAT 24

/* How samples are stored: bytes, or native 16-bit words, for every depth above 8. */
typedef enum { PIXELNORM_SAMPLE_U8, PIXELNORM_SAMPLE_U16, PIXELNORM_N_SAMPLES } PixelnormSample;

/* What the items of a result are. */
typedef enum {
  PIXELNORM_ITEM_F32,
  PIXELNORM_ITEM_F16,
  PIXELNORM_ITEM_U8,
  PIXELNORM_ITEM_I8,
  PIXELNORM_N_ITEMS
} PixelnormItem;

/* Statistics: min, max, sum += x, p += x (M - x), where M is the largest value of the type: 255 or
 * 65535. The sum of squares follows exactly: sum x^2 = M sum x - sum p.
 *   u8: min, max u8; sum u16; p u32. p = x (255 - x) <= 16256 of four samples fits 16 bits.
 *   u16: min, max u16; sum u32; p u64. p = x (65535 - x) <= 2^30 - 2^15 of four samples fits 32.
 * scratch: n items of 32 bits, n <= PIXELNORM_TILE. lists: one list of samples, or four. */
typedef void (*PixelnormAccumulate) (
    void *min, void *max, void *sum, void *p, const void *const *lists, void *scratch, int n);

/* How many samples may be added to a sum and to p before they overflow: 65535 / 255 and
 * (2^32 - 1) / 16256 for u8; (2^32 - 1) / 65535 for u16, whose p needs no spilling. */
#define PIXELNORM_SPILL_SUM_U8 257
#define PIXELNORM_SPILL_P_U8 264208
#define PIXELNORM_SPILL_SUM_U16 65537

/* Widening: total += part, part = 0. */
typedef void (*PixelnormSpillU16) (uint64_t *total, uint16_t *part, int n);
typedef void (*PixelnormSpillU32) (uint64_t *total, uint32_t *part, int n);

/* y = (x - centre) * scale + bias, x - centre exact, in float32 with two roundings; centre is of
 * the samples' type.
 *   f32: that. f16: rounded half to even, saturated at +-65504 (never infinite).
 *   u8, i8: rounded half to even, zero_point added to the integer, saturated. The value is clamped
 *   to +-1024 before it is rounded, so every finite scale and bias will do; |zero_point| <= 128 or
 *   <= 255. Other types ignore zero_point. */
typedef void (*PixelnormNormalize) (void *y, const void *x, const void *centre, const float *scale,
    const float *bias, int zero_point, int n);

/* A channel of packed pixels: its samples from x on, a stride apart, and where its results go, side by side. */
typedef struct {
  void *y;
  const void *x, *centre;
  const float *scale, *bias;
} PixelnormToPlane;

/* Normalizes three channels of packed pixels to a plane each, all in one reading. The three samples of a pixel lie within
 * one stride (in bytes). */
typedef void (*PixelnormNormalizePlanes) (
    const PixelnormToPlane *planes, unsigned stride, int zero_point, int n_pixels);

/* Most channels that are gathered at once. */
#define PIXELNORM_MAX_GATHERED 3

/* Takes n_pixels pixels of n_channels (1 to PIXELNORM_MAX_GATHERED) samples, one source and pixel stride (in bytes) a
 * channel, and lays the samples side by side. */
typedef void (*PixelnormGather) (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels);

/* to[i] = tables[i % period][from[i]], period 1 to 4; n is in samples. */
typedef void (*PixelnormLookupU8) (
    uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], unsigned period, int n);

/* to[c][i] = tables[c][from[c][i * stride]] for three channels of packed pixels. */
typedef void (*PixelnormLookupPlanesU8) (uint8_t *const *to, const uint8_t *const *from,
    unsigned stride, const uint8_t (*const *tables)[256], int n_pixels);

/* Samples to codes of 8 bits without floating point, for 16-bit lanes: with a = ((256 x + fine) * factor) >> 16,
 *   code = ((a + plus - minus) >> shift) ^ sign
 * where the sum saturates at 65535, the difference at 0, and what was shifted at 255. Coefficients repeat every
 * PIXELNORM_REPEAT samples: a tile of them, however long the list; maybe only the first are looked at. */
typedef struct {
  uint8_t fine[PIXELNORM_TILE];
  uint16_t factor[PIXELNORM_TILE], plus[PIXELNORM_TILE], minus[PIXELNORM_TILE];
  int shift; /* 1 to 8 */
  int sign;  /* 0; 128 where codes are int8 */
} PixelnormFixedPoint;

typedef void (*PixelnormFixedPointU8) (
    uint8_t *to, const uint8_t *from, const PixelnormFixedPoint *how, int n);

/* The way back: x = round ((y - bias) * unscale + centre), half to even, saturated at 0 and @largest,
 * with one rounding of float32 each for the difference and the product, and none but the last for the
 * sum. y that is no number, or whose product is none (infinity times 0), becomes centre. centre and x are
 * of the samples' type; largest is 255 where that is a byte. */
typedef void (*PixelnormDenormalize) (void *x, const void *y, const void *centre,
    const float *unscale, const float *bias, int largest, int n);

/* Gather the other way round: samples side by side go to a place and pixel stride a channel. */
typedef void (*PixelnormScatter) (
    void *const *to, const unsigned *strides, unsigned n_channels, const void *from, int n_pixels);

/* Pixels of four samples out of three channels: those of channel c lie from from[c] on, @stride bytes apart, side by side or in
 * planes, and go to the sample places[c], 0 to 3, of each pixel. The one that is left becomes @opaque. */
typedef void (*PixelnormScatterOpaque) (void *to, const unsigned *places, const void *const *from,
    unsigned stride, unsigned opaque, int n_pixels);

/* Unpack the other way round: x << shift, then bytes swapped where swap is not 0; in place. */
typedef void (*PixelnormPackU16) (uint16_t *x, int swap, int shift, int n);

/* 16-bit words as they lie in memory -> code values, in place: bytes swapped where swap is not 0,
 * then x >> shift & mask. */
typedef void (*PixelnormUnpackU16) (uint16_t *x, int swap, int shift, unsigned mask, int n);

/* Words of 32 bits, each of three samples of 10 bits with the first in its lowest bits, as in v210: their code values, side
 * by side. Bytes are swapped where swap is not 0. Words may lie anywhere. */
typedef void (*PixelnormUnpack10) (uint16_t *to, const void *words, int swap, int n_words);

/* What a running estimate is made with, the same for all samples. The mean is a 32-bit integer, a code
 * value times 2^shift, shift = 31 - depth: differences from code values are exact and fit 32 bits. */
typedef struct {
  int shift;
  float unit; /* 2^-shift */
  float
      weight; /* of the variance in the divisor: 1, or 0 where nothing is divided by a deviation */
  float epsilon; /* added to it */
  float floor;   /* the smallest divisor; it or epsilon is not 0 */
} PixelnormRunningParameters;

/* The weight 1 of what is new: momentum is in 2^-31, so it is 2^-31 short of 1. */
#define PIXELNORM_MOMENTUM_1 INT32_MAX
/* rest of a mean that has no fraction: so means are rounded. */
#define PIXELNORM_REST_HALF 0x8000

/* Running estimates of every sample. With d = x - mean of before:
 *   y = d / max (sqrt (variance * weight + epsilon), floor) * gamma + beta
 *   mean += momentum * d, in integers; rest - 0x8000 is its fraction, in 2^-16 of its last place
 *   variance += momentum * ((1 - momentum) * d^2 - variance), which is (1 - momentum) (variance + momentum
 *   d^2) and keeps still where that is; at least 2^-100, so that no denormal number comes up.
 * Where momentum is 0, both estimates stay. Means of float32 would make errors of 2e-5 in y; these err by
 * 2^-15 of their last place a frame, 2^-38 of a code value at 8 bits and 2^-30 at 16. variance begins with 0.
 *
 * y errs by roundings of its own, with u = 2^-24: 7 of |y - beta| (d two, the deviation two, the quotient, gamma,
 * the product), one of beta and one of y: at most 5e-7 (|y - beta| + |beta|). What is subtracted is the mean,
 * not the sample next to y = 0, so where beta cancels the rest that is more than 5e-7 |y|. And y - beta errs by half
 * of what the variance errs by: a rounding a frame, half a unit in its last place, which shrinks by 1 - momentum a
 * frame: at most 2^-24 / momentum of it. That is 3e-7 at momentum .1; at .01 it would be 3e-6, but roundings only add
 * up where d has the same size in hundreds of frames. In noise they cancel, and a tenth of it is left.
 * n <= PIXELNORM_TILE. */
typedef void (*PixelnormRunningKernel) (float *y, int32_t *mean, uint16_t *rest, float *variance,
    const void *x, const float *gamma, const float *beta, const int32_t *momentum,
    const PixelnormRunningParameters *parameters, int n);

/* float32 to other items, by the rules of PixelnormNormalize. */
typedef void (*PixelnormConvert) (void *to, const float *from, int zero_point, int n);

/* Y'CbCr to R'G'B' by ITU-T H.273, exact: the real numbers of its equations in full-range codes, rounded half
 * up, clipped to 0 .. largest. With u = Cb - centre, v = Cr - centre, all in integers:
 *   C = floor ((cb u + cr v + half) / divisor), once a chroma sample and channel
 *   value = floor ((scale (Y - black) + C) / unit)
 * scale / unit = (2^d - 1) / (219 2^(d-8)) in lowest terms, 1/1 for full range; half / divisor = unit / 2.
 */
typedef struct {
  int64_t cb, cr, half, divisor;
  /* The same in 15 bits a part, the first one signed, what vectors multiply pairs (u, v) with: parts[k][0] u +
   * parts[k][1] v is p[k], and C = (p[0] + first + ((p[1] + last) >> 15)) >> shift; deeper than 8 bits
   * (p[0] + first + ((p[1] + ((p[2] + ((p[3] + last) >> 15)) >> 15)) >> 15)) >> shift. */
  int16_t parts[4][2];
  int32_t first, last;
  int shift;
  /* R and B in 8 bits of limited range: of one sample x of the pair, C = whole x + ((fraction x + 2^14) >> 15) + offset */
  int16_t whole, fraction, offset;
} PixelnormChromaTerm;

typedef struct {
  int depth, black, centre, largest;
  int scale, unit;
  PixelnormChromaTerm terms[3]; /* of R, G, B */
  int has_parts;                /* 8 to 14 bits */
  int swapped;                  /* pairs are v, u, and so are parts */
} PixelnormColourFactors;

/* Three planes of n <= PIXELNORM_TILE pixels of luma side by side and of pairs Cb, Cr, one a pixel, or one for
 * two pixels from the first on. */
typedef void (*PixelnormColourKernel) (void *r, void *g, void *b, const void *luma,
    const void *chroma, const PixelnormColourFactors *factors, int n);

/* How samples of chroma become those of every pixel: t = near + far of two rows, each times its weight; then at
 * pixel f of the 2^log2_w that share sample i, (own t[i] + other t[i + side] + rounding) >> shift. */
typedef struct {
  int log2_w, near, far, shift;
  struct {
    int own, other, side, rounding;
  } pixels[4];
} PixelnormUpsampling;

/* The pairs of n <= PIXELNORM_TILE pixels; n_pairs pairs of each row, of which the one at @first, 0 or 1, is that of
 * the first pixels. What would lie before the first pair or behind the last is a copy of it. */
typedef void (*PixelnormUpsample) (void *to, const void *near, const void *far,
    const PixelnormUpsampling *how, int first, int n_pairs, int n);

typedef struct {
  const char *name;                                     /* of the row */
  PixelnormAccumulate accumulate[PIXELNORM_N_SAMPLES];  /* one list */
  PixelnormAccumulate accumulate4[PIXELNORM_N_SAMPLES]; /* four lists */
  PixelnormSpillU16 spill_u16;
  PixelnormSpillU32 spill_u32;
  PixelnormNormalize normalize[PIXELNORM_N_SAMPLES][PIXELNORM_N_ITEMS];
  /* coefficients that repeat every PIXELNORM_REPEAT samples: a tile of them, however long the list; maybe
   * only the first are looked at */
  PixelnormNormalize normalize_repeat[PIXELNORM_N_SAMPLES][PIXELNORM_N_ITEMS];
  /* f32 past the caches, for results that they could not hold; elsewhere the same as the above.
   * Whoever used it calls stream_end before another thread reads the result. */
  PixelnormNormalize normalize_stream[PIXELNORM_N_SAMPLES];
  PixelnormNormalize normalize_repeat_stream[PIXELNORM_N_SAMPLES];
  void (*stream_end) (void);
  /* the same for planes; where coefficients repeat, all of a plane are its first one */
  PixelnormNormalizePlanes planes[PIXELNORM_N_SAMPLES][PIXELNORM_N_ITEMS];
  PixelnormNormalizePlanes planes_repeat[PIXELNORM_N_SAMPLES][PIXELNORM_N_ITEMS];
  PixelnormNormalizePlanes planes_stream[PIXELNORM_N_SAMPLES];
  PixelnormNormalizePlanes planes_repeat_stream[PIXELNORM_N_SAMPLES];
  PixelnormGather gather[PIXELNORM_N_SAMPLES];
  PixelnormUnpackU16 unpack_u16;
  PixelnormUnpack10 unpack_10;
  PixelnormLookupU8 lookup_u8;
  PixelnormLookupPlanesU8 lookup_planes_u8;
  PixelnormFixedPointU8 fixed_point_u8;
  unsigned fast_fixed_point; /* whether that takes less time than normalize to 8 bits */
  unsigned fast_tables;      /* up to so many tables take less time than either */
  unsigned
      fast_planes; /* whether planes take less time than a channel after the other, gathered and normalized */
  /* the way back */
  PixelnormDenormalize denormalize[PIXELNORM_N_ITEMS][PIXELNORM_N_SAMPLES];
  PixelnormScatter scatter[PIXELNORM_N_SAMPLES];
  PixelnormScatterOpaque scatter_opaque[PIXELNORM_N_SAMPLES];
  PixelnormPackU16 pack_u16;
  PixelnormRunningKernel running[PIXELNORM_N_SAMPLES];
  PixelnormConvert convert[PIXELNORM_N_ITEMS]; /* NULL for f32 */
  PixelnormColourKernel colour[PIXELNORM_N_SAMPLES]
                              [2]; /* by log2 of the pixels that share a pair */
  PixelnormUpsample upsample[PIXELNORM_N_SAMPLES];
} PixelnormKernels;

/* A row of the KERNEL TABLE. */
typedef struct {
  const char *name;
  const char *needs; /* what a processor may lack for it, in words */
  int (*is_supported) (void);
  void (*fill) (PixelnormKernels *kernels); /* in what it does better than the rows before it */
} PixelnormKernelRow;

/* All rows, slowest first, ended by one without a name. */
const PixelnormKernelRow *pixelnorm_kernel_rows (void);
/* The kernels of a row; NULL where this processor lacks what it needs. */
const PixelnormKernels *pixelnorm_kernels_of_row (const PixelnormKernelRow *row);
/* The kernels to use: those of the row that PIXELNORM_KERNELS in the environment names, else of the last
 * one that this processor can run. */
const PixelnormKernels *pixelnorm_kernels (void);
