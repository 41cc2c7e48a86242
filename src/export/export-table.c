/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EXPORT TABLE: other software that can be told how to normalize. A new exporter is one row here: a
 * template, or a function in a file of its family.
 */
#include "export.h"

#include <string.h>

#include <pixelnorm/enum-types.h>

#define ONE PIXELNORM_EXPORT_DETAIL_ONE
#define CHANNEL PIXELNORM_EXPORT_DETAIL_CHANNEL
#define PIXEL_8BIT PIXELNORM_EXPORT_DETAIL_PIXEL_8BIT
#define PIXEL PIXELNORM_EXPORT_DETAIL_PIXEL

/* lines of comment */
#define HASH "# $"
#define XML "<!-- $ -->"

#define RGB_OR_GREY                                                                                \
  {                                                                                                \
    "RGB", "Y"                                                                                     \
  }
#define ANY_CHANNELS                                                                               \
  {                                                                                                \
    "RGB", "Y", "YUV"                                                                              \
  }

/* tiovxdlpreproc and tidlpreproc: the ranges of the properties */
static const PixelnormExportLimits ti_limits = { 0, 255, 0, 1 };
/* qtimlvconverter: likewise */
static const PixelnormExportLimits qualcomm_limits = { 0, 255, 0, 255 };
/* std::stof throws at what is no normal float32 */
static const PixelnormExportLimits nvdspreprocess_limits = { -3e38, 3e38, 1.2e-38, 3e38 };
/* takes a factor of up to FLT_EPSILON, 1.19e-7, for none at all, and then 1 in its place */
static const PixelnormExportLimits nvinferserver_limits = { -3e38, 3e38, 1.2e-7, 3e38 };
/* writes means and divisors of code values with six decimals, and divides by what comes out */
static const PixelnormExportLimits dlstreamer_limits = { -1e15, 1e15, 1e-15, 1e6 };

/* means and divisors are of float32 */
static const PixelnormExportLimits tflite_limits = { -3e38, 3e38, 3e-39, 8e37 };

