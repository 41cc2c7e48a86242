/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: one profile of many images and videos. collect-inputs.c finds them,
 * collect-pool.c has them read by processes side by side (collect-worker.c); the sums are integers, so it does not matter who reads what.
 */
#include <glib/gstdio.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "collect.h"

#define MAX_JOBS 256
#define MAX_TIMEOUT 86400
#define MAX_SHARDS 1000000

static const gchar description[] =
    "IN is an image, a video, a URI, a quoted pattern, a tar archive of images, or a folder. Of a folder\n"
    "all images, videos and archives are read, also in its subfolders: files whose names end in .jpg,\n"
    ".png, .webp, .gif, .mp4, .mkv, .avi and so on. Hidden files and folders and all other files are\n"
    "ignored. @LIST reads names from a file, one per line, and - reads them from standard input. LIST may\n"
    "be a pipe, as in @<(find ...), if the program that writes into it runs already. A file that is given\n"
    "twice, or through a symbolic link, is counted once.\n"
    "\n"
    "JPEG, PNG and WebP are decoded as by Pillow, bit for bit. GStreamer reads everything else that it\n"
    "has plugins for, but mostly no BMP and no TIFF; use \"python3 -m pixelnorm collect\" for these. Y'CbCr\n"
    "video of 8 bits is converted to RGB exactly, deeper video to RGB of 8 bits. Interlaced video is\n"
    "deinterlaced.\n"
    "\n"
    "--format selects what is counted: RGB or GRAY8 with 8 bits, RGB48 or GRAY16 with 16 bits, or auto,\n"
    "the format of the first file. In scope pixel all frames must have one size, that of the first file\n"
    "in the order of names, and other frames are left out. With --size all frames are scaled to that size\n"
    "exactly, whatever their shape. For --scaling, bilinear is Pillow's BILINEAR, which takes all pixels\n"
    "into account, area its BOX, and nearest its NEAREST. Scope channel takes frames of any size. Frames\n"
    "are turned upright if a tag (EXIF, or the matrix of a video) says so. torchvision and Pillow do not\n"
    "do this, and neither does --orient=off.\n"
    "\n"
    "A file that cannot be read to its end is named and left out completely; the others are counted. So\n"
    "is a file with which a decoder crashes twice, or which makes no progress for --timeout seconds. But\n"
    "video decoders may ignore damage, and a stream (.ts, .ogg) does not show that it was cut short; such\n"
    "files are counted with the frames that were decoded. A stream that never ends needs --max-frames.\n"
    "\n"
    "--jobs processes read files in parallel. The result does not depend on their number, nor on the\n"
    "division into shards: --shard=2/8 reads the second of eight parts, which depend only on the names of\n"
    "the files, and \"pixelprofile merge\" combines them. In scope pixel a process takes up to 50 bytes of\n"
    "memory per sample. OUT is written after everything was read, all at once, and nothing else is\n"
    "written.\n"
    "\n"
    "Exit status: 0 if OUT was written and every file was counted, 3 if OUT was written but files were\n"
    "left out, 1 if nothing was written or standard output is closed or full, 2 if the command line is\n"
    "wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile collect --size=224x224 train.safetensors images/\n"
    "  pixelprofile collect --scope=channel --histogram all.safetensors images/ clips/*.mp4\n"
    "  pixelprofile collect --roi=0,60,640,360 gate.safetensors monday.mkv tuesday.mkv\n"
    "  pixelprofile collect --shard=2/8 --size=224x224 part-2.safetensors @train.txt\n";

