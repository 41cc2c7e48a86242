/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile merge: one profile of the frames of several, which are read one after the other, so that
 * a thousand take no more memory than two.
 */
#include "cli.h"

#include <string.h>
#include <unistd.h>

#define MAX_SHOWN 10 /* shards that are missing */

static const gchar description[] =
    "The result is the profile that collecting all frames at once would have given, to the last integer.\n"
    "It has the same identity, whatever the order of the files, and whether they are merged at once or in\n"
    "groups. So you can collect a data set in parts, on several machines, in parallel, or day by day.\n"
    "\n"
    "All profiles must have the same scope, channels, depth, range and matrix and, in scope pixel, the\n"
    "same size. If one does not fit, nothing is written. Masks may differ, since each pixel keeps its own\n"
    "count. The result has a histogram if all profiles have one.\n"
    "\n"
    "If the profiles were collected with --shard, a message says which shards are missing or duplicate.\n"
    "\n"
    "OUT is written after everything was read, all at once, so it may be one of the files (with --force).\n"
    "\n"
    "Exit status: 0 if OUT was written, 1 if not, 2 if the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile merge week.safetensors monday.safetensors tuesday.safetensors\n"
    "  pixelprofile merge --force all.safetensors all.safetensors today.safetensors\n";

typedef struct {
  PixelnormAccumulator *accumulator;
  GHashTable *known; /* identity -> path of the file that had it */
  gboolean had_histogram;
} Merge;

/* Twice the same frames is hardly ever meant, but may be. */
static void
warn_of_twin (Merge *merge, const gchar *path, PixelnormProfile *profile)
{
  gchar *identity = g_strdup (pixelnorm_profile_get_identity (profile));
  const gchar *twin = g_hash_table_lookup (merge->known, identity);

  if (twin)
    cli_fail (
        CLI_OK, "Warning: \"%s\" holds the same as \"%s\"; its frames count twice.", path, twin);
  g_hash_table_insert (merge->known, identity, g_strdup (path));
}

static gboolean
merge_file (Merge *merge, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (path, &error);
  gboolean ok = profile != NULL;

  if (!ok) {
    cli_fail (CLI_FAILED, "%s", error->message);
    return FALSE;
  }
  warn_of_twin (merge, path, profile);
  merge->had_histogram |= pixelnorm_profile_has_histogram (profile);
  if (merge->accumulator) {
    ok = pixelnorm_accumulator_add_profile (merge->accumulator, profile, &error);
  } else {
    merge->accumulator = pixelnorm_accumulator_new_from_profile (profile, &error);
    ok = merge->accumulator != NULL;
  }
  if (!ok)
    cli_fail (CLI_FAILED, "\"%s\" cannot be merged: %s", path, error->message);
  return ok;
}

static gboolean
merge_files (Merge *merge, gchar *const *paths)
{
  const guint n = g_strv_length ((gchar **) paths);
  const gboolean show = n > 1 && isatty (STDERR_FILENO);
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < n; i++) {
    ok = merge_file (merge, paths[i]);
    if (show && ok)
      g_printerr ("\r%u of %u profiles read", i + 1, n);
  }
  if (show)
    g_printerr ("\n");
  return ok;
}

/* Of a set that was collected in parts: what is not there, is there twice, or is of another division. */
static void
warn_of_shards (PixelnormProfile *profile)
{
  const gchar *text = pixelnorm_profile_get_shards (profile);
  g_auto (GStrv) shards = g_strsplit (text ? text : "", "\n", -1);
  const gchar *first = text ? strchr (shards[0], '/') : NULL;
  const guint64 n = first ? g_ascii_strtoull (first + 1, NULL, 10) : 0;
  g_autoptr (GString) missing = g_string_new (NULL);
  guint n_missing = 0, at = 0;

  for (guint i = 0; first && shards[i]; i++) {
    if (strcmp (strchr (shards[i], '/'), first) != 0) {
      cli_fail (CLI_OK, "Warning: %s and %s are shards of sets that were divided differently.",
          shards[0], shards[i]);
      return;
    }
    if (i > 0 && strcmp (shards[i], shards[i - 1]) == 0)
      cli_fail (CLI_OK, "Warning: shard %s is there twice; its frames count twice.", shards[i]);
  }
  for (guint64 i = 1; i <= n; i++) {
    const guint before = at;

    while (shards[at] && g_ascii_strtoull (shards[at], NULL, 10) == i)
      at++;
    if (at == before && n_missing++ < MAX_SHOWN)
      g_string_append_printf (missing, "%s%" G_GUINT64_FORMAT, missing->len ? ", " : "", i);
  }
  if (n_missing > 0)
    cli_fail (CLI_OK, "Warning: missing of %" G_GUINT64_FORMAT " shards: %s%s.", n, missing->str,
        n_missing > MAX_SHOWN ? ", ..." : "");
}

static int
write_result (Merge *merge, const gchar *target, gboolean force)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) profile =
      pixelnorm_accumulator_snapshot (merge->accumulator, &error);

  if (!profile || !cli_save_profile (profile, target, force, &error))
    return cli_fail (CLI_FAILED, "%s", error->message);
  if (merge->had_histogram && !pixelnorm_profile_has_histogram (profile))
    cli_fail (CLI_OK, "Warning: not all profiles have a histogram, so the result has none.");
  warn_of_shards (profile);
  g_autofree gchar *shown = g_filename_display_name (target);
  g_autofree gchar *name = cli_clean_text (shown);
  g_autofree gchar *frames = cli_count (pixelnorm_profile_get_frames (profile), "frame");
  g_print ("%s: %s, identity %s\n", name, frames, pixelnorm_profile_get_identity (profile));
  return CLI_OK;
}

static int
merge_into (gchar **paths, gboolean force)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Merge merge = { .known = known };
  int status = CLI_FAILED;

  if (!paths || !paths[0] || !paths[1])
    return cli_fail_usage (
        "Expected the file to write, then those to merge; found %u names.", paths ? 1 : 0);
  if (cli_check_profile_target (paths[0], force) != CLI_OK)
    return CLI_FAILED;
  if (merge_files (&merge, paths + 1))
    status = write_result (&merge, paths[0], force);
  g_clear_object (&merge.accumulator);
  return status;
}

static int
merge_run (int argc, char **argv)
{
  gboolean force = FALSE;
  g_auto (GStrv) paths = NULL;
  const GOptionEntry entries[] = {
    { "force", 'f', 0, G_OPTION_ARG_NONE, &force, "Overwrite OUT if it exists", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context =
      cli_context_new ("OUT IN...", "Merges several profiles into one.", description, entries);

  return cli_parse (context, entries, &argc, &argv) ? merge_into (paths, force) : CLI_USAGE;
}

const CliCommand cli_merge = { "merge", "Merge several profiles into one", merge_run };
