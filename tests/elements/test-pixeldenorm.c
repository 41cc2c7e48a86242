/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixeldenorm takes for granted, finds on buffers, and refuses: metas, tensors of several frames,
 * times, changes. The numbers are in test_numbers_back.py.
 */
#include <string.h>

#include "element-test.h"

enum {
  WIDTH = 6,
  HEIGHT = 4,
  N_SAMPLES = WIDTH * HEIGHT * 3,
};

#define TENSORS "other/tensors,format=(string)static,num_tensors=(int)1,types=(string)"
#define FRAME_MS 40

/* A tensor of @n frames, every sample of the k-th one y = k + @first. */
static GstBuffer *
tensor_new (guint n, gfloat first)
{
  const gsize size = n * N_SAMPLES * sizeof (gfloat);
  gfloat *y = g_malloc (size);

  for (guint i = 0; i < n * N_SAMPLES; i++)
    y[i] = first + (gfloat) (i / N_SAMPLES);
  GstBuffer *buffer = gst_buffer_new_wrapped (y, size);
  GST_BUFFER_PTS (buffer) = GST_SECOND;
  GST_BUFFER_DURATION (buffer) = n * FRAME_MS * GST_MSECOND;
  return buffer;
}

static void
set_array (GstStructure *structure, const gchar *name, const gdouble *values, guint n)
{
  g_auto (GValue) array = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_set_double (&number, values[i]);
    gst_value_array_append_value (&array, &number);
  }
  gst_structure_set_value (structure, name, &array);
}

/* Adds the meta; its fields are given as a structure, mean and std as they are. */
static GstBuffer *
with_meta (GstBuffer *buffer, const gchar *fields, const gdouble *mean, const gdouble *std, guint n)
{
  GstCustomMeta *meta = gst_buffer_add_custom_meta (buffer, "PixelnormMeta");
  GstStructure *structure = gst_custom_meta_get_structure (meta);
  g_autofree gchar *text = g_strconcat ("meta,", fields, NULL);
  g_autoptr (GstStructure) given = gst_structure_from_string (text, NULL);

  g_assert_nonnull (given);
  for (gint i = 0; i < gst_structure_n_fields (given); i++) {
    const gchar *name = gst_structure_nth_field_name (given, i);

    gst_structure_set_value (structure, name, gst_structure_get_value (given, name));
  }
  if (mean)
    set_array (structure, "mean", mean, n);
  if (std)
    set_array (structure, "std", std, n);
  return buffer;
}

static void
play_tensors (Bench *bench, const gchar *dimensions)
{
  g_autofree gchar *caps = g_strdup_printf (
      TENSORS "float32,dimensions=(string)%s,framerate=(fraction)25/1", dimensions);

  bench_play (bench, "video/x-raw,format=RGB");
  g_assert_true (bench_offer_caps (bench, gst_caps_from_string (caps)));
}

/* The next frame out is all @r, @g, @b; its time and duration, in ms after a second. */
static void
expect_frame (Bench *bench, guint r, guint g, guint b, guint start, guint duration)
{
  GstBuffer *out = gst_harness_try_pull (bench->harness);
  const guint rgb[] = { r, g, b };
  GstMapInfo map;

  g_assert_nonnull (out);
  g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
  for (guint y = 0; y < HEIGHT; y++)
    for (guint i = 0; i < WIDTH * 3; i++)
      g_assert_cmpuint (map.data[y * GST_ROUND_UP_4 (WIDTH * 3) + i], ==, rgb[i % 3]);
  gst_buffer_unmap (out, &map);
  g_assert_null (gst_buffer_get_custom_meta (out, "PixelnormMeta"));
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, GST_SECOND + start * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_DURATION (out), ==, duration * GST_MSECOND);
  gst_buffer_unref (out);
}

static void
expect_nothing (Bench *bench)
{
  g_assert_null (gst_harness_try_pull (bench->harness));
}

