/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-pixeldenorm
 * @title: pixeldenorm
 * @short_description: denormalizes: turns what pixelnorm made into video again
 *
 * Computes x = (y - bias) / scale + centre for every sample, rounded half to even and saturated, with the
 * coefficients that #pixelnorm had. Takes tensors (other/tensors or the older other/tensor of NNStreamer) of
 * float32, float16, int8 or uint8, one or more frames each, and 8-bit video; sends video. It shows what a
 * network made of normalized input (autoencoders, anomaly maps), and proves a normalization: 8-bit video,
 * and video of up to 16 bits, comes back bit for bit through float32; through int8, uint8 and 8-bit video within the
 * half step of a code, and bit for bit where a step is less than a code value, or is one and quant-scale 0, as by default.
 *
 * Of other/tensors,format=flexible the caps need not say type and dimensions: the header of each tensor does, and may say
 * others at any time. Until the first has come, nothing is negotiated.
 *
 * Give it the properties that pixelnorm has. The format of the output is what downstream takes, of the
 * channels and depth of the profile; without a profile 8-bit RGB or grey is preferred. Tensors do not say
 * the layout: where the dimensions leave a choice, set layout. Alpha is opaque, but 8-bit video keeps its
 * own, and its format or one that is deeper in the same order.
 *
 * Frames that were normalized with statistics of their own (frame, batch, and running of a channel) carry
 * them in the GstCustomMeta "PixelnormMeta", from where they are taken, and need no properties: gamma, beta,
 * range-low, range-high, quant-scale and quant-zero-point are taken from there, too, where they are there.
 * Running statistics of every pixel cannot be undone. Where the meta contradicts the properties of a plan
 * from a profile, a warning says in what, and the properties are used.
 *
 * A tensor of several frames becomes as many buffers, whose times share those of the tensor; of a padded
 * tensor only the real frames. What clip-low and clip-high or the range of codes cut off is lost: it comes
 * back as the bound. Where gamma is 0, every sample comes back as the one next to the mean, and a warning
 * says so. What is no number (NaN) becomes the sample next to y = 0.
 *
 * ## Examples
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! video/x-raw,format=RGB,width=224,height=224 ! \
 *   pixelnorm method=fixed mean="<123.675,116.28,103.53>" std="<58.395,57.12,57.375>" ! \
 *   other/tensors,types=float32 ! \
 *   pixeldenorm method=fixed mean="<123.675,116.28,103.53>" std="<58.395,57.12,57.375>" ! \
 *   filesink location=frames.rgb
 * ]|
 * Through the normalization of torchvision's models and back: the file holds the frames as they were.
 *
 * Since: 0.1
 */
#include "gstpixeldenorm.h"

#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>
#include <string.h>

#include "gstpixeldenormcaps.h"
#include "gstpixeldenormmeta.h"
#include "common/gstpixelerror.h"
#include "common/gstpixelformats.h"
#include "common/gstpixelframe.h"
#include "common/gstpixelmanual.h"
#include "gstpixelmeta.h"

GST_DEBUG_CATEGORY_STATIC (pixeldenorm_debug);
#define GST_CAT_DEFAULT pixeldenorm_debug

struct _GstPixelDenorm {
  GstPixelBase base;

  /* the streaming thread, and state changes while it does not run */
  guint n_frames; /* of a buffer */

  GstCaps *flexible;   /* as they came, or NULL: tensors have no header */
  gboolean waits;      /* for a header, which says what these caps do not */
  GQueue held;         /* events behind them, until then */
  gboolean has_header; /* that of the buffer before */

  GstBuffer *pending; /* whose frames from next on are still to come */
  guint next;
  GstPixelApplied applied; /* to it */

  PixelnormDenormalizer *own;      /* of buffers with statistics of their own */
  PixelnormSettings *own_settings; /* of which it was made */
  gboolean warned;
};

G_DEFINE_FINAL_TYPE (GstPixelDenorm, gst_pixel_denorm, GST_TYPE_PIXEL_BASE)
GST_ELEMENT_REGISTER_DEFINE (pixeldenorm, "pixeldenorm", GST_RANK_NONE, GST_TYPE_PIXEL_DENORM)

