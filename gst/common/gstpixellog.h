/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the log says once a process. */
#pragma once

#include <gst/gst.h>

/* Which inner loops are in use, at level DEBUG; the first element that starts says it. */
void gst_pixel_log_kernels (GstDebugCategory *category, GstElement *element);
