/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-pixelstats
 * @title: pixelstats
 * @short_description: collects exact statistics of every sample of a video into a profile
 *
 * Watches a stream of video and counts, for every sample (each channel of each pixel), sum, sum of
 * squares, minimum and maximum, as exact integers. The result is a profile: a file that #pixelnorm
 * normalizes with, that the command pixelprofile shows, and that numpy reads in a few lines.
 *
 * In scope pixel eight frames are added at once, which takes half the time, and an eighth of that with each frame of the
 * next eight, so that every frame takes as long. Until then a frame is held where nobody can run out of buffers by that, and
 * elements that write in place downstream copy it; frames from a pool with a maximum number of buffers, of a device, or in
 * memory of an application are copied here. At most 14 frames and 384 MiB wait. Whoever looks at the statistics sees
 * every frame that passed.
 *
 * Y'CbCr, as cameras and decoders give it, is counted as the RGB that it stands for, exactly, by the colorimetry of the
 * caps: the profile is that of the converted frames, to the digest. channels=native counts Y, U and V, channels=gray the luma
 * of full range. Where pixels share samples of U and V, chroma says how each gets its own.
 *
 * Frames pass untouched. Buffers flagged GAP, CORRUPTED or DECODE_ONLY, and those whose memory does
 * not hold a frame, are not counted but their number is noted. A seek back shows frames again, which count again; a warning
 * says so.
 *
 * With mask or roi only some of the pixels count; the profile then says how often each pixel was
 * counted. With histogram it also holds how often each code value occurred in each channel, of
 * which the method percentile of #pixelnorm and the reports of pixelprofile make use.
 *
 * The profile is written at the end of the stream, when the element stops, every
 * checkpoint-interval, and when max-frames is reached; always whole: a reader sees the old file or
 * the new one.
 *
 * Nothing is overwritten in silence. Where a profile is at location when the element starts, that is an error, unless
 * append=true goes on from it or overwrite=true lets it be replaced; one that the same element wrote before it was stopped is
 * no exception. The same holds for a location that is set later: with a warning, the one before stays. What another program
 * writes there meanwhile stays, and so does what was written before a reset, unless overwrite is set: the profile then goes
 * into a file beside it, NAME.1.safetensors or the next that is free, a warning says so, and the property location has its
 * name. A file that is no profile is never replaced, and no two elements of a process may have one location.
 *
 * At the end, and every message-interval, an element message `pixelstats` says frames,
 * frames-skipped, location, channels, and per channel mean, std, min and max, pooled over all
 * pixels.
 *
 * ## Example
 * |[
 * gst-launch-1.0 videotestsrc pattern=ball num-buffers=300 ! video/x-raw,format=RGB ! \
 *   pixelstats location=ball.safetensors ! fakesink
 * ]|
 *
 * Since: 0.1
 */
#include "gstpixelstats.h"

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

#include "gstpixelcheckpoints.h"
#include "gstpixelcollector.h"
#include "common/gstpixelerror.h"
#include "common/gstpixelformats.h"
#include "common/gstpixellog.h"
#include "common/gstpixelmanual.h"
#include "common/gstpixelproperty.h"
#include "gstpixelstatsproperties.h"

#define GST_CAT_DEFAULT gst_pixel_stats_debug

enum { SIGNAL_SAVE, SIGNAL_RESET, N_SIGNALS };
enum {
  PROP_FRAMES = 1,
  PROP_FRAMES_SKIPPED,
  PROP_PROFILE,
  PROP_IN_USE
}; /* after those of the settings */

static guint signals[N_SIGNALS];

struct _GstPixelStats {
  GstBaseTransform parent;

  /* the object lock */
  GstPixelStatsSettings settings; /* as set */
  GstPixelStatsSettings used;     /* from start to stop: what of them is in use */
  gboolean is_running;

  GMutex location_lock;        /* taken before the object lock: what is open is what is in use */
  GstPixelCollector collector; /* these two have their own locks */
  GstPixelCheckpoints checkpoints;

