#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network in onnxruntime, fed from an appsink behind pixelnorm.

    . pipelines/env
    pipelines/apps/appsink_onnxruntime.py --model model.onnx --profile profile.safetensors [FILE-OR-URI]

Prints a line for each frame: its time in seconds, the class with the highest score, and all scores. Without a video, a test
pattern stands for one. It makes no files. The size, the layout (NCHW or NHWC), the channels and the batch are those of the model's input. More
properties of pixelnorm go into --settings, as in

    ... --settings 'method=fixed units=unit mean="<0.485,0.456,0.406>" std="<0.229,0.224,0.225>"'

How it works: onnxruntime reads a tensor where it lies in the buffer, and its shape stands in the caps, innermost dimension
first. What was done to it stands in the buffer's PixelnormMeta, which is shown on standard error when it changes.
"""
import argparse
import os
import pathlib
import re
import signal
import sys

from schema_errors import without_schema_errors

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("video", nargs="?", metavar="FILE-OR-URI")
parser.add_argument("--model", required=True, help="an ONNX model of images")
parser.add_argument("--profile", help="the profile to normalize with")
parser.add_argument("--settings", default="", help="more properties of pixelnorm")
parser.add_argument("--batch", type=int, help="frames to a tensor, where the model leaves it open")
options = parser.parse_args()


def missing(name, package):
    sys.exit(f"{name} is needed, and {sys.executable} does not find it. To have it: {package}")


try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    from gi.repository import Gst, GstApp  # noqa: F401 - gives appsink its methods
except (ImportError, ValueError):
    missing("GStreamer for Python", "apt-get install python3-gi gir1.2-gst-plugins-base-1.0; a virtual environment sees it if it "
            "was made by /usr/bin/python3 -m venv --system-site-packages")
try:
    import numpy
    import onnxruntime
except ImportError:
    missing("The Python package onnxruntime", "apt-get install python3-onnxruntime on Debian 13 and newer; else make a virtual "
            "environment (/usr/bin/python3 -m venv --system-site-packages NAME), activate it, and pip install onnxruntime there")


class Network:
    """A model with one input of float [N, C, H, W] or [N, H, W, C], and its scores."""

    def __init__(self, path):
        with without_schema_errors():
            self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        inputs = self.session.get_inputs()
        shape = inputs[0].shape
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(shape) != 4:
            found = ", ".join(f"{entry.name} {entry.type} {entry.shape}" for entry in inputs)
            raise ValueError(f"{path}: expected one input of float [N, 3, height, width] or alike, found {found}.")
        self.name = inputs[0].name
        # a dimension that the model leaves open is a word
        sizes = [size if isinstance(size, int) else None for size in shape]
        self.layout = "nchw" if sizes[1] in (1, 3) else "nhwc"
        self.n_channels = sizes[1] if self.layout == "nchw" else sizes[3]
        self.height, self.width = sizes[2:] if self.layout == "nchw" else sizes[1:3]
        self.batch = sizes[0]
        if self.n_channels not in (1, 3):
            raise ValueError(f"{path}: the input has shape {shape}, and 1 or 3 channels stand neither second nor last.")

    def run(self, tensor):
        """Scores [N, classes]."""
        scores = self.session.run(None, {self.name: tensor})[0]
        return scores.reshape(len(tensor), -1)


def quoted(text):
    """As the value of a property in a description of a pipeline."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def describe(network):
    """The pipeline."""
    source = "videotestsrc pattern=ball num-buffers=30 ! video/x-raw,format=RGB"
    if options.video:
        path = pathlib.Path(options.video)
        if not path.exists() and not Gst.uri_is_valid(options.video):
            raise ValueError(f"{path}: expected a file that is there, or a URI.")
        uri = path.resolve().as_uri() if path.exists() else options.video
        source = f"uridecodebin3 uri={quoted(uri)}"
    size = f",width={network.width},height={network.height}" if network.width and network.height else ""
    profile = f"location={quoted(options.profile)}" if options.profile else ""
    batch = options.batch or network.batch or 1
    channels = "rgb" if network.n_channels == 3 else "gray"
    return (f"{source} ! videoscale ! video/x-raw{size},pixel-aspect-ratio=1/1 ! "
            f"pixelnorm {profile} channels={channels} layout={network.layout} {f'batch-size={batch}' if batch > 1 else ''} {options.settings} ! "
            "other/tensors,types=float32 ! appsink name=out sync=false max-buffers=4")


def shape_of(caps):
    """[N, ...] of a tensor, outermost first."""
    # of the text: what a structure of caps can do in Python differs between versions of GStreamer
    dimensions = re.search(r"dimensions=\(string\)([0-9:]+)", caps.to_string()).group(1)
    shape = [int(size) for size in reversed(dimensions.split(":"))]
    return [1] * (4 - len(shape)) + shape


def show(sample, network):
    """A line for each frame of a tensor."""
    buffer, shape = sample.get_buffer(), shape_of(sample.get_caps())
    mapped, info = buffer.map(Gst.MapFlags.READ)
    if not mapped:
        raise ValueError("A buffer cannot be read.")
    try:
        scores = network.run(numpy.frombuffer(info.data, "<f4").reshape(shape))
    finally:
        buffer.unmap(info)
    for i, row in enumerate(scores):
        time = (buffer.pts + buffer.duration * i // len(scores)) / Gst.SECOND
        print(f"{time:.3f}\t{row.argmax()}\t" + " ".join(f"{score:.9g}" for score in row), flush=True)


def show_meta(buffer, shown):
    meta = buffer.get_custom_meta("PixelnormMeta")
    text = meta.get_structure().to_string() if meta else "no PixelnormMeta"
    if text != shown:
        print(text, file=sys.stderr)
    return text


def check_bus(bus):
    """Raises what went wrong."""
    message = bus.pop_filtered(Gst.MessageType.ERROR)
    if message:
        error, _ = message.parse_error()
        raise ValueError(f"{message.src.get_name()}: {error.message}")


def play(network):
    pipeline = Gst.parse_launch(describe(network))
    sink, bus, shown = pipeline.get_by_name("out"), pipeline.get_bus(), None
    pipeline.set_state(Gst.State.PLAYING)
    try:
        while True:
            sample = sink.try_pull_sample(Gst.SECOND // 10)
            check_bus(bus)
            if sample:
                shown = show_meta(sample.get_buffer(), shown)
                show(sample, network)
            elif sink.is_eos():
                return
    finally:
        pipeline.set_state(Gst.State.NULL)


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it without a word
    Gst.init(None)
    if not Gst.ElementFactory.find("pixelnorm"):
        missing("The element pixelnorm", ". pipelines/env")
    if not os.path.exists(options.model):
        sys.exit(f"{options.model}: there is no such model.")
    try:
        play(Network(options.model))
    except Exception as problem:  # of GLib, of onnxruntime, and ours
        sys.exit(getattr(problem, "message", None) or str(problem))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
