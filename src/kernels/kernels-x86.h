/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x86 rows of the kernel table. */
#pragma once

#include "kernels.h"

/* Puts what this processor does better into a copy of another row; 0 where that is nothing. */
int pixelnorm_kernels_x86 (PixelnormKernels *kernels);
/* The same with AVX-512 and VBMI, on top of that row. */
int pixelnorm_kernels_x86_wide (PixelnormKernels *kernels);

/* The parts of it: bytes that change places (SSSE3); normalization, the way back and running estimates (AVX2 and F16C),
 * more of it where Orc's vectors are narrow, of 128 bits, and statistics (AVX2), where they are; AVX-512 with VBMI. */
void pixelnorm_kernels_x86_gather (PixelnormKernels *kernels);
void pixelnorm_kernels_x86_normalize (PixelnormKernels *kernels, int orc_is_narrow);
void pixelnorm_kernels_x86_back (PixelnormKernels *kernels, int orc_is_narrow);
void pixelnorm_kernels_x86_running (PixelnormKernels *kernels, int orc_is_narrow);
void pixelnorm_kernels_x86_statistics (PixelnormKernels *kernels);
void pixelnorm_kernels_x86_avx512 (PixelnormKernels *kernels);
void pixelnorm_kernels_x86_avx512_normalize (PixelnormKernels *kernels);

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
