/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ALIGNMENT 64
#define TILE 768 /* bytes of the frame that traffic_stream() reads at a time */

static guint8 *
allocate (gsize size)
{
  void *data = NULL;

  if (posix_memalign (&data, ALIGNMENT, MAX (size, ALIGNMENT)) != 0)
    g_error ("no memory for %" G_GSIZE_FORMAT " bytes", size);
  memset (data, 1, size);
  return data;
}

void
traffic_init (Traffic *traffic, guint8 *const *frames, gsize frame, gsize rest, gsize written)
{
  const gsize half = (frame + rest + written) / 2;

  for (guint k = 0; k < N_FRAMES; k++)
    traffic->frames[k] = frames[k];
  traffic->frame = frame;
  traffic->rest = rest;
  traffic->written = written;
  traffic->from = allocate (MAX (rest, half - MIN (half, frame)));
  traffic->to = allocate (MAX (written, half));
}

void
traffic_clear (Traffic *traffic)
{
  free (traffic->from);
  free (traffic->to);
}

/* Makes the compiler believe that somebody looks. */
static inline void
keep (const void *data)
{
  __asm__ volatile("" ::"r"(data) : "memory");
}

void
traffic_copy (gpointer data, guint i)
{
  const Traffic *traffic = data;
  const gsize half = (traffic->frame + traffic->rest + traffic->written) / 2;
  const gsize head = MIN (half, traffic->frame);

  memcpy (traffic->to, traffic->frames[i % N_FRAMES], head);
  memcpy (traffic->to + head, traffic->from, half - head);
  keep (traffic->to);
}

void
traffic_read (gpointer data, guint i)
{
  const Traffic *traffic = data;
  const guint64 *words = (const guint64 *) traffic->frames[i % N_FRAMES];
  const gsize n = traffic->frame / sizeof *words;
  guint64 sums[8] = { 0 };

  for (gsize k = 0; k + 8 <= n; k += 8)
    for (guint lane = 0; lane < 8; lane++)
      sums[lane] += words[k + lane];
  keep (sums);
}

#ifdef __SSE2__
static inline __m128i
read_all (const guint8 *from, gsize n, __m128i seen)
{
  for (gsize i = 0; i + 16 <= n; i += 16)
    seen = _mm_xor_si128 (seen, _mm_loadu_si128 ((const __m128i *) (from + i)));
  return seen;
}

gboolean
traffic_can_stream (void)
{
  return TRUE;
}

void
traffic_stream (gpointer data, guint i)
{
  const Traffic *traffic = data;
  const gsize n_tiles = MAX (traffic->frame / TILE, 1);
  const gsize rest = traffic->rest / n_tiles, written = traffic->written / n_tiles / 16 * 16;
  __m128i seen = _mm_setzero_si128 ();

  for (gsize t = 0; t < n_tiles; t++) {
    seen = read_all (traffic->frames[i % N_FRAMES] + t * TILE, TILE, seen);
    seen = read_all (traffic->from + t * rest, rest, seen);
    for (gsize k = 0; k + 16 <= written; k += 16)
      _mm_stream_si128 ((__m128i *) (traffic->to + t * written + k), seen);
  }
  _mm_sfence ();
}
#else
gboolean
traffic_can_stream (void)
{
  return FALSE;
}

void
traffic_stream (gpointer data, guint i)
{
}
#endif
