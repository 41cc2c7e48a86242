/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the samples of a frame lie. A layout is spelled as the bytes of a pixel in memory order,
 * planes apart by commas: "RGB", "BGRx", "G,B,R,A", "Y". A and x are stepped over: they are not
 * channels.
 */
#include <pixelnorm/layout.h>

#include <string.h>

/* Which sets of channels there are, in canonical order. */
static const char *const channel_sets[] = { "RGB", "YUV", "Y" };

G_DEFINE_BOXED_TYPE (
    PixelnormLayout, pixelnorm_layout, pixelnorm_layout_copy, pixelnorm_layout_free)

static const char *
range_name (PixelnormRange range)
{
  return range == PIXELNORM_RANGE_FULL ? "full" : "limited";
}

static gboolean
is_chroma (char name)
{
  return name == 'U' || name == 'V';
}

/* How many samples of 2^@shift pixels each cover @pixels. */
static guint
covering (guint pixels, guint shift)
{
  return (guint) (((guint64) pixels + (1u << shift) - 1) >> shift);
}

/**
 * pixelnorm_geometry_get_channel_width: (skip)
 * @geometry: what a frame consists of
 * @channel: a channel, counted in canonical order
 *
 * Returns: how many samples of the channel a row has
 *
 * Since: 0.1
 */
guint
pixelnorm_geometry_get_channel_width (const PixelnormGeometry *geometry, guint channel)
{
  return is_chroma (geometry->channels[channel])
      ? covering (geometry->width, geometry->log2_chroma_w)
      : geometry->width;
}

/**
 * pixelnorm_geometry_get_channel_height: (skip)
 * @geometry: what a frame consists of
 * @channel: a channel, counted in canonical order
 *
 * Returns: how many rows of samples the channel has
 *
 * Since: 0.1
 */
guint
pixelnorm_geometry_get_channel_height (const PixelnormGeometry *geometry, guint channel)
{
  return is_chroma (geometry->channels[channel])
      ? covering (geometry->height, geometry->log2_chroma_h)
      : geometry->height;
}

static gboolean
same_subsampling (const PixelnormGeometry *a, const PixelnormGeometry *b)
{
  return a->log2_chroma_w == b->log2_chroma_w && a->log2_chroma_h == b->log2_chroma_h;
}

/**
 * pixelnorm_geometry_check:
 * @expected: one side; a width of 0 fits every size
 * @found: the other side
 * @expected_name: what to call @expected in the error, as "the profile"
 * @found_name: what to call @found, as "the stream"
 * @error: return location for a #GError, or %NULL
 *
 * Compares what must agree before statistics of one can be used for the other: size and
 * subsampling (where both sides have a size), channels, depth and range. The matrix is not compared: a difference there is small and left to the caller.
 *
 * Returns: %TRUE where they agree; else %FALSE with a %PIXELNORM_ERROR_MISMATCH that names both
 * sides
 *
 * Since: 0.1
 */
gboolean
pixelnorm_geometry_check (const PixelnormGeometry *expected, const PixelnormGeometry *found,
    const gchar *expected_name, const gchar *found_name, GError **error)
{
  const char *what = NULL, *remedy = NULL;

  if (g_strcmp0 (expected->channels, found->channels) != 0) {
    what = "set of channels";
    remedy = "convert the format first (videoconvert), or use a profile of such video";
  } else if (expected->depth != found->depth) {
    what = "depth";
    remedy = "convert the format first (videoconvert), or use a profile of such video";
  } else if (expected->width != 0 && found->width != 0
      && (expected->width != found->width || expected->height != found->height)) {
    what = "size";
    remedy = "scale to that size first (videoscale), or use statistics of scope channel";
  } else if (expected->width != 0 && found->width != 0 && !same_subsampling (expected, found)) {
    what = "subsampling of U and V";
    remedy = "convert the format first (videoconvert), or use statistics of scope channel";
  } else if (expected->range != found->range) {
    what = "range";
    remedy = "convert the range first (videoconvert with colorimetry in the caps)";
  }
  if (!what)
    return TRUE;

  g_autofree char *size = expected->width == 0
      ? g_strdup ("any size")
      : g_strdup_printf ("%ux%u", expected->width, expected->height);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Another %s: %s is %s, channels %s, %u bits, %s range; %s is %ux%u, channels %s, %u bits, %s "
      "range. To use both together, %s.",
      what, expected_name, size, expected->channels, expected->depth, range_name (expected->range),
      found_name, found->width, found->height, found->channels, found->depth,
      range_name (found->range), remedy);
  return FALSE;
}

