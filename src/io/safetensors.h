/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* safetensors: bytes <-> named arrays. Knows nothing of statistics, opens no files. */
#pragma once

#include <gio/gio.h>

#define SAFETENSORS_MAX_DIMENSIONS 4

/* The longest header, as in the reference implementation. */
#define SAFETENSORS_MAX_HEADER 100000000

typedef enum {
  SAFETENSORS_U8,
  SAFETENSORS_U16,
  SAFETENSORS_U32,
  SAFETENSORS_U64,
  SAFETENSORS_F32,
  SAFETENSORS_F64
} SafetensorsType;

/* Bytes of one item of a type, and the unsigned type whose items have that many bytes (1, 2, 4 or 8). */
guint safetensors_type_size (SafetensorsType type);
SafetensorsType safetensors_type_of_size (guint size);
const char *safetensors_type_name (SafetensorsType type);

typedef struct {
  const char *name;
  SafetensorsType type;
  guint n_dimensions;
  guint64 shape[SAFETENSORS_MAX_DIMENSIONS]; /* outermost first */
  const void *data;                          /* items in C order, little-endian */
  gsize size;                                /* bytes of data */
} SafetensorsArray;

typedef struct _SafetensorsFile SafetensorsFile;

/* What is asked of a file beyond the common format. */
typedef struct {
  guint types;            /* 1 << type of every type that arrays may have */
  const char *types_text; /* them, in words */
  gboolean aligned;       /* data at a multiple of 64, arrays at one of their item size */
  gboolean needs_metadata;
  const char *stranger; /* what is said, and what to do, of a file that is not safetensors at all */
  const char *advice;   /* a sentence that ends every other error: what to do */
} SafetensorsRules;

/* Those of profiles. */
extern const SafetensorsRules safetensors_house_rules;

/* Reads @size bytes at @data, which must outlive the result. Errors are PIXELNORM_ERROR_CORRUPT and
 * name the offset or key. The data of each array stand at a multiple of their item size from the
 * start of the file, so they are aligned in memory where @data is. Arrays come out in the order of
 * their data. */
SafetensorsFile *safetensors_parse (const void *data, gsize size, GError **error);

/* Likewise by other rules; without @aligned, data may lie anywhere. */
SafetensorsFile *safetensors_parse_by (
    const void *data, gsize size, const SafetensorsRules *rules, GError **error);
void safetensors_free (SafetensorsFile *file);

const char *safetensors_get_metadata (SafetensorsFile *file, const char *key);
guint safetensors_get_n_arrays (SafetensorsFile *file);
const SafetensorsArray *safetensors_get_array (SafetensorsFile *file, guint index);
const SafetensorsArray *safetensors_find_array (SafetensorsFile *file, const char *name);
/* Offset of the first byte of data: length word, JSON and padding. */
gsize safetensors_get_header_size (SafetensorsFile *file);

/* The header (length word, JSON, spaces up to a multiple of 64) of a file that holds @arrays, which
 * must be sorted widest type first, in that order and without gaps. @metadata is NULL-terminated
 * pairs of key and value. The same input gives the same bytes. */
GBytes *safetensors_make_header (
    const char *const *metadata, const SafetensorsArray *arrays, guint n_arrays);

/* Sets PIXELNORM_ERROR_CORRUPT with the given text and what to do about a damaged file; returns
 * FALSE. */
gboolean safetensors_damaged (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "[480, 640, 3]" */
char *safetensors_print_shape (const SafetensorsArray *array);

/* Text out of a file as it may stand in a message: valid UTF-8, one line, not long. */
char *safetensors_printable (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SafetensorsFile, safetensors_free)
