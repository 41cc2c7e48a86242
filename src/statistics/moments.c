/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mean and variance of exact moments.
 *
 * The variance is (N Q - S^2) / N^2 with count N, sum S and sum of squares Q. N Q alone may pass
 * 2^128 for pooled 16-bit data, so the samples are moved by c = round(S / N) first: S' = S - c N,
 * Q' = Q - 2 c S + c^2 N, all exact, and variance = Q' / N - (S' / N)^2 in double. That subtraction
 * loses at most one bit: with t = |S'| / N <= 1/2 and integers, Q' >= |S'|, hence variance >= t -
 * t^2 >= t / 2 while t^2 <= t / 2.
 */
#include "moments.h"

#include <math.h>

void
pixelnorm_moments_pool (PixelnormMoments *into, const PixelnormMoments *more)
{
  if (more->count == 0)
    return;
  into->count += more->count;
  into->sum += more->sum;
  into->squares += more->squares;
  into->min = MIN (into->min, more->min);
  into->max = MAX (into->max, more->max);
}

gboolean
pixelnorm_moments_equal (const PixelnormMoments *a, const PixelnormMoments *b)
{
  return a->count == b->count && a->sum == b->sum && a->squares == b->squares && a->min == b->min
      && a->max == b->max;
}

/* Whether 64 bits hold what mean and variance are made of: those of a single sample always. */
static gboolean
is_short (const PixelnormMoments *moments)
{
  return moments->count <= PIXELNORM_MAX_FRAMES && moments->sum <= moments->count << 16;
}

double
pixelnorm_moments_mean (const PixelnormMoments *moments)
{
  const guint64 n = moments->count;

  if (n == 0)
    return 0;
  /* the whole part on its own: it is exact, and so is the remainder up to 2^53 */
  if (is_short (moments)) {
    const guint64 sum = (guint64) moments->sum;

    return (double) (sum / n) + (double) (sum % n) / (double) n;
  }
  return (double) (moments->sum / n) + (double) (moments->sum % n) / (double) n;
}

double
pixelnorm_moments_variance (const PixelnormMoments *moments)
{
  const PixelnormU128 n = moments->count;
  double moved_sum, moved_squares;

  if (n == 0)
    return 0;
  if (is_short (moments)) {
    /* modulo 2^64, which Q' is below: N (2^16 - 1)^2 */
    const guint64 m = moments->count, s = (guint64) moments->sum;
    const guint64 c = (s + m / 2) / m;

    moved_sum = (double) (gint64) (s - c * m);
    moved_squares = (double) ((guint64) moments->squares + c * c * m - 2 * c * s);
  } else {
    const PixelnormU128 c = (moments->sum + n / 2) / n;

    /* may wrap: |S'| <= N / 2 comes out signed */
    moved_sum = (double) (__int128) (moments->sum - c * n);
    moved_squares = (double) (moments->squares + c * c * n - 2 * c * moments->sum);
  }
  const double shift = moved_sum / (double) moments->count;

  return moved_squares / (double) moments->count - shift * shift;
}

/* Why no set of integers can have these moments, or NULL where one may. (static string)
 * (min + max) S - Q - N min max is the sum of (x - min)(max - x), so it cannot be negative. */
const char *
pixelnorm_moments_problem (const PixelnormMoments *moments)
{
  const PixelnormU128 n = moments->count, s = moments->sum, q = moments->squares;
  const PixelnormU128 low = moments->min, high = moments->max;

  if (n == 0)
    return s || q ? "a sum without samples" : NULL;
  if (high < low)
    return "a maximum below the minimum";
  if (s < n * low || s > n * high)
    return "a sum outside of count x [minimum, maximum]";
  if ((s ^ q) & 1)
    return "a sum and a sum of squares of different parity";
  if (q < n * low * low || q > n * high * high)
    return "a sum of squares outside of count x [minimum^2, maximum^2]";
  if ((low + high) * s < q + n * low * high)
    return "a sum of squares too large for the sum, minimum and maximum";
  /* S^2 <= N Q holds exactly when the moved squares reach the moved sum: Q' >= S'^2 / N; and since
   * the samples are integers, Q' >= |S'| besides */
  const PixelnormU128 c = (s + n / 2) / n;
  const PixelnormU128 squares = q + c * c * n;
  const __int128 sum = (__int128) (s - c * n);
  const PixelnormU128 distance = (PixelnormU128) (sum < 0 ? -sum : sum);

  if (squares < 2 * c * s || squares - 2 * c * s < distance)
    return "a sum of squares too small for the sum";
  return NULL;
}

void
pixelnorm_statistics_init (PixelnormStatistics *statistics, const PixelnormMoments *moments)
{
  *statistics = (PixelnormStatistics){ 0 };
  if (moments->count == 0)
    return;
  statistics->count = (double) moments->count;
  statistics->mean = pixelnorm_moments_mean (moments);
  statistics->std = sqrt (pixelnorm_moments_variance (moments));
  statistics->min = moments->min;
  statistics->max = moments->max;
}
