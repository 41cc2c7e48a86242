/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The converter of a row (frame/colour.c): nearest and linear chroma of every site against the plain formula of each,
 * whole frames in tiles, in all small sizes, as a caller does it; and what it refuses. Memory of luma and chroma is just
 * as large as the spans say. What is right is what 4:4:4 with that chroma gives; the numbers of the kernels are the
 * business of tests/kernels/test-colour.c.
 */
#include <string.h>

#include "frame/colour.h"

typedef struct {
  PixelnormGeometry geometry;
  PixelnormChromaSite site;
  guint16 *chroma; /* pairs */
  guint w, h;
} Scene;

static gint
chroma_at (const Scene *self, gint i, gint k, guint c)
{
  const gint x = CLAMP (i, 0, (gint) self->w - 1), y = CLAMP (k, 0, (gint) self->h - 1);

  return self->chroma[2 * (y * (gint) self->w + x) + c];
}

/* Chroma of a pixel, each case as it is written down. */
static gint
linear_at (const Scene *self, gint x, gint y, guint c)
{
#define AT(i, k) chroma_at (self, i, k, c)
#define T(i) (3 * AT (i, k) + AT (i, far))
  const gboolean half_rows = self->geometry.log2_chroma_h == 1;
  const gint i = x >> self->geometry.log2_chroma_w, k = y >> self->geometry.log2_chroma_h;
  const gint far = y & 1 ? k + 1 : k - 1, f = x & 3;
  const gboolean odd = x & 1, centre = self->site == PIXELNORM_CHROMA_SITE_CENTRE;
  const gint beside = odd ? i + 1 : i - 1;

  if (self->geometry.log2_chroma_w == 2)
    return ((4 - f) * AT (i, k) + f * AT (i + 1, k) + 2) >> 2;
  if ((centre || (self->site == PIXELNORM_CHROMA_SITE_TOP && !half_rows)) && self->w <= 2)
    return AT (i, k);
  if (!half_rows) {
    if (centre || self->site == PIXELNORM_CHROMA_SITE_TOP)
      return (3 * AT (i, k) + AT (beside, k) + (odd ? 2 : 1)) >> 2;
    return odd ? (AT (i, k) + AT (i + 1, k) + 1) >> 1 : AT (i, k);
  }
  if (centre)
    return (3 * T (i) + T (beside) + (odd ? 7 : 8)) >> 4;
  if (self->site == PIXELNORM_CHROMA_SITE_LEFT)
    return odd ? (T (i) + T (i + 1) + 4) >> 3 : (T (i) + 2) >> 2;
  if (self->site == PIXELNORM_CHROMA_SITE_TOP) {
    if (!(y & 1))
      return (3 * AT (i, k) + AT (beside, k) + (odd ? 2 : 1)) >> 2;
    return (3 * (AT (i, k) + AT (i, k + 1)) + AT (beside, k) + AT (beside, k + 1) + (odd ? 4 : 3))
        >> 3;
  }
  if (odd && (y & 1))
    return (AT (i, k) + AT (i + 1, k) + AT (i, k + 1) + AT (i + 1, k + 1) + 2) >> 2;
  return odd  ? (AT (i, k) + AT (i + 1, k) + 1) >> 1
      : y & 1 ? (AT (i, k) + AT (i, k + 1) + 1) >> 1
              : AT (i, k);
#undef AT
#undef T
}

/* @n samples from @from on, as the converter has them, in memory of their own. */
static gpointer
samples_new (const guint16 *from, guint n, guint depth)
{
  guint8 *bytes = g_malloc (n * (depth > 8 ? 2 : 1));

  for (guint i = 0; i < n; i++)
    if (depth > 8)
      ((guint16 *) bytes)[i] = from[i];
    else
      bytes[i] = (guint8) from[i];
  return bytes;
}

static guint
sample_of (gconstpointer samples, gint i, guint depth)
{
  return depth > 8 ? ((const guint16 *) samples)[i] : ((const guint8 *) samples)[i];
}

