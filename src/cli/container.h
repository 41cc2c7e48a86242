/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

guint64 container_bytes (int fd, guint64 offset, guint64 size);
