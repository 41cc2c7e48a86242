/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan and run of denormalizing. The plan is that of the normalizer turned around: lists of samples side by
 * side go to where the channels lie. The passes take turns row by row, so that what one of them wrote is in cache for
 * the next. Samples that are no channels become opaque, or come with the video.
 *
 * Coefficients that come with every frame (mean and std of the frame itself) are refilled in place, a
 * tile a pass.
 */
#include <pixelnorm/denormalizer.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "denormalize-pass.h"
#include "kernels/float-state.h"

struct _PixelnormDenormalizer {
  GObject parent_instance;

  PixelnormPlan plan;
  PixelnormSettings *settings;  /* of the coefficients */
  PixelnormCoefficients values; /* where they come with every frame */
  gboolean takes_values;
  PixelnormDenormalizePass passes[PIXELNORM_MAX_PLANES]; /* of the routes */
  PixelnormRows pixels; /* what three passes along packed pixels are joined to */
  const PixelnormDenormalizePass *joined[PIXELNORM_MAX_CHANNELS]; /* NULL: they are not */
  PixelnormRows opaque[4 * PIXELNORM_MAX_PLANES];                 /* one sample a pixel */
  guint n_opaque;
  PixelnormOpaquePixels opaque_pixels; /* where it is one, and the channels go to the same pixels */
};

G_DEFINE_FINAL_TYPE (PixelnormDenormalizer, pixelnorm_denormalizer, G_TYPE_OBJECT)

/* Loops of float run here, too. */
static void
fill_passes (PixelnormDenormalizer *self, const PixelnormCoefficients *coefficients)
{
  const PixelnormFloatState state = pixelnorm_float_state_save ();

  for (guint p = 0; p < self->plan.n_routes; p++)
    pixelnorm_denormalize_pass_fill (&self->passes[p], coefficients);
  pixelnorm_float_state_restore (state);
}

/* One of the samples of a pixel that are no channels: no tensor has them. */
static void
plan_opaque (PixelnormDenormalizer *self)
{
  PixelnormLayout layout = self->plan.layout;

  for (guint p = 0; p < layout.n_planes; p++)
    for (guint offset = 0; offset < layout.planes[p].bytes; offset += layout.sample_bytes) {
      gboolean is_channel = FALSE;

      for (guint c = 0; c < layout.n_channels; c++)
        is_channel |= self->plan.layout.channels[c].plane == p
            && self->plan.layout.channels[c].offset == offset;
      if (is_channel)
        continue;
      layout.channels[0] = (PixelnormChannel){ 'A', p, offset, layout.planes[p].bytes };
      pixelnorm_rows_init_channels (&self->opaque[self->n_opaque++], &layout, 0, 1);
    }
  if (self->n_opaque == 1)
    pixelnorm_opaque_pixels_init (&self->opaque_pixels,
        self->joined[0] ? &self->pixels : &self->plan.routes[0].rows, &self->opaque[0]);
}

/* Passes along three channels of packed pixels: joined in the order in which these lie. */
static void
join_passes (PixelnormDenormalizer *self)
{
  const PixelnormPlan *plan = &self->plan;
  guint channels[PIXELNORM_MAX_CHANNELS];

  if (plan->n_routes != 3)
    return;
  for (guint p = 0; p < 3; p++)
    if (!pixelnorm_rows_are_pixels (&plan->routes[0].rows, &plan->routes[p].rows))
      return;
  for (guint p = 0; p < 3; p++) {
    const PixelnormRows *rows = &plan->routes[p].rows;
    guint place = 0;

    for (guint q = 0; q < 3; q++)
      place += plan->routes[q].rows.places.channels[0].offset < rows->places.channels[0].offset;
    channels[place] = (guint) plan->routes[p].channels[0];
    self->joined[place] = &self->passes[p];
  }
  pixelnorm_rows_init_order (&self->pixels, &plan->layout, channels, 3);
}

static PixelnormDenormalizer *
new_with (const PixelnormSettings *settings)
{
  PixelnormDenormalizer *self = g_object_new (PIXELNORM_TYPE_DENORMALIZER, NULL);

  self->settings = pixelnorm_settings_copy (settings);
  return self;
}