static Bench *
new_fixed (void)
{
  Bench *bench = bench_new ("pixeldenorm", NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<10.0,20.0,30.0>");
  gst_util_set_object_arg (G_OBJECT (bench->element), "std", "<2.0>");
  return bench;
}

static void
test_one (void)
{
  g_autoptr (Bench) bench = new_fixed ();

  play_tensors (bench, "3:6:4:1");
  g_assert_cmpint (bench_push (bench, tensor_new (1, 5)), ==, GST_FLOW_OK);
  expect_frame (bench, 20, 30, 40, 0, 40);
  expect_nothing (bench);
}

/* N frames a tensor: as many buffers, N times the rate, times shared; of a padded one the real ones. */
static void
test_batch (void)
{
  g_autoptr (Bench) bench = new_fixed ();

  play_tensors (bench, "3:6:4:3");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (bench->harness->sinkpad);
  gint numerator, denominator;
  g_assert_true (gst_structure_get_fraction (
      gst_caps_get_structure (caps, 0), "framerate", &numerator, &denominator));
  g_assert_cmpint (numerator, ==, 75);
  g_assert_cmpint (denominator, ==, 1);
  g_assert_cmpint (bench_push (bench, tensor_new (3, 0)), ==, GST_FLOW_OK);
  for (guint i = 0; i < 3; i++)
    expect_frame (bench, 10 + 2 * i, 20 + 2 * i, 30 + 2 * i, i * 40, 40);
  expect_nothing (bench);
  g_assert_cmpint (
      bench_push (bench, with_meta (tensor_new (3, 1), "frames=(uint)2", NULL, NULL, 0)), ==,
      GST_FLOW_OK);
  for (guint i = 0; i < 2; i++)
    expect_frame (bench, 12 + 2 * i, 22 + 2 * i, 32 + 2 * i, i * 40, 40);
  expect_nothing (bench);
}

/* NCHW, and the older caps. */
static void
test_older_caps (void)
{
  g_autoptr (Bench) bench = new_fixed ();

  bench_play (bench, "video/x-raw,format=RGB");
  g_assert_true (bench_offer_caps (bench,
      gst_caps_from_string ("other/tensor,type=(string)float32,dimension=(string)6:4:3:2,"
                            "framerate=(fraction)25/1")));
  g_assert_cmpint (bench_push (bench, tensor_new (2, 5)), ==, GST_FLOW_OK);
  expect_frame (bench, 20, 30, 40, 0, 40);
  expect_frame (bench, 22, 32, 42, 40, 40);
}

/* A batch without a duration has that of its rate. */
static void
test_batch_without_duration (void)
{
  g_autoptr (Bench) bench = new_fixed ();
  GstBuffer *buffer = tensor_new (2, 0);

  GST_BUFFER_DURATION (buffer) = GST_CLOCK_TIME_NONE;
  play_tensors (bench, "3:6:4:2");
  g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
  expect_frame (bench, 10, 20, 30, 0, 20);
  expect_frame (bench, 12, 22, 32, 20, 20);
}

static const gchar *const own_statistics[] = { "frame", "batch", "running" };

/* Without a property or a profile; each buffer by its own numbers. */
static void
test_own_statistics (void)
{
  const gdouble mean[][3] = { { 10, 20, 30 }, { 100.25, 99.5, 0 } };
  const gdouble std[][3] = { { 1, 2, 3 }, { 8, 16, 32 } };

  for (guint i = 0; i < G_N_ELEMENTS (own_statistics); i++) {
    g_autofree gchar *fields =
        g_strdup_printf ("method=zscore, scope=channel, statistics=%s", own_statistics[i]);
    g_autoptr (Bench) bench = bench_new ("pixeldenorm", NULL);

    play_tensors (bench, "3:6:4:1");
    for (guint k = 0; k < 2; k++)
      g_assert_cmpint (
          bench_push (bench, with_meta (tensor_new (1, 2), fields, mean[k], std[k], 3)), ==,
          GST_FLOW_OK);
    expect_frame (bench, 12, 24, 36, 0, 40);
    expect_frame (bench, 116, 132, 64, 0, 40); /* 116.25, 131.5 to the even one, 64 */
    /* one number for all channels; gamma and beta of the meta */
    g_autofree gchar *more =
        g_strconcat (fields, ", gamma=(double)<2.0>, beta=(double)<-1.0>", NULL);
    g_assert_cmpint (bench_push (bench, with_meta (tensor_new (1, 5), more, mean[0], std[1], 1)),
        ==, GST_FLOW_OK);
    expect_frame (bench, 34, 34, 34, 0, 40); /* (5 + 1) / 2 * 8 + 10 */
  }
}

/* Codes by what the meta says of them, and by zscore's own range where it says nothing. */
static void
test_own_codes (void)
{
  const gdouble mean = 100, std = 16;
  g_autoptr (Bench) bench = bench_new ("pixeldenorm", NULL);

  bench_play (bench, "video/x-raw,format=RGB");
  g_assert_true (bench_offer_caps (bench,
      gst_caps_from_string (TENSORS "uint8,dimensions=(string)3:6:4:1,framerate=(fraction)25/1")));
  for (guint k = 0; k < 2; k++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, N_SAMPLES, NULL);

    gst_buffer_memset (buffer, 0, 138, N_SAMPLES);
    GST_BUFFER_PTS (buffer) = GST_SECOND;
    GST_BUFFER_DURATION (buffer) = FRAME_MS * GST_MSECOND;
    with_meta (buffer,
        k ? "statistics=frame, quant-scale=(double)0.5, quant-zero-point=(int)136"
          : "statistics=frame",
        &mean, &std, 1);
    g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
  }
  expect_frame (bench, 105, 105, 105, 0, 40); /* 10 / 32 * 16 */
  expect_frame (bench, 116, 116, 116, 0, 40); /* 2 * .5 * 16 */
}

