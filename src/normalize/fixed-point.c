/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Searches integers for which PixelnormFixedPoint makes a table. With offset = plus - minus and unit = 2^(16 + shift)
 *
 *   code = floor ((256 x factor + fine factor + 65536 offset) / unit), saturated
 *
 * since fine and the rounding of the product act before 65536 divides. For one factor each code of the table bounds
 * fine factor + 65536 offset: from below unless it is 0, from above unless it is 255. The room between the bounds is
 * widest near the scale in float32, and it is known where to go: a larger factor lowers the bounds of larger x more.
 * fine has 256 steps, each less than one of offset, so what has room is nearly always met.
 *
 * The largest shift at which all factors fit 16 bits is the finest. Where one of several channels is not met, a coarser
 * one changes what the others need. tests/lib/test-fixed-point finds 99.8 % of tables of usual scales, and more.
 */
#include "fixed-point.h"

#include <math.h>
#include <string.h>

#define LARGEST_SHIFT 8
#define MOST_SHIFTS 3 /* that are tried */
#define REACH 8       /* factors either way of the scale */

/* The samples of a tile are whole pixels. */
void
pixelnorm_codes_of_loop (
    PixelnormCodesLoop loop, gconstpointer data, guint period, guint8 (*tables)[256])
{
  const guint codes_a_tile = PIXELNORM_TILE / 4;
  /* set, since not every compiler sees that n is not 0 */
  guint8 x[PIXELNORM_TILE] = { 0 }, y[PIXELNORM_TILE];

  for (guint first = 0; first < 256; first += codes_a_tile) {
    const guint n = MIN (256 - first, codes_a_tile) * period;

    for (guint i = 0; i < n; i++)
      x[i] = (guint8) (first + i / period);
    loop (data, y, x, (gint) n);
    for (guint i = 0; i < n; i++)
      tables[i % period][first + i / period] = y[i];
  }
}

/* From @low up to below @high. */
typedef struct {
  gint64 low, high;
  gint x_low, x_high; /* whose codes these bounds are */
} Room;

static Room
find_room (const guint8 *codes, gint64 factor, gint shift)
{
  const gint64 unit = G_GINT64_CONSTANT (1) << (16 + shift);
  Room room = { G_MININT64, G_MAXINT64 };

  for (gint x = 0; x < 256; x++) {
    const gint64 low = codes[x] * unit - 256 * x * factor, high = low + unit;

    if (codes[x] > 0 && low > room.low) {
      room.low = low;
      room.x_low = x;
    }
    if (codes[x] < 255 && high < room.high) {
      room.high = high;
      room.x_high = x;
    }
  }
  return room;
}

/* The coefficients of one channel of the tile. */
static void
put (PixelnormFixedPoint *self, guint channel, guint period, gint fine, gint factor, gint offset)
{
  for (guint i = channel; i < PIXELNORM_TILE; i += period) {
    self->fine[i] = (guint8) fine;
    self->factor[i] = (guint16) factor;
    self->plus[i] = (guint16) MAX (offset, 0);
    self->minus[i] = (guint16) MAX (-offset, 0);
  }
}

static gboolean
choose_offset (
    PixelnormFixedPoint *self, guint channel, guint period, const Room *room, gint factor)
{
  for (gint fine = 0; fine < 256; fine++) {
    const double least = ceil (((double) room->low - fine * factor) / 65536);
    const gint offset = (gint) CLAMP (least, -G_MAXUINT16, G_MAXUINT16);
    const gint64 sum = (gint64) fine * factor + (gint64) offset * 65536;

    if (sum >= room->low && sum < room->high) {
      put (self, channel, period, fine, factor, offset);
      return TRUE;
    }
  }
  return FALSE;
}

/* @nearest: the factor next to the scale. */
static gboolean
fit_channel (
    PixelnormFixedPoint *self, const guint8 *codes, guint channel, guint period, double nearest)
{
  gint first = (gint) MAX (nearest - REACH, 0), last = (gint) MIN (nearest + REACH, G_MAXUINT16);

  while (first <= last) {
    const gint factor = (first + last) / 2;
    const Room room = find_room (codes, factor, self->shift);

    if (room.low < room.high)
      return choose_offset (self, channel, period, &room, factor);
    if (room.x_low > room.x_high)
      first = factor + 1;
    else
      last = factor - 1;
  }
  return FALSE;
}

static void
run_codes (gconstpointer fixed_point, void *to, const void *from, gint n)
{
  pixelnorm_kernels ()->fixed_point_u8 (to, from, fixed_point, n);
}

/* The loop itself has the last word. */
static gboolean
is_right (const PixelnormFixedPoint *self, const guint8 (*tables)[256], guint period)
{
  guint8 found[4][256];

  pixelnorm_codes_of_loop (run_codes, self, period, found);
  return memcmp (found, tables, period * sizeof *found) == 0;
}

static gboolean
fit_shift (PixelnormFixedPoint *self, const guint8 (*tables)[256], const float *scales,
    guint period, gint sign)
{
  for (guint c = 0; c < period; c++) {
    guint8 codes[256];

    for (guint x = 0; x < 256; x++)
      codes[x] = tables[c][x] ^ (guint8) sign;
    if (!fit_channel (self, codes, c, period, rint (ldexp (scales[c], 8 + self->shift))))
      return FALSE;
  }
  return is_right (self, tables, period);
}

gboolean
pixelnorm_fixed_point_fit (PixelnormFixedPoint *self, const guint8 (*tables)[256],
    const float *scales, guint period, gint sign)
{
  float largest = 0;
  gint shift = LARGEST_SHIFT;

  for (guint c = 0; c < period; c++) {
    if (scales[c] < 0)
      return FALSE;
    largest = MAX (largest, scales[c]);
  }
  while (shift > 0 && ldexp (largest, 8 + shift) > G_MAXUINT16 + REACH)
    shift--;
  for (gint last = MAX (shift - MOST_SHIFTS, 0); shift > last; shift--) {
    self->shift = shift;
    self->sign = sign;
    if (fit_shift (self, tables, scales, period, sign))
      return TRUE;
  }
  return FALSE;
}
