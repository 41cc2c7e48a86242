/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pixels of a frame count. */
#pragma once

#include <pixelnorm/layout.h>

typedef struct {
  PixelnormGeometry geometry; /* of the frames that it is for */
  guint8 *pixels;             /* a byte a pixel, 0 or 1 */
  guint8 *chroma;      /* a byte a sample of U and V; NULL where these are as many as pixels */
  guint64 n_inside[2]; /* samples that count: of the first channel, and of each other */
} PixelnormMask;

/* @bytes: one a pixel, 0: does not count. A sample that pixels share counts where all of them do.
 * NULL where a channel has no sample that counts, which is the only problem there can be. */
PixelnormMask *pixelnorm_mask_new (const PixelnormGeometry *geometry, const guint8 *bytes);
void pixelnorm_mask_free (PixelnormMask *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PixelnormMask, pixelnorm_mask_free)

/* A byte a sample of the channel, row by row. */
const guint8 *pixelnorm_mask_samples (const PixelnormMask *self, guint channel);

/* The next samples of a row that count, side by side, at *@end or after it; FALSE: no more. */
gboolean pixelnorm_mask_next_run (const guint8 *row, guint width, guint *begin, guint *end);
