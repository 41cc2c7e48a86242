/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JPEG pictures by libjpeg: with its accurate transform and its smooth upsampling of colour, which are its defaults, and so
 * the integers that Pillow's convert("RGB") gives, with ink made light as Pillow does it.
 *
 * libjpeg fills up what is missing or damaged and goes on with a warning; here such a file is an error, for grey areas in a
 * picture would count as if they had been seen. Warnings of what does not touch a pixel are passed.
 */
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>
#include <pixelnorm/error.h>
#include <setjmp.h>
#include <string.h>

#include "exif.h"
#include "reader.h"

#define ROWS_AT_ONCE 16
#define MAX_SCANS 500 /* usual are 10; each goes over the whole picture, and may take a few bytes */
/* coefficients of a progressive file, 2 bytes each: enough for 350 million pixels */
#define MAX_MEMORY ((gsize) 2 << 30)

typedef struct {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr manager;
  struct jpeg_progress_mgr progress;
  jmp_buf stop;
} Decoding;

static void
stop (j_common_ptr jpeg)
{
  longjmp (((Decoding *) jpeg)->stop, 1);
}

/* Whether all pixels are right all the same. */
static gboolean
is_harmless (gint code)
{
  switch (code) {
  case JWRN_EXTRANEOUS_DATA: /* bytes between two segments */
  case JWRN_NOT_SEQUENTIAL:  /* numbers that a baseline file has no use for */
  case JWRN_JFIF_MAJOR:
  case JWRN_ADOBE_XFORM:
    return TRUE;
  default:
    return FALSE;
  }
}

static void
take_message (j_common_ptr jpeg, int level)
{
  /* 0 and above: traces */
  if (level < 0 && !is_harmless (jpeg->err->msg_code))
    stop (jpeg);
}

static void
ignore_output (j_common_ptr jpeg)
{
}

static void
check_scans (j_common_ptr jpeg)
{
  if (((j_decompress_ptr) jpeg)->input_scan_number > MAX_SCANS)
    stop (jpeg);
}

/* After stop(). */
static void
set_error (Decoding *decoding, GError **error)
{
  const gint code = decoding->manager.msg_code;
  gchar message[JMSG_LENGTH_MAX];

  if (decoding->jpeg.input_scan_number > MAX_SCANS) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "It has more than %d scans, where a progressive JPEG file has about 10: it would take "
        "for ever. Save it anew.",
        MAX_SCANS);
    return;
  }
  decoding->manager.format_message ((j_common_ptr) &decoding->jpeg, message);
  if (code == JERR_NO_BACKING_STORE || code == JERR_OUT_OF_MEMORY)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Decoding its %u x %u pixels takes more memory than there is for a picture. Save it as a "
        "baseline JPEG file, which is read row by row, or cut it into smaller pictures.",
        decoding->jpeg.image_width, decoding->jpeg.image_height);
  else if (code == JWRN_JPEG_EOF)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "It was cut short (libjpeg: %s). Fetch or save it anew.", message);
  else if (code >= JWRN_ADOBE_XFORM)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "Its data are damaged (libjpeg: %s). Fetch or save it anew.", message);
  else
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "libjpeg cannot decode it: %s. Fetch it anew, or save it as an 8-bit JPEG or a PNG file.",
        message);
}

static gboolean
is_jpeg (const guint8 *data, gsize size)
{
  return size >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff;
}

static guint
find_orientation (const struct jpeg_decompress_struct *jpeg)
{
  for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next)
    if (marker->data_length >= 6 && memcmp (marker->data, "Exif", 5) == 0)
      return exif_orientation (marker->data, marker->data_length);
  return 1;
}

/* a * b / 255, rounded */
static guint
multiply (guint a, guint b)
{
  const guint product = a * b + 128;

  return (product + (product >> 8)) >> 8;
}

/* Ink is stored as Adobe does it, 255 for none, with or without Adobe's marker, as Pillow takes it. */
static void
convert_ink (const guint8 *ink, guint8 *rgb, guint width)
{
  for (guint x = 0; x < width; x++, ink += 4, rgb += 3)
    for (guint c = 0; c < 3; c++)
      rgb[c] = (guint8) (ink[3] - multiply (255u - ink[c], ink[3]));
}

