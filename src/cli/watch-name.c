/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of files with a date in them: a pattern has conversions as date(1), and gives a name at any time. */
#include "watch-name.h"

#include <gio/gio.h>
#include <stdlib.h>

/* Returns: (nullable): local time; a clock that was never set may have a year that no date has */
GDateTime *
watch_name_time (GError **error)
{
  GDateTime *now = g_date_time_new_now_local ();

  if (!now)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "Expected a date up to the year 9999, and the clock of this machine is later. Set the clock.");
  return now;
}

/* Returns: (transfer full) (nullable): what the pattern gives in local time */
gchar *
watch_name_now (const gchar *pattern)
{
  g_autoptr (GDateTime) now = watch_name_time (NULL);

  return now ? g_date_time_format (now, pattern) : NULL;
}

/* Whether every time has a name, in one folder that is there. */
gboolean
watch_name_check (const gchar *pattern, GError **error)
{
  g_autofree gchar *name = g_utf8_validate (pattern, -1, NULL) ? watch_name_now (pattern) : NULL;

  if (!name || !*name) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "Expected --location=NAME with conversions of date(1), such as scene-%%F.safetensors, found "
        "\"%s\".",
        pattern);
    return FALSE;
  }
  g_autofree gchar *folder = g_path_get_dirname (name);
  g_autofree gchar *before = g_path_get_dirname (pattern);
  g_auto (GStrv) parts = g_strsplit (before, "%%", -1); /* a % of the name */
  g_autofree gchar *meant = g_strjoinv ("%", parts);
  if (!g_str_equal (folder, meant)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "Expected --location with the date in the name of the file, found it in that of the folder: "
        "\"%s\".",
        pattern);
    return FALSE;
  }
  return TRUE;
}

/* Whether both lead to the same file, which is there. */
gboolean
watch_name_is_of (const gchar *name, const gchar *path)
{
  gchar *found = realpath (name, NULL), *other = realpath (path, NULL);
  const gboolean same = found && g_strcmp0 (found, other) == 0;

  free (found);
  free (other);
  return same;
}
