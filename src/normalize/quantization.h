/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From values to 8-bit codes. */
#pragma once

#include "coefficients.h"
#include "type.h"

/* code = round ((y - offset) / step) + zero_point, saturated; halves go to the even code, but for halves_down. */
typedef struct {
  double offset;
  double step;
  gint zero_point;
  gint smallest, largest; /* codes */
  gboolean halves_down;   /* where a step is one code value of the samples: see there */
} PixelnormQuantization;

/* [low, high] onto [0, 255]. */
void pixelnorm_quantization_of_range (PixelnormQuantization *self, double low, double high);

/* As settings say for a tensor of codes; quant-scale 0 takes both numbers from the range. @reach: what samples
 * make of it; or NULL. */
gboolean pixelnorm_quantization_of_settings (PixelnormQuantization *self,
    const PixelnormSettings *settings, double low, double high, const PixelnormReach *reach,
    const PixelnormType *type, GError **error);

/* The affine whose rounded results are codes, but for the zero-point, which is added to them. */
PixelnormAffine pixelnorm_quantization_affine (
    const PixelnormQuantization *self, PixelnormAffine affine, guint max_code);

/* The code of sample @x, as exactly as long double says. */
gint pixelnorm_quantization_code (
    const PixelnormQuantization *self, const PixelnormAffine *affine, guint x);
