/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "opencv.h"

const char *
opencv_version (void)
{
  return NULL;
}

OpencvWork *
opencv_work_new (const char *name, const char *format, guint width, guint height,
    guint8 *const *frames, guint n_frames)
{
  return NULL;
}

void
opencv_work_free (OpencvWork *work)
{
}

void
opencv_work_run (gpointer work, guint i)
{
}
