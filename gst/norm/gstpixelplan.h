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
  GstPixelSettings made_of;    /* properties; settings NULL, as all of it, before start */
  PixelnormSettings *settings; /* the same, and the layout that caps decide */
  PixelnormInputs *inputs;
  gchar *ineffective;                  /* what was set in vain, in words; or NULL */
  PixelnormStatisticsFlags statistics; /* from when it is fitted on */
  PixelnormNormalizer *normalizer;     /* NULL until it is fitted to a target */
  PixelnormDenormalizer *denormalizer; /* instead, of pixeldenorm */
  gboolean needs_values; /* it takes mean and std with every frame: no profile has them */
} GstPixelPlan;

/* Properties that were set together while the element ran, and are in no plan yet. */
typedef struct {
  guint64 properties; /* none of them is in another change */
  guint serial;       /* another one when a property left it */
  gboolean is_told;   /* that it could not be */
} GstPixelChange;

typedef struct {
  GstPixelChange items[GST_PIXEL_SETTINGS_MAX_ID];
  guint n;
} GstPixelChanges;

/* The element's object lock guards all of it, but the streaming thread, which alone changes current and
 * target while there are caps, reads these two without. */
typedef struct {
  GstElement *element;
  GstDebugCategory *category; /* what the element logs with */
  GstPixelSettings wanted;
  GstPixelColour colour;      /* as set; pixeldenorm: native */
  GstPixelColour used_colour; /* from start to stop */
  GstPixelPlan current;       /* from start to stop; its normalizer from caps on */
  GstPixelPlan next;          /* what a change has made; waits for a whole frame */
  GstPixelTarget target;
  guint n_runs, n_targets, n_taken; /* the last: plans that came of changes */
  gboolean is_starting;             /* the first plan is being made */
  gboolean started;                 /* there is one */
  guint64 touched;                  /* properties, since changes were looked at last */
  GstPixelChanges changes;          /* in the order in which they came */
  guint n_changes;                  /* that there ever were */
  gboolean is_loading;              /* a plan is made in another thread */
} GstPixelPlans;

void gst_pixel_plans_init (GstPixelPlans *self, GstElement *element);
void gst_pixel_plans_clear (GstPixelPlans *self);

/* FALSE: no property of these has @id. */
gboolean gst_pixel_plans_set (GstPixelPlans *self, guint id, const GValue *value, GParamSpec *spec);
gboolean gst_pixel_plans_get (GstPixelPlans *self, guint id, GValue *value);
/* The value in use. FALSE, too: it does not run. */
gboolean gst_pixel_plans_get_in_use (GstPixelPlans *self, guint id, GValue *value);

/* After properties were set together: makes a plan of them in a thread of its own, where the element runs.
 * What cannot be becomes a warning on the bus, once; later changes do not wait for it, and it is tried
 * again with each of them, and with other caps. */
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

/* Fits the newest plan to new caps or, where they do not fit, one of all that was changed. Where it fails, the
 * old plan stays whole. */
gboolean gst_pixel_plans_fit (
    GstPixelPlans *self, const PixelnormLayout *layout, const GstCaps *outcaps, GError **error);

/* The same to a target that the caller knows; without a profile where the method needs one, pixeldenorm
 * takes mean and std from every frame. */
gboolean gst_pixel_plans_fit_target (
    GstPixelPlans *self, const GstPixelTarget *target, GError **error);

/* Whether there is a plan for caps. A source that is linked to an element which starts can push before that
 * has. */
gboolean gst_pixel_plans_is_fitted (GstPixelPlans *self);

/* Of the plan for caps; 0 while there are none. */
PixelnormStatisticsFlags gst_pixel_plans_statistics (GstPixelPlans *self);

/* Before a frame: applies the plan that is ready, if one is, and says whether. */
gboolean gst_pixel_plans_apply (GstPixelPlans *self);
