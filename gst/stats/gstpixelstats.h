/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

#define GST_TYPE_PIXEL_STATS (gst_pixel_stats_get_type ())
G_DECLARE_FINAL_TYPE (GstPixelStats, gst_pixel_stats, GST, PIXEL_STATS, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (pixelstats);