static void
check_tile (const Scene *self, const PixelnormColour *colour, const PixelnormColour *plain,
    gboolean linear, guint x, guint y, gint n, GRand *rand)
{
  const guint depth = self->geometry.depth;
  guint16 luma[PIXELNORM_TILE], pairs[2 * PIXELNORM_TILE], found[3][PIXELNORM_TILE],
      expected[3][PIXELNORM_TILE];
  gpointer const found_planes[] = { found[0], found[1], found[2] };
  gpointer const expected_planes[] = { expected[0], expected[1], expected[2] };
  PixelnormChromaSpan span;

  for (gint i = 0; i < n; i++) {
    luma[i] = (guint16) (g_rand_int (rand) >> (32 - depth));
    for (guint c = 0; c < 2; c++)
      pairs[2 * i + (gint) c] = (guint16) (linear
              ? linear_at (self, (gint) x + i, (gint) y, c)
              : chroma_at (self, (gint) (x + (guint) i) >> self->geometry.log2_chroma_w,
                  (gint) y >> self->geometry.log2_chroma_h, c));
  }
  pixelnorm_colour_find_chroma (colour, x, y, n, &span);
  g_assert_cmpuint (span.near, <, self->h);
  g_assert_cmpuint (span.far, <, self->h);
  g_assert_cmpuint (span.column + span.n_columns, <=, self->w);
  g_autofree gpointer luma_samples = samples_new (luma, (guint) n, depth);
  g_autofree gpointer near = samples_new (
      self->chroma + 2 * (span.near * self->w + span.column), 2 * span.n_columns, depth);
  g_autofree gpointer far = samples_new (
      self->chroma + 2 * (span.far * self->w + span.column), 2 * span.n_columns, depth);
  g_autofree gpointer all = samples_new (pairs, 2 * (guint) n, depth);

  pixelnorm_colour_convert (colour, x, y, n, luma_samples, near, far, found_planes);
  pixelnorm_colour_convert (plain, x, y, n, luma_samples, all, all, expected_planes);
  for (guint c = 0; c < 3; c++)
    for (gint i = 0; i < n; i++)
      if (sample_of (found[c], i, depth) != sample_of (expected[c], i, depth))
        g_error (
            "%s, site %d, %ux%u a sample, %ux%u, channel %u, pixel %u of row %u: %u, should be %u",
            linear ? "linear" : "nearest", self->site, 1u << self->geometry.log2_chroma_w,
            1u << self->geometry.log2_chroma_h, self->geometry.width, self->geometry.height, c,
            x + (guint) i, y, sample_of (found[c], i, depth), sample_of (expected[c], i, depth));
}

static void
check_frame (Scene *self, gboolean linear, GRand *rand)
{
  PixelnormGeometry plain_geometry = self->geometry;
  PixelnormColour colour, plain;
  g_autoptr (GError) error = NULL;

  pixelnorm_colour_init (&colour, &self->geometry,
      linear ? PIXELNORM_CHROMA_LINEAR : PIXELNORM_CHROMA_NEAREST, self->site, FALSE, &error);
  g_assert_no_error (error);
  plain_geometry.log2_chroma_w = plain_geometry.log2_chroma_h = 0;
  g_assert_true (pixelnorm_colour_init (
      &plain, &plain_geometry, PIXELNORM_CHROMA_NEAREST, self->site, FALSE, NULL));
  self->w = colour.chroma_width;
  self->h = colour.chroma_height;
  self->chroma = g_new (guint16, 2 * self->w * self->h);
  for (guint i = 0; i < 2 * self->w * self->h; i++)
    self->chroma[i] = (guint16) (g_rand_int (rand) >> (32 - self->geometry.depth));
  for (guint y = 0; y < self->geometry.height; y++)
    for (guint x = 0, n; x < self->geometry.width; x += n) {
      n = MIN (self->geometry.width - x, self->geometry.width > 100 ? 256 : 8);
      check_tile (self, &colour, &plain, linear, x, y, (gint) n, rand);
    }
  g_free (self->chroma);
}

