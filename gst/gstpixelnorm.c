/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-pixelnorm
 * @title: pixelnorm
 * @short_description: normalizes video, pixel-wise or channel-wise, into tensors or 8-bit video
 *
 * Computes y = (x - centre) * scale + bias for every sample, with coefficients made of a profile
 * that #pixelstats collected, or of fixed values, and sends the result as a tensor (other/tensors of
 * NNStreamer) of float32, float16, int8 or uint8 or, where downstream takes video only, as 8-bit video
 * of the same format (the 8-bit twin of a deeper one) with [range-low, range-high] laid onto [0, 255].
 *
 * What downstream accepts decides: tensors first, float32 first. Put caps behind the element to
 * choose: other/tensors,types=float16 or video/x-raw. A tensor is height x width x channels (NHWC), or
 * channels x height x width with layout=nchw. int8 and uint8 are round (y / quant-scale) +
 * quant-zero-point, half to even, saturated.
 *
 * Results are multiplied by gamma, beta is added, and they are clipped to clip-low and clip-high; all of
 * that costs nothing or next to nothing. A gamma and a beta for every pixel come in a file,
 * affine-location.
 *
 * Formats whose U and V are smaller than Y (I420, NV12) can only become video, not tensors.
 *
 * Every buffer carries a GstCustomMeta "PixelnormMeta" that says what was done to it: method,
 * scope, statistics, gamma, beta, clip-low and clip-high where they are set, output, layout and
 * channel-order (tensors), range-low and range-high (video), quant-scale and
 * quant-zero-point (int8, uint8), the profile's identity, and as affine-identity that of the file of
 * gamma and beta. An element
 * message `pixelnorm` says the same whenever it changes.
 *
 * ## Examples
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! video/x-raw,format=RGB,width=224,height=224 ! \
 *   pixelnorm method=fixed mean="<123.675,116.28,103.53>" std="<58.395,57.12,57.375>" ! \
 *   other/tensors,types=float32 ! filesink location=frames.f32
 * ]|
 * The normalization of torchvision's models, as a file of float32 tensors.
 *
 * |[
 * gst-launch-1.0 videotestsrc pattern=ball num-buffers=99 ! video/x-raw,format=RGB ! \
 *   pixelstats location=ball.safetensors ! fakesink
 * gst-launch-1.0 videotestsrc pattern=ball num-buffers=99 ! video/x-raw,format=RGB ! \
 *   pixelnorm location=ball.safetensors ! video/x-raw ! pngenc snapshot=true ! \
 *   filesink location=ball.png
 * ]|
 * Collects a profile, then writes a frame in deviations from the mean image as a picture.
 *
 * Since: 0.1
 */
#include "gstpixelnorm.h"

#include <gst/video/video.h>
#include <math.h>
#include <pixelnorm/pixelnorm.h>

#include "gstpixelcaps.h"
#include "gstpixelerror.h"
#include "gstpixelformats.h"
#include "gstpixelframe.h"
#include "gstpixelmeta.h"
#include "gstpixelplan.h"
#include "gstpixelpool.h"

GST_DEBUG_CATEGORY_STATIC (pixelnorm_debug);
#define GST_CAT_DEFAULT pixelnorm_debug

struct _GstPixelNorm {
  GstBaseTransform parent;

  GstPixelPlans plans; /* guards itself */

  /* the streaming thread, and state changes while it does not run */
  GstVideoInfo info, output_info; /* the latter of video */
  PixelnormLayout output_layout;
  gsize output_size;     /* of a buffer */
  GstStructure *applied; /* what PixelnormMeta says */
  GstCaps *refused;      /* caps of which was said that they do not fit */
  gchar *idle;           /* of what was said that it has no effect */

  gint is_explained; /* atomic: why downstream cannot have what it asks for */
};

