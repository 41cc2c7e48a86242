/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a report says of a profile, in numbers. */
#pragma once

#include <pixelnorm/pixelnorm.h>

#include "marks.h"

/* How the results of a method lie in its own 8-bit range. */
typedef struct {
  const gchar *name; /* of the method */
  PixelnormMethod method;
  PixelnormScope scope;
  gdouble min_deviation;
  gboolean known;      /* else it needs a histogram, or pixels of one size */
  gdouble low, high;   /* the range */
  gdouble least, most; /* the results */
  /* scope channel: of all samples ever seen; scope pixel: of the positions in the frame, those where
   * it happened at least once */
  gdouble share_outside;
  gdouble most_low,
      most_high; /* scope channel: the results of 99.9 % of the samples are in between */
} Clipping;

#define FACTS_N_METHODS 3
#define FACTS_N_CLIPPINGS (2 * FACTS_N_METHODS)
#define FACTS_N_PERCENTILES 5

#define FACTS_QUIET 8.0 /* code values of the samples as they are */

extern const gdouble facts_percents[FACTS_N_PERCENTILES];

typedef struct {
  guint n_channels;
  gboolean per_pixel; /* false: nothing is known of places */
  gboolean has_histogram;
  PixelnormStatistics statistics[PIXELNORM_MAX_CHANNELS];
  gdouble percentiles[PIXELNORM_MAX_CHANNELS][FACTS_N_PERCENTILES];

  /* of the variance of a channel, how much lies between the means of its pixels: what is the same in
   * every frame */
  gdouble fixed_share[PIXELNORM_MAX_CHANNELS];
  gdouble fixed_share_all;

  /* of the samples that were counted, how many deviate by less than FACTS_QUIET code values */
  gdouble quiet_share;

  guint64 marks[N_MARKS];
  guint64 n_pixels;

  /* mean brightness of blocks of the frame, as code values; NaN where a mask left out all of them */
  gdouble darkest_block, brightest_block, corners, centre;

  Clipping clippings[FACTS_N_CLIPPINGS];
} Facts;

/* All but the clippings. */
gboolean facts_find (Facts *facts, PixelnormProfile *profile, GError **error);

/* With the min-deviation of each scope. */
gboolean facts_find_clippings (Facts *facts, PixelnormProfile *profile, gdouble channel_floor,
    gdouble pixel_floor, GError **error);

/* One of the clippings. */
const Clipping *facts_clipping (const Facts *facts, PixelnormMethod method, PixelnormScope scope);
