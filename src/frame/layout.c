/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the samples of a frame lie. A layout is spelled as the samples of a pixel in memory order,
 * planes apart by commas: "RGB", "BGRx", "G,B,R,A", "Y". A and x are stepped over: they are not
 * channels. "YUYV" is a pair of pixels, each with its own Y.
 */
#include "layout.h"

#include "geometry.h"

#include <string.h>

/* Samples of a group, at most: four pixels of four. */
#define MAX_GROUP 16

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

/* SUBSAMPLING TABLE: as the field writes it. */
static const struct {
  const gchar *name;
  guint log2_chroma_w, log2_chroma_h;
} subsamplings[] = {
  { "4:2:2", 1, 0 },
  { "4:2:0", 1, 1 },
  { "4:4:0", 0, 1 },
  { "4:1:1", 2, 0 },
  { "4:1:0", 2, 2 },
};

const gchar *
pixelnorm_subsampling_name (const PixelnormGeometry *geometry)
{
  for (guint i = 0; i < G_N_ELEMENTS (subsamplings); i++)
    if (subsamplings[i].log2_chroma_w == geometry->log2_chroma_w
        && subsamplings[i].log2_chroma_h == geometry->log2_chroma_h)
      return subsamplings[i].name;
  return NULL;
}

gboolean
pixelnorm_subsampling_parse (const gchar *name, PixelnormGeometry *geometry)
{
  for (guint i = 0; i < G_N_ELEMENTS (subsamplings); i++)
    if (g_str_equal (subsamplings[i].name, name)) {
      geometry->log2_chroma_w = subsamplings[i].log2_chroma_w;
      geometry->log2_chroma_h = subsamplings[i].log2_chroma_h;
      return TRUE;
    }
  return FALSE;
}

/* Returns: (transfer full): as "320x240, channels YUV (4:2:0), 8 bits, limited range" */
static char *
describe_geometry (const PixelnormGeometry *geometry)
{
  const gboolean has_chroma = geometry->width != 0 && is_chroma (geometry->channels[1]);
  const PixelnormGeometry full = { 0 };
  const gchar *sampling =
      same_subsampling (geometry, &full) ? "4:4:4" : pixelnorm_subsampling_name (geometry);
  g_autofree char *size = geometry->width == 0
      ? g_strdup ("any size")
      : g_strdup_printf ("%ux%u", geometry->width, geometry->height);

  return g_strdup_printf ("%s, channels %s%s%s%s, %u bits, %s range", size, geometry->channels,
      has_chroma ? " (" : "", has_chroma ? sampling : "", has_chroma ? ")" : "", geometry->depth,
      range_name (geometry->range));
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
    remedy =
        "convert the format first (videoconvert; Y'CbCr is read as RGB or grey with channels=rgb or gray), or use a "
        "profile of such video";
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

  g_autofree char *one = describe_geometry (expected);
  g_autofree char *other = describe_geometry (found);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Another %s: %s is %s; %s is %s. To use both together, %s.", what, expected_name, one,
      found_name, other, remedy);
  return FALSE;
}

/* The place of @name among the channels of @set, or -1. */
static gint
channel_index (const char *set, char name)
{
  const char *at = strchr (set, name);

  return at && name ? (gint) (at - set) : -1;
}

/* The set of channels that @order is made of; NULL where it has other letters, or not one of each. Y may stand
 * twice beside U and V. */
static const char *
find_channel_set (const char *order)
{
  for (guint i = 0; i < G_N_ELEMENTS (channel_sets); i++) {
    const char *set = channel_sets[i];
    guint n_found[PIXELNORM_MAX_CHANNELS] = { 0 };
    gboolean fits = TRUE;

    for (const char *c = order; *c; c++) {
      const gint channel = channel_index (set, *c);

      if (channel >= 0)
        n_found[channel]++;
      else if (!strchr ("Ax,", *c))
        fits = FALSE;
    }
    for (guint c = 0; set[c]; c++)
      fits &= n_found[c] == 1 || (n_found[c] == 2 && set[c] == 'Y' && set[1]);
    if (fits)
      return g_intern_static_string (set);
  }
  return NULL;
}

/* Notes a sample of a channel, which lies behind @plane's bytes so far. Where it is the second one of a pair of
 * pixels, the two are as far apart as pixels are. */
static gboolean
place_sample (PixelnormChannel *channel, char name, guint plane, guint offset)
{
  if (!channel->name)
    *channel = (PixelnormChannel){ name, plane, offset, 0 };
  else if (channel->plane == plane)
    channel->stride = offset - channel->offset;
  return channel->plane == plane;
}

