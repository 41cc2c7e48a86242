/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile: immutable statistics of a set of frames, and what can be derived from them.
 *
 * The identity names the content: XXH3-128 of the geometry in words and of all stored integers
 * widened to 64 bits, so it is the same however wide they are stored, whenever and by whom the
 * profile was written.
 */
#include "profile-private.h"

#include <math.h>
#include <string.h>

#include "io/pages.h"
#include "kernels/clones.h"
#include "statistics/histogram.h"
#include "xxh3.h"

G_DEFINE_FINAL_TYPE (PixelnormProfile, pixelnorm_profile, G_TYPE_OBJECT)

/* IMAGE TABLE: what can be derived for every sample. */
static double
image_mean (const PixelnormMoments *moments)
{
  return pixelnorm_moments_mean (moments);
}

static double
image_std (const PixelnormMoments *moments)
{
  return sqrt (pixelnorm_moments_variance (moments));
}

static double
image_range (const PixelnormMoments *moments)
{
  return (double) moments->max - moments->min;
}

static double
image_min (const PixelnormMoments *moments)
{
  return moments->min;
}

static double
image_max (const PixelnormMoments *moments)
{
  return moments->max;
}

static double
image_count (const PixelnormMoments *moments)
{
  return (double) moments->count;
}

static double (*const images[]) (const PixelnormMoments *) = {
  [PIXELNORM_IMAGE_MEAN] = image_mean,
  [PIXELNORM_IMAGE_STD] = image_std,
  [PIXELNORM_IMAGE_RANGE] = image_range,
  [PIXELNORM_IMAGE_MIN] = image_min,
  [PIXELNORM_IMAGE_MAX] = image_max,
  [PIXELNORM_IMAGE_COUNT] = image_count,
};

gsize
pixelnorm_profile_n_all_samples (const PixelnormProfileData *data)
{
  gsize n = 0;

  for (guint c = 0; data->geometry.channels[c]; c++)
    n += pixelnorm_profile_n_samples (data, c);
  return n;
}

void
pixelnorm_profile_place_arrays (
    const PixelnormProfileData *data, PixelnormArray *arrays, const void *items, guint item_size)
{
  const gboolean apart = pixelnorm_geometry_is_subsampled (&data->geometry);
  const guint n_channels = strlen (data->geometry.channels);
  const guint8 *at = items;

  for (guint c = 0; c < n_channels; c++) {
    arrays[c] = (PixelnormArray){ at, item_size, apart ? 1 : n_channels };
    at += item_size * (apart ? pixelnorm_profile_n_samples (data, c) : 1);
  }
}

/* Writes an item of an array that is ours. */
static void
array_set (const PixelnormArray *array, gsize i, guint64 value)
{
  if (array->item_size == 8)
    ((guint64 *) array->data)[i * array->step] = value;
  else if (array->item_size == 4)
    ((guint32 *) array->data)[i * array->step] = (guint32) value;
  else if (array->item_size == 2)
    ((guint16 *) array->data)[i * array->step] = (guint16) value;
  else
    ((guint8 *) array->data)[i * array->step] = (guint8) value;
}

void
pixelnorm_profile_store (
    const PixelnormProfileData *data, gsize i, guint channel, const PixelnormMoments *moments)
{
  array_set (&data->sum[channel], i, (guint64) moments->sum);
  array_set (&data->sum_squares[channel], i, (guint64) moments->squares);
  if (data->sum_squares_high[channel].data)
    array_set (&data->sum_squares_high[channel], i, (guint64) (moments->squares >> 64));
  array_set (&data->min[channel], i, moments->min);
  array_set (&data->max[channel], i, moments->max);
}

/* @n items as 64 bits, @step apart, of whatever channel. Distances that the compiler knows become loops over vectors. */
PIXELNORM_CLONES static void
widen (const PixelnormArray *array, gsize start, guint step, guint n, guint64 *items)
{
#define WIDEN_STEP(Type, Step)                                                                     \
  for (guint i = 0; i < n; i++)                                                                    \
    items[i] = ((const Type *) array->data)[start + (gsize) i * (Step)];
#define WIDEN(Type)                                                                                \
  if (step == 1) {                                                                                 \
    WIDEN_STEP (Type, 1);                                                                          \
  } else if (step == 3) {                                                                          \
    WIDEN_STEP (Type, 3);                                                                          \
  } else {                                                                                         \
    WIDEN_STEP (Type, step);                                                                       \
  }
  switch (array->item_size) {
  case 1:
    WIDEN (guint8);
    break;
  case 2:
    WIDEN (guint16);
    break;
  case 4:
    WIDEN (guint32);
    break;
  default:
    WIDEN (guint64);
  }
#undef WIDEN
#undef WIDEN_STEP
}

