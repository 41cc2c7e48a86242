/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a profile: arrays of integers that point into one block of memory or one mapped
 * file. */
#pragma once

#include <pixelnorm/profile.h>

#include "moments.h"

#define PIXELNORM_MAX_FRAMES (G_GUINT64_CONSTANT (1) << 32)

/* One stored array. Items are unsigned, native-endian, item_size 1, 2, 4 or 8 bytes. */
typedef struct {
  const void *data; /* NULL: the array is not there */
  guint item_size;
} PixelnormArray;

static inline guint64
pixelnorm_array_get (const PixelnormArray *array, gsize index)
{
  switch (array->item_size) {
  case 1:
    return ((const guint8 *) array->data)[index];
  case 2:
    return ((const guint16 *) array->data)[index];
  case 4:
    return ((const guint32 *) array->data)[index];
  default:
    return ((const guint64 *) array->data)[index];
  }
}

/* What a profile is made from. The sample with channel c of pixel p stands at index p * n_channels
 * + c; a profile of scope channel has one pixel. */
typedef struct {
  PixelnormScope scope;       /* pixel or channel */
  PixelnormGeometry geometry; /* width and height 0 in scope channel */
  guint64 frames;
  guint64 frames_skipped;
  guint64 samples[PIXELNORM_MAX_CHANNELS]; /* scope channel: samples pooled, per channel */
  PixelnormArray sum;                      /* [pixels][channels], 4 or 8 bytes */
  PixelnormArray sum_squares;              /* likewise; scope channel: the low 64 bits */
  PixelnormArray sum_squares_high;         /* scope channel only; may be missing (all 0) */
  PixelnormArray min;                      /* 1 byte at depth 8, else 2 */
  PixelnormArray max;
  PixelnormArray count; /* [pixels], 4 or 8 bytes; missing: every pixel counts `frames` */
  char *sources;        /* (nullable) lines of text; freed with the profile */
  char *created;        /* (nullable) ISO 8601, UTC */
  char *software;       /* (nullable) */
  GBytes *backing;      /* owns the arrays' memory */
} PixelnormProfileData;

struct _PixelnormProfile {
  GObject parent_instance;
  PixelnormProfileData data;
  guint n_channels;
  gsize n_pixels;     /* width * height, or 1 in scope channel */
  gsize has_identity; /* 0 until it is computed */
  char identity[33];  /* only through pixelnorm_profile_get_identity() */
};

/* Takes over the strings and the backing of @data, and checks nothing: the caller did. */
PixelnormProfile *pixelnorm_profile_new_take (const PixelnormProfileData *data);

/* The moments of one stored sample, or of one channel in scope channel. */
static inline PixelnormMoments
pixelnorm_profile_moments (
    const PixelnormProfileData *data, guint n_channels, gsize pixel, guint channel)
{
  const gsize i = pixel * n_channels + channel;
  PixelnormMoments moments;

  if (data->scope == PIXELNORM_SCOPE_CHANNEL)
    moments.count = data->samples[channel];
  else
    moments.count = data->count.data ? pixelnorm_array_get (&data->count, pixel) : data->frames;
  moments.sum = pixelnorm_array_get (&data->sum, i);
  moments.squares = pixelnorm_array_get (&data->sum_squares, i);
  if (data->sum_squares_high.data)
    moments.squares |= (PixelnormU128) pixelnorm_array_get (&data->sum_squares_high, i) << 64;
  moments.min = (guint) pixelnorm_array_get (&data->min, i);
  moments.max = (guint) pixelnorm_array_get (&data->max, i);
  return moments;
}

/* Statistics of moments, in floating point. */
void pixelnorm_statistics_init (PixelnormStatistics *statistics, const PixelnormMoments *moments);

/* All pixels of a channel pooled; channel -1: of all channels. */
PixelnormMoments pixelnorm_profile_pool (PixelnormProfile *self, gint channel);

/* profile.c; the identity is XXH3-128 over
 *   "scope=pixel width=W height=H channels=RGB depth=8 range=full matrix=none\n" (scope=channel:
 * width=0 height=0) then, every value as little-endian u64: frames, samples (scope channel), sum,
 * sum_squares, sum_squares_high (scope channel; zeros where it is missing), count (where it is
 * there), min, max. It does not depend on how wide the stored items are. As 32 lower-case
 * hexadecimal digits, the canonical XXH128 form. */
