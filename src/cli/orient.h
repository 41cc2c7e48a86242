/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures turned and mirrored until they stand upright. */
#pragma once

#include "picture.h"

gboolean picture_orient (
    const Picture *picture, guint orientation, Picture *oriented, GError **error);
