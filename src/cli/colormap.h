/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers into colours. */
#pragma once

#include <glib.h>

#define COLORMAP_SIZE 256

void colormap_get (gdouble value, guint8 rgb[3]);
