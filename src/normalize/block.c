/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coefficients of scope pixel lie in the order of the samples, 9 or 10 bytes each; those of scope channel and
 * global are one tile, which repeats.
 */
#include "block.h"

#include "io/pages.h"

gboolean
pixelnorm_block_init (PixelnormBlock *self, const PixelnormPlan *plan, const PixelnormRoute *route,
    const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormRows *rows = &route->rows;

  self->per_pixel = coefficients->per_pixel && pixelnorm_route_has_channels (route);
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

PixelnormAffine
pixelnorm_block_affine (const PixelnormBlock *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, gsize i)
{
  const guint period = route->rows.n_channels;
  const gint channel = route->channels[i % period];

  if (channel < 0)
    return (PixelnormAffine){ .scale = 255.0 / coefficients->max_code };
  const PixelnormAffine affine =
      pixelnorm_coefficients_get (coefficients, self->per_pixel ? i / period : 0, (guint) channel);
  return pixelnorm_type_has_codes (plan->type)
      ? pixelnorm_quantization_affine (&plan->quantization, affine, coefficients->max_code)
      : affine;
}