/* name, summary, ending, mean, scale, depth; function, template, channels, video */
static const PixelnormExporter exporters[] = {
  { { "modelinfo", "GStreamer 1.28: onnxinference, tfliteinference", ".modelinfo", CHANNEL, CHANNEL,
        8 },
      pixelnorm_export_write_modelinfo, NULL, RGB_OR_GREY, TRUE, .comment = HASH },
  { { "nvinfer", "DeepStream: configuration of nvinfer, and its mean image", ".txt", PIXEL_8BIT,
        ONE, 8 },
      pixelnorm_export_write_nvinfer, NULL, RGB_OR_GREY, .comment = HASH },
  { { "nvdspreprocess", "DeepStream: configuration of nvdspreprocess, and its mean image", ".txt",
        PIXEL_8BIT, ONE, 8 },
      pixelnorm_export_write_nvdspreprocess, NULL, RGB_OR_GREY, .needs_size = TRUE,
      .limits = &nvdspreprocess_limits, .comment = HASH },
  { { "nvinferserver", "DeepStream: configuration of nvinferserver, and its mean image", ".txt",
        PIXEL_8BIT, ONE, 8 },
      pixelnorm_export_write_nvinferserver, NULL, RGB_OR_GREY, .limits = &nvinferserver_limits,
      .comment = HASH },
  { { "dlstreamer", "DL Streamer: model-proc of gvainference, gvadetect, gvaclassify", ".json",
        CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_dlstreamer, NULL, { "RGB" }, .limits = &dlstreamer_limits },
  { { "dlstreamer-info", "DL Streamer: <model_info> of a model, for the same elements", ".xml",
        CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_template,
      "<model_info>\n"
      "  <mean_values value=\"{unit-mean|}\" />\n"
      "  <scale_values value=\"{unit-std|}\" />\n"
      "  <color_space value=\"{color}\" />\n"
      "</model_info>\n",
      { "RGB" }, .limits = &dlstreamer_limits, .comment = XML },
  { { "nnstreamer", "NNStreamer: a tensor_transform", ".txt", CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_template,
      "tensor_transform mode=arithmetic option=typecast:float32,per-channel:true@{nnstreamer-dimension}"
      "{minus-mean:,add:$@#}{std:,div:$@#}\n",
      RGB_OR_GREY },
  { { "torchvision", "PyTorch: transforms.Normalize, after ToTensor", ".py", CHANNEL, CHANNEL, 16 },
      pixelnorm_export_write_template,
      "transforms.Normalize(mean=[{unit-mean}], std=[{unit-std}])\n", RGB_OR_GREY,
      .comment = HASH },
  { { "keras", "Keras: a Normalization layer", ".py", CHANNEL, CHANNEL, 16 },
      pixelnorm_export_write_template,
      "keras.layers.Normalization(axis={keras-axis}, mean=[{mean}], variance=[{variance}])\n",
      RGB_OR_GREY, .comment = HASH },
  { { "opencv", "OpenCV 4.8 or newer: Image2BlobParams, for images as imread gives them", ".py",
        CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_template,
      "cv2.dnn.Image2BlobParams(scalefactor=[{scale}], size=[{size}], mean=[{mean}], "
      "swapRB={opencv-swap}, ddepth=cv2.CV_32F, datalayout={opencv-layout})  # {layout}\n",
      RGB_OR_GREY, .comment = HASH },
  { { "openvino", "OpenVINO: lines of a PrePostProcessor", ".py", CHANNEL, CHANNEL, 16 },
      pixelnorm_export_write_template,
      "ppp.input().tensor().set_element_type(Type.{element-type}).set_layout(Layout(\"{layout}\"))"
      ".set_color_format(ColorFormat.{color})\n"
      "ppp.input().preprocess().convert_element_type(Type.f32).mean([{mean}]).scale([{std}])\n",
      RGB_OR_GREY, .comment = HASH },
  { { "openvino-info", "OpenVINO Model API, Model Server: <model_info> of a model", ".xml", CHANNEL,
        CHANNEL, 8 },
      pixelnorm_export_write_template,
      "<model_info>\n"
      "  <mean_values value=\"{mean|}\" />\n"
      "  <scale_values value=\"{std|}\" />\n"
      "  <reverse_input_channels value=\"{reverse}\" />\n"
      "</model_info>\n",
      { "RGB" }, .comment = XML },
  { { "huggingface", "Hugging Face Transformers: preprocessor_config.json", ".json", CHANNEL,
        CHANNEL, 8 },
      pixelnorm_export_write_template,
      "{{\n"
      "  \"image_processor_type\": \"ViTImageProcessor\",\n"
      "  \"do_convert_rgb\": {huggingface-rgb},\n"
      "  \"do_resize\": {huggingface-resize},\n"
      "  \"do_rescale\": true,\n"
      "  \"rescale_factor\": 0.00392156862745098,\n"
      "  \"do_normalize\": true,\n"
      "  \"image_mean\": [{unit-mean}],\n"
      "  \"image_std\": [{unit-std}]\n"
      "}\n",
      RGB_OR_GREY, .rgb_only = TRUE },
  /* output_tensor_metadata: tools refuse metadata that do not count the model's outputs */
  { { "tflite", "TensorFlow Lite: metadata of a model with one output, for flatc", ".json", CHANNEL,
        CHANNEL, 8 },
      pixelnorm_export_write_template,
      "{{\n"
      "  \"subgraph_metadata\": [{{\n"
      "    \"input_tensor_metadata\": [{{\n"
      "      \"name\": \"{tensor}\",\n"
      "      \"content\": {{\n"
      "        \"content_properties_type\": \"ImageProperties\",\n"
      "        \"content_properties\": {{\"color_space\": \"{tflite-color}\"{tflite-size}}\n"
      "      },\n"
      "      \"process_units\": [{{\n"
      "        \"options_type\": \"NormalizationOptions\",\n"
      "        \"options\": {{\"mean\": [{mean}], \"std\": [{std}]}\n"
      "      }]\n"
      "    }],\n"
      "    \"output_tensor_metadata\": [{{}]\n"
      "  }]\n"
      "}\n",
      RGB_OR_GREY, .rgb_only = TRUE, .limits = &tflite_limits },
  { { "qualcomm", "Qualcomm: a qtimlvconverter", ".txt", CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_template, "qtimlvconverter mean=\"<{mean}>\" sigma=\"<{scale}>\"\n",
      RGB_OR_GREY, .limits = &qualcomm_limits },
  { { "ti", "Texas Instruments: a tiovxdlpreproc", ".txt", CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_template,
      "tiovxdlpreproc data-type=float32 channel-order={layout-in-small} "
      "tensor-format={color-in-small}{mean: mean-#=$}{scale: scale-#=$}\n",
      { "RGB" }, .limits = &ti_limits },
  { { "hailo", "Hailo: a line of a model script", ".alls", CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_template, "normalization1 = normalization([{mean}], [{std}])\n",
      RGB_OR_GREY },
  { { "rknn", "Rockchip: rknn.config", ".py", CHANNEL, CHANNEL, 8 },
      pixelnorm_export_write_template,
      "rknn.config(mean_values=[[{mean}]], std_values=[[{std}]])\n", RGB_OR_GREY, .comment = HASH },
  { { "caffe", "Caffe: transform_param, and its mean.binaryproto", ".prototxt", PIXEL, ONE, 8 },
      pixelnorm_export_write_caffe, NULL, RGB_OR_GREY, .comment = HASH },
  { { "json", "JSON: every number, and what it was made from", ".json", PIXEL, PIXEL, 16 },
      pixelnorm_export_write_json, NULL, ANY_CHANNELS },
};

/**
 * pixelnorm_export_format_get:
 * @index: counted from 0
 *
 * Returns: (nullable) (transfer none): a format of the export table, %NULL behind the last
 *
 * Since: 0.1
 */
const PixelnormExportFormat *
pixelnorm_export_format_get (guint index)
{
  return index < G_N_ELEMENTS (exporters) ? &exporters[index].format : NULL;
}

static const PixelnormExporter *
find_exporter (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (exporters); i++)
    if (g_strcmp0 (exporters[i].format.name, name) == 0)
      return &exporters[i];
  return NULL;
}

/**
 * pixelnorm_export_format_find:
 * @name: the name of a format, as "nvinfer"
 *
 * Returns: (nullable) (transfer none): the format, %NULL where there is none of that name
 *
 * Since: 0.1
 */
const PixelnormExportFormat *
pixelnorm_export_format_find (const gchar *name)
{
  const PixelnormExporter *exporter = find_exporter (name);

  return exporter ? &exporter->format : NULL;
}

/* Names end up in files of many kinds; what would end a word or a line there is refused. */
static gboolean
check_name (const char *what, const char *name, GError **error)
{
  const char *p = name;

  while (p && *p && !g_ascii_iscntrl (*p) && !strchr ("[]\"'\\", *p))
    p++;
  if (!p || (*name && !*p && g_utf8_validate (name, -1, NULL)))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "\"%s\" cannot be the name of %s: expected a word without brackets, quotes, backslashes and "
      "control characters. Choose another.",
      name, what);
  return FALSE;
}

static gboolean
check_fits (const PixelnormExport *self, GError **error)
{
  const PixelnormExportFormat *format = &self->exporter->format;
  const PixelnormGeometry *geometry = self->geometry;

  if (!g_strv_contains (self->exporter->channel_sets, geometry->channels)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "%s takes %s, and the profile is of %s. Collect one of that, with videoconvert before "
        "pixelstats, or export to json.",
        format->name, self->exporter->channel_sets[1] ? "RGB or grey" : "RGB", geometry->channels);
    return FALSE;
  }
  if (geometry->depth > format->max_depth) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "%s takes frames of %u bits, and the profile is of %u. Collect one of %u bits, with "
        "videoconvert before pixelstats, or export to json.",
        format->name, format->max_depth, geometry->depth, format->max_depth);
    return FALSE;
  }
  if (self->options->channel_order != PIXELNORM_CHANNEL_ORDER_RGB
      && strcmp (geometry->channels, "RGB") != 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "The order bgr is for profiles of RGB, and this one is of %s.", geometry->channels);
    return FALSE;
  }
  if (self->options->channel_order != PIXELNORM_CHANNEL_ORDER_RGB && self->exporter->rgb_only) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s cannot describe a model of B, G, R: it gives R, G, B. Export with the channel order rgb, and "
        "turn the channels round in the model.",
        format->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_size (const PixelnormExport *self, GError **error)
{
  const PixelnormGeometry *geometry = self->geometry;

  if ((self->width == 0) != (self->height == 0) || self->width > PIXELNORM_MAX_SIDE
      || self->height > PIXELNORM_MAX_SIDE) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "A model's input cannot be %ux%u pixels: expected 1 to %u both ways.", self->width,
        self->height, PIXELNORM_MAX_SIDE);
    return FALSE;
  }
  if (self->exporter->needs_size && self->width == 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "%s needs the size of the model's input, and a profile of whole channels has none. Give it with "
        "--size.",
        self->exporter->format.name);
    return FALSE;
  }
  if (!self->exact.per_pixel)
    return TRUE;
  if (self->width != geometry->width || self->height != geometry->height) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "The profile is of %ux%u pixels, and with scope pixel it fits no other size; the model's input "
        "is %ux%u. Collect a profile of that size, or use scope channel.",
        geometry->width, geometry->height, self->width, self->height);
    return FALSE;
  }
  if (pixelnorm_geometry_is_subsampled (geometry)) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "U and V of this profile are smaller than Y, and with scope pixel there is no array of all "
        "three. Collect a profile of Y444 or RGB, with videoconvert before pixelstats, or use scope "
        "channel.");
    return FALSE;
  }
  return TRUE;
}

