/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a report says of a profile, in numbers.
 *
 * - Fixed share: the variance of a channel is the mean of its pixels' variances (what changes over
 *   time) plus the variance of its pixels' means (what is the same in every frame: the scene of a fixed
 *   camera, lens, sensor). It is the latter over the sum.
 * - Light: the frame is cut into 8 x 8 blocks; their mean brightness, the corners against the centre.
 * - Clipping: frames of the smallest and of the largest code values go through the normalizer itself;
 *   what lies outside of the range that it names would be clipped in 8-bit video. In scope channel a
 *   ramp of all code values does, weighted by the histogram.
 * - What holds 99.9 % of the samples leaves out at most .05 % at each end.
 */
#include "facts.h"

#include <math.h>
#include <string.h>

#define GRID 8
#define MOST_SAMPLES .999

const gdouble facts_percents[FACTS_N_PERCENTILES] = { 1, 25, 50, 75, 99 };

/* Methods whose range people rely on. */
static const struct {
  const gchar *name;
  PixelnormMethod method;
} methods[FACTS_N_METHODS] = {
  { "zscore", PIXELNORM_METHOD_ZSCORE },
  { "mean-range", PIXELNORM_METHOD_MEAN_RANGE },
  { "min-max", PIXELNORM_METHOD_MIN_MAX },
};

static void
find_statistics (Facts *facts, PixelnormProfile *profile)
{
  for (guint c = 0; c < facts->n_channels; c++) {
    pixelnorm_profile_get_statistics (profile, (gint) c, &facts->statistics[c]);
    for (guint i = 0; facts->has_histogram && i < FACTS_N_PERCENTILES; i++)
      pixelnorm_profile_get_percentile (
          profile, (gint) c, facts_percents[i], &facts->percentiles[c][i], NULL);
  }
}

/* By the law of total variance, every pixel weighted by how often it was counted. */
static void
find_fixed_share (
    Facts *facts, const gdouble *means, const gdouble *deviations, const gdouble *counts, gsize n)
{
  const guint n_channels = facts->n_channels;
  gdouble all_between = 0, all = 0;

  for (guint c = 0; c < n_channels; c++) {
    const gdouble mean = facts->statistics[c].mean;
    gdouble between = 0, within = 0;

    for (gsize p = 0; p < n; p++) {
      const gsize i = p * n_channels + c;
      const gdouble shift = means[i] - mean;

      between += counts[i] * shift * shift;
      within += counts[i] * deviations[i] * deviations[i];
    }
    facts->fixed_share[c] = between + within > 0 ? between / (between + within) : 0;
    all_between += between;
    all += between + within;
  }
  facts->fixed_share_all = all > 0 ? all_between / all : 0;
}

static void
find_quiet_share (Facts *facts, const gdouble *deviations, const gdouble *counts, gsize n_samples)
{
  gsize n_quiet = 0, n_counted = 0;

  for (gsize i = 0; i < n_samples; i++) {
    n_counted += counts[i] > 0;
    n_quiet += counts[i] > 0 && deviations[i] < FACTS_QUIET;
  }
  facts->quiet_share = n_counted ? (gdouble) n_quiet / (gdouble) n_counted : 0;
}

/* The mean of a block over the channels that are light: all of RGB, Y alone of YUV; NaN where a mask left
 * out all of it. */
static gdouble
block_brightness (const Facts *facts, const PixelnormGeometry *geometry, const gdouble *means,
    const gdouble *counts, guint bx, guint by)
{
  const guint n_light = geometry->channels[0] == 'Y' ? 1 : facts->n_channels;
  const guint nx = MIN (GRID, geometry->width), ny = MIN (GRID, geometry->height);
  const guint left = (guint) ((guint64) bx * geometry->width / nx);
  const guint right = (guint) ((guint64) (bx + 1) * geometry->width / nx);
  const guint top = (guint) ((guint64) by * geometry->height / ny);
  const guint bottom = (guint) ((guint64) (by + 1) * geometry->height / ny);
  gdouble sum = 0, n = 0;

  for (guint y = top; y < bottom; y++)
    for (guint x = left; x < right; x++)
      for (guint c = 0; c < n_light; c++) {
        const gsize i = ((gsize) y * geometry->width + x) * facts->n_channels + c;

        sum += counts[i] > 0 ? means[i] : 0;
        n += counts[i] > 0;
      }
  return n > 0 ? sum / n : NAN;
}

