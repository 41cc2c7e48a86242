/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps of tensors and of 8-bit video, and what a stream of video becomes as one of them. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

#include "common/gstpixelcolour.h"

/* Which orders of dimensions may be taken. */
typedef enum {
  GST_PIXEL_CAPS_NHWC = 1 << PIXELNORM_TENSOR_LAYOUT_NHWC,
  GST_PIXEL_CAPS_NCHW = 1 << PIXELNORM_TENSOR_LAYOUT_NCHW,
} GstPixelCapsLayouts;

enum {
  GST_PIXEL_CAPS_SIZES = 4,         /* of a tensor of video, innermost first, its frames last */
  GST_PIXEL_CAPS_LARGEST_RANK = 16, /* of NNStreamer */
};

/* What is chosen beside the caps. */
typedef struct {
  guint tensor_layouts; /* which may be taken */
  guint batch_size;     /* frames to a tensor */
  GstPixelColour colour;
  guint largest_rank;      /* up to how many dimensions they are told, beyond four */
  gboolean wants_flexible; /* whether format=flexible is told */
} GstPixelCapsChoice;

/* "3:640:480:1", or shorter or longer by ones, becomes sizes. FALSE: it says nothing of the kind. */
gboolean gst_pixel_caps_parse_dimensions (const gchar *text, gint sizes[GST_PIXEL_CAPS_SIZES]);

/* What pixelnorm can send: every spelling of tensor caps, then video. Transfer full. */
GstCaps *gst_pixel_caps_output_template (void);

/* What pixelnorm can make of video @caps, best first. Transfer full. */
GstCaps *gst_pixel_caps_from_video (const GstCaps *caps, const GstPixelCapsChoice *choice);

/* The video from which pixelnorm can make @caps. Where they only ask for other numbers of frames, that
 * from which it could with another batch size. Transfer full. */
GstCaps *gst_pixel_caps_to_video (const GstCaps *caps, const GstPixelCapsChoice *choice);

/* The most dimensions that @caps ask for, NNStreamer's 16 at most. */
guint gst_pixel_caps_largest_rank (const GstCaps *caps);

/* Whether @caps ask for tensors of format=flexible and would take none of the static ones in @made. */
gboolean gst_pixel_caps_want_flexible (const GstCaps *caps, const GstCaps *made);

/* How many frames a tensor has by @caps, where that is never @batch_size; else 0. */
guint gst_pixel_caps_other_batch (const GstCaps *caps, guint batch_size);

/* The best of @caps that video of the fixed caps @input can become: tensors before video, NHWC before
 * NCHW, four dimensions before fewer, and these before more. Takes over @caps. Transfer full. */
GstCaps *gst_pixel_caps_choose (
    GstCaps *caps, const GstCaps *input, const GstPixelCapsChoice *choice);

/* Why no video at all can become one of @wanted, and what to do, in sentences; NULL where some can. */
gchar *gst_pixel_caps_explain_wanted (const GstCaps *wanted, const GstPixelCapsChoice *choice);

/* Likewise, why video of the fixed caps @input cannot. */
gchar *gst_pixel_caps_explain (
    const GstCaps *input, const GstCaps *wanted, const GstPixelCapsChoice *choice);

/* What fixed @caps ask for, of video of this layout. */
void gst_pixel_caps_parse (const GstCaps *caps, const PixelnormLayout *layout, guint tensor_layouts,
    PixelnormOutput *output, PixelnormTensorLayout *tensor_layout);
