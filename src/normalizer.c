/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan and run. The plan is made once: the affine of every sample in the order in which the loops
 * meet them, and which loop to use. Running it decides nothing more than where the next tile lies.
 *
 * Tensors: rows become canonical (R, G, B side by side), in place or through a tile in cache, then
 * one affine loop. Video: each plane is a list of samples as it lies in memory, alpha and padding
 * with the affine that changes nothing. Coefficients of scope channel and global repeat with every
 * tile.
 *
 * 8-bit results of scope channel and global are checked when the plan is made: all 256 codes of
 * every channel against the exact rounding. Where float32 rounds one of them otherwise, the plane
 * uses tables instead.
 */
#include <pixelnorm/normalizer.h>

#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coefficients.h"
#include "rows.h"

/* How one plane of the output is made. */
typedef struct {
  gsize row_samples;
  guint period;    /* samples of a pixel, as they lie */
  gsize row_step;  /* from a row's coefficients to the next one's: 0 where they repeat */
  gsize tile_step; /* and from a tile's */
  void *block;     /* the coefficient arrays */
  float *scale, *bias;
  guint8 *centre;
  guint8 (*tables)[256]; /* instead of them, one a sample of a pixel; or NULL */
  gboolean copy;         /* no channel lies in this plane */
} Plane;

struct _PixelnormNormalizer {
  GObject parent_instance;

  PixelnormLayout layout;
  PixelnormOutput output;
  const PixelnormKernels *kernels;
  double low, high;
  PixelnormRows rows;
  Plane planes[PIXELNORM_MAX_PLANES];
  guint n_planes;
  void (*run) (PixelnormNormalizer *self, const PixelnormFrame *in, const PixelnormFrame *out);
};

G_DEFINE_FINAL_TYPE (PixelnormNormalizer, pixelnorm_normalizer, G_TYPE_OBJECT)

static gboolean
allocate_plane (Plane *plane, gboolean per_pixel, guint height, GError **error)
{
  const gsize n = per_pixel ? plane->row_samples * height : PIXELNORM_TILE;
  const gsize bytes_per_sample = 2 * sizeof (float) + 1;

  if (n <= G_MAXSIZE / bytes_per_sample)
    plane->block = calloc (n, bytes_per_sample);
  if (!plane->block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for the coefficients of %" G_GSIZE_FORMAT " samples. Scale the video "
        "down, or use scope channel.",
        n);
    return FALSE;
  }
  plane->scale = plane->block;
  plane->bias = plane->scale + n;
  plane->centre = (guint8 *) (plane->bias + n);
  plane->row_step = per_pixel ? plane->row_samples : 0;
  plane->tile_step = per_pixel ? PIXELNORM_TILE : 0;
  return TRUE;
}

static void
store_affine (Plane *plane, gsize i, const PixelnormAffine *affine)
{
  plane->centre[i] = (guint8) affine->centre;
  plane->scale[i] = (float) affine->scale;
  plane->bias[i] = (float) affine->bias;
}

/* Lays [low, high] onto [0, 255]. The centre moves to the code whose result is next to the middle,
 * so that what is not saturated is a difference of small numbers. A scale beyond the kernel's bound
 * saturates at every code but the centre, and the clamps keep that: there |bias - 127.5| <= |scale|
 * / 2, or all codes lie on one side. */
static PixelnormAffine
affine_to_8_bits (const PixelnormNormalizer *self, PixelnormAffine affine)
{
  const double step = 255 / (self->high - self->low);
  const double scale = affine.scale * step;
  const double max_code = (1u << self->layout.geometry.depth) - 1;
  double bias = (affine.bias - self->low) * step;

  if (scale != 0) {
    const double centre = CLAMP (rint (affine.centre + (127.5 - bias) / scale), 0.0, max_code);

    bias += (centre - affine.centre) * scale;
    affine.centre = (guint) centre;
  }
  affine.bias =
      CLAMP (bias, 127.5 - PIXELNORM_MAX_SCALE_U8 / 2, 127.5 + PIXELNORM_MAX_SCALE_U8 / 2);
  affine.scale = CLAMP (scale, -PIXELNORM_MAX_SCALE_U8, PIXELNORM_MAX_SCALE_U8);
  return affine;
}

