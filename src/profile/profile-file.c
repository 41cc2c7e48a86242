/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a profile: memory -> profile. docs/format.md describes the file byte by byte.
 *
 * The arrays of the profile point into the bytes. A file is read in an order that gives the most helpful message first: the safetensors
 * structure, whether this is a profile of a version that is understood, the digest (a flipped bit
 * is found here, whatever it hit), the metadata, the tensors, and then every sample: numbers that
 * no set of frames can have are refused, since deviations would come out negative and coefficients
 * without bounds.
 * Last comes the identity, which tells that the file was written by something that agrees with this
 * library on what the content is.
 * Of large files the digest, the samples and the identity are looked at side by side; what is told is the
 * first that is wrong, in this order.
 */
#include "profile-format.h"

#include <string.h>

#include "io/parallel.h"
#include "statistics/histogram.h"

#define MAX_SAMPLES (G_GUINT64_CONSTANT (1) << 62) /* of all three channels fit 64 bits */
#define PIXELS_A_THREAD (1 << 16)                  /* at least: some milliseconds */
#define BYTES_BESIDE (1 << 20)   /* hashed in a thread of its own: a tenth of a millisecond */
#define SAMPLES_BESIDE (1 << 16) /* likewise */
#define MAX_MATRIX 32 /* letters of the name of a matrix; it is interned, so it stays for good */

static const char *
required_metadata (SafetensorsFile *file, const char *key, GError **error)
{
  const char *value = safetensors_get_metadata (file, key);

  if (value == NULL)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "The metadata have no \"%s\", which every profile has: other software saved the file anew, "
        "or it never was a profile. Use the original file, or make the profile anew.",
        key);
  return value;
}

/* A decimal number without sign, spaces or leading zeros: one text for one number. */
static gboolean
read_number (SafetensorsFile *file, const char *key, guint64 low, guint64 high, guint64 *number,
    GError **error)
{
  const char *text = required_metadata (file, key, error);
  g_autofree char *canonical = NULL;
  g_autofree char *found = NULL;

  if (text == NULL)
    return FALSE;
  *number = g_ascii_strtoull (text, NULL, 10);
  canonical = g_strdup_printf ("%" G_GUINT64_FORMAT, *number);
  if (g_str_equal (canonical, text) && *number >= low && *number <= high)
    return TRUE;
  found = safetensors_printable (text);
  return safetensors_damaged (error,
      "Metadata: \"%s\" is \"%s\", expected a number from %" G_GUINT64_FORMAT
      " to %" G_GUINT64_FORMAT,
      key, found, low, high);
}

/* One of a few words; the word found is a static string. */
static const char *
read_word (SafetensorsFile *file, const char *key, const char *const *words, GError **error)
{
  const char *text = required_metadata (file, key, error);
  g_autofree char *found = NULL;
  g_autofree char *expected = NULL;
  guint i;

  if (text == NULL)
    return NULL;
  for (i = 0; words[i] != NULL; i++)
    if (g_str_equal (text, words[i]))
      return words[i];
  found = safetensors_printable (text);
  expected = g_strjoinv (", ", (char **) words);
  safetensors_damaged (
      error, "Metadata: \"%s\" is \"%s\", expected one of: %s", key, found, expected);
  return NULL;
}

static gboolean
check_version (SafetensorsFile *file, GError **error)
{
  const char *text = required_metadata (file, PIXELNORM_KEY_VERSION, error);
  g_autofree char *found = NULL;
  g_autofree char *canonical = NULL;
  guint64 major, minor;
  char *dot;

  if (text == NULL)
    return FALSE;
  found = safetensors_printable (text);
  major = g_ascii_strtoull (text, &dot, 10);
  minor = *dot == '.' ? g_ascii_strtoull (dot + 1, NULL, 10) : 0;
  canonical = g_strdup_printf ("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT, major, minor);
  if (!g_str_equal (canonical, text))
    return safetensors_damaged (error,
        "Metadata: \"" PIXELNORM_KEY_VERSION "\" is \"%s\", expected two numbers as in \"%s\"",
        found, PIXELNORM_FORMAT_VERSION);
  if (major == PIXELNORM_FORMAT_MAJOR)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
      "The profile is of version %s; this library reads versions %d.x. Use the version of "
      "gst-pixelnorm that wrote it, or a newer one.",
      found, PIXELNORM_FORMAT_MAJOR);
  return FALSE;
}

