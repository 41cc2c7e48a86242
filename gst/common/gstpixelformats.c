/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FORMAT TABLE: names only, in order of preference, so that a format that only a newer GStreamer
 * knows takes part where it is known. What a format looks like comes from GstVideoFormatInfo. Every other raw format
 * that GStreamer can unpack to 8 or 16 bits a sample is read that way, slower (gstpixelframe.c).
 *
 * RGB before YUV: networks see RGB, and a converter that could give either is asked for that.
 */
#include "gstpixelformats.h"

#include <string.h>

#define NONE ""

static const GstPixelFormat formats[] = {
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
  /* Y'CbCr; as it is, where U and V are smaller than Y, only statistics and 8-bit video */
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
  /* pairs of pixels, four samples a pixel, alpha */
  { "YUY2" },
  { "UYVY" },
  { "YVYU" },
  { "VYUY", NULL, "VYUY" },
  { "Y41B" },
  { "YUV9" },
  { "YVU9" },
  { "v308" },
  { "IYU2" },
  { "AYUV" },
  { "VUYA" },
  { "A420" },
  { "A422" },
  { "A444" },
  { "AV12" },
  { "Y210", NONE, "YUYV", 6 },
  { "Y212_LE", NONE, "YUYV", 4 },
  { "Y212_BE", NONE, "YUYV", 4 },
  { "Y216_LE", NONE, "YUYV" },
  { "Y216_BE", NONE, "YUYV" },
  { "Y412_LE", NONE, "UYVx", 4 },
  { "Y412_BE", NONE, "UYVx", 4 },
  { "Y416_LE", NONE, "UYVx" },
  { "Y416_BE", NONE, "UYVx" },
  { "v216", NONE },
  /* words of three samples; results do not lie as they do */
  { "v210", NONE, "UYVY", .three_in_word = TRUE },
  { "Y410", NONE, "UYV", .three_in_word = TRUE },
  { "NV12_10LE32", NONE, "Y,UV", .three_in_word = TRUE },
  { "NV16_10LE32", NONE, "Y,UV", .three_in_word = TRUE },
  { "r210", "RGB", "BGR", .three_in_word = TRUE, .big_endian = TRUE },
  { "BGR10A2_LE", "RGB", "BGR", .three_in_word = TRUE },
  { "RGB10A2_LE", "RGB", "RGB", .three_in_word = TRUE },
  { "BGR10x2_LE", "RGB", "BGR", .three_in_word = TRUE },
  { "RGB10x2_LE", "RGB", "RGB", .three_in_word = TRUE },
  { "GRAY10_LE32", "GRAY8", "Y", .three_in_word = TRUE },
  { "AYUV64", "AYUV" },
  { "A420_10LE", "A420" },
  { "A420_10BE", "A420" },
  { "A420_12LE", "A420" },
  { "A420_12BE", "A420" },
  { "A420_16LE", "A420" },
  { "A420_16BE", "A420" },
  { "A422_10LE", "A422" },
  { "A422_10BE", "A422" },
  { "A422_12LE", "A422" },
  { "A422_12BE", "A422" },
  { "A422_16LE", "A422" },
  { "A422_16BE", "A422" },
  { "A444_10LE", "A444" },
  { "A444_10BE", "A444" },
  { "A444_12LE", "A444" },
  { "A444_12BE", "A444" },
  { "A444_16LE", "A444" },
  { "A444_16BE", "A444" },
};

/* What is known of a name: its row, and what this GStreamer says of it if we can read it; either may be NULL. */
typedef struct {
  const GstPixelFormat *row;
  const GstVideoFormatInfo *info;
} Known;

/* Whether we can read a raw format. Without samples of 8 bits or whole words it must be one that GStreamer unpacks; floating
 * point is not. */