  /* the streaming thread, and state changes while it does not run */
  gboolean had_location;                   /* when started */
  gboolean failed;                         /* the last save said so on the bus */
  gboolean warned;                         /* of a broken buffer */
  gboolean warned_of_rest, warned_of_seek; /* of one that is too large; of frames that come again */
  GstVideoInfo info;                       /* of the caps */
  GstCaps *refused;                        /* caps of which was said that they do not fit */
  gint64 checkpoint_time;
  GstClockTime seen_time;         /* of the stream: the latest frame */
  gboolean flushed;               /* and no frame came since */
  GstClockTime message_time;      /* of the stream, where buffers tell it */
  GstClockTime message_wall_time; /* else */
  gboolean finished;              /* the end was reported, and no frame came since */
};

G_DEFINE_FINAL_TYPE (GstPixelStats, gst_pixel_stats, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (pixelstats, "pixelstats", GST_RANK_NONE, GST_TYPE_PIXEL_STATS)

/* Needs the object lock. */
static const GstPixelStatsSettings *
in_use (const GstPixelStats *self)
{
  return self->is_running ? &self->used : &self->settings;
}

static gchar *
dup_location (GstPixelStats *self)
{
  GST_OBJECT_LOCK (self);
  gchar *location = g_strdup (in_use (self)->location);
  GST_OBJECT_UNLOCK (self);
  return location;
}

/* Adds frames that wait for a batch; their buffers are held no longer. */
static void
add_held (GstPixelStats *self)
{
  g_autoptr (GError) error = NULL;

  if (!gst_pixel_collector_add_held (&self->collector, &error))
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "adding held frames");
}

/* As if it had been set. Needs the object lock. */
static void
put_location (GstPixelStats *self, const gchar *location)
{
  g_free (self->settings.location);
  self->settings.location = g_strdup (location);
  g_free (self->used.location);
  self->used.location = g_strdup (location);
}

/* Something else stood at the location. Who hears it may stop or reset the element at once. */
static void
tell_moved (GstElement *element, const gchar *moved_to)
{
  g_object_notify (G_OBJECT (element), "location");
  GST_ELEMENT_WARNING (element, RESOURCE, OPEN_WRITE,
      ("%s: This run is saved here from now on, since the file at its location is no longer its "
       "own. That file stays.",
          moved_to),
      (NULL));
}

/* What is open is what is in use. @moved_to: where to it went instead, or NULL. Needs the location lock. */
static void
follow (GstPixelStats *self, const gchar *moved_to)
{
  GST_OBJECT_LOCK (self);
  if (moved_to && !self->settings.location_changed)
    put_location (self, moved_to);
  GST_OBJECT_UNLOCK (self);
}

/* A GstPixelWriteFunc. */
static gboolean
write_profile (GstElement *element, PixelnormProfile *profile, guint64 changes, gchar **moved_to,
    GError **error)
{
  GstPixelStats *self = GST_PIXEL_STATS (element);

  g_mutex_lock (&self->location_lock);
  g_autofree gchar *open = gst_pixel_collector_dup_location (&self->collector);
  /* a location that was set this moment is opened with the next frame */
  const gboolean ok =
      !open || gst_pixel_collector_write (&self->collector, profile, changes, moved_to, error);
  follow (self, *moved_to);
  g_mutex_unlock (&self->location_lock);
  return ok;
}

/* What is wanted now is what is in use, where that can be. Else the bus hears why, the one before stays, and @refused
 * is TRUE. Returns: (transfer full) (nullable): where to save to */
static gchar *
update_location (GstPixelStats *self, gboolean *refused)
{
  g_autofree gchar *location = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&self->location_lock);
  GST_OBJECT_LOCK (self);
  location = g_strdup (in_use (self)->location);
  const gboolean overwrite = in_use (self)->overwrite;
  self->settings.location_changed = FALSE;
  GST_OBJECT_UNLOCK (self);
  *refused = location
      && !gst_pixel_collector_open (&self->collector, GST_ELEMENT (self), location,
          overwrite ? GST_PIXEL_FILE_OVERWRITE : GST_PIXEL_FILE_KEEP_LATE, &error);
  gchar *before = *refused ? gst_pixel_collector_dup_location (&self->collector) : NULL;
  GST_OBJECT_LOCK (self);
  const gboolean still = *refused && g_strcmp0 (in_use (self)->location, location) == 0;
  if (still)
    put_location (self, before);
  GST_OBJECT_UNLOCK (self);
  g_mutex_unlock (&self->location_lock);
  if (!*refused)
    return g_steal_pointer (&location);
  if (still)
    g_object_notify (G_OBJECT (self), "location");
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_WARNING, error,
      before ? "changing the location; the one before stays in use" : "setting a location");
  return before;
}

