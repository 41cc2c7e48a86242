/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row "orc" of the kernel table. */
#pragma once

#include "kernels.h"

/* After orc_init (). */
void pixelnorm_fill_orc (PixelnormKernels *kernels);
