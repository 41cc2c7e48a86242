/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-pixelnorm
 * @title: pixelnorm
 * @short_description: normalizes video, pixel-wise or channel-wise, into tensors or 8-bit video
 *
 * Computes y = (x - centre) * scale + bias for every sample, with coefficients made of a profile that #pixelstats
 * collected, or of fixed values, and sends the result as a float32 tensor (other/tensors of NNStreamer: height x width x
 * channels) or, where downstream takes video only, as 8-bit video of the same format with [range-low, range-high] laid
 * onto [0, 255].
 *
 * What downstream accepts decides: tensors first. Put caps behind the element to choose: other/tensors or video/x-raw.
 *
 * Every buffer carries a GstCustomMeta "PixelnormMeta" that says what was done to it: method, scope, statistics, output,
 * range-low and range-high (video), the profile's identity. An element message `pixelnorm` says the same whenever it
 * changes.
 *
 * ## Examples
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! video/x-raw,format=RGB,width=224,height=224 ! pixelnorm method=fixed mean="<123.675,116.28,103.53>" std="<58.395,57.12,57.375>" ! other/tensors,types=float32 ! filesink location=frames.f32
 * ]|
 * The normalization of torchvision's models, as a file of float32 tensors.
 *
 * |[
 * gst-launch-1.0 videotestsrc pattern=ball num-buffers=99 ! video/x-raw,format=RGB ! pixelstats location=ball.safetensors ! fakesink
 * gst-launch-1.0 videotestsrc pattern=ball num-buffers=99 ! video/x-raw,format=RGB ! pixelnorm location=ball.safetensors ! video/x-raw ! pngenc snapshot=true ! filesink location=ball.png
 * ]|
 * Collects a profile, then writes a frame in deviations from the mean image as a picture.
 *
 * Since: 0.1
 */
#include "gstpixelnorm.h"

#include <gst/video/gstvideopool.h>
#include <gst/video/video.h>
#include <math.h>
#include <pixelnorm/pixelnorm.h>

#include "gstpixelcaps.h"
#include "gstpixelenums.h"
#include "gstpixelerror.h"
#include "gstpixelformats.h"
#include "gstpixelframe.h"
#include "gstpixelmeta.h"

GST_DEBUG_CATEGORY_STATIC (pixelnorm_debug);
#define GST_CAT_DEFAULT pixelnorm_debug

/* what vector loops like best */
#define OUTPUT_ALIGN 63

enum
{
  PROP_0,
  PROP_LOCATION,
  PROP_PROFILE,
  PROP_DARK_LOCATION,
  PROP_METHOD,
  PROP_SCOPE,
  PROP_MIN_DEVIATION,
  PROP_EPSILON,
  PROP_MEAN,
  PROP_STD,
  PROP_UNITS,
  PROP_RANGE_LOW,
  PROP_RANGE_HIGH,
};

struct _GstPixelNorm {
  GstBaseTransform parent;

  /* the object lock */
  gchar *location, *dark_location;
  PixelnormProfile *given;         /* set by the application; before location */
  PixelnormSettings settings;
  gchar *value_problem;            /* mean or std was set to something that is no list of numbers */
  PixelnormProfile *profile, *dark; /* what is in use, from start to stop */

  /* the streaming thread, and state changes while it does not run */
  GstVideoInfo info;
  PixelnormLayout layout;
  gboolean video; /* output is video */
  gsize output_size;
  PixelnormNormalizer *normalizer;
  GstStructure *applied; /* what PixelnormMeta says */
  guint plan;            /* counts the changes of it */
  GstCaps *refused;      /* caps of which was said that they do not fit */
};

