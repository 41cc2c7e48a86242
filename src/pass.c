/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over a frame. Coefficients of scope pixel lie in the order of the samples, 9 or 10 bytes
 * each; those of scope channel and global are one tile, which repeats.
 *
 * 8-bit results of 8-bit samples in scope channel and global are checked when the coefficients are
 * made: all 256 codes of every channel against the exact rounding. Where float32 rounds one of them
 * otherwise, the pass uses tables instead.
 */
#include "pass.h"

#include "pages.h"

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

/* Replaces the coefficients by tables where float32 would round a code of a channel otherwise, or where
 * tables are faster anyway. */
static void
make_tables_exact (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization, const PixelnormPassChannels channels)
{
  guint8 (*tables)[256] = g_malloc0 (self->rows.n_channels * sizeof *tables);
  gboolean differs = FALSE;
  gint low, high;

  self->lookup = pixelnorm_kernels ()->lookup_u8;
  pixelnorm_clip_codes (&coefficients->settings, quantization, &low, &high);

  for (guint i = 0; i < self->rows.n_channels; i++) {
    for (guint x = 0; x < 256; x++) {
      const guint8 sample = (guint8) x;
      guint8 rounded;

      if (channels[i] >= 0) {
        const PixelnormAffine affine = pixelnorm_coefficients_get (coefficients, 0, channels[i]);

        tables[i][x] = (guint8) pixelnorm_quantization_code (quantization, &affine, x);
      } else {
        tables[i][x] = sample;
      }
      self->normalize (&rounded, &sample, self->centre + i, self->scale + i, self->bias + i,
          self->zero_point, 1);
      differs |= rounded != tables[i][x];
      if (channels[i] >= 0)
        tables[i][x] = clip_code (tables[i][x], quantization->smallest < 0, low, high);
    }
  }
  if (differs || self->rows.n_channels <= pixelnorm_kernels ()->fast_tables)
    self->tables = g_steal_pointer (&tables);
  g_free (tables);
}

gboolean
pixelnorm_pass_fill (PixelnormPass *self, const PixelnormCoefficients *coefficients,
    const PixelnormQuantization *quantization, PixelnormItem item,
    const PixelnormPassChannels channels, GError **error)
{
  const guint period = self->rows.n_channels;
  /* to 8 bits, since only 8-bit video has samples that are no channels */
  const PixelnormAffine unchanged = { .scale = 255.0 / coefficients->max_code };
  gboolean any = FALSE;

  for (guint i = 0; i < period; i++)
    any |= channels[i] >= 0;
  self->sample_bytes = self->rows.type == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  self->per_pixel = coefficients->per_pixel && any;
  self->zero_point = quantization ? quantization->zero_point : 0;
  if (!allocate (self, error))
    return FALSE;
  for (gsize i = 0; i < n_coefficients (self); i++) {
    const gint channel = channels[i % period];
    PixelnormAffine affine = unchanged;

    if (channel >= 0)
      affine = pixelnorm_coefficients_get (coefficients, self->per_pixel ? i / period : 0, channel);
    if (channel >= 0 && quantization)
      affine = pixelnorm_quantization_affine (quantization, affine, coefficients->max_code);
    store_affine (self, i, &affine);
  }
  if (quantization && !self->per_pixel && self->rows.type == PIXELNORM_SAMPLE_U8)
    make_tables_exact (self, coefficients, quantization, channels);
  if (pixelnorm_settings_clip (&coefficients->settings) && !self->tables)
    self->clip = pixelnorm_clip_new (item, &coefficients->settings, quantization, channels, period);
  return TRUE;
}

/* @n samples with the coefficients from @k on. */
static inline void
run_loop (const PixelnormPass *self, void *to, const void *x, gsize k, gint n)
{
  if (self->tables)
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
  const gsize step = self->clip ? PIXELNORM_TILE : GATHERED;
  const void *list =
      self->clip || n > G_MAXINT ? NULL : pixelnorm_rows_in_place (&self->rows, in, y);
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
    if (self->clip)
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
