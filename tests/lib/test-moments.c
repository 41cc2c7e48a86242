/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A block of moments is found possible exactly where pixelnorm_moments_problem() has nothing to say of any, and pools as
 * they do one by one: moments of random samples, and those with a number that is not quite right. Random, with GLib's seed,
 * which it prints.
 */
#include "statistics/moments-block.h"

#define ROUNDS 300000

static guint64
random_to (guint64 most)
{
  return ((guint64) (guint32) g_test_rand_int () << 32 | (guint32) g_test_rand_int ()) % (most + 1);
}

/* Many samples by a few numbers: values v and v + 1 or the ends of a range, each many times, as near to the bounds as can be. */
static PixelnormMoments
random_moments (guint limit, guint64 most)
{
  const guint n_values = (guint) g_test_rand_int_range (0, 5);
  PixelnormMoments moments = PIXELNORM_MOMENTS_EMPTY;
  const guint base = (guint) g_test_rand_int_range (0, (gint) limit + 1);

  for (guint i = 0; i < n_values && moments.count < most; i++) {
    const guint64 left = most - moments.count;
    const guint64 n =
        1 + (g_test_rand_bit () ? g_test_rand_int () % 4 % left : (left - 1) / n_values);
    const guint choices[] = { base, MIN (base + 1, limit), 0, limit,
      (guint) g_test_rand_int_range (0, (gint) limit + 1) };
    const guint64 v = choices[g_test_rand_int_range (0, (gint) G_N_ELEMENTS (choices))];
    const PixelnormMoments more = { n, (PixelnormU128) v * n, (PixelnormU128) (v * v) * n,
      (guint) v, (guint) v };

    pixelnorm_moments_pool (&moments, &more);
  }
  if (moments.count == 0)
    moments.min = 0;
  return moments;
}

/* Often by as little as can be. */
static guint64
change (guint64 number, guint64 most)
{
  const guint64 by = 1 + random_to (g_test_rand_bit () ? 2 : most / 2);

  number = g_test_rand_bit () ? number + by : number - by;
  return number <= most ? number : number % (most + 1);
}

static void
damage (PixelnormMoments *moments, guint64 most, guint limit)
{
  switch (g_test_rand_int_range (0, 8)) {
  case 0:
    moments->count = change (moments->count, most);
    break;
  case 1:
    moments->sum = change ((guint64) moments->sum, G_MAXUINT64);
    break;
  case 2:
    moments->squares = change ((guint64) moments->squares, G_MAXUINT64);
    break;
  case 3:
    moments->min = (guint) change (moments->min, limit + 1);
    break;
  case 4:
    moments->max = (guint) change (moments->max, limit + 1);
    break;
  case 5: /* keeps the parity */
    moments->squares = (guint64) moments->squares - 2;
    break;
  case 6:
    moments->squares = (guint64) moments->squares + 2;
    break;
  default:
    break;
  }
}

static gboolean
is_possible (const PixelnormMoments *moments, guint limit)
{
  return moments->min <= limit && moments->max <= limit
      && (moments->count > 0 || (moments->min == 0 && moments->max == 0))
      && pixelnorm_moments_problem (moments) == NULL;
}

static void
put (PixelnormMomentsBlock *block, guint i, const PixelnormMoments *moments)
{
  block->count[i] = moments->count;
  block->sum[i] = (guint64) moments->sum;
  block->squares[i] = (guint64) moments->squares;
  block->min[i] = moments->min;
  block->max[i] = moments->max;
}

static guint64
most_count (guint limit)
{
  guint64 most = PIXELNORM_MAX_FRAMES;

  while (!pixelnorm_moments_block_fits (most, limit))
    most /= 2;
  return most;
}

static void
test_possible (gconstpointer depth)
{
  const guint limit = (1u << GPOINTER_TO_UINT (depth)) - 1;
  const guint64 most = most_count (limit);
  static PixelnormMomentsBlock block;
  guint n_wrong = 0;

  for (guint round = 0; round < ROUNDS; round++) {
    PixelnormMoments moments = random_moments (limit, 1 + (round % 2 ? most - 1 : random_to (50)));
    const guint at = round % 7;

    g_assert_null (pixelnorm_moments_problem (&moments));
    for (guint i = 0; i < 7; i++)
      put (&block, i, &moments);
    g_assert_true (pixelnorm_moments_block_possible (&block, 7, TRUE, limit));
    g_assert_true (pixelnorm_moments_block_possible (&block, 7, FALSE, limit));
    damage (&moments, most, limit);
    put (&block, at, &moments);
    n_wrong += !is_possible (&moments, limit);
    const gboolean expected = is_possible (&moments, limit);
    g_assert_true (pixelnorm_moments_block_possible (&block, 7, FALSE, limit) == expected);
    for (guint i = 0; i < 7; i++)
      put (&block, i, &moments);
    g_assert_true (pixelnorm_moments_block_possible (&block, 7, TRUE, limit) == expected);
  }
  g_assert_cmpuint (n_wrong, >, ROUNDS / 4);
  g_assert_cmpuint (n_wrong, <, ROUNDS - ROUNDS / 10);
}

