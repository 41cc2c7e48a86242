/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties are those of gstpixelsettings.c; a change of them while playing makes another plan, which
 * is applied before a buffer (gstpixelplan.c). Caps that do not fit are refused in words, once.
 */
#include "gstpixelbase.h"

#include <gst/video/video.h>

#include "common/gstpixelerror.h"
#include "common/gstpixelformats.h"
#include "common/gstpixellog.h"
#include "common/gstpixelproperty.h"
#include "gstpixelmeta.h"
#include "gstpixelpool.h"

enum { PROP_IN_USE = GST_PIXEL_SETTINGS_MAX_ID };

G_DEFINE_ABSTRACT_TYPE (GstPixelBase, gst_pixel_base, GST_TYPE_BASE_TRANSFORM)

GstCaps *
gst_pixel_base_suitable_video (GstPixelBase *self)
{
  const GstPixelColour colour = gst_pixel_plans_colour (&self->plans);
  PixelnormGeometry geometry;
  GstCaps *caps = NULL;

  if (gst_pixel_plans_geometry (&self->plans, &geometry))
    caps = gst_pixel_formats_geometry_caps (&geometry, &colour);
  return caps ? caps : gst_pixel_formats_usual_caps (&colour);
}

static gboolean
is_video (const GstCaps *caps)
{
  return gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw");
}

gboolean
gst_pixel_base_read_caps (GstPixelBase *self, const GstCaps *incaps, const GstCaps *outcaps,
    GstPixelVideo *input, GstPixelVideo *output, GError **error)
{
  const GstPixelColour colour = gst_pixel_plans_colour (&self->plans);

  return (!is_video (incaps) || gst_pixel_video_init (input, incaps, &colour, error))
      && (!is_video (outcaps) || gst_pixel_video_init (output, outcaps, NULL, error));
}

/* Once, not with every change of caps. */
static void
warn_of_assumed (GstPixelBase *self)
{
  const gchar *news = gst_pixel_video_news (&self->input, &self->assumed);

  if (news)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("%s", news), (NULL));
}

gboolean
gst_pixel_base_map_input (GstPixelBase *self, GstBuffer *buffer, GError **error)
{
  if (!gst_pixel_frame_map (&self->read, &self->input, buffer, GST_MAP_READ, error))
    return FALSE;
  gst_pixel_frame_warn_of_rest (
      GST_ELEMENT (self), &self->input.info, buffer, &self->warned_of_rest);
  return TRUE;
}

void
gst_pixel_base_apply_plan (GstPixelBase *self)
{
  if (gst_pixel_plans_apply (&self->plans))
    GST_PIXEL_BASE_GET_CLASS (self)->update (self);
}

/* While elements are linked nothing is refused that another stream, or another setting, could have: what
 * does not fit then ends in words, which come only from a running element. */
static GstCaps *
add_all_of_template (GstBaseTransform *trans, GstCaps *caps)
{
  GstPad *pad = GST_BASE_TRANSFORM_SRC_PAD (trans);

  if (GST_PAD_IS_ACTIVE (pad) || gst_caps_is_any (caps))
    return caps;
  gst_caps_append (caps, gst_pad_get_pad_template_caps (pad));
  return caps;
}

