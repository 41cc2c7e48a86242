/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lets go of the frames that pixelstats holds for a batch: statistics are those of every frame
 * that passed, and no buffer is held any longer, in the middle of a batch and after it.
 */
#include "element-test.h"

#define FORMAT "RGB"
enum {
  WIDTH = 9,
  HEIGHT = 5,
  BATCH = 8,
};

static Bench *
play (Bench *bench)
{
  bench_play (bench, NULL);
  bench_set_video (bench, FORMAT, WIDTH, HEIGHT);
  return bench;
}

/* Buffers that live; more than a test sent are held. */
static gint n_alive; /* atomic: a checkpoint ends in a thread of its own */

static void
note_death (gpointer data, GstMiniObject *buffer)
{
  g_atomic_int_add (&n_alive, -1);
}

static GstBuffer *
watch (GstBuffer *buffer)
{
  g_atomic_int_inc (&n_alive);
  gst_mini_object_weak_ref (GST_MINI_OBJECT (buffer), note_death, NULL);
  return buffer;
}

/* Pushes, and does with what comes out what its next user may: write, where nobody else has it.
 * Returns whether it could. */
static gboolean
push_and_scribble (Bench *bench, GstBuffer *buffer)
{
  g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  const gboolean writable = gst_buffer_is_writable (out);

  if (writable && gst_buffer_is_all_memory_writable (out))
    gst_buffer_memset (out, 0, 0xaa, -1);
  gst_buffer_unref (out);
  return writable;
}

/* The profile now, by its property, is of these and no others. */
static void
assert_statistics (Bench *bench, Picture *const *pictures, guint n_pictures)
{
  g_autoptr (PixelnormProfile) expected = profile_new (pictures, n_pictures, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (PixelnormProfile) profile = NULL;

  g_object_get (bench->element, "profile", &profile, NULL);
  g_assert_nonnull (profile);
  g_assert_cmpstr (
      pixelnorm_profile_get_identity (profile), ==, pixelnorm_profile_get_identity (expected));
}

/* RELEASE TABLE: what lets go of held buffers in the middle of a batch. */
typedef void (*Release) (Bench *bench);

static void
release_by_gap (Bench *bench)
{
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_gap (0, GST_SECOND)));
}

static void
release_by_flush_start (Bench *bench)
{
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_flush_start ()));
}

static void
release_by_flush_stop (Bench *bench)
{
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_flush_stop (TRUE)));
}

static void
release_by_caps (Bench *bench)
{
  gst_harness_set_src_caps (bench->harness, video_caps ("BGR", WIDTH, HEIGHT));
}

static void
release_by_segment (Bench *bench)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_segment (&segment)));
}

static void
release_by_stream_start (Bench *bench)
{
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_stream_start ("next")));
}

static void
release_by_segment_done (Bench *bench)
{
  g_assert_true (
      gst_harness_push_event (bench->harness, gst_event_new_segment_done (GST_FORMAT_TIME, 0)));
}

static void
release_by_drain (Bench *bench)
{
  GstQuery *query = gst_query_new_drain ();

  gst_pad_peer_query (bench->harness->srcpad, query);
  gst_query_unref (query);
}

static void
release_by_allocation (Bench *bench)
{
  g_autoptr (GstCaps) caps = video_caps (FORMAT, WIDTH, HEIGHT);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);

  gst_pad_peer_query (bench->harness->srcpad, query);
  gst_query_unref (query);
}

static void
release_by_save (Bench *bench)
{
  g_assert_true (bench_save (bench));
}

static void
release_by_profile (Bench *bench)
{
  PixelnormProfile *profile = NULL;

  g_object_get (bench->element, "profile", &profile, NULL);
  g_object_unref (profile);
}

static void
release_by_end (Bench *bench)
{
  bench_end (bench);
}

static const struct {
  const gchar *name;
  Release release;
} releases[] = {
  { "gap", release_by_gap },
  { "flush-start", release_by_flush_start },
  { "flush-stop", release_by_flush_stop },
  { "caps", release_by_caps },
  { "segment", release_by_segment },
  { "segment-done", release_by_segment_done },
  { "stream-start", release_by_stream_start },
  { "drain", release_by_drain },
  { "allocation", release_by_allocation },
  { "save", release_by_save },
  { "profile", release_by_profile },
  { "end", release_by_end },
};

/* After @n frames: a batch is added while the next seven come, a part with its last frame and with each of them. */
static gint
n_waiting (guint n)
{
  return (gint) (n < 2 * BATCH - 1 ? n : n - ((n + 1) / BATCH - 1) * BATCH);
}

