/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-pixelnorm
 * @title: pixelnorm
 * @short_description: normalizes video, pixel-wise or channel-wise, into tensors or 8-bit video
 *
 * Computes y = (x - centre) * scale + bias for every sample, with coefficients made of a profile
 * that #pixelstats collected, of the stream itself, or of fixed values, and sends the result as a tensor (other/tensors of
 * NNStreamer) of float32, float16, int8 or uint8 or, where downstream takes video only, as 8-bit video
 * of the same format (the 8-bit twin of a deeper one) with [range-low, range-high] laid onto [0, 255].
 *
 * What downstream accepts decides: tensors first, float32 first. Put caps behind the element to
 * choose: other/tensors,types=float16 or video/x-raw. A tensor is height x width x channels (NHWC), or
 * channels x height x width with layout=nchw. int8 and uint8 are round (y / quant-scale) +
 * quant-zero-point, half to even, saturated. With quant-scale=0 both are chosen so that samples of 8 bits share a code only
 * where they must; there, and in 8-bit video, halves go to the lower code where a step is one code value.
 *
 * Results are multiplied by gamma, beta is added, and they are clipped to clip-low and clip-high; all of
 * that costs nothing or next to nothing. A gamma and a beta for every pixel come in a file,
 * affine-location.
 *
 * With statistics=frame, batch or running no profile is needed: mean and deviation are those of the frame
 * itself, of the frames of a tensor together, or estimates of the frames before. A frame is normalized
 * with the estimates of before it, the first with its own, so what is new stands out; running statistics with scope=pixel are a model
 * of the background. Buffers flagged GAP, CORRUPTED or DECODE_ONLY teach them nothing; they survive seeks,
 * flushes and changes of other properties, and begin anew with another size, other channels, another profile,
 * or when the element was stopped.
 *
 * Where downstream takes no static tensors but other/tensors,format=flexible, each tensor begins with NNStreamer's header of
 * 128 bytes, which says type and dimensions. Type and dimensions in the caps behind the element choose as they do without.
 *
 * With batch-size=N a tensor holds N frames, and comes N times less often, with the time of its first frame
 * and the sum of the durations. Frames that do not fill a tensor at the end of the stream or of a segment, or
 * before other caps, are dropped, which a message says, or filled up with y = 0 (last-batch=pad; quantized: the
 * zero-point). A flush forgets them. Batches, and statistics=batch and running, refuse to play backwards.
 *
 * Y'CbCr, as cameras and decoders give it (NV12, I420, P010, YUY2 and every other raw format), is converted to RGB on the
 * way, exactly: ITU-T H.273 with the matrix and range of the caps' colorimetry, rounded half up. No converter is needed
 * before; as video it leaves as RGB. With a profile frames are read as its channels; channels=native takes Y, U and V as
 * they are, which become tensors only where they are of one size, and channels=gray the luma alone. Where pixels share
 * samples of U and V, chroma says how each gets its own. Training gets the same bits of pixelnorm.to_rgb of the Python
 * package.
 *
 * Every buffer carries a GstCustomMeta "PixelnormMeta" that says what was done to it, and an element message `pixelnorm`
 * says the same whenever it changes; gst-inspect-1.0 lists their fields. Where they have mean and std,
 * y = (x - mean) / std * gamma + beta, one value per channel; with statistics=frame and a batch-size the values of the first
 * frame, then those of the next.
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
 * |[
 * gst-launch-1.0 videotestsrc pattern=ball num-buffers=99 ! video/x-raw,format=GRAY8 ! \
 *   pixelnorm statistics=running momentum=0.05 ! video/x-raw ! pngenc snapshot=true ! \
 *   filesink location=motion.png
 * ]|
 * What moves, as a picture, without a profile.
 *
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! video/x-raw,format=NV12 ! pixelnorm method=fixed \
 *   mean="<123.675,116.28,103.53>" std="<58.395,57.12,57.375>" layout=nchw ! filesink location=nv12.f32
 * ]|
 * Tensors of RGB from frames as a decoder gives them.
 *
 * Since: 0.1
 */
#include "gstpixelnorm.h"

#include <gst/video/video.h>
#include <math.h>
#include <string.h>

