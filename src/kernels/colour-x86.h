/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels `colour` in vectors of any width; included once a width, with these defined, which it
 * undefines:
 *   ROW (name): the name in that row; TARGET, the attribute; VECTOR, its type; BYTES, in it
 *   V (name), S (name): intrinsics by their name for items, and for all bits
 *   FLOATS, F (name): the same for float32, whose casts are F (name)
 *   IN_LANES (a, b): two vectors whose lanes of 128 bits are 0, 1, 2, ... become 0, 2, ... and 1, 3, ...
 *
 * 8 bits: all that is left a sample is unsigned and of 16 bits. With t = scale Y + (C - scale black) clipped to 0 ..
 * unit 2^8 - 1 by two saturating operations, t / unit is (57458 t) >> 22 for unit 73, t < 18688. Even and odd luma
 * are the halves of words, and both use the word of chroma as it lies, so nothing is unpacked.
 *
 * 9 to 14 bits: 32-bit integers up to the division; unit is 2^k times an odd number of at most 219, and floor (N /
 * unit) = floor ((N >> k) / odd). N >> k < 2^22 is exact in float32, with .5 added, too; times 1 / odd it errs by 2
 * roundings, 2^14 2^-23 at most, less than the .5 / 219 to the next integer.
 *
 * C of R depends on Cr alone, and of B on Cb: in limited range words of 16 bits do for these, a product and the rounded one
 * of its fraction (colour-factors.c). G takes pairs.
 *
 * Against the C row, lists of 256 pixels, ns a sample of R'G'B', in SSSE3, AVX2, AVX-512: 8 bits, two pixels a
 * pair, .129, .069, .071 / 3.0 limited range, .137, .072, .067 full; one pixel a pair .171, .096, .096 and .214,
 * .114, .113 / 3.8. 9 to 14 bits .50, .26, .22 / 2.9 and .68, .35, .30 / 3.8.
 *
 * The last pixels go through a step in buffers of their own.
 */
#define INLINE static inline __attribute__ ((always_inline)) TARGET

typedef struct {
  VECTOR parts[4], first, last;
  __m128i shift;
  VECTOR whole, fraction, bias;
} ROW (Term);

typedef struct {
  ROW (Term) terms[3];
  VECTOR centre, scale, ceiling;
  FLOATS half, inverse, largest;
  __m128i twos;
  int swapped;
} ROW (Factors);

typedef struct {
  VECTOR one, other, low, high;
} ROW (Pairs);

INLINE VECTOR
ROW (load) (const void *from)
{
  return S (loadu) ((const void *) from);
}

INLINE void
ROW (load_factors) (ROW (Factors) * to, const PixelnormColourFactors *from)
{
  const int twos = __builtin_ctz ((unsigned) from->unit), bytes = from->depth == 8;
  /* what an addition saturates at: 2^16 - unit 2^8 */
  const int ceiling = 65536 - (from->unit << 8);

  to->centre = V (set1_epi16) ((short) from->centre);
  to->scale = bytes ? V (set1_epi16) ((short) from->scale) : V (set1_epi32) (from->scale);
  to->ceiling = V (set1_epi16) ((short) ceiling);
  to->swapped = from->swapped;
  to->twos = _mm_cvtsi32_si128 (twos);
  to->half = V (set1_ps) (.5f);
  to->inverse = V (set1_ps) (1.f / (float) (from->unit >> twos));
  to->largest = V (set1_ps) ((float) from->largest);
  for (int c = 0; c < 3; c++) {
    const PixelnormChromaTerm *term = &from->terms[c];

    for (int k = 0; k < 4; k++)
      to->terms[c].parts[k] = V (set1_epi32) (
          (int) ((unsigned) term->parts[k][1] << 16 | (uint16_t) term->parts[k][0]));
    to->terms[c].first = V (set1_epi32) (term->first);
    to->terms[c].last = V (set1_epi32) (term->last);
    to->terms[c].shift = _mm_cvtsi32_si128 (term->shift);
    to->terms[c].whole = V (set1_epi16) (term->whole);
    to->terms[c].fraction = V (set1_epi16) (term->fraction);
    to->terms[c].bias = bytes
        ? V (set1_epi16) ((short) (ceiling - from->scale * from->black + term->offset))
        : V (set1_epi32) (-from->scale * from->black);
  }
}

