/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file that appears whole or not at all.
 *
 * The bytes go into a temporary file in the same directory, ".NAME.RANDOM.pixelnorm-tmp"; the
 * commit syncs it to disk, renames it over the old file, which is one step for every reader, and
 * syncs the directory, so that the step outlasts a power cut. Where no file may be replaced, it is linked
 * to its name instead.
 *
 * A writer that is killed leaves its temporary file behind. The next one for the same name removes
 * it, but must not remove that of a writer at work: each holds a lock (flock) on its temporary
 * until it is renamed, and only a file whose lock can be had is removed. Between the creation of a
 * temporary and its lock another writer may take it for a leftover; so, once it has the lock, a
 * writer looks whether the file still has a name, and else makes another.
 */
#include "atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pixelnorm/error.h>

#include "remedy.h"

#define SUFFIX ".pixelnorm-tmp"
#define RANDOM_DIGITS 16
#define MAX_ATTEMPTS 100 /* to find a name that nobody has */
#define MAX_LINKS 40     /* symbolic links in a row, as in Linux */

struct _AtomicFile {
  char *path; /* with symbolic links followed */
  char *directory;
  char *temporary; /* NULL once renamed */
  char *shown;     /* the path as it was given, for messages */
  int fd;
};

static void
set_error (GError **error, const char *shown, const char *what, int problem)
{
  const gboolean full = problem == ENOSPC || problem == EDQUOT;

  g_set_error (error, PIXELNORM_ERROR,
      full                    ? PIXELNORM_ERROR_NO_SPACE
          : problem == EEXIST ? PIXELNORM_ERROR_EXISTS
                              : PIXELNORM_ERROR_WRITE,
      "%s: %s: %s. %s.", *shown ? shown : "\"\"", what, g_strerror (problem),
      pixelnorm_remedy (problem, FALSE));
}

/* Follows symbolic links at the end of @path, so that a link stays one; it may lead to no file yet.
 */
static char *
follow_links (const char *path, const char *shown, GError **error)
{
  g_autofree char *at = g_strdup (path);

  for (guint i = 0; i < MAX_LINKS; i++) {
    g_autofree char *target = NULL;
    g_autofree char *directory = NULL;
    char *next;

    if (!g_file_test (at, G_FILE_TEST_IS_SYMLINK))
      return g_steal_pointer (&at);
    target = g_file_read_link (at, NULL);
    if (target == NULL)
      break;
    directory = g_path_get_dirname (at);
    next = g_path_is_absolute (target) ? g_strdup (target)
                                       : g_build_filename (directory, target, NULL);
    g_free (at);
    at = next;
  }
  set_error (error, shown, "The symbolic link cannot be followed", ELOOP);
  return NULL;
}

/* Only a regular file is replaced: a rename would put a file where a device or a socket was. */
static gboolean
check_target (const char *path, const char *shown, GError **error)
{
  struct stat status;

  if (lstat (path, &status) < 0) {
    if (errno == ENOENT && path[0] != '\0' && !g_str_has_suffix (path, G_DIR_SEPARATOR_S))
      return TRUE;
    set_error (error, shown, "The file cannot be written", errno);
    return FALSE;
  }
  if (S_ISREG (status.st_mode))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE,
      "%s: Expected the path of a file to write, found %s. Give another path.", shown,
      S_ISDIR (status.st_mode) ? "a directory" : "something that is not a regular file");
  return FALSE;
}

static int
open_retrying (const char *path, int flags)
{
  int fd;

  do
    fd = g_open (path, flags | O_CLOEXEC | O_NOFOLLOW, 0666); /* and the umask */
  while (fd < 0 && errno == EINTR);
  return fd;
}

/* Whether @name is that of a temporary for files named @base. */
static gboolean
is_temporary_of (const char *name, const char *base)
{
  const gsize n = strlen (base);

  return strlen (name) == n + 2 + RANDOM_DIGITS + strlen (SUFFIX) && name[0] == '.'
      && strncmp (name + 1, base, n) == 0 && name[n + 1] == '.'
      && strspn (name + n + 2, "0123456789abcdef") == RANDOM_DIGITS
      && g_str_has_suffix (name, SUFFIX);
}

/* Of a writer that is gone. Nothing here is an error: what cannot be removed is left. */
static void
remove_leftovers (const AtomicFile *file, const char *base)
{
  GDir *directory = g_dir_open (file->directory, 0, NULL);
  const char *name;

  if (directory == NULL)
    return;
  while ((name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *path = NULL;
    struct stat status;
    int fd;

    if (!is_temporary_of (name, base))
      continue;
    path = g_build_filename (file->directory, name, NULL);
    fd = open_retrying (path, O_RDWR | O_NONBLOCK); /* writable: a lock over NFS asks for it */
    if (fd < 0)
      continue;
    if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && flock (fd, LOCK_EX | LOCK_NB) == 0)
      g_unlink (path);
    close (fd);
  }
  g_dir_close (directory);
}

/* Whether the new file is ours for sure; see the top. A file system without locks has no cleaners
 * either. */
