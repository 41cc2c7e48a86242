/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile export: the normalization of a profile as settings of other software. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const gchar description[] =
    "The numbers are those of pixelnorm with the same settings, by default with the method zscore:\n"
    "y = (x - mean) * scale. If a format cannot express all of them, the closest ones that it can are\n"
    "written. What is lost, and the largest error of any sample at any code value in units of y, is then\n"
    "reported on standard error. With --strict nothing is written in that case.\n"
    "\n"
    "The text goes to standard output, or to the file after --output. A mean image is written next to\n"
    "that file, and the text contains its name.\n"
    "\n"
    "Exit status: 0 if it was written, 1 if not, with --strict also if something would be lost, 2 if the\n"
    "command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile export --to nvinfer --output config.txt gate.safetensors\n"
    "  pixelprofile export --to torchvision --scope channel gate.safetensors\n"
    "  pixelprofile export --to nnstreamer --layout nchw --scope channel gate.safetensors\n"
    "  pixelprofile export --to json --output gate.json gate.safetensors\n";

/* what is to be done about an error, whatever the format */
static const gchar advice[] =
    "It counts every code value, also those that the profile never saw. If it is too large, feed the "
    "network with float32 tensors of pixelnorm, or graft the profile onto an ONNX model: python3 -m "
    "pixelnorm graft.";

typedef struct {
  PixelnormSettings *settings;
  guint32 given; /* which of them were, a bit a row of the settings table */
  gchar *to;
  gchar *size;
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

/* What no value of an option is. */
static gboolean
refuse (
    GError **error, const gchar *expected, const gchar *name, const gchar *more, const gchar *text)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "Expected %s after --%s%s, found \"%s\"", expected, name, more, text);
  return FALSE;
}

/* "fixed, center or zscore": the words whose bits are in @mask, with @last before the last one. */
static gchar *
list_words (const PixelnormSetting *row, guint mask, const gchar *last)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; row->words[i].value_nick; i++) {
    const guint rest = mask >> i;
    const gboolean is_last = (rest & (rest - 1)) == 0 || !row->words[i + 1].value_nick;

    if (rest & 1)
      g_string_append_printf (list, "%s%s",
          list->len == 0 ? ""
              : is_last  ? last
                         : ", ",
          row->words[i].value_nick);
  }
  return g_string_free (list, FALSE);
}

static gboolean
parse_word (
    PixelnormSettings *settings, const PixelnormSetting *row, const gchar *text, GError **error)
{
  g_autofree gchar *list = list_words (row, G_MAXUINT, ", ");
  g_autofree gchar *expected = g_strconcat ("one of ", list, NULL);

  for (const GEnumValue *word = row->words; word->value_nick; word++) {
    if (strcmp (word->value_nick, text) == 0) {
      g_object_set (settings, row->name, word->value, NULL);
      return TRUE;
    }
  }
  return refuse (error, expected, row->name, "", text);
}

/* "123.675,116.28,103.53", or one number. Returns: how many; 0: they are no numbers */
static guint
read_numbers (const gchar *text, gdouble *values)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  const guint n = g_strv_length (words);

  for (guint i = 0; i < n && n <= PIXELNORM_MAX_CHANNELS; i++) {
    gchar *end;

    values[i] = g_ascii_strtod (words[i], &end);
    if (!*words[i] || *end)
      return 0;
  }
  return n;
}

/* The row of @name, and its number. */
static const PixelnormSetting *
find_setting (const gchar *name, guint *index)
{
  const PixelnormSetting *row;

  for (*index = 0; (row = pixelnorm_setting_get (*index)); ++*index)
    if (strcmp (row->name, name) == 0)
      return row;
  return NULL;
}

