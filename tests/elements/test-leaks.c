/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* That the other tests here would find a leak under AddressSanitizer: a program forgets memory, and is
 * told in which line it asked for it. */
#include "element-test.h"

#include <string.h>

#ifdef __SANITIZE_ADDRESS__
static const gboolean sanitized = TRUE;
#else
static const gboolean sanitized = FALSE;
#endif

__attribute__ ((noinline)) static void
forget_memory (void)
{
  memset (g_malloc (77), 1, 77);
}

static void
test_leak (void)
{
  if (!sanitized) {
    g_test_skip ("leaks are found by AddressSanitizer");
    return;
  }
  if (g_test_subprocess ()) {
    forget_memory ();
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*Direct leak of 77 byte*in forget_memory *test-leaks.c:*");
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/leaks/planted", test_leak);
  return element_test_run ();
}
