# SPDX-License-Identifier: LGPL-2.1-or-later
"""Input of the cases, the same whatever build runs them: frames of any format, masks, files of gamma and beta, profiles."""
import json
import struct
import zlib

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstVideo  # noqa: E402

import profile_bytes  # noqa: E402

SIZES = {"1x7": (1, 7), "17x5": (17, 5), "256x3": (256, 3), "768x2": (768, 2), "1600x2": (1600, 2)}


def random_of(*words):
    """A generator that only the words decide on."""
    return np.random.default_rng(zlib.crc32(repr(words).encode()))


def vary(random, n, shape, top):
    """Samples [n, *shape] of 0 to top that never vary, vary by 1, a little or over all."""
    base = random.integers(0, top + 1, shape)
    reach = random.choice([0, 1, top // 20 + 1, top], shape)
    return np.clip(base + random.integers(-reach, reach + 1, (n, *shape)), 0, top)


class Format:
    """A format of video, as GStreamer describes it."""

    def __init__(self, name, width, height):
        self.name, self.width, self.height = name, width, height
        self.caps = Gst.Caps.from_string(f"video/x-raw,format={name},width={width},height={height},framerate=30/1")
        self.info = GstVideo.VideoInfo.new_from_caps(self.caps)
        self.about = self.info.finfo
        self.depth = self.about.depth[0]
        self.is_grey = bool(self.about.flags & GstVideo.VideoFormatFlags.GRAY)
        self.is_yuv = bool(self.about.flags & GstVideo.VideoFormatFlags.YUV)
        self.n_channels = 1 if self.is_grey else 3
        self.is_whole = not any(self.about.w_sub) and not any(self.about.h_sub)

    def frames(self, n, seed=0):
        """The bytes of n frames; alpha and padding are random as well, bits beside a sample are 0."""
        random = random_of("frames", self.name, self.width, self.height, seed)
        if self.depth == 8:
            return [row.tobytes() for row in vary(random, n, (self.info.size,), 255).astype("u1")]
        words = vary(random, n, (self.info.size // 2,), 2 ** self.depth - 1) << self.about.shift[0]
        return [row.tobytes() for row in words.astype(">u2" if self.name.endswith("BE") else "<u2")]


def visible(caps, data):
    """The bytes of a frame of video without what pads its rows, which no element has to write."""
    info, kept, data = GstVideo.VideoInfo.new_from_caps(caps), [], np.frombuffer(data, np.uint8)
    about = info.finfo
    for plane in range(about.n_planes):
        own = [c for c in range(about.n_components) if about.plane[c] == plane]
        n_bytes = max(-(-info.width // 2 ** about.w_sub[c]) * about.pixel_stride[c] for c in own)
        n_rows = max(-(-info.height // 2 ** about.h_sub[c]) for c in own)
        at, stride = info.offset[plane], info.stride[plane]
        kept += [data[at + y * stride:at + y * stride + n_bytes] for y in range(n_rows)]
    return np.concatenate(kept).tobytes()


def tensor(n_bytes, kind, *words):
    """Bytes of a tensor with all that can stand in one: results near 0, far ones, not-a-numbers, infinities."""
    random = random_of("tensor", kind, *words)
    item = {"float16": "<f2", "float32": "<f4"}.get(kind)
    if not item:
        return random.integers(0, 256, n_bytes, np.uint8).tobytes()
    n_items = n_bytes // np.dtype(item).itemsize
    values = random.normal(0, 1.5, n_items)
    odd = random.choice([np.nan, np.inf, -np.inf, 1e30, -7e4, 1e-41, -0.0], n_items)
    with np.errstate(over="ignore"):
        return np.where(random.random(n_items) < .05, odd, values).astype(item).tobytes()


def png(pixels):
    """A PNG picture of [H, W] or [H, W, 3] bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype("u1").tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0,
                                                              0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def affine(width, height, n_channels):
    """A file with a gamma and a beta for every sample, or for every channel where width is 0."""
    random = random_of("affine", width, height, n_channels)
    shape = [height, width, n_channels] if width else [n_channels]
    gamma = random.choice([-1, 1], shape) * random.uniform(.5, 2, shape)
    arrays = {"gamma": gamma.astype("<f4"), "beta": random.uniform(-1, 1, shape).astype("<f4")}
    header, data = {}, b""
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def profile(kind, seed=0, size=(9, 24), n=6):
    """The bytes of a profile, made of docs/format.md alone: no build has a part in them."""
    random = random_of("profile", kind, seed, size)
    channels, depth = {"Y16": ("Y", 16), "RGB10": ("RGB", 10)}.get(kind, ("RGB", 8))
    if kind == "I420":
        shapes = {"Y": size, "U": (-(-size[0] // 2), size[1] // 2), "V": (-(-size[0] // 2), size[1] // 2)}
        given = {c: vary(random, n, shape, 255) for c, shape in shapes.items()}
        return profile_bytes.build(*profile_bytes.subsampled_profile(given, 8, "4:2:0", matrix="bt601", range_="limited"))
    frames = vary(random, n, (*size, len(channels)), 2 ** depth - 1)
    seen = random.random((n, *size, 1)) < .8 if kind == "masked" else None
    if seen is not None:
        seen[:, :2] = False
    if kind == "channel":
        words, arrays = profile_bytes.channel_profile(list(frames), channels, depth)
    else:
        words, arrays = profile_bytes.pixel_profile(frames, channels, depth, seen)
    if kind != "plain":
        arrays["histogram"] = profile_bytes.histogram(frames, depth, seen)
    return profile_bytes.build(words, arrays)


PROFILES = ("RGB", "plain", "masked", "channel", "Y16", "RGB10", "I420")
