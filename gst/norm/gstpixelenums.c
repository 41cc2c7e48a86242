/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enums for properties. Their numbers are the library's; gst-inspect-1.0 prints the words. */
#include "gstpixelenums.h"

#include <pixelnorm/pixelnorm.h>

#include "common/gstpixelenum.h"
#include "gstpixelcaps.h"

static const GEnumValue norm_scopes[] = {
  { PIXELNORM_SCOPE_PIXEL, "Every sample by its own statistics, frames of the profile's size",
      "pixel" },
  { PIXELNORM_SCOPE_CHANNEL, "Every channel by its statistics, frames of any size", "channel" },
  { PIXELNORM_SCOPE_GLOBAL, "All samples by the same statistics, frames of any size", "global" },
  { 0 },
};

static const GEnumValue methods[] = {
  { PIXELNORM_METHOD_FIXED, "(x - mean) / std, both given as properties", "fixed" },
  { PIXELNORM_METHOD_CENTER, "x - mean of the profile", "center" },
  { PIXELNORM_METHOD_ZSCORE, "(x - mean) / deviation: mean 0, deviation 1", "zscore" },
  { PIXELNORM_METHOD_MEAN_RANGE, "(x - mean) / half of the dynamic range: mean 0, within [-2, 2]",
      "mean-range" },
  { PIXELNORM_METHOD_MIN_MAX,
      "(x - middle of the range) / half of the range: within [-1, 1] on the profile's data",
      "min-max" },
  { PIXELNORM_METHOD_FLAT_FIELD, "(x - dark) * gain that makes the mean image even", "flat-field" },
  { PIXELNORM_METHOD_PERCENTILE,
      "A low and a high percentile of the channel onto -1 and 1, for data with outliers; scope "
      "channel or global",
      "percentile" },
  { 0 },
};

static const GEnumValue statistics_sources[] = {
  { PIXELNORM_STATISTICS_SOURCE_PROFILE, "A profile, the same for all frames", "profile" },
  { PIXELNORM_STATISTICS_SOURCE_FRAME, "Each frame itself, per channel or of all", "frame" },
  { PIXELNORM_STATISTICS_SOURCE_BATCH, "The frames of a tensor together, per channel or of all",
      "batch" },
  { PIXELNORM_STATISTICS_SOURCE_RUNNING,
      "Exponential estimates of the frames before, per pixel, per channel or of all", "running" },
  { 0 },
};

static const GEnumValue last_batches[] = {
  { GST_PIXEL_LAST_BATCH_DROP, "Drop its frames, and say how many", "drop" },
  { GST_PIXEL_LAST_BATCH_PAD, "Fill it up with y = 0", "pad" },
  { 0 },
};

static const GEnumValue units[] = {
  { PIXELNORM_UNITS_CODE, "Code values, 0 to 255", "code" },
  { PIXELNORM_UNITS_UNIT, "0 to 1, as torchvision writes them", "unit" },
  { 0 },
};

static const GEnumValue tensor_layouts[] = {
  { GST_PIXEL_LAYOUT_AUTO, "NHWC, unless only NCHW fits what downstream asks for", "auto" },
  { GST_PIXEL_CAPS_NHWC, "Height x width x channels", "nhwc" },
  { GST_PIXEL_CAPS_NCHW, "Channels x height x width", "nchw" },
  { 0 },
};

static const GEnumValue channel_orders[] = {
  { PIXELNORM_CHANNEL_ORDER_RGB, "Red, green, blue", "rgb" },
  { PIXELNORM_CHANNEL_ORDER_BGR, "Blue, green, red", "bgr" },
  { 0 },
};

GST_PIXEL_DEFINE_ENUM (
    gst_pixel_norm_statistics_get_type, "GstPixelNormStatistics", statistics_sources)
GST_PIXEL_DEFINE_ENUM (gst_pixel_norm_last_batch_get_type, "GstPixelNormLastBatch", last_batches)
GST_PIXEL_DEFINE_ENUM (gst_pixel_norm_scope_get_type, "GstPixelNormScope", norm_scopes)
GST_PIXEL_DEFINE_ENUM (gst_pixel_norm_method_get_type, "GstPixelNormMethod", methods)
GST_PIXEL_DEFINE_ENUM (gst_pixel_norm_units_get_type, "GstPixelNormUnits", units)
GST_PIXEL_DEFINE_ENUM (
    gst_pixel_norm_channel_order_get_type, "GstPixelNormChannelOrder", channel_orders)
GST_PIXEL_DEFINE_ENUM (gst_pixel_norm_layout_get_type, "GstPixelNormLayout", tensor_layouts)

const gchar *
gst_pixel_enum_nick (GType type, gint value)
{
  GEnumClass *klass = g_type_class_ref (type);
  const GEnumValue *entry = g_enum_get_value (klass, value);
  const gchar *nick = entry ? entry->value_nick : NULL;

  g_type_class_unref (klass);
  return nick;
}
