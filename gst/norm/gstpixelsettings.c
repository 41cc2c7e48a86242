/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties that name a plan, for every element that makes one: the rows of the library's settings
 * table, and five of what the library gets beside its settings. An element keeps them under its object
 * lock, copies them, and loads what they name without it.
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
  PROP_LAYOUT,
  PROP_FIRST_ROW, /* and so on, a row of the settings table each */
};

#define BIT(id) (G_GUINT64_CONSTANT (1) << (id))

void
gst_pixel_settings_init (GstPixelSettings *self)
{
  *self = (GstPixelSettings){ 0 };
  self->settings = pixelnorm_settings_new ();
  self->tensor_layouts = GST_PIXEL_LAYOUT_AUTO;
}

void
gst_pixel_settings_clear (GstPixelSettings *self)
{
  g_clear_pointer (&self->location, g_free);
  g_clear_pointer (&self->dark_location, g_free);
  g_clear_pointer (&self->affine_location, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->problems); i++)
    g_clear_pointer (&self->problems[i], g_free);
  g_clear_object (&self->profile);
  g_clear_object (&self->settings);
}

void
gst_pixel_settings_copy (const GstPixelSettings *self, GstPixelSettings *copy)
{
  *copy = *self;
  copy->settings = pixelnorm_settings_copy (self->settings);
  copy->location = g_strdup (self->location);
  copy->dark_location = g_strdup (self->dark_location);
  copy->affine_location = g_strdup (self->affine_location);
  for (guint i = 0; i < G_N_ELEMENTS (self->problems); i++)
    copy->problems[i] = g_strdup (self->problems[i]);
  if (copy->profile)
    g_object_ref (copy->profile);
}

static void
take_row (GstPixelSettings *self, const GstPixelSettings *from, guint index)
{
  const PixelnormSetting *row = pixelnorm_setting_get (index);
  const guint32 bit = 1u << index;
  guint n;

  g_free (self->problems[index]);
  self->problems[index] = g_strdup (from->problems[index]);
  self->given = (self->given & ~bit) | (from->given & bit);
  if (row->type >= PIXELNORM_SETTING_TYPE_NUMBER) {
    const gdouble *values = pixelnorm_settings_get_values (from->settings, row->name, &n);

    pixelnorm_settings_set_values (self->settings, row->name, values, n, NULL);
  } else {
    gint value;

    g_object_get (from->settings, row->name, &value, NULL);
    g_object_set (self->settings, row->name, value, NULL);
  }
}

static gchar **
find_location (GstPixelSettings *self, guint id)
{
  return id == PROP_LOCATION     ? &self->location
      : id == PROP_DARK_LOCATION ? &self->dark_location
                                 : &self->affine_location;
}

void
gst_pixel_settings_take (GstPixelSettings *self, const GstPixelSettings *from, guint64 properties)
{
  static const guint locations[] = { PROP_LOCATION, PROP_DARK_LOCATION, PROP_AFFINE_LOCATION };

  for (guint i = 0; i < G_N_ELEMENTS (locations); i++) {
    gchar **place = find_location (self, locations[i]);

    if (!(properties & BIT (locations[i])))
      continue;
    g_free (*place);
    *place = g_strdup (*find_location ((GstPixelSettings *) from, locations[i]));
  }
  if (properties & BIT (PROP_PROFILE))
    g_set_object (&self->profile, from->profile);
  if (properties & BIT (PROP_LAYOUT))
    self->tensor_layouts = from->tensor_layouts;
  for (guint i = 0; pixelnorm_setting_get (i); i++)
    if (properties & BIT (PROP_FIRST_ROW + i))
      take_row (self, from, i);
}

gchar *
gst_pixel_settings_name (guint64 properties)
{
  static const gchar *const own[] = { NULL, "location", "profile", "dark-location",
    "affine-location", "layout" };
  GString *names = g_string_new (NULL);

  for (guint id = PROP_0 + 1; id < GST_PIXEL_SETTINGS_MAX_ID; id++) {
    const PixelnormSetting *row =
        id >= PROP_FIRST_ROW ? pixelnorm_setting_get (id - PROP_FIRST_ROW) : NULL;

    if (properties & BIT (id))
      g_string_append_printf (names, "%s%s", names->len ? ", " : "", row ? row->name : own[id]);
  }
  return g_string_free (names, FALSE);
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
      pixelnorm_settings_get_word (settings, "method"));
  return FALSE;
}

