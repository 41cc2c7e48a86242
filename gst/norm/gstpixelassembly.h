/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An output buffer in the making: one frame of video, or batch-size frames that leave as one tensor. */
#pragma once

#include "gstpixelenums.h"
#include "gstpixelplan.h"

typedef struct {
  guint size; /* frames of a full one */
  GstPixelLastBatch last;

  GstBuffer *buffer; /* or NULL */
  guint n_frames;    /* in it */
  GstClockTime duration;
  guint64 offset_end;
  GstBufferFlags all_flags, any_flags; /* of its frames */

  /* statistics of the batch: the frames wait until it is full */
  guint8 *waiting; /* packed, one after the other; or NULL */
  gsize frame_bytes;

  /* the coefficients, one value per channel; statistics of a frame: of each frame */
  gdouble *mean, *std;
  guint n_coefficients;
} GstPixelAssembly;

void gst_pixel_assembly_start (GstPixelAssembly *self, guint size, GstPixelLastBatch last);
void gst_pixel_assembly_stop (GstPixelAssembly *self);

/* Frames are of other caps from now on. Needs an empty one. */
void gst_pixel_assembly_forget_format (GstPixelAssembly *self);

/* Takes over the buffer that the next frames go into. */
gboolean gst_pixel_assembly_begin (
    GstPixelAssembly *self, GstBuffer *buffer, const GstPixelPlans *plans, GError **error);

/* The next frame, with the output memory of a whole buffer, and its own place in it. */
void gst_pixel_assembly_add (GstPixelAssembly *self, const GstPixelPlans *plans, GstBuffer *input,
    const PixelnormFrame *in, const PixelnormFrame *out);

static inline gboolean
gst_pixel_assembly_is_full (const GstPixelAssembly *self)
{
  return self->n_frames == self->size;
}

/* Completes the buffer, @tensor being its memory and NULL for video, and gives it away. */
void gst_pixel_assembly_complete (
    GstPixelAssembly *self, const GstPixelPlans *plans, guint8 *tensor);
GstBuffer *gst_pixel_assembly_end (GstPixelAssembly *self, const GstStructure *applied);

/* Drops the frames that there are, and says how many those were. */
guint gst_pixel_assembly_drop (GstPixelAssembly *self, const GstPixelPlans *plans);
