/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C reference against plain arithmetic: integers equal, floats within their two roundings, codes
 * rounded half to even. Half precision against a table of all its numbers.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

static const PixelnormKernels *c;

static void
test_statistics (void)
{
  GRand *rand = g_rand_new_with_seed (11);

  for (gint round = 0; round < 100000; round++) {
    const guint8 byte = g_rand_int (rand);
    const guint16 word = g_rand_int (rand);
    const void *bytes = &byte, *words = &word;
    guint8 min8 = 200, max8 = 100;
    guint16 min16 = 50000, max16 = 10000, sum8 = 1000;
    guint32 p8 = 5, sum16 = 7, scratch;
    guint64 p16 = 9;

    c->accumulate[PIXELNORM_SAMPLE_U8](&min8, &max8, &sum8, &p8, &bytes, &scratch, 1);
    g_assert_cmpuint (min8, ==, MIN (byte, 200));
    g_assert_cmpuint (max8, ==, MAX (byte, 100));
    g_assert_cmpuint (sum8, ==, 1000 + byte);
    g_assert_cmpuint (255 * (sum8 - 1000) - (p8 - 5), ==, byte * byte);
    c->accumulate[PIXELNORM_SAMPLE_U16](&min16, &max16, &sum16, &p16, &words, &scratch, 1);
    g_assert_cmpuint (min16, ==, MIN (word, 50000));
    g_assert_cmpuint (max16, ==, MAX (word, 10000));
    g_assert_cmpuint (sum16, ==, 7u + word);
    g_assert_cmpuint (
        G_GUINT64_CONSTANT (65535) * (sum16 - 7) - (p16 - 9), ==, (guint64) word * word);
  }
  g_rand_free (rand);
}

static void
check_one (PixelnormSample sample, guint x, guint centre, float scale, float bias, gint zero)
{
  const guint16 words[] = { x, centre };
  const guint8 bytes[] = { x, centre };
  const gsize step = sample == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  const guint8 *in = sample == PIXELNORM_SAMPLE_U16 ? (const guint8 *) words : bytes;
  const double exact = ((double) x - centre) * scale + bias;
  const PixelnormNormalize *row = c->normalize[sample];
  guint8 u8;
  gint8 i8;
  float y;

  row[PIXELNORM_ITEM_F32](&y, in, in + step, &scale, &bias, zero, 1);
  g_assert_cmpfloat (fabs (y - exact), <=, 6e-8 * (fabs (exact) + fabs (exact - bias)));
  row[PIXELNORM_ITEM_U8](&u8, in, in + step, &scale, &bias, zero, 1);
  g_assert_cmpfloat (fabs (u8 - CLAMP (exact + zero, 0, 255)), <=, .502);
  row[PIXELNORM_ITEM_I8](&i8, in, in + step, &scale, &bias, zero, 1);
  g_assert_cmpfloat (fabs (i8 - CLAMP (exact + zero, -128, 127)), <=, .502);
}

static void
test_normalize (void)
{
  GRand *rand = g_rand_new_with_seed (12);

  for (gint round = 0; round < 100000; round++) {
    const float scale = (float) g_rand_double_range (rand, -2, 2);
    const float bias = (float) g_rand_double_range (rand, -300, 300);
    const gint zero = g_rand_int_range (rand, -128, 128);

    check_one (PIXELNORM_SAMPLE_U8, g_rand_int_range (rand, 0, 256),
        g_rand_int_range (rand, 0, 256), scale, bias, zero);
    check_one (PIXELNORM_SAMPLE_U16, g_rand_int_range (rand, 0, 65536),
        g_rand_int_range (rand, 0, 65536), scale / 257, bias, zero);
  }
  g_rand_free (rand);
}

/* Ties go to the even neighbour before the zero-point is added, and what lies outside saturates. */
static void
test_ties (void)
{
  const PixelnormNormalize kernel = c->normalize[PIXELNORM_SAMPLE_U8][PIXELNORM_ITEM_U8];

  for (guint x = 0; x < 256; x++)
    for (gint zero = 0; zero <= 3; zero++) {
      const guint8 in = x, centre = 128;
      const float half = .5f, bias = 64, far = 1e30f, low = -1e30f;
      const double exact = ((double) x - 128) / 2 + 64;
      guint8 out;

      kernel (&out, &in, &centre, &half, &bias, zero, 1);
      g_assert_cmpuint (out, ==, (guint) rint (exact) + zero);
      kernel (&out, &in, &centre, &far, &low, zero, 1);
      g_assert_cmpuint (out, ==, x > 129 ? 255 : x == 129 ? (guint) zero : 0);
    }
}

