/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accumulators and profiles: snapshots of what was collected, and going on from profiles, which joins
 * them. Everything is a sum, a minimum or a maximum of integers, so the order in which profiles come
 * makes no difference.
 */
#include "profile-private.h"
#include "statistics/accumulator-private.h"

#include <string.h>

#include "io/parallel.h"

#define PIXELS_A_THREAD (1 << 17) /* at least: a few milliseconds */

/* The number of samples of a channel that have a count, and where it is. */
static const guint64 *
group_counts (const PixelnormAccumulator *self, guint channel, gsize *n)
{
  const PixelnormGroup *group = &self->groups[0];

  if (self->n_groups > 1)
    group = &self->groups[channel];
  *n = group->lanes.n / group->n_channels;
  return group->counts;
}

/* Whether some pixel was counted less often than there were frames. */
static gboolean
is_uneven (const PixelnormAccumulator *self)
{
  for (guint c = 0; c < self->n_channels; c++) {
    gsize n;
    const guint64 *counts = group_counts (self, c, &n);

    for (gsize i = 0; counts && i < n; i++)
      if (counts[i] != self->frames)
        return TRUE;
  }
  return FALSE;
}

static void
store_counts (const PixelnormAccumulator *self, const PixelnormProfileData *data)
{
  for (guint c = 0; c < pixelnorm_profile_n_counts (data); c++) {
    gsize n;
    const guint64 *counts = group_counts (self, c, &n);

    memcpy ((void *) data->count[c].data, counts, n * sizeof *counts);
  }
}

/* A group whose lanes several threads store. */
typedef struct {
  const PixelnormGroup *group;
  const PixelnormProfileData *data;
} Storing;

static void
store_pixels (gpointer data, gsize begin, gsize end)
{
  const Storing *storing = data;
  const PixelnormGroup *group = storing->group;
  const gsize last = end * group->n_channels;
  PixelnormMomentsBlock block;

  for (gsize start = begin * group->n_channels; start < last; start += PIXELNORM_BLOCK) {
    const guint n = (guint) MIN (last - start, PIXELNORM_BLOCK);

    pixelnorm_lanes_get_block (&group->lanes, start, n, &block);
    for (guint i = 0; i < n && group->counts; i++)
      if (group->counts[(start + i) / group->n_channels] == 0)
        block.min[i] = block.max[i] = 0;
    pixelnorm_profile_write_block (storing->data, group->first, start, n, &block);
  }
}

static void
store_lanes (const PixelnormAccumulator *self, const PixelnormProfileData *data)
{
  for (guint g = 0; g < self->n_groups; g++) {
    Storing storing = { &self->groups[g], data };

    pixelnorm_parallel_run (storing.group->lanes.n / storing.group->n_channels, PIXELS_A_THREAD,
        store_pixels, &storing);
  }
}

static void
store_channels (PixelnormAccumulator *self, PixelnormProfileData *data)
{
  pixelnorm_accumulator_settle (self);
  for (guint c = 0; c < self->n_channels; c++) {
    const PixelnormMoments moments = pixelnorm_accumulator_pool (self, c);

    pixelnorm_profile_store (data, 0, c, &moments);
    data->samples[c] = moments.count;
  }
}

/**
 * pixelnorm_accumulator_snapshot:
 * @self: an accumulator
 * @error: return location for a #GError, or %NULL
 *
 * Makes a profile of what was added so far. Takes 18 bytes of memory a sample, 20 above 8 bits, 8 less
 * in scope pixel up to 66051 frames of 8 bits; and 8 a pixel where some were counted less often.
 *
 * Returns: (transfer full): a profile; %NULL with %PIXELNORM_ERROR_SETTINGS where there was no
 * frame, or %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
PixelnormProfile *
pixelnorm_accumulator_snapshot (PixelnormAccumulator *self, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc (); /* or NULL: after the year 9999 */
  PixelnormProfileData data = { self->scope, self->geometry, self->frames, self->frames_skipped };

  if (self->frames == 0) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "A profile needs frames: add at least one.");
    return NULL;
  }
  pixelnorm_accumulator_settle_counts (self);
  if (!pixelnorm_profile_allocate_arrays (&data, is_uneven (self), self->histogram != NULL, error))
    return NULL;
  if (data.count[0].data)
    store_counts (self, &data);
  if (self->histogram)
    memcpy ((void *) data.histogram.data, self->histogram->counts,
        pixelnorm_histogram_n_items (self->histogram) * sizeof *self->histogram->counts);
  if (self->scope == PIXELNORM_SCOPE_PIXEL)
    store_lanes (self, &data);
  else
    store_channels (self, &data);
  data.sources = pixelnorm_lines_join (self->sources);
  data.conversions = pixelnorm_lines_join (self->conversions);
  data.shards = pixelnorm_lines_join (self->shards);
  data.created = now ? g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ") : NULL;
  data.software = g_strdup ("gst-pixelnorm " PIXELNORM_VERSION);
  return pixelnorm_profile_new_take (&data);
}

