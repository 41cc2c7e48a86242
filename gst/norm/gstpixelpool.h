/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#define GST_TYPE_PIXEL_POOL (gst_pixel_pool_get_type ())
G_DECLARE_FINAL_TYPE (GstPixelPool, gst_pixel_pool, GST, PIXEL_POOL, GstBufferPool)

/* A pool of plain memory, aligned for vector loops. Transfer full. */
GstBufferPool *gst_pixel_pool_new (void);

/* Answers an ALLOCATION query for buffers of @needed bytes: with our pool or, where @take_theirs, with that
 * of downstream if it has one. @element and @category are for the log. */
void gst_pixel_pool_decide (GstElement *element, GstDebugCategory *category, GstQuery *query,
    guint needed, gboolean take_theirs);
