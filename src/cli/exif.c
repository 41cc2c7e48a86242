/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The orientation of pictures by libexif. Where there is none, or nothing that makes sense, a picture stands as it is: 1. */
#include "exif.h"

#include <libexif/exif-data.h>
#include <string.h>

#define HEADER_BYTES 6    /* "Exif" and two zeros, in JPEG files; often without in others */
#define MIN_BYTES 8       /* behind it: byte order and where the entries are */
#define MAX_BYTES 1000000 /* JPEG files have at most 65,533 */

static guint
find_orientation (ExifData *exif)
{
  ExifEntry *entry = exif_content_get_entry (exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  const ExifByteOrder order = exif_data_get_byte_order (exif);
  ExifLong orientation = 0;

  if (!entry || entry->components < 1)
    return 1;
  if (entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
    orientation = exif_get_short (entry->data, order);
  else if (entry->format == EXIF_FORMAT_LONG && entry->size >= 4)
    orientation = exif_get_long (entry->data, order);
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/* Of a block of Exif, with or without its header. */
guint
exif_orientation (const guint8 *exif, gsize size)
{
  const gboolean has_header = size >= HEADER_BYTES && memcmp (exif, "Exif", 5) == 0;
  const gsize skipped = has_header ? HEADER_BYTES : 0;
  guint orientation = 1;

  if (size < skipped + MIN_BYTES || size > MAX_BYTES)
    return 1;
  /* libexif wants the header */
  g_autofree guint8 *block = g_malloc (size - skipped + HEADER_BYTES);
  memcpy (block, "Exif\0", HEADER_BYTES);
  memcpy (block + HEADER_BYTES, exif + skipped, size - skipped);
  ExifData *data = exif_data_new ();
  if (!data)
    return 1;
  /* nothing is made right that a camera wrote */
  exif_data_unset_option (data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
  exif_data_load_data (data, block, (guint) (size - skipped + HEADER_BYTES));
  orientation = find_orientation (data);
  exif_data_unref (data);
  return orientation;
}

static guint32
read_number (const guint8 *bytes)
{
  return (guint32) bytes[3] << 24 | bytes[2] << 16 | bytes[1] << 8 | bytes[0];
}

/* Of a WebP file: RIFF, with chunks of even length. */
guint
webp_orientation (const guint8 *data, gsize size)
{
  gsize at = 12;

  if (size < 12 || memcmp (data, "RIFF", 4) != 0 || memcmp (data + 8, "WEBP", 4) != 0)
    return 1;
  while (at + 8 <= size) {
    const gsize length = read_number (data + at + 4);

    if (length > size - at - 8)
      return 1;
    if (memcmp (data + at, "EXIF", 4) == 0)
      return exif_orientation (data + at + 8, length);
    at += 8 + length + length % 2;
  }
  return 1;
}
