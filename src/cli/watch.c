/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile watch: collects the profile of a stream for as long as that runs, and says how far its latest frames are from a
 * reference.
 *
 * One thread waits for news of the stream, and between them looks at the clock: whether a line is due, the date asks for another
 * file, or nothing comes any more. A signal ends that loop; a second one ends the process.
 */
#include <gio/gio.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "watch-command.h"
#include "watch-metrics.h"
#include "watch-name.h"

/* As diff has them: "could not watch" must not look like "has drifted". */
enum { WATCH_STATUS_WITHIN = 0, WATCH_STATUS_BEYOND = 1, WATCH_STATUS_TROUBLE = 2 };

#define LOOK_MILLISECONDS 100
#define RETRY_SECONDS 10
#define HOPELESS_SECONDS 2.0
#define COMMAND_SECONDS 10
#define VARIABLE "PIXELPROFILE_SOURCE"
#define LEAST_QUIET 1.0 /* seconds */
#define LEAST_SECONDS 0.05
#define MOST_SECONDS 1e6

static const gchar description[] =
    "SOURCE is a file, a URI, or a pipeline description in quotes, as for gst-launch-1.0, that ends with raw\n"
    "video: \"v4l2src ! video/x-raw,framerate=30/1\". Frames of every raw format are read exactly, as by\n"
    "pixelstats. Without SOURCE the environment variable " VARIABLE
    " is used. Other users can read a\n"
    "command line, but not the environment, so a password is safer there.\n"
    "\n"
    "--location collects the profile of all frames. The name may contain conversions of date(1), in local\n"
    "time: scene-%F.safetensors gives each day a file of its own. An existing profile is continued. The\n"
    "profile is saved every --checkpoint seconds, when the date changes the name, and at the end, and a\n"
    "save never leaves a damaged file.\n"
    "\n"
    "--reference compares the frames since the previous line with that profile, as \"pixelprofile diff\" does;\n"
    "\"pixelprofile diff --help\" explains --limit, --share and --min-deviation. If the frames are beyond the\n"
    "limit, --exit-on-drift saves and exits with status 1, and --on-drift=COMMAND runs COMMAND in the shell,\n"
    "with the line as its standard input; it runs again only after a line within the limit. What it prints\n"
    "goes to standard error.\n"
    "\n"
    "--json makes each line an object: time, seconds (the time it covers), frames, frames_skipped (damaged ones\n"
    "beside them), frames_per_second, profile (file, frames, frames_skipped) and drift (as diff prints it, and\n"
    "frames). profile is null without --location; drift is null without --reference or if no frame came.\n"
    "\n"
    "--metrics=CAMERA.prom is replaced with every line. It has metrics for the textfile collector of\n"
    "Prometheus's node_exporter, labelled camera=\"CAMERA\".\n"
    "\n"
    "A warning of the stream is printed once, and again when it comes back after --every seconds without it.\n"
    "\n"
    "SIGTERM, SIGINT and SIGHUP save and exit with status 0. The same signal again exits at once.\n"
    "\n"
    "Exit status: 0 at the end of the stream or after a signal, 1 after --exit-on-drift, 2 if something is\n"
    "wrong: the command line, the source, a profile, a save, or no frame for --timeout seconds.\n"
    "\n"
    "Examples:\n"
    "  pixelprofile watch --location=gate-%F.safetensors v4l2src\n"
    "  pixelprofile watch --reference=gate.safetensors --json rtsp://gate.example/stream\n"
    "  pixelprofile watch --reference=gate.safetensors --on-drift='mail -s drift root' \"v4l2src ! jpegdec\"\n";

typedef struct {
  WatchSettings stream;
  DiffSettings diff;
  gchar *reference, *metrics;
  gdouble every, timeout;
  gboolean json, exit_on_drift;
  WatchCommand command;
  gchar **sources;
} Options;

typedef struct {
  const Options *options;
  PixelnormProfile *reference; /* or NULL */
  WatchStream *stream;
  WatchCommand command;
  WatchTotals totals;
  WatchCount told;     /* of what lines have told */
  gint64 line_time;    /* monotonic: of the latest line */
  gint64 frame_time;   /* of the latest frame */
  gint64 date_time;    /* from when on the date is looked at */
  gboolean was_beyond; /* the latest line */
  gboolean compared;   /* frames, at least once */
  guint n_left_out;    /* lines, since standard output took one */
} Watch;

static volatile sig_atomic_t stopped;

static void
note_signal (int number)
{
  stopped = number;
}

/* What is ignored, as under nohup, stays so. With the first signal all is as without us. */
static void
handle_signals (void)
{
  static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
  struct sigaction action = { .sa_handler = note_signal, .sa_flags = (int) SA_RESETHAND };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    struct sigaction before;

    sigaction (numbers[i], NULL, &before);
    if (before.sa_handler != SIG_IGN)
      sigaction (numbers[i], &action, NULL);
  }
  /* a reader that is gone is an error of a write */
  signal (SIGPIPE, SIG_IGN);
}

