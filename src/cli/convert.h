/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures of grey and of red, green and blue, of 8 and of 16 bits: from any to any. */
#pragma once

#include "picture.h"

gboolean picture_convert (
    const Picture *picture, guint channels, guint sample_bytes, Picture *converted, GError **error);
