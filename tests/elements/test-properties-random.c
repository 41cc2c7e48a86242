/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every property of every element is set at random moments, from several threads, while frames come, caps change,
 * the element is flushed, paused, ended, stopped and started. Whatever comes out agrees, by plain arithmetic, with
 * what the element says is in use; and when all is quiet, that is what the properties read, or a message said
 * that it is not.
 *
 * PIXELNORM_RANDOM_ROUNDS=1000 makes it long. A failure prints the seed, which --seed takes.
 */
#include <math.h>
#include <string.h>

#include "random-values.h"

#define ROUNDS 20
#define PATIENCE (30 * G_TIME_SPAN_SECOND)
#define N_SAMPLES (VALUES_WIDTH * VALUES_HEIGHT * 3)

typedef struct _Walk Walk;

typedef struct {
  const gchar *name;
  const gchar *element;
  const gchar *downstream; /* caps */
  GstCaps *(*make_caps) (gboolean other_size);
  GstBuffer *(*make_frame) (Walk *walk);
  void (*check) (Walk *walk, GstBuffer *buffer, const GstStructure *in_use);
  void (*check_quiet) (Walk *walk); /* or NULL */
} Kind;

struct _Walk {
  const Kind *kind;
  Bench *bench;
  GRand *random; /* of the thread that pushes */
  guint value;   /* of the frames of this round */
  gboolean other_size;

  GMutex object_lock;
  GMutex lock;                  /* taken after it */
  GHashTable *set_at, *told_at; /* when, by names of properties, as gint64 */
  GHashTable *given; /* objects that were set, since these properties read as what is in use */
  guint n_errors;
  guint n_checked;
};

static void
note (GHashTable *times, const gchar *name)
{
  gint64 *now = g_new (gint64, 1);

  *now = g_get_monotonic_time ();
  g_hash_table_insert (times, g_strdup (name), now);
}

static gint64
noted (GHashTable *times, const gchar *name)
{
  const gint64 *at = g_hash_table_lookup (times, name);

  return at ? *at : -1;
}

/* Errors are counted; of warnings it is noted which properties they name. */
static GstBusSyncReply
take_message (GstBus *bus, GstMessage *message, gpointer data)
{
  Walk *walk = data;
  g_autofree gchar *debug = NULL;

  g_mutex_lock (&walk->lock);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    walk->n_errors++;
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING) {
    gst_message_parse_warning (message, NULL, &debug);
    gchar *names = debug ? strstr (debug, "changing ") : NULL;
    gchar *end = names ? strstr (names, "; what was in use") : NULL;

    if (end) {
      *end = '\0';
      g_auto (GStrv) each = g_strsplit (names + strlen ("changing "), ", ", -1);
      for (guint i = 0; each[i]; i++)
        note (walk->told_at, each[i]);
    }
  }
  g_mutex_unlock (&walk->lock);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static gboolean
is_ours (const GParamSpec *spec)
{
  return spec->flags & G_PARAM_WRITABLE && spec->owner_type != GST_TYPE_OBJECT
      && spec->owner_type != GST_TYPE_BASE_TRANSFORM;
}

static void
set_one (Walk *walk, GRand *random, GParamSpec *spec, gboolean mild)
{
  const gboolean is_object = G_IS_PARAM_SPEC_OBJECT (spec);
  g_auto (GValue) value = G_VALUE_INIT;

  if (mild) {
    g_value_init (&value, spec->value_type);
    g_param_value_set_default (spec, &value);
  } else {
    values_choose (random, walk->bench->element, spec, &value);
  }
  if (is_object)
    g_mutex_lock (&walk->object_lock); /* so that what was given last was set last */
  g_mutex_lock (&walk->lock);
  note (walk->set_at, spec->name);
  if (is_object)
    g_hash_table_insert (walk->given, g_strdup (spec->name), g_value_get_object (&value));
  g_mutex_unlock (&walk->lock);
  g_object_set_property (G_OBJECT (walk->bench->element), spec->name, &value);
  if (is_object)
    g_mutex_unlock (&walk->object_lock);
}

