/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SimdSynetSetInput: a range for each channel, into memory that is there already. Simd takes the instructions that it finds
 * the processor to have, whatever row of kernels we are told to take. */
#include "simd.h"

#include <Simd/SimdLib.h>

#define N_CHANNELS 3

struct SimdWork {
  SimdPixelFormatType format;
  SimdTensorFormatType order;
  guint width, height, n_frames;
  gsize stride;
  const guint8 *const *frames;
  gfloat *out;
};

static const gfloat lower[N_CHANNELS] = { -123.7f / 58.4f, -116.3f / 57.1f, -103.5f / 57.4f };
static const gfloat upper[N_CHANNELS] = { (255 - 123.7f) / 58.4f, (255 - 116.3f) / 57.1f,
  (255 - 103.5f) / 57.4f };

/* Channels stay in the order in which they lie, which Simd calls B, G, R. */
static const struct {
  const char *name;
  SimdPixelFormatType format;
  guint bytes;
} formats[] = {
  { "RGB", SimdPixelFormatBgr24, 3 },
  { "BGRx", SimdPixelFormatBgra32, 4 },
};

static const struct {
  const char *path;
  SimdTensorFormatType order;
} orders[] = {
  { "float32, channel", SimdTensorFormatNhwc },
  { "float32 NCHW, channel", SimdTensorFormatNchw },
};

const char *
simd_version (void)
{
  return SimdVersion ();
}

/* The last channel of the second pixel, by the formula of Simd's documentation. */
static void
check_result (const SimdWork *work, guint bytes)
{
  const guint c = N_CHANNELS - 1;
  const gsize at = work->order == SimdTensorFormatNchw ? (gsize) c * work->width * work->height + 1
                                                       : N_CHANNELS + c;
  const gfloat expected =
      (gfloat) work->frames[0][bytes + c] / 255 * (upper[c] - lower[c]) + lower[c];

  g_assert_cmpfloat_with_epsilon (work->out[at], expected, 1e-5f);
}

SimdWork *
simd_work_new (const char *path, const char *format, guint width, guint height,
    guint8 *const *frames, guint n_frames)
{
  for (guint f = 0; f < G_N_ELEMENTS (formats); f++)
    for (guint o = 0; o < G_N_ELEMENTS (orders); o++) {
      if (!g_str_equal (formats[f].name, format) || !g_str_equal (orders[o].path, path))
        continue;
      SimdWork *work = g_new (SimdWork, 1);
      *work = (SimdWork){ formats[f].format, orders[o].order, width, height, n_frames,
        (width * formats[f].bytes + 3) & ~3u, (const guint8 *const *) frames,
        g_aligned_alloc (width * height * N_CHANNELS, sizeof (gfloat), 64) };
      simd_work_run (work, 0);
      check_result (work, formats[f].bytes);
      return work;
    }
  return NULL;
}

void
simd_work_free (SimdWork *work)
{
  g_aligned_free (work->out);
  g_free (work);
}

void
simd_work_run (gpointer data, guint i)
{
  const SimdWork *work = data;

  SimdSynetSetInput (work->frames[i % work->n_frames], work->width, work->height, work->stride,
      work->format, lower, upper, work->out, N_CHANNELS, work->order);
}
