/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties that name a plan, for every element that makes one. An element keeps them under
 * its object lock, copies them, and loads what they name without it.
 */
#include "gstpixelsettings.h"

#include "gstpixelcaps.h"
#include "gstpixelenums.h"

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_PROFILE,
  PROP_DARK_LOCATION,
  PROP_AFFINE_LOCATION,
  PROP_METHOD,
  PROP_SCOPE,
  PROP_MIN_DEVIATION,
  PROP_EPSILON,
  PROP_PERCENTILE_LOW,
  PROP_PERCENTILE_HIGH,
  PROP_MEAN,
  PROP_STD,
  PROP_GAMMA,
  PROP_BETA,
  PROP_CLIP_LOW,
  PROP_CLIP_HIGH,
  PROP_UNITS,
  PROP_RANGE_LOW,
  PROP_RANGE_HIGH,
  PROP_LAYOUT,
  PROP_CHANNEL_ORDER,
  PROP_QUANT_SCALE,
  PROP_QUANT_ZERO_POINT,
  PROP_STATISTICS,
  PROP_MOMENTUM,
};

/* ARRAY TABLE: properties that are a number, or one a channel. */
static const struct {
  guint id;
  const gchar *name;
  gboolean (*set) (PixelnormSettings *settings, const gdouble *values, guint n, GError **error);
  gsize values, n_values; /* where they are in the settings */
} arrays[GST_PIXEL_SETTINGS_N_ARRAYS] = {
  { PROP_MEAN, "mean", pixelnorm_settings_set_mean, G_STRUCT_OFFSET (PixelnormSettings, mean),
      G_STRUCT_OFFSET (PixelnormSettings, n_mean) },
  { PROP_STD, "std", pixelnorm_settings_set_std, G_STRUCT_OFFSET (PixelnormSettings, std),
      G_STRUCT_OFFSET (PixelnormSettings, n_std) },
  { PROP_GAMMA, "gamma", pixelnorm_settings_set_gamma, G_STRUCT_OFFSET (PixelnormSettings, gamma),
      G_STRUCT_OFFSET (PixelnormSettings, n_gamma) },
  { PROP_BETA, "beta", pixelnorm_settings_set_beta, G_STRUCT_OFFSET (PixelnormSettings, beta),
      G_STRUCT_OFFSET (PixelnormSettings, n_beta) },
};

/* FIELD TABLE: properties that are one value: a word, a number or an enum, kept as its type says. */
static const struct {
  guint id;
  gsize offset;
} fields[] = {
  { PROP_LOCATION, G_STRUCT_OFFSET (GstPixelSettings, location) },
  { PROP_DARK_LOCATION, G_STRUCT_OFFSET (GstPixelSettings, dark_location) },
  { PROP_AFFINE_LOCATION, G_STRUCT_OFFSET (GstPixelSettings, affine_location) },
  { PROP_METHOD, G_STRUCT_OFFSET (GstPixelSettings, settings.method) },
  { PROP_SCOPE, G_STRUCT_OFFSET (GstPixelSettings, settings.scope) },
  { PROP_STATISTICS, G_STRUCT_OFFSET (GstPixelSettings, settings.statistics) },
  { PROP_MOMENTUM, G_STRUCT_OFFSET (GstPixelSettings, settings.momentum) },
  { PROP_MIN_DEVIATION, G_STRUCT_OFFSET (GstPixelSettings, settings.min_deviation) },
  { PROP_EPSILON, G_STRUCT_OFFSET (GstPixelSettings, settings.epsilon) },
  { PROP_PERCENTILE_LOW, G_STRUCT_OFFSET (GstPixelSettings, settings.percentile_low) },
  { PROP_PERCENTILE_HIGH, G_STRUCT_OFFSET (GstPixelSettings, settings.percentile_high) },
  { PROP_CLIP_LOW, G_STRUCT_OFFSET (GstPixelSettings, settings.clip_low) },
  { PROP_CLIP_HIGH, G_STRUCT_OFFSET (GstPixelSettings, settings.clip_high) },
  { PROP_CHANNEL_ORDER, G_STRUCT_OFFSET (GstPixelSettings, settings.channel_order) },
  { PROP_UNITS, G_STRUCT_OFFSET (GstPixelSettings, settings.units) },
  { PROP_RANGE_LOW, G_STRUCT_OFFSET (GstPixelSettings, settings.range_low) },
  { PROP_RANGE_HIGH, G_STRUCT_OFFSET (GstPixelSettings, settings.range_high) },
  { PROP_LAYOUT, G_STRUCT_OFFSET (GstPixelSettings, tensor_layouts) },
  { PROP_QUANT_SCALE, G_STRUCT_OFFSET (GstPixelSettings, settings.quant_scale) },
  { PROP_QUANT_ZERO_POINT, G_STRUCT_OFFSET (GstPixelSettings, settings.quant_zero_point) },
};

