/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: the processes that read, and the one that hands out work and joins what they
 * found. A process, not a thread, so that a decoder that crashes, hangs or leaks cannot take all with it, and
 * so that decoders that lock do not wait for each other. They are forked where nothing else has made
 * a thread, and talk over a pair of sockets each, a message at a time.
 *
 * Every so often a worker hands over what it has read. When one dies, or nothing comes of it for the timeout, what it had not handed
 * over is read again by another, and the file that it was reading once more at the end, alone; then it is left out. Sums are integers,
 * so it changes nothing who reads what, and how often somebody began.
 *
 * Where frames must be like those of the first input that can be read, only one input is being read until these are known, so that it
 * does not depend on who is faster.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "collect.h"

#define TERMINAL_INTERVAL (G_USEC_PER_SEC / 5)
#define LINE_INTERVAL (10 * G_USEC_PER_SEC)
#define HAND_OVER_INTERVAL (2 * G_USEC_PER_SEC)
/* handing over takes one part in so many of the time */
#define HAND_OVER_SHARE 20
#define POLL_MILLISECONDS 200
/* of one worker and those in its place, one after the other, without a file */
#define MAX_DEATHS 3
/* a sample: 24 of sums, 20 of a profile of them above 8 bits, and the counts of a mask in both, 16 a pixel of RGB */
#define BYTES_A_SAMPLE 50

typedef struct {
  pid_t pid; /* 0: gone */
  int socket;
  gint input; /* that is being read; -1: none */
  gboolean ready, is_handing_over, is_hung;
  guint64 frames;     /* of that input so far */
  GArray *unfinished; /* gint: inputs that were read, but not handed over */
  guint64 unfinished_frames;
  guint unfinished_reduced, n_deaths;
  gint64 heard; /* by the pool's own clock */
  gint64 handed_over;
} Member;

