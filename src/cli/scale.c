/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Separable filters, as Pillow has them since 2.7: rows first, then columns, each rounded to the picture's type. Pillow 12.2 and later may
 * begin with the columns where that is faster, which can differ by 1; the width resized, then the height, is this in any version.
 *
 * An output pixel at x has its centre at c = (x + 0.5) s in the input, s being input size / output size, and input
 * pixel i the weight
 *
 *   f ((i + 0.5 - c) / max (s, 1)),   f (t) = max (0, 1 - |t|)  or  1 for -0.5 < t <= 0.5
 *
 * divided by the sum of all. At 8 bits weights are rounded to 22 binary places: 2^22 * 255 and what rounding adds are below 2^31 for up to
 * 2^22 of them. At 16 bits they stay doubles, which are added in the order of pixels.
 *
 * The nearest pixel is that at the whole part of c. As there, c is s added up at 8 bits and a product at 16, where it is that of the mode
 * I;16: the two differ where c comes to a whole number.
 */
#include "scale.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif
#include <math.h>
#include <string.h>

#include <pixelnorm/error.h>

#define PLACES 22

/* The weights along one side. */
typedef struct {
  guint in, out;    /* 0: not made yet */
  gboolean deep;    /* nearest: made for 16 bits */
  guint most;       /* weights an output pixel has room for */
  guint *first, *n; /* of each output pixel */
  gdouble *weights; /* most for each */
  gint32 *fixed;    /* the same with PLACES */
} Filter;

struct _Scaler {
  guint width, height;
  gboolean has_avx2;
  Scaling scaling;
  Filter across, down;
  Picture between; /* width scaled, height not: rows that are needed next */
  void *sums;      /* a row of them: gint32, or gdouble at 16 bits */
  gsize sums_bytes;
};

Scaler *
scaler_new (guint width, guint height, Scaling scaling)
{
  Scaler *self = g_new0 (Scaler, 1);

  self->width = width;
  self->height = height;
  self->scaling = scaling;
#ifdef __x86_64__
  self->has_avx2 = __builtin_cpu_supports ("avx2");
#endif
  return self;
}

static void
clear_filter (Filter *filter)
{
  g_free (filter->first);
  g_free (filter->n);
  g_free (filter->weights);
  g_free (filter->fixed);
  *filter = (Filter){ 0 };
}

void
scaler_free (Scaler *self)
{
  if (!self)
    return;
  clear_filter (&self->across);
  clear_filter (&self->down);
  g_free (self->between.pixels);
  g_free (self->sums);
  g_free (self);
}

static gdouble
weigh (Scaling scaling, gdouble t)
{
  if (scaling == SCALING_AREA)
    return t > -.5 && t <= .5 ? 1 : 0;
  return fabs (t) < 1 ? 1 - fabs (t) : 0;
}

static void
set_weights (Filter *filter, guint x, Scaling scaling)
{
  const gdouble scale = (gdouble) filter->in / filter->out, wide = MAX (scale, 1);
  const gdouble support = (scaling == SCALING_AREA ? .5 : 1) * wide;
  const gdouble centre = (x + .5) * scale, inverse = 1 / wide;
  const gint first = MAX ((gint) (centre - support + .5), 0);
  const gint end = MIN ((gint) (centre + support + .5), (gint) filter->in);
  gdouble *weights = filter->weights + (gsize) x * filter->most;
  gint32 *fixed = filter->fixed + (gsize) x * filter->most;
  gdouble sum = 0;

  filter->first[x] = (guint) first;
  filter->n[x] = (guint) (end - first);
  for (gint i = 0; i < end - first; i++)
    sum += weights[i] = weigh (scaling, (i + first - centre + .5) * inverse);
  for (gint i = 0; i < end - first; i++) {
    if (sum != 0)
      weights[i] /= sum;
    fixed[i] = (gint32) (.5 + weights[i] * (1 << PLACES));
  }
}

