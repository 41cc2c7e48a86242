/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nothing that pixelstats finds at its location is overwritten in silence: not at the start, not by a location that is set
 * later, not by another element or program, not after a reset. Every file is read again, to the last bit.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "element-test.h"

#define FORMAT "RGB"
enum {
  WIDTH = 7,
  HEIGHT = 4,
  N_OLD = 3,
  N_NEW = 2,
};

typedef struct {
  Picture **old, **new; /* N_OLD of the file that is there, N_NEW of this run */
  gchar *path, *beside; /* of the file, and of what is written beside it */
} Fixture;

static void
save_pictures (Picture *const *pictures, guint n, const gchar *path)
{
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, n, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (GError) error = NULL;

  pixelnorm_profile_save (profile, path, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *stem = path_new ("");

  fixture->old = pictures_new_random (N_OLD, 3, WIDTH, HEIGHT);
  fixture->new = pictures_new_random (N_NEW, 3, WIDTH, HEIGHT);
  fixture->path = g_strconcat (stem, ".safetensors", NULL);
  fixture->beside = g_strconcat (stem, ".1.safetensors", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  pictures_free (fixture->old, N_OLD);
  pictures_free (fixture->new, N_NEW);
  g_free (fixture->path);
  g_free (fixture->beside);
}

static Bench *
play (Bench *bench)
{
  bench_play (bench, NULL);
  bench_set_video (bench, FORMAT, WIDTH, HEIGHT);
  return bench;
}

static void
show_new (Bench *bench, Fixture *fixture)
{
  for (guint i = 0; i < N_NEW; i++)
    bench_show (bench, format_find (FORMAT), fixture->new[i]);
}

static void
assert_location (Bench *bench, const gchar *expected)
{
  g_autofree gchar *location = NULL;

  g_object_get (bench->element, "location", &location, NULL);
  g_assert_cmpstr (location, ==, expected);
}

static void
expect_moved (Bench *bench, const gchar *to)
{
  bench_expect (bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, to);
  assert_location (bench, to);
}

/* What is there already: what is said of it with and without overwrite. */
static void
test_start (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *bytes = NULL;
  gsize size;

  save_pictures (fixture->old, N_OLD, fixture->path);
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &size, NULL));
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", fixture->path, NULL);
  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
      "a profile of 3 frames already. Set append=true to go on from it, overwrite=true to replace "
      "it, or another location.");
  assert_same_bytes (fixture->path, bytes, size);
}

static void
test_overwrite (Fixture *fixture, gconstpointer data)
{
  save_pictures (fixture->old, N_OLD, fixture->path);
  g_autoptr (Bench) bench =
      play (bench_new ("pixelstats", "location", fixture->path, "overwrite", TRUE, NULL));
  show_new (bench, fixture);
  assert_saved_frames (fixture->path, fixture->old, N_OLD);
  bench_end (bench);
  assert_saved_frames (fixture->path, fixture->new, N_NEW);
}

static void
test_contradiction (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Bench) bench =
      bench_new ("pixelstats", "location", fixture->path, "overwrite", TRUE, "append", TRUE, NULL);

  bench_fail_start (
      bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "append and overwrite are both set");
}

/* A damaged profile and an empty file are replaced where that is asked for, anything else never. */
static void
test_other_contents (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const gchar *bytes;
    gint size; /* -1: those of the profile, the last one changed */
    gboolean is_replaced;
    const gchar *words;
  } contents[] = {
    { NULL, -1, TRUE, "a damaged profile already. Set overwrite=true" },
    { "", 0, TRUE, "an empty file" },
    { "GIF89a", 6, FALSE, "not a profile, and only profiles are replaced" },
    { "\x40\0\0\0\0\0\0\0{\"weight\":{\"dtype\":\"U8\"}}", 32, FALSE,
        "only profiles are replaced" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++) {
    g_autofree gchar *bytes = NULL;
    gsize size;

    if (contents[i].size < 0)
      save_pictures (fixture->old, N_OLD, fixture->path);
    else
      g_file_set_contents (fixture->path, contents[i].bytes, contents[i].size, NULL);
    g_assert_true (g_file_get_contents (fixture->path, &bytes, &size, NULL));
    if (contents[i].size < 0)
      bytes[size - 1] ^= 1;
    g_file_set_contents (fixture->path, bytes, (gssize) size, NULL);
    g_autoptr (Bench) bench = bench_new ("pixelstats", "location", fixture->path, NULL);
    bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, contents[i].words);
    g_object_set (bench->element, "overwrite", TRUE, NULL);
    if (!contents[i].is_replaced) {
      bench_fail_start (
          bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, contents[i].words);
      assert_same_bytes (fixture->path, bytes, size);
      continue;
    }
    play (bench);
    show_new (bench, fixture);
    bench_end (bench);
    assert_saved_frames (fixture->path, fixture->new, N_NEW);
  }
}

