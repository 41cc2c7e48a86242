/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is behind a layout. */
#pragma once

#include "colour.h"

/* Where a channel lies. */
typedef struct {
  gchar name;
  guint plane;
  guint offset; /* bytes from the start of a row of that plane to the first sample */
  guint stride; /* bytes from a sample to the next one in its row */
} PixelnormChannel;

/* A row of a plane is made of groups: a pixel, the U and V of some pixels, or a pair of pixels with U and V. */
typedef struct {
  guint bytes;  /* of a group */
  guint log2_w; /* 2^this pixels of a row are one */
  guint log2_h; /* 2^this rows of pixels have one row of them */
} PixelnormPlane;

struct _PixelnormLayout {
  PixelnormGeometry geometry;
  PixelnormChannel channels[PIXELNORM_MAX_CHANNELS];
  guint n_channels;
  PixelnormPlane planes[PIXELNORM_MAX_PLANES];
  guint n_planes;     /* those without a channel (alpha) included */
  guint sample_bytes; /* 1 at depth 8, else 2: a sample is a 16-bit word, or becomes one */
  guint sample_shift; /* the lowest bits of a word that do not belong to its sample: 6 for P010 */
  gboolean big_endian;
  gboolean
      three_in_word; /* of 32 bits: offsets, strides and groups are those of the samples side by side */

  /* Y'CbCr that is read as something else: its channels are those of converted tiles, a plane each. */
  gboolean is_converted;
  PixelnormGeometry stored; /* what lies in memory */
  PixelnormChannel luma, chroma[2];
  PixelnormColour colour;
  const gchar *conversion; /* in words; interned */
};
