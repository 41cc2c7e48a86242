/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives a fuzzer the files of directories instead of inputs made up: in every run of the tests, with
 * any compiler. */
#include "fuzz.h"

static guint
replay_directory (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &error);
  const char *name;
  guint n = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *file = g_build_filename (path, name, NULL);
    g_autofree char *content = NULL;
    gsize size;

    g_assert_true (g_file_get_contents (file, &content, &size, &error));
    /* not a byte longer, so that a sanitizer sees what reads beyond the end */
    g_autofree uint8_t *exact = g_memdup2 (content, size);
    LLVMFuzzerTestOneInput (exact, size);
    n++;
  }
  return n;
}

int
main (int argc, char **argv)
{
  guint n = 0;

  for (int i = 1; i < argc; i++)
    n += replay_directory (argv[i]);
  g_assert_cmpuint (n, >, 0);
  g_print ("%u inputs\n", n);
  return 0;
}
