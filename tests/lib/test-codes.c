/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 8-bit codes of random settings against integers: every code of every channel, exactly rounded, whichever way they are
 * made, and brought back. meson.build runs this under every row of the kernel table. Settings are fractions with 16 below, so the real
 * number behind a code is a fraction of integers:
 *   video: ((x - mean) / std - low) / (high - low) * 255
 *   tensors: (x - mean) / std / quant-scale, and the zero-point
 */
#include <pixelnorm/pixelnorm.h>

#define WIDTH 259 /* pixels of a row: more than all codes, and no vectors' multiple */
#define N_SETTINGS 1500

static const gchar *const orders[] = { "RGB", "BGRx", "Y", "G,B,R", "Y,U,V" };

/* Settings in sixteenths. */
typedef struct {
  gint mean[3], std[3], low, high, step, zero_point;
} Sixteenths;

static Sixteenths
draw (GRand *rand)
{
  Sixteenths drawn;

  for (guint c = 0; c < 3; c++) {
    drawn.mean[c] = g_rand_int_range (rand, 0, 255 * 16 + 1);
    drawn.std[c] = g_rand_int_range (rand, 3 * 16, 128 * 16);
  }
  drawn.low = -g_rand_int_range (rand, 16, 5 * 16);
  drawn.high = g_rand_int_range (rand, 16, 5 * 16);
  if (g_rand_int_range (rand, 0, 8) == 0) {
    const gint low = drawn.low;

    drawn.low = drawn.high;
    drawn.high = low;
  }
  drawn.step = g_rand_int_range (rand, 1, 4);
  drawn.zero_point = g_rand_int_range (rand, 0, 128);
  return drawn;
}

static PixelnormSettings *
settings_new (const Sixteenths *drawn, guint n_channels)
{
  PixelnormSettings *settings =
      g_object_new (PIXELNORM_TYPE_SETTINGS, "method", PIXELNORM_METHOD_FIXED, "scope",
          PIXELNORM_SCOPE_CHANNEL, "range-low", drawn->low / 16., "range-high", drawn->high / 16.,
          "quant-scale", drawn->step / 16., "quant-zero-point", drawn->zero_point, NULL);
  gdouble mean[3], std[3];

  for (guint c = 0; c < 3; c++) {
    mean[c] = drawn->mean[c] / 16.;
    std[c] = drawn->std[c] / 16.;
  }
  g_assert_true (pixelnorm_settings_set_values (settings, "mean", mean, n_channels, NULL));
  g_assert_true (pixelnorm_settings_set_values (settings, "std", std, n_channels, NULL));
  return settings;
}

/* @above / @below, rounded. */
static gint64
round_fraction (gint64 above, gint64 below, gboolean halves_down)
{
  if (below < 0) {
    above = -above;
    below = -below;
  }
  const gint64 whole = above >= 0 ? above / below : -((-above + below - 1) / below);
  const gint64 rest = 2 * (above - whole * below);

  if (rest != below)
    return whole + (rest > below);
  return halves_down ? whole : whole + (whole & 1);
}

/* Halves of video go down where a code is a code value. */
static gint64
video_code (const Sixteenths *drawn, guint c, gint x)
{
  const gint64 below = drawn->std[c] * (drawn->high - drawn->low);
  const gint64 above = 255 * (16 * (16 * x - drawn->mean[c]) - drawn->low * drawn->std[c]);

  return CLAMP (round_fraction (above, below, ABS (below) == 255 * 256), 0, 255);
}

static gint64
tensor_code (const Sixteenths *drawn, guint c, gint x, gint smallest)
{
  const gint64 code =
      round_fraction (16 * (16 * x - drawn->mean[c]), drawn->std[c] * drawn->step, FALSE);

  return CLAMP (code + drawn->zero_point, smallest, smallest + 255);
}

/* A row of pixels, in which every channel has all codes, and the channel of each byte; -1: none. */
static void
fill_row (const gchar *order, guint8 *data, gint *channels, gsize size)
{
  const gboolean planar = strchr (order, ',') != NULL;
  const gsize n = size / WIDTH;

  for (gsize i = 0; i < size; i++) {
    const gsize pixel = planar ? i % WIDTH : i / n;
    const gchar letter = planar ? order[2 * (i / WIDTH)] : order[i % n];

    channels[i] = strchr ("RGB", letter) ? (gint) (strchr ("RGB", letter) - "RGB")
        : strchr ("YUV", letter)         ? (gint) (strchr ("YUV", letter) - "YUV")
                                         : -1;
    data[i] = (guint8) (pixel + 85 * (gsize) (channels[i] + 1));
  }
}

