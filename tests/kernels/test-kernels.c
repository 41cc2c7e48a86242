/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every row of the kernel table against the C reference: the same bits on random and extreme data,
 * for all short lengths and some long ones, at every alignment, with the arrays ending at a page
 * that must not be touched. A failure prints the seed. Also, every Orc program must compile on this
 * machine: a silent fallback would be many times slower.
 *
 * The families are made by loops over the table's dimensions, so an entry without a test cannot be.
 */
#include <glib.h>
#include <math.h>
#include <orc/orc.h>
#include <orc/orcparse.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel-call.h"
#include "kernels/kernels.h"

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

/* Coefficients as plans have them: mostly sensible, some far out, some that make ties. */
static void
fill_floats (GRand *rand, float *values, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const gint kind = g_rand_int_range (rand, 0, 16);

    values[i] = (float) g_rand_double_range (rand, -2, 2);
    if (kind == 0)
      values[i] *= 1e30f;
    else if (kind == 1)
      values[i] *= 5000;
    else if (kind < 5)
      values[i] = (float) g_rand_int_range (rand, -8, 9) / 2;
  }
}

/* One entry of the table. The first arrays are written. */
typedef struct Family Family;
struct Family {
  char *name;
  PixelnormSample sample;
  PixelnormItem item;
  guint n_arrays, n_written;
  gsize bytes[MAX_ARRAYS]; /* of an item */
  void (*fill) (const Family *family, GRand *rand, guint8 *const *arrays, gint n);
  void (*run) (
      const Family *family, const PixelnormKernels *kernels, guint8 *const *arrays, gint n);
  PixelnormNormalize (*find) (const Family *family, const PixelnormKernels *kernels);
};

#define ARGUMENT(value) ((guint64) (guintptr) (value))
#define KERNEL(value) ((void (*) (void)) (value))

static void
fill_accumulate (const Family *family, GRand *rand, guint8 *const *a, gint n)
{
  for (guint k = 0; k < family->n_arrays; k++)
    fill (rand, a[k], n * family->bytes[k]);
  for (gint i = 0; i < n; i++) {
    /* as full as they may be before four more additions; 64-bit sums have room */
    if (family->sample == PIXELNORM_SAMPLE_U8) {
      ((guint16 *) a[2])[i] = g_rand_int_range (rand, 0, 253 * 255 + 1);
      ((guint32 *) a[3])[i] = g_rand_int (rand) % (G_MAXUINT32 - 4 * 16256);
    } else {
      ((guint32 *) a[2])[i] = g_rand_int (rand) % (G_MAXUINT32 - 4 * 65535);
      ((guint64 *) a[3])[i] >>= 1;
    }
  }
}

static void
run_accumulate (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  const PixelnormAccumulate kernel = family->n_arrays == 8 ? kernels->accumulate4[family->sample]
                                                           : kernels->accumulate[family->sample];
  guint32 scratch[PIXELNORM_TILE];

  for (gint i = 0; i < n; i += PIXELNORM_TILE) {
    const gint m = MIN (n - i, PIXELNORM_TILE);
    const void *lists[4];
    guint8 *at[MAX_ARRAYS];

    for (guint k = 0; k < family->n_arrays; k++)
      at[k] = a[k] + i * family->bytes[k];
    for (guint k = 4; k < family->n_arrays; k++)
      lists[k - 4] = at[k];
    const KernelCall call = { KERNEL (kernel),
      { ARGUMENT (at[0]), ARGUMENT (at[1]), ARGUMENT (at[2]), ARGUMENT (at[3]), ARGUMENT (lists),
          ARGUMENT (scratch), ARGUMENT (m) } };

    kernel_call (&call, family->name);
  }
}

static void
fill_bytes (const Family *family, GRand *rand, guint8 *const *a, gint n)
{
  for (guint k = 0; k < family->n_arrays; k++)
    fill (rand, a[k], n * family->bytes[k]);
}

