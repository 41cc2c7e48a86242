/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FORMAT TABLE: names only, in order of preference, so that a format that only a newer GStreamer
 * knows takes part where it is known. What a format looks like comes from GstVideoFormatInfo.
 *
 * RGB before YUV: networks see RGB, and a converter that could give either is asked for that.
 */
#include "gstpixelformats.h"

typedef struct {
  const gchar *name;
  const gchar *twin; /* the same order of samples in 8 bits; NULL: it is 8 bits itself */
} Format;

static const Format formats[] = {
  { "RGB" },
  { "BGR" },
  { "RGBx" },
  { "BGRx" },
  { "xRGB" },
  { "xBGR" },
  { "RGBA" },
  { "BGRA" },
  { "ARGB" },
  { "ABGR" },
  { "RBGA" },
  { "GBR" },
  { "GBRA" },
  { "RGBP" },
  { "BGRP" },
  { "GRAY8" },
  /* more than 8 bits */
  { "RGBA64_LE", "RGBA" },
  { "RGBA64_BE", "RGBA" },
  { "ARGB64", "ARGB" },
  { "ARGB64_LE", "ARGB" },
  { "ARGB64_BE", "ARGB" },
  { "BGRA64_LE", "BGRA" },
  { "BGRA64_BE", "BGRA" },
  { "ABGR64_LE", "ABGR" },
  { "ABGR64_BE", "ABGR" },
  { "GBR_10LE", "GBR" },
  { "GBR_10BE", "GBR" },
  { "GBR_12LE", "GBR" },
  { "GBR_12BE", "GBR" },
  { "GBR_16LE", "GBR" },
  { "GBR_16BE", "GBR" },
  { "GBRA_10LE", "GBRA" },
  { "GBRA_10BE", "GBRA" },
  { "GBRA_12LE", "GBRA" },
  { "GBRA_12BE", "GBRA" },
  { "GRAY16_LE", "GRAY8" },
  { "GRAY16_BE", "GRAY8" },
  { "GRAY10_LE16", "GRAY8" },
  /* YUV; where U and V are smaller than Y only statistics and 8-bit video */
  { "Y444" },
  { "I420" },
  { "YV12" },
  { "NV12" },
  { "NV21" },
  { "Y42B" },
  { "NV16" },
  { "NV61" },
  { "NV24" },
  { "Y444_10LE", "Y444" },
  { "Y444_10BE", "Y444" },
  { "Y444_12LE", "Y444" },
  { "Y444_12BE", "Y444" },
  { "Y444_16LE", "Y444" },
  { "Y444_16BE", "Y444" },
  { "I420_10LE", "I420" },
  { "I420_10BE", "I420" },
  { "I420_12LE", "I420" },
  { "I420_12BE", "I420" },
  { "I422_10LE", "Y42B" },
  { "I422_10BE", "Y42B" },
  { "I422_12LE", "Y42B" },
  { "I422_12BE", "Y42B" },
  { "P010_10LE", "NV12" },
  { "P010_10BE", "NV12" },
  { "P012_LE", "NV12" },
  { "P012_BE", "NV12" },
  { "P016_LE", "NV12" },
  { "P016_BE", "NV12" },
};

/* The row of a format that this GStreamer knows, or NULL. */
static const Format *
find_format (const gchar *name, const GstVideoFormatInfo **info)
{
  const GstVideoFormat known = gst_video_format_from_string (name);

  if (known == GST_VIDEO_FORMAT_UNKNOWN)
    return NULL;
  *info = gst_video_format_get_info (known);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_equal (formats[i].name, name))
      return &formats[i];
  return NULL;
}

const gchar *
gst_pixel_formats_channels (const gchar *format)
{
  const GstVideoFormatInfo *info = NULL;

  if (!format || !find_format (format, &info))
    return NULL;
  return GST_VIDEO_FORMAT_INFO_IS_GRAY (info) ? "Y"
      : GST_VIDEO_FORMAT_INFO_IS_YUV (info)   ? "YUV"
                                              : "RGB";
}

gboolean
gst_pixel_formats_is_whole (const gchar *format)
{
  const GstVideoFormatInfo *info = NULL;

  return find_format (format, &info) && GST_VIDEO_FORMAT_INFO_W_SUB (info, 1) == 0
      && GST_VIDEO_FORMAT_INFO_H_SUB (info, 1) == 0;
}

