/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: one profile of many images and videos. collect-inputs.c finds them,
 * collect-pool.c has them read by processes side by side, each of which (collect-worker.c) runs
 * GStreamer; the sums are integers, so it does not matter who reads what.
 */
#include <glib/gstdio.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "collect.h"

#define MAX_JOBS 256

static const gchar description[] =
    "IN is an image, a video, a URI, or a folder, of which all images and videos are read, those in\n"
    "folders inside of it, too: files whose names end in .jpg, .png, .tiff, .webp, .mp4, .mkv, .avi\n"
    "and the like. Hidden files and folders, and others, are passed over. A file that is given twice,\n"
    "or by a link, counts once. Whatever GStreamer has plugins for can be read.\n"
    "\n"
    "In scope pixel all frames must have one size: that of the first file in the order of names. Others\n"
    "are left out, unless --size scales all (to that size exactly, whatever their shape). Scope\n"
    "channel takes frames of any size. Frames count as a decoder gives them: pictures that a camera\n"
    "turned by a tag (EXIF) are not turned. Interlaced video is deinterlaced.\n"
    "\n"
    "A file that cannot be read to its end is named and left out as a whole; the others count. A\n"
    "decoder may pass over damage, so that a file that was cut short counts with the frames it has.\n"
    "\n"
    "Files are read by --jobs processes side by side; the result is the same for any number of them.\n"
    "While they hand it over, a folder .pixelprofile-... stands beside OUT. OUT is written in one\n"
    "step when all is read.\n"
    "\n"
    "Exit status: 0 when OUT was written and every file counts, 3 when OUT was written, but files\n"
    "were left out, 1 when nothing was written, 2 when the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile collect --size=224x224 train.safetensors images/\n"
    "  pixelprofile collect --scope=channel --histogram all.safetensors images/ clips/*.mp4\n"
    "  pixelprofile collect --roi=0,60,640,360 gate.safetensors monday.mkv tuesday.mkv\n";

typedef struct {
  gchar *scope, *size, *format, *roi, *mask;
  gboolean histogram, force;
  gint jobs;
  GStrv names;
} Options;

/* @n whole numbers with @separator between them, and nothing else. */
static gboolean
parse_numbers (const gchar *text, const gchar *separator, guint *numbers, guint n)
{
  g_auto (GStrv) parts = g_strsplit (text, separator, -1);

  if (g_strv_length (parts) != n)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    guint64 number;

    if (!g_ascii_string_to_unsigned (parts[i], 10, 0, PIXELNORM_MAX_SIDE, &number, NULL))
      return FALSE;
    numbers[i] = (guint) number;
  }
  return TRUE;
}

static int
parse_size (const Options *options, CollectSettings *settings)
{
  guint numbers[2] = { 0 };

  if (!options->size)
    return CLI_OK;
  if (!parse_numbers (options->size, "x", numbers, 2) || numbers[0] < 1 || numbers[1] < 1)
    return cli_fail_usage (
        "Expected --size=WxH in pixels, such as 224x224, found \"%s\".", options->size);
  settings->width = numbers[0];
  settings->height = numbers[1];
  return CLI_OK;
}

static int
parse_options (const Options *options, CollectSettings *settings)
{
  settings->histogram = options->histogram;
  settings->mask = options->mask;
  if (!options->scope || strcmp (options->scope, "pixel") == 0)
    settings->scope = PIXELNORM_SCOPE_PIXEL;
  else if (strcmp (options->scope, "channel") == 0)
    settings->scope = PIXELNORM_SCOPE_CHANNEL;
  else
    return cli_fail_usage ("Expected --scope=pixel or channel, found \"%s\".", options->scope);

  if (!options->format || strcmp (options->format, "RGB") == 0)
    settings->format = "RGB";
  else if (strcmp (options->format, "GRAY8") == 0)
    settings->format = "GRAY8";
  else
    return cli_fail_usage ("Expected --format=RGB or GRAY8, found \"%s\".", options->format);

  if (options->roi
      && (!parse_numbers (options->roi, ",", settings->roi, 4) || settings->roi[2] < 1
          || settings->roi[3] < 1))
    return cli_fail_usage (
        "Expected --roi=X,Y,WIDTH,HEIGHT in pixels, such as 0,60,640,360, found \"%s\".",
        options->roi);
  if (options->jobs < 1 || options->jobs > MAX_JOBS)
    return cli_fail_usage ("Expected --jobs=1 to %d, found %d.", MAX_JOBS, options->jobs);
  if (!options->names || !options->names[0] || !options->names[1])
    return cli_fail_usage (
        "Expected the file to write, then images, videos or folders; found %u names.",
        options->names ? 1 : 0);
  return parse_size (options, settings);
}