/* That @name has an effect only with those methods, or else sources, whose bits are in the masks. */
static void
append_ineffective (GString *text, const PixelnormSettings *settings, const gchar *name,
    guint methods, guint sources)
{
  const gchar *other = methods ? "method" : "statistics", *nick;
  const GType type = methods ? PIXELNORM_TYPE_METHOD : PIXELNORM_TYPE_STATISTICS_SOURCE;
  guint mask = methods ? methods : sources;

  g_string_append_printf (text, "%s%s has no effect with %s%s. Set %s=", text->len ? " " : "", name,
      methods ? "the method " : "statistics=", pixelnorm_settings_get_word (settings, other),
      other);
  for (gint i = 0; mask && (nick = gst_pixel_enum_nick (type, i)); i++) {
    const guint bit = 1u << i;

    if (!(mask & bit))
      continue;
    mask &= ~bit;
    g_string_append_printf (text, "%s%s", nick, !mask ? "" : mask & (mask - 1) ? ", " : " or ");
  }
  g_string_append (text, " to use it, or leave it out.");
}

gchar *
gst_pixel_settings_find_ineffective (const GstPixelSettings *self)
{
  const PixelnormSettings *settings = self->settings;
  GString *text = g_string_new (NULL);
  const PixelnormSetting *row;

  for (guint i = 0; (row = pixelnorm_setting_get (i)); i++)
    if (self->given & 1u << i && !pixelnorm_setting_has_effect (row, settings))
      append_ineffective (text, settings, row->name, row->methods, row->sources);
  if (self->dark_location
      && !g_str_equal (pixelnorm_settings_get_word (settings, "method"), "flat-field"))
    append_ineffective (text, settings, "dark-location", 1u << PIXELNORM_METHOD_FLAT_FIELD, 0);
  return g_string_free (text, text->len == 0);
}

/* What the library says of it, too, but only when there are caps. */
static gboolean
check_affine (const GstPixelSettings *self, GError **error)
{
  const gchar *statistics = pixelnorm_settings_get_word (self->settings, "statistics");

  if (!self->affine_location || g_str_equal (statistics, "profile"))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "affine-location goes with statistics of a profile only, and statistics is %s. Set gamma and "
      "beta, one value per channel, or statistics=profile.",
      statistics);
  return FALSE;
}

/* What is wrong with the settings alone. */
static gboolean
check_settings (const GstPixelSettings *self, GError **error)
{
  const gchar *problem = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (self->problems) && !problem; i++)
    problem = self->problems[i];
  if (problem) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, problem);
    return FALSE;
  }
  return pixelnorm_settings_check (self->settings, error) && check_affine (self, error);
}

PixelnormInputs *
gst_pixel_settings_load (
    const GstPixelSettings *self, const PixelnormInputs *known, guint64 properties, GError **error)
{
  const gboolean dark = !known || properties & BIT (PROP_DARK_LOCATION);
  const gboolean affine = !known || properties & BIT (PROP_AFFINE_LOCATION);
  const gboolean profile =
      !self->profile && (!known || properties & (BIT (PROP_LOCATION) | BIT (PROP_PROFILE)));
  g_autoptr (PixelnormInputs) inputs = pixelnorm_inputs_new (self->profile ? self->profile
          : !profile                                                       ? known->profile
                                                                           : NULL,
      dark ? NULL : known->dark, affine ? NULL : known->affine);

  const gboolean ok = check_settings (self, error)
      && (!profile || load_profile (self->location, &inputs->profile, error))
      && (!dark || load_profile (self->dark_location, &inputs->dark, error))
      && (!affine || load_affine (self->affine_location, &inputs->affine, error))
      && (self->profile_optional || check_profile (self->settings, inputs->profile, error));
  return ok ? g_steal_pointer (&inputs) : NULL;
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
          "%s holds something that is not a number. Expected one number, or one per channel, as "
          "in %s=\"<1,2,3>\".",
          name, name);
    values[i] = g_value_get_double (&number);
  }
  return NULL;
}

static void
set_values (GstPixelSettings *self, guint index, const PixelnormSetting *row, const GValue *array)
{
  gdouble values[PIXELNORM_MAX_CHANNELS];
  g_autoptr (GError) error = NULL;
  guint n;

  g_free (self->problems[index]);
  self->problems[index] = read_values (row->name, array, values, &n);
  if (!self->problems[index]
      && !pixelnorm_settings_set_values (self->settings, row->name, values, n, &error))
    self->problems[index] = g_strdup (error->message);
}

static void
get_values (const GstPixelSettings *self, const PixelnormSetting *row, GValue *value)
{
  guint n;
  const gdouble *values = pixelnorm_settings_get_values (self->settings, row->name, &n);

  for (guint i = 0; i < n; i++) {
    g_auto (GValue) number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_set_double (&number, values[i]);
    gst_value_array_append_value (value, &number);
  }
}

