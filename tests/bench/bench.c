/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast the elements are: each path and size, a whole element between two pads. Prints a line of
 * JSON that names the versions, then one per path and size: median seconds of processor time a
 * frame of the element, of a copy that moves as many bytes, of a read of the frame, of a copy with
 * streaming stores, of OpenCV and Simd doing the same, and where Y'CbCr is read as RGB, of the element behind
 * a converter and on frames of RGB. They take turns, round by round, on the same frames, since
 * machines differ and drift.
 *
 * Arguments, if there are any, are parts of the names of what to measure: "640x480", "RGB float32".
 *
 * Before each path and size it waits for a line on standard input, so that whoever reads can use
 * the machine alone meanwhile; at its end it goes on without.
 */
#include <gst/gst.h>
#include <gst/video/video.h>
#include <malloc.h>
#include <orc/orc.h>
#include <pixelnorm/pixelnorm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "opencv.h"
#include "pads.h"
#include "simd.h"

#define MIN_ROUNDS 5
#define MAX_ROUNDS 15
#define ROUND_SECONDS 2e-3 /* of each contestant, at least */
#define PATH_SECONDS .5    /* of all rounds, about */

typedef struct {
  const char *name;
  const char *format;
  const char *element; /* as for gst_parse_launch; pixelnorm gets a profile of the same scope, and
                        * pixeldenorm that and float32 tensors */
  const char *output;  /* caps behind it, or NULL: what came goes on */
  double rest;         /* bytes read per sample beside the frame: coefficients, sums */
  double written;      /* bytes written per sample */
  const char *opencv;  /* its work, opencv.cpp, or NULL */
} Path;

#define STATISTICS "pixelstats checkpoint-interval=0"
#define STATISTICS_CHANNEL STATISTICS " scope=channel"
#define NORM "pixelnorm"
#define NORM_CHANNEL NORM " scope=channel"
#define BACK "pixeldenorm"
#define BACK_CHANNEL BACK " scope=channel"
#define NATIVE " channels=native" /* as they lie; else Y'CbCr is read as RGB */
#define TENSORS(type) "other/tensors,types=(string)" type
#define VIDEO "video/x-raw"

/* BENCH TABLE: what is measured, by format. What does not negotiate is passed over with a word.
 *
 * Statistics of pixels: sums of 16 and 32 bits, minimum and maximum are read and written, 8 bytes
 * for 8-bit samples, 8 + 4 + 2 * 2 for deeper ones, once for 8 frames. Coefficients of pixels: two floats and a
 * centre as wide as the sample. Those of channels stay in cache. Running estimates of pixels: 10 bytes, read and
 * written. Statistics of a frame read it twice, those of a batch copy it besides. */
