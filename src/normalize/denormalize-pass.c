/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass of denormalizing over a frame. x = (y - bias) / scale + centre with the very coefficients that
 * normalizing has (coefficients.h, quantization.h), so what was not clipped comes back as the sample that it was. In
 * code values, with u = 2^-24, p = |x - centre| and z = |bias / scale|: y errs by at most 6 u p where y = 0 lies
 * among the samples (methods.c; z <= 1/2), by 3 u (p + z) where it lies beyond them. Here bias is rounded, u z, and
 * the difference, 1 / scale and the product, 3 u p; the sum with centre is rounded once, to the sample. That is below
 * 10 u 65536 = .04, or 6 u 65536 + 4 u z, .3 for z of a million: less than the half that it takes to be wrong.
 *
 * A tile of samples is made in place where they lie side by side as code values, else in a buffer in
 * cache, from where it goes to its places; pixels of three channels and one other sample are written whole.
 */
#include "denormalize-pass.h"

#include <string.h>

gboolean
pixelnorm_denormalize_pass_init (PixelnormDenormalizePass *self, const PixelnormPlan *plan,
    const PixelnormRoute *route, const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  const PixelnormRows *rows = &route->rows;

  self->denormalize = kernels->denormalize[plan->type->item][rows->type];
  self->scatter = kernels->scatter[rows->type];
  self->pack = rows->swap || rows->shift ? kernels->pack_u16 : NULL;
  self->in_place = rows->places.contiguous && !self->pack;
  self->largest = (gint) coefficients->max_code;
  if (!pixelnorm_block_init (&self->block, plan, route, coefficients, error))
    return FALSE;
  self->tile_step = self->block.per_pixel ? PIXELNORM_TILE : 0;
  if (plan->type->item == PIXELNORM_ITEM_U8 && rows->type == PIXELNORM_SAMPLE_U8
      && !self->block.per_pixel && kernels->fast_fixed_point)
    self->fixed_point = g_new (PixelnormFixedPoint, 1);
  return TRUE;
}

/* @n items, with the coefficients from @k on. */
static inline void
run_loop (const PixelnormDenormalizePass *self, void *to, const void *from, gsize k, gint n)
{
  const PixelnormBlock *block = &self->block;

  if (self->fixed_point_u8)
    self->fixed_point_u8 (to, from, self->fixed_point, n);
  else
    self->denormalize (to, from, block->centre + k * block->sample_bytes, block->scale + k,
        block->bias + k, self->largest, n);
}

static void
run_codes (gconstpointer pass, void *to, const void *from, gint n)
{
  run_loop (pass, to, from, 0, n);
}

/* Uses integers where they bring back the same of every code. */
static void
fit_fixed_point (PixelnormDenormalizePass *self)
{
  const guint period = self->block.route->rows.n_channels;
  guint8 tables[4][256];

  self->fixed_point_u8 = NULL;
  pixelnorm_codes_of_loop (run_codes, self, period, tables);
  if (pixelnorm_fixed_point_fit (
          self->fixed_point, (const guint8 (*)[256]) tables, self->block.scale, period, 0))
    self->fixed_point_u8 = pixelnorm_kernels ()->fixed_point_u8;
}

void
pixelnorm_denormalize_pass_fill (
    PixelnormDenormalizePass *self, const PixelnormCoefficients *coefficients)
{
  self->n_lost = pixelnorm_block_fill (&self->block, coefficients);
  if (self->fixed_point)
    fit_fixed_point (self);
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
    const PixelnormChannel *channel = &rows->places.channels[c];
    guint8 *row = out->planes[channel->plane] + (gssize) y * out->strides[channel->plane];

    to[c] = row + pixel * rows->places.strides[c] + channel->offset;
    odd |= (guintptr) to[c] | rows->places.strides[c];
  }
  if (rows->type == PIXELNORM_SAMPLE_U8 || !(odd & 1)) {
    scatter (to, rows->places.strides, rows->n_channels, samples, n_pixels);
    return;
  }
  for (gint i = 0; i < n_pixels; i++)
    for (guint c = 0; c < rows->n_channels; c++, from += 2)
      memcpy ((guint8 *) to[c] + (gsize) i * rows->places.strides[c], from, 2);
}

static guint
opaque_sample (const PixelnormRows *rows)
{
  guint16 word = (guint16) rows->mask;

  if (rows->type == PIXELNORM_SAMPLE_U8)
    return 255;
  pixelnorm_kernels ()->pack_u16 (&word, rows->swap, (gint) rows->shift, 1);
  return word;
}

void
pixelnorm_opaque_pixels_init (
    PixelnormOpaquePixels *self, const PixelnormRows *rows, const PixelnormRows *opaque)
{
  const PixelnormPlaces *places = &rows->places;
  const guint bytes = rows->type == PIXELNORM_SAMPLE_U16 ? 2 : 1;

  *self = (PixelnormOpaquePixels){
    .plane = places->channels[0].plane, .sample_bytes = bytes, .opaque = opaque_sample (rows)
  };
  if (rows->n_channels != 3 || opaque->places.channels[0].plane != self->plane)
    return;
  for (guint c = 0; c < 3; c++) {
    if (places->channels[c].plane != self->plane || places->strides[c] != 4 * bytes)
      return;
    self->places[c] = places->channels[c].offset / bytes;
  }
  self->scatter = pixelnorm_kernels ()->scatter_opaque[rows->type];
}

