/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches of frames in pixelnorm, and statistics of the stream while it is interrupted. Frames are flat, so
 * that every result is one number of plain arithmetic: with method=center it is x - mean.
 */
#include <string.h>

#include "element-test.h"

enum {
  WIDTH = 6,
  HEIGHT = 4,
  SAMPLES = WIDTH * HEIGHT * 3,
};

#define DURATION (40 * GST_MSECOND)
#define TENSORS "other/tensors,format=(string)static,num_tensors=(int)1,types=(string)float32"

/* Plays with a mean of 0 and a std of 1: y = x. */
static Bench *
play_batches (guint size, const gchar *last, const gchar *downstream)
{
  Bench *bench = bench_new ("pixelnorm", "batch-size", size, NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<0>");
  gst_util_set_object_arg (G_OBJECT (bench->element), "std", "<1>");
  gst_util_set_object_arg (G_OBJECT (bench->element), "last-batch", last);
  bench_play (bench, downstream);
  return bench;
}

/* Plays with statistics of the stream and method=center. */
static Bench *
play_statistics (const gchar *statistics, const gchar *scope, guint size)
{
  Bench *bench = bench_new ("pixelnorm", "batch-size", size, NULL);

  if (g_str_equal (statistics, "running"))
    g_object_set (bench->element, "momentum", .5, NULL);
  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "center");
  gst_util_set_object_arg (G_OBJECT (bench->element), "statistics", statistics);
  gst_util_set_object_arg (G_OBJECT (bench->element), "scope", scope);
  bench_play (bench, "other/tensors,types=(string)float32");
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  return bench;
}

static GstBuffer *
new_flat (const gchar *format, guint width, guint8 value, guint index)
{
  g_autoptr (Picture) picture = picture_new_flat (3, width, HEIGHT, value);
  GstBuffer *buffer = buffer_new (format_find (format), picture, NULL);

  GST_BUFFER_PTS (buffer) = index * DURATION;
  GST_BUFFER_DTS (buffer) = index * DURATION + 1;
  GST_BUFFER_DURATION (buffer) = DURATION;
  GST_BUFFER_OFFSET (buffer) = index;
  GST_BUFFER_OFFSET_END (buffer) = index + 1;
  return buffer;
}

static void
push_flat (Bench *bench, guint8 value, guint index)
{
  g_assert_cmpint (bench_push (bench, new_flat ("RGB", WIDTH, value, index)), ==, GST_FLOW_OK);
}

/* What comes out for a frame of @value. */
static gfloat
show_flags (Bench *bench, guint8 value, GstBufferFlags flags)
{
  GstBuffer *in = new_flat ("RGB", WIDTH, value, 0);
  gfloat y;

  GST_BUFFER_FLAG_SET (in, flags);
  g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  g_assert_cmpuint (gst_buffer_extract (out, 0, &y, sizeof y), ==, sizeof y);
  gst_buffer_unref (out);
  return y;
}

static gfloat
show_flat (Bench *bench, guint8 value)
{
  return show_flags (bench, value, (GstBufferFlags) 0);
}

static const GstStructure *
meta_of (GstBuffer *buffer)
{
  return gst_custom_meta_get_structure (gst_buffer_get_custom_meta (buffer, "PixelnormMeta"));
}

static guint
get_uint (const GstStructure *structure, const gchar *field)
{
  guint value = G_MAXUINT;

  g_assert_true (gst_structure_get_uint (structure, field, &value));
  return value;
}

/* The frames of a tensor are flat ones of these values. */
static void
assert_tensor (GstBuffer *buffer, guint first, const guint8 *values, guint n, guint size)
{
  GstMapInfo map;

  g_assert_nonnull (buffer);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, first * DURATION);
  g_assert_cmpuint (GST_BUFFER_DTS (buffer), ==, first * DURATION + 1);
  g_assert_cmpuint (GST_BUFFER_DURATION (buffer), ==, n * DURATION);
  g_assert_cmpuint (GST_BUFFER_OFFSET (buffer), ==, first);
  g_assert_cmpuint (GST_BUFFER_OFFSET_END (buffer), ==, first + n);
  g_assert_cmpuint (get_uint (meta_of (buffer), "frames"), ==, n);
  g_assert_cmpuint (get_uint (meta_of (buffer), "batch-size"), ==, size);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, ==, size * SAMPLES * sizeof (gfloat));
  for (guint i = 0; i < size * SAMPLES; i++)
    g_assert_true (((gfloat *) map.data)[i] == (i < n * SAMPLES ? values[i / SAMPLES] : 0));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}

