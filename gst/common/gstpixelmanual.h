/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What gst-inspect-1.0 prints of an element below its description: rows of metadata, each line of a text where the
 * first begins. */
#pragma once

#include <gst/gst.h>

/* After it a text goes on in the next line. */
#define GST_PIXEL_MANUAL_LINE "\n                           "

typedef struct {
  const gchar *heading, *text; /* for ever */
} GstPixelManual;

static inline void
gst_pixel_manual_add (GstElementClass *klass, const GstPixelManual *rows, guint n_rows)
{
  for (guint i = 0; i < n_rows; i++)
    gst_element_class_add_static_metadata (klass, rows[i].heading, rows[i].text);
}
