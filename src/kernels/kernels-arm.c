/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row "neon": samples that change places, tables, and half precision, for which Orc has no opcode. ARMv8 as it
 * began, so every 64-bit ARM processor runs it. Written and tested under qemu; how fast it is was not measured.
 *
 * Loads of two, three or four lists at once (vld3q) take pixels of so many samples apart, and stores put them
 * together. A step reads whole pixels from the first channel's place on, which may be up to a pixel behind the
 * last sample: so the last pixels of a row are left to the reference.
 */
#include "kernels-arm.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <stddef.h>

#include "kernels-c.h"

#define INLINE static inline __attribute__ ((always_inline))

/* How channels lie in pixels: stride, channels, and from each channel to the next one, all in samples; 0 for planes. */
#define SHAPE(stride, n_channels, next) ((stride) *64 + (n_channels) *16 + (next) + 8)

static int
shape_of (const void *const *places, const unsigned *strides, unsigned n_channels, int sample_bytes)
{
  const ptrdiff_t next =
      n_channels > 1 ? (const uint8_t *) places[1] - (const uint8_t *) places[0] : 0;
  const unsigned stride = strides[0];
  int planes = 1, evenly = 1;

  for (unsigned c = 1; c < n_channels; c++) {
    if (strides[c] != stride)
      return 0;
    planes &= stride == (unsigned) sample_bytes;
    evenly &= (const uint8_t *) places[c] - (const uint8_t *) places[c - 1] == next;
  }
  if (stride > 4u * (unsigned) sample_bytes || stride % (unsigned) sample_bytes)
    return 0;
  if (n_channels == 1 || (planes && stride == (unsigned) sample_bytes))
    return SHAPE ((int) stride / sample_bytes, (int) n_channels, 0);
  if (!evenly || next > 3 * sample_bytes || next < -3 * sample_bytes || next % sample_bytes)
    return 0;
  return SHAPE ((int) stride / sample_bytes, (int) n_channels, (int) next / sample_bytes);
}

/* take_apart: @n samples a pixel, each to a list of its own. put_together: the way back. */
#define DEFINE_LISTS(samples, Sample, Vector, Vector2, Vector3, Vector4)                           \
  INLINE void take_apart_##samples (Vector *lists, const Sample *from, int n)                      \
  {                                                                                                \
    if (n == 1)                                                                                    \
      lists[0] = vld1q_##samples (from);                                                           \
    else if (n == 2) {                                                                             \
      const Vector2 x = vld2q_##samples (from);                                                    \
                                                                                                   \
      lists[0] = x.val[0], lists[1] = x.val[1];                                                    \
    } else if (n == 3) {                                                                           \
      const Vector3 x = vld3q_##samples (from);                                                    \
                                                                                                   \
      lists[0] = x.val[0], lists[1] = x.val[1], lists[2] = x.val[2];                               \
    } else {                                                                                       \
      const Vector4 x = vld4q_##samples (from);                                                    \
                                                                                                   \
      lists[0] = x.val[0], lists[1] = x.val[1], lists[2] = x.val[2], lists[3] = x.val[3];          \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void put_together_##samples (Sample *to, const Vector *lists, int n)                      \
  {                                                                                                \
    if (n == 1)                                                                                    \
      vst1q_##samples (to, lists[0]);                                                              \
    else if (n == 2)                                                                               \
      vst2q_##samples (to, (Vector2){ { lists[0], lists[1] } });                                   \
    else if (n == 3)                                                                               \
      vst3q_##samples (to, (Vector3){ { lists[0], lists[1], lists[2] } });                         \
    else                                                                                           \
      vst4q_##samples (to, (Vector4){ { lists[0], lists[1], lists[2], lists[3] } });               \
  }

DEFINE_LISTS (u8, uint8_t, uint8x16_t, uint8x16x2_t, uint8x16x3_t, uint8x16x4_t)
DEFINE_LISTS (u16, uint16_t, uint16x8_t, uint16x8x2_t, uint16x8x3_t, uint16x8x4_t)

/* Of a shape that is known where it is compiled: how many pixels were done. The sample of channel c in the pixel that
 * begins at the channel which lies first is place + c * next. */
#define DEFINE_SHAPED(samples, Sample, Vector)                                                     \
  INLINE int gather_shaped_##samples (                                                             \
      Sample *to, const void *const *from, int stride, int n_channels, int next, int n_pixels)     \
  {                                                                                                \
    const int step = 16 / (int) sizeof (Sample), place = next < 0 ? -next * (n_channels - 1) : 0;  \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + step < n_pixels; i += step) {                                                       \
      Vector lists[4], taken[3];                                                                   \
                                                                                                   \
      if (next || n_channels == 1)                                                                 \
        take_apart_##samples (lists, (const Sample *) from[0] - place + i * stride, stride);       \
      for (int c = 0; c < n_channels; c++)                                                         \
        taken[c] = next || n_channels == 1 ? lists[place + c * next]                               \
                                           : vld1q_##samples ((const Sample *) from[c] + i);       \
      put_together_##samples (to + i * n_channels, taken, n_channels);                             \
    }                                                                                              \
    return i;                                                                                      \
  }                                                                                                \
                                                                                                   \
  /* What lies between the channels is read, and written as it was. */                             \
  INLINE int scatter_shaped_##samples (                                                            \
      void *const *to, const Sample *from, int stride, int n_channels, int next, int n_pixels)     \
  {                                                                                                \
    const int step = 16 / (int) sizeof (Sample), place = next < 0 ? -next * (n_channels - 1) : 0;  \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + step < n_pixels; i += step) {                                                       \
      Vector lists[4], taken[3];                                                                   \
      Sample *at = (Sample *) to[0] - place + i * stride;                                          \
                                                                                                   \
      take_apart_##samples (taken, from + i * n_channels, n_channels);                             \
      if (next == 0) {                                                                             \
        for (int c = 0; c < n_channels; c++)                                                       \
          vst1q_##samples ((Sample *) to[c] + i, taken[c]);                                        \
        continue;                                                                                  \
      }                                                                                            \
      if (stride > n_channels)                                                                     \
        take_apart_##samples (lists, at, stride);                                                  \
      for (int c = 0; c < n_channels; c++)                                                         \
        lists[place + c * next] = taken[c];                                                        \
      put_together_##samples (at, lists, stride);                                                  \
    }                                                                                              \
    return i;                                                                                      \
  }

