/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which method and scope suit a profile's data, by its statistics alone:
 *
 * - The setting advised is always zscore per channel: in the experiment of docs/which-normalization.md no method
 *   was clearly better on any set.
 * - Pixel-wise statistics can only remove what is the same in every frame. Where that is half of the variance or
 *   more (a fixed camera, a lens, a sensor) they are worth a try beside it: on a street they gained where
 *   objects came to parts of the picture that were not trained on, and lost where all were; and they are right
 *   for anomaly maps. The share says where there is something to remove, not that it helps.
 * - Where many pixels hardly vary, dividing by their deviation makes their noise as large as what moves:
 *   there a floor of FACTS_QUIET gained in the experiment, and bore 8-bit video. What the report says of
 *   scope pixel is about that floor.
 * - A deviation of N frames is uncertain by 1 / sqrt (2 N) (normal distribution): below 30 frames, 13 %.
 *   In the experiment a profile of 30 images of another camera did no better than scope channel, one of
 *   100 did, though not beyond doubt.
 * - Outliers stretch a range: where the range is more than twice the distance of the 1st and 99th
 *   percentiles, percentiles are the better ends.
 */
#include "advice.h"

#include <math.h>
#include <string.h>

#define ENOUGH_FRAMES 30
#define GOOD_FRAMES 100
#define MOSTLY_FIXED 0.5
#define STRETCHED 2.0
#define MANY_QUIET 0.1
#define MANY_STILL 0.02
#define MANY_SATURATED 0.01
#define MUCH_CLIPPED 0.001

