/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: the processes that read, and the one that hands out work and joins what they
 * found. A process, not a thread, so that a decoder that crashes or leaks cannot take all with it, and
 * so that decoders that lock do not wait for each other. They are forked before anything else has made
 * a thread, and talk over a pair of sockets each, a message at a time.
 *
 * In scope pixel without a size, the first input whose frames can be read says how large all must be.
 * Until that is known only one input is being read, so that it does not depend on who is faster.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "collect.h"

#define PROGRESS_INTERVAL (G_USEC_PER_SEC / 5)

typedef struct {
  pid_t pid; /* 0: gone */
  int socket;
  gint input; /* that is being read; -1: none */
  gboolean ready, finished;
  guint64 frames; /* of that input so far */
  gchar *partial; /* file with what it collected */
} Member;

typedef struct {
  const CollectSettings *settings;
  GPtrArray *inputs;
  Member *members;
  guint n_members, n_running;
  guint next;          /* input */
  guint width, height; /* of all frames, where that matters and is known */
  guint64 frames, skipped;
  CollectResult *result;
  gboolean terminal, failed;
  gint64 begun, shown;
} Pool;

static const CollectInput *
get_input (Pool *pool, gint index)
{
  return g_ptr_array_index (pool->inputs, (guint) index);
}

static void
clear_progress (Pool *pool)
{
  if (pool->terminal)
    g_printerr ("\r\033[K");
}

static void
show_progress (Pool *pool)
{
  const gint64 now = g_get_monotonic_time ();
  guint64 frames = pool->frames;

  if (!pool->terminal || now - pool->shown < PROGRESS_INTERVAL)
    return;
  pool->shown = now;
  for (guint i = 0; i < pool->n_members; i++)
    frames += pool->members[i].frames;
  g_printerr ("\r\033[K%u of %u files, %" G_GUINT64_FORMAT " frames, %.0f frames/s, %u left out",
      pool->result->n_good + pool->result->n_broken, pool->inputs->len, frames,
      (gdouble) frames * G_USEC_PER_SEC / (gdouble) MAX (now - pool->begun, 1),
      pool->result->n_broken);
}

static void
fail (Pool *pool, const gchar *text)
{
  if (pool->failed)
    return;
  pool->failed = TRUE;
  clear_progress (pool);
  cli_fail (CLI_FAILED, "%s", text);
}

/* In the new process; does not return. */
static void
become_worker (Pool *pool, Member *member, pid_t parent)
{
  /* others' sockets would keep them from seeing the end */
  for (Member *other = pool->members; other < member; other++)
    close (other->socket);
  /* nobody waits for what a worker finds when the pool was killed */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (1);
  collect_worker_run (pool->settings, pool->inputs, member->socket, member->partial);
}