/* What suits, first; the rest after it, so that fitting says in words what does not. */
static GstCaps *
video_for (GstPixelBase *base, const GstCaps *caps)
{
  g_autoptr (GstCaps) suitable = gst_pixel_base_suitable_video (base);

  return gst_pixel_formats_prefer (
      gst_pixel_denorm_caps_to_video (caps, gst_pixel_plans_tensor_layouts (&base->plans)),
      suitable, NULL);
}

static GstCaps *
gst_pixel_denorm_convert_caps (
    GstPixelBase *base, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  if (direction == GST_PAD_SINK)
    return video_for (base, caps);
  return gst_pixel_denorm_caps_from_video (caps, gst_pixel_plans_tensor_layouts (&base->plans));
}

/* Where the profile is of another range than video of the format usually has, the caps say so. */
static GstCaps *
say_range (GstPixelBase *base, GstCaps *caps)
{
  PixelnormGeometry geometry;
  GstVideoInfo info;

  if (!gst_pixel_plans_geometry (&base->plans, &geometry)
      || gst_structure_has_field (gst_caps_get_structure (caps, 0), "colorimetry")
      || !gst_video_info_from_caps (&info, caps))
    return caps;
  const GstVideoColorRange range = geometry.range == PIXELNORM_RANGE_LIMITED
      ? GST_VIDEO_COLOR_RANGE_16_235
      : GST_VIDEO_COLOR_RANGE_0_255;
  if (GST_VIDEO_INFO_COLORIMETRY (&info).range == range)
    return caps;
  info.colorimetry.range = range;
  g_autofree gchar *text = gst_video_colorimetry_to_string (&info.colorimetry);
  gst_caps_set_simple (caps, "colorimetry", G_TYPE_STRING, text, NULL);
  return caps;
}

static GstCaps *
gst_pixel_denorm_choose_caps (GstPixelBase *base, GstCaps *caps, GstCaps *othercaps)
{
  g_autoptr (GstCaps) ours = video_for (base, caps);
  GstCaps *both = gst_caps_intersect_full (ours, othercaps, GST_CAPS_INTERSECT_FIRST);

  if (gst_caps_is_empty (both)) {
    gst_caps_unref (both);
    return gst_caps_fixate (othercaps);
  }
  gst_caps_unref (othercaps);
  return say_range (base, gst_caps_fixate (both));
}

/* What is to be known of the plan that is in use from now on. */
static void
gst_pixel_denorm_update (GstPixelBase *base)
{
  GstPixelDenorm *self = GST_PIXEL_DENORM (base);
  const guint64 n = pixelnorm_denormalizer_get_lost (self->base.plans.current.denormalizer);

  g_clear_object (&self->own);
  self->warned = FALSE;
  if (n > 0)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("%" G_GUINT64_FORMAT
         " samples of a frame were all given the same result (gamma is 0, or the "
         "image of flat-field as dark as the dark one): they cannot be turned back, and become the "
         "sample next to the mean. Set gamma as in pixelnorm.",
            n),
        (NULL));
}

/* FALSE where a tensor would be larger than memory can be: a header may say anything. */
static gboolean
measure_input (GstPixelBase *base, gsize header_size, guint n_frames, GError **error)
{
  const gsize size = pixelnorm_denormalizer_get_input_size (base->plans.current.denormalizer);

  if (n_frames > (G_MAXSSIZE - header_size) / size) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected a tensor that fits into memory, found one of %u frames of %" G_GSIZE_FORMAT
        " bytes.",
        n_frames, size);
    return FALSE;
  }
  base->header_size = header_size;
  base->input_size = header_size + n_frames * size;
  return TRUE;
}

