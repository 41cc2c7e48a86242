/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels `gather` of one or two channels in vectors of any width; included once a width, with these
 * defined, which it undefines:
 *   ROW (name): the name in that row; TARGET, the attribute; VECTOR, its type; BYTES, in it
 *   V (name), S (name): intrinsics by their name for items, and for all bits
 *   TAKES (n_blocks): whether it gains where so many bytes are read for each one of a result
 *   NARROWER (name, sample): the kernel of the row before, for shorter lists and what this one does not take
 *   LANES (from): the places of a vector: 16 of them in each lane of 128 bits, or 64
 * and, up to 256 bits:
 *   IN_ORDER (y, n_blocks): each lane has results of that lane of all blocks, which are put in order
 *   PAIRS (a, b): the same for what unpacking makes of two vectors
 *
 * No byte before the first sample of a list or behind the last one is read, though they need not be the first
 * and the last one of a pixel.
 */
#define INLINE static inline __attribute__ ((always_inline)) TARGET

INLINE VECTOR
ROW (load) (const uint8_t *from)
{
  return S (loadu) ((const void *) from);
}

INLINE void
ROW (store) (uint8_t *to, VECTOR value)
{
  S (storeu) ((void *) to, value);
}

/* Where results come from, when the first vector is read @shift bytes before the first sample. */
INLINE VECTOR
ROW (find_places) (const Pixels *pixels, int shift)
{
  const VECTOR second = S (and) (LANES (pixels->seconds), V (set1_epi8) ((char) pixels->apart));

  return V (add_epi8) (V (add_epi8) (LANES (pixels->places), second),
      V (set1_epi8) ((char) (pixels->offset + shift)));
}

#if BYTES == 64

typedef VECTOR ROW (Picks);

INLINE VECTOR
ROW (load_picks) (const Pixels *pixels, int shift, int n_blocks)
{
  (void) n_blocks;
  return ROW (find_places) (pixels, shift);
}

INLINE VECTOR
ROW (pick) (const uint8_t *from, const VECTOR *picks, int n_blocks)
{
  (void) n_blocks; /* 2 */
  return _mm512_permutex2var_epi8 (ROW (load) (from), *picks, ROW (load) (from + 64));
}

#else

/* A shuffle a block. */
typedef struct {
  VECTOR shuffles[MAX_BLOCKS];
} ROW (Picks);

INLINE
ROW (Picks) ROW (load_picks) (const Pixels *pixels, int shift, const int n_blocks)
{
  const VECTOR place = ROW (find_places) (pixels, shift);
  ROW (Picks) picks;

  for (int b = 0; b < n_blocks; b++) {
    const VECTOR here = V (sub_epi8) (place, V (set1_epi8) ((char) (16 * b)));

    picks.shuffles[b] = S (or) (here, V (cmpgt_epi8) (here, V (set1_epi8) (15)));
  }
  return picks;
}

INLINE VECTOR
ROW (pick) (const uint8_t *from, const ROW (Picks) * picks, const int n_blocks)
{
  VECTOR y = S (setzero) ();

  for (int b = 0; b < n_blocks; b++)
    y = S (or) (y, V (shuffle_epi8) (ROW (load) (from + BYTES * b), picks->shuffles[b]));
  return IN_ORDER (y, n_blocks);
}

#endif

/* A vector of results out of @n_blocks vectors a step. The first step begins with the first sample; those
 * after it at a vector's own alignment, if that is within the pixel before; the last one overlaps the one
 * before and ends with the last sample. Returns whether there were enough pixels. */
INLINE int
ROW (gather_blocks) (uint8_t *to, const Pixels *pixels, long n_bytes, const int n_blocks)
{
  const uint8_t *from = pixels->from;
  const int behind = pixels->behind, odd = (int) ((uintptr_t) from % BYTES);
  const int shift = odd <= behind ? odd : 0;
  const long end = n_bytes - BYTES;

  if (end < 1)
    return 0;
  const ROW (Picks) first = ROW (load_picks) (pixels, 0, n_blocks);
  const ROW (Picks) picks = ROW (load_picks) (pixels, shift, n_blocks);

  ROW (store) (to, ROW (pick) (from, &first, n_blocks));
#pragma GCC unroll 4
  for (long at = BYTES; at < end; at += BYTES)
    ROW (store) (to + at, ROW (pick) (from + at * n_blocks - shift, &picks, n_blocks));
  const ROW (Picks) last = ROW (load_picks) (pixels, behind, n_blocks);

  ROW (store) (to + end, ROW (pick) (from + end * n_blocks - behind, &last, n_blocks));
  return 1;
}

