/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The normalization of a profile in the words of other software. */
#pragma once

#include <pixelnorm/normalizer.h>

G_BEGIN_DECLS

/**
 * PixelnormExportDetail:
 * @PIXELNORM_EXPORT_DETAIL_ONE: one number for all samples
 * @PIXELNORM_EXPORT_DETAIL_CHANNEL: one a channel
 * @PIXELNORM_EXPORT_DETAIL_PIXEL_8BIT: one a sample (each channel of each pixel), a whole number of 0
 *   to 255
 * @PIXELNORM_EXPORT_DETAIL_PIXEL: one a sample
 *
 * How finely a format can say a mean or a scale. What it says more finely, it also says more coarsely.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_EXPORT_DETAIL_ONE,
  PIXELNORM_EXPORT_DETAIL_CHANNEL,
  PIXELNORM_EXPORT_DETAIL_PIXEL_8BIT,
  PIXELNORM_EXPORT_DETAIL_PIXEL
} PixelnormExportDetail;

/**
 * PixelnormExportFormat:
 * @name: the word that chooses it
 * @summary: one line that says what it is for
 * @extension: what the name of its first file ends in, with the dot
 * @mean: how finely it says means
 * @scale: how finely it says scales
 * @max_depth: bits of a sample that the software behind it takes, at most
 *
 * A format of the export table.
 *
 * Since: 0.1
 */
typedef struct {
  const gchar *name;
  const gchar *summary;
  const gchar *extension;
  PixelnormExportDetail mean;
  PixelnormExportDetail scale;
  guint max_depth;
} PixelnormExportFormat;

PIXELNORM_API const PixelnormExportFormat *pixelnorm_export_format_get (guint index);
PIXELNORM_API const PixelnormExportFormat *pixelnorm_export_format_find (const gchar *name);

#define PIXELNORM_TYPE_EXPORT_OPTIONS (pixelnorm_export_options_get_type ())

/**
 * PixelnormExportOptions:
 * @channel_order: the order of the channels that the model expects; for profiles of RGB
 * @layout: the order of the dimensions of the model's input
 * @width: columns of the model's input; 0: those of the profile
 * @height: rows of the model's input; 0: those of the profile
 * @name: (nullable): what files are called, without the ending; %NULL: the format's name
 * @model: (nullable): the file of the model, where a format mentions it
 * @tensor: (nullable): the name of the model's input, where a format mentions it
 *
 * What an export must know of the model. Strings belong to the options.
 *
 * Since: 0.1
 */
typedef struct {
  PixelnormChannelOrder channel_order;
  PixelnormTensorLayout layout;
  guint width;
  guint height;
  gchar *name;
  gchar *model;
  gchar *tensor;
} PixelnormExportOptions;

PIXELNORM_API GType pixelnorm_export_options_get_type (void);
PIXELNORM_API PixelnormExportOptions *pixelnorm_export_options_new (void);
PIXELNORM_API PixelnormExportOptions *pixelnorm_export_options_copy (
    const PixelnormExportOptions *options);
PIXELNORM_API void pixelnorm_export_options_free (PixelnormExportOptions *options);
PIXELNORM_API void pixelnorm_export_options_set_names (
    PixelnormExportOptions *options, const gchar *name, const gchar *model, const gchar *tensor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PixelnormExportOptions, pixelnorm_export_options_free)

#define PIXELNORM_TYPE_EXPORT (pixelnorm_export_get_type ())
/**
 * PixelnormExport:
 *
 * The normalization of a profile in the words of other software: one or more files, what that software
 * has no words for, and the largest error that follows.
 *
 * Since: 0.1
 */
PIXELNORM_API
G_DECLARE_FINAL_TYPE (PixelnormExport, pixelnorm_export, PIXELNORM, EXPORT, GObject)

PIXELNORM_API PixelnormExport *pixelnorm_export_new (const gchar *format,
    const PixelnormSettings *settings, const PixelnormInputs *inputs,
    const PixelnormExportOptions *options, GError **error);
PIXELNORM_API guint pixelnorm_export_get_n_files (PixelnormExport *self);
PIXELNORM_API const gchar *pixelnorm_export_get_file_name (PixelnormExport *self, guint index);
PIXELNORM_API GBytes *pixelnorm_export_get_file (PixelnormExport *self, guint index);
PIXELNORM_API const gchar *pixelnorm_export_get_losses (PixelnormExport *self);
PIXELNORM_API gdouble pixelnorm_export_get_largest_error (PixelnormExport *self);
PIXELNORM_API const gchar *pixelnorm_export_get_notes (PixelnormExport *self);

G_END_DECLS