static void
expect_dropped (Bench *bench, const gchar *words)
{
  bench_expect (bench, GST_MESSAGE_INFO, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, words);
}

static const guint8 values[] = { 10, 20, 30, 40, 50, 60, 70, 80, 90 };

/* What makes an end before the tensor is full. */
typedef void (*End) (Bench *bench);

static void
end_stream (Bench *bench)
{
  bench_end (bench);
}

static void
end_segment (Bench *bench)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = GST_SECOND;
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_segment (&segment)));
}

static void
end_caps (Bench *bench)
{
  bench_set_video (bench, "BGR", WIDTH, HEIGHT + 2);
}

static const End ends[] = { end_stream, end_segment, end_caps };

static GstPadProbeReturn
count_buffers (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  guint *order = data; /* buffers so far; and how many there were at the last such event */

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    order[0]++;
  else if (GST_EVENT_IS_SERIALIZED (GST_PAD_PROBE_INFO_EVENT (info)))
    order[1] = order[0];
  return GST_PAD_PROBE_OK;
}

/* Two tensors of three, and a frame that is dropped or becomes a tensor of its own, before the event that
 * ends it. */
static void
test_ends (void)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (ends); i++) {
    const gboolean pads = i % 2;
    g_autoptr (Bench) bench = play_batches (3, pads ? "pad" : "drop", NULL);
    guint order[2] = { 0 };

    bench_set_video (bench, "RGB", WIDTH, HEIGHT);
    gst_pad_add_probe (bench->harness->sinkpad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, count_buffers, order,
        NULL);
    for (guint k = 0; k < 7; k++) {
      push_flat (bench, values[k], k);
      g_assert_cmpuint (order[0], ==, (k + 1) / 3);
    }
    ends[i / 2](bench);
    g_assert_cmpuint (order[0], ==, pads ? 3 : 2);
    g_assert_cmpuint (order[1], ==, order[0]);
    assert_tensor (gst_harness_pull (bench->harness), 0, values, 3, 3);
    assert_tensor (gst_harness_pull (bench->harness), 3, values + 3, 3, 3);
    if (pads)
      assert_tensor (gst_harness_pull (bench->harness), 6, values + 6, 1, 3);
    else
      expect_dropped (bench, "1 frame did not fill a tensor of 3");
    g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_INFO), ==, 0);
  }
}

static void
test_stop (void)
{
  g_autoptr (Bench) bench = play_batches (4, "pad", NULL);

  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  push_flat (bench, 1, 0);
  push_flat (bench, 2, 1);
  bench_unplay (bench);
  expect_dropped (bench, "2 frames did not fill a tensor of 4");
}

/* A flush forgets them, without a word. */
static void
test_flush (void)
{
  g_autoptr (Bench) bench = play_batches (3, "pad", NULL);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  push_flat (bench, 1, 0);
  push_flat (bench, 2, 1);
  gst_harness_push_event (bench->harness, gst_event_new_flush_start ());
  gst_harness_push_event (bench->harness, gst_event_new_flush_stop (TRUE));
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_segment (&segment)));
  for (guint k = 5; k < 8; k++)
    push_flat (bench, values[k], k);
  assert_tensor (gst_harness_pull (bench->harness), 5, values + 5, 3, 3);
  g_assert_null (gst_harness_try_pull (bench->harness));
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_INFO), ==, 0);
}

