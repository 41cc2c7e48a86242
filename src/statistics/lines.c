/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

/* More would make a profile of many files mostly a list of names. */
#define MAX_NAMES 64
#define MAX_SHARDS 1000000

static const gchar and_more[] = "and more";

static gint
compare_names (const gchar *a, const gchar *b)
{
  const gboolean a_last = strcmp (a, and_more) == 0, b_last = strcmp (b, and_more) == 0;

  return a_last != b_last ? a_last - b_last : strcmp (a, b);
}

/* Where @name stands in @names, or belongs. */
static guint
find_name (GPtrArray *names, const gchar *name, gboolean *is_there)
{
  guint low = 0, high = names->len;

  *is_there = FALSE;
  while (low < high) {
    const guint middle = (low + high) / 2;
    const gint order = compare_names (name, g_ptr_array_index (names, middle));

    if (order == 0)
      *is_there = TRUE;
    if (order <= 0)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static void
add_name (GPtrArray *names, const gchar *name)
{
  gboolean is_there;
  const guint at = find_name (names, name, &is_there);

  if (*name == '\0' || is_there || at > MAX_NAMES)
    return;
  g_ptr_array_insert (names, (gint) at, g_strdup (name));
  if (names->len <= MAX_NAMES)
    return;
  /* the line that says so, in the place of all from there on */
  g_ptr_array_set_size (names, MAX_NAMES);
  g_ptr_array_add (names, g_strdup (and_more));
}

void
pixelnorm_lines_add (GPtrArray *names, const gchar *more)
{
  g_auto (GStrv) added = g_strsplit (more ? more : "", "\n", -1);

  for (gchar **name = added; *name; name++)
    add_name (names, *name);
}

/* FALSE: it is none. */
static gboolean
parse_shard (const gchar *text, guint64 *index, guint64 *n)
{
  g_auto (GStrv) numbers = g_strsplit (text, "/", -1);

  return g_strv_length (numbers) == 2
      && g_ascii_string_to_unsigned (numbers[1], 10, 1, MAX_SHARDS, n, NULL)
      && g_ascii_string_to_unsigned (numbers[0], 10, 1, *n, index, NULL);
}

static gint
compare_shards (gconstpointer a, gconstpointer b)
{
  guint64 a_index, a_n, b_index, b_n;

  parse_shard (*(gchar *const *) a, &a_index, &a_n);
  parse_shard (*(gchar *const *) b, &b_index, &b_n);
  if (a_n != b_n)
    return a_n < b_n ? -1 : 1;
  return (a_index > b_index) - (a_index < b_index);
}

static gboolean
are_whole (GPtrArray *shards)
{
  for (guint i = 0; i < shards->len; i++) {
    guint64 index, n;

    parse_shard (g_ptr_array_index (shards, i), &index, &n);
    if (index != i + 1 || n != shards->len)
      return FALSE;
  }
  return TRUE;
}

void
pixelnorm_shards_add (GPtrArray *shards, const gchar *more)
{
  g_auto (GStrv) added = g_strsplit (more ? more : "", "\n", -1);
  guint64 index, n;

  for (gchar **shard = added; *shard; shard++)
    if (parse_shard (*shard, &index, &n))
      g_ptr_array_add (
          shards, g_strdup_printf ("%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, index, n));
  g_ptr_array_sort (shards, compare_shards);
  if (are_whole (shards))
    g_ptr_array_set_size (shards, 0);
}

gchar *
pixelnorm_lines_join (GPtrArray *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf (
        text, "%s%s", i > 0 ? "\n" : "", (gchar *) g_ptr_array_index (lines, i));
  return g_string_free (text, text->len == 0);
}
