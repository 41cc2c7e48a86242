/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Masks from PNG files, by libpng's simplified interface, and from a rectangle. */
#include "mask-image.h"

#include <pixelnorm/pixelnorm.h>
#include <png.h>
#include <string.h>

#include "io/input-file.h"

void
mask_image_clear (MaskImage *self)
{
  g_free (self->image);
  g_free (self->location);
  *self = (MaskImage){ 0 };
}

static gboolean
fail (const gchar *location, const gchar *why, GError **error)
{
  g_autofree gchar *shown = g_filename_display_name (location);

  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN,
      "%s: The mask cannot be read: %s. Expected a PNG image of the size of the frames, 0 (black) "
      "where pixels do not count.",
      shown, why);
  return FALSE;
}

gboolean
mask_image_load (MaskImage *self, const gchar *location, GError **error)
{
  const png_color black = { 0 };
  png_image png = { .version = PNG_IMAGE_VERSION };
  g_autofree gchar *shown = g_filename_display_name (location);
  g_autoptr (GBytes) content = pixelnorm_input_file_read (location, shown, "mask", error);
  gsize size;

  if (!content)
    return FALSE;
  const void *data = g_bytes_get_data (content, &size);
  if (!png_image_begin_read_from_memory (&png, data, size))
    return fail (location, png.message, error);
  png.format = PNG_FORMAT_GRAY;
  g_autofree guint8 *image = g_try_malloc (PNG_IMAGE_SIZE (png));
  const gboolean read = image && png_image_finish_read (&png, &black, image, 0, NULL);
  png_image_free (&png);
  if (!read)
    return fail (location, image ? png.message : "it is too large for the memory", error);

  self->has_image = TRUE;
  self->width = png.width;
  self->height = png.height;
  self->image = g_steal_pointer (&image);
  self->location = g_strdup (location);
  return TRUE;
}

static gboolean
check_size (const MaskImage *self, guint width, guint height, GError **error)
{
  const MaskRegion *region = &self->region;

  if (self->has_image && (self->width != width || self->height != height)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "The mask %s has %ux%u pixels, the frames have %ux%u. Make a mask of the frames' size.",
        self->location, self->width, self->height, width, height);
    return FALSE;
  }
  if (self->has_region
      && (region->x >= width || region->width > width - region->x || region->y >= height
          || region->height > height - region->y)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "The roi <%u,%u,%u,%u> (x, y, width, height) does not lie inside of frames of %ux%u pixels. "
        "Give one that does.",
        region->x, region->y, region->width, region->height, width, height);
    return FALSE;
  }
  return TRUE;
}

guint8 *
mask_image_make (const MaskImage *self, guint width, guint height, GError **error)
{
  const MaskRegion whole = { 0, 0, width, height };
  const MaskRegion *region = self->has_region ? &self->region : &whole;

  if (!check_size (self, width, height, error))
    return NULL;
  guint8 *bytes = g_malloc0 ((gsize) width * height);
  for (guint y = region->y; y < region->y + region->height; y++) {
    const gsize at = (gsize) y * width + region->x;

    if (self->has_image)
      memcpy (bytes + at, self->image + at, region->width);
    else
      memset (bytes + at, 1, region->width);
  }
  return bytes;
}
