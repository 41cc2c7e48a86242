# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reader of the package is as strict as the library's: both are fed the same damaged profiles and files of gamma and beta,
with digest and identity made right again, and take or refuse the same. What must be refused is said by hand; what must agree
is drawn from seeds that are printed."""
import itertools
import json
import os
import pathlib
import random
import re
import struct

import numpy as np
import pytest

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

import pixelnorm  # noqa: E402
import profile_bytes  # noqa: E402
from package_help import frames_of  # noqa: E402
from pixelnorm.learned import Learned  # noqa: E402
from pixelnorm.moments import Moments, possible  # noqa: E402
from reports import tell  # noqa: E402

SEEDS = pathlib.Path(__file__).resolve().parents[1] / "fuzz" / "seeds"
PROFILES = sorted((SEEDS / "profile").iterdir())
AFFINES = sorted([*(SEEDS / "affine").iterdir(), *(SEEDS / "safetensors").iterdir()])
N_ROUNDS = int(os.environ.get("PIXELNORM_STRICT_ROUNDS", "60"))  # for each seed


def library_says(data):
    """None, or why the library refuses the profile."""
    try:
        Pixelnorm.Profile.parse(GLib.Bytes.new(data))
    except GLib.Error as problem:
        return problem.message
    return None


def package_says(data):
    try:
        pixelnorm.Profile.parse(data)
    except ValueError as problem:
        assert str(problem).endswith(".") and "\n" not in str(problem), problem
        return str(problem)
    return None


def signed(data):
    """With the right digest, where there is a place for it, and the identity that the library asks for."""
    def sign(content):
        try:
            return profile_bytes.sign(content)
        except (ValueError, UnicodeDecodeError):
            return content

    data = sign(data)
    asked = re.fullmatch(r'Metadata: "identity" is "([0-9a-f]{32})", the content gives "([0-9a-f]{32})".*', library_says(data) or "")
    return sign(data.replace(asked[1].encode(), asked[2].encode(), 1)) if asked else data


def agree(data, note=""):
    theirs, ours = library_says(data), package_says(data)
    assert (theirs is None) == (ours is None), f"{note}: the library says {theirs!r}, the package {ours!r}"
    return theirs


# --- one damage after the other

def joined(header, data=b"", align=64):
    """header: text, or what becomes JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % align)
    return struct.pack("<Q", len(text)) + text + data


def parts_of(data):
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + size]), data[8 + size:]


GOOD_FRAMES = frames_of()
GOOD = profile_bytes.build(*profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8))
CHANNEL = profile_bytes.channel_profile(list(GOOD_FRAMES), "RGB", 8)
YUV = profile_bytes.channel_profile(list(GOOD_FRAMES), "YUV", 8, matrix="bt709")


def header_with(change, data=GOOD, align=64):
    header, content = parts_of(data)
    return signed(joined(change(header) or header, content, align))


def set_in(*path, to):
    def change(header):
        place = header
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to
    return change


def drop(*path):
    def change(header):
        place = header
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]
    return change


def raw(old, new, data=GOOD):
    """Bytes of the header changed, the length and the padding made right."""
    size = int.from_bytes(data[:8], "little")
    text = data[8:8 + size].rstrip(b" ")
    assert old in text
    return signed(joined(text.replace(old, new, 1), data[8 + size:]))


def gap(header):
    for tensor in header.values():
        if "data_offsets" in tensor:
            tensor["data_offsets"] = [n + 8 for n in tensor["data_offsets"]]
    return header


def overlap(header):
    """min lies on max: the sizes still add up, with as many bytes left over."""
    header["min"]["data_offsets"] = header["max"]["data_offsets"]


def numbers(name, place, value, parts=None, **words):
    """A profile with one integer changed."""
    metadata, arrays = parts or profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8)
    items = arrays[name].copy()
    items[place] = value
    return signed(profile_bytes.build({**metadata, **words}, {**arrays, name: items}))


def histogram(change):
    words, arrays = profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8)
    counts = profile_bytes.histogram(GOOD_FRAMES, 8)
    change(counts)
    return signed(profile_bytes.build(words, {**arrays, "histogram": counts}))


