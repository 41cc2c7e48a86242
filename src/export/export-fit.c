/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brings the affine of every sample down to what a format can say, and measures what that costs.
 *
 * Means that a format has only by channel are those of the channel, and then so are the scales: the
 * export says what pixelnorm does with scope=channel. Where means are said finely enough and scales are
 * not, the scale is 1 / the root mean square of the divisors, so that what was collected keeps a
 * deviation of 1 all in all.
 *
 * Numbers beyond those that the software takes become the nearest of them.
 *
 * The error is the largest |y written - y exact| over all samples and all code values. Both are affine in
 * x, hence so is their difference, whose extremes are at the smallest and the largest code value. Only
 * 8-bit video is no affine: there every code value is tried where saturation does not decide.
 */
#include "export.h"

#include "normalize/quantization.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Numbers this close are the same: doubles whose last digits differ, and means in float32. */
#define SAME_SCALE 1e-12
#define SAME_MEAN 1e-7

static gboolean
scales_differ (double a, double b)
{
  return fabs (a - b) > SAME_SCALE * fabs (b);
}

static double
exact_scale (const PixelnormExport *self, gsize pixel, guint channel)
{
  return pixelnorm_export_affine (&self->exact, pixel, channel).scale;
}

/* The one scale of the channels from @first to before @last; the very one where all are alike. */
static double
pool_scales (const PixelnormExport *self, guint first, guint last)
{
  const double reference = exact_scale (self, 0, first);
  double squares = 0;
  gboolean alike = TRUE;

  for (guint c = first; c < last; c++) {
    double channel_squares = 0;

    for (gsize i = 0; i < self->n_pixels; i++) {
      const double scale = exact_scale (self, i, c);

      alike = alike && !scales_differ (scale, reference);
      channel_squares += 1 / (scale * scale);
    }
    squares += channel_squares / self->n_pixels;
  }
  return alike ? reference : 1 / sqrt (squares / (last - first));
}

/* Fills in what a channel has, from the affines of channels. */
static void
take_channels (PixelnormExport *self, const PixelnormCoefficients *coefficients)
{
  for (guint c = 0; c < self->n_channels; c++) {
    const PixelnormAffine affine = pixelnorm_export_affine (coefficients, 0, c);

    self->mean[c] = affine.subtract;
    self->scale[c] = affine.scale;
  }
}

/* As scope channel would have it. */
static gboolean
take_pooled (PixelnormExport *self, GError **error)
{
  g_autoptr (PixelnormSettings) settings = pixelnorm_settings_copy (self->exact.settings);
  PixelnormCoefficients coefficients;

  settings->scope = PIXELNORM_SCOPE_CHANNEL;
  if (!pixelnorm_coefficients_init (
          &coefficients, settings, &self->exact.inputs, self->geometry, error))
    return FALSE;
  take_channels (self, &coefficients);
  return TRUE;
}

/* Makes one scale of several where the format has no more. */
static void
unify_scales (PixelnormExport *self)
{
  const PixelnormExportDetail detail = self->exporter->format.scale;
  double squares = 0;
  gboolean alike = TRUE;

  if (self->pixel_mean && detail == PIXELNORM_EXPORT_DETAIL_CHANNEL)
    for (guint c = 0; c < self->n_channels; c++)
      self->scale[c] = pool_scales (self, c, c + 1);
  if (detail != PIXELNORM_EXPORT_DETAIL_ONE)
    return;
  if (self->pixel_mean)
    self->scale[0] = pool_scales (self, 0, self->n_channels);
  for (guint c = 0; c < self->n_channels && !self->pixel_mean; c++) {
    squares += 1 / (self->scale[c] * self->scale[c]);
    alike = alike && !scales_differ (self->scale[c], self->scale[0]);
  }
  if (!self->pixel_mean && !alike)
    self->scale[0] = 1 / sqrt (squares / self->n_channels);
  for (guint c = 1; c < self->n_channels; c++)
    self->scale[c] = self->scale[0];
}

void
pixelnorm_export_sample (
    const PixelnormExport *self, gsize pixel, guint channel, double *mean, double *scale)
{
  *mean = self->mean[channel];
  *scale = self->scale[channel];
  if (!self->pixel_mean && !self->pixel_scale)
    return;
  const PixelnormAffine affine = pixelnorm_export_affine (&self->exact, pixel, channel);
  if (self->pixel_scale)
    *scale = affine.scale;
  *mean = affine.subtract;
  if (self->exporter->format.mean == PIXELNORM_EXPORT_DETAIL_PIXEL_8BIT)
    *mean = CLAMP (rint (affine.subtract), 0, 255);
  else if (!self->pixel_scale)
    *mean = (float) affine.subtract; /* a mean image of float32 */
}

static void
add_loss (PixelnormExport *self, const char *text)
{
  g_string_append_printf (self->losses, "%s%s", self->losses->len > 0 ? "\n" : "", text);
}

/* Brings *@value into [@low, @high], and says so. */
static void
limit (
    PixelnormExport *self, const char *what, guint channel, double low, double high, double *value)
{
  const double nearest = CLAMP (*value, low, high);
  char numbers[4][PIXELNORM_NUMBER_SIZE];
  g_autofree char *text = NULL;

  if (!scales_differ (nearest, *value)) {
    *value = nearest;
    return;
  }
  text = g_strdup_printf ("It takes %ss of %s to %s: that of %c, %s, is written as %s.", what,
      pixelnorm_export_number (numbers[0], low), pixelnorm_export_number (numbers[1], high),
      self->geometry->channels[channel], pixelnorm_export_number (numbers[2], *value),
      pixelnorm_export_number (numbers[3], nearest));
  add_loss (self, text);
  *value = nearest;
  self->limited = TRUE;
}

