/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every element at every moment with every kind of buffer: before caps, without a segment, in the middle of a batch, after a
 * flush, other caps, the end, a stop. None crashes or hangs; what comes out, what is counted and what is said is in the tables.
 */
#include <string.h>

#include "element-test.h"

enum {
  WIDTH = 6,
  HEIGHT = 4,
  TENSOR = WIDTH * HEIGHT * 3 * sizeof (gfloat),
  HEADER = 128,
};

/* KIND TABLE: buffers, by what they hold of the frame that the caps promise. */
typedef enum { WHOLE, GAP, LARGE, BROKEN } Effect;

typedef struct {
  const gchar *name;
  Effect effect;
  gint extra;       /* bytes more than the caps say; BROKEN: of an empty one all is missing */
  guint n_memories; /* 0: none can be mapped */
  GstBufferFlags flags;
} Kind;

static const Kind kinds[] = {
  { "whole", WHOLE, 0, 1 },
  { "many-memories", WHOLE, 0, 16 },
  { "gap", GAP, 0, 1, GST_BUFFER_FLAG_GAP },
  { "large", LARGE, 96, 1 },
  { "large-of-many-memories", LARGE, 1, 3 },
  { "short", BROKEN, -1, 1 },
  { "short-of-many-memories", BROKEN, -1, 5 },
  { "empty", BROKEN, G_MININT, 1 },
  { "unmappable", BROKEN, 0, 0 },
};

/* ELEMENT TABLE: what is on its sides. An RGB row of 6 is padded to 20 bytes. */
typedef struct {
  const gchar *name, *factory, *properties, *downstream;
  gsize size;           /* of a buffer that comes in */
  guint n_batch;        /* frames of a buffer that goes out */
  const gchar *tensors; /* caps of what comes in, where it is none of video */
} Subject;

#define FIXED "method=fixed mean=<10> std=<20>"
#define RATE ",framerate=30/1"
#define SAME ",dimensions=(string)3:6:4:1,types=(string)float32"
#define TENSORS "other/tensors,format=static,num_tensors=1" SAME RATE
#define FLEXIBLE "other/tensors,format=flexible"

static const Subject subjects[] = {
  { "pixelstats", "pixelstats", "scope=pixel", NULL, 20 * HEIGHT, 1 },
  { "pixelstats-channel", "pixelstats", "scope=channel", NULL, 20 * HEIGHT, 1 },
  { "pixelnorm-tensors", "pixelnorm", FIXED, "other/tensors", 20 * HEIGHT, 1 },
  { "pixelnorm-batches", "pixelnorm", FIXED " batch-size=4", "other/tensors", 20 * HEIGHT, 4 },
  { "pixelnorm-waiting", "pixelnorm", "statistics=batch scope=channel method=zscore batch-size=4",
      "other/tensors", 20 * HEIGHT, 4 },
  { "pixelnorm-running", "pixelnorm", "statistics=running scope=pixel method=zscore",
      "other/tensors", 20 * HEIGHT, 1 },
  { "pixelnorm-video", "pixelnorm", FIXED, "video/x-raw", 20 * HEIGHT, 1 },
  { "pixelnorm-flexible", "pixelnorm", FIXED " batch-size=2", FLEXIBLE, 20 * HEIGHT, 2 },
  { "pixeldenorm-tensors", "pixeldenorm", FIXED, "video/x-raw,format=RGB", TENSOR, 1, TENSORS },
  { "pixeldenorm-flexible", "pixeldenorm", FIXED, "video/x-raw,format=RGB", HEADER + TENSOR, 1,
      FLEXIBLE RATE },
  { "pixeldenorm-flexible-known", "pixeldenorm", FIXED, "video/x-raw,format=RGB", HEADER + TENSOR,
      1, FLEXIBLE ",num_tensors=1" SAME RATE },
  { "pixeldenorm-video", "pixeldenorm", FIXED, "video/x-raw,format=RGB", 20 * HEIGHT, 1 },
};

/* MOMENT TABLE: how it comes there, and what a buffer gets. */
typedef enum {
  NO_CAPS,
  NO_SEGMENT,
  FIRST,
  IN_BATCH,
  FLUSHED,
  NEW_CAPS,
  ENDED,
  FLUSHING,
  STOPPED
} When;

typedef struct {
  const gchar *name;
  When when;
  guint n_before;         /* frames that were shown before */
  gboolean forgets_batch; /* those of them that wait for others are gone by then */
  GstFlowReturn refused;  /* what any buffer gets; GST_FLOW_OK: it is taken */
} Moment;

