/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of a profile are named by properties, and the meta only confirms them; those of a frame, of
 * a batch, and running ones are nowhere else than in the meta.
 */
#include "gstpixeldenormmeta.h"

#include <math.h>
#include <string.h>

#include "gstpixelenums.h"
#include "gstpixelmeta.h"

static guint
array_size (const GstStructure *structure, const gchar *name)
{
  const GValue *array = gst_structure_get_value (structure, name);

  return array && GST_VALUE_HOLDS_ARRAY (array) ? gst_value_array_get_size (array) : 0;
}

/* @n numbers of an array from @first on, which it has. */
static gboolean
read_numbers (
    const GstStructure *structure, const gchar *name, guint first, guint n, gdouble *values)
{
  const GValue *array = gst_structure_get_value (structure, name);
  g_auto (GValue) number = G_VALUE_INIT;

  g_value_init (&number, G_TYPE_DOUBLE);
  for (guint i = 0; i < n; i++) {
    const GValue *item = gst_value_array_get_value (array, first + i);

    if (G_VALUE_HOLDS_STRING (item) || !g_value_transform (item, &number))
      return FALSE;
    values[i] = g_value_get_double (&number);
  }
  return TRUE;
}

/* An array of numbers; returns how many there are, at most one more than there is room for. */
static guint
read_array (const GstStructure *structure, const gchar *name, gdouble *values)
{
  const guint n = MIN (array_size (structure, name), PIXELNORM_MAX_CHANNELS + 1);

  return read_numbers (structure, name, 0, MIN (n, PIXELNORM_MAX_CHANNELS), values) ? n : 0;
}

static gboolean
check_undone (const GstPixelApplied *self, const gchar *statistics, GError **error)
{
  const gchar *scope = gst_structure_get_string (self->structure, "scope");

  if (g_strcmp0 (statistics, "running") != 0 || g_strcmp0 (scope, "pixel") != 0)
    return TRUE;
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "The buffer was normalized with running statistics of every pixel, which no buffer carries: "
      "that cannot be undone. Use scope=channel in pixelnorm, or statistics=profile.");
  return FALSE;
}

static gboolean
read_values (GstPixelApplied *self, const gchar *statistics, GError **error)
{
  const guint total = array_size (self->structure, "mean");

  /* of a batch, statistics of frames are those of one frame after the other */
  self->is_per_frame = g_str_equal (statistics, "frame") && self->n_frames > 1;
  self->n_values = self->is_per_frame ? total / self->n_frames : total;
  if (total > 0 && total == array_size (self->structure, "std")
      && (!self->is_per_frame || total % self->n_frames == 0)
      && self->n_values <= PIXELNORM_MAX_CHANNELS && gst_pixel_applied_take_frame (self, 0))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "The buffer was normalized with statistics of its own (%s), and its " GST_PIXEL_META_NAME
      " does not say which: expected mean and std with a number for each channel, and of statistics=frame "
      "for each frame. Keep the meta as pixelnorm put it there, on every buffer.",
      statistics);
  return FALSE;
}

gboolean
gst_pixel_applied_take_frame (GstPixelApplied *self, guint frame)
{
  const guint first = self->is_per_frame ? frame * self->n_values : 0;

  return read_numbers (self->structure, "mean", first, self->n_values, self->mean)
      && read_numbers (self->structure, "std", first, self->n_values, self->std);
}

gboolean
gst_pixel_applied_read (GstPixelApplied *self, GstBuffer *buffer, guint n_frames, GError **error)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, GST_PIXEL_META_NAME);

  *self = (GstPixelApplied){ .n_frames = n_frames };
  if (!meta)
    return TRUE;
  self->structure = gst_custom_meta_get_structure (meta);
  if (gst_structure_get_uint (self->structure, "frames", &self->n_frames)
      && (self->n_frames == 0 || self->n_frames > n_frames)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected 1 to %u frames in a buffer, as the caps say, found a " GST_PIXEL_META_NAME
        " that says %u.",
        n_frames, self->n_frames);
    return FALSE;
  }
  const gchar *statistics = gst_structure_get_string (self->structure, "statistics");
  self->has_values = statistics && !g_str_equal (statistics, "profile");
  return !self->has_values
      || (check_undone (self, statistics, error) && read_values (self, statistics, error));
}

/* What the meta says of a setting, or else the plan. */
static gboolean
take_setting (const GstPixelApplied *self, const GstPixelPlan *plan, const gchar *name,
    gboolean several, PixelnormSettings *settings)
{
  gdouble said[PIXELNORM_MAX_CHANNELS];
  guint n_said = 0, n, n_own;
  const gdouble *values = pixelnorm_settings_get_values (plan->settings, name, &n);
  const gdouble *own = pixelnorm_settings_get_values (settings, name, &n_own);

  if (several)
    n_said = read_array (self->structure, name, said);
  else if (gst_structure_get_double (self->structure, name, said))
    n_said = 1;
  if (n_said == 1 || n_said == PIXELNORM_MAX_CHANNELS) {
    values = said;
    n = n_said;
  }
  return (n != n_own || memcmp (values, own, n * sizeof *values) != 0)
      && pixelnorm_settings_set_values (settings, name, values, n, NULL);
}

gboolean
gst_pixel_applied_settings (
    const GstPixelApplied *self, const GstPixelPlan *plan, PixelnormSettings *settings)
{
  static const gchar *const names[] = { "gamma", "beta", "range-low", "range-high", "quant-scale" };
  gboolean changed = FALSE;
  gint zero_point, own;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    changed |= take_setting (self, plan, names[i], i < 2, settings);
  g_object_get (plan->settings, "quant-zero-point", &zero_point, NULL);
  gst_structure_get_int (self->structure, "quant-zero-point", &zero_point);
  g_object_get (settings, "quant-zero-point", &own, NULL);
  if (zero_point == own)
    return changed;
  g_object_set (settings, "quant-zero-point", zero_point, NULL);
  return TRUE;
}