typedef struct {
  const gchar *name, *fields;
  gdouble mean, std;
  guint n;
  const gchar *words;
} BadMeta;

static const BadMeta bad_metas[] = {
  { "none", NULL, 0, 0, 0, "buffer carries none" },
  { "of-a-profile", "statistics=profile", 0, 0, 0, "buffer carries none" },
  { "without-values", "statistics=batch", 0, 0, 0, "mean and std" },
  { "too-few", "statistics=frame", 1, 1, 2, "each of 3 channels" },
  { "no-deviation", "statistics=frame", 1, 0, 1, "more than 0" },
  { "no-number", "statistics=frame", 0. / 0., 1, 1, "finite" },
  { "running-per-pixel", "statistics=running, scope=pixel", 1, 1, 3, "cannot be undone" },
  { "too-many-frames", "frames=(uint)2", 0, 0, 0, "1 to 1 frames" },
  { "no-frames", "frames=(uint)0", 0, 0, 0, "1 to 1 frames" },
};

static void
test_bad_meta (gconstpointer data)
{
  const BadMeta *bad = data;
  const gdouble mean[] = { bad->mean, bad->mean, bad->mean };
  const gdouble std[] = { bad->std, bad->std, bad->std };
  g_autoptr (Bench) bench = bench_new ("pixeldenorm", NULL);
  GstBuffer *buffer = tensor_new (1, 0);
  const gboolean settings = strstr (bad->words, "carries none") != NULL;

  if (bad->fields)
    with_meta (buffer, bad->fields, bad->n ? mean : NULL, bad->n ? std : NULL, bad->n);
  play_tensors (bench, "3:6:4:1");
  g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_ERROR);
  bench_expect (bench, GST_MESSAGE_ERROR, settings ? GST_RESOURCE_ERROR : GST_STREAM_ERROR,
      settings ? (gint) GST_RESOURCE_ERROR_SETTINGS : (gint) GST_STREAM_ERROR_FORMAT, bad->words);
  expect_nothing (bench);
}

typedef struct {
  const gchar *name, *fields, *words;
} Contradiction;

