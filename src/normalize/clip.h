/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounds of results, in the units of the output. */
#pragma once

#include "plan.h"

/* Bounds for the items of a tile. */
typedef struct PixelnormClip PixelnormClip;

struct PixelnormClip {
  void (*apply) (const PixelnormClip *self, void *items, gint n); /* n <= PIXELNORM_TILE */
  union {
    float f32[2][PIXELNORM_TILE];
    gint16 f16[2][PIXELNORM_TILE]; /* of any float of 16 bits, ordered as the numbers are */
    guint8 u8[2][PIXELNORM_TILE];
    gint8 i8[2][PIXELNORM_TILE];
  } bounds; /* lowest, highest */
};

static inline gboolean
pixelnorm_settings_clip (const PixelnormSettings *settings)
{
  return settings->clip_low > -G_MAXDOUBLE || settings->clip_high < G_MAXDOUBLE;
}

/* Bounds of a pass along a route of @plan; samples of no channel have none. Transfer full, g_free(); NULL where
 * nothing is clipped. */
PixelnormClip *pixelnorm_clip_new (
    const PixelnormPlan *plan, const PixelnormRoute *route, const PixelnormSettings *settings);

/* The lowest and highest code that results have. */
void pixelnorm_clip_codes (const PixelnormSettings *settings,
    const PixelnormQuantization *quantization, gint *low, gint *high);
