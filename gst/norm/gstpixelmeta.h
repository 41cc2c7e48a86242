/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PixelnormMeta: what was done to a buffer. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

#define GST_PIXEL_META_NAME "PixelnormMeta"

/* What was done to frames, for the meta and for a message, with a number of its own. Transfer full. */
GstStructure *gst_pixel_meta_describe (PixelnormSettings *settings, const PixelnormInputs *inputs,
    PixelnormNormalizer *normalizer, PixelnormOutput output);

void gst_pixel_meta_register (void);

/* Says on @buffer, which must be writable, what @applied says. A buffer of a pool keeps it for its
 * next round, so in the steady state nothing is allocated. */
void gst_pixel_meta_put (GstBuffer *buffer, const GstStructure *applied);

/* Says on it what is not the same for all buffers of a plan: how many frames a tensor really holds and,
 * where @n is not 0, the coefficients, a mean and a std a channel. */
void gst_pixel_meta_put_frames (
    GstBuffer *buffer, guint n_frames, const gdouble *mean, const gdouble *std, guint n);
