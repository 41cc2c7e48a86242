/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many pictures a GIF file has. GStreamer decodes them, but its 1.22 never says that they are over. */
#pragma once

#include <glib.h>

gboolean gif_is_one (const guint8 *data, gsize size);

/* FALSE with @error where a block is cut off, or there is none. */
gboolean gif_count_frames (const guint8 *data, gsize size, guint *n_frames, GError **error);
