/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures, buffers that hold them, and profile files, all without the code under test. */
#include "element-test.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

const Format formats[] = {
  { "RGB", "RGB" },
  { "BGR", "BGR" },
  { "RGBx", "RGBx" },
  { "BGRx", "BGRx" },
  { "xRGB", "xRGB" },
  { "xBGR", "xBGR" },
  { "RGBA", "RGBA" },
  { "BGRA", "BGRA" },
  { "ARGB", "ARGB" },
  { "ABGR", "ABGR" },
  { "RBGA", "RBGA" },
  { "GBR", "G,B,R" },
  { "GBRA", "G,B,R,A" },
  { "RGBP", "R,G,B" },
  { "BGRP", "B,G,R" },
  { "GRAY8", "Y" },
};
const guint n_formats = G_N_ELEMENTS (formats);

static gchar *folder;
static guint n_paths;

const Format *
format_find (const gchar *name)
{
  for (guint i = 0; i < n_formats; i++)
    if (g_str_equal (formats[i].name, name))
      return &formats[i];
  return NULL;
}

guint
format_channels (const Format *format)
{
  return g_str_equal (format->order, "Y") ? 1 : 3;
}

Picture *
picture_new_flat (guint n_channels, guint width, guint height, guint8 value)
{
  Picture *picture = g_new (Picture, 1);

  *picture = (Picture){ width, height, n_channels, NULL };
  picture->samples = g_malloc ((gsize) width * height * (n_channels + 1));
  memset (picture->samples, value, (gsize) width * height * (n_channels + 1));
  return picture;
}

Picture *
picture_new_random (guint n_channels, guint width, guint height)
{
  Picture *picture = picture_new_flat (n_channels, width, height, 0);

  for (gsize i = 0; i < (gsize) width * height * (n_channels + 1); i++)
    picture->samples[i] = (guint8) g_test_rand_int_range (0, 256);
  return picture;
}

void
picture_free (Picture *picture)
{
  g_free (picture->samples);
  g_free (picture);
}

guint8 *
picture_at (const Picture *picture, guint x, guint y, guint channel)
{
  return &picture->samples[((gsize) y * picture->width + x) * (picture->n_channels + 1) + channel];
}

Picture **
pictures_new_random (guint n_pictures, guint n_channels, guint width, guint height)
{
  Picture **pictures = g_new (Picture *, n_pictures);

  for (guint i = 0; i < n_pictures; i++)
    pictures[i] = picture_new_random (n_channels, width, height);
  return pictures;
}

void
pictures_free (Picture **pictures, guint n_pictures)
{
  for (guint i = 0; i < n_pictures; i++)
    picture_free (pictures[i]);
  g_free (pictures);
}

/* Which sample of a picture a letter of an order stands for. */
static guint
letter_channel (const Picture *picture, gchar letter)
{
  const gchar *at = picture->n_channels == 1 ? strchr ("Y", letter) : strchr ("RGB", letter);

  return at ? (guint) (at - (picture->n_channels == 1 ? "Y" : "RGB")) : picture->n_channels;
}

static guint
letter_index (gchar letter, const gchar *letters)
{
  return (guint) (strchr (letters, letter) - letters);
}

GstCaps *
video_caps (const gchar *format, guint width, guint height)
{
  return gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, format, "width", G_TYPE_INT,
      (gint) width, "height", G_TYPE_INT, (gint) height, "framerate", GST_TYPE_FRACTION, 30, 1,
      NULL);
}

/* Writes one plane; @first is its first pixel, above and left of which lies what is cropped. */
static void
fill_plane (guint8 *first, gssize stride, const gchar *letters, const Picture *picture)
{
  const guint step = (guint) strlen (letters);

  for (guint y = 0; y < picture->height; y++)
    for (guint x = 0; x < picture->width; x++)
      for (guint i = 0; i < step; i++)
        first[(gssize) y * stride + (gssize) x * step + i] =
            *picture_at (picture, x, y, letter_channel (picture, letters[i]));
}

static GstMemory *
new_noise (gsize size)
{
  GstMemory *memory = gst_allocator_alloc (NULL, size, NULL);
  GstMapInfo map;

  g_assert_true (gst_memory_map (memory, &map, GST_MAP_WRITE));
  for (gsize i = 0; i < size; i++)
    map.data[i] = (guint8) g_test_rand_int_range (0, 256);
  gst_memory_unmap (memory, &map);
  return memory;
}

