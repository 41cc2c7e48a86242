/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file that appears whole or not at all. */
#pragma once

#include <gio/gio.h>

typedef struct _AtomicFile AtomicFile;

/* Begins to write what shall be at @path; nothing is there before atomic_file_commit(). Errors of
 * all four are PIXELNORM_ERROR_NO_SPACE or PIXELNORM_ERROR_WRITE and begin with the path. Without @replace a commit
 * fails with PIXELNORM_ERROR_EXISTS where something is there. */
AtomicFile *atomic_file_new (const char *path, GError **error);
gboolean atomic_file_write (AtomicFile *file, const void *data, gsize size, GError **error);
/* What is written next goes to @offset; what was left out before it holds zeros. */
gboolean atomic_file_seek (AtomicFile *file, gsize offset, GError **error);
gboolean atomic_file_commit (AtomicFile *file, gboolean replace, GError **error);

/* Writes all of it, however much a call takes. Returns: 0, or what errno said */
int write_whole (int fd, const void *data, gsize size);

/* Whether a file could be written at @path, as far as that can be told without writing. Errors are
 * PIXELNORM_ERROR_WRITE. */
gboolean atomic_file_check (const char *path, GError **error);

/* Without a commit before, leaves everything as it was. */
void atomic_file_free (AtomicFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtomicFile, atomic_file_free)
