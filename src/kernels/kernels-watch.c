/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orc writes its loops where they run, by a version and for a processor that no test of ours may have met, and has
 * been wrong before: docs/development.md has its faults. So each of its loops is held against the reference before it is
 * first used in a process, on numbers among which are the ends of their types, infinities and what is no number.
 *
 * 71 samples are whole vectors of every width and a rest. They begin one item behind an address of 8 bytes, as rows of
 * pixels may, so what Orc does before its vectors are aligned runs, too. An item on either side must stay as it is.
 */
#include "kernels-watch.h"

#include <math.h>
#include <orc/orc.h>
#include <stdio.h>
#include <string.h>

#include "colour-factors.h"

#define N_SAMPLES 71

typedef struct {
  uint64_t items[PIXELNORM_MOST_ARRAYS][N_SAMPLES + 2];
} Memory;

#define CALL(Type, kernel, ...) ((Type) (kernel)) (__VA_ARGS__)

void
pixelnorm_call_accumulate (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  const void *const lists[] = { a[4], a[5], a[6], a[7] };
  uint32_t scratch[PIXELNORM_TILE];

  CALL (PixelnormAccumulate, kernel, a[0], a[1], a[2], a[3], lists, scratch, N_SAMPLES);
}

void
pixelnorm_call_spill_u16 (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  CALL (PixelnormSpillU16, kernel, a[0], a[1], N_SAMPLES);
}

void
pixelnorm_call_spill_u32 (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  CALL (PixelnormSpillU32, kernel, a[0], a[1], N_SAMPLES);
}

void
pixelnorm_call_normalize (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  CALL (PixelnormNormalize, kernel, a[0], a[1], a[2], a[3], a[4], 3, N_SAMPLES);
}

void
pixelnorm_call_denormalize (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  CALL (PixelnormDenormalize, kernel, a[0], a[1], a[2], a[3], a[4],
      self->sample == PIXELNORM_SAMPLE_U8 ? 255 : 4095, N_SAMPLES);
}

void
pixelnorm_call_convert (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  CALL (PixelnormConvert, kernel, a[0], a[1], 3, N_SAMPLES);
}

void
pixelnorm_call_fixed_point (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  PixelnormFixedPoint how = { .shift = 7, .sign = 128 };

  memcpy (how.fine, a[2], N_SAMPLES * sizeof *how.fine);
  memcpy (how.factor, a[3], N_SAMPLES * sizeof *how.factor);
  memcpy (how.plus, a[4], N_SAMPLES * sizeof *how.plus);
  memcpy (how.minus, a[5], N_SAMPLES * sizeof *how.minus);
  CALL (PixelnormFixedPointU8, kernel, a[0], a[1], &how, N_SAMPLES);
}

/* All four programs, one list each. */
void
pixelnorm_call_unpack (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  for (int k = 0; k < 4; k++)
    CALL (PixelnormUnpackU16, kernel, a[k], k & 1, k & 2 ? 6 : 0, 0x3ff, N_SAMPLES);
}

void
pixelnorm_call_pack (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  for (int k = 0; k < 4; k++)
    CALL (PixelnormPackU16, kernel, a[k], k & 1, k & 2 ? 6 : 0, N_SAMPLES);
}

void
pixelnorm_call_running (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  const int shift = self->sample == PIXELNORM_SAMPLE_U8 ? 23 : 15;
  const PixelnormRunningParameters parameters = { shift, 1.f / (float) (1 << shift), 1, 0, 1e-6f };

  CALL (PixelnormRunningKernel, kernel, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], &parameters,
      N_SAMPLES);
}

/* BT.709 of both ranges. */
void
pixelnorm_call_colour (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *a)
{
  for (int limited = 0; limited <= 1; limited++) {
    void *const *to = limited ? a + 5 : a;
    PixelnormColourFactors factors;

    pixelnorm_colour_factors_init (&factors, 2126, 722, limited, 8, 0);
    CALL (PixelnormColourKernel, kernel, to[0], to[1], to[2], a[3], a[4], &factors, N_SAMPLES);
  }
}

