/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints: snapshot and file are made in another thread than the stream's, so that no frame waits for a disk, and few for
 * memory (gstpixelcollector.c). Each is of whole frames.
 */
#include "gstpixelcheckpoints.h"

#include "common/gstpixelerror.h"

#define GST_CAT_DEFAULT gst_pixel_stats_debug

typedef struct {
  GstPixelCheckpoints *owner; /* waits for this before it goes */
  gboolean last;
} Checkpoint;

void
gst_pixel_checkpoints_init (GstPixelCheckpoints *self, GstElement *element,
    GstPixelCollector *collector, GstPixelWriteFunc write, GstPixelMovedFunc moved)
{
  self->element = element;
  self->collector = collector;
  self->write = write;
  self->moved = moved;
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
}

void
gst_pixel_checkpoints_clear (GstPixelCheckpoints *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done);
}

gboolean
gst_pixel_checkpoints_wait (GstPixelCheckpoints *self)
{
  g_mutex_lock (&self->lock);
  while (self->n_writing > 0)
    g_cond_wait (&self->done, &self->lock);
  const gboolean failed = self->last_failed;
  g_mutex_unlock (&self->lock);
  return failed;
}

static void
make_checkpoint (GstElement *element, gpointer data)
{
  const Checkpoint *checkpoint = data;
  GstPixelCheckpoints *self = checkpoint->owner;
  g_autofree gchar *moved_to = NULL;
  g_autoptr (GError) error = NULL;
  guint64 changes;

  g_autoptr (PixelnormProfile) profile =
      gst_pixel_collector_snapshot (self->collector, &changes, &error);
  if (profile)
    self->write (element, profile, changes, &moved_to, &error);
  GST_DEBUG_OBJECT (element, "checkpoint of %" G_GUINT64_FORMAT " frames %s",
      profile ? pixelnorm_profile_get_frames (profile) : 0, error ? "not written" : "written");
  g_mutex_lock (&self->lock);
  self->n_writing--;
  self->begun_changes = changes;
  self->last_failed = checkpoint->last && error;
  g_cond_broadcast (&self->done);
  g_mutex_unlock (&self->lock);
  /* only now: who hears it may stop or reset the element at once, and that waits for n_writing */
  if (moved_to)
    self->moved (element, moved_to);
  if (error)
    gst_pixel_error_post (element, checkpoint->last ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING,
        error,
        checkpoint->last ? "saving after max-frames" : "saving a checkpoint; collecting goes on");
}

void
gst_pixel_checkpoints_begin (GstPixelCheckpoints *self, gboolean last)
{
  if (last)
    gst_pixel_checkpoints_wait (self);
  GST_DEBUG_OBJECT (self->element, "checkpoint is due");
  g_mutex_lock (&self->lock);
  /* at work, or nothing came since the one before */
  const gboolean idle = self->n_writing == 0
      && (last || self->begun_changes != gst_pixel_collector_get_changes (self->collector));
  self->n_writing += idle;
  g_mutex_unlock (&self->lock);
  if (!idle)
    return;
  Checkpoint *checkpoint = g_new (Checkpoint, 1);
  *checkpoint = (Checkpoint){ self, last };
  gst_element_call_async (self->element, make_checkpoint, checkpoint, g_free);
}
