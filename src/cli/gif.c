/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blocks of a GIF file (Graphics Interchange Format, version 89a): a header of 13 bytes, then pictures and extensions, which end
 * with blocks of up to 255 bytes, each after its length.
 */
#include "gif.h"

#include <pixelnorm/error.h>
#include <string.h>

enum { EXTENSION = 0x21, IMAGE = 0x2c, TRAILER = 0x3b };

#define HEADER_BYTES 13
#define IMAGE_BYTES 10

gboolean
gif_is_one (const guint8 *data, gsize size)
{
  return size >= 6 && (memcmp (data, "GIF87a", 6) == 0 || memcmp (data, "GIF89a", 6) == 0);
}

/* Bytes of the table of colours that @flags announce. */
static gsize
table_bytes (guint8 flags)
{
  return flags & 0x80 ? (gsize) 3 << ((flags & 7) + 1) : 0;
}

/* Where the blocks that begin at @at end; past @size where they are cut off. */
static gsize
skip_blocks (const guint8 *data, gsize size, gsize at)
{
  while (at < size && data[at] > 0)
    at += 1 + (gsize) data[at];
  return at + 1;
}

gboolean
gif_count_frames (const guint8 *data, gsize size, guint *n_frames, GError **error)
{
  gsize at = HEADER_BYTES;

  *n_frames = 0;
  if (size > HEADER_BYTES)
    at += table_bytes (data[10]);
  /* some have no trailer */
  while (at < size && data[at] != TRAILER) {
    const gboolean is_image = data[at] == IMAGE;

    if (is_image && size - at >= IMAGE_BYTES)
      at = skip_blocks (data, size, at + IMAGE_BYTES + table_bytes (data[at + 9]) + 1);
    else if (data[at] == EXTENSION)
      at = skip_blocks (data, size, at + 2);
    else
      break;
    *n_frames += is_image && at <= size;
  }
  if (at <= size && *n_frames > 0 && (at == size || data[at] == TRAILER))
    return TRUE;
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
      "It is a damaged GIF image, or was cut short. Use an undamaged copy.");
  return FALSE;
}
