/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* safetensors: bytes <-> named arrays.
 *
 * A file is a little-endian u64 with the length of the header, the header (a JSON object, padded
 * with spaces), and the data. The object has one member per array, { "dtype", "shape",
 * "data_offsets" }, with offsets that count from the first byte of the data, and "__metadata__",
 * whose values are strings.
 *
 * The reader takes files from anyone. Whatever it hands out lies inside of the memory that it was
 * given: every array's size equals item size x shape (multiplied with overflow checks), and the
 * arrays, sorted by offset, must follow each other from the first byte of the data to the last byte
 * of the file. Beyond the common format the house rules ask for metadata, for data at a multiple of
 * 64 and for arrays at a multiple of their item size, so that a mapped file can be used where it
 * lies. No item is read here.
 */
#include "safetensors.h"

#include <jansson.h>
#include <string.h>

#include <pixelnorm/error.h>

#define LENGTH_BYTES 8
#define ALIGNMENT 64
#define MAX_PRINTABLE 80 /* characters of foreign text in a message */

#define METADATA_KEY "__metadata__"

static const struct {
  const char *name;
  guint size;
} types[] = {
  [SAFETENSORS_U8] = { "U8", 1 },
  [SAFETENSORS_U16] = { "U16", 2 },
  [SAFETENSORS_U32] = { "U32", 4 },
  [SAFETENSORS_U64] = { "U64", 8 },
  [SAFETENSORS_F32] = { "F32", 4 },
  [SAFETENSORS_F64] = { "F64", 8 },
};

const SafetensorsRules safetensors_house_rules = {
  .types = 1 << SAFETENSORS_U8 | 1 << SAFETENSORS_U16 | 1 << SAFETENSORS_U32 | 1 << SAFETENSORS_U64,
  .types_text = "U8, U16, U32 or U64",
  .aligned = TRUE,
  .needs_metadata = TRUE,
  .stranger = "This is not a profile. Make one of a video or of images with \"pixelprofile collect "
              "PROFILE FILE...\", or with the element pixelstats.",
  .advice =
      "The file is damaged or is not a profile: use an unaltered copy, or make the profile anew.",
};

struct _SafetensorsFile {
  json_t *root; /* owns the names and the metadata */
  gsize header_size;
  GArray *arrays; /* of SafetensorsArray */
};

guint
safetensors_type_size (SafetensorsType type)
{
  return types[type].size;
}

const char *
safetensors_type_name (SafetensorsType type)
{
  return types[type].name;
}

SafetensorsType
safetensors_type_of_size (guint size)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].size == size)
      return (SafetensorsType) i;
  g_return_val_if_reached (SAFETENSORS_U8);
}

gboolean
safetensors_damaged (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT, "%s. %s", text,
      safetensors_house_rules.advice);
  return FALSE;
}

/* What is wrong, in a sentence without its end; what to do about it follows in
 * safetensors_parse_by(). */
static gboolean G_GNUC_PRINTF (2, 3) broken (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error)
    *error = g_error_new_valist (PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT, format, arguments);
  va_end (arguments);
  return FALSE;
}

char *
safetensors_printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *printable = g_string_new (NULL);
  const char *p;
  guint n;

  for (p = valid, n = 0; *p && n < MAX_PRINTABLE; p = g_utf8_next_char (p), n++)
    g_string_append_unichar (
        printable, g_unichar_isprint (g_utf8_get_char (p)) ? g_utf8_get_char (p) : '?');
  if (*p)
    g_string_append (printable, "...");
  return g_string_free (printable, FALSE);
}

char *
safetensors_print_shape (const SafetensorsArray *array)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < array->n_dimensions; i++)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT, i ? ", " : "", array->shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

/* A JSON integer from 0 to 2^63 - 1: jansson refuses what is larger, and tells 1.0 from 1. */
static gboolean
get_unsigned (const json_t *value, guint64 *number)
{
  if (!json_is_integer (value) || json_integer_value (value) < 0)
    return FALSE;
  *number = (guint64) json_integer_value (value);
  return TRUE;
}

static gboolean
parse_type (SafetensorsArray *array, const json_t *value, const char *name,
    const SafetensorsRules *rules, GError **error)
{
  g_autofree char *found = NULL;
  guint i;

  if (!json_is_string (value))
    return broken (error, "Tensor \"%s\": no \"dtype\" that is a string", name);
  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    if (rules->types >> i & 1 && g_str_equal (json_string_value (value), types[i].name)) {
      array->type = (SafetensorsType) i;
      return TRUE;
    }
  }
  found = safetensors_printable (json_string_value (value));
  return broken (
      error, "Tensor \"%s\": \"dtype\" is \"%s\", expected %s", name, found, rules->types_text);
}

