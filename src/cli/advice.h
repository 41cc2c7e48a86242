/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which method and scope suit a profile's data, and why. */
#pragma once

#include "facts.h"

typedef struct {
  PixelnormMethod method;
  PixelnormScope scope;
  const gchar *method_name, *scope_name;
  gdouble min_deviation; /* 0: the default */
  GPtrArray *reasons;    /* sentences that led to it */
  GPtrArray *warnings;   /* sentences of what to mind */
} Advice;

void advice_find (Advice *advice, const Facts *facts, PixelnormProfile *profile);
void advice_clear (Advice *advice);

/* A line for a shell that normalizes with the profile at @path. Transfer full. */
gchar *advice_launch_line (const Advice *advice, PixelnormProfile *profile, const gchar *path);
