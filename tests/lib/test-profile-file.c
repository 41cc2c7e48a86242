/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The content of a profile file: what is written is read again, and what is damaged is refused.
 * Needs the private functions, so it is linked with the library's objects.
 *
 * Most bad files are a good one with one text of its header, or one item of its data, replaced and
 * the digest made right again: so the check that is meant refuses it, and not the digest.
 */
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "profile-forms.h"

static void
assert_same (PixelnormProfile *one, PixelnormProfile *other)
{
  const PixelnormGeometry *a = &one->data.geometry, *b = &other->data.geometry;

  g_assert_cmpstr (
      pixelnorm_profile_get_identity (one), ==, pixelnorm_profile_get_identity (other));
  g_assert_cmpint (one->data.scope, ==, other->data.scope);
  g_assert_true (a->width == b->width && a->height == b->height && a->depth == b->depth
      && a->range == b->range && a->channels == b->channels && a->matrix == b->matrix);
  g_assert_cmpuint (one->data.frames, ==, other->data.frames);
  g_assert_cmpuint (one->data.frames_skipped, ==, other->data.frames_skipped);
  g_assert_cmpstr (one->data.sources, ==, other->data.sources);
  g_assert_cmpstr (one->data.created, ==, other->data.created);
  g_assert_cmpstr (one->data.software, ==, other->data.software);
  g_assert_true (a->log2_chroma_w == b->log2_chroma_w && a->log2_chroma_h == b->log2_chroma_h);
  for (guint c = 0; c < one->n_channels; c++) {
    for (gsize p = 0; p < pixelnorm_profile_n_samples (&one->data, c); p++) {
      const PixelnormMoments x = pixelnorm_profile_moments (&one->data, p, c);
      const PixelnormMoments y = pixelnorm_profile_moments (&other->data, p, c);

      g_assert_true (x.count == y.count && x.sum == y.sum && x.squares == y.squares
          && x.min == y.min && x.max == y.max);
    }
  }
}

static void
test_round_trip (gconstpointer user_data)
{
  const Form *form = user_data;
  g_autoptr (PixelnormProfile) profile = make_profile (form);
  g_autofree char *path = path_in_folder (form->name);
  g_autofree char *again_path = path_in_folder ("again");
  g_autoptr (GError) error = NULL;

  g_assert_true (pixelnorm_profile_save (profile, path, &error));
  g_assert_no_error (error);
  g_autoptr (PixelnormProfile) loaded = pixelnorm_profile_load (path, &error);
  g_assert_no_error (error);
  assert_same (profile, loaded);

  /* the arrays lie in the mapping */
  gsize size;
  const char *memory = g_bytes_get_data (loaded->data.backing, &size);
  g_assert_true ((const char *) loaded->data.sum[0].data > memory
      && (const char *) loaded->data.max[0].data < memory + size);

  /* the same profile gives the same bytes, also when it comes out of a file, and while that is
   * replaced */
  g_autoptr (GBytes) first = read_bytes (path);
  g_assert_true (pixelnorm_profile_save (loaded, again_path, &error));
  g_autoptr (GBytes) again = read_bytes (again_path);
  g_assert_cmpmem (g_bytes_get_data (first, NULL), g_bytes_get_size (first),
      g_bytes_get_data (again, NULL), g_bytes_get_size (again));
  g_assert_true (pixelnorm_profile_save (loaded, path, &error));
  assert_same (profile, loaded);
  g_unlink (path);
  g_unlink (again_path);
}

static void
assert_refused (GBytes *bytes, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (pixelnorm_profile_parse (bytes, &error));
  g_assert_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (strlen (error->message), >, 20);
  if (text && !strstr (error->message, text)) { /* all rows, not only the first */
    g_test_message ("expected \"%s\", got \"%s\"", text, error->message);
    g_test_fail ();
  }
}

static void
test_every_bit (gconstpointer user_data)
{
  g_autoptr (GBytes) good = make_file (user_data);
  gsize size;
  const guint8 *memory = g_bytes_get_data (good, &size);
  g_autofree guint8 *bad = g_memdup2 (memory, size);

  for (gsize i = 0; i < 8 * size; i++) {
    g_autoptr (GBytes) bytes = g_bytes_new_static (bad, size);

    bad[i / 8] ^= (guint8) (1 << i % 8);
    assert_refused (bytes, NULL);
    bad[i / 8] ^= (guint8) (1 << i % 8);
  }
  g_test_message ("counted: %" G_GSIZE_FORMAT " changed bits, each refused", 8 * size);
}