/* What the header says of the bytes, and what they give. */
typedef struct {
  const char *bytes;
  gsize size;
  const char *expected, *digits; /* as a string, and where they stand */
  char computed[PIXELNORM_DIGEST_DIGITS + 1];
} Digest;

static gboolean
find_digest (Digest *self, SafetensorsFile *file, const char *bytes, gsize size, GError **error)
{
  *self = (Digest){ bytes, size, required_metadata (file, PIXELNORM_KEY_XXH3, error) };
  if (self->expected == NULL)
    return FALSE;
  self->digits = pixelnorm_digest_find (bytes, safetensors_get_header_size (file));
  if (self->digits == NULL || strlen (self->expected) != PIXELNORM_DIGEST_DIGITS
      || memcmp (self->digits, self->expected, PIXELNORM_DIGEST_DIGITS) != 0)
    return safetensors_damaged (error,
        "Header: expected exactly one \"" PIXELNORM_KEY_XXH3
        "\":\"...\" with %d lower-case hexadecimal digits and no spaces before them",
        PIXELNORM_DIGEST_DIGITS);
  return TRUE;
}

static gpointer
compute_digest (gpointer data)
{
  Digest *self = data;
  g_autoptr (PixelnormDigestState) state = XXH3_createState ();
  const char *rest = self->digits + PIXELNORM_DIGEST_DIGITS;

  XXH3_128bits_reset (state);
  XXH3_128bits_update (state, self->bytes, (gsize) (self->digits - self->bytes));
  XXH3_128bits_update (state, PIXELNORM_DIGEST_ZEROS, PIXELNORM_DIGEST_DIGITS);
  XXH3_128bits_update (state, rest, self->size - (gsize) (rest - self->bytes));
  pixelnorm_digest_print (state, self->computed);
  return NULL;
}

static gboolean
check_digest (const Digest *self, GError **error)
{
  return g_str_equal (self->computed, self->expected)
      || safetensors_damaged (error,
          "The content does not match its digest: \"" PIXELNORM_KEY_XXH3
          "\" is %s, the file's bytes give %s",
          self->expected, self->computed);
}

static gboolean
read_matrix (SafetensorsFile *file, PixelnormGeometry *geometry, GError **error)
{
  const char *matrix = safetensors_get_metadata (file, PIXELNORM_KEY_MATRIX);
  g_autofree char *found = NULL;
  gsize length;

  if (matrix == NULL)
    return TRUE;
  length = strspn (matrix, "abcdefghijklmnopqrstuvwxyz0123456789-");
  found = safetensors_printable (matrix);
  if (length == 0 || length > MAX_MATRIX || matrix[length] != '\0' || g_str_equal (matrix, "none"))
    return safetensors_damaged (error,
        "Metadata: \"" PIXELNORM_KEY_MATRIX
        "\" is \"%s\", expected a name as \"bt709\", or no such key where none is known",
        found);
  if (geometry->channels[0] != 'Y')
    return safetensors_damaged (error,
        "Metadata: \"" PIXELNORM_KEY_MATRIX "\" is \"%s\", but channels %s have no matrix", found,
        geometry->channels);
  geometry->matrix = g_intern_string (matrix);
  return TRUE;
}

/* Only profiles of scope pixel know how many pixels share a sample. */
static gboolean
read_subsampling (SafetensorsFile *file, PixelnormProfileData *data, GError **error)
{
  const char *name = safetensors_get_metadata (file, PIXELNORM_KEY_SUBSAMPLING);
  g_autofree char *found = NULL;

  if (name == NULL)
    return TRUE;
  found = safetensors_printable (name);
  if (data->scope != PIXELNORM_SCOPE_PIXEL || !g_str_equal (data->geometry.channels, "YUV"))
    return safetensors_damaged (error,
        "Metadata: \"" PIXELNORM_KEY_SUBSAMPLING
        "\" is \"%s\", but only profiles of scope pixel and channels YUV have one",
        found);
  if (!pixelnorm_subsampling_parse (name, &data->geometry))
    return safetensors_damaged (error,
        "Metadata: \"" PIXELNORM_KEY_SUBSAMPLING
        "\" is \"%s\", expected one as \"4:2:0\", or no such key where every pixel has its own U "
        "and V",
        found);
  return TRUE;
}