G_DEFINE_FINAL_TYPE (GstPixelNorm, gst_pixel_norm, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (pixelnorm, "pixelnorm", GST_RANK_NONE, GST_TYPE_PIXEL_NORM)

/* --- negotiation */

/* Video that suits the profile, or NULL where any does. */
static GstCaps *
suitable_video (GstPixelNorm *self)
{
  GstCaps *caps = NULL;

  GST_OBJECT_LOCK (self);
  if (self->profile && pixelnorm_method_needs_profile (self->settings.method)) {
    caps = gst_pixel_formats_caps (pixelnorm_profile_get_channels (self->profile));
    if (self->settings.scope == PIXELNORM_SCOPE_PIXEL
        && pixelnorm_profile_get_scope (self->profile) == PIXELNORM_SCOPE_PIXEL)
      gst_caps_set_simple (caps, "width", G_TYPE_INT,
          (gint) pixelnorm_profile_get_width (self->profile), "height", G_TYPE_INT,
          (gint) pixelnorm_profile_get_height (self->profile), NULL);
  }
  GST_OBJECT_UNLOCK (self);
  return caps;
}

/* What suits the profile, where upstream can have it, so that converters and scalers do the right thing by themselves; all
 * of @any where it cannot, so that set_caps says in words what does not fit instead of "not negotiated". */
static GstCaps *
prefer_suitable (GstPixelNorm *self, GstCaps *any, GstCaps *filter)
{
  g_autoptr (GstCaps) suitable = suitable_video (self);

  if (!suitable)
    return any;
  GstCaps *best = gst_caps_intersect_full (suitable, any, GST_CAPS_INTERSECT_FIRST);
  if (filter && gst_caps_can_intersect (best, filter)) {
    gst_caps_unref (any);
    return best;
  }
  gst_caps_append (best, any);
  return best;
}

static GstCaps *
gst_pixel_norm_transform_caps (GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
    GstCaps *filter)
{
  GstCaps *result;

  if (direction == GST_PAD_SINK)
    result = gst_pixel_caps_from_video (caps);
  else
    result = prefer_suitable (GST_PIXEL_NORM (trans), gst_pixel_caps_to_video (caps), filter);
  if (filter) {
    GstCaps *both = gst_caps_intersect_full (result, filter, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (result);
    result = both;
  }
  GST_LOG_OBJECT (trans, "%" GST_PTR_FORMAT " becomes %" GST_PTR_FORMAT, caps, result);
  return result;
}

static GstCaps *
gst_pixel_norm_fixate_caps (GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
    GstCaps *othercaps)
{
  return gst_pixel_caps_choose (othercaps);
}

static void
warn_of_units (GstPixelNorm *self, const PixelnormSettings *settings)
{
  gdouble largest = 0;

  if (settings->method != PIXELNORM_METHOD_FIXED || settings->units != PIXELNORM_UNITS_CODE)
    return;
  for (guint i = 0; i < settings->n_mean; i++)
    largest = MAX (largest, fabs (settings->mean[i]));
  for (guint i = 0; i < settings->n_std; i++)
    largest = MAX (largest, settings->std[i]);
  if (largest <= 1 && settings->mean[0] > 0)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("mean and std look like values for samples of 0 to 1, and are taken as code values, 0 to "
         "255. If the former is meant, set units=unit."),
        (NULL));
}

static void
warn_of_matrix (GstPixelNorm *self, PixelnormProfile *profile)
{
  const gchar *expected = profile ? pixelnorm_profile_get_geometry (profile)->matrix : NULL;
  const gchar *found = self->layout.geometry.matrix;

  if (expected && found && !g_str_equal (expected, found))
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The profile was made of video with matrix %s, the stream has %s: the same colours are "
         "other numbers. Convert before (videoconvert), if the difference matters.",
            expected, found),
        (NULL));
}