static GstCaps *
gst_pixel_base_transform_caps (
    GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstPixelBase *self = GST_PIXEL_BASE (trans);
  GstCaps *result = GST_PIXEL_BASE_GET_CLASS (self)->convert_caps (self, direction, caps, filter);

  if (direction == GST_PAD_SINK)
    result = add_all_of_template (trans, gst_caps_make_writable (result));
  if (filter) {
    GstCaps *both = gst_caps_intersect_full (result, filter, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (result);
    result = both;
  }
  GST_CAT_LOG_OBJECT (
      self->plans.category, self, "%" GST_PTR_FORMAT " becomes %" GST_PTR_FORMAT, caps, result);
  return result;
}

/* The base class would refuse caps that become nothing before there is an event, without words. */
static gboolean
gst_pixel_base_accept_caps (GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps)
{
  if (direction != GST_PAD_SINK)
    return GST_BASE_TRANSFORM_CLASS (gst_pixel_base_parent_class)
        ->accept_caps (trans, direction, caps);
  g_autoptr (GstCaps) all = gst_pad_get_pad_template_caps (GST_BASE_TRANSFORM_SINK_PAD (trans));
  return gst_caps_is_subset (caps, all);
}

static GstCaps *
gst_pixel_base_fixate_caps (
    GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps, GstCaps *othercaps)
{
  GstPixelBase *self = GST_PIXEL_BASE (trans);

  if (direction == GST_PAD_SRC)
    return gst_caps_fixate (othercaps);
  return GST_PIXEL_BASE_GET_CLASS (self)->choose_caps (self, caps, othercaps);
}

static gboolean
gst_pixel_base_set_caps (GstBaseTransform *trans, GstCaps *incaps, GstCaps *outcaps)
{
  GstPixelBase *self = GST_PIXEL_BASE (trans);
  GstPixelBaseClass *klass = GST_PIXEL_BASE_GET_CLASS (self);
  g_autoptr (GError) error = NULL;

  if (klass->fit (self, incaps, outcaps, &error)) {
    GST_CAT_DEBUG_OBJECT (self->plans.category, self,
        "caps %" GST_PTR_FORMAT ", %" G_GSIZE_FORMAT " bytes a buffer, become %" GST_PTR_FORMAT
        ", %" G_GSIZE_FORMAT " bytes",
        incaps, self->input_size, outcaps, self->output_size);
    gst_caps_replace (&self->refused, NULL);
    warn_of_assumed (self);
    klass->update (self);
    return TRUE;
  }
  /* a failing set_caps is called again and again; the bus hears of it once */
  if (!self->refused || !gst_caps_is_equal (self->refused, incaps))
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "looking at the caps");
  gst_caps_replace (&self->refused, incaps);
  return FALSE;
}

static gboolean
gst_pixel_base_transform_size (GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
    gsize size, GstCaps *othercaps, gsize *othersize)
{
  const GstPixelBase *self = GST_PIXEL_BASE (trans);

  *othersize = direction == GST_PAD_SINK ? self->output_size : self->input_size;
  return TRUE;
}

/* Downstream's pool for video, if it has one, else our own. */
static gboolean
gst_pixel_base_decide_allocation (GstBaseTransform *trans, GstQuery *query)
{
  GstPixelBase *self = GST_PIXEL_BASE (trans);
  const gboolean video = self->plans.target.denormalize || gst_pixel_base_is_video (self);

  gst_pixel_pool_decide (
      GST_ELEMENT (self), self->plans.category, query, (guint) self->output_size, video);
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_base_parent_class)->decide_allocation (trans, query);
}

static gboolean
gst_pixel_base_propose_allocation (GstBaseTransform *trans, GstQuery *decide_query, GstQuery *query)
{
  GstPixelBase *self = GST_PIXEL_BASE (trans);

  if (!GST_BASE_TRANSFORM_CLASS (gst_pixel_base_parent_class)
           ->propose_allocation (trans, decide_query, query))
    return FALSE;
  if (!self->plans.target.denormalize || gst_pixel_base_is_video (self))
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

/* From video to video what is said of places and times stays, but not what is said of colours, nor of
 * places that a crop moved; else only what is not said of video. */
static gboolean
gst_pixel_base_transform_meta (
    GstBaseTransform *trans, GstBuffer *out, GstMeta *meta, GstBuffer *in)
{
  static const gchar *const kept[] = { GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR,
    GST_META_TAG_VIDEO_ORIENTATION_STR, NULL };
  const gchar *const *tags = gst_meta_api_type_get_tags (meta->info->api);
  const gboolean video = gst_pixel_base_is_video (GST_PIXEL_BASE (trans));
  const gboolean cropped = gst_buffer_get_video_crop_meta (in) != NULL;

  if (meta->info->api == GST_VIDEO_CROP_META_API_TYPE)
    return FALSE; /* was applied: the output is what it cut out */
  if (gst_meta_info_is_custom (meta->info)
      && gst_custom_meta_has_name ((GstCustomMeta *) meta, GST_PIXEL_META_NAME))
    return FALSE; /* the output gets its own, or was normalized once */
  for (; tags && *tags; tags++)
    if (!video || !g_strv_contains (kept, *tags)
        || (cropped && g_str_equal (*tags, GST_META_TAG_VIDEO_SIZE_STR)))
      return FALSE;
  return TRUE;
}

static gboolean
gst_pixel_base_start (GstBaseTransform *trans)
{
  GstPixelBase *self = GST_PIXEL_BASE (trans);
  g_autoptr (GError) error = NULL;

  gst_pixel_log_kernels (self->plans.category, GST_ELEMENT (self));
  gst_caps_replace (&self->refused, NULL);
  self->warned_of_rest = FALSE;
  if (gst_pixel_plans_start (&self->plans, &error))
    return TRUE;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "starting");
  return FALSE;
}

