/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over a frame. Coefficients of scope pixel lie in the order of the samples, 9 or 10 bytes
 * each; those of scope channel and global are one tile, which repeats.
 *
 * 8-bit results of 8-bit samples in scope channel and global are checked when the coefficients are
 * made: all 256 codes of every channel against the exact rounding. Where float32 rounds one of them
 * otherwise, the pass uses tables instead.
 */
#include "pass.h"

#include "io/pages.h"

/* Samples that are gathered at a time, where nothing needs them to be a tile: calls cost less, and they
 * still lie in the first-level cache together with their results. A multiple of a tile. */
#define GATHERED 3072

static gsize
n_coefficients (const PixelnormPass *self)
{
  return self->per_pixel ? self->rows.n_samples * self->rows.height : PIXELNORM_TILE;
}

static gboolean
allocate (PixelnormPass *self, GError **error)
{
  const gsize n = n_coefficients (self);
  const gsize bytes = 2 * sizeof (float) + self->sample_bytes;

  if (n <= G_MAXSIZE / bytes)
    self->block = pixelnorm_pages_new (n * bytes);
  if (!self->block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for the coefficients of %" G_GSIZE_FORMAT " samples. Scale the video "
        "down, or use scope channel.",
        n);
    return FALSE;
  }
  self->scale = self->block;
  self->bias = self->scale + n;
  self->centre = (guint8 *) (self->bias + n);
  self->row_step = self->per_pixel ? self->rows.n_samples : 0;
  return TRUE;
}

static void
store_affine (PixelnormPass *self, gsize i, const PixelnormAffine *affine)
{
  if (self->sample_bytes == 2)
    ((guint16 *) self->centre)[i] = (guint16) affine->centre;
  else
    self->centre[i] = (guint8) affine->centre;
  self->scale[i] = (float) affine->scale;
  self->bias[i] = (float) affine->bias;
}

static guint8
clip_code (guint8 code, gboolean is_signed, gint low, gint high)
{
  const gint value = is_signed ? (gint8) code : code;

  return (guint8) CLAMP (value, low, high);
}

/* What the loop makes of every code, as tables for the i-th sample of a pixel: the samples of a tile are
 * whole pixels. */
static void
run_all_codes (const PixelnormPass *self, guint8 (*results)[256])
{
  const guint period = self->rows.n_channels, codes_a_tile = PIXELNORM_TILE / 4;
  guint8 x[PIXELNORM_TILE], y[PIXELNORM_TILE];

  for (guint first = 0; first < 256; first += codes_a_tile) {
    const guint n = MIN (256 - first, codes_a_tile) * period;

    for (guint i = 0; i < n; i++)
      x[i] = (guint8) (first + i / period);
    self->normalize (y, x, self->centre, self->scale, self->bias, self->zero_point, (gint) n);
    for (guint i = 0; i < n; i++)
      results[i % period][first + i / period] = y[i];
  }
}

/* Uses tables where float32 would round a code of a channel otherwise, or where tables are faster
 * anyway. */
static void
make_tables_exact (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization)
{
  const guint period = self->rows.n_channels;
  guint8 results[4][256];
  gboolean differs = FALSE;
  gint low, high;

  pixelnorm_clip_codes (&coefficients->settings, quantization, &low, &high);
  run_all_codes (self, results);
  for (guint i = 0; i < period; i++) {
    PixelnormAffine affine = { 0 };

    if (self->channels[i] >= 0)
      affine = pixelnorm_coefficients_get (coefficients, 0, self->channels[i]);
    for (guint x = 0; x < 256; x++) {
      guint8 code = (guint8) x;

      if (self->channels[i] >= 0)
        code = (guint8) pixelnorm_quantization_code (quantization, &affine, x);
      differs |= results[i][x] != code;
      if (self->channels[i] >= 0)
        code = clip_code (code, quantization->smallest < 0, low, high);
      self->tables[i][x] = code;
    }
  }
  self->lookup = differs || period <= pixelnorm_kernels ()->fast_tables
      ? pixelnorm_kernels ()->lookup_u8
      : NULL;
}

/* The affine of a sample as the loop takes it. Only 8-bit video has samples that are no channels. */
static PixelnormAffine
get_affine (const PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization, gsize i)
{
  const gint channel = self->channels[i % self->rows.n_channels];
  const gsize sample = self->per_pixel ? i / self->rows.n_channels : 0;

  if (channel < 0)
    return (PixelnormAffine){ .scale = 255.0 / coefficients->max_code };
  const PixelnormAffine affine = pixelnorm_coefficients_get (coefficients, sample, channel);
  return quantization ? pixelnorm_quantization_affine (quantization, affine, coefficients->max_code)
                      : affine;
}

