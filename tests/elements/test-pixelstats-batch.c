/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames that wait for a batch: statistics are those of every frame that passed, wherever its buffer
 * came from and whatever happens to it meanwhile; and nobody waits in vain for a buffer.
 * test-pixelstats-release.c has what ends the waiting.
 */
#include <string.h>

#include "element-test.h"

#define FORMAT "RGB"
enum {
  WIDTH = 9, /* rows are padded to 28 bytes */
  HEIGHT = 5,
  SIZE = 28 * HEIGHT,
  BATCH = 8,
};

static Bench *
play (Bench *bench)
{
  bench_play (bench, NULL);
  bench_set_video (bench, FORMAT, WIDTH, HEIGHT);
  return bench;
}

static void
fill (GstBuffer *buffer, const Picture *picture)
{
  g_autoptr (GstBuffer) other = buffer_new (format_find (FORMAT), picture, NULL);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (other, &map, GST_MAP_READ));
  g_assert_cmpuint (gst_buffer_fill (buffer, 0, map.data, map.size), ==, SIZE);
  gst_buffer_unmap (other, &map);
}

/* A block of memory of an application, which it uses again when it gets it back. */
static guint8 block[SIZE];
static gboolean block_is_out;

static void
take_block_back (gpointer data)
{
  g_assert_true (block_is_out);
  block_is_out = FALSE;
  memset (block, 0xee, sizeof block);
}

static GstBuffer *
new_wrapped (const Picture *picture, GstMemoryFlags flags)
{
  g_autoptr (GstBuffer) other = buffer_new (format_find (FORMAT), picture, NULL);

  g_assert_false (block_is_out);
  block_is_out = TRUE;
  g_assert_cmpuint (gst_buffer_extract (other, 0, block, SIZE), ==, SIZE);
  return gst_buffer_new_wrapped_full (flags, block, SIZE, 0, SIZE, NULL, take_block_back);
}

/* WAY TABLE: where a buffer comes from, and whether it is held. */
typedef enum { PLAIN, ODD, WRAPPED, READ_ONLY, PARENT, REGION, UNBOUNDED, BOUNDED, SHARED } Kind;

typedef struct {
  const gchar *name;
  Kind kind;
  gboolean held;
  Placing placing;
} Way;

static const Way ways[] = {
  { "plain", PLAIN, TRUE },
  { "padded", ODD, TRUE, { .padding = 13 } },
  { "crop", ODD, TRUE, { .left = 3, .top = 2, .right = 1, .bottom = 5 } },
  { "wrapped", WRAPPED, FALSE },
  { "read-only", READ_ONLY, FALSE },
  { "parent", PARENT, FALSE },
  { "parent-padded", PARENT, FALSE, { .padding = 13 } },
  { "parent-crop", PARENT, FALSE, { .left = 3, .top = 2, .right = 1, .bottom = 5 } },
  { "parent-upside-down", PARENT, FALSE, { .upside_down = TRUE, .left = 1, .top = 1 } },
  { "region", REGION, FALSE },
  { "unbounded-pool", UNBOUNDED, TRUE },
  { "bounded-pool", BOUNDED, FALSE },
  { "shared-with-bounded-pool", SHARED, TRUE },
};

static GstBufferPool *
pool_new (guint max)
{
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  g_autoptr (GstCaps) caps = video_caps (FORMAT, WIDTH, HEIGHT);

  gst_buffer_pool_config_set_params (config, caps, SIZE, max, max);
  g_assert_true (gst_buffer_pool_set_config (pool, config));
  g_assert_true (gst_buffer_pool_set_active (pool, TRUE));
  return pool;
}

static void
pool_free (GstBufferPool *pool)
{
  if (!pool)
    return;
  g_assert_true (gst_buffer_pool_set_active (pool, FALSE));
  gst_object_unref (pool);
}

static GstBufferPool *
way_pool (const Way *way)
{
  return way->kind >= UNBOUNDED ? pool_new (way->kind == UNBOUNDED ? 0 : 2) : NULL;
}

/* Fails rather than waits where the pool is empty. */
static GstBuffer *
acquire (GstBufferPool *pool)
{
  GstBufferPoolAcquireParams params = { .flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT };
  GstBuffer *buffer = NULL;

  g_assert_cmpint (gst_buffer_pool_acquire_buffer (pool, &buffer, &params), ==, GST_FLOW_OK);
  return buffer;
}

