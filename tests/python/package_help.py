# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the Python package share: frames, profiles of them made without the library, and small ONNX models with
fixed seeds: a network that answers, and one that returns what it is given.
"""
import numpy as np
import pytest

import profile_bytes
from reports import want
from pixelnorm import Profile

PYTHON = "/usr/bin/python3"
SEED = 20261127
CLASSES = 5
SIZED = np.linspace(.5, 2, 5 * 9 * 3).reshape(5, 9, 3)  # a value a sample of frames_of()


def frames_of(depth=8, n=6, channels=3, seed=0):
    random = np.random.default_rng([SEED, depth, channels, seed])
    base = random.integers(0, 2 ** depth, (5, 9, channels))
    reach = random.choice([0, 1, 2 ** (depth - 3)], base.shape)
    frames = base + random.integers(-reach, reach + 1, (n, *base.shape))
    return np.clip(frames, 0, 2 ** depth - 1).astype(np.uint8 if depth == 8 else np.uint16)


def profile_of(frames, channels="RGB", depth=8, **more):
    words, arrays = profile_bytes.pixel_profile(frames, channels, depth, **more)
    arrays["histogram"] = profile_bytes.histogram(frames, depth)
    return Profile.parse(profile_bytes.build(words, arrays))


GOOD = profile_bytes.build(*profile_bytes.pixel_profile(frames_of(), "RGB", 8))


def refused(call, words):
    """One sentence that says why."""
    with pytest.raises(ValueError, match=words) as raised:
        call()
    assert str(raised.value).endswith(".") and "\n" not in str(raised.value)


# --- ONNX models

def onnx_and_runtime():
    """The two packages, or a test that is skipped in words."""
    onnx = want("onnx")
    import onnx.numpy_helper
    runtime = want("onnxruntime")
    return onnx, runtime


def weights(n_channels, dtype=np.float32):
    random = np.random.default_rng([SEED, n_channels])
    return {"kernel": random.normal(size=(7, n_channels, 3, 3)).astype(dtype), "bias": random.normal(size=7).astype(dtype),
            "matrix": random.normal(size=(7, CLASSES)).astype(dtype)}


def tensor(onnx, name, dtype, shape):
    kinds = {"float32": "FLOAT", "float16": "FLOAT16", "uint8": "UINT8", "bool": "BOOL"}
    return onnx.helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kinds[np.dtype(dtype).name]), shape)


def finish(onnx, nodes, inputs, outputs, constants=(), opset=13, ir_version=7):
    graph = onnx.helper.make_graph(nodes, "model", inputs, outputs, list(constants))
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    model.ir_version = ir_version
    onnx.checker.check_model(model)
    return model


def network(onnx, shape, layout="nchw", dtype=np.float32, opset=13, n_channels=3, listed=False):
    """Convolution, rectifier, global mean, matrix product. listed: constants are inputs too, as in old models."""
    made = weights(n_channels, dtype)
    constants = [onnx.numpy_helper.from_array(values, name) for name, values in made.items()]
    node = onnx.helper.make_node
    first = [node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2])] if layout == "nhwc" else []
    nodes = [*first, node("Conv", ["planes" if first else "image", "kernel", "bias"], ["conv"], pads=[1, 1, 1, 1]),
             node("Relu", ["conv"], ["relu"]), node("GlobalAveragePool", ["relu"], ["pooled"]),
             node("Flatten", ["pooled"], ["features"]), node("MatMul", ["features", "matrix"], ["scores"])]
    inputs = [tensor(onnx, "image", dtype, shape)]
    if listed:
        inputs += [tensor(onnx, name, dtype, values.shape) for name, values in made.items()]
    return finish(onnx, nodes, inputs, [tensor(onnx, "scores", dtype, [shape[0], CLASSES])], constants, opset,
                  3 if listed else 7)


def identity(onnx, shape, dtype=np.float32, opset=13):
    """Returns its input."""
    return finish(onnx, [onnx.helper.make_node("Identity", ["image"], ["copy"])], [tensor(onnx, "image", dtype, shape)],
                  [tensor(onnx, "copy", dtype, shape)], opset=opset)


def network_in_numpy(y):
    """The network's answer in float64; y: [N, C, H, W]."""
    made = {name: values.astype(float) for name, values in weights(y.shape[1]).items()}
    padded = np.pad(y.astype(float), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    conv = np.einsum("nchwij,kcij->nkhw", windows, made["kernel"]) + made["bias"][:, None, None]
    return np.maximum(conv, 0).mean(axis=(2, 3)) @ made["matrix"]


def session(runtime, model):
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def answer(runtime, model, inputs):
    """The first output; inputs: an array for the only input, or arrays by name."""
    found = session(runtime, model)
    if not isinstance(inputs, dict):
        inputs = {found.get_inputs()[0].name: inputs}
    return found.run(None, inputs)[0]
