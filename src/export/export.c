/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An export: files of text or bytes, and what they lack. The exporters fill it, export-table.c makes it. */
#include "export.h"

G_DEFINE_FINAL_TYPE (PixelnormExport, pixelnorm_export, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (PixelnormExportOptions, pixelnorm_export_options,
    pixelnorm_export_options_copy, pixelnorm_export_options_free)

/**
 * pixelnorm_export_options_new:
 *
 * Returns: (transfer full): the defaults: RGB, NHWC, the size of the profile, no names
 *
 * Since: 0.1
 */
PixelnormExportOptions *
pixelnorm_export_options_new (void)
{
  return g_new0 (PixelnormExportOptions, 1);
}

/**
 * pixelnorm_export_options_copy:
 * @options: options
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
PixelnormExportOptions *
pixelnorm_export_options_copy (const PixelnormExportOptions *options)
{
  PixelnormExportOptions *copy = g_new (PixelnormExportOptions, 1);

  *copy = *options;
  copy->name = g_strdup (options->name);
  copy->model = g_strdup (options->model);
  copy->tensor = g_strdup (options->tensor);
  return copy;
}

/**
 * pixelnorm_export_options_free:
 * @options: (transfer full) (nullable): options
 *
 * Since: 0.1
 */
void
pixelnorm_export_options_free (PixelnormExportOptions *options)
{
  if (!options)
    return;
  g_free (options->name);
  g_free (options->model);
  g_free (options->tensor);
  g_free (options);
}

/**
 * pixelnorm_export_options_set_names:
 * @options: options
 * @name: (nullable): what files are called, without the ending
 * @model: (nullable): the file of the model
 * @tensor: (nullable): the name of the model's input
 *
 * Sets all three.
 *
 * Since: 0.1
 */
void
pixelnorm_export_options_set_names (
    PixelnormExportOptions *options, const gchar *name, const gchar *model, const gchar *tensor)
{
  gchar *const names[] = { g_strdup (name), g_strdup (model), g_strdup (tensor) };

  g_free (options->name);
  g_free (options->model);
  g_free (options->tensor);
  options->name = names[0];
  options->model = names[1];
  options->tensor = names[2];
}

static void
clear_file (gpointer data)
{
  PixelnormExportFile *file = data;

  g_free (file->name);
  g_bytes_unref (file->bytes);
}

static void
pixelnorm_export_finalize (GObject *object)
{
  PixelnormExport *self = PIXELNORM_EXPORT (object);

  g_array_unref (self->files);
  g_string_free (self->losses, TRUE);
  g_string_free (self->notes, TRUE);
  g_free (self->comment);
  G_OBJECT_CLASS (pixelnorm_export_parent_class)->finalize (object);
}

static void
pixelnorm_export_class_init (PixelnormExportClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pixelnorm_export_finalize;
}

static void
pixelnorm_export_init (PixelnormExport *self)
{
  self->files = g_array_new (FALSE, FALSE, sizeof (PixelnormExportFile));
  g_array_set_clear_func (self->files, clear_file);
  self->losses = g_string_new (NULL);
  self->notes = g_string_new (NULL);
}

void
pixelnorm_export_add_note (PixelnormExport *self, const char *text)
{
  g_string_append_printf (self->notes, "%s%s", self->notes->len > 0 ? "\n" : "", text);
}

char *
pixelnorm_export_file_name (const PixelnormExport *self, const char *ending)
{
  const char *name = self->options->name;

  return g_strconcat (name ? name : self->exporter->format.name, ending, NULL);
}

void
pixelnorm_export_take_file (PixelnormExport *self, const char *ending, GBytes *bytes)
{
  const PixelnormExportFile file = { pixelnorm_export_file_name (self, ending), bytes };

  g_array_append_val (self->files, file);
}

void
pixelnorm_export_take_text (PixelnormExport *self, GString *text)
{
  g_auto (GStrv) around =
      g_strsplit (self->exporter->comment ? self->exporter->comment : "", "$", 2);

  if (self->comment && around[0]) {
    g_autofree char *line = g_strconcat (around[0], self->comment, around[1], "\n", NULL);

    g_string_prepend (text, line);
  }
  pixelnorm_export_take_file (
      self, self->exporter->format.extension, g_string_free_to_bytes (text));
}

/**
 * pixelnorm_export_get_n_files:
 * @self: an export
 *
 * Returns: how many files there are, at least 1; the first mentions the others by their names
 *
 * Since: 0.1
 */
guint
pixelnorm_export_get_n_files (PixelnormExport *self)
{
  return self->files->len;
}

/**
 * pixelnorm_export_get_file_name:
 * @self: an export
 * @index: a file, counted from 0
 *
 * Returns: (transfer none): the name of the file, without a directory
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_export_get_file_name (PixelnormExport *self, guint index)
{
  g_return_val_if_fail (index < self->files->len, NULL);
  return g_array_index (self->files, PixelnormExportFile, index).name;
}

/**
 * pixelnorm_export_get_file:
 * @self: an export
 * @index: a file, counted from 0
 *
 * Returns: (transfer none): what the file holds
 *
 * Since: 0.1
 */
GBytes *
pixelnorm_export_get_file (PixelnormExport *self, guint index)
{
  g_return_val_if_fail (index < self->files->len, NULL);
  return g_array_index (self->files, PixelnormExportFile, index).bytes;
}

/**
 * pixelnorm_export_get_losses:
 * @self: an export
 *
 * Returns: (nullable) (transfer none): what the format has no words for, a sentence a line; %NULL
 *   where nothing was lost
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_export_get_losses (PixelnormExport *self)
{
  return self->losses->len > 0 ? self->losses->str : NULL;
}

/**
 * pixelnorm_export_get_largest_error:
 * @self: an export
 *
 * Returns: the largest |y| between what the files say and what pixelnorm computes, over all samples
 *   and all code values. Where nothing was lost, it is what the last digits make
 *
 * Since: 0.1
 */
gdouble
pixelnorm_export_get_largest_error (PixelnormExport *self)
{
  return self->largest_error;
}

/**
 * pixelnorm_export_get_notes:
 * @self: an export
 *
 * Returns: (nullable) (transfer none): what else one should know, a sentence a line
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_export_get_notes (PixelnormExport *self)
{
  return self->notes->len > 0 ? self->notes->str : NULL;
}