void
gst_pixel_settings_init (GstPixelSettings *self)
{
  *self = (GstPixelSettings){ 0 };
  pixelnorm_settings_init (&self->settings);
  self->tensor_layouts = GST_PIXEL_LAYOUT_AUTO;
}

void
gst_pixel_settings_clear (GstPixelSettings *self)
{
  g_clear_pointer (&self->location, g_free);
  g_clear_pointer (&self->dark_location, g_free);
  g_clear_pointer (&self->affine_location, g_free);
  for (guint i = 0; i < GST_PIXEL_SETTINGS_N_ARRAYS; i++)
    g_clear_pointer (&self->array_problems[i], g_free);
  g_clear_object (&self->given);
}

void
gst_pixel_settings_copy (const GstPixelSettings *self, GstPixelSettings *copy)
{
  *copy = *self;
  copy->location = g_strdup (self->location);
  copy->dark_location = g_strdup (self->dark_location);
  copy->affine_location = g_strdup (self->affine_location);
  for (guint i = 0; i < GST_PIXEL_SETTINGS_N_ARRAYS; i++)
    copy->array_problems[i] = g_strdup (self->array_problems[i]);
  if (copy->given)
    g_object_ref (copy->given);
}

static gboolean
load_profile (const gchar *location, PixelnormProfile **profile, GError **error)
{
  if (!location)
    return TRUE;
  *profile = pixelnorm_profile_load (location, error);
  return *profile != NULL;
}

static gboolean
load_affine (const gchar *location, PixelnormLearnedAffine **affine, GError **error)
{
  if (!location)
    return TRUE;
  *affine = pixelnorm_learned_affine_load (location, error);
  return *affine != NULL;
}

static gboolean
check_profile (const PixelnormSettings *settings, PixelnormProfile *profile, GError **error)
{
  if (profile || !pixelnorm_settings_need_profile (settings))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "The method %s needs a profile: set location to one that pixelstats wrote; or set "
      "statistics=frame, batch or running, or method=fixed with mean and std.",
      gst_pixel_enum_nick (gst_pixel_norm_method_get_type (), settings->method));
  return FALSE;
}

static gboolean
is_given (const GstPixelSettings *self, guint id)
{
  for (guint i = 0; i < GST_PIXEL_SETTINGS_N_ARRAYS; i++)
    if (arrays[i].id == id)
      return self->array_given[i];
  return FALSE;
}

gchar *
gst_pixel_settings_find_ineffective (const GstPixelSettings *self)
{
  const struct {
    const gchar *name;
    gboolean is_set;
    PixelnormMethod method; /* the only one that it is for */
  } all[] = {
    { "mean", is_given (self, PROP_MEAN), PIXELNORM_METHOD_FIXED },
    { "std", is_given (self, PROP_STD), PIXELNORM_METHOD_FIXED },
    { "units", self->settings.units != PIXELNORM_UNITS_CODE, PIXELNORM_METHOD_FIXED },
    { "dark-location", self->dark_location != NULL, PIXELNORM_METHOD_FLAT_FIELD },
  };
  const GType type = gst_pixel_norm_method_get_type ();
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i].is_set && all[i].method != self->settings.method)
      g_string_append_printf (text,
          "%s%s has no effect with the method %s. Set method=%s to use it, or leave it out.",
          text->len ? " " : "", all[i].name, gst_pixel_enum_nick (type, self->settings.method),
          gst_pixel_enum_nick (type, all[i].method));
  return g_string_free (text, text->len == 0);
}

/* What the library says of it, too, but only when there are caps. */
static gboolean
check_affine (const GstPixelSettings *self, GError **error)
{
  if (!self->affine_location || self->settings.statistics == PIXELNORM_STATISTICS_SOURCE_PROFILE)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "affine-location goes with statistics of a profile only, and statistics is %s. Set gamma and "
      "beta, a value a channel, or statistics=profile.",
      gst_pixel_enum_nick (gst_pixel_norm_statistics_get_type (), self->settings.statistics));
  return FALSE;
}