/* Calls for every sample whose coefficients plane @p holds: fills them in. @channels says which
 * channel the i-th sample of a pixel is; -1 is none. */
static void
fill_plane (PixelnormNormalizer *self, Plane *plane, const PixelnormCoefficients *coefficients,
    const gint *channels)
{
  const gboolean per_pixel = plane->row_step != 0;
  const gsize n = per_pixel ? plane->row_samples * self->layout.geometry.height : PIXELNORM_TILE;
  const PixelnormAffine identity = { 0, 1, 0, 0 };

  for (gsize i = 0; i < n; i++) {
    const gint channel = channels[i % plane->period];
    PixelnormAffine affine = identity;

    if (channel >= 0) {
      affine =
          pixelnorm_coefficients_get (coefficients, per_pixel ? i / plane->period : 0, channel);
      if (self->output == PIXELNORM_OUTPUT_VIDEO)
        affine = affine_to_8_bits (self, affine);
    }
    store_affine (plane, i, &affine);
  }
}

/* (x - subtract) * scale laid onto [0, 255], rounded half to even, as exactly as long double says;
 * what is within 1e-9 of a tie is one, since no decimal setting is exact in binary. */
static guint8
exact_code (const PixelnormNormalizer *self, const PixelnormAffine *affine, guint x)
{
  const long double y = (x - (long double) affine->subtract) * affine->scale;
  const long double code = (y - self->low) * 255 / ((long double) self->high - self->low);
  const long double clamped = fminl (fmaxl (code, 0), 255);
  const long double whole = floorl (clamped);

  if (fabsl (clamped - whole - 0.5L) < 1e-9L)
    return (guint8) (whole + ((guint) whole & 1));
  return (guint8) rintl (clamped);
}

/* Replaces the affine of a plane by tables where float32 would round a code of a channel otherwise.
 */
static void
make_tables_exact (PixelnormNormalizer *self, Plane *plane,
    const PixelnormCoefficients *coefficients, const gint *channels)
{
  guint8 (*tables)[256] = g_malloc0 (plane->period * sizeof *tables);
  gboolean differs = FALSE;

  for (guint i = 0; i < plane->period; i++) {
    for (guint x = 0; x < 256; x++) {
      const guint8 sample = (guint8) x;
      guint8 rounded;

      if (channels[i] >= 0) {
        const PixelnormAffine affine = pixelnorm_coefficients_get (coefficients, 0, channels[i]);

        tables[i][x] = exact_code (self, &affine, x);
      } else {
        tables[i][x] = sample;
      }
      pixelnorm_kernel_rows ()[0].normalize_u8_u8 (
          &rounded, &sample, plane->centre + i, plane->scale + i, plane->bias + i, 1);
      differs |= rounded != tables[i][x];
    }
  }
  if (differs)
    plane->tables = g_steal_pointer (&tables);
  g_free (tables);
}

static void
run_float32 (PixelnormNormalizer *self, const PixelnormFrame *in, const PixelnormFrame *out)
{
  const Plane *plane = &self->planes[0];
  guint8 buffer[PIXELNORM_TILE];

  for (guint y = 0; y < self->layout.geometry.height; y++) {
    float *to = (float *) (out->planes[0] + (gssize) y * out->strides[0]);
    gsize k = y * plane->row_step;

    for (gsize i = 0; i < plane->row_samples; i += PIXELNORM_TILE, k += plane->tile_step) {
      const gint n = (gint) MIN (plane->row_samples - i, PIXELNORM_TILE);
      const guint8 *x = pixelnorm_rows_tile (&self->rows, in, y, i, n, buffer);

      self->kernels->normalize_u8_f32 (
          to + i, x, plane->centre + k, plane->scale + k, plane->bias + k, n);
    }
  }
}

