/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties that name a plan: what to normalize with, and how. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

/* So many rows of the settings table, at most, and less than so large ids of properties. Sets of properties
 * have a bit for each, 1 << its id. */
#define GST_PIXEL_SETTINGS_MAX 32
#define GST_PIXEL_SETTINGS_MAX_ID (GST_PIXEL_SETTINGS_MAX + 6)

/* The element's object lock guards those of an element. */
typedef struct {
  gchar *location, *dark_location, *affine_location;
  PixelnormProfile *profile;   /* set by the application; before location */
  gboolean profile_optional;   /* pixeldenorm may find mean and std on every buffer */
  PixelnormSettings *settings; /* but for the layout, which caps decide */
  guint tensor_layouts;        /* which may be taken, GstPixelCapsLayouts */
  guint32 given;               /* what is not as by default, a bit a row of the settings table */
  gchar *problems[GST_PIXEL_SETTINGS_MAX]; /* of rows that were set to no list of numbers */
} GstPixelSettings;

void gst_pixel_settings_init (GstPixelSettings *self);
void gst_pixel_settings_clear (GstPixelSettings *self);

/* Installs the properties, with ids from 1 on. */
void gst_pixel_settings_install (GObjectClass *klass);
/* FALSE: no property of these has @id. */
gboolean gst_pixel_settings_set (
    GstPixelSettings *self, guint id, const GValue *value, GParamSpec *spec);
gboolean gst_pixel_settings_get (GstPixelSettings *self, guint id, GValue *value);

/* A copy to work with while the lock is free. */
void gst_pixel_settings_copy (const GstPixelSettings *self, GstPixelSettings *copy);

/* Takes over what @from has of @properties. */
void gst_pixel_settings_take (
    GstPixelSettings *self, const GstPixelSettings *from, guint64 properties);

/* The names of @properties, with commas. Transfer full. */
gchar *gst_pixel_settings_name (guint64 properties);

/* What was set and has no effect with the method or the source of statistics, in sentences; NULL: nothing. */
gchar *gst_pixel_settings_find_ineffective (const GstPixelSettings *self);

/* Checks everything that can be known before caps are, and loads the files that are among @properties; the
 * others are those of @known, which may be NULL where all are. Without the lock. Transfer full, or NULL with
 * an error. */
PixelnormInputs *gst_pixel_settings_load (
    const GstPixelSettings *self, const PixelnormInputs *known, guint64 properties, GError **error);