static gboolean
lock_temporary (int fd)
{
  struct stat status;

  if (flock (fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
    return FALSE;
  return fstat (fd, &status) < 0 || status.st_nlink > 0;
}

static gboolean
create_temporary (AtomicFile *file, const char *base, GError **error)
{
  for (guint i = 0; i < MAX_ATTEMPTS; i++) {
    g_autofree char *name =
        g_strdup_printf (".%s.%08x%08x" SUFFIX, base, g_random_int (), g_random_int ());
    g_autofree char *path = g_build_filename (file->directory, name, NULL);
    const int fd = open_retrying (path, O_WRONLY | O_CREAT | O_EXCL);

    if (fd < 0 && errno == EEXIST)
      continue;
    if (fd < 0) {
      set_error (error, file->shown, "A file beside it cannot be made", errno);
      return FALSE;
    }
    if (lock_temporary (fd)) {
      file->temporary = g_steal_pointer (&path);
      file->fd = fd;
      return TRUE;
    }
    close (fd); /* taken for a leftover; who did so removes it */
  }
  set_error (error, file->shown, "A file beside it cannot be made", EBUSY);
  return FALSE;
}

gboolean
atomic_file_check (const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *target = follow_links (path, shown, error);

  if (target == NULL || !check_target (target, shown, error))
    return FALSE;
  g_autofree char *directory = g_path_get_dirname (target);
  g_autofree char *base = g_path_get_basename (target);
  if (g_access (directory, W_OK | X_OK) != 0) {
    set_error (error, shown, "The directory cannot be written", errno);
    return FALSE;
  }
  if (strlen (base) + 2 + RANDOM_DIGITS + strlen (SUFFIX) > NAME_MAX) {
    set_error (error, shown, "There is no room for a temporary name beside it", ENAMETOOLONG);
    return FALSE;
  }
  return TRUE;
}

AtomicFile *
atomic_file_new (const char *path, GError **error)
{
  g_autoptr (AtomicFile) file = g_new0 (AtomicFile, 1);
  g_autofree char *base = NULL;

  file->fd = -1;
  file->shown = g_filename_display_name (path);
  file->path = follow_links (path, file->shown, error);
  if (file->path == NULL || !check_target (file->path, file->shown, error))
    return NULL;
  file->directory = g_path_get_dirname (file->path);
  base = g_path_get_basename (file->path);
  remove_leftovers (file, base);
  if (!create_temporary (file, base, error))
    return NULL;
  return g_steal_pointer (&file);
}

static int
write_pieces (int fd, const void *data, gsize size)
{
  const guint8 *at = data;

  while (size > 0) {
    const gssize written = write (fd, at, MIN (size, G_MAXINT32 / 2));

    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) /* 0 is no progress: it would never end */
      return written < 0 ? errno : EIO;
    at += written;
    size -= (gsize) written;
  }
  return 0;
}

/* A limit on the size of files (ulimit -f) sends the thread a signal that ends the process. It is held back and taken here,
 * so that EFBIG is an error like that of a full disk, whatever the program does about signals. */
int
write_whole (int fd, const void *data, gsize size)
{
  sigset_t limit, before, pending;
  int taken;

  sigemptyset (&limit);
  sigaddset (&limit, SIGXFSZ);
  pthread_sigmask (SIG_BLOCK, &limit, &before);
  const int problem = write_pieces (fd, data, size);
  if (!sigismember (&before, SIGXFSZ)) {
    if (problem == EFBIG && sigpending (&pending) == 0 && sigismember (&pending, SIGXFSZ))
      sigwait (&limit, &taken);
    pthread_sigmask (SIG_SETMASK, &before, NULL);
  }
  return problem;
}

gboolean
atomic_file_write (AtomicFile *file, const void *data, gsize size, GError **error)
{
  const int problem = write_whole (file->fd, data, size);

  if (problem)
    set_error (error, file->shown, "Writing failed", problem);
  return problem == 0;
}

gboolean
atomic_file_seek (AtomicFile *file, gsize offset, GError **error)
{
  if (lseek (file->fd, (off_t) offset, SEEK_SET) >= 0)
    return TRUE;
  set_error (error, file->shown, "Writing failed", errno);
  return FALSE;
}

static gboolean
sync_fd (int fd)
{
  int result;

  do
    result = fsync (fd);
  while (result < 0 && errno == EINTR);
  /* some file systems have no such call; then there is nothing to wait for */
  return result == 0 || errno == EINVAL || errno == ENOTSUP;
}

/* A directory that may be written into but not read cannot be opened for this: it is left to the
 * system. */
static gboolean
sync_directory (AtomicFile *file, GError **error)
{
  const int fd = g_open (file->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  gboolean synced;

  if (fd < 0)
    return TRUE;
  synced = sync_fd (fd);
  if (!synced)
    set_error (error, file->shown,
        "The file was written, but may be gone after a power cut, since syncing its directory "
        "failed",
        errno);
  close (fd);
  return synced;
}

/* A link fails where there is something already, in one step; file systems without links have only a look before. */
static gboolean
put_new (AtomicFile *file)
{
  struct stat status;

  if (link (file->temporary, file->path) == 0) {
    g_unlink (file->temporary);
    return TRUE;
  }
  if (errno == EEXIST)
    return FALSE;
  if (lstat (file->path, &status) == 0) {
    errno = EEXIST;
    return FALSE;
  }
  return g_rename (file->temporary, file->path) == 0;
}

gboolean
atomic_file_commit (AtomicFile *file, gboolean replace, GError **error)
{
  g_return_val_if_fail (file->temporary != NULL, FALSE);

  if (!sync_fd (file->fd)) {
    set_error (error, file->shown, "Writing to the disk failed", errno);
    return FALSE;
  }
  if (!(replace ? g_rename (file->temporary, file->path) == 0 : put_new (file))) {
    set_error (error, file->shown, "The new file cannot take its place", errno);
    return FALSE;
  }
  g_clear_pointer (&file->temporary, g_free);
  return sync_directory (file, error);
}

void
atomic_file_free (AtomicFile *file)
{
  if (file == NULL)
    return;
  /* removed while the lock is still held, else it might be the temporary of another by now */
  if (file->temporary != NULL)
    g_unlink (file->temporary);
  if (file->fd >= 0)
    close (file->fd);
  g_free (file->path);
  g_free (file->directory);
  g_free (file->temporary);
  g_free (file->shown);
  g_free (file);
}
