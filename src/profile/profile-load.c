/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a profile: file -> memory, which is read or, where it is large, mapped (input-file.c); the
 * rest is profile-file.c's.
 */
#include <pixelnorm/profile.h>

#include "io/input-file.h"

/**
 * pixelnorm_profile_load:
 * @path: (type filename): a profile file
 * @error: return location for a #GError, or %NULL
 *
 * Reads and verifies a profile; see pixelnorm_profile_parse(). A file of more than
 * 128 MiB is mapped into memory and stays so while the profile lives: replace it by another (as
 * pixelnorm_profile_save() does, and mv), but do not write into it.
 *
 * Returns: (transfer full): a profile; %NULL with %PIXELNORM_ERROR_OPEN where there is no such file
 * or it may not be read, %PIXELNORM_ERROR_READ, %PIXELNORM_ERROR_MEMORY or %PIXELNORM_ERROR_CORRUPT
 *
 * Since: 0.1
 */
PixelnormProfile *
pixelnorm_profile_load (const gchar *path, GError **error)
{
  g_autofree char *shown = NULL;
  g_autoptr (GBytes) bytes = NULL;
  PixelnormProfile *profile;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  shown = g_filename_display_name (path);
  bytes = pixelnorm_input_file_read (path, shown, "profile", error);
  if (bytes == NULL)
    return NULL;
  profile = pixelnorm_profile_parse (bytes, error);
  if (profile == NULL)
    g_prefix_error (error, "%s: ", shown);
  return profile;
}
