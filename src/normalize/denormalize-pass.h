/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass of denormalizing over a frame: lists of items in, samples out. */
#pragma once

#include "quantization.h"
#include "frame/rows.h"

typedef struct {
  /* where samples go */
  PixelnormRows rows;
  gboolean in_place; /* they lie side by side as code values: no buffer between */

  /* the coefficients, in the order of the samples */
  gboolean per_pixel;
  gsize row_step;  /* from a row's coefficients to the next one's: 0 where they repeat */
  gsize tile_step; /* and from a tile's */
  void *block;     /* all three arrays */
  float *unscale, *bias;
  guint8 *centre; /* of the samples' type */
  gsize sample_bytes;
  guint64 n_lost; /* samples of scale 0: all of them became one result */

  PixelnormDenormalize denormalize;
  PixelnormScatter scatter;
  PixelnormPackU16 pack; /* or NULL */
  gint largest;

  /* where items come from */
  guint plane;
  gsize offset;  /* bytes from its start */
  gssize stride; /* 0: that of the frame's plane */
  gsize item_bytes;
} PixelnormDenormalizePass;

/* Makes room for the coefficients of a pass whose rows are set. */
gboolean pixelnorm_denormalize_pass_init (PixelnormDenormalizePass *self,
    const PixelnormCoefficients *coefficients, PixelnormItem item,
    const PixelnormPassChannels channels, GError **error);

/* Lays out the coefficients; @quantization is NULL for items of float. */
void pixelnorm_denormalize_pass_fill (PixelnormDenormalizePass *self,
    const PixelnormCoefficients *coefficients, const PixelnormQuantization *quantization,
    const PixelnormPassChannels channels);

void pixelnorm_denormalize_pass_run_row (const PixelnormDenormalizePass *self,
    const PixelnormFrame *in, const PixelnormFrame *out, guint y);

void pixelnorm_denormalize_pass_clear (PixelnormDenormalizePass *self);

/* Makes the samples of row @y that are no channel opaque. @rows says of one of them per pixel where it
 * lies. */
void pixelnorm_denormalize_fill_opaque (
    const PixelnormRows *rows, const PixelnormFrame *out, guint y);