static void
find_light (
    Facts *facts, const PixelnormGeometry *geometry, const gdouble *means, const gdouble *counts)
{
  const guint nx = MIN (GRID, geometry->width), ny = MIN (GRID, geometry->height);
  gdouble corners = 0, centre = 0;
  guint n_centre = 0, n_corners = 0;

  facts->darkest_block = HUGE_VAL;
  facts->brightest_block = -HUGE_VAL;
  for (guint y = 0; y < ny; y++)
    for (guint x = 0; x < nx; x++) {
      const gdouble brightness = block_brightness (facts, geometry, means, counts, x, y);

      if (isnan (brightness))
        continue;
      facts->darkest_block = fmin (facts->darkest_block, brightness);
      facts->brightest_block = fmax (facts->brightest_block, brightness);
      if ((x == nx / 2 || x == (nx - 1) / 2) && (y == ny / 2 || y == (ny - 1) / 2)) {
        centre += brightness;
        n_centre++;
      }
    }
  for (guint i = 0; i < 4; i++) {
    const gdouble corner =
        block_brightness (facts, geometry, means, counts, i & 1 ? nx - 1 : 0, i & 2 ? ny - 1 : 0);

    corners += isnan (corner) ? 0 : corner;
    n_corners += !isnan (corner);
  }
  facts->corners = n_corners > 0 ? corners / n_corners : NAN;
  facts->centre = n_centre > 0 ? centre / n_centre : NAN;
}

static gboolean
find_places (Facts *facts, PixelnormProfile *profile, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  g_autoptr (GBytes) means = NULL, deviations = NULL, counts = NULL;
  g_autofree guint8 *marks = NULL;

  if (!(means = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_MEAN, error))
      || !(deviations = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_STD, error))
      || !(counts = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_COUNT, error)))
    return FALSE;
  facts->n_pixels = (guint64) geometry->width * geometry->height;
  find_fixed_share (facts, g_bytes_get_data (means, NULL), g_bytes_get_data (deviations, NULL),
      g_bytes_get_data (counts, NULL), facts->n_pixels);
  find_quiet_share (facts, g_bytes_get_data (deviations, NULL), g_bytes_get_data (counts, NULL),
      facts->n_pixels * facts->n_channels);
  find_light (facts, geometry, g_bytes_get_data (means, NULL), g_bytes_get_data (counts, NULL));
  marks = marks_find (profile, facts->marks, error);
  return marks != NULL;
}

/* --- clipping --- */

static PixelnormNormalizer *
make_normalizer (const Clipping *clipping, PixelnormProfile *profile, guint width, guint height)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const PixelnormInputs inputs = { .profile = profile };
  g_autoptr (PixelnormSettings) settings = g_object_new (PIXELNORM_TYPE_SETTINGS, "method",
      clipping->method, "scope", clipping->scope, "min-deviation", clipping->min_deviation, NULL);
  g_autoptr (PixelnormLayout) layout =
      pixelnorm_layout_new (geometry->channels, width, height, NULL);

  if (!layout || !pixelnorm_layout_set_depth (layout, geometry->depth, 0, FALSE, NULL))
    return NULL;
  pixelnorm_layout_set_colorimetry (layout, geometry->range, geometry->matrix);
  return pixelnorm_normalizer_new (settings, &inputs, layout, PIXELNORM_OUTPUT_FLOAT32, NULL);
}

