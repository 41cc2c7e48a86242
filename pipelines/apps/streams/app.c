/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All streams meet in a funnel, behind which the one consumer stands. The main thread alone adds and removes streams: a stream
 * that is taken away is stopped first, which waits for its threads, and only then unlinked. A stream that ends or fails is
 * taken away, and the others go on.
 */
#include "app.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static guint
resident_mib (void)
{
  g_autofree gchar *text = NULL;
  guint64 pages = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    pages = g_ascii_strtoull (strchr (text, ' '), NULL, 10);
  return (guint) (pages * (guint64) sysconf (_SC_PAGESIZE) >> 20);
}

static GstPadProbeReturn
note_consumed (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  App *self = user_data;
  const gchar *name = stream_buffer_source (GST_PAD_PROBE_INFO_BUFFER (info));

  g_mutex_lock (&self->lock);
  Stream *stream = name ? g_hash_table_lookup (self->streams, name) : NULL;
  if (stream)
    g_atomic_int_inc (&stream->consumed);
  else
    g_atomic_int_inc (&self->strangers);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

/* The messages that watch_bus() looks at. The funnel tells the consumer of another stream whenever a tensor is of another one than
 * the last, which the consumer posts: tens of thousands a second, that would pile up on the bus. */
#define WATCHED                                                                                    \
  (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT | GST_MESSAGE_APPLICATION)

/* Notes on a message the name of the stream that it is of, in the thread that posts it: later the element may have left its bin,
 * as the source of a decoder does that failed. */
static GstBusSyncReply
note_sender (GstBus *bus, GstMessage *message, gpointer user_data)
{
  App *self = user_data;
  GstObject *object = GST_MESSAGE_SRC (message);
  GHashTableIter iter;
  gpointer name, value;

  if (!(GST_MESSAGE_TYPE (message) & WATCHED)) {
    gst_message_unref (message);
    return GST_BUS_DROP;
  }
  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    GstObject *bin = GST_OBJECT (((Stream *) value)->bin);

    if (object == bin || gst_object_has_as_ancestor (object, bin))
      gst_mini_object_set_qdata (GST_MINI_OBJECT (message), g_quark_from_static_string ("stream"),
          g_strdup (name), g_free);
  }
  g_mutex_unlock (&self->lock);
  return GST_BUS_PASS;
}

/* The name of the stream that a message is of, or NULL. */
static const gchar *
message_stream (GstMessage *message)
{
  return gst_mini_object_get_qdata (
      GST_MINI_OBJECT (message), g_quark_from_static_string ("stream"));
}

static void
quit_when_done (App *self)
{
  if (self->config->duration == 0 && g_hash_table_size (self->streams) == 0)
    g_main_loop_quit (self->loop);
}

static void
note_error (App *self, GstMessage *message)
{
  const gchar *name = message_stream (message);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  /* what a stream says that is gone is an echo of what it said before */
  if (name && !g_hash_table_contains (self->streams, name))
    return;
  gst_message_parse_error (message, &error, &debug);
  /* the last line of the details is what happened, the first is where in whose source */
  const gchar *details = debug ? strrchr (debug, '\n') : NULL;
  g_printerr ("%s: %s (%s)\n", name ? name : GST_MESSAGE_SRC_NAME (message), error->message,
      details ? details + 1 : "no details");
  if (name) {
    app_remove (self, name);
    quit_when_done (self);
    return;
  }
  /* the consumer, without which there is nothing to do */
  self->failed = TRUE;
  g_main_loop_quit (self->loop);
}

static void
note_element (GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);

  if (!gst_structure_has_name (structure, "pixelstats")
      && !gst_structure_has_name (structure, "pixelnorm"))
    return;
  g_autofree gchar *text = gst_structure_to_string (structure);
  g_print ("%s: %s\n", GST_MESSAGE_SRC_NAME (message), text);
}

static gboolean
watch_bus (GstBus *bus, GstMessage *message, gpointer user_data)
{
  App *self = user_data;
  g_autoptr (GError) warning = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_ERROR:
    note_error (self, message);
    break;
  case GST_MESSAGE_WARNING:
    gst_message_parse_warning (message, &warning, NULL);
    g_printerr ("%s: warning: %s\n", GST_MESSAGE_SRC_NAME (message), warning->message);
    break;
  case GST_MESSAGE_ELEMENT:
    note_element (message);
    break;
  case GST_MESSAGE_APPLICATION:
    if (message_stream (message))
      app_remove (self, message_stream (message));
    quit_when_done (self);
    break;
  default:
    break;
  }
  return G_SOURCE_CONTINUE;
}

static GstElement *
make_consumer (const gchar *description, GError **error)
{
  if (description)
    return gst_parse_bin_from_description (description, TRUE, error);
  GstElement *consumer = gst_element_factory_make ("fakesink", "consumer");
  g_object_set (consumer, "async", FALSE, "sync", FALSE, NULL);
  return consumer;
}

