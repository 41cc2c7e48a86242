/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of pixelprofile share: exit statuses, options, messages. */
#pragma once

#include <pixelnorm/pixelnorm.h>

enum {
  CLI_OK = 0,
  CLI_FAILED = 1, /* a profile could not be read, or output not written */
  CLI_USAGE = 2,  /* the command line asks for something that cannot be */
  CLI_PARTLY = 3  /* output was written, but some input is not in it */
};

/**
 * CliCommand:
 * @name: the word on the command line
 * @summary: one line for the list of commands
 * @run: gets what follows the program's name, so that argv[0] is @name, and returns an exit status
 *
 * One command. Its file ends with the definition, and pixelprofile.c lists it.
 */
typedef struct {
  const gchar *name;
  const gchar *summary;
  int (*run) (int argc, char **argv);
} CliCommand;

extern const CliCommand cli_collect;
extern const CliCommand cli_diff;
extern const CliCommand cli_export;
extern const CliCommand cli_info;
extern const CliCommand cli_merge;
extern const CliCommand cli_render;
extern const CliCommand cli_report;
extern const CliCommand cli_verify;
extern const CliCommand cli_watch;

GOptionContext *cli_context_new (const gchar *parameters, const gchar *summary,
    const gchar *description, const GOptionEntry *entries);
gboolean cli_parse (GOptionContext *context, const GOptionEntry *entries, int *argc, char ***argv);
int cli_fail (int status, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
int cli_fail_usage (const gchar *format, ...) G_GNUC_PRINTF (1, 2);
int cli_check_target (const gchar *target, gboolean force);
int cli_check_profile_target (const gchar *target, gboolean force);
gboolean cli_save_profile (
    PixelnormProfile *profile, const gchar *target, gboolean force, GError **error);
gboolean cli_write_file (const gchar *path, GBytes *bytes, GError **error);
int cli_flush (int status);
const gchar *cli_find_too_few (PixelnormProfile *profile);
gchar *cli_count (guint64 n, const gchar *noun);
gchar *cli_clean_text (const gchar *text);
