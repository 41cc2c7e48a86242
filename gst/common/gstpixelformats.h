/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which video formats there are, and what caps they make. Where a choice of what frames are read as (gstpixelcolour.h) is
 * asked for, NULL stands for channels=native. */
#pragma once

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

#include "gstpixelcolour.h"

/* A format whose samples can be read where they lie. */
typedef struct {
  const gchar *name;
  const gchar
      *twin; /* the same order of samples in 8 bits; NULL: it is 8 bits itself; "": there is none */
  /* where GstVideoFormatInfo does not say it right */
  const gchar *order; /* as the library spells it */
  guint shift;
  gboolean three_in_word, big_endian;
} GstPixelFormat;

/* NULL: a format is unpacked, or not known. */
const GstPixelFormat *gst_pixel_formats_row (const gchar *name);

/* Caps of all formats that can be read, in order of preference; of those that can be written; of those of 8 bits among
 * them; and of those that are asked for where there is a choice. Transfer full. */
GstCaps *gst_pixel_formats_caps (void);
GstCaps *gst_pixel_formats_written_caps (void);
GstCaps *gst_pixel_formats_8_bit_caps (void);
GstCaps *gst_pixel_formats_usual_caps (const GstPixelColour *colour);

/* Caps of formats that are read as these channels ("RGB", "YUV", "Y"; NULL: any), all of one size. Transfer full. */
GstCaps *gst_pixel_formats_whole_caps (const gchar *channels, const GstPixelColour *colour);

/* Caps of what can be of a geometry: its channels and depth, and its size and subsampling where it has
 * a size. Transfer full. */
GstCaps *gst_pixel_formats_geometry_caps (
    const PixelnormGeometry *geometry, const GstPixelColour *colour);

/* What of @caps has this size, with channels of one size, and so many channels; 0: any. Takes over @caps. Transfer
 * full. */
GstCaps *gst_pixel_formats_narrow (
    GstCaps *caps, guint width, guint height, guint n_channels, const GstPixelColour *colour);

/* @caps with those that are in @better before the others, and only those where one of @possible is
 * among them, so that a converter before us gives them. Takes over @caps. Transfer full. */
GstCaps *gst_pixel_formats_prefer (GstCaps *caps, const GstCaps *better, const GstCaps *possible);

/* The names of all formats that can be read. */
const gchar *const *gst_pixel_formats_names (void);

/* The names of the channels that a format is read as, by its name; NULL where it cannot be. */
const gchar *gst_pixel_formats_channels (const gchar *format, const GstPixelColour *colour);

/* Whether a format can be read as @colour asks. */
gboolean gst_pixel_formats_can_be_read (const gchar *format, const GstPixelColour *colour);

/* Whether all of them are of one size. */
gboolean gst_pixel_formats_is_whole (const gchar *format, const GstPixelColour *colour);

/* The format with the same order of samples in 8 bits, itself where it is such; NULL where it is converted, or cannot be
 * written. */
const gchar *gst_pixel_formats_twin (const gchar *format, const GstPixelColour *colour);

/* The format of 8 bits that frames become as video; NULL where they are neither converted nor unpacked to RGB. */
const gchar *gst_pixel_formats_plain (const gchar *format, const GstPixelColour *colour);