static gboolean
gst_pixel_base_stop (GstBaseTransform *trans)
{
  GstPixelBase *self = GST_PIXEL_BASE (trans);

  gst_pixel_plans_stop (&self->plans);
  gst_pixel_video_clear (&self->input);
  gst_pixel_video_clear (&self->output);
  gst_pixel_frame_clear (&self->read);
  gst_pixel_frame_clear (&self->written);
  self->assumed = NULL;
  return TRUE;
}

static gboolean
gst_pixel_base_get_in_use (GObject *object, GParamSpec *spec, GValue *value)
{
  return spec->owner_type == GST_TYPE_PIXEL_BASE
      && gst_pixel_plans_get_in_use (&GST_PIXEL_BASE (object)->plans, spec->param_id, value);
}

void
gst_pixel_base_warn_of_late (GstPixelBase *self, GParamSpec *spec)
{
  gst_pixel_property_warn_of_late (
      G_OBJECT (self), spec, GST_PIXEL_BASE_GET_CLASS (self)->get_in_use);
}

static void
gst_pixel_base_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstPixelBase *self = GST_PIXEL_BASE (object);

  if (gst_pixel_plans_set (&self->plans, id, value, pspec))
    gst_pixel_base_warn_of_late (self, pspec);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_pixel_base_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_IN_USE)
    g_value_take_boxed (value,
        gst_pixel_property_get_in_use (object, GST_PIXEL_BASE_GET_CLASS (object)->get_in_use));
  else if (!gst_pixel_plans_get (&GST_PIXEL_BASE (object)->plans, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* Comes once for all properties of one g_object_set(), so that they change together. */
static void
gst_pixel_base_dispatch_properties_changed (GObject *object, guint n, GParamSpec **pspecs)
{
  G_OBJECT_CLASS (gst_pixel_base_parent_class)->dispatch_properties_changed (object, n, pspecs);
  gst_pixel_plans_look_at_changes (&GST_PIXEL_BASE (object)->plans);
}

static void
gst_pixel_base_finalize (GObject *object)
{
  GstPixelBase *self = GST_PIXEL_BASE (object);

  gst_pixel_plans_clear (&self->plans);
  gst_caps_replace (&self->refused, NULL);
  G_OBJECT_CLASS (gst_pixel_base_parent_class)->finalize (object);
}

static void
gst_pixel_base_class_init (GstPixelBaseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_pixel_base_set_property;
  object_class->get_property = gst_pixel_base_get_property;
  object_class->finalize = gst_pixel_base_finalize;
  object_class->dispatch_properties_changed = gst_pixel_base_dispatch_properties_changed;
  gst_pixel_settings_install (object_class);
  gst_pixel_property_install_in_use (object_class, PROP_IN_USE);
  klass->get_in_use = gst_pixel_base_get_in_use;
  gst_type_mark_as_plugin_api (GST_TYPE_PIXEL_BASE, 0);

  transform_class->start = gst_pixel_base_start;
  transform_class->stop = gst_pixel_base_stop;
  transform_class->transform_caps = gst_pixel_base_transform_caps;
  transform_class->accept_caps = gst_pixel_base_accept_caps;
  transform_class->fixate_caps = gst_pixel_base_fixate_caps;
  transform_class->set_caps = gst_pixel_base_set_caps;
  transform_class->transform_size = gst_pixel_base_transform_size;
  transform_class->decide_allocation = gst_pixel_base_decide_allocation;
  transform_class->propose_allocation = gst_pixel_base_propose_allocation;
  transform_class->transform_meta = gst_pixel_base_transform_meta;
}

static void
gst_pixel_base_init (GstPixelBase *self)
{
  gst_pixel_plans_init (&self->plans, GST_ELEMENT (self));
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}