static void G_GNUC_PRINTF (2, 3) say (GPtrArray *sentences, const gchar *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (sentences, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* How many times the 1st to 99th percentile the whole range is, of the channel where it is most. */
static gdouble
find_stretch (const Facts *facts)
{
  gdouble most = 0;

  for (guint c = 0; facts->has_histogram && c < facts->n_channels; c++) {
    const gdouble inner = facts->percentiles[c][FACTS_N_PERCENTILES - 1] - facts->percentiles[c][0];
    const gdouble whole = facts->statistics[c].max - (gdouble) facts->statistics[c].min;

    if (inner > 0)
      most = fmax (most, whole / inner);
  }
  return most;
}

/* Another setting for a scene that is mostly the same in every frame, and when it may be better. */
static void
suggest_pixels (Advice *advice, const Facts *facts, guint64 frames)
{
  GString *when = g_string_new (
      "It removes what is the same in every frame. That may help where objects appear in parts of the picture "
      "where training had none, and it is right for anomaly maps without a network (from a profile of normal "
      "frames only); the camera must stay fixed, and each camera needs a profile of its own. Where training "
      "had objects everywhere, it was the worse one.");

  if (facts->quiet_share >= MANY_QUIET) {
    advice->pixel_floor = FACTS_QUIET;
    g_string_append_printf (when,
        " %.1f %% of the samples deviate by less than %g code values: min-deviation=%g keeps their noise small.",
        100 * facts->quiet_share, FACTS_QUIET, FACTS_QUIET);
  }
  if (frames < GOOD_FRAMES)
    g_string_append_printf (when,
        " Collect %d frames or more for it, of all that the camera sees; this profile has %" G_GUINT64_FORMAT
        ".",
        GOOD_FRAMES, frames);
  advice->beside = advice->pixel_floor == ADVICE_DEFAULT_FLOOR
      ? g_strdup ("method=zscore scope=pixel")
      : g_strdup_printf ("method=zscore scope=pixel min-deviation=%g", advice->pixel_floor);
  advice->beside_when = g_string_free (when, FALSE);
}

static void
advise_by_pixels (Advice *advice, const Facts *facts, guint64 frames)
{
  const gdouble percent = 100 * facts->fixed_share_all;

  if (frames < ENOUGH_FRAMES) {
    say (advice->reasons,
        "There are only %" G_GUINT64_FORMAT
        " frames: the deviation of a single pixel is uncertain by "
        "about %.0f %%, and pixel-wise normalization would hand that noise to the network. Collect at "
        "least %d frames before you try scope pixel.",
        frames, 100 / sqrt (2.0 * (gdouble) frames), ENOUGH_FRAMES);
  } else if (facts->fixed_share_all >= MOSTLY_FIXED) {
    say (advice->reasons,
        "%.1f %% of the variance is the same in every frame: a fixed scene, lens or sensor. Scope channel "
        "keeps it, and also suits a camera that may move.",
        percent);
    suggest_pixels (advice, facts, frames);
  } else {
    say (advice->reasons,
        "Only %.1f %% of the variance is the same in every frame: images differ from each other more "
        "than pixels do, so there is no fixed pattern for pixel-wise statistics to remove.",
        percent);
  }
}

static void
advise_by_channels (Advice *advice)
{
  say (advice->reasons,
      "The profile holds statistics of whole channels, so scope is channel (or global). Collect with "
      "scope=pixel to learn whether there is a fixed pattern.");
}

static void
look_for_outliers (Advice *advice, const Facts *facts)
{
  const gdouble stretch = find_stretch (facts);

  if (stretch <= STRETCHED)
    return;
  say (advice->warnings,
      "Outliers: the whole range of a channel is %.1f times as wide as the middle 98 %% of its samples. "
      "zscore bears that; where results must be bounded, take percentile, not min-max or mean-range.",
      stretch);
}

static void
look_at_marks (Advice *advice, const Facts *facts)
{
  const gdouble n = (gdouble) facts->n_pixels;
  const gdouble still = (gdouble) (facts->marks[MARK_STILL] + facts->marks[MARK_ALWAYS_WHITE]
                            + facts->marks[MARK_ALWAYS_BLACK])
      / n;
  const gdouble saturated = (gdouble) facts->marks[MARK_ALWAYS_WHITE] / n;

  if (still > MANY_STILL)
    say (advice->warnings,
        "%.1f %% of the pixels never varied (borders, logos, dead or saturated pixels), and count in mean and "
        "deviation of their channels; leave them out of later statistics with mask or roi.",
        100 * still);
  if (saturated > MANY_SATURATED)
    say (advice->warnings,
        "%.1f %% of the pixels were white in every frame: overexposed, their statistics say nothing. "
        "Expose less.",
        100 * saturated);
  if (facts->marks[MARK_UNCOUNTED])
    say (advice->warnings,
        "%.1f %% of the pixels were never counted (mask, roi); they are normalized like all others, by what "
        "was counted of their channel.",
        100 * (gdouble) facts->marks[MARK_UNCOUNTED] / n);
}

static void
look_at_clipping (Advice *advice, const Facts *facts)
{
  const Clipping *clipping = facts_clipping (facts, ADVICE_METHOD, ADVICE_SCOPE);

  if (!clipping || !clipping->known || clipping->share_outside <= MUCH_CLIPPED)
    return;
  const gdouble low = floor (fmin (clipping->most_low, clipping->low));
  const gdouble high = ceil (fmax (clipping->most_high, clipping->high));
  say (advice->warnings,
      "In 8-bit video %.1f %% of the samples would be clipped: results reach from %.2f to %.2f, and the range is "
      "%.2f to %.2f. range-low=%.0f range-high=%.0f holds 99.9 %% of the samples, with steps %.1f times as "
      "coarse; float32 tensors clip nothing.",
      100 * clipping->share_outside, clipping->least, clipping->most, clipping->low, clipping->high,
      low, high, (high - low) / (clipping->high - clipping->low));
}

static void
look_at_floor (Advice *advice, PixelnormProfile *profile)
{
  const PixelnormInputs inputs = { .profile = profile };
  g_autoptr (PixelnormSettings) settings =
      g_object_new (PIXELNORM_TYPE_SETTINGS, "method", ADVICE_METHOD, "scope", ADVICE_SCOPE, NULL);
  g_autofree gchar *text = pixelnorm_inputs_describe_floor (&inputs, settings);

  if (text)
    say (advice->warnings, "%s", text);
}

gboolean
advice_find (Advice *advice, Facts *facts, PixelnormProfile *profile, GError **error)
{
  advice->reasons = g_ptr_array_new_with_free_func (g_free);
  advice->warnings = g_ptr_array_new_with_free_func (g_free);
  advice->pixel_floor = ADVICE_DEFAULT_FLOOR;
  say (advice->reasons,
      "Zscore per channel is the safe choice: in the measurements of docs/which-normalization.md no other method "
      "was clearly better.");
  if (facts->per_pixel)
    advise_by_pixels (advice, facts, pixelnorm_profile_get_frames (profile));
  else
    advise_by_channels (advice);
  look_for_outliers (advice, facts);
  if (facts->per_pixel)
    look_at_marks (advice, facts);
  look_at_floor (advice, profile);
  if (!facts_find_clippings (facts, profile, ADVICE_DEFAULT_FLOOR, advice->pixel_floor, error))
    return FALSE;
  look_at_clipping (advice, facts);
  return TRUE;
}

void
advice_clear (Advice *advice)
{
  g_clear_pointer (&advice->reasons, g_ptr_array_unref);
  g_clear_pointer (&advice->warnings, g_ptr_array_unref);
  g_clear_pointer (&advice->beside, g_free);
  g_clear_pointer (&advice->beside_when, g_free);
}

/* GEOMETRY TABLE: the formats that frames of a geometry have in GStreamer. */
static const struct {
  const gchar *channels;
  guint depth, log2_chroma_w, log2_chroma_h;
  const gchar *format;
} formats[] = {
  { "RGB", 8, 0, 0, "RGB" },
  { "RGB", 10, 0, 0, "GBR_10LE" },
  { "RGB", 12, 0, 0, "GBR_12LE" },
  { "RGB", 16, 0, 0, "RGBA64_LE" },
  { "Y", 8, 0, 0, "GRAY8" },
  { "Y", 16, 0, 0, "GRAY16_LE" },
  { "YUV", 8, 0, 0, "Y444" },
  { "YUV", 8, 1, 0, "Y42B" },
  { "YUV", 8, 1, 1, "I420" },
  { "YUV", 10, 0, 0, "Y444_10LE" },
  { "YUV", 10, 1, 0, "I422_10LE" },
  { "YUV", 10, 1, 1, "I420_10LE" },
  { "YUV", 12, 0, 0, "Y444_12LE" },
  { "YUV", 12, 1, 0, "I422_12LE" },
  { "YUV", 12, 1, 1, "I420_12LE" },
};

/* Returns: (nullable): a format, of those that have the same samples */
static const gchar *
format_name (const PixelnormGeometry *geometry)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (geometry->channels, formats[i].channels) == 0 && geometry->depth == formats[i].depth
        && geometry->log2_chroma_w == formats[i].log2_chroma_w
        && geometry->log2_chroma_h == formats[i].log2_chroma_h)
      return formats[i].format;
  return NULL;
}