static gboolean
is_readable (const GstVideoFormatInfo *info, const GstPixelFormat *row)
{
  const gboolean has_channels = GST_VIDEO_FORMAT_INFO_IS_GRAY (info)
      || GST_VIDEO_FORMAT_INFO_IS_YUV (info) || GST_VIDEO_FORMAT_INFO_IS_RGB (info);

  if (!has_channels || strstr (info->name, "_F16") || strstr (info->name, "_F32"))
    return FALSE;
  return row || info->unpack_func;
}

/* All names, made once: negotiating asks about every format several times. */
static GHashTable *
make_known (void)
{
  GHashTable *all = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_raw;
  const GstVideoFormat *raw = gst_video_formats_raw (&n_raw);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    Known *known = g_new0 (Known, 1);

    known->row = &formats[i];
    g_hash_table_insert (all, (gpointer) formats[i].name, known);
  }
  for (guint i = 0; i < n_raw; i++) {
    const GstVideoFormatInfo *info = gst_video_format_get_info (raw[i]);
    Known *known = g_hash_table_lookup (all, info->name);

    if (!known) {
      known = g_new0 (Known, 1);
      g_hash_table_insert (all, (gpointer) info->name, known);
    }
    if (is_readable (info, known->row))
      known->info = info;
  }
  return all;
}

static Known
find_known (const gchar *name)
{
  static gsize all;

  if (g_once_init_enter (&all))
    g_once_init_leave (&all, (gsize) make_known ());
  const Known *known = name ? g_hash_table_lookup ((GHashTable *) all, name) : NULL;

  return known ? *known : (Known){ NULL };
}

const GstPixelFormat *
gst_pixel_formats_row (const gchar *name)
{
  return find_known (name).row;
}

/* A format that this GStreamer knows and we can read, or NULL. */
static const GstVideoFormatInfo *
find_format (const gchar *name)
{
  return find_known (name).info;
}

static const gchar *
own_channels (const GstVideoFormatInfo *info)
{
  return GST_VIDEO_FORMAT_INFO_IS_GRAY (info) ? "Y"
      : GST_VIDEO_FORMAT_INFO_IS_YUV (info)   ? "YUV"
                                              : "RGB";
}

/* Pairs of pixels in one plane. */
static gboolean
is_paired (const GstVideoFormatInfo *info)
{
  return GST_VIDEO_FORMAT_INFO_IS_YUV (info) && GST_VIDEO_FORMAT_INFO_W_SUB (info, 1) > 0
      && GST_VIDEO_FORMAT_INFO_PLANE (info, 0) == GST_VIDEO_FORMAT_INFO_PLANE (info, 1);
}

/* Whether frames can be read as what is asked for. */
static gboolean
can_be_read (const GstVideoFormatInfo *info, const GstPixelColour *colour)
{
  return !(colour->channels == GST_PIXEL_CHANNELS_RGB && GST_VIDEO_FORMAT_INFO_IS_GRAY (info))
      && !(colour->channels == GST_PIXEL_CHANNELS_GRAY && GST_VIDEO_FORMAT_INFO_IS_RGB (info));
}

/* Where they cannot, they stay what they are until somebody can say so (gstpixelvideo.c). */
static const gchar *
converted_channels (const GstVideoFormatInfo *info, const GstPixelColour *colour)
{
  const gchar *own = own_channels (info);

  if (!colour || colour->channels == GST_PIXEL_CHANNELS_NATIVE || !g_str_equal (own, "YUV"))
    return own;
  if (colour->channels == GST_PIXEL_CHANNELS_AUTO)
    return colour->known ? colour->known : "RGB";
  return colour->channels == GST_PIXEL_CHANNELS_RGB ? "RGB" : "Y";
}

gboolean
gst_pixel_formats_can_be_read (const gchar *format, const GstPixelColour *colour)
{
  return can_be_read (find_format (format), colour);
}

const gchar *
gst_pixel_formats_channels (const gchar *format, const GstPixelColour *colour)
{
  const GstVideoFormatInfo *info = find_format (format);

  return info ? converted_channels (info, colour) : NULL;
}

