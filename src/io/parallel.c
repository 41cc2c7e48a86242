/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parallel.h"

#define MAX_THREADS 8

typedef struct {
  PixelnormRangeFunc work;
  gpointer data;
  gsize begin, end;
  GThread *thread; /* NULL: there was none to be had */
} Range;

static gpointer
work_on (gpointer data)
{
  const Range *range = data;

  range->work (range->data, range->begin, range->end);
  return NULL;
}

void
pixelnorm_parallel_run (gsize n, gsize least, PixelnormRangeFunc work, gpointer data)
{
  const gsize n_ranges = CLAMP (n / MAX (least, 1), 1, MIN (g_get_num_processors (), MAX_THREADS));
  Range ranges[MAX_THREADS];

  for (gsize i = 0; i < n_ranges; i++) {
    Range *range = &ranges[i];

    *range = (Range){ work, data, n / n_ranges * i + MIN (i, n % n_ranges) };
    range->end = range->begin + n / n_ranges + (i < n % n_ranges);
    if (i > 0)
      range->thread = g_thread_try_new ("pixelnorm", work_on, range, NULL);
  }
  for (gsize i = 0; i < n_ranges; i++)
    if (!ranges[i].thread)
      work_on (&ranges[i]);
  for (gsize i = 0; i < n_ranges; i++)
    if (ranges[i].thread)
      g_thread_join (ranges[i].thread);
}

void
pixelnorm_task_begin (PixelnormTask *self, GThreadFunc work, gpointer data, gboolean is_long)
{
  self->thread = is_long ? g_thread_try_new ("pixelnorm", work, data, NULL) : NULL;
  if (!self->thread)
    work (data);
}

void
pixelnorm_task_end (PixelnormTask *self)
{
  if (self->thread)
    g_thread_join (self->thread);
  self->thread = NULL;
}
