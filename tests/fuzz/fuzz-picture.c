/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readers of pictures in pixelprofile collect, and what is done with a picture. The first byte of an input chooses:
 * JPEG, PNG, PNG with checksums made right, since nothing else gets far, or the orientation alone.
 */
#include "cli/convert.h"
#include "cli/exif.h"
#include "cli/orient.h"
#include "cli/reader.h"
#include "fuzz.h"

#include <string.h>
#include <zlib.h>

#define LIMIT (16 << 20) /* bytes of a picture: the fuzzer has 2 GB for all */

typedef enum { READ_JPEG, READ_PNG, READ_MENDED_PNG, READ_EXIF, N_WAYS } Way;

static void
mend_checksums (uint8_t *data, size_t size)
{
  size_t at = 8;

  while (at + 12 <= size) {
    const size_t length =
        (size_t) data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];

    if (length > size - at - 12)
      return;
    const uint32_t sum =
        GUINT32_TO_BE ((uint32_t) crc32 (crc32 (0, NULL, 0), data + at + 4, (uInt) length + 4));
    memcpy (data + at + 8 + length, &sum, 4);
    at += length + 12;
  }
}

static guint
add_samples (const Picture *picture)
{
  guint sum = 0;

  for (gsize i = 0;
       i < (gsize) picture->width * picture->height * picture->channels * picture->sample_bytes;
       i++)
    sum += picture->pixels[i];
  return sum;
}

/* Every form that it can have has the same sum of what was read, where no sample changes. */
static void
check_picture (const Picture *picture, guint orientation)
{
  g_auto (Picture) oriented = { 0 }, converted = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (picture->width, >, 0);
  g_assert_cmpuint (picture->height, >, 0);
  g_assert_true (picture->channels == 1 || picture->channels == 3);
  g_assert_true (picture->sample_bytes == 1 || picture->sample_bytes == 2);
  g_assert_cmpuint (orientation, >=, 1);
  g_assert_cmpuint (orientation, <=, 8);
  g_assert_true (picture_orient (picture, orientation, &oriented, &error));
  g_assert_cmpuint (add_samples (&oriented), ==, add_samples (picture));
  for (guint channels = 1; channels <= 3; channels += 2)
    for (guint bytes = 1; bytes <= 2; bytes++) {
      g_assert_true (picture_convert (&oriented, channels, bytes, &converted, &error));
      add_samples (&converted);
    }
}

static void
check_read (const PictureReader *reader, const uint8_t *data, size_t size)
{
  g_auto (Picture) picture = { .limit = LIMIT };
  GError *error = NULL;
  guint orientation = 0;

  if (!reader->is_ours (data, size))
    return;
  if (reader->read (data, size, &picture, &orientation, &error)) {
    g_assert_no_error (error);
    check_picture (&picture, orientation);
  } else if (g_error_matches (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY)) {
    g_error_free (error);
  } else {
    fuzz_check_refusal (error);
  }
}

static void
check_orientation (const uint8_t *data, size_t size)
{
  const guint exif = exif_orientation (data, size);
  const guint webp = webp_orientation (data, size);

  g_assert_true (exif >= 1 && exif <= 8 && webp >= 1 && webp <= 8);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  /* not a byte longer than it is */
  g_autofree uint8_t *file = g_memdup2 (data + 1, size - 1);
  switch ((Way) (data[0] % N_WAYS)) {
  case READ_JPEG:
    check_read (&jpeg_reader, file, size - 1);
    break;
  case READ_MENDED_PNG:
    mend_checksums (file, size - 1);
    /* fall through */
  case READ_PNG:
    check_read (&png_reader, file, size - 1);
    break;
  default:
    check_orientation (file, size - 1);
  }
  return 0;
}
