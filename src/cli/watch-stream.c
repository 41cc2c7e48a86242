/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stream that pixelprofile watch looks at:
 *
 *   SOURCE ! identity ! pixelstats append=true ! pixelstats ! fakesink
 *
 * The first pixelstats collects the profile and saves it; the second counts the latest frames alone, and has no file. Where the
 * date asks for another file, the first is stopped, which saves, and started with the new name, before identity hands on the
 * next frame: so every frame is in one of the files.
 *
 * The pipeline starts and stops in another thread: a source that hangs as it is opened or closed holds nobody up.
 */
#include "watch-stream.h"

#include <gio/gio.h>
#include <gst/gst.h>
#include <string.h>

#include "watch-name.h"

#define HANG_SECONDS 10
#define MOST_WARNINGS 16
#define URI_SOURCE "pixelprofile-source"

typedef struct {
  gchar *text;
  gint64 time; /* monotonic: when it came last */
} Warning;

struct _WatchStream {
  GstElement *pipeline;
  GstElement *collector; /* or NULL */
  GstElement *latest;    /* or NULL */
  GstElement *judge;     /* that of them which says what frames are damaged */
  guint64 skipped;       /* frames, by the judge before this one; of the frames' thread */
  GstPad *gate;          /* before them */
  GstBus *bus;
  gchar *pattern;
  gchar *reference;     /* or NULL */
  gboolean plays_uri;   /* or a file */
  gboolean no_video;    /* among the streams that the source has told of last */
  gboolean hears_saves; /* and nothing else */
  gint64 quiet;         /* microseconds after which a warning is said again */
  GQueue warnings;      /* the latest different ones: Warning */

  GMutex restart; /* is held while the collector restarts, and to forbid that */
  gboolean is_halted;

  GMutex lock; /* of what follows */
  GCond done;
  gboolean is_done; /* what another thread does for this one */
  gchar *name;      /* of the file by the date */
  gboolean is_due;  /* the collector restarts with the next frame */
  WatchCount count;
};

static guint64
get_skipped (const WatchStream *self)
{
  guint64 skipped;

  g_object_get (self->judge, "frames-skipped", &skipped, NULL);
  return skipped;
}

static GstPadProbeReturn
look_before_judge (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  WatchStream *self = data;

  self->skipped = get_skipped (self);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
count_frame (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  WatchStream *self = data;
  const gboolean is_damaged = get_skipped (self) > self->skipped;

  g_mutex_lock (&self->lock);
  self->count.frames += !is_damaged;
  self->count.skipped += is_damaged;
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

/* Once the elements are there. */
static void
count_frames (WatchStream *self)
{
  self->judge = self->collector ? self->collector : self->latest;
  g_autoptr (GstPad) entry = gst_element_get_static_pad (self->judge, "sink");
  g_autoptr (GstPad) exit = gst_element_get_static_pad (self->judge, "src");
  gst_pad_add_probe (entry, GST_PAD_PROBE_TYPE_BUFFER, look_before_judge, self, NULL);
  gst_pad_add_probe (exit, GST_PAD_PROBE_TYPE_BUFFER, count_frame, self, NULL);
}

static void
finish (WatchStream *self)
{
  g_mutex_lock (&self->lock);
  self->is_done = TRUE;
  g_cond_signal (&self->done);
  g_mutex_unlock (&self->lock);
}

/* Returns: whether it was done in time */
static gboolean
wait_until_done (WatchStream *self)
{
  const gint64 end = g_get_monotonic_time () + HANG_SECONDS * G_TIME_SPAN_SECOND;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (!self->is_done && in_time)
    in_time = g_cond_wait_until (&self->done, &self->lock, end);
  self->is_done = FALSE;
  g_mutex_unlock (&self->lock);
  return in_time;
}

/* A word of a property that is an enumeration. */
static gboolean
set_word (GstElement *element, const gchar *property, const gchar *word, GError **error)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), property);
  GEnumClass *words = G_PARAM_SPEC_ENUM (spec)->enum_class;
  const GEnumValue *value = word ? g_enum_get_value_by_nick (words, word) : NULL;
  GString *list;

  if (value)
    g_object_set (element, property, value->value, NULL);
  if (!word || value)
    return TRUE;
  list = g_string_new (NULL);
  for (guint i = 0; i < words->n_values; i++)
    g_string_append_printf (list, "%s%s",
        i == 0                        ? ""
            : i + 1 < words->n_values ? ", "
                                      : " or ",
        words->values[i].value_nick);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Expected --%s=%s, found \"%s\".",
      property, list->str, word);
  g_string_free (list, TRUE);
  return FALSE;
}

