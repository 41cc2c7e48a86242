/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profile files on a disk: a save is whole or does not happen, whatever the disk, the permissions
 * and other writers do; and what cannot be opened is refused in words. Linked with the library's
 * objects.
 *
 * After every failed save the old file must be the same byte for byte, and nothing else be in the
 * folder. What needs rights that the test does not have, or root that it has, is skipped or done as
 * nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/atomic-file.h"
#include "profile-forms.h"

#define NOBODY 65534 /* the user without rights on every Linux */

static void
save (const Form *form, const char *path)
{
  g_autoptr (PixelnormProfile) profile = make_profile (form);
  g_autoptr (GError) error = NULL;

  pixelnorm_profile_save (profile, path, &error);
  g_assert_no_error (error);
}

static void
assert_holds (const char *path, const Form *form)
{
  g_autoptr (PixelnormProfile) expected = make_profile (form);
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) found = pixelnorm_profile_load (path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (
      pixelnorm_profile_get_identity (found), ==, pixelnorm_profile_get_identity (expected));
}

static void
assert_entries (const char *directory, guint expected)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  g_assert_cmpuint (n, ==, expected);
}

/* The message begins with the path, has @text in it, and ends with what to do. */
static void
assert_save_fails (const Form *form, const char *path, PixelnormError code, const char *text)
{
  g_autoptr (PixelnormProfile) profile = make_profile (form);
  g_autoptr (GError) error = NULL;

  g_assert_false (pixelnorm_profile_save (profile, path, &error));
  g_assert_error (error, PIXELNORM_ERROR, (gint) code);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_nonnull (strstr (error->message, text));
  g_assert_true (g_str_has_suffix (error->message, "."));
}

static void
assert_load_fails (const char *path, PixelnormError code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (pixelnorm_profile_load (path, &error));
  g_assert_error (error, PIXELNORM_ERROR, (gint) code);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_nonnull (strstr (error->message, text));
}

