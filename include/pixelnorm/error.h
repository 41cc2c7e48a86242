/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can go wrong, and the mark that makes a symbol public. */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#ifndef PIXELNORM_API
#define PIXELNORM_API extern __attribute__ ((visibility ("default")))
#endif

/**
 * PixelnormError:
 * @PIXELNORM_ERROR_OPEN: a file does not exist or cannot be opened for reading
 * @PIXELNORM_ERROR_READ: a file was opened, but reading it failed
 * @PIXELNORM_ERROR_CORRUPT: a file's content is not that of a profile, or was altered
 * @PIXELNORM_ERROR_WRITE: a file cannot be written
 * @PIXELNORM_ERROR_NO_SPACE: the disk is full
 * @PIXELNORM_ERROR_SETTINGS: settings that are missing, impossible, or contradict each other
 * @PIXELNORM_ERROR_MISMATCH: two sides that do not fit, as a profile and a stream of other sizes
 * @PIXELNORM_ERROR_MEMORY: not enough memory
 * @PIXELNORM_ERROR_LIMIT: more frames than exact integers can hold
 * @PIXELNORM_ERROR_EXISTS: something stands where a file is to be written, and is not replaced. Since: 0.2
 *
 * Error codes of this library. Every message says what was expected, what was found and what to do.
 *
 * Since: 0.1
 */
typedef enum {
  PIXELNORM_ERROR_OPEN,
  PIXELNORM_ERROR_READ,
  PIXELNORM_ERROR_CORRUPT,
  PIXELNORM_ERROR_WRITE,
  PIXELNORM_ERROR_NO_SPACE,
  PIXELNORM_ERROR_SETTINGS,
  PIXELNORM_ERROR_MISMATCH,
  PIXELNORM_ERROR_MEMORY,
  PIXELNORM_ERROR_LIMIT,
  PIXELNORM_ERROR_EXISTS
} PixelnormError;

#define PIXELNORM_ERROR (pixelnorm_error_quark ())

/**
 * pixelnorm_error_quark:
 *
 * Returns: the domain of the errors of this library, "pixelnorm-error-quark"
 *
 * Since: 0.1
 */
PIXELNORM_API GQuark pixelnorm_error_quark (void);

G_END_DECLS
