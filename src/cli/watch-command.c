/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that pixelprofile watch runs. It gets a line on its standard input, and nobody waits for it but at the end. What it
 * prints goes to standard error, since a reader of standard output expects lines of the watch alone.
 */
#include "watch-command.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

#define LOOK_MILLISECONDS 20

/* The line fits into a pipe (64 KiB), so nothing waits here. A command that does not read it is none the worse. */
static void
hand_over (int fd, const gchar *input)
{
  g_autofree gchar *line = g_strconcat (input, "\n", NULL);

  if (write (fd, line, strlen (line)) < 0 && errno != EPIPE)
    cli_fail (
        CLI_OK, "Warning: The command of --on-drift did not get its line: %s.", g_strerror (errno));
  close (fd);
}

void
watch_command_start (WatchCommand *self, const gchar *input)
{
  g_autofree gchar *script = g_strconcat ("exec >&2\n", self->line, NULL);
  gchar *words[] = { "/bin/sh", "-c", script, NULL };
  g_autoptr (GError) error = NULL;
  int fd;

  if (!self->line)
    return;
  watch_command_look (self);
  if (self->pid)
    cli_fail (CLI_OK, "Warning: The command of --on-drift still runs, and is not started again.");
  else if (g_spawn_async_with_pipes (NULL, words, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
               &self->pid, &fd, NULL, NULL, &error))
    hand_over (fd, input);
  else
    cli_fail (CLI_OK, "Warning: The command of --on-drift was not started: %s", error->message);
}

/* Whether it has ended, and how. */
void
watch_command_look (WatchCommand *self)
{
  int status;

  if (!self->pid || waitpid (self->pid, &status, WNOHANG) != self->pid)
    return;
  self->pid = 0;
  if (WIFSIGNALED (status))
    cli_fail (
        CLI_OK, "Warning: The command of --on-drift was ended by signal %d.", WTERMSIG (status));
  else if (WEXITSTATUS (status) != 0)
    cli_fail (
        CLI_OK, "Warning: The command of --on-drift ended with status %d.", WEXITSTATUS (status));
}

void
watch_command_wait (WatchCommand *self, guint seconds)
{
  const gint64 end = g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND;

  for (watch_command_look (self); self->pid && g_get_monotonic_time () < end;
       watch_command_look (self))
    g_usleep (LOOK_MILLISECONDS * 1000);
  if (self->pid)
    cli_fail (CLI_OK, "Warning: The command of --on-drift still runs after %u seconds.", seconds);
}