/* A gap event would overtake the frames that wait. */
static void
test_gap_event (void)
{
  g_autoptr (Bench) bench = play_batches (2, "drop", NULL);
  guint order[2] = { 0 };

  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  push_flat (bench, 10, 0);
  gst_pad_add_probe (bench->harness->sinkpad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, count_buffers, order, NULL);
  order[1] = 99;
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_gap (DURATION, DURATION)));
  g_assert_cmpuint (order[1], ==, 99);
  push_flat (bench, 20, 1);
  assert_tensor (gst_harness_pull (bench->harness), 0, values, 2, 2);
  g_assert_true (
      gst_harness_push_event (bench->harness, gst_event_new_gap (2 * DURATION, DURATION)));
  g_assert_cmpuint (order[1], ==, 1);
}

/* A tensor is a gap where all frames are, corrupted where one is, and has no duration where one has none. */
static void
test_flags (void)
{
  g_autoptr (Bench) bench = play_batches (2, "drop", NULL);
  const GstBufferFlags gap = GST_BUFFER_FLAG_GAP, broken = GST_BUFFER_FLAG_CORRUPTED;
  const GstBufferFlags rows[][3] = { { gap, gap, gap }, { gap, 0, 0 }, { 0, gap, 0 },
    { broken, 0, broken }, { 0, broken, broken }, { GST_BUFFER_FLAG_DISCONT, 0, 0 }, { 0, 0, 0 } };

  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    for (guint k = 0; k < 2; k++) {
      GstBuffer *in = new_flat ("RGB", WIDTH, 1, k);

      GST_BUFFER_FLAG_SET (in, rows[i][k]);
      if (i == 3 && k == 1)
        GST_BUFFER_DURATION (in) = GST_CLOCK_TIME_NONE;
      g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
    }
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_cmpuint (GST_BUFFER_FLAGS (out) & (gap | broken), ==, rows[i][2]);
    g_assert_true (GST_BUFFER_DURATION_IS_VALID (out) == (i != 3));
    /* waiting is no discontinuity */
    g_assert_true (GST_BUFFER_IS_DISCONT (out) == (rows[i][0] == GST_BUFFER_FLAG_DISCONT));
    gst_buffer_unref (out);
  }
}

static void
assert_output_caps (Bench *bench, const gchar *expected)
{
  g_autoptr (GstCaps) found = gst_pad_get_current_caps (bench->harness->sinkpad);
  g_autoptr (GstCaps) other = gst_caps_from_string (expected);

  if (!gst_caps_is_equal (found, other)) {
    g_autofree gchar *text = gst_caps_to_string (found);

    g_error ("expected %s, found %s", expected, text);
  }
}

