/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nothing is overwritten in silence. A profile that is there when a file is opened is gone on from or replaced only where that
 * was asked for. From then on the file is ours, by its entity tag (src/profile/profile-target.c): what anybody else wrote there
 * meanwhile stays, and the profile goes into a file beside it, NAME.1.safetensors or the next that is free. Two elements of a
 * process learn of each other before, by the claims.
 */
#include "gstpixelfile.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION ".safetensors"
#define MAX_ATTEMPTS 10000 /* to find a name that nobody has */

static GMutex claims_lock;
static GHashTable *claims; /* path -> name of the element that writes there */

/* One name for a file, however it is written; of one that is not there yet, its folder's. */
static gchar *
resolve (const gchar *location)
{
  gchar found[PATH_MAX];
  g_autofree gchar *directory = g_path_get_dirname (location);
  g_autofree gchar *name = g_path_get_basename (location);

  if (realpath (location, found))
    return g_strdup (found);
  return g_build_filename (realpath (directory, found) ? found : directory, name, NULL);
}

/* Whether nobody else writes to @location, of which @path is the resolved name. */
static gboolean
claim (const gchar *path, const gchar *location, GstElement *owner, GError **error)
{
  g_mutex_lock (&claims_lock);
  if (!claims)
    claims = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const gchar *other = g_hash_table_lookup (claims, path);
  if (other)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s: The element %s writes there already. Give each element a location of its own.",
        location, other);
  else
    g_hash_table_insert (claims, g_strdup (path), gst_element_get_name (owner));
  g_mutex_unlock (&claims_lock);
  return other == NULL;
}

static void
give_back (gchar *claim)
{
  if (!claim)
    return;
  g_mutex_lock (&claims_lock);
  g_hash_table_remove (claims, claim);
  if (g_hash_table_size (claims) == 0)
    g_clear_pointer (&claims, g_hash_table_unref);
  g_mutex_unlock (&claims_lock);
  g_free (claim);
}

static void
refuse (const gchar *location, GstPixelFileMode mode, GError **error)
{
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (location, NULL);
  g_autofree gchar *found = profile ? g_strdup_printf ("a profile of %" G_GUINT64_FORMAT " frames",
                                pixelnorm_profile_get_frames (profile))
                                    : g_strdup ("an empty file or a damaged profile");

  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS,
      "%s: There is %s already. Set %soverwrite=true to replace it, or another location.", location,
      found, profile && mode == GST_PIXEL_FILE_KEEP ? "append=true to go on from it, " : "");
}

void
gst_pixel_file_release (GstPixelFile *self)
{
  give_back (g_steal_pointer (&self->claim));
}

void
gst_pixel_file_clear (GstPixelFile *self)
{
  gst_pixel_file_release (self);
  g_clear_pointer (&self->location, g_free);
  g_clear_pointer (&self->opened, g_free);
  g_clear_pointer (&self->etag, g_free);
}

/* What may be replaced at @location, as @mode says. */
static gboolean
look_at (const GstPixelFile *self, const gchar *location, GstPixelFileMode mode, gchar **etag,
    GError **error)
{
  if (!pixelnorm_profile_check_path (location, error)
      || !pixelnorm_profile_query_etag (location, etag, error))
    return FALSE;
  if (mode == GST_PIXEL_FILE_APPEND || mode == GST_PIXEL_FILE_OVERWRITE || !*etag
      || g_strcmp0 (*etag, self->etag) == 0)
    return TRUE;
  refuse (location, mode, error);
  return FALSE;
}

gboolean
gst_pixel_file_open (GstPixelFile *self, GstElement *owner, const gchar *location,
    GstPixelFileMode mode, GError **error)
{
  g_autofree gchar *etag = NULL;

  if (self->claim && g_str_equal (location, self->location))
    return TRUE;
  g_autofree gchar *path = resolve (location);
  const gboolean is_claimed = g_strcmp0 (path, self->claim) == 0;
  if (is_claimed && g_str_equal (self->location, self->opened)) /* the same in other words */
    return TRUE;
  if (!is_claimed && !claim (path, location, owner, error))
    return FALSE;
  if (!look_at (self, location, mode, &etag, error)) {
    if (!is_claimed)
      give_back (g_steal_pointer (&path));
    return FALSE;
  }
  if (is_claimed) /* but what is written lies beside it since */
    g_clear_pointer (&self->claim, g_free);
  gst_pixel_file_clear (self);
  self->location = g_strdup (location);
  self->opened = g_strdup (location);
  self->claim = g_steal_pointer (&path);
  self->etag = g_steal_pointer (&etag);
  return TRUE;
}

void
gst_pixel_file_keep (GstPixelFile *self)
{
  g_clear_pointer (&self->etag, g_free);
}

static gboolean
write_to (GstPixelFile *self, PixelnormProfile *profile, const gchar *location, GError **error)
{
  gchar *etag = NULL;

  if (!pixelnorm_profile_replace (profile, location, self->etag, &etag, error))
    return FALSE;
  g_free (self->etag);
  self->etag = etag;
  return TRUE;
}

/* To the first name that is free. */
static gboolean
write_beside (GstPixelFile *self, PixelnormProfile *profile, GError **error)
{
  const gchar *end = g_str_has_suffix (self->opened, EXTENSION) ? EXTENSION : "";
  g_autofree gchar *stem = g_strndup (self->opened, strlen (self->opened) - strlen (end));

  g_clear_pointer (&self->etag, g_free);
  for (guint i = 1; i <= MAX_ATTEMPTS; i++) {
    g_autofree gchar *location = g_strdup_printf ("%s.%u%s", stem, i, end);

    g_clear_error (error);
    if (write_to (self, profile, location, error)) {
      g_free (self->location);
      self->location = g_steal_pointer (&location);
      return TRUE;
    }
    if (!g_error_matches (*error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS))
      break;
  }
  return FALSE;
}

void
gst_pixel_file_set_nowhere (GError **error)
{
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "Nowhere to save to: no location is set. Set it, then emit save again.");
}

gboolean
gst_pixel_file_write (GstPixelFile *self, PixelnormProfile *profile, GError **error)
{
  if (!self->location) {
    gst_pixel_file_set_nowhere (error);
    return FALSE;
  }
  return write_to (self, profile, self->location, error)
      || (g_error_matches (*error, PIXELNORM_ERROR, PIXELNORM_ERROR_EXISTS)
          && write_beside (self, profile, error));
}
