/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An element between two pads, without a pipeline: what is pushed into the one goes through the element, and the other drops it. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct {
  GstElement *element; /* or a bin */
  GstPad *source, *sink;
} Pads;

/* @element: (transfer floating): with pads src and sink
 * @output: (nullable): caps behind it; NULL: any
 *
 * Returns whether they link. pads_clear() is due in any case. */
gboolean pads_link (Pads *pads, GstElement *element, const char *output);

/* From NULL until caps are set. Returns whether the element started. */
gboolean pads_play (Pads *pads, GstCaps *caps);

/* Back to NULL, and everything is given up. */
void pads_clear (Pads *pads);

G_END_DECLS
