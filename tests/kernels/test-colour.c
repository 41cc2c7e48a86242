/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Y'CbCr to R'G'B' in every row of the kernel table against the equations of ITU-T H.273 in integers, written here from
 * Kr and Kb: in 8 bits all 2^24 triples of each matrix and range; deeper each step by all that it can meet (C of every
 * pair up to 12 bits, the division of every numerator), and random triples from end to end.
 */
#include <glib.h>
#include <string.h>

#include "kernels/colour-factors.h"

#define N 256

static const gint matrices[][2] = { { 2990, 1140 }, { 2126, 722 }, { 2627, 593 }, { 2120, 870 },
  { 3000, 1100 } };

/* What a channel is, times @divisor: luma (Y - black) + cb (Cb - centre) + cr (Cr - centre). */
typedef struct {
  __int128 luma, cb, cr, divisor;
} Equation;

static Equation
equation_of (const gint *matrix, gboolean limited, guint depth, guint channel)
{
  const __int128 one = 10000, kr = matrix[0], kb = matrix[1], kg = one - kr - kb;
  const __int128 largest = (1 << depth) - 1, steps = 1 << (depth - 8);
  const __int128 luma_span = limited ? 219 * steps : largest;
  const __int128 chroma_span = limited ? 224 * steps : largest;
  const __int128 cb[] = { 0, -2 * kb * (one - kb), 2 * (one - kb) * kg };
  const __int128 cr[] = { 2 * (one - kr) * kg, -2 * kr * (one - kr), 0 };

  return (Equation){ .luma = largest * chroma_span * kg * one,
    .cb = largest * luma_span * cb[channel],
    .cr = largest * luma_span * cr[channel],
    .divisor = luma_span * chroma_span * kg * one };
}

static __int128
floor_of (__int128 a, __int128 b)
{
  return a / b - (a % b < 0);
}

static guint
exact (const Equation *self, gint y, gint u, gint v, guint depth)
{
  const __int128 doubled = 2 * (self->luma * y + self->cb * u + self->cr * v) + self->divisor;
  const gint64 value = (gint64) floor_of (doubled, 2 * self->divisor);

  return (guint) CLAMP (value, 0, (1 << depth) - 1);
}

/* The same for all Y of 8 bits, step by step with what remains; in 64 bits, where it fits. */
static void
exact_bytes (const Equation *self, gint black, gint u, gint v, guint8 *values)
{
  const gint64 step = (gint64) (2 * self->luma), divisor = (gint64) (2 * self->divisor);
  const gint64 whole = step / divisor, part = step % divisor;
  const gint64 first =
      (gint64) (2 * (self->luma * -black + self->cb * u + self->cr * v) + self->divisor);
  gint64 value = first / divisor - (first % divisor < 0), rest = first - value * divisor;

  for (guint y = 0; y < 256; y++) {
    values[y] = (guint8) CLAMP (value, 0, 255);
    value += whole;
    rest += part;
    if (rest >= divisor) {
      rest -= divisor;
      value++;
    }
  }
}

/* All luma of a pair at once. */
static void
check_bytes (const PixelnormColourFactors *factors, guint cb, guint cr, const guint8 (*expected)[N])
{
  guint8 luma[N], chroma[2 * N], planes[3][N];

  for (guint i = 0; i < N; i++) {
    luma[i] = (guint8) i;
    chroma[2 * i] = (guint8) cb;
    chroma[2 * i + 1] = (guint8) cr;
  }
  for (const PixelnormKernelRow *row = pixelnorm_kernel_rows (); row->name; row++) {
    const PixelnormKernels *kernels = pixelnorm_kernels_of_row (row);

    for (guint shared = 0; kernels && shared < 2; shared++) {
      if (shared == 0 && row == pixelnorm_kernel_rows () && (cb + cr) % 16)
        continue; /* the reference takes its time, and is the same text for both */
      kernels->colour[PIXELNORM_SAMPLE_U8][shared](
          planes[0], planes[1], planes[2], luma, chroma, factors, N);
      if (memcmp (planes, expected, sizeof planes) != 0)
        g_error ("row %s, %u shared, Cb %u, Cr %u is wrong", row->name, shared, cb, cr);
    }
  }
}

