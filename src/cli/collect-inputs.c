/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: from names on the command line to a list of images and videos. Folders are
 * searched with all that is in them, each folder once, so that a link back to one above ends; so are tar
 * archives. Which of the files in there count is told by the ends of their names: that costs nothing, and a
 * damaged video is then still one that is missed. The list is in order of the URIs, so that it is
 * the same however a shell or a file system orders names.
 *
 * Which shard an input belongs to is told by a hash of its name alone, without the folder or archive that was given:
 * so it is the same on a machine that has the folder elsewhere, and when others come or go. Of what has several names, by links, the
 * first one counts.
 */
#include <glib/gstdio.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "cli.h"
#include "collect.h"

#define MAX_LINE (4 * PATH_MAX) /* bytes of a line of a list: a URI may be longer than a path */

/* EXTENSION TABLE: files in folders whose names end so are images or videos. */
static const gchar *const extensions[] = {
  "avif",
  "bmp",
  "exr",
  "gif",
  "heic",
  "j2c",
  "j2k",
  "jp2",
  "jpe",
  "jpeg",
  "jpg",
  "pam",
  "pbm",
  "pgm",
  "png",
  "pnm",
  "ppm",
  "tif",
  "tiff",
  "webp",
  "264",
  "265",
  "3g2",
  "3gp",
  "asf",
  "avi",
  "dv",
  "f4v",
  "flv",
  "h264",
  "h265",
  "hevc",
  "ivf",
  "m1v",
  "m2t",
  "m2ts",
  "m2v",
  "m4v",
  "mjpeg",
  "mjpg",
  "mkv",
  "mov",
  "mp4",
  "mpe",
  "mpeg",
  "mpg",
  "mts",
  "mxf",
  "ogg",
  "ogv",
  "ts",
  "vob",
  "webm",
  "wmv",
  "y4m",
};

typedef struct {
  const CollectSettings *settings;
  GPtrArray *inputs;
  GHashTable *known;   /* keys of the inputs, and of those of other shards */
  GHashTable *folders; /* "device:inode" of those that were looked into */
  const gchar *folder; /* or archive, as it was given: names are counted from there; or NULL */
  guint passed_over;
  /* of the archive that is being looked into */
  const gchar *archive, *archive_uri;
} Search;

static void
free_input (gpointer data)
{
  CollectInput *input = data;

  g_free (input->name);
  g_free (input->key);
  g_free (input->path);
  g_free (input->uri);
  g_free (input);
}

static gint
compare_inputs (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(CollectInput *const *) a)->key, (*(CollectInput *const *) b)->key);
}

