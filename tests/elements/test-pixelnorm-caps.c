/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pixelnorm sends and asks for, given what stands behind and before it. */
#include <string.h>

#include "element-test.h"

enum {
  WIDTH = 6,
  HEIGHT = 4,
};

#define TENSORS "other/tensors,format=(string)static,num_tensors=(int)1,types=(string)float32"
#define TENSOR "other/tensor,type=(string)float32"
#define FLEXIBLE "other/tensors,format=(string)flexible"
#define CLOSED FLEXIBLE ",num_tensors=(int)1,types=(string)float32"
#define RATE ",framerate=(fraction)30/1"

typedef struct {
  const gchar *name, *downstream, *format, *expected;
} Negotiation;

static const Negotiation negotiations[] = {
  { "anything", NULL, "RGB", TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "gray", NULL, "GRAY8", TENSORS ",dimensions=(string)1:6:4:1" RATE },
  { "planar", NULL, "GBRA", TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "without-dimensions", "other/tensors,types=(string)float32", "RGB",
      TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "any-rate", TENSORS ",framerate=[0/1,2147483647/1]", "RGB",
      TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "four", TENSORS ",dimensions=(string)3:6:4:1", "BGRx",
      TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "three", TENSORS ",dimensions=(string)3:6:4", "BGRx",
      TENSORS ",dimensions=(string)3:6:4" RATE },
  { "five", TENSORS ",dimensions=(string)3:6:4:1:1", "RGB",
      TENSORS ",dimensions=(string)3:6:4:1:1" RATE },
  { "five-planar", TENSORS ",dimensions=(string)6:4:3:1:1", "RGB",
      TENSORS ",dimensions=(string)6:4:3:1:1" RATE },
  { "sixteen", TENSORS ",dimensions=(string)3:6:4:1:1:1:1:1:1:1:1:1:1:1:1:1", "RGB",
      TENSORS ",dimensions=(string)3:6:4:1:1:1:1:1:1:1:1:1:1:1:1:1" RATE },
  { "two", TENSORS ",dimensions=(string)6:4", "GRAY8", TENSORS ",dimensions=(string)6:4" RATE },
  { "legacy-eight", "other/tensor,dimension=(string)3:6:4:1:1:1:1:1", "RGB",
      TENSOR ",dimension=(string)3:6:4:1:1:1:1:1" RATE },
  { "long-first", TENSORS ",dimensions=(string)3:6:4:1:1;" TENSORS ",dimensions=(string)3:6:4",
      "RGB", TENSORS ",dimensions=(string)3:6:4" RATE },
  { "three-first", TENSORS ",dimensions=(string)3:6:4;" TENSORS ",dimensions=(string)3:6:4:1",
      "RGB", TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "legacy", "other/tensor", "RGB", TENSOR ",dimension=(string)3:6:4:1" RATE },
  { "legacy-three", "other/tensor,dimension=(string)3:6:4", "RGB",
      TENSOR ",dimension=(string)3:6:4" RATE },
  { "legacy-first", "other/tensor;other/tensors", "RGB",
      TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "flexible", FLEXIBLE, "RGB", CLOSED ",dimensions=(string)3:6:4:1" RATE },
  { "flexible-as-nnstreamer-says", FLEXIBLE ",framerate=[0/1,2147483647/1]", "RGB",
      CLOSED ",dimensions=(string)3:6:4:1" RATE },
  { "flexible-planar", FLEXIBLE ",dimensions=(string)6:4:3", "RGB",
      CLOSED ",dimensions=(string)6:4:3" RATE },
  { "flexible-five", FLEXIBLE ",dimensions=(string)3:6:4:1:1", "RGB",
      CLOSED ",dimensions=(string)3:6:4:1:1" RATE },
  { "flexible-beside-static-ones-of-others",
      "other/tensors,format=(string)static,types=(string)int32;" FLEXIBLE, "RGB",
      CLOSED ",dimensions=(string)3:6:4:1" RATE },
  { "flexible-first", FLEXIBLE ";" TENSORS, "RGB", TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "flexible-among-all", "other/tensors,format=(string){flexible,static,sparse}", "RGB",
      TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "flexible-or-video", "video/x-raw;" FLEXIBLE, "RGB",
      CLOSED ",dimensions=(string)3:6:4:1" RATE },
  { "video", "video/x-raw", "BGRx", "video/x-raw,format=BGRx,width=6,height=4" RATE },
  { "video-first", "video/x-raw;other/tensors", "RGB", TENSORS ",dimensions=(string)3:6:4:1" RATE },
  { "gray-video", "video/x-raw", "GRAY8", "video/x-raw,format=GRAY8,width=6,height=4" RATE },
};

