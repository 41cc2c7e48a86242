/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps of format=flexible say nothing of the video: pixeldenorm waits for a header, and events with it. In which order they
 * leave, and what becomes of them where no header comes. The numbers are in test_flexible.py.
 */
#include <string.h>

#include "element-test.h"

enum {
  HEADER = 128,
  FRAME = 4 * 2 * 3, /* 4x2 pixels: rows need no padding */
};

#define OPEN "other/tensors,format=(string)flexible,framerate=(fraction)30/1"

static GstBuffer *
tensor_new (guint32 width, guint32 height)
{
  const guint32 words[HEADER / 4] = { 0xfeedcced, 0xde001000, 5 /* uint8 */, 3, width,
    height, [19] = 1, [20] = 4 };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, HEADER + width * height * 3, NULL);

  gst_buffer_memset (buffer, 0, 77, HEADER + width * height * 3);
  gst_buffer_fill (buffer, 0, words, sizeof words);
  return buffer;
}

static Bench *
new_bench (void)
{
  Bench *bench = bench_new ("pixeldenorm", NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  bench_play (bench, "video/x-raw,format=RGB");
  return bench;
}

static void
push (Bench *bench, GstEvent *event)
{
  g_assert_true (gst_pad_push_event (bench->harness->srcpad, event));
}

static void
push_caps (Bench *bench, const gchar *text)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);

  push (bench, gst_event_new_caps (caps));
}

static void
push_segment (Bench *bench, GstClockTime start)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = start;
  push (bench, gst_event_new_segment (&segment));
}

static void
push_title (Bench *bench, const gchar *title)
{
  push (bench, gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, title, NULL)));
}

/* The events that left, a word each. */
static void
expect_events (Bench *bench, const gchar *expected)
{
  g_autoptr (GString) found = g_string_new (NULL);
  GstEvent *event;

  while ((event = gst_harness_try_pull_event (bench->harness))) {
    g_string_append_printf (found, "%s%s", found->len ? " " : "", GST_EVENT_TYPE_NAME (event));
    gst_event_unref (event);
  }
  g_assert_cmpstr (found->str, ==, expected);
}

static void
expect_frames (Bench *bench, guint n)
{
  g_assert_cmpuint (gst_harness_buffers_in_queue (bench->harness), ==, n);
  for (guint i = 0; i < n; i++)
    gst_buffer_unref (gst_harness_pull (bench->harness));
}

static void
test_order (void)
{
  g_autoptr (Bench) bench = new_bench ();

  push (bench, gst_event_new_stream_start ("a"));
  push_caps (bench, OPEN);
  push_segment (bench, 7);
  push_title (bench, "x");
  push (bench, gst_event_new_gap (0, 1));
  expect_events (bench, "stream-start");
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  expect_events (bench, "caps segment tag gap");
  expect_frames (bench, 1);
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (bench->harness->sinkpad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;
  gst_event_parse_segment (event, &segment);
  g_assert_cmpuint (segment->start, ==, 7);
  /* from now on they pass */
  push_title (bench, "y");
  expect_events (bench, "tag");
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  expect_events (bench, "");
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (2, 4)), ==, GST_FLOW_OK);
  expect_events (bench, "caps");
  expect_frames (bench, 2);
}

/* Open caps that come again, as after a change of rate, wait anew; those that say all do not. */
static void
test_caps_again (void)
{
  g_autoptr (Bench) bench = new_bench ();

  push (bench, gst_event_new_stream_start ("a"));
  push_caps (bench, OPEN);
  push_segment (bench, 0);
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  expect_events (bench, "stream-start caps segment");
  push_caps (bench, "other/tensors,format=(string)flexible,framerate=(fraction)25/1");
  push_title (bench, "x");
  expect_events (bench, "");
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  expect_events (bench, "caps tag");
  push_caps (bench, OPEN);
  push_title (bench, "y");
  push_caps (bench, OPEN ",types=(string)uint8,dimensions=(string)3:4:2");
  expect_events (bench, "caps tag");
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  push_caps (bench,
      "other/tensors,format=(string)static,num_tensors=(int)1,types=(string)uint8,"
      "dimensions=(string)3:4:2,framerate=(fraction)24/1");
  expect_events (bench, "caps");
  g_assert_cmpint (
      gst_pad_push (bench->harness->srcpad, gst_buffer_new_wrapped (g_malloc0 (FRAME), FRAME)), ==,
      GST_FLOW_OK);
  expect_frames (bench, 4);
}

