/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inner loops. One signature a family; the KERNEL TABLE in kernels.c holds a row for each
 * implementation of all of them, slowest and most readable (C) first. Lengths n are in samples, 0
 * is allowed; arrays need no alignment and never overlap, except that an accumulator is read and
 * written. Same bits whichever row ran.
 */
#pragma once

#include <stdint.h>

/* Samples in a tile: what lies between two kernels of one pass stays in the first-level cache. A
 * multiple of 1, 3 and 4 samples a pixel, so that coefficients of scope channel repeat with every
 * tile. */
#define PIXELNORM_TILE 768

/* How many samples may be added to a u16 sum, and p = x (255 - x) <= 16256 to a u32 sum, before it
 * overflows: 65535 / 255 and (2^32 - 1) / 16256. */
#define PIXELNORM_SPILL_SUM_U8 257
#define PIXELNORM_SPILL_P_U8 264208

/* Statistics of 8-bit samples: min, max, sum += x, p += x (255 - x). The sum of squares follows
 * exactly: sum x^2 = 255 sum x - sum p. scratch: n samples of 16 bits, n <= PIXELNORM_TILE. */
typedef void (*PixelnormAccumulateU8) (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p,
    const uint8_t *x, uint16_t *scratch, int n);

/* The same for the samples of four frames at once. */
typedef void (*PixelnormAccumulate4U8) (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p,
    const uint8_t *const x[4], uint16_t *scratch, int n);

/* Widening: total += part, part = 0. */
typedef void (*PixelnormSpillU16) (uint64_t *total, uint16_t *part, int n);
typedef void (*PixelnormSpillU32) (uint64_t *total, uint32_t *part, int n);

/* y = (x - centre) * scale + bias, x - centre exact, in float32 with two roundings. */
typedef void (*PixelnormNormalizeU8F32) (float *y, const uint8_t *x, const uint8_t *centre,
    const float *scale, const float *bias, int n);

/* The same, rounded half to even and saturated to 0..255. |scale| <= 8192 and |bias| <= 2^21: then
 * every value before saturation stays below 2^22, where adding 1.5 * 2^23 rounds to an integer. */
typedef void (*PixelnormNormalizeU8U8) (uint8_t *y, const uint8_t *x, const uint8_t *centre,
    const float *scale, const float *bias, int n);

#define PIXELNORM_MAX_SCALE_U8 8192.0
#define PIXELNORM_MAX_BIAS_U8 2097152.0

/* Takes n_pixels pixels of n_channels (1 or 3) samples, one source and pixel stride (bytes) a channel,
 * and lays the samples side by side. */
typedef void (*PixelnormGatherU8) (uint8_t *to, const uint8_t *const *from, const unsigned *strides,
    unsigned n_channels, int n_pixels);

typedef struct {
  const char *name;
  PixelnormAccumulateU8 accumulate_u8;
  PixelnormAccumulate4U8 accumulate4_u8;
  PixelnormSpillU16 spill_u16;
  PixelnormSpillU32 spill_u32;
  PixelnormNormalizeU8F32 normalize_u8_f32;
  PixelnormNormalizeU8U8 normalize_u8_u8;
  PixelnormGatherU8 gather_u8;
} PixelnormKernels;

/* The rows of the table, those that this processor can run, ended by one without a name. */
const PixelnormKernels *pixelnorm_kernel_rows (void);
/* The row to use: the last one. */
const PixelnormKernels *pixelnorm_kernels (void);

/* to[i] = tables[i % period][from[i]]; n is in samples. A table knows no faster way. */
void pixelnorm_lookup_u8 (
    uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], unsigned period, int n);
