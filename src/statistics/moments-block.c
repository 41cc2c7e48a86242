/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tests of pixelnorm_moments_problem(), without a branch and in doubles, which hold integers up to
 * 2^53 exactly: each is a difference that is below 0 where the test fails, and their signs are or-ed.
 *
 * Where the samples are at most M and the counts at most C, with 2 C (M + 1)^2 <= 2^52, every term
 * below is exact, unless the sum or the squares are larger than a count of M allows; and then the
 * difference of that very test is below 0, whatever the others come to. Equal terms give +0.
 *
 * "Too small for the sum" needs no moved squares: for every integer c the sum of (x - c)(x - c - 1),
 * which is Q - (2 c + 1) S + N c (c + 1), cannot be negative, and it is least at c = floor(S / N); this
 * is the same test as Q' >= |S'| with c = round(S / N). Here it is made for the integer r nearest to
 * about S / N and for r - 1, of which one is floor(S / N): about, since N has 2^-30 added, so that no
 * samples divide nothing, which moves the quotient by less than 2^-14, and since S is multiplied by what is made of N, which
 * moves it by less than 2^-34. Where all counts are one number, that is made once.
 */
#include "moments-block.h"

#include <string.h>

#include "kernels/clones.h"

#define EXACT 0x1p52

gboolean
pixelnorm_moments_block_fits (guint64 most_count, guint limit)
{
  return 2 * (double) most_count * (limit + 1.0) * (limit + 1.0) <= EXACT;
}

/* Of a number below 2^52, which becomes the mantissa: loops of it are vectors with SSE2 already. */
static inline double
to_double (guint64 number)
{
  const guint64 bits = number | G_GUINT64_CONSTANT (0x4330000000000000);
  double moved;

  memcpy (&moved, &bits, sizeof moved);
  return moved - EXACT;
}

/* Bit 63 is set where the number is below 0. */
static inline guint64
to_sign (double number)
{
  guint64 bits;

  memcpy (&bits, &number, sizeof bits);
  return bits;
}

static inline double
invert (double n)
{
  return 1 / (n + 0x1p-30);
}

/* @inverse: of the count @n */
static inline guint64
moments_signs (double n, double inverse, double s, double q, double low, double high, double limit)
{
  const double r = (s * inverse + EXACT) - EXACT;
  const guint64 range = to_sign (high - low) | to_sign (limit - high) | to_sign (limit * n - high);
  const guint64 sum = to_sign (s - n * low) | to_sign (n * high - s);
  const guint64 squares = to_sign (q - n * low * low) | to_sign (n * high * high - q);
  const guint64 large = to_sign ((low + high) * s - (q + n * low * high));
  const guint64 small = to_sign ((q + n * r * (r + 1)) - (2 * r + 1) * s)
      | to_sign ((q + n * r * (r - 1)) - (2 * r - 1) * s);

  return range | sum | squares | large | small;
}

PIXELNORM_CLONES static guint64
block_signs (const PixelnormMomentsBlock *block, guint n, gboolean even, double limit)
{
  const double all = to_double (block->count[0]), inverse = invert (all);
  guint64 signs = 0;

  for (guint i = 0; i < n; i++) {
    const double count = even ? all : to_double (block->count[i]);

    signs |= moments_signs (count, even ? inverse : invert (count), to_double (block->sum[i]),
        to_double (block->squares[i]), to_double (block->min[i]), to_double (block->max[i]), limit);
  }
  return signs;
}

gboolean
pixelnorm_moments_block_possible (
    const PixelnormMomentsBlock *block, guint n, gboolean even, guint limit)
{
  guint64 any = 0, odd = 0;

  for (guint i = 0; i < n; i++) {
    any |= block->sum[i] | block->squares[i];
    odd |= block->sum[i] ^ block->squares[i];
  }
  if (any >> 52 || odd & 1)
    return FALSE;
  return !(block_signs (block, n, even, limit) >> 63);
}

/* 1 where @number is below 0, else 0: without a branch, which would be taken as often as not. */
static inline double
below_zero (double number)
{
  static const double one = 1;
  guint64 bits, mask = -(to_sign (number) >> 63);
  double result;

  memcpy (&bits, &one, sizeof bits);
  bits &= mask;
  memcpy (&result, &bits, sizeof result);
  return result;
}

/* The same operations as in moments.c, where integers are divided: of whole numbers up to 2^52 all of them are exact, but for
 * the last ones, which round there, too. What is near the quotient may be the whole number next to the right one. @samples: 1
 * for none; then s and q are 0. */
static inline void
estimate (double samples, double inverse, double s, double q, double *mean, double *variance)
{
  const double near = (s * inverse + EXACT) - EXACT;
  const double whole = near - below_zero (s - near * samples); /* floor */
  const double rest = s - whole * samples;
  const double up = 1 - below_zero (2 * rest - samples);
  const double c = whole + up; /* rounded half up */
  const double shift = (rest - up * samples) / samples;

  *mean = whole + rest / samples;
  *variance = (q + c * c * samples - 2 * c * s) / samples - shift * shift;
}

static inline double
count_samples (guint64 count)
{
  const double n = to_double (count);

  return n + below_zero (n - 1);
}

PIXELNORM_CLONES static void
estimate_block (
    const PixelnormMomentsBlock *block, guint n, gboolean even, double *mean, double *variance)
{
  const double all = count_samples (block->count[0]), inverse = 1 / all;

  for (guint i = 0; i < n; i++) {
    const double samples = even ? all : count_samples (block->count[i]);

    estimate (samples, even ? inverse : 1 / samples, to_double (block->sum[i]),
        to_double (block->squares[i]), &mean[i], &variance[i]);
  }
}

void
pixelnorm_moments_block_estimate (
    const PixelnormMomentsBlock *block, guint n, gboolean even, double *mean, double *variance)
{
  estimate_block (block, n, even, mean, variance);
}

void
pixelnorm_moments_block_pool (
    const PixelnormMomentsBlock *block, guint n, guint n_channels, PixelnormMoments *into)
{
  for (guint c = 0; c < n_channels; c++) {
    guint64 count = 0, sum = 0, squares = 0; /* 384 numbers below 2^52 */
    guint64 min = into[c].min, max = into[c].max;

    for (guint i = c; i < n; i += n_channels) {
      count += block->count[i];
      sum += block->sum[i];
      squares += block->squares[i];
      min = MIN (min, block->count[i] ? block->min[i] : G_MAXUINT);
      max = MAX (max, block->max[i]);
    }
    into[c].count += count;
    into[c].sum += sum;
    into[c].squares += squares;
    into[c].min = (guint) min;
    into[c].max = (guint) max;
  }
}
