/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of 8-bit codes, and the same as arithmetic of 16-bit integers. */
#pragma once

#include <glib.h>

#include "kernels/kernels.h"

/* @n samples of pixels of some channels to codes. */
typedef void (*PixelnormCodesLoop) (gconstpointer data, void *to, const void *from, gint n);

/* What a loop makes of every byte, as tables for the i-th sample of a pixel; at most 4. */
void pixelnorm_codes_of_loop (
    PixelnormCodesLoop loop, gconstpointer data, guint period, guint8 (*tables)[256]);

/* What makes the codes of all @period tables, bit by bit. @scales: how many codes a code value is, a channel; @sign: 128
 * where codes are int8, else 0. FALSE where no integers do. */
gboolean pixelnorm_fixed_point_fit (PixelnormFixedPoint *self, const guint8 (*tables)[256],
    const float *scales, guint period, gint sign);