static gboolean
start_member (Pool *pool, Member *member)
{
  const pid_t parent = getpid ();
  int sockets[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
    return FALSE;
  const pid_t pid = fork ();
  if (pid == 0) {
    close (sockets[0]);
    member->socket = sockets[1];
    become_worker (pool, member, parent);
  }
  close (sockets[1]);
  if (pid < 0) {
    close (sockets[0]);
    return FALSE;
  }
  member->socket = sockets[0];
  member->pid = pid;
  pool->n_running++;
  return TRUE;
}

static void
end_member (Pool *pool, Member *member)
{
  int status = 0;

  close (member->socket);
  waitpid (member->pid, &status, 0);
  member->pid = 0;
  pool->n_running--;
  if (member->finished || pool->failed)
    return;
  g_autofree gchar *how = WIFSIGNALED (status)
      ? g_strdup_printf (
          "was ended by signal %d (%s)", WTERMSIG (status), strsignal (WTERMSIG (status)))
      : g_strdup_printf ("ended with status %d", WEXITSTATUS (status));
  g_autofree gchar *what = member->input >= 0
      ? g_strdup_printf ("reading \"%s\"", get_input (pool, member->input)->name)
      : g_strdup ("between two files");
  g_autofree gchar *text = g_strdup_printf (
      "A process %s while %s, so what it had collected is lost and nothing was written. Leave that "
      "file out where it is to blame, and try again.",
      how, what);
  fail (pool, text);
}

static void
request (Pool *pool, Member *member, gint input)
{
  const CollectRequest message = { input, pool->width, pool->height };

  member->input = input;
  member->frames = 0;
  /* a process that is gone is noticed when it is listened to */
  (void) !send (member->socket, &message, sizeof message, MSG_NOSIGNAL);
}

/* Whether the frames' size must be found out first, and somebody is about it. */
static gboolean
must_wait (Pool *pool)
{
  if (pool->settings->scope != PIXELNORM_SCOPE_PIXEL || pool->width > 0)
    return FALSE;
  for (guint i = 0; i < pool->n_members; i++)
    if (pool->members[i].input >= 0)
      return TRUE;
  return FALSE;
}

static void
hand_out (Pool *pool)
{
  for (guint i = 0; i < pool->n_members; i++) {
    Member *member = &pool->members[i];

    if (member->pid == 0 || !member->ready || member->input >= 0)
      continue;
    if (pool->next < pool->inputs->len) {
      if (must_wait (pool))
        return;
      request (pool, member, (gint) pool->next++);
    } else {
      member->ready = FALSE;
      request (pool, member, -1);
    }
  }
}

static void
end_input (Pool *pool, Member *member, const CollectReply *reply)
{
  if (reply->state == COLLECT_BROKEN) {
    clear_progress (pool);
    cli_fail (
        CLI_FAILED, "\"%s\" is left out: %s", get_input (pool, member->input)->name, reply->text);
    pool->result->n_broken++;
  } else {
    pool->result->n_good++;
    pool->frames += reply->frames;
    pool->skipped += reply->skipped;
  }
  member->input = -1;
  member->frames = 0;
}

static void
handle (Pool *pool, Member *member, const CollectReply *reply)
{
  switch (reply->state) {
  case COLLECT_READY:
    member->ready = TRUE;
    break;
  case COLLECT_FATAL:
    fail (pool, reply->text);
    break;
  case COLLECT_SIZE:
    pool->width = reply->width;
    pool->height = reply->height;
    break;
  case COLLECT_FRAMES:
    member->frames = reply->frames;
    break;
  case COLLECT_DONE:
  case COLLECT_BROKEN:
    end_input (pool, member, reply);
    break;
  case COLLECT_SAVED:
    member->finished = TRUE;
    if (reply->frames == 0)
      g_clear_pointer (&member->partial, g_free);
    break;
  }
}

/* A message, or the end, of each of those that have one. */
static void
listen_once (Pool *pool)
{
  g_autofree struct pollfd *polled = g_new0 (struct pollfd, pool->n_members);

  for (guint i = 0; i < pool->n_members; i++)
    polled[i] = (struct pollfd){ pool->members[i].pid ? pool->members[i].socket : -1, POLLIN, 0 };
  if (poll (polled, pool->n_members, -1) < 0)
    return;
  for (guint i = 0; i < pool->n_members && !pool->failed; i++) {
    Member *member = &pool->members[i];
    CollectReply reply;

    if (polled[i].revents == 0)
      continue;
    if (recv (member->socket, &reply, sizeof reply, 0) == sizeof reply)
      handle (pool, member, &reply);
    else
      end_member (pool, member);
    if (member->finished && member->pid)
      end_member (pool, member);
  }
}

static void
start (Pool *pool, Member *member)
{
  if (!pool->failed && !start_member (pool, member))
    fail (pool, "No process could be started to read files. Give a smaller number with --jobs.");
}

static void
run (Pool *pool)
{
  /* The first one may find out that nothing can be read; and it is the one that makes GStreamer's list of
   * plugins where there is none. */
  start (pool, &pool->members[0]);
  while (!pool->failed && !pool->members[0].ready)
    listen_once (pool);
  for (guint i = 1; i < pool->n_members; i++)
    start (pool, &pool->members[i]);
  if (!pool->failed)
    hand_out (pool);
  while (pool->n_running > 0 && !pool->failed) {
    listen_once (pool);
    if (!pool->failed)
      hand_out (pool);
    show_progress (pool);
  }
  for (guint i = 0; i < pool->n_members; i++) {
    if (pool->members[i].pid == 0)
      continue;
    kill (pool->members[i].pid, SIGKILL);
    end_member (pool, &pool->members[i]);
  }
  clear_progress (pool);
}

static gboolean
join (Pool *pool, const gchar *partial)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_load (partial, &error);
  PixelnormAccumulator **accumulator = &pool->result->accumulator;

  /* the memory that it is mapped into stays */
  g_remove (partial);
  if (profile && *accumulator)
    pixelnorm_accumulator_add_profile (*accumulator, profile, &error);
  else if (profile)
    *accumulator = pixelnorm_accumulator_new_from_profile (profile, &error);
  if (error)
    fail (pool, error->message);
  return error == NULL;
}

/* Reads all @inputs. @directory: an empty one, for what processes hand over
 * Returns: FALSE where all is lost, and it was said why */
gboolean
collect_pool_run (const CollectSettings *settings, GPtrArray *inputs, guint n_workers,
    const gchar *directory, CollectResult *result)
{
  g_autofree Member *members = g_new0 (Member, n_workers);
  Pool pool = { .settings = settings,
    .inputs = inputs,
    .members = members,
    .n_members = n_workers,
    .result = result,
    .terminal = isatty (STDERR_FILENO),
    .begun = g_get_monotonic_time () };

  if (settings->width > 0) {
    pool.width = settings->width;
    pool.height = settings->height;
  }
  for (guint i = 0; i < n_workers; i++) {
    g_autofree gchar *name = g_strdup_printf ("%u.safetensors", i);

    members[i].input = -1;
    members[i].partial = g_build_filename (directory, name, NULL);
  }
  fflush (NULL);
  run (&pool);
  for (guint i = 0; i < n_workers; i++) {
    if (members[i].partial && !pool.failed)
      join (&pool, members[i].partial);
    g_free (members[i].partial);
  }
  return !pool.failed;
}