static gdouble
seconds_since_1970 (void)
{
  return (gdouble) g_get_real_time () / G_TIME_SPAN_SECOND;
}

/* Damaged frames are none that came. */
static void
note_frames (Watch *self)
{
  const WatchCount count = watch_stream_get_count (self->stream);

  if (count.frames > self->totals.count.frames) {
    self->totals.last_frame = seconds_since_1970 ();
    self->frame_time = g_get_monotonic_time ();
  }
  self->totals.count = count;
}

/* Of the frames since the line before. Returns: %FALSE with @error set where they cannot be compared with the reference, or have no date */
static gboolean
measure (Watch *self, WatchLine *line, GError **error)
{
  const gint64 now = g_get_monotonic_time ();
  PixelnormProfile *latest;

  note_frames (self);
  line->time = watch_name_time (error);
  if (!line->time)
    return FALSE;
  line->settings = &self->options->diff;
  line->seconds = (gdouble) (now - self->line_time) / G_TIME_SPAN_SECOND;
  line->frames = self->totals.count.frames - self->told.frames;
  line->skipped = self->totals.count.skipped - self->told.skipped;
  self->line_time = now;
  self->told = self->totals.count;
  line->has_profile = watch_stream_get_profile (self->stream, &line->profile);
  latest = self->reference ? watch_stream_take_latest (self->stream) : NULL;
  if (!latest)
    return TRUE;
  const gboolean ok =
      diff_check_fit (self->reference, latest, self->options->reference, "the stream", error)
      && diff_init (&line->diff, self->reference, latest, line->settings, error);
  if (ok && !self->compared)
    diff_compare_matrices (self->reference, latest, "The reference", "the stream");
  self->compared |= ok;
  if (ok)
    line->latest = g_steal_pointer (&latest);
  g_clear_object (&latest);
  return ok;
}

/* Whether it takes a line without waiting, or says at once what is wrong: the pipe of somebody who does not read may be full, and a
 * terminal may be stopped. A pipe has room for 4 KiB then, a line at the least. */
static gboolean
takes_lines (int fd)
{
  GPollFD output = { .fd = fd, .events = G_IO_OUT };

  return g_poll (&output, 1, 0) != 0;
}

static void
tell_left_out (Watch *self)
{
  if (self->n_left_out > 0)
    cli_fail (CLI_OK, "Warning: %u line%s left out, since nobody read standard output.",
        self->n_left_out, self->n_left_out == 1 ? " was" : "s were");
  self->n_left_out = 0;
}

static int
print (Watch *self, const gchar *said)
{
  if (!takes_lines (STDOUT_FILENO)) {
    self->n_left_out++;
    return CLI_OK;
  }
  tell_left_out (self);
  g_print ("%s\n", said);
  return cli_flush (WATCH_STATUS_TROUBLE);
}

/* Returns: whether they are written, where they are asked for; else it was said why not */
static gboolean
write_metrics (const Watch *self, const WatchLine *line)
{
  g_autoptr (GError) error = NULL;

  if (!self->options->metrics
      || watch_metrics_write (self->options->metrics, &self->totals, line, &error))
    return TRUE;
  cli_fail (CLI_OK, "%s", error->message);
  return FALSE;
}

/* @acts: whether drift has consequences. Returns: an exit status; 0 goes on */
static int
tell_line (Watch *self, gboolean acts)
{
  WatchLine line = { 0 };
  g_autofree gchar *said = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (measure (self, &line, &error)) {
    const gboolean is_beyond = watch_line_is_beyond (&line);
    const gboolean is_news = acts && is_beyond && !self->was_beyond;

    self->totals.drifts += is_news;
    said = self->options->json ? watch_line_to_json (&line) : watch_line_to_text (&line);
    status = print (self, said);
    write_metrics (self, &line); /* without them the watch goes on */
    if (is_news)
      watch_command_start (&self->command, said);
    if (line.latest)
      self->was_beyond = is_beyond;
    if (status == CLI_OK && is_news && self->options->exit_on_drift)
      status = WATCH_STATUS_BEYOND;
  } else {
    status = cli_fail (WATCH_STATUS_TROUBLE, "%s", error->message);
  }
  watch_line_clear (&line);
  return status;
}

/* Before what went wrong, where no frame came since there is none. */
static const gchar *
name_cause (const Watch *self)
{
  return self->totals.count.frames == 0 && watch_stream_is_without_video (self->stream)
      ? "No video was found in SOURCE. "
      : "";
}

/* How long to wait for a frame. */
static gdouble
find_patience (const Watch *self)
{
  const gdouble timeout = self->options->timeout;

  return self->totals.count.frames == 0 && watch_stream_is_hopeless (self->stream)
      ? fmin (timeout, HOPELESS_SECONDS)
      : timeout;
}