#include "common/gstpixelerror.h"
#include "common/gstpixelformats.h"
#include "common/gstpixelframe.h"
#include "common/gstpixelmanual.h"
#include "gstpixelassembly.h"
#include "gstpixelcaps.h"
#include "gstpixelenums.h"
#include "gstpixelmeta.h"

GST_DEBUG_CATEGORY_STATIC (gst_pixel_norm_debug);
#define GST_CAT_DEFAULT gst_pixel_norm_debug

enum { PROP_0, PROP_BATCH_SIZE, PROP_LAST_BATCH, PROP_COLOUR };

struct _GstPixelNorm {
  GstPixelBase base;

  /* the object lock */
  guint batch_size; /* as set; that of the assembly is in use */
  GstPixelLastBatch last_batch;
  GstClockTime latency;

  /* the streaming thread, and state changes while it does not run */
  GstStructure *applied; /* what PixelnormMeta says */
  gchar *ineffective;    /* of what was said that it has no effect */
  gchar *floored;        /* what was said of min-deviation */
  GstPixelAssembly assembly;
  gboolean backwards; /* a segment was refused */

  gint is_explained; /* atomic: why downstream cannot have what it asks for */
};

G_DEFINE_FINAL_TYPE (GstPixelNorm, gst_pixel_norm, GST_TYPE_PIXEL_BASE)
GST_ELEMENT_REGISTER_DEFINE (pixelnorm, "pixelnorm", GST_RANK_NONE, GST_TYPE_PIXEL_NORM)

/* Frames of a tensor. */
static guint
get_batch_size (GstPixelNorm *self)
{
  GST_OBJECT_LOCK (self);
  const guint size = self->assembly.size ? self->assembly.size : self->batch_size;
  GST_OBJECT_UNLOCK (self);
  return size;
}

static GstPixelCapsChoice
get_choice (GstPixelNorm *self)
{
  return (GstPixelCapsChoice){ gst_pixel_plans_tensor_layouts (&self->base.plans),
    get_batch_size (self), gst_pixel_plans_colour (&self->base.plans) };
}

/* Of tensors as they are told to downstream: with more than four dimensions, and with headers, only where it asks for that. All
 * ranks are 14 times as many caps, and a start of 18 ms for 5; headers half as many again, and 9 ms for 6. */
static GstPixelCapsChoice
get_output_choice (GstPixelNorm *self)
{
  GstPixelCapsChoice choice = get_choice (self);
  GstPad *pad = GST_BASE_TRANSFORM_SRC_PAD (self);
  g_autoptr (GstCaps) wanted = gst_pad_peer_query_caps (pad, NULL);
  g_autoptr (GstCaps) made = gst_pad_get_pad_template_caps (pad);

  choice.largest_rank = gst_pixel_caps_largest_rank (wanted);
  choice.wants_flexible = gst_pixel_caps_want_flexible (wanted, made);
  return choice;
}

/* Video that suits the profile, and of it what suits the file of gamma and beta. */
static GstCaps *
suitable_video (GstPixelNorm *self)
{
  const GstPixelColour colour = gst_pixel_plans_colour (&self->base.plans);
  guint width, height, n_channels;

  gst_pixel_plans_affine_size (&self->base.plans, &width, &height, &n_channels);
  return gst_pixel_formats_narrow (
      gst_pixel_base_suitable_video (&self->base), width, height, n_channels, &colour);
}

/* A converter before us learns only that there is no video for what downstream takes, and says no more
 * than "not negotiated". FALSE: there is some, but not of what upstream can have. */
static gboolean
warn_of_downstream (GstPixelNorm *self, const GstPixelCapsChoice *choice)
{
  g_autoptr (GstCaps) wanted = gst_pad_peer_query_caps (GST_BASE_TRANSFORM_SRC_PAD (self), NULL);
  g_autofree gchar *words = gst_pixel_caps_explain_wanted (wanted, choice);

  if (words && g_atomic_int_compare_and_exchange (&self->is_explained, FALSE, TRUE))
    GST_ELEMENT_WARNING (self, CORE, NEGOTIATION, ("%s", words), (NULL));
  return words != NULL;
}

