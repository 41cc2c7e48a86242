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
 *
 * With a mask the runs of pixels inside of it are added, as short rows; how often a pixel was counted is
 * brought up to date when somebody asks, since it grows with every frame by the mask itself.
 *
 * accumulator-profile.c makes profiles of it, and goes on from profiles.
 */
#include "accumulator-private.h"

#include <stdlib.h>
#include <string.h>

#include "frame/rows.h"

#define CACHE_LINE 64
/* Frames of so many bytes are asked for so far ahead of their use. */
#define LARGE_FRAME (1 << 20)
#define AHEAD 6144

/* Additions to a lane before it is pooled, well below the 2^32 that it holds. */
#define MAX_ADDITIONS (G_GUINT64_CONSTANT (1) << 31)

G_DEFINE_FINAL_TYPE (PixelnormAccumulator, pixelnorm_accumulator, G_TYPE_OBJECT)

static gboolean
add_group (PixelnormAccumulator *self, guint first, guint n_channels, GError **error)
{
  const PixelnormGeometry *geometry = &self->geometry;
  PixelnormGroup *group = &self->groups[self->n_groups];
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

PixelnormAccumulator *
pixelnorm_accumulator_new_empty (
    PixelnormScope scope, const PixelnormGeometry *geometry, GError **error)
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
 *
 * Since: 0.1
 */
PixelnormAccumulator *
pixelnorm_accumulator_new (PixelnormScope scope, const PixelnormLayout *layout, GError **error)
{
  g_return_val_if_fail (layout != NULL, NULL);

  return pixelnorm_accumulator_new_empty (scope, &layout->geometry, error);
}

/**
 * pixelnorm_accumulator_populate:
 * @self: an accumulator
 *
 * Has the system give the memory of the sums now, which else it does while the first frames are added, and then takes ten
 * times as long as they do. Does nothing where the system cannot.
 *
 * This may be called while another thread uses @self.
 *
 * Since: 0.2
 */
void
pixelnorm_accumulator_populate (PixelnormAccumulator *self)
{
  for (guint g = 0; g < self->n_groups; g++)
    pixelnorm_lanes_populate (&self->groups[g].lanes);
}

gboolean
pixelnorm_accumulator_make_counts (PixelnormAccumulator *self, GError **error)
{
  for (guint g = 0; g < self->n_groups && self->scope == PIXELNORM_SCOPE_PIXEL; g++) {
    PixelnormGroup *group = &self->groups[g];
    const gsize n = group->lanes.n / group->n_channels;

    if (group->counts)
      continue;
    group->counts = calloc (n, sizeof *group->counts);
    if (!group->counts) {
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
          "Not enough memory for a count of every pixel: %" G_GSIZE_FORMAT " MiB are needed.",
          n * sizeof *group->counts >> 20);
      return FALSE;
    }
    for (gsize i = 0; i < n; i++)
      group->counts[i] = self->counted;
  }
  return TRUE;
}

/**
 * pixelnorm_accumulator_set_mask:
 * @self: an accumulator
 * @layout: what the frames consist of that are added from now on
 * @mask: (array length=size) (nullable): a byte a pixel, row by row: pixels where it is 0 do not
 *   count; %NULL: all count again
 * @size: bytes of @mask: width times height of @layout
 * @error: return location for a #GError, or %NULL
 *
 * Counts only some of the pixels of later frames: no letterbox bars, logos or sky. A sample that
 * several pixels share (U and V of a subsampled format) counts where all of them do. In scope pixel
 * the profile then says how often each pixel was counted.
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_SETTINGS, %PIXELNORM_ERROR_MISMATCH or
 *   %PIXELNORM_ERROR_MEMORY, and nothing changed
 *
 * Since: 0.1
 */
