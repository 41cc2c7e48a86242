/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of text that a profile carries, a line each. However lists are joined, and in whatever order, the result is the same:
 * it is in the order of bytes. */
#pragma once

#include <glib.h>

/* Names: each once, the first 64; then a last line that there are more. */
void pixelnorm_lines_add (GPtrArray *names, const gchar *more);

/* Shards, "2/8", by the number of them and their own; one that is there twice stays so. Those that make a whole go: 1/2 and 2/2. Text
 * that is no shard is left out. */
void pixelnorm_shards_add (GPtrArray *shards, const gchar *more);

/* The lines, or NULL where there is none. Transfer full. */
gchar *pixelnorm_lines_join (GPtrArray *lines);