/* What suits, where upstream can have it, so that converters and scalers do the right thing by
 * themselves; all where it cannot, so that set_caps, or post_refusal, says in words what does not fit
 * instead of "not negotiated". */
static GstCaps *
video_for (GstPixelNorm *self, GstCaps *caps, GstCaps *filter)
{
  const GstPixelCapsChoice choice = get_choice (self);
  g_autoptr (GstCaps) suitable = suitable_video (self);
  GstCaps *video = gst_pixel_caps_to_video (caps, &choice);

  if ((gst_caps_is_empty (video) && !warn_of_downstream (self, &choice))
      || (filter && !gst_caps_is_empty (video) && !gst_caps_can_intersect (video, filter)))
    gst_caps_append (video, gst_pixel_formats_caps ());
  return gst_pixel_formats_prefer (video, suitable, filter);
}

static GstCaps *
gst_pixel_norm_convert_caps (
    GstPixelBase *base, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstPixelNorm *self = GST_PIXEL_NORM (base);

  if (direction == GST_PAD_SRC)
    return video_for (self, caps, filter);
  const GstPixelCapsChoice choice = get_output_choice (self);
  return gst_pixel_caps_from_video (caps, &choice);
}

static GstCaps *
gst_pixel_norm_choose_caps (GstPixelBase *base, GstCaps *caps, GstCaps *othercaps)
{
  const GstPixelCapsChoice choice = get_output_choice (GST_PIXEL_NORM (base));

  return gst_pixel_caps_choose (othercaps, caps, &choice);
}

static void
warn_of_units (GstPixelNorm *self, const PixelnormSettings *settings)
{
  const gboolean unit = g_str_equal (pixelnorm_settings_get_word (settings, "units"), "unit");
  guint n_mean, n_std;
  const gdouble *mean = pixelnorm_settings_get_values (settings, "mean", &n_mean);
  const gdouble *std = pixelnorm_settings_get_values (settings, "std", &n_std);
  gdouble largest = 0, largest_mean = 0;

  if (!g_str_equal (pixelnorm_settings_get_word (settings, "method"), "fixed"))
    return;
  for (guint i = 0; i < n_mean; i++)
    largest = largest_mean = MAX (largest_mean, fabs (mean[i]));
  for (guint i = 0; i < n_std; i++)
    largest = MAX (largest, std[i]);
  if (unit && largest_mean > 2)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("mean and std look like code values, 0 to 255, and are taken as values for samples of 0 to 1. "
         "If the former is meant, set units=code."),
        (NULL));
  /* mean 0 and std 1 leave samples as they are, which may be meant */
  if (!unit && largest <= 1 && (mean[0] > 0 || std[0] < 0.5))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("mean and std look like values for samples of 0 to 1, and are taken as code values, 0 to "
         "255. If the former is meant, set units=unit."),
        (NULL));
}

static void
warn_of_matrix (GstPixelNorm *self, PixelnormProfile *profile)
{
  const gchar *expected =
      profile && pixelnorm_settings_use_profile (self->base.plans.current.settings)
      ? pixelnorm_profile_get_geometry (profile)->matrix
      : NULL;
  const gchar *found = pixelnorm_layout_get_geometry (self->base.plans.target.layout)->matrix;

  if (expected && found && !g_str_equal (expected, found))
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The profile was made of video with matrix %s, the stream has %s: the same colours have "
         "other numbers. Convert before (videoconvert), if the difference matters.",
            expected, found),
        (NULL));
}

/* Once, not with every change of caps. */
static void
warn_once (GstPixelNorm *self, const gchar *text, gchar **said)
{
  if (text && g_strcmp0 (text, *said) != 0)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS, ("%s", text), (NULL));
  g_free (*said);
  *said = g_strdup (text);
}

