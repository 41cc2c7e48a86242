/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cairo draws the letters as shares of coverage, which are mixed with what is there. */
#include "font.h"

#include <cairo.h>
#include <math.h>

#define SIZE 10    /* dots: digits are 7 high then */
#define BASELINE 8 /* dots from the upper edge; letters reach 7.6 above it and 2.4 below */

static void
choose_font (cairo_t *cairo, guint dot)
{
  cairo_select_font_face (cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cairo, SIZE * dot);
}

guint
font_measure (const gchar *text, guint dot)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_A8, 1, 1);
  cairo_t *cairo = cairo_create (surface);
  cairo_text_extents_t extents;

  choose_font (cairo, dot);
  cairo_text_extents (cairo, text, &extents);
  cairo_destroy (cairo);
  cairo_surface_destroy (surface);
  return (guint) ceil (MAX (extents.x_advance, 0));
}

/* @coverage: packed shares of 255, @stride bytes a row */
static void
mix (Picture *picture, guint x, guint y, const guint8 *coverage, guint width, guint height,
    guint stride, const guint8 *color)
{
  for (guint row = 0; row < height && y + row < picture->height; row++)
    for (guint column = 0; column < width && x + column < picture->width; column++) {
      guint8 *pixel = picture->pixels + ((gsize) (y + row) * picture->width + x + column) * 3;
      const guint share = coverage[row * stride + column];

      for (guint c = 0; c < 3; c++)
        pixel[c] = (guint8) ((pixel[c] * (255 - share) + color[c] * share + 127) / 255);
    }
}

void
font_draw (Picture *picture, guint x, guint y, const gchar *text, guint dot, const guint8 *color)
{
  const guint width = font_measure (text, dot);
  const guint height = FONT_HEIGHT * dot;
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_A8, (gint) width, (gint) height);
  cairo_t *cairo = cairo_create (surface);

  choose_font (cairo, dot);
  cairo_move_to (cairo, 0, BASELINE * dot);
  cairo_show_text (cairo, text);
  cairo_surface_flush (surface);
  if (cairo_surface_status (surface) == CAIRO_STATUS_SUCCESS)
    mix (picture, x, y, cairo_image_surface_get_data (surface), width, height,
        (guint) cairo_image_surface_get_stride (surface), color);
  cairo_destroy (cairo);
  cairo_surface_destroy (surface);
}
