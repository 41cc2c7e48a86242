/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile render: statistics as PNG pictures (paint.c). */
#include "cli.h"
#include "paint.h"

#include <stdio.h>
#include <string.h>

#define EXTENSION ".png"
#define MAX_ZOOM 64
/* below it a scale bar's labels would run out of decimals, above it no code value is */
#define MIN_TOP 1e-6
#define MAX_TOP 65535.0

/* what --max and --zoom are before they are given: something that nobody gives */
#define TOP_NOT_GIVEN (-G_MAXDOUBLE)
#define ZOOM_NOT_GIVEN G_MININT

static const gchar description[] =
    "Pictures (NAME):\n"
    "  mean, min, max  what the camera saw on average, at its darkest and at its brightest, in colour\n"
    "                  (RGB) or grey (Y), one pixel for each pixel of the frames. 8-bit code values are\n"
    "                  drawn as they are. Deeper ones are scaled to 8 bits, x * 255 / (2^depth - 1), or\n"
    "                  with --depth=16 all of them to 16 bits. The mean is rounded, half to even. Of YUV\n"
    "                  profiles Y is drawn in grey. A pixel that was never counted is black. With\n"
    "                  --scale the darkest sample of a picture becomes black and the brightest white\n"
    "  std             how much a pixel varied: the root of the mean variance of its channels\n"
    "  range           the largest maximum - minimum of the channels of a pixel\n"
    "  marks           pixels that never varied, that reached white or black (the ends of the code\n"
    "                  values; 16 and 235 in limited range), or that were not counted, with the share\n"
    "                  of each\n"
    "  count           how often each pixel was counted, if a mask left some out\n"
    "  all             all seven\n"
    "\n"
    "std, range and count are drawn in colours (viridis) from 0 to the largest value of the picture, or\n"
    "to --max, with a scale bar below, in code values at the depth of the profile. To compare pictures,\n"
    "give them the same --max; a + at the end of the scale means that there are larger values, which get\n"
    "the last colour. Frames less than 256 pixels wide are enlarged in these pictures by a whole number;\n"
    "--zoom=1 prevents this, and --zoom=N enlarges any picture. --fit=N makes frames that are wider or\n"
    "higher than N pixels smaller, by averaging blocks of pixels.\n"
    "\n"
    "Without --output, the pictures of lobby.safetensors are lobby-mean.png, lobby-std.png and\n"
    "lobby-range.png in the current directory. --output=DIRECTORY, which must exist, puts them there.\n"
    "--output=NAME.png names the file of a single picture. If a picture exists already, nothing is\n"
    "written, unless --force is given. The names of the written files are printed, one per line.\n"
    "\n"
    "Exit status: 0 if all pictures were written, 1 if the profile could not be read or a picture could\n"
    "not be written, 2 if the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile render lobby.safetensors\n"
    "  pixelprofile render --image=std --output=noise.png --force lobby.safetensors\n"
    "  pixelprofile render --image=std --max=20 --output=pictures night.safetensors\n";

typedef struct {
  gchar **images;
  gchar *output;
  gchar **paths;
  gboolean force;
  gdouble max;
  gint zoom;
  gint fit;
  gint depth;
  gboolean stretch;
} RenderOptions;

static gboolean
write_image (const PaintImage *image, PixelnormProfile *profile, const RenderOptions *options,
    const gchar *target, GError **error)
{
  const PaintOptions paint = {
    .zoom = (guint) MAX (options->zoom, 0),
    .fit = (guint) MAX (options->fit, 0),
    .top = MAX (options->max, 0.0),
    .depth = (guint) options->depth,
    .stretch = options->stretch,
  };
  g_autoptr (Picture) picture = paint_image (image, profile, &paint, NULL, error);
  g_autoptr (GBytes) png = picture ? picture_encode (picture, error) : NULL;

  return png && cli_write_file (target, png, error);
}

