/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far two profiles are apart, sample by sample: the mean's shift in deviations of the first one,
 * and the ratio of the deviations.
 *
 * A deviation is not taken as less than a floor, as in normalization: a sample that hardly varied would
 * otherwise have shifted by thousands of deviations when it changed by a code value.
 */
#include "diff-measure.h"

#include <math.h>
#include <string.h>

/* The statistics of one side, an item a sample: float64 of shape [height, width, channels]. */
typedef struct {
  GBytes *mean_bytes;
  GBytes *std_bytes;
  GBytes *count_bytes; /* NULL: every sample was counted */
  const gdouble *mean;
  const gdouble *std;
  const gdouble *count;
} Side;

/* Sums over the samples of a channel, or of all of them. */
typedef struct {
  guint64 n;
  gdouble mean_a, mean_b;
  gdouble variance_a, variance_b;
} Sums;

static void
side_clear (Side *side)
{
  g_clear_pointer (&side->mean_bytes, g_bytes_unref);
  g_clear_pointer (&side->std_bytes, g_bytes_unref);
  g_clear_pointer (&side->count_bytes, g_bytes_unref);
}

/* Whether every sample was counted in every frame, as it is without a mask. */
static gboolean
is_evenly_counted (PixelnormProfile *profile)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  PixelnormStatistics all;
  gdouble n = 0.0;

  pixelnorm_profile_get_statistics (profile, -1, &all);
  for (guint c = 0; geometry->channels[c]; c++)
    n += (gdouble) pixelnorm_geometry_get_channel_width (geometry, c)
        * pixelnorm_geometry_get_channel_height (geometry, c);
  return all.count == n * pixelnorm_profile_get_frames (profile);
}

static gboolean
side_init_pixels (Side *side, PixelnormProfile *profile, GError **error)
{
  side->mean_bytes = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_MEAN, error);
  if (!side->mean_bytes)
    return FALSE;
  side->std_bytes = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_STD, error);
  if (!side->std_bytes)
    return FALSE;
  side->mean = g_bytes_get_data (side->mean_bytes, NULL);
  side->std = g_bytes_get_data (side->std_bytes, NULL);
  if (is_evenly_counted (profile))
    return TRUE;
  side->count_bytes = pixelnorm_profile_get_image (profile, PIXELNORM_IMAGE_COUNT, error);
  if (side->count_bytes)
    side->count = g_bytes_get_data (side->count_bytes, NULL);
  return side->count_bytes != NULL;
}

/* Whole channels as the only pixel of a frame. */
static gboolean
side_init_channels (Side *side, PixelnormProfile *profile, guint n_channels)
{
  gdouble *values = g_new (gdouble, 2 * n_channels);

  for (guint c = 0; c < n_channels; c++) {
    PixelnormStatistics statistics;

    pixelnorm_profile_get_statistics (profile, c, &statistics);
    values[c] = statistics.mean;
    values[n_channels + c] = statistics.std;
  }
  side->mean_bytes = g_bytes_new_take (values, 2 * n_channels * sizeof *values);
  side->mean = values;
  side->std = values + n_channels;
  return TRUE;
}

static gboolean
is_compared (const Side *a, const Side *b, gsize i)
{
  return (!a->count || a->count[i] > 0.0) && (!b->count || b->count[i] > 0.0);
}

static void
sums_add (Sums *sums, const Side *a, const Side *b, gsize i)
{
  sums->n++;
  sums->mean_a += a->mean[i];
  sums->mean_b += b->mean[i];
  sums->variance_a += a->std[i] * a->std[i];
  sums->variance_b += b->std[i] * b->std[i];
}

static void
row_note_shift (DiffRow *row, gdouble shift, gdouble limit, guint x, guint y)
{
  row->n_compared++;
  row->n_beyond += shift > limit;
  row->shift += shift;
  /* the first of equals, and a place even where nothing has shifted */
  if (shift > row->largest || row->n_compared == 1) {
    row->largest = shift;
    row->x = x;
    row->y = y;
  }
}

static void
row_note_ratio (DiffRow *row, gdouble ratio)
{
  row->ratio_lowest = MIN (row->ratio_lowest, ratio);
  row->ratio_highest = MAX (row->ratio_highest, ratio);
}