/* Sets one property, or some together. */
static void
set_some (Walk *walk, GRand *random)
{
  g_autofree GParamSpec **specs = NULL;
  guint n, n_set = g_rand_int_range (random, 0, 3) ? 1 : (guint) g_rand_int_range (random, 2, 5);

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (walk->bench->element), &n);
  g_object_freeze_notify (G_OBJECT (walk->bench->element));
  while (n_set > 0) {
    GParamSpec *spec = specs[g_rand_int_range (random, 0, (gint32) n)];

    if (!is_ours (spec))
      continue;
    set_one (walk, random, spec, FALSE);
    n_set--;
  }
  g_object_thaw_notify (G_OBJECT (walk->bench->element));
}

/* What an application asks while frames come. */
static void
ask (Walk *walk, GRand *random)
{
  GstElement *element = walk->bench->element;
  g_autofree GParamSpec **specs = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  guint n;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
  const GParamSpec *spec = specs[g_rand_int_range (random, 0, (gint32) n)];
  g_value_init (&value, spec->value_type);
  g_object_get_property (G_OBJECT (element), spec->name, &value);
  g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (element, "src");
  g_autoptr (GstCaps) taken = gst_pad_query_caps (sink, NULL);
  g_autoptr (GstCaps) given = gst_pad_query_caps (src, NULL);
  g_assert_false (gst_caps_is_empty (taken) || gst_caps_is_empty (given));
  GstQuery *latency = gst_query_new_latency ();
  gst_pad_query (src, latency);
  gst_query_unref (latency);
  if (g_signal_lookup ("save", G_OBJECT_TYPE (element)) && g_rand_int_range (random, 0, 4) == 0)
    bench_save (walk->bench);
}

typedef struct {
  Walk *walk;
  guint32 seed;
} Setter;

static gpointer
run_setter (gpointer data)
{
  const Setter *setter = data;
  g_autoptr (GRand) random = g_rand_new_with_seed (setter->seed);
  const gint n = g_rand_int_range (random, 1, 20);

  for (gint i = 0; i < n; i++) {
    set_some (setter->walk, random);
    ask (setter->walk, random);
    if (g_rand_int_range (random, 0, 2))
      g_usleep ((gulong) g_rand_int_range (random, 0, 2000));
  }
  return NULL;
}

/* Settings that every element starts with. */
static void
set_mild (Walk *walk)
{
  g_autofree GParamSpec **specs = NULL;
  guint n;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (walk->bench->element), &n);
  for (guint i = 0; i < n; i++)
    if (is_ours (specs[i]))
      set_one (walk, walk->random, specs[i], TRUE);
  if (!g_str_equal (walk->kind->element, "pixelstats"))
    gst_util_set_object_arg (G_OBJECT (walk->bench->element), "method", "fixed");
}

static guint
count_errors (Walk *walk)
{
  g_mutex_lock (&walk->lock);
  const guint n = walk->n_errors;
  g_mutex_unlock (&walk->lock);
  return n;
}

/* What an event, and no frame, sent on is of the plan, and the caps, of before it. */
static void
drop_results (Walk *walk)
{
  GstBuffer *buffer;

  while ((buffer = gst_harness_try_pull (walk->bench->harness)))
    gst_buffer_unref (buffer);
}

static gboolean
offer_caps (Walk *walk)
{
  const gboolean taken = bench_offer_caps (walk->bench, walk->kind->make_caps (walk->other_size));

  drop_results (walk);
  return taken;
}