/* Says which pictures --image asks for. */
static gboolean
choose_images (const RenderOptions *options, gboolean chosen[PAINT_N_IMAGES])
{
  for (guint i = 0; i < PAINT_N_IMAGES; i++)
    chosen[i] = !options->images && paint_images[i].by_default;

  for (guint n = 0; options->images && options->images[n]; n++) {
    const gboolean all = strcmp (options->images[n], "all") == 0;
    gboolean found = all;

    for (guint i = 0; i < PAINT_N_IMAGES; i++) {
      if (all || strcmp (options->images[n], paint_images[i].name) == 0)
        chosen[i] = found = TRUE;
    }
    if (!found) {
      cli_fail_usage (
          "Expected mean, std, range, min, max, marks, count or all after --image, found \"%s\"; give --image "
          "several times for several pictures.",
          options->images[n]);
      return FALSE;
    }
  }
  return TRUE;
}

static int
check_options (const RenderOptions *options, const gboolean chosen[PAINT_N_IMAGES], guint n_chosen)
{
  gboolean figures = FALSE;

  for (guint i = 0; i < PAINT_N_IMAGES; i++)
    figures |= chosen[i] && paint_images[i].kind == PAINT_FIGURE;

  if (!options->paths)
    return cli_fail_usage ("Expected the FILE of a profile, found none.");
  if (options->paths[1])
    return cli_fail_usage ("Expected one FILE, found \"%s\" after \"%s\"; render them one by one.",
        options->paths[1], options->paths[0]);
  /* written so that a NaN fails */
  if (options->max != TOP_NOT_GIVEN && !(options->max >= MIN_TOP && options->max <= MAX_TOP))
    return cli_fail_usage (
        "Expected --max from %g to %g code values, found %g.", MIN_TOP, MAX_TOP, options->max);
  if (options->max != TOP_NOT_GIVEN && !figures)
    return cli_fail_usage (
        "--max is the end of the scale of std, range and count, but none is asked for.");
  if (options->fit < 0)
    return cli_fail_usage ("Expected --fit of at least 1 pixel, found %d.", options->fit);
  if (options->depth != 8 && options->depth != 16)
    return cli_fail_usage ("Expected --depth of 8 or 16 bits, found %d.", options->depth);
  if (options->zoom != ZOOM_NOT_GIVEN && (options->zoom < 1 || options->zoom > MAX_ZOOM))
    return cli_fail_usage ("Expected --zoom from 1 to %d, found %d.", MAX_ZOOM, options->zoom);
  if (options->output && !*options->output)
    return cli_fail_usage ("Expected a directory or a file after --output, found nothing.");
  if (options->output && n_chosen > 1 && g_str_has_suffix (options->output, EXTENSION)
      && !g_file_test (options->output, G_FILE_TEST_IS_DIR))
    return cli_fail_usage (
        "--output=%s names one file for %u pictures; choose one with --image, or name "
        "a directory.",
        options->output, n_chosen);
  return CLI_OK;
}

/* Where a picture goes. Returns: (transfer full): its path, or %NULL, and it was said why not */
static gchar *
choose_target (const PaintImage *image, const RenderOptions *options)
{
  g_autofree gchar *base = g_path_get_basename (options->paths[0]);
  g_autofree gchar *name = NULL;

  if (g_str_has_suffix (base, ".safetensors"))
    base[strlen (base) - strlen (".safetensors")] = '\0';
  name = g_strdup_printf ("%s-%s" EXTENSION, base, image->name);

  if (!options->output)
    return g_steal_pointer (&name);
  if (g_file_test (options->output, G_FILE_TEST_IS_DIR))
    return g_build_filename (options->output, name, NULL);
  if (g_str_has_suffix (options->output, EXTENSION))
    return g_strdup (options->output);
  cli_fail (CLI_FAILED,
      "--output=%s: expected a directory that exists or a file name that ends in " EXTENSION
      ". Make the directory first.",
      options->output);
  return NULL;
}

