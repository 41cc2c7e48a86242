/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gamma and beta of a file: y becomes y * gamma + beta, a value for all samples, one a channel, or one
 * a sample. docs/format.md describes the file. Anything that writes safetensors makes such files, so
 * only the common format is asked for: no metadata, no alignment.
 *
 * The arrays stay as they lie in the file and are widened to double item by item, when a plan is made:
 * float32 of a 1080p frame in RGB takes 50 MB for the two, as doubles it would be 100.
 *
 * The file comes from anyone. Every value is looked at once, and refused where it is not a number or
 * beyond 1e6: the bound of gamma and beta among the settings, with which no coefficient overflows
 * float32.
 */
#include "learned-affine.h"

#include <math.h>
#include <string.h>

#include "io/input-file.h"
#include "profile/profile-format.h"

#define LARGEST_VALUE 1e6

typedef struct {
  SafetensorsArray array; /* its data NULL: not in the file */
  guint width, height;    /* 0: the same for all pixels */
  guint n_channels;       /* 1: the same for all channels, or a stream of one */
} Values;

struct _PixelnormLearnedAffine {
  GObject parent_instance;

  GBytes *bytes;
  Values gamma, beta;
  char identity[PIXELNORM_DIGEST_DIGITS + 1];
};

G_DEFINE_FINAL_TYPE (PixelnormLearnedAffine, pixelnorm_learned_affine, G_TYPE_OBJECT)

static const SafetensorsRules rules = {
  .types = 1 << SAFETENSORS_F32 | 1 << SAFETENSORS_F64,
  .types_text = "F32 or F64",
  .stranger =
      "This is not a file of gamma and beta. Write them with safetensors.numpy.save_file() or "
      "safetensors.torch.save_file(), as arrays of float32 or float64.",
  .advice =
      "Write gamma and beta as arrays of float32 or float64, as safetensors.numpy.save_file() "
      "and safetensors.torch.save_file() do, and use an unaltered copy of the file.",
};

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error)
    *error = g_error_new_valist (PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT, format, arguments);
  va_end (arguments);
  return FALSE;
}

static double
get_item (const SafetensorsArray *array, gsize i)
{
  if (array->type == SAFETENSORS_F64) {
    guint64 bits;
    double value;

    memcpy (&bits, (const guint8 *) array->data + i * sizeof bits, sizeof bits);
    bits = GUINT64_FROM_LE (bits);
    memcpy (&value, &bits, sizeof value);
    return value;
  }
  guint32 bits;
  float value;

  memcpy (&bits, (const guint8 *) array->data + i * sizeof bits, sizeof bits);
  bits = GUINT32_FROM_LE (bits);
  memcpy (&value, &bits, sizeof value);
  return value;
}

static gsize
count_items (const SafetensorsArray *array)
{
  return array->size / safetensors_type_size (array->type);
}

static gboolean
is_channels (guint64 n)
{
  return n == 1 || n == PIXELNORM_MAX_CHANNELS;
}

/* [height, width, channels], [channels] or [1]. */
static gboolean
read_shape (Values *self, GError **error)
{
  const SafetensorsArray *array = &self->array;
  const guint64 *shape = array->shape;

  if (array->n_dimensions == 1 && is_channels (shape[0])) {
    self->n_channels = (guint) shape[0];
    return TRUE;
  }
  if (array->n_dimensions == 3 && is_channels (shape[2]) && shape[0] >= 1 && shape[1] >= 1
      && shape[0] <= PIXELNORM_MAX_SIDE && shape[1] <= PIXELNORM_MAX_SIDE) {
    self->height = (guint) shape[0];
    self->width = (guint) shape[1];
    self->n_channels = (guint) shape[2];
    return TRUE;
  }
  g_autofree char *found = safetensors_print_shape (array);
  const gboolean planes = array->n_dimensions == 3 && is_channels (shape[0]);
  return refuse (error,
      "Array \"%s\": its shape is %s, expected [height, width, channels], [channels] or [1], with 1 "
      "or 3 channels. %s, and write the file anew.",
      array->name, found,
      planes
          ? "Put the channels last, as numpy's transpose(1, 2, 0) and torch's permute(1, 2, 0) do"
          : "Bring it into one of these shapes");
}

static gboolean
check_items (const SafetensorsArray *array, GError **error)
{
  const gsize n = count_items (array);

  for (gsize i = 0; i < n; i++) {
    const double value = get_item (array, i);

    if (!(fabs (value) <= LARGEST_VALUE))
      return refuse (error,
          "Array \"%s\": item %" G_GSIZE_FORMAT
          " is %g, expected a number within -1e6 and 1e6. Look at how it was trained, and write the "
          "file anew.",
          array->name, i, value);
  }
  return TRUE;
}