/* Tells of the plan that is in use from now on. */
static void
gst_pixel_norm_update (GstPixelBase *base)
{
  GstPixelNorm *self = GST_PIXEL_NORM (base);
  const GstPixelPlan *plan = &self->base.plans.current;

  warn_of_units (self, plan->settings);
  warn_once (self, plan->ineffective, &self->ineffective);
  warn_once (self, pixelnorm_normalizer_get_floored (plan->normalizer), &self->floored);
  warn_of_matrix (self, plan->inputs->profile);
  g_clear_pointer (&self->applied, gst_structure_free);
  self->applied = gst_pixel_meta_describe (
      plan->settings, plan->inputs, plan->normalizer, self->base.plans.target.output);
  gst_pixel_colour_describe (self->base.plans.target.layout, self->applied);
  if (!gst_pixel_base_is_video (&self->base))
    gst_structure_set (self->applied, "batch-size", G_TYPE_UINT, self->assembly.size, NULL);
  GST_DEBUG_OBJECT (self, "in use: %" GST_PTR_FORMAT, self->applied);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), gst_structure_copy (self->applied)));
}

/* What comes cannot become what downstream takes, and set_caps never heard of it. */
static void
post_refusal (GstPixelNorm *self, GstCaps *input)
{
  g_autoptr (GstCaps) wanted = gst_pad_peer_query_caps (GST_BASE_TRANSFORM_SRC_PAD (self), NULL);
  const GstPixelCapsChoice choice = get_choice (self);
  g_autofree gchar *words = gst_pixel_caps_explain (input, wanted, &choice);

  if (words && !g_atomic_int_get (&self->is_explained))
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, ("%s", words), (NULL));
}

/* A tensor waits for its last frame. */
static void
set_latency (GstPixelNorm *self)
{
  const gint n = GST_VIDEO_INFO_FPS_N (&self->base.input.info);
  const gint d = GST_VIDEO_INFO_FPS_D (&self->base.input.info);
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
    return GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->query (trans, direction, query);
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
map_output (GstPixelNorm *self, GstBuffer *buffer, GstMapInfo *tensor, PixelnormFrame *frame,
    GError **error)
{
  if (gst_pixel_base_is_video (&self->base)) {
    if (!gst_pixel_frame_map (
            &self->base.written, &self->base.output, buffer, GST_MAP_WRITE, error))
      return FALSE;
    *frame = self->base.written.frame;
    return TRUE;
  }
  const gboolean mapped = gst_buffer_map (buffer, tensor, GST_MAP_WRITE);
  if (!mapped || tensor->size < self->base.output_size) {
    if (mapped)
      gst_buffer_unmap (buffer, tensor);
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Expected an output buffer of %" G_GSIZE_FORMAT
        " bytes that can be written, found %" G_GSIZE_FORMAT ".",
        self->base.output_size, gst_buffer_get_size (buffer));
    return FALSE;
  }
  *frame = (PixelnormFrame){ { tensor->data + self->base.header_size } };
  return TRUE;
}

static void
unmap_output (GstPixelNorm *self, GstBuffer *buffer, GstMapInfo *tensor)
{
  if (gst_pixel_base_is_video (&self->base))
    gst_pixel_frame_unmap (&self->base.written);
  else
    gst_buffer_unmap (buffer, tensor);
}

/* Gives away the buffer that is full, or is to be filled up; NULL where it cannot be written. */
static GstBuffer *
end_buffer (GstPixelNorm *self, GError **error)
{
  GstMapInfo tensor;
  PixelnormFrame out;

  if (!map_output (self, self->assembly.buffer, &tensor, &out, error))
    return NULL;
  if (self->base.header_size > 0) /* anew each time: who had the buffer may have written into it */
    memcpy (tensor.data, self->base.header, self->base.header_size);
  gst_pixel_assembly_complete (&self->assembly, &self->base.plans, out.planes[0]);
  unmap_output (self, self->assembly.buffer, &tensor);
  return gst_pixel_assembly_end (&self->assembly, self->applied);
}

static void
drop_frames (GstPixelNorm *self)
{
  const guint n = gst_pixel_assembly_drop (&self->assembly, &self->base.plans);

  if (n > 0)
    GST_ELEMENT_INFO (self, STREAM, FORMAT,
        ("%u frame%s did not fill a tensor of %u, and %s dropped. Set last-batch=pad to have the tensor "
         "filled up.",
            n, n == 1 ? "" : "s", self->assembly.size, n == 1 ? "was" : "were"),
        (NULL));
}

