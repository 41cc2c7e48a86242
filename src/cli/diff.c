/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile diff: how far two profiles are apart, as numbers, as a picture, and as an exit status that
 * a watchdog of a fixed camera can act upon.
 */
#include "cli.h"
#include "diff-common.h"
#include "figure.h"

#include <stdio.h>
#include <string.h>

/* As diff(1) has them: "could not compare" must not look like "has drifted". */
enum { DIFF_WITHIN = 0, DIFF_BEYOND = 1, DIFF_TROUBLE = 2 };

#define EXTENSION ".png"
#define MAX_NOT_GIVEN (-G_MAXDOUBLE)
#define MIN_MAX 1e-6
#define MAX_MAX 65535.0

static const gchar description[] =
    "The shift of a sample (a channel of a pixel) is how far its mean has moved, in deviations of A:\n"
    "  |mean of B - mean of A| / max(standard deviation of A, --min-deviation)\n"
    "The shift of a pixel is the largest of its channels. B is beyond the limit if more than --share of\n"
    "the pixels have shifted by more than --limit. So a few pixels where a car has parked do not raise\n"
    "the alarm, but a camera that was moved or covered, or whose light has changed, does.\n"
    "\n"
    "The columns are mean A and mean B; shift, averaged over the pixels; the largest shift and where it\n"
    "is (column, row, counted from 0); ratio of the deviations of B and A (the root mean square over the\n"
    "pixels, then the lowest and the highest of a single pixel), where 2 is twice the noise, and 0.5 may\n"
    "be a cover or a lens out of focus; and beyond, the share of pixels that have shifted by more than\n"
    "the limit. The line \"all\" takes the channels of a pixel together. Pixels that a mask left out of A\n"
    "or B are not compared.\n"
    "\n"
    "Both must have the same channels, depth and range and, in scope pixel, the same size. If one has\n"
    "scope channel, whole channels are compared. Their deviation is that of all pixels together and much\n"
    "larger than that of one pixel, so choose a smaller --limit, such as 0.1; --share then counts\n"
    "channels instead of pixels.\n"
    "\n"
    "--output=NAME.png draws the shift of every pixel in colours (viridis) from 0 to the largest shift,\n"
    "or to --max, with a scale bar.\n"
    "\n"
    "With --json, one line with one object: a and b (file, frames, identity), scope, limit, share,\n"
    "min_deviation, beyond_limit (true or false), share_beyond, and channels: for each channel and for\n"
    "\"all\" an object with mean_a, mean_b, deviation_a, deviation_b, shift, largest, largest_at ([x, y];\n"
    "null for whole channels), ratio, ratio_lowest, ratio_highest, compared, beyond (numbers of pixels),\n"
    "share_beyond. Values that could not be compared are null.\n"
    "\n"
    "Exit status, as that of diff(1): 0 within the limit, 1 beyond it, 2 if the profiles could not be\n"
    "compared, the picture could not be written, or the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile diff gate.safetensors today.safetensors\n"
    "  pixelprofile diff --limit=5 --share=0.2 --output=drift.png gate.safetensors today.safetensors\n"
    "  pixelprofile diff --json gate.safetensors today.safetensors | jq .share_beyond\n";

typedef struct {
  DiffSettings settings;
  gdouble max;
  gboolean json;
  gboolean force;
  gchar *output;
  gchar **paths;
} DiffOptions;

static void
print_row (const gchar *name, const Diff *diff, const DiffRow *row)
{
  g_autofree gchar *place =
      diff->per_pixel ? g_strdup_printf ("%u,%u", row->x, row->y) : g_strdup ("-");

  if (row->n_compared == 0)
    g_print ("  %-7s not counted in both\n", name);
  else
    g_print ("  %-7s %10.4f %10.4f %8.3f %8.3f %11s %7.3f %7.3f %7.3f %10.5f\n", name, row->mean_a,
        row->mean_b, row->shift, row->largest, place, row->ratio, row->ratio_lowest,
        row->ratio_highest, diff_row_share (row));
}

