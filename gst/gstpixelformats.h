/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which video formats there are, and where their samples lie. */
#pragma once

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

/* Caps of all formats with these channels ("RGB", "Y"), or of all formats where it is NULL, in
 * order of preference. Transfer full. */
GstCaps *gst_pixel_formats_caps (const gchar *channels);

/* The names of the channels of a format by its name, or NULL where we do not take it. */
const gchar *gst_pixel_formats_channels (const gchar *format);

/* Describes video of fixed caps. Errors are PIXELNORM_ERROR_MISMATCH: interlaced or multi-view
 * video. */
gboolean gst_pixel_formats_layout (
    const GstVideoInfo *info, PixelnormLayout *layout, GError **error);
