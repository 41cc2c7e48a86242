/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Masks as bytes that are 0 or 1, so that a row falls into runs by memchr. A sample of U or V that
 * lies partly outside holds light from there, so it counts only where all pixels that share it do.
 */
#include "mask.h"

#include <string.h>

static gboolean
all_set (const PixelnormMask *self, guint x, guint y)
{
  const PixelnormGeometry *geometry = &self->geometry;
  const guint w = geometry->log2_chroma_w, h = geometry->log2_chroma_h;

  for (guint py = y << h; py < MIN ((y + 1) << h, geometry->height); py++)
    for (guint px = x << w; px < MIN ((x + 1) << w, geometry->width); px++)
      if (!self->pixels[(gsize) py * geometry->width + px])
        return FALSE;
  return TRUE;
}

static void
fill_chroma (PixelnormMask *self)
{
  const guint width = pixelnorm_geometry_get_channel_width (&self->geometry, 1);
  const guint height = pixelnorm_geometry_get_channel_height (&self->geometry, 1);

  self->chroma = g_malloc ((gsize) width * height);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      self->chroma[(gsize) y * width + x] = all_set (self, x, y);
}

const guint8 *
pixelnorm_mask_samples (const PixelnormMask *self, guint channel)
{
  return channel > 0 && self->chroma ? self->chroma : self->pixels;
}

static guint64
count_inside (const PixelnormMask *self, guint channel)
{
  const gsize n = (gsize) pixelnorm_geometry_get_channel_width (&self->geometry, channel)
      * pixelnorm_geometry_get_channel_height (&self->geometry, channel);
  const guint8 *samples = pixelnorm_mask_samples (self, channel);
  guint64 count = 0;

  for (gsize i = 0; i < n; i++)
    count += samples[i];
  return count;
}

PixelnormMask *
pixelnorm_mask_new (const PixelnormGeometry *geometry, const guint8 *bytes)
{
  g_autoptr (PixelnormMask) self = g_new0 (PixelnormMask, 1);
  const gsize n = (gsize) geometry->width * geometry->height;

  self->geometry = *geometry;
  self->pixels = g_malloc (n);
  for (gsize i = 0; i < n; i++)
    self->pixels[i] = bytes[i] != 0;
  if (geometry->log2_chroma_w || geometry->log2_chroma_h)
    fill_chroma (self);
  for (guint c = 0; geometry->channels[c] && c < 2; c++) {
    self->n_inside[c] = count_inside (self, c);
    if (self->n_inside[c] == 0)
      return NULL;
  }
  return g_steal_pointer (&self);
}

void
pixelnorm_mask_free (PixelnormMask *self)
{
  if (!self)
    return;
  g_free (self->pixels);
  g_free (self->chroma);
  g_free (self);
}

gboolean
pixelnorm_mask_next_run (const guint8 *row, guint width, guint *begin, guint *end)
{
  const guint8 *first = memchr (row + *end, 1, width - *end);

  if (!first)
    return FALSE;
  *begin = (guint) (first - row);
  const guint8 *outside = memchr (first, 0, width - *begin);
  *end = outside ? (guint) (outside - row) : width;
  return TRUE;
}
