/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x86 rows of the kernel table. */
#pragma once

#include "kernels.h"

/* Whether this processor can run a row, and what the row does better than the one before it: bytes that
 * change places (SSSE3); arithmetic (AVX2 and F16C); both in wider vectors (AVX-512 with VBMI). Each includes what the
 * rows before it need. */
int pixelnorm_has_ssse3 (void);
int pixelnorm_has_avx2 (void);
int pixelnorm_has_avx512 (void);
void pixelnorm_fill_ssse3 (PixelnormKernels *kernels);
void pixelnorm_fill_avx2 (PixelnormKernels *kernels);
void pixelnorm_fill_avx512 (PixelnormKernels *kernels);

/* The parts of the row "avx2", more where Orc's vectors are narrow, of 128 bits; statistics and words only there. */
void pixelnorm_fill_avx2_normalize (PixelnormKernels *kernels, int orc_is_narrow);
void pixelnorm_fill_avx2_denormalize (PixelnormKernels *kernels, int orc_is_narrow);
void pixelnorm_fill_avx2_fixed_point (PixelnormKernels *kernels);
void pixelnorm_fill_avx2_scatter (PixelnormKernels *kernels);
void pixelnorm_fill_avx2_running (PixelnormKernels *kernels, int orc_is_narrow);
void pixelnorm_fill_avx2_statistics (PixelnormKernels *kernels);
void pixelnorm_fill_avx2_words (PixelnormKernels *kernels);
/* The parts of the row "avx512". */
void pixelnorm_fill_avx512_bytes (PixelnormKernels *kernels);
void pixelnorm_fill_avx512_normalize (PixelnormKernels *kernels);

/* Packed pixels to planes, of two rows. */
void pixelnorm_fill_avx2_planes (PixelnormKernels *kernels);
void pixelnorm_fill_avx512_planes (PixelnormKernels *kernels);

/* Gathering one or two channels, in each row; for three it leaves the kernel that it finds. */
void pixelnorm_fill_ssse3_pick (PixelnormKernels *kernels);
void pixelnorm_fill_avx2_pick (PixelnormKernels *kernels);
void pixelnorm_fill_avx512_pick (PixelnormKernels *kernels);

/* Y'CbCr to R'G'B' of each row. */
void pixelnorm_fill_ssse3_colour (PixelnormKernels *kernels);
void pixelnorm_fill_avx2_colour (PixelnormKernels *kernels);
void pixelnorm_fill_avx512_colour (PixelnormKernels *kernels);

/* Whether the three samples of a pixel lie within one stride of @stride bytes. */
int pixelnorm_is_packed (
    const void *const *from, const unsigned *strides, unsigned stride, unsigned sample_bytes);

/* Leaves the upper halves of vector registers clean, where there are any. */
static inline void
pixelnorm_clean_vectors (void)
{
#if defined(__x86_64__) || defined(__i386__)
  if (__builtin_cpu_supports ("avx"))
    __asm__ volatile("vzeroupper" ::: "memory");
#endif
}
