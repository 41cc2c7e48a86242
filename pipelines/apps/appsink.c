/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An application that takes tensors from pixelnorm: appsink, the numbers where they lie, and PixelnormMeta, which says what
 * was done to them.
 *
 *   cc appsink.c -o appsink $(pkg-config --cflags --libs gstreamer-1.0 gstreamer-app-1.0)
 *   ./appsink 'videotestsrc num-buffers=30 ! video/x-raw,format=RGB ! pixelnorm location=profile.safetensors'
 *
 * Its only argument is a pipeline that ends in pixelnorm; none is one that needs no profile. It prints a line for each tensor:
 * its time in seconds, its dimensions (innermost first, as the caps have them), minimum, mean and maximum.
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

  if (!meta) {
    g_printerr ("no PixelnormMeta\n");
    return;
  }
  g_autofree gchar *text = gst_structure_to_string (gst_custom_meta_get_structure (meta));
  g_printerr ("%s\n", text);
}

static void
print_tensor (GstSample *sample, const GstMapInfo *map)
{
  const GstStructure *caps = gst_caps_get_structure (gst_sample_get_caps (sample), 0);
  const gfloat *y = (const gfloat *) map->data;
  const gsize n = map->size / sizeof *y;
  gfloat min = y[0], max = y[0];
  gdouble sum = 0;

  for (gsize i = 0; i < n; i++) {
    min = MIN (min, y[i]);
    max = MAX (max, y[i]);
    sum += y[i];
  }
  g_print ("%.3f\t%s\t%.9g\t%.9g\t%.9g\n",
      GST_BUFFER_PTS (gst_sample_get_buffer (sample)) / (gdouble) GST_SECOND,
      gst_structure_get_string (caps, "dimensions"), min, sum / (gdouble) n, max);
}

static gboolean
handle_sample (GstSample *sample, gboolean first)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_printerr ("A buffer cannot be read.\n");
    return FALSE;
  }
  if (first)
    print_meta (buffer);
  if (map.size >= sizeof (gfloat))
    print_tensor (sample, &map);
  gst_buffer_unmap (buffer, &map);
  return TRUE;
}

/* Prints an error that is on the bus. Returns whether there was one. */
static gboolean
print_error (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  if (!message)
    return FALSE;
  gst_message_parse_error (message, &error, NULL);
  g_printerr ("%s: %s\n", GST_MESSAGE_SRC_NAME (message), error->message);
  return TRUE;
}

/* Returns whether the stream went through to its end. */
static gboolean
play (GstElement *pipeline, GstAppSink *sink)
{
  gboolean good = gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
  gboolean first = TRUE;

  while (good && !gst_app_sink_is_eos (sink)) {
    g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample (sink, GST_SECOND / 10);

    if (sample) {
      good = handle_sample (sample, first);
      first = FALSE;
    } else {
      good = !print_error (pipeline);
    }
  }
  if (!good)
    print_error (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return good;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  g_autofree gchar *description = g_strconcat (argc > 1 ? argv[1] : DEFAULT_PIPELINE,
      " ! other/tensors,types=float32 ! appsink name=out sync=false max-buffers=4", NULL);
  g_autoptr (GstElement) pipeline = gst_parse_launch (description, &error);
  if (!pipeline || error) {
    g_printerr ("%s\n", error ? error->message : "no pipeline");
    return 1;
  }
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  return play (pipeline, GST_APP_SINK (sink)) ? 0 : 1;
}