gboolean
gst_pixel_settings_load (const GstPixelSettings *self, PixelnormProfile **profile,
    PixelnormProfile **dark, PixelnormLearnedAffine **affine, GError **error)
{
  const gchar *problem = NULL;

  for (guint i = 0; i < GST_PIXEL_SETTINGS_N_ARRAYS && !problem; i++)
    problem = self->array_problems[i];
  if (problem) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, problem);
    return FALSE;
  }
  if (self->given)
    *profile = g_object_ref (self->given);
  return pixelnorm_settings_check (&self->settings, error) && check_affine (self, error)
      && (*profile || load_profile (self->location, profile, error))
      && load_profile (self->dark_location, dark, error)
      && load_affine (self->affine_location, affine, error)
      && (self->profile_optional || check_profile (&self->settings, *profile, error));
}

/* Reads an array of numbers of whatever type: in "<1,2.5>" the first is an integer. Returns what is
 * wrong with it, or NULL. */
static gchar *
read_values (const gchar *name, const GValue *array, gdouble *values, guint *n_values)
{
  g_auto (GValue) number = G_VALUE_INIT;

  *n_values = gst_value_array_get_size (array);
  g_value_init (&number, G_TYPE_DOUBLE);
  for (guint i = 0; i < MIN (*n_values, PIXELNORM_MAX_CHANNELS); i++) {
    const GValue *item = gst_value_array_get_value (array, i);

    if (G_VALUE_HOLDS_STRING (item) || !g_value_transform (item, &number))
      return g_strdup_printf (
          "%s holds something that is not a number. Expected one number, or one "
          "a channel, as in %s=\"<1,2,3>\".",
          name, name);
    values[i] = g_value_get_double (&number);
  }
  return NULL;
}

/* FALSE: @id is no array. */
static gboolean
set_array (GstPixelSettings *self, guint id, const GValue *array)
{
  gdouble values[PIXELNORM_MAX_CHANNELS];
  g_autoptr (GError) error = NULL;
  guint i = 0, n;

  while (i < GST_PIXEL_SETTINGS_N_ARRAYS && arrays[i].id != id)
    i++;
  if (i == GST_PIXEL_SETTINGS_N_ARRAYS)
    return FALSE;
  g_free (self->array_problems[i]);
  self->array_given[i] = TRUE;
  self->array_problems[i] = read_values (arrays[i].name, array, values, &n);
  if (!self->array_problems[i] && !arrays[i].set (&self->settings, values, n, &error))
    self->array_problems[i] = g_strdup (error->message);
  return TRUE;
}

static gboolean
get_array (const GstPixelSettings *self, guint id, GValue *value)
{
  guint i = 0;

  while (i < GST_PIXEL_SETTINGS_N_ARRAYS && arrays[i].id != id)
    i++;
  if (i == GST_PIXEL_SETTINGS_N_ARRAYS)
    return FALSE;
  const gdouble *values = G_STRUCT_MEMBER_P (&self->settings, arrays[i].values);
  const guint n = G_STRUCT_MEMBER (guint, &self->settings, arrays[i].n_values);
  for (guint k = 0; k < n; k++) {
    g_auto (GValue) number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_set_double (&number, values[k]);
    gst_value_array_append_value (value, &number);
  }
  return TRUE;
}

static void *
find_field (const GstPixelSettings *self, guint id)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (fields[i].id == id)
      return G_STRUCT_MEMBER_P (self, fields[i].offset);
  return NULL;
}

gboolean
gst_pixel_settings_set (GstPixelSettings *self, guint id, const GValue *value)
{
  void *field = find_field (self, id);

  if (id == PROP_PROFILE)
    g_set_object (&self->given, g_value_get_object (value));
  else if (!field)
    return set_array (self, id, value);
  else if (G_VALUE_HOLDS_STRING (value)) {
    g_free (*(gchar **) field);
    *(gchar **) field = g_value_dup_string (value);
  } else if (G_VALUE_HOLDS_DOUBLE (value))
    *(gdouble *) field = g_value_get_double (value);
  else if (G_VALUE_HOLDS_ENUM (value))
    *(gint *) field = g_value_get_enum (value);
  else
    *(gint *) field = g_value_get_int (value);
  return TRUE;
}

