/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a video buffer, checked before anyone touches a row. */
#pragma once

#include "gstpixelvideo.h"

typedef struct {
  GstVideoFrame mapped;
  PixelnormFrame frame;
  guint8 *
      memory; /* of a frame that is unpacked, and of what it is unpacked from; kept for the next one */
  gsize size;
} GstPixelFrame;

/* Maps @buffer, which must outlive the mapping. Honours strides, GstVideoMeta and GstVideoCropMeta. What is unpacked stays
 * readable after the mapping, until the next one.
 * Errors are PIXELNORM_ERROR_READ and PIXELNORM_ERROR_MEMORY. */
gboolean gst_pixel_frame_map (GstPixelFrame *self, const GstPixelVideo *video, GstBuffer *buffer,
    GstMapFlags flags, GError **error);
void gst_pixel_frame_unmap (GstPixelFrame *self);

/* Warns, once as @is_warned says, of a buffer that is larger than its caps say and tells not why: a pitch or rows that nobody
 * knows of would be taken for samples. */
void gst_pixel_frame_warn_of_rest (
    GstElement *element, const GstVideoInfo *info, GstBuffer *buffer, gboolean *is_warned);

/* Gives the memory back. */
void gst_pixel_frame_clear (GstPixelFrame *self);
