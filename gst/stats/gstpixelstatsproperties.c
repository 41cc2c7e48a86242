/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of pixelstats that are set, as gst-inspect-1.0 prints them. */
#include "gstpixelstatsproperties.h"

#include "common/gstpixelenum.h"

#define DEFAULT_SCOPE PIXELNORM_SCOPE_PIXEL
#define DEFAULT_FRAME_STEP 1
#define DEFAULT_CHECKPOINT_INTERVAL (30 * GST_SECOND)

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_SCOPE,
  PROP_APPEND,
  PROP_OVERWRITE,
  PROP_FRAME_STEP,
  PROP_MAX_FRAMES,
  PROP_CHECKPOINT_INTERVAL,
  PROP_MESSAGE_INTERVAL,
  PROP_HISTOGRAM,
  PROP_MASK,
  PROP_ROI,
  PROP_COLOUR,
  N_PROPS = PROP_COLOUR + GST_PIXEL_COLOUR_N_PROPERTIES
};

static const GEnumValue scopes[] = {
  { PIXELNORM_SCOPE_PIXEL, "Every sample on its own, frames of one size", "pixel" },
  { PIXELNORM_SCOPE_CHANNEL, "All pixels of a channel together, frames of any size", "channel" },
  { 0 },
};

GST_PIXEL_DEFINE_ENUM (gst_pixel_stats_scope_get_type, "GstPixelStatsScope", scopes)

const guint gst_pixel_stats_n_settings = N_PROPS - 1;

void
gst_pixel_stats_settings_init (GstPixelStatsSettings *self)
{
  *self = (GstPixelStatsSettings){
    .scope = DEFAULT_SCOPE,
    .frame_step = DEFAULT_FRAME_STEP,
    .checkpoint_interval = DEFAULT_CHECKPOINT_INTERVAL,
  };
}

void
gst_pixel_stats_settings_clear (GstPixelStatsSettings *self)
{
  g_clear_pointer (&self->location, g_free);
  g_clear_pointer (&self->mask, g_free);
  g_clear_pointer (&self->roi_problem, g_free);
}

void
gst_pixel_stats_settings_copy (const GstPixelStatsSettings *self, GstPixelStatsSettings *copy)
{
  *copy = *self;
  copy->location = g_strdup (self->location);
  copy->mask = g_strdup (self->mask);
  copy->roi_problem = g_strdup (self->roi_problem);
}

gboolean
gst_pixel_stats_settings_check (const GstPixelStatsSettings *self, GError **error)
{
  const gchar *problem = self->roi_problem;

  if (self->frame_step == 0)
    problem = "frame-step is 0; expected 1 to take every frame, 2 to take every second one, ...";
  if (problem)
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, problem);
  return problem == NULL;
}

/* Whole numbers from 0 on, of whatever type; FALSE where one is something else. */
static gboolean
read_numbers (const GValue *array, guint *numbers, guint n)
{
  g_auto (GValue) number = G_VALUE_INIT;

  g_value_init (&number, G_TYPE_DOUBLE);
  for (guint i = 0; i < n; i++) {
    const GValue *item = gst_value_array_get_value (array, i);

    if (G_VALUE_HOLDS_STRING (item) || !g_value_transform (item, &number))
      return FALSE;
    const gdouble value = g_value_get_double (&number);
    if (!(value >= 0 && value <= G_MAXINT) || value != (gint) value)
      return FALSE;
    numbers[i] = (guint) value;
  }
  return TRUE;
}

/* An empty array: none. */
static void
set_roi (GstPixelStatsSettings *self, const GValue *array)
{
  const guint n = gst_value_array_get_size (array);
  guint numbers[4] = { 0 };

  g_clear_pointer (&self->roi_problem, g_free);
  self->has_roi = n == G_N_ELEMENTS (numbers) && read_numbers (array, numbers, n) && numbers[2] > 0
      && numbers[3] > 0;
  self->roi = (MaskRegion){ numbers[0], numbers[1], numbers[2], numbers[3] };
  if (!self->has_roi && n > 0)
    self->roi_problem = g_strdup (
        "roi is not a rectangle. Expected whole numbers of pixels: x and y of its corner, width and "
        "height of at least 1, as in roi=\"<0,60,640,360>\".");
}

static void
get_roi (const GstPixelStatsSettings *self, GValue *array)
{
  const guint numbers[] = { self->roi.x, self->roi.y, self->roi.width, self->roi.height };

  for (guint i = 0; self->has_roi && i < G_N_ELEMENTS (numbers); i++) {
    g_auto (GValue) number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_INT);
    g_value_set_int (&number, (gint) numbers[i]);
    gst_value_array_append_value (array, &number);
  }
}

gboolean
gst_pixel_stats_settings_set (GstPixelStatsSettings *self, guint id, const GValue *value)
{
  switch (id) {
  case PROP_LOCATION:
    g_free (self->location);
    self->location = g_value_dup_string (value);
    self->location_changed = TRUE;
    break;
  case PROP_SCOPE:
    self->scope = g_value_get_enum (value);
    break;
  case PROP_APPEND:
    self->append = g_value_get_boolean (value);
    break;
  case PROP_OVERWRITE:
    self->overwrite = g_value_get_boolean (value);
    break;
  case PROP_FRAME_STEP:
    self->frame_step = g_value_get_uint (value);
    break;
  case PROP_MAX_FRAMES:
    self->max_frames = g_value_get_uint64 (value);
    break;
  case PROP_CHECKPOINT_INTERVAL:
    self->checkpoint_interval = g_value_get_uint64 (value);
    break;
  case PROP_MESSAGE_INTERVAL:
    self->message_interval = g_value_get_uint64 (value);
    break;
  case PROP_HISTOGRAM:
    self->histogram = g_value_get_boolean (value);
    break;
  case PROP_MASK:
    g_free (self->mask);
    self->mask = g_value_dup_string (value);
    break;
  case PROP_ROI:
    set_roi (self, value);
    break;
  default:
    return id >= PROP_COLOUR && gst_pixel_colour_set (&self->colour, id - PROP_COLOUR, value);
  }
  return TRUE;
}