G_DEFINE_FINAL_TYPE (GstPixelNorm, gst_pixel_norm, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (pixelnorm, "pixelnorm", GST_RANK_NONE, GST_TYPE_PIXEL_NORM)

/* Video that suits the profile; without one, what is usual. Then what of it suits the file of gamma
 * and beta. */
static GstCaps *
suitable_video (GstPixelNorm *self)
{
  PixelnormGeometry geometry;
  GstCaps *caps = NULL;
  guint width, height, n_channels;

  if (gst_pixel_plans_geometry (&self->plans, &geometry))
    caps = gst_pixel_formats_geometry_caps (&geometry);
  if (!caps)
    caps = gst_pixel_formats_usual_caps ();
  gst_pixel_plans_affine_size (&self->plans, &width, &height, &n_channels);
  return gst_pixel_formats_narrow (caps, width, height, n_channels);
}

/* A converter before us learns only that there is no video for what downstream takes, and says no more
 * than "not negotiated". */
static void
warn_of_downstream (GstPixelNorm *self, guint layouts)
{
  g_autoptr (GstCaps) wanted = gst_pad_peer_query_caps (GST_BASE_TRANSFORM_SRC_PAD (self), NULL);
  g_autofree gchar *words = gst_pixel_caps_explain_wanted (wanted, layouts);

  if (words && g_atomic_int_compare_and_exchange (&self->is_explained, FALSE, TRUE))
    GST_ELEMENT_WARNING (self, CORE, NEGOTIATION, ("%s", words), (NULL));
}

/* What suits, where upstream can have it, so that converters and scalers do the right thing by
 * themselves; all where it cannot, so that set_caps says in words what does not fit instead of "not
 * negotiated". */
static GstCaps *
video_for (GstPixelNorm *self, GstCaps *caps, GstCaps *filter)
{
  const guint layouts = gst_pixel_plans_layouts (&self->plans);
  g_autoptr (GstCaps) suitable = suitable_video (self);
  GstCaps *video = gst_pixel_caps_to_video (caps, layouts);

  if (gst_caps_is_empty (video))
    warn_of_downstream (self, layouts);
  return gst_pixel_formats_prefer (video, suitable, filter);
}

static GstCaps *
gst_pixel_norm_transform_caps (
    GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstCaps *result;

  if (direction == GST_PAD_SINK)
    result =
        gst_pixel_caps_from_video (caps, gst_pixel_plans_layouts (&GST_PIXEL_NORM (trans)->plans));
  else
    result = video_for (GST_PIXEL_NORM (trans), caps, filter);
  if (filter) {
    GstCaps *both = gst_caps_intersect_full (result, filter, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (result);
    result = both;
  }
  GST_LOG_OBJECT (trans, "%" GST_PTR_FORMAT " becomes %" GST_PTR_FORMAT, caps, result);
  return result;
}

static GstCaps *
gst_pixel_norm_fixate_caps (
    GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps, GstCaps *othercaps)
{
  if (direction == GST_PAD_SRC)
    return gst_caps_fixate (othercaps);
  return gst_pixel_caps_choose (
      othercaps, caps, gst_pixel_plans_layouts (&GST_PIXEL_NORM (trans)->plans));
}

static void
warn_of_units (GstPixelNorm *self, const PixelnormSettings *settings)
{
  const gboolean unit = settings->units == PIXELNORM_UNITS_UNIT;
  gdouble largest = 0, largest_mean = 0;

  if (settings->method != PIXELNORM_METHOD_FIXED)
    return;
  for (guint i = 0; i < settings->n_mean; i++)
    largest = largest_mean = MAX (largest_mean, fabs (settings->mean[i]));
  for (guint i = 0; i < settings->n_std; i++)
    largest = MAX (largest, settings->std[i]);
  if (unit && largest_mean > 2)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("mean and std look like code values, 0 to 255, and are taken as values for samples of 0 to 1. "
         "If the former is meant, set units=code."),
        (NULL));
  /* mean 0 and std 1 leave samples as they are, which may be meant */
  if (!unit && largest <= 1 && (settings->mean[0] > 0 || settings->std[0] < 0.5))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("mean and std look like values for samples of 0 to 1, and are taken as code values, 0 to "
         "255. If the former is meant, set units=unit."),
        (NULL));
}

static void
warn_of_matrix (GstPixelNorm *self, PixelnormProfile *profile)
{
  const gchar *expected = profile ? pixelnorm_profile_get_geometry (profile)->matrix : NULL;
  const gchar *found = self->plans.target.layout.geometry.matrix;

  if (expected && found && !g_str_equal (expected, found))
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The profile was made of video with matrix %s, the stream has %s: the same colours are "
         "other numbers. Convert before (videoconvert), if the difference matters.",
            expected, found),
        (NULL));
}

/* Once, not with every change of caps. */
static void
warn_of_idle (GstPixelNorm *self, const gchar *idle)
{
  if (idle && g_strcmp0 (idle, self->idle) != 0)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS, ("%s", idle), (NULL));
  g_free (self->idle);
  self->idle = g_strdup (idle);
}

