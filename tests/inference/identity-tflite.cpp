/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a model of TensorFlow Lite that gives back what it is given, as float32: one RESHAPE to the
 * shape that it has.
 *
 *     identity-tflite FILE DIMENSION...
 */
#include <tensorflow/lite/schema/schema_generated.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

static std::vector<flatbuffers::Offset<tflite::Tensor>>
make_tensors (flatbuffers::FlatBufferBuilder &builder, const std::vector<int32_t> &shape)
{
  const std::vector<int32_t> vector = { (int32_t) shape.size () };

  return {
    tflite::CreateTensorDirect (builder, &shape, tflite::TensorType_FLOAT32, 0, "input"),
    tflite::CreateTensorDirect (builder, &vector, tflite::TensorType_INT32, 1, "shape"),
    tflite::CreateTensorDirect (builder, &shape, tflite::TensorType_FLOAT32, 0, "logits"),
  };
}

int
main (int argc, char **argv)
{
  flatbuffers::FlatBufferBuilder builder;
  std::vector<int32_t> shape;

  for (int i = 2; i < argc; i++)
    shape.push_back (atoi (argv[i]));
  if (shape.empty ())
    return 2;
  const auto *bytes = (const uint8_t *) shape.data ();
  const std::vector<uint8_t> data (bytes, bytes + shape.size () * sizeof (int32_t));
  const std::vector<uint8_t> none;
  const std::vector<flatbuffers::Offset<tflite::Buffer>> buffers = {
    tflite::CreateBufferDirect (builder, &none), tflite::CreateBufferDirect (builder, &data)
  };
  const auto tensors = make_tensors (builder, shape);
  const std::vector<int32_t> inputs = { 0, 1 }, input = { 0 }, output = { 2 };
  const std::vector<flatbuffers::Offset<tflite::Operator>> operators = {
    tflite::CreateOperatorDirect (builder, 0, &inputs, &output)
  };
  const std::vector<flatbuffers::Offset<tflite::SubGraph>> graphs = { tflite::CreateSubGraphDirect (
      builder, &tensors, &input, &output, &operators, "identity") };
  const std::vector<flatbuffers::Offset<tflite::OperatorCode>> codes = {
    tflite::CreateOperatorCode (
        builder, tflite::BuiltinOperator_RESHAPE, 0, 1, tflite::BuiltinOperator_RESHAPE)
  };

  tflite::FinishModelBuffer (
      builder, tflite::CreateModelDirect (builder, 3, &codes, &graphs, "identity", &buffers));
  FILE *file = fopen (argv[1], "wb");
  if (!file || fwrite (builder.GetBufferPointer (), builder.GetSize (), 1, file) != 1)
    return 1;
  return fclose (file) == 0 ? 0 : 1;
}
