/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames -> statistics, exact.
 *
 * Channels of one size are added as lists of samples side by side, channels of a subsampled format each
 * for itself. In scope pixel every sample of the lists has a lane of its own (lanes.h).
 *
 * In scope channel there is one tile of lanes: every tile of every row is added to it as if it were a
 * frame of that size (a tile holds whole pixels), and the lanes are pooled by channel when somebody
 * asks. The channels of YUV have lanes each, so that frames may change between subsamplings. Before a
 * lane could overflow, all are pooled into 128-bit sums.
 */
#include <pixelnorm/accumulator.h>

#include <string.h>

#include "lanes.h"
#include "profile-private.h"
#include "rows.h"

/* Channels that are added together. */
typedef struct {
  guint first, n_channels;
  PixelnormLanes lanes;
} Group;

struct _PixelnormAccumulator {
  GObject parent_instance;

  PixelnormScope scope;
  PixelnormGeometry geometry; /* sizes and subsampling 0 in scope channel */
  guint n_channels;

  guint64 frames, frames_skipped;
  GString *sources;
  guint n_sources;

  Group groups[PIXELNORM_MAX_CHANNELS];
  guint n_groups;

  /* scope channel */
  guint64 samples[PIXELNORM_MAX_CHANNELS];       /* in the lanes, per channel */
  PixelnormMoments base[PIXELNORM_MAX_CHANNELS]; /* pooled before, or of the profile begun from */
};

/* Lines of the list of sources; more would make a profile of many files mostly a list. */
#define MAX_SOURCES 64

/* Additions to a lane before it is pooled, well below the 2^32 that it holds. */
#define MAX_ADDITIONS (G_GUINT64_CONSTANT (1) << 31)

G_DEFINE_FINAL_TYPE (PixelnormAccumulator, pixelnorm_accumulator, G_TYPE_OBJECT)

static gboolean
add_group (PixelnormAccumulator *self, guint first, guint n_channels, GError **error)
{
  const PixelnormGeometry *geometry = &self->geometry;
  Group *group = &self->groups[self->n_groups];
  gsize n = PIXELNORM_TILE;

  if (self->scope == PIXELNORM_SCOPE_PIXEL)
    n = (gsize) pixelnorm_geometry_get_channel_width (geometry, first)
        * pixelnorm_geometry_get_channel_height (geometry, first) * n_channels;
  group->first = first;
  group->n_channels = n_channels;
  if (!pixelnorm_lanes_init (
          &group->lanes, geometry->depth > 8 ? PIXELNORM_SAMPLE_U16 : PIXELNORM_SAMPLE_U8, n)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for statistics of %ux%u pixels with %u channels: %" G_GSIZE_FORMAT
        " MiB are needed. Scale the video down, or collect with scope channel.",
        geometry->width, geometry->height, self->n_channels, pixelnorm_lanes_bytes (n) >> 20);
    return FALSE;
  }
  self->n_groups++;
  return TRUE;
}

static PixelnormAccumulator *
accumulator_new (PixelnormScope scope, const PixelnormGeometry *geometry, GError **error)
{
  g_autoptr (PixelnormAccumulator) self = NULL;
  gboolean apart = pixelnorm_geometry_is_subsampled (geometry);

  if (scope == PIXELNORM_SCOPE_GLOBAL) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Statistics are collected with scope pixel or channel; scope global follows from either.");
    return NULL;
  }
  self = g_object_new (PIXELNORM_TYPE_ACCUMULATOR, NULL);
  self->scope = scope;
  self->geometry = *geometry;
  self->n_channels = strlen (geometry->channels);
  if (scope == PIXELNORM_SCOPE_CHANNEL) {
    self->geometry.width = self->geometry.height = 0;
    self->geometry.log2_chroma_w = self->geometry.log2_chroma_h = 0;
    apart = g_str_equal (geometry->channels, "YUV");
  }
  for (guint c = 0; c < self->n_channels; c++)
    self->base[c] = PIXELNORM_MOMENTS_EMPTY;
  for (guint c = 0; c < self->n_channels; c += apart ? 1 : self->n_channels)
    if (!add_group (self, c, apart ? 1 : self->n_channels, error))
      return NULL;
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_accumulator_new:
 * @scope: pixel, or channel: sums per channel only, for frames of any size
 * @layout: what the frames consist of; later frames may have another order of the same channels
 * @error: return location for a #GError, or %NULL
 *
 * Begins statistics without any frame. Scope pixel takes 24 bytes of memory a sample.
 *
 * An accumulator is used by one thread at a time.
 *
 * Returns: (transfer full): an accumulator; %NULL with %PIXELNORM_ERROR_SETTINGS or
 *   %PIXELNORM_ERROR_MEMORY
 */
