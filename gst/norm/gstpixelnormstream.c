/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stream of pixelnorm: frames come in, buffers of one or of batch-size frames go out, and what makes an
 * end to a batch (EOS, a segment, caps, a flush) finds it ended. Everything here runs in the streaming
 * thread, but for queries.
 */
#include "gstpixelnorm-private.h"

#include "gstpixelcaps.h"
#include "common/gstpixelerror.h"
#include "common/gstpixelframe.h"

GST_DEBUG_CATEGORY_EXTERN (gst_pixel_norm_debug);
#define GST_CAT_DEFAULT gst_pixel_norm_debug

#define PARENT_CLASS GST_BASE_TRANSFORM_CLASS (g_type_class_peek (GST_TYPE_BASE_TRANSFORM))

/* A tensor waits for its last frame. */
void
gst_pixel_norm_set_latency (GstPixelNorm *self)
{
  const gint n = GST_VIDEO_INFO_FPS_N (&self->info), d = GST_VIDEO_INFO_FPS_D (&self->info);
  const GstClockTime latency = n > 0 && self->assembly.size > 1
      ? gst_util_uint64_scale (self->assembly.size - 1, GST_SECOND * (guint64) d, (guint64) n)
      : 0;

  GST_OBJECT_LOCK (self);
  const gboolean changed = latency != self->latency;
  self->latency = latency;
  GST_OBJECT_UNLOCK (self);
  if (changed)
    gst_element_post_message (GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

static gboolean
gst_pixel_norm_query (GstBaseTransform *trans, GstPadDirection direction, GstQuery *query)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  GstClockTime min, max;
  gboolean live;

  if (direction != GST_PAD_SRC || GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return PARENT_CLASS->query (trans, direction, query);
  if (!gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (trans), query))
    return FALSE;
  gst_query_parse_latency (query, &live, &min, &max);
  GST_OBJECT_LOCK (self);
  min += self->latency;
  if (GST_CLOCK_TIME_IS_VALID (max))
    max += self->latency;
  GST_OBJECT_UNLOCK (self);
  gst_query_set_latency (query, live, min, max);
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

static void
unmap_output (GstPixelNorm *self, GstBuffer *buffer, GstPixelFrame *video, GstMapInfo *tensor)
{
  if (self->plans.target.output == PIXELNORM_OUTPUT_VIDEO)
    gst_pixel_frame_unmap (video);
  else
    gst_buffer_unmap (buffer, tensor);
}

/* Gives away the buffer that is full, or is to be filled up; NULL where it cannot be written. */
static GstBuffer *
end_buffer (GstPixelNorm *self, GError **error)
{
  GstPixelFrame video;
  GstMapInfo tensor;
  PixelnormFrame out;

  if (!map_output (self, self->assembly.buffer, &video, &tensor, &out, error))
    return NULL;
  gst_pixel_assembly_complete (&self->assembly, &self->plans, out.planes[0]);
  unmap_output (self, self->assembly.buffer, &video, &tensor);
  return gst_pixel_assembly_end (&self->assembly, self->applied);
}

void
gst_pixel_norm_drop_frames (GstPixelNorm *self)
{
  const guint n = gst_pixel_assembly_drop (&self->assembly, &self->plans);

  if (n > 0)
    GST_ELEMENT_INFO (self, STREAM, FORMAT,
        ("%u frame%s did not fill a tensor of %u, and %s dropped. Set last-batch=pad to have the tensor "
         "filled up.",
            n, n == 1 ? "" : "s", self->assembly.size, n == 1 ? "was" : "were"),
        (NULL));
}

/* Lets go of a tensor that will not become full, before what makes an end to it is passed on. */
void
gst_pixel_norm_end_batch_early (GstPixelNorm *self)
{
  g_autoptr (GError) error = NULL;
  GstBuffer *buffer;

  if (self->assembly.n_frames == 0)
    return;
  if (self->assembly.last == GST_PIXEL_LAST_BATCH_DROP) {
    gst_pixel_norm_drop_frames (self);
    return;
  }
  buffer = end_buffer (self, &error);
  if (buffer)
    gst_pad_push (
        GST_BASE_TRANSFORM_SRC_PAD (self), buffer); /* who made the end hears of what came of it */
  else
    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "filling up a tensor");
}

static GstFlowReturn
gst_pixel_norm_prepare_output_buffer (GstBaseTransform *trans, GstBuffer *input, GstBuffer **output)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  const GstFlowReturn result = PARENT_CLASS->prepare_output_buffer (trans, input, output);

  if (result == GST_FLOW_ERROR) {
    g_autoptr (GError) error = g_error_new (PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for an output frame of %" G_GSIZE_FORMAT " MiB. Scale the video down.",
        self->output_size >> 20);

    gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "allocating a frame");
  }
  return result;
}

/* Normalizes a frame into its place in the output buffer. */
static GstFlowReturn
gst_pixel_norm_transform (GstBaseTransform *trans, GstBuffer *inbuf, GstBuffer *outbuf)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  g_autoptr (GError) error = NULL;
  GstPixelFrame in, video;
  PixelnormFrame out;
  GstMapInfo tensor;

  if (!gst_pixel_frame_map (
          &in, &self->info, &self->plans.target.layout, inbuf, GST_MAP_READ, &error))
    goto failed;
  if (!map_output (self, outbuf, &video, &tensor, &out, &error)) {
    gst_pixel_frame_unmap (&in);
    goto failed;
  }
  out.planes[0] += self->output_size / self->assembly.size * self->assembly.n_frames;
  gst_pixel_assembly_add (&self->assembly, &self->plans, inbuf, &in.frame, &out);
  unmap_output (self, outbuf, &video, &tensor);
  gst_pixel_frame_unmap (&in);
  return GST_FLOW_OK;

