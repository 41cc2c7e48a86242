/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SETTINGS TABLE: what is asked of a normalizer, and whether it can be done. A new setting is one field in
 * settings.h and one row here: its limits are checked, settings and elements have it as a property,
 * pixelprofile export as an option. What two settings say together is checked in check_together().
 *
 * The limits keep every coefficient and result finite in float32.
 */
#include <math.h>
#include <string.h>

#include "methods.h"
#include "settings.h"

#include <pixelnorm/enum-types.h>

/* The smallest divisor, in code values: 255 / 1e-6 is far from float32's largest number. */
#define SMALLEST_DIVISOR 1e-6
#define LARGEST_VALUE 1e6

static const GEnumValue methods[] = {
  { PIXELNORM_METHOD_FIXED, "(x - mean) / std, both given as properties", "fixed" },
  { PIXELNORM_METHOD_CENTER, "x - mean of the profile", "center" },
  { PIXELNORM_METHOD_ZSCORE, "(x - mean) / deviation: mean 0, deviation 1", "zscore" },
  { PIXELNORM_METHOD_MEAN_RANGE, "(x - mean) / half of the dynamic range: mean 0, within [-2, 2]",
      "mean-range" },
  { PIXELNORM_METHOD_MIN_MAX,
      "(x - middle of the range) / half of the range: within [-1, 1] on the profile's data",
      "min-max" },
  { PIXELNORM_METHOD_FLAT_FIELD, "(x - dark) * gain that makes the mean image even", "flat-field" },
  { PIXELNORM_METHOD_PERCENTILE,
      "A low and a high percentile of the channel onto -1 and 1, for data with outliers; scope "
      "channel or global",
      "percentile" },
  { 0 },
};

static const GEnumValue scopes[] = {
  { PIXELNORM_SCOPE_PIXEL, "Every sample by its own statistics, frames of the profile's size",
      "pixel" },
  { PIXELNORM_SCOPE_CHANNEL, "Every channel by its statistics, frames of any size", "channel" },
  { PIXELNORM_SCOPE_GLOBAL, "All samples by the same statistics, frames of any size", "global" },
  { 0 },
};

static const GEnumValue sources[] = {
  { PIXELNORM_STATISTICS_SOURCE_PROFILE, "A profile, the same for all frames", "profile" },
  { PIXELNORM_STATISTICS_SOURCE_FRAME, "Each frame itself, per channel or of all", "frame" },
  { PIXELNORM_STATISTICS_SOURCE_BATCH, "The frames of a tensor together, per channel or of all",
      "batch" },
  { PIXELNORM_STATISTICS_SOURCE_RUNNING,
      "Exponential estimates of the frames before, per pixel, per channel or of all", "running" },
  { 0 },
};

static const GEnumValue units[] = {
  { PIXELNORM_UNITS_CODE, "Code values, 0 to 255", "code" },
  { PIXELNORM_UNITS_UNIT, "0 to 1, as torchvision writes them", "unit" },
  { 0 },
};

static const GEnumValue channel_orders[] = {
  { PIXELNORM_CHANNEL_ORDER_RGB, "Red, green, blue", "rgb" },
  { PIXELNORM_CHANNEL_ORDER_BGR, "Blue, green, red", "bgr" },
  { 0 },
};

static const GEnumValue tensor_layouts[] = {
  { PIXELNORM_TENSOR_LAYOUT_NHWC, "Height x width x channels", "nhwc" },
  { PIXELNORM_TENSOR_LAYOUT_NCHW, "Channels x height x width", "nchw" },
  { 0 },
};

#define ONLY(method) (1u << PIXELNORM_METHOD_##method)
#define DIVIDING                                                                                   \
  (ONLY (ZSCORE) | ONLY (MEAN_RANGE) | ONLY (MIN_MAX) | ONLY (FLAT_FIELD) | ONLY (PERCENTILE))

/* A setting, and where it is in settings. */
typedef struct {
  PixelnormSetting setting;
  gsize offset;
  gsize n_offset;            /* of values: of their number, a guint; else 0 */
  GType (*enum_type) (void); /* of words */
} Row;