/* Code values as the bytes of a frame. */
static GBytes *
pack_codes (const gdouble *codes, gsize n, guint depth)
{
  const gsize size = n * (depth > 8 ? 2 : 1);
  guint8 *bytes = g_try_malloc (size);

  for (gsize i = 0; bytes && i < n; i++) {
    const guint code = (guint) codes[i];

    if (depth > 8)
      ((guint16 *) bytes)[i] = GUINT16_TO_LE ((guint16) code);
    else
      bytes[i] = (guint8) code;
  }
  return bytes ? g_bytes_new_take (bytes, size) : NULL;
}

static GBytes *
normalize (PixelnormNormalizer *normalizer, const gdouble *codes, gsize n, guint depth)
{
  g_autoptr (GBytes) frame = pack_codes (codes, n, depth);

  return frame ? pixelnorm_normalizer_run_data (
             normalizer, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame), NULL)
               : NULL;
}

static gboolean
is_outside (Clipping *clipping, gdouble y)
{
  clipping->least = fmin (clipping->least, y);
  clipping->most = fmax (clipping->most, y);
  /* half a step of the 8-bit codes is rounded, not clipped */
  const gdouble slack = (clipping->high - clipping->low) / 255 / 2;
  return y < clipping->low - slack || y > clipping->high + slack;
}

static void
clip_places (Clipping *clipping, PixelnormProfile *profile, const gdouble *low, const gdouble *high,
    const gdouble *counts)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const gsize n = (gsize) geometry->width * geometry->height * strlen (geometry->channels);
  g_autoptr (PixelnormNormalizer) normalizer =
      make_normalizer (clipping, profile, geometry->width, geometry->height);
  g_autoptr (GBytes) least = normalizer ? normalize (normalizer, low, n, geometry->depth) : NULL;
  g_autoptr (GBytes) most = normalizer ? normalize (normalizer, high, n, geometry->depth) : NULL;
  gsize n_outside = 0, n_seen = 0;

  if (!least || !most)
    return;
  pixelnorm_normalizer_get_range (normalizer, &clipping->low, &clipping->high);
  const gfloat *y_low = g_bytes_get_data (least, NULL), *y_high = g_bytes_get_data (most, NULL);
  for (gsize i = 0; i < n; i++) {
    if (counts[i] == 0)
      continue;
    const gboolean outside = is_outside (clipping, y_low[i]);

    n_outside += is_outside (clipping, y_high[i]) || outside;
    n_seen++;
  }
  clipping->known = n_seen > 0;
  clipping->share_outside = n_seen ? (gdouble) n_outside / (gdouble) n_seen : 0;
}

/* A frame of one row with every code value in all channels. */
static gdouble *
make_ramp (guint n_levels, guint n_channels)
{
  gdouble *ramp = g_new (gdouble, (gsize) n_levels * n_channels);

  for (gsize i = 0; i < (gsize) n_levels * n_channels; i++)
    ramp[i] = (gdouble) (i / n_channels);
  return ramp;
}

/* A result, and how many samples have it. */
typedef struct {
  gdouble y, n;
} Result;

static gint
compare_results (gconstpointer a, gconstpointer b)
{
  const gdouble left = ((const Result *) a)->y, right = ((const Result *) b)->y;

  return (left > right) - (left < right);
}

/* What the ramp became, without what no sample was. */
static GArray *
weigh_results (PixelnormProfile *profile, const gfloat *y, guint n_levels, guint n_channels)
{
  GArray *results = g_array_new (FALSE, FALSE, sizeof (Result));

  for (guint c = 0; c < n_channels; c++) {
    g_autoptr (GBytes) bytes = pixelnorm_profile_get_histogram (profile, (gint) c);
    const guint64 *histogram = g_bytes_get_data (bytes, NULL);

    for (guint v = 0; v < n_levels; v++)
      if (histogram[v] > 0) {
        const Result result = { y[(gsize) v * n_channels + c], (gdouble) histogram[v] };

        g_array_append_val (results, result);
      }
  }
  return results;
}

