/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same work done by OpenCV, on one core. Where it is not installed, opencv-none.c stands in and
 * has no work. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct OpencvWork OpencvWork;

/* NULL where it is not installed. */
const char *opencv_version (void);

/* NULL where OpenCV has no work of this name, or of this format of GStreamer, which cvtColor brings to RGB
 * first. Frames of 8 bits, rows without padding, which must live as long. */
OpencvWork *opencv_work_new (const char *name, const char *format, guint width, guint height,
    guint8 *const *frames, guint n_frames);
void opencv_work_free (OpencvWork *work);

/* Takes an #OpencvWork and the number of the frame. */
void opencv_work_run (gpointer work, guint i);

G_END_DECLS