static gboolean
read_geometry (SafetensorsFile *file, PixelnormProfileData *data, GError **error)
{
  static const char *const channels[] = { "RGB", "YUV", "Y", NULL };
  static const char *const ranges[] = { "full", "limited", NULL };
  const gboolean per_pixel = data->scope == PIXELNORM_SCOPE_PIXEL;
  const guint low = per_pixel ? 1 : 0, high = per_pixel ? PIXELNORM_MAX_SIDE : 0;
  PixelnormGeometry *geometry = &data->geometry;
  guint64 width, height, depth;
  const char *range;

  geometry->channels = read_word (file, PIXELNORM_KEY_CHANNELS, channels, error);
  if (geometry->channels == NULL)
    return FALSE;
  geometry->channels = g_intern_string (geometry->channels);
  range = read_word (file, PIXELNORM_KEY_RANGE, ranges, error);
  if (range == NULL || !read_number (file, PIXELNORM_KEY_WIDTH, low, high, &width, error)
      || !read_number (file, PIXELNORM_KEY_HEIGHT, low, high, &height, error)
      || !read_number (file, PIXELNORM_KEY_DEPTH, 8, 16, &depth, error))
    return FALSE;
  geometry->range = g_str_equal (range, "full") ? PIXELNORM_RANGE_FULL : PIXELNORM_RANGE_LIMITED;
  geometry->width = (guint) width;
  geometry->height = (guint) height;
  geometry->depth = (guint) depth;
  return read_matrix (file, geometry, error) && read_subsampling (file, data, error);
}

static gboolean
check_tensor_form (const PixelnormTensor *tensor, const PixelnormProfileData *data, guint part,
    const SafetensorsArray *found, GError **error)
{
  const guint size = safetensors_type_size (found->type);
  const guint sizes = tensor->item_sizes ? tensor->item_sizes : data->geometry.depth == 8 ? 1u : 2u;
  SafetensorsArray expected = { 0 };

  if (!(size & sizes))
    return safetensors_damaged (error, "Tensor \"%s\": items of type %s, expected %s", found->name,
        safetensors_type_name (found->type),
        sizes == (4 | 8) ? "U32 or U64" : safetensors_type_name (safetensors_type_of_size (sizes)));
  pixelnorm_tensor_set_shape (tensor, data, part, &expected);
  if (found->n_dimensions != expected.n_dimensions
      || memcmp (found->shape, expected.shape, sizeof *found->shape * found->n_dimensions) != 0) {
    g_autofree char *found_text = safetensors_print_shape (found),
                    *expected_text = safetensors_print_shape (&expected);

    return safetensors_damaged (error,
        "Tensor \"%s\": its shape is %s, expected %s from the metadata's width, height and "
        "channels",
        found->name, found_text, expected_text);
  }
  return TRUE;
}

/* Where the items are, for the channels that they are of. */
static void
store_tensor (const PixelnormTensor *tensor, PixelnormProfileData *data, guint part,
    const SafetensorsArray *found)
{
  PixelnormArray *arrays = &G_STRUCT_MEMBER (PixelnormArray, data, tensor->offset);
  const guint item_size = safetensors_type_size (found->type);

  if (tensor->embedded)
    memcpy (G_STRUCT_MEMBER_P (data, tensor->offset), found->data, found->size);
  else if (tensor->shape == PIXELNORM_SHAPE_SAMPLES && pixelnorm_tensor_n_parts (tensor, data) == 1)
    pixelnorm_profile_place_arrays (data, arrays, found->data, item_size);
  else if (tensor->shape == PIXELNORM_SHAPE_PIXELS && pixelnorm_tensor_n_parts (tensor, data) == 1)
    for (guint c = 0; data->geometry.channels[c]; c++)
      arrays[c] = (PixelnormArray){ found->data, item_size, 1 };
  else
    arrays[part] = (PixelnormArray){ found->data, item_size, 1 };
}

