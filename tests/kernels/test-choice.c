/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PIXELNORM_KERNELS picks the row of kernels that the library uses, in a process of its own each time. What
 * is no row of this processor gives one line on standard error, and the newest row.
 */
#include <glib.h>
#include <pixelnorm/kernels.h>

#include "kernels/kernels.h"

/* What this processor can run. */
static GPtrArray *
runnable_rows (void)
{
  GPtrArray *names = g_ptr_array_new ();

  for (const PixelnormKernelRow *row = pixelnorm_kernel_rows (); row->name; row++)
    if (pixelnorm_kernels_of_row (row))
      g_ptr_array_add (names, (gpointer) row->name);
  return names;
}

/* In a process with PIXELNORM_KERNELS=@value the library says that it uses @row, and @line on standard error. */
static void
check_choice (const char *value, const char *row, const char *line)
{
  if (value)
    g_setenv ("PIXELNORM_KERNELS", value, TRUE);
  else
    g_unsetenv ("PIXELNORM_KERNELS");
  g_test_trap_subprocess ("/choice/subprocess/row", 0, 0);
  g_test_trap_assert_passed ();
  g_autofree char *pattern = g_strdup_printf ("*twice %s and %s.*", row, row);
  g_test_trap_assert_stdout (pattern);
  if (line)
    g_test_trap_assert_stderr (line);
  else
    g_test_trap_assert_stderr_unmatched ("*PIXELNORM_KERNELS*");
}

static void
test_row (void)
{
  g_print ("twice %s and %s.\n", pixelnorm_get_kernel_row (), pixelnorm_get_kernel_row ());
}

/* Nothing, said in two ways: the newest. */
static void
test_default (void)
{
  g_autoptr (GPtrArray) names = runnable_rows ();
  const char *newest = g_ptr_array_index (names, names->len - 1);

  check_choice (NULL, newest, NULL);
  check_choice ("", newest, NULL);
}

/* Each row by its name; one that this processor lacks is no row. */
static void
test_names (void)
{
  for (const PixelnormKernelRow *row = pixelnorm_kernel_rows (); row->name; row++)
    if (pixelnorm_kernels_of_row (row))
      check_choice (row->name, row->name, NULL);
}

static void
test_unknown (void)
{
  g_autoptr (GPtrArray) names = runnable_rows ();
  const char *newest = g_ptr_array_index (names, names->len - 1);

  g_ptr_array_add (names, NULL);
  g_autofree char *list = g_strjoinv (", ", (char **) names->pdata);
  g_autofree char *line =
      g_strdup_printf ("pixelnorm: PIXELNORM_KERNELS: expected one of %s, which "
                       "this processor can run; found \"fastest\"; %s is used instead\n",
          list, newest);

  check_choice ("fastest", newest, line);
}

/* A row of the table that this processor cannot run is treated as one that is unknown. */
static void
test_missing (void)
{
  g_autoptr (GPtrArray) names = runnable_rows ();
  const char *newest = g_ptr_array_index (names, names->len - 1);
  gboolean found = FALSE;

  for (const PixelnormKernelRow *row = pixelnorm_kernel_rows (); row->name; row++)
    if (pixelnorm_kernels_of_row (row) == NULL) {
      g_autofree char *line = g_strdup_printf (
          "pixelnorm: PIXELNORM_KERNELS: expected*found \"%s\"; %s is used instead\n", row->name,
          newest);

      check_choice (row->name, newest, line);
      found = TRUE;
    }
  if (!found)
    g_test_skip ("this processor can run every row");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!g_test_subprocess ())
    g_unsetenv ("PIXELNORM_KERNELS"); /* before anything reads it */
  g_test_add_func ("/choice/subprocess/row", test_row);
  g_test_add_func ("/choice/default", test_default);
  g_test_add_func ("/choice/names", test_names);
  g_test_add_func ("/choice/unknown", test_unknown);
  g_test_add_func ("/choice/missing", test_missing);
  return g_test_run ();
}
