/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PixelnormMeta is a GstCustomMeta, so that applications read it as a GstStructure, from C and from
 * Python, without our headers. Its tags make converters and scalers drop it: after them it would
 * lie.
 */
#include "gstpixelmeta.h"

#include <gst/video/video.h>

void
gst_pixel_meta_register (void)
{
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_COLORSPACE_STR,
    GST_META_TAG_VIDEO_SIZE_STR, NULL };

  gst_meta_register_custom (GST_PIXEL_META_NAME, tags, NULL, NULL, NULL);
}

static gboolean
put_field (GQuark field, const GValue *value, gpointer structure)
{
  gst_structure_id_set_value (structure, field, value);
  return TRUE;
}

void
gst_pixel_meta_put (GstBuffer *buffer, const GstStructure *applied)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, GST_PIXEL_META_NAME);
  guint plan = 0, own = 0;

  gst_structure_get_uint (applied, "plan", &plan);
  if (meta && gst_structure_get_uint (gst_custom_meta_get_structure (meta), "plan", &own)
      && own == plan)
    return;
  if (!meta)
    meta = gst_buffer_add_custom_meta (buffer, GST_PIXEL_META_NAME);
  GstStructure *structure = gst_custom_meta_get_structure (meta);
  gst_structure_remove_all_fields (structure);
  gst_structure_foreach (applied, put_field, structure);
  GST_META_FLAG_SET (&meta->meta, GST_META_FLAG_POOLED);
}
