/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page of a report. A section is a row of the table at the end; each appends to the page. Styles are
 * in the page, pictures are data: URIs, so the file needs no network and can be mailed.
 */
#include "report-page.h"

#include <math.h>
#include <string.h>

#include "advice.h"
#include "colormap.h"
#include "facts.h"
#include "figure.h"
#include "paint.h"
#include "report-svg.h"

#define MAX_PICTURE_SIDE 960 /* pixels; larger frames are averaged down */

#define MAX_LINES 10 /* of one entry, such as the files that were collected */

typedef struct {
  GString *text;
  PixelnormProfile *profile;
  const gchar *path;
  Facts facts;
  Advice advice;
} Page;

typedef struct {
  Page *page;
  gdouble top;
} TickPlace;

/* Wide screens, phones, the dark and paper; colours are named once. */
static const gchar style[] =
    ":root{color-scheme:light dark;--ink:#222;--faint:#555;--ground:#fff;--line:#ccc;--panel:#f3f4f6;"
    "--band:#e3e7ef;--good:#1e8449;--red:#c0392b;--green:#1e8449;--blue:#2456a6;--grey:#555}"
    "@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--faint:#a8a8a8;--ground:#16181c;--line:#3c4048;"
    "--panel:#23262c;--band:#2f3540;--good:#4cc38a;--red:#ef7d70;--green:#4cc38a;--blue:#79a7f2;--grey:#b5b5b5}}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:var(--ink);"
    "background:var(--ground)}"
    "h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem;border-bottom:1px solid var(--line);"
    "margin-top:2rem}a{color:inherit}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:right;padding:.2rem .5rem;border-bottom:1px solid var(--line)}"
    "th:first-child,td:first-child{text-align:left}.words td{text-align:left;overflow-wrap:anywhere}"
    ".grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}"
    "figure{margin:0;break-inside:avoid}figcaption{font-size:.85rem;color:var(--faint)}"
    "img,svg{width:100%;height:auto;display:block}img.small{image-rendering:pixelated}"
    ".scale{height:.7rem;margin-top:.4rem}"
    ".ticks{position:relative;height:1.3rem;font-size:.8rem;color:var(--faint)}"
    ".ticks span{position:absolute;transform:translateX(-50%)}.ticks .first{transform:none}"
    ".ticks .last{transform:translateX(-100%)}"
    ".key span{white-space:nowrap;margin-right:.8em}"
    ".band{fill:var(--band)}.mean{stroke:var(--ink);stroke-dasharray:4 3}"
    ".R{fill:var(--red)}.G{fill:var(--green)}.B,.U{fill:var(--blue)}.Y,.V{fill:var(--grey)}"
    "pre{background:var(--panel);padding:.7rem;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px}"
    ".advice{border-left:4px solid var(--good);padding-left:1rem}"
    ".swatch{display:inline-block;width:.8em;height:.8em;border:1px solid var(--ink);margin-right:.4em}"
    "@media (max-width:30rem){th,td{padding:.2rem .25rem}table{font-size:.85rem}}"
    "@media print{body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}"
    "pre,table,figure{break-inside:avoid}.grid{grid-template-columns:1fr 1fr}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

static void G_GNUC_PRINTF (2, 3) add (Page *page, const gchar *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (page->text, format, arguments);
  va_end (arguments);
}

/* Text as it may come from anywhere. */
static void
add_text (Page *page, const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  g_autofree gchar *escaped = g_markup_escape_text (valid, -1);

  g_string_append (page->text, escaped);
}

static void
add_row (Page *page, const gchar *name, const gchar *value)
{
  if (!value || !*value)
    return;
  g_auto (GStrv) lines = g_strsplit (value, "\n", -1);
  const guint n = g_strv_length (lines);

  add (page, "<tr><td>%s</td><td>", name);
  for (guint i = 0; i < n && i < MAX_LINES; i++) {
    add (page, "%s", i > 0 ? "<br>" : "");
    add_text (page, lines[i]);
  }
  if (n > MAX_LINES)
    add (page, "<br>and more: see <code>pixelprofile info</code>");
  add (page, "</td></tr>");
}

static gchar *
describe_size (const PixelnormGeometry *geometry)
{
  return geometry->width > 0 ? g_strdup_printf ("%u x %u pixels", geometry->width, geometry->height)
                             : g_strdup ("any size");
}

/* The page in two sentences. */
static void
add_summary (Page *page)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (page->profile);
  const guint64 frames = pixelnorm_profile_get_frames (page->profile);
  g_autofree gchar *size = describe_size (geometry);

  add (page,
      "<p>%" G_GUINT64_FORMAT
      " frame%s of %s, %s, %u bits. What suits them: <a href=\"#advice\">%s</a>.",
      frames, frames == 1 ? "" : "s", size, geometry->channels, geometry->depth, ADVICE_SETTING);
  if (page->advice.beside)
    add (page, " Worth a try beside it: <a href=\"#beside\">%s</a>.", page->advice.beside);
  add (page, "</p>\n");
}