failed:
  /* what cannot be read is of another format than the caps say */
  if (error->code == PIXELNORM_ERROR_READ)
    error->code = PIXELNORM_ERROR_MISMATCH;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "normalizing a frame");
  return GST_FLOW_ERROR;
}

/* Whether frames must come in the order in which they were taken; says so where they do not. */
static gboolean
check_direction (GstPixelNorm *self, gdouble rate)
{
  const PixelnormStatisticsSource statistics = self->plans.current.settings.statistics;

  if (rate >= 0
      || (self->assembly.size == 1 && statistics != PIXELNORM_STATISTICS_SOURCE_BATCH
          && statistics != PIXELNORM_STATISTICS_SOURCE_RUNNING)) {
    self->backwards = FALSE;
    return TRUE;
  }
  if (!self->backwards)
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("The stream plays backwards (rate %g), and batches and running statistics need the order of "
         "time. Play forwards, or set batch-size=1 and statistics=profile or frame.",
            rate),
        (NULL));
  self->backwards = TRUE;
  return FALSE;
}

/* A change lands where a buffer begins. */
static GstFlowReturn
begin_buffer (GstPixelNorm *self, GstBuffer *input)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  g_autoptr (GError) error = NULL;
  GstBuffer *buffer = NULL;

  if (gst_pixel_plans_land (&self->plans))
    gst_pixel_norm_tell_plan (self);
  if (!check_direction (self, trans->segment.rate))
    return GST_FLOW_ERROR;
  const GstFlowReturn result = gst_pixel_norm_prepare_output_buffer (trans, input, &buffer);
  if (result != GST_FLOW_OK)
    return result;
  if (gst_pixel_assembly_begin (&self->assembly, buffer, &self->plans, &error))
    return GST_FLOW_OK;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "beginning a batch");
  return GST_FLOW_ERROR;
}

/* A frame that does not make a tensor full gives no buffer, which is no dropped frame: the base class would
 * mark the next one as a discontinuity. */
static GstFlowReturn
gst_pixel_norm_generate_output (GstBaseTransform *trans, GstBuffer **output)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  GstBuffer *input = g_steal_pointer (&trans->queued_buf);
  g_autoptr (GError) error = NULL;
  GstFlowReturn result = GST_FLOW_OK;

  *output = NULL;
  if (!input)
    return GST_FLOW_OK;
  if (self->assembly.n_frames == 0)
    result = begin_buffer (self, input);
  if (result == GST_FLOW_OK)
    result = gst_pixel_norm_transform (trans, input, self->assembly.buffer);
  gst_buffer_unref (input);
  if (result != GST_FLOW_OK) {
    gst_pixel_assembly_drop (&self->assembly, &self->plans);
    return result;
  }
  if (!gst_pixel_assembly_is_full (&self->assembly))
    return GST_FLOW_OK;
  *output = end_buffer (self, &error);
  if (*output)
    return GST_FLOW_OK;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "completing a tensor");
  gst_pixel_assembly_drop (&self->assembly, &self->plans);
  return GST_FLOW_ERROR;
}

/* Caps that do not agree never come to set_caps. Where it is for the number of frames, this says so, else what else it is
 * for. */
static void
explain_refusal (GstPixelNorm *self, GstCaps *caps)
{
  g_autoptr (GstCaps) peer = gst_pad_peer_query_caps (GST_BASE_TRANSFORM_SRC_PAD (self), NULL);
  const guint other = gst_pixel_caps_other_batch (peer, self->assembly.size);

  if (self->refused && (other == 0 || gst_caps_is_equal (self->refused, caps)))
    return;
  if (other == 0)
    gst_pixel_norm_post_refusal (self, caps);
  else
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("What stands behind asks for tensors of %u frame%s, and batch-size is %u. Set batch-size=%u.",
            other, other == 1 ? "" : "s", self->assembly.size, other),
        (NULL));
  gst_caps_replace (&self->refused, caps);
}

static gboolean
gst_pixel_norm_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);
  const GstSegment *segment;
  GstCaps *caps;
  gboolean ok;

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_EOS:
    gst_pixel_norm_end_batch_early (self);
    break;
  case GST_EVENT_FLUSH_STOP:
    gst_pixel_assembly_drop (&self->assembly, &self->plans);
    break;
  case GST_EVENT_GAP:
    if (self->assembly.n_frames == 0)
      break;
    /* it would overtake frames of before it */
    GST_DEBUG_OBJECT (self, "a gap within a tensor is not passed on");
    gst_event_unref (event);
    return TRUE;
  case GST_EVENT_SEGMENT:
    gst_pixel_norm_end_batch_early (self);
    gst_event_parse_segment (event, &segment);
    if (check_direction (self, segment->rate))
      break;
    gst_event_unref (event);
    return FALSE;
  case GST_EVENT_CAPS:
    gst_event_parse_caps (event, &caps);
    gst_caps_ref (caps);
    ok = PARENT_CLASS->sink_event (trans, event);
    if (!ok)
      explain_refusal (self, caps);
    gst_caps_unref (caps);
    return ok;
  default:
    break;
  }
  return PARENT_CLASS->sink_event (trans, event);
}

void
gst_pixel_norm_install_stream (GstBaseTransformClass *klass)
{
  klass->query = gst_pixel_norm_query;
  klass->prepare_output_buffer = gst_pixel_norm_prepare_output_buffer;
  klass->transform = gst_pixel_norm_transform;
  klass->generate_output = gst_pixel_norm_generate_output;
  klass->sink_event = gst_pixel_norm_sink_event;
}
