/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How steadily frames pass, and how long it takes to start, by the clock and, in brackets, by the processor, and to stop:
 * bench-steady [DISTANCE-MS [WIDTHxHEIGHT...]]. Frames of RGB are pushed one by one, DISTANCE-MS apart (33: a live stream; 0: as
 * fast as they go), and each push is timed by the clock. Prints a table, and one of the targets. A mean is that of all pushes,
 * in whole batches of eight, as pixelstats adds frames.
 */
#include <gst/gst.h>
#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pads.h"

#define N_BUFFERS 8
#define BATCH 8
#define MIN_PUSHES 240
#define MAX_WORST 3   /* times the mean, with checkpoints */
#define MAX_START 150 /* ms, of pixelnorm at 1920x1080 */
#define SECONDS 6     /* at least, so that there are checkpoints */

typedef struct {
  Pads pads;
  GstVideoInfo info;
  GstBuffer *buffers[N_BUFFERS];
} Bench;

static gdouble
get_ms (void)
{
  return (gdouble) g_get_monotonic_time () / 1000;
}

/* By all threads. */
static gdouble
get_processor_ms (void)
{
  return (gdouble) clock () * 1000 / CLOCKS_PER_SEC;
}

static void
bench_init (Bench *self, guint width, guint height)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  gst_video_info_set_format (&self->info, GST_VIDEO_FORMAT_RGB, width, height);
  for (guint k = 0; k < N_BUFFERS; k++) {
    GstMapInfo map;

    self->buffers[k] = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&self->info), NULL);
    gst_buffer_map (self->buffers[k], &map, GST_MAP_WRITE);
    for (gsize i = 0; i + 4 <= map.size; i += 4)
      *(guint32 *) (map.data + i) = g_rand_int (rand);
    gst_buffer_unmap (self->buffers[k], &map);
  }
}

static void
bench_clear (Bench *self)
{
  for (guint k = 0; k < N_BUFFERS; k++)
    gst_buffer_unref (self->buffers[k]);
}

/* Milliseconds. */
typedef struct {
  gdouble clock, processor;
} Start;

/* From NULL until caps are set, as far as a stream would have to wait. */
static Start
bench_start (Bench *self, const gchar *line, const gchar *output)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstCaps) video = gst_video_info_to_caps (&self->info);
  GstElement *element = gst_parse_launch (line, &error);

  if (!element)
    g_error ("%s: %s", line, error->message);
  const gboolean linked = pads_link (&self->pads, element, output);
  const gdouble begin = get_ms (), processor = get_processor_ms ();
  if (!linked || !pads_play (&self->pads, video))
    g_error ("%s does not start", line);
  return (Start){ get_ms () - begin, get_processor_ms () - processor };
}

/* Returns: milliseconds */
static gdouble
bench_stop (Bench *self)
{
  const gdouble begin = get_ms ();

  gst_element_set_state (self->pads.element, GST_STATE_NULL);
  const gdouble end = get_ms ();
  pads_clear (&self->pads);
  return end - begin;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

/* Of a run of pushes, in milliseconds. */
typedef struct {
  gdouble mean, worst;
} Pushes;

/* Prints mean, 99th percentile and worst. */
static Pushes
bench_run (Bench *self, gdouble distance)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gdouble));
  const gdouble begin = get_ms ();
  gdouble sum = 0;

  for (guint i = 0; i < MIN_PUSHES || i % BATCH != 0 || get_ms () - begin < SECONDS * 1000; i++) {
    const gdouble due = begin + i * distance, now = get_ms ();

    if (now < due)
      g_usleep ((gulong) ((due - now) * 1000));
    const gdouble start = get_ms ();
    if (gst_pad_push (self->pads.source, gst_buffer_ref (self->buffers[i % N_BUFFERS]))
        != GST_FLOW_OK)
      g_error ("a frame did not pass");
    const gdouble time = get_ms () - start;
    sum += time;
    g_array_append_val (times, time);
  }
  g_array_sort (times, compare);
  const Pushes pushes = { sum / times->len, g_array_index (times, gdouble, times->len - 1) };
  printf (" %.2f | %.1f | %.1f |", pushes.mean,
      g_array_index (times, gdouble, (times->len * 99) / 100), pushes.worst);
  return pushes;
}

