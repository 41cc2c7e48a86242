/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the exporters share. Every one of them says y = (x - mean) * scale in the words of other
 * software. How much of it that software can say is in the EXPORT TABLE; the numbers that are left are
 * made from that (export-fit.c) before an exporter writes them.
 */
#pragma once

#include <pixelnorm/export.h>

#include "normalize/coefficients.h"

/* The means and scales that the software behind a format takes, all of its channels alike. */
typedef struct {
  double mean_low, mean_high;
  double scale_low, scale_high;
} PixelnormExportLimits;

typedef struct {
  PixelnormExportFormat format;
  gboolean (*write) (PixelnormExport *self, GError **error);
  const char *template; /* of those that pixelnorm_export_write_template() writes */
  const char
      *channel_sets[4];   /* channels of the profiles that it can be made from; ends with NULL */
  gboolean decodes_video; /* statistics a pixel reach it as 8-bit video, which it decodes */
  gboolean needs_size;    /* of the model's input */
  const PixelnormExportLimits *limits; /* NULL: it takes every number */
  gboolean rgb_only;                   /* it has no word for models of B, G, R */
  const char *comment;                 /* a line of it, with $ for the words; NULL: it has none */
} PixelnormExporter;

typedef struct {
  char *name;
  GBytes *bytes;
} PixelnormExportFile;

/* The members up to the files are valid while an export is being made. */
struct _PixelnormExport {
  GObject parent_instance;
  const PixelnormExporter *exporter;
  const PixelnormExportOptions *options;
  PixelnormProfile *profile;
  const PixelnormGeometry *geometry; /* of the profile */
  PixelnormCoefficients exact;       /* what pixelnorm does; through pixelnorm_export_affine() */
  guint n_channels;
  guint width, height; /* of the model's input; 0: not known */
  gsize n_pixels;      /* that have coefficients of their own, 1 where channels have them */

  /* what the format says, of channels in canonical order; where its means or scales are not those */
  double mean[PIXELNORM_MAX_CHANNELS];
  double scale[PIXELNORM_MAX_CHANNELS];
  gboolean pixel_mean, pixel_scale;
  gboolean limited;  /* some of them are beyond what the software takes, and are its nearest */
  gboolean as_video; /* as 8-bit video of [low, high] */
  double low, high;
  char *comment; /* (nullable) what stands above the text */

  GArray *files; /* of PixelnormExportFile */
  GString *losses;
  GString *notes;
  double largest_error;
};

/* export-fit.c: makes the numbers that the format can say, and finds out what they lack. */
gboolean pixelnorm_export_fit (PixelnormExport *self, GError **error);

/* What the format says of a sample: y = (x - mean) * scale. */
void pixelnorm_export_sample (
    const PixelnormExport *self, gsize pixel, guint channel, double *mean, double *scale);

/* export-text.c */
#define PIXELNORM_NUMBER_SIZE (G_ASCII_DTOSTR_BUF_SIZE + 2)
const char *pixelnorm_export_number (char text[PIXELNORM_NUMBER_SIZE], double number);

/* Returns: (transfer full): the number without an exponent, which some readers do not know */
char *pixelnorm_export_decimal (double number);

/* The names of numbers a channel: "mean", "minus-mean", "unit-mean" (as part of the largest code value), "scale", "std"
 * (1 / scale), "unit-std", "variance". */
gboolean pixelnorm_export_value (
    const PixelnormExport *self, const char *name, guint channel, double *value);

/* The numbers of that name in the order of the model. Each is written as @pattern says, where $ is the
 * number and # the index of its channel. */
void pixelnorm_export_append_list (
    const PixelnormExport *self, GString *text, const char *name, const char *pattern);

/* The same numbers with @separator between. */
void pixelnorm_export_append_joined (
    const PixelnormExport *self, GString *text, const char *name, const char *separator);
const char *pixelnorm_export_color (const PixelnormExport *self); /* "RGB", "BGR", "GRAY", ... */
const char *pixelnorm_export_enum_nick (GType type, int value);
const char *pixelnorm_export_layout (const PixelnormExport *self); /* "nhwc", "nchw" */
gboolean pixelnorm_export_write_template (PixelnormExport *self, GError **error);

/* Of the @i-th channel in the order of the model: its index in canonical order. */
static inline guint
pixelnorm_export_channel (const PixelnormExport *self, guint i)
{
  return self->options->channel_order == PIXELNORM_CHANNEL_ORDER_BGR ? self->n_channels - 1 - i : i;
}

/* Adds a sentence to what one should know. */
void pixelnorm_export_add_note (PixelnormExport *self, const char *text);

/* Adds the first file, whose name ends as the format says, or another one. */
void pixelnorm_export_take_text (PixelnormExport *self, GString *text);
void pixelnorm_export_take_file (PixelnormExport *self, const char *ending, GBytes *bytes);
char *pixelnorm_export_file_name (const PixelnormExport *self, const char *ending);

/* export-*.c */
gboolean pixelnorm_export_write_modelinfo (PixelnormExport *self, GError **error);
gboolean pixelnorm_export_write_nvinfer (PixelnormExport *self, GError **error);
gboolean pixelnorm_export_write_nvdspreprocess (PixelnormExport *self, GError **error);
gboolean pixelnorm_export_write_nvinferserver (PixelnormExport *self, GError **error);
gboolean pixelnorm_export_write_dlstreamer (PixelnormExport *self, GError **error);
gboolean pixelnorm_export_write_caffe (PixelnormExport *self, GError **error);
gboolean pixelnorm_export_write_json (PixelnormExport *self, GError **error);

/* What pixelnorm does to a sample, as y = (x - subtract) * scale alone: beta is in subtract. */
static inline PixelnormAffine
pixelnorm_export_affine (const PixelnormCoefficients *exact, gsize pixel, guint channel)
{
  PixelnormAffine affine = pixelnorm_coefficients_get (exact, pixel, channel);

  if (affine.add != 0)
    affine.subtract -= affine.add / affine.scale;
  affine.add = 0;
  return affine;
}