static void
begin_checkpoint (GstPixelStats *self, gboolean last)
{
  g_autofree gchar *wanted = dup_location (self);

  if (wanted)
    gst_pixel_checkpoints_begin (&self->checkpoints, last);
}

/* Returns: whether what there is stands in the file that is in use */
static gboolean
save (GstPixelStats *self, GError **error)
{
  g_autofree gchar *moved_to = NULL;

  g_mutex_lock (&self->location_lock);
  const gboolean ok = gst_pixel_collector_save (&self->collector, &moved_to, error);
  follow (self, moved_to);
  g_mutex_unlock (&self->location_lock);
  if (moved_to)
    tell_moved (GST_ELEMENT (self), moved_to);
  return ok;
}

static void
post_statistics (GstPixelStats *self)
{
  g_autofree gchar *location = dup_location (self);
  GstStructure *structure = gst_pixel_collector_describe (&self->collector);

  gst_structure_set (structure, "location", G_TYPE_STRING, location, NULL);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self), structure));
}

/* Of the stream; none where the buffer does not tell it. */
static GstClockTime
get_stream_time (GstPixelStats *self, GstBuffer *buffer)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;

  return GST_BUFFER_PTS_IS_VALID (buffer) && segment->format == GST_FORMAT_TIME
      ? gst_segment_to_stream_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer))
      : GST_CLOCK_TIME_NONE;
}

/* A flush and an earlier frame of the same stream: somebody sought back. Playing backwards is no seek. */
static void
note_time (GstPixelStats *self, GstBuffer *buffer)
{
  const GstClockTime now = get_stream_time (self, buffer);

  if (!GST_CLOCK_TIME_IS_VALID (now) || GST_BASE_TRANSFORM (self)->segment.rate < 0)
    return;
  if (gst_pixel_collector_get_taken (&self->collector) == 0)
    self->seen_time = GST_CLOCK_TIME_NONE; /* also after a reset */
  const GstClockTime seen = self->seen_time;
  if (self->flushed && GST_CLOCK_TIME_IS_VALID (seen) && now <= seen && !self->warned_of_seek) {
    self->warned_of_seek = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("The stream was sought back, to %" GST_TIME_FORMAT
         ": frames that come again are counted again. Emit the signal reset if they should count once.",
            GST_TIME_ARGS (now)),
        (NULL));
  }
  self->flushed = FALSE;
  self->seen_time = GST_CLOCK_TIME_IS_VALID (seen) ? MAX (seen, now) : now;
}

/* Time of the stream where a buffer tells it, else of the wall. */
static void
post_when_due (GstPixelStats *self, GstBuffer *buffer)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClockTime now = get_stream_time (self, buffer), *last = &self->message_time;

  GST_OBJECT_LOCK (self);
  const GstClockTime interval = in_use (self)->message_interval;
  GST_OBJECT_UNLOCK (self);
  if (interval == 0)
    return;
  if (!GST_CLOCK_TIME_IS_VALID (now)) {
    now = (GstClockTime) g_get_monotonic_time () * GST_USECOND;
    last = &self->message_wall_time;
  }
  const GstClockTimeDiff passed =
      GST_CLOCK_TIME_IS_VALID (*last) ? GST_CLOCK_DIFF (*last, now) : -1;
  const gboolean backwards = segment->rate < 0 && last == &self->message_time;

  if (!GST_CLOCK_TIME_IS_VALID (*last) || (backwards ? passed > 0 : passed < 0)) {
    *last = now; /* the first, or a seek against the direction of play */
  } else if ((GstClockTime) ABS (passed) >= interval) {
    *last = now;
    post_statistics (self);
  }
}

