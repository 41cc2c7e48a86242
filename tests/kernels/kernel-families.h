/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The families of kernels, each with its data and its call: what the tests and the bench walk over, so a
 * family without either cannot be. */
#pragma once

#include "kernel-call.h"
#include "kernels/colour-factors.h"
#include "kernels/kernels.h"

#define MAX_ARRAYS 8

/* Random numbers, which tests take by the billion: splitmix64 of Steele, Lea and Flood. GRand's take most of the time of a test. */
typedef struct {
  guint64 state;
} KernelRandom;

static inline guint64
kernel_random_bits (KernelRandom *self)
{
  guint64 z = self->state += 0x9e3779b97f4a7c15;

  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/* From @first to @end - 1. */
static inline gint
kernel_random_range (KernelRandom *self, gint first, gint end)
{
  return first + (gint) ((kernel_random_bits (self) >> 32) * (guint32) (end - first) >> 32);
}

/* From @first to @end. */
static inline double
kernel_random_double (KernelRandom *self, double first, double end)
{
  return first + (double) (kernel_random_bits (self) >> 11) * 0x1p-53 * (end - first);
}

/* What a call needs beside its arrays. */
typedef struct {
  KernelCall call;
  gpointer lists[4], from[3];
  guint strides[3];
  guint32 scratch[PIXELNORM_TILE];
  guint8 tiles[3][4 * PIXELNORM_TILE];
  guint8 tables[4][256], (*each_table[3])[256];
  PixelnormToPlane planes[3];
  PixelnormFixedPoint fixed_point;
  PixelnormRunningParameters parameters;
  PixelnormUpsampling upsampling;
} KernelWork;

/* Where the channels of a pixel lie: plane and sample in it; and samples a pixel in each plane. */
typedef struct {
  const char *name;
  guint8 n_channels;
  guint8 places[3][2];
  guint8 strides[3];
} Arrangement;

typedef struct KernelFamily KernelFamily;
struct KernelFamily {
  char *name;
  gsize kernel; /* where PixelnormKernels has it */
  PixelnormSample sample;
  PixelnormItem item;
  guint n_arrays;
  gsize bytes[MAX_ARRAYS]; /* that one of n takes in each array */
  guint n_samples;         /* that one of n is */
  gint most;               /* of n, where that is limited */
  gboolean past_caches;    /* made for lists that no cache could hold */
  gboolean swap;
  guint period;
  guint depth, shared; /* of Y'CbCr; pixels that share a pair */
  PixelnormColourFactors *factors;
  const Arrangement *arrangement;
  /* Fills the arrays, with what plans and streams have or, where @strange, with all that could be. */
  void (*fill) (const KernelFamily *self, KernelRandom *random, guint8 *const *arrays, gint n,
      gboolean strange);
  void (*prepare) (const KernelFamily *self, guint8 *const *arrays, gint n, KernelWork *work);
};

/* All of them. Free with g_ptr_array_unref(). */
GPtrArray *kernel_families_new (void);
/* The kernel of a row. */
void (*kernel_family_find (const KernelFamily *self, const PixelnormKernels *kernels)) (void);
/* A call of it with the first @n of the arrays, or as many as it takes at once: how many. */
gint kernel_family_prepare (const KernelFamily *self, const PixelnormKernels *kernels,
    guint8 *const *arrays, gint n, KernelWork *work);