static void
check (const PixelnormLayout *layout, const Sixteenths *drawn, PixelnormOutput output,
    const guint8 *data, const gint *channels, gsize size)
{
  const guint n_channels = pixelnorm_layout_get_n_channels (layout);
  g_autoptr (PixelnormSettings) settings = settings_new (drawn, n_channels);
  g_autoptr (PixelnormNormalizer) normalizer = NULL;
  g_autoptr (GBytes) result = NULL;
  g_autoptr (GError) error = NULL;
  const gint smallest = output == PIXELNORM_OUTPUT_INT8 ? -128 : 0;

  normalizer = pixelnorm_normalizer_new (settings, NULL, layout, output, &error);
  g_assert_no_error (error);
  result = pixelnorm_normalizer_run_data (normalizer, data, size, &error);
  g_assert_no_error (error);
  const guint8 *found = g_bytes_get_data (result, NULL);

  for (gsize i = 0; i < size; i++) {
    const gint c = channels[i];
    const gint64 expected = c < 0          ? data[i]
        : output == PIXELNORM_OUTPUT_VIDEO ? video_code (drawn, (guint) c, data[i])
                                           : tensor_code (drawn, (guint) c, data[i], smallest);

    if (found[i] != (guint8) expected)
      g_error ("byte %" G_GSIZE_FORMAT " is %u, not %" G_GINT64_FORMAT
               ": x %u, mean %d/16, std %d/16, range %d/16 to %d/16, quant-scale %d/16",
          i, found[i], expected, data[i], drawn->mean[MAX (c, 0)], drawn->std[MAX (c, 0)],
          drawn->low, drawn->high, drawn->step);
  }
}

/* A code brought back is the sample next to its value; where two are as near, within 1/512, either. */
static gboolean
is_sample (const Sixteenths *drawn, guint c, gboolean video, guint8 code, guint8 x)
{
  const gint64 below = video ? 255 * 256 : 256;
  const gint64 value = video ? 255 * drawn->low + code * (drawn->high - drawn->low)
                             : (code - drawn->zero_point) * drawn->step;
  const gint64 above = CLAMP (value * drawn->std[c] + below / 16 * drawn->mean[c], 0, 255 * below);

  return 256 * ABS (x * below - above) <= 129 * below;
}

static void
check_back (const PixelnormLayout *layout, const Sixteenths *drawn, PixelnormOutput input,
    const guint8 *codes, const gint *channels, gsize size)
{
  const guint n_channels = pixelnorm_layout_get_n_channels (layout);
  g_autoptr (PixelnormSettings) settings = settings_new (drawn, n_channels);
  g_autoptr (PixelnormDenormalizer) denormalizer = NULL;
  g_autoptr (GBytes) result = NULL;
  g_autoptr (GError) error = NULL;
  const gboolean video = input == PIXELNORM_OUTPUT_VIDEO;

  denormalizer = pixelnorm_denormalizer_new (settings, NULL, layout, input, &error);
  g_assert_no_error (error);
  result = pixelnorm_denormalizer_run_data (denormalizer, codes, size, &error);
  g_assert_no_error (error);
  const guint8 *found = g_bytes_get_data (result, NULL);

  for (gsize i = 0; i < size; i++)
    if (channels[i] < 0 ? found[i] != codes[i]
                        : !is_sample (drawn, (guint) channels[i], video, codes[i], found[i]))
      g_error ("byte %" G_GSIZE_FORMAT
               " is %u of code %u: mean %d/16, std %d/16, range %d/16 to %d/16, "
               "quant-scale %d/16",
          i, found[i], codes[i], drawn->mean[MAX (channels[i], 0)],
          drawn->std[MAX (channels[i], 0)], drawn->low, drawn->high, drawn->step);
}

static void
test_order (gconstpointer data)
{
  const gchar *order = data, *wanted = g_getenv ("PIXELNORM_KERNELS");
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240604);

  if (wanted && !g_str_equal (wanted, pixelnorm_get_kernel_row ())) {
    g_test_skip ("this processor cannot run these inner loops");
    return;
  }
  PixelnormLayout *layout = pixelnorm_layout_new (order, WIDTH, 1, NULL);
  const gsize size = pixelnorm_layout_get_frame_bytes (layout);
  g_autofree guint8 *row = g_malloc (size);
  g_autofree gint *channels = g_new (gint, size);

  fill_row (order, row, channels, size);
  for (guint k = 0; k < N_SETTINGS; k++) {
    const Sixteenths drawn = draw (rand);

    check (layout, &drawn, PIXELNORM_OUTPUT_VIDEO, row, channels, size);
    check_back (layout, &drawn, PIXELNORM_OUTPUT_VIDEO, row, channels, size);
    if (!g_str_equal (order, "RGB")) /* others lie otherwise in tensors */
      continue;
    check (layout, &drawn, PIXELNORM_OUTPUT_UINT8, row, channels, size);
    check (layout, &drawn, PIXELNORM_OUTPUT_INT8, row, channels, size);
    check_back (layout, &drawn, PIXELNORM_OUTPUT_UINT8, row, channels, size);
  }
  pixelnorm_layout_free (layout);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++) {
    g_autofree gchar *path = g_strconcat ("/codes/", orders[i], NULL);

    g_test_add_data_func (path, orders[i], test_order);
  }
  return g_test_run ();
}
