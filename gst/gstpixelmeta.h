/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PixelnormMeta: what was done to a buffer. */
#pragma once

#include <gst/gst.h>

#define GST_PIXEL_META_NAME "PixelnormMeta"

void gst_pixel_meta_register (void);

/* Says on @buffer, which must be writable, what @applied says. A buffer of a pool keeps it for its
 * next round, so in the steady state nothing is allocated. */
void gst_pixel_meta_put (GstBuffer *buffer, const GstStructure *applied);
