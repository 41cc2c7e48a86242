/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The families are made by loops over the dimensions of PixelnormKernels. What a call takes beside arrays
 * varies with n, so that tests, which try many lengths, try all of it.
 */
#include "kernel-families.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define ARGUMENT(value) ((guint64) (guintptr) (value))
#define SET_ARGUMENTS(...)                                                                         \
  memcpy (                                                                                         \
      work->call.arguments, (guint64[MAX_ARGUMENTS]){ __VA_ARGS__ }, sizeof work->call.arguments)

static const char *const sample_names[PIXELNORM_N_SAMPLES] = { "u8", "u16" };
static const gsize sample_bytes[PIXELNORM_N_SAMPLES] = { 1, 2 };
static const char *const item_names[PIXELNORM_N_ITEMS] = { "f32", "f16", "u8", "i8" };
static const gsize item_bytes[PIXELNORM_N_ITEMS] = { 4, 2, 1, 1 };

/* Bytes that are random or, where that is strange, all at an end of their range. */
static void
fill (KernelRandom *random, void *data, gsize bytes, gboolean strange)
{
  const gint kind = strange ? kernel_random_range (random, 0, 4) : 2;

  if (kind < 2) {
    memset (data, kind == 0 ? 0 : 255, bytes);
    return;
  }
  for (gsize i = 0; i < bytes; i += 8) {
    const guint64 bits = kernel_random_bits (random);

    memcpy ((guint8 *) data + i, &bits, MIN (bytes - i, 8));
  }
}

static void
fill_bytes (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  for (guint k = 0; k < self->n_arrays; k++)
    fill (random, a[k], n * self->bytes[k], strange);
}

/* Bytes whose place tells: none must be taken for another. */
static void
fill_places (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  fill_bytes (self, random, a, n, FALSE);
}

/* Coefficients as plans have them; strange: some far out, some that make ties. */
static void
fill_floats (KernelRandom *random, void *data, gsize n, gboolean strange)
{
  float *values = data;

  for (gsize i = 0; i < n; i++) {
    const gint kind = strange ? kernel_random_range (random, 0, 16) : 15;

    values[i] = (float) kernel_random_double (random, -2, 2);
    if (kind == 0)
      values[i] *= 1e30f;
    else if (kind == 1)
      values[i] *= 5000;
    else if (kind < 5)
      values[i] = (float) kernel_random_range (random, -8, 9) / 2;
  }
}

/* As full as they may be before four more additions; 64-bit sums have room. */
static void
fill_accumulate (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  fill_bytes (self, random, a, n, strange);
  for (gint i = 0; i < n; i++)
    if (self->sample == PIXELNORM_SAMPLE_U8) {
      ((guint16 *) a[2])[i] = kernel_random_range (random, 0, 253 * 255 + 1);
      ((guint32 *) a[3])[i] = (guint32) kernel_random_bits (random) % (G_MAXUINT32 - 4 * 16256);
    } else {
      ((guint32 *) a[2])[i] = (guint32) kernel_random_bits (random) % (G_MAXUINT32 - 4 * 65535);
      ((guint64 *) a[3])[i] >>= 1;
    }
}

static void
prepare_accumulate (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  for (guint k = 4; k < self->n_arrays; k++)
    work->lists[k - 4] = a[k];
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (a[2]), ARGUMENT (a[3]),
      ARGUMENT (work->lists), ARGUMENT (work->scratch), ARGUMENT (n));
}

static void
prepare_spill (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (n));
}

static void
fill_normalize (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  fill (random, a[1], n * self->bytes[1], strange);
  fill (random, a[2], n * self->bytes[2], strange);
  fill_floats (random, a[3], n, strange);
  fill_floats (random, a[4], n, strange);
}

static guint64
zero_point_of (const KernelFamily *self, gint n)
{
  return (guint64) (self->item == PIXELNORM_ITEM_I8 ? n % 256 - 128 : n % 256);
}

