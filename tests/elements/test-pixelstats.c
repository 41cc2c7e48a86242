/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixelstats counts: every format and every way that a buffer can hold it, against sums by a
 * plain loop; which buffers are left out; and that frames pass untouched.
 */
#include <string.h>

#include "element-test.h"

static const Placing placings[] = {
  { "plain" },
  { "meta", .meta = TRUE },
  { "padding", .padding = 13 },
  { "planes-apart", .apart = TRUE, .padding = 4 },
  { "crop", .left = 3, .top = 2, .right = 1, .bottom = 5 },
  { "crop-apart", .left = 1, .top = 1, .bottom = 1, .apart = TRUE, .padding = 7 },
  { "upside-down", .upside_down = TRUE },
  { "upside-down-crop", .upside_down = TRUE, .left = 2, .top = 1, .right = 2, .bottom = 3 },
};

/* Sizes around what vector loops take at once. */
static const guint widths[] = { 1, 7, 16, 33 };

static void
check_placing (const Format *format, const Placing *placing, guint width)
{
  enum { N = 4 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (N, format_channels (format), width, 5);

  bench_play (bench, NULL);
  bench_set_video (bench, format->name, width, 5);
  for (guint i = 0; i < N; i++) {
    GstBuffer *buffer = buffer_new (format, pictures[i], placing);

    g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
    gst_buffer_unref (gst_harness_pull (bench->harness));
  }
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, N);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, 0);
  bench_end (bench);
  assert_saved_frames (path, pictures, N);
  pictures_free (pictures, N);
}

static void
test_format (gconstpointer data)
{
  const Format *format = data;

  for (guint p = 0; p < G_N_ELEMENTS (placings); p++)
    for (guint w = 0; w < G_N_ELEMENTS (widths); w++) {
      g_test_message ("%s, %s, width %u", format->name, placings[p].name, widths[w]);
      check_placing (format, &placings[p], widths[w]);
    }
}

/* A format of 8-bit RGB or grey that was added without a test, or taken away, shows here; the others
 * in test_numbers_formats.py and test_colours.py. */
static void
test_formats_are_all (void)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find ("pixelstats");

  g_assert_nonnull (factory);
  for (const GList *l = gst_element_factory_get_static_pad_templates (factory); l; l = l->next) {
    g_autoptr (GstCaps) caps = gst_static_pad_template_get_caps (l->data);
    guint n_known = 0, n_found = 0;

    g_assert_cmpuint (gst_caps_get_size (caps), ==, 1);
    const GValue *list = gst_structure_get_value (gst_caps_get_structure (caps, 0), "format");
    for (guint i = 0; i < gst_value_list_get_size (list); i++) {
      const gchar *name = g_value_get_string (gst_value_list_get_value (list, i));
      const GstVideoFormatInfo *info =
          gst_video_format_get_info (gst_video_format_from_string (name));

      if (GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) != 8 || GST_VIDEO_FORMAT_INFO_IS_YUV (info)
          || GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info))
        continue;
      g_assert_nonnull (format_find (name));
      n_found++;
    }
    for (guint i = 0; i < n_formats; i++)
      n_known += gst_video_format_from_string (formats[i].name) != GST_VIDEO_FORMAT_UNKNOWN;
    g_assert_cmpuint (n_found, ==, n_known);
  }
}

static void
test_passthrough (void)
{
  const Format *format = format_find ("BGRA");
  g_autoptr (Picture) picture = picture_new_random (3, 9, 4);
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);
  GstBuffer *buffer = buffer_new (format, picture, NULL);
  g_autoptr (GstBuffer) before = gst_buffer_copy_deep (buffer);
  g_autoptr (GstCaps) caps = video_caps ("BGRA", 9, 4);
  g_autoptr (GstCaps) same = NULL;
  GstMapInfo one, other;

  bench_play (bench, NULL);
  bench_set_video (bench, "BGRA", 9, 4);
  for (guint i = 0; i < 3; i++) {
    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    /* a second reference, as tee has: writing would need a copy */
    g_assert_cmpint (bench_push (bench, gst_buffer_ref (buffer)), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_true (out == buffer);
    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, i * GST_SECOND);
    gst_buffer_unref (out);
  }
  g_assert_true (gst_buffer_map (before, &one, GST_MAP_READ));
  g_assert_true (gst_buffer_map (buffer, &other, GST_MAP_READ));
  g_assert_cmpmem (one.data, one.size, other.data, other.size);
  gst_buffer_unmap (buffer, &other);
  gst_buffer_unmap (before, &one);
  same = gst_pad_get_current_caps (bench->harness->sinkpad);
  g_assert_true (gst_caps_is_equal (same, caps));
  g_assert_cmpuint (gst_harness_query_latency (bench->harness), ==, 0);
  gst_buffer_unref (buffer);
}