static gboolean
read_tensor (const PixelnormTensor *tensor, SafetensorsFile *file, PixelnormProfileData *data,
    guint part, GError **error)
{
  const gboolean belongs = (tensor->scopes >> data->scope) & 1;
  char name[PIXELNORM_MAX_TENSOR_NAME];

  pixelnorm_tensor_name (tensor, data, part, name);
  const SafetensorsArray *found = safetensors_find_array (file, name);

  if (found == NULL) {
    if (tensor->optional || !belongs)
      return TRUE;
    return safetensors_damaged (error, "Tensor \"%s\" is missing", name);
  }
  if (!belongs)
    return safetensors_damaged (error, "Tensor \"%s\" does not belong in a profile of scope %s",
        name, data->scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel");
  if (!check_tensor_form (tensor, data, part, found, error))
    return FALSE;
  store_tensor (tensor, data, part, found);
  return TRUE;
}

/* Whether there are profiles with a tensor of this name. */
static gboolean
is_known_name (const char *name)
{
  const gsize length = strcspn (name, ".");
  const gboolean part = name[length] != '\0';

  for (guint t = 0; t < pixelnorm_n_tensors; t++)
    if (strlen (pixelnorm_tensors[t].name) == length
        && strncmp (pixelnorm_tensors[t].name, name, length) == 0)
      return !part
          || (pixelnorm_tensor_has_parts (&pixelnorm_tensors[t]) && name[length + 1] != '\0'
              && strchr ("YUV", name[length + 1]) && name[length + 2] == '\0');
  return FALSE;
}

/* Whether one of the tensors of such a profile has this name. */
static gboolean
is_own_name (const char *name, const PixelnormProfileData *data)
{
  for (guint t = 0; t < pixelnorm_n_tensors; t++)
    for (guint part = 0; part < pixelnorm_tensor_n_parts (&pixelnorm_tensors[t], data); part++) {
      char own[PIXELNORM_MAX_TENSOR_NAME];

      pixelnorm_tensor_name (&pixelnorm_tensors[t], data, part, own);
      if (g_str_equal (name, own))
        return TRUE;
    }
  return FALSE;
}

/* Names that a profile of this subsampling does not have. */
static gboolean
check_parts (SafetensorsFile *file, const PixelnormProfileData *data, GError **error)
{
  for (guint i = 0; i < safetensors_get_n_arrays (file); i++) {
    const char *name = safetensors_get_array (file, i)->name;

    if (!is_own_name (name, data))
      return safetensors_damaged (error,
          "Tensor \"%s\" does not belong in a profile whose channels are %s", name,
          pixelnorm_geometry_is_subsampled (&data->geometry) ? "of several sizes, a tensor each"
                                                             : "of one size");
  }
  return TRUE;
}

static gboolean
check_tensor_names (SafetensorsFile *file, GError **error)
{
  for (guint i = 0; i < safetensors_get_n_arrays (file); i++) {
    const char *name = safetensors_get_array (file, i)->name;
    g_autofree char *printable = safetensors_printable (name);

    if (is_known_name (name))
      continue;
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
        "Tensor \"%s\" is not known to this version, so what it would change is not known "
        "either. Use a newer version, or remove what added it.",
        printable);
    return FALSE;
  }
  return TRUE;
}

/* Whether a channel can have been counted as often as it says: as often as the first; U and V as
 * often as each other, and up to 16 times less than Y. */
static gboolean
samples_fit (const PixelnormProfileData *data, gsize channel)
{
  const guint64 *samples = data->samples;

  if (samples[channel] < data->frames || samples[channel] > MAX_SAMPLES)
    return FALSE;
  if (channel == 0 || data->geometry.channels[0] != 'Y')
    return samples[channel] == samples[0];
  return samples[channel] == samples[1] && samples[channel] <= samples[0]
      && samples[channel] >= samples[0] / 16;
}

/* frames, and in scope channel the samples. */
static gboolean
check_totals (const PixelnormProfileData *data, GError **error)
{
  const gsize n_channels = strlen (data->geometry.channels);

  if (data->frames == 0 || data->frames > PIXELNORM_MAX_FRAMES)
    return safetensors_damaged (error,
        "Tensor \"frames\": %" G_GUINT64_FORMAT ", expected 1 to %" G_GUINT64_FORMAT, data->frames,
        PIXELNORM_MAX_FRAMES);
  if (data->scope == PIXELNORM_SCOPE_PIXEL)
    return TRUE;
  for (gsize i = 0; i < n_channels; i++)
    if (!samples_fit (data, i))
      return safetensors_damaged (error,
          "Tensor \"samples\": channel %c has %" G_GUINT64_FORMAT
          ", expected as many as the other channels (fewer of U and V), at least one for each of %" G_GUINT64_FORMAT
          " frames and at most %" G_GUINT64_FORMAT,
          data->geometry.channels[i], data->samples[i], data->frames, MAX_SAMPLES);
  return TRUE;
}

