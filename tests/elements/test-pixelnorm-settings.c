/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelnorm's properties: what is refused, when and in which words, and what the others do. */
#include <math.h>

#include "element-test.h"

enum {
  WIDTH = 9,
  HEIGHT = 5,
  N = 4,
};

/* What y may differ by: float32 with |y| below 300. */
#define TOLERANCE 1e-4

typedef struct {
  const gchar *name;
  const gchar *properties[8]; /* names and values, then NULL */
  const gchar *words;         /* of the error; NULL: it is allowed */
} Setting;

/* All with a profile in memory. */
static const Setting settings[] = {
  { "mean-of-two", { "method", "fixed", "mean", "<1,2>" }, "mean has 2 values" },
  { "mean-of-four", { "method", "fixed", "mean", "<1,2,3,4>" }, "mean has 4 values" },
  { "mean-of-none", { "method", "fixed", "mean", "<1,2>", "mean", "<>" }, NULL },
  { "mean-of-two-then-std", { "method", "fixed", "mean", "<1,2>", "std", "<3>" },
      "mean has 2 values" },
  { "std-of-two-then-mean", { "method", "fixed", "std", "<1,2>", "mean", "<3>" },
      "std has 2 values" },
  { "mean-of-text", { "method", "fixed", "mean", "<a,b,c>" }, "mean holds something" },
  { "mean-of-quoted-numbers", { "method", "fixed", "mean", "<(string)1,(string)2,(string)3>" },
      "mean holds something" },
  { "std-of-text", { "method", "fixed", "std", "<1,2,three>" }, "std holds something" },
  { "std-0", { "method", "fixed", "std", "<0>" }, "std is 0" },
  { "std-negative", { "method", "fixed", "std", "<1,-1,1>" }, "std is -1" },
  { "mean-put-right", { "method", "fixed", "mean", "<1,2>", "mean", "<1,2,3>" }, NULL },
  { "integers", { "method", "fixed", "mean", "<1,2,3>", "std", "<1,2.5,3>" }, NULL },
  { "min-deviation-negative", { "min-deviation", "-1" }, "min-deviation is -1" },
  { "momentum", { "statistics", "running", "momentum", "7" },
      "momentum is 7; it must be more than 0 and at most 1" },
  { "momentum-0", { "statistics", "running", "momentum", "0" }, "momentum is 0" },
  { "zero-point", { "quant-scale", "1", "quant-zero-point", "1000" },
      "quant-zero-point is 1000; it must lie within -128 and 255." },
  { "epsilon-negative", { "epsilon", "-0.5" }, "epsilon is -0.5" },
  { "no-floor", { "min-deviation", "0" }, "min-deviation is 0" },
  { "epsilon-as-floor", { "min-deviation", "0", "epsilon", "0.00001" }, NULL },
  { "no-floor-mean-range", { "method", "mean-range", "min-deviation", "0" }, "min-deviation is 0" },
  { "epsilon-is-no-floor", { "method", "min-max", "min-deviation", "0", "epsilon", "1" },
      "min-deviation is 0" },
  { "range-swapped", { "range-low", "3", "range-high", "-3" }, NULL },
  { "range-alike", { "range-low", "3", "range-high", "3" }, NULL },
  { "range-too-small", { "range-low", "3", "range-high", "3.0000001" }, "range-low 3" },
};

static void
test_setting (gconstpointer data)
{
  const Setting *setting = data;
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);

  for (guint i = 0; i + 1 < G_N_ELEMENTS (setting->properties) && setting->properties[i]; i += 2) {
    /* GStreamer parses arrays in place, which a text in read-only memory does not survive */
    g_autofree gchar *value = g_strdup (setting->properties[i + 1]);

    gst_util_set_object_arg (G_OBJECT (bench->element), setting->properties[i], value);
  }
  if (setting->words) {
    bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, setting->words);
  } else {
    bench_play (bench, NULL);
    bench_set_video (bench, "RGB", WIDTH, HEIGHT);
    bench_show (bench, format_find ("RGB"), pictures[0]);
  }
  pictures_free (pictures, N);
}

static void
set_array (Bench *bench, const gchar *name, const gdouble *values, guint n)
{
  g_auto (GValue) array = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    g_value_init (&value, G_TYPE_DOUBLE);
    g_value_set_double (&value, values[i]);
    gst_value_array_append_value (&array, &value);
  }
  g_object_set_property (G_OBJECT (bench->element), name, &array);
}

