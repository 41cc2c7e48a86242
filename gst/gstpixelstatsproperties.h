/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of pixelstats: their numbers, defaults and words. */
#pragma once

#include <gst/gst.h>
#include <pixelnorm/pixelnorm.h>

#define DEFAULT_SCOPE PIXELNORM_SCOPE_PIXEL
#define DEFAULT_APPEND FALSE
#define DEFAULT_FRAME_STEP 1
#define DEFAULT_MAX_FRAMES 0
#define DEFAULT_CHECKPOINT_INTERVAL (30 * GST_SECOND)
#define DEFAULT_MESSAGE_INTERVAL 0

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_SCOPE,
  PROP_APPEND,
  PROP_FRAME_STEP,
  PROP_MAX_FRAMES,
  PROP_CHECKPOINT_INTERVAL,
  PROP_MESSAGE_INTERVAL,
  PROP_FRAMES,
  PROP_FRAMES_SKIPPED,
  PROP_PROFILE,
};

void gst_pixel_stats_install_properties (GObjectClass *klass);
