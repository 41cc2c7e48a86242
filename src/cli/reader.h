/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures from files in memory, decoded by the libraries that also Pillow, torchvision and OpenCV use: the same integers. */
#pragma once

#include "picture.h"

/**
 * PictureReader:
 * @name: as messages call it: "JPEG"
 * @is_ours: whether a file is of this kind, by its first bytes
 * @read: decodes a whole file into @picture, which is reused from file to file: grey with 1 channel, else red, green and
 *   blue, with as many bits as the file has; in @orientation, 1 to 8 as Exif has it, 1 where the file says nothing. What is
 *   damaged, cut short or would be lost in silence is an error, and then nothing in @picture counts.
 *
 * A kind of picture file. Rows of the READER TABLE.
 */
typedef struct {
  const gchar *name;
  gboolean (*is_ours) (const guint8 *data, gsize size);
  gboolean (*read) (
      const guint8 *data, gsize size, Picture *picture, guint *orientation, GError **error);
} PictureReader;

extern const PictureReader jpeg_reader, png_reader, webp_reader;