static const Path paths[] = {
  { "statistics, pixel", "RGB", STATISTICS, NULL, 1, 1, "statistics" },
  { "statistics, channel", "RGB", STATISTICS_CHANNEL, NULL, 0, 0, "meanStdDev, min, max" },
  { "float32, pixel", "RGB", NORM, TENSORS ("float32"), 9, 4, "convertTo, subtract, multiply" },
  { "float32, channel", "RGB", NORM_CHANNEL, TENSORS ("float32"), 0, 4, "convertTo" },
  { "float32 NCHW, pixel", "RGB", NORM " layout=nchw", TENSORS ("float32"), 9, 4, NULL },
  { "float32 NCHW, channel", "RGB", NORM_CHANNEL " layout=nchw", TENSORS ("float32"), 0, 4,
      "blobFromImage" },
  { "float16, pixel", "RGB", NORM, TENSORS ("float16"), 9, 2, NULL },
  { "float16, channel", "RGB", NORM_CHANNEL, TENSORS ("float16"), 0, 2, NULL },
  { "uint8 tensor, channel", "RGB", NORM_CHANNEL, TENSORS ("uint8"), 0, 1, NULL },
  { "int8 tensor, channel", "RGB", NORM_CHANNEL, TENSORS ("int8"), 0, 1, NULL },
  { "uint8 NCHW, pixel", "RGB", NORM " layout=nchw", TENSORS ("uint8"), 9, 1, NULL },
  { "uint8 NCHW, channel", "RGB", NORM_CHANNEL " layout=nchw", TENSORS ("uint8"), 0, 1, NULL },
  { "8-bit video, pixel", "RGB", NORM, VIDEO, 9, 1, NULL },
  { "8-bit video, channel", "RGB", NORM_CHANNEL, VIDEO, 0, 1, NULL },
  { "float32 back, pixel", "RGB", BACK, VIDEO, 9, 1, NULL },
  { "float32 back, channel", "RGB", BACK_CHANNEL, VIDEO, 0, 1, NULL },
  { "float32 NCHW back, channel", "RGB", BACK_CHANNEL " layout=nchw", VIDEO, 0, 1, NULL },
  { "float32, frame", "RGB", NORM_CHANNEL " statistics=frame", TENSORS ("float32"), 1, 4, NULL },
  { "uint8 tensor, frame", "RGB", NORM_CHANNEL " statistics=frame", TENSORS ("uint8"), 1, 1, NULL },
  { "float32, running channel", "RGB", NORM_CHANNEL " statistics=running", TENSORS ("float32"), 1,
      4, NULL },
  { "float32, running pixel", "RGB", NORM " statistics=running", TENSORS ("float32"), 10, 14,
      NULL },
  { "8-bit video, running pixel", "RGB", NORM " statistics=running", VIDEO, 10, 11, NULL },
  { "float16 NCHW, batches of 8", "RGB", NORM_CHANNEL " layout=nchw batch-size=8",
      TENSORS ("float16"), 0, 2, NULL },
  { "float32, batch of 8", "RGB", NORM_CHANNEL " statistics=batch batch-size=8",
      TENSORS ("float32"), 2, 5, NULL },
  { "statistics, pixel", "BGRx", STATISTICS, NULL, 1, 1, NULL },
  { "statistics, channel", "BGRx", STATISTICS_CHANNEL, NULL, 0, 0, NULL },
  { "float32, pixel", "BGRx", NORM, TENSORS ("float32"), 9, 4, NULL },
  { "float32, channel", "BGRx", NORM_CHANNEL, TENSORS ("float32"), 0, 4, NULL },
  { "float32 NCHW, channel", "BGRx", NORM_CHANNEL " layout=nchw", TENSORS ("float32"), 0, 4, NULL },
  { "uint8 NCHW, channel", "BGRx", NORM_CHANNEL " layout=nchw", TENSORS ("uint8"), 0, 1, NULL },
  { "8-bit video, channel", "BGRx", NORM_CHANNEL, VIDEO, 0, 4. / 3, NULL },
  { "float32 back, channel", "BGRx", BACK_CHANNEL, VIDEO ",format=BGRx", 0, 4. / 3, NULL },
  { "float32 NCHW back, channel", "BGRx", BACK_CHANNEL " layout=nchw", VIDEO ",format=BGRx", 0,
      4. / 3, NULL },
  { "statistics, pixel", "GRAY8", STATISTICS, NULL, 1, 1, NULL },
  { "float32, pixel", "GRAY8", NORM, TENSORS ("float32"), 9, 4, NULL },
  { "statistics, pixel", "I420", STATISTICS NATIVE, NULL, 1, 1, NULL },
  { "8-bit video, pixel", "I420", NORM NATIVE, VIDEO, 9, 1, NULL },
  { "float32 NCHW, channel", "I420", NORM_CHANNEL " layout=nchw", TENSORS ("float32"), 0, 4,
      "blobFromImage" },
  { "statistics, pixel", "NV12", STATISTICS NATIVE, NULL, 1, 1, NULL },
  { "8-bit video, channel", "NV12", NORM_CHANNEL NATIVE, VIDEO, 0, 1, NULL },
  { "statistics of RGB, pixel", "NV12", STATISTICS, NULL, 1, 1, "statistics" },
  { "float32, pixel", "NV12", NORM, TENSORS ("float32"), 9, 4, "convertTo, subtract, multiply" },
  { "float32, channel", "NV12", NORM_CHANNEL, TENSORS ("float32"), 0, 4, "convertTo" },
  { "float32 NCHW, channel", "NV12", NORM_CHANNEL " layout=nchw", TENSORS ("float32"), 0, 4,
      "blobFromImage" },
  { "float32 NCHW, channel", "YUY2", NORM_CHANNEL " layout=nchw", TENSORS ("float32"), 0, 4,
      "blobFromImage" },
  { "float32 NCHW, channel", "P010_10LE", NORM_CHANNEL " layout=nchw", TENSORS ("float32"), 0, 4,
      NULL },
  { "statistics, pixel", "GRAY16_LE", STATISTICS, NULL, 2, 2, NULL },
  { "float32, pixel", "GRAY16_LE", NORM, TENSORS ("float32"), 10, 4, NULL },
  { "statistics, pixel", "GBR_10LE", STATISTICS, NULL, 2, 2, NULL },
  { "float32, pixel", "GBR_10LE", NORM, TENSORS ("float32"), 10, 4, NULL },
  { "statistics, pixel", "RGBA64_LE", STATISTICS, NULL, 2, 2, NULL },
  { "float32, channel", "RGBA64_LE", NORM_CHANNEL, TENSORS ("float32"), 0, 4, NULL },
};

