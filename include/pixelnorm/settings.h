/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of a normalizer. */
#pragma once

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
typedef enum {
  PIXELNORM_UNITS_CODE,
  PIXELNORM_UNITS_UNIT,
} PixelnormUnits;

/**
 * PixelnormTensorLayout:
 * @PIXELNORM_TENSOR_LAYOUT_NHWC: height x width x channels, as frames of RGB lie; TensorFlow, TFLite
 * @PIXELNORM_TENSOR_LAYOUT_NCHW: channels x height x width: a plane a channel; PyTorch, ONNX
 *
 * The order of the dimensions of a tensor, outermost first.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_TENSOR_LAYOUT_NHWC,
  PIXELNORM_TENSOR_LAYOUT_NCHW,
} PixelnormTensorLayout;

/**
 * PixelnormChannelOrder:
 * @PIXELNORM_CHANNEL_ORDER_RGB: red first; the canonical order
 * @PIXELNORM_CHANNEL_ORDER_BGR: blue first, as networks of Caffe and OpenCV have it
 *
 * The order of the channels of a tensor.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_CHANNEL_ORDER_RGB,
  PIXELNORM_CHANNEL_ORDER_BGR,
} PixelnormChannelOrder;

#define PIXELNORM_TYPE_SETTINGS (pixelnorm_settings_get_type ())
/**
 * PixelnormSettings:
 *
 * What is asked of a normalizer. Every setting that is a word or a number is a property, with the name that it
 * has as a property of the elements; pixelnorm_setting_get() says what each does, its limits and its default.
 * Those of a number a channel ("mean", "std", "gamma", "beta") are set with pixelnorm_settings_set_values().
 *
 * A property takes any number: pixelnorm_settings_check(), and whatever is made of the settings, says in words
 * what cannot be. Whoever takes settings copies them, so changing them afterwards changes nothing there.
 *
 * Since: 0.1
 */
PIXELNORM_API
G_DECLARE_FINAL_TYPE (PixelnormSettings, pixelnorm_settings, PIXELNORM, SETTINGS, GObject)

/**
 * PixelnormSettingType:
 * @PIXELNORM_SETTING_TYPE_WORD: a value of an enum
 * @PIXELNORM_SETTING_TYPE_INTEGER: a #gint
 * @PIXELNORM_SETTING_TYPE_NUMBER: a #gdouble
 * @PIXELNORM_SETTING_TYPE_VALUES: one #gdouble for all channels, or one a channel
 *
 * What a setting is.
 *
 * Since: 0.2
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
 *
 * Since: 0.2
 */
typedef struct {
  const gchar *name;
  const gchar *nick;
  const gchar *blurb;
  PixelnormSettingType type;
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
PIXELNORM_API GParamSpec *pixelnorm_setting_new_spec (
    const PixelnormSetting *self, GParamFlags flags);

PIXELNORM_API PixelnormSettings *pixelnorm_settings_new (void);
PIXELNORM_API PixelnormSettings *pixelnorm_settings_copy (const PixelnormSettings *self);
PIXELNORM_API gboolean pixelnorm_settings_set_values (PixelnormSettings *self, const gchar *name,
    const gdouble *values, guint n_values, GError **error);
PIXELNORM_API const gdouble *pixelnorm_settings_get_values (
    const PixelnormSettings *self, const gchar *name, guint *n_values);
PIXELNORM_API const gchar *pixelnorm_settings_get_word (
    const PixelnormSettings *self, const gchar *name);
PIXELNORM_API gboolean pixelnorm_settings_check (const PixelnormSettings *self, GError **error);
PIXELNORM_API gboolean pixelnorm_settings_need_profile (const PixelnormSettings *self);
PIXELNORM_API gboolean pixelnorm_settings_use_profile (const PixelnormSettings *self);

PIXELNORM_API gboolean pixelnorm_method_needs_profile (PixelnormMethod method);
PIXELNORM_API PixelnormStatisticsFlags pixelnorm_statistics_source_get_flags (
    PixelnormStatisticsSource source, PixelnormScope scope);

G_END_DECLS
