/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames in, normalized tensors or 8-bit frames out. */
#pragma once

#include <pixelnorm/learned-affine.h>
#include <pixelnorm/profile.h>

G_BEGIN_DECLS

/**
 * PixelnormMethod:
 * @PIXELNORM_METHOD_FIXED: y = (x - mean) / std, both given by the user
 * @PIXELNORM_METHOD_CENTER: y = x - mean of the profile: the mean image is subtracted
 * @PIXELNORM_METHOD_ZSCORE: y = (x - mean) / deviation of the profile: mean 0, deviation 1
 * @PIXELNORM_METHOD_MEAN_RANGE: y = (x - mean) / half of the dynamic range: mean 0, within [-2, 2]
 * @PIXELNORM_METHOD_MIN_MAX: y = (x - middle of the range) / half of the dynamic range: within [-1,
 * 1]
 * @PIXELNORM_METHOD_FLAT_FIELD: y = (x - dark) * gain that makes the mean even: lens and sensor
 *   correction
 * @PIXELNORM_METHOD_PERCENTILE: y = (x - middle) / half of the distance between a low and a high
 *   percentile of the channel: these become -1 and 1, whatever outliers lie beyond
 *
 * How statistics become an affine y = (x - centre) * scale + bias of every sample x.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_METHOD_FIXED,
  PIXELNORM_METHOD_CENTER,
  PIXELNORM_METHOD_ZSCORE,
  PIXELNORM_METHOD_MEAN_RANGE,
  PIXELNORM_METHOD_MIN_MAX,
  PIXELNORM_METHOD_FLAT_FIELD,
  PIXELNORM_METHOD_PERCENTILE
} PixelnormMethod;

/**
 * PixelnormStatisticsSource:
 * @PIXELNORM_STATISTICS_SOURCE_PROFILE: a profile, the same for all frames
 * @PIXELNORM_STATISTICS_SOURCE_FRAME: each frame itself; scope channel or global
 * @PIXELNORM_STATISTICS_SOURCE_BATCH: the frames of a batch together; scope channel or global. Variance
 *   divided by N, as a layer of batch normalization has it in training
 * @PIXELNORM_STATISTICS_SOURCE_RUNNING: exponential estimates of the frames before. In scope pixel they
 *   move with every frame: with d = x - mean, mean += momentum d and variance = (1 - momentum) (variance +
 *   momentum d^2). In scope channel and global they move once a batch, as the running buffers of
 *   torch.nn.BatchNorm2d do: by momentum towards its mean and its variance divided by N - 1. A frame is
 *   always normalized with the estimates of before
 *
 * Where mean and deviation come from.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_STATISTICS_SOURCE_PROFILE,
  PIXELNORM_STATISTICS_SOURCE_FRAME,
  PIXELNORM_STATISTICS_SOURCE_BATCH,
  PIXELNORM_STATISTICS_SOURCE_RUNNING
} PixelnormStatisticsSource;

/**
 * PixelnormStatisticsFlags:
 * @PIXELNORM_STATISTICS_FLAG_WAIT: all frames of a batch are measured before the first of them is run, so
 *   they must be kept
 * @PIXELNORM_STATISTICS_FLAG_IN_ORDER: frames must come in the order in which they were taken
 * @PIXELNORM_STATISTICS_FLAG_PER_FRAME: every frame of a batch has its own
 * @PIXELNORM_STATISTICS_FLAG_ON_BUFFERS: they are few and known nowhere else: buffers carry them
 *
 * What there is to know of a #PixelnormStatisticsSource.
 *
 * Since: 0.2
 */
typedef enum {
  PIXELNORM_STATISTICS_FLAG_WAIT = 1 << 0,
  PIXELNORM_STATISTICS_FLAG_IN_ORDER = 1 << 1,
  PIXELNORM_STATISTICS_FLAG_PER_FRAME = 1 << 2,
  PIXELNORM_STATISTICS_FLAG_ON_BUFFERS = 1 << 3
} PixelnormStatisticsFlags;

/**
 * PixelnormUnits:
 * @PIXELNORM_UNITS_CODE: code values, 0 to 255 at 8 bits
 * @PIXELNORM_UNITS_UNIT: 0 to 1, as torchvision writes mean and std
 *
 * In what units mean and std of the method fixed are given.
 *
 * Since: 0.1
 */
typedef enum { PIXELNORM_UNITS_CODE, PIXELNORM_UNITS_UNIT } PixelnormUnits;