/* What cannot be saved is tried again later. */
static void
look_at_date (Watch *self, gint64 now)
{
  if (now >= self->date_time && !watch_stream_follow_date (self->stream))
    self->date_time = now + RETRY_SECONDS * G_TIME_SPAN_SECOND;
}

/* Returns: an exit status; 0 goes on */
static int
look_at_clock (Watch *self)
{
  const Options *options = self->options;
  const gint64 now = g_get_monotonic_time ();
  const gdouble patience = find_patience (self);

  note_frames (self);
  watch_command_look (&self->command);
  if ((gdouble) (now - self->frame_time) > patience * G_TIME_SPAN_SECOND)
    return cli_fail (WATCH_STATUS_TROUBLE,
        "%sNo frame came for %g seconds. Look whether the source is there, or set --timeout to more.",
        name_cause (self), patience);
  look_at_date (self, now);
  if ((gdouble) (now - self->line_time) >= options->every * G_TIME_SPAN_SECOND)
    return tell_line (self, TRUE);
  return CLI_OK;
}

/* The next of the stream, and says it. Returns: an exit status; 0 goes on */
static int
hear (Watch *self, guint milliseconds, WatchNews *news)
{
  g_autofree gchar *text = NULL;

  *news = watch_stream_wait (self->stream, milliseconds, &text);
  if (*news == WATCH_ERROR)
    return cli_fail (WATCH_STATUS_TROUBLE, "%s%s", name_cause (self), text);
  if (*news == WATCH_WARNING)
    cli_fail (CLI_OK, "Warning: %s", text);
  return CLI_OK;
}

static int
follow (Watch *self)
{
  WatchNews news = WATCH_NOTHING;
  int status = CLI_OK;

  while (status == CLI_OK && !stopped && news != WATCH_END) {
    status = hear (self, LOOK_MILLISECONDS, &news);
    if (status == CLI_OK && !stopped && news != WATCH_END)
      status = look_at_clock (self);
  }
  return status == CLI_OK ? tell_line (self, news == WATCH_END) : status;
}

/* What went wrong with the last save is heard once it was tried. */
static int
stop (Watch *self, int status)
{
  const gboolean stopped_well = watch_stream_stop (self->stream);
  WatchNews news = WATCH_IGNORED;

  while (news != WATCH_NOTHING) {
    const int heard = hear (self, 0, &news);

    if (heard != CLI_OK)
      status = heard;
  }
  if (!stopped_well) {
    cli_fail (CLI_OK, "The source hangs, and is left as it is.");
    fflush (stdout);
    _exit (status == CLI_OK ? WATCH_STATUS_TROUBLE : status);
  }
  watch_command_wait (&self->command, COMMAND_SECONDS);
  return status;
}

static int
watch_stream (Watch *self)
{
  g_autoptr (GError) error = NULL;
  const WatchLine none = { 0 };
  int status = WATCH_STATUS_TROUBLE;

  self->stream = watch_stream_new (&self->options->stream, &error);
  if (!self->stream)
    return cli_fail_usage ("%s", error->message);
  self->command = self->options->command;
  self->totals.start = seconds_since_1970 ();
  self->line_time = self->frame_time = g_get_monotonic_time ();
  if (write_metrics (self, &none)) {
    handle_signals ();
    watch_stream_start (self->stream);
    status = follow (self);
    tell_left_out (self);
    status = stop (self, status);
  }
  watch_stream_free (self->stream);
  return status;
}

static int
check_seconds (const gchar *option, gdouble seconds)
{
  /* written so that a NaN fails */
  if (seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)
    return CLI_OK;
  return cli_fail_usage (
      "Expected %s from %g to %g seconds, found %g.", option, LEAST_SECONDS, MOST_SECONDS, seconds);
}

static int
check_files (const Options *options)
{
  g_autoptr (GError) error = NULL;

  if (options->stream.pattern && !watch_name_check (options->stream.pattern, &error))
    return cli_fail_usage ("%s", error->message);
  if (options->metrics && !watch_metrics_check (options->metrics, &error))
    return cli_fail_usage ("%s", error->message);
  return CLI_OK;
}

static int
find_source (Options *options)
{
  const guint n = options->sources ? g_strv_length (options->sources) : 0;

  options->stream.quiet = fmax (options->every, LEAST_QUIET);
  options->stream.source = n == 0 ? g_getenv (VARIABLE) : options->sources[0];
  if (n > 1 || !options->stream.source)
    return cli_fail_usage (
        "Expected one SOURCE, a description of a pipeline in quotes, or " VARIABLE
        " in the environment; found %u words.",
        n);
  if (!*options->stream.source)
    return cli_fail_usage (
        "SOURCE is empty. Expected a file, a URI or a description of a pipeline.");
  return CLI_OK;
}

