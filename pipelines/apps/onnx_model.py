#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a model of images says of itself, in the words that a .modelinfo needs.

    pipelines/apps/onnx_model.py model.onnx
    pipelines/apps/onnx_model.py --outputs model.onnx

The first line prints options of pixelprofile export: --tensor, --layout and, unless the model leaves it open, --size. The
second prints the sections of the outputs, which a profile knows nothing about. --id NAME is what decoders of tensors look for;
without it an output has its own name. It makes no files.
"""
import argparse
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model", metavar="MODEL.onnx")
parser.add_argument("--outputs", action="store_true", help="the sections of the outputs")
parser.add_argument("--id", help="the id of the output, where there is one, as classification-generic-out")

try:
    import onnx
except ImportError:
    onnx = None

TYPES = {"FLOAT": "float32", "DOUBLE": "float64"}  # others have the same names in small letters


def shape_of(value):
    """What the model leaves open is -1, and so is the batch: that fits a batch of 1 as well as an open one."""
    sizes = [size.dim_value or -1 for size in value.type.tensor_type.shape.dim]
    return [-1, *sizes[1:]] if sizes else []


def describe_input(graph):
    """Options of pixelprofile export. Some models count their constants among the inputs."""
    constants = {constant.name for constant in graph.initializer}
    images = [value for value in graph.input if value.name not in constants]
    shape = shape_of(images[0]) if len(images) == 1 else []
    if len(shape) != 4 or not {1, 3} & {shape[1], shape[3]}:
        found = ", ".join(f"{value.name} {shape_of(value)}" for value in images)
        raise ValueError(f"expected one input of [N, 3, height, width] or [N, height, width, 3], found {found or 'none'}.")
    layout = "nchw" if shape[1] in (1, 3) else "nhwc"
    height, width = shape[2:] if layout == "nchw" else shape[1:3]
    size = f" --size {width}x{height}" if min(height, width) > 0 else ""
    return f"--tensor {images[0].name} --layout {layout}{size}"


def describe_outputs(graph, name):
    """Sections of a .modelinfo."""
    if name and len(graph.output) != 1:
        raise ValueError(f"--id is for a model of one output, and this one has {len(graph.output)}.")
    sections = []
    for value in graph.output:
        kind = onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)
        sections.append(f"\n[{value.name}]\nid={name or value.name}\ntype={TYPES.get(kind, kind.lower())}\n"
                        f"dims={','.join(map(str, shape_of(value)))}\ndir=output")
    return "\n".join(sections)


def main():
    options = parser.parse_args()
    if onnx is None:
        sys.exit(f"The Python package onnx is needed, and {sys.executable} does not find it. To have it: apt-get install python3-onnx; "
                 "elsewhere pip install onnx")
    try:
        graph = onnx.load(options.model, load_external_data=False).graph
        print(describe_outputs(graph, options.id) if options.outputs else describe_input(graph))
    except OSError as problem:
        sys.exit(f"{options.model}: {problem.strerror}.")
    except Exception as problem:  # of protobuf, where it is no model, and ours
        sys.exit(f"{options.model}: {problem}")


if __name__ == "__main__":
    main()
