/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers and templates as text.
 *
 * In a template {WORD} stands for a word, or for numbers that are joined by ", ", and {NUMBERS:PATTERN} for
 * PATTERN once a channel, where $ is the number and # the index of the channel, both in the order of
 * the model. {NUMBERS|} has them without exponents and with spaces between. "{{" is a brace.
 */
#include "export.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The shortest decimal that is read back as the same double or one next to it: 1 / (1 / 57.375) is
 * written as 57.375. It has a point or an exponent, since some readers take what has none as an
 * integer. */
const char *
pixelnorm_export_number (char text[PIXELNORM_NUMBER_SIZE], double number)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_ascii_formatd (text, G_ASCII_DTOSTR_BUF_SIZE, formats[i], number);
    if (fabs (g_ascii_strtod (text, NULL) - number) <= DBL_EPSILON * fabs (number))
      break;
  }
  if (!strpbrk (text, ".e"))
    strcat (text, ".0");
  return text;
}

/* A double has 17 digits, and the numbers here are 1e-15 at least. */
char *
pixelnorm_export_decimal (double number)
{
  char text[PIXELNORM_NUMBER_SIZE];

  pixelnorm_export_number (text, number);
  if (!strchr (text, 'e'))
    return g_strdup (text);
  for (guint digits = 1;; digits++) {
    g_autofree char *format = g_strdup_printf ("%%.%uf", digits);
    char decimal[512]; /* 309 digits before the point at most */

    g_ascii_formatd (decimal, sizeof decimal, format, number);
    if (digits == 100
        || fabs (g_ascii_strtod (decimal, NULL) - number) <= DBL_EPSILON * fabs (number))
      return g_strdup (decimal);
  }
}

gboolean
pixelnorm_export_value (const PixelnormExport *self, const char *name, guint channel, double *value)
{
  const double mean = self->mean[channel], std = 1 / self->scale[channel];
  const struct {
    const char *name;
    double value;
  } values[] = {
    { "mean", mean },
    { "minus-mean", -mean },
    { "unit-mean", mean / self->exact.max_code },
    { "scale", self->scale[channel] },
    { "std", std },
    { "unit-std", std / self->exact.max_code },
    { "variance", std * std },
  };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    if (strcmp (values[i].name, name) == 0) {
      *value = values[i].value;
      return TRUE;
    }
  }
  return FALSE;
}

void
pixelnorm_export_append_list (
    const PixelnormExport *self, GString *text, const char *name, const char *pattern)
{
  for (guint i = 0; i < self->n_channels; i++) {
    char number[PIXELNORM_NUMBER_SIZE];
    double value = 0;

    if (!pixelnorm_export_value (self, name, pixelnorm_export_channel (self, i), &value))
      g_assert_not_reached (); /* a row of the table is wrong */
    pixelnorm_export_number (number, value);
    for (const char *p = pattern; *p; p++) {
      if (*p == '$')
        g_string_append (text, number);
      else if (*p == '#')
        g_string_append_printf (text, "%u", i);
      else
        g_string_append_c (text, *p);
    }
  }
}

void
pixelnorm_export_append_joined (
    const PixelnormExport *self, GString *text, const char *name, const char *separator)
{
  for (guint i = 0; i < self->n_channels; i++) {
    char number[PIXELNORM_NUMBER_SIZE];
    double value = 0;

    if (!pixelnorm_export_value (self, name, pixelnorm_export_channel (self, i), &value))
      g_assert_not_reached (); /* a row of the table is wrong */
    g_string_append_printf (
        text, "%s%s", i > 0 ? separator : "", pixelnorm_export_number (number, value));
  }
}

const char *
pixelnorm_export_color (const PixelnormExport *self)
{
  if (strcmp (self->geometry->channels, "RGB") != 0)
    return self->n_channels == 1 ? "GRAY" : self->geometry->channels;
  return self->options->channel_order == PIXELNORM_CHANNEL_ORDER_BGR ? "BGR" : "RGB";
}

