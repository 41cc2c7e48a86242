/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work on many items by several threads. */
#pragma once

#include <glib.h>

/* Works on the items from @begin to before @end. */
typedef void (*PixelnormRangeFunc) (gpointer data, gsize begin, gsize end);

/* Calls @work for ranges that together are @n items, side by side where there are processors for them and each range has
 * @least items or more; returns when all are done. */
void pixelnorm_parallel_run (gsize n, gsize least, PixelnormRangeFunc work, gpointer data);