static void
prepare_normalize (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (a[2]), ARGUMENT (a[3]),
      ARGUMENT (a[4]), zero_point_of (self, n), ARGUMENT (n));
}

/* A tile of coefficients that repeat, made of the first ones of the arrays. */
static void
prepare_repeat (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  guint8 *const arrays[] = { a[0], a[1], work->tiles[0], work->tiles[1], work->tiles[2] };

  memset (work->tiles, 0, sizeof work->tiles);
  for (gint i = 0; i < PIXELNORM_TILE && n > 0; i++)
    for (guint k = 2; k < 5; k++)
      memcpy (arrays[k] + i * self->bytes[k], a[k] + i % PIXELNORM_REPEAT % n * self->bytes[k],
          self->bytes[k]);
  prepare_normalize (self, arrays, n, work);
}

/* Results as tensors have them; strange: infinite, no number at all, denormal, huge. Those that are
 * narrower have all bit patterns then. */
static void
fill_results (const KernelFamily *self, KernelRandom *random, guint8 *y, gint n, gboolean strange)
{
  static const guint32 strange_bits[] = { 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345,
    0x7f800001, 0x00000001, 0x807fffff, 0x7f7fffff, 0xff7fffff, 0x80000000 };

  fill (random, y, n * self->bytes[1], strange);
  for (gint i = 0; i < n && self->item == PIXELNORM_ITEM_F32; i++) {
    const guint kind = strange ? kernel_random_range (random, 0, 20) : 19;

    if (kind < G_N_ELEMENTS (strange_bits))
      ((guint32 *) y)[i] = strange_bits[kind];
    else
      ((float *) y)[i] = (float) kernel_random_range (random, -600, 601) / (kind < 15 ? 2 : 7);
  }
  for (gint i = 0; i < n && self->item == PIXELNORM_ITEM_F16 && !strange; i++)
    ((guint16 *) y)[i] = (((guint16 *) y)[i] & 0x83ff) | 0x3c00; /* 1 to 2, of either sign */
}

static void
fill_denormalize (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  fill_results (self, random, a[1], n, strange);
  fill (random, a[2], n * self->bytes[2], strange);
  fill_floats (random, a[3], n, strange);
  fill_floats (random, a[4], n, strange);
}

static void
prepare_denormalize (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  const guint bits = self->sample == PIXELNORM_SAMPLE_U16 ? 10 + 2 * (guint) (n % 4) : 8;

  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (a[2]), ARGUMENT (a[3]),
      ARGUMENT (a[4]), (1u << bits) - 1, ARGUMENT (n));
}

static void
prepare_pack (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  SET_ARGUMENTS (ARGUMENT (a[0]), self->swap, ARGUMENT (n % 9), ARGUMENT (n));
}

static void
prepare_unpack (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  static const guint masks[] = { 0xffff, 0x3ff, 0xfff };

  SET_ARGUMENTS (ARGUMENT (a[0]), self->swap, ARGUMENT (n % 9), masks[n % 3], ARGUMENT (n));
}

static void
prepare_unpack_10 (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), self->swap, ARGUMENT (n));
}

static gint
running_shift (const KernelFamily *self)
{
  return self->sample == PIXELNORM_SAMPLE_U8 ? 23 : 15;
}

/* As plans and streams have them: means of code values, variances that may be, momenta from 0 to 1. */
static void
fill_running (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  fill (random, a[4], n * self->bytes[4], strange);
  for (gint i = 0; i < n; i++) {
    ((gint32 *) a[1])[i] =
        kernel_random_range (random, 0, G_MAXINT32 - (1 << running_shift (self)));
    ((guint16 *) a[2])[i] = (guint16) kernel_random_bits (random);
    ((float *) a[3])[i] = kernel_random_bits (random) >> 63
        ? (float) pow (10, kernel_random_double (random, -30, 9))
        : 0;
    ((gint32 *) a[7])[i] = i % 5 ? kernel_random_range (random, 0, G_MAXINT32)
        : i % 2                  ? PIXELNORM_MOMENTUM_1
                                 : 0;
  }
  fill_floats (random, a[5], n, strange);
  fill_floats (random, a[6], n, strange);
}