/* Lets go of a tensor that will not become full, before what makes an end to it is passed on. */
static void
end_batch_early (GstPixelNorm *self)
{
  g_autoptr (GError) error = NULL;
  GstBuffer *buffer;

  if (self->assembly.n_frames == 0)
    return;
  if (self->assembly.last == GST_PIXEL_LAST_BATCH_DROP) {
    drop_frames (self);
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
  const GstFlowReturn result = GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)
                                   ->prepare_output_buffer (trans, input, output);

  if (result == GST_FLOW_ERROR) {
    g_autoptr (GError) error = g_error_new (PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for an output frame of %" G_GSIZE_FORMAT " MiB. Scale the video down.",
        self->base.output_size >> 20);

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
  GstPixelFrame *in = &self->base.read;
  PixelnormFrame out;
  GstMapInfo tensor;

  if (!gst_pixel_base_map_input (&self->base, inbuf, &error))
    goto failed;
  if (!map_output (self, outbuf, &tensor, &out, &error)) {
    gst_pixel_frame_unmap (in);
    goto failed;
  }
  out.planes[0] += (self->base.output_size - self->base.header_size) / self->assembly.size
      * self->assembly.n_frames;
  gst_pixel_assembly_add (&self->assembly, &self->base.plans, inbuf, &in->frame, &out);
  unmap_output (self, outbuf, &tensor);
  gst_pixel_frame_unmap (in);
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
  const gboolean in_order = self->assembly.size > 1
      || gst_pixel_plans_statistics (&self->base.plans) & PIXELNORM_STATISTICS_FLAG_IN_ORDER;

  if (rate >= 0 || !in_order) {
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

/* A change is applied where a buffer begins. */
static GstFlowReturn
begin_buffer (GstPixelNorm *self, GstBuffer *input)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  g_autoptr (GError) error = NULL;
  GstBuffer *buffer = NULL;

  gst_pixel_base_apply_plan (&self->base);
  if (!check_direction (self, trans->segment.rate))
    return GST_FLOW_ERROR;
  const GstFlowReturn result = gst_pixel_norm_prepare_output_buffer (trans, input, &buffer);
  if (result != GST_FLOW_OK)
    return result;
  if (gst_pixel_assembly_begin (&self->assembly, buffer, &self->base.plans, &error))
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
  if (!gst_pixel_plans_is_fitted (&self->base.plans)) {
    gst_buffer_unref (input);
    return GST_FLOW_FLUSHING;
  }
  GST_LOG_OBJECT (self, "frame %u of %u: %" GST_PTR_FORMAT, self->assembly.n_frames + 1,
      self->assembly.size, input);
  if (self->assembly.n_frames == 0)
    result = begin_buffer (self, input);
  if (result == GST_FLOW_OK)
    result = gst_pixel_norm_transform (trans, input, self->assembly.buffer);
  gst_buffer_unref (input);
  if (result != GST_FLOW_OK) {
    gst_pixel_assembly_drop (&self->assembly, &self->base.plans);
    return result;
  }
  if (!gst_pixel_assembly_is_full (&self->assembly))
    return GST_FLOW_OK;
  *output = end_buffer (self, &error);
  if (*output)
    return GST_FLOW_OK;
  gst_pixel_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error, "completing a tensor");
  gst_pixel_assembly_drop (&self->assembly, &self->base.plans);
  return GST_FLOW_ERROR;
}

/* Caps that do not agree never come to set_caps. Where it is for the number of frames, this says so, else what else it is
 * for. */
static void
explain_refusal (GstPixelNorm *self, GstCaps *caps)
{
  g_autoptr (GstCaps) peer = gst_pad_peer_query_caps (GST_BASE_TRANSFORM_SRC_PAD (self), NULL);
  const guint other = gst_pixel_caps_other_batch (peer, self->assembly.size);

  if (self->base.refused && (other == 0 || gst_caps_is_equal (self->base.refused, caps)))
    return;
  if (other == 0)
    post_refusal (self, caps);
  else
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("The next element needs %u frame%s per tensor, but batch-size is %u. Set batch-size=%u.",
            other, other == 1 ? "" : "s", self->assembly.size, other),
        (NULL));
  gst_caps_replace (&self->base.refused, caps);
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
    end_batch_early (self);
    break;
  case GST_EVENT_FLUSH_STOP:
    gst_pixel_assembly_drop (&self->assembly, &self->base.plans);
    break;
  case GST_EVENT_GAP:
    if (self->assembly.n_frames == 0)
      break;
    /* it would overtake frames of before it */
    GST_DEBUG_OBJECT (self, "a gap within a tensor is not passed on");
    gst_event_unref (event);
    return TRUE;
  case GST_EVENT_SEGMENT:
    end_batch_early (self);
    gst_event_parse_segment (event, &segment);
    if (check_direction (self, segment->rate))
      break;
    gst_event_unref (event);
    return FALSE;
  case GST_EVENT_CAPS:
    gst_event_parse_caps (event, &caps);
    gst_caps_ref (caps);
    ok = GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->sink_event (trans, event);
    if (!ok)
      explain_refusal (self, caps);
    gst_caps_unref (caps);
    return ok;
  default:
    break;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->sink_event (trans, event);
}