gboolean
pixelnorm_accumulator_set_mask (PixelnormAccumulator *self, const PixelnormLayout *layout,
    const guint8 *mask, gsize size, GError **error)
{
  const PixelnormGeometry *geometry = &layout->geometry;
  g_autoptr (PixelnormMask) fresh = NULL;

  if (mask) {
    if (!pixelnorm_geometry_check (
            &self->geometry, geometry, "what was collected so far", "the stream", error))
      return FALSE;
    if (size != (gsize) geometry->width * geometry->height) {
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
          "The mask has %" G_GSIZE_FORMAT " bytes; expected %u x %u, one per pixel.", size,
          geometry->width, geometry->height);
      return FALSE;
    }
    fresh = pixelnorm_mask_new (geometry, mask);
    if (!fresh) {
      g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
          "The mask leaves no sample of some channel that would count. Expected a pixel that is "
          "not 0, or a block of pixels that share U and V.");
      return FALSE;
    }
  }
  pixelnorm_accumulator_settle (self);
  if (mask && !pixelnorm_accumulator_make_counts (self, error))
    return FALSE;
  pixelnorm_mask_free (self->mask);
  self->mask = g_steal_pointer (&fresh);
  return TRUE;
}

/**
 * pixelnorm_accumulator_keep_histogram:
 * @self: an accumulator
 * @error: return location for a #GError, or %NULL
 *
 * Counts from now on how often each code value occurs in each channel; the profile holds it. It
 * takes as much time again as everything else.
 *
 * Returns: %TRUE; %FALSE with %PIXELNORM_ERROR_SETTINGS where frames were added before without
 *
 * Since: 0.1
 */
gboolean
pixelnorm_accumulator_keep_histogram (PixelnormAccumulator *self, GError **error)
{
  if (self->histogram)
    return TRUE;
  if (self->frames > 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "There are %" G_GUINT64_FORMAT
        " frames without a histogram already, so it would not cover all of them. Start again, or "
        "go on without a histogram.",
        self->frames);
    return FALSE;
  }
  self->histogram = pixelnorm_histogram_new (self->n_channels, self->geometry.depth);
  return TRUE;
}

/**
 * pixelnorm_accumulator_accepts:
 * @self: an accumulator
 * @layout: what frames consist of
 * @error: return location for a #GError, or %NULL
 *
 * Returns: whether such frames can be added; else %FALSE with %PIXELNORM_ERROR_MISMATCH
 *
 * Since: 0.1
 */
gboolean
pixelnorm_accumulator_accepts (
    PixelnormAccumulator *self, const PixelnormLayout *layout, GError **error)
{
  return pixelnorm_geometry_check (
             &self->geometry, &layout->geometry, "what was collected so far", "the stream", error)
      && (!self->mask
          || pixelnorm_geometry_check (
              &self->mask->geometry, &layout->geometry, "the mask", "the stream", error));
}

gboolean
pixelnorm_accumulator_has_room (
    const PixelnormAccumulator *self, guint64 n_frames, guint64 samples, GError **error)
{
  /* samples whose sum fits 64 bits for sure */
  const guint64 most = G_MAXUINT64 / ((1u << self->geometry.depth) - 1);
  const guint64 base = self->base[0].count;

  if (n_frames <= PIXELNORM_MAX_FRAMES && self->frames <= PIXELNORM_MAX_FRAMES - n_frames
      && (self->scope == PIXELNORM_SCOPE_PIXEL
          || (base <= most && self->samples[0] <= most - base
              && samples <= most - base - self->samples[0])))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_LIMIT,
      "The statistics are full after %" G_GUINT64_FORMAT
      " frames: the file cannot hold larger sums exactly. Save them and begin anew.",
      self->frames);
  return FALSE;
}

static guint64
channel_samples (const PixelnormAccumulator *self, const PixelnormLayout *layout, guint channel)
{
  if (self->mask)
    return self->mask->n_inside[channel > 0];
  return (guint64) pixelnorm_geometry_get_channel_width (&layout->geometry, channel)
      * pixelnorm_geometry_get_channel_height (&layout->geometry, channel);
}