const gchar *
gst_pixel_formats_twin (const gchar *format)
{
  const GstVideoFormatInfo *info = NULL;
  const Format *row = find_format (format, &info);

  return row && row->twin ? row->twin : format;
}

/* Caps of the formats that @chosen says yes to. */
static GstCaps *
make_caps (gboolean (*chosen) (const gchar *format, gconstpointer data), gconstpointer data)
{
  g_auto (GValue) list = G_VALUE_INIT, name = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_LIST);
  g_value_init (&name, G_TYPE_STRING);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (!gst_pixel_formats_channels (formats[i].name) || !chosen (formats[i].name, data))
      continue;
    g_value_set_static_string (&name, formats[i].name);
    gst_value_list_append_value (&list, &name);
  }
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "width", GST_TYPE_INT_RANGE, 1, G_MAXINT,
      "height", GST_TYPE_INT_RANGE, 1, G_MAXINT, NULL);
  gst_caps_set_value (caps, "format", &list);
  return caps;
}

static gboolean
has_channels (const gchar *format, gconstpointer channels)
{
  return !channels || g_str_equal (gst_pixel_formats_channels (format), channels);
}

static gboolean
has_whole_channels (const gchar *format, gconstpointer channels)
{
  return has_channels (format, channels) && gst_pixel_formats_is_whole (format);
}

/* Whether frames of a format can be of a geometry. */
static gboolean
has_geometry (const gchar *format, gconstpointer data)
{
  const PixelnormGeometry *geometry = data;
  const GstVideoFormatInfo *info = NULL;

  return find_format (format, &info) && has_channels (format, geometry->channels)
      && GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) == geometry->depth
      && (geometry->width == 0
          || (GST_VIDEO_FORMAT_INFO_W_SUB (info, 1) == geometry->log2_chroma_w
              && GST_VIDEO_FORMAT_INFO_H_SUB (info, 1) == geometry->log2_chroma_h));
}

static gboolean
is_8_bit (const gchar *format, gconstpointer data)
{
  return gst_pixel_formats_twin (format) == format;
}

static gboolean
is_usual (const gchar *format, gconstpointer data)
{
  return is_8_bit (format, NULL) && !g_str_equal (gst_pixel_formats_channels (format), "YUV");
}

GstCaps *
gst_pixel_formats_caps (const gchar *channels)
{
  return make_caps (has_channels, channels);
}

GstCaps *
gst_pixel_formats_geometry_caps (const PixelnormGeometry *geometry)
{
  GstCaps *caps = make_caps (has_geometry, geometry);

  if (geometry->width != 0)
    gst_caps_set_simple (caps, "width", G_TYPE_INT, (gint) geometry->width, "height", G_TYPE_INT,
        (gint) geometry->height, NULL);
  return caps;
}

GstCaps *
gst_pixel_formats_whole_caps (const gchar *channels)
{
  return make_caps (has_whole_channels, channels);
}

GstCaps *
gst_pixel_formats_8_bit_caps (void)
{
  return make_caps (is_8_bit, NULL);
}

GstCaps *
gst_pixel_formats_usual_caps (void)
{
  return make_caps (is_usual, NULL);
}

static gboolean
has_n_channels (const gchar *format, gconstpointer n_channels)
{
  return strlen (gst_pixel_formats_channels (format)) == *(const guint *) n_channels;
}

GstCaps *
gst_pixel_formats_narrow (GstCaps *caps, guint width, guint height, guint n_channels)
{
  g_autoptr (GstCaps) sized = width ? gst_pixel_formats_whole_caps (NULL) : NULL;
  g_autoptr (GstCaps) counted = n_channels ? make_caps (has_n_channels, &n_channels) : NULL;
  GstCaps *all[] = { sized, counted };

  if (sized)
    gst_caps_set_simple (
        sized, "width", G_TYPE_INT, (gint) width, "height", G_TYPE_INT, (gint) height, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i]) {
      GstCaps *narrower = gst_caps_intersect_full (caps, all[i], GST_CAPS_INTERSECT_FIRST);

      gst_caps_unref (caps);
      caps = narrower;
    }
  return caps;
}

