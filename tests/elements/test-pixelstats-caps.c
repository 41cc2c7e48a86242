/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelstats in a stream that changes: caps, flushes, states; what it says about itself; settings
 * that it refuses.
 */
#include <math.h>
#include <string.h>

#include "element-test.h"

static void
test_other_layout (void)
{
  static const gchar *const names[] = { "RGB", "GBR", "xBGR", "BGRA" };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (G_N_ELEMENTS (names), 3, 7, 3);

  bench_play (bench, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    bench_set_video (bench, names[i], 7, 3);
    bench_show (bench, format_find (names[i]), pictures[i]);
  }
  bench_end (bench);
  assert_saved_frames (path, pictures, G_N_ELEMENTS (names));
  pictures_free (pictures, G_N_ELEMENTS (names));
}

static void
test_before_caps (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);

  GstSegment segment;

  bench_play (bench, NULL);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (bench->harness, gst_event_new_stream_start ("none"));
  gst_harness_push_event (bench->harness, gst_event_new_segment (&segment));
  g_assert_cmpint (
      bench_push (bench, gst_buffer_new_allocate (NULL, 63, NULL)), ==, GST_FLOW_NOT_NEGOTIATED);
  bench_expect (bench, GST_MESSAGE_ERROR, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION, "");
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 0);
}

static void
test_other_framerate (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);
  g_autoptr (Picture) picture = picture_new_random (3, 7, 3);

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  bench_show (bench, format_find ("RGB"), picture);
  g_assert_true (bench_offer_caps (
      bench, gst_caps_from_string ("video/x-raw,format=RGB,width=7,height=3,framerate=0/1")));
  bench_show (bench, format_find ("RGB"), picture);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 2);
}

/* @what is refused, with one error, and with another one when it is offered again after @good,
 * which has no framerate: caps that are the same as the last that were taken do not reach an
 * element. */
static void
check_refused (Bench *bench, const gchar *what, const gchar *good, const gchar *words)
{
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *taken = g_strdup_printf ("%s,framerate=(fraction)%u/1", good, 40 + i);

    g_assert_false (bench_offer_caps (bench, gst_caps_from_string (what)));
    g_assert_cmpint (bench_push (bench, gst_buffer_new_allocate (NULL, 4096, NULL)), ==,
        GST_FLOW_NOT_NEGOTIATED);
    g_assert_cmpint (bench_push (bench, gst_buffer_new_allocate (NULL, 4096, NULL)), ==,
        GST_FLOW_NOT_NEGOTIATED);
    bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, words);
    g_assert_true (bench_offer_caps (bench, gst_caps_from_string (taken)));
  }
}

static void
test_other_size (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (2, 3, 7, 3);
  const gchar *good = "video/x-raw,format=RGB,width=7,height=3";

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  bench_show (bench, format_find ("RGB"), pictures[0]);
  check_refused (bench, "video/x-raw,format=RGB,width=8,height=3,framerate=30/1", good, "8x3");
  check_refused (
      bench, "video/x-raw,format=GRAY8,width=7,height=3,framerate=30/1", good, "channels Y");
  bench_show (bench, format_find ("RGB"), pictures[1]);
  bench_end (bench);
  assert_saved_frames (path, pictures, 2);
  pictures_free (pictures, 2);
}

static void
test_other_size_before_frames (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (1, 1, 4, 6);
  GstBuffer *gap = gst_buffer_new ();

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  g_assert_cmpint (bench_push (bench, gap), ==, GST_FLOW_OK);
  bench_set_video (bench, "GRAY8", 4, 6);
  bench_show (bench, format_find ("GRAY8"), pictures[0]);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, 1);
  bench_end (bench);
  assert_saved_frames (path, pictures, 1);
  pictures_free (pictures, 1);
}