gboolean
gst_pixel_settings_get (const GstPixelSettings *self, guint id, GValue *value)
{
  const void *field = find_field (self, id);

  if (id == PROP_PROFILE)
    g_value_set_object (value, self->given);
  else if (!field)
    return get_array (self, id, value);
  else if (G_VALUE_HOLDS_STRING (value))
    g_value_set_string (value, *(gchar *const *) field);
  else if (G_VALUE_HOLDS_DOUBLE (value))
    g_value_set_double (value, *(const gdouble *) field);
  else if (G_VALUE_HOLDS_ENUM (value))
    g_value_set_enum (value, *(const gint *) field);
  else
    g_value_set_int (value, *(const gint *) field);
  return TRUE;
}

static void
install_profile_properties (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "Profile file to normalize with, as pixelstats wrote it; with statistics=profile every method "
          "but fixed needs one, and running statistics start from it",
          NULL, flags));
  g_object_class_install_property (klass, PROP_PROFILE,
      g_param_spec_object ("profile", "Profile",
          "PixelnormProfile to normalize with, for applications that have one in memory; goes "
          "before location. Reads as the profile in use",
          PIXELNORM_TYPE_PROFILE, flags));
  g_object_class_install_property (klass, PROP_DARK_LOCATION,
      g_param_spec_string ("dark-location", "Dark location",
          "Profile file of dark frames (lens covered), for method=flat-field; unset: black is 0",
          NULL, flags));
}

static void
install_method_properties (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_METHOD,
      g_param_spec_enum ("method", "Method",
          "How statistics become y. zscore: mean 0 and deviation 1. mean-range: (x - mean) / half "
          "of the dynamic range. min-max: [-1, 1] on the data of the profile. center: only the mean "
          "is subtracted. percentile: as min-max, between two percentiles. fixed: (x - mean) / std with values that you give. flat-field: evens out "
          "lens and sensor",
          gst_pixel_norm_method_get_type (), PIXELNORM_METHOD_ZSCORE, flags));
  g_object_class_install_property (klass, PROP_SCOPE,
      g_param_spec_enum ("scope", "Scope",
          "Over what statistics are pooled. pixel: every sample has its own, for frames of the "
          "profile's size; channel and global: for frames of any size",
          gst_pixel_norm_scope_get_type (), PIXELNORM_SCOPE_PIXEL, flags));
  g_object_class_install_property (klass, PROP_MIN_DEVIATION,
      g_param_spec_double ("min-deviation", "Minimum deviation",
          "Smallest divisor, in 8-bit code values (0 or more, and not 0 together with epsilon): what "
          "hardly ever varied is not blown up. Raise it to calm noise in still places",
          -G_MAXDOUBLE, G_MAXDOUBLE, 1, flags));
  g_object_class_install_property (klass, PROP_EPSILON,
      g_param_spec_double ("epsilon", "Epsilon",
          "Added to the variance of method=zscore, in squared code values (0 or more), as batch "
          "normalization layers do",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags));
  g_object_class_install_property (klass, PROP_PERCENTILE_LOW,
      g_param_spec_double ("percentile-low", "Low percentile",
          "For method=percentile: the percentile of a channel that becomes -1, 0 to 100. It needs a "
          "profile collected with histogram=true",
          -G_MAXDOUBLE, G_MAXDOUBLE, 1, flags));
  g_object_class_install_property (klass, PROP_PERCENTILE_HIGH,
      g_param_spec_double ("percentile-high", "High percentile",
          "For method=percentile: the percentile of a channel that becomes 1, more than "
          "percentile-low and at most 100",
          -G_MAXDOUBLE, G_MAXDOUBLE, 99, flags));
}

static void
install_source_properties (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_STATISTICS,
      g_param_spec_enum ("statistics", "Statistics",
          "Where mean and deviation come from. frame and batch: from what is normalized, with scope channel "
          "or global. running: from the frames before; with scope pixel that shows what moves",
          gst_pixel_norm_statistics_get_type (), PIXELNORM_STATISTICS_SOURCE_PROFILE, flags));
  g_object_class_install_property (klass, PROP_MOMENTUM,
      g_param_spec_double ("momentum", "Momentum",
          "For statistics=running: the weight of a new frame, more than 0 and at most 1, as in PyTorch; "
          "ONNX and Keras write 1 - momentum. Small: a long memory",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0.1, flags));
}

