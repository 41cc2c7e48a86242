/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of the pixels of a frame as colours, with a legend. */
#pragma once

#include "picture.h"

/**
 * FigureSpec:
 * @values: one value a pixel, packed rows, top to bottom; 0 or more
 * @width: pixels in a row
 * @height: rows
 * @zoom: how many pixels wide and high a value is drawn; 0: as figure_choose_zoom() says
 * @top: the value that gets the last colour; 0: the largest one
 * @title: what the values are
 * @bare: without the legend
 */
typedef struct {
  const gdouble *values;
  guint width;
  guint height;
  guint zoom;
  gdouble top;
  const gchar *title;
  gboolean bare;
} FigureSpec;

#define FIGURE_MIN_WIDTH 256

guint figure_dot (guint width);
guint figure_choose_zoom (guint width, guint height);

/* The value at the end of the scale: @spec's, or the largest, or 1 where nothing is above 0. */
gdouble figure_top (const FigureSpec *spec);

/* Transfer full; NULL with @error set. */
Picture *figure_new (const FigureSpec *spec, GError **error);

/* What stands below a scale that ends at @top, at @value: 0, round numbers, and last @top itself. */
typedef void (*FigureTick) (gdouble value, const gchar *label, gpointer data);
void figure_each_tick (gdouble top, FigureTick tick, gpointer data);
