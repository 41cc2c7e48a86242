/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For how many tables integers are found, and that they make the very same: tables of random scales and middles, a
 * channel's within a third of the others', rounded in integers.
 */
#include <math.h>

#include "normalize/fixed-point.h"

#define N_TABLES 2000
#define UNIT 1000000 /* of scale and middle */

/* round ((x - middle) * scale + 127.5), saturated; halves go up. */
static guint8
code_of (gint x, gint64 scale, gint64 middle)
{
  const gint64 twice = 2 * ((gint64) x * UNIT - middle) * scale / UNIT + 256 * (gint64) UNIT;

  return (guint8) CLAMP (twice < 0 ? -1 : twice / (2 * UNIT), 0, 255);
}

static void
check (const PixelnormFixedPoint *how, const guint8 (*tables)[256], guint period, gint sign)
{
  const PixelnormKernels *c = pixelnorm_kernels_of_row (pixelnorm_kernel_rows ());
  guint8 from[PIXELNORM_TILE], to[PIXELNORM_TILE];

  for (guint first = 0; first < 256; first += PIXELNORM_TILE / 4) {
    for (guint i = 0; i < PIXELNORM_TILE; i++)
      from[i] = (guint8) (first + i / period);
    c->fixed_point_u8 (to, from, how, PIXELNORM_TILE);
    for (guint i = 0; i < PIXELNORM_TILE; i++)
      g_assert_cmpuint (to[i], ==, tables[i % period][from[i]]);
  }
}

/* Returns the percentage of tables that are met, with scales from @low to @high. */
static gdouble
find_share (gdouble low, gdouble high, guint period, gint sign)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240605);
  g_autofree PixelnormFixedPoint *how = g_new (PixelnormFixedPoint, 1);
  guint n_found = 0;

  for (guint k = 0; k < N_TABLES; k++) {
    const gdouble about = low * pow (high / low, g_rand_double (rand));
    guint8 tables[4][256];
    float scales[4];

    for (guint c = 0; c < period; c++) {
      const gint64 scale = (gint64) (about * g_rand_double_range (rand, .86, 1.16) * UNIT);
      const gint64 middle = (gint64) (g_rand_double_range (rand, 40, 210) * UNIT);

      scales[c] = (float) scale / UNIT;
      for (gint x = 0; x < 256; x++)
        tables[c][x] = code_of (x, scale, middle) ^ (guint8) sign;
    }
    if (!pixelnorm_fixed_point_fit (how, (const guint8 (*)[256]) tables, scales, period, sign))
      continue;
    check (how, (const guint8 (*)[256]) tables, period, sign);
    n_found++;
  }
  return n_found * 100. / N_TABLES;
}

static void
test_share (gconstpointer data)
{
  const guint period = GPOINTER_TO_UINT (data);
  const gdouble usual = find_share (.25, 4, period, 0);
  const gdouble steep = find_share (4, 10, period, 128);

  g_test_message ("scales of .25 to 4: %.1f %%, of 4 to 10: %.1f %%", usual, steep);
  g_assert_cmpfloat (usual, >, 99);
  g_assert_cmpfloat (steep, >, 99);
}

/* Tables that are no line, or not a rising one. */
static void
test_none (void)
{
  g_autofree PixelnormFixedPoint *how = g_new (PixelnormFixedPoint, 1);
  const float rising[] = { 1 }, falling[] = { -1 };
  guint8 hole[1][256], line[1][256], turned[1][256];

  for (guint x = 0; x < 256; x++) {
    line[0][x] = (guint8) x;
    hole[0][x] = x == 100 ? 7 : (guint8) x;
    turned[0][x] = (guint8) (255 - x);
  }
  g_assert_true (pixelnorm_fixed_point_fit (how, (const guint8 (*)[256]) line, rising, 1, 0));
  g_assert_false (pixelnorm_fixed_point_fit (how, (const guint8 (*)[256]) hole, rising, 1, 0));
  g_assert_false (pixelnorm_fixed_point_fit (how, (const guint8 (*)[256]) turned, falling, 1, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint period = 1; period <= 4; period++) {
    g_autofree gchar *path = g_strdup_printf ("/fixed-point/%u-channels", period);

    g_test_add_data_func (path, GUINT_TO_POINTER (period), test_share);
  }
  g_test_add_func ("/fixed-point/none", test_none);
  return g_test_run ();
}