/* The largest that a buffer can become, before much is allocated for it. */
static gboolean
check_caps (
    GstPixelNorm *self, const GstPixelVideo *input, const GstPixelVideo *output, GError **error)
{
  const guint n_frames = get_batch_size (self);
  const PixelnormGeometry *geometry = pixelnorm_layout_get_geometry (input->layout);
  const gsize samples =
      (gsize) geometry->width * geometry->height * pixelnorm_layout_get_n_channels (input->layout);
  /* samples stay below 2^42 */
  const gsize frame_size =
      output->layout ? GST_VIDEO_INFO_SIZE (&output->info) : samples * sizeof (gfloat);

  if (output->layout && n_frames > 1) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "batch-size is %u, but 8-bit video is sent frame by frame. Set batch-size=1, or ask for tensors: "
        "put other/tensors behind the element.",
        n_frames);
    return FALSE;
  }
  if (frame_size <= (G_MAXUINT - GST_PIXEL_FLEXIBLE_HEADER) / n_frames)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
      "%s has %.0f MiB; GStreamer's pools end at %u. Scale the video down%s.",
      n_frames > 1 ? "A tensor" : "One output frame",
      floor ((gdouble) frame_size * n_frames / (1 << 20)), G_MAXUINT >> 20,
      n_frames > 1 ? ", or set a smaller batch-size" : "");
  return FALSE;
}

static gboolean
gst_pixel_norm_fit (GstPixelBase *base, GstCaps *incaps, GstCaps *outcaps, GError **error)
{
  GstPixelNorm *self = GST_PIXEL_NORM (base);
  g_auto (GstPixelVideo) input = { 0 }, output = { 0 };

  end_batch_early (self);
  gst_pixel_assembly_forget_format (&self->assembly);
  if (!gst_pixel_base_read_caps (base, incaps, outcaps, &input, &output, error)
      || !check_caps (self, &input, &output, error)
      || !gst_pixel_plans_fit (&base->plans, input.layout, outcaps, error))
    return FALSE;
  gst_pixel_video_take (&base->input, &input);
  gst_pixel_video_take (&base->output, &output);
  base->input_size = GST_VIDEO_INFO_SIZE (&base->input.info);
  base->header_size = gst_pixel_flexible_is (outcaps) ? GST_PIXEL_FLEXIBLE_HEADER : 0;
  if (base->header_size > 0)
    gst_pixel_flexible_write (base->header, outcaps);
  base->output_size = base->output.layout ? GST_VIDEO_INFO_SIZE (&base->output.info)
                                          : base->header_size
          + pixelnorm_normalizer_get_output_size (base->plans.current.normalizer)
              * self->assembly.size;
  set_latency (self);
  return TRUE;
}

static gboolean
gst_pixel_norm_start (GstBaseTransform *trans)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);

  g_atomic_int_set (&self->is_explained, FALSE);
  self->backwards = FALSE;
  GST_OBJECT_LOCK (self);
  gst_pixel_assembly_start (&self->assembly, self->batch_size, self->last_batch);
  self->latency = 0;
  GST_OBJECT_UNLOCK (self);
  if (GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->start (trans))
    return TRUE;
  GST_OBJECT_LOCK (self);
  gst_pixel_assembly_stop (&self->assembly);
  GST_OBJECT_UNLOCK (self);
  return FALSE;
}