static void
checkpoint_when_due (GstPixelStats *self)
{
  const gint64 now = g_get_monotonic_time ();

  GST_OBJECT_LOCK (self);
  const GstClockTime interval = in_use (self)->checkpoint_interval;
  GST_OBJECT_UNLOCK (self);
  if (interval == 0 || (GstClockTime) (now - self->checkpoint_time) * GST_USECOND < interval)
    return;
  self->checkpoint_time = now;
  begin_checkpoint (self, FALSE);
}

/* Soon, so that whoever set it hears of it. */
static void
look_at_location (GstPixelStats *self)
{
  gboolean refused;

  g_free (update_location (self, &refused));
}

static GstFlowReturn
gst_pixel_stats_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstPixelStats *self = GST_PIXEL_STATS (trans);
  g_autoptr (GError) error = NULL;

  /* the base class lets it pass to an element that hands on what it gets */
  if (!gst_pixel_collector_has_format (&self->collector)) {
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, (NULL),
        ("Expected caps of raw video before the first buffer, found none. Put a decoder before."));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  GST_OBJECT_LOCK (self);
  const gboolean is_running = self->is_running;
  const guint step = self->used.frame_step;
  const guint64 max = self->used.max_frames;
  const gboolean location_changed = self->settings.location_changed;
  GST_OBJECT_UNLOCK (self);
  if (!is_running) /* a source that was linked early pushes before start has looked at the properties */
    return GST_FLOW_FLUSHING;
  self->finished = FALSE;
  if (location_changed)
    look_at_location (self);
  GST_LOG_OBJECT (self, "%" GST_PTR_FORMAT, buffer);
  note_time (self, buffer);
  if (gst_pixel_collector_look (&self->collector, buffer, step, max, &error))
    begin_checkpoint (self, TRUE);
  if (g_error_matches (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ)) {
    if (!self->warned)
      gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_WARNING, error,
          "neither this frame nor others like it are counted; frames-skipped says how many");
    self->warned = TRUE;
  } else if (error) {
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "adding a frame");
    return GST_FLOW_ERROR;
  } else {
    gst_pixel_frame_warn_of_rest (GST_ELEMENT (self), &self->info, buffer, &self->warned_of_rest);
  }
  post_when_due (self, buffer);
  checkpoint_when_due (self);
  return GST_FLOW_OK;
}

/* Where a converter before us can choose, it gives RGB or grey; what comes is what goes on. */
static GstCaps *
gst_pixel_stats_transform_caps (
    GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstCaps *result = filter ? gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST)
                           : gst_caps_ref (caps);

  if (direction == GST_PAD_SRC) {
    GST_OBJECT_LOCK (trans);
    const GstPixelColour colour = in_use (GST_PIXEL_STATS (trans))->colour;
    GST_OBJECT_UNLOCK (trans);
    g_autoptr (GstCaps) usual = gst_pixel_formats_usual_caps (&colour);

    result = gst_pixel_formats_prefer (result, usual, filter);
  }
  return result;
}

static void
note_source (GstPixelStats *self)
{
  GstQuery *query = gst_query_new_uri ();
  g_autofree gchar *uri = NULL;

  if (gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
    gst_query_parse_uri (query, &uri);
  gst_query_unref (query);
  if (uri)
    gst_pixel_collector_add_source (&self->collector, uri);
}

static gboolean
gst_pixel_stats_set_caps (GstBaseTransform *trans, GstCaps *incaps, GstCaps *outcaps)
{
  GstPixelStats *self = GST_PIXEL_STATS (trans);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *assumed = NULL;

  if (gst_pixel_collector_set_format (&self->collector, incaps, &assumed, &error)) {
    GST_DEBUG_OBJECT (self, "frames are %" GST_PTR_FORMAT, incaps);
    if (assumed)
      GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("%s", assumed), (NULL));
    gst_caps_replace (&self->refused, NULL);
    gst_video_info_from_caps (&self->info, incaps);
    note_source (self);
    return TRUE;
  }
  /* a failing set_caps is called again and again; the bus hears of it once */
  if (!self->refused || !gst_caps_is_equal (self->refused, incaps))
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "looking at the caps");
  gst_caps_replace (&self->refused, incaps);
  return FALSE;
}