/* C of pairs in two parts, as 32-bit integers. */
INLINE VECTOR
ROW (chroma_two) (VECTOR pairs, const ROW (Term) * term)
{
  const VECTOR low = V (add_epi32) (V (madd_epi16) (pairs, term->parts[1]), term->last);

  return V (sra_epi32) (
      V (add_epi32) (V (madd_epi16) (pairs, term->parts[0]), V (srai_epi32) (low, 15)),
      term->shift);
}

/* In four, with the black of luma taken off. */
INLINE VECTOR
ROW (chroma_four) (VECTOR pairs, const ROW (Term) * term)
{
  VECTOR sum = V (add_epi32) (V (madd_epi16) (pairs, term->parts[3]), term->last);

  for (int k = 2; k >= 0; k--)
    sum = V (add_epi32) (V (madd_epi16) (pairs, term->parts[k]), V (srai_epi32) (sum, 15));
  return V (add_epi32) (V (sra_epi32) (V (add_epi32) (sum, term->first), term->shift), term->bias);
}

/* Pairs of bytes as words: both samples, each in the order of memory, and the pairs in halves: what unpacking does by
 * lanes, packing undoes. */
INLINE
ROW (Pairs) ROW (split_pairs) (VECTOR bytes, VECTOR centre, const int limited)
{
  const VECTOR zero = S (setzero) ();
  ROW (Pairs)
  to = { .one = V (sub_epi16) (S (and) (bytes, V (set1_epi16) (255)), centre),
    .other = V (sub_epi16) (V (srli_epi16) (bytes, 8), centre) };

  if (limited) {
    to.low = V (unpacklo_epi16) (to.one, to.other);
    to.high = V (unpackhi_epi16) (to.one, to.other);
  } else {
    to.low = V (sub_epi16) (V (unpacklo_epi8) (bytes, zero), centre);
    to.high = V (sub_epi16) (V (unpackhi_epi8) (bytes, zero), centre);
  }
  return to;
}

/* Words of C of channel @c. R and B of limited range take one sample of the pair each. */
INLINE VECTOR
ROW (chroma_words) (
    const ROW (Pairs) * pairs, const ROW (Factors) * k, const int c, const int limited)
{
  const ROW (Term) *term = &k->terms[c];
  VECTOR sum;

  if (limited && c != 1) {
    const VECTOR words = (c == 0) != k->swapped ? pairs->other : pairs->one;

    sum = V (add_epi16) (
        V (mullo_epi16) (words, term->whole), V (mulhrs_epi16) (words, term->fraction));
  } else {
    sum =
        V (packs_epi32) (ROW (chroma_two) (pairs->low, term), ROW (chroma_two) (pairs->high, term));
  }
  return V (add_epi16) (sum, term->bias);
}

/* Of words of scaled luma. */
INLINE VECTOR
ROW (value_u8) (VECTOR luma, VECTOR chroma, VECTOR ceiling, const int limited)
{
  const VECTOR t = V (subs_epu16) (V (adds_epu16) (luma, chroma), ceiling);

  return limited ? V (srli_epi16) (V (mulhi_epu16) (t, V (set1_epi16) ((short) 57458)), 6) : t;
}

INLINE void
ROW (step_u8_2) (uint8_t *const planes[3], int i, const uint8_t *luma, const uint8_t *chroma,
    const ROW (Factors) * k, const int limited)
{
  const VECTOR y = ROW (load) (luma);
  const ROW (Pairs) pairs = ROW (split_pairs) (ROW (load) (chroma), k->centre, limited);
  VECTOR even = S (and) (y, V (set1_epi16) (255)), odd = V (srli_epi16) (y, 8);

  if (limited) {
    even = V (mullo_epi16) (even, k->scale);
    odd = V (mullo_epi16) (odd, k->scale);
  }
  for (int c = 0; c < 3; c++) {
    const VECTOR chroma_c = ROW (chroma_words) (&pairs, k, c, limited);
    const VECTOR a = ROW (value_u8) (even, chroma_c, k->ceiling, limited);
    const VECTOR b = ROW (value_u8) (odd, chroma_c, k->ceiling, limited);

    S (storeu) ((void *) (planes[c] + i), S (or) (a, V (slli_epi16) (b, 8)));
  }
}