static void
row_finish (DiffRow *row, const Sums *sums, gdouble floor)
{
  if (sums->n == 0) {
    *row = (DiffRow){ 0 };
    return;
  }
  row->mean_a = sums->mean_a / sums->n;
  row->mean_b = sums->mean_b / sums->n;
  row->deviation_a = sqrt (sums->variance_a / sums->n);
  row->deviation_b = sqrt (sums->variance_b / sums->n);
  row->ratio = MAX (row->deviation_b, floor) / MAX (row->deviation_a, floor);
  row->shift /= row->n_compared;
}

static void
measure (Diff *self, const Side *a, const Side *b, gdouble limit, gdouble floor)
{
  const guint n = self->n_channels;
  DiffRow *all = &self->rows[n];
  Sums sums[PIXELNORM_MAX_CHANNELS + 1] = { { 0 } };

  for (guint c = 0; c <= n; c++)
    self->rows[c].ratio_lowest = G_MAXDOUBLE;
  for (gsize p = 0; p < (gsize) self->width * self->height; p++) {
    const guint x = p % self->width, y = p / self->width;
    gdouble largest = -1.0;

    for (guint c = 0; c < n; c++) {
      const gsize i = p * n + c;

      if (!is_compared (a, b, i))
        continue;
      const gdouble divisor = MAX (a->std[i], floor);
      const gdouble shift = fabs (b->mean[i] - a->mean[i]) / divisor;
      const gdouble ratio = MAX (b->std[i], floor) / divisor;

      row_note_shift (&self->rows[c], shift, limit, x, y);
      row_note_ratio (&self->rows[c], ratio);
      row_note_ratio (all, ratio);
      sums_add (&sums[c], a, b, i);
      sums_add (&sums[n], a, b, i);
      largest = MAX (largest, shift);
    }
    if (largest >= 0.0)
      row_note_shift (all, largest, limit, x, y);
    self->shifts[p] = MAX (largest, 0.0);
  }
  for (guint c = 0; c <= n; c++)
    row_finish (&self->rows[c], &sums[c], floor);
}

static gboolean
measure_sides (Diff *self, PixelnormProfile *a, PixelnormProfile *b, const DiffSettings *settings,
    GError **error)
{
  Side sides[2] = { { 0 } };
  gboolean ok;

  if (self->per_pixel)
    ok = side_init_pixels (&sides[0], a, error) && side_init_pixels (&sides[1], b, error);
  else
    ok = side_init_channels (&sides[0], a, self->n_channels)
        && side_init_channels (&sides[1], b, self->n_channels);
  if (ok)
    measure (self, &sides[0], &sides[1], settings->limit, settings->min_deviation);
  side_clear (&sides[0]);
  side_clear (&sides[1]);
  return ok;
}

/* Compares two profiles that fit together. Pixels are compared where both sides have them. Returns:
 * %FALSE with @error set where memory is short or nothing was counted in both */
gboolean
diff_init (Diff *self, PixelnormProfile *a, PixelnormProfile *b, const DiffSettings *settings,
    GError **error)
{
  *self = (Diff){ .width = 1, .height = 1 };
  self->n_channels = strlen (pixelnorm_profile_get_channels (a));
  self->per_pixel = pixelnorm_profile_get_scope (a) == PIXELNORM_SCOPE_PIXEL
      && pixelnorm_profile_get_scope (b) == PIXELNORM_SCOPE_PIXEL;
  if (self->per_pixel) {
    self->width = pixelnorm_profile_get_width (a);
    self->height = pixelnorm_profile_get_height (a);
  }
  self->shifts = g_try_new0 (gdouble, (gsize) self->width * self->height);
  if (!self->shifts) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory to compare profiles of %u x %u pixels.", self->width, self->height);
    return FALSE;
  }
  if (!measure_sides (self, a, b, settings, error))
    return FALSE;
  if (self->rows[self->n_channels].n_compared == 0) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "No pixel was counted in both: the masks of the two profiles have nothing in common.");
    return FALSE;
  }
  return TRUE;
}

void
diff_clear (Diff *self)
{
  g_clear_pointer (&self->shifts, g_free);
}
