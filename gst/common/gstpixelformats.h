/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which video formats there are, and where their samples lie. */
#pragma once

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

/* Caps of all formats with these channels ("RGB", "YUV", "Y"), or of all formats where it is NULL, in
 * order of preference; of those whose channels are all of one size; of those of 8 bits; and of those
 * that are asked for where there is a choice. Transfer full. */
GstCaps *gst_pixel_formats_caps (const gchar *channels);
GstCaps *gst_pixel_formats_whole_caps (const gchar *channels);
GstCaps *gst_pixel_formats_8_bit_caps (void);
GstCaps *gst_pixel_formats_usual_caps (void);

/* Caps of what can be of a geometry: its channels and depth, and its size and subsampling where it has
 * a size. Transfer full. */
GstCaps *gst_pixel_formats_geometry_caps (const PixelnormGeometry *geometry);

/* What of @caps has this size, with channels of one size, and so many channels; 0: any. Takes over @caps. Transfer
 * full. */
GstCaps *gst_pixel_formats_narrow (GstCaps *caps, guint width, guint height, guint n_channels);

/* @caps with those that are in @better before the others, and only those where one of @possible is
 * among them, so that a converter before us gives them. Takes over @caps. Transfer full. */
GstCaps *gst_pixel_formats_prefer (GstCaps *caps, const GstCaps *better, const GstCaps *possible);

/* The names of the channels of a format by its name, or NULL where we do not take it. */
const gchar *gst_pixel_formats_channels (const gchar *format);

/* Whether all channels of a format that we take are of one size. */
gboolean gst_pixel_formats_is_whole (const gchar *format);

/* The format with the same order of samples in 8 bits: itself where it is such. */
const gchar *gst_pixel_formats_twin (const gchar *format);

/* Describes video of fixed caps. Transfer full; NULL with PIXELNORM_ERROR_MISMATCH: interlaced or multi-view
 * video. */
PixelnormLayout *gst_pixel_formats_layout (const GstVideoInfo *info, GError **error);
