/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A histogram: 256 bars (of deeper samples each stands for several codes), a line at the mean and a band
 * of one deviation to either side. Heights are square roots, so that small bars are seen beside large
 * ones. Colours and letters are those of the page's style.
 */
#include "report-svg.h"

#include <math.h>

#define N_BARS 256
#define HEIGHT 120 /* of the bars; a bar is 2 wide */
#define WIDTH (2 * N_BARS)

static void
append_number (GString *page, gdouble value)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (page, g_ascii_formatd (text, sizeof text, "%.2f", value));
}

/* Adds @count to the bars, spread evenly over the codes from @from to @to. */
static void
spread (gdouble *bars, gdouble codes_per_bar, gdouble from, gdouble to, gdouble count)
{
  for (guint i = (guint) (from / codes_per_bar); i < N_BARS && i * codes_per_bar < to; i++) {
    const gdouble left = fmax (from, i * codes_per_bar);
    const gdouble right = fmin (to, (i + 1) * codes_per_bar);

    bars[i] += count * (right - left) / (to - from);
  }
}

/* How often codes occurred, as @N_BARS sums; returns the largest. Deep samples that were made of fewer codes (8 bits as 16,
 * limited range as full) leave codes out at regular distances, and bars would hold now one more of them and now one less:
 * a comb. So a code stands for those half-way to the next one that occurred, at most half a bar. */
static gdouble
sum_bars (const guint64 *histogram, guint n_levels, gdouble *bars)
{
  const gdouble codes_per_bar = (gdouble) n_levels / N_BARS;
  const gdouble reach = codes_per_bar / 2;
  gdouble most = 0, before = -codes_per_bar;

  for (guint i = 0; i < N_BARS; i++)
    bars[i] = 0;
  for (guint v = 0, next; v < n_levels; v = next) {
    for (next = v + 1; next < n_levels && !histogram[next];)
      next++;
    if (!histogram[v])
      continue;
    /* a code covers [v, v + 1) */
    const gdouble from = v + .5 - fmin (reach, (v - before) / 2);
    const gdouble to = v + .5 + fmin (reach, next < n_levels ? (next - v) / 2.0 : reach);

    spread (bars, codes_per_bar, fmax (from, 0), fmin (to, n_levels), (gdouble) histogram[v]);
    before = v;
  }
  for (guint i = 0; i < N_BARS; i++)
    most = fmax (most, bars[i]);
  return most;
}

static void
append_bars (GString *page, const gdouble *bars, gdouble most, gchar channel)
{
  g_string_append_printf (page, "<path class=\"%c\" d=\"M0 %d", channel, HEIGHT);
  for (guint i = 0; i < N_BARS; i++) {
    g_string_append (page, "V");
    append_number (page, HEIGHT * (1 - sqrt (bars[i] / most)));
    g_string_append (page, "h2");
  }
  g_string_append_printf (page, "V%dZ\"/>", HEIGHT);
}

/* Labels at the ends stay inside, and one that would touch the last is left out. */
void
report_add_tick (GString *page, gdouble share, const gchar *label)
{
  if (share > .84 && share < 1)
    return;
  g_string_append_printf (page, "<span class=\"%s\" style=\"left:",
      share <= 0       ? "first"
          : share >= 1 ? "last"
                       : "tick");
  append_number (page, 100 * share);
  g_string_append_printf (page, "%%\">%s</span>", label);
}

static void
append_axis (GString *page, guint n_levels)
{
  g_string_append (page, "<div class=\"ticks\">");
  for (guint i = 0; i <= 4; i++) {
    g_autofree gchar *label = g_strdup_printf ("%u", i == 4 ? n_levels - 1 : i * n_levels / 4);

    report_add_tick (page, i / 4.0, label);
  }
  g_string_append (page, "</div>");
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
      WIDTH, HEIGHT, letter);
  g_string_append (page, "<rect class=\"band\" y=\"0\" x=\"");
  append_number (page, left);
  g_string_append (page, "\" width=\"");
  append_number (page, right - left);
  g_string_append_printf (page, "\" height=\"%d\"/>", HEIGHT);
  append_bars (page, bars, most, letter);
  g_string_append (page, "<line class=\"mean\" y1=\"0\" x1=\"");
  append_number (page, mean);
  g_string_append (page, "\" x2=\"");
  append_number (page, mean);
  g_string_append_printf (page, "\" y2=\"%d\"/>", HEIGHT);
  g_string_append (page, "</svg>");
  append_axis (page, n_levels);
  g_string_append_printf (page,
      "<figcaption>Channel %c: code values; line: mean, band: one deviation to either side; "
      "heights are square roots</figcaption></figure>",
      letter);
}
