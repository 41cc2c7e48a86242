/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels `planes` in vectors of any width; included once a width, with these defined, which it undefines:
 *   ROW (name): the name in that row; TARGET, the attribute; VECTOR and FLOATS, its types; BYTES, in it
 *   F (name), V (name): intrinsics by their name for floats and for 32-bit integers
 *   SHIFTED (places, by): the places, all of them later
 *   READ (from, stride): what is read of packed pixels at once; LANE, so many bytes from the first pixel of each lane on
 *   PICK (x, places), PICK_2 (x, x_2, places, apart): bytes of one reading, or of two that are @apart bytes apart
 *   LOAD (bytes, from): samples side by side as 32-bit integers; TO_FLOATS (x)
 *   STORE_F16 (y, value): halves; STREAM (y, value): floats past the caches
 *   NARROWER (name): the kernel of the row before, for shorter lists and other pixels
 *
 * A sample is four bytes of a vector. No byte before the first sample of a list or behind the last one is read.
 */
#define INLINE static inline __attribute__ ((always_inline)) TARGET
#define STEP (BYTES / 4)

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
  VECTOR centre;
  FLOATS scale, bias;
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

  return (
      ROW (Coefficients)){ V (set1) (centre), F (set1) (*plane->scale), F (set1) (*plane->bias) };
}

/* The pixels from i on. Reading begins @shift bytes earlier. */
INLINE void
ROW (step) (const ROW (List) * list, const PixelnormToPlane *planes,
    const ROW (Coefficients) * fixed, long i, int shift, const int bytes, const int item,
    const int stream)
{
  const uint8_t *from = list->from + i * list->stride - shift;
  const VECTOR x = READ (from, list->stride);
  const VECTOR next = bytes == 2 ? READ (from + list->apart, list->stride) : x;

#pragma GCC unroll 3
  for (int c = 0; c < 3; c++) {
    const VECTOR places = SHIFTED (list->places, list->offsets[c] + shift);
    const VECTOR samples = bytes == 2 ? PICK_2 (x, next, places, list->apart) : PICK (x, places);
    const ROW (Coefficients) k = fixed ? fixed[c] : ROW (load_coefficients) (&planes[c], i, bytes);
    const FLOATS difference = TO_FLOATS (V (sub) (samples, k.centre));
    const FLOATS value = F (add) (F (mul) (difference, k.scale), k.bias);

    if (item == PIXELNORM_ITEM_F16)
      STORE_F16 ((uint16_t *) planes[c].y + i, value);
    else if (stream)
      STREAM ((float *) planes[c].y + i, value);
    else
      F (storeu) ((float *) planes[c].y + i, value);
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
ROW (run) (const PixelnormToPlane *asked, unsigned stride, int n, const int bytes, const int item,
    const int repeat, const int stream)
{
  const PixelnormToPlane planes[] = { asked[0], asked[1],
    asked[2] }; /* which no result overwrites */
  ROW (Coefficients) repeated[3];
  const ROW (Coefficients) *fixed = repeat ? repeated : NULL;
  ROW (List) list;
  long i = 0;

  if (!ROW (find_list) (&list, planes, stride, bytes))
    return 0;
  const long spare = (list.behind + (long) stride - 1) / (long) stride;
  if (n < STEP + spare)
    return 0;
  for (int c = 0; c < 3 && repeat; c++)
    repeated[c] = ROW (repeat_coefficients) (&planes[c], bytes);
  const uintptr_t odd = (uintptr_t) planes[0].y % BYTES;
  const int together =
      (uintptr_t) planes[1].y % BYTES == odd && (uintptr_t) planes[2].y % BYTES == odd;

  if (stream && !together)
    return 0;
  if (item == PIXELNORM_ITEM_F32 && together && odd) {
    ROW (step) (&list, planes, fixed, 0, 0, bytes, item, 0);
    i = (long) (BYTES - odd) / 4;
  }
  for (; i + STEP + spare <= n; i += STEP)
    ROW (step) (&list, planes, fixed, i, 0, bytes, item, stream);
  for (; i + STEP < n; i += STEP)
    ROW (step) (&list, planes, fixed, i, list.behind, bytes, item, 0);
  ROW (step) (&list, planes, fixed, n - STEP, list.behind, bytes, item, 0);
  return 1;
}

#define DEFINE(name, otherwise, bytes, item, repeat, stream)                                       \
  TARGET static void ROW (name) (const PixelnormToPlane *planes, unsigned stride, int n_pixels)    \
  {                                                                                                \
    if (!ROW (run) (planes, stride, n_pixels, bytes, item, repeat, stream))                        \
      otherwise (planes, stride, n_pixels);                                                        \
  }

/* As unrolled as they are, loops of 512 bits stay below what keeps their places in registers. */
#define DEFINE_ALL(samples, SAMPLE, bytes)                                                         \
  DEFINE (samples##_f32, NARROWER (planes[SAMPLE][PIXELNORM_ITEM_F32]), bytes, PIXELNORM_ITEM_F32, \
      0, 0)                                                                                        \
  DEFINE (samples##_f16, NARROWER (planes[SAMPLE][PIXELNORM_ITEM_F16]), bytes, PIXELNORM_ITEM_F16, \
      0, 0)                                                                                        \
  DEFINE (samples##_repeat_f32, NARROWER (planes_repeat[SAMPLE][PIXELNORM_ITEM_F32]), bytes,       \
      PIXELNORM_ITEM_F32, 1, 0)                                                                    \
  DEFINE (samples##_repeat_f16, NARROWER (planes_repeat[SAMPLE][PIXELNORM_ITEM_F16]), bytes,       \
      PIXELNORM_ITEM_F16, 1, 0)                                                                    \
  DEFINE (samples##_stream, ROW (samples##_f32), bytes, PIXELNORM_ITEM_F32, 0, 1)                  \
  DEFINE (samples##_repeat_stream, ROW (samples##_repeat_f32), bytes, PIXELNORM_ITEM_F32, 1, 1)

DEFINE_ALL (u8, PIXELNORM_SAMPLE_U8, 1)
DEFINE_ALL (u16, PIXELNORM_SAMPLE_U16, 2)

#define USE(samples, SAMPLE)                                                                       \
  kernels->planes[SAMPLE][PIXELNORM_ITEM_F32] = ROW (samples##_f32);                               \
  kernels->planes[SAMPLE][PIXELNORM_ITEM_F16] = ROW (samples##_f16);                               \
  kernels->planes_repeat[SAMPLE][PIXELNORM_ITEM_F32] = ROW (samples##_repeat_f32);                 \
  kernels->planes_repeat[SAMPLE][PIXELNORM_ITEM_F16] = ROW (samples##_repeat_f16);                 \
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
#undef STEP
#undef DEFINE
#undef DEFINE_ALL
#undef USE
#undef ROW
#undef TARGET
#undef VECTOR
#undef FLOATS
#undef BYTES
#undef F
#undef V
#undef SHIFTED
#undef READ
#undef LANE
#undef PICK
#undef PICK_2
#undef LOAD
#undef TO_FLOATS
#undef STORE_F16
#undef STREAM
#undef NARROWER