static const struct {
  PixelnormChromaSite site;
  guint w, h;
} linear_forms[] = {
  { PIXELNORM_CHROMA_SITE_CENTRE, 1, 1 },
  { PIXELNORM_CHROMA_SITE_CENTRE, 1, 0 },
  { PIXELNORM_CHROMA_SITE_LEFT, 1, 1 },
  { PIXELNORM_CHROMA_SITE_LEFT, 1, 0 },
  { PIXELNORM_CHROMA_SITE_TOP_LEFT, 1, 1 },
  { PIXELNORM_CHROMA_SITE_TOP_LEFT, 1, 0 },
  { PIXELNORM_CHROMA_SITE_TOP, 1, 1 },
  { PIXELNORM_CHROMA_SITE_TOP, 1, 0 },
  { PIXELNORM_CHROMA_SITE_LEFT, 2, 0 },
  { PIXELNORM_CHROMA_SITE_LEFT, 2, 2 },
};

static void
test_frames (void)
{
  static const guint widths[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 23, 513, 900 };
  GRand *rand = g_rand_new_with_seed (18);

  for (guint form = 0; form < G_N_ELEMENTS (linear_forms); form++)
    for (guint k = 0; k < G_N_ELEMENTS (widths); k++)
      for (guint height = 1; height < 8; height++)
        for (guint mode = 0; mode < 6; mode++) {
          Scene scene = { .geometry = { widths[k], height, "YUV", 8 + 4 * (mode % 3), mode % 2,
                              "bt709", linear_forms[form].w, linear_forms[form].h },
            .site = linear_forms[form].site };

          check_frame (&scene, mode >= 3, rand);
        }
  g_rand_free (rand);
}

static void
check_refusal (const gchar *matrix, PixelnormChroma chroma, PixelnormChromaSite site, guint w,
    guint h, const gchar *word)
{
  const PixelnormGeometry geometry = { 8, 8, "YUV", 8, PIXELNORM_RANGE_LIMITED, matrix, w, h };
  g_autoptr (GError) error = NULL;
  PixelnormColour colour;

  g_assert_false (pixelnorm_colour_init (&colour, &geometry, chroma, site, FALSE, &error));
  g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, word));
}

static void
test_refusals (void)
{
  check_refusal (NULL, PIXELNORM_CHROMA_NEAREST, PIXELNORM_CHROMA_SITE_UNKNOWN, 1, 1, "none");
  check_refusal ("rgb", PIXELNORM_CHROMA_AUTO, PIXELNORM_CHROMA_SITE_UNKNOWN, 1, 1, "rgb");
  check_refusal ("bt601", PIXELNORM_CHROMA_LINEAR, PIXELNORM_CHROMA_SITE_DV, 1, 1, "dv");
  check_refusal ("bt601", PIXELNORM_CHROMA_LINEAR, PIXELNORM_CHROMA_SITE_CENTRE, 2, 0, "centre");
}

/* Linear for JPEG's stills alone; what is unknown goes by the range. */
static void
test_auto (void)
{
  PixelnormGeometry geometry = { 8, 8, "YUV", 8, PIXELNORM_RANGE_FULL, "bt601", 1, 1 };
  PixelnormColour colour;

#define UPSAMPLES(chroma, site)                                                                    \
  (pixelnorm_colour_init (                                                                         \
       &colour, &geometry, PIXELNORM_CHROMA_##chroma, PIXELNORM_CHROMA_SITE_##site, FALSE, NULL)   \
      && colour.upsample)
  g_assert_true (UPSAMPLES (AUTO, CENTRE));
  g_assert_false (UPSAMPLES (AUTO, LEFT));
  g_assert_false (UPSAMPLES (AUTO, UNKNOWN));
  g_assert_true (UPSAMPLES (LINEAR, UNKNOWN));
  g_assert_cmpint (colour.upsamplings[0]->pixels[0].side, ==, -1);
  geometry.range = PIXELNORM_RANGE_LIMITED;
  g_assert_false (UPSAMPLES (AUTO, CENTRE));
  g_assert_true (UPSAMPLES (LINEAR, UNKNOWN));
  g_assert_cmpint (colour.upsamplings[0]->pixels[0].side, ==, 0);
  geometry.log2_chroma_w = geometry.log2_chroma_h = 0;
  g_assert_false (UPSAMPLES (LINEAR, CENTRE));
#undef UPSAMPLES
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/colour-rows/frames", test_frames);
  g_test_add_func ("/colour-rows/auto", test_auto);
  g_test_add_func ("/colour-rows/refusals", test_refusals);
  return g_test_run ();
}
