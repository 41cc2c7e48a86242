/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's enums as properties have them, with words for each value. */
#pragma once

#include <glib-object.h>

GType gst_pixel_norm_scope_get_type (void);
GType gst_pixel_norm_statistics_get_type (void);
GType gst_pixel_norm_last_batch_get_type (void);

/* What becomes of frames that do not fill a tensor. */
typedef enum { GST_PIXEL_LAST_BATCH_DROP, GST_PIXEL_LAST_BATCH_PAD } GstPixelLastBatch;
GType gst_pixel_norm_method_get_type (void);
GType gst_pixel_norm_units_get_type (void);

/* Both bits of GstPixelCapsLayouts, or one. */
#define GST_PIXEL_LAYOUT_AUTO 3
GType gst_pixel_norm_channel_order_get_type (void);
GType gst_pixel_norm_layout_get_type (void);

/* The name of a value as users write it. Static. */
const gchar *gst_pixel_enum_nick (GType type, gint value);
