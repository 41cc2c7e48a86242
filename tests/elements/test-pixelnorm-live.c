/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of pixelnorm that change while it plays. Frames are flat, so that a result is one number,
 * x - mean of one of two profiles, gamma times that, or something else that is plain arithmetic: a frame
 * that was normalized by halves of two plans, or by another one than its meta says, is found.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "element-test.h"

#define FORMAT "RGB"
#define WIDTH 33
#define HEIGHT 9
#define PATIENCE (20 * G_TIME_SPAN_SECOND)

/* Two flat frames, @mean - 10 and @mean + 10: min-deviation aside, a deviation of 10. */
static PixelnormProfile *
make_profile (guint width, guint height, guint8 mean)
{
  g_autoptr (PixelnormLayout) layout = pixelnorm_layout_new ("RGB", width, height, NULL);
  g_autoptr (PixelnormAccumulator) accumulator =
      pixelnorm_accumulator_new (PIXELNORM_SCOPE_PIXEL, layout, NULL);
  const gsize size = pixelnorm_layout_get_frame_bytes (layout);
  g_autofree guint8 *data = g_malloc (size);

  for (gint shift = -10; shift <= 10; shift += 20) {
    memset (data, mean + shift, size);
    g_assert_true (pixelnorm_accumulator_add_data (accumulator, layout, data, size, NULL));
  }
  return pixelnorm_accumulator_snapshot (accumulator, NULL);
}

/* A file of it; its identity goes to @identity. */
static gchar *
save_profile (guint width, guint height, guint8 mean, gchar **identity)
{
  g_autoptr (PixelnormProfile) profile = make_profile (width, height, mean);
  gchar *path = path_new (".safetensors");

  g_assert_true (pixelnorm_profile_save (profile, path, NULL));
  if (identity)
    *identity = g_strdup (pixelnorm_profile_get_identity (profile));
  return path;
}

typedef struct {
  Bench *bench;
  gchar *paths[2], *identities[2]; /* of means 50 and 200 */
} Live;

static const guint8 means[] = { 50, 200 };

static void
live_begin (Live *live, const gchar *first_property, ...)
{
  va_list properties;

  for (guint i = 0; i < 2; i++)
    live->paths[i] = save_profile (WIDTH, HEIGHT, means[i], &live->identities[i]);
  live->bench =
      bench_new ("pixelnorm", "location", live->paths[0], "method", PIXELNORM_METHOD_CENTER, NULL);
  va_start (properties, first_property);
  if (first_property)
    g_object_set_valist (G_OBJECT (live->bench->element), first_property, properties);
  va_end (properties);
  bench_play (live->bench, "other/tensors,types=(string)float32");
  bench_set_video (live->bench, FORMAT, WIDTH, HEIGHT);
}

static void
live_end (Live *live)
{
  bench_free (live->bench);
  for (guint i = 0; i < 2; i++) {
    g_free (live->paths[i]);
    g_free (live->identities[i]);
  }
}

/* Normalizes a flat frame; every number of the result must be the same, and is returned. @identity is
 * that of the meta; a static string or one of the profiles'. */
static gfloat
show (Live *live, guint width, guint8 value, gchar **identity)
{
  g_autoptr (Picture) picture = picture_new_flat (3, width, HEIGHT, value);
  GstMapInfo map;

  g_assert_cmpint (
      bench_push (live->bench, buffer_new (format_find (FORMAT), picture, NULL)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (live->bench->harness);
  g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
  const gfloat *y = (const gfloat *) map.data;
  const gfloat first = y[0];
  g_assert_cmpuint (map.size, ==, width * HEIGHT * 3 * sizeof *y);
  for (guint i = 0; i < width * HEIGHT * 3; i++)
    g_assert_true (y[i] == first);
  gst_buffer_unmap (out, &map);
  if (identity) {
    GstCustomMeta *meta = gst_buffer_get_custom_meta (out, "PixelnormMeta");

    *identity =
        g_strdup (gst_structure_get_string (gst_custom_meta_get_structure (meta), "identity"));
  }
  gst_buffer_unref (out);
  return first;
}

/* x - mean of the profile that the meta names. */
static guint
show_consistent (Live *live, guint width, guint8 value)
{
  g_autofree gchar *identity = NULL;
  const gfloat y = show (live, width, value, &identity);
  const guint which = g_strcmp0 (identity, live->identities[0]) == 0 ? 0 : 1;

  g_assert_cmpstr (identity, ==, live->identities[which]);
  g_assert_true (y == (gfloat) value - means[which]);
  return which;
}

/* Shows frames until a message of @type comes, which is returned. */
static GstMessage *
wait_for (Live *live, GstMessageType type)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE;
  GstMessage *message = NULL;

  while (!message) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    show (live, WIDTH, 100, NULL);
    message = gst_bus_pop_filtered (live->bench->bus, type);
    g_usleep (1000);
  }
  return message;
}

