/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture in memory: painting in it, writing it as PNG, and room for those that are read one after the other. */
#pragma once

#include <glib.h>

/* libpng refuses wider or higher pictures. */
#define PICTURE_MAX_SIDE 1000000

/* Bytes behind the last pixel of a picture that was resized, which may be read, but mean nothing. */
#define PICTURE_SLACK 16

/* A zeroed one is empty, and picture_resize() gives it pixels. */
typedef struct {
  guint width;
  guint height;
  guint channels;     /* 1: grey, 3: red, green, blue */
  guint sample_bytes; /* 1, or 2: native 16-bit words, which nothing is painted over */
  guint8 *pixels;     /* packed rows, top to bottom */
  gsize room;         /* bytes there are for pixels: a smaller picture leaves some unused */
  gsize limit;        /* bytes that may be taken for them; 0: as many as there are */
} Picture;

Picture *picture_new (guint width, guint height, guint channels, GError **error);
Picture *picture_new_deep (
    guint width, guint height, guint channels, guint sample_bytes, GError **error);
gboolean picture_resize (Picture *picture, guint width, guint height, guint channels,
    guint sample_bytes, GError **error);
void picture_clear (Picture *picture);
void picture_free (Picture *picture);
Picture *picture_zoom (const Picture *picture, guint zoom, GError **error);
void picture_fill (
    Picture *picture, guint x, guint y, guint width, guint height, const guint8 *color);
void picture_paste (Picture *picture, guint x, guint y, const Picture *other);
GBytes *picture_encode (const Picture *picture, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Picture, picture_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Picture, picture_clear)