/* What (x - mean) * scale can say. */
static gboolean
check_affine (const PixelnormSettings *settings, const PixelnormInputs *inputs, GError **error)
{
  gboolean zero = FALSE;

  if (inputs->affine) {
    g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
        "An export cannot express gamma and beta of a file. Set gamma and beta, one value per channel, or "
        "put pixelnorm into the pipeline.");
    return FALSE;
  }

  for (guint i = 0; i < settings->n_gamma; i++)
    zero |= settings->gamma[i] == 0;
  if (!zero && settings->clip_low == -G_MAXDOUBLE && settings->clip_high == G_MAXDOUBLE)
    return TRUE;
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "An export says (x - mean) * scale, which cannot express clipping or a gamma of 0. Leave "
      "clip-low, clip-high and gamma as they are, or put pixelnorm into the pipeline.");
  return FALSE;
}

static gboolean
check_statistics (const PixelnormSettings *settings, GError **error)
{
  if (settings->statistics == PIXELNORM_STATISTICS_SOURCE_PROFILE)
    return TRUE;
  g_set_error_literal (error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
      "Statistics of the stream itself differ for every frame, and cannot be exported. Export "
      "with statistics of a profile.");
  return FALSE;
}

static gboolean
export_prepare (PixelnormExport *self, const PixelnormSettings *settings,
    const PixelnormInputs *inputs, GError **error)
{
  const PixelnormExportOptions *options = self->options;

  self->profile = inputs->profile;
  self->geometry = pixelnorm_profile_get_geometry (inputs->profile);
  self->n_channels = strlen (self->geometry->channels);
  self->width = options->width || options->height ? options->width : self->geometry->width;
  self->height = options->width || options->height ? options->height : self->geometry->height;
  if (!check_name ("files", options->name, error) || !check_name ("a model", options->model, error)
      || !check_name ("a model's input", options->tensor, error) || !check_fits (self, error)
      || !check_statistics (settings, error)
      || !pixelnorm_coefficients_init (&self->exact, settings, inputs, self->geometry, error)
      || !check_size (self, error) || !check_affine (settings, inputs, error))
    return FALSE;
  self->n_pixels = self->exact.per_pixel ? (gsize) self->width * self->height : 1;
  return TRUE;
}

