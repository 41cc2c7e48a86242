/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile, the command for profiles: finds the command that is asked for in a table
 * and runs it. A new command is a file that defines a CliCommand, a declaration in cli.h and a row
 * here.
 */
#include "cli.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const CliCommand *const commands[] = {
  &cli_collect,
  &cli_info,
  &cli_verify,
  &cli_merge,
  &cli_render,
  &cli_diff,
  &cli_report,
  &cli_export,
  &cli_watch,
};

static void
print_help (void)
{
  g_print (
      "Usage:\n"
      "  pixelprofile COMMAND [OPTION...] FILE...\n"
      "\n"
      "Makes, checks, shows, compares and exports profiles. A profile holds exact statistics of every\n"
      "pixel of a video or a set of images; the GStreamer element pixelstats saves them, too.\n"
      "\n"
      "Commands:\n");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-9s %s\n", commands[i]->name, commands[i]->summary);
  g_print (
      "\n"
      "Options:\n"
      "  -h, --help     Show this help\n"
      "  --version      Show the version\n"
      "\n"
      "\"pixelprofile COMMAND --help\" explains a command.\n"
      "\n"
      "Exit status: 0 if all went well, 1 if a profile could not be read or output could not be\n"
      "written, 2 if the command line is wrong, 3 if collect left out files. diff and watch have\n"
      "their own.\n");
}

static gchar *
list_commands (void)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", commands[i]->name);
  return g_string_free (list, FALSE);
}

static int
run_command (int argc, char **argv)
{
  g_autofree gchar *list = list_commands ();

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (strcmp (argv[0], commands[i]->name) == 0) {
      g_autofree gchar *name = g_strdup_printf ("pixelprofile %s", argv[0]);

      g_set_prgname (name);
      return commands[i]->run (argc, argv);
    }
  }
  return cli_fail_usage ("Expected a command (%s) first, found \"%s\".", list, argv[0]);
}

static int
run (int argc, char **argv)
{
  g_autofree gchar *list = list_commands ();

  if (argc < 2)
    return cli_fail_usage ("Expected a command (%s), found nothing.", list);
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)
    print_help ();
  else if (strcmp (argv[1], "--version") == 0)
    g_print ("pixelprofile %s\n", PIXELNORM_VERSION);
  else
    return run_command (argc - 1, argv + 1);
  return CLI_OK;
}

/* What is closed is opened to nowhere: else a message would go into whatever file gets its number. It is opened for
 * reading only, so that cli_flush() sees that output is lost. */
static void
open_standard_streams (void)
{
  int fd;

  do
    fd = open ("/dev/null", O_RDONLY);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO)
    close (fd);
}

int
main (int argc, char **argv)
{
  int status;

  open_standard_streams ();
  /* a limit on the size of files is then an error like a full disk */
  signal (SIGXFSZ, SIG_IGN);
  /* names of files in the user's encoding; numbers and messages as everywhere else */
  setlocale (LC_CTYPE, "");
  g_set_prgname ("pixelprofile");

  status = run (argc, argv);
  /* a full disk behind "pixelprofile info > file" must not look like success */
  return status == CLI_OK ? cli_flush (CLI_FAILED) : status;
}
