/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames are written straight to their places in the output buffer. Only where the statistics are those of
 * the batch itself they must wait until all of it was seen: then they are copied, since a copy of samples
 * is small beside their results, and so nobody runs out of buffers meanwhile.
 *
 * The buffer has time, DTS and offset of its first frame, and the sum of the durations. It is a gap where
 * all of its frames are, and corrupted where one is.
 */
#include "gstpixelassembly.h"

#include <string.h>

#include "gstpixelmeta.h"

/* What a frame has that running statistics must not learn from. */
#define UNTRUSTED (GST_BUFFER_FLAG_GAP | GST_BUFFER_FLAG_CORRUPTED | GST_BUFFER_FLAG_DECODE_ONLY)

void
gst_pixel_assembly_start (GstPixelAssembly *self, guint size, GstPixelLastBatch last)
{
  *self = (GstPixelAssembly){ .size = size, .last = last };
}

void
gst_pixel_assembly_forget_format (GstPixelAssembly *self)
{
  g_clear_pointer (&self->waiting, g_free);
  g_clear_pointer (&self->mean, g_free);
  self->std = NULL;
}

void
gst_pixel_assembly_stop (GstPixelAssembly *self)
{
  gst_clear_buffer (&self->buffer);
  gst_pixel_assembly_forget_format (self);
  self->size = self->n_frames = 0;
}

static gboolean
must_wait (const GstPixelAssembly *self, const GstPixelPlans *plans)
{
  return self->size > 1 && plans->current.statistics & PIXELNORM_STATISTICS_FLAG_WAIT;
}

gboolean
gst_pixel_assembly_begin (
    GstPixelAssembly *self, GstBuffer *buffer, const GstPixelPlans *plans, GError **error)
{
  const gsize n = (gsize) self->size * PIXELNORM_MAX_CHANNELS;

  self->buffer = buffer;
  self->n_frames = self->n_coefficients = 0;
  self->duration = 0;
  self->offset_end = GST_BUFFER_OFFSET_NONE;
  self->all_flags = (GstBufferFlags) ~0;
  self->any_flags = (GstBufferFlags) 0;
  if (!self->mean) {
    self->mean = g_try_new (gdouble, 2 * n);
    if (!self->mean) {
      gst_clear_buffer (&self->buffer);
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
          "Not enough memory for the coefficients of %u frames. Set a smaller batch-size.",
          self->size);
      return FALSE;
    }
    self->std = self->mean + n;
  }
  if (!must_wait (self, plans) || self->waiting)
    return TRUE;
  self->frame_bytes = pixelnorm_layout_get_frame_bytes (plans->target.layout);
  if (self->frame_bytes <= G_MAXSIZE / self->size)
    self->waiting = g_try_malloc (self->frame_bytes * self->size);
  if (self->waiting)
    return TRUE;
  gst_clear_buffer (&self->buffer);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
      "Not enough memory for the %u frames of a batch, %" G_GSIZE_FORMAT
      " MiB each, which statistics=batch must keep. Set a smaller batch-size, or scale the video down.",
      self->size, self->frame_bytes >> 20);
  return FALSE;
}

static void
copy_frame (const GstPixelAssembly *self, const PixelnormLayout *layout, const PixelnormFrame *from)
{
  PixelnormFrame to;

  pixelnorm_frame_init_packed (
      &to, layout, self->waiting + self->n_frames * self->frame_bytes, self->frame_bytes, NULL);
  pixelnorm_frame_copy (&to, from, layout);
}

static void
note_times (GstPixelAssembly *self, GstBuffer *input)
{
  const GstBufferFlags flags = (GstBufferFlags) GST_BUFFER_FLAGS (input);

  self->all_flags &= flags;
  self->any_flags |= flags;
  self->offset_end = GST_BUFFER_OFFSET_END (input);
  if (GST_CLOCK_TIME_IS_VALID (self->duration) && GST_BUFFER_DURATION_IS_VALID (input))
    self->duration += GST_BUFFER_DURATION (input);
  else
    self->duration = GST_CLOCK_TIME_NONE;
}

/* The coefficients of the frame that was run, behind those of the frames before or in their place. */
static void
note_coefficients (GstPixelAssembly *self, const GstPixelPlan *plan)
{
  guint at = 0;

  if (!(plan->statistics & PIXELNORM_STATISTICS_FLAG_ON_BUFFERS))
    return;
  if (plan->statistics & PIXELNORM_STATISTICS_FLAG_PER_FRAME)
    at = self->n_coefficients;
  self->n_coefficients = at
      + pixelnorm_normalizer_get_coefficients (plan->normalizer, self->mean + at, self->std + at);
}

