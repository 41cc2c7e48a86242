/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool of pixelnorm's output. Tensors are large (95 MiB for 4K in float32), and two things
 * matter: that memory is used again, since fresh pages cost more than the arithmetic; and that
 * memory that runs out is an error, where GStreamer's default allocator ends the program.
 */
#include "gstpixelpool.h"

#include <gst/video/video.h>
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

void
gst_pixel_pool_decide (GstElement *element, GstDebugCategory *category, GstQuery *query,
    guint needed, gboolean take_theirs)
{
  const gboolean any = gst_query_get_n_allocation_pools (query) > 0;
  g_autoptr (GstBufferPool) pool = NULL;
  guint size = 0, min = 0, max = 0;

  if (take_theirs && any)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, &size, &min, &max);
  if (!pool)
    pool = gst_pixel_pool_new ();
  else if (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL)) {
    GstStructure *config = gst_buffer_pool_get_config (pool);

    gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config (pool, config);
  }
  size = MAX (size, needed);
  GST_CAT_DEBUG_OBJECT (category, element, "pool %" GST_PTR_FORMAT ", buffers of %u bytes, %s",
      pool, size, GST_IS_PIXEL_POOL (pool) ? "our own" : "downstream's");
  if (any)
    gst_query_set_nth_allocation_pool (query, 0, pool, size, min, max);
  else
    gst_query_add_allocation_pool (query, pool, size, min, max);
}
