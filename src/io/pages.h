/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for arrays as large as frames. */
#pragma once

#include <glib.h>

/* Zeros, aligned for a cache line; NULL where there is not enough. In large pages where the system has
 * them: loops that walk several arrays of many MiB side by side wait less for addresses (statistics of
 * 1080p take a tenth to a fifth less time). Free with pixelnorm_pages_free(). */
void *pixelnorm_pages_new (gsize bytes);
void pixelnorm_pages_free (void *pages);

/* Has the system give what lies there now, where it can, and not when it is first touched; others may use it meanwhile. */
void pixelnorm_pages_populate (void *start, gsize bytes);
