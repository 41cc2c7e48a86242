/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pixels pixelstats counts: where an image is not 0, inside of a rectangle, or both. */
#pragma once

#include <glib.h>

typedef struct {
  guint x, y, width, height;
} GstPixelRegion;

/* All zeros: every pixel counts. */
typedef struct {
  gboolean has_image, has_region;
  guint width, height; /* of the image */
  guint8 *image;       /* a byte a pixel */
  GstPixelRegion region;
  gchar *location; /* of the image, for errors */
} GstPixelMask;

void gst_pixel_mask_clear (GstPixelMask *self);

/* Reads the image, a PNG file: colours as their lightness, what is transparent as 0. */
gboolean gst_pixel_mask_load (GstPixelMask *self, const gchar *location, GError **error);

static inline gboolean
gst_pixel_mask_is_set (const GstPixelMask *self)
{
  return self->has_image || self->has_region;
}

/* A byte a pixel of frames of this size, not 0 where it counts; an error where the image or the
 * rectangle does not fit. Transfer full. */
guint8 *gst_pixel_mask_make (const GstPixelMask *self, guint width, guint height, GError **error);
