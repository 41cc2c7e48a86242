/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the samples of a frame lie in memory. */
#pragma once

#include <pixelnorm/error.h>

G_BEGIN_DECLS

/**
 * PIXELNORM_MAX_CHANNELS:
 *
 * How many channels a frame has at most.
 *
 * Since: 0.1
 */
#define PIXELNORM_MAX_CHANNELS 3
/**
 * PIXELNORM_MAX_PLANES:
 *
 * How many planes a frame has at most, that of alpha included.
 *
 * Since: 0.1
 */
#define PIXELNORM_MAX_PLANES 4
/**
 * PIXELNORM_MAX_SIDE:
 *
 * The most pixels of a row, and the most rows: more than any video has, and few enough that the bytes of a
 * frame fit 63 bits.
 *
 * Since: 0.1
 */
#define PIXELNORM_MAX_SIDE (1u << 20)

/**
 * PixelnormRange:
 * @PIXELNORM_RANGE_FULL: code values use all of 0 to 2^depth - 1
 * @PIXELNORM_RANGE_LIMITED: black and white lie inside, as 16 and 235 at 8 bits
 *
 * Which code values stand for black and white.
 *
 * Since: 0.1
 */
typedef enum { PIXELNORM_RANGE_FULL, PIXELNORM_RANGE_LIMITED } PixelnormRange;

/**
 * PixelnormGeometry:
 * @width: pixels in a row; 0 for frames of any size
 * @height: rows; 0 for frames of any size
 * @channels: the channels' names in canonical order, "RGB", "YUV" or "Y"; an interned string
 * @depth: bits of a sample, 8 to 16
 * @range: which code values stand for black and white
 * @matrix: (nullable): "bt601", "bt709", ... where a matrix made the channels (Y, YUV); an interned
 *   string; %NULL where there is none or it is not known
 * @log2_chroma_w: 2^this columns share a sample of U and V: 1 for 4:2:0 and 4:2:2, 0 for 4:4:4 and
 *   where there are no such channels
 * @log2_chroma_h: 2^this rows share one: 1 for 4:2:0, 0 for 4:2:2 and 4:4:4
 *
 * What a frame, or the frames that a profile was made of, consist of, wherever the samples lie. A
 * channel of shared samples has as many columns and rows as cover the frame (rounded up).
 *
 * Since: 0.1
 */
typedef struct {
  guint width;
  guint height;
  const gchar *channels;
  guint depth;
  PixelnormRange range;
  const gchar *matrix;
  guint log2_chroma_w;
  guint log2_chroma_h;
} PixelnormGeometry;

PIXELNORM_API guint pixelnorm_geometry_get_channel_width (
    const PixelnormGeometry *geometry, guint channel);
PIXELNORM_API guint pixelnorm_geometry_get_channel_height (
    const PixelnormGeometry *geometry, guint channel);

PIXELNORM_API gboolean pixelnorm_geometry_check (const PixelnormGeometry *expected,
    const PixelnormGeometry *found, const gchar *expected_name, const gchar *found_name,
    GError **error);

#define PIXELNORM_TYPE_LAYOUT (pixelnorm_layout_get_type ())

/**
 * PixelnormLayout:
 *
 * Where the samples of a frame lie. Alpha and padding bytes are not channels.
 *
 * Since: 0.1
 */
typedef struct _PixelnormLayout PixelnormLayout;

PIXELNORM_API GType pixelnorm_layout_get_type (void);
PIXELNORM_API PixelnormLayout *pixelnorm_layout_new (
    const gchar *order, guint width, guint height, GError **error);
PIXELNORM_API PixelnormLayout *pixelnorm_layout_copy (const PixelnormLayout *layout);
PIXELNORM_API void pixelnorm_layout_free (PixelnormLayout *layout);
PIXELNORM_API void pixelnorm_layout_set_colorimetry (
    PixelnormLayout *layout, PixelnormRange range, const gchar *matrix);
PIXELNORM_API gboolean pixelnorm_layout_set_depth (
    PixelnormLayout *layout, guint depth, guint shift, gboolean big_endian, GError **error);
PIXELNORM_API void pixelnorm_layout_set_three_in_word (
    PixelnormLayout *layout, gboolean big_endian);
PIXELNORM_API gboolean pixelnorm_layout_set_subsampling (
    PixelnormLayout *layout, guint log2_chroma_w, guint log2_chroma_h, GError **error);
PIXELNORM_API const PixelnormGeometry *pixelnorm_layout_get_geometry (
    const PixelnormLayout *layout);
PIXELNORM_API guint pixelnorm_layout_get_n_channels (const PixelnormLayout *layout);
PIXELNORM_API void pixelnorm_layout_get_channel (
    const PixelnormLayout *layout, guint channel, guint *plane, guint *offset, guint *stride);
PIXELNORM_API guint pixelnorm_layout_get_sample_bytes (const PixelnormLayout *layout);
PIXELNORM_API guint pixelnorm_layout_get_n_planes (const PixelnormLayout *layout);
PIXELNORM_API gsize pixelnorm_layout_get_row_bytes (const PixelnormLayout *layout, guint plane);
PIXELNORM_API guint pixelnorm_layout_get_rows (const PixelnormLayout *layout, guint plane);
PIXELNORM_API gsize pixelnorm_layout_get_frame_bytes (const PixelnormLayout *layout);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PixelnormLayout, pixelnorm_layout_free)

/**
 * PixelnormFrame: (skip)
 * @planes: per plane, the first byte of its first row
 * @strides: per plane, bytes from a row to the next; may be negative
 *
 * The memory of one frame, described by a #PixelnormLayout. Whoever fills it in has checked that
 * every row lies in memory.
 *
 * Since: 0.1
 */
typedef struct {
  guint8 *planes[PIXELNORM_MAX_PLANES];
  gssize strides[PIXELNORM_MAX_PLANES];
} PixelnormFrame;

PIXELNORM_API gboolean pixelnorm_frame_init_packed (PixelnormFrame *frame,
    const PixelnormLayout *layout, gconstpointer data, gsize size, GError **error);
PIXELNORM_API gboolean pixelnorm_frame_move (
    PixelnormFrame *frame, const PixelnormLayout *layout, guint x, guint y);
PIXELNORM_API void pixelnorm_frame_copy (
    const PixelnormFrame *to, const PixelnormFrame *from, const PixelnormLayout *layout);

G_END_DECLS
