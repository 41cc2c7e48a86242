# SPDX-License-Identifier: LGPL-2.1-or-later
"""Known frames of every format through real pipelines: appsrc ! pixelstats ! fakesink and appsrc ! pixelnorm ! appsink.

What should come out is in pixel_reference.py, which knows nothing of GStreamer.
"""
import dataclasses
import itertools
import re
import subprocess

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstApp, GstVideo  # noqa: E402, F401 - GstApp gives appsrc its methods

from gi_enums import enum_values  # noqa: E402
import pixel_reference as reference  # noqa: E402
from pixel_reference import Places, channels_of  # noqa: E402

Gst.init(None)
TIMEOUT = 30 * Gst.SECOND
TENSORS, VIDEO = "other/tensors", "video/x-raw"
SOURCE = "appsrc name=in format=time ! "


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


def parse_behind_source(description):
    """The pipeline of a description that begins with SOURCE. Before it has caps a source fits everything, but asking
    the next element for all that it could take would be most of what a short pipeline costs."""
    assert description.startswith(SOURCE)
    pipeline, source = Gst.parse_launch(description[len(SOURCE):]), Gst.parse_launch(SOURCE[:-len(" ! ")])
    pad = pipeline.find_unlinked_pad(Gst.PadDirection.SINK)
    pipeline.add(source)
    assert source.get_static_pad("src").link_full(pad, Gst.PadLinkCheck.NOTHING) == Gst.PadLinkReturn.OK
    return pipeline


def run(description, stretches):
    """Pushes stretches [(caps, [buffer, ...]), ...] into the appsrc named in; returns what came out of the
    appsink named out, if there is one, as samples. Frames are taken as they are, unless the description says channels=."""
    if "channels=" not in description:
        description = re.sub(r"(?<=! )pixel(norm|stats)\b", r"\g<0> channels=native", description)
    pipeline = parse_behind_source(description)
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


def collector(path, settings):
    """pixelstats, with words; a profile that an earlier test left is replaced, unless append is among them."""
    return f"pixelstats location={path} {words_of(settings if 'append' in settings else {'overwrite': 'true', **settings})}"


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
    run(f"appsrc name=in format=time ! {collector(path, settings)} ! fakesink sync=false", stretches)
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


# --- what the elements say of themselves

def template_formats(element):
    """Those of all video formats that the sink pad takes."""
    caps = Gst.ElementFactory.make(element).get_static_pad("sink").get_pad_template_caps()
    known = [GstVideo.VideoFormat.to_string(f) for f in enum_values(GstVideo.VideoFormat) if f > 1]
    return [name for name in known if caps.can_intersect(video_caps(name, 8, 8))]


def nicks(name):
    """The values of an enum property, as gst-inspect-1.0 lists them: PyGObject's ways differ by version."""
    text = subprocess.run(["gst-inspect-1.0", "pixelnorm"], check=True, capture_output=True, text=True).stdout
    block = re.search(rf"^  {name} +:.*?(?=^  \S)", text, re.S | re.M).group(0)
    found = re.findall(r"^ +\(\d+\): (\S+)", block, re.M)
    assert len(found) > 1
    return found


TEMPLATE, METHODS, SCOPES = template_formats("pixelnorm"), nicks("method"), nicks("scope")
PAIRS = [(m, s) for m in METHODS for s in SCOPES if reference.allowed(m, s)]
FORMATS = [name for name in TEMPLATE if name in reference.FORMATS]  # the others are below


# --- frames of one size that several files of tests normalize in every way

SEED = 20261123
WIDTH, HEIGHT = 19, 5
TYPES = {"float32": "<f4", "float16": "<f2", "int8": "i1", "uint8": "u1"}
KINDS = {**TYPES, "video": "u1"}


def frames_of(name, n=7):
    random = np.random.default_rng([SEED, len(channels_of(name))])
    base = random.integers(0, 256, (HEIGHT, WIDTH, len(channels_of(name))))
    return np.clip(base + random.integers(-60, 61, (n, *base.shape)), 0, 255).astype(np.uint8)


def outputs_of(name, kind, **settings):
    """y as it lies: [N, H, W, C] of the type; of video the samples, with alpha looked after."""
    places, frames = Places(name, WIDTH, HEIGHT), frames_of(name)
    random = np.random.default_rng(SEED)
    passengers = random.integers(0, 256, frames.shape[:3])
    caps = "video/x-raw" if kind == "video" else f"other/tensors,types={kind}"
    samples = run(f"appsrc name=in format=time ! pixelnorm {words_of(settings)} ! {caps} ! "
                  "appsink name=out sync=false wait-on-eos=false",
                  [(video_caps(name, WIDTH, HEIGHT), buffers_of(places.pack(frames, passengers, random)))])
    found = np.frombuffer(b"".join(bytes_of(samples)), KINDS[kind])
    if kind != "video":
        return found.reshape(frames.shape)
    found, carried = places.unpack(found.reshape(len(frames), places.size))
    assert carried is None or (carried == passengers).all(), "alpha or x did not pass through"
    return found