DEFINE_SHAPED (u8, uint8_t, uint8x16_t)
DEFINE_SHAPED (u16, uint16_t, uint16x8_t)

#define GATHER(samples, stride, n, next)                                                           \
  case SHAPE (stride, n, next):                                                                    \
    done = gather_shaped_##samples (to, from, stride, n, next, n_pixels);                          \
    break

#define SCATTER(samples, stride, n, next)                                                          \
  case SHAPE (stride, n, next):                                                                    \
    done = scatter_shaped_##samples (to, from, stride, n, next, n_pixels);                         \
    break

/* SHAPE TABLE: RGB and BGR, with a fourth sample or without; planes; pairs of chroma, alone or within pixels. */
#define EVERY_SHAPE(DO, samples)                                                                   \
  DO (samples, 3, 3, 1);                                                                           \
  DO (samples, 3, 3, -1);                                                                          \
  DO (samples, 4, 3, 1);                                                                           \
  DO (samples, 4, 3, -1);                                                                          \
  DO (samples, 1, 3, 0);                                                                           \
  DO (samples, 1, 2, 0);                                                                           \
  DO (samples, 2, 2, 1);                                                                           \
  DO (samples, 2, 2, -1);                                                                          \
  DO (samples, 3, 2, 1);                                                                           \
  DO (samples, 4, 2, 1);                                                                           \
  DO (samples, 4, 2, 2);                                                                           \
  DO (samples, 4, 2, -2)

/* One channel: scattered one by one, since pixels around it would be read and written three times over. */
#define EVERY_SINGLE(DO, samples)                                                                  \
  DO (samples, 1, 1, 0);                                                                           \
  DO (samples, 2, 1, 0);                                                                           \
  DO (samples, 3, 1, 0);                                                                           \
  DO (samples, 4, 1, 0)

#define DEFINE_GATHER(samples, Sample, type)                                                       \
  static void gather_##samples##_neon (void *to, const void *const *from, const unsigned *strides, \
      unsigned n_channels, int n_pixels)                                                           \
  {                                                                                                \
    const void *rest[PIXELNORM_MAX_GATHERED];                                                      \
    int done = 0;                                                                                  \
                                                                                                   \
    switch (shape_of (from, strides, n_channels, sizeof (Sample))) {                               \
      EVERY_SHAPE (GATHER, samples);                                                               \
      EVERY_SINGLE (GATHER, samples);                                                              \
    }                                                                                              \
    for (unsigned c = 0; c < n_channels; c++)                                                      \
      rest[c] = (const uint8_t *) from[c] + (size_t) done * strides[c];                            \
    pixelnorm_kernels_c.gather[type](                                                              \
        (Sample *) to + (size_t) done * n_channels, rest, strides, n_channels, n_pixels - done);   \
  }                                                                                                \
                                                                                                   \
  static void scatter_##samples##_neon (void *const *to, const unsigned *strides,                  \
      unsigned n_channels, const void *from, int n_pixels)                                         \
  {                                                                                                \
    void *rest[PIXELNORM_MAX_GATHERED];                                                            \
    int done = 0;                                                                                  \
                                                                                                   \
    switch (shape_of ((const void *const *) to, strides, n_channels, sizeof (Sample))) {           \
      EVERY_SHAPE (SCATTER, samples);                                                              \
    }                                                                                              \
    for (unsigned c = 0; c < n_channels; c++)                                                      \
      rest[c] = (uint8_t *) to[c] + (size_t) done * strides[c];                                    \
    pixelnorm_scatter_c[type](rest, strides, n_channels,                                           \
        (const Sample *) from + (size_t) done * n_channels, n_pixels - done);                      \
  }

