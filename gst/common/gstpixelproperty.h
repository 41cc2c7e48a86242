/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of an element's properties is in use: a property that is set while the element runs can wait for its next
 * start, or for another that it does not go with. */
#pragma once

#include <gst/gst.h>

/* The debug text of a warning that properties, by their names, did not come into use. */
#define GST_PIXEL_PROPERTY_NOT_CHANGED "changing %s; what was in use before goes on"

/* Gives the value in use of a property that can be set, by any thread. FALSE: the element does not run, or
 * none of its own properties is @spec. */
typedef gboolean (*GstPixelInUse) (GObject *element, GParamSpec *spec, GValue *value);

/* The read-only property in-use, with @id. */
void gst_pixel_property_install_in_use (GObjectClass *klass, guint id);

/* Its value: a field for every property that can be set, or NULL while the element does not run. Transfer
 * full. */
GstStructure *gst_pixel_property_get_in_use (GObject *element, GstPixelInUse in_use);

/* After @spec was set: where it is for the next start and differs from what is in use, a warning says so. */
void gst_pixel_property_warn_of_late (GObject *element, GParamSpec *spec, GstPixelInUse in_use);
