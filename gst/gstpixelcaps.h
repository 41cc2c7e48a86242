/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps of tensors, and what a stream of video becomes as one. */
#pragma once

#include <gst/gst.h>

/* What pixelnorm can send: every spelling of tensor caps, then video. Transfer full. */
GstCaps *gst_pixel_caps_output_template (void);

/* What pixelnorm can make of video @caps, best first. Transfer full. */
GstCaps *gst_pixel_caps_from_video (const GstCaps *caps);

/* The video from which pixelnorm can make @caps. Transfer full. */
GstCaps *gst_pixel_caps_to_video (const GstCaps *caps);

/* Keeps the best structure of @caps: tensors before video, four dimensions before three. Takes over
 * @caps. Transfer full. */
GstCaps *gst_pixel_caps_choose (GstCaps *caps);

gboolean gst_pixel_caps_are_video (const GstCaps *caps);
