/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pixels count: where an image is not 0, inside of a rectangle, or both. */
#pragma once

#include <glib.h>

typedef struct {
  guint x, y, width, height;
} MaskRegion;

/* All zeros: every pixel counts. */
typedef struct {
  gboolean has_image, has_region;
  guint width, height; /* of the image */
  guint8 *image;       /* a byte a pixel */
  MaskRegion region;
  gchar *location; /* of the image, for errors */
} MaskImage;

void mask_image_clear (MaskImage *self);

/* Reads the image, a PNG file: colours as their lightness, what is transparent as 0. */
gboolean mask_image_load (MaskImage *self, const gchar *location, GError **error);

static inline gboolean
mask_image_is_set (const MaskImage *self)
{
  return self->has_image || self->has_region;
}

/* A byte a pixel of frames of this size, not 0 where it counts; an error where the image or the
 * rectangle does not fit. Transfer full. */
guint8 *mask_image_make (const MaskImage *self, guint width, guint height, GError **error);
