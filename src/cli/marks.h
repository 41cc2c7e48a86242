/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixels that stood still, reached the ends of the code values, or were not counted. */
#pragma once

#include <pixelnorm/pixelnorm.h>

#include "picture.h"

/* In order of precedence: a pixel is of the first kind that it is. */
typedef enum {
  MARK_UNCOUNTED,       /* never counted */
  MARK_ALWAYS_WHITE,    /* some channel was at its highest code in every frame */
  MARK_ALWAYS_BLACK,    /* all channels were at their lowest code in every frame */
  MARK_SOMETIMES_WHITE, /* some channel reached its highest code */
  MARK_SOMETIMES_BLACK, /* all channels reached their lowest code */
  MARK_STILL,           /* no channel ever varied */
  MARK_VARIED,          /* none of these */
  N_MARKS
} Mark;

/* What a legend calls it. */
const gchar *mark_name (Mark mark);
const guint8 *mark_color (Mark mark);

/* A mark a pixel, row by row, and how many pixels have each. @counts may be NULL. Transfer full; NULL
 * with @error set. */
guint8 *marks_find (PixelnormProfile *profile, guint64 counts[N_MARKS], GError **error);

/* The map, with its legend unless it is @bare; @shrink x @shrink pixels are drawn as the first mark that one of them has. */
Picture *marks_paint (
    PixelnormProfile *profile, guint zoom, guint shrink, gboolean bare, GError **error);
