/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a camera was held, as Exif says it: 1 to 8. */
#pragma once

#include <glib.h>

guint exif_orientation (const guint8 *exif, gsize size);
guint webp_orientation (const guint8 *data, gsize size);
