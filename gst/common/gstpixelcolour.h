/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What frames are read as: the properties channels and chroma, for every element that reads video. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

typedef enum {
  GST_PIXEL_CHANNELS_AUTO,
  GST_PIXEL_CHANNELS_NATIVE,
  GST_PIXEL_CHANNELS_RGB,
  GST_PIXEL_CHANNELS_GRAY
} GstPixelChannels;

typedef struct {
  GstPixelChannels channels;
  PixelnormChroma chroma;
  const gchar *known; /* channels of a profile that frames are for, or NULL; static */
} GstPixelColour;

/* Installs both properties, with ids from @first on. */
enum { GST_PIXEL_COLOUR_N_PROPERTIES = 2 };
void gst_pixel_colour_install (GObjectClass *klass, guint first);
/* @id: counted from 0 on. FALSE: there is no such one. */
gboolean gst_pixel_colour_set (GstPixelColour *self, guint id, const GValue *value);
gboolean gst_pixel_colour_get (const GstPixelColour *self, guint id, GValue *value);

/* Says in @structure, as channels and chroma, what frames of @layout are read as. */
void gst_pixel_colour_describe (const PixelnormLayout *layout, GstStructure *structure);