#define NO_LOCATION_TEXT                                                                           \
  "No location is set, so the profile is kept in memory only, where the property profile gives "   \
  "it."

static void
post_end_without_file (GstPixelStats *self, gboolean no_frames)
{
  if (no_frames)
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("The stream ended without a new frame that could be counted, so no profile was written."),
        (NULL));
  else if (self->had_location)
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("location was unset before the end, so the profile cannot be written. Set it "
         "again, then emit the signal save."),
        (NULL));
  else
    /* gst-launch-1.0 prints only the second text of an info message */
    GST_ELEMENT_INFO (self, RESOURCE, SETTINGS, (NO_LOCATION_TEXT), (NO_LOCATION_TEXT));
}

/* The end of the stream: save, post one message. */
static void
finish (GstPixelStats *self)
{
  gboolean refused;
  g_autofree gchar *location = update_location (self, &refused);
  g_autoptr (GError) error = NULL;

  const gboolean reported = gst_pixel_checkpoints_wait (&self->checkpoints);
  const gboolean no_frames = gst_pixel_collector_get_taken (&self->collector) == 0;
  self->failed = FALSE;
  self->finished = TRUE;
  if (no_frames || !location) {
    post_end_without_file (self, no_frames);
  } else if (!save (self, &error)) {
    self->failed = TRUE;
    if (!reported)
      gst_pixel_error_post (
          GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "saving at the end of the stream");
  }
  GST_DEBUG_OBJECT (self, "end of the stream: %" G_GUINT64_FORMAT " frames taken, %s",
      gst_pixel_collector_get_taken (&self->collector),
      error          ? error->message
          : location ? location
                     : "kept in memory");
  post_statistics (self);
}

static gboolean
gst_pixel_stats_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstPixelStats *self = GST_PIXEL_STATS (trans);

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_EOS:
  case GST_EVENT_SEGMENT_DONE:
    add_held (self);
    finish (self);
    break;
  case GST_EVENT_FLUSH_STOP:
    self->message_time = self->message_wall_time = GST_CLOCK_TIME_NONE;
    self->flushed = TRUE;
    add_held (self);
    break;
  case GST_EVENT_STREAM_START:
    self->seen_time = GST_CLOCK_TIME_NONE;
    add_held (self);
    break;
  case GST_EVENT_FLUSH_START:
  case GST_EVENT_CAPS:
  case GST_EVENT_SEGMENT:
  case GST_EVENT_GAP:
    add_held (self);
    break;
  default:
    break;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_stats_parent_class)->sink_event (trans, event);
}

/* Those who ask this wait for their buffers, or set up a pool anew. */
static gboolean
gst_pixel_stats_query (GstBaseTransform *trans, GstPadDirection direction, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_ALLOCATION || GST_QUERY_TYPE (query) == GST_QUERY_DRAIN)
    add_held (GST_PIXEL_STATS (trans));
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_stats_parent_class)->query (trans, direction, query);
}

static gboolean
gst_pixel_stats_propose_allocation (
    GstBaseTransform *trans, GstQuery *decide_query, GstQuery *query)
{
  const gboolean answered = GST_BASE_TRANSFORM_CLASS (gst_pixel_stats_parent_class)
                                ->propose_allocation (trans, decide_query, query);

  GST_OBJECT_LOCK (trans);
  const gboolean holds = in_use (GST_PIXEL_STATS (trans))->scope == PIXELNORM_SCOPE_PIXEL;
  GST_OBJECT_UNLOCK (trans);
  return (holds && gst_pixel_batch_propose (query)) || answered;
}

static gboolean
check_append (const GstPixelStatsSettings *settings, GError **error)
{
  if (!settings->append || !settings->overwrite)
    return TRUE;
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "append and overwrite are both set, and contradict each other. Set one of them.");
  return FALSE;
}

