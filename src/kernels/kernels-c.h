/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C row of the kernel table. */
#pragma once

#include "kernels.h"

extern const PixelnormKernels pixelnorm_kernels_c;

/* The way back, in C and with Orc's programs: into a row. */
void pixelnorm_kernels_back_c (PixelnormKernels *kernels);
void pixelnorm_kernels_back_orc (PixelnormKernels *kernels);

extern const PixelnormDenormalize pixelnorm_denormalize_c[PIXELNORM_N_ITEMS][PIXELNORM_N_SAMPLES];

/* Half precision, rounded half to even, saturated: what float16 results are made with where the
 * processor cannot. */
void pixelnorm_convert_f32_f16_c (uint16_t *to, const float *from, int n);
