/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of gamma and beta: what it takes fits the input, and no result of it is infinite or not a
 * number.
 */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include <pixelnorm/normalizer.h>

#define ANY_SIDE 3       /* pixels of a frame for a file that fits any */
#define MOST_PIXELS 4096 /* more than an input has bytes for */

static void
check_result (PixelnormNormalizer *normalizer, const PixelnormLayout *layout)
{
  const gsize size = pixelnorm_layout_get_frame_bytes (layout);
  g_autofree guint8 *frame = g_malloc (size);
  g_autoptr (GError) error = NULL;
  gsize n_bytes;

  for (gsize i = 0; i < size; i++)
    frame[i] = i % 3 ? 255 : 0;
  g_autoptr (GBytes) bytes = pixelnorm_normalizer_run_data (normalizer, frame, size, &error);
  g_assert_no_error (error);
  const gfloat *values = g_bytes_get_data (bytes, &n_bytes);
  for (gsize i = 0; i < n_bytes / sizeof *values; i++)
    g_assert_true (isfinite (values[i]));
}

static void
check_affine (PixelnormLearnedAffine *affine, const gchar *order)
{
  const guint width = pixelnorm_learned_affine_get_width (affine);
  const guint height = pixelnorm_learned_affine_get_height (affine);
  const guint n_channels = pixelnorm_learned_affine_get_n_channels (affine);
  g_autoptr (GError) error = NULL;
  const PixelnormInputs inputs = { .affine = affine };
  g_autoptr (PixelnormSettings) settings =
      g_object_new (PIXELNORM_TYPE_SETTINGS, "method", PIXELNORM_METHOD_FIXED, NULL);

  g_assert_true ((width == 0) == (height == 0));
  g_assert_cmpuint ((guint64) width * height, <=, MOST_PIXELS);
  g_autoptr (PixelnormLayout) layout =
      pixelnorm_layout_new (order, width ? width : ANY_SIDE, height ? height : ANY_SIDE, &error);
  g_assert_no_error (error);
  g_autoptr (PixelnormNormalizer) normalizer =
      pixelnorm_normalizer_new (settings, &inputs, layout, PIXELNORM_OUTPUT_FLOAT32, &error);
  if (n_channels != 0 && n_channels != strlen (order)) {
    g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH);
    return;
  }
  g_assert_no_error (error);
  check_result (normalizer, layout);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  GError *error = NULL;
  g_autoptr (PixelnormLearnedAffine) affine = pixelnorm_learned_affine_parse (bytes, &error);

  if (affine == NULL) {
    fuzz_check_refusal (error);
    return 0;
  }
  g_assert_no_error (error);
  g_assert_cmpuint (
      strlen (pixelnorm_learned_affine_get_identity (affine)), ==, PIXELNORM_DIGEST_DIGITS);
  check_affine (affine, "RGB");
  check_affine (affine, "Y");
  return 0;
}
