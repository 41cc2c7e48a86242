/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels `planes` in vectors of any width; included once a width, with these defined, which it undefines:
 *   ROW (name): the name in that row; TARGET, the attribute; VECTOR and FLOATS, its types; BYTES, in it
 *   F (name): intrinsics by their name, for floats
 *   SHIFTED (places, by): the places, all of them later
 *   READ (from, stride): what is read of packed pixels at once; LANE, so many bytes from the first pixel of each lane on
 *   PICK (x, places), PICK_2 (x, x_2, places, apart): samples of one reading, or of two that are @apart bytes apart, and
 *   LOAD (bytes, from): samples side by side; all as floats that are 2^23 more: so a sample is the lowest bits, no
 *   conversion is needed, and differences are exact
 *   STORE_F16 (y, value): halves; STREAM (y, value): floats past the caches
 *   SET_16 (value): in every word of 16 bits; NARROW (a, b, zero_point): codes of two vectors of floats in 16 bits; STORE_U8, STORE_I8 (y, low, high): of four
 *   NARROWER (name): the kernel of the row before, for shorter lists and other pixels
 *
 * A sample is four bytes of a vector. A step of floats writes a whole line of the cache to each plane, in AVX2 by two vectors:
 * lines that come in halves, with those of other planes between, take half as long again where they leave the first-level
 * cache. Codes take four vectors a step. No byte before the first sample of a list or behind the last one is read.
 */
#define INLINE static inline __attribute__ ((always_inline)) TARGET
/* Samples of a vector. */
#define VALUES (BYTES / 4)
/* Vectors that a step of floats takes. */
#define FLOAT_VECTORS (64 / BYTES)

/* What the steps of a list have in common. */
typedef struct {
  const uint8_t *from; /* the sample that lies first */
  long stride;
  int apart;     /* from one reading to the next */
  int behind;    /* so many bytes a step reads behind its last sample */
  VECTOR places; /* of the first channel, were it the sample that lies first */
  int offsets[3];
} ROW (List);

typedef struct {
  FLOATS centre, scale, bias; /* centre: 2^23 more */
} ROW (Coefficients);

INLINE
ROW (Coefficients) ROW (load_coefficients) (const PixelnormToPlane *plane, long i, const int bytes)
{
  const uint8_t *centre = (const uint8_t *) plane->centre + i * bytes;

  return (ROW (Coefficients)){ LOAD (bytes, centre), F (loadu) (plane->scale + i),
    F (loadu) (plane->bias + i) };
}

INLINE
ROW (Coefficients) ROW (repeat_coefficients) (const PixelnormToPlane *plane, const int bytes)
{
  const int centre =
      bytes == 2 ? *(const uint16_t *) plane->centre : *(const uint8_t *) plane->centre;

  return (ROW (Coefficients)){ F (set1) (0x1p23f + (float) centre), F (set1) (*plane->scale),
    F (set1) (*plane->bias) };
}

/* Pixels as they were read. */
typedef struct {
  VECTOR x, next; /* next: of 16 bits */
} ROW (Pixels);

INLINE
ROW (Pixels) ROW (read_pixels) (const ROW (List) * list, long i, int shift, const int bytes)
{
  const uint8_t *from = list->from + i * list->stride - shift;
  const VECTOR x = READ (from, list->stride);

  return (ROW (Pixels)){ x, bytes == 2 ? READ (from + list->apart, list->stride) : x };
}

INLINE FLOATS
ROW (value) (ROW (Pixels) pixels, VECTOR places, int apart, ROW (Coefficients) k, const int bytes)
{
  const FLOATS samples =
      bytes == 2 ? PICK_2 (pixels.x, pixels.next, places, apart) : PICK (pixels.x, places);

  (void) apart;
  return F (add) (F (mul) (F (sub) (samples, k.centre), k.scale), k.bias);
}

/* The pixels from i on. Reading begins @shift bytes earlier. */
INLINE void
ROW (step_floats) (const ROW (List) * list, const PixelnormToPlane *planes,
    const ROW (Coefficients) * fixed, long i, int shift, const int bytes, const int item,
    const int stream)
{
  ROW (Pixels) pixels[FLOAT_VECTORS];

#pragma GCC unroll 2
  for (int v = 0; v < FLOAT_VECTORS; v++)
    pixels[v] = ROW (read_pixels) (list, i + v * VALUES, shift, bytes);
#pragma GCC unroll 3
  for (int c = 0; c < 3; c++) {
    const VECTOR places = SHIFTED (list->places, list->offsets[c] + shift);
    FLOATS values[FLOAT_VECTORS];

#pragma GCC unroll 2
    for (int v = 0; v < FLOAT_VECTORS; v++)
      values[v] = ROW (value) (pixels[v], places, list->apart,
          fixed ? fixed[c] : ROW (load_coefficients) (&planes[c], i + v * VALUES, bytes), bytes);
#pragma GCC unroll 2
    for (int v = 0; v < FLOAT_VECTORS; v++)
      if (item == PIXELNORM_ITEM_F16)
        STORE_F16 ((uint16_t *) planes[c].y + i + v * VALUES, values[v]);
      else if (stream)
        STREAM ((float *) planes[c].y + i + v * VALUES, values[v]);
      else
        F (storeu) ((float *) planes[c].y + i + v * VALUES, values[v]);
  }
}

