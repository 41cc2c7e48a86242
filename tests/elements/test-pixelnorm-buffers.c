/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelnorm and memory: pools, metas, flags and times; buffers that do not hold a frame. */
#include <string.h>

#include "element-test.h"

enum {
  WIDTH = 10,
  HEIGHT = 6,
};

/* @probe, if any, sees what is asked of downstream. */
static Bench *
play_probed (const gchar *downstream, const gchar *format, GstPadProbeCallback probe, gpointer data)
{
  Bench *bench = bench_new ("pixelnorm", NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<0>");
  gst_util_set_object_arg (G_OBJECT (bench->element), "std", "<1>");
  /* so y is x, in tensors and in video */
  g_object_set (bench->element, "range-low", 0.0, "range-high", 255.0, NULL);
  bench_play (bench, downstream);
  if (probe)
    gst_pad_add_probe (
        bench->harness->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, probe, data, NULL);
  bench_set_video (bench, format, WIDTH, HEIGHT);
  return bench;
}

static Bench *
play_fixed (const gchar *downstream, const gchar *format)
{
  return play_probed (downstream, format, NULL, NULL);
}

static void
assert_tensor_holds (GstBuffer *buffer, const Picture *picture)
{
  const guint n = picture->width * picture->height * picture->n_channels;
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, ==, n * sizeof (gfloat));
  for (guint i = 0; i < n; i++) {
    const guint pixel = i / picture->n_channels;

    /* integers up to 255 times 1 are exact */
    g_assert_cmpfloat (((gfloat *) map.data)[i], ==,
        *picture_at (
            picture, pixel % picture->width, pixel / picture->width, i % picture->n_channels));
  }
  gst_buffer_unmap (buffer, &map);
}

static const guint8 *
memory_of (GstBuffer *buffer)
{
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  gpointer data = map.data; /* GStreamer 1.28 clears the map when it ends */
  gst_buffer_unmap (buffer, &map);
  return data;
}

/* Memory that was given back is used again, so no frame costs new pages. */
static void
check_reuse (const gchar *downstream)
{
  enum { N = 20, HELD = 3 };
  g_autoptr (Bench) bench = play_fixed (downstream, "RGB");
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  GstBuffer *held[HELD] = { NULL };

  for (guint i = 0; i < N; i++) {
    g_assert_cmpint (
        bench_push (bench, buffer_new (format_find ("RGB"), picture, NULL)), ==, GST_FLOW_OK);
    gst_buffer_replace (&held[i % HELD], NULL);
    held[i % HELD] = gst_harness_pull (bench->harness);
    g_assert_nonnull (held[i % HELD]->pool);
    /* nor is its meta made anew */
    GstCustomMeta *meta = gst_buffer_get_custom_meta (held[i % HELD], "PixelnormMeta");
    g_assert_true (GST_META_FLAG_IS_SET (&meta->meta, GST_META_FLAG_POOLED));
    g_hash_table_add (seen, (gpointer) memory_of (held[i % HELD]));
  }
  /* those that are held, and the one that is written meanwhile */
  g_assert_cmpuint (g_hash_table_size (seen), <=, HELD + 1);
  for (guint i = 0; i < HELD; i++) {
    if (!downstream)
      assert_tensor_holds (held[i], picture);
    gst_buffer_unref (held[i]);
  }
}

static void
test_reuse (void)
{
  check_reuse (NULL);
  check_reuse ("video/x-raw");
}

/* Vector loops and inference engines want tensors that begin on a cache line. */
static void
test_alignment (void)
{
  enum { N = 16 };
  g_autoptr (Bench) bench = play_fixed (NULL, "GRAY8");
  g_autoptr (Picture) picture = picture_new_random (1, WIDTH, HEIGHT);
  GstBuffer *held[N];

  for (guint i = 0; i < N; i++) {
    g_assert_cmpint (
        bench_push (bench, buffer_new (format_find ("GRAY8"), picture, NULL)), ==, GST_FLOW_OK);
    held[i] = gst_harness_pull (bench->harness);
    g_assert_cmpuint ((guintptr) memory_of (held[i]) % 64, ==, 0);
  }
  for (guint i = 0; i < N; i++)
    gst_buffer_unref (held[i]);
}

typedef struct {
  GstBufferPool *pool;
  guint n_asked;
} Downstream;