static void
test_replace (void)
{
  g_autofree char *path = path_in_folder ("a.safetensors");

  save (RGB8, path);
  assert_holds (path, RGB8);
  save (RGB8_CHANNEL, path);
  assert_holds (path, RGB8_CHANNEL);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_names (void)
{
  static const char *const names[] = { "no ending", "%s%n", "\xc3\xbc", "\xff\xfe", ".hidden",
    "a.b.c" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = path_in_folder (names[i]);

    save (RGB8, path);
    assert_holds (path, RGB8);
    g_assert_cmpint (g_unlink (path), ==, 0);
  }

  /* without a directory in the path */
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *folder = path_in_folder ("");
  g_assert_cmpint (g_chdir (folder), ==, 0);
  save (RGB8, "plain");
  assert_holds ("plain", RGB8);
  g_assert_cmpint (g_unlink ("plain"), ==, 0);
  g_assert_cmpint (g_chdir (here), ==, 0);
}

static void
test_nowhere (void)
{
  g_autofree char *missing = path_in_folder ("missing/a.safetensors");
  g_autofree char *directory = path_in_folder ("directory");
  g_autofree char *slash = path_in_folder ("new/");
  g_autofree char *file = path_in_folder ("file");
  g_autofree char *below = path_in_folder ("file/a.safetensors");
  g_autofree char *fifo = path_in_folder ("fifo");
  g_autofree char *letters = g_strnfill (300, 'a');
  g_autofree char *longest = path_in_folder (letters);
  g_autofree char *root = path_in_folder ("");

  assert_save_fails (RGB8, missing, PIXELNORM_ERROR_WRITE, "Make the directory first");
  assert_save_fails (RGB8, slash, PIXELNORM_ERROR_WRITE, "Make the directory first");
  assert_save_fails (RGB8, "", PIXELNORM_ERROR_WRITE, "The file cannot be written");
  assert_save_fails (RGB8, longest, PIXELNORM_ERROR_WRITE, "Give a shorter name");
  assert_save_fails (RGB8, "/dev/null", PIXELNORM_ERROR_WRITE, "not a regular file");

  g_assert_cmpint (g_mkdir (directory, 0777), ==, 0);
  assert_save_fails (RGB8, directory, PIXELNORM_ERROR_WRITE, "found a directory");
  assert_load_fails (directory, PIXELNORM_ERROR_OPEN, "found a directory");
  g_assert_cmpint (g_rmdir (directory), ==, 0);

  g_assert_cmpint (mkfifo (fifo, 0666), ==, 0);
  assert_save_fails (RGB8, fifo, PIXELNORM_ERROR_WRITE, "not a regular file");
  assert_load_fails (fifo, PIXELNORM_ERROR_OPEN, "not a regular file");
  g_assert_cmpint (g_unlink (fifo), ==, 0);

  g_file_set_contents (file, "", 0, NULL);
  assert_save_fails (RGB8, below, PIXELNORM_ERROR_WRITE, "Make the directory first");
  assert_load_fails (file, PIXELNORM_ERROR_CORRUPT, "not a profile");
  g_assert_cmpint (g_unlink (file), ==, 0);

  assert_load_fails (missing, PIXELNORM_ERROR_OPEN, "Check the path");
  assert_load_fails ("/dev/null", PIXELNORM_ERROR_OPEN, "not a regular file");
  assert_entries (root, 0);
}

/* A folder without write permission; for root, who needs none, as another user. */
static void
test_permission (void)
{
  g_autofree char *directory = path_in_folder ("closed");
  g_autofree char *path = g_build_filename (directory, "a.safetensors", NULL);
  g_autofree char *root = path_in_folder ("");
  const gboolean as_nobody = geteuid () == 0;

  g_assert_cmpint (g_mkdir (directory, 0755), ==, 0);
  save (RGB8, path);
  g_autoptr (GBytes) before = read_bytes (path);
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  g_assert_cmpint (g_chmod (directory, 0555), ==, 0);
  g_assert_cmpint (g_chmod (root, 0755), ==, 0);
  if (as_nobody)
    g_assert_cmpint (seteuid (NOBODY), ==, 0);
  assert_load_fails (path, PIXELNORM_ERROR_OPEN, "Permission denied");
  assert_save_fails (YUV8, path, PIXELNORM_ERROR_WRITE, "in which this user may write");
  if (as_nobody)
    g_assert_cmpint (seteuid (0), ==, 0);

  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  g_assert_cmpint (g_chmod (directory, 0755), ==, 0);
  assert_entries (directory, 1);
  g_autoptr (GBytes) after = read_bytes (path);
  g_assert_true (g_bytes_equal (before, after));
  g_unlink (path);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

/* The mode of a file that open() makes, also where a private one is replaced. */
static void
test_mode (void)
{
  g_autofree char *path = path_in_folder ("a.safetensors");
  const mode_t old_mask = umask (027);
  struct stat status;

  for (guint i = 0; i < 2; i++) {
    save (RGB8, path);
    g_assert_cmpint (g_stat (path, &status), ==, 0);
    g_assert_cmpuint (status.st_mode & 07777, ==, 0640);
  }
  umask (old_mask);
  g_unlink (path);
}

/* A write that stops half-way; the system sends a signal that would end the process. */
static void
test_file_size_limit (gconstpointer form)
{
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *root = path_in_folder ("");
  struct rlimit old_limit, limit;

  save (RGB8, path);
  g_autoptr (GBytes) before = read_bytes (path);
  getrlimit (RLIMIT_FSIZE, &old_limit);
  limit = old_limit;
  /* what is behind the header is written first: 100 lets nothing pass, 5000 some of the sums */
  for (guint i = 0; i < 4; i++) {
    limit.rlim_cur = i / 2 ? 5000 : 100;
    signal (SIGXFSZ, i % 2 ? SIG_IGN : SIG_DFL);
    setrlimit (RLIMIT_FSIZE, &limit);
    g_autoptr (PixelnormProfile) profile = make_profile (form);
    g_autoptr (GError) error = NULL;
    const gboolean saved = pixelnorm_profile_save (profile, path, &error);
    setrlimit (RLIMIT_FSIZE, &old_limit); /* before any assertion writes */
    signal (SIGXFSZ, SIG_DFL);

    g_assert_false (saved);
    g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE);
    g_assert_nonnull (strstr (error->message, "limit on the size of files"));
    g_autoptr (GBytes) after = read_bytes (path);
    g_assert_true (g_bytes_equal (before, after));
    assert_entries (root, 1);
  }
  save (form, path);
  assert_holds (path, form);
  g_unlink (path);
}

/* The bytes of a file, into a pipe; and an error where nobody reads it any more. */
static void
test_descriptor (void)
{
  g_autoptr (PixelnormProfile) profile = make_profile (LARGE);
  g_autoptr (GBytes) expected = make_file (LARGE);
  g_autofree guint8 *found = g_malloc (g_bytes_get_size (expected));
  g_autoptr (GError) error = NULL;
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0); /* which holds 64 KB */
  g_assert_true (pixelnorm_profile_write (profile, ends[1], &error));
  g_assert_no_error (error);
  g_assert_cmpint (
      read (ends[0], found, g_bytes_get_size (expected)), ==, (gssize) g_bytes_get_size (expected));
  g_autoptr (GBytes) bytes = g_bytes_new (found, g_bytes_get_size (expected));
  g_autoptr (PixelnormProfile) parsed = pixelnorm_profile_parse (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (
      pixelnorm_profile_get_identity (parsed), ==, pixelnorm_profile_get_identity (profile));

  close (ends[0]);
  signal (SIGPIPE, SIG_IGN);
  g_assert_false (pixelnorm_profile_write (profile, ends[1], &error));
  signal (SIGPIPE, SIG_DFL);
  g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE);
  g_assert_true (g_str_has_suffix (error->message, "Keep the program that reads it running."));
  close (ends[1]);
}