static void
test_every_length (gconstpointer user_data)
{
  g_autoptr (GBytes) good = make_file (user_data);
  const gsize size = g_bytes_get_size (good);

  for (gsize i = 0; i < size; i++) {
    /* on the heap, so that a sanitizer sees what reads beyond the end */
    g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (good, NULL), i);

    assert_refused (cut, NULL);
  }
  g_test_message ("counted: %" G_GSIZE_FORMAT " shorter files, each refused", size);
  g_autofree char *longer = g_malloc0 (size + 1);
  memcpy (longer, g_bytes_get_data (good, NULL), size);
  g_autoptr (GBytes) bytes = g_bytes_new_static (longer, size + 1);
  assert_refused (bytes, "of which the tensors cover");
}

static void
test_unaligned (void)
{
  g_autoptr (GBytes) good = make_file (RGB8);
  const gsize size = g_bytes_get_size (good);
  g_autofree char *room = g_malloc (size + 8);
  g_autoptr (GError) error = NULL;

  for (gsize shift = 0; shift < 8; shift++) {
    memcpy (room + shift, g_bytes_get_data (good, NULL), size);
    g_autoptr (GBytes) bytes = g_bytes_new_static (room + shift, size);
    g_autoptr (PixelnormProfile) profile = pixelnorm_profile_parse (bytes, &error);
    g_assert_no_error (error);
    g_assert_cmpuint ((guintptr) profile->data.sum[0].data % 8, ==, 0);
  }
}

/* A header with this JSON, and zeros for data. */
static GBytes *
make_crafted (const char *json, gsize n_data)
{
  GByteArray *bytes = g_byte_array_new ();
  guint64 length = (strlen (json) + 8 + 63) / 64 * 64 - 8;

  g_byte_array_append (bytes, (const guint8 *) &length, 8);
  g_byte_array_append (bytes, (const guint8 *) json, (guint) strlen (json));
  while (bytes->len < length + 8)
    g_byte_array_append (bytes, (const guint8 *) " ", 1);
  g_byte_array_set_size (bytes, (guint) (bytes->len + n_data));
  memset (bytes->data + length + 8, 0, n_data);
  return g_byte_array_free_to_bytes (bytes);
}

#define META "{\"__metadata__\":{}"
#define TENSOR(name, type, shape, offsets)                                                         \
  ",\"" name "\":{\"dtype\":" type ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define ONE(type, shape, offsets) META TENSOR ("a", type, shape, offsets) "}"