static gboolean
set_up_collector (WatchStream *self, const WatchSettings *settings, GError **error)
{
  self->pattern = g_strdup (settings->pattern);
  self->reference = g_strdup (settings->reference);
  self->name = watch_name_now (self->pattern);
  if (self->reference && watch_name_is_of (self->name, self->reference)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "--location=%s is the reference now, which is not written to. Choose another name.",
        self->pattern);
    return FALSE;
  }
  g_object_set (self->collector, "location", self->name, "append", TRUE, "checkpoint-interval",
      (guint64) (settings->checkpoint * GST_SECOND), "mask", settings->mask, NULL);
  return set_word (self->collector, "scope", settings->scope, error)
      && set_word (self->collector, "channels", settings->channels, error);
}

static gboolean
set_up_latest (WatchStream *self, const WatchSettings *settings, GError **error)
{
  g_object_set (self->latest, "mask", settings->mask, NULL);
  return set_word (self->latest, "scope",
             settings->compared_scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel", error)
      && set_word (self->latest, "channels", settings->channels, error);
}

/* Of a file or a URI; NULL where it is neither. */
static gchar *
find_uri (const gchar *source)
{
  if (g_file_test (source, G_FILE_TEST_EXISTS))
    return gst_filename_to_uri (source, NULL);
  return gst_uri_is_valid (source) ? g_strdup (source) : NULL;
}

static GstElement *
parse (const WatchSettings *settings, GError **error)
{
  g_autofree gchar *uri = find_uri (settings->source);
  g_autofree gchar *line =
      g_strdup_printf ("%s ! identity name=pixelprofile-gate%s%s ! fakesink sync=false",
          uri ? "uridecodebin3 name=" URI_SOURCE : settings->source,
          settings->pattern ? " ! pixelstats name=pixelprofile-collector" : "",
          settings->reference ? " ! pixelstats name=pixelprofile-latest" : "");
  g_autoptr (GError) problem = NULL;
  GstElement *pipeline = gst_parse_launch_full (line, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &problem);

  if (!pipeline) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "SOURCE is neither an existing file nor a URI, and as a description of a pipeline whose end gives "
        "raw video it is refused: %s.",
        problem->message);
    return NULL;
  }
  if (uri) {
    g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), URI_SOURCE);

    g_object_set (source, "uri", uri, NULL);
  }
  return gst_object_ref_sink (pipeline);
}

/* Returns: (nullable): the stream, not started; it needs gst_init() no more */
WatchStream *
watch_stream_new (const WatchSettings *settings, GError **error)
{
  WatchStream *self;
  GstElement *pipeline;

  if (!gst_init_check (NULL, NULL, error))
    return NULL;
  pipeline = parse (settings, error);
  if (!pipeline)
    return NULL;
  self = g_new0 (WatchStream, 1);
  g_mutex_init (&self->restart);
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
  self->pipeline = pipeline;
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), URI_SOURCE);
  self->plays_uri = source != NULL;
  self->quiet = (gint64) (settings->quiet * G_TIME_SPAN_SECOND);
  /* what goes wrong as it stops is heard */
  g_object_set (pipeline, "auto-flush-bus", FALSE, NULL);
  self->bus = gst_element_get_bus (pipeline);
  self->collector = gst_bin_get_by_name (GST_BIN (pipeline), "pixelprofile-collector");
  self->latest = gst_bin_get_by_name (GST_BIN (pipeline), "pixelprofile-latest");
  g_autoptr (GstElement) identity = gst_bin_get_by_name (GST_BIN (pipeline), "pixelprofile-gate");
  self->gate = gst_element_get_static_pad (identity, "src");
  count_frames (self);
  if ((!self->collector || set_up_collector (self, settings, error))
      && (!self->latest || set_up_latest (self, settings, error)))
    return self;
  watch_stream_free (self);
  return NULL;
}