/* A range is stated and not enforced: GObject would go on with the value of before. */
static void
test_stated_ranges (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);
  GObjectClass *klass = G_OBJECT_GET_CLASS (bench->element);
  const PixelnormSetting *row;

  for (guint i = 0; (row = pixelnorm_setting_get (i)); i++) {
    GParamSpec *spec = g_object_class_find_property (klass, row->name);
    gdouble found = 0;

    g_assert_nonnull (spec);
    if (row->type == PIXELNORM_SETTING_TYPE_NUMBER) {
      g_assert_cmpfloat (G_PARAM_SPEC_DOUBLE (spec)->minimum, <=, row->least);
      g_assert_cmpfloat (G_PARAM_SPEC_DOUBLE (spec)->maximum, ==, row->largest);
      g_object_set (bench->element, row->name, 1e7, NULL);
      g_object_get (bench->element, row->name, &found, NULL);
      g_assert_cmpfloat (found, ==, 1e7);
    }
  }
}

static void
test_not_a_number (void)
{
  static const gchar *const names[] = { "mean", "std" };
  static const gdouble bad[] = { NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (names) * G_N_ELEMENTS (bad); i++) {
    const gdouble values[] = { 1, bad[i / 2], 1 };
    g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);

    gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
    set_array (bench, names[i % 2], values, 3);
    bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, names[i % 2]);
  }
}

static void
test_arrays_are_kept (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);
  g_auto (GValue) array = G_VALUE_INIT;
  static const gdouble expected[] = { 1, 2.5, 3 };

  gst_util_set_object_arg (G_OBJECT (bench->element), "std", "<1,2.5,3>");
  g_value_init (&array, GST_TYPE_ARRAY);
  g_object_get_property (G_OBJECT (bench->element), "std", &array);
  g_assert_cmpuint (gst_value_array_get_size (&array), ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpfloat (g_value_get_double (gst_value_array_get_value (&array, i)), ==, expected[i]);
}

static void
test_files (void)
{
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autofree gchar *missing = path_new (".safetensors");
  g_autofree gchar *corrupt = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);
  g_autofree gchar *bytes = NULL;
  gsize size;

  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "location");
  g_object_set (bench->element, "location", missing, NULL);
  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, missing);
  g_assert_true (pixelnorm_profile_save (profile, corrupt, NULL));
  g_assert_true (g_file_get_contents (corrupt, &bytes, &size, NULL));
  bytes[size / 2] ^= 4;
  g_assert_true (g_file_set_contents (corrupt, bytes, (gssize) size, NULL));
  g_object_set (bench->element, "location", corrupt, NULL);
  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, corrupt);
  g_assert_true (g_file_set_contents (corrupt, "", 0, NULL));
  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, corrupt);
  g_object_set (bench->element, "location", g_get_tmp_dir (), NULL);
  gst_element_set_state (bench->element, GST_STATE_PAUSED);
  g_assert_cmpuint (bench_count_messages (bench, GST_MESSAGE_ERROR), ==, 1);
  gst_message_unref (bench_take_message (bench, GST_MESSAGE_ERROR));
  gst_element_set_state (bench->element, GST_STATE_NULL);

  /* what goes wrong with the dark profile, too; and after all that, the right ones work */
  g_object_set (
      bench->element, "location", NULL, "profile", profile, "dark-location", missing, NULL);
  bench_fail_start (bench, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, missing);
  g_object_set (bench->element, "dark-location", NULL, NULL);
  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  bench_show (bench, format_find ("RGB"), pictures[0]);
  pictures_free (pictures, N);
}

/* Row by row, what y is expected of sample @x of this pixel and channel. */
typedef gdouble (*Formula) (Picture *const *pictures, guint index, guint8 x);

static void
check_tensor (Bench *bench, const gchar *format, Picture *const *pictures, const Picture *shown,
    Formula formula)
{
  const guint n = shown->width * shown->height * shown->n_channels;
  GstMapInfo map;

  g_assert_cmpint (
      bench_push (bench, buffer_new (format_find (format), shown, NULL)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, ==, n * sizeof (gfloat));
  for (guint i = 0; i < n; i++) {
    const guint pixel = i / shown->n_channels;
    const guint8 x =
        *picture_at (shown, pixel % shown->width, pixel / shown->width, i % shown->n_channels);

    g_assert_cmpfloat_with_epsilon (((gfloat *) map.data)[i], formula (pictures, i, x), TOLERANCE);
  }
  gst_buffer_unmap (out, &map);
  gst_buffer_unref (out);
}

static gdouble
by_channel (Picture *const *pictures, guint index, guint8 x)
{
  const Tally tally = tally_channel (pictures, N, index % 3);

  return (x - tally_mean (&tally)) / tally_deviation (&tally);
}

/* From profiles of either scope, on frames of another size. */
static void
test_scope_channel (void)
{
  static const PixelnormScope scopes[] = { PIXELNORM_SCOPE_PIXEL, PIXELNORM_SCOPE_CHANNEL };
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  g_autoptr (Picture) shown = picture_new_random (3, 2 * WIDTH + 1, HEIGHT - 2);

  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++) {
    g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, scopes[i]);
    g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);

    gst_util_set_object_arg (G_OBJECT (bench->element), "scope", "channel");
    bench_play (bench, NULL);
    bench_set_video (bench, "xBGR", shown->width, shown->height);
    check_tensor (bench, "xBGR", pictures, shown, by_channel);
  }
  pictures_free (pictures, N);
}

