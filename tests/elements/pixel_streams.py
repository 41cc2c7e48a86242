# SPDX-License-Identifier: LGPL-2.1-or-later
"""Known frames through real pipelines: appsrc ! pixelstats ! fakesink and appsrc ! pixelnorm ! appsink."""
import re

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstApp, GstVideo  # noqa: E402, F401 - GstApp gives appsrc its methods

from pixel_reference import Places, channels_of  # noqa: E402

Gst.init(None)
TIMEOUT = 30 * Gst.SECOND
TENSORS, VIDEO = "other/tensors", "video/x-raw"


class Refused(Exception):
    """An error on the bus: its domain, code and words."""

    def __init__(self, message):
        error, self.debug = message.parse_error()
        super().__init__(error.message)
        self.domain, self.code = error.domain, error.code


def video_caps(format_name, width, height):
    return Gst.Caps.from_string(
        f"video/x-raw,format={format_name},width={width},height={height},framerate=30/1")


def words_of(settings):
    """Properties as gst-launch spells them; arrays from lists."""
    def word(value):
        return '"<' + ",".join(map(repr, value)) + '>"' if isinstance(value, (list, tuple)) else str(value)

    return " ".join(f"{name.replace('_', '-')}={word(value)}" for name, value in settings.items())


def add_video_meta(buffer, format_name, places):
    def four(numbers):
        return list(numbers) + [0] * (4 - len(numbers))

    GstVideo.buffer_add_video_meta_full(
        buffer, GstVideo.VideoFrameFlags.NONE, GstVideo.VideoFormat.from_string(format_name), places.width,
        places.height, len(places.planes), four(places.offsets), four(places.strides))


def run(description, stretches):
    """Pushes stretches [(caps, [buffer, ...]), ...] into the appsrc named in; returns what came out of the
    appsink named out, if there is one, as samples."""
    pipeline = Gst.parse_launch(description)
    source, sink = pipeline.get_by_name("in"), pipeline.get_by_name("out")
    samples = []
    for caps, buffers in stretches:
        source.set_caps(caps)
        for buffer in buffers:
            source.push_buffer(buffer)
    source.end_of_stream()
    try:
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(TIMEOUT, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        assert message, "neither end nor error"
        if message.type == Gst.MessageType.ERROR:
            raise Refused(message)
        while sink and (sample := sink.try_pull_sample(0)):
            samples.append(sample)
    finally:
        pipeline.set_state(Gst.State.NULL)
    return samples


def buffers_of(data):
    return [Gst.Buffer.new_wrapped(row.tobytes()) for row in data]


def bytes_of(samples):
    return [s.get_buffer().extract_dup(0, s.get_buffer().get_size()) for s in samples]


def collect(path, format_name, frames, passengers=None, noise=None, **settings):
    """pixelstats over frames [N, H, W, C] or, in scope channel, over a list of such arrays."""
    noise = noise or np.random.default_rng(1)
    stretches = []
    for stretch in frames if isinstance(frames, list) else [frames]:
        height, width = stretch.shape[1:3]
        places = Places(format_name, width, height)
        rest = noise.integers(0, 256, stretch.shape[:3]) if passengers is None else passengers
        stretches.append((video_caps(format_name, width, height),
                          buffers_of(places.pack(stretch, rest, noise))))
    run(f"appsrc name=in format=time ! pixelstats location={path} {words_of(settings)} ! "
        "fakesink sync=false", stretches)
    return path


def normalize(kind, format_name, size, buffers, **settings):
    """pixelnorm to TENSORS or VIDEO; the bytes of every output buffer."""
    samples = run(f"appsrc name=in format=time ! pixelnorm {words_of(settings)} ! {kind} ! "
                  "appsink name=out sync=false wait-on-eos=false",
                  [(video_caps(format_name, *size), buffers)])
    # as text: what a structure of caps can do in Python differs by version
    caps = [s.get_caps().to_string() for s in samples]
    assert {text.split(",")[0] for text in caps} == {kind}
    if kind == VIDEO:
        assert all(f"format=(string){format_name}," in text for text in caps)
        assert not any(GstVideo.buffer_get_video_meta(s.get_buffer()) for s in samples)
    else:
        dimensions = f"{len(channels_of(format_name))}:{size[0]}:{size[1]}:1"
        assert all(re.search(rf"dimensions=\(string\){dimensions}(,|$)", text) for text in caps)
    return bytes_of(samples)


def normalize_frames(kind, format_name, frames, noise, **settings):
    """frames [N, H, W, C] -> float32 [N, H, W, C], or 8-bit samples of the same shape, A and x looked after."""
    height, width = frames.shape[1:3]
    places = Places(format_name, width, height)
    passengers = noise.integers(0, 256, frames.shape[:3])
    data = places.pack(frames, passengers, noise)
    out = normalize(kind, format_name, (width, height), buffers_of(data), **settings)
    assert len(out) == len(frames)
    if kind == TENSORS:
        return np.frombuffer(b"".join(out), "<f4").reshape(frames.shape)
    found, carried = places.unpack(np.frombuffer(b"".join(out), np.uint8).reshape(len(frames), places.size))
    assert carried is None or (carried == passengers).all(), "alpha or x did not pass through"
    return found


def enum_values(enum):
    """The values of an enum of GObject-introspection; PyGObject 3.52 made them enums of Python."""
    return list(enum.__enum_values__.values()) if hasattr(enum, "__enum_values__") else list(enum)
