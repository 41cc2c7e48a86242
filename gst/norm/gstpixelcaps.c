/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tensor caps. GStreamer compares dimensions as text and NNStreamer takes lists of strings badly, so each
 * spelling is a structure of its own with plain strings, never simplified. Dimensions go innermost
 * first: a tensor of height x width x channels is channels:width:height:1, one of channels x height x
 * width is width:height:channels:1. Nothing but the numbers tells one from the other. Ones at the end
 * may be left out or added, up to 16 dimensions, and say the same. Of tensors with a header (gstpixelflexible.h) NNStreamer's
 * caps say neither type nor dimensions; ours do, which chooses them.
 *
 * A tensor of N frames has N as its last dimension, and comes N times less often.
 *
 * Video goes out in the format that came in, or in its 8-bit twin; frames that are converted go out as RGB or GRAY8.
 */
#include "gstpixelcaps.h"

#include <string.h>

#include "gstpixelenums.h"
#include "common/gstpixelformats.h"

/* SPELLING TABLE: best first. */
typedef struct {
  const gchar *fixed;             /* the caps without type, dimensions and framerate */
  const gchar *type, *dimensions; /* the names of the fields */
  gboolean on_demand;             /* told to those only that want no other */
} Spelling;

static const Spelling spellings[] = {
  { "other/tensors,format=(string)static,num_tensors=(int)1", "types", "dimensions" },
  { "other/tensor", "type", "dimension" },
  { "other/tensors,format=(string)flexible,num_tensors=(int)1", "types", "dimensions", TRUE },
};

static const gchar *const channel_sets[] = { "RGB", "YUV", "Y" };
static const gsize channel_counts[] = { 3, 1 };

static gboolean
is_video (const GstStructure *structure)
{
  return gst_structure_has_name (structure, "video/x-raw");
}

static GstStructure *
new_tensor (const Spelling *spelling, const gchar *type)
{
  GstStructure *tensor = gst_structure_from_string (spelling->fixed, NULL);

  gst_structure_set (tensor, spelling->type, G_TYPE_STRING, type, NULL);
  return tensor;
}

GstCaps *
gst_pixel_caps_output_template (void)
{
  GstCaps *caps = gst_caps_new_empty ();
  const gchar *type;

  for (guint s = 0; s < G_N_ELEMENTS (spellings); s++)
    for (guint t = 0; (type = pixelnorm_output_get_tensor_type (t, NULL)); t++)
      gst_caps_append_structure (caps, new_tensor (&spellings[s], type));
  gst_caps_append (caps, gst_pixel_formats_8_bit_caps ());
  return caps;
}

/* How many channels a tensor of such video may have: is one of @format of that many, all of one
 * size? */
static gboolean
value_has_channels (const GValue *format, gsize n_channels, const GstPixelColour *colour)
{
  if (!format)
    return TRUE;
  if (G_VALUE_HOLDS_STRING (format)) {
    const gchar *name = g_value_get_string (format);
    const gchar *channels = gst_pixel_formats_channels (name, colour);

    return channels && strlen (channels) == n_channels && gst_pixel_formats_is_whole (name, colour);
  }
  for (guint i = 0; GST_VALUE_HOLDS_LIST (format) && i < gst_value_list_get_size (format); i++)
    if (value_has_channels (gst_value_list_get_value (format, i), n_channels, colour))
      return TRUE;
  return FALSE;
}

enum { FRAMES = 3 };

/* Sizes, innermost first, as NNStreamer has them in a tensor of that layout. */
static void
fill_sizes (gint sizes[GST_PIXEL_CAPS_SIZES], gint width, gint height, gsize n_channels,
    PixelnormTensorLayout layout, guint n_frames)
{
  const gboolean nhwc = layout == PIXELNORM_TENSOR_LAYOUT_NHWC;

  sizes[0] = nhwc ? (gint) n_channels : width;
  sizes[1] = nhwc ? width : height;
  sizes[2] = nhwc ? height : (gint) n_channels;
  sizes[FRAMES] = (gint) n_frames;
}

/* The fewest dimensions that say the same: those behind them are 1. */
static guint
smallest_rank (const gint sizes[GST_PIXEL_CAPS_SIZES])
{
  guint rank = GST_PIXEL_CAPS_SIZES;

  while (rank > 1 && sizes[rank - 1] == 1)
    rank--;
  return rank;
}