static void
run_spill (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  const KernelCall call = { family->bytes[1] == 2 ? KERNEL (kernels->spill_u16)
                                                  : KERNEL (kernels->spill_u32),
    { ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (n) } };

  kernel_call (&call, family->name);
}

static void
fill_normalize (const Family *family, GRand *rand, guint8 *const *a, gint n)
{
  fill (rand, a[1], n * family->bytes[1]);
  fill (rand, a[2], n * family->bytes[2]);
  fill_floats (rand, (float *) a[3], n);
  fill_floats (rand, (float *) a[4], n);
}

static void
call_normalize (const Family *family, PixelnormNormalize kernel, void *y, const void *x,
    const void *centre, const void *scale, const void *bias, gint n)
{
  const gint zero_point = family->item == PIXELNORM_ITEM_I8 ? n % 256 - 128 : n % 256;
  const KernelCall call = { KERNEL (kernel),
    { ARGUMENT (y), ARGUMENT (x), ARGUMENT (centre), ARGUMENT (scale), ARGUMENT (bias),
        (guint64) zero_point, ARGUMENT (n) } };

  kernel_call (&call, family->name);
}

static void
run_normalize (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  call_normalize (family, family->find (family, kernels), a[0], a[1], a[2], a[3], a[4], n);
  kernels->stream_end ();
}

/* A tile of coefficients that repeat, made of the first ones of the arrays. */
static void
run_repeat (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  guint8 tiles[5][4 * PIXELNORM_TILE];

  memset (tiles, 0, sizeof tiles);
  for (gint i = 0; i < PIXELNORM_TILE && n > 0; i++)
    for (guint k = 2; k < 5; k++)
      memcpy (tiles[k] + i * family->bytes[k], a[k] + i % PIXELNORM_REPEAT % n * family->bytes[k],
          family->bytes[k]);
  call_normalize (
      family, family->find (family, kernels), a[0], a[1], tiles[2], tiles[3], tiles[4], n);
  kernels->stream_end ();
}

static PixelnormNormalize
find_normalize (const Family *family, const PixelnormKernels *kernels)
{
  return kernels->normalize[family->sample][family->item];
}

static PixelnormNormalize
find_repeat (const Family *family, const PixelnormKernels *kernels)
{
  return kernels->normalize_repeat[family->sample][family->item];
}

static PixelnormNormalize
find_stream (const Family *family, const PixelnormKernels *kernels)
{
  return kernels->normalize_stream[family->sample];
}

static PixelnormNormalize
find_repeat_stream (const Family *family, const PixelnormKernels *kernels)
{
  return kernels->normalize_repeat_stream[family->sample];
}

/* Results as tensors have them, and what none should: infinite, no number at all, denormal, huge. */
static void
fill_results (const Family *family, GRand *rand, guint8 *y, gint n)
{
  static const guint32 strange[] = { 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f800001,
    0x00000001, 0x807fffff, 0x7f7fffff, 0xff7fffff, 0x80000000 };

  fill (rand, y, n * family->bytes[1]); /* all bit patterns of what is narrower */
  for (gint i = 0; i < n && family->item == PIXELNORM_ITEM_F32; i++) {
    const guint kind = g_rand_int_range (rand, 0, 20);

    if (kind < G_N_ELEMENTS (strange))
      ((guint32 *) y)[i] = strange[kind];
    else
      ((float *) y)[i] = (float) g_rand_int_range (rand, -600, 601) / (kind < 15 ? 2 : 7);
  }
}

static void
fill_denormalize (const Family *family, GRand *rand, guint8 *const *a, gint n)
{
  fill_results (family, rand, a[1], n);
  fill (rand, a[2], n * family->bytes[2]);
  fill_floats (rand, (float *) a[3], n);
  fill_floats (rand, (float *) a[4], n);
}

