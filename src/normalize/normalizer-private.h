/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a normalizer, and what a source of statistics does with it. */
#pragma once

#include "estimates.h"
#include "floor.h"
#include "pass.h"
#include "running.h"

/* Where statistics come from: a row of the SOURCE TABLE. Functions that it has no use for are NULL. */
typedef struct {
  PixelnormStatisticsSource source;
  gboolean per_pixel; /* scope pixel only; else whatever scope is left */
  PixelnormStatisticsFlags flags;

  /* After the plan: makes the passes and their coefficients. */
  gboolean (*init) (
      PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error);
  void (*clear) (PixelnormNormalizer *self);

  /* Every frame of a batch, before the first of them is run. */
  void (*measure) (PixelnormNormalizer *self, const PixelnormFrame *frame);
  /* A frame, before it is run; estimates move where @learn is set. */
  void (*prepare) (PixelnormNormalizer *self, const PixelnormFrame *frame, gboolean learn);
  void (*run_rows) (PixelnormNormalizer *self, const PixelnormFrame *input,
      const PixelnormFrame *output, gboolean learn);
  /* Of one route: @n samples, at most a tile, of row @y from sample @i on. */
  void (*run_tile) (PixelnormNormalizer *self, guint route, const PixelnormFrame *output, guint y,
      gsize i, const void *x, gint n, gboolean learn);
  void (*end_frame) (PixelnormNormalizer *self, gboolean learn);
  void (*end_batch) (PixelnormNormalizer *self);
  void (*cancel_batch) (PixelnormNormalizer *self);
  /* Between normalizers of the same row, scope and picture. */
  void (*carry_over) (PixelnormNormalizer *self, PixelnormNormalizer *from);
} PixelnormSource;

struct _PixelnormNormalizer {
  GObject parent_instance;

  PixelnormSettings *settings; /* of the coefficients */
  PixelnormPlan plan;
  PixelnormPass
      passes[PIXELNORM_MAX_PLANES]; /* of the routes, unless there are estimates of pixels */
  PixelnormPlanesLoops planes;      /* all of them at once */
  guint turn;                       /* rows, before the next pass has its turn */
  void (*end) (void);               /* of a frame; or NULL */

  const PixelnormSource *source;
  PixelnormScope scope;
  PixelnormEstimates *estimates; /* of channels; or NULL */
  PixelnormRunning *running;     /* of pixels, one a route; or NULL */
  char *floored;                 /* how much min-deviation rules, in words; or NULL */
  guint n_coefficients;          /* channels that the two are of: those of one affine */
  double mean[PIXELNORM_MAX_CHANNELS], std[PIXELNORM_MAX_CHANNELS];
};

/* The row of a source in a scope, or NULL where there is none. */
const PixelnormSource *pixelnorm_source (PixelnormStatisticsSource source, PixelnormScope scope);
