/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixelstats has collected, shared between the streaming thread, the application and writers.
 */
#pragma once

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

#include "gstpixelbatch.h"
#include "gstpixelfile.h"
#include "png/mask-image.h"

typedef struct {
  /* the streaming thread takes it a frame at a time, the application's to save, reset or look */
  GMutex lock;
  PixelnormAccumulator *accumulator; /* NULL until caps are known, or an appended file was read */
  gboolean is_claimed; /* a thread works on the accumulator, or may; frames go on waiting */
  GCond changed;       /* that ended, or there is room for frames */
  PixelnormScope scope;
  gboolean histogram;
  GstPixelColour colour; /* what frames are read as, with what was collected so far */
  MaskImage mask;
  gchar *source;        /* where frames come from, or NULL */
  GstPixelBatch batch;  /* frames that were taken, but not added yet */
  guint n_parts_added;  /* of the first of them */
  guint n_adding;       /* how many that are */
  guint64 frames;       /* in the accumulator, whole */
  guint64 skipped;      /* that it does not know of yet */
  GError *add_error;    /* why frames of a batch could not be added; nobody heard of it yet */
  guint64 taken;        /* frames of this run, without those of an appended file */
  guint64 seen;         /* whole frames, for frame-step */
  const gchar *assumed; /* what was said of caps that do not say all */
  gboolean full;        /* max-frames was reached */
  guint64 changes;      /* counts every frame taken or skipped */

  /* one file is written at a time; taken before the lock */
  GMutex write_lock;
  GstPixelFile file;
  guint64 saved_changes; /* `changes` of what stands in the file */
  gchar *saved_location; /* which file that is */
} GstPixelCollector;

void gst_pixel_collector_init (GstPixelCollector *self);
void gst_pixel_collector_clear (GstPixelCollector *self);

/* Forgets everything, the format too, and begins with @scope. */
void gst_pixel_collector_restart (GstPixelCollector *self, PixelnormScope scope);

/* What is counted from now on: frames read as @colour says; a histogram, too; only where the image at @mask is not 0;
 * only inside of @roi. Before anything else after a restart. */
gboolean gst_pixel_collector_choose (GstPixelCollector *self, const GstPixelColour *colour,
    gboolean histogram, const gchar *mask, const MaskRegion *roi, GError **error);

/* Forgets all frames; goes on with frames of the same format. A file that was written stays, but where @overwrite says
 * that it may be replaced. */
void gst_pixel_collector_reset (GstPixelCollector *self, gboolean overwrite);

/* Writes to @location from now on: see gst_pixel_file_open(). */
gboolean gst_pixel_collector_open (GstPixelCollector *self, GstElement *owner,
    const gchar *location, GstPixelFileMode mode, GError **error);
/* Others may write there. */
void gst_pixel_collector_close (GstPixelCollector *self);
/* Where to it writes, or NULL. Transfer full. */
gchar *gst_pixel_collector_dup_location (GstPixelCollector *self);

/* Goes on from the profile that is there, if one is. */
gboolean gst_pixel_collector_append (GstPixelCollector *self, GError **error);

/* Later frames are of these caps. Errors where they do not fit what was collected. @assumed: what the caps do not say, in
 * words, or NULL where it is nothing new; transfer full. */
gboolean gst_pixel_collector_set_format (
    GstPixelCollector *self, const GstCaps *caps, gchar **assumed, GError **error);
/* Whether there was such. */
gboolean gst_pixel_collector_has_format (GstPixelCollector *self);

/* Notes where frames come from, without names, passwords and queries. */
void gst_pixel_collector_add_source (GstPixelCollector *self, const gchar *uri);

/* Takes, skips or passes over @buffer, which in scope pixel may be held until there are enough for a
 * batch. Returns whether @max (0 = none) was just reached. An error PIXELNORM_ERROR_READ: the buffer
 * was broken and is counted as skipped; others end collecting. */
gboolean gst_pixel_collector_look (
    GstPixelCollector *self, GstBuffer *buffer, guint step, guint64 max, GError **error);

/* Adds the frames that wait, so that no buffer is held. Whoever looks at the statistics need not call
 * it; this is for those who wait for buffers, and for those who can tell errors: also one that a
 * batch met while somebody looked is returned here. */
gboolean gst_pixel_collector_add_held (GstPixelCollector *self, GError **error);

guint64 gst_pixel_collector_get_taken (GstPixelCollector *self);
guint64 gst_pixel_collector_get_frames (GstPixelCollector *self);
guint64 gst_pixel_collector_get_skipped (GstPixelCollector *self);
guint64 gst_pixel_collector_get_changes (GstPixelCollector *self);

/* frames, frames-skipped, channels, and per channel mean, std, min, max. Transfer full. */
GstStructure *gst_pixel_collector_describe (GstPixelCollector *self);

/* The statistics so far; @changes is for gst_pixel_collector_write(). NULL without an error: no
 * frame. */
PixelnormProfile *gst_pixel_collector_snapshot (
    GstPixelCollector *self, guint64 *changes, GError **error);
/* Writes to the file that is open. @moved_to: set to the file beside it that was written instead, where something else
 * stood there; transfer full. */
gboolean gst_pixel_collector_write (GstPixelCollector *self, PixelnormProfile *profile,
    guint64 changes, gchar **moved_to, GError **error);

/* Writes what there is, where it does not stand in the file yet. Without frames it writes nothing
 * and succeeds. */
gboolean gst_pixel_collector_save (GstPixelCollector *self, gchar **moved_to, GError **error);
