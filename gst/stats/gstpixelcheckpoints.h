/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving while collecting goes on. */
#pragma once

#include <gst/gst.h>

#include "gstpixelcollector.h"

/* Writes a profile that has all of @changes, as gst_pixel_collector_write() does. */
typedef gboolean (*GstPixelWriteFunc) (GstElement *element, PixelnormProfile *profile,
    guint64 changes, gchar **moved_to, GError **error);
/* Something else stood at the location, so that the profile was written to @moved_to. */
typedef void (*GstPixelMovedFunc) (GstElement *element, const gchar *moved_to);

typedef struct {
  GstElement *element; /* on whose behalf; not owned */
  GstPixelCollector *collector;
  GstPixelWriteFunc write;
  GstPixelMovedFunc moved;

  GMutex lock;
  GCond done;
  guint n_writing;
  guint64 begun_changes; /* that the newest one has */
  gboolean last_failed;  /* the bus heard of it */
} GstPixelCheckpoints;

void gst_pixel_checkpoints_init (GstPixelCheckpoints *self, GstElement *element,
    GstPixelCollector *collector, GstPixelWriteFunc write, GstPixelMovedFunc moved);
void gst_pixel_checkpoints_clear (GstPixelCheckpoints *self);

/* Snapshot and file in another thread. One at a time: while a disk is slow, none is begun;
 * @last, which ends collecting, waits for its turn. Failures are warnings on the bus; that of @last
 * is an error. */
void gst_pixel_checkpoints_begin (GstPixelCheckpoints *self, gboolean last);

/* Until none is being written. Returns whether the bus heard that the last one failed. */
gboolean gst_pixel_checkpoints_wait (GstPixelCheckpoints *self);
