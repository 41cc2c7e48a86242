/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan and run of denormalizing. The plan is that of the normalizer turned around: of an NHWC tensor one
 * pass, whose lists of samples side by side go to where the channels lie; of NCHW a pass a channel; of
 * video a pass a plane. The passes take turns row by row, so that what one of them wrote is in cache for
 * the next. Samples that are no channels become opaque, or come with the video.
 *
 * Coefficients that come with every frame (mean and std of the frame itself) are refilled in place, a
 * tile a pass.
 */
#include <pixelnorm/denormalizer.h>

#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "denormalize-pass.h"

struct _PixelnormDenormalizer {
  GObject parent_instance;

  PixelnormLayout layout;
  const PixelnormType *type;
  PixelnormCoefficients values; /* where they come with every frame */
  gboolean takes_values;
  double low, high;
  PixelnormQuantization quantization; /* of 8-bit inputs */
  PixelnormDenormalizePass passes[PIXELNORM_MAX_PLANES];
  PixelnormPassChannels channels[PIXELNORM_MAX_PLANES]; /* of each pass */
  guint n_passes;
  guint height;                                   /* of the highest pass */
  PixelnormRows opaque[4 * PIXELNORM_MAX_PLANES]; /* one sample a pixel */
  guint n_opaque;
  gsize input_size;
};

G_DEFINE_FINAL_TYPE (PixelnormDenormalizer, pixelnorm_denormalizer, G_TYPE_OBJECT)

static void
fill_passes (PixelnormDenormalizer *self, const PixelnormCoefficients *coefficients)
{
  for (guint p = 0; p < self->n_passes; p++)
    pixelnorm_denormalize_pass_fill (&self->passes[p], coefficients,
        pixelnorm_type_has_codes (self->type) ? &self->quantization : NULL, self->channels[p]);
}

/* Finishes a pass whose rows and source are set. */
static gboolean
add_pass (PixelnormDenormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  PixelnormDenormalizePass *pass = &self->passes[self->n_passes];

  self->height = MAX (self->height, pass->rows.height);
  pass->item_bytes = self->type->bytes;
  return pixelnorm_denormalize_pass_init (
      pass, coefficients, self->type->item, self->channels[self->n_passes++], error);
}

static gboolean
check_tensor (const PixelnormDenormalizer *self, const PixelnormSettings *settings, GError **error)
{
  const PixelnormGeometry *geometry = &self->layout.geometry;

  if (geometry->log2_chroma_w || geometry->log2_chroma_h) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "A tensor has all channels in one size, and U and V of this format are smaller than Y. Ask "
        "for a format like Y444, and convert it afterwards (videoconvert).");
    return FALSE;
  }
  if (settings->channel_order == PIXELNORM_CHANNEL_ORDER_BGR && self->layout.n_channels > 1
      && geometry->channels[0] != 'R') {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Channel order bgr is one of red, green and blue, and the video that is asked for has %s. "
        "Ask for RGB, or leave the order as it is.",
        geometry->channels);
    return FALSE;
  }
  return TRUE;
}

/* One of the samples of a pixel that are no channels: no tensor has them. */
static void
plan_opaque (PixelnormDenormalizer *self)
{
  PixelnormLayout layout = self->layout;

  for (guint p = 0; p < layout.n_planes; p++)
    for (guint offset = 0; offset < layout.pixel_strides[p]; offset += layout.sample_bytes) {
      gboolean is_channel = FALSE;

      for (guint c = 0; c < layout.n_channels; c++)
        is_channel |=
            self->layout.channels[c].plane == p && self->layout.channels[c].offset == offset;
      if (is_channel)
        continue;
      layout.channels[0] = (PixelnormChannel){ 'A', p, offset };
      pixelnorm_rows_init_channels (&self->opaque[self->n_opaque++], &layout, 0, 1);
    }
}

