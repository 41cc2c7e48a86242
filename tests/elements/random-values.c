/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles are of two flat frames, mean - 10 and mean + 10, so all scopes say the same: deviation and half of the
 * range are 10. What frames say of themselves is as plain: their value, and a deviation of 0.
 */
#include "random-values.h"

#include <math.h>
#include <string.h>

#define SPREAD 10

typedef struct {
  guint width, height;
  PixelnormScope scope;
  guint8 mean;
  gchar *path;
  PixelnormProfile *profile;
} Known;

/* The first one fits every element; the last but one fits other frames, the last one is dark. */
static Known known[] = {
  { VALUES_WIDTH, VALUES_HEIGHT, PIXELNORM_SCOPE_PIXEL, 50 },
  { VALUES_WIDTH, VALUES_HEIGHT, PIXELNORM_SCOPE_PIXEL, 200 },
  { VALUES_WIDTH, VALUES_HEIGHT, PIXELNORM_SCOPE_CHANNEL, 90 },
  { VALUES_WIDTH + 1, VALUES_HEIGHT, PIXELNORM_SCOPE_PIXEL, 120 },
  { VALUES_WIDTH, VALUES_HEIGHT, PIXELNORM_SCOPE_PIXEL, 20 },
};

enum { N_KNOWN = G_N_ELEMENTS (known), DARK = N_KNOWN - 1 };

#define AFFINE_GAMMA 2
#define AFFINE_BETA (-1)

static gchar *missing, *broken, *affine, *mask, *written[3];

static void
make_profile (Known *self)
{
  g_autoptr (PixelnormLayout) layout =
      pixelnorm_layout_new ("RGB", self->width, self->height, NULL);
  g_autoptr (PixelnormAccumulator) accumulator =
      pixelnorm_accumulator_new (self->scope, layout, NULL);
  const gsize size = pixelnorm_layout_get_frame_bytes (layout);
  g_autofree guint8 *data = g_malloc (size);

  g_assert_true (pixelnorm_accumulator_keep_histogram (accumulator, NULL));
  for (gint shift = -SPREAD; shift <= SPREAD; shift += 2 * SPREAD) {
    memset (data, self->mean + shift, size);
    g_assert_true (pixelnorm_accumulator_add_data (accumulator, layout, data, size, NULL));
  }
  self->profile = pixelnorm_accumulator_snapshot (accumulator, NULL);
  self->path = path_new (".safetensors");
  g_assert_true (pixelnorm_profile_save (self->profile, self->path, NULL));
}

/* One gamma and one beta for all samples, as safetensors files have them. */
static void
make_affine (void)
{
  static const gchar header[] =
      "{\"gamma\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
      "\"beta\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
  const guint64 length = GUINT64_TO_LE (strlen (header));
  const gfloat values[] = { AFFINE_GAMMA, AFFINE_BETA };
  g_autoptr (GString) bytes = g_string_new (NULL);

  g_string_append_len (bytes, (const gchar *) &length, sizeof length);
  g_string_append (bytes, header);
  g_string_append_len (bytes, (const gchar *) values, sizeof values);
  affine = path_new (".safetensors");
  g_assert_true (g_file_set_contents (affine, bytes->str, (gssize) bytes->len, NULL));
}