static const struct {
  const char *json;
  gsize n_data;
  const char *expected;
} bad_headers[] = {
  { "[]", 0, "This is not a profile. Make one" },
  { "{", 0, "not JSON" },
  { "{\"a\" 1}", 0, "not JSON" },
  { "{} {}", 0, "not JSON" },
  { "{'a':1}", 0, "not JSON" },
  { META "} // text", 0, "not JSON" },
  { META ",\"a\":nan}", 0, "not JSON" },
  { META ",\"a\":1e999}", 0, "not JSON" },
  { "{\"\\u0000\":1}", 0, "not JSON" },
  { "{\"a\xff\":1}", 0, "not JSON" },
  { "{\"a\":\"\xed\xa0\x80\"}", 0, "not JSON" },
  { "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "duplicate" },
  { "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "duplicate" },
  { META ",\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "duplicate" },
  { ONE ("\"U8\"", "[1]", "[0,1]") "x", 1, "not JSON" },
  { "{}", 0, "no \"__metadata__\": other software" },
  { "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "other software" },
  { "{\"__metadata__\":[]}", 0, "not a JSON object" },
  { "{\"__metadata__\":null}", 0, "not a JSON object" },
  { "{\"__metadata__\":{\"k\":1}}", 0, "\"k\" is not a string" },
  { "{\"__metadata__\":{\"k\":{\"a\":\"b\"}}}", 0, "\"k\" is not a string" },
  { META "}", 0, "\"pixelnorm.version\"" },
  { META "}", 1, "cover 0" },
  { META ",\"a\":1}", 0, "\"a\": not a JSON object" },
  { META ",\"a\":{}}", 0, "no \"dtype\"" },
  { META ",\"\\n\\u007f\xc3\xbc\":{}}", 0, "\"??\xc3\xbc\": no \"dtype\"" },
  { ONE ("8", "[1]", "[0,1]"), 1, "no \"dtype\"" },
  { ONE ("\"F32\"", "[1]", "[0,4]"), 4, "\"dtype\" is \"F32\"" },
  { ONE ("\"u8\"", "[1]", "[0,1]"), 1, "\"dtype\" is \"u8\"" },
  { META ",\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "no \"shape\"" },
  { ONE ("\"U8\"", "1", "[0,1]"), 1, "no \"shape\"" },
  { ONE ("\"U8\"", "[1,1,1,1,1]", "[0,1]"), 1, "5 dimensions" },
  { ONE ("\"U8\"", "[-1]", "[0,1]"), 1, "whole numbers" },
  { ONE ("\"U8\"", "[1.0]", "[0,1]"), 1, "whole numbers" },
  { ONE ("\"U8\"", "[\"1\"]", "[0,1]"), 1, "whole numbers" },
  { ONE ("\"U8\"", "[true]", "[0,1]"), 1, "whole numbers" },
  { ONE ("\"U8\"", "[18446744073709551616]", "[0,1]"), 1, "too big" },
  { ONE ("\"U8\"", "[4294967296,4294967296]", "[0,0]"), 0, "larger than any memory" },
  { ONE ("\"U64\"", "[2305843009213693953]", "[0,8]"), 8, "larger than any memory" },
  { ONE ("\"U8\"", "[9223372036854775807,2,0]", "[0,1]"), 1, "span 1 bytes" },
  { META ",\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "no \"data_offsets\"" },
  { ONE ("\"U8\"", "[1]", "[0]"), 1, "no \"data_offsets\"" },
  { ONE ("\"U8\"", "[1]", "[0,1,2]"), 1, "no \"data_offsets\"" },
  { ONE ("\"U8\"", "[1]", "[-1,0]"), 1, "no \"data_offsets\"" },
  { ONE ("\"U8\"", "[1]", "{}"), 1, "no \"data_offsets\"" },
  { ONE ("\"U8\"", "[1]", "[1,0]"), 1, "outside of the 1 bytes" },
  { ONE ("\"U8\"", "[1]", "[1,2]"), 1, "outside of the 1 bytes" },
  { ONE ("\"U8\"", "[1]", "[9223372036854775806,9223372036854775807]"), 1, "outside" },
  { ONE ("\"U8\"", "[2]", "[0,1]"), 1, "span 1 bytes, expected the 2" },
  { ONE ("\"U16\"", "[1]", "[0,1]"), 1, "span 1 bytes, expected the 2" },
  { ONE ("\"U8\"", "[1]", "[0,1]"), 2, "2 bytes of data, of which the tensors cover 1" },
  { ONE ("\"U8\"", "[1]", "[1,2]"), 2, "leaves a gap" },
  { META ",\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":0}}", 1, "besides" },
  { META TENSOR ("a", "\"U8\"", "[2]", "[0,2]") TENSOR ("b", "\"U8\"", "[2]", "[1,3]") "}", 3,
      "\"b\": begins at 1 and overlaps" },
  { META TENSOR ("a", "\"U8\"", "[1]", "[0,1]") TENSOR ("b", "\"U8\"", "[1]", "[2,3]") "}", 3,
      "\"b\": begins at 2 and leaves a gap, expected 1" },
  { META TENSOR ("a", "\"U8\"", "[1]", "[0,1]") TENSOR ("b", "\"U16\"", "[1]", "[1,3]") "}", 3,
      "\"b\": its data begin at 1, expected a multiple of its item size, 2" },
};

static void
test_bad_headers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_headers); i++) {
    g_autoptr (GBytes) bytes = make_crafted (bad_headers[i].json, bad_headers[i].n_data);

    g_test_message ("%s", bad_headers[i].json);
    assert_refused (bytes, bad_headers[i].expected);
  }
}

static void
assert_raw_refused (const char *memory, gsize size, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (memory, size);

  assert_refused (bytes, text);
}

