/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixelnorm and pixeldenorm share: an element whose properties name a plan, and whose caps it is made
 * for.
 */
#pragma once

#include <gst/base/gstbasetransform.h>

#include "common/gstpixelframe.h"
#include "gstpixelflexible.h"
#include "gstpixelplan.h"

#define GST_TYPE_PIXEL_BASE (gst_pixel_base_get_type ())
#define GST_PIXEL_BASE(object)                                                                     \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), GST_TYPE_PIXEL_BASE, GstPixelBase))
#define GST_PIXEL_BASE_CLASS(klass)                                                                \
  (G_TYPE_CHECK_CLASS_CAST ((klass), GST_TYPE_PIXEL_BASE, GstPixelBaseClass))
#define GST_PIXEL_BASE_GET_CLASS(object)                                                           \
  (G_TYPE_INSTANCE_GET_CLASS ((object), GST_TYPE_PIXEL_BASE, GstPixelBaseClass))

typedef struct {
  GstBaseTransform parent;

  GstPixelPlans plans; /* guards itself; init of the element sets its category */

  /* the streaming thread, and state changes while it does not run */
  GstPixelVideo input, output;              /* of what is video */
  GstPixelFrame read, written;              /* likewise */
  gsize input_size, output_size;            /* bytes of a buffer */
  guint8 header[GST_PIXEL_FLEXIBLE_HEADER]; /* of tensors of format=flexible */
  gsize header_size;                        /* bytes of it before each tensor, or 0 */
  GstCaps *refused;                         /* caps of which was said that they do not fit */
  const gchar *assumed;                     /* of what they do not say, which was said; interned */
  gboolean warned_of_rest;                  /* of a buffer that is too large */
} GstPixelBase;

typedef struct {
  GstBaseTransformClass parent_class;

  /* What caps on one side become on the other, without @filter, which says what upstream can have. */
  GstCaps *(*convert_caps) (
      GstPixelBase *self, GstPadDirection direction, GstCaps *caps, GstCaps *filter);

  /* Which of @othercaps, which it takes over, are sent for the input @caps. */
  GstCaps *(*choose_caps) (GstPixelBase *self, GstCaps *caps, GstCaps *othercaps);

  /* Makes the plan for caps, and sets both sizes and what is video. Errors go to the bus, once for the same caps. */
  gboolean (*fit) (GstPixelBase *self, GstCaps *incaps, GstCaps *outcaps, GError **error);

  /* Another plan is in use from now on. */
  void (*update) (GstPixelBase *self);

  /* GstPixelInUse of all properties; an element that has some of its own chains up. */
  gboolean (*get_in_use) (GObject *self, GParamSpec *spec, GValue *value);
} GstPixelBaseClass;

GType gst_pixel_base_get_type (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstPixelBase, gst_object_unref)

/* Video that suits the profile; without one, what is usual. Transfer full. */
GstCaps *gst_pixel_base_suitable_video (GstPixelBase *self);

/* What of both caps is video; the input is read as the properties and the profile say. */
gboolean gst_pixel_base_read_caps (GstPixelBase *self, const GstCaps *incaps,
    const GstCaps *outcaps, GstPixelVideo *input, GstPixelVideo *output, GError **error);

/* Maps what is video into @self->read. */
gboolean gst_pixel_base_map_input (GstPixelBase *self, GstBuffer *buffer, GError **error);

/* Before a buffer: the plan that is ready, if one is, is in use from now on. */
void gst_pixel_base_apply_plan (GstPixelBase *self);

/* After a property was set: says so where it is for the next start. */
void gst_pixel_base_warn_of_late (GstPixelBase *self, GParamSpec *spec);

/* Whether 8-bit video was, or is, made of the frames; else tensors. */
static inline gboolean
gst_pixel_base_is_video (const GstPixelBase *self)
{
  return self->plans.target.output == PIXELNORM_OUTPUT_VIDEO;
}
