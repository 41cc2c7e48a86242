# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every 8-bit format of RGB and grey, method, scope and output of the elements against numpy.

Formats are those of the sink template, methods and scopes those of the element's enums: one more of either without
a reference in pixel_reference.py fails here. Statistics are compared exactly; float32 within 4e-7 of y; 8-bit codes
with exact rounding, where float32 coefficients (scope pixel) may take what lies within 1e-4 of a half either way,
and tables (all else) within 1e-9, which is what decimal settings are off in binary.
"""
import functools
import itertools
import re

import numpy as np
import pytest

import pixel_reference as reference
from pixel_reference import Places, channels_of
from pixel_streams import FORMATS, METHODS, SCOPES, TEMPLATE, TENSORS, TYPES, VIDEO, Gst, GstVideo, Refused, add_video_meta, buffers_of, collect, \
    normalize, normalize_frames, run, template_formats, video_caps
from reports import tell

SEED = 20240822
# One pixel; odd width and padding; rows of more than 768 samples at 3 and 4 bytes a pixel, and at 1.
SIZES = [(1, 1), (7, 5), (257, 3), (771, 1)]
KINDS = [TENSORS, VIDEO]
walked = {"statistics": 0, "normalizations": 0, "normalized samples": 0}


def ramps(size, n_channels):
    """256 frames in which every sample takes every code once."""
    width, height = size
    start = np.arange(height * width * n_channels).reshape(height, width, n_channels)
    return ((start * 37 + np.arange(256)[:, None, None, None]) % 256).astype(np.uint8)


@functools.lru_cache(None)
def training_frames(channels, size, dark=False):
    """Frames of samples that vary much, little, by one code, or never; dark ones are close to black."""
    width, height = size
    random = np.random.default_rng([SEED, width, height, len(channels), dark])
    shape = (height, width, len(channels))
    base = random.integers(0, 12, shape) if dark else random.integers(0, 256, shape)
    width_of = random.choice([0, 1, 2] if dark else [0, 0, 1, 7, 60, 255], shape)
    noise = random.integers(-width_of, width_of + 1, (11, *shape))
    return np.clip(base + noise, 0, 255).astype(np.uint8)


@functools.lru_cache(None)
def probe_frames(channels, size):
    """The training frames, black, white, and random ones; at a small size every code of every sample."""
    random = np.random.default_rng(SEED + 1)
    frames = training_frames(channels, size)
    flat = np.zeros((2, *frames.shape[1:]), np.uint8) + np.array([0, 255], np.uint8)[:, None, None, None]
    more = ramps(size, len(channels)) if size == (7, 5) else random.integers(0, 256, (3, *frames.shape[1:]), np.uint8)
    return np.concatenate([frames[:4], flat, more])



@functools.lru_cache(None)
def moments(channels, size, dark=False):
    return reference.moments_of(training_frames(channels, size, dark))


@functools.lru_cache(None)
def expected_values(channels, size, method, scope, dark):
    return reference.values(method, scope, probe_frames(channels, size), moments(channels, size),
                            moments(channels, size, True) if dark else None)


def noise_of(*words):
    return np.random.default_rng([SEED, *"".join(map(str, words)).encode()])


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    """profiles(format, size, dark) -> a file that pixelstats wrote."""
    directory = tmp_path_factory.mktemp("profiles")

    @functools.lru_cache(None)
    def make(name, size, dark=False):
        path = directory / f"{name}-{size[0]}x{size[1]}-{dark}.safetensors"
        return collect(path, name, training_frames(channels_of(name), size, dark), noise=noise_of(name, size),
                       histogram="true")

    return make


def check_statistics(path, expected, frames):
    """Equal, to the last integer."""
    _, arrays = reference.read_profile(path)
    assert arrays["frames"].tolist() == [frames]
    for name, values in [("sum", expected.sum), ("sum_squares", expected.squares), ("min", expected.min),
                         ("max", expected.max)]:
        assert arrays[name].shape == values.shape
        assert arrays[name].tolist() == values.tolist(), name
    walked["statistics"] += 1


def test_tables_are_complete():
    assert template_formats("pixelstats") == TEMPLATE
    assert "RGB" in FORMATS and "GRAY8" in FORMATS and len(FORMATS) >= 15
    assert set(METHODS) == set(reference.METHODS)
    assert set(SCOPES) == {"pixel", "channel", "global"}
    caps = Gst.ElementFactory.make("pixelnorm").get_static_pad("src").get_pad_template_caps()
    assert set(re.findall(r"types=\(string\)(\w+)", caps.to_string())) == set(TYPES)


@pytest.mark.parametrize("name", FORMATS)
def test_places_agree_with_gstreamer(name):
    """The reference's own rule of strides and planes, checked so that a fault here is told from one there."""
    for width, height in [*SIZES, (6, 4), (8, 3)]:
        info = GstVideo.VideoInfo.new_from_caps(video_caps(name, width, height))
        places = Places(name, width, height)
        assert places.strides == info.stride[:info.finfo.n_planes]
        assert places.offsets == info.offset[:info.finfo.n_planes]
        assert places.size == info.size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", FORMATS)
