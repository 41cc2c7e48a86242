/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: reads videos, and pictures of all other kinds, with
 *
 *   uridecodebin ! [deinterlace !] videoconvert ! capsfilter ! fakesink
 *   uridecodebin ! [deinterlace !] pixelnorm ! capsfilter ! fakesink
 *
 * where pixelnorm changes no number, but makes exact RGB of Y'CbCr of 8 bits. Frames are taken at the sink, in GStreamer's thread. A new pipeline each time: an element that has seen one broken file is not trusted with the next.
 */
#include <gio/gio.h>
#include <gst/video/video.h>
#include <string.h>

#include "collect.h"

#define POLL_INTERVAL (500 * GST_MSECOND)

typedef struct {
  const CollectReading *reading;
  GstElement *pipeline, *source, *sink, *norm;
  GstPad *entry; /* where decoded video goes in */
  GstVideoInfo info;
  Picture picture;
  guint orientation;
  guint n_frames;
  gint activity; /* atomic: of frames, and of bytes read */
  gboolean is_over, is_fatal;
  gchar *problem; /* atomic: the first */
  gchar *remark;  /* the first warning */
} Run;

static void
note_problem (Run *run, const gchar *text)
{
  gchar *copy = g_strdup (text);

  if (!g_atomic_pointer_compare_and_exchange (&run->problem, NULL, copy))
    g_free (copy);
}

/* Where nothing can come any more: without an element. */
static void
note_fatal (Run *run, const GError *error)
{
  run->is_fatal = TRUE;
  note_problem (run, error->message);
  gst_element_post_message (run->pipeline,
      gst_message_new_application (GST_OBJECT (run->pipeline), gst_structure_new_empty ("over")));
}

static GstElement *
add_element (Run *run, const gchar *factory, GError **error)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (!element) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
        "GStreamer has no element \"%s\". Install the plugin that holds it, "
        "or set GST_PLUGIN_PATH to where it is.",
        factory);
    return NULL;
  }
  gst_bin_add (GST_BIN (run->pipeline), element);
  return element;
}

/* The identity: code values 0 to 255 out of the same. */
static void
set_up_norm (Run *run, GstElement *norm)
{
  gst_util_set_object_arg (G_OBJECT (norm), "method", "fixed");
  gst_util_set_object_arg (G_OBJECT (norm), "mean", "<0.0>");
  gst_util_set_object_arg (G_OBJECT (norm), "std", "<1.0>");
  g_object_set (norm, "quant-scale", 1.0, "quant-zero-point", 0, NULL);
  run->norm = norm;
}

static GstElement *
add_filter (Run *run, const gchar *caps, GError **error)
{
  GstElement *filter = add_element (run, "capsfilter", error);

  if (filter)
    gst_util_set_object_arg (G_OBJECT (filter), "caps", caps);
  return filter;
}

/* What decoded video is to become: of grey, grey, and with the bits that it has. */
static const gchar *
choose_caps (const GstVideoFormatInfo *info)
{
  const gboolean deep = GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) > 8;

  if (GST_VIDEO_FORMAT_INFO_IS_GRAY (info))
    return deep ? "video/x-raw, format=GRAY16_LE, colorimetry=1:4:0:0"
                : "video/x-raw, format=GRAY8, colorimetry=1:4:0:0";
  /* of Y'CbCr that is deeper, videoconvert makes RGB of 8 bits */
  return deep && GST_VIDEO_FORMAT_INFO_IS_RGB (info)
      ? "video/x-raw, format=ARGB64, colorimetry=sRGB"
      : "video/x-raw, format=RGB, colorimetry=sRGB";
}

