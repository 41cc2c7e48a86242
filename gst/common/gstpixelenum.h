/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An enum for properties: @values, whose words gst-inspect-1.0 prints, become a type called @name. */
#pragma once

#include <glib-object.h>

#define GST_PIXEL_DEFINE_ENUM(function, name, values)                                              \
  GType function (void)                                                                            \
  {                                                                                                \
    static gsize type = 0;                                                                         \
                                                                                                   \
    if (g_once_init_enter (&type))                                                                 \
      g_once_init_leave (&type, g_enum_register_static (name, values));                            \
    return type;                                                                                   \
  }
