/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ITU-T H.273, 8.3: with E' from 0 to 1 and Kg = 1 - Kr - Kb,
 *   R' = Y' + 2 (1 - Kr) Cr
 *   B' = Y' + 2 (1 - Kb) Cb
 *   G' = Y' - 2 Kb (1 - Kb) / Kg Cb - 2 Kr (1 - Kr) / Kg Cr
 * Codes: limited range has Y = 2^(d-8) (219 Y' + 16) and Cb = 2^(d-8) (224 Cb' + 128); full range (2^d - 1) Y' and
 * (2^d - 1) Cb' + 2^(d-1). All quotients are of integers; no number here is rounded but the parts for vectors,
 * which are proved as they are made.
 */
#include "colour-factors.h"

#include <stdlib.h>

static int64_t
common_divisor (int64_t a, int64_t b)
{
  while (b) {
    const int64_t rest = a % b;

    a = b;
    b = rest;
  }
  return llabs (a);
}

/* The term of a channel to which Cb and Cr add @cb and @cr / @divisor of E'. |cb u + cr v| < 2^63 in lowest
 * terms. */
static void
term_init (PixelnormChromaTerm *self, const PixelnormColourFactors *factors, int limited,
    int64_t cb, int64_t cr, int64_t divisor)
{
  const int steps = 1 << (factors->depth - 8);
  /* codes of R'G'B' a code of chroma, times unit: unit (2^d - 1) / (224 2^(d-8)), with unit = 219 2^(d-8) / g */
  const int g = limited ? 219 * steps / factors->unit : 1;
  const int64_t a = limited ? (int64_t) 219 * factors->largest : 1, b = limited ? 224 * g : 1;
  int64_t common = common_divisor (a, b);

  *self = (PixelnormChromaTerm){
    .cb = a / common * cb, .cr = a / common * cr, .divisor = b / common * divisor * 2
  };
  self->cb *= 2;
  self->cr *= 2;
  common = common_divisor (common_divisor (self->cb, self->cr), self->divisor / 2);
  self->cb /= common;
  self->cr /= common;
  self->divisor /= common;
  self->half = self->divisor / 2 * factors->unit;
}

/* The first and the following @n - 1 parts of 15 bits of @numerator / @divisor 2^shift. */
static void
split (PixelnormChromaTerm *self, int c, int64_t numerator, int n)
{
  int64_t rest = numerator * (1 << self->shift);

  for (int k = 0; k < n; k++) {
    const int64_t part = pixelnorm_floor_divide (rest, self->divisor);

    self->parts[k][c] = (int16_t) part;
    rest = (rest - part * self->divisor) * (1 << 15);
  }
}

/* As many bits as the first parts can have. */
static int
choose_shift (const PixelnormChromaTerm *self)
{
  const int64_t most = llabs (self->cb) > llabs (self->cr) ? llabs (self->cb) : llabs (self->cr);
  int shift = 14;

  while (shift >= 0 && pixelnorm_floor_divide (most * (1 << shift), self->divisor) >= INT16_MAX)
    shift--;
  return shift;
}

/* 60 bits. What is cut off makes C too small or too large by less than 2^(d-1) units of the last place for Cb and
 * for Cr; with 2^d units added it is never too small, and too large by less than 2^(d+1), which must not reach the next
 * multiple of 1 / divisor. */
static int
find_four_parts (PixelnormChromaTerm *self, const PixelnormColourFactors *factors)
{
  self->shift = choose_shift (self);
  if (factors->depth > 14 || self->shift < 1
      || self->divisor >> (45 + self->shift - factors->depth - 1))
    return 0;
  split (self, 0, self->cb, 4);
  split (self, 1, self->cr, 4);
  self->first = factors->unit << (self->shift - 1);
  self->last = 1 << factors->depth;
  return 1;
}

/* What the constant must be at least and less than so that (k[0] u + k[1] v + constant) >> bits is C for all pairs.
 * C is followed from a v to the next by its remainder. */
static void
find_constants (
    const PixelnormChromaTerm *self, const int64_t *k, int bits, int64_t *least, int64_t *end)
{
  const int64_t step = pixelnorm_floor_divide (self->cr, self->divisor),
                step_rest = self->cr - step * self->divisor;

  *least = INT64_MIN;
  *end = INT64_MAX;
  for (int u = -128; u < 128 && *least < *end; u++) {
    const int64_t numerator = self->cb * u + self->cr * -128 + self->half;
    int64_t c = pixelnorm_floor_divide (numerator, self->divisor),
            rest = numerator - c * self->divisor;

    for (int v = -128; v < 128; v++) {
      const int64_t low = c * ((int64_t) 1 << bits) - (k[0] * u + k[1] * v),
                    high = low + ((int64_t) 1 << bits);

      *least = low > *least ? low : *least;
      *end = high < *end ? high : *end;
      c += step;
      rest += step_rest;
      if (rest >= self->divisor) {
        rest -= self->divisor;
        c++;
      }
    }
  }
}

