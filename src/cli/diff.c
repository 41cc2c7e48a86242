/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile diff: how far two profiles are apart, as numbers, as a picture, and as an exit status that
 * a watchdog of a fixed camera can act upon.
 */
#include "cli.h"
#include "diff-measure.h"
#include "figure.h"

#include <jansson.h>
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
  gdouble share;
  gdouble max;
  gboolean json;
  gboolean force;
  gchar *output;
  gchar **paths;
} DiffOptions;

static gdouble
row_share (const DiffRow *row)
{
  return row->n_compared ? (gdouble) row->n_beyond / row->n_compared : 0.0;
}

static gboolean
is_beyond (const Diff *diff, const DiffOptions *options)
{
  return row_share (&diff->rows[diff->n_channels]) > options->share;
}

/* Returns: (transfer full): the name of a row */
static gchar *
row_name (PixelnormProfile *profile, const Diff *diff, guint row)
{
  return row == diff->n_channels ? g_strdup ("all")
                                 : g_strndup (pixelnorm_profile_get_channels (profile) + row, 1);
}

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
        row->ratio_highest, row_share (row));
}

static void
print_side (const gchar *letter, const gchar *path, PixelnormProfile *profile)
{
  g_autofree gchar *shown = g_filename_display_name (path);
  g_autofree gchar *name = cli_clean_text (shown);

  g_print ("%s  %s, %" G_GUINT64_FORMAT " frames\n", letter, name,
      pixelnorm_profile_get_frames (profile));
}

static void
print_text (const Diff *diff, const DiffOptions *options, PixelnormProfile *const profiles[2])
{
  const DiffRow *all = &diff->rows[diff->n_channels];
  const guint64 n_pixels = (guint64) diff->width * diff->height;

  print_side ("A", options->paths[0], profiles[0]);
  print_side ("B", options->paths[1], profiles[1]);
  g_print ("\n  %-7s %10s %10s %8s %8s %11s %7s %7s %7s %10s\n", "channel", "mean A", "mean B",
      "shift", "largest", "at x,y", "ratio", "lowest", "highest", "beyond");
  for (guint i = 0; i <= diff->n_channels; i++) {
    g_autofree gchar *name = row_name (profiles[0], diff, i);

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
        is_beyond (diff, options) ? "Beyond" : "Within", row_share (all), options->settings.limit,
        options->share);
  else
    g_print (
        "\n%s the limit: the channel that has shifted most has by %.3f deviations of the whole "
        "channel; the limit is %g.\n",
        is_beyond (diff, options) ? "Beyond" : "Within", all->largest, options->settings.limit);
}

static json_t *
row_to_json (const Diff *diff, const DiffRow *row)
{
  json_t *place = diff->per_pixel ? json_pack ("[i, i]", (int) row->x, (int) row->y) : json_null ();

  if (row->n_compared == 0) {
    json_decref (place);
    return json_null ();
  }
  return json_pack ("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:f, s:f, s:f, s:I, s:I, s:f}", "mean_a",
      row->mean_a, "mean_b", row->mean_b, "deviation_a", row->deviation_a, "deviation_b",
      row->deviation_b, "shift", row->shift, "largest", row->largest, "largest_at", place, "ratio",
      row->ratio, "ratio_lowest", row->ratio_lowest, "ratio_highest", row->ratio_highest,
      "compared", (json_int_t) row->n_compared, "beyond", (json_int_t) row->n_beyond,
      "share_beyond", row_share (row));
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
  json_t *channels = json_object ();
  json_t *object;
  char *line;

  for (guint i = 0; i <= diff->n_channels; i++) {
    g_autofree gchar *name = row_name (profiles[0], diff, i);

    json_object_set_new (channels, name, row_to_json (diff, &diff->rows[i]));
  }
  object = json_pack ("{s:o, s:o, s:s, s:f, s:f, s:f, s:b, s:f, s:o}", "a",
      side_to_json (options->paths[0], profiles[0]), "b",
      side_to_json (options->paths[1], profiles[1]), "scope", diff->per_pixel ? "pixel" : "channel",
      "limit", options->settings.limit, "share", options->share, "min_deviation",
      options->settings.min_deviation, "beyond_limit", is_beyond (diff, options), "share_beyond",
      row_share (&diff->rows[diff->n_channels]), "channels", channels);
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
  const DiffSettings *settings = &options->settings;

  if (n != 2)
    return cli_fail_usage ("Expected two FILEs of profiles, A and B, found %u.", n);
  /* written so that a NaN fails */
  if (!(settings->limit >= 0.0 && settings->limit <= G_MAXFLOAT))
    return cli_fail_usage ("Expected --limit of 0 or more deviations, found %g.", settings->limit);
  if (!(options->share >= 0.0 && options->share <= 1.0))
    return cli_fail_usage ("Expected --share from 0 to 1, found %g.", options->share);
  if (!(settings->min_deviation >= 1e-3 && settings->min_deviation <= 65535.0))
    return cli_fail_usage ("Expected --min-deviation from 0.001 to 65535 code values, found %g.",
        settings->min_deviation);
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
  return CLI_OK;
}

/* Whether the profiles can be compared at all. */
static gboolean
check_fit (const DiffOptions *options, PixelnormProfile *const profiles[2], GError **error)
{
  const PixelnormGeometry *a = pixelnorm_profile_get_geometry (profiles[0]);
  const PixelnormGeometry *b = pixelnorm_profile_get_geometry (profiles[1]);
  g_autofree gchar *name_a = g_strdup_printf ("A (\"%s\")", options->paths[0]);
  g_autofree gchar *name_b = g_strdup_printf ("B (\"%s\")", options->paths[1]);
  /* the side of any size goes first */
  const gboolean swap = b->width == 0;
  const gboolean ok = swap ? pixelnorm_geometry_check (b, a, name_b, name_a, error)
                           : pixelnorm_geometry_check (a, b, name_a, name_b, error);

  if (ok && options->output && (a->width == 0 || b->width == 0)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "There is no picture of where: \"%s\" is of scope channel, which has one number a channel. "
        "Compare without --output, or profiles of scope pixel.",
        options->paths[a->width == 0 ? 0 : 1]);
    return FALSE;
  }
  if (ok && g_strcmp0 (a->matrix, b->matrix) != 0)
    cli_fail (CLI_OK,
        "Warning: A was made with the matrix %s, B with %s; that alone shifts colours.",
        a->matrix ? a->matrix : "none", b->matrix ? b->matrix : "none");
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
    status = is_beyond (&diff, options) ? DIFF_BEYOND : DIFF_WITHIN;
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
  DiffOptions options = {
    .settings = { .limit = 3.0, .min_deviation = 1.0 }, .share = 0.01, .max = MAX_NOT_GIVEN
  };
  const GOptionEntry entries[] = {
    { "limit", 'l', 0, G_OPTION_ARG_DOUBLE, &options.settings.limit,
        "How many deviations a pixel may shift (default: 3)", "DEVIATIONS" },
    { "share", 's', 0, G_OPTION_ARG_DOUBLE, &options.share,
        "Share of the pixels that may shift by more, 0 to 1 (default: 0.01)", "SHARE" },
    { "min-deviation", 0, 0, G_OPTION_ARG_DOUBLE, &options.settings.min_deviation,
        "Smallest divisor, in code values (default: 1)", "VALUE" },
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

  if (cli_parse (context, &argc, &argv))
    status = diff_files (&options);
  g_free (options.output);
  g_strfreev (options.paths);
  return status;
}

const CliCommand cli_diff = { "diff", "Compare two profiles", diff_run };