static void
prepare_running (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  const gint shift = running_shift (self);

  work->parameters = (PixelnormRunningParameters){ shift, 1.f / (float) (1 << shift), n % 2,
    n % 3 ? 0 : 1e-3f, n % 7 ? 1 : 1e-6f };
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (a[2]), ARGUMENT (a[3]),
      ARGUMENT (a[4]), ARGUMENT (a[5]), ARGUMENT (a[6]), ARGUMENT (a[7]),
      ARGUMENT (&work->parameters), ARGUMENT (n));
}

static void
fill_convert (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  fill_floats (random, a[1], n, strange);
  for (gint i = 0; i < n; i++)
    ((float *) a[1])[i] *= kernel_random_bits (random) >> 63 ? 1 : 100;
}

static void
prepare_convert (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), zero_point_of (self, n), ARGUMENT (n));
}

static void
make_tables (KernelWork *work)
{
  for (guint t = 0; t < 4; t++)
    for (guint x = 0; x < 256; x++)
      work->tables[t][x] = (guint8) (x * (2 * t + 1) + t);
}

static void
prepare_lookup (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  make_tables (work);
  SET_ARGUMENTS (
      ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (work->tables), self->period, ARGUMENT (n));
}

/* Coefficients that repeat, made of the first ones of the arrays. */
static void
prepare_fixed_point (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  PixelnormFixedPoint *how = &work->fixed_point;

  *how = (PixelnormFixedPoint){ .shift = 1 + n % 8, .sign = n % 3 ? 0 : 128 };
  for (gint i = 0; i < PIXELNORM_TILE && n > 0; i++) {
    const gint k = i % PIXELNORM_REPEAT % n;

    how->fine[i] = a[2][k];
    how->factor[i] = ((guint16 *) a[3])[k];
    how->plus[i] = ((guint16 *) a[4])[k];
    how->minus[i] = ((guint16 *) a[5])[k];
  }
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (how), ARGUMENT (n));
}

static const Arrangement arrangements[] = {
  { "RGB", 3, { { 0, 0 }, { 0, 1 }, { 0, 2 } }, { 3 } },
  { "BGR", 3, { { 0, 2 }, { 0, 1 }, { 0, 0 } }, { 3 } },
  { "RGBx", 3, { { 0, 0 }, { 0, 1 }, { 0, 2 } }, { 4 } },
  { "BGRx", 3, { { 0, 2 }, { 0, 1 }, { 0, 0 } }, { 4 } },
  { "xRGB", 3, { { 0, 1 }, { 0, 2 }, { 0, 3 } }, { 4 } },
  { "xBGR", 3, { { 0, 3 }, { 0, 2 }, { 0, 1 } }, { 4 } },
  { "RBxG", 3, { { 0, 0 }, { 0, 3 }, { 0, 1 } }, { 4 } },
  { "UV", 2, { { 0, 0 }, { 0, 1 } }, { 2 } },
  { "VU", 2, { { 0, 1 }, { 0, 0 } }, { 2 } },
  { "U-and-V", 2, { { 0, 0 }, { 1, 0 } }, { 1, 1 } },
  { "UV-of-3", 2, { { 0, 1 }, { 0, 2 } }, { 3 } },
  { "UV-of-YUYV", 2, { { 0, 1 }, { 0, 3 } }, { 4 } },
  { "UV-of-UYVY", 2, { { 0, 0 }, { 0, 2 } }, { 4 } },
  { "UV-of-YVYU", 2, { { 0, 3 }, { 0, 1 } }, { 4 } },
  { "UV-of-VYUY", 2, { { 0, 2 }, { 0, 0 } }, { 4 } },
  { "UV-of-AYUV", 2, { { 0, 2 }, { 0, 3 } }, { 4 } },
  { "planes", 3, { { 2, 0 }, { 0, 0 }, { 1, 0 } }, { 1, 1, 1 } },
  { "plane-and-pair", 3, { { 0, 0 }, { 1, 0 }, { 1, 1 } }, { 1, 2 } },
  { "padded-planes", 3, { { 0, 2 }, { 1, 2 }, { 2, 2 } }, { 3, 3, 3 } },
  { "1-of-1", 1, { { 0, 0 } }, { 1 } },
  { "1-of-2", 1, { { 0, 0 } }, { 2 } },
  { "2-of-2", 1, { { 0, 1 } }, { 2 } },
  { "1-of-3", 1, { { 0, 0 } }, { 3 } },
  { "2-of-3", 1, { { 0, 1 } }, { 3 } },
  { "3-of-3", 1, { { 0, 2 } }, { 3 } },
  { "1-of-4", 1, { { 0, 0 } }, { 4 } },
  { "2-of-4", 1, { { 0, 1 } }, { 4 } },
  { "3-of-4", 1, { { 0, 2 } }, { 4 } },
  { "4-of-4", 1, { { 0, 3 } }, { 4 } },
};

