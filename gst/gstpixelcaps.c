/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tensor caps. NNStreamer compares dimensions as text and takes lists of strings badly, so each
 * spelling is a structure of its own with plain strings, never simplified. Dimensions go innermost
 * first: a tensor of height x width x channels is channels:width:height:1, one of channels x height x
 * width is width:height:channels:1. Nothing but the numbers tells one from the other.
 *
 * Video goes out in the format that came in, or in its 8-bit twin.
 */
#include "gstpixelcaps.h"

#include <string.h>

#include "gstpixelenums.h"
#include "gstpixelformats.h"

/* TYPE TABLE: best first. */
static const struct {
  const gchar *name;
  PixelnormOutput output;
} types[] = {
  { "float32", PIXELNORM_OUTPUT_FLOAT32 },
  { "float16", PIXELNORM_OUTPUT_FLOAT16 },
  { "uint8", PIXELNORM_OUTPUT_UINT8 },
  { "int8", PIXELNORM_OUTPUT_INT8 },
};

/* SPELLING TABLE: best first. */
typedef struct {
  const gchar *fixed;             /* the caps without type, dimensions and framerate */
  const gchar *type, *dimensions; /* the names of the fields */
} Spelling;

static const Spelling spellings[] = {
  { "other/tensors,format=(string)static,num_tensors=(int)1", "types", "dimensions" },
  { "other/tensor", "type", "dimension" },
};

static const gchar *const channel_sets[] = { "RGB", "YUV", "Y" };
static const gsize channel_counts[] = { 3, 1 };

static gboolean
is_video (const GstStructure *structure)
{
  return gst_structure_has_name (structure, "video/x-raw");
}

static GstStructure *
new_tensor (const Spelling *spelling, guint type)
{
  GstStructure *tensor = gst_structure_from_string (spelling->fixed, NULL);

  gst_structure_set (tensor, spelling->type, G_TYPE_STRING, types[type].name, NULL);
  return tensor;
}

GstCaps *
gst_pixel_caps_output_template (void)
{
  GstCaps *caps = gst_caps_new_empty ();

  for (guint s = 0; s < G_N_ELEMENTS (spellings); s++)
    for (guint t = 0; t < G_N_ELEMENTS (types); t++)
      gst_caps_append_structure (caps, new_tensor (&spellings[s], t));
  gst_caps_append (caps, gst_pixel_formats_8_bit_caps ());
  return caps;
}

/* How many channels a tensor of such video may have: is one of @format of that many, all of one
 * size? */
static gboolean
value_has_channels (const GValue *format, gsize n_channels)
{
  if (!format)
    return TRUE;
  if (G_VALUE_HOLDS_STRING (format)) {
    const gchar *name = g_value_get_string (format);
    const gchar *channels = gst_pixel_formats_channels (name);

    return channels && strlen (channels) == n_channels && gst_pixel_formats_is_whole (name);
  }
  for (guint i = 0; GST_VALUE_HOLDS_LIST (format) && i < gst_value_list_get_size (format); i++)
    if (value_has_channels (gst_value_list_get_value (format, i), n_channels))
      return TRUE;
  return FALSE;
}

static gchar *
print_dimensions (
    gint width, gint height, gsize n_channels, PixelnormTensorLayout layout, gboolean four)
{
  const gchar *last = four ? ":1" : "";

  return layout == PIXELNORM_TENSOR_LAYOUT_NHWC
      ? g_strdup_printf ("%d:%d:%d%s", (gint) n_channels, width, height, last)
      : g_strdup_printf ("%d:%d:%d%s", width, height, (gint) n_channels, last);
}

/* Appends the tensors that video with so many channels becomes. */
static void
append_tensors (GstCaps *caps, const Spelling *spelling, guint type, const GstStructure *video,
    gsize n_channels, guint layouts)
{
  const GValue *framerate = gst_structure_get_value (video, "framerate");
  g_autoptr (GstStructure) tensor = new_tensor (spelling, type);
  gint width, height;

  if (framerate)
    gst_structure_set_value (tensor, "framerate", framerate);
  if (!gst_structure_get_int (video, "width", &width)
      || !gst_structure_get_int (video, "height", &height)) {
    gst_caps_append_structure (caps, g_steal_pointer (&tensor));
    return;
  }
  for (guint layout = 0; layout <= PIXELNORM_TENSOR_LAYOUT_NCHW; layout++)
    for (gint four = 1; four >= 0 && layouts & (1u << layout); four--) {
      g_autofree gchar *dimensions = print_dimensions (width, height, n_channels, layout, four);

      gst_structure_set (tensor, spelling->dimensions, G_TYPE_STRING, dimensions, NULL);
      gst_caps_append_structure (caps, gst_structure_copy (tensor));
    }
}

