/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the elements share: pictures whose samples are known, buffers that hold them in
 * many ways, an element on a bench with its bus, and a reader of profile files that knows nothing
 * of src/.
 */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <pixelnorm/pixelnorm.h>

/* FORMAT TABLE: the bytes of a pixel in memory order, planes apart by commas, from the
 * documentation of GStreamer's formats. A test compares its names with the pad templates. */
typedef struct {
  const gchar *name;
  const gchar *order;
} Format;

extern const Format formats[];
extern const guint n_formats;

const Format *format_find (const gchar *name);
guint format_channels (const Format *format);

/* Samples of one frame: R, G, B or Y, and then the byte that is no channel (alpha or x), which
 * every picture has, whether its format does or not. */
typedef struct {
  guint width, height, n_channels;
  guint8 *samples; /* height x width x (n_channels + 1) */
} Picture;

Picture *picture_new_random (guint n_channels, guint width, guint height);
Picture *picture_new_flat (guint n_channels, guint width, guint height, guint8 value);
void picture_free (Picture *picture);
guint8 *picture_at (const Picture *picture, guint x, guint y, guint channel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Picture, picture_free)

/* How a buffer holds a frame. All zero: as GStreamer does it by default, without GstVideoMeta. */
typedef struct {
  const gchar *name;
  gboolean meta; /* GstVideoMeta; implied by all that follow */
  guint padding; /* bytes after each row, beside those that make it a multiple of 4 */
  guint left, top, right, bottom; /* pixels around, which GstVideoCropMeta cuts off */
  gboolean apart;                 /* planes in memories of their own */
  gboolean upside_down;           /* a negative stride */
} Placing;

/* Bytes that are no samples of the picture are noise: who reads them gets wrong results. */
GstBuffer *buffer_new (const Format *format, const Picture *picture, const Placing *placing);
void assert_buffer_holds (
    GstBuffer *buffer, GstCaps *caps, const Format *format, const Picture *expected);
GstCaps *video_caps (const gchar *format, guint width, guint height);

/* Statistics by the plainest loop there is. */
typedef struct {
  guint64 count, sum, squares;
  guint min, max;
} Tally;

/* Of @n_pictures; sample @index (pixel times n_channels plus channel), or channel @index of all
 * pixels. */
Tally tally_sample (Picture *const *pictures, guint n_pictures, guint index);
Tally tally_channel (Picture *const *pictures, guint n_pictures, guint channel);
gdouble tally_mean (const Tally *tally);
gdouble tally_deviation (const Tally *tally);

/* A profile file as bytes and the text of its header. */
typedef struct {
  gchar *bytes;
  gsize size;
  gchar *header;
  const guint8 *data;
} Saved;

Saved *saved_load (const gchar *path);
void saved_free (Saved *saved);
gboolean saved_has (const Saved *saved, const gchar *tensor);
guint64 saved_item (const Saved *saved, const gchar *tensor, guint index);
guint saved_length (const Saved *saved, const gchar *tensor);
gchar *saved_metadata (const Saved *saved, const gchar *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Saved, saved_free)

void assert_saved_frames (const gchar *path, Picture *const *pictures, guint n_pictures);

/* An element with a bus of its own. */
typedef struct {
  GstElement *element;
  GstBus *bus;
  GstHarness *harness; /* NULL until bench_play() */
} Bench;

/* With properties and their values, then NULL. */
Bench *bench_new (const gchar *factory, ...) G_GNUC_NULL_TERMINATED;

/* Starts the element between two pads; @downstream is what the pad behind it takes, NULL for
 * anything. */
void bench_play (Bench *bench, const gchar *downstream);

/* Whether the caps, which it takes over, were accepted. */
gboolean bench_offer_caps (Bench *bench, GstCaps *caps);

void bench_set_video (Bench *bench, const gchar *format, guint width, guint height);
GstFlowReturn bench_push (Bench *bench, GstBuffer *buffer);

/* Pushes @picture and drops what comes out, which must be something. */
void bench_show (Bench *bench, const Format *format, const Picture *picture);
void bench_end (Bench *bench);
void bench_unplay (Bench *bench);

/* Starting must fail with just this error. */
void bench_fail_start (Bench *bench, GQuark domain, gint code, const gchar *words);

GstMessage *bench_take_message (Bench *bench, GstMessageType type);
guint bench_count_messages (Bench *bench, GstMessageType type);

/* There is exactly one message of @type on the bus, and it is this one; it is taken. */
void bench_expect (Bench *bench, GstMessageType type, GQuark domain, gint code, const gchar *words);

/* The structure of the last element message called @name; older ones and that one are taken. */
GstStructure *bench_take_report (Bench *bench, const gchar *name);

/* Fails where an error or a warning is left that no test asked for. */
void bench_free (Bench *bench);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bench, bench_free)

guint64 bench_get_uint64 (Bench *bench, const gchar *property);
gboolean bench_save (Bench *bench);

/* Files of this test program, gone when it ends. Names are used once. */
gchar *path_new (const gchar *suffix);
void assert_same_bytes (const gchar *path, const gchar *bytes, gsize size);
void wait_for_file (const gchar *path);
gboolean file_exists (const gchar *path);

/* A buffer of @size whose memory cannot be mapped. */
GstBuffer *buffer_new_unmappable (gsize size);

PixelnormProfile *profile_new (Picture *const *pictures, guint n_pictures, PixelnormScope scope);
Picture **pictures_new_random (guint n_pictures, guint n_channels, guint width, guint height);
void pictures_free (Picture **pictures, guint n_pictures);

int element_test_run (void);
void element_test_init (int *argc, char ***argv);