/* The next message must be of a new plan. */
static GstStructure *
wait_for_plan (Live *live)
{
  GstMessage *message = wait_for (live, GST_MESSAGE_ELEMENT | GST_MESSAGE_WARNING);

  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ELEMENT);
  GstStructure *plan = gst_structure_copy (gst_message_get_structure (message));
  gst_message_unref (message);
  return plan;
}

static void
expect_quiet (Live *live)
{
  for (guint i = 0; i < 20; i++) {
    show (live, WIDTH, 100, NULL);
    g_usleep (1000);
  }
  g_assert_null (
      gst_bus_pop_filtered (live->bench->bus, GST_MESSAGE_ELEMENT | GST_MESSAGE_WARNING));
}

static void
test_location (void)
{
  Live live;

  live_begin (&live, NULL);
  for (guint i = 0; i < 6; i++) {
    GstStructure *plan = wait_for_plan (&live);

    g_assert_cmpstr (gst_structure_get_string (plan, "identity"), ==, live.identities[i % 2]);
    gst_structure_free (plan);
    g_assert_cmpuint (show_consistent (&live, WIDTH, 100), ==, i % 2);
    g_object_set (live.bench->element, "location", live.paths[(i + 1) % 2], NULL);
  }
  live_end (&live);
}

/* A profile that an application has in memory. */
static void
test_profile (void)
{
  g_autoptr (PixelnormProfile) profile = make_profile (WIDTH, HEIGHT, 70);
  PixelnormProfile *in_use = NULL;
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "profile", profile, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, 30);
  g_object_get (live.bench->element, "profile", &in_use, NULL);
  g_assert_true (in_use == profile);
  g_object_unref (in_use);
  live_end (&live);
}

/* What one g_object_set() sets comes as one plan, without one in between that cannot be. */
static void
test_together (void)
{
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "location", live.paths[1], "method", PIXELNORM_METHOD_ZSCORE,
      "scope", PIXELNORM_SCOPE_GLOBAL, "min-deviation", 5.0, NULL);
  GstStructure *plan = wait_for_plan (&live);
  g_assert_cmpstr (gst_structure_get_string (plan, "method"), ==, "zscore");
  g_assert_cmpstr (gst_structure_get_string (plan, "scope"), ==, "global");
  g_assert_cmpstr (gst_structure_get_string (plan, "identity"), ==, live.identities[1]);
  gst_structure_free (plan);
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, -10); /* (100 - 200) / 10 */
  expect_quiet (&live);
  live_end (&live);
}

static void
set_gamma (GstElement *element, gdouble value)
{
  g_auto (GValue) array = G_VALUE_INIT, number = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  g_value_init (&number, G_TYPE_DOUBLE);
  g_value_set_double (&number, value);
  gst_value_array_append_value (&array, &number);
  g_object_set_property (G_OBJECT (element), "gamma", &array);
}

static void
test_gamma (void)
{
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  set_gamma (live.bench->element, -2);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, -100);
  live_end (&live);
}

