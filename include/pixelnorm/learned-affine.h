/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gamma and beta that were learned in training. */
#pragma once

#include <pixelnorm/layout.h>

G_BEGIN_DECLS

#define PIXELNORM_TYPE_LEARNED_AFFINE (pixelnorm_learned_affine_get_type ())
/**
 * PixelnormLearnedAffine:
 *
 * A gamma and a beta that were learned in training, for all samples, a channel, or every sample, from a
 * safetensors file. It does not change, so threads may share it.
 *
 * Since: 0.1
 */
PIXELNORM_API
G_DECLARE_FINAL_TYPE (
    PixelnormLearnedAffine, pixelnorm_learned_affine, PIXELNORM, LEARNED_AFFINE, GObject)

PIXELNORM_API PixelnormLearnedAffine *pixelnorm_learned_affine_load (
    const gchar *path, GError **error);
PIXELNORM_API PixelnormLearnedAffine *pixelnorm_learned_affine_parse (
    GBytes *bytes, GError **error);
PIXELNORM_API guint pixelnorm_learned_affine_get_width (PixelnormLearnedAffine *self);
PIXELNORM_API guint pixelnorm_learned_affine_get_height (PixelnormLearnedAffine *self);
PIXELNORM_API guint pixelnorm_learned_affine_get_n_channels (PixelnormLearnedAffine *self);
PIXELNORM_API const gchar *pixelnorm_learned_affine_get_identity (PixelnormLearnedAffine *self);

G_END_DECLS