static gboolean
make_filter (Filter *filter, guint in, guint out, Scaling scaling)
{
  const gdouble wide = MAX ((gdouble) in / out, 1);

  if (filter->in == in)
    return TRUE;
  clear_filter (filter);
  filter->most = (guint) ceil ((scaling == SCALING_AREA ? .5 : 1) * wide) * 2 + 1;
  filter->out = out;
  filter->first = g_try_new (guint, out);
  filter->n = g_try_new (guint, out);
  filter->weights = g_try_new (gdouble, (gsize) out * filter->most);
  filter->fixed = g_try_new (gint32, (gsize) out * filter->most);
  if (!filter->first || !filter->n || !filter->weights || !filter->fixed)
    return FALSE;
  filter->in = in;
  for (guint x = 0; x < out; x++)
    set_weights (filter, x, scaling);
  return TRUE;
}

static guint8
clip (gint32 sum)
{
  return (guint8) CLAMP (sum >> PLACES, 0, 255);
}

static void
scale_row_u8 (const Filter *filter, const guint8 *row, guint8 *to, guint channels)
{
  for (guint x = 0; x < filter->out; x++, to += channels) {
    const gint32 *weights = filter->fixed + (gsize) x * filter->most;
    const guint8 *from = row + (gsize) filter->first[x] * channels;
    const guint n = filter->n[x];
    gint32 sums[3] = { 1 << (PLACES - 1), 1 << (PLACES - 1), 1 << (PLACES - 1) };

    if (channels == 3) {
      for (guint i = 0; i < n; i++, from += 3)
        for (guint c = 0; c < 3; c++)
          sums[c] += from[c] * weights[i];
      for (guint c = 0; c < 3; c++)
        to[c] = clip (sums[c]);
    } else {
      for (guint i = 0; i < n; i++)
        sums[0] += from[i] * weights[i];
      to[0] = clip (sums[0]);
    }
  }
}

/* Rows that are added up, each with its weight. */
static inline __attribute__ ((always_inline)) void
add_rows_u8 (
    const guint8 *from, gsize n, const gint32 *weights, guint n_rows, gint32 *sums, guint8 *to)
{
  for (gsize i = 0; i < n; i++)
    sums[i] = 1 << (PLACES - 1);
  for (guint y = 0; y < n_rows; y++, from += n)
    for (gsize i = 0; i < n; i++)
      sums[i] += from[i] * weights[y];
  for (gsize i = 0; i < n; i++)
    to[i] = clip (sums[i]);
}

#ifdef __x86_64__
/* Three channels and the first of the next pixel, which is not used, in one register: PICTURE_SLACK is behind the last one. */
__attribute__ ((target ("avx2"))) static void
scale_row_rgb_avx2 (const Filter *filter, const guint8 *row, guint8 *to)
{
  for (guint x = 0; x < filter->out; x++, to += 3) {
    const gint32 *weights = filter->fixed + (gsize) x * filter->most;
    const guint8 *from = row + (gsize) filter->first[x] * 3;
    __m128i sums = _mm_set1_epi32 (1 << (PLACES - 1));

    for (guint i = 0; i < filter->n[x]; i++, from += 3) {
      const __m128i samples = _mm_cvtepu8_epi32 (_mm_loadu_si32 (from));

      sums = _mm_add_epi32 (sums, _mm_mullo_epi32 (samples, _mm_set1_epi32 (weights[i])));
    }
    sums = _mm_srai_epi32 (sums, PLACES);
    sums = _mm_packus_epi16 (_mm_packus_epi32 (sums, sums), sums);
    /* the fourth byte is the next pixel's, which comes after it */
    _mm_storeu_si32 (to, sums);
  }
}

__attribute__ ((target ("avx2"))) static void
add_rows_avx2 (
    const guint8 *from, gsize n, const gint32 *weights, guint n_rows, gint32 *sums, guint8 *to)
{
  add_rows_u8 (from, n, weights, n_rows, sums, to);
}
#endif

