# SPDX-License-Identifier: LGPL-2.1-or-later
"""Formats of more than 8 bits and of YUV, tensors of every type and layout, against numpy.

Statistics are compared exactly. float32 is within 4e-7 of y; float16 within half a unit of its last place and that
4e-7; codes of int8, uint8 and 8-bit video are the exact rounding, where what lies within 1e-4 of a half may go either way:
by so much float32 errs (src/normalize/quantization.c), 8-bit tables not at all.
"""
import numpy as np
import pytest
import xxhash

import colour_formats
import pixel_reference as reference
from pixel_streams import DEEP_FORMATS, METHODS, TEMPLATE, TYPES, DeepPlaces, Refused, buffers_of, bytes_of, \
    collect_deep, deep_random, deep_source, make_deep_frames, run, video_caps, words_of
from pixel_streams import N_DEEP as N

NAMES = [name for name in TEMPLATE if name in DEEP_FORMATS]
WHOLE = [name for name in NAMES if DEEP_FORMATS[name].is_whole]
SIZES = [(1, 1), (7, 5), (771, 3)]


def stored(arrays, metadata, name, letter):
    """What a profile holds of a channel."""
    if f"{name}.{letter}" in arrays:
        return arrays[f"{name}.{letter}"]
    return arrays[name][..., metadata["channels"].index(letter)]


def identity(metadata, arrays):
    """As docs/format.md has it."""
    keys = ["width", "height", "channels", "depth", "range", "matrix"]
    words = " ".join(f"{key}={metadata.get(key, 'none')}" for key in keys)
    words += f" subsampling={metadata['subsampling']}" if "subsampling" in metadata else ""
    scope = "channel" if "samples" in arrays else "pixel"
    digest = xxhash.xxh3_128(f"scope={scope} {words}\n".encode())
    if scope == "channel":
        arrays = {"sum_squares_high": np.zeros(arrays["sum"].shape, "<u8"), **arrays}
    for name in ["frames", "samples", "sum", "sum_squares", "sum_squares_high", "min", "max"]:
        for part in [name] + [f"{name}.{c}" for c in metadata["channels"]]:
            if part in arrays:
                digest.update(arrays[part].astype("<u8").tobytes())
    return digest.hexdigest()


def check_statistics(path, name, samples, pooled):
    form = DEEP_FORMATS[name]
    metadata, arrays = reference.read_profile(path)
    assert metadata["depth"] == str(form.depth) and metadata["channels"] == form.channels
    assert metadata["identity"] == identity(metadata, arrays)
    assert ("subsampling" in metadata) == (not pooled and not form.is_whole)
    for i, letter in enumerate(form.channels):
        values = samples[letter].astype(object)
        axes = (0, 1, 2) if pooled else 0
        expected = {"sum": values.sum(axis=axes), "sum_squares": (values * values).sum(axis=axes),
                    "min": values.min(axis=axes), "max": values.max(axis=axes)}
        for key, value in expected.items():
            found = stored(arrays, metadata, key, letter)
            assert (found.astype(object) == value).all(), (key, letter)
            assert pooled or found.shape == value.shape
        if pooled:
            assert arrays["samples"][i] == values.size
    assert arrays["frames"].tolist() == [len(values)]


def test_tables_are_complete():
    """Every format of the pad templates stands in one table of references, whichever GStreamer runs, or is unpacked by it."""
    assert set(TEMPLATE) <= set(reference.FORMATS) | set(DEEP_FORMATS) | set(colour_formats.FORMATS) | colour_formats.UNPACKED
    assert len(NAMES) >= 40 and {"GRAY16_LE", "P010_10LE", "I420", "GBR_10LE"} <= set(NAMES)