/* The number of a half with these bits, by its definition. */
static double
half_value (guint bits)
{
  const int exponent = (bits >> 10) & 31;
  const double fraction = (bits & 1023) / 1024.;
  const double size = exponent ? ldexp (1 + fraction, exponent - 15) : ldexp (fraction, -14);

  return bits & 0x8000 ? -size : size;
}

#define LARGEST_HALF 0x7bff

static guint
reference_half (float value)
{
  const float scale = 0;
  const guint8 x = 0;
  guint16 bits;

  c->normalize[PIXELNORM_SAMPLE_U8][PIXELNORM_ITEM_F16](&bits, &x, &x, &scale, &value, 0, 1);
  return bits;
}

/* Every half, the midpoint between it and the next, and the floats around that, with both signs. */
static void
test_half (void)
{
  for (guint bits = 0; bits <= LARGEST_HALF; bits++) {
    const double low = half_value (bits), high = half_value (bits + 1);
    const float middle = (float) ((low + high) / 2); /* 12 digits: exact */
    const guint even = bits & 1 ? bits + 1 : bits;
    const guint next = MIN (bits + 1, LARGEST_HALF);

    g_assert_cmpuint (reference_half ((float) low), ==, bits);
    g_assert_cmpuint (reference_half ((float) -low) & 0x7fff, ==, bits);
    g_assert_cmpuint (reference_half (middle), ==, MIN (even, LARGEST_HALF));
    g_assert_cmpuint (reference_half (nextafterf (middle, 0)), ==, bits);
    g_assert_cmpuint (reference_half (nextafterf (middle, INFINITY)), ==, next);
    g_assert_cmpuint (reference_half (-middle), ==, 0x8000 | MIN (even, LARGEST_HALF));
  }
  g_assert_cmpuint (reference_half (1e30f), ==, LARGEST_HALF);
  g_assert_cmpuint (reference_half (-1e30f), ==, 0x8000 | LARGEST_HALF);
  g_assert_cmpuint (reference_half (1e-30f), ==, 0);
}

/* x of a result, as plain double says it; a tie goes to the even sample. What is within the error of
 * float32 of a tie may go either way. */
static void
check_back (float y, guint centre, float unscale, float bias, guint largest)
{
  const guint8 centre8 = (guint8) centre;
  const guint16 centre16 = (guint16) centre;
  const double product = ((double) y - bias) * unscale;
  const double x = isnan (product) ? centre : CLAMP (product + centre, 0, (double) largest);
  const double error = 3e-7 * (fabs (product) + fabs ((double) bias * unscale));
  guint16 word;
  guint8 byte;

  c->denormalize[PIXELNORM_ITEM_F32][PIXELNORM_SAMPLE_U16](
      &word, &y, &centre16, &unscale, &bias, (gint) largest, 1);
  if (error < .1 && fabs (x - floor (x) - .5) > error)
    g_assert_cmpuint (word, ==, (guint) rint (x));
  else if (product == rint (product * 2) / 2 && bias == 0)
    g_assert_cmpuint (word, ==, (guint) rint (x));
  if (largest != 255)
    return;
  c->denormalize[PIXELNORM_ITEM_F32][PIXELNORM_SAMPLE_U8](
      &byte, &y, &centre8, &unscale, &bias, 255, 1);
  g_assert_cmpuint (byte, ==, word);
}

static void
test_back (void)
{
  static const float strange[] = { INFINITY, -INFINITY, NAN, 3e38f, -3e38f, 1e-40f, 0 };
  GRand *rand = g_rand_new_with_seed (13);

  for (gint round = 0; round < 200000; round++) {
    const guint largest = (1u << (8 + 2 * (round % 5))) - 1;
    const float bias = round % 3 ? (float) g_rand_double_range (rand, -2, 2) : 0;
    const float unscale = round % 2 ? .5f : (float) g_rand_double_range (rand, -90, 90);
    const float y = (float) g_rand_int_range (rand, -3000, 3001) / (round % 7 ? 1 : 37);
    const guint centre = (guint) g_rand_int_range (rand, 0, (gint) largest + 1);

    check_back (y, centre, unscale, bias, largest);
    check_back (strange[round % G_N_ELEMENTS (strange)], centre, unscale, bias, largest);
  }
  check_back (INFINITY, 77, 0, 0, 255); /* infinity times 0 is no number: the centre */
  g_rand_free (rand);
}

