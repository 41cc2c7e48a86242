/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool of pixelnorm's output. Tensors are large (95 MiB for 4K in float32), and two things
 * matter: that memory is used again, since fresh pages cost more than the arithmetic; and that
 * memory that runs out is an error, where GStreamer's default allocator ends the program.
 */
#include "gstpixelpool.h"

#include <stdlib.h>
#include <sys/mman.h>

#define ALIGNMENT 64 /* a cache line, and the widest vector */
#define LARGE_PAGE (2 << 20)

struct _GstPixelPool {
  GstBufferPool parent;

  gsize size; /* of a buffer, from the configuration */
};

G_DEFINE_FINAL_TYPE (GstPixelPool, gst_pixel_pool, GST_TYPE_BUFFER_POOL)

static gboolean
gst_pixel_pool_set_config (GstBufferPool *pool, GstStructure *config)
{
  guint size;

  if (!gst_buffer_pool_config_get_params (config, NULL, &size, NULL, NULL) || size == 0)
    return FALSE;
  GST_PIXEL_POOL (pool)->size = size;
  return GST_BUFFER_POOL_CLASS (gst_pixel_pool_parent_class)->set_config (pool, config);
}

static GstFlowReturn
gst_pixel_pool_alloc_buffer (
    GstBufferPool *pool, GstBuffer **buffer, GstBufferPoolAcquireParams *params)
{
  const gsize size = GST_PIXEL_POOL (pool)->size;
  void *data = NULL;

  if (posix_memalign (&data, size < LARGE_PAGE ? ALIGNMENT : LARGE_PAGE, size) != 0)
    return GST_FLOW_ERROR;
#ifdef MADV_HUGEPAGE
  if (size >= LARGE_PAGE)
    madvise (data, size, MADV_HUGEPAGE); /* a wish: no matter where it is not granted */
#endif
  *buffer = gst_buffer_new_wrapped_full (0, data, size, 0, size, data, free);
  return GST_FLOW_OK;
}

static void
gst_pixel_pool_class_init (GstPixelPoolClass *klass)
{
  GstBufferPoolClass *pool_class = GST_BUFFER_POOL_CLASS (klass);

  pool_class->set_config = gst_pixel_pool_set_config;
  pool_class->alloc_buffer = gst_pixel_pool_alloc_buffer;
}

static void
gst_pixel_pool_init (GstPixelPool *pool)
{
}

GstBufferPool *
gst_pixel_pool_new (void)
{
  GstBufferPool *pool = g_object_new (GST_TYPE_PIXEL_POOL, NULL);

  g_object_ref_sink (pool);
  return pool;
}
