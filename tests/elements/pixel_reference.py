# SPDX-License-Identifier: LGPL-2.1-or-later
"""What docs and design say of statistics, methods and formats, in numpy alone.

Nothing here asks the library or GStreamer: where samples lie comes from the table of formats below, sums are
Python integers, means and variances are quotients of integers (Python rounds those once), and everything after
is float64. Frames are arrays [N, height, width, channels] in canonical order (R, G, B or Y).
"""
import json
import struct

import numpy as np

# The bytes of a pixel as they lie, a string a plane; A and x are carried along.
FORMATS = {
    "RGB": ["RGB"], "BGR": ["BGR"],
    "RGBx": ["RGBx"], "BGRx": ["BGRx"], "xRGB": ["xRGB"], "xBGR": ["xBGR"],
    "RGBA": ["RGBA"], "BGRA": ["BGRA"], "ARGB": ["ARGB"], "ABGR": ["ABGR"], "RBGA": ["RBGA"],
    "GBR": ["G", "B", "R"], "GBRA": ["G", "B", "R", "A"],
    "RGBP": ["R", "G", "B"], "BGRP": ["B", "G", "R"],
    "GRAY8": ["Y"],
}


def channels_of(format_name):
    return "Y" if format_name == "GRAY8" else "RGB"


def order_of(format_name):
    """The format in the words of PixelnormLayout."""
    return ",".join(FORMATS[format_name])


