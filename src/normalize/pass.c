/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over a frame.
 *
 * 8-bit results of 8-bit samples in scope channel and global are a table a channel, of the exact rounding. The pass
 * looks codes up where that is fastest, or makes them of integers where these make the same table (fixed-point.h).
 * Else all 256 codes of every channel are checked: only where float32 rounds one of them otherwise, tables are used.
 */
#include "pass.h"

#include <unistd.h>

/* Samples that are gathered at a time, where nothing needs them to be a tile: calls cost less, and they
 * still lie in the first-level cache together with their results. A multiple of a tile, and at least one of
 * pixels, as which they are converted. */
#define GATHERED 3072
#define DEFAULT_CACHE (8 << 20) /* bytes of the last-level cache, where the system does not say */

static guint8
clip_code (guint8 code, gint sign, gint low, gint high)
{
  const gint value = sign ? (gint8) code : code;

  return (guint8) CLAMP (value, low, high);
}

/* What is applied to results. Tables, and what makes the same codes, have the bounds in them. */
static inline const PixelnormClip *
get_clip (const PixelnormPass *self)
{
  return self->lookup || self->fixed_point_u8 ? NULL : self->clip;
}

/* @n samples with the coefficients from @k on. */
static inline void
run_loop (const PixelnormPass *self, void *to, const void *x, gsize k, gint n)
{
  if (self->lookup)
    self->lookup (
        to, x, (const guint8 (*)[256]) self->tables, self->block.route->rows.n_channels, n);
  else if (self->fixed_point_u8)
    self->fixed_point_u8 (to, x, self->fixed_point, n);
  else
    self->normalize (to, x, self->block.centre + k * self->block.sample_bytes,
        self->block.scale + k, self->block.bias + k, self->zero_point, n);
}

static void
run_codes (gconstpointer pass, void *to, const void *from, gint n)
{
  run_loop (pass, to, from, 0, n);
}

/* Tables of the exact codes with their bounds, and how codes are made of them. */
static void
make_tables_exact (PixelnormPass *self, const PixelnormCoefficients *coefficients)
{
  const PixelnormQuantization *quantization = &self->block.plan->quantization;
  const gint *channels = self->block.route->channels;
  const guint period = self->block.route->rows.n_channels;
  const gint sign = quantization->smallest < 0 ? 128 : 0;
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  guint8 results[4][256];
  gboolean differs = FALSE;
  gint low, high;

  pixelnorm_clip_codes (coefficients->settings, quantization, &low, &high);
  self->lookup = NULL;
  self->fixed_point_u8 = NULL;
  pixelnorm_codes_of_loop (run_codes, self, period, results);
  for (guint i = 0; i < period; i++) {
    PixelnormAffine affine = { 0 };

    if (channels[i] >= 0)
      affine = pixelnorm_coefficients_get (coefficients, 0, channels[i]);
    for (guint x = 0; x < 256; x++) {
      guint8 code = (guint8) x;

      if (channels[i] >= 0)
        code = (guint8) pixelnorm_quantization_code (quantization, &affine, x);
      differs |= results[i][x] != code;
      if (channels[i] >= 0)
        code = clip_code (code, sign, low, high);
      self->tables[i][x] = code;
    }
  }
  if (self->fixed_point
      && pixelnorm_fixed_point_fit (
          self->fixed_point, (const guint8 (*)[256]) self->tables, self->block.scale, period, sign))
    self->fixed_point_u8 = kernels->fixed_point_u8;
  else if (differs || period <= kernels->fast_tables)
    self->lookup = kernels->lookup_u8;
}

/* Bytes of the last-level cache that a core has. In virtual machines sysconf() can tell that of the whole
 * processor, of which a core reaches a part: so what the kernel says goes first. */
static gsize
get_cache_size (void)
{
  g_autofree gchar *text = NULL;
  gsize kib = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
  const long cache = sysconf (_SC_LEVEL3_CACHE_SIZE);
#else
  const long cache = 0;
#endif

  if (g_file_get_contents (
          "/sys/devices/system/cpu/cpu0/cache/index3/size", &text, NULL, NULL)) /* "32768K" */
    kib = (gsize) MIN (g_ascii_strtoull (text, NULL, 10), G_MAXUINT32);
  if (kib > 0)
    return kib << 10;
  return cache > 0 ? (gsize) cache : DEFAULT_CACHE;
}

/* Whether results are so many that they would only push other data out of the caches. Written past
 * them, a frame of 1080p in float32 takes four fifths of the time pixel-wise, three quarters in planes;
 * channel-wise in NHWC it is a tenth slower where the cache still held it (32 MiB), and faster beyond. Coefficients of
 * pixels push them out, too: at 1280x720 it takes four fifths, and nine tenths with one reading of the results.
 */