/* Tells of the plan that is in use from now on. */
static void
tell_plan (GstPixelNorm *self)
{
  const GstPixelPlan *plan = &self->plans.current;

  warn_of_units (self, &plan->settings);
  warn_of_idle (self, plan->idle);
  warn_of_matrix (self, plan->profile);
  g_clear_pointer (&self->applied, gst_structure_free);
  self->applied = gst_pixel_meta_describe (
      &plan->settings, plan->profile, plan->affine, plan->normalizer, self->plans.target.output);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), gst_structure_copy (self->applied)));
}

static gboolean
check_output_size (gsize size, GError **error)
{
  if (size <= G_MAXUINT)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
      "One output frame has %" G_GSIZE_FORMAT " MiB; GStreamer's pools end at %u. Scale the video "
      "down.",
      size >> 20, G_MAXUINT >> 20);
  return FALSE;
}

/* The largest that a buffer can become, before much is allocated for it. */
static gboolean
check_caps (const PixelnormLayout *layout, const GstVideoInfo *output, GError **error)
{
  const gsize samples =
      (gsize) layout->geometry.width * layout->geometry.height * layout->n_channels;

  return check_output_size (
      output->finfo ? GST_VIDEO_INFO_SIZE (output) : samples * sizeof (gfloat), error);
}

static gboolean
gst_pixel_norm_set_caps (GstBaseTransform *trans, GstCaps *incaps, GstCaps *outcaps)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GError) error = NULL;
  PixelnormLayout layout, output_layout = { 0 };
  GstVideoInfo info, output = { 0 };
  const gboolean video =
      gst_structure_has_name (gst_caps_get_structure (outcaps, 0), "video/x-raw");

  if (!gst_video_info_from_caps (&info, incaps)) {
    g_set_error (&error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected caps of raw video, found some that describe none.");
  } else if (gst_pixel_formats_layout (&info, &layout, &error)
      && (!video
          || (gst_video_info_from_caps (&output, outcaps)
              && gst_pixel_formats_layout (&output, &output_layout, &error)))
      && check_caps (&layout, &output, &error)
      && gst_pixel_plans_fit (&self->plans, &layout, outcaps, &error)) {
    self->info = info;
    self->output_info = output;
    self->output_layout = output_layout;
    self->output_size = video
        ? GST_VIDEO_INFO_SIZE (&output)
        : pixelnorm_normalizer_get_output_size (self->plans.current.normalizer);
    gst_caps_replace (&self->refused, NULL);
    tell_plan (self);
    return TRUE;
  }
  /* a failing set_caps is called again and again; the bus hears of it once */
  if (!self->refused || !gst_caps_is_equal (self->refused, incaps))
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "looking at the caps");
  gst_caps_replace (&self->refused, incaps);
  return FALSE;
}

static gboolean
gst_pixel_norm_transform_size (GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
    gsize size, GstCaps *othercaps, gsize *othersize)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);

  *othersize = direction == GST_PAD_SINK ? self->output_size : GST_VIDEO_INFO_SIZE (&self->info);
  return TRUE;
}

/* Our own pool, unless downstream has one for video. */
static gboolean
gst_pixel_norm_decide_allocation (GstBaseTransform *trans, GstQuery *query)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  const gboolean any = gst_query_get_n_allocation_pools (query) > 0;
  g_autoptr (GstBufferPool) pool = NULL;
  guint size = 0, min = 0, max = 0;

  if (self->plans.target.output == PIXELNORM_OUTPUT_VIDEO && any)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, &size, &min, &max);
  if (!pool)
    pool = gst_pixel_pool_new ();
  else if (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL)) {
    GstStructure *config = gst_buffer_pool_get_config (pool);

    gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config (pool, config);
  }
  size = MAX (size, self->output_size);
  if (any)
    gst_query_set_nth_allocation_pool (query, 0, pool, size, min, max);
  else
    gst_query_add_allocation_pool (query, pool, size, min, max);
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->decide_allocation (trans, query);
}

/* What comes cannot become what downstream takes, and set_caps never heard of it. */
static void
post_refusal (GstPixelNorm *self, GstCaps *input)
{
  g_autoptr (GstCaps) wanted = gst_pad_peer_query_caps (GST_BASE_TRANSFORM_SRC_PAD (self), NULL);
  g_autofree gchar *words =
      gst_pixel_caps_explain (input, wanted, gst_pixel_plans_layouts (&self->plans));

  if (words && !g_atomic_int_get (&self->is_explained))
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, ("%s", words), (NULL));
}