static void
test_scope_channel (void)
{
  static const guint sizes[][2] = { { 7, 3 }, { 16, 9 }, { 1, 1 } };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench =
      bench_new ("pixelstats", "location", path, "scope", PIXELNORM_SCOPE_CHANNEL, NULL);
  Picture *pictures[G_N_ELEMENTS (sizes)];

  bench_play (bench, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    pictures[i] = picture_new_random (3, sizes[i][0], sizes[i][1]);
    bench_set_video (bench, "BGR", sizes[i][0], sizes[i][1]);
    bench_show (bench, format_find ("BGR"), pictures[i]);
  }
  bench_end (bench);
  g_autoptr (Saved) saved = saved_load (path);
  g_assert_cmpuint (saved_item (saved, "frames", 0), ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (saved_length (saved, "sum"), ==, 3);
  for (guint c = 0; c < 3; c++) {
    const Tally tally = tally_channel (pictures, G_N_ELEMENTS (sizes), c);

    g_assert_cmpuint (saved_item (saved, "samples", c), ==, tally.count);
    g_assert_cmpuint (saved_item (saved, "sum", c), ==, tally.sum);
    g_assert_cmpuint (saved_item (saved, "sum_squares", c), ==, tally.squares);
    g_assert_cmpuint (saved_item (saved, "min", c), ==, tally.min);
    g_assert_cmpuint (saved_item (saved, "max", c), ==, tally.max);
  }
  g_assert_cmpuint (saved->size, <=, 2048);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    picture_free (pictures[i]);
}

static void
test_unfit_kinds (void)
{
  static const struct {
    const gchar *more, *words;
  } kinds[] = {
    { "interlace-mode=(string)interleaved", "interlace-mode interleaved" },
    { "interlace-mode=(string)mixed", "interlace-mode mixed" },
    { "multiview-mode=(string)side-by-side", "side-by-side" },
    { "views=(int)2", "2 views" },
    { "views=(int)2,multiview-mode=(string)separated", "2 views" },
  };
  static const gchar *const factories[] = { "pixelstats", "pixelnorm" };

  for (guint f = 0; f < G_N_ELEMENTS (factories); f++)
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
      g_autoptr (Bench) bench = bench_new (factories[f], NULL);
      g_autofree gchar *text = g_strdup_printf (
          "video/x-raw,format=RGB,width=8,height=8,framerate=30/1,%s", kinds[i].more);

      if (f == 1)
        gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
      bench_play (bench, NULL);
      check_refused (bench, text, "video/x-raw,format=RGB,width=8,height=8", kinds[i].words);
    }
}

static void
test_named_kinds (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);

  bench_play (bench, NULL);
  g_assert_true (bench_offer_caps (bench,
      gst_caps_from_string ("video/x-raw,format=RGB,width=8,height=8,framerate=30/1,interlace-mode="
                            "(string)progressive,multiview-mode=(string)mono,views=(int)1")));
}

/* With frames of limited range, code values mean something else. */
static void
test_other_range (void)
{
  const gchar *good = "video/x-raw,format=GRAY8,width=8,height=8,colorimetry=1:4:0:0";
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);
  g_autoptr (Picture) picture = picture_new_random (1, 8, 8);

  bench_play (bench, NULL);
  g_assert_true (bench_offer_caps (bench, gst_caps_from_string (good)));
  bench_show (bench, format_find ("GRAY8"), picture);
  check_refused (bench,
      "video/x-raw,format=GRAY8,width=8,height=8,framerate=30/1,colorimetry=2:4:0:0", good,
      "limited");
}

static void
test_flush_and_seek (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (2, 3, 7, 3);
  GstSegment segment;

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  bench_show (bench, format_find ("RGB"), pictures[0]);
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 7 * GST_SECOND;
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_segment (&segment)));
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 1);
  bench_show (bench, format_find ("RGB"), pictures[1]);
  bench_end (bench);
  assert_saved_frames (path, pictures, 2);
  pictures_free (pictures, 2);
}

static void
test_played_again (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, "overwrite", TRUE, NULL);

  for (guint i = 1; i <= 3; i++) {
    Picture **pictures = pictures_new_random (i, 3, 6 + i, 3);

    bench_play (bench, NULL);
    g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 0);
    bench_set_video (bench, "RGB", 6 + i, 3);
    for (guint n = 0; n < i; n++)
      bench_show (bench, format_find ("RGB"), pictures[n]);
    bench_end (bench);
    bench_unplay (bench);
    assert_saved_frames (path, pictures, i);
    pictures_free (pictures, i);
  }
}

static void
test_reset (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, "overwrite", TRUE, NULL);
  Picture **pictures = pictures_new_random (3, 3, 7, 3);

  g_signal_emit_by_name (bench->element, "reset");
  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  bench_show (bench, format_find ("RGB"), pictures[0]);
  g_assert_true (bench_save (bench));
  g_signal_emit_by_name (bench->element, "reset");
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 0);
  assert_saved_frames (path, pictures, 1);
  /* as many as before: that must not look like nothing new */
  bench_show (bench, format_find ("RGB"), pictures[1]);
  g_assert_true (bench_save (bench));
  assert_saved_frames (path, pictures + 1, 1);
  g_signal_emit_by_name (bench->element, "reset");
  /* after it, another size is fine */
  bench_set_video (bench, "RGB", 8, 3);
  g_signal_emit_by_name (bench->element, "reset");
  bench_set_video (bench, "RGB", 7, 3);
  bench_show (bench, format_find ("RGB"), pictures[2]);
  bench_end (bench);
  assert_saved_frames (path, pictures + 2, 1);
  pictures_free (pictures, 3);
}