typedef struct {
  const CollectSettings *settings;
  GPtrArray *inputs;
  Member *members;
  guint n_members;
  GQueue again;    /* inputs that must be read again, as GINT_TO_POINTER */
  GQueue suspects; /* that a process ended with; they are read last, and alone */
  gchar **blamed;  /* for each input, how a process ended with it; or NULL */
  guint next;      /* input */
  CollectForm form;
  guint n_read;   /* inputs of which all frames were seen */
  guint64 frames; /* that were handed over */
  guint reduced;
  CollectResult *result;
  gboolean terminal, failed;
  gint64 begun, shown, joining; /* how long the last profile took */
  gint64 listened;              /* when it did last */
  gint64 awake;                 /* for so long it has listened; by this clock workers are late */
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

static gchar *
print_time (gdouble seconds)
{
  const guint64 whole = (guint64) MIN (seconds + .5, 1e9);

  if (whole < 3600)
    return g_strdup_printf ("%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT, whole / 60, whole % 60);
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT,
      whole / 3600, whole / 60 % 60, whole % 60);
}

/* "120 of 2000 files, 120 frames, 3 left out, 812 files/s, 0:02 left" */
static gchar *
describe_progress (Pool *pool, gint64 now)
{
  const guint n = pool->n_read + pool->result->n_broken;
  const gdouble seconds = (gdouble) MAX (now - pool->begun, 1) / G_USEC_PER_SEC;
  const gdouble rate = n / seconds;
  g_autofree gchar *left =
      n > 0 ? print_time ((gdouble) (pool->inputs->len - n) / rate) : g_strdup ("?");
  g_autofree gchar *broken = pool->result->n_broken > 0
      ? g_strdup_printf (", %u left out", pool->result->n_broken)
      : g_strdup ("");
  guint64 n_frames = pool->frames;

  for (guint i = 0; i < pool->n_members; i++)
    n_frames += pool->members[i].frames + pool->members[i].unfinished_frames;
  g_autofree gchar *files = cli_count (pool->inputs->len, "file");
  g_autofree gchar *frames = cli_count (n_frames, "frame");
  return g_strdup_printf ("%u of %s, %s%s, %.*f files/s, %s left", n, files, frames, broken,
      rate < 10 ? 1 : 0, rate, left);
}

/* So many characters fit in a line; what is longer would be left standing when the line is written over. */
static int
terminal_columns (void)
{
  struct winsize size = { 0 };

  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* On a terminal in one place, elsewhere a line now and then. */
static void
show_progress (Pool *pool)
{
  const gint64 now = g_get_monotonic_time ();

  if (pool->settings->quiet
      || now - pool->shown < (pool->terminal ? TERMINAL_INTERVAL : LINE_INTERVAL))
    return;
  pool->shown = now;
  g_autofree gchar *text = describe_progress (pool, now);
  if (pool->terminal)
    g_printerr ("\r\033[K%.*s", terminal_columns () - 1, text);
  else
    cli_fail (CLI_OK, "%s", text);
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
  for (guint i = 0; i < pool->n_members; i++)
    if (&pool->members[i] != member && pool->members[i].pid)
      close (pool->members[i].socket);
  /* nobody waits for what a worker finds when the pool was killed */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (1);
  collect_worker_run (pool->settings, pool->inputs, member->socket);
}

static void
forget_unfinished (Member *member)
{
  g_array_set_size (member->unfinished, 0);
  member->unfinished_frames = 0;
  member->unfinished_reduced = 0;
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
  member->input = -1;
  member->ready = member->is_handing_over = member->is_hung = FALSE;
  member->frames = 0;
  member->heard = pool->awake;
  member->handed_over = g_get_monotonic_time ();
  return TRUE;
}

/* Where there can be no more processes, those that there are go on. */
static void
start (Pool *pool, Member *member)
{
  if (pool->failed || start_member (pool, member))
    return;
  for (guint i = 0; i < pool->n_members; i++)
    if (pool->members[i].pid)
      return;
  fail (pool,
      "No process could be started to read files. Allow more processes and open files (ulimit -u, "
      "ulimit -n).");
}

static void
leave_out (Pool *pool, gint input, const gchar *text)
{
  clear_progress (pool);
  cli_fail (CLI_FAILED, "\"%s\" is left out: %s", get_input (pool, input)->name, text);
  pool->result->n_broken++;
}

static gchar *
describe_death (Pool *pool, const Member *member, int status)
{
  if (member->is_hung)
    return g_strdup_printf ("it made no progress for %u s", pool->settings->timeout);
  if (WIFSIGNALED (status))
    return g_strdup_printf ("the process that read it was ended by signal %d (%s)",
        WTERMSIG (status), strsignal (WTERMSIG (status)));
  return g_strdup_printf ("the process that read it ended with status %d", WEXITSTATUS (status));
}

static gboolean
is_form_known (const Pool *pool)
{
  return pool->form.channels > 0
      && (pool->settings->scope != PIXELNORM_SCOPE_PIXEL || pool->form.width > 0);
}

/* The file that a process ended with is tried once more: last, or at once where it may be the one that all others must be like. */
static void
blame (Pool *pool, const Member *member, int status)
{
  gchar **before = &pool->blamed[member->input];
  g_autofree gchar *how = describe_death (pool, member, status);

  if (*before) {
    const gboolean same = strcmp (*before, how) == 0;
    g_autofree gchar *text = g_strdup_printf ("%s%s%s%s", *before, same ? ", twice" : "; then ",
        same ? "" : how, member->is_hung ? ". --timeout=SECONDS waits longer." : ".");

    leave_out (pool, member->input, text);
  } else {
    *before = g_steal_pointer (&how);
    if (is_form_known (pool))
      g_queue_push_tail (&pool->suspects, GINT_TO_POINTER (member->input));
    else
      g_queue_push_head (&pool->again, GINT_TO_POINTER (member->input));
  }
}

static void
end_member (Pool *pool, Member *member)
{
  int status = 0;

  close (member->socket);
  waitpid (member->pid, &status, 0);
  member->pid = 0;
  member->frames = 0;
  for (guint i = member->unfinished->len; i > 0; i--) {
    const gint input = g_array_index (member->unfinished, gint, i - 1);

    g_queue_push_head (&pool->again, GINT_TO_POINTER (input));
    pool->n_read--;
  }
  forget_unfinished (member);
  if (pool->failed)
    return;
  if (member->input >= 0) {
    blame (pool, member, status);
    member->n_deaths = 0;
  } else if (++member->n_deaths > MAX_DEATHS) {
    g_autofree gchar *how = describe_death (pool, member, status);
    g_autofree gchar *text = g_strdup_printf (
        "Processes end while they read nothing: %s. Is there enough memory? Nothing was written.",
        how);

    fail (pool, text);
  }
  member->input = -1;
  member->is_handing_over = FALSE;
  start (pool, member);
}

static void
request (Pool *pool, Member *member, gint input, gboolean hands_over)
{
  const CollectRequest message = { input, pool->form, FALSE, hands_over };

  member->input = input;
  member->frames = 0;
  member->is_handing_over = hands_over;
  member->heard = pool->awake;
  if (send (member->socket, &message, sizeof message, MSG_NOSIGNAL) >= 0 || input < 0)
    return;
  /* the process is gone, which is noticed when it is listened to; but not with this input */
  g_queue_push_head (&pool->again, GINT_TO_POINTER (input));
  member->input = -1;
}

static gboolean
is_reading (const Pool *pool)
{
  for (guint i = 0; i < pool->n_members; i++)
    if (pool->members[i].pid && pool->members[i].input >= 0)
      return TRUE;
  return FALSE;
}

/* The next input that is read by anyone; -1: there is none now. */
static gint
take_input (Pool *pool)
{
  if (!is_form_known (pool) && is_reading (pool))
    return -1;
  if (!g_queue_is_empty (&pool->again))
    return GPOINTER_TO_INT (g_queue_pop_head (&pool->again));
  return pool->next < pool->inputs->len ? (gint) pool->next++ : -1;
}

/* So seldom that it does not matter how long it takes. */
static gboolean
is_due (const Pool *pool, const Member *member)
{
  const gint64 interval =
      MAX (HAND_OVER_INTERVAL, pool->joining * HAND_OVER_SHARE * (gint64) pool->n_members);

  return g_get_monotonic_time () - member->handed_over >= interval;
}

static void
give_work (Pool *pool, Member *member)
{
  const gint input = take_input (pool);

  if (input >= 0)
    request (pool, member, input, is_due (pool, member));
  else if (pool->next < pool->inputs->len || !g_queue_is_empty (&pool->again))
    return; /* until the first one is known */
  else if (member->unfinished->len > 0)
    request (pool, member, -1, TRUE);
  else if (!g_queue_is_empty (&pool->suspects))
    request (pool, member, GPOINTER_TO_INT (g_queue_pop_head (&pool->suspects)), TRUE);
}

static void
hand_out (Pool *pool)
{
  for (guint i = 0; i < pool->n_members; i++) {
    Member *member = &pool->members[i];

    if (member->pid && member->ready && member->input < 0 && !member->is_handing_over)
      give_work (pool, member);
  }
}

/* Whether all that could be read was handed over. */
static gboolean
is_over (const Pool *pool)
{
  for (guint i = 0; i < pool->n_members; i++)
    if (pool->members[i].input >= 0 || pool->members[i].unfinished->len > 0
        || pool->members[i].is_handing_over)
      return FALSE;
  return pool->next == pool->inputs->len && g_queue_is_empty ((GQueue *) &pool->again)
      && g_queue_is_empty ((GQueue *) &pool->suspects);
}

/* As many processes as there is memory for, whose frames are as large as these. */
static void
limit_members (Pool *pool)
{
  const guint64 samples =
      (guint64) pool->form.width * pool->form.height * MAX (pool->form.channels, 1);
  const guint64 needed = samples * BYTES_A_SAMPLE;
  const guint64 available = collect_memory_available ();
  /* one for the pool itself */
  const guint64 fit = needed > 0 ? available / needed : G_MAXUINT64;
  g_autofree gchar *text = NULL;

  if (fit >= pool->n_members + 1)
    return;
  if (fit < 2) {
    text = g_strdup_printf (
        "Statistics of every sample of %ux%u frames take %" G_GUINT64_FORMAT
        " MiB, and %" G_GUINT64_FORMAT
        " MiB of memory are available. Give --size=WxH with a smaller size, or --scope=channel.",
        pool->form.width, pool->form.height, 2 * needed >> 20, available >> 20);
    fail (pool, text);
    return;
  }
  clear_progress (pool);
  cli_fail (CLI_OK,
      "There is memory for %u processes of %" G_GUINT64_FORMAT
      " MiB, not for %u: %" G_GUINT64_FORMAT " MiB are available.",
      (guint) fit - 1, needed >> 20, pool->n_members, available >> 20);
  for (guint i = 0, kept = is_reading (pool); i < pool->n_members; i++) {
    Member *member = &pool->members[i];

    if (!member->pid || member->input >= 0 || kept++ < fit - 1)
      continue;
    kill (member->pid, SIGKILL);
    close (member->socket);
    waitpid (member->pid, NULL, 0);
    member->pid = 0;
    /* it may have been about to say that there is nothing to hand over */
    member->is_handing_over = FALSE;
  }
}

static void
agree (Pool *pool, Member *member, const CollectForm *form)
{
  CollectRequest message = { member->input, *form, TRUE, FALSE };

  pool->form = *form;
  limit_members (pool);
  if (!pool->failed)
    (void) !send (member->socket, &message, sizeof message, MSG_NOSIGNAL);
}

static void
end_input (Pool *pool, Member *member, const CollectReply *reply)
{
  if (reply->state == COLLECT_BROKEN) {
    leave_out (pool, member->input, reply->text);
  } else {
    g_array_append_val (member->unfinished, member->input);
    pool->n_read++;
    member->unfinished_frames += reply->frames;
    member->unfinished_reduced += reply->reduced;
  }
  member->input = -1;
  member->frames = 0;
}

/* Takes @fd, in which there is a profile. */
static gboolean
join (Pool *pool, int fd)
{
  PixelnormAccumulator **accumulator = &pool->result->accumulator;
  g_autoptr (GError) error = NULL;
  g_autoptr (GMappedFile) file = g_mapped_file_new_from_fd (fd, FALSE, &error);

  close (fd);
  if (file) {
    g_autoptr (GBytes) bytes = g_mapped_file_get_bytes (file);
    g_autoptr (PixelnormProfile) profile = pixelnorm_profile_parse (bytes, &error);

    if (profile && *accumulator)
      pixelnorm_accumulator_add_profile (*accumulator, profile, &error);
    else if (profile)
      *accumulator = pixelnorm_accumulator_new_from_profile (profile, &error);
  }
  if (error)
    fail (pool, error->message);
  return error == NULL;
}

static void
take_over (Pool *pool, Member *member, const CollectReply *reply, int fd)
{
  const gint64 begun = g_get_monotonic_time ();

  /* where there is no room for it, the system throws the descriptor away, and the message comes without */
  if (fd < 0 && reply->frames > 0)
    fail (pool,
        "What a process has read could not be taken over: too many files are open. Allow more "
        "(ulimit -n), or give a smaller number with --jobs. Nothing was written.");
  else if (fd < 0 || join (pool, fd))
    pool->result->n_good += member->unfinished->len;
  pool->frames += member->unfinished_frames;
  pool->reduced += member->unfinished_reduced;
  forget_unfinished (member);
  member->handed_over = g_get_monotonic_time ();
  if (fd >= 0)
    pool->joining = member->handed_over - begun;
  /* in the middle of a video it goes on */
  if (member->input < 0)
    member->is_handing_over = FALSE;
  member->n_deaths = 0;
}

static void
handle (Pool *pool, Member *member, const CollectReply *reply, int fd)
{
  member->heard = pool->awake;
  switch (reply->state) {
  case COLLECT_READY:
    member->ready = TRUE;
    break;
  case COLLECT_FATAL:
    fail (pool, reply->text);
    break;
  case COLLECT_FORM:
    agree (pool, member, &reply->form);
    break;
  case COLLECT_PROGRESS:
    member->frames = reply->frames;
    break;
  case COLLECT_DONE:
  case COLLECT_BROKEN:
    end_input (pool, member, reply);
    break;
  case COLLECT_HANDED:
    take_over (pool, member, reply, fd);
    break;
  }
}

/* Returns: whether there was a message; @fd: (out): what came along, or -1 */
static gboolean
receive (const Member *member, CollectReply *reply, int *fd)
{
  struct iovec part = { reply, sizeof *reply };
  union {
    struct cmsghdr header;
    gchar room[CMSG_SPACE (sizeof (int))];
  } control;
  struct msghdr whole = {
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };

  *fd = -1;
  if (recvmsg (member->socket, &whole, MSG_CMSG_CLOEXEC) != sizeof *reply)
    return FALSE;
  const struct cmsghdr *header = CMSG_FIRSTHDR (&whole);
  if (header && header->cmsg_type == SCM_RIGHTS)
    memcpy (fd, CMSG_DATA (header), sizeof *fd);
  return TRUE;
}

/* A message, or the end, of each of those that have one. */
static void
listen_once (Pool *pool)
{
  g_autofree struct pollfd *polled = g_new0 (struct pollfd, pool->n_members);
  g_autofree Member **members = g_new0 (Member *, pool->n_members);
  guint n = 0;

  /* no more than there are: the system takes no longer list than files may be open */
  for (guint i = 0; i < pool->n_members; i++) {
    if (pool->members[i].pid == 0)
      continue;
    polled[n] = (struct pollfd){ pool->members[i].socket, POLLIN, 0 };
    members[n++] = &pool->members[i];
  }
  if (poll (polled, n, POLL_MILLISECONDS) <= 0)
    return;
  for (guint i = 0; i < n && !pool->failed; i++) {
    CollectReply reply;
    int fd;

    if (polled[i].revents == 0 || !members[i]->pid)
      continue;
    if (receive (members[i], &reply, &fd))
      handle (pool, members[i], &reply, fd);
    else
      end_member (pool, members[i]);
  }
}

/* While the pool was stopped, as by Ctrl-Z, or joined profiles, it could hear nobody: that does not count. */
static void
measure_time (Pool *pool)
{
  const gint64 now = g_get_monotonic_time ();

  pool->awake += MIN (now - pool->listened, (gint64) POLL_MILLISECONDS * 2000);
  pool->listened = now;
}

/* One that hangs is ended, and then gone like any other. */
static void
end_hung (Pool *pool)
{
  for (guint i = 0; i < pool->n_members; i++) {
    Member *member = &pool->members[i];

    if (!member->pid || member->is_hung || (member->input < 0 && !member->is_handing_over)
        || pool->awake - member->heard < (gint64) pool->settings->timeout * G_USEC_PER_SEC)
      continue;
    member->is_hung = TRUE;
    kill (member->pid, SIGKILL);
  }
}

static void
run (Pool *pool)
{
  for (guint i = 0; i < pool->n_members; i++)
    start (pool, &pool->members[i]);
  if (!pool->failed && pool->form.width > 0)
    limit_members (pool);
  while (!pool->failed && !is_over (pool)) {
    hand_out (pool);
    listen_once (pool);
    measure_time (pool);
    end_hung (pool);
    show_progress (pool);
  }
  pool->failed |= !is_over (pool);
  for (guint i = 0; i < pool->n_members; i++) {
    if (pool->members[i].pid == 0)
      continue;
    kill (pool->members[i].pid, SIGKILL);
    close (pool->members[i].socket);
    waitpid (pool->members[i].pid, NULL, 0);
  }
  clear_progress (pool);
}

static void
say_what_was_lost (const Pool *pool)
{
  if (pool->reduced > 0)
    cli_fail (CLI_OK,
        "Warning: frames of 16 bits that were reduced to 8: %u. --format=auto, RGB48 or GRAY16 keeps "
        "them.",
        pool->reduced);
}

/* Reads all @inputs.
 * Returns: FALSE where all is lost, and it was said why */
gboolean
collect_pool_run (
    const CollectSettings *settings, GPtrArray *inputs, guint n_workers, CollectResult *result)
{
  g_autofree Member *members = g_new0 (Member, n_workers);
  Pool pool = { .settings = settings,
    .inputs = inputs,
    .members = members,
    .n_members = n_workers,
    .again = G_QUEUE_INIT,
    .suspects = G_QUEUE_INIT,
    .blamed = g_new0 (gchar *, inputs->len),
    .form = settings->form,
    .result = result,
    .terminal = isatty (STDERR_FILENO) && !settings->quiet,
    .begun = g_get_monotonic_time (),
    .listened = g_get_monotonic_time () };

  for (guint i = 0; i < n_workers; i++) {
    members[i].input = -1;
    members[i].unfinished = g_array_new (FALSE, FALSE, sizeof (gint));
  }
  /* on a terminal something is to be seen at once */
  if (!pool.terminal)
    pool.shown = pool.begun;
  fflush (NULL);
  run (&pool);
  if (!pool.failed)
    say_what_was_lost (&pool);
  for (guint i = 0; i < n_workers; i++)
    g_array_unref (members[i].unfinished);
  for (guint i = 0; i < inputs->len; i++)
    g_free (pool.blamed[i]);
  g_free (pool.blamed);
  g_queue_clear (&pool.again);
  g_queue_clear (&pool.suspects);
  return !pool.failed;
}
