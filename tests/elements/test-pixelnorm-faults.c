/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory is used again: once a stream of 4K runs, no frame costs page faults. A fault costs about
 * as much as a thousand samples, and a float32 tensor of this size has 24,300 pages.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <gst/gst.h>
#include <sys/resource.h>

#define N_WARM 20 /* frames until pools are filled: pixelstats keeps up to 14 frames */
#define N_FRAMES 30
#define MAX_FAULTS 50 /* of all frames after that: what threads beside ours may cause */

#define VIDEO                                                                                      \
  "videotestsrc pattern=black num-buffers=30 ! video/x-raw,format=RGB,width=3840,height=2160 ! "
#define FIXED "pixelnorm method=fixed mean=\"<100.0,100.0,100.0>\" std=\"<50.0,50.0,50.0>\" ! "

static const struct {
  const gchar *name, *pipeline;
} cases[] = {
  { "/faults/pixelnorm/float32", VIDEO FIXED "other/tensors ! fakesink name=end" },
  { "/faults/pixelnorm/video", VIDEO FIXED "video/x-raw ! fakesink name=end" },
  { "/faults/pixelstats", VIDEO "pixelstats checkpoint-interval=0 ! fakesink name=end" },
};

typedef struct {
  guint n_frames;
  glong first, last; /* faults of the streaming thread so far */
} Count;

static GstPadProbeReturn
count_faults (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Count *count = data;
  struct rusage usage;

  getrusage (RUSAGE_THREAD, &usage);
  if (++count->n_frames == N_WARM)
    count->first = usage.ru_minflt;
  count->last = usage.ru_minflt;
  return GST_PAD_PROBE_OK;
}

static void
test_faults (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (data, &error);
  g_assert_no_error (error);
  g_autoptr (GstElement) end = gst_bin_get_by_name (GST_BIN (pipeline), "end");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (end, "sink");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  Count count = { 0 };

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_faults, &count, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_assert_cmpuint (count.n_frames, ==, N_FRAMES);
  g_test_message ("%ld faults in %d frames", count.last - count.first, N_FRAMES - N_WARM);
  g_assert_cmpint (count.last - count.first, <, MAX_FAULTS);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].name, cases[i].pipeline, test_faults);
  return g_test_run ();
}
