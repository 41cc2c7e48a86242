/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WebP by libwebp: the pixels that Pillow gives. What is transparent keeps its colour. */
#include <pixelnorm/error.h>
#include <string.h>
#include <webp/decode.h>

#include "exif.h"
#include "reader.h"

static gboolean
is_webp (const guint8 *data, gsize size)
{
  return size >= 16 && memcmp (data, "RIFF", 4) == 0 && memcmp (data + 8, "WEBPVP8", 7) == 0;
}

static gboolean
fail (GError **error, const gchar *text)
{
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ, text);
  return FALSE;
}

static const gchar *
describe (VP8StatusCode status)
{
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY:
    return "There is not enough memory for it.";
  case VP8_STATUS_NOT_ENOUGH_DATA:
    return "It was cut short: a part of the WebP image is missing.";
  case VP8_STATUS_UNSUPPORTED_FEATURE:
    return "It is of a kind of WebP that libwebp cannot read. Use a newer libwebp.";
  default:
    return "It is a damaged WebP image. Use an undamaged copy.";
  }
}

static gboolean
read_webp (const guint8 *data, gsize size, Picture *picture, guint *orientation, GError **error)
{
  WebPDecoderConfig config;

  WebPInitDecoderConfig (&config);
  VP8StatusCode status = WebPGetFeatures (data, size, &config.input);
  if (status != VP8_STATUS_OK)
    return fail (error, describe (status));
  if (config.input.has_animation)
    return fail (error,
        "It is an animation, and only still WebP images can be read. Make pictures of its frames "
        "(anim_dump), or a video.");
  if (!picture_resize (
          picture, (guint) config.input.width, (guint) config.input.height, 3, 1, error))
    return FALSE;
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = picture->pixels;
  config.output.u.RGBA.stride = config.input.width * 3;
  config.output.u.RGBA.size = (gsize) config.input.width * 3 * (gsize) config.input.height;
  status = WebPDecode (data, size, &config);
  if (status != VP8_STATUS_OK)
    return fail (error, describe (status));
  *orientation = webp_orientation (data, size);
  return TRUE;
}

const PictureReader webp_reader = { "WebP", is_webp, read_webp };
