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