static gchar *
print_dimensions (const gint sizes[GST_PIXEL_CAPS_SIZES], guint rank)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < rank; i++)
    g_string_append_printf (text, "%s%d", i ? ":" : "", i < GST_PIXEL_CAPS_SIZES ? sizes[i] : 1);
  return g_string_free (text, FALSE);
}

/* @rate * @by / @over. What passes the ends of what a fraction can be stays there: the largest means any
 * rate, 0 a changing one. */
static void
scale_fraction (GValue *to, const GValue *rate, gint by, gint over)
{
  const gint numerator = gst_value_get_fraction_numerator (rate);
  const gint denominator = gst_value_get_fraction_denominator (rate);
  gint n, d;

  g_value_init (to, GST_TYPE_FRACTION);
  if (numerator == G_MAXINT && denominator == 1)
    gst_value_set_fraction (to, G_MAXINT, 1);
  else if (gst_util_fraction_multiply (numerator, denominator, by, over, &n, &d))
    gst_value_set_fraction (to, n, d);
  else
    gst_value_set_fraction (to, by > over ? G_MAXINT : 0, 1);
}

/* The same of a range or a list. */
static void
scale_rate (GValue *to, const GValue *rate, gint by, gint over)
{
  if (GST_VALUE_HOLDS_FRACTION (rate)) {
    scale_fraction (to, rate, by, over);
  } else if (GST_VALUE_HOLDS_FRACTION_RANGE (rate)) {
    g_auto (GValue) low = G_VALUE_INIT, high = G_VALUE_INIT;

    scale_fraction (&low, gst_value_get_fraction_range_min (rate), by, over);
    scale_fraction (&high, gst_value_get_fraction_range_max (rate), by, over);
    g_value_init (to, GST_TYPE_FRACTION_RANGE);
    gst_value_set_fraction_range (to, &low, &high);
  } else {
    g_value_init (to, GST_TYPE_LIST);
    for (guint i = 0; GST_VALUE_HOLDS_LIST (rate) && i < gst_value_list_get_size (rate); i++) {
      GValue one = G_VALUE_INIT;

      scale_rate (&one, gst_value_list_get_value (rate, i), by, over);
      gst_value_list_append_and_take_value (to, &one);
    }
  }
}

/* Sets a frame rate, if there is one. */
static void
set_rate (GstStructure *structure, const GValue *rate, guint by, guint over)
{
  GValue scaled = G_VALUE_INIT;

  if (!rate)
    return;
  scale_rate (&scaled, rate, (gint) by, (gint) over);
  gst_structure_take_value (structure, "framerate", &scaled);
}

static void
append_rank (GstCaps *caps, const Spelling *spelling, const GstStructure *tensor,
    const gint sizes[GST_PIXEL_CAPS_SIZES], guint rank)
{
  GstStructure *one = gst_structure_copy (tensor);
  g_autofree gchar *dimensions = print_dimensions (sizes, rank);

  gst_structure_set (one, spelling->dimensions, G_TYPE_STRING, dimensions, NULL);
  gst_caps_append_structure (caps, one);
}

/* Appends the tensors that video with so many channels becomes. */
static void
append_tensors (GstCaps *caps, const Spelling *spelling, const gchar *type,
    const GstStructure *video, gsize n_channels, const GstPixelCapsChoice *choice)
{
  g_autoptr (GstStructure) tensor = new_tensor (spelling, type);
  gint width, height;

  set_rate (tensor, gst_structure_get_value (video, "framerate"), 1, choice->batch_size);
  if (!gst_structure_get_int (video, "width", &width)
      || !gst_structure_get_int (video, "height", &height)) {
    gst_caps_append_structure (caps, g_steal_pointer (&tensor));
    return;
  }
  for (guint layout = 0; layout <= PIXELNORM_TENSOR_LAYOUT_NCHW; layout++) {
    gint sizes[GST_PIXEL_CAPS_SIZES];

    if (!(choice->tensor_layouts & (1u << layout)))
      continue;
    fill_sizes (sizes, width, height, n_channels, layout, choice->batch_size);
    for (gint rank = GST_PIXEL_CAPS_SIZES; rank >= (gint) smallest_rank (sizes); rank--)
      append_rank (caps, spelling, tensor, sizes, (guint) rank);
    for (guint rank = GST_PIXEL_CAPS_SIZES + 1; rank <= choice->largest_rank; rank++)
      append_rank (caps, spelling, tensor, sizes, rank);
  }
}