/* Whether each count of a channel can be; @uneven becomes TRUE where one is not that of all frames. */
static gboolean
check_channel_counts (
    const PixelnormProfileData *data, guint channel, gboolean *uneven, GError **error)
{
  const gsize width = pixelnorm_geometry_get_channel_width (&data->geometry, channel);
  const gsize n = pixelnorm_profile_n_samples (data, channel);
  gboolean any = FALSE;

  for (gsize i = 0; i < n; i++) {
    const guint64 count = pixelnorm_array_get (&data->count[channel], i);

    if (count > data->frames)
      return safetensors_damaged (error,
          "Tensor \"count\": %" G_GUINT64_FORMAT " at x %" G_GSIZE_FORMAT ", y %" G_GSIZE_FORMAT
          ", expected at most the %" G_GUINT64_FORMAT " frames",
          count, i % width, i / width, data->frames);
    *uneven |= count != data->frames;
    any |= count != 0;
  }
  return any
      || safetensors_damaged (error,
          "Tensor \"count\": 0 everywhere, expected at least one pixel "
          "that was counted");
}

/* Counts that say nothing new are dropped, so that they do not enter the identity. */
static gboolean
check_counts (PixelnormProfileData *data, GError **error)
{
  const guint n_counts = pixelnorm_profile_n_counts (data);
  gboolean uneven = FALSE;

  for (guint c = 0; c < n_counts; c++) {
    if (!data->count[c].data != !data->count[0].data)
      return safetensors_damaged (error,
          "Tensor \"count.%c\": expected one of every channel, or none at all",
          data->geometry.channels[data->count[c].data ? c : 0]);
    if (data->count[c].data && !check_channel_counts (data, c, &uneven, error))
      return FALSE;
  }
  if (!uneven)
    memset (data->count, 0, sizeof data->count);
  return TRUE;
}

/* What is wrong with a sample; static string, or NULL. */
static const char *
sample_problem (const PixelnormMoments *moments, guint limit)
{
  if (moments->min > limit || moments->max > limit)
    return "a minimum or maximum above what the depth allows";
  if (moments->count == 0 && (moments->min || moments->max))
    return "a minimum or maximum without samples, where 0 is expected";
  return pixelnorm_moments_problem (moments);
}

/* The samples of a channel one by one, which pools them. */
static gboolean
check_channel (PixelnormProfileData *data, guint c, GError **error)
{
  const gboolean per_pixel = data->scope == PIXELNORM_SCOPE_PIXEL;
  const guint limit = (1u << data->geometry.depth) - 1;
  const gsize n_samples = pixelnorm_profile_n_samples (data, c);
  const gsize width = per_pixel ? pixelnorm_geometry_get_channel_width (&data->geometry, c) : 1;

  data->pooled[c] = PIXELNORM_MOMENTS_EMPTY;
  for (gsize p = 0; p < n_samples; p++) {
    const PixelnormMoments moments = pixelnorm_profile_moments (data, p, c);
    const char *problem = sample_problem (&moments, limit);

    pixelnorm_moments_pool (&data->pooled[c], &moments);
    if (G_LIKELY (problem == NULL))
      continue;
    g_autofree char *place = per_pixel
        ? g_strdup_printf (" at x %" G_GSIZE_FORMAT ", y %" G_GSIZE_FORMAT, p % width, p / width)
        : g_strdup ("");
    return safetensors_damaged (error,
        "Channel %c%s has %s (count %" G_GUINT64_FORMAT ", sum %" G_GUINT64_FORMAT
        ", minimum %u, maximum %u)",
        data->geometry.channels[c], place, problem, moments.count, (guint64) moments.sum,
        moments.min, moments.max);
  }
  return TRUE;
}

/* Channels that lie side by side, which several threads pool. */
typedef struct {
  const PixelnormProfileData *data;
  guint first, n_channels, limit;
  GMutex lock;
  PixelnormMoments pooled[PIXELNORM_MAX_CHANNELS];
  gboolean doubtful;
} Pooling;