/* Leaves out as many of the least and of the greatest @results, which are sorted, as may be. */
static void
find_most (Clipping *clipping, const GArray *results, gdouble n)
{
  const gdouble n_left_out = n * (1 - MOST_SAMPLES) / 2;
  guint first = 0, last = results->len - 1;
  gdouble below = g_array_index (results, Result, first).n;
  gdouble above = g_array_index (results, Result, last).n;

  while (below <= n_left_out)
    below += g_array_index (results, Result, ++first).n;
  while (above <= n_left_out)
    above += g_array_index (results, Result, --last).n;
  clipping->most_low = g_array_index (results, Result, first).y;
  clipping->most_high = g_array_index (results, Result, last).y;
}

static void
clip_channels (Clipping *clipping, PixelnormProfile *profile)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const guint n_levels = 1u << geometry->depth, n_channels = strlen (geometry->channels);
  g_autoptr (PixelnormNormalizer) normalizer = make_normalizer (clipping, profile, n_levels, 1);
  g_autofree gdouble *ramp = make_ramp (n_levels, n_channels);
  g_autoptr (GBytes) ramped = normalizer
      ? normalize (normalizer, ramp, (gsize) n_levels * n_channels, geometry->depth)
      : NULL;
  gdouble n_outside = 0, n = 0;

  if (!ramped)
    return;
  g_autoptr (GArray) results =
      weigh_results (profile, g_bytes_get_data (ramped, NULL), n_levels, n_channels);
  pixelnorm_normalizer_get_range (normalizer, &clipping->low, &clipping->high);
  for (guint i = 0; i < results->len; i++) {
    const Result *result = &g_array_index (results, Result, i);

    n += result->n;
    if (is_outside (clipping, result->y))
      n_outside += result->n;
  }
  clipping->known = n > 0;
  if (!clipping->known)
    return;
  clipping->share_outside = n_outside / n;
  g_array_sort (results, compare_results);
  find_most (clipping, results, n);
}

gboolean
facts_find_clippings (Facts *facts, PixelnormProfile *profile, gdouble channel_floor,
    gdouble pixel_floor, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const gboolean places =
      facts->per_pixel && geometry->log2_chroma_w == 0 && geometry->log2_chroma_h == 0;
  g_autoptr (GBytes) low = NULL, high = NULL, counts = NULL;

  if (places
      && (!(low = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_MIN, error))
          || !(high = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_MAX, error))
          || !(counts = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_COUNT, error))))
    return FALSE;
  for (guint i = 0; i < FACTS_N_CLIPPINGS; i++) {
    Clipping *clipping = &facts->clippings[i];

    clipping->name = methods[i / 2].name;
    clipping->method = methods[i / 2].method;
    clipping->scope = i % 2 ? PIXELNORM_SCOPE_CHANNEL : PIXELNORM_SCOPE_PIXEL;
    clipping->min_deviation =
        clipping->scope == PIXELNORM_SCOPE_PIXEL ? pixel_floor : channel_floor;
    clipping->least = HUGE_VAL;
    clipping->most = -HUGE_VAL;
    if (clipping->scope == PIXELNORM_SCOPE_PIXEL && places)
      clip_places (clipping, profile, g_bytes_get_data (low, NULL), g_bytes_get_data (high, NULL),
          g_bytes_get_data (counts, NULL));
    else if (clipping->scope == PIXELNORM_SCOPE_CHANNEL && facts->has_histogram)
      clip_channels (clipping, profile);
  }
  return TRUE;
}

const Clipping *
facts_clipping (const Facts *facts, PixelnormMethod method, PixelnormScope scope)
{
  for (guint i = 0; i < FACTS_N_CLIPPINGS; i++)
    if (facts->clippings[i].method == method && facts->clippings[i].scope == scope)
      return &facts->clippings[i];
  return NULL;
}

gboolean
facts_find (Facts *facts, PixelnormProfile *profile, GError **error)
{
  *facts = (Facts){ 0 };
  facts->n_channels = strlen (pixelnorm_profile_get_channels (profile));
  facts->per_pixel = pixelnorm_profile_get_scope (profile) == PIXELNORM_SCOPE_PIXEL;
  facts->has_histogram = pixelnorm_profile_has_histogram (profile);
  find_statistics (facts, profile);
  return !facts->per_pixel || find_places (facts, profile, error);
}