static void
test_full_disk (void)
{
  g_autofree char *disk = path_in_folder ("disk");
  g_autofree char *path = g_build_filename (disk, "a.safetensors", NULL);
  g_autofree char *filler = g_build_filename (disk, "filler", NULL);

  g_assert_cmpint (g_mkdir (disk, 0755), ==, 0);
  if (mount ("none", disk, "tmpfs", 0, "size=64k") < 0) {
    g_rmdir (disk);
    g_test_skip ("needs the right to mount a small file system");
    return;
  }
  save (RGB8, path);
  g_autoptr (GBytes) before = read_bytes (path);
  /* of 16 pages the large file takes 8, and so does the filler */
  save (LARGE, path);
  save (RGB8, path);
  g_autofree char *letters = g_strnfill (32768, 'x');
  g_file_set_contents (filler, letters, -1, NULL);
  assert_save_fails (LARGE, path, PIXELNORM_ERROR_NO_SPACE, "Make room on the disk");
  assert_entries (disk, 2);
  g_autoptr (GBytes) after = read_bytes (path);
  g_assert_true (g_bytes_equal (before, after));
  g_unlink (filler);
  save (LARGE, path);
  assert_holds (path, LARGE);

  g_assert_cmpint (umount (disk), ==, 0);
  g_assert_cmpint (g_rmdir (disk), ==, 0);
}

