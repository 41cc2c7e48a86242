/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many streams with a profile each, and one consumer of all their tensors. Streams come and go while the others play; one that
 * ends or fails goes alone.
 *
 *   pixelnorm-streams door='uridecodebin3 uri=file:///videos/door.mp4 ! pixelnorm location=door.safetensors'
 *
 * Each stream is a bin, so that it is added and taken away as one thing, and all meet in a funnel, behind which the consumer
 * stands. A probe at the end of each bin writes the name of the stream into PixelnormMeta, as the field "source": so the
 * consumer, which gets all tensors through one pad, tells them apart. Only the main thread adds and removes.
 */
#include <glib-unix.h>
#include <gst/gst.h>
#include <malloc.h>

/* Each stream has a thread of its own up to the funnel, and few tensors wait there: they are large. */
#define STREAM_END " ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0"
#define CONSUMER "consumer"
#define DEFAULT_CONSUMER                                                                           \
  "capsfilter caps=other/tensors,types=float32 ! fakesink async=false sync=false"

#define SENDER g_quark_from_static_string ("sender")

#define SUMMARY                                                                                    \
  "Plays many streams with a profile each, and hands their tensors to one consumer.\n\n"           \
  "DESCRIPTION is a pipeline as for gst-launch-1.0 that ends in pixelnorm. Commands on standard "  \
  "input: add NAME=DESCRIPTION, remove NAME, list, quit. It leaves no files but those that its "   \
  "pipelines write, and ends when standard input has ended and no stream is left."

typedef struct {
  GstElement *bin;
  guint n_tensors;
} Stream;

typedef struct {
  GMainLoop *loop;
  GstElement *pipeline;
  GstBus *bus;
  GstElement *funnel;
  GMutex lock;         /* guards the next three, which the threads of streams use */
  GHashTable *streams; /* name to Stream */
  guint n_tensors;
  guint n_nameless; /* tensors of no stream */
  guint n_streams;  /* those that have gone included */
  gboolean input_ended;
  gboolean failed;
} App;

static GstStructure *
get_applied (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "PixelnormMeta");

  return meta ? gst_custom_meta_get_structure (meta) : NULL;
}

/* At the end of a stream: names it in every tensor. Its end becomes a message, since it is not the end of the others. */
static GstPadProbeReturn
leave_stream (GstPad *pad, GstPadProbeInfo *info, gpointer bin)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer *buffer = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
    GstStructure *applied = get_applied (buffer);

    GST_PAD_PROBE_INFO_DATA (info) = buffer;
    if (applied)
      gst_structure_set (applied, "source", G_TYPE_STRING, GST_OBJECT_NAME (bin), NULL);
    return GST_PAD_PROBE_OK;
  }
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  gst_element_post_message (
      bin, gst_message_new_application (bin, gst_structure_new_empty ("stream-ended")));
  return GST_PAD_PROBE_DROP;
}

/* Ahead of the consumer: which stream is a tensor of? */
static GstPadProbeReturn
enter_consumer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  App *self = user_data;
  const GstStructure *applied = get_applied (GST_PAD_PROBE_INFO_BUFFER (info));
  const gchar *name = applied ? gst_structure_get_string (applied, "source") : NULL;

  g_mutex_lock (&self->lock);
  Stream *stream = name ? g_hash_table_lookup (self->streams, name) : NULL;
  self->n_tensors++;
  if (stream)
    stream->n_tensors++;
  else
    self->n_nameless++;
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

/* What a description describes, as a bin with this name and one pad; where it cannot be, NULL, and a sentence that says why. */
static GstElement *
make_bin (const gchar *name, const gchar *description, GstPadDirection direction)
{
  g_autoptr (GError) error = NULL;
  GstElement *bin = gst_parse_bin_from_description_full (
      description, FALSE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  /* not by that function, which takes also the pad that a decoder is linked to later */
  g_autoptr (GstPad) pad = bin ? gst_bin_find_unlinked_pad (GST_BIN (bin), direction) : NULL;

  if (pad) {
    gst_element_add_pad (bin, gst_ghost_pad_new ("pad", pad));
    gst_object_set_name (GST_OBJECT (bin), name);
    return bin;
  }
  g_printerr ("%s: %s\n", name, error ? error->message : "no pad is left to link it by");
  gst_clear_object (&bin);
  return NULL;
}

/* @text is NAME=DESCRIPTION. What fails once it plays is told on the bus. */
static gboolean
add_stream (App *self, const gchar *text)
{
  g_auto (GStrv) words = g_strsplit (text, "=", 2);

  if (g_strv_length (words) < 2) {
    g_printerr ("Expected NAME=DESCRIPTION, found \"%s\".\n", text);
    return FALSE;
  }
  g_autofree gchar *description = g_strconcat (words[1], STREAM_END, NULL);
  GstElement *bin = make_bin (words[0], description, GST_PAD_SRC);
  if (!bin)
    return FALSE;
  if (!gst_bin_add (GST_BIN (self->pipeline), bin)) {
    g_printerr ("%s: there is one of this name already.\n", words[0]);
    return FALSE;
  }
  g_autoptr (GstPad) pad = gst_element_get_static_pad (bin, "pad");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      leave_stream, bin, NULL);
  Stream *stream = g_new0 (Stream, 1);
  stream->bin = bin;
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->streams, g_strdup (words[0]), stream);
  g_mutex_unlock (&self->lock);
  self->n_streams++;
  gst_element_link (bin, self->funnel);
  gst_element_sync_state_with_parent (bin);
  return TRUE;
}

