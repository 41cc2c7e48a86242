# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pipelines with an appsrc at the front: what comes out of them, and what their elements say."""
import re

import gi

gi.require_version("GstApp", "1.0")
from gi.repository import GLib, Gst, GstApp  # noqa: E402, F401 - GstApp gives appsrc its methods

from .frames import visible  # noqa: E402

TIMEOUT = 20 * Gst.SECOND
OURS = ("norm", "denorm", "stats")
SAID = {Gst.MessageType.ERROR: "error", Gst.MessageType.WARNING: "warning", Gst.MessageType.INFO: "info",
        Gst.MessageType.ELEMENT: "element"}


class Plans:
    """Numbers of plans go on through a process: here they count from 1 in every case."""

    def __init__(self):
        self.seen = {}

    def renumber(self, text):
        """And without what frames are read as, which builds before 0.2.0 do not say."""
        text = re.sub(r", (channels|chroma)=\(string\)\w+", "", text)
        return re.sub(r"plan=\(uint\)\d+", lambda found: f"plan=({self.seen.setdefault(found[0], len(self.seen) + 1)})",
                      text)


def describe(message, plans):
    """A message in words; of what it says for developers, not the place in the source."""
    kind = SAID[message.type]
    if kind == "element":
        return f"{message.src.name} element {plans.renumber(message.get_structure().to_string())}"
    error, debug = getattr(message, f"parse_{kind}")()
    debug = re.sub(r"^\S+\(\d+\): \S* ?\(\): \S+\n?", "", debug or "")
    return f"{message.src.name} {kind} {error.domain} {error.code} {error.message} {debug}".rstrip()


def flags_of(buffer):
    """The flags that matter downstream; not those of pools and caches."""
    named = {"gap": Gst.BufferFlags.GAP, "discont": Gst.BufferFlags.DISCONT, "corrupted": Gst.BufferFlags.CORRUPTED}
    flags = buffer.get_flags()
    return "".join(f" {name}" for name, flag in named.items() if flags & flag)


def buffers_of(frames, gaps=()):
    """Buffers at 30 frames a second; those named in gaps are flagged so."""
    for i, data in enumerate(frames):
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts, buffer.duration = i * Gst.SECOND // 30, Gst.SECOND // 30
        if i in gaps:
            buffer.set_flags(Gst.BufferFlags.GAP)
        yield buffer


def listen(bus, plans):
    """Says what the elements said until the stream ended, and how it did."""
    said, end, everything = [], "no end", Gst.MessageType.EOS
    for kind in SAID:
        everything |= kind
    while message := bus.timed_pop_filtered(TIMEOUT, everything):
        if message.src.name in OURS:
            said.append(describe(message, plans))
        if message.type in (Gst.MessageType.EOS, Gst.MessageType.ERROR):
            end = "end" if message.type == Gst.MessageType.EOS else "error"
            break
    return said, end


def rest_of(bus, plans):
    """What was said after the end, as while the elements stopped."""
    said = []
    while message := bus.pop():
        if message.type in SAID and message.src.name in OURS:
            said.append(describe(message, plans))
    return said


def meta_of(buffer, plans):
    meta = buffer.get_custom_meta("PixelnormMeta")
    return plans.renumber(meta.get_structure().to_string()) if meta else "none"


def results_of(samples, plans):
    """Of samples: {name: bytes or text}."""
    found = {"caps": [], "meta": [], "times": [], "bytes": []}
    for sample in samples:
        buffer, caps = sample.get_buffer(), sample.get_caps().to_string()
        data = buffer.extract_dup(0, buffer.get_size())
        found["bytes"].append(visible(sample.get_caps(), data) if caps.startswith("video/") else data)
        found["meta"].append(meta_of(buffer, plans))
        found["times"].append(f"{buffer.pts} {buffer.duration} {buffer.offset}{flags_of(buffer)}")
        if caps not in found["caps"][-1:]:
            found["caps"].append(caps)
    return {name: b"".join(values) if name == "bytes" else "\n".join(values) for name, values in found.items()}


def run(description, stretches, gaps=(), ask=None, prepare=None):
    """Pushes stretches [(caps, frames), ...] through a pipeline from its appsrc "in" to its appsink "out", if it has one.

    Returns {name: bytes or text}: what came out, what was said, how it ended, and what ask(pipeline) says then. Frames are
    taken as they are, as builds before 0.2.0 take them."""
    plans, samples = Plans(), []
    if "channels=" not in description and Gst.ElementFactory.make("pixelstats").find_property("channels"):
        description = re.sub(r"(?<=! )pixel(norm|stats)\b", r"\g<0> channels=native", description)
    try:
        pipeline = Gst.parse_launch(description)
    except GLib.Error as error:
        return {"refused": f"{error.domain} {error.code} {error.message}"}
    if prepare:
        prepare(pipeline)
    source, sink, bus = pipeline.get_by_name("in"), pipeline.get_by_name("out"), pipeline.get_bus()
    for caps, frames in stretches:
        source.set_caps(caps)
        for buffer in buffers_of(frames, gaps):
            source.push_buffer(buffer)
    source.end_of_stream()
    pipeline.set_state(Gst.State.PLAYING)
    said, end = listen(bus, plans)
    if end != "end":  # what comes after it depends on which thread is quicker
        pipeline.set_state(Gst.State.NULL)
        return {"end": end, "refused": "\n".join(said)}
    while sink and (sample := sink.try_pull_sample(0)):
        samples.append(sample)
    found = {"end": end, **(results_of(samples, plans) if sink else {}), **(ask(pipeline) if ask else {})}
    pipeline.set_state(Gst.State.READY)  # NULL would empty the bus
    found["said"] = "\n".join(said + rest_of(bus, plans))
    pipeline.set_state(Gst.State.NULL)
    return found
