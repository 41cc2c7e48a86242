/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's enums as properties have them, with words for each value. */
#pragma once

#include <pixelnorm/pixelnorm.h>

/* Of a setting that is a word. */
GType gst_pixel_enum_type (const PixelnormSetting *setting);

GType gst_pixel_norm_last_batch_get_type (void);

/* What becomes of frames that do not fill a tensor. */
typedef enum { GST_PIXEL_LAST_BATCH_DROP, GST_PIXEL_LAST_BATCH_PAD } GstPixelLastBatch;

/* Both bits of GstPixelCapsLayouts, or one. */
#define GST_PIXEL_LAYOUT_AUTO 3
GType gst_pixel_norm_layout_get_type (void);

/* The name of a value as users write it. Static. */
const gchar *gst_pixel_enum_nick (GType type, gint value);
