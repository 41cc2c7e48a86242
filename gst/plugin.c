/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin: what it registers. */
#include "norm/gstpixeldenorm.h"
#include "norm/gstpixelmeta.h"
#include "norm/gstpixelnorm.h"
#include "stats/gstpixelstats.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gst_pixel_meta_register ();
  return GST_ELEMENT_REGISTER (pixelstats, plugin) && GST_ELEMENT_REGISTER (pixelnorm, plugin)
      && GST_ELEMENT_REGISTER (pixeldenorm, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, pixelnorm,
    "Exact statistics of video, and normalization with them ahead of inference", plugin_init,
    PIXELNORM_VERSION, "LGPL", PACKAGE, GST_PACKAGE_ORIGIN)
