/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A batch keeps a frame in one of two ways, and its pointers stay good in both:
 *
 * - held: a reference to the buffer, mapped for reading from the moment when it was checked. Nobody
 *   can write to it, or change its metas, while that lasts: elements downstream copy it first.
 * - copied into memory of the batch, which is allocated once a format. That is the way wherever
 *   somebody may wait for the buffer: it comes from a pool that has a maximum, from a device, or
 *   wraps memory of an application.
 *
 * While frames of the next batch come, the last one is added part by part, so that each frame costs the same. Large frames
 * have fewer parts, and very large ones fewer frames a batch, as memory for those that wait is bounded.
 *
 * A frame for whose copy there is no memory, and the last of a batch of one part, is only borrowed: it is used while its
 * buffer is still in the hands of the caller.
 */
#include "gstpixelbatch.h"

#include <string.h>

GST_DEBUG_CATEGORY (gst_pixel_stats_debug);
#define GST_CAT_DEFAULT gst_pixel_stats_debug

#define MAX_WAITING_BYTES ((gsize) 384 << 20)

void
gst_pixel_batch_init (GstPixelBatch *self)
{
  self->system = gst_allocator_find (GST_ALLOCATOR_SYSMEM);
}

static void
free_copies (GstPixelBatch *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->waiting); i++) {
    g_clear_pointer (&self->waiting[i].copy, g_free);
    gst_pixel_frame_clear (&self->waiting[i].mapped);
  }
}

void
gst_pixel_batch_clear (GstPixelBatch *self)
{
  free_copies (self);
  gst_pixel_batch_forget_pool (self);
  gst_pixel_video_clear (&self->video);
  gst_clear_object (&self->system);
}

/* Of frames of @bytes. */
static void
choose_size (gsize bytes, guint *size, guint *n_parts)
{
  const guint n = (guint) MIN (MAX_WAITING_BYTES / MAX (bytes, 1), GST_PIXEL_BATCH_MAX_WAITING);

  /* the last one of a batch of one part need not wait */
  *size = MIN (n + 1, PIXELNORM_MAX_BATCH);
  *n_parts = n > *size ? n - *size + 1 : 1;
}

void
gst_pixel_batch_set_format (GstPixelBatch *self, GstPixelVideo *video, gboolean at_once)
{
  g_return_if_fail (self->n_frames == 0);

  free_copies (self);
  gst_pixel_video_take (&self->video, video);
  self->size = self->n_parts = 1;
  if (at_once)
    choose_size (
        pixelnorm_layout_get_frame_bytes (self->video.layout), &self->size, &self->n_parts);
  self->first = 0;
  self->is_logged = FALSE;
}

/* Asked once a pool: its configuration comes as a copy. */
static gboolean
is_pool_bounded (GstPixelBatch *self, GstBufferPool *pool)
{
  if (!pool)
    return FALSE;
  if (pool != self->pool) {
    GstStructure *config = gst_buffer_pool_get_config (pool);
    guint max = 0;

    self->pool_bounded =
        !gst_buffer_pool_config_get_params (config, NULL, NULL, NULL, &max) || max > 0;
    gst_structure_free (config);
    /* a reference, so that no other pool gets the same address */
    gst_object_replace ((GstObject **) &self->pool, GST_OBJECT (pool));
  }
  return self->pool_bounded;
}

/* Why somebody could run out of buffers for this one; NULL where nobody can. */
static const gchar *
why_not_hold (GstPixelBatch *self, GstBuffer *buffer)
{
  for (guint i = 0; i < gst_buffer_n_memory (buffer); i++) {
    const GstMemory *memory = gst_buffer_peek_memory (buffer, i);

    /* memory that GStreamer allocated is aligned; what others wrapped says 0 */
    if (memory->allocator != self->system)
      return "memory of a device or another allocator";
    if (memory->align == 0 || GST_MEMORY_IS_READONLY (memory))
      return "memory of an application";
  }
  /* such a meta keeps another buffer out of its pool */
  if (gst_buffer_get_parent_buffer_meta (buffer))
    return "it belongs to another buffer";
  return is_pool_bounded (self, buffer->pool) ? "its pool has a maximum" : NULL;
}

/* Leaves the frame as it is where there is no memory. */
static gboolean
copy_frame (const GstPixelBatch *self, GstPixelWaiting *waiting)
{
  const gsize bytes = pixelnorm_layout_get_frame_bytes (self->video.layout);
  PixelnormFrame copy;

  if (!waiting->copy)
    waiting->copy = g_try_malloc (bytes);
  if (!waiting->copy
      || !pixelnorm_frame_init_packed (&copy, self->video.layout, waiting->copy, bytes, NULL))
    return FALSE;
  pixelnorm_frame_copy (&copy, &waiting->frame, self->video.layout);
  gst_pixel_frame_unmap (&waiting->mapped);
  waiting->frame = copy;
  return TRUE;
}