/* Enums of elements have other types than those of the library, and the same numbers: GObject converts them. */
static gboolean
set_row (GstPixelSettings *self, guint index, const GValue *value, GParamSpec *spec)
{
  const PixelnormSetting *row = pixelnorm_setting_get (index);
  const guint32 bit = 1u << index;

  if (!row)
    return FALSE;
  if (row->type == PIXELNORM_SETTING_TYPE_VALUES)
    set_values (self, index, row, value);
  else
    g_object_set_property (G_OBJECT (self->settings), row->name, value);
  self->given = g_param_value_defaults (spec, value) ? self->given & ~bit : self->given | bit;
  return TRUE;
}

static gboolean
get_row (const GstPixelSettings *self, guint index, GValue *value)
{
  const PixelnormSetting *row = pixelnorm_setting_get (index);

  if (!row)
    return FALSE;
  if (row->type == PIXELNORM_SETTING_TYPE_VALUES)
    get_values (self, row, value);
  else
    g_object_get_property (G_OBJECT (self->settings), row->name, value);
  return TRUE;
}

gboolean
gst_pixel_settings_set (GstPixelSettings *self, guint id, const GValue *value, GParamSpec *spec)
{
  if (id >= PROP_FIRST_ROW)
    return set_row (self, id - PROP_FIRST_ROW, value, spec);
  if (id == PROP_PROFILE) {
    g_set_object (&self->profile, g_value_get_object (value));
  } else if (id == PROP_LAYOUT) {
    self->tensor_layouts = g_value_get_enum (value);
  } else {
    gchar **location = find_location (self, id);

    g_free (*location);
    *location = g_value_dup_string (value);
  }
  return TRUE;
}

gboolean
gst_pixel_settings_get (GstPixelSettings *self, guint id, GValue *value)
{
  if (id >= PROP_FIRST_ROW)
    return get_row (self, id - PROP_FIRST_ROW, value);
  if (id == PROP_PROFILE)
    g_value_set_object (value, self->profile);
  else if (id == PROP_LAYOUT)
    g_value_set_enum (value, self->tensor_layouts);
  else
    g_value_set_string (value, *find_location (self, id));
  return TRUE;
}

static void
install_own (GObjectClass *klass, GParamFlags flags)
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
  g_object_class_install_property (klass, PROP_AFFINE_LOCATION,
      g_param_spec_string ("affine-location", "Affine location",
          "Safetensors file with gamma, beta, or both, learned in training: arrays of float32 or "
          "float64, one value per sample [height, width, channels], [channels] or [1]. They are applied to "
          "the result of the method, before the properties gamma and beta. With statistics=profile "
          "only",
          NULL, flags));
  g_object_class_install_property (klass, PROP_LAYOUT,
      g_param_spec_enum ("layout", "Layout of tensors",
          "Order of the dimensions of a tensor, outermost first; caps do not tell it. auto: NHWC, "
          "unless only NCHW fits the dimensions that downstream asks for",
          gst_pixel_norm_layout_get_type (), GST_PIXEL_LAYOUT_AUTO,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
}

static GParamSpec *
spec_new (const PixelnormSetting *row, GParamFlags flags)
{
  if (row->type == PIXELNORM_SETTING_TYPE_WORD) {
    const GType type = gst_pixel_enum_type (row);

    gst_type_mark_as_plugin_api (type, 0);
    return g_param_spec_enum (
        row->name, row->nick, row->blurb, type, (gint) row->default_value, flags);
  }
  /* no element spec: with one, GStreamer turns the integers of "<1,2,3>" into zeros without a word */
  return row->type == PIXELNORM_SETTING_TYPE_VALUES
      ? gst_param_spec_array (row->name, row->nick, row->blurb, NULL, flags)
      : pixelnorm_setting_new_spec (row, flags);
}

void
gst_pixel_settings_install (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
  const PixelnormSetting *row;

  install_own (klass, flags);
  for (guint i = 0; (row = pixelnorm_setting_get (i)); i++) {
    g_assert (PROP_FIRST_ROW + i < GST_PIXEL_SETTINGS_MAX_ID);
    /* of layouts there is one more here */
    if (!g_str_equal (row->name, "layout"))
      g_object_class_install_property (klass, PROP_FIRST_ROW + i, spec_new (row, flags));
  }
  gst_type_mark_as_plugin_api (gst_pixel_norm_layout_get_type (), 0);
}
