/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for the legends of pictures, in the system's own sans-serif font. Measures are in dots, which are @dot pixels each. */
#pragma once

#include "picture.h"

#define FONT_HEIGHT 11 /* dots, descenders included */

/* How many pixels wide @text is. */
guint font_measure (const gchar *text, guint dot);

/* Draws @text with its upper left corner at @x, @y; what would lie outside is not drawn. */
void font_draw (
    Picture *picture, guint x, guint y, const gchar *text, guint dot, const guint8 *color);