static gboolean
gst_pixel_denorm_fit (GstPixelBase *base, GstCaps *incaps, GstCaps *outcaps, GError **error)
{
  GstPixelDenorm *self = GST_PIXEL_DENORM (base);
  GstPixelTarget target = { .denormalize = TRUE };
  g_auto (GstPixelVideo) input = { 0 }, output = { 0 };
  guint n_frames;

  if (!gst_pixel_base_read_caps (base, incaps, outcaps, &input, &output, error))
    return FALSE;
  target.layout = output.layout;
  if (!gst_pixel_denorm_caps_parse (
          incaps, gst_pixel_plans_tensor_layouts (&self->base.plans), &target, &n_frames, error)
      || !gst_pixel_plans_fit_target (&self->base.plans, &target, error)
      || !measure_input (
          base, gst_pixel_flexible_is (incaps) ? GST_PIXEL_FLEXIBLE_HEADER : 0, n_frames, error))
    return FALSE;
  gst_pixel_video_take (&base->input, &input);
  gst_pixel_video_take (&base->output, &output);
  self->n_frames = n_frames;
  base->output_size = GST_VIDEO_INFO_SIZE (&base->output.info);
  return TRUE;
}

static void
warn_of_contradiction (GstPixelDenorm *self)
{
  g_autofree gchar *text = gst_pixel_applied_contradiction (
      &self->applied, &self->base.plans.current, &self->base.plans.target);

  if (!text)
    return;
  self->warned = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("The buffers say that they were normalized with %s: what comes out is not what went in. "
       "Set the same properties as in pixelnorm.",
          text),
      (NULL));
}

/* The plan of buffers with statistics of their own, made anew where they say anything else than before but
 * for these. */
static gboolean
update_own (GstPixelDenorm *self, GError **error)
{
  const GstPixelTarget *target = &self->base.plans.target;
  const GstPixelPlan *plan = &self->base.plans.current;

  if (!self->own) {
    g_clear_object (&self->own_settings);
    self->own_settings = pixelnorm_settings_copy (plan->settings);
  }
  if (gst_pixel_applied_settings (&self->applied, plan, self->own_settings) || !self->own) {
    g_clear_object (&self->own);
    GST_DEBUG_OBJECT (self, "plan made for frames with statistics of their own");
    self->own = pixelnorm_denormalizer_new_for_values (
        self->own_settings, target->layout, target->output, error);
  }
  return self->own != NULL;
}

/* The values that the next frame was normalized with. */
static gboolean
take_values (GstPixelDenorm *self, GError **error)
{
  GstPixelApplied *applied = &self->applied;

  if (gst_pixel_applied_take_frame (applied, self->next))
    return pixelnorm_denormalizer_set_values (
        self->own, applied->mean, applied->std, applied->n_values, error);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Mean and std of frame %u are not numbers in the " GST_PIXEL_META_NAME " of its buffer.",
      self->next);
  return FALSE;
}

/* Gets ready for the frames of the pending buffer. */
static gboolean
look_at_pending (GstPixelDenorm *self, GError **error)
{
  const GstPixelPlan *plan = &self->base.plans.current;
  const gboolean video = self->base.input.layout != NULL;
  const gsize expected = self->base.input_size, found = gst_buffer_get_size (self->pending);

  if (!video && found != expected) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected %" G_GSIZE_FORMAT
        " bytes for a tensor of %u frame%s, as %s, found a buffer of %" G_GSIZE_FORMAT ".",
        expected, self->n_frames, self->n_frames == 1 ? "" : "s",
        self->flexible ? "its header says, with the header" : "the caps say", found);
    return FALSE;
  }
  if (!gst_pixel_applied_read (&self->applied, self->pending, self->n_frames, error))
    return FALSE;
  if (self->applied.has_values)
    return update_own (self, error);
  if (plan->needs_values) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "pixeldenorm needs the statistics that pixelnorm used, and the buffer carries none: set "
        "location to the profile, or method=fixed with mean and std. A buffer carries its own where "
        "pixelnorm takes them from the frame, the batch, or running per channel, and nothing between "
        "drops its " GST_PIXEL_META_NAME ".");
    return FALSE;
  }
  if (self->applied.structure && !self->warned)
    warn_of_contradiction (self);
  return TRUE;
}

