/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames pixel by pixel into 8-bit video and tensors and back, by a profile and by running statistics, in widths of a pixel,
 * of a tile and past it, packed and in planes, with and without samples that are no channels: a plane of alpha among planes of
 * channels has no coefficients of pixels, however wide it is. meson.build runs this under every row of the kernel table. The
 * mean is another frame, so that what is right is a difference of integers.
 */
#include <math.h>
#include <pixelnorm/pixelnorm.h>

#define HEIGHT 2

static const guint widths[] = { 1, 17, 767, 768, 769, 1600 };

typedef struct {
  const gchar *order;
  guint depth;
} Form;

static const Form forms[] = { { "RGB", 8 }, { "BGRA", 8 }, { "xRGB", 8 }, { "G,B,R", 8 },
  { "G,B,R,A", 8 }, { "Y", 8 }, { "YUVA", 8 }, { "Y,U,V", 8 }, { "R,G,B,A", 8 }, { "RGB", 10 },
  { "ARGB", 16 }, { "G,B,R,A", 10 }, { "G,B,R,A", 12 }, { "Y,U,V,A", 16 } };

typedef struct {
  PixelnormLayout *layout;
  guint8 *data, *mean;
  gsize size;
  PixelnormProfile *profile;
} Scene;

static guint
sample_at (const PixelnormLayout *layout, const guint8 *data, gsize i)
{
  return pixelnorm_layout_get_sample_bytes (layout) == 2 ? ((const guint16 *) data)[i] : data[i];
}

static void
fill (const PixelnormLayout *layout, GRand *rand, guint8 *data, gsize size)
{
  for (gsize i = 0; i < size / pixelnorm_layout_get_sample_bytes (layout); i++) {
    const guint code =
        g_rand_int (rand) & ((1u << pixelnorm_layout_get_geometry (layout)->depth) - 1);

    if (pixelnorm_layout_get_sample_bytes (layout) == 2)
      ((guint16 *) data)[i] = (guint16) code;
    else
      data[i] = (guint8) code;
  }
}

static void
scene_init (Scene *self, const Form *form, guint width, GRand *rand)
{
  g_autoptr (PixelnormAccumulator) accumulator = NULL;
  g_autoptr (GError) error = NULL;

  self->layout = pixelnorm_layout_new (form->order, width, HEIGHT, &error);
  g_assert_no_error (error);
  if (form->depth > 8)
    g_assert_true (pixelnorm_layout_set_depth (self->layout, form->depth, 0, FALSE, NULL));
  self->size = pixelnorm_layout_get_frame_bytes (self->layout);
  self->data = g_malloc (self->size);
  self->mean = g_malloc (self->size);
  fill (self->layout, rand, self->data, self->size);
  fill (self->layout, rand, self->mean, self->size);
  accumulator = pixelnorm_accumulator_new (PIXELNORM_SCOPE_PIXEL, self->layout, NULL);
  g_assert_true (
      pixelnorm_accumulator_add_data (accumulator, self->layout, self->mean, self->size, NULL));
  self->profile = pixelnorm_accumulator_snapshot (accumulator, NULL);
}

static void
scene_clear (Scene *self)
{
  pixelnorm_layout_free (self->layout);
  g_object_unref (self->profile);
  g_free (self->data);
  g_free (self->mean);
}

static GBytes *
normalize (const Scene *scene, const PixelnormSettings *settings, PixelnormOutput output)
{
  const PixelnormInputs inputs = { .profile = scene->profile };
  g_autoptr (PixelnormNormalizer) normalizer = NULL;
  g_autoptr (GError) error = NULL;

  normalizer = pixelnorm_normalizer_new (settings, &inputs, scene->layout, output, &error);
  g_assert_no_error (error);
  GBytes *result = pixelnorm_normalizer_run_data (normalizer, scene->data, scene->size, &error);
  g_assert_no_error (error);
  return result;
}

/* All codes, about the mean of each pixel. */
static PixelnormSettings *
settings_new (const Scene *scene, gdouble clip)
{
  const gdouble middle = 1 << (pixelnorm_layout_get_geometry (scene->layout)->depth - 1);

  return g_object_new (PIXELNORM_TYPE_SETTINGS, "method", PIXELNORM_METHOD_CENTER, "scope",
      PIXELNORM_SCOPE_PIXEL, "range-low", -middle, "range-high", middle - 1, "clip-low", -clip,
      "clip-high", clip, NULL);
}

