/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An element on a bench: its pads in a harness, its messages on a bus that only the test reads. */
#include <string.h>

#include "element-test.h"

Bench *
bench_new (const gchar *factory, ...)
{
  Bench *bench = g_new0 (Bench, 1);
  va_list properties;

  bench->element = gst_element_factory_make (factory, NULL);
  if (!bench->element)
    g_error ("no element %s; is GST_PLUGIN_PATH set?", factory);
  gst_object_ref_sink (bench->element);
  va_start (properties, factory);
  const gchar *first_property = va_arg (properties, const gchar *);
  if (first_property)
    g_object_set_valist (G_OBJECT (bench->element), first_property, properties);
  va_end (properties);
  bench->bus = gst_bus_new ();
  gst_element_set_bus (bench->element, bench->bus);
  return bench;
}

void
bench_play (Bench *bench, const gchar *downstream)
{
  bench->harness = gst_harness_new_with_element (bench->element, "sink", "src");
  if (downstream)
    gst_harness_set_sink_caps_str (bench->harness, downstream);
}

gboolean
bench_offer_caps (Bench *bench, GstCaps *caps)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (bench->element, "sink");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  /* these are sticky: pushing returns TRUE, and what was refused is tried again with all that
   * follows */
  gst_harness_push_event (bench->harness, gst_event_new_caps (caps));
  gst_harness_push_event (bench->harness, gst_event_new_segment (&segment));
  g_autoptr (GstCaps) taken = gst_pad_get_current_caps (pad);
  const gboolean same = taken && gst_caps_is_equal (taken, caps);
  gst_caps_unref (caps);
  return same;
}

void
bench_set_video (Bench *bench, const gchar *format, guint width, guint height)
{
  gst_harness_set_src_caps (bench->harness, video_caps (format, width, height));
}

GstFlowReturn
bench_push (Bench *bench, GstBuffer *buffer)
{
  return gst_harness_push (bench->harness, buffer);
}

void
bench_show (Bench *bench, const Format *format, const Picture *picture)
{
  g_assert_cmpint (bench_push (bench, buffer_new (format, picture, NULL)), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_try_pull (bench->harness);
  g_assert_nonnull (out);
  gst_buffer_unref (out);
}

void
bench_end (Bench *bench)
{
  g_assert_true (gst_harness_push_event (bench->harness, gst_event_new_eos ()));
}

static void
unlink_pad (GstElement *element, const gchar *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, name);
  g_autoptr (GstPad) peer = gst_pad_get_peer (pad);

  if (peer)
    g_assert_true (gst_pad_get_direction (pad) == GST_PAD_SRC ? gst_pad_unlink (pad, peer)
                                                              : gst_pad_unlink (peer, pad));
}

