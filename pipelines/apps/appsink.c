/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An application that takes tensors from pixelnorm: appsink, the numbers where they lie, and PixelnormMeta, which says what
 * was done to them.
 *
 *   cc appsink.c -o appsink $(pkg-config --cflags --libs gstreamer-1.0 gstreamer-app-1.0)
 *   ./appsink 'videotestsrc num-buffers=30 ! video/x-raw,format=RGB ! pixelnorm location=profile.safetensors'
 *
 * Its only argument is a pipeline that ends in pixelnorm; without one, it takes one that needs no profile. It prints a line for
 * each tensor: its time in seconds, its dimensions (innermost first, as the caps have them), minimum, mean and maximum.
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#define DEFAULT_PIPELINE                                                                           \
  "videotestsrc num-buffers=30 ! video/x-raw,format=RGB,width=224,height=224 ! pixelnorm method=fixed"

/* What was done to the samples; the same structure as in the message "pixelnorm" on the bus. */
static void
print_meta (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "PixelnormMeta");
  g_autofree gchar *text =
      meta ? gst_structure_to_string (gst_custom_meta_get_structure (meta)) : NULL;

  g_printerr ("%s\n", text ? text : "no PixelnormMeta");
}

static gboolean
print_tensor (GstSample *sample)
{
  const GstStructure *caps = gst_caps_get_structure (gst_sample_get_caps (sample), 0);
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstMapInfo map;
  gdouble sum = 0;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_printerr ("A buffer cannot be read.\n");
    return FALSE;
  }
  const gfloat *y = (const gfloat *) map.data;
  const gsize n = map.size / sizeof *y; /* never 0: frames have pixels */
  gfloat min = y[0], max = y[0];
  for (gsize i = 0; i < n; i++) {
    min = MIN (min, y[i]);
    max = MAX (max, y[i]);
    sum += y[i];
  }
  gst_buffer_unmap (buffer, &map);
  g_print ("%.3f\t%s\t%.9g\t%.9g\t%.9g\n", GST_BUFFER_PTS (buffer) / (gdouble) GST_SECOND,
      gst_structure_get_string (caps, "dimensions"), min, sum / (gdouble) n, max);
  return TRUE;
}

/* Returns whether the stream went through to its end. */
static gboolean
play (GstElement *pipeline, GstAppSink *sink)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) failure = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE, first = TRUE;

  /* where it cannot play, an error is on the bus */
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (good && !(failure = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR))
      && !gst_app_sink_is_eos (sink)) {
    /* for a while: after an error there are no more, and no end either */
    g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample (sink, GST_SECOND / 10);

    if (sample && first)
      print_meta (gst_sample_get_buffer (sample));
    first = first && !sample;
    good = !sample || print_tensor (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (failure) {
    gst_message_parse_error (failure, &error, NULL);
    g_printerr ("%s: %s\n", GST_MESSAGE_SRC_NAME (failure), error->message);
  }
  return good && !failure;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  g_autofree gchar *description = g_strconcat (argc > 1 ? argv[1] : DEFAULT_PIPELINE,
      " ! other/tensors,types=float32 ! appsink name=out sync=false max-buffers=4", NULL);
  g_autoptr (GstElement) pipeline =
      gst_parse_launch_full (description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (!pipeline) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  return play (pipeline, GST_APP_SINK (sink)) ? 0 : 1;
}