static void
push_watched (Bench *bench, Picture *const *pictures, guint n)
{
  for (guint i = 0; i < n; i++)
    push_and_scribble (bench, watch (buffer_new (format_find (FORMAT), pictures[i], NULL)));
}

static void
check_release (const gchar *name, Release release, guint n)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (n, 3, WIDTH, HEIGHT);

  g_test_message ("%s after %u", name, n);
  push_watched (bench, pictures, n);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, n_waiting (n));
  release (bench);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, n);
  assert_statistics (bench, pictures, n);
  pictures_free (pictures, n);
}

static void
test_releases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (releases); i++) {
    check_release (releases[i].name, releases[i].release, 3);
    check_release (releases[i].name, releases[i].release, BATCH);
    check_release (releases[i].name, releases[i].release, BATCH + 1);
    check_release (releases[i].name, releases[i].release, 2 * BATCH - 1);
    check_release (releases[i].name, releases[i].release, 2 * BATCH + 3);
  }
}

static void
test_stop (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (11, 3, WIDTH, HEIGHT);

  push_watched (bench, pictures, 11);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, n_waiting (11));
  bench_unplay (bench);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  assert_saved_frames (path, pictures, 11);
  pictures_free (pictures, 11);
}

/* Nothing is written then, so nobody looks at the statistics. */
static void
test_stop_without_location (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);

  push_watched (bench, pictures, 3);
  bench_unplay (bench);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  assert_statistics (bench, pictures, 3);
  pictures_free (pictures, 3);
}

static void
test_refused_caps (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);
  g_autoptr (GstCaps) caps = video_caps (FORMAT, WIDTH, HEIGHT);

  push_watched (bench, pictures, 3);
  gst_caps_set_simple (caps, "interlace-mode", G_TYPE_STRING, "interleaved", NULL);
  gst_harness_push_event (bench->harness, gst_event_new_caps (caps));
  bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "interleaved");
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  assert_statistics (bench, pictures, 3);
  pictures_free (pictures, 3);
}

/* Memory that is still mapped somewhere would be copied before it is written. */
static void
test_unmapped (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);

  for (guint kind = 0; kind < 2; kind++) {
    GstBuffer *buffer = buffer_new (format_find (FORMAT), picture, NULL);
    const GstMemory *memory = gst_buffer_peek_memory (buffer, 0);

    if (kind == 1) { /* it is copied */
      g_autoptr (GstBuffer) parent = gst_buffer_new ();

      gst_buffer_add_parent_buffer_meta (buffer, parent);
    }
    bench_push (bench, gst_buffer_ref (buffer));
    gst_buffer_unref (gst_harness_pull (bench->harness));
    release_by_drain (bench);
    g_assert_true (gst_buffer_is_writable (buffer));
    gst_buffer_memset (buffer, 0, 1, -1);
    g_assert_true (gst_buffer_peek_memory (buffer, 0) == memory);
    gst_buffer_unref (buffer);
  }
}

static void
test_reset (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (10, 3, WIDTH, HEIGHT);

  push_watched (bench, pictures, 5);
  g_signal_emit_by_name (bench->element, "reset");
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 0);
  push_watched (bench, pictures + 5, 5);
  bench_end (bench);
  assert_saved_frames (path, pictures + 5, 5);
  pictures_free (pictures, 10);
}

/* Asked after every frame, and not at all, the numbers are the same. */
static void
test_profile_after_each (void)
{
  enum { N = 3 * BATCH + 1 };
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);

  for (guint i = 0; i < N; i++) {
    bench_show (bench, format_find (FORMAT), pictures[i]);
    assert_statistics (bench, pictures, i + 1);
  }
  pictures_free (pictures, N);
}

/* A message tells of all frames, those that wait too. */
static void
test_message (void)
{
  g_autoptr (Bench) bench =
      play (bench_new ("pixelstats", "message-interval", (guint64) GST_SECOND, NULL));
  Picture **pictures = pictures_new_random (4, 3, WIDTH, HEIGHT);

  for (guint i = 0; i < 4; i++) {
    GstBuffer *buffer = buffer_new (format_find (FORMAT), pictures[i], NULL);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND / 3;
    push_and_scribble (bench, watch (buffer));
  }
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  GstStructure *report = bench_take_report (bench, "pixelstats");
  const Tally tally = tally_channel (pictures, 4, 1);
  const GValue *means = gst_structure_get_value (report, "mean");
  g_assert_cmpfloat_with_epsilon (
      g_value_get_double (gst_value_array_get_value (means, 1)), tally_mean (&tally), 1e-12);
  gst_structure_free (report);
  pictures_free (pictures, 4);
}

