/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tensor caps. NNStreamer compares dimensions as text and takes lists of strings badly, so each
 * spelling is a structure of its own with plain strings, never simplified. Dimensions go innermost
 * first: a tensor of height x width x channels is channels:width:height:1.
 */
#include "gstpixelcaps.h"

#include <gst/video/video.h>

#include "gstpixelformats.h"

/* TENSOR TABLE: the spellings, best first. */
typedef struct {
  const gchar *fixed;      /* the caps without dimensions and framerate */
  const gchar *dimensions; /* the name of the field */
  gboolean four;           /* with the batch dimension */
} Spelling;

static const Spelling spellings[] = {
  { "other/tensors,format=(string)static,num_tensors=(int)1,types=(string)float32", "dimensions",
      TRUE },
  { "other/tensors,format=(string)static,num_tensors=(int)1,types=(string)float32", "dimensions",
      FALSE },
  { "other/tensor,type=(string)float32", "dimension", TRUE },
  { "other/tensor,type=(string)float32", "dimension", FALSE },
};

static const gchar *const channel_sets[] = { "RGB", "Y" };

static gboolean
is_video (const GstStructure *structure)
{
  return gst_structure_has_name (structure, "video/x-raw");
}

gboolean
gst_pixel_caps_are_video (const GstCaps *caps)
{
  return is_video (gst_caps_get_structure (caps, 0));
}

static GstStructure *
new_tensor (const Spelling *spelling)
{
  return gst_structure_from_string (spelling->fixed, NULL);
}

GstCaps *
gst_pixel_caps_output_template (void)
{
  GstCaps *caps = gst_caps_new_empty ();

  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++) {
    GstStructure *tensor = new_tensor (&spellings[i]);

    if (spellings[i].four) /* the other spelling differs in the dimensions only */
      gst_caps_append_structure (caps, tensor);
    else
      gst_structure_free (tensor);
  }
  gst_caps_append (caps, gst_pixel_formats_caps (NULL));
  return caps;
}

static gboolean
value_has_channels (const GValue *format, const gchar *channels)
{
  if (!format)
    return TRUE;
  if (G_VALUE_HOLDS_STRING (format))
    return g_strcmp0 (gst_pixel_formats_channels (g_value_get_string (format)), channels) == 0;
  for (guint i = 0; GST_VALUE_HOLDS_LIST (format) && i < gst_value_list_get_size (format); i++)
    if (value_has_channels (gst_value_list_get_value (format, i), channels))
      return TRUE;
  return FALSE;
}

/* Appends the tensors that video of these channels becomes. */
static void
append_tensor (
    GstCaps *caps, const Spelling *spelling, const GstStructure *video, const gchar *channels)
{
  const GValue *framerate = gst_structure_get_value (video, "framerate");
  GstStructure *tensor = new_tensor (spelling);
  gint width, height;

  if (framerate)
    gst_structure_set_value (tensor, "framerate", framerate);
  if (gst_structure_get_int (video, "width", &width)
      && gst_structure_get_int (video, "height", &height)) {
    g_autofree gchar *dimensions = g_strdup_printf (
        "%d:%d:%d%s", (gint) strlen (channels), width, height, spelling->four ? ":1" : "");

    gst_structure_set (tensor, spelling->dimensions, G_TYPE_STRING, dimensions, NULL);
  }
  gst_caps_append_structure (caps, tensor);
}

GstCaps *
gst_pixel_caps_from_video (const GstCaps *caps)
{
  GstCaps *result = gst_caps_new_empty ();
  const guint n = gst_caps_get_size (caps);

  for (guint s = 0; s < G_N_ELEMENTS (spellings); s++)
    for (guint i = 0; i < n; i++) {
      const GstStructure *video = gst_caps_get_structure (caps, i);

      for (guint c = 0; c < G_N_ELEMENTS (channel_sets); c++)
        if (value_has_channels (gst_structure_get_value (video, "format"), channel_sets[c]))
          append_tensor (result, &spellings[s], video, channel_sets[c]);
    }
  for (guint i = 0; i < n; i++)
    gst_caps_append_structure (result, gst_structure_copy (gst_caps_get_structure (caps, i)));
  return result;
}

/* "3:640:480:1" or shorter -> sizes, missing ones 1. */
static gboolean
parse_dimensions (const gchar *text, gint sizes[4])
{
  g_auto (GStrv) parts = g_strsplit (text, ":", -1);
  const guint n = g_strv_length (parts);

  for (guint i = 0; i < 4; i++)
    sizes[i] = 1;
  if (n == 0)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    guint64 size;

    if (!g_ascii_string_to_unsigned (parts[i], 10, 1, G_MAXINT, &size, NULL)
        || (i >= 3 && size != 1))
      return FALSE;
    if (i < 3)
      sizes[i] = (gint) size;
  }
  return TRUE;
}

static void
append_video (GstCaps *caps, const GstStructure *tensor)
{
  const gchar *text = gst_structure_get_string (tensor, "dimensions");
  const GValue *framerate = gst_structure_get_value (tensor, "framerate");
  const gchar *channels = NULL;
  gint sizes[4] = { 0 };

  if (!text)
    text = gst_structure_get_string (tensor, "dimension");
  if (text) {
    if (!parse_dimensions (text, sizes))
      return;
    for (guint c = 0; c < G_N_ELEMENTS (channel_sets); c++)
      if ((gint) strlen (channel_sets[c]) == sizes[0])
        channels = channel_sets[c];
    if (!channels)
      return;
  }
  GstCaps *video = gst_pixel_formats_caps (channels);
  if (text)
    gst_caps_set_simple (
        video, "width", G_TYPE_INT, sizes[1], "height", G_TYPE_INT, sizes[2], NULL);
  if (framerate)
    gst_caps_set_value (video, "framerate", framerate);
  gst_caps_append (caps, video);
}

GstCaps *
gst_pixel_caps_to_video (const GstCaps *caps)
{
  GstCaps *result = gst_caps_new_empty ();

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    const GstStructure *structure = gst_caps_get_structure (caps, i);

    if (is_video (structure))
      gst_caps_append_structure (result, gst_structure_copy (structure));
    else
      append_video (result, structure);
  }
  return result;
}

/* The lower the better. */
static guint
rank (const GstStructure *structure)
{
  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++) {
    const gchar *text = gst_structure_get_string (structure, spellings[i].dimensions);
    guint n_colons = 0;

    for (const gchar *c = text; c && *c; c++)
      n_colons += *c == ':';
    if (text && (n_colons >= 3) == spellings[i].four)
      return i;
  }
  return G_N_ELEMENTS (spellings) + (is_video (structure) ? 0 : 1);
}

GstCaps *
gst_pixel_caps_choose (GstCaps *caps)
{
  guint best = 0;

  if (gst_caps_get_size (caps) == 0)
    return caps;
  for (guint i = 1; i < gst_caps_get_size (caps); i++)
    if (rank (gst_caps_get_structure (caps, i)) < rank (gst_caps_get_structure (caps, best)))
      best = i;
  GstCaps *chosen = gst_caps_copy_nth (caps, best);
  gst_caps_unref (caps);
  return gst_caps_fixate (chosen);
}
