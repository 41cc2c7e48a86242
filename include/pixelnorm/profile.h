/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The saved statistics of a set of frames. */
#pragma once

#include <pixelnorm/layout.h>

G_BEGIN_DECLS

/**
 * PixelnormScope:
 * @PIXELNORM_SCOPE_PIXEL: every sample (each channel of each pixel) on its own
 * @PIXELNORM_SCOPE_CHANNEL: all pixels of a channel together
 * @PIXELNORM_SCOPE_GLOBAL: all samples together
 *
 * Over what a statistic is pooled.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_SCOPE_PIXEL,
  PIXELNORM_SCOPE_CHANNEL,
  PIXELNORM_SCOPE_GLOBAL
} PixelnormScope;

/**
 * PixelnormImage:
 * @PIXELNORM_IMAGE_MEAN: the mean
 * @PIXELNORM_IMAGE_STD: the population standard deviation (divided by N)
 * @PIXELNORM_IMAGE_RANGE: the dynamic range, maximum - minimum
 * @PIXELNORM_IMAGE_MIN: the minimum
 * @PIXELNORM_IMAGE_MAX: the maximum
 * @PIXELNORM_IMAGE_COUNT: how often the sample was counted; fewer times than there were frames
 *   outside of a mask
 *
 * What can be had for every sample, in code values.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_IMAGE_MEAN,
  PIXELNORM_IMAGE_STD,
  PIXELNORM_IMAGE_RANGE,
  PIXELNORM_IMAGE_MIN,
  PIXELNORM_IMAGE_MAX,
  PIXELNORM_IMAGE_COUNT
} PixelnormImage;

/**
 * PixelnormStatistics:
 * @count: how many samples were pooled; as a floating-point number, exact below 2^53
 * @mean: the mean, in code values
 * @std: the population standard deviation (divided by N), in code values
 * @min: the smallest code value
 * @max: the largest code value
 *
 * Statistics of a set of samples. All are 0 where @count is 0.
 *
 * Since: 0.1
 */
typedef struct {
  gdouble count;
  gdouble mean;
  gdouble std;
  guint min;
  guint max;
} PixelnormStatistics;

#define PIXELNORM_TYPE_PROFILE (pixelnorm_profile_get_type ())
/**
 * PixelnormProfile:
 *
 * The saved statistics of a set of frames: for every sample (each channel of each pixel), or for every
 * channel, the count, the sum, the sum of squares, the minimum and the maximum, as exact integers. A
 * #PixelnormAccumulator makes it, or it comes from a file.
 *
 * Since: 0.1
 */
PIXELNORM_API
G_DECLARE_FINAL_TYPE (PixelnormProfile, pixelnorm_profile, PIXELNORM, PROFILE, GObject)

PIXELNORM_API PixelnormProfile *pixelnorm_profile_load (const gchar *path, GError **error);
PIXELNORM_API PixelnormProfile *pixelnorm_profile_parse (GBytes *bytes, GError **error);
PIXELNORM_API gboolean pixelnorm_profile_save (
    PixelnormProfile *self, const gchar *path, GError **error);

PIXELNORM_API gboolean pixelnorm_profile_replace (
    PixelnormProfile *self, const gchar *path, const gchar *etag, gchar **new_etag, GError **error);
PIXELNORM_API gboolean pixelnorm_profile_query_etag (
    const gchar *path, gchar **etag, GError **error);

PIXELNORM_API gboolean pixelnorm_profile_write (PixelnormProfile *self, gint fd, GError **error);

PIXELNORM_API gboolean pixelnorm_profile_check_path (const gchar *path, GError **error);

PIXELNORM_API PixelnormScope pixelnorm_profile_get_scope (PixelnormProfile *self);
PIXELNORM_API const PixelnormGeometry *pixelnorm_profile_get_geometry (PixelnormProfile *self);
PIXELNORM_API guint pixelnorm_profile_get_width (PixelnormProfile *self);
PIXELNORM_API guint pixelnorm_profile_get_height (PixelnormProfile *self);
PIXELNORM_API const gchar *pixelnorm_profile_get_channels (PixelnormProfile *self);
PIXELNORM_API guint pixelnorm_profile_get_depth (PixelnormProfile *self);
PIXELNORM_API guint64 pixelnorm_profile_get_frames (PixelnormProfile *self);
PIXELNORM_API guint64 pixelnorm_profile_get_frames_skipped (PixelnormProfile *self);
PIXELNORM_API const gchar *pixelnorm_profile_get_identity (PixelnormProfile *self);
PIXELNORM_API const gchar *pixelnorm_profile_get_sources (PixelnormProfile *self);
PIXELNORM_API const gchar *pixelnorm_profile_get_conversions (PixelnormProfile *self);
PIXELNORM_API const gchar *pixelnorm_profile_get_shards (PixelnormProfile *self);
PIXELNORM_API const gchar *pixelnorm_profile_get_created (PixelnormProfile *self);
PIXELNORM_API const gchar *pixelnorm_profile_get_software (PixelnormProfile *self);

PIXELNORM_API void pixelnorm_profile_get_statistics (
    PixelnormProfile *self, gint channel, PixelnormStatistics *statistics);
PIXELNORM_API GBytes *pixelnorm_profile_get_image (
    PixelnormProfile *self, PixelnormImage image, GError **error);
PIXELNORM_API gboolean pixelnorm_profile_has_histogram (PixelnormProfile *self);
PIXELNORM_API GBytes *pixelnorm_profile_get_histogram (PixelnormProfile *self, gint channel);
PIXELNORM_API gboolean pixelnorm_profile_get_percentile (
    PixelnormProfile *self, gint channel, gdouble percent, gdouble *value, GError **error);

G_END_DECLS
