/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enums for properties. Their numbers are the library's; gst-inspect-1.0 prints the words. */
#include "gstpixelenums.h"

#include "common/gstpixelenum.h"
#include "gstpixelcaps.h"

static const GEnumValue last_batches[] = {
  { GST_PIXEL_LAST_BATCH_DROP, "Drop its frames, and say how many", "drop" },
  { GST_PIXEL_LAST_BATCH_PAD, "Fill it up with y = 0", "pad" },
  { 0 },
};

static const GEnumValue tensor_layouts[] = {
  { GST_PIXEL_LAYOUT_AUTO, "NHWC, unless only NCHW fits what downstream asks for", "auto" },
  { GST_PIXEL_CAPS_NHWC, "Height x width x channels", "nhwc" },
  { GST_PIXEL_CAPS_NCHW, "Channels x height x width", "nchw" },
  { 0 },
};

GST_PIXEL_DEFINE_ENUM (gst_pixel_norm_last_batch_get_type, "GstPixelNormLastBatch", last_batches)
GST_PIXEL_DEFINE_ENUM (gst_pixel_norm_layout_get_type, "GstPixelNormLayout", tensor_layouts)

/* "channel-order" is a GstPixelNormChannelOrder. */
GType
gst_pixel_enum_type (const PixelnormSetting *setting)
{
  g_autoptr (GString) name = g_string_new ("GstPixelNorm");
  GType type;

  for (const gchar *c = setting->name; *c; c++)
    if (*c != '-')
      g_string_append_c (name, c == setting->name || c[-1] == '-' ? g_ascii_toupper (*c) : *c);
  type = g_type_from_name (name->str);
  return type ? type : g_enum_register_static (name->str, setting->words);
}

const gchar *
gst_pixel_enum_nick (GType type, gint value)
{
  GEnumClass *klass = g_type_class_ref (type);
  const GEnumValue *entry = g_enum_get_value (klass, value);
  const gchar *nick = entry ? entry->value_nick : NULL;

  g_type_class_unref (klass);
  return nick;
}