/* RIVAL TABLE: who does the same work as a path that reads Y'CbCr as RGB: the element behind a converter, and on
 * frames that are RGB already. */
static const struct {
  const char *name, *converter;
} rivals[] = {
  { "videoconvert", "videoconvert" },
  { "videoconvert nearest", "videoconvert chroma-mode=none" },
  { "rgb", NULL },
};

static const guint sizes[][2] = { { 224, 224 }, { 640, 480 }, { 1920, 1080 }, { 3840, 2160 } };

/* Streaming stores are for what does not fit the caches. */
#define STREAM_FROM_BYTES ((gsize) 16 << 20)

/* Frames of one format and size, and the profiles of them that were asked for. */
typedef struct {
  GstVideoInfo info;
  GstCaps *caps; /* of tensors; NULL: of info */
  gsize size;    /* bytes of a frame */
  guint8 *data[N_FRAMES];
  GstBuffer *buffers[N_FRAMES];
  PixelnormProfile *profiles[4]; /* scope pixel, scope channel; the same of RGB */
} Frames;

typedef struct {
  const Frames *frames;
  Pads pads; /* around the element, or a bin with a converter before it */
} Bench;

/* What takes its turn in a round. */
typedef struct {
  const char *name;
  void (*work) (gpointer data, guint i); /* on frame i of N_FRAMES */
  gpointer data;
  guint n; /* frames a round */
  gdouble seconds[MAX_ROUNDS];
} Contestant;

/* Such that a rival's converter gives: as deep. */
static const char *
get_rgb (const GstVideoInfo *info)
{
  return GST_VIDEO_INFO_COMP_DEPTH (info, 0) > 8 ? "GBR_10LE" : "RGB";
}

/* Floating; behind a @converter, if there is one. */
static GstElement *
make_element (const char *text, const char *converter, const GstVideoInfo *info)
{
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;
  GstElement *element;

  if (converter) {
    line = g_strdup_printf (
        "%s ! video/x-raw,format=%s ! %s name=measured", converter, get_rgb (info), text);
    element = gst_parse_bin_from_description (line, TRUE, &error);
  } else {
    element = gst_parse_launch (text, &error);
  }
  if (error) { /* a property that it does not have, too */
    gst_clear_object (&element);
    return NULL;
  }
  return element;
}

/* The element itself, with or without a converter before it. */
static GstElement *
bench_get_measured (const Bench *bench)
{
  return GST_IS_BIN (bench->pads.element)
      ? gst_bin_get_by_name (GST_BIN (bench->pads.element), "measured")
      : gst_object_ref (bench->pads.element);
}

/* Returns whether a frame went through. */
static gboolean
bench_start (Bench *bench, const char *element, const char *converter, const char *output,
    const Frames *frames, PixelnormProfile *profile)
{
  g_autoptr (GstCaps) caps =
      frames->caps ? gst_caps_ref (frames->caps) : gst_video_info_to_caps (&frames->info);
  GstElement *made = make_element (element, converter, &frames->info);

  if (!made)
    return FALSE;
  bench->frames = frames;
  const gboolean linked = pads_link (&bench->pads, made, output);
  if (profile) {
    g_autoptr (GstElement) measured = bench_get_measured (bench);

    g_object_set (measured, "profile", profile, NULL);
  }
  if (linked && pads_play (&bench->pads, caps)
      && gst_pad_push (bench->pads.source, gst_buffer_ref (frames->buffers[0])) == GST_FLOW_OK)
    return TRUE;
  pads_clear (&bench->pads);
  return FALSE;
}

