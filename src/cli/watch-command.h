/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that pixelprofile watch runs, one at a time. */
#pragma once

#include <glib.h>

/**
 * WatchCommand:
 * @line: for the shell, or %NULL
 * @pid: of the shell while it runs, else 0
 */
typedef struct {
  const gchar *line;
  GPid pid;
} WatchCommand;

void watch_command_start (WatchCommand *self, const gchar *input);
void watch_command_look (WatchCommand *self);
void watch_command_wait (WatchCommand *self, guint seconds);
