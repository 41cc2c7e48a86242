/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x86 rows of the kernel table: what the processor must have, and what Orc makes of it. */
#include "kernels-x86.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <orc/orc.h>
#include <string.h>

/* clang 14 does not know "f16c" in __builtin_cpu_supports(). It needs the registers of AVX, whose
 * support by the system the check for avx2 tells. */
static int
has_f16c (void)
{
  unsigned eax, ebx, ecx, edx;

  return __get_cpuid (1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C);
}

int
pixelnorm_has_ssse3 (void)
{
  return __builtin_cpu_supports ("ssse3") != 0;
}

int
pixelnorm_has_avx2 (void)
{
  return pixelnorm_has_ssse3 () && __builtin_cpu_supports ("avx2") && has_f16c ();
}

int
pixelnorm_has_avx512 (void)
{
  return pixelnorm_has_avx2 () && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl")
      && __builtin_cpu_supports ("avx512vbmi");
}

void
pixelnorm_fill_avx2 (PixelnormKernels *kernels)
{
  OrcTarget *target = orc_target_get_default ();
  const int orc_is_narrow = target == NULL || strcmp (orc_target_get_name (target), "sse") == 0;

  pixelnorm_fill_avx2_normalize (kernels, orc_is_narrow);
  pixelnorm_fill_avx2_denormalize (kernels, orc_is_narrow);
  pixelnorm_fill_avx2_running (kernels, orc_is_narrow);
  pixelnorm_fill_avx2_fixed_point (kernels);
  pixelnorm_fill_avx2_scatter (kernels);
  pixelnorm_fill_avx2_planes (kernels);
  pixelnorm_fill_avx2_pick (kernels);
  pixelnorm_fill_avx2_colour (kernels);
  if (orc_is_narrow) {
    pixelnorm_fill_avx2_statistics (kernels);
    pixelnorm_fill_avx2_words (kernels);
  }
}

void
pixelnorm_fill_avx512 (PixelnormKernels *kernels)
{
  pixelnorm_fill_avx512_bytes (kernels);
  pixelnorm_fill_avx512_planes (kernels);
  pixelnorm_fill_avx512_pick (kernels);
  pixelnorm_fill_avx512_normalize (kernels);
  pixelnorm_fill_avx512_colour (kernels);
}

#else

#define DEFINE_NEVER(row)                                                                          \
  int pixelnorm_has_##row (void)                                                                   \
  {                                                                                                \
    return 0;                                                                                      \
  }                                                                                                \
                                                                                                   \
  void pixelnorm_fill_##row (PixelnormKernels *kernels)                                            \
  {                                                                                                \
    (void) kernels;                                                                                \
  }

DEFINE_NEVER (ssse3)
DEFINE_NEVER (avx2)
DEFINE_NEVER (avx512)

#endif
