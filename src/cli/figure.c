/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A figure: the values of a frame's pixels in the colours of the map, from 0 to a top value, and
 * below them a scale bar with tick labels and a title.
 *
 *   +----------------+
 *   |  the pixels    |   from the upper edge, centred, zoomed by a whole number
 *   |                |
 *   +----------------+
 *    [==============]    the colours, left to right
 *    '    '    '    '    a tick at 0, at round numbers and at the top
 *    0    5   10   13.2
 *    standard deviation, code values
 *
 * The legend grows with the figure, so that it can be read when a large picture is looked at as a
 * whole. A figure is never narrower than the title needs.
 */
#include "figure.h"

#include "colormap.h"
#include "font.h"

#include <math.h>
#include <string.h>

/* Measures of the legend, in dots of its letters. */
#define MARGIN 14
#define GAP 6
#define BAR_HEIGHT 10
#define TICK_HEIGHT 3
#define LABEL_GAP 3
#define LEGEND_HEIGHT                                                                              \
  (GAP + BAR_HEIGHT + TICK_HEIGHT + LABEL_GAP + FONT_HEIGHT + LABEL_GAP + FONT_HEIGHT + GAP)

/* A frame that is narrow and high is not zoomed beyond this height. */
#define MAX_ZOOMED_HEIGHT 1024

static const guint8 background[] = { 255, 255, 255 };
static const guint8 ink[] = { 0, 0, 0 };

typedef struct {
  Picture *picture;
  guint x;          /* where the bar begins */
  guint width;      /* of the bar */
  guint y;          /* of the ticks' upper ends */
  guint dot;        /* pixels a dot of a letter */
  gdouble top;      /* the value at the bar's right end */
  gboolean clipped; /* whether there are values above it */
  guint top_label;  /* where the label of the top begins */
} Scale;

/* The pixels of a dot of a letter: one in figures of up to 600 pixels, another for every 400 more. */
guint
figure_dot (guint width)
{
  return MAX ((width + 200) / 400, 1);
}

/* The smallest zoom that makes a figure of the least width. */
guint
figure_choose_zoom (guint width, guint height)
{
  const guint wanted = (FIGURE_MIN_WIDTH + width - 1) / width;
  const guint allowed = MAX (MAX_ZOOMED_HEIGHT / height, 1);

  return MIN (wanted, allowed);
}

static gdouble
values_max (const gdouble *values, gsize n_values)
{
  gdouble max = 0.0;

  for (gsize i = 0; i < n_values; i++)
    max = MAX (max, values[i]);
  return max;
}

/* 1, 2 or 5 times a power of ten, such that about five steps make @top. */
static gdouble
scale_choose_step (gdouble top)
{
  const gdouble power = pow (10.0, floor (log10 (top / 5.0)));
  const gdouble fraction = top / 5.0 / power;

  return power * (fraction < 1.5 ? 1.0 : fraction < 3.5 ? 2.0 : fraction < 7.5 ? 5.0 : 10.0);
}

/* Text for @value with the decimals that a number of the size of @like needs for @digits
 * significant digits. Twelve decimals always suffice: of at most 2^32 frames one that differs by 1
 * makes a deviation of 2^-16, 9e-6 when pooled with two channels that do not vary. */
static gchar *
format_value (gdouble value, gdouble like, gint digits)
{
  /* what is lost in log10 (0.001) must not cost a decimal */
  const gint decimals = CLAMP (digits - 1 - (gint) floor (log10 (like) + 1e-9), 0, 12);
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  gchar format[8];

  g_snprintf (format, sizeof format, "%%.%df", decimals);
  return g_strdup (g_ascii_formatd (text, sizeof text, format, value));
}

/* 3.00 becomes 3, and 12.50 becomes 12.5 */
static void
strip_zeros (gchar *text)
{
  gchar *end = text + strlen (text);

  if (!strchr (text, '.'))
    return;
  while (end[-1] == '0')
    *--end = '\0';
  if (end[-1] == '.')
    end[-1] = '\0';
}

static void
scale_paint_bar (const Scale *scale)
{
  const guint y = scale->y - BAR_HEIGHT * scale->dot;

  for (guint i = 0; i < scale->width; i++) {
    guint8 color[3];

    colormap_get ((i + 0.5) / scale->width, color);
    picture_fill (scale->picture, scale->x + i, y, 1, BAR_HEIGHT * scale->dot, color);
  }
}

