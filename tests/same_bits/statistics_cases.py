# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases of pixelstats: the files that it writes, and what it says."""
import functools
import itertools
import json
import pathlib
import re
import struct

import numpy as np
import xxhash

from . import frames as make
from .cases import Case, pairwise, title_of, words_of
from .elements import among, format_of, is_not, once
from .streams import run

# what legitimately differs in a profile file: key of its metadata, why
NORMALIZED = {"created": "the time at which it was written", "software": "the version that wrote it"}

STREAMS = {"5 frames": (5, ()), "40 frames with gaps": (40, (0, 7, 8, 39)), "1 frame": (1, ())}


def normalize_profile(content):
    """Results of a file: its header without time and version, its data, and whether its digest is right."""
    (length,) = struct.unpack("<Q", content[:8])
    header = content[8:8 + length].decode()
    words = json.loads(header)["__metadata__"]
    zeroed = content.replace(f'"xxh3":"{words["xxh3"]}"'.encode(), b'"xxh3":"' + b"0" * 32 + b'"', 1)
    sound = xxhash.xxh3_128_hexdigest(zeroed) == words["xxh3"]
    header = header.replace(f'"xxh3":"{words["xxh3"]}"', f'"xxh3":"{"right" if sound else "wrong"}"', 1)
    for key in NORMALIZED:
        header = re.sub(rf'"{key}":"[^"]*"', f'"{key}":""', header, count=1)
    # its length is that of the version, too, which the padding takes up
    return {"header": header.rstrip(" "), "bytes": content[8 + length:]}


def mask_file(shape):
    def write(path):
        inside = make.random_of("mask", shape.width, shape.height).random((shape.height, shape.width)) < .7
        inside[0, 0] = True
        pathlib.Path(path).write_bytes(make.png(np.where(inside, 255, 0)))

    return once(f"mask-{shape.width}x{shape.height}.png", write)


def collect(c):
    shape, path = format_of(c["format"], c["size"]), pathlib.Path("collected.safetensors")
    n, gaps = STREAMS[c["stream"]]
    path.unlink(missing_ok=True)
    settings = {"location": path, "scope": c["scope"], "histogram": c["histogram"], "frame-step": c["frame-step"],
                "max-frames": c["max-frames"], "append": c["append"], "message-interval": c["message-interval"]}
    if c["roi"] == "given":
        settings["roi"] = [shape.width // 3, shape.height // 3, shape.width - shape.width // 3,
                           shape.height - shape.height // 3]
    if c["mask"] == "given":
        settings["mask"] = mask_file(shape)

    def numbers(pipeline):
        stats = pipeline.get_by_name("stats")
        return {"numbers": f"{stats.get_property('frames')} {stats.get_property('frames-skipped')}"}

    line = ("appsrc name=in format=time ! pixelstats name=stats checkpoint-interval=0 "
            f"{words_of(settings)} ! appsink name=out sync=false wait-on-eos=false")
    found = {}
    for seed in range(2 if c["append"] == "true" else 1):
        found = run(line, [(shape.caps, shape.frames(n, seed))], gaps, numbers)
    if path.exists():
        found.update({f"file {name}": value for name, value in normalize_profile(path.read_bytes()).items()})
    return found


def long(name, histogram, scope, n):
    """Sums of 16 and 32 bits spill into those of 64."""
    shape, path = make.Format(name, 17, 5), pathlib.Path("long.safetensors")
    path.unlink(missing_ok=True)
    white = [b"\xff" * shape.info.size] * 300 if shape.depth in (8, 16) else []
    found = run(f"appsrc name=in format=time ! pixelstats name=stats location={path} histogram={histogram} scope={scope} "
                "checkpoint-interval=0 ! fakesink sync=false", [(shape.caps, white + shape.frames(n))])
    return {**found, **normalize_profile(path.read_bytes())}


def sizes(name):
    """Frames of several sizes in scope channel."""
    path, shapes = pathlib.Path("sizes.safetensors"), [make.Format(name, *size) for size in make.SIZES.values()]
    path.unlink(missing_ok=True)
    found = run(f"appsrc name=in format=time ! pixelstats name=stats location={path} histogram=true scope=channel ! "
                "fakesink sync=false", [(shape.caps, shape.frames(3)) for shape in shapes])
    return {**found, **normalize_profile(path.read_bytes())}


RULES = [("roi", among("given"), "size", is_not("1x7")), ("roi", among("given"), "mask", among("no"))]


def cases(lists):
    dimensions = {
        "format": lists["formats"]["pixelstats"], "size": list(make.SIZES), "scope": lists["enums"]["pixelstats"]["scope"],
        "histogram": ["false", "true"], "roi": ["no", "given"], "mask": ["no", "given"], "frame-step": [1, 3],
        "max-frames": [0, 2], "append": ["false", "true"], "message-interval": [0, 100000000], "stream": list(STREAMS)}
    for i, c in enumerate(pairwise("pixelstats", dimensions, RULES, lists["seed"])):
        yield Case("pixelstats", title_of(c), functools.partial(collect, c), i % 6 == 0)
    long_ones = [name for name in ("RGB", "I420", "GRAY16_LE", "RGBA64_LE", "P010_10LE") if name in dimensions["format"]]
    for name, histogram, scope in itertools.product(long_ones, ["false", "true"], dimensions["scope"]):
        yield Case("long streams", f"{name} scope={scope} histogram={histogram}",
                   functools.partial(long, name, histogram, scope, 700))
    for name in dimensions["format"][::7]:
        yield Case("sizes of frames", name, functools.partial(sizes, name))