/* @method is the one whose range is meant. */
static gboolean
plan_passes (PixelnormDenormalizer *self, const PixelnormLayout *layout, PixelnormOutput input,
    const PixelnormCoefficients *coefficients, const PixelnormMethodRow *method, GError **error)
{
  PixelnormPlan *plan = &self->plan;

  if (!pixelnorm_plan_init (plan, PIXELNORM_BACKWARD, layout, input, coefficients, method, error))
    return FALSE;
  for (guint p = 0; p < plan->n_routes; p++)
    if (!pixelnorm_denormalize_pass_init (
            &self->passes[p], plan, &plan->routes[p], coefficients, error))
      return FALSE;
  join_passes (self);
  if (!plan->type->is_video)
    plan_opaque (self);
  fill_passes (self, coefficients);
  return TRUE;
}

/**
 * pixelnorm_denormalizer_new:
 * @settings: what the normalizer was asked for; copied
 * @inputs: (nullable): what it normalized with; %NULL: nothing, as is possible for the method fixed
 * @layout: what the frames are to consist of; their depth is the one that was normalized
 * @input: what is to be read: what the normalizer wrote
 * @error: return location for a #GError, or %NULL
 *
 * Plans how to denormalize, x = (y - bias) / scale + centre, rounded half to even and saturated at 0 and the
 * largest code of the depth. @inputs are not needed any more afterwards. In scope pixel a plan takes
 * 9 bytes of memory a sample, 10 above 8 bits.
 *
 * Samples come back as they were through float32, at every depth, where y = 0 lies among them or not more than a
 * million code values beyond. Of codes they come back where a step is less than one code value, or is one and
 * quant-scale 0. What was clipped, or lay outside of the range of 8-bit codes, comes back as the bound. What is no
 * number (NaN) becomes the sample next to y = 0.
 *
 * Several threads can run a denormalizer at once, unless it takes values with every frame.
 *
 * Returns: (transfer full): a denormalizer; %NULL with %PIXELNORM_ERROR_SETTINGS,
 *   %PIXELNORM_ERROR_MISMATCH where the profile does not fit the layout, or %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
PixelnormDenormalizer *
pixelnorm_denormalizer_new (const PixelnormSettings *settings, const PixelnormInputs *inputs,
    const PixelnormLayout *layout, PixelnormOutput input, GError **error)
{
  g_autoptr (PixelnormDenormalizer) self = NULL;
  PixelnormCoefficients coefficients;

  g_return_val_if_fail (settings != NULL && layout != NULL, NULL);
  g_return_val_if_fail (pixelnorm_type (input) != NULL, NULL);

  self = new_with (settings);
  const gboolean planned =
      pixelnorm_coefficients_init (&coefficients, self->settings, inputs, &layout->geometry, error)
      && plan_passes (self, layout, input, &coefficients, coefficients.method, error);
  return planned ? g_steal_pointer (&self) : NULL;
}

/**
 * pixelnorm_denormalizer_new_for_values:
 * @settings: what the normalizer was asked for; copied
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
 *
 * Since: 0.1
 */
