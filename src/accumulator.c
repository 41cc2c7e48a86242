/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames -> statistics, exact.
 *
 * Two levels of sums: a frame adds x to a 16-bit sum and p = x (255 - x) to a 32-bit one; before
 * they can overflow (257 and 264,208 additions, kernels.h) they spill into 64-bit totals. The sum
 * of squares is 255 sum(x) - sum(p). 2^32 frames of 8-bit samples stay below 2^48 in every total.
 *
 * In scope channel the same arrays are one tile long: every tile of every row is added to it as if
 * it were a frame of that size (a tile holds whole pixels), and the lanes are pooled by channel
 * when somebody asks.
 */
#include <pixelnorm/accumulator.h>

#include <stdlib.h>
#include <string.h>

#include "profile-private.h"
#include "rows.h"

struct _PixelnormAccumulator {
  GObject parent_instance;

  PixelnormScope scope;
  PixelnormGeometry geometry; /* width and height 0 in scope channel */
  guint n_channels;
  const PixelnormKernels *kernels;

  guint64 frames, frames_skipped;
  guint64 samples; /* scope channel: pooled so far, per channel */
  GString *sources;
  guint n_sources;
  PixelnormMoments base[PIXELNORM_MAX_CHANNELS]; /* scope channel: of the profile begun from */

  gsize n_lanes; /* samples of a frame, or PIXELNORM_TILE in scope channel */
  void *block;   /* the arrays below, n_lanes each */
  guint64 *total_sum, *total_p;
  guint32 *p;
  guint16 *sum;
  guint8 *min, *max;
  guint in_sum, in_p; /* additions since the last spill */
};

/* Lines of the list of sources; more would make a profile of many files mostly a list. */
#define MAX_SOURCES 64

G_DEFINE_FINAL_TYPE (PixelnormAccumulator, pixelnorm_accumulator, G_TYPE_OBJECT)

static gboolean
allocate_lanes (PixelnormAccumulator *self, GError **error)
{
  const gsize bytes_per_lane = 2 * sizeof (guint64) + sizeof (guint32) + sizeof (guint16) + 2;
  const gsize n = self->n_lanes;

  /* one block, so that a system that lends memory it does not have refuses by the whole size */
  if (n <= G_MAXSIZE / bytes_per_lane)
    self->block = calloc (n, bytes_per_lane);
  if (!self->block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for statistics of %ux%u pixels with %u channels: %" G_GSIZE_FORMAT
        " MiB are needed. Scale the video down, or collect with scope channel.",
        self->geometry.width, self->geometry.height, self->n_channels,
        n / 1024 * bytes_per_lane / 1024);
    return FALSE;
  }
  self->total_sum = self->block;
  self->total_p = self->total_sum + n;
  self->p = (guint32 *) (self->total_p + n);
  self->sum = (guint16 *) (self->p + n);
  self->min = (guint8 *) (self->sum + n);
  self->max = self->min + n;
  memset (self->min, 0xff, n);
  return TRUE;
}

static PixelnormAccumulator *
accumulator_new (PixelnormScope scope, const PixelnormGeometry *geometry, GError **error)
{
  g_autoptr (PixelnormAccumulator) self = NULL;

  if (scope == PIXELNORM_SCOPE_GLOBAL) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Statistics are collected with scope pixel or channel; scope global follows from either.");
    return NULL;
  }
  if (geometry->depth != 8) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Statistics are collected of 8-bit samples; these have %u bits.", geometry->depth);
    return NULL;
  }
  self = g_object_new (PIXELNORM_TYPE_ACCUMULATOR, NULL);
  self->scope = scope;
  self->geometry = *geometry;
  self->n_channels = strlen (geometry->channels);
  self->n_lanes = PIXELNORM_TILE;
  if (scope == PIXELNORM_SCOPE_CHANNEL)
    self->geometry.width = self->geometry.height = 0;
  else
    self->n_lanes = (gsize) geometry->width * geometry->height * self->n_channels;
  if (!allocate_lanes (self, error))
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
load_lanes (PixelnormAccumulator *self, PixelnormProfile *profile)
{
  for (gsize i = 0; i < self->n_lanes; i++) {
    const PixelnormMoments moments = pixelnorm_profile_moments (
        &profile->data, self->n_channels, i / self->n_channels, i % self->n_channels);

    self->total_sum[i] = moments.sum;
    self->total_p[i] =
        255 * moments.sum - moments.squares; /* the sum of x (255 - x): not negative */
    self->min[i] = moments.min;
    self->max[i] = moments.max;
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
    load_lanes (self, profile);
  else
    for (guint c = 0; c < self->n_channels; c++)
      self->base[c] = pixelnorm_profile_moments (data, self->n_channels, 0, c);
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

static void
spill (PixelnormAccumulator *self, gboolean sum, gboolean p)
{
  /* kernels count in int; lanes may be more */
  for (gsize i = 0; i < self->n_lanes; i += G_MAXINT16) {
    const gint n = (gint) MIN (self->n_lanes - i, G_MAXINT16);

    if (sum)
      self->kernels->spill_u16 (self->total_sum + i, self->sum + i, n);
    if (p)
      self->kernels->spill_u32 (self->total_p + i, self->p + i, n);
  }
  if (sum)
    self->in_sum = 0;
  if (p)
    self->in_p = 0;
}

/* Makes room for @n more additions to every lane. */
static inline void
make_room (PixelnormAccumulator *self, guint n)
{
  const gboolean sum = self->in_sum + n > PIXELNORM_SPILL_SUM_U8;
  const gboolean p = self->in_p + n > PIXELNORM_SPILL_P_U8;

  if (sum || p)
    spill (self, sum, p);
  self->in_sum += n;
  self->in_p += n;
}

static gboolean
count_frames (
    PixelnormAccumulator *self, const PixelnormLayout *layout, guint n_frames, GError **error)
{
  const guint64 pixels = (guint64) layout->geometry.width * layout->geometry.height * n_frames;
  const guint64 most = G_MAXUINT64 / 255; /* samples whose sum fits 64 bits for sure */
  const guint64 base = self->base[0].count;

  if (self->frames > PIXELNORM_MAX_FRAMES - n_frames
      || (self->scope == PIXELNORM_SCOPE_CHANNEL
          && (base > most || self->samples > most - base
              || pixels > most - base - self->samples))) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_LIMIT,
        "The statistics are full after %" G_GUINT64_FORMAT
        " frames: the file cannot hold larger sums exactly. Save them and begin anew.",
        self->frames);
    return FALSE;
  }
  self->frames += n_frames;
  self->samples += pixels;
  return TRUE;
}

