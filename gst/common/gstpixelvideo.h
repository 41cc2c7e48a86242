/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the frames of caps are: how they lie in memory, and what they are read as. */
#pragma once

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

#include "gstpixelcolour.h"

typedef struct {
  GstVideoInfo info;
  PixelnormLayout *layout; /* NULL: there are none */
  gboolean is_unpacked;    /* @layout is that of the format that GStreamer unpacks to */
  gchar *assumed; /* what the caps do not say and results depend on, in sentences; or NULL */
  const gchar *assumption; /* the same without names and sizes; interned */
} GstPixelVideo;

/* @colour: what they are to be read as; NULL: as they are. Errors are PIXELNORM_ERROR_MISMATCH: interlaced or multi-view
 * video, colorimetry that cannot be; or of the library. */
gboolean gst_pixel_video_init (
    GstPixelVideo *self, const GstCaps *caps, const GstPixelColour *colour, GError **error);
void gst_pixel_video_clear (GstPixelVideo *self);

/* @self becomes @fresh, which is left empty. */
void gst_pixel_video_take (GstPixelVideo *self, GstPixelVideo *fresh);

/* What of @self->assumed is to be said: NULL where the same was assumed before, for whatever caps. @said: what was, at first
 * NULL. */
const gchar *gst_pixel_video_news (const GstPixelVideo *self, const gchar **said);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstPixelVideo, gst_pixel_video_clear)
