/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan and run. The plan is made once: which passes (plan.h) go over a frame, the affine of every
 * sample in the order in which they meet them, and which loops to use. Running it decides nothing more
 * than where the next tile lies. The passes take turns every few rows, so that what one of them read is in
 * cache for the next.
 */
#include <stdlib.h>

#include "kernels/float-state.h"
#include "normalizer-private.h"

/* Bytes of a frame that the passes take at a time: they stay in the first-level cache. */
#define TURN_BYTES (16 << 10)

G_DEFINE_FINAL_TYPE (PixelnormNormalizer, pixelnorm_normalizer, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (
    PixelnormInputs, pixelnorm_inputs, pixelnorm_inputs_copy, pixelnorm_inputs_free)

static gboolean
init_and_restore (
    PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  const guint height = MAX (self->plan.height, 1);
  const gsize row_bytes = pixelnorm_layout_get_frame_bytes (&self->plan.layout) / height;

  self->turn = (guint) CLAMP (TURN_BYTES / MAX (row_bytes, 1), 1, height);
  self->scope = coefficients->settings->scope;
  self->source = pixelnorm_source (coefficients->settings->statistics, self->scope);
  /* loops of float run here, too */
  const PixelnormFloatState state = pixelnorm_float_state_save ();
  const gboolean ready = self->source->init (self, coefficients, error);
  pixelnorm_float_state_restore (state);
  return ready;
}

/* The passes have counted the samples of pixels. */
static void
describe_floor (PixelnormNormalizer *self, const PixelnormCoefficients *coefficients)
{
  PixelnormFloor floor;

  pixelnorm_floor_init (&floor, coefficients);
  if (!floor.per_pixel)
    pixelnorm_floor_measure (&floor, coefficients);
  for (guint p = 0; p < self->plan.n_routes && floor.per_pixel; p++)
    for (guint c = 0; c < floor.n_channels; c++)
      pixelnorm_floor_count_add (&floor.counts[c], &self->passes[p].block.floored[c]);
  self->floored = pixelnorm_floor_describe (&floor);
}

/**
 * pixelnorm_inputs_new:
 * @profile: (nullable): the statistics
 * @dark: (nullable): statistics of dark frames, for the method flat-field; %NULL is black at 0
 * @affine: (nullable): gamma and beta that were learned in training
 *
 * Returns: (transfer full): what to normalize with
 *
 * Since: 0.2
 */
PixelnormInputs *
pixelnorm_inputs_new (
    PixelnormProfile *profile, PixelnormProfile *dark, PixelnormLearnedAffine *affine)
{
  PixelnormInputs *self = g_new0 (PixelnormInputs, 1);

  g_set_object (&self->profile, profile);
  g_set_object (&self->dark, dark);
  g_set_object (&self->affine, affine);
  return self;
}

/**
 * pixelnorm_inputs_copy:
 * @self: inputs
 *
 * Returns: (transfer full): the same profiles and affine, with references of its own
 *
 * Since: 0.2
 */
PixelnormInputs *
pixelnorm_inputs_copy (const PixelnormInputs *self)
{
  return pixelnorm_inputs_new (self->profile, self->dark, self->affine);
}

/**
 * pixelnorm_inputs_free:
 * @self: (transfer full) (nullable): inputs
 *
 * Since: 0.2
 */
void
pixelnorm_inputs_free (PixelnormInputs *self)
{
  if (!self)
    return;
  g_clear_object (&self->profile);
  g_clear_object (&self->dark);
  g_clear_object (&self->affine);
  g_free (self);
}

/**
 * pixelnorm_normalizer_new:
 * @settings: what is asked for; copied
 * @inputs: (nullable): what to normalize with; %NULL: nothing, as is possible for the method fixed
 * @layout: what the input frames consist of
 * @output: what to write
 * @error: return location for a #GError, or %NULL
 *
 * Makes the plan: all coefficients, and which loops to use. @inputs are not needed any more afterwards. In
 * scope pixel, and with an affine of a value a pixel, a plan takes 9 bytes of memory a sample, 10 above 8
 * bits.
 *
 * With an affine the result of the method is multiplied by its gamma and its beta is added; then those of
 * @settings are applied. All of it is one multiplication and one addition a sample.
 *
 * With statistics of a profile a normalizer can be used by several threads at once, since running it
 * changes nothing in it; with those of the stream by one thread at a time.
 *
 * Returns: (transfer full): a normalizer; %NULL with %PIXELNORM_ERROR_SETTINGS,
 *   %PIXELNORM_ERROR_MISMATCH where the profile or the affine does not fit the layout, or
 *   %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
PixelnormNormalizer *
pixelnorm_normalizer_new (const PixelnormSettings *settings, const PixelnormInputs *inputs,
    const PixelnormLayout *layout, PixelnormOutput output, GError **error)
{
  g_autoptr (PixelnormNormalizer) self = NULL;
  PixelnormCoefficients coefficients;

  g_return_val_if_fail (settings != NULL && layout != NULL, NULL);
  g_return_val_if_fail (pixelnorm_type (output) != NULL, NULL);

  self = g_object_new (PIXELNORM_TYPE_NORMALIZER, NULL);
  self->settings = pixelnorm_settings_copy (settings);
  const gboolean planned =
      pixelnorm_coefficients_init (&coefficients, self->settings, inputs, &layout->geometry, error)
      && pixelnorm_plan_init (
          &self->plan, PIXELNORM_FORWARD, layout, output, &coefficients, coefficients.method, error)
      && init_and_restore (self, &coefficients, error);
  if (!planned)
    return NULL;
  describe_floor (self, &coefficients);
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_normalizer_get_floored:
 * @self: a normalizer
 *
 * Gives the words of pixelnorm_inputs_describe_floor(): how much min-deviation rules was found on the way to the coefficients, so
 * that the samples need not be gone through once more.
 *
 * Returns: (transfer none) (nullable): sentences in one line; %NULL where there is nothing to tell
 *
 * Since: 0.2
 */
const gchar *
pixelnorm_normalizer_get_floored (PixelnormNormalizer *self)
{
  return self->floored;
}

/**
 * pixelnorm_normalizer_get_range:
 * @self: a normalizer
 * @low: (out): the value that becomes 0 in 8-bit video
 * @high: (out): the value that becomes 255
 *
 * With them y = low + code * (high - low) / 255 is the way back from 8-bit video.
 *
 * Since: 0.1
 */
void
pixelnorm_normalizer_get_range (PixelnormNormalizer *self, gdouble *low, gdouble *high)
{
  *low = self->plan.low;
  *high = self->plan.high;
}

/**
 * pixelnorm_normalizer_get_quantization:
 * @self: a normalizer of output int8 or uint8
 * @scale: (out): how much y is in one step
 * @zero_point: (out): the code of y = 0
 *
 * With them y = (code - zero_point) * scale is the way back from an int8 or uint8 tensor, within half a step.
 *
 * Since: 0.1
 */
void
pixelnorm_normalizer_get_quantization (PixelnormNormalizer *self, gdouble *scale, gint *zero_point)
{
  *scale = self->plan.quantization.step;
  *zero_point = self->plan.quantization.zero_point;
}

/**
 * pixelnorm_normalizer_get_output_size:
 * @self: a normalizer
 *
 * Returns: bytes of one result, a tensor or a frame without padding
 *
 * Since: 0.1
 */
gsize
pixelnorm_normalizer_get_output_size (PixelnormNormalizer *self)
{
  return self->plan.size;
}

/* Frames that are converted, to passes of a channel each: a tile is converted once for all of them. */
static void
run_converted (PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output,
    gboolean learn)
{
  const PixelnormRoute *routes = self->plan.routes;
  const guint width = routes[0].rows.width;
  PixelnormConverted pixels;

  for (guint y = 0; y < self->plan.height; y++)
    for (guint x = 0; x < width; x += PIXELNORM_TILE) {
      const gint n = (gint) MIN (width - x, PIXELNORM_TILE);

      pixelnorm_rows_convert (&routes[0].rows, input, y, x, n, &pixels);
      for (guint p = 0; p < self->plan.n_routes; p++)
        self->source->run_tile (
            self, p, output, y, x, pixelnorm_rows_converted (&routes[p].rows, &pixels), n, learn);
    }
}

static void
run (PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output,
    gboolean learn)
{
  const PixelnormFloatState state = pixelnorm_float_state_save ();

  if (self->source->prepare)
    self->source->prepare (self, input, learn);
  if (self->plan.layout.is_converted && self->plan.routes[0].rows.n_channels == 1)
    run_converted (self, input, output, learn);
  else
    self->source->run_rows (self, input, output, learn);
  if (self->source->end_frame)
    self->source->end_frame (self, learn);
  if (self->end)
    self->end ();
  pixelnorm_float_state_restore (state);
}

/**
 * pixelnorm_normalizer_run: (skip)
 * @self: a normalizer
 * @input: a frame of the layout that the normalizer was made for
 * @output: where to write: plane 0 is a packed tensor, aligned for its items; or the planes of a frame
 *   whose samples are 8 bits in the same order. Must not overlap @input
 *
 * Normalizes a frame. Running statistics learn from it: in scope pixel at once, else with
 * pixelnorm_normalizer_end_batch(). Statistics of a batch are those of the frames that
 * pixelnorm_normalizer_measure() saw.
 *
 * Since: 0.1
 */
void
pixelnorm_normalizer_run (
    PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output)
{
  run (self, input, output, TRUE);
}

/**
 * pixelnorm_normalizer_run_still: (skip)
 * @self: a normalizer
 * @input: a frame
 * @output: where to write
 *
 * As pixelnorm_normalizer_run(), but running statistics do not learn from the frame: it is a repetition,
 * or damaged.
 *
 * Since: 0.1
 */
void
pixelnorm_normalizer_run_still (
    PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output)
{
  run (self, input, output, FALSE);
}

/**
 * pixelnorm_normalizer_run_data:
 * @self: a normalizer
 * @data: (array length=size): a packed frame: planes one after the other, rows without padding
 * @size: bytes of @data
 * @error: return location for a #GError, or %NULL
 *
 * Normalizes a frame that lies in one piece. With statistics of the stream it is a batch of one.
 *
 * Returns: (transfer full): a packed tensor, or a packed 8-bit frame; %NULL with
 *   %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
GBytes *
pixelnorm_normalizer_run_data (
    PixelnormNormalizer *self, const guint8 *data, gsize size, GError **error)
{
  return pixelnorm_normalizer_run_batch_data (self, data, size, 1, error);
}

/**
 * pixelnorm_normalizer_measure: (skip)
 * @self: a normalizer
 * @frame: a frame of the layout that the normalizer was made for
 *
 * With statistics of a batch: counts a frame. After all of them were counted each is run. Other
 * statistics need it not.
 *
 * Since: 0.1
 */
void
pixelnorm_normalizer_measure (PixelnormNormalizer *self, const PixelnormFrame *frame)
{
  if (self->source->measure)
    self->source->measure (self, frame);
}

/**
 * pixelnorm_normalizer_end_batch:
 * @self: a normalizer
 *
 * Says that the frames since the last call were a batch: running statistics of scope channel and global
 * move.
 *
 * Since: 0.1
 */
void
pixelnorm_normalizer_end_batch (PixelnormNormalizer *self)
{
  if (self->source->end_batch)
    self->source->end_batch (self);
}

/**
 * pixelnorm_normalizer_cancel_batch:
 * @self: a normalizer
 *
 * Forgets the frames since the last end of a batch, as far as they have not moved an estimate yet.
 *
 * Since: 0.1
 */
void
pixelnorm_normalizer_cancel_batch (PixelnormNormalizer *self)
{
  if (self->source->cancel_batch)
    self->source->cancel_batch (self);
}

/**
 * pixelnorm_normalizer_get_coefficients:
 * @self: a normalizer
 * @mean: (out caller-allocates) (array fixed-size=3): one value per channel, in code values
 * @std: (out caller-allocates) (array fixed-size=3): likewise
 *
 * Gives the coefficients of the frame that was run last: y = (x - mean) / std * gamma + beta.
 *
 * Returns: how many channels have them; 0 in scope pixel
 *
 * Since: 0.1
 */
guint
pixelnorm_normalizer_get_coefficients (PixelnormNormalizer *self, gdouble *mean, gdouble *std)
{
  for (guint c = 0; c < self->n_coefficients; c++) {
    mean[c] = self->mean[c];
    std[c] = self->std[c];
  }
  return self->n_coefficients;
}

/* Whether samples of one are those of the other. */
static gboolean
is_same_picture (const PixelnormGeometry *a, const PixelnormGeometry *b)
{
  return a->width == b->width && a->height == b->height && a->depth == b->depth
      && a->log2_chroma_w == b->log2_chroma_w && a->log2_chroma_h == b->log2_chroma_h
      && g_str_equal (a->channels, b->channels);
}

/**
 * pixelnorm_normalizer_carry_over:
 * @self: a normalizer
 * @from: the one that was used before it
 *
 * Goes on with the running statistics of another normalizer: of the same scope, for frames of the same
 * size, channels and depth, wherever they lie. Between two batches.
 *
 * Returns: whether there was something to carry over
 *
 * Since: 0.1
 */
gboolean
pixelnorm_normalizer_carry_over (PixelnormNormalizer *self, PixelnormNormalizer *from)
{
  if (!self->source->carry_over || self->source != from->source || self->scope != from->scope
      || !is_same_picture (&self->plan.layout.geometry, &from->plan.layout.geometry))
    return FALSE;
  self->source->carry_over (self, from);
  return TRUE;
}

/**
 * pixelnorm_normalizer_run_batch_data:
 * @self: a normalizer
 * @data: (array length=size): packed frames, one after the other
 * @size: bytes of @data
 * @n_frames: how many frames there are
 * @error: return location for a #GError, or %NULL
 *
 * Normalizes frames that lie in one piece, as one batch.
 *
 * Returns: (transfer full): as many packed tensors, or packed 8-bit frames, one after the other; %NULL
 *   with %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
GBytes *
pixelnorm_normalizer_run_batch_data (
    PixelnormNormalizer *self, const guint8 *data, gsize size, guint n_frames, GError **error)
{
  const gsize bytes = pixelnorm_layout_get_frame_bytes (&self->plan.layout);
  const gsize frames = MAX (n_frames, 1);
  PixelnormFrame in;

  if (frames == 1 && !pixelnorm_frame_init_packed (&in, &self->plan.layout, data, size, error))
    return NULL;
  if (size % frames != 0 || size / frames != bytes) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "%" G_GSIZE_FORMAT " packed frames of %" G_GSIZE_FORMAT
        " bytes were announced; found %" G_GSIZE_FORMAT " bytes.",
        frames, bytes, size);
    return NULL;
  }
  guint8 *block = frames <= G_MAXSIZE / self->plan.size ? malloc (frames * self->plan.size) : NULL;
  if (!block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for results of %" G_GSIZE_FORMAT " frames of %" G_GSIZE_FORMAT " bytes.",
        frames, self->plan.size);
    return NULL;
  }
  for (gsize i = 0; i < frames; i++) {
    pixelnorm_frame_init_packed (&in, &self->plan.layout, data + i * bytes, bytes, NULL);
    pixelnorm_normalizer_measure (self, &in);
  }
  for (gsize i = 0; i < frames; i++) {
    pixelnorm_frame_init_packed (&in, &self->plan.layout, data + i * bytes, bytes, NULL);
    const PixelnormFrame out =
        pixelnorm_plan_place_results (&self->plan, &in, block + i * self->plan.size);
    pixelnorm_normalizer_run (self, &in, &out);
  }
  pixelnorm_normalizer_end_batch (self);
  return g_bytes_new_with_free_func (block, frames * self->plan.size, free, block);
}

static void
pixelnorm_normalizer_finalize (GObject *object)
{
  PixelnormNormalizer *self = PIXELNORM_NORMALIZER (object);

  if (self->source)
    self->source->clear (self);
  g_clear_object (&self->settings);
  g_free (self->floored);
  G_OBJECT_CLASS (pixelnorm_normalizer_parent_class)->finalize (object);
}

static void
pixelnorm_normalizer_class_init (PixelnormNormalizerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pixelnorm_normalizer_finalize;
}

static void
pixelnorm_normalizer_init (PixelnormNormalizer *self)
{
}