@pytest.mark.parametrize("scope", ["pixel", "channel"])
@pytest.mark.parametrize("name", NAMES)
def test_statistics(name, scope, tmp_path):
    for size in SIZES:
        samples, alpha = make_deep_frames(name, size)
        path = collect_deep(tmp_path / "p.safetensors", name, size, samples, alpha, scope=scope)
        check_statistics(path, name, samples, scope == "channel")


@pytest.mark.parametrize("name", [n for n in NAMES if DEEP_FORMATS[n].depth > 8])
def test_odd_addresses(name, tmp_path):
    """Strides and offsets that are no multiple of a word."""
    size, form = (9, 4), DEEP_FORMATS[name]
    strides = [form.size_of(p, *size)[0] * len(p) * 2 + 5 + 2 * i for i, p in enumerate(form.planes)]
    samples, alpha = make_deep_frames(name, size)
    path = collect_deep(tmp_path / "p.safetensors", name, size, samples, alpha, strides)
    check_statistics(path, name, samples, False)


@pytest.mark.parametrize("name, twice", [("GRAY16_LE", 65535), ("Y444_16LE", 65535), ("NV12", 255)])
@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_append_and_white(name, twice, scope, tmp_path):
    """The largest sums; begun from a file."""
    size = (11, 3)
    samples, alpha = make_deep_frames(name, size, 20)
    for values in samples.values():
        values[:, :, ::2] = twice
    for cut in [slice(0, 13), slice(13, 20)]:
        part = {letter: values[cut] for letter, values in samples.items()}
        path = collect_deep(tmp_path / "p.safetensors", name, size, part, alpha[cut], scope=scope, append="true")
    check_statistics(path, name, samples, scope == "channel")


def pairs(*scopes):
    return [(m, s) for m in METHODS for s in scopes if reference.allowed(m, s)]


def values_of(form, samples, method, scope):
    """y of every channel in float64, {letter: [N, rows, columns]}, and the range of 8-bit video."""
    unit = form.largest / 255
    letters = form.channels
    if scope == "global":
        stack = np.stack([samples[letter] for letter in letters], -1)
        y = reference.values(method, scope, stack, reference.moments_of(stack))
        found = {letter: y[..., i] for i, letter in enumerate(letters)}
    else:
        found = {letter: reference.values(method, scope, samples[letter][..., None],
                                          reference.moments_of(samples[letter][..., None]))[..., 0]
                 for letter in letters}
    low, high = reference.RANGES.get(method, ((0 - 127.5) / 127.5, (form.largest - 127.5) / 127.5))
    if method in ("center", "flat-field"):
        low, high = low * unit, high * unit
    return found, low, high


def normalize(name, size, samples, alpha, caps, **settings):
    out = run(f"appsrc name=in format=time ! pixelnorm {words_of(settings)} ! {caps} ! "
              "appsink name=out sync=false wait-on-eos=false", deep_source(name, size, samples, alpha))
    return out[0].get_caps().to_string(), b"".join(bytes_of(out))


def check_codes(found, exact, smallest, largest, tie):
    clipped = np.clip(exact, smallest, largest)
    near = np.abs(clipped - np.floor(clipped) - .5) < tie
    wrong = np.abs(found - np.rint(clipped)) > np.where(near, 1, 0)
    assert not wrong.any(), f"{wrong.sum()} of {wrong.size}: {found[wrong][:3]} are not {clipped[wrong][:3]}"


def check_tensor(found, y, kind, low, high, reach=None):
    reference.check_output(found, y, kind, low, high, 1e-4, reach)


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", WHOLE + ["RGB", "BGRx", "GBR", "GRAY8"])
def test_tensors(name, kind, layout, tmp_path):
    form = DEEP_FORMATS.get(name)
    for size in [(7, 5), (385, 2)]:
        if form is None:
            return check_8_bit_tensors(name, kind, layout, tmp_path, size)
        samples, alpha = make_deep_frames(name, size)
        path = collect_deep(tmp_path / "p.safetensors", name, size, samples, alpha, histogram="true")
        for method, scope in pairs("pixel", "channel", "global"):
            y, low, high = values_of(form, samples, method, scope)
            y = np.stack([y[letter] for letter in form.channels], -1)
            reach = None
            if form.depth == 8:
                reach = reference.reach_of(method, scope, form.channels,
                                           reference.moments_of(np.stack([samples[letter] for letter in form.channels], -1)))
            caps, out = normalize(name, size, samples, alpha, f"other/tensors,types={kind}", location=path,
                                  method=method, scope=scope, layout=layout)
            check_layout(caps, out, y, kind, layout, low, high, reach)


