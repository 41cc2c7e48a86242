/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of the library as messages on the bus. */
#pragma once

#include <gst/gst.h>

/* Posts @error as an error or a warning, with the domain and code that its kind has in GStreamer.
 * @context is what was being done, for the debug text. */
#define gst_pixel_error_post(element, type, error, context)                                        \
  gst_pixel_error_post_from (element, type, error, context, __FILE__, GST_FUNCTION, __LINE__)

void gst_pixel_error_post_from (GstElement *element, GstMessageType type, const GError *error,
    const gchar *context, const gchar *file, const gchar *function, gint line);