#define SAYS(a_name, a_nick, a_blurb)                                                              \
  .setting.name = a_name, .setting.nick = a_nick, .setting.blurb = a_blurb
#define PLACE(field) .offset = G_STRUCT_OFFSET (PixelnormSettings, field)
#define WORD(field, nicks, type_of, first)                                                         \
  PLACE (field), .enum_type = type_of, .setting.type = PIXELNORM_SETTING_TYPE_WORD,                \
                 .setting.words = nicks, .setting.default_value = first
#define LIMITS(low, high, first)                                                                   \
  .setting.least = low, .setting.largest = high, .setting.default_value = first
#define INTEGER(field, low, high, first)                                                           \
  PLACE (field), .setting.type = PIXELNORM_SETTING_TYPE_INTEGER, LIMITS (low, high, first)
#define NUMBER(field, low, high, first)                                                            \
  PLACE (field), .setting.type = PIXELNORM_SETTING_TYPE_NUMBER, LIMITS (low, high, first)
#define VALUES(field, low, high, first)                                                            \
  PLACE (field), .n_offset = G_STRUCT_OFFSET (PixelnormSettings, n_##field),                       \
                 .setting.type = PIXELNORM_SETTING_TYPE_VALUES, LIMITS (low, high, first)

static const Row rows[] = {
  { SAYS ("method", "Method",
        "How statistics become y. zscore: mean 0 and deviation 1. mean-range: (x - mean) / half of the "
        "dynamic range. min-max: [-1, 1] on the data of the profile. center: only the mean is subtracted. "
        "percentile: as min-max, between two percentiles. fixed: (x - mean) / std with values that you "
        "give. flat-field: evens out lens and sensor"),
      WORD (method, methods, pixelnorm_method_get_type, PIXELNORM_METHOD_ZSCORE),
      .setting.option = "" },
  { SAYS ("scope", "Scope",
        "Which samples are pooled. pixel: none, every sample has its own statistics, and frames "
        "must have the size of the profile; channel: those of each channel; global: all; both "
        "for frames of any size"),
      WORD (scope, scopes, pixelnorm_scope_get_type, PIXELNORM_SCOPE_PIXEL),
      .setting.option = " (default: that of the profile)" },
  { SAYS ("min-deviation", "Minimum deviation",
        "Smallest divisor, in code values at the depth of the samples (not 0 if epsilon is 0), "
        "so that the noise of samples that hardly ever varied is not magnified. Raise it to "
        "suppress more noise"),
      NUMBER (min_deviation, 0, LARGEST_VALUE, 1), .setting.methods = DIVIDING,
      .setting.option = "Smallest divisor, in code values (default: 1)" },
  { SAYS ("epsilon", "Epsilon",
        "Added to the variance of method=zscore, in squared code values, as batch normalization layers do"),
      NUMBER (epsilon, 0, LARGEST_VALUE, 0), .setting.methods = ONLY (ZSCORE),
      .setting.option = "Added to the variance, in squared code values (default: 0)" },
  { SAYS ("percentile-low", "Low percentile",
        "For method=percentile: the percentile of a channel that becomes -1. It needs a profile collected "
        "with histogram=true"),
      NUMBER (percentile_low, 0, 100, 1), .setting.methods = ONLY (PERCENTILE),
      .setting.option = "Percentile that becomes -1, with the method percentile (default: 1)" },
  { SAYS ("percentile-high", "High percentile",
        "For method=percentile: the percentile of a channel that becomes 1, more than percentile-low"),
      NUMBER (percentile_high, 0, 100, 99), .setting.methods = ONLY (PERCENTILE),
      .setting.option = "Percentile that becomes 1, with the method percentile (default: 99)" },
  { SAYS ("statistics", "Statistics",
        "Where mean and deviation come from. frame and batch: from what is normalized, with scope channel "
        "or global. running: from the frames before; with scope pixel that shows what moves"),
      WORD (statistics, sources, pixelnorm_statistics_source_get_type,
          PIXELNORM_STATISTICS_SOURCE_PROFILE) },
  { SAYS ("momentum", "Momentum",
        "For statistics=running: the weight of a new frame, more than 0, as in PyTorch; ONNX and "
        "Keras write 1 - momentum. The smaller, the longer the memory"),
      NUMBER (momentum, 0, 1, .1), .setting.least_excluded = TRUE,
      .setting.sources = 1u << PIXELNORM_STATISTICS_SOURCE_RUNNING, .setting.in_meta = TRUE,
      .setting.advice =
          "the weight of a new frame, as in PyTorch. (ONNX and Keras write 1 - momentum.)" },
  { SAYS ("mean", "Mean",
        "For method=fixed: what is subtracted, in units; one number, or one for each channel in "
        "the order R, G, B, in quoted brackets even if it is one: \"<127.5>\", "
        "\"<123.675,116.28,103.53>\"; default <127.5>"),
      VALUES (mean, -LARGEST_VALUE, LARGEST_VALUE, 127.5), .setting.methods = ONLY (FIXED),
      .setting.option = "For the method fixed: one number, or R,G,B (default: 127.5)" },
  { SAYS ("std", "Standard deviation",
        "For method=fixed: the divisor, in units; more than 0; one number, or one for each "
        "channel, in quoted brackets even if it is one: \"<58>\", \"<58.395,57.12,57.375>\"; default <127.5>"),
      VALUES (std, SMALLEST_DIVISOR, LARGEST_VALUE, 127.5), .setting.methods = ONLY (FIXED),
      .setting.option = "For the method fixed (default: 127.5)" },
  { SAYS ("units", "Units",
        "Units of mean and std. code: code values, 0 to 255; unit: 0 to 1, as in torchvision"),
      WORD (units, units, pixelnorm_units_get_type, PIXELNORM_UNITS_CODE),
      .setting.methods = ONLY (FIXED),
      .setting.option = ", of --mean and --std; unit is 0 to 1 (default: code)" },
  { SAYS ("range-low", "Low end of the range",
        "For 8-bit video output: the y that becomes code 0; above range-high the picture is inverted. Equal "
        "to range-high: the method's own range, -4 to 127/32 for zscore (of center and flat-field it grows "
        "with the depth)"),
      NUMBER (range_low, -LARGEST_VALUE, LARGEST_VALUE, 0),
      .setting.option = "Result that becomes 0 in 8-bit video (default: that of the method)" },
  { SAYS ("range-high", "High end of the range",
        "For 8-bit video output: the y that becomes code 255. Equal to range-low: the method's own range"),
      NUMBER (range_high, -LARGEST_VALUE, LARGEST_VALUE, 0),
      .setting.option = "Result that becomes 255 in 8-bit video (default: that of the method)" },
  { SAYS ("gamma", "Gamma",
        "Factor that the result of the method is multiplied by, one number, or one for each "
        "channel in the order R, G, B, in quoted brackets like mean, as a batch normalization "
        "layer learns it; default <1>"),
      VALUES (gamma, -LARGEST_VALUE, LARGEST_VALUE, 1), .setting.in_meta = TRUE,
      .setting.option = "Factor of the results: one number, or R,G,B (default: 1)" },
  { SAYS ("beta", "Beta",
        "Number that is added after gamma, one number, or one for each channel, in quoted "
        "brackets like mean; default <0>"),
      VALUES (beta, -LARGEST_VALUE, LARGEST_VALUE, 0), .setting.in_meta = TRUE,
      .setting.option = "Added after gamma: one number, or R,G,B (default: 0)" },
  { SAYS ("clip-low", "Lowest result",
        "Smaller results are set to this value, in the units of the results, after gamma and "
        "beta. Default: none"),
      NUMBER (clip_low, -G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE), .setting.in_meta = TRUE },
  { SAYS ("clip-high", "Highest result", "Larger results are set to this value. Default: none"),
      NUMBER (clip_high, -G_MAXDOUBLE, G_MAXDOUBLE, G_MAXDOUBLE), .setting.in_meta = TRUE },
  { SAYS ("channel-order", "Order of channels",
        "Order of the channels of a colour tensor; video keeps its own. Networks of Caffe and "
        "OpenCV were often trained on bgr"),
      WORD (channel_order, channel_orders, pixelnorm_channel_order_get_type,
          PIXELNORM_CHANNEL_ORDER_RGB),
      .setting.option = ": order of channels that the model expects (default: rgb)" },
  { SAYS ("layout", "Layout of tensors", "Order of the dimensions of a tensor, outermost first"),
      WORD (tensor_layout, tensor_layouts, pixelnorm_tensor_layout_get_type,
          PIXELNORM_TENSOR_LAYOUT_NHWC),
      .setting.option = ": order of dimensions that the model expects (default: nhwc)" },
  { SAYS ("quant-scale", "Scale of quantization",
        "For tensors of int8 and uint8: the difference of y for one step, as the model gives it. "
        "0: scale and zero-point are chosen so that range-low to range-high spans all codes; "
        "without them the part of the method's own range that samples reach, so that 8-bit "
        "samples share a code only if they must"),
      NUMBER (quant_scale, SMALLEST_DIVISOR, LARGEST_VALUE, 0) },
  { SAYS ("quant-zero-point", "Zero-point of quantization",
        "For tensors of int8 and uint8 with a quant-scale: the code of y = 0, as the model gives "
        "it"),
      INTEGER (quant_zero_point, -128, 255, 0) },
};

/**
 * pixelnorm_setting_get:
 * @index: its number, from 0 on
 *
 * Returns: (nullable) (transfer none): a setting; %NULL after the last one
 *
 * Since: 0.2
 */
const PixelnormSetting *
pixelnorm_setting_get (guint index)
{
  return index < G_N_ELEMENTS (rows) ? &rows[index].setting : NULL;
}

/**
 * pixelnorm_setting_has_effect:
 * @self: a setting
 * @settings: settings
 *
 * Returns: whether the method and the source of statistics of @settings make use of it
 *
 * Since: 0.2
 */
gboolean
pixelnorm_setting_has_effect (const PixelnormSetting *self, const PixelnormSettings *settings)
{
  return (!self->methods || self->methods & 1u << settings->method)
      && (!self->sources || self->sources & 1u << settings->statistics);
}

static gboolean
change_nothing (GParamSpec *spec, GValue *value)
{
  return FALSE;
}

static void
stated_class_init (gpointer klass, gpointer data)
{
  GParamSpecClass *spec_class = klass;

  spec_class->value_validate = change_nothing;
#if GLIB_CHECK_VERSION(2, 74, 0)
  spec_class->value_is_valid = NULL;
#endif
}

/* A type of property that states its range and does not enforce it. GObject leaves a property as it is where
 * its value is out of range, warns on standard error, and all goes on; pixelnorm_settings_check() stops it
 * with a sentence. */
static gpointer
stated_new (gsize *type, GType parent, const PixelnormSetting *row, GParamFlags flags)
{
  if (g_once_init_enter (type)) {
    g_autofree gchar *name = g_strconcat ("Pixelnorm", g_type_name (parent) + 1, NULL);
    GTypeQuery query;

    g_type_query (parent, &query);
    g_once_init_leave (type,
        g_type_register_static_simple (
            parent, name, query.class_size, stated_class_init, query.instance_size, NULL, 0));
  }
  return g_param_spec_internal (*type, row->name, row->nick, row->blurb, flags);
}

/**
 * pixelnorm_setting_new_spec:
 * @self: a setting that is a word, an integer or a number
 * @flags: flags of the property
 *
 * Makes a property of a setting, for a class of its own. It states the range of the setting, and takes what is
 * beyond as well, of which pixelnorm_settings_check() then says what is wrong.
 *
 * Returns: (transfer none): a floating specification
 *
 * Since: 0.2
 */
GParamSpec *
pixelnorm_setting_new_spec (const PixelnormSetting *self, GParamFlags flags)
{
  static gsize types[PIXELNORM_SETTING_TYPE_VALUES];

  g_return_val_if_fail (self->type < PIXELNORM_SETTING_TYPE_VALUES, NULL);

  if (self->type == PIXELNORM_SETTING_TYPE_WORD) {
    GParamSpecEnum *spec = stated_new (&types[self->type], G_TYPE_PARAM_ENUM, self, flags);

    spec->parent_instance.value_type = ((const Row *) self)->enum_type ();
    spec->enum_class = g_type_class_ref (spec->parent_instance.value_type);
    spec->default_value = (gint) self->default_value;
    return G_PARAM_SPEC (spec);
  }
  if (self->type == PIXELNORM_SETTING_TYPE_NUMBER) {
    GParamSpecDouble *spec = stated_new (&types[self->type], G_TYPE_PARAM_DOUBLE, self, flags);

    spec->minimum = MIN (self->least, self->default_value);
    spec->maximum = self->largest;
    spec->default_value = self->default_value;
    return G_PARAM_SPEC (spec);
  }
  GParamSpecInt *spec = stated_new (&types[self->type], G_TYPE_PARAM_INT, self, flags);
  spec->minimum = (gint) self->least;
  spec->maximum = (gint) self->largest;
  spec->default_value = (gint) self->default_value;
  return G_PARAM_SPEC (spec);
}

G_DEFINE_FINAL_TYPE (PixelnormSettings, pixelnorm_settings, G_TYPE_OBJECT)

static void
pixelnorm_settings_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  const Row *row = &rows[id - 1];
  void *place = G_STRUCT_MEMBER_P (object, row->offset);

  if (row->setting.type == PIXELNORM_SETTING_TYPE_WORD)
    *(gint *) place = g_value_get_enum (value);
  else if (row->setting.type == PIXELNORM_SETTING_TYPE_INTEGER)
    *(gint *) place = g_value_get_int (value);
  else
    *(gdouble *) place = g_value_get_double (value);
}