/* The @i-th that waits. */
static guint
place (const GstPixelBatch *self, guint i)
{
  return (self->first + i) % G_N_ELEMENTS (self->waiting);
}

gboolean
gst_pixel_batch_take (GstPixelBatch *self, GstBuffer *buffer, GError **error)
{
  GstPixelWaiting *waiting = &self->waiting[place (self, self->n_frames)];

  if (!gst_pixel_frame_map (&waiting->mapped, &self->video, buffer, GST_MAP_READ, error))
    return FALSE;
  waiting->frame = waiting->mapped.frame;
  self->n_frames++;
  if (self->n_frames == self->size && self->n_parts == 1) {
    self->borrowed = TRUE;
    return TRUE;
  }
  if (self->video.is_unpacked) { /* into memory of its own */
    gst_pixel_frame_unmap (&waiting->mapped);
    return TRUE;
  }
  const gchar *reason = why_not_hold (self, buffer);
  if (!self->is_logged || reason != self->reason)
    GST_DEBUG ("frames of a batch of %u, added in %u parts, are %s%s", self->size, self->n_parts,
        reason ? "copied: " : "held", reason ? reason : "");
  self->is_logged = TRUE;
  self->reason = reason;
  if (!reason)
    waiting->buffer = gst_buffer_ref (buffer);
  else
    self->borrowed = !copy_frame (self, waiting);
  return TRUE;
}

gboolean
gst_pixel_batch_is_due (const GstPixelBatch *self)
{
  return self->borrowed;
}

/* Frames that may wait, with the one that is in the hands of the caller. */
static guint
get_room (const GstPixelBatch *self)
{
  return self->size + self->n_parts - 1;
}

gboolean
gst_pixel_batch_is_full (const GstPixelBatch *self)
{
  return self->n_frames >= get_room (self);
}

guint
gst_pixel_batch_get_due_parts (const GstPixelBatch *self, guint n_added)
{
  const guint n_left = self->n_parts - n_added;
  const guint n_frames = get_room (self) - self->n_frames + 1; /* of which this is the first */

  return self->n_frames >= self->size ? (n_left + n_frames - 1) / n_frames : 0;
}

void
gst_pixel_batch_get_frames (const GstPixelBatch *self, PixelnormFrame *frames, guint n)
{
  for (guint i = 0; i < n; i++)
    frames[i] = self->waiting[place (self, i)].frame;
}

void
gst_pixel_batch_forget (GstPixelBatch *self, guint n)
{
  g_return_if_fail (n <= self->n_frames);

  for (guint i = 0; i < n; i++) {
    GstPixelWaiting *waiting = &self->waiting[place (self, i)];

    if (waiting->buffer || (self->borrowed && i == self->n_frames - 1))
      gst_pixel_frame_unmap (&waiting->mapped);
    if (waiting->buffer)
      self->released[self->n_released++] = g_steal_pointer (&waiting->buffer);
  }
  self->borrowed = self->borrowed && n < self->n_frames;
  self->first = place (self, n);
  self->n_frames -= n;
}

guint
gst_pixel_batch_steal_released (GstPixelBatch *self, GstBuffer **buffers)
{
  const guint n = self->n_released;

  memcpy (buffers, self->released, n * sizeof *buffers);
  self->n_released = 0;
  return n;
}

void
gst_pixel_batch_forget_pool (GstPixelBatch *self)
{
  gst_clear_object (&self->pool);
}

/* A pool that somebody else proposes stays as it is: it grows, or its buffers are not held. */
gboolean
gst_pixel_batch_propose (GstQuery *query)
{
  const guint n_pools = gst_query_get_n_allocation_pools (query);
  GstBufferPool *pool = NULL;
  guint size, min, max, n_at_once, n_parts;
  GstVideoInfo info;
  GstCaps *caps;

  gst_query_parse_allocation (query, &caps, NULL);
  if (!caps || !gst_video_info_from_caps (&info, caps))
    return FALSE;
  choose_size (GST_VIDEO_INFO_SIZE (&info), &n_at_once, &n_parts);
  const guint n_kept = n_at_once + n_parts - 2; /* from one buffer to the next */
  for (guint i = 0; i < n_pools; i++) {
    gst_query_parse_nth_allocation_pool (query, i, &pool, &size, &min, &max);
    if (!pool && max == 0)
      gst_query_set_nth_allocation_pool (query, i, NULL, size, min + n_kept, max);
    gst_clear_object (&pool);
  }
  if (n_pools == 0)
    gst_query_add_allocation_pool (query, NULL, (guint) GST_VIDEO_INFO_SIZE (&info), n_kept, 0);
  return TRUE;
}