/* xorshift: the same numbers in every process. */
static uint32_t
next (uint32_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static float
coefficient (uint32_t r)
{
  const float value = (float) (int32_t) r * 0x1p-30f; /* -2 to 2 */

  switch (r % 8) {
  case 0:
    return value * 1e30f;
  case 1:
    return value * 5000;
  case 2:
  case 3:
    return (float) ((int32_t) r >> 28) / 2; /* -4 to 3.5 */
  default:
    return value;
  }
}

static float
result (uint32_t r)
{
  static const float strange[] = { INFINITY, -INFINITY, NAN, -NAN, 0x1p-140f, -0.f, 3e38f, -3e38f };

  return r % 4 ? (float) ((int32_t) r >> 21) / (r % 4 == 1 ? 7 : 2) : strange[r / 4 % 8];
}

static float
variance (uint32_t r)
{
  static const float sizes[] = { 0, 1e-30f, 1e-6f, .25f, 1, 2500, 1e6f, 4e9f };

  return sizes[r % 8] * (1 + (float) (r >> 8) * 0x1p-24f);
}

/* Where bits may be anything, all are 0 or 1 in one item of four. */
static uint64_t
item (PixelnormContent content, uint32_t r, uint32_t more)
{
  const float value = content == PIXELNORM_COEFFICIENTS ? coefficient (r)
      : content == PIXELNORM_RESULTS                    ? result (r)
                                                        : variance (r);
  uint32_t bits;

  if (content == PIXELNORM_BITS)
    return r % 8 == 0 ? 0 : r % 8 == 1 ? UINT64_MAX : (uint64_t) r << 32 | more;
  if (content == PIXELNORM_POSITIVE)
    return more % 8 == 0 ? 0 : more % 8 == 1 ? INT32_MAX : r >> 1;
  memcpy (&bits, &value, sizeof bits);
  return bits;
}

static void
fill (const PixelnormWatch *self, Memory *memory)
{
  uint32_t state = 20240229;

  for (int k = 0; self->arrays[k].bytes; k++)
    for (int i = 0; i < N_SAMPLES + 2; i++) {
      const uint32_t r = next (&state);
      const uint64_t value = item (self->arrays[k].content, r, next (&state));

      memcpy ((uint8_t *) memory->items[k] + i * self->arrays[k].bytes, &value,
          (size_t) self->arrays[k].bytes);
    }
}

static void
run (const PixelnormWatch *self, PixelnormAnyKernel kernel, Memory *memory)
{
  void *arrays[PIXELNORM_MOST_ARRAYS] = { NULL };

  memset (memory, 0, sizeof *memory);
  fill (self, memory);
  for (int k = 0; self->arrays[k].bytes; k++)
    arrays[k] = (uint8_t *) memory->items[k] + self->arrays[k].bytes;
  self->call (self, kernel, arrays);
}

static int
is_right (const PixelnormWatch *self, PixelnormAnyKernel kernel, PixelnormAnyKernel reference)
{
  Memory expected, found;

  run (self, reference, &expected); /* first, since the other may leave roundings changed */
  run (self, kernel, &found);
  return memcmp (&found, &expected, sizeof found) == 0;
}

int
pixelnorm_watch_try (PixelnormWatch *self, PixelnormAnyKernel kernel, PixelnormAnyKernel reference)
{
  const int state = is_right (self, kernel, reference) ? 1 : -1;
  const int before = __atomic_exchange_n (&self->state, state, __ATOMIC_RELAXED);

  if (state < 0 && before == 0)
    fprintf (stderr,
        "pixelnorm: what Orc %s makes of %s for this processor is wrong; C is used instead, which takes longer. "
        "Please report it.\n",
        orc_version_string (), self->name);
  return state;
}