static gboolean
count_frames (
    PixelnormAccumulator *self, const PixelnormLayout *layout, guint n_frames, GError **error)
{
  if (!pixelnorm_accumulator_has_room (
          self, n_frames, channel_samples (self, layout, 0) * n_frames, error))
    return FALSE;
  self->frames += n_frames;
  for (guint c = 0; c < self->n_channels; c++)
    self->samples[c] += channel_samples (self, layout, c) * n_frames;
  return TRUE;
}

static const guint8 *
group_mask (const PixelnormAccumulator *self, const PixelnormGroup *group)
{
  return self->mask ? pixelnorm_mask_samples (self->mask, group->first) : NULL;
}

PixelnormMoments
pixelnorm_accumulator_pool (PixelnormAccumulator *self, guint channel)
{
  PixelnormMoments pooled = PIXELNORM_MOMENTS_EMPTY;

  if (self->frames == 0)
    return pooled;
  for (guint g = 0; g < self->n_groups; g++) {
    const PixelnormGroup *group = &self->groups[g];

    if (channel < group->first || channel >= group->first + group->n_channels)
      continue;
    for (gsize i = channel - group->first; i < group->lanes.n; i += group->n_channels) {
      const PixelnormMoments lane = pixelnorm_group_moments (self, group, i);

      pixelnorm_moments_pool (&pooled, &lane);
    }
  }
  if (self->scope == PIXELNORM_SCOPE_CHANNEL) {
    pooled.count = self->samples[channel]; /* lanes of a short row were added to less often */
    pixelnorm_moments_pool (&pooled, &self->base[channel]);
  }
  return pooled;
}

/* Since that was done last, every pixel of the mask was counted once a frame. */
void
pixelnorm_accumulator_settle_counts (PixelnormAccumulator *self)
{
  const guint64 more = self->frames - self->counted;

  for (guint g = 0; g < self->n_groups && more > 0; g++) {
    PixelnormGroup *group = &self->groups[g];
    const guint8 *inside = group_mask (self, group);

    for (gsize i = 0; group->counts && i < group->lanes.n / group->n_channels; i++)
      group->counts[i] += inside ? inside[i] * more : more;
  }
  self->counted = self->frames;
}

void
pixelnorm_accumulator_settle (PixelnormAccumulator *self)
{
  for (guint g = 0; g < self->n_groups; g++)
    pixelnorm_lanes_spill (&self->groups[g].lanes);
  pixelnorm_accumulator_settle_counts (self);
}

/* Pools all lanes into the base, before one of them could overflow. */
static void
empty_lanes (PixelnormAccumulator *self)
{
  pixelnorm_accumulator_settle (self);
  for (guint c = 0; c < self->n_channels; c++) {
    self->base[c] = pixelnorm_accumulator_pool (self, c);
    self->samples[c] = 0;
  }
  for (guint g = 0; g < self->n_groups; g++)
    pixelnorm_lanes_empty (&self->groups[g].lanes);
}

/* The samples of a row to add that lie side by side, at *@end or after it: the whole row where there
 * is no mask. */
static gboolean
next_span (const guint8 *inside, const PixelnormRows *rows, guint y, guint *begin, guint *end)
{
  if (inside)
    return pixelnorm_mask_next_run (inside + (gsize) y * rows->width, rows->width, begin, end);
  *begin = *end;
  *end = rows->width;
  return *begin < *end;
}

/* A tile of all frames, then the next tile: the accumulators of a tile stay in cache meanwhile. What is converted
 * comes a tile of pixels at a time. */
