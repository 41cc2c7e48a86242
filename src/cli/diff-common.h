/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every command that compares profiles has: options, their limits, and how figures are told. */
#pragma once

#include "diff-measure.h"

#include <jansson.h>

#define DIFF_SETTINGS_DEFAULT                                                                      \
  {                                                                                                \
    .limit = 3.0, .share = 0.01, .min_deviation = 1.0                                              \
  }

/* Rows of a table of GOptionEntry that fill @settings, a DiffSettings. */
#define DIFF_SETTINGS_ENTRIES(settings)                                                            \
  { "limit", 'l', 0, G_OPTION_ARG_DOUBLE, &(settings).limit,                                       \
    "How many deviations a pixel may shift (default: 3)", "DEVIATIONS" },                          \
      { "share", 's', 0, G_OPTION_ARG_DOUBLE, &(settings).share,                                   \
        "Share of the pixels that may shift by more, 0 to 1 (default: 0.01)", "SHARE" },           \
  {                                                                                                \
    "min-deviation", 0, 0, G_OPTION_ARG_DOUBLE, &(settings).min_deviation,                         \
        "Smallest divisor, in code values (default: 1)", "VALUE"                                   \
  }

int diff_settings_check (const DiffSettings *settings);
gboolean diff_check_fit (PixelnormProfile *a, PixelnormProfile *b, const gchar *name_a,
    const gchar *name_b, GError **error);
void diff_compare_matrices (
    PixelnormProfile *a, PixelnormProfile *b, const gchar *name_a, const gchar *name_b);
gdouble diff_row_share (const DiffRow *row);
const DiffRow *diff_all (const Diff *diff);
gboolean diff_is_beyond (const Diff *diff, const DiffSettings *settings);
gchar *diff_row_name (const Diff *diff, PixelnormProfile *profile, guint row);
json_t *diff_to_json (const Diff *diff, const DiffSettings *settings, PixelnormProfile *profile);
