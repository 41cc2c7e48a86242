/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: what is in a tar archive, and where it lies: so any process can read any member, and an archive need not be
 * unpacked. Headers of 512 bytes (POSIX.1-1988 ustar), with the long names and sizes of POSIX.1-2001 (pax) and of GNU.
 */
#include "collect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512
#define MAX_EXTENSION (1 << 20) /* bytes of a long name, or of the fields of pax */

typedef struct {
  int fd;
  guint64 at, end;
  gchar *path; /* that the next header belongs to; or NULL */
  guint64 size;
  gboolean has_size;
} Tar;

static gboolean
fail (GError **error, const gchar *path, guint64 at, const gchar *what)
{
  g_autofree gchar *shown = g_filename_display_name (path);

  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
      "\"%s\" is not a complete tar archive: %s at byte %" G_GUINT64_FORMAT
      ". Use an undamaged copy.",
      shown, what, at);
  return FALSE;
}

static gboolean
read_at (const Tar *tar, guint64 at, void *to, gsize size)
{
  guint8 *bytes = to;

  while (size > 0) {
    const gssize n = pread (tar->fd, bytes, size, (off_t) at);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    bytes += n;
    at += (guint64) n;
    size -= (gsize) n;
  }
  return TRUE;
}

/* Octal digits; or, of GNU, a binary number after a byte of 128. */
static gboolean
parse_number (const guint8 *field, gsize size, guint64 *number)
{
  gsize i = 0;

  *number = 0;
  if (field[0] & 0x80) {
    for (i = 1; i < size; i++) {
      if (*number >> 55)
        return FALSE;
      *number = *number << 8 | field[i];
    }
    return field[0] == 0x80;
  }
  while (i < size && field[i] == ' ')
    i++;
  for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
    *number = *number << 3 | (guint64) (field[i] - '0');
  return i == size || field[i] == ' ' || field[i] == '\0';
}

/* The sum of all bytes, with spaces in the place of the sum itself. */
static gboolean
has_sum (const guint8 *header)
{
  guint64 expected;
  guint sum = 8 * ' ';

  for (guint i = 0; i < BLOCK; i++)
    sum += i >= 148 && i < 156 ? 0 : header[i];
  return parse_number (header + 148, 8, &expected) && expected == sum;
}

/* "LENGTH KEY=VALUE\n", one after the other. */
static void
take_fields (Tar *tar, const gchar *text, gsize size)
{
  for (gsize at = 0; at < size;) {
    gchar *key;
    const guint64 length = g_ascii_strtoull (text + at, &key, 10);

    if (length == 0 || length > size - at || *key != ' ' || text[at + length - 1] != '\n')
      return;
    const gsize left = (gsize) (text + at + length - 1 - key);
    if (left > 6 && memcmp (key, " path=", 6) == 0) {
      g_free (tar->path);
      tar->path = g_strndup (key + 6, left - 6);
    } else if (left > 6 && memcmp (key, " size=", 6) == 0) {
      tar->size = g_ascii_strtoull (key + 6, NULL, 10);
      tar->has_size = TRUE;
    }
    at += length;
  }
}

/* Of a header of the kind @type, which is about the next one. */
static gboolean
take_extension (Tar *tar, gchar type, guint64 size)
{
  g_autofree gchar *text = NULL;

  if (type == 'g')
    return TRUE;
  if (size > MAX_EXTENSION)
    return FALSE;
  text = g_malloc0 (size + 1);
  if (!read_at (tar, tar->at, text, size))
    return FALSE;
  if (type == 'x')
    take_fields (tar, text, size);
  else if (type == 'L') {
    g_free (tar->path);
    tar->path = g_strdup (text);
  }
  return TRUE;
}

static gchar *
make_path (const guint8 *header)
{
  g_autofree gchar *name = g_strndup ((const gchar *) header, 100);
  g_autofree gchar *prefix = g_strndup ((const gchar *) header + 345, 155);

  if (memcmp (header + 257, "ustar", 6) == 0 && *prefix)
    return g_build_filename (prefix, name, NULL);
  return g_steal_pointer (&name);
}

static void
forget (Tar *tar)
{
  g_clear_pointer (&tar->path, g_free);
  tar->has_size = FALSE;
}

static gboolean
read_members (Tar *tar, const gchar *path, CollectMemberFunc add, gpointer to, GError **error)
{
  gboolean is_extension = FALSE;
  guint8 header[BLOCK];
  guint64 size;

  /* some writers leave the end out */
  while (tar->at < tar->end) {
    const guint64 begin = tar->at;

    if (!read_at (tar, begin, header, BLOCK))
      return fail (error, path, begin, "it ends inside of a header");
    if (header[0] == '\0')
      return TRUE;
    if (!has_sum (header) || !parse_number (header + 124, 12, &size))
      return fail (error, path, begin, "there should be a header, and there is none");
    const gchar type = (gchar) header[156];
    is_extension = type != '\0' && strchr ("xgLK", type);
    if (tar->has_size && !is_extension)
      size = tar->size;
    tar->at += BLOCK;
    if (size > tar->end - tar->at)
      return fail (error, path, begin, "it ends inside of a file");
    if (is_extension) {
      if (!take_extension (tar, type, size))
        return fail (error, path, begin, "a header is too long");
    } else {
      g_autofree gchar *name = tar->path ? g_steal_pointer (&tar->path) : make_path (header);

      if ((type == '0' || type == '\0' || type == '7') && size > 0)
        add (to, name, tar->at, size);
      forget (tar);
    }
    tar->at += MIN ((size + BLOCK - 1) / BLOCK * BLOCK, tar->end - tar->at);
  }
  return is_extension ? fail (error, path, tar->at, "it ends inside of a header") : TRUE;
}

gboolean
collect_tar_read (const gchar *path, CollectMemberFunc add, gpointer to, GError **error)
{
  Tar tar = { .fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
  struct stat status;

  if (tar.fd < 0 || fstat (tar.fd, &status) != 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN, "\"%s\" cannot be read: %s.", path,
        g_strerror (errno));
    if (tar.fd >= 0)
      close (tar.fd);
    return FALSE;
  }
  tar.end = (guint64) status.st_size;
  const gboolean ok = read_members (&tar, path, add, to, error);
  forget (&tar);
  close (tar.fd);
  return ok;
}
