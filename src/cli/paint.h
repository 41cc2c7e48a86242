/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pictures of a profile, by name. */
#pragma once

#include <pixelnorm/pixelnorm.h>

#include "picture.h"

/**
 * PaintOptions:
 * @zoom: how many pixels wide and high a sample is drawn; 0: as suits the picture
 * @fit: pixels that neither side of the frame's picture exceeds; larger ones are averaged down; 0: any
 * @top: the end of a figure's scale; 0: the largest value
 * @depth: 8, or 16: bits of pictures of code values
 * @stretch: the darkest sample of a picture of code values becomes black, the brightest white
 * @bare: without scale bars and legends
 */
typedef struct {
  guint zoom;
  guint fit;
  gdouble top;
  guint depth;
  gboolean stretch;
  gboolean bare;
} PaintOptions;

typedef enum {
  PAINT_SAMPLES, /* code values, as a picture */
  PAINT_FIGURE,  /* one number a pixel, in colours with a scale bar */
  PAINT_MARKS    /* kinds of pixels, in colours with a legend */
} PaintKind;

typedef struct _PaintImage PaintImage;

struct _PaintImage {
  const gchar *name;
  PaintKind kind;
  gboolean by_default;
  PixelnormImage image; /* but for marks */
  const gchar *title;   /* of figures */
  gdouble (*pool) (const gdouble *samples, guint n_channels);
};

extern const PaintImage paint_images[];
#define PAINT_N_IMAGES 7

/* Needs a profile of scope pixel. @top: (out) (optional): the end of a figure's scale. Transfer full; NULL with @error
 * set. */
Picture *paint_image (const PaintImage *image, PixelnormProfile *profile,
    const PaintOptions *options, gdouble *top, GError **error);
