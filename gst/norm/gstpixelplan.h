/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plans of pixelnorm: the one in use, and the one that a change while playing makes ready. */
#pragma once

#include "common/gstpixelcolour.h"
#include "gstpixelsettings.h"

/* What a normalizer is made for. */
typedef struct {
  PixelnormLayout *layout;
  PixelnormOutput output;
  PixelnormTensorLayout tensor_layout;
  gboolean denormalize; /* layout and output are what was normalized, and into what */
  guint serial;         /* of the caps; 0: there are none */
} GstPixelTarget;

/* Settings, the files that they name, and the normalizer made of them. */
typedef struct {
  PixelnormSettings *settings; /* NULL, as all of it, before start */
  PixelnormInputs *inputs;
  gchar *ineffective; /* what was set in vain, in words; or NULL */
  gchar *floored;     /* how much min-deviation rules, in words; or NULL: not much */
  PixelnormStatisticsFlags statistics; /* from when it is fitted on */
  PixelnormNormalizer *normalizer;     /* NULL until it is fitted to a target */
  PixelnormDenormalizer *denormalizer; /* instead, of pixeldenorm */
  gboolean needs_values; /* it takes mean and std with every frame: no profile has them */
} GstPixelPlan;

/* The element's object lock guards all of it, but the streaming thread, which alone changes current and
 * target while it runs, reads these two without. */
typedef struct {
  GstElement *element;
  GstDebugCategory *category; /* what the element logs with */
  GstPixelSettings wanted;
  GstPixelColour colour; /* as set; pixeldenorm: native */
  GstPixelPlan current;  /* from start to stop; its normalizer from caps on */
  GstPixelPlan next;     /* what a change has made; waits for a whole frame */
  GstPixelTarget target;
  guint n_runs, n_targets, n_taken; /* the last: plans that came of changes */
  gboolean started;
  gboolean changed;    /* a property, since changes were looked at last */
  gboolean is_loading; /* a plan is made in another thread */
  gboolean load_again; /* and is outdated already */
} GstPixelPlans;

void gst_pixel_plans_init (GstPixelPlans *self, GstElement *element);
void gst_pixel_plans_clear (GstPixelPlans *self);

/* FALSE: no property of these has @id. */
gboolean gst_pixel_plans_set (GstPixelPlans *self, guint id, const GValue *value, GParamSpec *spec);
gboolean gst_pixel_plans_get (GstPixelPlans *self, guint id, GValue *value);

/* After properties were set: makes a plan of them in a thread of its own, where the element runs. What
 * cannot be becomes a warning on the bus. */
void gst_pixel_plans_look_at_changes (GstPixelPlans *self);

/* Reads the files. */
gboolean gst_pixel_plans_start (GstPixelPlans *self, GError **error);
void gst_pixel_plans_stop (GstPixelPlans *self);

/* Which layouts of tensors may be taken, GstPixelCapsLayouts. */
guint gst_pixel_plans_tensor_layouts (GstPixelPlans *self);

/* What frames are read as, with what the profile or else the file of gamma and beta says. */
GstPixelColour gst_pixel_plans_colour (GstPixelPlans *self);

/* What frames must consist of, sizes 0 where any will do; FALSE: whatever they like. */
gboolean gst_pixel_plans_geometry (GstPixelPlans *self, PixelnormGeometry *geometry);

/* The size of the frames and the number of channels that the file of gamma and beta fits; 0: any. */
void gst_pixel_plans_affine_size (
    GstPixelPlans *self, guint *width, guint *height, guint *n_channels);

/* Fits the newest settings to new caps. Where it fails, the old plan stays whole. */
gboolean gst_pixel_plans_fit (
    GstPixelPlans *self, const PixelnormLayout *layout, const GstCaps *outcaps, GError **error);

/* The same to a target that the caller knows; without a profile where the method needs one, pixeldenorm
 * takes mean and std from every frame. */
gboolean gst_pixel_plans_fit_target (
    GstPixelPlans *self, const GstPixelTarget *target, GError **error);

/* Before a frame: applies the plan that is ready, if one is, and says whether. */
gboolean gst_pixel_plans_apply (GstPixelPlans *self);
