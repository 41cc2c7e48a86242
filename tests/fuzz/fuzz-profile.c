/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of profiles, on files as they come. The digest stops nearly all that is not a seed;
 * fuzz-profile-signed.c gets behind it. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  GError *error = NULL;
  g_autoptr (PixelnormProfile) profile = pixelnorm_profile_parse (bytes, &error);

  if (profile == NULL) {
    fuzz_check_refusal (error);
    return 0;
  }
  g_assert_no_error (error);
  fuzz_exercise_profile (profile);
  return 0;
}
