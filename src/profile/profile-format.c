/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profile file as a table: which tensors there are, of what type and shape; and where its
 * digest stands.
 *
 * A new tensor is a new row. The digest is XXH3-128 over the whole file with its own 32 digits as
 * ASCII zeros. It is found by the bytes "xxh3":" which cannot stand inside of a JSON string, where
 * quotes are escaped, so one search in the raw header finds the key and nothing else.
 */
#include "profile-format.h"

#include <string.h>

#define PIXEL (1u << PIXELNORM_SCOPE_PIXEL)
#define CHANNEL (1u << PIXELNORM_SCOPE_CHANNEL)
#define MEMBER(name) G_STRUCT_OFFSET (PixelnormProfileData, name)

/* TENSOR TABLE */
const PixelnormTensor pixelnorm_tensors[] = {
  { "frames", PIXELNORM_SHAPE_ONE, 8, PIXEL | CHANNEL, FALSE, MEMBER (frames), TRUE },
  { "samples", PIXELNORM_SHAPE_CHANNELS, 8, CHANNEL, FALSE, MEMBER (samples), TRUE },
  { "sum", PIXELNORM_SHAPE_SAMPLES, 4 | 8, PIXEL | CHANNEL, FALSE, MEMBER (sum), FALSE },
  { "sum_squares", PIXELNORM_SHAPE_SAMPLES, 4 | 8, PIXEL | CHANNEL, FALSE, MEMBER (sum_squares),
      FALSE },
  { "sum_squares_high", PIXELNORM_SHAPE_SAMPLES, 8, CHANNEL, TRUE, MEMBER (sum_squares_high),
      FALSE },
  { "count", PIXELNORM_SHAPE_PIXELS, 4 | 8, PIXEL, TRUE, MEMBER (count), FALSE },
  { "min", PIXELNORM_SHAPE_SAMPLES, 0, PIXEL | CHANNEL, FALSE, MEMBER (min), FALSE },
  { "max", PIXELNORM_SHAPE_SAMPLES, 0, PIXEL | CHANNEL, FALSE, MEMBER (max), FALSE },
  { "histogram", PIXELNORM_SHAPE_LEVELS, 8, PIXEL | CHANNEL, TRUE, MEMBER (histogram), FALSE },
};

const guint pixelnorm_n_tensors = G_N_ELEMENTS (pixelnorm_tensors);

guint
pixelnorm_tensor_n_parts (const PixelnormTensor *tensor, const PixelnormProfileData *data)
{
  return pixelnorm_tensor_has_parts (tensor) && pixelnorm_geometry_is_subsampled (&data->geometry)
      ? strlen (data->geometry.channels)
      : 1;
}

void
pixelnorm_tensor_name (
    const PixelnormTensor *tensor, const PixelnormProfileData *data, guint part, char *name)
{
  const char letter[] = { '.', data->geometry.channels[part], '\0' };
  const gboolean apart = pixelnorm_tensor_n_parts (tensor, data) > 1;

  g_snprintf (name, PIXELNORM_MAX_TENSOR_NAME, "%s%s", tensor->name, apart ? letter : "");
}

void
pixelnorm_tensor_set_shape (const PixelnormTensor *tensor, const PixelnormProfileData *data,
    guint part, SafetensorsArray *array)
{
  const gboolean per_pixel = data->scope == PIXELNORM_SCOPE_PIXEL;
  const gsize n_channels = strlen (data->geometry.channels);

  if (tensor->shape == PIXELNORM_SHAPE_ONE || tensor->shape == PIXELNORM_SHAPE_CHANNELS) {
    array->n_dimensions = 1;
    array->shape[0] = tensor->shape == PIXELNORM_SHAPE_ONE ? 1 : n_channels;
    return;
  }
  if (tensor->shape == PIXELNORM_SHAPE_LEVELS) {
    array->n_dimensions = 2;
    array->shape[0] = n_channels;
    array->shape[1] = pixelnorm_profile_n_levels (data);
    return;
  }
  if (pixelnorm_tensor_n_parts (tensor, data) > 1) {
    array->n_dimensions = 2;
    array->shape[0] = pixelnorm_geometry_get_channel_height (&data->geometry, part);
    array->shape[1] = pixelnorm_geometry_get_channel_width (&data->geometry, part);
    return;
  }
  array->n_dimensions = 3;
  array->shape[0] = per_pixel ? data->geometry.height : 1;
  array->shape[1] = per_pixel ? data->geometry.width : 1;
  array->shape[2] = tensor->shape == PIXELNORM_SHAPE_PIXELS ? 1 : n_channels;
}

char *
pixelnorm_digest_find (const char *header, gsize size)
{
  static const char pattern[] = "\"" PIXELNORM_KEY_XXH3 "\":\"";
  const gsize begin =
      sizeof (guint64); /* the length word has NULs, at which the search would end */
  const char *digits, *end = header + size;
  gsize i;

  digits = g_strstr_len (header + begin, (gssize) (size - begin), pattern);
  if (digits == NULL)
    return NULL;
  digits += strlen (pattern);
  if (end - digits <= PIXELNORM_DIGEST_DIGITS || digits[PIXELNORM_DIGEST_DIGITS] != '"'
      || g_strstr_len (digits, end - digits, pattern) != NULL)
    return NULL;
  for (i = 0; i < PIXELNORM_DIGEST_DIGITS; i++)
    if (!g_ascii_isdigit (digits[i]) && !(digits[i] >= 'a' && digits[i] <= 'f'))
      return NULL;
  return (char *) digits;
}

void
pixelnorm_digest_print (XXH3_state_t *state, char *digits)
{
  XXH128_canonical_t canonical;
  guint i;

  XXH128_canonicalFromHash (&canonical, XXH3_128bits_digest (state));
  for (i = 0; i < sizeof (canonical.digest); i++)
    g_snprintf (digits + 2 * i, 3, "%02x", canonical.digest[i]);
}
