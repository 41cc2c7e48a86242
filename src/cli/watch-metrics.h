/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Metrics of pixelprofile watch, for Prometheus. */
#pragma once

#include "watch-line.h"

/**
 * WatchTotals:
 * @start: when the process began, in seconds since 1970
 * @last_frame: when the latest frame came, likewise; 0 where none has
 * @count: of frames since the start
 * @drifts: how often a line was beyond the limit after one that was not
 */
typedef struct {
  gdouble start;
  gdouble last_frame;
  WatchCount count;
  guint64 drifts;
} WatchTotals;

gboolean watch_metrics_check (const gchar *path, GError **error);
gboolean watch_metrics_write (
    const gchar *path, const WatchTotals *totals, const WatchLine *line, GError **error);