static Bench *
new_fixed (void)
{
  Bench *bench = bench_new ("pixelnorm", NULL);

  gst_util_set_object_arg (G_OBJECT (bench->element), "method", "fixed");
  return bench;
}

static void
test_negotiation (gconstpointer data)
{
  const Negotiation *negotiation = data;
  const Format *format = format_find (negotiation->format);
  g_autoptr (Bench) bench = new_fixed ();
  g_autoptr (Picture) picture = picture_new_random (format_channels (format), WIDTH, HEIGHT);
  g_autoptr (GstCaps) expected = gst_caps_from_string (negotiation->expected);
  const gboolean video = g_str_has_prefix (negotiation->expected, "video");
  const gsize header = g_str_has_prefix (negotiation->expected, FLEXIBLE) ? 128 : 0;

  bench_play (bench, negotiation->downstream);
  bench_set_video (bench, negotiation->format, WIDTH, HEIGHT);
  g_assert_cmpint (bench_push (bench, buffer_new (format, picture, NULL)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  g_autoptr (GstCaps) found = gst_pad_get_current_caps (bench->harness->sinkpad);

  if (!gst_caps_is_equal (found, expected)) {
    g_autofree gchar *text = gst_caps_to_string (found);

    g_error ("expected %s, found %s", negotiation->expected, text);
  }
  if (!video)
    g_assert_cmpuint (gst_buffer_get_size (out), ==,
        header + WIDTH * HEIGHT * format_channels (format) * sizeof (gfloat));
  gst_buffer_unref (out);
}

static void
test_framerates (void)
{
  static const gchar *const rates[] = { "0/1", "30000/1001", "25/1" };
  g_autoptr (Bench) bench = new_fixed ();

  bench_play (bench, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    g_autofree gchar *in = g_strdup_printf (
        "video/x-raw,format=RGB,width=6,height=4,framerate=(fraction)%s", rates[i]);
    g_autofree gchar *out =
        g_strdup_printf (TENSORS ",dimensions=(string)3:6:4:1,framerate=(fraction)%s", rates[i]);
    g_autoptr (GstCaps) expected = gst_caps_from_string (out);

    g_assert_true (bench_offer_caps (bench, gst_caps_from_string (in)));
    g_autoptr (GstCaps) found = gst_pad_get_current_caps (bench->harness->sinkpad);
    g_assert_true (gst_caps_is_equal (found, expected));
  }
}

/* What cannot be made is not agreed to, in words. */
static void
test_impossible (void)
{
  static const gchar *const downstream[] = {
    TENSORS ",dimensions=(string)3:6:5:1",
    TENSORS ",dimensions=(string)1:6:4:1",
    TENSORS ",dimensions=(string)3:6:4:1:2",
    TENSORS ",dimensions=(string)3:6:4:1:1:1:1:1:1:1:1:1:1:1:1:1:1", /* 17 */
    TENSORS ",dimensions=(string)3:6:4:1,framerate=(fraction)25/1",
    "other/tensors,types=(string)float64",
    "other/tensors,num_tensors=(int)2",
    "other/tensors,format=(string)sparse",
    "other/tensors,format=(string)flexible,num_tensors=(int)2",
    "other/tensors,format=(string)flexible,types=(string)int32",
    "video/x-raw,format=BGR",
    "video/x-raw,format=RGB,width=7",
    "video/x-raw,format=NV12",
    "audio/x-raw",
  };

  for (guint i = 0; i < G_N_ELEMENTS (downstream); i++) {
    g_autoptr (Bench) bench = new_fixed ();

    g_test_message ("%s", downstream[i]);
    bench_play (bench, downstream[i]);
    g_assert_false (bench_offer_caps (bench, video_caps ("RGB", WIDTH, HEIGHT)));
    g_assert_cmpint (bench_push (bench, gst_buffer_new_allocate (NULL, 4096, NULL)), ==,
        GST_FLOW_NOT_NEGOTIATED);
    bench_expect (bench, GST_MESSAGE_ERROR, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
        "Downstream asks for");
    g_assert_null (bench_take_report (bench, "pixelnorm"));
  }
}

/* What the sink pad takes, with this behind it. */
static GstCaps *
query_input (Bench *bench, const gchar *downstream, const gchar *filter)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (bench->element, "sink");
  g_autoptr (GstCaps) wanted = filter ? gst_caps_from_string (filter) : NULL;

  bench_play (bench, downstream);
  return gst_pad_query_caps (pad, wanted);
}

static void
assert_caps (GstCaps *found, const gchar *expected)
{
  g_autoptr (GstCaps) other = gst_caps_from_string (expected);

  /* the best; behind it stands what else would do */
  if (!gst_caps_is_empty (found))
    found = gst_caps_truncate (found);
  if (!gst_caps_is_equal (found, other)) {
    g_autofree gchar *text = gst_caps_to_string (found);

    g_error ("expected %s, found %s", expected, text);
  }
  gst_caps_unref (found);
}

#define RGB_FORMATS                                                                                \
  "format=(string){RGB,BGR,RGBx,BGRx,xRGB,xBGR,RGBA,BGRA,ARGB,ABGR," MAYBE_RBGA                    \
  "GBR,GBRA,RGBP,BGRP}"
#if GST_CHECK_VERSION(1, 24, 0)
#define MAYBE_RBGA "RBGA,"
#else
#define MAYBE_RBGA ""
#endif

static void
test_input_from_dimensions (void)
{
  static const struct {
    const gchar *dimensions, *expected;
  } rows[] = {
    { "3:20:10:1", "video/x-raw," RGB_FORMATS ",width=20,height=10" },
    { "3:20:10", "video/x-raw," RGB_FORMATS ",width=20,height=10" },
    { "1:20:10:1", "video/x-raw,format=GRAY8,width=20,height=10" },
    { "1:20", "video/x-raw,format=GRAY8,width=20,height=1" },
    { "3:20:10:1:1", "video/x-raw," RGB_FORMATS ",width=20,height=10" },
    { "2:20:10:1", "EMPTY" },
    /* of another batch-size: so that this can be said when the caps come */
    { "3:20:10:4", "video/x-raw," RGB_FORMATS ",width=20,height=10" },
    { "2:20:10:4", "EMPTY" },
    { "3:0:10:1", "EMPTY" },
    { "3:-1:10:1", "EMPTY" },
    { "3:20:99999999999:1", "EMPTY" },
    { "a:b", "EMPTY" },
    { "", "EMPTY" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (Bench) bench = new_fixed ();
    g_autofree gchar *downstream = g_strdup_printf (
        TENSORS ",dimensions=(string)\"%s\",framerate=(fraction)25/1", rows[i].dimensions);
    g_autofree gchar *expected = g_str_equal (rows[i].expected, "EMPTY")
        ? g_strdup ("EMPTY")
        : g_strdup_printf ("%s,framerate=(fraction)25/1", rows[i].expected);

    g_test_message ("dimensions %s", rows[i].dimensions);
    gst_util_set_object_arg (G_OBJECT (bench->element), "channels", "native");
    assert_caps (query_input (bench, downstream, NULL), expected);
    if (g_str_equal (expected, "EMPTY"))
      bench_expect (bench, GST_MESSAGE_WARNING, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
          "which no video becomes");
  }
}

/* A profile makes converters and scalers before the element do the right thing. */
static void
test_input_from_profile (void)
{
  Picture **pictures = pictures_new_random (2, 3, 20, 10);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, 2, PIXELNORM_SCOPE_PIXEL);
  g_autoptr (PixelnormProfile) pooled = profile_new (pictures, 2, PIXELNORM_SCOPE_CHANNEL);
  const gchar *filter = "video/x-raw,format=(string){GRAY8,NV12,BGR},width=[1,100],height=[1,100]";
  g_autoptr (Bench) pixel = bench_new ("pixelnorm", "profile", profile, NULL);
  g_autoptr (Bench) channel = bench_new ("pixelnorm", "profile", pooled, NULL);
  g_autoptr (Bench) fixed = bench_new ("pixelnorm", "profile", profile, NULL);

  assert_caps (query_input (pixel, NULL, filter), "video/x-raw,format=BGR,width=20,height=10");
  gst_util_set_object_arg (G_OBJECT (channel->element), "scope", "channel");
  assert_caps (
      query_input (channel, NULL, filter), "video/x-raw,format=BGR,width=[1,100],height=[1,100]");
  gst_util_set_object_arg (G_OBJECT (fixed->element), "method", "fixed");
  g_autoptr (GstCaps) any = query_input (fixed, NULL, filter);
  g_autoptr (GstCaps) gray = gst_caps_from_string ("video/x-raw,format=GRAY8,width=99,height=98");
  g_assert_true (gst_caps_can_intersect (any, gray));
  pictures_free (pictures, 2);
}

/* What cannot be had otherwise is refused in words that name both sides, not by "not negotiated".
 */
static void
test_profile_does_not_fit (void)
{
  Picture **pictures = pictures_new_random (2, 3, 20, 10);
  g_autoptr (PixelnormProfile) profile = profile_new (pictures, 2, PIXELNORM_SCOPE_PIXEL);
  static const struct {
    const gchar *caps, *words;
  } rows[] = {
    { "video/x-raw,format=RGB,width=21,height=10,framerate=30/1",
        "the profile is 20x10, channels RGB, 8 bits, full range; the stream is 21x10" },
    { "video/x-raw,format=GRAY8,width=20,height=10,framerate=30/1",
        "the stream is 20x10, channels Y" },
    { "video/x-raw,format=RGB,width=20,height=10,framerate=30/1,colorimetry=2:1:0:0",
        "8 bits, limited range" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (Bench) bench = bench_new ("pixelnorm", "profile", profile, NULL);
    g_autoptr (GstCaps) offered = gst_caps_from_string (rows[i].caps);
    g_autoptr (GstPad) pad = gst_element_get_static_pad (bench->element, "sink");

    bench_play (bench, NULL);
    g_assert_true (gst_pad_query_accept_caps (pad, offered));
    g_autoptr (GstCaps) found = gst_pad_query_caps (pad, offered);
    g_assert_false (gst_caps_is_empty (found));
    for (guint n = 0; n < 2; n++) {
      g_assert_false (bench_offer_caps (bench, gst_caps_ref (offered)));
      g_assert_cmpint (bench_push (bench, gst_buffer_new_allocate (NULL, 4096, NULL)), ==,
          GST_FLOW_NOT_NEGOTIATED);
      g_assert_cmpint (bench_push (bench, gst_buffer_new_allocate (NULL, 4096, NULL)), ==,
          GST_FLOW_NOT_NEGOTIATED);
    }
    bench_expect (
        bench, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, rows[i].words);
    /* with caps that fit, it goes on */
    bench_set_video (bench, "BGR", 20, 10);
    bench_show (bench, format_find ("BGR"), pictures[0]);
  }
  pictures_free (pictures, 2);
}

/* Size and last sample of what comes out, with mean and std 127.5. */
static void
check_last (Bench *bench, const gchar *format, const Picture *picture)
{
  const guint n = picture->width * picture->height * picture->n_channels;
  const guint8 sample =
      *picture_at (picture, picture->width - 1, picture->height - 1, picture->n_channels - 1);
  GstMapInfo map;

  g_assert_cmpint (
      bench_push (bench, buffer_new (format_find (format), picture, NULL)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, ==, n * sizeof (gfloat));
  g_assert_cmpfloat_with_epsilon (((gfloat *) map.data)[n - 1], (sample - 127.5) / 127.5, 1e-6);
  gst_buffer_unmap (out, &map);
  gst_buffer_unref (out);
}

/* From one layout, size and kind of output to others while frames flow. */
static void
test_changing_caps (void)
{
  static const struct {
    const gchar *format;
    guint width, height;
  } rows[] = { { "RGB", 6, 4 }, { "GBR", 6, 4 }, { "GRAY8", 9, 2 }, { "BGRA", 100, 50 },
    { "RGB", 6, 4 } };
  g_autoptr (Bench) bench = new_fixed ();

  bench_play (bench, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const Format *format = format_find (rows[i].format);
    const guint n_channels = format_channels (format);
    g_autoptr (Picture) picture = picture_new_random (n_channels, rows[i].width, rows[i].height);

    bench_set_video (bench, rows[i].format, rows[i].width, rows[i].height);
    for (guint n = 0; n < 3; n++)
      check_last (bench, rows[i].format, picture);
  }
}

/* Caps that are the same as the last good ones come back without the element hearing of it: what
 * was refused in between must have left nothing behind. */
static void
test_good_caps_again (void)
{
  static const gchar *const refused[] = {
    "video/x-raw,format=GRAY8,width=6,height=4,framerate=30/1",
    "video/x-raw,format=RGB,width=60,height=40,framerate=30/1,interlace-mode=(string)interleaved",
    "video/x-raw,format=BGRA,width=60,height=40,framerate=30/1,interlace-mode=(string)mixed",
  };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
    g_autoptr (Bench) bench = new_fixed ();

    gst_util_set_object_arg (G_OBJECT (bench->element), "mean", "<127.5,127.5,127.5>");
    bench_play (bench, NULL);
    bench_set_video (bench, "RGB", WIDTH, HEIGHT);
    bench_show (bench, format_find ("RGB"), picture);
    g_assert_false (bench_offer_caps (bench, gst_caps_from_string (refused[i])));
    gst_message_unref (bench_take_message (bench, GST_MESSAGE_ERROR));
    g_assert_true (bench_offer_caps (bench, video_caps ("RGB", WIDTH, HEIGHT)));
    for (guint n = 0; n < 3; n++)
      check_last (bench, "RGB", picture);
  }
}

static void
add_negotiation_tests (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (negotiations); i++) {
    g_autofree gchar *name =
        g_strdup_printf ("/pixelnorm-caps/negotiation/%s", negotiations[i].name);

    g_test_add_data_func (name, &negotiations[i], test_negotiation);
  }
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  add_negotiation_tests ();
  g_test_add_func ("/pixelnorm-caps/framerates", test_framerates);
  g_test_add_func ("/pixelnorm-caps/impossible", test_impossible);
  g_test_add_func ("/pixelnorm-caps/input-from-dimensions", test_input_from_dimensions);
  g_test_add_func ("/pixelnorm-caps/input-from-profile", test_input_from_profile);
  g_test_add_func ("/pixelnorm-caps/profile-does-not-fit", test_profile_does_not_fit);
  g_test_add_func ("/pixelnorm-caps/changing-caps", test_changing_caps);
  g_test_add_func ("/pixelnorm-caps/good-caps-again", test_good_caps_again);
  return element_test_run ();
}
