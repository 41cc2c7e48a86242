# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tensors of format=flexible: a header of 128 bytes, then the data.

The layout of the header, the numbers of types and what makes one invalid are NNStreamer's (GstTensorMetaInfo in
tensor_typedef.h, gst_tensor_meta_info_validate() and gst_tensor_meta_info_parse_header()), written down once more here. What
lies behind it is made by numpy.
"""
import re

import numpy as np
import pytest

import pixel_reference as reference
from pixel_streams import TYPES, Gst, Refused, buffers_of, bytes_of, run, video_caps, words_of

HEADER, RANK = 128, 16
# in the order of NNStreamer's numbers
NAMES = ["int32", "uint32", "int16", "uint16", "int8", "uint8", "float64", "float32", "int64", "uint64", "float16"]
MAGIC, VERSION, STATIC, FLEXIBLE, SPARSE, TENSOR = 0xfeedcced, 0xde001000, 0, 1, 2, 4
OPEN = "other/tensors,format=(string)flexible,framerate=(fraction)12/1"
SIZES = [(1, 1), (7, 5), (19, 3), (64, 6)]
N = 6  # frames


def parse(data):
    """Type, dimensions innermost first, and what lies behind; as strict as NNStreamer's own reader, and more."""
    words = np.frombuffer(data[:HEADER], "<u4")
    assert len(words) == 32
    assert words[0] == MAGIC
    assert words[1] & 0xde000000 == 0xde000000 and words[1] & 0x00fff000 & VERSION and words[1] == VERSION
    assert words[2] < len(NAMES)
    sizes = words[3:3 + RANK].tolist()
    rank = sizes.index(0) if 0 in sizes else RANK
    assert rank > 0 and not any(sizes[rank:])
    assert words[19] in (STATIC, FLEXIBLE) and words[20] <= TENSOR and not words[21:].any()
    name, sizes = NAMES[words[2]], sizes[:rank]
    assert len(data) == HEADER + np.prod(sizes) * np.dtype(name).itemsize
    return name, sizes, data[HEADER:]


def header(name, sizes, **words):
    """As NNStreamer writes it. Single words otherwise: magic, version, type, format, medium, or dN, dimension N."""
    found = np.zeros(32, "<u4")
    found[:3] = MAGIC, VERSION, NAMES.index(name)
    found[3:3 + len(sizes)] = sizes
    found[19:21] = FLEXIBLE, TENSOR
    places = {"magic": 0, "version": 1, "type": 2, "format": 19, "medium": 20, **{f"d{i}": 3 + i for i in range(RANK)}}
    for word, value in words.items():
        found[places[word]] = value
    return found.tobytes()


def frames_of(size, channels):
    return np.random.default_rng([20261128, *size, channels]).integers(0, 256, (N, size[1], size[0], channels), np.uint8)


def sizes_of(size, channels, layout, batch):
    return [channels, *size, batch] if layout == "nhwc" else [*size, channels, batch]


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("kind", TYPES)
def test_pixelnorm(kind, layout):
    settings = dict(method="fixed", mean=[100], std=[50], layout=layout, quant_scale=.03125, quant_zero_point=3 if kind == "int8" else 99)
    for size in SIZES:
        for form, batch in [("RGB", 1), ("RGB", 3), ("GRAY8", 2)]:
            channels = len(reference.channels_of(form))
            frames, places = frames_of(size, channels), reference.Places(form, *size)
            buffers = buffers_of(places.pack(frames, None, np.random.default_rng(1)))
            samples = run(f"appsrc name=in format=time ! pixelnorm {words_of(settings)} batch-size={batch} ! "
                          f"other/tensors,format=flexible,types={kind} ! appsink name=out sync=false wait-on-eos=false",
                          [(video_caps(form, *size), buffers)])
            assert len(samples) == N // batch
            y = (frames.astype(float) - 100) / 50
            if layout == "nchw":
                y = y.transpose(0, 3, 1, 2)
            for i, data in enumerate(bytes_of(samples)):
                name, sizes, rest = parse(data)
                assert (name, sizes) == (kind, sizes_of(size, channels, layout, batch))
                expected = y[i * batch:(i + 1) * batch]
                found = np.frombuffer(rest, TYPES[kind]).reshape(expected.shape)
                if kind.startswith("float"):
                    reference.check_values(found, expected) if kind == "float32" else reference.check_float16(found, expected)
                else:
                    ends = np.iinfo(kind)
                    codes = expected / settings["quant_scale"] + settings["quant_zero_point"]
                    reference.check_codes(found, np.clip(codes, ends.min, ends.max), 1e-9)


