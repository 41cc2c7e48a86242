/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames that are read as something else than what they are stored as: Y'CbCr as R'G'B' or as grey. Whoever takes a
 * layout sees what it stands for; rows.c makes lists of that.
 */
#include "geometry.h"
#include "rows.h"

#include <string.h>

/* So many pixels of R, G and B are a list. */
#define PIXELS_A_TILE (PIXELNORM_TILE / 3)

/* What results depend on, beside the samples. */
static const gchar *
describe (const PixelnormLayout *self)
{
  const PixelnormGeometry *stored = &self->stored;
  const gchar *shared = pixelnorm_subsampling_name (stored);
  const gchar *range = stored->range == PIXELNORM_RANGE_FULL ? "full" : "limited";
  g_autofree gchar *text = NULL;

  if (self->colour.is_grey)
    text = g_strdup_printf ("luma, %s range", range);
  else
    text = g_strdup_printf ("Y'CbCr %s, %s, %s range%s", shared ? shared : "4:4:4", stored->matrix,
        range,
        self->colour.upsample ? ", chroma linear"
            : shared          ? ", chroma nearest"
                              : "");
  return g_intern_string (text);
}

/* Channels become those of a tile, a plane each; what lies in memory is kept beside them. */
static void
place_converted (PixelnormLayout *self, const gchar *channels)
{
  self->is_converted = TRUE;
  self->stored = self->geometry;
  self->luma = self->channels[0];
  memcpy (self->chroma, &self->channels[1], sizeof self->chroma);
  self->n_channels = strlen (channels);
  for (guint c = 0; c < self->n_channels; c++)
    self->channels[c] = (PixelnormChannel){ channels[c], c, 0, self->sample_bytes };
  self->geometry.channels = g_intern_string (channels);
  self->geometry.range = PIXELNORM_RANGE_FULL;
  self->geometry.log2_chroma_w = self->geometry.log2_chroma_h = 0;
}

/* Whether pairs lie side by side as V, U. */
static gboolean
is_swapped (const PixelnormLayout *self)
{
  const PixelnormChannel *u = &self->chroma[0], *v = &self->chroma[1];

  return u->plane == v->plane && v->offset == 0 && u->offset == self->sample_bytes
      && u->stride == 2 * self->sample_bytes;
}

/**
 * pixelnorm_layout_new_converted:
 * @layout: what frames consist of: channels Y, U and V, with the matrix that made them, or Y
 * @channels: what they are to be read as: "RGB", or "Y" for grey of full range
 * @chroma: for RGB: how chroma of fewer samples than pixels becomes that of every pixel
 * @site: where such samples lie among the pixels
 * @error: return location for a #GError, or %NULL
 *
 * Describes the same memory, read as R'G'B' of the same depth and full range: the exact numbers of ITU-T H.273, rounded
 * half up and clipped. Its geometry is that of such frames. Statistics and normalizers take it as they take a layout of
 * RGB, and give the same bits as for frames that were converted before. As grey it is the luma alone, brought to full
 * range; it keeps its matrix.
 *
 * Returns: (transfer full): a layout; %NULL with %PIXELNORM_ERROR_SETTINGS where the matrix is not known or the site has
 *   no linear chroma, or %PIXELNORM_ERROR_MISMATCH where @layout has other channels
 *
 * Since: 0.2
 */