/* What the table cannot hold: lengths, NULs, depth. */
static void
test_bad_length (void)
{
  g_autoptr (GString) deep = g_string_new (META ",\"a\":");

  assert_raw_refused ("", 0, "not a profile");
  assert_raw_refused ("1234567", 7, "not a profile");
  assert_raw_refused ("\0\0\0\0\0\0\0\0", 8, "not a profile");
  assert_raw_refused ("RIFF\1\0\0\0AVI ", 12, "not a profile");
  assert_raw_refused ("\0\0\0\0\0\0\0\0{}", 10, "a header of 0 bytes");
  assert_raw_refused ("\2\0\0\0\0\0\0\0{", 9, "cut short");
  assert_raw_refused ("\2\0\0\0\0\0\0\0{}", 10, "other software");
  assert_raw_refused ("\x13\0\0\0\0\0\0\0" META "}", 26, "cut short");
  assert_raw_refused ("\x13\0\0\0\0\0\0\0" META "}", 27, "expected a multiple of 64");
  assert_raw_refused ("\1\xe1\xf5\5\0\0\0\0{}", 10, "at most 100000000");
  assert_raw_refused ("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, "at most 100000000");
  assert_raw_refused ("\xf8\xff\xff\xff\xff\xff\xff\x7f{}", 10, "at most 100000000");
  assert_raw_refused ("\3\0\0\0\0\0\0\0{}\0", 11, "Offset 10: a NUL byte");

  for (guint i = 0; i < 1000000; i++)
    g_string_append (deep, i % 2 ? "{\"a\":" : "[");
  g_autoptr (GBytes) bytes = make_crafted (deep->str, 0);
  assert_refused (bytes, "not JSON");
}

static GBytes *
sign (GBytes *bytes)
{
  g_autoptr (PixelnormDigestState) state = XXH3_createState ();
  gsize size;
  char *memory = g_bytes_unref_to_data (bytes, &size);
  char *place = pixelnorm_digest_find (memory, size);
  char digits[PIXELNORM_DIGEST_DIGITS + 1];

  if (place) {
    memcpy (place, PIXELNORM_DIGEST_ZEROS, PIXELNORM_DIGEST_DIGITS);
    XXH3_128bits_reset (state);
    XXH3_128bits_update (state, memory, size);
    pixelnorm_digest_print (state, digits);
    memcpy (place, digits, PIXELNORM_DIGEST_DIGITS);
  }
  return g_bytes_new_take (memory, size);
}

/* A good file with one text of its header replaced. */
static GBytes *
make_edited (const Form *form, const char *from, const char *to)
{
  g_autoptr (GBytes) good = make_file (form);
  const char *memory = g_bytes_get_data (good, NULL);
  g_autoptr (SafetensorsFile) file = safetensors_parse (memory, g_bytes_get_size (good), NULL);
  const gsize start = safetensors_get_header_size (file);
  const gsize n_data = g_bytes_get_size (good) - start;
  g_autofree char *json = g_strstrip (g_strndup (memory + 8, start - 8));
  g_auto (GStrv) parts = g_strsplit (json, from, 2);
  gsize size;

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  g_autofree char *edited = g_strjoinv (to, parts);
  GBytes *bytes = make_crafted (edited, n_data);
  char *changed = g_bytes_unref_to_data (bytes, &size);
  memcpy (changed + size - n_data, memory + start, n_data);
  return sign (g_bytes_new_take (changed, size));
}

static const struct {
  const Form *form;
  const char *from, *to;
  const char *expected; /* NULL: still good */
} edits[] = {
  { RGB8, "\"software\":\"test\"", "\"software\":\"t\\u00e4st\",\"new\":\"key\"", NULL },
  { RGB8, "\"software\":\"test\",", "", NULL },
  { RGB8, "frames_skipped\":\"3", "frames_skipped\":\"18446744073709551615", NULL },
  { RGB8, "m.version\":\"1.0", "m.version\":\"1.7", NULL },
  { RGB8, "pixelnorm.version", "other.version", "no \"pixelnorm.version\"" },
  { RGB8, "m.version\":\"1.0", "m.version\":\"2.0", "version 2.0; this library reads" },
  { RGB8, "m.version\":\"1.0", "m.version\":\"0.9", "version 0.9; this library reads" },
  { RGB8, "m.version\":\"1.0", "m.version\":\"1", "expected two numbers" },
  { RGB8, "m.version\":\"1.0", "m.version\":\"1. 0", "expected two numbers" },
  { RGB8, "m.version\":\"1.0", "m.version\":\"1.0.0", "expected two numbers" },
  { RGB8, "m.version\":\"1.0", "m.version\":\"-1.0", "expected two numbers" },
  { RGB8, "m.version\":\"1.0", "m.version\":\"99999999999999999999.0", "expected two numbers" },
  { RGB8, "\"xxh3\":", "\"xxh4\":", "no \"xxh3\", which every profile has: other software" },
  { RGB8, "\"xxh3\":", "\"xxh3\": ", "expected exactly one \"xxh3\"" },
  { RGB8, "\"xxh3\":\"", "\"xxh3\":\"0", "lower-case hexadecimal" },
  { RGB8, "\"xxh3\":\"", "\"\\\"xxh3\":\"\",\"xxh3\":\"", "expected exactly one \"xxh3\"" },
  { RGB8, "\"identity\":", "\"identiti\":", "no \"identity\", which every profile has" },
  { RGB8, "\"identity\":\"", "\"identity\":\"0", "Metadata: \"identity\" is" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"4\"", "shape is [2, 3, 3], expected [2, 4, 3]" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"0\"", "expected a number from 1 to 1048576" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"03\"", "expected a number" },
  { RGB8, "\"width\":\"3\"", "\"width\":\" 3\"", "expected a number" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"+3\"", "expected a number" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"3.0\"", "expected a number" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"\"", "expected a number" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"-18446744073709551613\"", "expected a number" },
  { RGB8, "\"width\":\"3\"", "\"width\":\"18446744073709551619\"", "expected a number" },
  { RGB8, "\"width\":\"3\",", "", "no \"width\"" },
  { RGB8, "\"height\":\"2\"", "\"height\":\"1048577\"", "expected a number" },
  { RGB8, "\"depth\":\"8\"", "\"depth\":\"7\"", "expected a number from 8 to 16" },
  { RGB8, "\"depth\":\"8\"", "\"depth\":\"17\"", "expected a number from 8 to 16" },
  { RGB8, "\"depth\":\"8\"", "\"depth\":\"9\"", "\"min\": items of type U8, expected U16" },
  { RGB8, "\"RGB\"", "\"BGR\"", "\"BGR\", expected one of: RGB, YUV, Y" },
  { RGB8, "\"RGB\"", "\"Y\"", "shape is [2, 3, 3], expected [2, 3, 1]" },
  { RGB8, "\"RGB\"", "\"YUV\"", "Metadata: \"identity\" is" },
  { RGB8, "\"full\"", "\"limited\"", "Metadata: \"identity\" is" },
  { RGB8, "\"full\"", "\"video\"", "expected one of: full, limited" },
  { RGB8, "\"range\":", "\"matrix\":\"bt709\",\"range\":", "channels RGB have no matrix" },
  { YUV8, "\"bt709\"", "\"bt 709\"", "expected a name" },
  { YUV8, "\"bt709\"", "\"none\"", "expected a name" },
  { YUV8, "\"bt709\"", "\"abcdefghijklmnopqrstuvwxyzabcdefg\"", "expected a name" },
  { YUV8, "\"bt709\"", "\"bt601\"", "Metadata: \"identity\" is" },
  { RGB8, "frames_skipped\":\"3", "frames_skipped\":\"-3", "expected a number" },
  { RGB8, "frames_skipped\":\"3", "frames_skipped\":\"18446744073709551616", "expected a number" },
  { RGB8, "\"frames\":", "\"frame\":", "\"frame\" is not known" },
  { RGB8, "\"sum\":", "\"sum.Y\":", "\"sum.Y\" does not belong in a profile whose channels" },
  { RGB8, "\"max\":", "\"histogram\":", "\"max\" is missing" },
  { RGB8, "\"sum\":", "\"histogram.Y\":", "\"histogram.Y\" is not known" },
  { RGB8, "\"max\":", "\"count\":", "\"count\": items of type U8, expected U32 or U64" },
  { RGB8, "\"sum\":", "\"samples\":", "\"width\" is \"3\", expected a number from 0 to 0" },
  { RGB8, "\"shape\":[2,3,3]", "\"shape\":[18]", "shape is [18], expected [2, 3, 3]" },
  { RGB8, "\"shape\":[2,3,3]", "\"shape\":[2,3,3,1]", "shape is [2, 3, 3, 1], expected [2, 3, 3]" },
  { RGB8, "\"shape\":[2,3,3]", "\"shape\":[3,2,3]", "shape is [3, 2, 3], expected [2, 3, 3]" },
  { RGB8, "\"shape\":[1]", "\"shape\":[]", "\"frames\": its shape is [], expected [1]" },
  { RGB8, "\"dtype\":\"U32\",\"shape\":[2,3,3]", "\"dtype\":\"U16\",\"shape\":[2,2,3,3]",
      "\"sum\": items of type U16, expected U32 or U64" },
  { RGB8_COUNTED, "\"count\":", "\"sum_squares_high\":", "not belong in a profile of scope pixel" },
  { RGB8_CHANNEL, "\"samples\":", "\"sample\":", "\"sample\" is not known" },
  { RGB8_CHANNEL, "\"min\":", "\"count\":", "not belong in a profile of scope channel" },
  { RGB8_CHANNEL, "\"width\":\"0\"", "\"width\":\"1\"", "expected a number from 0 to 0" },
};

static void
test_edited_headers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    g_autoptr (GBytes) bytes = make_edited (edits[i].form, edits[i].from, edits[i].to);
    g_autoptr (GError) error = NULL;

    g_test_message ("%s -> %s", edits[i].from, edits[i].to);
    if (edits[i].expected) {
      assert_refused (bytes, edits[i].expected);
      continue;
    }
    g_autoptr (PixelnormProfile) profile = pixelnorm_profile_parse (bytes, &error);
    g_assert_no_error (error);
  }
}

