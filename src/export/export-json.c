/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The format "json": everything that is known, for programs that read JSON. An object with
 *
 *   formula      "y = (x - mean) * scale", with x in code values
 *   mean, scale  a number a channel, in the order of "channels"; in scope pixel nested arrays
 *                [height][width][channels], or [channels][height][width] where layout is nchw
 *   floored      of each channel the share of samples that min_deviation divides, since they vary by less
 *   method, scope, min_deviation, epsilon, units, range (what becomes 0 and 255 in 8-bit video)
 *   channels, layout, max_code
 *   profile      what the numbers were made from, as "pixelprofile info --json" has it
 */
#include "export-json.h"

#include <pixelnorm/enum-types.h>
#include <string.h>

/* Nested arrays of more would be many times as large as the profile. */
#define MAX_SAMPLES 1000000

json_t *
pixelnorm_json_values (const PixelnormExport *self, const char *name)
{
  json_t *array = json_array ();

  for (guint i = 0; i < self->n_channels; i++) {
    char number[PIXELNORM_NUMBER_SIZE];
    double value = 0;

    pixelnorm_export_value (self, name, pixelnorm_export_channel (self, i), &value);
    pixelnorm_export_number (number, value);
    json_array_append_new (array, json_real (g_ascii_strtod (number, NULL)));
  }
  return array;
}