static void
run_video_row (
    PixelnormNormalizer *self, const Plane *plane, guint y, const guint8 *from, guint8 *to)
{
  gsize k = y * plane->row_step;

  if (plane->copy) {
    memcpy (to, from, plane->row_samples);
    return;
  }
  for (gsize i = 0; i < plane->row_samples; i += PIXELNORM_TILE, k += plane->tile_step) {
    const gint n = (gint) MIN (plane->row_samples - i, PIXELNORM_TILE);

    if (plane->tables)
      pixelnorm_lookup_u8 (
          to + i, from + i, (const guint8 (*)[256]) plane->tables, plane->period, n);
    else
      self->kernels->normalize_u8_u8 (
          to + i, from + i, plane->centre + k, plane->scale + k, plane->bias + k, n);
  }
}

static void
run_video (PixelnormNormalizer *self, const PixelnormFrame *in, const PixelnormFrame *out)
{
  for (guint p = 0; p < self->n_planes; p++)
    for (guint y = 0; y < self->layout.geometry.height; y++)
      run_video_row (self, &self->planes[p], y, in->planes[p] + (gssize) y * in->strides[p],
          out->planes[p] + (gssize) y * out->strides[p]);
}

static gboolean
plan_float32 (PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  const gint channels[PIXELNORM_MAX_CHANNELS] = { 0, 1, 2 };
  Plane *plane = &self->planes[0];

  self->n_planes = 1;
  self->run = run_float32;
  plane->period = self->layout.n_channels;
  plane->row_samples = (gsize) self->layout.geometry.width * plane->period;
  if (!allocate_plane (plane, coefficients->per_pixel, self->layout.geometry.height, error))
    return FALSE;
  fill_plane (self, plane, coefficients, channels);
  return TRUE;
}

static gboolean
plan_video (PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error)
{
  const PixelnormLayout *layout = &self->layout;

  self->n_planes = layout->n_planes;
  self->run = run_video;
  for (guint p = 0; p < layout->n_planes; p++) {
    Plane *plane = &self->planes[p];
    gint channels[4] = { -1, -1, -1, -1 };

    plane->period = layout->pixel_strides[p];
    plane->row_samples = pixelnorm_layout_get_row_bytes (layout, p);
    plane->copy = TRUE;
    for (guint c = 0; c < layout->n_channels; c++)
      if (layout->channels[c].plane == p) {
        channels[layout->channels[c].offset] = (gint) c;
        plane->copy = FALSE;
      }
    if (plane->copy)
      continue;
    if (!allocate_plane (plane, coefficients->per_pixel, layout->geometry.height, error))
      return FALSE;
    fill_plane (self, plane, coefficients, channels);
    if (!coefficients->per_pixel)
      make_tables_exact (self, plane, coefficients, channels);
  }
  return TRUE;
}

/* OUTPUT TABLE */
static gboolean (*const plans[]) (
    PixelnormNormalizer *, const PixelnormCoefficients *, GError **) = {
  [PIXELNORM_OUTPUT_FLOAT32] = plan_float32,
  [PIXELNORM_OUTPUT_VIDEO] = plan_video,
};

/**
 * pixelnorm_normalizer_new:
 * @settings: what is asked for
 * @profile: (nullable): the statistics; may be %NULL for the method fixed
 * @dark: (nullable): statistics of dark frames, for the method flat-field; %NULL is black at 0
 * @layout: what the input frames consist of
 * @output: what to write
 * @error: return location for a #GError, or %NULL
 *
 * Makes the plan: all coefficients, and which loops to use. The profiles are not needed any more
 * afterwards. In scope pixel a plan takes 9 bytes of memory a sample.
 *
 * A normalizer can be used by several threads at once, since running it changes nothing in it.
 *
 * Returns: (transfer full): a normalizer; %NULL with %PIXELNORM_ERROR_SETTINGS,
 *   %PIXELNORM_ERROR_MISMATCH where the profile does not fit the layout, or %PIXELNORM_ERROR_MEMORY
 */