void
pixelnorm_profile_read_block (const PixelnormProfileData *data, guint channel, gsize start, guint n,
    PixelnormMomentsBlock *block)
{
  const PixelnormArray *count = &data->count[channel];
  const guint n_together = pixelnorm_profile_n_together (data);

  widen (&data->sum[channel], start, 1, n, block->sum);
  widen (&data->sum_squares[channel], start, 1, n, block->squares);
  widen (&data->min[channel], start, 1, n, block->min);
  widen (&data->max[channel], start, 1, n, block->max);
  for (guint i = 0; i < n && !count->data; i++)
    block->count[i] = data->frames;
  for (guint i = 0; i < n && count->data; i++)
    block->count[i] = pixelnorm_array_get (count, (start + i) / n_together);
}

static void
widen_channel (const PixelnormArray *array, gsize first, guint n, guint64 *items)
{
  widen (array, first * array->step, array->step, n, items);
}

void
pixelnorm_profile_read_channel (const PixelnormProfileData *data, guint channel, gsize first,
    guint n, PixelnormMomentsBlock *block)
{
  widen_channel (&data->sum[channel], first, n, block->sum);
  widen_channel (&data->sum_squares[channel], first, n, block->squares);
  widen_channel (&data->min[channel], first, n, block->min);
  widen_channel (&data->max[channel], first, n, block->max);
  if (data->count[channel].data)
    widen_channel (&data->count[channel], first, n, block->count);
  for (guint i = 0; i < n && !data->count[channel].data; i++)
    block->count[i] = data->frames;
}

/* Writes items that lie one after the other into an array that is ours. */
PIXELNORM_CLONES static void
array_narrow (const PixelnormArray *array, gsize start, guint n, const guint64 *items)
{
#define NARROW(Type)                                                                               \
  for (guint i = 0; i < n; i++)                                                                    \
    ((Type *) array->data)[start + i] = (Type) items[i];
  switch (array->item_size) {
  case 1:
    NARROW (guint8);
    break;
  case 2:
    NARROW (guint16);
    break;
  case 4:
    NARROW (guint32);
    break;
  default:
    NARROW (guint64);
  }
#undef NARROW
}

void
pixelnorm_profile_write_block (const PixelnormProfileData *data, guint channel, gsize start,
    guint n, const PixelnormMomentsBlock *block)
{
  array_narrow (&data->sum[channel], start, n, block->sum);
  array_narrow (&data->sum_squares[channel], start, n, block->squares);
  array_narrow (&data->min[channel], start, n, block->min);
  array_narrow (&data->max[channel], start, n, block->max);
}

/* How many 64-bit items the arrays have that are not per sample. */
static gsize
count_items (const PixelnormProfileData *data, gboolean counted, gboolean histogram)
{
  gsize n = 0;

  for (guint c = 0; counted && c < pixelnorm_profile_n_counts (data); c++)
    n += pixelnorm_profile_n_samples (data, c);
  if (histogram)
    n += strlen (data->geometry.channels) * (gsize) pixelnorm_profile_n_levels (data);
  return n;
}

/* Returns: where the next array begins */
static guint64 *
place_counts (PixelnormProfileData *data, guint64 *at)
{
  const guint n_counts = pixelnorm_profile_n_counts (data);

  for (guint c = 0; data->geometry.channels[c]; c++) {
    data->count[c] = n_counts > 1 || c == 0 ? (PixelnormArray){ at, 8, 1 } : data->count[0];
    if (c < n_counts)
      at += pixelnorm_profile_n_samples (data, c);
  }
  return at;
}