static void
run_denormalize (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  const guint bits = family->sample == PIXELNORM_SAMPLE_U16 ? 10 + 2 * (guint) (n % 4) : 8;
  const KernelCall call = { KERNEL (kernels->denormalize[family->item][family->sample]),
    { ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (a[2]), ARGUMENT (a[3]), ARGUMENT (a[4]),
        (1u << bits) - 1, ARGUMENT (n) } };

  kernel_call (&call, family->name);
}

static void
run_pack (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  const KernelCall call = { KERNEL (kernels->pack_u16),
    { ARGUMENT (a[0]), ARGUMENT (n / 3 % 2), ARGUMENT (n % 9), ARGUMENT (n) } };

  kernel_call (&call, family->name);
}

static void
run_unpack (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  static const guint masks[] = { 0xffff, 0x3ff, 0xfff };
  const KernelCall call = { KERNEL (kernels->unpack_u16),
    { ARGUMENT (a[0]), ARGUMENT (n / 3 % 2), ARGUMENT (n % 9), masks[n % 3], ARGUMENT (n) } };

  kernel_call (&call, family->name);
}

/* As plans and streams have them: means of code values, variances that may be, momenta from 0 to 1. */
static void
fill_running (const Family *family, GRand *rand, guint8 *const *a, gint n)
{
  const gint shift = family->sample == PIXELNORM_SAMPLE_U8 ? 23 : 15;

  fill (rand, a[4], n * family->bytes[4]);
  for (gint i = 0; i < n; i++) {
    ((gint32 *) a[1])[i] = g_rand_int_range (rand, 0, G_MAXINT32 - (1 << shift));
    ((guint16 *) a[2])[i] = (guint16) g_rand_int (rand);
    ((float *) a[3])[i] =
        g_rand_boolean (rand) ? (float) pow (10, g_rand_double_range (rand, -30, 9)) : 0;
    ((gint32 *) a[7])[i] = i % 5 ? g_rand_int_range (rand, 0, G_MAXINT32)
        : i % 2                  ? PIXELNORM_MOMENTUM_1
                                 : 0;
  }
  fill_floats (rand, (float *) a[5], n);
  fill_floats (rand, (float *) a[6], n);
}

static void
run_running (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  const gint shift = family->sample == PIXELNORM_SAMPLE_U8 ? 23 : 15;
  const PixelnormRunningParameters parameters = { shift, 1.f / (float) (1 << shift), n % 2,
    n % 3 ? 0 : 1e-3f, n % 7 ? 1 : 1e-6f };

  for (gint i = 0; i < n; i += PIXELNORM_TILE) {
    guint8 *at[MAX_ARRAYS];

    for (guint k = 0; k < family->n_arrays; k++)
      at[k] = a[k] + i * family->bytes[k];
    const KernelCall call = { KERNEL (kernels->running[family->sample]),
      { ARGUMENT (at[0]), ARGUMENT (at[1]), ARGUMENT (at[2]), ARGUMENT (at[3]), ARGUMENT (at[4]),
          ARGUMENT (at[5]), ARGUMENT (at[6]), ARGUMENT (at[7]), ARGUMENT (&parameters),
          ARGUMENT (MIN (n - i, PIXELNORM_TILE)) } };

    kernel_call (&call, family->name);
  }
}

static void
fill_convert (const Family *family, GRand *rand, guint8 *const *a, gint n)
{
  float *values = (float *) a[1];

  fill_floats (rand, values, n);
  for (gint i = 0; i < n; i++)
    values[i] *= g_rand_boolean (rand) ? 1 : 100;
}

static void
run_convert (const Family *family, const PixelnormKernels *kernels, guint8 *const *a, gint n)
{
  const gint zero_point = family->item == PIXELNORM_ITEM_I8 ? n % 256 - 128 : n % 256;
  const KernelCall call = { KERNEL (kernels->convert[family->item]),
    { ARGUMENT (a[0]), ARGUMENT (a[1]), (guint64) zero_point, ARGUMENT (n) } };

  kernel_call (&call, family->name);
}