/* A format, or a list of formats, with each replaced by its twins. */
static void
map_formats (const GValue *formats, GValue *mapped, gboolean to_8_bits)
{
  g_auto (GValue) all = G_VALUE_INIT;
  g_autoptr (GstCaps) ours = gst_pixel_formats_caps (NULL);
  const GValue *known = gst_structure_get_value (gst_caps_get_structure (ours, 0), "format");

  g_value_init (mapped, GST_TYPE_LIST);
  for (guint i = 0; i < gst_value_list_get_size (known); i++) {
    const GValue *name = gst_value_list_get_value (known, i);
    g_auto (GValue) twin = G_VALUE_INIT;

    g_value_init (&twin, G_TYPE_STRING);
    g_value_set_string (&twin, gst_pixel_formats_twin (g_value_get_string (name)));
    const GValue *from = to_8_bits ? name : &twin, *to = to_8_bits ? &twin : name;
    if (!formats || gst_value_intersect (NULL, formats, from))
      if (gst_value_list_get_size (mapped) == 0 || !gst_value_intersect (NULL, mapped, to))
        gst_value_list_append_value (mapped, to);
  }
}

static void
append_twins (GstCaps *caps, const GstStructure *video, gboolean to_8_bits)
{
  GstStructure *twin = gst_structure_copy (video);
  g_auto (GValue) formats = G_VALUE_INIT;

  map_formats (gst_structure_get_value (video, "format"), &formats, to_8_bits);
  if (gst_value_list_get_size (&formats) == 0) {
    gst_structure_free (twin);
    return;
  }
  if (gst_value_list_get_size (&formats) == 1)
    gst_structure_set_value (twin, "format", gst_value_list_get_value (&formats, 0));
  else
    gst_structure_set_value (twin, "format", &formats);
  gst_caps_append_structure (caps, twin);
}

GstCaps *
gst_pixel_caps_from_video (const GstCaps *caps, guint layouts)
{
  GstCaps *result = gst_caps_new_empty ();
  const guint n = gst_caps_get_size (caps);

  for (guint s = 0; s < G_N_ELEMENTS (spellings); s++)
    for (guint t = 0; t < G_N_ELEMENTS (types); t++)
      for (guint i = 0; i < n; i++) {
        const GstStructure *video = gst_caps_get_structure (caps, i);

        for (guint c = 0; c < G_N_ELEMENTS (channel_counts); c++)
          if (value_has_channels (gst_structure_get_value (video, "format"), channel_counts[c]))
            append_tensors (result, &spellings[s], t, video, channel_counts[c], layouts);
      }
  for (guint i = 0; i < n; i++)
    append_twins (result, gst_caps_get_structure (caps, i), TRUE);
  return result;
}

/* "3:640:480:1" or shorter -> sizes, missing ones 1. */
static gboolean
parse_dimensions (const gchar *text, gint sizes[3])
{
  g_auto (GStrv) parts = g_strsplit (text, ":", -1);
  const guint n = g_strv_length (parts);

  for (guint i = 0; i < 3; i++)
    sizes[i] = 1;
  for (guint i = 0; i < n; i++) {
    guint64 size;

    if (!g_ascii_string_to_unsigned (parts[i], 10, 1, G_MAXINT, &size, NULL)
        || (i >= 3 && size != 1))
      return FALSE;
    if (i < 3)
      sizes[i] = (gint) size;
  }
  return n > 0;
}

static void
append_video_of (
    GstCaps *caps, const gchar *channels, gint width, gint height, const GValue *framerate)
{
  GstCaps *video = gst_pixel_formats_whole_caps (channels);

  if (width > 0)
    gst_caps_set_simple (video, "width", G_TYPE_INT, width, "height", G_TYPE_INT, height, NULL);
  if (framerate)
    gst_caps_set_value (video, "framerate", framerate);
  gst_caps_append (caps, video);
}

static const gchar *
get_dimensions (const GstStructure *tensor)
{
  const gchar *text = NULL;

  for (guint s = 0; s < G_N_ELEMENTS (spellings) && !text; s++)
    text = gst_structure_get_string (tensor, spellings[s].dimensions);
  return text;
}

static void
append_video (GstCaps *caps, const GstStructure *tensor, guint layouts)
{
  const gchar *text = get_dimensions (tensor);
  const GValue *framerate = gst_structure_get_value (tensor, "framerate");
  gint sizes[3];

  if (!text) {
    append_video_of (caps, NULL, 0, 0, framerate);
    return;
  }
  if (!parse_dimensions (text, sizes))
    return;
  for (guint c = 0; c < G_N_ELEMENTS (channel_sets); c++) {
    const gint n_channels = (gint) strlen (channel_sets[c]);

    if (layouts & GST_PIXEL_CAPS_NHWC && sizes[0] == n_channels)
      append_video_of (caps, channel_sets[c], sizes[1], sizes[2], framerate);
    if (layouts & GST_PIXEL_CAPS_NCHW && sizes[2] == n_channels)
      append_video_of (caps, channel_sets[c], sizes[0], sizes[1], framerate);
  }
}