static gboolean
parse_shape (SafetensorsArray *array, const json_t *value, const char *name, GError **error)
{
  gsize i;

  if (!json_is_array (value))
    return broken (error, "Tensor \"%s\": no \"shape\" that is an array", name);
  if (json_array_size (value) > SAFETENSORS_MAX_DIMENSIONS)
    return broken (error,
        "Tensor \"%s\": \"shape\" has %" G_GSIZE_FORMAT " dimensions, expected at most %d", name,
        json_array_size (value), SAFETENSORS_MAX_DIMENSIONS);
  array->n_dimensions = (guint) json_array_size (value);
  for (i = 0; i < array->n_dimensions; i++)
    if (!get_unsigned (json_array_get (value, i), &array->shape[i]))
      return broken (error,
          "Tensor \"%s\": \"shape\" holds something else than whole numbers from 0 up", name);
  return TRUE;
}

/* Sets data and size. @base is the first byte of the data of all tensors, of which there are
 * @available. */
static gboolean
parse_offsets (SafetensorsArray *array, const json_t *value, const char *name,
    const SafetensorsRules *rules, const guint8 *base, gsize available, GError **error)
{
  const guint item_size = safetensors_type_size (array->type);
  guint64 begin, end, size = item_size;
  guint i;

  if (!json_is_array (value) || json_array_size (value) != 2
      || !get_unsigned (json_array_get (value, 0), &begin)
      || !get_unsigned (json_array_get (value, 1), &end))
    return broken (
        error, "Tensor \"%s\": no \"data_offsets\" of two whole numbers from 0 up", name);
  if (begin > end || end > available)
    return broken (error,
        "Tensor \"%s\": \"data_offsets\" [%" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT
        "] lie outside of the %" G_GSIZE_FORMAT " bytes of data",
        name, begin, end, available);
  for (i = 0; i < array->n_dimensions; i++)
    if (!g_uint64_checked_mul (&size, size, array->shape[i]))
      return broken (error, "Tensor \"%s\": \"shape\" is larger than any memory", name);
  if (size != end - begin)
    return broken (error,
        "Tensor \"%s\": \"data_offsets\" span %" G_GUINT64_FORMAT
        " bytes, expected the %" G_GUINT64_FORMAT " of its dtype and shape",
        name, end - begin, size);
  if (rules->aligned && begin % item_size != 0)
    return broken (error,
        "Tensor \"%s\": its data begin at %" G_GUINT64_FORMAT
        ", expected a multiple of its item size, %u",
        name, begin, item_size);
  array->data = base + begin;
  array->size = (gsize) size;
  return TRUE;
}

static gboolean
parse_array (SafetensorsArray *array, const char *key, json_t *value, const SafetensorsRules *rules,
    const guint8 *base, gsize available, GError **error)
{
  g_autofree char *name = safetensors_printable (key);

  if (!json_is_object (value))
    return broken (error, "Tensor \"%s\": not a JSON object", name);
  if (json_object_size (value) > 3)
    return broken (
        error, "Tensor \"%s\": has keys besides \"dtype\", \"shape\" and \"data_offsets\"", name);
  array->name = key;
  return parse_type (array, json_object_get (value, "dtype"), name, rules, error)
      && parse_shape (array, json_object_get (value, "shape"), name, error)
      && parse_offsets (
          array, json_object_get (value, "data_offsets"), name, rules, base, available, error);
}

static int
compare_data (gconstpointer a, gconstpointer b)
{
  const SafetensorsArray *one = a, *other = b;

  if (one->data != other->data)
    return (const guint8 *) one->data < (const guint8 *) other->data ? -1 : 1;
  /* an empty array goes before the one that starts at the same place */
  return one->size < other->size ? -1 : one->size > other->size;
}

