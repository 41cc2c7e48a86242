/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which method and scope suit a profile's data, and why. */
#pragma once

#include "facts.h"

#define ADVICE_DEFAULT_FLOOR 1.0 /* of pixelnorm */

/* What is advised, whatever the data */
#define ADVICE_METHOD PIXELNORM_METHOD_ZSCORE
#define ADVICE_SCOPE PIXELNORM_SCOPE_CHANNEL
#define ADVICE_SETTING "method=zscore scope=channel" /* in words of pixelnorm's properties */

typedef struct {
  GPtrArray *reasons;  /* sentences that led to it */
  GPtrArray *warnings; /* sentences of what to mind with it */
  gchar *beside;       /* nullable: another setting that is worth a try */
  gchar *beside_when;  /* when that may be the better one; set where @beside is */
  gdouble pixel_floor; /* min-deviation of scope pixel */
} Advice;

/* Makes the clippings of @facts, too: those with the floors of the settings above. */
gboolean advice_find (Advice *advice, Facts *facts, PixelnormProfile *profile, GError **error);
void advice_clear (Advice *advice);

/* A line for a shell that normalizes with the profile at @path. Transfer full. */
gchar *advice_launch_line (PixelnormProfile *profile, const gchar *path);