static void
test_caps (void)
{
  static const struct {
    const gchar *downstream, *in, *out;
  } rows[] = {
    { NULL, "30/1", TENSORS ",dimensions=(string)3:6:4:8,framerate=(fraction)15/4" },
    { NULL, "30000/1001", TENSORS ",dimensions=(string)3:6:4:8,framerate=(fraction)3750/1001" },
    { NULL, "0/1", TENSORS ",dimensions=(string)3:6:4:8,framerate=(fraction)0/1" },
    { TENSORS ",dimensions=(string)6:4:3:8", "8/1",
        TENSORS ",dimensions=(string)6:4:3:8,framerate=(fraction)1/1" },
    { TENSORS ",dimensions=(string)3:6:4;" TENSORS ",dimensions=(string)3:6:4:8", "8/1",
        TENSORS ",dimensions=(string)3:6:4:8,framerate=(fraction)1/1" },
    { TENSORS ",framerate=[0/1,2147483647/1]", "25/1",
        TENSORS ",dimensions=(string)3:6:4:8,framerate=(fraction)25/8" },
    { "other/tensor", "16/1",
        "other/tensor,type=(string)float32,dimension=(string)3:6:4:8,framerate=(fraction)2/1" },
    { "video/x-raw;other/tensors", "16/1",
        TENSORS ",dimensions=(string)3:6:4:8,framerate=(fraction)2/1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (Bench) bench = play_batches (8, "drop", rows[i].downstream);
    g_autofree gchar *in = g_strdup_printf (
        "video/x-raw,format=RGB,width=6,height=4,framerate=(fraction)%s", rows[i].in);

    g_test_message ("%s", rows[i].out);
    g_assert_true (bench_offer_caps (bench, gst_caps_from_string (in)));
    assert_output_caps (bench, rows[i].out);
  }
}

/* What upstream is asked for. */
static void
test_input_caps (void)
{
  static const struct {
    const gchar *downstream, *rate;
  } rows[] = {
    { TENSORS ",dimensions=(string)3:6:4:4,framerate=(fraction)5/2", "10/1" },
    { TENSORS ",dimensions=(string)3:6:4:4,framerate=(fraction)0/1", "0/1" },
    { TENSORS ",dimensions=(string)3:6:4:4,framerate=[1/1,2147483647/1]", "[4/1,2147483647/1]" },
    { TENSORS ",dimensions=(string)3:6:4:4,framerate={(fraction)1/1,(fraction)5/1}",
        "{(fraction)4/1,(fraction)20/1}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (Bench) bench = play_batches (4, "drop", rows[i].downstream);
    g_autoptr (GstPad) pad = gst_element_get_static_pad (bench->element, "sink");
    g_autofree gchar *text = g_strdup_printf (
        "video/x-raw,format=RGB,width=6,height=4,framerate=(fraction)%s", rows[i].rate);
    g_autoptr (GstCaps) expected = gst_caps_from_string (
        rows[i].rate[0] == '{' || rows[i].rate[0] == '[' ? (g_free (text),
            text = g_strdup_printf (
                "video/x-raw,format=RGB,width=6,height=4,framerate=%s", rows[i].rate))
                                                         : text);
    g_autoptr (GstCaps) found = gst_pad_query_caps (pad, NULL);
    g_autoptr (GstCaps) first = gst_caps_copy_nth (found, 0);

    g_assert_true (gst_caps_is_subset (expected, first));
    gst_caps_set_simple (first, "format", G_TYPE_STRING, "RGB", NULL);
    g_assert_true (gst_caps_is_equal (expected, first));
  }
}

/* Words instead of "not negotiated". */
static void
test_refused (void)
{
  static const struct {
    guint size;
    const gchar *downstream, *words;
  } rows[] = {
    { 1, TENSORS ",dimensions=(string)3:6:4:8",
        "needs 8 frames per tensor, but batch-size is 1. Set batch-size=8" },
    { 8, TENSORS ",dimensions=(string)3:6:4:1", "needs 1 frame per tensor, but batch-size is 8" },
    { 8, TENSORS ",dimensions=(string)3:6:4", "needs 1 frame per tensor, but batch-size is 8" },
    { 2, "other/tensor,dimension=(string)6:4:3:4", "Set batch-size=4" },
    { 2, "video/x-raw", "8-bit video is sent frame by frame" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (Bench) bench = play_batches (rows[i].size, "drop", rows[i].downstream);

    for (guint n = 0; n < 3; n++) /* said once */
      g_assert_false (bench_offer_caps (bench, video_caps ("RGB", WIDTH, HEIGHT)));
    bench_expect (
        bench, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, rows[i].words);
  }
}

static void
test_latency (void)
{
  static const guint sizes[] = { 1, 2, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (Bench) bench = play_batches (sizes[i], "drop", NULL);
    const GstClockTime expected = (sizes[i] - 1) * DURATION;

    gst_harness_set_upstream_latency (bench->harness, 5 * GST_MSECOND);
    g_assert_true (bench_offer_caps (
        bench, gst_caps_from_string ("video/x-raw,format=RGB,width=6,height=4,framerate=25/1")));
    g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_LATENCY), ==, expected ? 1 : 0);
    g_assert_cmpuint (gst_harness_query_latency (bench->harness), ==, 5 * GST_MSECOND + expected);
    /* of frames that come at no particular rate nothing is known */
    g_assert_true (bench_offer_caps (
        bench, gst_caps_from_string ("video/x-raw,format=RGB,width=6,height=4,framerate=0/1")));
    g_assert_cmpuint (gst_harness_query_latency (bench->harness), ==, 5 * GST_MSECOND);
  }
}

/* Straight to the pad: a pad before it would keep a segment that is refused, and say that it went well. */
static gboolean
play_backwards (Bench *bench)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (bench->element, "sink");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = GST_SECOND;
  return gst_pad_send_event (pad, gst_event_new_segment (&segment));
}

