/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every row of the kernel table against the C reference: the same bits on random and extreme data,
 * for all short lengths and some long ones, at every alignment, with the arrays ending at a page
 * that must not be touched. And the C reference against plain arithmetic, with bounds where it
 * rounds. A failure prints the seed. Also, every Orc program must compile on this machine: a silent
 * fallback would be many times slower.
 */
#include <glib.h>
#include <math.h>
#include <orc/orc.h>
#include <orc/orcparse.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernels/kernels.h"

#define MAX_N (2 * PIXELNORM_TILE)
#define MAX_ARRAYS 8

static guint32 seed;

/* An array of @bytes that ends where a page begins that must not be touched. */
typedef struct {
  guint8 *map, *data;
  gsize map_size;
} Guarded;

static Guarded
guarded_new (gsize bytes)
{
  const gsize page = sysconf (_SC_PAGESIZE);
  const gsize body = (bytes + page - 1) / page * page;
  Guarded guarded = { .map_size = body + page };

  guarded.map =
      mmap (NULL, guarded.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (guarded.map != MAP_FAILED);
  g_assert_cmpint (mprotect (guarded.map + body, page, PROT_NONE), ==, 0);
  guarded.data = guarded.map + body - bytes;
  return guarded;
}

static void
guarded_free (Guarded *guarded)
{
  munmap (guarded->map, guarded->map_size);
}

/* Bytes that are random, or all at an end of their range. */
static void
fill (GRand *rand, void *data, gsize bytes)
{
  const gint kind = g_rand_int_range (rand, 0, 4);

  for (gsize i = 0; i < bytes; i++)
    ((guint8 *) data)[i] = kind == 0 ? 0 : kind == 1 ? 255 : g_rand_int (rand);
}

/* Coefficients as plans have them: mostly sensible, some at the limits of the 8-bit kernel. */
static void
fill_floats (GRand *rand, float *values, gsize n, double limit)
{
  for (gsize i = 0; i < n; i++)
    values[i] =
        (float) (g_rand_int_range (rand, 0, 8) == 0 ? g_rand_double_range (rand, -limit, limit)
                                                    : g_rand_double_range (rand, -2, 2));
}

/* Runs one family of a row on copies of the same data and compares all arrays with the reference's.
 */
typedef struct {
  const char *name;
  guint n_arrays, n_written; /* the first ones are written */
  gsize item[MAX_ARRAYS];    /* bytes */
  void (*fill) (GRand *rand, guint8 *const *arrays, gint n);
  void (*run) (const PixelnormKernels *kernels, guint8 *const *arrays, gint n);
} Family;

static void
fill_accumulate (GRand *rand, guint8 *const *a, gint n)
{
  fill (rand, a[0], n);
  fill (rand, a[1], n);
  fill (rand, a[4], n);
  for (gint i = 0; i < n; i++) {
    /* as full as they may be before one more addition */
    ((guint16 *) a[2])[i] = g_rand_int_range (rand, 0, 256 * 255 + 1);
    ((guint32 *) a[3])[i] = g_rand_int (rand) % (G_MAXUINT32 - 16256);
  }
}

static void
run_accumulate (const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  guint16 scratch[PIXELNORM_TILE];

  for (gint i = 0; i < n; i += PIXELNORM_TILE)
    kernels->accumulate_u8 (a[0] + i, a[1] + i, (guint16 *) a[2] + i, (guint32 *) a[3] + i,
        a[4] + i, scratch, MIN (n - i, PIXELNORM_TILE));
}

static void
fill_accumulate4 (GRand *rand, guint8 *const *a, gint n)
{
  fill_accumulate (rand, a, n);
  for (gint k = 5; k < 8; k++)
    fill (rand, a[k], n);
  for (gint i = 0; i < n; i++) {
    ((guint16 *) a[2])[i] %= 253 * 255 + 1;
    ((guint32 *) a[3])[i] %= G_MAXUINT32 - 4 * 16256;
  }
}

static void
run_accumulate4 (const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  guint16 scratch[PIXELNORM_TILE];

  for (gint i = 0; i < n; i += PIXELNORM_TILE) {
    const guint8 *x[4] = { a[4] + i, a[5] + i, a[6] + i, a[7] + i };

    kernels->accumulate4_u8 (a[0] + i, a[1] + i, (guint16 *) a[2] + i, (guint32 *) a[3] + i, x,
        scratch, MIN (n - i, PIXELNORM_TILE));
  }
}

static void
fill_spill_u16 (GRand *rand, guint8 *const *a, gint n)
{
  fill (rand, a[0], n * sizeof (guint64));
  fill (rand, a[1], n * sizeof (guint16));
}

static void
run_spill_u16 (const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  kernels->spill_u16 ((guint64 *) a[0], (guint16 *) a[1], n);
}

static void
fill_spill_u32 (GRand *rand, guint8 *const *a, gint n)
{
  fill (rand, a[0], n * sizeof (guint64));
  fill (rand, a[1], n * sizeof (guint32));
}

static void
run_spill_u32 (const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  kernels->spill_u32 ((guint64 *) a[0], (guint32 *) a[1], n);
}

static void
fill_normalize (GRand *rand, guint8 *const *a, gint n)
{
  fill (rand, a[1], n);
  fill (rand, a[2], n);
  fill_floats (rand, (float *) a[3], n, PIXELNORM_MAX_SCALE_U8);
  fill_floats (rand, (float *) a[4], n, PIXELNORM_MAX_BIAS_U8);
}

static void
run_normalize_f32 (const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  kernels->normalize_u8_f32 ((float *) a[0], a[1], a[2], (float *) a[3], (float *) a[4], n);
}

static void
run_normalize_u8 (const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  kernels->normalize_u8_u8 (a[0], a[1], a[2], (float *) a[3], (float *) a[4], n);
}

static const Family families[] = {
  { "accumulate_u8", 5, 4, { 1, 1, 2, 4, 1 }, fill_accumulate, run_accumulate },
  { "accumulate4_u8", 8, 4, { 1, 1, 2, 4, 1, 1, 1, 1 }, fill_accumulate4, run_accumulate4 },
  { "spill_u16", 2, 2, { 8, 2 }, fill_spill_u16, run_spill_u16 },
  { "spill_u32", 2, 2, { 8, 4 }, fill_spill_u32, run_spill_u32 },
  { "normalize_u8_f32", 5, 1, { 4, 1, 1, 4, 4 }, fill_normalize, run_normalize_f32 },
  { "normalize_u8_u8", 5, 1, { 1, 1, 1, 4, 4 }, fill_normalize, run_normalize_u8 },
};

/* The arrays of @family begin @shift items before they would at the guard page's alignment. */
static void
compare (const Family *family, const PixelnormKernels *kernels, GRand *rand, gint n, gint shift)
{
  Guarded fast[MAX_ARRAYS];
  guint8 *fast_arrays[MAX_ARRAYS], *reference[MAX_ARRAYS];

  for (guint i = 0; i < family->n_arrays; i++) {
    /* where the guard page follows at once, the alignment is that of -n; a shift gives the others
     */
    fast[i] = guarded_new ((n + shift * (gint) (i + 1)) * family->item[i]);
    fast_arrays[i] = fast[i].data;
    reference[i] = g_malloc0 ((n + 1) * family->item[i]);
  }
  family->fill (rand, reference, n);
  for (guint i = 0; i < family->n_arrays; i++)
    if (n > 0)
      memcpy (fast_arrays[i], reference[i], n * family->item[i]);
  family->run (kernels, fast_arrays, n);
  family->run (pixelnorm_kernel_rows (), reference, n);
  for (guint i = 0; i < family->n_arrays; i++) {
    if (n > 0 && memcmp (fast_arrays[i], reference[i], n * family->item[i]) != 0)
      g_error ("%s of row %s differs from the reference in array %u, n %d, shift %d, seed %u",
          family->name, kernels->name, i, n, shift, seed);
    guarded_free (&fast[i]);
    g_free (reference[i]);
  }
}

static void
test_family (gconstpointer data)
{
  const Family *family = data;
  GRand *rand = g_rand_new_with_seed (seed);

  for (const PixelnormKernels *row = pixelnorm_kernel_rows () + 1; row->name; row++) {
    for (gint n = 0; n <= 70; n++)
      for (gint shift = 0; shift < 4; shift++)
        compare (family, row, rand, n, shift);
    for (gint round = 0; round < 50; round++)
      compare (
          family, row, rand, g_rand_int_range (rand, 71, MAX_N), g_rand_int_range (rand, 0, 32));
  }
  g_rand_free (rand);
}

/* The reference against plain arithmetic: integers equal, floats within their two roundings. */
static void
test_reference (void)
{
  const PixelnormKernels *c = pixelnorm_kernel_rows ();
  GRand *rand = g_rand_new_with_seed (seed);

  for (gint round = 0; round < 100000; round++) {
    const guint8 x = g_rand_int (rand), centre = g_rand_int (rand);
    const float scale = (float) g_rand_double_range (rand, -2, 2);
    const float bias = (float) g_rand_double_range (rand, -300, 300);
    const double exact = ((double) x - centre) * scale + bias;
    guint8 min = 200, max = 100, rounded;
    guint16 sum = 1000, scratch;
    guint32 p = 5;
    float y;

    c->accumulate_u8 (&min, &max, &sum, &p, &x, &scratch, 1);
    g_assert_cmpuint (min, ==, MIN (x, 200));
    g_assert_cmpuint (max, ==, MAX (x, 100));
    g_assert_cmpuint (sum, ==, 1000 + x);
    g_assert_cmpuint (255 * (sum - 1000) - (p - 5), ==, x * x);
    c->normalize_u8_f32 (&y, &x, &centre, &scale, &bias, 1);
    g_assert_cmpfloat (fabs (y - exact), <=, 6e-8 * (fabs (exact) + fabs (exact - bias)));
    c->normalize_u8_u8 (&rounded, &x, &centre, &scale, &bias, 1);
    g_assert_cmpfloat (fabs (rounded - CLAMP (exact, 0, 255)), <=, 0.5001);
  }
  g_rand_free (rand);
}

/* Ties go to the even neighbour, and what lies outside saturates, in every row. */
static void
test_ties (void)
{
  for (const PixelnormKernels *row = pixelnorm_kernel_rows (); row->name; row++)
    for (guint x = 0; x < 256; x++) {
      const guint8 in = x, centre = 128;
      const float half = 0.5f, bias = 64, far = 8192, low = -2097152, high = 2097152;
      const double exact = ((double) x - 128) / 2 + 64;
      guint8 out;

      row->normalize_u8_u8 (&out, &in, &centre, &half, &bias, 1);
      g_assert_cmpuint (out, ==, (guint) rint (exact));
      row->normalize_u8_u8 (&out, &in, &centre, &far, &low, 1);
      g_assert_cmpuint (out, ==, 0);
      row->normalize_u8_u8 (&out, &in, &centre, &far, &high, 1);
      g_assert_cmpuint (out, ==, 255);
    }
}

/* Where the three channels of a pixel lie: plane, byte; and bytes a pixel in each plane. */
typedef struct {
  guint8 places[3][2];
  guint8 strides[3];
} Gathering;

static const Gathering gatherings[] = {
  { { { 0, 0 }, { 0, 1 }, { 0, 2 } }, { 3 } },       /* RGB */
  { { { 0, 2 }, { 0, 1 }, { 0, 0 } }, { 3 } },       /* BGR */
  { { { 0, 0 }, { 0, 1 }, { 0, 2 } }, { 4 } },       /* RGBx */
  { { { 0, 2 }, { 0, 1 }, { 0, 0 } }, { 4 } },       /* BGRx */
  { { { 0, 1 }, { 0, 2 }, { 0, 3 } }, { 4 } },       /* xRGB */
  { { { 0, 3 }, { 0, 2 }, { 0, 1 } }, { 4 } },       /* xBGR */
  { { { 0, 0 }, { 0, 3 }, { 0, 1 } }, { 4 } },       /* a channel behind the padding */
  { { { 2, 0 }, { 0, 0 }, { 1, 0 } }, { 1, 1, 1 } }, /* planes */
  { { { 0, 0 }, { 1, 0 }, { 1, 1 } }, { 1, 2 } },    /* a plane and a pair */
  { { { 0, 2 }, { 1, 2 }, { 2, 2 } }, { 3, 3, 3 } }, /* planes with padding */
};

static void
check_gathering (const PixelnormKernels *row, const Gathering *gathering, guint n_channels, gint n)
{
  Guarded planes[3], to = guarded_new (n_channels * n);
  const guint8 *from[3];
  guint strides[3];

  for (guint p = 0; p < 3; p++) {
    planes[p] = guarded_new (gathering->strides[p] * n);
    for (gint i = 0; i < gathering->strides[p] * n; i++)
      planes[p].data[i] = (guint8) (i * 7 + i / 256 + p * 91);
  }
  for (guint c = 0; c < 3; c++) {
    from[c] = planes[gathering->places[c][0]].data + gathering->places[c][1];
    strides[c] = gathering->strides[gathering->places[c][0]];
  }
  row->gather_u8 (to.data, from, strides, n_channels, n);
  for (gint i = 0; i < n; i++)
    for (guint c = 0; c < n_channels; c++)
      g_assert_cmpuint (to.data[n_channels * i + c], ==, from[c][i * strides[c]]);
  for (guint p = 0; p < 3; p++)
    guarded_free (&planes[p]);
  guarded_free (&to);
}

/* Every row, against the places themselves, between pages that must not be touched. */
static void
test_gather (void)
{
  for (const PixelnormKernels *row = pixelnorm_kernel_rows (); row->name; row++)
    for (guint k = 0; k < G_N_ELEMENTS (gatherings); k++)
      for (gint n = 0; n <= PIXELNORM_TILE / 3; n += n < 70 ? 1 : 31) {
        check_gathering (row, &gatherings[k], 3, n);
        check_gathering (row, &gatherings[k], 1, n);
      }
}

static void
test_lookup (void)
{
  guint8 tables[4][256], from[301], to[301];

  for (guint i = 0; i < sizeof from; i++)
    from[i] = (guint8) (i * 31);
  for (guint t = 0; t < 4; t++)
    for (guint x = 0; x < 256; x++)
      tables[t][x] = (guint8) (x * (2 * t + 1) + t);
  for (guint period = 1; period <= 4; period++) {
    pixelnorm_lookup_u8 (to, from, (const guint8 (*)[256]) tables, period, sizeof from);
    for (guint i = 0; i < sizeof from; i++)
      g_assert_cmpuint (to[i], ==, (guint8) (from[i] * (2 * (i % period) + 1) + i % period));
  }
}

static void
test_programs_compile (gconstpointer data)
{
  g_autofree char *path =
      g_build_filename (g_getenv ("PIXELNORM_SOURCE"), "src", "kernels", data, NULL);
  g_autofree char *text = NULL, *log = NULL;
  OrcProgram **programs;

  if (g_strcmp0 (g_getenv ("ORC_CODE"), "backup") == 0
      || g_strcmp0 (g_getenv ("ORC_CODE"), "emulate") == 0) {
    g_test_skip ("Orc was told not to compile");
    return;
  }
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  const gint n = orc_parse_full (text, &programs, &log);
  g_assert_cmpint (n, >, 0);
  for (gint i = 0; i < n; i++) {
    const OrcCompileResult result = orc_program_compile (programs[i]);

    if (!ORC_COMPILE_RESULT_IS_SUCCESSFUL (result))
      g_error ("%s does not compile here: %s", orc_program_get_name (programs[i]),
          orc_program_get_error (programs[i]));
    orc_program_free (programs[i]);
  }
  free (programs);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  orc_init ();
  seed = g_getenv ("PIXELNORM_SEED") ? (guint32) atoi (g_getenv ("PIXELNORM_SEED")) : 20240229;
  for (guint i = 0; i < G_N_ELEMENTS (families); i++) {
    g_autofree char *path = g_strconcat ("/kernels/", families[i].name, NULL);

    g_test_add_data_func (path, &families[i], test_family);
  }
  g_test_add_func ("/kernels/reference", test_reference);
  g_test_add_func ("/kernels/ties", test_ties);
  g_test_add_func ("/kernels/gather", test_gather);
  g_test_add_func ("/kernels/lookup", test_lookup);
  g_test_add_data_func ("/kernels/compile/statistics", "statistics.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/normalize", "normalize.orc", test_programs_compile);
  return g_test_run ();
}
