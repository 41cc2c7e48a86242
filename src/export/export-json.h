/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON of exporters. */
#pragma once

#include <jansson.h>

#include "export.h"

/* The numbers of a name (see pixelnorm_export_value()), an item a channel in the order of the model,
 * in few digits as pixelnorm_export_number() makes them. */
json_t *pixelnorm_json_values (const PixelnormExport *self, const char *name);

/* Makes the first file of @json, which it takes over. */
gboolean pixelnorm_json_take (PixelnormExport *self, json_t *json, GError **error);
