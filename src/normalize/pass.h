/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over a frame: lists of samples in, normalized items out. */
#pragma once

#include "clip.h"
#include "quantization.h"
#include "frame/rows.h"

typedef struct {
  PixelnormRows rows;
  PixelnormPassChannels channels;

  /* the coefficients, in the order of the samples */
  gboolean per_pixel;
  gsize row_step; /* from a row's coefficients to the next one's: 0 where they repeat */
  void *block;    /* all three arrays */
  float *scale, *bias;
  guint8 *centre; /* of the samples' type */
  gsize sample_bytes;
  guint8 (*tables)[256];    /* one a sample of a pixel; or NULL */
  PixelnormLookupU8 lookup; /* NULL: the coefficients are used, and not the tables */

  PixelnormNormalize normalize;
  PixelnormClip *clip; /* or NULL; tables have the bounds in them */
  gint zero_point;
  gsize item_bytes;

  /* where results go */
  guint plane;
  gsize offset;  /* bytes from its start */
  gssize stride; /* 0: that of the frame's plane */
} PixelnormPass;

/* Says what the samples of a pass are whose rows are set, and so whether it has coefficients of pixels:
 * where none of them is a channel it has a tile, whatever the other passes have. The loop is chosen by
 * that. */
void pixelnorm_pass_set_channels (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormPassChannels channels);

/* Lays out the coefficients of a pass whose channels and loop are set; @quantization is NULL for float
 * results. */
gboolean pixelnorm_pass_fill (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization, PixelnormItem item, GError **error);

/* Once more with others, in the same memory; scope channel and global. */
void pixelnorm_pass_refill (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization);

/* @n_rows rows from row @y on; those that the frame does not have are none of it. */
void pixelnorm_pass_run (const PixelnormPass *self, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y, guint n_rows);

void pixelnorm_pass_clear (PixelnormPass *self);