/* What the meta and the message say. */
static void
describe_plan (GstPixelNorm *self, const PixelnormSettings *settings, PixelnormProfile *profile)
{
  const gboolean with_profile = profile && pixelnorm_method_needs_profile (settings->method);
  gdouble low, high;

  g_clear_pointer (&self->applied, gst_structure_free);
  self->plan++;
  self->applied = gst_structure_new ("pixelnorm", "plan", G_TYPE_UINT, self->plan, "method",
      G_TYPE_STRING, gst_pixel_enum_nick (gst_pixel_norm_method_get_type (), settings->method), "output", G_TYPE_STRING,
      self->video ? "video" : "float32", NULL);
  if (with_profile)
    gst_structure_set (self->applied, "scope", G_TYPE_STRING,
        gst_pixel_enum_nick (gst_pixel_norm_scope_get_type (), settings->scope), "statistics", G_TYPE_STRING, "profile",
        "identity", G_TYPE_STRING, pixelnorm_profile_get_identity (profile), NULL);
  if (self->video) {
    pixelnorm_normalizer_get_range (self->normalizer, &low, &high);
    gst_structure_set (self->applied, "range-low", G_TYPE_DOUBLE, low, "range-high", G_TYPE_DOUBLE,
        high, NULL);
  }
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), gst_structure_copy (self->applied)));
}

/* GStreamer's allocator ends the program when memory runs out, so whether a frame fits is tried first. */
static gboolean
check_memory (GstPixelNorm *self, GError **error)
{
  gpointer probe = g_try_malloc (self->output_size);

  g_free (probe);
  if (probe)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
      "Not enough memory for an output frame of %" G_GSIZE_FORMAT " MiB. Scale the video down.",
      self->output_size >> 20);
  return FALSE;
}

static gboolean
make_plan (GstPixelNorm *self, GError **error)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (PixelnormProfile) dark = NULL;

  GST_OBJECT_LOCK (self);
  const PixelnormSettings settings = self->settings;
  g_set_object (&profile, self->profile);
  g_set_object (&dark, self->dark);
  GST_OBJECT_UNLOCK (self);

  g_clear_object (&self->normalizer);
  self->normalizer = pixelnorm_normalizer_new (&settings, profile, dark, &self->layout,
      self->video ? PIXELNORM_OUTPUT_VIDEO : PIXELNORM_OUTPUT_FLOAT32, error);
  if (!self->normalizer)
    return FALSE;
  warn_of_units (self, &settings);
  warn_of_matrix (self, profile);
  describe_plan (self, &settings, profile);
  return TRUE;
}

static gboolean
gst_pixel_norm_set_caps (GstBaseTransform *trans, GstCaps *incaps, GstCaps *outcaps)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GError) error = NULL;

  if (!gst_video_info_from_caps (&self->info, incaps))
    g_set_error (&error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected caps of raw video, found some that describe none.");
  else if (gst_pixel_formats_layout (&self->info, &self->layout, &error)) {
    self->video = gst_pixel_caps_are_video (outcaps);
    self->output_size = self->video ? GST_VIDEO_INFO_SIZE (&self->info)
                                    : (gsize) self->layout.geometry.width
            * self->layout.geometry.height * self->layout.n_channels * sizeof (gfloat);
    if (check_memory (self, &error) && make_plan (self, &error))
      return TRUE;
  }
  /* a failing set_caps is called again and again; the bus hears of it once */
  if (!self->refused || !gst_caps_is_equal (self->refused, incaps))
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "looking at the caps");
  gst_caps_replace (&self->refused, incaps);
  return FALSE;
}

/* --- buffers */

static gboolean
gst_pixel_norm_transform_size (GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
    gsize size, GstCaps *othercaps, gsize *othersize)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);

  *othersize = direction == GST_PAD_SINK ? self->output_size : GST_VIDEO_INFO_SIZE (&self->info);
  return TRUE;
}

