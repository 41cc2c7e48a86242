/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which method and scope suit a profile's data, by its statistics alone:
 *
 * - Pixel-wise statistics can only remove what is the same in every frame. Where that is the larger part
 *   of the variance (a fixed camera, a lens, a sensor) scope pixel is worth a try; where it is not (natural
 *   images) it adds noise, and scope channel does. In the experiment of docs/which-normalization.md half
 *   of the variance parts the street, where pixel-wise normalization gained at places that were not
 *   trained on and lost where all were, and a set where it made no difference but to other cameras, from
 *   those on which it lost or did nothing. It says where there is something to remove, not that it helps.
 * - Where many pixels hardly vary, dividing by their deviation makes their noise as large as what moves:
 *   there a floor of FACTS_QUIET gained in the experiment, and bore 8-bit video. All of a report is about the floor
 *   that it advises.
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

static void
choose (Advice *advice, PixelnormMethod method, const gchar *method_name, PixelnormScope scope)
{
  advice->method = method;
  advice->method_name = method_name;
  advice->scope = scope;
  advice->scope_name = scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel";
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

/* Scope pixel on a scene that is still in many places. */
static void
raise_floor (Advice *advice, const Facts *facts)
{
  if (facts->quiet_share < MANY_QUIET)
    return;
  advice->min_deviation = FACTS_QUIET;
  say (advice->reasons,
      "%.1f %% of the samples deviate by less than %g code values. Divided by so little, their noise "
      "becomes as large as what moves: min-deviation=%g keeps it small.",
      100 * facts->quiet_share, FACTS_QUIET, FACTS_QUIET);
}

static void
choose_by_pixels (Advice *advice, const Facts *facts, guint64 frames)
{
  const gdouble percent = 100 * facts->fixed_share_all;

  if (frames < ENOUGH_FRAMES) {
    choose (advice, PIXELNORM_METHOD_ZSCORE, "zscore", PIXELNORM_SCOPE_CHANNEL);
    say (advice->reasons,
        "There are only %" G_GUINT64_FORMAT
        " frames: the deviation of a single pixel is uncertain by "
        "about %.0f %%, and pixel-wise normalization would hand that noise to the network. Collect at "
        "least %d frames before scope pixel is worth a thought.",
        frames, 100 / sqrt (2.0 * (gdouble) frames), ENOUGH_FRAMES);
  } else if (facts->fixed_share_all >= MOSTLY_FIXED) {
    choose (advice, PIXELNORM_METHOD_ZSCORE, "zscore", PIXELNORM_SCOPE_PIXEL);
    say (advice->reasons,
        "%.1f %% of the variance is the same in every frame: a fixed scene, lens or sensor. Pixel-wise "
        "normalization removes it and leaves what changes, with every pixel on the same scale.",
        percent);
    say (advice->reasons,
        "That holds while camera and scene stay as they are; where still things matter too, or the "
        "camera may move, scope channel keeps them. Where every place of the scene was trained on, scope "
        "channel may also be learned better: train with both. Another camera needs a profile of its own: "
        "with this one a network would see the difference of the two.");
    if (frames < GOOD_FRAMES)
      say (advice->warnings,
          "A profile of %" G_GUINT64_FORMAT
          " frames is a small one for scope pixel: collect %d or more, of all "
          "that the camera sees, not of one class of things only.",
          frames, GOOD_FRAMES);
    raise_floor (advice, facts);
  } else {
    choose (advice, PIXELNORM_METHOD_ZSCORE, "zscore", PIXELNORM_SCOPE_CHANNEL);
    say (advice->reasons,
        "Only %.1f %% of the variance is the same in every frame: images differ from each other more "
        "than pixels do, so there is no fixed pattern for pixel-wise statistics to remove.",
        percent);
  }
}

static void
choose_by_channels (Advice *advice, const Facts *facts)
{
  choose (advice, PIXELNORM_METHOD_ZSCORE, "zscore", PIXELNORM_SCOPE_CHANNEL);
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
      "%s bears that; where results must be bounded, take percentile (scope channel), not min-max or mean-range.",
      stretch, advice->method_name);
}

