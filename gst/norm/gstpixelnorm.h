/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstpixelbase.h"

#define GST_TYPE_PIXEL_NORM (gst_pixel_norm_get_type ())
G_DECLARE_FINAL_TYPE (GstPixelNorm, gst_pixel_norm, GST, PIXEL_NORM, GstPixelBase)

GST_ELEMENT_REGISTER_DECLARE (pixelnorm);