/* Of every half, of every 8-bit code: the same as of the float32 that it is. */
static void
test_back_items (void)
{
  const guint16 centre = 30000;
  const float unscale = .37f, bias = 3;

  for (guint bits = 0; bits < 65536; bits++) {
    const guint16 half = (guint16) bits;
    const gboolean finite = (bits & 0x7c00) != 0x7c00;
    const guint8 u8 = (guint8) bits;
    const gint8 i8 = (gint8) u8;
    const float floats[] = { finite ? (float) half_value (bits)
          : bits & 1023             ? NAN
          : bits & 0x8000           ? -INFINITY
                                    : INFINITY,
      u8, i8 };
    const void *items[] = { &half, &u8, &i8 };
    static const PixelnormItem types[] = { PIXELNORM_ITEM_F16, PIXELNORM_ITEM_U8,
      PIXELNORM_ITEM_I8 };

    for (guint k = 0; k < 3; k++) {
      guint16 found, expected;

      c->denormalize[types[k]][PIXELNORM_SAMPLE_U16](
          &found, items[k], &centre, &unscale, &bias, 65535, 1);
      c->denormalize[PIXELNORM_ITEM_F32][PIXELNORM_SAMPLE_U16](
          &expected, &floats[k], &centre, &unscale, &bias, 65535, 1);
      g_assert_cmpuint (found, ==, expected);
    }
  }
}

/* Where the channels of a pixel go: samples from the first one on, and samples to the next pixel. */
static const struct {
  guint places[3], stride, n_channels;
} scatterings[] = {
  { { 0, 1, 2 }, 3, 3 }, /* RGB */
  { { 2, 1, 0 }, 3, 3 }, /* BGR */
  { { 0, 1, 2 }, 4, 3 }, /* RGBx */
  { { 3, 2, 1 }, 4, 3 }, /* xBGR */
  { { 0, 3, 1 }, 4, 3 }, /* a channel behind the padding */
  { { 1, 0 }, 2, 2 },    /* a pair */
  { { 2 }, 3, 1 },       /* one of three */
  { { 0 }, 1, 1 },       /* a plane */
};

/* Each sample at its place, and nothing else touched, and from there back; all memory is just as large as it
 * must be. */
static void
check_scatter (PixelnormSample sample, guint k, gint n)
{
  const guint n_channels = scatterings[k].n_channels, stride = scatterings[k].stride;
  const gsize b = sample == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  g_autofree guint8 *from = g_malloc (MAX (n * n_channels * b, 1));
  g_autofree guint8 *back = g_malloc0 (MAX (n * n_channels * b, 1));
  g_autofree guint8 *to = g_malloc0 (MAX (n * stride * b, 1));
  g_autofree guint8 *expected = g_malloc0 (MAX (n * stride * b, 1));
  const guint strides[] = { stride * b, stride * b, stride * b };
  void *places[3] = { NULL };

  for (gsize i = 0; i < n * n_channels * b; i++)
    from[i] = (guint8) (i * 7 + i / 256) | 1;
  for (guint channel = 0; channel < n_channels; channel++) {
    places[channel] = to + scatterings[k].places[channel] * b;
    for (gint i = 0; i < n; i++)
      memcpy (expected + (i * stride + scatterings[k].places[channel]) * b,
          from + (i * n_channels + channel) * b, b);
  }
  c->scatter[sample](places, strides, n_channels, from, n);
  if (memcmp (to, expected, n * stride * b) != 0)
    g_error ("scatter, arrangement %u, %d pixels is wrong", k, n);
  c->gather[sample](back, (const void *const *) places, strides, n_channels, n);
  if (memcmp (back, from, n * n_channels * b) != 0)
    g_error ("gather, arrangement %u, %d pixels is wrong", k, n);
}

static void
test_scatter (void)
{
  for (guint sample = 0; sample < PIXELNORM_N_SAMPLES; sample++)
    for (guint k = 0; k < G_N_ELEMENTS (scatterings); k++)
      for (gint n = 0; n <= PIXELNORM_TILE; n += n < 70 ? 1 : 31)
        check_scatter (sample, k, n);
}

