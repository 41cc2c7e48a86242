/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass of denormalizing over a frame. x = (y - bias) / scale + centre with the very coefficients that
 * normalizing has (coefficients.h, quantization.h), so what was not clipped comes back as the sample that
 * it was: the two roundings of float32 there and the two here err by less than 2^-21 of
 * |x - centre| + |bias / scale| code values, next to nothing beside the half of one that it takes to be
 * wrong.
 *
 * A tile of samples is made in place where they lie side by side as code values, else in a buffer in
 * cache, from where it goes to its places.
 */
#include "denormalize-pass.h"

#include <math.h>
#include <string.h>

#include "io/pages.h"

#define LARGEST_COEFFICIENT 1e30

static gsize
n_coefficients (const PixelnormDenormalizePass *self)
{
  return self->per_pixel ? self->rows.n_samples * self->rows.height : PIXELNORM_TILE;
}

gboolean
pixelnorm_denormalize_pass_init (PixelnormDenormalizePass *self,
    const PixelnormCoefficients *coefficients, PixelnormItem item,
    const PixelnormPassChannels channels, GError **error)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  gboolean any = FALSE;

  for (guint i = 0; i < self->rows.n_channels; i++)
    any |= channels[i] >= 0;
  self->sample_bytes = self->rows.type == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  self->per_pixel = coefficients->per_pixel && any;
  self->denormalize = kernels->denormalize[item][self->rows.type];
  self->scatter = kernels->scatter[self->rows.type];
  self->pack = self->rows.swap || self->rows.shift ? kernels->pack_u16 : NULL;
  self->in_place = self->rows.contiguous && !self->pack;
  self->largest = (gint) coefficients->max_code;
  const gsize n = n_coefficients (self);
  const gsize bytes = 2 * sizeof (float) + self->sample_bytes;
  if (n <= G_MAXSIZE / bytes)
    self->block = pixelnorm_pages_new (n * bytes);
  if (!self->block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for the coefficients of %" G_GSIZE_FORMAT
        " samples. Scale the video down before it is normalized, or use scope channel.",
        n);
    return FALSE;
  }
  self->unscale = self->block;
  self->bias = self->unscale + n;
  self->centre = (guint8 *) (self->bias + n);
  self->row_step = self->per_pixel ? self->rows.n_samples : 0;
  self->tile_step = self->per_pixel ? PIXELNORM_TILE : 0;
  return TRUE;
}

static void
store_affine (
    PixelnormDenormalizePass *self, gsize i, const PixelnormAffine *affine, gint zero_point)
{
  const double unscale = affine->scale != 0 ? 1 / affine->scale : 0;

  if (self->sample_bytes == 2)
    ((guint16 *) self->centre)[i] = (guint16) affine->centre;
  else
    self->centre[i] = (guint8) affine->centre;
  self->unscale[i] = (float) CLAMP (unscale, -LARGEST_COEFFICIENT, LARGEST_COEFFICIENT);
  self->bias[i] =
      (float) CLAMP (affine->bias + zero_point, -LARGEST_COEFFICIENT, LARGEST_COEFFICIENT);
}

static PixelnormAffine
get_affine (const PixelnormCoefficients *coefficients, const PixelnormQuantization *quantization,
    gsize sample, gint channel)
{
  /* from 8 bits, since only 8-bit video has samples that are no channels */
  PixelnormAffine affine = { .scale = 255.0 / coefficients->max_code };

  if (channel < 0)
    return affine;
  affine = pixelnorm_coefficients_get (coefficients, sample, (guint) channel);
  return quantization ? pixelnorm_quantization_affine (quantization, affine, coefficients->max_code)
                      : affine;
}

void
pixelnorm_denormalize_pass_fill (PixelnormDenormalizePass *self,
    const PixelnormCoefficients *coefficients, const PixelnormQuantization *quantization,
    const PixelnormPassChannels channels)
{
  const guint period = self->rows.n_channels;
  const gint zero_point = quantization ? quantization->zero_point : 0;
  PixelnormAffine affines[4];

  self->n_lost = 0;
  for (gsize i = 0; i < n_coefficients (self); i++) {
    const guint k = i % period;

    if (i < period || (self->per_pixel && channels[k] >= 0)) {
      affines[k] =
          get_affine (coefficients, quantization, self->per_pixel ? i / period : 0, channels[k]);
      if (affines[k].scale == 0)
        self->n_lost += self->per_pixel ? 1 : (guint64) self->rows.width * self->rows.height;
    }
    store_affine (self, i, &affines[k], channels[k] >= 0 ? zero_point : 0);
  }
}

