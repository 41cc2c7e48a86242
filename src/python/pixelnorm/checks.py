# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a profile file must be, as docs/format.md lists it and the library demands it (src/profile/profile-file.c). Each raises
ValueError: what is wrong, in a sentence, and what to do."""
import re

import numpy

from . import writer, xxh3
from .moments import Moments, of_histogram, possible
from .safetensors import printable

LARGEST_SIDE = 2 ** 20
MOST_FRAMES = 2 ** 32
MOST_SAMPLES = 2 ** 62
ROW_SAMPLES = 1 << 13
CHANNELS = ("RGB", "YUV", "Y")
SUBSAMPLING = {"4:2:2": (2, 1), "4:2:0": (2, 2), "4:4:0": (1, 2), "4:1:1": (4, 1), "4:1:0": (4, 4)}
MATRIX = re.compile("[a-z0-9-]{1,32}")
NUMBER = re.compile("0|[1-9][0-9]{0,19}")
# the tensors, and which may be missing; those of samples are one a channel where the format is subsampled
SAMPLES = ("sum", "sum_squares", "min", "max")
OPTIONAL = ("count", "histogram", "sum_squares_high")


def is_number(text, low, high):
    """One text for one number: no sign, no zeros before it."""
    return bool(NUMBER.fullmatch(text)) and low <= int(text) <= high


def check_version(metadata):
    version = metadata.get("pixelnorm.version")
    if version is None:
        raise ValueError('The metadata have no "pixelnorm.version", which every profile has: other software saved the '
                         "file anew, or it never was a profile. Use the original file, or make the profile anew.")
    parts = version.split(".")
    if len(parts) != 2 or not all(is_number(part, 0, 2 ** 64 - 1) for part in parts):
        raise ValueError(f'Metadata: "pixelnorm.version" is "{printable(version)}", expected two numbers as in "1.0". Use an undamaged copy.')
    if parts[0] != "1":
        raise ValueError(f"The profile is of version {printable(version)}; this package reads versions 1.x. Use a newer one.")


def check_digest(data, metadata):
    digest, mark = metadata.get("xxh3", ""), b'"xxh3":"'
    start = 8 + int.from_bytes(data[:8], "little")
    header = bytes(data[:start])
    place = header.find(mark + digest.encode() + b'"') + len(mark)
    if not re.fullmatch("[0-9a-f]{32}", digest) or header.count(mark) != 1 or place < len(mark):
        raise ValueError('Header: expected exactly one "xxh3":"..." with 32 lower-case hexadecimal digits and no spaces before '
                         "them. Use an undamaged copy.")
    found = xxh3.best()
    for part in (header[:place] + b"0" * 32 + header[place + 32:], memoryview(data)[start:]):
        found.update(part)
    if found.hexdigest() != digest:
        raise ValueError(f'The content does not match its digest: "xxh3" is {digest}, the file\'s bytes give '
                         f"{found.hexdigest()}. The file is damaged or was altered: use an undamaged copy.")


def check_metadata(metadata, scope):
    low, high = (1, LARGEST_SIDE) if scope == "pixel" else (0, 0)
    has_matrix, has_parts = "matrix" in metadata, "subsampling" in metadata
    channels = metadata.get("channels", "")
    fits = {"channels": channels in CHANNELS, "range": metadata.get("range") in ("full", "limited"),
            "width": is_number(metadata.get("width", ""), low, high), "height": is_number(metadata.get("height", ""), low, high),
            "depth": is_number(metadata.get("depth", ""), 8, 16),
            "frames_skipped": is_number(metadata.get("frames_skipped", ""), 0, 2 ** 64 - 1),
            "matrix": not has_matrix or (MATRIX.fullmatch(metadata["matrix"]) and metadata["matrix"] != "none"
                                         and channels != "RGB"),
            "subsampling": not has_parts or (metadata["subsampling"] in SUBSAMPLING and channels == "YUV"
                                             and scope == "pixel")}
    for key, good in fits.items():
        if not good:
            raise ValueError(f'Metadata: "{key}" is "{printable(metadata.get(key))}", which no profile of scope {scope} and '
                             f"channels {printable(channels)} has. Use an undamaged copy.")


def check_identity(profile):
    found = writer.identity(profile.metadata, profile.arrays)
    if profile.identity != found:
        raise ValueError(f'Metadata: "identity" is "{printable(profile.identity)}", the content gives "{found}". Use an undamaged copy.')


def expected_shapes(profile):
    """{name: shape} of the tensors that the profile's geometry allows."""
    n, levels = len(profile.channels), 2 ** profile.depth
    shapes = {"frames": [1], "histogram": [n, levels]}
    if profile.scope == "channel":
        shapes["samples"] = [n]
        return {**shapes, **{name: [1, 1, n] for name in (*SAMPLES, "sum_squares_high")}}
    if not profile.subsampling:
        whole = [profile.height, profile.width]
        return {**shapes, **{name: [*whole, n] for name in SAMPLES}, "count": [*whole, 1]}
    columns, rows = SUBSAMPLING[profile.subsampling]
    for name in (*SAMPLES, "count"):
        shapes[f"{name}.Y"] = [profile.height, profile.width]
        for letter in "UV":
            shapes[f"{name}.{letter}"] = [-(-profile.height // rows), -(-profile.width // columns)]
    return shapes


def item_sizes(name, depth):
    if name in ("min", "max"):
        return (1,) if depth == 8 else (2,)
    return (4, 8) if name in writer.NARROWED else (8,)


def check_arrays(profile):
    shapes = expected_shapes(profile)
    for name, array in profile.arrays.items():
        if name not in shapes:
            raise ValueError(f'Tensor "{printable(name)}" does not belong in such a profile. Use an undamaged copy, or a newer '
                             "version of this package.")
        if list(array.shape) != shapes[name]:
            raise ValueError(f'Tensor "{name}": its shape is {list(array.shape)}, expected {shapes[name]}. Use an '
                             "undamaged copy.")
        sizes = item_sizes(name.split(".")[0], profile.depth)
        if array.itemsize not in sizes:
            raise ValueError(f'Tensor "{name}": items of {array.itemsize} bytes, expected {" or ".join(map(str, sizes))}. Use an '
                             "undamaged copy.")
    missing = [name for name in shapes if name not in profile.arrays and name.split(".")[0] not in OPTIONAL]
    parts = [name for name in shapes if name.startswith("count.")]
    present = [name for name in parts if name in profile.arrays]
    if missing or present not in ([], parts):
        raise ValueError(f'Tensor "{(missing or [n for n in parts if n not in present])[0]}" is missing. Use an '
                         "undamaged copy.")
    if not 1 <= profile.frames <= MOST_FRAMES:
        raise ValueError(f'Tensor "frames": {profile.frames}, expected 1 to {MOST_FRAMES}. Use an undamaged copy.')


# --- the numbers

def check_numbers(profile):
    """That they are those of some frames."""
    if profile.scope == "channel":
        check_samples(profile)
    check_counts(profile)
    for c in range(len(profile.channels)):
        check_channel(profile, c)
    if "histogram" not in profile.arrays:
        return
    for c, (name, counts) in enumerate(zip(profile.channels, profile.arrays["histogram"])):
        if of_histogram(counts) != profile.pooled(c):
            raise ValueError(f'Tensor "histogram": that of channel {name} has another count, sum, sum of squares, minimum or '
                             "maximum than the channel. Use an undamaged copy.")


def check_samples(profile):
    """As many in every channel; U and V as many as each other, and up to 16 times fewer than Y."""
    first, *others = samples = [int(n) for n in profile.arrays["samples"]]
    fit = (others == [first] * len(others) if profile.channels[0] != "Y"
           else len(set(others)) <= 1 and all(first // 16 <= n <= first for n in others))
    if not fit or not all(profile.frames <= n <= MOST_SAMPLES for n in samples):
        raise ValueError(f'Tensor "samples" is {samples}, expected as many of every channel (fewer of U and V), at least one for '
                         f"each of {profile.frames} frames and at most {MOST_SAMPLES}. Use an undamaged copy.")


def check_counts(profile):
    for name, counts in profile.arrays.items():
        if name.split(".")[0] == "count" and (counts.max() > profile.frames or not counts.any()):
            raise ValueError(f'Tensor "{name}": {counts.max()} at most, expected 1 to {profile.frames}, the frames. Use an '
                             "undamaged copy.")


def find_problem(profile, c):
    """Of the samples of a channel: (x, y, what is wrong) of the first that no frames can have, or None."""
    largest = 2 ** profile.depth - 1
    # what does not fit into 62 bits is computed with integers of Python
    wide = numpy.int64 if profile.frames * largest ** 2 < 2 ** 62 else object
    height, width = profile.channel_items("sum", c).shape
    n_rows = max(1, ROW_SAMPLES // width)  # intermediate results stay in cache
    for y in range(0, height, n_rows):
        rows = [profile.channel_items(name, c) for name in ("count", *SAMPLES)]
        n, *rest = [profile.frames if items is None else items[y:y + n_rows].astype(wide) for items in rows]
        wrong = numpy.argwhere((rest[-1] > largest) | ~possible(n, *rest).astype(bool))
        if wrong.size:
            at = wrong[0] + (y, 0)
            found = Moments(*[profile.frames if items is None else int(items[tuple(at)]) for items in rows])
            return at[1], at[0], found.problem(largest)
    return None


def check_channel(profile, c):
    if profile.scope == "channel":
        problem, place = profile.pooled(c).problem(2 ** profile.depth - 1), ""
    else:
        x, y, problem = find_problem(profile, c) or (0, 0, None)
        place = f" at x {x}, y {y}"
    if problem:
        raise ValueError(f"Channel {profile.channels[c]}{place} has {problem}. Use an undamaged copy.")
