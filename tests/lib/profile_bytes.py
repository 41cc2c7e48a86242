# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files made from docs/format.md alone, without the library: profiles, what it says and what it must refuse; gamma and beta."""

import json
import struct

import numpy
import xxhash

TYPES = {"u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64"}
ORDER = ["frames", "samples", "sum", "sum_squares", "sum_squares_high", "count", "min", "max", "histogram"]
MASK64 = 2 ** 64 - 1


def moments(samples, depth, seen=None):
    """Exact moments over the first axis, as Python integers in object arrays; seen: which samples count."""
    wide = samples.astype(object)
    seen = numpy.ones(samples.shape, bool) if seen is None else numpy.broadcast_to(seen, samples.shape)
    top = 2 ** depth - 1
    low = numpy.where(seen, samples, top).min(axis=0)
    high = numpy.where(seen, samples, 0).max(axis=0)
    return {"sum": (wide * seen).sum(axis=0), "sum_squares": (wide * wide * seen).sum(axis=0),
            "min": numpy.where(seen.any(axis=0), low, 0), "max": high}


def metadata(channels, depth, width, height, matrix=None, range_="full", **more):
    words = {"pixelnorm.version": "1.0", "width": str(width), "height": str(height),
             "channels": channels, "depth": str(depth), "range": range_, "frames_skipped": "0"}
    if matrix:
        words["matrix"] = matrix
    return {**words, **more}


def histogram(samples, depth, seen=None):
    """How often each value occurs in the channels, the last axis."""
    seen = numpy.ones(samples.shape, bool) if seen is None else numpy.broadcast_to(seen, samples.shape)
    return numpy.stack([numpy.bincount(samples[..., c][seen[..., c]].ravel(), minlength=2 ** depth)
                        for c in range(samples.shape[-1])]).astype("u8")


def pixel_profile(frames, channels, depth, seen=None, wide=False, **more):
    """frames: [N, H, W, C]; seen: [N, H, W, 1] booleans. Returns metadata and arrays."""
    n, height, width, _ = frames.shape
    found = moments(frames, depth, seen)
    arrays = {"frames": numpy.array([n], "u8")}
    if seen is not None:
        arrays["count"] = narrow(seen.sum(axis=0).astype(object), wide)
    return metadata(channels, depth, width, height, **more), {**arrays, **store(found, depth, wide)}


def subsampled_profile(frames, depth, subsampling, wide=False, seen=None, **more):
    """frames: {"Y": [N, H, W], "U": [N, h, w], "V": ...}; seen: likewise. Returns metadata and arrays."""
    n, height, width = frames["Y"].shape
    arrays = {"frames": numpy.array([n], "u8")}
    for letter, values in frames.items():
        if seen:
            arrays[f"count.{letter}"] = narrow(seen[letter].sum(axis=0).astype(object), wide)
        for name, items in store(moments(values, depth, seen and seen[letter]), depth, wide).items():
            arrays[f"{name}.{letter}"] = items
    return metadata("YUV", depth, width, height, subsampling=subsampling, **more), arrays


def channel_profile(frames, channels, depth, wide=False, **more):
    """frames: a list of [H, W, C]."""
    pixels = numpy.concatenate([f.reshape(-1, len(channels)) for f in frames])
    found = {name: values.reshape(1, 1, -1) for name, values in moments(pixels, depth).items()}
    arrays = {"frames": numpy.array([len(frames)], "u8"),
              "samples": numpy.full(len(channels), len(pixels), "u8")}
    return metadata(channels, depth, 0, 0, **more), {**arrays, **store(found, depth, wide)}


def narrow(values, wide=False):
    fits = max(values.ravel().tolist()) < 2 ** 32 and not wide
    return values.astype("u4" if fits else "u8")


def store(found, depth, wide):
    item = "u1" if depth == 8 else "u2"
    squares = found["sum_squares"]
    low, high = squares & MASK64, squares >> 64
    arrays = {"sum": narrow(found["sum"], wide), "sum_squares": narrow(low, wide),
              "min": found["min"].astype(item), "max": found["max"].astype(item)}
    if high.any():
        arrays["sum_squares_high"] = high.astype("u8")
    return arrays


def identity(words, arrays):
    channel = "samples" in arrays
    line = "scope=%s width=%s height=%s channels=%s depth=%s range=%s matrix=%s" % (
        "channel" if channel else "pixel", words["width"], words["height"], words["channels"],
        words["depth"], words["range"], words.get("matrix", "none"))
    line += f" subsampling={words['subsampling']}\n" if "subsampling" in words else "\n"
    content = line.encode()
    counts = [set(arrays[name].ravel()) for name in ("count", "count.Y", "count.U", "count.V") if name in arrays]
    even = set().union(*counts) == set(arrays["frames"])
    for name in [part for name in ORDER for part in (name, f"{name}.Y", f"{name}.U", f"{name}.V")]:
        values = arrays.get(name)
        if name == "sum_squares_high" and channel and values is None:
            values = numpy.zeros(arrays["sum"].size, int)
        if values is None or (name.startswith("count") and even):
            continue
        content += b"".join(struct.pack("<Q", int(v)) for v in values.ravel())
    return xxhash.xxh3_128_hexdigest(content)


def join(words, arrays, align=64, order=None):
    """The bytes of a safetensors file, widest type first."""
    names = order or sorted(arrays, key=lambda name: -arrays[name].itemsize)
    header = {} if words is None else {"__metadata__": words}
    data = b""
    for name in names:
        item = arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes()
        header[name] = {"dtype": TYPES[arrays[name].dtype.str[1:]], "shape": list(arrays[name].shape),
                        "data_offsets": [len(data), len(data) + len(item)]}
        data += item
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(len(text) + 8) % align)
    return struct.pack("<Q", len(text)) + text + data


def sign(content):
    """Puts the right digest where "xxh3" has 32 digits."""
    at = content.index(b'"xxh3":"') + len(b'"xxh3":"')
    zeroed = content[:at] + b"0" * 32 + content[at + 32:]
    return zeroed[:at] + xxhash.xxh3_128_hexdigest(zeroed).encode() + zeroed[at + 32:]


def build(words, arrays, **more):
    words = {"identity": identity(words, arrays), "xxh3": "0" * 32, **words}
    return sign(join(words, arrays, **more))


# --- files of gamma and beta, as the package safetensors writes them

AFFINE_TYPES = {"<f4": "F32", "<f8": "F64", "<f2": "F16", "<u8": "U64", "|u1": "U8", "<i4": "I32"}


def affine_file(metadata=None, **arrays):
    """The widest items first, then by name; the header padded to a multiple of 8."""
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header, end = ({"__metadata__": metadata} if metadata else {}), 0
    for name in order:
        begin, end = end, end + arrays[name].nbytes
        header[name] = {"dtype": AFFINE_TYPES[arrays[name].dtype.str], "shape": list(arrays[name].shape),
                        "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(arrays[name].tobytes() for name in order)


def affine_identity(**arrays):
    """As docs/format.md says."""
    digest = xxhash.xxh3_128()
    for name in ("gamma", "beta"):
        if name in arrays:
            digest.update(f"{name} {list(arrays[name].shape)}\n".encode())
            digest.update(arrays[name].astype("<f8").tobytes())
    return digest.hexdigest()
