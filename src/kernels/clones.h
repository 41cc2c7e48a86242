/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loops in plain C that the compiler makes vectors of: with PIXELNORM_CLONES before it a function is compiled for AVX2 and
 * AVX-512 besides SSE2, and the system picks one when the library is loaded. Nothing is rounded otherwise
 * (-ffp-contract=off), so all have the same bits, and PIXELNORM_KERNELS makes no difference to them. What they call is
 * compiled likewise only where it is inlined.
 */
#pragma once

#include <stdlib.h> /* defines __GLIBC__, whose loader can pick */

/* The pick comes before sanitizers are ready. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)          \
    && __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PIXELNORM_CLONES                                                                           \
  __attribute__ ((target_clones ("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PIXELNORM_CLONES
#endif