def back(caps, buffers, also="", **settings):
    """What pixeldenorm makes of one stream of buffers: [(caps, bytes), ...]."""
    samples = run(f"appsrc name=in format=time ! pixeldenorm method=fixed {words_of(settings)} {also} ! video/x-raw,format=RGB ! "
                  "appsink name=out sync=false wait-on-eos=false",
                  [(Gst.Caps.from_string(caps), [Gst.Buffer.new_wrapped(b) if b else Gst.Buffer() for b in buffers])])
    return [(s.get_caps().to_string(), data) for s, data in zip(samples, bytes_of(samples))]


# mean and std, and a type's numbers of code values x, so that x comes back exactly
EXACT = {"float32": (100, 50, lambda x: ((x - 100.) / 50).astype("<f4")), "float16": (0, 1, lambda x: x.astype("<f2")),
         "uint8": (0, 1, lambda x: x.astype("u1")), "int8": (128, 1, lambda x: (x - 128.).astype("i1"))}


def tensors(kind, layout, batch, frames, sizes=None, **words):
    """Buffers of those frames, with headers."""
    x = frames.astype(float) if layout == "nhwc" else frames.astype(float).transpose(0, 3, 1, 2)
    numbers = EXACT[kind][2](x)
    sizes = sizes or sizes_of(frames.shape[2:0:-1], frames.shape[3], layout, batch)
    return [header(kind, sizes, **words) + numbers[i:i + batch].tobytes() for i in range(0, len(frames), batch)]


def settings_of(kind):
    mean, std, _ = EXACT[kind]
    return dict(mean=[mean], std=[std], quant_scale=1, quant_zero_point=0)


def assert_frames(out, frames, rate):
    height, width = frames.shape[1:3]
    places = reference.Places("RGB", width, height)
    assert len(out) == len(frames)
    for (caps, data), frame in zip(out, frames):
        assert f"width=(int){width}, height=(int){height}" in caps and f"framerate=(fraction){rate}/1" in caps
        found, _ = places.unpack(np.frombuffer(data, np.uint8).reshape(1, -1))
        assert np.array_equal(found[0], frame)


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("kind", EXACT)
def test_pixeldenorm(kind, layout):
    """Caps as NNStreamer's elements write them, without type and dimensions: size, frames and rate are those of the header."""
    for size in [(7, 5), (64, 6)]:
        frames = frames_of(size, 3)
        for batch, form, medium in [(1, STATIC, 4), (3, FLEXIBLE, 0)]:
            out = back(OPEN, tensors(kind, layout, batch, frames, format=form, medium=medium), **settings_of(kind))
            assert_frames(out, frames, 12 * batch)
        for sizes in [sizes_of(size, 3, layout, 1)[:3], sizes_of(size, 3, layout, 1) + [1] * 12]:
            assert_frames(back(OPEN, tensors(kind, layout, 1, frames, sizes), **settings_of(kind)), frames, 12)


@pytest.mark.parametrize("fields", ["types=(string)uint8", "dimensions=(string)3:7:5", "dimensions=(string)3:7:5:1:1,num_tensors=(int)1",
                                    "num_tensors=(int)1,types=(string)uint8,dimensions=(string)3:7:5:1"])