static gboolean
add_head (Page *page, GError **error)
{
  g_autofree gchar *shown = g_filename_display_basename (page->path);

  add (page,
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
  add_text (page, shown);
  add (page, "</title><style>%s</style></head><body>\n<h1>Profile ", style);
  add_text (page, shown);
  add (page, "</h1>\n");
  add_summary (page);
  return TRUE;
}

static gboolean
add_origin (Page *page, GError **error)
{
  PixelnormProfile *profile = page->profile;
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const guint64 skipped = pixelnorm_profile_get_frames_skipped (profile);
  g_autofree gchar *size = describe_size (geometry);
  g_autofree gchar *samples = g_strdup_printf ("%s, %u bits, %s range%s%s", geometry->channels,
      geometry->depth, geometry->range == PIXELNORM_RANGE_LIMITED ? "limited" : "full",
      geometry->matrix ? ", matrix " : "", geometry->matrix ? geometry->matrix : "");
  g_autofree gchar *frames =
      g_strdup_printf ("%" G_GUINT64_FORMAT, pixelnorm_profile_get_frames (profile));
  g_autofree gchar *left_out = g_strdup_printf ("%" G_GUINT64_FORMAT, skipped);

  add (page, "<h2>What was collected</h2><table class=\"words\">");
  add_row (page, "Frames", frames);
  if (skipped)
    add_row (page, "Skipped as broken", left_out);
  add_row (page, "Size", size);
  add_row (page, "Samples", samples);
  add_row (page, "Scope",
      page->facts.per_pixel ? "pixel: every sample on its own"
                            : "channel: all pixels of a channel together");
  add_row (page, "From", pixelnorm_profile_get_sources (profile));
  add_row (page, "Made", pixelnorm_profile_get_created (profile));
  add_row (page, "By", pixelnorm_profile_get_software (profile));
  add_row (page, "Identity", pixelnorm_profile_get_identity (profile));
  add (page, "</table>\n");
  return TRUE;
}

static gboolean
add_advice (Page *page, GError **error)
{
  const Advice *advice = &page->advice;

  add (page,
      "<h2 id=\"advice\">What suits this data</h2><div class=\"advice\"><p><strong>%s</strong></p>",
      ADVICE_SETTING);
  for (guint i = 0; i < advice->reasons->len; i++)
    add (page, "<p>%s</p>", (const gchar *) g_ptr_array_index (advice->reasons, i));
  add (page, "</div>");
  if (advice->warnings->len) {
    add (page, "<p>With this setting, mind:</p><ul>");
    for (guint i = 0; i < advice->warnings->len; i++)
      add (page, "<li>%s</li>", (const gchar *) g_ptr_array_index (advice->warnings, i));
    add (page, "</ul>");
  }
  if (advice->beside)
    add (page, "<p id=\"beside\">Worth a try beside it: <strong>%s</strong>. %s</p>",
        advice->beside, advice->beside_when);
  g_autofree gchar *line = advice_launch_line (page->profile, page->path);
  add (page, "<pre>");
  add_text (page, line);
  add (page,
      "</pre><p>This is read from the statistics alone. Which normalization a network learns best "
      "with, only training tells; docs/which-normalization.md has an experiment, which takes pictures of yours, too.</p>\n");
  return TRUE;
}

/* A row: a number a channel, each @step bytes after the one before. */
static void
add_numbers (Page *page, const gchar *name, gint decimals, const gchar *unit, const gdouble *first,
    gsize step)
{
  add (page, "<tr><td>%s</td>", name);
  for (guint c = 0; c < page->facts.n_channels; c++)
    add (page, "<td>%.*f%s</td>", decimals, *(const gdouble *) ((const guint8 *) first + c * step),
        unit);
  add (page, "</tr>");
}

/* A column a channel, so that it fits a phone. */
static gboolean
add_statistics (Page *page, GError **error)
{
  const Facts *facts = &page->facts;
  const gchar *channels = pixelnorm_profile_get_channels (page->profile);
  const PixelnormStatistics *statistics = facts->statistics;
  gdouble ends[2][PIXELNORM_MAX_CHANNELS];

  add (page, "<h2>Channels</h2><table><tr><th>code values</th>");
  for (guint c = 0; c < facts->n_channels; c++) {
    add (page, "<th>%c</th>", channels[c]);
    ends[0][c] = statistics[c].min;
    ends[1][c] = statistics[c].max;
  }
  add (page, "</tr>");
  add_numbers (page, "mean", 3, "", &statistics->mean, sizeof *statistics);
  add_numbers (page, "deviation", 3, "", &statistics->std, sizeof *statistics);
  add_numbers (page, "min", 0, "", ends[0], sizeof (gdouble));
  for (guint i = 0; facts->has_histogram && i < FACTS_N_PERCENTILES; i++) {
    g_autofree gchar *name = g_strdup_printf ("%g %% below", facts_percents[i]);

    add_numbers (page, name, 1, "", &facts->percentiles[0][i], sizeof facts->percentiles[0]);
  }
  add_numbers (page, "max", 0, "", ends[1], sizeof (gdouble));
  if (facts->per_pixel) {
    for (guint c = 0; c < facts->n_channels; c++)
      ends[0][c] = 100 * facts->fixed_share[c];
    add_numbers (page, "the same in every frame", 1, " %", ends[0], sizeof (gdouble));
  }
  add (page, "</table><p>Over all pixels of all frames.%s</p>\n",
      facts->per_pixel ? " The last row is a share of the variance." : "");
  return TRUE;
}

static gboolean
add_histograms (Page *page, GError **error)
{
  add (page, "<h2>Histograms</h2>");
  if (!page->facts.has_histogram) {
    add (page,
        "<p>The profile has no histogram. Collect with <code>pixelstats histogram=true</code>, or with "
        "<code>pixelprofile collect --histogram</code>.</p>\n");
    return TRUE;
  }
  add (page, "<div class=\"grid\">");
  for (guint c = 0; c < page->facts.n_channels; c++)
    report_svg_histogram (page->text, page->profile, &page->facts, c);
  add (page, "</div>\n");
  return TRUE;
}

/* What stands below each picture of the report. */
static const struct {
  const gchar *name, *caption;
} pictures[] = {
  { "mean", "Mean image: what every frame has in common" },
  { "std", "Deviation image: how much each pixel varied, in code values" },
  { "range", "Dynamic range image: maximum - minimum, in code values" },
  { "marks", "Still and saturated pixels" },
};

static void
add_tick (gdouble value, const gchar *label, gpointer data)
{
  const TickPlace *place = data;

  report_add_tick (place->page->text, value / place->top, label);
}

/* Text of the page, which can be read however small the picture gets. */
static void
add_scale (Page *page, gdouble top)
{
  TickPlace place = { page, top };

  add (page, "<div class=\"scale\" style=\"background:linear-gradient(to right");
  for (guint i = 0; i <= 16; i++) {
    guint8 color[3];

    colormap_get (i / 16.0, color);
    add (page, ",#%02x%02x%02x", color[0], color[1], color[2]);
  }
  add (page, ")\"></div><div class=\"ticks\">");
  figure_each_tick (top, add_tick, &place);
  add (page, "</div>");
}

static void
add_swatch (Page *page, Mark mark)
{
  const guint8 *color = mark_color (mark);

  add (page, "<span class=\"swatch\" style=\"background:#%02x%02x%02x\"></span>%s", color[0],
      color[1], color[2], mark_name (mark));
}

static void
add_key (Page *page)
{
  add (page, "<div class=\"key\">");
  for (guint m = 0; m < N_MARKS; m++)
    if (page->facts.marks[m]) {
      add (page, "<span>");
      add_swatch (page, m);
      add (page, "</span> ");
    }
  add (page, "</div>");
}

static gboolean
add_picture (Page *page, const PaintImage *image, const gchar *caption, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (page->profile);
  const PaintOptions options = { .fit = MAX_PICTURE_SIDE, .depth = 8, .bare = TRUE };
  gdouble top = 0;
  g_autoptr (Picture) picture = paint_image (image, page->profile, &options, &top, error);
  g_autoptr (GBytes) png = picture ? picture_encode (picture, error) : NULL;

  if (!png)
    return FALSE;
  g_autofree gchar *base64 = g_base64_encode (g_bytes_get_data (png, NULL), g_bytes_get_size (png));
  add (page, "<figure><img%s alt=\"%s\" src=\"data:image/png;base64,%s\">",
      geometry->width < 256 ? " class=\"small\"" : "", caption, base64);
  if (image->kind == PAINT_FIGURE)
    add_scale (page, top);
  add (page, "<figcaption>%s", caption);
  if (image->kind == PAINT_MARKS)
    add_key (page);
  add (page, "</figcaption></figure>");
  return TRUE;
}

static gboolean
add_pictures (Page *page, GError **error)
{
  if (!page->facts.per_pixel)
    return TRUE;
  add (page, "<h2>Pictures</h2><div class=\"grid\">");
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    for (guint k = 0; k < PAINT_N_IMAGES; k++)
      if (strcmp (paint_images[k].name, pictures[i].name) == 0
          && !add_picture (page, &paint_images[k], pictures[i].caption, error))
        return FALSE;
  add (page, "</div>\n");
  return TRUE;
}

static gboolean
add_marks (Page *page, GError **error)
{
  const Facts *facts = &page->facts;

  if (!facts->per_pixel)
    return TRUE;
  add (page,
      "<h2>Still and saturated pixels</h2><table><tr><th>kind</th><th>pixels</th>"
      "<th>share</th></tr>");
  for (guint m = 0; m < N_MARKS; m++) {
    add (page, "<tr><td>");
    add_swatch (page, m);
    add (page, "</td><td>%" G_GUINT64_FORMAT "</td><td>%.2f %%</td></tr>", facts->marks[m],
        100 * (gdouble) facts->marks[m] / (gdouble) facts->n_pixels);
  }
  add (page,
      "</table><p>A pixel is of the first kind that fits. White and black are the ends of the "
      "code values (16 and 235 of 8-bit limited range).</p>\n");
  return TRUE;
}

/* Of blocks of which no pixel was counted nothing is known. */
static void
add_brightness (Page *page, const gchar *name, gdouble brightness)
{
  if (isnan (brightness))
    add (page, "<tr><td>%s</td><td>not counted</td></tr>", name);
  else
    add (page, "<tr><td>%s</td><td>%.1f</td></tr>", name, brightness);
}

static gboolean
add_light (Page *page, GError **error)
{
  const Facts *facts = &page->facts;

  if (!facts->per_pixel)
    return TRUE;
  add (page,
      "<h2>Light</h2><table><tr><th>of the mean image, in 8 x 8 blocks</th><th>brightness</th></tr>");
  add_brightness (page, "brightest block", facts->brightest_block);
  add_brightness (page, "darkest block", facts->darkest_block);
  add_brightness (page, "centre", facts->centre);
  add_brightness (page, "corners", facts->corners);
  add (page, "</table>");
  if (facts->centre > 0 && !isnan (facts->corners) && facts->brightest_block > 0)
    add (page,
        "<p>The darkest block has %.0f %% of the brightest one's light, the corners %.0f %% of the "
        "centre's. Of a scene that says little; of a white sheet it says how uneven lens and lamps are, "
        "and <code>method=flat-field</code> evens it out.</p>\n",
        100 * facts->darkest_block / facts->brightest_block, 100 * facts->corners / facts->centre);
  return TRUE;
}

static void
add_clipping (Page *page, const Clipping *clipping)
{
  add (page, "<tr><td>%s, %s</td>", clipping->name,
      clipping->scope == PIXELNORM_SCOPE_PIXEL ? "pixel" : "channel");
  if (clipping->known)
    add (page, "<td>%.2f to %.2f</td><td>%.2f to %.2f</td><td>%.3f %%%s</td></tr>", clipping->least,
        clipping->most, clipping->low, clipping->high, 100 * clipping->share_outside,
        clipping->scope == PIXELNORM_SCOPE_PIXEL ? " of positions" : " of samples");
  else
    add (page, "<td colspan=\"3\">not known: %s</td></tr>",
        clipping->scope == PIXELNORM_SCOPE_PIXEL ? "the profile holds no pixels of one size"
                                                 : "the profile holds no histogram");
}

static gboolean
add_clippings (Page *page, GError **error)
{
  add (page,
      "<h2>What 8-bit video would clip</h2><table><tr><th>method, scope</th><th>results</th><th>range</th><th>outside</th></tr>");
  for (guint i = 0; i < FACTS_N_CLIPPINGS; i++)
    add_clipping (page, &page->facts.clippings[i]);
  add (page,
      "</table><p>Results of the data that the profile was made of, with min-deviation=%g (scope pixel: %g), "
      "against the method's own range. Of samples: of all that were ever seen. Of positions: of the samples of a "
      "frame, those where it happened at least once.</p>\n",
      ADVICE_DEFAULT_FLOOR, page->advice.pixel_floor);
  return TRUE;
}

static gboolean
add_foot (Page *page, GError **error)
{
  add (page, "</body></html>\n");
  return TRUE;
}

/* SECTION TABLE, in the order of the page. */
static gboolean (*const sections[]) (Page *, GError **) = { add_head, add_pictures, add_statistics,
  add_histograms, add_advice, add_clippings, add_marks, add_light, add_origin, add_foot };

gchar *
report_page_new (PixelnormProfile *profile, const gchar *path, GError **error)
{
  Page page = { .profile = profile, .path = path };

  gboolean made = facts_find (&page.facts, profile, error)
      && advice_find (&page.advice, &page.facts, profile, error);

  page.text = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sections) && made; i++)
    made = sections[i](&page, error);
  advice_clear (&page.advice);
  return g_string_free (page.text, !made);
}
