/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing a profile: header, then the arrays from where they lie.
 *
 * The digest stands in the header but covers the whole file, so the bytes are gone through twice:
 * once to hash them, once to write them. 64-bit sums that all fit 32 bits are stored in 32,
 * converted in small pieces both times: no second copy of the data is made. The same profile gives
 * the same bytes. A file is written and hashed side by side, the header, which has the digests, last.
 */
#include "profile-format.h"

#include <errno.h>
#include <string.h>

#include "io/atomic-file.h"
#include "io/parallel.h"
#include "io/remedy.h"
#include "profile-target.h"

#define CHUNK 4096    /* items converted at once */
#define MAX_PIECES 27 /* 3 for each of at most 9 tensors */
#define MAX_METADATA 16
#define SAMPLES_BESIDE (1 << 16) /* written in a thread of its own: a tenth of a millisecond */

/* A tensor as it is in memory, and as it will be in the file. */
typedef struct {
  PixelnormArray source;
  gsize n_items;
  char name[PIXELNORM_MAX_TENSOR_NAME];
  SafetensorsArray array; /* but for the name */
} Piece;

typedef gboolean (*WriteFunc) (gpointer to, const void *data, gsize size, GError **error);

static gboolean
write_to_digest (gpointer to, const void *data, gsize size, GError **error)
{
  XXH3_128bits_update (to, data, size);
  return TRUE;
}

static gboolean
write_to_file (gpointer to, const void *data, gsize size, GError **error)
{
  return atomic_file_write (to, data, size, error);
}

static gboolean
write_to_descriptor (gpointer to, const void *data, gsize size, GError **error)
{
  const int problem = write_whole (*(gint *) to, data, size);

  if (problem)
    g_set_error (error, PIXELNORM_ERROR,
        problem == ENOSPC || problem == EDQUOT ? PIXELNORM_ERROR_NO_SPACE : PIXELNORM_ERROR_WRITE,
        "The profile could not be handed on: %s. %s.", g_strerror (problem),
        pixelnorm_remedy (problem, FALSE));
  return problem == 0;
}

static guint64
largest_item (const PixelnormArray *array, gsize n)
{
  guint64 largest = 0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, pixelnorm_array_get (array, i));
  return largest;
}

/* A part of a tensor as a piece; FALSE where the profile has none. */
static gboolean
make_piece (const PixelnormTensor *tensor, PixelnormProfile *self, guint part, Piece *piece)
{
  const PixelnormProfileData *data = &self->data;
  guint item_size;

  if (!((tensor->scopes >> data->scope) & 1))
    return FALSE;
  *piece = (Piece){ 0 };
  pixelnorm_tensor_name (tensor, data, part, piece->name);
  pixelnorm_tensor_set_shape (tensor, data, part, &piece->array);
  piece->n_items = 1;
  for (guint i = 0; i < piece->array.n_dimensions; i++)
    piece->n_items *= piece->array.shape[i];
  if (tensor->embedded)
    piece->source.data = G_STRUCT_MEMBER_P (data, tensor->offset);
  else
    piece->source = (&G_STRUCT_MEMBER (PixelnormArray, data, tensor->offset))[part];
  if (piece->source.data == NULL)
    return FALSE;
  piece->source.step = 1; /* all that lies there, channel by channel */
  if (tensor->embedded)
    piece->source.item_size = sizeof (guint64);

  item_size = piece->source.item_size;
  if (item_size == 8 && (tensor->item_sizes & 4)
      && largest_item (&piece->source, piece->n_items) <= G_MAXUINT32)
    item_size = 4;
  piece->array.type = safetensors_type_of_size (item_size);
  piece->array.size = piece->n_items * item_size;
  /* the high halves are there only where one is not 0 */
  return !tensor->optional || tensor->shape != PIXELNORM_SHAPE_SAMPLES
      || largest_item (&piece->source, piece->n_items) > 0;
}

