/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domain of all errors of the library. */
#include <pixelnorm/error.h>

/* the formatter takes the name for a subtraction */
/* clang-format off */
G_DEFINE_QUARK (pixelnorm-error-quark, pixelnorm_error)
/* clang-format on */
