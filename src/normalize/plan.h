/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What normalizing and denormalizing plan alike: which passes go over a frame, and what their results are. */
#pragma once

#include "quantization.h"
#include "frame/rows.h"

/* The way of one pass over a frame: which samples, and where their results lie. */
typedef struct {
  PixelnormRows rows; /* of the frame */
  PixelnormPassChannels channels;

  /* of the tensor, or of 8-bit video */
  guint plane;
  gsize offset;  /* bytes from its start */
  gssize stride; /* 0: that of the frame's plane */
  gsize item_bytes;
} PixelnormRoute;

typedef enum { PIXELNORM_FORWARD, PIXELNORM_BACKWARD } PixelnormDirection;

typedef struct {
  PixelnormDirection direction;
  PixelnormLayout layout;
  const PixelnormType *type;
  double low, high;
  PixelnormQuantization quantization; /* where results are codes */
  PixelnormRoute routes[PIXELNORM_MAX_PLANES];
  guint n_routes;
  guint height; /* of the highest route */
  gsize size;   /* bytes of a tensor, or of a packed frame of 8 bits */
} PixelnormPlan;

/* @method is the one whose range is meant: that of @coefficients, unless values come with every frame. */
gboolean pixelnorm_plan_init (PixelnormPlan *self, PixelnormDirection direction,
    const PixelnormLayout *layout, PixelnormOutput output,
    const PixelnormCoefficients *coefficients, const PixelnormMethodRow *method, GError **error);

/* NULL for results of float. */
static inline const PixelnormQuantization *
pixelnorm_plan_quantization (const PixelnormPlan *self)
{
  return pixelnorm_type_has_codes (self->type) ? &self->quantization : NULL;
}

/* Where results of the packed frame @frame lie in @block: those of video as its planes do; of a tensor only
 * the first plane counts. */
PixelnormFrame pixelnorm_plan_place_results (
    const PixelnormPlan *self, const PixelnormFrame *frame, guint8 *block);

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