static gboolean
gst_pixel_norm_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GstCaps) caps = NULL;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    gst_event_parse_caps (event, &caps);
    gst_caps_ref (caps);
  }
  const gboolean taken =
      GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->sink_event (trans, event);
  if (!taken && caps && !self->refused) {
    post_refusal (self, caps);
    gst_caps_replace (&self->refused, caps);
  }
  return taken;
}

static GstFlowReturn
gst_pixel_norm_prepare_output_buffer (GstBaseTransform *trans, GstBuffer *input, GstBuffer **output)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  const GstFlowReturn result = GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)
                                   ->prepare_output_buffer (trans, input, output);

  if (result == GST_FLOW_ERROR) {
    g_autoptr (GError) error = g_error_new (PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for an output frame of %" G_GSIZE_FORMAT " MiB. Scale the video down.",
        self->output_size >> 20);

    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "allocating a frame");
  }
  return result;
}

static gboolean
gst_pixel_norm_propose_allocation (GstBaseTransform *trans, GstQuery *decide_query, GstQuery *query)
{
  if (!GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)
           ->propose_allocation (trans, decide_query, query))
    return FALSE;
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

/* Video keeps what is said of its places and times, but not what is said of its colours, nor of
 * places that a crop moved. A tensor keeps only what is not said of video. */
static gboolean
gst_pixel_norm_transform_meta (
    GstBaseTransform *trans, GstBuffer *out, GstMeta *meta, GstBuffer *in)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  static const gchar *const kept[] = { GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR,
    GST_META_TAG_VIDEO_ORIENTATION_STR, NULL };
  const gchar *const *tags = gst_meta_api_type_get_tags (meta->info->api);

  const gboolean cropped = gst_buffer_get_video_crop_meta (in) != NULL;

  if (meta->info->api == GST_VIDEO_CROP_META_API_TYPE)
    return FALSE; /* was applied: the output is what it cut out */
  if (gst_meta_info_is_custom (meta->info)
      && gst_custom_meta_has_name ((GstCustomMeta *) meta, GST_PIXEL_META_NAME))
    return FALSE; /* the buffer gets its own */
  if (!tags || !*tags)
    return TRUE;
  for (; *tags; tags++)
    if (self->plans.target.output != PIXELNORM_OUTPUT_VIDEO || !g_strv_contains (kept, *tags)
        || (cropped && g_str_equal (*tags, GST_META_TAG_VIDEO_SIZE_STR)))
      return FALSE;
  return TRUE;
}

static gboolean
map_output (GstPixelNorm *self, GstBuffer *buffer, GstPixelFrame *video, GstMapInfo *tensor,
    PixelnormFrame *frame, GError **error)
{
  if (self->plans.target.output == PIXELNORM_OUTPUT_VIDEO) {
    if (!gst_pixel_frame_map (
            video, &self->output_info, &self->output_layout, buffer, GST_MAP_WRITE, error))
      return FALSE;
    *frame = video->frame;
    return TRUE;
  }
  const gboolean mapped = gst_buffer_map (buffer, tensor, GST_MAP_WRITE);
  if (!mapped || tensor->size < self->output_size) {
    if (mapped)
      gst_buffer_unmap (buffer, tensor);
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Expected an output buffer of %" G_GSIZE_FORMAT
        " bytes that can be written, found %" G_GSIZE_FORMAT ".",
        self->output_size, gst_buffer_get_size (buffer));
    return FALSE;
  }
  *frame = (PixelnormFrame){ { tensor->data } };
  return TRUE;
}

static GstFlowReturn
gst_pixel_norm_transform (GstBaseTransform *trans, GstBuffer *inbuf, GstBuffer *outbuf)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GError) error = NULL;
  GstPixelFrame in, video;
  PixelnormFrame out;
  GstMapInfo tensor;

  if (gst_pixel_plans_land (&self->plans))
    tell_plan (self);
  if (!gst_pixel_frame_map (
          &in, &self->info, &self->plans.target.layout, inbuf, GST_MAP_READ, &error))
    goto failed;
  if (!map_output (self, outbuf, &video, &tensor, &out, &error)) {
    gst_pixel_frame_unmap (&in);
    goto failed;
  }
  pixelnorm_normalizer_run (self->plans.current.normalizer, &in.frame, &out);
  if (self->plans.target.output == PIXELNORM_OUTPUT_VIDEO)
    gst_pixel_frame_unmap (&video);
  else
    gst_buffer_unmap (outbuf, &tensor);
  gst_pixel_frame_unmap (&in);
  gst_pixel_meta_put (outbuf, self->applied);
  return GST_FLOW_OK;