static const Moment moments[] = {
  { "no-caps", NO_CAPS, 0, FALSE, GST_FLOW_NOT_NEGOTIATED },
  { "no-segment", NO_SEGMENT, 0, FALSE, GST_FLOW_OK },
  { "first", FIRST, 0, FALSE, GST_FLOW_OK },
  { "in-a-batch", IN_BATCH, 3, FALSE, GST_FLOW_OK },
  { "after-a-flush", FLUSHED, 2, TRUE, GST_FLOW_OK },
  { "after-new-caps", NEW_CAPS, 3, TRUE, GST_FLOW_OK },
  { "after-the-end", ENDED, 2, TRUE, GST_FLOW_EOS },
  { "in-a-flush", FLUSHING, 2, FALSE, GST_FLOW_FLUSHING },
  { "after-a-stop", STOPPED, 2, TRUE, GST_FLOW_FLUSHING },
};

typedef struct {
  const Subject *subject;
  const Moment *moment;
} Case;

/* Of bytes that count upwards, so that a sum tells which frames are in it. */
static GstMemory *
new_memory (gsize size, guint8 first)
{
  GstMemory *memory = gst_allocator_alloc (NULL, size, NULL);
  GstMapInfo map;

  g_assert_true (gst_memory_map (memory, &map, GST_MAP_WRITE));
  for (gsize i = 0; i < size; i++)
    map.data[i] = (guint8) (first + i);
  gst_memory_unmap (memory, &map);
  return memory;
}

/* That of NNStreamer, of float32 (7) and these dimensions, flexible (1), a tensor (4). */
static const guint32 header[HEADER / 4] = { 0xfeedcced, 0xde001000, 7, 3, WIDTH, HEIGHT,
  1, [19] = 1, [20] = 4 };

static GstBuffer *
new_buffer (const Subject *subject, const Kind *kind)
{
  const gint64 wanted = (gint64) subject->size + kind->extra;
  const gsize size = (gsize) (kind->extra == G_MININT ? 0 : MAX (wanted, 1));
  gsize done = 0;

  if (kind->n_memories == 0)
    return buffer_new_unmappable (size);
  GstBuffer *buffer = gst_buffer_new ();
  for (guint i = 0; i < kind->n_memories && size > 0; i++) {
    const gsize end = size * (i + 1) / kind->n_memories;

    gst_buffer_append_memory (buffer, new_memory (end - done, (guint8) done));
    done = end;
  }
  if (subject->tensors && g_str_has_prefix (subject->tensors, FLEXIBLE))
    gst_buffer_fill (buffer, 0, header, MIN (size, HEADER));
  GST_BUFFER_FLAG_SET (buffer, kind->flags);
  return buffer;
}

static GstFlowReturn
push (Bench *bench, const Subject *subject, const Kind *kind)
{
  return gst_pad_push (bench->harness->srcpad, new_buffer (subject, kind));
}

static GstCaps *
caps_of (const Subject *subject, gint framerate)
{
  GstCaps *caps = subject->tensors ? gst_caps_from_string (subject->tensors)
                                   : video_caps ("RGB", WIDTH, HEIGHT);

  gst_caps_set_simple (caps, "framerate", GST_TYPE_FRACTION, framerate, 1, NULL);
  return caps;
}

static void
push_event (Bench *bench, GstEvent *event)
{
  gst_pad_push_event (bench->harness->srcpad, event);
}

static void
push_caps (Bench *bench, const Subject *subject, gint framerate)
{
  g_autoptr (GstCaps) caps = caps_of (subject, framerate);

  push_event (bench, gst_event_new_caps (caps));
}

static void
push_segment (Bench *bench)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  push_event (bench, gst_event_new_segment (&segment));
}