def one_frame():
    """The bytes of a frame of RGB, [1, size]."""
    return Places("RGB", WIDTH, HEIGHT).pack(frames_of("RGB", 1), None, np.random.default_rng(1))


def meta_of(**settings):
    """What PixelnormMeta says of the tensor of such a frame."""
    (sample,) = run(f"appsrc name=in format=time ! pixelnorm {words_of(settings)} ! other/tensors ! "
                    "appsink name=out sync=false wait-on-eos=false",
                    [(video_caps("RGB", WIDTH, HEIGHT), buffers_of(one_frame()))])
    return sample.get_buffer().get_custom_meta("PixelnormMeta").get_structure().to_string()


# --- formats of more than 8 bits and of YUV
#
# From the documentation of GStreamer's formats: what lies in each plane, how many bits of a word are the sample, where, and
# which byte comes first. Strides and offsets of a whole frame are GStreamer's own (GstVideoInfo); numpy alone puts samples there.

# letters of a pixel, columns and rows that share a sample
PACKED = {"RGBA": ["RGBA"], "ARGB": ["ARGB"], "BGRA": ["BGRA"], "ABGR": ["ABGR"]}
PLANAR = {"GBR": ["G", "B", "R"], "GBRA": ["G", "B", "R", "A"], "GRAY": ["Y"], "Y444": ["Y", "U", "V"]}
SHARED = {"Y41B": (["Y", "U", "V"], 4, 1), "YUV9": (["Y", "U", "V"], 4, 4), "YVU9": (["Y", "V", "U"], 4, 4),
          "v308": (["YUV"], 1, 1), "IYU2": (["UYV"], 1, 1), "AYUV": (["AYUV"], 1, 1), "VUYA": (["VUYA"], 1, 1),
          "AV12": (["Y", "UV", "A"], 2, 2), "A420": (["Y", "U", "V", "A"], 2, 2), "A422": (["Y", "U", "V", "A"], 2, 1),
          "A444": (["Y", "U", "V", "A"], 1, 1), "I420": (["Y", "U", "V"], 2, 2), "YV12": (["Y", "V", "U"], 2, 2), "NV12": (["Y", "UV"], 2, 2),
          "NV21": (["Y", "VU"], 2, 2), "Y42B": (["Y", "U", "V"], 2, 1), "NV16": (["Y", "UV"], 2, 1),
          "NV61": (["Y", "VU"], 2, 1), "NV24": (["Y", "UV"], 1, 1), "Y444": (["Y", "U", "V"], 1, 1)}


