/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstpixelbase.h"

#define GST_TYPE_PIXEL_DENORM (gst_pixel_denorm_get_type ())
G_DECLARE_FINAL_TYPE (GstPixelDenorm, gst_pixel_denorm, GST, PIXEL_DENORM, GstPixelBase)

GST_ELEMENT_REGISTER_DECLARE (pixeldenorm);