static Bench *
bring_to (const Case *c)
{
  const Subject *subject = c->subject;
  g_auto (GStrv) words = g_strsplit (subject->properties, " ", -1);
  Bench *bench = bench_new (subject->factory, NULL);

  for (guint i = 0; words[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (words[i], "=", 2);

    gst_util_set_object_arg (G_OBJECT (bench->element), pair[0], pair[1]);
  }
  bench_play (bench, subject->downstream);
  if (c->moment->when != NO_CAPS)
    push_caps (bench, subject, 30);
  if (c->moment->when != NO_CAPS && c->moment->when != NO_SEGMENT)
    push_segment (bench);
  for (guint i = 0; i < c->moment->n_before; i++)
    g_assert_cmpint (push (bench, subject, &kinds[0]), ==, GST_FLOW_OK);
  switch (c->moment->when) {
  case FLUSHED:
    push_event (bench, gst_event_new_flush_start ());
    push_event (bench, gst_event_new_flush_stop (TRUE));
    push_segment (bench);
    break;
  case FLUSHING:
    push_event (bench, gst_event_new_flush_start ());
    break;
  case NEW_CAPS:
    push_caps (bench, subject, 25);
    break;
  case ENDED:
    push_event (bench, gst_event_new_eos ());
    break;
  case STOPPED:
    g_assert_cmpint (
        gst_element_set_state (bench->element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
    break;
  default:
    break;
  }
  return bench;
}

static gboolean
is_statistics (const Subject *subject)
{
  return g_str_equal (subject->factory, "pixelstats");
}

/* A tensor has exactly the size that its caps say. */
static Effect
effect_on (const Subject *subject, const Kind *kind)
{
  return subject->tensors && kind->effect == LARGE ? BROKEN : kind->effect;
}

/* What was said meanwhile is not of this buffer. */
static void
forget_messages (Bench *bench)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bench->bus)))
    gst_message_unref (message);
}

static void
assert_said (Bench *bench, guint n_errors, guint n_warnings)
{
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_ERROR), ==, n_errors);
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_WARNING), ==, n_warnings);
  forget_messages (bench);
}

/* Nothing of any buffer counts, and nothing comes out. */
static void
check_refused (Bench *bench, const Case *c)
{
  const guint n_before = gst_harness_buffers_received (bench->harness);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_test_message ("%s", kinds[i].name);
    g_assert_cmpint (push (bench, c->subject, &kinds[i]), ==, c->moment->refused);
    g_assert_cmpuint (gst_harness_buffers_received (bench->harness), ==, n_before);
    /* pixelstats hands on what it gets, so nobody else would say so */
    assert_said (bench, is_statistics (c->subject) && c->moment->when == NO_CAPS, 0);
  }
  if (is_statistics (c->subject)) {
    g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, c->moment->n_before);
    g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, 0);
  }
}

/* What is whole counts, and the rest is told; every buffer goes on. Then one more frame, as if nothing had been. */
static void
check_statistics (Bench *bench, const Case *c, const Kind *kind)
{
  const gboolean counts = kind->effect == WHOLE || kind->effect == LARGE;
  const guint n = c->moment->n_before + counts,
              n_before = gst_harness_buffers_received (bench->harness);
  g_autoptr (PixelnormProfile) profile = NULL;
  PixelnormStatistics statistics;

  g_assert_cmpint (push (bench, c->subject, kind), ==, GST_FLOW_OK);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, n);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, !counts);
  assert_said (bench, 0, kind->effect == BROKEN || kind->effect == LARGE);
  g_assert_cmpint (push (bench, c->subject, &kinds[0]), ==, GST_FLOW_OK);
  g_assert_cmpuint (gst_harness_buffers_received (bench->harness), ==, n_before + 2);
  push_event (bench, gst_event_new_eos ());
  g_object_get (bench->element, "profile", &profile, NULL);
  g_assert_cmpuint (pixelnorm_profile_get_frames (profile), ==, n + 1);
  g_assert_cmpuint (pixelnorm_profile_get_frames_skipped (profile), ==, !counts);
  /* red is every third byte of a row: 20 y + 3 x, of y = 0..3 and x = 0..5 */
  pixelnorm_profile_get_statistics (profile, 0, &statistics);
  g_assert_cmpfloat (statistics.count, ==, (n + 1) * WIDTH * HEIGHT);
  g_assert_cmpfloat (statistics.mean, ==, 20 * 1.5 + 3 * 2.5);
  g_assert_cmpuint (statistics.min, ==, 0);
  g_assert_cmpuint (statistics.max, ==, 20 * 3 + 3 * 5);
  assert_said (bench, 0, 0);
}

