/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What glib-sync.c is for, of GStreamer. */
#include "sync.h"

#include <gst/gst.h>

VISIBLE void
gst_mini_object_unref (GstMiniObject *object)
{
  REAL (gst_mini_object_unref);
  sync_unref (object, GST_MINI_OBJECT_REFCOUNT_VALUE (object));
  gst_mini_object_unref_real (object);
}

/* Where a pad is flushing, it drops the buffer within GStreamer. */
VISIBLE GstFlowReturn
gst_pad_push (GstPad *pad, GstBuffer *buffer)
{
  REAL (gst_pad_push);
  __tsan_release (buffer);
  return gst_pad_push_real (pad, buffer);
}

/* What others did to a buffer before it went back to its pool. */
VISIBLE GstFlowReturn
gst_buffer_pool_acquire_buffer (
    GstBufferPool *pool, GstBuffer **buffer, GstBufferPoolAcquireParams *params)
{
  REAL (gst_buffer_pool_acquire_buffer);
  const GstFlowReturn result = gst_buffer_pool_acquire_buffer_real (pool, buffer, params);
  if (result == GST_FLOW_OK)
    __tsan_acquire (*buffer);
  return result;
}

/* Only whoever holds the last reference finds out that it does. */
VISIBLE gboolean
gst_mini_object_is_writable (const GstMiniObject *object)
{
  REAL (gst_mini_object_is_writable);
  const gboolean writable = gst_mini_object_is_writable_real (object);
  if (writable)
    __tsan_acquire ((void *) object);
  return writable;
}

VISIBLE gboolean
gst_bus_post (GstBus *bus, GstMessage *message)
{
  REAL (gst_bus_post);
  __tsan_release (bus);
  return gst_bus_post_real (bus, message);
}

VISIBLE GstMessage *
gst_bus_timed_pop_filtered (GstBus *bus, GstClockTime timeout, GstMessageType types)
{
  REAL (gst_bus_timed_pop_filtered);
  GstMessage *message = gst_bus_timed_pop_filtered_real (bus, timeout, types);
  __tsan_acquire (bus);
  return message;
}

VISIBLE GstMessage *
gst_bus_pop_filtered (GstBus *bus, GstMessageType types)
{
  REAL (gst_bus_pop_filtered);
  GstMessage *message = gst_bus_pop_filtered_real (bus, types);
  __tsan_acquire (bus);
  return message;
}

VISIBLE GstMessage *
gst_bus_pop (GstBus *bus)
{
  REAL (gst_bus_pop);
  GstMessage *message = gst_bus_pop_real (bus);
  __tsan_acquire (bus);
  return message;
}

typedef struct {
  GstElementCallAsyncFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static void
run_call (GstElement *element, gpointer data)
{
  const Call *call = data;

  __tsan_acquire (data);
  call->func (element, call->data);
  __tsan_release (data);
}

static void
end_call (gpointer data)
{
  Call *call = data;

  __tsan_acquire (data);
  if (call->destroy)
    call->destroy (call->data);
  g_free (call);
}

VISIBLE void
gst_element_call_async (
    GstElement *element, GstElementCallAsyncFunc func, gpointer data, GDestroyNotify destroy)
{
  REAL (gst_element_call_async);
  Call *call = g_new (Call, 1);

  *call = (Call){ func, data, destroy };
  __tsan_release (call);
  gst_element_call_async_real (element, run_call, call, end_call);
}