static guint16
round_deep (gdouble sum)
{
  return (guint16) MIN ((gint) (sum + .5), 65535); /* no sum is negative */
}

static inline __attribute__ ((always_inline)) void
scale_row_u16 (const Filter *filter, const guint16 *row, guint16 *to, guint channels)
{
  for (guint x = 0; x < filter->out; x++, to += channels) {
    const gdouble *weights = filter->weights + (gsize) x * filter->most;
    const guint16 *from = row + (gsize) filter->first[x] * channels;
    gdouble sums[3] = { 0, 0, 0 };

    for (guint i = 0; i < filter->n[x]; i++, from += channels)
      for (guint c = 0; c < channels; c++)
        sums[c] += from[c] * weights[i];
    for (guint c = 0; c < channels; c++)
      to[c] = round_deep (sums[c]);
  }
}

static void
add_rows_u16 (
    const guint16 *from, gsize n, const gdouble *weights, guint n_rows, gdouble *sums, guint16 *to)
{
  for (gsize i = 0; i < n; i++)
    sums[i] = 0;
  for (guint y = 0; y < n_rows; y++, from += n)
    for (gsize i = 0; i < n; i++)
      sums[i] += from[i] * weights[y];
  for (gsize i = 0; i < n; i++)
    to[i] = round_deep (sums[i]);
}

static gsize
row_bytes (const Picture *picture)
{
  return (gsize) picture->width * picture->channels * picture->sample_bytes;
}

static void
scale_row_across (const Scaler *self, const Picture *from, guint y, guint8 *to)
{
  const Filter *filter = &self->across;
  const guint8 *row = from->pixels + y * row_bytes (from);

#ifdef __x86_64__
  if (self->has_avx2 && from->sample_bytes == 1 && from->channels == 3) {
    scale_row_rgb_avx2 (filter, row, to);
    return;
  }
#endif
  if (from->sample_bytes == 1)
    scale_row_u8 (filter, row, to, from->channels);
  else if (from->channels == 3)
    scale_row_u16 (filter, (const guint16 *) row, (guint16 *) to, 3);
  else
    scale_row_u16 (filter, (const guint16 *) row, (guint16 *) to, 1);
}

/* Row @y of @to; @rows begins with the first that it needs. */
static void
scale_down_to_row (const Scaler *self, const guint8 *rows, Picture *to, guint y)
{
  const Filter *filter = &self->down;
  const gsize n = (gsize) to->width * to->channels, weights = (gsize) y * filter->most;
  guint8 *row = to->pixels + y * row_bytes (to);

#ifdef __x86_64__
  if (self->has_avx2 && to->sample_bytes == 1) {
    add_rows_avx2 (rows, n, filter->fixed + weights, filter->n[y], self->sums, row);
    return;
  }
#endif
  if (to->sample_bytes == 1)
    add_rows_u8 (rows, n, filter->fixed + weights, filter->n[y], self->sums, row);
  else
    add_rows_u16 ((const guint16 *) rows, n, filter->weights + weights, filter->n[y], self->sums,
        (guint16 *) row);
}

/* Both ways. What is between them has room for twice the rows that one needs at most, which move up when it is full: all rows of
 * a very high picture would take more than the picture.
 */
static gboolean
scale_both (Scaler *self, const Picture *picture, Picture *scaled, GError **error)
{
  const guint room = (guint) MIN (2 * (guint64) self->down.most, picture->height);
  const gsize bytes = row_bytes (scaled);
  guint start = 0, end = 0; /* rows that are between */

  if (!picture_resize (
          &self->between, self->width, room, picture->channels, picture->sample_bytes, error))
    return FALSE;
  for (guint y = 0; y < scaled->height; y++) {
    const guint first = self->down.first[y], last = first + self->down.n[y];
    guint8 *rows = self->between.pixels;

    if (last - start > room) {
      const guint kept = MIN (first, end);

      memmove (rows, rows + (kept - start) * bytes, (end - kept) * bytes);
      start = kept;
    }
    for (; end < last; end++)
      scale_row_across (self, picture, end, rows + (end - start) * bytes);
    scale_down_to_row (self, rows + (first - start) * bytes, scaled, y);
  }
  return TRUE;
}