/* Every byte of data belongs to one array. */
static gboolean
check_coverage (GArray *arrays, const guint8 *base, gsize available, GError **error)
{
  gsize expected = 0;
  guint i;

  g_array_sort (arrays, compare_data);
  for (i = 0; i < arrays->len; i++) {
    const SafetensorsArray *array = &g_array_index (arrays, SafetensorsArray, i);
    const gsize begin = (gsize) ((const guint8 *) array->data - base);
    g_autofree char *name = safetensors_printable (array->name);

    if (begin < expected)
      return broken (error,
          "Tensor \"%s\": begins at %" G_GSIZE_FORMAT
          " and overlaps the one before it, which ends at %" G_GSIZE_FORMAT,
          name, begin, expected);
    if (begin > expected)
      return broken (error,
          "Tensor \"%s\": begins at %" G_GSIZE_FORMAT
          " and leaves a gap, expected %" G_GSIZE_FORMAT,
          name, begin, expected);
    expected = begin + array->size;
  }
  if (expected != available)
    return broken (error,
        "%" G_GSIZE_FORMAT " bytes of data, of which the tensors cover %" G_GSIZE_FORMAT, available,
        expected);
  return TRUE;
}

static gboolean
check_metadata (json_t *metadata, const SafetensorsRules *rules, GError **error)
{
  const char *key;
  json_t *value;

  if (metadata == NULL)
    return !rules->needs_metadata
        || broken (error,
            "The header has no \"" METADATA_KEY
            "\": other software, which keeps only the arrays of a file, saved it anew");
  if (!json_is_object (metadata))
    return broken (error, "\"" METADATA_KEY "\" is not a JSON object");
  json_object_foreach (metadata, key, value)
  {
    g_autofree char *name = safetensors_printable (key);

    if (!json_is_string (value))
      return broken (error, "\"" METADATA_KEY "\": the value of \"%s\" is not a string", name);
  }
  return TRUE;
}

/* The length word, and whether the header that it tells of can be one. More bytes than the word are there. */
static gboolean
check_header_length (const guint8 *data, gsize size, gsize *length, GError **error)
{
  guint64 word;

  memcpy (&word, data, sizeof (word));
  word = GUINT64_FROM_LE (word);
  if (word > SAFETENSORS_MAX_HEADER)
    return broken (error, "Offset 0: a header of %" G_GUINT64_FORMAT " bytes, expected at most %d",
        word, SAFETENSORS_MAX_HEADER);
  if (word > size - LENGTH_BYTES)
    return broken (error,
        "Offset 0: a header of %" G_GUINT64_FORMAT " bytes, but only %" G_GSIZE_FORMAT
        " follow: the file was cut short",
        word, size - LENGTH_BYTES);
  if (word == 0)
    return broken (error, "Offset 0: a header of 0 bytes");
  *length = (gsize) word;
  return TRUE;
}

static json_t *
parse_json (const guint8 *text, gsize length, GError **error)
{
  const guint8 *nul = memchr (text, 0, length);
  g_autofree char *reason = NULL;
  json_error_t problem;
  json_t *root;

  if (nul != NULL) {
    broken (error, "Offset %" G_GSIZE_FORMAT ": a NUL byte in the header",
        (gsize) (nul - text) + LENGTH_BYTES);
    return NULL;
  }
  root = json_loadb ((const char *) text, length, JSON_REJECT_DUPLICATES, &problem);
  if (root != NULL)
    return root; /* an object, since it begins with { */
  reason = safetensors_printable (problem.text);
  broken (error, "Offset %d: the header is not JSON as expected: %s",
      LENGTH_BYTES + MAX (problem.position, 0), reason);
  return NULL;
}

static gboolean
parse_arrays (SafetensorsFile *file, const SafetensorsRules *rules, const guint8 *data, gsize size,
    GError **error)
{
  const guint8 *base = data + file->header_size;
  const gsize available = size - file->header_size;
  const char *key;
  json_t *value;

  json_object_foreach (file->root, key, value)
  {
    SafetensorsArray array = { 0 };

    if (g_str_equal (key, METADATA_KEY))
      continue;
    if (!parse_array (&array, key, value, rules, base, available, error))
      return FALSE;
    g_array_append_val (file->arrays, array);
  }
  return check_coverage (file->arrays, base, available, error);
}