def test_statistics(name, size, profiles):
    frames = training_frames(channels_of(name), size)
    check_statistics(profiles(name, size), moments(channels_of(name), size), len(frames))


@pytest.mark.parametrize("scope", ["pixel", "channel"])
@pytest.mark.parametrize("name", FORMATS)
def test_statistics_of_ramps_and_channels(name, scope, tmp_path):
    """All codes once a sample; and pooled, where a tile ends within and at the end of rows."""
    for size in [(7, 5), (256, 2), (300, 2)]:
        frames = ramps(size, len(channels_of(name)))[::5]
        path = collect(tmp_path / "p.safetensors", name, frames, scope=scope)
        whole = reference.moments_of(frames)
        expected = whole if scope == "pixel" else whole.scope("channel")
        check_statistics(path, expected, len(frames))
        if scope == "channel":
            _, arrays = reference.read_profile(path)
            assert arrays["samples"].tolist() == [expected.count] * len(channels_of(name))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method, scope", [(m, s) for m in METHODS for s in SCOPES if reference.allowed(m, s)])
@pytest.mark.parametrize("name", FORMATS)
def test_walk(name, method, scope, kind, profiles):
    """Format x method x scope x output, at every size."""
    channels = channels_of(name)
    darks = [False, True] if method == "flat-field" else [False]
    for size, dark in itertools.product(SIZES, darks):
        settings = {"location": profiles(name, size), "method": method, "scope": scope}
        if dark:
            settings["dark-location"] = profiles(name, size, True)
        y = expected_values(channels, size, method, scope, dark)
        found = normalize_frames(kind, name, probe_frames(channels, size), noise_of(name, method, scope, size),
                                 **settings)
        if kind == TENSORS:
            reference.check_values(found, y)
        else:
            codes = reference.codes_before_rounding(y, *reference.range_of(method, channels))
            reference.check_codes(found, codes, reference.tie_of(method, scope))
        walked["normalizations"] += 1
        walked["normalized samples"] += found.size


def test_default_ranges_put_zero_on_128():
    """As the design has it: where y = 0 means something it is exactly code 128, and the ends are 0 and 255."""
    for method in METHODS:
        low, high = reference.range_of(method, "RGB")
        if method not in ("fixed", "flat-field"):
            assert (0 - low) * 255 / (high - low) == pytest.approx(128, abs=1e-12), method


# --- places that are not the default ones