static void
add_span (PixelnormAccumulator *self, PixelnormGroup *group, const PixelnormRows *rows,
    const PixelnormFrame *frames, guint n_frames, guint y, gsize begin, gsize end)
{
  const gsize tile_bytes = PIXELNORM_TILE * (rows->type == PIXELNORM_SAMPLE_U16 ? 2 : 1);
  const gsize step =
      rows->colour && begin == 0 ? PIXELNORM_TILE * rows->n_channels : PIXELNORM_TILE;
  PixelnormTile buffers[PIXELNORM_MAX_BATCH][PIXELNORM_MAX_GATHERED];
  const guint8 *lists[PIXELNORM_MAX_BATCH];

  for (gsize i = begin, listed = begin; i < end; i += PIXELNORM_TILE) {
    const gint n = (gint) MIN (end - i, PIXELNORM_TILE);

    for (guint k = 0; k < n_frames; k++)
      lists[k] = i < listed
          ? lists[k] + tile_bytes
          : pixelnorm_rows_tile (rows, &frames[k], y, i, (gint) MIN (end - i, step), buffers[k]);
    listed = i < listed ? listed : i + step;
    pixelnorm_lanes_add (
        &group->lanes, y * rows->n_samples + i, (const void *const *) lists, n_frames, n);
    for (guint k = 0; self->histogram && k < n_frames; k++)
      pixelnorm_histogram_add (
          self->histogram, group->first, group->n_channels, rows->type, lists[k], n);
  }
}

/* Rows of frames, as many as each other part has but for one. */
typedef struct {
  guint part, n_parts;
} Part;

static guint
part_end (const Part *part, guint height)
{
  return (guint) ((guint64) height * (part->part + 1) / part->n_parts);
}

static guint
part_begin (const Part *part, guint height)
{
  return (guint) ((guint64) height * part->part / part->n_parts);
}

static void
add_per_pixel (PixelnormAccumulator *self, PixelnormGroup *group, const PixelnormLayout *layout,
    const PixelnormFrame *frames, guint n_frames, const Part *part)
{
  const guint8 *inside = group_mask (self, group);
  PixelnormRows rows;

  pixelnorm_rows_init_channels (&rows, layout, group->first, group->n_channels);
  if (part->part == 0)
    pixelnorm_lanes_announce (&group->lanes, n_frames);
  for (guint y = part_begin (part, rows.height); y < part_end (part, rows.height); y++) {
    pixelnorm_lanes_make_room (&group->lanes, y * rows.n_samples, rows.n_samples);
    for (guint begin = 0, end = 0; next_span (inside, &rows, y, &begin, &end);)
      add_span (self, group, &rows, frames, n_frames, y, (gsize) begin * group->n_channels,
          (gsize) end * group->n_channels);
  }
}

/* Tiles of one length that wait until there are enough for one addition. */
typedef struct {
  PixelnormTile buffers[4];
  const void *lists[4];
  guint n_lists;
  gint n; /* samples of each */
} Waiting;

static void
add_waiting (PixelnormLanes *lanes, Waiting *waiting)
{
  pixelnorm_lanes_announce (lanes, waiting->n_lists);
  pixelnorm_lanes_make_room (lanes, 0, lanes->n);
  pixelnorm_lanes_add (lanes, 0, waiting->lists, waiting->n_lists, waiting->n);
  waiting->n_lists = 0;
}

/* Processors by themselves follow tiles badly that are read four side by side, and wait for memory as long as for the sums.
 * Past the end of a frame this does nothing. */
static inline void
ask_for (const guint8 *samples, gsize bytes)
{
  for (gsize i = 0; i < bytes; i += CACHE_LINE)
    __builtin_prefetch ((const void *) ((guintptr) samples + AHEAD + i));
}

/* All tiles go to the same lanes: the full ones four at a time, and so the last ones of the spans,
 * while they are as short as each other. */
