/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same work done by Simd (github.com/ermig1979/Simd), on one core. Where meson did not find it, simd-none.c stands in and
 * has no work. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct SimdWork SimdWork;

/* NULL where it was not found. */
const char *simd_version (void);

/* NULL where Simd has no work of this path, or of this format of GStreamer. Frames of 8 bits, rows of a multiple of 4 bytes,
 * which must live as long. */
SimdWork *simd_work_new (const char *path, const char *format, guint width, guint height,
    guint8 *const *frames, guint n_frames);
void simd_work_free (SimdWork *work);

/* Takes a #SimdWork and the number of the frame. */
void simd_work_run (gpointer work, guint i);

G_END_DECLS