/* White but for the first column. */
static void
make_mask (void)
{
  mask = path_new (".png");
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc num-buffers=1 pattern=white ! video/x-raw,format=RGB,width=%d,height=%d ! "
      "videobox left=-1 fill=black ! pngenc ! filesink location=\"%s\"",
      VALUES_WIDTH - 1, VALUES_HEIGHT, mask);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstMessage *message =
      gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_true (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

void
values_init (void)
{
  for (guint i = 0; i < N_KNOWN; i++)
    make_profile (&known[i]);
  make_affine ();
  make_mask ();
  missing = path_new (".safetensors");
  broken = path_new (".safetensors");
  g_assert_true (g_file_set_contents (broken, "broken", -1, NULL));
  written[0] = path_new (".safetensors");
  written[1] = path_new (".safetensors");
  written[2] = g_build_filename (missing, "no-such-folder.safetensors", NULL);
}

void
values_clear (void)
{
  for (guint i = 0; i < N_KNOWN; i++) {
    g_clear_object (&known[i].profile);
    g_clear_pointer (&known[i].path, g_free);
  }
  for (guint i = 0; i < G_N_ELEMENTS (written); i++)
    g_clear_pointer (&written[i], g_free);
  g_clear_pointer (&missing, g_free);
  g_clear_pointer (&broken, g_free);
  g_clear_pointer (&affine, g_free);
  g_clear_pointer (&mask, g_free);
}

static guint
pick (GRand *random, guint n)
{
  return (guint) g_rand_int_range (random, 0, (gint32) n);
}

/* One of @n, or more rarely a bad one. */
static const gchar *
pick_path (GRand *random, const gchar *const *paths, guint n)
{
  const guint i = pick (random, 5 * n);

  return i < 5 * n - 2 ? paths[i % n] : i % 2 ? missing : broken;
}

static void
choose_text (GRand *random, GstElement *element, const gchar *name, GValue *value)
{
  const gboolean stats = g_str_has_prefix (GST_OBJECT_NAME (element), "pixelstats");
  const gchar *const written_paths[] = { NULL, written[0], written[1], written[2] };
  const gchar *const profiles[] = { known[0].path, known[1].path, known[2].path, known[3].path };
  const gchar *const others[] = { NULL,
    g_str_equal (name, "mask")                  ? mask
        : g_str_equal (name, "affine-location") ? affine
                                                : known[DARK].path };

  if (stats && g_str_equal (name, "location"))
    g_value_set_string (value, written_paths[pick (random, G_N_ELEMENTS (written_paths))]);
  else if (g_str_equal (name, "location"))
    g_value_set_string (value, pick_path (random, profiles, G_N_ELEMENTS (profiles)));
  else if (g_str_equal (name, "mask") || g_str_equal (name, "affine-location")
      || g_str_equal (name, "dark-location"))
    g_value_set_string (value, pick_path (random, others, G_N_ELEMENTS (others)));
  else
    g_error ("no values are known for the property %s: give it some here", name);
}

static gdouble
choose_number (GRand *random)
{
  static const gdouble numbers[] = { 0, .25, 1, 1, 2, 7, 30, 70, 127.5, -3 };

  return numbers[pick (random, G_N_ELEMENTS (numbers))];
}

static void
append (GValue *array, gdouble number)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_DOUBLE);
  g_value_set_double (&value, number);
  gst_value_array_append_value (array, &value);
}

static void
choose_array (GRand *random, const gchar *name, GValue *value)
{
  static const gint rectangles[][4] = { { 0, 0, 4, 4 },
    { 1, 1, VALUES_WIDTH - 1, VALUES_HEIGHT - 1 }, { 0, 0, 0, 4 }, { 2, 0, 99, 99 } };
  static const guint lengths[] = { 0, 1, 1, 1, 3, 3, 2 };
  const guint n = lengths[pick (random, G_N_ELEMENTS (lengths))];

  if (g_str_equal (name, "roi")) {
    const gint *rectangle = rectangles[pick (random, G_N_ELEMENTS (rectangles))];

    for (guint i = 0; n > 0 && i < 4; i++)
      append (value, rectangle[i]);
    return;
  }
  for (guint i = 0; i < n; i++)
    append (value, choose_number (random));
}

static void
choose_enum (GRand *random, GParamSpec *spec, GValue *value)
{
  const GEnumClass *klass = G_PARAM_SPEC_ENUM (spec)->enum_class;

  g_value_set_enum (value, klass->values[pick (random, klass->n_values)].value);
}

