/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile export: the normalization of a profile in the words of other software. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const gchar description[] =
    "The numbers are those of pixelnorm with the same method, scope, min-deviation and\n"
    "epsilon: y = (x - mean) * scale. A format that has no words for all of them gets the\n"
    "nearest that it has; what is lost, and the largest error of any sample at any code\n"
    "value in units of y, are then said on standard error. With --strict nothing is\n"
    "written in that case.\n"
    "\n"
    "Text goes to standard output, or to the file after --output; a mean image is written\n"
    "beside that file, and the text mentions it by name.\n"
    "\n"
    "Exit status: 0 when it was written, 1 when not, with --strict also where something would be\n"
    "lost, 2 when the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile export --to nvinfer --output config.txt gate.safetensors\n"
    "  pixelprofile export --to torchvision --scope channel gate.safetensors\n"
    "  pixelprofile export --to nnstreamer --layout nchw --scope channel gate.safetensors\n"
    "  pixelprofile export --to json --output gate.json gate.safetensors\n";

typedef struct {
  gchar *to;
  gchar *method;
  gchar *scope;
  gchar *channel_order;
  gchar *layout;
  gchar *size;
  gchar *mean;
  gchar *std;
  gchar *units;
  gchar *model;
  gchar *tensor;
  gchar *dark;
  gchar *output;
  gboolean force;
  gboolean strict;
  gchar **paths;
} ExportOptions;

/* Returns: (transfer full): the formats, a line each */
static gchar *
list_formats (void)
{
  GString *list = g_string_new ("Formats:\n");
  const PixelnormExportFormat *format;

  for (guint i = 0; (format = pixelnorm_export_format_get (i)); i++)
    g_string_append_printf (list, "  %-15s %s\n", format->name, format->summary);
  return g_string_free (list, FALSE);
}

/* Returns: whether there is that format; else it was said */
static gboolean
check_format (const gchar *name)
{
  g_autoptr (GString) list = g_string_new (NULL);
  const PixelnormExportFormat *format;

  for (guint i = 0; (format = pixelnorm_export_format_get (i)); i++) {
    if (strcmp (format->name, name) == 0)
      return TRUE;
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", format->name);
  }
  cli_fail_usage ("Expected one of %s after --to, found \"%s\".", list->str, name);
  return FALSE;
}

/* Sets @value to the place of @word in @words. Returns: whether it is there; else it was said */
static gboolean
choose (const gchar *option, const gchar *word, const gchar *const words[], gint *value)
{
  g_autofree gchar *list = g_strjoinv (", ", (gchar **) words);

  for (gint i = 0; words[i]; i++) {
    if (strcmp (words[i], word) == 0) {
      *value = i;
      return TRUE;
    }
  }
  cli_fail_usage ("Expected one of %s after --%s, found \"%s\".", list, option, word);
  return FALSE;
}

static gboolean
choose_method (const gchar *word, PixelnormMethod *method)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (PIXELNORM_TYPE_METHOD);
  const GEnumValue *value = g_enum_get_value_by_nick (class, word);
  g_autoptr (GString) list = g_string_new (NULL);

  if (value) {
    *method = value->value;
    return TRUE;
  }
  for (guint i = 0; i < class->n_values; i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", class->values[i].value_nick);
  cli_fail_usage ("Expected one of %s after --method, found \"%s\".", list->str, word);
  return FALSE;
}

/* "123.675,116.28,103.53", or one number */
static gboolean
parse_numbers (const gchar *option, const gchar *text, gdouble *values, guint *n_values)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  *n_values = g_strv_length (words);
  for (guint i = 0; i < *n_values && *n_values <= PIXELNORM_MAX_CHANNELS; i++) {
    gchar *end;

    values[i] = g_ascii_strtod (words[i], &end);
    if (!*words[i] || *end)
      *n_values = 0;
  }
  if (*n_values == 1 || *n_values == PIXELNORM_MAX_CHANNELS)
    return TRUE;
  cli_fail_usage (
      "Expected one number after --%s, or three with commas between, found \"%s\".", option, text);
  return FALSE;
}