const char *
pixelnorm_export_enum_nick (GType type, int value)
{
  GEnumClass *class = g_type_class_ref (type);
  const char *nick = g_enum_get_value (class, value)->value_nick;

  g_type_class_unref (class); /* the values are static */
  return nick;
}

const char *
pixelnorm_export_layout (const PixelnormExport *self)
{
  return self->options->layout == PIXELNORM_TENSOR_LAYOUT_NCHW ? "nchw" : "nhwc";
}

/* Channels in the order of the model, without exponents, since the elements read digits and a point. */
static void
append_decimals (const PixelnormExport *self, GString *text, const char *name)
{
  for (guint i = 0; i < self->n_channels; i++) {
    g_autofree char *decimal = NULL;
    double value = 0;

    if (!pixelnorm_export_value (self, name, pixelnorm_export_channel (self, i), &value))
      g_assert_not_reached (); /* a row of the table is wrong */
    decimal = pixelnorm_export_decimal (value);
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", decimal);
  }
}

/* Words that depend on what is known of the model. Returns: FALSE where @word is none of them */
static gboolean
append_word (const PixelnormExport *self, GString *text, const char *word)
{
  const gboolean planar = self->options->layout == PIXELNORM_TENSOR_LAYOUT_NCHW;
  const char *const color = pixelnorm_export_color (self);
  g_autofree char *lower = g_ascii_strdown (color, -1);
  const gboolean is_rgb = strcmp (color, "RGB") == 0;
  g_autofree char *size = g_strdup_printf ("%u, %u", self->width, self->height);
  g_autofree char *resize = g_strdup_printf (
      "true,\n  \"size\": {\"height\": %u, \"width\": %u}", self->height, self->width);
  g_autofree char *default_size = g_strdup_printf (
      ", \"default_size\": {\"width\": %u, \"height\": %u}", self->width, self->height);
  const struct {
    const char *word, *text;
  } words[] = {
    { "color", color },
    { "color-in-small", lower },
    { "layout", planar ? "NCHW" : "NHWC" },
    { "layout-in-small", pixelnorm_export_layout (self) },
    { "keras-axis", planar ? "1" : "-1" },
    { "nnstreamer-dimension", planar ? "2" : "0" },
    { "opencv-swap", is_rgb ? "True" : "False" }, /* its images are BGR, */
    { "reverse", is_rgb ? "True" : "False" },     /* and so are OpenVINO's */
    { "huggingface-rgb", is_rgb ? "true" : "false" },
    { "huggingface-resize", self->width > 0 ? resize : "false" },
    { "tflite-color", is_rgb ? "RGB" : "GRAYSCALE" },
    { "tflite-size", self->width > 0 ? default_size : "" },
    { "tensor", self->options->tensor ? self->options->tensor : "input" },
    { "opencv-layout", planar ? "2" : "4" }, /* the name is in cv2.dnn in OpenCV 4, in cv2 in 5 */
    { "size", size },
    { "element-type", self->exact.max_code > 255 ? "u16" : "u8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (strcmp (words[i].word, word) == 0) {
      g_string_append (text, words[i].text);
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
pixelnorm_export_write_template (PixelnormExport *self, GError **error)
{
  GString *text = g_string_new (NULL);

  for (const char *p = self->exporter->template; *p; p++) {
    if (*p != '{' || p[1] == '{') {
      g_string_append_c (text, *p);
      p += *p == '{';
      continue;
    }
    const char *end = strchr (p, '}');
    g_autofree char *inside = g_strndup (p + 1, end - p - 1);
    char *pattern = strchr (inside, ':'), *bar = strchr (inside, '|');

    if (pattern)
      *pattern++ = '\0';
    else if (bar)
      *bar = '\0';
    if (bar)
      append_decimals (self, text, inside);
    else if (pattern)
      pixelnorm_export_append_list (self, text, inside, pattern);
    else if (!append_word (self, text, inside))
      pixelnorm_export_append_joined (self, text, inside, ", ");
    p = end;
  }
  pixelnorm_export_take_text (self, text);
  return TRUE;
}
