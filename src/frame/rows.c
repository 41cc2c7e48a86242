/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a frame as lists of code values. What a list consists of is decided once; getting a tile of
 * it asks no more than whether there is something to gather and to unpack.
 *
 * Words of 16 bits at odd addresses (a stride or an offset of no particular multiple) are taken byte by
 * byte, slowly: the loops expect items at their own alignment.
 */
#include "rows.h"

#include <string.h>

static void
init (PixelnormRows *self, const PixelnormLayout *layout)
{
  const gboolean words = layout->sample_bytes == 2;

  *self = (PixelnormRows){ 0 };
  self->type = words ? PIXELNORM_SAMPLE_U16 : PIXELNORM_SAMPLE_U8;
  self->swap = layout->big_endian; /* the build refuses big-endian machines */
  self->shift = layout->sample_shift;
  self->mask = (1u << layout->geometry.depth) - 1;
  self->as_they_lie = !words || (layout->geometry.depth == 16 && !layout->big_endian);
  self->gather = pixelnorm_kernels ()->gather[self->type];
  self->unpack = pixelnorm_kernels ()->unpack_u16;
  if (layout->three_in_word)
    self->unpack_words = pixelnorm_kernels ()->unpack_10;
}

static void
init_places (PixelnormPlaces *self, const PixelnormChannel *channels, const guint *order,
    guint n_channels, guint sample_bytes)
{
  self->n_channels = n_channels;
  self->contiguous = TRUE;
  for (guint c = 0; c < n_channels; c++) {
    const PixelnormChannel *channel = &channels[order[c]];

    self->channels[c] = *channel;
    self->strides[c] = channel->stride;
    self->contiguous &= channel->plane == self->channels[0].plane
        && channel->offset == c * sample_bytes && channel->stride == n_channels * sample_bytes;
  }
}

void
pixelnorm_rows_init_order (
    PixelnormRows *self, const PixelnormLayout *layout, const guint *channels, guint n_channels)
{
  static const guint in_order[] = { 0, 1 }, swapped[] = { 1, 0 };

  init (self, layout);
  self->width = pixelnorm_geometry_get_channel_width (&layout->geometry, channels[0]);
  self->height = pixelnorm_geometry_get_channel_height (&layout->geometry, channels[0]);
  self->n_channels = n_channels;
  self->n_samples = (gsize) self->width * n_channels;
  init_places (&self->places, layout->channels, channels, n_channels, layout->sample_bytes);
  if (!layout->is_converted)
    return;
  self->colour = &layout->colour;
  init_places (&self->luma, &layout->luma, in_order, 1, layout->sample_bytes);
  init_places (&self->chroma, layout->chroma, self->colour->swapped ? swapped : in_order, 2,
      layout->sample_bytes);
}

void
pixelnorm_rows_init_channels (
    PixelnormRows *self, const PixelnormLayout *layout, guint first, guint n_channels)
{
  const guint channels[] = { first, first + 1, first + 2 };

  pixelnorm_rows_init_order (self, layout, channels, n_channels);
}

void
pixelnorm_rows_init_plane (PixelnormRows *self, const PixelnormLayout *layout, guint plane)
{
  init (self, layout);
  self->n_channels = layout->planes[plane].bytes / layout->sample_bytes;
  self->height = pixelnorm_layout_get_rows (layout, plane);
  self->n_samples = pixelnorm_layout_get_row_bytes (layout, plane) / layout->sample_bytes;
  self->width = self->n_samples / self->n_channels;
  self->places.n_channels = self->n_channels;
  self->places.channels[0].plane = plane;
  self->places.contiguous = TRUE;
}

static void
gather_bytes (const PixelnormPlaces *places, const void *const *from, gint n_pixels, guint8 *to)
{
  for (gint i = 0; i < n_pixels; i++)
    for (guint c = 0; c < places->n_channels; c++, to += 2)
      memcpy (to, (const guint8 *) from[c] + (gsize) i * places->strides[c], 2);
}

static void
gather (const PixelnormRows *self, const PixelnormPlaces *places, const PixelnormFrame *frame,
    guint y, gsize pixel, gint n_pixels, void *buffer)
{
  const void *from[PIXELNORM_MAX_CHANNELS];
  guintptr odd = 0;

  for (guint c = 0; c < places->n_channels; c++) {
    const PixelnormChannel *channel = &places->channels[c];
    const guint8 *row = frame->planes[channel->plane] + (gssize) y * frame->strides[channel->plane];

    from[c] = row + pixel * places->strides[c] + channel->offset;
    odd |= (guintptr) from[c];
  }
  if (self->type == PIXELNORM_SAMPLE_U16 && (odd & 1))
    gather_bytes (places, from, n_pixels, buffer);
  else
    self->gather (buffer, from, places->strides, places->n_channels, n_pixels);
}

/* Samples of words that hold three: all samples of the pixels are unpacked, and gathered from there. A few pixels at a time,
 * since there may be many samples that are no channels. */
static void
list_words (const PixelnormRows *self, const PixelnormPlaces *places, const PixelnormFrame *frame,
    guint y, gsize pixel, gint n_pixels, guint16 *to)
{
  const gsize group = places->strides[0] / sizeof (guint16);
  const guint plane = places->channels[0].plane;
  const guint8 *row = frame->planes[plane] + (gssize) y * frame->strides[plane];
  guint16 samples[PIXELNORM_TILE + 8];
  const gint step = PIXELNORM_TILE / (gint) group;

  for (gint i = 0; i < n_pixels; i += step, to += (gsize) step * places->n_channels) {
    const gint n = MIN (n_pixels - i, step);
    const gsize first = (pixel + (gsize) i) * group, word = first / 3;
    const gsize end = first + (gsize) n * group; /* of the groups; rows have all of the last one */
    const void *from[PIXELNORM_MAX_CHANNELS];

    self->unpack_words (samples, row + 4 * word, self->swap, (gint) ((end + 2) / 3 - word));
    for (guint c = 0; c < places->n_channels; c++)
      from[c] = samples + (first - 3 * word) + places->channels[c].offset / sizeof (guint16);
    self->gather (to, from, places->strides, places->n_channels, n);
  }
}

