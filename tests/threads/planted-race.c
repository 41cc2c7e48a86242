/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two threads count in one variable: by nothing, which is a race, or by each way of GLib and GStreamer that orders
 * them, which is none. The way is the argument.
 */
#include <gst/gst.h>
#include <string.h>

enum { N = 2000 };

typedef struct {
  const gchar *way;
  GMutex mutex;
  GRecMutex rec_mutex;
  GRWLock rw_lock;
  GCond cond;
  GAsyncQueue *queue;
  GstElement *element;
  gboolean is_done;
  guint n;
} Plant;

static gpointer
count (gpointer data)
{
  Plant *plant = data;
  const gboolean mutex = g_str_equal (plant->way, "mutex");
  const gboolean rec_mutex = g_str_equal (plant->way, "rec-mutex");
  const gboolean rw_lock = g_str_equal (plant->way, "rw-lock");
  const gboolean object = g_str_equal (plant->way, "object-lock");

  for (guint i = 0; i < N; i++) {
    if (mutex)
      g_mutex_lock (&plant->mutex);
    else if (rec_mutex)
      g_rec_mutex_lock (&plant->rec_mutex);
    else if (rw_lock)
      g_rw_lock_writer_lock (&plant->rw_lock);
    else if (object)
      GST_OBJECT_LOCK (plant->element);
    plant->n++;
    if (mutex)
      g_mutex_unlock (&plant->mutex);
    else if (rec_mutex)
      g_rec_mutex_unlock (&plant->rec_mutex);
    else if (rw_lock)
      g_rw_lock_writer_unlock (&plant->rw_lock);
    else if (object)
      GST_OBJECT_UNLOCK (plant->element);
  }
  return NULL;
}

/* The other one goes on when this one is through. */
static gpointer
count_and_signal (gpointer data)
{
  Plant *plant = data;

  count (plant);
  g_mutex_lock (&plant->mutex);
  plant->is_done = TRUE;
  g_cond_signal (&plant->cond);
  g_mutex_unlock (&plant->mutex);
  return NULL;
}

static gpointer
count_and_push (gpointer data)
{
  Plant *plant = data;

  count (plant);
  g_async_queue_push (plant->queue, plant);
  return NULL;
}

static void
count_async (GstElement *element, gpointer data)
{
  count_and_signal (data);
}

static void
wait_until_done (Plant *plant)
{
  g_mutex_lock (&plant->mutex);
  while (!plant->is_done)
    g_cond_wait (&plant->cond, &plant->mutex);
  g_mutex_unlock (&plant->mutex);
}

int
main (int argc, char **argv)
{
  Plant plant = { .way = argc > 1 ? argv[1] : "" };
  GThread *thread = NULL;

  gst_init (NULL, NULL);
  g_mutex_init (&plant.mutex);
  g_rec_mutex_init (&plant.rec_mutex);
  g_rw_lock_init (&plant.rw_lock);
  g_cond_init (&plant.cond);
  plant.queue = g_async_queue_new ();
  plant.element = gst_object_ref_sink (gst_pipeline_new (NULL));

  if (g_str_equal (plant.way, "async")) {
    count (&plant);
    gst_element_call_async (plant.element, count_async, &plant, NULL);
    wait_until_done (&plant);
  } else if (g_str_equal (plant.way, "cond")) {
    thread = g_thread_new (NULL, count_and_signal, &plant);
    wait_until_done (&plant);
  } else if (g_str_equal (plant.way, "queue")) {
    thread = g_thread_new (NULL, count_and_push, &plant);
    g_async_queue_pop (plant.queue);
  } else {
    thread = g_thread_new (NULL, count, &plant);
  }
  count (&plant);
  if (thread)
    g_thread_join (thread);
  g_print ("%u\n", plant.n);

  gst_object_unref (plant.element);
  g_async_queue_unref (plant.queue);
  g_mutex_clear (&plant.mutex);
  g_rec_mutex_clear (&plant.rec_mutex);
  g_rw_lock_clear (&plant.rw_lock);
  g_cond_clear (&plant.cond);
  return 0;
}
