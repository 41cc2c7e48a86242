/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sums and extremes in the making, for lists of samples that are added one upon the other: a lane is
 * what one place in those lists adds up to. */
#pragma once

#include "kernels/kernels.h"
#include "moments-block.h"

typedef struct {
  const PixelnormKernels *kernels;
  PixelnormSample type;
  gsize n;
  void *block;                  /* the arrays below, n items each */
  guint64 *total_sum, *total_p; /* u16: p is total_p itself */
  void *sum, *p, *min, *max;    /* of the types that kernels.h says */
  guint in_sum, in_p;           /* additions since the last spill */
  gboolean due_sum, due_p;      /* these spill before the next addition */
  guint64 additions;            /* to any lane since all were empty */
} PixelnormLanes;

/* Bytes that @n lanes take, 24 each; 0 where that is more than there can be. */
gsize pixelnorm_lanes_bytes (gsize n);

/* Empty lanes; %FALSE where there is not enough memory. */
gboolean pixelnorm_lanes_init (PixelnormLanes *self, PixelnormSample type, gsize n);
/* See pixelnorm_pages_populate(). */
void pixelnorm_lanes_populate (PixelnormLanes *self);
void pixelnorm_lanes_clear (PixelnormLanes *self);
void pixelnorm_lanes_empty (PixelnormLanes *self);

/* Announces @n_lists more additions to every lane. Then room is made for them, in each lane once, before they are added
 * to it. */
void pixelnorm_lanes_announce (PixelnormLanes *self, guint n_lists);

/* Makes room in @n lanes from @lane on for what was announced. */
void pixelnorm_lanes_make_room (PixelnormLanes *self, gsize lane, gsize n);

/* Adds @n_lists lists of @n <= PIXELNORM_TILE samples to the lanes from @lane on. */
void pixelnorm_lanes_add (
    PixelnormLanes *self, gsize lane, const void *const *lists, guint n_lists, gint n);

/* Needed before pixelnorm_lanes_get(). */
void pixelnorm_lanes_spill (PixelnormLanes *self);

/* A lane as moments, @count being how often it was added to. */
PixelnormMoments pixelnorm_lanes_get (const PixelnormLanes *self, gsize lane, guint64 count);

/* The first @n of a block from lanes, spilt or not, but for the counts, which lanes do not know. */
void pixelnorm_lanes_get_block (
    const PixelnormLanes *self, gsize lane, guint n, PixelnormMomentsBlock *block);

/* Adds the first @n of a block to lanes. */
void pixelnorm_lanes_add_block (
    PixelnormLanes *self, gsize lane, guint n, const PixelnormMomentsBlock *block);
