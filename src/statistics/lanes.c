/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two levels of sums. 8-bit samples: a list adds x to a 16-bit sum and p = x (255 - x) to a 32-bit
 * one; before they can overflow (257 and 264,208 additions, kernels.h) they spill into 64-bit totals.
 * 16-bit samples: x goes to a 32-bit sum that spills after 65,537 additions, p = x (65535 - x) < 2^30
 * straight to its total. The sum of squares is M sum(x) - sum(p), M = 255 or 65535.
 *
 * Totals hold 2^32 additions: sums stay below 2^48, p below 2^62.
 */
#include "lanes.h"

#include <string.h>

#include "io/pages.h"

/* SAMPLE TABLE: bytes of the items, and after how many additions they spill (0: never). */
static const struct {
  guint sample_bytes, sum_bytes, p_bytes;
  guint spill_sum, spill_p;
  guint largest;
} samples[PIXELNORM_N_SAMPLES] = {
  [PIXELNORM_SAMPLE_U8] = { 1, 2, 4, PIXELNORM_SPILL_SUM_U8, PIXELNORM_SPILL_P_U8, 255 },
  [PIXELNORM_SAMPLE_U16] = { 2, 4, 8, PIXELNORM_SPILL_SUM_U16, 0, 65535 },
};

#define BYTES_A_LANE 24

gsize
pixelnorm_lanes_bytes (gsize n)
{
  return n <= G_MAXSIZE / BYTES_A_LANE ? n * BYTES_A_LANE : 0;
}

gboolean
pixelnorm_lanes_init (PixelnormLanes *self, PixelnormSample type, gsize n)
{
  const gsize bytes = pixelnorm_lanes_bytes (n);
  guint8 *at;

  *self = (PixelnormLanes){ .kernels = pixelnorm_kernels (), .type = type, .n = n };
  /* one block, so that a system that lends memory it does not have refuses by the whole size */
  if (bytes)
    self->block = pixelnorm_pages_new (bytes);
  if (!self->block)
    return FALSE;
  self->total_sum = self->block;
  self->total_p = self->total_sum + n;
  at = (guint8 *) (self->total_p + n);
  self->p = self->total_p;
  if (samples[type].spill_p) {
    self->p = at;
    at += n * samples[type].p_bytes;
  }
  self->sum = at;
  self->min = at + n * samples[type].sum_bytes;
  self->max = (guint8 *) self->min + n * samples[type].sample_bytes;
  memset (self->min, 0xff, n * samples[type].sample_bytes);
  return TRUE;
}

/* Totals last: they are not touched before the first spill. */
void
pixelnorm_lanes_populate (PixelnormLanes *self)
{
  guint8 *end = (guint8 *) self->block + pixelnorm_lanes_bytes (self->n);
  guint8 *totals_end = (guint8 *) (self->total_p + self->n);

  if (self->p == self->total_p)
    pixelnorm_pages_populate (self->total_p, self->n * sizeof *self->total_p);
  pixelnorm_pages_populate (totals_end, (gsize) (end - totals_end));
  pixelnorm_pages_populate (self->block, (gsize) (totals_end - (guint8 *) self->block));
}

void
pixelnorm_lanes_clear (PixelnormLanes *self)
{
  pixelnorm_pages_free (self->block);
  self->block = NULL;
}

void
pixelnorm_lanes_empty (PixelnormLanes *self)
{
  memset (self->block, 0, pixelnorm_lanes_bytes (self->n));
  memset (self->min, 0xff, self->n * samples[self->type].sample_bytes);
  self->in_sum = self->in_p = 0;
  self->additions = 0;
}

static void
spill (PixelnormLanes *self, gsize lane, gsize n_lanes, gboolean sum, gboolean p)
{
  const gboolean words = self->type == PIXELNORM_SAMPLE_U16;

  /* kernels count in int; lanes may be more */
  for (gsize i = lane; i < lane + n_lanes; i += G_MAXINT16) {
    const gint n = (gint) MIN (lane + n_lanes - i, G_MAXINT16);

    if (sum && words)
      self->kernels->spill_u32 (self->total_sum + i, (guint32 *) self->sum + i, n);
    else if (sum)
      self->kernels->spill_u16 (self->total_sum + i, (guint16 *) self->sum + i, n);
    if (p)
      self->kernels->spill_u32 (self->total_p + i, (guint32 *) self->p + i, n);
  }
}

void
pixelnorm_lanes_announce (PixelnormLanes *self, guint n_lists)
{
  const guint spill_p = samples[self->type].spill_p;

  self->due_sum = self->in_sum + n_lists > samples[self->type].spill_sum;
  self->due_p = spill_p && self->in_p + n_lists > spill_p;
  self->in_sum = (self->due_sum ? 0 : self->in_sum) + n_lists;
  if (spill_p)
    self->in_p = (self->due_p ? 0 : self->in_p) + n_lists;
  self->additions += n_lists;
}