/* In as few digits as all numbers need to be read back as they are. */
static char *
dump (const json_t *json)
{
  for (guint digits = 15; digits < 17; digits++) {
    char *text =
        json_dumps (json, JSON_INDENT (2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION (digits));
    json_t *back = text ? json_loads (text, 0, NULL) : NULL;
    const gboolean same = back && json_equal (json, back);

    json_decref (back);
    if (same)
      return text;
    free (text);
  }
  return json_dumps (json, JSON_INDENT (2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION (17));
}

gboolean
pixelnorm_json_take (PixelnormExport *self, json_t *json, GError **error)
{
  char *text = json ? dump (json) : NULL;

  json_decref (json);
  if (!text) {
    g_set_error_literal (
        error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY, "Not enough memory to write JSON.");
    return FALSE;
  }
  GString *file = g_string_new (text);
  free (text);
  g_string_append_c (file, '\n');
  pixelnorm_export_take_text (self, file);
  return TRUE;
}

static double
get_number (const PixelnormExport *self, gboolean scales, gsize pixel, guint channel)
{
  double mean, scale;

  pixelnorm_export_sample (self, pixel, channel, &mean, &scale);
  return scales ? scale : mean;
}

/* A dimension, and those inside of it, or NULL where memory is short. The strides are of rows, columns and channels, in samples that
 * are counted pixel by pixel. */
static json_t *
nest (const PixelnormExport *self, gboolean scales, const gsize sizes[3], const gsize strides[3],
    guint dimension, gsize at)
{
  json_t *array = json_array ();

  for (gsize i = 0; i < sizes[dimension]; i++, at += strides[dimension]) {
    const gsize pixel = at / self->n_channels;
    const guint channel = pixelnorm_export_channel (self, at % self->n_channels);

    json_t *value = dimension == 2 ? json_real (get_number (self, scales, pixel, channel))
                                   : nest (self, scales, sizes, strides, dimension + 1, at);
    if (json_array_append_new (array, value) != 0) {
      json_decref (array);
      return NULL;
    }
  }
  return array;
}

static json_t *
numbers (const PixelnormExport *self, gboolean scales)
{
  const gsize w = self->width, h = self->height, c = self->n_channels;

  if (!self->exact.per_pixel) {
    json_t *array = json_array ();

    for (guint i = 0; i < self->n_channels; i++)
      json_array_append_new (
          array, json_real (get_number (self, scales, 0, pixelnorm_export_channel (self, i))));
    return array;
  }
  if (self->options->layout == PIXELNORM_TENSOR_LAYOUT_NCHW)
    return nest (self, scales, (gsize[]){ c, h, w }, (gsize[]){ 1, w * c, c }, 0, 0);
  return nest (self, scales, (gsize[]){ h, w, c }, (gsize[]){ w * c, c, 1 }, 0, 0);
}

static json_t *
statistics (const PixelnormExport *self)
{
  json_t *object = json_object ();

  for (guint c = 0; c <= self->n_channels; c++) {
    const char name[2] = { c < self->n_channels ? self->geometry->channels[c] : 0, 0 };
    PixelnormStatistics of;

    pixelnorm_profile_get_statistics (self->profile, c < self->n_channels ? (gint) c : -1, &of);
    json_object_set_new (object, *name ? name : "all",
        json_pack ("{s:f, s:f, s:f, s:i, s:i}", "count", of.count, "mean", of.mean, "std", of.std,
            "min", (int) of.min, "max", (int) of.max));
  }
  return object;
}

static json_t *
describe_profile (const PixelnormExport *self)
{
  const PixelnormGeometry *geometry = self->geometry;
  const gboolean sized = geometry->width > 0;

  return json_pack ("{s:s, s:I, s:I, s:s, s:o, s:o, s:s, s:i, s:s, s:s?, s:s?, s:o}", "identity",
      pixelnorm_profile_get_identity (self->profile), "frames",
      (json_int_t) pixelnorm_profile_get_frames (self->profile), "frames_skipped",
      (json_int_t) pixelnorm_profile_get_frames_skipped (self->profile), "scope",
      pixelnorm_export_enum_nick (
          PIXELNORM_TYPE_SCOPE, pixelnorm_profile_get_scope (self->profile)),
      "width", sized ? json_integer (geometry->width) : json_null (), "height",
      sized ? json_integer (geometry->height) : json_null (), "channels", geometry->channels,
      "depth", (int) geometry->depth, "range",
      geometry->range == PIXELNORM_RANGE_LIMITED ? "limited" : "full", "matrix", geometry->matrix,
      "created", pixelnorm_profile_get_created (self->profile), "statistics", statistics (self));
}

static json_t *
channel_names (const PixelnormExport *self)
{
  json_t *array = json_array ();

  for (guint i = 0; i < self->n_channels; i++)
    json_array_append_new (
        array, json_stringn (self->geometry->channels + pixelnorm_export_channel (self, i), 1));
  return array;
}

static json_t *
floored (const PixelnormExport *self)
{
  double shares[PIXELNORM_MAX_CHANNELS];
  json_t *array = json_array ();

  pixelnorm_inputs_measure_floor (&self->exact.inputs, self->exact.settings, shares, NULL);
  for (guint i = 0; i < self->n_channels; i++)
    json_array_append_new (array, json_real (shares[pixelnorm_export_channel (self, i)]));
  return array;
}

gboolean
pixelnorm_export_write_json (PixelnormExport *self, GError **error)
{
  const PixelnormSettings *settings = self->exact.settings;
  double low, high;

  if (self->n_pixels * self->n_channels > MAX_SAMPLES) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_LIMIT,
        "The profile has %" G_GSIZE_FORMAT " samples; json takes at most %u. Use scope channel, or "
        "make arrays with the Python package, as docs/export.md shows.",
        self->n_pixels * self->n_channels, MAX_SAMPLES);
    return FALSE;
  }
  pixelnorm_coefficients_range (&self->exact, &low, &high);
  return pixelnorm_json_take (self,
      json_pack ("{s:s, s:s, s:s, s:s, s:f, s:o, s:f, s:s, s:[f, f], s:o, s:s, s:i, s:o, s:o, s:o}",
          "formula", "y = (x - mean) * scale", "software", "gst-pixelnorm " PIXELNORM_VERSION,
          "method", pixelnorm_settings_get_word (settings, "method"), "scope",
          pixelnorm_settings_get_word (settings, "scope"), "min_deviation", settings->min_deviation,
          "floored", floored (self), "epsilon", settings->epsilon, "units",
          pixelnorm_settings_get_word (settings, "units"), "range", low, high, "channels",
          channel_names (self), "layout", pixelnorm_export_layout (self), "max_code",
          (int) self->exact.max_code, "profile", describe_profile (self), "mean",
          numbers (self, FALSE), "scale", numbers (self, TRUE)),
      error);
}
