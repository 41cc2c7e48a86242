/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstpixellog.h"

#include <pixelnorm/pixelnorm.h>

void
gst_pixel_log_kernels (GstDebugCategory *category, GstElement *element)
{
  static gsize once = 0;

  if (!g_once_init_enter (&once))
    return;
  GST_CAT_DEBUG_OBJECT (category, element, "inner loops: row %s (PIXELNORM_KERNELS picks one)",
      pixelnorm_get_kernel_row ());
  g_once_init_leave (&once, 1);
}