static void
pixelnorm_settings_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  const Row *row = &rows[id - 1];
  const void *place = G_STRUCT_MEMBER_P (object, row->offset);

  if (row->setting.type == PIXELNORM_SETTING_TYPE_WORD)
    g_value_set_enum (value, *(const gint *) place);
  else if (row->setting.type == PIXELNORM_SETTING_TYPE_INTEGER)
    g_value_set_int (value, *(const gint *) place);
  else
    g_value_set_double (value, *(const gdouble *) place);
}

static void
pixelnorm_settings_class_init (PixelnormSettingsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = pixelnorm_settings_set_property;
  object_class->get_property = pixelnorm_settings_get_property;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].setting.type != PIXELNORM_SETTING_TYPE_VALUES)
      g_object_class_install_property (object_class, i + 1,
          pixelnorm_setting_new_spec (
              &rows[i].setting, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
pixelnorm_settings_init (PixelnormSettings *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const gdouble value = rows[i].setting.default_value;
    void *place = G_STRUCT_MEMBER_P (self, rows[i].offset);

    if (rows[i].n_offset)
      G_STRUCT_MEMBER (guint, self, rows[i].n_offset) = 1;
    if (rows[i].setting.type < PIXELNORM_SETTING_TYPE_NUMBER)
      *(gint *) place = (gint) value;
    else
      *(gdouble *) place = value;
  }
}

/**
 * pixelnorm_settings_new:
 *
 * Returns: (transfer full): the defaults
 *
 * Since: 0.1
 */
PixelnormSettings *
pixelnorm_settings_new (void)
{
  return g_object_new (PIXELNORM_TYPE_SETTINGS, NULL);
}

/**
 * pixelnorm_settings_copy:
 * @self: settings
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
PixelnormSettings *
pixelnorm_settings_copy (const PixelnormSettings *self)
{
  PixelnormSettings *copy = pixelnorm_settings_new ();
  const gsize own = G_STRUCT_OFFSET (PixelnormSettings, parent_instance) + sizeof (GObject);

  memcpy ((gchar *) copy + own, (const gchar *) self + own, sizeof *self - own);
  return copy;
}

static const Row *
find_row (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].setting.name, name) == 0)
      return &rows[i];
  return NULL;
}

/**
 * pixelnorm_settings_set_values:
 * @self: settings
 * @name: a setting of values ("mean", "std", "gamma" or "beta"), or of one number
 * @values: (array length=n_values) (nullable): one value, or one a channel
 * @n_values: how many; 0: the default
 * @error: return location for a #GError, or %NULL
 *
 * Sets a setting that is a number, or one a channel.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS and nothing changed
 *
 * Since: 0.2
 */
gboolean
pixelnorm_settings_set_values (PixelnormSettings *self, const gchar *name, const gdouble *values,
    guint n_values, GError **error)
{
  const Row *row = find_row (name);

  g_return_val_if_fail (row && row->setting.type >= PIXELNORM_SETTING_TYPE_NUMBER, FALSE);

  if (n_values > 1 && (!row->n_offset || n_values != PIXELNORM_MAX_CHANNELS)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s has %u values; give 1 for all channels, or 3, one per channel, as in %s=\"<1,2,3>\".",
        name, n_values, name);
    return FALSE;
  }
  if (row->n_offset)
    G_STRUCT_MEMBER (guint, self, row->n_offset) = MAX (n_values, 1);
  memcpy (G_STRUCT_MEMBER_P (self, row->offset), n_values ? values : &row->setting.default_value,
      MAX (n_values, 1) * sizeof *values);
  return TRUE;
}

