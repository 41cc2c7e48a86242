/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a profile: file -> memory, which is read or, where it is large, mapped; the rest is
 * profile-file.c's.
 */
#include <pixelnorm/profile.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_COPY (128 << 20) /* bytes of a file that is read instead of mapped */

/* Reads @size bytes; fewer where the file has shrunk meanwhile, which its digest will tell. */
static GBytes *
read_all (int fd, gsize size, const char *shown, GError **error)
{
  g_autofree guint8 *memory = g_try_malloc (MAX (size, 1));
  gsize n_read = 0;

  if (memory == NULL) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "%s: Not enough memory for the %" G_GSIZE_FORMAT " bytes of the profile.", shown, size);
    return NULL;
  }
  while (n_read < size) {
    const gssize n = read (fd, memory + n_read, size - n_read);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
          "%s: The profile cannot be read: %s. Check the disk, or copy the file to another.", shown,
          g_strerror (errno));
      return NULL;
    }
    if (n == 0)
      break;
    n_read += (gsize) n;
  }
  return g_bytes_new_take (g_steal_pointer (&memory), n_read);
}

static GBytes *
map_all (int fd, const char *shown, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GMappedFile) mapped = g_mapped_file_new_from_fd (fd, FALSE, &problem);

  if (mapped == NULL) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "%s: The profile cannot be read: %s. Check the disk, or copy the file to another.", shown,
        problem->message);
    return NULL;
  }
  return g_mapped_file_get_bytes (mapped);
}

/* The file's content: a copy, which outlives whatever happens to the file, or mapped where a copy
 * would be large. */
static GBytes *
load_file (const char *path, const char *shown, GError **error)
{
  struct stat status = { 0 };
  GBytes *bytes;
  int fd;

  /* a FIFO without a writer would block */
  do
    fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN,
        "%s: The profile cannot be opened: %s. Check the path and its permissions.", shown,
        g_strerror (errno));
    return NULL;
  }
  if (fstat (fd, &status) < 0 || !S_ISREG (status.st_mode)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN,
        "%s: Expected a profile file, found %s. Give the path of a file.", shown,
        S_ISDIR (status.st_mode) ? "a directory" : "something that is not a regular file");
    g_close (fd, NULL);
    return NULL;
  }
  bytes = status.st_size <= MAX_COPY ? read_all (fd, (gsize) status.st_size, shown, error)
                                     : map_all (fd, shown, error);
  g_close (fd, NULL);
  return bytes;
}

/**
 * pixelnorm_profile_load:
 * @path: (type filename): a profile file
 * @error: return location for a #GError, or %NULL
 *
 * Reads and verifies a profile; see pixelnorm_profile_parse(). A file of more than
 * 128 MiB is mapped into memory and stays so while the profile lives: replace it by another (as
 * pixelnorm_profile_save() does, and mv), but do not write into it.
 *
 * Returns: (transfer full): a profile; %NULL with %PIXELNORM_ERROR_OPEN where there is no such file
 * or it may not be read, %PIXELNORM_ERROR_READ, %PIXELNORM_ERROR_MEMORY or %PIXELNORM_ERROR_CORRUPT
 */
PixelnormProfile *
pixelnorm_profile_load (const gchar *path, GError **error)
{
  g_autofree char *shown = NULL;
  g_autoptr (GBytes) bytes = NULL;
  PixelnormProfile *profile;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  shown = g_filename_display_name (path);
  bytes = load_file (path, shown, error);
  if (bytes == NULL)
    return NULL;
  profile = pixelnorm_profile_parse (bytes, error);
  if (profile == NULL)
    g_prefix_error (error, "%s: ", shown);
  return profile;
}