/* Where a label centred below the tick at @value begins; it stays inside of the picture. */
static guint
scale_place_label (const Scale *scale, gdouble value, const gchar *label, guint *tick)
{
  const guint width = font_measure (label, scale->dot);
  const guint last = scale->picture->width - width - scale->dot;
  guint centre;

  *tick = scale->x + (guint) lrint (value / scale->top * (scale->width - scale->dot));
  centre = *tick + scale->dot / 2;
  return MIN (centre > width / 2 + scale->dot ? centre - width / 2 : scale->dot, last);
}

/* Round numbers, from 0, and last @top. */
void
figure_each_tick (gdouble top, FigureTick tick, gpointer data)
{
  const gdouble step = scale_choose_step (top);
  g_autofree gchar *end = format_value (top, top, 3);

  for (guint i = 0; i * step < top; i++) {
    g_autofree gchar *round = i == 0 ? g_strdup ("0") : format_value (i * step, step, 1);

    tick (i * step, round, data);
  }
  strip_zeros (end);
  tick (top, end, data);
}

/* Paints tick and label, unless the label would come closer than a letter to that of the top, which is there always. */
static void
scale_paint_tick (gdouble value, const gchar *label, gpointer data)
{
  const Scale *scale = data;
  const gboolean is_top = value == scale->top;
  g_autofree gchar *text = g_strconcat (label, is_top && scale->clipped ? "+" : NULL, NULL);
  guint tick;
  const guint x = scale_place_label (scale, value, text, &tick);

  if (!is_top && x + font_measure (text, scale->dot) + 6 * scale->dot > scale->top_label)
    return;
  picture_fill (scale->picture, tick, scale->y, scale->dot, TICK_HEIGHT * scale->dot, ink);
  font_draw (
      scale->picture, x, scale->y + (TICK_HEIGHT + LABEL_GAP) * scale->dot, text, scale->dot, ink);
}

static void
scale_find_top (gdouble value, const gchar *label, gpointer data)
{
  Scale *scale = data;
  g_autofree gchar *text = g_strconcat (label, scale->clipped ? "+" : NULL, NULL);
  guint tick;

  scale->top_label = scale_place_label (scale, value, text, &tick);
}

static Picture *
paint_values (const FigureSpec *spec, gdouble top, GError **error)
{
  Picture *picture = picture_new (spec->width, spec->height, 3, error);
  const gsize n_values = (gsize) spec->width * spec->height;

  for (gsize i = 0; picture && i < n_values; i++)
    colormap_get (spec->values[i] / top, picture->pixels + i * 3);
  return picture;
}

gdouble
figure_top (const FigureSpec *spec)
{
  const gdouble max = values_max (spec->values, (gsize) spec->width * spec->height);

  return spec->top > 0.0 ? spec->top : max > 0.0 ? max : 1.0;
}

/* @pixels with the legend below them. */
static Picture *
add_legend (const FigureSpec *spec, gdouble top, const Picture *pixels, GError **error)
{
  const guint width = MAX (pixels->width, FIGURE_MIN_WIDTH);
  const guint dot = figure_dot (width);
  Picture *picture = picture_new (width, pixels->height + LEGEND_HEIGHT * dot, 3, error);

  if (!picture)
    return NULL;
  Scale scale = { .picture = picture,
    .x = MARGIN * dot,
    .width = width - 2 * MARGIN * dot,
    .y = pixels->height + (GAP + BAR_HEIGHT) * dot,
    .dot = dot,
    .top = top,
    .clipped = values_max (spec->values, (gsize) spec->width * spec->height) > top };

  picture_fill (picture, 0, 0, width, picture->height, background);
  picture_paste (picture, (width - pixels->width) / 2, 0, pixels);
  scale_paint_bar (&scale);
  figure_each_tick (top, scale_find_top, &scale); /* the last is the top */
  figure_each_tick (top, scale_paint_tick, &scale);
  font_draw (picture, scale.x, scale.y + (TICK_HEIGHT + LABEL_GAP + FONT_HEIGHT + LABEL_GAP) * dot,
      spec->title, dot, ink);
  return picture;
}

Picture *
figure_new (const FigureSpec *spec, GError **error)
{
  const gdouble top = figure_top (spec);
  const guint zoom = spec->zoom ? spec->zoom : figure_choose_zoom (spec->width, spec->height);
  g_autoptr (Picture) pixels = paint_values (spec, top, error);
  g_autoptr (Picture) zoomed = pixels ? picture_zoom (pixels, zoom, error) : NULL;

  if (!zoomed || spec->bare)
    return g_steal_pointer (&zoomed);
  return add_legend (spec, top, zoomed, error);
}