/* The format of 8 bits that a format becomes. */
typedef const gchar *(*Becomes) (const gchar *format, const GstPixelColour *colour);

/* A format, or a list of formats, with each replaced by what it becomes, or by those that become it. */
static void
map_formats (const GValue *formats, GValue *mapped, gboolean forward, Becomes becomes,
    const GstPixelColour *colour)
{
  const gchar *const *names = gst_pixel_formats_names ();

  g_value_init (mapped, GST_TYPE_LIST);
  for (guint i = 0; names[i]; i++) {
    const gchar *result = becomes (names[i], colour);
    g_auto (GValue) from = G_VALUE_INIT, to = G_VALUE_INIT;

    if (!result)
      continue;
    g_value_init (&from, G_TYPE_STRING);
    g_value_init (&to, G_TYPE_STRING);
    g_value_set_static_string (&from, forward ? names[i] : result);
    g_value_set_static_string (&to, forward ? result : names[i]);
    if (!formats || gst_value_intersect (NULL, formats, &from))
      if (gst_value_list_get_size (mapped) == 0 || !gst_value_intersect (NULL, mapped, &to))
        gst_value_list_append_value (mapped, &to);
  }
}

static void
append_mapped (GstCaps *caps, const GstStructure *video, gboolean forward, Becomes becomes,
    const GstPixelColour *colour)
{
  GstStructure *other = gst_structure_copy (video);
  g_auto (GValue) formats = G_VALUE_INIT;

  map_formats (gst_structure_get_value (video, "format"), &formats, forward, becomes, colour);
  if (gst_value_list_get_size (&formats) == 0) {
    gst_structure_free (other);
    return;
  }
  if (gst_value_list_get_size (&formats) == 1)
    gst_structure_set_value (other, "format", gst_value_list_get_value (&formats, 0));
  else
    gst_structure_set_value (other, "format", &formats);
  if (becomes == gst_pixel_formats_plain) /* they are of one side only */
    gst_structure_remove_fields (other, "colorimetry", "chroma-site", NULL);
  gst_caps_append_structure (caps, other);
}

/* What video becomes video, forward, and from what. */
static void
append_other_video (
    GstCaps *caps, const GstStructure *video, gboolean forward, const GstPixelColour *colour)
{
  append_mapped (caps, video, forward, gst_pixel_formats_twin, colour);
  append_mapped (caps, video, forward, gst_pixel_formats_plain, colour);
}

GstCaps *
gst_pixel_caps_from_video (const GstCaps *caps, const GstPixelCapsChoice *choice)
{
  GstCaps *result = gst_caps_new_empty ();
  const guint n = gst_caps_get_size (caps);
  const gchar *type;

  for (guint s = 0; s < G_N_ELEMENTS (spellings); s++)
    for (guint t = 0; (type = pixelnorm_output_get_tensor_type (t, NULL)); t++)
      for (guint i = 0; i < n && (choice->wants_flexible || !spellings[s].on_demand); i++) {
        const GstStructure *video = gst_caps_get_structure (caps, i);

        for (guint c = 0; c < G_N_ELEMENTS (channel_counts); c++)
          if (value_has_channels (
                  gst_structure_get_value (video, "format"), channel_counts[c], &choice->colour))
            append_tensors (result, &spellings[s], type, video, channel_counts[c], choice);
      }
  for (guint i = 0; i < n; i++)
    append_other_video (result, gst_caps_get_structure (caps, i), TRUE, &choice->colour);
  return result;
}

