/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which inner loops are in use. */
#pragma once

#include <pixelnorm/error.h>

G_BEGIN_DECLS

PIXELNORM_API const gchar *pixelnorm_get_kernel_row (void);

G_END_DECLS
