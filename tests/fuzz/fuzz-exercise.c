/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that can be asked of a profile that was accepted. Numbers come from strangers, so what is
 * derived of them must hold for any that pass the reader's checks: nothing infinite, nothing
 * negative where squares are, no mean outside of minimum and maximum.
 */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include <pixelnorm/normalizer.h>

#define ANY_SIDE 3 /* pixels of a frame for a profile that fits any */

size_t
fuzz_header_size (const uint8_t *data, size_t size)
{
  guint64 length;

  if (size < sizeof length)
    return 0;
  memcpy (&length, data, sizeof length);
  return length <= size - sizeof length ? (size_t) length + sizeof length : 0;
}

void
fuzz_check_refusal (GError *error)
{
  g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_true (g_str_has_suffix (error->message, "."));
  g_error_free (error);
}

/* A mean and a deviation are rounded once each: a unit in the last place may be too much. */
static void
check_statistics (PixelnormProfile *profile, gint channel)
{
  PixelnormStatistics found;

  pixelnorm_profile_get_statistics (profile, channel, &found);
  g_assert_true (isfinite (found.mean) && isfinite (found.std) && found.count > 0);
  g_assert_cmpuint (found.min, <=, found.max);
  g_assert_cmpfloat (found.mean, >=, found.min);
  g_assert_cmpfloat (found.mean, <=, found.max);
  g_assert_cmpfloat (found.std, >=, 0);
  g_assert_cmpfloat (found.std, <=, (found.max - found.min) / 2. * (1 + 1e-12));
}

static void
check_image (PixelnormProfile *profile, PixelnormImage image)
{
  const gdouble top = (1u << pixelnorm_profile_get_depth (profile)) - 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = pixelnorm_profile_get_image (profile, image, &error);
  gsize size;
  const gdouble *values = g_bytes_get_data (bytes, &size);

  g_assert_no_error (error);
  g_assert_cmpuint (size, ==,
      MAX (pixelnorm_profile_get_width (profile), 1)
          * MAX (pixelnorm_profile_get_height (profile), 1)
          * strlen (pixelnorm_profile_get_channels (profile)) * sizeof *values);
  for (gsize i = 0; i < size / sizeof *values; i++)
    g_assert_true (values[i] >= 0 && values[i] <= top);
}

/* A layout that the profile fits, its planes packed. */
static PixelnormLayout *
make_layout (PixelnormProfile *profile)
{
  const PixelnormGeometry *geometry = pixelnorm_profile_get_geometry (profile);
  const gboolean sized = geometry->width > 0;
  g_autoptr (GError) error = NULL;

  PixelnormLayout *layout =
      pixelnorm_layout_new (g_str_equal (geometry->channels, "YUV") ? "Y,U,V" : geometry->channels,
          sized ? geometry->width : ANY_SIDE, sized ? geometry->height : ANY_SIDE, &error);
  g_assert_no_error (error);
  g_assert_true (pixelnorm_layout_set_depth (layout, geometry->depth, 0, FALSE, &error));
  g_assert_true (pixelnorm_layout_set_subsampling (
      layout, geometry->log2_chroma_w, geometry->log2_chroma_h, &error));
  pixelnorm_layout_set_colorimetry (layout, geometry->range, geometry->matrix);
  return layout;
}

/* Black, white and all bits set: coefficients must be finite, and results of samples of the depth. */
static void
check_normalized (
    PixelnormNormalizer *normalizer, const PixelnormLayout *layout, PixelnormOutput output)
{
  const gsize size = pixelnorm_layout_get_frame_bytes (layout);
  const guint top = (1u << pixelnorm_layout_get_geometry (layout)->depth) - 1;
  g_autofree guint8 *frame = g_malloc (size);

  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;

    for (gsize at = 0; at < size; at++)
      frame[at] = i == 0
          ? 0
          : (guint8) (pixelnorm_layout_get_sample_bytes (layout) == 2 && at % 2 ? top >> 8 : top);
    g_autoptr (GBytes) bytes = pixelnorm_normalizer_run_data (normalizer, frame, size, &error);
    g_assert_no_error (error);
    if (output != PIXELNORM_OUTPUT_FLOAT32)
      continue;
    gsize n_bytes;
    const gfloat *values = g_bytes_get_data (bytes, &n_bytes);
    for (gsize v = 0; v < n_bytes / sizeof *values; v++)
      g_assert_true (isfinite (values[v]));
  }
}

static void
check_normalizer (PixelnormProfile *profile, PixelnormMethod method, PixelnormScope scope)
{
  static const PixelnormOutput outputs[] = { PIXELNORM_OUTPUT_FLOAT32, PIXELNORM_OUTPUT_VIDEO };
  const PixelnormInputs inputs = { .profile = profile };
  g_autoptr (PixelnormSettings) settings =
      g_object_new (PIXELNORM_TYPE_SETTINGS, "method", method, "scope", scope, NULL);
  g_autoptr (PixelnormLayout) layout = make_layout (profile);

  for (guint i = 0; i < G_N_ELEMENTS (outputs); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (PixelnormNormalizer) normalizer =
        pixelnorm_normalizer_new (settings, &inputs, layout, outputs[i], &error);

    /* pixel-wise from sums per channel, tensors of a subsampled format: refused in words */
    g_assert_true ((normalizer == NULL) == (error != NULL));
    if (normalizer)
      check_normalized (normalizer, layout, outputs[i]);
  }
}

void
fuzz_exercise_profile (PixelnormProfile *profile)
{
  const gint n_channels = (gint) strlen (pixelnorm_profile_get_channels (profile));

  g_assert_cmpuint (strlen (pixelnorm_profile_get_identity (profile)), ==, PIXELNORM_DIGEST_DIGITS);
  g_assert_cmpuint (pixelnorm_profile_get_frames (profile), >, 0);
  for (gint channel = -1; channel < n_channels; channel++)
    check_statistics (profile, channel);
  for (guint image = 0; image <= PIXELNORM_IMAGE_MAX; image++)
    check_image (profile, (PixelnormImage) image);
  for (guint method = 0; method <= PIXELNORM_METHOD_FLAT_FIELD; method++)
    for (guint scope = 0; scope <= PIXELNORM_SCOPE_GLOBAL; scope++)
      check_normalizer (profile, (PixelnormMethod) method, (PixelnormScope) scope);
}