void
gst_pixel_assembly_add (GstPixelAssembly *self, const GstPixelPlans *plans, GstBuffer *input,
    const PixelnormFrame *in, const PixelnormFrame *out)
{
  const GstPixelPlan *plan = &plans->current;

  if (must_wait (self, plans)) {
    copy_frame (self, plans->target.layout, in);
    pixelnorm_normalizer_measure (plan->normalizer, in);
  } else {
    pixelnorm_normalizer_measure (plan->normalizer, in);
    if (GST_BUFFER_FLAGS (input) & UNTRUSTED)
      pixelnorm_normalizer_run_still (plan->normalizer, in, out);
    else
      pixelnorm_normalizer_run (plan->normalizer, in, out);
    note_coefficients (self, plan);
  }
  note_times (self, input);
  self->n_frames++;
}

/* What is there of a batch whose statistics are its own. */
static void
run_waiting (GstPixelAssembly *self, const GstPixelPlans *plans, guint8 *tensor)
{
  PixelnormNormalizer *normalizer = plans->current.normalizer;
  const gsize bytes = pixelnorm_normalizer_get_output_size (normalizer);

  for (guint i = 0; i < self->n_frames; i++) {
    const PixelnormFrame out = { { tensor + i * bytes } };
    PixelnormFrame in;

    pixelnorm_frame_init_packed (
        &in, plans->target.layout, self->waiting + i * self->frame_bytes, self->frame_bytes, NULL);
    pixelnorm_normalizer_run (normalizer, &in, &out);
  }
  note_coefficients (self, &plans->current);
}

/* y = 0 where there are no frames. */
static void
pad (const GstPixelAssembly *self, const GstPixelPlans *plans, guint8 *tensor)
{
  PixelnormNormalizer *normalizer = plans->current.normalizer;
  const gsize bytes = pixelnorm_normalizer_get_output_size (normalizer);
  gint zero_point = 0;
  gdouble scale;

  if (pixelnorm_output_is_quantized (plans->target.output))
    pixelnorm_normalizer_get_quantization (normalizer, &scale, &zero_point);
  memset (tensor + self->n_frames * bytes, zero_point, (self->size - self->n_frames) * bytes);
}

void
gst_pixel_assembly_complete (GstPixelAssembly *self, const GstPixelPlans *plans, guint8 *tensor)
{
  if (must_wait (self, plans))
    run_waiting (self, plans, tensor);
  if (self->n_frames < self->size)
    pad (self, plans, tensor);
  pixelnorm_normalizer_end_batch (plans->current.normalizer);
}

static void
set_flag (GstBuffer *buffer, GstBufferFlags flag, gboolean set)
{
  if (set)
    GST_BUFFER_FLAG_SET (buffer, flag);
  else
    GST_BUFFER_FLAG_UNSET (buffer, flag);
}

GstBuffer *
gst_pixel_assembly_end (GstPixelAssembly *self, const GstStructure *applied)
{
  GstBuffer *buffer = g_steal_pointer (&self->buffer);

  gst_pixel_meta_put (buffer, applied);
  gst_pixel_meta_put_frames (buffer, self->n_frames, self->mean, self->std, self->n_coefficients);
  GST_BUFFER_DURATION (buffer) = self->duration;
  GST_BUFFER_OFFSET_END (buffer) = self->offset_end;
  set_flag (buffer, GST_BUFFER_FLAG_GAP, self->all_flags & GST_BUFFER_FLAG_GAP);
  set_flag (buffer, GST_BUFFER_FLAG_DECODE_ONLY, self->all_flags & GST_BUFFER_FLAG_DECODE_ONLY);
  set_flag (buffer, GST_BUFFER_FLAG_CORRUPTED, self->any_flags & GST_BUFFER_FLAG_CORRUPTED);
  self->n_frames = 0;
  return buffer;
}

guint
gst_pixel_assembly_drop (GstPixelAssembly *self, const GstPixelPlans *plans)
{
  const guint n = self->n_frames;

  gst_clear_buffer (&self->buffer);
  self->n_frames = 0;
  if (n > 0) /* else there may be no caps yet, and another thread makes plans */
    pixelnorm_normalizer_cancel_batch (plans->current.normalizer);
  return n;
}