/* Adds @n_lists lists of @n samples to the lanes from @lane on. */
static void
add_lists (
    PixelnormAccumulator *self, gsize lane, const guint8 *const *lists, guint n_lists, gint n)
{
  guint8 *min = self->min + lane, *max = self->max + lane;
  guint16 *sum = self->sum + lane, scratch[PIXELNORM_TILE];
  guint32 *p = self->p + lane;
  guint k = 0;

  for (; k + 4 <= n_lists; k += 4)
    self->kernels->accumulate4_u8 (min, max, sum, p, lists + k, scratch, n);
  for (; k < n_lists; k++)
    self->kernels->accumulate_u8 (min, max, sum, p, lists[k], scratch, n);
}

/* A tile of all frames, then the next tile: the accumulators of a tile stay in cache meanwhile. */
static void
add_per_pixel (PixelnormAccumulator *self, const PixelnormLayout *layout,
    const PixelnormFrame *frames, guint n_frames)
{
  const PixelnormRows rows = pixelnorm_rows (layout);
  guint8 buffers[PIXELNORM_MAX_BATCH][PIXELNORM_TILE];
  const guint8 *lists[PIXELNORM_MAX_BATCH];

  make_room (self, n_frames);
  for (guint y = 0; y < layout->geometry.height; y++)
    for (gsize i = 0; i < rows.n_samples; i += PIXELNORM_TILE) {
      const gint n = (gint) MIN (rows.n_samples - i, PIXELNORM_TILE);

      for (guint k = 0; k < n_frames; k++)
        lists[k] = pixelnorm_rows_tile (&rows, &frames[k], y, i, n, buffers[k]);
      add_lists (self, y * rows.n_samples + i, lists, n_frames, n);
    }
}

/* Tiles that wait until there are enough for one addition. */
typedef struct {
  guint8 buffers[4][PIXELNORM_TILE];
  const guint8 *lists[4];
  guint n_lists;
  gint n; /* samples of each */
} Waiting;

static void
add_waiting (PixelnormAccumulator *self, Waiting *waiting)
{
  make_room (self, waiting->n_lists);
  add_lists (self, 0, waiting->lists, waiting->n_lists, waiting->n);
  waiting->n_lists = 0;
}

/* All tiles go to the same lanes: the full ones four at a time, and so the last ones of the rows,
 * all as short. */