static GstBuffer *
way_buffer (const Way *way, GstBufferPool *pool, const Picture *picture)
{
  GstBuffer *buffer = NULL, *parent;

  switch (way->kind) {
  case PLAIN:
    return buffer_new (format_find (FORMAT), picture, NULL);
  case ODD:
    return buffer_new (format_find (FORMAT), picture, &way->placing);
  case WRAPPED:
  case READ_ONLY:
    return new_wrapped (picture, way->kind == READ_ONLY ? GST_MEMORY_FLAG_READONLY : 0);
  case PARENT:
    buffer = buffer_new (format_find (FORMAT), picture, &way->placing);
    parent = gst_buffer_new ();
    gst_buffer_add_parent_buffer_meta (buffer, parent);
    gst_buffer_unref (parent);
    return buffer;
  case REGION: /* of a file that was read in one piece */
    parent = gst_buffer_new_allocate (NULL, 16, NULL);
    parent = gst_buffer_append (parent, buffer_new (format_find (FORMAT), picture, NULL));
    buffer = gst_buffer_copy_region (parent, GST_BUFFER_COPY_MEMORY | GST_BUFFER_COPY_MERGE, 0, -1);
    gst_buffer_unref (parent);
    parent = buffer;
    buffer = gst_buffer_copy_region (parent, GST_BUFFER_COPY_MEMORY, 16, SIZE);
    gst_buffer_unref (parent);
    return buffer;
  case UNBOUNDED:
  case BOUNDED:
    buffer = acquire (pool);
    fill (buffer, picture);
    return buffer;
  case SHARED: /* as gst_buffer_make_writable() makes it of one that somebody else has too */
    parent = acquire (pool);
    fill (parent, picture);
    buffer = gst_buffer_copy (parent);
    gst_buffer_unref (parent);
    return buffer;
  }
  return buffer;
}

/* Pushes, and does with what comes out what its next user may: write, where nobody else has it.
 * Returns whether it could. */
static gboolean
push_and_scribble (Bench *bench, GstBuffer *buffer)
{
  g_assert_cmpint (bench_push (bench, buffer), ==, GST_FLOW_OK);
  GstBuffer *out = gst_harness_pull (bench->harness);
  const gboolean writable = gst_buffer_is_writable (out);

  if (writable && gst_buffer_is_all_memory_writable (out))
    gst_buffer_memset (out, 0, 0xaa, -1);
  gst_buffer_unref (out);
  return writable;
}

static void
check_number (const Way *way, guint n)
{
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (n, 3, WIDTH, HEIGHT);
  GstBufferPool *pool = way_pool (way);

  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer = way_buffer (way, pool, pictures[i]);
    /* a copy of a buffer keeps that one from its pool, where GStreamer says so by a meta */
    const gboolean held = way->held && !gst_buffer_get_parent_buffer_meta (buffer);
    const gboolean writable = push_and_scribble (bench, buffer);

    g_assert_cmpint (writable, ==, !held);
    g_assert_cmpuint (bench_get_uint64 (bench, "frames"), ==, i + 1);
  }
  bench_end (bench);
  assert_saved_frames (path, pictures, n);
  pool_free (pool);
  pictures_free (pictures, n);
}

static void
test_numbers (gconstpointer data)
{
  for (guint n = 1; n <= 3 * BATCH + 1; n++)
    check_number (data, n);
  g_assert_false (block_is_out);
}

/* As a harness shows no buffer but the one that comes out: those with two buffers in hand. */
static void
test_bounded_pool_of_two (void)
{
  enum { N = 3 * BATCH + 1 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  GstBufferPool *pool = pool_new (2), *other = pool_new (0);

  for (guint i = 0; i < N; i++) {
    /* pools take turns: what is known of one must not be taken for the other's */
    GstBuffer *buffer = acquire (i % 3 ? pool : other), *second = acquire (pool);

    fill (buffer, pictures[i]);
    push_and_scribble (bench, buffer);
    gst_buffer_unref (second);
  }
  bench_end (bench);
  assert_saved_frames (path, pictures, N);
  pool_free (pool);
  pool_free (other);
  pictures_free (pictures, N);
}

/* Unknown until it was asked once more: it was set up anew. */
static void
test_pool_set_up_anew (void)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
  g_autoptr (Picture) picture = picture_new_random (3, WIDTH, HEIGHT);
  g_autoptr (GstCaps) caps = video_caps (FORMAT, WIDTH, HEIGHT);
  GstBufferPool *pool = pool_new (0);
  GstBuffer *buffer = acquire (pool);

  fill (buffer, picture);
  g_assert_false (push_and_scribble (bench, buffer));
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  gst_pad_peer_query (bench->harness->srcpad, query);
  gst_query_unref (query);
  g_assert_true (gst_buffer_pool_set_active (pool, FALSE));
  GstStructure *config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, SIZE, 1, 1);
  g_assert_true (gst_buffer_pool_set_config (pool, config));
  g_assert_true (gst_buffer_pool_set_active (pool, TRUE));
  for (guint i = 0; i < BATCH; i++) {
    buffer = acquire (pool);
    fill (buffer, picture);
    g_assert_true (push_and_scribble (bench, buffer));
  }
  pool_free (pool);
}