/* Stops and starts it; with settings that are sure where it cannot start, or its caps do not fit. */
static void
restart (Walk *walk, gboolean mild)
{
  GstElement *element = walk->bench->element;
  gboolean running = FALSE;

  for (guint i = 0; !running; i++) {
    const guint n_errors = count_errors (walk);

    g_assert_cmpuint (i, <, 200);
    g_assert_cmpint (gst_element_set_state (element, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
    if (mild || i > 0) {
      set_mild (walk);
      walk->other_size = FALSE;
    }
    running = gst_element_set_state (element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
    if (running) {
      gst_harness_push_event (walk->bench->harness, gst_event_new_stream_start ("again"));
      running = offer_caps (walk);
    }
    if (!running)
      g_assert_cmpuint (count_errors (walk), >, n_errors);
  }
}

/* Pushes a frame and looks at what comes of it. An error is said on the bus, and a new start mends it. */
static void
push (Walk *walk)
{
  const guint n_errors = count_errors (walk);
  const GstFlowReturn flow = bench_push (walk->bench, walk->kind->make_frame (walk));
  g_autoptr (GstStructure) in_use = NULL;
  GstBuffer *buffer;

  g_object_get (walk->bench->element, "in-use", &in_use, NULL);
  while ((buffer = gst_harness_try_pull (walk->bench->harness))) {
    g_assert_nonnull (in_use);
    walk->kind->check (walk, buffer, in_use);
    gst_buffer_unref (buffer);
  }
  if (flow == GST_FLOW_OK)
    return;
  if (flow != GST_FLOW_EOS)
    g_assert_cmpuint (count_errors (walk), >, n_errors);
  restart (walk, TRUE);
}

static void
flush (Walk *walk)
{
  GstHarness *harness = walk->bench->harness;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (harness, gst_event_new_flush_start ());
  gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  drop_results (walk);
}

static void
move (Walk *walk)
{
  switch (g_rand_int_range (walk->random, 0, 16)) {
  case 0:
    flush (walk);
    break;
  case 1:
    bench_end (walk->bench);
    set_some (walk, walk->random);
    flush (walk);
    break;
  case 2:
    gst_element_set_state (walk->bench->element, GST_STATE_PAUSED);
    set_some (walk, walk->random);
    gst_element_set_state (walk->bench->element, GST_STATE_PLAYING);
    break;
  case 3:
    restart (walk, FALSE);
    break;
  case 4:
    walk->other_size = !walk->other_size;
    if (!offer_caps (walk))
      restart (walk, TRUE);
    break;
  case 5:
    if (!offer_caps (walk))
      restart (walk, TRUE);
    break;
  case 6:
    g_usleep ((gulong) g_rand_int_range (walk->random, 0, 3000));
    break;
  case 7:
  case 8:
    set_some (walk, walk->random);
    break;
  default:
    push (walk);
  }
}

static gboolean
are_equal (const GValue *a, const GValue *b)
{
  g_autofree gchar *first = NULL, *second = NULL;

  if (G_VALUE_HOLDS_OBJECT (a))
    return g_value_get_object (a) == g_value_get_object (b);
  first = gst_value_serialize (a);
  second = gst_value_serialize (b);
  return g_strcmp0 (first, second) == 0;
}

/* The name of a property that is neither in use as it reads, nor of which a message said so since it was set; NULL:
 * there is none. */
static const gchar *
find_unsettled (Walk *walk)
{
  g_autoptr (GstStructure) in_use = NULL;
  g_autofree GParamSpec **specs = NULL;
  const gchar *found = NULL;
  guint n;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (walk->bench->element), &n);
  g_object_get (walk->bench->element, "in-use", &in_use, NULL);
  g_assert_nonnull (in_use);
  for (guint i = 0; i < n && !found; i++) {
    const GValue *used = gst_structure_get_value (in_use, specs[i]->name);
    g_auto (GValue) set = G_VALUE_INIT;

    if (!is_ours (specs[i]))
      continue;
    g_assert_nonnull (used);
    g_value_init (&set, specs[i]->value_type);
    g_object_get_property (G_OBJECT (walk->bench->element), specs[i]->name, &set);
    g_mutex_lock (&walk->lock);
    if (G_IS_PARAM_SPEC_OBJECT (specs[i]))
      g_value_set_object (&set, g_hash_table_lookup (walk->given, specs[i]->name));
    if (!are_equal (&set, used)
        && noted (walk->told_at, specs[i]->name) < noted (walk->set_at, specs[i]->name))
      found = specs[i]->name;
    g_mutex_unlock (&walk->lock);
  }
  return found;
}

static void
settle (Walk *walk)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE;
  const gchar *unsettled;

  push (walk);
  while ((unsettled = find_unsettled (walk))) {
    if (g_get_monotonic_time () > end)
      g_error ("%s is not in use as it reads, and no message says so", unsettled);
    g_usleep (500);
    push (walk);
  }
  for (guint i = 0; i < 4; i++)
    push (walk);
  if (walk->kind->check_quiet)
    walk->kind->check_quiet (walk);
}

static void
run_round (Walk *walk)
{
  const guint n_setters = (guint) g_rand_int_range (walk->random, 0, 4);
  const gint n_moves = g_rand_int_range (walk->random, 3, 30);
  GThread *threads[3];
  Setter setters[3];

  flush (walk);
  walk->value = (guint) g_rand_int_range (walk->random, 0, 200);
  for (guint i = 0; i < n_setters; i++) {
    setters[i] = (Setter){ walk, g_rand_int (walk->random) };
    threads[i] = g_thread_new ("setter", run_setter, &setters[i]);
  }
  for (gint i = 0; i < n_moves; i++)
    move (walk);
  for (guint i = 0; i < n_setters; i++)
    g_thread_join (threads[i]);
  settle (walk);
}

typedef struct {
  Walk *walk;
  gint is_over; /* atomic */
  GMutex lock;  /* held to push, and to start: nobody pushes into an element that has not */
  gboolean is_new;
} Pusher;

/* Frames that come whatever becomes of them, as of a source of its own; caps anew where the element lost them. */
static gpointer
run_pusher (gpointer data)
{
  Pusher *pusher = data;
  Walk *walk = pusher->walk;

  while (!g_atomic_int_get (&pusher->is_over)) {
    g_mutex_lock (&pusher->lock);
    if (pusher->is_new) {
      gst_harness_push_event (walk->bench->harness, gst_event_new_stream_start ("again"));
      offer_caps (walk);
    }
    pusher->is_new = bench_push (walk->bench, walk->kind->make_frame (walk)) != GST_FLOW_OK;
    drop_results (walk);
    const gboolean waits = pusher->is_new;
    g_mutex_unlock (&pusher->lock);
    g_usleep (waits ? 300 : 0);
  }
  return NULL;
}

/* Frames may come while it stops. */
static void
start_apart (Walk *walk, Pusher *pusher)
{
  GstElement *element = walk->bench->element;

  g_mutex_lock (&pusher->lock);
  if (gst_element_set_state (element, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    set_mild (walk);
    gst_element_set_state (element, GST_STATE_PLAYING);
  }
  pusher->is_new = TRUE;
  g_mutex_unlock (&pusher->lock);
}

/* The state changes in another thread than the one that pushes. */
static void
run_round_apart (Walk *walk)
{
  GstElement *element = walk->bench->element;
  const gint n_moves = g_rand_int_range (walk->random, 3, 12);
  Setter setter = { walk, g_rand_int (walk->random) };
  Pusher pusher = { walk };

  g_mutex_init (&pusher.lock);
  GThread *pushes = g_thread_new ("pusher", run_pusher, &pusher);
  GThread *sets = g_thread_new ("setter", run_setter, &setter);
  for (gint i = 0; i < n_moves; i++) {
    const gint32 what = g_rand_int_range (walk->random, 0, 4);

    if (what < 2)
      gst_element_set_state (element, what ? GST_STATE_NULL : GST_STATE_PAUSED);
    else
      set_some (walk, walk->random);
    g_usleep ((gulong) g_rand_int_range (walk->random, 0, 1500));
    if (what < 2)
      start_apart (walk, &pusher);
  }
  g_thread_join (sets);
  g_atomic_int_set (&pusher.is_over, TRUE);
  g_thread_join (pushes);
  g_mutex_clear (&pusher.lock);
  restart (walk, FALSE);
  settle (walk);
}

/* Makes what happens between two lines of the elements' debug log take longer, now and then: no lock is held
 * there. */
static void
dawdle (GstDebugCategory *category, GstDebugLevel level, const gchar *file, const gchar *function,
    gint line, GObject *object, GstDebugMessage *message, gpointer data)
{
  static gint n_lines;

  if (g_atomic_int_add (&n_lines, 1) % 7 == 0)
    g_usleep (1500);
}

static guint
get_rounds (void)
{
  const gchar *rounds = g_getenv ("PIXELNORM_RANDOM_ROUNDS");

  return rounds ? (guint) g_ascii_strtoull (rounds, NULL, 10) : ROUNDS;
}

static void
test_kind (gconstpointer data)
{
  Walk walk = { .kind = data };

  walk.random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  walk.bench = bench_new (walk.kind->element, NULL);
  walk.set_at = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  walk.told_at = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  walk.given = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&walk.lock);
  g_mutex_init (&walk.object_lock);
  gst_bus_set_sync_handler (walk.bench->bus, take_message, &walk, NULL);
  set_mild (&walk);
  bench_play (walk.bench, walk.kind->downstream);
  g_assert_true (offer_caps (&walk));
  for (guint i = 0; i < get_rounds (); i++) {
    run_round (&walk);
    if (i % 3 == 0)
      run_round_apart (&walk);
  }
  g_test_message ("%u results were looked at", walk.n_checked);
  g_assert_cmpuint (walk.n_checked, >, get_rounds ());
  set_mild (&walk);
  bench_unplay (walk.bench);
  gst_bus_set_sync_handler (walk.bench->bus, NULL, NULL, NULL);
  bench_free (walk.bench);
  g_mutex_clear (&walk.lock);
  g_mutex_clear (&walk.object_lock);
  g_hash_table_unref (walk.set_at);
  g_hash_table_unref (walk.told_at);
  g_hash_table_unref (walk.given);
  g_rand_free (walk.random);
}

static GstCaps *
make_video_caps (gboolean other_size)
{
  return video_caps ("RGB", VALUES_WIDTH + (other_size ? 1 : 0), VALUES_HEIGHT);
}

static GstBuffer *
make_flat_frame (Walk *walk)
{
  g_autoptr (Picture) picture = picture_new_flat (
      3, VALUES_WIDTH + (walk->other_size ? 1 : 0), VALUES_HEIGHT, (guint8) walk->value);

  return buffer_new (format_find ("RGB"), picture, NULL);
}

/* Every field of the meta that a property has, too, says what is in use. */
static void
check_meta (const GstStructure *meta, const GstStructure *in_use)
{
  for (gint i = 0; i < gst_structure_n_fields (meta); i++) {
    const gchar *name = gst_structure_nth_field_name (meta, i);
    const GValue *said = gst_structure_get_value (meta, name);
    const GValue *used = gst_structure_get_value (in_use, name);

    /* what is automatic is said as what came of it, mean and std as those of the frames */
    if (!used || g_str_equal (name, "layout") || g_str_equal (name, "mean")
        || g_str_equal (name, "std") || g_str_has_prefix (name, "quant-")
        || g_str_has_prefix (name, "range-") || g_str_equal (name, "channels")
        || g_str_equal (name, "chroma"))
      continue;
    if (G_VALUE_HOLDS_ENUM (used)) {
      GEnumClass *klass = g_type_class_ref (G_VALUE_TYPE (used));

      g_assert_cmpstr (g_value_get_string (said), ==,
          g_enum_get_value (klass, g_value_get_enum (used))->value_nick);
      g_type_class_unref (klass);
    } else if (GST_VALUE_HOLDS_ARRAY (used) && gst_value_array_get_size (used) == 1
        && G_VALUE_HOLDS_DOUBLE (said)) {
      g_assert_cmpfloat (
          g_value_get_double (said), ==, g_value_get_double (gst_value_array_get_value (used, 0)));
    } else if (!are_equal (said, used)) {
      g_error ("PixelnormMeta says another %s than is in use", name);
    }
  }
  g_assert_cmpstr (
      gst_structure_get_string (meta, "identity"), ==, values_expect_identity (in_use));
}

/* With statistics that come from frames before, the meta says of which values; not of single pixels. */
static gboolean
read_estimates (
    const GstStructure *meta, const GstStructure *in_use, gdouble gain[3], gdouble offset[3])
{
  const GValue *mean = gst_structure_get_value (meta, "mean");
  const GValue *std = gst_structure_get_value (meta, "std");
  const GValue *gamma = gst_structure_get_value (in_use, "gamma");
  const GValue *beta = gst_structure_get_value (in_use, "beta");
  const GValue *const arrays[] = { mean, std, gamma, beta };

  if (!mean)
    return FALSE;
  for (guint c = 0; c < 3; c++) {
    gdouble item[4];

    for (guint i = 0; i < 4; i++)
      item[i] = g_value_get_double (
          gst_value_array_get_value (arrays[i], gst_value_array_get_size (arrays[i]) == 1 ? 0 : c));
    gain[c] = item[2] / item[1];
    offset[c] = -item[0] * gain[c] + item[3];
  }
  return TRUE;
}

/* An item of a tensor as y, and by how much it may differ. */
static gdouble
read_item (const GstStructure *meta, const GstMapInfo *map, guint i, gdouble *step)
{
  gdouble scale;
  gint zero_point;

  *step = 0;
  if (g_str_equal (gst_structure_get_string (meta, "output"), "float32"))
    return ((const gfloat *) map->data)[i];
  g_assert_true (gst_structure_get_double (meta, "quant-scale", &scale));
  g_assert_true (gst_structure_get_int (meta, "quant-zero-point", &zero_point));
  *step = scale / 2;
  return (map->data[i] - zero_point) * scale;
}

/* What codes stand for ends at 0 and 255. */
static gdouble
saturate (const GstStructure *meta, gdouble y)
{
  gdouble scale;
  gint zero_point;

  if (!gst_structure_get_double (meta, "quant-scale", &scale))
    return y;
  g_assert_true (gst_structure_get_int (meta, "quant-zero-point", &zero_point));
  return CLAMP (y, -zero_point * scale, (255 - zero_point) * scale);
}

static void
check_tensor (Walk *walk, GstBuffer *buffer, const GstStructure *in_use)
{
  const GstStructure *meta =
      gst_custom_meta_get_structure (gst_buffer_get_custom_meta (buffer, "PixelnormMeta"));
  gdouble gain[3], offset[3], low, high, step;
  guint n_frames = 0;
  GstMapInfo map;

  check_meta (meta, in_use);
  if (!values_expect_affine (in_use, walk->value, gain, offset)
      && !read_estimates (meta, in_use, gain, offset))
    return;
  g_assert_true (gst_structure_get_uint (meta, "frames", &n_frames));
  g_assert_true (gst_structure_get_double (in_use, "clip-low", &low));
  g_assert_true (gst_structure_get_double (in_use, "clip-high", &high));
  const gboolean nchw = g_str_equal (gst_structure_get_string (meta, "layout"), "nchw");
  const gboolean bgr = g_str_equal (gst_structure_get_string (meta, "channel-order"), "bgr");
  const guint n_pixels = (VALUES_WIDTH + (walk->other_size ? 1 : 0)) * VALUES_HEIGHT;
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  for (guint i = 0; i < n_frames * n_pixels * 3; i++) {
    const guint place = nchw ? i / n_pixels % 3 : i % 3, c = bgr ? 2 - place : place;
    const gdouble y = CLAMP (gain[c] * walk->value + offset[c], low, high);
    const gdouble expected = saturate (meta, y), found = read_item (meta, &map, i, &step);
    const gdouble tolerance =
        step * (1 + 1e-4) + 2e-6 * (1 + fabs (gain[c] * walk->value) + fabs (offset[c]) + fabs (y));

    if (!(fabs (found - expected) <= tolerance)) {
      g_autofree gchar *words = gst_structure_to_string (in_use);

      g_error (
          "item %u is %.9g, expected %.9g of %u and %s", i, found, expected, walk->value, words);
    }
  }
  gst_buffer_unmap (buffer, &map);
  walk->n_checked++;
}

static GstCaps *
make_tensor_caps (gboolean other_size)
{
  g_autofree gchar *text = g_strdup_printf (
      "other/tensors,format=(string)static,num_tensors=(int)1,types=(string)float32,"
      "dimensions=(string)3:%d:%d:1,framerate=(fraction)25/1",
      VALUES_WIDTH + (other_size ? 1 : 0), VALUES_HEIGHT);

  return gst_caps_from_string (text);
}

/* y is a hundredth of the value, less 1. */
static gfloat
tensor_value (const Walk *walk)
{
  return (gfloat) walk->value / 100 - 1;
}

static GstBuffer *
make_tensor (Walk *walk)
{
  const guint n = (VALUES_WIDTH + (walk->other_size ? 1 : 0)) * VALUES_HEIGHT * 3;
  gfloat *y = g_new (gfloat, n);

  for (guint i = 0; i < n; i++)
    y[i] = tensor_value (walk);
  return gst_buffer_new_wrapped (y, n * sizeof *y);
}

static void
check_video (Walk *walk, GstBuffer *buffer, const GstStructure *in_use)
{
  const guint width = VALUES_WIDTH + (walk->other_size ? 1 : 0);
  gdouble gain[3], offset[3];
  GstMapInfo map;

  if (!values_expect_affine (in_use, walk->value, gain, offset))
    return;
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  for (guint i = 0; i < width * VALUES_HEIGHT * 3; i++) {
    const guint c = i % 3;
    const guint8 found = map.data[i / (3 * width) * GST_ROUND_UP_4 (3 * width) + i % (3 * width)];
    const gdouble x = (tensor_value (walk) - offset[c]) / gain[c];

    /* without a way back it is any */
    if (gain[c] != 0 && !(fabs (found - CLAMP (x, 0, 255)) <= .5 + 1e-3)) {
      g_autofree gchar *words = gst_structure_to_string (in_use);

      g_error (
          "sample %u is %u, expected %g of %g and %s", i, found, x, tensor_value (walk), words);
    }
  }
  gst_buffer_unmap (buffer, &map);
  walk->n_checked++;
}

/* Both halves of another value. */
static GstBuffer *
make_halves (Walk *walk)
{
  const guint width = VALUES_WIDTH + (walk->other_size ? 1 : 0);
  g_autoptr (Picture) picture = picture_new_flat (3, width, VALUES_HEIGHT, (guint8) walk->value);

  for (guint y = 0; y < VALUES_HEIGHT; y++)
    for (guint x = VALUES_WIDTH / 2; x < width; x++)
      for (guint c = 0; c < 3; c++)
        *picture_at (picture, x, y, c) += 50;
  return buffer_new (format_find ("RGB"), picture, NULL);
}

static void
check_passed (Walk *walk, GstBuffer *buffer, const GstStructure *in_use)
{
  walk->n_checked++;
}

static void
check_saved (Walk *walk, guint64 n)
{
  g_autoptr (GstStructure) in_use = NULL;
  const gboolean saved = bench_save (walk->bench);

  /* beside the file of before a reset, maybe */
  g_object_get (walk->bench->element, "in-use", &in_use, NULL);
  const gchar *location = gst_structure_get_string (in_use, "location");
  if (!location || !saved || n == 0)
    return;
  g_autoptr (Saved) file = saved_load (location);
  g_assert_cmpuint (saved_item (file, "frames", 0), ==, n);
}

/* Counts anew, by steps, up to the largest number, and only the pixels that do count. */
static void
check_counted (Walk *walk)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (GstStructure) in_use = NULL;
  const guint n_pushed = (guint) g_rand_int_range (walk->random, 1, 12);
  PixelnormStatistics statistics;
  guint64 max = 0;
  gdouble mean;

  if (walk->other_size) {
    walk->other_size = FALSE;
    restart (walk, TRUE);
  }
  g_signal_emit_by_name (walk->bench->element, "reset");
  g_object_get (walk->bench->element, "in-use", &in_use, NULL);
  for (guint i = 0; i < n_pushed; i++)
    g_assert_cmpint (bench_push (walk->bench, make_halves (walk)), ==, GST_FLOW_OK);
  flush (walk);
  g_assert_true (gst_structure_get_uint64 (in_use, "max-frames", &max));
  const guint step = (guint) values_get_int (in_use, "frame-step");
  guint64 n = (n_pushed + step - 1) / step;
  if (max > 0)
    n = MIN (n, max);
  g_assert_cmpuint (bench_get_uint64 (walk->bench, "frames"), ==, n);
  g_object_get (walk->bench->element, "profile", &profile, NULL);
  g_assert_nonnull (profile);
  pixelnorm_profile_get_statistics (profile, 1, &statistics);
  const guint n_pixels = values_expect_pixels (in_use, walk->value, walk->value + 50, &mean);
  g_assert_cmpfloat (statistics.count, ==, (gdouble) n_pixels * (gdouble) n);
  g_assert_cmpfloat_with_epsilon (statistics.mean, mean, 1e-9);
  g_assert_cmpint (pixelnorm_profile_get_scope (profile), ==, values_get_int (in_use, "scope"));
  g_autoptr (GBytes) histogram = pixelnorm_profile_get_histogram (profile, 0);
  gboolean wanted = FALSE;
  g_assert_true (gst_structure_get_boolean (in_use, "histogram", &wanted));
  g_assert_true ((histogram != NULL) == wanted);
  check_saved (walk, n);
}

static const Kind kinds[] = {
  { "pixelnorm", "pixelnorm", "other/tensors,types=(string)float32", make_video_caps,
      make_flat_frame, check_tensor, NULL },
  { "pixelnorm-uint8", "pixelnorm", "other/tensors,types=(string)uint8", make_video_caps,
      make_flat_frame, check_tensor, NULL },
  { "pixeldenorm", "pixeldenorm", "video/x-raw,format=RGB", make_tensor_caps, make_tensor,
      check_video, NULL },
  { "pixelstats", "pixelstats", NULL, make_video_caps, make_halves, check_passed, check_counted },
};

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);
  values_init ();
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (dawdle, NULL, NULL);
  gst_debug_set_threshold_from_string ("pixelnorm:5,pixeldenorm:5,pixelstats:5", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree gchar *path = g_strdup_printf ("/properties-random/%s", kinds[i].name);

    g_test_add_data_func (path, &kinds[i], test_kind);
  }
  const int result = element_test_run ();
  values_clear ();
  return result;
}
