/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast the elements are: each path and size, a whole element between two pads, one core. Prints
 * a line of JSON per path and size: the median time of a frame, and that of a copy which moves as
 * many bytes (read + written) through the same caches, measured in the same run, since machines
 * differ and drift.
 *
 * Eight frames are sent round and round, as a decoder's pool would.
 */
#include <gst/gst.h>
#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>
#include <stdio.h>
#include <string.h>

#define N_FRAMES 8
#define N_ROUNDS 15

/* BENCH TABLE: what is measured. bytes: read and written per sample, coefficients and sums
 * included. */
typedef struct {
  const char *name;
  const char *element; /* as for gst_parse_launch; %s is the profile */
  const char *output;  /* caps behind it, or NULL */
  double bytes;
} Path;

static const Path paths[] = {
  /* 8 arrays of sums and extremes are 8 bytes, read and written, and the sample */
  { "statistics, pixel", "pixelstats checkpoint-interval=0", NULL, 17 },
  { "statistics, channel", "pixelstats scope=channel checkpoint-interval=0", NULL, 1 },
  { "float32, pixel", "pixelnorm location=%s", "other/tensors", 14 },
  { "float32, channel", "pixelnorm location=%s scope=channel", "other/tensors", 5 },
  { "8-bit video, pixel", "pixelnorm location=%s", "video/x-raw", 11 },
  { "8-bit video, channel", "pixelnorm location=%s scope=channel", "video/x-raw", 2 },
};

static const guint sizes[][2] = { { 224, 224 }, { 640, 480 }, { 1920, 1080 }, { 3840, 2160 } };

static const char *const formats[] = { "RGB", "BGRx" };

