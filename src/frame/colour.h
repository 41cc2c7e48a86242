/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From Y'CbCr to R'G'B', exactly: a run of pixels of a row becomes three planes in cache, in full-range codes of the
 * same depth. Whoever has the frame brings luma side by side and chroma as pairs side by side, as code values: NV12 has
 * them so in memory; others are gathered (rows.c). For a tile at pixel x of row y:
 *
 *   PixelnormChromaSpan span;
 *   pixelnorm_colour_find_chroma (colour, x, y, n, &span);
 *   // luma: n samples from x on; near, far: span.n_columns pairs from span.column on of chroma rows span.near, span.far
 *   pixelnorm_colour_convert (colour, x, y, n, luma, near, far, planes);
 */
#pragma once

#include <pixelnorm/colour.h>
#include <pixelnorm/layout.h>

#include "kernels/kernels.h"

typedef struct {
  PixelnormColourFactors factors;
  PixelnormColourKernel convert;
  PixelnormUpsample upsample;                /* NULL for nearest */
  const PixelnormUpsampling *upsamplings[2]; /* of even and odd rows */
  guint log2_w, log2_h;
  guint chroma_width, chroma_height;
  gsize sample_bytes;
  gboolean swapped; /* pairs are Cr, Cb, as in NV21 */
  gboolean is_grey; /* without chroma: all three planes are luma of full range */
} PixelnormColour;

/* Which samples of chroma a run of pixels needs: rows near and far (which is near where only one is used). */
typedef struct {
  guint near, far;
  guint column, n_columns;
} PixelnormChromaSpan;

/* @geometry: width, height, depth, range, matrix and sharing of Y'CbCr. */
gboolean pixelnorm_colour_init (PixelnormColour *self, const PixelnormGeometry *geometry,
    PixelnormChroma chroma, PixelnormChromaSite site, gboolean swapped, GError **error);
/* Of @geometry only depth and range count. */
void pixelnorm_colour_init_grey (PixelnormColour *self, const PixelnormGeometry *geometry);

/* @x: the first of the pixels that share a sample; @n: up to PIXELNORM_TILE. */
void pixelnorm_colour_find_chroma (
    const PixelnormColour *self, guint x, guint y, gint n, PixelnormChromaSpan *span);

/* @near, @far: pairs of the span; @far is not looked at where it is the same row, and neither of grey. @planes: R, G, B, of @n samples
 * each. */
void pixelnorm_colour_convert (const PixelnormColour *self, guint x, guint y, gint n,
    gconstpointer luma, gconstpointer near, gconstpointer far, gpointer const planes[3]);