static void
test_backwards (void)
{
  static const struct {
    const gchar *statistics, *scope;
    guint size;
    gboolean allowed;
  } rows[] = { { "running", "pixel", 1, FALSE }, { "running", "channel", 1, FALSE },
    { "batch", "channel", 1, FALSE }, { "frame", "channel", 2, FALSE },
    { "frame", "global", 1, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (Bench) bench = play_statistics (rows[i].statistics, rows[i].scope, rows[i].size);

    g_assert_true (play_backwards (bench) == rows[i].allowed);
    if (rows[i].allowed) {
      show_flat (bench, 7);
      continue;
    }
    g_assert_false (play_backwards (bench)); /* said once */
    bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "The stream plays backwards");
    end_segment (bench);
    push_flat (bench, 7, 0);
  }
}

/* A running mean of flat frames, momentum a half. */
static void
check_running (const gchar *scope)
{
  g_autoptr (Bench) bench = play_statistics ("running", scope, 1);
  const GstBufferFlags untrusted[] = { GST_BUFFER_FLAG_GAP, GST_BUFFER_FLAG_CORRUPTED,
    GST_BUFFER_FLAG_DECODE_ONLY };
  GstSegment segment;

  /* nothing starts with a frame that is not to be trusted */
  g_assert_cmpfloat (show_flags (bench, 200, untrusted[0]), ==, 0);
  g_assert_cmpfloat (show_flat (bench, 100), ==, 0);
  g_assert_cmpfloat (show_flat (bench, 120), ==, 20); /* mean 110 */
  for (guint i = 0; i < G_N_ELEMENTS (untrusted); i++)
    g_assert_cmpfloat (show_flags (bench, 200, untrusted[i]), ==, 90);
  g_assert_cmpfloat (show_flags (bench, 110, GST_BUFFER_FLAG_DISCONT), ==, 0);
  g_assert_cmpfloat (show_flat (bench, 130), ==, 20); /* 120 */

  /* a seek */
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (bench->harness, gst_event_new_flush_start ());
  gst_harness_push_event (bench->harness, gst_event_new_flush_stop (TRUE));
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_segment (&segment)));
  g_assert_cmpfloat (show_flat (bench, 100), ==, -20); /* 110 */

  /* the same picture in another order and at another rate */
  g_assert_true (bench_offer_caps (
      bench, gst_caps_from_string ("video/x-raw,format=RGB,width=6,height=4,framerate=5/1")));
  g_assert_cmpfloat (show_flat (bench, 100), ==, -10); /* 105 */
  bench_set_video (bench, "GBR", WIDTH, HEIGHT);
  g_assert_cmpint (bench_push (bench, new_flat ("GBR", WIDTH, 105, 0)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  gfloat y = 1;
  gst_buffer_extract (out, 0, &y, sizeof y);
  g_assert_cmpfloat (y, ==, 0);
  gst_buffer_unref (out);

  /* another size, and a stop, begin anew */
  bench_set_video (bench, "RGB", WIDTH + 1, HEIGHT);
  g_assert_cmpint (bench_push (bench, new_flat ("RGB", WIDTH + 1, 50, 0)), ==, GST_FLOW_OK);
  out = gst_harness_pull (bench->harness);
  gst_buffer_extract (out, 0, &y, sizeof y);
  g_assert_cmpfloat (y, ==, 0);
  gst_buffer_unref (out);
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  g_assert_cmpfloat (show_flat (bench, 60), ==, 0);
  g_assert_cmpfloat (show_flat (bench, 70), ==, 10);
  gst_element_set_state (bench->element, GST_STATE_NULL);
  gst_element_set_state (bench->element, GST_STATE_PLAYING);
  gst_harness_push_event (bench->harness, gst_event_new_stream_start ("again"));
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  end_segment (bench);
  g_assert_cmpfloat (show_flat (bench, 90), ==, 0);
}

static void
test_running (void)
{
  static const gchar *const scopes[] = { "pixel", "channel", "global" };

  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    check_running (scopes[i]);
}

/* Per channel the mean moves once a tensor, by the mean of its frames; those of a tensor that a flush
 * forgets are forgotten. */
static void
test_running_batches (void)
{
  g_autoptr (Bench) bench = play_statistics ("running", "channel", 2);
  static const guint8 frames[] = { 100, 120, 100, 120, 110, 110 };
  static const gfloat expected[] = { 0, 20, -5, 15, 2.5f, 2.5f }; /* means 100, 105, 107.5 */
  gfloat y[2 * SAMPLES];
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i += 2) {
    push_flat (bench, frames[i], i);
    if (i == 2) {
      gst_harness_push_event (bench->harness, gst_event_new_flush_start ());
      gst_harness_push_event (bench->harness, gst_event_new_flush_stop (TRUE));
      g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_segment (&segment)));
      push_flat (bench, frames[i], i);
    }
    push_flat (bench, frames[i + 1], i + 1);
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_cmpuint (gst_buffer_extract (out, 0, y, sizeof y), ==, sizeof y);
    g_assert_cmpfloat (y[0], ==, expected[i]);
    g_assert_cmpfloat (y[2 * SAMPLES - 1], ==, expected[i + 1]);
    gst_buffer_unref (out);
  }
}

