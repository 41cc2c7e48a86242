/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coefficients of scope pixel lie in the order of the samples, 9 or 10 bytes each; those of scope channel and
 * global are one tile, which repeats.
 */
#include "block.h"

#include "io/pages.h"

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

/* The affine of the i-th of the samples. Its results are those of the plan's type, but for the zero-point: it
 * is added behind the rounding, and subtracted before it. Only 8-bit video has samples that are no channels. */
static PixelnormAffine
get_affine (const PixelnormBlock *self, const PixelnormCoefficients *coefficients, gsize i)
{
  const guint period = self->route->rows.n_channels;
  const gint channel = self->route->channels[i % period];

  if (channel < 0)
    return (PixelnormAffine){ .scale = 255.0 / coefficients->max_code };
  const PixelnormAffine affine =
      pixelnorm_coefficients_get (coefficients, self->per_pixel ? i / period : 0, (guint) channel);
  return pixelnorm_type_has_codes (self->plan->type)
      ? pixelnorm_quantization_affine (&self->plan->quantization, affine, coefficients->max_code)
      : affine;
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

guint64
pixelnorm_block_fill (PixelnormBlock *self, const PixelnormCoefficients *coefficients)
{
  const PixelnormRows *rows = &self->route->rows;
  const PixelnormQuantization *quantization = pixelnorm_plan_quantization (self->plan);
  const guint period = rows->n_channels;
  PixelnormAffine affines[4];
  guint64 n_lost = 0;

  for (gsize i = 0; i < self->n; i++) {
    const guint k = i % period;
    const gboolean is_channel = self->route->channels[k] >= 0;

    if (i < period || (self->per_pixel && is_channel)) {
      affines[k] = get_affine (self, coefficients, i);
      if (affines[k].scale == 0)
        n_lost += self->per_pixel ? 1 : (guint64) rows->width * rows->height;
      if (self->plan->direction == PIXELNORM_BACKWARD)
        affines[k] =
            turn_around (affines[k], quantization && is_channel ? quantization->zero_point : 0);
    }
    if (self->sample_bytes == 2)
      ((guint16 *) self->centre)[i] = (guint16) affines[k].centre;
    else
      self->centre[i] = (guint8) affines[k].centre;
    self->scale[i] = (float) affines[k].scale;
    self->bias[i] = (float) affines[k].bias;
  }
  return n_lost;
}
