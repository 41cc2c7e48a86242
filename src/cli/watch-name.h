/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of files with a date in them. */
#pragma once

#include <glib.h>

GDateTime *watch_name_time (GError **error);
gboolean watch_name_check (const gchar *pattern, GError **error);
gchar *watch_name_now (const gchar *pattern);
gboolean watch_name_is_of (const gchar *name, const gchar *path);
