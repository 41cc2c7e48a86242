/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps of pixeldenorm: tensors of one or more frames, or 8-bit video, become video. */
#pragma once

#include "gstpixelplan.h"

/* What pixeldenorm takes: what pixelnorm makes, and format=flexible without more, of which headers say the rest. Transfer
 * full. */
GstCaps *gst_pixel_denorm_caps_template (void);

/* The video that tensors or 8-bit video can become, best first; all that there is where tensors have
 * dimensions of no video, so that set_caps can say so. Transfer full. */
GstCaps *gst_pixel_denorm_caps_to_video (const GstCaps *caps, guint tensor_layouts);

/* What can become video @caps, best first. Transfer full. */
GstCaps *gst_pixel_denorm_caps_from_video (const GstCaps *caps, guint tensor_layouts);

/* What fixed @caps are, of which frames of @target->layout are to be made: fills in the rest of @target.
 * @n_frames is how many frames a buffer has. Errors are PIXELNORM_ERROR_MISMATCH. */
gboolean gst_pixel_denorm_caps_parse (const GstCaps *caps, guint tensor_layouts,
    GstPixelTarget *target, guint *n_frames, GError **error);