/* The arrays of @family begin @shift items before they would at the guard page's alignment. */
static void
compare (const Family *family, const PixelnormKernels *kernels, GRand *rand, gint n, gint shift)
{
  Guarded fast[MAX_ARRAYS];
  guint8 *fast_arrays[MAX_ARRAYS], *reference[MAX_ARRAYS];

  for (guint i = 0; i < family->n_arrays; i++) {
    /* where the guard page follows at once, the alignment is that of -n; a shift gives the others
     */
    fast[i] = guarded_new ((n + shift * (gint) (i + 1)) * family->bytes[i]);
    fast_arrays[i] = fast[i].data;
    reference[i] = g_malloc0 ((n + 1) * family->bytes[i]);
  }
  family->fill (family, rand, reference, n);
  for (guint i = 0; i < family->n_arrays; i++)
    if (n > 0)
      memcpy (fast_arrays[i], reference[i], n * family->bytes[i]);
  family->run (family, kernels, fast_arrays, n);
  family->run (family, pixelnorm_kernel_rows (), reference, n);
  for (guint i = 0; i < family->n_arrays; i++) {
    if (n > 0 && memcmp (fast_arrays[i], reference[i], n * family->bytes[i]) != 0)
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
    for (gint n = 0; n <= 120; n++)
      for (gint shift = 0; shift < 4; shift++)
        compare (family, row, rand, n, shift);
    for (gint round = 0; round < 50; round++)
      compare (family, row, rand, g_rand_int_range (rand, 121, 2 * PIXELNORM_TILE),
          g_rand_int_range (rand, 0, 32));
  }
  g_rand_free (rand);
}

static void
free_family (gpointer data)
{
  g_free (((Family *) data)->name);
  g_free (data);
}

static void
add_family (const Family *row, char *name)
{
  Family *family = g_memdup2 (row, sizeof *row);
  g_autofree char *path = g_strconcat ("/kernels/", name, NULL);

  family->name = name;
  g_test_add_data_func_full (path, family, test_family, free_family);
}

static const char *const sample_names[PIXELNORM_N_SAMPLES] = { "u8", "u16" };
static const char *const item_names[PIXELNORM_N_ITEMS] = { "f32", "f16", "u8", "i8" };
static const gsize item_bytes[PIXELNORM_N_ITEMS] = { 4, 2, 1, 1 };

static void
add_statistics (PixelnormSample sample, gsize b)
{
  const char *name = sample_names[sample];
  const Family one = { .sample = sample,
    .n_arrays = 5,
    .n_written = 4,
    .bytes = { b, b, 2 * b, 4 * b, b },
    .fill = fill_accumulate,
    .run = run_accumulate };
  const Family four = { .sample = sample,
    .n_arrays = 8,
    .n_written = 4,
    .bytes = { b, b, 2 * b, 4 * b, b, b, b, b },
    .fill = fill_accumulate,
    .run = run_accumulate };
  const Family spill = {
    .n_arrays = 2, .n_written = 2, .bytes = { 8, 2 * b }, .fill = fill_bytes, .run = run_spill
  };

  add_family (&one, g_strconcat ("accumulate/", name, NULL));
  add_family (&four, g_strconcat ("accumulate4/", name, NULL));
  add_family (&spill, g_strconcat ("spill/", name, NULL));
}