gboolean
gst_pixel_caps_parse_dimensions (const gchar *text, gint sizes[GST_PIXEL_CAPS_SIZES])
{
  g_auto (GStrv) parts = g_strsplit (text, ":", -1);
  const guint n = g_strv_length (parts);

  for (guint i = 0; i < GST_PIXEL_CAPS_SIZES; i++)
    sizes[i] = 1;
  for (guint i = 0; i < MIN (n, GST_PIXEL_CAPS_LARGEST_RANK); i++) {
    guint64 size;

    if (!g_ascii_string_to_unsigned (parts[i], 10, 1, G_MAXINT, &size, NULL)
        || (i >= GST_PIXEL_CAPS_SIZES && size != 1))
      return FALSE;
    if (i < GST_PIXEL_CAPS_SIZES)
      sizes[i] = (gint) size;
  }
  return n > 0 && n <= GST_PIXEL_CAPS_LARGEST_RANK;
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
append_video_of (GstCaps *caps, const gchar *channels, gint width, gint height,
    const GstStructure *tensor, const GstPixelCapsChoice *choice)
{
  GstCaps *video = gst_pixel_formats_whole_caps (channels, &choice->colour);
  const GValue *rate = gst_structure_get_value (tensor, "framerate");

  if (width > 0)
    gst_caps_set_simple (video, "width", G_TYPE_INT, width, "height", G_TYPE_INT, height, NULL);
  for (guint i = 0; i < gst_caps_get_size (video); i++)
    set_rate (gst_caps_get_structure (video, i), rate, choice->batch_size, 1);
  gst_caps_append (caps, video);
}

/* @any_batch: also where the tensor has another number of frames. */
static void
append_video (
    GstCaps *caps, const GstStructure *tensor, const GstPixelCapsChoice *choice, gboolean any_batch)
{
  const guint tensor_layouts = choice->tensor_layouts;
  const gchar *text = get_dimensions (tensor);
  gint sizes[GST_PIXEL_CAPS_SIZES];

  if (!text) {
    append_video_of (caps, NULL, 0, 0, tensor, choice);
    return;
  }
  if (!gst_pixel_caps_parse_dimensions (text, sizes)
      || (!any_batch && sizes[FRAMES] != (gint) choice->batch_size))
    return;
  for (guint c = 0; c < G_N_ELEMENTS (channel_sets); c++) {
    const gint n_channels = (gint) strlen (channel_sets[c]);

    if (tensor_layouts & GST_PIXEL_CAPS_NHWC && sizes[0] == n_channels)
      append_video_of (caps, channel_sets[c], sizes[1], sizes[2], tensor, choice);
    if (tensor_layouts & GST_PIXEL_CAPS_NCHW && sizes[2] == n_channels)
      append_video_of (caps, channel_sets[c], sizes[0], sizes[1], tensor, choice);
  }
}

GstCaps *
gst_pixel_caps_to_video (const GstCaps *caps, const GstPixelCapsChoice *choice)
{
  GstCaps *result = gst_caps_new_empty ();

  /* the second round is for tensors of which it can be said then that batch-size is another */
  for (gint any_batch = 0; any_batch < 2 && gst_caps_is_empty (result); any_batch++)
    for (guint i = 0; i < gst_caps_get_size (caps); i++) {
      const GstStructure *structure = gst_caps_get_structure (caps, i);

      if (is_video (structure))
        append_other_video (result, structure, FALSE, &choice->colour);
      else
        append_video (result, structure, choice, any_batch);
    }
  return result;
}

guint
gst_pixel_caps_largest_rank (const GstCaps *caps)
{
  guint largest = 0;

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    const gchar *text = get_dimensions (gst_caps_get_structure (caps, i));
    guint rank = 1;

    for (; text && *text; text++)
      rank += *text == ':';
    largest = MAX (largest, rank);
  }
  return MIN (largest, GST_PIXEL_CAPS_LARGEST_RANK);
}

/* Whether the caps may be of tensors of @format; left open they may be of any. */
static gboolean
may_be (const GstStructure *structure, const gchar *format)
{
  const GValue *value = gst_structure_get_value (structure, "format");
  g_auto (GValue) wanted = G_VALUE_INIT;

  g_value_init (&wanted, G_TYPE_STRING);
  g_value_set_string (&wanted, format);
  return gst_structure_has_name (structure, "other/tensors")
      && (!value || gst_value_intersect (NULL, value, &wanted));
}

