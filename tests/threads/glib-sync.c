/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GLib and GStreamer are not instrumented, and their locks are futexes, of which ThreadSanitizer knows nothing: it
 * would call every use of them a race. This object, and that of gst-sync.c, go into programs that it watches. Their
 * functions stand before those of the libraries for all who call them from outside, tell what they order, and
 * call the real one.
 *
 * Functions that a library calls within itself are not seen; hence queues, pools and
 * calls in other threads have an entry, too.
 */
#include "sync.h"

/* LOCK TABLE: names, what they lock, and what they say of it before and after. */
#define BEFORE(function, Type, order)                                                              \
  VISIBLE void function (Type *object)                                                             \
  {                                                                                                \
    REAL (function);                                                                               \
    order (object);                                                                                \
    function##_real (object);                                                                      \
  }
#define AFTER(function, Type, order)                                                               \
  VISIBLE void function (Type *object)                                                             \
  {                                                                                                \
    REAL (function);                                                                               \
    function##_real (object);                                                                      \
    order (object);                                                                                \
  }
#define TRIED(function, Type)                                                                      \
  VISIBLE gboolean function (Type *object)                                                         \
  {                                                                                                \
    REAL (function);                                                                               \
    const gboolean locked = function##_real (object);                                              \
    if (locked)                                                                                    \
      __tsan_acquire (object);                                                                     \
    return locked;                                                                                 \
  }

AFTER (g_mutex_lock, GMutex, __tsan_acquire)
TRIED (g_mutex_trylock, GMutex)
BEFORE (g_mutex_unlock, GMutex, __tsan_release)
AFTER (g_rec_mutex_lock, GRecMutex, __tsan_acquire)
TRIED (g_rec_mutex_trylock, GRecMutex)
BEFORE (g_rec_mutex_unlock, GRecMutex, __tsan_release)
AFTER (g_rw_lock_writer_lock, GRWLock, __tsan_acquire)
TRIED (g_rw_lock_writer_trylock, GRWLock)
BEFORE (g_rw_lock_writer_unlock, GRWLock, __tsan_release)
AFTER (g_rw_lock_reader_lock, GRWLock, __tsan_acquire)
TRIED (g_rw_lock_reader_trylock, GRWLock)
BEFORE (g_rw_lock_reader_unlock, GRWLock, __tsan_release)

/* It unlocks the mutex, and locks it again. */
VISIBLE void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  __tsan_release (mutex);
  g_cond_wait_real (cond, mutex);
  __tsan_acquire (mutex);
}

VISIBLE gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  REAL (g_cond_wait_until);
  __tsan_release (mutex);
  const gboolean woken = g_cond_wait_until_real (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return woken;
}

#undef g_once_init_enter
#undef g_once_init_leave
VISIBLE gboolean
g_once_init_enter (volatile void *location)
{
  REAL (g_once_init_enter);
  const gboolean first = g_once_init_enter_real (location);
  if (!first)
    __tsan_acquire ((void *) location);
  return first;
}

VISIBLE void
g_once_init_leave (volatile void *location, gsize result)
{
  REAL (g_once_init_leave);
  __tsan_release ((void *) location);
  g_once_init_leave_real (location, result);
}

VISIBLE void
g_object_unref (gpointer object)
{
  REAL (g_object_unref);
  sync_unref (object, g_atomic_int_get (&G_OBJECT (object)->ref_count));
  g_object_unref_real (object);
}

/* QUEUE TABLE: what goes in is seen by whoever takes it out. */
#define PUSH(function)                                                                             \
  VISIBLE void function (GAsyncQueue *queue, gpointer data)                                        \
  {                                                                                                \
    REAL (function);                                                                               \
    __tsan_release (queue);                                                                        \
    function##_real (queue, data);                                                                 \
  }
#define POP(function)                                                                              \
  VISIBLE gpointer function (GAsyncQueue *queue)                                                   \
  {                                                                                                \
    REAL (function);                                                                               \
    gpointer data = function##_real (queue);                                                       \
    __tsan_acquire (queue);                                                                        \
    return data;                                                                                   \
  }

PUSH (g_async_queue_push)
POP (g_async_queue_pop)
POP (g_async_queue_try_pop)

VISIBLE gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  REAL (g_async_queue_timeout_pop);
  gpointer data = g_async_queue_timeout_pop_real (queue, timeout);
  __tsan_acquire (queue);
  return data;
}

/* Where it is inlined it is atomic there. */
VISIBLE gpointer
g_once_impl (GOnce *once, GThreadFunc func, gpointer arg)
{
  REAL (g_once_impl);
  __tsan_release (once);
  gpointer result = g_once_impl_real (once, func, arg);
  __tsan_acquire (once);
  return result;
}
