# SPDX-License-Identifier: LGPL-2.1-or-later
"""Formats of more than 8 bits and of YUV, from the documentation of GStreamer's formats: what lies in each plane,
how many bits of a word are the sample, where, and which byte comes first. Strides and offsets of a whole frame are
GStreamer's own (GstVideoInfo); the samples are put there by numpy alone.
"""
import dataclasses

import numpy as np

from pixel_streams import GstVideo, video_caps

# letters of a pixel, columns and rows that share a sample
PACKED = {"RGBA": ["RGBA"], "ARGB": ["ARGB"], "BGRA": ["BGRA"], "ABGR": ["ABGR"]}
PLANAR = {"GBR": ["G", "B", "R"], "GBRA": ["G", "B", "R", "A"], "GRAY": ["Y"], "Y444": ["Y", "U", "V"]}
SHARED = {"I420": (["Y", "U", "V"], 2, 2), "YV12": (["Y", "V", "U"], 2, 2), "NV12": (["Y", "UV"], 2, 2),
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