GstCaps *
gst_pixel_caps_to_video (const GstCaps *caps, guint layouts)
{
  GstCaps *result = gst_caps_new_empty ();

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    const GstStructure *structure = gst_caps_get_structure (caps, i);

    if (is_video (structure))
      append_twins (result, structure, FALSE);
    else
      append_video (result, structure, layouts);
  }
  return result;
}

GstCaps *
gst_pixel_caps_choose (GstCaps *caps, const GstCaps *input, guint layouts)
{
  g_autoptr (GstCaps) ours = gst_pixel_caps_from_video (input, layouts);

  for (guint i = 0; i < gst_caps_get_size (ours); i++) {
    g_autoptr (GstCaps) one = gst_caps_copy_nth (ours, i);
    GstCaps *both = gst_caps_intersect (one, caps);

    if (!gst_caps_is_empty (both)) {
      gst_caps_unref (caps);
      return gst_caps_fixate (both);
    }
    gst_caps_unref (both);
  }
  return gst_caps_fixate (caps);
}

gchar *
gst_pixel_caps_explain_wanted (const GstCaps *wanted, guint layouts)
{
  g_autoptr (GstCaps) all = gst_pixel_caps_output_template ();
  g_autoptr (GstCaps) ours = gst_caps_intersect (all, (GstCaps *) wanted);
  g_autoptr (GstCaps) video = gst_pixel_caps_to_video (ours, layouts);
  g_autoptr (GstCaps) any = gst_pixel_caps_to_video (ours, GST_PIXEL_LAYOUT_AUTO);
  g_autofree gchar *asked = NULL;

  if (gst_caps_is_empty (wanted) || !gst_caps_is_empty (video))
    return NULL;
  if (gst_caps_is_empty (ours)) {
    asked = gst_caps_to_string (wanted);
    return g_strdup_printf (
        "Downstream asks for %s, which is not made here. Ask for tensors with "
        "format=static, num_tensors=1 and types float32, float16, uint8 or int8, or "
        "for 8-bit video, and convert behind this element.",
        asked);
  }
  const gchar *dimensions = get_dimensions (gst_caps_get_structure (ours, 0));
  if (gst_caps_is_empty (any))
    return g_strdup_printf (
        "Downstream asks for tensors of dimensions %s, which no video becomes. Ask for "
        "channels:width:height:1 (NHWC) or width:height:channels:1 (NCHW), with 3 or "
        "1 channels.",
        dimensions);
  const gboolean nhwc = layouts == GST_PIXEL_CAPS_NHWC;
  return g_strdup_printf (
      "Downstream asks for tensors of dimensions %s, which are of the layout %s, and "
      "the property layout is %s. Set layout=auto or layout=%s.",
      dimensions, nhwc ? "nchw" : "nhwc", nhwc ? "nhwc" : "nchw", nhwc ? "nchw" : "nhwc");
}

gchar *
gst_pixel_caps_explain (const GstCaps *input, const GstCaps *wanted, guint layouts)
{
  g_autoptr (GstCaps) ours = gst_pixel_caps_from_video (input, layouts);
  gchar *words = gst_pixel_caps_explain_wanted (wanted, layouts);

  if (words || gst_caps_can_intersect (ours, wanted))
    return words;
  const GstStructure *best = gst_caps_is_empty (ours) ? NULL : gst_caps_get_structure (ours, 0);
  const gchar *dimensions = best ? get_dimensions (best) : NULL;
  g_autofree gchar *asked = gst_caps_to_string (wanted);
  gint rate = 0, per = 1;

  if (best)
    gst_structure_get_fraction (best, "framerate", &rate, &per);
  return g_strdup_printf (
      "Downstream asks for %s, and this video becomes %s%s, framerate %d/%d. Scale, "
      "convert or pace the video before (videoscale, videoconvert, videorate), or ask "
      "for what it becomes.",
      asked, dimensions ? "tensors of dimensions " : "only 8-bit video of its own format",
      dimensions ? dimensions : "", rate, per);
}

void
gst_pixel_caps_parse (const GstCaps *caps, const PixelnormLayout *layout, guint layouts,
    PixelnormOutput *output, PixelnormTensorLayout *tensor_layout)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  const PixelnormGeometry *geometry = &layout->geometry;
  const gchar *text = get_dimensions (structure), *type = NULL;
  gint sizes[3] = { 0 };

  *output = PIXELNORM_OUTPUT_VIDEO;
  *tensor_layout = PIXELNORM_TENSOR_LAYOUT_NHWC;
  if (is_video (structure))
    return;
  for (guint s = 0; s < G_N_ELEMENTS (spellings) && !type; s++)
    type = gst_structure_get_string (structure, spellings[s].type);
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    if (g_strcmp0 (types[t].name, type) == 0)
      *output = types[t].output;
  if (!text || !parse_dimensions (text, sizes) || !(layouts & GST_PIXEL_CAPS_NHWC)
      || sizes[0] != (gint) layout->n_channels || sizes[1] != (gint) geometry->width
      || sizes[2] != (gint) geometry->height)
    *tensor_layout = PIXELNORM_TENSOR_LAYOUT_NCHW;
}
