/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What applications can know of the inner loops. */
#include <pixelnorm/kernels.h>

#include "kernels/kernels.h"

/**
 * pixelnorm_get_kernel_row:
 *
 * Names the set of inner loops that this process uses: "c", "orc", "neon", "ssse3", "avx2" or "avx512". It is the newest
 * that the processor can run, or what `PIXELNORM_KERNELS` in the environment names when the library first needs one.
 * Results are the same bits whichever it is; only the time differs. Made for logs and reports of faults, and to
 * find out whether one row is at fault.
 *
 * Returns: (transfer none): the name, a static string
 *
 * Since: 0.2
 */
const gchar *
pixelnorm_get_kernel_row (void)
{
  return pixelnorm_kernels ()->name;
}