static void
test_pool (gconstpointer n_channels_data)
{
  const guint n_channels = GPOINTER_TO_UINT (n_channels_data);
  static PixelnormMomentsBlock block;

  for (guint n = 0; n <= PIXELNORM_BLOCK; n += n_channels) {
    PixelnormMoments found[3], expected[3];

    for (guint c = 0; c < n_channels; c++)
      found[c] = expected[c] = PIXELNORM_MOMENTS_EMPTY;
    for (guint i = 0; i < n; i++) {
      const PixelnormMoments moments = random_moments (65535, most_count (65535));

      put (&block, i, &moments);
      pixelnorm_moments_pool (&expected[i % n_channels], &moments);
    }
    pixelnorm_moments_block_pool (&block, n, n_channels, found);
    for (guint c = 0; c < n_channels; c++)
      g_assert_true (pixelnorm_moments_equal (&found[c], &expected[c]));
  }
}

static void
check_estimate (
    const PixelnormMomentsBlock *block, guint n, gboolean even, const PixelnormMoments *moments)
{
  double mean[PIXELNORM_BLOCK], variance[PIXELNORM_BLOCK];

  pixelnorm_moments_block_estimate (block, n, even, mean, variance);
  for (guint i = 0; i < n; i++) {
    const double expected[] = { pixelnorm_moments_mean (&moments[i]),
      pixelnorm_moments_variance (&moments[i]) };

    g_assert_cmpmem (&mean[i], sizeof (double), &expected[0], sizeof (double));
    g_assert_cmpmem (&variance[i], sizeof (double), &expected[1], sizeof (double));
  }
}

/* More of the largest value, until there are @count. */
static void
fill_up (PixelnormMoments *moments, guint64 count)
{
  const guint64 n = count - moments->count, v = moments->max;
  const PixelnormMoments more = { n, (PixelnormU128) v * n, (PixelnormU128) (v * v) * n, (guint) v,
    (guint) v };

  pixelnorm_moments_pool (moments, &more);
}

/* The same bits as one by one. In every other round all have one count. */
static void
test_estimate (gconstpointer depth)
{
  const guint limit = (1u << GPOINTER_TO_UINT (depth)) - 1;
  const guint64 most = most_count (limit);
  static PixelnormMomentsBlock block;
  static PixelnormMoments moments[PIXELNORM_BLOCK];

  for (guint round = 0; round < ROUNDS / 100; round++) {
    const guint n = (guint) g_test_rand_int_range (1, PIXELNORM_BLOCK + 1);
    const gboolean even = round % 2;
    const guint64 one = round % 4 == 1 ? random_to (50) : round % 8 == 3 ? most : random_to (most);

    for (guint i = 0; i < n; i++) {
      const guint64 count = even ? one
          : i % 3                ? 1 + random_to (50)
          : i % 2                ? most
                                 : random_to (most);

      moments[i] = count ? random_moments (limit, count) : (PixelnormMoments){ 0 };
      if (even)
        fill_up (&moments[i], one);
      put (&block, i, &moments[i]);
    }
    check_estimate (&block, n, FALSE, moments);
    if (even)
      check_estimate (&block, n, TRUE, moments);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/moments/possible/8", GUINT_TO_POINTER (8), test_possible);
  g_test_add_data_func ("/moments/possible/10", GUINT_TO_POINTER (10), test_possible);
  g_test_add_data_func ("/moments/possible/16", GUINT_TO_POINTER (16), test_possible);
  g_test_add_data_func ("/moments/estimate/8", GUINT_TO_POINTER (8), test_estimate);
  g_test_add_data_func ("/moments/estimate/16", GUINT_TO_POINTER (16), test_estimate);
  g_test_add_data_func ("/moments/pool/1", GUINT_TO_POINTER (1), test_pool);
  g_test_add_data_func ("/moments/pool/3", GUINT_TO_POINTER (3), test_pool);
  return g_test_run ();
}
