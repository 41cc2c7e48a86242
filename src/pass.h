/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over a frame: lists of samples in, normalized items out. */
#pragma once

#include "clip.h"
#include "quantization.h"
#include "rows.h"

typedef struct {
  PixelnormRows rows;

  /* the coefficients, in the order of the samples */
  gboolean per_pixel;
  gsize row_step; /* from a row's coefficients to the next one's: 0 where they repeat */
  void *block;    /* all three arrays */
  float *scale, *bias;
  guint8 *centre; /* of the samples' type */
  gsize sample_bytes;
  guint8 (*tables)[256]; /* instead of them, one a sample of a pixel; or NULL */
  PixelnormLookupU8 lookup;

  PixelnormNormalize normalize;
  PixelnormClip *clip; /* or NULL; tables have it in them */
  gint zero_point;
  gsize item_bytes;

  /* where results go */
  guint plane;
  gsize offset;  /* bytes from its start */
  gssize stride; /* 0: that of the frame's plane */
} PixelnormPass;

/* What the i-th sample of a pixel is, for a pass: a channel, or -1: alpha and padding, which go
 * through unchanged. */
typedef gint PixelnormPassChannels[4];

/* Lays out the coefficients of a pass whose rows and loop are set; @quantization is NULL for float
 * results. */
gboolean pixelnorm_pass_fill (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization, PixelnormItem item,
    const PixelnormPassChannels channels, GError **error);

/* @n_rows rows from row @y on; those that the frame does not have are none of it. */
void pixelnorm_pass_run (const PixelnormPass *self, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y, guint n_rows);

void pixelnorm_pass_clear (PixelnormPass *self);