static void
add_span_to_channels (PixelnormAccumulator *self, PixelnormGroup *group, const PixelnormRows *rows,
    const PixelnormFrame *frame, guint y, gsize begin, gsize end, Waiting waiting[2])
{
  const gsize sample_bytes = rows->type == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  const gboolean large = rows->n_samples * rows->height * sample_bytes >= LARGE_FRAME;

  for (gsize i = begin; i < end; i += PIXELNORM_TILE) {
    const gint n = (gint) MIN (end - i, PIXELNORM_TILE);
    Waiting *same = &waiting[n == PIXELNORM_TILE];

    if (same->n != n)
      add_waiting (&group->lanes, same);
    same->n = n;
    const void *list = pixelnorm_rows_tile (rows, frame, y, i, n, &same->buffers[same->n_lists]);
    if (self->histogram)
      pixelnorm_histogram_add (
          self->histogram, group->first, group->n_channels, rows->type, list, n);
    if (large && list != &same->buffers[same->n_lists])
      ask_for (list, (gsize) n * sample_bytes);
    same->lists[same->n_lists++] = list;
    if (same->n_lists == 4)
      add_waiting (&group->lanes, same);
  }
}

static void
add_per_channel (PixelnormAccumulator *self, PixelnormGroup *group, const PixelnormLayout *layout,
    const PixelnormFrame *frame, const Part *part)
{
  const guint8 *inside = group_mask (self, group);
  PixelnormRows rows;
  Waiting waiting[2];

  pixelnorm_rows_init_channels (&rows, layout, group->first, group->n_channels);
  for (guint i = 0; i < 2; i++)
    waiting[i].n_lists = 0, waiting[i].n = 0;
  for (guint y = part_begin (part, rows.height); y < part_end (part, rows.height); y++) {
    for (guint begin = 0, end = 0; next_span (inside, &rows, y, &begin, &end);)
      add_span_to_channels (self, group, &rows, frame, y, (gsize) begin * group->n_channels,
          (gsize) end * group->n_channels, waiting);
    /* a row adds to a lane at most 2^19 runs, or 2^12 tiles */
    if (group->lanes.additions > MAX_ADDITIONS) {
      add_waiting (&group->lanes, &waiting[0]);
      add_waiting (&group->lanes, &waiting[1]);
      empty_lanes (self);
    }
  }
  add_waiting (&group->lanes, &waiting[0]);
  add_waiting (&group->lanes, &waiting[1]);
}

/* What does not depend on which rows. */
static gboolean
begin_frames (
    PixelnormAccumulator *self, const PixelnormLayout *layout, guint n_frames, GError **error)
{
  if (!pixelnorm_accumulator_accepts (self, layout, error)
      || !count_frames (self, layout, n_frames, error))
    return FALSE;
  if (pixelnorm_layout_get_conversion (layout) != self->last_conversion) {
    self->last_conversion = pixelnorm_layout_get_conversion (layout);
    pixelnorm_accumulator_add_conversions (self, self->last_conversion);
  }
  return TRUE;
}

/**
 * pixelnorm_accumulator_add_part: (skip)
 * @self: an accumulator
 * @layout: what the frames consist of
 * @frames: (array length=n_frames): where they lie
 * @n_frames: how many, at most %PIXELNORM_MAX_BATCH
 * @part: which part, from 0 to @n_parts - 1
 * @n_parts: how many parts there are, at least 1
 * @error: return location for a #GError, or %NULL
 *
 * Adds a part of frames, some of their rows: for who has no time for whole ones. All parts in their order, with the same
 * frames, are the same as one pixelnorm_accumulator_add(), and take as long together; from the first to the last nothing else
 * may be done with @self.
 *
 * Returns: %TRUE; else, for the first part only, %FALSE with %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_LIMIT, and nothing
 * was added
 *
 * Since: 0.2
 */
