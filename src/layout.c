/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the samples of a frame lie. A layout is spelled as the bytes of a pixel in memory order,
 * planes apart by commas: "RGB", "BGRx", "G,B,R,A", "Y". A and x are stepped over: they are not
 * channels.
 */
#include <pixelnorm/layout.h>

#include <string.h>

/* Which sets of channels there are, in canonical order. */
static const char *const channel_sets[] = { "RGB", "YUV", "Y" };

GQuark
pixelnorm_error_quark (void)
{
  return g_quark_from_static_string ("pixelnorm-error-quark");
}

G_DEFINE_BOXED_TYPE (
    PixelnormLayout, pixelnorm_layout, pixelnorm_layout_copy, pixelnorm_layout_free)

static const char *
range_name (PixelnormRange range)
{
  return range == PIXELNORM_RANGE_FULL ? "full" : "limited";
}

/**
 * pixelnorm_geometry_check:
 * @expected: one side; a width of 0 fits every size
 * @found: the other side
 * @expected_name: what to call @expected in the error, as "the profile"
 * @found_name: what to call @found, as "the stream"
 * @error: return location for a #GError, or %NULL
 *
 * Compares what must agree before statistics of one can be used for the other: size, channels,
 * depth and range. The matrix is not compared: a difference there is small and left to the caller.
 *
 * Returns: %TRUE where they agree; else %FALSE with a %PIXELNORM_ERROR_MISMATCH that names both
 * sides
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
 * Describes 8-bit frames of full range. See pixelnorm_layout_set_colorimetry() for other ranges.
 *
 * Returns: %TRUE, or %FALSE with %PIXELNORM_ERROR_SETTINGS
 */
gboolean
pixelnorm_layout_init (
    PixelnormLayout *layout, const gchar *order, guint width, guint height, GError **error)
{
  PixelnormLayout result = { .geometry = { width, height, find_channel_set (order), 8 } };
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
        "or x for "
        "bytes to step over, and commas between planes, as in \"BGRx\" or \"G,B,R\".",
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
 */
void
pixelnorm_layout_set_colorimetry (
    PixelnormLayout *layout, PixelnormRange range, const gchar *matrix)
{
  layout->geometry.range = range;
  layout->geometry.matrix = layout->geometry.channels[0] == 'Y' ? g_intern_string (matrix) : NULL;
}

/**
 * pixelnorm_layout_get_row_bytes:
 * @layout: a layout
 * @plane: a plane of it
 *
 * Returns: bytes of one row of the plane, without padding
 */
gsize
pixelnorm_layout_get_row_bytes (const PixelnormLayout *layout, guint plane)
{
  return (gsize) layout->geometry.width * layout->pixel_strides[plane];
}

/**
 * pixelnorm_layout_get_frame_bytes:
 * @layout: a layout
 *
 * Returns: bytes of a packed frame: its planes one after the other, rows without padding
 */
gsize
pixelnorm_layout_get_frame_bytes (const PixelnormLayout *layout)
{
  gsize bytes = 0;

  for (guint i = 0; i < layout->n_planes; i++)
    bytes += pixelnorm_layout_get_row_bytes (layout, i) * layout->geometry.height;
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
    at += (gsize) frame->strides[i] * layout->geometry.height;
  }
  return TRUE;
}