PixelnormNormalizer *
pixelnorm_normalizer_new (const PixelnormSettings *settings, PixelnormProfile *profile,
    PixelnormProfile *dark, const PixelnormLayout *layout, PixelnormOutput output, GError **error)
{
  g_autoptr (PixelnormNormalizer) self = NULL;
  PixelnormCoefficients coefficients;

  g_return_val_if_fail (settings != NULL && layout != NULL, NULL);
  g_return_val_if_fail ((guint) output < G_N_ELEMENTS (plans), NULL);

  if (!pixelnorm_coefficients_init (
          &coefficients, settings, profile, dark, &layout->geometry, error))
    return NULL;
  self = g_object_new (PIXELNORM_TYPE_NORMALIZER, NULL);
  self->layout = *layout;
  self->output = output;
  self->rows = pixelnorm_rows (&self->layout);
  pixelnorm_coefficients_range (&coefficients, &self->low, &self->high);
  if (!plans[output](self, &coefficients, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_normalizer_get_range:
 * @self: a normalizer
 * @low: (out): the value that becomes 0 in 8-bit video
 * @high: (out): the value that becomes 255
 *
 * With them y = low + code * (high - low) / 255 is the way back from 8-bit video.
 */
void
pixelnorm_normalizer_get_range (PixelnormNormalizer *self, gdouble *low, gdouble *high)
{
  *low = self->low;
  *high = self->high;
}

/**
 * pixelnorm_normalizer_run: (skip)
 * @self: a normalizer
 * @input: a frame of the layout that the normalizer was made for
 * @output: where to write: one plane of floats, aligned to 4 bytes, or the planes of a frame of the
 * same layout; must not overlap @input
 *
 * Normalizes a frame.
 */
void
pixelnorm_normalizer_run (
    PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output)
{
  fenv_t state;

  /* Orc's float programs flush denormals to zero and leave the thread so; the caller's arithmetic
   * is not ours */
  fegetenv (&state);
  self->run (self, input, output);
  fesetenv (&state);
}

/**
 * pixelnorm_normalizer_run_data:
 * @self: a normalizer
 * @data: (array length=size): a packed frame: planes one after the other, rows without padding
 * @size: bytes of @data
 * @error: return location for a #GError, or %NULL
 *
 * Normalizes a frame that lies in one piece.
 *
 * Returns: (transfer full): float32 of shape [height, width, channels], or a packed 8-bit frame;
 * %NULL with %PIXELNORM_ERROR_MISMATCH or %PIXELNORM_ERROR_MEMORY
 */
GBytes *
pixelnorm_normalizer_run_data (
    PixelnormNormalizer *self, const guint8 *data, gsize size, GError **error)
{
  const PixelnormLayout *layout = &self->layout;
  const gboolean video = self->output == PIXELNORM_OUTPUT_VIDEO;
  const gsize row_bytes = self->planes[0].row_samples * sizeof (float);
  const gsize out_size = video ? size : row_bytes * layout->geometry.height;
  PixelnormFrame in, out = { 0 };

  if (!pixelnorm_frame_init_packed (&in, layout, data, size, error))
    return NULL;
  void *block = malloc (out_size);
  if (!block) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a result of %" G_GSIZE_FORMAT " bytes.", out_size);
    return NULL;
  }
  if (video) {
    pixelnorm_frame_init_packed (&out, layout, block, out_size, NULL);
  } else {
    out.planes[0] = block;
    out.strides[0] = (gssize) row_bytes;
  }
  pixelnorm_normalizer_run (self, &in, &out);
  return g_bytes_new_with_free_func (block, out_size, free, block);
}

static void
pixelnorm_normalizer_finalize (GObject *object)
{
  PixelnormNormalizer *self = PIXELNORM_NORMALIZER (object);

  for (guint p = 0; p < self->n_planes; p++) {
    free (self->planes[p].block);
    g_free (self->planes[p].tables);
  }
  G_OBJECT_CLASS (pixelnorm_normalizer_parent_class)->finalize (object);
}

static void
pixelnorm_normalizer_class_init (PixelnormNormalizerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pixelnorm_normalizer_finalize;
}

static void
pixelnorm_normalizer_init (PixelnormNormalizer *self)
{
  self->kernels = pixelnorm_kernels ();
}