/* Answers as a sink does that has a pool of padded frames. */
static GstPadProbeReturn
propose_padded_pool (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);
  Downstream *downstream = data;
  GstVideoAlignment alignment;
  GstStructure *config;
  GstVideoInfo video;
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_OK;
  gst_query_parse_allocation (query, &caps, NULL);
  g_assert_true (gst_video_info_from_caps (&video, caps));
  gst_video_alignment_reset (&alignment);
  alignment.padding_left = 16;
  alignment.padding_top = 2;
  alignment.padding_right = 21;
  downstream->pool = gst_video_buffer_pool_new ();
  config = gst_buffer_pool_get_config (downstream->pool);
  gst_buffer_pool_config_set_params (config, caps, (guint) GST_VIDEO_INFO_SIZE (&video), 2, 0);
  gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
  gst_buffer_pool_config_set_video_alignment (config, &alignment);
  g_assert_true (gst_buffer_pool_set_config (downstream->pool, config));
  gst_query_add_allocation_pool (
      query, downstream->pool, (guint) GST_VIDEO_INFO_SIZE (&video), 2, 0);
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  downstream->n_asked++;
  return GST_PAD_PROBE_HANDLED;
}

static void
test_downstream_pool (void)
{
  static const gchar *const names[] = { "RGB", "GBRA", "GRAY8" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const Format *format = format_find (names[i]);
    g_autoptr (Picture) picture = picture_new_random (format_channels (format), WIDTH, HEIGHT);
    g_autoptr (GstCaps) caps = video_caps (names[i], WIDTH, HEIGHT);
    Downstream downstream = { NULL };
    g_autoptr (Bench) bench =
        play_probed ("video/x-raw", names[i], propose_padded_pool, &downstream);

    for (guint n = 0; n < 3; n++) {
      g_assert_cmpint (bench_push (bench, buffer_new (format, picture, NULL)), ==, GST_FLOW_OK);
      GstBuffer *out = gst_harness_pull (bench->harness);
      const GstVideoMeta *meta = gst_buffer_get_video_meta (out);

      g_assert_true (out->pool == downstream.pool);
      g_assert_nonnull (meta);
      g_assert_cmpint (meta->stride[0], >=, WIDTH + 16 + 21);
      assert_buffer_holds (out, caps, format, picture);
      gst_buffer_unref (out);
    }
    g_assert_cmpuint (downstream.n_asked, ==, 1);
    gst_object_unref (downstream.pool);
  }
}

/* Upstream may send padded frames: it is told so. */
static void
test_proposes_video_meta (void)
{
  g_autoptr (Bench) bench = play_fixed (NULL, "RGB");
  g_autoptr (GstCaps) caps = video_caps ("RGB", WIDTH, HEIGHT);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);

  g_assert_true (gst_pad_peer_query (bench->harness->srcpad, query));
  g_assert_true (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL));
  gst_query_unref (query);
}

static void
test_input_is_untouched (void)
{
  static const gchar *const downstream[] = { NULL, "video/x-raw" };
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (GstCaps) caps = video_caps ("RGBA", WIDTH, HEIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (downstream); i++) {
    g_autoptr (Bench) bench = play_fixed (downstream[i], "RGBA");
    GstBuffer *in = buffer_new (format_find ("RGBA"), picture, NULL);

    /* otherwise writing in place would not show */
    gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<100>");
    g_assert_cmpint (bench_push (bench, gst_buffer_ref (in)), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_true (out != in);
    g_assert_true (memory_of (out) != memory_of (in));
    assert_buffer_holds (in, caps, format_find ("RGBA"), picture);
    gst_buffer_unref (out);
    gst_buffer_unref (in);
  }
}

static void
test_times_and_flags (void)
{
  static const gchar *const downstream[] = { NULL, "video/x-raw" };
  const GstBufferFlags flags[] = { GST_BUFFER_FLAG_DISCONT, GST_BUFFER_FLAG_CORRUPTED,
    GST_BUFFER_FLAG_MARKER, GST_BUFFER_FLAG_DELTA_UNIT, GST_BUFFER_FLAG_GAP };
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (downstream) * G_N_ELEMENTS (flags); i++) {
    g_autoptr (Bench) bench = play_fixed (downstream[i % 2], "RGB");
    const GstBufferFlags flag = flags[i / 2];

    bench_show (bench, format_find ("RGB"), picture); /* the first is marked DISCONT by the pad */
    GstBuffer *in = buffer_new (format_find ("RGB"), picture, NULL);
    GST_BUFFER_PTS (in) = 3 * GST_SECOND;
    GST_BUFFER_DTS (in) = 2 * GST_SECOND;
    GST_BUFFER_DURATION (in) = 40 * GST_MSECOND;
    GST_BUFFER_OFFSET (in) = 7;
    GST_BUFFER_OFFSET_END (in) = 8;
    GST_BUFFER_FLAG_SET (in, flag);
    g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, 3 * GST_SECOND);
    g_assert_cmpuint (GST_BUFFER_DTS (out), ==, 2 * GST_SECOND);
    g_assert_cmpuint (GST_BUFFER_DURATION (out), ==, 40 * GST_MSECOND);
    g_assert_cmpuint (GST_BUFFER_OFFSET (out), ==, 7);
    g_assert_cmpuint (GST_BUFFER_OFFSET_END (out), ==, 8);
    g_assert_true (GST_BUFFER_FLAG_IS_SET (out, flag));
    /* also a frame that is a gap is normalized: downstream may look at it */
    if (i % 2 == 0)
      assert_tensor_holds (out, picture);
    gst_buffer_unref (out);
    /* and the next one of the pool does not inherit the flag */
    g_assert_cmpint (
        bench_push (bench, buffer_new (format_find ("RGB"), picture, NULL)), ==, GST_FLOW_OK);
    out = gst_harness_pull (bench->harness);
    g_assert_false (GST_BUFFER_FLAG_IS_SET (out, flag));
    g_assert_false (GST_BUFFER_PTS_IS_VALID (out));
    gst_buffer_unref (out);
  }
}