static void
remove_stream (App *self, const Stream *stream)
{
  g_autoptr (GstElement) bin = gst_object_ref (stream->bin);

  /* waits for its threads: nothing comes from it any more */
  gst_element_set_state (bin, GST_STATE_NULL);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (bin, "pad");
  g_autoptr (GstPad) joint = gst_pad_get_peer (pad);
  gst_element_release_request_pad (self->funnel, joint);
  gst_bin_remove (GST_BIN (self->pipeline), bin);
  g_print ("%s: gone after %u tensors\n", GST_OBJECT_NAME (bin), stream->n_tensors);
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->streams, GST_OBJECT_NAME (bin));
  g_mutex_unlock (&self->lock);
}

static void
list_streams (App *self)
{
  GHashTableIter iter;
  gpointer name, stream;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, &name, &stream))
    g_print ("%s: %u tensors\n", (gchar *) name, ((Stream *) stream)->n_tensors);
  g_mutex_unlock (&self->lock);
}

static void
quit_when_done (App *self)
{
  if (self->input_ended && g_hash_table_size (self->streams) == 0)
    g_main_loop_quit (self->loop);
}

/* Notes on a message which child of the pipeline it is of. In the thread that posts it, since later the element may have left its
 * bin, as the source of a decoder does that failed. Drops what watch_bus() does not read: the consumer tells of a new stream
 * whenever a tensor is of another one than the last, thousands of times a second. */
static GstBusSyncReply
note_sender (GstBus *bus, GstMessage *message, gpointer pipeline)
{
  GstObject *sender = gst_object_ref (GST_MESSAGE_SRC (message)), *parent;

  while ((parent = gst_object_get_parent (sender)) && parent != pipeline) {
    gst_object_unref (sender);
    sender = parent;
  }
  g_clear_object (&parent);
  gst_mini_object_set_qdata (GST_MINI_OBJECT (message), SENDER, sender, gst_object_unref);
  if (!GST_MESSAGE_TYPE_IS_EXTENDED (message)
      && GST_MESSAGE_TYPE (message)
          & (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT
              | GST_MESSAGE_APPLICATION))
    return GST_BUS_PASS;
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static gboolean
watch_bus (GstBus *bus, GstMessage *message, gpointer user_data)
{
  App *self = user_data;
  GstElement *sender = gst_mini_object_get_qdata (GST_MINI_OBJECT (message), SENDER);
  const gchar *name = GST_OBJECT_NAME (sender);
  const GstStructure *structure = gst_message_get_structure (message);
  const Stream *stream = g_hash_table_lookup (self->streams, name);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_WARNING:
    gst_message_parse_warning (message, &error, NULL);
    g_printerr ("%s: warning: %s\n", name, error->message);
    return G_SOURCE_CONTINUE;
  case GST_MESSAGE_ELEMENT:
    if (gst_structure_has_name (structure, "pixelnorm")
        || gst_structure_has_name (structure, "pixelstats"))
      g_print ("%s: %s\n", name, text = gst_structure_to_string (structure));
    return G_SOURCE_CONTINUE;
  case GST_MESSAGE_ERROR:
    gst_message_parse_error (message, &error, &text);
    g_printerr ("%s: %s\n%s\n", name, error->message, text);
    if (g_str_equal (name, CONSUMER)) {
      self->failed = TRUE;
      g_main_loop_quit (self->loop);
    }
    G_GNUC_FALLTHROUGH;
  default: /* this, or the end of a stream, which may be gone by now, with another of its name in its place */
    if (stream && stream->bin == sender)
      remove_stream (self, stream);
    quit_when_done (self);
    return G_SOURCE_CONTINUE;
  }
}