/* Three channels of one plane. */
static gboolean
is_packed (const Arrangement *self)
{
  return self->n_channels == 3 && self->strides[1] == 0;
}

/* The places of an arrangement in planes. */
static void
find_places (const KernelFamily *self, guint8 *const *planes, KernelWork *work)
{
  const Arrangement *arrangement = self->arrangement;
  const gsize b = sample_bytes[self->sample];

  for (guint c = 0; c < arrangement->n_channels; c++) {
    const guint8 *place = arrangement->places[c];

    work->lists[c] = planes[place[0]] + place[1] * b;
    work->strides[c] = arrangement->strides[place[0]] * b;
  }
}

static void
prepare_gather (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  find_places (self, a + 1, work);
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (work->lists), ARGUMENT (work->strides), self->n_samples,
      ARGUMENT (n));
}

static void
prepare_scatter (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  find_places (self, a + 1, work);
  SET_ARGUMENTS (ARGUMENT (work->lists), ARGUMENT (work->strides), self->n_samples, ARGUMENT (a[0]),
      ARGUMENT (n));
}

static void
add (GPtrArray *families, KernelFamily family, gsize kernel, char *name)
{
  family.name = name;
  family.kernel = kernel;
  if (family.n_samples == 0)
    family.n_samples = 1;
  g_ptr_array_add (families, g_memdup2 (&family, sizeof family));
}

#define OFFSET(member) offsetof (PixelnormKernels, member)

static void
add_statistics (GPtrArray *families, PixelnormSample sample)
{
  const char *name = sample_names[sample];
  const gsize b = sample_bytes[sample];
  KernelFamily family = { .sample = sample,
    .n_arrays = 5,
    .bytes = { b, b, 2 * b, 4 * b, b, b, b, b },
    .most = PIXELNORM_TILE,
    .fill = fill_accumulate,
    .prepare = prepare_accumulate };
  const KernelFamily spill = {
    .n_arrays = 2, .bytes = { 8, 2 * b }, .fill = fill_bytes, .prepare = prepare_spill
  };

  add (families, family, OFFSET (accumulate[sample]), g_strconcat ("accumulate/", name, NULL));
  family.n_arrays = 8;
  family.n_samples = 4;
  add (families, family, OFFSET (accumulate4[sample]), g_strconcat ("accumulate4/", name, NULL));
  add (families, spill, sample == PIXELNORM_SAMPLE_U8 ? OFFSET (spill_u16) : OFFSET (spill_u32),
      g_strdup (sample == PIXELNORM_SAMPLE_U8 ? "spill/u16" : "spill/u32"));
}

