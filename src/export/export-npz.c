/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* numpy's .npz: a zip file of .npy files, stored as they are. The arrays
 *
 *   mean, scale                        float64: y = (x - mean) * scale
 *   centre, scale_float32, bias        float32: y = (x - centre) * scale_float32 + bias, the very
 *                                      arithmetic of pixelnorm; centre is a whole number
 *   max_code                           int64, without dimensions: 255 at 8 bits
 *   channels, layout, method, scope, identity   text, without dimensions
 *
 * have the shape [height, width, channels], or [channels, height, width] in the layout nchw; without
 * scope pixel [channels], or [channels, 1, 1]. So they are broadcast over frames of that layout.
 */
#include "export.h"

#include <gio/gio.h>
#include <pixelnorm/enum-types.h>
#include <string.h>
#include <minizip/zip.h>

/* The first day that a zip file knows: the same numbers make the same bytes, whenever. */
static const zip_fileinfo first_day = { .tmz_date = { .tm_mday = 1, .tm_year = 1980 } };

static voidpf
stream_open (voidpf opaque, const void *name, int mode)
{
  return opaque;
}

static uLong
stream_write (voidpf opaque, voidpf stream, const void *data, uLong size)
{
  gsize written = 0;

  g_output_stream_write_all (stream, data, size, &written, NULL, NULL);
  return written;
}

static ZPOS64_T
stream_tell (voidpf opaque, voidpf stream)
{
  return g_seekable_tell (stream);
}

static long
stream_seek (voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
  static const GSeekType types[] = {
    [ZLIB_FILEFUNC_SEEK_SET] = G_SEEK_SET,
    [ZLIB_FILEFUNC_SEEK_CUR] = G_SEEK_CUR,
    [ZLIB_FILEFUNC_SEEK_END] = G_SEEK_END,
  };

  return g_seekable_seek (stream, (goffset) offset, types[origin], NULL, NULL) ? 0 : -1;
}

static int
stream_close (voidpf opaque, voidpf stream)
{
  return 0;
}

static int
stream_error (voidpf opaque, voidpf stream)
{
  return 0;
}

/* A new .npy, version 1.0: the header is padded so that the data begins at a multiple of 64. @shape is
 * Python's: "3, 1, 1, ". */
