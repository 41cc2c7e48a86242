/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixelnorm computes, in every format and way that a buffer can hold a frame, against formulas
 * written out here in double; and what it says about it.
 */
#include <math.h>
#include <string.h>

#include "element-test.h"

enum {
  WIDTH = 11,
  HEIGHT = 4,
  N = 5,
};

/* Of what (x - centre) * scale + bias in float32 can err: 4e-7 of y, with |y| up to 255. */
#define TOLERANCE (4e-7 * 255)

static gdouble
expect_zscore (Picture *const *pictures, guint index, guint8 x)
{
  const Tally tally = tally_sample (pictures, N, index);

  return (x - tally_mean (&tally)) / MAX (tally_deviation (&tally), 1);
}

static void
assert_zscores (GstBuffer *buffer, Picture *const *pictures, const Picture *shown)
{
  const guint n = shown->width * shown->height * shown->n_channels;
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, ==, n * sizeof (gfloat));
  for (guint i = 0; i < n; i++) {
    const guint pixel = i / shown->n_channels, channel = i % shown->n_channels;
    const guint8 x = *picture_at (shown, pixel % shown->width, pixel / shown->width, channel);

    g_assert_cmpfloat_with_epsilon (
        ((gfloat *) map.data)[i], expect_zscore (pictures, i, x), TOLERANCE);
  }
  gst_buffer_unmap (buffer, &map);
}

static const Placing placings[] = {
  { "plain" },
  { "padding", .padding = 13 },
  { "planes-apart", .apart = TRUE, .padding = 4 },
  { "crop", .left = 3, .top = 2, .right = 1, .bottom = 5 },
  { "upside-down", .upside_down = TRUE },
};

/* A profile made of RGBx serves every layout of the same channels. */
static void
test_format (gconstpointer data)
{
  const Format *format = data;
  Picture **pictures = pictures_new_random (N, format_channels (format), WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);

  bench_play (bench, NULL);
  bench_set_video (bench, format->name, WIDTH, HEIGHT);
  for (guint i = 0; i < G_N_ELEMENTS (placings); i++) {
    GstBuffer *in = buffer_new (format, pictures[i], &placings[i]);

    g_test_message ("%s", placings[i].name);
    g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    assert_zscores (out, pictures, pictures[i]);
    gst_buffer_unref (out);
  }
  pictures_free (pictures, N);
}

/* Zscore's own range: -4 is 0, 127/32 is 255, so y = 0 is 128 and a code is 1/32. */
static gdouble
expect_code (Picture *const *pictures, guint index, guint8 x)
{
  return CLAMP (128 + 32 * expect_zscore (pictures, index, x), 0, 255);
}

/* A picture to show, of which float32 and double round every code to the same integer, and what it
 * becomes. */
static Picture *
new_shown (Picture *const *pictures, Picture **expected)
{
  const guint n_channels = pictures[0]->n_channels;
  Picture *shown = picture_new_random (n_channels, WIDTH, HEIGHT);

  *expected = picture_new_flat (n_channels, WIDTH, HEIGHT, 0);
  for (guint i = 0; i < WIDTH * HEIGHT * n_channels; i++) {
    const guint x = i / n_channels % WIDTH, y = i / n_channels / WIDTH;
    guint8 *sample = picture_at (shown, x, y, i % n_channels);
    gdouble code;

    for (code = expect_code (pictures, i, *sample); fabs (code - floor (code) - 0.5) < 1e-3;
         code = expect_code (pictures, i, *sample))
      ++*sample;
    *picture_at (*expected, x, y, i % n_channels) = (guint8) rint (code);
  }
  for (guint y = 0; y < HEIGHT; y++) /* alpha and x pass */
    for (guint x = 0; x < WIDTH; x++)
      *picture_at (*expected, x, y, n_channels) = *picture_at (shown, x, y, n_channels);
  return shown;
}

