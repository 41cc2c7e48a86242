/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: from names on the command line to a list of images and videos. Folders are
 * searched with all that is in them, each folder once, so that a link back to one above ends.
 * Which of the files in a folder count is told by the ends of their names: that costs nothing, and a
 * damaged video is then still one that is missed. The list is in order of the URIs, so that it is
 * the same however a shell or a file system orders names.
 */
#include <glib/gstdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "collect.h"

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
  GPtrArray *inputs;
  GHashTable *known;   /* URIs of the inputs */
  GHashTable *folders; /* "device:inode" of those that were looked into */
  guint passed_over;
} Search;

static void
free_input (gpointer data)
{
  CollectInput *input = data;

  g_free (input->name);
  g_free (input->uri);
  g_free (input);
}

static gint
compare_inputs (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(CollectInput *const *) a)->uri, (*(CollectInput *const *) b)->uri);
}

static gboolean
is_media_name (const gchar *name)
{
  const gchar *dot = strrchr (name, '.');

  for (guint i = 0; dot && i < G_N_ELEMENTS (extensions); i++)
    if (g_ascii_strcasecmp (dot + 1, extensions[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Takes @uri. */
static void
add_input (Search *search, const gchar *name, gchar *uri)
{
  if (!g_hash_table_add (search->known, uri))
    return;
  CollectInput *input = g_new (CollectInput, 1);
  *input = (CollectInput){ g_filename_display_name (name), g_strdup (uri) };
  g_ptr_array_add (search->inputs, input);
}

static gboolean
fail_at (const gchar *path, int problem)
{
  g_autofree gchar *shown = g_filename_display_name (path);

  cli_fail (
      CLI_FAILED, "\"%s\" cannot be read: %s. Nothing was collected.", shown, g_strerror (problem));
  return FALSE;
}

static gboolean
add_file (Search *search, const gchar *path)
{
  char *real = realpath (path, NULL);

  if (!real)
    return fail_at (path, errno);
  add_input (search, path, g_filename_to_uri (real, NULL, NULL));
  free (real);
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
    if (S_ISREG (status.st_mode) && is_media_name (name))
      return add_file (search, path);
  }
  search->passed_over++;
  return TRUE;
}

static gboolean
add_folder (Search *search, const gchar *path, const struct stat *status)
{
  g_autofree gchar *key = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
      (guint64) status->st_dev, (guint64) status->st_ino);
  gboolean ok = TRUE;
  const gchar *name;

  if (!g_hash_table_add (search->folders, g_steal_pointer (&key)))
    return TRUE;
  errno = 0;
  GDir *dir = g_dir_open (path, 0, NULL);
  if (!dir)
    return fail_at (path, errno ? errno : EIO);
  while (ok && (name = g_dir_read_name (dir)))
    ok = add_entry (search, path, name);
  g_dir_close (dir);
  return ok;
}

static gboolean
add_name (Search *search, const gchar *name)
{
  struct stat status;

  if (stat (name, &status) != 0) {
    const int problem = errno;
    g_autofree gchar *scheme = g_uri_parse_scheme (name);

    if (!scheme || !strstr (name, "://"))
      return fail_at (name, problem);
    add_input (search, name, g_strdup (name));
    return TRUE;
  }
  if (S_ISDIR (status.st_mode))
    return add_folder (search, name, &status);
  if (S_ISREG (status.st_mode))
    return add_file (search, name);
  g_autofree gchar *shown = g_filename_display_name (name);
  cli_fail (CLI_FAILED,
      "\"%s\" is neither a file nor a folder. Expected images, videos, folders or URIs.", shown);
  return FALSE;
}

/* @passed_over: (out): how many files in folders do not count
 * Returns: (element-type CollectInput): the inputs, or NULL, and it was said why */
GPtrArray *
collect_inputs_find (gchar *const *names, guint *passed_over)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func (free_input);
  Search search = { .inputs = inputs, .known = known, .folders = folders };

  for (guint i = 0; names[i]; i++)
    if (!add_name (&search, names[i]))
      return NULL;
  g_ptr_array_sort (inputs, compare_inputs);
  *passed_over = search.passed_over;
  return g_steal_pointer (&inputs);
}