@dataclasses.dataclass
class Deep:
    planes: list
    depth: int = 8
    shift: int = 0
    big: bool = False
    columns: int = 1
    rows: int = 1
    twin: str = None

    @property
    def channels(self):
        letters = "".join(self.planes)
        return "RGB" if "R" in letters else "YUV" if "U" in letters else "Y"

    @property
    def largest(self):
        return 2 ** self.depth - 1

    def size_of(self, letters, width, height):
        shared = set(letters) <= set("UV")
        return (-(-width // self.columns), -(-height // self.rows)) if shared else (width, height)

    @property
    def is_whole(self):
        return self.columns == self.rows == 1


def table():
    formats = {name: Deep(planes, columns=columns, rows=rows, twin=name)
               for name, (planes, columns, rows) in SHARED.items()}

    def deep(name, planes, depth, twin, shift=0, columns=1, rows=1):
        for end in ["LE", "BE"]:
            formats[f"{name}{end}"] = Deep(planes, depth, shift, end == "BE", columns, rows, twin)

    for name, planes in PACKED.items():
        deep(f"{name}64_", planes, 16, name)
    formats["ARGB64"] = formats["ARGB64_LE"]
    for depth in [10, 12, 16]:
        deep(f"GBR_{depth}", PLANAR["GBR"], depth, "GBR")
        deep(f"Y444_{depth}", PLANAR["Y444"], depth, "Y444")
    for depth in [10, 12]:
        deep(f"GBRA_{depth}", PLANAR["GBRA"], depth, "GBRA")
        deep(f"I420_{depth}", *SHARED["I420"][:1], depth, "I420", 0, 2, 2)
        deep(f"I422_{depth}", *SHARED["Y42B"][:1], depth, "Y42B", 0, 2, 1)
    deep("GRAY16_", ["Y"], 16, "GRAY8")
    formats["GRAY10_LE16"] = Deep(["Y"], 10, twin="GRAY8")
    deep("P010_10", ["Y", "UV"], 10, "NV12", 6, 2, 2)
    deep("P012_", ["Y", "UV"], 12, "NV12", 4, 2, 2)
    deep("P016_", ["Y", "UV"], 16, "NV12", 0, 2, 2)
    deep("Y412_", ["UYVA"], 12, None, 4)
    deep("Y416_", ["UYVA"], 16, None)
    formats["AYUV64"] = Deep(["AYUV"], 16, twin="AYUV")
    for name, depth in itertools.product(["A420", "A422", "A444"], [10, 12, 16]):
        planes, columns, rows = SHARED[name]
        deep(f"{name}_{depth}", planes, depth, name, 0, columns, rows)
    for form in formats.values():
        if GstVideo.VideoFormat.from_string(form.twin or "") == GstVideo.VideoFormat.UNKNOWN:
            form.twin = None
    return formats


DEEP_FORMATS = table()
TWINS = {"RGBA": Deep(["RGBA"]), "ARGB": Deep(["ARGB"]), "BGRA": Deep(["BGRA"]), "ABGR": Deep(["ABGR"]),
         "GBR": Deep(PLANAR["GBR"]), "GBRA": Deep(PLANAR["GBRA"]), "GRAY8": Deep(["Y"]), **DEEP_FORMATS}


class DeepPlaces:
    """Where the samples of a frame lie."""

    def __init__(self, name, width, height, strides=None):
        info = GstVideo.VideoInfo.new_from_caps(video_caps(name, width, height))
        self.format, self.width, self.height = TWINS[name], width, height
        n = len(self.format.planes)
        self.strides, self.offsets, self.size = list(info.stride)[:n], list(info.offset)[:n], info.size
        self.planes = self.format.planes
        if strides:
            rows = [self.format.size_of(p, width, height)[1] for p in self.planes]
            self.strides = strides
            self.offsets = np.cumsum([1] + [s * r + 3 for s, r in zip(strides, rows)])[:-1].tolist()
            self.size = self.offsets[-1] + strides[-1] * rows[-1]

    def _plane(self, data, p):
        """The words of a plane as bytes, [N, rows, columns, letters, bytes of a word]."""
        width, height = self.format.size_of(self.planes[p], self.width, self.height)
        n, b = len(self.planes[p]), 2 if self.format.depth > 8 else 1
        return np.lib.stride_tricks.as_strided(
            data[:, self.offsets[p]:], (len(data), height, width, n, b),
            (data.strides[0], self.strides[p], n * b, b, 1))

    def pack(self, samples, alpha, noise):
        """Bytes of frames: samples {letter: [N, rows, columns]}, alpha [N, H, W]; noise in all that is neither."""
        form = self.format
        data = noise.integers(0, 256, (len(alpha), self.size), dtype=np.uint8)
        for p, letters in enumerate(self.planes):
            for i, letter in enumerate(letters):
                values = (alpha if letter == "A" else samples[letter]).astype(np.uint32)
                if form.depth > 8:
                    garbage = noise.integers(0, 65536, values.shape, dtype=np.uint32)
                    used = form.largest << form.shift
                    values = (values << form.shift) | (garbage & ~np.uint32(used) & 0xffff)
                words = values.astype(">u2" if form.big else "<u2" if form.depth > 8 else "u1")
                self._plane(data, p)[..., i, :] = words[..., None].view(np.uint8)
        return data

    def unpack(self, data):
        """Samples of 8 bits, {letter: [N, rows, columns]}."""
        return {letter: self._plane(data, p)[..., i, 0].copy()
                for p, letters in enumerate(self.planes) for i, letter in enumerate(letters)}


N_DEEP = 5  # frames


def deep_random(*words):
    return np.random.default_rng([SEED, *"".join(map(str, words)).encode()])


def make_deep_frames(name, size, n=N_DEEP):
    """{letter: [N, rows, columns]}: samples that vary much, little, or never; and alpha."""
    form, random = TWINS[name], deep_random(name, size)
    samples = {}
    for letter in form.channels:
        width, height = form.size_of(letter, *size)
        base = random.integers(0, form.largest + 1, (height, width))
        reach = random.choice([0, 1, form.largest // 20, form.largest], (height, width))
        samples[letter] = np.clip(base + random.integers(-reach, reach + 1, (n, height, width)), 0, form.largest)
    return samples, random.integers(0, form.largest + 1, (n, size[1], size[0]))


def deep_source(name, size, samples, alpha, strides=None):
    places = DeepPlaces(name, *size, strides=strides)
    buffers = buffers_of(places.pack(samples, alpha, deep_random("noise", name)))
    for buffer in buffers if strides else []:
        add_video_meta(buffer, name, places)
    return [(video_caps(name, *size), buffers)]


def collect_deep(path, name, size, samples, alpha, strides=None, **settings):
    run(f"appsrc name=in format=time ! {collector(path, settings)} ! fakesink sync=false",
        deep_source(name, size, samples, alpha, strides))
    return path
