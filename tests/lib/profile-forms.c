/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles of every form that a file can have: a row each in the table of forms. */
#include "profile-forms.h"

#include <glib/gstdio.h>
#include <string.h>

const Form forms[] = {
  { "rgb8", "RGB", 3, 2, 8, 5, 1, FALSE, PIXELNORM_RANGE_FULL, NULL },
  { "yuv8", "YUV", 2, 2, 8, 4, 1, FALSE, PIXELNORM_RANGE_LIMITED, "bt709" },
  { "y10", "Y", 4, 1, 10, 3, 1, FALSE, PIXELNORM_RANGE_LIMITED, NULL },
  { "rgb16", "RGB", 2, 3, 16, 6, 1, FALSE, PIXELNORM_RANGE_FULL, NULL },
  { "rgb16-wide", "RGB", 2, 3, 16, 8, 100000, FALSE, PIXELNORM_RANGE_FULL, NULL },
  { "rgb8-counted", "RGB", 3, 2, 8, 9, 1, TRUE, PIXELNORM_RANGE_FULL, NULL },
  { "y16-counted", "Y", 3, 2, 16, 9, 1000, TRUE, PIXELNORM_RANGE_FULL, "smpte240m" },
  { "rgb8-most-frames", "RGB", 1, 1, 8, 4, 1u << 30, TRUE, PIXELNORM_RANGE_FULL, NULL },
  { "rgb8-channel", "RGB", 0, 0, 8, 7, 1, FALSE, PIXELNORM_RANGE_FULL, NULL },
  { "y16-channel", "Y", 0, 0, 16, 7, 1000, FALSE, PIXELNORM_RANGE_FULL, "bt601" },
  { "yuv16-channel-high", "YUV", 0, 0, 16, 9, 1u << 28, FALSE, PIXELNORM_RANGE_LIMITED, "bt2020" },
  { "rgb8-large", "RGB", 32, 32, 8, 5, 1, FALSE, PIXELNORM_RANGE_FULL, NULL },
  { "yuv8-420", "YUV", 5, 3, 8, 4, 1, FALSE, PIXELNORM_RANGE_LIMITED, "bt709", 1, 1 },
  { "yuv10-422", "YUV", 5, 3, 10, 4, 1, FALSE, PIXELNORM_RANGE_LIMITED, NULL, 1, 0 },
  { "yuv16-410", "YUV", 9, 6, 16, 8, 100000, FALSE, PIXELNORM_RANGE_FULL, "bt2020", 2, 2 },
};

const guint n_forms = G_N_ELEMENTS (forms);

const Form threaded_form = { "rgb8-threads", "RGB", 512, 256, 8, 5, 1, FALSE,
  PIXELNORM_RANGE_FULL };

static char *folder; /* of this test run */

void
make_folder (void)
{
  g_autoptr (GError) error = NULL;

  folder = g_dir_make_tmp ("pixelnorm-test-XXXXXX", &error);
  g_assert_no_error (error);
}

void
remove_folder (void)
{
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_clear_pointer (&folder, g_free);
}

/* How often pixel @p is counted: the first one never, unless it is the only one. */
static guint
kept_frames (const Form *form, gsize p, gsize n_pixels, GRand *random)
{
  if (!form->counted)
    return form->frames;
  if (p == 0)
    return n_pixels > 1 ? 0 : form->frames - 1;
  return (guint) g_rand_int_range (random, 1, (gint32) form->frames);
}

static PixelnormMoments
random_moments (const Form *form, guint n, GRand *random)
{
  PixelnormMoments moments = PIXELNORM_MOMENTS_EMPTY;

  for (guint s = 0; s < n; s++) {
    /* the upper half, so that sums grow large and parity changes */
    const guint x = (guint) g_rand_int_range (
        random, (gint32) (1u << (form->depth - 1)), (gint32) (1u << form->depth));
    const PixelnormMoments more = { form->weight, (PixelnormU128) x * form->weight,
      (PixelnormU128) x * x * form->weight, x, x };

    pixelnorm_moments_pool (&moments, &more);
  }
  if (moments.count == 0)
    moments.min = 0;
  return moments;
}