def test_caps_that_say_some_or_all(fields):
    frames = frames_of((7, 5), 3)
    assert_frames(back(f"{OPEN},{fields}", tensors("uint8", "nhwc", 1, frames), **settings_of("uint8")), frames, 12)


def test_every_tensor_may_be_another():
    """One stream: of another size, layout, number of frames, minor version."""
    parts = [((7, 5), "nhwc", 1), ((8, 3), "nhwc", 1), ((8, 3), "nchw", 2), ((7, 5), "nhwc", 3), ((7, 5), "nhwc", 3)]
    frames = [frames_of(size, 3) for size, _, _ in parts]
    buffers = [tensors("uint8", layout, batch, f, version=VERSION + i)
               for i, (f, (_, layout, batch)) in enumerate(zip(frames, parts))]
    out = back(OPEN, sum(buffers, []), **settings_of("uint8"))
    for part, (_, _, batch) in zip(frames, parts):
        assert_frames(out[:N], part, 12 * batch)
        out = out[N:]
    assert not out


def test_types_change_within_a_stream():
    """The same plan serves both: x = y, in code values."""
    frames = frames_of((7, 5), 3)
    numbers = {"float32": "<f4", "float16": "<f2", "uint8": "u1"}
    buffers = [header(kind, [3, 7, 5]) + frames[i].astype(numbers[kind]).tobytes()
               for i, kind in enumerate(["uint8", "float32", "float16", "uint8", "float32", "float16"])]
    assert_frames(back(OPEN, buffers, **settings_of("uint8")), frames, 12)


def test_of_pixelnorm_and_back():
    """Both at once, and with caps in between that say only the format."""
    for between in ["", "capssetter replace=true caps=other/tensors,format=flexible,framerate=10/1 !"]:
        for layout in ["nhwc", "nchw"]:
            frames, places = frames_of((19, 3), 3), reference.Places("RGB", 19, 3)
            words = words_of(dict(method="fixed", mean=[100], std=[50], layout=layout))
            samples = run(f"appsrc name=in format=time ! pixelnorm {words} batch-size=3 ! other/tensors,format=flexible ! {between} "
                          f"pixeldenorm {words} ! video/x-raw,format=RGB ! appsink name=out sync=false wait-on-eos=false",
                          [(video_caps("RGB", 19, 3), buffers_of(places.pack(frames, None, np.random.default_rng(1))))])
            assert_frames([(s.get_caps().to_string(), d) for s, d in zip(samples, bytes_of(samples))], frames, 30)