void
pixelnorm_pass_refill (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization)
{
  PixelnormAffine affines[4];

  for (guint i = 0; i < self->rows.n_channels; i++)
    affines[i] = get_affine (self, coefficients, quantization, i);
  for (gsize i = 0; i < PIXELNORM_TILE; i++)
    store_affine (self, i, &affines[i % self->rows.n_channels]);
  if (self->tables)
    make_tables_exact (self, coefficients, quantization);
}

void
pixelnorm_pass_set_channels (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormPassChannels channels)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->rows.n_channels; i++) {
    self->channels[i] = channels[i];
    any |= channels[i] >= 0;
  }
  self->sample_bytes = self->rows.type == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  self->per_pixel = coefficients->per_pixel && any;
}

gboolean
pixelnorm_pass_fill (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization, PixelnormItem item, GError **error)
{
  const guint period = self->rows.n_channels;

  self->zero_point = quantization ? quantization->zero_point : 0;
  if (!allocate (self, error))
    return FALSE;
  if (quantization && !self->per_pixel && self->rows.type == PIXELNORM_SAMPLE_U8)
    self->tables = g_malloc (period * sizeof *self->tables);
  if (pixelnorm_settings_clip (&coefficients->settings))
    self->clip =
        pixelnorm_clip_new (item, &coefficients->settings, quantization, self->channels, period);
  if (!self->per_pixel)
    pixelnorm_pass_refill (self, coefficients, quantization);
  for (gsize i = 0; self->per_pixel && i < n_coefficients (self); i++) {
    const PixelnormAffine affine = get_affine (self, coefficients, quantization, i);

    store_affine (self, i, &affine);
  }
  return TRUE;
}

/* @n samples with the coefficients from @k on. */
static inline void
run_loop (const PixelnormPass *self, void *to, const void *x, gsize k, gint n)
{
  if (self->lookup)
    self->lookup (to, x, (const guint8 (*)[256]) self->tables, self->rows.n_channels, n);
  else
    self->normalize (to, x, self->centre + k * self->sample_bytes, self->scale + k, self->bias + k,
        self->zero_point, n);
}

/* @n samples from row @y on. Where they lie as the loops want them, in one piece: the loops with
 * coefficients of pixels walk along these, the others repeat theirs. */
static void
run_list (const PixelnormPass *self, const PixelnormFrame *in, guint8 *to, guint y, gsize n)
{
  const gboolean clip = self->clip && !self->lookup; /* tables have it in them */
  const gsize step = clip ? PIXELNORM_TILE : GATHERED;
  const void *list = clip || n > G_MAXINT ? NULL : pixelnorm_rows_in_place (&self->rows, in, y);
  const gsize k = y * self->row_step;
  _Alignas(64) guint16 buffer[GATHERED];

  if (list) {
    run_loop (self, to, list, k, (gint) n);
    return;
  }
  for (gsize i = 0; i < n; i += step, to += step * self->item_bytes) {
    const gint m = (gint) MIN (n - i, step);
    const void *x = pixelnorm_rows_tile (&self->rows, in, y, i, m, buffer);

    run_loop (self, to, x, self->per_pixel ? k + i : k, m);
    if (clip)
      self->clip->apply (self->clip, to, m);
  }
}

void
pixelnorm_pass_run (const PixelnormPass *self, const PixelnormFrame *in, const PixelnormFrame *out,
    guint y, guint n_rows)
{
  const gssize stride = self->stride ? self->stride : out->strides[self->plane];
  guint8 *to = out->planes[self->plane] + self->offset + (gssize) y * stride;
  const guint end = MIN (self->rows.height, y + n_rows);

  if (y < end && stride == (gssize) (self->rows.n_samples * self->item_bytes)
      && pixelnorm_rows_run_on (&self->rows, in))
    run_list (self, in, to, y, self->rows.n_samples * (end - y));
  else
    for (; y < end; y++, to += stride)
      run_list (self, in, to, y, self->rows.n_samples);
}

void
pixelnorm_pass_clear (PixelnormPass *self)
{
  pixelnorm_pages_free (self->block);
  g_free (self->tables);
  g_free (self->clip);
}
