/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass of denormalizing over a frame: lists of items in, samples out. */
#pragma once

#include "block.h"
#include "fixed-point.h"

typedef struct {
  PixelnormBlock block;
  gsize tile_step;   /* from a tile's coefficients to the next one's */
  gboolean in_place; /* samples lie side by side as code values: no buffer between */
  guint64 n_lost;    /* samples of scale 0: all of them became one result */
  PixelnormDenormalize denormalize;
  PixelnormFixedPoint *fixed_point;     /* or NULL */
  PixelnormFixedPointU8 fixed_point_u8; /* instead of denormalize; or NULL */
  PixelnormScatter scatter;
  PixelnormPackU16 pack; /* or NULL */
  gint largest;
} PixelnormDenormalizePass;

/* Three channels of pixels of four samples: the fourth becomes opaque. */
typedef struct {
  PixelnormScatterOpaque scatter; /* or NULL: they are no such pixels */
  guint plane, places[PIXELNORM_MAX_CHANNELS];
  guint sample_bytes, opaque;
} PixelnormOpaquePixels;

/* What @rows are lists of; @opaque is the sample of a pixel that is no channel. */
void pixelnorm_opaque_pixels_init (
    PixelnormOpaquePixels *self, const PixelnormRows *rows, const PixelnormRows *opaque);
/* Whether those of a frame lie at addresses of their samples' alignment. */
gboolean pixelnorm_opaque_pixels_fit (const PixelnormOpaquePixels *self, const PixelnormFrame *out);

/* Makes room for the coefficients of a pass along a route of @plan. */
gboolean pixelnorm_denormalize_pass_init (PixelnormDenormalizePass *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, GError **error);

/* Lays out the coefficients. */
void pixelnorm_denormalize_pass_fill (
    PixelnormDenormalizePass *self, const PixelnormCoefficients *coefficients);

/* A row; with @opaque, if it is not NULL, all samples of its pixels. */
void pixelnorm_denormalize_pass_run_row (const PixelnormDenormalizePass *self,
    const PixelnormOpaquePixels *opaque, const PixelnormFrame *in, const PixelnormFrame *out,
    guint y);

/* The same of all passes at once, each along one channel of the pixels that @pixels are lists of, in the order in which these
 * have them. */
void pixelnorm_denormalize_passes_run_row (const PixelnormDenormalizePass *const *passes,
    const PixelnormRows *pixels, const PixelnormOpaquePixels *opaque, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y);

void pixelnorm_denormalize_pass_clear (PixelnormDenormalizePass *self);

/* Makes the samples of row @y that are no channel opaque. @rows says of one of them per pixel where it
 * lies. */
void pixelnorm_denormalize_fill_opaque (
    const PixelnormRows *rows, const PixelnormFrame *out, guint y);
