/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames that wait until there are enough of them to be added at once, and until they are. */
#pragma once

#include "common/gstpixelframe.h"

/* What all files here log with. */
GST_DEBUG_CATEGORY_EXTERN (gst_pixel_stats_debug);

/* Of a batch, each added while a frame of the next one comes. */
#define GST_PIXEL_BATCH_MAX_PARTS PIXELNORM_MAX_BATCH

/* How many frames wait at most: a batch, and those that come while it is added. */
#define GST_PIXEL_BATCH_MAX_WAITING (PIXELNORM_MAX_BATCH + GST_PIXEL_BATCH_MAX_PARTS - 1)

/* Those that waited, and once more as many that came meanwhile. */
#define GST_PIXEL_BATCH_MAX_RELEASED (2 * GST_PIXEL_BATCH_MAX_WAITING)

/* A frame that waits. */
typedef struct {
  PixelnormFrame frame;
  GstPixelFrame mapped; /* where there is a buffer, and of a borrowed frame */
  GstBuffer *buffer;    /* held; NULL where the frame was copied */
  guint8 *copy;         /* room for a packed frame; NULL until it is needed */
} GstPixelWaiting;

typedef struct {
  GstPixelVideo video;  /* without a layout until the format is known */
  guint size;           /* frames that are added at once */
  guint n_parts;        /* in how many parts, 1 to `size` */
  GstAllocator *system; /* of plain system memory */

  GstPixelWaiting waiting[GST_PIXEL_BATCH_MAX_WAITING]; /* a ring */
  guint first, n_frames;
  gboolean borrowed; /* the last frame is there only as long as its buffer is the caller's */

  GstBuffer *released[GST_PIXEL_BATCH_MAX_RELEASED]; /* held no longer, for the caller to unref */
  guint n_released;

  GstBufferPool *pool; /* the last that a buffer came from, and whether it may run dry */
  gboolean pool_bounded;

  const gchar *reason; /* for the log: why frames are copied, or NULL */
  gboolean is_logged;
} GstPixelBatch;

void gst_pixel_batch_init (GstPixelBatch *self);

/* Needs an empty batch without released buffers. */
void gst_pixel_batch_clear (GstPixelBatch *self);

/* Frames are of this format from now on; as many wait as memory for them allows. @at_once: whether a batch is less work than
 * its frames one by one. Needs an empty batch. Takes what is in @video. */
void gst_pixel_batch_set_format (GstPixelBatch *self, GstPixelVideo *video, gboolean at_once);

/* Puts the frame of @buffer behind those that wait, for which there must be room. Errors are PIXELNORM_ERROR_READ. */
gboolean gst_pixel_batch_take (GstPixelBatch *self, GstBuffer *buffer, GError **error);

/* Whether all frames must be used and forgotten before the last buffer that was taken is given away. */
gboolean gst_pixel_batch_is_due (const GstPixelBatch *self);

/* Whether there is no room for another frame. */
gboolean gst_pixel_batch_is_full (const GstPixelBatch *self);

/* How many parts to add now, @n_added being those of the batch in the making: so that it is whole before there is no room
 * for another frame, and no frame has much more to do than the others. */
guint gst_pixel_batch_get_due_parts (const GstPixelBatch *self, guint n_added);

/* The first @n frames that wait, at most PIXELNORM_MAX_BATCH, which stay where they are until they are forgotten. */
void gst_pixel_batch_get_frames (const GstPixelBatch *self, PixelnormFrame *frames, guint n);

/* Forgets the first @n frames. */
void gst_pixel_batch_forget (GstPixelBatch *self, guint n);

/* Moves what is held no longer into @buffers, which has room for GST_PIXEL_BATCH_MAX_RELEASED, and returns how
 * many there are. The last reference to a buffer may run anybody's code: drop it without locks. */
guint gst_pixel_batch_steal_released (GstPixelBatch *self, GstBuffer **buffers);

/* A pool may be set up anew: look at it again. */
void gst_pixel_batch_forget_pool (GstPixelBatch *self);

/* Adds to the answer to an ALLOCATION query as many buffers as a batch may hold. Returns whether the
 * query has an answer now. */
gboolean gst_pixel_batch_propose (GstQuery *query);