/* The place of @name among the channels of @set, or -1. */
static gint
channel_index (const char *set, char name)
{
  const char *at = strchr (set, name);

  return at && name ? (gint) (at - set) : -1;
}

static const char *
find_channel_set (const char *order)
{
  for (guint i = 0; i < G_N_ELEMENTS (channel_sets); i++) {
    const char *set = channel_sets[i];
    gsize n_found = 0;
    gboolean strange = FALSE;

    for (const char *c = order; *c; c++) {
      if (channel_index (set, *c) >= 0)
        n_found++;
      else if (!strchr ("Ax,", *c))
        strange = TRUE;
    }
    if (!strange && n_found == strlen (set))
      return g_intern_static_string (set);
  }
  return NULL;
}

/**
 * pixelnorm_layout_init: (skip)
 * @layout: (out caller-allocates): a layout to fill in
 * @order: the bytes of a pixel in memory order, planes apart by commas: "RGB", "BGRx", "G,B,R,A"
 * @width: pixels in a row
 * @height: rows
 * @error: return location for a #GError, or %NULL
 *
 * Describes 8-bit frames of full range. See pixelnorm_layout_set_colorimetry(),
 * pixelnorm_layout_set_depth() and pixelnorm_layout_set_subsampling() for others.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS
 *
 * Since: 0.1
 */
gboolean
pixelnorm_layout_init (
    PixelnormLayout *layout, const gchar *order, guint width, guint height, GError **error)
{
  PixelnormLayout result = { .geometry = { width, height, find_channel_set (order), 8 },
    .sample_bytes = 1 };
  guint plane = 0;

  if (width == 0 || height == 0 || width > PIXELNORM_MAX_SIDE || height > PIXELNORM_MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "A frame has 1 to %u pixels a side, not %ux%u.", PIXELNORM_MAX_SIDE, width, height);
    return FALSE;
  }
  result.n_channels = result.geometry.channels ? strlen (result.geometry.channels) : 0;
  for (const char *c = order; result.n_channels && *c && plane < PIXELNORM_MAX_PLANES; c++) {
    if (*c == ',') {
      plane++;
      continue;
    }
    const gint i = channel_index (result.geometry.channels, *c);
    if (i >= 0)
      result.channels[i] = (PixelnormChannel){ *c, plane, result.pixel_strides[plane] };
    result.pixel_strides[plane]++;
  }
  result.n_planes = plane + 1;
  for (guint i = 0; i < result.n_channels; i++)
    if (!result.channels[i].name) /* one stands twice, so another is missing */
      result.n_channels = 0;
  for (guint i = 0; i < MIN (result.n_planes, PIXELNORM_MAX_PLANES); i++)
    if (result.pixel_strides[i] == 0 || result.pixel_strides[i] > 4)
      result.n_channels = 0;
  if (result.n_channels == 0 || plane >= PIXELNORM_MAX_PLANES) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "\"%s\" is no order of samples: expected the letters R, G, B or Y, U, V or Y once each, A "
        "or x for samples to step over, and commas between planes, as in \"BGRx\" or \"G,B,R\".",
        order);
    return FALSE;
  }
  *layout = result;
  return TRUE;
}

/**
 * pixelnorm_layout_new:
 * @order: the bytes of a pixel in memory order, planes apart by commas: "RGB", "BGRx", "G,B,R,A"
 * @width: pixels in a row
 * @height: rows
 * @error: return location for a #GError, or %NULL
 *
 * Describes 8-bit frames of full range.
 *
 * Returns: (transfer full): a layout; %NULL with %PIXELNORM_ERROR_SETTINGS where @order or the size
 * is none
 *
 * Since: 0.1
 */