void
pixelnorm_accumulator_reset (PixelnormAccumulator *self)
{
  for (guint g = 0; g < self->n_groups; g++)
    pixelnorm_lanes_empty (&self->groups[g].lanes);
  for (guint c = 0; c < self->n_channels; c++) {
    self->base[c] = PIXELNORM_MOMENTS_EMPTY;
    self->samples[c] = 0;
  }
  self->frames = self->counted = 0;
}

/* What pixelnorm_geometry_check() does not compare. */
static gboolean
check_join (const PixelnormAccumulator *self, const PixelnormProfileData *data, GError **error)
{
  if (self->scope != data->scope) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Another scope: what was collected so far has scope %s, the profile %s. To join them, "
        "collect both with the same scope.",
        self->scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel",
        data->scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel");
    return FALSE;
  }
  if (!pixelnorm_geometry_check (
          &self->geometry, &data->geometry, "what was collected so far", "the profile", error))
    return FALSE;
  if (g_strcmp0 (self->geometry.matrix, data->geometry.matrix) != 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Another matrix: what was collected so far has %s, the profile %s. To join them, convert "
        "the video to one (videoconvert with colorimetry in the caps) and collect again.",
        self->geometry.matrix ? self->geometry.matrix : "none",
        data->geometry.matrix ? data->geometry.matrix : "none");
    return FALSE;
  }
  return TRUE;
}

/* The channels of a group are those that lie side by side in a profile. */
static void
join_group (PixelnormGroup *group, const PixelnormProfileData *data)
{
  PixelnormMomentsBlock block;

  for (gsize start = 0; start < group->lanes.n; start += PIXELNORM_BLOCK) {
    const guint n = (guint) MIN (group->lanes.n - start, PIXELNORM_BLOCK);

    pixelnorm_profile_read_block (data, group->first, start, n, &block);
    pixelnorm_lanes_add_block (&group->lanes, start, n, &block);
    for (guint i = 0; i < n && group->counts; i += group->n_channels)
      group->counts[(start + i) / group->n_channels] += block.count[i];
  }
}

/* There is a histogram of all, or none. */
static void
join_histogram (PixelnormAccumulator *self, const PixelnormProfileData *data)
{
  const guint64 *counts = data->histogram.data;

  if (self->frames == 0 && counts && !self->histogram)
    self->histogram = pixelnorm_histogram_new (self->n_channels, self->geometry.depth);
  if (!counts)
    g_clear_pointer (&self->histogram, g_free);
  for (gsize i = 0; self->histogram && i < pixelnorm_histogram_n_items (self->histogram); i++)
    self->histogram->counts[i] += counts[i];
}

/**
 * pixelnorm_accumulator_add_profile:
 * @self: an accumulator
 * @profile: a profile of the same scope and geometry
 * @error: return location for a #GError, or %NULL
 *
 * Adds the statistics of a profile, as if its frames had been added. Profiles may have been collected
 * with different masks. The result has a histogram only where all that was added has one.
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_MISMATCH, %PIXELNORM_ERROR_LIMIT or
 *   %PIXELNORM_ERROR_MEMORY, and nothing was added
 *
 * Since: 0.1
 */
gboolean
pixelnorm_accumulator_add_profile (
    PixelnormAccumulator *self, PixelnormProfile *profile, GError **error)
{
  const PixelnormProfileData *data = &profile->data;

  if (!check_join (self, data, error))
    return FALSE;
  pixelnorm_accumulator_settle (self);
  if (data->count[0].data && !pixelnorm_accumulator_make_counts (self, error))
    return FALSE;
  if (!pixelnorm_accumulator_has_room (self, data->frames, data->samples[0], error))
    return FALSE;
  join_histogram (self, data);
  for (guint g = 0; g < self->n_groups && self->scope == PIXELNORM_SCOPE_PIXEL; g++)
    join_group (&self->groups[g], data);
  for (guint c = 0; c < self->n_channels && self->scope == PIXELNORM_SCOPE_CHANNEL; c++) {
    const PixelnormMoments more = pixelnorm_profile_moments (data, 0, c);

    pixelnorm_moments_pool (&self->base[c], &more);
  }
  self->frames += data->frames;
  self->counted = self->frames;
  self->frames_skipped += data->frames_skipped;
  pixelnorm_accumulator_add_source (self, data->sources);
  pixelnorm_accumulator_add_conversions (self, data->conversions);
  pixelnorm_accumulator_add_shards (self, data->shards);
  return TRUE;
}

/**
 * pixelnorm_accumulator_new_from_profile:
 * @profile: a profile to go on from
 * @error: return location for a #GError, or %NULL
 *
 * Begins statistics with those of a profile, as if its frames had been added.
 *
 * Returns: (transfer full): an accumulator; %NULL with %PIXELNORM_ERROR_SETTINGS or
 *   %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
PixelnormAccumulator *
pixelnorm_accumulator_new_from_profile (PixelnormProfile *profile, GError **error)
{
  const PixelnormProfileData *data = &profile->data;
  g_autoptr (PixelnormAccumulator) self =
      pixelnorm_accumulator_new_empty (data->scope, &data->geometry, error);

  if (!self || !pixelnorm_accumulator_add_profile (self, profile, error))
    return NULL;
  return g_steal_pointer (&self);
}