static void
play (GstElement *pipeline, gpointer data)
{
  /* elements say themselves what is wrong, and that is heard before */
  if (gst_element_set_state (pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    GST_ELEMENT_ERROR (pipeline, CORE, STATE_CHANGE, ("The source cannot be started."), (NULL));
}

void
watch_stream_start (WatchStream *self)
{
  gst_element_call_async (self->pipeline, play, NULL, NULL);
}

/* Returns: (transfer full): who says it, what, and of the details the last line */
static gchar *
describe (GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *details = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &details);
  else
    gst_message_parse_warning (message, &error, &details);
  const gchar *last = details ? strrchr (details, '\n') : NULL;
  return g_strdup_printf ("%s: %s%s%s%s", GST_MESSAGE_SRC_NAME (message), error->message,
      last ? " (" : "", last ? last + 1 : "", last ? ")" : "");
}

/* What the other pixelstats says, too, and that it was reset before the end. */
static gboolean
is_idle_warning (const WatchStream *self, GstMessage *message)
{
  g_autoptr (GError) warning = NULL;

  if (GST_MESSAGE_SRC (message) != GST_OBJECT_CAST (self->latest))
    return FALSE;
  gst_message_parse_warning (message, &warning, NULL);
  return self->collector || g_error_matches (warning, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED);
}

/* What the collector says of its file. */
static gboolean
is_of_save (const WatchStream *self, GstMessage *message)
{
  g_autoptr (GError) error = NULL;

  if (!self->collector || GST_MESSAGE_SRC (message) != GST_OBJECT_CAST (self->collector))
    return FALSE;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, NULL);
  return error && error->domain == GST_RESOURCE_ERROR;
}

static gboolean
has_video (GstMessage *message)
{
  g_autoptr (GstStreamCollection) streams = NULL;
  gboolean found = FALSE;

  gst_message_parse_stream_collection (message, &streams);
  for (guint i = 0; i < gst_stream_collection_get_size (streams); i++) {
    GstStream *stream = gst_stream_collection_get_stream (streams, i);

    found |= (gst_stream_get_stream_type (stream) & GST_STREAM_TYPE_VIDEO) != 0;
  }
  return found;
}

static gint
compare_warning (gconstpointer warning, gconstpointer text)
{
  return strcmp (((const Warning *) warning)->text, text);
}

static void
free_warning (gpointer warning)
{
  g_free (((Warning *) warning)->text);
  g_free (warning);
}

/* Returns: whether it is to be said: it is new, or had stopped */
static gboolean
note_warning (WatchStream *self, const gchar *said)
{
  const gint64 now = g_get_monotonic_time ();
  GList *link = g_queue_find_custom (&self->warnings, said, compare_warning);
  Warning *warning = link ? link->data : g_new0 (Warning, 1);
  const gboolean is_news = !link || now - warning->time > self->quiet;

  warning->time = now;
  if (link)
    return is_news;
  warning->text = g_strdup (said);
  g_queue_push_tail (&self->warnings, warning);
  if (g_queue_get_length (&self->warnings) > MOST_WARNINGS)
    free_warning (g_queue_pop_head (&self->warnings));
  return TRUE;
}

/* Waits for the next news, so long at most. What follows from an error is no news, but for what goes wrong with a save.
 * @text: (out) (transfer full) (nullable): what a warning or an error says */
WatchNews
watch_stream_wait (WatchStream *self, guint milliseconds, gchar **text)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (self->bus,
      milliseconds * GST_MSECOND,
      GST_MESSAGE_WARNING | GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_STREAM_COLLECTION);

  *text = NULL;
  if (!message)
    return WATCH_NOTHING;
  if (self->hears_saves && !is_of_save (self, message))
    return WATCH_IGNORED;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return WATCH_END;
  if (GST_MESSAGE_TYPE_IS_EXTENDED (message)) { /* the filter takes all of these */
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_COLLECTION)
      self->no_video = !has_video (message);
    return WATCH_IGNORED;
  }
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING && is_idle_warning (self, message))
    return WATCH_IGNORED;
  g_autofree gchar *said = describe (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    self->hears_saves = TRUE;
    *text = g_steal_pointer (&said);
    return WATCH_ERROR;
  }
  if (!note_warning (self, said))
    return WATCH_IGNORED;
  *text = g_steal_pointer (&said);
  return WATCH_WARNING;
}

/* Returns: whether the source has told of its streams, and none is video */
gboolean
watch_stream_is_without_video (const WatchStream *self)
{
  return self->no_video;
}

/* Returns: whether none will come: the streams of a file or a URI are told all at once, those of a description one by one */
gboolean
watch_stream_is_hopeless (const WatchStream *self)
{
  return self->plays_uri && self->no_video;
}

/* How many frames have come so far. */
WatchCount
watch_stream_get_count (WatchStream *self)
{
  g_mutex_lock (&self->lock);
  const WatchCount count = self->count;
  g_mutex_unlock (&self->lock);
  return count;
}

/* Returns: whether there is one */
gboolean
watch_stream_get_profile (WatchStream *self, WatchProfile *profile)
{
  *profile = (WatchProfile){ 0 };
  if (!self->collector)
    return FALSE;
  g_object_get (self->collector, "location", &profile->location, "frames", &profile->frames,
      "frames-skipped", &profile->skipped, NULL);
  return TRUE;
}