/* A filter that writes in place, behind pixelstats. */
typedef GstBaseTransform Inverter;
typedef GstBaseTransformClass InverterClass;
static GType inverter_get_type (void);
G_DEFINE_TYPE (Inverter, inverter, GST_TYPE_BASE_TRANSFORM)

static GstFlowReturn
inverter_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READWRITE));
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = (guint8) ~map.data[i];
  gst_buffer_unmap (buffer, &map);
  return GST_FLOW_OK;
}

static void
inverter_class_init (InverterClass *klass)
{
  gst_element_class_add_pad_template (GST_ELEMENT_CLASS (klass),
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_CAPS_ANY));
  gst_element_class_add_pad_template (GST_ELEMENT_CLASS (klass),
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_CAPS_ANY));
  klass->transform_ip = inverter_transform_ip;
}

static void
inverter_init (Inverter *inverter)
{
}

static const guint8 *
data_of (GstBuffer *buffer)
{
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  const guint8 *data = map.data; /* newer GStreamer forgets it when unmapped */
  gst_buffer_unmap (buffer, &map);
  return data;
}

/* One copy a frame at most: pixelstats makes it, or the filter. */
static void
check_filter (const Way *way)
{
  enum { N = 2 * BATCH + 3 };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "location", path, NULL));
  GstElement *filter = g_object_new (inverter_get_type (), NULL);
  GstHarness *after = gst_harness_new_with_element (filter, "sink", "src");
  Picture **pictures = pictures_new_random (N, 3, WIDTH, HEIGHT);
  GstBufferPool *pool = way_pool (way);
  guint n_copies = 0;

  gst_harness_set_src_caps (after, video_caps (FORMAT, WIDTH, HEIGHT));
  for (guint i = 0; i < N; i++) {
    GstBuffer *in = way_buffer (way, pool, pictures[i]);
    const guint8 *data = data_of (in);

    g_assert_cmpint (bench_push (bench, in), ==, GST_FLOW_OK);
    GstBuffer *out = gst_harness_push_and_pull (after, gst_harness_pull (bench->harness));
    n_copies += data_of (out) != data;
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (n_copies, ==, way->held ? N : 0);
  bench_end (bench);
  assert_saved_frames (path, pictures, N);
  gst_harness_teardown (after);
  gst_object_unref (filter);
  pool_free (pool);
  pictures_free (pictures, N);
}

static void
test_filter (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    if (ways[i].kind == PLAIN || ways[i].kind == UNBOUNDED || ways[i].kind == BOUNDED)
      check_filter (&ways[i]);
}

/* Frames that wait are of the old layout when another one comes. */
static void
test_other_layouts (void)
{
  static const gchar *const names[] = { "RGB", "GBR", "xBGR", "RGBP", "BGRA" };
  g_autofree gchar *path = path_new (".safetensors");
  g_autoptr (Bench) bench = bench_new ("pixelstats", "location", path, NULL);
  Picture **pictures = pictures_new_random (3 * G_N_ELEMENTS (names), 3, WIDTH, HEIGHT);

  bench_play (bench, NULL);
  for (guint i = 0; i < 3 * G_N_ELEMENTS (names); i++) {
    GstBuffer *buffer = buffer_new (format_find (names[i / 3]), pictures[i], NULL);

    if (i % 3 == 0)
      bench_set_video (bench, names[i / 3], WIDTH, HEIGHT);
    if (i % 3 == 1) {
      g_autoptr (GstBuffer) parent = gst_buffer_new ();

      gst_buffer_add_parent_buffer_meta (buffer, parent);
    }
    push_and_scribble (bench, buffer);
  }
  bench_end (bench);
  assert_saved_frames (path, pictures, 3 * G_N_ELEMENTS (names));
  pictures_free (pictures, 3 * G_N_ELEMENTS (names));
}

typedef struct {
  gboolean answer;
  GstBufferPool *pool;
  guint n_pools, min, max;
} Proposal;

static GstPadProbeReturn
answer_allocation (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);
  const Proposal *proposal = data;

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_OK;
  if (proposal->n_pools)
    gst_query_add_allocation_pool (query, proposal->pool, SIZE, proposal->min, proposal->max);
  return proposal->answer ? GST_PAD_PROBE_HANDLED : GST_PAD_PROBE_DROP;
}

