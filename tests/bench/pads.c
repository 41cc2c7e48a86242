/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pads.h"

static GstStaticPadTemplate any_source =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static GstFlowReturn
drop (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

gboolean
pads_link (Pads *pads, GstElement *element, const char *output)
{
  g_autoptr (GstCaps) caps = output ? gst_caps_from_string (output) : gst_caps_new_any ();
  g_autoptr (GstPadTemplate) template =
      gst_object_ref_sink (gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  g_autoptr (GstPad) in = gst_element_get_static_pad (element, "sink");
  g_autoptr (GstPad) out = gst_element_get_static_pad (element, "src");

  pads->element = gst_object_ref_sink (element);
  pads->source = gst_pad_new_from_static_template (&any_source, "src");
  pads->sink = gst_pad_new_from_template (template, "sink");
  gst_pad_set_chain_function (pads->sink, drop);
  gst_pad_set_active (pads->sink, TRUE);
  gst_pad_set_active (pads->source, TRUE);
  return gst_pad_link (pads->source, in) == GST_PAD_LINK_OK
      && gst_pad_link (out, pads->sink) == GST_PAD_LINK_OK;
}

gboolean
pads_play (Pads *pads, GstCaps *caps)
{
  GstSegment segment;

  if (gst_element_set_state (pads->element, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    return FALSE;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pads->source, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (pads->source, gst_event_new_caps (caps));
  gst_pad_push_event (pads->source, gst_event_new_segment (&segment));
  return TRUE;
}

void
pads_clear (Pads *pads)
{
  gst_element_set_state (pads->element, GST_STATE_NULL);
  g_clear_pointer (&pads->element, gst_object_unref);
  g_clear_pointer (&pads->source, gst_object_unref);
  g_clear_pointer (&pads->sink, gst_object_unref);
}
