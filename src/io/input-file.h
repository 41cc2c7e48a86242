/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files as memory. */
#pragma once

#include <gio/gio.h>

/* The content of a file: a copy, which outlives whatever happens to the file, or, above 128 MiB, mapped.
 * @what names it in errors, as "profile"; they are PIXELNORM_ERROR_OPEN, READ or MEMORY, and begin with
 * @shown, the path as it may be printed. */
GBytes *pixelnorm_input_file_read (
    const char *path, const char *shown, const char *what, GError **error);