/* Bytes of a pixel in a plane: HEIGHT rows of it are as wide. */
static gsize
pixel_bytes (const PixelnormLayout *layout, guint plane)
{
  return pixelnorm_layout_get_row_bytes (layout, plane)
      / pixelnorm_layout_get_geometry (layout)->width;
}

static gboolean
is_channel (const PixelnormLayout *layout, guint plane, gsize offset)
{
  for (guint c = 0; c < pixelnorm_layout_get_n_channels (layout); c++) {
    guint found, first, stride;

    pixelnorm_layout_get_channel (layout, c, &found, &first, &stride);
    g_assert_cmpuint (stride, ==, pixel_bytes (layout, found));
    if (found == plane && first == offset)
      return TRUE;
  }
  return FALSE;
}

/* Every sample as it lies: 255 / (2^depth - 1) of a code makes no tie. */
static void
check_video (const Scene *scene, gdouble clip)
{
  const PixelnormLayout *layout = scene->layout;
  const gdouble max = (1u << pixelnorm_layout_get_geometry (layout)->depth) - 1,
                middle = (max + 1) / 2;
  g_autoptr (PixelnormSettings) settings = settings_new (scene, clip);
  g_autoptr (GBytes) bytes = normalize (scene, settings, PIXELNORM_OUTPUT_VIDEO);
  const guint8 *found = g_bytes_get_data (bytes, NULL);
  gsize i = 0;

  for (guint p = 0; p < pixelnorm_layout_get_n_planes (layout); p++)
    for (guint k = 0; k < pixelnorm_layout_get_geometry (layout)->width * HEIGHT; k++)
      for (gsize offset = 0; offset < pixel_bytes (layout, p);
           offset += pixelnorm_layout_get_sample_bytes (layout), i++) {
        const gdouble x = sample_at (layout, scene->data, i);
        const gdouble y = x - sample_at (layout, scene->mean, i);
        const gdouble clipped = CLAMP (y, -clip, clip) + middle;
        const gdouble code = is_channel (layout, p, offset) ? CLAMP (clipped, 0, max) : x;

        g_assert_cmpint (found[i], ==, (gint) rint (code * 255 / max));
      }
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, i);
}

/* Which of all samples is channel @c of pixel @k. */
static gsize
find_sample (const PixelnormLayout *layout, guint c, guint k)
{
  const guint n_pixels = pixelnorm_layout_get_geometry (layout)->width * HEIGHT;
  guint plane, offset, stride;
  gsize start = 0;

  pixelnorm_layout_get_channel (layout, c, &plane, &offset, &stride);
  for (guint p = 0; p < plane; p++)
    start += n_pixels * pixel_bytes (layout, p);
  return (start + k * stride + offset) / pixelnorm_layout_get_sample_bytes (layout);
}

/* 10 bits after the leading one: of integers up to 2048 none is lost. */
static gdouble
half_to_double (guint16 half)
{
  const gint exponent = half >> 10 & 31;
  const gdouble size =
      exponent ? ldexp (1024 + (half & 1023), exponent - 25) : ldexp (half & 1023, -24);

  return half >> 15 ? -size : size;
}

static gdouble
item_at (GBytes *bytes, PixelnormOutput output, gsize i)
{
  const void *items = g_bytes_get_data (bytes, NULL);

  return output == PIXELNORM_OUTPUT_FLOAT16 ? half_to_double (((const guint16 *) items)[i])
                                            : ((const gfloat *) items)[i];
}

/* @share: which part of the distance from the mean is left of it. */
static void
assert_tensor (const Scene *scene, GBytes *bytes, PixelnormOutput output, gboolean planes,
    gdouble share, gdouble clip)
{
  const PixelnormLayout *layout = scene->layout;
  const guint n = pixelnorm_layout_get_n_channels (layout);
  const guint n_pixels = pixelnorm_layout_get_geometry (layout)->width * HEIGHT;
  const gsize item_bytes = output == PIXELNORM_OUTPUT_FLOAT16 ? 2 : sizeof (gfloat);

  g_assert_cmpuint (g_bytes_get_size (bytes), ==, n_pixels * n * item_bytes);
  for (guint c = 0; c < n; c++)
    for (guint k = 0; k < n_pixels; k++) {
      const gsize i = find_sample (layout, c, k);
      const gdouble y =
          (gdouble) sample_at (layout, scene->data, i) - sample_at (layout, scene->mean, i);
      const gdouble found = item_at (bytes, output, planes ? c * n_pixels + k : k * n + c);
      const gdouble expected = CLAMP (y * share, -clip, clip);
      const gboolean rounded = output == PIXELNORM_OUTPUT_FLOAT16 && fabs (y) > 2048;

      g_assert_cmpfloat (fabs (found - expected), <=, rounded ? fabs (y) / 2048 : 0);
    }
}

