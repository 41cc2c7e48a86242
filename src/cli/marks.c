/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The map of still and saturated pixels. Which code is black and which is white follows from depth and
 * range: 16 and 235 at 8 bits of limited range, else 0 and 2^depth - 1. Of YUV only Y is looked at.
 *
 * Colours are of Okabe and Ito's set, which colour-blind people tell apart
 * (https://jfly.uni-koeln.de/color/).
 */
#include "marks.h"

#include <math.h>
#include <string.h>

#include "figure.h"
#include "font.h"

/* MARK TABLE */
static const struct {
  const gchar *name;
  guint8 color[3];
} marks[N_MARKS] = {
  [MARK_UNCOUNTED] = { "not counted", { 255, 255, 255 } },
  [MARK_ALWAYS_WHITE] = { "always white", { 213, 94, 0 } },
  [MARK_ALWAYS_BLACK] = { "always black", { 0, 0, 0 } },
  [MARK_SOMETIMES_WHITE] = { "white at times", { 230, 159, 0 } },
  [MARK_SOMETIMES_BLACK] = { "black at times", { 0, 114, 178 } },
  [MARK_STILL] = { "never varied", { 86, 180, 233 } },
  [MARK_VARIED] = { "none of these", { 110, 110, 110 } },
};

/* Measures of the legend, in dots of its letters. */
#define MARGIN 14
#define GAP 6
#define SWATCH 9
#define LINE (FONT_HEIGHT + 4)

static const guint8 background[] = { 255, 255, 255 };
static const guint8 ink[] = { 0, 0, 0 };

const gchar *
mark_name (Mark mark)
{
  return marks[mark].name;
}

const guint8 *
mark_color (Mark mark)
{
  return marks[mark].color;
}

/* What is known of a pixel, before one mark is chosen. */
enum {
  TOUCHED_WHITE = 1,
  STAYED_WHITE = 2,
  STAYED_BLACK = 4,
  TOUCHED_BLACK = 8,
  MOVED = 16,
  SEEN = 32
};

typedef struct {
  guint n_channels, n_looked_at;
  gdouble black, white;
} Ends;

static Ends
find_ends (const PixelnormGeometry *geometry)
{
  const gboolean limited = geometry->range == PIXELNORM_RANGE_LIMITED;
  const guint shift = geometry->depth - 8;
  const guint n_channels = strlen (geometry->channels);

  return (Ends){ n_channels, strcmp (geometry->channels, "YUV") == 0 ? 1 : n_channels,
    limited ? 16u << shift : 0, limited ? 235u << shift : (1u << geometry->depth) - 1 };
}

static guint8
look_at_minimum (const gdouble *pixel, const Ends *ends)
{
  guint8 found = TOUCHED_BLACK;

  for (guint c = 0; c < ends->n_looked_at; c++) {
    if (pixel[c] > ends->black)
      found &= (guint8) ~TOUCHED_BLACK;
    if (pixel[c] >= ends->white)
      found |= STAYED_WHITE;
  }
  return found;
}

static guint8
look_at_maximum (const gdouble *pixel, const Ends *ends)
{
  guint8 found = STAYED_BLACK;

  for (guint c = 0; c < ends->n_looked_at; c++) {
    if (pixel[c] > ends->black)
      found &= (guint8) ~STAYED_BLACK;
    if (pixel[c] >= ends->white)
      found |= TOUCHED_WHITE;
  }
  return found;
}

static guint8
look_at_range (const gdouble *pixel, const Ends *ends)
{
  for (guint c = 0; c < ends->n_looked_at; c++)
    if (pixel[c] > 0)
      return MOVED;
  return 0;
}

static guint8
look_at_count (const gdouble *pixel, const Ends *ends)
{
  return pixel[0] > 0 ? SEEN : 0;
}

static const struct {
  PixelnormImage image;
  guint8 (*look) (const gdouble *pixel, const Ends *ends);
} looks[] = {
  { PIXELNORM_IMAGE_MIN, look_at_minimum },
  { PIXELNORM_IMAGE_MAX, look_at_maximum },
  { PIXELNORM_IMAGE_RANGE, look_at_range },
  { PIXELNORM_IMAGE_COUNT, look_at_count },
};

static Mark
choose_mark (guint8 known)
{
  if (!(known & SEEN))
    return MARK_UNCOUNTED;
  if (known & STAYED_WHITE)
    return MARK_ALWAYS_WHITE;
  if (known & STAYED_BLACK)
    return MARK_ALWAYS_BLACK;
  if (known & TOUCHED_WHITE)
    return MARK_SOMETIMES_WHITE;
  if (known & TOUCHED_BLACK)
    return MARK_SOMETIMES_BLACK;
  return known & MOVED ? MARK_VARIED : MARK_STILL;
}

guint8 *
marks_find (PixelnormProfile *profile, guint64 counts[N_MARKS], GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const gsize n_pixels = (gsize) geometry->width * geometry->height;
  const Ends ends = find_ends (geometry);
  g_autofree guint8 *found = g_try_malloc0 (n_pixels);

  if (!found) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for a map of %u x %u pixels.", geometry->width, geometry->height);
    return NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS (looks); i++) {
    /* one image of floating-point numbers at a time */
    g_autoptr (GBytes) bytes = pixelnorm_profile_get_image (profile, looks[i].image, error);
    const gdouble *samples = bytes ? g_bytes_get_data (bytes, NULL) : NULL;

    if (!bytes)
      return NULL;
    for (gsize p = 0; p < n_pixels; p++)
      found[p] |= looks[i].look (samples + p * ends.n_channels, &ends);
  }
  if (counts)
    memset (counts, 0, N_MARKS * sizeof *counts);
  for (gsize p = 0; p < n_pixels; p++) {
    found[p] = choose_mark (found[p]);
    if (counts)
      counts[found[p]]++;
  }
  return g_steal_pointer (&found);
}

