/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every row of the kernel table against the C reference, /kernels/ROW/FAMILY: the same bits on random and
 * extreme data, for all short lengths and some long ones, at every alignment, with the arrays ending or
 * beginning at a page that must not be touched. A failure prints the seed. A loop that a row has from the row before it
 * is tested there. A row that this processor cannot run is skipped, in words. Also, every Orc program must compile on this machine: a silent
 * fallback would be many times slower.
 */
#include <glib.h>
#include <orc/orc.h>
#include <orc/orcparse.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel-families.h"

#define MOST_ITEMS (2 * PIXELNORM_TILE)
#define MOST_SHIFT 32
#define MOST_BEHIND 64

static guint32 seed;

/* Memory between two pages that must not be touched. */
typedef struct {
  guint8 *map, *begin, *end;
  gsize map_size;
} Guarded;

static Guarded
guarded_new (gsize bytes)
{
  const gsize page = sysconf (_SC_PAGESIZE);
  const gsize body = (bytes + page - 1) / page * page;
  Guarded guarded = { .map_size = page + body + page };

  guarded.map = mmap (NULL, guarded.map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (guarded.map != MAP_FAILED);
  guarded.begin = guarded.map + page;
  guarded.end = guarded.begin + body;
  g_assert_cmpint (mprotect (guarded.begin, body, PROT_READ | PROT_WRITE), ==, 0);
  return guarded;
}

static void
guarded_free (Guarded *guarded)
{
  munmap (guarded->map, guarded->map_size);
}

/* A family in a row, with memory for both. */
typedef struct {
  const KernelFamily *family;
  const PixelnormKernels *kernels, *reference;
  KernelRandom random;
  Guarded guarded[MAX_ARRAYS];
  guint8 *expected[MAX_ARRAYS];
  guint n_moved; /* see find_place() */
} Comparison;

static void
run (const KernelFamily *family, const PixelnormKernels *kernels, guint8 *const *arrays, gint n)
{
  g_autofree KernelWork *work = g_new (KernelWork, 1);
  guint8 *at[MAX_ARRAYS];
  gint done = 0;

  do { /* once where n is 0, too */
    for (guint k = 0; k < family->n_arrays; k++)
      at[k] = arrays[k] + done * family->bytes[k];
    done += kernel_family_prepare (family, kernels, at, n - done, work);
    kernel_call (&work->call, family->name);
  } while (done < n);
  kernels->stream_end ();
}

/* Where an array begins: @shift items before it would at the guard page's alignment. Where that is negative, the first
 * @n_moved begin as many items behind the page before, and the others, which are read, at that page: so whatever the alignment of
 * results is, nothing before the samples may be read. */
static guint8 *
find_place (const Comparison *self, guint array, gint n, gint shift)
{
  const Guarded *guarded = &self->guarded[array];
  const gsize bytes = self->family->bytes[array];

  /* where the guard page follows at once, the alignment is that of -n; a shift gives the others */
  if (shift >= 0)
    return guarded->end - (n + shift * (gint) (array + 1)) * bytes;
  return guarded->begin + (array < self->n_moved ? (-shift - 1) * bytes : 0);
}

/* @shift: see find_place() */
static void
compare (Comparison *self, gint n, gint shift)
{
  const KernelFamily *family = self->family;
  guint8 *found[MAX_ARRAYS];

  family->fill (family, &self->random, self->expected, n, TRUE);
  for (guint i = 0; i < family->n_arrays; i++) {
    found[i] = find_place (self, i, n, shift);
    memcpy (found[i], self->expected[i], n * family->bytes[i]);
  }
  run (family, self->kernels, found, n);
  run (family, self->reference, self->expected, n);
  for (guint i = 0; i < family->n_arrays; i++)
    if (memcmp (found[i], self->expected[i], n * family->bytes[i]) != 0)
      g_error ("%s of row %s differs from the reference in array %u, n %d, shift %d, seed %u",
          family->name, self->kernels->name, i, n, shift, seed);
}

static void
test_family (gconstpointer data)
{
  Comparison *self = (Comparison *) data;
  const KernelFamily *family = self->family;

  self->random.state = seed;
  for (guint i = 0; i < family->n_arrays; i++) {
    self->guarded[i] = guarded_new ((MOST_ITEMS + MOST_SHIFT * MAX_ARRAYS) * family->bytes[i]);
    self->expected[i] = g_malloc0 (MOST_ITEMS * family->bytes[i]);
  }
  for (gint n = 0; n <= 120; n++) {
    for (gint shift = -1; shift < 4; shift++)
      compare (self, n, shift);
    for (gint i = 0; i < 8 && n <= MOST_BEHIND; i++) {
      self->n_moved = i % 2 ? 1 : 3; /* results of the one or the three planes of a family */
      compare (self, n, -kernel_random_range (&self->random, 2, MOST_BEHIND + 2));
    }
  }
  for (gint round = 0; round < 50; round++)
    compare (self, kernel_random_range (&self->random, 121, MOST_ITEMS),
        kernel_random_range (&self->random, -1, MOST_SHIFT));
  for (guint i = 0; i < family->n_arrays; i++) {
    guarded_free (&self->guarded[i]);
    g_free (self->expected[i]);
  }
}

static void
test_missing_row (gconstpointer data)
{
  const PixelnormKernelRow *row = data;
  g_autofree char *text =
      g_strdup_printf ("this processor lacks what the row needs: %s", row->needs);

  g_test_skip (text);
}

/* Whether a family has the same loop in both. */
static gboolean
is_same (
    const KernelFamily *family, const PixelnormKernels *kernels, const PixelnormKernels *before)
{
  return before && kernels->stream_end == before->stream_end
      && kernel_family_find (family, kernels) == kernel_family_find (family, before);
}

/* Returns what the next row begins as; @before: what this one did, or NULL where that is the reference. */
static const PixelnormKernels *
add_row (const PixelnormKernelRow *row, const PixelnormKernels *before, GPtrArray *families)
{
  const PixelnormKernels *kernels = pixelnorm_kernels_of_row (row);

  if (kernels == NULL) {
    g_autofree char *path = g_strconcat ("/kernels/", row->name, NULL);

    g_test_add_data_func (path, row, test_missing_row);
    return before;
  }
  for (guint i = 0; i < families->len; i++) {
    const KernelFamily *family = g_ptr_array_index (families, i);
    const Comparison comparison = { .family = family,
      .kernels = kernels,
      .reference = pixelnorm_kernels_of_row (pixelnorm_kernel_rows ()) };
    g_autofree char *path = g_strconcat ("/kernels/", row->name, "/", family->name, NULL);

    if (!is_same (family, kernels, before))
      g_test_add_data_func_full (
          path, g_memdup2 (&comparison, sizeof comparison), test_family, g_free);
  }
  return kernels;
}

#define INDEX(member) (offsetof (PixelnormKernels, member) / sizeof (gpointer))

/* Each kernel is that of a family. */
static void
test_complete (gconstpointer data)
{
  const GPtrArray *families = data;
  gboolean tested[sizeof (PixelnormKernels) / sizeof (gpointer)] = {
    [INDEX (name)] = TRUE,
    [INDEX (stream_end)] = TRUE,
    [INDEX (fast_tables)] = TRUE,
    [INDEX (fast_planes)] = TRUE,
    [INDEX (convert[PIXELNORM_ITEM_F32])] = TRUE, /* which is no kernel */
  };

  for (guint i = 0; i < families->len; i++)
    tested[((KernelFamily *) families->pdata[i])->kernel / sizeof (gpointer)] = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (tested); i++)
    if (!tested[i])
      g_error ("the kernel at word %u of PixelnormKernels is in no family", i);
  g_assert_null (pixelnorm_kernels ()->convert[PIXELNORM_ITEM_F32]);
}

