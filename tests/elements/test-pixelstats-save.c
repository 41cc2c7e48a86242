/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When pixelstats writes its profile, where it goes on from one, and what happens where it cannot:
 * no loss without a word on the bus, and never a damaged file.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "element-test.h"

#define FORMAT "BGRx"
enum {
  WIDTH = 6,
  HEIGHT = 5,
};

static Bench *
play (Bench *bench)
{
  bench_play (bench, NULL);
  bench_set_video (bench, FORMAT, WIDTH, HEIGHT);
  return bench;
}

static void
show_all (Bench *bench, Picture *const *pictures, guint n_pictures)
{
  for (guint i = 0; i < n_pictures; i++)
    bench_show (bench, format_find (FORMAT), pictures[i]);
}

/* A profile of these pictures at a new path. */
static gchar *
write_profile (Picture *const *pictures, guint n_pictures, PixelnormScope scope)
{
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, n_pictures, scope);
  g_autoptr (GError) error = NULL;
  gchar *path = path_new (".safetensors");

  pixelnorm_profile_save (profile, path, &error);
  g_assert_no_error (error);
  return path;
}

static void
test_stop_saves (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);

  show_all (bench, pictures, 3);
  g_assert_false (file_exists (path));
  bench_unplay (bench);
  assert_saved_frames (path, pictures, 3);
  pictures_free (pictures, 3);
}

static void
test_save_signal (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);

  g_assert_false (bench_save (bench));
  bench_expect (
      bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "no frame");
  g_assert_false (file_exists (path));
  show_all (bench, pictures, 2);
  g_assert_true (bench_save (bench));
  assert_saved_frames (path, pictures, 2);
  show_all (bench, pictures + 2, 1);
  g_assert_true (bench_save (bench));
  assert_saved_frames (path, pictures, 3);
  pictures_free (pictures, 3);
}

/* Nothing is new, but the file is: it was never written there, or was taken away. */
static void
test_save_elsewhere (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autofree gchar *other = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);

  show_all (bench, pictures, 2);
  g_assert_true (bench_save (bench));
  g_object_set (bench->element, "location", other, NULL);
  g_assert_true (bench_save (bench));
  assert_saved_frames (other, pictures, 2);
  g_assert_cmpint (g_unlink (other), ==, 0);
  g_assert_true (bench_save (bench));
  assert_saved_frames (other, pictures, 2);
  pictures_free (pictures, 2);
}

static void
test_save_without_location (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  Picture **pictures = pictures_new_random (1, 3, WIDTH, HEIGHT);

  show_all (bench, pictures, 1);
  g_assert_false (bench_save (bench));
  bench_expect (
      bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "no location");
  pictures_free (pictures, 1);
}

/* A folder that goes away while collecting; root may write anywhere, so permissions would not do.
 */
static void
test_failing_saves (void)
{
  g_autofree gchar *folder = path_new ("");
  g_autofree gchar *path = g_build_filename (folder, "a.safetensors", NULL);
  g_autofree gchar *moved = path_new ("-moved");
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);
  g_autofree gchar *bytes = NULL;
  gsize size;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  show_all (bench, pictures, 2);
  g_assert_true (bench_save (bench));
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  show_all (bench, pictures + 2, 1);
  g_assert_cmpint (g_rename (folder, moved), ==, 0);

  g_assert_false (bench_save (bench));
  bench_expect (bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, path);
  bench_end (bench);
  bench_expect (bench, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, path);
  g_autofree gchar *old = g_build_filename (moved, "a.safetensors", NULL);
  assert_same_bytes (old, bytes, size);

  /* the frames are still there, and what comes after an error can be put right */
  g_assert_cmpint (g_rename (moved, folder), ==, 0);
  bench_unplay (bench);
  assert_saved_frames (path, pictures, 3);
  pictures_free (pictures, 3);
}

/* What stop cannot save, and the end of the stream did not try, is an error. */
static void
test_failing_stop (void)
{
  g_autofree gchar *folder = path_new ("");
  g_autofree gchar *path = g_build_filename (folder, "a.safetensors", NULL);
  Picture **pictures = pictures_new_random (1, 3, WIDTH, HEIGHT);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  show_all (bench, pictures, 1);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  bench_unplay (bench);
  bench_expect (bench, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, path);
  pictures_free (pictures, 1);
}

static void
test_append (void)
{
  Picture **pictures = pictures_new_random (5, 3, WIDTH, HEIGHT);
  g_autofree gchar *path = write_profile (pictures, 2, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, "append", TRUE, NULL));

  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 2);
  show_all (bench, pictures + 2, 2);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 4);
  bench_end (bench);
  assert_saved_frames (path, pictures, 4);

  /* once more, with the same element */
  bench_unplay (bench);
  play (bench);
  show_all (bench, pictures + 4, 1);
  bench_unplay (bench);
  assert_saved_frames (path, pictures, 5);
  pictures_free (pictures, 5);
}

