/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of pixelprofile collect share. Only collect-worker.c knows GStreamer. */
#pragma once

#include <pixelnorm/pixelnorm.h>

/**
 * CollectInput:
 * @name: as the user wrote it, for messages
 * @uri: where to read it; two names of one file have the same
 *
 * An image or a video.
 */
typedef struct {
  gchar *name;
  gchar *uri;
} CollectInput;

/**
 * CollectSettings:
 * @scope: pixel or channel
 * @format: of the frames that count, as GStreamer spells it
 * @width: to which frames are scaled; 0: they stay as they are
 * @height: likewise
 * @histogram: whether to count code values
 * @mask: (nullable): a PNG image, black where pixels do not count
 * @roi: x, y, width and height of the rectangle that counts; of width 0: all
 *
 * How to collect.
 */
typedef struct {
  PixelnormScope scope;
  const gchar *format;
  guint width, height;
  gboolean histogram;
  const gchar *mask;
  guint roi[4];
} CollectSettings;

/* From the pool to a worker. */
typedef struct {
  gint32 input;          /* which to read; -1: save what was collected, and end */
  guint32 width, height; /* of frames; 0: any */
} CollectRequest;

typedef enum {
  COLLECT_READY,  /* the worker can begin */
  COLLECT_FATAL,  /* or no file can be read, as the text says */
  COLLECT_SIZE,   /* frames of the input are @width x @height */
  COLLECT_FRAMES, /* @frames of the input were read so far */
  COLLECT_DONE,   /* the input is in the profile, with @frames, @skipped of them left out */
  COLLECT_BROKEN, /* the input is not, as the text says */
  COLLECT_SAVED   /* the worker's profile is saved; with @frames of 0 there is none */
} CollectState;

/* From a worker to the pool. */
typedef struct {
  CollectState state;
  guint32 width, height;
  guint64 frames, skipped;
  gchar text[1024];
} CollectReply;

GPtrArray *collect_inputs_find (gchar *const *names, guint *passed_over);

void collect_worker_run (const CollectSettings *settings, GPtrArray *inputs, int socket,
    const gchar *partial) G_GNUC_NORETURN;

typedef struct {
  PixelnormAccumulator *accumulator; /* NULL where no input was good */
  guint n_good, n_broken;
} CollectResult;

gboolean collect_pool_run (const CollectSettings *settings, GPtrArray *inputs, guint n_workers,
    const gchar *directory, CollectResult *result);
