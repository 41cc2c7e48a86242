/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a normalizer. */
#pragma once

#include <pixelnorm/normalizer.h>

#include "estimates.h"
#include "running.h"

struct _PixelnormNormalizer {
  GObject parent_instance;

  PixelnormLayout layout;
  PixelnormOutput output;
  double low, high;
  PixelnormQuantization quantization; /* of 8-bit outputs */
  PixelnormPass passes[PIXELNORM_MAX_PLANES];
  guint n_passes;
  guint height; /* of the highest pass */
  guint turn;   /* rows, before the next pass has its turn */
  gsize output_size;
  void (*end) (void); /* of a frame; or NULL */

  /* statistics of the stream */
  PixelnormScope scope;
  PixelnormStatisticsSource statistics;
  PixelnormEstimates *estimates; /* of channels; or NULL */
  PixelnormRunning *running;     /* of pixels, one a pass; or NULL */
  guint n_coefficients;          /* channels that the two are of: those of one affine */
  double mean[PIXELNORM_MAX_CHANNELS], std[PIXELNORM_MAX_CHANNELS];
};

const PixelnormQuantization *pixelnorm_normalizer_quantization (const PixelnormNormalizer *self);

/* Before the passes are planned. */
gboolean pixelnorm_normalizer_init_statistics (
    PixelnormNormalizer *self, const PixelnormCoefficients *coefficients, GError **error);

/* Before a frame is normalized, where there are estimates: brings the coefficients up to date. */
void pixelnorm_normalizer_look_at_frame (
    PixelnormNormalizer *self, const PixelnormFrame *frame, gboolean learn);
