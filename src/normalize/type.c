/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TYPE TABLE: tensors best first, which is the order in which caps offer them; then video. */
#include "type.h"

static const PixelnormType rows[] = {
  { PIXELNORM_OUTPUT_FLOAT32, "float32", PIXELNORM_ITEM_F32, 4 },
  { PIXELNORM_OUTPUT_FLOAT16, "float16", PIXELNORM_ITEM_F16, 2 },
  { PIXELNORM_OUTPUT_UINT8, "uint8", PIXELNORM_ITEM_U8, 1, 0, 255 },
  { PIXELNORM_OUTPUT_INT8, "int8", PIXELNORM_ITEM_I8, 1, -128, 127 },
  { PIXELNORM_OUTPUT_VIDEO, NULL, PIXELNORM_ITEM_U8, 1, 0, 255, .is_video = TRUE },
};

const PixelnormType *
pixelnorm_type (PixelnormOutput output)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].output == output)
      return &rows[i];
  return NULL;
}

/**
 * pixelnorm_output_get_tensor_type:
 * @n: 0 for the first type
 * @output: (out) (optional): the type
 *
 * Lists the types of tensors, the best first: what to take where several will do.
 *
 * Returns: (nullable): the name of the type, as caps of tensors write it ("float32"); %NULL behind the last
 *
 * Since: 0.2
 */
const gchar *
pixelnorm_output_get_tensor_type (guint n, PixelnormOutput *output)
{
  if (n >= G_N_ELEMENTS (rows) || rows[n].is_video)
    return NULL;
  if (output)
    *output = rows[n].output;
  return rows[n].name;
}

/**
 * pixelnorm_output_is_quantized:
 * @output: a type
 *
 * Returns: whether it is a tensor of codes, which have a scale and a zero-point
 *
 * Since: 0.2
 */
gboolean
pixelnorm_output_is_quantized (PixelnormOutput output)
{
  const PixelnormType *type = pixelnorm_type (output);

  return type && pixelnorm_type_has_codes (type) && !type->is_video;
}
