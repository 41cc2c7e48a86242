# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small convolutional network: PyTorch trains it, the package onnx writes it down, onnxruntime answers with it.

Its input is [images, 3, height, width] of float32, normalized; its output a number a class (logits).
"""
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

SEED = 7
OPSET, IR = 17, 9  # old enough for the onnxruntime of every release here
INPUT, OUTPUT = "input", "logits"


def make(size, classes):
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 12, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(12, 24, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(24 * (size // 4) ** 2, classes))


def train(tensors, labels, classes, epochs):
    """tensors: float32, [images, 3, size, size]. Returns: the network"""
    torch.set_num_threads(1)  # so small a network is no faster with more, and the other cores have work
    torch.manual_seed(SEED)
    network = make(tensors.shape[-1], classes)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, weight_decay=1e-4)
    x, y = torch.from_numpy(tensors.copy()), torch.from_numpy(labels)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
    return network.eval()


def answer(network, tensors):
    """What PyTorch says. Returns: float32, [images, classes]"""
    with torch.no_grad():
        return network(torch.from_numpy(tensors.copy())).numpy()


def describe(layer, before, after, weights):
    """The node of a layer; what it has learned goes into weights."""
    names = []
    for name, value in layer.state_dict().items():
        names.append(f"{after}.{name}")
        weights.append(numpy_helper.from_array(value.numpy(), names[-1]))
    kind = type(layer).__name__
    if kind == "Conv2d":
        return helper.make_node("Conv", [before, *names], [after], kernel_shape=[3, 3], pads=[1] * 4)
    if kind == "MaxPool2d":
        return helper.make_node("MaxPool", [before], [after], kernel_shape=[2, 2], strides=[2, 2])
    if kind == "Linear":
        return helper.make_node("Gemm", [before, *names], [after], transB=1)
    return helper.make_node({"ReLU": "Relu", "Flatten": "Flatten"}[kind], [before], [after])


def save(network, size, classes, path):
    """Writes the network as an ONNX file, one image at a time."""
    weights, nodes = [], []
    names = [INPUT, *(f"layer{i}" for i in range(len(network) - 1)), OUTPUT]
    for i, layer in enumerate(network):
        nodes.append(describe(layer, names[i], names[i + 1], weights))
    save_graph(nodes, weights, [1, 3, size, size], [1, classes], path)


def save_graph(nodes, weights, shape_in, shape_out, path):
    graph = helper.make_graph(nodes, "network", [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape_in)],
                              [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape_out)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def save_identity(shape, path):
    """A model that gives back what it is given."""
    save_graph([helper.make_node("Identity", [INPUT], [OUTPUT])], [], shape, shape, path)


def run_onnx(path, images):
    """What onnxruntime says, image by image. Returns: [images, classes]"""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: images[i:i + 1]})[0] for i in range(len(images))])
