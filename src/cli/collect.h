/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of pixelprofile collect share. Only collect-gstreamer.c knows GStreamer. */
#pragma once

#include <pixelnorm/pixelnorm.h>

#include "picture.h"
#include "png/mask-image.h"
#include "scale.h"

/**
 * CollectInput:
 * @name: as the user wrote it, for messages
 * @key: what the order goes by; two names of one thing have the same
 * @path: (nullable): the file that it is, or is in
 * @uri: (nullable): where to read it, where it is no file
 * @source: (nullable): what a profile of it names as its source
 * @offset: where it begins in a tar archive
 * @size: its bytes there; 0: it is the whole file
 *
 * An image or a video.
 */
typedef struct {
  gchar *name;
  gchar *key;
  gchar *path;
  gchar *uri;
  const gchar *source;
  guint64 offset, size;
} CollectInput;

/**
 * CollectForm:
 * @width: of frames; 0: any
 * @height: likewise
 * @channels: 1 or 3; 0: not known yet
 * @sample_bytes: 1 or 2; 0: not known yet
 *
 * What frames are like that are added to each other.
 */
typedef struct {
  guint32 width, height, channels, sample_bytes;
} CollectForm;

/**
 * CollectSettings:
 * @scope: pixel or channel
 * @form: what all frames are brought to; what is 0 in it is that of the first, or any
 * @scaling: how, where the form has a size
 * @orient: whether to turn frames as a tag says
 * @histogram: whether to count code values
 * @mask: which pixels count
 * @timeout: seconds in which nothing may happen
 * @max_frames: of each input, what comes behind them is not read; 0: all
 * @quiet: whether to show no progress
 * @shard: of the inputs, from 1 on
 * @n_shards: how many there are; 0: they are not divided
 *
 * How to collect.
 */
typedef struct {
  PixelnormScope scope;
  CollectForm form;
  Scaling scaling;
  gboolean orient, histogram;
  MaskImage mask;
  guint timeout, max_frames;
  gboolean quiet;
  guint shard, n_shards;
} CollectSettings;

/* From the pool to a worker. */
typedef struct {
  gint32 input;      /* which to read; -1: none */
  CollectForm form;  /* what all frames must be */
  gint32 is_agreed;  /* the answer to COLLECT_FORM, and nothing else */
  gint32 hands_over; /* whether to hand over what was read, after that */
} CollectRequest;

typedef enum {
  COLLECT_READY,    /* the worker can begin */
  COLLECT_FATAL,    /* no file can be read, as the text says */
  COLLECT_FORM,     /* frames of the input are of @form, the first of all; may they be? */
  COLLECT_PROGRESS, /* @frames of the input were read so far, and it goes on */
  COLLECT_DONE,     /* the input was read: @frames of it, @reduced from 16 bits to 8 */
  COLLECT_BROKEN,   /* the input does not count, as the text says */
  COLLECT_HANDED /* @frames since the last time, in the descriptor that comes along where there are any */
} CollectState;

/* From a worker to the pool. */
typedef struct {
  CollectState state;
  CollectForm form;
  guint64 frames;
  guint32 reduced;
  gchar text[1024];
} CollectReply;

GPtrArray *collect_inputs_find (
    gchar *const *names, const CollectSettings *settings, guint *passed_over);

/* A frame, and by which tag of EXIF to turn it. FALSE: there need not come more. */
typedef gboolean (*CollectAddFunc) (
    gpointer to, const Picture *picture, guint orientation, GError **error);
/* That something happened. */
typedef void (*CollectProgressFunc) (gpointer to);

/* How GStreamer reads an input. */
typedef struct {
  const gchar *uri;
  guint n_frames;   /* after how many it has ended; 0: when it says so */
  guint max_frames; /* after how many to end; 0: when it has ended */
  guint64 *skipped; /* counts damaged frames */
  CollectAddFunc add;
  CollectProgressFunc progress;
  gpointer to;
} CollectReading;

/* FALSE with @error: %G_IO_ERROR_NOT_SUPPORTED where an element is missing that all need. */
gboolean collect_gstreamer_read (const CollectReading *reading, GError **error);

void collect_worker_run (
    const CollectSettings *settings, GPtrArray *inputs, int socket) G_GNUC_NORETURN;

typedef struct {
  PixelnormAccumulator *accumulator; /* NULL where no input was good */
  guint n_good, n_broken;
} CollectResult;

gboolean collect_pool_run (
    const CollectSettings *settings, GPtrArray *inputs, guint n_workers, CollectResult *result);

/* collect-tar.c: calls @add for each file in an archive. FALSE: @error. */
typedef void (*CollectMemberFunc) (gpointer to, const gchar *name, guint64 offset, guint64 size);
gboolean collect_tar_read (const gchar *path, CollectMemberFunc add, gpointer to, GError **error);

/* collect-memory.c: bytes that can be had, or G_MAXUINT64 where nobody says. */
guint64 collect_memory_available (void);