def one_more(counts):
    counts[1, 7] += 1


def one_moved(counts):
    at = np.flatnonzero(counts[1])
    counts[1, at[0]] -= 1
    counts[1, at[1]] += 1


def counted(change):
    seen = np.ones((6, 5, 9, 1), bool)
    seen[0, 2, 3] = False
    words, arrays = profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8, seen)
    change(arrays["count"])
    return signed(profile_bytes.build(words, arrays))


def too_often(count):
    count[0, 0] = 7


def words(data=GOOD, **more):
    return header_with(lambda header: header["__metadata__"].update(more), data)


TOP = 2 ** 63
DAMAGED = {
    "metadata no object": header_with(set_in("__metadata__", to=["a"])), "metadata null": header_with(set_in("__metadata__", to=None)),
    "metadata text": header_with(set_in("__metadata__", to="x")), "no metadata": header_with(drop("__metadata__")),
    "metadata a number": words(width=9), "metadata true": words(frames_skipped=True),
    "gap": signed(joined(gap(parts_of(GOOD)[0]), b"\0" * 8 + parts_of(GOOD)[1])),
    "overlap": header_with(overlap), "behind the end": signed(GOOD + b"\0" * 8), "cut": GOOD[:-8], "nothing": b"", "short": GOOD[:8],
    "not aligned": header_with(lambda header: None, align=8), "before the brace": raw(b"{", b" {"),
    "half items": header_with(set_in("sum", "data_offsets", to=[1, 541])),
    "extra key": header_with(set_in("sum", "more", to=1)), "no dtype": header_with(drop("sum", "dtype")),
    "tensor a list": header_with(set_in("sum", to=[])), "dtype a list": header_with(set_in("sum", "dtype", to=["U32"])),
    "dtype float": header_with(set_in("sum", "dtype", to="F32")), "dtype signed": header_with(set_in("sum", "dtype", to="I32")),
    "true in a shape": header_with(set_in("frames", "shape", to=[True])), "1.0 in a shape": header_with(set_in("frames", "shape", to=[1.0])),
    "shape a text": header_with(set_in("frames", "shape", to="1")), "shape an object": header_with(set_in("frames", "shape", to={"1": 1})),
    "negative shape": header_with(set_in("sum", "shape", to=[-5, -9, 3])), "flat": header_with(set_in("sum", "shape", to=[135])),
    "five dimensions": header_with(set_in("sum", "shape", to=[1, 1, 5, 9, 3])), "no dimensions": header_with(set_in("frames", "shape", to=[])),
    "shape beyond memory": header_with(set_in("sum", "shape", to=[TOP - 1, TOP - 1, 3])),
    "shape beyond JSON": header_with(set_in("sum", "shape", to=[0, TOP])), "shape of 2^200": header_with(set_in("sum", "shape", to=[2 ** 200])),
    "three offsets": header_with(set_in("sum", "data_offsets", to=[0, 8, 8])), "offsets backwards": header_with(set_in("frames", "data_offsets", to=[8, 0])),
    "offsets beyond": header_with(set_in("sum", "data_offsets", to=[0, 2 ** 40])), "offsets null": header_with(set_in("sum", "data_offsets", to=None)),
    "twice": raw(b'"sum":', b'"sum":{"dtype":"U32","shape":[1],"data_offsets":[0,4]},"sum":'),
    "a word twice": raw(b'"width":', b'"width":"9","width":'), "NUL": raw(b'"width":"9"', b'"width":"9","a":"\\u0000"'),
    "bare NUL": raw(b'"width":"9"', b'"width":"9","a":"\0"'), "half a surrogate": raw(b'"width":"9"', b'"width":"9","a":"\\ud800"'),
    "second half": raw(b'"width":"9"', b'"width":"9","a":"\\udc00"'), "surrogate in a key": raw(b'"width":"9"', b'"width":"9","\\ud800":"a"'),
    "no UTF-8": raw(b'"width":"9"', b'"width":"9","a":"\xff"'), "UTF-8 surrogate": raw(b'"width":"9"', b'"width":"9","a":"\xed\xa0\x80"'),
    "overlong": raw(b'"width":"9"', b'"width":"9","a":"\xc0\x80"'), "line break": raw(b'"width":"9"', b'"width":"9","a":"\n"'),
    "NaN": raw(b'"shape":[1]', b'"shape":[NaN]'), "infinity": raw(b'"shape":[1]', b'"shape":[Infinity]'), "1e999": raw(b'"shape":[1]', b'"shape":[1e999]'),
    "01": raw(b'"shape":[1]', b'"shape":[01]'), "+1": raw(b'"shape":[1]', b'"shape":[+1]'), "comma": raw(b'"shape":[1]', b'"shape":[1,]'),
    "deep": raw(b'"shape":[1]', b'"shape":' + b"[" * 5000 + b"]" * 5000), "comment": raw(b'"shape":[1]', b'"shape":[1/**/]'),
    "trailing": signed(joined(json.dumps(parts_of(GOOD)[0], separators=(",", ":")).encode() + b"x", parts_of(GOOD)[1])),
    **{f"version {text!r}": words(**{"pixelnorm.version": text}) for text in
       ["1", "2.0", "1.0.0", "1.", ".0", "01.0", "1.00", " 1.0", "1.0 ", "1.x", "-1.0", "1.\u0663", "", "1.99999999999999999999"]},
    **{f"width {text!r}": words(width=text) for text in ["", "0", "-9", "+9", "09", " 9", "9 ", "9.0", "\u0669", "\u00b2", "1048577", "8", "0x9"]},
    **{f"depth {text!r}": words(depth=text) for text in ["7", "17", "08", "", "8 ", "9"]},
    **{f"skipped {text!r}": words(frames_skipped=text) for text in ["-1", "18446744073709551616", "01", "", "\u0661", "1e3"]},
    **{f"channels {text!r}": words(channels=text) for text in ["", "rgb", "BGR", "Y", "YUV ", "RGBA"]},
    **{f"range {text!r}": words(range=text) for text in ["", "Full", "unknown"]},
    **{f"matrix {text!r}": words(profile_bytes.build(*YUV), matrix=text) for text in ["", "none", "BT709", "bt 709", "a" * 33, "\u0661", "bt709\n"]},
    "matrix of RGB": words(matrix="bt709"), "subsampling of RGB": words(subsampling="4:2:0"),
    "subsampling of channels": words(profile_bytes.build(*YUV), subsampling="4:2:0"),
    "size of channels": words(profile_bytes.build(*CHANNEL), width="9", height="5"),
    **{f"no {key}": header_with(drop("__metadata__", key)) for key in ["width", "height", "channels", "depth", "range", "frames_skipped",
                                                                      "identity", "xxh3", "pixelnorm.version"]},
    **{f"no tensor {key}": signed(profile_bytes.build(profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8)[0],
                                                      {k: v for k, v in profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8)[1].items()
                                                       if k != key})) for key in ["sum", "sum_squares", "min", "max"]},
    "digest in capitals": joined((lambda h: (h["__metadata__"].update(xxh3="A" * 32), h)[1])(parts_of(GOOD)[0]), parts_of(GOOD)[1]),
    "digest short": words(xxh3="0" * 31), "digest wrong": GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "two digests": raw(b'"width"', b'"\\"xxh3":"0","width"'),
    "identity wrong": header_with(set_in("__metadata__", "identity", to="g" * 32)),
    "no frames": numbers("frames", 0, 0), "too many frames": numbers("frames", 0, 2 ** 32 + 1),
    "sum too small": numbers("sum", (0, 0, 0), 0), "sum too large": numbers("sum", (1, 2, 1), 2 ** 32 - 1), "parity": numbers(
        "sum", (2, 2, 2), int(GOOD_FRAMES.astype(int).sum(0)[2, 2, 2]) + 1),
    "squares 0": numbers("sum_squares", (4, 8, 2), 0), "squares too large": numbers("sum_squares", (0, 1, 0), 2 ** 32 - 1),
    "min above max": numbers("min", (3, 3, 0), 255), "max below min": numbers("max", (3, 3, 0), 0),
    "samples fewer than frames": numbers("samples", slice(None), 5, CHANNEL), "samples differ": numbers("samples", 1, 271, CHANNEL),
    "samples of U alone": numbers("samples", 1, 135, YUV), "17 times fewer": numbers("samples", slice(1, 3), 15, YUV),
    "samples beyond": numbers("samples", slice(None), 2 ** 62 + 2, CHANNEL), "channel's sum": numbers("sum", (0, 0, 1), 1, CHANNEL),
    "channel's squares": numbers("sum_squares", (0, 0, 2), 2, CHANNEL), "counted too often": counted(too_often),
    "never counted": counted(lambda count: count.fill(0)), "histogram of more": histogram(one_more), "histogram moved": histogram(one_moved),
    "empty histogram": histogram(lambda counts: counts.fill(0)), "full histogram": histogram(lambda counts: counts.fill(2 ** 64 - 1)),
    "tensor of another scope": signed(profile_bytes.build(profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8)[0], {
        **profile_bytes.pixel_profile(GOOD_FRAMES, "RGB", 8)[1], "sum_squares_high": np.zeros((5, 9, 3), "u8")})),
}
TAKEN = {"good": GOOD, "good channel": profile_bytes.build(*CHANNEL), "good YUV": profile_bytes.build(*YUV),
         "minor version": words(**{"pixelnorm.version": "1.7"}), "more words": words(more="\u00e9 \U0001f600", **{"": "x"}),
         "escaped": raw(b'"width"', b'"w\\u0069dth"'), "spaces": raw(b'"sum":', b'"sum" :\t'), "-0": raw(b'"data_offsets":[0,', b'"data_offsets":[-0,'),
         "pair": raw(b'"width":"9"', b'"width":"9","a":"\\ud83d\\ude00"'), "histogram": histogram(lambda counts: None),
         "counted": counted(lambda count: None), "most skipped": words(frames_skipped="18446744073709551615")}


