/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tensor of N frames is C:W:H:N or W:H:C:N and comes N times more seldom than its frames. So tensors
 * are first brought to one frame each, and what remains is as for pixelnorm (gstpixelcaps.h).
 */
#include "gstpixeldenormcaps.h"

#include <string.h>

#include "gstpixelcaps.h"
#include "common/gstpixelformats.h"

static gboolean
is_video (const GstStructure *structure)
{
  return gst_structure_has_name (structure, "video/x-raw");
}

static const gchar *
dimensions_field (const GstStructure *tensor)
{
  return gst_structure_has_name (tensor, "other/tensor") ? "dimension" : "dimensions";
}

/* Of a tensor of N frames that of one; returns N, or 0 where the dimensions are none. */
static guint
take_batch (GstStructure *tensor)
{
  const gchar *field = dimensions_field (tensor);
  const gchar *text = gst_structure_get_string (tensor, field);
  gint sizes[GST_PIXEL_CAPS_SIZES];
  gint numerator, denominator;

  if (!text) { /* of how many frames is not known, nor how often they come */
    gst_structure_remove_field (tensor, "framerate");
    return 1;
  }
  if (!gst_pixel_caps_parse_dimensions (text, sizes))
    return 0;
  g_autofree gchar *one = g_strdup_printf ("%d:%d:%d:1", sizes[0], sizes[1], sizes[2]);
  gst_structure_set (tensor, field, G_TYPE_STRING, one, NULL);
  if (sizes[3] == 1)
    return 1;
  if (gst_structure_get_fraction (tensor, "framerate", &numerator, &denominator)
      && gst_util_fraction_multiply (numerator, denominator, sizes[3], 1, &numerator, &denominator))
    gst_structure_set (tensor, "framerate", GST_TYPE_FRACTION, numerator, denominator, NULL);
  else
    gst_structure_remove_field (tensor, "framerate");
  return (guint) sizes[3];
}

/* Of frames as they are, one to a tensor. */
static GstPixelCapsChoice
choice_of (guint tensor_layouts)
{
  return (GstPixelCapsChoice){ tensor_layouts, 1, { GST_PIXEL_CHANNELS_NATIVE } };
}

GstCaps *
gst_pixel_denorm_caps_template (void)
{
  GstCaps *open = gst_caps_from_string ("other/tensors,format=(string)flexible");
  GstCaps *caps = gst_pixel_caps_output_template ();

  for (guint i = gst_caps_get_size (caps); i-- > 0;)
    if (gst_caps_is_subset_structure (open, gst_caps_get_structure (caps, i)))
      gst_caps_remove_structure (caps, i);
  gst_caps_append (caps, open);
  return caps;
}

GstCaps *
gst_pixel_denorm_caps_to_video (const GstCaps *caps, guint tensor_layouts)
{
  const GstPixelCapsChoice choice = choice_of (tensor_layouts);
  g_autoptr (GstCaps) single = gst_caps_copy (caps);
  gboolean strange = FALSE;

  for (guint i = 0; i < gst_caps_get_size (single); i++) {
    GstStructure *structure = gst_caps_get_structure (single, i);

    if (!is_video (structure))
      strange |= take_batch (structure) == 0;
  }
  GstCaps *result = gst_pixel_caps_to_video (single, &choice);
  if (gst_caps_get_size (caps) > 0 && (strange || gst_caps_is_empty (result)))
    gst_caps_append (result, gst_pixel_formats_written_caps ());
  return result;
}

GstCaps *
gst_pixel_denorm_caps_from_video (const GstCaps *caps, guint tensor_layouts)
{
  const GstPixelCapsChoice choice = choice_of (tensor_layouts);
  GstCaps *result = gst_pixel_caps_from_video (caps, &choice);
  g_autoptr (GstCaps) template = gst_pixel_denorm_caps_template ();

  /* of any number of frames; no string says so */
  for (guint i = 0; i < gst_caps_get_size (template); i++)
    if (!is_video (gst_caps_get_structure (template, i)))
      gst_caps_append (result, gst_caps_copy_nth (template, i));
  return result;
}

static gboolean
sizes_are (const gint sizes[GST_PIXEL_CAPS_SIZES], guint first, guint second, guint third)
{
  return sizes[0] == (gint) first && sizes[1] == (gint) second && sizes[2] == (gint) third;
}

/* Returns: (transfer full): those of the layouts that are accepted, of that video; in words where nothing asks for a size, which
 * leaves 1x1 */
static gchar *
describe_accepted (const GstPixelTarget *target, guint tensor_layouts)
{
  const PixelnormGeometry *geometry = pixelnorm_layout_get_geometry (target->layout);
  const guint n = pixelnorm_layout_get_n_channels (target->layout);
  const guint width = geometry->width, height = geometry->height;
  const gboolean has_size = width > 1 || height > 1;
  g_autofree gchar *nhwc = has_size ? g_strdup_printf ("%u:%u:%u:N (NHWC)", n, width, height)
                                    : g_strdup ("CHANNELS:WIDTH:HEIGHT:N (NHWC)");
  g_autofree gchar *nchw = has_size ? g_strdup_printf ("%u:%u:%u:N (NCHW)", width, height, n)
                                    : g_strdup ("WIDTH:HEIGHT:CHANNELS:N (NCHW)");
  g_autofree gchar *video = has_size ? g_strdup_printf (", as video of %ux%u with channels %s has",
                                width, height, geometry->channels)
                                     : g_strdup ("");

  if (!(tensor_layouts & GST_PIXEL_CAPS_NCHW))
    return g_strconcat (nhwc, video, NULL);
  if (!(tensor_layouts & GST_PIXEL_CAPS_NHWC))
    return g_strconcat (nchw, video, NULL);
  return g_strconcat (nhwc, " or ", nchw, video, NULL);
}

gboolean
gst_pixel_denorm_caps_parse (const GstCaps *caps, guint tensor_layouts, GstPixelTarget *target,
    guint *n_frames, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_layout_get_geometry (target->layout);
  const guint n_channels = pixelnorm_layout_get_n_channels (target->layout);
  g_autoptr (GstCaps) single = gst_caps_copy (caps);
  GstStructure *structure = gst_caps_get_structure (single, 0);
  gint sizes[GST_PIXEL_CAPS_SIZES];

  *n_frames = is_video (structure) ? 1 : take_batch (structure);
  gst_pixel_caps_parse (
      single, target->layout, tensor_layouts, &target->output, &target->tensor_layout);
  if (is_video (structure))
    return TRUE;
  const gchar *text =
      gst_structure_get_string (gst_caps_get_structure (caps, 0), dimensions_field (structure));
  if (text && *n_frames > 0 && gst_pixel_caps_parse_dimensions (text, sizes)
      && ((tensor_layouts & GST_PIXEL_CAPS_NHWC
              && sizes_are (sizes, n_channels, geometry->width, geometry->height))
          || (tensor_layouts & GST_PIXEL_CAPS_NCHW
              && sizes_are (sizes, geometry->width, geometry->height, n_channels))))
    return TRUE;
  g_autofree gchar *accepted = describe_accepted (target, tensor_layouts);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Expected a tensor of dimensions %s, found %s. Set layout to the one that pixelnorm had, and ask for video of the "
      "tensor's size and channels behind pixeldenorm.",
      accepted, text ? text : "none");
  return FALSE;
}