/* Whether they are others than those of the format. */
static gboolean
is_converted (const GstVideoFormatInfo *info, const GstPixelColour *colour)
{
  return g_strcmp0 (own_channels (info), converted_channels (info, colour)) != 0;
}

gboolean
gst_pixel_formats_is_whole (const gchar *format, const GstPixelColour *colour)
{
  const GstVideoFormatInfo *info = find_format (format);

  return info
      && (is_converted (info, colour)
          || (GST_VIDEO_FORMAT_INFO_W_SUB (info, 1) == 0
              && GST_VIDEO_FORMAT_INFO_H_SUB (info, 1) == 0));
}

const gchar *
gst_pixel_formats_twin (const gchar *format, const GstPixelColour *colour)
{
  const GstVideoFormatInfo *info = find_format (format);
  const GstPixelFormat *row = gst_pixel_formats_row (format);

  if (!info || !row || is_paired (info) || is_converted (info, colour))
    return NULL;
  if (!row->twin)
    return format;
  return find_format (row->twin) ? row->twin : NULL;
}

const gchar *
gst_pixel_formats_plain (const gchar *format, const GstPixelColour *colour)
{
  const GstVideoFormatInfo *info = find_format (format);
  const gchar *channels = info ? converted_channels (info, colour) : NULL;

  if (!channels)
    return NULL;
  if (!is_converted (info, colour)) /* as GStreamer unpacks it (gstpixelvideo.c) */
    return !gst_pixel_formats_row (format) && g_str_equal (channels, "RGB") ? "xRGB" : NULL;
  return g_str_equal (channels, "RGB") ? "RGB" : "GRAY8";
}

const gchar *const *
gst_pixel_formats_names (void)
{
  static gsize names;

  if (g_once_init_enter (&names)) {
    GPtrArray *all = g_ptr_array_new ();
    guint n_raw;
    const GstVideoFormat *raw = gst_video_formats_raw (&n_raw);

    for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
      if (find_format (formats[i].name))
        g_ptr_array_add (all, (gpointer) formats[i].name);
    for (guint i = 0; i < n_raw; i++) {
      const gchar *name = gst_video_format_to_string (raw[i]);

      if (!gst_pixel_formats_row (name) && find_format (name))
        g_ptr_array_add (all, (gpointer) name);
    }
    g_ptr_array_add (all, NULL);
    g_once_init_leave (&names, (gsize) g_ptr_array_free (all, FALSE));
  }
  return (const gchar *const *) names;
}

/* What is asked of a format, under a choice of what frames are read as. */
typedef struct {
  const GstPixelColour *colour;
  const gchar *channels;
  guint n_channels;
  const PixelnormGeometry *geometry;
} Wish;

/* Caps of the formats that @chosen says yes to. */
static GstCaps *
make_caps (gboolean (*chosen) (const gchar *format, const Wish *wish), const Wish *wish)
{
  const gchar *const *names = gst_pixel_formats_names ();
  g_auto (GValue) list = G_VALUE_INIT, name = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_LIST);
  g_value_init (&name, G_TYPE_STRING);
  for (guint i = 0; names[i]; i++) {
    if (!chosen (names[i], wish))
      continue;
    g_value_set_static_string (&name, names[i]);
    gst_value_list_append_value (&list, &name);
  }
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "width", GST_TYPE_INT_RANGE, 1, G_MAXINT,
      "height", GST_TYPE_INT_RANGE, 1, G_MAXINT, NULL);
  gst_caps_set_value (caps, "format", &list);
  return caps;
}

static gboolean
is_any (const gchar *format, const Wish *wish)
{
  return TRUE;
}

static gboolean
can_be_written (const gchar *format, const Wish *wish)
{
  const GstPixelFormat *row = gst_pixel_formats_row (format);

  return gst_pixel_formats_twin (format, NULL) != NULL && !row->three_in_word;
}