static const gchar *
judge (gboolean met)
{
  return met ? "met" : "**not**";
}

static void
add_worst_target (GString *targets, const gchar *size, gdouble worst, const gchar *of, gdouble mean)
{
  g_string_append_printf (targets,
      "| pixelstats, a checkpoint every 300 ms: worst push | %s | at most %d x %s | %.1f x | %s |\n",
      size, MAX_WORST, of, worst / mean, judge (worst <= MAX_WORST * mean));
}

static Pushes
measure_statistics (Bench *self, const gchar *what, guint interval, gdouble distance,
    const gchar *path, const gchar *size)
{
  g_autofree gchar *line = g_strdup_printf (
      "pixelstats location=%s overwrite=true checkpoint-interval=%" G_GUINT64_FORMAT, path,
      interval * GST_MSECOND);
  const Start start = bench_start (self, line, "video/x-raw");

  printf ("| %s | %s |", what, size);
  const Pushes pushes = bench_run (self, distance);
  printf (" %.0f (%.0f) | %.0f |\n", start.clock, start.processor, bench_stop (self));
  return pushes;
}

/* Returns: milliseconds until it started */
static gdouble
measure_normalization (Bench *self, gdouble distance, const gchar *path, const gchar *size)
{
  g_autofree gchar *line = g_strdup_printf ("pixelnorm location=%s", path);
  const Start start = bench_start (self, line, "other/tensors,types=(string)float32");

  printf ("| pixelnorm, pixel-wise | %s |", size);
  bench_run (self, distance);
  printf (" %.0f (%.0f) | %.0f |\n", start.clock, start.processor, bench_stop (self));
  return start.clock;
}

static void
measure_size (Bench *self, gdouble distance, const gchar *path, const gchar *size, GString *targets)
{
  const Pushes plain = measure_statistics (self, "pixelstats", 0, distance, path, size);
  const Pushes saving =
      measure_statistics (self, "pixelstats, a checkpoint every 300 ms", 300, distance, path, size);
  const gdouble start = measure_normalization (self, distance, path, size);

  add_worst_target (targets, size, saving.worst, "its mean", saving.mean);
  add_worst_target (targets, size, saving.worst, "the mean without checkpoints", plain.mean);
  if (g_str_equal (size, "1920x1080"))
    g_string_append_printf (targets,
        "| pixelnorm, pixel-wise: start | %s | at most %d ms | %.0f ms | %s |\n", size, MAX_START,
        start, judge (start <= MAX_START));
}

int
main (int argc, char **argv)
{
  static char *const usual[] = { "1920x1080", "3840x2160" };
  g_autofree gchar *directory = g_dir_make_tmp ("pixelnorm-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (directory, "steady.safetensors", NULL);
  g_autoptr (GString) targets = g_string_new (NULL);

  gst_init (&argc, &argv);
  const gdouble distance = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 33;
  char *const *sizes = argc > 2 ? argv + 2 : usual;
  const guint n_sizes = argc > 2 ? (guint) argc - 2 : G_N_ELEMENTS (usual);

  printf ("| | size | mean | 99th percentile | worst push | start | stop |\n"
          "|---|---|--:|--:|--:|--:|--:|\n");
  for (guint i = 0; i < n_sizes; i++) {
    guint width = 0, height = 0;
    Bench bench;

    if (sscanf (sizes[i], "%ux%u", &width, &height) != 2)
      g_error ("Expected WIDTHxHEIGHT, found %s", sizes[i]);
    bench_init (&bench, width, height);
    measure_size (&bench, distance, path, sizes[i], targets);
    bench_clear (&bench);
  }
  printf ("\n| | size | target | found | |\n|---|---|---|--:|---|\n%s", targets->str);
  remove (path);
  remove (directory);
  return 0;
}
