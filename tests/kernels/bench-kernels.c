/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Measures every family of kernels in every row of the kernel table that this processor can run: ns a sample,
 * a line a family, a column a row. Lists are a tile, 768 samples, in cache; those of families that
 * store past the caches are a frame of 1920x1080 RGB.
 *
 * Rounds of all rows take turns, so that drift of the machine meets each alike, and the median of a row's
 * rounds is shown. Time is that of the thread: what other programs take in between does not count.
 *
 * Without rounds, each loop is called once, with a tile: all that a test wants, also where another program plays the
 * processor, and a frame takes seconds.
 */
#include <stdlib.h>
#include <time.h>

#include "kernel-families.h"

#define FRAME (1920 * 1080 * 3)
#define MOST_ROWS 16
#define ROUND_NS 200e3

static gint n_rounds = 31;

/* The rows that this processor can run, slowest first. */
static guint
list_rows (const PixelnormKernels **rows)
{
  guint n = 0;

  for (const PixelnormKernelRow *row = pixelnorm_kernel_rows (); row->name; row++)
    if (pixelnorm_kernels_of_row (row) && n < MOST_ROWS)
      rows[n++] = pixelnorm_kernels_of_row (row);
  return n;
}

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static double
time_calls (const KernelCall *call, void (*end) (void), guint n_calls)
{
  const double begin = now ();

  for (guint i = 0; i < n_calls; i++)
    kernel_call_unchecked (call);
  end ();
  return now () - begin;
}

/* So many calls take ROUND_NS, or one does more. The first one of all is not counted: Orc compiles in it. */
static guint
count_calls (const KernelCall *call, void (*end) (void))
{
  guint n = 1;

  time_calls (call, end, 1);
  while (time_calls (call, end, n) < ROUND_NS && n < 1 << 20)
    n *= 2;
  return n;
}

static int
compare_doubles (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
median (GArray *values)
{
  g_array_sort (values, compare_doubles);
  return g_array_index (values, double, values->len / 2);
}

/* What a row does with a family. */
typedef struct {
  KernelWork work;
  void (*end) (void);
  guint n_calls;
  gboolean is_same; /* kernel as that of the row before */
  GArray *times;    /* of a call */
} Column;

static void
measure (Column *columns, guint n_columns)
{
  for (guint r = 0; r < n_columns; r++)
    if (!columns[r].is_same)
      columns[r].n_calls = n_rounds > 0 ? count_calls (&columns[r].work.call, columns[r].end) : 1;
  for (gint round = 0; round < MAX (n_rounds, 1); round++)
    for (guint r = 0; r < n_columns; r++)
      if (!columns[r].is_same) {
        const Column *column = &columns[r];
        const double time =
            time_calls (&column->work.call, column->end, column->n_calls) / column->n_calls;

        g_array_append_val (column->times, time);
      }
}

/* Arrays begin with cache lines, but not at the same place of a page, where stores would seem to meet loads. */
static guint8 *
array_new (gsize bytes, guint k, gpointer *memory)
{
  *memory = g_aligned_alloc0 (bytes + 320 * k, 1, 4096);
  return (guint8 *) *memory + 320 * k;
}

static void
print_columns (const KernelFamily *family, const Column *columns, guint n_columns, gint n)
{
  g_print ("%-32s", family->name);
  for (guint r = 0; r < n_columns; r++)
    if (columns[r].is_same)
      g_print (" %8s", "=");
    else
      g_print (" %8.3f", median (columns[r].times) / (n * family->n_samples));
  g_print ("\n");
}

static void
bench_family (const KernelFamily *family, const PixelnormKernels **rows, guint n_rows)
{
  const gint n =
      family->past_caches && n_rounds > 0 ? FRAME : PIXELNORM_TILE / (gint) family->n_samples;
  g_autofree Column *columns = g_new0 (Column, n_rows);
  KernelRandom random = { 1 };
  gpointer memory[MAX_ARRAYS];
  guint8 *arrays[MAX_ARRAYS];

  for (guint k = 0; k < family->n_arrays; k++)
    arrays[k] = array_new (n * family->bytes[k], k, &memory[k]);
  family->fill (family, &random, arrays, n, FALSE);
  for (guint r = 0; r < n_rows; r++) {
    columns[r].times = g_array_new (FALSE, FALSE, sizeof (double));
    columns[r].end = rows[r]->stream_end;
    columns[r].is_same =
        r > 0 && kernel_family_find (family, rows[r]) == kernel_family_find (family, rows[r - 1]);
    kernel_family_prepare (family, rows[r], arrays, n, &columns[r].work);
  }
  measure (columns, n_rows);
  print_columns (family, columns, n_rows, n);
  for (guint r = 0; r < n_rows; r++)
    g_array_unref (columns[r].times);
  for (guint k = 0; k < family->n_arrays; k++)
    g_aligned_free (memory[k]);
}

/* Returns whether there was one. */
static gboolean
bench_families (const char *pattern, const PixelnormKernels **rows, guint n_rows)
{
  g_autoptr (GPtrArray) families = kernel_families_new ();
  gboolean found = FALSE;

  for (guint i = 0; i < families->len; i++) {
    const KernelFamily *family = g_ptr_array_index (families, i);

    if (!g_pattern_match_simple (pattern, family->name))
      continue;
    if (!found) {
      g_print ("%-32s", "ns a sample");
      for (guint r = 0; r < n_rows; r++)
        g_print (" %8s", rows[r]->name);
      g_print ("\n");
    }
    bench_family (family, rows, n_rows);
    found = TRUE;
  }
  return found;
}

int
main (int argc, char **argv)
{
  gboolean only_rows = FALSE;
  g_autofree char *pattern = NULL;
  const GOptionEntry entries[] = {
    { "rows", 0, 0, G_OPTION_ARG_NONE, &only_rows,
        "Print the names of the rows that this processor can run, one a line, slowest first",
        NULL },
    { "family", 0, 0, G_OPTION_ARG_STRING, &pattern,
        "Measure the families whose names match, as *: normalize/u8-*, *f16*", "PATTERN" },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &n_rounds,
        "Of which the median is taken: 31; 0: each loop is called once, with a tile, and figures mean nothing",
        "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- measure the inner loops");
  g_autoptr (GError) error = NULL;
  const PixelnormKernels *rows[MOST_ROWS];
  const guint n_rows = list_rows (rows);

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context,
      "A line a family, a column a row: ns a sample of 768 in cache, or of a frame of 1920x1080 RGB where\n"
      "results go past the caches (normalize-stream, normalize-repeat-stream). = is the loop of the\n"
      "row before.");
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1 || n_rounds < 0) {
    g_printerr ("%s\n",
        error ? error->message : "expected options only, and no less than 0 rounds: see --help");
    return 2;
  }
  for (guint r = 0; r < n_rows && only_rows; r++)
    g_print ("%s\n", rows[r]->name);
  if (only_rows)
    return 0;
  if (!bench_families (pattern ? pattern : "*", rows, n_rows)) {
    g_printerr ("no family's name matches %s\n", pattern);
    return 1;
  }
  return 0;
}