/* Reads the spelling; FALSE where it is none. */
static gboolean
place_channels (PixelnormLayout *self, const char *order)
{
  const char *set = find_channel_set (order);
  guint plane = 0;

  if (!set)
    return FALSE;
  self->geometry.channels = set;
  self->n_channels = strlen (set);
  for (const char *c = order; *c; c++) {
    if (*c == ',') {
      if (++plane == PIXELNORM_MAX_PLANES)
        return FALSE;
      continue;
    }
    const gint i = channel_index (set, *c);
    if (i >= 0 && !place_sample (&self->channels[i], *c, plane, self->planes[plane].bytes))
      return FALSE;
    self->planes[plane].bytes++;
  }
  self->n_planes = plane + 1;
  for (guint p = 0; p < self->n_planes; p++)
    if (self->planes[p].bytes == 0 || self->planes[p].bytes > MAX_GROUP)
      return FALSE;
  for (guint i = 0; i < self->n_channels; i++) {
    PixelnormChannel *channel = &self->channels[i];
    const guint group = self->planes[channel->plane].bytes;
    const gboolean is_paired = channel->stride != 0;

    if (is_paired && (self->n_planes > 1 || 2 * channel->stride != group))
      return FALSE;
    self->geometry.log2_chroma_w |= is_paired;
    self->planes[channel->plane].log2_w |= is_paired;
    if (!is_paired)
      channel->stride = group;
  }
  return TRUE;
}

/**
 * pixelnorm_layout_new:
 * @order: the samples of a pixel in memory order, planes apart by commas: "RGB", "BGRx", "G,B,R,A"; or
 *   of a pair of pixels that share U and V: "YUYV", "UYVY"
 * @width: pixels in a row
 * @height: rows
 * @error: return location for a #GError, or %NULL
 *
 * Describes 8-bit frames of full range. See pixelnorm_layout_set_colorimetry(),
 * pixelnorm_layout_set_depth() and pixelnorm_layout_set_subsampling() for others.
 *
 * Returns: (transfer full): a layout; %NULL with %PIXELNORM_ERROR_SETTINGS where @order or the size
 * is none
 *
 * Since: 0.1
 */
PixelnormLayout *
pixelnorm_layout_new (const gchar *order, guint width, guint height, GError **error)
{
  PixelnormLayout layout = { .geometry = { .width = width, .height = height, .depth = 8 },
    .sample_bytes = 1 };

  g_return_val_if_fail (order != NULL, NULL);
  if (width == 0 || height == 0 || width > PIXELNORM_MAX_SIDE || height > PIXELNORM_MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "A frame has 1 to %u pixels a side, not %ux%u.", PIXELNORM_MAX_SIDE, width, height);
    return NULL;
  }
  if (!place_channels (&layout, order)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "\"%s\" is not an order of samples: expected the letters R, G, B or Y, U, V or Y once each, A "
        "or x for samples to step over, and commas between planes, as in \"BGRx\" or \"G,B,R\"; or a "
        "pair of pixels that share U and V, as in \"YUYV\".",
        order);
    return NULL;
  }
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
    layout->planes[p].bytes = layout->planes[p].bytes / layout->sample_bytes * bytes;
  for (guint c = 0; c < layout->n_channels; c++) {
    layout->channels[c].offset = layout->channels[c].offset / layout->sample_bytes * bytes;
    layout->channels[c].stride = layout->channels[c].stride / layout->sample_bytes * bytes;
  }
  layout->geometry.depth = depth;
  layout->sample_bytes = bytes;
  layout->sample_shift = shift;
  layout->big_endian = big_endian;
  return TRUE;
}

/**
 * pixelnorm_layout_set_three_in_word:
 * @layout: a layout
 * @big_endian: whether the high byte of a word comes first
 *
 * Describes samples of 10 bits in the same order, three to a word of 32 bits, the first in its lowest bits: "UYVY" is v210
 * then, "BGR" r210 (in big-endian words). Rows begin with a word.
 *
 * Since: 0.2
 */
void
pixelnorm_layout_set_three_in_word (PixelnormLayout *layout, gboolean big_endian)
{
  pixelnorm_layout_set_depth (layout, 10, 0, big_endian, NULL);
  layout->three_in_word = TRUE;
}

/**
 * pixelnorm_layout_set_subsampling:
 * @layout: a layout of the channels Y, U and V, with Y in a plane of its own
 * @log2_chroma_w: 2^this columns share a sample of U and V, 0 to 2
 * @log2_chroma_h: 2^this rows share one, 0 to 2
 * @error: return location for a #GError, or %NULL
 *
 * Describes 4:2:0 (1, 1), 4:2:2 (1, 0) and the like. "YUYV" and its like are 4:2:2 without it.
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
  for (guint c = 1; c < layout->n_channels; c++) {
    layout->planes[layout->channels[c].plane].log2_w = log2_chroma_w;
    layout->planes[layout->channels[c].plane].log2_h = log2_chroma_h;
  }
  return TRUE;
}

/**
 * pixelnorm_layout_get_geometry:
 * @layout: a layout
 *
 * Returns: (transfer none): what frames consist of; as long as @layout is there and not changed
 *
 * Since: 0.2
 */