static gboolean
read_array (PixelnormLearnedAffine *self, const SafetensorsArray *array, GError **error)
{
  const gboolean gamma = g_str_equal (array->name, "gamma");
  Values *values = gamma ? &self->gamma : &self->beta;

  if (!gamma && !g_str_equal (array->name, "beta")) {
    g_autofree char *name = safetensors_printable (array->name);

    return refuse (error,
        "Array \"%s\": expected only gamma and beta. Write a file with only these, under these "
        "names.",
        name);
  }
  values->array = *array;
  values->array.name = gamma ? "gamma" : "beta"; /* the file's own goes with its header */
  return read_shape (values, error) && check_items (&values->array, error);
}

/* Whether two arrays that are both there can be of the same frames. */
static gboolean
check_together (const PixelnormLearnedAffine *self, GError **error)
{
  const Values *gamma = &self->gamma, *beta = &self->beta;

  if (!gamma->array.data && !beta->array.data)
    return refuse (error,
        "Expected an array \"gamma\", an array \"beta\", or both, found neither. Write the file anew, "
        "with arrays of these names.");
  if (!gamma->array.data || !beta->array.data)
    return TRUE;
  const gboolean both_sized = gamma->width && beta->width;
  if ((!both_sized || (gamma->width == beta->width && gamma->height == beta->height))
      && (gamma->n_channels == beta->n_channels || (gamma->n_channels == 1 && !gamma->width)
          || (beta->n_channels == 1 && !beta->width)))
    return TRUE;
  g_autofree char *one = safetensors_print_shape (&gamma->array),
                  *other = safetensors_print_shape (&beta->array);
  return refuse (error,
      "Array \"gamma\" has the shape %s and \"beta\" %s, which are not frames of the same size and "
      "channels. Bring them into shapes that agree, and write the file anew.",
      one, other);
}

static void
hash_values (XXH3_state_t *state, const Values *values)
{
  const gsize n = values->array.data ? count_items (&values->array) : 0;

  if (!values->array.data)
    return;
  g_autofree char *shape = safetensors_print_shape (&values->array);
  g_autofree char *line = g_strdup_printf ("%s %s\n", values->array.name, shape);
  XXH3_128bits_update (state, line, strlen (line));
  for (gsize i = 0; i < n; i++) {
    double value = get_item (&values->array, i);
    guint64 bits;

    memcpy (&bits, &value, sizeof bits);
    bits = GUINT64_TO_LE (bits);
    XXH3_128bits_update (state, &bits, sizeof bits);
  }
}

static void
identify (PixelnormLearnedAffine *self)
{
  g_autoptr (PixelnormDigestState) state = XXH3_createState ();

  XXH3_128bits_reset (state);
  hash_values (state, &self->gamma);
  hash_values (state, &self->beta);
  pixelnorm_digest_print (state, self->identity);
}

/**
 * pixelnorm_learned_affine_parse:
 * @bytes: the content of a safetensors file
 * @error: return location for a #GError, or %NULL
 *
 * Reads what a network learned to do with normalized samples: y becomes y * gamma + beta. The file
 * holds an array `gamma`, an array `beta`, or both, and no other, of float32 or float64 (F32, F64) and
 * of shape [height, width, channels] (a value a sample), [channels] or [1]; channels in the order R,
 * G, B. Where one is missing, gamma is 1 and beta 0. Metadata are ignored.
 *
 * Returns: (transfer full): the affine; %NULL with %PIXELNORM_ERROR_CORRUPT
 *
 * Since: 0.1
 */
PixelnormLearnedAffine *
pixelnorm_learned_affine_parse (GBytes *bytes, GError **error)
{
  g_autoptr (PixelnormLearnedAffine) self = NULL;
  gsize size;

  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  const void *data = g_bytes_get_data (bytes, &size);
  g_autoptr (SafetensorsFile) file = safetensors_parse_by (data, size, &rules, error);
  if (file == NULL)
    return NULL;
  self = g_object_new (PIXELNORM_TYPE_LEARNED_AFFINE, NULL);
  self->bytes = g_bytes_ref (bytes);
  for (guint i = 0; i < safetensors_get_n_arrays (file); i++)
    if (!read_array (self, safetensors_get_array (file, i), error))
      return NULL;
  if (!check_together (self, error))
    return NULL;
  identify (self);
  return g_steal_pointer (&self);
}

/**
 * pixelnorm_learned_affine_load:
 * @path: (type filename): a safetensors file
 * @error: return location for a #GError, or %NULL
 *
 * Reads a file; see pixelnorm_learned_affine_parse(). One of more than 128 MiB is mapped into memory
 * and stays so while the result lives: replace it by another, but do not write into it.
 *
 * Returns: (transfer full): the affine; %NULL with %PIXELNORM_ERROR_OPEN where there is no such file or
 * it may not be read, %PIXELNORM_ERROR_READ, %PIXELNORM_ERROR_MEMORY or %PIXELNORM_ERROR_CORRUPT
 *
 * Since: 0.1
 */
