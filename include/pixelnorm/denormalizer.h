/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Denormalizing: normalized tensors or 8-bit frames in, frames out. */
#pragma once

#include <pixelnorm/normalizer.h>

G_BEGIN_DECLS

#define PIXELNORM_TYPE_DENORMALIZER (pixelnorm_denormalizer_get_type ())
/**
 * PixelnormDenormalizer:
 *
 * Makes frames of normalized tensors or 8-bit frames again: the inverse of #PixelnormNormalizer with the
 * same settings, rounded and saturated.
 *
 * Several threads can run it at once, unless it takes values with every frame.
 *
 * Since: 0.1
 */
PIXELNORM_API
G_DECLARE_FINAL_TYPE (
    PixelnormDenormalizer, pixelnorm_denormalizer, PIXELNORM, DENORMALIZER, GObject)

PIXELNORM_API PixelnormDenormalizer *pixelnorm_denormalizer_new (const PixelnormSettings *settings,
    const PixelnormInputs *inputs, const PixelnormLayout *layout, PixelnormOutput input,
    GError **error);
PIXELNORM_API PixelnormDenormalizer *pixelnorm_denormalizer_new_for_values (
    const PixelnormSettings *settings, const PixelnormLayout *layout, PixelnormOutput input,
    GError **error);
PIXELNORM_API gboolean pixelnorm_denormalizer_set_values (PixelnormDenormalizer *self,
    const gdouble *mean, const gdouble *std, guint n_values, GError **error);
PIXELNORM_API void pixelnorm_denormalizer_get_range (
    PixelnormDenormalizer *self, gdouble *low, gdouble *high);
PIXELNORM_API void pixelnorm_denormalizer_get_quantization (
    PixelnormDenormalizer *self, gdouble *scale, gint *zero_point);
PIXELNORM_API guint64 pixelnorm_denormalizer_get_lost (PixelnormDenormalizer *self);
PIXELNORM_API gsize pixelnorm_denormalizer_get_input_size (PixelnormDenormalizer *self);
PIXELNORM_API void pixelnorm_denormalizer_run (
    PixelnormDenormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output);
PIXELNORM_API GBytes *pixelnorm_denormalizer_run_data (
    PixelnormDenormalizer *self, const guint8 *data, gsize size, GError **error);

G_END_DECLS
