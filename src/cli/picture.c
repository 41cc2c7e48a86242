/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture in memory, of 8 or 16 bits a sample. Rectangles that reach out of the picture are cut off at its edge, so
 * that whoever lays out a figure cannot write past its end. */
#include "picture.h"

#include <png.h>
#include <pixelnorm/error.h>
#include <string.h>

#define MAX_MESSAGE 128

/* A black picture. */
Picture *
picture_new (guint width, guint height, guint channels, GError **error)
{
  return picture_new_deep (width, height, channels, 1, error);
}

/* The same, of 8 or 16 bits a sample. */
Picture *
picture_new_deep (guint width, guint height, guint channels, guint sample_bytes, GError **error)
{
  Picture *picture;
  gsize room;
  guint8 *pixels;

  if (width > PICTURE_MAX_SIDE || height > PICTURE_MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The picture would have %u x %u pixels, but a PNG file can have at most %d a side. Choose "
        "a smaller --zoom.",
        width, height, PICTURE_MAX_SIDE);
    return NULL;
  }
  /* both sides are at most 10^6, so the product fits in 64 bits */
  room = (gsize) width * height * channels * sample_bytes;
  pixels = g_try_malloc0 (room);
  if (!pixels) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a picture of %u x %u pixels. Free some or choose a smaller --zoom.",
        width, height);
    return NULL;
  }
  picture = g_new (Picture, 1);
  *picture = (Picture){ width, height, channels, sample_bytes, pixels, room, 0 };
  return picture;
}

/* Gives @picture, which may be zeroed, this form. What was in it is lost, and what is in it then is undefined: whoever reads
 * one picture after the other asks the system for memory only when one is larger than all before.
 */
gboolean
picture_resize (
    Picture *picture, guint width, guint height, guint channels, guint sample_bytes, GError **error)
{
  /* both sides are at most 10^6, or the number is not used */
  const gsize room = (gsize) width * height * channels * sample_bytes;

  if (width > PICTURE_MAX_SIDE || height > PICTURE_MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "It has %u x %u pixels, but at most %d a side are read. Cut it into smaller pictures.",
        width, height, PICTURE_MAX_SIDE);
    return FALSE;
  }
  if (room > picture->room || !picture->pixels) {
    const gboolean too_large = picture->limit > 0 && room > picture->limit;
    guint8 *pixels = too_large ? NULL : g_try_malloc (room + PICTURE_SLACK);

    if (!pixels) {
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
          "Its %u x %u pixels take %" G_GSIZE_FORMAT " bytes, which is more memory than there is "
          "for a picture. Free some, run fewer jobs at once, or cut it into smaller pictures.",
          width, height, room);
      return FALSE;
    }
    g_free (picture->pixels);
    picture->pixels = pixels;
    picture->room = room;
  }
  picture->width = width;
  picture->height = height;
  picture->channels = channels;
  picture->sample_bytes = sample_bytes;
  return TRUE;
}

/* Back to an empty one, with the limit it had. */
void
picture_clear (Picture *picture)
{
  g_free (picture->pixels);
  *picture = (Picture){ .limit = picture->limit };
}

void
picture_free (Picture *picture)
{
  if (!picture)
    return;
  g_free (picture->pixels);
  g_free (picture);
}

static guint
pixel_bytes (const Picture *picture)
{
  return picture->channels * picture->sample_bytes;
}

/* Paints a rectangle; @color is a pixel as they lie in the picture. */
void
picture_fill (Picture *picture, guint x, guint y, guint width, guint height, const guint8 *color)
{
  const guint right = MIN ((guint64) x + width, picture->width);
  const guint bottom = MIN ((guint64) y + height, picture->height);

  for (guint row = y; row < bottom; row++) {
    guint8 *pixel = picture->pixels + ((gsize) row * picture->width + x) * pixel_bytes (picture);

    for (guint column = x; column < right; column++, pixel += pixel_bytes (picture))
      memcpy (pixel, color, pixel_bytes (picture));
  }
}

/* Every pixel becomes a square of @zoom x @zoom pixels. */
Picture *
picture_zoom (const Picture *picture, guint zoom, GError **error)
{
  /* saturated rather than wrapped around: picture_new() refuses it */
  const guint width = MIN ((guint64) picture->width * zoom, G_MAXUINT);
  const guint height = MIN ((guint64) picture->height * zoom, G_MAXUINT);
  Picture *zoomed =
      picture_new_deep (width, height, picture->channels, picture->sample_bytes, error);
  const guint8 *pixel = picture->pixels;

  if (!zoomed)
    return NULL;
  for (guint y = 0; y < picture->height; y++) {
    for (guint x = 0; x < picture->width; x++, pixel += pixel_bytes (picture))
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

static void
append_bytes (png_structp png, png_bytep data, png_size_t size)
{
  g_byte_array_append (png_get_io_ptr (png), data, (guint) size);
}

static void
keep_message (png_structp png, png_const_charp message)
{
  g_strlcpy (png_get_error_ptr (png), message, MAX_MESSAGE);
  png_longjmp (png, 1);
}

static void
ignore_warning (png_structp png, png_const_charp message)
{
}

/* Nothing here that a jump back would leave behind. */
static gboolean
write_png (png_structp png, png_infop info, const Picture *picture, GByteArray *to)
{
  const gsize row_bytes = (gsize) picture->width * pixel_bytes (picture);

  if (setjmp (png_jmpbuf (png)))
    return FALSE;
  png_set_write_fn (png, to, append_bytes, NULL);
  png_set_IHDR (png, info, picture->width, picture->height, (gint) picture->sample_bytes * 8,
      picture->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info (png, info);
  if (picture->sample_bytes == 2 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    png_set_swap (png);
  for (guint y = 0; y < picture->height; y++)
    png_write_row (png, picture->pixels + y * row_bytes);
  png_write_end (png, info);
  return TRUE;
}

/* Returns: (transfer full): a PNG file in memory, or %NULL with @error set */
GBytes *
picture_encode (const Picture *picture, GError **error)
{
  gchar message[MAX_MESSAGE] = "not enough memory";
  GByteArray *bytes = g_byte_array_new ();
  png_structp png =
      png_create_write_struct (PNG_LIBPNG_VER_STRING, message, keep_message, ignore_warning);
  png_infop info = png ? png_create_info_struct (png) : NULL;
  const gboolean written = info && write_png (png, info, picture, bytes);

  png_destroy_write_struct (&png, &info);
  if (written)
    return g_byte_array_free_to_bytes (bytes);
  g_byte_array_unref (bytes);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
      "The picture of %u x %u pixels could not be packed as PNG: %s.", picture->width,
      picture->height, message);
  return NULL;
}