static gboolean
is_beyond_cache (gsize results, gsize coefficients)
{
  const gsize cache = get_cache_size ();

  return results > cache / 2 || results + coefficients > cache;
}

/* What is clipped is read again. */
static gboolean
is_streamed (const PixelnormPass *self)
{
  const PixelnormBlock *block = &self->block;
  const gsize size = block->plan->size;
  const gsize n = block->per_pixel ? size / sizeof (gfloat) : 0; /* those of all passes */

  return block->plan->type->item == PIXELNORM_ITEM_F32 && !self->clip
      && is_beyond_cache (size, n * (2 * sizeof (gfloat) + block->sample_bytes));
}

/* The loop that walks along coefficients of pixels, or the one that repeats a tile of them: by what the
 * pass itself has. A plane without channels has a tile also where the other planes have pixels. */
static void
choose_loop (PixelnormPass *self)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  const PixelnormSample sample = self->block.route->rows.type;
  const PixelnormItem item = self->block.plan->type->item;
  const gboolean per_pixel = self->block.per_pixel;

  if (is_streamed (self)) {
    self->end = kernels->stream_end;
    self->normalize =
        per_pixel ? kernels->normalize_stream[sample] : kernels->normalize_repeat_stream[sample];
    return;
  }
  self->normalize =
      per_pixel ? kernels->normalize[sample][item] : kernels->normalize_repeat[sample][item];
}

void
pixelnorm_pass_refill (PixelnormPass *self, const PixelnormCoefficients *coefficients)
{
  pixelnorm_block_fill (&self->block, coefficients);
  if (self->tables)
    make_tables_exact (self, coefficients);
}

gboolean
pixelnorm_pass_init (PixelnormPass *self, const PixelnormPlan *plan, const PixelnormRoute *route,
    const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormQuantization *quantization = pixelnorm_plan_quantization (plan);
  const PixelnormKernels *kernels = pixelnorm_kernels ();

  self->zero_point = quantization ? quantization->zero_point : 0;
  if (!pixelnorm_block_init (&self->block, plan, route, coefficients, error))
    return FALSE;
  self->clip = pixelnorm_clip_new (plan, route, coefficients->settings);
  choose_loop (self);
  if (quantization && !self->block.per_pixel && route->rows.type == PIXELNORM_SAMPLE_U8)
    self->tables = g_malloc (route->rows.n_channels * sizeof *self->tables);
  if (self->tables && kernels->fast_fixed_point && route->rows.n_channels > kernels->fast_tables)
    self->fixed_point = g_new (PixelnormFixedPoint, 1);
  pixelnorm_pass_refill (self, coefficients);
  return TRUE;
}

void
pixelnorm_pass_run_tile (
    const PixelnormPass *self, const PixelnormFrame *out, guint y, gsize i, const void *x, gint n)
{
  const PixelnormBlock *block = &self->block;
  guint8 *to = pixelnorm_route_row (block->route, out, y) + i * block->route->item_bytes;

  run_loop (self, to, x, block->per_pixel ? y * block->row_step + i : 0, n);
  if (get_clip (self))
    self->clip->apply (self->clip, to, n);
}

/* @n samples from row @y on. Where they lie as the loops want them, in one piece: the loops with
 * coefficients of pixels walk along these, the others repeat theirs. */
static void
run_list (const PixelnormPass *self, const PixelnormFrame *in, guint8 *to, guint y, gsize n)
{
  const PixelnormClip *clip = get_clip (self);
  const PixelnormRows *rows = &self->block.route->rows;
  const gsize step = clip ? PIXELNORM_TILE
      : rows->colour      ? PIXELNORM_TILE * rows->n_channels
                          : GATHERED;
  const void *list = clip || n > G_MAXINT ? NULL : pixelnorm_rows_in_place (rows, in, y);
  const gsize k = y * self->block.row_step;
  _Alignas(64) guint16 buffer[GATHERED];

  if (list) {
    run_loop (self, to, list, k, (gint) n);
    return;
  }
  for (gsize i = 0; i < n; i += step, to += step * self->block.route->item_bytes) {
    const gint m = (gint) MIN (n - i, step);
    const void *x = pixelnorm_rows_tile (rows, in, y, i, m, buffer);

    run_loop (self, to, x, self->block.per_pixel ? k + i : k, m);
    if (clip)
      clip->apply (clip, to, m);
  }
}

