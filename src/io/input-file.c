/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File -> memory, for whatever is read whole: a copy, or mapped where a copy would be large. Only
 * regular files are taken: a FIFO or a device could block or never end.
 */
#include "input-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pixelnorm/error.h>

#include "remedy.h"

#define MAX_COPY (128 << 20) /* bytes of a file that is read instead of mapped */

static void
set_error (GError **error, PixelnormError code, const char *shown, const char *what,
    const char *verb, int problem)
{
  g_set_error (error, PIXELNORM_ERROR, problem == ENOMEM ? PIXELNORM_ERROR_MEMORY : code,
      "%s: The %s cannot be %s: %s. %s.", shown, what, verb, g_strerror (problem),
      pixelnorm_remedy (problem, TRUE));
}

/* Reads @size bytes; fewer where the file has shrunk meanwhile, which its digest will tell. */
static GBytes *
read_all (int fd, gsize size, const char *shown, const char *what, GError **error)
{
  g_autofree guint8 *memory = g_try_malloc (MAX (size, 1));
  gsize n_read = 0;

  if (memory == NULL) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "%s: Not enough memory for the %" G_GSIZE_FORMAT " bytes of the %s.", shown, size, what);
    return NULL;
  }
  while (n_read < size) {
    const gssize n = read (fd, memory + n_read, size - n_read);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      set_error (error, PIXELNORM_ERROR_READ, shown, what, "read", errno);
      return NULL;
    }
    if (n == 0)
      break;
    n_read += (gsize) n;
  }
  return g_bytes_new_take (g_steal_pointer (&memory), n_read);
}

static GBytes *
map_all (int fd, const char *shown, const char *what, GError **error)
{
  errno = 0;
  g_autoptr (GMappedFile) mapped = g_mapped_file_new_from_fd (fd, FALSE, NULL);

  if (mapped == NULL) { /* GLib's error hides the number in a text of its own */
    set_error (error, PIXELNORM_ERROR_READ, shown, what, "read", errno ? errno : EIO);
    return NULL;
  }
  return g_mapped_file_get_bytes (mapped);
}

GBytes *
pixelnorm_input_file_read (const char *path, const char *shown, const char *what, GError **error)
{
  struct stat status = { 0 };
  GBytes *bytes;
  int fd;

  /* a FIFO without a writer would block */
  do
    fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    set_error (error, PIXELNORM_ERROR_OPEN, shown, what, "opened", errno);
    return NULL;
  }
  if (fstat (fd, &status) < 0 || !S_ISREG (status.st_mode)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN,
        "%s: Expected a file with a %s, found %s. Give the path of a file.", shown, what,
        S_ISDIR (status.st_mode) ? "a directory" : "something that is not a regular file");
    g_close (fd, NULL);
    return NULL;
  }
  bytes = status.st_size <= MAX_COPY ? read_all (fd, (gsize) status.st_size, shown, what, error)
                                     : map_all (fd, shown, what, error);
  g_close (fd, NULL);
  return bytes;
}
