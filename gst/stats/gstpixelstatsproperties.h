/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of pixelstats that are set: their defaults and words, and where they are kept. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

#include "common/gstpixelcolour.h"
#include "png/mask-image.h"

/* The element's object lock guards it. */
typedef struct {
  gchar *location;
  gboolean location_changed; /* and nobody looked yet */
  PixelnormScope scope;
  gboolean append, overwrite;
  guint frame_step;
  guint64 max_frames;
  GstClockTime checkpoint_interval, message_interval;
  gboolean histogram;
  GstPixelColour colour;
  gchar *mask; /* the location of an image, or NULL */
  gboolean has_roi;
  MaskRegion roi;
  gchar *roi_problem; /* it was set to something that is no rectangle */
} GstPixelStatsSettings;

GType gst_pixel_stats_scope_get_type (void);

void gst_pixel_stats_settings_init (GstPixelStatsSettings *self);
void gst_pixel_stats_settings_clear (GstPixelStatsSettings *self);
/* @copy is overwritten. */
void gst_pixel_stats_settings_copy (const GstPixelStatsSettings *self, GstPixelStatsSettings *copy);
/* Whether they can be, as far as they say themselves. */
gboolean gst_pixel_stats_settings_check (const GstPixelStatsSettings *self, GError **error);

/* Installs the properties, with ids from 1 on. */
void gst_pixel_stats_settings_install (GObjectClass *klass);
/* How many ids they take; other properties have those that follow. */
extern const guint gst_pixel_stats_n_settings;

/* FALSE: no property of these has @id. */
gboolean gst_pixel_stats_settings_set (GstPixelStatsSettings *self, guint id, const GValue *value);
gboolean gst_pixel_stats_settings_get (const GstPixelStatsSettings *self, guint id, GValue *value);