static gboolean
copy_custom (GstBuffer *to, GstCustomMeta *meta, GstBuffer *from, GQuark type, gpointer data,
    gpointer user_data)
{
  const GstStructure *structure = gst_custom_meta_get_structure (meta);
  GstCustomMeta *copy = gst_buffer_add_custom_meta (to, gst_structure_get_name (structure));

  gst_structure_set (gst_custom_meta_get_structure (copy), "kept", G_TYPE_BOOLEAN, TRUE, NULL);
  return TRUE;
}

static void
add_metas (GstBuffer *buffer)
{
  GstCaps *time = gst_caps_new_empty_simple ("timestamp/x-test");

  gst_buffer_add_video_region_of_interest_meta (buffer, "face", 2, 3, 4, 2);
  gst_buffer_add_reference_timestamp_meta (buffer, time, 5 * GST_SECOND, GST_CLOCK_TIME_NONE);
  gst_buffer_add_custom_meta (buffer, "TestColours");
  gst_buffer_add_custom_meta (buffer, "TestPlain");
  gst_caps_unref (time);
}

/* What is said of places holds for video of the same size, not for a tensor; what is said of
 * colours holds for neither; what is not said of video holds for both. */
static void
test_metas (void)
{
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);

  for (guint i = 0; i < 2; i++) {
    const gboolean video = i == 1;
    g_autoptr (Bench) bench = play_fixed (video ? "video/x-raw" : NULL, "RGB");
    GstBuffer *in = buffer_new (format_find ("RGB"), picture, NULL);

    add_metas (in);
    g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    const GstVideoRegionOfInterestMeta *region =
        gst_buffer_get_video_region_of_interest_meta_id (out, 0);
    gpointer state = NULL;
    GstMeta *meta;
    guint n_regions = 0;

    while ((meta = gst_buffer_iterate_meta (out, &state)))
      n_regions += meta->info->api == GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE;
    g_assert_cmpuint (n_regions, ==, video ? 1 : 0);
    if (region)
      g_assert_true (region->x == 2 && region->y == 3 && region->w == 4 && region->h == 2);
    g_assert_nonnull (gst_buffer_get_reference_timestamp_meta (out, NULL));
    g_assert_null (gst_buffer_get_custom_meta (out, "TestColours"));
    g_assert_nonnull (gst_buffer_get_custom_meta (out, "TestPlain"));
    gst_buffer_unref (out);

    /* those of one frame do not stay on the pool's buffer */
    g_assert_cmpint (
        bench_push (bench, buffer_new (format_find ("RGB"), picture, NULL)), ==, GST_FLOW_OK);
    out = gst_harness_pull (bench->harness);
    g_assert_null (gst_buffer_get_reference_timestamp_meta (out, NULL));
    g_assert_null (gst_buffer_get_custom_meta (out, "TestPlain"));
    gst_buffer_unref (out);
  }
}

