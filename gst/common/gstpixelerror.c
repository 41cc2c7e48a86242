/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ERROR TABLE: which domain and code of GStreamer an error of the library has. */
#include "gstpixelerror.h"

#include <pixelnorm/pixelnorm.h>

static void
bus_code (const GError *error, GQuark *domain, gint *code)
{
  *domain = GST_RESOURCE_ERROR;
  *code = GST_RESOURCE_ERROR_FAILED;
  if (error->domain != PIXELNORM_ERROR)
    return;
  switch ((PixelnormError) error->code) {
  case PIXELNORM_ERROR_OPEN:
    *code = GST_RESOURCE_ERROR_OPEN_READ;
    break;
  case PIXELNORM_ERROR_READ:
  case PIXELNORM_ERROR_CORRUPT:
    *code = GST_RESOURCE_ERROR_READ;
    break;
  case PIXELNORM_ERROR_WRITE:
    *code = GST_RESOURCE_ERROR_WRITE;
    break;
  case PIXELNORM_ERROR_NO_SPACE:
    *code = GST_RESOURCE_ERROR_NO_SPACE_LEFT;
    break;
  case PIXELNORM_ERROR_EXISTS:
    *code = GST_RESOURCE_ERROR_OPEN_WRITE;
    break;
  case PIXELNORM_ERROR_SETTINGS:
    *code = GST_RESOURCE_ERROR_SETTINGS;
    break;
  case PIXELNORM_ERROR_MISMATCH:
    *domain = GST_STREAM_ERROR;
    *code = GST_STREAM_ERROR_FORMAT;
    break;
  case PIXELNORM_ERROR_MEMORY:
  case PIXELNORM_ERROR_LIMIT:
    break;
  }
}

void
gst_pixel_error_post_from (GstElement *element, GstMessageType type, const GError *error,
    const gchar *context, const gchar *file, const gchar *function, gint line)
{
  GQuark domain;
  gint code;

  bus_code (error, &domain, &code);
  gst_element_message_full (element, type, domain, code, g_strdup (error->message),
      g_strdup (context), file, function, line);
}