static gboolean
has_extension (const gchar *name, const gchar *const *list, guint n)
{
  const gchar *dot = strrchr (name, '.');

  for (guint i = 0; dot && i < n; i++)
    if (g_ascii_strcasecmp (dot + 1, list[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_media_name (const gchar *name)
{
  return has_extension (name, extensions, G_N_ELEMENTS (extensions));
}

static gboolean
is_archive_name (const gchar *name)
{
  static const gchar *const ends[] = { "tar" };

  return has_extension (name, ends, G_N_ELEMENTS (ends));
}

/* Whether what has this name is of the shard that is collected. */
static gboolean
is_in_shard (const Search *search, const gchar *name)
{
  const CollectSettings *settings = search->settings;
  const gchar *rest = search->folder && g_str_has_prefix (name, search->folder)
      ? name + strlen (search->folder)
      : name;

  while (search->folder && *rest == '/')
    rest++;
  return settings->n_shards == 0
      || XXH3_64bits (rest, strlen (rest)) % settings->n_shards == settings->shard - 1;
}

/* Takes @key, @path and @uri. What has several names is of the shard of the first, so it must be known in all of them. */
static CollectInput *
add_input (Search *search, const gchar *name, gchar *key, gchar *path, gchar *uri)
{
  CollectInput *input = g_new0 (CollectInput, 1);

  *input = (CollectInput){ g_filename_display_name (name), key, path, uri };
  if (!g_hash_table_add (search->known, g_strdup (key)) || !is_in_shard (search, name)) {
    free_input (input);
    return NULL;
  }
  g_ptr_array_add (search->inputs, input);
  return input;
}

static gboolean
fail_at (const gchar *path, int problem)
{
  g_autofree gchar *shown = g_filename_display_name (path);

  cli_fail (
      CLI_FAILED, "\"%s\" cannot be read: %s. Nothing was collected.", shown, g_strerror (problem));
  return FALSE;
}

static void
add_member (gpointer to, const gchar *name, guint64 offset, guint64 size)
{
  Search *search = to;
  g_autofree gchar *base = g_path_get_basename (name);

  if (base[0] == '.' || !is_media_name (base)) {
    search->passed_over += base[0] != '.';
    return;
  }
  g_autofree gchar *full = g_build_filename (search->archive, name, NULL);
  CollectInput *input = add_input (search, full,
      g_strdup_printf ("%s/%s:%020" G_GUINT64_FORMAT, search->archive_uri, name, offset),
      g_strdup (search->archive), NULL);
  if (input) {
    input->source = g_intern_string (search->archive_uri);
    input->offset = offset;
    input->size = size;
  }
}

/* Takes @real and @uri. */
static gboolean
add_archive (Search *search, const gchar *path, gchar *real, gchar *uri)
{
  g_autoptr (GError) error = NULL;
  const gchar *folder = search->folder;
  gboolean ok = TRUE;

  search->folder = folder ? folder : path;
  search->archive = path;
  search->archive_uri = uri;
  if (g_hash_table_add (search->folders, real))
    ok = collect_tar_read (path, add_member, search, &error);
  search->folder = folder;
  if (!ok)
    cli_fail (CLI_FAILED, "%s Nothing was collected.", error->message);
  g_free (uri);
  return ok;
}

static gboolean
add_file (Search *search, const gchar *path)
{
  gchar *real = realpath (path, NULL);

  if (!real)
    return fail_at (path, errno);
  gchar *uri = g_filename_to_uri (real, NULL, NULL);
  gchar *owned = g_strdup (real);
  free (real);
  if (is_archive_name (path))
    return add_archive (search, path, owned, uri);
  g_free (owned);
  CollectInput *input = add_input (search, path, uri, g_strdup (path), NULL);
  if (input)
    input->source = input->key;
  return TRUE;
}

static gboolean add_folder (Search *search, const gchar *path, const struct stat *status);

/* What lies in a folder: hidden files, links to nowhere and what is neither file nor folder do not
 * count. */
static gboolean
add_entry (Search *search, const gchar *folder, const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  struct stat status;

  if (name[0] == '.')
    return TRUE;
  if (stat (path, &status) == 0) {
    if (S_ISDIR (status.st_mode))
      return add_folder (search, path, &status);
    if (S_ISREG (status.st_mode) && (is_media_name (name) || is_archive_name (name)))
      return add_file (search, path);
  }
  search->passed_over++;
  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* In byte order, so that it is the same everywhere which name of a file or folder is the first. */
static gboolean
add_folder (Search *search, const gchar *path, const struct stat *status)
{
  g_autofree gchar *key = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
      (guint64) status->st_dev, (guint64) status->st_ino);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gboolean ok = TRUE;
  const gchar *name;

  if (!g_hash_table_add (search->folders, g_steal_pointer (&key)))
    return TRUE;
  errno = 0;
  GDir *dir = g_dir_open (path, 0, NULL);
  if (!dir)
    return fail_at (path, errno ? errno : EIO);
  while ((name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; ok && i < names->len; i++)
    ok = add_entry (search, path, g_ptr_array_index (names, i));
  return ok;
}

static gboolean
add_given_folder (Search *search, const gchar *path, const struct stat *status)
{
  g_autofree gchar *folder = g_strdup (path);

  /* names of what is in there do not have them all */
  while (g_str_has_suffix (folder, "/"))
    folder[strlen (folder) - 1] = '\0';
  search->folder = folder;
  const gboolean ok = add_folder (search, path, status);
  search->folder = NULL;
  return ok;
}

static gboolean add_name (Search *search, const gchar *name);

/* What a pattern stands for that no shell has replaced. Returns: whether it is one */
static gboolean
add_pattern (Search *search, const gchar *name, gboolean *ok)
{
  glob_t found = { 0 };
  const gboolean is_one = strpbrk (name, "*?[") != NULL && glob (name, 0, NULL, &found) == 0;

  *ok = TRUE;
  for (gsize i = 0; is_one && *ok && i < found.gl_pathc; i++)
    *ok = add_name (search, found.gl_pathv[i]);
  globfree (&found);
  return is_one;
}

static gboolean
add_name (Search *search, const gchar *name)
{
  struct stat status;
  gboolean ok;

  if (stat (name, &status) != 0) {
    const int problem = errno;
    g_autofree gchar *scheme = g_uri_parse_scheme (name);

    if (scheme && strstr (name, "://")) {
      add_input (search, name, g_strdup (name), NULL, g_strdup (name));
      return TRUE;
    }
    return add_pattern (search, name, &ok) ? ok : fail_at (name, problem);
  }
  if (S_ISDIR (status.st_mode))
    return add_given_folder (search, name, &status);
  if (S_ISREG (status.st_mode))
    return add_file (search, name);
  g_autofree gchar *shown = g_filename_display_name (name);
  cli_fail (CLI_FAILED,
      "\"%s\" is neither a file nor a folder. Expected images, videos, folders, tar archives or URIs.",
      shown);
  return FALSE;
}

/* A line of @n bytes. */
static gboolean
add_line (Search *search, const gchar *path, gchar *line, gsize n)
{
  if (n == MAX_LINE && line[n - 1] != '\n') {
    g_autofree gchar *shown = g_filename_display_name (path);

    cli_fail (CLI_FAILED,
        "\"%s\" holds a line of more than %d bytes, which no name has. Expected a name a line. Nothing was "
        "collected.",
        shown, MAX_LINE);
    return FALSE;
  }
  if (n > 0 && line[n - 1] == '\n')
    line[--n] = '\0';
  if (strlen (line) < n) {
    g_autofree gchar *shown = g_filename_display_name (path);

    cli_fail (CLI_FAILED,
        "\"%s\" holds a byte of 0, which no name contains. Expected one name per line, as find -print writes "
        "them, not -print0. Nothing was collected.",
        shown);
    return FALSE;
  }
  return line[0] == '\0' || add_name (search, line);
}

/* Returns: how many bytes of @line are the next line, with its end; 0 at the end of @file */
static gsize
read_line (FILE *file, gchar line[MAX_LINE + 1])
{
  gsize n = 0;
  int c = 0;

  while (n < MAX_LINE && c != '\n' && (c = getc (file)) != EOF)
    line[n++] = (gchar) c;
  line[n] = '\0';
  return n;
}

/* Returns: a file or pipe to read names from, or NULL, and it was said why. To open a pipe does not wait for somebody who
 * writes; what was written so far, and all that a writer still writes, is read. */
static FILE *
open_list (const gchar *path)
{
  g_autofree gchar *shown = g_filename_display_name (path);
  struct stat status;
  const int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

  if (fd < 0) {
    fail_at (path, errno);
    return NULL;
  }
  if (fstat (fd, &status) == 0 && (S_ISREG (status.st_mode) || S_ISFIFO (status.st_mode))) {
    /* a file of the system that has nothing to say yet stays one that does not wait */
    if (S_ISFIFO (status.st_mode))
      fcntl (fd, F_SETFL, O_RDONLY);
    return fdopen (fd, "r");
  }
  close (fd);
  cli_fail (CLI_FAILED,
      "\"%s\" is neither a file nor a pipe. Expected a list of names, one a line. Nothing was collected.",
      shown);
  return NULL;
}

/* Names that stand in a file, a line each; "-" is standard input. */
static gboolean
add_list (Search *search, const gchar *path)
{
  FILE *file = strcmp (path, "-") == 0 ? stdin : open_list (path);
  gchar line[MAX_LINE + 1];
  gboolean ok = file != NULL;
  gsize n;

  while (ok && (n = read_line (file, line)) > 0)
    ok = add_line (search, path, line, n);
  if (ok && ferror (file))
    ok = fail_at (path, errno);
  if (file && file != stdin)
    fclose (file);
  return ok;
}

static gboolean
add_argument (Search *search, const gchar *name)
{
  struct stat status;

  if (strcmp (name, "-") == 0)
    return add_list (search, name);
  /* a file that is called so comes first */
  if (name[0] == '@' && stat (name, &status) != 0)
    return add_list (search, name + 1);
  return add_name (search, name);
}

/* @passed_over: (out): how many files in folders do not count
 * Returns: (element-type CollectInput): the inputs, or NULL, and it was said why */
GPtrArray *
collect_inputs_find (gchar *const *names, const CollectSettings *settings, guint *passed_over)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func (free_input);
  Search search = { .settings = settings, .inputs = inputs, .known = known, .folders = folders };

  for (guint i = 0; names[i]; i++)
    if (!add_argument (&search, names[i]))
      return NULL;
  g_ptr_array_sort (inputs, compare_inputs);
  *passed_over = search.passed_over;
  return g_steal_pointer (&inputs);
}