static gboolean
plan_tensor (PixelnormDenormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormSettings *settings = &coefficients->settings;
  const gboolean planes = settings->tensor_layout == PIXELNORM_TENSOR_LAYOUT_NCHW;
  const gboolean turned = settings->channel_order == PIXELNORM_CHANNEL_ORDER_BGR;
  const guint n_channels = self->layout.n_channels, n = planes ? 1 : n_channels;
  const gsize bytes = self->type->bytes;
  PixelnormLayout ordered = self->layout;
  gsize offset = 0;

  self->input_size =
      (gsize) self->layout.geometry.width * self->layout.geometry.height * n_channels * bytes;
  if (!check_tensor (self, settings, error))
    return FALSE;
  for (guint c = 0; c < n_channels && turned; c++)
    ordered.channels[c] = self->layout.channels[n_channels - 1 - c];
  for (guint c = 0; c < n_channels; c += n) {
    PixelnormDenormalizePass *pass = &self->passes[self->n_passes];

    for (guint i = 0; i < n; i++)
      self->channels[self->n_passes][i] = (gint) (turned ? n_channels - 1 - c - i : c + i);
    pixelnorm_rows_init_channels (&pass->rows, &ordered, c, n);
    pass->stride = (gssize) (pass->rows.n_samples * bytes);
    pass->offset = offset;
    offset += (gsize) pass->stride * pass->rows.height;
    if (!add_pass (self, coefficients, error))
      return FALSE;
  }
  plan_opaque (self);
  return TRUE;
}

static gboolean
plan_video (PixelnormDenormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormLayout *layout = &self->layout;

  self->input_size = pixelnorm_layout_get_frame_bytes (layout) / layout->sample_bytes;
  for (guint p = 0; p < layout->n_planes; p++) {
    gint *channels = self->channels[p];

    channels[0] = channels[1] = channels[2] = channels[3] = -1;
    for (guint c = 0; c < layout->n_channels; c++)
      if (layout->channels[c].plane == p)
        channels[layout->channels[c].offset / layout->sample_bytes] = (gint) c;
    pixelnorm_rows_init_plane (&self->passes[p].rows, layout, p);
    self->passes[p].plane = p;
    if (!add_pass (self, coefficients, error))
      return FALSE;
  }
  return TRUE;
}

/* @row is the method whose range is meant: that of @coefficients, unless values come with every frame. */
static gboolean
plan (PixelnormDenormalizer *self, const PixelnormCoefficients *coefficients,
    const PixelnormMethodRow *method, GError **error)
{
  PixelnormCoefficients asked = *coefficients;

  asked.method = method;
  pixelnorm_coefficients_range (&asked, &self->low, &self->high);
  if (self->type->is_video)
    pixelnorm_quantization_of_range (&self->quantization, self->low, self->high);
  else if (pixelnorm_type_has_codes (self->type)
      && !pixelnorm_quantization_of_settings (
          &self->quantization, &coefficients->settings, self->low, self->high, self->type, error))
    return FALSE;
  const gboolean planned = self->type->is_video ? plan_video (self, coefficients, error)
                                                : plan_tensor (self, coefficients, error);
  if (planned)
    fill_passes (self, coefficients);
  return planned;
}

/**
 * pixelnorm_denormalizer_new:
 * @settings: what the normalizer was asked for
 * @profile: (nullable): the statistics that it had; may be %NULL for the method fixed
 * @dark: (nullable): statistics of dark frames, for the method flat-field; %NULL is black at 0
 * @affine: (nullable): gamma and beta that were learned in training
 * @layout: what the frames are to consist of; their depth is the one that was normalized
 * @input: what is to be read: what the normalizer wrote
 * @error: return location for a #GError, or %NULL
 *
 * Plans how to denormalize, x = (y - bias) / scale + centre, rounded half to even and saturated at 0 and the
 * largest code of the depth. The profiles are not needed any more afterwards. In scope pixel a plan takes
 * 9 bytes of memory a sample, 10 above 8 bits.
 *
 * Samples come back as they were through float32, at every depth, where beta is not more than a million
 * times gamma / deviation. What was clipped, or lay outside of the range of 8-bit codes, comes back as the
 * bound. What is no number (NaN) becomes the sample next to the mean.
 *
 * Several threads can run a denormalizer at once, unless it takes values with every frame.
 *
 * Returns: (transfer full): a denormalizer; %NULL with %PIXELNORM_ERROR_SETTINGS,
 *   %PIXELNORM_ERROR_MISMATCH where the profile does not fit the layout, or %PIXELNORM_ERROR_MEMORY
 */
