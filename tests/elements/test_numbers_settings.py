# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the properties of pixelnorm do to the numbers: floors, ranges, fixed values, ties, dark frames, dead samples.

The expected numbers are numpy's (pixel_reference.py). Ties must go to the even code, or to the lower one where a step
is one code value; ties of decimal settings (2/255) too, since the library takes what is within 1e-9 of a half for one.
"""
import numpy as np
import pytest

import pixel_reference as reference
from pixel_reference import channels_of
from pixel_streams import TENSORS, VIDEO, Gst, Refused, collect, normalize_frames
from reports import tell

SEED = 20240823
NAMES = ["BGRx", "GBR", "GRAY8"]
WIDTH, HEIGHT = 11, 6
SHAPE = (HEIGHT, WIDTH)
WITH_PROFILE = [m for m in reference.METHODS if m != "fixed"]
FLOORED = [m for m in WITH_PROFILE if m != "center"]  # those that divide by what may be 0
SCOPES = ["pixel", "channel", "global"]
walked = {"combinations": 0}


def methods_of(scope):
    return [m for m in WITH_PROFILE if reference.allowed(m, scope)]


def ramps(n_channels):
    start = np.arange(HEIGHT * WIDTH * n_channels).reshape(*SHAPE, n_channels)
    return ((start * 29 + np.arange(256)[:, None, None, None]) % 256).astype(np.uint8)


def training_frames(channels):
    """Samples that never vary, that vary by one code, by a few, and by all."""
    random = np.random.default_rng(SEED)
    shape = (*SHAPE, len(channels))
    base, reach = random.integers(0, 256, shape), random.choice([0, 0, 1, 3, 20, 255], shape)
    return np.clip(base + random.integers(-reach, reach + 1, (9, *shape)), 0, 255).astype(np.uint8)


def dark_frames(channels):
    """Not the same in any two pixels; some as bright as the light frames, as in a dead sensor element."""
    random = np.random.default_rng(SEED + 1)
    frames = random.integers(0, 20, (5, *SHAPE, len(channels)))
    dead = random.random((*SHAPE, len(channels))) < 0.1
    return np.where(dead, training_frames(channels)[:5], frames).astype(np.uint8)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """files[name, "light" | "dark" | "dark channels"]"""
    directory = tmp_path_factory.mktemp("profiles")
    found = {}
    for name in NAMES:
        channels = channels_of(name)
        for what, frames, scope in [("light", training_frames(channels), "pixel"),
                                    ("dark", dark_frames(channels), "pixel"),
                                    ("dark channels", dark_frames(channels), "channel")]:
            path = directory / f"{name}-{what.replace(' ', '-')}.safetensors"
            found[name, what] = collect(path, name, frames, scope=scope, histogram="true")
    return found


def run_both(name, frames, method, scope, moments=None, dark=None, tie=None, kinds=(TENSORS, VIDEO), **settings):
    """Both outputs against the reference; settings that name files are the element's only."""
    channels = channels_of(name)
    numbers = {key: value for key, value in settings.items() if not key.endswith("location")}
    y = reference.values(method, scope, frames, moments, dark, **numbers)
    random = np.random.default_rng(SEED + 2)
    for kind in kinds:
        found = normalize_frames(kind, name, frames, random, method=method, scope=scope, **settings)
        if kind == TENSORS:
            reference.check_values(found, y)
        else:
            codes = reference.codes_before_rounding(y, *reference.range_of(method, channels, **numbers))
            reference.check_codes(found, codes, tie or reference.tie_of(method, scope))
        walked["combinations"] += 1


# --- floors

@pytest.mark.parametrize("floor, epsilon", [(1, 0), (0.25, 0), (7.5, 0), (1, 30), (0, 1e-3), (0, 4), (1e-6, 0),
                                            (0, 1e-12), (0.5, 1e4)])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", NAMES)
def test_floors(name, scope, floor, epsilon, files):
    channels = channels_of(name)
    for method in methods_of(scope):
        if floor == 0 and method in FLOORED and method != "zscore":
            continue  # refused: see below
        run_both(name, ramps(len(channels)), method, scope, reference.moments_of(training_frames(channels)),
                 location=files[name, "light"], min_deviation=float(floor), epsilon=float(epsilon))


@pytest.mark.parametrize("method", FLOORED)
def test_no_floor_is_refused(method, files):
    """min-deviation and epsilon not both 0; epsilon is zscore's alone."""
    for epsilon in [0.0] if method == "zscore" else [0.0, 1.0]:
        with pytest.raises(Refused) as refused:
            normalize_frames(TENSORS, "BGRx", ramps(3)[:1], np.random.default_rng(SEED), method=method,
                             location=files["BGRx", "light"], min_deviation=0.0, epsilon=epsilon)
        assert (refused.value.domain, refused.value.code) == ("gst-resource-error-quark",
                                                              Gst.ResourceError.SETTINGS)


