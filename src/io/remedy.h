/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to do about an error of the system. */
#pragma once

#include <glib.h>

/* Of @problem, an errno, in reading or else in writing a file: a sentence without its end. */
const char *pixelnorm_remedy (int problem, gboolean reading);
