/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A writer that is killed at any system call of a save: before the call, and after it. Between two
 * calls a process changes nothing that others see, so these are all the places where a kill can make a
 * difference. Whenever it comes, the file is the old one or the new one, byte for byte, and the next
 * save leaves nothing but the file.
 *
 * The writer is a child that asks to be traced (ptrace), so it stops at every system call. Linked with
 * the library's objects.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile-forms.h"

#define MOST_STOPS 10000 /* two a system call: a save has about 40 calls */

static void
save (PixelnormProfile *profile, const char *path)
{
  g_autoptr (GError) error = NULL;

  pixelnorm_profile_save (profile, path, &error);
  g_assert_no_error (error);
}

static void
assert_alone (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_assert_cmpuint (n, ==, 1);
}

/* A child that stops, traced, right before a save, or before it writes what must replace nothing; 0 where this machine
 * allows no tracing. */
static pid_t
start_writer (PixelnormProfile *profile, const char *path, gboolean fresh)
{
  const pid_t writer = fork ();
  int status;

  if (writer == 0) {
    if (ptrace (PTRACE_TRACEME, 0, NULL, NULL) < 0)
      _exit (2);
    raise (SIGSTOP);
    _exit ((fresh ? pixelnorm_profile_replace (profile, path, NULL, NULL, NULL)
                  : pixelnorm_profile_save (profile, path, NULL))
            ? 0
            : 1);
  }
  g_assert_cmpint (waitpid (writer, &status, 0), ==, writer);
  return WIFSTOPPED (status) ? writer : 0;
}

/* To the next stop; FALSE where there is none before its end. */
static gboolean
go_on (pid_t writer)
{
  int status;

  g_assert_cmpint (ptrace (PTRACE_SYSCALL, writer, NULL, NULL), ==, 0);
  g_assert_cmpint (waitpid (writer, &status, 0), ==, writer);
  if (WIFEXITED (status)) {
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
    return FALSE;
  }
  g_assert_true (WIFSTOPPED (status));
  return TRUE;
}

/* Lets a save run to its stop number @n and kills it there; FALSE where it came to its end before. */
static gboolean
kill_at_stop (PixelnormProfile *profile, const char *path, gboolean fresh, guint n)
{
  const pid_t writer = start_writer (profile, path, fresh);
  int status;

  for (guint i = 0; i < n; i++)
    if (!go_on (writer))
      return FALSE;
  g_assert_cmpint (kill (writer, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (writer, &status, 0), ==, writer);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  return TRUE;
}

static gboolean
may_trace (PixelnormProfile *profile, const char *path)
{
  const pid_t writer = start_writer (profile, path, FALSE);

  if (writer == 0)
    return FALSE;
  kill (writer, SIGKILL);
  waitpid (writer, NULL, 0);
  return TRUE;
}

/* Whether the new file stands there after a kill; else the old one, or none, must. */
static gboolean
is_new (const char *path, GBytes *old_bytes, GBytes *new_bytes)
{
  g_autoptr (GError) error = NULL;

  if (!old_bytes && !g_file_test (path, G_FILE_TEST_EXISTS))
    return FALSE;
  g_autoptr (GBytes) found = read_bytes (path);
  g_autoptr (PixelnormProfile) loaded = pixelnorm_profile_load (path, &error);
  g_assert_no_error (error);
  if (g_bytes_equal (found, new_bytes))
    return TRUE;
  g_assert_true (old_bytes && g_bytes_equal (found, old_bytes));
  return FALSE;
}

/* Of one save: another may call the system once more or less before, as memory is at hand. */
static void
assert_never_back (PixelnormProfile *profile, const char *path, gboolean fresh, GBytes *old_bytes,
    GBytes *new_bytes)
{
  const pid_t writer = start_writer (profile, path, fresh);
  gboolean was_new = FALSE;

  while (go_on (writer)) {
    const gboolean now = is_new (path, old_bytes, new_bytes);

    g_assert_true (now || !was_new);
    was_new = now;
  }
  g_assert_true (was_new);
}

/* Over an old file, or where there is none. */
static void
test_every_system_call (gconstpointer data)
{
  const gboolean fresh = GPOINTER_TO_INT (data);
  g_autoptr (PixelnormProfile) old = make_profile (RGB8), new = make_profile (LARGE);
  g_autoptr (GBytes) old_bytes = make_file (RGB8), new_bytes = make_file (LARGE);
  g_autofree char *directory = path_in_folder ("place");
  g_autofree char *path = g_build_filename (directory, "a.safetensors", NULL);
  guint n_old = 0, n_new = 0, stop = 0;

  g_assert_cmpint (g_mkdir (directory, 0755), ==, 0);
  save (old, path);
  const gboolean traced = may_trace (old, path);
  if (fresh)
    g_unlink (path);
  if (traced)
    assert_never_back (new, path, fresh, fresh ? NULL : old_bytes, new_bytes);
  save (old, path);
  if (fresh)
    g_unlink (path);
  while (traced && stop < MOST_STOPS && kill_at_stop (new, path, fresh, stop++)) {
    if (is_new (path, fresh ? NULL : old_bytes, new_bytes))
      n_new++;
    else
      n_old++;
    save (old, path);
    assert_alone (directory);
    if (fresh)
      g_unlink (path);
  }
  if (traced)
    g_assert_true (n_old > 10 && n_new > 2);
  else
    g_test_skip ("needs the right to trace another process (ptrace)");
  g_test_message ("counted: killed at %u places of a save: %s %u times, the new one %u times",
      n_old + n_new, fresh ? "no file" : "the old file", n_old, n_new);
  g_unlink (path);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  make_folder ();
  g_test_add_data_func (
      "/profile-save/killed-at-every-system-call", GINT_TO_POINTER (FALSE), test_every_system_call);
  g_test_add_data_func ("/profile-save/killed-at-every-system-call-of-a-new-file",
      GINT_TO_POINTER (TRUE), test_every_system_call);
  result = g_test_run ();
  remove_folder ();
  return result;
}