PixelnormAccumulator *
pixelnorm_accumulator_new (PixelnormScope scope, const PixelnormLayout *layout, GError **error)
{
  g_return_val_if_fail (layout != NULL, NULL);

  return accumulator_new (scope, &layout->geometry, error);
}

static void
load_lanes (PixelnormAccumulator *self, const PixelnormProfileData *data)
{
  for (guint g = 0; g < self->n_groups; g++) {
    Group *group = &self->groups[g];

    for (gsize i = 0; i < group->lanes.n; i++) {
      const PixelnormMoments moments = pixelnorm_profile_moments (
          data, i / group->n_channels, group->first + i % group->n_channels);

      pixelnorm_lanes_set (&group->lanes, i, &moments);
    }
  }
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
 */
PixelnormAccumulator *
pixelnorm_accumulator_new_from_profile (PixelnormProfile *profile, GError **error)
{
  const PixelnormProfileData *data = &profile->data;

  if (data->count.data) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The profile counts some pixels less often than others; such a profile cannot be gone on "
        "from.");
    return NULL;
  }
  g_autoptr (PixelnormAccumulator) self = accumulator_new (data->scope, &data->geometry, error);
  if (!self)
    return NULL;
  self->frames = data->frames;
  self->frames_skipped = data->frames_skipped;
  pixelnorm_accumulator_add_source (self, data->sources);
  if (data->scope == PIXELNORM_SCOPE_PIXEL)
    load_lanes (self, data);
  else
    for (guint c = 0; c < self->n_channels; c++)
      self->base[c] = pixelnorm_profile_moments (data, 0, c);
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_accumulator_accepts:
 * @self: an accumulator
 * @layout: what frames consist of
 * @error: return location for a #GError, or %NULL
 *
 * Returns: whether such frames can be added; else %FALSE with %PIXELNORM_ERROR_MISMATCH
 */
gboolean
pixelnorm_accumulator_accepts (
    PixelnormAccumulator *self, const PixelnormLayout *layout, GError **error)
{
  return pixelnorm_geometry_check (
      &self->geometry, &layout->geometry, "what was collected so far", "the stream", error);
}

static guint64
channel_samples (const PixelnormLayout *layout, guint channel)
{
  return (guint64) pixelnorm_geometry_get_channel_width (&layout->geometry, channel)
      * pixelnorm_geometry_get_channel_height (&layout->geometry, channel);
}

static gboolean
count_frames (
    PixelnormAccumulator *self, const PixelnormLayout *layout, guint n_frames, GError **error)
{
  /* samples whose sum fits 64 bits for sure; the first channel has the most */
  const guint64 most = G_MAXUINT64 / ((1u << layout->geometry.depth) - 1);
  const guint64 more = channel_samples (layout, 0) * n_frames;
  const guint64 base = self->base[0].count;

  if (self->frames > PIXELNORM_MAX_FRAMES - n_frames
      || (self->scope == PIXELNORM_SCOPE_CHANNEL
          && (base > most || self->samples[0] > most - base
              || more > most - base - self->samples[0]))) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_LIMIT,
        "The statistics are full after %" G_GUINT64_FORMAT
        " frames: the file cannot hold larger sums exactly. Save them and begin anew.",
        self->frames);
    return FALSE;
  }
  self->frames += n_frames;
  for (guint c = 0; c < self->n_channels; c++)
    self->samples[c] += channel_samples (layout, c) * n_frames;
  return TRUE;
}