@pytest.mark.parametrize("name", DAMAGED)
def test_refused_by_both(name):
    assert agree(DAMAGED[name], name) is not None


@pytest.mark.parametrize("name", TAKEN)
def test_taken_by_both(name):
    assert agree(TAKEN[name], name) is None


# --- damage by chance

def damaged_words(header, draw):
    metadata = header["__metadata__"]
    key = draw.choice(sorted(metadata))
    metadata[key] = draw.choice(["", "0", "1", "9", "12", "full", "limited", "RGB", "Y", "YUV", "bt709", "4:2:0", "1.0", "1.5", 7, None,
                                 metadata[draw.choice(sorted(metadata))]])


def damaged_tensor(header, draw):
    names = sorted(set(header) - {"__metadata__"})
    if not all(isinstance(header[name], dict) and "shape" in header[name] for name in names) or not names:
        return
    name, other = draw.choice(names), draw.choice(names)
    key = draw.choice(["dtype", "shape", "data_offsets"])
    header[name][key] = draw.choice([header[other][key], [0, 8], [1], [8, 0], "U8", "U64", None, [*header[name]["shape"], 1]])
    if draw.random() < .2:
        header[draw.choice(["sum", "count", "count.U", "mean", "histogram"])] = header.pop(name)


def damaged_number(data, start, draw):
    data = bytearray(data)
    if len(data) > start:
        at = draw.randrange(start, len(data))
        data[at] = draw.choice([0, 1, 255, data[at] ^ 1, data[at] ^ 2, data[at] + 1 & 255, data[at] - 1 & 255])
    return bytes(data)