/* Per pixel, of a profile that holds none. */
static void
test_scope_pixel_of_channels (void)
{
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_CHANNEL);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);

  bench_play (bench, NULL);
  g_assert_false (bench_offer_caps (bench, video_caps ("RGB", WIDTH, HEIGHT)));
  bench_expect (bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "scope");
  pictures_free (pictures, N);
}

static gdouble
by_default (Picture *const *pictures, guint index, guint8 x)
{
  return (x - 127.5) / 127.5;
}

/* What an application does that puts a property back to what it was. */
static void
test_back_to_the_default (void)
{
  static const gchar *const names[] = { "mean", "std", "gamma", "beta" };
  static const gdouble other[] = { 3, 4, 5 };
  g_autoptr (Picture) shown = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (bench->element), names[i]);

    set_array (bench, names[i], other, 3);
    g_object_set_property (
        G_OBJECT (bench->element), names[i], g_param_spec_get_default_value (spec));
  }
  bench_play (bench, NULL);
  bench_set_video (bench, "RGB", WIDTH, HEIGHT);
  check_tensor (bench, "RGB", NULL, shown, by_default);
}

static gdouble
by_torchvision (Picture *const *pictures, guint index, guint8 x)
{
  static const gdouble mean[] = { 0.485, 0.456, 0.406 }, std[] = { 0.229, 0.224, 0.225 };

  return (x / 255.0 - mean[index % 3]) / std[index % 3];
}

static void
test_units (void)
{
  g_autoptr (Picture) shown = picture_new_random (3, WIDTH, HEIGHT);

  for (guint i = 0; i < 2; i++) {
    g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);

    gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
    gst_util_set_object_arg (G_OBJECT (bench->element), "mean",
        i == 0 ? "<0.485,0.456,0.406>" : "<123.675,116.28,103.53>");
    gst_util_set_object_arg (
        G_OBJECT (bench->element), "std", i == 0 ? "<0.229,0.224,0.225>" : "<58.395,57.12,57.375>");
    gst_util_set_object_arg (G_OBJECT (bench->element), "units", i == 0 ? "unit" : "code");
    bench_play (bench, NULL);
    bench_set_video (bench, "BGR", WIDTH, HEIGHT);
    check_tensor (bench, "BGR", NULL, shown, by_torchvision);
  }
}

/* Units forgotten is a common mistake, and the result looks like almost nothing. */
static void
test_units_forgotten (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<0.485,0.456,0.406>");
  gst_util_set_object_arg (G_OBJECT (bench->element), "std", "<0.229,0.224,0.225>");
  bench_play (bench, NULL);
  bench_set_video (bench, "BGR", WIDTH, HEIGHT);
  bench_expect (
      bench, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "units=unit");
}