static GstStaticPadTemplate any_source =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static GstFlowReturn
drop (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

typedef struct {
  GstElement *element;
  GstPad *source, *sink;
  GstBuffer *frames[N_FRAMES];
} Bench;

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

static void
make_profile (const GstVideoInfo *info, const char *location)
{
  g_autoptr (PixelnormLayout) layout =
      pixelnorm_layout_new ("RGB", info->width, info->height, NULL);
  g_autoptr (PixelnormAccumulator) accumulator =
      pixelnorm_accumulator_new (PIXELNORM_SCOPE_PIXEL, layout, NULL);
  const gsize size = pixelnorm_layout_get_frame_bytes (layout);
  g_autofree guint8 *data = g_malloc (size);

  for (guint k = 0; k < 3; k++) {
    for (gsize i = 0; i < size; i++)
      data[i] = (guint8) (i * 7 + i / 251 * 13 + k * 31);
    pixelnorm_accumulator_add_data (accumulator, layout, data, size, NULL);
  }
  g_autoptr (PixelnormProfile) profile = pixelnorm_accumulator_snapshot (accumulator, NULL);
  g_assert_true (pixelnorm_profile_save (profile, location, NULL));
}

static void
bench_start (Bench *bench, const Path *path, const GstVideoInfo *info, const char *location)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  g_autofree char *text = g_strdup_printf (path->element, location);
  G_GNUC_END_IGNORE_DEPRECATIONS
  g_autoptr (GstCaps) caps = gst_video_info_to_caps (info);
  g_autoptr (GstCaps) output = path->output ? gst_caps_new_empty_simple (path->output) : NULL;
  GstSegment segment;

  bench->element = gst_parse_launch (text, NULL);
  bench->source = gst_pad_new_from_static_template (&any_source, "src");
  bench->sink = output ? gst_pad_new_from_template (
                    gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, output), "sink")
                       : gst_pad_new ("sink", GST_PAD_SINK);
  gst_pad_set_chain_function (bench->sink, drop);
  gst_pad_set_active (bench->sink, TRUE);
  gst_pad_set_active (bench->source, TRUE);
  g_autoptr (GstPad) in = gst_element_get_static_pad (bench->element, "sink");
  g_autoptr (GstPad) out = gst_element_get_static_pad (bench->element, "src");
  g_assert_cmpint (gst_pad_link (bench->source, in), ==, GST_PAD_LINK_OK);
  g_assert_cmpint (gst_pad_link (out, bench->sink), ==, GST_PAD_LINK_OK);
  g_assert_cmpint (
      gst_element_set_state (bench->element, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (bench->source, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (bench->source, gst_event_new_caps (caps));
  gst_pad_push_event (bench->source, gst_event_new_segment (&segment));
  for (guint k = 0; k < N_FRAMES; k++) {
    GstMapInfo map;

    bench->frames[k] = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (info), NULL);
    gst_buffer_map (bench->frames[k], &map, GST_MAP_WRITE);
    for (gsize i = 0; i < map.size; i++)
      map.data[i] = (guint8) (i * 5 + i / 257 * 11 + k * 17);
    gst_buffer_unmap (bench->frames[k], &map);
  }
}

static void
bench_stop (Bench *bench)
{
  for (guint k = 0; k < N_FRAMES; k++)
    gst_buffer_unref (bench->frames[k]);
  gst_element_set_state (bench->element, GST_STATE_NULL);
  gst_object_unref (bench->element);
  gst_object_unref (bench->source);
  gst_object_unref (bench->sink);
}

/* Seconds a frame takes, @n_frames of them a round. */
static gdouble
time_frames (Bench *bench, guint n_frames)
{
  gdouble seconds[N_ROUNDS];

  for (guint round = 0; round < N_ROUNDS; round++) {
    const gint64 start = g_get_monotonic_time ();

    for (guint i = 0; i < n_frames; i++)
      g_assert_cmpint (gst_pad_push (bench->source, gst_buffer_ref (bench->frames[i % N_FRAMES])),
          ==, GST_FLOW_OK);
    seconds[round] = (gdouble) (g_get_monotonic_time () - start) / 1e6 / n_frames;
  }
  return median (seconds, N_ROUNDS);
}

/* Seconds a copy takes that moves @bytes, read and written. */
static gdouble
time_copy (gsize bytes, guint n_copies)
{
  const gsize half = bytes / 2;
  guint8 *from = g_malloc (half * 2), *to = from + half;
  gdouble seconds[N_ROUNDS];

  memset (from, 1, half * 2);
  for (guint round = 0; round < N_ROUNDS; round++) {
    const gint64 start = g_get_monotonic_time ();

    for (guint i = 0; i < n_copies; i++) {
      memcpy (to, from, half);
      __asm__ volatile("" ::"r"(to), "r"(from) : "memory"); /* every copy is made */
    }
    seconds[round] = (gdouble) (g_get_monotonic_time () - start) / 1e6 / n_copies;
  }
  g_free (from);
  return median (seconds, N_ROUNDS);
}

static void
run_path (const Path *path, const GstVideoInfo *info, const char *location)
{
  const gsize samples = (gsize) info->width * info->height * 3;
  const guint n = (guint) CLAMP (20000000 / samples, 4, 64);
  Bench bench;

  bench_start (&bench, path, info, location);
  time_frames (&bench, N_FRAMES); /* pages, caches, Orc's programs */
  const gdouble frame = time_frames (&bench, n);
  bench_stop (&bench);
  const gdouble copy = time_copy ((gsize) (samples * path->bytes), n);
  printf ("{\"path\": \"%s\", \"format\": \"%s\", \"width\": %d, \"height\": %d, "
          "\"seconds\": %.9f, \"copy_seconds\": %.9f, \"bytes_per_sample\": %g}\n",
      path->name, GST_VIDEO_INFO_NAME (info), info->width, info->height, frame, copy, path->bytes);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_autofree char *folder = g_dir_make_tmp ("pixelnorm-bench-XXXXXX", NULL);
  g_autofree char *location = g_build_filename (folder, "bench.safetensors", NULL);

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint f = 0; f < G_N_ELEMENTS (formats); f++) {
      GstVideoInfo info;

      gst_video_info_set_format (
          &info, gst_video_format_from_string (formats[f]), sizes[s][0], sizes[s][1]);
      make_profile (&info, location);
      for (guint p = 0; p < G_N_ELEMENTS (paths); p++)
        run_path (&paths[p], &info, location);
    }
  remove (location);
  remove (folder);
  return 0;
}
