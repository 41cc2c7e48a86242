/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that a pixelstats writes. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

/* What may become of a profile that is there already. */
typedef enum {
  GST_PIXEL_FILE_KEEP,
  GST_PIXEL_FILE_KEEP_LATE, /* likewise, and it is too late to go on from it */
  GST_PIXEL_FILE_APPEND,
  GST_PIXEL_FILE_OVERWRITE
} GstPixelFileMode;

/* One user at a time. */
typedef struct {
  gchar *location; /* NULL: none */
  gchar *opened;   /* what was asked for; `location` is another where that was taken */
  gchar *claim;    /* what nobody else in this process may write; NULL: nothing */
  gchar *etag;     /* of what may be replaced there; NULL: nothing may */
} GstPixelFile;

/* Goes over to @location, where @owner will write; it is claimed until gst_pixel_file_release(). Nothing happens where it is
 * in use already. Where a profile is there that @mode does not let be replaced, or where another element writes to it,
 * the file before stays in use. Errors say what is there and what to do. */
gboolean gst_pixel_file_open (GstPixelFile *self, GstElement *owner, const gchar *location,
    GstPixelFileMode mode, GError **error);

/* Other elements may write there from now on; what may be replaced stays known. */
void gst_pixel_file_release (GstPixelFile *self);

/* What was written is no longer ours to replace. */
void gst_pixel_file_keep (GstPixelFile *self);

void gst_pixel_file_clear (GstPixelFile *self);

/* Where something else is there than what may be replaced, it stays, and the profile is written beside it:
 * self->location is another then. */
gboolean gst_pixel_file_write (GstPixelFile *self, PixelnormProfile *profile, GError **error);

/* The error of writing where no file is open. */
void gst_pixel_file_set_nowhere (GError **error);