DEFINE_GATHER (u8, uint8_t, PIXELNORM_SAMPLE_U8)
DEFINE_GATHER (u16, uint16_t, PIXELNORM_SAMPLE_U16)

/* Planes, or a list whose channels follow each other. */
#define DEFINE_SCATTER_OPAQUE(samples, Sample, Vector, type)                                       \
  static void scatter_opaque_##samples##_neon (void *to, const unsigned *places,                   \
      const void *const *from, unsigned stride, unsigned opaque, int n_pixels)                     \
  {                                                                                                \
    const int step = 16 / (int) sizeof (Sample), are_planes = stride == sizeof (Sample);           \
    const Sample *first = from[0];                                                                 \
    const int is_list =                                                                            \
        stride == 3 * sizeof (Sample) && from[1] == first + 1 && from[2] == first + 2;             \
    Vector lists[4], taken[3];                                                                     \
    const void *rest[3];                                                                           \
    int i = 0;                                                                                     \
                                                                                                   \
    for (int s = 0; s < 4; s++)                                                                    \
      lists[s] = vdupq_n_##samples ((Sample) opaque);                                              \
    for (; (are_planes || is_list) && i + step <= n_pixels; i += step) {                           \
      if (is_list)                                                                                 \
        take_apart_##samples (taken, first + 3 * i, 3);                                            \
      for (int c = 0; c < 3; c++)                                                                  \
        lists[places[c]] = is_list ? taken[c] : vld1q_##samples ((const Sample *) from[c] + i);    \
      put_together_##samples ((Sample *) to + 4 * i, lists, 4);                                    \
    }                                                                                              \
    for (int c = 0; c < 3; c++)                                                                    \
      rest[c] = (const uint8_t *) from[c] + (size_t) i * stride;                                   \
    pixelnorm_scatter_opaque_c[type](                                                              \
        (Sample *) to + 4 * i, places, rest, stride, opaque, n_pixels - i);                        \
  }

DEFINE_SCATTER_OPAQUE (u8, uint8_t, uint8x16_t, PIXELNORM_SAMPLE_U8)
DEFINE_SCATTER_OPAQUE (u16, uint16_t, uint16x8_t, PIXELNORM_SAMPLE_U16)

/* A quarter of the table at a time: what lies outside of it gives 0 first, then what was found before. */
INLINE uint8x16_t
look_up (const uint8_t *table, uint8x16_t x)
{
  const uint8x16_t quarter = vdupq_n_u8 (64);
  uint8x16_t found = vqtbl4q_u8 (vld1q_u8_x4 (table), x);

  for (int q = 1; q < 4; q++) {
    x = vsubq_u8 (x, quarter);
    found = vqtbx4q_u8 (found, vld1q_u8_x4 (table + 64 * q), x);
  }
  return found;
}

INLINE int
look_up_period (uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], int period, int n)
{
  int i = 0;

  for (; i + 16 * period <= n; i += 16 * period) {
    uint8x16_t lists[4];

    take_apart_u8 (lists, from + i, period);
    for (int c = 0; c < period; c++)
      lists[c] = look_up (tables[c], lists[c]);
    put_together_u8 (to + i, lists, period);
  }
  return i;
}

static void
lookup_u8_neon (
    uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], unsigned period, int n)
{
  const int done = period == 1 ? look_up_period (to, from, tables, 1, n)
      : period == 2            ? look_up_period (to, from, tables, 2, n)
      : period == 3            ? look_up_period (to, from, tables, 3, n)
                               : look_up_period (to, from, tables, 4, n);

  pixelnorm_kernels_c.lookup_u8 (to + done, from + done, tables, period, n - done);
}

/* Rounded half to even; clamped as a size, of which what is no number becomes the largest, as in the reference. */
INLINE uint16x4_t
half_of (float32x4_t value)
{
  const uint16x4_t sign =
      vand_u16 (vshrn_n_u32 (vreinterpretq_u32_f32 (value), 16), vdup_n_u16 (0x8000));
  const float32x4_t size = vminnmq_f32 (vabsq_f32 (value), vdupq_n_f32 (65504));

  return vorr_u16 (vreinterpret_u16_f16 (vcvt_f16_f32 (size)), sign);
}