gboolean
pixelnorm_profile_allocate_arrays (
    PixelnormProfileData *data, gboolean counted, gboolean histogram, GError **error)
{
  const gboolean high = data->scope == PIXELNORM_SCOPE_CHANNEL;
  const gsize n = pixelnorm_profile_n_all_samples (data);
  const guint sample_bytes = data->geometry.depth > 8 ? 2 : 1;
  const guint64 max_code = pixelnorm_profile_n_levels (data) - 1;
  /* sums of a pixel, as the file has them, where no frames could make more of them */
  const guint sum_bytes = high || data->frames > G_MAXUINT32 / (max_code * max_code) ? 8 : 4;
  const gsize size = n * (2 * sum_bytes + (high ? 8 : 0) + 2 * sample_bytes)
      + count_items (data, counted, histogram) * 8;
  guint64 *block = pixelnorm_pages_new (size), *at = block;

  if (!block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a profile: %" G_GSIZE_FORMAT " MiB are needed.", size >> 20);
    return FALSE;
  }
  if (high) {
    pixelnorm_profile_place_arrays (data, data->sum_squares_high, at, 8);
    at += n;
  }
  if (counted)
    at = place_counts (data, at);
  if (histogram) {
    data->histogram = (PixelnormArray){ at, 8, 1 };
    at += count_items (data, FALSE, TRUE);
  }
  guint8 *const sums = (guint8 *) at, *const least = sums + n * 2 * sum_bytes;
  pixelnorm_profile_place_arrays (data, data->sum, sums, sum_bytes);
  pixelnorm_profile_place_arrays (data, data->sum_squares, sums + n * sum_bytes, sum_bytes);
  pixelnorm_profile_place_arrays (data, data->min, least, sample_bytes);
  pixelnorm_profile_place_arrays (data, data->max, least + n * sample_bytes, sample_bytes);
  data->backing = g_bytes_new_with_free_func (block, size, pixelnorm_pages_free, block);
  return TRUE;
}

/* An array that is not there as zeros. */
static void
hash_items (XXH3_state_t *state, const PixelnormArray *array, gsize n)
{
  guint64 chunk[1024] = { 0 };

  if (array->data && array->item_size == sizeof *chunk) {
    XXH3_128bits_update (state, array->data, n * sizeof *chunk);
    return;
  }
  for (gsize start = 0; start < n; start += G_N_ELEMENTS (chunk)) {
    const gsize n_chunk = MIN (n - start, G_N_ELEMENTS (chunk));

    if (array->data)
      widen (array, start, 1, n_chunk, chunk);
    XXH3_128bits_update (state, chunk, n_chunk * sizeof *chunk);
  }
}

/* In the order of the file. */
static void
hash_arrays (XXH3_state_t *state, const PixelnormProfileData *data, const PixelnormArray *arrays)
{
  if (pixelnorm_geometry_is_subsampled (&data->geometry)) {
    for (guint c = 0; data->geometry.channels[c]; c++)
      hash_items (state, &arrays[c], pixelnorm_profile_n_samples (data, c));
  } else {
    hash_items (state, &arrays[0], pixelnorm_profile_n_all_samples (data));
  }
}

static void
compute_identity (PixelnormProfile *self)
{
  const PixelnormProfileData *data = &self->data;
  const PixelnormGeometry *geometry = &data->geometry;
  const gboolean per_pixel = data->scope == PIXELNORM_SCOPE_PIXEL;
  XXH3_state_t *state = XXH3_createState ();
  XXH128_canonical_t digest;
  const char *subsampling = pixelnorm_subsampling_name (geometry);
  g_autofree char *words =
      g_strdup_printf ("scope=%s width=%u height=%u channels=%s depth=%u range=%s matrix=%s%s%s\n",
          per_pixel ? "pixel" : "channel", geometry->width, geometry->height, geometry->channels,
          geometry->depth, geometry->range == PIXELNORM_RANGE_FULL ? "full" : "limited",
          geometry->matrix ? geometry->matrix : "none", subsampling ? " subsampling=" : "",
          subsampling ? subsampling : "");

  XXH3_128bits_reset (state);
  XXH3_128bits_update (state, words, strlen (words));
  XXH3_128bits_update (state, &data->frames, sizeof data->frames);
  if (!per_pixel)
    XXH3_128bits_update (state, data->samples, self->n_channels * sizeof *data->samples);
  hash_arrays (state, data, data->sum);
  hash_arrays (state, data, data->sum_squares);
  if (!per_pixel)
    hash_arrays (state, data, data->sum_squares_high);
  for (guint c = 0; c < pixelnorm_profile_n_counts (data); c++)
    if (data->count[c].data)
      hash_items (state, &data->count[c], pixelnorm_profile_n_samples (data, c));
  hash_arrays (state, data, data->min);
  hash_arrays (state, data, data->max);
  if (data->histogram.data)
    hash_items (
        state, &data->histogram, (gsize) self->n_channels * pixelnorm_profile_n_levels (data));
  XXH128_canonicalFromHash (&digest, XXH3_128bits_digest (state));
  for (guint i = 0; i < sizeof digest.digest; i++)
    g_snprintf (self->identity + 2 * i, 3, "%02x", digest.digest[i]);
  XXH3_freeState (state);
}

