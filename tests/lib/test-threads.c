/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several threads may do at once: everything with objects of their own, and read one profile and run one
 * normalizer together; and what the library does with a large profile by several threads. tests/run --threads watches it. Frames of the profile are flat, mean - 10 and mean + 10, so
 * results are plain arithmetic.
 */
#include <glib/gstdio.h>
#include <pixelnorm/pixelnorm.h>
#include <string.h>

enum {
  WIDTH = 97,
  HEIGHT = 31,
  LARGE_WIDTH = 1024, /* enough for two threads at each work; the file has 18 MB */
  LARGE_HEIGHT = 600,
  MEAN = 50,
  SPREAD = 10,
  N_THREADS = 4,
  N_ROUNDS = 30,
};

typedef struct {
  PixelnormProfile *profile;
  PixelnormNormalizer *normalizer; /* of it */
} Shared;

static PixelnormProfile *
make_profile (guint width, guint height)
{
  const gsize n_samples = (gsize) width * height * 3;
  g_autoptr (PixelnormLayout) layout = pixelnorm_layout_new ("RGB", width, height, NULL);
  g_autoptr (PixelnormAccumulator) accumulator =
      pixelnorm_accumulator_new (PIXELNORM_SCOPE_PIXEL, layout, NULL);
  g_autofree guint8 *data = g_malloc (n_samples);

  g_assert_true (pixelnorm_accumulator_keep_histogram (accumulator, NULL));
  for (gint shift = -SPREAD; shift <= SPREAD; shift += 2 * SPREAD) {
    memset (data, MEAN + shift, n_samples);
    g_assert_true (pixelnorm_accumulator_add_data (accumulator, layout, data, n_samples, NULL));
  }
  return pixelnorm_accumulator_snapshot (accumulator, NULL);
}

static PixelnormNormalizer *
make_normalizer (PixelnormProfile *profile, PixelnormScope scope)
{
  g_autoptr (PixelnormSettings) settings = pixelnorm_settings_new ();
  g_autoptr (PixelnormInputs) inputs = pixelnorm_inputs_new (profile, NULL, NULL);
  g_autoptr (PixelnormLayout) layout = pixelnorm_layout_new (
      "RGB", pixelnorm_profile_get_width (profile), pixelnorm_profile_get_height (profile), NULL);
  g_autoptr (GError) error = NULL;

  g_object_set (settings, "scope", scope, NULL);
  PixelnormNormalizer *normalizer =
      pixelnorm_normalizer_new (settings, inputs, layout, PIXELNORM_OUTPUT_FLOAT32, &error);
  g_assert_no_error (error);
  return normalizer;
}

static void
check_run (PixelnormNormalizer *normalizer, guint8 value)
{
  const gsize n_samples = pixelnorm_normalizer_get_output_size (normalizer) / sizeof (gfloat);
  g_autofree guint8 *data = g_malloc (n_samples);
  g_autoptr (GError) error = NULL;
  gsize size;

  memset (data, value, n_samples);
  g_autoptr (GBytes) result = pixelnorm_normalizer_run_data (normalizer, data, n_samples, &error);
  g_assert_no_error (error);
  const gfloat *y = g_bytes_get_data (result, &size);
  g_assert_cmpuint (size, ==, n_samples * sizeof *y);
  for (gsize i = 0; i < n_samples; i++)
    g_assert_cmpfloat_with_epsilon (y[i], (value - MEAN) / (gdouble) SPREAD, 3e-5);
}

static void
check_profile (PixelnormProfile *profile)
{
  PixelnormStatistics statistics;
  g_autoptr (GError) error = NULL;
  gdouble low;

  pixelnorm_profile_get_statistics (profile, 1, &statistics);
  g_assert_cmpfloat (statistics.mean, ==, MEAN);
  g_assert_cmpfloat (statistics.std, ==, SPREAD);
  g_assert_true (pixelnorm_profile_get_percentile (profile, 1, 10, &low, &error));
  g_assert_cmpfloat (low, ==, MEAN - SPREAD);
}

static gpointer
work_alone (gpointer data)
{
  for (guint i = 0; i < N_ROUNDS; i++) {
    g_autoptr (PixelnormProfile) profile = make_profile (WIDTH, HEIGHT);
    g_autoptr (PixelnormNormalizer) normalizer =
        make_normalizer (profile, i % 2 ? PIXELNORM_SCOPE_PIXEL : PIXELNORM_SCOPE_GLOBAL);

    check_profile (profile);
    check_run (normalizer, (guint8) i);
  }
  return NULL;
}

static gpointer
work_together (gpointer data)
{
  const Shared *shared = data;

  for (guint i = 0; i < N_ROUNDS; i++) {
    g_autoptr (PixelnormNormalizer) own =
        make_normalizer (shared->profile, PIXELNORM_SCOPE_CHANNEL);

    check_profile (shared->profile);
    check_run (shared->normalizer, (guint8) i);
    check_run (own, (guint8) i);
  }
  return g_strdup (pixelnorm_profile_get_identity (shared->profile));
}

/* Also the first use of all, which chooses the inner loops. */
static void
test_alone (void)
{
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("alone", work_alone, NULL);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
test_together (void)
{
  g_autoptr (PixelnormProfile) profile = make_profile (WIDTH, HEIGHT),
                               other = make_profile (WIDTH, HEIGHT);
  g_autoptr (PixelnormNormalizer) normalizer = make_normalizer (profile, PIXELNORM_SCOPE_PIXEL);
  Shared shared = { profile, normalizer };
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("together", work_together, &shared);
  for (guint i = 0; i < N_THREADS; i++) {
    g_autofree gchar *identity = g_thread_join (threads[i]);

    g_assert_cmpstr (identity, ==, pixelnorm_profile_get_identity (other));
  }
}

/* One thread's work, divided among several. */
static void
test_large (void)
{
  g_autoptr (PixelnormProfile) profile = make_profile (LARGE_WIDTH, LARGE_HEIGHT);
  g_autofree gchar *folder = g_dir_make_tmp ("pixelnorm-test-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "large.safetensors", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (pixelnorm_profile_save (profile, path, &error));
  g_assert_no_error (error);
  g_autoptr (PixelnormProfile) loaded = pixelnorm_profile_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  check_profile (loaded);
  g_autoptr (PixelnormNormalizer) normalizer = make_normalizer (loaded, PIXELNORM_SCOPE_PIXEL);
  g_assert_null (pixelnorm_normalizer_get_floored (normalizer));
  check_run (normalizer, MEAN + 7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/threads/alone", test_alone);
  g_test_add_func ("/threads/together", test_together);
  g_test_add_func ("/threads/large", test_large);
  return g_test_run ();
}
