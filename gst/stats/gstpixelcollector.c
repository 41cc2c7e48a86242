/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The collecting side of pixelstats: an accumulator behind a lock, the rules of which buffers
 * count, and saving. In scope pixel frames wait in a batch; they count from when they came, and are
 * added before anybody sees statistics, so that those are of every frame that passed. Every frame taken or skipped counts as a
 * change; a file knows up to which change it was written, so nothing is written twice and an older snapshot never counts as
 * newer.
 *
 * Adding frames, and a snapshot of large ones, take long. Whoever does that claims the accumulator, and the lock is free
 * meanwhile: frames go on into the batch, and only who wants to change the accumulator, or finds no room, waits. The stream
 * adds a part of a batch with each frame, where nobody else is at it.
 */
#include "gstpixelcollector.h"

#define MAX_SOURCE 4096 /* characters of a URI that names a source */

void
gst_pixel_collector_init (GstPixelCollector *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_mutex_init (&self->write_lock);
  gst_pixel_batch_init (&self->batch);
}

/* For all who may have added frames: nobody waits between that and this, so there is room for what is released. */
static void
unlock (GstPixelCollector *self)
{
  GstBuffer *released[GST_PIXEL_BATCH_MAX_RELEASED];
  const guint n = gst_pixel_batch_steal_released (&self->batch, released);

  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < n; i++)
    gst_buffer_unref (released[i]);
}

/* The accumulator, and the frames that wait first, are the caller's until disclaim(). Needs the lock, and gives it up
 * meanwhile. */
static void
claim (GstPixelCollector *self)
{
  while (self->is_claimed)
    g_cond_wait (&self->changed, &self->lock);
  self->is_claimed = TRUE;
}

/* Needs the claim and the lock. */
static void
pass_on_skipped (GstPixelCollector *self)
{
  if (!self->accumulator)
    return;
  pixelnorm_accumulator_skip (self->accumulator, self->skipped);
  self->skipped = 0;
}

/* Needs the lock. */
static void
disclaim (GstPixelCollector *self)
{
  pass_on_skipped (self);
  self->is_claimed = FALSE;
  g_cond_broadcast (&self->changed);
}

/* What the accumulator refused counts as skipped; the error waits for somebody who can tell it. Needs the lock. */
static void
forget_added (GstPixelCollector *self, guint n_added)
{
  const guint n = self->n_adding;

  self->frames += n_added;
  self->skipped += n - n_added;
  self->taken -= n - n_added;
  self->changes += n - n_added;
  gst_pixel_batch_forget (&self->batch, n);
  self->n_adding = self->n_parts_added = 0;
  g_cond_broadcast (&self->changed);
}

/* Where a batch, which is all or nothing, does not fit: some may. */
static guint
add_one_by_one (PixelnormAccumulator *accumulator, const PixelnormLayout *layout,
    const PixelnormFrame *frames, guint n, GError **error)
{
  guint added = 0;

  while (added < n && pixelnorm_accumulator_add (accumulator, layout, &frames[added], 1, error))
    added++;
  return added;
}

/* Adds a part of the first @n frames that wait, or goes on with those that it began with. Returns: how many frames are
 * added now. Needs the claim and the lock, which it gives up meanwhile. */
static guint
add_part (GstPixelCollector *self, guint n)
{
  const PixelnormLayout *layout = self->batch.video.layout;
  PixelnormAccumulator *accumulator = self->accumulator;
  const guint part = self->n_parts_added, n_parts = self->batch.n_parts;
  PixelnormFrame frames[PIXELNORM_MAX_BATCH];
  g_autoptr (GError) error = NULL;

  if (part == 0)
    self->n_adding = MIN (n, self->batch.size);
  n = self->n_adding;
  gst_pixel_batch_get_frames (&self->batch, frames, n);
  g_mutex_unlock (&self->lock);
  const gboolean ok =
      pixelnorm_accumulator_add_part (accumulator, layout, frames, n, part, n_parts, NULL);
  const guint n_added = ok ? n : add_one_by_one (accumulator, layout, frames, n, &error);
  g_mutex_lock (&self->lock);
  if (error && !self->add_error)
    self->add_error = g_steal_pointer (&error);
  self->n_parts_added++;
  if (ok && self->n_parts_added < n_parts)
    return 0;
  forget_added (self, n_added);
  return n;
}

/* Adds all frames that wait when it is called; none is added in part then. Needs the claim and the lock, which it gives up
 * meanwhile. */