static void
test_checkpoint (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new (
      "pixelstats", "location", path, "checkpoint-interval", (guint64) (300 * GST_MSECOND), NULL));
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);

  push_watched (bench, pictures, 2);
  g_usleep (310000);
  push_watched (bench, pictures + 2, 1);
  wait_for_file (path);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  assert_saved_frames (path, pictures, 3);
  pictures_free (pictures, 3);
}

static void
test_max_frames (void)
{
  enum { N = 13, MOST = BATCH + 2 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench =
      play (bench_new ("pixelstats", "location", path, "max-frames", (guint64) MOST, NULL));
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);

  push_watched (bench, pictures, MOST);
  wait_for_file (path);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  push_watched (bench, pictures + MOST, N - MOST);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, MOST);
  assert_saved_frames (path, pictures, MOST);
  pictures_free (pictures, N);
}

/* Without a file nobody looks at the statistics then, but nothing may stay held. */
static void
test_max_frames_without_location (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "max-frames", (guint64) 3, NULL));
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);

  push_watched (bench, pictures, 3);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  assert_statistics (bench, pictures, 3);
  pictures_free (pictures, 3);
}

static void
test_frame_step (void)
{
  enum { N = 41, STEP = 2 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench =
      play (bench_new ("pixelstats", "location", path, "frame-step", STEP, NULL));
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT), *taken[(N + 1) / STEP];

  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    taken[i] = pictures[i * STEP];
  push_watched (bench, pictures, N);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, n_waiting (G_N_ELEMENTS (taken)));
  bench_end (bench);
  assert_saved_frames (path, taken, G_N_ELEMENTS (taken));
  pictures_free (pictures, N);
}

/* A broken frame in the middle takes none of the others with it. */
static void
test_broken (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (BATCH + 2, 3, WIDTH, HEIGHT);

  push_watched (bench, pictures, 3);
  push_and_scribble (bench, gst_buffer_new_allocate (NULL, 7, NULL));
  bench_expect (bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "9x5");
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 3);
  push_watched (bench, pictures + 3, BATCH - 1);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, 1);
  bench_end (bench);
  assert_saved_frames (path, pictures, BATCH + 2);
  pictures_free (pictures, BATCH + 2);
}

static void
test_scope_channel (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "scope", PIXELNORM_SCOPE_CHANNEL, NULL));
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);

  for (guint i = 0; i < 3; i++) {
    g_assert_true (
        push_and_scribble (bench, watch (buffer_new (format_find (FORMAT), picture, NULL))));
    g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  }
}

static void
look_at_death (gpointer data, GstMiniObject *buffer)
{
  guint64 frames;

  g_object_get (data, "frames", &frames, NULL);
  g_assert_cmpuint (frames, ==, 2 * BATCH - 1);
}

/* Who gets a buffer back may ask at once; pixelstats holds no lock then. */
static void
test_asked_when_released (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);

  for (guint i = 0; i < 2 * BATCH - 1; i++) {
    GstBuffer *buffer = buffer_new (format_find (FORMAT), picture, NULL);

    gst_mini_object_weak_ref (GST_MINI_OBJECT (buffer), look_at_death, bench->element);
    push_and_scribble (bench, buffer);
  }
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/pixelstats-release/releases", test_releases);
  g_test_add_func ("/pixelstats-release/stop", test_stop);
  g_test_add_func ("/pixelstats-release/stop-without-location", test_stop_without_location);
  g_test_add_func ("/pixelstats-release/refused-caps", test_refused_caps);
  g_test_add_func ("/pixelstats-release/unmapped", test_unmapped);
  g_test_add_func ("/pixelstats-release/reset", test_reset);
  g_test_add_func ("/pixelstats-release/profile-after-each", test_profile_after_each);
  g_test_add_func ("/pixelstats-release/message", test_message);
  g_test_add_func ("/pixelstats-release/checkpoint", test_checkpoint);
  g_test_add_func ("/pixelstats-release/max-frames", test_max_frames);
  g_test_add_func (
      "/pixelstats-release/max-frames-without-location", test_max_frames_without_location);
  g_test_add_func ("/pixelstats-release/frame-step", test_frame_step);
  g_test_add_func ("/pixelstats-release/broken", test_broken);
  g_test_add_func ("/pixelstats-release/scope-channel", test_scope_channel);
  g_test_add_func ("/pixelstats-release/asked-when-released", test_asked_when_released);
  return element_test_run ();
}