PixelnormLearnedAffine *
pixelnorm_learned_affine_load (const gchar *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (GBytes) bytes =
      pixelnorm_input_file_read (path, shown, "file of gamma and beta", error);
  if (bytes == NULL)
    return NULL;
  PixelnormLearnedAffine *self = pixelnorm_learned_affine_parse (bytes, error);
  if (self == NULL)
    g_prefix_error (error, "%s: ", shown);
  return self;
}

/**
 * pixelnorm_learned_affine_get_width:
 * @self: a learned affine
 *
 * Returns: the width of the frames that it fits; 0: any
 *
 * Since: 0.1
 */
guint
pixelnorm_learned_affine_get_width (PixelnormLearnedAffine *self)
{
  return MAX (self->gamma.width, self->beta.width);
}

/**
 * pixelnorm_learned_affine_get_height:
 * @self: a learned affine
 *
 * Returns: the height of the frames that it fits; 0: any
 *
 * Since: 0.1
 */
guint
pixelnorm_learned_affine_get_height (PixelnormLearnedAffine *self)
{
  return MAX (self->gamma.height, self->beta.height);
}

static gboolean
fixes_channels (const Values *values)
{
  return values->n_channels > 1 || values->width > 0;
}

/**
 * pixelnorm_learned_affine_get_n_channels:
 * @self: a learned affine
 *
 * Returns: how many channels the frames have that it fits, 1 or 3; 0: any number
 *
 * Since: 0.1
 */
guint
pixelnorm_learned_affine_get_n_channels (PixelnormLearnedAffine *self)
{
  if (fixes_channels (&self->gamma))
    return self->gamma.n_channels;
  return fixes_channels (&self->beta) ? self->beta.n_channels : 0;
}

/**
 * pixelnorm_learned_affine_get_identity:
 * @self: a learned affine
 *
 * Names the content: two files whose arrays have the same names, shapes and values have the same
 * identity, whatever their types and metadata are.
 *
 * Returns: (transfer none): 32 hexadecimal digits
 *
 * Since: 0.1
 */
const gchar *
pixelnorm_learned_affine_get_identity (PixelnormLearnedAffine *self)
{
  return self->identity;
}

gboolean
pixelnorm_learned_affine_is_per_pixel (const PixelnormLearnedAffine *self)
{
  return self->gamma.width > 0 || self->beta.width > 0;
}

gboolean
pixelnorm_learned_affine_check (
    const PixelnormLearnedAffine *self, const PixelnormGeometry *geometry, GError **error)
{
  const Values *all[] = { &self->gamma, &self->beta };
  const gsize n_channels = strlen (geometry->channels);

  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    const Values *values = all[i];

    if (!values->array.data || !fixes_channels (values))
      continue;
    const gboolean fits =
        !values->width || (values->width == geometry->width && values->height == geometry->height);
    if (values->n_channels == n_channels && fits
        && !(values->width && (geometry->log2_chroma_w || geometry->log2_chroma_h)))
      continue;
    g_autofree char *shape = safetensors_print_shape (&values->array);
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "The file of gamma and beta has \"%s\" of shape %s, the stream %ux%u with channels %s%s. %s.",
        values->array.name, shape, geometry->width, geometry->height, geometry->channels,
        fits && values->n_channels == n_channels ? ", U and V smaller than Y" : "",
        values->n_channels != n_channels ? "Convert the video (videoconvert), or use another file"
            : fits ? "Convert the video to RGB first (videoconvert), or give one value per channel"
                   : "Scale the video to that size (videoscale), or use another file");
    return FALSE;
  }
  return TRUE;
}

static double
value_at (const Values *values, gsize pixel, guint channel, double missing)
{
  if (!values->array.data)
    return missing;
  return get_item (&values->array,
      (values->width ? pixel * values->n_channels : 0) + (values->n_channels > 1 ? channel : 0));
}

void
pixelnorm_learned_affine_get (
    const PixelnormLearnedAffine *self, gsize pixel, guint channel, double *gamma, double *beta)
{
  *gamma = value_at (&self->gamma, pixel, channel, 1);
  *beta = value_at (&self->beta, pixel, channel, 0);
}

static void
pixelnorm_learned_affine_finalize (GObject *object)
{
  PixelnormLearnedAffine *self = PIXELNORM_LEARNED_AFFINE (object);

  g_clear_pointer (&self->bytes, g_bytes_unref);
  G_OBJECT_CLASS (pixelnorm_learned_affine_parent_class)->finalize (object);
}

static void
pixelnorm_learned_affine_class_init (PixelnormLearnedAffineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pixelnorm_learned_affine_finalize;
}

static void
pixelnorm_learned_affine_init (PixelnormLearnedAffine *self)
{
}
