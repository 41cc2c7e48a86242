/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PNG pictures by libpng: the samples as they are stored. Alpha is dropped and not applied, gamma and colour profiles are
 * not looked at: so does Pillow's convert("RGB"). Of 16 bits all stay, which Pillow cuts down to 8.
 */
#include <png.h>
#include <pixelnorm/error.h>
#include <string.h>

#include "exif.h"
#include "reader.h"

#define MAX_MESSAGE 128
#define SIGNATURE_BYTES 8
#define CHUNK_BYTES 12 /* of every chunk, beside its data: length, name, checksum */

typedef struct {
  const guint8 *data;
  gsize size, at;
  gboolean is_cut;
  gchar message[MAX_MESSAGE];
  gchar warning[MAX_MESSAGE]; /* the last; of a bad header only it says what is bad */
} Source;

static gboolean
is_png (const guint8 *data, gsize size)
{
  return size >= SIGNATURE_BYTES && png_sig_cmp (data, 0, SIGNATURE_BYTES) == 0;
}

static guint32
read_number (const guint8 *bytes)
{
  return (guint32) bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/* Returns: (nullable): the data of the first chunk of this name, if it comes before the chunk @end */
static const guint8 *
find_chunk (const guint8 *data, gsize size, const gchar *name, const gchar *end, guint32 *length)
{
  gsize at = SIGNATURE_BYTES;

  while (at + CHUNK_BYTES <= size && memcmp (data + at + 4, end, 4) != 0) {
    *length = read_number (data + at);
    if (*length > size - at - CHUNK_BYTES)
      return NULL;
    if (memcmp (data + at + 4, name, 4) == 0)
      return data + at + 8;
    at += (gsize) *length + CHUNK_BYTES;
  }
  return NULL;
}

static guint
find_orientation (const guint8 *data, gsize size)
{
  guint32 length;
  const guint8 *exif = find_chunk (data, size, "eXIf", "IEND", &length);

  return exif ? exif_orientation (exif, length) : 1;
}

/* Of an animation libpng reads one frame, and says nothing. */
static gboolean
check_animation (const guint8 *data, gsize size, GError **error)
{
  guint32 length;
  const guint8 *animation = find_chunk (data, size, "acTL", "IDAT", &length);

  if (!animation || length < 4 || read_number (animation) <= 1)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
      "It is an animation of %u frames, and PNG files are read as still pictures: all but one "
      "would be lost. Save its frames as single files, or as a video.",
      read_number (animation));
  return FALSE;
}

static void
read_bytes (png_structp png, png_bytep bytes, png_size_t size)
{
  Source *source = png_get_io_ptr (png);

  if (size > source->size - source->at) {
    source->is_cut = TRUE;
    png_error (png, "end of file");
  }
  memcpy (bytes, source->data + source->at, size);
  source->at += size;
}

static void
stop (png_structp png, png_const_charp message)
{
  g_strlcpy (((Source *) png_get_error_ptr (png))->message, message, MAX_MESSAGE);
  png_longjmp (png, 1);
}

/* libpng only warns of pixels whose checksum is wrong, and of more than there should be, which does no harm. */
static void
take_warning (png_structp png, png_const_charp message)
{
  if (g_str_has_prefix (message, "IDAT: ") && !strstr (message, "xtra compressed data")
      && !strstr (message, "Too much image data"))
    stop (png, message);
  g_strlcpy (((Source *) png_get_error_ptr (png))->warning, message, MAX_MESSAGE);
}