/* The tensors of the profile, widest type first: so each is aligned without gaps. */
static guint
make_pieces (PixelnormProfile *self, Piece *pieces)
{
  Piece found[MAX_PIECES];
  guint n_found = 0, n = 0;

  g_assert (pixelnorm_n_tensors * PIXELNORM_MAX_CHANNELS <= MAX_PIECES);
  for (guint i = 0; i < pixelnorm_n_tensors; i++)
    for (guint part = 0; part < pixelnorm_tensor_n_parts (&pixelnorm_tensors[i], &self->data);
         part++)
      n_found += make_piece (&pixelnorm_tensors[i], self, part, &found[n_found]);
  for (guint size = 8; size > 0; size /= 2)
    for (guint i = 0; i < n_found; i++)
      if (safetensors_type_size (found[i].array.type) == size)
        pieces[n++] = found[i];
  return n;
}

static gboolean
write_piece (const Piece *piece, WriteFunc write, gpointer to, GError **error)
{
  guint32 chunk[CHUNK];

  if (piece->source.item_size == safetensors_type_size (piece->array.type))
    return write (to, piece->source.data, piece->array.size, error);
  for (gsize start = 0; start < piece->n_items; start += CHUNK) {
    const gsize n = MIN (piece->n_items - start, CHUNK);

    for (gsize i = 0; i < n; i++)
      chunk[i] = (guint32) pixelnorm_array_get (&piece->source, start + i);
    if (!write (to, chunk, n * sizeof *chunk, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_header (GBytes *header, WriteFunc write, gpointer to, GError **error)
{
  gsize size;
  const void *memory = g_bytes_get_data (header, &size);

  return write (to, memory, size, error);
}

static gboolean
write_pieces (const Piece *pieces, guint n, WriteFunc write, gpointer to, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (!write_piece (&pieces[i], write, to, error))
      return FALSE;
  return TRUE;
}

/* The header with zeros for the digest. */
static GBytes *
make_header (PixelnormProfile *self, const char *identity, const Piece *pieces, guint n)
{
  const PixelnormProfileData *data = &self->data;
  const PixelnormGeometry *geometry = &data->geometry;
  g_autofree char *width = g_strdup_printf ("%u", geometry->width);
  g_autofree char *height = g_strdup_printf ("%u", geometry->height);
  g_autofree char *depth = g_strdup_printf ("%u", geometry->depth);
  g_autofree char *skipped = g_strdup_printf ("%" G_GUINT64_FORMAT, data->frames_skipped);
  const char *const pairs[MAX_METADATA][2] = {
    { PIXELNORM_KEY_VERSION, PIXELNORM_FORMAT_VERSION },
    { PIXELNORM_KEY_SOFTWARE, data->software },
    { PIXELNORM_KEY_CREATED, data->created },
    { PIXELNORM_KEY_SOURCES, data->sources },
    { PIXELNORM_KEY_CONVERSIONS, data->conversions },
    { PIXELNORM_KEY_SHARDS, data->shards },
    { PIXELNORM_KEY_WIDTH, width },
    { PIXELNORM_KEY_HEIGHT, height },
    { PIXELNORM_KEY_CHANNELS, geometry->channels },
    { PIXELNORM_KEY_DEPTH, depth },
    { PIXELNORM_KEY_RANGE, geometry->range == PIXELNORM_RANGE_FULL ? "full" : "limited" },
    { PIXELNORM_KEY_MATRIX, geometry->matrix },
    { PIXELNORM_KEY_SUBSAMPLING, pixelnorm_subsampling_name (geometry) },
    { PIXELNORM_KEY_FRAMES_SKIPPED, skipped },
    { PIXELNORM_KEY_IDENTITY, identity },
    { PIXELNORM_KEY_XXH3, PIXELNORM_DIGEST_ZEROS },
  };
  const char *metadata[2 * MAX_METADATA + 1] = { NULL };
  SafetensorsArray arrays[MAX_PIECES];
  guint n_metadata = 0;

  for (guint i = 0; i < MAX_METADATA; i++) {
    if (pairs[i][1] == NULL)
      continue;
    metadata[n_metadata++] = pairs[i][0];
    metadata[n_metadata++] = pairs[i][1];
  }
  for (guint i = 0; i < n; i++) {
    arrays[i] = pieces[i].array;
    arrays[i].name = pieces[i].name;
  }
  return safetensors_make_header (metadata, arrays, n);
}

/* Hashes the file that will be, and puts the digest in its place. Takes over @header. */
static GBytes *
sign_header (GBytes *header, const Piece *pieces, guint n)
{
  g_autoptr (PixelnormDigestState) state = XXH3_createState ();
  char digits[PIXELNORM_DIGEST_DIGITS + 1];
  char *memory, *place;
  gsize size;

  XXH3_128bits_reset (state);
  write_header (header, write_to_digest, state, NULL);
  write_pieces (pieces, n, write_to_digest, state, NULL);
  pixelnorm_digest_print (state, digits);
  memory = g_bytes_unref_to_data (header, &size);
  place = pixelnorm_digest_find (memory, size);
  g_assert (place != NULL);
  memcpy (place, digits, PIXELNORM_DIGEST_DIGITS);
  return g_bytes_new_take (memory, size);
}

static GBytes *
make_signed_header (PixelnormProfile *self, const Piece *pieces, guint n)
{
  return sign_header (
      make_header (self, pixelnorm_profile_get_identity (self), pieces, n), pieces, n);
}

/* Bytes of the header; 0 where nobody could read it. */
static gsize
measure_header (PixelnormProfile *self, const Piece *pieces, guint n, GError **error)
{
  g_autoptr (GBytes) header = make_header (self, PIXELNORM_DIGEST_ZEROS, pieces, n);
  const gsize size = g_bytes_get_size (header);

  if (size <= SAFETENSORS_MAX_HEADER)
    return size;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_LIMIT,
      "The header has %" G_GSIZE_FORMAT " bytes, at most %d can be read again: the list of "
      "sources is too long. Name fewer sources.",
      size, SAFETENSORS_MAX_HEADER);
  return 0;
}

/**
 * pixelnorm_profile_check_path:
 * @path: (type filename): where a profile is to be written later
 * @error: return location for a #GError, or %NULL
 *
 * Finds out what can be found out without writing: whether pixelnorm_profile_save() to @path could
 * work, so that nobody hears only after hours of collecting that a directory is missing.
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_WRITE, or %PIXELNORM_ERROR_EXISTS where a file is there that is no
 *   profile
 *
 * Since: 0.1
 */
gboolean
pixelnorm_profile_check_path (const gchar *path, GError **error)
{
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return atomic_file_check (path, error) && pixelnorm_profile_query_etag (path, NULL, error);
}

/* What lies behind the header of a file. */
typedef struct {
  AtomicFile *file;
  const Piece *pieces;
  guint n;
  GError *error;
} Writing;

static gpointer
write_behind_header (gpointer data)
{
  Writing *self = data;

  write_pieces (self->pieces, self->n, write_to_file, self->file, &self->error);
  return NULL;
}

/* Returns: (nullable): the header that it has then */
static GBytes *
write_file (PixelnormProfile *self, const Piece *pieces, guint n, gsize header_size,
    AtomicFile *file, GError **error)
{
  const gboolean is_long = pixelnorm_profile_n_all_samples (&self->data) >= SAMPLES_BESIDE;
  Writing writing = { file, pieces, n };
  g_autoptr (GBytes) header = NULL;
  PixelnormTask task;

  if (!atomic_file_seek (file, header_size, error))
    return NULL;
  pixelnorm_task_begin (&task, write_behind_header, &writing, is_long);
  header = make_signed_header (self, pieces, n);
  pixelnorm_task_end (&task);
  g_assert (g_bytes_get_size (header) == header_size);
  if (writing.error) {
    g_propagate_error (error, writing.error);
    return NULL;
  }
  if (!atomic_file_seek (file, 0, error) || !write_header (header, write_to_file, file, error))
    return NULL;
  return g_steal_pointer (&header);
}

/* @any: whatever profile is there may be replaced, else only that with @etag */
static gboolean
save_over (PixelnormProfile *self, const gchar *path, gboolean any, const gchar *etag,
    gchar **new_etag, GError **error)
{
  Piece pieces[MAX_PIECES];
  const guint n = make_pieces (self, pieces);
  const gsize header_size = measure_header (self, pieces, n, error);
  g_autoptr (AtomicFile) file = header_size > 0 ? atomic_file_new (path, error) : NULL;
  g_autoptr (GBytes) header = NULL;

  if (file == NULL || !pixelnorm_profile_query_etag (path, NULL, error)
      || (!any && !pixelnorm_profile_check_etag (path, etag, error)))
    return FALSE;
  header = write_file (self, pieces, n, header_size, file, error);
  /* writing may have taken a while */
  if (header == NULL || (!any && !pixelnorm_profile_check_etag (path, etag, error))
      || !atomic_file_commit (file, any || etag != NULL, error))
    return FALSE;
  if (new_etag != NULL)
    *new_etag =
        pixelnorm_profile_make_etag (g_bytes_get_data (header, NULL), g_bytes_get_size (header));
  return TRUE;
}

/**
 * pixelnorm_profile_save:
 * @self: a profile
 * @path: (type filename): where to write it; ".safetensors" is the usual ending
 * @error: return location for a #GError, or %NULL
 *
 * Writes the profile to a file. A profile that is there already is replaced in one step, once the new
 * one is safely on the disk: whoever reads meanwhile gets the old profile or the new one, and after
 * a failure the old one is still there. A symbolic link stays one: the file that it leads to is
 * replaced. A file that is no profile is never replaced. To replace none, or a certain one only, there is
 * pixelnorm_profile_replace().
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_NO_SPACE where the disk is full,
 *   %PIXELNORM_ERROR_EXISTS where a file is there that is no profile,
 *   %PIXELNORM_ERROR_WRITE where the file cannot be written for another reason, or
 *   %PIXELNORM_ERROR_LIMIT where the list of sources is too long for the format
 *
 * Since: 0.1
 */
gboolean
pixelnorm_profile_save (PixelnormProfile *self, const gchar *path, GError **error)
{
  g_return_val_if_fail (PIXELNORM_IS_PROFILE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return save_over (self, path, TRUE, NULL, NULL, error);
}

/**
 * pixelnorm_profile_replace:
 * @self: a profile
 * @path: (type filename): where to write it
 * @etag: (nullable): the entity tag of the profile that may be replaced, of pixelnorm_profile_query_etag() or of the
 *   replacement before; %NULL: none may
 * @new_etag: (out) (optional) (nullable) (transfer full): the entity tag of what was written
 * @error: return location for a #GError, or %NULL
 *
 * Writes the profile as pixelnorm_profile_save() does, where nothing is there, or the profile that is known. What another
 * program wrote there meanwhile stays. Where nothing was there, that holds whoever writes at the same time; a profile
 * that comes within the moment between the last look at the tag and the replacement is not seen.
 *
 * Returns: %TRUE; else %FALSE with %PIXELNORM_ERROR_EXISTS where something else is there, or an error of
 *   pixelnorm_profile_save()
 *
 * Since: 0.2
 */
gboolean
pixelnorm_profile_replace (
    PixelnormProfile *self, const gchar *path, const gchar *etag, gchar **new_etag, GError **error)
{
  g_return_val_if_fail (PIXELNORM_IS_PROFILE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (new_etag != NULL)
    *new_etag = NULL;
  return save_over (self, path, FALSE, etag, new_etag, error);
}

/**
 * pixelnorm_profile_write:
 * @self: a profile
 * @fd: a file descriptor to write to: a pipe, a socket, memory
 * @error: return location for a #GError, or %NULL
 *
 * Writes the bytes that pixelnorm_profile_save() puts into a file, from where the descriptor stands. pixelnorm_profile_parse()
 * reads them.
 *
 * Returns: %TRUE; else %FALSE with the errors of pixelnorm_profile_save(), and some may be written
 *
 * Since: 0.2
 */
gboolean
pixelnorm_profile_write (PixelnormProfile *self, gint fd, GError **error)
{
  g_autoptr (GBytes) header = NULL;
  Piece pieces[MAX_PIECES];

  g_return_val_if_fail (PIXELNORM_IS_PROFILE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  const guint n = make_pieces (self, pieces);
  if (measure_header (self, pieces, n, error) == 0)
    return FALSE;
  header = make_signed_header (self, pieces, n);
  return write_header (header, write_to_descriptor, &fd, error)
      && write_pieces (pieces, n, write_to_descriptor, &fd, error);
}
