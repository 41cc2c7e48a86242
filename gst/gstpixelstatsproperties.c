/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of pixelstats, as gst-inspect-1.0 prints them. */
#include "gstpixelstatsproperties.h"

#include "gstpixelenums.h"

static void
install_settings (GObjectClass *klass)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags playing =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "Profile file to write, by custom NAME.safetensors: at the end of the stream, on stop, "
          "every checkpoint-interval and when max-frames is reached. Unset: the profile is kept in "
          "memory",
          NULL, playing));
  g_object_class_install_property (klass, PROP_SCOPE,
      g_param_spec_enum ("scope", "Scope",
          "pixel: statistics of every sample, for frames of one size; channel: sums per channel "
          "only, for frames of any size, in a file of 1 KB",
          gst_pixel_stats_scope_get_type (), DEFAULT_SCOPE, ready));
  g_object_class_install_property (klass, PROP_APPEND,
      g_param_spec_boolean ("append", "Append",
          "Go on from the profile that stands at location; where there is none, begin anew",
          DEFAULT_APPEND, ready));
  g_object_class_install_property (klass, PROP_FRAME_STEP,
      g_param_spec_uint ("frame-step", "Frame step",
          "Take every Nth frame, 1 or more: neighbours in time are much alike, so a step saves work",
          0, G_MAXINT, DEFAULT_FRAME_STEP, playing));
  g_object_class_install_property (klass, PROP_MAX_FRAMES,
      g_param_spec_uint64 ("max-frames", "Maximum of frames",
          "Stop taking frames after so many of this run, and save; frames go on passing (0 = take "
          "all)",
          0, G_MAXUINT64, DEFAULT_MAX_FRAMES, playing));
  g_object_class_install_property (klass, PROP_CHECKPOINT_INTERVAL,
      g_param_spec_uint64 ("checkpoint-interval", "Checkpoint interval",
          "Save every so many nanoseconds of wall clock, in a thread of its own, so that a crash "
          "loses little (0 = never)",
          0, G_MAXUINT64, DEFAULT_CHECKPOINT_INTERVAL, playing));
  g_object_class_install_property (klass, PROP_MESSAGE_INTERVAL,
      g_param_spec_uint64 ("message-interval", "Message interval",
          "Post a pixelstats element message every so many nanoseconds of stream time; of wall "
          "clock where buffers have no timestamp (0 = at the end only)",
          0, G_MAXUINT64, DEFAULT_MESSAGE_INTERVAL, playing));
}

static void
install_results (GObjectClass *klass)
{
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, PROP_FRAMES,
      g_param_spec_uint64 ("frames", "Frames",
          "How many frames the statistics are of, those of an appended profile included", 0,
          G_MAXUINT64, 0, read));
  g_object_class_install_property (klass, PROP_FRAMES_SKIPPED,
      g_param_spec_uint64 ("frames-skipped", "Frames skipped",
          "How many frames were left out: flagged GAP, CORRUPTED or DECODE_ONLY, or smaller than "
          "their caps say",
          0, G_MAXUINT64, 0, read));
  g_object_class_install_property (klass, PROP_PROFILE,
      g_param_spec_object ("profile", "Profile",
          "The statistics so far, as a PixelnormProfile made when asked for; NULL before the first "
          "frame",
          PIXELNORM_TYPE_PROFILE, read));
}

void
gst_pixel_stats_install_properties (GObjectClass *klass)
{
  install_settings (klass);
  install_results (klass);
}