static void
append_plane (GstBuffer *buffer, const gchar *letters, const Picture *picture,
    const Placing *placing, gsize *offset, gint *stride)
{
  const guint step = (guint) strlen (letters);
  const guint rows = placing->top + picture->height + placing->bottom;
  const gint pitch =
      (gint) (GST_ROUND_UP_4 ((placing->left + picture->width + placing->right) * step)
          + placing->padding);
  const gsize size = (gsize) pitch * rows;
  GstMemory *memory = new_noise (size);
  GstMapInfo map;

  *stride = placing->upside_down ? -pitch : pitch;
  const gsize first_row = placing->upside_down ? size - (gsize) pitch : 0;
  *offset = gst_buffer_get_size (buffer) + first_row;
  g_assert_true (gst_memory_map (memory, &map, GST_MAP_WRITE));
  fill_plane (map.data + first_row + (gssize) placing->top * *stride + (gsize) placing->left * step,
      *stride, letters, picture);
  gst_memory_unmap (memory, &map);
  gst_buffer_append_memory (buffer, memory);
}

/* All planes in one memory. */
static GstBuffer *
merge_memories (GstBuffer *buffer)
{
  GstMemory *all = gst_buffer_get_all_memory (buffer);
  GstBuffer *merged = gst_buffer_new ();

  gst_buffer_append_memory (merged, gst_memory_copy (all, 0, -1));
  gst_memory_unref (all);
  gst_buffer_unref (buffer);
  return merged;
}

GstBuffer *
buffer_new (const Format *format, const Picture *picture, const Placing *placing)
{
  static const Placing plain = { "plain" };
  g_auto (GStrv) planes = g_strsplit (format->order, ",", -1);
  const guint n_planes = g_strv_length (planes);
  gsize offsets[GST_VIDEO_MAX_PLANES] = { 0 };
  gint strides[GST_VIDEO_MAX_PLANES] = { 0 };
  GstBuffer *buffer = gst_buffer_new ();

  if (!placing)
    placing = &plain;
  for (guint p = 0; p < n_planes; p++)
    append_plane (buffer, planes[p], picture, placing, &offsets[p], &strides[p]);
  if (!placing->apart)
    buffer = merge_memories (buffer);

  const gboolean crop = placing->left || placing->top || placing->right || placing->bottom;
  if (placing->meta || placing->padding || crop || placing->apart || placing->upside_down)
    gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
        gst_video_format_from_string (format->name),
        placing->left + picture->width + placing->right,
        placing->top + picture->height + placing->bottom, n_planes, offsets, strides);
  if (crop) {
    GstVideoCropMeta *meta = gst_buffer_add_video_crop_meta (buffer);

    meta->x = placing->left;
    meta->y = placing->top;
    meta->width = picture->width;
    meta->height = picture->height;
  }
  return buffer;
}

void
assert_buffer_holds (
    GstBuffer *buffer, GstCaps *caps, const Format *format, const Picture *expected)
{
  g_auto (GStrv) planes = g_strsplit (format->order, ",", -1);
  GstVideoInfo info;
  GstVideoFrame frame;

  g_assert_true (gst_video_info_from_caps (&info, caps));
  g_assert_true (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ));
  for (guint p = 0; planes[p]; p++) {
    const gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (&frame, p);
    const guint8 *first = GST_VIDEO_FRAME_PLANE_DATA (&frame, p);
    const guint step = (guint) strlen (planes[p]);

    for (guint y = 0; y < expected->height; y++)
      for (guint x = 0; x < expected->width; x++)
        for (const gchar *c = planes[p]; *c; c++) {
          const guint8 found =
              first[(gssize) y * stride + (gssize) x * step + letter_index (*c, planes[p])];
          const guint8 wanted = *picture_at (expected, x, y, letter_channel (expected, *c));

          if (found != wanted)
            g_error ("%s: %c at %u,%u is %u, expected %u", format->name, *c, x, y, found, wanted);
        }
  }
  gst_video_frame_unmap (&frame);
}

static void
tally_add (Tally *tally, guint value)
{
  tally->min = tally->count ? MIN (tally->min, value) : value;
  tally->max = tally->count ? MAX (tally->max, value) : value;
  tally->count++;
  tally->sum += value;
  tally->squares += (guint64) value * value;
}

Tally
tally_sample (Picture *const *pictures, guint n_pictures, guint index)
{
  Tally tally = { 0 };

  for (guint i = 0; i < n_pictures; i++) {
    const guint pixel = index / pictures[i]->n_channels, width = pictures[i]->width;

    tally_add (&tally,
        *picture_at (pictures[i], pixel % width, pixel / width, index % pictures[i]->n_channels));
  }
  return tally;
}