def draws_of(data, seed):
    """One after the other, most of them with a right digest and identity."""
    draw = random.Random(seed)
    size = int.from_bytes(data[:8], "little")
    for _ in range(N_ROUNDS):
        kind = draw.randrange(4)
        if kind == 0:
            found = data
            for _ in range(draw.randint(1, 3)):
                found = damaged_number(found, 8 + size, draw)
        elif kind == 3:
            text = bytearray(data[8:8 + size].rstrip(b" "))
            at = draw.randrange(len(text))
            text[at:at + draw.randint(0, 2)] = draw.choice([b"", b'"', b"\\", b"1", b",", b"[", b"}", b" ", b"\0", b"\xff", b"-", b"e1"])
            found = joined(bytes(text), data[8 + size:])
        else:
            header, content = parts_of(data)
            has_words = isinstance(header.get("__metadata__"), dict) and header["__metadata__"]
            (damaged_words if kind == 1 and has_words else damaged_tensor)(header, draw)
            found = joined(header, content)
        yield found


def test_profiles_damaged_by_chance():
    seen = {True: 0, False: 0}
    for path in PROFILES:
        for i, data in enumerate(draws_of(path.read_bytes(), path.stem)):
            data = signed(data)
            seen[agree(data, f"{path.stem}, round {i}") is None] += 1
    tell("strictness", f"profiles damaged by chance: both readers took {seen[True]} and refused {seen[False]}")
    assert seen[True] > len(PROFILES) and seen[False] > len(PROFILES)