/* One warning in words; the old plan goes on; and a good one comes through after all. */
static void
check_bad (const gchar *path, GQuark domain, gint code, const gchar *words)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "location", path, NULL);
  GstMessage *message = wait_for (&live, GST_MESSAGE_ELEMENT | GST_MESSAGE_WARNING);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_WARNING);
  gst_message_parse_warning (message, &error, &debug);
  gst_message_unref (message);
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (debug, "goes on"));
  g_assert_cmpuint (show_consistent (&live, WIDTH, 100), ==, 0);
  expect_quiet (&live);
  g_object_set (live.bench->element, "location", live.paths[1], NULL);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpuint (show_consistent (&live, WIDTH, 100), ==, 1);
  live_end (&live);
}

static void
test_bad_files (void)
{
  g_autofree gchar *missing = path_new (".safetensors"), *broken = path_new (".safetensors");
  g_autofree gchar *other_size = save_profile (WIDTH + 1, HEIGHT, 90, NULL);

  g_assert_true (g_file_set_contents (broken, "broken", -1, NULL));
  check_bad (missing, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, "cannot be opened");
  check_bad (broken, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "This is not a profile");
  check_bad (other_size, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "Another size");
}

static void
test_bad_settings (void)
{
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "method", PIXELNORM_METHOD_PERCENTILE, NULL);
  GstMessage *message = wait_for (&live, GST_MESSAGE_ELEMENT | GST_MESSAGE_WARNING);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_WARNING);
  gst_message_unref (message);
  g_assert_cmpuint (show_consistent (&live, WIDTH, 100), ==, 0);
  live_end (&live);
}

/* The next message must be a warning of these words; frames are as before. */
static void
wait_for_warning (Live *live, const gchar *words)
{
  GstMessage *message = wait_for (live, GST_MESSAGE_ELEMENT | GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_WARNING);
  gst_message_parse_warning (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, words));
  gst_message_unref (message);
}

static void
assert_in_use (Live *live, const gchar *name, const gchar *expected)
{
  g_autoptr (GstStructure) in_use = NULL;

  g_object_get (live->bench->element, "in-use", &in_use, NULL);
  g_autofree gchar *found = gst_value_serialize (gst_structure_get_value (in_use, name));
  g_autofree gchar *plain = gst_structure_get_field_type (in_use, name) == G_TYPE_STRING
      ? g_strdup (gst_structure_get_string (in_use, name))
      : NULL;
  g_assert_cmpstr (plain ? plain : found, ==, expected);
}

/* What cannot be keeps no later change back, and comes with the one that it waited for. */
static void
test_bad_then_good (void)
{
  g_autofree gchar *missing = path_new (".safetensors"), *set = NULL;
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "location", missing, NULL);
  wait_for_warning (&live, missing);
  g_object_set (live.bench->element, "method", PIXELNORM_METHOD_ZSCORE, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, 5); /* (100 - 50) / 10 */
  g_object_set (live.bench->element, "affine-location", missing, NULL);
  wait_for_warning (&live, missing);
  g_object_set (live.bench->element, "quant-zero-point", 1000, NULL);
  wait_for_warning (&live, "quant-zero-point is 1000");
  set_gamma (live.bench->element, 2);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, 10);
  expect_quiet (&live);
  g_object_get (live.bench->element, "location", &set, NULL);
  g_assert_cmpstr (set, ==, missing);
  assert_in_use (&live, "location", live.paths[0]);
  assert_in_use (&live, "method", "zscore");
  assert_in_use (&live, "gamma", "< (double)2 >");
  /* needs quant-scale, and waits for it */
  g_object_set (live.bench->element, "quant-zero-point", 3, NULL);
  wait_for_warning (&live, "quant-zero-point is 3");
  g_object_set (live.bench->element, "quant-scale", 2.0, NULL);
  gst_structure_free (wait_for_plan (&live));
  assert_in_use (&live, "quant-zero-point", "3");
  /* now all of it can be */
  g_object_set (live.bench->element, "affine-location", NULL, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "location", live.paths[1], NULL);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, -20);
  assert_in_use (&live, "location", live.paths[1]);
  expect_quiet (&live);
  live_end (&live);
}

