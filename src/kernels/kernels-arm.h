/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row "neon" of the kernel table: what Orc cannot say. */
#pragma once

#include "kernels.h"

/* Whether this is a 64-bit ARM processor: all of them have what the row needs. */
int pixelnorm_has_neon (void);
void pixelnorm_fill_neon (PixelnormKernels *kernels);