/* A tile of all frames, then the next tile: the accumulators of a tile stay in cache meanwhile. */
static void
add_per_pixel (
    Group *group, const PixelnormLayout *layout, const PixelnormFrame *frames, guint n_frames)
{
  PixelnormTile buffers[PIXELNORM_MAX_BATCH];
  const void *lists[PIXELNORM_MAX_BATCH];
  PixelnormRows rows;

  pixelnorm_rows_init_channels (&rows, layout, group->first, group->n_channels);
  pixelnorm_lanes_make_room (&group->lanes, n_frames);
  for (guint y = 0; y < rows.height; y++)
    for (gsize i = 0; i < rows.n_samples; i += PIXELNORM_TILE) {
      const gint n = (gint) MIN (rows.n_samples - i, PIXELNORM_TILE);

      for (guint k = 0; k < n_frames; k++)
        lists[k] = pixelnorm_rows_tile (&rows, &frames[k], y, i, n, &buffers[k]);
      pixelnorm_lanes_add (&group->lanes, y * rows.n_samples + i, lists, n_frames, n);
    }
}

/* Tiles that wait until there are enough for one addition. */
typedef struct {
  PixelnormTile buffers[4];
  const void *lists[4];
  guint n_lists;
  gint n; /* samples of each */
} Waiting;

static void
add_waiting (PixelnormLanes *lanes, Waiting *waiting)
{
  pixelnorm_lanes_make_room (lanes, waiting->n_lists);
  pixelnorm_lanes_add (lanes, 0, waiting->lists, waiting->n_lists, waiting->n);
  waiting->n_lists = 0;
}

/* All tiles go to the same lanes: the full ones four at a time, and so the last ones of the rows,
 * all as short. */
static void
add_per_channel (Group *group, const PixelnormLayout *layout, const PixelnormFrame *frame)
{
  PixelnormRows rows;
  Waiting full, last;

  pixelnorm_rows_init_channels (&rows, layout, group->first, group->n_channels);
  full.n_lists = last.n_lists = 0;
  full.n = last.n = 0;
  for (guint y = 0; y < rows.height; y++)
    for (gsize i = 0; i < rows.n_samples; i += PIXELNORM_TILE) {
      const gint n = (gint) MIN (rows.n_samples - i, PIXELNORM_TILE);
      Waiting *waiting = n == PIXELNORM_TILE ? &full : &last;

      waiting->n = n;
      waiting->lists[waiting->n_lists] =
          pixelnorm_rows_tile (&rows, frame, y, i, n, &waiting->buffers[waiting->n_lists]);
      if (++waiting->n_lists == 4)
        add_waiting (&group->lanes, waiting);
    }
  add_waiting (&group->lanes, &full);
  add_waiting (&group->lanes, &last);
}

/* The lanes of a channel, pooled, in scope channel with what was pooled before. Needs a spill. */
static PixelnormMoments
pool_channel (PixelnormAccumulator *self, guint channel)
{
  PixelnormMoments pooled = PIXELNORM_MOMENTS_EMPTY;

  if (self->frames == 0)
    return pooled;
  for (guint g = 0; g < self->n_groups; g++) {
    const Group *group = &self->groups[g];

    if (channel < group->first || channel >= group->first + group->n_channels)
      continue;
    for (gsize i = channel - group->first; i < group->lanes.n; i += group->n_channels) {
      const PixelnormMoments lane = pixelnorm_lanes_get (&group->lanes, i, self->frames);

      pixelnorm_moments_pool (&pooled, &lane);
    }
  }
  if (self->scope == PIXELNORM_SCOPE_CHANNEL) {
    pooled.count = self->samples[channel]; /* lanes of a short row were added to less often */
    pixelnorm_moments_pool (&pooled, &self->base[channel]);
  }
  return pooled;
}

static void
spill (PixelnormAccumulator *self)
{
  for (guint g = 0; g < self->n_groups; g++)
    pixelnorm_lanes_spill (&self->groups[g].lanes);
}

