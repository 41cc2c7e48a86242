/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that properties are set to at random, the files that they name, and what comes of them by plain
 * arithmetic.
 */
#pragma once

#include "element-test.h"

enum {
  VALUES_WIDTH = 8,
  VALUES_HEIGHT = 6,
};

/* Makes the files; those of masks by elements of GStreamer. */
void values_init (void);
void values_clear (void);

/* A value that the property @spec of @element may be set to, good or bad; @value is initialized here. */
void values_choose (GRand *random, GstElement *element, GParamSpec *spec, GValue *value);

/* y = gain * x + offset for R, G and B, where all samples of a frame are @x, of the properties in @in_use.
 * FALSE: it depends on frames of before. */
gboolean values_expect_affine (
    const GstStructure *in_use, guint x, gdouble gain[3], gdouble offset[3]);

/* The identity of the profile in use; NULL: none is needed, or there is none. */
const gchar *values_expect_identity (const GstStructure *in_use);

/* How many pixels of a frame count, and their mean, where the left half of it is @left and the right half
 * @right. */
guint values_expect_pixels (const GstStructure *in_use, guint left, guint right, gdouble *mean);

gint values_get_int (const GstStructure *in_use, const gchar *name); /* enums, too */
