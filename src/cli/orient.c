/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exif's orientations 1 to 8, turned as PIL.ImageOps.exif_transpose does. Every one of them is a walk through the source in
 * equal steps, one for a pixel to the right and one for a pixel down. Where the picture is turned, a step to the right is a
 * row of the source: so it is done in squares of which both sides stay in the cache.
 */
#include "orient.h"

#include <string.h>

#define SQUARE 32 /* pixels a side: 6 bytes each are 6 KB */

typedef struct {
  const guint8 *start; /* the source's pixel that becomes the upper left one */
  gssize right, down;  /* bytes */
} Walk;

static Walk
plan_walk (const Picture *picture, guint orientation)
{
  /* EXIF ORIENTATIONS: rows become columns; from the right; from below */
  static const struct {
    gboolean turned, right_first, bottom_first;
  } plans[] = {
    { FALSE, FALSE, FALSE }, /* 1 */
    { FALSE, TRUE, FALSE },  /* 2: mirrored */
    { FALSE, TRUE, TRUE },   /* 3: by half a turn */
    { FALSE, FALSE, TRUE },  /* 4: upside down, mirrored */
    { TRUE, FALSE, FALSE },  /* 5: about the diagonal */
    { TRUE, FALSE, TRUE },   /* 6: to the right */
    { TRUE, TRUE, TRUE },    /* 7: about the other diagonal */
    { TRUE, TRUE, FALSE },   /* 8: to the left */
  };
  const gssize pixel = (gssize) picture->channels * picture->sample_bytes;
  const gssize row = pixel * picture->width;
  const gssize x = plans[orientation - 1].right_first ? -pixel : pixel;
  const gssize y = plans[orientation - 1].bottom_first ? -row : row;
  Walk walk = { picture->pixels, x, y };

  if (plans[orientation - 1].right_first)
    walk.start += row - pixel;
  if (plans[orientation - 1].bottom_first)
    walk.start += row * ((gssize) picture->height - 1);
  if (plans[orientation - 1].turned) {
    walk.right = y;
    walk.down = x;
  }
  return walk;
}

/* @pixel bytes a pixel: a constant wherever it is called, so that the copy is an instruction or two. */
static inline void
copy_square (const Walk *walk, Picture *to, guint left, guint top, gsize pixel)
{
  const guint right = MIN (left + SQUARE, to->width);
  const guint bottom = MIN (top + SQUARE, to->height);

  for (guint y = top; y < bottom; y++) {
    const guint8 *from = walk->start + y * walk->down + left * walk->right;
    guint8 *out = to->pixels + ((gsize) y * to->width + left) * pixel;

    for (guint x = left; x < right; x++, from += walk->right, out += pixel)
      memcpy (out, from, pixel);
  }
}

static void
copy_band (const Walk *walk, Picture *to, guint top)
{
  switch (to->channels * to->sample_bytes) {
  case 1:
    for (guint left = 0; left < to->width; left += SQUARE)
      copy_square (walk, to, left, top, 1);
    break;
  case 2:
    for (guint left = 0; left < to->width; left += SQUARE)
      copy_square (walk, to, left, top, 2);
    break;
  case 3:
    for (guint left = 0; left < to->width; left += SQUARE)
      copy_square (walk, to, left, top, 3);
    break;
  default:
    for (guint left = 0; left < to->width; left += SQUARE)
      copy_square (walk, to, left, top, 6);
  }
}

/* Turns @picture from how it is stored, with @orientation of 1 to 8, to how it is seen. */
gboolean
picture_orient (const Picture *picture, guint orientation, Picture *oriented, GError **error)
{
  g_return_val_if_fail (orientation >= 1 && orientation <= 8, FALSE);
  g_return_val_if_fail (picture != oriented, FALSE);

  const Walk walk = plan_walk (picture, orientation);
  const gboolean turned = orientation >= 5;
  if (!picture_resize (oriented, turned ? picture->height : picture->width,
          turned ? picture->width : picture->height, picture->channels, picture->sample_bytes,
          error))
    return FALSE;
  for (guint top = 0; top < oriented->height; top += SQUARE)
    copy_band (&walk, oriented, top);
  return TRUE;
}