/* A change of something else goes on with the estimates; another profile does not. */
static void
test_running_goes_on (void)
{
  g_autoptr (Bench) bench = play_statistics ("running", "pixel", 1);
  gfloat y = 0;

  show_flat (bench, 100);
  show_flat (bench, 120); /* 110 */
  gst_util_set_object_arg (G_OBJECT (bench->element), "gamma", "<3>");
  for (guint i = 0; i < 10000 && y != 30; i++) {
    g_usleep (2000);
    y = show_flags (bench, 120, GST_BUFFER_FLAG_GAP);
    g_assert_true (y == 10 || y == 30);
  }
  g_assert_cmpfloat (y, ==, 30);
}

static PixelnormProfile *
new_flat_profile (guint8 value)
{
  Picture *picture = picture_new_flat (3, WIDTH, HEIGHT, value);
  PixelnormProfile *profile = profile_new (&picture, 1, PIXELNORM_SCOPE_PIXEL);

  picture_free (picture);
  return profile;
}

/* They start from a profile, and anew from another one. */
static void
test_running_from_profiles (void)
{
  g_autoptr (PixelnormProfile) first = new_flat_profile (100), second = new_flat_profile (50);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", first, "momentum", .5, "method",
      PIXELNORM_METHOD_CENTER, "statistics", PIXELNORM_STATISTICS_SOURCE_RUNNING, NULL);
  gfloat y = 0;

  bench_play (bench, "other/tensors,types=(string)float32");
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  g_assert_cmpfloat (show_flat (bench, 120), ==, 20); /* 110 */
  g_object_set (bench->element, "profile", second, NULL);
  for (guint i = 0; i < 10000 && y != 70; i++) {
    g_usleep (2000);
    y = show_flags (bench, 120, GST_BUFFER_FLAG_GAP);
    g_assert_true (y == 10 || y == 70);
  }
  g_assert_cmpfloat (y, ==, 70);
  /* says which, and how */
  GstStructure *report = bench_take_report (bench, "pixelnorm");
  g_assert_cmpstr (gst_structure_get_string (report, "statistics"), ==, "running");
  g_assert_cmpstr (gst_structure_get_string (report, "scope"), ==, "pixel");
  g_assert_cmpstr (
      gst_structure_get_string (report, "identity"), ==, pixelnorm_profile_get_identity (second));
  gst_structure_free (report);
}