static gboolean
fail (const Picture *picture, GError **error)
{
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
      "Not enough memory to scale its %ux%u pixels.", picture->width, picture->height);
  return FALSE;
}

/* Which input pixel each output pixel is. */
static gboolean
find_nearest (Filter *filter, guint in, guint out, gboolean deep)
{
  const gdouble scale = (gdouble) in / out;
  gdouble at = scale * .5;

  if (filter->in == in && filter->deep == deep)
    return TRUE;
  clear_filter (filter);
  filter->first = g_try_new (guint, out);
  if (!filter->first)
    return FALSE;
  for (guint x = 0; x < out; x++, at += scale)
    filter->first[x] = MIN ((guint) (deep ? (x + .5) * scale : at), in - 1);
  filter->in = in;
  filter->out = out;
  filter->deep = deep;
  return TRUE;
}

static inline __attribute__ ((always_inline)) void
take_row (const Filter *filter, const guint8 *row, guint8 *to, gsize pixel)
{
  for (guint x = 0; x < filter->out; x++, to += pixel)
    memcpy (to, row + filter->first[x] * pixel, pixel);
}

static gboolean
take_nearest (Scaler *self, const Picture *picture, Picture *scaled, GError **error)
{
  const guint pixel = picture->channels * picture->sample_bytes;
  const gboolean deep = picture->sample_bytes == 2;

  if (!find_nearest (&self->across, picture->width, self->width, deep)
      || !find_nearest (&self->down, picture->height, self->height, deep))
    return fail (picture, error);
  for (guint y = 0; y < scaled->height; y++) {
    const guint8 *row = picture->pixels + (gsize) self->down.first[y] * picture->width * pixel;
    guint8 *to = scaled->pixels + (gsize) y * scaled->width * pixel;

    switch (pixel) { /* numbers, so that no pixel calls memcpy() */
    case 1:
      take_row (&self->across, row, to, 1);
      break;
    case 2:
      take_row (&self->across, row, to, 2);
      break;
    case 3:
      take_row (&self->across, row, to, 3);
      break;
    default:
      take_row (&self->across, row, to, 6);
    }
  }
  return TRUE;
}

static gboolean
make_sums (Scaler *self, const Picture *picture)
{
  const gsize item = picture->sample_bytes == 1 ? sizeof (gint32) : sizeof (gdouble);
  const gsize bytes = (gsize) self->width * picture->channels * item;

  if (bytes <= self->sums_bytes)
    return TRUE;
  g_free (self->sums);
  self->sums = g_try_malloc (bytes);
  self->sums_bytes = self->sums ? bytes : 0;
  return self->sums != NULL;
}

gboolean
scaler_run (Scaler *self, const Picture *picture, Picture *scaled, GError **error)
{
  const gboolean across = picture->width != self->width, down = picture->height != self->height;

  if (!across && !down) {
    memcpy (scaled->pixels, picture->pixels, picture->height * row_bytes (picture));
    return TRUE;
  }
  if (self->scaling == SCALING_NEAREST)
    return take_nearest (self, picture, scaled, error);
  if (!make_filter (&self->across, picture->width, self->width, self->scaling)
      || !make_filter (&self->down, picture->height, self->height, self->scaling)
      || !make_sums (self, picture))
    return fail (picture, error);
  if (across && down)
    return scale_both (self, picture, scaled, error);
  for (guint y = 0; y < scaled->height; y++) {
    if (across)
      scale_row_across (self, picture, y, scaled->pixels + y * row_bytes (scaled));
    else
      scale_down_to_row (
          self, picture->pixels + self->down.first[y] * row_bytes (picture), scaled, y);
  }
  return TRUE;
}