Tally
tally_channel (Picture *const *pictures, guint n_pictures, guint channel)
{
  Tally tally = { 0 };

  for (guint i = 0; i < n_pictures; i++)
    for (guint y = 0; y < pictures[i]->height; y++)
      for (guint x = 0; x < pictures[i]->width; x++)
        tally_add (&tally, *picture_at (pictures[i], x, y, channel));
  return tally;
}

gdouble
tally_mean (const Tally *tally)
{
  return (gdouble) tally->sum / (gdouble) tally->count;
}

gdouble
tally_deviation (const Tally *tally)
{
  const guint64 n = tally->count;

  /* integers: 8-bit samples of a test's few frames are far from 2^64 */
  return sqrt ((gdouble) (n * tally->squares - tally->sum * tally->sum)) / (gdouble) n;
}

Saved *
saved_load (const gchar *path)
{
  Saved *saved = g_new0 (Saved, 1);
  g_autoptr (GError) error = NULL;
  guint64 length;

  g_file_get_contents (path, &saved->bytes, &saved->size, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (saved->size, >, 8);
  memcpy (&length, saved->bytes, sizeof length);
  length = GUINT64_FROM_LE (length);
  g_assert_cmpuint (length, <, saved->size);
  saved->header = g_strndup (saved->bytes + 8, length);
  saved->data = (const guint8 *) saved->bytes + 8 + length;
  return saved;
}

void
saved_free (Saved *saved)
{
  g_free (saved->bytes);
  g_free (saved->header);
  g_free (saved);
}

/* What stands behind "key": in the header, or NULL. */
static const gchar *
header_find (const Saved *saved, const gchar *key)
{
  g_autofree gchar *quoted = g_strdup_printf ("\"%s\":", key);
  const gchar *at = strstr (saved->header, quoted);

  return at ? at + strlen (quoted) : NULL;
}

gboolean
saved_has (const Saved *saved, const gchar *tensor)
{
  return header_find (saved, tensor) != NULL;
}

/* The bytes of an item, and where the tensor begins and ends. */
static guint
saved_place (const Saved *saved, const gchar *tensor, guint64 *begin, guint64 *end)
{
  const gchar *at = header_find (saved, tensor);
  gchar *after;

  g_assert_nonnull (at);
  const gchar *type = strstr (at, "\"dtype\":\"U"), *offsets = strstr (at, "\"data_offsets\":[");
  g_assert_true (type && offsets);
  *begin = g_ascii_strtoull (strchr (offsets, '[') + 1, &after, 10);
  *end = g_ascii_strtoull (after + 1, NULL, 10);
  return (guint) g_ascii_strtoull (type + strlen ("\"dtype\":\"U"), NULL, 10) / 8;
}

guint64
saved_item (const Saved *saved, const gchar *tensor, guint index)
{
  guint64 begin, end, value = 0;
  const guint bytes = saved_place (saved, tensor, &begin, &end);
  const guint8 *item = saved->data + begin + (gsize) index * bytes;

  g_assert_cmpuint (begin + (index + 1) * (guint64) bytes, <=, end);
  for (guint i = 0; i < bytes; i++)
    value |= (guint64) item[i] << (8 * i);
  return value;
}

guint
saved_length (const Saved *saved, const gchar *tensor)
{
  guint64 begin, end;
  const guint bytes = saved_place (saved, tensor, &begin, &end);

  return (guint) ((end - begin) / bytes);
}

gchar *
saved_metadata (const Saved *saved, const gchar *key)
{
  const gchar *at = header_find (saved, key);

  if (!at)
    return NULL;
  g_assert_true (*at == '"');
  return g_strndup (at + 1, strcspn (at + 1, "\""));
}

/* The file is of these frames and no others, to the last bit. */
void
assert_saved_frames (const gchar *path, Picture *const *pictures, guint n_pictures)
{
  g_autoptr (Saved) saved = saved_load (path);
  const guint n = pictures[0]->width * pictures[0]->height * pictures[0]->n_channels;

  g_assert_cmpuint (saved_item (saved, "frames", 0), ==, n_pictures);
  g_assert_cmpuint (saved_length (saved, "sum"), ==, n);
  g_assert_cmpuint (saved_length (saved, "max"), ==, n);
  g_assert_false (saved_has (saved, "count"));
  for (guint i = 0; i < n; i++) {
    const Tally tally = tally_sample (pictures, n_pictures, i);

    g_assert_cmpuint (saved_item (saved, "sum", i), ==, tally.sum);
    g_assert_cmpuint (saved_item (saved, "sum_squares", i), ==, tally.squares);
    g_assert_cmpuint (saved_item (saved, "min", i), ==, tally.min);
    g_assert_cmpuint (saved_item (saved, "max", i), ==, tally.max);
  }
}

gchar *
path_new (const gchar *suffix)
{
  g_autofree gchar *name = g_strdup_printf ("%u%s", n_paths++, suffix);

  return g_build_filename (folder, name, NULL);
}

void
assert_same_bytes (const gchar *path, const gchar *bytes, gsize size)
{
  g_autofree gchar *found = NULL;
  g_autoptr (GError) error = NULL;
  gsize found_size;

  g_file_get_contents (path, &found, &found_size, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (found, found_size, bytes, size);
}

gboolean
file_exists (const gchar *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

void
wait_for_file (const gchar *path)
{
  for (guint i = 0; i < 1000 && !file_exists (path); i++)
    g_usleep (10000);
  g_assert_true (file_exists (path));
}

PixelnormProfile *
profile_new (Picture *const *pictures, guint n_pictures, PixelnormScope scope)
{
  const gchar *order = pictures[0]->n_channels == 1 ? "Yx" : "RGBx";
  g_autoptr (PixelnormAccumulator) accumulator = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n_pictures; i++) {
    g_autoptr (PixelnormLayout) layout =
        pixelnorm_layout_new (order, pictures[i]->width, pictures[i]->height, &error);

    g_assert_no_error (error);
    if (!accumulator)
      accumulator = pixelnorm_accumulator_new (scope, layout, &error);
    g_assert_no_error (error);
    pixelnorm_accumulator_add_data (accumulator, layout, pictures[i]->samples,
        pixelnorm_layout_get_frame_bytes (layout), &error);
    g_assert_no_error (error);
  }
  PixelnormProfile *profile = pixelnorm_accumulator_snapshot (accumulator, &error);
  g_assert_no_error (error);
  return profile;
}

static void
remove_folder (const gchar *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);

    if (g_file_test (child, G_FILE_TEST_IS_DIR))
      remove_folder (child);
    else
      g_assert_cmpint (g_unlink (child), ==, 0);
  }
  if (dir)
    g_dir_close (dir);
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

#ifdef __SANITIZE_ADDRESS__
/* Each allocation notes where it was asked for. The fast unwinder does not see past GLib, which has no frame pointers; the slow
 * one does, and takes ten times as long. So it is used only where there is a leak to be shown, in a second run. */
#define SLOW_UNWINDER "fast_unwind_on_malloc=0"

static gchar **arguments;

/* What libraries allocate while they are loaded, before this program begins, and keep is no leak. */
static void (*const before_libraries) (void)
    __attribute__ ((used, section (".preinit_array"))) = __lsan_disable;

__attribute__ ((constructor)) static void
after_libraries (void)
{
  __lsan_enable ();
}

static void
keep_arguments (char **argv)
{
  arguments = g_strdupv (argv);
}

static void
show_leaks (void)
{
  const gchar *options = g_getenv ("ASAN_OPTIONS");
  g_autofree gchar *slow = g_strconcat (options ? options : "", ":" SLOW_UNWINDER, NULL);

  if ((options && strstr (options, SLOW_UNWINDER)) || !__lsan_do_recoverable_leak_check ())
    return;
  g_printerr ("There are leaks. Once more, to show which lines asked for that memory:\n");
  g_setenv ("ASAN_OPTIONS", slow, TRUE);
  execv ("/proc/self/exe", arguments);
  g_error ("This program cannot be run once more: %s", g_strerror (errno));
}
#else
static void
keep_arguments (char **argv)
{
}

static void
show_leaks (void)
{
}
#endif

void
element_test_init (int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;

  keep_arguments (*argv);
  g_test_init (argc, argv, NULL);
  gst_init (argc, argv);
  folder = g_dir_make_tmp ("pixelnorm-elements-XXXXXX", &error);
  g_assert_no_error (error);
}

int
element_test_run (void)
{
  const int result = g_test_run ();

  remove_folder (folder);
  g_clear_pointer (&folder, g_free);
  gst_deinit ();
  show_leaks ();
  return result;
}
