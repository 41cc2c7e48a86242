/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping of video buffers. gst_video_frame_map() believes what a GstVideoMeta claims, also of a
 * buffer of 100 bytes that claims 64x48 pixels, so every plane's first and last row are compared
 * with the memory that was mapped.
 */
#include "gstpixelframe.h"

/* Rows of plane @p from its first pixel on, all inside of the mapped memory? */
static gboolean
plane_fits (
    const GstVideoFrame *mapped, const PixelnormLayout *layout, guint p, const guint8 *first)
{
  const GstMapInfo *map = &mapped->map[mapped->meta ? p : 0];
  const gint64 size = (gint64) map->size;
  const gint64 row_bytes = (gint64) pixelnorm_layout_get_row_bytes (layout, p);
  const gint64 start = (gint64) ((guintptr) first - (guintptr) map->data);
  const gint64 end = start
      + (gint64) (pixelnorm_layout_get_rows (layout, p) - 1)
          * GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p);

  return MIN (start, end) >= 0 && MAX (start, end) + row_bytes <= size;
}

static gboolean
place_planes (GstPixelFrame *self, const PixelnormLayout *layout, GstBuffer *buffer, GError **error)
{
  const GstVideoFrame *mapped = &self->mapped;
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);
  const PixelnormGeometry *geometry = pixelnorm_layout_get_geometry (layout);
  const guint x = crop ? crop->x : 0, y = crop ? crop->y : 0;
  const guint width = crop ? crop->width : (guint) GST_VIDEO_FRAME_WIDTH (mapped);
  const guint height = crop ? crop->height : (guint) GST_VIDEO_FRAME_HEIGHT (mapped);

  if (width != geometry->width || height != geometry->height) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected %ux%u pixels, as the caps say, found a buffer whose meta says %ux%u.",
        geometry->width, geometry->height, width, height);
    return FALSE;
  }
  if ((guint64) x + width > (guint) GST_VIDEO_FRAME_WIDTH (mapped)
      || (guint64) y + height > (guint) GST_VIDEO_FRAME_HEIGHT (mapped)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected a crop of %ux%u pixels within the frame of %dx%d, found one at %u,%u.", width,
        height, GST_VIDEO_FRAME_WIDTH (mapped), GST_VIDEO_FRAME_HEIGHT (mapped), x, y);
    return FALSE;
  }
  if (x & ((1u << geometry->log2_chroma_w) - 1) || y & ((1u << geometry->log2_chroma_h) - 1)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected a crop that begins with a whole sample of U and V, found one at %u,%u.", x, y);
    return FALSE;
  }
  for (guint p = 0; p < pixelnorm_layout_get_n_planes (layout); p++) {
    self->frame.planes[p] = GST_VIDEO_FRAME_PLANE_DATA (mapped, p);
    self->frame.strides[p] = GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p);
  }
  pixelnorm_frame_move (&self->frame, layout, x, y);
  for (guint p = 0; p < pixelnorm_layout_get_n_planes (layout); p++)
    if (!plane_fits (mapped, layout, p, self->frame.planes[p])) {
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
          "Expected %ux%u pixels with a stride of %d in plane %u, found a buffer of "
          "%" G_GSIZE_FORMAT " bytes that does not hold them.",
          width, height, GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p), p, gst_buffer_get_size (buffer));
      return FALSE;
    }
  return TRUE;
}

gboolean
gst_pixel_frame_map (GstPixelFrame *self, const GstVideoInfo *info, const PixelnormLayout *layout,
    GstBuffer *buffer, GstMapFlags flags, GError **error)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  if (meta && meta->format != GST_VIDEO_INFO_FORMAT (info)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected format %s, as the caps say, found a buffer whose meta says %s.",
        GST_VIDEO_INFO_NAME (info), gst_video_format_to_string (meta->format));
    return FALSE;
  }
  /* GStreamer calls a meta that is smaller than the caps a programming error; here it comes with
   * the data */
  if (meta
      && (meta->width < (guint) GST_VIDEO_INFO_WIDTH (info)
          || meta->height < (guint) GST_VIDEO_INFO_HEIGHT (info))) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected %dx%d pixels, as the caps say, found a buffer whose meta says %ux%u.",
        GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info), meta->width, meta->height);
    return FALSE;
  }
  if (!gst_video_frame_map (
          &self->mapped, info, buffer, flags | (GstMapFlags) GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected %" G_GSIZE_FORMAT
        " bytes for %dx%d pixels of %s, found a buffer of %" G_GSIZE_FORMAT
        " bytes that is too small or cannot be mapped.",
        GST_VIDEO_INFO_SIZE (info), GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info),
        GST_VIDEO_INFO_NAME (info), gst_buffer_get_size (buffer));
    return FALSE;
  }
  if (!place_planes (self, layout, buffer, error)) {
    gst_video_frame_unmap (&self->mapped);
    return FALSE;
  }
  return TRUE;
}

void
gst_pixel_frame_unmap (GstPixelFrame *self)
{
  gst_video_frame_unmap (&self->mapped);
}