gboolean
gst_pixel_caps_want_flexible (const GstCaps *caps, const GstCaps *made)
{
  gboolean flexible = FALSE;

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    const GstStructure *structure = gst_caps_get_structure (caps, i);
    g_autoptr (GstCaps) one = gst_caps_new_full (gst_structure_copy (structure), NULL);

    if (may_be (structure, "static") && gst_caps_can_intersect (one, made))
      return FALSE;
    flexible |= may_be (structure, "flexible");
  }
  return flexible;
}

guint
gst_pixel_caps_other_batch (const GstCaps *caps, guint batch_size)
{
  guint other = 0;

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    const gchar *text = get_dimensions (gst_caps_get_structure (caps, i));
    gint sizes[GST_PIXEL_CAPS_SIZES];

    if (!text || !gst_pixel_caps_parse_dimensions (text, sizes)
        || sizes[FRAMES] == (gint) batch_size)
      return 0;
    if (!other)
      other = (guint) sizes[FRAMES];
  }
  return other;
}

GstCaps *
gst_pixel_caps_choose (GstCaps *caps, const GstCaps *input, const GstPixelCapsChoice *choice)
{
  g_autoptr (GstCaps) ours = gst_pixel_caps_from_video (input, choice);

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
gst_pixel_caps_explain_wanted (const GstCaps *wanted, const GstPixelCapsChoice *choice)
{
  GstPixelCapsChoice any_layout = *choice;
  g_autoptr (GstCaps) all = gst_pixel_caps_output_template ();
  g_autoptr (GstCaps) ours = gst_caps_intersect (all, (GstCaps *) wanted);
  g_autoptr (GstCaps) video = gst_pixel_caps_to_video (ours, choice);
  any_layout.tensor_layouts = GST_PIXEL_LAYOUT_AUTO;
  g_autoptr (GstCaps) any = gst_pixel_caps_to_video (ours, &any_layout);
  g_autofree gchar *asked = NULL;

  if (gst_caps_is_empty (wanted) || !gst_caps_is_empty (video))
    return NULL;
  if (gst_caps_is_empty (ours)) {
    asked = gst_caps_to_string (wanted);
    return g_strdup_printf (
        "Downstream asks for %s, which is not made here. Ask for tensors with "
        "format=static or flexible, num_tensors=1 and types float32, float16, uint8 or int8, or "
        "for 8-bit video, and convert behind this element.",
        asked);
  }
  const gchar *dimensions = get_dimensions (gst_caps_get_structure (ours, 0));
  if (!dimensions) {
    asked = gst_caps_to_string (wanted);
    return g_strdup_printf (
        "Downstream asks for %s, which is not made here: Y'CbCr becomes RGB, or GRAY8 with "
        "channels=gray. Put videoconvert behind this element, or set channels=native, which keeps "
        "the format.",
        asked);
  }
  if (gst_caps_is_empty (any))
    return g_strdup_printf (
        "Downstream asks for tensors of dimensions %s, which no video becomes. Ask for "
        "channels:width:height:1 (NHWC) or width:height:channels:1 (NCHW), with 3 or "
        "1 channels.",
        dimensions);
  const gboolean nhwc = choice->tensor_layouts == GST_PIXEL_CAPS_NHWC;
  return g_strdup_printf (
      "Downstream asks for tensors of dimensions %s, which are of the layout %s, and "
      "the property layout is %s. Set layout=auto or layout=%s.",
      dimensions, nhwc ? "nchw" : "nhwc", nhwc ? "nhwc" : "nchw", nhwc ? "nchw" : "nhwc");
}

/* Of video without tensors: U and V are smaller than Y, and it is not read as RGB. */
static gchar *
explain_native (const GstCaps *input, const GstCaps *wanted, gboolean has_video)
{
  const gchar *format = gst_structure_get_string (gst_caps_get_structure (input, 0), "format");
  g_autofree gchar *asked = gst_caps_to_string (wanted);

  return g_strdup_printf (
      "Downstream asks for %s, and %s video, whose U and V are smaller than Y, becomes %s as "
      "it is. Read it as RGB: set channels=rgb, and use no profile of channels YUV.",
      asked, format,
      has_video ? "8-bit video of its own format only" : "neither tensors nor video");
}

/* Whether channels=gray makes one of @wanted of the video. */
static gboolean
gray_helps (const GstCaps *input, const GstCaps *wanted, const GstPixelCapsChoice *choice)
{
  GstPixelCapsChoice gray = *choice;

  gray.colour.channels = GST_PIXEL_CHANNELS_GRAY;
  gray.colour.known = NULL;
  g_autoptr (GstCaps) made = gst_pixel_caps_from_video (input, &gray);
  return gst_caps_can_intersect (made, wanted);
}

/* 8-bit video is asked for, and others than @ours, the last of which is video. */
static gchar *
explain_video (const GstCaps *input, const GstCaps *wanted, const GstCaps *ours,
    const GstPixelCapsChoice *choice)
{
  const GstStructure *video = gst_caps_get_structure (ours, gst_caps_get_size (ours) - 1);
  g_autofree gchar *asked = gst_caps_to_string (wanted);
  gint width = 0, height = 0, rate = 0, per = 1;

  gst_structure_get_int (video, "width", &width);
  gst_structure_get_int (video, "height", &height);
  gst_structure_get_fraction (video, "framerate", &rate, &per);
  return g_strdup_printf (
      "Downstream asks for 8-bit video as %s, and this video becomes %s of %dx%d, framerate %d/%d. %s",
      asked, gst_structure_get_string (video, "format"), width, height, rate, per,
      gray_helps (input, wanted, choice)
          ? "Set channels=gray, also in the pixelstats that collects the profile."
          : "Scale, convert or pace the video before this element or behind it (videoscale, videoconvert, "
            "videorate), or ask for what it becomes.");
}

gchar *
gst_pixel_caps_explain (
    const GstCaps *input, const GstCaps *wanted, const GstPixelCapsChoice *choice)
{
  g_autoptr (GstCaps) ours = gst_pixel_caps_from_video (input, choice);
  gchar *words = gst_pixel_caps_explain_wanted (wanted, choice);

  if (words || gst_caps_can_intersect (ours, wanted))
    return words;
  const GstStructure *best = gst_caps_is_empty (ours) ? NULL : gst_caps_get_structure (ours, 0);
  const gchar *dimensions = best ? get_dimensions (best) : NULL;
  if (!dimensions)
    return explain_native (input, wanted, best != NULL);
  if (!gst_caps_is_empty (wanted) && is_video (gst_caps_get_structure (wanted, 0))
      && choice->batch_size == 1)
    return explain_video (input, wanted, ours, choice);
  g_autofree gchar *asked = gst_caps_to_string (wanted);
  gint rate = 0, per = 1;

  gst_structure_get_fraction (best, "framerate", &rate, &per);
  return g_strdup_printf (
      "Downstream asks for %s, and this video becomes tensors of dimensions %s, framerate %d/%d. Scale, "
      "convert or pace the video before (videoscale, videoconvert, videorate), or ask "
      "for what it becomes.",
      asked, dimensions, rate, per);
}

void
gst_pixel_caps_parse (const GstCaps *caps, const PixelnormLayout *layout, guint tensor_layouts,
    PixelnormOutput *output, PixelnormTensorLayout *tensor_layout)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  const PixelnormGeometry *geometry = pixelnorm_layout_get_geometry (layout);
  const gchar *text = get_dimensions (structure), *type = NULL, *name;
  gint sizes[GST_PIXEL_CAPS_SIZES] = { 0 };
  PixelnormOutput one;

  *output = PIXELNORM_OUTPUT_VIDEO;
  *tensor_layout = PIXELNORM_TENSOR_LAYOUT_NHWC;
  if (is_video (structure))
    return;
  for (guint s = 0; s < G_N_ELEMENTS (spellings) && !type; s++)
    type = gst_structure_get_string (structure, spellings[s].type);
  for (guint t = 0; (name = pixelnorm_output_get_tensor_type (t, &one)); t++)
    if (g_strcmp0 (name, type) == 0)
      *output = one;
  if (!text || !gst_pixel_caps_parse_dimensions (text, sizes)
      || !(tensor_layouts & GST_PIXEL_CAPS_NHWC)
      || sizes[0] != (gint) pixelnorm_layout_get_n_channels (layout)
      || sizes[1] != (gint) geometry->width || sizes[2] != (gint) geometry->height)
    *tensor_layout = PIXELNORM_TENSOR_LAYOUT_NCHW;
}
