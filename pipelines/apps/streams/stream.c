/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* source ! scale ! [pixelstats] ! pixelnorm ! caps ! queue, in a bin of its own, so that a stream can be added and taken
 * away as one thing. A probe behind pixelnorm reads PixelnormMeta of every buffer and adds the name of the source to it:
 * that is how the consumer, which gets the tensors of all streams through one pad, tells them apart.
 */
#include "stream.h"

/* Keeps what was done, whenever that is another plan than before. */
static void
note_applied (Stream *self, const GstStructure *applied)
{
  guint plan = 0;

  gst_structure_get_uint (applied, "plan", &plan);
  g_mutex_lock (&self->lock);
  if (!self->applied || plan != self->plan) {
    g_free (self->applied);
    self->applied = gst_structure_to_string (applied);
    self->plan = plan;
  }
  g_mutex_unlock (&self->lock);
}

static GstPadProbeReturn
note_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Stream *self = user_data;
  GstBuffer *buffer = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "PixelnormMeta");

  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  g_atomic_int_inc (&self->frames);
  if (meta) {
    GstStructure *applied = gst_custom_meta_get_structure (meta);

    note_applied (self, applied);
    gst_structure_set (applied, STREAM_SOURCE_FIELD, G_TYPE_STRING, self->config->name, NULL);
  }
  return GST_PAD_PROBE_OK;
}

/* The end of one stream is not the end of the others: it becomes a message. */
static GstPadProbeReturn
note_end (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Stream *self = user_data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  gst_element_post_message (self->bin,
      gst_message_new_application (
          GST_OBJECT (self->bin), gst_structure_new_empty ("stream-ended")));
  return GST_PAD_PROBE_DROP;
}

/* Of a file only the video is wanted; the rest must flow all the same. */
static void
link_decoded (GstElement *decoder, GstPad *pad, gpointer scale)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autoptr (GstPad) sink = gst_element_get_static_pad (scale, "sink");

  if (!caps)
    caps = gst_pad_query_caps (pad, NULL);
  if (gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw")
      && !gst_pad_is_linked (sink)) {
    gst_pad_link (pad, sink);
    return;
  }
  GstElement *rest = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstObject) bin = gst_element_get_parent (decoder);

  g_object_set (rest, "async", FALSE, "sync", FALSE, NULL);
  gst_bin_add (GST_BIN (bin), rest);
  gst_element_sync_state_with_parent (rest);
  g_autoptr (GstPad) rest_sink = gst_element_get_static_pad (rest, "sink");
  gst_pad_link (pad, rest_sink);
}

/* Adds an element of this kind, named after the source; NULL where its plugin is not installed. */
static GstElement *
add_element (Stream *self, const gchar *factory, GError **error)
{
  g_autofree gchar *name = g_strdup_printf ("%s-%s", self->config->name, factory);
  GstElement *element = gst_element_factory_make (factory, name);

  if (element)
    gst_bin_add (GST_BIN (self->bin), element);
  else
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "There is no element %s here: install its plugin, or set GST_PLUGIN_PATH to the folder that "
        "has it.",
        factory);
  return element;
}

/* As gst-launch-1.0 reads a value, but what cannot be read is an error. */
static gboolean
set_property (GstElement *element, const StreamSetting *setting, GError **error)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), setting->name);
  g_auto (GValue) value = G_VALUE_INIT;

  if (!pspec || !(pspec->flags & G_PARAM_WRITABLE)) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
        "Neither a source nor pixelnorm has a key \"%s\". See gst-inspect-1.0 pixelnorm.",
        setting->name);
    return FALSE;
  }
  g_value_init (&value, pspec->value_type);
  if (!gst_value_deserialize (&value, setting->value)) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
        "\"%s\" is no value for %s, which is a %s.", setting->value, setting->name,
        g_type_name (pspec->value_type));
    return FALSE;
  }
  g_object_set_property (G_OBJECT (element), setting->name, &value);
  return TRUE;
}