static void
add_normalization (GPtrArray *families, PixelnormSample sample, PixelnormItem item)
{
  const char *x = sample_names[sample], *y = item_names[item];
  const gsize b = sample_bytes[sample];
  KernelFamily family = { .sample = sample,
    .item = item,
    .n_arrays = 5,
    .bytes = { item_bytes[item], b, b, 4, 4 },
    .fill = fill_normalize,
    .prepare = prepare_normalize };
  KernelFamily repeat = family;

  repeat.prepare = prepare_repeat;
  add (families, family, OFFSET (normalize[sample][item]),
      g_strconcat ("normalize/", x, "-", y, NULL));
  add (families, repeat, OFFSET (normalize_repeat[sample][item]),
      g_strconcat ("normalize-repeat/", x, "-", y, NULL));
  if (item != PIXELNORM_ITEM_F32)
    return;
  family.past_caches = repeat.past_caches = TRUE;
  add (families, family, OFFSET (normalize_stream[sample]),
      g_strconcat ("normalize-stream/", x, NULL));
  add (families, repeat, OFFSET (normalize_repeat_stream[sample]),
      g_strconcat ("normalize-repeat-stream/", x, NULL));
}

/* Three planes; a pixel of an arrangement; and of its coefficients three lists, one
 * after the other. */
static void
fill_planes (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  fill (random, a[3], n * self->bytes[3], strange);
  fill (random, a[4], n * self->bytes[4], strange);
  fill_floats (random, a[5], 3 * n, strange);
  fill_floats (random, a[6], 3 * n, strange);
}

static void
prepare_planes (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  const gsize b = sample_bytes[self->sample];

  for (guint c = 0; c < 3; c++)
    work->planes[c] = (PixelnormToPlane){ a[c], a[3] + self->arrangement->places[c][1] * b,
      a[4] + c * n * b, (const float *) a[5] + c * n, (const float *) a[6] + c * n };
  SET_ARGUMENTS (ARGUMENT (work->planes), self->arrangement->strides[0] * b,
      zero_point_of (self, n), ARGUMENT (n));
}

/* Pixels of an arrangement, out of three planes or of one list. */
static void
prepare_scatter_opaque (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  const gsize b = sample_bytes[self->sample];
  const gboolean listed = self->n_arrays == 2;

  for (guint c = 0; c < 3; c++) {
    work->from[c] = listed ? a[1] + c * b : a[1 + c];
    work->strides[c] = self->arrangement->places[c][1];
  }
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (work->strides), ARGUMENT (work->from),
      (listed ? 3 : 1) * b, (guint) n * 257 % (self->sample == PIXELNORM_SAMPLE_U8 ? 256 : 65536),
      ARGUMENT (n));
}

/* Three planes, and the pixels that they are looked up from. */
static void
prepare_lookup_planes (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  for (guint c = 0; c < 3; c++) {
    work->lists[c] = a[c];
    work->from[c] = a[3] + self->arrangement->places[c][1];
    work->each_table[c] = &work->tables[c];
  }
  make_tables (work);
  SET_ARGUMENTS (ARGUMENT (work->lists), ARGUMENT (work->from), self->arrangement->strides[0],
      ARGUMENT (work->each_table), ARGUMENT (n));
}

static void
add_planes (GPtrArray *families, PixelnormSample sample, const Arrangement *arrangement)
{
  const gsize b = sample_bytes[sample];

  for (guint item = 0; item < PIXELNORM_N_ITEMS; item++) {
    const gsize y = item_bytes[item];
    const char *x_name = sample_names[sample], *y_name = item_names[item];
    const char *order = arrangement->name;
    KernelFamily family = { .sample = sample,
      .item = item,
      .n_arrays = 7,
      .bytes = { y, y, y, arrangement->strides[0] * b, 3 * b, 12, 12 },
      .n_samples = 3,
      .arrangement = arrangement,
      .fill = fill_planes,
      .prepare = prepare_planes };

    add (families, family, OFFSET (planes[sample][item]),
        g_strdup_printf ("planes/%s-%s-%s", x_name, y_name, order));
    add (families, family, OFFSET (planes_repeat[sample][item]),
        g_strdup_printf ("planes-repeat/%s-%s-%s", x_name, y_name, order));
    if (item != PIXELNORM_ITEM_F32)
      continue;
    family.past_caches = TRUE;
    add (families, family, OFFSET (planes_stream[sample]),
        g_strdup_printf ("planes-stream/%s-%s", x_name, order));
    add (families, family, OFFSET (planes_repeat_stream[sample]),
        g_strdup_printf ("planes-repeat-stream/%s-%s", x_name, order));
  }
}

