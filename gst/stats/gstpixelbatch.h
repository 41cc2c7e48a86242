/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames that wait until there are enough of them to be added at once. */
#pragma once

#include "common/gstpixelframe.h"

/* What all files here log with. */
GST_DEBUG_CATEGORY_EXTERN (gst_pixel_stats_debug);

/* How many frames are kept at most: the last one of a batch completes it and need not wait. */
#define GST_PIXEL_BATCH_MAX_KEPT (PIXELNORM_MAX_BATCH - 1)

typedef struct {
  GstPixelVideo video;  /* without a layout until the format is known */
  guint size;           /* frames of a full batch */
  GstAllocator *system; /* of plain system memory */

  PixelnormFrame frames[PIXELNORM_MAX_BATCH]; /* what a user of a batch reads */
  guint n_frames;
  gboolean borrowed; /* the last frame is there only as long as its buffer is the caller's */

  GstPixelFrame mapped[PIXELNORM_MAX_BATCH]; /* where `buffers` has one, and of a borrowed frame */
  GstBuffer *buffers[PIXELNORM_MAX_BATCH];   /* held; NULL where the frame was copied */
  guint8 *copies[GST_PIXEL_BATCH_MAX_KEPT];  /* a packed frame each; NULL until it is needed */
  GstBuffer *released[PIXELNORM_MAX_BATCH];  /* held no longer, for the caller to unref */
  guint n_released;

  GstBufferPool *pool; /* the last that a buffer came from, and whether it may run dry */
  gboolean pool_bounded;

  const gchar *reason; /* for the log: why frames are copied, or NULL */
  gboolean is_logged;
} GstPixelBatch;

void gst_pixel_batch_init (GstPixelBatch *self);

/* Needs an empty batch without released buffers. */
void gst_pixel_batch_clear (GstPixelBatch *self);

/* Frames are of this format from now on, and @size of them, 1 to PIXELNORM_MAX_BATCH, fill a batch.
 * Needs an empty batch. Takes what is in @video. */
void gst_pixel_batch_set_format (GstPixelBatch *self, GstPixelVideo *video, guint size);

/* Puts the frame of @buffer into the batch, which must not be due. Errors are PIXELNORM_ERROR_READ.
 */
gboolean gst_pixel_batch_take (GstPixelBatch *self, GstBuffer *buffer, GError **error);

/* Whether the frames must be used and the batch be emptied before the last buffer that was taken is
 * given away. */
gboolean gst_pixel_batch_is_due (const GstPixelBatch *self);

/* Forgets the frames. */
void gst_pixel_batch_empty (GstPixelBatch *self);

/* Moves what is held no longer into @buffers, which has room for PIXELNORM_MAX_BATCH, and returns how
 * many there are. The last reference to a buffer may run anybody's code: drop it without locks. */
guint gst_pixel_batch_steal_released (GstPixelBatch *self, GstBuffer **buffers);

/* A pool may be set up anew: look at it again. */
void gst_pixel_batch_forget_pool (GstPixelBatch *self);

/* Adds to the answer to an ALLOCATION query as many buffers as a batch may hold. Returns whether the
 * query has an answer now. */
gboolean gst_pixel_batch_propose (GstQuery *query);
