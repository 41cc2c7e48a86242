/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A converter is prepared once: the matrix as integers, and which rows and columns of chroma make that of a pixel.
 * Nearest takes chroma as it lies, whose pairs serve two pixels each in the kernel; linear makes pairs of every pixel
 * first, in codes, and rounds them: what libjpeg does, too.
 */
#include "colour.h"

#include <string.h>

#include "kernels/colour-factors.h"

/* ITU-T H.273, table 4: Kr and Kb, in ten-thousandths. */
static const struct {
  const gchar *name;
  gint kr, kb;
} matrices[] = {
  { "bt601", 2990, 1140 },
  { "bt709", 2126, 722 },
  { "bt2020", 2627, 593 },
  { "smpte240m", 2120, 870 },
  { "fcc", 3000, 1100 },
};

/* Where chroma lies between two pixels or rows, 3 parts of the nearer one and 1 of the other; where it lies at one, the
 * next is halfway. Weights of what lies at a row are doubled, so that both of its rows have one shift. Even rows, odd rows.
 * At the centre, roundings that differ keep the mean: libjpeg's. */
static const struct {
  PixelnormChromaSite site;
  guint log2_w, log2_h;
  PixelnormUpsampling rows[2];
} upsamplings[] = {
#define CENTRE(near, far, shift, a, b)                                                             \
  {                                                                                                \
    1, near, far, shift,                                                                           \
    {                                                                                              \
      { 3, 1, -1, a },                                                                             \
      {                                                                                            \
        3, 1, 1, b                                                                                 \
      }                                                                                            \
    }                                                                                              \
  }
#define LEFT(near, far, shift)                                                                     \
  {                                                                                                \
    1, near, far, shift,                                                                           \
    {                                                                                              \
      { 2, 0, 0, 1 << (shift - 1) },                                                               \
      {                                                                                            \
        1, 1, 1, 1 << (shift - 1)                                                                  \
      }                                                                                            \
    }                                                                                              \
  }
#define LEFT_OF_4                                                                                  \
  {                                                                                                \
    2, 1, 0, 2,                                                                                    \
    {                                                                                              \
      { 4, 0, 0, 2 }, { 3, 1, 1, 2 }, { 2, 2, 1, 2 },                                              \
      {                                                                                            \
        1, 3, 1, 2                                                                                 \
      }                                                                                            \
    }                                                                                              \
  }
  { PIXELNORM_CHROMA_SITE_CENTRE, 1, 0, { CENTRE (1, 0, 2, 1, 2), CENTRE (1, 0, 2, 1, 2) } },
  { PIXELNORM_CHROMA_SITE_CENTRE, 1, 1, { CENTRE (3, 1, 4, 8, 7), CENTRE (3, 1, 4, 8, 7) } },
  { PIXELNORM_CHROMA_SITE_TOP, 1, 1, { CENTRE (2, 0, 3, 3, 4), CENTRE (1, 1, 3, 3, 4) } },
  { PIXELNORM_CHROMA_SITE_LEFT, 1, 0, { LEFT (1, 0, 1), LEFT (1, 0, 1) } },
  { PIXELNORM_CHROMA_SITE_LEFT, 1, 1, { LEFT (3, 1, 3), LEFT (3, 1, 3) } },
  { PIXELNORM_CHROMA_SITE_TOP_LEFT, 1, 1, { LEFT (2, 0, 2), LEFT (1, 1, 2) } },
  { PIXELNORM_CHROMA_SITE_LEFT, 2, 0, { LEFT_OF_4, LEFT_OF_4 } },
  { PIXELNORM_CHROMA_SITE_LEFT, 2, 2, { LEFT_OF_4, LEFT_OF_4 } },
#undef CENTRE
#undef LEFT
#undef LEFT_OF_4
};

static const gchar *const site_names[] = { "unknown", "centre", "left", "top-left", "top", "dv" };

