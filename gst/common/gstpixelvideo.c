/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From caps to layouts. GstVideoInfo hides what is wrong with a colorimetry: of Y'CbCr with the matrix of RGB it makes
 * bt601, as of a number that it does not know, and where nothing is said it guesses by the height. So the field of the
 * caps is read, too, where frames are converted.
 */
#include "gstpixelvideo.h"

#include <string.h>

#include "gstpixelformats.h"

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

static gboolean
check_size (const GstVideoInfo *info, GError **error)
{
  if ((guint) GST_VIDEO_INFO_WIDTH (info) <= PIXELNORM_MAX_SIDE
      && (guint) GST_VIDEO_INFO_HEIGHT (info) <= PIXELNORM_MAX_SIDE)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Expected at most %u pixels a side, found %dx%d. Crop or scale the video first.",
      PIXELNORM_MAX_SIDE, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
  return FALSE;
}

/* Puts a component's letter into the group of samples that its plane is made of; twice, where a group has two of it. */
static void
spell_component (const GstVideoInfo *info, guint c, gchar letter, gsize group_size, gchar *group)
{
  const guint bytes = GST_VIDEO_INFO_COMP_DEPTH (info, 0) > 8 ? 2 : 1;
  const gsize stride = (gsize) GST_VIDEO_INFO_COMP_PSTRIDE (info, c) / bytes;
  /* GStreamer counts samples instead of bytes for V of P010 and its like */
  const gsize offset = GST_VIDEO_INFO_COMP_POFFSET (info, c);

  for (gsize at = offset % bytes ? offset : offset / bytes; at < group_size; at += stride)
    group[at] = letter;
}

/* The order of the samples as the library spells it, alpha as something to step over. Transfer full. */
static gchar *
spell (const GstVideoInfo *info, const gchar *channels)
{
  const guint bytes = GST_VIDEO_INFO_COMP_DEPTH (info, 0) > 8 ? 2 : 1,
              n_channels = strlen (channels);
  gchar groups[GST_VIDEO_MAX_PLANES + 1][2 * GST_VIDEO_MAX_COMPONENTS + 1] = { "" };
  gchar *planes[GST_VIDEO_MAX_PLANES + 1] = { NULL };
  gsize sizes[GST_VIDEO_MAX_PLANES] = { 0 };

  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (info); c++) {
    gsize *size = &sizes[GST_VIDEO_INFO_COMP_PLANE (info, c)];

    *size = MAX (*size, (gsize) GST_VIDEO_INFO_COMP_PSTRIDE (info, c) / bytes);
  }
  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES (info); p++)
    planes[p] = memset (groups[p], 'x', sizes[p]);
  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (info); c++) { /* alpha comes last */
    const guint p = GST_VIDEO_INFO_COMP_PLANE (info, c);

    spell_component (info, c, c < n_channels ? channels[c] : 'x', sizes[p], groups[p]);
  }
  return g_strjoinv (",", planes);
}

/* Unpacked, every pixel has its own U and V: those that are shared are found in the first of the pixels, rows and columns
 * that share them. */
static gchar *
spell_unpacked (const GstVideoInfo *info, const gchar *channels)
{
  const guint log2_w = GST_VIDEO_FORMAT_INFO_W_SUB (info->finfo, 1);
  const guint log2_h = GST_VIDEO_FORMAT_INFO_H_SUB (info->finfo, 1);
  g_autofree gchar *others = NULL;

  if (g_str_equal (channels, "Y"))
    return g_strdup ("xYxx");
  if (g_str_equal (channels, "RGB"))
    return g_strdup ("xRGB");
  if (log2_w == 0 && log2_h == 0)
    return g_strdup ("xYUV");
  others = g_strnfill (4 * ((1u << log2_w) - 1), 'x');
  return g_strconcat ("xYxx,xxUV", others, NULL);
}

/* How samples lie in their words: those that were unpacked are native, and in the high bits. */
static gboolean
set_depth (GstPixelVideo *self, PixelnormLayout *layout, GError **error)
{
  const GstPixelFormat *row = gst_pixel_formats_row (GST_VIDEO_INFO_NAME (&self->info));
  const guint depth = MAX (GST_VIDEO_INFO_COMP_DEPTH (&self->info, 0), 8);
  const guint shift = self->is_unpacked ? (depth > 8 ? 16 - depth : 0)
      : row->order                      ? row->shift
                                        : (guint) GST_VIDEO_FORMAT_INFO_SHIFT (self->info.finfo, 0);

  if (row && row->three_in_word) {
    pixelnorm_layout_set_three_in_word (layout, row->big_endian);
    return TRUE;
  }
  /* the flag for little-endian stands on formats of bytes too, and not on native ones */
  return pixelnorm_layout_set_depth (
      layout, depth, shift, row && g_str_has_suffix (row->name, "BE"), error);
}