def affine_says(tmp_path, data):
    """What library and package say of a file of gamma and beta."""
    path = tmp_path / "affine"
    path.write_bytes(data)
    said = []
    for read, kind in [(lambda: Pixelnorm.LearnedAffine.parse(GLib.Bytes.new(data)), GLib.Error), (lambda: Learned.of(str(path)), ValueError)]:
        try:
            read()
            said.append(None)
        except kind as problem:
            said.append(str(problem))
    return said


def test_affines_damaged_by_chance(tmp_path):
    seen = {True: 0, False: 0}
    for path in AFFINES:
        for i, data in enumerate([path.read_bytes(), *draws_of(path.read_bytes(), path.stem)]):
            theirs, ours = affine_says(tmp_path, data)
            assert (theirs is None) == (ours is None), f"{path.stem}, round {i}: the library says {theirs!r}, the package {ours!r}"
            seen[theirs is None] += 1
    tell("strictness", f"gamma and beta damaged by chance: both readers took {seen[True]} and refused {seen[False]}")
    assert min(seen.values()) > len(AFFINES) // 2


# --- the moments alone

def test_moments_that_can_be():
    """Every set of up to 3 samples of 0 to 3 has possible moments, and of others hardly any is possible: by trying all."""
    real = {(n, sum(s), sum(x * x for x in s), min(s), max(s)) for n in range(1, 4) for s in itertools.product(range(4), repeat=n)}
    tried = list(itertools.product(range(4), range(11), range(29), range(4), range(5)))
    scalar = [Moments(*moments).problem(3) is None for moments in tried]
    columns = [np.array(column) for column in zip(*tried)]
    for kind in (np.int64, object):
        found = possible(*[column.astype(kind) for column in columns]) & (columns[4] <= 3)
        assert found.tolist() == scalar
    allowed = {moments for moments, good in zip(tried, scalar) if good}
    assert real <= allowed and (0, 0, 0, 0, 0) in allowed and len(allowed) < len(tried) // 100


def test_moments_at_the_ends():
    """The largest numbers that a profile may hold, and their neighbours, as integers of Python and in 64 bits."""
    draw, tried = np.random.default_rng(20261127), []
    for _ in range(4000):
        n, low, high = int(2 ** draw.uniform(0, 32)), *sorted(int(65535 - 2 ** draw.uniform(0, 16) + 1) for _ in range(2))
        n_high = int(draw.integers(0, n + 1))
        s, q = n_high * high + (n - n_high) * low, n_high * high ** 2 + (n - n_high) * low ** 2
        tried += [(n, max(s + a, 0), min(max(q + b, 0), 2 ** 64 - 1), low, high) for a, b in [(0, 0), (1, 1), (-1, 1), (0, 2), (0, -2), (2, 0)]]
    scalar = [Moments(*moments).problem(65535) is None for moments in tried]
    assert possible(*[np.array(column, object) for column in zip(*tried)]).tolist() == scalar and 4000 <= sum(scalar) < len(scalar)
    narrow = [moments for moments in tried if moments[0] * 65535 ** 2 < 2 ** 62]
    found = possible(*[np.array(column, np.uint64).astype(np.int64) for column in zip(*narrow)])
    assert found.tolist() == [Moments(*moments).problem(65535) is None for moments in narrow] and len(narrow) > 10000