static void
check_tensor (const Scene *scene, PixelnormOutput output, gboolean planes, gdouble clip)
{
  g_autoptr (PixelnormSettings) settings = settings_new (scene, clip);

  g_object_set (settings, "layout",
      planes ? PIXELNORM_TENSOR_LAYOUT_NCHW : PIXELNORM_TENSOR_LAYOUT_NHWC, NULL);
  g_autoptr (GBytes) bytes = normalize (scene, settings, output);
  assert_tensor (scene, bytes, output, planes, 1, clip);
}

/* The frame twice, with momentum 1/2: the mean has come half the way to it by then. */
static void
check_running (const Scene *scene, gboolean planes, gdouble clip)
{
  const PixelnormInputs inputs = { .profile = scene->profile };
  g_autoptr (PixelnormSettings) settings = settings_new (scene, clip);
  g_autoptr (PixelnormNormalizer) normalizer = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (settings, "statistics", PIXELNORM_STATISTICS_SOURCE_RUNNING, "momentum", .5,
      "layout", planes ? PIXELNORM_TENSOR_LAYOUT_NCHW : PIXELNORM_TENSOR_LAYOUT_NHWC, NULL);
  normalizer =
      pixelnorm_normalizer_new (settings, &inputs, scene->layout, PIXELNORM_OUTPUT_FLOAT32, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GBytes) bytes =
        pixelnorm_normalizer_run_data (normalizer, scene->data, scene->size, &error);
    g_assert_no_error (error);
    assert_tensor (scene, bytes, PIXELNORM_OUTPUT_FLOAT32, planes, i ? .5 : 1, clip);
  }
}

/* What sample @i becomes on its way there and back. Of a tensor it is what it was, and opaque where it is no channel. */
static gdouble
expect_back (const Scene *scene, gboolean channel, const guint8 *codes, gsize i)
{
  const gdouble max = (1u << pixelnorm_layout_get_geometry (scene->layout)->depth) - 1;

  if (!codes)
    return channel ? sample_at (scene->layout, scene->data, i) : max;
  return codes[i] * max / 255
      + (channel ? sample_at (scene->layout, scene->mean, i) - (max + 1) / 2 : 0);
}

static void
check_back (const Scene *scene, PixelnormOutput output, gboolean planes)
{
  const PixelnormLayout *layout = scene->layout;
  const PixelnormInputs inputs = { .profile = scene->profile };
  const guint n_pixels = pixelnorm_layout_get_geometry (layout)->width * HEIGHT;
  const gdouble max = (1u << pixelnorm_layout_get_geometry (layout)->depth) - 1;
  g_autoptr (PixelnormSettings) settings = settings_new (scene, G_MAXDOUBLE);
  g_autoptr (PixelnormDenormalizer) denormalizer = NULL;
  g_autoptr (GError) error = NULL;
  gsize size, i = 0;

  g_object_set (settings, "layout",
      planes ? PIXELNORM_TENSOR_LAYOUT_NCHW : PIXELNORM_TENSOR_LAYOUT_NHWC, NULL);
  g_autoptr (GBytes) bytes = normalize (scene, settings, output);
  denormalizer = pixelnorm_denormalizer_new (settings, &inputs, layout, output, &error);
  g_assert_no_error (error);
  const guint8 *codes = g_bytes_get_data (bytes, &size);
  g_autoptr (GBytes) back = pixelnorm_denormalizer_run_data (denormalizer, codes, size, &error);
  g_assert_no_error (error);
  const guint8 *found = g_bytes_get_data (back, &size);
  g_assert_cmpuint (size, ==, scene->size);
  for (guint p = 0; p < pixelnorm_layout_get_n_planes (layout); p++)
    for (guint k = 0; k < n_pixels; k++)
      for (gsize offset = 0; offset < pixel_bytes (layout, p);
           offset += pixelnorm_layout_get_sample_bytes (layout), i++) {
        const gdouble x = expect_back (scene, is_channel (layout, p, offset),
            output == PIXELNORM_OUTPUT_VIDEO ? codes : NULL, i);

        g_assert_cmpint (sample_at (layout, found, i), ==, (gint) rint (CLAMP (x, 0, max)));
      }
}

