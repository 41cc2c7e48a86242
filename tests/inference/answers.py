# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a pipeline with an inference element and keeps what it answered, frame by frame.

    answers.py OUT.npz PIPELINE       the pipeline ends in an appsink of the name sink

OUT.npz gets `tensors`, what the first output of the network was for each frame, and `labels`, what a decoder of tensors
made of it (empty words without one). An error on the bus is printed, one line, and the exit status is 1. A program of its
own, since onnxruntime within Python and within GStreamer do not go together in one process.
"""
import sys

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstAnalytics", "1.0")
from gi.repository import GLib, Gst, GstAnalytics  # noqa: E402

WAIT = 30 * Gst.SECOND


def read_tensor(buffer):
    meta = GstAnalytics.buffer_get_tensor_meta(buffer)
    if meta is None:
        sys.exit("ERROR: a frame came without tensors")
    tensor = meta.get(0)
    if tensor.data_type != GstAnalytics.TensorDataType.FLOAT32:
        sys.exit(f"ERROR: expected a tensor of float32, found {tensor.data_type}")
    data = tensor.data.extract_dup(0, tensor.data.get_size())
    return np.frombuffer(data, "<f4").reshape(tensor.get_dims())


def read_label(buffer):
    meta = GstAnalytics.buffer_get_analytics_relation_meta(buffer)
    for i in range(GstAnalytics.relation_get_length(meta) if meta else 0):
        found, classification = meta.get_cls_mtd(i)
        if found:
            return GLib.quark_to_string(classification.get_quark(0))
    return ""


def main(path, description):
    Gst.init(None)
    pipeline = Gst.parse_launch(description)
    sink, bus = pipeline.get_by_name("sink"), pipeline.get_bus()
    sink.set_property("sync", False)
    tensors, labels = [], []
    changed = pipeline.set_state(Gst.State.PLAYING)
    while changed != Gst.StateChangeReturn.FAILURE:
        sample = sink.emit("try-pull-sample", WAIT)
        if sample is None:
            break
        tensors.append(read_tensor(sample.get_buffer()))
        labels.append(read_label(sample.get_buffer()))
    ended = sink.get_property("eos")
    message = bus.pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message:
        error, debug = message.parse_error()
        sys.exit(f"ERROR: {message.src.get_name()}: {error.message} ({debug})")
    if not ended:
        sys.exit("ERROR: the pipeline did not start" if not tensors else "ERROR: the pipeline stood still")
    np.savez(path, tensors=np.array(tensors), labels=np.array(labels))


main(sys.argv[1], sys.argv[2])