static gboolean
gst_pixel_norm_stop (GstBaseTransform *trans)
{
  GstPixelNorm *self = GST_PIXEL_NORM (trans);

  drop_frames (self);
  GST_OBJECT_LOCK (self);
  gst_pixel_assembly_stop (&self->assembly);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&self->applied, gst_structure_free);
  g_clear_pointer (&self->ineffective, g_free);
  g_clear_pointer (&self->floored, g_free);
  return GST_BASE_TRANSFORM_CLASS (gst_pixel_norm_parent_class)->stop (trans);
}

static void
gst_pixel_norm_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstPixelNorm *self = GST_PIXEL_NORM (object);

  GST_OBJECT_LOCK (self);
  if (id >= PROP_COLOUR)
    gst_pixel_colour_set (&self->base.plans.colour, id - PROP_COLOUR, value);
  else if (id == PROP_BATCH_SIZE)
    self->batch_size = g_value_get_uint (value);
  else
    self->last_batch = g_value_get_enum (value);
  GST_OBJECT_UNLOCK (self);
  gst_pixel_base_warn_of_late (&self->base, pspec);
}

static void
gst_pixel_norm_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstPixelNorm *self = GST_PIXEL_NORM (object);

  GST_OBJECT_LOCK (self);
  if (id >= PROP_COLOUR)
    gst_pixel_colour_get (&self->base.plans.colour, id - PROP_COLOUR, value);
  else if (id == PROP_BATCH_SIZE)
    g_value_set_uint (value, self->batch_size);
  else
    g_value_set_enum (value, self->last_batch);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
gst_pixel_norm_get_in_use (GObject *object, GParamSpec *spec, GValue *value)
{
  GstPixelNorm *self = GST_PIXEL_NORM (object);
  const guint id = spec->param_id;

  if (spec->owner_type != GST_TYPE_PIXEL_NORM)
    return GST_PIXEL_BASE_CLASS (gst_pixel_norm_parent_class)->get_in_use (object, spec, value);
  GST_OBJECT_LOCK (self);
  const gboolean runs = self->assembly.size > 0;
  if (id >= PROP_COLOUR)
    gst_pixel_colour_get (&self->base.plans.used_colour, id - PROP_COLOUR, value);
  else if (id == PROP_BATCH_SIZE)
    g_value_set_uint (value, self->assembly.size);
  else
    g_value_set_enum (value, self->assembly.last);
  GST_OBJECT_UNLOCK (self);
  return runs;
}

static void
install_batch_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_BATCH_SIZE,
      g_param_spec_uint ("batch-size", "Frames of a tensor",
          "Number of frames in one tensor, the last of its dimensions. A network may run faster "
          "on several at once, but the first frame waits for the last",
          1, G_MAXINT, 1, flags));
  g_object_class_install_property (klass, PROP_LAST_BATCH,
      g_param_spec_enum ("last-batch", "Frames that do not fill a tensor",
          "What happens to the frames that do not fill a tensor at the end of the stream or of a "
          "segment, or before new caps. The field frames of PixelnormMeta says how many are real",
          gst_pixel_norm_last_batch_get_type (), GST_PIXEL_LAST_BATCH_DROP, flags));
  gst_type_mark_as_plugin_api (gst_pixel_norm_last_batch_get_type (), 0);
}

