/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixelprofile watch says, a line at a time: for eyes, and as JSON. */
#include "watch-line.h"

#include "cli.h"

gboolean
watch_line_is_beyond (const WatchLine *line)
{
  return line->latest && diff_is_beyond (&line->diff, line->settings);
}

static gdouble
frames_per_second (const WatchLine *line)
{
  return line->seconds > 0.0 ? (gdouble) line->frames / line->seconds : 0.0;
}

/* Returns: (transfer full): without the end of the line */
gchar *
watch_line_to_text (const WatchLine *line)
{
  g_autofree gchar *time = g_date_time_format (line->time, "%FT%T%:z");
  g_autofree gchar *latest = cli_count (line->frames, "frame");
  GString *text = g_string_new (time);

  g_string_append_printf (text, "  %s, %.2f a second", latest, frames_per_second (line));
  if (line->skipped > 0)
    g_string_append_printf (text, ", %" G_GUINT64_FORMAT " damaged and left out", line->skipped);
  if (line->has_profile) {
    g_autofree gchar *shown = g_filename_display_name (line->profile.location);
    g_autofree gchar *name = cli_clean_text (shown);
    g_autofree gchar *frames = cli_count (line->profile.frames, "frame");

    g_string_append_printf (text, "; %s: %s", name, frames);
  }
  if (line->latest) {
    const DiffRow *all = diff_all (&line->diff);

    g_string_append_printf (text, "; shift %.3f, largest %.3f, beyond %.5f: %s the limit",
        all->shift, all->largest, diff_row_share (all),
        watch_line_is_beyond (line) ? "beyond" : "within");
  }
  return g_string_free (text, FALSE);
}

static json_t *
profile_to_json (const WatchLine *line)
{
  if (!line->has_profile)
    return json_null ();
  g_autofree gchar *name = g_filename_display_name (line->profile.location);
  return json_pack ("{s:s, s:I, s:I}", "file", name, "frames", (json_int_t) line->profile.frames,
      "frames_skipped", (json_int_t) line->profile.skipped);
}

static json_t *
drift_to_json (const WatchLine *line)
{
  if (!line->latest)
    return json_null ();
  json_t *drift = diff_to_json (&line->diff, line->settings, line->latest);
  json_object_set_new (
      drift, "frames", json_integer ((json_int_t) pixelnorm_profile_get_frames (line->latest)));
  return drift;
}

/* Returns: (transfer full): without the end of the line */
gchar *
watch_line_to_json (const WatchLine *line)
{
  g_autofree gchar *time = g_date_time_format (line->time, "%FT%T%:z");
  json_t *object = json_pack ("{s:s, s:f, s:I, s:I, s:f, s:o, s:o}", "time", time, "seconds",
      line->seconds, "frames", (json_int_t) line->frames, "frames_skipped",
      (json_int_t) line->skipped, "frames_per_second", frames_per_second (line), "profile",
      profile_to_json (line), "drift", drift_to_json (line));
  /* in ASCII alone it is the same in every locale */
  char *dumped = json_dumps (object, JSON_COMPACT | JSON_ENSURE_ASCII);
  gchar *text = g_strdup (dumped);

  free (dumped);
  json_decref (object);
  return text;
}

void
watch_line_clear (WatchLine *line)
{
  g_clear_pointer (&line->time, g_date_time_unref);
  g_clear_pointer (&line->profile.location, g_free);
  g_clear_object (&line->latest);
  diff_clear (&line->diff);
}
