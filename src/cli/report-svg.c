/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A histogram: 256 bars (of deeper samples each stands for several codes), a line at the mean and a band
 * of one deviation to either side. Heights are square roots, so that small bars are seen beside large
 * ones.
 */
#include "report-svg.h"

#include <math.h>

#define N_BARS 256
#define HEIGHT 120 /* of the bars; a bar is 2 wide */
#define WIDTH (2 * N_BARS)
#define FOOT 18

static const gchar *
channel_color (gchar channel)
{
  switch (channel) {
  case 'R':
    return "#c0392b";
  case 'G':
    return "#1e8449";
  case 'B':
  case 'U':
    return "#2456a6";
  default:
    return "#444444";
  }
}

static void
append_number (GString *page, gdouble value)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (page, g_ascii_formatd (text, sizeof text, "%.2f", value));
}

/* How often codes occurred, as @N_BARS sums; returns the largest. */
static gdouble
sum_bars (const guint64 *histogram, guint n_levels, gdouble *bars)
{
  gdouble most = 0;

  for (guint i = 0; i < N_BARS; i++)
    bars[i] = 0;
  for (guint v = 0; v < n_levels; v++)
    bars[(guint64) v * N_BARS / n_levels] += (gdouble) histogram[v];
  for (guint i = 0; i < N_BARS; i++)
    most = fmax (most, bars[i]);
  return most;
}

static void
append_bars (GString *page, const gdouble *bars, gdouble most, const gchar *color)
{
  g_string_append_printf (page, "<path fill=\"%s\" d=\"M0 %d", color, HEIGHT);
  for (guint i = 0; i < N_BARS; i++) {
    g_string_append (page, "V");
    append_number (page, HEIGHT * (1 - sqrt (bars[i] / most)));
    g_string_append (page, "h2");
  }
  g_string_append_printf (page, "V%dZ\"/>", HEIGHT);
}

static void
append_axis (GString *page, guint n_levels)
{
  for (guint i = 0; i <= 4; i++) {
    const guint code = i == 4 ? n_levels - 1 : i * n_levels / 4;

    g_string_append_printf (page, "<text x=\"%u\" y=\"%d\" text-anchor=\"%s\">%u</text>",
        i * WIDTH / 4, HEIGHT + FOOT - 4,
        i == 0       ? "start"
            : i == 4 ? "end"
                     : "middle",
        code);
  }
}

void
report_svg_histogram (GString *page, PixelnormProfile *profile, const Facts *facts, guint channel)
{
  const guint n_levels = 1u << pixelnorm_profile_get_depth (profile);
  const gchar letter = pixelnorm_profile_get_channels (profile)[channel];
  const PixelnormStatistics *statistics = &facts->statistics[channel];
  const gdouble scale = (gdouble) WIDTH / n_levels;
  const gdouble mean = (statistics->mean + .5) * scale;
  const gdouble left = fmax (mean - statistics->std * scale, 0);
  const gdouble right = fmin (mean + statistics->std * scale, WIDTH);
  g_autoptr (GBytes) bytes = pixelnorm_profile_get_histogram (profile, (gint) channel);
  gdouble bars[N_BARS];
  const gdouble most = sum_bars (g_bytes_get_data (bytes, NULL), n_levels, bars);

  g_string_append_printf (page,
      "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Histogram of channel %c\">",
      WIDTH, HEIGHT + FOOT, letter);
  g_string_append (page, "<rect class=\"band\" y=\"0\" x=\"");
  append_number (page, left);
  g_string_append (page, "\" width=\"");
  append_number (page, right - left);
  g_string_append_printf (page, "\" height=\"%d\"/>", HEIGHT);
  append_bars (page, bars, most, channel_color (letter));
  g_string_append (page, "<line class=\"mean\" y1=\"0\" x1=\"");
  append_number (page, mean);
  g_string_append (page, "\" x2=\"");
  append_number (page, mean);
  g_string_append_printf (page, "\" y2=\"%d\"/>", HEIGHT);
  append_axis (page, n_levels);
  g_string_append_printf (page,
      "</svg><figcaption>Channel %c: code values; line: mean, band: one deviation to either side; "
      "heights are square roots</figcaption></figure>",
      letter);
}