static gboolean
differ (gdouble a, gdouble b)
{
  return fabs (a - b) > 1e-9 * fmax (fabs (a), fabs (b));
}

static gchar *
print_values (const gdouble *values, guint n)
{
  GString *text = g_string_new ("<");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%.9g", i ? "," : "", values[i]);
  return g_string_free (g_string_append_c (text, '>'), FALSE);
}

/* Of an array, one number standing for all channels; what pixelnorm does not mention is @usual. */
static gboolean
array_differs (const GstPixelApplied *self, const gchar *name, gdouble usual,
    const PixelnormSettings *settings, gchar **result)
{
  guint n_own;
  const gdouble *own = pixelnorm_settings_get_values (settings, name, &n_own);
  gdouble values[PIXELNORM_MAX_CHANNELS] = { usual };
  guint n = read_array (self->structure, name, values);
  gboolean found = FALSE;

  if (n > PIXELNORM_MAX_CHANNELS || !gst_structure_has_field (self->structure, "method"))
    return FALSE;
  n = MAX (n, 1);
  for (guint i = 0; i < PIXELNORM_MAX_CHANNELS; i++)
    found |= differ (values[n > 1 ? i % n : 0], own[n_own > 1 ? i % n_own : 0]);
  if (!found)
    return FALSE;
  g_autofree gchar *theirs = print_values (values, n), *ours = print_values (own, n_own);
  *result = g_strdup_printf ("%s %s, and here it is %s", name, theirs, ours);
  return TRUE;
}

static gboolean
word_differs (const GstPixelApplied *self, const gchar *name, const gchar *own, gchar **result)
{
  const gchar *word = gst_structure_get_string (self->structure, name);

  if (!word || !own || g_str_equal (word, own))
    return FALSE;
  *result = g_strdup_printf ("%s %s, and here it is %s", name, word, own);
  return TRUE;
}

static gboolean
number_differs (const GstPixelApplied *self, const gchar *name, gdouble own, gchar **result)
{
  gdouble number;
  gint whole;

  if (!gst_structure_get_double (self->structure, name, &number)) {
    if (!gst_structure_get_int (self->structure, name, &whole))
      return FALSE;
    number = whole;
  }
  if (!differ (number, own))
    return FALSE;
  *result = g_strdup_printf ("%s %.17g, and here it is %.17g", name, number, own);
  return TRUE;
}

/* What codes stand for. */
static gboolean
codes_differ (const GstPixelApplied *self, PixelnormDenormalizer *denormalizer,
    PixelnormOutput input, gchar **result)
{
  gdouble low, high, scale;
  gint zero_point;

  pixelnorm_denormalizer_get_range (denormalizer, &low, &high);
  pixelnorm_denormalizer_get_quantization (denormalizer, &scale, &zero_point);
  if (input == PIXELNORM_OUTPUT_VIDEO)
    return number_differs (self, "range-low", low, result)
        || number_differs (self, "range-high", high, result);
  return pixelnorm_output_is_quantized (input)
      && (number_differs (self, "quant-scale", scale, result)
          || number_differs (self, "quant-zero-point", zero_point, result));
}

static gboolean
profile_differs (const GstPixelApplied *self, const GstPixelPlan *plan, gchar **result)
{
  PixelnormProfile *profile = plan->inputs->profile;
  PixelnormMethod method;

  g_object_get (plan->settings, "method", &method, NULL);
  return profile && pixelnorm_method_needs_profile (method)
      && (word_differs (
              self, "scope", pixelnorm_settings_get_word (plan->settings, "scope"), result)
          || word_differs (self, "identity", pixelnorm_profile_get_identity (profile), result));
}

/* Gamma and beta of a file. */
static gboolean
affine_differs (const GstPixelApplied *self, const GstPixelPlan *plan, gchar **result)
{
  const gchar *theirs = gst_structure_get_string (self->structure, "affine-identity");
  PixelnormLearnedAffine *affine = plan->inputs->affine;
  const gchar *ours = affine ? pixelnorm_learned_affine_get_identity (affine) : NULL;

  if (g_strcmp0 (theirs, ours) == 0 || !gst_structure_has_field (self->structure, "method"))
    return FALSE;
  *result = g_strdup_printf (
      "affine-identity %s, and here it is %s", theirs ? theirs : "none", ours ? ours : "none");
  return TRUE;
}

gchar *
gst_pixel_applied_contradiction (
    const GstPixelApplied *self, const GstPixelPlan *plan, const GstPixelTarget *target)
{
  const PixelnormSettings *settings = plan->settings;
  gchar *result = NULL;

  if (word_differs (self, "method", pixelnorm_settings_get_word (settings, "method"), &result)
      || profile_differs (self, plan, &result) || affine_differs (self, plan, &result))
    return result;
  if (target->output != PIXELNORM_OUTPUT_VIDEO
      && (word_differs (self, "layout", pixelnorm_settings_get_word (settings, "layout"), &result)
          || word_differs (self, "channel-order",
              pixelnorm_settings_get_word (settings, "channel-order"), &result)))
    return result;
  if (!array_differs (self, "gamma", 1, settings, &result)
      && !array_differs (self, "beta", 0, settings, &result))
    codes_differ (self, plan->denormalizer, target->output, &result);
  return result;
}