/* Pools all lanes into the base, before one of them could overflow. */
static void
empty_lanes (PixelnormAccumulator *self)
{
  spill (self);
  for (guint c = 0; c < self->n_channels; c++) {
    self->base[c] = pool_channel (self, c);
    self->samples[c] = 0;
  }
  for (guint g = 0; g < self->n_groups; g++)
    pixelnorm_lanes_empty (&self->groups[g].lanes);
}

static void
add_to_channels (
    PixelnormAccumulator *self, const PixelnormLayout *layout, const PixelnormFrame *frame)
{
  for (guint g = 0; g < self->n_groups; g++)
    add_per_channel (&self->groups[g], layout, frame);
  /* a frame adds to a lane at most 2^20 rows times 2^12 tiles */
  for (guint g = 0; g < self->n_groups; g++)
    if (self->groups[g].lanes.additions > MAX_ADDITIONS) {
      empty_lanes (self);
      return;
    }
}

/**
 * pixelnorm_accumulator_add: (skip)
 * @self: an accumulator
 * @layout: what the frames consist of
 * @frames: (array length=n_frames): where they lie
 * @n_frames: how many, at most %PIXELNORM_MAX_BATCH
 * @error: return location for a #GError, or %NULL
 *
 * Adds frames. Several at once are less work in scope pixel, where every sample has its own sums to
 * load and store: 4 or 8 take half the time a frame that 1 does.
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_LIMIT, and nothing
 * was added
 */
gboolean
pixelnorm_accumulator_add (PixelnormAccumulator *self, const PixelnormLayout *layout,
    const PixelnormFrame *frames, guint n_frames, GError **error)
{
  g_return_val_if_fail (n_frames <= PIXELNORM_MAX_BATCH, FALSE);

  if (!pixelnorm_accumulator_accepts (self, layout, error)
      || !count_frames (self, layout, n_frames, error))
    return FALSE;
  if (self->scope == PIXELNORM_SCOPE_PIXEL)
    for (guint g = 0; g < self->n_groups; g++)
      add_per_pixel (&self->groups[g], layout, frames, n_frames);
  else
    for (guint k = 0; k < n_frames; k++)
      add_to_channels (self, layout, &frames[k]);
  return TRUE;
}

/**
 * pixelnorm_accumulator_add_data:
 * @self: an accumulator
 * @layout: what the frame consists of
 * @data: (array length=size): a packed frame: planes one after the other, rows without padding
 * @size: bytes of @data
 * @error: return location for a #GError, or %NULL
 *
 * Adds a frame that lies in one piece.
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_LIMIT, and nothing
 * was added
 */
gboolean
pixelnorm_accumulator_add_data (PixelnormAccumulator *self, const PixelnormLayout *layout,
    const guint8 *data, gsize size, GError **error)
{
  PixelnormFrame frame;

  return pixelnorm_frame_init_packed (&frame, layout, data, size, error)
      && pixelnorm_accumulator_add (self, layout, &frame, 1, error);
}

/**
 * pixelnorm_accumulator_skip:
 * @self: an accumulator
 * @n_frames: how many
 *
 * Notes frames that were seen but left out, as broken ones.
 */
void
pixelnorm_accumulator_skip (PixelnormAccumulator *self, guint64 n_frames)
{
  self->frames_skipped += n_frames;
}

/**
 * pixelnorm_accumulator_add_source:
 * @self: an accumulator
 * @source: (nullable): where frames come from, as a URI; or several, a line each
 *
 * Notes a source, which the profile will list. One that is noted already is not noted again; after
 * 64 the list only says that there are more.
 */
void
pixelnorm_accumulator_add_source (PixelnormAccumulator *self, const gchar *source)
{
  g_auto (GStrv) lines = g_strsplit (source ? source : "", "\n", -1);
  g_auto (GStrv) known = g_strsplit (self->sources->str, "\n", -1);

  for (char **line = lines; *line; line++) {
    if (!**line || g_strv_contains ((const char *const *) known, *line)
        || self->n_sources > MAX_SOURCES)
      continue;
    if (self->sources->len)
      g_string_append_c (self->sources, '\n');
    g_string_append (self->sources, self->n_sources == MAX_SOURCES ? "and more" : *line);
    self->n_sources++;
  }
}

