/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The KERNEL TABLE, with the wrappers that put several Orc programs together to one kernel. */
#include "kernels.h"
#include <pthread.h>
#include <stddef.h>

#include "kernels-c.h"
#include "kernels-x86.h"
#include "orc-normalize.h"
#include "orc-statistics.h"

static void
accumulate_u8_orc (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p, const uint8_t *x,
    uint16_t *scratch, int n)
{
  /* two programs, since a program's widest type sets its pace: bytes beside 32-bit words run at a
   * quarter */
  pixelnorm_orc_accumulate_u8 (min, max, sum, scratch, x, n);
  pixelnorm_orc_add_u16_u32 (p, scratch, n);
}

static void
accumulate4_u8_orc (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p,
    const uint8_t *const x[4], uint16_t *scratch, int n)
{
  pixelnorm_orc_accumulate4_u8 (min, max, sum, scratch, x[0], x[1], x[2], x[3], n);
  pixelnorm_orc_add_u16_u32 (p, scratch, n);
}

static void
spill_u16_orc (uint64_t *total, uint16_t *part, int n)
{
  pixelnorm_orc_spill_u16 (total, part, n);
}

static void
spill_u32_orc (uint64_t *total, uint32_t *part, int n)
{
  pixelnorm_orc_spill_u32 (total, part, n);
}

static void
normalize_u8_f32_orc (
    float *y, const uint8_t *x, const uint8_t *centre, const float *scale, const float *bias, int n)
{
  pixelnorm_orc_normalize_u8_f32 (y, x, centre, scale, bias, n);
}

static void
normalize_u8_u8_orc (uint8_t *y, const uint8_t *x, const uint8_t *centre, const float *scale,
    const float *bias, int n)
{
  pixelnorm_orc_normalize_u8_u8 (y, x, centre, scale, bias, n);
}

/* KERNEL TABLE. The last row is what the processor does better than Orc, where it does. */
static PixelnormKernels rows[] = {
  { "c", pixelnorm_accumulate_u8_c, pixelnorm_accumulate4_u8_c, pixelnorm_spill_u16_c,
      pixelnorm_spill_u32_c, pixelnorm_normalize_u8_f32_c, pixelnorm_normalize_u8_u8_c,
      pixelnorm_gather_u8_c },
  { "orc", accumulate_u8_orc, accumulate4_u8_orc, spill_u16_orc, spill_u32_orc,
      normalize_u8_f32_orc, normalize_u8_u8_orc, pixelnorm_gather_u8_c },
  { NULL },
  { NULL },
};

static pthread_once_t rows_made = PTHREAD_ONCE_INIT;

static void
make_rows (void)
{
  PixelnormKernels row = rows[1];

  if (pixelnorm_kernels_x86 (&row))
    rows[2] = row;
}

const PixelnormKernels *
pixelnorm_kernel_rows (void)
{
  pthread_once (&rows_made, make_rows);
  return rows;
}

const PixelnormKernels *
pixelnorm_kernels (void)
{
  const PixelnormKernels *row = pixelnorm_kernel_rows ();

  while (row[1].name)
    row++;
  return row;
}
