/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a video buffer, checked before anyone touches a row. */
#pragma once

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

typedef struct {
  GstVideoFrame mapped;
  PixelnormFrame frame;
} GstPixelFrame;

/* Maps @buffer, which must outlive the mapping. Honours strides, GstVideoMeta and GstVideoCropMeta.
 * Errors are PIXELNORM_ERROR_READ. */
gboolean gst_pixel_frame_map (GstPixelFrame *self, const GstVideoInfo *info,
    const PixelnormLayout *layout, GstBuffer *buffer, GstMapFlags flags, GError **error);
void gst_pixel_frame_unmap (GstPixelFrame *self);