/* Says where min-deviation made the numbers; pooled ones are those of scope channel. */
static void
note_floor (PixelnormExport *self, const PixelnormSettings *settings, const PixelnormInputs *inputs)
{
  g_autoptr (PixelnormSettings) written = pixelnorm_settings_copy (settings);

  if (self->exact.per_pixel && !self->pixel_mean && !self->as_video)
    written->scope = PIXELNORM_SCOPE_CHANNEL;
  self->comment = pixelnorm_inputs_describe_floor (inputs, written);
  if (self->comment)
    pixelnorm_export_add_note (self, self->comment);
}

/**
 * pixelnorm_export_new:
 * @format: the name of a format
 * @settings: how to normalize, as for a #PixelnormNormalizer
 * @inputs: what with: a profile, of whose geometry the export is also for the method fixed, and dark frames
 *   for the method flat-field; no format has words for an affine
 * @options: (nullable): what is known of the model; %NULL: the defaults
 * @error: return location for a #GError, or %NULL
 *
 * Says in the words of other software the affine y = (x - mean) * scale of every sample x that
 * pixelnorm computes with the same settings.
 *
 * Returns: (transfer full): files, and what they lack; %NULL with %PIXELNORM_ERROR_SETTINGS,
 *   %PIXELNORM_ERROR_MISMATCH where the format has no words for such a profile, or
 *   %PIXELNORM_ERROR_MEMORY
 *
 * Since: 0.1
 */
PixelnormExport *
pixelnorm_export_new (const gchar *format, const PixelnormSettings *settings,
    const PixelnormInputs *inputs, const PixelnormExportOptions *options, GError **error)
{
  const PixelnormExportOptions defaults = { 0 };
  g_autoptr (PixelnormExport) self = g_object_new (PIXELNORM_TYPE_EXPORT, NULL);

  g_return_val_if_fail (settings != NULL && inputs != NULL, NULL);
  g_return_val_if_fail (PIXELNORM_IS_PROFILE (inputs->profile), NULL);
  self->exporter = find_exporter (format);
  self->options = options ? options : &defaults;
  if (!self->exporter) {
    g_set_error (
        error, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS, "There is no format \"%s\".", format);
    return NULL;
  }
  if (!export_prepare (self, settings, inputs, error) || !pixelnorm_export_fit (self, error))
    return NULL;
  note_floor (self, settings, inputs);
  if (!self->exporter->write (self, error))
    return NULL;
  self->options = NULL;
  self->profile = NULL;
  return g_steal_pointer (&self);
}
