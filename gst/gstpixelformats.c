/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FORMAT TABLE: names only, in order of preference, so that a format that only a newer GStreamer
 * knows takes part where it is known. What a format looks like comes from GstVideoFormatInfo.
 */
#include "gstpixelformats.h"

static const gchar *const formats[] = { "RGB", "BGR", "RGBx", "BGRx", "xRGB", "xBGR", "RGBA",
  "BGRA", "ARGB", "ABGR", "RBGA", "GBR", "GBRA", "RGBP", "BGRP", "GRAY8" };

const gchar *
gst_pixel_formats_channels (const gchar *format)
{
  const GstVideoFormat known = gst_video_format_from_string (format);

  if (known == GST_VIDEO_FORMAT_UNKNOWN)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_equal (formats[i], format))
      return GST_VIDEO_FORMAT_INFO_IS_GRAY (gst_video_format_get_info (known)) ? "Y" : "RGB";
  return NULL;
}

GstCaps *
gst_pixel_formats_caps (const gchar *channels)
{
  g_auto (GValue) list = G_VALUE_INIT, name = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_LIST);
  g_value_init (&name, G_TYPE_STRING);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    const gchar *own = gst_pixel_formats_channels (formats[i]);

    if (!own || (channels && !g_str_equal (channels, own)))
      continue;
    g_value_set_static_string (&name, formats[i]);
    gst_value_list_append_value (&list, &name);
  }
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "width", GST_TYPE_INT_RANGE, 1, G_MAXINT,
      "height", GST_TYPE_INT_RANGE, 1, G_MAXINT, NULL);
  gst_caps_set_value (caps, "format", &list);
  return caps;
}

static const gchar *
matrix_name (const GstVideoInfo *info)
{
  switch (GST_VIDEO_INFO_COLORIMETRY (info).matrix) {
  case GST_VIDEO_COLOR_MATRIX_BT601:
    return "bt601";
  case GST_VIDEO_COLOR_MATRIX_BT709:
    return "bt709";
  case GST_VIDEO_COLOR_MATRIX_BT2020:
    return "bt2020";
  case GST_VIDEO_COLOR_MATRIX_FCC:
    return "fcc";
  case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
    return "smpte240m";
  default:
    return NULL;
  }
}

static gboolean
check_kind (const GstVideoInfo *info, GError **error)
{
  const GstVideoMultiviewMode views = GST_VIDEO_INFO_MULTIVIEW_MODE (info);

  if (GST_VIDEO_INFO_INTERLACE_MODE (info) != GST_VIDEO_INTERLACE_MODE_PROGRESSIVE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected progressive video, found interlace-mode %s: a pixel's statistics would mix two "
        "moments. Put a deinterlace element before.",
        gst_video_interlace_mode_to_string (GST_VIDEO_INFO_INTERLACE_MODE (info)));
    return FALSE;
  }
  if ((views != GST_VIDEO_MULTIVIEW_MODE_NONE && views != GST_VIDEO_MULTIVIEW_MODE_MONO)
      || GST_VIDEO_INFO_VIEWS (info) > 1) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected video of one view, found multiview-mode %s with %d views. Put glviewconvert "
        "before, or crop one view out.",
        gst_video_multiview_mode_to_caps_string (views), GST_VIDEO_INFO_VIEWS (info));
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_pixel_formats_layout (const GstVideoInfo *info, PixelnormLayout *layout, GError **error)
{
  const gchar *channels = gst_pixel_formats_channels (GST_VIDEO_INFO_NAME (info));

  if (!channels) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected 8-bit RGB or GRAY8 video, found %s. Put videoconvert before.",
        GST_VIDEO_INFO_NAME (info));
    return FALSE;
  }
  if (!check_kind (info, error))
    return FALSE;
  if ((guint) GST_VIDEO_INFO_WIDTH (info) > PIXELNORM_MAX_SIDE
      || (guint) GST_VIDEO_INFO_HEIGHT (info) > PIXELNORM_MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected at most %u pixels a side, found %dx%d. Crop or scale the video first.",
        PIXELNORM_MAX_SIDE, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
    return FALSE;
  }
  *layout = (PixelnormLayout){
    .geometry = { GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info),
        g_intern_string (channels), GST_VIDEO_INFO_COMP_DEPTH (info, 0) },
    .n_channels = strlen (channels),
    .n_planes = GST_VIDEO_INFO_N_PLANES (info),
  };
  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (info); c++) {
    const guint plane = GST_VIDEO_INFO_COMP_PLANE (info, c);

    layout->pixel_strides[plane] = GST_VIDEO_INFO_COMP_PSTRIDE (info, c);
    if (c < layout->n_channels) /* alpha comes last */
      layout->channels[c] =
          (PixelnormChannel){ channels[c], plane, GST_VIDEO_INFO_COMP_POFFSET (info, c) };
  }
  pixelnorm_layout_set_colorimetry (layout,
      GST_VIDEO_INFO_COLORIMETRY (info).range == GST_VIDEO_COLOR_RANGE_16_235
          ? PIXELNORM_RANGE_LIMITED
          : PIXELNORM_RANGE_FULL,
      matrix_name (info));
  return TRUE;
}