typedef struct {
  const Form *form;
  const char *tensor;
  gsize index;
  guint64 value;
  const char *expected;
} ItemEdit;

/* forms[] are filled from fixed seeds; these changes are wrong whatever the samples are. */
static const ItemEdit item_edits[] = {
  { RGB8, "frames", 0, 0, "\"frames\": 0, expected 1 to 4294967296" },
  { RGB8, "frames", 0, PIXELNORM_MAX_FRAMES + 1,
      "\"frames\": 4294967297, expected 1 to 4294967296" },
  { RGB8, "frames", 0, G_MAXUINT64, "expected 1 to 4294967296" },
  { RGB8, "frames", 0, 4, "Channel R at x 0, y 0 has" },
  { RGB8, "frames", 0, 6, "Channel R at x 0, y 0 has" },
  { RGB8, "sum", 0, 0, "R at x 0, y 0 has a sum outside of" },
  { RGB8, "sum", 17, G_MAXUINT32, "B at x 2, y 1 has a sum outside of" },
  { RGB8, "sum_squares", 10, 0, "G at x 0, y 1 has a sum" },
  { RGB8, "sum_squares", 5, G_MAXUINT32, "B at x 1, y 0 has a sum" },
  { RGB8, "min", 4, 255, "G at x 1, y 0 has a maximum below the minimum" },
  { RGB8, "max", 4, 0, "G at x 1, y 0 has a maximum below the minimum" },
  { &forms[2], "max", 3, 1024,
      "Y at x 3, y 0 has a minimum or maximum above what the depth allows" },
  { &forms[2], "min", 0, 65535,
      "Y at x 0, y 0 has a minimum or maximum above what the depth allows" },
  { RGB8_COUNTED, "count", 2, 10, "\"count\": 10 at x 2, y 0, expected at most the 9 frames" },
  { RGB8_COUNTED, "count", 5, 0, "R at x 2, y 1 has" },
  { RGB8_COUNTED, "count", 0, 1, "Metadata: \"identity\" is" },
  { RGB8_COUNTED, "sum", 0, 1, "R at x 0, y 0 has a sum without samples" },
  { RGB8_COUNTED, "max", 1, 1, "G at x 0, y 0 has a minimum or maximum without samples" },
  { RGB8_CHANNEL, "samples", 0, 0, "\"samples\": channel R has 0" },
  { RGB8_CHANNEL, "samples", 1, 351, "\"samples\": channel G has 351" },
  { RGB8_CHANNEL, "frames", 0, 351, "\"samples\": channel R has 350, expected as many" },
  { RGB8_CHANNEL, "sum", 2, 1, "Channel B has a sum outside of" },
  { &threaded_form, "sum", 0, G_MAXUINT32, "R at x 0, y 0 has a sum outside of" },
  { &threaded_form, "sum", (512 * 256 - 1) * 3, G_MAXUINT32,
      "R at x 511, y 255 has a sum outside of" },
  { &threaded_form, "frames", 0, PIXELNORM_MAX_FRAMES + 1,
      "\"frames\": 4294967297, expected 1 to" },
};

