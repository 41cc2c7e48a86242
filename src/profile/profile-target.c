/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands where a profile is to be written.
 *
 * A profile begins with its header, and the header holds the digest of all of it. So the hash of the header tells one
 * profile from another: that is its entity tag (ETag, RFC 9110, 8.8.3), and a writer that knows the tag of what it may
 * replace replaces nothing else.
 */
#include "profile-target.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_HEAD ((gsize) 1 << 20) /* bytes that are looked at */

gchar *
pixelnorm_profile_make_etag (const void *head, gsize size)
{
  g_autoptr (PixelnormDigestState) state = XXH3_createState ();
  gchar *etag = g_malloc0 (PIXELNORM_DIGEST_DIGITS + 1);

  XXH3_128bits_reset (state);
  XXH3_128bits_update (state, head, MIN (size, MAX_HEAD));
  pixelnorm_digest_print (state, etag);
  return etag;
}

/* A header that names the version of its format: a profile, though it be damaged. */
static gboolean
is_profile (const guint8 *head, gsize size)
{
  static const gchar key[] = "\"" PIXELNORM_KEY_VERSION "\"";

  for (gsize i = sizeof (guint64); i + strlen (key) <= size; i++)
    if (head[i] == '"' && memcmp (head + i, key, strlen (key)) == 0)
      return TRUE;
  return FALSE;
}

static gssize
read_some (int fd, guint8 *to, gsize size)
{
  gssize n;

  do
    n = read (fd, to, size);
  while (n < 0 && errno == EINTR);
  return n;
}

/* Fewer bytes where the file ends; sets errno and gives FALSE where it cannot be read. */
static gboolean
read_all (int fd, guint8 *to, gsize size, gsize *n_read)
{
  gssize n = 1;

  for (*n_read = 0; n > 0 && *n_read < size; *n_read += (gsize) MAX (n, 0))
    n = read_some (fd, to + *n_read, size - *n_read);
  return n >= 0;
}

/* The length word and the header of an open file. */
static guint8 *
read_head (int fd, gsize *size)
{
  guint64 length = 0;
  guint8 *head = g_malloc (MAX_HEAD);
  gsize more = 0;

  if (!read_all (fd, head, sizeof length, size))
    goto failed;
  if (*size == sizeof length) {
    memcpy (&length, head, sizeof length);
    length = GUINT64_FROM_LE (length);
    if (!read_all (fd, head + *size, (gsize) MIN (length, MAX_HEAD - *size), &more))
      goto failed;
  }
  *size += more;
  return head;

failed:
  g_free (head);
  return NULL;
}

/* Returns: an open regular file, or -1: what else is there, other code refuses in words */
static int
open_target (const gchar *path)
{
  struct stat status;
  const int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

  if (fd < 0 || (fstat (fd, &status) == 0 && S_ISREG (status.st_mode)))
    return fd;
  close (fd);
  errno = EINVAL;
  return -1;
}

/**
 * pixelnorm_profile_query_etag:
 * @path: (type filename): where a profile may stand
 * @etag: (out) (optional) (nullable) (transfer full): the entity tag of the profile there; "" where the file is empty;
 *   %NULL where there is none
 * @error: return location for a #GError, or %NULL
 *
 * Tells what pixelnorm_profile_replace() would replace. The tag is another as soon as another profile stands there; a
 * profile that is damaged has one, too. Reads the header only.
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_EXISTS where there is something else than a profile, or a file that
 *   cannot be read
 *
 * Since: 0.2
 */
gboolean
pixelnorm_profile_query_etag (const gchar *path, gchar **etag, GError **error)
{
  g_autofree guint8 *head = NULL;
  gsize size = 0;

  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (etag != NULL)
    *etag = NULL;
  const int fd = open_target (path);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return TRUE;
  head = fd >= 0 ? read_head (fd, &size) : NULL;
  const int problem = errno;
  if (fd >= 0)
    close (fd);
  if (head != NULL && (size == 0 || is_profile (head, size))) {
    if (etag != NULL)
      *etag = size == 0 ? g_strdup ("") : pixelnorm_profile_make_etag (head, size);
    return TRUE;
  }
  g_autofree gchar *shown = g_filename_display_name (path);
  if (head == NULL)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS,
        "%s: What is there cannot be read (%s), so it is not replaced. Remove it, or give another path.",
        shown, g_strerror (problem));
  else
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS,
        "%s: Found a file that is not a profile, and only profiles are replaced. Remove it, or give another path.",
        shown);
  return FALSE;
}

gboolean
pixelnorm_profile_check_etag (const gchar *path, const gchar *expected, GError **error)
{
  g_autofree gchar *found = NULL;

  if (!pixelnorm_profile_query_etag (path, &found, error))
    return FALSE;
  if (found == NULL || g_strcmp0 (found, expected) == 0)
    return TRUE;
  g_autofree gchar *shown = g_filename_display_name (path);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS,
      "%s: Another profile is there by now, and it is not replaced. Give another path.", shown);
  return FALSE;
}
