/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: one of the processes that read images and videos. It is told which input to
 * read next, reads it with
 *
 *   uridecodebin ! [deinterlace !] videoconvert ! [videoscale !] capsfilter ! pixelstats ! fakesink
 *
 * and adds the profile of that input to its own when the input has come to its end without an error:
 * so of a broken one nothing counts, and it does not matter which process reads which.
 */
#include <gst/gst.h>
#include <gst/video/video.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "collect.h"

#define POLL_INTERVAL (500 * GST_MSECOND) /* how often the pool hears of frames */

typedef struct {
  const CollectSettings *settings;
  GPtrArray *inputs;
  int socket;
  PixelnormAccumulator *accumulator;
} Worker;

/* Of one input. */
typedef struct {
  const CollectSettings *settings;
  guint width, height; /* that frames must have; 0: any */
  GstElement *pipeline, *source, *filter, *stats;
  GstPad *entry;           /* where decoded video goes in */
  gchar *problem, *remark; /* an error; the first warning */
} Reading;

static void
reply (Worker *worker, CollectReply *message)
{
  if (send (worker->socket, message, sizeof *message, MSG_NOSIGNAL) < 0)
    _exit (1); /* the pool is gone */
}

static void
reply_text (Worker *worker, CollectState state, const gchar *text)
{
  CollectReply message = { .state = state };

  g_strlcpy (message.text, text, sizeof message.text);
  reply (worker, &message);
}

/* Takes over the first; what follows from it is of no interest. */
static void
note_problem (Reading *reading, gchar *problem)
{
  if (reading->problem)
    g_free (problem);
  else
    reading->problem = problem;
}

static GstElement *
add_element (Reading *reading, const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (!element) {
    note_problem (reading,
        g_strdup_printf ("GStreamer has no element \"%s\". Install the plugin that holds it, "
                         "or set GST_PLUGIN_PATH to where it is.",
            factory));
    return NULL;
  }
  gst_bin_add (GST_BIN (reading->pipeline), element);
  return element;
}

static void
set_roi (GstElement *stats, const guint *roi)
{
  g_auto (GValue) array = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  for (guint i = 0; i < 4; i++) {
    g_auto (GValue) number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_INT);
    g_value_set_int (&number, (gint) roi[i]);
    gst_value_array_append_value (&array, &number);
  }
  g_object_set_property (G_OBJECT (stats), "roi", &array);
}

static void
set_up_stats (GstElement *stats, const CollectSettings *settings)
{
  g_object_set (stats, "histogram", settings->histogram, "mask", settings->mask, NULL);
  gst_util_set_object_arg (
      G_OBJECT (stats), "scope", settings->scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel");
  if (settings->roi[2] > 0)
    set_roi (stats, settings->roi);
}

/* Full range, and one matrix for grey, whatever the input has: else two could not be joined. */
static GstCaps *
make_caps (const CollectSettings *settings)
{
  const gboolean grey = strcmp (settings->format, "GRAY8") == 0;
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, settings->format,
      "colorimetry", G_TYPE_STRING, grey ? "1:4:0:0" : "sRGB", NULL);

  if (settings->width > 0)
    gst_caps_set_simple (caps, "width", G_TYPE_INT, (gint) settings->width, "height", G_TYPE_INT,
        (gint) settings->height, NULL);
  return caps;
}

/* Whether pixelstats makes the RGB itself, which is exact: all Y'CbCr of 8 bits. Deeper video becomes 8 bits before. */
static gboolean
is_taken_as_it_is (const CollectSettings *settings, const GstStructure *video)
{
  const gchar *name = gst_structure_get_string (video, "format");
  const GstVideoFormat format =
      name ? gst_video_format_from_string (name) : GST_VIDEO_FORMAT_UNKNOWN;
  const GstVideoFormatInfo *info = gst_video_format_get_info (format);

  return strcmp (settings->format, "RGB") == 0 && format != GST_VIDEO_FORMAT_UNKNOWN
      && GST_VIDEO_FORMAT_INFO_IS_YUV (info) && GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) == 8;
}

static void
leave_format (Reading *reading)
{
  GstCaps *caps = make_caps (reading->settings);

  gst_structure_remove_fields (gst_caps_get_structure (caps, 0), "format", "colorimetry", NULL);
  g_object_set (reading->filter, "caps", caps, NULL);
  gst_caps_unref (caps);
}

