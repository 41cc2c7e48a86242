/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a normalizer that measures the stream.
 *
 * Statistics of a frame are measured and used when it is run, those of a batch when its first frame is run
 * after all were measured. Running estimates per channel are used as they are while the frames of a batch
 * are run and measured, and move at its end. So a batch needs no frame to be kept, unless the statistics are
 * its own.
 */
#include "normalizer-private.h"

#include <stdlib.h>
#include <string.h>

/* The coefficients of the passes, from the newest statistics. */
static void
refill (PixelnormNormalizer *self)
{
  const PixelnormCoefficients *coefficients = &self->estimates->coefficients;

  for (guint p = 0; p < self->n_passes; p++)
    pixelnorm_pass_refill (
        &self->passes[p], coefficients, pixelnorm_normalizer_quantization (self));
  for (guint c = 0; c < self->n_coefficients; c++)
    pixelnorm_coefficients_describe (coefficients, c, &self->mean[c], &self->std[c]);
}

gboolean
pixelnorm_normalizer_init_statistics (
    PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  self->scope = coefficients->settings.scope;
  self->statistics = coefficients->settings.statistics;
  self->n_coefficients = coefficients->per_pixel ? 0 : self->layout.n_channels;
  if (self->statistics == PIXELNORM_STATISTICS_SOURCE_PROFILE) {
    for (guint c = 0; c < self->n_coefficients; c++)
      pixelnorm_coefficients_describe (coefficients, c, &self->mean[c], &self->std[c]);
    return TRUE;
  }
  if (self->scope == PIXELNORM_SCOPE_PIXEL) {
    self->running = g_new0 (PixelnormRunning, PIXELNORM_MAX_PLANES);
    return TRUE;
  }
  self->estimates = pixelnorm_estimates_new (coefficients, &self->layout, error);
  if (!self->estimates)
    return FALSE;
  for (guint c = 0; c < self->n_coefficients; c++)
    pixelnorm_coefficients_describe (
        &self->estimates->coefficients, c, &self->mean[c], &self->std[c]);
  return TRUE;
}

/* The first frame of running estimates is normalized with its own statistics, with which they start where
 * it counts. */
static void
start (PixelnormNormalizer *self, const PixelnormFrame *frame, gboolean learn)
{
  pixelnorm_estimates_forget_frames (self->estimates);
  pixelnorm_estimates_add (self->estimates, frame);
  pixelnorm_estimates_start (self->estimates);
  self->estimates->started = learn;
  if (!learn)
    pixelnorm_estimates_forget_frames (self->estimates);
  refill (self);
}

void
pixelnorm_normalizer_look_at_frame (
    PixelnormNormalizer *self, const PixelnormFrame *frame, gboolean learn)
{
  switch (self->statistics) {
  case PIXELNORM_STATISTICS_SOURCE_FRAME:
    pixelnorm_estimates_add (self->estimates, frame);
    pixelnorm_estimates_take (self->estimates);
    refill (self);
    break;
  case PIXELNORM_STATISTICS_SOURCE_BATCH:
    if (pixelnorm_estimates_has_frames (self->estimates)) {
      pixelnorm_estimates_take (self->estimates);
      refill (self);
    }
    break;
  default:
    if (!self->estimates->started)
      start (self, frame, learn);
    else if (learn)
      pixelnorm_estimates_add (self->estimates, frame);
  }
}

/**
 * pixelnorm_normalizer_measure: (skip)
 * @self: a normalizer
 * @frame: a frame of the layout that the normalizer was made for
 *
 * With statistics of a batch: counts a frame. After all of them were counted each is run. Other
 * statistics need it not.
 */
void
pixelnorm_normalizer_measure (PixelnormNormalizer *self, const PixelnormFrame *frame)
{
  if (self->statistics == PIXELNORM_STATISTICS_SOURCE_BATCH)
    pixelnorm_estimates_add (self->estimates, frame);
}

/**
 * pixelnorm_normalizer_end_batch:
 * @self: a normalizer
 *
 * Says that the frames since the last call were a batch: running statistics of scope channel and global
 * move.
 */