/* Three values do not fit one channel: known once caps are. */
static void
test_values_for_gray (void)
{
  g_autoptr (Bench) bench = bench_new ("pixelnorm", NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<1,2,3>");
  bench_play (bench, NULL);
  g_assert_false (bench_offer_caps (bench, video_caps ("GRAY8", WIDTH, HEIGHT)));
  bench_expect (
      bench, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "3 values");
}

/* The first N pictures are light, the next N dark. */
static gdouble
flat_field (Picture *const *pictures, guint index, guint8 x, gboolean with_dark)
{
  const Tally light = tally_sample (pictures, N, index);
  const Tally dark = tally_sample (pictures + N, N, index);
  const Tally all_light = tally_channel (pictures, N, index % 3);
  const Tally all_dark = tally_channel (pictures + N, N, index % 3);
  const gdouble black = with_dark ? tally_mean (&dark) : 0;
  const gdouble gain = tally_mean (&all_light) - (with_dark ? tally_mean (&all_dark) : 0);

  return (x - black) * gain / MAX (tally_mean (&light) - black, 1);
}

static gdouble
by_flat_field (Picture *const *pictures, guint index, guint8 x)
{
  return flat_field (pictures, index, x, FALSE);
}

static gdouble
by_flat_field_with_dark (Picture *const *pictures, guint index, guint8 x)
{
  return flat_field (pictures, index, x, TRUE);
}

static void
test_flat_field (void)
{
  Picture **pictures = pictures_new_random (2 * N, 3, WIDTH, HEIGHT);

  for (guint n = 0; n < 2 * N; n++) /* 200 to 255 in light, 0 to 15 in the dark */
    for (guint i = 0; i < WIDTH * HEIGHT * 4; i++)
      pictures[n]->samples[i] =
          n < N ? 200 + pictures[n]->samples[i] % 56 : pictures[n]->samples[i] % 16;
  g_autoptr (PixelnormProfile) light = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (PixelnormProfile) dark = profile_new (pictures + N, N, PIXELNORM_SCOPE_PIXEL);
  g_autofree gchar *path = path_new (".safetensors");
  g_assert_true (pixelnorm_profile_save (dark, path, NULL));

  for (guint i = 0; i < 2; i++) {
    g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", light, NULL);

    gst_util_set_object_arg (G_OBJECT (bench->element), "method", "flat-field");
    if (i == 1)
      g_object_set (bench->element, "dark-location", path, NULL);
    bench_play (bench, NULL);
    bench_set_video (bench, "RGB", WIDTH, HEIGHT);
    check_tensor (
        bench, "RGB", pictures, pictures[0], i == 1 ? by_flat_field_with_dark : by_flat_field);
  }
  pictures_free (pictures, 2 * N);
}

/* With its ends swapped, the range makes a negative. */
static void
test_swapped_range (void)
{
  g_autoptr (Picture) shown = picture_new_random (1, WIDTH, HEIGHT);
  g_autoptr (Picture) negative = picture_new_flat (1, WIDTH, HEIGHT, 0);
  g_autoptr (GstCaps) caps = video_caps ("GRAY8", WIDTH, HEIGHT);
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "range-low", 1.0, "range-high", -1.0, NULL);

  for (guint i = 0; i < WIDTH * HEIGHT; i++)
    *picture_at (negative, i % WIDTH, i / WIDTH, 0) =
        255 - *picture_at (shown, i % WIDTH, i / WIDTH, 0);
  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  bench_play (bench, "video/x-raw");
  bench_set_video (bench, "GRAY8", WIDTH, HEIGHT);
  g_assert_cmpint (
      bench_push (bench, buffer_new (format_find ("GRAY8"), shown, NULL)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  assert_buffer_holds (out, caps, format_find ("GRAY8"), negative);
  gst_buffer_unref (out);
}

/* The application's profile goes before location, and reads as the one in use. */
static void
test_profile_property (void)
{
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, N, PIXELNORM_SCOPE_PIXEL);
  g_autofree gchar *missing = path_new (".safetensors");
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, "location", missing, NULL);
  PixelnormProfile *used = NULL;

  bench_play (bench, NULL);
  g_object_get (bench->element, "profile", &used, NULL);
  g_assert_true (used == profile);
  g_clear_object (&used);
  bench_unplay (bench);

  g_assert_true (pixelnorm_profile_save (profile, path, NULL));
  g_object_set (bench->element, "profile", NULL, "location", path, NULL);
  bench_play (bench, NULL);
  g_object_get (bench->element, "profile", &used, NULL);
  g_assert_nonnull (used);
  g_assert_cmpstr (
      pixelnorm_profile_get_identity (used), ==, pixelnorm_profile_get_identity (profile));
  g_object_unref (used);
  pictures_free (pictures, N);
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autofree gchar *name = g_strdup_printf ("/pixelnorm-settings/%s", settings[i].name);

    g_test_add_data_func (name, &settings[i], test_setting);
  }
  g_test_add_func ("/pixelnorm-settings/not-a-number", test_not_a_number);
  g_test_add_func ("/pixelnorm-settings/stated-ranges", test_stated_ranges);
  g_test_add_func ("/pixelnorm-settings/back-to-the-default", test_back_to_the_default);
  g_test_add_func ("/pixelnorm-settings/arrays-are-kept", test_arrays_are_kept);
  g_test_add_func ("/pixelnorm-settings/files", test_files);
  g_test_add_func ("/pixelnorm-settings/scope-channel", test_scope_channel);
  g_test_add_func ("/pixelnorm-settings/scope-pixel-of-channels", test_scope_pixel_of_channels);
  g_test_add_func ("/pixelnorm-settings/units", test_units);
  g_test_add_func ("/pixelnorm-settings/units-forgotten", test_units_forgotten);
  g_test_add_func ("/pixelnorm-settings/values-for-gray", test_values_for_gray);
  g_test_add_func ("/pixelnorm-settings/flat-field", test_flat_field);
  g_test_add_func ("/pixelnorm-settings/swapped-range", test_swapped_range);
  g_test_add_func ("/pixelnorm-settings/profile-property", test_profile_property);
  return element_test_run ();
}
