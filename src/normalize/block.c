/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coefficients of scope pixel lie in the order of the samples, 9 or 10 bytes each; those of scope channel and
 * global are one tile, which repeats.
 */
#include "block.h"

#include "io/pages.h"
#include "io/parallel.h"
#include "kernels/clones.h"

#define LARGEST_COEFFICIENT 1e30

gboolean
pixelnorm_block_init (PixelnormBlock *self, const PixelnormPlan *plan, const PixelnormRoute *route,
    const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormRows *rows = &route->rows;

  gboolean any = FALSE; /* is a channel */

  for (guint i = 0; i < rows->n_channels; i++)
    any |= route->channels[i] >= 0;
  self->plan = plan;
  self->route = route;
  self->per_pixel = coefficients->per_pixel && any;
  self->n = self->per_pixel ? rows->n_samples * rows->height : PIXELNORM_TILE;
  self->row_step = self->per_pixel ? rows->n_samples : 0;
  self->sample_bytes = rows->type == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  const gsize bytes = 2 * sizeof (float) + self->sample_bytes;
  if (self->n <= G_MAXSIZE / bytes)
    self->memory = pixelnorm_pages_new (self->n * bytes);
  if (!self->memory) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for the coefficients of %" G_GSIZE_FORMAT
        " samples. Scale the video down%s, or use scope channel.",
        self->n, plan->direction == PIXELNORM_BACKWARD ? " before it is normalized" : "");
    return FALSE;
  }
  self->scale = self->memory;
  self->bias = self->scale + self->n;
  self->centre = (guint8 *) (self->bias + self->n);
  return TRUE;
}

void
pixelnorm_block_clear (PixelnormBlock *self)
{
  pixelnorm_pages_free (self->memory);
}

/* What undoes an affine. */
static PixelnormAffine
turn_around (PixelnormAffine affine, gint zero_point)
{
  const double unscale = affine.scale != 0 ? 1 / affine.scale : 0;

  affine.scale = CLAMP (unscale, -LARGEST_COEFFICIENT, LARGEST_COEFFICIENT);
  affine.bias = CLAMP (affine.bias + zero_point, -LARGEST_COEFFICIENT, LARGEST_COEFFICIENT);
  return affine;
}

/* What several threads fill in, and how many samples of scale 0 they have found. */
typedef struct {
  PixelnormBlock *block;
  const PixelnormCoefficients *coefficients;
  gsize n_lost; /* atomic, as what is counted in the block */
} Filling;

/* Affines of the @n pixels from @first on, of their @k-th sample. Results are those of the plan's type, but for the zero-point:
 * it is added behind the rounding, and subtracted before it. Only 8-bit video has samples that are no channels.
 * Returns: how many have the scale 0 */
static inline gsize
find_affines (const Filling *filling, guint k, gsize first, guint n, PixelnormAffine *affines,
    PixelnormFloorCount *floored)
{
  const PixelnormPlan *plan = filling->block->plan;
  const PixelnormQuantization *quantization = pixelnorm_plan_quantization (plan);
  const guint max_code = filling->coefficients->max_code;
  const gint channel = filling->block->route->channels[k];
  gsize n_lost = 0;

  if (channel >= 0)
    pixelnorm_coefficients_get_run (
        filling->coefficients, first, (guint) channel, n, affines, floored);
  for (guint i = 0; i < n; i++) {
    if (channel < 0)
      affines[i] = (PixelnormAffine){ .scale = 255.0 / max_code };
    else if (quantization)
      affines[i] = pixelnorm_quantization_affine (&plan->quantization, affines[i], max_code);
    n_lost += affines[i].scale == 0;
    if (plan->direction == PIXELNORM_BACKWARD)
      affines[i] =
          turn_around (affines[i], quantization && channel >= 0 ? quantization->zero_point : 0);
  }
  return n_lost;
}

static inline void
put (PixelnormBlock *self, gsize i, const PixelnormAffine *affine)
{
  if (self->sample_bytes == 2)
    ((guint16 *) self->centre)[i] = (guint16) affine->centre;
  else
    self->centre[i] = (guint8) affine->centre;
  self->scale[i] = (float) affine->scale;
  self->bias[i] = (float) affine->bias;
}

PIXELNORM_CLONES static void
fill_pixels (gpointer data, gsize begin, gsize end)
{
  Filling *filling = data;
  const guint period = filling->block->route->rows.n_channels;
  PixelnormFloorCount floored[G_N_ELEMENTS (filling->block->route->channels)] = { 0 };
  PixelnormAffine affines[PIXELNORM_RUN];
  gsize n_lost = 0;

  for (gsize first = begin; first < end; first += PIXELNORM_RUN) {
    const guint n = (guint) MIN (end - first, PIXELNORM_RUN);

    for (guint k = 0; k < period; k++) {
      n_lost += find_affines (filling, k, first, n, affines, &floored[k]);
      for (guint i = 0; i < n; i++)
        put (filling->block, (first + i) * period + k, &affines[i]);
    }
  }
  g_atomic_pointer_add (&filling->n_lost, n_lost);
  for (guint k = 0; k < period; k++)
    if (filling->block->route->channels[k] >= 0)
      pixelnorm_floor_count_add (
          &filling->block->floored[filling->block->route->channels[k]], &floored[k]);
}

guint64
pixelnorm_block_fill (PixelnormBlock *self, const PixelnormCoefficients *coefficients)
{
  const PixelnormRows *rows = &self->route->rows;
  const guint period = rows->n_channels;
  Filling filling = { self, coefficients };

  if (self->per_pixel) {
    pixelnorm_parallel_run (
        self->n / period, PIXELNORM_PARALLEL_SAMPLES / period, fill_pixels, &filling);
    return filling.n_lost;
  }
  for (guint k = 0; k < period; k++) {
    PixelnormAffine affine;

    filling.n_lost += find_affines (&filling, k, 0, 1, &affine, NULL);
    for (gsize i = k; i < self->n; i += period)
      put (self, i, &affine);
  }
  return filling.n_lost * rows->width * rows->height;
}
