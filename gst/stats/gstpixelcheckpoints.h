/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving while collecting goes on. */
#pragma once

#include <gst/gst.h>

#include "gstpixelcollector.h"

typedef struct {
  GstElement *element; /* on whose behalf; not owned */
  GstPixelCollector *collector;

  GMutex lock;
  GCond done;
  guint n_writing;
  guint64 begun_changes; /* of the newest one */
  gboolean last_failed;  /* the bus heard of it */
} GstPixelCheckpoints;

void gst_pixel_checkpoints_init (
    GstPixelCheckpoints *self, GstElement *element, GstPixelCollector *collector);
void gst_pixel_checkpoints_clear (GstPixelCheckpoints *self);

/* Snapshot now, writing in another thread. One at a time: while a disk is slow, none is begun;
 * @last, which ends collecting, waits for its turn. Failures are warnings on the bus; that of @last
 * is an error. */
void gst_pixel_checkpoints_begin (GstPixelCheckpoints *self, const gchar *location, gboolean last);

/* Until none is being written. Returns whether the bus heard that the last one failed. */
gboolean gst_pixel_checkpoints_wait (GstPixelCheckpoints *self);
