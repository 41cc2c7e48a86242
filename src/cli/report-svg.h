/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Histograms as inline SVG. */
#pragma once

#include "facts.h"

/* Appends the histogram of a channel, which the profile has, to a page. */
void report_svg_histogram (
    GString *page, PixelnormProfile *profile, const Facts *facts, guint channel);

/* Appends a label below a scale of the page, at that share of its width. */
void report_add_tick (GString *page, gdouble share, const gchar *label);