void
pixelnorm_pass_run (const PixelnormPass *self, const PixelnormFrame *in, const PixelnormFrame *out,
    guint y, guint n_rows)
{
  const gssize stride = pixelnorm_route_stride (self->block.route, out);
  guint8 *to = pixelnorm_route_row (self->block.route, out, y);
  const guint end = MIN (self->block.route->rows.height, y + n_rows);

  if (y < end
      && stride == (gssize) (self->block.route->rows.n_samples * self->block.route->item_bytes)
      && pixelnorm_rows_run_on (&self->block.route->rows, in))
    run_list (self, in, to, y, self->block.route->rows.n_samples * (end - y));
  else
    for (; y < end; y++, to += stride)
      run_list (self, in, to, y, self->block.route->rows.n_samples);
}

void
pixelnorm_passes_find_planes (
    const PixelnormPass *passes, guint n_passes, PixelnormPlanesLoops *loops)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  const PixelnormBlock *block = &passes[0].block;
  const PixelnormItem item = block->plan->type->item;
  const PixelnormSample sample = block->route->rows.type;

  *loops = (PixelnormPlanesLoops){ NULL };
  if (!kernels->fast_planes || n_passes != 3)
    return;
  for (guint p = 0; p < n_passes; p++)
    if (passes[p].block.per_pixel != block->per_pixel
        || !pixelnorm_rows_are_pixels (&block->route->rows, &passes[p].block.route->rows))
      return;
  if (passes[0].tables && kernels->fast_tables)
    loops->lookup = kernels->lookup_planes_u8;
  else if (passes[0].clip)
    return;
  else if (is_streamed (&passes[0]))
    loops->normalize =
        block->per_pixel ? kernels->planes_stream[sample] : kernels->planes_repeat_stream[sample];
  else
    loops->normalize =
        block->per_pixel ? kernels->planes[sample][item] : kernels->planes_repeat[sample][item];
}

/* @n pixels from row @y on. FALSE as below. */
static gboolean
normalize_planes (const PixelnormPass *passes, PixelnormNormalizePlanes normalize,
    const PixelnormFrame *in, const PixelnormFrame *out, guint y, gint n)
{
  PixelnormToPlane planes[3];

  for (guint p = 0; p < 3; p++) {
    const PixelnormBlock *block = &passes[p].block;
    const gsize k = y * block->row_step;

    planes[p] = (PixelnormToPlane){ pixelnorm_route_row (block->route, out, y),
      pixelnorm_rows_first (&block->route->rows, in, y), block->centre + k * block->sample_bytes,
      block->scale + k, block->bias + k };
    if (passes[p].lookup || passes[p].fixed_point_u8
        || (guintptr) planes[p].x % block->sample_bytes != 0)
      return FALSE;
  }
  normalize (planes, passes[0].block.route->rows.places.strides[0], passes[0].zero_point, n);
  return TRUE;
}

static void
look_up_planes (const PixelnormPass *passes, PixelnormLookupPlanesU8 lookup,
    const PixelnormFrame *in, const PixelnormFrame *out, guint y, gint n)
{
  const guint8 *from[3], (*tables[3])[256];
  guint8 *to[3];

  for (guint p = 0; p < 3; p++) {
    to[p] = pixelnorm_route_row (passes[p].block.route, out, y);
    from[p] = pixelnorm_rows_first (&passes[p].block.route->rows, in, y);
    tables[p] = (const guint8 (*)[256]) passes[p].tables;
  }
  lookup (to, from, passes[0].block.route->rows.places.strides[0], tables, n);
}

gboolean
pixelnorm_passes_run_planes (const PixelnormPass *passes, const PixelnormPlanesLoops *loops,
    const PixelnormFrame *in, const PixelnormFrame *out)
{
  const PixelnormRows *rows = &passes[0].block.route->rows;
  const guint height = rows->height;
  /* tensors have no padding */
  const gboolean one_row = pixelnorm_rows_run_on (rows, in) && rows->n_samples * height <= G_MAXINT;
  const gint n = (gint) (one_row ? rows->n_samples * height : rows->n_samples);

  for (guint y = 0; y < (one_row ? 1 : height); y++)
    if (loops->lookup)
      look_up_planes (passes, loops->lookup, in, out, y, n);
    else if (!loops->normalize || !normalize_planes (passes, loops->normalize, in, out, y, n))
      return FALSE;
  return TRUE;
}

void
pixelnorm_pass_clear (PixelnormPass *self)
{
  pixelnorm_block_clear (&self->block);
  g_free (self->tables);
  g_free (self->fixed_point);
  g_free (self->clip);
}