/* It is not of the memory that the caps promise. */
static gboolean
refuse_unmappable (GError **error)
{
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Expected a tensor that can be read, found a buffer that cannot be mapped.");
  return FALSE;
}

/* Frame self->next of @inbuf. */
static gboolean
denormalize (GstPixelDenorm *self, GstBuffer *inbuf, GstBuffer *outbuf, GError **error)
{
  PixelnormDenormalizer *denormalizer =
      self->applied.has_values ? self->own : self->base.plans.current.denormalizer;
  const gboolean video = self->base.input.layout != NULL;
  PixelnormFrame input;
  GstPixelFrame *in = &self->base.read, *out = &self->base.written;
  GstMapInfo tensor;

  if (self->applied.has_values && !take_values (self, error))
    return FALSE;
  if (video) {
    if (!gst_pixel_base_map_input (&self->base, inbuf, error))
      return FALSE;
    input = in->frame;
  } else {
    if (!gst_buffer_map (inbuf, &tensor, GST_MAP_READ))
      return refuse_unmappable (error);
    input = (PixelnormFrame){ { tensor.data + self->base.header_size
        + self->next * pixelnorm_denormalizer_get_input_size (denormalizer) } };
  }
  const gboolean mapped =
      gst_pixel_frame_map (out, &self->base.output, outbuf, GST_MAP_WRITE, error);
  if (mapped) {
    pixelnorm_denormalizer_run (denormalizer, &input, &out->frame);
    gst_pixel_frame_unmap (out);
  }
  if (video)
    gst_pixel_frame_unmap (in);
  else
    gst_buffer_unmap (inbuf, &tensor);
  return mapped;
}

static GstFlowReturn
gst_pixel_denorm_transform (GstBaseTransform *trans, GstBuffer *inbuf, GstBuffer *outbuf)
{
  g_autoptr (GError) error = NULL;

  if (denormalize (GST_PIXEL_DENORM (trans), inbuf, outbuf, &error))
    return GST_FLOW_OK;
  /* what cannot be read is of another format than the caps say */
  if (error->code == PIXELNORM_ERROR_READ)
    error->code = PIXELNORM_ERROR_MISMATCH;
  gst_pixel_error_post (GST_ELEMENT (trans), GST_MESSAGE_ERROR, error, "bringing a frame back");
  return GST_FLOW_ERROR;
}

/* The share of a frame in the times of a tensor. */
static void
share_times (GstPixelDenorm *self, GstBuffer *outbuf)
{
  GstClockTime duration = GST_BUFFER_DURATION (self->pending);
  const guint n = self->n_frames, i = self->next;

  if (n == 1)
    return;
  if (!GST_CLOCK_TIME_IS_VALID (duration) && GST_VIDEO_INFO_FPS_N (&self->base.output.info) > 0)
    duration = gst_util_uint64_scale ((guint64) n * GST_SECOND,
        GST_VIDEO_INFO_FPS_D (&self->base.output.info),
        GST_VIDEO_INFO_FPS_N (&self->base.output.info));
  GST_BUFFER_OFFSET (outbuf) = GST_BUFFER_OFFSET_END (outbuf) = GST_BUFFER_OFFSET_NONE;
  if (i > 0)
    GST_BUFFER_FLAG_UNSET (outbuf, GST_BUFFER_FLAG_DISCONT);
  if (GST_CLOCK_TIME_IS_VALID (duration)) {
    const GstClockTime start = gst_util_uint64_scale (duration, i, n);

    GST_BUFFER_DURATION (outbuf) = gst_util_uint64_scale (duration, i + 1, n) - start;
    if (GST_BUFFER_PTS_IS_VALID (outbuf))
      GST_BUFFER_PTS (outbuf) += start;
    if (GST_BUFFER_DTS_IS_VALID (outbuf))
      GST_BUFFER_DTS (outbuf) += start;
  } else if (i > 0) {
    GST_BUFFER_PTS (outbuf) = GST_BUFFER_DTS (outbuf) = GST_CLOCK_TIME_NONE;
  }
}