/**
 * PixelnormOutput:
 * @PIXELNORM_OUTPUT_FLOAT32: a packed float32 tensor, the channels in canonical order (R, G, B)
 * @PIXELNORM_OUTPUT_FLOAT16: likewise in IEEE 754 half precision, rounded half to even, saturated at
 *   65504
 * @PIXELNORM_OUTPUT_INT8: likewise in 8 bits: round (y / quant-scale) + quant-zero-point, half to even,
 *   saturated to -128..127
 * @PIXELNORM_OUTPUT_UINT8: likewise, saturated to 0..255
 * @PIXELNORM_OUTPUT_VIDEO: an 8-bit frame in the input's own order, with [range-low, range-high] laid
 *   onto [0, 255], rounded half to even and saturated; alpha and padding stay as they are, or are
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

/**
 * PixelnormTensorLayout:
 * @PIXELNORM_TENSOR_LAYOUT_NHWC: height x width x channels, as frames of RGB lie; TensorFlow, TFLite
 * @PIXELNORM_TENSOR_LAYOUT_NCHW: channels x height x width: a plane a channel; PyTorch, ONNX
 *
 * The order of the dimensions of a tensor, outermost first.
 *
 * Since: 0.1
 */
typedef enum { PIXELNORM_TENSOR_LAYOUT_NHWC, PIXELNORM_TENSOR_LAYOUT_NCHW } PixelnormTensorLayout;

/**
 * PixelnormChannelOrder:
 * @PIXELNORM_CHANNEL_ORDER_RGB: red first; the canonical order
 * @PIXELNORM_CHANNEL_ORDER_BGR: blue first, as networks of Caffe and OpenCV have it
 *
 * The order of the channels of a tensor.
 *
 * Since: 0.1
 */
typedef enum { PIXELNORM_CHANNEL_ORDER_RGB, PIXELNORM_CHANNEL_ORDER_BGR } PixelnormChannelOrder;

#define PIXELNORM_TYPE_SETTINGS (pixelnorm_settings_get_type ())

/**
 * PixelnormSettings:
 * @method: how statistics become an affine
 * @scope: over what they are pooled; has no meaning for the method fixed
 * @statistics: where they come from
 * @momentum: of running statistics: the weight of what is new, more than 0 and at most 1
 * @min_deviation: the smallest divisor, in 8-bit code values, scaled with the depth (times 257 at
 * 16 bits)
 * @epsilon: added to the variance of zscore, in squared code values
 * @percentile_low: of the method percentile: the percentile that becomes -1, 0 to 100
 * @percentile_high: the one that becomes 1; more than @percentile_low
 * @units: of @mean and @std
 * @n_mean: how many of @mean are given: 1 for all channels, or one a channel
 * @mean: for the method fixed, in the order of the channels (R, G, B)
 * @n_std: how many of @std are given
 * @std: for the method fixed; not 0
 * @n_gamma: how many of @gamma are given: 1 for all channels, or one a channel
 * @gamma: what the result of the method is multiplied by, in the order of the channels (R, G, B)
 * @n_beta: how many of @beta are given
 * @beta: what is added then, as a layer of batch normalization does
 * @clip_low: results below it become it, in the units of y; -%G_MAXDOUBLE: none
 * @clip_high: results above it become it; %G_MAXDOUBLE: none
 * @channel_order: the order of the channels of a tensor; video keeps its own
 * @range_low: the value that becomes 0 in 8-bit video
 * @range_high: the value that becomes 255; equal to @range_low: the method's own range is used
 * @tensor_layout: the order of the dimensions of a tensor
 * @quant_scale: how much y is in one step of an int8 or uint8 tensor; 0: both quantization numbers are
 *   such that the range, as of 8-bit video, becomes all of the codes
 * @quant_zero_point: the code of y = 0; 0 where @quant_scale is 0
 *
 * What is asked of a normalizer.
 *
 * Since: 0.1
 */
typedef struct {
  PixelnormMethod method;
  PixelnormScope scope;
  PixelnormStatisticsSource statistics;
  gdouble momentum;
  gdouble min_deviation;
  gdouble epsilon;
  gdouble percentile_low;
  gdouble percentile_high;
  PixelnormUnits units;
  guint n_mean;
  gdouble mean[PIXELNORM_MAX_CHANNELS];
  guint n_std;
  gdouble std[PIXELNORM_MAX_CHANNELS];
  guint n_gamma;
  gdouble gamma[PIXELNORM_MAX_CHANNELS];
  guint n_beta;
  gdouble beta[PIXELNORM_MAX_CHANNELS];
  gdouble clip_low;
  gdouble clip_high;
  PixelnormChannelOrder channel_order;
  gdouble range_low;
  gdouble range_high;
  PixelnormTensorLayout tensor_layout;
  gdouble quant_scale;
  gint quant_zero_point;
} PixelnormSettings;

