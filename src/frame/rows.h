/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a frame as lists of code values side by side, a tile at a time: in place where they lie so
 * already; gathered, turned from words as they lie into code values, and converted, in a buffer in cache
 * where not.
 */
#pragma once

#include "layout.h"
#include "kernels/kernels.h"

/* Where to gather from. */
typedef struct {
  guint n_channels;
  PixelnormChannel channels[PIXELNORM_MAX_CHANNELS];
  guint strides[PIXELNORM_MAX_CHANNELS]; /* theirs, as kernels take them */
  gboolean contiguous; /* nothing to gather: they lie side by side from the first on */
} PixelnormPlaces;

typedef struct {
  guint width, height; /* pixels; a pixel is n_channels samples of the list */
  guint n_channels;
  gsize n_samples; /* of a row */
  PixelnormSample type;
  PixelnormPlaces places;
  gboolean as_they_lie; /* nothing to unpack: they are code values */
  gboolean swap;
  guint shift, mask;
  PixelnormGather gather;
  PixelnormUnpackU16 unpack;
  PixelnormUnpack10 unpack_words; /* of three samples; or NULL */

  const PixelnormColour
      *colour; /* of the layout: the places are those of a converted tile; else NULL */
  PixelnormPlaces luma, chroma;
} PixelnormRows;

/* What the i-th sample of a pixel of such a list is: a channel, or -1: alpha and padding. */
typedef gint PixelnormPassChannels[4];

/* Room for a tile, at a cache line: what is written across two of them takes long to be read again. */
typedef union {
  _Alignas(64) guint8 u8[PIXELNORM_TILE];
  _Alignas(64) guint16 u16[PIXELNORM_TILE];
} PixelnormTile;

/* A converted run of pixels: planes of code values in cache. */
typedef struct {
  PixelnormTile tiles[3];
  PixelnormFrame frame; /* of one row: where they begin */
} PixelnormConverted;

/* Lists of @n_channels channels from @first on, all of one size, side by side in canonical order. @layout must stay
 * where it is. */
void pixelnorm_rows_init_channels (
    PixelnormRows *self, const PixelnormLayout *layout, guint first, guint n_channels);
/* The same of any channels in any order. */
void pixelnorm_rows_init_order (
    PixelnormRows *self, const PixelnormLayout *layout, const guint *channels, guint n_channels);

/* Lists of all samples of a plane as they lie, those that are no channels included. */
void pixelnorm_rows_init_plane (PixelnormRows *self, const PixelnormLayout *layout, guint plane);

/* @n samples of row @y from sample @i on, both whole pixels; @buffer has room for them, and is aligned as
 * a tile is. They are at most PIXELNORM_TILE pixels, and where @i is not a multiple of a tile, 3 less. */
const void *pixelnorm_rows_tile (
    const PixelnormRows *self, const PixelnormFrame *frame, guint y, gsize i, gint n, void *buffer);

/* Converts @n pixels, at most as above, of row @y from pixel @x on, for whoever wants several lists of them. */
void pixelnorm_rows_convert (const PixelnormRows *self, const PixelnormFrame *frame, guint y,
    guint x, gint n, PixelnormConverted *to);
/* The list of a channel of them, of rows with one. */
static inline const void *
pixelnorm_rows_converted (const PixelnormRows *self, const PixelnormConverted *pixels)
{
  return pixels->frame.planes[self->places.channels[0].plane];
}

/* Whether lists of one channel each are of the same packed pixels, and nothing is to be done with their samples. */
gboolean pixelnorm_rows_are_pixels (const PixelnormRows *self, const PixelnormRows *other);
/* The first sample of row @y, where it lies. */
const void *pixelnorm_rows_first (const PixelnormRows *self, const PixelnormFrame *frame, guint y);

/* Row @y where it lies, if it can be used so; else NULL. */
const void *pixelnorm_rows_in_place (
    const PixelnormRows *self, const PixelnormFrame *frame, guint y);

/* Whether each row of @frame begins where the one before ends, so that several are one long row. */
gboolean pixelnorm_rows_run_on (const PixelnormRows *self, const PixelnormFrame *frame);