/**
 * pixelnorm_settings_get_values:
 * @self: settings
 * @name: a setting of values ("mean", "std", "gamma" or "beta"), or of one number
 * @n_values: (out): how many there are
 *
 * Returns: (transfer none) (array length=n_values): one value, or one a channel; until it is set anew
 *
 * Since: 0.2
 */
const gdouble *
pixelnorm_settings_get_values (const PixelnormSettings *self, const gchar *name, guint *n_values)
{
  const Row *row = find_row (name);

  *n_values = 0;
  g_return_val_if_fail (row && row->setting.type >= PIXELNORM_SETTING_TYPE_NUMBER, NULL);

  *n_values = row->n_offset ? G_STRUCT_MEMBER (guint, self, row->n_offset) : 1;
  return G_STRUCT_MEMBER_P (self, row->offset);
}

/**
 * pixelnorm_settings_get_word:
 * @self: settings
 * @name: a setting that is a word, as "method"
 *
 * Returns: (transfer none) (nullable): the word, as "zscore"; %NULL where the setting is none of its values
 *
 * Since: 0.2
 */
const gchar *
pixelnorm_settings_get_word (const PixelnormSettings *self, const gchar *name)
{
  const Row *row = find_row (name);

  g_return_val_if_fail (row && row->setting.words, NULL);

  for (const GEnumValue *word = row->setting.words; word->value_nick; word++)
    if (word->value == G_STRUCT_MEMBER (gint, self, row->offset))
      return word->value_nick;
  return NULL;
}

