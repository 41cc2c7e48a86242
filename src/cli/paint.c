/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IMAGE TABLE of the command: a new picture is a row, and what its numbers are pooled by.
 *
 * Mean, minimum and maximum are pictures of what the camera saw: a pixel of the frame is a pixel of
 * the picture. The others are no colours; they become one number a pixel, and figures with a colour
 * map and a scale bar, or a map of kinds of pixels (marks.c).
 */
#include "paint.h"

#include <math.h>
#include <string.h>

#include "figure.h"
#include "marks.h"

static gdouble
pool_deviations (const gdouble *samples, guint n_channels)
{
  gdouble variances = 0.0;

  for (guint c = 0; c < n_channels; c++)
    variances += samples[c] * samples[c];
  return sqrt (variances / n_channels);
}

static gdouble
pool_largest (const gdouble *samples, guint n_channels)
{
  gdouble largest = samples[0];

  for (guint c = 1; c < n_channels; c++)
    largest = MAX (largest, samples[c]);
  return largest;
}

const PaintImage paint_images[PAINT_N_IMAGES] = {
  { "mean", PAINT_SAMPLES, TRUE, PIXELNORM_IMAGE_MEAN },
  { "std", PAINT_FIGURE, TRUE, PIXELNORM_IMAGE_STD, "standard deviation, code values",
      pool_deviations },
  { "range", PAINT_FIGURE, TRUE, PIXELNORM_IMAGE_RANGE, "dynamic range, code values",
      pool_largest },
  { "min", PAINT_SAMPLES, FALSE, PIXELNORM_IMAGE_MIN },
  { "max", PAINT_SAMPLES, FALSE, PIXELNORM_IMAGE_MAX },
  { "marks", PAINT_MARKS, FALSE },
  { "count", PAINT_FIGURE, FALSE, PIXELNORM_IMAGE_COUNT, "how often counted", pool_largest },
};

/* How many pixels of the frame become one, side by side, so that the picture fits. */
static guint
shrink_factor (const PixelnormGeometry *geometry, const PaintOptions *options)
{
  const guint side = MAX (geometry->width, geometry->height);

  return options->fit && side > options->fit ? (side + options->fit - 1) / options->fit : 1;
}

/* The mean of a block of samples that becomes one. Blocks at the right and lower edge may be smaller. */
static gdouble
block_mean (const gdouble *samples, const PixelnormGeometry *geometry, guint n_channels, guint x,
    guint y, guint channel, guint factor)
{
  const guint right = MIN (x + factor, geometry->width);
  const guint bottom = MIN (y + factor, geometry->height);
  gdouble sum = 0;

  for (guint row = y; row < bottom; row++)
    for (guint column = x; column < right; column++)
      sum += samples[((gsize) row * geometry->width + column) * n_channels + channel];
  return sum / ((gdouble) (right - x) * (bottom - y));
}

/* The code values that become black and white. */
static void
find_ends (const gdouble *samples, const PixelnormGeometry *geometry, guint n_painted,
    gboolean stretch, gdouble *black, gdouble *white)
{
  const guint n_channels = strlen (geometry->channels);
  const gsize n_pixels = (gsize) geometry->width * geometry->height;

  *black = 0;
  *white = (1u << geometry->depth) - 1;
  if (!stretch)
    return;
  *black = *white = samples[0];
  for (gsize p = 0; p < n_pixels; p++)
    for (guint c = 0; c < n_painted; c++) {
      *black = MIN (*black, samples[p * n_channels + c]);
      *white = MAX (*white, samples[p * n_channels + c]);
    }
  if (*white <= *black)
    *white = *black + 1;
}

static void
set_sample (Picture *picture, gsize i, gdouble value)
{
  if (picture->sample_bytes == 2)
    ((guint16 *) picture->pixels)[i] = (guint16) value;
  else
    picture->pixels[i] = (guint8) value;
}

/* The picture of code values: grey, or red, green and blue. */
static Picture *
paint_samples (
    PixelnormProfile *profile, const gdouble *samples, const PaintOptions *options, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const guint n_channels = strlen (geometry->channels);
  const guint n_painted = strcmp (geometry->channels, "RGB") == 0 ? 3 : 1;
  const guint factor = shrink_factor (geometry, options);
  const guint width = (geometry->width + factor - 1) / factor;
  const guint height = (geometry->height + factor - 1) / factor;
  const gdouble top = options->depth == 16 ? 65535 : 255;
  gdouble black, white;
  g_autoptr (Picture) picture =
      picture_new_deep (width, height, n_painted, options->depth == 16 ? 2 : 1, error);

  if (!picture)
    return NULL;
  find_ends (samples, geometry, n_painted, options->stretch, &black, &white);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      for (guint c = 0; c < n_painted; c++) {
        const gdouble value =
            block_mean (samples, geometry, n_channels, x * factor, y * factor, c, factor);

        /* first the product: at 8 bits the quotient is then the mean itself, ties included */
        set_sample (picture, ((gsize) y * width + x) * n_painted + c,
            rint ((value - black) * top / (white - black)));
      }
  return options->zoom > 1 ? picture_zoom (picture, options->zoom, error)
                           : g_steal_pointer (&picture);
}

static Picture *
paint_figure (const PaintImage *image, PixelnormProfile *profile, const gdouble *samples,
    const PaintOptions *options, gdouble *top, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const guint n_channels = strlen (geometry->channels);
  const guint factor = shrink_factor (geometry, options);
  const guint width = (geometry->width + factor - 1) / factor;
  const guint height = (geometry->height + factor - 1) / factor;
  g_autofree gdouble *values = g_try_new (gdouble, (gsize) width * height);
  const FigureSpec spec = { .values = values,
    .width = width,
    .height = height,
    .zoom = options->zoom,
    .top = options->top,
    .title = image->title,
    .bare = options->bare };

  if (!values) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a picture of %u x %u pixels.", geometry->width, geometry->height);
    return NULL;
  }
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++) {
      gdouble pixel[PIXELNORM_MAX_CHANNELS];

      for (guint c = 0; c < n_channels; c++)
        pixel[c] = block_mean (samples, geometry, n_channels, x * factor, y * factor, c, factor);
      values[(gsize) y * width + x] = image->pool (pixel, n_channels);
    }
  if (top)
    *top = figure_top (&spec);
  return figure_new (&spec, error);
}

Picture *
paint_image (const PaintImage *image, PixelnormProfile *profile, const PaintOptions *options,
    gdouble *top, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (image->kind == PAINT_MARKS)
    return marks_paint (profile, options->zoom,
        shrink_factor (pixelnorm_profile_get_geometry (profile), options), options->bare, error);
  bytes = pixelnorm_profile_get_image (profile, image->image, error);
  if (!bytes)
    return NULL;
  return image->kind == PAINT_FIGURE
      ? paint_figure (image, profile, g_bytes_get_data (bytes, NULL), options, top, error)
      : paint_samples (profile, g_bytes_get_data (bytes, NULL), options, error);
}