PixelnormProfile *
pixelnorm_profile_new_take (const PixelnormProfileData *data)
{
  PixelnormProfile *self = g_object_new (PIXELNORM_TYPE_PROFILE, NULL);

  self->data = *data;
  self->n_channels = strlen (data->geometry.channels);
  return self;
}

static PixelnormMoments
pool_channel (const PixelnormProfileData *data, guint channel)
{
  PixelnormMoments pooled = PIXELNORM_MOMENTS_EMPTY;

  for (gsize i = 0; i < pixelnorm_profile_n_samples (data, channel); i++) {
    const PixelnormMoments more = pixelnorm_profile_moments (data, i, channel);

    pixelnorm_moments_pool (&pooled, &more);
  }
  return pooled;
}

PixelnormMoments
pixelnorm_profile_pool (PixelnormProfile *self, gint channel)
{
  const PixelnormProfileData *data = &self->data;
  PixelnormMoments pooled = PIXELNORM_MOMENTS_EMPTY;

  for (guint c = 0; c < self->n_channels; c++) {
    if (channel >= 0 && c != (guint) channel)
      continue;
    const PixelnormMoments more = data->is_pooled ? data->pooled[c] : pool_channel (data, c);

    pixelnorm_moments_pool (&pooled, &more);
  }
  return pooled;
}

/**
 * pixelnorm_profile_get_scope:
 * @self: a profile
 *
 * Returns: %PIXELNORM_SCOPE_PIXEL, or %PIXELNORM_SCOPE_CHANNEL where it holds sums per channel
 * only, of frames of any size
 *
 * Since: 0.1
 */
PixelnormScope
pixelnorm_profile_get_scope (PixelnormProfile *self)
{
  return self->data.scope;
}

/**
 * pixelnorm_profile_get_geometry: (skip)
 * @self: a profile
 *
 * Returns: (transfer none): what the frames consisted of; width and height are 0 in scope channel
 *
 * Since: 0.1
 */
const PixelnormGeometry *
pixelnorm_profile_get_geometry (PixelnormProfile *self)
{
  return &self->data.geometry;
}

/**
 * pixelnorm_profile_get_width:
 * @self: a profile
 *
 * Returns: pixels in a row; 0 in scope channel
 *
 * Since: 0.1
 */
guint
pixelnorm_profile_get_width (PixelnormProfile *self)
{
  return self->data.geometry.width;
}

/**
 * pixelnorm_profile_get_height:
 * @self: a profile
 *
 * Returns: rows; 0 in scope channel
 *
 * Since: 0.1
 */
guint
pixelnorm_profile_get_height (PixelnormProfile *self)
{
  return self->data.geometry.height;
}

/**
 * pixelnorm_profile_get_channels:
 * @self: a profile
 *
 * Returns: (transfer none): the channels' names in canonical order, as "RGB"
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_profile_get_channels (PixelnormProfile *self)
{
  return self->data.geometry.channels;
}

/**
 * pixelnorm_profile_get_depth:
 * @self: a profile
 *
 * Returns: bits of a sample
 *
 * Since: 0.1
 */
guint
pixelnorm_profile_get_depth (PixelnormProfile *self)
{
  return self->data.geometry.depth;
}

/**
 * pixelnorm_profile_get_frames:
 * @self: a profile
 *
 * Returns: how many frames it was made of
 *
 * Since: 0.1
 */
guint64
pixelnorm_profile_get_frames (PixelnormProfile *self)
{
  return self->data.frames;
}