@pytest.mark.parametrize("method, scope", [(m, s) for m in WITH_PROFILE for s in SCOPES if reference.allowed(m, s)])
@pytest.mark.parametrize("value", [0, 1, 77, 128, 254, 255])
def test_samples_that_never_varied(value, method, scope, tmp_path):
    """A profile of constant frames: finite numbers everywhere, 0 or the floor's quotient."""
    trained = np.full((4, *SHAPE, 3), value, np.uint8)
    path = collect(tmp_path / "p.safetensors", "RGB", trained, histogram="true")
    for floor in [1.0, 1e-6]:
        run_both("RGB", ramps(3), method, scope, reference.moments_of(trained), location=path,
                 min_deviation=floor)


# --- ranges

RANGES = [(-1, 1), (3, -3), (0, 1), (-0.1, 0.1), (-300, 300), (5, 0), (2, 2.5)]


@pytest.mark.parametrize("low, high", RANGES)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", NAMES)
def test_ranges(name, scope, low, high, files):
    """Also reversed: high codes are low values then. Floor .5, so that samples that never varied are steep."""
    channels = channels_of(name)
    for method in methods_of(scope):
        run_both(name, ramps(len(channels)), method, scope, reference.moments_of(training_frames(channels)),
                 kinds=[VIDEO], location=files[name, "light"], min_deviation=0.5, range_low=float(low),
                 range_high=float(high))


@pytest.mark.parametrize("low, high", [(0, 1e-3), (1e-3, 0), (0.25, 0.2500011)])
@pytest.mark.parametrize("scope", SCOPES)
def test_narrow_ranges_are_thresholds(scope, low, high, files):
    """A step between two codes is 0 below and 255 above, however steep."""
    for method in methods_of(scope):
        run_both("BGRx", ramps(3), method, scope, reference.moments_of(training_frames("RGB")), kinds=[VIDEO],
                 location=files["BGRx", "light"], range_low=float(low), range_high=float(high))


@pytest.mark.parametrize("low, high", [(40, 41), (-90, -88.5), (100, 99)])
@pytest.mark.parametrize("scope", SCOPES)
def test_ranges_far_from_the_mean(scope, low, high, files):
    """Far from 0 the affine is a difference of large numbers; the codes must not feel it."""
    for method in methods_of(scope):
        run_both("BGRx", ramps(3), method, scope, reference.moments_of(training_frames("RGB")), kinds=[VIDEO],
                 location=files["BGRx", "light"], range_low=float(low), range_high=float(high))


# --- fixed values