static void
bench_push (gpointer data, guint i)
{
  Bench *bench = data;
  GstBuffer *buffer = gst_buffer_ref (bench->frames->buffers[i % N_FRAMES]);

  g_assert_cmpint (gst_pad_push (bench->pads.source, buffer), ==, GST_FLOW_OK);
}

/* Whether Y'CbCr is read as RGB. */
static gboolean
is_converted (const char *element, const GstVideoInfo *info)
{
  return GST_VIDEO_INFO_IS_YUV (info) && !strstr (element, NATIVE);
}

/* Of a frame as the element reads it, without alpha and padding. */
static gsize
count_samples (const char *element, const GstVideoInfo *info)
{
  const gsize n_pixels = (gsize) GST_VIDEO_INFO_WIDTH (info) * GST_VIDEO_INFO_HEIGHT (info);
  gsize n = 0;

  if (is_converted (element, info))
    return 3 * n_pixels;
  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (info); c++)
    if (c < 3) /* alpha comes last */
      n += (gsize) GST_VIDEO_INFO_COMP_WIDTH (info, c) * GST_VIDEO_INFO_COMP_HEIGHT (info, c);
  return n;
}

static void
fill_frame (guint8 *data, const GstVideoInfo *info, guint k)
{
  const gsize size = GST_VIDEO_INFO_SIZE (info);
  const guint depth = GST_VIDEO_INFO_COMP_DEPTH (info, 0);
  const guint shift = GST_VIDEO_FORMAT_INFO_SHIFT (info->finfo, 0);
  guint16 *words = (guint16 *) data;

  if (depth == 8)
    for (gsize i = 0; i < size; i++)
      data[i] = (guint8) (i * 5 + i / 257 * 11 + k * 17);
  else
    for (gsize i = 0; i < size / 2; i++)
      words[i] =
          (guint16) (((i * 1237 + i / 257 * 2741 + k * 4357) & ((1u << depth) - 1)) << shift);
}

static guint8 *
frames_allocate (Frames *frames, guint k)
{
  GstAllocationParams alignment = { .align = 63 };
  GstMapInfo map;

  /* memory of GStreamer, as sources and decoders have it: pixelstats holds it instead of copying */
  frames->buffers[k] = gst_buffer_new_allocate (NULL, frames->size, &alignment);
  if (!frames->buffers[k] || !gst_buffer_map (frames->buffers[k], &map, GST_MAP_WRITE))
    g_error ("no memory for frames");
  frames->data[k] = map.data; /* stays there as long as the buffer does */
  gst_buffer_unmap (frames->buffers[k], &map);
  return map.data;
}

/* Returns whether this GStreamer knows the format. */
static gboolean
frames_init (Frames *frames, const char *format, guint width, guint height)
{
  const GstVideoFormat known = gst_video_format_from_string (format);

  memset (frames, 0, sizeof *frames);
  if (known == GST_VIDEO_FORMAT_UNKNOWN)
    return FALSE;
  gst_video_info_set_format (&frames->info, known, width, height);
  frames->size = GST_VIDEO_INFO_SIZE (&frames->info);
  for (guint k = 0; k < N_FRAMES; k++)
    fill_frame (frames_allocate (frames, k), &frames->info, k);
  return TRUE;
}

