/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture in memory: painting in it, writing it as PNG. */
#pragma once

#include <glib.h>

typedef struct {
  guint width;
  guint height;
  guint channels;     /* 1: grey, 3: red, green, blue */
  guint sample_bytes; /* 1, or 2: native 16-bit words, which nothing is painted over */
  guint8 *pixels;     /* packed rows, top to bottom */
} Picture;

Picture *picture_new (guint width, guint height, guint channels, GError **error);
Picture *picture_new_deep (
    guint width, guint height, guint channels, guint sample_bytes, GError **error);
void picture_free (Picture *picture);
Picture *picture_zoom (const Picture *picture, guint zoom, GError **error);
void picture_fill (
    Picture *picture, guint x, guint y, guint width, guint height, const guint8 *color);
void picture_paste (Picture *picture, guint x, guint y, const Picture *other);
GBytes *picture_encode (const Picture *picture, GError **error);
gboolean picture_write (const Picture *picture, const gchar *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Picture, picture_free)