/* Returns: (transfer full) (nullable): the statistics of the frames since this was called last, but for those that come meanwhile */
PixelnormProfile *
watch_stream_take_latest (WatchStream *self)
{
  PixelnormProfile *profile;

  g_object_get (self->latest, "profile", &profile, NULL);
  if (profile)
    g_signal_emit_by_name (self->latest, "reset");
  return profile;
}

/* In the frame's thread, which is the events', too: none is on its way to the collector. Linked anew, that hears caps and segment
 * again, before the frame. */
static GstPadProbeReturn
restart_collector (GstPad *gate, GstPadProbeInfo *info, gpointer data)
{
  WatchStream *self = data;
  g_autoptr (GstPad) entry = gst_element_get_static_pad (self->collector, "sink");

  g_mutex_lock (&self->restart);
  if (!self->is_halted) {
    gst_element_set_state (self->collector, GST_STATE_READY);
    g_mutex_lock (&self->lock);
    self->is_due = FALSE;
    g_object_set (self->collector, "location", self->name, NULL);
    g_mutex_unlock (&self->lock);
    gst_pad_unlink (gate, entry);
    gst_pad_link (gate, entry);
    gst_element_sync_state_with_parent (self->collector);
  }
  g_mutex_unlock (&self->restart);
  return GST_PAD_PROBE_REMOVE;
}

/* Returns: whether nothing is left to save; else the bus hears why */
static gboolean
save (WatchStream *self)
{
  gboolean saved = TRUE;
  guint64 frames;

  g_object_get (self->collector, "frames", &frames, NULL);
  if (frames > 0)
    g_signal_emit_by_name (self->collector, "save", &saved);
  return saved;
}

/* Returns: whether the profile may be saved there; else the bus hears why not */
static gboolean
may_write (WatchStream *self, const gchar *name)
{
  if (!self->reference || !watch_name_is_of (name, self->reference))
    return TRUE;
  GST_ELEMENT_WARNING (self->collector, RESOURCE, OPEN_WRITE,
      ("%s is the reference, which is not written to. Frames are saved to %s until the date gives another name. Choose "
       "another --location.",
          name, self->name),
      (NULL));
  return FALSE;
}

/* Saves where the date asks for another file, which begins with the next frame. What cannot be saved stays where it is, the bus
 * hears why, and the return value is %FALSE. */
gboolean
watch_stream_follow_date (WatchStream *self)
{
  g_autofree gchar *name = self->collector ? watch_name_now (self->pattern) : NULL;
  gboolean was_due;

  if (!name || g_str_equal (name, self->name))
    return TRUE;
  if (!may_write (self, name))
    return FALSE;
  /* not while it changes from one name to the next, or frames of the one would be saved under the other as well */
  g_mutex_lock (&self->restart);
  const gboolean saved = save (self);
  g_mutex_unlock (&self->restart);
  if (!saved)
    return FALSE;
  g_mutex_lock (&self->lock);
  g_free (self->name);
  self->name = g_steal_pointer (&name);
  was_due = self->is_due;
  self->is_due = TRUE;
  g_mutex_unlock (&self->lock);
  if (!was_due)
    gst_pad_add_probe (self->gate, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER,
        restart_collector, self, NULL);
  return TRUE;
}

static void
halt (GstElement *pipeline, gpointer data)
{
  WatchStream *self = data;

  g_mutex_lock (&self->restart);
  self->is_halted = TRUE;
  g_mutex_unlock (&self->restart);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  finish (self);
}

/* Stops it, and so saves. From then on watch_stream_wait() has what goes wrong with that alone: frames on their way may not get
 * through, which is no error. Returns: %FALSE where the source hangs; then the process has to end without watch_stream_free() */
gboolean
watch_stream_stop (WatchStream *self)
{
  self->hears_saves = TRUE;
  gst_element_call_async (self->pipeline, halt, self, NULL);
  if (wait_until_done (self))
    return TRUE;
  /* else it has saved before the source was to stop */
  if (self->collector && GST_STATE (self->collector) >= GST_STATE_PAUSED)
    save (self);
  return FALSE;
}

/* After watch_stream_stop(), or before watch_stream_start(). */
void
watch_stream_free (WatchStream *self)
{
  gst_clear_object (&self->gate);
  gst_clear_object (&self->collector);
  gst_clear_object (&self->latest);
  gst_clear_object (&self->bus);
  gst_clear_object (&self->pipeline);
  g_free (self->pattern);
  g_free (self->reference);
  g_free (self->name);
  g_queue_clear_full (&self->warnings, free_warning);
  g_mutex_clear (&self->restart);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done);
  g_free (self);
}