static void
test_programs_compile (gconstpointer data)
{
  g_autofree char *path =
      g_build_filename (g_getenv ("PIXELNORM_SOURCE"), "src", "kernels", data, NULL);
  g_autofree char *text = NULL, *log = NULL;
  OrcTarget *target = orc_target_get_default ();
  OrcProgram **programs;

  if (g_strcmp0 (g_getenv ("ORC_CODE"), "backup") == 0
      || g_strcmp0 (g_getenv ("ORC_CODE"), "emulate") == 0) {
    g_test_skip ("Orc was told not to compile");
    return;
  }
  if (g_str_equal (data, "running.orc") && target
      && g_strcmp0 (orc_target_get_name (target), "neon") == 0) {
    g_test_skip (
        "Orc compiles no division for NEON since 0.4.38, and a wrong one before: C is used there");
    return;
  }
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  const gint n = orc_parse_full (text, &programs, &log);
  g_assert_cmpint (n, >, 0);
  if (log && *log) /* an opcode that does not exist is left out, with no more than this */
    g_error ("%s: %s", path, log);
  for (gint i = 0; i < n; i++) {
    const OrcCompileResult result = orc_program_compile (programs[i]);

    if (!ORC_COMPILE_RESULT_IS_SUCCESSFUL (result))
      g_error ("%s does not compile here: %s", orc_program_get_name (programs[i]),
          orc_program_get_error (programs[i]));
    orc_program_free (programs[i]);
  }
  free (programs);
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) families = kernel_families_new ();
  const PixelnormKernels *before = NULL;

  g_test_init (&argc, &argv, NULL);
  seed = g_getenv ("PIXELNORM_SEED") ? (guint32) atoi (g_getenv ("PIXELNORM_SEED")) : 20240229;
  for (const PixelnormKernelRow *row = pixelnorm_kernel_rows () + 1; row->name; row++)
    before = add_row (row, before, families);
  g_test_add_data_func ("/kernels/complete", families, test_complete);
  g_test_add_data_func ("/kernels/compile/colour", "colour.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/statistics", "statistics.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/normalize", "normalize.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/denormalize", "denormalize.orc", test_programs_compile);
  g_test_add_data_func ("/kernels/compile/running", "running.orc", test_programs_compile);
  return g_test_run ();
}
