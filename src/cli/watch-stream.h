/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stream that pixelprofile watch looks at. */
#pragma once

#include <pixelnorm/pixelnorm.h>

/**
 * WatchSettings:
 * @source: a file, a URI, or a description of a pipeline whose end gives raw video
 * @pattern: of the profile's name, with the conversions of a date; or %NULL
 * @reference: a file that the profile is never saved to, and whose statistics the latest frames are compared with; or %NULL
 * @compared_scope: their scope
 * @scope: that of the profile, a word of the property; or %NULL
 * @channels: what frames are read as, likewise
 * @mask: an image, or %NULL
 * @checkpoint: seconds between two saves
 * @quiet: seconds without a warning after which the same one is said again
 */
typedef struct {
  const gchar *source;
  const gchar *pattern;
  const gchar *reference;
  PixelnormScope compared_scope;
  const gchar *scope;
  const gchar *channels;
  const gchar *mask;
  gdouble checkpoint;
  gdouble quiet;
} WatchSettings;

/* What is new. WATCH_IGNORED: a message that need not be said; others may wait behind it. */
typedef enum { WATCH_NOTHING, WATCH_IGNORED, WATCH_WARNING, WATCH_ERROR, WATCH_END } WatchNews;

/**
 * WatchProfile:
 * @location: the file that is written
 * @frames: how many frames are counted for it, those that it had included
 * @skipped: how many could not be
 */
typedef struct {
  gchar *location;
  guint64 frames;
  guint64 skipped;
} WatchProfile;

/**
 * WatchCount:
 * @frames: that have come and could be read
 * @skipped: that were damaged
 */
typedef struct {
  guint64 frames;
  guint64 skipped;
} WatchCount;

typedef struct _WatchStream WatchStream;

WatchStream *watch_stream_new (const WatchSettings *settings, GError **error);
void watch_stream_start (WatchStream *self);
WatchNews watch_stream_wait (WatchStream *self, guint milliseconds, gchar **text);
gboolean watch_stream_is_without_video (const WatchStream *self);
gboolean watch_stream_is_hopeless (const WatchStream *self);
WatchCount watch_stream_get_count (WatchStream *self);
gboolean watch_stream_get_profile (WatchStream *self, WatchProfile *profile);
PixelnormProfile *watch_stream_take_latest (WatchStream *self);
gboolean watch_stream_follow_date (WatchStream *self);
gboolean watch_stream_stop (WatchStream *self);
void watch_stream_free (WatchStream *self);