/* Results as of zscore, of video of three channels. */
static void
frames_init_tensors (Frames *tensors, const Frames *video, gboolean nchw)
{
  const gsize n_samples = count_samples (BACK, &video->info);

  memset (tensors, 0, sizeof *tensors);
  tensors->info = video->info;
  tensors->size = n_samples * sizeof (gfloat);
  g_autofree char *dimensions = g_strdup_printf (nchw ? "%d:%d:3:1" : "3:%d:%d:1",
      GST_VIDEO_INFO_WIDTH (&video->info), GST_VIDEO_INFO_HEIGHT (&video->info));
  tensors->caps = gst_caps_from_string (TENSORS ("float32") ",format=static,num_tensors=1");
  gst_caps_set_simple (tensors->caps, "dimensions", G_TYPE_STRING, dimensions, "framerate",
      GST_TYPE_FRACTION, 0, 1, NULL);
  for (guint k = 0; k < N_FRAMES; k++) {
    gfloat *y = (gfloat *) (void *) frames_allocate (tensors, k);

    for (gsize i = 0; i < n_samples; i++)
      y[i] = (gfloat) ((i * 5 + i / 257 * 11 + k * 17) % 256) / 32 - 4;
  }
}

static void
frames_clear (Frames *frames)
{
  gst_clear_caps (&frames->caps);
  for (guint k = 0; k < N_FRAMES; k++)
    gst_clear_buffer (&frames->buffers[k]);
  for (guint p = 0; p < G_N_ELEMENTS (frames->profiles); p++)
    g_clear_object (&frames->profiles[p]);
}

/* What pixelstats says of the frames as @element reads them; NULL where it does not take them. */
static PixelnormProfile *
frames_get_profile (Frames *frames, const char *element)
{
  const guint per_channel = strstr (element, "scope=channel") != NULL;
  const guint converted = is_converted (element, &frames->info);
  PixelnormProfile **profile = &frames->profiles[per_channel + 2 * converted];
  g_autofree char *statistics =
      g_strconcat (STATISTICS, per_channel ? " scope=channel" : "", converted ? "" : NATIVE, NULL);
  Bench bench;

  if (!*profile && bench_start (&bench, statistics, NULL, NULL, frames, NULL)) {
    for (guint i = 0; i < N_FRAMES; i++)
      bench_push (&bench, i);
    g_object_get (bench.pads.element, "profile", profile, NULL);
    pads_clear (&bench.pads);
  }
  return *profile;
}

static gdouble
median (gdouble *values, guint n)
{
  for (guint i = 1; i < n; i++)
    for (guint k = i; k > 0 && values[k] < values[k - 1]; k--) {
      const gdouble other = values[k];

      values[k] = values[k - 1];
      values[k - 1] = other;
    }
  return values[n / 2];
}

static glong
count_faults (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

/* Bytes of memory that are ours alone, without what was freed. */
static gsize
count_memory (void)
{
  gsize total, resident = 0, shared = 0;
  FILE *file = fopen ("/proc/self/statm", "r");

  malloc_trim (0);
  if (file) {
    if (fscanf (file, "%zu %zu %zu", &total, &resident, &shared) != 3)
      resident = shared = 0;
    fclose (file);
  }
  return (resident - shared) * (gsize) sysconf (_SC_PAGESIZE);
}

/* Of the whole process: a thread beside ours would count, other programs do not. */
static gdouble
get_processor_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (gdouble) now.tv_sec + (gdouble) now.tv_nsec / 1e9;
}

/* Seconds a call takes. Calls come N_FRAMES at a time, since an element may gather that many. */
static gdouble
time_calls (const Contestant *contestant, guint n)
{
  const gdouble start = get_processor_seconds ();

  for (guint i = 0; i < n; i++)
    contestant->work (contestant->data, i);
  return (get_processor_seconds () - start) / n;
}

/* Seconds a round; decides how many frames that are. */
static gdouble
plan_round (Contestant *contestant)
{
  time_calls (contestant, N_FRAMES); /* pages, caches, Orc's programs */
  const gdouble seconds = time_calls (contestant, N_FRAMES) * N_FRAMES;
  const guint turns = 1 + (guint) MIN (ROUND_SECONDS / seconds, 1000);

  contestant->n = turns * N_FRAMES;
  return seconds * turns;
}