class Places:
    """Where the samples of a frame lie. Rows are padded to 4 bytes, as GStreamer has it, unless told otherwise."""

    def __init__(self, format_name, width, height, strides=None, offsets=None, round_to=4):
        self.planes = FORMATS[format_name]
        self.channels = channels_of(format_name)
        self.width, self.height = width, height
        self.strides = strides or [-(-width * len(p) // round_to) * round_to for p in self.planes]
        ends = [0]
        for stride in self.strides:
            ends.append(ends[-1] + stride * height)
        self.offsets = offsets or ends[:-1]
        self.size = max(o + s * height for o, s in zip(self.offsets, self.strides))

    def plane(self, data, p):
        """A view [N, height, width, bytes of a pixel] of plane p in data [N, size]."""
        n = len(self.planes[p])
        return np.lib.stride_tricks.as_strided(
            data[:, self.offsets[p]:], (len(data), self.height, self.width, n),
            (data.strides[0], self.strides[p], n, 1))

    def pack(self, samples, passengers, noise):
        """Bytes of frames: samples [N, H, W, C], passengers [N, H, W] for A and x; padding from noise."""
        data = noise.integers(0, 256, (len(samples), self.size), dtype=np.uint8)
        for p, letters in enumerate(self.planes):
            for i, letter in enumerate(letters):
                found = passengers if letter in "Ax" else samples[..., self.channels.index(letter)]
                self.plane(data, p)[..., i] = found
        return data

    def unpack(self, data):
        """The samples of frames data [N, size], and the A or x where there is one, else None."""
        samples = np.zeros((len(data), self.height, self.width, len(self.channels)), np.uint8)
        passengers = None
        for p, letters in enumerate(self.planes):
            for i, letter in enumerate(letters):
                if letter in "Ax":
                    passengers = self.plane(data, p)[..., i].copy()
                else:
                    samples[..., self.channels.index(letter)] = self.plane(data, p)[..., i]
        return samples, passengers


def read_profile(path):
    """A safetensors file: (metadata, arrays)."""
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata, arrays = header.pop("__metadata__"), {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        kind = {"U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8"}[entry["dtype"]]
        arrays[name] = np.frombuffer(data[8 + length + start:8 + length + end], kind).reshape(entry["shape"])
    return metadata, arrays


class Moments:
    """Exact moments: count (an int), sum, squares, min, max as object arrays of Python ints [H, W, C]; where they are
    known also the frames, with the axes that are pooled."""

    def __init__(self, count, total, squares, low, high, frames=None, axes=()):
        self.count, self.sum, self.squares, self.min, self.max = count, total, squares, low, high
        self.frames, self.axes = frames, axes

    @property
    def mean(self):
        return (self.sum / self.count).astype(float)

    @property
    def variance(self):
        return ((self.count * self.squares - self.sum * self.sum) / (self.count * self.count)).astype(float)

    @property
    def range(self):
        return (self.max - self.min).astype(float)

    def percentile(self, percent):
        axes = (0, *[axis + 1 for axis in self.axes])
        return np.percentile(self.frames.astype(float), percent, axis=axes, keepdims=True)[0]

    def pooled(self, axes):
        if axes == ():
            return self
        n = int(np.prod([self.sum.shape[a] for a in axes]))
        pool = {"axis": axes, "keepdims": True}
        return Moments(self.count * n, self.sum.sum(**pool), self.squares.sum(**pool), self.min.min(**pool),
                       self.max.max(**pool), self.frames, axes)

    def scope(self, name):
        """pixel: as they are; channel: [1, 1, C]; global: [1, 1, 1]."""
        return self.pooled({"pixel": (), "channel": (0, 1), "global": (0, 1, 2)}[name])


def moments_of(frames):
    """Of every sample, over frames [N, H, W, C]."""
    wide = frames.astype(np.uint64)  # 2^32 frames of 255^2 fit
    integers = [a.astype(object) for a in (wide.sum(axis=0), (wide * wide).sum(axis=0), frames.min(axis=0),
                                           frames.max(axis=0))]
    return Moments(len(frames), *integers, frames)


def moments_of_pixels(frames):
    """Of whole channels, over a list of frames of any size [H, W, C]; shape [1, 1, C]."""
    pixels = np.concatenate([f.reshape(-1, f.shape[-1]) for f in frames])
    return moments_of(pixels.reshape(-1, 1, 1, pixels.shape[-1]))


# --- the methods: the table of the design, once more

DEFAULTS = {"min-deviation": 1.0, "epsilon": 0.0, "mean": [127.5], "std": [127.5], "units": "code",
            "range-low": 0.0, "range-high": 0.0, "percentile-low": 1.0, "percentile-high": 99.0}


def fixed(x, moments, dark, s):
    unit = 255 if s["units"] == "unit" else 1
    return (x / unit - np.array(s["mean"])) / np.array(s["std"])


def center(x, moments, dark, s):
    return x - moments.mean


def zscore(x, moments, dark, s):
    return (x - moments.mean) / np.maximum(np.sqrt(moments.variance + s["epsilon"]), s["min-deviation"])


def half_range(moments, s):
    return np.maximum(moments.range / 2, s["min-deviation"])


def mean_range(x, moments, dark, s):
    return (x - moments.mean) / half_range(moments, s)


def min_max(x, moments, dark, s):
    return (x - (moments.min + moments.max).astype(float) / 2) / half_range(moments, s)


def flat_field(x, moments, dark, s):
    black = dark.mean if dark else 0.0
    light = moments.mean - black
    return (x - black) * light.mean(axis=(0, 1), keepdims=True) / np.maximum(light, s["min-deviation"])


def percentile(x, moments, dark, s):
    low, high = moments.percentile(s["percentile-low"]), moments.percentile(s["percentile-high"])
    return (x - (low + high) / 2) / np.maximum((high - low) / 2, s["min-deviation"])


METHODS = {"fixed": fixed, "center": center, "zscore": zscore, "mean-range": mean_range, "min-max": min_max,
           "flat-field": flat_field, "percentile": percentile}
RANGES = {"center": (-128, 127), "zscore": (-4, 127 / 32), "mean-range": (-2, 127 / 64),
          "min-max": (-128 / 127, 1), "flat-field": (0, 255), "percentile": (-128 / 127, 1)}


def allowed(method, scope):
    """Percentiles are those of whole channels."""
    return method != "percentile" or scope != "pixel"


def settings(**given):
    found = {**DEFAULTS, **{name.replace("_", "-"): value for name, value in given.items()}}
    assert found.keys() == DEFAULTS.keys(), found.keys() - DEFAULTS.keys()
    return found


def values(method, scope, x, moments=None, dark=None, **given):
    """y of frames x [N, H, W, C] in float64; moments and dark are of pixels or of channels, not pooled yet."""
    pooled = moments.scope(scope) if moments else None
    dark = dark.scope(scope) if dark else None
    return METHODS[method](x.astype(float), pooled, dark, settings(**given))


def range_of(method, channels, **given):
    """The y that become 0 and 255. Method fixed: the bounds of the result, over all channels."""
    s = settings(**given)
    if s["range-low"] != s["range-high"]:
        return s["range-low"], s["range-high"]
    if method != "fixed":
        return RANGES[method]
    ends = fixed(np.array([[0.0] * len(channels), [255.0] * len(channels)]), None, None, s)
    return ends[0].min(), ends[1].max()


def reach_of(method, scope, channels, moments=None, dark=None, gamma=1.0, beta=0.0, **given):
    """What 8-bit samples make of it, where every channel has one affine, else None: the lowest and highest y, and how far
    apart y of neighbouring code values are at least."""
    if scope == "pixel" and method != "fixed":
        return None
    ends = [values(method, scope, np.full((1, 1, 1, len(channels)), x), moments, dark, **given) * gamma + beta for x in (0, 255)]
    apart = np.abs(ends[1] - ends[0]) / 255
    return (np.min(ends), np.max(ends), apart[apart > 0].min()) if apart.any() else None


def quantization_of(low, high, kind, reach=None):
    """Scale and zero-point with quant-scale=0, as the guide has them."""
    low, high = min(low, high, 0), max(low, high, 0)
    step = (high - low) / 255
    if reach:
        first, last = max(low, min(reach[0], 0)), min(high, max(reach[1], 0))
        reached = max((last - first) / 255, reach[2])
        if reached < step * (1 - 1e-9):
            step, low = reached, first
    return step, (-128 if kind == "int8" else 0) - np.ceil(low / step - .5 - 1e-9)


def codes_before_rounding(y, low, high):
    return np.clip((y - low) * 255 / (high - low), 0, 255)


# --- comparisons; each says what differs most

def check_values(found, expected):
    """float32 against float64: 4e-7 of y, and 1e-9 for what doubles here and there lose; always a number."""
    assert found.dtype == np.float32 and found.shape == expected.shape, (found.shape, expected.shape)
    assert np.isfinite(found).all(), "not a finite number"
    error = np.abs(found - expected) / (4e-7 * np.abs(expected) + 1e-9)
    worst = np.unravel_index(error.argmax(), error.shape)
    assert error.max() <= 1, f"{error.max():.3g} of the bound at {worst}: {found[worst]} is not {expected[worst]}"


def check_float16(found, y):
    """Within half a unit of the last place of float16, which ends at 65504, and what float32 errs by before."""
    exact = np.clip(y, -65504, 65504)
    unit = np.spacing(np.minimum(np.abs(exact), 65000).astype(np.float16)).astype(float)
    assert (np.abs(found.astype(float) - exact) <= .5 * unit + 4e-7 * np.abs(exact) + 1e-9).all()


def check_codes(found, codes, tie):
    """8-bit codes against what they were before rounding half to even; within tie of a half, either way."""
    exact = np.rint(codes)
    near_tie = np.abs(codes - np.floor(codes) - 0.5) < tie
    wrong = np.abs(found - exact) > np.where(near_tie, 1, 0)
    assert found.shape == codes.shape
    assert not wrong.any(), (f"{wrong.sum()} of {wrong.size}, first at {np.argwhere(wrong)[0]}: "
                             f"{found[wrong][0]} is not {codes[wrong][0]!r}")


def check_output(found, y, kind, low, high, tie, reach=None):
    """y of one of the types of tensors, or 8-bit video; codes are the rounding, within tie of a half either way. reach: of
    reach_of()."""
    if kind == "float32":
        check_values(found, y)
    elif kind == "float16":
        check_float16(found, y)
    else:
        smallest, largest = (-128, 127) if kind == "int8" else (0, 255)
        if kind == "video":
            codes = (y - low) * 255 / (high - low)
        else:
            step, zero = quantization_of(low, high, kind, reach)
            codes = y / step + zero
        codes = np.clip(codes, smallest, largest)
        near = np.abs(codes - np.floor(codes) - .5) < tie
        wrong = np.abs(found.astype(float) - np.rint(codes)) > np.where(near, 1, 0)
        assert not wrong.any(), f"{wrong.sum()} of {wrong.size}: {found[wrong][:4]} are not {codes[wrong][:4]}"


def tie_of(method, scope):
    """How near to a half a code may be taken either way: float32 in scope pixel, exact elsewhere."""
    return 1e-4 if scope == "pixel" and method != "fixed" else 1e-9