/* Whether @value, which may be one of several, lies where its row says; not-a-number lies nowhere. What has
 * no limits may be any number, and the default is always possible. */
static gboolean
check_number (const PixelnormSetting *row, double value, double least, GError **error)
{
  const gboolean is_free = least == -G_MAXDOUBLE;

  if ((is_free && !isnan (value)) || value == row->default_value
      || (value <= row->largest && (row->least_excluded ? value > least : value >= least)))
    return TRUE;
  if (is_free)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, "%s is %g; it must be a number.",
        row->name, value);
  else if (row->least_excluded)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s is %g; it must be more than %g and at most %g: %s", row->name, value, least,
        row->largest, row->advice);
  else if (row->default_value < least)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s is %g; it must lie within %g and %g, or be %g, the default.", row->name, value, least,
        row->largest, row->default_value);
  else
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s is %g; it must lie within %g and %g.", row->name, value, least, row->largest);
  return FALSE;
}

static gboolean
check_values (const PixelnormSettings *settings, const PixelnormSetting *row, GError **error)
{
  guint n;
  const double *values = pixelnorm_settings_get_values (settings, row->name, &n);
  /* a divisor is so small in code values */
  const gboolean in_unit = values == settings->std && settings->units == PIXELNORM_UNITS_UNIT;
  gboolean good = TRUE;

  for (guint i = 0; i < n && good; i++)
    good = check_number (row, values[i], in_unit ? row->least / 255 : row->least, error);
  return good;
}