static PixelnormChromaSite
resolve_site (PixelnormChromaSite site, const PixelnormGeometry *geometry)
{
  if (site == PIXELNORM_CHROMA_SITE_UNKNOWN)
    site = geometry->range == PIXELNORM_RANGE_FULL ? PIXELNORM_CHROMA_SITE_CENTRE
                                                   : PIXELNORM_CHROMA_SITE_LEFT;
  if (geometry->log2_chroma_h != 0)
    return site;
  /* each row has its own: where it lies between rows says nothing */
  return site == PIXELNORM_CHROMA_SITE_TOP_LEFT ? PIXELNORM_CHROMA_SITE_LEFT
      : site == PIXELNORM_CHROMA_SITE_TOP       ? PIXELNORM_CHROMA_SITE_CENTRE
                                                : site;
}

static gboolean
is_linear (const PixelnormGeometry *geometry, PixelnormChroma chroma, PixelnormChromaSite site)
{
  if (geometry->log2_chroma_w == 0 && geometry->log2_chroma_h == 0)
    return FALSE;
  if (chroma == PIXELNORM_CHROMA_AUTO)
    return site == PIXELNORM_CHROMA_SITE_CENTRE && geometry->range == PIXELNORM_RANGE_FULL
        && g_strcmp0 (geometry->matrix, "bt601") == 0;
  return chroma == PIXELNORM_CHROMA_LINEAR;
}

static gboolean
find_upsampling (PixelnormColour *self, const PixelnormGeometry *geometry, PixelnormChromaSite site,
    GError **error)
{
  const PixelnormChromaSite resolved = resolve_site (site, geometry);

  for (guint k = 0; k < G_N_ELEMENTS (upsamplings); k++)
    if (upsamplings[k].site == resolved && upsamplings[k].log2_w == self->log2_w
        && upsamplings[k].log2_h == self->log2_h) {
      self->upsamplings[0] = &upsamplings[k].rows[0];
      self->upsamplings[1] = &upsamplings[k].rows[1];
      return TRUE;
    }
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "Expected a site of chroma that linear is defined for, found %s with %ux%u pixels a sample. Use "
      "nearest.",
      site_names[resolved], 1u << self->log2_w, 1u << self->log2_h);
  return FALSE;
}

static gboolean
init_factors (
    PixelnormColour *self, const PixelnormGeometry *geometry, gboolean swapped, GError **error)
{
  const gboolean limited = geometry->range == PIXELNORM_RANGE_LIMITED;

  for (guint k = 0; k < G_N_ELEMENTS (matrices); k++)
    if (g_strcmp0 (geometry->matrix, matrices[k].name) == 0
        && pixelnorm_colour_factors_init (&self->factors, matrices[k].kr, matrices[k].kb, limited,
            (gint) geometry->depth, swapped))
      return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "Expected the matrix bt601, bt709, bt2020, smpte240m or fcc for a conversion to RGB, found %s. Say "
      "which it is in the colorimetry.",
      geometry->matrix ? geometry->matrix : "none");
  return FALSE;
}

gboolean
pixelnorm_colour_init (PixelnormColour *self, const PixelnormGeometry *geometry,
    PixelnormChroma chroma, PixelnormChromaSite site, gboolean swapped, GError **error)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  const PixelnormSample type = geometry->depth > 8 ? PIXELNORM_SAMPLE_U16 : PIXELNORM_SAMPLE_U8;
  const guint w = geometry->log2_chroma_w, h = geometry->log2_chroma_h;

  *self = (PixelnormColour){ .log2_w = w,
    .log2_h = h,
    .chroma_width = (geometry->width + (1u << w) - 1) >> w,
    .chroma_height = (geometry->height + (1u << h) - 1) >> h,
    .sample_bytes = type == PIXELNORM_SAMPLE_U16 ? 2 : 1,
    .swapped = swapped };
  if (!init_factors (self, geometry, swapped, error))
    return FALSE;
  if (is_linear (geometry, chroma, site)) {
    if (!find_upsampling (self, geometry, site, error))
      return FALSE;
    /* libjpeg-turbo repeats chroma that is so narrow */
    if (self->chroma_width > 2 || resolve_site (site, geometry) != PIXELNORM_CHROMA_SITE_CENTRE)
      self->upsample = kernels->upsample[type];
  }
  self->convert = kernels->colour[type][!self->upsample && w > 0];
  return TRUE;
}