static void
test_links (void)
{
  g_autofree char *directory = path_in_folder ("elsewhere");
  g_autofree char *target = path_in_folder ("elsewhere/target.safetensors");
  g_autofree char *link = path_in_folder ("link.safetensors");
  g_autofree char *second = path_in_folder ("second.safetensors");

  g_assert_cmpint (g_mkdir (directory, 0755), ==, 0);
  g_assert_cmpint (symlink ("elsewhere/target.safetensors", link), ==, 0);
  g_assert_cmpint (symlink (link, second), ==, 0);
  /* first to a file that is not there yet, then over it */
  save (RGB8, second);
  assert_holds (target, RGB8);
  save (YUV8, link);
  assert_holds (target, YUV8);
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  g_assert_true (g_file_test (second, G_FILE_TEST_IS_SYMLINK));
  assert_entries (directory, 1);
  g_unlink (target);
  g_unlink (link);

  g_assert_cmpint (symlink ("elsewhere", link), ==, 0);
  assert_save_fails (RGB8, link, PIXELNORM_ERROR_WRITE, "found a directory");
  g_unlink (link);
  g_assert_cmpint (symlink ("second.safetensors", link), ==, 0); /* round in circles */
  assert_save_fails (RGB8, link, PIXELNORM_ERROR_WRITE, "symbolic link");
  assert_load_fails (link, PIXELNORM_ERROR_OPEN, "Mend the symbolic link");
  g_unlink (link);
  g_unlink (second);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

/* One that was killed while it wrote, and those of writers at work and of other names. */
static void
test_leftovers (void)
{
  static const char *const kept[] = {
    ".a.safetensors.0123456789abcdef.pixelnorm-tmp", /* locked */
    ".b.safetensors.0123456789abcdef.pixelnorm-tmp",
    ".a.safetensors.more.0123456789abcdef.pixelnorm-tmp",
    ".a.safetensors.0123456789abcde.pixelnorm-tmp",
    ".a.safetensors.0123456789abcdeg.pixelnorm-tmp",
    ".a.safetensors.0123456789abcdef.pixelnorm-tmp2",
    "a.safetensors.0123456789abcdef.pixelnorm-tmp",
  };
  static const char *const dead = ".a.safetensors.fedcba9876543210.pixelnorm-tmp";
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *root = path_in_folder ("");
  g_autofree char *dead_path = path_in_folder (dead);
  g_autofree char *locked_path = path_in_folder (kept[0]);
  const pid_t writer = fork ();
  int status;

  if (writer == 0) {
    AtomicFile *file = atomic_file_new (path, NULL);

    atomic_file_write (file, "half", 4, NULL);
    kill (getpid (), SIGKILL);
  }
  g_assert_cmpint (waitpid (writer, &status, 0), ==, writer);
  g_assert_true (WIFSIGNALED (status));
  assert_entries (root, 1);

  g_file_set_contents (dead_path, "half", 4, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++) {
    g_autofree char *other = path_in_folder (kept[i]);

    g_file_set_contents (other, "half", 4, NULL);
  }
  const int lock = g_open (locked_path, O_RDONLY, 0);
  g_assert_cmpint (flock (lock, LOCK_EX | LOCK_NB), ==, 0);
  save (RGB8, path);
  assert_entries (root, 1 + G_N_ELEMENTS (kept));
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++) {
    g_autofree char *other = path_in_folder (kept[i]);

    g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
    if (i > 0)
      g_unlink (other);
  }
  close (lock);
  save (RGB8, path);
  assert_entries (root, 1);
  g_unlink (path);
}

/* A symbolic link in the disguise of a leftover leads nowhere. */
static void
test_leftover_link (void)
{
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *other = path_in_folder ("other");
  g_autofree char *trap = path_in_folder (".a.safetensors.0123456789abcdef.pixelnorm-tmp");

  g_file_set_contents (other, "x", 1, NULL);
  g_assert_cmpint (symlink ("other", trap), ==, 0);
  save (RGB8, path);
  g_assert_true (g_file_test (other, G_FILE_TEST_IS_REGULAR));
  g_unlink (trap);
  g_unlink (other);
  g_unlink (path);
}