/* Late buffers must count: QoS must not drop them. */
static void
test_qos_drops_nothing (void)
{
  const Format *format = format_find ("RGB");
  g_autoptr (Picture) picture = picture_new_random (3, 4, 4);
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 4, 4);
  bench_show (bench, format, picture);
  gst_harness_push_upstream_event (bench->harness,
      gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 0.1, 5 * GST_SECOND, 10 * GST_SECOND));
  GstBuffer *late = buffer_new (format, picture, NULL);
  GST_BUFFER_PTS (late) = GST_SECOND;
  g_assert_cmpint (bench_push (bench, late), ==, GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (bench->harness));
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 2);
}

static void
test_flagged (void)
{
  static const GstBufferFlags flags[] = { GST_BUFFER_FLAG_GAP, GST_BUFFER_FLAG_CORRUPTED,
    GST_BUFFER_FLAG_DECODE_ONLY };
  const Format *format = format_find ("RGB");
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (2, 3, 6, 3);
  g_autoptr (Picture) other = picture_new_random (3, 6, 3);

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 6, 3);
  bench_show (bench, format, pictures[0]);
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++) {
    GstBuffer *buffer = buffer_new (format, other, NULL);

    GST_BUFFER_FLAG_SET (buffer, flags[i]);
    g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_true (out == buffer && GST_BUFFER_FLAG_IS_SET (out, flags[i]));
    gst_buffer_unref (out);
    g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, i + 1);
  }
  bench_show (bench, format, pictures[1]);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 2);
  bench_end (bench);
  assert_saved_frames (path, pictures, 2);
  g_autoptr (Saved) saved = saved_load (path);
  g_autofree gchar *skipped = saved_metadata (saved, "frames_skipped");
  g_assert_cmpstr (skipped, ==, "3");
  pictures_free (pictures, 2);
}

/* A meta that claims more than the buffer holds. */
static GstBuffer *
new_liar (const gchar *format, guint width, guint height, gsize size, guint crop_x)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (buffer, 0, 7, size);
  gst_buffer_add_video_meta (
      buffer, GST_VIDEO_FRAME_FLAG_NONE, gst_video_format_from_string (format), width, height);
  if (crop_x > 0) {
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);

    crop->x = crop_x;
    crop->y = 0;
    crop->width = 64;
    crop->height = 48;
  }
  return buffer;
}

/* Rows go upwards from the first byte of the memory. */
static GstBuffer *
new_upwards (void)
{
  gsize offsets[GST_VIDEO_MAX_PLANES] = { 0, 3072, 6144 };
  gint strides[GST_VIDEO_MAX_PLANES] = { -64, -64, -64 };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 3 * 3072, NULL);

  gst_buffer_add_video_meta_full (
      buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GBR, 64, 48, 3, offsets, strides);
  return buffer;
}

/* In GBR at 64x48 a plane is 3072 bytes. */
static GstBuffer *
new_broken (guint kind)
{
  switch (kind) {
  case 0: /* too small */
    return gst_buffer_new_allocate (NULL, 100, NULL);
  case 1: /* one byte is missing */
    return gst_buffer_new_allocate (NULL, 3 * 3072 - 1, NULL);
  case 2:
    return new_liar ("GBR", 64, 48, 100, 0);
  case 3: /* only the last row of the last plane is missing a byte */
    return new_liar ("GBR", 64, 48, 3 * 3072 - 1, 0);
  case 4: /* of another size than the caps say */
    return new_liar ("GBR", 32, 32, 3 * 3072, 0);
  case 5: /* of another format */
    return new_liar ("RGB", 64, 48, 3 * 3072, 0);
  case 6: /* cut out from beyond the memory */
    return new_liar ("GBR", 64, 48, 3 * 3072, 100000);
  case 7:
    return buffer_new_unmappable (3 * 3072);
  case 8:
    return gst_buffer_new ();
  case 9:
    return new_upwards ();
  default:
    return NULL;
  }
}

