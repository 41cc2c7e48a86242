/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DL Streamer: a model-proc file, JSON. The element computes (x / 255 - mean) / std; it takes mean and
 * std only both, and only with the range [0, 1].
 */
#include "export.h"

#include "export-json.h"

gboolean
pixelnorm_export_write_dlstreamer (PixelnormExport *self, GError **error)
{
  json_t *layer = json_pack ("{s:s, s:{s:s, s:[f, f], s:o, s:o}}", "format", "image", "params",
      "color_space", pixelnorm_export_color (self), "range", 0.0, 1.0, "mean",
      pixelnorm_json_values (self, "unit-mean"), "std", pixelnorm_json_values (self, "unit-std"));

  if (self->options->tensor)
    json_object_set_new (layer, "layer_name", json_string (self->options->tensor));
  return pixelnorm_json_take (self,
      json_pack ("{s:s, s:[o], s:[]}", "json_schema_version", "2.2.0", "input_preproc", layer,
          "output_postproc"),
      error);
}