/* The harness leaves its pads linked, so that the element could not be played again. */
void
bench_unplay (Bench *bench)
{
  g_assert_cmpint (
      gst_element_set_state (bench->element, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  if (!bench->harness)
    return;
  unlink_pad (bench->element, "sink");
  unlink_pad (bench->element, "src");
  g_clear_pointer (&bench->harness, gst_harness_teardown);
}

void
bench_fail_start (Bench *bench, GQuark domain, gint code, const gchar *words)
{
  g_assert_cmpint (
      gst_element_set_state (bench->element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  bench_expect (bench, GST_MESSAGE_ERROR, domain, code, words);
  gst_element_set_state (bench->element, GST_STATE_NULL);
}

GstMessage *
bench_take_message (Bench *bench, GstMessageType type)
{
  g_autoptr (GList) kept = NULL;
  GstMessage *message, *found = NULL;

  while ((message = gst_bus_pop (bench->bus))) {
    if (!found && GST_MESSAGE_TYPE (message) == type)
      found = message;
    else
      kept = g_list_append (kept, message);
  }
  for (GList *l = kept; l; l = l->next)
    gst_bus_post (bench->bus, l->data);
  return found;
}

guint
bench_count_messages (Bench *bench, GstMessageType type)
{
  g_autoptr (GList) all = NULL;
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop (bench->bus)))
    all = g_list_append (all, message);
  for (GList *l = all; l; l = l->next) {
    n += GST_MESSAGE_TYPE (l->data) == type;
    gst_bus_post (bench->bus, l->data);
  }
  return n;
}

void
bench_expect (Bench *bench, GstMessageType type, GQuark domain, gint code, const gchar *words)
{
  GstMessage *message = bench_take_message (bench, type);
  g_autoptr (GError) error = NULL;

  if (!message)
    g_error ("no %s about \"%s\" was posted", gst_message_type_get_name (type), words);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else if (type == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, NULL);
  else
    gst_message_parse_info (message, &error, NULL);
  gst_message_unref (message);
  if (!g_error_matches (error, domain, code) || !strstr (error->message, words))
    g_error ("expected %s %d about \"%s\", found %s %d: %s", g_quark_to_string (domain), code,
        words, g_quark_to_string (error->domain), error->code, error->message);
  if (bench_count_messages (bench, type) != 0)
    g_error ("more than one %s was posted", gst_message_type_get_name (type));
}

GstStructure *
bench_take_report (Bench *bench, const gchar *name)
{
  GstStructure *last = NULL;
  GstMessage *message;

  while ((message = bench_take_message (bench, GST_MESSAGE_ELEMENT))) {
    const GstStructure *structure = gst_message_get_structure (message);

    g_assert_true (GST_MESSAGE_SRC (message) == GST_OBJECT (bench->element));
    if (gst_structure_has_name (structure, name)) {
      g_clear_pointer (&last, gst_structure_free);
      last = gst_structure_copy (structure);
    }
    gst_message_unref (message);
  }
  return last;
}

static void
assert_no_trouble (Bench *bench)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bench->bus))) {
    g_autoptr (GError) error = NULL;

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, NULL);
    else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
      gst_message_parse_warning (message, &error, NULL);
    g_assert_no_error (error);
    gst_message_unref (message);
  }
}

void
bench_free (Bench *bench)
{
  bench_unplay (bench);
  assert_no_trouble (bench);
  gst_element_set_bus (bench->element, NULL);
  /* nothing may keep the element alive for long; what it did in another thread does for a moment */
  for (guint i = 0; i < 1000 && GST_OBJECT_REFCOUNT_VALUE (bench->element) > 1; i++)
    g_usleep (10000);
  g_assert_cmpint (GST_OBJECT_REFCOUNT_VALUE (bench->element), ==, 1);
  gst_object_unref (bench->element);
  gst_object_unref (bench->bus);
  g_free (bench);
}

guint64
bench_get_uint64 (Bench *bench, const gchar *property)
{
  guint64 value = 0;

  g_object_get (bench->element, property, &value, NULL);
  return value;
}

gboolean
bench_save (Bench *bench)
{
  gboolean ok = FALSE;

  g_signal_emit_by_name (bench->element, "save", &ok);
  return ok;
}

/* An allocator whose memory exists, but whose map fails. */
typedef GstAllocator SealedAllocator;
typedef GstAllocatorClass SealedAllocatorClass;
static GType sealed_allocator_get_type (void);
G_DEFINE_TYPE (SealedAllocator, sealed_allocator, GST_TYPE_ALLOCATOR)

static gpointer
refuse_map (GstMemory *memory, gsize size, GstMapFlags flags)
{
  return NULL;
}

static void
sealed_allocator_free (GstAllocator *allocator, GstMemory *memory)
{
  g_free (memory);
}

static void
sealed_allocator_class_init (SealedAllocatorClass *klass)
{
  klass->free = sealed_allocator_free;
}

static void
sealed_allocator_init (SealedAllocator *allocator)
{
  allocator->mem_type = "sealed";
  allocator->mem_map = refuse_map;
  GST_OBJECT_FLAG_SET (allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

GstBuffer *
buffer_new_unmappable (gsize size)
{
  GstAllocator *allocator = g_object_new (sealed_allocator_get_type (), NULL);
  GstMemory *memory = g_new0 (GstMemory, 1);
  GstBuffer *buffer = gst_buffer_new ();

  gst_object_ref_sink (allocator);
  gst_memory_init (memory, GST_MEMORY_FLAG_NO_SHARE, allocator, NULL, size, 0, 0, size);
  gst_object_unref (allocator); /* the memory has its own reference */
  gst_buffer_append_memory (buffer, memory);
  return buffer;
}