static int
choose_targets (const RenderOptions *options, const gboolean chosen[PAINT_N_IMAGES],
    gchar *targets[PAINT_N_IMAGES])
{
  for (guint i = 0; i < PAINT_N_IMAGES; i++) {
    if (!chosen[i])
      continue;
    targets[i] = choose_target (&paint_images[i], options);
    if (!targets[i] || cli_check_target (targets[i], options->force) != CLI_OK)
      return CLI_FAILED;
  }
  return CLI_OK;
}

static PixelnormProfile *
load_profile (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (path, &error);

  if (!profile) {
    cli_fail (CLI_FAILED, "%s", error->message);
    return NULL;
  }
  if (pixelnorm_profile_get_scope (profile) != PIXELNORM_SCOPE_PIXEL) {
    cli_fail (CLI_FAILED,
        "\"%s\" has no pictures: expected a profile of scope pixel, found scope channel, "
        "which has one number per channel. \"pixelprofile info\" shows them.",
        path);
    return NULL;
  }
  return g_steal_pointer (&profile);
}

static int
render_images (const RenderOptions *options, const gboolean chosen[PAINT_N_IMAGES],
    gchar *const targets[PAINT_N_IMAGES])
{
  g_autoptr (PixelnormProfile) profile = load_profile (options->paths[0]);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; profile && i < PAINT_N_IMAGES; i++) {
    if (!chosen[i])
      continue;
    if (!write_image (&paint_images[i], profile, options, targets[i], &error))
      return cli_fail (CLI_FAILED, "%s", error->message);
    /* byte for byte, for scripts that go on with it */
    puts (targets[i]);
  }
  return profile ? CLI_OK : CLI_FAILED;
}

static int
render (const RenderOptions *options)
{
  gboolean chosen[PAINT_N_IMAGES];
  gchar *targets[PAINT_N_IMAGES] = { NULL };
  guint n_chosen = 0;
  int status;

  if (!choose_images (options, chosen))
    return CLI_USAGE;
  for (guint i = 0; i < PAINT_N_IMAGES; i++)
    n_chosen += chosen[i];

  status = check_options (options, chosen, n_chosen);
  if (status == CLI_OK)
    status = choose_targets (options, chosen, targets);
  if (status == CLI_OK)
    status = render_images (options, chosen, targets);

  for (guint i = 0; i < PAINT_N_IMAGES; i++)
    g_free (targets[i]);
  return status;
}

static int
render_run (int argc, char **argv)
{
  RenderOptions options = { .max = TOP_NOT_GIVEN, .zoom = ZOOM_NOT_GIVEN, .depth = 8 };
  const GOptionEntry entries[] = {
    { "image", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.images,
        "Picture to draw; may be repeated (default: mean, std, range)", "NAME|all" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
        "Directory, or for one picture a file name that ends in .png", "PATH" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Overwrite pictures that exist", NULL },
    { "max", 0, 0, G_OPTION_ARG_DOUBLE, &options.max,
        "End of the scale of figures (default: the largest value)", "VALUE" },
    { "scale", 0, 0, G_OPTION_ARG_NONE, &options.stretch,
        "Stretch mean, min and max from black to white", NULL },
    { "depth", 0, 0, G_OPTION_ARG_INT, &options.depth,
        "Bits of mean, min and max: 8 (default) or 16", "BITS" },
    { "fit", 0, 0, G_OPTION_ARG_INT, &options.fit,
        "Shrink larger frames to at most N pixels in width and height", "N" },
    { "zoom", 0, 0, G_OPTION_ARG_INT, &options.zoom,
        "Draw every pixel as N x N pixels (default: see below)", "N" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.paths, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = cli_context_new (
      "FILE", "Draws the statistics of a profile as PNG pictures.", description, entries);
  int status = CLI_USAGE;

  if (cli_parse (context, entries, &argc, &argv))
    status = render (&options);

  g_strfreev (options.images);
  g_free (options.output);
  g_strfreev (options.paths);
  return status;
}

const CliCommand cli_render = { "render", "Draw the statistics of a profile as pictures",
  render_run };