/**
 * pixelnorm_accumulator_get_frames:
 * @self: an accumulator
 *
 * Returns: how many frames were added, those of the profile that was begun from included
 */
guint64
pixelnorm_accumulator_get_frames (PixelnormAccumulator *self)
{
  return self->frames;
}

/**
 * pixelnorm_accumulator_get_frames_skipped:
 * @self: an accumulator
 *
 * Returns: how many frames were left out
 */
guint64
pixelnorm_accumulator_get_frames_skipped (PixelnormAccumulator *self)
{
  return self->frames_skipped;
}

/**
 * pixelnorm_accumulator_get_statistics:
 * @self: an accumulator
 * @channel: a channel, or -1 for all together
 * @statistics: (out caller-allocates): statistics pooled over all pixels
 */
void
pixelnorm_accumulator_get_statistics (
    PixelnormAccumulator *self, gint channel, PixelnormStatistics *statistics)
{
  PixelnormMoments pooled = PIXELNORM_MOMENTS_EMPTY;

  spill (self);
  for (guint c = 0; c < self->n_channels; c++) {
    if (channel >= 0 && c != (guint) channel)
      continue;
    const PixelnormMoments more = pool_channel (self, c);
    pixelnorm_moments_pool (&pooled, &more);
  }
  pixelnorm_statistics_init (statistics, &pooled);
}

static void
store_lanes (PixelnormAccumulator *self, const PixelnormProfileData *data)
{
  for (guint g = 0; g < self->n_groups; g++) {
    const Group *group = &self->groups[g];

    for (gsize i = 0; i < group->lanes.n; i++) {
      const PixelnormMoments moments = pixelnorm_lanes_get (&group->lanes, i, self->frames);

      pixelnorm_profile_store (
          data, i / group->n_channels, group->first + i % group->n_channels, &moments);
    }
  }
}

static void
store_channels (PixelnormAccumulator *self, PixelnormProfileData *data)
{
  for (guint c = 0; c < self->n_channels; c++) {
    const PixelnormMoments moments = pool_channel (self, c);

    pixelnorm_profile_store (data, 0, c, &moments);
    data->samples[c] = moments.count;
  }
}

/**
 * pixelnorm_accumulator_snapshot:
 * @self: an accumulator
 * @error: return location for a #GError, or %NULL
 *
 * Makes a profile of what was added so far. Takes 18 bytes of memory a sample; 20 above 8 bits.
 *
 * Returns: (transfer full): a profile; %NULL with %PIXELNORM_ERROR_SETTINGS where there was no
 * frame, or %PIXELNORM_ERROR_MEMORY
 */
PixelnormProfile *
pixelnorm_accumulator_snapshot (PixelnormAccumulator *self, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  PixelnormProfileData data = { self->scope, self->geometry, self->frames, self->frames_skipped };

  if (self->frames == 0) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "There is no profile of no frames: add at least one.");
    return NULL;
  }
  if (!pixelnorm_profile_allocate_arrays (&data, error))
    return NULL;
  spill (self);
  if (self->scope == PIXELNORM_SCOPE_PIXEL)
    store_lanes (self, &data);
  else
    store_channels (self, &data);
  if (self->sources->len)
    data.sources = g_strdup (self->sources->str);
  data.created = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  data.software = g_strdup ("gst-pixelnorm " PIXELNORM_VERSION);
  return pixelnorm_profile_new_take (&data);
}

static void
pixelnorm_accumulator_finalize (GObject *object)
{
  PixelnormAccumulator *self = PIXELNORM_ACCUMULATOR (object);

  for (guint g = 0; g < self->n_groups; g++)
    pixelnorm_lanes_clear (&self->groups[g].lanes);
  g_string_free (self->sources, TRUE);
  G_OBJECT_CLASS (pixelnorm_accumulator_parent_class)->finalize (object);
}

static void
pixelnorm_accumulator_class_init (PixelnormAccumulatorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pixelnorm_accumulator_finalize;
}

static void
pixelnorm_accumulator_init (PixelnormAccumulator *self)
{
  self->sources = g_string_new (NULL);
}
