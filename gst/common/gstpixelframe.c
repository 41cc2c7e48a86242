/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping of video buffers. gst_video_frame_map() believes what a GstVideoMeta claims, also of a
 * buffer of 100 bytes that claims 64x48 pixels, so every plane's first and last row are compared
 * with the memory that was mapped.
 *
 * Formats that we cannot read where they lie are unpacked row by row, by GStreamer, from a copy with room behind it: its
 * functions take whole groups of pixels, and for some widths of 1.22 more than a row has; those of tiles may begin the next
 * tile.
 */
#include "gstpixelframe.h"

#include <string.h>

#define ROOM 64        /* bytes behind what is copied, and behind a row that is unpacked */
#define TILE_ROOM 4096 /* those behind what is copied of tiles: at least a tile */

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

/* The part of the frame that the caps are of. */
static gboolean
find_crop (const GstVideoFrame *mapped, const PixelnormLayout *layout, GstBuffer *buffer, guint *x,
    guint *y, GError **error)
{
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);
  const PixelnormGeometry *geometry = pixelnorm_layout_get_stored (layout);
  const guint width = crop ? crop->width : (guint) GST_VIDEO_FRAME_WIDTH (mapped);
  const guint height = crop ? crop->height : (guint) GST_VIDEO_FRAME_HEIGHT (mapped);

  *x = crop ? crop->x : 0;
  *y = crop ? crop->y : 0;
  if (width != geometry->width || height != geometry->height) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected %ux%u pixels, as the caps say, found a buffer whose meta says %ux%u.",
        geometry->width, geometry->height, width, height);
    return FALSE;
  }
  if ((guint64) *x + width > (guint) GST_VIDEO_FRAME_WIDTH (mapped)
      || (guint64) *y + height > (guint) GST_VIDEO_FRAME_HEIGHT (mapped)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected a crop of %ux%u pixels within the frame of %dx%d, found one at %u,%u.", width,
        height, GST_VIDEO_FRAME_WIDTH (mapped), GST_VIDEO_FRAME_HEIGHT (mapped), *x, *y);
    return FALSE;
  }
  return TRUE;
}

static gboolean
move_to_crop (
    PixelnormFrame *frame, const PixelnormLayout *layout, guint x, guint y, GError **error)
{
  if (pixelnorm_frame_move (frame, layout, x, y))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
      "Expected a crop that begins with a whole sample of U and V, and with a whole word where a format has several "
      "samples in one, found one at %u,%u.",
      x, y);
  return FALSE;
}

static gboolean
refuse_size (const GstVideoFrame *mapped, guint p, GstBuffer *buffer, GError **error)
{
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
      "Expected %dx%d pixels with a stride of %d in plane %u, found a buffer of "
      "%" G_GSIZE_FORMAT " bytes that does not hold them.",
      GST_VIDEO_FRAME_WIDTH (mapped), GST_VIDEO_FRAME_HEIGHT (mapped),
      GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p), p, gst_buffer_get_size (buffer));
  return FALSE;
}

static gboolean
place_planes (GstPixelFrame *self, const PixelnormLayout *layout, GstBuffer *buffer, GError **error)
{
  const GstVideoFrame *mapped = &self->mapped;
  guint x, y;

  if (!find_crop (mapped, layout, buffer, &x, &y, error))
    return FALSE;
  for (guint p = 0; p < pixelnorm_layout_get_n_planes (layout); p++) {
    self->frame.planes[p] = GST_VIDEO_FRAME_PLANE_DATA (mapped, p);
    self->frame.strides[p] = GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p);
  }
  if (!move_to_crop (&self->frame, layout, x, y, error))
    return FALSE;
  for (guint p = 0; p < pixelnorm_layout_get_n_planes (layout); p++)
    if (!plane_fits (mapped, layout, p, self->frame.planes[p]))
      return refuse_size (mapped, p, buffer, error);
  return TRUE;
}

/* What is mapped from the beginning of a plane on. */
static gsize
get_plane_size (const GstVideoFrame *mapped, guint p)
{
  const GstMapInfo *map = &mapped->map[mapped->meta ? p : 0];

  return map->size - (gsize) ((const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (mapped, p) - map->data);
}

/* Whether a plane has all of its rows; @info is of packed frames of the same size. Tiles, palettes and what is packed
 * closer than in bytes must have the strides of such ones, or larger. */
static gboolean
stored_plane_fits (const GstVideoFrame *mapped, const GstVideoInfo *info, guint p)
{
  const gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p), packed = info->stride[p];
  const gsize size = get_plane_size (mapped, p);
  const gsize end = p + 1 < GST_VIDEO_INFO_N_PLANES (info) ? info->offset[p + 1] : info->size;
  const gsize needed = end - info->offset[p];

  if (GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo))
    return stride == packed && size >= needed;
  return stride >= packed && packed > 0
      && size >= (needed / (gsize) packed - 1) * (gsize) stride + (gsize) packed;
}

static gboolean
refuse_stride (const GstVideoFrame *mapped, guint p, GError **error)
{
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
      "Expected rows from top to bottom, as %s video must have them, found a stride of %d in plane %u. Put videoconvert "
      "before.",
      gst_video_format_to_string (GST_VIDEO_FRAME_FORMAT (mapped)),
      GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p), p);
  return FALSE;
}