/* Our own pool where downstream has none, so that no frame's memory is new: fresh pages cost more than the sums. */
static gboolean
gst_pixel_norm_decide_allocation (GstBaseTransform *trans, GstQuery *query)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GstBufferPool) pool = NULL;
  GstAllocationParams params;
  GstAllocator *allocator = NULL;
  guint size = self->output_size, min = 0, max = 0;
  const gboolean found = self->video && gst_query_get_n_allocation_pools (query) > 0;

  if (gst_query_get_n_allocation_params (query) > 0) {
    gst_query_parse_nth_allocation_param (query, 0, &allocator, &params);
    params.align |= OUTPUT_ALIGN;
    gst_query_set_nth_allocation_param (query, 0, allocator, &params);
    g_clear_pointer (&allocator, gst_object_unref);
  } else {
    gst_allocation_params_init (&params);
    params.align = OUTPUT_ALIGN;
    gst_query_add_allocation_param (query, NULL, &params);
  }
  if (found)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, &size, &min, &max);
  if (!pool)
    pool = self->video ? gst_video_buffer_pool_new () : gst_buffer_pool_new ();
  if (self->video && gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL)) {
    GstStructure *config = gst_buffer_pool_get_config (pool);

    gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config (pool, config);
  }
  size = MAX (size, self->output_size);
  if (gst_query_get_n_allocation_pools (query) > 0)
    gst_query_set_nth_allocation_pool (query, 0, pool, size, min, max);
  else
    gst_query_add_allocation_pool (query, pool, size, min, max);
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->decide_allocation (trans, query);
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

/* Video keeps what is said of its places and times, but not what is said of its colours. A tensor keeps only what is not
 * said of video. */
static gboolean
gst_pixel_norm_transform_meta (GstBaseTransform *trans, GstBuffer *out, GstMeta *meta, GstBuffer *in)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  static const gchar *const kept[] = { GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR,
    GST_META_TAG_VIDEO_ORIENTATION_STR, NULL };
  const gchar *const *tags = gst_meta_api_type_get_tags (meta->info->api);

  if (gst_meta_info_is_custom (meta->info)
      && gst_custom_meta_has_name ((GstCustomMeta *) meta, GST_PIXEL_META_NAME))
    return FALSE; /* the buffer gets its own */
  if (!tags || !*tags)
    return TRUE;
  for (; *tags; tags++)
    if (!self->video || !g_strv_contains (kept, *tags))
      return FALSE;
  return TRUE;
}

static gboolean
map_output (GstPixelNorm *self, GstBuffer *buffer, GstPixelFrame *video, GstMapInfo *tensor,
    PixelnormFrame *frame, GError **error)
{
  if (self->video) {
    if (!gst_pixel_frame_map (video, &self->info, &self->layout, buffer, GST_MAP_WRITE, error))
      return FALSE;
    *frame = video->frame;
    return TRUE;
  }
  if (!gst_buffer_map (buffer, tensor, GST_MAP_WRITE) || tensor->size < self->output_size) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Expected an output buffer of %" G_GSIZE_FORMAT " bytes that can be written, found %"
        G_GSIZE_FORMAT ".", self->output_size, gst_buffer_get_size (buffer));
    return FALSE;
  }
  *frame = (PixelnormFrame) { { tensor->data },
    { (gssize) (self->output_size / self->layout.geometry.height) } };
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

  if (!gst_pixel_frame_map (&in, &self->info, &self->layout, inbuf, GST_MAP_READ, &error))
    goto failed;
  if (!map_output (self, outbuf, &video, &tensor, &out, &error)) {
    gst_pixel_frame_unmap (&in);
    goto failed;
  }
  pixelnorm_normalizer_run (self->normalizer, &in.frame, &out);
  if (self->video)
    gst_pixel_frame_unmap (&video);
  else
    gst_buffer_unmap (outbuf, &tensor);
  gst_pixel_frame_unmap (&in);
  gst_pixel_meta_put (outbuf, self->applied);
  return GST_FLOW_OK;

failed:
  /* what cannot be read is of another format than the caps say */
  error->code = PIXELNORM_ERROR_MISMATCH;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "normalizing a frame");
  return GST_FLOW_ERROR;
}

