/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixelprofile watch says, a line at a time. */
#pragma once

#include "diff-common.h"
#include "watch-stream.h"

/**
 * WatchLine:
 * @time: the end of it
 * @seconds: how long it was
 * @frames: that came meanwhile
 * @skipped: damaged frames that came meanwhile, beside them
 * @has_profile: whether one is collected
 * @profile: it
 * @latest: statistics of the frames, where they were compared; else %NULL
 * @diff: how far they are from the reference
 * @settings: what is beyond the limit
 */
typedef struct {
  GDateTime *time;
  gdouble seconds;
  guint64 frames;
  guint64 skipped;
  gboolean has_profile;
  WatchProfile profile;
  PixelnormProfile *latest;
  Diff diff;
  const DiffSettings *settings;
} WatchLine;

gboolean watch_line_is_beyond (const WatchLine *line);
gchar *watch_line_to_text (const WatchLine *line);
gchar *watch_line_to_json (const WatchLine *line);
void watch_line_clear (WatchLine *line);