static gdouble
array_number (const GstStructure *structure, const gchar *field, guint index)
{
  const GValue *array = gst_structure_get_value (structure, field);

  g_assert_true (array && GST_VALUE_HOLDS_ARRAY (array));
  return g_value_get_double (gst_value_array_get_value (array, index));
}

static void
check_report (const GstStructure *report, const gchar *location, Picture **pictures, guint n)
{
  guint64 frames = 0, skipped = 99;

  g_assert_nonnull (report);
  g_assert_true (gst_structure_get_uint64 (report, "frames", &frames));
  g_assert_true (gst_structure_get_uint64 (report, "frames-skipped", &skipped));
  g_assert_cmpuint (frames, ==, n);
  g_assert_cmpuint (skipped, ==, 0);
  g_assert_cmpstr (gst_structure_get_string (report, "location"), ==, location);
  g_assert_cmpstr (gst_structure_get_string (report, "channels"), ==, "RGB");
  g_assert_cmpuint (gst_value_array_get_size (gst_structure_get_value (report, "mean")), ==, 3);
  for (guint c = 0; c < 3; c++) {
    const Tally tally = tally_channel (pictures, n, c);

    /* doubles made from exact integers, with a division and a root: a few units of 1e-16 */
    g_assert_cmpfloat_with_epsilon (array_number (report, "mean", c), tally_mean (&tally), 1e-12);
    g_assert_cmpfloat_with_epsilon (
        array_number (report, "std", c), tally_deviation (&tally), 1e-12);
    g_assert_cmpfloat (array_number (report, "min", c), ==, tally.min);
    g_assert_cmpfloat (array_number (report, "max", c), ==, tally.max);
  }
}

static void
test_messages (void)
{
  enum { N = 10 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new (
      "pixelstats", "location", path, "message-interval", (guint64) (3 * GST_SECOND), NULL);
  Picture **pictures = pictures_new_random (N, 3, 7, 3);

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  for (guint i = 0; i < N; i++) {
    GstBuffer *buffer = buffer_new (format_find ("RGB"), pictures[i], NULL);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
    gst_buffer_unref (gst_harness_pull (bench->harness));
    /* one at 3, 6 and 9 seconds */
    g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_ELEMENT), ==, i > 0 && i % 3 == 0);
    GstStructure *report = bench_take_report (bench, "pixelstats");
    if (report) {
      check_report (report, path, pictures, i + 1);
      gst_structure_free (report);
    }
  }
  bench_end (bench);
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_ELEMENT), ==, 1);
  GstStructure *report = bench_take_report (bench, "pixelstats");
  check_report (report, path, pictures, N);
  gst_structure_free (report);
  pictures_free (pictures, N);
}

/* After a seek back, stream time begins anew; without timestamps it is the wall's. */
static void
test_messages_after_seek (void)
{
  g_autoptr (Bench) bench =
      bench_new ("pixelstats", "message-interval", (guint64) GST_SECOND, NULL);
  g_autoptr (Picture) picture = picture_new_random (3, 7, 3);
  static const guint seconds[] = { 100, 101, 5, 6 };

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++) {
    GstBuffer *buffer = buffer_new (format_find ("RGB"), picture, NULL);

    GST_BUFFER_PTS (buffer) = seconds[i] * GST_SECOND;
    g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
  }
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_ELEMENT), ==, 2);
}

static void
test_no_messages (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);
  g_autoptr (Picture) picture = picture_new_random (3, 7, 3);

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 7, 3);
  for (guint i = 0; i < 5; i++)
    bench_show (bench, format_find ("RGB"), picture);
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_ELEMENT), ==, 0);
}

/* GStreamer parses arrays in place, which a text in read-only memory does not survive. */
static void
set_text (Bench *bench, const gchar *property, const gchar *text)
{
  g_autofree gchar *value = g_strdup (text);

  gst_util_set_object_arg (G_OBJECT (bench->element), property, value);
}

static void
test_frame_step_0 (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelstats", "frame-step", 0, NULL);

  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "frame-step");
}

