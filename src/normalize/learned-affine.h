/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the coefficients ask of a learned affine. */
#pragma once

#include <pixelnorm/learned-affine.h>

/* Whether it holds a value for every pixel. */
gboolean pixelnorm_learned_affine_is_per_pixel (const PixelnormLearnedAffine *self);

/* Whether it fits frames of this geometry; else PIXELNORM_ERROR_MISMATCH. */
gboolean pixelnorm_learned_affine_check (
    const PixelnormLearnedAffine *self, const PixelnormGeometry *geometry, GError **error);

/* Of a channel of the @pixel-th pixel, row by row; 1 and 0 where the file has none. */
void pixelnorm_learned_affine_get (
    const PixelnormLearnedAffine *self, gsize pixel, guint channel, double *gamma, double *beta);