static void
test_video (gconstpointer data)
{
  const Format *format = data;
  Picture **pictures = pictures_new_random (N, format_channels (format), WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (GstCaps) caps = video_caps (format->name, WIDTH, HEIGHT);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);

  bench_play (bench, "video/x-raw");
  bench_set_video (bench, format->name, WIDTH, HEIGHT);
  for (guint i = 0; i < G_N_ELEMENTS (placings); i++) {
    g_autoptr (Picture) expected = NULL;
    g_autoptr (Picture) shown = new_shown (pictures, &expected);
    GstBuffer *in = buffer_new (format, shown, &placings[i]);

    g_test_message ("%s", placings[i].name);
    g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    /* what was cut off is gone: said again, it would be cut off twice */
    g_assert_null (gst_buffer_get_video_crop_meta (out));
    assert_buffer_holds (out, caps, format, expected);
    gst_buffer_unref (out);
  }
  pictures_free (pictures, N);
}

static void
assert_string (const GstStructure *structure, const gchar *field, const gchar *expected)
{
  if (g_strcmp0 (gst_structure_get_string (structure, field), expected) != 0)
    g_error ("%s is %s, expected %s", field, gst_structure_get_string (structure, field), expected);
}

static void
assert_number (const GstStructure *structure, const gchar *field, gdouble expected)
{
  gdouble found = NAN;

  g_assert_true (gst_structure_get_double (structure, field, &found));
  g_assert_cmpfloat (found, ==, expected);
}

/* The meta of what comes out, also of a buffer that was used before. Transfer none. */
static const GstStructure *
show_and_get_meta (Bench *bench, const gchar *format, const Picture *picture, GstBuffer **out)
{
  g_assert_cmpint (
      bench_push (bench, buffer_new (format_find (format), picture, NULL)), ==, GST_FLOW_OK);
  *out = gst_harness_pull (bench->harness);
  GstCustomMeta *meta = gst_buffer_get_custom_meta (*out, "PixelnormMeta");
  g_assert_nonnull (meta);
  return gst_custom_meta_get_structure (meta);
}

static void
assert_same_fields (const GstStructure *meta, const GstStructure *report)
{
  /* a tensor also says how many frames it holds */
  const gint n_more = gst_structure_has_field (report, "batch-size") ? 1 : 0;
  guint frames = 1;

  g_assert_true (gst_structure_get_uint (meta, "frames", &frames) == (n_more > 0));
  g_assert_cmpuint (frames, ==, 1);
  g_assert_cmpint (gst_structure_n_fields (meta), ==, gst_structure_n_fields (report) + n_more);
  for (gint i = 0; i < gst_structure_n_fields (report); i++) {
    const gchar *name = gst_structure_nth_field_name (report, (guint) i);

    g_assert_nonnull (gst_structure_get_value (meta, name));
    g_assert_cmpint (gst_value_compare (gst_structure_get_value (meta, name),
                         gst_structure_get_value (report, name)),
        ==, GST_VALUE_EQUAL);
  }
}

static void
test_meta (void)
{
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);
  guint plan = 0, first_plan = 0;
  GstBuffer *out;

  gst_util_set_object_arg (G_OBJECT (bench->element), "scope", "channel");
  bench_play (bench, NULL);
  for (guint i = 0; i < 4; i++) {
    /* a new plan while buffers of the pool have the old one's meta */
    if (i % 2 == 0)
      bench_set_video (bench, i == 0 ? "RGB" : "BGR", WIDTH, HEIGHT);
    const GstStructure *meta = show_and_get_meta (bench, i < 2 ? "RGB" : "BGR", pictures[i], &out);
    assert_string (meta, "method", "zscore");
    assert_string (meta, "scope", "channel");
    assert_string (meta, "statistics", "profile");
    assert_string (meta, "output", "float32");
    assert_string (meta, "identity", pixelnorm_profile_get_identity (profile));
    g_assert_false (gst_structure_has_field (meta, "range-low"));
    g_assert_true (gst_structure_get_uint (meta, "plan", &plan));
    if (i == 0)
      first_plan = plan;
    g_assert_cmpuint (plan, ==, first_plan + i / 2);

    /* said once when it changes */
    g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_ELEMENT), ==, i % 2 == 0);
    GstStructure *report = bench_take_report (bench, "pixelnorm");
    if (report) {
      assert_same_fields (meta, report);
      gst_structure_free (report);
    }
    gst_buffer_unref (out);
  }
  pictures_free (pictures, N);
}