static gboolean
has_whole_channels (const gchar *format, const Wish *wish)
{
  const gchar *channels = gst_pixel_formats_channels (format, wish->colour);

  return channels && (!wish->channels || g_str_equal (channels, wish->channels))
      && gst_pixel_formats_is_whole (format, wish->colour);
}

/* Whether frames of a format can be of a geometry. */
static gboolean
has_geometry (const gchar *format, const Wish *wish)
{
  const PixelnormGeometry *geometry = wish->geometry;
  const GstVideoFormatInfo *info = find_format (format);

  return g_strcmp0 (converted_channels (info, wish->colour), geometry->channels) == 0
      && MAX (GST_VIDEO_FORMAT_INFO_DEPTH (info, 0), 8) == geometry->depth
      && (geometry->width == 0 || is_converted (info, wish->colour)
          || (GST_VIDEO_FORMAT_INFO_W_SUB (info, 1) == geometry->log2_chroma_w
              && GST_VIDEO_FORMAT_INFO_H_SUB (info, 1) == geometry->log2_chroma_h));
}

static gboolean
is_8_bit (const gchar *format, const Wish *wish)
{
  return g_strcmp0 (gst_pixel_formats_twin (format, NULL), format) == 0;
}

/* RGB and grey, for sources that make whatever is asked for, then the Y'CbCr of cameras and decoders, whose U and V are smaller
 * than Y: a converter passes it on. (Sources name 4:4:4 before RGB.) */
static gboolean
is_usual (const gchar *format, const Wish *wish)
{
  const GstVideoFormatInfo *info = find_format (format);

  return GST_VIDEO_FORMAT_INFO_IS_YUV (info)
      ? is_converted (info, wish->colour) && GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) == 8
          && GST_VIDEO_FORMAT_INFO_W_SUB (info, 1) > 0
      : is_8_bit (format, NULL) && can_be_read (info, wish->colour);
}

GstCaps *
gst_pixel_formats_caps (void)
{
  return make_caps (is_any, NULL);
}

GstCaps *
gst_pixel_formats_written_caps (void)
{
  return make_caps (can_be_written, NULL);
}

GstCaps *
gst_pixel_formats_geometry_caps (const PixelnormGeometry *geometry, const GstPixelColour *colour)
{
  GstCaps *caps = make_caps (has_geometry, &(Wish){ .colour = colour, .geometry = geometry });

  if (geometry->width != 0)
    gst_caps_set_simple (caps, "width", G_TYPE_INT, (gint) geometry->width, "height", G_TYPE_INT,
        (gint) geometry->height, NULL);
  return caps;
}

GstCaps *
gst_pixel_formats_whole_caps (const gchar *channels, const GstPixelColour *colour)
{
  return make_caps (has_whole_channels, &(Wish){ .colour = colour, .channels = channels });
}

GstCaps *
gst_pixel_formats_8_bit_caps (void)
{
  return make_caps (is_8_bit, NULL);
}

GstCaps *
gst_pixel_formats_usual_caps (const GstPixelColour *colour)
{
  return make_caps (is_usual, &(Wish){ .colour = colour });
}

static gboolean
has_n_channels (const gchar *format, const Wish *wish)
{
  const gchar *channels = gst_pixel_formats_channels (format, wish->colour);

  return channels && strlen (channels) == wish->n_channels;
}

GstCaps *
gst_pixel_formats_narrow (
    GstCaps *caps, guint width, guint height, guint n_channels, const GstPixelColour *colour)
{
  const Wish wish = { .colour = colour, .n_channels = n_channels };
  g_autoptr (GstCaps) sized = width ? gst_pixel_formats_whole_caps (NULL, colour) : NULL;
  g_autoptr (GstCaps) counted = n_channels ? make_caps (has_n_channels, &wish) : NULL;
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