/* Brings what is asked for to the collector, which begins anew. */
static gboolean
apply_settings (GstPixelStats *self, const GstPixelStatsSettings *settings, GError **error)
{
  gst_pixel_collector_restart (&self->collector, settings->scope);
  return gst_pixel_stats_settings_check (settings, error) && check_append (settings, error)
      && (!settings->location
          || gst_pixel_collector_open (&self->collector, GST_ELEMENT (self), settings->location,
              settings->append          ? GST_PIXEL_FILE_APPEND
                  : settings->overwrite ? GST_PIXEL_FILE_OVERWRITE
                                        : GST_PIXEL_FILE_KEEP,
              error))
      && gst_pixel_collector_choose (&self->collector, &settings->colour, settings->histogram,
          settings->mask, settings->has_roi ? &settings->roi : NULL, error)
      && (!settings->append || gst_pixel_collector_append (&self->collector, error));
}

static gboolean
gst_pixel_stats_start (GstBaseTransform *trans)
{
  GstPixelStats *self = GST_PIXEL_STATS (trans);
  GstPixelStatsSettings settings;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  self->settings.location_changed = FALSE;
  gst_pixel_stats_settings_copy (&self->settings, &settings);
  gst_pixel_stats_settings_clear (&self->used);
  gst_pixel_stats_settings_copy (&self->settings, &self->used);
  self->is_running = TRUE;
  GST_OBJECT_UNLOCK (self);
  gst_pixel_log_kernels (GST_CAT_DEFAULT, GST_ELEMENT (self));
  const gboolean ok = apply_settings (self, &settings, &error);
  self->had_location = settings.location != NULL;
  gst_pixel_stats_settings_clear (&settings);
  self->failed = self->warned = self->finished = FALSE;
  self->warned_of_rest = self->warned_of_seek = self->flushed = FALSE;
  self->seen_time = GST_CLOCK_TIME_NONE;
  self->message_time = self->message_wall_time = GST_CLOCK_TIME_NONE;
  self->checkpoint_time = g_get_monotonic_time ();
  gst_caps_replace (&self->refused, NULL);
  if (ok)
    return TRUE;
  gst_pixel_collector_close (&self->collector);
  GST_OBJECT_LOCK (self);
  self->is_running = FALSE;
  GST_OBJECT_UNLOCK (self);
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "starting");
  return FALSE;
}

/* Saves what the end of the stream did not; what it tried and failed at is tried once more, in
 * silence. */
static gboolean
gst_pixel_stats_stop (GstBaseTransform *trans)
{
  GstPixelStats *self = GST_PIXEL_STATS (trans);
  g_autofree gchar *location = NULL;
  g_autoptr (GError) error = NULL;
  gboolean refused;

  add_held (self);
  const gboolean reported = gst_pixel_checkpoints_wait (&self->checkpoints) || self->failed;
  const gboolean no_frames = gst_pixel_collector_get_taken (&self->collector) == 0;
  if (!no_frames)
    location = update_location (self, &refused);
  if (!location && !no_frames && self->had_location && !self->finished)
    post_end_without_file (self, FALSE);
  if (location && !save (self, &error) && !reported)
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "saving when stopped");
  gst_pixel_collector_close (&self->collector);
  GST_OBJECT_LOCK (self);
  self->is_running = FALSE;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* Returns: whether there is somewhere to save to; else @error, or the bus heard it */
static gboolean
prepare_save (GstPixelStats *self, GError **error)
{
  gboolean refused = FALSE;
  g_autofree gchar *wanted = dup_location (self);

  if (!wanted)
    gst_pixel_file_set_nowhere (error);
  else if (gst_pixel_collector_get_frames (&self->collector) == 0)
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Nothing to save: no frame was counted yet.");
  else
    g_free (update_location (self, &refused));
  return !*error && !refused;
}

static gboolean
gst_pixel_stats_save (GstPixelStats *self)
{
  g_autoptr (GError) error = NULL;

  add_held (self);
  const gboolean ok = prepare_save (self, &error) && save (self, &error);
  if (GST_STATE (self) < GST_STATE_PAUSED)
    gst_pixel_collector_close (&self->collector);
  if (error)
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_WARNING, error, "saving when asked to");
  return ok;
}

static void
gst_pixel_stats_reset (GstPixelStats *self)
{
  gst_pixel_checkpoints_wait (&self->checkpoints);
  GST_OBJECT_LOCK (self);
  const gboolean overwrite = in_use (self)->overwrite;
  GST_OBJECT_UNLOCK (self);
  gst_pixel_collector_reset (&self->collector, overwrite);
}

