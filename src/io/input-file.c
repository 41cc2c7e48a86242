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

#include "pages.h"
#include "parallel.h"
#include "remedy.h"

#define MAX_COPY (128 << 20)     /* bytes of a file that is read instead of mapped */
#define BYTES_A_THREAD (8 << 20) /* at least: a millisecond or two */

static void
set_error (GError **error, PixelnormError code, const char *shown, const char *what,
    const char *verb, int problem)
{
  g_set_error (error, PIXELNORM_ERROR, problem == ENOMEM ? PIXELNORM_ERROR_MEMORY : code,
      "%s: The %s cannot be %s: %s. %s.", *shown ? shown : "\"\"", what, verb, g_strerror (problem),
      pixelnorm_remedy (problem, TRUE));
}

/* A file that several threads read, each a range of it. */
typedef struct {
  int fd;
  guint8 *memory;
  GMutex lock;
  gsize end;   /* of what there was of the first ranges */
  int problem; /* errno, or 0 */
} Reading;

static void
read_range (gpointer data, gsize begin, gsize end)
{
  Reading *self = data;
  gssize n = 1;

  while (begin < end && n != 0) {
    n = pread (self->fd, self->memory + begin, end - begin, (off_t) begin);
    if (n < 0 && errno != EINTR)
      break;
    begin += (gsize) MAX (n, 0);
  }
  const int problem = n < 0 ? errno : 0;
  if (begin == end)
    return;
  g_mutex_lock (&self->lock);
  self->end = MIN (self->end, begin);
  if (problem)
    self->problem = problem;
  g_mutex_unlock (&self->lock);
}

/* Reads @size bytes; fewer where the file has shrunk meanwhile, which its digest will tell. */
static GBytes *
read_all (int fd, gsize size, const char *shown, const char *what, GError **error)
{
  Reading reading = { fd, pixelnorm_pages_new (MAX (size, 1)), .end = size };

  if (reading.memory == NULL) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "%s: Not enough memory for the %" G_GSIZE_FORMAT " bytes of the %s.", shown, size, what);
    return NULL;
  }
  g_mutex_init (&reading.lock);
  pixelnorm_parallel_run (size, BYTES_A_THREAD, read_range, &reading);
  g_mutex_clear (&reading.lock);
  if (reading.problem) {
    set_error (error, PIXELNORM_ERROR_READ, shown, what, "read", reading.problem);
    pixelnorm_pages_free (reading.memory);
    return NULL;
  }
  return g_bytes_new_with_free_func (
      reading.memory, reading.end, pixelnorm_pages_free, reading.memory);
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
        "%s: Expected the path of a %s, found %s. Give the path of a file.", shown, what,
        S_ISDIR (status.st_mode) ? "a directory" : "something that is not a regular file");
    g_close (fd, NULL);
    return NULL;
  }
  bytes = status.st_size <= MAX_COPY ? read_all (fd, (gsize) status.st_size, shown, what, error)
                                     : map_all (fd, shown, what, error);
  g_close (fd, NULL);
  return bytes;
}
