/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From values to 8-bit codes, the way ONNX's QuantizeLinear does: rounded half to even, then the
 * zero-point is added, then saturated. Video is the same with an offset instead of a zero-point.
 */
#include "quantization.h"

#include <math.h>

#define MAX_COEFFICIENT 1e30 /* times 65535 it is still a float32 */

void
pixelnorm_quantization_of_range (PixelnormQuantization *self, double low, double high)
{
  *self = (PixelnormQuantization){ low, (high - low) / 255, 0, 0, 255 };
}

gboolean
pixelnorm_quantization_of_settings (PixelnormQuantization *self, const PixelnormSettings *settings,
    double low, double high, const PixelnormType *type, GError **error)
{
  const gint smallest = type->smallest, largest = type->largest;

  *self = (PixelnormQuantization){ 0, settings->quant_scale, settings->quant_zero_point, smallest,
    largest };
  if (settings->quant_scale == 0) {
    self->step = fabs (high - low) / 255;
    self->zero_point =
        (gint) CLAMP (rint (smallest - fmin (low, high) / self->step), smallest, largest);
  }
  if (self->zero_point >= smallest && self->zero_point <= largest)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "quant-zero-point is %d; a tensor of %s has %d to %d.", self->zero_point, type->name,
      smallest, largest);
  return FALSE;
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
  affine.bias = CLAMP (bias, -MAX_COEFFICIENT, MAX_COEFFICIENT);
  affine.scale = CLAMP (scale, -MAX_COEFFICIENT, MAX_COEFFICIENT);
  return affine;
}

/* What is within 1e-9 of a tie is one, since no decimal setting is exact in binary. */
gint
pixelnorm_quantization_code (
    const PixelnormQuantization *self, const PixelnormAffine *affine, guint x)
{
  const long double y = (x - (long double) affine->subtract) * affine->scale + affine->add;
  const long double low = self->smallest - self->zero_point;
  const long double high = self->largest - self->zero_point;
  const long double clamped = fminl (fmaxl ((y - self->offset) / self->step, low), high);
  const long double whole = floorl (clamped);
  const gint rounded = fabsl (clamped - whole - 0.5L) < 1e-9L ? (gint) whole + ((gint) whole & 1)
                                                              : (gint) rintl (clamped);

  return rounded + self->zero_point;
}