static void
add_lookup_planes (GPtrArray *families, const Arrangement *arrangement)
{
  const KernelFamily family = { .n_arrays = 4,
    .bytes = { 1, 1, 1, arrangement->strides[0] },
    .n_samples = 3,
    .arrangement = arrangement,
    .fill = fill_places,
    .prepare = prepare_lookup_planes };

  add (families, family, OFFSET (lookup_planes_u8),
      g_strconcat ("lookup-planes/", arrangement->name, NULL));
}

static void
add_scatter_opaque (GPtrArray *families, PixelnormSample sample, const Arrangement *arrangement)
{
  const gsize b = sample_bytes[sample];
  KernelFamily family = { .sample = sample,
    .n_arrays = 4,
    .bytes = { 4 * b, b, b, b },
    .n_samples = 3,
    .arrangement = arrangement,
    .fill = fill_places,
    .prepare = prepare_scatter_opaque };

  add (families, family, OFFSET (scatter_opaque[sample]),
      g_strdup_printf ("scatter-opaque/%s-planes-%s", sample_names[sample], arrangement->name));
  family.n_arrays = 2;
  family.bytes[1] = 3 * b;
  add (families, family, OFFSET (scatter_opaque[sample]),
      g_strdup_printf ("scatter-opaque/%s-list-%s", sample_names[sample], arrangement->name));
}

static void
add_denormalization (GPtrArray *families, PixelnormSample sample, PixelnormItem item)
{
  const gsize b = sample_bytes[sample];
  const KernelFamily family = { .sample = sample,
    .item = item,
    .n_arrays = 5,
    .bytes = { b, item_bytes[item], b, 4, 4 },
    .fill = fill_denormalize,
    .prepare = prepare_denormalize };

  add (families, family, OFFSET (denormalize[item][sample]),
      g_strconcat ("denormalize/", item_names[item], "-", sample_names[sample], NULL));
}

static void
add_running (GPtrArray *families, PixelnormSample sample)
{
  const KernelFamily family = { .sample = sample,
    .n_arrays = 8,
    .bytes = { 4, 4, 2, 4, sample_bytes[sample], 4, 4, 4 },
    .most = PIXELNORM_TILE,
    .fill = fill_running,
    .prepare = prepare_running };

  add (families, family, OFFSET (running[sample]),
      g_strconcat ("running/", sample_names[sample], NULL));
}

static void
add_conversion (GPtrArray *families, PixelnormItem item)
{
  const KernelFamily family = { .item = item,
    .n_arrays = 2,
    .bytes = { item_bytes[item], 4 },
    .fill = fill_convert,
    .prepare = prepare_convert };

  if (item != PIXELNORM_ITEM_F32)
    add (
        families, family, OFFSET (convert[item]), g_strconcat ("convert/", item_names[item], NULL));
}

static void
add_arrangement (GPtrArray *families, PixelnormSample sample, const Arrangement *arrangement)
{
  const gsize b = sample_bytes[sample];
  KernelFamily family = { .sample = sample,
    .n_arrays = 1,
    .bytes = { arrangement->n_channels * b },
    .n_samples = arrangement->n_channels,
    .arrangement = arrangement,
    .fill = fill_places,
    .prepare = prepare_gather };

  for (guint p = 0; p < 3 && arrangement->strides[p]; p++)
    family.bytes[family.n_arrays++] = arrangement->strides[p] * b;
  add (families, family, OFFSET (gather[sample]),
      g_strconcat ("gather/", sample_names[sample], "-", arrangement->name, NULL));
  family.prepare = prepare_scatter;
  add (families, family, OFFSET (scatter[sample]),
      g_strconcat ("scatter/", sample_names[sample], "-", arrangement->name, NULL));
}