static void
look_at_marks (Advice *advice, const Facts *facts)
{
  const gdouble n = (gdouble) facts->n_pixels;
  const gdouble still = (gdouble) (facts->marks[MARK_STILL] + facts->marks[MARK_ALWAYS_WHITE]
                            + facts->marks[MARK_ALWAYS_BLACK])
      / n;
  const gdouble saturated = (gdouble) facts->marks[MARK_ALWAYS_WHITE] / n;

  if (still > MANY_STILL && advice->scope == PIXELNORM_SCOPE_PIXEL)
    say (advice->warnings,
        "%.1f %% of the pixels never varied (borders, logos, dead or saturated pixels). They are divided "
        "by min-deviation=%g; leave them out of later statistics with mask or roi.",
        100 * still, advice->min_deviation);
  else if (still > MANY_STILL)
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
        "%.1f %% of the pixels were never counted (mask, roi); they normalize as %s.",
        100 * (gdouble) facts->marks[MARK_UNCOUNTED] / n,
        advice->scope == PIXELNORM_SCOPE_PIXEL
            ? "ones that always were at the channel's mean"
            : "all others, by what was counted of their channel");
}

static void
look_at_clipping (Advice *advice, const Facts *facts)
{
  const Clipping *clipping = facts_clipping (facts, advice->method, advice->scope);

  if (!clipping || !clipping->known || clipping->share_outside <= MUCH_CLIPPED)
    return;
  say (advice->warnings,
      "8-bit video would clip: results reach from %.2f to %.2f and the range is %.2f to %.2f. Widen "
      "it (range-low=%.0f range-high=%.0f), or hand on float32 tensors.",
      clipping->least, clipping->most, clipping->low, clipping->high,
      floor (fmin (clipping->least, clipping->low)), ceil (fmax (clipping->most, clipping->high)));
}

/* A floor that was raised on purpose was explained already. */
static void
look_at_floor (Advice *advice, PixelnormProfile *profile)
{
  const PixelnormInputs inputs = { .profile = profile };
  g_autoptr (PixelnormSettings) settings = g_object_new (
      PIXELNORM_TYPE_SETTINGS, "method", advice->method, "scope", advice->scope, NULL);
  g_autofree gchar *text = pixelnorm_inputs_describe_floor (&inputs, settings);

  if (text && advice->min_deviation == ADVICE_DEFAULT_FLOOR)
    say (advice->warnings, "%s", text);
}

gboolean
advice_find (Advice *advice, Facts *facts, PixelnormProfile *profile, GError **error)
{
  advice->reasons = g_ptr_array_new_with_free_func (g_free);
  advice->min_deviation = ADVICE_DEFAULT_FLOOR;
  advice->warnings = g_ptr_array_new_with_free_func (g_free);
  if (facts->per_pixel)
    choose_by_pixels (advice, facts, pixelnorm_profile_get_frames (profile));
  else
    choose_by_channels (advice, facts);
  look_for_outliers (advice, facts);
  if (facts->per_pixel)
    look_at_marks (advice, facts);
  look_at_floor (advice, profile);
  if (!facts_find_clippings (facts, profile, advice->min_deviation, error))
    return FALSE;
  look_at_clipping (advice, facts);
  return TRUE;
}

gchar *
advice_setting (const Advice *advice)
{
  return advice->min_deviation == ADVICE_DEFAULT_FLOOR
      ? g_strdup_printf ("method=%s scope=%s", advice->method_name, advice->scope_name)
      : g_strdup_printf ("method=%s scope=%s min-deviation=%g", advice->method_name,
          advice->scope_name, advice->min_deviation);
}

void
advice_clear (Advice *advice)
{
  g_clear_pointer (&advice->reasons, g_ptr_array_unref);
  g_clear_pointer (&advice->warnings, g_ptr_array_unref);
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
advice_launch_line (const Advice *advice, PixelnormProfile *profile, const gchar *path)
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
  g_autofree gchar *setting = advice_setting (advice);
  g_string_append_printf (line, " ! pixelnorm location=%s %s", location, setting);
  /* a tensor has as many of each channel */
  g_string_append_printf (line, " ! %s ! fakesink",
      geometry->log2_chroma_w + geometry->log2_chroma_h > 0 ? "video/x-raw" : "other/tensors");
  return g_string_free (line, FALSE);
}