/**
 * pixelnorm_profile_get_frames_skipped:
 * @self: a profile
 *
 * Returns: how many frames were left out, as broken ones
 *
 * Since: 0.1
 */
guint64
pixelnorm_profile_get_frames_skipped (PixelnormProfile *self)
{
  return self->data.frames_skipped;
}

/**
 * pixelnorm_profile_get_identity:
 * @self: a profile
 *
 * Returns: (transfer none): 32 hexadecimal digits that two profiles share when geometry and data
 * are the same, whenever they were made
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_profile_get_identity (PixelnormProfile *self)
{
  /* when first asked for: a snapshot is made in a streaming thread, and written in another */
  if (g_once_init_enter (&self->has_identity)) {
    compute_identity (self);
    g_once_init_leave (&self->has_identity, 1);
  }
  return self->identity;
}

/**
 * pixelnorm_profile_get_sources:
 * @self: a profile
 *
 * Returns: (transfer none) (nullable): where the frames came from, a line each
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_profile_get_sources (PixelnormProfile *self)
{
  return self->data.sources;
}

/**
 * pixelnorm_profile_get_conversions:
 * @self: a profile
 *
 * Says how frames were converted before they were counted. The statistics are of what came of it, and the identity does
 * not depend on it.
 *
 * Returns: (transfer none) (nullable): pixelnorm_layout_get_conversion() of the frames, a line each; %NULL where none were
 *   converted
 *
 * Since: 0.2
 */
const gchar *
pixelnorm_profile_get_conversions (PixelnormProfile *self)
{
  return self->data.conversions;
}

/**
 * pixelnorm_profile_get_shards:
 * @self: a profile
 *
 * Returns: (transfer none) (nullable): of which parts of a set it is, "2/8" for the second of eight, a line each; %NULL where it
 *   is of a whole one
 *
 * Since: 0.2
 */
const gchar *
pixelnorm_profile_get_shards (PixelnormProfile *self)
{
  return self->data.shards;
}

/**
 * pixelnorm_profile_get_created:
 * @self: a profile
 *
 * Returns: (transfer none) (nullable): when it was made, ISO 8601 in UTC
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_profile_get_created (PixelnormProfile *self)
{
  return self->data.created;
}

/**
 * pixelnorm_profile_get_software:
 * @self: a profile
 *
 * Returns: (transfer none) (nullable): what made it
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_profile_get_software (PixelnormProfile *self)
{
  return self->data.software;
}

/**
 * pixelnorm_profile_get_statistics:
 * @self: a profile
 * @channel: a channel, or -1 for all together
 * @statistics: (out caller-allocates): statistics pooled over all pixels, exact but for the last
 * rounding
 *
 * Since: 0.1
 */
void
pixelnorm_profile_get_statistics (
    PixelnormProfile *self, gint channel, PixelnormStatistics *statistics)
{
  const PixelnormMoments pooled = pixelnorm_profile_pool (self, channel);

  g_return_if_fail (channel < (gint) self->n_channels);
  pixelnorm_statistics_init (statistics, &pooled);
}

/* Which sample of a channel is that of pixel @p, counted through the frame. */
static gsize
sample_of_pixel (PixelnormProfile *self, gsize p, guint channel)
{
  const PixelnormGeometry *geometry = &self->data.geometry;

  if (channel == 0 || !pixelnorm_geometry_is_subsampled (geometry))
    return p;
  return (p / geometry->width >> geometry->log2_chroma_h)
      * pixelnorm_geometry_get_channel_width (geometry, channel)
      + (p % geometry->width >> geometry->log2_chroma_w);
}