/* No header ever comes: nothing hangs, and what may go without caps goes; then another stream. */
static void
test_end_without_tensors (void)
{
  g_autoptr (Bench) bench = new_bench ();

  push (bench, gst_event_new_stream_start ("a"));
  push_caps (bench, OPEN);
  push_segment (bench, 0);
  push_title (bench, "x");
  push (bench, gst_event_new_eos ());
  expect_events (bench, "stream-start tag eos");
  push (bench, gst_event_new_stream_start ("b"));
  push_caps (bench, OPEN);
  push_segment (bench, 0);
  expect_events (bench, "stream-start");
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  expect_events (bench, "caps segment");
  expect_frames (bench, 1);
}

static void
test_flush (void)
{
  g_autoptr (Bench) bench = new_bench ();

  push (bench, gst_event_new_stream_start ("a"));
  push_caps (bench, OPEN);
  push_segment (bench, 0);
  push_title (bench, "x");
  push (bench, gst_event_new_flush_start ());
  push (bench, gst_event_new_flush_stop (TRUE));
  push_segment (bench, 5);
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (bench->harness->sinkpad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;
  gst_event_parse_segment (event, &segment);
  g_assert_cmpuint (segment->start, ==, 5);
  /* the header is known, so nothing waits after the next flush */
  push (bench, gst_event_new_flush_start ());
  push (bench, gst_event_new_flush_stop (TRUE));
  while (gst_harness_events_in_queue (bench->harness) > 0)
    gst_event_unref (gst_harness_pull_event (bench->harness));
  push_segment (bench, 6);
  expect_events (bench, "segment");
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
}

/* Stopped while events wait, and started again. */
static void
test_stop (void)
{
  g_autoptr (Bench) bench = new_bench ();

  push (bench, gst_event_new_stream_start ("a"));
  push_caps (bench, OPEN);
  push_segment (bench, 0);
  bench_unplay (bench);
  bench_play (bench, "video/x-raw,format=RGB");
  push (bench, gst_event_new_stream_start ("b"));
  push_caps (bench, OPEN);
  push_segment (bench, 0);
  g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  expect_events (bench, "stream-start caps segment");
}

/* What stands behind asks anew, before a header and after one. */
static void
test_reconfigure (void)
{
  g_autoptr (Bench) bench = new_bench ();

  push (bench, gst_event_new_stream_start ("a"));
  push_caps (bench, OPEN);
  push_segment (bench, 0);
  for (guint i = 0; i < 3; i++) {
    gst_pad_push_event (bench->harness->sinkpad, gst_event_new_reconfigure ());
    g_assert_cmpint (gst_pad_push (bench->harness->srcpad, tensor_new (4, 2)), ==, GST_FLOW_OK);
  }
  expect_events (bench, "stream-start caps segment");
  expect_frames (bench, 3);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/pixeldenorm-flexible/order", test_order);
  g_test_add_func ("/pixeldenorm-flexible/caps-again", test_caps_again);
  g_test_add_func ("/pixeldenorm-flexible/end-without-tensors", test_end_without_tensors);
  g_test_add_func ("/pixeldenorm-flexible/flush", test_flush);
  g_test_add_func ("/pixeldenorm-flexible/stop", test_stop);
  g_test_add_func ("/pixeldenorm-flexible/reconfigure", test_reconfigure);
  return element_test_run ();
}