static gboolean
parse_size (const gchar *text, PixelnormExportOptions *options)
{
  g_auto (GStrv) words = g_strsplit (text, "x", -1);
  guint64 width, height;

  if (g_strv_length (words) == 2
      && g_ascii_string_to_unsigned (words[0], 10, 1, PIXELNORM_MAX_SIDE, &width, NULL)
      && g_ascii_string_to_unsigned (words[1], 10, 1, PIXELNORM_MAX_SIDE, &height, NULL)) {
    options->width = width;
    options->height = height;
    return TRUE;
  }
  cli_fail_usage ("Expected a size as 224x224 after --size, found \"%s\".", text);
  return FALSE;
}

static gboolean
parse_fixed (const ExportOptions *options, PixelnormSettings *settings)
{
  static const gchar *const units[] = { "code", "unit", NULL };
  gint value = PIXELNORM_UNITS_CODE;

  if (settings->method != PIXELNORM_METHOD_FIXED
      && (options->mean || options->std || options->units)) {
    cli_fail_usage ("--mean, --std and --units are for the method fixed.");
    return FALSE;
  }
  if (options->units && !choose ("units", options->units, units, &value))
    return FALSE;
  settings->units = value;
  return (!options->mean
             || parse_numbers ("mean", options->mean, settings->mean, &settings->n_mean))
      && (!options->std || parse_numbers ("std", options->std, settings->std, &settings->n_std));
}

/* What the options say of the normalization. A scope that is not given is that of the profile. */
static gboolean
parse_settings (const ExportOptions *options, PixelnormSettings *settings)
{
  static const gchar *const scopes[] = { "pixel", "channel", "global", NULL };
  g_autoptr (GError) error = NULL;
  gint scope = PIXELNORM_SCOPE_PIXEL;

  if (options->method && !choose_method (options->method, &settings->method))
    return FALSE;
  if (options->scope && !choose ("scope", options->scope, scopes, &scope))
    return FALSE;
  settings->scope = scope;
  if (!parse_fixed (options, settings))
    return FALSE;
  if (options->dark && settings->method != PIXELNORM_METHOD_FLAT_FIELD) {
    cli_fail_usage ("--dark is for the method flat-field.");
    return FALSE;
  }
  if (pixelnorm_settings_check (settings, &error))
    return TRUE;
  cli_fail_usage ("%s", error->message);
  return FALSE;
}

static gboolean
parse_model (const ExportOptions *options, PixelnormExportOptions *model)
{
  static const gchar *const orders[] = { "rgb", "bgr", NULL };
  static const gchar *const layouts[] = { "nhwc", "nchw", NULL };
  gint order = PIXELNORM_CHANNEL_ORDER_RGB, layout = PIXELNORM_TENSOR_LAYOUT_NHWC;
  g_autofree gchar *name = options->output ? g_path_get_basename (options->output) : NULL;
  gchar *dot = name ? strrchr (name, '.') : NULL;

  if ((options->channel_order && !choose ("channel-order", options->channel_order, orders, &order))
      || (options->layout && !choose ("layout", options->layout, layouts, &layout))
      || (options->size && !parse_size (options->size, model)))
    return FALSE;
  model->channel_order = order;
  model->layout = layout;
  if (dot && dot != name)
    *dot = '\0';
  pixelnorm_export_options_set_names (model, name, options->model, options->tensor);
  return TRUE;
}

static int
check_command (const ExportOptions *options)
{
  if (!options->to)
    return cli_fail_usage ("Expected a format after --to, found none.");
  if (!check_format (options->to))
    return CLI_USAGE;
  if (!options->paths)
    return cli_fail_usage ("Expected the FILE of a profile, found none.");
  if (options->paths[1])
    return cli_fail_usage ("Expected one FILE, found \"%s\" after \"%s\"; export them one by one.",
        options->paths[1], options->paths[0]);
  if (options->output && !*options->output)
    return cli_fail_usage ("Expected a file after --output, found nothing.");
  if (!options->output && !pixelnorm_export_format_find (options->to)->is_text)
    return cli_fail_usage ("%s is no text: name a file with --output.", options->to);
  return CLI_OK;
}

