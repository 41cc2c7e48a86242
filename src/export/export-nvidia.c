/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DeepStream: scale * (x - mean), with one scale for all samples. The means are a number a channel, or
 * an image of 8 bits that takes their place. The image is a file of the header "P6\nW H\n255\n" and
 * the bytes in the order of the model, one a channel, which makes a grey one no PPM for anybody else;
 * its reader takes no comments. Width and height are those of the model's input.
 */
#include "export.h"

#include <pixelnorm/error.h>
#include <string.h>

#define MEAN_ENDING "-mean.ppm"
/* The reader keeps a byte and a float of every sample on its stack, which is of 8 MiB by default. */
#define MAX_READER_SAMPLES (8 * 1024 * 1024 / 5)

/* where DeepStream installs the library that normalizes for nvdspreprocess */
#define CUSTOM_LIBRARY "/opt/nvidia/deepstream/deepstream/lib/gst-plugins/libcustom2d_preprocess.so"

static gboolean
is_planar (const PixelnormExport *self)
{
  return self->options->layout == PIXELNORM_TENSOR_LAYOUT_NCHW;
}

/* RGB, BGR, GRAY */
static guint
color_number (const PixelnormExport *self)
{
  const char *color = pixelnorm_export_color (self);

  return *color == 'R' ? 0 : *color == 'B' ? 1 : 2;
}

static gboolean
take_mean_image (PixelnormExport *self, GError **error)
{
  g_autofree char *header = g_strdup_printf ("P6\n%u %u\n255\n", self->width, self->height);
  const gsize start = strlen (header);
  const gsize size = start + self->n_pixels * self->n_channels;
  guint8 *data = g_try_malloc (size);

  if (!data) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a mean image of %u x %u pixels.", self->width, self->height);
    return FALSE;
  }
  memcpy (data, header, start);
  for (gsize p = 0; p < self->n_pixels; p++) {
    for (guint i = 0; i < self->n_channels; i++) {
      double mean, scale;

      pixelnorm_export_sample (self, p, pixelnorm_export_channel (self, i), &mean, &scale);
      data[start + p * self->n_channels + i] = (guint8) mean; /* a whole number of 0 to 255 */
    }
  }
  pixelnorm_export_take_file (self, MEAN_ENDING, g_bytes_new_take (data, size));
  return TRUE;
}

/* @format has the name of the mean image. */
static void
append_means (const PixelnormExport *self, GString *text, const char *format,
    const char *list_start, const char *separator, const char *list_end)
{
  g_autofree char *name = pixelnorm_export_file_name (self, MEAN_ENDING);
  g_auto (GStrv) parts = g_strsplit (format, "$", 2);

  if (self->pixel_mean) {
    g_string_append_printf (text, "%s%s%s", parts[0], name, parts[1]);
    return;
  }
  g_string_append (text, list_start);
  pixelnorm_export_append_joined (self, text, "mean", separator);
  g_string_append (text, list_end);
}

static gboolean
take_files (PixelnormExport *self, GString *text, gboolean small_stack, GError **error)
{
  g_autofree char *note = NULL;

  pixelnorm_export_take_text (self, text);
  if (!self->pixel_mean)
    return TRUE;
  if (small_stack && self->n_pixels * self->n_channels > MAX_READER_SAMPLES) {
    note = g_strdup_printf (
        "%s reads the mean image onto its stack, and %u x %u pixels are more than the usual 8 MiB hold "
        "(%u pixels of %u channels). Raise the limit with \"ulimit -s unlimited\" before the program "
        "starts, or use smaller frames.",
        self->exporter->format.name, self->width, self->height,
        MAX_READER_SAMPLES / self->n_channels, self->n_channels);
    pixelnorm_export_add_note (self, note);
  }
  return take_mean_image (self, error);
}

gboolean
pixelnorm_export_write_nvinfer (PixelnormExport *self, GError **error)
{
  GString *text = g_string_new ("[property]\n");
  char scale[PIXELNORM_NUMBER_SIZE];

  if (self->options->model)
    g_string_append_printf (text, "onnx-file=%s\n", self->options->model);
  if (self->width > 0)
    g_string_append_printf (
        text, "infer-dims=%u;%u;%u\n", self->n_channels, self->height, self->width);
  g_string_append_printf (text,
      "network-input-order=%d\n"
      "model-color-format=%u\n"
      "net-scale-factor=%s\n",
      is_planar (self) ? 0 : 1, color_number (self),
      pixelnorm_export_number (scale, self->scale[0]));
  append_means (self, text, "mean-file=$\n", "offsets=", ";", "\n");
  return take_files (self, text, TRUE, error);
}

/* Its parser demands the sizes, the network-*, tensor-*, scaling-* and custom-* keys, and a group with
 * src-ids and process-on-roi after them; the library splits the offsets at ";" and throws where a part is
 * no number. Frames of every source (-1) go whole into a batch of 1. */
gboolean
pixelnorm_export_write_nvdspreprocess (PixelnormExport *self, GError **error)
{
  GString *text = g_string_new ("[property]\n");
  char scale[PIXELNORM_NUMBER_SIZE];

  g_string_append_printf (text,
      "enable=1\n"
      "target-unique-ids=1\n"
      "process-on-frame=1\n"
      "processing-width=%u\n"
      "processing-height=%u\n"
      "network-input-order=%d\n",
      self->width, self->height, is_planar (self) ? 0 : 1);
  if (is_planar (self))
    g_string_append_printf (
        text, "network-input-shape=1;%u;%u;%u\n", self->n_channels, self->height, self->width);
  else
    g_string_append_printf (
        text, "network-input-shape=1;%u;%u;%u\n", self->height, self->width, self->n_channels);
  g_string_append_printf (text,
      "network-color-format=%u\n"
      "tensor-data-type=0\n"
      "tensor-name=%s\n"
      "scaling-filter=1\n"
      "scaling-pool-memory-type=0\n"
      "custom-lib-path=" CUSTOM_LIBRARY "\n"
      "custom-tensor-preparation-function=CustomTensorPreparation\n"
      "\n"
      "[user-configs]\n"
      "pixel-normalization-factor=%s\n",
      color_number (self), self->options->tensor ? self->options->tensor : "input",
      pixelnorm_export_number (scale, self->scale[0]));
  append_means (self, text, "mean-file=$\n", "offsets=", ";", "\n");
  g_string_append (text,
      "\n"
      "[group-0]\n"
      "src-ids=-1\n"
      "process-on-roi=0\n"
      "draw-roi=0\n"
      "custom-input-transformation-function=CustomAsyncTransformation\n");
  return take_files (self, text, TRUE, error);
}

gboolean
pixelnorm_export_write_nvinferserver (PixelnormExport *self, GError **error)
{
  GString *text = g_string_new ("infer_config {\n  preprocess {\n");
  char scale[PIXELNORM_NUMBER_SIZE];

  g_string_append_printf (text,
      "    network_format: IMAGE_FORMAT_%s\n"
      "    tensor_order: TENSOR_ORDER_%s\n",
      pixelnorm_export_color (self), is_planar (self) ? "LINEAR" : "NHWC");
  if (self->options->tensor)
    g_string_append_printf (text, "    tensor_name: \"%s\"\n", self->options->tensor);
  g_string_append_printf (text,
      "    normalize {\n"
      "      scale_factor: %s\n",
      pixelnorm_export_number (scale, self->scale[0]));
  append_means (self, text, "      mean_file: \"$\"\n", "      channel_offsets: [", ", ", "]\n");
  g_string_append (text, "    }\n  }\n}\n");
  return take_files (self, text, FALSE, error);
}
