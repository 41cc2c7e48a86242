/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints: the snapshot is made in the streaming thread, so that it is of whole frames, and
 * written in another, so that no frame waits for a disk.
 */
#include "gstpixelcheckpoints.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "gstpixelerror.h"

typedef struct {
  GstPixelCheckpoints *owner; /* waits for this before it goes */
  gchar *location;
  PixelnormProfile *profile;
  guint64 changes;
  gboolean last;
} Checkpoint;

void
gst_pixel_checkpoints_init (
    GstPixelCheckpoints *self, GstElement *element, GstPixelCollector *collector)
{
  self->element = element;
  self->collector = collector;
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
}

void
gst_pixel_checkpoints_clear (GstPixelCheckpoints *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done);
}

void
gst_pixel_checkpoints_wait (GstPixelCheckpoints *self)
{
  g_mutex_lock (&self->lock);
  while (self->n_writing > 0)
    g_cond_wait (&self->done, &self->lock);
  g_mutex_unlock (&self->lock);
}

static void
checkpoint_free (gpointer data)
{
  Checkpoint *checkpoint = data;

  g_object_unref (checkpoint->profile);
  g_free (checkpoint->location);
  g_free (checkpoint);
}

static void
write_checkpoint (GstElement *element, gpointer data)
{
  Checkpoint *checkpoint = data;
  GstPixelCheckpoints *self = checkpoint->owner;
  g_autoptr (GError) error = NULL;

  if (!gst_pixel_collector_write (
          self->collector, checkpoint->profile, checkpoint->changes, checkpoint->location, &error))
    gst_pixel_error_post (element, checkpoint->last ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING,
        error,
        checkpoint->last ? "saving after max-frames" : "saving a checkpoint; collecting goes on");

  g_mutex_lock (&self->lock);
  self->n_writing--;
  g_cond_broadcast (&self->done);
  g_mutex_unlock (&self->lock);
}

void
gst_pixel_checkpoints_begin (GstPixelCheckpoints *self, const gchar *location, gboolean last)
{
  g_autoptr (GError) error = NULL;
  guint64 changes;

  if (last)
    gst_pixel_checkpoints_wait (self);
  g_mutex_lock (&self->lock);
  const gboolean busy = self->n_writing > 0;
  g_mutex_unlock (&self->lock);
  if (busy)
    return;
  PixelnormProfile *profile = gst_pixel_collector_snapshot (self->collector, &changes, &error);
  if (!profile) {
    if (error)
      gst_pixel_error_post (self->element, GST_MESSAGE_WARNING, error, "making a checkpoint");
    return;
  }
  Checkpoint *checkpoint = g_new (Checkpoint, 1);
  *checkpoint = (Checkpoint){ self, g_strdup (location), profile, changes, last };
  g_mutex_lock (&self->lock);
  self->n_writing++;
  g_mutex_unlock (&self->lock);
  gst_element_call_async (self->element, write_checkpoint, checkpoint, checkpoint_free);
}

gboolean
gst_pixel_checkpoints_check_location (const gchar *location, GError **error)
{
  g_autofree gchar *directory = g_path_get_dirname (location);

  if (!*location) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE,
        "The location is an empty text: expected the name of a file to write. Set one, or none at "
        "all to keep the profile in memory.");
    return FALSE;
  }
  if (g_file_test (location, G_FILE_TEST_EXISTS)
      && !g_file_test (location, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE,
        "%s: expected the name of a file to write, found %s. Set another location.", location,
        g_file_test (location, G_FILE_TEST_IS_DIR) ? "a directory"
                                                   : "something that is not a regular file");
    return FALSE;
  }
  if (!g_file_test (directory, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE,
        "%s: the directory %s does not exist. Make it first, or set another location.", location,
        directory);
    return FALSE;
  }
  if (g_access (directory, W_OK | X_OK) != 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE,
        "%s: the directory %s cannot be written: %s. Set another location.", location, directory,
        g_strerror (errno));
    return FALSE;
  }
  return TRUE;
}
