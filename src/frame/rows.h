/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a frame as lists of code values side by side, a tile at a time: in place where they lie so
 * already; gathered, and turned from words as they lie into code values, in a buffer in cache where
 * not.
 */
#pragma once

#include "layout.h"
#include "kernels/kernels.h"

typedef struct {
  guint width, height; /* pixels; a pixel is n_channels samples of the list */
  guint n_channels;
  gsize n_samples; /* of a row */
  PixelnormSample type;
  PixelnormChannel channels[PIXELNORM_MAX_CHANNELS]; /* where to gather from */
  guint strides[PIXELNORM_MAX_CHANNELS];             /* theirs, as kernels take them */
  gboolean contiguous;  /* nothing to gather: they lie side by side from the first on */
  gboolean as_they_lie; /* nothing to unpack: they are code values */
  gboolean swap;
  guint shift, mask;
  PixelnormGather gather;
  PixelnormUnpackU16 unpack;
} PixelnormRows;

/* What the i-th sample of a pixel of such a list is: a channel, or -1: alpha and padding. */
typedef gint PixelnormPassChannels[4];

/* Room for a tile, at a cache line: what is written across two of them takes long to be read again. */
typedef union {
  _Alignas(64) guint8 u8[PIXELNORM_TILE];
  _Alignas(64) guint16 u16[PIXELNORM_TILE];
} PixelnormTile;

/* Lists of @n_channels channels from @first on, all of one size, side by side in canonical order. */
void pixelnorm_rows_init_channels (
    PixelnormRows *self, const PixelnormLayout *layout, guint first, guint n_channels);

/* Lists of all samples of a plane as they lie, those that are no channels included. */
void pixelnorm_rows_init_plane (PixelnormRows *self, const PixelnormLayout *layout, guint plane);

/* @n samples of row @y from sample @i on, both whole pixels; @buffer has room for them, and is aligned as
 * a tile is. */
const void *pixelnorm_rows_tile (
    const PixelnormRows *self, const PixelnormFrame *frame, guint y, gsize i, gint n, void *buffer);

/* Row @y where it lies, if it can be used so; else NULL. */
const void *pixelnorm_rows_in_place (
    const PixelnormRows *self, const PixelnormFrame *frame, guint y);

/* Whether each row of @frame begins where the one before ends, so that several are one long row. */
gboolean pixelnorm_rows_run_on (const PixelnormRows *self, const PixelnormFrame *frame);