/* Words at odd addresses byte by byte, the others by a loop for their type. */
static void
put (const PixelnormRows *rows, PixelnormScatter scatter, const PixelnormFrame *out, guint y,
    gsize pixel, const void *samples, gint n_pixels)
{
  void *to[PIXELNORM_MAX_CHANNELS];
  const guint8 *from = samples;
  guintptr odd = 0;

  for (guint c = 0; c < rows->n_channels; c++) {
    const PixelnormChannel *channel = &rows->channels[c];
    guint8 *row = out->planes[channel->plane] + (gssize) y * out->strides[channel->plane];

    to[c] = row + pixel * rows->strides[c] + channel->offset;
    odd |= (guintptr) to[c] | rows->strides[c];
  }
  if (rows->type == PIXELNORM_SAMPLE_U8 || !(odd & 1)) {
    scatter (to, rows->strides, rows->n_channels, samples, n_pixels);
    return;
  }
  for (gint i = 0; i < n_pixels; i++)
    for (guint c = 0; c < rows->n_channels; c++, from += 2)
      memcpy ((guint8 *) to[c] + (gsize) i * rows->strides[c], from, 2);
}

static void
run_tile (const PixelnormDenormalizePass *self, const guint8 *from, gsize k, void *to, gint n)
{
  union {
    float aligned;
    guint8 bytes[PIXELNORM_TILE * sizeof (float)];
  } copy;

  if ((guintptr) from % self->item_bytes) {
    memcpy (copy.bytes, from, (gsize) n * self->item_bytes);
    from = copy.bytes;
  }
  self->denormalize (to, from, self->centre + k * self->sample_bytes, self->unscale + k,
      self->bias + k, self->largest, n);
}

void
pixelnorm_denormalize_pass_run_row (const PixelnormDenormalizePass *self, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y)
{
  const PixelnormRows *rows = &self->rows;
  const gssize stride = self->stride ? self->stride : in->strides[self->plane];
  const guint8 *from = in->planes[self->plane] + self->offset + (gssize) y * stride;
  const guint plane = rows->channels[0].plane;
  guint8 *to = out->planes[plane] + (gssize) y * out->strides[plane];
  const gboolean in_place = self->in_place && (guintptr) to % self->sample_bytes == 0;
  gsize k = y * self->row_step;
  PixelnormTile buffer;

  for (gsize i = 0; i < rows->n_samples; i += PIXELNORM_TILE, k += self->tile_step) {
    const gint n = (gint) MIN (rows->n_samples - i, PIXELNORM_TILE);
    void *samples = in_place ? (void *) (to + i * self->sample_bytes) : &buffer;

    run_tile (self, from + i * self->item_bytes, k, samples, n);
    if (self->pack)
      self->pack (samples, rows->swap, (gint) rows->shift, n);
    if (in_place)
      continue;
    if (rows->contiguous)
      memcpy (to + i * self->sample_bytes, samples, (gsize) n * self->sample_bytes);
    else
      put (rows, self->scatter, out, y, i / rows->n_channels, samples, n / (gint) rows->n_channels);
  }
}

void
pixelnorm_denormalize_pass_clear (PixelnormDenormalizePass *self)
{
  pixelnorm_pages_free (self->block);
}

void
pixelnorm_denormalize_fill_opaque (const PixelnormRows *rows, const PixelnormFrame *out, guint y)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  PixelnormTile opaque;

  if (rows->type == PIXELNORM_SAMPLE_U8) {
    memset (opaque.u8, 255, sizeof opaque.u8);
  } else {
    for (guint i = 0; i < PIXELNORM_TILE; i++)
      opaque.u16[i] = (guint16) rows->mask;
    kernels->pack_u16 (opaque.u16, rows->swap, (gint) rows->shift, PIXELNORM_TILE);
  }
  for (gsize i = 0; i < rows->width; i += PIXELNORM_TILE)
    put (rows, kernels->scatter[rows->type], out, y, i, &opaque,
        (gint) MIN (rows->width - i, PIXELNORM_TILE));
}