/* Between what decodes and the sink. @name: of the format, or NULL. */
static gboolean
link_converter (Run *run, const gchar *name, GError **error)
{
  const GstVideoFormat format =
      name ? gst_video_format_from_string (name) : GST_VIDEO_FORMAT_UNKNOWN;
  const GstVideoFormatInfo *info = gst_video_format_get_info (
      format == GST_VIDEO_FORMAT_UNKNOWN ? GST_VIDEO_FORMAT_RGB : format);
  const gboolean is_exact =
      GST_VIDEO_FORMAT_INFO_IS_YUV (info) && GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) == 8;
  /* pixelnorm reads all Y'CbCr of 8 bits */
  GstElement *first = add_element (run, is_exact ? "pixelnorm" : "videoconvert", error);
  GstElement *filter = first ? add_filter (run, choose_caps (info), error) : NULL;

  if (!filter)
    return FALSE;
  if (is_exact)
    set_up_norm (run, first);
  else
    gst_util_set_object_arg (G_OBJECT (first), "dither", "none");
  gst_element_link_many (first, filter, run->sink, NULL);
  run->entry = gst_element_get_static_pad (first, "sink");
  gst_element_sync_state_with_parent (filter);
  gst_element_sync_state_with_parent (first);
  return TRUE;
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
  Run *run = data;

  if (!run->entry)
    GST_ELEMENT_ERROR (source, STREAM, WRONG_TYPE, ("It holds no image or video."), (NULL));
}

static void
link_deinterlaced (Run *run, GstPad *pad)
{
  g_autoptr (GError) error = NULL;
  GstElement *deinterlace = add_element (run, "deinterlace", &error);

  if (!deinterlace) {
    note_fatal (run, error);
    return;
  }
  /* a frame for a frame */
  gst_util_set_object_arg (G_OBJECT (deinterlace), "fields", "top");
  g_autoptr (GstPad) out = gst_element_get_static_pad (deinterlace, "src");
  g_autoptr (GstPad) in = gst_element_get_static_pad (deinterlace, "sink");
  gst_pad_link (out, run->entry);
  gst_element_sync_state_with_parent (deinterlace);
  gst_pad_link (pad, in);
}

/* The first pad with video; it may be interlaced. */
static void
link_decoded (GstElement *source, GstPad *pad, gpointer data)
{
  Run *run = data;
  GstCaps *current = gst_pad_get_current_caps (pad);
  g_autoptr (GstCaps) caps = current ? current : gst_pad_query_caps (pad, NULL);
  g_autoptr (GError) error = NULL;

  if (run->entry || gst_caps_is_empty (caps) || gst_caps_is_any (caps))
    return;
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  if (!gst_structure_has_name (structure, "video/x-raw"))
    return;
  const gchar *mode = gst_structure_get_string (structure, "interlace-mode");
  if (!link_converter (run, gst_structure_get_string (structure, "format"), &error))
    note_fatal (run, error);
  else if (mode && strcmp (mode, "progressive") != 0)
    link_deinterlaced (run, pad);
  else
    gst_pad_link (pad, run->entry);
}

/* Packs rows: RGB and grey as they are, of ARGB64 the colours. */
static gboolean
take_pixels (Run *run, const GstVideoFrame *frame, GError **error)
{
  const gboolean argb = GST_VIDEO_FRAME_FORMAT (frame) == GST_VIDEO_FORMAT_ARGB64;
  const guint width = (guint) GST_VIDEO_FRAME_WIDTH (frame);
  const guint height = (guint) GST_VIDEO_FRAME_HEIGHT (frame);
  const guint channels = GST_VIDEO_INFO_IS_GRAY (&frame->info) ? 1 : 3;
  const guint bytes = GST_VIDEO_FRAME_COMP_DEPTH (frame, 0) > 8 ? 2 : 1;
  const gsize row_bytes = (gsize) width * channels * bytes;

  if (!picture_resize (&run->picture, width, height, channels, bytes, error))
    return FALSE;
  for (guint y = 0; y < height; y++) {
    const guint8 *from = (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, 0)
        + (gsize) y * (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
    guint8 *to = run->picture.pixels + y * row_bytes;

    if (!argb) {
      memcpy (to, from, row_bytes);
      continue;
    }
    for (guint x = 0; x < width; x++)
      memcpy (to + (gsize) x * 6, from + (gsize) x * 8 + 2, 6);
  }
  return TRUE;
}

static void
take_buffer (Run *run, GstBuffer *buffer)
{
  const CollectReading *reading = run->reading;
  g_autoptr (GError) error = NULL;
  GstVideoFrame frame;

  if (g_atomic_pointer_get (&run->problem) || run->is_over)
    return;
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)
      || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_CORRUPTED)
      || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DECODE_ONLY)) {
    (*reading->skipped)++;
    return;
  }
  if (!gst_video_frame_map (&frame, &run->info, buffer, GST_MAP_READ)) {
    note_problem (run, "A frame of it cannot be read.");
    return;
  }
  gboolean ok = take_pixels (run, &frame, &error);
  gst_video_frame_unmap (&frame);
  ok = ok && reading->add (reading->to, &run->picture, run->orientation, &error);
  run->n_frames++;
  if (!ok)
    note_problem (run, error->message);
  if (ok && (run->n_frames == reading->n_frames || run->n_frames == reading->max_frames))
    run->is_over = TRUE;
  /* the end, as far as we are concerned */
  if (!ok || run->is_over)
    gst_element_post_message (run->pipeline,
        gst_message_new_application (GST_OBJECT (run->pipeline), gst_structure_new_empty ("over")));
}

