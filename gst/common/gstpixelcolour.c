/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstpixelcolour.h"

#include "gstpixelenum.h"

enum { CHANNELS, CHROMA };

static const GEnumValue channels[] = {
  { GST_PIXEL_CHANNELS_AUTO, "Those of the profile; without one RGB, or grey where the stream is",
      "auto" },
  { GST_PIXEL_CHANNELS_NATIVE, "Those of the stream, Y, U and V included", "native" },
  { GST_PIXEL_CHANNELS_RGB, "Red, green, blue of full range", "rgb" },
  { GST_PIXEL_CHANNELS_GRAY, "The luma of Y'CbCr, scaled to full range", "gray" },
  { 0 },
};

static const GEnumValue chromas[] = {
  { PIXELNORM_CHROMA_AUTO, "linear for stills, as JPEG has them, else nearest", "auto" },
  { PIXELNORM_CHROMA_NEAREST, "The sample that a pixel shares, as it is", "nearest" },
  { PIXELNORM_CHROMA_LINEAR, "Linear between samples, by their site", "linear" },
  { 0 },
};

static GST_PIXEL_DEFINE_ENUM (get_channels_type, "GstPixelChannels",
    channels) static GST_PIXEL_DEFINE_ENUM (get_chroma_type, "GstPixelChroma", chromas)

    void gst_pixel_colour_install (GObjectClass *klass, guint first)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, first + CHANNELS,
      g_param_spec_enum ("channels", "Channels",
          "What frames are read as. Y'CbCr from cameras and decoders is converted to RGB "
          "exactly, by the colorimetry of the caps, so no converter is needed in front",
          get_channels_type (), GST_PIXEL_CHANNELS_AUTO, flags));
  g_object_class_install_property (klass, first + CHROMA,
      g_param_spec_enum ("chroma", "Chroma",
          "How pixels that share samples of U and V, as in 4:2:0, get theirs for RGB. Training "
          "must do the same; pixelnorm.to_rgb of the Python package does",
          get_chroma_type (), PIXELNORM_CHROMA_AUTO, flags));
  gst_type_mark_as_plugin_api (get_channels_type (), 0);
  gst_type_mark_as_plugin_api (get_chroma_type (), 0);
}

gboolean
gst_pixel_colour_set (GstPixelColour *self, guint id, const GValue *value)
{
  if (id == CHANNELS)
    self->channels = g_value_get_enum (value);
  else if (id == CHROMA)
    self->chroma = g_value_get_enum (value);
  return id < GST_PIXEL_COLOUR_N_PROPERTIES;
}

gboolean
gst_pixel_colour_get (const GstPixelColour *self, guint id, GValue *value)
{
  if (id == CHANNELS)
    g_value_set_enum (value, self->channels);
  else if (id == CHROMA)
    g_value_set_enum (value, self->chroma);
  return id < GST_PIXEL_COLOUR_N_PROPERTIES;
}

void
gst_pixel_colour_describe (const PixelnormLayout *layout, GstStructure *structure)
{
  const PixelnormChroma chroma = pixelnorm_layout_get_chroma (layout);

  gst_structure_set (
      structure, "channels", G_TYPE_STRING, pixelnorm_layout_get_geometry (layout)->channels, NULL);
  if (chroma != PIXELNORM_CHROMA_AUTO)
    gst_structure_set (structure, "chroma", G_TYPE_STRING, chromas[chroma].value_nick, NULL);
}
