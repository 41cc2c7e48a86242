/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames added several at once give the statistics that they give one by one; what those are is compared with numpy in
 * tests/elements. Across the 257 additions after which 16-bit sums spill, in place and gathered.
 */
#include <pixelnorm/pixelnorm.h>

#define WIDTH 301 /* rows of more than one tile, and not of whole tiles */
#define HEIGHT 3
#define N_FRAMES 600

static void
fill (guint8 *data, gsize size, guint frame)
{
  for (gsize i = 0; i < size; i++)
    data[i] = frame % 5 == 0 ? 255 : (guint8) (i * 7 + frame * 31 + i * frame / 13);
}

static PixelnormProfile *
collect (PixelnormScope scope, const gchar *order, guint batch, guint n_parts)
{
  g_autoptr (PixelnormLayout) layout = pixelnorm_layout_new (order, WIDTH, HEIGHT, NULL);
  g_autoptr (PixelnormAccumulator) accumulator = pixelnorm_accumulator_new (scope, layout, NULL);
  const gsize size = pixelnorm_layout_get_frame_bytes (layout);
  g_autofree guint8 *data = g_malloc (size * PIXELNORM_MAX_BATCH);

  for (guint i = 0; i < N_FRAMES; i += batch) {
    const guint n = MIN (batch, N_FRAMES - i);
    PixelnormFrame frames[PIXELNORM_MAX_BATCH];

    for (guint k = 0; k < n; k++) {
      fill (data + k * size, size, i + k);
      g_assert_true (pixelnorm_frame_init_packed (&frames[k], layout, data + k * size, size, NULL));
    }
    for (guint part = 0; part < n_parts; part++)
      g_assert_true (
          pixelnorm_accumulator_add_part (accumulator, layout, frames, n, part, n_parts, NULL));
  }
  g_assert_cmpuint (pixelnorm_accumulator_get_frames (accumulator), ==, N_FRAMES);
  return pixelnorm_accumulator_snapshot (accumulator, NULL);
}

static void
test_batches (gconstpointer order)
{
  for (guint scope = PIXELNORM_SCOPE_PIXEL; scope <= PIXELNORM_SCOPE_CHANNEL; scope++) {
    g_autoptr (PixelnormProfile) one = collect (scope, order, 1, 1);

    for (guint batch = 2; batch <= PIXELNORM_MAX_BATCH; batch++) {
      g_autoptr (PixelnormProfile) many = collect (scope, order, batch, 1);

      g_assert_cmpstr (
          pixelnorm_profile_get_identity (many), ==, pixelnorm_profile_get_identity (one));
    }
  }
}

/* More parts than there are rows, too; and across the spills, which are made part by part. */
static void
test_parts (gconstpointer order)
{
  for (guint scope = PIXELNORM_SCOPE_PIXEL; scope <= PIXELNORM_SCOPE_CHANNEL; scope++) {
    g_autoptr (PixelnormProfile) whole = collect (scope, order, 1, 1);

    for (guint n_parts = 2; n_parts <= HEIGHT + 2; n_parts++) {
      g_autoptr (PixelnormProfile) parts = collect (scope, order, 7, n_parts);

      g_assert_cmpstr (
          pixelnorm_profile_get_identity (parts), ==, pixelnorm_profile_get_identity (whole));
    }
  }
}

/* The first part says whether the frames can be added, before anything is. */
static void
test_refused_part (void)
{
  g_autoptr (PixelnormLayout) layout = pixelnorm_layout_new ("RGB", WIDTH, HEIGHT, NULL);
  g_autoptr (PixelnormLayout) other = pixelnorm_layout_new ("RGB", WIDTH, HEIGHT + 1, NULL);
  g_autoptr (PixelnormAccumulator) accumulator =
      pixelnorm_accumulator_new (PIXELNORM_SCOPE_PIXEL, layout, NULL);
  g_autofree guint8 *data = g_malloc0 (pixelnorm_layout_get_frame_bytes (other));
  g_autoptr (GError) error = NULL;
  PixelnormFrame frame;

  g_assert_true (pixelnorm_frame_init_packed (
      &frame, other, data, pixelnorm_layout_get_frame_bytes (other), NULL));
  g_assert_false (pixelnorm_accumulator_add_part (accumulator, other, &frame, 1, 0, 2, &error));
  g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH);
  g_assert_cmpuint (pixelnorm_accumulator_get_frames (accumulator), ==, 0);
  g_assert_true (pixelnorm_accumulator_add_part (accumulator, layout, &frame, 1, 0, 1, NULL));
  g_assert_cmpuint (pixelnorm_accumulator_get_frames (accumulator), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/accumulator/batches/rgb", "RGB", test_batches);
  g_test_add_data_func ("/accumulator/parts/rgb", "RGB", test_parts);
  g_test_add_data_func ("/accumulator/batches/bgrx", "BGRx", test_batches);
  g_test_add_data_func ("/accumulator/parts/bgrx", "BGRx", test_parts);
  g_test_add_data_func ("/accumulator/batches/planes", "G,B,R", test_batches);
  g_test_add_data_func ("/accumulator/parts/planes", "G,B,R", test_parts);
  g_test_add_data_func ("/accumulator/batches/grey", "Y", test_batches);
  g_test_add_data_func ("/accumulator/parts/grey", "Y", test_parts);
  g_test_add_func ("/accumulator/refused-part", test_refused_part);
  return g_test_run ();
}
