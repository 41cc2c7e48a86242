# SPDX-License-Identifier: LGPL-2.1-or-later
"""Graft: puts a normalization in front of an ONNX model, which then takes raw frames.

Before the model's input go Cast (to float32), Sub (the integer centre), Mul (the scale) and Add (the bias), with a number
of every sample or of every channel as constants; then, where they are needed, Max and Min (clipping), Gather (channel
order), Transpose (layout) and Cast (to float16). These are the operations of the element in its order, in float32, so a
runtime that computes them as they stand has the same bits. What no configuration of nvinfer, Triton, TensorRT or
onnxruntime can express, one deviation per pixel, the model itself has then.

Needs the package onnx.
"""
import importlib

import numpy

from .normalizer import LARGEST_HALF
from .wanted import wanted

PREFIX = "pixelnorm/"
MAX_BYTES = 2 ** 31 - 1  # of a protocol buffer
INPUT_TYPES = {"uint8": "UINT8", "uint16": "UINT16", "float32": "FLOAT"}
NEEDS_OPSET, CLIP_NEEDS_OPSET = 7, 8  # when Sub, Mul and Add, and Max and Min, began to broadcast


def graft(model, normalizer, *, input_name=None, new_name=None, input_layout="nhwc", input_type=None,
          model_layout="auto"):
    """A copy of an onnx.ModelProto that takes raw frames, channels in the order R, G, B.

    normalizer: a Normalizer of statistics profile; its layout and output are not used, those of the model are.
    input_name: which input, where the model has several. new_name: what to call it then; the old name where it is not
    given. input_layout: "nhwc" or "nchw", of the raw frames. input_type: "uint8", "uint16", or "float32" for what feeds
    code values as floats, as nvinfer does; by the depth where it is not given. model_layout: "auto", "nchw" or "nhwc".

    Raises ValueError in words where the model and the normalization do not fit.
    """
    onnx = wanted("onnx", "pixelnorm.graft")
    for part in ("checker", "helper", "numpy_helper"):
        importlib.import_module(f"onnx.{part}")
    if normalizer.settings.statistics != "profile":
        raise ValueError(f"statistics={normalizer.settings.statistics} changes with the frames, and a graft is of constants. Use "
                         "statistics=profile.")
    check_valid(onnx, model, "The model is not valid ONNX")
    result = onnx.ModelProto()
    result.CopyFrom(model)
    opset = opset_of(model, normalizer)
    old = find_input(model, input_name)
    place = Place(onnx, old, normalizer, model_layout)
    input_type = input_type or ("uint16" if normalizer.max_code and normalizer.max_code > 255 else "uint8")
    check_choice("input_type", input_type, INPUT_TYPES)
    check_choice("input_layout", input_layout, ("nhwc", "nchw"))
    if input_type == "uint8" and (normalizer.max_code or 255) > 255:
        raise ValueError(f"The normalization is for samples of {normalizer.depth} bits, and input_type is uint8. Use uint16 or "
                         "float32.")
    new_name = new_name or old.name
    check_names(result.graph, old.name, new_name)
    inner = old.name
    if new_name == old.name:
        inner = PREFIX + old.name
        rename(result.graph, old.name, inner)
    nodes, constants = Branch(onnx, normalizer, place, input_layout, opset).build(new_name, input_type, inner)
    add_front(result.graph, nodes, constants)
    if result.ir_version < 4:  # where constants are inputs with a default
        result.graph.input.extend(onnx.helper.make_tensor_value_info(c.name, c.data_type, list(c.dims)) for c in constants)
    replace_input(onnx, result.graph, old.name, new_name, input_type, place.shape(onnx, old, input_layout))
    describe(onnx, result, normalizer)
    check_valid(onnx, result, "The grafted model is not valid ONNX")
    return result


def check_valid(onnx, model, problem):
    if model.ByteSize() > MAX_BYTES:
        raise ValueError("The model is larger than 2 GiB, which ONNX does not hold in one file, and a graft is one file. Use "
                         "scope channel, or a smaller model.")
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # of several kinds, by the version of the package
        words = " ".join(str(error).split())[:300]
        raise ValueError(f"{problem}: {words}.") from None


def check_choice(name, value, choices):
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; it must be one of: {', '.join(choices)}.")


