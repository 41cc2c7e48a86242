/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every command that compares profiles has, so that two of them say the same of the same profiles. */
#include "diff-common.h"

#include "cli.h"

/* Returns: CLI_OK, or CLI_USAGE, and it was said why */
int
diff_settings_check (const DiffSettings *settings)
{
  /* written so that a NaN fails */
  if (!(settings->limit >= 0.0 && settings->limit <= G_MAXFLOAT))
    return cli_fail_usage ("Expected --limit of 0 or more deviations, found %g.", settings->limit);
  if (!(settings->share >= 0.0 && settings->share <= 1.0))
    return cli_fail_usage ("Expected --share from 0 to 1, found %g.", settings->share);
  if (!(settings->min_deviation >= 1e-3 && settings->min_deviation <= 65535.0))
    return cli_fail_usage ("Expected --min-deviation from 0.001 to 65535 code values, found %g.",
        settings->min_deviation);
  return CLI_OK;
}

/* Whether the profiles, which have these names in @error, can be compared at all. */
gboolean
diff_check_fit (PixelnormProfile *a, PixelnormProfile *b, const gchar *name_a, const gchar *name_b,
    GError **error)
{
  const PixelnormGeometry *first = pixelnorm_profile_get_geometry (a);
  const PixelnormGeometry *second = pixelnorm_profile_get_geometry (b);

  /* the side of any size goes first */
  return second->width == 0 ? pixelnorm_geometry_check (second, first, name_b, name_a, error)
                            : pixelnorm_geometry_check (first, second, name_a, name_b, error);
}

/* Warns where colours have shifted by the profiles' matrices alone. The first name begins a sentence. */
void
diff_compare_matrices (
    PixelnormProfile *a, PixelnormProfile *b, const gchar *name_a, const gchar *name_b)
{
  const gchar *first = pixelnorm_profile_get_geometry (a)->matrix;
  const gchar *second = pixelnorm_profile_get_geometry (b)->matrix;

  if (g_strcmp0 (first, second) != 0)
    cli_fail (CLI_OK,
        "Warning: %s was made with the matrix %s, %s with %s; that alone shifts colours.", name_a,
        first ? first : "none", name_b, second ? second : "none");
}

gdouble
diff_row_share (const DiffRow *row)
{
  return row->n_compared ? (gdouble) row->n_beyond / row->n_compared : 0.0;
}

/* The row of all channels together. */
const DiffRow *
diff_all (const Diff *diff)
{
  return &diff->rows[diff->n_channels];
}

gboolean
diff_is_beyond (const Diff *diff, const DiffSettings *settings)
{
  return diff_row_share (diff_all (diff)) > settings->share;
}

/* @profile: either side. Returns: (transfer full): the name of a row */
gchar *
diff_row_name (const Diff *diff, PixelnormProfile *profile, guint row)
{
  return row == diff->n_channels ? g_strdup ("all")
                                 : g_strndup (pixelnorm_profile_get_channels (profile) + row, 1);
}

static json_t *
row_to_json (const Diff *diff, const DiffRow *row)
{
  json_t *place = diff->per_pixel ? json_pack ("[i, i]", (int) row->x, (int) row->y) : json_null ();

  if (row->n_compared == 0) {
    json_decref (place);
    return json_null ();
  }
  return json_pack ("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:f, s:f, s:f, s:I, s:I, s:f}", "mean_a",
      row->mean_a, "mean_b", row->mean_b, "deviation_a", row->deviation_a, "deviation_b",
      row->deviation_b, "shift", row->shift, "largest", row->largest, "largest_at", place, "ratio",
      row->ratio, "ratio_lowest", row->ratio_lowest, "ratio_highest", row->ratio_highest,
      "compared", (json_int_t) row->n_compared, "beyond", (json_int_t) row->n_beyond,
      "share_beyond", diff_row_share (row));
}

/* All figures, without what the profiles are called. @profile: either side */
json_t *
diff_to_json (const Diff *diff, const DiffSettings *settings, PixelnormProfile *profile)
{
  json_t *rows = json_object ();

  for (guint i = 0; i <= diff->n_channels; i++) {
    g_autofree gchar *name = diff_row_name (diff, profile, i);

    json_object_set_new (rows, name, row_to_json (diff, &diff->rows[i]));
  }
  return json_pack ("{s:s, s:f, s:f, s:f, s:b, s:f, s:o}", "scope",
      diff->per_pixel ? "pixel" : "channel", "limit", settings->limit, "share", settings->share,
      "min_deviation", settings->min_deviation, "beyond_limit", diff_is_beyond (diff, settings),
      "share_beyond", diff_row_share (diff_all (diff)), "channels", rows);
}