/* Out of range only where the specification allows it, since GObject warns elsewhere. */
void
values_choose (GRand *random, GstElement *element, GParamSpec *spec, GValue *value)
{
  g_value_init (value, spec->value_type);
  g_param_value_set_default (spec, value);
  if (pick (random, 4) == 0 && !g_str_equal (spec->name, "location"))
    return;
  if (G_VALUE_HOLDS_ENUM (value))
    choose_enum (random, spec, value);
  else if (G_VALUE_HOLDS_BOOLEAN (value))
    g_value_set_boolean (value, (gboolean) pick (random, 2));
  else if (G_VALUE_HOLDS_DOUBLE (value))
    g_value_set_double (value, choose_number (random));
  else if (G_VALUE_HOLDS_INT (value))
    g_value_set_int (value, g_rand_int_range (random, -3, 4) * (pick (random, 4) ? 1 : 500));
  else if (G_VALUE_HOLDS_UINT (value))
    g_value_set_uint (value, pick (random, 4));
  else if (G_VALUE_HOLDS_UINT64 (value))
    g_value_set_uint64 (value, pick (random, 8));
  else if (G_VALUE_HOLDS_STRING (value))
    choose_text (random, element, spec->name, value);
  else if (GST_VALUE_HOLDS_ARRAY (value))
    choose_array (random, spec->name, value);
  else if (G_VALUE_HOLDS (value, PIXELNORM_TYPE_PROFILE))
    g_value_set_object (value, known[pick (random, DARK)].profile);
  else
    g_error ("no values are known for the property %s: give it some here", spec->name);
  g_param_value_validate (spec, value);
}

gint
values_get_int (const GstStructure *in_use, const gchar *name)
{
  const GValue *value = gst_structure_get_value (in_use, name);

  g_assert_nonnull (value);
  return G_VALUE_HOLDS_ENUM (value) ? g_value_get_enum (value)
      : G_VALUE_HOLDS_INT (value)   ? g_value_get_int (value)
                                    : (gint) g_value_get_uint (value);
}

static gdouble
get_double (const GstStructure *in_use, const gchar *name)
{
  gdouble number = 0;

  g_assert_true (gst_structure_get_double (in_use, name, &number));
  return number;
}

/* Item @i of an array of one or three. */
static gdouble
get_item (const GstStructure *in_use, const gchar *name, guint i)
{
  const GValue *array = gst_structure_get_value (in_use, name);
  const guint n = gst_value_array_get_size (array);

  g_assert_true (n == 1 || n == 3);
  return g_value_get_double (gst_value_array_get_value (array, n == 1 ? 0 : i));
}

/* What the profile in use is, by the property or else the file; NULL: none. */
static const Known *
find_profile (const GstStructure *in_use)
{
  PixelnormProfile *profile = g_value_get_object (gst_structure_get_value (in_use, "profile"));
  const gchar *location = gst_structure_get_string (in_use, "location");

  for (guint i = 0; i < N_KNOWN; i++)
    if (profile ? profile == known[i].profile : g_strcmp0 (location, known[i].path) == 0)
      return &known[i];
  return NULL;
}

static gboolean
needs_profile (const GstStructure *in_use)
{
  return values_get_int (in_use, "method") != PIXELNORM_METHOD_FIXED
      && values_get_int (in_use, "statistics") == PIXELNORM_STATISTICS_SOURCE_PROFILE;
}

/* Running statistics begin with those of a profile, if there is one. */
const gchar *
values_expect_identity (const GstStructure *in_use)
{
  const Known *profile = find_profile (in_use);
  const gboolean running =
      values_get_int (in_use, "statistics") == PIXELNORM_STATISTICS_SOURCE_RUNNING;

  return profile && (running || needs_profile (in_use))
      ? pixelnorm_profile_get_identity (profile->profile)
      : NULL;
}

/* Below half of the samples are those of mean - SPREAD. */
static gdouble
percentile (const Known *profile, gdouble at)
{
  return profile->mean + (at < 50 ? -SPREAD : SPREAD);
}