/* @value for a property in a line for a shell. gst-launch-1.0 takes a backslash for what makes the next character plain,
 * within its quotes, too. Returns: (transfer full) */
static gchar *
quote_value (const gchar *value)
{
  static const gchar plain[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._-:%+,@";
  GString *quoted = g_string_new ("\"");

  if (value[strspn (value, plain)] == '\0') {
    g_string_assign (quoted, value);
    return g_string_free (quoted, FALSE);
  }
  for (const gchar *p = value; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c (quoted, '\\');
    g_string_append_c (quoted, *p);
  }
  g_string_append_c (quoted, '"');
  g_autofree gchar *words = g_string_free (quoted, FALSE);
  return g_shell_quote (words);
}

/* The first source, where it names one that can be opened. */
static gchar *
first_source (PixelnormProfile *profile)
{
  const gchar *sources = pixelnorm_profile_get_sources (profile);
  g_auto (GStrv) lines = g_strsplit (sources ? sources : "", "\n", 2);

  return lines[0] && strstr (lines[0], "://") ? quote_value (lines[0])
                                              : g_strdup ("file:///path/to/video.mp4");
}

gchar *
advice_launch_line (PixelnormProfile *profile, const gchar *path)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  g_autofree gchar *source = first_source (profile);
  g_autofree gchar *location = quote_value (path);
  /* what pixelnorm converts itself goes in as it is decoded */
  const gboolean converted = pixelnorm_profile_get_conversions (profile) != NULL;
  const gchar *format = converted ? NULL : format_name (geometry);
  GString *line = g_string_new (NULL);

  g_string_append_printf (
      line, "gst-launch-1.0 uridecodebin3 uri=%s%s", source, converted ? "" : " ! videoconvert");
  if (geometry->width > 0)
    g_string_append (line, " ! videoscale");
  if (format || geometry->width > 0)
    g_string_append (line, " ! video/x-raw");
  if (format)
    g_string_append_printf (line, ",format=%s", format);
  if (geometry->width > 0)
    g_string_append_printf (line, ",width=%u,height=%u", geometry->width, geometry->height);
  g_string_append_printf (line, " ! pixelnorm location=%s %s", location, ADVICE_SETTING);
  /* a tensor has as many of each channel */
  g_string_append_printf (line, " ! %s ! fakesink",
      geometry->log2_chroma_w + geometry->log2_chroma_h > 0 ? "video/x-raw" : "other/tensors");
  return g_string_free (line, FALSE);
}