PixelnormDenormalizer *
pixelnorm_denormalizer_new_for_values (const PixelnormSettings *settings,
    const PixelnormLayout *layout, PixelnormOutput input, GError **error)
{
  g_autoptr (PixelnormDenormalizer) self = NULL;

  g_return_val_if_fail (settings != NULL && layout != NULL, NULL);
  g_return_val_if_fail (pixelnorm_type (input) != NULL, NULL);

  if (!pixelnorm_settings_check (settings, error))
    return NULL;
  self = new_with (settings);
  self->takes_values = TRUE;
  self->settings->method = PIXELNORM_METHOD_FIXED;
  self->settings->statistics = PIXELNORM_STATISTICS_SOURCE_PROFILE;
  self->settings->units = PIXELNORM_UNITS_CODE;
  self->settings->n_mean = self->settings->n_std = 1;
  self->settings->mean[0] = 0;
  self->settings->std[0] = 1;
  const gboolean planned =
      pixelnorm_coefficients_init (&self->values, self->settings, NULL, &layout->geometry, error)
      && plan_passes (
          self, layout, input, &self->values, pixelnorm_method_row (settings->method), error);
  return planned ? g_steal_pointer (&self) : NULL;
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
 *
 * Since: 0.1
 */
gboolean
pixelnorm_denormalizer_set_values (PixelnormDenormalizer *self, const gdouble *mean,
    const gdouble *std, guint n_values, GError **error)
{
  PixelnormSettings *settings = self->settings;
  const guint n_channels = self->plan.layout.n_channels;

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
 *
 * Since: 0.1
 */
void
pixelnorm_denormalizer_get_range (PixelnormDenormalizer *self, gdouble *low, gdouble *high)
{
  *low = self->plan.low;
  *high = self->plan.high;
}

/**
 * pixelnorm_denormalizer_get_quantization:
 * @self: a denormalizer of input int8 or uint8
 * @scale: (out): how much y is in one step
 * @zero_point: (out): the code of y = 0
 *
 * Since: 0.1
 */
void
pixelnorm_denormalizer_get_quantization (
    PixelnormDenormalizer *self, gdouble *scale, gint *zero_point)
{
  *scale = self->plan.quantization.step;
  *zero_point = self->plan.quantization.zero_point;
}

/**
 * pixelnorm_denormalizer_get_lost:
 * @self: a denormalizer
 *
 * Where scale is 0 (gamma 0, or an even image of flat-field that is as dark as the dark one) all samples
 * became one result, and there is no way back: the sample next to the mean is written.
 *
 * Returns: how many samples of a frame that is so for
 *
 * Since: 0.1
 */
guint64
pixelnorm_denormalizer_get_lost (PixelnormDenormalizer *self)
{
  guint64 n = 0;

  for (guint p = 0; p < self->plan.n_routes; p++)
    n += self->passes[p].n_lost;
  return n;
}

/**
 * pixelnorm_denormalizer_get_input_size:
 * @self: a denormalizer
 *
 * Returns: bytes of one input, a tensor or a frame of 8 bits without padding
 *
 * Since: 0.1
 */
gsize
pixelnorm_denormalizer_get_input_size (PixelnormDenormalizer *self)
{
  return self->plan.size;
}

/**
 * pixelnorm_denormalizer_run: (skip)
 * @self: a denormalizer
 * @input: plane 0 is a packed tensor, at any address; or the planes of a frame whose samples are 8 bits in
 *   the same order as those of @output
 * @output: a frame of the layout that the denormalizer was made for. Must not overlap @input
 *
 * Brings a frame back.
 *
 * Since: 0.1
 */
void
pixelnorm_denormalizer_run (
    PixelnormDenormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output)
{
  const PixelnormOpaquePixels *opaque =
      pixelnorm_opaque_pixels_fit (&self->opaque_pixels, output) ? &self->opaque_pixels : NULL;
  const PixelnormFloatState state = pixelnorm_float_state_save ();

  for (guint y = 0; y < self->plan.height; y++) {
    if (self->joined[0])
      pixelnorm_denormalize_passes_run_row (self->joined, &self->pixels, opaque, input, output, y);
    for (guint p = 0; p < self->plan.n_routes && !self->joined[0]; p++)
      if (y < self->plan.routes[p].rows.height)
        pixelnorm_denormalize_pass_run_row (&self->passes[p], opaque, input, output, y);
    for (guint i = 0; i < self->n_opaque && !opaque; i++)
      pixelnorm_denormalize_fill_opaque (&self->opaque[i], output, y);
  }
  pixelnorm_float_state_restore (state);
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
 *
 * Since: 0.1
 */
GBytes *
pixelnorm_denormalizer_run_data (
    PixelnormDenormalizer *self, const guint8 *data, gsize size, GError **error)
{
  const gsize bytes = pixelnorm_layout_get_frame_bytes (&self->plan.layout);
  PixelnormFrame out;

  if (size != self->plan.size) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected %" G_GSIZE_FORMAT
        " bytes of a tensor or of a packed 8-bit frame of %ux%u pixels, "
        "found %" G_GSIZE_FORMAT ".",
        self->plan.size, self->plan.layout.geometry.width, self->plan.layout.geometry.height, size);
    return NULL;
  }
  guint8 *block = malloc (bytes);
  if (!block || !pixelnorm_frame_init_packed (&out, &self->plan.layout, block, bytes, NULL)) {
    free (block);
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a frame of %" G_GSIZE_FORMAT " bytes.", bytes);
    return NULL;
  }
  const PixelnormFrame in = pixelnorm_plan_place_results (&self->plan, &out, (guint8 *) data);
  pixelnorm_denormalizer_run (self, &in, &out);
  return g_bytes_new_with_free_func (block, bytes, free, block);
}

static void
pixelnorm_denormalizer_finalize (GObject *object)
{
  PixelnormDenormalizer *self = PIXELNORM_DENORMALIZER (object);

  for (guint p = 0; p < self->plan.n_routes; p++)
    pixelnorm_denormalize_pass_clear (&self->passes[p]);
  g_clear_object (&self->settings);
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