/* (x - subtract) / divisor of the method, with the numbers of a profile, or of the frame itself. */
static void
apply_method (const GstStructure *in_use, guint channel, gdouble mean, gdouble spread,
    gdouble *subtract, gdouble *divisor)
{
  const PixelnormMethod method = (PixelnormMethod) values_get_int (in_use, "method");
  const gdouble floor = get_double (in_use, "min-deviation");
  const gdouble unit = values_get_int (in_use, "units") == PIXELNORM_UNITS_UNIT ? 255 : 1;
  const gboolean has_dark = gst_structure_get_string (in_use, "dark-location") != NULL;
  const gdouble dark = has_dark ? known[DARK].mean : 0;
  gdouble low, high;

  *subtract = mean;
  switch (method) {
  case PIXELNORM_METHOD_FIXED:
    *subtract = unit * get_item (in_use, "mean", channel);
    *divisor = unit * get_item (in_use, "std", channel);
    break;
  case PIXELNORM_METHOD_CENTER:
    *divisor = 1;
    break;
  case PIXELNORM_METHOD_ZSCORE:
    *divisor = fmax (sqrt (spread * spread + get_double (in_use, "epsilon")), floor);
    break;
  case PIXELNORM_METHOD_MEAN_RANGE:
  case PIXELNORM_METHOD_MIN_MAX:
    *divisor = fmax (spread, floor);
    break;
  case PIXELNORM_METHOD_FLAT_FIELD:
    *subtract = dark;
    *divisor = fmax (mean - dark, floor) / (mean - dark);
    break;
  case PIXELNORM_METHOD_PERCENTILE:
    low = percentile (find_profile (in_use), get_double (in_use, "percentile-low"));
    high = percentile (find_profile (in_use), get_double (in_use, "percentile-high"));
    *subtract = (low + high) / 2;
    *divisor = fmax ((high - low) / 2, floor);
    break;
  default:
    g_error ("no formula for method %d: write it here", method);
  }
}

gboolean
values_expect_affine (const GstStructure *in_use, guint x, gdouble gain[3], gdouble offset[3])
{
  const Known *profile = find_profile (in_use);
  const gboolean from_profile = needs_profile (in_use);

  if (values_get_int (in_use, "statistics") == PIXELNORM_STATISTICS_SOURCE_RUNNING)
    return FALSE;
  g_assert_true (!from_profile || profile);
  for (guint c = 0; c < 3; c++) {
    const gdouble gamma = get_item (in_use, "gamma", c), beta = get_item (in_use, "beta", c);
    const gboolean learned = gst_structure_get_string (in_use, "affine-location") != NULL;
    gdouble subtract, divisor;

    apply_method (in_use, c, from_profile ? profile->mean : x, from_profile ? SPREAD : 0, &subtract,
        &divisor);
    gain[c] = (learned ? AFFINE_GAMMA : 1) * gamma / divisor;
    offset[c] = -subtract * gain[c] + (learned ? AFFINE_BETA : 0) * gamma + beta;
  }
  return TRUE;
}

guint
values_expect_pixels (const GstStructure *in_use, guint left, guint right, gdouble *mean)
{
  const GValue *roi = gst_structure_get_value (in_use, "roi");
  gint edge[4] = { 0, 0, VALUES_WIDTH, VALUES_HEIGHT };
  guint n = 0, sum = 0;

  for (guint i = 0; gst_value_array_get_size (roi) == 4 && i < 4; i++)
    edge[i] = g_value_get_int (gst_value_array_get_value (roi, i));
  for (gint y = 0; y < VALUES_HEIGHT; y++)
    for (gint x = gst_structure_get_string (in_use, "mask") ? 1 : 0; x < VALUES_WIDTH; x++)
      if (x >= edge[0] && x < edge[0] + edge[2] && y >= edge[1] && y < edge[1] + edge[3]) {
        n++;
        sum += x < VALUES_WIDTH / 2 ? left : right;
      }
  *mean = n ? (gdouble) sum / n : 0;
  return n;
}