#if BYTES < 64

INLINE void
ROW (pair) (uint8_t *to, const uint8_t *a, const uint8_t *b, int bytes)
{
  const VECTOR x = ROW (load) (a), y = ROW (load) (b);
  VECTOR low = bytes == 1 ? V (unpacklo_epi8) (x, y) : V (unpacklo_epi16) (x, y);
  VECTOR high = bytes == 1 ? V (unpackhi_epi8) (x, y) : V (unpackhi_epi16) (x, y);

  PAIRS (low, high);
  ROW (store) (to, low);
  ROW (store) (to + BYTES, high);
}

/* Two planes; the last step overlaps the one before. */
INLINE int
ROW (gather_planes) (uint8_t *to, const void *const *from, long n_bytes, const int bytes)
{
  const uint8_t *a = from[0], *b = from[1];
  const long end = n_bytes / 2 - BYTES;

  if (end < 0)
    return 0;
  for (long at = 0; at < end; at += BYTES)
    ROW (pair) (to + 2 * at, a + at, b + at, bytes);
  ROW (pair) (to + 2 * end, a + end, b + end, bytes);
  return 1;
}

#endif

/* Returns whether it was something for vectors of this width, and enough for one. */
INLINE int
ROW (gather) (uint8_t *to, const void *const *from, const unsigned *strides, unsigned n_channels,
    long n_pixels, const int bytes)
{
  const long n_bytes = n_pixels * (long) n_channels * bytes;
  Pixels pixels;

#if BYTES < 64
  if (n_channels == 1 && strides[0] == (unsigned) bytes) {
    memcpy (to, from[0], (size_t) n_bytes);
    return 1;
  }
  if (n_channels == 2 && strides[0] == (unsigned) bytes && strides[1] == (unsigned) bytes)
    return ROW (gather_planes) (to, from, n_bytes, bytes);
#endif
  switch (find_pixels (&pixels, from, strides, n_channels, bytes)) {
  case 1:
    return TAKES (1) && ROW (gather_blocks) (to, &pixels, n_bytes, 1);
  case 2:
    return TAKES (2) && ROW (gather_blocks) (to, &pixels, n_bytes, 2);
  case 3:
    return TAKES (3) && ROW (gather_blocks) (to, &pixels, n_bytes, 3);
  case 4:
    return TAKES (4) && ROW (gather_blocks) (to, &pixels, n_bytes, 4);
  default:
    return 0;
  }
}

/* For more channels. */
static PixelnormGather ROW (more)[PIXELNORM_N_SAMPLES];

TARGET static void
ROW (gather_u8) (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  if (n_channels > 2)
    ROW (more)[PIXELNORM_SAMPLE_U8](to, from, strides, n_channels, n_pixels);
  else if (!ROW (gather) (to, from, strides, n_channels, n_pixels, 1))
    NARROWER (gather_u8, PIXELNORM_SAMPLE_U8) (to, from, strides, n_channels, n_pixels);
}

TARGET static void
ROW (gather_u16) (
    void *to, const void *const *from, const unsigned *strides, unsigned n_channels, int n_pixels)
{
  if (n_channels > 2)
    ROW (more)[PIXELNORM_SAMPLE_U16](to, from, strides, n_channels, n_pixels);
  else if (!ROW (gather) (to, from, strides, n_channels, n_pixels, 2))
    NARROWER (gather_u16, PIXELNORM_SAMPLE_U16) (to, from, strides, n_channels, n_pixels);
}

static void
ROW (fill) (PixelnormKernels *kernels)
{
  for (int sample = 0; sample < PIXELNORM_N_SAMPLES; sample++)
    ROW (more)[sample] = kernels->gather[sample];
  kernels->gather[PIXELNORM_SAMPLE_U8] = ROW (gather_u8);
  kernels->gather[PIXELNORM_SAMPLE_U16] = ROW (gather_u16);
}

#undef ROW
#undef TARGET
#undef VECTOR
#undef BYTES
#undef V
#undef S
#undef TAKES
#undef NARROWER
#undef LANES
#undef IN_ORDER
#undef PAIRS
#undef INLINE
