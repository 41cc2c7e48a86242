/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints: the snapshot is made in the streaming thread, so that it is of whole frames, and
 * written in another, so that no frame waits for a disk.
 */
#include "gstpixelcheckpoints.h"

#include "common/gstpixelerror.h"

#define GST_CAT_DEFAULT gst_pixel_stats_debug

typedef struct {
  GstPixelCheckpoints *owner; /* waits for this before it goes */
  PixelnormProfile *profile;
  guint64 changes;
  gboolean last;
} Checkpoint;

void
gst_pixel_checkpoints_init (GstPixelCheckpoints *self, GstElement *element,
    GstPixelCollector *collector, GstPixelMovedFunc moved)
{
  self->element = element;
  self->collector = collector;
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
checkpoint_free (gpointer data)
{
  Checkpoint *checkpoint = data;

  g_object_unref (checkpoint->profile);
  g_free (checkpoint);
}

static void
write_checkpoint (GstElement *element, gpointer data)
{
  Checkpoint *checkpoint = data;
  GstPixelCheckpoints *self = checkpoint->owner;
  g_autofree gchar *moved_to = NULL;
  g_autoptr (GError) error = NULL;

  const gboolean ok = gst_pixel_collector_write (
      self->collector, checkpoint->profile, checkpoint->changes, &moved_to, &error);
  GST_DEBUG_OBJECT (element, "checkpoint of %" G_GUINT64_FORMAT " frames %s",
      pixelnorm_profile_get_frames (checkpoint->profile), ok ? "written" : "not written");
  g_mutex_lock (&self->lock);
  self->n_writing--;
  self->last_failed = checkpoint->last && !ok;
  g_cond_broadcast (&self->done);
  g_mutex_unlock (&self->lock);
  /* only now: who hears it may stop or reset the element at once, and that waits for n_writing */
  if (moved_to)
    self->moved (element, moved_to);
  if (!ok)
    gst_pixel_error_post (element, checkpoint->last ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING,
        error,
        checkpoint->last ? "saving after max-frames" : "saving a checkpoint; collecting goes on");
}

void
gst_pixel_checkpoints_begin (GstPixelCheckpoints *self, gboolean last)
{
  g_autoptr (GError) error = NULL;
  guint64 changes;

  if (last)
    gst_pixel_checkpoints_wait (self);
  GST_DEBUG_OBJECT (self->element, "checkpoint is due");
  g_mutex_lock (&self->lock);
  /* at work, or nothing came since the one before */
  const gboolean idle = self->n_writing == 0
      && (last || self->begun_changes != gst_pixel_collector_get_changes (self->collector));
  g_mutex_unlock (&self->lock);
  if (!idle)
    return;
  PixelnormProfile *profile = gst_pixel_collector_snapshot (self->collector, &changes, &error);
  if (!profile) {
    if (error)
      gst_pixel_error_post (self->element, GST_MESSAGE_WARNING, error, "making a checkpoint");
    return;
  }
  Checkpoint *checkpoint = g_new (Checkpoint, 1);
  *checkpoint = (Checkpoint){ self, profile, changes, last };
  GST_DEBUG_OBJECT (self->element, "checkpoint of %" G_GUINT64_FORMAT " frames begun",
      pixelnorm_profile_get_frames (profile));
  g_mutex_lock (&self->lock);
  self->n_writing++;
  self->begun_changes = changes;
  g_mutex_unlock (&self->lock);
  gst_element_call_async (self->element, write_checkpoint, checkpoint, checkpoint_free);
}
