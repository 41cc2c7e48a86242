/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile info: what profiles were made of, and their statistics channel by channel, for
 * people or, as JSON, for programs.
 */
#include "cli.h"

#include <jansson.h>
#include <string.h>

static const gchar description[] =
    "The statistics are those of all pixels of all frames together, in code values (0 to 255 at 8\n"
    "bits). std is the population standard deviation. The line \"all\" also pools the channels.\n"
    "\"pixelprofile render\" shows how the statistics vary over the frame.\n"
    "\n"
    "Two profiles with the same identity hold the same data.\n"
    "\n"
    "With --json, each file gives one line with one object: file, scope, width and height (null if the\n"
    "frames had any size), channels, depth, range, matrix, frames, frames_skipped, created, software,\n"
    "sources, conversions and shards (arrays), identity, and statistics: for each channel and for \"all\"\n"
    "an object with count, mean, std, min and max; and floored: for each channel the share of samples\n"
    "(0 to 1) that pixelnorm with its defaults divides by min-deviation, because they deviate by less.\n"
    "Unknown values are null.\n"
    "\n"
    "A file that is not a sound profile is reported on standard error, and the others are still shown.\n"
    "\n"
    "Exit status: 0 if every file was shown, 1 if one could not be read, 2 if the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile info lobby.safetensors\n"
    "  pixelprofile info --json *.safetensors | jq '.statistics.all.mean'\n";

static const gchar *
scope_name (PixelnormScope scope)
{
  return scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel";
}

static const gchar *
range_name (PixelnormRange range)
{
  return range == PIXELNORM_RANGE_LIMITED ? "limited" : "full";
}

/* Returns: (transfer full): the channel's name; "all" for -1 */
static gchar *
channel_name (PixelnormProfile *profile, gint channel)
{
  return channel < 0 ? g_strdup ("all")
                     : g_strndup (pixelnorm_profile_get_channels (profile) + channel, 1);
}

/* Above 2^53 the count is no longer exact, and above 2^63 no integer of jansson's. */
static json_t *
count_to_json (gdouble count)
{
  return count < 9007199254740992.0 ? json_integer ((json_int_t) count) : json_real (count);
}

static json_t *
statistics_to_json (PixelnormProfile *profile)
{
  const gint n_channels = strlen (pixelnorm_profile_get_channels (profile));
  json_t *object = json_object ();

  for (gint i = 0; i <= n_channels; i++) {
    const gint channel = i < n_channels ? i : -1;
    g_autofree gchar *name = channel_name (profile, channel);
    PixelnormStatistics statistics;

    pixelnorm_profile_get_statistics (profile, channel, &statistics);
    json_object_set_new (object, name,
        json_pack ("{s:o, s:f, s:f, s:i, s:i}", "count", count_to_json (statistics.count), "mean",
            statistics.mean, "std", statistics.std, "min", (int) statistics.min, "max",
            (int) statistics.max));
  }
  return object;
}

/* What pixelnorm does by default with such a profile. Returns: (transfer full) */
static PixelnormSettings *
default_settings (PixelnormProfile *profile)
{
  return g_object_new (
      PIXELNORM_TYPE_SETTINGS, "scope", pixelnorm_profile_get_scope (profile), NULL);
}

static json_t *
floored_to_json (PixelnormProfile *profile)
{
  const gchar *channels = pixelnorm_profile_get_channels (profile);
  const PixelnormInputs inputs = { .profile = profile };
  g_autoptr (PixelnormSettings) settings = default_settings (profile);
  gdouble shares[PIXELNORM_MAX_CHANNELS];
  json_t *object = json_object ();

  pixelnorm_inputs_measure_floor (&inputs, settings, shares, NULL);
  for (guint i = 0; channels[i]; i++) {
    const gchar name[2] = { channels[i] };

    json_object_set_new (object, name, json_real (shares[i]));
  }
  return object;
}

/* JSON is UTF-8, what a profile says of itself and the names of files need not be. */
static json_t *
text_to_json (const gchar *text)
{
  g_autofree gchar *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  return valid ? json_string (valid) : json_null ();
}

static json_t *
lines_to_json (const gchar *text)
{
  g_auto (GStrv) lines = g_strsplit (text ? text : "", "\n", -1);
  json_t *array = json_array ();

  for (guint i = 0; lines[i]; i++) {
    if (*lines[i])
      json_array_append_new (array, text_to_json (lines[i]));
  }
  return array;
}

static void
print_json (const gchar *path, PixelnormProfile *profile)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  g_autofree gchar *name = g_filename_display_name (path);
  const gboolean sized = geometry->width > 0;
  json_t *object = json_object ();
  char *line;

  json_object_set_new (object, "file", json_string (name));
  json_object_set_new (
      object, "scope", json_string (scope_name (pixelnorm_profile_get_scope (profile))));
  json_object_set_new (object, "width", sized ? json_integer (geometry->width) : json_null ());
  json_object_set_new (object, "height", sized ? json_integer (geometry->height) : json_null ());
  json_object_set_new (object, "channels", json_string (geometry->channels));
  json_object_set_new (object, "depth", json_integer (geometry->depth));
  json_object_set_new (object, "range", json_string (range_name (geometry->range)));
  json_object_set_new (object, "matrix", text_to_json (geometry->matrix));
  json_object_set_new (object, "frames", json_integer (pixelnorm_profile_get_frames (profile)));
  json_object_set_new (
      object, "frames_skipped", json_integer (pixelnorm_profile_get_frames_skipped (profile)));
  json_object_set_new (object, "created", text_to_json (pixelnorm_profile_get_created (profile)));
  json_object_set_new (object, "software", text_to_json (pixelnorm_profile_get_software (profile)));
  json_object_set_new (object, "sources", lines_to_json (pixelnorm_profile_get_sources (profile)));
  json_object_set_new (
      object, "conversions", lines_to_json (pixelnorm_profile_get_conversions (profile)));
  json_object_set_new (object, "shards", lines_to_json (pixelnorm_profile_get_shards (profile)));
  json_object_set_new (object, "identity", json_string (pixelnorm_profile_get_identity (profile)));
  json_object_set_new (object, "statistics", statistics_to_json (profile));
  json_object_set_new (object, "floored", floored_to_json (profile));

  /* in ASCII alone it is the same in every locale */
  line = json_dumps (object, JSON_COMPACT | JSON_ENSURE_ASCII);
  g_print ("%s\n", line);
  free (line);
  json_decref (object);
}