void
pixelnorm_lanes_make_room (PixelnormLanes *self, gsize lane, gsize n)
{
  if (self->due_sum || self->due_p)
    spill (self, lane, n, self->due_sum, self->due_p);
}

void
pixelnorm_lanes_add (
    PixelnormLanes *self, gsize lane, const void *const *lists, guint n_lists, gint n)
{
  const PixelnormAccumulate accumulate = self->kernels->accumulate[self->type];
  const PixelnormAccumulate accumulate4 = self->kernels->accumulate4[self->type];
  guint8 *min = (guint8 *) self->min + lane * samples[self->type].sample_bytes;
  guint8 *max = (guint8 *) self->max + lane * samples[self->type].sample_bytes;
  guint8 *sum = (guint8 *) self->sum + lane * samples[self->type].sum_bytes;
  guint8 *p = (guint8 *) self->p + lane * samples[self->type].p_bytes;
  guint32 scratch[PIXELNORM_TILE];
  guint k = 0;

  for (; k + 4 <= n_lists; k += 4)
    accumulate4 (min, max, sum, p, lists + k, scratch, n);
  for (; k < n_lists; k++)
    accumulate (min, max, sum, p, lists + k, scratch, n);
}

void
pixelnorm_lanes_spill (PixelnormLanes *self)
{
  spill (self, 0, self->n, TRUE, samples[self->type].spill_p != 0);
  self->in_sum = self->in_p = 0;
}

PixelnormMoments
pixelnorm_lanes_get (const PixelnormLanes *self, gsize lane, guint64 count)
{
  const guint64 sum = self->total_sum[lane];
  const PixelnormU128 squares =
      (PixelnormU128) samples[self->type].largest * sum - self->total_p[lane];

  if (self->type == PIXELNORM_SAMPLE_U16)
    return (PixelnormMoments){ count, sum, squares, ((const guint16 *) self->min)[lane],
      ((const guint16 *) self->max)[lane] };
  return (PixelnormMoments){ count, sum, squares, ((const guint8 *) self->min)[lane],
    ((const guint8 *) self->max)[lane] };
}

void
pixelnorm_lanes_get_block (
    const PixelnormLanes *self, gsize lane, guint n, PixelnormMomentsBlock *block)
{
  const guint64 largest = samples[self->type].largest;
  const guint64 *sum = self->total_sum + lane, *p = self->total_p + lane;

  if (self->type == PIXELNORM_SAMPLE_U16) { /* p needs no spilling */
    for (guint i = 0; i < n; i++) {
      block->sum[i] = sum[i] + ((const guint32 *) self->sum)[lane + i];
      block->squares[i] = largest * block->sum[i] - p[i];
    }
  } else {
    for (guint i = 0; i < n; i++) {
      block->sum[i] = sum[i] + ((const guint16 *) self->sum)[lane + i];
      block->squares[i] = largest * block->sum[i] - (p[i] + ((const guint32 *) self->p)[lane + i]);
    }
  }
#define GET_EXTREMES(Type)                                                                         \
  for (guint i = 0; i < n; i++) {                                                                  \
    block->min[i] = ((const Type *) self->min)[lane + i];                                          \
    block->max[i] = ((const Type *) self->max)[lane + i];                                          \
  }
  if (self->type == PIXELNORM_SAMPLE_U16) {
    GET_EXTREMES (guint16);
  } else {
    GET_EXTREMES (guint8);
  }
#undef GET_EXTREMES
}

void
pixelnorm_lanes_add_block (
    PixelnormLanes *self, gsize lane, guint n, const PixelnormMomentsBlock *block)
{
  const guint64 largest = samples[self->type].largest;
  guint64 *sum = self->total_sum + lane, *p = self->total_p + lane;

  for (guint i = 0; i < n; i++) {
    sum[i] += block->sum[i];
    /* the sum of x (M - x): not negative */
    p[i] += largest * block->sum[i] - block->squares[i];
  }
  /* without samples there is no minimum; a maximum of 0 changes nothing */
#define ADD_EXTREMES(Type)                                                                         \
  for (guint i = 0; i < n; i++) {                                                                  \
    Type *min = (Type *) self->min + lane + i, *max = (Type *) self->max + lane + i;               \
    const Type low = (Type) (block->min[i] | (block->count[i] ? 0 : G_MAXUINT64));                 \
    const Type high = (Type) block->max[i];                                                        \
                                                                                                   \
    *min = MIN (*min, low);                                                                        \
    *max = MAX (*max, high);                                                                       \
  }
  if (self->type == PIXELNORM_SAMPLE_U16) {
    ADD_EXTREMES (guint16);
  } else {
    ADD_EXTREMES (guint8);
  }
#undef ADD_EXTREMES
}