static PixelnormLayout *
make_layout (GstPixelVideo *self, const gchar *channels, GError **error)
{
  const GstVideoInfo *info = &self->info;
  const GstPixelFormat *row = gst_pixel_formats_row (GST_VIDEO_INFO_NAME (info));

  self->is_unpacked = row == NULL;
  g_autofree gchar *order = !row ? spell_unpacked (info, channels)
      : row->order               ? g_strdup (row->order)
                                 : spell (info, channels);
  g_autoptr (PixelnormLayout) layout = pixelnorm_layout_new (
      order, (guint) GST_VIDEO_INFO_WIDTH (info), (guint) GST_VIDEO_INFO_HEIGHT (info), error);
  const gboolean paired = layout && pixelnorm_layout_get_geometry (layout)->log2_chroma_w > 0;

  if (!layout || !set_depth (self, layout, error)
      || (strlen (channels) == 3 && !paired
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

/* What to convert to; NULL: nothing. */
static const gchar *
choose_channels (const GstPixelVideo *self, const gchar *own, const GstPixelColour *colour)
{
  const gchar *channels = gst_pixel_formats_channels (GST_VIDEO_INFO_NAME (&self->info), colour);

  if (g_str_equal (own, "Y"))
    return self->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235 && colour
            && colour->channels == GST_PIXEL_CHANNELS_GRAY
        ? channels
        : NULL;
  return g_str_equal (own, channels) ? NULL : channels;
}

static void
assume (GstPixelVideo *self, const gchar *what, const gchar *range, gchar *sentence)
{
  g_autofree gchar *assumption =
      g_strjoin (" ", self->assumption ? self->assumption : "", what, range, NULL);
  gchar *all = self->assumed ? g_strjoin (" ", self->assumed, sentence, NULL) : g_strdup (sentence);

  g_free (self->assumed);
  self->assumed = all;
  self->assumption = g_intern_string (assumption);
  g_free (sentence);
}

static const gchar *
range_name (const GstVideoInfo *info)
{
  return info->colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235 ? "limited" : "full";
}

static gboolean
refuse (const GstPixelVideo *self, const gchar *said, const gchar *expected, GError **error)
{
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Expected a colorimetry %s for %s video, found \"%s\". Put the right one into the caps (capssetter), as bt709, or "
      "1:4:0:0, which is that of JPEG; or set channels=native.",
      expected, GST_VIDEO_INFO_NAME (&self->info), said);
  return FALSE;
}

/* Of Y'CbCr that is converted: @said is what the caps have. */
static gboolean
check_colorimetry (GstPixelVideo *self, const gchar *said, GError **error)
{
  GstVideoInfo *info = &self->info;
  GstVideoColorimetry found = { 0 };

  if (said && !gst_video_colorimetry_from_string (&found, said))
    return refuse (self, said, "that is one", error);
  if (said && found.range == GST_VIDEO_COLOR_RANGE_UNKNOWN)
    return refuse (self, said, "that says the range", error);
  if (found.matrix == GST_VIDEO_COLOR_MATRIX_RGB || found.matrix > GST_VIDEO_COLOR_MATRIX_BT2020)
    return refuse (self, said, "with the matrix bt601, bt709, bt2020, smpte240m or fcc", error);
  if (said)
    info->colorimetry.range = found.range;
  if (found.matrix == GST_VIDEO_COLOR_MATRIX_UNKNOWN)
    assume (self, matrix_name (info), range_name (info),
        g_strdup_printf (
            "The caps do not say the %s of this %s video: %s, %s range, is assumed for %dx%d, as "
            "everywhere in GStreamer. If it is another, put colorimetry into the caps.",
            said ? "matrix" : "colorimetry", GST_VIDEO_INFO_NAME (info), matrix_name (info),
            range_name (info), info->width, info->height));
  return TRUE;
}

/* GStreamer 1.28 guesses it where the caps do not say it. */
static PixelnormChromaSite
find_site (const GstVideoInfo *info, const GstStructure *caps)
{
  const GstVideoChromaSite site = gst_structure_has_field (caps, "chroma-site")
      ? GST_VIDEO_INFO_CHROMA_SITE (info)
      : GST_VIDEO_CHROMA_SITE_UNKNOWN;
  const gboolean across = (site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0;
  const gboolean down = (site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0;

  if (site == GST_VIDEO_CHROMA_SITE_UNKNOWN)
    return PIXELNORM_CHROMA_SITE_UNKNOWN;
  if (site & GST_VIDEO_CHROMA_SITE_ALT_LINE)
    return PIXELNORM_CHROMA_SITE_DV;
  return across ? down ? PIXELNORM_CHROMA_SITE_TOP_LEFT : PIXELNORM_CHROMA_SITE_LEFT
      : down    ? PIXELNORM_CHROMA_SITE_TOP
                : PIXELNORM_CHROMA_SITE_CENTRE;
}

static gboolean
convert (GstPixelVideo *self, const GstStructure *caps, const gchar *channels,
    const GstPixelColour *colour, GError **error)
{
  const PixelnormChromaSite site = find_site (&self->info, caps);
  const gchar *usual =
      self->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235 ? "mpeg2" : "jpeg";
  PixelnormLayout *converted = pixelnorm_layout_new_converted (
      self->layout, channels, colour ? colour->chroma : PIXELNORM_CHROMA_AUTO, site, error);

  if (!converted)
    return FALSE;
  if (site == PIXELNORM_CHROMA_SITE_UNKNOWN
      && pixelnorm_layout_get_chroma (converted) == PIXELNORM_CHROMA_LINEAR)
    assume (self, usual, range_name (&self->info),
        g_strdup_printf (
            "The caps do not say the chroma-site of this %s video, which chroma=linear goes by: %s is "
            "assumed, as is usual with %s range. If it is another, put chroma-site into the caps.",
            GST_VIDEO_INFO_NAME (&self->info), usual, range_name (&self->info)));
  pixelnorm_layout_free (self->layout);
  self->layout = converted;
  return TRUE;
}

/* Whether frames can be read as what is asked for. */
static gboolean
check_channels (const GstVideoInfo *info, const GstPixelColour *colour, GError **error)
{
  const gchar *name = GST_VIDEO_INFO_NAME (info);

  if (!gst_pixel_formats_channels (name, NULL))
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected RGB, grey or Y'CbCr video, found %s. Put videoconvert before.", name);
  else if (!colour || gst_pixel_formats_can_be_read (name, colour))
    return TRUE;
  else
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected video of Y'CbCr or %s for channels=%s, found %s. Put videoconvert before, or set channels=auto.",
        colour->channels == GST_PIXEL_CHANNELS_RGB ? "RGB" : "grey",
        colour->channels == GST_PIXEL_CHANNELS_RGB ? "rgb" : "gray", name);
  return FALSE;
}

gboolean
gst_pixel_video_init (
    GstPixelVideo *self, const GstCaps *caps, const GstPixelColour *colour, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  g_auto (GstPixelVideo) fresh = { 0 };

  *self = fresh;
  if (!gst_video_info_from_caps (&fresh.info, caps)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected caps of raw video, found caps that do not describe any.");
    return FALSE;
  }
  if (!check_channels (&fresh.info, colour, error) || !check_kind (&fresh.info, error)
      || !check_size (&fresh.info, error))
    return FALSE;
  const gchar *own = gst_pixel_formats_channels (GST_VIDEO_INFO_NAME (&fresh.info), NULL);
  const gchar *channels = choose_channels (&fresh, own, colour);
  if (channels && g_str_equal (own, "YUV")
      && !check_colorimetry (&fresh, gst_structure_get_string (structure, "colorimetry"), error))
    return FALSE;
  fresh.layout = make_layout (&fresh, own, error);
  if (!fresh.layout || (channels && !convert (&fresh, structure, channels, colour, error)))
    return FALSE;
  gst_pixel_video_take (self, &fresh);
  return TRUE;
}

void
gst_pixel_video_clear (GstPixelVideo *self)
{
  g_clear_pointer (&self->layout, pixelnorm_layout_free);
  g_clear_pointer (&self->assumed, g_free);
}

void
gst_pixel_video_take (GstPixelVideo *self, GstPixelVideo *fresh)
{
  gst_pixel_video_clear (self);
  *self = *fresh;
  *fresh = (GstPixelVideo){ 0 };
}

const gchar *
gst_pixel_video_news (const GstPixelVideo *self, const gchar **said)
{
  if (!self->assumption || self->assumption == *said)
    return NULL;
  *said = self->assumption;
  return self->assumed;
}
