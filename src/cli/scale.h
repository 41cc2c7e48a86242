/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures of another size, to the bit as Pillow's Image.resize() makes them. */
#pragma once

#include "picture.h"

typedef enum {
  SCALING_BILINEAR, /* Pillow's BILINEAR: a triangle as wide as what becomes one pixel, so that all of it counts */
  SCALING_AREA,   /* BOX: the mean of what becomes one pixel */
  SCALING_NEAREST /* NEAREST */
} Scaling;

typedef struct _Scaler Scaler;

/* Of pictures to this size. */
Scaler *scaler_new (guint width, guint height, Scaling scaling);
void scaler_free (Scaler *self);

/* @picture: of picture_resize(). @scaled: has the size already, and channels and bytes of @picture. */
gboolean scaler_run (Scaler *self, const Picture *picture, Picture *scaled, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scaler, scaler_free)
