/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What memory allows: copies and reads that move as many bytes as an element does. */
#pragma once

#include <glib.h>

#define N_FRAMES 8 /* sent round and round, as a decoder's pool would */

/* The bytes that a path moves a frame, and memory to move as many through. */
typedef struct {
  const guint8 *frames[N_FRAMES];
  gsize frame;   /* bytes of a frame: read, from another one each time */
  gsize rest;    /* bytes of coefficients and sums: read, the same each time */
  gsize written; /* the same each time */
  guint8 *from, *to;
} Traffic;

void traffic_init (Traffic *traffic, guint8 *const *frames, gsize frame, gsize rest, gsize written);
void traffic_clear (Traffic *traffic);

/* Each takes a #Traffic and the number of the frame. */

/* memcpy of half of all bytes, so that as many are read and written: the frame, then from one
 * buffer what is missing; into one buffer. */
void traffic_copy (gpointer traffic, guint i);

/* Reads the frame and no more. */
void traffic_read (gpointer traffic, guint i);

/* Reads what the path reads, and writes what it writes with stores that pass by the caches. */
void traffic_stream (gpointer traffic, guint i);
gboolean traffic_can_stream (void);