gboolean
gst_pixel_stats_settings_get (const GstPixelStatsSettings *self, guint id, GValue *value)
{
  switch (id) {
  case PROP_LOCATION:
    g_value_set_string (value, self->location);
    break;
  case PROP_SCOPE:
    g_value_set_enum (value, self->scope);
    break;
  case PROP_APPEND:
    g_value_set_boolean (value, self->append);
    break;
  case PROP_OVERWRITE:
    g_value_set_boolean (value, self->overwrite);
    break;
  case PROP_FRAME_STEP:
    g_value_set_uint (value, self->frame_step);
    break;
  case PROP_MAX_FRAMES:
    g_value_set_uint64 (value, self->max_frames);
    break;
  case PROP_CHECKPOINT_INTERVAL:
    g_value_set_uint64 (value, self->checkpoint_interval);
    break;
  case PROP_MESSAGE_INTERVAL:
    g_value_set_uint64 (value, self->message_interval);
    break;
  case PROP_HISTOGRAM:
    g_value_set_boolean (value, self->histogram);
    break;
  case PROP_MASK:
    g_value_set_string (value, self->mask);
    break;
  case PROP_ROI:
    get_roi (self, value);
    break;
  default:
    return id >= PROP_COLOUR && gst_pixel_colour_get (&self->colour, id - PROP_COLOUR, value);
  }
  return TRUE;
}

static void
install_choices (GObjectClass *klass)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_HISTOGRAM,
      g_param_spec_boolean ("histogram", "Histogram",
          "Also count how often each code value occurs in each channel, which percentiles need; "
          "this takes about twice the time",
          FALSE, ready));
  g_object_class_install_property (klass, PROP_MASK,
      g_param_spec_string ("mask", "Mask",
          "PNG image of the size of the frames: pixels where it is black (0) or transparent are "
          "not counted, for example letterbox bars, logos or sky. Unset: all are counted",
          NULL, ready));
  g_object_class_install_property (klass, PROP_ROI,
      gst_param_spec_array ("roi", "Region of interest",
          "Only pixels inside of this rectangle are counted: x, y, width and height in pixels, "
          "written \"<0,60,640,360>\". Unset: all are counted",
          NULL, ready));
}

static void
install_settings (GObjectClass *klass)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags playing =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "Profile file to write, by convention NAME.safetensors: at the end of the stream, on "
          "stop, every checkpoint-interval and when max-frames is reached. If the profile exists "
          "already, append or overwrite is needed. Unset: the profile is kept in memory",
          NULL, playing));
  g_object_class_install_property (klass, PROP_SCOPE,
      g_param_spec_enum ("scope", "Scope",
          "pixel: statistics of every sample, for frames of one size; channel: sums per channel "
          "only, for frames of any size, in a file of 1 KB",
          gst_pixel_stats_scope_get_type (), DEFAULT_SCOPE, ready));
  g_object_class_install_property (klass, PROP_APPEND,
      g_param_spec_boolean ("append", "Append",
          "Continue the profile at location; if there is none, start a new one", FALSE, ready));
  g_object_class_install_property (klass, PROP_OVERWRITE,
      g_param_spec_boolean ("overwrite", "Overwrite",
          "Replace the profile at location. Other files are never replaced", FALSE, playing));
  g_object_class_install_property (klass, PROP_FRAME_STEP,
      g_param_spec_uint ("frame-step", "Frame step",
          "Count every Nth frame, 1 or more: successive frames are much alike, so a step saves "
          "work",
          0, G_MAXINT, DEFAULT_FRAME_STEP, playing));
  g_object_class_install_property (klass, PROP_MAX_FRAMES,
      g_param_spec_uint64 ("max-frames", "Maximum of frames",
          "Stop counting after this number of frames of a run, and save; frames still pass (0 = "
          "count all)",
          0, G_MAXUINT64, 0, playing));
  g_object_class_install_property (klass, PROP_CHECKPOINT_INTERVAL,
      g_param_spec_uint64 ("checkpoint-interval", "Checkpoint interval",
          "Save after every interval of this many nanoseconds of wall-clock time, in a separate "
          "thread, so that a crash loses little (0 = never)",
          0, G_MAXUINT64, DEFAULT_CHECKPOINT_INTERVAL, playing));
  g_object_class_install_property (klass, PROP_MESSAGE_INTERVAL,
      g_param_spec_uint64 ("message-interval", "Message interval",
          "Post a pixelstats element message after every interval of this many nanoseconds of "
          "stream time, or of wall-clock time if buffers have no timestamps (0 = only at the end)",
          0, G_MAXUINT64, 0, playing));
}

void
gst_pixel_stats_settings_install (GObjectClass *klass)
{
  install_settings (klass);
  install_choices (klass);
  gst_pixel_colour_install (klass, PROP_COLOUR);
}