/* What the element wrote before it was stopped is no exception. */
static void
test_played_again (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", fixture->path, NULL));

  show_new (bench, fixture);
  bench_end (bench);
  bench_unplay (bench);
  /* it may still be saved, since it is still there */
  g_assert_true (bench_save (bench));
  bench_fail_start (
      bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, "a profile of 2 frames already");
  assert_saved_frames (fixture->path, fixture->new, N_NEW);
}

/* Its own checkpoints it replaces. */
static void
test_own (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", fixture->path, NULL));

  for (guint i = 0; i < N_NEW; i++) {
    bench_show (bench, format_find (FORMAT), fixture->new[i]);
    g_assert_true (bench_save (bench));
    assert_saved_frames (fixture->path, fixture->new, i + 1);
  }
  /* also where they were taken away, and where the location is said in other words */
  g_unlink (fixture->path);
  bench_show (bench, format_find (FORMAT), fixture->new[0]);
  g_autofree gchar *directory = g_path_get_dirname (fixture->path);
  g_autofree gchar *name = g_path_get_basename (fixture->path);
  g_autofree gchar *other = g_build_filename (directory, ".", name, NULL);
  g_object_set (bench->element, "location", other, NULL);
  g_assert_true (bench_save (bench));
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_WARNING), ==, 0);
  g_assert_true (file_exists (fixture->path));
}

static void
test_set_while_playing (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *taken = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", fixture->path, NULL));

  save_pictures (fixture->old, N_OLD, taken);
  bench_show (bench, format_find (FORMAT), fixture->new[0]);
  g_object_set (bench->element, "location", taken, NULL);
  bench_show (bench, format_find (FORMAT), fixture->new[1]);
  bench_expect (bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
      "a profile of 3 frames already. Set overwrite=true to replace it, or another location.");
  assert_location (bench, fixture->path);
  /* who asks for a save at once hears of it */
  g_object_set (bench->element, "location", taken, NULL);
  g_assert_false (bench_save (bench));
  bench_expect (
      bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, taken);
  bench_end (bench);
  assert_saved_frames (fixture->path, fixture->new, N_NEW);
  assert_saved_frames (taken, fixture->old, N_OLD);
  g_object_set (bench->element, "overwrite", TRUE, "location", taken, NULL);
  g_assert_true (bench_save (bench));
  assert_saved_frames (taken, fixture->new, N_NEW);
}

/* Without a location before, none is in use. */
static void
test_set_first_while_playing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));

  save_pictures (fixture->old, N_OLD, fixture->path);
  show_new (bench, fixture);
  g_object_set (bench->element, "location", fixture->path, NULL);
  g_assert_false (bench_save (bench));
  bench_expect (
      bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, fixture->path);
  assert_location (bench, NULL);
  bench_end (bench);
  g_object_set (bench->element, "location", fixture->beside, NULL);
  g_assert_true (bench_save (bench));
  assert_saved_frames (fixture->beside, fixture->new, N_NEW);
  assert_saved_frames (fixture->path, fixture->old, N_OLD);
}

