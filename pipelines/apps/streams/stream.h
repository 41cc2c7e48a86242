/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream of the application: a bin from the source to a normalized tensor, and what is known of it. */
#pragma once

#include "config.h"

/* Reference-counted by hand-over: the application owns it, and frees it when its bin is gone. */
typedef struct {
  StreamConfig *config;
  GstElement *bin; /* has the pad "src" */
  GstPad *joint;   /* of the funnel, that the bin is linked with */
  gint frames;     /* normalized; atomic */
  gint consumed;   /* arrived at the consumer; atomic */
  gint shown;      /* frames at the last report */
  GMutex lock;
  gchar *applied; /* what PixelnormMeta says, and of which plan; under the lock */
  guint plan;
} Stream;

/* Which stream a tensor is of: the field that the application adds to PixelnormMeta. */
#define STREAM_SOURCE_FIELD "source"

/* Makes the bin, not yet in a pipeline. NULL with an error that names the source. */
Stream *stream_new (StreamConfig *config, const gchar *tensor_caps, GError **error);

/* Needs a bin that is in no pipeline any more. */
void stream_free (Stream *self);

/* What was done to its frames, or NULL where there was none yet. Transfer full. */
gchar *stream_get_applied (Stream *self);

/* The name of the source that a tensor is of, or NULL. */
const gchar *stream_buffer_source (GstBuffer *buffer);