def opset_of(model, normalizer):
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    needed = CLIP_NEEDS_OPSET if normalizer.settings.clips else NEEDS_OPSET
    if opset < needed:
        raise ValueError(f"The model is of opset {opset}, and this needs {needed} or more. Convert it first, with "
                         "onnx.version_converter or by exporting it again.")
    return opset


def find_input(model, name):
    """The input that takes frames. Constants that are listed as inputs, too, as old models do, are none."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [entry for entry in model.graph.input if entry.name not in constants]
    names = ", ".join(entry.name for entry in inputs) or "none"
    if name is None and len(inputs) != 1:
        raise ValueError(f"The model has {len(inputs)} inputs: {names}. Name the one that takes frames (--input).")
    found = [entry for entry in inputs if name in (None, entry.name)]
    if not found:
        raise ValueError(f"The model has no input {name}; it has: {names}. Name one of them (--input).")
    return found[0]


class Place:
    """Where a model takes images, and that the normalization fits there."""

    def __init__(self, onnx, entry, normalizer, layout):
        self.name, self.normalizer = entry.name, normalizer
        tensor = entry.type.tensor_type
        kinds = {onnx.TensorProto.FLOAT: numpy.float32, onnx.TensorProto.FLOAT16: numpy.float16}
        if tensor.elem_type not in kinds:
            found = onnx.TensorProto.DataType.Name(tensor.elem_type).lower() if tensor.elem_type else "no tensor"
            raise ValueError(f"The input {self.name} takes {found}; expected float or float16. Graft the float model, before it "
                             "is quantized.")
        self.dtype = kinds[tensor.elem_type]
        self.half = self.dtype is numpy.float16
        dims = list(tensor.shape.dim)
        if len(dims) != 4:
            raise ValueError(f"The input {self.name} has {len(dims)} dimensions; expected 4, as [N, 3, height, width].")
        self.sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in dims]
        check_choice("model_layout", layout, ("auto", "nchw", "nhwc"))
        self.layout = self._find_layout() if layout == "auto" else layout
        self.n_channels = self._check_channels()
        self._check_size()

    @property
    def words(self):
        return "[" + ", ".join("?" if size is None else str(size) for size in self.sizes) + "]"

    def _find_layout(self):
        fits = [layout for layout, at in [("nchw", 1), ("nhwc", 3)] if self.sizes[at] in (1, 3)]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ValueError(f"The input {self.name} of shape {self.words} may be NCHW or NHWC. Say which (--model-layout).")
        raise ValueError(f"The input {self.name} of shape {self.words} has 1 or 3 channels neither first nor last. Give a "
                         "model of colour or grey images, or say where its channels are (--model-layout).")

    def _check_channels(self):
        n = self.sizes[1 if self.layout == "nchw" else 3]
        expected = len(self.normalizer.channels) if self.normalizer.channels else None
        if n is None:
            n = expected or 3
        if n not in (1, 3) or expected not in (None, n):
            raise ValueError(f"The input {self.name} of shape {self.words} has {n} channels, the profile has "
                             f"{self.normalizer.channels or '1 or 3'}. Use a profile of such frames.")
        return n

    def _check_size(self):
        height, width = self.sizes[2:] if self.layout == "nchw" else self.sizes[1:3]
        own = self.normalizer.height, self.normalizer.width
        if own[0] and (height not in (None, own[0]) or width not in (None, own[1])):
            raise ValueError(f"Another size: the input {self.name} of shape {self.words} takes {width or '?'}x{height or '?'} "
                             f"pixels, the profile is {own[1]}x{own[0]}. Collect frames of the model's size, or use scope "
                             "channel.")

    def shape(self, onnx, entry, layout):
        """The new input's: dimensions as they were, those of a profile of pixels as it says."""
        dims = list(entry.type.tensor_type.shape.dim)
        names = ["N", "C", "H", "W"] if self.layout == "nchw" else ["N", "H", "W", "C"]
        found = {name: dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
                 for name, dim in zip(names, dims)}
        found["C"] = self.n_channels
        if self.normalizer.height:
            found["H"], found["W"] = self.normalizer.height, self.normalizer.width
        return [found[name] for name in ("NHWC" if layout == "nhwc" else "NCHW")]