/* libjpeg's accurate transform: the one that GStreamer prefers shifts red and blue by a code value, and takes as long. */
static void
set_up_decoder (GstBin *pipeline, GstBin *bin, GstElement *element, gpointer data)
{
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "idct-method"))
    gst_util_set_object_arg (G_OBJECT (element), "idct-method", "islow");
}

/* Whether to decode it: sound and subtitles are left as they are. (Without expose-all-streams the
 * decoder of H.264 is not found.) */
static gboolean
is_for_us (GstElement *source, GstPad *pad, GstCaps *caps, gpointer data)
{
  static const gchar *const others[] = { "audio/", "text/", "subpicture/", "closedcaption/" };
  const gchar *name =
      gst_caps_get_size (caps) > 0 ? gst_structure_get_name (gst_caps_get_structure (caps, 0)) : "";

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_str_has_prefix (name, others[i]))
      return FALSE;
  return TRUE;
}

static void
check_decoded (GstElement *source, gpointer data)
{
  Reading *reading = data;

  if (!gst_pad_is_linked (reading->entry))
    GST_ELEMENT_ERROR (source, STREAM, WRONG_TYPE, ("It holds no image or video."), (NULL));
}

/* The first pad with video; it may be interlaced. */
static void
link_decoded (GstElement *source, GstPad *pad, gpointer data)
{
  Reading *reading = data;
  GstCaps *current = gst_pad_get_current_caps (pad);
  g_autoptr (GstCaps) caps = current ? current : gst_pad_query_caps (pad, NULL);

  const gchar *mode = NULL;

  if (gst_pad_is_linked (reading->entry))
    return;
  if (gst_caps_get_size (caps) > 0) {
    const GstStructure *structure = gst_caps_get_structure (caps, 0);

    if (!gst_structure_has_name (structure, "video/x-raw"))
      return;
    mode = gst_structure_get_string (structure, "interlace-mode");
    if (is_taken_as_it_is (reading->settings, structure))
      leave_format (reading);
  }
  if (mode && strcmp (mode, "progressive") != 0) {
    GstElement *deinterlace = gst_element_factory_make ("deinterlace", NULL);

    if (!deinterlace) {
      GST_ELEMENT_ERROR (source, CORE, MISSING_PLUGIN,
          ("It is interlaced, and GStreamer has no element \"deinterlace\". Install the plugin."),
          (NULL));
      return;
    }
    gst_bin_add (GST_BIN (reading->pipeline), deinterlace);
    /* a frame for a frame */
    gst_util_set_object_arg (G_OBJECT (deinterlace), "fields", "top");
    g_autoptr (GstPad) out = gst_element_get_static_pad (deinterlace, "src");
    g_autoptr (GstPad) in = gst_element_get_static_pad (deinterlace, "sink");
    gst_pad_link (out, reading->entry);
    gst_element_sync_state_with_parent (deinterlace);
    gst_pad_link (pad, in);
  } else {
    gst_pad_link (pad, reading->entry);
  }
}

/* Returns: whether the elements are there */
static gboolean
build (Reading *reading, const gchar *uri)
{
  const gboolean scale = reading->settings->width > 0;
  g_autoptr (GstCaps) decoded = gst_caps_new_empty_simple ("video/x-raw");
  g_autoptr (GstCaps) caps = make_caps (reading->settings);

  reading->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  reading->source = add_element (reading, "uridecodebin");
  GstElement *convert = add_element (reading, "videoconvert");
  GstElement *scaler = scale ? add_element (reading, "videoscale") : NULL;
  reading->filter = add_element (reading, "capsfilter");
  reading->stats = add_element (reading, "pixelstats");
  GstElement *sink = add_element (reading, "fakesink");
  if (reading->problem)
    return FALSE;
  g_object_set (reading->source, "uri", uri, "caps", decoded, NULL);
  g_object_set (reading->filter, "caps", caps, NULL);
  g_object_set (sink, "sync", FALSE, NULL);
  if (scaler)
    g_object_set (scaler, "add-borders", FALSE, NULL);
  set_up_stats (reading->stats, reading->settings);
  gst_element_link_many (scaler ? scaler : convert, reading->filter, reading->stats, sink, NULL);
  if (scaler)
    gst_element_link (convert, scaler);
  reading->entry = gst_element_get_static_pad (convert, "sink");
  g_signal_connect (reading->pipeline, "deep-element-added", G_CALLBACK (set_up_decoder), NULL);
  g_signal_connect (reading->source, "autoplug-continue", G_CALLBACK (is_for_us), NULL);
  g_signal_connect (reading->source, "no-more-pads", G_CALLBACK (check_decoded), reading);
  g_signal_connect (reading->source, "pad-added", G_CALLBACK (link_decoded), reading);
  return TRUE;
}