static void
install_value_properties (GObjectClass *klass, GParamFlags flags)
{
  /* no element spec: with one, GStreamer turns the integers of "<1,2,3>" into zeros without a word
   */
  g_object_class_install_property (klass, PROP_MEAN,
      gst_param_spec_array ("mean", "Mean",
          "For method=fixed: what is subtracted, one number or one a channel in the order R, G, B, "
          "written \"<123.675,116.28,103.53>\"; default <127.5>",
          NULL, flags));
  g_object_class_install_property (klass, PROP_STD,
      gst_param_spec_array ("std", "Standard deviation",
          "For method=fixed: what is divided by, one number or one a channel, more than 0; default "
          "<127.5>",
          NULL, flags));
  g_object_class_install_property (klass, PROP_UNITS,
      g_param_spec_enum ("units", "Units",
          "Units of mean and std. code: code values, 0 to 255; unit: 0 to 1, as torchvision has "
          "them",
          gst_pixel_norm_units_get_type (), PIXELNORM_UNITS_CODE, flags));
  g_object_class_install_property (klass, PROP_RANGE_LOW,
      g_param_spec_double ("range-low", "Low end of the range",
          "For 8-bit video output: the y that becomes code 0; above range-high the picture is "
          "inverted. Equal to range-high: the method's own range, -4 to 127/32 for zscore (of center "
          "and flat-field it grows with the depth)",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags));
  g_object_class_install_property (klass, PROP_RANGE_HIGH,
      g_param_spec_double ("range-high", "High end of the range",
          "For 8-bit video output: the y that becomes code 255. Equal to range-low: the method's "
          "own range",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags));
}

static void
install_result_properties (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_GAMMA,
      gst_param_spec_array ("gamma", "Gamma",
          "What the result of the method is multiplied by, one number or one a channel in the order R, "
          "G, B, as a layer of batch normalization learns it; default <1>",
          NULL, flags));
  g_object_class_install_property (klass, PROP_BETA,
      gst_param_spec_array ("beta", "Beta",
          "What is added after gamma, one number or one a channel; default <0>", NULL, flags));
  g_object_class_install_property (klass, PROP_AFFINE_LOCATION,
      g_param_spec_string ("affine-location", "Affine location",
          "Safetensors file with gamma, beta, or both, learned in training: arrays of float32 or "
          "float64, a value a sample [height, width, channels], [channels] or [1]. They are applied to "
          "the result of the method, before the properties gamma and beta. With statistics=profile "
          "only",
          NULL, flags));
  g_object_class_install_property (klass, PROP_CLIP_LOW,
      g_param_spec_double ("clip-low", "Lowest result",
          "Results below it become it, in the units of the results, after gamma and beta. Default: none",
          -G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE, flags));
  g_object_class_install_property (klass, PROP_CLIP_HIGH,
      g_param_spec_double ("clip-high", "Highest result",
          "Results above it become it. Default: none", -G_MAXDOUBLE, G_MAXDOUBLE, G_MAXDOUBLE,
          flags));
}

static void
install_layout_property (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_LAYOUT,
      g_param_spec_enum ("layout", "Layout of tensors",
          "Order of the dimensions of a tensor, outermost first; caps do not tell it. auto: NHWC, "
          "unless only NCHW fits the dimensions that downstream asks for",
          gst_pixel_norm_layout_get_type (), GST_PIXEL_LAYOUT_AUTO, flags));
}

static void
install_tensor_properties (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_CHANNEL_ORDER,
      g_param_spec_enum ("channel-order", "Order of channels",
          "Order of the channels of a tensor of colours; video keeps its own. Networks of Caffe and "
          "OpenCV were often trained on bgr",
          gst_pixel_norm_channel_order_get_type (), PIXELNORM_CHANNEL_ORDER_RGB, flags));
  g_object_class_install_property (klass, PROP_QUANT_SCALE,
      g_param_spec_double ("quant-scale", "Scale of quantization",
          "For tensors of int8 and uint8: how much y is in one step, as the model says. 0: scale and "
          "zero-point are such that range-low to range-high becomes all of the codes",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags));
  g_object_class_install_property (klass, PROP_QUANT_ZERO_POINT,
      g_param_spec_int ("quant-zero-point", "Zero-point of quantization",
          "For tensors of int8 and uint8 with a quant-scale: the code of y = 0, as the model says",
          -128, 255, 0, flags));
}

void
gst_pixel_settings_install (GObjectClass *klass)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  install_profile_properties (klass, flags);
  install_method_properties (klass, flags);
  install_source_properties (klass, flags);
  install_value_properties (klass, flags);
  install_result_properties (klass, flags);
  install_layout_property (klass, ready);
  install_tensor_properties (klass, flags);
  gst_type_mark_as_plugin_api (gst_pixel_norm_channel_order_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_pixel_norm_layout_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_pixel_norm_method_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_pixel_norm_scope_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_pixel_norm_statistics_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_pixel_norm_units_get_type (), 0);
}
