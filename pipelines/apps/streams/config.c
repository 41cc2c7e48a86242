/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups are [application], [consumer] and [source NAME], one of the last for each stream. Keys of a source that are not
 * in the KEY TABLE are properties of pixelnorm and go to it as they are, so that the file knows all that the element
 * does.
 */
#include "config.h"

#define SOURCE_GROUP "source "

/* KEY TABLE: what a source has beside properties of pixelnorm. */
typedef struct {
  const gchar *name;
  GType type;
  gsize offset;
} Key;

static const Key stream_keys[] = {
  { "uri", G_TYPE_STRING, G_STRUCT_OFFSET (StreamConfig, uri) },
  { "pattern", G_TYPE_STRING, G_STRUCT_OFFSET (StreamConfig, pattern) },
  { "frames", G_TYPE_INT, G_STRUCT_OFFSET (StreamConfig, frames) },
  { "live", G_TYPE_BOOLEAN, G_STRUCT_OFFSET (StreamConfig, live) },
  { "caps", G_TYPE_STRING, G_STRUCT_OFFSET (StreamConfig, caps) },
  { "collect", G_TYPE_STRING, G_STRUCT_OFFSET (StreamConfig, collect) },
};

static const Key application_keys[] = {
  { "interval", G_TYPE_UINT, G_STRUCT_OFFSET (AppConfig, interval) },
  { "duration", G_TYPE_UINT, G_STRUCT_OFFSET (AppConfig, duration) },
};

static const Key consumer_keys[] = {
  { "caps", G_TYPE_STRING, G_STRUCT_OFFSET (AppConfig, tensor_caps) },
  { "pipeline", G_TYPE_STRING, G_STRUCT_OFFSET (AppConfig, consumer) },
};

static void
setting_clear (StreamSetting *setting)
{
  g_free (setting->name);
  g_free (setting->value);
}

static StreamConfig *
stream_config_new_empty (const gchar *name)
{
  StreamConfig *self = g_new0 (StreamConfig, 1);

  self->name = g_strdup (name);
  self->frames = -1;
  self->settings = g_array_new (FALSE, FALSE, sizeof (StreamSetting));
  g_array_set_clear_func (self->settings, (GDestroyNotify) setting_clear);
  return self;
}

void
stream_config_free (StreamConfig *self)
{
  g_free (self->name);
  g_free (self->uri);
  g_free (self->pattern);
  g_free (self->caps);
  g_free (self->collect);
  g_array_unref (self->settings);
  g_free (self);
}

void
app_config_free (AppConfig *self)
{
  g_free (self->tensor_caps);
  g_free (self->consumer);
  g_ptr_array_unref (self->streams);
  g_free (self);
}

static const Key *
find_key (const Key *keys, guint n_keys, const gchar *name)
{
  for (guint i = 0; i < n_keys; i++)
    if (g_str_equal (keys[i].name, name))
      return &keys[i];
  return NULL;
}

/* Reads @text into the field that @key names. */
static gboolean
store (const Key *key, const gchar *group, const gchar *text, gpointer config, GError **error)
{
  void *field = (guint8 *) config + key->offset;
  const gboolean is_unsigned = key->type == G_TYPE_UINT;
  gint64 number;

  if (key->type == G_TYPE_STRING) {
    g_free (*(gchar **) field);
    *(gchar **) field = g_strdup (text);
    return TRUE;
  }
  if (key->type == G_TYPE_BOOLEAN) {
    *(gboolean *) field = g_str_equal (text, "true");
    if (*(gboolean *) field || g_str_equal (text, "false"))
      return TRUE;
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
        "[%s] %s: expected true or false, found \"%s\".", group, key->name, text);
    return FALSE;
  }
  if (!g_ascii_string_to_signed (text, 10, is_unsigned ? 0 : -1, G_MAXINT, &number, NULL)) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
        "[%s] %s: expected a whole number from %d to %d, found \"%s\".", group, key->name,
        is_unsigned ? 0 : -1, G_MAXINT, text);
    return FALSE;
  }
  *(gint *) field = (gint) number;
  return TRUE;
}

static gboolean
stream_config_set (
    StreamConfig *self, const gchar *group, const gchar *name, const gchar *text, GError **error)
{
  const Key *key = find_key (stream_keys, G_N_ELEMENTS (stream_keys), name);

  if (key)
    return store (key, group, text, self, error);
  const StreamSetting setting = { g_strdup (name), g_strdup (text) };
  g_array_append_val (self->settings, setting);
  return TRUE;
}