/* What is no profile stays, whoever saves and whatever the tag. */
static void
test_no_profile (void)
{
  static const char *const contents[] = { "x", "GIF89a, of some length", "12345678{\"a\":1}" };
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *root = path_in_folder ("");
  g_autoptr (PixelnormProfile) profile = make_profile (RGB8);

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++) {
    g_autoptr (GError) error = NULL, other = NULL, third = NULL;
    g_autofree char *etag = NULL, *found = NULL;

    g_file_set_contents (path, contents[i], -1, NULL);
    assert_save_fails (RGB8, path, PIXELNORM_ERROR_EXISTS, "not a profile");
    g_assert_false (pixelnorm_profile_check_path (path, &error));
    g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS);
    g_assert_false (pixelnorm_profile_query_etag (path, &etag, &other));
    g_assert_error (other, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS);
    g_assert_null (etag);
    g_assert_false (pixelnorm_profile_replace (profile, path, "", NULL, &third));
    g_assert_error (third, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS);
    g_file_get_contents (path, &found, NULL, NULL);
    g_assert_cmpstr (found, ==, contents[i]);
    assert_entries (root, 1);
  }
  g_unlink (path);
}

static char *
tag_of (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *etag;

  pixelnorm_profile_query_etag (path, &etag, &error);
  g_assert_no_error (error);
  return etag;
}

/* Whether the file now holds @form, which it must where that was saved and must not else. */
static gboolean
replace (const Form *form, const char *path, const char *etag, char **new_etag)
{
  g_autoptr (PixelnormProfile) profile = make_profile (form);
  g_autoptr (GError) error = NULL;
  g_autofree char *before = tag_of (path);

  if (pixelnorm_profile_replace (profile, path, etag, new_etag, &error)) {
    assert_holds (path, form);
    return TRUE;
  }
  g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_autofree char *after = tag_of (path);
  g_assert_cmpstr (before, ==, after);
  return FALSE;
}

/* Only what is known is replaced: by its tag, which any other content changes, and a copy of it does not. */
static void
test_etags (void)
{
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *root = path_in_folder ("");
  g_autofree char *first = NULL, *second = NULL, *again = NULL, *found = NULL, *empty = NULL;

  g_assert_null (tag_of (path));
  g_assert_true (replace (RGB8, path, NULL, &first));
  found = tag_of (path);
  g_assert_cmpstr (found, ==, first);
  g_assert_false (replace (YUV8, path, NULL, NULL));
  g_assert_true (replace (YUV8, path, first, &second));
  g_assert_cmpstr (first, !=, second);
  g_assert_false (replace (RGB8, path, first, NULL));
  /* the same bytes in another file */
  g_autoptr (GBytes) bytes = read_bytes (path);
  g_unlink (path);
  g_file_set_contents (
      path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL);
  g_assert_true (replace (LARGE, path, second, &again));
  /* of what is not there any more, nothing can be lost */
  g_unlink (path);
  g_assert_true (replace (RGB8, path, again, NULL));
  assert_entries (root, 1);

  g_file_set_contents (path, "", 0, NULL);
  empty = tag_of (path);
  g_assert_cmpstr (empty, ==, "");
  g_assert_false (replace (RGB8, path, NULL, NULL));
  g_assert_true (replace (RGB8, path, empty, NULL));
  assert_entries (root, 1);
  g_unlink (path);
}

#define RIVALS 3

typedef struct {
  const char *path;
  guint *n_ready; /* atomic */
  gboolean won;
} Rival;

static gpointer
run_rival (gpointer data)
{
  Rival *rival = data;
  g_autoptr (PixelnormProfile) profile = make_profile (RGB8);

  g_atomic_int_inc (rival->n_ready);
  while (g_atomic_int_get (rival->n_ready) < RIVALS)
    g_thread_yield ();
  rival->won = pixelnorm_profile_replace (profile, rival->path, NULL, NULL, NULL);
  return NULL;
}