static void
print_side (const gchar *letter, const gchar *path, PixelnormProfile *profile)
{
  g_autofree gchar *shown = g_filename_display_name (path);
  g_autofree gchar *name = cli_clean_text (shown);
  g_autofree gchar *frames = cli_count (pixelnorm_profile_get_frames (profile), "frame");

  g_print ("%s  %s, %s\n", letter, name, frames);
}

static void
print_text (const Diff *diff, const DiffOptions *options, PixelnormProfile *const profiles[2])
{
  const DiffRow *all = diff_all (diff);
  const guint64 n_pixels = (guint64) diff->width * diff->height;

  print_side ("A", options->paths[0], profiles[0]);
  print_side ("B", options->paths[1], profiles[1]);
  g_print ("\n  %-7s %10s %10s %8s %8s %11s %7s %7s %7s %10s\n", "channel", "mean A", "mean B",
      "shift", "largest", "at x,y", "ratio", "lowest", "highest", "beyond");
  for (guint i = 0; i <= diff->n_channels; i++) {
    g_autofree gchar *name = diff_row_name (diff, profiles[0], i);

    print_row (name, diff, &diff->rows[i]);
  }
  if (all->n_compared < n_pixels)
    g_print ("\n%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
             " pixels are masked out of A or B and were not compared.\n",
        n_pixels - all->n_compared, n_pixels);
  if (diff->per_pixel)
    g_print (
        "\n%s the limit: a share of %.5f of the pixels has shifted by more than %g deviations; %g "
        "may.\n",
        diff_is_beyond (diff, &options->settings) ? "Beyond" : "Within", diff_row_share (all),
        options->settings.limit, options->settings.share);
  else
    g_print (
        "\n%s the limit: the channel that has shifted most has by %.3f deviations of the whole "
        "channel; the limit is %g.\n",
        diff_is_beyond (diff, &options->settings) ? "Beyond" : "Within", all->largest,
        options->settings.limit);
}

static json_t *
side_to_json (const gchar *path, PixelnormProfile *profile)
{
  g_autofree gchar *name = g_filename_display_name (path);

  return json_pack ("{s:s, s:I, s:s}", "file", name, "frames",
      (json_int_t) pixelnorm_profile_get_frames (profile), "identity",
      pixelnorm_profile_get_identity (profile));
}

static void
print_json (const Diff *diff, const DiffOptions *options, PixelnormProfile *const profiles[2])
{
  json_t *object = json_pack ("{s:o, s:o}", "a", side_to_json (options->paths[0], profiles[0]), "b",
      side_to_json (options->paths[1], profiles[1]));
  json_t *figures = diff_to_json (diff, &options->settings, profiles[0]);
  char *line;

  json_object_update (object, figures);
  json_decref (figures);
  /* in ASCII alone it is the same in every locale */
  line = json_dumps (object, JSON_COMPACT | JSON_ENSURE_ASCII);
  g_print ("%s\n", line);
  free (line);
  json_decref (object);
}

static gboolean
write_picture (const Diff *diff, const DiffOptions *options, GError **error)
{
  const FigureSpec spec = { .values = diff->shifts,
    .width = diff->width,
    .height = diff->height,
    .top = MAX (options->max, 0.0),
    .title = "shift of the mean, deviations" };
  g_autoptr (Picture) picture = figure_new (&spec, error);
  g_autoptr (GBytes) png = picture ? picture_encode (picture, error) : NULL;

  return png && cli_write_file (options->output, png, error);
}

static int
check_options (const DiffOptions *options)
{
  const guint n = options->paths ? g_strv_length (options->paths) : 0;

  if (n != 2)
    return cli_fail_usage ("Expected two FILEs of profiles, A and B, found %u.", n);
  if (options->output && !g_str_has_suffix (options->output, EXTENSION))
    return cli_fail_usage ("Expected a file name that ends in " EXTENSION
                           " after --output, found \"%s\".",
        options->output);
  if (options->max != MAX_NOT_GIVEN && !options->output)
    return cli_fail_usage (
        "--max is the end of the picture's scale, but no --output is asked for.");
  if (options->max != MAX_NOT_GIVEN && !(options->max >= MIN_MAX && options->max <= MAX_MAX))
    return cli_fail_usage (
        "Expected --max from %g to %g deviations, found %g.", MIN_MAX, MAX_MAX, options->max);
  return diff_settings_check (&options->settings);
}