static void
add_words (GPtrArray *families, gboolean swap)
{
  KernelFamily family = {
    .n_arrays = 1, .bytes = { 2 }, .swap = swap, .fill = fill_bytes, .prepare = prepare_unpack
  };

  add (families, family, OFFSET (unpack_u16), g_strdup (swap ? "unpack/swapped" : "unpack/u16"));
  family.prepare = prepare_pack;
  add (families, family, OFFSET (pack_u16), g_strdup (swap ? "pack/swapped" : "pack/u16"));
  family.n_arrays = 2;
  family.bytes[0] = 6;
  family.bytes[1] = 4;
  family.n_samples = 3;
  family.prepare = prepare_unpack_10;
  add (families, family, OFFSET (unpack_10),
      g_strdup (swap ? "unpack/10-bit-swapped" : "unpack/10-bit"));
}

static void
add_lookup (GPtrArray *families, guint period)
{
  const KernelFamily family = { .n_arrays = 2,
    .bytes = { 1, 1 },
    .period = period,
    .fill = fill_places,
    .prepare = prepare_lookup };

  add (families, family, OFFSET (lookup_u8),
      g_strdup_printf ("lookup/%u-table%s", period, period == 1 ? "" : "s"));
}

static void
add_fixed_point (GPtrArray *families)
{
  const KernelFamily family = {
    .n_arrays = 6, .bytes = { 1, 1, 1, 2, 2, 2 }, .fill = fill_bytes, .prepare = prepare_fixed_point
  };

  add (families, family, OFFSET (fixed_point_u8), g_strdup ("fixed-point/u8"));
}

static void
fill_colour (
    const KernelFamily *self, KernelRandom *random, guint8 *const *a, gint n, gboolean strange)
{
  const guint16 mask = (guint16) ((1u << self->depth) - 1);

  fill_bytes (self, random, a, n, strange);
  for (guint k = 3; k < 5 && self->depth > 8; k++)
    for (gsize i = 0; i < n * self->bytes[k] / 2; i++)
      ((guint16 *) a[k])[i] &= mask;
}

/* n pairs; where two pixels share each, every other time one is alone at the end. */
static void
prepare_colour (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (a[2]), ARGUMENT (a[3]),
      ARGUMENT (a[4]), ARGUMENT (self->factors), self->shared == 2 ? 2 * n - n % 2 : n);
}

/* One row's pairs for twice as many pixels, less one every other time; the first is a border every third
 * time. Roundings as of JPEG. */
static void
prepare_upsample (const KernelFamily *self, guint8 *const *a, gint n, KernelWork *work)
{
  const gint first = n > 1 && n % 3 ? 1 : 0;

  work->upsampling = (PixelnormUpsampling){ 1, 3, 1, 4, { { 3, 1, -1, 8 }, { 3, 1, 1, 7 } } };
  SET_ARGUMENTS (ARGUMENT (a[0]), ARGUMENT (a[1]), ARGUMENT (a[2]), ARGUMENT (&work->upsampling),
      (guint64) first, ARGUMENT (n), ARGUMENT (MAX (2 * (n - first) - n % 2, 0)));
}

