/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a frame as samples side by side in canonical order, a tile at a time: in place where they lie so already,
 * gathered into a buffer in cache where not. */
#pragma once

#include <pixelnorm/layout.h>

#include "kernels/kernels.h"

/* Whether the rows of the frame are canonical as they lie. Decided once, when the layout is known. */
static inline gboolean
pixelnorm_rows_are_canonical (const PixelnormLayout *layout)
{
  for (guint c = 0; c < layout->n_channels; c++)
    if (layout->channels[c].plane != 0 || layout->channels[c].offset != c)
      return FALSE;
  return layout->pixel_strides[0] == layout->n_channels;
}

/* Row @y from pixel @x on, @n_pixels of them; @buffer holds a tile. */
static inline const guint8 *
pixelnorm_rows_gather (const PixelnormLayout *layout, const PixelnormFrame *frame, guint y, guint x,
    gint n_pixels, guint8 *buffer)
{
  const guint8 *from[PIXELNORM_MAX_CHANNELS];
  guint strides[PIXELNORM_MAX_CHANNELS];

  for (guint c = 0; c < layout->n_channels; c++) {
    const PixelnormChannel *channel = &layout->channels[c];

    strides[c] = layout->pixel_strides[channel->plane];
    from[c] = frame->planes[channel->plane] + (gssize) y * frame->strides[channel->plane]
        + (gsize) x * strides[c] + channel->offset;
  }
  pixelnorm_gather_u8 (buffer, from, strides, layout->n_channels, n_pixels);
  return buffer;
}