static const GstPixelManual manual[] = {
  { "Input",
      "Raw progressive video. Y'CbCr is read as RGB, so no converter is needed in front." GST_PIXEL_MANUAL_LINE
      "A profile of scope pixel fits only frames of its own size." },
  { "Output",
      "other/tensors or other/tensor of float32, float16, int8 or uint8, without padding or header:" GST_PIXEL_MANUAL_LINE
      "dimensions channels:width:height:N (layout nhwc) or width:height:channels:N (nchw), N = batch-size;" GST_PIXEL_MANUAL_LINE
      "with format=flexible, where downstream asks for it, after NNStreamer's header of 128 bytes;" GST_PIXEL_MANUAL_LINE
      "or video/x-raw of 8 bits, in which 0..255 stands for range-low..range-high." GST_PIXEL_MANUAL_LINE
      "The first of these that downstream accepts is made, tensors before video and float32 first. Choose with caps after the element." },
  { "Messages",
      "Element message pixelnorm, at the start and whenever one of its fields changes; those that apply:" GST_PIXEL_MANUAL_LINE
      "plan: a different number for each set of values" GST_PIXEL_MANUAL_LINE
      "method, scope, statistics, momentum: as the properties say" GST_PIXEL_MANUAL_LINE
      "gamma, beta, clip-low, clip-high: if they are not the default" GST_PIXEL_MANUAL_LINE
      "identity, affine-identity: digests of the profile, and of the file of affine-location" GST_PIXEL_MANUAL_LINE
      "channels: RGB, YUV or Y, as frames are read; chroma: nearest or linear, if pixels share it" GST_PIXEL_MANUAL_LINE
      "output: float32, float16, int8, uint8 or video" GST_PIXEL_MANUAL_LINE
      "layout, channel-order, batch-size: of tensors" GST_PIXEL_MANUAL_LINE
      "quant-scale, quant-zero-point: of int8 and uint8, y = (code - zero-point) * scale" GST_PIXEL_MANUAL_LINE
      "range-low, range-high: of video, the results that codes 0 and 255 stand for" GST_PIXEL_MANUAL_LINE
      "Warnings name settings that have no effect, assumed colorimetry, and frames that were dropped." },
  { "Metas",
      "GstCustomMeta PixelnormMeta on every buffer: the fields of the message. Tensors also have" GST_PIXEL_MANUAL_LINE
      "frames: how many frames in the buffer are real; and mean, std: with statistics of the stream and" GST_PIXEL_MANUAL_LINE
      "scope channel or global, the values that were used, one for each channel." },
  { "Example",
      "gst-launch-1.0 videotestsrc num-buffers=3 ! pixelnorm method=fixed mean=\"<123.675,116.28,103.53>\" std=\"<58.395,57.12,57.375>\" layout=nchw ! other/tensors,types=float32 ! fakesink" },
};

static void
add_templates (GstElementClass *klass)
{
  g_autoptr (GstCaps) input = gst_pixel_formats_caps ();
  g_autoptr (GstCaps) output = gst_pixel_caps_output_template ();

  gst_element_class_set_static_metadata (klass, "Pixel normalization", "Filter/Converter/Video",
      "Normalizes video ahead of inference, pixel-wise or channel-wise, with a profile that "
      "pixelstats collected, statistics of the stream itself, or fixed values, into tensors or 8-bit "
      "video",
      "The authors of gst-pixelnorm");
  gst_pixel_manual_add (klass, manual, G_N_ELEMENTS (manual));
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
  GstPixelBaseClass *base_class = GST_PIXEL_BASE_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_pixel_norm_debug, "pixelnorm", 0, "normalization of video");
  object_class->set_property = gst_pixel_norm_set_property;
  object_class->get_property = gst_pixel_norm_get_property;
  install_batch_properties (object_class);
  gst_pixel_colour_install (object_class, PROP_COLOUR);
  add_templates (GST_ELEMENT_CLASS (klass));

  transform_class->start = gst_pixel_norm_start;
  transform_class->stop = gst_pixel_norm_stop;
  transform_class->query = gst_pixel_norm_query;
  transform_class->prepare_output_buffer = gst_pixel_norm_prepare_output_buffer;
  transform_class->transform = gst_pixel_norm_transform;
  transform_class->generate_output = gst_pixel_norm_generate_output;
  transform_class->sink_event = gst_pixel_norm_sink_event;
  base_class->convert_caps = gst_pixel_norm_convert_caps;
  base_class->choose_caps = gst_pixel_norm_choose_caps;
  base_class->fit = gst_pixel_norm_fit;
  base_class->update = gst_pixel_norm_update;
  base_class->get_in_use = gst_pixel_norm_get_in_use;
}

static void
gst_pixel_norm_init (GstPixelNorm *self)
{
  self->base.plans.category = GST_CAT_DEFAULT;
  self->batch_size = 1;
}
