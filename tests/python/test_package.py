# SPDX-License-Identifier: LGPL-2.1-or-later
"""The package pixelnorm on its own: statistics of the frames themselves, the way back, profiles of every form, what it
refuses, installing it. Expected numbers are numpy's in float64, or the library's where it is asked by introspection.
"""
import io
import json
import os
import pathlib
import pickle
import re
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest

import pixelnorm
import pixelnorm.graft
import profile_bytes
from package_help import GOOD, PYTHON, SIZED, frames_of, profile_of, refused
from reports import want
from pixelnorm import Normalizer, Profile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SEEDS = sorted((SOURCE / "tests" / "fuzz" / "seeds" / "profile").glob("*.safetensors"))
OF_FRAMES = ["zscore", "center", "mean-range", "min-max"]


# --- profiles

@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_profiles_of_every_form(path):
    """Images and statistics are the library's."""
    gi = pytest.importorskip("gi")
    gi.require_version("Pixelnorm", "1.0")
    from gi.repository import Pixelnorm

    ours, theirs = Profile.load(path), Pixelnorm.Profile.load(str(path))
    assert (ours.width, ours.height, ours.channels, ours.depth, ours.frames, ours.identity) == (
        theirs.get_width(), theirs.get_height(), theirs.get_channels(), theirs.get_depth(), theirs.get_frames(),
        theirs.get_identity())
    shape = ours.height or 1, ours.width or 1, len(ours.channels)
    for found, image in [(ours.mean(), "MEAN"), (ours.std(), "STD"), (ours.dynamic_range(), "RANGE")]:
        expected = np.frombuffer(theirs.get_image(getattr(Pixelnorm.Image, image)).get_data()).reshape(shape)
        assert found.dtype == float and np.array_equal(found, expected), image
    for channel in range(len(ours.channels)):
        found, expected = ours.pooled(channel), theirs.get_statistics(channel)
        assert (found.mean, np.sqrt(found.variance), found.min, found.max) == (
            expected.mean, expected.std, expected.min, expected.max)
        assert float(found.count) == expected.count
    if "histogram" in ours.arrays:
        for percent in [0, 1, 12.5, 50, 99.9, 100]:
            _, expected = theirs.get_percentile(0, percent)
            assert pixelnorm.moments.percentile(ours.histogram(0), percent) == expected


def test_there_are_profiles_of_every_form():
    assert len(SEEDS) >= 15
    forms = [Profile.load(path) for path in SEEDS]
    assert {p.scope for p in forms} == {"pixel", "channel"} and {p.depth for p in forms} >= {8, 10, 16}
    assert any(p.subsampling for p in forms) and any("sum_squares_high" in p.arrays for p in forms)


def changed(change):
    words, arrays = profile_bytes.pixel_profile(frames_of(), "RGB", 8)
    words, arrays = change(dict(words), dict(arrays)) or (words, arrays)
    return profile_bytes.build(words, arrays)


