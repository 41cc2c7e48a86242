/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far two profiles are apart. */
#pragma once

#include <pixelnorm/pixelnorm.h>

/**
 * DiffSettings:
 * @limit: a shift above it is beyond the limit
 * @share: of the pixels; where more have shifted beyond the limit, the profile has
 * @min_deviation: the smallest divisor, in code values; above 0
 */
typedef struct {
  gdouble limit;
  gdouble share;
  gdouble min_deviation;
} DiffSettings;

/**
 * DiffRow:
 * @mean_a: the mean of A, over the samples that are compared
 * @mean_b: that of B
 * @deviation_a: the root of the mean of the samples' variances in A
 * @deviation_b: that in B
 * @ratio: of the second to the first, neither taken as less than the smallest divisor
 * @ratio_lowest: the smallest such ratio of one sample
 * @ratio_highest: the largest
 * @shift: |mean of B - mean of A| / deviation of A, averaged over what is compared
 * @largest: the largest shift
 * @x: the column where that is
 * @y: the row
 * @n_compared: how many samples (of the last row: pixels) were counted in both profiles
 * @n_beyond: how many of them have shifted by more than the limit
 *
 * What is said of a channel or, in the last row, of all: there the shift of a pixel is the largest one
 * of its channels.
 */
typedef struct {
  gdouble mean_a;
  gdouble mean_b;
  gdouble deviation_a;
  gdouble deviation_b;
  gdouble ratio;
  gdouble ratio_lowest;
  gdouble ratio_highest;
  gdouble shift;
  gdouble largest;
  guint x;
  guint y;
  guint64 n_compared;
  guint64 n_beyond;
} DiffRow;

/**
 * Diff:
 * @per_pixel: whether pixels were compared; else whole channels, which count as pixels of a 1 x 1 frame
 * @n_channels: how many channels there are
 * @rows: one a channel, then one for all
 * @width: columns of @shifts
 * @height: rows of it
 * @shifts: the shift of every pixel; 0 where it was not compared
 */
typedef struct {
  gboolean per_pixel;
  guint n_channels;
  DiffRow rows[PIXELNORM_MAX_CHANNELS + 1];
  guint width;
  guint height;
  gdouble *shifts;
} Diff;

gboolean diff_init (Diff *self, PixelnormProfile *a, PixelnormProfile *b,
    const DiffSettings *settings, GError **error);
void diff_clear (Diff *self);
