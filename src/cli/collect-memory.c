/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much memory there is: what the system says is available, or what is left to the group of processes that this one is in
 * (containers, systemd), the least of them.
 */
#include "collect.h"

#include <string.h>

/* The number after @key in a text of lines; G_MAXUINT64 where there is none, as in "max". */
static guint64
find_number (const gchar *path, const gchar *key)
{
  g_autofree gchar *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return G_MAXUINT64;
  const gchar *at = strstr (text, key);
  at = at ? at + strlen (key) : "";
  at += strspn (at, " ");
  return g_ascii_isdigit (*at) ? g_ascii_strtoull (at, NULL, 10) : G_MAXUINT64;
}

/* Of the control group of version 2 whose folder this is. */
static guint64
left_in_group (const gchar *folder)
{
  g_autofree gchar *max = g_build_filename (folder, "memory.max", NULL);
  g_autofree gchar *current = g_build_filename (folder, "memory.current", NULL);
  g_autofree gchar *details = g_build_filename (folder, "memory.stat", NULL);
  const guint64 most = find_number (max, "");
  const guint64 used = find_number (current, "");
  const guint64 cached = find_number (details, "inactive_file"); /* can be had back */

  if (most == G_MAXUINT64 || used == G_MAXUINT64)
    return G_MAXUINT64;
  const guint64 held = used - MIN (used, cached == G_MAXUINT64 ? 0 : cached);
  return most - MIN (most, held);
}

guint64
collect_memory_available (void)
{
  const guint64 kilobytes = find_number ("/proc/meminfo", "MemAvailable:");
  guint64 available = kilobytes == G_MAXUINT64 ? kilobytes : kilobytes * 1024;
  g_autofree gchar *text = NULL;

  if (!g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    return available;
  gchar *group = g_str_has_prefix (text, "0::") ? text + 3 : strstr (text, "\n0::");
  if (group && *group == '\n')
    group += 4;
  if (!group)
    return available;
  group[strcspn (group, "\n")] = '\0';
  /* every group above limits, too */
  for (;;) {
    g_autofree gchar *folder = g_build_filename ("/sys/fs/cgroup", group, NULL);
    gchar *end = strrchr (group, '/');

    available = MIN (available, left_in_group (folder));
    if (!end || group[0] == '\0')
      return available;
    *end = '\0';
  }
}