INLINE void
ROW (step_u8_1) (uint8_t *const planes[3], int i, const uint8_t *luma, const uint8_t *chroma,
    const ROW (Factors) * k, const int limited)
{
  const VECTOR zero = S (setzero) (), y = ROW (load) (luma);
  VECTOR first = ROW (load) (chroma), second = ROW (load) (chroma + BYTES);
  VECTOR low = V (unpacklo_epi8) (y, zero), high = V (unpackhi_epi8) (y, zero);

  IN_LANES (first, second);
  const ROW (Pairs) pairs[] = { ROW (split_pairs) (first, k->centre, limited),
    ROW (split_pairs) (second, k->centre, limited) };
  if (limited) {
    low = V (mullo_epi16) (low, k->scale);
    high = V (mullo_epi16) (high, k->scale);
  }
  for (int c = 0; c < 3; c++) {
    const VECTOR chroma_low = ROW (chroma_words) (&pairs[0], k, c, limited);
    const VECTOR chroma_high = ROW (chroma_words) (&pairs[1], k, c, limited);

    S (storeu)
    ((void *) (planes[c] + i),
        V (packus_epi16) (ROW (value_u8) (low, chroma_low, k->ceiling, limited),
            ROW (value_u8) (high, chroma_high, k->ceiling, limited)));
  }
}

INLINE VECTOR
ROW (value_u16) (VECTOR luma, VECTOR chroma, const ROW (Factors) * k)
{
  const VECTOR n = V (sra_epi32) (V (add_epi32) (luma, chroma), k->twos);
  const FLOATS value = F (mul) (F (add) (V (cvtepi32_ps) (n), k->half), k->inverse);

  return V (cvttps_epi32) (F (min) (F (max) (value, F (setzero) ()), k->largest));
}

INLINE void
ROW (step_u16_2) (uint16_t *const planes[3], int i, const uint16_t *luma, const uint16_t *chroma,
    const ROW (Factors) * k, const int limited)
{
  const VECTOR y = ROW (load) (luma);
  const VECTOR pairs = V (sub_epi16) (ROW (load) (chroma), k->centre);
  const VECTOR even = V (madd_epi16) (S (and) (y, V (set1_epi32) (0xffff)), k->scale);
  const VECTOR odd = V (madd_epi16) (V (srli_epi32) (y, 16), k->scale);

  (void) limited;
  for (int c = 0; c < 3; c++) {
    const VECTOR chroma_c = ROW (chroma_four) (pairs, &k->terms[c]);
    const VECTOR a = ROW (value_u16) (even, chroma_c, k), b = ROW (value_u16) (odd, chroma_c, k);

    S (storeu) ((void *) (planes[c] + i), S (or) (a, V (slli_epi32) (b, 16)));
  }
}

/* Packing is signed: values have 14 bits at most. */
INLINE void
ROW (step_u16_1) (uint16_t *const planes[3], int i, const uint16_t *luma, const uint16_t *chroma,
    const ROW (Factors) * k, const int limited)
{
  const VECTOR zero = S (setzero) (), y = ROW (load) (luma);
  const VECTOR low = V (madd_epi16) (V (unpacklo_epi16) (y, zero), k->scale);
  const VECTOR high = V (madd_epi16) (V (unpackhi_epi16) (y, zero), k->scale);
  VECTOR first = V (sub_epi16) (ROW (load) (chroma), k->centre);
  VECTOR second = V (sub_epi16) (ROW (load) (chroma + BYTES / 2), k->centre);

  (void) limited;
  IN_LANES (first, second);
  for (int c = 0; c < 3; c++) {
    const VECTOR a = ROW (value_u16) (low, ROW (chroma_four) (first, &k->terms[c]), k);
    const VECTOR b = ROW (value_u16) (high, ROW (chroma_four) (second, &k->terms[c]), k);

    S (storeu) ((void *) (planes[c] + i), V (packs_epi32) (a, b));
  }
}

