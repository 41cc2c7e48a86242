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
  gboolean is_per_frame;         /* and each of its frames, too */
  guint n_values;                /* of a frame; below */
  gdouble mean[PIXELNORM_MAX_CHANNELS], std[PIXELNORM_MAX_CHANNELS];
  guint n_frames; /* real ones, of a tensor of several */
} GstPixelApplied;

/* Reads the meta of @buffer, of @n_frames frames. Errors are PIXELNORM_ERROR_MISMATCH: statistics of the
 * buffer's own that cannot be undone, or are not there. */
gboolean gst_pixel_applied_read (
    GstPixelApplied *self, GstBuffer *buffer, guint n_frames, GError **error);

/* Brings the values of frame @frame into mean and std; FALSE where they are no numbers. */
gboolean gst_pixel_applied_take_frame (GstPixelApplied *self, guint frame);

/* Brings what a buffer with values says, which goes before the properties of @plan, into settings that are to
 * undo it: gamma, beta, range and quantization. FALSE: they were so already. */
gboolean gst_pixel_applied_settings (
    const GstPixelApplied *self, const GstPixelPlan *plan, PixelnormSettings *settings);

/* In what the meta contradicts the plan that is to undo it, both sides named; NULL: in nothing. Transfer
 * full. */
gchar *gst_pixel_applied_contradiction (
    const GstPixelApplied *self, const GstPixelPlan *plan, const GstPixelTarget *target);