static void
test_lookup (void)
{
  guint8 tables[4][256], from[800], to[800];

  for (guint t = 0; t < 4; t++)
    for (guint x = 0; x < 256; x++)
      tables[t][x] = (guint8) (x * (2 * t + 1) + t);
  for (guint i = 0; i < sizeof from; i++)
    from[i] = (guint8) (i * 31 + i / 256);
  for (guint period = 1; period <= 4; period++) {
    c->lookup_u8 (to, from, (const guint8 (*)[256]) tables, period, sizeof to);
    for (guint i = 0; i < sizeof to; i++)
      g_assert_cmpuint (to[i], ==, (guint8) (from[i] * (2 * (i % period) + 1) + i % period));
  }
}

/* In double, where all of it is exact. */
static void
test_fixed_point (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240229);
  g_autofree PixelnormFixedPoint *how = g_new (PixelnormFixedPoint, 1);

  for (how->shift = 1; how->shift <= 8; how->shift++) {
    guint8 from[PIXELNORM_TILE], to[PIXELNORM_TILE];

    how->sign = how->shift % 2 ? 128 : 0;
    for (guint i = 0; i < PIXELNORM_TILE; i++) {
      from[i] = (guint8) g_rand_int (rand);
      how->fine[i] = (guint8) g_rand_int (rand);
      how->factor[i] = (guint16) g_rand_int (rand);
      how->plus[i] = i % 2 ? (guint16) g_rand_int (rand) : 0;
      how->minus[i] = i % 3 ? 0 : (guint16) g_rand_int (rand);
    }
    c->fixed_point_u8 (to, from, how, PIXELNORM_TILE);
    for (guint i = 0; i < PIXELNORM_TILE; i++) {
      const double a = floor ((from[i] + how->fine[i] / 256.) * how->factor[i] / 256);
      const double difference = fmax (fmin (a + how->plus[i], 65535) - how->minus[i], 0);
      const double code = fmin (floor (difference / exp2 (how->shift)), 255);

      g_assert_cmpuint (to[i], ==, (guint) code ^ (guint) how->sign);
    }
  }
}

/* Code values in the upper 12 bits of words, of this machine's order of bytes and of the other, and back. */
static void
test_words (void)
{
  for (gint swap = 0; swap <= 1; swap++)
    for (guint code = 0; code < 4096; code++) {
      const guint16 shifted = (guint16) (code << 4),
                    word = swap ? GUINT16_SWAP_LE_BE (shifted) : shifted;
      guint16 x = word;

      c->unpack_u16 (&x, swap, 4, 0xfff, 1);
      g_assert_cmpuint (x, ==, code);
      c->pack_u16 (&x, swap, 4, 1);
      g_assert_cmpuint (x, ==, word);
    }
}

/* As the words of v210 are drawn: sample 1 in the bits 0 to 9, and so on. */
static void
test_words_of_10_bits (void)
{
  for (guint i = 0; i < 30; i++) {
    const guint32 word = 1u << i | 3u << 30;
    const guint8 bytes[] = { word & 255, word >> 8 & 255, word >> 16 & 255, word >> 24 };
    const guint8 swapped[] = { bytes[3], bytes[2], bytes[1], bytes[0] };
    guint16 to[2][3];

    c->unpack_10 (to[0], bytes, FALSE, 1);
    c->unpack_10 (to[1], swapped, TRUE, 1);
    for (guint k = 0; k < 3; k++) {
      g_assert_cmpuint (to[0][k], ==, i / 10 == k ? 1u << i % 10 : 0);
      g_assert_cmpuint (to[1][k], ==, to[0][k]);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  c = pixelnorm_kernels_of_row (pixelnorm_kernel_rows ());
  g_test_add_func ("/reference/statistics", test_statistics);
  g_test_add_func ("/reference/words-of-10-bits", test_words_of_10_bits);
  g_test_add_func ("/reference/normalize", test_normalize);
  g_test_add_func ("/reference/ties", test_ties);
  g_test_add_func ("/reference/half", test_half);
  g_test_add_func ("/reference/scatter", test_scatter);
  g_test_add_func ("/reference/lookup", test_lookup);
  g_test_add_func ("/reference/fixed-point", test_fixed_point);
  g_test_add_func ("/reference/words", test_words);
  g_test_add_func ("/reference/back", test_back);
  g_test_add_func ("/reference/back-items", test_back_items);
  return g_test_run ();
}
