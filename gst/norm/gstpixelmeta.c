/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PixelnormMeta is a GstCustomMeta, so that applications read it as a GstStructure, from C and from
 * Python, without our headers. Its tags make converters and scalers drop it: after them it would
 * lie.
 */
#include "gstpixelmeta.h"

#include <gst/video/video.h>

#include "gstpixelenums.h"

void
gst_pixel_meta_register (void)
{
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_COLORSPACE_STR,
    GST_META_TAG_VIDEO_SIZE_STR, NULL };

  gst_meta_register_custom (GST_PIXEL_META_NAME, tags, NULL, NULL, NULL);
}

/* Numbers plans in the whole process, so that a buffer of a shared pool never passes for another
 * element's. */
static gint n_plans;

static void
describe_array (GstStructure *applied, const gchar *name, const gdouble *values, guint n)
{
  g_auto (GValue) array = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_set_double (&number, values[i]);
    gst_value_array_append_value (&array, &number);
  }
  gst_structure_take_value (applied, name, &array);
}

/* A setting that is one number is said where it is not the default; that of a source always. */
static void
describe_row (GstStructure *applied, const PixelnormSetting *row, const PixelnormSettings *settings)
{
  guint n;
  const gdouble *values = pixelnorm_settings_get_values (settings, row->name, &n);

  if (n == 1 && *values == row->default_value && !row->sources)
    return;
  if (row->type == PIXELNORM_SETTING_TYPE_VALUES)
    describe_array (applied, row->name, values, n);
  else
    gst_structure_set (applied, row->name, G_TYPE_DOUBLE, *values, NULL);
}

/* The settings that the settings table wants said, where they have an effect. */
static void
describe_settings (GstStructure *applied, const PixelnormSettings *settings)
{
  const PixelnormSetting *row;

  for (guint i = 0; (row = pixelnorm_setting_get (i)); i++)
    if (row->in_meta && pixelnorm_setting_has_effect (row, settings))
      describe_row (applied, row, settings);
}

static void
describe_tensor (GstStructure *applied, const PixelnormSettings *settings)
{
  gst_structure_set (applied, "layout", G_TYPE_STRING,
      pixelnorm_settings_get_word (settings, "layout"), "channel-order", G_TYPE_STRING,
      pixelnorm_settings_get_word (settings, "channel-order"), NULL);
}

static void
describe_output (GstStructure *applied, const PixelnormSettings *settings,
    PixelnormNormalizer *normalizer, PixelnormOutput output)
{
  gdouble low, high, scale;
  gint zero_point;

  if (output == PIXELNORM_OUTPUT_VIDEO) {
    pixelnorm_normalizer_get_range (normalizer, &low, &high);
    gst_structure_set (
        applied, "range-low", G_TYPE_DOUBLE, low, "range-high", G_TYPE_DOUBLE, high, NULL);
    return;
  }
  describe_tensor (applied, settings);
  if (pixelnorm_output_is_quantized (output)) {
    pixelnorm_normalizer_get_quantization (normalizer, &scale, &zero_point);
    gst_structure_set (applied, "quant-scale", G_TYPE_DOUBLE, scale, "quant-zero-point", G_TYPE_INT,
        zero_point, NULL);
  }
}

GstStructure *
gst_pixel_meta_describe (PixelnormSettings *settings, const PixelnormInputs *inputs,
    PixelnormNormalizer *normalizer, PixelnormOutput output)
{
  const guint plan = (guint) g_atomic_int_add (&n_plans, 1) + 1;
  GstStructure *applied = gst_structure_new ("pixelnorm", "plan", G_TYPE_UINT, plan, "method",
      G_TYPE_STRING, pixelnorm_settings_get_word (settings, "method"), "output", G_TYPE_STRING,
      gst_pixel_enum_nick (pixelnorm_output_get_type (), output), NULL);
  PixelnormMethod method;

  g_object_get (settings, "method", &method, NULL);
  if (pixelnorm_method_needs_profile (method))
    gst_structure_set (applied, "scope", G_TYPE_STRING,
        pixelnorm_settings_get_word (settings, "scope"), "statistics", G_TYPE_STRING,
        pixelnorm_settings_get_word (settings, "statistics"), NULL);
  if (inputs->profile && pixelnorm_settings_use_profile (settings))
    gst_structure_set (
        applied, "identity", G_TYPE_STRING, pixelnorm_profile_get_identity (inputs->profile), NULL);
  if (inputs->affine)
    gst_structure_set (applied, "affine-identity", G_TYPE_STRING,
        pixelnorm_learned_affine_get_identity (inputs->affine), NULL);
  describe_settings (applied, settings);
  describe_output (applied, settings, normalizer, output);
  return applied;
}

static gboolean
put_field (GQuark field, const GValue *value, gpointer structure)
{
  gst_structure_id_set_value (structure, field, value);
  return TRUE;
}

void
gst_pixel_meta_put (GstBuffer *buffer, const GstStructure *applied)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, GST_PIXEL_META_NAME);
  guint plan = 0, own = 0;

  gst_structure_get_uint (applied, "plan", &plan);
  if (meta && gst_structure_get_uint (gst_custom_meta_get_structure (meta), "plan", &own)
      && own == plan)
    return;
  if (!meta)
    meta = gst_buffer_add_custom_meta (buffer, GST_PIXEL_META_NAME);
  GstStructure *structure = gst_custom_meta_get_structure (meta);
  gst_structure_remove_all_fields (structure);
  gst_structure_foreach (applied, put_field, structure);
  GST_META_FLAG_SET (&meta->meta, GST_META_FLAG_POOLED);
}

/* In the place of those that are there, where there are as many: so a buffer that comes back from its pool
 * needs no memory. */
static void
put_numbers (GstStructure *structure, const gchar *field, const gdouble *values, guint n)
{
  const GValue *array = gst_structure_get_value (structure, field);

  if (!array || gst_value_array_get_size (array) != n) {
    describe_array (structure, field, values, n);
    return;
  }
  for (guint i = 0; i < n; i++)
    g_value_set_double ((GValue *) gst_value_array_get_value (array, i), values[i]);
}

void
gst_pixel_meta_put_frames (
    GstBuffer *buffer, guint n_frames, const gdouble *mean, const gdouble *std, guint n)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, GST_PIXEL_META_NAME);
  GstStructure *structure = gst_custom_meta_get_structure (meta);

  if (gst_structure_has_field (structure, "batch-size"))
    gst_structure_set (structure, "frames", G_TYPE_UINT, n_frames, NULL);
  if (n == 0)
    return;
  put_numbers (structure, "mean", mean, n);
  put_numbers (structure, "std", std, n);
}