def check_layout(caps, out, y, kind, layout, *bounds):
    n, height, width, channels = y.shape
    dimensions = f"{channels}:{width}:{height}:1" if layout == "nhwc" else f"{width}:{height}:{channels}:1"
    assert f"dimensions=(string){dimensions}" in caps and f"types=(string){kind}" in caps
    found = np.frombuffer(out, TYPES[kind])
    if layout == "nchw":
        found = found.reshape(n, channels, height, width).transpose(0, 2, 3, 1)
    check_tensor(found.reshape(y.shape), y, kind, *bounds)


def check_8_bit_tensors(name, kind, layout, tmp_path, size):
    """The formats of test_numbers.py, in the types and layouts that it does not walk."""
    channels = reference.channels_of(name)
    random = deep_random(name, kind, layout)
    for size in [(7, 5), (385, 2), (1, 1), (17, 3)]:
        frames = random.integers(0, 256, (N, size[1], size[0], len(channels)), np.uint8)
        places = reference.Places(name, *size)
        buffers = [(video_caps(name, *size), buffers_of(places.pack(frames, frames[..., 0], random)))]
        path = tmp_path / "p.safetensors"
        run(f"appsrc name=in format=time ! pixelstats overwrite=true location={path} histogram=true ! fakesink sync=false", buffers)
        for method, scope in pairs("pixel", "channel"):
            moments = reference.moments_of(frames)
            y = reference.values(method, scope, frames, moments)
            out = run(f"appsrc name=in format=time ! pixelnorm location={path} method={method} scope={scope} "
                      f"layout={layout} ! other/tensors,types={kind} ! appsink name=out sync=false wait-on-eos=false",
                      [(buffers[0][0], buffers_of(places.pack(frames, frames[..., 0], random)))])
            check_layout(out[0].get_caps().to_string(), b"".join(bytes_of(out)), y, kind, layout,
                         *reference.range_of(method, channels), reference.reach_of(method, scope, channels, moments))


@pytest.mark.parametrize("name", [name for name in NAMES if DEEP_FORMATS[name].twin])
def test_video(name, tmp_path):
    """8-bit video in the twin of the format, alpha brought to 8 bits."""
    form = DEEP_FORMATS[name]
    for size in [(7, 5), (386, 3)]:
        samples, alpha = make_deep_frames(name, size)
        path = collect_deep(tmp_path / "p.safetensors", name, size, samples, alpha, histogram="true")
        for method, scope in pairs("pixel", "channel"):
            y, low, high = values_of(form, samples, method, scope)
            caps, out = normalize(name, size, samples, alpha, "video/x-raw", location=path, method=method,
                                  scope=scope)
            assert f"format=(string){form.twin}," in caps
            places = DeepPlaces(form.twin, *size)
            found = places.unpack(np.frombuffer(out, np.uint8).reshape(N, places.size))
            for letter in form.channels:
                check_codes(found[letter].astype(float), (y[letter] - low) * 255 / (high - low), 0, 255, 1e-4)
            if "A" in found:
                check_codes(found["A"].astype(float), alpha * 255 / form.largest, 0, 255, 1e-4)


@pytest.mark.parametrize("scale, zero, kind", [(.031, 5, "uint8"), (.02, -7, "int8"), (.5, 128, "uint8"),
                                               (.25, 127, "int8")])
