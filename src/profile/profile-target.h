/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands where a profile is to be written. */
#pragma once

#include "profile-format.h"

/* The entity tag of a profile of which @head is the beginning: the length word and the header. */
gchar *pixelnorm_profile_make_etag (const void *head, gsize size);

/* Whether nothing stands at @path but, maybe, a profile with this tag. Errors are PIXELNORM_ERROR_EXISTS. */
gboolean pixelnorm_profile_check_etag (const gchar *path, const gchar *expected, GError **error);