const PixelnormGeometry *
pixelnorm_layout_get_geometry (const PixelnormLayout *layout)
{
  return &layout->geometry;
}

/**
 * pixelnorm_layout_get_n_channels:
 * @layout: a layout
 *
 * Returns: how many channels frames have
 *
 * Since: 0.2
 */
guint
pixelnorm_layout_get_n_channels (const PixelnormLayout *layout)
{
  return layout->n_channels;
}

/**
 * pixelnorm_layout_get_channel:
 * @layout: a layout
 * @channel: a channel, counted in canonical order
 * @plane: (out): the plane that it lies in
 * @offset: (out): bytes from the start of a row of that plane to the channel's first sample
 * @stride: (out): bytes from a sample to the next one in its row
 *
 * Says where a channel lies.
 *
 * Since: 0.2
 */
void
pixelnorm_layout_get_channel (
    const PixelnormLayout *layout, guint channel, guint *plane, guint *offset, guint *stride)
{
  g_return_if_fail (channel < layout->n_channels);
  *plane = layout->channels[channel].plane;
  *offset = layout->channels[channel].offset;
  *stride = layout->channels[channel].stride;
}

/**
 * pixelnorm_layout_get_sample_bytes:
 * @layout: a layout
 *
 * Returns: bytes of a sample: 1 at depth 8, else 2
 *
 * Since: 0.2
 */
guint
pixelnorm_layout_get_sample_bytes (const PixelnormLayout *layout)
{
  return layout->sample_bytes;
}

/**
 * pixelnorm_layout_get_n_planes:
 * @layout: a layout
 *
 * Returns: how many planes a frame has, those without a channel (alpha) included
 *
 * Since: 0.2
 */
guint
pixelnorm_layout_get_n_planes (const PixelnormLayout *layout)
{
  return layout->n_planes;
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
  const gsize bytes = (gsize) covering (layout->geometry.width, layout->planes[plane].log2_w)
      * layout->planes[plane].bytes;

  return layout->three_in_word ? (bytes + 5) / 6 * 4 : bytes;
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
  return covering (layout->geometry.height, layout->planes[plane].log2_h);
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

/**
 * pixelnorm_frame_move: (skip)
 * @frame: (inout): a frame
 * @layout: what it is made of
 * @x: a column of pixels
 * @y: a row of them
 *
 * Makes the pixel at @x, @y the first one of @frame.
 *
 * Returns: %TRUE; %FALSE, and nothing is changed, where that pixel begins no sample of its own of U and V, or no word of
 *   several samples
 *
 * Since: 0.2
 */
gboolean
pixelnorm_frame_move (PixelnormFrame *frame, const PixelnormLayout *layout, guint x, guint y)
{
  for (guint p = 0; p < layout->n_planes; p++) {
    const PixelnormPlane *plane = &layout->planes[p];

    if (x & ((1u << plane->log2_w) - 1) || y & ((1u << plane->log2_h) - 1)
        || (layout->three_in_word && (gsize) (x >> plane->log2_w) * plane->bytes % 6 != 0))
      return FALSE;
  }
  for (guint p = 0; p < layout->n_planes; p++) {
    const PixelnormPlane *plane = &layout->planes[p];
    const gsize bytes = (gsize) (x >> plane->log2_w) * plane->bytes;

    frame->planes[p] += (gssize) (y >> plane->log2_h) * frame->strides[p]
        + (layout->three_in_word ? bytes / 6 * 4 : bytes);
  }
  return TRUE;
}

/**
 * pixelnorm_frame_copy: (skip)
 * @to: where to write
 * @from: what to read
 * @layout: what both are made of
 *
 * Copies the rows of a frame.
 *
 * Since: 0.2
 */
void
pixelnorm_frame_copy (
    const PixelnormFrame *to, const PixelnormFrame *from, const PixelnormLayout *layout)
{
  for (guint p = 0; p < layout->n_planes; p++) {
    const gsize row_bytes = pixelnorm_layout_get_row_bytes (layout, p);
    const guint n_rows = pixelnorm_layout_get_rows (layout, p);

    if (from->strides[p] == (gssize) row_bytes && to->strides[p] == (gssize) row_bytes) {
      memcpy (to->planes[p], from->planes[p], row_bytes * n_rows);
      continue;
    }
    for (guint y = 0; y < n_rows; y++)
      memcpy (to->planes[p] + (gssize) y * to->strides[p],
          from->planes[p] + (gssize) y * from->strides[p], row_bytes);
  }
}
