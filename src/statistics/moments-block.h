/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments of many samples side by side, an array a number, so that loops over them become loops over
 * vectors. For scope pixel, where each number fits 64 bits.
 */
#pragma once

#include "moments.h"

#define PIXELNORM_BLOCK                                                                            \
  384 /* whole pixels of 1 to 4 channels; 15 KiB, which stay in the first-level cache */

typedef struct {
  guint64 count[PIXELNORM_BLOCK];
  guint64 sum[PIXELNORM_BLOCK];
  guint64 squares[PIXELNORM_BLOCK];
  guint64 min[PIXELNORM_BLOCK];
  guint64 max[PIXELNORM_BLOCK];
} PixelnormMomentsBlock;

/* Whether pixelnorm_moments_block_possible() can tell: counts up to @most_count, samples up to @limit. */
gboolean pixelnorm_moments_block_fits (guint64 most_count, guint limit);

/* TRUE: there is nothing wrong with any of the first @n: minimum and maximum are at most @limit, both 0
 * without samples, and pixelnorm_moments_problem() has nothing to say. FALSE: there may be. @even as below. */
gboolean pixelnorm_moments_block_possible (
    const PixelnormMomentsBlock *block, guint n, gboolean even, guint limit);

/* Mean and variance of the first @n, where pixelnorm_moments_block_fits(), each possible: the numbers of
 * pixelnorm_moments_mean() and pixelnorm_moments_variance(), bit by bit. Without samples both are 0. @even: all have one
 * count, which takes less time. */
void pixelnorm_moments_block_estimate (
    const PixelnormMomentsBlock *block, guint n, gboolean even, double *mean, double *variance);

/* Pools the first @n, which such a block may hold, into the channels that they are of by turns. */
void pixelnorm_moments_block_pool (
    const PixelnormMomentsBlock *block, guint n, guint n_channels, PixelnormMoments *into);