static void
add_waiting (GstPixelCollector *self)
{
  for (guint n = self->batch.n_frames; n > 0;)
    n -= add_part (self, n);
}

/* The part of the work that is this frame's. Needs the lock, and gives it up meanwhile. */
static void
add_share (GstPixelCollector *self)
{
  if (gst_pixel_batch_is_due (&self->batch)) {
    claim (self);
    add_waiting (self);
    disclaim (self);
    return;
  }
  while (self->is_claimed && gst_pixel_batch_is_full (&self->batch))
    g_cond_wait (&self->changed, &self->lock);
  if (self->is_claimed)
    return;
  self->is_claimed = TRUE;
  /* a batch that is refused ends with its first part */
  for (guint n = gst_pixel_batch_get_due_parts (&self->batch, self->n_parts_added); n > 0; n--)
    if (add_part (self, self->batch.size) > 0)
      break;
  disclaim (self);
}

gboolean
gst_pixel_collector_add_held (GstPixelCollector *self, GError **error)
{
  g_mutex_lock (&self->lock);
  claim (self);
  add_waiting (self);
  disclaim (self);
  gst_pixel_batch_forget_pool (&self->batch);
  GError *add_error = g_steal_pointer (&self->add_error);
  unlock (self);
  if (add_error)
    g_propagate_error (error, add_error);
  return add_error == NULL;
}

void
gst_pixel_collector_clear (GstPixelCollector *self)
{
  gst_pixel_collector_add_held (self, NULL);
  gst_pixel_batch_clear (&self->batch);
  g_clear_object (&self->accumulator);
  gst_pixel_file_clear (&self->file);
  g_free (self->saved_location);
  g_free (self->source);
  mask_image_clear (&self->mask);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->write_lock);
}

/* Needs the locks, and the claim. */
static void
forget_frames (GstPixelCollector *self)
{
  gst_pixel_batch_forget (&self->batch, self->batch.n_frames);
  self->n_adding = self->n_parts_added = 0;
  g_clear_error (&self->add_error);
  g_clear_object (&self->accumulator);
  self->colour.known = NULL;
  self->frames = self->skipped = self->taken = self->seen = 0;
  self->full = FALSE;
  /* goes on counting, so that a snapshot from before is older than all that follows */
  self->changes++;
  g_clear_pointer (&self->saved_location, g_free);
}

void
gst_pixel_collector_restart (GstPixelCollector *self, PixelnormScope scope)
{
  g_mutex_lock (&self->write_lock);
  g_mutex_lock (&self->lock);
  claim (self);
  forget_frames (self);
  gst_pixel_file_clear (&self->file);
  self->scope = scope;
  self->assumed = NULL;
  gst_pixel_video_clear (&self->batch.video);
  g_clear_pointer (&self->source, g_free);
  self->histogram = FALSE;
  mask_image_clear (&self->mask);
  disclaim (self);
  unlock (self);
  g_mutex_unlock (&self->write_lock);
}