/* The mean of one frame is the frame. */
static void
check_mean (const Scene *scene)
{
  const guint n = pixelnorm_layout_get_n_channels (scene->layout);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      pixelnorm_profile_get_image (scene->profile, PIXELNORM_IMAGE_MEAN, &error);

  g_assert_no_error (error);
  const gdouble *found = g_bytes_get_data (bytes, NULL);
  for (guint c = 0; c < n; c++)
    for (guint k = 0; k < pixelnorm_layout_get_geometry (scene->layout)->width * HEIGHT; k++)
      g_assert_cmpfloat (found[k * n + c], ==,
          sample_at (scene->layout, scene->mean, find_sample (scene->layout, c, k)));
}

/* Codes in planes, with a step that makes ties: of the mean of each pixel, or of one a channel. */
static void
check_codes (const Scene *scene, PixelnormOutput output, gboolean per_pixel, gdouble clip)
{
  const PixelnormLayout *layout = scene->layout;
  const guint n = pixelnorm_layout_get_n_channels (layout);
  const guint n_pixels = pixelnorm_layout_get_geometry (layout)->width * HEIGHT;
  const gdouble middle = 1 << (pixelnorm_layout_get_geometry (layout)->depth - 1);
  const gdouble means[] = { middle, middle / 2 + 1, middle + 5 }, one = 1, step = middle / 64;
  const gint zero_point = output == PIXELNORM_OUTPUT_UINT8 ? 131 : -3;
  const gint smallest = output == PIXELNORM_OUTPUT_UINT8 ? 0 : -128;
  g_autoptr (PixelnormSettings) settings = settings_new (scene, clip);

  g_object_set (settings, "layout", PIXELNORM_TENSOR_LAYOUT_NCHW, "quant-scale", step,
      "quant-zero-point", zero_point, NULL);
  if (!per_pixel) {
    g_object_set (settings, "method", PIXELNORM_METHOD_FIXED, "units", PIXELNORM_UNITS_CODE, NULL);
    g_assert_true (pixelnorm_settings_set_values (settings, "mean", means, n, NULL));
    g_assert_true (pixelnorm_settings_set_values (settings, "std", &one, 1, NULL));
  }
  g_autoptr (GBytes) bytes = normalize (scene, settings, output);
  const guint8 *found = g_bytes_get_data (bytes, NULL);

  g_assert_cmpuint (g_bytes_get_size (bytes), ==, n_pixels * n);
  for (guint c = 0; c < n; c++)
    for (guint k = 0; k < n_pixels; k++, found++) {
      const gsize i = find_sample (layout, c, k);
      const gdouble mean = per_pixel ? sample_at (layout, scene->mean, i) : means[c];
      const gdouble y = sample_at (layout, scene->data, i) - mean;
      const gint code = (gint) rint (CLAMP (y, -clip, clip) / step) + zero_point;

      g_assert_cmpint (
          smallest < 0 ? (gint8) *found : *found, ==, CLAMP (code, smallest, smallest + 255));
    }
}

static void
test_form (gconstpointer data)
{
  const gchar *wanted = g_getenv ("PIXELNORM_KERNELS");
  const gdouble clips[] = { 20, G_MAXDOUBLE };
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240511);

  if (wanted && !g_str_equal (wanted, pixelnorm_get_kernel_row ())) {
    g_test_skip ("this processor cannot run these inner loops");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (widths); i++) {
    Scene scene;

    scene_init (&scene, data, widths[i], rand);
    check_mean (&scene);
    check_back (&scene, PIXELNORM_OUTPUT_VIDEO, FALSE);
    for (guint planes = 0; planes <= 1; planes++)
      check_back (&scene, PIXELNORM_OUTPUT_FLOAT32, planes);
    for (guint k = 0; k < G_N_ELEMENTS (clips); k++) {
      check_video (&scene, clips[k]);
      for (guint planes = 0; planes <= 1; planes++) {
        check_tensor (&scene, PIXELNORM_OUTPUT_FLOAT32, planes, clips[k]);
        check_tensor (&scene, PIXELNORM_OUTPUT_FLOAT16, planes, clips[k]);
        check_running (&scene, planes, clips[k]);
      }
      for (guint per_pixel = 0; per_pixel <= 1; per_pixel++) {
        check_codes (&scene, PIXELNORM_OUTPUT_UINT8, per_pixel, clips[k]);
        check_codes (&scene, PIXELNORM_OUTPUT_INT8, per_pixel, clips[k]);
      }
    }
    scene_clear (&scene);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autofree gchar *path = g_strdup_printf ("/planes/%s-%u", forms[i].order, forms[i].depth);

    g_test_add_data_func (path, &forms[i], test_form);
  }
  return g_test_run ();
}