/* What upstream finds where downstream proposes @proposal. */
static Proposal
ask_allocation (Proposal proposal, PixelnormScope scope)
{
  g_autoptr (Bench) bench = play (bench_new ("pixelstats", "scope", scope, NULL));
  g_autoptr (GstCaps) caps = video_caps (FORMAT, WIDTH, HEIGHT);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  Proposal found = { 0 };
  guint size;

  gst_pad_add_probe (bench->harness->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM,
      answer_allocation, &proposal, NULL);
  found.answer = gst_pad_peer_query (bench->harness->srcpad, query);
  found.n_pools = gst_query_get_n_allocation_pools (query);
  if (found.n_pools) {
    gst_query_parse_nth_allocation_pool (query, 0, &found.pool, &size, &found.min, &found.max);
    g_assert_cmpuint (size, ==, SIZE);
    g_assert_true (found.pool == proposal.pool);
    gst_clear_object (&found.pool);
  }
  gst_query_unref (query);
  return found;
}

static void
check_allocation (Proposal proposal, PixelnormScope scope, Proposal expected)
{
  const Proposal found = ask_allocation (proposal, scope);

  g_assert_cmpint (found.answer, ==, expected.answer);
  g_assert_cmpuint (found.n_pools, ==, expected.n_pools);
  g_assert_cmpuint (found.min, ==, expected.min);
  g_assert_cmpuint (found.max, ==, expected.max);
}

/* As many buffers more as may be held; a pool of downstream stays as it is. */
static void
test_allocation (void)
{
  const PixelnormScope pixel = PIXELNORM_SCOPE_PIXEL, channel = PIXELNORM_SCOPE_CHANNEL;
  GstBufferPool *pool = pool_new (2);

  check_allocation ((Proposal){ TRUE }, pixel, (Proposal){ TRUE, NULL, 1, 14, 0 });
  check_allocation ((Proposal){ FALSE }, pixel, (Proposal){ TRUE, NULL, 1, 14, 0 });
  check_allocation ((Proposal){ TRUE, NULL, 1, 3, 0 }, pixel, (Proposal){ TRUE, NULL, 1, 17, 0 });
  check_allocation ((Proposal){ TRUE, NULL, 1, 3, 5 }, pixel, (Proposal){ TRUE, NULL, 1, 3, 5 });
  check_allocation ((Proposal){ TRUE, pool, 1, 2, 2 }, pixel, (Proposal){ TRUE, pool, 1, 2, 2 });
  check_allocation ((Proposal){ TRUE }, channel, (Proposal){ TRUE });
  check_allocation ((Proposal){ FALSE }, channel, (Proposal){ FALSE });
  pool_free (pool);
}

/* LARGE TABLE: at most 384 MiB wait, first at the cost of parts, then of frames that are added at once. */
static void
test_large (void)
{
  static const struct {
    guint width, height, n_kept;
  } sizes[] = {
    { 1920, 1080, 14 },  /* 5.9 MiB */
    { 4096, 2160, 14 },  /* 25.3 MiB: 15 fit, the one that was just pushed included */
    { 4096, 3072, 9 },   /* 36 MiB: 10 fit */
    { 5000, 3200, 7 },   /* 45.8 MiB: 8 fit, and nothing is gained by the last */
    { 7680, 4320, 4 },   /* 94.9 MiB */
    { 16384, 16384, 0 }, /* 768 MiB */
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (Bench) bench = play (bench_new ("pixelstats", NULL));
    g_autoptr (GstCaps) caps = video_caps (FORMAT, sizes[i].width, sizes[i].height);
    GstQuery *query = gst_query_new_allocation (caps, TRUE);
    guint min;

    g_assert_true (gst_pad_peer_query (bench->harness->srcpad, query));
    gst_query_parse_nth_allocation_pool (query, 0, NULL, NULL, &min, NULL);
    g_assert_cmpuint (min, ==, sizes[i].n_kept);
    gst_query_unref (query);
  }
}

int
main (int argc, char *argv[])
{
  element_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    g_autofree gchar *name = g_strdup_printf ("/pixelstats-batch/way/%s", ways[i].name);

    g_test_add_data_func (name, &ways[i], test_numbers);
  }
  g_test_add_func ("/pixelstats-batch/bounded-pool-of-two", test_bounded_pool_of_two);
  g_test_add_func ("/pixelstats-batch/pool-set-up-anew", test_pool_set_up_anew);
  g_test_add_func ("/pixelstats-batch/filter", test_filter);
  g_test_add_func ("/pixelstats-batch/other-layouts", test_other_layouts);
  g_test_add_func ("/pixelstats-batch/allocation", test_allocation);
  g_test_add_func ("/pixelstats-batch/large", test_large);
  return element_test_run ();
}