static void
test_bytes (gconstpointer data)
{
  const gint *matrix = data;

  for (gint limited = 0; limited <= 1; limited++) {
    PixelnormColourFactors factors;
    Equation equations[3];
    guint8 expected[3][N];

    g_assert_true (
        pixelnorm_colour_factors_init (&factors, matrix[0], matrix[1], limited, 8, FALSE));
    for (guint c = 0; c < 3; c++)
      equations[c] = equation_of (matrix, limited, 8, c);
    for (guint pair = 0; pair < 65536; pair++) {
      const gint cb = (gint) pair >> 8, cr = pair & 255;

      for (guint c = 0; c < 3; c++)
        exact_bytes (&equations[c], limited ? 16 : 0, cb - 128, cr - 128, expected[c]);
      check_bytes (&factors, (guint) cb, (guint) cr, (const guint8 (*)[N]) expected);
    }
  }
}

/* C as kernels.h says it with parts. */
static gint
chroma_of_parts (const PixelnormChromaTerm *term, gint u, gint v)
{
  gint p = term->last;

  for (gint k = 3; k >= 0; k--) {
    p += term->parts[k][0] * u + term->parts[k][1] * v;
    if (k > 0)
      p >>= 15;
  }
  return (p + term->first) >> term->shift;
}

/* C = floor (unit (c + 1/2)), c = (cb u + cr v) / divisor, for all v of a u. */
static void
check_chroma (const PixelnormColourFactors *factors, const PixelnormChromaTerm *term,
    const Equation *equation, gint u)
{
  const gint64 step = (gint64) (2 * factors->unit * equation->cr);
  const gint64 divisor = (gint64) (2 * equation->divisor);
  const gint64 whole = step / divisor - (step % divisor < 0), part = step - whole * divisor;
  const __int128 first =
      factors->unit * (2 * (equation->cb * u - equation->cr * factors->centre) + equation->divisor);
  gint64 c = (gint64) floor_of (first, divisor), rest = (gint64) (first - (__int128) c * divisor);

  for (gint v = -factors->centre; v < factors->centre; v++) {
    if (chroma_of_parts (term, u, v) != c)
      g_error ("depth %d, Cb %d, Cr %d: C is %d, should be %d", factors->depth, u + factors->centre,
          v + factors->centre, chroma_of_parts (term, u, v), (gint) c);
    c += whole;
    rest += part;
    if (rest >= divisor) {
      rest -= divisor;
      c++;
    }
  }
}

static void
test_chroma (gconstpointer data)
{
  const gint *matrix = data;

  for (guint depth = 9; depth <= 12; depth++)
    for (gint limited = 0; limited <= 1; limited++) {
      PixelnormColourFactors factors;

      g_assert_true (pixelnorm_colour_factors_init (
          &factors, matrix[0], matrix[1], limited, (gint) depth, FALSE));
      g_assert_true (factors.has_parts);
      for (guint c = 0; c < 3; c++) {
        const Equation equation = equation_of (matrix, limited, depth, c);

        /* R knows no Cb: one u will do */
        for (gint u = c == 0 ? 0 : -factors.centre; u < (c == 0 ? 1 : factors.centre); u++)
          check_chroma (&factors, &factors.terms[c], &equation, u);
      }
    }
}