static void
add_colour (GPtrArray *families, guint depth, gboolean limited, guint shared)
{
  const PixelnormSample sample = depth > 8 ? PIXELNORM_SAMPLE_U16 : PIXELNORM_SAMPLE_U8;
  const gsize b = sample_bytes[sample];
  KernelFamily family = { .sample = sample,
    .n_arrays = 5,
    .bytes = { shared * b, shared * b, shared * b, shared * b, 2 * b },
    .n_samples = 3 * shared,
    .most = PIXELNORM_TILE / (gint) shared,
    .depth = depth,
    .shared = shared,
    .factors = g_new (PixelnormColourFactors, 1),
    .fill = fill_colour,
    .prepare = prepare_colour };

  pixelnorm_colour_factors_init (family.factors, 2126, 722, limited, (gint) depth, FALSE);
  add (families, family, OFFSET (colour[sample][shared - 1]),
      g_strdup_printf ("colour/%u-bit-%s-%u-shared", depth, limited ? "limited" : "full", shared));
}

static void
add_upsampling (GPtrArray *families, PixelnormSample sample)
{
  const gsize b = sample_bytes[sample];
  const KernelFamily family = { .sample = sample,
    .n_arrays = 3,
    .bytes = { 4 * b, 2 * b, 2 * b },
    .n_samples = 4,
    .most = PIXELNORM_TILE / 2,
    .fill = fill_bytes,
    .prepare = prepare_upsample };

  add (families, family, OFFSET (upsample[sample]),
      g_strconcat ("upsample/", sample_names[sample], NULL));
}

static void
free_family (gpointer data)
{
  g_free (((KernelFamily *) data)->factors);
  g_free (((KernelFamily *) data)->name);
  g_free (data);
}

GPtrArray *
kernel_families_new (void)
{
  GPtrArray *families = g_ptr_array_new_with_free_func (free_family);

  for (guint sample = 0; sample < PIXELNORM_N_SAMPLES; sample++) {
    add_statistics (families, sample);
    for (guint item = 0; item < PIXELNORM_N_ITEMS; item++)
      add_normalization (families, sample, item);
    for (guint item = 0; item < PIXELNORM_N_ITEMS; item++)
      add_denormalization (families, sample, item);
    add_running (families, sample);
    for (guint k = 0; k < G_N_ELEMENTS (arrangements); k++)
      add_arrangement (families, sample, &arrangements[k]);
    for (guint k = 0; k < G_N_ELEMENTS (arrangements); k++)
      if (is_packed (&arrangements[k]))
        add_planes (families, sample, &arrangements[k]);
    for (guint k = 0; k < G_N_ELEMENTS (arrangements); k++)
      if (is_packed (&arrangements[k]) && arrangements[k].strides[0] == 4)
        add_scatter_opaque (families, sample, &arrangements[k]);
  }
  for (guint item = 0; item < PIXELNORM_N_ITEMS; item++)
    add_conversion (families, item);
  add_words (families, FALSE);
  add_words (families, TRUE);
  for (guint period = 1; period <= 4; period++)
    add_lookup (families, period);
  add_fixed_point (families);
  for (guint k = 0; k < G_N_ELEMENTS (arrangements); k++)
    if (is_packed (&arrangements[k]))
      add_lookup_planes (families, &arrangements[k]);
  for (guint shared = 1; shared <= 2; shared++)
    for (guint limited = 0; limited <= 1; limited++)
      for (guint depth = 8; depth <= 16; depth += 2)
        add_colour (families, depth, limited, shared);
  add_upsampling (families, PIXELNORM_SAMPLE_U8);
  add_upsampling (families, PIXELNORM_SAMPLE_U16);
  return families;
}

void (*kernel_family_find (const KernelFamily *self, const PixelnormKernels *kernels)) (void)
{
  void (*kernel) (void);

  memcpy (&kernel, (const guint8 *) kernels + self->kernel, sizeof kernel);
  return kernel;
}

gint
kernel_family_prepare (const KernelFamily *self, const PixelnormKernels *kernels,
    guint8 *const *arrays, gint n, KernelWork *work)
{
  const gint m = self->most && n > self->most ? self->most : n;

  work->call.kernel = kernel_family_find (self, kernels);
  self->prepare (self, arrays, m, work);
  return m;
}
