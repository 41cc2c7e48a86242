/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GStreamer's own inference elements, since 1.28: MODEL.modelinfo beside the model. The element computes
 * x * (max - min) / 255 + min in double, with a pair "min,max" a channel, in the order of the model.
 * (One pair for three channels reads past the element's arrays in 1.28.8.)
 *
 * Its input is 8-bit video. Statistics of single pixels reach it in such video, which pixelnorm makes
 * before it: then every pair is what pixelnorm laid onto 0 and 255.
 */
#include "export.h"

static void
append_ranges (const PixelnormExport *self, GString *text)
{
  const double max_code = self->exact.max_code;

  g_string_append (text, "ranges=");
  for (guint i = 0; i < self->n_channels; i++) {
    const guint c = pixelnorm_export_channel (self, i);
    const double low = self->as_video ? self->low : -self->mean[c] * self->scale[c];
    const double high = self->as_video ? self->high : (max_code - self->mean[c]) * self->scale[c];
    char numbers[2][PIXELNORM_NUMBER_SIZE];

    g_string_append_printf (text, "%s%s,%s", i > 0 ? ";" : "",
        pixelnorm_export_number (numbers[0], low), pixelnorm_export_number (numbers[1], high));
  }
  g_string_append_c (text, '\n');
}

/* -1 fits every size. For the batch it is always -1: the elements take one frame at a time, and a model
 * whose batch is open fits no other number, while one whose batch is 1 fits this too. */
static void
append_dimensions (const PixelnormExport *self, GString *text)
{
  const gint width = self->width > 0 ? (gint) self->width : -1;
  const gint height = self->width > 0 ? (gint) self->height : -1;

  if (self->options->layout == PIXELNORM_TENSOR_LAYOUT_NCHW)
    g_string_append_printf (text, "dims=-1,%u,%d,%d\n", self->n_channels, height, width);
  else
    g_string_append_printf (text, "dims=-1,%d,%d,%u\n", height, width, self->n_channels);
}

/* The numbers among the settings that are not the default, as gst-launch-1.0 reads them. */
static void
append_numbers (const PixelnormSettings *settings, GString *text)
{
  const PixelnormSetting *row;
  char number[PIXELNORM_NUMBER_SIZE];

  for (guint i = 0; (row = pixelnorm_setting_get (i)); i++) {
    const gboolean several = row->type == PIXELNORM_SETTING_TYPE_VALUES;
    guint n;

    if (row->type < PIXELNORM_SETTING_TYPE_NUMBER || !pixelnorm_setting_has_effect (row, settings))
      continue;
    const double *values = pixelnorm_settings_get_values (settings, row->name, &n);
    if (values == &settings->range_low || values == &settings->range_high
        || (n == 1 && *values == row->default_value))
      continue;
    g_string_append_printf (text, " %s=%s", row->name, several ? "\"<" : "");
    for (guint k = 0; k < n; k++)
      g_string_append_printf (
          text, "%s%s", k > 0 ? "," : "", pixelnorm_export_number (number, values[k]));
    g_string_append (text, several ? ">\"" : "");
  }
}

static void
append_video (const PixelnormExport *self, GString *text)
{
  const PixelnormSettings *settings = self->exact.settings;
  char numbers[2][PIXELNORM_NUMBER_SIZE];

  g_string_append_printf (text,
      "# The ranges decode 8-bit video of: pixelnorm location=PROFILE scope=pixel method=%s "
      "range-low=%s range-high=%s",
      pixelnorm_settings_get_word (settings, "method"),
      pixelnorm_export_number (numbers[0], self->low),
      pixelnorm_export_number (numbers[1], self->high));
  append_numbers (settings, text);
  g_string_append_c (text, '\n');
}

gboolean
pixelnorm_export_write_modelinfo (PixelnormExport *self, GError **error)
{
  const PixelnormExportOptions *options = self->options;
  const char *tensor = options->tensor ? options->tensor : "input";
  const char *model = options->model ? options->model : "model";
  g_autofree char *group = g_path_get_basename (model);
  GString *text = g_string_new (NULL);

  if (strcmp (tensor, "modelinfo") == 0) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The model's input cannot be called \"modelinfo\" there: the file has a group of that name for "
        "itself. Rename the input in the model, or use another format.");
    g_string_free (text, TRUE);
    return FALSE;
  }
  if (self->as_video)
    append_video (self, text);
  g_string_append_printf (text,
      "[modelinfo]\n"
      "version=1.0\n"
      "group-id=%s\n"
      "\n"
      "[%s]\n"
      "id=%s\n"
      "type=float32\n",
      group, tensor, tensor);
  append_dimensions (self, text);
  g_string_append (text, "dir=input\n");
  append_ranges (self, text);
  pixelnorm_export_take_text (self, text);
  return TRUE;
}