class Branch:
    """The nodes from raw frames to what the model takes."""

    def __init__(self, onnx, normalizer, place, layout, opset):
        self.onnx, self.settings, self.place, self.layout = onnx, normalizer.settings, place, layout
        self.found = normalizer.coefficients(n_channels=place.n_channels)
        self.nodes, self.constants, self.at = [], [], None

    def add(self, operation, *constants, **attributes):
        """One more node on what there is."""
        output = f"{PREFIX}{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operation, [self.at, *constants], [output], name=output, **attributes))
        self.at = output

    def constant(self, name, values):
        self.constants.append(self.onnx.numpy_helper.from_array(numpy.ascontiguousarray(values), PREFIX + name))
        return PREFIX + name

    def numbers(self, name, values):
        """[C] or [H, W, C] of float32, so that they broadcast in the layout of the raw frames. Channels that are all alike
        need one number."""
        values = values.astype(numpy.float32)
        if self.layout == "nchw":
            values = numpy.moveaxis(values.reshape((1,) * (3 - values.ndim) + values.shape), -1, 0)
        return self.constant(name, values)

    def bounds(self):
        settings, limit = self.settings, float(LARGEST_HALF if self.place.half else numpy.finfo(numpy.float32).max)
        for operation, name, given in [("Max", "clip_low", settings.clip_low), ("Min", "clip_high", settings.clip_high)]:
            if given is None and self.place.half:
                given = limit if operation == "Min" else -limit
            if given is not None:
                bound = numpy.array(min(max(given, -limit), limit), numpy.float32)
                self.add(operation, self.constant(name, bound))

    def build(self, name, input_type, output):
        """(nodes, constants) from the input called name to the tensor called output."""
        onnx, axis = self.onnx, 3 if self.layout == "nhwc" else 1
        self.at = name
        if input_type != "float32":
            self.add("Cast", to=onnx.TensorProto.FLOAT)
        self.add("Sub", self.numbers("centre", self.found.centre))
        self.add("Mul", self.numbers("scale", self.found.scale))
        self.add("Add", self.numbers("bias", self.found.bias))
        if self.settings.clips or self.place.half:
            self.bounds()
        if self.settings.channel_order == "bgr" and self.place.n_channels == 3:
            self.add("Gather", self.constant("order", numpy.array([2, 1, 0], numpy.int64)), axis=axis)
        if self.layout != self.place.layout:
            self.add("Transpose", perm=[0, 3, 1, 2] if self.layout == "nhwc" else [0, 2, 3, 1])
        if self.place.half:
            self.add("Cast", to=onnx.TensorProto.FLOAT16)
        self.nodes[-1].output[0] = output
        return self.nodes, self.constants


# --- changes of the graph

def subgraphs(node):
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def rename(graph, old, new):
    """Whoever reads old reads new; in subgraphs too, where names are the same ones."""
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == old:
                node.input[i] = new
        for inner in subgraphs(node):
            rename(inner, old, new)
    for output in graph.output:
        if output.name == old:
            output.name = new


def all_names(graph):
    for entries in (graph.input, graph.output, graph.initializer, graph.value_info):
        yield from (entry.name for entry in entries)
    for node in graph.node:
        yield from (*node.input, *node.output)
        for inner in subgraphs(node):
            yield from all_names(inner)


def check_names(graph, old, new):
    used = set(all_names(graph))
    if any(name.startswith(PREFIX) for name in used):
        raise ValueError("The model already has a normalization of pixelnorm in front. Graft the original model.")
    if new != old and new in used:
        raise ValueError(f"The model already has something called {new}. Give the new input another name (--new-name).")
    if new == old and any(output.name == old for output in graph.output):
        raise ValueError(f"The model hands its input {old} on as an output, which keeps that name. Give the new input another "
                         "name (--new-name).")


def add_front(graph, nodes, constants):
    old = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *old])
    graph.initializer.extend(constants)


def replace_input(onnx, graph, old, new, input_type, shape):
    entry = next(entry for entry in graph.input if entry.name == old)
    kind = getattr(onnx.TensorProto, INPUT_TYPES[input_type])
    entry.CopyFrom(onnx.helper.make_tensor_value_info(new, kind, shape))


def describe(onnx, model, normalizer):
    """Says in the model what it does now, as PixelnormMeta says it of a buffer."""
    settings = normalizer.settings
    words = {"method": settings.method, "channel-order": settings.channel_order}
    if normalizer.identity:
        words.update({"scope": settings.scope, "identity": normalizer.identity})
    for key, value in words.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = f"pixelnorm.{key}", value
