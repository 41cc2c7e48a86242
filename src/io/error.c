/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domain of all errors of the library. */
#include <pixelnorm/error.h>

/* Not by G_DEFINE_QUARK(): clang-format makes a subtraction of the name, and the macro a text of that. */
GQuark
pixelnorm_error_quark (void)
{
  return g_quark_from_static_string ("pixelnorm-error-quark");
}