/* What pixelstats says is about frames; what other elements say needs their names. */
static gchar *
describe (GstMessage *message, void (*parse) (GstMessage *, GError **, gchar **))
{
  g_autoptr (GError) error = NULL;

  parse (message, &error, NULL);
  return g_strdup (error->message);
}

/* Frames must all have one size, and the pool says which. */
static void
check_size (Worker *worker, Reading *reading)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (reading->stats, "sink");
  GstCaps *current = gst_pad_get_current_caps (pad);
  g_autoptr (GstCaps) caps = current ? current : gst_pad_query_caps (pad, NULL);
  gint width = 0, height = 0;

  if (!caps || reading->settings->scope != PIXELNORM_SCOPE_PIXEL)
    return;
  gst_structure_get (gst_caps_get_structure (caps, 0), "width", G_TYPE_INT, &width, "height",
      G_TYPE_INT, &height, NULL);
  if (reading->width == 0) {
    CollectReply message = { .state = COLLECT_SIZE, .width = width, .height = height };

    reply (worker, &message);
  } else if ((guint) width != reading->width || (guint) height != reading->height) {
    note_problem (reading,
        g_strdup_printf ("Its frames have %dx%d pixels, those before %ux%u. Give --size=WxH to "
                         "scale all, or --scope=channel, which takes any size.",
            width, height, reading->width, reading->height));
  }
}

static void
tell_frames (Worker *worker, Reading *reading)
{
  CollectReply message = { .state = COLLECT_FRAMES };

  g_object_get (reading->stats, "frames", &message.frames, NULL);
  reply (worker, &message);
}

/* Returns: whether there is more to come */
static gboolean
handle (Worker *worker, Reading *reading, GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_ASYNC_DONE:
    check_size (worker, reading);
    gst_element_set_state (reading->pipeline, GST_STATE_PLAYING);
    return reading->problem == NULL;
  case GST_MESSAGE_WARNING:
    if (!reading->remark && GST_MESSAGE_SRC (message) != GST_OBJECT (reading->stats))
      reading->remark = describe (message, gst_message_parse_warning);
    return TRUE;
  case GST_MESSAGE_ELEMENT:
    if (structure && gst_structure_has_name (structure, "missing-plugin"))
      note_problem (reading,
          g_strdup_printf ("GStreamer has no plugin for it: %s is missing. Install it.",
              gst_structure_get_string (structure, "name")));
    return TRUE;
  case GST_MESSAGE_ERROR:
    note_problem (reading, describe (message, gst_message_parse_error));
    return FALSE;
  default:
    return GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS;
  }
}

static void
run_pipeline (Worker *worker, Reading *reading)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (reading->pipeline);
  gboolean more = TRUE;

  gst_element_set_state (reading->pipeline, GST_STATE_PAUSED);
  while (more) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, POLL_INTERVAL,
        GST_MESSAGE_ASYNC_DONE | GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR
            | GST_MESSAGE_EOS);

    if (message)
      more = handle (worker, reading, message);
    else
      tell_frames (worker, reading);
  }
}

static gboolean
add_profile (Worker *worker, PixelnormProfile *profile, GError **error)
{
  if (worker->accumulator)
    return pixelnorm_accumulator_add_profile (worker->accumulator, profile, error);
  worker->accumulator = pixelnorm_accumulator_new_from_profile (profile, error);
  return worker->accumulator != NULL;
}

/* Decoders fill up a JPEG image that was cut short, and say nothing. Only the end of an image is
 * marked by FF D9: inside, FF is followed by 00. Previews in front of it have ends of their own, so
 * segments are passed over first. */