/* What is said of an export on standard error. Returns: whether it may be written */
static gboolean
report (const ExportOptions *options, PixelnormExport *export)
{
  const gchar *losses = pixelnorm_export_get_losses (export);
  const gchar *notes = pixelnorm_export_get_notes (export);
  g_auto (GStrv) lines = g_strsplit (losses ? losses : "", "\n", -1);
  g_autofree gchar *sentences = g_strjoinv (" ", lines);
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];

  if (notes)
    cli_fail (CLI_OK, "%s", notes);
  if (!losses)
    return TRUE;
  cli_fail (CLI_FAILED, "%s cannot say all of this. %s Largest error: %s in units of y.%s",
      options->to, sentences,
      g_ascii_formatd (number, sizeof number, "%.9g", pixelnorm_export_get_largest_error (export)),
      options->strict ? " Nothing was written, as --strict asks." : "");
  return !options->strict;
}

/* Returns: (transfer full) (nullable): where a file of the export goes; %NULL for standard output */
static gchar *
target_of (const ExportOptions *options, PixelnormExport *export, guint index)
{
  g_autofree gchar *directory = options->output ? g_path_get_dirname (options->output) : NULL;

  if (index == 0 || !directory)
    return g_strdup (options->output);
  return strchr (options->output, G_DIR_SEPARATOR)
      ? g_build_filename (directory, pixelnorm_export_get_file_name (export, index), NULL)
      : g_strdup (pixelnorm_export_get_file_name (export, index));
}

/* What can be known before anything is written. */
static int
check_target (const gchar *target, gboolean force)
{
  g_autofree gchar *directory = g_path_get_dirname (target);

  if (!g_file_test (directory, G_FILE_TEST_IS_DIR))
    return cli_fail (CLI_FAILED,
        "\"%s\" cannot be written: there is no directory \"%s\". Make it first.", target,
        directory);
  if (g_file_test (target, G_FILE_TEST_IS_DIR))
    return cli_fail (CLI_FAILED,
        "\"%s\" cannot be written: it is a directory. Name a file after --output.", target);
  if (!force
      && (g_file_test (target, G_FILE_TEST_EXISTS) || g_file_test (target, G_FILE_TEST_IS_SYMLINK)))
    return cli_fail (CLI_FAILED,
        "\"%s\" is there already. Overwrite it with --force, or choose another --output.", target);
  return CLI_OK;
}

static int
write_file (const gchar *target, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);

  if (!target) {
    fwrite (data, 1, size, stdout);
    return CLI_OK;
  }
  if (g_file_set_contents_full (target, data, size,
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, &error))
    return CLI_OK;
  return cli_fail (CLI_FAILED, "\"%s\" was not written: %s.", target, error->message);
}

/* The first file mentions the others, so it is written last. */
static int
write_files (const ExportOptions *options, PixelnormExport *export)
{
  const guint n_files = pixelnorm_export_get_n_files (export);
  int status = CLI_OK;

  if (n_files > 1 && !options->output)
    return cli_fail_usage (
        "With these statistics %s makes %u files: name the first with --output, or use --scope "
        "channel.",
        options->to, n_files);
  for (guint i = 0; i < n_files && status == CLI_OK; i++) {
    g_autofree gchar *target = target_of (options, export, i);

    if (target)
      status = check_target (target, options->force);
    if (i > 0 && strcmp (target, options->output) == 0)
      status = cli_fail (CLI_FAILED,
          "\"%s\" is also the name of the image beside it. Choose another --output.", target);
  }
  for (guint i = n_files; i > 0 && status == CLI_OK; i--) {
    g_autofree gchar *target = target_of (options, export, i - 1);

    status = write_file (target, pixelnorm_export_get_file (export, i - 1));
  }
  return status;
}

static PixelnormExport *
make_export (
    const ExportOptions *options, PixelnormSettings *settings, const PixelnormExportOptions *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (options->paths[0], &error);
  g_autoptr (PixelnormProfile) dark = NULL;
  PixelnormExport *export = NULL;

  if (profile && options->dark)
    dark = pixelnorm_profile_load (options->dark, &error);
  if (!error) {
    if (!options->scope)
      settings->scope = pixelnorm_profile_get_scope (profile);
    export = pixelnorm_export_new (options->to, settings, profile, dark, model, &error);
  }
  if (error)
    cli_fail (CLI_FAILED, "%s", error->message);
  return export;
}

