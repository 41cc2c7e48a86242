/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A batch keeps a frame in one of two ways, and its pointers stay good in both:
 *
 * - held: a reference to the buffer, mapped for reading from the moment when it was checked. Nobody
 *   can write to it, or change its metas, while that lasts: elements downstream copy it first.
 * - copied into memory of the batch, which is allocated once a format. That is the way wherever
 *   somebody may wait for the buffer: it comes from a pool that has a maximum, from a device, or
 *   wraps memory of an application.
 *
 * The frame that makes a batch full, and one for whose copy there is no memory, is only borrowed: it
 * is used while its buffer is still in the hands of the caller.
 */
#include "gstpixelbatch.h"

#include <string.h>

GST_DEBUG_CATEGORY (gst_pixel_stats_debug);
#define GST_CAT_DEFAULT gst_pixel_stats_debug

void
gst_pixel_batch_init (GstPixelBatch *self)
{
  self->system = gst_allocator_find (GST_ALLOCATOR_SYSMEM);
}

static void
free_copies (GstPixelBatch *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->copies); i++)
    g_clear_pointer (&self->copies[i], g_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->mapped); i++)
    gst_pixel_frame_clear (&self->mapped[i]);
}

void
gst_pixel_batch_clear (GstPixelBatch *self)
{
  free_copies (self);
  gst_pixel_batch_forget_pool (self);
  gst_pixel_video_clear (&self->video);
  gst_clear_object (&self->system);
}

void
gst_pixel_batch_set_format (GstPixelBatch *self, GstPixelVideo *video, guint size)
{
  g_return_if_fail (self->n_frames == 0 && size >= 1 && size <= PIXELNORM_MAX_BATCH);

  free_copies (self);
  gst_pixel_video_take (&self->video, video);
  self->size = size;
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
copy_last (GstPixelBatch *self)
{
  const guint i = self->n_frames - 1;
  const gsize bytes = pixelnorm_layout_get_frame_bytes (self->video.layout);
  PixelnormFrame copy;

  if (!self->copies[i])
    self->copies[i] = g_try_malloc (bytes);
  if (!self->copies[i]
      || !pixelnorm_frame_init_packed (&copy, self->video.layout, self->copies[i], bytes, NULL))
    return FALSE;
  pixelnorm_frame_copy (&copy, &self->frames[i], self->video.layout);
  gst_pixel_frame_unmap (&self->mapped[i]);
  self->frames[i] = copy;
  return TRUE;
}

gboolean
gst_pixel_batch_take (GstPixelBatch *self, GstBuffer *buffer, GError **error)
{
  const guint i = self->n_frames;

  if (!gst_pixel_frame_map (&self->mapped[i], &self->video, buffer, GST_MAP_READ, error))
    return FALSE;
  self->frames[i] = self->mapped[i].frame;
  self->n_frames++;
  if (self->n_frames == self->size) {
    self->borrowed = TRUE;
    return TRUE;
  }
  if (self->video.is_unpacked) { /* into memory of its own */
    gst_pixel_frame_unmap (&self->mapped[i]);
    return TRUE;
  }
  const gchar *reason = why_not_hold (self, buffer);
  if (!self->is_logged || reason != self->reason)
    GST_DEBUG ("frames of a batch of %u are %s%s", self->size, reason ? "copied: " : "held",
        reason ? reason : "");
  self->is_logged = TRUE;
  self->reason = reason;
  if (!reason)
    self->buffers[i] = gst_buffer_ref (buffer);
  else
    self->borrowed = !copy_last (self);
  return TRUE;
}

gboolean
gst_pixel_batch_is_due (const GstPixelBatch *self)
{
  return self->borrowed;
}

void
gst_pixel_batch_empty (GstPixelBatch *self)
{
  for (guint i = 0; i < self->n_frames; i++) {
    if (self->buffers[i] || (self->borrowed && i == self->n_frames - 1))
      gst_pixel_frame_unmap (&self->mapped[i]);
    if (self->buffers[i])
      self->released[self->n_released++] = g_steal_pointer (&self->buffers[i]);
  }
  self->n_frames = 0;
  self->borrowed = FALSE;
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
  guint size, min, max;
  GstVideoInfo info;
  GstCaps *caps;

  gst_query_parse_allocation (query, &caps, NULL);
  if (!caps || !gst_video_info_from_caps (&info, caps))
    return FALSE;
  for (guint i = 0; i < n_pools; i++) {
    gst_query_parse_nth_allocation_pool (query, i, &pool, &size, &min, &max);
    if (!pool && max == 0)
      gst_query_set_nth_allocation_pool (query, i, NULL, size, min + GST_PIXEL_BATCH_MAX_KEPT, max);
    gst_clear_object (&pool);
  }
  if (n_pools == 0)
    gst_query_add_allocation_pool (
        query, NULL, (guint) GST_VIDEO_INFO_SIZE (&info), GST_PIXEL_BATCH_MAX_KEPT, 0);
  return TRUE;
}