static const Contradiction contradictions[] = {
  { "method", "method=fixed", "method fixed, and here it is zscore" },
  { "scope", "method=zscore, scope=pixel", "scope pixel, and here it is channel" },
  { "identity", "method=zscore, identity=(string)0123", "identity 0123, and here it is " },
  { "affine", "method=zscore, affine-identity=(string)0123",
      "affine-identity 0123, and here it is none" },
  { "gamma", "method=zscore, gamma=(double)<2.0>", "gamma <2>, and here it is <1>" },
  { "beta", "method=zscore, beta=(double)<1.0,0.0,0.0>", "beta <1,0,0>, and here it is <0>" },
  { "layout", "method=zscore, layout=nchw", "layout nchw, and here it is nhwc" },
  { "channel-order", "method=zscore, channel-order=bgr", "channel-order bgr, and here it is rgb" },
};

/* One warning, though every buffer says it; none where all agrees. */
static void
test_contradiction (gconstpointer data)
{
  const Contradiction *row = data;
  Picture **pictures = pictures_new_random (5, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, 5, PIXELNORM_SCOPE_PIXEL);
  g_autofree gchar *agrees = g_strdup_printf ("method=zscore, scope=channel, statistics=profile, "
                                              "layout=nhwc, channel-order=rgb, identity=(string)%s",
      pixelnorm_profile_get_identity (profile));
  g_autoptr (Bench) bench =
      bench_new ("pixeldenorm", "profile", profile, "scope", PIXELNORM_SCOPE_CHANNEL, NULL);

  play_tensors (bench, "3:6:4:1");
  g_assert_cmpint (
      bench_push (bench, with_meta (tensor_new (1, 0), agrees, NULL, NULL, 0)), ==, GST_FLOW_OK);
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_WARNING), ==, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (bench_push (bench, with_meta (tensor_new (1, 0), row->fields, NULL, NULL, 0)),
        ==, GST_FLOW_OK);
  bench_expect (bench, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, row->words);
  pictures_free (pictures, 5);
}

/* The ranges of codes of video, the same way; and what agrees is the range that pixelnorm would take. */
static void
test_contradiction_of_range (void)
{
  Picture **pictures = pictures_new_random (5, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, 5, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixeldenorm", "profile", profile, NULL);
  static const gchar *const highs[] = { "3.96875", "4.0" };

  bench_play (bench, "video/x-raw");
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *fields =
        g_strdup_printf ("method=zscore, range-low=(double)-4.0, range-high=(double)%s", highs[i]);

    g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_WARNING), ==, 0);
    g_assert_cmpint (
        bench_push (bench,
            with_meta (buffer_new (format_find ("RGB"), pictures[0], NULL), fields, NULL, NULL, 0)),
        ==, GST_FLOW_OK);
  }
  bench_expect (bench, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "range-high 4, and here it is 3.96875");
  pictures_free (pictures, 5);
}

/* y = beta whatever x was: said once, and the mean comes out. */
static void
test_gamma_0 (void)
{
  g_autoptr (Bench) bench = new_fixed ();

  gst_util_set_object_arg (G_OBJECT (bench->element), "gamma", "<1.0,0.0,1.0>");
  play_tensors (bench, "3:6:4:1");
  bench_expect (
      bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "24 samples");
  g_assert_cmpint (bench_push (bench, tensor_new (1, 5)), ==, GST_FLOW_OK);
  expect_frame (bench, 20, 20, 40, 0, 40);
}

/* Lands on a whole buffer. */
static void
test_live_change (void)
{
  g_autoptr (Bench) bench = new_fixed ();
  guint r = 0;

  play_tensors (bench, "3:6:4:1");
  gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<50.0,20.0,30.0>");
  for (guint i = 0; i < 20000 && r != 60; i++) {
    GstMapInfo map;

    g_assert_cmpint (bench_push (bench, tensor_new (1, 5)), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
    r = map.data[0];
    g_assert_true (r == 20 || r == 60);
    g_assert_cmpuint (map.data[1], ==, 30);
    gst_buffer_unmap (out, &map);
    gst_buffer_unref (out);
    g_usleep (1000);
  }
  g_assert_cmpuint (r, ==, 60);
}

static void
test_short_buffer (void)
{
  g_autoptr (Bench) bench = new_fixed ();

  play_tensors (bench, "3:6:4:2");
  g_assert_cmpint (bench_push (bench, tensor_new (1, 0)), ==, GST_FLOW_ERROR);
  bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "Expected 576 bytes for a tensor of 2 frames");
}