gboolean
pixelnorm_accumulator_add_part (PixelnormAccumulator *self, const PixelnormLayout *layout,
    const PixelnormFrame *frames, guint n_frames, guint part, guint n_parts, GError **error)
{
  const Part rows = { part, n_parts };

  g_return_val_if_fail (n_frames <= PIXELNORM_MAX_BATCH, FALSE);
  g_return_val_if_fail (part < n_parts && part == self->n_parts_added, FALSE);

  if (part == 0 && !begin_frames (self, layout, n_frames, error))
    return FALSE;
  for (guint g = 0; g < self->n_groups; g++)
    if (self->scope == PIXELNORM_SCOPE_PIXEL)
      add_per_pixel (self, &self->groups[g], layout, frames, n_frames, &rows);
    else
      for (guint k = 0; k < n_frames; k++)
        add_per_channel (self, &self->groups[g], layout, &frames[k], &rows);
  self->n_parts_added = part + 1 < n_parts ? part + 1 : 0;
  return TRUE;
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
 *
 * Since: 0.1
 */
gboolean
pixelnorm_accumulator_add (PixelnormAccumulator *self, const PixelnormLayout *layout,
    const PixelnormFrame *frames, guint n_frames, GError **error)
{
  return pixelnorm_accumulator_add_part (self, layout, frames, n_frames, 0, 1, error);
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
 *
 * Since: 0.1
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
 *
 * Since: 0.1
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
 * Notes a source, which the profile will list. The list is in the order of bytes, with each source once, and has the
 * first 64 and whether there are more: so it is the same in whatever order frames come and profiles are joined.
 *
 * Since: 0.1
 */
void
pixelnorm_accumulator_add_source (PixelnormAccumulator *self, const gchar *source)
{
  pixelnorm_lines_add (self->sources, source);
}

void
pixelnorm_accumulator_add_conversions (PixelnormAccumulator *self, const gchar *conversions)
{
  pixelnorm_lines_add (self->conversions, conversions);
}

/**
 * pixelnorm_accumulator_add_shard:
 * @self: an accumulator
 * @index: from 1 to @n_shards
 * @n_shards: in how many parts a set was divided
 *
 * Notes that the frames are a part of a set, which others collect the rest of. The profile lists the parts that it is made of,
 * until it has all.
 *
 * Since: 0.2
 */
void
pixelnorm_accumulator_add_shard (PixelnormAccumulator *self, guint index, guint n_shards)
{
  g_autofree gchar *shard = g_strdup_printf ("%u/%u", index, n_shards);

  g_return_if_fail (index >= 1 && index <= n_shards);

  pixelnorm_shards_add (self->shards, shard);
}

void
pixelnorm_accumulator_add_shards (PixelnormAccumulator *self, const gchar *shards)
{
  pixelnorm_shards_add (self->shards, shards);
}

/**
 * pixelnorm_accumulator_get_frames:
 * @self: an accumulator
 *
 * Returns: how many frames were added, those of the profile that was begun from included
 *
 * Since: 0.1
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
 *
 * Since: 0.1
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
 *
 * Since: 0.1
 */
void
pixelnorm_accumulator_get_statistics (
    PixelnormAccumulator *self, gint channel, PixelnormStatistics *statistics)
{
  PixelnormMoments pooled = PIXELNORM_MOMENTS_EMPTY;

  pixelnorm_accumulator_settle (self);
  for (guint c = 0; c < self->n_channels; c++) {
    if (channel >= 0 && c != (guint) channel)
      continue;
    const PixelnormMoments more = pixelnorm_accumulator_pool (self, c);
    pixelnorm_moments_pool (&pooled, &more);
  }
  pixelnorm_statistics_init (statistics, &pooled);
}

static void
pixelnorm_accumulator_finalize (GObject *object)
{
  PixelnormAccumulator *self = PIXELNORM_ACCUMULATOR (object);

  for (guint g = 0; g < self->n_groups; g++) {
    pixelnorm_lanes_clear (&self->groups[g].lanes);
    free (self->groups[g].counts);
  }
  pixelnorm_mask_free (self->mask);
  g_free (self->histogram);
  g_ptr_array_unref (self->sources);
  g_ptr_array_unref (self->conversions);
  g_ptr_array_unref (self->shards);
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
  self->sources = g_ptr_array_new_with_free_func (g_free);
  self->conversions = g_ptr_array_new_with_free_func (g_free);
  self->shards = g_ptr_array_new_with_free_func (g_free);
}
