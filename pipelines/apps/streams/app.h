/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipeline of all streams and their one consumer. */
#pragma once

#include "stream.h"

typedef struct {
  AppConfig *config;
  GMainLoop *loop;
  GstElement *pipeline, *funnel;
  GMutex lock;            /* guards the table against the consumer's thread */
  GHashTable *streams;    /* name -> Stream; changed by the main thread only */
  gint64 begin, reported; /* monotonic microseconds */
  guint n_added;
  guint64 frames, consumed; /* of streams that are gone */
  gint strangers;           /* tensors at the consumer that no stream's name was found on; atomic */
  gboolean failed;          /* an error that all streams share */
} App;

/* Builds the pipeline and starts it, without any stream. FALSE with an error. */
gboolean app_start (App *self, AppConfig *config, GError **error);

/* Adds a stream while the others play. Takes over @config, whatever comes of it. */
gboolean app_add (App *self, StreamConfig *config, GError **error);
/* FALSE: there is none of that name. */
gboolean app_remove (App *self, const gchar *name);
/* Adds what is new in a configuration, removes what is gone, and begins anew what changed. */
void app_follow (App *self, const AppConfig *config);

/* Prints a line a stream, with frames/s since the last report. */
void app_report (App *self);
/* Stops everything and prints the last line. */
void app_stop (App *self);
