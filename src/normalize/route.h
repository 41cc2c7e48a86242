/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of one pass over a frame: which samples, and where their results lie. */
#pragma once

#include "frame/rows.h"

typedef struct {
  PixelnormRows rows; /* of the frame */
  PixelnormPassChannels channels;

  /* of the tensor, or of 8-bit video */
  guint plane;
  gsize offset;  /* bytes from its start */
  gssize stride; /* 0: that of the frame's plane */
  gsize item_bytes;
} PixelnormRoute;

/* Whether any of its samples is a channel. */
static inline gboolean
pixelnorm_route_has_channels (const PixelnormRoute *self)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->rows.n_channels; i++)
    any |= self->channels[i] >= 0;
  return any;
}

static inline gssize
pixelnorm_route_stride (const PixelnormRoute *self, const PixelnormFrame *results)
{
  return self->stride ? self->stride : results->strides[self->plane];
}

/* Row @y of the results. */
static inline guint8 *
pixelnorm_route_row (const PixelnormRoute *self, const PixelnormFrame *results, guint y)
{
  return results->planes[self->plane] + self->offset
      + (gssize) y * pixelnorm_route_stride (self, results);
}