/* --- start and stop */

static gboolean
load_profile (const gchar *location, PixelnormProfile **profile, GError **error)
{
  if (!location)
    return TRUE;
  *profile = pixelnorm_profile_load (location, error);
  return *profile != NULL;
}

static gboolean
check_profile (const PixelnormSettings *settings, PixelnormProfile *profile, GError **error)
{
  if (profile || !pixelnorm_method_needs_profile (settings->method))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "The method %s needs a profile: set location to one that pixelstats wrote, or set "
      "method=fixed with mean and std.",
      gst_pixel_enum_nick (gst_pixel_norm_method_get_type (), settings->method));
  return FALSE;
}

static gboolean
gst_pixel_norm_start (GstBaseTransform *trans)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (PixelnormProfile) dark = NULL;
  gboolean ok = FALSE;

  GST_OBJECT_LOCK (self);
  const PixelnormSettings settings = self->settings;
  g_autofree gchar *location = g_strdup (self->location);
  g_autofree gchar *dark_location = g_strdup (self->dark_location);
  if (self->value_problem)
    g_set_error_literal (&error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, self->value_problem);
  g_set_object (&profile, self->given);
  GST_OBJECT_UNLOCK (self);

  if (!error)
    ok = pixelnorm_settings_check (&settings, &error)
        && (profile || load_profile (location, &profile, &error))
        && load_profile (dark_location, &dark, &error)
        && check_profile (&settings, profile, &error);
  gst_caps_replace (&self->refused, NULL);
  if (!ok) {
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "starting");
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  g_set_object (&self->profile, profile);
  g_set_object (&self->dark, dark);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_pixel_norm_stop (GstBaseTransform *trans)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);

  GST_OBJECT_LOCK (self);
  g_clear_object (&self->profile);
  g_clear_object (&self->dark);
  GST_OBJECT_UNLOCK (self);
  g_clear_object (&self->normalizer);
  g_clear_pointer (&self->applied, gst_structure_free);
  return TRUE;
}

/* --- properties */

/* Reads an array of numbers of whatever type: in "<1,2.5>" the first is an integer. Needs the object lock. */
static void
set_values (GstPixelNorm *self, const GValue *value, GParamSpec *pspec)
{
  const guint n = gst_value_array_get_size (value);
  gdouble values[PIXELNORM_MAX_CHANNELS] = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (GValue) number = G_VALUE_INIT;

  g_clear_pointer (&self->value_problem, g_free);
  g_value_init (&number, G_TYPE_DOUBLE);
  for (guint i = 0; i < MIN (n, PIXELNORM_MAX_CHANNELS); i++) {
    const GValue *item = gst_value_array_get_value (value, i);

    if (G_VALUE_HOLDS_STRING (item) || !g_value_transform (item, &number)) {
      self->value_problem = g_strdup_printf ("%s holds something that is not a number. Expected one "
          "number, or one a channel, as in %s=\"<1,2,3>\".", pspec->name, pspec->name);
      return;
    }
    values[i] = g_value_get_double (&number);
  }
  if (g_str_equal (pspec->name, "mean") ? !pixelnorm_settings_set_mean (&self->settings, values, n, &error)
                                        : !pixelnorm_settings_set_std (&self->settings, values, n, &error))
    self->value_problem = g_strdup (error->message);
}

static void
get_values (const gdouble *values, guint n, GValue *value)
{
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_set_double (&number, values[i]);
    gst_value_array_append_value (value, &number);
  }
}

