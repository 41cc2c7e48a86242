/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From values to 8-bit codes, the way ONNX's QuantizeLinear does: rounded half to even, then the
 * zero-point is added, then saturated. Video is the same with an offset instead of a zero-point.
 *
 * Where a step of codes is one code value of the samples, all samples of a channel lie equally far from codes. Where
 * that is half a step, as with (x - 127.5) / 127.5 at 2 / 255, half to even gives pairs of samples one code and
 * leaves every second code unused. No scale with a whole zero-point keeps them apart: 256 samples on 256 codes take a
 * step of one code value, and then the half remains. So there halves go to the lower code: all samples have codes of
 * their own, which are half a step away, as before. Only where a model says the scale do halves go to the even code,
 * since it was trained so.
 *
 * Loops of float32 may take what lies within 1e-4 of a half either way. With u = 2^-24, k = |scale| and m the middle
 * of the codes, |m| <= 127.5: bias, the value at centre, lies within k / 2 of m, and a value that is not saturated
 * within 128. So x is centre, or k is at most 256 and the product at most 128 + k / 2. Then scale, bias, product and
 * sum err by at most u (2 * 256 + 255.5 + 255.5) < 1e-4. Where samples end before m, the product and bias - m have
 * one sign, and both are at most 128.
 */
#include "quantization.h"

#include <math.h>

#define MAX_COEFFICIENT 1e30 /* times 65535 it is still a float32 */
/* No decimal setting is exact in binary: what is so near to a half is one, and to 1 code value a step. */
#define NEAR 1e-9
/* Taken from what is rounded, it takes halves to the lower code. Float32 has it exactly beside numbers up to 255.5: 22 bits. */
#define BELOW_HALF 0x1p-14

void
pixelnorm_quantization_of_range (PixelnormQuantization *self, double low, double high)
{
  *self = (PixelnormQuantization){ low, (high - low) / 255, 0, 0, 255, TRUE };
}

/* The range becomes all of the codes. It is widened to hold 0, since the zero-point is a code. Where samples reach only a
 * part of it, and two of them would share a code, that part becomes all of the codes; but a step is never less than one code
 * value of the samples, which is all that is needed. */
static void
choose_step (PixelnormQuantization *self, double low, double high, const PixelnormReach *reach)
{
  double lowest = fmin (fmin (low, high), 0);
  const double highest = fmax (fmax (low, high), 0);

  self->step = (highest - lowest) / 255;
  if (reach) {
    const double first = fmax (lowest, fmin (reach->low, 0));
    const double last = fmin (highest, fmax (reach->high, 0));
    const double step = fmax ((last - first) / 255, reach->code_value);

    if (step < self->step * (1 - NEAR)) {
      self->step = step;
      lowest = first;
    }
  }
  self->zero_point = self->smallest - (gint) ceil (lowest / self->step - 0.5 - NEAR);
}

gboolean
pixelnorm_quantization_of_settings (PixelnormQuantization *self, const PixelnormSettings *settings,
    double low, double high, const PixelnormReach *reach, const PixelnormType *type, GError **error)
{
  const gint smallest = type->smallest, largest = type->largest;

  *self = (PixelnormQuantization){ 0, settings->quant_scale, settings->quant_zero_point, smallest,
    largest, settings->quant_scale == 0 };
  if (settings->quant_scale == 0)
    choose_step (self, low, high, reach);
  if (self->zero_point >= smallest && self->zero_point <= largest)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "quant-zero-point is %d; a tensor of %s has %d to %d.", self->zero_point, type->name,
      smallest, largest);
  return FALSE;
}

/* Whether halves of a channel go to the lower code: one of its code values is @scale steps. */
static gboolean
has_halves_down (const PixelnormQuantization *self, double scale)
{
  return self->halves_down && fabs (fabs (scale) - 1) < NEAR;
}

/* The centre moves to the sample whose result is next to the middle of all codes, so that what is not
 * saturated is a difference of small numbers. */
PixelnormAffine
pixelnorm_quantization_affine (
    const PixelnormQuantization *self, PixelnormAffine affine, guint max_code)
{
  const double middle = (self->smallest + self->largest) / 2.0 - self->zero_point;
  const double scale = affine.scale / self->step;
  double bias = (affine.bias - self->offset) / self->step;

  if (scale != 0) {
    const double centre =
        CLAMP (rint (affine.centre + (middle - bias) / scale), 0.0, (double) max_code);

    bias += (centre - affine.centre) * scale;
    affine.centre = (guint) centre;
  }
  if (has_halves_down (self, scale))
    bias -= BELOW_HALF;
  affine.bias = CLAMP (bias, -MAX_COEFFICIENT, MAX_COEFFICIENT);
  affine.scale = CLAMP (scale, -MAX_COEFFICIENT, MAX_COEFFICIENT);
  return affine;
}

gint
pixelnorm_quantization_code (
    const PixelnormQuantization *self, const PixelnormAffine *affine, guint x)
{
  const long double y = (x - (long double) affine->subtract) * affine->scale + affine->add;
  const long double low = self->smallest - self->zero_point;
  const long double high = self->largest - self->zero_point;
  const long double clamped = fminl (fmaxl ((y - self->offset) / self->step, low), high);
  const gint whole = (gint) floorl (clamped);

  if (fabsl (clamped - whole - 0.5L) >= NEAR)
    return (gint) rintl (clamped) + self->zero_point;
  if (has_halves_down (self, affine->scale / self->step))
    return whole + self->zero_point;
  return whole + (whole & 1) + self->zero_point;
}