PixelnormLayout *
pixelnorm_layout_new_converted (const PixelnormLayout *layout, const gchar *channels,
    PixelnormChroma chroma, PixelnormChromaSite site, GError **error)
{
  g_autoptr (PixelnormLayout) self = NULL;
  const gboolean grey = g_strcmp0 (channels, "Y") == 0;

  g_return_val_if_fail (layout != NULL && (grey || g_strcmp0 (channels, "RGB") == 0), NULL);

  if (layout->is_converted || layout->channels[0].name != 'Y'
      || (!grey && layout->n_channels < 3)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected a frame of channels YUV%s to convert to %s, found channels %s.",
        grey ? " or Y" : "", grey ? "grey" : "RGB", layout->geometry.channels);
    return NULL;
  }
  self = pixelnorm_layout_copy (layout);
  place_converted (self, channels);
  if (grey)
    pixelnorm_colour_init_grey (&self->colour, &self->stored);
  else if (!pixelnorm_colour_init (
               &self->colour, &self->stored, chroma, site, is_swapped (self), error))
    return NULL;
  if (!grey)
    self->geometry.matrix = NULL;
  self->conversion = describe (self);
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_layout_get_stored:
 * @layout: a layout
 *
 * Returns: (transfer none): what frames consist of as they lie in memory: pixelnorm_layout_get_geometry(), unless @layout
 *   came of pixelnorm_layout_new_converted(); as long as @layout is there and not changed
 *
 * Since: 0.2
 */
const PixelnormGeometry *
pixelnorm_layout_get_stored (const PixelnormLayout *layout)
{
  return layout->is_converted ? &layout->stored : &layout->geometry;
}

/**
 * pixelnorm_layout_get_conversion:
 * @layout: a layout
 *
 * Returns: (nullable) (transfer none): how frames are converted, in words, as "Y'CbCr 4:2:0, bt709, limited range, chroma
 *   nearest"; %NULL where they are not
 *
 * Since: 0.2
 */
const gchar *
pixelnorm_layout_get_conversion (const PixelnormLayout *layout)
{
  return layout->is_converted ? layout->conversion : NULL;
}

/**
 * pixelnorm_layout_get_chroma:
 * @layout: a layout
 *
 * Returns: %PIXELNORM_CHROMA_NEAREST or %PIXELNORM_CHROMA_LINEAR, where frames whose pixels share chroma are converted to
 *   R'G'B'; else %PIXELNORM_CHROMA_AUTO: it makes no difference
 *
 * Since: 0.2
 */
PixelnormChroma
pixelnorm_layout_get_chroma (const PixelnormLayout *layout)
{
  if (!layout->is_converted || layout->colour.is_grey
      || !pixelnorm_geometry_is_subsampled (&layout->stored))
    return PIXELNORM_CHROMA_AUTO;
  return layout->colour.upsample ? PIXELNORM_CHROMA_LINEAR : PIXELNORM_CHROMA_NEAREST;
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
 * Converts a frame as pixelnorm_layout_new_converted() says. `pixelnorm.to_rgb` of the Python package gives the same bits.
 *
 * Returns: (transfer full): height x width x 3 codes, R, G, B side by side, bytes at depth 8, else 16-bit words; %NULL
 *   with the errors of pixelnorm_layout_new_converted(), or %PIXELNORM_ERROR_MISMATCH where @size is not that of a frame
 *
 * Since: 0.2
 */
GBytes *
pixelnorm_to_rgb (const PixelnormLayout *layout, PixelnormChroma chroma, PixelnormChromaSite site,
    const guint8 *data, gsize size, GError **error)
{
  g_autoptr (PixelnormLayout) converted =
      pixelnorm_layout_new_converted (layout, "RGB", chroma, site, error);
  PixelnormFrame frame;
  PixelnormRows rows;

  if (!converted || !pixelnorm_frame_init_packed (&frame, converted, data, size, error))
    return NULL;
  pixelnorm_rows_init_channels (&rows, converted, 0, 3);

  const guint width = rows.width, height = rows.height;
  const gsize pixel = 3 * converted->sample_bytes, n_bytes = pixel * width * height;
  guint8 *rgb = g_try_malloc (n_bytes);
  if (!rgb) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for %ux%u pixels of RGB.", width, height);
    return NULL;
  }
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x += PIXELS_A_TILE)
      pixelnorm_rows_tile (&rows, &frame, y, 3 * (gsize) x,
          3 * (gint) MIN (width - x, PIXELS_A_TILE), rgb + ((gsize) y * width + x) * pixel);
  return g_bytes_new_take (rgb, n_bytes);
}
