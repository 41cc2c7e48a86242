/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C row of the kernel table. */
#pragma once

#include "kernels.h"

void pixelnorm_accumulate_u8_c (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p,
    const uint8_t *x, uint16_t *scratch, int n);
void pixelnorm_accumulate4_u8_c (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p,
    const uint8_t *const x[4], uint16_t *scratch, int n);
void pixelnorm_spill_u16_c (uint64_t *total, uint16_t *part, int n);
void pixelnorm_spill_u32_c (uint64_t *total, uint32_t *part, int n);
void pixelnorm_normalize_u8_f32_c (float *y, const uint8_t *x, const uint8_t *centre,
    const float *scale, const float *bias, int n);
void pixelnorm_normalize_u8_u8_c (uint8_t *y, const uint8_t *x, const uint8_t *centre,
    const float *scale, const float *bias, int n);
void pixelnorm_gather_u8_c (uint8_t *to, const uint8_t *const *from, const unsigned *strides,
    unsigned n_channels, int n_pixels);