static void
read_ink (j_decompress_ptr jpeg, Picture *picture)
{
  JSAMPARRAY row = jpeg->mem->alloc_sarray ((j_common_ptr) jpeg, JPOOL_IMAGE,
      jpeg->output_width * (JDIMENSION) jpeg->output_components, 1);

  while (jpeg->output_scanline < jpeg->output_height) {
    guint8 *rgb = picture->pixels + (gsize) jpeg->output_scanline * picture->width * 3;

    jpeg_read_scanlines (jpeg, row, 1);
    convert_ink (row[0], rgb, picture->width);
  }
}

static void
read_rows (j_decompress_ptr jpeg, Picture *picture)
{
  const gsize stride = (gsize) picture->width * picture->channels;
  JSAMPROW rows[ROWS_AT_ONCE];

  while (jpeg->output_scanline < jpeg->output_height) {
    const guint n = MIN (ROWS_AT_ONCE, jpeg->output_height - jpeg->output_scanline);

    for (guint i = 0; i < n; i++)
      rows[i] = picture->pixels + (jpeg->output_scanline + i) * stride;
    jpeg_read_scanlines (jpeg, rows, n);
  }
}

/* Returns: whether there is a way from the file's colours to ours */
static gboolean
choose_colors (j_decompress_ptr jpeg, GError **error)
{
  switch (jpeg->jpeg_color_space) {
  case JCS_GRAYSCALE:
    jpeg->out_color_space = JCS_GRAYSCALE;
    return TRUE;
  case JCS_YCbCr:
  case JCS_RGB:
    jpeg->out_color_space = JCS_RGB;
    return TRUE;
  case JCS_CMYK:
  case JCS_YCCK:
    jpeg->out_color_space = JCS_CMYK;
    return TRUE;
  default:
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "It has %d channels; JPEG files that can be read have 1, 3 or 4: grey, color or ink. Save it anew.",
        jpeg->num_components);
    return FALSE;
  }
}

static void
start (Decoding *decoding, const guint8 *data, gsize size, gsize limit)
{
  j_decompress_ptr jpeg = &decoding->jpeg;

  jpeg_create_decompress (jpeg);
  decoding->progress.progress_monitor = check_scans;
  jpeg->progress = &decoding->progress;
  jpeg->mem->max_memory_to_use = (long) (limit > 0 ? MIN (limit, MAX_MEMORY) : MAX_MEMORY);
  jpeg_mem_src (jpeg, data, size);
  jpeg_save_markers (jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header (jpeg, TRUE);
}

/* Nothing here that a jump back would leave behind. */
static gboolean
decode (Decoding *decoding, const guint8 *data, gsize size, Picture *picture, guint *orientation,
    GError **error)
{
  j_decompress_ptr jpeg = &decoding->jpeg;

  if (setjmp (decoding->stop)) {
    set_error (decoding, error);
    return FALSE;
  }
  start (decoding, data, size, picture->limit);
  *orientation = find_orientation (jpeg);
  if (!choose_colors (jpeg, error)
      || !picture_resize (picture, jpeg->image_width, jpeg->image_height,
          jpeg->out_color_space == JCS_GRAYSCALE ? 1 : 3, 1, error))
    return FALSE;
  jpeg_start_decompress (jpeg);
  if (jpeg->out_color_space == JCS_CMYK)
    read_ink (jpeg, picture);
  else
    read_rows (jpeg, picture);
  /* goes on to the marker of the end; what follows it is not the picture's: previews, others of a series */
  jpeg_finish_decompress (jpeg);
  return TRUE;
}

static gboolean
read_jpeg (const guint8 *data, gsize size, Picture *picture, guint *orientation, GError **error)
{
  Decoding decoding = { 0 };

  decoding.jpeg.err = jpeg_std_error (&decoding.manager);
  decoding.manager.error_exit = stop;
  decoding.manager.emit_message = take_message;
  decoding.manager.output_message = ignore_output;
  const gboolean good = decode (&decoding, data, size, picture, orientation, error);
  jpeg_destroy_decompress (&decoding.jpeg);
  return good;
}

const PictureReader jpeg_reader = { "JPEG", is_jpeg, read_jpeg };
