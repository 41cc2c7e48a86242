/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of settings: a field for every row of the settings table. */
#pragma once

#include <pixelnorm/settings.h>

struct _PixelnormSettings {
  GObject parent_instance;

  PixelnormMethod method;
  PixelnormScope scope;
  PixelnormStatisticsSource statistics;
  gdouble momentum;
  gdouble min_deviation;
  gdouble epsilon;
  gdouble percentile_low;
  gdouble percentile_high;
  PixelnormUnits units;
  guint n_mean;
  gdouble mean[PIXELNORM_MAX_CHANNELS];
  guint n_std;
  gdouble std[PIXELNORM_MAX_CHANNELS];
  guint n_gamma;
  gdouble gamma[PIXELNORM_MAX_CHANNELS];
  guint n_beta;
  gdouble beta[PIXELNORM_MAX_CHANNELS];
  gdouble clip_low;
  gdouble clip_high;
  PixelnormChannelOrder channel_order;
  gdouble range_low;
  gdouble range_high;
  PixelnormTensorLayout tensor_layout;
  gdouble quant_scale;
  gint quant_zero_point;
};

/* One value for all channels, or one a channel. */
static inline double
pixelnorm_settings_value (const double *values, guint n_values, guint channel)
{
  return values[n_values > 1 ? channel : 0];
}
