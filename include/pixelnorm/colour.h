/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From Y'CbCr to R'G'B'. */
#pragma once

#include <pixelnorm/layout.h>

G_BEGIN_DECLS

/**
 * PixelnormChroma:
 * @PIXELNORM_CHROMA_AUTO: linear for stills (full range, matrix of BT.601, site centre: what JPEG has), else nearest
 * @PIXELNORM_CHROMA_NEAREST: the sample that a pixel shares, as it is
 * @PIXELNORM_CHROMA_LINEAR: linear between the samples around, by their site; for JPEG's site bit for bit what
 *   libjpeg-turbo makes
 *
 * How Y'CbCr with fewer samples of chroma than pixels is converted to R'G'B'.
 *
 * Since: 0.2
 */
typedef enum {
  PIXELNORM_CHROMA_AUTO,
  PIXELNORM_CHROMA_NEAREST,
  PIXELNORM_CHROMA_LINEAR
} PixelnormChroma;

/**
 * PixelnormChromaSite:
 * @PIXELNORM_CHROMA_SITE_UNKNOWN: left for limited range, centre for full range
 * @PIXELNORM_CHROMA_SITE_CENTRE: in the middle of the pixels that share it, as in JPEG
 * @PIXELNORM_CHROMA_SITE_LEFT: at the left ones of them, between the rows, as in MPEG-2 and H.264
 * @PIXELNORM_CHROMA_SITE_TOP_LEFT: at the left one of the upper row
 * @PIXELNORM_CHROMA_SITE_TOP: in the upper row, between the columns
 * @PIXELNORM_CHROMA_SITE_DV: Cb and Cr at different rows, as in DV; not for linear
 *
 * Where a sample of chroma lies among the pixels that share it.
 *
 * Since: 0.2
 */
typedef enum {
  PIXELNORM_CHROMA_SITE_UNKNOWN,
  PIXELNORM_CHROMA_SITE_CENTRE,
  PIXELNORM_CHROMA_SITE_LEFT,
  PIXELNORM_CHROMA_SITE_TOP_LEFT,
  PIXELNORM_CHROMA_SITE_TOP,
  PIXELNORM_CHROMA_SITE_DV
} PixelnormChromaSite;

PIXELNORM_API PixelnormLayout *pixelnorm_layout_new_converted (const PixelnormLayout *layout,
    const gchar *channels, PixelnormChroma chroma, PixelnormChromaSite site, GError **error);
PIXELNORM_API const PixelnormGeometry *pixelnorm_layout_get_stored (const PixelnormLayout *layout);
PIXELNORM_API const gchar *pixelnorm_layout_get_conversion (const PixelnormLayout *layout);
PIXELNORM_API PixelnormChroma pixelnorm_layout_get_chroma (const PixelnormLayout *layout);

PIXELNORM_API GBytes *pixelnorm_to_rgb (const PixelnormLayout *layout, PixelnormChroma chroma,
    PixelnormChromaSite site, const guint8 *data, gsize size, GError **error);

G_END_DECLS