static GBytes *
make_item_edited (const ItemEdit *edit)
{
  g_autoptr (GBytes) good = make_file (edit->form);
  gsize size;
  const char *memory = g_bytes_get_data (good, &size);
  g_autoptr (SafetensorsFile) file = safetensors_parse (memory, size, NULL);
  const SafetensorsArray *array = safetensors_find_array (file, edit->tensor);
  const guint item_size = safetensors_type_size (array->type);
  char *changed = g_memdup2 (memory, size);

  g_assert_cmpuint (edit->index * item_size, <, array->size);
  memcpy (changed + ((const char *) array->data - memory) + edit->index * item_size, &edit->value,
      item_size);
  return sign (g_bytes_new_take (changed, size));
}

static void
test_edited_items (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (item_edits); i++) {
    g_autoptr (GBytes) bytes = make_item_edited (&item_edits[i]);

    g_test_message ("%s: %s[%" G_GSIZE_FORMAT "] = %" G_GUINT64_FORMAT, item_edits[i].form->name,
        item_edits[i].tensor, item_edits[i].index, item_edits[i].value);
    assert_refused (bytes, item_edits[i].expected);
  }
}

/* What is told of a large file with several faults is the first of them, whichever thread is done first: its digest, then the
 * samples, then the identity. */
static void
test_threads (void)
{
  const ItemEdit edit = { &threaded_form, "sum", (512 * 256 - 1) * 3, G_MAXUINT32 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) good = make_file (&threaded_form);
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_parse (good, &error);
  g_autoptr (GBytes) identity = make_edited (&threaded_form, "\"RGB\"", "\"YUV\"");
  gsize size;
  char *changed = g_bytes_unref_to_data (make_item_edited (&edit), &size);

  g_assert_no_error (error);
  assert_refused (identity, "Metadata: \"identity\" is");
  changed[size - 1] ^= 1;
  g_autoptr (GBytes) unsigned_bytes = g_bytes_new_take (changed, size);
  assert_refused (unsigned_bytes, "The content does not match its digest");
}