/**
 * PixelnormSettingType:
 * @PIXELNORM_SETTING_TYPE_WORD: a value of an enum, of the size of a #gint
 * @PIXELNORM_SETTING_TYPE_INTEGER: a #gint
 * @PIXELNORM_SETTING_TYPE_NUMBER: a #gdouble
 * @PIXELNORM_SETTING_TYPE_VALUES: one #gdouble for all channels, or one a channel
 *
 * What a setting is.
 */
typedef enum {
  PIXELNORM_SETTING_TYPE_WORD,
  PIXELNORM_SETTING_TYPE_INTEGER,
  PIXELNORM_SETTING_TYPE_NUMBER,
  PIXELNORM_SETTING_TYPE_VALUES
} PixelnormSettingType;

/**
 * PixelnormSetting:
 * @name: as properties of elements and options of commands are called
 * @nick: the same in words
 * @blurb: what it does, and when to set it
 * @type: what it is
 * @offset: where it is in #PixelnormSettings
 * @n_offset: of values: where their number is, a #guint; else 0
 * @words: (nullable) (array zero-terminated=1): of a word: the values, what they mean, and how they are spelled
 * @least: the least that a number may be
 * @largest: the largest that it may be
 * @least_excluded: whether it must be more than @least
 * @default_value: what it is unless it is set; always possible, even where it is less than @least
 * @methods: with which methods it has an effect, bits 1 << #PixelnormMethod; 0: all
 * @sources: with which sources of statistics, bits 1 << #PixelnormStatisticsSource; 0: all
 * @in_meta: whether frames say it of themselves, where it has an effect; for numbers and values
 * @option: (nullable): what the command export says of it, of words after their list; %NULL: it has no such
 *   option
 * @advice: (nullable): what is added where it is refused
 *
 * All that is known of a setting, for those who show or take settings.
 */
typedef struct {
  const gchar *name;
  const gchar *nick;
  const gchar *blurb;
  PixelnormSettingType type;
  gsize offset;
  gsize n_offset;
  const GEnumValue *words;
  gdouble least;
  gdouble largest;
  gboolean least_excluded;
  gdouble default_value;
  guint methods;
  guint sources;
  gboolean in_meta;
  const gchar *option;
  const gchar *advice;
} PixelnormSetting;

PIXELNORM_API const PixelnormSetting *pixelnorm_setting_get (guint index);
PIXELNORM_API gboolean pixelnorm_setting_has_effect (
    const PixelnormSetting *self, const PixelnormSettings *settings);

PIXELNORM_API GType pixelnorm_settings_get_type (void);
PIXELNORM_API PixelnormSettings *pixelnorm_settings_new (void);
PIXELNORM_API PixelnormSettings *pixelnorm_settings_copy (const PixelnormSettings *settings);
PIXELNORM_API void pixelnorm_settings_free (PixelnormSettings *settings);
PIXELNORM_API void pixelnorm_settings_init (PixelnormSettings *settings);
PIXELNORM_API gboolean pixelnorm_settings_set_values (PixelnormSettings *settings,
    const gchar *name, const gdouble *values, guint n_values, GError **error);
PIXELNORM_API gboolean pixelnorm_settings_set_mean (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error);
PIXELNORM_API gboolean pixelnorm_settings_set_gamma (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error);
PIXELNORM_API gboolean pixelnorm_settings_set_beta (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error);
PIXELNORM_API gboolean pixelnorm_settings_set_std (
    PixelnormSettings *settings, const gdouble *values, guint n_values, GError **error);
PIXELNORM_API gboolean pixelnorm_settings_check (const PixelnormSettings *settings, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PixelnormSettings, pixelnorm_settings_free)

PIXELNORM_API PixelnormStatisticsFlags pixelnorm_statistics_source_get_flags (
    PixelnormStatisticsSource source, PixelnormScope scope);
PIXELNORM_API gboolean pixelnorm_method_needs_profile (PixelnormMethod method);
PIXELNORM_API gboolean pixelnorm_settings_need_profile (const PixelnormSettings *settings);
PIXELNORM_API gboolean pixelnorm_settings_use_profile (const PixelnormSettings *settings);

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
    PixelnormProfile *profile, PixelnormProfile *dark, const PixelnormLayout *layout,
    PixelnormOutput output, GError **error);
PIXELNORM_API PixelnormNormalizer *pixelnorm_normalizer_new_with_affine (
    const PixelnormSettings *settings, PixelnormProfile *profile, PixelnormProfile *dark,
    PixelnormLearnedAffine *affine, const PixelnormLayout *layout, PixelnormOutput output,
    GError **error);
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
