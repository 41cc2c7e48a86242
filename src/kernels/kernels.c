/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The KERNEL TABLE, and which of its rows is used. */
#include "kernels.h"

#include <orc/orc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels-arm.h"
#include "kernels-c.h"
#include "kernels-orc.h"
#include "kernels-x86.h"

static int
everywhere (void)
{
  return 1;
}

/* KERNEL TABLE. The first row is the reference; each of the others begins as a copy of the last one before
 * it that the processor can run. */
static const PixelnormKernelRow rows[] = {
  { "c", "", everywhere, pixelnorm_fill_c },
  { "orc", "", everywhere, pixelnorm_fill_orc },
  { "neon", "64-bit ARM", pixelnorm_has_neon, pixelnorm_fill_neon },
  { "ssse3", "SSSE3", pixelnorm_has_ssse3, pixelnorm_fill_ssse3 },
  { "avx2", "AVX2 and F16C", pixelnorm_has_avx2, pixelnorm_fill_avx2 },
  { "avx512", "AVX-512 BW, DQ, VL and VBMI", pixelnorm_has_avx512, pixelnorm_fill_avx512 },
  { NULL },
};

#define N_ROWS (sizeof rows / sizeof *rows - 1)

/* Of each row, without a name where the processor lacks what it needs. */
static PixelnormKernels kernels[N_ROWS];
static const PixelnormKernels *chosen;
static pthread_once_t made = PTHREAD_ONCE_INIT;

/* One line, in one piece however many threads write to standard error meanwhile. */
static void
complain (const char *found)
{
  char names[16 * N_ROWS] = ""; /* longer than any name */

  for (size_t i = 0; i < N_ROWS; i++)
    if (kernels[i].name) {
      strcat (names, i ? ", " : "");
      strcat (names, kernels[i].name);
    }
  fprintf (stderr,
      "pixelnorm: PIXELNORM_KERNELS: expected one of %s, which this processor can run; found \"%s\"; %s is "
      "used instead\n",
      names, found, chosen->name);
}

static void
choose (void)
{
  const char *wanted = getenv ("PIXELNORM_KERNELS");

  for (size_t i = 0; i < N_ROWS; i++)
    if (kernels[i].name)
      chosen = &kernels[i];
  if (wanted == NULL || *wanted == '\0')
    return;
  for (size_t i = 0; i < N_ROWS; i++)
    if (kernels[i].name && strcmp (kernels[i].name, wanted) == 0) {
      chosen = &kernels[i];
      return;
    }
  complain (wanted);
}

static void
make (void)
{
  PixelnormKernels row = { NULL };

  orc_init (); /* before that it says nothing of its target */
  for (size_t i = 0; i < N_ROWS; i++)
    if (rows[i].is_supported ()) {
      rows[i].fill (&row);
      row.name = rows[i].name;
      kernels[i] = row;
    }
  choose ();
}

const PixelnormKernelRow *
pixelnorm_kernel_rows (void)
{
  return rows;
}

const PixelnormKernels *
pixelnorm_kernels_of_row (const PixelnormKernelRow *row)
{
  pthread_once (&made, make);
  return kernels[row - rows].name ? &kernels[row - rows] : NULL;
}

const PixelnormKernels *
pixelnorm_kernels (void)
{
  pthread_once (&made, make);
  return chosen;
}