/* Samples as they are stored. */
static const void *
list_stored (const PixelnormRows *self, const PixelnormPlaces *places, const PixelnormFrame *frame,
    guint y, gsize i, gint n, void *buffer)
{
  if (self->unpack_words) {
    list_words (
        self, places, frame, y, i / places->n_channels, n / (gint) places->n_channels, buffer);
    return buffer;
  }
  if (places->contiguous) {
    const guint plane = places->channels[0].plane;
    const gsize bytes = self->type == PIXELNORM_SAMPLE_U16 ? 2 : 1;
    const guint8 *row = frame->planes[plane] + (gssize) y * frame->strides[plane] + i * bytes;

    if (self->as_they_lie && (guintptr) row % bytes == 0)
      return row;
    memcpy (buffer, row, (gsize) n * bytes);
  } else {
    gather (self, places, frame, y, i / places->n_channels, n / (gint) places->n_channels, buffer);
  }
  if (!self->as_they_lie)
    self->unpack (buffer, self->swap, (gint) self->shift, self->mask, n);
  return buffer;
}

/* Pairs of chroma of a tile of pixels, and of one more at each end. */
typedef struct {
  _Alignas(64) guint16 samples[2 * PIXELNORM_TILE + 64];
} Pairs;

/* Begins with the first of the pixels that share a sample of chroma. */
void
pixelnorm_rows_convert (const PixelnormRows *self, const PixelnormFrame *frame, guint y, guint x,
    gint n, PixelnormConverted *to)
{
  const PixelnormColour *colour = self->colour;
  const guint before = x & ((1u << colour->log2_w) - 1);
  gpointer const planes[] = { &to->tiles[0], &to->tiles[1], &to->tiles[2] };
  gconstpointer near = NULL, far = NULL;
  PixelnormChromaSpan span;
  PixelnormTile luma;
  Pairs pairs[2];

  x -= before;
  n += (gint) before;
  if (!colour->is_grey) {
    pixelnorm_colour_find_chroma (colour, x, y, n, &span);
    const gsize first = 2 * (gsize) span.column;
    const gint n_chroma = 2 * (gint) span.n_columns;
    near = list_stored (self, &self->chroma, frame, span.near, first, n_chroma, &pairs[0]);
    far = span.far == span.near
        ? near
        : list_stored (self, &self->chroma, frame, span.far, first, n_chroma, &pairs[1]);
  }
  pixelnorm_colour_convert (
      colour, x, y, n, list_stored (self, &self->luma, frame, y, x, n, &luma), near, far, planes);
  for (guint p = 0; p < 3; p++) {
    to->frame.planes[p] = (guint8 *) planes[p] + before * colour->sample_bytes;
    to->frame.strides[p] = 0;
  }
}

const void *
pixelnorm_rows_tile (
    const PixelnormRows *self, const PixelnormFrame *frame, guint y, gsize i, gint n, void *buffer)
{
  PixelnormConverted pixels;

  if (!self->colour)
    return list_stored (self, &self->places, frame, y, i, n, buffer);
  pixelnorm_rows_convert (
      self, frame, y, (guint) (i / self->n_channels), n / (gint) self->n_channels, &pixels);
  gather (self, &self->places, &pixels.frame, 0, 0, n / (gint) self->n_channels, buffer);
  return buffer;
}

gboolean
pixelnorm_rows_are_pixels (const PixelnormRows *self, const PixelnormRows *other)
{
  const PixelnormPlaces *a = &self->places, *b = &other->places;

  return self->n_channels == 1 && other->n_channels == 1 && !self->colour && !self->unpack_words
      && self->as_they_lie && a->channels[0].plane == b->channels[0].plane
      && a->strides[0] == b->strides[0]
      && a->strides[0] > (self->type == PIXELNORM_SAMPLE_U16 ? 2 : 1);
}

const void *
pixelnorm_rows_first (const PixelnormRows *self, const PixelnormFrame *frame, guint y)
{
  const PixelnormChannel *channel = &self->places.channels[0];

  return frame->planes[channel->plane] + (gssize) y * frame->strides[channel->plane]
      + channel->offset;
}

const void *
pixelnorm_rows_in_place (const PixelnormRows *self, const PixelnormFrame *frame, guint y)
{
  const guint plane = self->places.channels[0].plane;
  const guint8 *row = frame->planes[plane] + (gssize) y * frame->strides[plane];

  if (self->colour || !self->places.contiguous || !self->as_they_lie)
    return NULL;
  return self->type == PIXELNORM_SAMPLE_U16 && (guintptr) row % 2 ? NULL : row;
}

gboolean
pixelnorm_rows_run_on (const PixelnormRows *self, const PixelnormFrame *frame)
{
  const PixelnormPlaces *places = &self->places;
  const gsize bytes = self->type == PIXELNORM_SAMPLE_U16 ? 2 : 1;

  if (self->colour || self->unpack_words)
    return FALSE;
  if (places->contiguous)
    return frame->strides[places->channels[0].plane] == (gssize) (self->n_samples * bytes);
  for (guint c = 0; c < places->n_channels; c++)
    if (frame->strides[places->channels[c].plane] != (gssize) self->width * places->strides[c])
      return FALSE;
  return TRUE;
}