/* 64-bit arrays of n items each for the sums, count, and 16-bit (8-bit) ones for the ends. */
static void
allocate (PixelnormProfileData *data, const Form *form, gsize n_pixels, gsize n)
{
  guint64 *block = g_new0 (guint64, 3 * n + n_pixels + (n + 3) / 4 * 2);
  const guint size = form->depth == 8 ? 1 : 2;

  pixelnorm_profile_place_arrays (data, data->sum, block, 8);
  pixelnorm_profile_place_arrays (data, data->sum_squares, block + n, 8);
  if (data->scope == PIXELNORM_SCOPE_CHANNEL)
    pixelnorm_profile_place_arrays (data, data->sum_squares_high, block + 2 * n, 8);
  if (form->counted)
    for (guint c = 0; form->channels[c]; c++)
      data->count[c] = (PixelnormArray){ block + 3 * n, 8, 1 };
  const guint8 *min = (const guint8 *) (block + 3 * n + n_pixels);
  pixelnorm_profile_place_arrays (data, data->min, min, size);
  pixelnorm_profile_place_arrays (data, data->max, min + n * size, size);
  data->backing = g_bytes_new_take (block, 1);
}

static void
set_item (const PixelnormArray *array, gsize i, guint64 value)
{
  if (array->data)
    memcpy ((guint8 *) array->data + i * array->step * array->item_size, &value, array->item_size);
}

/* A profile of random samples; the seed is the form's index. */
PixelnormProfile *
make_profile (const Form *form)
{
  const gboolean per_pixel = form->width > 0;
  const gsize n_channels = strlen (form->channels);
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) (form - forms));
  PixelnormProfileData data = { per_pixel ? PIXELNORM_SCOPE_PIXEL : PIXELNORM_SCOPE_CHANNEL,
    { form->width, form->height, g_intern_string (form->channels), form->depth, form->range,
        g_intern_string (form->matrix), form->log2_chroma_w, form->log2_chroma_h },
    (guint64) form->frames * form->weight, 3 };

  const gsize n_pixels = pixelnorm_profile_n_samples (&data, 0);
  allocate (&data, form, n_pixels, pixelnorm_profile_n_all_samples (&data));
  for (gsize p = 0; p < n_pixels; p++) {
    const guint kept = kept_frames (form, p, n_pixels, random);

    set_item (&data.count[0], p, (guint64) kept * form->weight);
    for (gsize c = 0; c < n_channels; c++) {
      const PixelnormMoments moments = random_moments (form, per_pixel ? kept : 50 * kept, random);

      if (p >= pixelnorm_profile_n_samples (&data, c))
        continue;
      set_item (&data.sum[c], p, (guint64) moments.sum);
      set_item (&data.sum_squares[c], p, (guint64) moments.squares);
      set_item (&data.sum_squares_high[c], p, (guint64) (moments.squares >> 64));
      set_item (&data.min[c], p, moments.min);
      set_item (&data.max[c], p, moments.max);
      if (!per_pixel)
        data.samples[c] = moments.count;
    }
  }
  data.sources = g_strdup ("file:///one.mkv\nfile:///\"two\"\\\xc3\xbc\x01.mkv");
  data.created = g_strdup ("2026-01-31T12:00:00Z");
  data.software = g_strdup ("test");
  return pixelnorm_profile_new_take (&data);
}

GBytes *
read_bytes (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *content;
  gsize size;

  g_file_get_contents (path, &content, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (content, size);
}

char *
path_in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

GBytes *
make_file (const Form *form)
{
  g_autoptr (PixelnormProfile) profile = make_profile (form);
  g_autofree char *path = path_in_folder ("made.safetensors");
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  pixelnorm_profile_save (profile, path, &error);
  g_assert_no_error (error);
  bytes = read_bytes (path);
  g_unlink (path);
  return bytes;
}