/* Another program was there first, or came later: before the first save, or after it. */
static void
check_other_program (Fixture *fixture, gboolean saved_before, gboolean overwrite)
{
  g_autoptr (Bench) bench =
      play (bench_new ("pixelstats", "location", fixture->path, "overwrite", overwrite, NULL));

  bench_show (bench, format_find (FORMAT), fixture->new[0]);
  if (saved_before)
    g_assert_true (bench_save (bench));
  save_pictures (fixture->old, N_OLD, fixture->path);
  save_pictures (fixture->old, 1, fixture->beside); /* this name is taken, too */
  g_autofree gchar *stem =
      g_strndup (fixture->path, strlen (fixture->path) - strlen (".safetensors"));
  g_autofree gchar *second = g_strconcat (stem, ".2.safetensors", NULL);
  bench_show (bench, format_find (FORMAT), fixture->new[1]);
  g_assert_true (bench_save (bench));
  expect_moved (bench, second);
  assert_saved_frames (second, fixture->new, N_NEW);
  assert_saved_frames (fixture->path, fixture->old, N_OLD);
  assert_saved_frames (fixture->beside, fixture->old, 1);
  /* from now on that is its own */
  bench_show (bench, format_find (FORMAT), fixture->old[0]);
  bench_end (bench);
  GstStructure *report = bench_take_report (bench, "pixelstats");
  g_assert_cmpstr (gst_structure_get_string (report, "location"), ==, second);
  gst_structure_free (report);
  bench_unplay (bench);
  Picture *all[] = { fixture->new[0], fixture->new[1], fixture->old[0] };
  assert_saved_frames (second, all, G_N_ELEMENTS (all));
  g_unlink (fixture->path);
  g_unlink (fixture->beside);
  g_unlink (second);
}

static void
test_other_program (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    check_other_program (fixture, i & 1, i >> 1);
}

/* Also where it is a checkpoint that finds it. */
static void
test_other_program_and_checkpoint (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Bench) bench = play (bench_new (
      "pixelstats", "location", fixture->path, "checkpoint-interval", GST_MSECOND, NULL));

  save_pictures (fixture->old, N_OLD, fixture->path);
  g_usleep (2000);
  bench_show (bench, format_find (FORMAT), fixture->new[0]);
  wait_for_file (fixture->beside);
  assert_saved_frames (fixture->beside, fixture->new, 1);
  bench_show (bench, format_find (FORMAT), fixture->new[1]);
  bench_end (bench);
  expect_moved (bench, fixture->beside);
  assert_saved_frames (fixture->beside, fixture->new, N_NEW);
  assert_saved_frames (fixture->path, fixture->old, N_OLD);
}

/* Both go on from one profile; the second to write finds that of the first. */
static void
test_two_that_append (Fixture *fixture, gconstpointer data)
{
  Picture *all[] = { fixture->old[0], fixture->old[1], fixture->old[2], fixture->new[0],
    fixture->new[1] };

  save_pictures (all, N_OLD, fixture->path);
  g_autoptr (Bench) bench =
      play (bench_new ("pixelstats", "location", fixture->path, "append", TRUE, NULL));
  show_new (bench, fixture);
  save_pictures (all, 4, fixture->path); /* as another process does */
  bench_end (bench);
  expect_moved (bench, fixture->beside);
  assert_saved_frames (fixture->beside, all, 5);
  assert_saved_frames (fixture->path, all, 4);
}

/* What was written stays, unless overwrite says otherwise. */
static void
test_reset (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", fixture->path, NULL));

  bench_show (bench, format_find (FORMAT), fixture->new[0]);
  g_assert_true (bench_save (bench));
  g_signal_emit_by_name (bench->element, "reset");
  bench_show (bench, format_find (FORMAT), fixture->new[1]);
  bench_end (bench);
  expect_moved (bench, fixture->beside);
  assert_saved_frames (fixture->path, fixture->new, 1);
  assert_saved_frames (fixture->beside, fixture->new + 1, 1);
}