/* The contestants take turns; the first is the element. Returns its page faults a frame. */
static gdouble
compete (Contestant *contestants, guint n_contestants)
{
  gdouble round_seconds = 0;
  glong faults = 0;

  for (guint c = 0; c < n_contestants; c++)
    round_seconds += plan_round (&contestants[c]);
  const guint n_rounds = (guint) CLAMP (PATH_SECONDS / round_seconds, MIN_ROUNDS, MAX_ROUNDS);
  for (guint round = 0; round < n_rounds; round++)
    for (guint c = 0; c < n_contestants; c++) {
      const glong before = count_faults ();

      contestants[c].seconds[round] = time_calls (&contestants[c], contestants[c].n);
      if (c == 0)
        faults += count_faults () - before;
    }
  for (guint c = 0; c < n_contestants; c++)
    contestants[c].seconds[0] = median (contestants[c].seconds, n_rounds);
  return (gdouble) faults / (n_rounds * contestants[0].n);
}

static void
print_result (const Path *path, const Traffic *traffic, gsize n_samples,
    const Contestant *contestants, guint n_contestants, gdouble faults, gdouble memory)
{
  const gdouble bytes = (gdouble) (traffic->frame + traffic->rest + traffic->written);

  printf (", \"samples\": %zu, \"bytes_per_sample\": %.4g, \"faults_per_frame\": %.4g, "
          "\"memory_per_sample\": %.4g, \"opencv_work\": \"%s\", \"seconds\": {",
      n_samples, bytes / (gdouble) n_samples, faults, memory / (gdouble) n_samples,
      path->opencv ? path->opencv : "");
  for (guint c = 0; c < n_contestants; c++)
    printf ("%s\"%s\": %.9f", c ? ", " : "", contestants[c].name, contestants[c].seconds[0]);
  printf ("}}\n");
}

/* Touches all memory that the element will use: sums of 64 bits are first written to when somebody
 * asks for the statistics, or after some 250 frames. */
static void
warm_up (Bench *bench)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (GstElement) measured = bench_get_measured (bench);

  for (guint i = 0; i < 2 * N_FRAMES; i++)
    bench_push (bench, i);
  g_object_get (measured, "profile", &profile, NULL);
}

/* Starts those of the RIVAL TABLE that negotiate; @rgb are frames of theirs. Returns how many. */
static guint
start_rivals (const Path *path, const Frames *frames, const Frames *rgb, PixelnormProfile *profile,
    Bench *benches, Contestant *contestants)
{
  guint n = 0;

  for (guint r = 0; r < G_N_ELEMENTS (rivals); r++) {
    const char *converter = rivals[r].converter;

    if (!bench_start (
            &benches[n], path->element, converter, path->output, converter ? frames : rgb, profile))
      continue;
    warm_up (&benches[n]);
    contestants[n] = (Contestant){ rivals[r].name, bench_push, &benches[n] };
    n++;
  }
  return n;
}

static OpencvWork *
start_opencv (const Path *path, const Frames *frames)
{
  const GstVideoInfo *info = &frames->info;

  return path->opencv ? opencv_work_new (path->opencv, path->format, GST_VIDEO_INFO_WIDTH (info),
             GST_VIDEO_INFO_HEIGHT (info), frames->data, N_FRAMES)
                      : NULL;
}

