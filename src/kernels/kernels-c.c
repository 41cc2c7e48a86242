/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference: each kernel as plainly as C can say it. What the fast ones give is compared with
 * this. */
#include "kernels-c.h"

#include <math.h>
#include <string.h>

void
pixelnorm_accumulate_u8_c (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p, const uint8_t *x,
    uint16_t *scratch, int n)
{
  (void) scratch;
  for (int i = 0; i < n; i++) {
    min[i] = x[i] < min[i] ? x[i] : min[i];
    max[i] = x[i] > max[i] ? x[i] : max[i];
    sum[i] += x[i];
    p[i] += (uint32_t) x[i] * (255u - x[i]);
  }
}

void
pixelnorm_accumulate4_u8_c (uint8_t *min, uint8_t *max, uint16_t *sum, uint32_t *p,
    const uint8_t *const x[4], uint16_t *scratch, int n)
{
  for (int k = 0; k < 4; k++)
    pixelnorm_accumulate_u8_c (min, max, sum, p, x[k], scratch, n);
}

void
pixelnorm_spill_u16_c (uint64_t *total, uint16_t *part, int n)
{
  for (int i = 0; i < n; i++)
    total[i] += part[i];
  memset (part, 0, (size_t) n * sizeof *part);
}

void
pixelnorm_spill_u32_c (uint64_t *total, uint32_t *part, int n)
{
  for (int i = 0; i < n; i++)
    total[i] += part[i];
  memset (part, 0, (size_t) n * sizeof *part);
}

void
pixelnorm_normalize_u8_f32_c (
    float *y, const uint8_t *x, const uint8_t *centre, const float *scale, const float *bias, int n)
{
  for (int i = 0; i < n; i++)
    y[i] = (float) (x[i] - centre[i]) * scale[i] + bias[i];
}

void
pixelnorm_normalize_u8_u8_c (uint8_t *y, const uint8_t *x, const uint8_t *centre,
    const float *scale, const float *bias, int n)
{
  for (int i = 0; i < n; i++) {
    const float value = (float) (x[i] - centre[i]) * scale[i] + bias[i];

    y[i] = (uint8_t) rintf (fminf (fmaxf (value, 0), 255));
  }
}

void
pixelnorm_gather_u8_c (uint8_t *to, const uint8_t *const *from, const unsigned *strides,
    unsigned n_channels, int n_pixels)
{
  if (n_channels == 1) {
    for (int i = 0; i < n_pixels; i++)
      to[i] = from[0][(size_t) i * strides[0]];
    return;
  }
  const uint8_t *a = from[0], *b = from[1], *c = from[2];

  for (int i = 0; i < n_pixels; i++) {
    to[3 * i] = *a;
    to[3 * i + 1] = *b;
    to[3 * i + 2] = *c;
    a += strides[0];
    b += strides[1];
    c += strides[2];
  }
}

void
pixelnorm_lookup_u8 (
    uint8_t *to, const uint8_t *from, const uint8_t (*tables)[256], unsigned period, int n)
{
  for (unsigned c = 0; c < period; c++) {
    const uint8_t *table = tables[c];

    for (int i = (int) c; i < n; i += (int) period)
      to[i] = table[from[i]];
  }
}
