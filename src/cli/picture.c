/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An 8-bit picture in memory. Rectangles that reach out of the picture are cut off at its edge, so
 * that whoever lays out a figure cannot write past its end. */
#include "picture.h"

#include <png.h>
#include <pixelnorm/error.h>
#include <string.h>

/* libpng refuses wider or higher pictures. */
#define MAX_SIDE 1000000

/* A black picture. */
Picture *
picture_new (guint width, guint height, guint channels, GError **error)
{
  Picture *picture;
  guint8 *pixels;

  if (width > MAX_SIDE || height > MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The picture would have %u x %u pixels, but a PNG file can have at most %d a side. Choose "
        "a smaller --zoom.",
        width, height, MAX_SIDE);
    return NULL;
  }
  /* both sides are at most 10^6, so the product fits in 64 bits */
  pixels = g_try_malloc0 ((gsize) width * height * channels);
  if (!pixels) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a picture of %u x %u pixels. Free some or choose a smaller --zoom.",
        width, height);
    return NULL;
  }
  picture = g_new (Picture, 1);
  *picture = (Picture){ width, height, channels, pixels };
  return picture;
}

void
picture_free (Picture *picture)
{
  if (!picture)
    return;
  g_free (picture->pixels);
  g_free (picture);
}

/* Paints a rectangle; @color has as many bytes as the picture has channels. */
void
picture_fill (Picture *picture, guint x, guint y, guint width, guint height, const guint8 *color)
{
  const guint right = MIN ((guint64) x + width, picture->width);
  const guint bottom = MIN ((guint64) y + height, picture->height);

  for (guint row = y; row < bottom; row++) {
    guint8 *pixel = picture->pixels + ((gsize) row * picture->width + x) * picture->channels;

    for (guint column = x; column < right; column++, pixel += picture->channels)
      memcpy (pixel, color, picture->channels);
  }
}

/* Every pixel becomes a square of @zoom x @zoom pixels. */
Picture *
picture_zoom (const Picture *picture, guint zoom, GError **error)
{
  /* saturated rather than wrapped around: picture_new() refuses it */
  const guint width = MIN ((guint64) picture->width * zoom, G_MAXUINT);
  const guint height = MIN ((guint64) picture->height * zoom, G_MAXUINT);
  Picture *zoomed = picture_new (width, height, picture->channels, error);
  const guint8 *pixel = picture->pixels;

  if (!zoomed)
    return NULL;
  for (guint y = 0; y < picture->height; y++) {
    for (guint x = 0; x < picture->width; x++, pixel += picture->channels)
      picture_fill (zoomed, x * zoom, y * zoom, zoom, zoom, pixel);
  }
  return zoomed;
}

/* Lays @other, which has as many channels and fits in, over @picture with its upper left corner at
 * @x, @y. */
void
picture_paste (Picture *picture, guint x, guint y, const Picture *other)
{
  const gsize row_bytes = (gsize) other->width * other->channels;

  g_return_if_fail (other->channels == picture->channels);
  g_return_if_fail (x + other->width <= picture->width && y + other->height <= picture->height);

  for (guint row = 0; row < other->height; row++) {
    memcpy (picture->pixels + ((gsize) (y + row) * picture->width + x) * picture->channels,
        other->pixels + row * row_bytes, row_bytes);
  }
}

static GBytes *
picture_encode (const Picture *picture, GError **error)
{
  png_image image = { .version = PNG_IMAGE_VERSION,
    .width = picture->width,
    .height = picture->height,
    .format = picture->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB };
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX (image);
  guint8 *data = g_try_malloc (size);

  if (!data || !png_image_write_to_memory (&image, data, &size, 0, picture->pixels, 0, NULL)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "The picture of %u x %u pixels could not be packed as PNG: %s.", picture->width,
        picture->height, data ? image.message : "not enough memory");
    g_free (data);
    return NULL;
  }
  return g_bytes_new_take (data, size);
}

/* Writes a whole PNG file or none: a temporary file in the same directory is renamed to @path. */
gboolean
picture_write (const Picture *picture, const gchar *path, GError **error)
{
  g_autoptr (GBytes) bytes = picture_encode (picture, error);
  g_autoptr (GError) write_error = NULL;

  if (!bytes)
    return FALSE;
  if (!g_file_set_contents_full (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
          G_FILE_SET_CONTENTS_CONSISTENT, 0666, &write_error)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE, "\"%s\" was not written: %s.", path,
        write_error->message);
    return FALSE;
  }
  return TRUE;
}