static gboolean
check_stored_planes (const GstVideoFrame *mapped, GstBuffer *buffer, GError **error)
{
  const guint width = (guint) GST_VIDEO_FRAME_WIDTH (mapped);
  const guint height = (guint) GST_VIDEO_FRAME_HEIGHT (mapped);
  GstVideoInfo info;

  /* a crop can be of any frame; strides of GStreamer run over where one is too wide */
  if (width > PIXELNORM_MAX_SIDE || height > PIXELNORM_MAX_SIDE
      || !gst_video_info_set_format (&info, GST_VIDEO_FRAME_FORMAT (mapped), width, height))
    return refuse_size (mapped, 0, buffer, error);
  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES (&info); p++) {
    if (GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p) < 0)
      return refuse_stride (mapped, p, error);
    if (!stored_plane_fits (mapped, &info, p))
      return refuse_size (mapped, p, buffer, error);
  }
  return TRUE;
}

static gsize
room_behind (const GstVideoFrame *mapped)
{
  return GST_VIDEO_FORMAT_INFO_IS_TILED (mapped->info.finfo) ? TILE_ROOM : ROOM;
}

/* Room for @bytes, and for the planes of the frame as they are stored. */
static guint8 *
make_room (GstPixelFrame *self, gsize bytes, GError **error)
{
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES (&self->mapped); p++)
    bytes += get_plane_size (&self->mapped, p) + room_behind (&self->mapped);
  if (bytes > self->size) {
    g_free (self->memory);
    self->memory = g_try_malloc0 (bytes);
    self->size = self->memory ? bytes : 0;
  }
  if (!self->memory)
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory to unpack a frame: %" G_GSIZE_FORMAT " MiB are needed.", bytes >> 20);
  return self->memory;
}

/* U and V of several rows are those of the first of them (gstpixelvideo.c). */
static gboolean
unpack (GstPixelFrame *self, const PixelnormLayout *layout, GstBuffer *buffer, GError **error)
{
  const GstVideoFrame *mapped = &self->mapped;
  const GstVideoFormatInfo *info = mapped->info.finfo;
  const gsize pixel = 4 * pixelnorm_layout_get_sample_bytes (layout);
  const gint width = GST_VIDEO_FRAME_WIDTH (mapped), height = GST_VIDEO_FRAME_HEIGHT (mapped);
  const gsize stride = (gsize) width * pixel + ROOM;
  gpointer planes[GST_VIDEO_MAX_PLANES] = { NULL };
  gint strides[GST_VIDEO_MAX_PLANES] = { 0 };
  guint x, y;

  if (!find_crop (mapped, layout, buffer, &x, &y, error)
      || !check_stored_planes (mapped, buffer, error)
      || !make_room (self, stride * (gsize) height, error))
    return FALSE;
  guint8 *copy = self->memory + stride * (gsize) height;
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES (mapped); p++) {
    const gsize size = get_plane_size (mapped, p);

    planes[p] = memcpy (copy, GST_VIDEO_FRAME_PLANE_DATA (mapped, p), size);
    strides[p] = GST_VIDEO_FRAME_PLANE_STRIDE (mapped, p);
    copy += size + room_behind (mapped);
  }
  for (gint row = 0; row < height; row++)
    info->unpack_func (info,
        GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) > 8 ? GST_VIDEO_PACK_FLAG_TRUNCATE_RANGE
                                                  : GST_VIDEO_PACK_FLAG_NONE,
        self->memory + stride * (gsize) row, planes, strides, 0, row, width);
  for (guint p = 0; p < pixelnorm_layout_get_n_planes (layout); p++) {
    self->frame.planes[p] = self->memory;
    self->frame.strides[p] =
        (gssize) (p > 0 ? stride << GST_VIDEO_FORMAT_INFO_H_SUB (info, 1) : stride);
  }
  return move_to_crop (&self->frame, layout, x, y, error);
}

gboolean
gst_pixel_frame_map (GstPixelFrame *self, const GstPixelVideo *video, GstBuffer *buffer,
    GstMapFlags flags, GError **error)
{
  const GstVideoInfo *info = &video->info;
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  if (meta && meta->format != GST_VIDEO_INFO_FORMAT (info)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected format %s, as the caps say, found a buffer whose meta says %s.",
        GST_VIDEO_INFO_NAME (info), gst_video_format_to_string (meta->format));
    return FALSE;
  }
  /* GStreamer calls what follows programming errors; here they come with the data */
  if (meta && meta->n_planes != GST_VIDEO_INFO_N_PLANES (info)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "Expected %u planes of %s, found a buffer whose meta says %u.",
        GST_VIDEO_INFO_N_PLANES (info), GST_VIDEO_INFO_NAME (info), meta->n_planes);
    return FALSE;
  }
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
  if (!(video->is_unpacked ? unpack : place_planes) (self, video->layout, buffer, error)) {
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

void
gst_pixel_frame_clear (GstPixelFrame *self)
{
  g_clear_pointer (&self->memory, g_free);
  self->size = 0;
}

void
gst_pixel_frame_warn_of_rest (
    GstElement *element, const GstVideoInfo *info, GstBuffer *buffer, gboolean *is_warned)
{
  const gsize found = gst_buffer_get_size (buffer), expected = GST_VIDEO_INFO_SIZE (info);

  if (*is_warned || found <= expected || gst_buffer_get_video_meta (buffer))
    return;
  *is_warned = TRUE;
  GST_ELEMENT_WARNING (element, STREAM, FORMAT,
      ("Expected %" G_GSIZE_FORMAT
       " bytes for %dx%d pixels of %s, as the caps say, found a buffer of %" G_GSIZE_FORMAT
       " and no GstVideoMeta that tells where its rows lie. They are read as the caps place them, which is wrong where rows "
       "or planes are padded: let what makes the buffers add the meta, or give the caps the padded size and put videocrop "
       "behind.",
          expected, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info),
          GST_VIDEO_INFO_NAME (info), found),
      (NULL));
}