static void
add_per_channel (
    PixelnormAccumulator *self, const PixelnormLayout *layout, const PixelnormFrame *frame)
{
  const PixelnormRows rows = pixelnorm_rows (layout);
  Waiting full, last;

  full.n_lists = last.n_lists = 0;
  for (guint y = 0; y < layout->geometry.height; y++)
    for (gsize i = 0; i < rows.n_samples; i += PIXELNORM_TILE) {
      const gint n = (gint) MIN (rows.n_samples - i, PIXELNORM_TILE);
      Waiting *waiting = n == PIXELNORM_TILE ? &full : &last;

      waiting->n = n;
      waiting->lists[waiting->n_lists] =
          pixelnorm_rows_tile (&rows, frame, y, i, n, waiting->buffers[waiting->n_lists]);
      if (++waiting->n_lists == 4)
        add_waiting (self, waiting);
    }
  add_waiting (self, &full);
  add_waiting (self, &last);
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
    add_per_pixel (self, layout, frames, n_frames);
  else
    for (guint k = 0; k < n_frames; k++)
      add_per_channel (self, layout, &frames[k]);
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

/* Needs a spill before. */
static PixelnormMoments
lane_moments (PixelnormAccumulator *self, gsize lane)
{
  const guint64 sum = self->total_sum[lane];

  return (PixelnormMoments){ self->frames, sum, (PixelnormU128) 255 * sum - self->total_p[lane],
    self->min[lane], self->max[lane] };
}

static PixelnormMoments
pool_channel (PixelnormAccumulator *self, guint channel)
{
  PixelnormMoments pooled = PIXELNORM_MOMENTS_EMPTY;

  if (self->frames == 0)
    return pooled;
  for (gsize i = channel; i < self->n_lanes; i += self->n_channels) {
    const PixelnormMoments lane = lane_moments (self, i);

    pixelnorm_moments_pool (&pooled, &lane);
  }
  if (self->scope == PIXELNORM_SCOPE_CHANNEL) {
    pooled.count = self->samples; /* lanes of a short row were added to less often */
    pixelnorm_moments_pool (&pooled, &self->base[channel]);
  }
  return pooled;
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

  spill (self, TRUE, TRUE);
  for (guint c = 0; c < self->n_channels; c++) {
    if (channel >= 0 && c != (guint) channel)
      continue;
    const PixelnormMoments more = pool_channel (self, c);
    pixelnorm_moments_pool (&pooled, &more);
  }
  pixelnorm_statistics_init (statistics, &pooled);
}

/* Fills item @i of the four arrays of a profile. */
static void
store_moments (PixelnormProfileData *data, gsize i, const PixelnormMoments *moments)
{
  ((guint64 *) data->sum.data)[i] = (guint64) moments->sum;
  ((guint64 *) data->sum_squares.data)[i] = (guint64) moments->squares;
  if (data->sum_squares_high.data)
    ((guint64 *) data->sum_squares_high.data)[i] = (guint64) (moments->squares >> 64);
  ((guint8 *) data->min.data)[i] = (guint8) moments->min;
  ((guint8 *) data->max.data)[i] = (guint8) moments->max;
}

static gboolean
allocate_arrays (PixelnormProfileData *data, gsize n, GError **error)
{
  const gboolean high = data->scope == PIXELNORM_SCOPE_CHANNEL;
  const gsize size = n * (2 * 8 + (high ? 8 : 0) + 2);
  guint64 *block = malloc (size);

  if (!block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a profile: %" G_GSIZE_FORMAT " MiB are needed.", size >> 20);
    return FALSE;
  }
  data->sum = (PixelnormArray){ block, 8 };
  data->sum_squares = (PixelnormArray){ block + n, 8 };
  if (high)
    data->sum_squares_high = (PixelnormArray){ block + 2 * n, 8 };
  data->min = (PixelnormArray){ (guint8 *) (block + (high ? 3 : 2) * n), 1 };
  data->max = (PixelnormArray){ (const guint8 *) data->min.data + n, 1 };
  data->backing = g_bytes_new_with_free_func (block, size, free, block);
  return TRUE;
}

/**
 * pixelnorm_accumulator_snapshot:
 * @self: an accumulator
 * @error: return location for a #GError, or %NULL
 *
 * Makes a profile of what was added so far. Takes 18 bytes of memory a sample.
 *
 * Returns: (transfer full): a profile; %NULL with %PIXELNORM_ERROR_SETTINGS where there was no
 * frame, or %PIXELNORM_ERROR_MEMORY
 */
PixelnormProfile *
pixelnorm_accumulator_snapshot (PixelnormAccumulator *self, GError **error)
{
  const gboolean per_pixel = self->scope == PIXELNORM_SCOPE_PIXEL;
  const gsize n = per_pixel ? self->n_lanes : self->n_channels;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  PixelnormProfileData data = { self->scope, self->geometry, self->frames, self->frames_skipped };

  if (self->frames == 0) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "There is no profile of no frames: add at least one.");
    return NULL;
  }
  if (!allocate_arrays (&data, n, error))
    return NULL;
  spill (self, TRUE, TRUE);
  for (gsize i = 0; i < n; i++) {
    const PixelnormMoments moments = per_pixel ? lane_moments (self, i) : pool_channel (self, i);

    store_moments (&data, i, &moments);
    if (!per_pixel)
      data.samples[i] = moments.count;
  }
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

  free (self->block);
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
  self->kernels = pixelnorm_kernels ();
  self->sources = g_string_new (NULL);
}