static void
test_broken (void)
{
  const Format *format = format_find ("GBR");
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (2, 3, 64, 48);
  GstBuffer *broken;
  guint kind = 0;

  bench_play (bench, NULL);
  bench_set_video (bench, "GBR", 64, 48);
  bench_show (bench, format, pictures[0]);
  for (; (broken = new_broken (kind)); kind++) {
    g_test_message ("kind %u", kind);
    g_assert_cmpint (bench_push (bench, broken), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_true (out == broken);
    gst_buffer_unref (out);
    g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, 1);
    g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, kind + 1);
  }
  g_assert_cmpuint (kind, ==, 10);
  bench_expect (bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "64x48");
  bench_show (bench, format, pictures[1]);
  bench_end (bench);
  assert_saved_frames (path, pictures, 2);
  pictures_free (pictures, 2);
}

/* A crop that reaches over the right edge would take pixels from the next row. */
static void
test_crop_over_the_edge (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelstats", NULL);

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 64, 48);
  g_assert_cmpint (bench_push (bench, new_liar ("RGB", 70, 60, 70 * 60 * 4, 50)), ==, GST_FLOW_OK);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, 1);
  bench_expect (bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "64");
}

static void
test_frame_step (void)
{
  enum { N = 10, STEP = 3 };
  const Format *format = format_find ("GRAY8");
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, "frame-step", STEP, NULL);
  Picture **pictures = pictures_new_random (N, 1, 5, 5);
  Picture *taken[] = { pictures[0], pictures[3], pictures[6], pictures[9] };

  bench_play (bench, NULL);
  bench_set_video (bench, "GRAY8", 5, 5);
  for (guint i = 0; i < N; i++)
    bench_show (bench, format, pictures[i]);
  g_assert_cmpuint (bench_get_uint64 (bench, "frames-skipped"), ==, 0);
  bench_end (bench);
  assert_saved_frames (path, taken, G_N_ELEMENTS (taken));
  pictures_free (pictures, N);
}

static void
test_max_frames (void)
{
  enum { N = 9, MAX_FRAMES = 4 };
  const Format *format = format_find ("RGB");
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench =
      bench_new ("pixelstats", "location", path, "max-frames", (guint64) MAX_FRAMES, NULL);
  Picture **pictures = pictures_new_random (N, 3, 5, 5);

  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", 5, 5);
  for (guint i = 0; i < N; i++) {
    if (i < MAX_FRAMES)
      g_assert_false (file_exists (path));
    bench_show (bench, format, pictures[i]);
    g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, MIN (i + 1, MAX_FRAMES));
  }
  /* it does not wait for the end */
  wait_for_file (path);
  assert_saved_frames (path, pictures, MAX_FRAMES);
  bench_end (bench);
  assert_saved_frames (path, pictures, MAX_FRAMES);
  g_assert_cmpuint (gst_harness_buffers_received (bench->harness), ==, N);
  pictures_free (pictures, N);
}

static void
add_format_tests (void)
{
  for (guint i = 0; i < n_formats; i++) {
    g_autofree gchar *name = g_strdup_printf ("/pixelstats/format/%s", formats[i].name);

    if (gst_video_format_from_string (formats[i].name) != GST_VIDEO_FORMAT_UNKNOWN)
      g_test_add_data_func (name, &formats[i], test_format);
  }
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  add_format_tests ();
  g_test_add_func ("/pixelstats/formats-are-all", test_formats_are_all);
  g_test_add_func ("/pixelstats/passthrough", test_passthrough);
  g_test_add_func ("/pixelstats/qos-drops-nothing", test_qos_drops_nothing);
  g_test_add_func ("/pixelstats/flagged", test_flagged);
  g_test_add_func ("/pixelstats/broken", test_broken);
  g_test_add_func ("/pixelstats/crop-over-the-edge", test_crop_over_the_edge);
  g_test_add_func ("/pixelstats/frame-step", test_frame_step);
  g_test_add_func ("/pixelstats/max-frames", test_max_frames);
  return element_test_run ();
}