/* What cannot be read ends the stream with one error; then a flush and frames: it goes on. */
static void
check_normalized (Bench *bench, const Case *c, const Kind *kind)
{
  const Effect effect = effect_on (c->subject, kind);
  const guint n_before = gst_harness_buffers_received (bench->harness), size = c->subject->n_batch;
  const guint n_waiting = c->moment->forgets_batch ? 0 : c->moment->n_before % size;

  g_assert_cmpint (
      push (bench, c->subject, kind), ==, effect == BROKEN ? GST_FLOW_ERROR : GST_FLOW_OK);
  const guint n_out = effect == BROKEN ? 0 : (n_waiting + 1) / size;
  g_assert_cmpuint (gst_harness_buffers_received (bench->harness), ==, n_before + n_out);
  assert_said (bench, effect == BROKEN, effect == LARGE);
  push_event (bench, gst_event_new_flush_start ());
  push_event (bench, gst_event_new_flush_stop (TRUE));
  push_segment (bench);
  for (guint i = 0; i < size; i++)
    g_assert_cmpint (push (bench, c->subject, &kinds[0]), ==, GST_FLOW_OK);
  g_assert_cmpuint (gst_harness_buffers_received (bench->harness), ==, n_before + n_out + 1);
  push_event (bench, gst_event_new_eos ());
  assert_said (bench, 0, 0);
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;

  if (c->moment->refused != GST_FLOW_OK) {
    g_autoptr (Bench) bench = bring_to (c);

    forget_messages (bench);
    check_refused (bench, c);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autoptr (Bench) bench = bring_to (c);

    g_test_message ("%s", kinds[i].name);
    forget_messages (bench);
    (is_statistics (c->subject) ? check_statistics : check_normalized) (bench, c, &kinds[i]);
  }
}

/* Sought back, frames that come again count again, which is said once; sought on, by another stream, after a reset, without
 * times and backwards they do not. */
static void
test_seeks (void)
{
  static const struct {
    const gchar *name;
    gint from, to; /* seconds; -1: no time */
    gdouble rate;
    gboolean new_stream, reset, warns;
  } seeks[] = {
    { "back", 5, 2, 1, FALSE, FALSE, TRUE },
    { "to the same", 5, 5, 1, FALSE, FALSE, TRUE },
    { "on", 5, 6, 1, FALSE, FALSE, FALSE },
    { "another stream", 5, 2, 1, TRUE, FALSE, FALSE },
    { "back and reset", 5, 2, 1, FALSE, TRUE, FALSE },
    { "no times", -1, -1, 1, FALSE, FALSE, FALSE },
    { "backwards", 5, 2, -1, FALSE, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (seeks); i++) {
    g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);
    GstSegment segment;

    g_test_message ("%s", seeks[i].name);
    bench_play (bench, NULL);
    push_caps (bench, &subjects[0], 30);
    for (guint n = 0; n < 4; n++) {
      GstBuffer *buffer = new_buffer (&subjects[0], &kinds[0]);
      const gint second = n == 0 ? seeks[i].from : seeks[i].to;

      if (second >= 0)
        GST_BUFFER_PTS (buffer) = (GstClockTime) second * GST_SECOND + n;
      if (n > 0) {
        push_event (bench, gst_event_new_flush_start ());
        push_event (bench, gst_event_new_flush_stop (TRUE));
      }
      if (n == 1 && seeks[i].new_stream)
        push_event (bench, gst_event_new_stream_start ("another"));
      if (n == 1 && seeks[i].reset)
        g_signal_emit_by_name (bench->element, "reset");
      gst_segment_init (&segment, GST_FORMAT_TIME);
      segment.rate = n == 0 ? 1 : seeks[i].rate;
      segment.stop = 100 * GST_SECOND;
      push_event (bench, gst_event_new_segment (&segment));
      if (seeks[i].to == seeks[i].from)
        GST_BUFFER_PTS (buffer) -= GST_BUFFER_PTS_IS_VALID (buffer) ? n : 0;
      g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
    }
    g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, seeks[i].reset ? 3 : 4);
    if (seeks[i].warns)
      bench_expect (bench, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
          "frames that come again are counted again");
    g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_WARNING), ==, 0);
  }
}

int
main (int argc, char *argv[])
{
  static Case cases[G_N_ELEMENTS (subjects) * G_N_ELEMENTS (moments)];
  guint n = 0;

  element_test_init (&argc, &argv);
  /* of GStreamer, about data before a segment */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  for (guint s = 0; s < G_N_ELEMENTS (subjects); s++)
    for (guint m = 0; m < G_N_ELEMENTS (moments); m++) {
      g_autofree gchar *name =
          g_strdup_printf ("/entries/%s/%s", subjects[s].name, moments[m].name);

      cases[n] = (Case){ &subjects[s], &moments[m] };
      g_test_add_data_func (name, &cases[n++], test_case);
    }
  g_test_add_func ("/entries/seeks", test_seeks);
  return element_test_run ();
}
