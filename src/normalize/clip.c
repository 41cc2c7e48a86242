/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounds are applied to a tile of results while it is in cache. Rounding never changes the order of two
 * values, so a bound that was rounded bounds what was rounded: half precision and 8-bit codes are
 * clipped as they are.
 */
#include "clip.h"

#include <math.h>
#include <string.h>

static void
apply_f32 (const PixelnormClip *self, void *items, gint n)
{
  float *y = items;

  for (gint i = 0; i < n; i++) {
    const float above = y[i] < self->bounds.f32[0][i] ? self->bounds.f32[0][i] : y[i];

    y[i] = above > self->bounds.f32[1][i] ? self->bounds.f32[1][i] : above;
  }
}

/* Floating-point numbers of 16 bits as integers in the same order: of negative ones all other bits turn. Its own
 * inverse. */
static inline gint16
order_half (gint16 bits)
{
  return (gint16) (bits ^ ((bits >> 15) & 0x7fff));
}

static void
apply_f16 (const PixelnormClip *self, void *items, gint n)
{
  gint16 *y = items;

  for (gint i = 0; i < n; i++) {
    const gint16 ordered = order_half (y[i]);
    const gint16 above = MAX (ordered, self->bounds.f16[0][i]);

    y[i] = order_half (MIN (above, self->bounds.f16[1][i]));
  }
}

static void
apply_u8 (const PixelnormClip *self, void *items, gint n)
{
  guint8 *y = items;

  for (gint i = 0; i < n; i++) {
    const guint8 above = MAX (y[i], self->bounds.u8[0][i]);

    y[i] = MIN (above, self->bounds.u8[1][i]);
  }
}

static void
apply_i8 (const PixelnormClip *self, void *items, gint n)
{
  gint8 *y = items;

  for (gint i = 0; i < n; i++) {
    const gint8 above = MAX (y[i], self->bounds.i8[0][i]);

    y[i] = MIN (above, self->bounds.i8[1][i]);
  }
}

/* As the loops make them, with all that they know of rounding. */
static gint16
half_of (PixelnormItem item, double value)
{
  const PixelnormKernels *kernels = pixelnorm_kernels ();
  const float scale = 0, bias = (float) CLAMP (value, -G_MAXFLOAT, G_MAXFLOAT);
  const guint8 x = 0;
  gint16 half;

  kernels->normalize[PIXELNORM_SAMPLE_U8][item](&half, &x, &x, &scale, &bias, 0, 1);
  return half;
}

static gint
code_of (const PixelnormQuantization *quantization, double y)
{
  const double steps = rint ((y - quantization->offset) / quantization->step);

  return (gint) CLAMP (
      steps + quantization->zero_point, quantization->smallest, (double) quantization->largest);
}

void
pixelnorm_clip_codes (const PixelnormSettings *settings, const PixelnormQuantization *quantization,
    gint *low, gint *high)
{
  const gint first = code_of (quantization, settings->clip_low);
  const gint second = code_of (quantization, settings->clip_high);

  /* a range that is turned around turns the bounds, too */
  *low = MIN (first, second);
  *high = MAX (first, second);
}

static void
set_bounds (PixelnormClip *self, const PixelnormType *type, gint i,
    const PixelnormSettings *settings, const PixelnormQuantization *quantization)
{
  gint low, high;

  if (type->bytes == 4) {
    self->bounds.f32[0][i] = (float) CLAMP (settings->clip_low, -G_MAXFLOAT, G_MAXFLOAT);
    self->bounds.f32[1][i] = (float) CLAMP (settings->clip_high, -G_MAXFLOAT, G_MAXFLOAT);
    return;
  }
  if (type->bytes == 2) {
    self->bounds.f16[0][i] = order_half (half_of (type->item, settings->clip_low));
    self->bounds.f16[1][i] = order_half (half_of (type->item, settings->clip_high));
    return;
  }
  pixelnorm_clip_codes (settings, quantization, &low, &high);
  self->bounds.u8[0][i] = (guint8) low; /* of int8 the same bits */
  self->bounds.u8[1][i] = (guint8) high;
}

PixelnormClip *
pixelnorm_clip_new (
    const PixelnormPlan *plan, const PixelnormRoute *route, const PixelnormSettings *settings)
{
  const PixelnormType *type = plan->type;

  if (!pixelnorm_settings_clip (settings))
    return NULL;
  PixelnormClip *self = g_new0 (PixelnormClip, 1);
  self->apply = type->bytes == 4 ? apply_f32
      : type->bytes == 2         ? apply_f16
      : type->smallest < 0       ? apply_i8
                                 : apply_u8;
  for (gint i = 0; i < PIXELNORM_TILE; i++) {
    if (route->channels[i % (gint) route->rows.n_channels] >= 0)
      set_bounds (self, type, i, settings, &plan->quantization);
    else
      self->bounds.u8[1][i] = 255; /* alpha and padding, of 8-bit video */
  }
  return self;
}