@pytest.mark.parametrize("name", FORMATS)
def test_strange_strides(name, tmp_path):
    """Rows far apart and planes in between, as a GstVideoMeta says; noise in the padding is never taken."""
    width, height = 9, 4
    channels, random = channels_of(name), noise_of(name, "strides")
    frames = random.integers(0, 256, (5, height, width, len(channels)), np.uint8)
    rows = [width * len(plane) + 3 + 2 * p for p, plane in enumerate(reference.FORMATS[name])]
    starts = np.cumsum([5] + [stride * height + 7 for stride in rows])[:-1].tolist()
    places = Places(name, width, height, strides=rows, offsets=starts)

    passengers = random.integers(0, 256, frames.shape[:3])
    data = places.pack(frames, passengers, random)

    def buffers():
        for buffer in buffers_of(data):
            add_video_meta(buffer, name, places)
            yield buffer

    path = tmp_path / "p.safetensors"
    from_stream = f"appsrc name=in format=time ! pixelstats overwrite=true location={path} ! fakesink sync=false"
    run(from_stream, [(video_caps(name, width, height), list(buffers()))])
    check_statistics(path, reference.moments_of(frames), len(frames))

    y = reference.values("zscore", "pixel", frames, reference.moments_of(frames))
    out = normalize(TENSORS, name, (width, height), list(buffers()), location=path)
    reference.check_values(np.frombuffer(b"".join(out), "<f4").reshape(frames.shape), y)

    out = normalize(VIDEO, name, (width, height), list(buffers()), location=path)
    plain = Places(name, width, height)
    found, carried = plain.unpack(np.frombuffer(b"".join(out), np.uint8).reshape(len(frames), plain.size))
    reference.check_codes(found, reference.codes_before_rounding(y, -4, 127 / 32), 1e-4)
    assert carried is None or (carried == passengers).all()



# --- channels go by name

@pytest.mark.parametrize("name", [f for f in FORMATS if f != "GRAY8"])
def test_profile_of_another_order(name, profiles):
    """A profile from BGRx: R is R wherever it lies."""
    size = (7, 5)
    y = expected_values("RGB", size, "zscore", "pixel", False)
    found = normalize_frames(TENSORS, name, probe_frames("RGB", size), noise_of(name), method="zscore",
                             location=profiles("BGRx", size))
    reference.check_values(found, y)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("of, to", [("BGRx", "GRAY8"), ("GRAY8", "RGBA")])
def test_profile_of_other_channels_is_refused(of, to, scope, profiles):
    frames = probe_frames(channels_of(to), (7, 5))[:1]
    with pytest.raises(Refused) as refused:
        normalize_frames(TENSORS, to, frames, noise_of(to), location=profiles(of, (7, 5)), scope=scope)
    assert (refused.value.domain, refused.value.code) == ("gst-stream-error-quark", Gst.StreamError.FORMAT)
    assert f"channels {channels_of(of)}," in str(refused.value)
    assert f"channels {channels_of(to)}," in str(refused.value)


@pytest.mark.parametrize("scope", ["channel", "global"])
@pytest.mark.parametrize("kind", KINDS)
def test_channel_statistics_fit_any_size(scope, kind, profiles, tmp_path):
    """From a profile of pixels of another size, and from one of channels."""
    trained = training_frames("RGB", (257, 3))
    of_channels = collect(tmp_path / "p.safetensors", "RGBP", trained, scope="channel", histogram="true")
    frames = probe_frames("RGB", (7, 5))
    for path in [of_channels, profiles("BGRA", (257, 3))]:
        for method in [m for m in METHODS if m != "fixed"]:
            y = reference.values(method, scope, frames, moments("RGB", (257, 3)))
            found = normalize_frames(kind, "xRGB", frames, noise_of(scope), location=path, method=method,
                                     scope=scope)
            if kind == TENSORS:
                reference.check_values(found, y)
            else:
                codes = reference.codes_before_rounding(y, *reference.range_of(method, "RGB"))
                reference.check_codes(found, codes, 1e-9)


@pytest.fixture(scope="module", autouse=True)
def _tell_what_was_walked():
    yield
    tell("walked", f"test_numbers: {len(FORMATS)} formats x {len(METHODS)} methods x {len(SCOPES)} scopes x "
         f"{len(KINDS)} outputs x {len(SIZES)} sizes: " +
         ", ".join(f"{count} {what}" for what, count in walked.items()))