static void
limit_numbers (PixelnormExport *self)
{
  const PixelnormExportLimits *limits = self->exporter->limits;

  for (guint c = 0; limits && c < self->n_channels; c++) {
    if (fabs (self->mean[c]) < FLT_MIN)
      self->mean[c] = 0; /* what is smaller, some readers of float32 refuse */
    if (!self->pixel_mean)
      limit (self, "mean", c, limits->mean_low, limits->mean_high, &self->mean[c]);
    limit (self, "scale", c, limits->scale_low, limits->scale_high, &self->scale[c]);
  }
}

/* Says why numbers differ, once each. */
static void
explain (PixelnormExport *self, gboolean means_differ, gboolean some_scales_differ)
{
  const gboolean pooled = self->exact.per_pixel && !self->pixel_mean;

  if (pooled && (means_differ || some_scales_differ))
    add_loss (self,
        "It has no numbers of single pixels: the export says those of whole channels, as with scope "
        "channel.");
  if (self->pixel_mean && means_differ)
    add_loss (self, "Its mean image has 8 bits: means are rounded to whole code values.");
  if (!some_scales_differ || (self->limited && !self->pixel_mean))
    return;
  if (self->exporter->format.scale == PIXELNORM_EXPORT_DETAIL_ONE
      && (self->pixel_mean || self->n_channels > 1))
    add_loss (self,
        "It has one scale for all samples: the export says 1 / the root mean square of their "
        "divisors.");
  else if (self->pixel_mean)
    add_loss (self,
        "It has one scale a channel: the export says 1 / the root mean square of the divisors of the "
        "channel's pixels.");
}

static void
measure_affine (PixelnormExport *self)
{
  const double max_code = self->exact.max_code;
  gboolean means_differ = FALSE, some_scales_differ = FALSE;

  for (guint c = 0; c < self->n_channels; c++) {
    for (gsize i = 0; i < self->n_pixels; i++) {
      const PixelnormAffine exact = pixelnorm_export_affine (&self->exact, i, c);
      double mean, scale;

      pixelnorm_export_sample (self, i, c, &mean, &scale);
      const double at_0 = exact.subtract * exact.scale - mean * scale;
      const double at_max = (max_code - mean) * scale - (max_code - exact.subtract) * exact.scale;
      self->largest_error = fmax (self->largest_error, fmax (fabs (at_0), fabs (at_max)));
      means_differ = means_differ || fabs (mean - exact.subtract) > SAME_MEAN * max_code;
      some_scales_differ = some_scales_differ || scales_differ (scale, exact.scale);
    }
  }
  explain (self, means_differ, some_scales_differ);
}

/* |what the video's code stands for - y|, of one sample at @x */
static double
video_error (const PixelnormQuantization *video, const PixelnormAffine *affine, guint x)
{
  const gint code = pixelnorm_quantization_code (video, affine, x);

  return fabs (video->offset + code * video->step - (x - affine->subtract) * affine->scale);
}

/* What is not saturated errs by half a step at most; once that is reached, no more need be tried. */
static void
measure_video (PixelnormExport *self)
{
  const guint max_code = self->exact.max_code;
  PixelnormQuantization video;
  double largest = 0;

  pixelnorm_quantization_of_range (&video, self->low, self->high);
  const double half = fabs (video.step) / 2 * (1 - 1e-9);
  for (guint step = max_code; step > 0; step = step > 1 ? 1 : 0)
    for (guint c = 0; c < self->n_channels; c++)
      for (gsize i = 0; i < self->n_pixels && (step > 1 || largest < half); i++) {
        const PixelnormAffine affine = pixelnorm_export_affine (&self->exact, i, c);

        for (guint x = 0; x <= max_code; x += step)
          largest = fmax (largest, video_error (&video, &affine, x));
      }
  self->largest_error = largest;
  add_loss (self,
      "It has no numbers of single pixels: it decodes pixelnorm's 8-bit video, which has 256 steps and "
      "saturates at the ends of its range.");
}

/* A divisor of 0 or less has no words in any of the formats, but for those that hold every number. */
static gboolean
check_scales (const PixelnormExport *self, GError **error)
{
  const PixelnormSettings *settings = self->exact.settings;
  gboolean negative = FALSE;

  for (guint i = 0; i < settings->n_gamma; i++)
    negative |= settings->gamma[i] < 0;
  for (guint c = 0; c < self->n_channels && !self->pixel_scale; c++) {
    if (self->scale[c] > 0 && isfinite (self->scale[c]))
      continue;
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The scale of channel %c is %g; %s needs scales above 0. %s, or json with scope pixel.",
        self->geometry->channels[c], self->scale[c], self->exporter->format.name,
        negative ? "gamma is negative. Use one above 0"
                 : "Is the profile black, or darker than its dark frames? Use another method");
    return FALSE;
  }
  return TRUE;
}

gboolean
pixelnorm_export_fit (PixelnormExport *self, GError **error)
{
  const PixelnormExportFormat *format = &self->exporter->format;

  if (self->exact.per_pixel && self->exporter->decodes_video) {
    self->as_video = TRUE;
    pixelnorm_coefficients_range (&self->exact, &self->low, &self->high);
    measure_video (self);
    return TRUE;
  }
  if (!self->exact.per_pixel) {
    take_channels (self, &self->exact);
  } else if (format->mean < PIXELNORM_EXPORT_DETAIL_PIXEL_8BIT) {
    if (!take_pooled (self, error))
      return FALSE;
  } else {
    self->pixel_mean = TRUE;
    self->pixel_scale = format->scale == PIXELNORM_EXPORT_DETAIL_PIXEL;
  }
  unify_scales (self);
  if (!check_scales (self, error))
    return FALSE;
  limit_numbers (self);
  measure_affine (self);
  return TRUE;
}
