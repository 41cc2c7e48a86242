/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the application is asked to do: a file of groups and keys, as deepstream-app has it. */
#pragma once

#include <gst/gst.h>

/* One stream: where it comes from, and what is done to it. */
typedef struct {
  gchar *name;
  gchar *uri;       /* a file or a stream, or NULL: a test pattern */
  gchar *pattern;   /* of videotestsrc */
  gint frames;      /* of a test pattern; -1: without end */
  gboolean live;    /* a test pattern at its framerate, as a camera gives it */
  gchar *caps;      /* of the video that is normalized, or NULL: what suits the profile */
  gchar *collect;   /* profile to write, or NULL */
  GArray *settings; /* of StreamSetting: properties of pixelnorm */
} StreamConfig;

typedef struct {
  gchar *name, *value;
} StreamSetting;

typedef struct {
  guint interval;     /* seconds between two reports; 0: one at the end */
  guint duration;     /* seconds; 0: until all streams have ended */
  gchar *tensor_caps; /* what the consumer takes */
  gchar *consumer; /* a description as of gst-launch-1.0, or NULL: frames are counted and dropped */
  GPtrArray *streams; /* of StreamConfig */
} AppConfig;

/* Reads a file. NULL with an error of G_KEY_FILE_ERROR or G_FILE_ERROR that names group and key. */
AppConfig *app_config_load (const gchar *path, GError **error);
void app_config_free (AppConfig *self);

/* A stream of words "key=value". */
StreamConfig *stream_config_new (const gchar *name, const gchar *const *words, GError **error);
void stream_config_free (StreamConfig *self);

gboolean stream_config_equal (const StreamConfig *a, const StreamConfig *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AppConfig, app_config_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StreamConfig, stream_config_free)