/* Takes the buffer that came, if one did; a plan is applied to whole ones. */
static gboolean
take_buffer (GstPixelDenorm *self)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  g_autoptr (GError) error = NULL;

  if (!trans->queued_buf)
    return TRUE;
  gst_clear_buffer (&self->pending); /* of which a flush left something */
  self->pending = g_steal_pointer (&trans->queued_buf);
  self->next = 0;
  GST_LOG_OBJECT (self, "%u frames: %" GST_PTR_FORMAT, self->n_frames, self->pending);
  gst_pixel_base_apply_plan (&self->base);
  if (look_at_pending (self, &error))
    return TRUE;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "looking at a buffer");
  gst_clear_buffer (&self->pending);
  return FALSE;
}

/* Is called until it gives nothing: once for every frame of a tensor. */
static GstFlowReturn
gst_pixel_denorm_generate_output (GstBaseTransform *trans, GstBuffer **outbuf)
{
  GstBaseTransformClass *klass = GST_BASE_TRANSFORM_GET_CLASS (trans);
  GstPixelDenorm *self = GST_PIXEL_DENORM (trans);

  *outbuf = NULL;
  if (!gst_pixel_plans_is_fitted (&self->base.plans)) {
    gst_clear_buffer (&trans->queued_buf);
    return GST_FLOW_FLUSHING;
  }
  if (!take_buffer (self))
    return GST_FLOW_ERROR;
  if (self->pending && self->next == self->applied.n_frames)
    gst_clear_buffer (&self->pending);
  if (!self->pending)
    return GST_FLOW_OK;
  GstFlowReturn result = klass->prepare_output_buffer (trans, self->pending, outbuf);
  if (result != GST_FLOW_OK)
    return result;
  result = gst_pixel_denorm_transform (trans, self->pending, *outbuf);
  share_times (self, *outbuf);
  self->next++;
  return result;
}

/* What comes cannot become what downstream takes, and set_caps never heard of it. Once for the same caps. */
static void
explain_refusal (GstPixelDenorm *self, GstCaps *input)
{
  GstPad *pad = GST_BASE_TRANSFORM_SRC_PAD (self);
  g_autoptr (GstCaps) made = video_for (&self->base, input);
  g_autoptr (GstCaps) wanted = gst_pad_peer_query_caps (pad, NULL);

  if ((self->base.refused && gst_caps_is_equal (self->base.refused, input))
      || gst_caps_can_intersect (made, wanted))
    return;
  g_autofree gchar *asked = gst_caps_to_string (wanted);
  g_autofree gchar *found = gst_caps_to_string (input);
  GST_ELEMENT_ERROR (self, CORE, NEGOTIATION,
      ("Downstream asks for %s, and the input is %s. It becomes video of that size, rate and number of "
       "channels: convert, scale or pace it behind this element (videoconvert, videoscale, videorate).",
          asked, found),
      (NULL));
  gst_caps_replace (&self->base.refused, input);
}

static gboolean
pass_on (GstPixelDenorm *self, GstEvent *event)
{
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_denorm_parent_class)
      ->sink_event (GST_BASE_TRANSFORM (self), event);
}

/* Events that wait for caps. Where caps did not come, no segment goes first: none of its data came either. */
static void
release_held (GstPixelDenorm *self, gboolean with_segments)
{
  GstEvent *event;

  while ((event = g_queue_pop_head (&self->held)))
    if (with_segments || GST_EVENT_TYPE (event) != GST_EVENT_SEGMENT)
      pass_on (self, event);
    else
      gst_event_unref (event);
}

/* Caps that say all. */
static gboolean
negotiate (GstPixelDenorm *self, GstCaps *caps)
{
  self->waits = FALSE;
  if (!pass_on (self, gst_event_new_caps (caps))) {
    explain_refusal (self, caps);
    return FALSE;
  }
  release_held (self, TRUE);
  return TRUE;
}

