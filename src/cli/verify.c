/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile verify: whether files are sound profiles. To load one is to verify it wholly; here that is
 * all that is done. */
#include "cli.h"

static const gchar description[] =
    "Every file is read from the first byte to the last and checked against all rules of docs/format.md:\n"
    "the structure, the digest of the whole file (so that any changed bit is found), the identity, and\n"
    "for every sample whether its count, sum, sum of squares, minimum and maximum can be those of a set\n"
    "of code values. For each sound file a line is printed:\n"
    "  FILE: sound, N frames, identity ...\n"
    "Faults are reported on standard error, one line for each file. All files are checked.\n"
    "\n"
    "Exit status: 0 if every file is sound, 1 if one is not or cannot be read, 2 if the command line is\n"
    "wrong.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile verify *.safetensors\n"
    "  pixelprofile verify --quiet gate.safetensors && ./start-camera\n";

static int
verify_files (gchar **paths, gboolean quiet)
{
  int status = CLI_OK;

  for (guint i = 0; paths[i]; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (paths[i], &error);

    if (!profile) {
      status = cli_fail (CLI_FAILED, "%s", error->message);
    } else if (!quiet) {
      g_autofree gchar *shown = g_filename_display_name (paths[i]);
      g_autofree gchar *name = cli_clean_text (shown);

      g_autofree gchar *frames = cli_count (pixelnorm_profile_get_frames (profile), "frame");

      g_print (
          "%s: sound, %s, identity %s\n", name, frames, pixelnorm_profile_get_identity (profile));
    }
  }
  return status;
}

static int
verify_run (int argc, char **argv)
{
  gboolean quiet = FALSE;
  g_auto (GStrv) paths = NULL;
  const GOptionEntry entries[] = {
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Print nothing about sound files", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = cli_context_new ("FILE...",
      "Reads profiles completely and says whether they are sound.", description, entries);

  if (!cli_parse (context, entries, &argc, &argv))
    return CLI_USAGE;
  if (!paths)
    return cli_fail_usage ("Expected the FILE of a profile, found none.");
  return verify_files (paths, quiet);
}

const CliCommand cli_verify = { "verify", "Check that profiles are sound", verify_run };