PixelnormDenormalizer *
pixelnorm_denormalizer_new (const PixelnormSettings *settings, PixelnormProfile *profile,
    PixelnormProfile *dark, PixelnormLearnedAffine *affine, const PixelnormLayout *layout,
    PixelnormOutput input, GError **error)
{
  g_autoptr (PixelnormDenormalizer) self = NULL;
  PixelnormCoefficients coefficients;

  g_return_val_if_fail (settings != NULL && layout != NULL, NULL);
  g_return_val_if_fail (pixelnorm_type (input) != NULL, NULL);

  if (!pixelnorm_coefficients_init (
          &coefficients, settings, profile, dark, &layout->geometry, error)
      || !pixelnorm_coefficients_set_learned (&coefficients, affine, &layout->geometry, error))
    return NULL;
  self = g_object_new (PIXELNORM_TYPE_DENORMALIZER, NULL);
  self->layout = *layout;
  self->type = pixelnorm_type (input);
  if (!plan (self, &coefficients, coefficients.method, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_denormalizer_new_for_values:
 * @settings: what the normalizer was asked for
 * @layout: what the frames are to consist of
 * @input: what is to be read
 * @error: return location for a #GError, or %NULL
 *
 * Plans how to denormalize frames each of which has its own statistics: y = (x - mean) / std * gamma + beta.
 * Give them with pixelnorm_denormalizer_set_values() before a frame. Of @settings gamma, beta, and what
 * says how results are laid out and quantized count; the range of 8-bit codes is that of its method,
 * unless it says another.
 *
 * Returns: (transfer full): a denormalizer; %NULL with %PIXELNORM_ERROR_SETTINGS,
 *   %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_MEMORY
 */
PixelnormDenormalizer *
pixelnorm_denormalizer_new_for_values (const PixelnormSettings *settings,
    const PixelnormLayout *layout, PixelnormOutput input, GError **error)
{
  g_autoptr (PixelnormDenormalizer) self = NULL;
  PixelnormSettings fixed;

  g_return_val_if_fail (settings != NULL && layout != NULL, NULL);
  g_return_val_if_fail (pixelnorm_type (input) != NULL, NULL);

  if (!pixelnorm_settings_check (settings, error))
    return NULL;
  fixed = *settings;
  fixed.method = PIXELNORM_METHOD_FIXED;
  fixed.statistics = PIXELNORM_STATISTICS_SOURCE_PROFILE;
  fixed.units = PIXELNORM_UNITS_CODE;
  fixed.n_mean = fixed.n_std = 1;
  fixed.mean[0] = 0;
  fixed.std[0] = 1;
  self = g_object_new (PIXELNORM_TYPE_DENORMALIZER, NULL);
  self->layout = *layout;
  self->type = pixelnorm_type (input);
  self->takes_values = TRUE;
  if (!pixelnorm_coefficients_init (&self->values, &fixed, NULL, NULL, &layout->geometry, error)
      || !plan (self, &self->values, pixelnorm_method_row (settings->method), error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_denormalizer_set_values:
 * @self: a denormalizer that pixelnorm_denormalizer_new_for_values() made
 * @mean: (array length=n_values): in code values, in the order of the channels (R, G, B)
 * @std: (array length=n_values): likewise, more than 0
 * @n_values: 1 for all channels, or one a channel
 * @error: return location for a #GError, or %NULL
 *
 * Says what statistics the next frames were normalized with. Not while another thread runs it.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_MISMATCH and nothing changed
 */
gboolean
pixelnorm_denormalizer_set_values (PixelnormDenormalizer *self, const gdouble *mean,
    const gdouble *std, guint n_values, GError **error)
{
  PixelnormSettings *settings = &self->values.settings;
  const guint n_channels = self->layout.n_channels;

  g_return_val_if_fail (self->takes_values, FALSE);

  if (n_values != 1 && n_values != n_channels) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected a mean and a std for each of %u channels, or one for all, found %u.", n_channels,
        n_values);
    return FALSE;
  }
  for (guint i = 0; i < n_values; i++)
    if (!isfinite (mean[i]) || !isfinite (std[i]) || std[i] <= 0) {
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
          "Expected finite means, and deviations of more than 0, found mean %g and std %g for "
          "channel %u.",
          mean[i], std[i], i);
      return FALSE;
    }
  if (settings->n_mean == n_values && memcmp (settings->mean, mean, n_values * sizeof *mean) == 0
      && memcmp (settings->std, std, n_values * sizeof *std) == 0)
    return TRUE;
  settings->n_mean = settings->n_std = n_values;
  memcpy (settings->mean, mean, n_values * sizeof *mean);
  memcpy (settings->std, std, n_values * sizeof *std);
  fill_passes (self, &self->values);
  return TRUE;
}

/**
 * pixelnorm_denormalizer_get_range:
 * @self: a denormalizer
 * @low: (out): the value that is 0 in 8-bit video
 * @high: (out): the value that is 255
 */
void
pixelnorm_denormalizer_get_range (PixelnormDenormalizer *self, gdouble *low, gdouble *high)
{
  *low = self->low;
  *high = self->high;
}

/**
 * pixelnorm_denormalizer_get_quantization:
 * @self: a denormalizer of input int8 or uint8
 * @scale: (out): how much y is in one step
 * @zero_point: (out): the code of y = 0
 */
void
pixelnorm_denormalizer_get_quantization (
    PixelnormDenormalizer *self, gdouble *scale, gint *zero_point)
{
  *scale = self->quantization.step;
  *zero_point = self->quantization.zero_point;
}

/**
 * pixelnorm_denormalizer_get_lost:
 * @self: a denormalizer
 *
 * Where scale is 0 (gamma 0, or an even image of flat-field that is as dark as the dark one) all samples
 * became one result, and there is no way back: the sample next to the mean is written.
 *
 * Returns: how many samples of a frame that is so for
 */
guint64
pixelnorm_denormalizer_get_lost (PixelnormDenormalizer *self)
{
  guint64 n = 0;

  for (guint p = 0; p < self->n_passes; p++)
    n += self->passes[p].n_lost;
  return n;
}

/**
 * pixelnorm_denormalizer_get_input_size:
 * @self: a denormalizer
 *
 * Returns: bytes of one input, a tensor or a frame of 8 bits without padding
 */
gsize
pixelnorm_denormalizer_get_input_size (PixelnormDenormalizer *self)
{
  return self->input_size;
}

/**
 * pixelnorm_denormalizer_run: (skip)
 * @self: a denormalizer
 * @input: plane 0 is a packed tensor, at any address; or the planes of a frame whose samples are 8 bits in
 *   the same order as those of @output
 * @output: a frame of the layout that the denormalizer was made for. Must not overlap @input
 *
 * Brings a frame back.
 */
void
pixelnorm_denormalizer_run (
    PixelnormDenormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output)
{
  fenv_t state;

  /* Orc's float programs flush denormals to zero and leave the thread so */
  fegetenv (&state);
  for (guint y = 0; y < self->height; y++) {
    for (guint p = 0; p < self->n_passes; p++)
      if (y < self->passes[p].rows.height)
        pixelnorm_denormalize_pass_run_row (&self->passes[p], input, output, y);
    for (guint i = 0; i < self->n_opaque; i++)
      pixelnorm_denormalize_fill_opaque (&self->opaque[i], output, y);
  }
  fesetenv (&state);
}

/**
 * pixelnorm_denormalizer_run_data:
 * @self: a denormalizer
 * @data: (array length=size): a packed tensor, or a packed frame of 8 bits
 * @size: bytes of @data
 * @error: return location for a #GError, or %NULL
 *
 * Brings a frame back that lies in one piece.
 *
 * Returns: (transfer full): a packed frame: planes one after the other, rows without padding; %NULL with
 *   %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_MEMORY
 */
GBytes *
pixelnorm_denormalizer_run_data (
    PixelnormDenormalizer *self, const guint8 *data, gsize size, GError **error)
{
  const gsize bytes = pixelnorm_layout_get_frame_bytes (&self->layout);
  const gssize width = (gssize) self->layout.sample_bytes;
  PixelnormFrame in = { { (guint8 *) data } }, out;

  if (size != self->input_size) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected %" G_GSIZE_FORMAT
        " bytes of a tensor or of a packed 8-bit frame of %ux%u pixels, "
        "found %" G_GSIZE_FORMAT ".",
        self->input_size, self->layout.geometry.width, self->layout.geometry.height, size);
    return NULL;
  }
  guint8 *block = malloc (bytes);
  if (!block || !pixelnorm_frame_init_packed (&out, &self->layout, block, bytes, NULL)) {
    free (block);
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a frame of %" G_GSIZE_FORMAT " bytes.", bytes);
    return NULL;
  }
  /* of a tensor only the first plane counts */
  for (guint p = 0; p < self->layout.n_planes; p++) {
    in.strides[p] = out.strides[p] / width;
    in.planes[p] = (guint8 *) data + (out.planes[p] - out.planes[0]) / width;
  }
  pixelnorm_denormalizer_run (self, &in, &out);
  return g_bytes_new_with_free_func (block, bytes, free, block);
}

static void
pixelnorm_denormalizer_finalize (GObject *object)
{
  PixelnormDenormalizer *self = PIXELNORM_DENORMALIZER (object);

  for (guint p = 0; p < self->n_passes; p++)
    pixelnorm_denormalize_pass_clear (&self->passes[p]);
  G_OBJECT_CLASS (pixelnorm_denormalizer_parent_class)->finalize (object);
}

static void
pixelnorm_denormalizer_class_init (PixelnormDenormalizerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pixelnorm_denormalizer_finalize;
}

static void
pixelnorm_denormalizer_init (PixelnormDenormalizer *self)
{
}
