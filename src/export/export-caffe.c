/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caffe: (x - mean) * scale, with one scale. The means are a number a channel, or a mean.binaryproto: a
 * BlobProto of protocol buffers, with num (field 1), channels (2), height (3) and width (4) as varints,
 * and the means as packed float32 (5), a plane a channel, in the order of the model.
 */
#include "export.h"

#define MEAN_ENDING "-mean.binaryproto"
#define VARINT 0
#define BYTES 2

static void
append_varint (GByteArray *bytes, guint64 value)
{
  do {
    const guint8 byte = (value & 127) | (value > 127 ? 128 : 0);

    g_byte_array_append (bytes, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

static void
append_field (GByteArray *bytes, guint number, guint kind, guint64 value)
{
  append_varint (bytes, number << 3 | kind);
  append_varint (bytes, value);
}

static gboolean
take_mean_image (PixelnormExport *self, GError **error)
{
  const gsize n_samples = self->n_pixels * self->n_channels;
  GByteArray *bytes = g_byte_array_new ();

  if (n_samples > G_MAXINT32 / sizeof (float)) { /* readers of protocol buffers take no more */
    g_byte_array_unref (bytes);
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_LIMIT,
        "A mean image of %u x %u pixels is too large for a binaryproto. Use scope channel.",
        self->width, self->height);
    return FALSE;
  }
  append_field (bytes, 1, VARINT, 1);
  append_field (bytes, 2, VARINT, self->n_channels);
  append_field (bytes, 3, VARINT, self->height);
  append_field (bytes, 4, VARINT, self->width);
  append_field (bytes, 5, BYTES, n_samples * sizeof (float));
  for (guint i = 0; i < self->n_channels; i++) {
    for (gsize p = 0; p < self->n_pixels; p++) {
      double mean, scale;

      pixelnorm_export_sample (self, p, pixelnorm_export_channel (self, i), &mean, &scale);
      const float value = (float) mean;
      g_byte_array_append (bytes, (const guint8 *) &value, sizeof value);
    }
  }
  pixelnorm_export_take_file (self, MEAN_ENDING, g_byte_array_free_to_bytes (bytes));
  return TRUE;
}

gboolean
pixelnorm_export_write_caffe (PixelnormExport *self, GError **error)
{
  g_autofree char *name = pixelnorm_export_file_name (self, MEAN_ENDING);
  GString *text = g_string_new ("transform_param {\n");
  char scale[PIXELNORM_NUMBER_SIZE];

  g_string_append_printf (text, "  scale: %s\n", pixelnorm_export_number (scale, self->scale[0]));
  if (self->pixel_mean)
    g_string_append_printf (text, "  mean_file: \"%s\"\n", name);
  else
    pixelnorm_export_append_list (self, text, "mean", "  mean_value: $\n");
  g_string_append (text, "}\n");
  pixelnorm_export_take_text (self, text);
  return !self->pixel_mean || take_mean_image (self, error);
}