gboolean
gst_pixel_collector_choose (GstPixelCollector *self, const GstPixelColour *colour,
    gboolean histogram, const gchar *mask, const MaskRegion *roi, GError **error)
{
  MaskImage fresh = { 0 };

  if (mask && !mask_image_load (&fresh, mask, error))
    return FALSE;
  fresh.has_region = roi != NULL;
  if (roi)
    fresh.region = *roi;
  g_mutex_lock (&self->lock);
  self->colour = *colour;
  self->histogram = histogram;
  mask_image_clear (&self->mask);
  self->mask = fresh;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Tells the accumulator which pixels of frames of @layout count. Needs the lock. */
static gboolean
apply_mask (GstPixelCollector *self, const PixelnormLayout *layout, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_layout_get_geometry (layout);
  const guint width = geometry->width, height = geometry->height;

  if (!mask_image_is_set (&self->mask))
    return TRUE;
  g_autofree guint8 *bytes = mask_image_make (&self->mask, width, height, error);
  return bytes
      && pixelnorm_accumulator_set_mask (
          self->accumulator, layout, bytes, (gsize) width * height, error);
}

static gpointer
populate (gpointer accumulator)
{
  pixelnorm_accumulator_populate (accumulator);
  g_object_unref (accumulator);
  return NULL;
}

/* In a thread of its own, so that neither caps nor the first frames wait for memory. */
static void
begin_to_populate (PixelnormAccumulator *accumulator)
{
  GThread *thread =
      g_thread_try_new ("pixelstats-memory", populate, g_object_ref (accumulator), NULL);

  if (thread)
    g_thread_unref (thread);
  else
    g_object_unref (accumulator);
}

/* Makes an accumulator for @layout where there is none, or none with frames. Needs the lock and the claim. */
static gboolean
prepare_accumulator (GstPixelCollector *self, const PixelnormLayout *layout, GError **error)
{
  if (self->accumulator && pixelnorm_accumulator_get_frames (self->accumulator) > 0)
    return apply_mask (self, layout, error)
        && pixelnorm_accumulator_accepts (self->accumulator, layout, error);

  PixelnormAccumulator *fresh = pixelnorm_accumulator_new (self->scope, layout, error);
  if (!fresh)
    return FALSE;
  if (self->accumulator)
    pixelnorm_accumulator_skip (
        fresh, pixelnorm_accumulator_get_frames_skipped (self->accumulator));
  if (self->source)
    pixelnorm_accumulator_add_source (fresh, self->source);
  g_clear_object (&self->accumulator);
  self->accumulator = fresh;
  if (self->scope == PIXELNORM_SCOPE_PIXEL)
    begin_to_populate (fresh);
  self->colour.known = pixelnorm_layout_get_geometry (layout)->channels;
  return (!self->histogram || pixelnorm_accumulator_keep_histogram (fresh, error))
      && apply_mask (self, layout, error);
}

void
gst_pixel_collector_reset (GstPixelCollector *self, gboolean overwrite)
{
  g_mutex_lock (&self->write_lock);
  g_mutex_lock (&self->lock);
  claim (self);
  forget_frames (self); /* the next frame makes a new accumulator */
  disclaim (self);
  if (!overwrite)
    gst_pixel_file_keep (&self->file);
  unlock (self);
  g_mutex_unlock (&self->write_lock);
}

gboolean
gst_pixel_collector_open (GstPixelCollector *self, GstElement *owner, const gchar *location,
    GstPixelFileMode mode, GError **error)
{
  g_mutex_lock (&self->write_lock);
  const gboolean ok = gst_pixel_file_open (&self->file, owner, location, mode, error);
  g_mutex_unlock (&self->write_lock);
  return ok;
}

void
gst_pixel_collector_close (GstPixelCollector *self)
{
  g_mutex_lock (&self->write_lock);
  gst_pixel_file_release (&self->file);
  g_mutex_unlock (&self->write_lock);
}

gchar *
gst_pixel_collector_dup_location (GstPixelCollector *self)
{
  g_mutex_lock (&self->write_lock);
  gchar *location = g_strdup (self->file.location);
  g_mutex_unlock (&self->write_lock);
  return location;
}

gboolean
gst_pixel_collector_append (GstPixelCollector *self, GError **error)
{
  g_autofree gchar *location = gst_pixel_collector_dup_location (self);
  g_autoptr (PixelnormProfile) profile = NULL;

  if (!location) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "append is set, but location is not. Set location to the profile to continue.");
    return FALSE;
  }
  if (!g_file_test (location, G_FILE_TEST_EXISTS))
    return TRUE;
  profile = pixelnorm_profile_load (location, error);
  if (!profile)
    return FALSE;
  if (pixelnorm_profile_get_scope (profile) != self->scope) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "%s: another scope than was asked for. Set scope=%s to go on from this profile, or another "
        "location.",
        location, self->scope == PIXELNORM_SCOPE_PIXEL ? "channel" : "pixel");
    return FALSE;
  }
  g_mutex_lock (&self->lock);
  self->accumulator = pixelnorm_accumulator_new_from_profile (profile, error);
  self->colour.known = pixelnorm_profile_get_geometry (profile)->channels;
  const gboolean ok = self->accumulator
      && (!self->histogram || pixelnorm_accumulator_keep_histogram (self->accumulator, error));
  self->frames = self->accumulator ? pixelnorm_profile_get_frames (profile) : 0;
  g_mutex_unlock (&self->lock);
  return ok;
}

gboolean
gst_pixel_collector_set_format (
    GstPixelCollector *self, const GstCaps *caps, gchar **assumed, GError **error)
{
  g_auto (GstPixelVideo) video = { 0 };

  *assumed = NULL;
  g_mutex_lock (&self->lock);
  claim (self);
  add_waiting (self);
  const gboolean ok = gst_pixel_video_init (&video, caps, &self->colour, error)
      && prepare_accumulator (self, video.layout, error);
  if (ok) {
    *assumed = g_strdup (gst_pixel_video_news (&video, &self->assumed));
    gst_pixel_batch_set_format (&self->batch, &video, self->scope == PIXELNORM_SCOPE_PIXEL);
  }
  disclaim (self);
  unlock (self);
  return ok;
}

