/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What buffers say of their normalization, read by whoever takes it back. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

#include "gstpixelplan.h"

/* What PixelnormMeta says of a buffer. */
typedef struct {
  const GstStructure *structure; /* NULL: there is none */
  gboolean has_values;           /* the buffer has statistics of its own */
  guint n_values;
  gdouble mean[PIXELNORM_MAX_CHANNELS], std[PIXELNORM_MAX_CHANNELS];
  guint n_frames; /* real ones, of a tensor of several */
} GstPixelApplied;

/* Reads the meta of @buffer, of @n_frames frames. Errors are PIXELNORM_ERROR_MISMATCH: statistics of the
 * buffer's own that cannot be undone, or are not there. */
gboolean gst_pixel_applied_read (
    GstPixelApplied *self, GstBuffer *buffer, guint n_frames, GError **error);

/* Settings that are to undo what a buffer with values says, which goes before properties: gamma, beta,
 * range and quantization. */
void gst_pixel_applied_settings (const GstPixelApplied *self, PixelnormSettings *settings);

/* In what the meta contradicts the plan that is to undo it, both sides named; NULL: in nothing. Transfer
 * full. */
gchar *gst_pixel_applied_contradiction (
    const GstPixelApplied *self, const GstPixelPlan *plan, const GstPixelTarget *target);