static void
gst_pixel_norm_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstPixelNorm *self = GST_PIXEL_NORM (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_free (self->location);
      self->location = g_value_dup_string (value);
      break;
    case PROP_PROFILE:
      g_set_object (&self->given, g_value_get_object (value));
      break;
    case PROP_DARK_LOCATION:
      g_free (self->dark_location);
      self->dark_location = g_value_dup_string (value);
      break;
    case PROP_METHOD:
      self->settings.method = g_value_get_enum (value);
      break;
    case PROP_SCOPE:
      self->settings.scope = g_value_get_enum (value);
      break;
    case PROP_MIN_DEVIATION:
      self->settings.min_deviation = g_value_get_double (value);
      break;
    case PROP_EPSILON:
      self->settings.epsilon = g_value_get_double (value);
      break;
    case PROP_MEAN:
    case PROP_STD:
      set_values (self, value, pspec);
      break;
    case PROP_UNITS:
      self->settings.units = g_value_get_enum (value);
      break;
    case PROP_RANGE_LOW:
      self->settings.range_low = g_value_get_double (value);
      break;
    case PROP_RANGE_HIGH:
      self->settings.range_high = g_value_get_double (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_pixel_norm_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstPixelNorm *self = GST_PIXEL_NORM (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->location);
      break;
    case PROP_PROFILE:
      g_value_set_object (value, self->profile ? self->profile : self->given);
      break;
    case PROP_DARK_LOCATION:
      g_value_set_string (value, self->dark_location);
      break;
    case PROP_METHOD:
      g_value_set_enum (value, self->settings.method);
      break;
    case PROP_SCOPE:
      g_value_set_enum (value, self->settings.scope);
      break;
    case PROP_MIN_DEVIATION:
      g_value_set_double (value, self->settings.min_deviation);
      break;
    case PROP_EPSILON:
      g_value_set_double (value, self->settings.epsilon);
      break;
    case PROP_MEAN:
      get_values (self->settings.mean, self->settings.n_mean, value);
      break;
    case PROP_STD:
      get_values (self->settings.std, self->settings.n_std, value);
      break;
    case PROP_UNITS:
      g_value_set_enum (value, self->settings.units);
      break;
    case PROP_RANGE_LOW:
      g_value_set_double (value, self->settings.range_low);
      break;
    case PROP_RANGE_HIGH:
      g_value_set_double (value, self->settings.range_high);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_pixel_norm_finalize (GObject *object)
{
  GstPixelNorm *self = GST_PIXEL_NORM (object);

  g_free (self->location);
  g_free (self->dark_location);
  g_free (self->value_problem);
  g_clear_object (&self->given);
  gst_caps_replace (&self->refused, NULL);
  G_OBJECT_CLASS (gst_pixel_norm_parent_class)->finalize (object);
}

static void
install_profile_properties (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "Profile file to normalize with, as pixelstats wrote it; every method but fixed needs one",
          NULL, flags));
  g_object_class_install_property (klass, PROP_PROFILE,
      g_param_spec_object ("profile", "Profile",
          "PixelnormProfile to normalize with, for applications that have one in memory; goes before "
          "location. Reads as the profile in use",
          PIXELNORM_TYPE_PROFILE, flags));
  g_object_class_install_property (klass, PROP_DARK_LOCATION,
      g_param_spec_string ("dark-location", "Dark location",
          "Profile file of dark frames (lens covered), for method=flat-field; unset: black is 0", NULL,
          flags));
}

static void
install_method_properties (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_METHOD,
      g_param_spec_enum ("method", "Method",
          "How statistics become y. zscore: mean 0 and deviation 1. mean-range: (x - mean) / half of "
          "the dynamic range. min-max: [-1, 1] on the data of the profile. center: only the mean is "
          "subtracted. fixed: (x - mean) / std with values that you give. flat-field: evens out lens "
          "and sensor",
          gst_pixel_norm_method_get_type (), PIXELNORM_METHOD_ZSCORE, flags));
  g_object_class_install_property (klass, PROP_SCOPE,
      g_param_spec_enum ("scope", "Scope",
          "Over what statistics are pooled. pixel: every sample has its own, for frames of the "
          "profile's size; channel and global: for frames of any size",
          gst_pixel_norm_scope_get_type (), PIXELNORM_SCOPE_PIXEL, flags));
  g_object_class_install_property (klass, PROP_MIN_DEVIATION,
      g_param_spec_double ("min-deviation", "Minimum deviation",
          "Smallest divisor, in 8-bit code values (0 or more): what hardly ever varied is not blown "
          "up. Raise it to calm noise in still places",
          -G_MAXDOUBLE, G_MAXDOUBLE, 1, flags));
  g_object_class_install_property (klass, PROP_EPSILON,
      g_param_spec_double ("epsilon", "Epsilon",
          "Added to the variance of method=zscore, in squared code values (0 or more), as batch "
          "normalization layers do",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags));
}