/* A property that cannot be, or not before the next start, leaves what is in use as it is, in words. */
static void
test_set_while_playing (void)
{
  static const struct {
    const gchar *name, *value, *used, *words;
  } rows[] = { { "frame-step", "0", "1", "frame-step is 0" },
    { "scope", "channel", "pixel", "scope was set while" },
    { "append", "true", "false", "append was set while" },
    { "histogram", "true", "false", "histogram was set while" },
    { "mask", "m.png", NULL, "mask was set while" },
    { "roi", "<0,0,4,4>", "< (int)1, (int)1, (int)4, (int)4 >", "roi was set while" },
    { "channels", "gray", "auto", "channels was set while" },
    { "chroma", "linear", "auto", "chroma was set while" } };
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);

  set_text (bench, "roi", "<1,1,4,4>");
  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 8, 8);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstStructure) in_use = NULL;

    set_text (bench, rows[i].name, rows[i].value);
    bench_expect (
        bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, rows[i].words);
    g_object_get (bench->element, "in-use", &in_use, NULL);
    g_autofree gchar *found = gst_value_serialize (gst_structure_get_value (in_use, rows[i].name));
    g_assert_cmpstr (found, ==, rows[i].used);
  }
  set_text (bench, "frame-step", "3");
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_WARNING), ==, 0);
}

static GstPadProbeReturn
answer_uri (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) != GST_QUERY_URI)
    return GST_PAD_PROBE_OK;
  gst_query_set_uri (query, data);
  return GST_PAD_PROBE_HANDLED;
}

/* Where frames came from is noted, but no password gets into a file. */
static void
test_source (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, "overwrite", TRUE, NULL);
  g_autoptr (Picture) picture = picture_new_random (3, 7, 3);

  bench_play (bench, NULL);
  gst_pad_add_probe (bench->harness->srcpad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, answer_uri,
      (gpointer) "rtsp://anna:secret@camera.local/gate?token=hidden", NULL);
  bench_set_video (bench, "RGB", 7, 3);
  bench_show (bench, format_find ("RGB"), picture);
  g_assert_true (bench_save (bench));
  g_autoptr (Saved) saved = saved_load (path);
  g_autofree gchar *sources = saved_metadata (saved, "sources");
  g_assert_cmpstr (sources, ==, "rtsp://camera.local/gate");
  g_assert_null (strstr (saved->header, "anna"));
  g_assert_null (strstr (saved->header, "secret"));
  g_assert_null (strstr (saved->header, "hidden"));

  /* reset forgets frames, not where they come from */
  g_signal_emit_by_name (bench->element, "reset");
  bench_show (bench, format_find ("RGB"), picture);
  g_assert_true (bench_save (bench));
  g_autoptr (Saved) again = saved_load (path);
  g_autofree gchar *same = saved_metadata (again, "sources");
  g_assert_cmpstr (same, ==, sources);
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/pixelstats-caps/other-layout", test_other_layout);
  g_test_add_func ("/pixelstats-caps/before-caps", test_before_caps);
  g_test_add_func ("/pixelstats-caps/other-framerate", test_other_framerate);
  g_test_add_func ("/pixelstats-caps/other-size", test_other_size);
  g_test_add_func ("/pixelstats-caps/other-size-before-frames", test_other_size_before_frames);
  g_test_add_func ("/pixelstats-caps/scope-channel", test_scope_channel);
  g_test_add_func ("/pixelstats-caps/unfit-kinds", test_unfit_kinds);
  g_test_add_func ("/pixelstats-caps/named-kinds", test_named_kinds);
  g_test_add_func ("/pixelstats-caps/other-range", test_other_range);
  g_test_add_func ("/pixelstats-caps/flush-and-seek", test_flush_and_seek);
  g_test_add_func ("/pixelstats-caps/played-again", test_played_again);
  g_test_add_func ("/pixelstats-caps/reset", test_reset);
  g_test_add_func ("/pixelstats-caps/messages", test_messages);
  g_test_add_func ("/pixelstats-caps/messages-after-seek", test_messages_after_seek);
  g_test_add_func ("/pixelstats-caps/no-messages", test_no_messages);
  g_test_add_func ("/pixelstats-caps/frame-step-0", test_frame_step_0);
  g_test_add_func ("/pixelstats-caps/set-while-playing", test_set_while_playing);
  g_test_add_func ("/pixelstats-caps/source", test_source);
  return element_test_run ();
}
