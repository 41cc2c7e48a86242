/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header has 32 words of 32 bits, in the order of bytes of the machine, as NNStreamer has them: a magic number, the
 * version, the type, 16 dimensions of which those behind the last are 0, the format, what kind of medium it is, and
 * zeros. What NNStreamer's gst_tensor_meta_info_validate() refuses is refused here.
 */
#include "gstpixelflexible.h"

#include <pixelnorm/pixelnorm.h>
#include <string.h>

#include "gstpixelcaps.h"

enum {
  MAGIC,
  VERSION,
  TYPE,
  DIMENSIONS,
  FORMAT = DIMENSIONS + GST_PIXEL_CAPS_LARGEST_RANK,
  MEDIUM,
  N_WORDS = GST_PIXEL_FLEXIBLE_HEADER / sizeof (guint32)
};

#define IS_MAGIC 0xfeedccedu
#define IS_VERSION 0xde001000u /* 1.0; the last three digits are a minor one */
#define MAJOR_VERSION 0xfffff000u

/* In the numbers of NNStreamer. */
static const gchar *const types[] = { "int32", "uint32", "int16", "uint16", "int8", "uint8",
  "float64", "float32", "int64", "uint64", "float16" };
static const gchar *const formats[] = { "static", "flexible", "sparse" };
enum { N_FORMATS_WITHOUT_SPARSE = 2, TENSOR_MEDIUM = 4 };

static const GstStructure *
get_structure (const GstCaps *caps)
{
  return gst_caps_get_structure (caps, 0);
}

gboolean
gst_pixel_flexible_is (const GstCaps *caps)
{
  return g_strcmp0 (gst_structure_get_string (get_structure (caps), "format"), "flexible") == 0;
}

gboolean
gst_pixel_flexible_is_open (const GstCaps *caps)
{
  return gst_pixel_flexible_is (caps)
      && !(gst_structure_has_field (get_structure (caps), "types")
          && gst_structure_has_field (get_structure (caps), "dimensions"));
}

void
gst_pixel_flexible_write (guint8 header[GST_PIXEL_FLEXIBLE_HEADER], const GstCaps *caps)
{
  const gchar *type = gst_structure_get_string (get_structure (caps), "types");
  guint32 words[N_WORDS] = { IS_MAGIC, IS_VERSION };
  gint sizes[GST_PIXEL_CAPS_SIZES];

  while (words[TYPE] < G_N_ELEMENTS (types) && g_strcmp0 (types[words[TYPE]], type) != 0)
    words[TYPE]++;
  gst_pixel_caps_parse_dimensions (
      gst_structure_get_string (get_structure (caps), "dimensions"), sizes);
  for (guint i = 0; i < GST_PIXEL_CAPS_SIZES; i++)
    words[DIMENSIONS + i] = (guint32) sizes[i];
  words[FORMAT] = 1;
  words[MEDIUM] = TENSOR_MEDIUM;
  memcpy (header, words, sizeof words);
}

/* "3:640:480:1"; NULL: there is no dimension, or one behind a 0. */
static gchar *
print_dimensions (const guint32 sizes[GST_PIXEL_CAPS_LARGEST_RANK])
{
  GString *text = g_string_new (NULL);
  guint rank = 0;

  for (; rank < GST_PIXEL_CAPS_LARGEST_RANK && sizes[rank] > 0; rank++)
    g_string_append_printf (text, "%s%u", rank ? ":" : "", sizes[rank]);
  gboolean is_valid = rank > 0;
  for (guint i = rank; i < GST_PIXEL_CAPS_LARGEST_RANK; i++)
    is_valid &= sizes[i] == 0;
  return g_string_free (text, !is_valid);
}

static gboolean
refuse (GError **error, const gchar *expected, const gchar *found)
{
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "Expected %s in the header of a tensor of format=flexible, found %s. If tensors have no such header, the "
      "caps before this element are wrong.",
      expected, found);
  return FALSE;
}

static gboolean
refuse_number (GError **error, const gchar *expected, guint32 found)
{
  g_autofree gchar *text = g_strdup_printf ("0x%08x", found);

  return refuse (error, expected, text);
}

static gboolean
check_words (const guint32 words[N_WORDS], GError **error)
{
  if (words[MAGIC] != IS_MAGIC)
    return refuse_number (error, "NNStreamer's number 0xfeedcced at the beginning", words[MAGIC]);
  if ((words[VERSION] & MAJOR_VERSION) != IS_VERSION)
    return refuse_number (error, "version 1, 0xde001000,", words[VERSION]);
  if (words[TYPE] >= G_N_ELEMENTS (types))
    return refuse_number (error, "the number of a type, 0 to 10,", words[TYPE]);
  if (words[FORMAT] >= N_FORMATS_WITHOUT_SPARSE)
    return words[FORMAT] < G_N_ELEMENTS (formats)
        ? refuse (error, "the format static or flexible", formats[words[FORMAT]])
        : refuse_number (error, "the format static (0) or flexible (1)", words[FORMAT]);
  if (words[MEDIUM] > TENSOR_MEDIUM)
    return refuse_number (error, "the number of a medium, 0 to 4,", words[MEDIUM]);
  return TRUE;
}

static gboolean
is_our_type (const gchar *type)
{
  const gchar *name;

  for (guint i = 0; (name = pixelnorm_output_get_tensor_type (i, NULL)); i++)
    if (g_str_equal (name, type))
      return TRUE;
  return FALSE;
}

/* What @caps say already must mean the same. */
static gboolean
check_caps (const GstCaps *caps, const gchar *type, const gchar *dimensions, GError **error)
{
  const gchar *asked_type = gst_structure_get_string (get_structure (caps), "types");
  const gchar *asked = gst_structure_get_string (get_structure (caps), "dimensions");
  gint sizes[GST_PIXEL_CAPS_SIZES], asked_sizes[GST_PIXEL_CAPS_SIZES];

  if (asked_type && !g_str_equal (asked_type, type)) {
    g_autofree gchar *expected = g_strdup_printf ("%s, as the caps say,", asked_type);

    return refuse (error, expected, type);
  }
  if (asked
      && !(gst_pixel_caps_parse_dimensions (asked, asked_sizes)
          && gst_pixel_caps_parse_dimensions (dimensions, sizes)
          && memcmp (sizes, asked_sizes, sizeof sizes) == 0)) {
    g_autofree gchar *expected = g_strdup_printf ("dimensions %s, as the caps say,", asked);

    return refuse (error, expected, dimensions);
  }
  return is_our_type (type) || refuse (error, "float32, float16, uint8 or int8", type);
}

GstCaps *
gst_pixel_flexible_read (
    const guint8 header[GST_PIXEL_FLEXIBLE_HEADER], const GstCaps *caps, GError **error)
{
  guint32 words[N_WORDS];

  memcpy (words, header, sizeof words);
  if (!check_words (words, error))
    return NULL;
  g_autofree gchar *dimensions = print_dimensions (words + DIMENSIONS);
  if (!dimensions) {
    refuse (error, "1 to 16 dimensions, then zeros,", "none, or others behind a zero");
    return NULL;
  }
  if (!check_caps (caps, types[words[TYPE]], dimensions, error))
    return NULL;
  GstCaps *closed = gst_caps_copy (caps);
  gst_caps_set_simple (closed, "types", G_TYPE_STRING, types[words[TYPE]], NULL);
  if (!gst_structure_has_field (get_structure (caps), "dimensions"))
    gst_caps_set_simple (closed, "dimensions", G_TYPE_STRING, dimensions, NULL);
  return closed;
}