static int
check_options (const Options *options)
{
  int status;

  if (!options->stream.pattern && !options->reference)
    return cli_fail_usage (
        "Expected --location to collect, --reference to compare, or both; found neither.");
  if (!options->reference && (options->exit_on_drift || options->command.line))
    return cli_fail_usage ("%s has no effect without --reference. Give both.",
        options->exit_on_drift ? "--exit-on-drift" : "--on-drift");
  if (!options->stream.pattern && options->stream.scope)
    return cli_fail_usage ("--scope has no effect without --location. Give both.");
  if ((status = check_seconds ("--every", options->every)) != CLI_OK
      || (status = check_seconds ("--timeout", options->timeout)) != CLI_OK
      || (status = check_seconds ("--checkpoint", options->stream.checkpoint)) != CLI_OK
      || (status = diff_settings_check (&options->diff)) != CLI_OK)
    return status;
  return check_files (options);
}

static int
check_clock (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDateTime) now = watch_name_time (&error);

  return now ? CLI_OK : cli_fail (WATCH_STATUS_TROUBLE, "%s", error->message);
}

static int
watch (Options *options)
{
  Watch self = { .options = options };
  g_autoptr (GError) error = NULL;
  int status = find_source (options);

  if (status == CLI_OK)
    status = check_clock ();
  if (status == CLI_OK)
    status = check_options (options);
  if (status != CLI_OK)
    return status;
  if (options->reference) {
    self.reference = pixelnorm_profile_load (options->reference, &error);
    if (!self.reference)
      return cli_fail (WATCH_STATUS_TROUBLE, "%s", error->message);
    options->stream.reference = options->reference;
    options->stream.compared_scope = pixelnorm_profile_get_scope (self.reference);
  }
  status = watch_stream (&self);
  g_clear_object (&self.reference);
  return status;
}

static int
watch_run (int argc, char **argv)
{
  Options options = {
    .stream = { .checkpoint = 30.0 }, .diff = DIFF_SETTINGS_DEFAULT, .every = 60.0, .timeout = 30.0
  };
  WatchSettings *stream = &options.stream;
  const GOptionEntry entries[] = {
    { "location", 0, 0, G_OPTION_ARG_FILENAME, &stream->pattern,
        "Collect into this file; a date in the name starts new files", "NAME.safetensors" },
    { "checkpoint", 0, 0, G_OPTION_ARG_DOUBLE, &stream->checkpoint,
        "Time between saves (default: 30)", "SECONDS" },
    { "scope", 0, 0, G_OPTION_ARG_STRING, &stream->scope,
        "Scope of the profile: pixel (default) or channel", "SCOPE" },
    { "channels", 0, 0, G_OPTION_ARG_STRING, &stream->channels,
        "What frames are read as: auto (default), native, rgb or gray", "CHANNELS" },
    { "mask", 0, 0, G_OPTION_ARG_FILENAME, &stream->mask,
        "PNG image, black where pixels do not count", "NAME.png" },
    { "reference", 0, 0, G_OPTION_ARG_FILENAME, &options.reference,
        "Compare the latest frames with this profile", "PROFILE" },
    DIFF_SETTINGS_ENTRIES (options.diff),
    { "exit-on-drift", 0, 0, G_OPTION_ARG_NONE, &options.exit_on_drift,
        "Exit with status 1 when frames are beyond the limit", NULL },
    { "on-drift", 0, 0, G_OPTION_ARG_STRING, &options.command.line,
        "Run this in the shell when frames are beyond the limit", "COMMAND" },
    { "every", 0, 0, G_OPTION_ARG_DOUBLE, &options.every, "Time between lines (default: 60)",
        "SECONDS" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print each line as JSON", NULL },
    { "metrics", 0, 0, G_OPTION_ARG_FILENAME, &options.metrics,
        "Write metrics for Prometheus with each line", "CAMERA.prom" },
    { "timeout", 0, 0, G_OPTION_ARG_DOUBLE, &options.timeout,
        "Longest time without a frame (default: 30)", "SECONDS" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.sources, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = cli_context_new ("[SOURCE]",
      "Watches a camera for weeks: collects its profile and reports drift.", description, entries);

  const int status = cli_parse (context, entries, &argc, &argv) ? watch (&options) : CLI_USAGE;
  g_free ((gchar *) stream->pattern);
  g_free ((gchar *) stream->scope);
  g_free ((gchar *) stream->channels);
  g_free ((gchar *) stream->mask);
  g_free ((gchar *) options.command.line);
  g_free (options.reference);
  g_free (options.metrics);
  g_strfreev (options.sources);
  return status;
}

const CliCommand cli_watch = { "watch", "Collect a stream for weeks, and say where it drifts",
  watch_run };
