/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of pixelnorm. */
#pragma once

#include <gst/video/video.h>

#include "gstpixelassembly.h"
#include "gstpixelnorm.h"
#include "gstpixelplan.h"

struct _GstPixelNorm {
  GstBaseTransform parent;

  GstPixelPlans plans; /* guards itself */

  /* the object lock */
  guint batch_size; /* as set; that of the assembly is in use */
  GstPixelLastBatch last_batch;
  GstClockTime latency;

  /* the streaming thread, and state changes while it does not run */
  GstVideoInfo info, output_info; /* the latter of video */
  PixelnormLayout output_layout;
  gsize output_size;     /* of a buffer: of all frames of a tensor */
  GstStructure *applied; /* what PixelnormMeta says */
  GstCaps *refused;      /* caps of which was said that they do not fit */
  gchar *idle;           /* of what was said that it has no effect */
  GstPixelAssembly assembly;
  gboolean backwards; /* a segment was refused */

  gint is_explained; /* atomic: why downstream cannot have what it asks for */
};

/* Says why caps did not come as far as set_caps. */
void gst_pixel_norm_post_refusal (GstPixelNorm *self, GstCaps *input);

/* Tells of the plan that is in use from now on. */
void gst_pixel_norm_tell_plan (GstPixelNorm *self);

/* Of the frame rate and batch-size that there are; a change is told. */
void gst_pixel_norm_set_latency (GstPixelNorm *self);

/* Ends a tensor that will not become full: drops its frames, and says so; or as last-batch says. */
void gst_pixel_norm_drop_frames (GstPixelNorm *self);
void gst_pixel_norm_end_batch_early (GstPixelNorm *self);

/* Sets the methods that frames, events and queries go through. */
void gst_pixel_norm_install_stream (GstBaseTransformClass *klass);