/* Chunks that do not change a sample are passed over, unread, be they ever so large: only their checksums are looked at. */
static void
set_limits (png_structp png)
{
  png_set_user_limits (png, PICTURE_MAX_SIDE, PICTURE_MAX_SIDE);
  png_set_chunk_malloc_max (png, 0);
  png_set_crc_action (png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_keep_unknown_chunks (png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_keep_unknown_chunks (png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tRNS", 1);
}

/* After png_read_info(). Indices of a palette stay what they are, a byte each. */
static void
choose_samples (png_structp png, png_infop info)
{
  const guint depth = png_get_bit_depth (png, info);
  const guint type = png_get_color_type (png, info);

  if (type == PNG_COLOR_TYPE_PALETTE)
    png_set_packing (png);
  else if (depth < 8)
    png_set_expand_gray_1_2_4_to_8 (png);
  if (type & PNG_COLOR_MASK_ALPHA)
    png_set_strip_alpha (png);
  if (depth == 16 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    png_set_swap (png);
}

/* Every row begins @offset bytes behind where the picture's begins. */
static void
read_rows (png_structp png, Picture *picture, gsize offset)
{
  const gsize stride = (gsize) picture->width * picture->channels * picture->sample_bytes;
  const gint passes = png_set_interlace_handling (png);

  for (gint pass = 0; pass < passes; pass++)
    for (guint y = 0; y < picture->height; y++)
      png_read_row (png, picture->pixels + y * stride + offset, NULL);
}

/* Indices lie in the last third of a row, so that none is written over before it was read. */
static void
apply_palette (png_structp png, png_infop info, Picture *picture)
{
  const gsize width = picture->width;
  png_colorp palette;
  gint n = 0;

  png_get_PLTE (png, info, &palette, &n);
  for (guint y = 0; y < picture->height; y++) {
    guint8 *pixel = picture->pixels + y * width * 3;
    const guint8 *indices = pixel + width * 2;

    for (gsize x = 0; x < width; x++, pixel += 3) {
      const guint index = indices[x];

      if (index >= (guint) n)
        png_error (png, "a pixel has a color that the palette does not have");
      pixel[0] = palette[index].red;
      pixel[1] = palette[index].green;
      pixel[2] = palette[index].blue;
    }
  }
}

/* Nothing here that a jump back would leave behind. */
static gboolean
decode (png_structp png, png_infop info, Source *source, Picture *picture, GError **error)
{
  if (setjmp (png_jmpbuf (png)))
    return FALSE;
  png_set_read_fn (png, source, read_bytes);
  set_limits (png);
  png_read_info (png, info);
  choose_samples (png, info);
  const gboolean indexed = png_get_color_type (png, info) == PNG_COLOR_TYPE_PALETTE;
  const gboolean colored = png_get_color_type (png, info) & PNG_COLOR_MASK_COLOR;
  png_set_interlace_handling (png);
  png_read_update_info (png, info);
  if (!picture_resize (picture, png_get_image_width (png, info), png_get_image_height (png, info),
          colored ? 3 : 1, png_get_bit_depth (png, info) / 8, error))
    return FALSE;
  const gsize row_bytes = (gsize) picture->width * picture->channels * picture->sample_bytes;
  if (png_get_rowbytes (png, info) != (indexed ? picture->width : row_bytes))
    png_error (png, "rows of another length than its header says");
  read_rows (png, picture, indexed ? (gsize) picture->width * 2 : 0);
  /* goes on to the end, so that what was cut off is noticed */
  png_read_end (png, NULL);
  if (indexed)
    apply_palette (png, info, picture);
  return TRUE;
}

static void
set_error (const Source *source, GError **error)
{
  if (source->is_cut)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "It was cut short: after %" G_GSIZE_FORMAT " bytes the PNG file is not at its end. Fetch "
        "or save it anew.",
        source->size);
  else
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "libpng cannot decode it: %s%s%s. Fetch or save it anew.", source->message,
        source->warning[0] ? ": " : "", source->warning);
}

static gboolean
read_png (const guint8 *data, gsize size, Picture *picture, guint *orientation, GError **error)
{
  Source source = { .data = data, .size = size, .message = "not enough memory" };
  g_autoptr (GError) resize_error = NULL;

  if (!check_animation (data, size, error))
    return FALSE;
  png_structp png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &source, stop, take_warning);
  png_infop info = png ? png_create_info_struct (png) : NULL;
  const gboolean good = info && decode (png, info, &source, picture, &resize_error);
  png_destroy_read_struct (&png, &info, NULL);
  if (good)
    *orientation = find_orientation (data, size);
  else if (resize_error)
    g_propagate_error (error, g_steal_pointer (&resize_error));
  else
    set_error (&source, error);
  return good;
}

const PictureReader png_reader = { "PNG", is_png, read_png };