/* The same, four vectors. */
INLINE void
ROW (step_codes) (const ROW (List) * list, const PixelnormToPlane *planes,
    const ROW (Coefficients) * fixed, long i, int shift, const int bytes, const int item,
    VECTOR zero_point)
{
  ROW (Pixels) pixels[4];

#pragma GCC unroll 4
  for (int v = 0; v < 4; v++)
    pixels[v] = ROW (read_pixels) (list, i + v * VALUES, shift, bytes);
#pragma GCC unroll 3
  for (int c = 0; c < 3; c++) {
    const VECTOR places = SHIFTED (list->places, list->offsets[c] + shift);
    uint8_t *y = (uint8_t *) planes[c].y + i;
    FLOATS values[4];

#pragma GCC unroll 4
    for (int v = 0; v < 4; v++)
      values[v] = ROW (value) (pixels[v], places, list->apart,
          fixed ? fixed[c] : ROW (load_coefficients) (&planes[c], i + v * VALUES, bytes), bytes);
    const VECTOR low = NARROW (values[0], values[1], zero_point);
    const VECTOR high = NARROW (values[2], values[3], zero_point);

    if (item == PIXELNORM_ITEM_I8)
      STORE_I8 (y, low, high);
    else
      STORE_U8 (y, low, high);
  }
}

/* Whether it is something for these vectors. */
INLINE int
ROW (find_list) (
    ROW (List) * list, const PixelnormToPlane *planes, unsigned stride, const int bytes)
{
  const void *const from[] = { planes[0].x, planes[1].x, planes[2].x };
  const unsigned strides[] = { stride, stride, stride };
  int last = 0;

  if ((stride != 3u * bytes && stride != 4u * bytes)
      || !pixelnorm_is_packed (from, strides, stride, (unsigned) bytes))
    return 0;
  list->from = from[0];
  for (int c = 1; c < 3; c++)
    list->from = (const uint8_t *) from[c] < list->from ? from[c] : list->from;
  for (int c = 0; c < 3; c++) {
    list->offsets[c] = (int) ((const uint8_t *) from[c] - list->from);
    last = list->offsets[c] > last ? list->offsets[c] : last;
  }
  list->stride = stride;
  list->apart = bytes == 2 ? LANE / 4 * (int) stride - LANE : 0;
  list->behind = list->apart + LANE - ((LANE / 4 - 1) * (int) stride + last + bytes);
  list->places = ROW (load_places) (bytes, stride == 4u * bytes);
  return 1;
}

/* A first step leads to where stores are aligned, if there is such a place. The last step reads from so much earlier on as it would read behind the list, and overlaps the one before. */
INLINE int
ROW (run) (const PixelnormToPlane *asked, unsigned stride, int zero_point, int n, const int bytes,
    const int item, const int repeat, const int stream)
{
  const int codes = item == PIXELNORM_ITEM_U8 || item == PIXELNORM_ITEM_I8;
  const int step = codes ? 4 * VALUES : FLOAT_VECTORS * VALUES, item_bytes = codes ? 1 : 4;
  const int alignment = stream ? BYTES : step * item_bytes;
  const PixelnormToPlane planes[] = { asked[0], asked[1],
    asked[2] }; /* which no result overwrites */
  const VECTOR zero = SET_16 (zero_point);
  ROW (Coefficients) repeated[3];
  const ROW (Coefficients) *fixed = repeat ? repeated : NULL;
  ROW (List) list;
  long i = 0;

  if (!ROW (find_list) (&list, planes, stride, bytes))
    return 0;
  const long spare = (list.behind + (long) stride - 1) / (long) stride;
  if (n < step + spare)
    return 0;
  for (int c = 0; c < 3 && repeat; c++)
    repeated[c] = ROW (repeat_coefficients) (&planes[c], bytes);
  const uintptr_t odd = (uintptr_t) planes[0].y % alignment;
  const int together =
      (uintptr_t) planes[1].y % alignment == odd && (uintptr_t) planes[2].y % alignment == odd;

#define DO_STEP(i, shift, stream)                                                                  \
  do {                                                                                             \
    if (codes)                                                                                     \
      ROW (step_codes) (&list, planes, fixed, i, shift, bytes, item, zero);                        \
    else                                                                                           \
      ROW (step_floats) (&list, planes, fixed, i, shift, bytes, item, stream);                     \
  } while (0)

  if (stream && !together)
    return 0;
  if (item != PIXELNORM_ITEM_F16 && together && odd) {
    DO_STEP (0, 0, 0);
    i = (long) (alignment - odd) / item_bytes;
  }
  for (; i + step + spare <= n; i += step)
    DO_STEP (i, 0, stream);
  /* what is read earlier on must not lie before the list; the first step has made that much */
  i = i < spare ? spare : i;
  for (; i + step < n; i += step)
    DO_STEP (i, list.behind, 0);
  DO_STEP (n - step, list.behind, 0);
#undef DO_STEP
  return 1;
}