static gboolean
is_cut_jpeg (const guint8 *data, gsize size)
{
  gsize at = 2;

  if (size < 4 || data[0] != 0xff || data[1] != 0xd8)
    return FALSE;
  while (at + 4 <= size && data[at] == 0xff && data[at + 1] != 0xda)
    at += 2 + (gsize) data[at + 2] * 256 + data[at + 3];
  for (; at + 2 <= size; at++)
    if (data[at] == 0xff && data[at + 1] == 0xd9)
      return FALSE;
  return TRUE;
}

static void
check_end (Reading *reading, const gchar *uri)
{
  g_autofree gchar *path = g_filename_from_uri (uri, NULL, NULL);
  g_autoptr (GMappedFile) file = path ? g_mapped_file_new (path, FALSE, NULL) : NULL;

  if (file
      && is_cut_jpeg (
          (const guint8 *) g_mapped_file_get_contents (file), g_mapped_file_get_length (file)))
    note_problem (reading, g_strdup ("It was cut short: the end of the JPEG image is missing."));
}

/* After the end of the input. */
static void
take_profile (Worker *worker, Reading *reading)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (GError) error = NULL;
  CollectReply message = { .state = COLLECT_DONE };

  if (!reading->problem) {
    g_object_get (reading->stats, "profile", &profile, NULL);
    if (!profile)
      note_problem (reading,
          g_strdup_printf ("No frame could be read from it%s%s", reading->remark ? ": " : ".",
              reading->remark ? reading->remark : ""));
    else if (!add_profile (worker, profile, &error))
      note_problem (reading, g_strdup (error->message));
  }
  if (reading->problem) {
    reply_text (worker, COLLECT_BROKEN, reading->problem);
    return;
  }
  message.frames = pixelnorm_profile_get_frames (profile);
  message.skipped = pixelnorm_profile_get_frames_skipped (profile);
  reply (worker, &message);
}

static void
end_reading (Reading *reading)
{
  gst_element_set_state (reading->pipeline, GST_STATE_NULL);
  gst_clear_object (&reading->entry);
  gst_clear_object (&reading->pipeline);
  g_free (reading->problem);
  g_free (reading->remark);
}

static void
read_input (Worker *worker, const CollectRequest *request)
{
  const CollectInput *input = g_ptr_array_index (worker->inputs, (guint) request->input);
  Reading reading = {
    .settings = worker->settings, .width = request->width, .height = request->height
  };

  if (build (&reading, input->uri))
    run_pipeline (worker, &reading);
  if (!reading.problem)
    check_end (&reading, input->uri);
  take_profile (worker, &reading);
  end_reading (&reading);
}

/* That the elements are there, and that the mask can be read, is known before any input. */
static void
prepare (Worker *worker)
{
  Reading reading = { .settings = worker->settings };

  if (build (&reading, "file:///")) {
    g_autoptr (GstBus) bus = gst_element_get_bus (reading.pipeline);

    gst_element_set_state (reading.stats, GST_STATE_PAUSED);
    g_autoptr (GstMessage) message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    if (message)
      note_problem (&reading, describe (message, gst_message_parse_error));
  }
  if (reading.problem)
    reply_text (worker, COLLECT_FATAL, reading.problem);
  else
    reply_text (worker, COLLECT_READY, "");
  end_reading (&reading);
}

static void
save (Worker *worker, const gchar *partial)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (GError) error = NULL;
  CollectReply message = { .state = COLLECT_SAVED };

  if (worker->accumulator) {
    profile = pixelnorm_accumulator_snapshot (worker->accumulator, &error);
    if (!profile || !pixelnorm_profile_save (profile, partial, &error)) {
      reply_text (worker, COLLECT_FATAL, error->message);
      return;
    }
    message.frames = pixelnorm_profile_get_frames (profile);
  }
  reply (worker, &message);
}

/* Works until the pool has enough; ends the process. */
void
collect_worker_run (
    const CollectSettings *settings, GPtrArray *inputs, int socket, const gchar *partial)
{
  Worker worker = { .settings = settings, .inputs = inputs, .socket = socket };
  g_autoptr (GError) error = NULL;
  CollectRequest request;

  if (!gst_init_check (NULL, NULL, &error))
    reply_text (&worker, COLLECT_FATAL, error ? error->message : "GStreamer cannot be used.");
  else
    prepare (&worker);
  while (recv (socket, &request, sizeof request, 0) == sizeof request) {
    if (request.input < 0)
      save (&worker, partial);
    else
      read_input (&worker, &request);
  }
  _exit (0);
}
