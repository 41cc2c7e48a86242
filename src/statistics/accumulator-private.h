/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of an accumulator. */
#pragma once

#include <pixelnorm/accumulator.h>

#include "frame/geometry.h"
#include "frame/mask.h"
#include "histogram.h"
#include "lanes.h"
#include "lines.h"

/* Channels that are added together. */
typedef struct {
  guint first, n_channels;
  PixelnormLanes lanes;
  guint64 *counts; /* scope pixel: a pixel; NULL: all frames count for every one */
} PixelnormGroup;

struct _PixelnormAccumulator {
  GObject parent_instance;

  PixelnormScope scope;
  PixelnormGeometry geometry; /* sizes and subsampling 0 in scope channel */
  guint n_channels;

  guint64 frames, frames_skipped;
  guint n_parts_added;                       /* of frames that are being added */
  guint64 counted;                           /* the frames that the groups' counts know of */
  GPtrArray *sources, *conversions, *shards; /* of lines.h */
  const gchar *last_conversion;              /* of a layout; or NULL */

  PixelnormGroup groups[PIXELNORM_MAX_CHANNELS];
  guint n_groups;
  PixelnormMask *mask;           /* or NULL */
  PixelnormHistogram *histogram; /* or NULL */

  /* scope channel */
  guint64 samples[PIXELNORM_MAX_CHANNELS];       /* in the lanes, per channel */
  PixelnormMoments base[PIXELNORM_MAX_CHANNELS]; /* pooled before, or of profiles */
};

/* Without any frame. */
PixelnormAccumulator *pixelnorm_accumulator_new_empty (
    PixelnormScope scope, const PixelnormGeometry *geometry, GError **error);

/* Makes room for a count a pixel, and fills it in. */
gboolean pixelnorm_accumulator_make_counts (PixelnormAccumulator *self, GError **error);

/* Brings counts up to date. */
void pixelnorm_accumulator_settle_counts (PixelnormAccumulator *self);

/* The same, and lanes; needed before the two below. */
void pixelnorm_accumulator_settle (PixelnormAccumulator *self);

/* What one lane of a group has added up to, in scope pixel. */
static inline PixelnormMoments
pixelnorm_group_moments (const PixelnormAccumulator *self, const PixelnormGroup *group, gsize lane)
{
  return pixelnorm_lanes_get (
      &group->lanes, lane, group->counts ? group->counts[lane / group->n_channels] : self->frames);
}

/* Notes how frames were converted: lines, each once. */
void pixelnorm_accumulator_add_conversions (PixelnormAccumulator *self, const gchar *conversions);

/* Notes of which shards frames are. */
void pixelnorm_accumulator_add_shards (PixelnormAccumulator *self, const gchar *shards);

/* Begins anew, in the memory that there is. */
void pixelnorm_accumulator_reset (PixelnormAccumulator *self);

/* A channel, pooled. */
PixelnormMoments pixelnorm_accumulator_pool (PixelnormAccumulator *self, guint channel);

/* Whether the file can hold the sums of @n_frames more, with @samples of the first channel, which has
 * the most. */
gboolean pixelnorm_accumulator_has_room (
    const PixelnormAccumulator *self, guint64 n_frames, guint64 samples, GError **error);