/* A strange video meta of the input says nothing of the output. */
static void
test_video_meta_of_input (void)
{
  static const Placing padded = { "padded", .padding = 40 };
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (GstCaps) caps = video_caps ("RGB", WIDTH, HEIGHT);
  g_autoptr (Bench) bench = play_fixed ("video/x-raw", "RGB");

  g_assert_cmpint (
      bench_push (bench, buffer_new (format_find ("RGB"), picture, &padded)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  g_assert_cmpuint (gst_buffer_get_size (out), ==, GST_ROUND_UP_4 (3 * WIDTH) * HEIGHT);
  assert_buffer_holds (out, caps, format_find ("RGB"), picture);
  gst_buffer_unref (out);
}

static GstBuffer *
new_broken (guint kind)
{
  GstBuffer *buffer;

  switch (kind) {
  case 0:
    return gst_buffer_new_allocate (NULL, 100, NULL);
  case 1: /* claims more than there is */
    buffer = gst_buffer_new_allocate (NULL, 100, NULL);
    gst_buffer_add_video_meta (
        buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
    return buffer;
  case 2:
    return buffer_new_unmappable (4096);
  case 3: /* smaller than the caps */
    buffer = gst_buffer_new_allocate (NULL, 4096, NULL);
    gst_buffer_add_video_meta (
        buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, WIDTH / 2, HEIGHT / 2);
    return buffer;
  default:
    return NULL;
  }
}

static void
test_broken (void)
{
  GstBuffer *broken;

  for (guint kind = 0; (broken = new_broken (kind)); kind++)
    for (guint i = 0; i < 2; i++) {
      g_autoptr (Bench) bench = play_fixed (i == 1 ? "video/x-raw" : NULL, "RGB");

      g_test_message ("kind %u", kind);
      g_assert_cmpint (bench_push (bench, gst_buffer_ref (broken)), ==, GST_FLOW_ERROR);
      bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "10x6");
      g_assert_null (gst_harness_try_pull (bench->harness));
      if (i == 1)
        gst_buffer_unref (broken);
    }
}

/* A pool of buffers that are too small for a frame. */
static GstPadProbeReturn
propose_small_pool (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);
  Downstream *downstream = data;
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_OK;
  gst_query_parse_allocation (query, &caps, NULL);
  downstream->pool = gst_buffer_pool_new ();
  gst_query_add_allocation_pool (query, downstream->pool, 16, 0, 0);
  downstream->n_asked++;
  return GST_PAD_PROBE_HANDLED;
}

static void
test_small_downstream_pool (void)
{
  static const gchar *const kinds[] = { NULL, "video/x-raw" };
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (GstCaps) caps = video_caps ("RGB", WIDTH, HEIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    Downstream downstream = { NULL };
    g_autoptr (Bench) bench = play_probed (kinds[i], "RGB", propose_small_pool, &downstream);

    g_assert_cmpint (
        bench_push (bench, buffer_new (format_find ("RGB"), picture, NULL)), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    if (kinds[i])
      assert_buffer_holds (out, caps, format_find ("RGB"), picture);
    else
      assert_tensor_holds (out, picture);
    gst_buffer_unref (out);
    g_assert_cmpuint (downstream.n_asked, ==, 1);
    gst_object_unref (downstream.pool);
  }
}

int
main (int argc, char *argv[])
{
  static const gchar *colours[] = { GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_COLORSPACE_STR,
    NULL };
  static const gchar *plain[] = { NULL };

  element_test_init (&argc, &argv);
  gst_meta_register_custom ("TestColours", colours, copy_custom, NULL, NULL);
  gst_meta_register_custom ("TestPlain", plain, copy_custom, NULL, NULL);
  g_test_add_func ("/pixelnorm-buffers/reuse", test_reuse);
  g_test_add_func ("/pixelnorm-buffers/alignment", test_alignment);
  g_test_add_func ("/pixelnorm-buffers/downstream-pool", test_downstream_pool);
  g_test_add_func ("/pixelnorm-buffers/small-downstream-pool", test_small_downstream_pool);
  g_test_add_func ("/pixelnorm-buffers/proposes-video-meta", test_proposes_video_meta);
  g_test_add_func ("/pixelnorm-buffers/input-is-untouched", test_input_is_untouched);
  g_test_add_func ("/pixelnorm-buffers/times-and-flags", test_times_and_flags);
  g_test_add_func ("/pixelnorm-buffers/metas", test_metas);
  g_test_add_func ("/pixelnorm-buffers/video-meta-of-input", test_video_meta_of_input);
  g_test_add_func ("/pixelnorm-buffers/broken", test_broken);
  return element_test_run ();
}
