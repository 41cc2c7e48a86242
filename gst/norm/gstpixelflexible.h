/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tensors of format=flexible: a header before the data says type and dimensions, as NNStreamer's GstTensorMetaInfo
 * lays it out.
 */
#pragma once

#include <gst/gst.h>

#define GST_PIXEL_FLEXIBLE_HEADER 128 /* bytes */

/* Whether fixed @caps are of such tensors. */
gboolean gst_pixel_flexible_is (const GstCaps *caps);

/* Whether type or dimensions are left to the headers. */
gboolean gst_pixel_flexible_is_open (const GstCaps *caps);

/* The header of tensors of @caps, which say type and dimensions. */
void gst_pixel_flexible_write (guint8 header[GST_PIXEL_FLEXIBLE_HEADER], const GstCaps *caps);

/* @caps with the type and the dimensions that @header says; NULL where it is none, or says what @caps or no tensor of
 * ours can be: PIXELNORM_ERROR_MISMATCH. Transfer full. */
GstCaps *gst_pixel_flexible_read (
    const guint8 header[GST_PIXEL_FLEXIBLE_HEADER], const GstCaps *caps, GError **error);