static gboolean
gst_pixel_stats_get_in_use (GObject *object, GParamSpec *spec, GValue *value)
{
  GstPixelStats *self = GST_PIXEL_STATS (object);

  GST_OBJECT_LOCK (self);
  const gboolean known = self->is_running && spec->owner_type == GST_TYPE_PIXEL_STATS
      && gst_pixel_stats_settings_get (&self->used, spec->param_id, value);
  GST_OBJECT_UNLOCK (self);
  return known;
}

static void
gst_pixel_stats_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstPixelStats *self = GST_PIXEL_STATS (object);
  g_autofree gchar *context = g_strdup_printf (GST_PIXEL_PROPERTY_NOT_CHANGED, pspec->name);
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  const gboolean known = gst_pixel_stats_settings_set (&self->settings, id, value);
  if (known && self->is_running && pspec->flags & GST_PARAM_MUTABLE_PLAYING) {
    GstPixelStatsSettings wanted;

    gst_pixel_stats_settings_copy (&self->used, &wanted);
    gst_pixel_stats_settings_set (&wanted, id, value);
    if (gst_pixel_stats_settings_check (&wanted, &error)) {
      gst_pixel_stats_settings_clear (&self->used);
      self->used = wanted;
    } else {
      gst_pixel_stats_settings_clear (&wanted);
    }
  }
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (error)
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_WARNING, error, context);
  else
    gst_pixel_property_warn_of_late (object, pspec, gst_pixel_stats_get_in_use);
}

static void
gst_pixel_stats_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstPixelStats *self = GST_PIXEL_STATS (object);
  guint64 changes;

  GST_OBJECT_LOCK (self);
  const gboolean known = gst_pixel_stats_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (known)
    return;
  switch (id - gst_pixel_stats_n_settings) {
  case PROP_FRAMES:
    g_value_set_uint64 (value, gst_pixel_collector_get_frames (&self->collector));
    break;
  case PROP_FRAMES_SKIPPED:
    g_value_set_uint64 (value, gst_pixel_collector_get_skipped (&self->collector));
    break;
  case PROP_PROFILE:
    add_held (self);
    g_value_take_object (value, gst_pixel_collector_snapshot (&self->collector, &changes, NULL));
    break;
  case PROP_IN_USE:
    g_value_take_boxed (value, gst_pixel_property_get_in_use (object, gst_pixel_stats_get_in_use));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_pixel_stats_finalize (GObject *object)
{
  GstPixelStats *self = GST_PIXEL_STATS (object);

  gst_pixel_stats_settings_clear (&self->settings);
  gst_pixel_stats_settings_clear (&self->used);
  gst_pixel_collector_clear (&self->collector);
  gst_caps_replace (&self->refused, NULL);
  gst_pixel_checkpoints_clear (&self->checkpoints);
  g_mutex_clear (&self->location_lock);
  G_OBJECT_CLASS (gst_pixel_stats_parent_class)->finalize (object);
}

static void
install_results (GObjectClass *klass)
{
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, gst_pixel_stats_n_settings + PROP_FRAMES,
      g_param_spec_uint64 ("frames", "Frames",
          "Number of frames in the statistics, including those of an appended profile", 0,
          G_MAXUINT64, 0, read));
  g_object_class_install_property (klass, gst_pixel_stats_n_settings + PROP_FRAMES_SKIPPED,
      g_param_spec_uint64 ("frames-skipped", "Frames skipped",
          "Number of frames that were left out: flagged GAP, CORRUPTED or DECODE_ONLY, or "
          "smaller than their caps say",
          0, G_MAXUINT64, 0, read));
  g_object_class_install_property (klass, gst_pixel_stats_n_settings + PROP_PROFILE,
      g_param_spec_object ("profile", "Profile",
          "The statistics so far, as a PixelnormProfile made when asked for; NULL before the first "
          "frame",
          PIXELNORM_TYPE_PROFILE, read));
  gst_pixel_property_install_in_use (klass, gst_pixel_stats_n_settings + PROP_IN_USE);
}

