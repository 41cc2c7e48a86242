#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a network in GStreamer's onnxinference or tfliteinference answers.

    . pipelines/env
    pipelines/apps/show_answers.py 'videotestsrc ! ... ! onnxinference model-file=model.onnx'

Prints a line for each output and frame, with tabs between: the time in seconds, the id of the output, the index of its largest
number (the class, where the output has a number for each), and the first numbers. How many frames there were, and how many a
second, follows on standard error. It makes no files.
"""
import argparse
import os
import signal
import sys
import time

from schema_errors import without_schema_errors

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("pipeline", help="as for gst-launch-1.0, in one word, up to the element that answers")
parser.add_argument("--frames", type=int, default=10, help="how many frames are printed (10)")
parser.add_argument("--numbers", type=int, default=12, help="how many numbers of an output are printed (12)")
options = parser.parse_args()

try:
    import gi
    import numpy

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    gi.require_version("GstAnalytics", "1.0")
    from gi.repository import GLib, Gst, GstAnalytics, GstApp  # noqa: F401 - gives appsink its methods

    if (Gst.VERSION_MAJOR, Gst.VERSION_MINOR) < (1, 28):  # the elements of 1.26 have no .modelinfo
        raise ImportError
except (ImportError, ValueError):
    sys.exit(f"GStreamer 1.28 or newer for Python and numpy are needed, and {sys.executable} does not find them. To have them, on "
             "Debian sid: apt-get install python3-gi python3-numpy gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0")


def answers_of(buffer):
    """The id of every output, and its numbers in a row."""
    meta = GstAnalytics.buffer_get_tensor_meta(buffer)
    if meta is None:
        raise ValueError("A frame came without an answer. Is the last element of the pipeline an inference element?")
    for i in range(meta.num_tensors):
        tensor = meta.get(i)
        kind = GstAnalytics.tensor_data_type_get_name(tensor.data_type)
        data = tensor.data.extract_dup(0, tensor.data.get_size())
        yield GLib.quark_to_string(tensor.id), numpy.frombuffer(data, kind)


def show(buffer):
    for name, numbers in answers_of(buffer):
        first = " ".join(f"{number:.6g}" for number in numbers[:options.numbers])
        print(f"{buffer.pts / Gst.SECOND:.3f}\t{name}\t{numbers.argmax()}\t{first}", flush=True)


def check_bus(bus):
    message = bus.pop_filtered(Gst.MessageType.ERROR)
    if message:
        error, debug = message.parse_error()
        raise ValueError(f"{message.src.get_name()}: {error.message} {debug or ''}")


def samples_of(pipeline):
    """Until the end of the stream, or an error."""
    sink, bus = pipeline.get_by_name("answers"), pipeline.get_bus()
    if pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
        check_bus(bus)
        raise ValueError("The pipeline does not start. The lines above say why; with GST_DEBUG=2 in the environment there are more.")
    while not sink.is_eos():
        sample = sink.try_pull_sample(Gst.SECOND // 10)
        check_bus(bus)
        if sample:
            yield sample


def play():
    """Returns: how many frames there were, and how many came in a second"""
    pipeline = Gst.parse_launch(f"{options.pipeline} ! appsink name=answers sync=false max-buffers=4")
    samples, n = samples_of(pipeline), 0
    try:
        with without_schema_errors():  # until the network is loaded
            sample = next(samples, None)
        begin = time.monotonic()
        while sample:
            n += 1
            if n <= options.frames:
                show(sample.get_buffer())
            sample = next(samples, None)
        return n, (n - 1) / (time.monotonic() - begin) if n > 1 else 0
    finally:
        pipeline.set_state(Gst.State.NULL)


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it without a word
    # the elements say only in the log why they do not start
    os.environ.setdefault("GST_DEBUG", "1")
    os.environ.setdefault("GST_DEBUG_NO_COLOR", "1")
    Gst.init(None)
    try:
        print("%d frames, %.0f a second" % play(), file=sys.stderr)
    except Exception as problem:  # of GLib, and ours
        sys.exit(getattr(problem, "message", None) or str(problem))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