/* One line "  key  value"; further lines of @value are aligned below the first. */
static void
print_field (const gchar *key, const gchar *value)
{
  g_auto (GStrv) lines = g_strsplit (value && *value ? value : "not known", "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    g_autofree gchar *line = cli_clean_text (lines[i]);

    if (i == 0 || *line)
      g_print ("  %-15s %s\n", i == 0 ? key : "", line);
  }
}

static void G_GNUC_PRINTF (2, 3) print_field_format (const gchar *key, const gchar *format, ...)
{
  g_autofree gchar *value = NULL;
  va_list arguments;

  va_start (arguments, format);
  value = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  print_field (key, value);
}

static void
print_geometry (const PixelnormGeometry *geometry)
{
  /* no matrix makes red, green and blue */
  const gchar *no_matrix = strcmp (geometry->channels, "RGB") == 0 ? "none" : NULL;

  if (geometry->width > 0)
    print_field_format ("size of frames", "%u x %u", geometry->width, geometry->height);
  else
    print_field ("size of frames", "any");
  print_field ("channels", geometry->channels);
  print_field_format ("depth", "%u bits", geometry->depth);
  print_field ("range", range_name (geometry->range));
  print_field ("matrix", geometry->matrix ? geometry->matrix : no_matrix);
}

static void
print_statistics (PixelnormProfile *profile)
{
  const gint n_channels = strlen (pixelnorm_profile_get_channels (profile));

  g_print ("\n  %-9s %11s %11s %7s %7s\n", "channel", "mean", "std", "min", "max");
  for (gint i = 0; i <= n_channels; i++) {
    const gint channel = i < n_channels ? i : -1;
    g_autofree gchar *name = channel_name (profile, channel);
    PixelnormStatistics statistics;

    pixelnorm_profile_get_statistics (profile, channel, &statistics);
    g_print ("  %-9s %11.4f %11.4f %7u %7u\n", name, statistics.mean, statistics.std,
        statistics.min, statistics.max);
  }
}

/* What to know before normalizing with it. */
static void
print_floor (PixelnormProfile *profile)
{
  const gchar *problem = cli_find_too_few (profile);
  const PixelnormInputs inputs = { .profile = profile };
  g_autoptr (PixelnormSettings) settings = default_settings (profile);
  g_autofree gchar *text = pixelnorm_inputs_describe_floor (&inputs, settings);

  if (problem)
    g_print ("\n  %s\n", problem);
  else if (text)
    g_print ("\n  With the defaults of pixelnorm: %s\n", text);
}

static void
print_text (const gchar *path, PixelnormProfile *profile)
{
  g_autofree gchar *display_name = g_filename_display_name (path);
  g_autofree gchar *name = cli_clean_text (display_name);

  g_print ("%s\n", name);
  print_geometry (pixelnorm_profile_get_geometry (profile));
  print_field ("scope", scope_name (pixelnorm_profile_get_scope (profile)));
  print_field_format ("frames", "%" G_GUINT64_FORMAT, pixelnorm_profile_get_frames (profile));
  print_field_format (
      "frames skipped", "%" G_GUINT64_FORMAT, pixelnorm_profile_get_frames_skipped (profile));
  print_field ("created", pixelnorm_profile_get_created (profile));
  print_field ("software", pixelnorm_profile_get_software (profile));
  print_field ("sources", pixelnorm_profile_get_sources (profile));
  if (pixelnorm_profile_get_conversions (profile))
    print_field ("converted from", pixelnorm_profile_get_conversions (profile));
  if (pixelnorm_profile_get_shards (profile))
    print_field ("shards", pixelnorm_profile_get_shards (profile));
  print_field ("identity", pixelnorm_profile_get_identity (profile));
  print_statistics (profile);
  print_floor (profile);
}

static int
info_show (gchar **paths, gboolean json)
{
  int status = CLI_OK;
  gboolean separate = FALSE;

  for (guint i = 0; paths[i]; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (paths[i], &error);

    if (!profile) {
      status = cli_fail (CLI_FAILED, "%s", error->message);
    } else if (json) {
      print_json (paths[i], profile);
    } else {
      if (separate)
        g_print ("\n");
      print_text (paths[i], profile);
      separate = TRUE;
    }
  }
  return status;
}

static int
info_run (int argc, char **argv)
{
  gboolean json = FALSE;
  g_auto (GStrv) paths = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a line of JSON for each file", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = cli_context_new (
      "FILE...", "Shows what profiles were made from, and their statistics.", description, entries);

  if (!cli_parse (context, entries, &argc, &argv))
    return CLI_USAGE;
  if (!paths)
    return cli_fail_usage ("Expected the FILE of a profile, found none.");
  return info_show (paths, json);
}

const CliCommand cli_info = { "info", "Show what profiles were made from, and their statistics",
  info_run };