@pytest.mark.parametrize("method", ["zscore", "fixed"])
def test_quantization(scale, zero, kind, method, tmp_path):
    """round (y / scale) + zero-point, half to even before the zero-point: exact where tables hold (scope channel)."""
    size, name = (16, 16), "RGB"
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, -1)
    places = reference.Places(name, *size)
    random = deep_random(scale)
    stretch = [(video_caps(name, *size), buffers_of(places.pack(frames, frames[..., 0], random)))]
    path = tmp_path / "p.safetensors"
    run(f"appsrc name=in format=time ! pixelstats overwrite=true location={path} ! fakesink sync=false", stretch)
    given = {"mean": [128.0], "std": [64.0]} if method == "fixed" else {}
    y = reference.values(method, "channel", frames, reference.moments_of(frames), **given)
    stretch = [(stretch[0][0], buffers_of(places.pack(frames, frames[..., 0], random)))]
    words = words_of({"location": path, "method": method, "scope": "channel", "quant-scale": scale,
                      "quant-zero-point": zero, **given})
    out = run(f"appsrc name=in format=time ! pixelnorm {words} ! other/tensors,types={kind} ! "
              "appsink name=out sync=false wait-on-eos=false", stretch)
    found = np.frombuffer(b"".join(bytes_of(out)), TYPES[kind]).reshape(frames.shape).astype(int)
    smallest, largest = (-128, 127) if kind == "int8" else (0, 255)
    quotient = y / scale
    near = np.abs(quotient - np.floor(quotient) - .5) < 1e-9
    even = 2 * np.rint(quotient / 2)
    expected = np.where(near, np.where(np.abs(even - quotient) < .75, even, np.rint(quotient)), np.rint(quotient))
    assert (found == np.clip(expected + zero, smallest, largest)).all()


def test_channels_of_one_subsampling_for_another(tmp_path):
    """Scope channel: I420 and Y444 are the same channels."""
    size = (8, 6)
    samples, alpha = make_deep_frames("I420", size)
    for scope in ["pixel", "channel"]:
        path = collect_deep(tmp_path / f"{scope}.safetensors", "I420", size, samples, alpha, scope=scope)
        whole, alpha4 = make_deep_frames("Y444", size)
        _, out = normalize("Y444", size, whole, alpha4, "other/tensors,types=float32", location=path, scope="channel")
        y = np.stack([reference.values("zscore", "channel", whole[c][..., None],
                                       reference.moments_of_pixels(list(samples[c][..., None])))[..., 0]
                      for c in "YUV"], -1)
        reference.check_values(np.frombuffer(out, "<f4").reshape(y.shape), y)
    with pytest.raises(Refused, match="subsampling of U and V"):
        normalize("Y444", size, whole, alpha4, "other/tensors,types=float32",
                  location=tmp_path / "pixel.safetensors", scope="pixel")


@pytest.mark.parametrize("name", ["I420", "P010_10LE", "NV16"])
def test_no_tensor_of_smaller_channels(name):
    samples, alpha = make_deep_frames(name, (8, 6))
    with pytest.raises(Refused):
        normalize(name, (8, 6), samples, alpha, "other/tensors", method="fixed")


@pytest.mark.parametrize("element", ["pixelstats", "pixelnorm method=fixed"])
def test_converters_give_rgb(element):
    """Where a converter could give anything, it gives RGB of what is to be taken as it is; what a decoder gives goes in as it is."""
    for before, expected in [("videoconvert ! ", "RGB"), ("", "YUV")]:
        out = run(f"appsrc name=in format=time ! {before}{element} ! video/x-raw ! appsink name=out sync=false "
                  "wait-on-eos=false", deep_source("I420", (8, 6), *make_deep_frames("I420", (8, 6))))
        text = out[0].get_caps().to_string()
        assert ("format=(string)I420" in text) == (expected == "YUV"), text