#define DEFINE_LIST(samples, shared, Sample)                                                       \
  INLINE void ROW (list_##samples##_##shared) (Sample *const planes[3], const Sample *luma,        \
      const Sample *chroma, const ROW (Factors) * k, const int limited, int n)                     \
  {                                                                                                \
    enum { STEP = BYTES / (int) sizeof (Sample), PAIR = 2 / shared };                              \
    Sample last_luma[STEP] = { 0 }, last_chroma[STEP * PAIR] = { 0 }, last[3][STEP];               \
    Sample *const last_planes[] = { last[0], last[1], last[2] };                                   \
    int i = 0;                                                                                     \
                                                                                                   \
    for (; i + STEP <= n; i += STEP)                                                               \
      ROW (step_##samples##_##shared) (planes, i, luma + i, chroma + i * PAIR, k, limited);        \
    if (i == n)                                                                                    \
      return;                                                                                      \
    memcpy (last_luma, luma + i, (size_t) (n - i) * sizeof (Sample));                              \
    memcpy (last_chroma, chroma + i * PAIR,                                                        \
        (size_t) ((n - i + shared - 1) / shared * 2) * sizeof (Sample));                           \
    ROW (step_##samples##_##shared) (last_planes, 0, last_luma, last_chroma, k, limited);          \
    for (int c = 0; c < 3; c++)                                                                    \
      memcpy (planes[c] + i, last[c], (size_t) (n - i) * sizeof (Sample));                         \
  }

#define DEFINE_COLOUR(samples, shared, Sample, SAMPLE)                                             \
  DEFINE_LIST (samples, shared, Sample)                                                            \
  TARGET static void ROW (colour_##samples##_##shared) (void *r, void *g, void *b,                 \
      const void *luma, const void *chroma, const PixelnormColourFactors *factors, int n)          \
  {                                                                                                \
    Sample *const planes[] = { r, g, b };                                                          \
    ROW (Factors) k;                                                                               \
                                                                                                   \
    if (!factors->has_parts) {                                                                     \
      pixelnorm_colour_c[SAMPLE][shared - 1](r, g, b, luma, chroma, factors, n);                   \
      return;                                                                                      \
    }                                                                                              \
    ROW (load_factors) (&k, factors);                                                              \
    if (factors->unit > 1)                                                                         \
      ROW (list_##samples##_##shared) (planes, luma, chroma, &k, 1, n);                            \
    else                                                                                           \
      ROW (list_##samples##_##shared) (planes, luma, chroma, &k, 0, n);                            \
  }

DEFINE_COLOUR (u8, 1, uint8_t, PIXELNORM_SAMPLE_U8)
DEFINE_COLOUR (u8, 2, uint8_t, PIXELNORM_SAMPLE_U8)
DEFINE_COLOUR (u16, 1, uint16_t, PIXELNORM_SAMPLE_U16)
DEFINE_COLOUR (u16, 2, uint16_t, PIXELNORM_SAMPLE_U16)

static void
ROW (fill) (PixelnormKernels *kernels)
{
  kernels->colour[PIXELNORM_SAMPLE_U8][0] = ROW (colour_u8_1);
  kernels->colour[PIXELNORM_SAMPLE_U8][1] = ROW (colour_u8_2);
  kernels->colour[PIXELNORM_SAMPLE_U16][0] = ROW (colour_u16_1);
  kernels->colour[PIXELNORM_SAMPLE_U16][1] = ROW (colour_u16_2);
}

#undef INLINE
#undef DEFINE_LIST
#undef DEFINE_COLOUR
#undef ROW
#undef TARGET
#undef VECTOR
#undef FLOATS
#undef BYTES
#undef V
#undef S
#undef F
#undef IN_LANES