static Picture *
paint_pixels (const guint8 *found, const PixelnormGeometry *geometry, guint shrink, GError **error)
{
  const guint width = (geometry->width + shrink - 1) / shrink;
  Picture *picture = picture_new (width, (geometry->height + shrink - 1) / shrink, 3, error);

  for (guint y = 0; picture && y < picture->height; y++)
    for (guint x = 0; x < width; x++) {
      guint8 first = N_MARKS - 1;

      for (guint row = y * shrink; row < MIN ((y + 1) * shrink, geometry->height); row++)
        for (guint column = x * shrink; column < MIN ((x + 1) * shrink, geometry->width); column++)
          first = MIN (first, found[(gsize) row * geometry->width + column]);
      memcpy (picture->pixels + ((gsize) y * width + x) * 3, marks[first].color, 3);
    }
  return picture;
}

/* "never varied 12.34 %" */
static gchar *
format_line (Mark mark, const guint64 *counts, gdouble n_pixels)
{
  return g_strdup_printf (
      "%s %.2f %%", marks[mark].name, 100.0 * (gdouble) counts[mark] / n_pixels);
}

static void
paint_legend (Picture *picture, guint y, guint dot, const guint64 *counts, gdouble n_pixels)
{
  const guint x = MARGIN * dot;

  for (guint m = 0; m < N_MARKS; m++) {
    g_autofree gchar *text = format_line (m, counts, n_pixels);

    if (counts[m] == 0)
      continue;
    picture_fill (picture, x, y, SWATCH * dot, SWATCH * dot, ink);
    picture_fill (
        picture, x + dot, y + dot, (SWATCH - 2) * dot, (SWATCH - 2) * dot, marks[m].color);
    font_draw (picture, x + (SWATCH + GAP) * dot, y + dot, text, dot, ink);
    y += LINE * dot;
  }
}

Picture *
marks_paint (PixelnormProfile *profile, guint zoom, guint shrink, gboolean bare, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  guint64 counts[N_MARKS];
  guint n_lines = 0;
  g_autofree guint8 *found = marks_find (profile, counts, error);
  g_autoptr (Picture) pixels = found ? paint_pixels (found, geometry, shrink, error) : NULL;

  if (!pixels)
    return NULL;
  g_autoptr (Picture) zoomed = picture_zoom (
      pixels, zoom ? zoom : figure_choose_zoom (pixels->width, pixels->height), error);
  if (!zoomed || bare)
    return g_steal_pointer (&zoomed);
  for (guint m = 0; m < N_MARKS; m++)
    n_lines += counts[m] > 0;

  const guint width = MAX (zoomed->width, FIGURE_MIN_WIDTH);
  const guint dot = figure_dot (width);
  Picture *picture =
      picture_new (width, zoomed->height + (2 * GAP + n_lines * LINE) * dot, 3, error);
  if (!picture)
    return NULL;
  picture_fill (picture, 0, 0, width, picture->height, background);
  picture_paste (picture, (width - zoomed->width) / 2, 0, zoomed);
  paint_legend (picture, zoomed->height + GAP * dot, dot, counts,
      (gdouble) geometry->width * geometry->height);
  return picture;
}
