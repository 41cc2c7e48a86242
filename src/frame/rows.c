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
}

void
pixelnorm_rows_init_channels (
    PixelnormRows *self, const PixelnormLayout *layout, guint first, guint n_channels)
{
  const PixelnormChannel *channels = &layout->channels[first];

  init (self, layout);
  self->width = pixelnorm_geometry_get_channel_width (&layout->geometry, first);
  self->height = pixelnorm_geometry_get_channel_height (&layout->geometry, first);
  self->n_channels = n_channels;
  self->n_samples = (gsize) self->width * n_channels;
  self->contiguous = channels[0].stride == n_channels * layout->sample_bytes;
  for (guint c = 0; c < n_channels; c++) {
    self->channels[c] = channels[c];
    self->strides[c] = channels[c].stride;
    if (channels[c].plane != channels[0].plane || channels[c].offset != c * layout->sample_bytes)
      self->contiguous = FALSE;
  }
}

void
pixelnorm_rows_init_plane (PixelnormRows *self, const PixelnormLayout *layout, guint plane)
{
  init (self, layout);
  self->n_channels = layout->planes[plane].bytes / layout->sample_bytes;
  self->height = pixelnorm_layout_get_rows (layout, plane);
  self->n_samples = pixelnorm_layout_get_row_bytes (layout, plane) / layout->sample_bytes;
  self->width = self->n_samples / self->n_channels;
  self->channels[0].plane = plane;
  self->contiguous = TRUE;
}

static void
gather_bytes (const PixelnormRows *self, const void *const *from, gint n_pixels, guint8 *to)
{
  for (gint i = 0; i < n_pixels; i++)
    for (guint c = 0; c < self->n_channels; c++, to += 2)
      memcpy (to, (const guint8 *) from[c] + (gsize) i * self->strides[c], 2);
}

static void
gather (const PixelnormRows *self, const PixelnormFrame *frame, guint y, gsize pixel, gint n_pixels,
    void *buffer)
{
  const void *from[PIXELNORM_MAX_CHANNELS];
  guintptr odd = 0;

  for (guint c = 0; c < self->n_channels; c++) {
    const PixelnormChannel *channel = &self->channels[c];
    const guint8 *row = frame->planes[channel->plane] + (gssize) y * frame->strides[channel->plane];

    from[c] = row + pixel * self->strides[c] + channel->offset;
    odd |= (guintptr) from[c];
  }
  if (self->type == PIXELNORM_SAMPLE_U16 && (odd & 1))
    gather_bytes (self, from, n_pixels, buffer);
  else
    self->gather (buffer, from, self->strides, self->n_channels, n_pixels);
}

const void *
pixelnorm_rows_tile (
    const PixelnormRows *self, const PixelnormFrame *frame, guint y, gsize i, gint n, void *buffer)
{
  if (self->contiguous) {
    const guint plane = self->channels[0].plane;
    const gsize bytes = self->type == PIXELNORM_SAMPLE_U16 ? 2 : 1;
    const guint8 *row = frame->planes[plane] + (gssize) y * frame->strides[plane] + i * bytes;

    if (self->as_they_lie && (guintptr) row % bytes == 0)
      return row;
    memcpy (buffer, row, (gsize) n * bytes);
  } else {
    gather (self, frame, y, i / self->n_channels, n / (gint) self->n_channels, buffer);
  }
  if (!self->as_they_lie)
    self->unpack (buffer, self->swap, (gint) self->shift, self->mask, n);
  return buffer;
}

const void *
pixelnorm_rows_in_place (const PixelnormRows *self, const PixelnormFrame *frame, guint y)
{
  const guint plane = self->channels[0].plane;
  const guint8 *row = frame->planes[plane] + (gssize) y * frame->strides[plane];

  if (!self->contiguous || !self->as_they_lie)
    return NULL;
  return self->type == PIXELNORM_SAMPLE_U16 && (guintptr) row % 2 ? NULL : row;
}

gboolean
pixelnorm_rows_run_on (const PixelnormRows *self, const PixelnormFrame *frame)
{
  const gsize bytes = self->type == PIXELNORM_SAMPLE_U16 ? 2 : 1;

  if (self->contiguous)
    return frame->strides[self->channels[0].plane] == (gssize) (self->n_samples * bytes);
  for (guint c = 0; c < self->n_channels; c++)
    if (frame->strides[self->channels[c].plane] != (gssize) self->width * self->strides[c])
      return FALSE;
  return TRUE;
}
