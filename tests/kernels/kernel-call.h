/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of kernels of any signature, all of whose arguments are integers and pointers. */
#pragma once

#include <glib.h>

#define MAX_ARGUMENTS 10

typedef struct {
  void (*kernel) (void);
  guint64 arguments[MAX_ARGUMENTS];
} KernelCall;

/* Runs it, and fails where a register that belongs to the caller has changed (x86-64 only). */
void kernel_call (const KernelCall *call, const char *name);

/* Runs it. */
static inline void
kernel_call_unchecked (const KernelCall *call)
{
  typedef void (*AnyKernel) (
      guint64, guint64, guint64, guint64, guint64, guint64, guint64, guint64, guint64, guint64);
  const guint64 *a = call->arguments;

  ((AnyKernel) call->kernel) (a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
}
