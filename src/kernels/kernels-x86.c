/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x86 rows of the kernel table: chosen once, from the processor and from what Orc makes of it. */
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
pixelnorm_kernels_x86 (PixelnormKernels *kernels)
{
  if (!__builtin_cpu_supports ("ssse3"))
    return 0;
  kernels->name = "x86";
  pixelnorm_kernels_x86_gather (kernels);
  if (!__builtin_cpu_supports ("avx2") || !has_f16c ())
    return 1;
  orc_init ();
  OrcTarget *target = orc_target_get_default ();
  const int orc_is_narrow = target == NULL || strcmp (orc_target_get_name (target), "sse") == 0;

  pixelnorm_kernels_x86_normalize (kernels, orc_is_narrow);
  pixelnorm_kernels_x86_back (kernels, orc_is_narrow);
  pixelnorm_kernels_x86_running (kernels, orc_is_narrow);
  if (orc_is_narrow)
    pixelnorm_kernels_x86_statistics (kernels);
  return 1;
}

int
pixelnorm_kernels_x86_wide (PixelnormKernels *kernels)
{
  if (!__builtin_cpu_supports ("avx512bw") || !__builtin_cpu_supports ("avx512vl")
      || !__builtin_cpu_supports ("avx512vbmi"))
    return 0;
  kernels->name = "x86 wide";
  pixelnorm_kernels_x86_avx512 (kernels);
  pixelnorm_kernels_x86_avx512_normalize (kernels);
  return 1;
}

#else

int
pixelnorm_kernels_x86 (PixelnormKernels *kernels)
{
  (void) kernels;
  return 0;
}

int
pixelnorm_kernels_x86_wide (PixelnormKernels *kernels)
{
  (void) kernels;
  return 0;
}

#endif