static gboolean
check_word (const PixelnormSetting *row, gint value, GError **error)
{
  for (guint i = 0; row->words[i].value_nick; i++)
    if (row->words[i].value == value)
      return TRUE;
  g_set_error (
      error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, "There is no %s %d.", row->name, value);
  return FALSE;
}

/* What one setting may be, also where it has no effect with the method or the source. */
static gboolean
check_one (const PixelnormSettings *settings, const Row *row, GError **error)
{
  const PixelnormSetting *setting = &row->setting;
  const void *place = G_STRUCT_MEMBER_P (settings, row->offset);

  if (setting->type == PIXELNORM_SETTING_TYPE_WORD)
    return check_word (setting, *(const gint *) place, error);
  if (setting->type == PIXELNORM_SETTING_TYPE_INTEGER)
    return check_number (setting, *(const gint *) place, setting->least, error);
  return check_values (settings, setting, error);
}

static gboolean
check_floor (const PixelnormSettings *settings, const PixelnormMethodRow *method, GError **error)
{
  const gboolean zscore = settings->method == PIXELNORM_METHOD_ZSCORE;
  const double floor =
      zscore ? fmax (settings->min_deviation, sqrt (settings->epsilon)) : settings->min_deviation;

  if ((!zscore && !method->needs_floor) || floor >= SMALLEST_DIVISOR)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "min-deviation is %g%s: a sample that never varied would be divided by next to nothing. Set "
      "min-deviation%s to %g or more.",
      settings->min_deviation, zscore ? " and epsilon no larger" : "",
      zscore ? ", or the root of epsilon," : "", SMALLEST_DIVISOR);
  return FALSE;
}

