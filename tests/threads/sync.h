/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a function of a library is told from the one that stands before it here. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <glib-object.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

/* The next function of that name. Its address never changes, so it does not matter who finds it first. */
#define REAL(name)                                                                                 \
  static gpointer real;                                                                            \
  gpointer address = __atomic_load_n (&real, __ATOMIC_RELAXED);                                    \
  if (!address) {                                                                                  \
    address = dlsym (RTLD_NEXT, #name);                                                            \
    __atomic_store_n (&real, address, __ATOMIC_RELAXED);                                           \
  }                                                                                                \
  __typeof__ (&name) name##_real = (__typeof__ (&name)) address

#define VISIBLE __attribute__ ((visibility ("default")))

/* Before one of @n references is dropped. Whoever drops the last one sees what others did before they dropped theirs.
 * Two threads may do so at once, and then either can be the last; with more references nobody is told to have
 * seen anything, which would hide races. */
static inline void
sync_unref (gpointer object, gint n)
{
  __tsan_release (object);
  if (n <= 2)
    __tsan_acquire (object);
}