static gboolean
stream_config_check (const StreamConfig *self, const gchar *group, GError **error)
{
  if (!self->uri || !self->pattern)
    return TRUE;
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
      "[%s] has both uri and pattern. A stream is a uri, or else a test pattern: remove one.",
      group);
  return FALSE;
}

StreamConfig *
stream_config_new (const gchar *name, const gchar *const *words, GError **error)
{
  g_autoptr (StreamConfig) self = stream_config_new_empty (name);
  g_autofree gchar *group = g_strconcat (SOURCE_GROUP, name, NULL);

  for (; *words; words++) {
    g_auto (GStrv) parts = g_strsplit (*words, "=", 2);

    if (g_strv_length (parts) != 2) {
      g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
          "Expected words of the form key=value, found \"%s\".", *words);
      return NULL;
    }
    if (!stream_config_set (self, group, parts[0], parts[1], error))
      return NULL;
  }
  return stream_config_check (self, group, error) ? g_steal_pointer (&self) : NULL;
}

/* The keys of a group, each as @keys say. */
static gboolean
read_group (GKeyFile *file, const gchar *group, const Key *keys, guint n_keys, gpointer config,
    GError **error)
{
  g_auto (GStrv) names = g_key_file_get_keys (file, group, NULL, error);

  for (guint i = 0; names && names[i]; i++) {
    const Key *key = find_key (keys, n_keys, names[i]);
    g_autofree gchar *text = g_key_file_get_string (file, group, names[i], error);

    if (!text)
      return FALSE;
    if (!key) {
      g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
          "[%s] has no key \"%s\". It knows %s and %s.", group, names[i], keys[0].name,
          keys[1].name);
      return FALSE;
    }
    if (!store (key, group, text, config, error))
      return FALSE;
  }
  return names != NULL;
}

static gboolean
read_source (GKeyFile *file, const gchar *group, AppConfig *config, GError **error)
{
  g_autoptr (StreamConfig) stream = stream_config_new_empty (group + strlen (SOURCE_GROUP));
  g_auto (GStrv) names = g_key_file_get_keys (file, group, NULL, error);

  for (guint i = 0; names && names[i]; i++) {
    g_autofree gchar *text = g_key_file_get_string (file, group, names[i], error);

    if (!text || !stream_config_set (stream, group, names[i], text, error))
      return FALSE;
  }
  if (!names || !stream_config_check (stream, group, error))
    return FALSE;
  g_ptr_array_add (config->streams, g_steal_pointer (&stream));
  return TRUE;
}

static gboolean
read_any_group (GKeyFile *file, const gchar *group, AppConfig *config, GError **error)
{
  if (g_str_equal (group, "application"))
    return read_group (
        file, group, application_keys, G_N_ELEMENTS (application_keys), config, error);
  if (g_str_equal (group, "consumer"))
    return read_group (file, group, consumer_keys, G_N_ELEMENTS (consumer_keys), config, error);
  if (g_str_has_prefix (group, SOURCE_GROUP) && group[strlen (SOURCE_GROUP)])
    return read_source (file, group, config, error);
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
      "There is no group [%s]. Groups are [application], [consumer] and [source NAME].", group);
  return FALSE;
}

AppConfig *
app_config_load (const gchar *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (AppConfig) self = g_new0 (AppConfig, 1);

  self->streams = g_ptr_array_new_with_free_func ((GDestroyNotify) stream_config_free);
  self->interval = 5;
  self->tensor_caps = g_strdup ("other/tensors,types=float32");
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error)) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i]; i++)
    if (!read_any_group (file, groups[i], self, error)) {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
  return g_steal_pointer (&self);
}

gboolean
stream_config_equal (const StreamConfig *a, const StreamConfig *b)
{
  if (g_strcmp0 (a->uri, b->uri) || g_strcmp0 (a->pattern, b->pattern) || a->frames != b->frames
      || a->live != b->live || g_strcmp0 (a->caps, b->caps) || g_strcmp0 (a->collect, b->collect)
      || a->settings->len != b->settings->len)
    return FALSE;
  for (guint i = 0; i < a->settings->len; i++) {
    const StreamSetting *one = &g_array_index (a->settings, StreamSetting, i);
    const StreamSetting *other = &g_array_index (b->settings, StreamSetting, i);

    if (g_strcmp0 (one->name, other->name) || g_strcmp0 (one->value, other->value))
      return FALSE;
  }
  return TRUE;
}
