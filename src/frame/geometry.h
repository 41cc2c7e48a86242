/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What frames consist of. */
#pragma once

#include <pixelnorm/layout.h>

/* Whether pixels share samples of U and V. */
static inline gboolean
pixelnorm_geometry_is_subsampled (const PixelnormGeometry *geometry)
{
  return geometry->log2_chroma_w != 0 || geometry->log2_chroma_h != 0;
}

/* As the field writes which pixels share samples of U and V, "4:2:0"; NULL where none do. */
const gchar *pixelnorm_subsampling_name (const PixelnormGeometry *geometry);
gboolean pixelnorm_subsampling_parse (const gchar *name, PixelnormGeometry *geometry);
