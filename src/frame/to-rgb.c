/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole frames of Y'CbCr to R'G'B', tile by tile: luma and pairs of chroma come as lists, three planes in cache go to
 * where R, G and B lie side by side.
 */
#include "colour.h"
#include "rows.h"

/* So few pixels that their pairs fit a tile, with one more at each end: linear chroma looks at its neighbours. A
 * multiple of the pixels that share a pair. */
#define MOST_PIXELS (PIXELNORM_TILE / 2 - 4)

typedef struct {
  PixelnormColour colour;
  PixelnormRows luma, chroma;
  PixelnormFrame frame;
} Conversion;

static void
convert_tile (const Conversion *self, guint x, guint y, gint n, guint8 *to)
{
  const gsize bytes = self->colour.sample_bytes;
  const guint strides[] = { bytes, bytes, bytes };
  PixelnormTile luma, near, far, red, green, blue;
  gpointer const planes[] = { &red, &green, &blue };
  const gconstpointer from[] = { &red, &green, &blue };
  PixelnormChromaSpan span;

  pixelnorm_colour_find_chroma (&self->colour, x, y, n, &span);
  const gsize first = 2 * (gsize) span.column;
  const gint n_chroma = 2 * (gint) span.n_columns;
  gconstpointer near_pairs =
      pixelnorm_rows_tile (&self->chroma, &self->frame, span.near, first, n_chroma, &near);
  gconstpointer far_pairs = span.far == span.near
      ? near_pairs
      : pixelnorm_rows_tile (&self->chroma, &self->frame, span.far, first, n_chroma, &far);
  pixelnorm_colour_convert (&self->colour, x, y, n,
      pixelnorm_rows_tile (&self->luma, &self->frame, y, x, n, &luma), near_pairs, far_pairs,
      planes);
  self->luma.gather (to, from, strides, 3, n);
}

/**
 * pixelnorm_to_rgb:
 * @layout: what the frame consists of: channels Y, U and V, with the matrix that made them
 * @chroma: how chroma of fewer samples than pixels becomes that of every pixel
 * @site: where such samples lie among the pixels
 * @data: (array length=size): a packed frame: its planes one after the other, rows without padding
 * @size: bytes of @data
 * @error: return location for a #GError, or %NULL
 *
 * Converts a frame of Y'CbCr to R'G'B' of the same depth and full range: the exact numbers of ITU-T H.273, rounded half
 * up and clipped. `pixelnorm.to_rgb` of the Python package gives the same bits.
 *
 * Returns: (transfer full): height x width x 3 codes, R, G, B side by side, bytes at depth 8, else 16-bit words; %NULL
 *   with %PIXELNORM_ERROR_SETTINGS where the matrix is not known or the site has no linear chroma, or
 *   %PIXELNORM_ERROR_MISMATCH where @layout is not of Y, U and V or @size is not that of a frame
 *
 * Since: 0.2
 */
GBytes *
pixelnorm_to_rgb (const PixelnormLayout *layout, PixelnormChroma chroma, PixelnormChromaSite site,
    const guint8 *data, gsize size, GError **error)
{
  Conversion self;

  g_return_val_if_fail (layout != NULL, NULL);
  const guint width = layout->geometry.width, height = layout->geometry.height;
  if (layout->geometry.channels[1] != 'U') {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected a frame of channels YUV to convert to RGB, found channels %s.",
        layout->geometry.channels);
    return NULL;
  }
  if (!pixelnorm_frame_init_packed (&self.frame, layout, data, size, error)
      || !pixelnorm_colour_init (&self.colour, &layout->geometry, chroma, site, FALSE, error))
    return NULL;
  pixelnorm_rows_init_channels (&self.luma, layout, 0, 1);
  pixelnorm_rows_init_channels (&self.chroma, layout, 1, 2);

  const gsize pixel = 3 * self.colour.sample_bytes, n_bytes = pixel * width * height;
  guint8 *rgb = g_try_malloc (n_bytes);
  if (!rgb) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for %ux%u pixels of RGB.", width, height);
    return NULL;
  }
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x += MOST_PIXELS)
      convert_tile (
          &self, x, y, (gint) MIN (width - x, MOST_PIXELS), rgb + ((gsize) y * width + x) * pixel);
  return g_bytes_new_take (rgb, n_bytes);
}