PixelnormLayout *
pixelnorm_layout_new (const gchar *order, guint width, guint height, GError **error)
{
  PixelnormLayout layout;

  g_return_val_if_fail (order != NULL, NULL);
  if (!pixelnorm_layout_init (&layout, order, width, height, error))
    return NULL;
  return pixelnorm_layout_copy (&layout);
}

/**
 * pixelnorm_layout_copy:
 * @layout: a layout
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
PixelnormLayout *
pixelnorm_layout_copy (const PixelnormLayout *layout)
{
  PixelnormLayout *copy = g_new (PixelnormLayout, 1);

  *copy = *layout;
  return copy;
}

/**
 * pixelnorm_layout_free:
 * @layout: (transfer full) (nullable): a layout
 *
 * Since: 0.1
 */
void
pixelnorm_layout_free (PixelnormLayout *layout)
{
  g_free (layout);
}

/**
 * pixelnorm_layout_set_colorimetry:
 * @layout: a layout
 * @range: which code values stand for black and white
 * @matrix: (nullable): the matrix of Y or YUV channels, as "bt709"; %NULL where it is not known.
 * RGB has none: there it is ignored
 *
 * Since: 0.1
 */
void
pixelnorm_layout_set_colorimetry (
    PixelnormLayout *layout, PixelnormRange range, const gchar *matrix)
{
  layout->geometry.range = range;
  layout->geometry.matrix = layout->geometry.channels[0] == 'Y' ? g_intern_string (matrix) : NULL;
}

/**
 * pixelnorm_layout_set_depth:
 * @layout: a layout
 * @depth: bits of a sample, 8 to 16; above 8 each is stored in a 16-bit word
 * @shift: the lowest bits of the word that do not belong to the sample: 0, or 16 - @depth where
 *   samples are stored high, as in P010
 * @big_endian: whether the high byte of a word comes first
 * @error: return location for a #GError, or %NULL
 *
 * Describes deeper samples in the same order.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS
 *
 * Since: 0.1
 */
gboolean
pixelnorm_layout_set_depth (
    PixelnormLayout *layout, guint depth, guint shift, gboolean big_endian, GError **error)
{
  const guint bytes = depth > 8 ? 2 : 1;

  if (depth < 8 || depth + shift > 8 * bytes) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Expected samples of 8 bits, or of 9 to 16 bits in a 16-bit word, found %u bits shifted by "
        "%u.",
        depth, shift);
    return FALSE;
  }
  for (guint p = 0; p < layout->n_planes; p++)
    layout->pixel_strides[p] = layout->pixel_strides[p] / layout->sample_bytes * bytes;
  for (guint c = 0; c < layout->n_channels; c++)
    layout->channels[c].offset = layout->channels[c].offset / layout->sample_bytes * bytes;
  layout->geometry.depth = depth;
  layout->sample_bytes = bytes;
  layout->sample_shift = shift;
  layout->big_endian = big_endian;
  return TRUE;
}

/**
 * pixelnorm_layout_set_subsampling:
 * @layout: a layout of the channels Y, U and V, with Y in a plane of its own
 * @log2_chroma_w: 2^this columns share a sample of U and V, 0 to 2
 * @log2_chroma_h: 2^this rows share one, 0 to 2
 * @error: return location for a #GError, or %NULL
 *
 * Describes 4:2:0 (1, 1), 4:2:2 (1, 0) and the like.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS
 *
 * Since: 0.1
 */
