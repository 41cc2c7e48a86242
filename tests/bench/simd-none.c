/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd.h"

const char *
simd_version (void)
{
  return NULL;
}

SimdWork *
simd_work_new (const char *path, const char *format, guint width, guint height,
    guint8 *const *frames, guint n_frames)
{
  return NULL;
}

void
simd_work_free (SimdWork *work)
{
}

void
simd_work_run (gpointer work, guint i)
{
}