/**
 * pixelnorm_profile_get_image:
 * @self: a profile
 * @image: which statistic
 * @error: return location for a #GError, or %NULL
 *
 * Samples that several pixels share (U and V of a subsampled format) are repeated.
 *
 * Returns: (transfer full): float64 of shape [height, width, channels] ([1, 1, channels] in scope
 *   channel), in code values; %NULL with %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
GBytes *
pixelnorm_profile_get_image (PixelnormProfile *self, PixelnormImage image, GError **error)
{
  const PixelnormGeometry *geometry = &self->data.geometry;
  const gboolean per_pixel = self->data.scope == PIXELNORM_SCOPE_PIXEL;
  const guint width = per_pixel ? geometry->width : 1, height = per_pixel ? geometry->height : 1;
  const gsize n = (gsize) width * height * self->n_channels;

  g_return_val_if_fail ((guint) image < G_N_ELEMENTS (images), NULL);

  double *values = calloc (n, sizeof *values);
  if (!values) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a picture of %" G_GSIZE_FORMAT " samples.", n);
    return NULL;
  }
  for (guint c = 0; c < self->n_channels; c++)
    for (gsize p = 0; p < (gsize) width * height; p++) {
      const PixelnormMoments moments =
          pixelnorm_profile_moments (&self->data, sample_of_pixel (self, p, c), c);

      values[p * self->n_channels + c] = images[image](&moments);
    }
  return g_bytes_new_with_free_func (values, n * sizeof *values, free, values);
}

/**
 * pixelnorm_profile_has_histogram:
 * @self: a profile
 *
 * Returns: whether it holds a histogram a channel, which percentiles need
 *
 * Since: 0.1
 */
gboolean
pixelnorm_profile_has_histogram (PixelnormProfile *self)
{
  return self->data.histogram.data != NULL;
}

/* The histogram of a channel, or of all together; NULL where there is none. Transfer full. */
static guint64 *
copy_histogram (PixelnormProfile *self, gint channel)
{
  const guint n_levels = pixelnorm_profile_n_levels (&self->data);
  const guint64 *counts = self->data.histogram.data;
  guint64 *copy = counts ? g_new0 (guint64, n_levels) : NULL;

  for (guint c = 0; copy && c < self->n_channels; c++)
    for (guint v = 0; (channel < 0 || c == (guint) channel) && v < n_levels; v++)
      copy[v] += counts[(gsize) c * n_levels + v];
  return copy;
}

/**
 * pixelnorm_profile_get_histogram:
 * @self: a profile
 * @channel: a channel, or -1 for all together
 *
 * Returns: (transfer full) (nullable): 2^depth 64-bit integers: how often each code value occurred;
 *   %NULL where the profile holds no histogram
 *
 * Since: 0.1
 */
GBytes *
pixelnorm_profile_get_histogram (PixelnormProfile *self, gint channel)
{
  g_return_val_if_fail (channel < (gint) self->n_channels, NULL);

  guint64 *copy = copy_histogram (self, channel);
  return copy ? g_bytes_new_take (copy, pixelnorm_profile_n_levels (&self->data) * sizeof *copy)
              : NULL;
}

/**
 * pixelnorm_profile_get_percentile:
 * @self: a profile
 * @channel: a channel, or -1 for all together
 * @percent: 0 to 100; 50 is the median
 * @value: (out): the code value that so many percent of the samples do not exceed, between two
 *   samples linearly interpolated: numpy.percentile()'s default
 * @error: return location for a #GError, or %NULL
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_MISMATCH where the profile holds no histogram, or
 *   %PIXELNORM_ERROR_SETTINGS where @percent is none
 *
 * Since: 0.1
 */
gboolean
pixelnorm_profile_get_percentile (
    PixelnormProfile *self, gint channel, gdouble percent, gdouble *value, GError **error)
{
  g_return_val_if_fail (channel < (gint) self->n_channels, FALSE);

  if (!(percent >= 0 && percent <= 100)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Expected a percentile from 0 to 100, found %g.", percent);
    return FALSE;
  }
  g_autofree guint64 *counts = copy_histogram (self, channel);
  if (!counts) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "The profile holds no histogram, which percentiles need. Collect it with pixelstats "
        "histogram=true.");
    return FALSE;
  }
  *value =
      pixelnorm_histogram_percentile (counts, pixelnorm_profile_n_levels (&self->data), percent);
  return TRUE;
}

static void
pixelnorm_profile_finalize (GObject *object)
{
  PixelnormProfile *self = PIXELNORM_PROFILE (object);

  g_free (self->data.sources);
  g_free (self->data.shards);
  g_free (self->data.conversions);
  g_free (self->data.created);
  g_free (self->data.software);
  g_bytes_unref (self->data.backing);
  G_OBJECT_CLASS (pixelnorm_profile_parent_class)->finalize (object);
}

static void
pixelnorm_profile_class_init (PixelnormProfileClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pixelnorm_profile_finalize;
}

static void
pixelnorm_profile_init (PixelnormProfile *self)
{
}