/* A file is read when its property is set, and not with what else is. */
static void
test_file_is_gone (void)
{
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpint (g_unlink (live.paths[0]), ==, 0);
  set_gamma (live.bench->element, 3);
  gst_structure_free (wait_for_plan (&live));
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, 150);
  live_end (&live);
}

/* The profile of frames that come next. */
static void
test_other_size (void)
{
  g_autofree gchar *path = save_profile (WIDTH + 1, HEIGHT, 90, NULL);
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "location", path, NULL);
  wait_for_warning (&live, "Another size");
  bench_set_video (live.bench, FORMAT, WIDTH + 1, HEIGHT);
  g_assert_cmpfloat (show (&live, WIDTH + 1, 100, NULL), ==, 10);
  assert_in_use (&live, "location", path);
  /* and without a wait in between */
  g_object_set (live.bench->element, "location", live.paths[1], NULL);
  bench_set_video (live.bench, FORMAT, WIDTH, HEIGHT);
  g_assert_cmpfloat (show (&live, WIDTH, 100, NULL), ==, -100);
  while (bench_count_messages (live.bench, GST_MESSAGE_WARNING) > 0)
    gst_message_unref (bench_take_message (live.bench, GST_MESSAGE_WARNING));
  live_end (&live);
}

/* Sets gamma while the element says in its log that it has read the profile, which is before it has started. */
static void
set_while_starting (GstDebugCategory *category, GstDebugLevel level, const gchar *file,
    const gchar *function, gint line, GObject *object, GstDebugMessage *message, gpointer data)
{
  if (strstr (gst_debug_message_get (message), "digest"))
    set_gamma (GST_ELEMENT (object), 2);
}

static void
test_while_starting (void)
{
  Live live;

  gst_debug_set_threshold_for_name ("pixelnorm", GST_LEVEL_DEBUG);
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (set_while_starting, NULL, NULL);
  live_begin (&live, NULL);
  gst_debug_remove_log_function (set_while_starting);
  gst_debug_add_log_function (gst_debug_log_default, NULL, NULL);
  gst_debug_set_threshold_for_name ("pixelnorm", GST_LEVEL_NONE);
  const gint64 end = g_get_monotonic_time () + PATIENCE;
  while (show (&live, WIDTH, 100, NULL) != 100)
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  live_end (&live);
}

/* What an element looks at when it starts. */
static void
test_late (void)
{
  Live live;

  live_begin (&live, NULL);
  gst_structure_free (wait_for_plan (&live));
  g_object_set (live.bench->element, "batch-size", 2, NULL);
  wait_for_warning (&live, "batch-size was set while the element runs");
  assert_in_use (&live, "batch-size", "1");
  g_object_set (live.bench->element, "batch-size", 1, NULL); /* as it is */
  expect_quiet (&live);
  gst_util_set_object_arg (G_OBJECT (live.bench->element), "layout", "nchw");
  wait_for_warning (&live, "layout was set while the element runs");
  gst_util_set_object_arg (G_OBJECT (live.bench->element), "channels", "gray");
  wait_for_warning (&live, "channels was set while the element runs");
  bench_set_video (live.bench, FORMAT, WIDTH, HEIGHT);
  show_consistent (&live, WIDTH, 30);
  live_end (&live);
}

static gpointer
toggle (gpointer data)
{
  Live *live = data;

  for (guint i = 0; i <= 400; i++) {
    g_object_set (live->bench->element, "location", live->paths[i % 2], NULL);
    if (i % 7 == 0)
      g_usleep (500);
  }
  return NULL;
}

/* Changes that come faster than they can be made ready: every frame is of one plan, and the last one
 * comes. */
static void
test_hammer (void)
{
  Live live;
  guint seen[2] = { 0 };

  live_begin (&live, NULL);
  GThread *thread = g_thread_new ("toggle", toggle, &live);
  for (guint i = 0; i < 3000; i++)
    seen[show_consistent (&live, WIDTH, (guint8) i)]++;
  g_thread_join (thread);
  const gint64 end = g_get_monotonic_time () + PATIENCE;
  while (show_consistent (&live, WIDTH, 100) != 0)
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  g_assert_cmpuint (seen[0] + seen[1], ==, 3000);
  live_end (&live);
}