/* The number that EXIF has for it. */
static guint
find_orientation (const gchar *turn)
{
  static const gchar *const turns[] = { "rotate-0", "flip-rotate-0", "rotate-180",
    "flip-rotate-180", "flip-rotate-270", "rotate-90", "flip-rotate-90", "rotate-270" };

  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    if (strcmp (turn, turns[i]) == 0)
      return i + 1;
  return 1;
}

static void
take_event (Run *run, GstEvent *event)
{
  GstCaps *caps;
  GstTagList *tags;
  g_autofree gchar *turn = NULL;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    gst_event_parse_caps (event, &caps);
    gst_video_info_from_caps (&run->info, caps);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
    gst_event_parse_tag (event, &tags);
    if (gst_tag_list_get_string (tags, GST_TAG_IMAGE_ORIENTATION, &turn))
      run->orientation = find_orientation (turn);
  }
}

static GstPadProbeReturn
watch_sink (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *run = data;

  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) {
    g_atomic_int_inc (&run->activity);
    take_buffer (run, GST_PAD_PROBE_INFO_BUFFER (info));
  } else {
    take_event (run, GST_PAD_PROBE_INFO_EVENT (info));
  }
  return GST_PAD_PROBE_OK;
}

/* Bytes that are read are a sign of life, too. */
static GstPadProbeReturn
watch_source (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *run = data;

  g_atomic_int_inc (&run->activity);
  return GST_PAD_PROBE_OK;
}

static void
set_up_source (GstElement *decoder, GstElement *source, gpointer data)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, "src");

  if (pad)
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_PUSH | GST_PAD_PROBE_TYPE_PULL, watch_source,
        data, NULL);
}

static gboolean
build (Run *run, GError **error)
{
  g_autoptr (GstCaps) decoded = gst_caps_new_empty_simple ("video/x-raw");

  run->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  run->source = add_element (run, "uridecodebin", error);
  run->sink = run->source ? add_element (run, "fakesink", error) : NULL;
  if (!run->sink)
    return FALSE;
  g_object_set (run->source, "uri", run->reading->uri, "caps", decoded, NULL);
  g_object_set (run->sink, "sync", FALSE, NULL);
  g_autoptr (GstPad) end = gst_element_get_static_pad (run->sink, "sink");
  gst_pad_add_probe (
      end, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, watch_sink, run, NULL);
  g_signal_connect (run->pipeline, "deep-element-added", G_CALLBACK (set_up_decoder), NULL);
  g_signal_connect (run->source, "source-setup", G_CALLBACK (set_up_source), run);
  g_signal_connect (run->source, "autoplug-continue", G_CALLBACK (is_for_us), NULL);
  g_signal_connect (run->source, "no-more-pads", G_CALLBACK (check_decoded), run);
  g_signal_connect (run->source, "pad-added", G_CALLBACK (link_decoded), run);
  return TRUE;
}

