/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work by several threads: on many items, or on something beside the caller's work. */
#pragma once

#include <glib.h>

/* Works on the items from @begin to before @end. */
typedef void (*PixelnormRangeFunc) (gpointer data, gsize begin, gsize end);

/* Calls @work for ranges that together are @n items, side by side where there are processors for them and each range has
 * @least items or more; returns when all are done. */
void pixelnorm_parallel_run (gsize n, gsize least, PixelnormRangeFunc work, gpointer data);

/* Work beside the caller's. */
typedef struct {
  GThread *thread; /* NULL: it was done in the caller's */
} PixelnormTask;

/* Begins it in a thread of its own, or, where there is none to be had or it is not @is_long, does it now. */
void pixelnorm_task_begin (PixelnormTask *self, GThreadFunc work, gpointer data, gboolean is_long);

/* Waits until it is done. */
void pixelnorm_task_end (PixelnormTask *self);