static const GstPixelManual manual[] = {
  { "Input", "Raw progressive video, with scope pixel of one size. Frames pass untouched." },
  { "Messages",
      "Element message pixelstats, at the end of the stream and every message-interval:" GST_PIXEL_MANUAL_LINE
      "frames, frames-skipped: the numbers of frames that were counted, and that could not be counted" GST_PIXEL_MANUAL_LINE
      "location: the file that is written, or NULL" GST_PIXEL_MANUAL_LINE
      "channels: RGB, YUV or Y, as frames are read; chroma: nearest or linear, if pixels share it" GST_PIXEL_MANUAL_LINE
      "mean, std, min, max: a value for each channel over all pixels, in code values of the samples" GST_PIXEL_MANUAL_LINE
      "Warnings name a profile that was saved elsewhere, frames that do not fit, and assumed colorimetry." },
  { "Actions",
      "save: writes the profile to location now; returns whether that worked, and if not, a warning says why" GST_PIXEL_MANUAL_LINE
      "reset: discards what was counted, and starts again" },
  { "Example",
      "gst-launch-1.0 videotestsrc pattern=ball num-buffers=30 ! pixelstats location=ball.safetensors ! fakesink" },
};

static void
gst_pixel_stats_class_init (GstPixelStatsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);
  g_autoptr (GstCaps) caps = gst_pixel_formats_caps ();

  GST_DEBUG_CATEGORY_INIT (gst_pixel_stats_debug, "pixelstats", 0, "statistics of every sample");
  object_class->set_property = gst_pixel_stats_set_property;
  object_class->get_property = gst_pixel_stats_get_property;
  object_class->finalize = gst_pixel_stats_finalize;
  gst_pixel_stats_settings_install (object_class);
  install_results (object_class);

  /**
   * GstPixelStats::save:
   *
   * Writes the statistics so far to location, now.
   *
   * Returns: whether that worked; where not, a warning on the bus says why
   */
  signals[SIGNAL_SAVE] = g_signal_new_class_handler ("save", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (gst_pixel_stats_save), NULL, NULL, NULL,
      G_TYPE_BOOLEAN, 0);
  /**
   * GstPixelStats::reset:
   *
   * Forgets all frames, those of an appended profile too. A file that was written stays: what follows is saved beside it,
   * or to a location that is set now. With overwrite=true it is replaced.
   */
  signals[SIGNAL_RESET] = g_signal_new_class_handler ("reset", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (gst_pixel_stats_reset), NULL, NULL, NULL,
      G_TYPE_NONE, 0);

  gst_element_class_set_static_metadata (element_class, "Pixel statistics", "Filter/Analyzer/Video",
      "Collects exact statistics of every sample of a video (count, sum, sum of squares, minimum, "
      "maximum) into a profile for pixelnorm, while frames pass untouched",
      "The authors of gst-pixelnorm");
  gst_pixel_manual_add (element_class, manual, G_N_ELEMENTS (manual));
  gst_element_class_add_pad_template (
      element_class, gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (
      element_class, gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));

  transform_class->transform_ip_on_passthrough = TRUE;
  transform_class->start = gst_pixel_stats_start;
  transform_class->stop = gst_pixel_stats_stop;
  transform_class->transform_caps = gst_pixel_stats_transform_caps;
  transform_class->set_caps = gst_pixel_stats_set_caps;
  transform_class->sink_event = gst_pixel_stats_sink_event;
  transform_class->query = gst_pixel_stats_query;
  transform_class->propose_allocation = gst_pixel_stats_propose_allocation;
  transform_class->transform_ip = gst_pixel_stats_transform_ip;
  gst_type_mark_as_plugin_api (gst_pixel_stats_scope_get_type (), 0);
}

static void
gst_pixel_stats_init (GstPixelStats *self)
{
  g_mutex_init (&self->location_lock);
  gst_pixel_collector_init (&self->collector);
  gst_pixel_checkpoints_init (
      &self->checkpoints, GST_ELEMENT (self), &self->collector, write_profile, tell_moved);
  gst_pixel_stats_settings_init (&self->settings);
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
  gst_base_transform_set_qos_enabled (GST_BASE_TRANSFORM (self), FALSE);
}