/* Of format=flexible caps need not say type and dimensions, nor the same for long: the headers of tensors do. */
static gboolean
take_caps (GstPixelDenorm *self, GstCaps *caps)
{
  gst_caps_replace (&self->flexible, gst_pixel_flexible_is (caps) ? caps : NULL);
  self->has_header = FALSE;
  self->waits = gst_pixel_flexible_is_open (caps);
  return self->waits || negotiate (self, caps);
}

/* The caps of a tensor with that header are those of the pad from now on. */
static gboolean
take_header (GstPixelDenorm *self, const guint8 header[GST_PIXEL_FLEXIBLE_HEADER], GError **error)
{
  GstPad *pad = GST_BASE_TRANSFORM_SINK_PAD (self);
  g_autoptr (GstCaps) caps = gst_pixel_flexible_read (header, self->flexible, error);
  g_autoptr (GstCaps) current = gst_pad_get_current_caps (pad);

  if (!caps)
    return FALSE;
  if ((self->waits || !gst_caps_is_equal (caps, current)) && !negotiate (self, caps))
    return FALSE;
  g_autoptr (GstEvent) event = gst_event_new_caps (caps);
  gst_pad_store_sticky_event (pad, event);
  memcpy (self->base.header, header, GST_PIXEL_FLEXIBLE_HEADER);
  self->has_header = TRUE;
  return TRUE;
}

/* The header of a tensor. */
static gboolean
copy_header (GstBuffer *buffer, guint8 header[GST_PIXEL_FLEXIBLE_HEADER], GError **error)
{
  guint first, n;
  gsize skip;
  GstMapInfo map;

  if (!gst_buffer_find_memory (buffer, 0, GST_PIXEL_FLEXIBLE_HEADER, &first, &n, &skip)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Expected a header of %d bytes before a tensor of format=flexible, found a buffer of "
        "%" G_GSIZE_FORMAT " bytes.",
        GST_PIXEL_FLEXIBLE_HEADER, gst_buffer_get_size (buffer));
    return FALSE;
  }
  if (!gst_buffer_map_range (buffer, first, (gint) n, &map, GST_MAP_READ))
    return refuse_unmappable (error);
  memcpy (header, map.data + skip, GST_PIXEL_FLEXIBLE_HEADER);
  gst_buffer_unmap (buffer, &map);
  return TRUE;
}

static gboolean
look_at_header (GstPixelDenorm *self, GstBuffer *buffer, GError **error)
{
  guint8 header[GST_PIXEL_FLEXIBLE_HEADER];

  return copy_header (buffer, header, error)
      && ((self->has_header && memcmp (header, self->base.header, sizeof header) == 0)
          || take_header (self, header, error));
}

static GstFlowReturn
gst_pixel_denorm_submit_input_buffer (
    GstBaseTransform *trans, gboolean is_discont, GstBuffer *input)
{
  GstPixelDenorm *self = GST_PIXEL_DENORM (trans);
  g_autoptr (GError) error = NULL;

  if (!self->flexible || look_at_header (self, input, &error))
    return GST_BASE_TRANSFORM_CLASS (gst_pixel_denorm_parent_class)
        ->submit_input_buffer (trans, is_discont, input);
  gst_buffer_unref (input);
  if (!error)
    return GST_FLOW_NOT_NEGOTIATED;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "reading a header");
  return GST_FLOW_ERROR;
}

/* What came before a flush is gone, the frames of a tensor that were still to come too. */
static gboolean
gst_pixel_denorm_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstPixelDenorm *self = GST_PIXEL_DENORM (trans);
  g_autoptr (GstCaps) caps = NULL;
  gboolean ok;

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_CAPS:
    gst_event_parse_caps (event, &caps);
    gst_caps_ref (caps);
    ok = take_caps (self, caps);
    gst_event_unref (event);
    return ok;
  case GST_EVENT_FLUSH_STOP:
    gst_clear_buffer (&self->pending);
    release_held (self, FALSE);
    break;
  case GST_EVENT_STREAM_START:
  case GST_EVENT_EOS:
    release_held (self, FALSE);
    break;
  default:
    if (!self->waits || !GST_EVENT_IS_SERIALIZED (event))
      break;
    g_queue_push_tail (&self->held, event);
    return TRUE;
  }
  return pass_on (self, event);
}

