/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames in, normalized tensors or 8-bit frames out. */
#pragma once

#include <pixelnorm/learned-affine.h>
#include <pixelnorm/settings.h>

G_BEGIN_DECLS

/**
 * PixelnormOutput:
 * @PIXELNORM_OUTPUT_FLOAT32: a packed float32 tensor, the channels in canonical order (R, G, B)
 * @PIXELNORM_OUTPUT_FLOAT16: likewise in IEEE 754 half precision, rounded half to even, saturated at
 *   65504
 * @PIXELNORM_OUTPUT_INT8: likewise in 8 bits: round (y / quant-scale) + quant-zero-point, half to even,
 *   saturated to -128..127. With quant-scale 0 both numbers are made of the range and of what samples reach of it, and halves
 *   go to the lower code where a step is one code value of the samples
 * @PIXELNORM_OUTPUT_UINT8: likewise, saturated to 0..255
 * @PIXELNORM_OUTPUT_VIDEO: an 8-bit frame in the input's own order, with [range-low, range-high] laid
 *   onto [0, 255], rounded and saturated, halves as with quant-scale 0; alpha and padding stay as they are, or are
 *   brought to 8 bits
 *
 * What a normalizer writes.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_OUTPUT_FLOAT32,
  PIXELNORM_OUTPUT_FLOAT16,
  PIXELNORM_OUTPUT_INT8,
  PIXELNORM_OUTPUT_UINT8,
  PIXELNORM_OUTPUT_VIDEO
} PixelnormOutput;

PIXELNORM_API const gchar *pixelnorm_output_get_tensor_type (guint n, PixelnormOutput *output);
PIXELNORM_API gboolean pixelnorm_output_is_quantized (PixelnormOutput output);

#define PIXELNORM_TYPE_INPUTS (pixelnorm_inputs_get_type ())
/**
 * PixelnormInputs:
 * @profile: (nullable): the statistics; only some settings need them: pixelnorm_settings_need_profile()
 * @dark: (nullable): statistics of dark frames, for the method flat-field; %NULL is black at 0
 * @affine: (nullable): gamma and beta that were learned in training
 *
 * What frames are normalized with, beside settings.
 *
 * Since: 0.2
 */
typedef struct {
  PixelnormProfile *profile;
  PixelnormProfile *dark;
  PixelnormLearnedAffine *affine;
} PixelnormInputs;

PIXELNORM_API GType pixelnorm_inputs_get_type (void);
PIXELNORM_API PixelnormInputs *pixelnorm_inputs_new (
    PixelnormProfile *profile, PixelnormProfile *dark, PixelnormLearnedAffine *affine);
PIXELNORM_API PixelnormInputs *pixelnorm_inputs_copy (const PixelnormInputs *self);
PIXELNORM_API void pixelnorm_inputs_free (PixelnormInputs *self);
PIXELNORM_API gboolean pixelnorm_inputs_measure_floor (const PixelnormInputs *self,
    const PixelnormSettings *settings, gdouble *shares, GError **error);
PIXELNORM_API gchar *pixelnorm_inputs_describe_floor (
    const PixelnormInputs *self, const PixelnormSettings *settings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PixelnormInputs, pixelnorm_inputs_free)

#define PIXELNORM_TYPE_NORMALIZER (pixelnorm_normalizer_get_type ())
/**
 * PixelnormNormalizer:
 *
 * Makes tensors or 8-bit frames of frames: y = (x - centre) * scale + bias for every sample, with
 * coefficients of a #PixelnormProfile, of the frames themselves, or of fixed values.
 *
 * Several threads can run it at once where the statistics are those of a profile, one thread at a time with
 * those of the stream.
 *
 * Since: 0.1
 */
PIXELNORM_API
G_DECLARE_FINAL_TYPE (PixelnormNormalizer, pixelnorm_normalizer, PIXELNORM, NORMALIZER, GObject)

PIXELNORM_API PixelnormNormalizer *pixelnorm_normalizer_new (const PixelnormSettings *settings,
    const PixelnormInputs *inputs, const PixelnormLayout *layout, PixelnormOutput output,
    GError **error);
PIXELNORM_API const gchar *pixelnorm_normalizer_get_floored (PixelnormNormalizer *self);
PIXELNORM_API void pixelnorm_normalizer_get_range (
    PixelnormNormalizer *self, gdouble *low, gdouble *high);
PIXELNORM_API void pixelnorm_normalizer_get_quantization (
    PixelnormNormalizer *self, gdouble *scale, gint *zero_point);
PIXELNORM_API gsize pixelnorm_normalizer_get_output_size (PixelnormNormalizer *self);
PIXELNORM_API void pixelnorm_normalizer_run (
    PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output);
PIXELNORM_API GBytes *pixelnorm_normalizer_run_data (
    PixelnormNormalizer *self, const guint8 *data, gsize size, GError **error);

PIXELNORM_API void pixelnorm_normalizer_run_still (
    PixelnormNormalizer *self, const PixelnormFrame *input, const PixelnormFrame *output);
PIXELNORM_API void pixelnorm_normalizer_measure (
    PixelnormNormalizer *self, const PixelnormFrame *frame);
PIXELNORM_API void pixelnorm_normalizer_end_batch (PixelnormNormalizer *self);
PIXELNORM_API void pixelnorm_normalizer_cancel_batch (PixelnormNormalizer *self);
PIXELNORM_API guint pixelnorm_normalizer_get_coefficients (
    PixelnormNormalizer *self, gdouble *mean, gdouble *std);
PIXELNORM_API gboolean pixelnorm_normalizer_carry_over (
    PixelnormNormalizer *self, PixelnormNormalizer *from);
PIXELNORM_API GBytes *pixelnorm_normalizer_run_batch_data (
    PixelnormNormalizer *self, const guint8 *data, gsize size, guint n_frames, GError **error);

G_END_DECLS
