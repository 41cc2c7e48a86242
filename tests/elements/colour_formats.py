# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames of Y'CbCr in every format that a pipeline can carry, and of what GStreamer unpacks for us; with the R'G'B' that they
stand for, which to_rgb of the Python package gives: tests/python/test_colour.py compares that with fractions."""
import numpy as np

from pixel_streams import Gst, GstVideo, bytes_of, deep_random, run
from pixelnorm import to_rgb
from pixelnorm.colour import FORMATS

# GStreamer's words, and what they say
COLORIMETRIES = {"bt601": ("bt601", "limited"), "bt709": ("bt709", "limited"), "bt2020": ("bt2020", "limited"),
                 "smpte240m": ("smpte240m", "limited"), "2:2:0:0": ("fcc", "limited"), "1:4:0:0": ("bt601", "full"),
                 "1:3:0:0": ("bt709", "full")}
TILED = {"NV12_64Z32": "NV12", "NV12_4L4": "NV12", "NV12_32L32": "NV12", "NV12_16L32S": "NV12", "NV12_8L128": "NV12",
         "NV12_10BE_8L128": "P010_10LE", "NV12_10LE40_4L4": "P010_10LE",
         "MT2110T": "P010_10LE", "MT2110R": "P010_10LE"}
# of R, G, B: the bits of a word in memory, where each begins in it, how many it has; big: the high byte first
WORDS = {"RGB16": ("<u2", (11, 5, 0), (5, 6, 5)), "BGR16": ("<u2", (0, 5, 11), (5, 6, 5)),
         "RGB15": ("<u2", (10, 5, 0), (5, 5, 5)), "BGR15": ("<u2", (0, 5, 10), (5, 5, 5)),
         "r210": (">u4", (20, 10, 0), (10, 10, 10)), "BGR10A2_LE": ("<u4", (20, 10, 0), (10, 10, 10)),
         "RGB10A2_LE": ("<u4", (0, 10, 20), (10, 10, 10))}
WORDS |= {name.replace("A2", "x2"): WORDS[name] for name in ("BGR10A2_LE", "RGB10A2_LE")}
UNPACKED = {"v210", "UYVP", "IYU1", "Y410", "NV12_10LE32", "NV16_10LE32", "NV12_10LE40", "NV16_10LE40", "GRAY10_LE32", "RGB8P", *TILED, *WORDS}


def caps_of(name, width, height, colorimetry=None, site=None):
    return Gst.Caps.from_string(
        f"video/x-raw,format={name},width={width},height={height},framerate=30/1"
        + (f",colorimetry={colorimetry}" if colorimetry else "") + (f",chroma-site={site}" if site else ""))


def info_of(name, width, height):
    return GstVideo.VideoInfo.new_from_caps(caps_of(name, width, height))


def random_frames(name, width, height, n):
    """Bytes of frames [N, size], random in every sample, and in all that is none."""
    info, random = info_of(name, width, height), deep_random("colour", name, width, height)
    data = random.integers(0, 256, (n, info.size), np.uint8)
    row = FORMATS.get(name)
    if row and row.bits == 16 and row.depth < 16:  # bits above the sample are an error of the frame
        words = data[:, :info.size // 2 * 2].view(">u2" if name.endswith("BE") else "<u2")
        words &= ((1 << row.depth) - 1) << row.shift
    return data


def planes_of(name, data, width, height):
    """Of one frame as to_rgb takes them, whole rows of memory."""
    info, row = info_of(name, width, height), FORMATS[name]
    dtype = row.dtype.newbyteorder(">" if name.endswith("BE") else "<")
    planes = []
    for p, pattern in enumerate(row.planes):
        rows, columns = row.size(pattern[0], height, width)[0], info.stride[p]
        plane = data[info.offset[p]:][:rows * columns].reshape(rows, columns)
        planes.append(np.ascontiguousarray(plane).view(dtype))
    return planes


def has_short_rows(name, width):
    """GStreamer 1.22 has strides for these that do not hold a row of every width."""
    row, info = FORMATS[name], info_of(name, width, 2)
    return name in ("UYVP", "NV12_10LE32", "NV16_10LE32") and any(
        info.stride[p] < row.items(pattern) * row.dtype.itemsize * -(-row.size(pattern[0], 2, width)[1] // pattern.count(pattern[0]))
        for p, pattern in enumerate(row.planes))


def rgb_of(name, data, width, height, colorimetry, chroma="nearest", site=None):
    """R'G'B' [N, height, width, 3] of frames, and its depth."""
    matrix, range_ = COLORIMETRIES[colorimetry]
    return np.stack([to_rgb(*planes_of(name, frame, width, height), format=name, matrix=matrix, range=range_, chroma=chroma,
                            chroma_site=site, width=width) for frame in data]), FORMATS[name].depth


def relaid(data, name, to, width, height):
    """Frames as GStreamer lays them into tiles, or takes them out."""
    out = run(f"appsrc name=in format=time ! videoconvert chroma-mode=none dither=none ! video/x-raw,format={to} ! "
              "appsink name=out sync=false wait-on-eos=false",
              [(caps_of(name, width, height, "bt601"), [Gst.Buffer.new_wrapped(row.tobytes()) for row in data])])
    return [np.frombuffer(one, np.uint8) for one in bytes_of(out)]


def tiled_frames(name, width, height, n):
    """Frames in tiles, and the same in rows. Of what GStreamer cannot write the tiles are random, else the rows."""
    if name.startswith("MT"):
        tiles = random_frames(name, width, height, n)
        return tiles, relaid(tiles, name, TILED[name], width, height)
    rows = random_frames(TILED[name], width, height, n)
    return relaid(rows, TILED[name], name, width, height), rows


def rgb_of_words(name, data, width, height):
    """The samples of packed words, those of fewer than 8 bits brought to 8 by repeating their high bits."""
    dtype, places, sizes = WORDS[name]
    info, item = info_of(name, width, height), np.dtype(dtype).itemsize
    words = np.stack([np.ascontiguousarray(one[:info.stride[0] * height].reshape(height, -1)[:, :width * item]).view(dtype)
                      for one in data]).astype(np.uint32)
    samples = np.stack([words >> place & (1 << size) - 1 for place, size in zip(places, sizes)], -1)
    if sizes[0] < 8:
        samples = np.stack([samples[..., c] << 8 - size | samples[..., c] >> 2 * size - 8 for c, size in enumerate(sizes)], -1)
    return samples, max(sizes[0], 8)