/* To answer what memory is best the base class would negotiate with caps that do not say all yet. */
static gboolean
gst_pixel_denorm_query (GstBaseTransform *trans, GstPadDirection direction, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_ALLOCATION && GST_PIXEL_DENORM (trans)->waits)
    return FALSE;
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_denorm_parent_class)->query (trans, direction, query);
}

static gboolean
gst_pixel_denorm_stop (GstBaseTransform *trans)
{
  GstPixelDenorm *self = GST_PIXEL_DENORM (trans);

  gst_clear_buffer (&self->pending);
  gst_caps_replace (&self->flexible, NULL);
  g_queue_clear_full (&self->held, (GDestroyNotify) gst_event_unref);
  self->waits = FALSE;
  g_clear_object (&self->own);
  g_clear_object (&self->own_settings);
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_denorm_parent_class)->stop (trans);
}

static const GstPixelManual manual[] = {
  { "Input",
      "other/tensors or other/tensor as pixelnorm makes them, of any batch-size; or its 8-bit video." GST_PIXEL_MANUAL_LINE
      "Of format=flexible caps need not say type and dimensions: the header of each tensor does." },
  { "Output",
      "Raw video, frame by frame, with the channels that were normalized: RGB in any order, grey, or Y'CbCr." GST_PIXEL_MANUAL_LINE
      "Choose the format with caps after the element; without caps it is that of the profile, or RGB." },
  { "Messages",
      "Warnings say that PixelnormMeta of the buffers contradicts the properties, or that samples cannot be restored." },
  { "Metas",
      "PixelnormMeta is read from every buffer that has it: frames, mean and std. With these no profile is needed." },
  { "Example",
      "gst-launch-1.0 videotestsrc num-buffers=3 ! pixelnorm method=fixed ! other/tensors ! pixeldenorm method=fixed ! video/x-raw,format=RGB ! fakesink" },
};

static void
add_templates (GstElementClass *klass)
{
  g_autoptr (GstCaps) input = gst_pixel_denorm_caps_template ();
  g_autoptr (GstCaps) output = gst_pixel_formats_written_caps ();

  gst_element_class_set_static_metadata (klass, "Pixel denormalization", "Filter/Converter/Video",
      "Reverses pixelnorm: turns normalized tensors or 8-bit video back into the video that they "
      "were made from; set the same properties as for pixelnorm",
      "The authors of gst-pixelnorm");
  gst_pixel_manual_add (klass, manual, G_N_ELEMENTS (manual));
  gst_element_class_add_pad_template (
      klass, gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, input));
  gst_element_class_add_pad_template (
      klass, gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, output));
}

static void
gst_pixel_denorm_class_init (GstPixelDenormClass *klass)
{
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstPixelBaseClass *base_class = GST_PIXEL_BASE_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (pixeldenorm_debug, "pixeldenorm", 0, "denormalizing to video");
  add_templates (GST_ELEMENT_CLASS (klass));

  transform_class->stop = gst_pixel_denorm_stop;
  transform_class->query = gst_pixel_denorm_query;
  transform_class->transform = gst_pixel_denorm_transform;
  transform_class->sink_event = gst_pixel_denorm_sink_event;
  transform_class->submit_input_buffer = gst_pixel_denorm_submit_input_buffer;
  transform_class->generate_output = gst_pixel_denorm_generate_output;
  base_class->convert_caps = gst_pixel_denorm_convert_caps;
  base_class->choose_caps = gst_pixel_denorm_choose_caps;
  base_class->fit = gst_pixel_denorm_fit;
  base_class->update = gst_pixel_denorm_update;
}

static void
gst_pixel_denorm_init (GstPixelDenorm *self)
{
  self->base.plans.category = GST_CAT_DEFAULT;
  self->base.plans.colour.channels = GST_PIXEL_CHANNELS_NATIVE;
  self->base.plans.wanted.profile_optional = TRUE;
}