#define DEFINE(name, otherwise, bytes, item, repeat, stream)                                       \
  TARGET static void ROW (name) (                                                                  \
      const PixelnormToPlane *planes, unsigned stride, int zero_point, int n_pixels)               \
  {                                                                                                \
    if (!ROW (run) (planes, stride, zero_point, n_pixels, bytes, item, repeat, stream))            \
      otherwise (planes, stride, zero_point, n_pixels);                                            \
  }

#define DEFINE_ITEM(samples, SAMPLE, bytes, item, ITEM)                                            \
  DEFINE (samples##_##item, NARROWER (planes[SAMPLE][ITEM]), bytes, ITEM, 0, 0)                    \
  DEFINE (samples##_repeat_##item, NARROWER (planes_repeat[SAMPLE][ITEM]), bytes, ITEM, 1, 0)

/* As unrolled as they are, loops of 512 bits stay below what keeps their places in registers. */
#define DEFINE_ALL(samples, SAMPLE, bytes)                                                         \
  DEFINE_ITEM (samples, SAMPLE, bytes, f32, PIXELNORM_ITEM_F32)                                    \
  DEFINE_ITEM (samples, SAMPLE, bytes, f16, PIXELNORM_ITEM_F16)                                    \
  DEFINE_ITEM (samples, SAMPLE, bytes, u8, PIXELNORM_ITEM_U8)                                      \
  DEFINE_ITEM (samples, SAMPLE, bytes, i8, PIXELNORM_ITEM_I8)                                      \
  DEFINE (samples##_stream, ROW (samples##_f32), bytes, PIXELNORM_ITEM_F32, 0, 1)                  \
  DEFINE (samples##_repeat_stream, ROW (samples##_repeat_f32), bytes, PIXELNORM_ITEM_F32, 1, 1)

DEFINE_ALL (u8, PIXELNORM_SAMPLE_U8, 1)
DEFINE_ALL (u16, PIXELNORM_SAMPLE_U16, 2)

#define USE_ITEM(samples, SAMPLE, item, ITEM)                                                      \
  kernels->planes[SAMPLE][ITEM] = ROW (samples##_##item);                                          \
  kernels->planes_repeat[SAMPLE][ITEM] = ROW (samples##_repeat_##item)

#define USE(samples, SAMPLE)                                                                       \
  USE_ITEM (samples, SAMPLE, f32, PIXELNORM_ITEM_F32);                                             \
  USE_ITEM (samples, SAMPLE, f16, PIXELNORM_ITEM_F16);                                             \
  USE_ITEM (samples, SAMPLE, u8, PIXELNORM_ITEM_U8);                                               \
  USE_ITEM (samples, SAMPLE, i8, PIXELNORM_ITEM_I8);                                               \
  kernels->planes_stream[SAMPLE] = ROW (samples##_stream);                                         \
  kernels->planes_repeat_stream[SAMPLE] = ROW (samples##_repeat_stream)

static void
ROW (fill) (PixelnormKernels *kernels)
{
  USE (u8, PIXELNORM_SAMPLE_U8);
  USE (u16, PIXELNORM_SAMPLE_U16);
  kernels->fast_planes = 1;
}

#undef INLINE
#undef VALUES
#undef FLOAT_VECTORS
#undef DEFINE
#undef DEFINE_ITEM
#undef DEFINE_ALL
#undef USE_ITEM
#undef USE
#undef SET_16
#undef ROW
#undef TARGET
#undef VECTOR
#undef FLOATS
#undef BYTES
#undef F
#undef SHIFTED
#undef READ
#undef LANE
#undef PICK
#undef PICK_2
#undef LOAD
#undef STORE_F16
#undef NARROW
#undef STORE_U8
#undef STORE_I8
#undef STREAM
#undef NARROWER