/* Whether the profiles can be compared at all. */
static gboolean
check_fit (const DiffOptions *options, PixelnormProfile *const profiles[2], GError **error)
{
  const PixelnormGeometry *a = pixelnorm_profile_get_geometry (profiles[0]);
  const PixelnormGeometry *b = pixelnorm_profile_get_geometry (profiles[1]);
  g_autofree gchar *name_a = g_strdup_printf ("A (\"%s\")", options->paths[0]);
  g_autofree gchar *name_b = g_strdup_printf ("B (\"%s\")", options->paths[1]);
  const gboolean ok = diff_check_fit (profiles[0], profiles[1], name_a, name_b, error);

  if (ok && options->output && (a->width == 0 || b->width == 0)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "There is no picture of where: \"%s\" is of scope channel, which has one number per channel. "
        "Compare without --output, or profiles of scope pixel.",
        options->paths[a->width == 0 ? 0 : 1]);
    return FALSE;
  }
  if (ok)
    diff_compare_matrices (profiles[0], profiles[1], "A", "B");
  return ok;
}

static int
compare (const DiffOptions *options, PixelnormProfile *const profiles[2])
{
  g_autoptr (GError) error = NULL;
  int status = DIFF_TROUBLE;
  Diff diff = { 0 };

  if (check_fit (options, profiles, &error)
      && diff_init (&diff, profiles[0], profiles[1], &options->settings, &error)
      && (!options->output || write_picture (&diff, options, &error))) {
    if (options->json)
      print_json (&diff, options, profiles);
    else
      print_text (&diff, options, profiles);
    status = diff_is_beyond (&diff, &options->settings) ? DIFF_BEYOND : DIFF_WITHIN;
  }
  diff_clear (&diff);
  if (error)
    return cli_fail (DIFF_TROUBLE, "%s", error->message);
  /* here rather than at the program's end, where it would get the status of drift */
  return cli_flush (DIFF_TROUBLE) == CLI_OK ? status : DIFF_TROUBLE;
}

static int
diff_files (const DiffOptions *options)
{
  PixelnormProfile *profiles[2] = { NULL };
  int status = check_options (options);

  if (status == CLI_OK && options->output
      && cli_check_target (options->output, options->force) != CLI_OK)
    status = DIFF_TROUBLE;
  for (guint i = 0; status == CLI_OK && i < 2; i++) {
    g_autoptr (GError) error = NULL;

    profiles[i] = pixelnorm_profile_load (options->paths[i], &error);
    if (!profiles[i])
      status = cli_fail (DIFF_TROUBLE, "%s", error->message);
  }
  if (status == CLI_OK)
    status = compare (options, profiles);
  g_clear_object (&profiles[0]);
  g_clear_object (&profiles[1]);
  return status;
}

static int
diff_run (int argc, char **argv)
{
  DiffOptions options = { .settings = DIFF_SETTINGS_DEFAULT, .max = MAX_NOT_GIVEN };
  const GOptionEntry entries[] = {
    DIFF_SETTINGS_ENTRIES (options.settings),
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print one line of JSON", NULL },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
        "Draw where the pixels have shifted", "NAME.png" },
    { "max", 0, 0, G_OPTION_ARG_DOUBLE, &options.max,
        "End of the picture's scale, in deviations (default: the largest shift)", "VALUE" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Overwrite a picture that exists", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.paths, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = cli_context_new ("A B",
      "Says how far profile B is from profile A, as a drift alarm for a fixed camera.", description,
      entries);
  int status = CLI_USAGE;

  if (cli_parse (context, entries, &argc, &argv))
    status = diff_files (&options);
  g_free (options.output);
  g_strfreev (options.paths);
  return status;
}

const CliCommand cli_diff = { "diff", "Compare two profiles", diff_run };
