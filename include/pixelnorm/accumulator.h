/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics in the making: frames go in, profiles come out. */
#pragma once

#include <pixelnorm/profile.h>

G_BEGIN_DECLS

/**
 * PIXELNORM_MAX_BATCH:
 *
 * How many frames can be added at once.
 *
 * Since: 0.1
 */
#define PIXELNORM_MAX_BATCH 8

#define PIXELNORM_TYPE_ACCUMULATOR (pixelnorm_accumulator_get_type ())
/**
 * PixelnormAccumulator:
 *
 * Statistics in the making: it counts frames, and gives a #PixelnormProfile of those so far. All sums
 * are exact integers, so their order and how they were shared between machines changes nothing.
 *
 * One thread at a time uses it. A profile that it gave does not change when further frames come.
 *
 * Since: 0.1
 */
PIXELNORM_API
G_DECLARE_FINAL_TYPE (PixelnormAccumulator, pixelnorm_accumulator, PIXELNORM, ACCUMULATOR, GObject)

PIXELNORM_API PixelnormAccumulator *pixelnorm_accumulator_new (
    PixelnormScope scope, const PixelnormLayout *layout, GError **error);
PIXELNORM_API PixelnormAccumulator *pixelnorm_accumulator_new_from_profile (
    PixelnormProfile *profile, GError **error);

PIXELNORM_API void pixelnorm_accumulator_populate (PixelnormAccumulator *self);

PIXELNORM_API gboolean pixelnorm_accumulator_set_mask (PixelnormAccumulator *self,
    const PixelnormLayout *layout, const guint8 *mask, gsize size, GError **error);
PIXELNORM_API gboolean pixelnorm_accumulator_keep_histogram (
    PixelnormAccumulator *self, GError **error);
PIXELNORM_API gboolean pixelnorm_accumulator_add_profile (
    PixelnormAccumulator *self, PixelnormProfile *profile, GError **error);

PIXELNORM_API gboolean pixelnorm_accumulator_accepts (
    PixelnormAccumulator *self, const PixelnormLayout *layout, GError **error);
PIXELNORM_API gboolean pixelnorm_accumulator_add (PixelnormAccumulator *self,
    const PixelnormLayout *layout, const PixelnormFrame *frames, guint n_frames, GError **error);
PIXELNORM_API gboolean pixelnorm_accumulator_add_part (PixelnormAccumulator *self,
    const PixelnormLayout *layout, const PixelnormFrame *frames, guint n_frames, guint part,
    guint n_parts, GError **error);
PIXELNORM_API gboolean pixelnorm_accumulator_add_data (PixelnormAccumulator *self,
    const PixelnormLayout *layout, const guint8 *data, gsize size, GError **error);
PIXELNORM_API void pixelnorm_accumulator_skip (PixelnormAccumulator *self, guint64 n_frames);
PIXELNORM_API void pixelnorm_accumulator_add_source (
    PixelnormAccumulator *self, const gchar *source);
PIXELNORM_API void pixelnorm_accumulator_add_shard (
    PixelnormAccumulator *self, guint index, guint n_shards);

PIXELNORM_API guint64 pixelnorm_accumulator_get_frames (PixelnormAccumulator *self);
PIXELNORM_API guint64 pixelnorm_accumulator_get_frames_skipped (PixelnormAccumulator *self);
PIXELNORM_API void pixelnorm_accumulator_get_statistics (
    PixelnormAccumulator *self, gint channel, PixelnormStatistics *statistics);
PIXELNORM_API PixelnormProfile *pixelnorm_accumulator_snapshot (
    PixelnormAccumulator *self, GError **error);

G_END_DECLS