failed:
  /* what cannot be read is of another format than the caps say */
  if (error->code == PIXELNORM_ERROR_READ)
    error->code = PIXELNORM_ERROR_MISMATCH;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "normalizing a frame");
  return GST_FLOW_ERROR;
}

static gboolean
gst_pixel_norm_start (GstBaseTransform *trans)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GError) error = NULL;

  gst_caps_replace (&self->refused, NULL);
  g_atomic_int_set (&self->is_explained, FALSE);
  if (gst_pixel_plans_start (&self->plans, &error))
    return TRUE;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "starting");
  return FALSE;
}

static gboolean
gst_pixel_norm_stop (GstBaseTransform *trans)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);

  gst_pixel_plans_stop (&self->plans);
  g_clear_pointer (&self->applied, gst_structure_free);
  g_clear_pointer (&self->idle, g_free);
  return TRUE;
}

static void
gst_pixel_norm_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (!gst_pixel_plans_set (&GST_PIXEL_NORM (object)->plans, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_pixel_norm_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (!gst_pixel_plans_get (&GST_PIXEL_NORM (object)->plans, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* Comes once for all properties of one g_object_set(), so that they change together. */
static void
gst_pixel_norm_dispatch_properties_changed (GObject *object, guint n, GParamSpec **pspecs)
{
  G_OBJECT_CLASS (gst_pixel_norm_parent_class)->dispatch_properties_changed (object, n, pspecs);
  gst_pixel_plans_look_at_changes (&GST_PIXEL_NORM (object)->plans);
}

static void
gst_pixel_norm_finalize (GObject *object)
{
  GstPixelNorm *self = GST_PIXEL_NORM (object);

  gst_pixel_plans_clear (&self->plans);
  gst_caps_replace (&self->refused, NULL);
  G_OBJECT_CLASS (gst_pixel_norm_parent_class)->finalize (object);
}

static void
add_templates (GstElementClass *klass)
{
  g_autoptr (GstCaps) input = gst_pixel_formats_caps (NULL);
  g_autoptr (GstCaps) output = gst_pixel_caps_output_template ();

  gst_element_class_set_static_metadata (klass, "Pixel normalization", "Filter/Converter/Video",
      "Normalizes video ahead of inference, pixel-wise or channel-wise, with a profile that "
      "pixelstats collected or with fixed values, into tensors or 8-bit video",
      "gst-pixelnorm");
  gst_element_class_add_pad_template (
      klass, gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, input));
  gst_element_class_add_pad_template (
      klass, gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, output));
}

static void
gst_pixel_norm_class_init (GstPixelNormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (pixelnorm_debug, "pixelnorm", 0, "normalization of video");
  object_class->set_property = gst_pixel_norm_set_property;
  object_class->get_property = gst_pixel_norm_get_property;
  object_class->finalize = gst_pixel_norm_finalize;
  object_class->dispatch_properties_changed = gst_pixel_norm_dispatch_properties_changed;
  gst_pixel_settings_install (object_class);
  add_templates (GST_ELEMENT_CLASS (klass));

  transform_class->start = gst_pixel_norm_start;
  transform_class->stop = gst_pixel_norm_stop;
  transform_class->transform_caps = gst_pixel_norm_transform_caps;
  transform_class->fixate_caps = gst_pixel_norm_fixate_caps;
  transform_class->set_caps = gst_pixel_norm_set_caps;
  transform_class->sink_event = gst_pixel_norm_sink_event;
  transform_class->transform_size = gst_pixel_norm_transform_size;
  transform_class->decide_allocation = gst_pixel_norm_decide_allocation;
  transform_class->prepare_output_buffer = gst_pixel_norm_prepare_output_buffer;
  transform_class->propose_allocation = gst_pixel_norm_propose_allocation;
  transform_class->transform_meta = gst_pixel_norm_transform_meta;
  transform_class->transform = gst_pixel_norm_transform;
}

static void
gst_pixel_norm_init (GstPixelNorm *self)
{
  gst_pixel_plans_init (&self->plans, GST_ELEMENT (self));
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}