static void
measure (const Path *path, Frames *frames, Bench *bench, PixelnormProfile *profile, gsize memory)
{
  const GstVideoInfo *info = &frames->info;
  const gsize n = count_samples (path->element, info);
  Contestant contestants[5 + G_N_ELEMENTS (rivals)] = { { "element", bench_push, bench } };
  Bench benches[G_N_ELEMENTS (rivals)];
  guint n_contestants = 1, n_rivals = 0;
  Frames rgb = { 0 };
  Traffic traffic;

  warm_up (bench);
  const gdouble used = (gdouble) count_memory () - (gdouble) memory;
  traffic_init (&traffic, frames->data, frames->size, (gsize) (path->rest * (gdouble) n),
      (gsize) (path->written * (gdouble) n));
  contestants[n_contestants++] = (Contestant){ "copy", traffic_copy, &traffic };
  if (!path->output)
    contestants[n_contestants++] = (Contestant){ "read", traffic_read, &traffic };
  else if (traffic.written >= STREAM_FROM_BYTES && traffic_can_stream ())
    contestants[n_contestants++] = (Contestant){ "stream", traffic_stream, &traffic };
  OpencvWork *opencv = start_opencv (path, frames);
  if (opencv)
    contestants[n_contestants++] = (Contestant){ "opencv", opencv_work_run, opencv };
  SimdWork *simd = simd_work_new (path->name, path->format, GST_VIDEO_INFO_WIDTH (info),
      GST_VIDEO_INFO_HEIGHT (info), frames->data, N_FRAMES);
  if (simd)
    contestants[n_contestants++] = (Contestant){ "simd", simd_work_run, simd };
  if (is_converted (path->element, info)) {
    frames_init (&rgb, get_rgb (info), GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
    n_rivals = start_rivals (path, frames, &rgb, profile, benches, &contestants[n_contestants]);
  }
  const gdouble faults = compete (contestants, n_contestants + n_rivals);
  print_result (path, &traffic, n, contestants, n_contestants + n_rivals, faults, MAX (used, 0));
  for (guint r = 0; r < n_rivals; r++)
    pads_clear (&benches[r].pads);
  frames_clear (&rgb);
  if (opencv)
    opencv_work_free (opencv);
  if (simd)
    simd_work_free (simd);
  traffic_clear (&traffic);
}

static void
run_path (const Path *path, Frames *frames, guint width, guint height)
{
  const gboolean back = g_str_has_prefix (path->element, BACK);
  const gboolean norm = back || g_str_has_prefix (path->element, NORM);
  const gboolean known = frames->buffers[0] != NULL;
  PixelnormProfile *profile = NULL;
  Frames tensors = { 0 }, *input = frames;
  Bench bench;

  printf ("{\"path\": \"%s\", \"format\": \"%s\", \"width\": %u, \"height\": %u", path->name,
      path->format, width, height);
  if (known && norm)
    profile = frames_get_profile (frames, path->element);
  if (known && back) {
    frames_init_tensors (&tensors, frames, strstr (path->element, "layout=nchw") != NULL);
    input = &tensors;
  }
  const gsize memory = count_memory ();
  if (known && (profile || !norm)
      && bench_start (&bench, path->element, NULL, path->output, input, profile)) {
    measure (path, input, &bench, profile, memory);
    pads_clear (&bench.pads);
  } else {
    printf (
        ", \"skipped\": \"%s\"}\n", known ? "does not negotiate" : "is unknown to this GStreamer");
  }
  frames_clear (&tensors);
  fflush (stdout);
}

static void
wait_for_line (void)
{
  int c;

  do
    c = getchar ();
  while (c != '\n' && c != EOF);
}

/* Whether one of the words is part of the line's name; without words all are wanted. */
static gboolean
is_wanted (const Path *path, const guint *size, char *const *words, gint n_words)
{
  g_autofree char *name =
      g_strdup_printf ("%ux%u %s %s", size[0], size[1], path->format, path->name);

  for (gint w = 0; w < n_words; w++)
    if (strstr (name, words[w]))
      return TRUE;
  return n_words == 0;
}

int
main (int argc, char **argv)
{
  Frames frames = { 0 };

  gst_init (&argc, &argv);
  g_autofree char *gstreamer = gst_version_string ();
  const char *opencv = opencv_version (), *simd = simd_version ();
  printf ("{\"gstreamer\": \"%s\", \"orc\": \"%s\", \"opencv\": \"%s\", \"simd\": \"%s\", "
          "\"kernels\": \"%s\"}\n",
      gstreamer + strlen ("GStreamer "), orc_version_string (), opencv ? opencv : "",
      simd ? simd : "", pixelnorm_get_kernel_row ());
  fflush (stdout);
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint p = 0, made = G_MAXUINT; p < G_N_ELEMENTS (paths); p++) {
      if (!is_wanted (&paths[p], sizes[s], argv + 1, argc - 1))
        continue;
      if (made == G_MAXUINT || !g_str_equal (paths[p].format, paths[made].format)) {
        frames_clear (&frames);
        frames_init (&frames, paths[p].format, sizes[s][0], sizes[s][1]);
      }
      made = p;
      wait_for_line ();
      run_path (&paths[p], &frames, sizes[s][0], sizes[s][1]);
    }
  frames_clear (&frames);
  return 0;
}