static void
test_meta_of_video (void)
{
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "range-low", -1.5, "range-high", 2.5, NULL);
  GstBuffer *out;

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  bench_play (bench, "video/x-raw");
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  const GstStructure *meta = show_and_get_meta (bench, "RGB", picture, &out);
  assert_string (meta, "method", "fixed");
  assert_string (meta, "output", "video");
  assert_number (meta, "range-low", -1.5);
  assert_number (meta, "range-high", 2.5);
  /* no profile took part */
  g_assert_false (gst_structure_has_field (meta, "identity"));
  g_assert_false (gst_structure_has_field (meta, "scope"));
  g_assert_false (gst_structure_has_field (meta, "statistics"));
  gst_buffer_unref (out);
}

/* Without the user's range, the meta says which one was used. */
static void
test_meta_of_default_range (void)
{
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);
  GstBuffer *out;

  bench_play (bench, "video/x-raw");
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  const GstStructure *meta = show_and_get_meta (bench, "RGB", pictures[0], &out);
  assert_string (meta, "scope", "pixel");
  assert_number (meta, "range-low", -4);
  assert_number (meta, "range-high", 127 / 32.0);
  gst_buffer_unref (out);
  pictures_free (pictures, N);
}

/* An old PixelnormMeta on the input would lie on the output. */
static void
test_meta_of_input (void)
{
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);
  GstBuffer *in = buffer_new (format_find ("RGB"), picture, NULL);
  gpointer state = NULL;
  GstMeta *meta;
  guint n = 0;

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  bench_play (bench, "video/x-raw");
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  gst_structure_set (
      gst_custom_meta_get_structure (gst_buffer_add_custom_meta (in, "PixelnormMeta")), "method",
      G_TYPE_STRING, "old", "plan", G_TYPE_UINT, 1, NULL);
  g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  while ((meta = gst_buffer_iterate_meta (out, &state)))
    if (gst_meta_info_is_custom (meta->info)) {
      assert_string (gst_custom_meta_get_structure ((GstCustomMeta *) meta), "method", "fixed");
      n++;
    }
  g_assert_cmpuint (n, ==, 1);
  gst_buffer_unref (out);
}

static void
test_played_again (void)
{
  Picture **pictures = pictures_new_random (2 * N, 3, WIDTH, HEIGHT);
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "location", path, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++) {
    g_autoptr (PixelnormProfile) profile = profile_new (pictures + i * N, N, PIXELNORM_SCOPE_PIXEL);

    /* the file is read at every start */
    g_assert_true (pixelnorm_profile_save (profile, path, &error));
    bench_play (bench, NULL);
    bench_set_video (bench, "RGBA", WIDTH, HEIGHT);
    g_assert_cmpint (
        bench_push (bench, buffer_new (format_find ("RGBA"), pictures[0], NULL)), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull (bench->harness);
    assert_zscores (out, pictures + i * N, pictures[0]);
    gst_buffer_unref (out);
    bench_end (bench);
    bench_unplay (bench);
  }
  pictures_free (pictures, 2 * N);
}

static void
add_format_tests (void)
{
  for (guint i = 0; i < n_formats; i++) {
    g_autofree gchar *tensor = g_strdup_printf ("/pixelnorm/tensor/%s", formats[i].name);
    g_autofree gchar *video = g_strdup_printf ("/pixelnorm/video/%s", formats[i].name);

    if (gst_video_format_from_string (formats[i].name) == GST_VIDEO_FORMAT_UNKNOWN)
      continue;
    g_test_add_data_func (tensor, &formats[i], test_format);
    g_test_add_data_func (video, &formats[i], test_video);
  }
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  add_format_tests ();
  g_test_add_func ("/pixelnorm/meta", test_meta);
  g_test_add_func ("/pixelnorm/meta-of-video", test_meta_of_video);
  g_test_add_func ("/pixelnorm/meta-of-default-range", test_meta_of_default_range);
  g_test_add_func ("/pixelnorm/meta-of-input", test_meta_of_input);
  g_test_add_func ("/pixelnorm/played-again", test_played_again);
  return element_test_run ();
}
