/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* safetensors.c: whatever it hands out lies in the input, covers it without gaps, and is written and
 * read again as it was.
 */
#include "fuzz.h"

#include <string.h>

#define MAX_ARRAYS 64
#define METADATA_KEY "sources"

/* Every array where its predecessor ends, with as many bytes as its shape has items. */
static void
check_arrays (SafetensorsFile *file, const uint8_t *data, size_t size)
{
  const uint8_t *expected = data + safetensors_get_header_size (file);

  g_assert_cmpuint ((guint64) (expected - data) % 64, ==, 0);
  for (guint i = 0; i < safetensors_get_n_arrays (file); i++) {
    const SafetensorsArray *array = safetensors_get_array (file, i);
    gsize n_bytes = safetensors_type_size (array->type);

    g_assert_true (array->data == expected);
    g_assert_cmpuint ((guint64) (expected - data) % n_bytes, ==, 0);
    g_assert_cmpuint (array->n_dimensions, <=, SAFETENSORS_MAX_DIMENSIONS);
    for (guint d = 0; d < array->n_dimensions; d++)
      n_bytes *= array->shape[d];
    g_assert_cmpuint (array->size, ==, n_bytes);
    g_assert_true (g_utf8_validate (array->name, -1, NULL));
    g_assert_cmpstr (safetensors_find_array (file, array->name)->name, ==, array->name);
    expected += array->size;
  }
  g_assert_true (expected == data + size);
}

/* The writer's header of the same arrays gives them back. */
static void
check_again (SafetensorsFile *file, const uint8_t *data, size_t size)
{
  const char *value = safetensors_get_metadata (file, METADATA_KEY);
  const char *const metadata[] = { METADATA_KEY, value ? value : "", NULL };
  const gsize old_start = safetensors_get_header_size (file), n_data = size - old_start;
  const guint n = safetensors_get_n_arrays (file);
  SafetensorsArray arrays[MAX_ARRAYS];
  g_autoptr (GByteArray) bytes = NULL;

  if (n > MAX_ARRAYS)
    return;
  for (guint i = 0; i < n; i++)
    arrays[i] = *safetensors_get_array (file, i);
  bytes = g_bytes_unref_to_array (safetensors_make_header (metadata, arrays, n));
  g_byte_array_append (bytes, data + old_start, (guint) n_data);

  g_autoptr (GError) error = NULL;
  g_autoptr (SafetensorsFile) again = safetensors_parse (bytes->data, bytes->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (safetensors_get_n_arrays (again), ==, n);
  g_assert_cmpstr (safetensors_get_metadata (again, METADATA_KEY), ==, metadata[1]);
  for (guint i = 0; i < n; i++) {
    const SafetensorsArray *array = safetensors_find_array (again, arrays[i].name);

    g_assert_true (array && array->type == arrays[i].type && array->size == arrays[i].size
        && array->n_dimensions == arrays[i].n_dimensions);
    g_assert_cmpmem (array->shape, array->n_dimensions * sizeof *array->shape, arrays[i].shape,
        arrays[i].n_dimensions * sizeof *array->shape);
    g_assert_cmpmem (array->data, array->size, arrays[i].data, arrays[i].size);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GError *error = NULL;
  g_autoptr (SafetensorsFile) file = safetensors_parse (data, size, &error);

  if (file == NULL) {
    fuzz_check_refusal (error);
    return 0;
  }
  g_assert_no_error (error);
  check_arrays (file, data, size);
  check_again (file, data, size);
  return 0;
}