/* Any change of one item must be refused: by the statistics, or at the latest by the identity. */
static void
test_every_item (gconstpointer user_data)
{
  const Form *form = user_data;
  g_autoptr (GBytes) good = make_file (form);
  gsize size;
  const char *memory = g_bytes_get_data (good, &size);
  g_autoptr (SafetensorsFile) file = safetensors_parse (memory, size, NULL);

  for (gsize i = safetensors_get_header_size (file); i < size; i++) {
    for (guint bit = 0; bit < 8; bit++) {
      char *changed = g_memdup2 (memory, size);

      changed[i] ^= (char) (1 << bit);
      g_autoptr (GBytes) bytes = sign (g_bytes_new_take (changed, size));
      assert_refused (bytes, NULL);
    }
  }
  g_test_message ("counted: %" G_GSIZE_FORMAT
                  " bits of data changed behind the digest, each refused",
      8 * (size - safetensors_get_header_size (file)));
}

int
main (int argc, char **argv)
{
  int result;

  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  make_folder ();
  for (guint i = 0; i < n_forms; i++) {
    g_autofree char *trip = g_strconcat ("/profile-file/round-trip/", forms[i].name, NULL);
    g_autofree char *bit = g_strconcat ("/profile-file/every-bit/", forms[i].name, NULL);
    g_autofree char *length = g_strconcat ("/profile-file/every-length/", forms[i].name, NULL);
    g_autofree char *item = g_strconcat ("/profile-file/every-item/", forms[i].name, NULL);

    g_test_add_data_func (trip, &forms[i], test_round_trip);
    if (&forms[i] == LARGE)
      continue;
    g_test_add_data_func (bit, &forms[i], test_every_bit);
    g_test_add_data_func (length, &forms[i], test_every_length);
    g_test_add_data_func (item, &forms[i], test_every_item);
  }
  g_test_add_func ("/profile-file/unaligned", test_unaligned);
  g_test_add_func ("/profile-file/bad-headers", test_bad_headers);
  g_test_add_func ("/profile-file/bad-length", test_bad_length);
  g_test_add_func ("/profile-file/edited-headers", test_edited_headers);
  g_test_add_func ("/profile-file/edited-items", test_edited_items);
  g_test_add_func ("/profile-file/threads", test_threads);
  result = g_test_run ();
  remove_folder ();
  return result;
}