/* Elements of GStreamer end their messages with a full stop or without. */
static gchar *
end_sentence (const gchar *text)
{
  return g_strconcat (text, g_str_has_suffix (text, ".") ? "" : ".", NULL);
}

static gchar *
describe (GstMessage *message, void (*parse) (GstMessage *, GError **, gchar **))
{
  g_autoptr (GError) error = NULL;

  parse (message, &error, NULL);
  return end_sentence (error->message);
}

/* GStreamer's words for what it cannot read give no advice. */
static gchar *
describe_error (const Run *run, GstMessage *message)
{
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &error, NULL);
  g_autofree gchar *said = end_sentence (error->message);
  if (run->n_frames > 0
      || !(g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED)
          || g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND)
          || g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE)))
    return g_steal_pointer (&said);
  return g_strdup_printf (
      "GStreamer cannot read it: %s If it is a picture that Pillow can open, \"python3 -m pixelnorm "
      "collect\" reads it.",
      said);
}

/* Returns: whether there is more to come */
static gboolean
handle (Run *run, GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  g_autofree gchar *text = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_WARNING:
    if (!run->remark && GST_MESSAGE_SRC (message) != GST_OBJECT (run->norm))
      run->remark = describe (message, gst_message_parse_warning);
    return TRUE;
  case GST_MESSAGE_ELEMENT:
    if (structure && gst_structure_has_name (structure, "missing-plugin")) {
      text = g_strdup_printf ("GStreamer has no plugin for it: %s is missing. Install it.",
          gst_structure_get_string (structure, "name"));
      note_problem (run, text);
    }
    return TRUE;
  case GST_MESSAGE_ERROR:
    text = describe_error (run, message);
    note_problem (run, text);
    return FALSE;
  default:
    return GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS
        && GST_MESSAGE_TYPE (message) != GST_MESSAGE_APPLICATION;
  }
}

static void
play (Run *run)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (run->pipeline);
  gboolean more = TRUE;
  gint seen = 0;

  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
  while (more) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, POLL_INTERVAL,
        GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR | GST_MESSAGE_EOS
            | GST_MESSAGE_APPLICATION);
    const gint now = g_atomic_int_get (&run->activity);

    if (message)
      more = handle (run, message);
    else if (now != seen)
      run->reading->progress (run->reading->to);
    seen = now;
  }
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
}

static void
check_end (Run *run)
{
  g_autofree gchar *text = NULL;

  if (run->n_frames == 0) {
    text = g_strdup_printf ("No frame could be read from it%s%s", run->remark ? ": " : ".",
        run->remark ? run->remark : "");
    note_problem (run, text);
  } else if (!run->is_over && run->n_frames < run->reading->n_frames) {
    text = g_strdup_printf (
        "It should have %u frames, and %u could be read.", run->reading->n_frames, run->n_frames);
    note_problem (run, text);
  }
}

gboolean
collect_gstreamer_read (const CollectReading *reading, GError **error)
{
  Run run = { .reading = reading, .orientation = 1 };

  if (!gst_is_initialized () && !gst_init_check (NULL, NULL, error))
    return FALSE;
  const gboolean built = build (&run, error);
  if (built) {
    play (&run);
    check_end (&run);
  }
  if (run.problem)
    g_set_error_literal (error, run.is_fatal ? G_IO_ERROR : PIXELNORM_ERROR,
        run.is_fatal ? (gint) G_IO_ERROR_NOT_SUPPORTED : (gint) PIXELNORM_ERROR_READ, run.problem);
  gst_element_set_state (run.pipeline, GST_STATE_NULL);
  gst_clear_object (&run.entry);
  gst_clear_object (&run.pipeline);
  g_free (run.picture.pixels);
  g_free (run.remark);
  const gboolean ok = built && !run.problem;
  g_free (run.problem);
  return ok;
}
