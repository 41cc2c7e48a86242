/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What results are: what a normalizer writes, and a denormalizer reads. */
#pragma once

#include <pixelnorm/normalizer.h>

#include "kernels/kernels.h"

typedef struct {
  PixelnormOutput output;
  const gchar *name; /* as caps of tensors write it */
  PixelnormItem item;
  guint bytes;            /* of an item */
  gint smallest, largest; /* codes; both 0: items are numbers of float */
  gboolean is_video;      /* frames of 8 bits in the order of the input */
} PixelnormType;

/* The row of @output, or NULL where it is none. */
const PixelnormType *pixelnorm_type (PixelnormOutput output);

static inline gboolean
pixelnorm_type_has_codes (const PixelnormType *self)
{
  return self->smallest != self->largest;
}
