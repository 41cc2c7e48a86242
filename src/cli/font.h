/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Letters for the legends of pictures. */
#pragma once

#include "picture.h"

#define FONT_HEIGHT 9 /* pixels at zoom 1, descenders included */

guint font_measure (const gchar *text, guint zoom);
void font_draw (
    Picture *picture, guint x, guint y, const gchar *text, guint zoom, const guint8 *color);
