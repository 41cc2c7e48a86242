/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of profiles, behind its digest: as somebody who means harm writes a file, "xxh3" is made
 * right before the input is read, and then "identity". What remains to stop it are the checks of the
 * structure and of the numbers.
 */
#include "fuzz.h"

#include <string.h>

#define IDENTITY_KEY "\"" PIXELNORM_KEY_IDENTITY "\":\""

static void
sign (char *memory, gsize size)
{
  g_autoptr (PixelnormDigestState) state = NULL;
  const gsize header_size = fuzz_header_size ((const uint8_t *) memory, size);
  char *place = header_size ? pixelnorm_digest_find (memory, header_size) : NULL;
  char digits[PIXELNORM_DIGEST_DIGITS + 1];

  if (place == NULL)
    return;
  memcpy (place, PIXELNORM_DIGEST_ZEROS, PIXELNORM_DIGEST_DIGITS);
  state = XXH3_createState ();
  XXH3_128bits_reset (state);
  XXH3_128bits_update (state, memory, size);
  pixelnorm_digest_print (state, digits);
  memcpy (place, digits, PIXELNORM_DIGEST_DIGITS);
}

/* Puts the identity that the reader computed, and names in its refusal, where the header has one. */
static gboolean
put_identity (char *memory, gsize size, const GError *error)
{
  static const char says[] = "the content gives \"";
  const char *computed = g_strrstr (error->message, says);
  char *place;

  if (!g_str_has_prefix (error->message, "Metadata: \"" PIXELNORM_KEY_IDENTITY "\" is \""))
    return FALSE;
  place = g_strstr_len (memory + 8, (gssize) (size - 8), IDENTITY_KEY);
  if (computed == NULL || place == NULL)
    return FALSE;
  place += strlen (IDENTITY_KEY);
  /* an identity of another length, or with escapes, stays wrong */
  if (memchr (place, '"', size - (gsize) (place - memory)) != place + PIXELNORM_DIGEST_DIGITS
      || memchr (place, '\\', PIXELNORM_DIGEST_DIGITS))
    return FALSE;
  memcpy (place, computed + strlen (says), PIXELNORM_DIGEST_DIGITS);
  sign (memory, size);
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *memory = g_memdup2 (data, size);
  g_autoptr (GBytes) bytes = g_bytes_new_static (memory, size);
  GError *error = NULL;

  sign (memory, size);
  PixelnormProfile *profile = pixelnorm_profile_parse (bytes, &error);
  if (profile == NULL && put_identity (memory, size, error)) {
    fuzz_check_refusal (g_steal_pointer (&error));
    profile = pixelnorm_profile_parse (bytes, &error);
    g_assert_no_error (error);
  }
  if (profile == NULL) {
    fuzz_check_refusal (error);
    return 0;
  }
  fuzz_exercise_profile (profile);
  g_object_unref (profile);
  return 0;
}
