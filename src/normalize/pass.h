/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over a frame: lists of samples in, normalized items out. */
#pragma once

#include "block.h"
#include "clip.h"
#include "fixed-point.h"

typedef struct {
  PixelnormBlock block;
  guint8 (*tables)[256];            /* one a sample of a pixel; or NULL */
  PixelnormFixedPoint *fixed_point; /* or NULL */
  /* how codes are made of them; both NULL: of the coefficients */
  PixelnormLookupU8 lookup;
  PixelnormFixedPointU8 fixed_point_u8;
  PixelnormNormalize normalize;
  PixelnormClip *clip; /* or NULL; tables have the bounds in them */
  gint zero_point;
  void (*end) (void); /* of a frame; or NULL */
} PixelnormPass;

/* A pass along a route of @plan. */
gboolean pixelnorm_pass_init (PixelnormPass *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, GError **error);

/* Once more with others, in the same memory; scope channel and global. */
void pixelnorm_pass_refill (PixelnormPass *self, const PixelnormCoefficients *coefficients);

/* @n_rows rows from row @y on; those that the frame does not have are none of it. */
void pixelnorm_pass_run (const PixelnormPass *self, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y, guint n_rows);

/* @n samples, at most a tile, that are those of row @y from sample @i on. */
void pixelnorm_pass_run_tile (
    const PixelnormPass *self, const PixelnormFrame *out, guint y, gsize i, const void *x, gint n);

/* The loops that take three passes at once: channels of packed pixels to a plane each. NULL where there is none, or where it
 * is no faster; lookup goes first. */
typedef struct {
  PixelnormNormalizePlanes normalize;
  PixelnormLookupPlanesU8 lookup;
} PixelnormPlanesLoops;

void pixelnorm_passes_find_planes (
    const PixelnormPass *passes, guint n_passes, PixelnormPlanesLoops *loops);
/* A frame. FALSE, and nothing is done, where no loop fits: its words lie at odd addresses, or a pass makes its codes of tables or integers. */
gboolean pixelnorm_passes_run_planes (const PixelnormPass *passes,
    const PixelnormPlanesLoops *loops, const PixelnormFrame *in, const PixelnormFrame *out);

void pixelnorm_pass_clear (PixelnormPass *self);