static void
pool_pixels (gpointer data, gsize begin, gsize end)
{
  Pooling *pooling = data;
  const guint n_channels = pooling->n_channels;
  const gboolean even = !pooling->data->count[pooling->first].data;
  PixelnormMoments pooled[PIXELNORM_MAX_CHANNELS];
  PixelnormMomentsBlock block;
  gboolean possible = TRUE;

  for (guint c = 0; c < n_channels; c++)
    pooled[c] = PIXELNORM_MOMENTS_EMPTY;
  for (gsize i = begin * n_channels; i < end * n_channels && possible; i += PIXELNORM_BLOCK) {
    const guint n = (guint) MIN (end * n_channels - i, PIXELNORM_BLOCK);

    pixelnorm_profile_read_block (pooling->data, pooling->first, i, n, &block);
    possible = pixelnorm_moments_block_possible (&block, n, even, pooling->limit);
    pixelnorm_moments_block_pool (&block, n, n_channels, pooled);
  }
  g_mutex_lock (&pooling->lock);
  for (guint c = 0; c < n_channels; c++)
    pixelnorm_moments_pool (&pooling->pooled[c], &pooled[c]);
  pooling->doubtful |= !possible;
  g_mutex_unlock (&pooling->lock);
}

/* Pools the samples of all channels; FALSE where something may be wrong with one, or numbers are too
 * large for this way of looking at them. */
static gboolean
pool_blocks (PixelnormProfileData *data)
{
  Pooling pooling = { data, .n_channels = pixelnorm_profile_n_together (data),
    .limit = (1u << data->geometry.depth) - 1 };

  if (data->scope != PIXELNORM_SCOPE_PIXEL
      || !pixelnorm_moments_block_fits (data->frames, pooling.limit))
    return FALSE;
  g_mutex_init (&pooling.lock);
  for (guint c = 0; data->geometry.channels[c]; c += pooling.n_channels) {
    for (guint i = 0; i < pooling.n_channels; i++)
      pooling.pooled[i] = PIXELNORM_MOMENTS_EMPTY;
    pooling.first = c;
    pixelnorm_parallel_run (
        pixelnorm_profile_n_samples (data, c), PIXELS_A_THREAD, pool_pixels, &pooling);
    memcpy (&data->pooled[c], pooling.pooled, pooling.n_channels * sizeof *pooling.pooled);
  }
  g_mutex_clear (&pooling.lock);
  return !pooling.doubtful;
}

/* Pools the samples of every channel on the way. What a quick look finds wrong is looked at closely,
 * to say what it is. */
static gboolean
check_samples (PixelnormProfileData *data, GError **error)
{
  if (!pool_blocks (data))
    for (guint c = 0; data->geometry.channels[c]; c++)
      if (!check_channel (data, c, error))
        return FALSE;
  data->is_pooled = TRUE;
  return TRUE;
}

/* A histogram has the very moments of its channel. */
static gboolean
check_histogram (const PixelnormProfileData *data, GError **error)
{
  const guint n_levels = pixelnorm_profile_n_levels (data);

  if (!data->histogram.data)
    return TRUE;
  for (guint c = 0; data->geometry.channels[c]; c++) {
    PixelnormMoments found;

    if (pixelnorm_histogram_moments (
            (const guint64 *) data->histogram.data + (gsize) c * n_levels, n_levels, &found)
        && pixelnorm_moments_equal (&found, &data->pooled[c]))
      continue;
    return safetensors_damaged (error,
        "Tensor \"histogram\": that of channel %c has another count, sum, sum of squares, minimum "
        "or maximum than the channel",
        data->geometry.channels[c]);
  }
  return TRUE;
}

/* Everything but strings and backing, which the result owns; the samples are not looked at. */
static gboolean
read_data (SafetensorsFile *file, PixelnormProfileData *data, GError **error)
{
  data->scope =
      safetensors_find_array (file, "samples") ? PIXELNORM_SCOPE_CHANNEL : PIXELNORM_SCOPE_PIXEL;
  if (!check_tensor_names (file, error) || !read_geometry (file, data, error)
      || !check_parts (file, data, error)
      || !read_number (
          file, PIXELNORM_KEY_FRAMES_SKIPPED, 0, G_MAXUINT64, &data->frames_skipped, error))
    return FALSE;
  for (guint i = 0; i < pixelnorm_n_tensors; i++)
    for (guint part = 0; part < pixelnorm_tensor_n_parts (&pixelnorm_tensors[i], data); part++)
      if (!read_tensor (&pixelnorm_tensors[i], file, data, part, error))
        return FALSE;
  return check_totals (data, error) && check_counts (data, error);
}