static SafetensorsFile *
parse (const void *data, gsize size, const SafetensorsRules *rules, GError **error)
{
  g_autoptr (SafetensorsFile) file = NULL;
  gsize length = 0;
  json_t *root;

  if (!check_header_length (data, size, &length, error))
    return NULL;
  root = parse_json ((const guint8 *) data + LENGTH_BYTES, length, error);
  if (root == NULL)
    return NULL;
  file = g_new0 (SafetensorsFile, 1);
  file->root = root;
  file->header_size = LENGTH_BYTES + length;
  file->arrays = g_array_new (FALSE, FALSE, sizeof (SafetensorsArray));

  /* before the alignment: software that loses the metadata also aligns in its own way */
  if (!check_metadata (json_object_get (root, METADATA_KEY), rules, error))
    return NULL;
  if (rules->aligned && file->header_size % ALIGNMENT != 0) {
    broken (error,
        "Offset 0: a header of %" G_GSIZE_FORMAT " bytes puts the data at %" G_GSIZE_FORMAT
        ", expected a multiple of %d; other software may have saved the file anew",
        length, file->header_size, ALIGNMENT);
    return NULL;
  }
  if (!parse_arrays (file, rules, data, size, error))
    return NULL;
  return g_steal_pointer (&file);
}

SafetensorsFile *
safetensors_parse_by (const void *data, gsize size, const SafetensorsRules *rules, GError **error)
{
  g_autoptr (GError) problem = NULL;
  SafetensorsFile *file = NULL;

  if (size <= LENGTH_BYTES || ((const char *) data)[LENGTH_BYTES] != '{')
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT, rules->stranger);
  else if (!(file = parse (data, size, rules, &problem)))
    g_set_error (error, problem->domain, problem->code, "%s. %s", problem->message, rules->advice);
  return file;
}

SafetensorsFile *
safetensors_parse (const void *data, gsize size, GError **error)
{
  return safetensors_parse_by (data, size, &safetensors_house_rules, error);
}

void
safetensors_free (SafetensorsFile *file)
{
  if (file == NULL)
    return;
  json_decref (file->root);
  g_array_unref (file->arrays);
  g_free (file);
}

const char *
safetensors_get_metadata (SafetensorsFile *file, const char *key)
{
  return json_string_value (json_object_get (json_object_get (file->root, METADATA_KEY), key));
}

guint
safetensors_get_n_arrays (SafetensorsFile *file)
{
  return file->arrays->len;
}

const SafetensorsArray *
safetensors_get_array (SafetensorsFile *file, guint index)
{
  return &g_array_index (file->arrays, SafetensorsArray, index);
}

const SafetensorsArray *
safetensors_find_array (SafetensorsFile *file, const char *name)
{
  guint i;

  for (i = 0; i < file->arrays->len; i++) {
    const SafetensorsArray *array = safetensors_get_array (file, i);

    if (g_str_equal (array->name, name))
      return array;
  }
  return NULL;
}

gsize
safetensors_get_header_size (SafetensorsFile *file)
{
  return file->header_size;
}

/* @text as a JSON string; bytes that are not UTF-8 become U+FFFD. */
static void
append_string (GString *json, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  const char *p;

  g_string_append_c (json, '"');
  for (p = valid; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c (json, '\\');
    if ((guchar) *p < 0x20)
      g_string_append_printf (json, "\\u%04x", *p);
    else
      g_string_append_c (json, *p);
  }
  g_string_append_c (json, '"');
}

static void
append_array (GString *json, const SafetensorsArray *array, guint64 begin)
{
  guint i;

  append_string (json, array->name);
  g_string_append_printf (json, ":{\"dtype\":\"%s\",\"shape\":[", types[array->type].name);
  for (i = 0; i < array->n_dimensions; i++)
    g_string_append_printf (json, "%s%" G_GUINT64_FORMAT, i ? "," : "", array->shape[i]);
  g_string_append_printf (json, "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
      begin, begin + array->size);
}

GBytes *
safetensors_make_header (
    const char *const *metadata, const SafetensorsArray *arrays, guint n_arrays)
{
  GString *header = g_string_new_len ("\0\0\0\0\0\0\0\0", LENGTH_BYTES);
  guint64 offset = 0, length;
  guint i;

  g_string_append (header, "{\"" METADATA_KEY "\":{");
  for (i = 0; metadata[i] != NULL; i += 2) {
    if (i > 0)
      g_string_append_c (header, ',');
    append_string (header, metadata[i]);
    g_string_append_c (header, ':');
    append_string (header, metadata[i + 1]);
  }
  g_string_append_c (header, '}');
  for (i = 0; i < n_arrays; i++) {
    g_string_append_c (header, ',');
    append_array (header, &arrays[i], offset);
    offset += arrays[i].size;
  }
  g_string_append_c (header, '}');
  while (header->len % ALIGNMENT != 0)
    g_string_append_c (header, ' ');

  length = GUINT64_TO_LE (header->len - LENGTH_BYTES);
  memcpy (header->str, &length, sizeof (length));
  return g_string_free_to_bytes (header);
}