gboolean
gst_pixel_collector_has_format (GstPixelCollector *self)
{
  g_mutex_lock (&self->lock);
  const gboolean has_format = self->batch.video.layout != NULL;
  g_mutex_unlock (&self->lock);
  return has_format;
}

/* @text without names, passwords and queries; NULL where it names no place: a data: URI is data. */
static gchar *
public_uri (const gchar *text)
{
  g_autoptr (GUri) uri = NULL;

  if (strlen (text) <= MAX_SOURCE)
    uri = g_uri_parse (text, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
  if (!uri || g_str_equal (g_uri_get_scheme (uri), "data"))
    return NULL;
  return g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY);
}

void
gst_pixel_collector_add_source (GstPixelCollector *self, const gchar *uri)
{
  gchar *source = public_uri (uri);

  g_mutex_lock (&self->lock);
  claim (self);
  g_free (self->source);
  self->source = source;
  if (self->accumulator && source)
    pixelnorm_accumulator_add_source (self->accumulator, source);
  disclaim (self);
  g_mutex_unlock (&self->lock);
}

/* Needs the lock. */
static void
skip_frame (GstPixelCollector *self)
{
  self->changes++;
  self->skipped++;
}

/* After a reset there is none. Needs the lock, and gives it up meanwhile. */
static gboolean
make_accumulator (GstPixelCollector *self, GError **error)
{
  claim (self);
  const gboolean ok =
      self->accumulator || prepare_accumulator (self, self->batch.video.layout, error);
  disclaim (self);
  return ok;
}

/* Needs the lock, and gives it up meanwhile. */
static gboolean
take_frame (GstPixelCollector *self, GstBuffer *buffer, GError **error)
{
  if (!self->accumulator && !make_accumulator (self, error))
    return FALSE;
  if (!gst_pixel_batch_take (&self->batch, buffer, error))
    return FALSE;
  self->taken++;
  self->changes++;
  add_share (self);
  return TRUE;
}

gboolean
gst_pixel_collector_look (
    GstPixelCollector *self, GstBuffer *buffer, guint step, guint64 max, GError **error)
{
  const gboolean bad = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)
      || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_CORRUPTED)
      || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DECODE_ONLY);

  g_mutex_lock (&self->lock);
  const gboolean was_full = self->full;
  if (max > 0 && self->taken >= max) {
    /* frames go on passing */
  } else if (bad || (self->seen++ % step == 0 && !take_frame (self, buffer, error))) {
    skip_frame (self);
  }
  self->full = max > 0 && self->taken >= max;
  const gboolean reached = self->full && !was_full;
  if (self->add_error && !*error)
    *error = g_steal_pointer (&self->add_error);
  unlock (self);
  if (reached)
    gst_pixel_collector_add_held (self, *error ? NULL : error);
  return reached;
}

guint64
gst_pixel_collector_get_taken (GstPixelCollector *self)
{
  g_mutex_lock (&self->lock);
  const guint64 taken = self->taken;
  g_mutex_unlock (&self->lock);
  return taken;
}

guint64
gst_pixel_collector_get_frames (GstPixelCollector *self)
{
  g_mutex_lock (&self->lock);
  const guint64 frames = self->frames + self->batch.n_frames;
  g_mutex_unlock (&self->lock);
  return frames;
}

guint64
gst_pixel_collector_get_skipped (GstPixelCollector *self)
{
  g_mutex_lock (&self->lock);
  const guint64 skipped = self->skipped
      + (self->accumulator ? pixelnorm_accumulator_get_frames_skipped (self->accumulator) : 0);
  g_mutex_unlock (&self->lock);
  return skipped;
}

guint64
gst_pixel_collector_get_changes (GstPixelCollector *self)
{
  g_mutex_lock (&self->lock);
  const guint64 changes = self->changes;
  g_mutex_unlock (&self->lock);
  return changes;
}

static void
append_number (GValue *array, gdouble number)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_DOUBLE);
  g_value_set_double (&value, number);
  gst_value_array_append_value (array, &value);
}