FIXED = [{}, {"mean": [0.0], "std": [255.0]}, {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
         {"mean": [104.0, 117.0, 123.0], "std": [1.0]}, {"mean": [127.5], "std": [128.0, 64.25, 3.0]},
         {"mean": [-40.0], "std": [10.0]}, {"mean": [300.0, 0.0, 1e6], "std": [0.001, 1.0, 1e6]},
         {"mean": [0.5], "std": [0.0039], "units": "unit"}]


@pytest.mark.parametrize("given", FIXED, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_fixed(name, given, files):
    channels = channels_of(name)
    if channels == "Y" and max(len(given.get(key, [0])) for key in ("mean", "std")) > 1:
        with pytest.raises(Refused):
            normalize_frames(TENSORS, name, ramps(1)[:1], np.random.default_rng(0), method="fixed", **given)
        return
    for bounds in [{}, {"range_low": -1.0, "range_high": 1.0}, {"range_low": 2.5, "range_high": -2.5}]:
        run_both(name, ramps(len(channels)), "fixed", "pixel", **given, **bounds)
    run_both(name, ramps(len(channels)), "fixed", "pixel", location=files[name, "light"], **given)


def test_torchvision(tmp_path):
    """ToTensor then Normalize, as torchvision has it: (x / 255 - mean) / std."""
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    frames = ramps(3)
    found = normalize_frames(TENSORS, "BGR", frames, np.random.default_rng(SEED), method="fixed", mean=mean, std=std,
                             units="unit")
    reference.check_values(found, (frames / 255 - np.array(mean)) / np.array(std))


# --- ties

@pytest.mark.parametrize("given, offset", [
    ({"mean": [0.5], "std": [1.0], "range_low": 0.0, "range_high": 255.0}, -0.5),
    ({"mean": [-0.5], "std": [1.0], "range_low": 0.0, "range_high": 255.0}, 0.5),
    ({"range_low": -254 / 255, "range_high": 256 / 255}, -0.5),
    ({"range_low": -256 / 255, "range_high": 254 / 255}, 0.5),
    ({"mean": [0.5], "std": [0.5], "units": "unit", "range_low": -254 / 255, "range_high": 256 / 255}, -0.5)])
@pytest.mark.parametrize("name", ["RGB", "BGRx", "GRAY8"])
def test_ties_at_every_code_go_down(name, given, offset):
    """(x - 127.5) / 127.5 at scale 2/255 and the like: half a code off at every code. To even they would come in pairs."""
    frames = ramps(len(channels_of(name)))
    found = normalize_frames(VIDEO, name, frames, np.random.default_rng(SEED), method="fixed", **given)
    twice = 2 * frames.astype(int) + int(2 * offset)  # an odd integer: the exact code times two
    assert (found == np.clip(twice // 2, 0, 255)).all()


@pytest.mark.parametrize("low", [0, -100])
@pytest.mark.parametrize("mean", [0, 5, 250])
def test_ties_of_fractions(mean, low):
    """(x - mean) / n: ties at steps that no binary fraction has, which go to even; rounded here in integers. Float32 alone fails."""
    frames = ramps(1)
    for n in [2, 6, 10, 14, 18, 22, 26, 38, 50, 94]:
        found = normalize_frames(VIDEO, "GRAY8", frames, np.random.default_rng(SEED), method="fixed",
                                 mean=[float(mean)], std=[float(n)], range_low=float(low), range_high=low + 255.0)
        whole, rest = np.divmod(frames.astype(int) - mean - low * n, n)
        up = (2 * rest > n) | ((2 * rest == n) & (whole % 2 == 1))
        assert (found == np.clip(whole + up, 0, 255)).all(), n


@pytest.mark.parametrize("scope", ["channel", "global"])
def test_ties_of_a_profile(scope, tmp_path):
    """center with a mean of 127.5, min-max with a middle of 127.5: again every code is a tie."""
    frames = ramps(3)
    path = collect(tmp_path / "p.safetensors", "RGB", frames)
    for method, low, high in [("center", -127.0, 128.0), ("min-max", -254 / 255, 256 / 255)]:
        found = normalize_frames(VIDEO, "RGB", frames, np.random.default_rng(SEED), method=method, scope=scope,
                                 location=path, range_low=low, range_high=high)
        assert (found == np.clip(frames.astype(int) - 1, 0, 255)).all()


# --- flat field

@pytest.mark.parametrize("floor", [1.0, 0.05, 1e-3, 1e-6])
@pytest.mark.parametrize("what", [None, "dark", "dark channels"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", NAMES)
def test_flat_field(name, scope, what, floor, files):
    """Without dark frames, with those of pixels, with those of channels; dead samples too."""
    channels = channels_of(name)
    settings = {"location": files[name, "light"], "min_deviation": floor}
    dark = None
    if what:
        settings["dark-location"] = files[name, what]
        dark = reference.moments_of(dark_frames(channels))
        dark = dark.scope("channel") if what == "dark channels" else dark
    run_both(name, ramps(len(channels)), "flat-field", scope, reference.moments_of(training_frames(channels)),
             dark, **settings)


def test_flat_field_evens_out(tmp_path):
    """What it is for: the mean image comes out flat, at the channel's mean."""
    random = np.random.default_rng(SEED)
    light = random.integers(100, 220, (1, *SHAPE, 3)).astype(np.uint8)
    dark = random.integers(0, 10, (1, *SHAPE, 3)).astype(np.uint8)
    paths = {"location": collect(tmp_path / "l.safetensors", "RGB", light),
             "dark-location": collect(tmp_path / "d.safetensors", "RGB", dark)}
    found = normalize_frames(TENSORS, "RGB", light, random, method="flat-field", **paths)
    expected = (light.astype(float) - dark).mean(axis=(0, 1, 2))
    reference.check_values(found, np.broadcast_to(expected, found.shape))
    assert (normalize_frames(TENSORS, "RGB", dark, random, method="flat-field", **paths) == 0).all()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("brighter", [0, 1, 90])
def test_dark_frames_as_bright_as_light(brighter, scope, tmp_path):
    """A lens that stayed covered: the gain is 0 or less, and the numbers are finite all the same."""
    dark = np.clip(training_frames("RGB")[:5], 100, 255)
    light = dark - np.uint8(brighter)
    paths = {"location": collect(tmp_path / "l.safetensors", "RGB", light),
             "dark-location": collect(tmp_path / "d.safetensors", "RGB", dark)}
    for bounds in [{}, {"range_low": -40.0, "range_high": 40.0}]:
        run_both("RGB", ramps(3), "flat-field", scope, reference.moments_of(light), reference.moments_of(dark),
                 **paths, **bounds)


@pytest.fixture(scope="module", autouse=True)
def _tell_what_was_walked():
    yield
    tell("walked", f"test_numbers_settings: {walked['combinations']} combinations of settings and outputs")