DAMAGED = {
    "nothing": (b"", "not a safetensors file"),
    "text": (b"a text that is no profile, but long enough", "not a safetensors file"),
    "half": (GOOD[:len(GOOD) // 2], "damaged"),
    "too long": (GOOD + b"x", "cover"),
    "a bit": (GOOD[:-3] + bytes([GOOD[-3] ^ 1]) + GOOD[-2:], "digest"),
    "version 2": (changed(lambda w, a: ({**w, "pixelnorm.version": "2.0"}, a)), "version 2.0"),
    "no version": (changed(lambda w, a: ({k: v for k, v in w.items() if k != "pixelnorm.version"}, a)), "other software"),
    "width": (changed(lambda w, a: ({**w, "width": "-1"}, a)), "width"),
    "another width": (changed(lambda w, a: ({**w, "width": "8"}, a)), "shape"),
    "no minimum": (changed(lambda w, a: (w, {k: v for k, v in a.items() if k != "min"})), '"min" is missing'),
    "no frames": (changed(lambda w, a: (w, {**a, "frames": np.array([0], "u8")})), "frames"),
    "one more": (changed(lambda w, a: (w, {**a, "median": a["min"]})), "median"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_files(what, tmp_path):
    data, words = DAMAGED[what]
    path = tmp_path / "p.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=words) as raised:
        Profile.load(path)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_without_xxhash(monkeypatch):
    """A digest is verified all the same."""
    monkeypatch.setitem(sys.modules, "xxhash", None)
    assert Profile.parse(GOOD).verified
    with pytest.raises(ValueError, match="digest"):
        Profile.parse(GOOD[:-1] + bytes([GOOD[-1] ^ 1]))


def test_no_such_file():
    with pytest.raises(OSError):
        Profile.load("/nowhere/at/all")


# --- statistics of the frames themselves

def expected_of(frames, method, axes, floor, epsilon):
    x = frames.astype(float)
    mean, low, high = [f(axis=axes, keepdims=True) for f in (x.mean, x.min, x.max)]
    half = np.maximum((high - low) / 2, floor)
    return {"center": lambda: x - mean, "mean-range": lambda: (x - mean) / half,
            "min-max": lambda: (x - (low + high) / 2) / half,
            "zscore": lambda: (x - mean) / np.maximum(np.sqrt(x.var(axis=axes, keepdims=True) + epsilon), floor)}[method]()


@pytest.mark.parametrize("depth", [8, 12, 16])
@pytest.mark.parametrize("scope", ["channel", "global"])
@pytest.mark.parametrize("method", OF_FRAMES)
def test_statistics_of_frames(method, scope, depth):
    """frame: every frame its own; batch: those of all together, biased variance."""
    frames = frames_of(depth)
    given = {"method": method, "scope": scope, "depth": depth, "min_deviation": .5, "epsilon": 3.0}
    floor = .5
    for statistics, axes in [("frame", (1, 2)), ("batch", (0, 1, 2))]:
        axes = axes + (3,) if scope == "global" else axes
        y = expected_of(frames, method, axes, floor, 3.0)
        normalize = Normalizer(statistics=statistics, **given)
        found = normalize(frames)
        assert (np.abs(found - y) <= 1e-6 * np.maximum(1, np.abs(y))).all()
        if statistics == "frame":
            assert all(np.array_equal(normalize(frame), whole) for frame, whole in zip(frames, found))
        else:
            assert np.array_equal(normalize.denormalize(found, normalize.coefficients(frames)), frames)


def test_statistics_of_frames_as_8_bits():
    """The exact code of every sample: here of float64, which no sample is near a tie of."""
    frames = frames_of()
    y = expected_of(frames, "zscore", (1, 2), 1, 0)
    codes = (y + 4) * 255 / (127 / 32 + 4)
    assert np.abs(codes - np.floor(codes) - .5).min() > 1e-6
    found = Normalizer(scope="channel", statistics="frame", output="video")(frames)
    assert np.array_equal(found, np.clip(np.rint(codes), 0, 255))


# --- the way back

@pytest.mark.parametrize("layout, order", [("nhwc", "rgb"), ("nchw", "bgr")])
@pytest.mark.parametrize("depth", [8, 10, 16])
@pytest.mark.parametrize("method, scope", [(m, s) for m in pixelnorm.settings.METHODS for s in ["pixel", "channel"]
                                           if (m, s) != ("percentile", "pixel")])
def test_there_and_back(method, scope, depth, layout, order):
    frames = frames_of(depth)
    normalize = Normalizer(profile_of(frames, depth=depth), method=method, scope=scope, layout=layout, gamma=[2, 3, -1],
                           beta=.25, channel_order=order, **({"depth": depth} if method == "fixed" else {}))
    found = normalize(frames)
    assert found.shape == ((6, 3, 5, 9) if layout == "nchw" else (6, 5, 9, 3))
    back = normalize.denormalize(found)
    assert back.dtype == frames.dtype and np.array_equal(back, frames)


def test_back_from_codes():
    """A step of the code is a third of a code value, and nothing is saturated: every sample comes back."""
    frames = frames_of()
    for output in ["int8", "uint8", "video"]:
        normalize = Normalizer(profile_of(frames), method="center", output=output, range_low=-40, range_high=40)
        assert np.abs(frames - frames.mean(0)).max() < 39
        assert np.array_equal(normalize.denormalize(normalize(frames)), frames)


def test_quantization():
    """By its own words: y is (code - zero_point) * scale within half a step, or saturated."""
    frames = frames_of()
    exact = Normalizer(profile_of(frames))(frames)
    for output, low, high in [("int8", -128, 127), ("uint8", 0, 255)]:
        for given in [{}, {"quant_scale": .01, "quant_zero_point": 7}]:
            normalize = Normalizer(profile_of(frames), output=output, **given)
            scale, zero_point = normalize.quantization()
            if given:
                assert (scale, zero_point) == (.01, 7)
            expected = np.clip(exact, (low - zero_point) * scale, (high - zero_point) * scale)
            found = (normalize(frames).astype(float) - zero_point) * scale
            assert np.abs(found - expected).max() <= scale / 2 + 1e-4 * scale


def codes_of(normalize, n_channels):
    """What all 256 code values become, [256, C]."""
    return normalize(np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(n_channels, -1))[0].astype(int)


def check_apart(normalize, y, in_range):
    """Codes of results y [256, C]: within half a step, nothing lost at the ends, so apart and back again where a step is at most
    one code value."""
    scale, zero_point = normalize.quantization()
    codes = codes_of(normalize, y.shape[1])
    assert (np.abs((codes - zero_point) * scale - y) <= scale / 2 * (1 + 1e-9))[in_range].all()
    back = normalize.denormalize(codes[None])[0]
    for c in np.flatnonzero(np.diff(y, axis=0)[0] >= scale * (1 - 1e-9)):
        x = np.flatnonzero(in_range[:, c])
        assert len(np.unique(codes[x, c])) == len(x) and np.array_equal(back[x, c], x)
    return scale


@pytest.mark.parametrize("output", ["int8", "uint8"])
@pytest.mark.parametrize("mean, std", [
    ([127.5], [127.5]), ([126.5], [1]), ([0], [255]), ([123.675], [58.395]), ([255], [3]), ([0.5], [7]),
    ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]), ([104, 117, 123], [1]), ([127.5, 127, 99.5], [2]), ([-100], [1]),
    ([300, 127.5, 1e4], [1])], ids=str)
def test_codes_of_fixed(mean, std, output):
    """All results are in range. The step is that of the widest range of channels and 0; of one channel that reaches 0 one code
    value."""
    y = (np.arange(256)[:, None] - np.array(mean)) / np.array(std)
    scale = check_apart(Normalizer(method="fixed", mean=mean, std=std, output=output), y, np.full(y.shape, True))
    assert scale == pytest.approx((max(y.max(), 0) - min(y.min(), 0)) / 255, rel=1e-12)


@pytest.mark.parametrize("output", ["int8", "uint8"])
@pytest.mark.parametrize("scope", ["channel", "global"])
@pytest.mark.parametrize("method", ["zscore", "mean-range", "min-max", "percentile", "center"])
@pytest.mark.parametrize("values", [[(0, 255)], [(63, 192)], [(0, 81)], [(96, 160)], [(9, 246)], [(100, 101)], [(0, 255), (63, 192), (20, 90)],
                                    [(0, 129), (100, 230), (1, 254)], [(35, 36), (7, 240), (99, 100)]], ids=str)
def test_codes_of_a_profile(values, method, scope, output):
    """Channels of two values, half of either. Where the method's range has more than a step a code value, it is cut to what samples
    reach: -4 to 127/32 deviations of 127.5 are 1016 code values, of which there are 256."""
    pairs = np.array(values)
    frames = np.broadcast_to(pairs.T[:, None, None], (2, 3, 4, len(values))).astype(np.uint8)
    profile = profile_of(frames, "RGB" if len(values) == 3 else "Y")
    pooled = pairs if scope == "channel" else np.broadcast_to([[pairs.min(), pairs.max()]], pairs.shape)
    mean, half = pairs.mean(1), (pooled[:, 1] - pooled[:, 0]) / 2
    deviation = (pairs[:, 1] - pairs[:, 0]) / 2
    if scope == "global":
        deviation = np.full(len(values), pairs.std())
        mean = np.full(len(values), pairs.mean())
    middle, divisor = {"zscore": (mean, deviation), "mean-range": (mean, half), "center": (mean, half * 0 + 1),
                       "min-max": (pooled.mean(1), half), "percentile": (pooled.mean(1), half)}[method]
    divisor = np.maximum(divisor, 1)
    y = (np.arange(256)[:, None] - middle) / divisor
    low, high = {"zscore": (-4, 127 / 32), "mean-range": (-2, 127 / 64), "center": (-128, 127)}.get(method, (-128 / 127, 1))
    scale = check_apart(Normalizer(profile, method=method, scope=scope, output=output), y, (y >= low) & (y <= high))
    reached = (min(high, max(y.max(), 0)) - max(low, min(y.min(), 0))) / 255
    assert scale == pytest.approx(min((high - low) / 255, max(reached, 1 / divisor.max())), rel=1e-8)


# --- gamma and beta that were learned

@pytest.mark.parametrize("gamma, beta", [(SIZED, None), (None, SIZED), (SIZED, [1, 2, 3]), ([2], SIZED), ([1, 2, 3], [.5])])
@pytest.mark.parametrize("method, scope", [("zscore", "pixel"), ("min-max", "channel"), ("fixed", "pixel")])
def test_learned(method, scope, gamma, beta):
    """Against float64; the settings' own come after; there and back."""
    frames = frames_of()
    given = {"method": method, "scope": scope}
    affine = {name: np.asarray(values) for name, values in [("gamma", gamma), ("beta", beta)] if values is not None}
    y = Normalizer(profile_of(frames), **given)(frames).astype(float)
    learned = y * (1 if gamma is None else affine["gamma"]) + (0 if beta is None else affine["beta"])
    for own, expected in [({}, learned), ({"gamma": -2, "beta": [.1, .2, .3]}, learned * -2 + [.1, .2, .3])]:
        normalize = Normalizer(profile_of(frames), affine=affine, **given, **own)
        found = normalize(frames)
        assert (np.abs(found - expected) <= 2e-6 * np.maximum(1, np.abs(expected)) + 2e-6 * np.abs(y)).all()
        assert np.array_equal(normalize.denormalize(found), frames)


def test_learned_of_a_file(tmp_path):
    """As the package safetensors writes it, and torch's tensors go in as they are."""
    safetensors = want("safetensors.numpy")
    path = str(tmp_path / "affine.safetensors")
    arrays = {"gamma": SIZED.astype("f4"), "beta": np.float64([1, 2, 3])}
    safetensors.save_file(arrays, path)
    assert np.array_equal(Normalizer(PROFILE, affine=path)(RGB), Normalizer(PROFILE, affine=arrays)(RGB))


# --- torch

class Frames:
    """A Dataset, as torch wants it."""

    def __init__(self, frames, transform):
        self.frames, self.transform = frames, transform

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, i):
        return self.transform(self.frames[i])


def test_transform():
    torch = want("torch")
    frames = frames_of()
    transform = pixelnorm.transforms.Normalize(profile_of(frames), method="min-max")
    expected = np.moveaxis(Normalizer(profile_of(frames), method="min-max")(frames), -1, 1)
    for images in [frames, torch.from_numpy(np.moveaxis(frames, -1, 1).copy())]:
        assert np.array_equal(transform(images).numpy(), expected)
        single = transform(images[0])
        assert single.dtype == torch.float32 and tuple(single.shape) == (3, 5, 9) and single.is_contiguous()
        assert np.array_equal(single.numpy(), expected[0])
    for workers in [0, 2]:
        loader = torch.utils.data.DataLoader(Frames(frames, transform), batch_size=4, num_workers=workers)
        assert np.array_equal(torch.cat(list(loader)).numpy(), expected)
    spawned = torch.utils.data.DataLoader(Frames(frames, transform), batch_size=6, num_workers=1,
                                          multiprocessing_context="spawn")
    assert np.array_equal(next(iter(spawned)).numpy(), expected)


def test_transform_of_pictures():
    want("torch")
    from PIL import Image
    colour, grey = frames_of(), frames_of(channels=1)
    for image, profile, frame in [(Image.fromarray(colour[0]), profile_of(colour), colour[0]),
                                  (Image.fromarray(grey[0, ..., 0]), profile_of(grey, "Y"), grey[0])]:
        file = io.BytesIO()
        image.save(file, "png")
        found = pixelnorm.transforms.Normalize(profile)(Image.open(file))
        assert np.array_equal(found.numpy(), np.moveaxis(Normalizer(profile)(frame), -1, 0))
    with pytest.raises(ValueError, match="mode"):
        pixelnorm.transforms.Normalize(profile_of(colour))(Image.fromarray(colour[0]).convert("RGBA"))


def test_torchvision_says_the_same():
    """Its Normalize after a division by 255, within float32; here in numpy, as torchvision documents it."""
    torch = want("torch")
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    frames = frames_of()
    found = pixelnorm.transforms.Normalize(method="fixed", units="unit", mean=mean, std=std)(frames)
    unit = torch.from_numpy(np.moveaxis(frames, -1, 1).copy()).to(torch.float64) / 255
    expected = (unit - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    assert (found - expected).abs().max() < 1e-6


def test_pickling():
    """What has been used and what has not; and the profile goes with it."""
    frames = frames_of()
    transform = pixelnorm.transforms.Normalize(profile_of(frames))
    before = pickle.loads(pickle.dumps(transform))
    expected = transform.normalizer(frames)
    for other in [before, pickle.loads(pickle.dumps(transform))]:
        assert np.array_equal(other.normalizer(frames), expected)


# --- what is refused

RGB, GREY = frames_of(), frames_of(channels=1)
PROFILE = profile_of(RGB)
OF_CHANNELS = Profile.parse(profile_bytes.build(*profile_bytes.channel_profile(list(RGB), "RGB", 8)))
DEEP = profile_of(frames_of(10), depth=10)
NAN = float("nan")
REFUSED = {
    "no profile": (lambda: Normalizer(), "pixelstats"),
    "method": (lambda: Normalizer(PROFILE, method="z-score"), "zscore"),
    "scope": (lambda: Normalizer(PROFILE, scope="image"), "pixel, channel, global"),
    "running": (lambda: Normalizer(PROFILE, statistics="running"), "profile, frame, batch"),
    "pixels of channels": (lambda: Normalizer(OF_CHANNELS), "scope"),
    "floor": (lambda: Normalizer(PROFILE, min_deviation=0), "min_deviation"),
    "floor of min-max": (lambda: Normalizer(PROFILE, method="min-max", min_deviation=0, epsilon=1), "min_deviation"),
    "floor is no number": (lambda: Normalizer(PROFILE, min_deviation=NAN), "min_deviation is nan"),
    "epsilon": (lambda: Normalizer(PROFILE, epsilon=-1), "epsilon is -1"),
    "std 0": (lambda: Normalizer(method="fixed", std=0), "std is 0"),
    "two means": (lambda: Normalizer(method="fixed", mean=[1, 2]), "2 values"),
    "mean of words": (lambda: Normalizer(method="fixed", mean="black"), "black"),
    "gamma is no number": (lambda: Normalizer(PROFILE, gamma=[1, NAN, 1]), "gamma is nan"),
    "clip": (lambda: Normalizer(PROFILE, clip_low=1, clip_high=0), "clip_low is 1"),
    "clip is nothing": (lambda: Normalizer(PROFILE, clip_high=float("nan")), "clip_high is nan; it must be a number"),
    "range": (lambda: Normalizer(PROFILE, range_low=1, range_high=1 + 1e-9), "apart"),
    "step": (lambda: Normalizer(PROFILE, output="int8", quant_scale=-1), "quant_scale is -1; it must lie within 1e-06 and .*, or be 0, the default"),
    "zero-point": (lambda: Normalizer(PROFILE, output="int8", quant_scale=1, quant_zero_point=200), "-128 to 127"),
    "zero-point alone": (lambda: Normalizer(PROFILE, quant_zero_point=3), "Set quant_scale"),
    "zero-point beyond": (lambda: Normalizer(PROFILE, quant_scale=1, quant_zero_point=256), "within -128 and 255"),
    "zero-point of a half": (lambda: Normalizer(PROFILE, quant_scale=1, quant_zero_point=.5), "whole number"),
    "percentiles of pixels": (lambda: Normalizer(PROFILE, method="percentile"), "scope"),
    "percentiles": (lambda: Normalizer(PROFILE, method="percentile", scope="channel", percentile_low=99), "first"),
    "no histogram": (lambda: Normalizer(OF_CHANNELS, method="percentile", scope="channel"), "histogram=true"),
    "depth": (lambda: Normalizer(PROFILE, depth=10), "10"),
    "no depth": (lambda: Normalizer(method="fixed", depth=32), "8 to 16"),
    "dark of other frames": (lambda: Normalizer(PROFILE, method="flat-field", dark=profile_of(GREY, "Y")), "channels"),
    "dark of another size": (lambda: Normalizer(PROFILE, method="flat-field", dark=profile_of(RGB[:, :2])), "height"),
    "frames of pixels": (lambda: Normalizer(statistics="frame"), "scope"),
    "frames of another method": (lambda: Normalizer(PROFILE, statistics="frame", method="fixed"), "zscore"),
    "float frames": (lambda: Normalizer(PROFILE)(RGB / 255), "float64"),
    "a row": (lambda: Normalizer(PROFILE)(RGB[0, 0]), "shape"),
    "channels first": (lambda: Normalizer(PROFILE)(np.moveaxis(RGB, -1, 1)), "shape"),
    "grey": (lambda: Normalizer(PROFILE)(GREY), "channels"),
    "another size": (lambda: Normalizer(PROFILE)(RGB[:, :-1]), "profile is 9x5, the frames are 9x4"),
    "16 bits": (lambda: Normalizer(PROFILE)(RGB.astype(np.uint16)), "8 bits"),
    "8 bits": (lambda: Normalizer(DEEP)(RGB), "10 bits"),
    "stored high": (lambda: Normalizer(DEEP)(np.full(RGB.shape, 1024, np.uint16)), "1024"),
    "three means for grey": (lambda: Normalizer(method="fixed", mean=[1, 2, 3])(GREY), "mean has 3"),
    "learned nothing": (lambda: Normalizer(PROFILE, affine={}), "gamma, beta, or both"),
    "learned another": (lambda: Normalizer(PROFILE, affine={"weight": [1]}), "weight"),
    "learned planes": (lambda: Normalizer(PROFILE, affine={"gamma": np.ones((3, 5, 9))}), "channels last"),
    "learned another size": (lambda: Normalizer(PROFILE, affine={"gamma": np.ones((9, 5, 3))}), "Another size"),
    "learned grey": (lambda: Normalizer(PROFILE, affine={"gamma": np.ones((5, 9, 1))}), "1 channels"),
    "learned two": (lambda: Normalizer(PROFILE, affine={"gamma": SIZED, "beta": SIZED[:2]}), "same size"),
    "learned no number": (lambda: Normalizer(PROFILE, affine={"beta": [NAN]}), "beta holds nan"),
    "learned for other frames": (lambda: Normalizer(method="fixed", affine={"beta": SIZED})(RGB[:, :2]), "9x5"),
    "learned of no file": (lambda: Normalizer(PROFILE, affine=SEEDS[0]), '"dtype" is U'),
    "back from gamma 0": (lambda: Normalizer(PROFILE, gamma=0).denormalize(RGB), "gamma is 0"),
    "back without frames": (lambda: Normalizer(statistics="batch", scope="channel").denormalize(RGB), "give them"),
    "back from another size": (lambda: Normalizer(PROFILE).denormalize(RGB[:, :2]), "Another size"),
    "quantization of floats": (lambda: Normalizer(PROFILE).quantization(), "int8"),
    "transform of 8 bits": (lambda: pixelnorm.transforms.Normalize(PROFILE, output="int8"), "float32"),
    "transform of nhwc": (lambda: pixelnorm.transforms.Normalize(PROFILE, layout="nhwc"), "nchw"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    refused(*REFUSED[what])


@pytest.mark.parametrize("name", ["torch", "onnx"])
def test_without_a_package(name, monkeypatch):
    """One sentence that says what to install."""
    calls = {"torch": lambda: pixelnorm.transforms.Normalize(PROFILE)(RGB[0]), "onnx": lambda: pixelnorm.graft.graft(None, Normalizer(PROFILE))}
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"needs the Python package {name}, .*pip install {name}\.$"):
        calls[name]()


@pytest.mark.parametrize("given, words", [
    ({"units": "unit", "mean": [123, 116, 103], "std": [58, 57, 57]}, "mean and std look like code values, .* set units=code."),
    ({"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}, "mean and std look like values for samples of 0 to 1, .* set units=unit."),
    ({"units": "unit", "mean": .5, "std": .5}, None), ({"mean": 0, "std": 1}, None), ({}, None)])
def test_units_that_look_wrong(given, words):
    """As the element warns, and in its words: tests/elements/test_refusals.py has the same values."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Normalizer(method="fixed", **given)
        Normalizer(PROFILE, method="center", **given)  # has no use for them
    assert len(caught) == bool(words) and all(warning.filename == __file__ for warning in caught)
    assert not words or re.fullmatch(words, str(caught[0].message))


def test_words_of_the_element():
    """Warnings of units are those of the element, letter by letter."""
    source = re.sub('"\\s*"', "", (SOURCE / "gst/norm/gstpixelnorm.c").read_text())
    for given in [{"units": "unit", "mean": 123}, {"mean": .485, "std": .229}]:
        with pytest.warns(UserWarning) as caught:
            Normalizer(method="fixed", **given)
        assert str(caught[0].message) in source


def test_settings_stay():
    """One that is set afterwards would have no effect."""
    normalize = Normalizer(PROFILE)
    with pytest.raises(AttributeError, match="make another one, with min_deviation=2"):
        normalize.min_deviation = 2
    with pytest.raises(AttributeError):
        normalize.settings.min_deviation = 2


def test_no_profile_at_all(tmp_path):
    for given in (RGB, 3, b"p.safetensors"):
        with pytest.raises(TypeError, match=f"found {type(given).__name__}"):
            Normalizer(given)
    os.mkfifo(tmp_path / "pipe")
    for read in (Normalizer, lambda path: Normalizer(PROFILE, affine=path)):
        with pytest.raises(OSError, match="not a regular file"):
            read(tmp_path / "pipe")
        with pytest.raises(OSError, match="a directory"):
            read(tmp_path)


@pytest.mark.parametrize("name", ["/proc/kmsg", "/proc/self/pagemap", "/proc/self/mem"])
def test_files_that_do_not_say_how_long_they_are(name, tmp_path):
    """They wait, or have no end; the library takes them for empty, too. In processes of their own, which can be ended."""
    def run(*words):
        return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=30,
                              env={**os.environ, "PYTHONPATH": str(SOURCE / "src/python")})

    good = tmp_path / "good.safetensors"
    good.write_bytes(GOOD)
    for call in ("Normalizer(sys.argv[1])", "Normalizer(sys.argv[2], affine=sys.argv[1])",
                 "Normalizer(sys.argv[2], method='flat-field', dark=sys.argv[1])"):
        done = run("-c", f"import sys; from pixelnorm import Normalizer; {call}", name, good)
        assert f"{name}: Found something that is not a safetensors file. Give" in done.stderr, done.stderr
    done = run("-m", "pixelnorm", "collect", "--jobs=1", "--timeout=20", tmp_path / "out", name)
    assert done.returncode in (1, 3) and f"{name}: The file is empty. Give" in done.stderr, done.stderr
    done = run("-m", "pixelnorm", "collect", "--force", name, good)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr


def test_unknown_setting():
    with pytest.raises(TypeError, match="min_deviaton"):
        Normalizer(PROFILE, min_deviaton=1)


def test_no_frames():
    """None in, none out."""
    for given in [{}, {"scope": "channel", "statistics": "frame"}, {"scope": "channel", "statistics": "batch"}]:
        assert Normalizer(PROFILE, layout="nchw", **given)(RGB[:0]).shape == (0, 3, 5, 9)


def test_frames_are_not_written_to():
    frames = RGB.copy()
    frames.flags.writeable = False
    Normalizer(PROFILE)(frames)
    assert np.array_equal(Normalizer(PROFILE)(RGB[:, ::-1][:, ::-1]), Normalizer(PROFILE)(RGB))


# --- installing

PROGRAM = """
import json, sys
import numpy, pixelnorm
y = pixelnorm.Normalizer(sys.argv[1])(numpy.zeros((5, 9, 3), numpy.uint8))
print(json.dumps([pixelnorm.__version__, pixelnorm.__file__, y.tolist(),
                  sorted(set(sys.modules) & {"torch", "gi", "onnx", "PIL"})]))
"""


@pytest.mark.unsanitized("pip, and a package of numpy alone")
def test_pip_installs_it(tmp_path):
    """As a wheel into a fresh folder; it is imported from there without gi, torch and onnx, and its version is the project's."""
    for needed in ["pip", "setuptools", "wheel"]:
        if subprocess.run([PYTHON, "-c", f"import {needed}"], capture_output=True).returncode:
            pytest.skip(f"the Python package {needed} is not installed")
    plain = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "LD_PRELOAD")}
    source, target, profile = tmp_path / "source", tmp_path / "target", tmp_path / "p.safetensors"
    shutil.copytree(SOURCE / "src" / "python", source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    profile.write_bytes(GOOD)
    pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for words in (["wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", tmp_path, source],
                  ["install", "--no-deps", "--no-index", "--find-links", tmp_path, "--target", target, "pixelnorm"]):
        done = subprocess.run([*pip, *words], capture_output=True, text=True, env=plain)
        assert done.returncode == 0, done.stderr
    done = subprocess.run([PYTHON, "-c", PROGRAM, profile], capture_output=True, text=True, cwd=tmp_path,
                          env={**plain, "PYTHONPATH": str(target)})
    assert done.returncode == 0, done.stderr
    version, file, y, imported = json.loads(done.stdout)
    assert pathlib.Path(file).is_relative_to(target) and imported == []
    assert y == Normalizer(Profile.parse(GOOD))(np.zeros((5, 9, 3), np.uint8)).tolist()
    build = os.environ.get("PIXELNORM_BUILD")
    project = json.loads(subprocess.run(["meson", "introspect", build, "--projectinfo"], check=True, capture_output=True,
                                        text=True, env=plain).stdout)
    assert version == project["version"]
    (told,) = target.glob("*.dist-info")
    lines = (told / "METADATA").read_text().split("\n\n")[0].splitlines()
    needs = [re.sub("[ ()]", "", line) for line in lines if line.startswith("Requires-Dist: ") and "extra ==" not in line]
    assert needs == ["Requires-Dist:numpy>=1.21"]
    assert {"Name: pixelnorm", "Requires-Python: >=3.9", "Author: The authors of gst-pixelnorm"} <= set(lines)
    assert any(line.startswith("Classifier: License :: ") and "LGPLv2+" in line for line in lines)
    (licence,) = told.rglob("LICENSE")
    assert licence.read_bytes() == (SOURCE / "LICENSE").read_bytes()
