/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a profile: arrays of integers that point into one block of memory or one mapped
 * file. */
#pragma once

#include <pixelnorm/profile.h>

#include <string.h>

#include "frame/geometry.h"
#include "statistics/moments-block.h"

/* The items of one channel in a stored array. They are unsigned, native-endian, of item_size 1, 2, 4
 * or 8 bytes, and step items apart. */
typedef struct {
  const void *data; /* NULL: the array is not there */
  guint item_size;
  guint step;
} PixelnormArray;

static inline guint64
pixelnorm_array_get (const PixelnormArray *array, gsize index)
{
  const gsize i = index * array->step;

  switch (array->item_size) {
  case 1:
    return ((const guint8 *) array->data)[i];
  case 2:
    return ((const guint16 *) array->data)[i];
  case 4:
    return ((const guint32 *) array->data)[i];
  default:
    return ((const guint64 *) array->data)[i];
  }
}

/* What a profile is made from: an array a channel of each statistic. In memory the channels of a
 * pixel stand side by side ([height, width, channels]); those of a subsampled format, which differ in
 * size, one after the other. A profile of scope channel has one pixel. */
typedef struct {
  PixelnormScope scope;       /* pixel or channel */
  PixelnormGeometry geometry; /* sizes and subsampling 0 in scope channel */
  guint64 frames;
  guint64 frames_skipped;
  guint64 samples[PIXELNORM_MAX_CHANNELS];    /* scope channel: samples pooled, per channel */
  PixelnormArray sum[PIXELNORM_MAX_CHANNELS]; /* 4 or 8 bytes */
  PixelnormArray sum_squares[PIXELNORM_MAX_CHANNELS]; /* likewise; scope channel: the low 64 bits */
  PixelnormArray sum_squares_high[PIXELNORM_MAX_CHANNELS]; /* scope channel; or missing (all 0) */
  PixelnormArray min[PIXELNORM_MAX_CHANNELS];              /* 1 byte at depth 8, else 2 */
  PixelnormArray max[PIXELNORM_MAX_CHANNELS];
  /* 4 or 8 bytes; channels of one size share one. Missing: every pixel counts `frames` */
  PixelnormArray count[PIXELNORM_MAX_CHANNELS];
  PixelnormArray histogram; /* 8 bytes; [channels, levels], or missing */
  gboolean is_pooled;       /* of a file: checking it pooled the pixels of each channel */
  PixelnormMoments pooled[PIXELNORM_MAX_CHANNELS];
  char *sources;     /* (nullable) lines of text; freed with the profile */
  char *conversions; /* (nullable) likewise */
  char *shards;      /* (nullable) likewise */
  char *created;     /* (nullable) ISO 8601, UTC */
  char *software;    /* (nullable) */
  GBytes *backing;   /* owns the arrays' memory */
} PixelnormProfileData;

struct _PixelnormProfile {
  GObject parent_instance;
  PixelnormProfileData data;
  guint n_channels;
  gsize has_identity; /* 0 until it is computed */
  char identity[33];  /* only through pixelnorm_profile_get_identity() */
};

/* Takes over the strings and the backing of @data, and checks nothing: the caller did. */
PixelnormProfile *pixelnorm_profile_new_take (const PixelnormProfileData *data);

/* How many samples of a channel have statistics of their own. */
static inline gsize
pixelnorm_profile_n_samples (const PixelnormProfileData *data, guint channel)
{
  if (data->scope == PIXELNORM_SCOPE_CHANNEL)
    return 1;
  return (gsize) pixelnorm_geometry_get_channel_width (&data->geometry, channel)
      * pixelnorm_geometry_get_channel_height (&data->geometry, channel);
}

/* How many code values a sample can have: 256 at 8 bits. */
static inline guint
pixelnorm_profile_n_levels (const PixelnormProfileData *data)
{
  return 1u << data->geometry.depth;
}

/* Channels of one size have the count of the pixel. */
static inline guint
pixelnorm_profile_n_counts (const PixelnormProfileData *data)
{
  return pixelnorm_geometry_is_subsampled (&data->geometry) ? PIXELNORM_MAX_CHANNELS : 1;
}

/* Of all channels. */
gsize pixelnorm_profile_n_all_samples (const PixelnormProfileData *data);

/* Makes the arrays of a statistic whose items lie at @items, in the order of the file. */
void pixelnorm_profile_place_arrays (
    const PixelnormProfileData *data, PixelnormArray *arrays, const void *items, guint item_size);

/* Makes arrays of a profile's geometry and scope that can be written, with their backing. @counted:
 * also for counts; @histogram: also one of it */
gboolean pixelnorm_profile_allocate_arrays (
    PixelnormProfileData *data, gboolean counted, gboolean histogram, GError **error);

/* Fills in sample @i of a channel of such arrays. */
void pixelnorm_profile_store (
    const PixelnormProfileData *data, gsize i, guint channel, const PixelnormMoments *moments);

/* The moments of one stored sample, or of one channel in scope channel. */
static inline PixelnormMoments
pixelnorm_profile_moments (const PixelnormProfileData *data, gsize i, guint channel)
{
  PixelnormMoments moments;

  if (data->scope == PIXELNORM_SCOPE_CHANNEL)
    moments.count = data->samples[channel];
  else
    moments.count =
        data->count[channel].data ? pixelnorm_array_get (&data->count[channel], i) : data->frames;
  moments.sum = pixelnorm_array_get (&data->sum[channel], i);
  moments.squares = pixelnorm_array_get (&data->sum_squares[channel], i);
  if (data->sum_squares_high[channel].data)
    moments.squares |= (PixelnormU128) pixelnorm_array_get (&data->sum_squares_high[channel], i)
        << 64;
  moments.min = (guint) pixelnorm_array_get (&data->min[channel], i);
  moments.max = (guint) pixelnorm_array_get (&data->max[channel], i);
  return moments;
}

/* How many channels lie side by side in the arrays. */
static inline guint
pixelnorm_profile_n_together (const PixelnormProfileData *data)
{
  return pixelnorm_geometry_is_subsampled (&data->geometry) ? 1 : strlen (data->geometry.channels);
}

/* @n <= PIXELNORM_BLOCK samples of the channels that lie side by side from @channel on, the first being
 * number @start of them; both whole pixels. Scope pixel. */
void pixelnorm_profile_read_block (const PixelnormProfileData *data, guint channel, gsize start,
    guint n, PixelnormMomentsBlock *block);

/* @n <= PIXELNORM_BLOCK samples of one channel, from its @first on. Scope pixel. */
void pixelnorm_profile_read_channel (const PixelnormProfileData *data, guint channel, gsize first,
    guint n, PixelnormMomentsBlock *block);

/* Fills them in, in arrays that can be written, but for the counts. */
void pixelnorm_profile_write_block (const PixelnormProfileData *data, guint channel, gsize start,
    guint n, const PixelnormMomentsBlock *block);

/* All pixels of a channel pooled; channel -1: of all channels. */
PixelnormMoments pixelnorm_profile_pool (PixelnormProfile *self, gint channel);

/* profile.c; the identity is XXH3-128 over
 *   "scope=pixel width=W height=H channels=RGB depth=8 range=full matrix=none\n" (scope=channel:
 * width=0 height=0; a subsampled format: " subsampling=4:2:0" before the newline) then, every value as little-endian u64: frames, samples (scope channel), sum,
 * sum_squares, sum_squares_high (scope channel; zeros where it is missing), count (where it is
 * there), min, max, histogram (where it is there). It does not depend on how wide the stored items are. As 32 lower-case
 * hexadecimal digits, the canonical XXH128 form. */