/* Coefficients of 30 bits as near as can be, or their neighbours, with which all 65,536 pairs are right. */
static int
find_two_parts (PixelnormChromaTerm *self)
{
  static const int8_t near[] = { 0, 1, -1, 2, -2, 3, -3 };
  int64_t middle[2], least, end;

  self->shift = choose_shift (self);
  split (self, 0, self->cb, 2);
  split (self, 1, self->cr, 2);
  for (int c = 0; c < 2; c++)
    middle[c] = self->parts[0][c] * (1 << 15) + self->parts[1][c];
  for (unsigned i = 0; i < sizeof near * sizeof near; i++) {
    const int64_t k[] = { middle[0] + near[i % sizeof near], middle[1] + near[i / sizeof near] };

    find_constants (self, k, 15 + self->shift, &least, &end);
    if (least >= end)
      continue;
    for (int c = 0; c < 2; c++) {
      self->parts[0][c] = (int16_t) (k[c] >> 15);
      self->parts[1][c] = (int16_t) (k[c] & INT16_MAX);
    }
    self->last = (int32_t) (least + (end - 1 - least) / 2);
    return 1;
  }
  return 0;
}

/* Whether there are a fraction and an offset, beside @whole, with which all 256 samples are right. */
static int
fits_words (PixelnormChromaTerm *self, int64_t factor, int64_t whole, int64_t fraction)
{
  int64_t offset = 0;

  for (int x = -128; x < 128; x++) {
    const int64_t c = pixelnorm_floor_divide (factor * x + self->half, self->divisor);
    const int64_t found =
        c - whole * x - pixelnorm_floor_divide (fraction * x + (1 << 14), 1 << 15);

    if (x > -128 && found != offset)
      return 0;
    offset = found;
  }
  self->whole = (int16_t) whole;
  self->fraction = (int16_t) fraction;
  self->offset = (int16_t) offset;
  return 1;
}

/* Of a term of one sample. Of full range there are none where C has ties on both sides of 0. */
static int
find_words (PixelnormChromaTerm *self)
{
  static const int8_t near[] = { 0, 1, -1, 2, -2, 3, -3 };
  const int64_t factor = self->cb + self->cr;

  /* fractions have a sign: the nearest whole number */
  const int64_t whole = pixelnorm_floor_divide (2 * factor + self->divisor, 2 * self->divisor);
  const int64_t middle =
      pixelnorm_floor_divide ((factor - whole * self->divisor) * (1 << 15), self->divisor);

  for (unsigned i = 0; i < sizeof near; i++)
    if (fits_words (self, factor, whole, middle + near[i]))
      return 1;
  return 0;
}

static void
swap_parts (PixelnormChromaTerm *self)
{
  const int64_t cb = self->cb;

  self->cb = self->cr;
  self->cr = cb;
  for (int k = 0; k < 4; k++) {
    const int16_t part = self->parts[k][0];

    self->parts[k][0] = self->parts[k][1];
    self->parts[k][1] = part;
  }
}

int
pixelnorm_colour_factors_init (
    PixelnormColourFactors *self, int kr, int kb, int limited, int depth, int swapped)
{
  const int one = PIXELNORM_COLOUR_UNIT, kg = one - kr - kb;
  const int span = 219 << (depth - 8), largest = (1 << depth) - 1;
  const int common = limited ? (int) common_divisor (span, largest) : 1;

  *self = (PixelnormColourFactors){ .depth = depth,
    .black = limited ? 16 << (depth - 8) : 0,
    .centre = 1 << (depth - 1),
    .largest = largest,
    .scale = limited ? largest / common : 1,
    .unit = limited ? span / common : 1 };
  term_init (&self->terms[0], self, limited, 0, 2 * (one - kr), one);
  term_init (&self->terms[1], self, limited, (int64_t) -2 * kb * (one - kb),
      (int64_t) -2 * kr * (one - kr), (int64_t) kg * one);
  term_init (&self->terms[2], self, limited, 2 * (one - kb), 0, one);
  self->has_parts = 1;
  self->swapped = swapped;
  for (int c = 0; c < 3; c++)
    self->has_parts &=
        depth == 8 ? find_two_parts (&self->terms[c]) : find_four_parts (&self->terms[c], self);
  for (int c = 0; c < 3 && depth == 8 && limited; c += 2)
    self->has_parts &= find_words (&self->terms[c]);
  for (int c = 0; c < 3 && swapped; c++)
    swap_parts (&self->terms[c]);
  return self->has_parts || depth > 8;
}