static void
add_normalization (PixelnormSample sample, PixelnormItem item, gsize b)
{
  const char *x = sample_names[sample], *y = item_names[item];
  Family family = { .sample = sample,
    .item = item,
    .n_arrays = 5,
    .n_written = 1,
    .bytes = { item_bytes[item], b, b, 4, 4 },
    .fill = fill_normalize,
    .run = run_normalize,
    .find = find_normalize };

  add_family (&family, g_strconcat ("normalize/", x, "-", y, NULL));
  family.find = find_stream;
  if (item == PIXELNORM_ITEM_F32)
    add_family (&family, g_strconcat ("normalize-stream/", x, NULL));
  family.run = run_repeat;
  family.find = find_repeat;
  add_family (&family, g_strconcat ("normalize-repeat/", x, "-", y, NULL));
  family.find = find_repeat_stream;
  if (item == PIXELNORM_ITEM_F32)
    add_family (&family, g_strconcat ("normalize-repeat-stream/", x, NULL));
}

static void
add_denormalization (PixelnormSample sample, PixelnormItem item, gsize b)
{
  const Family family = { .sample = sample,
    .item = item,
    .n_arrays = 5,
    .n_written = 1,
    .bytes = { b, item_bytes[item], b, 4, 4 },
    .fill = fill_denormalize,
    .run = run_denormalize };

  add_family (
      &family, g_strconcat ("denormalize/", item_names[item], "-", sample_names[sample], NULL));
}

static void
add_running (PixelnormSample sample, gsize b)
{
  const Family family = { .sample = sample,
    .n_arrays = 8,
    .n_written = 4,
    .bytes = { 4, 4, 2, 4, b, 4, 4, 4 },
    .fill = fill_running,
    .run = run_running };

  add_family (&family, g_strconcat ("running/", sample_names[sample], NULL));
}

static void
add_conversion (PixelnormItem item)
{
  const Family family = { .item = item,
    .n_arrays = 2,
    .n_written = 1,
    .bytes = { item_bytes[item], 4 },
    .fill = fill_convert,
    .run = run_convert };

  g_assert_true ((pixelnorm_kernels ()->convert[item] == NULL) == (item == PIXELNORM_ITEM_F32));
  if (item != PIXELNORM_ITEM_F32)
    add_family (&family, g_strconcat ("convert/", item_names[item], NULL));
}

/* Where the channels of a pixel lie: plane and sample in it; and samples a pixel in each plane. */
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
  { { { 0, 0 }, { 0, 1 } }, { 2 } },                 /* a pair */
  { { { 0, 1 }, { 0, 0 } }, { 2 } },                 /* the other way round */
  { { { 2, 0 }, { 0, 0 }, { 1, 0 } }, { 1, 1, 1 } }, /* planes */
  { { { 0, 0 }, { 1, 0 }, { 1, 1 } }, { 1, 2 } },    /* a plane and a pair */
  { { { 0, 2 }, { 1, 2 }, { 2, 2 } }, { 3, 3, 3 } }, /* planes with padding */
};

static void
check_gathering (const PixelnormKernels *row, PixelnormSample sample, const Gathering *gathering,
    guint first, guint n_channels, gint n)
{
  const gsize b = sample == PIXELNORM_SAMPLE_U16 ? 2 : 1;
  Guarded planes[3], to = guarded_new (n_channels * n * b);
  const guint8 *from[3] = { NULL };
  guint strides[3] = { 0 };

  for (guint p = 0; p < 3; p++) {
    planes[p] = guarded_new (gathering->strides[p] * n * b);
    for (gsize i = 0; i < gathering->strides[p] * n * b; i++)
      planes[p].data[i] = (guint8) (i * 7 + i / 256 + p * 91);
  }
  for (guint c = 0; c < n_channels; c++) {
    const guint8 *place = gathering->places[first + c];

    from[c] = planes[place[0]].data + place[1] * b;
    strides[c] = gathering->strides[place[0]] * b;
  }
  const KernelCall call = { KERNEL (row->gather[sample]),
    { ARGUMENT (to.data), ARGUMENT (from), ARGUMENT (strides), n_channels, ARGUMENT (n) } };
  kernel_call (&call, "gather");
  for (gint i = 0; i < n; i++)
    for (guint c = 0; c < n_channels; c++)
      if (memcmp (to.data + (n_channels * i + c) * b, from[c] + i * strides[c], b) != 0)
        g_error ("gather of row %s, %s, arrangement %u, %u channels: pixel %d of %d is wrong",
            row->name, sample_names[sample], (guint) (gathering - gatherings), n_channels, i, n);
  for (guint p = 0; p < 3; p++)
    guarded_free (&planes[p]);
  guarded_free (&to);
}