GstCaps *
gst_pixel_formats_prefer (GstCaps *caps, const GstCaps *better, const GstCaps *possible)
{
  GstCaps *best = gst_caps_intersect_full ((GstCaps *) better, caps, GST_CAPS_INTERSECT_FIRST);

  if (possible && gst_caps_can_intersect (best, possible)) {
    gst_caps_unref (caps);
    return best;
  }
  /* where only the size does not fit, that is what should be said, not that the format does not */
  g_autoptr (GstCaps) any_size = gst_caps_copy (better);
  for (guint i = 0; i < gst_caps_get_size (any_size); i++)
    gst_structure_remove_fields (gst_caps_get_structure (any_size, i), "width", "height", NULL);
  best = gst_caps_make_writable (best);
  gst_caps_append (best, gst_caps_intersect_full (any_size, caps, GST_CAPS_INTERSECT_FIRST));
  gst_caps_append (best, caps);
  return best;
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

/* Puts a component's letter into the group of samples that its plane is made of. */
static void
spell_component (const GstVideoInfo *info, guint c, gchar letter, gchar *group)
{
  const guint bytes = GST_VIDEO_INFO_COMP_DEPTH (info, 0) > 8 ? 2 : 1;
  const guint stride = (guint) GST_VIDEO_INFO_COMP_PSTRIDE (info, c) / bytes;
  /* GStreamer counts samples instead of bytes for V of P010 and its like */
  const guint offset = GST_VIDEO_INFO_COMP_POFFSET (info, c);

  while (strlen (group) < stride)
    strcat (group, "x");
  group[offset % bytes ? offset : offset / bytes] = letter;
}

/* The order of the samples as the library spells it, alpha as something to step over. Transfer full. */
static gchar *
spell (const GstVideoInfo *info, const gchar *channels)
{
  gchar groups[GST_VIDEO_MAX_PLANES + 1][GST_VIDEO_MAX_COMPONENTS + 1] = { "" };
  gchar *planes[GST_VIDEO_MAX_PLANES + 1] = { NULL };
  const guint n_channels = strlen (channels);

  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES (info); p++)
    planes[p] = groups[p];
  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (info); c++) /* alpha comes last */
    spell_component (
        info, c, c < n_channels ? channels[c] : 'x', groups[GST_VIDEO_INFO_COMP_PLANE (info, c)]);
  return g_strjoinv (",", planes);
}

PixelnormLayout *
gst_pixel_formats_layout (const GstVideoInfo *info, GError **error)
{
  const gchar *name = GST_VIDEO_INFO_NAME (info);
  const gchar *channels = gst_pixel_formats_channels (name);

  if (!channels) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected RGB, grey or planar YUV video, found %s. Put videoconvert before.", name);
    return NULL;
  }
  if (!check_kind (info, error))
    return NULL;
  if ((guint) GST_VIDEO_INFO_WIDTH (info) > PIXELNORM_MAX_SIDE
      || (guint) GST_VIDEO_INFO_HEIGHT (info) > PIXELNORM_MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected at most %u pixels a side, found %dx%d. Crop or scale the video first.",
        PIXELNORM_MAX_SIDE, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
    return NULL;
  }
  g_autofree gchar *order = spell (info, channels);
  g_autoptr (PixelnormLayout) layout = pixelnorm_layout_new (
      order, (guint) GST_VIDEO_INFO_WIDTH (info), (guint) GST_VIDEO_INFO_HEIGHT (info), error);
  /* the flag for little-endian stands on formats of bytes too, and not on native ones */
  if (!layout
      || !pixelnorm_layout_set_depth (layout, GST_VIDEO_INFO_COMP_DEPTH (info, 0),
          (guint) GST_VIDEO_FORMAT_INFO_SHIFT (info->finfo, 0), g_str_has_suffix (name, "BE"),
          error)
      || (strlen (channels) == 3
          && !pixelnorm_layout_set_subsampling (layout,
              GST_VIDEO_FORMAT_INFO_W_SUB (info->finfo, 1),
              GST_VIDEO_FORMAT_INFO_H_SUB (info->finfo, 1), error)))
    return NULL;
  pixelnorm_layout_set_colorimetry (layout,
      GST_VIDEO_INFO_COLORIMETRY (info).range == GST_VIDEO_COLOR_RANGE_16_235
          ? PIXELNORM_RANGE_LIMITED
          : PIXELNORM_RANGE_FULL,
      matrix_name (info));
  return g_steal_pointer (&layout);
}
