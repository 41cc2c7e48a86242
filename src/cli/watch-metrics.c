/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Metrics of pixelprofile watch: a file in Prometheus's text format, for the textfile collector of its node_exporter. Each is
 * labelled with the name of the file, so that those of several cameras are told apart. The file is replaced whole.
 */
#include "watch-metrics.h"

#include <gio/gio.h>
#include <string.h>

#include "cli.h"

#define EXTENSION ".prom"
#define PREFIX "pixelprofile_watch_"
#define BEGIN "# HELP " PREFIX

/* Returns: (transfer full): as text between quotes */
static gchar *
escape_label (const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  GString *escaped = g_string_new (NULL);

  for (const gchar *p = valid; *p; p++) {
    if (*p == '\n')
      g_string_append (escaped, "\\n");
    else if (*p == '"' || *p == '\\')
      g_string_append_printf (escaped, "\\%c", *p);
    else
      g_string_append_c (escaped, *p);
  }
  return g_string_free (escaped, FALSE);
}

/* The camera's name is that of the file. */
static gchar *
name_camera (const gchar *path)
{
  g_autofree gchar *base = g_path_get_basename (path);

  base[strlen (base) - strlen (EXTENSION)] = '\0';
  return escape_label (base);
}

static void
describe (GString *text, const gchar *name, const gchar *type, const gchar *help)
{
  g_string_append_printf (text, BEGIN "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* @channel: NULL where it is of none */
static void
append_sample (
    GString *text, const gchar *name, const gchar *camera, const gchar *channel, gdouble value)
{
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (text, PREFIX "%s{camera=\"%s\"", name, camera);
  if (channel)
    g_string_append_printf (text, ",channel=\"%s\"", channel);
  g_string_append_printf (text, "} %s\n", g_ascii_dtostr (number, sizeof number, value));
}

static void
append_one (GString *text, const gchar *camera, const gchar *name, const gchar *type,
    const gchar *help, gdouble value)
{
  describe (text, name, type, help);
  append_sample (text, name, camera, NULL, value);
}

static gdouble
get_shift (const DiffRow *row)
{
  return row->shift;
}

static gdouble
get_ratio (const DiffRow *row)
{
  return row->ratio;
}

static gdouble
get_mean (const DiffRow *row)
{
  return row->mean_b;
}

/* ROW TABLE: what every channel has. */
static const struct {
  const gchar *name;
  const gchar *help;
  gdouble (*get) (const DiffRow *row);
} rows[] = {
  { "shift_deviations",
      "How far the mean of the latest frames has moved, in deviations of the reference, averaged over "
      "the pixels.",
      get_shift },
  { "deviation_ratio", "Deviation of the latest frames over that of the reference.", get_ratio },
  { "mean_code_values", "Mean of the latest frames.", get_mean },
};

static void
append_drift (GString *text, const gchar *camera, const WatchLine *line)
{
  append_one (text, camera, "beyond_limit", "gauge",
      "Whether the latest frames are beyond the limit of drift.", watch_line_is_beyond (line));
  append_one (text, camera, "share_beyond_ratio", "gauge",
      "Share of the pixels that have shifted by more than the limit.",
      diff_row_share (diff_all (&line->diff)));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    describe (text, rows[i].name, "gauge", rows[i].help);
    for (guint row = 0; row <= line->diff.n_channels; row++) {
      g_autofree gchar *channel = diff_row_name (&line->diff, line->latest, row);

      if (line->diff.rows[row].n_compared > 0)
        append_sample (text, rows[i].name, camera, channel, rows[i].get (&line->diff.rows[row]));
    }
  }
}

/* Whether a file of ours may be written there: nothing else is overwritten. */
gboolean
watch_metrics_check (const gchar *path, GError **error)
{
  g_autofree gchar *found = NULL;
  g_autofree gchar *base = g_path_get_basename (path);

  if (!g_str_has_suffix (path, EXTENSION) || strlen (base) == strlen (EXTENSION))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "Expected --metrics=CAMERA" EXTENSION ", found \"%s\".", path);
  else if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !(g_file_test (path, G_FILE_TEST_IS_REGULAR)
          && g_file_get_contents (path, &found, NULL, NULL)
          && (!*found || g_str_has_prefix (found, BEGIN))))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "\"%s\" is there, and has no metrics of this command. Move it, or choose another name after "
        "--metrics.",
        path);
  else
    return TRUE;
  return FALSE;
}

gboolean
watch_metrics_write (
    const gchar *path, const WatchTotals *totals, const WatchLine *line, GError **error)
{
  g_autofree gchar *camera = name_camera (path);
  g_autoptr (GString) text = g_string_new (NULL);

  append_one (text, camera, "start_time_seconds", "gauge",
      "When the watch began, in seconds since 1970.", totals->start);
  append_one (text, camera, "last_frame_time_seconds", "gauge",
      "When the latest frame came, in seconds since 1970; 0 before the first.", totals->last_frame);
  append_one (
      text, camera, "frames_total", "counter", "Frames that came.", (gdouble) totals->count.frames);
  append_one (text, camera, "skipped_frames_total", "counter",
      "Damaged frames, which are not among those that came.", (gdouble) totals->count.skipped);
  append_one (text, camera, "drifts_total", "counter", "How often drift went beyond the limit.",
      (gdouble) totals->drifts);
  if (line->has_profile) {
    append_one (text, camera, "profile_frames", "gauge", "Frames in the profile that is collected.",
        (gdouble) line->profile.frames);
    append_one (text, camera, "profile_skipped_frames", "gauge",
        "Damaged frames, which are not in the profile.", (gdouble) line->profile.skipped);
  }
  if (line->latest)
    append_drift (text, camera, line);
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (g_steal_pointer (&text));
  return cli_write_file (path, bytes, error);
}