static void
test_append_to_nothing (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, "append", TRUE, NULL));
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);

  show_all (bench, pictures, 2);
  bench_end (bench);
  assert_saved_frames (path, pictures, 2);
  pictures_free (pictures, 2);
}

static void
test_append_to_corrupt (void)
{
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);
  g_autofree gchar *path = write_profile (pictures, 2, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, "append", TRUE, NULL);
  g_autofree gchar *bytes = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  bytes[size - 1] ^= 1;
  g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, path);
  assert_same_bytes (path, bytes, size);
  pictures_free (pictures, 2);
}

static void
test_append_to_other_scope (void)
{
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);
  g_autofree gchar *path = write_profile (pictures, 2, PIXELNORM_SCOPE_CHANNEL);
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, "append", TRUE, NULL);
  g_autofree gchar *bytes = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  bench_fail_start (bench, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "scope=channel");
  assert_same_bytes (path, bytes, size);
  pictures_free (pictures, 2);
}

static void
test_append_to_other_size (void)
{
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT + 1);
  g_autofree gchar *path = write_profile (pictures, 2, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, "append", TRUE, NULL);
  g_autofree gchar *bytes = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  bench_play (bench, NULL);
  g_assert_false (bench_offer_caps (bench, video_caps (FORMAT, WIDTH, HEIGHT)));
  bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "6x6");
  bench_unplay (bench);
  assert_same_bytes (path, bytes, size);
  pictures_free (pictures, 2);
}

static void
test_append_without_location (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelstats", "append", TRUE, NULL);

  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "location");
}

static void
test_checkpoints (void)
{
  enum { N = 40 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new (
      "pixelstats", "location", path, "checkpoint-interval", (guint64) (10 * GST_MSECOND), NULL));
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  guint shown = 0;

  while (shown < N / 2 && !file_exists (path)) {
    show_all (bench, pictures + shown++, 1);
    g_usleep (10000);
  }
  wait_for_file (path);
  /* a whole one, of the first frames */
  {
    g_autoptr (Saved) saved = saved_load (path);
    const guint n = (guint) saved_item (saved, "frames", 0);

    g_assert_cmpuint (n, >, 0);
    g_assert_cmpuint (n, <=, shown);
    for (guint i = 0; i < WIDTH * HEIGHT * 3; i++)
      g_assert_cmpuint (saved_item (saved, "sum", i), ==, tally_sample (pictures, n, i).sum);
  }
  show_all (bench, pictures + shown, N - shown);
  bench_end (bench);
  assert_saved_frames (path, pictures, N);
  pictures_free (pictures, N);
}

static void
test_no_checkpoints (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench =
      play (bench_new ("pixelstats", "location", path, "checkpoint-interval", (guint64) 0, NULL));
  Picture **pictures = pictures_new_random (3, 3, WIDTH, HEIGHT);

  show_all (bench, pictures, 3);
  g_usleep (20000);
  g_assert_false (file_exists (path));
  pictures_free (pictures, 3);
}

/* A failed checkpoint is a warning; collecting goes on, and the end saves. */
static void
test_failing_checkpoint (void)
{
  g_autofree gchar *folder = path_new ("");
  g_autofree gchar *path = g_build_filename (folder, "a.safetensors", NULL);
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);
  GstMessage *warning;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_autoptr (Bench) bench = play (bench_new (
      "pixelstats", "location", path, "checkpoint-interval", (guint64) GST_MSECOND, NULL));
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_usleep (2000);
  show_all (bench, pictures, 1);
  g_object_set (bench->element, "checkpoint-interval", (guint64) 0, NULL);
  warning = gst_bus_timed_pop_filtered (bench->bus, 10 * GST_SECOND, GST_MESSAGE_WARNING);
  g_assert_nonnull (warning);
  gst_message_unref (warning);
  show_all (bench, pictures + 1, 1);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  bench_end (bench);
  assert_saved_frames (path, pictures, 2);
  pictures_free (pictures, 2);
}

static void
test_end_without_frames (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));

  bench_end (bench);
  bench_expect (
      bench, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "without a new frame");
  bench_unplay (bench);
  g_assert_false (file_exists (path));
}