static void
convert_f16_neon (void *to_, const float *from, int zero_point, int n)
{
  uint16_t *to = to_;
  int i = 0;

  for (; i + 8 <= n; i += 8)
    vst1q_u16 (
        to + i, vcombine_u16 (half_of (vld1q_f32 (from + i)), half_of (vld1q_f32 (from + i + 4))));
  pixelnorm_convert_f16_c (to + i, from + i, zero_point, n - i);
}

static void
widen (float *to, const uint16_t *from, int n)
{
  int i = 0;

  for (; i + 4 <= n; i += 4)
    vst1q_f32 (to + i, vcvt_f32_f16 (vreinterpret_f16_u16 (vld1_u16 (from + i))));
  for (; i < n; i++)
    to[i] = pixelnorm_float_of_half (from[i]);
}

/* Those of float32 that the row before has. */
static PixelnormNormalize normalize_f32[PIXELNORM_N_SAMPLES];
static PixelnormDenormalize denormalize_f32[PIXELNORM_N_SAMPLES];

#define DEFINE_HALVES(samples, Sample, type)                                                       \
  static void normalize_##samples##_f16_neon (void *y, const void *x, const void *centre,          \
      const float *scale, const float *bias, int zero_point, int n)                                \
  {                                                                                                \
    float tile[PIXELNORM_TILE];                                                                    \
                                                                                                   \
    for (int i = 0; i < n; i += PIXELNORM_TILE) {                                                  \
      const int m = n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE;                               \
                                                                                                   \
      normalize_f32[type](tile, (const Sample *) x + i, (const Sample *) centre + i, scale + i,    \
          bias + i, zero_point, m);                                                                \
      convert_f16_neon ((uint16_t *) y + i, tile, zero_point, m);                                  \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static void denormalize_f16_##samples##_neon (void *x, const void *y, const void *centre,        \
      const float *unscale, const float *bias, int largest, int n)                                 \
  {                                                                                                \
    float tile[PIXELNORM_TILE];                                                                    \
                                                                                                   \
    for (int i = 0; i < n; i += PIXELNORM_TILE) {                                                  \
      const int m = n - i < PIXELNORM_TILE ? n - i : PIXELNORM_TILE;                               \
                                                                                                   \
      widen (tile, (const uint16_t *) y + i, m);                                                   \
      denormalize_f32[type](                                                                       \
          (Sample *) x + i, tile, (const Sample *) centre + i, unscale + i, bias + i, largest, m); \
    }                                                                                              \
  }

DEFINE_HALVES (u8, uint8_t, PIXELNORM_SAMPLE_U8)
DEFINE_HALVES (u16, uint16_t, PIXELNORM_SAMPLE_U16)
PIXELNORM_DEFINE_REPEAT (u8_f16_neon, uint8_t, uint16_t)
PIXELNORM_DEFINE_REPEAT (u16_f16_neon, uint16_t, uint16_t)

int
pixelnorm_has_neon (void)
{
  return 1;
}

#define USE_SAMPLES(type, samples)                                                                 \
  normalize_f32[type] = kernels->normalize[type][PIXELNORM_ITEM_F32];                              \
  denormalize_f32[type] = kernels->denormalize[PIXELNORM_ITEM_F32][type];                          \
  kernels->gather[type] = gather_##samples##_neon;                                                 \
  kernels->scatter[type] = scatter_##samples##_neon;                                               \
  kernels->scatter_opaque[type] = scatter_opaque_##samples##_neon;                                 \
  kernels->normalize[type][PIXELNORM_ITEM_F16] = normalize_##samples##_f16_neon;                   \
  kernels->normalize_repeat[type][PIXELNORM_ITEM_F16] = normalize_repeat_##samples##_f16_neon;     \
  kernels->denormalize[PIXELNORM_ITEM_F16][type] = denormalize_f16_##samples##_neon

void
pixelnorm_fill_neon (PixelnormKernels *kernels)
{
  USE_SAMPLES (PIXELNORM_SAMPLE_U8, u8);
  USE_SAMPLES (PIXELNORM_SAMPLE_U16, u16);
  kernels->lookup_u8 = lookup_u8_neon;
  kernels->convert[PIXELNORM_ITEM_F16] = convert_f16_neon;
}

#else

int
pixelnorm_has_neon (void)
{
  return 0;
}

void
pixelnorm_fill_neon (PixelnormKernels *kernels)
{
  (void) kernels;
}

#endif