static void
install_value_properties (GObjectClass *klass, GParamFlags flags)
{
  /* no element spec: with one, GStreamer turns the integers of "<1,2,3>" into zeros without a word */
  g_object_class_install_property (klass, PROP_MEAN,
      gst_param_spec_array ("mean", "Mean",
          "For method=fixed: what is subtracted, one number or one a channel in the order R, G, B, "
          "written \"<123.675,116.28,103.53>\"; default <127.5>",
          NULL, flags));
  g_object_class_install_property (klass, PROP_STD,
      gst_param_spec_array ("std", "Standard deviation",
          "For method=fixed: what is divided by, one number or one a channel, more than 0; default "
          "<127.5>",
          NULL, flags));
  g_object_class_install_property (klass, PROP_UNITS,
      g_param_spec_enum ("units", "Units",
          "Units of mean and std. code: code values, 0 to 255; unit: 0 to 1, as torchvision has them",
          gst_pixel_norm_units_get_type (), PIXELNORM_UNITS_CODE, flags));
  g_object_class_install_property (klass, PROP_RANGE_LOW,
      g_param_spec_double ("range-low", "Low end of the range",
          "For 8-bit video output: the y that becomes code 0. Equal to range-high: the method's own "
          "range, -4 to 127/32 for zscore",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags));
  g_object_class_install_property (klass, PROP_RANGE_HIGH,
      g_param_spec_double ("range-high", "High end of the range",
          "For 8-bit video output: the y that becomes code 255. Equal to range-low: the method's own "
          "range",
          -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags));
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
  gst_element_class_add_pad_template (klass,
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, input));
  gst_element_class_add_pad_template (klass,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, output));
}

static void
gst_pixel_norm_class_init (GstPixelNormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  GST_DEBUG_CATEGORY_INIT (pixelnorm_debug, "pixelnorm", 0, "normalization of video");
  object_class->set_property = gst_pixel_norm_set_property;
  object_class->get_property = gst_pixel_norm_get_property;
  object_class->finalize = gst_pixel_norm_finalize;
  install_profile_properties (object_class, flags);
  install_method_properties (object_class, flags);
  install_value_properties (object_class, flags);
  add_templates (GST_ELEMENT_CLASS (klass));

  transform_class->start = gst_pixel_norm_start;
  transform_class->stop = gst_pixel_norm_stop;
  transform_class->transform_caps = gst_pixel_norm_transform_caps;
  transform_class->fixate_caps = gst_pixel_norm_fixate_caps;
  transform_class->set_caps = gst_pixel_norm_set_caps;
  transform_class->transform_size = gst_pixel_norm_transform_size;
  transform_class->decide_allocation = gst_pixel_norm_decide_allocation;
  transform_class->propose_allocation = gst_pixel_norm_propose_allocation;
  transform_class->transform_meta = gst_pixel_norm_transform_meta;
  transform_class->transform = gst_pixel_norm_transform;
  gst_type_mark_as_plugin_api (gst_pixel_norm_method_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_pixel_norm_scope_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_pixel_norm_units_get_type (), 0);
}

static void
gst_pixel_norm_init (GstPixelNorm *self)
{
  pixelnorm_settings_init (&self->settings);
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}