static void
test_end_without_location (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);
  PixelnormProfile *profile = NULL;

  show_all (bench, pictures, 2);
  bench_end (bench);
  bench_expect (
      bench, GST_MESSAGE_INFO, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "No location");
  g_object_get (bench->element, "profile", &profile, NULL);
  g_autoptr (PixelnormProfile) expected = profile_new (pictures, 2, PIXELNORM_SCOPE_PIXEL);
  g_assert_cmpstr (
      pixelnorm_profile_get_identity (profile), ==, pixelnorm_profile_get_identity (expected));
  g_object_unref (profile);
  pictures_free (pictures, 2);
}

static void
test_location_taken_away (void)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (2, 3, WIDTH, HEIGHT);

  show_all (bench, pictures, 2);
  g_object_set (bench->element, "location", NULL, NULL);
  bench_end (bench);
  bench_expect (bench, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "location was unset");
  g_object_set (bench->element, "location", path, NULL);
  g_assert_true (bench_save (bench));
  assert_saved_frames (path, pictures, 2);
  pictures_free (pictures, 2);
}

static void
test_bad_locations (void)
{
  g_autofree gchar *folder = path_new ("");
  g_autofree gchar *missing = g_build_filename (folder, "missing", "a.safetensors", NULL);
  const gchar *const locations[] = { missing, folder, "" };

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (locations); i++) {
    g_autoptr (Bench) bench = bench_new ("pixelstats", "location", locations[i], NULL);

    g_test_message ("location \"%s\"", locations[i]);
    bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, locations[i]);
  }
}

typedef struct {
  Bench *bench;
  gint stop; /* atomic */
  guint saves;
} Saver;

static gpointer
save_again_and_again (gpointer data)
{
  Saver *saver = data;

  while (!g_atomic_int_get (&saver->stop)) {
    guint64 frames;

    g_object_get (saver->bench->element, "frames", &frames, NULL);
    if (frames > 0)
      saver->saves += bench_save (saver->bench);
  }
  return NULL;
}

/* For ThreadSanitizer and AddressSanitizer too: every file on the way is whole. */
static void
test_concurrent_saves (void)
{
  enum { N = 300 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new (
      "pixelstats", "location", path, "checkpoint-interval", (guint64) (2 * GST_MSECOND), NULL));
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  Saver saver = { bench };
  GThread *thread = g_thread_new ("saver", save_again_and_again, &saver);
  guint64 last = 0;

  for (guint i = 0; i < N; i++) {
    show_all (bench, pictures + i, 1);
    if (i % 10 == 0 && file_exists (path)) {
      g_autoptr (GError) error = NULL;
      g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (path, &error);

      g_assert_no_error (error);
      last = pixelnorm_profile_get_frames (profile);
    }
    g_usleep (500);
  }
  g_atomic_int_set (&saver.stop, 1);
  g_thread_join (thread);
  g_assert_cmpuint (saver.saves, >, 0);
  g_assert_cmpuint (last, >, 0);
  bench_end (bench);
  assert_saved_frames (path, pictures, N);
  pictures_free (pictures, N);
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/pixelstats-save/stop-saves", test_stop_saves);
  g_test_add_func ("/pixelstats-save/signal", test_save_signal);
  g_test_add_func ("/pixelstats-save/elsewhere", test_save_elsewhere);
  g_test_add_func ("/pixelstats-save/without-location", test_save_without_location);
  g_test_add_func ("/pixelstats-save/failing", test_failing_saves);
  g_test_add_func ("/pixelstats-save/failing-stop", test_failing_stop);
  g_test_add_func ("/pixelstats-save/append", test_append);
  g_test_add_func ("/pixelstats-save/append-to-nothing", test_append_to_nothing);
  g_test_add_func ("/pixelstats-save/append-to-corrupt", test_append_to_corrupt);
  g_test_add_func ("/pixelstats-save/append-to-other-scope", test_append_to_other_scope);
  g_test_add_func ("/pixelstats-save/append-to-other-size", test_append_to_other_size);
  g_test_add_func ("/pixelstats-save/append-without-location", test_append_without_location);
  g_test_add_func ("/pixelstats-save/checkpoints", test_checkpoints);
  g_test_add_func ("/pixelstats-save/no-checkpoints", test_no_checkpoints);
  g_test_add_func ("/pixelstats-save/failing-checkpoint", test_failing_checkpoint);
  g_test_add_func ("/pixelstats-save/end-without-frames", test_end_without_frames);
  g_test_add_func ("/pixelstats-save/end-without-location", test_end_without_location);
  g_test_add_func ("/pixelstats-save/location-taken-away", test_location_taken_away);
  g_test_add_func ("/pixelstats-save/bad-locations", test_bad_locations);
  g_test_add_func ("/pixelstats-save/concurrent", test_concurrent_saves);
  return element_test_run ();
}