static int
write_result (CollectResult *result, const gchar *target)
{
  g_autoptr (GError) error = NULL;

  if (!result->accumulator)
    return cli_fail (CLI_FAILED, "No file could be read, so nothing was written.");
  g_autoptr (PixelnormProfile) profile =
      pixelnorm_accumulator_snapshot (result->accumulator, &error);
  if (!profile || !pixelnorm_profile_save (profile, target, &error))
    return cli_fail (CLI_FAILED, "%s", error->message);
  g_autofree gchar *shown = g_filename_display_name (target);
  g_autofree gchar *name = cli_clean_text (shown);
  g_print ("%s: %" G_GUINT64_FORMAT " frames of %u files, identity %s\n", name,
      pixelnorm_profile_get_frames (profile), result->n_good,
      pixelnorm_profile_get_identity (profile));
  if (pixelnorm_profile_get_frames_skipped (profile) > 0)
    cli_fail (CLI_OK, "Warning: %" G_GUINT64_FORMAT " damaged frames do not count.",
        pixelnorm_profile_get_frames_skipped (profile));
  if (result->n_broken == 0)
    return CLI_OK;
  return cli_fail (CLI_PARTLY, "%u of %u files are left out, as was said above.", result->n_broken,
      result->n_broken + result->n_good);
}

/* With what a process may have left behind that was ended while it wrote. */
static void
remove_directory (const gchar *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (directory, name, NULL);

    g_remove (path);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (directory);
}

static int
collect_inputs (const CollectSettings *settings, GPtrArray *inputs, const gchar *target, guint jobs)
{
  g_autofree gchar *folder = g_path_get_dirname (target);
  g_autofree gchar *directory = g_build_filename (folder, ".pixelprofile-XXXXXX", NULL);
  CollectResult result = { 0 };
  int status = CLI_FAILED;

  if (!g_mkdtemp (directory))
    return cli_fail (CLI_FAILED, "\"%s\" cannot be written: no folder can be made beside it: %s.",
        target, g_strerror (errno));
  const gboolean ok =
      collect_pool_run (settings, inputs, MIN (jobs, inputs->len), directory, &result);
  remove_directory (directory);
  if (ok)
    status = write_result (&result, target);
  g_clear_object (&result.accumulator);
  return status;
}

static int
collect_into (const Options *options)
{
  CollectSettings settings = { 0 };
  g_autoptr (GPtrArray) inputs = NULL;
  g_autoptr (GError) error = NULL;
  const gchar *target;
  guint passed_over = 0;

  if (parse_options (options, &settings) != CLI_OK)
    return CLI_USAGE;
  target = options->names[0];
  if (cli_check_target (target, options->force) != CLI_OK)
    return CLI_FAILED;
  if (!pixelnorm_profile_check_path (target, &error))
    return cli_fail (CLI_FAILED, "%s", error->message);
  inputs = collect_inputs_find (options->names + 1, &passed_over);
  if (!inputs)
    return CLI_FAILED;
  if (passed_over > 0)
    cli_fail (CLI_OK, "%u other files in the folders are passed over.", passed_over);
  if (inputs->len == 0)
    return cli_fail (CLI_FAILED, "No image or video was found, so nothing was written.");
  return collect_inputs (&settings, inputs, target, (guint) options->jobs);
}

static void
free_options (Options *options)
{
  g_free (options->scope);
  g_free (options->size);
  g_free (options->format);
  g_free (options->roi);
  g_free (options->mask);
  g_strfreev (options->names);
}

static int
collect_run (int argc, char **argv)
{
  Options options = { .jobs = (gint) MIN (g_get_num_processors (), MAX_JOBS) };
  const GOptionEntry entries[] = {
    { "scope", 0, 0, G_OPTION_ARG_STRING, &options.scope,
        "pixel (default), or channel: any size of frames, a file of 1 KB", "SCOPE" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options.size,
        "Scale frames to this size (default: as they are)", "WxH" },
    { "format", 0, 0, G_OPTION_ARG_STRING, &options.format, "RGB (default) or GRAY8", "FORMAT" },
    { "histogram", 0, 0, G_OPTION_ARG_NONE, &options.histogram,
        "Also count code values, for percentiles and reports", NULL },
    { "mask", 0, 0, G_OPTION_ARG_FILENAME, &options.mask,
        "PNG image, black where pixels do not count", "NAME.png" },
    { "roi", 0, 0, G_OPTION_ARG_STRING, &options.roi, "Rectangle of pixels that count", "X,Y,W,H" },
    { "jobs", 0, 0, G_OPTION_ARG_INT, &options.jobs,
        "How many processes read (default: as many as cores)", "N" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Overwrite OUT where it exists", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.names, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = cli_context_new (
      "OUT IN...", "Makes one profile of images and videos.", description, entries);

  const int status = cli_parse (context, &argc, &argv) ? collect_into (&options) : CLI_USAGE;
  free_options (&options);
  return status;
}

const CliCommand cli_collect = { "collect", "Make one profile of images and videos", collect_run };