static GstElement *
add_source (Stream *self, GstElement *scale, GError **error)
{
  const StreamConfig *config = self->config;
  GstElement *source = add_element (self, config->uri ? "uridecodebin3" : "videotestsrc", error);

  if (!source)
    return NULL;
  if (config->uri) {
    g_autofree gchar *uri = gst_uri_is_valid (config->uri)
        ? g_strdup (config->uri)
        : gst_filename_to_uri (config->uri, error);

    if (!uri)
      return NULL;
    g_object_set (source, "uri", uri, NULL);
    g_signal_connect (source, "pad-added", G_CALLBACK (link_decoded), scale);
    return source;
  }
  if (config->pattern) {
    const StreamSetting pattern = { (gchar *) "pattern", config->pattern };

    if (!set_property (source, &pattern, error))
      return NULL;
  }
  g_object_set (source, "num-buffers", config->frames, "is-live", config->live, NULL);
  gst_element_link (source, scale);
  return source;
}

static GstElement *
add_caps (Stream *self, const gchar *role, const gchar *text, GError **error)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);
  GstElement *filter = caps ? gst_element_factory_make ("capsfilter", role) : NULL;

  if (!filter) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
        "\"%s\" is no description of caps, as video/x-raw,width=640,height=480 is.", text);
    return NULL;
  }
  g_object_set (filter, "caps", caps, NULL);
  gst_bin_add (GST_BIN (self->bin), filter);
  return filter;
}

static gboolean
fill_bin (Stream *self, const gchar *tensor_caps, GError **error)
{
  const StreamConfig *config = self->config;
  GstElement *elements[7];
  guint n = 0;

  if (!(elements[n++] = add_element (self, "videoscale", error))
      || !add_source (self, elements[0], error)
      || (config->caps && !(elements[n++] = add_caps (self, "video-caps", config->caps, error)))
      || (config->collect && !(elements[n++] = add_element (self, "pixelstats", error)))
      || !(elements[n++] = add_element (self, "pixelnorm", error))
      || !(elements[n++] = add_caps (self, "tensor-caps", tensor_caps, error))
      || !(elements[n++] = add_element (self, "queue", error)))
    return FALSE;
  if (config->collect)
    g_object_set (elements[n - 4], "location", config->collect, "append", TRUE, NULL);
  for (guint i = 0; i < config->settings->len; i++)
    if (!set_property (elements[n - 3], &g_array_index (config->settings, StreamSetting, i), error))
      return FALSE;
  /* a thread a stream, and few tensors that wait: they are large */
  g_object_set (elements[n - 1], "max-size-buffers", 2, "max-size-bytes", 0, "max-size-time",
      G_GUINT64_CONSTANT (0), NULL);
  for (guint i = 1; i < n; i++)
    gst_element_link (elements[i - 1], elements[i]);

  g_autoptr (GstPad) last = gst_element_get_static_pad (elements[n - 1], "src");
  GstPad *ghost = gst_ghost_pad_new ("src", last);
  g_autoptr (GstPad) normalized = gst_element_get_static_pad (elements[n - 3], "src");
  gst_pad_add_probe (normalized, GST_PAD_PROBE_TYPE_BUFFER, note_frame, self, NULL);
  gst_pad_add_probe (ghost, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note_end, self, NULL);
  gst_element_add_pad (self->bin, ghost);
  return TRUE;
}

Stream *
stream_new (StreamConfig *config, const gchar *tensor_caps, GError **error)
{
  Stream *self = g_new0 (Stream, 1);

  g_mutex_init (&self->lock);
  self->config = config;
  self->bin = gst_object_ref_sink (gst_bin_new (config->name));
  if (fill_bin (self, tensor_caps, error))
    return self;
  g_prefix_error (error, "[source %s]: ", config->name);
  stream_free (self);
  return NULL;
}

void
stream_free (Stream *self)
{
  g_clear_object (&self->joint);
  gst_object_unref (self->bin);
  stream_config_free (self->config);
  g_free (self->applied);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gchar *
stream_get_applied (Stream *self)
{
  g_mutex_lock (&self->lock);
  gchar *applied = g_strdup (self->applied);
  g_mutex_unlock (&self->lock);
  return applied;
}

const gchar *
stream_buffer_source (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "PixelnormMeta");

  return meta ? gst_structure_get_string (gst_custom_meta_get_structure (meta), STREAM_SOURCE_FIELD)
              : NULL;
}
