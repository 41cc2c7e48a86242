/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x86 row of the kernel table. */
#pragma once

#include "kernels.h"

/* Puts what this processor does better into a copy of another row; 0 where that is nothing. */
int pixelnorm_kernels_x86 (PixelnormKernels *kernels);