static gboolean
add_npy (zipFile zip, const char *name, const char *type, const char *shape, const void *data,
    gsize size)
{
  g_autofree char *file = g_strconcat (name, ".npy", NULL);
  g_autofree char *words =
      g_strdup_printf ("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
  const guint16 length = (10 + strlen (words) + 1 + 63) / 64 * 64 - 10;
  g_autofree char *header = g_strdup_printf ("%-*s\n", length - 1, words);
  gboolean good =
      zipOpenNewFileInZip64 (zip, file, &first_day, NULL, 0, NULL, 0, NULL, 0, 0, size > G_MAXINT32)
          == ZIP_OK
      && zipWriteInFileInZip (zip, "\x93NUMPY\x01\x00", 8) == ZIP_OK
      && zipWriteInFileInZip (zip, &length, 2) == ZIP_OK
      && zipWriteInFileInZip (zip, header, length) == ZIP_OK;

  for (gsize at = 0; good && at < size;) {
    const guint part = MIN (size - at, 1u << 30);

    good = zipWriteInFileInZip (zip, (const guint8 *) data + at, part) == ZIP_OK;
    at += part;
  }
  return zipCloseFileInZip (zip) == ZIP_OK && good;
}

/* Text without dimensions, UTF-32 as numpy has it. */
static gboolean
add_text (zipFile zip, const char *name, const char *text)
{
  glong length = 0;
  g_autofree gunichar *characters = g_utf8_to_ucs4_fast (text, -1, &length);
  g_autofree char *type = g_strdup_printf ("<U%ld", length);

  return add_npy (zip, name, type, "", characters, length * sizeof (gunichar));
}

typedef enum { MEAN, SCALE, CENTRE, SCALE_FLOAT32, BIAS } Item;

static const struct {
  const char *name, *type;
  gsize size;
} items[] = {
  [MEAN] = { "mean", "<f8", 8 },
  [SCALE] = { "scale", "<f8", 8 },
  [CENTRE] = { "centre", "<f4", 4 },
  [SCALE_FLOAT32] = { "scale_float32", "<f4", 4 },
  [BIAS] = { "bias", "<f4", 4 },
};

static void
store (Item item, void *data, gsize i, const PixelnormAffine *affine)
{
  switch (item) {
  case MEAN:
    ((double *) data)[i] = affine->subtract;
    break;
  case SCALE:
    ((double *) data)[i] = affine->scale;
    break;
  case CENTRE:
    ((float *) data)[i] = affine->centre;
    break;
  case SCALE_FLOAT32:
    ((float *) data)[i] = affine->scale;
    break;
  default:
    ((float *) data)[i] = affine->bias;
  }
}

static void
fill (const PixelnormExport *self, Item item, void *data)
{
  const gboolean planar = self->options->layout == PIXELNORM_TENSOR_LAYOUT_NCHW;

  for (gsize p = 0; p < self->n_pixels; p++) {
    for (guint i = 0; i < self->n_channels; i++) {
      const PixelnormAffine affine =
          pixelnorm_export_affine (&self->exact, p, pixelnorm_export_channel (self, i));

      store (item, data, planar ? i * self->n_pixels + p : p * self->n_channels + i, &affine);
    }
  }
}

static gboolean
add_arrays (const PixelnormExport *self, zipFile zip)
{
  const gboolean planar = self->options->layout == PIXELNORM_TENSOR_LAYOUT_NCHW;
  const guint height = self->exact.per_pixel ? self->height : 1;
  const guint width = self->exact.per_pixel ? self->width : 1;
  g_autofree char *shape = NULL;
  gboolean good = TRUE;

  if (planar)
    shape = g_strdup_printf ("%u, %u, %u, ", self->n_channels, height, width);
  else if (self->exact.per_pixel)
    shape = g_strdup_printf ("%u, %u, %u, ", height, width, self->n_channels);
  else
    shape = g_strdup_printf ("%u, ", self->n_channels);
  for (guint i = 0; good && i < G_N_ELEMENTS (items); i++) {
    const gsize size = self->n_pixels * self->n_channels * items[i].size;
    g_autofree void *data = g_try_malloc (size);

    if (!data)
      return FALSE;
    fill (self, i, data);
    good = add_npy (zip, items[i].name, items[i].type, shape, data, size);
  }
  return good;
}

static gboolean
add_all (const PixelnormExport *self, zipFile zip)
{
  const PixelnormSettings *settings = &self->exact.settings;
  const gint64 max_code = self->exact.max_code;
  g_autofree char *channels = g_strdup (self->geometry->channels);

  if (self->options->channel_order == PIXELNORM_CHANNEL_ORDER_BGR)
    g_strreverse (channels);
  return add_arrays (self, zip) && add_npy (zip, "max_code", "<i8", "", &max_code, sizeof max_code)
      && add_text (zip, "channels", channels)
      && add_text (zip, "layout", pixelnorm_export_layout (self))
      && add_text (
          zip, "method", pixelnorm_export_enum_nick (PIXELNORM_TYPE_METHOD, settings->method))
      && add_text (zip, "scope", pixelnorm_export_enum_nick (PIXELNORM_TYPE_SCOPE, settings->scope))
      && add_text (zip, "identity", pixelnorm_profile_get_identity (self->profile));
}

gboolean
pixelnorm_export_write_npz (PixelnormExport *self, GError **error)
{
  g_autoptr (GOutputStream) stream = g_memory_output_stream_new_resizable ();
  zlib_filefunc64_def functions = { .zopen64_file = stream_open,
    .zwrite_file = stream_write,
    .ztell64_file = stream_tell,
    .zseek64_file = stream_seek,
    .zclose_file = stream_close,
    .zerror_file = stream_error,
    .opaque = stream };
  zipFile zip = zipOpen2_64 ("", APPEND_STATUS_CREATE, NULL, &functions);
  gboolean good = zip && add_all (self, zip);

  good = zip && zipClose (zip, NULL) == ZIP_OK && good;
  if (!good || !g_output_stream_close (stream, NULL, NULL)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for arrays of %" G_GSIZE_FORMAT " samples.",
        self->n_pixels * self->n_channels);
    return FALSE;
  }
  pixelnorm_export_take_file (self, self->exporter->format.extension,
      g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (stream)));
  return TRUE;
}