static gboolean
read_command (GIOChannel *input, GIOCondition condition, gpointer user_data)
{
  App *self = user_data;
  g_autofree gchar *line = NULL;

  if (g_io_channel_read_line (input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
    self->input_ended = TRUE;
    quit_when_done (self);
    return G_SOURCE_REMOVE;
  }
  const gchar *name = strchr (g_strchomp (line), ' ');
  const Stream *stream = name ? g_hash_table_lookup (self->streams, name + 1) : NULL;
  if (g_str_has_prefix (line, "add "))
    add_stream (self, name + 1);
  else if (g_str_has_prefix (line, "remove ") && stream)
    remove_stream (self, stream);
  else if (g_str_has_prefix (line, "remove "))
    g_printerr ("There is no stream %s.\n", name + 1);
  else if (g_str_equal (line, "list"))
    list_streams (self);
  else if (g_str_equal (line, "quit"))
    g_main_loop_quit (self->loop);
  else
    g_printerr ("Expected add NAME=DESCRIPTION, remove NAME, list or quit, found \"%s\".\n", line);
  return G_SOURCE_CONTINUE;
}

static gboolean
quit (gpointer self)
{
  g_main_loop_quit (((App *) self)->loop);
  return G_SOURCE_CONTINUE;
}

/* FALSE, and a sentence that says why, where it cannot be. */
static gboolean
start_consumer (App *self, const gchar *description)
{
  GstElement *consumer = make_bin (CONSUMER, description, GST_PAD_SINK);

  if (!consumer)
    return FALSE;
  gst_bin_add_many (GST_BIN (self->pipeline), self->funnel, consumer, NULL);
  gst_element_link (self->funnel, consumer);
  g_autoptr (GstPad) joint = gst_element_get_static_pad (self->funnel, "src");
  gst_pad_add_probe (joint, GST_PAD_PROBE_TYPE_BUFFER, enter_consumer, self, NULL);
  gst_bus_set_sync_handler (self->bus, note_sender, self->pipeline, NULL);
  gst_bus_add_watch (self->bus, watch_bus, self);
  /* where it fails, the consumer says so on the bus */
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  return TRUE;
}

/* Until it is told to quit, or nothing is left to do. */
static void
run (App *self)
{
  GIOChannel *input = g_io_channel_unix_new (STDIN_FILENO);

  g_io_add_watch (input, G_IO_IN | G_IO_HUP, read_command, self);
  g_io_channel_unref (input);
  g_unix_signal_add (SIGINT, quit, self);
  g_unix_signal_add (SIGTERM, quit, self);
  g_main_loop_run (self->loop);
}

static void
stop (App *self)
{
  GHashTableIter iter;
  GstMessage *message;
  gpointer stream;

  for (; g_hash_table_size (self->streams) > 0; remove_stream (self, stream)) {
    g_hash_table_iter_init (&iter, self->streams);
    g_hash_table_iter_next (&iter, NULL, &stream);
  }
  /* what they had to say while they stopped, as that a profile could not be saved */
  while ((message = gst_bus_pop (self->bus))) {
    watch_bus (self->bus, message, self);
    gst_message_unref (message);
  }
  g_print ("%u streams, %u tensors, %u of no stream\n", self->n_streams, self->n_tensors,
      self->n_nameless);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *consumer = NULL;
  const GOptionEntry entries[] = {
    { "consumer", 'c', 0, G_OPTION_ARG_STRING, &consumer,
        "where all tensors go (" DEFAULT_CONSUMER ")", "DESCRIPTION" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("NAME=DESCRIPTION...");
  g_autoptr (GError) error = NULL;

  /* glibc gives each thread a heap of its own, and gives none back of which a part is in use: as streams come and go, memory
   * would grow, from 96 to 213 MiB within a minute of 16 streams */
  mallopt (M_ARENA_MAX, 2);
  mallopt (M_MMAP_THRESHOLD, 128 << 10);
  g_option_context_set_summary (context, SUMMARY);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }

  App self = { .loop = g_main_loop_new (NULL, FALSE),
    .pipeline = gst_pipeline_new ("streams"),
    .funnel = gst_element_factory_make ("funnel", NULL),
    .streams = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
  self.bus = gst_element_get_bus (self.pipeline);
  self.failed = !start_consumer (&self, consumer ? consumer : DEFAULT_CONSUMER);
  for (int i = 1; i < argc && !self.failed; i++)
    self.failed = !add_stream (&self, argv[i]);
  if (!self.failed) {
    run (&self);
    stop (&self);
  }
  gst_element_set_state (self.pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (self.bus);
  gst_object_unref (self.bus);
  gst_object_unref (self.pipeline);
  g_hash_table_unref (self.streams);
  g_main_loop_unref (self.loop);
  return self.failed;
}
