/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which method and scope suit a profile's data, and why. */
#pragma once

#include "facts.h"

#define ADVICE_DEFAULT_FLOOR 1.0 /* of pixelnorm */

typedef struct {
  PixelnormMethod method;
  PixelnormScope scope;
  const gchar *method_name, *scope_name;
  gdouble min_deviation;
  GPtrArray *reasons;  /* sentences that led to it */
  GPtrArray *warnings; /* sentences of what to mind */
} Advice;

/* Makes the clippings of @facts, too: those with the floor that is advised. */
gboolean advice_find (Advice *advice, Facts *facts, PixelnormProfile *profile, GError **error);
void advice_clear (Advice *advice);

/* The words of pixelnorm's properties for it. Transfer full. */
gchar *advice_setting (const Advice *advice);

/* A line for a shell that normalizes with the profile at @path. Transfer full. */
gchar *advice_launch_line (const Advice *advice, PixelnormProfile *profile, const gchar *path);