static int
export_profile (const ExportOptions *options, PixelnormSettings *settings)
{
  g_autoptr (PixelnormExportOptions) model = pixelnorm_export_options_new ();
  g_autoptr (PixelnormExport) export = NULL;
  int status = check_command (options);

  if (status != CLI_OK)
    return status;
  if (!parse_settings (options, settings) || !parse_model (options, model))
    return CLI_USAGE;
  export = make_export (options, settings, model);
  if (!export || !report (options, export))
    return CLI_FAILED;
  return write_files (options, export);
}

static void
clear_options (ExportOptions *options)
{
  gchar *const texts[] = { options->to, options->method, options->scope, options->channel_order,
    options->layout, options->size, options->mean, options->std, options->units, options->model,
    options->tensor, options->dark, options->output };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_strfreev (options->paths);
}

static int
export_run (int argc, char **argv)
{
  ExportOptions options = { 0 };
  PixelnormSettings settings;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &options.to, "What to make; see below (\"help\": list them)",
        "FORMAT" },
    { "method", 0, 0, G_OPTION_ARG_STRING, &options.method,
        "fixed, center, zscore (default), mean-range, min-max, flat-field or percentile",
        "METHOD" },
    { "scope", 0, 0, G_OPTION_ARG_STRING, &options.scope,
        "pixel, channel or global (default: that of the profile)", "SCOPE" },
    { "min-deviation", 0, 0, G_OPTION_ARG_DOUBLE, &settings.min_deviation,
        "Smallest divisor, in 8-bit code values (default: 1)", "VALUE" },
    { "epsilon", 0, 0, G_OPTION_ARG_DOUBLE, &settings.epsilon,
        "Added to the variance, in squared code values (default: 0)", "VALUE" },
    { "mean", 0, 0, G_OPTION_ARG_STRING, &options.mean,
        "Of the method fixed: one number, or R,G,B (default: 127.5)", "VALUES" },
    { "std", 0, 0, G_OPTION_ARG_STRING, &options.std, "Of the method fixed (default: 127.5)",
        "VALUES" },
    { "units", 0, 0, G_OPTION_ARG_STRING, &options.units,
        "Of --mean and --std: code, or unit for 0 to 1 (default: code)", "UNITS" },
    { "dark", 0, 0, G_OPTION_ARG_FILENAME, &options.dark,
        "Profile of dark frames, for the method flat-field", "FILE" },
    { "range-low", 0, 0, G_OPTION_ARG_DOUBLE, &settings.range_low,
        "What becomes 0 in 8-bit video (default: by the method)", "VALUE" },
    { "range-high", 0, 0, G_OPTION_ARG_DOUBLE, &settings.range_high,
        "What becomes 255 in 8-bit video (default: by the method)", "VALUE" },
    { "channel-order", 0, 0, G_OPTION_ARG_STRING, &options.channel_order,
        "Order of channels that the model expects: rgb or bgr (default: rgb)", "ORDER" },
    { "layout", 0, 0, G_OPTION_ARG_STRING, &options.layout,
        "Order of dimensions that the model expects: nhwc or nchw (default: nhwc)", "LAYOUT" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options.size,
        "Size of the model's input (default: that of the profile)", "WxH" },
    { "model", 0, 0, G_OPTION_ARG_FILENAME, &options.model, "File of the model, to be mentioned",
        "NAME" },
    { "tensor", 0, 0, G_OPTION_ARG_STRING, &options.tensor,
        "Name of the model's input, to be mentioned", "NAME" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "File to write", "FILE" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Overwrite files that exist", NULL },
    { "strict", 0, 0, G_OPTION_ARG_NONE, &options.strict, "Fail where something would be lost",
        NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.paths, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("FILE");
  g_autofree gchar *formats = list_formats ();
  g_autofree gchar *text = g_strconcat (formats, "\n", description, NULL);
  int status = CLI_USAGE;

  pixelnorm_settings_init (&settings);
  g_option_context_set_summary (
      context, "Says how to normalize with a profile in the words of other software.");
  g_option_context_set_description (context, text);
  g_option_context_add_main_entries (context, entries, NULL);
  if (cli_parse (context, &argc, &argv)) {
    if (g_strcmp0 (options.to, "help") == 0) {
      g_print ("%s", formats);
      status = CLI_OK;
    } else {
      status = export_profile (&options, &settings);
    }
  }
  clear_options (&options);
  return status;
}

const CliCommand cli_export = { "export",
  "Say how to normalize with a profile in the words of other software", export_run };
