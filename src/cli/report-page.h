/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page of a report: one HTML file that needs nothing else. */
#pragma once

#include <pixelnorm/pixelnorm.h>

/* @path is what the page calls the profile. Transfer full; NULL with @error set. */
gchar *report_page_new (PixelnormProfile *profile, const gchar *path, GError **error);
