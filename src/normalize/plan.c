/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tensors in NHWC: one pass, over lists of all channels in the order of the tensor (R, G, B side by side). In
 * NCHW: a pass a channel. Video: a pass a plane, over its samples as they lie; where these are converted, or three to a
 * word, one pass over lists, whose R, G, B are one plane of the results.
 */
#include "plan.h"

#include "frame/geometry.h"

/* What to do about it is different before and after. */
static const struct {
  const gchar *subsampled, *order;
} words[] = {
  [PIXELNORM_FORWARD] = {
      "A tensor needs all channels in one size, and U and V of this format are smaller than Y. Read "
      "it as RGB (channels=rgb), or ask for 8-bit video.",
      "Channel order bgr is one of red, green and blue, and the stream has %s. Convert it to RGB "
      "first (videoconvert), or leave the order as it is.",
  },
  [PIXELNORM_BACKWARD] = {
      "A tensor has all channels in one size, and U and V of this format are smaller than Y. Ask "
      "for a format like Y444, and convert it afterwards (videoconvert).",
      "Channel order bgr is one of red, green and blue, and the video that is asked for has %s. "
      "Ask for RGB, or leave the order as it is.",
  },
};

static gboolean
check_tensor (const PixelnormPlan *self, gboolean turned, GError **error)
{
  const PixelnormGeometry *geometry = &self->layout.geometry;

  if (pixelnorm_geometry_is_subsampled (geometry)) {
    g_set_error_literal (
        error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH, words[self->direction].subsampled);
    return FALSE;
  }
  if (turned && geometry->channels[0] != 'R' && self->layout.n_channels > 1) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, words[self->direction].order,
        geometry->channels);
    return FALSE;
  }
  return TRUE;
}

static void
add_route (PixelnormPlan *self)
{
  PixelnormRoute *route = &self->routes[self->n_routes++];

  route->item_bytes = self->type->bytes;
  self->height = MAX (self->height, route->rows.height);
}

/* All channels in one pass, or each in its own. */
static gboolean
plan_tensor (PixelnormPlan *self, const PixelnormSettings *settings, GError **error)
{
  const gboolean turned = settings->channel_order == PIXELNORM_CHANNEL_ORDER_BGR;
  const guint n_channels = self->layout.n_channels;
  const guint n = settings->tensor_layout == PIXELNORM_TENSOR_LAYOUT_NCHW ? 1 : n_channels;
  guint order[PIXELNORM_MAX_CHANNELS];

  if (!check_tensor (self, turned, error))
    return FALSE;
  for (guint c = 0; c < n_channels; c++)
    order[c] = turned ? n_channels - 1 - c : c;
  for (guint c = 0; c < n_channels; c += n) {
    PixelnormRoute *route = &self->routes[self->n_routes];

    for (guint i = 0; i < n; i++)
      route->channels[i] = (gint) order[c + i];
    pixelnorm_rows_init_order (&route->rows, &self->layout, &order[c], n);
    route->stride = (gssize) (route->rows.n_samples * self->type->bytes);
    route->offset = self->size;
    self->size += (gsize) route->stride * route->rows.height;
    add_route (self);
  }
  return TRUE;
}

/* Whether results of 8 bits lie elsewhere than their samples: R, G, B side by side. */
static gboolean
has_video_of_lists (const PixelnormLayout *layout)
{
  return layout->is_converted || layout->three_in_word;
}

static void
plan_video_of_lists (PixelnormPlan *self)
{
  PixelnormRoute *route = &self->routes[0];

  for (gint i = 0; i < (gint) G_N_ELEMENTS (route->channels); i++)
    route->channels[i] = i;
  pixelnorm_rows_init_channels (&route->rows, &self->layout, 0, self->layout.n_channels);
  self->size = route->rows.n_samples * route->rows.height;
  add_route (self);
}

static void
plan_video (PixelnormPlan *self)
{
  const PixelnormLayout *layout = &self->layout;

  self->size = pixelnorm_layout_get_frame_bytes (layout) / layout->sample_bytes;
  for (guint p = 0; p < layout->n_planes; p++) {
    PixelnormRoute *route = &self->routes[p];

    for (guint i = 0; i < G_N_ELEMENTS (route->channels); i++)
      route->channels[i] = -1;
    for (guint c = 0; c < layout->n_channels; c++)
      if (layout->channels[c].plane == p)
        route->channels[layout->channels[c].offset / layout->sample_bytes] = (gint) c;
    pixelnorm_rows_init_plane (&route->rows, layout, p);
    route->plane = p;
    add_route (self);
  }
}

/* Pairs have no lists of Y, U and V in one size; planes of video have a coefficient for each of at most four samples. */
static gboolean
can_be_planned (const PixelnormLayout *layout, gboolean video)
{
  for (guint p = 0; p < layout->n_planes && video; p++)
    if (layout->planes[p].bytes > 4 * layout->sample_bytes)
      return FALSE;
  if (video && layout->three_in_word && pixelnorm_geometry_is_subsampled (&layout->geometry))
    return FALSE;
  return layout->planes[layout->channels[0].plane].log2_w == 0; /* of Y */
}

gboolean
pixelnorm_plan_init (PixelnormPlan *self, PixelnormDirection direction,
    const PixelnormLayout *layout, PixelnormOutput output,
    const PixelnormCoefficients *coefficients, const PixelnormMethodRow *method, GError **error)
{
  const PixelnormSettings *settings = coefficients->settings;
  PixelnormCoefficients asked = *coefficients;
  PixelnormReach reach;

  *self = (PixelnormPlan){ direction, *layout, pixelnorm_type (output) };
  asked.method = method;
  pixelnorm_coefficients_range (&asked, &self->low, &self->high);
  if (has_video_of_lists (layout) && direction == PIXELNORM_BACKWARD) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Words of several samples, and Y'CbCr that is read as RGB or grey, cannot be written. Ask for RGB or grey, and "
        "convert it afterwards (videoconvert).");
    return FALSE;
  }
  if (!layout->is_converted && !can_be_planned (layout, self->type->is_video)) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Pairs of pixels that share U and V in one plane, as in YUYV, have statistics only, unless they are read as "
        "RGB or grey.");
    return FALSE;
  }
  if (self->type->is_video) {
    pixelnorm_quantization_of_range (&self->quantization, self->low, self->high);
    (has_video_of_lists (layout) ? plan_video_of_lists : plan_video) (self);
    return TRUE;
  }
  const gboolean is_reached =
      method == coefficients->method && pixelnorm_coefficients_reach (coefficients, &reach);
  if (pixelnorm_type_has_codes (self->type)
      && !pixelnorm_quantization_of_settings (&self->quantization, settings, self->low, self->high,
          is_reached ? &reach : NULL, self->type, error))
    return FALSE;
  /* a code that was rounded to even comes back as near as otherwise */
  if (direction == PIXELNORM_BACKWARD)
    self->quantization.halves_down = TRUE;
  return plan_tensor (self, settings, error);
}

PixelnormFrame
pixelnorm_plan_place_results (const PixelnormPlan *self, const PixelnormFrame *frame, guint8 *block)
{
  const gssize bytes = (gssize) self->layout.sample_bytes;
  PixelnormFrame results = { 0 };

  if (has_video_of_lists (&self->layout)) {
    results.planes[0] = block;
    results.strides[0] = (gssize) self->layout.geometry.width * self->layout.n_channels;
    return results;
  }
  for (guint p = 0; p < self->layout.n_planes; p++) {
    results.strides[p] = frame->strides[p] / bytes;
    results.planes[p] = block + (frame->planes[p] - frame->planes[0]) / bytes;
  }
  return results;
}