gboolean
pixelnorm_layout_set_subsampling (
    PixelnormLayout *layout, guint log2_chroma_w, guint log2_chroma_h, GError **error)
{
  const gboolean whole = log2_chroma_w == 0 && log2_chroma_h == 0;

  if (log2_chroma_w > 2 || log2_chroma_h > 2 || (log2_chroma_w < log2_chroma_h && log2_chroma_w)
      || (log2_chroma_w == 2 && log2_chroma_h == 1) || (log2_chroma_w == 0 && log2_chroma_h == 2)
      || (!whole
          && (layout->n_channels != 3 || layout->channels[1].name != 'U'
              || layout->channels[0].plane == layout->channels[1].plane
              || layout->channels[0].plane == layout->channels[2].plane))) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "Subsampling is for U and V in planes apart from Y, by 1, 2 or 4 columns and rows; found "
        "channels %s, by %u columns and %u rows.",
        layout->geometry.channels, 1u << MIN (log2_chroma_w, 31), 1u << MIN (log2_chroma_h, 31));
    return FALSE;
  }
  layout->geometry.log2_chroma_w = log2_chroma_w;
  layout->geometry.log2_chroma_h = log2_chroma_h;
  return TRUE;
}

/* A channel that lies in @plane, or 0 for one without (alpha), which has all pixels as Y has. */
static guint
channel_in_plane (const PixelnormLayout *layout, guint plane)
{
  for (guint c = 0; c < layout->n_channels; c++)
    if (layout->channels[c].plane == plane)
      return c;
  return 0;
}

/**
 * pixelnorm_layout_get_row_bytes:
 * @layout: a layout
 * @plane: a plane of it
 *
 * Returns: bytes of one row of the plane, without padding
 *
 * Since: 0.1
 */
gsize
pixelnorm_layout_get_row_bytes (const PixelnormLayout *layout, guint plane)
{
  const guint channel = channel_in_plane (layout, plane);

  return (gsize) pixelnorm_geometry_get_channel_width (&layout->geometry, channel)
      * layout->pixel_strides[plane];
}

/**
 * pixelnorm_layout_get_rows:
 * @layout: a layout
 * @plane: a plane of it
 *
 * Returns: how many rows the plane has
 *
 * Since: 0.1
 */
guint
pixelnorm_layout_get_rows (const PixelnormLayout *layout, guint plane)
{
  const guint channel = channel_in_plane (layout, plane);

  return pixelnorm_geometry_get_channel_height (&layout->geometry, channel);
}

/**
 * pixelnorm_layout_get_frame_bytes:
 * @layout: a layout
 *
 * Returns: bytes of a packed frame: its planes one after the other, rows without padding
 *
 * Since: 0.1
 */
gsize
pixelnorm_layout_get_frame_bytes (const PixelnormLayout *layout)
{
  gsize bytes = 0;

  for (guint i = 0; i < layout->n_planes; i++)
    bytes += pixelnorm_layout_get_row_bytes (layout, i) * pixelnorm_layout_get_rows (layout, i);
  return bytes;
}

/**
 * pixelnorm_frame_init_packed: (skip)
 * @frame: (out caller-allocates): a frame to fill in
 * @layout: what the memory holds
 * @data: planes one after the other, rows without padding; must outlive @frame
 * @size: bytes at @data
 * @error: return location for a #GError, or %NULL
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_MISMATCH where @size is not that of a frame
 *
 * Since: 0.1
 */
gboolean
pixelnorm_frame_init_packed (PixelnormFrame *frame, const PixelnormLayout *layout,
    gconstpointer data, gsize size, GError **error)
{
  guint8 *at = (guint8 *) data;

  if (size != pixelnorm_layout_get_frame_bytes (layout)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "A packed frame of %ux%u pixels is %" G_GSIZE_FORMAT " bytes; found %" G_GSIZE_FORMAT ".",
        layout->geometry.width, layout->geometry.height, pixelnorm_layout_get_frame_bytes (layout),
        size);
    return FALSE;
  }
  *frame = (PixelnormFrame){ 0 };
  for (guint i = 0; i < layout->n_planes; i++) {
    frame->planes[i] = at;
    frame->strides[i] = (gssize) pixelnorm_layout_get_row_bytes (layout, i);
    at += (gsize) frame->strides[i] * pixelnorm_layout_get_rows (layout, i);
  }
  return TRUE;
}
