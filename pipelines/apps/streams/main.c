/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelnorm-streams: many streams, a profile and a branch each, one consumer; in the spirit of deepstream-app, without any
 * hardware. Streams come and go while the others play: by commands on standard input, or by changing the file and sending
 * SIGHUP.
 *
 *   pixelnorm-streams FILE
 */
#include <glib-unix.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "app.h"

#define WHAT_IT_IS                                                                                     \
  "Normalizes many streams at once, each with its own profile, and hands the tensors of all to one "   \
  "consumer.\n\nFILE has groups [application] (interval, duration), [consumer] (caps, pipeline) and "  \
  "one [source NAME] a stream (uri or pattern, frames, live, caps, collect, and every property of "    \
  "pixelnorm).\n\nCommands on standard input: add NAME KEY=VALUE...; remove NAME; list; quit. SIGHUP " \
  "reads FILE again."

static const gchar *config_path;

/* Threads and frames come and go with their streams. glibc gives each thread a heap of its own, and a heap of which a part is in use
 * is not given back: with 16 streams of which one changes every tenth of a second, memory went from 96 to 213 MiB
 * within a minute. */
static void
limit_heaps (void)
{
#ifdef __GLIBC__
  mallopt (M_ARENA_MAX, 2);
  mallopt (M_MMAP_THRESHOLD, 128 << 10);
#endif
}

/* "add NAME key=value..." */
static void
run_command (App *app, const gchar *line)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_shell_parse_argv (line, NULL, &words, &error)) {
    if (!g_error_matches (error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
      g_printerr ("%s\n", error->message);
    return;
  }
  if (g_str_equal (words[0], "add") && words[1]) {
    StreamConfig *config = stream_config_new (words[1], (const gchar *const *) words + 2, &error);

    if (!config || !app_add (app, config, &error))
      g_printerr ("%s\n", error->message);
  } else if (g_str_equal (words[0], "remove") && words[1]) {
    if (!app_remove (app, words[1]))
      g_printerr ("There is no source %s.\n", words[1]);
  } else if (g_str_equal (words[0], "list")) {
    app_report (app);
  } else if (g_str_equal (words[0], "quit")) {
    g_main_loop_quit (app->loop);
  } else {
    g_printerr ("Expected add NAME KEY=VALUE..., remove NAME, list or quit; found: %s\n", line);
  }
}

static gboolean
read_command (GIOChannel *channel, GIOCondition condition, gpointer app)
{
  g_autofree gchar *line = NULL;
  gsize end;

  if (g_io_channel_read_line (channel, &line, NULL, &end, NULL) != G_IO_STATUS_NORMAL)
    return G_SOURCE_REMOVE;
  line[end] = 0;
  run_command (app, line);
  return G_SOURCE_CONTINUE;
}

static gboolean
reload (gpointer app)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AppConfig) config = app_config_load (config_path, &error);

  if (config)
    app_follow (app, config);
  else
    g_printerr ("%s What was before goes on.\n", error->message);
  return G_SOURCE_CONTINUE;
}

static gboolean
quit (gpointer app)
{
  g_main_loop_quit (((App *) app)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
report (gpointer app)
{
  app_report (app);
  return G_SOURCE_CONTINUE;
}

static void
run (App *app)
{
  GIOChannel *input = g_io_channel_unix_new (0);
  const guint sources[] = {
    g_io_add_watch (input, G_IO_IN | G_IO_HUP, read_command, app),
    g_unix_signal_add (SIGHUP, reload, app),
    g_unix_signal_add (SIGINT, quit, app),
    g_unix_signal_add (SIGTERM, quit, app),
  };

  if (app->config->interval)
    g_timeout_add_seconds (app->config->interval, report, app);
  if (app->config->duration)
    g_timeout_add_seconds (app->config->duration, quit, app);
  g_main_loop_run (app->loop);
  for (guint i = 1; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  g_io_channel_unref (input);
}

/* Returns the exit status: 0, or 1 where something went wrong for all streams. */
static int
run_file (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AppConfig) config = app_config_load (path, &error);
  App app = { 0 };

  if (!config || !app_start (&app, config, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  app_follow (&app, config);
  if (app.config->duration > 0 || g_hash_table_size (app.streams) > 0)
    run (&app);
  app_stop (&app);
  return app.failed || app.n_added == 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("FILE");
  g_autoptr (GError) error = NULL;

  limit_heaps ();
  g_option_context_set_summary (context, WHAT_IT_IS);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  if (argc != 2) {
    g_autofree gchar *help = g_option_context_get_help (context, TRUE, NULL);

    g_printerr ("%s", help);
    return 2;
  }
  config_path = argv[1];
  return run_file (config_path);
}