/* Of those who find nothing there and save at once, one does. */
static void
test_rivals (void)
{
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *root = path_in_folder ("");

  for (guint round = 0; round < 100; round++) {
    Rival rivals[RIVALS];
    GThread *threads[RIVALS];
    guint n_ready = 0, n_won = 0;

    for (guint i = 0; i < RIVALS; i++) {
      rivals[i] = (Rival){ path, &n_ready, FALSE };
      threads[i] = g_thread_new (NULL, run_rival, &rivals[i]);
    }
    for (guint i = 0; i < RIVALS; i++) {
      g_thread_join (threads[i]);
      n_won += rivals[i].won;
    }
    g_assert_cmpuint (n_won, ==, 1);
    assert_holds (path, RGB8);
    assert_entries (root, 1);
    g_unlink (path);
  }
}

#define WRITERS 4
#define SAVES 60

static gpointer
save_many_times (gpointer user_data)
{
  const Form *form = user_data;
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autoptr (PixelnormProfile) profile = make_profile (form);

  for (guint i = 0; i < SAVES; i++) {
    g_autoptr (GError) error = NULL;

    pixelnorm_profile_save (profile, path, &error);
    g_assert_no_error (error);
  }
  return NULL;
}

/* Writers of the same name never take away each other's temporaries, and a reader always finds a
 * whole file. */
static void
test_writers_and_a_reader (void)
{
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *root = path_in_folder ("");
  GThread *writers[WRITERS];

  save (RGB8, path);
  for (guint i = 0; i < WRITERS; i++)
    writers[i] = g_thread_new (NULL, save_many_times, (gpointer) (i % 2 ? LARGE : RGB8));
  for (guint i = 0; i < 10 * SAVES; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (path, &error);

    g_assert_no_error (error);
  }
  for (guint i = 0; i < WRITERS; i++)
    g_thread_join (writers[i]);
  assert_entries (root, 1);
  g_unlink (path);
}

static void
test_too_many_sources (void)
{
  g_autofree char *path = path_in_folder ("a.safetensors");
  g_autofree char *root = path_in_folder ("");
  g_autoptr (PixelnormProfile) profile = make_profile (RGB8);
  g_autoptr (GError) error = NULL;

  g_free (profile->data.sources);
  profile->data.sources = g_strnfill (SAFETENSORS_MAX_HEADER, 'a');
  g_assert_false (pixelnorm_profile_save (profile, path, &error));
  g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_LIMIT);
  assert_entries (root, 0);
}

int
main (int argc, char **argv)
{
  int result;

  setlocale (LC_ALL, "C"); /* the tests look for words of strerror() */
  g_test_init (&argc, &argv, NULL);
  make_folder ();
  g_test_add_func ("/profile-save/replace", test_replace);
  g_test_add_func ("/profile-save/names", test_names);
  g_test_add_func ("/profile-save/nowhere", test_nowhere);
  g_test_add_func ("/profile-save/permission", test_permission);
  g_test_add_func ("/profile-save/mode", test_mode);
  g_test_add_func ("/profile-save/descriptor", test_descriptor);
  g_test_add_data_func ("/profile-save/file-size-limit", LARGE, test_file_size_limit);
  g_test_add_data_func (
      "/profile-save/file-size-limit/threads", &threaded_form, test_file_size_limit);
  g_test_add_func ("/profile-save/full-disk", test_full_disk);
  g_test_add_func ("/profile-save/links", test_links);
  g_test_add_func ("/profile-save/leftovers", test_leftovers);
  g_test_add_func ("/profile-save/leftover-link", test_leftover_link);
  g_test_add_func ("/profile-save/no-profile", test_no_profile);
  g_test_add_func ("/profile-save/etags", test_etags);
  g_test_add_func ("/profile-save/rivals", test_rivals);
  g_test_add_func ("/profile-save/writers-and-a-reader", test_writers_and_a_reader);
  g_test_add_func ("/profile-save/too-many-sources", test_too_many_sources);
  result = g_test_run ();
  remove_folder ();
  return result;
}