/* Every row, against the places themselves, between pages that must not be touched. */
static void
test_gather (void)
{
  for (const PixelnormKernels *row = pixelnorm_kernel_rows (); row->name; row++)
    for (guint sample = 0; sample < PIXELNORM_N_SAMPLES; sample++)
      for (guint k = 0; k < G_N_ELEMENTS (gatherings); k++)
        for (gint n = 0; n <= PIXELNORM_TILE / 3; n += n < 70 ? 1 : 31) {
          const guint most = gatherings[k].strides[0] == 2 ? 2 : 3;

          check_gathering (row, sample, &gatherings[k], 0, most, n);
          for (guint c = 0; c < most; c++)
            check_gathering (row, sample, &gatherings[k], c, 1, n);
        }
}

static void
test_lookup (void)
{
  guint8 tables[4][256];

  for (guint t = 0; t < 4; t++)
    for (guint x = 0; x < 256; x++)
      tables[t][x] = (guint8) (x * (2 * t + 1) + t);
  for (const PixelnormKernels *row = pixelnorm_kernel_rows (); row->name; row++)
    for (guint period = 1; period <= 4; period++)
      for (guint n = 0; n <= 800; n += n < 300 ? 1 : 17) {
        Guarded from = guarded_new (n), to = guarded_new (n);

        for (guint i = 0; i < n; i++)
          from.data[i] = (guint8) (i * 31 + n);
        const KernelCall call = { KERNEL (row->lookup_u8),
          { ARGUMENT (to.data), ARGUMENT (from.data), ARGUMENT (tables), period, n } };
        kernel_call (&call, "lookup");
        for (guint i = 0; i < n; i++)
          g_assert_cmpuint (
              to.data[i], ==, (guint8) (from.data[i] * (2 * (i % period) + 1) + i % period));
        guarded_free (&from);
        guarded_free (&to);
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
  if (log && *log) /* an opcode that does not exist is left out, with no more than this */
    g_error ("%s: %s", path, log);
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
  const Family unpack = {
    .n_arrays = 1, .n_written = 1, .bytes = { 2 }, .fill = fill_bytes, .run = run_unpack
  };
  const Family pack = {
    .n_arrays = 1, .n_written = 1, .bytes = { 2 }, .fill = fill_bytes, .run = run_pack
  };

  g_test_init (&argc, &argv, NULL);
  orc_init ();
  seed = g_getenv ("PIXELNORM_SEED") ? (guint32) atoi (g_getenv ("PIXELNORM_SEED")) : 20240229;
  for (guint sample = 0; sample < PIXELNORM_N_SAMPLES; sample++) {
    const gsize b = sample == PIXELNORM_SAMPLE_U16 ? 2 : 1;

    add_statistics (sample, b);
    for (guint item = 0; item < PIXELNORM_N_ITEMS; item++) {
      add_normalization (sample, item, b);
      add_denormalization (sample, item, b);
    }
    add_running (sample, b);
  }
  for (guint item = 0; item < PIXELNORM_N_ITEMS; item++)
    add_conversion (item);
  add_family (&unpack, g_strdup ("unpack"));
  add_family (&pack, g_strdup ("pack"));
  g_test_add_func ("/kernels/gather", test_gather);
  g_test_add_func ("/kernels/lookup", test_lookup);
  g_test_add_data_func ("/kernels/compile/statistics", "statistics.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/normalize", "normalize.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/denormalize", "denormalize.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/running", "running.orc", test_programs_compile);
  return g_test_run ();
}