GOOD = ("uint8", [3, 7, 5, 1])
DATA = bytes(3 * 7 * 5)
# what comes, words, and what caps say beside the format
BAD = {
    "empty": (b"", "Expected a header of 128 bytes"),
    "short": (header(*GOOD)[:127], "found a buffer of 127 bytes"),
    "no-header": (DATA * 4, r"0xfeedcced at the beginning in the header .*, found 0x00000000"),
    "version-0": (header(*GOOD, version=0xde000000) + DATA, "version 1, 0xde001000,.* found 0xde000000"),
    "version-2": (header(*GOOD, version=0xde002000) + DATA, "version 1"),
    "version-of-others": (header(*GOOD, version=0x00001000) + DATA, "version 1"),
    "float64": (header("float64", [3, 7, 5]) + DATA * 8, "float32, float16, uint8 or int8 .*found float64"),
    "no-type": (header(*GOOD, type=11) + DATA, "0 to 10,.* found 0x0000000b"),
    "no-dimension": (header("uint8", []) + DATA, "1 to 16 dimensions"),
    "a-hole": (header("uint8", [3, 7, 0, 5]) + DATA, "others behind a zero"),
    "behind-zeros": (header(*GOOD, d15=1) + DATA, "others behind a zero"),
    "sparse": (header(*GOOD, format=SPARSE) + DATA, "found sparse"),
    "no-format": (header(*GOOD, format=3) + DATA, "found 0x00000003"),
    "no-medium": (header(*GOOD, medium=5) + DATA, "a medium, 0 to 4,.* found 0x00000005"),
    "no-image": (header("uint8", [4, 7, 5]) + DATA, "found 4:7:5"),
    "too-many": (header("uint8", [3, 7, 5, 1, 2]) + DATA * 2, "found 3:7:5:1:2"),
    "huge": (header("uint8", [3, 0xffffffff, 0xffffffff]) + DATA, "4294967295"),
    # 2^64 + 7976 bytes
    "larger-than-memory": (header("float32", [3, 26309, 30886, 1891788009]) + bytes(7976), "fits into memory, found one of 1891788009"),
    "too-little": (header(*GOOD) + DATA[:-1], "Expected 233 bytes for a tensor of 1 frame, as its header says.* of 232"),
    "too-much": (header(*GOOD) + DATA * 2, "found a buffer of 338"),
    "other-type": (header(*GOOD) + DATA, "int8, as the caps say,.* found uint8", "types=(string)int8"),
    "other-size": (header(*GOOD) + DATA, "3:5:7, as the caps say,.* found 3:7:5:1", "dimensions=(string)3:5:7"),
    "other-than-all": (header(*GOOD) + DATA, "dimensions 3:5:7:1, as the caps say",
                       "types=(string)uint8,dimensions=(string)3:5:7:1,num_tensors=(int)1"),
}


@pytest.mark.parametrize("when", ["first", "later"])
@pytest.mark.parametrize("name", BAD)
def test_bad_headers(name, when):
    """One error, in words, whatever came before."""
    data, words, *fields = BAD[name]
    before = [] if when == "first" or fields else [header(*GOOD) + DATA]
    with pytest.raises(Refused, match=words) as raised:
        back(",".join([OPEN, *fields]), [*before, data], **settings_of("uint8"))
    assert str(raised.value).endswith(".") and re.match("Expected .*found", str(raised.value))
    assert raised.value.domain == "gst-stream-error-quark" and raised.value.code == Gst.StreamError.FORMAT


def test_a_stream_without_tensors_ends():
    assert back(OPEN, []) == []


@pytest.mark.parametrize("layout, sizes, behind, accepted", [
    ("nchw", [3, 7, 5], "", "WIDTH:HEIGHT:CHANNELS:N (NCHW)"), ("nhwc", [7, 5, 3], "", "CHANNELS:WIDTH:HEIGHT:N (NHWC)"),
    ("nchw", [3, 7, 5], ",width=7,height=5", "7:5:3:N (NCHW), as video of 7x5 with channels RGB has"),
    ("nhwc", [7, 5, 3], ",width=7,height=5", "3:7:5:N (NHWC), as video of 7x5 with channels RGB has"),
])
@pytest.mark.parametrize("static", [False, True])
def test_another_layout(layout, sizes, behind, accepted, static):
    """Only what is accepted is expected, and no size that nobody asked for."""
    found = ":".join(map(str, sizes + [1] * static))
    caps = f"other/tensors,format=static,num_tensors=1,types=uint8,dimensions=(string){found},framerate=12/1" if static else OPEN
    buffer = bytes(105) if static else header("uint8", sizes) + bytes(105)
    with pytest.raises(Refused) as raised:
        run(f"appsrc name=in format=time ! pixeldenorm method=fixed mean=<0.> std=<1.> quant-scale=1 layout={layout} ! "
            f"video/x-raw,format=RGB{behind} ! appsink name=out sync=false wait-on-eos=false",
            [(Gst.Caps.from_string(caps), [Gst.Buffer.new_wrapped(buffer)])])
    assert str(raised.value).startswith(f"Expected a tensor of dimensions {accepted}, found {found}. Set layout"), raised.value