/* What statistics of the stream itself ask of the other settings. */
static gboolean
check_source (const PixelnormSettings *settings, const PixelnormMethodRow *method, GError **error)
{
  const guint source = settings->statistics;

  if (source == PIXELNORM_STATISTICS_SOURCE_PROFILE)
    return TRUE;
  if (!(method->sources & 1u << source)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The method %s does not work with statistics=%s: %s. Set statistics=profile, or the method to "
        "zscore or center.",
        pixelnorm_settings_get_word (settings, "method"), sources[source].value_nick,
        method->sources ? "a running estimate knows no minimum and maximum"
                        : "its numbers are given, or those of a whole profile");
    return FALSE;
  }
  if (source == PIXELNORM_STATISTICS_SOURCE_RUNNING || settings->scope != PIXELNORM_SCOPE_PIXEL)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "statistics=%s are those of all pixels of a frame, and scope pixel, the default, has one "
      "value per pixel. Set scope=channel or scope=global; for statistics of each pixel set "
      "statistics=running.",
      sources[source].value_nick);
  return FALSE;
}

/* What settings must be to each other. */
static gboolean
check_together (const PixelnormSettings *s, GError **error)
{
  if (s->range_low != s->range_high && fabs (s->range_high - s->range_low) < SMALLEST_DIVISOR)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "range-low %g and range-high %g are less than %g apart; set both to the same value for "
        "the method's own range.",
        s->range_low, s->range_high, SMALLEST_DIVISOR);
  else if (s->quant_scale == 0 && s->quant_zero_point != 0)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "quant-zero-point is %d and quant-scale 0, which makes both of the range. Set quant-scale as "
        "the model says, too, or leave quant-zero-point at 0.",
        s->quant_zero_point);
  else if (!(s->clip_low <= s->clip_high))
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "clip-low is %g and clip-high %g; the first must not be more.", s->clip_low, s->clip_high);
  else if (s->method == PIXELNORM_METHOD_PERCENTILE && s->percentile_low >= s->percentile_high)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "percentile-low is %g and percentile-high %g; the first must be less, as 1 and 99 are.",
        s->percentile_low, s->percentile_high);
  else
    return TRUE;
  return FALSE;
}

/**
 * pixelnorm_settings_check:
 * @self: settings
 * @error: return location for a #GError, or %NULL
 *
 * Returns: whether the settings are possible and agree with each other; else %FALSE with
 *   %PIXELNORM_ERROR_SETTINGS
 *
 * Since: 0.1
 */
gboolean
pixelnorm_settings_check (const PixelnormSettings *self, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (!check_one (self, &rows[i], error))
      return FALSE;
  const PixelnormMethodRow *method = pixelnorm_method_row (self->method);
  return check_source (self, method, error) && check_floor (self, method, error)
      && check_together (self, error);
}