/* Once beside it, the location of before is one like any other. */
static void
test_back_from_beside (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", fixture->path, NULL));

  bench_show (bench, format_find (FORMAT), fixture->new[0]);
  g_assert_true (bench_save (bench));
  g_signal_emit_by_name (bench->element, "reset");
  bench_show (bench, format_find (FORMAT), fixture->new[1]);
  g_assert_true (bench_save (bench));
  expect_moved (bench, fixture->beside);
  g_object_set (bench->element, "location", fixture->path, NULL);
  g_assert_false (bench_save (bench));
  bench_expect (bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
      "a profile of 1 frames already");
  assert_location (bench, fixture->beside);
  g_object_set (bench->element, "overwrite", TRUE, "location", fixture->path, NULL);
  g_assert_true (bench_save (bench));
  assert_location (bench, fixture->path);
  assert_saved_frames (fixture->path, fixture->new + 1, 1);
  assert_saved_frames (fixture->beside, fixture->new + 1, 1);
}

/* A file for every day: saved, another location, reset. */
static void
test_reset_to_another_location (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *next = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", fixture->path, NULL));

  bench_show (bench, format_find (FORMAT), fixture->new[0]);
  g_assert_true (bench_save (bench));
  g_object_set (bench->element, "location", next, NULL);
  g_signal_emit_by_name (bench->element, "reset");
  bench_show (bench, format_find (FORMAT), fixture->new[1]);
  bench_end (bench);
  assert_location (bench, next);
  assert_saved_frames (fixture->path, fixture->new, 1);
  assert_saved_frames (next, fixture->new + 1, 1);
}

/* Two elements: the second hears who is there, however it names the file, until the first is stopped. */
static void
test_two_elements (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *link = path_new (".safetensors");
  g_autoptr (Bench) first =
      play (bench_new ("pixelstats", "name", "gate", "location", fixture->path, NULL));
  g_autoptr (Bench) second =
      bench_new ("pixelstats", "location", fixture->path, "append", TRUE, NULL);

  bench_fail_start (
      second, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "The element gate writes there");
  show_new (first, fixture);
  g_assert_true (bench_save (first));
  g_assert_cmpint (symlink (fixture->path, link), ==, 0);
  g_object_set (second->element, "location", link, NULL);
  bench_fail_start (
      second, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "The element gate writes there");
  /* set while playing */
  g_object_set (second->element, "location", fixture->beside, NULL);
  play (second);
  g_object_set (second->element, "location", fixture->path, NULL);
  bench_show (second, format_find (FORMAT), fixture->old[0]);
  bench_expect (second, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "The element gate writes there");
  assert_location (second, fixture->beside);
  bench_unplay (second);
  assert_saved_frames (fixture->beside, fixture->old, 1);
  bench_unplay (first);
  assert_saved_frames (fixture->path, fixture->new, N_NEW);
  /* now it may */
  g_object_set (second->element, "location", fixture->path, NULL);
  play (second);
  bench_show (second, format_find (FORMAT), fixture->old[0]);
  bench_unplay (second);
  Picture *all[] = { fixture->new[0], fixture->new[1], fixture->old[0] };
  assert_saved_frames (fixture->path, all, G_N_ELEMENTS (all));
}

static const struct {
  const gchar *name;
  void (*test) (Fixture *fixture, gconstpointer data);
} tests[] = {
  { "start", test_start },
  { "overwrite", test_overwrite },
  { "contradiction", test_contradiction },
  { "other-contents", test_other_contents },
  { "played-again", test_played_again },
  { "own", test_own },
  { "set-while-playing", test_set_while_playing },
  { "set-first-while-playing", test_set_first_while_playing },
  { "other-program", test_other_program },
  { "other-program-and-checkpoint", test_other_program_and_checkpoint },
  { "two-that-append", test_two_that_append },
  { "reset", test_reset },
  { "back-from-beside", test_back_from_beside },
  { "reset-to-another-location", test_reset_to_another_location },
  { "two-elements", test_two_elements },
};

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    g_autofree gchar *name = g_strconcat ("/pixelstats-overwrite/", tests[i].name, NULL);

    g_test_add (name, Fixture, NULL, set_up, tests[i].test, tear_down);
  }
  return element_test_run ();
}