/* An option that is a row of the settings table. */
static gboolean
parse_setting (const gchar *option, const gchar *text, gpointer data, GError **error)
{
  ExportOptions *options = data;
  gdouble values[PIXELNORM_MAX_CHANNELS];
  guint i, n;
  const PixelnormSetting *row = find_setting (option + 2, &i);
  options->given |= 1u << i;
  if (row->type == PIXELNORM_SETTING_TYPE_WORD)
    return parse_word (options->settings, row, text, error);
  n = read_numbers (text, values);
  if (n == 1 || (row->type == PIXELNORM_SETTING_TYPE_VALUES && n == PIXELNORM_MAX_CHANNELS))
    return pixelnorm_settings_set_values (options->settings, row->name, values, n, error);
  if (row->type == PIXELNORM_SETTING_TYPE_NUMBER)
    return refuse (error, "a number", row->name, "", text);
  return refuse (error, "one number", row->name, ", or three with commas between", text);
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

/* Says which options there are for the method of @row. */
static void
fail_for_method (const PixelnormSetting *row)
{
  guint n;
  g_autofree gchar *methods = list_words (find_setting ("method", &n), row->methods, " and ");
  g_autoptr (GString) names = g_string_new (NULL);
  const PixelnormSetting *other;

  n = 0;
  for (guint i = 0; (other = pixelnorm_setting_get (i)); i++)
    if (other->option && other->methods == row->methods)
      n++;
  for (guint i = 0, k = 0; (other = pixelnorm_setting_get (i)); i++)
    if (other->option && other->methods == row->methods)
      g_string_append_printf (names, "%s--%s",
          k++ == 0     ? ""
              : k == n ? " and "
                       : ", ",
          other->name);
  cli_fail_usage ("%s %s for the method%s %s.", names->str, n > 1 ? "are" : "is",
      row->methods & (row->methods - 1) ? "s" : "", methods);
}

/* Whether the settings are possible, and those that were given have an effect. */
static gboolean
check_settings (const ExportOptions *options)
{
  const PixelnormSettings *settings = options->settings;
  g_autoptr (GError) error = NULL;
  const PixelnormSetting *row;

  for (guint i = 0; (row = pixelnorm_setting_get (i)); i++) {
    if (options->given & 1u << i && !pixelnorm_setting_has_effect (row, settings)) {
      fail_for_method (row);
      return FALSE;
    }
  }
  if (options->dark
      && g_strcmp0 (pixelnorm_settings_get_word (settings, "method"), "flat-field") != 0) {
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
  g_autofree gchar *name = options->output ? g_path_get_basename (options->output) : NULL;
  gchar *dot = name ? strrchr (name, '.') : NULL;

  if (options->size && !parse_size (options->size, model))
    return FALSE;
  g_object_get (
      options->settings, "channel-order", &model->channel_order, "layout", &model->layout, NULL);
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
  return CLI_OK;
}

/* What is said of an export on standard error. Returns: whether it may be written */
static gboolean
report (const ExportOptions *options, PixelnormExport *export)
{
  const gchar *losses = pixelnorm_export_get_losses (export);
  const gchar *text = pixelnorm_export_get_notes (export);
  g_auto (GStrv) notes = g_strsplit (text ? text : "", "\n", -1);
  g_auto (GStrv) lines = g_strsplit (losses ? losses : "", "\n", -1);
  g_autofree gchar *sentences = g_strjoinv (" ", lines);
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; notes[i]; i++)
    cli_fail (CLI_OK, "%s", notes[i]);
  if (!losses)
    return TRUE;
  cli_fail (CLI_FAILED, "%s cannot express all of this. %s Largest error: %s in units of y. %s%s",
      options->to, sentences,
      g_ascii_formatd (number, sizeof number, "%.9g", pixelnorm_export_get_largest_error (export)),
      advice, options->strict ? " Nothing was written, as --strict asks." : "");
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

static int
write_file (const gchar *target, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;

  if (!target)
    fwrite (g_bytes_get_data (bytes, NULL), 1, g_bytes_get_size (bytes), stdout);
  else if (!cli_write_file (target, bytes, &error))
    return cli_fail (CLI_FAILED, "%s", error->message);
  return CLI_OK;
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
      status = cli_check_target (target, options->force);
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

/* A scope that is not given is that of the profile. */
static PixelnormExport *
make_export (ExportOptions *options, const PixelnormExportOptions *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormInputs) inputs = pixelnorm_inputs_new (NULL, NULL, NULL);
  PixelnormExport *export = NULL;
  guint scope;

  inputs->profile = pixelnorm_profile_load (options->paths[0], &error);
  if (inputs->profile && options->dark)
    inputs->dark = pixelnorm_profile_load (options->dark, &error);
  if (!error) {
    find_setting ("scope", &scope);
    if (!(options->given & 1u << scope))
      g_object_set (
          options->settings, "scope", pixelnorm_profile_get_scope (inputs->profile), NULL);
    export = pixelnorm_export_new (options->to, options->settings, inputs, model, &error);
  }
  if (error)
    cli_fail (CLI_FAILED, "%s", error->message);
  return export;
}

static int
export_profile (ExportOptions *options)
{
  g_autoptr (PixelnormExportOptions) model = pixelnorm_export_options_new ();
  g_autoptr (PixelnormExport) export = NULL;
  int status = check_command (options);

  if (status != CLI_OK)
    return status;
  if (!check_settings (options) || !parse_model (options, model))
    return CLI_USAGE;
  export = make_export (options, model);
  if (!export || !report (options, export))
    return CLI_FAILED;
  return write_files (options, export);
}

static void
clear_options (ExportOptions *options)
{
  gchar *const texts[] = { options->to, options->size, options->model, options->tensor,
    options->dark, options->output };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_strfreev (options->paths);
  g_object_unref (options->settings);
}

/* An option for every row of the settings table that wants one. GLib keeps the texts. */
static void
add_settings (GOptionGroup *group)
{
  const PixelnormSetting *row;

  for (guint i = 0; (row = pixelnorm_setting_get (i)); i++) {
    const gchar *last = strrchr (row->name, '-');
    const gboolean is_word = row->type == PIXELNORM_SETTING_TYPE_WORD;
    g_autofree gchar *list = is_word ? list_words (row, G_MAXUINT, " or ") : NULL;
    g_autofree gchar *help = g_strconcat (list ? list : "", row->option, NULL);
    g_autofree gchar *value = is_word
        ? g_ascii_strup (last ? last + 1 : row->name, -1)
        : g_strdup (row->type == PIXELNORM_SETTING_TYPE_VALUES ? "VALUES" : "VALUE");
    const GOptionEntry entries[] = { { row->name, 0, 0, G_OPTION_ARG_CALLBACK, parse_setting,
                                         g_intern_string (help), g_intern_string (value) },
      { NULL } };

    if (row->option)
      g_option_group_add_entries (group, entries);
  }
}

static void
add_options (GOptionContext *context, ExportOptions *options, const GOptionEntry *flags)
{
  const GOptionEntry first[] = { { "to", 0, 0, G_OPTION_ARG_STRING, &options->to,
                                     "Format to write; see below (\"help\" lists them)", "FORMAT" },
    { NULL } };
  const GOptionEntry others[] = {
    { "dark", 0, 0, G_OPTION_ARG_FILENAME, &options->dark,
        "Profile of dark frames, for the method flat-field", "FILE" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options->size,
        "Size of the model's input (default: that of the profile)", "WxH" },
    { "model", 0, 0, G_OPTION_ARG_FILENAME, &options->model,
        "File name of the model, for formats that contain it", "NAME" },
    { "tensor", 0, 0, G_OPTION_ARG_STRING, &options->tensor,
        "Name of the model's input, for formats that contain it", "NAME" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "File to write", "FILE" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->paths, NULL, NULL },
    { NULL },
  };
  GOptionGroup *group = g_option_group_new ("export", NULL, NULL, options, NULL);

  g_option_group_add_entries (group, first);
  add_settings (group);
  g_option_group_add_entries (group, others);
  g_option_group_add_entries (group, flags);
  g_option_context_set_main_group (context, group);
}

static int
export_run (int argc, char **argv)
{
  ExportOptions options = { .settings = pixelnorm_settings_new () };
  const GOptionEntry flags[] = {
    { "force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Overwrite files that exist", NULL },
    { "strict", 0, 0, G_OPTION_ARG_NONE, &options.strict, "Fail if something would be lost", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("FILE");
  g_autofree gchar *formats = list_formats ();
  g_autofree gchar *text = g_strconcat (formats, "\n", description, NULL);
  int status = CLI_USAGE;

  g_option_context_set_summary (
      context, "Writes the normalization of a profile as settings of other software.");
  g_option_context_set_description (context, text);
  add_options (context, &options, flags);
  if (cli_parse (context, flags, &argc, &argv)) {
    if (g_strcmp0 (options.to, "help") == 0) {
      g_print ("%s", formats);
      status = CLI_OK;
    } else {
      status = export_profile (&options);
    }
  }
  clear_options (&options);
  return status;
}

const CliCommand cli_export = { "export", "Write the normalization as settings of other software",
  export_run };