typedef struct {
  gchar *scope, *size, *scaling, *format, *orient, *roi, *mask, *shard;
  gboolean histogram, force, quiet;
  gint jobs, timeout, max_frames;
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

/* What the words of an option stand for. */
typedef struct {
  const gchar *word;
  guint value, more;
} Choice;

static const Choice scopes[] = {
  { "pixel", PIXELNORM_SCOPE_PIXEL },
  { "channel", PIXELNORM_SCOPE_CHANNEL },
  { NULL },
};

/* channels and bytes of a sample; 0: those of the first file */
static const Choice formats[] = {
  { "RGB", 3, 1 },
  { "GRAY8", 1, 1 },
  { "RGB48", 3, 2 },
  { "GRAY16", 1, 2 },
  { "auto", 0, 0 },
  { NULL },
};

static const Choice scalings[] = {
  { "bilinear", SCALING_BILINEAR },
  { "area", SCALING_AREA },
  { "nearest", SCALING_NEAREST },
  { NULL },
};

static const Choice orients[] = {
  { "auto", TRUE },
  { "off", FALSE },
  { NULL },
};

/* The first is the default. NULL: it was said what is wrong. */
static const Choice *
choose (const gchar *option, const Choice *choices, const gchar *word)
{
  GString *words = g_string_new (NULL);

  for (const Choice *choice = choices; choice->word; choice++) {
    if (!word || strcmp (word, choice->word) == 0) {
      g_string_free (words, TRUE);
      return choice;
    }
    g_string_append_printf (words, "%s%s",
        choice == choices    ? ""
            : choice[1].word ? ", "
                             : " or ",
        choice->word);
  }
  cli_fail_usage ("Expected %s=%s, found \"%s\".", option, words->str, word);
  g_string_free (words, TRUE);
  return NULL;
}

static gboolean
parse_words (const Options *options, CollectSettings *settings)
{
  const Choice *scope = choose ("--scope", scopes, options->scope);
  const Choice *format = scope ? choose ("--format", formats, options->format) : NULL;
  const Choice *scaling = format ? choose ("--scaling", scalings, options->scaling) : NULL;
  const Choice *orient = scaling ? choose ("--orient", orients, options->orient) : NULL;

  if (!orient)
    return FALSE;
  settings->scope = scope->value;
  settings->form.channels = format->value;
  settings->form.sample_bytes = format->more;
  settings->scaling = scaling->value;
  settings->orient = orient->value;
  return TRUE;
}

static int
parse_size (const Options *options, CollectSettings *settings)
{
  guint numbers[2] = { 0 };

  if (options->scaling && !options->size)
    return cli_fail_usage ("--scaling has no effect without --size. Give both, or neither.");
  if (!options->size)
    return CLI_OK;
  if (!parse_numbers (options->size, "x", numbers, 2) || numbers[0] < 1 || numbers[1] < 1)
    return cli_fail_usage (
        "Expected --size=WxH in pixels, such as 224x224, found \"%s\".", options->size);
  settings->form.width = numbers[0];
  settings->form.height = numbers[1];
  return CLI_OK;
}

static int
parse_shard (const Options *options, CollectSettings *settings)
{
  guint numbers[2] = { 0 };

  if (!options->shard)
    return CLI_OK;
  if (!parse_numbers (options->shard, "/", numbers, 2) || numbers[0] < 1 || numbers[0] > numbers[1]
      || numbers[1] > MAX_SHARDS)
    return cli_fail_usage (
        "Expected --shard=I/N, such as 2/8 for the second of eight, and N up to %d, found \"%s\".",
        MAX_SHARDS, options->shard);
  settings->shard = numbers[0];
  settings->n_shards = numbers[1];
  return CLI_OK;
}

static int
parse_mask (const Options *options, CollectSettings *settings)
{
  MaskRegion *region = &settings->mask.region;
  g_autoptr (GError) error = NULL;
  guint numbers[4] = { 0 };

  if (options->roi
      && (!parse_numbers (options->roi, ",", numbers, 4) || numbers[2] < 1 || numbers[3] < 1))
    return cli_fail_usage (
        "Expected --roi=X,Y,WIDTH,HEIGHT in pixels, such as 0,60,640,360, found \"%s\".",
        options->roi);
  if (options->mask && !mask_image_load (&settings->mask, options->mask, &error))
    return cli_fail (CLI_FAILED, "%s", error->message);
  settings->mask.has_region = options->roi != NULL;
  *region = (MaskRegion){ numbers[0], numbers[1], numbers[2], numbers[3] };
  return CLI_OK;
}

static int
parse_options (const Options *options, CollectSettings *settings)
{
  int status;

  if (options->jobs < 1 || options->jobs > MAX_JOBS)
    return cli_fail_usage ("Expected --jobs=1 to %d, found %d.", MAX_JOBS, options->jobs);
  if (options->timeout < 1 || options->timeout > MAX_TIMEOUT)
    return cli_fail_usage (
        "Expected --timeout=1 to %d seconds, found %d.", MAX_TIMEOUT, options->timeout);
  if (options->max_frames < 0)
    return cli_fail_usage (
        "Expected --max-frames=N with N frames of each file, or 0 for all; found %d.",
        options->max_frames);
  if (!options->names || !options->names[0] || !options->names[1])
    return cli_fail_usage (
        "Expected the file to write, then images, videos or folders; found %u names.",
        options->names ? 1 : 0);
  settings->histogram = options->histogram;
  settings->quiet = options->quiet;
  settings->timeout = (guint) options->timeout;
  settings->max_frames = (guint) options->max_frames;
  if (!parse_words (options, settings))
    return CLI_USAGE;
  status = parse_size (options, settings);
  if (status == CLI_OK)
    status = parse_shard (options, settings);
  return status == CLI_OK ? parse_mask (options, settings) : status;
}

/* After hours of reading the result is not lost for a full disk. Returns: CLI_FAILED */
static int
save_elsewhere (PixelnormProfile *profile, const gchar *why)
{
  g_autofree gchar *path =
      g_build_filename (g_get_tmp_dir (), "pixelprofile-XXXXXX.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  const int fd = g_mkstemp (path);

  if (fd >= 0)
    close (fd);
  if (fd >= 0 && pixelnorm_profile_save (profile, path, &error))
    return cli_fail (CLI_FAILED, "%s It was written to \"%s\" instead.", why, path);
  if (fd >= 0)
    g_unlink (path);
  return cli_fail (CLI_FAILED, "%s", why);
}

static int
write_result (
    const CollectSettings *settings, CollectResult *result, const gchar *target, gboolean force)
{
  g_autoptr (GError) error = NULL;

  if (!result->accumulator)
    return cli_fail (CLI_FAILED, "No file could be read, so nothing was written.");
  if (settings->n_shards > 0)
    pixelnorm_accumulator_add_shard (result->accumulator, settings->shard, settings->n_shards);
  g_autoptr (PixelnormProfile) profile =
      pixelnorm_accumulator_snapshot (result->accumulator, &error);
  g_clear_object (&result->accumulator);
  if (!profile)
    return cli_fail (CLI_FAILED, "%s", error->message);
  if (!cli_save_profile (profile, target, force, &error))
    return save_elsewhere (profile, error->message);
  g_autofree gchar *shown = g_filename_display_name (target);
  g_autofree gchar *name = cli_clean_text (shown);
  g_autofree gchar *frames = cli_count (pixelnorm_profile_get_frames (profile), "frame");
  g_autofree gchar *files = cli_count (result->n_good, "file");
  g_print (
      "%s: %s of %s, identity %s\n", name, frames, files, pixelnorm_profile_get_identity (profile));
  const guint64 skipped = pixelnorm_profile_get_frames_skipped (profile);
  g_autofree gchar *damaged = cli_count (skipped, "damaged frame");
  if (skipped > 0)
    cli_fail (CLI_OK, "Warning: not counted: %s.", damaged);
  const gchar *problem = settings->n_shards > 0 ? NULL : cli_find_too_few (profile);
  if (problem)
    cli_fail (CLI_OK, "Warning: %s", problem);
  if (result->n_broken == 0)
    return CLI_OK;
  g_autofree gchar *all = cli_count (result->n_broken + result->n_good, "file");
  return cli_fail (CLI_PARTLY, "Left out, as was said above: %u of %s.", result->n_broken, all);
}

static int
collect_inputs (const CollectSettings *settings, GPtrArray *inputs, const Options *options)
{
  CollectResult result = { 0 };
  int status = CLI_FAILED;

  if (collect_pool_run (settings, inputs, MIN ((guint) options->jobs, inputs->len), &result))
    status = write_result (settings, &result, options->names[0], options->force);
  g_clear_object (&result.accumulator);
  return status;
}

static int
collect_with (const Options *options, const CollectSettings *settings)
{
  guint passed_over = 0;

  if (cli_check_profile_target (options->names[0], options->force) != CLI_OK)
    return CLI_FAILED;
  g_autoptr (GPtrArray) inputs = collect_inputs_find (options->names + 1, settings, &passed_over);
  if (!inputs)
    return CLI_FAILED;
  g_autofree gchar *others = cli_count (passed_over, "other file");
  if (passed_over > 0)
    cli_fail (CLI_OK, "Passed over in the folders: %s.", others);
  if (inputs->len == 0)
    return cli_fail (CLI_FAILED, "No image or video was found%s, so nothing was written.",
        settings->n_shards > 0 ? " in this shard" : "");
  return collect_inputs (settings, inputs, options);
}

static int
collect_into (const Options *options)
{
  CollectSettings settings = { 0 };
  int status = parse_options (options, &settings);

  if (status == CLI_OK)
    status = collect_with (options, &settings);
  mask_image_clear (&settings.mask);
  return status;
}

static void
free_options (Options *options)
{
  g_free (options->scope);
  g_free (options->size);
  g_free (options->scaling);
  g_free (options->format);
  g_free (options->orient);
  g_free (options->shard);
  g_free (options->roi);
  g_free (options->mask);
  g_strfreev (options->names);
}

static int
collect_run (int argc, char **argv)
{
  Options options = { .jobs = (gint) MIN (g_get_num_processors (), MAX_JOBS), .timeout = 60 };
  const GOptionEntry entries[] = {
    { "scope", 0, 0, G_OPTION_ARG_STRING, &options.scope,
        "pixel (default), or channel: any size of frames, a file of 1 KB", "SCOPE" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options.size,
        "Scale frames to this size (default: as they are)", "WxH" },
    { "scaling", 0, 0, G_OPTION_ARG_STRING, &options.scaling,
        "How to scale: bilinear (default), area or nearest", "SCALING" },
    { "format", 0, 0, G_OPTION_ARG_STRING, &options.format,
        "RGB (default), GRAY8, RGB48, GRAY16 or auto", "FORMAT" },
    { "orient", 0, 0, G_OPTION_ARG_STRING, &options.orient,
        "Whether to turn frames upright as a tag says: auto (default) or off", "ORIENT" },
    { "histogram", 0, 0, G_OPTION_ARG_NONE, &options.histogram,
        "Also count code values, for percentiles and reports", NULL },
    { "mask", 0, 0, G_OPTION_ARG_FILENAME, &options.mask,
        "PNG image, black where pixels do not count", "NAME.png" },
    { "roi", 0, 0, G_OPTION_ARG_STRING, &options.roi, "Rectangle of pixels that count", "X,Y,W,H" },
    { "jobs", 0, 0, G_OPTION_ARG_INT, &options.jobs,
        "Number of processes that read (default: the number of cores)", "N" },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
        "Give up a file that makes no progress for so long (default: 60)", "SECONDS" },
    { "max-frames", 0, 0, G_OPTION_ARG_INT, &options.max_frames,
        "Read at most N frames of each file or stream (default: all)", "N" },
    { "shard", 0, 0, G_OPTION_ARG_STRING, &options.shard, "Read the I-th of N parts only", "I/N" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Show no progress", NULL },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Overwrite OUT if it exists", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.names, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = cli_context_new (
      "OUT IN...", "Makes a profile from images and videos.", description, entries);

  const int status =
      cli_parse (context, entries, &argc, &argv) ? collect_into (&options) : CLI_USAGE;
  free_options (&options);
  return status;
}

const CliCommand cli_collect = { "collect", "Make a profile from images and videos", collect_run };