/* The values of an array. */
static void
assert_array (GstBuffer *buffer, const gchar *field, const gdouble *expected, guint n)
{
  const GValue *array = gst_structure_get_value (meta_of (buffer), field);

  g_assert_nonnull (array);
  g_assert_cmpuint (gst_value_array_get_size (array), ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (
        g_value_get_double (gst_value_array_get_value (array, i)), expected[i], 1e-12);
}

/* Two tensors of random frames, the same buffer of the pool: what was used is said, and nothing of the input is
 * held. */
static void
check_coefficients (const gchar *statistics, guint n_sets)
{
  g_autoptr (Bench) bench = play_statistics (statistics, "channel", 2);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "center");
  for (guint round = 0; round < 3; round++) {
    Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);
    gdouble means[6], ones[] = { 1, 1, 1, 1, 1, 1 };
    gfloat y[2 * SAMPLES];

    for (guint i = 0; i < 2; i++) {
      GstBuffer *in = buffer_new (format_find ("RGB"), pictures[i], NULL);

      g_assert_cmpint (bench_push (bench, gst_buffer_ref (in)), ==, GST_FLOW_OK);
      g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (in), ==, 1);
      gst_buffer_unref (in);
    }
    for (guint i = 0; i < 3 * n_sets; i++) {
      const Tally tally = tally_channel (pictures + i / 3, n_sets == 1 ? 2 : 1, i % 3);

      means[i] = tally_mean (&tally);
    }
    GstBuffer *out = gst_harness_pull (bench->harness);
    assert_array (out, "mean", means, 3 * n_sets);
    assert_array (out, "std", ones, 3 * n_sets);
    gst_buffer_extract (out, 0, y, sizeof y);
    for (guint i = 0; i < 2 * SAMPLES; i++) {
      const guint k = i % SAMPLES, set = n_sets == 1 ? 0 : i / SAMPLES;

      g_assert_cmpfloat_with_epsilon (y[i],
          *picture_at (pictures[i / SAMPLES], k / 3 % WIDTH, k / 3 / WIDTH, k % 3)
              - means[3 * set + k % 3],
          1e-4);
    }
    gst_buffer_unref (out);
    pictures_free (pictures, 2);
  }
}

static void
test_coefficients (void)
{
  check_coefficients ("frame", 2);
  check_coefficients ("batch", 1);
}

/* A frame that cannot be read ends the stream, and its tensor with it. */
static void
test_broken_frame (void)
{
  g_autoptr (Bench) bench = play_statistics ("batch", "channel", 3);

  push_flat (bench, 1, 0);
  g_assert_cmpint (bench_push (bench, gst_buffer_new_allocate (NULL, 7, NULL)), ==, GST_FLOW_ERROR);
  bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "6x4");
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/pixelnorm-batches/ends", test_ends);
  g_test_add_func ("/pixelnorm-batches/stop", test_stop);
  g_test_add_func ("/pixelnorm-batches/flush", test_flush);
  g_test_add_func ("/pixelnorm-batches/gap-event", test_gap_event);
  g_test_add_func ("/pixelnorm-batches/flags", test_flags);
  g_test_add_func ("/pixelnorm-batches/caps", test_caps);
  g_test_add_func ("/pixelnorm-batches/input-caps", test_input_caps);
  g_test_add_func ("/pixelnorm-batches/refused", test_refused);
  g_test_add_func ("/pixelnorm-batches/latency", test_latency);
  g_test_add_func ("/pixelnorm-batches/backwards", test_backwards);
  g_test_add_func ("/pixelnorm-batches/running", test_running);
  g_test_add_func ("/pixelnorm-batches/running-batches", test_running_batches);
  g_test_add_func ("/pixelnorm-batches/running-goes-on", test_running_goes_on);
  g_test_add_func ("/pixelnorm-batches/running-from-profiles", test_running_from_profiles);
  g_test_add_func ("/pixelnorm-batches/coefficients", test_coefficients);
  g_test_add_func ("/pixelnorm-batches/broken-frame", test_broken_frame);
  return element_test_run ();
}
