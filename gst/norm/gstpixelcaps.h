/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps of tensors and of 8-bit video, and what a stream of video becomes as one of them. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

/* Which orders of dimensions may be taken. */
typedef enum {
  GST_PIXEL_CAPS_NHWC = 1 << PIXELNORM_TENSOR_LAYOUT_NHWC,
  GST_PIXEL_CAPS_NCHW = 1 << PIXELNORM_TENSOR_LAYOUT_NCHW,
} GstPixelCapsLayouts;

/* What pixelnorm can send: every spelling of tensor caps, then video. Transfer full. */
GstCaps *gst_pixel_caps_output_template (void);

/* What pixelnorm can make of video @caps, @batch_size frames to a tensor, best first. Transfer full. */
GstCaps *gst_pixel_caps_from_video (const GstCaps *caps, guint tensor_layouts, guint batch_size);

/* The video from which pixelnorm can make @caps. Where they only ask for other numbers of frames, that
 * from which it could with another @batch_size. Transfer full. */
GstCaps *gst_pixel_caps_to_video (const GstCaps *caps, guint tensor_layouts, guint batch_size);

/* How many frames a tensor has by @caps, where that is never @batch_size; else 0. */
guint gst_pixel_caps_other_batch (const GstCaps *caps, guint batch_size);

/* The best of @caps that video of the fixed caps @input can become: tensors before video, NHWC before
 * NCHW, four dimensions before three. Takes over @caps. Transfer full. */
GstCaps *gst_pixel_caps_choose (
    GstCaps *caps, const GstCaps *input, guint tensor_layouts, guint batch_size);

/* Why no video at all can become one of @wanted, and what to do, in sentences; NULL where some can. */
gchar *gst_pixel_caps_explain_wanted (
    const GstCaps *wanted, guint tensor_layouts, guint batch_size);

/* Likewise, why video of the fixed caps @input cannot. */
gchar *gst_pixel_caps_explain (
    const GstCaps *input, const GstCaps *wanted, guint tensor_layouts, guint batch_size);

/* What fixed @caps ask for, of video of this layout. */
void gst_pixel_caps_parse (const GstCaps *caps, const PixelnormLayout *layout, guint tensor_layouts,
    PixelnormOutput *output, PixelnormTensorLayout *tensor_layout);
