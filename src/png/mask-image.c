/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Masks from PNG files, by libpng's simplified interface, and from a rectangle. */
#include "mask-image.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <pixelnorm/pixelnorm.h>
#include <png.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES (1 << 30)

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

static gboolean
fail_to_open (const gchar *location, const gchar *why, GError **error)
{
  g_autofree gchar *shown = g_filename_display_name (location);

  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN,
      "%s: The mask cannot be read: %s. Give the path of a PNG image that this user can read.",
      shown, why);
  return FALSE;
}

/* A pipe would be waited for, and a device may have no end. */
static gboolean
check_file (const gchar *location, GError **error)
{
  GStatBuf status;

  if (g_stat (location, &status) != 0)
    return fail_to_open (location, g_strerror (errno), error);
  if (!S_ISREG (status.st_mode))
    return fail (location, "it is not a regular file", error);
  return status.st_size <= MAX_BYTES || fail (location, "it is too large for a mask", error);
}

gboolean
mask_image_load (MaskImage *self, const gchar *location, GError **error)
{
  const png_color black = { 0 };
  png_image png = { .version = PNG_IMAGE_VERSION };
  g_autofree gchar *content = NULL;
  g_autoptr (GError) problem = NULL;
  gsize size;

  if (!check_file (location, error))
    return FALSE;
  if (!g_file_get_contents (location, &content, &size, &problem))
    return fail_to_open (location, problem->message, error);
  if (!png_image_begin_read_from_memory (&png, content, size))
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