static gpointer
compute_identity (gpointer profile)
{
  pixelnorm_profile_get_identity (profile);
  return NULL;
}

/* The samples and the identity, side by side. */
static gboolean
check_content (PixelnormProfile *profile, const char *identity, GError **error)
{
  PixelnormProfileData *data = &profile->data;
  const gboolean is_long = pixelnorm_profile_n_all_samples (data) >= SAMPLES_BESIDE;
  g_autofree char *found = NULL;
  PixelnormTask identifying;

  pixelnorm_task_begin (&identifying, compute_identity, profile, is_long);
  const gboolean ok = check_samples (data, error) && check_histogram (data, error);
  pixelnorm_task_end (&identifying);
  if (!ok || g_str_equal (identity, pixelnorm_profile_get_identity (profile)))
    return ok;
  found = safetensors_printable (identity);
  return safetensors_damaged (error,
      "Metadata: \"" PIXELNORM_KEY_IDENTITY "\" is \"%s\", the content gives \"%s\"", found,
      pixelnorm_profile_get_identity (profile));
}

/* All but the digest. */
static PixelnormProfile *
read_profile (SafetensorsFile *file, GBytes *bytes, GError **error)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  PixelnormProfileData data = { 0 };
  const char *identity = required_metadata (file, PIXELNORM_KEY_IDENTITY, error);

  if (identity == NULL || !read_data (file, &data, error))
    return NULL;
  data.sources = g_strdup (safetensors_get_metadata (file, PIXELNORM_KEY_SOURCES));
  data.conversions = g_strdup (safetensors_get_metadata (file, PIXELNORM_KEY_CONVERSIONS));
  data.shards = g_strdup (safetensors_get_metadata (file, PIXELNORM_KEY_SHARDS));
  data.created = g_strdup (safetensors_get_metadata (file, PIXELNORM_KEY_CREATED));
  data.software = g_strdup (safetensors_get_metadata (file, PIXELNORM_KEY_SOFTWARE));
  data.backing = g_bytes_ref (bytes);
  profile = pixelnorm_profile_new_take (&data);
  return check_content (profile, identity, error) ? g_steal_pointer (&profile) : NULL;
}

/* @bytes must be aligned for 8-byte items; they become the profile's backing. */
static PixelnormProfile *
parse_aligned (GBytes *bytes, GError **error)
{
  gsize size;
  const char *memory = g_bytes_get_data (bytes, &size);
  g_autoptr (SafetensorsFile) file = safetensors_parse (memory, size, error);
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (GError) problem = NULL;
  PixelnormTask digesting;
  Digest digest;

  if (file == NULL || !check_version (file, error)
      || !find_digest (&digest, file, memory, size, error))
    return NULL;
  pixelnorm_task_begin (&digesting, compute_digest, &digest, size >= BYTES_BESIDE);
  profile = read_profile (file, bytes, &problem);
  pixelnorm_task_end (&digesting);
  if (!check_digest (&digest, error))
    return NULL;
  if (profile == NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  return g_steal_pointer (&profile);
}

/**
 * pixelnorm_profile_parse:
 * @bytes: the whole content of a profile file
 * @error: return location for a #GError, or %NULL
 *
 * Makes a profile of a file's content that is in memory already. Nothing is copied where @bytes is
 * aligned for 64-bit integers: the profile keeps a reference to it. Every byte is verified:
 * structure, digest, and that the statistics of every sample can be those of a set of frames.
 *
 * Returns: (transfer full): a profile; %NULL with %PIXELNORM_ERROR_CORRUPT, whose message names the
 *   offset, key, tensor or sample
 *
 * Since: 0.1
 */
PixelnormProfile *
pixelnorm_profile_parse (GBytes *bytes, GError **error)
{
  g_autoptr (GBytes) aligned = NULL;
  gconstpointer memory;
  gsize size;

  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  memory = g_bytes_get_data (bytes, &size);
  aligned = ((guintptr) memory % sizeof (guint64)) == 0 ? g_bytes_ref (bytes)
                                                        : g_bytes_new (memory, size);
  return parse_aligned (aligned, error);
}
