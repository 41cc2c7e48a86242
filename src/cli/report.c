/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile report: all about a profile on one HTML page. */
#include "cli.h"
#include "report-page.h"

#include <stdio.h>
#include <string.h>

#define EXTENSION ".html"

static const gchar description[] =
    "The page shows what was collected; the mean, deviation and range images, and a map of unchanging and\n"
    "saturated pixels; statistics and a histogram for each channel; how uneven the light is; how much of\n"
    "the data 8-bit video would clip; and which method and scope suit the data and why, with a line for\n"
    "gst-launch-1.0. It is a single file that needs no network, for a screen, a phone or paper.\n"
    "\n"
    "With a histogram (pixelstats histogram=true, or collect --histogram) the page says more. With scope\n"
    "channel it has no pictures.\n"
    "\n"
    "Without --output, the report of lobby.safetensors is lobby.html in the current directory. An existing\n"
    "file is kept unless --force is given. The name of the written file is printed.\n"
    "\n"
    "Exit status: 0 if the page was written, 1 if the profile could not be read or the page could not be\n"
    "written, 2 if the command line is wrong.\n"
    "\n"
    "Example:\n"
    "  pixelprofile report --output=/srv/www/lobby.html lobby.safetensors\n";

/* The name of the page where none is given. */
static gchar *
choose_target (const gchar *path)
{
  gchar *name = g_path_get_basename (path);

  if (g_str_has_suffix (name, ".safetensors"))
    name[strlen (name) - strlen (".safetensors")] = '\0';
  gchar *target = g_strconcat (name, EXTENSION, NULL);
  g_free (name);
  return target;
}

static int
write_report (const gchar *path, const gchar *target)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (path, &error);
  gchar *page = profile ? report_page_new (profile, path, &error) : NULL;

  if (!page)
    return cli_fail (CLI_FAILED, "%s", error->message);
  g_autoptr (GBytes) bytes = g_bytes_new_take (page, strlen (page));
  if (!cli_write_file (target, bytes, &error))
    return cli_fail (CLI_FAILED, "%s", error->message);
  puts (target);
  return CLI_OK;
}

static int
report (gchar **paths, const gchar *output, gboolean force)
{
  g_autofree gchar *target = NULL;

  if (!paths)
    return cli_fail_usage ("Expected the FILE of a profile, found none.");
  if (paths[1])
    return cli_fail_usage ("Expected one FILE, found \"%s\" after \"%s\"; report them one by one.",
        paths[1], paths[0]);
  if (output && !*output)
    return cli_fail_usage ("Expected a file after --output, found nothing.");
  target = output ? g_strdup (output) : choose_target (paths[0]);
  if (cli_check_target (target, force) != CLI_OK)
    return CLI_FAILED;
  return write_report (paths[0], target);
}

static int
report_run (int argc, char **argv)
{
  gboolean force = FALSE;
  g_autofree gchar *output = NULL;
  g_auto (GStrv) paths = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "File to write", "FILE.html" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &force, "Overwrite a file that exists", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context =
      cli_context_new ("FILE", "Makes an HTML page about a profile.", description, entries);

  return cli_parse (context, entries, &argc, &argv) ? report (paths, output, force) : CLI_USAGE;
}

const CliCommand cli_report = { "report", "Make an HTML page about a profile", report_run };