void
pixelnorm_normalizer_end_batch (PixelnormNormalizer *self)
{
  if (self->statistics != PIXELNORM_STATISTICS_SOURCE_RUNNING || !self->estimates
      || !pixelnorm_estimates_has_frames (self->estimates))
    return;
  pixelnorm_estimates_move (self->estimates);
  refill (self);
}

/**
 * pixelnorm_normalizer_cancel_batch:
 * @self: a normalizer
 *
 * Forgets the frames since the last end of a batch, as far as they have not moved an estimate yet.
 */
void
pixelnorm_normalizer_cancel_batch (PixelnormNormalizer *self)
{
  if (self->estimates)
    pixelnorm_estimates_forget_frames (self->estimates);
}

/**
 * pixelnorm_normalizer_get_coefficients:
 * @self: a normalizer
 * @mean: (out caller-allocates) (array fixed-size=3): a value a channel, in code values
 * @std: (out caller-allocates) (array fixed-size=3): likewise
 *
 * Gives the coefficients of the frame that was run last: y = (x - mean) / std * gamma + beta.
 *
 * Returns: how many channels have them; 0 in scope pixel
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
 */
gboolean
pixelnorm_normalizer_carry_over (PixelnormNormalizer *self, PixelnormNormalizer *from)
{
  if (self->statistics != PIXELNORM_STATISTICS_SOURCE_RUNNING
      || from->statistics != PIXELNORM_STATISTICS_SOURCE_RUNNING || self->scope != from->scope
      || !is_same_picture (&self->layout.geometry, &from->layout.geometry))
    return FALSE;
  if (self->running) {
    pixelnorm_running_carry_over (self->running, self->n_passes, from->running, from->n_passes);
    return TRUE;
  }
  self->estimates->started = from->estimates->started;
  self->estimates->coefficients.estimated = from->estimates->coefficients.estimated;
  memcpy (self->estimates->coefficients.estimates, from->estimates->coefficients.estimates,
      sizeof from->estimates->coefficients.estimates);
  refill (self);
  return TRUE;
}

/* A packed frame of 8-bit samples in the same order; of a tensor only the first plane counts. */
static PixelnormFrame
place_result (const PixelnormNormalizer *self, const PixelnormFrame *in, guint8 *block)
{
  const PixelnormLayout *layout = &self->layout;
  PixelnormFrame out = { 0 };

  for (guint p = 0; p < layout->n_planes; p++) {
    out.strides[p] = in->strides[p] / (gssize) layout->sample_bytes;
    out.planes[p] = block + (in->planes[p] - in->planes[0]) / layout->sample_bytes;
  }
  return out;
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
 */
GBytes *
pixelnorm_normalizer_run_batch_data (
    PixelnormNormalizer *self, const guint8 *data, gsize size, guint n_frames, GError **error)
{
  const gsize bytes = pixelnorm_layout_get_frame_bytes (&self->layout);
  const gsize frames = MAX (n_frames, 1);
  PixelnormFrame in;

  if (frames == 1 && !pixelnorm_frame_init_packed (&in, &self->layout, data, size, error))
    return NULL;
  if (size % frames != 0 || size / frames != bytes) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "%" G_GSIZE_FORMAT " packed frames of %" G_GSIZE_FORMAT
        " bytes were announced; found %" G_GSIZE_FORMAT " bytes.",
        frames, bytes, size);
    return NULL;
  }
  guint8 *block =
      frames <= G_MAXSIZE / self->output_size ? malloc (frames * self->output_size) : NULL;
  if (!block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for results of %" G_GSIZE_FORMAT " frames of %" G_GSIZE_FORMAT " bytes.",
        frames, self->output_size);
    return NULL;
  }
  for (gsize i = 0; i < frames; i++) {
    pixelnorm_frame_init_packed (&in, &self->layout, data + i * bytes, bytes, NULL);
    pixelnorm_normalizer_measure (self, &in);
  }
  for (gsize i = 0; i < frames; i++) {
    pixelnorm_frame_init_packed (&in, &self->layout, data + i * bytes, bytes, NULL);
    const PixelnormFrame out = place_result (self, &in, block + i * self->output_size);
    pixelnorm_normalizer_run (self, &in, &out);
  }
  pixelnorm_normalizer_end_batch (self);
  return g_bytes_new_with_free_func (block, frames * self->output_size, free, block);
}
