/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orc's loops are tried before they are used: kernels-watch.c. */
#pragma once

#include "kernels.h"

/* What the items of an array may be. */
typedef enum {
  PIXELNORM_BITS,         /* anything */
  PIXELNORM_COEFFICIENTS, /* float32, some far out, some that make ties */
  PIXELNORM_RESULTS,      /* float32, some of them no number */
  PIXELNORM_VARIANCES,    /* float32, not negative */
  PIXELNORM_POSITIVE,     /* 31 bits */
} PixelnormContent;

#define PIXELNORM_MOST_ARRAYS 8

typedef void (*PixelnormAnyKernel) (void);

/* One of Orc's loops, and how to try it. */
typedef struct PixelnormWatch PixelnormWatch;
struct PixelnormWatch {
  const char *name;
  PixelnormSample sample;
  void (*call) (const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *arrays);
  struct {
    int bytes; /* of an item; 0 ends the list */
    PixelnormContent content;
  } arrays[PIXELNORM_MOST_ARRAYS + 1];
  int state; /* 0 before it was tried, 1 where it is right, -1 where it is not */
};

/* Calls of a kernel of each signature with 71 samples. */
#define PIXELNORM_DECLARE_CALL(signature)                                                          \
  void pixelnorm_call_##signature (                                                                \
      const PixelnormWatch *self, PixelnormAnyKernel kernel, void *const *arrays)

PIXELNORM_DECLARE_CALL (accumulate);
PIXELNORM_DECLARE_CALL (spill_u16);
PIXELNORM_DECLARE_CALL (spill_u32);
PIXELNORM_DECLARE_CALL (normalize);
PIXELNORM_DECLARE_CALL (denormalize);
PIXELNORM_DECLARE_CALL (convert);
PIXELNORM_DECLARE_CALL (fixed_point);
PIXELNORM_DECLARE_CALL (unpack);
PIXELNORM_DECLARE_CALL (pack);
PIXELNORM_DECLARE_CALL (running);
PIXELNORM_DECLARE_CALL (colour);

/* Tries it: the state. One that is not right is told of on standard error, once. */
int pixelnorm_watch_try (
    PixelnormWatch *self, PixelnormAnyKernel kernel, PixelnormAnyKernel reference);

/* Whether @kernel gives the bits of @reference; tried by the first call, in whatever thread. */
static inline int
pixelnorm_watch_is_right (
    PixelnormWatch *self, PixelnormAnyKernel kernel, PixelnormAnyKernel reference)
{
  const int state = __atomic_load_n (&self->state, __ATOMIC_RELAXED);

  return (state ? state : pixelnorm_watch_try (self, kernel, reference)) > 0;
}