gboolean
pixelnorm_opaque_pixels_fit (const PixelnormOpaquePixels *self, const PixelnormFrame *out)
{
  const guintptr all = (guintptr) out->planes[self->plane] | (guintptr) out->strides[self->plane];

  return self->scatter && all % self->sample_bytes == 0;
}

/* All samples of @n_pixels, whose channels lie from @from on, @stride bytes apart. */
static void
put_opaque (const PixelnormOpaquePixels *self, const PixelnormFrame *out, guint y, gsize pixel,
    const void *const *from, gsize stride, gint n_pixels)
{
  guint8 *row = out->planes[self->plane] + (gssize) y * out->strides[self->plane];

  self->scatter (row + pixel * 4 * self->sample_bytes, self->places, from, (guint) stride,
      self->opaque, n_pixels);
}

static void
run_tile (const PixelnormDenormalizePass *self, const guint8 *from, gsize k, void *to, gint n)
{
  union {
    float aligned;
    guint8 bytes[PIXELNORM_TILE * sizeof (float)];
  } copy;

  if ((guintptr) from % self->block.route->item_bytes) {
    memcpy (copy.bytes, from, (gsize) n * self->block.route->item_bytes);
    from = copy.bytes;
  }
  run_loop (self, to, from, k, n);
}

void
pixelnorm_denormalize_pass_run_row (const PixelnormDenormalizePass *self,
    const PixelnormOpaquePixels *opaque, const PixelnormFrame *in, const PixelnormFrame *out,
    guint y)
{
  const PixelnormRows *rows = &self->block.route->rows;
  const guint8 *from = pixelnorm_route_row (self->block.route, in, y);
  const gsize item_bytes = self->block.route->item_bytes, sample_bytes = self->block.sample_bytes;
  const guint plane = rows->places.channels[0].plane;
  guint8 *to = out->planes[plane] + (gssize) y * out->strides[plane];
  const gboolean in_place = self->in_place && (guintptr) to % sample_bytes == 0;
  gsize k = y * self->block.row_step;
  PixelnormTile buffer;
  const void *const channels[] = { buffer.u8, buffer.u8 + sample_bytes,
    buffer.u8 + 2 * sample_bytes };

  for (gsize i = 0; i < rows->n_samples; i += PIXELNORM_TILE, k += self->tile_step) {
    const gint n = (gint) MIN (rows->n_samples - i, PIXELNORM_TILE);
    void *samples = in_place ? (void *) (to + i * sample_bytes) : &buffer;

    run_tile (self, from + i * item_bytes, k, samples, n);
    if (self->pack)
      self->pack (samples, rows->swap, (gint) rows->shift, n);
    if (in_place)
      continue;
    if (opaque)
      put_opaque (opaque, out, y, i / 3, channels, 3 * sample_bytes, n / 3);
    else if (rows->places.contiguous)
      memcpy (to + i * sample_bytes, samples, (gsize) n * sample_bytes);
    else
      put (rows, self->scatter, out, y, i / rows->n_channels, samples, n / (gint) rows->n_channels);
  }
}

void
pixelnorm_denormalize_passes_run_row (const PixelnormDenormalizePass *const *passes,
    const PixelnormRows *pixels, const PixelnormOpaquePixels *opaque, const PixelnormFrame *in,
    const PixelnormFrame *out, guint y)
{
  const gsize sample_bytes = passes[0]->block.sample_bytes;
  const guint strides[] = { sample_bytes, sample_bytes, sample_bytes },
              n_channels = pixels->n_channels;
  guint8 *to = (guint8 *) pixelnorm_rows_in_place (pixels, out, y);
  const void *from[PIXELNORM_MAX_CHANNELS];
  PixelnormTile planes[PIXELNORM_MAX_CHANNELS];
  guint16 list[PIXELNORM_MAX_CHANNELS * PIXELNORM_TILE];

  for (gsize i = 0; i < pixels->width; i += PIXELNORM_TILE) {
    const gint n = (gint) MIN (pixels->width - i, PIXELNORM_TILE);

    for (guint c = 0; c < n_channels; c++) {
      const PixelnormDenormalizePass *pass = passes[c];
      const PixelnormRoute *route = pass->block.route;

      run_tile (pass, pixelnorm_route_row (route, in, y) + i * route->item_bytes,
          y * pass->block.row_step + (pass->tile_step ? i : 0), &planes[c], n);
      from[c] = &planes[c];
    }
    if (opaque) {
      put_opaque (opaque, out, y, i, from, sample_bytes, n);
    } else if (to) {
      pixels->gather (to + i * n_channels * sample_bytes, from, strides, n_channels, n);
    } else {
      pixels->gather (list, from, strides, n_channels, n);
      put (pixels, passes[0]->scatter, out, y, i, list, n);
    }
  }
}

void
pixelnorm_denormalize_pass_clear (PixelnormDenormalizePass *self)
{
  pixelnorm_block_clear (&self->block);
  g_free (self->fixed_point);
}

void
pixelnorm_denormalize_fill_opaque (const PixelnormRows *rows, const PixelnormFrame *out, guint y)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  const guint sample = opaque_sample (rows);
  PixelnormTile opaque;

  for (guint i = 0; i < PIXELNORM_TILE; i++)
    if (rows->type == PIXELNORM_SAMPLE_U8)
      opaque.u8[i] = (guint8) sample;
    else
      opaque.u16[i] = (guint16) sample;
  for (gsize i = 0; i < rows->width; i += PIXELNORM_TILE)
    put (rows, kernels->scatter[rows->type], out, y, i, &opaque,
        (gint) MIN (rows->width - i, PIXELNORM_TILE));
}
