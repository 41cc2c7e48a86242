/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a frame as samples side by side in canonical order, a tile at a time: in place where they
 * lie so already, gathered into a buffer in cache where not. */
#pragma once

#include <pixelnorm/layout.h>

#include "kernels/kernels.h"

typedef struct {
  const PixelnormLayout *layout;
  gsize n_samples;    /* of a row */
  gboolean canonical; /* they lie side by side in order already */
  PixelnormGatherU8 gather;
} PixelnormRows;

static inline PixelnormRows
pixelnorm_rows (const PixelnormLayout *layout)
{
  PixelnormRows rows = { layout, (gsize) layout->geometry.width * layout->n_channels,
    layout->pixel_strides[0] == layout->n_channels, pixelnorm_kernels ()->gather_u8 };

  for (guint c = 0; c < layout->n_channels; c++)
    if (layout->channels[c].plane != 0 || layout->channels[c].offset != c)
      rows.canonical = FALSE;
  return rows;
}

/* @n samples of row @y from sample @i on, both whole pixels; @buffer holds a tile. */
static inline const guint8 *
pixelnorm_rows_tile (const PixelnormRows *rows, const PixelnormFrame *frame, guint y, gsize i,
    gint n, guint8 *buffer)
{
  const PixelnormLayout *layout = rows->layout;
  const guint8 *from[PIXELNORM_MAX_CHANNELS];
  guint strides[PIXELNORM_MAX_CHANNELS];

  if (rows->canonical)
    return frame->planes[0] + (gssize) y * frame->strides[0] + i;
  for (guint c = 0; c < layout->n_channels; c++) {
    const PixelnormChannel *channel = &layout->channels[c];

    strides[c] = layout->pixel_strides[channel->plane];
    from[c] = frame->planes[channel->plane] + (gssize) y * frame->strides[channel->plane]
        + i / layout->n_channels * strides[c] + channel->offset;
  }
  rows->gather (buffer, from, strides, layout->n_channels, n / (gint) layout->n_channels);
  return buffer;
}