void
pixelnorm_colour_init_grey (PixelnormColour *self, const PixelnormGeometry *geometry)
{
  const PixelnormSample type = geometry->depth > 8 ? PIXELNORM_SAMPLE_U16 : PIXELNORM_SAMPLE_U8;

  *self =
      (PixelnormColour){ .sample_bytes = type == PIXELNORM_SAMPLE_U16 ? 2 : 1, .is_grey = TRUE };
  pixelnorm_colour_factors_init (&self->factors, matrices[0].kr, matrices[0].kb,
      geometry->range == PIXELNORM_RANGE_LIMITED, (gint) geometry->depth, FALSE);
  self->convert = pixelnorm_kernels ()->colour[type][1];
}

/* The other of the two rows: the one above in the upper half of a sample, unless that has no part in it. */
static guint
far_row (const PixelnormColour *self, guint y)
{
  const guint near = y >> self->log2_h;
  const PixelnormUpsampling *how = self->upsamplings[y & 1];

  if (!self->upsample || how->far == 0)
    return near;
  if (y & 1)
    return MIN (near + 1, self->chroma_height - 1);
  return near > 0 ? near - 1 : 0;
}

void
pixelnorm_colour_find_chroma (
    const PixelnormColour *self, guint x, guint y, gint n, PixelnormChromaSpan *span)
{
  const guint first = x >> self->log2_w, last = (x + (guint) MAX (n, 1) - 1) >> self->log2_w;
  const guint beside = self->upsample ? 1 : 0;

  span->near = y >> self->log2_h;
  span->far = far_row (self, y);
  span->column = first - MIN (first, beside);
  span->n_columns = MIN (last + beside, self->chroma_width - 1) - span->column + 1;
}

/* Each pair twice, for 4 pixels that share one in a kernel where 2 do. */
static void
double_pairs (guint8 *to, const guint8 *from, gsize bytes, gint n)
{
  for (gint i = 0; i < n; i++, to += bytes)
    memcpy (to, from + (gsize) (i / 2) * bytes, bytes);
}

/* Pairs without colour, for @n pixels that share one by two. */
static void
fill_neutral (const PixelnormColour *self, guint16 *pairs, gint n)
{
  if (self->sample_bytes == 1)
    memset (pairs, self->factors.centre, (gsize) n + 1);
  else
    for (gint i = 0; i < n + 1; i++)
      pairs[i] = (guint16) self->factors.centre;
}

void
pixelnorm_colour_convert (const PixelnormColour *self, guint x, guint y, gint n, gconstpointer luma,
    gconstpointer near, gconstpointer far, gpointer const planes[3])
{
  guint16 pairs[2 * PIXELNORM_TILE];

  if (self->is_grey) {
    fill_neutral (self, pairs, n);
    near = pairs;
  } else if (self->upsample) {
    PixelnormChromaSpan span;

    pixelnorm_colour_find_chroma (self, x, y, n, &span);
    self->upsample (pairs, near, span.far == span.near ? near : far, self->upsamplings[y & 1],
        (gint) ((x >> self->log2_w) - span.column), (gint) span.n_columns, n);
    near = pairs;
  } else if (self->log2_w == 2) {
    double_pairs ((guint8 *) pairs, near, 2 * self->sample_bytes, (n + 1) / 2);
    near = pairs;
  }
  self->convert (planes[0], planes[1], planes[2], luma, near, &self->factors, n);
}