gboolean
app_start (App *self, AppConfig *config, GError **error)
{
  GstElement *consumer = make_consumer (config->consumer, error);

  if (!consumer) {
    g_prefix_error (error, "[consumer] pipeline: ");
    return FALSE;
  }
  g_mutex_init (&self->lock);
  self->config = config;
  self->streams = g_hash_table_new (g_str_hash, g_str_equal);
  self->loop = g_main_loop_new (NULL, FALSE);
  self->pipeline = gst_pipeline_new ("streams");
  self->funnel = gst_element_factory_make ("funnel", "funnel");
  gst_bin_add_many (GST_BIN (self->pipeline), self->funnel, consumer, NULL);
  if (!gst_element_link (self->funnel, consumer)) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
        "[consumer] pipeline \"%s\" has no pad that tensors can go into.", config->consumer);
    return FALSE;
  }
  g_autoptr (GstPad) joint = gst_element_get_static_pad (self->funnel, "src");
  gst_pad_add_probe (joint, GST_PAD_PROBE_TYPE_BUFFER, note_consumed, self, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  gst_bus_set_sync_handler (bus, note_sender, self, NULL);
  gst_bus_add_watch (bus, watch_bus, self);
  self->begin = self->reported = g_get_monotonic_time ();
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
    return TRUE;
  g_set_error_literal (
      error, GST_CORE_ERROR, GST_CORE_ERROR_STATE_CHANGE, "The consumer could not be started.");
  return FALSE;
}

gboolean
app_add (App *self, StreamConfig *config, GError **error)
{
  if (g_hash_table_contains (self->streams, config->name)) {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
        "There is a source %s already. Remove it first, or take another name.", config->name);
    stream_config_free (config);
    return FALSE;
  }
  Stream *stream = stream_new (config, self->config->tensor_caps, error);
  if (!stream)
    return FALSE;
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->streams, stream->config->name, stream);
  g_mutex_unlock (&self->lock);
  self->n_added++;
  gst_bin_add (GST_BIN (self->pipeline), stream->bin);
  stream->joint = gst_element_request_pad_simple (self->funnel, "sink_%u");
  g_autoptr (GstPad) end = gst_element_get_static_pad (stream->bin, "src");
  gst_pad_link (end, stream->joint);
  /* what fails is told on the bus */
  gst_element_sync_state_with_parent (stream->bin);
  return TRUE;
}

static void
print_stream (Stream *stream, gint frames, gdouble seconds)
{
  g_autofree gchar *applied = stream_get_applied (stream);

  g_print ("%s: %d frames, %.1f frames/s, %d consumed; %s\n", stream->config->name,
      g_atomic_int_get (&stream->frames), seconds > 0 ? frames / seconds : 0,
      g_atomic_int_get (&stream->consumed), applied ? applied : "nothing normalized yet");
}

gboolean
app_remove (App *self, const gchar *name)
{
  Stream *stream = g_hash_table_lookup (self->streams, name);

  if (!stream)
    return FALSE;
  /* waits for its threads: nothing comes from it any more */
  gst_element_set_state (stream->bin, GST_STATE_NULL);
  gst_element_release_request_pad (self->funnel, stream->joint);
  gst_bin_remove (GST_BIN (self->pipeline), stream->bin);
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->streams, name);
  g_mutex_unlock (&self->lock);
  self->frames += (guint) stream->frames;
  self->consumed += (guint) stream->consumed;
  g_print ("%s: removed after %d frames, %d consumed\n", stream->config->name, stream->frames,
      stream->consumed);
  stream_free (stream);
  return TRUE;
}

static const StreamConfig *
find_config (const AppConfig *config, const gchar *name)
{
  for (guint i = 0; i < config->streams->len; i++) {
    const StreamConfig *stream = g_ptr_array_index (config->streams, i);

    if (g_str_equal (stream->name, name))
      return stream;
  }
  return NULL;
}

void
app_follow (App *self, const AppConfig *config)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer name, stream;

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, &name, &stream)) {
    const StreamConfig *wanted = find_config (config, name);

    if (!wanted || !stream_config_equal (wanted, ((Stream *) stream)->config))
      g_ptr_array_add (gone, g_strdup (name));
  }
  for (guint i = 0; i < gone->len; i++)
    app_remove (self, g_ptr_array_index (gone, i));
  while (config->streams->len > 0) {
    StreamConfig *wanted = g_ptr_array_steal_index (config->streams, 0);
    g_autoptr (GError) error = NULL;

    if (g_hash_table_contains (self->streams, wanted->name))
      stream_config_free (wanted);
    else if (!app_add (self, wanted, &error))
      g_printerr ("%s\n", error->message);
  }
}

void
app_report (App *self)
{
  const gint64 now = g_get_monotonic_time ();
  const gdouble seconds = (gdouble) (now - self->reported) / G_USEC_PER_SEC;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Stream *stream = value;
    const gint frames = g_atomic_int_get (&stream->frames);

    print_stream (stream, frames - stream->shown, seconds);
    stream->shown = frames;
  }
  g_print ("%u streams, %u MiB\n", g_hash_table_size (self->streams), resident_mib ());
  self->reported = now;
}

void
app_stop (App *self)
{
  const gdouble seconds = (gdouble) (g_get_monotonic_time () - self->begin) / G_USEC_PER_SEC;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  struct rusage usage;
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  for (guint i = 0; i < names->len; i++)
    app_remove (self, g_ptr_array_index (names, i));
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  getrusage (RUSAGE_SELF, &usage);
  g_print ("%u streams in all, %" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT
           " consumed, %d of no stream, %.1f frames/s, at most %ld MiB\n",
      self->n_added, self->frames, self->consumed, g_atomic_int_get (&self->strangers),
      (gdouble) self->frames / seconds, usage.ru_maxrss >> 10);
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  gst_bus_remove_watch (bus);
  gst_object_unref (self->pipeline);
  g_hash_table_unref (self->streams);
  g_main_loop_unref (self->loop);
  g_mutex_clear (&self->lock);
}
