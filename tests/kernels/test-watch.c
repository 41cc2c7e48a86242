/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Orc makes is wrong here: the linker puts the functions of this file in the place of all its programs. The row "orc" must
 * give the bits of the reference all the same, and say once of each loop that it does not use it.
 */
#include <glib.h>
#include <orc/orc.h>
#include <string.h>

#include "kernel-families.h"

#define N 300

/* Most do nothing. */
void planted (void);

void
planted (void)
{
}

/* As Orc's cmpeqf is on NEON: three samples of four are taken for no number. */
void __real_pixelnorm_orc_denormalize_f32_u8 (guint8 *x, const float *y, const guint8 *centre,
    const float *unscale, const float *bias, int n);
void __wrap_pixelnorm_orc_denormalize_f32_u8 (guint8 *x, const float *y, const guint8 *centre,
    const float *unscale, const float *bias, int n);

void
__wrap_pixelnorm_orc_denormalize_f32_u8 (
    guint8 *x, const float *y, const guint8 *centre, const float *unscale, const float *bias, int n)
{
  __real_pixelnorm_orc_denormalize_f32_u8 (x, y, centre, unscale, bias, n);
  for (gint i = 0; i < n; i++)
    if (i % 4)
      x[i] = centre[i];
}

/* As 64-bit products would be that lose their last bit. */
void __real_pixelnorm_orc_accumulate_u16 (
    guint16 *min, guint16 *max, guint32 *sum, guint32 *p, const guint16 *x, int n);
void __wrap_pixelnorm_orc_accumulate_u16 (
    guint16 *min, guint16 *max, guint32 *sum, guint32 *p, const guint16 *x, int n);

void
__wrap_pixelnorm_orc_accumulate_u16 (
    guint16 *min, guint16 *max, guint32 *sum, guint32 *p, const guint16 *x, int n)
{
  __real_pixelnorm_orc_accumulate_u16 (min, max, sum, p, x, n);
  for (gint i = 0; i < n; i++)
    p[i] &= ~1u;
}

/* Runs a family in a row, on arrays that it changes. */
static void
run (const KernelFamily *family, const PixelnormKernels *kernels, guint8 *const *arrays)
{
  g_autofree KernelWork *work = g_new (KernelWork, 1);

  kernel_family_prepare (family, kernels, arrays, N, work);
  kernel_call (&work->call, family->name);
}

static void
compare (const KernelFamily *family, const PixelnormKernels *orc, const PixelnormKernels *c)
{
  KernelRandom random = { 20240229 };
  guint8 *found[MAX_ARRAYS] = { NULL }, *expected[MAX_ARRAYS] = { NULL };

  for (guint k = 0; k < family->n_arrays; k++)
    expected[k] = g_malloc0 (N * family->bytes[k]);
  family->fill (family, &random, expected, N, FALSE);
  for (guint k = 0; k < family->n_arrays; k++)
    found[k] = g_memdup2 (expected[k], N * family->bytes[k]);
  run (family, c, expected);
  run (family, orc, found);
  for (guint k = 0; k < family->n_arrays; k++) {
    if (memcmp (found[k], expected[k], N * family->bytes[k]) != 0)
      g_error ("%s takes a loop that is wrong", family->name);
    g_free (found[k]);
    g_free (expected[k]);
  }
}

/* In a process of its own: what it writes is read. Twice, since a line is written once. */
static void
test_families (void)
{
  g_autoptr (GPtrArray) families = kernel_families_new ();
  const PixelnormKernelRow *rows = pixelnorm_kernel_rows ();

  for (guint i = 0; i < 2 * families->len; i++)
    compare (g_ptr_array_index (families, i / 2), pixelnorm_kernels_of_row (&rows[1]),
        pixelnorm_kernels_of_row (&rows[0]));
}

static void
test_wrong (void)
{
  static const char *const names[] = { "accumulate_u8", "accumulate4_u8", "accumulate_u16",
    "accumulate4_u16", "spill_u16", "spill_u32", "normalize_u8_f32", "normalize_u16_f32",
    "normalize_u8_u8", "normalize_u16_u8", "normalize_u8_i8", "normalize_u16_i8", "unpack_u16",
    "pack_u16", "fixed_point_u8", "convert_u8", "convert_i8", "denormalize_f32_u8",
    "denormalize_f32_u16", "denormalize_u8_u8", "denormalize_u8_u16", "denormalize_i8_u8",
    "denormalize_i8_u16", "colour_u8_1", "colour_u8_2" };

  g_assert_cmpstr (pixelnorm_kernel_rows ()[1].name, ==, "orc");
  g_test_trap_subprocess ("/watch/subprocess/families", 0, 0);
  g_test_trap_assert_passed ();
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *line = g_strdup_printf (
        "*pixelnorm: what Orc %s makes of %s for this processor is wrong; C is used instead*",
        orc_version_string (), names[i]);
    g_autofree char *twice = g_strdup_printf ("*of %s for*of %s for*", names[i], names[i]);

    g_test_trap_assert_stderr (line);
    g_test_trap_assert_stderr_unmatched (twice);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/watch/subprocess/families", test_families);
  g_test_add_func ("/watch/wrong", test_wrong);
  return g_test_run ();
}
