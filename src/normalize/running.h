/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running estimates of every sample of a pass, and results by them. */
#pragma once

#include "clip.h"
#include "plan.h"

typedef struct {
  const PixelnormRoute *route; /* borrowed */
  gsize n;                     /* samples of the pass */
  gboolean started;

  void *block; /* the three arrays, of kernels.h; lanes that are no channel stay 0 */
  gint32 *mean;
  float *variance;
  guint16 *rest;

  /* of a tile */
  float gamma[PIXELNORM_TILE], beta[PIXELNORM_TILE];
  gint32 momentum[PIXELNORM_TILE], still[PIXELNORM_TILE]; /* still: nothing moves */
  PixelnormRunningParameters parameters;
  PixelnormRunningKernel run;
  PixelnormConvert convert; /* NULL: results are float32 */
  PixelnormClip *clip;      /* or NULL */
  gint zero_point;
} PixelnormRunning;

/* Estimates for a pass along a route of @plan. Where @coefficients are of a profile they start from it, else
 * from the first frame. */
gboolean pixelnorm_running_init (PixelnormRunning *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, GError **error);
void pixelnorm_running_clear (PixelnormRunning *self);

/* Normalizes a row; the estimates move where @learn is set. */
void pixelnorm_running_run_row (PixelnormRunning *self, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y, gboolean learn);
/* The same of @n samples, at most a tile, that are those of row @y from sample @i on. */
void pixelnorm_running_run_tile (PixelnormRunning *self, const PixelnormFrame *out, guint y,
    gsize i, const void *x, gint n, gboolean learn);

/* Takes over the estimates of @from: other passes, of the same channels in one size. */
void pixelnorm_running_carry_over (
    PixelnormRunning *self, guint n, const PixelnormRunning *from, guint n_from);