/* Factors of which C is a constant, so that Y + C is every numerator, beyond both ends, too. */
static void
test_division (void)
{
  guint16 luma[N], chroma[2 * N] = { 0 }, planes[3][N];

  for (guint i = 0; i < N; i++)
    luma[i] = (guint16) i;
  for (gint depth = 9; depth <= 14; depth++) {
    PixelnormColourFactors factors;

    g_assert_true (pixelnorm_colour_factors_init (&factors, 2126, 722, TRUE, depth, FALSE));
    factors.scale = 1;
    factors.black = 0;
    for (gint numerator = -3 * N; numerator < (factors.unit << depth) + 3 * N; numerator += N) {
      for (guint c = 0; c < 3; c++)
        factors.terms[c] =
            (PixelnormChromaTerm){ .half = numerator, .divisor = 1, .first = numerator };
      for (const PixelnormKernelRow *row = pixelnorm_kernel_rows (); row->name; row++) {
        const PixelnormKernels *kernels = pixelnorm_kernels_of_row (row);

        if (!kernels || (depth > 10 && row == pixelnorm_kernel_rows ()))
          continue; /* the reference divides as this does */
        kernels->colour[PIXELNORM_SAMPLE_U16][1](
            planes[0], planes[1], planes[2], luma, chroma, &factors, N);
        for (gint i = 0; i < N; i++)
          g_assert_cmpint (
              planes[i % 3][i], ==, CLAMP ((numerator + i) / factors.unit, 0, factors.largest));
      }
    }
  }
}

/* Random triples of every depth, in lists of all lengths, with as much behind them as must stay. */
static void
check_random (GRand *rand, const gint *matrix, gboolean limited, guint depth, gboolean swapped)
{
  const gint n = g_rand_int_range (rand, 0, N - 1), log2 = (gint) g_rand_int_range (rand, 0, 2);
  const gint black = limited ? 16 << (depth - 8) : 0, centre = 1 << (depth - 1);
  guint16 luma[N], chroma[2 * N], planes[3][N];
  PixelnormColourFactors factors;

  pixelnorm_colour_factors_init (&factors, matrix[0], matrix[1], limited, (gint) depth, swapped);
  for (gint i = 0; i < N; i++)
    luma[i] = (guint16) (g_rand_int (rand) >> (32 - depth));
  for (gint i = 0; i < 2 * N; i++)
    chroma[i] = (guint16) (g_rand_int (rand) >> (32 - depth));
  for (const PixelnormKernelRow *row = pixelnorm_kernel_rows (); row->name; row++) {
    const PixelnormKernels *kernels = pixelnorm_kernels_of_row (row);

    if (!kernels)
      continue;
    memset (planes, 0xa5, sizeof planes);
    kernels->colour[PIXELNORM_SAMPLE_U16][log2](
        planes[0], planes[1], planes[2], luma, chroma, &factors, n);
    for (guint c = 0; c < 3; c++) {
      const Equation equation = equation_of (matrix, limited, depth, c);

      for (gint i = 0; i < n; i++) {
        const guint16 *pair = &chroma[2 * (i >> log2)];

        g_assert_cmpuint (planes[c][i], ==,
            exact (&equation, luma[i] - black, pair[swapped] - centre, pair[!swapped] - centre,
                depth));
      }
      g_assert_cmpuint (planes[c][n], ==, 0xa5a5);
    }
  }
}

static void
test_random (void)
{
  GRand *rand = g_rand_new_with_seed (17);

  for (guint round = 0; round < 40; round++)
    for (guint depth = 9; depth <= 16; depth++)
      for (guint k = 0; k < G_N_ELEMENTS (matrices); k++)
        check_random (rand, matrices[k], round % 2, depth, round / 2 % 2);
  g_rand_free (rand);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "bt601", "bt709", "bt2020", "smpte240m", "fcc" };

  g_test_init (&argc, &argv, NULL);
  for (guint k = 0; k < G_N_ELEMENTS (matrices); k++) {
    g_autofree char *bytes = g_strconcat ("/colour/all-bytes/", names[k], NULL);
    g_autofree char *chroma = g_strconcat ("/colour/all-chroma/", names[k], NULL);

    g_test_add_data_func (bytes, matrices[k], test_bytes);
    g_test_add_data_func (chroma, matrices[k], test_chroma);
  }
  g_test_add_func ("/colour/all-numerators", test_division);
  g_test_add_func ("/colour/random", test_random);
  return g_test_run ();
}