GstStructure *
gst_pixel_collector_describe (GstPixelCollector *self)
{
  static const gchar *const names[] = { "mean", "std", "min", "max" };
  GValue arrays[G_N_ELEMENTS (names)] = { G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_value_init (&arrays[i], GST_TYPE_ARRAY);
  g_mutex_lock (&self->lock);
  claim (self);
  add_waiting (self);
  const guint64 frames = self->frames;
  const guint64 skipped = self->skipped
      + (self->accumulator ? pixelnorm_accumulator_get_frames_skipped (self->accumulator) : 0);
  const gchar *channels = self->batch.video.layout
      ? pixelnorm_layout_get_geometry (self->batch.video.layout)->channels
      : NULL;
  for (guint c = 0; channels && frames > 0 && c < strlen (channels); c++) {
    PixelnormStatistics statistics;

    pixelnorm_accumulator_get_statistics (self->accumulator, (gint) c, &statistics);
    append_number (&arrays[0], statistics.mean);
    append_number (&arrays[1], statistics.std);
    append_number (&arrays[2], statistics.min);
    append_number (&arrays[3], statistics.max);
  }
  GstStructure *structure = gst_structure_new ("pixelstats", "frames", G_TYPE_UINT64, frames,
      "frames-skipped", G_TYPE_UINT64, skipped, "channels", G_TYPE_STRING, channels, NULL);
  if (channels)
    gst_pixel_colour_describe (self->batch.video.layout, structure);
  disclaim (self);
  unlock (self);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    gst_structure_take_value (structure, names[i], &arrays[i]);
  return structure;
}

/* So that the stream has no more to do with its next frame than with others, although it added none meanwhile. Needs the
 * claim and the lock, which it gives up meanwhile. */
static void
catch_up (GstPixelCollector *self)
{
  for (guint n = self->batch.n_frames; n > 0 && n >= self->batch.size;)
    n -= add_part (self, self->batch.size);
}

PixelnormProfile *
gst_pixel_collector_snapshot (GstPixelCollector *self, guint64 *changes, GError **error)
{
  PixelnormProfile *profile = NULL;

  g_mutex_lock (&self->lock);
  claim (self);
  add_waiting (self);
  pass_on_skipped (self);
  /* frames that came meanwhile are none of it */
  *changes = self->changes - self->batch.n_frames;
  if (self->frames > 0) {
    g_mutex_unlock (&self->lock);
    profile = pixelnorm_accumulator_snapshot (self->accumulator, error);
    g_mutex_lock (&self->lock);
    catch_up (self);
  }
  disclaim (self);
  unlock (self);
  return profile;
}

/* Needs the write lock. */
static gboolean
write_locked (GstPixelCollector *self, PixelnormProfile *profile, guint64 changes, gchar **moved_to,
    GError **error)
{
  g_autofree gchar *before = g_strdup (self->file.location);

  if (!gst_pixel_file_write (&self->file, profile, error))
    return FALSE;
  if (!g_str_equal (self->file.location, before))
    *moved_to = g_strdup (self->file.location);
  self->saved_changes = changes;
  g_free (self->saved_location);
  self->saved_location = g_strdup (self->file.location);
  return TRUE;
}

/* Whether what the file holds is at least as new as @changes. Needs the write lock. */
static gboolean
stands_in_file (GstPixelCollector *self, guint64 changes)
{
  const gchar *location = self->file.location;

  return location && g_strcmp0 (self->saved_location, location) == 0
      && changes <= self->saved_changes && g_file_test (location, G_FILE_TEST_EXISTS);
}

gboolean
gst_pixel_collector_write (GstPixelCollector *self, PixelnormProfile *profile, guint64 changes,
    gchar **moved_to, GError **error)
{
  g_mutex_lock (&self->write_lock);
  const gboolean ok =
      stands_in_file (self, changes) || write_locked (self, profile, changes, moved_to, error);
  g_mutex_unlock (&self->write_lock);
  return ok;
}

gboolean
gst_pixel_collector_save (GstPixelCollector *self, gchar **moved_to, GError **error)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  GError *snapshot_error = NULL;
  guint64 changes;
  gboolean ok = TRUE;

  g_mutex_lock (&self->write_lock);
  profile = gst_pixel_collector_snapshot (self, &changes, &snapshot_error);
  if (snapshot_error) {
    g_propagate_error (error, snapshot_error);
    ok = FALSE;
  } else if (profile && !stands_in_file (self, changes)) {
    ok = write_locked (self, profile, changes, moved_to, error);
  }
  g_mutex_unlock (&self->write_lock);
  return ok;
}