/* Caps that change while a plan is made for the old ones. */
static void
test_caps_meanwhile (void)
{
  Live live;

  live_begin (&live, "scope", PIXELNORM_SCOPE_CHANNEL, NULL);
  for (guint i = 1; i <= 60; i++) {
    const guint width = i % 3 ? WIDTH : 700;

    g_object_set (live.bench->element, "location", live.paths[i % 2], NULL);
    bench_set_video (live.bench, FORMAT, width, HEIGHT);
    show_consistent (&live, width, 30);
  }
  const gint64 end = g_get_monotonic_time () + PATIENCE;
  bench_set_video (live.bench, FORMAT, WIDTH, HEIGHT);
  while (show_consistent (&live, WIDTH, 100) != 0)
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  g_assert_cmpuint (bench_count_messages (live.bench, GST_MESSAGE_WARNING), ==, 0);
  live_end (&live);
}

/* Stopped and started while files are read: what was set last counts. */
static void
test_stop_meanwhile (void)
{
  Live live;

  live_begin (&live, NULL);
  for (guint i = 0; i < 40; i++) {
    g_object_set (live.bench->element, "location", live.paths[i % 2], NULL);
    if (i % 3)
      g_usleep (300 * i);
    gst_element_set_state (live.bench->element, GST_STATE_NULL);
    g_object_set (live.bench->element, "location", live.paths[(i + 1) % 2], NULL);
    gst_element_set_state (live.bench->element, GST_STATE_PLAYING);
    gst_harness_push_event (live.bench->harness, gst_event_new_stream_start ("again"));
    bench_set_video (live.bench, FORMAT, WIDTH, HEIGHT);
    g_assert_cmpuint (show_consistent (&live, WIDTH, 100), ==, (i + 1) % 2);
  }
  live_end (&live);
}

/* Before there are caps nothing is fitted yet: the first frame has the new plan. */
static void
test_before_caps (void)
{
  Live live;

  for (guint i = 0; i < 2; i++)
    live.paths[i] = save_profile (WIDTH, HEIGHT, means[i], &live.identities[i]);
  live.bench =
      bench_new ("pixelnorm", "location", live.paths[0], "method", PIXELNORM_METHOD_CENTER, NULL);
  bench_play (live.bench, "other/tensors,types=(string)float32");
  g_object_set (live.bench->element, "location", live.paths[1], NULL);
  bench_set_video (live.bench, FORMAT, WIDTH, HEIGHT);
  const gint64 end = g_get_monotonic_time () + PATIENCE;
  while (show_consistent (&live, WIDTH, 100) != 1)
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  live_end (&live);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/pixelnorm-live/location", test_location);
  g_test_add_func ("/pixelnorm-live/profile", test_profile);
  g_test_add_func ("/pixelnorm-live/together", test_together);
  g_test_add_func ("/pixelnorm-live/gamma", test_gamma);
  g_test_add_func ("/pixelnorm-live/bad-files", test_bad_files);
  g_test_add_func ("/pixelnorm-live/bad-settings", test_bad_settings);
  g_test_add_func ("/pixelnorm-live/bad-then-good", test_bad_then_good);
  g_test_add_func ("/pixelnorm-live/file-is-gone", test_file_is_gone);
  g_test_add_func ("/pixelnorm-live/other-size", test_other_size);
  g_test_add_func ("/pixelnorm-live/while-starting", test_while_starting);
  g_test_add_func ("/pixelnorm-live/late", test_late);
  g_test_add_func ("/pixelnorm-live/hammer", test_hammer);
  g_test_add_func ("/pixelnorm-live/caps-meanwhile", test_caps_meanwhile);
  g_test_add_func ("/pixelnorm-live/stop-meanwhile", test_stop_meanwhile);
  g_test_add_func ("/pixelnorm-live/before-caps", test_before_caps);
  return element_test_run ();
}