static void
test_unmappable (void)
{
  g_autoptr (Bench) bench = new_fixed ();

  play_tensors (bench, "3:6:4:1");
  g_assert_cmpint (
      bench_push (bench, buffer_new_unmappable (N_SAMPLES * sizeof (gfloat))), ==, GST_FLOW_ERROR);
  bench_expect (
      bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "cannot be mapped");
}

/* A profile of another size, named on both sides, once. */
static void
test_profile_of_another_size (void)
{
  Picture **pictures = pictures_new_random (2, 3, WIDTH + 1, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, 2, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixeldenorm", "profile", profile, NULL);

  bench_play (bench, "video/x-raw");
  bench_offer_caps (bench,
      gst_caps_from_string (TENSORS "float32,dimensions=(string)3:6:4:1,framerate=(fraction)25/1"));
  g_assert_cmpint (bench_push (bench, tensor_new (1, 0)), ==, GST_FLOW_NOT_NEGOTIATED);
  bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "7x4");
  pictures_free (pictures, 2);
}

/* Tensors of other types are not agreed to. */
static void
test_wrong_type (void)
{
  static const gchar *const wrong[] = { TENSORS "float64,dimensions=(string)3:6:4:1",
    TENSORS "int16,dimensions=(string)3:6:4:1",
    "other/tensors,format=(string)sparse,framerate=(fraction)25/1",
    "other/tensors,format=(string)static,num_tensors=(int)2,types=(string)\"float32,float32\"" };
  g_autoptr (GstElement) element =
      gst_object_ref_sink (gst_element_factory_make ("pixeldenorm", NULL));
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GstCaps) caps = gst_caps_from_string (wrong[i]);

    g_assert_nonnull (caps);
    g_assert_false (gst_pad_query_accept_caps (pad, caps));
  }
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/pixeldenorm/one", test_one);
  g_test_add_func ("/pixeldenorm/batch", test_batch);
  g_test_add_func ("/pixeldenorm/batch-without-duration", test_batch_without_duration);
  g_test_add_func ("/pixeldenorm/older-caps", test_older_caps);
  g_test_add_func ("/pixeldenorm/own-statistics", test_own_statistics);
  g_test_add_func ("/pixeldenorm/own-codes", test_own_codes);
  for (guint i = 0; i < G_N_ELEMENTS (bad_metas); i++) {
    g_autofree gchar *path = g_strconcat ("/pixeldenorm/bad-meta/", bad_metas[i].name, NULL);

    g_test_add_data_func (path, &bad_metas[i], test_bad_meta);
  }
  for (guint i = 0; i < G_N_ELEMENTS (contradictions); i++) {
    g_autofree gchar *path =
        g_strconcat ("/pixeldenorm/contradiction/", contradictions[i].name, NULL);

    g_test_add_data_func (path, &contradictions[i], test_contradiction);
  }
  g_test_add_func ("/pixeldenorm/contradiction/range", test_contradiction_of_range);
  g_test_add_func ("/pixeldenorm/gamma-0", test_gamma_0);
  g_test_add_func ("/pixeldenorm/live-change", test_live_change);
  g_test_add_func ("/pixeldenorm/short-buffer", test_short_buffer);
  g_test_add_func ("/pixeldenorm/unmappable", test_unmappable);
  g_test_add_func ("/pixeldenorm/profile-of-another-size", test_profile_of_another_size);
  g_test_add_func ("/pixeldenorm/wrong-type", test_wrong_type);
  return element_test_run ();
}
