# SPDX-License-Identifier: LGPL-2.1-or-later
"""The package pixelnorm against the element, image by image: the same bytes.

Methods, scopes, types of tensors and of results are those of the element's enums, formats one of every family (packed,
planar, grey, YUV, 8 to 16 bits). Layout, channel order and all settings are drawn from a seed that is printed where
something differs. The element's numbers are proven elsewhere, against float64 (tests/elements).
"""
import functools
import itertools
import json
import pathlib
import struct
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:min_deviation=:UserWarning")  # test_floor.py looks at it
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "elements"))

from pixel_reference import Places, channels_of  # noqa: E402
from pixel_streams import DEEP_FORMATS, KINDS, METHODS, PAIRS, DeepPlaces, buffers_of, bytes_of, run, video_caps, words_of  # noqa: E402
from reports import tell  # noqa: E402

import pixelnorm  # noqa: E402

SEED = 20261126
WIDTH, HEIGHT, N = 21, 6, 5
FORMATS = ["RGB", "BGRx", "GBR", "GRAY8", "GRAY16_LE", "RGBA64_BE", "GBR_10LE", "Y444_12LE"]
walked = {"comparisons": 0, "samples": 0}


def depth_of(name):
    return DEEP_FORMATS[name].depth if name in DEEP_FORMATS else 8


def letters_of(name):
    return DEEP_FORMATS[name].channels if name in DEEP_FORMATS else channels_of(name)


def random_of(*words):
    return np.random.default_rng([SEED, *"".join(map(str, words)).encode()])


@functools.lru_cache(None)
def frames_of(name, what="light"):
    """Samples that vary much, little, by one code, or never; those of dark frames are close to black."""
    random, largest = random_of(name, what), 2 ** depth_of(name) - 1
    shape = (HEIGHT, WIDTH, len(letters_of(name)))
    base = random.integers(0, largest // 20 if what == "dark" else largest + 1, shape)
    reach = random.choice([0, 0, 1, largest // 30, largest // 3], shape)
    frames = np.clip(base + random.integers(-reach, reach + 1, (N + 4, *shape)), 0, largest)
    return frames.astype(np.uint8 if largest == 255 else np.uint16)


def buffers(name, frames):
    random = random_of(name, "noise")
    height, width = frames.shape[1:3]
    passengers = random.integers(0, 2 ** depth_of(name), frames.shape[:3])
    if name not in DEEP_FORMATS:
        return buffers_of(Places(name, width, height).pack(frames, passengers, random))
    samples = {letter: frames[..., c] for c, letter in enumerate(letters_of(name))}
    return buffers_of(DeepPlaces(name, width, height).pack(samples, passengers, random))


def collect(path, name, frames, **settings):
    caps = video_caps(name, frames.shape[2], frames.shape[1])
    run(f"appsrc name=in format=time ! pixelstats overwrite=true location={path} {words_of(settings)} ! fakesink sync=false",
        [(caps, buffers(name, frames))])
    return str(path)


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    """profiles(format, what, **settings of pixelstats) -> a file."""
    directory = tmp_path_factory.mktemp("profiles")
    made = {}

    def make(name, what="light", **settings):
        key = (name, what, *settings.items())
        if key not in made:
            made[key] = collect(directory / f"{len(made)}.safetensors", name, frames_of(name, what), histogram="true",
                                **settings)
        return made[key]

    return make


def of_element(name, frames, output, **settings):
    """What the element makes of frames, as the package would return it."""
    layout, n = settings.get("layout", "nhwc"), len(letters_of(name))
    caps = "video/x-raw" if output == "video" else f"other/tensors,types={output}"
    # without a layout the element decides; here each run has one
    words = words_of({"layout": layout, **{key: value for key, value in settings.items() if key != "layout"}})
    samples = run(f"appsrc name=in format=time ! pixelnorm {words} ! {caps} ! appsink name=out sync=false wait-on-eos=false",
                  [(video_caps(name, frames.shape[2], frames.shape[1]), buffers(name, frames))])
    found = np.frombuffer(b"".join(bytes_of(samples)), KINDS[output])
    count, height, width = frames.shape[:3]
    if output != "video":
        return found.reshape((count, n, height, width) if layout == "nchw" else (count, height, width, n))
    if name not in DEEP_FORMATS:
        places = Places(name, width, height)
        return places.unpack(found.reshape(count, places.size))[0]
    places = DeepPlaces(DEEP_FORMATS[name].twin, width, height)
    samples = places.unpack(found.reshape(count, places.size))
    return np.stack([samples[letter] for letter in letters_of(name)], axis=-1)


def spelled(settings):
    """The same for the package: paths of profiles are arguments, and bits of samples that nothing else tells."""
    words = {key.replace("-", "_"): value for key, value in settings.items()}
    return {{"location": "profile", "dark_location": "dark", "affine_location": "affine"}.get(key, key): value for key, value in words.items()}


def same_bytes(found, expected, what):
    assert found.dtype == expected.dtype and found.shape == expected.shape, what
    ours, theirs = [np.ascontiguousarray(a).view(f"u{a.itemsize}") for a in (found, expected)]
    wrong = np.argwhere(ours != theirs)
    assert len(wrong) == 0, (f"{len(wrong)} of {ours.size} differ, seed {SEED}, {what}, first at {wrong[0]}: "
                             f"{found[tuple(wrong[0])]!r} is not {expected[tuple(wrong[0])]!r}")
    walked["comparisons"] += 1
    walked["samples"] += found.size


def compare(name, frames, output, **settings):
    expected = of_element(name, frames, output, **settings)
    depth = {"depth": depth_of(name)} if settings.get("method") == "fixed" else {}
    normalize = pixelnorm.Normalizer(output=output, **depth, **spelled(settings))
    same_bytes(normalize(frames), expected, (name, output, settings))
    same_bytes(normalize(frames[0]), expected[0], (name, output, settings))


def drawn(random, name, method, output):
    """Settings that suit."""
    n = len(letters_of(name))
    largest = 2 ** depth_of(name) - 1

    def values(low, high):
        return random.uniform(low, high, random.choice([1, 3]) if n == 3 else 1).tolist()

    found = {"layout": str(random.choice(["nhwc", "nchw"]))}
    if letters_of(name) != "YUV":
        found["channel-order"] = str(random.choice(["rgb", "bgr"]))
    if random.random() < .5:
        found.update({"min-deviation": random.uniform(.01, 9), "epsilon": random.choice([0.0, random.uniform(0, 50)])})
    if random.random() < .5:
        found.update({"gamma": values(-2, 3), "beta": values(-1, 1)})
    if random.random() < .4:
        found["clip-low"] = random.uniform(-3, .1)
    if random.random() < .4:
        found["clip-high"] = random.uniform(.1, 3)
    if random.random() < .3:
        found.update({"range-low": random.uniform(-3, 3), "range-high": random.uniform(-3, 3)})
    if output in ("int8", "uint8") and random.random() < .5:
        found.update({"quant-scale": random.uniform(.005, .1), "quant-zero-point": int(random.integers(0, 100))})
    if method == "fixed":
        unit = random.choice(["code", "unit"])
        found.update({"units": unit, "mean": values(0, 1 if unit == "unit" else largest),
                      "std": values(.05, .5) if unit == "unit" else values(1, largest / 3)})
    if method == "percentile":
        found.update({"percentile-low": random.uniform(0, 30), "percentile-high": random.uniform(40, 100)})
    return found


@pytest.mark.parametrize("output", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_walk(name, output, profiles):
    """Every method and scope, once with the defaults and once with settings that are drawn."""
    for method, scope in PAIRS:
        common = {"method": method, "scope": scope}
        if method != "fixed":
            common["location"] = profiles(name)
        if method == "flat-field":
            common["dark-location"] = profiles(name, "dark")
        compare(name, frames_of(name)[:N], output, **common)
        random = random_of(name, output, method, scope)
        compare(name, frames_of(name)[:N], output, **common, **drawn(random, name, method, output))


@pytest.mark.parametrize("name", ["RGB", "GRAY8", "GRAY16_LE"])
@pytest.mark.parametrize("layout, order", itertools.product(["nhwc", "nchw"], ["rgb", "bgr"]))
def test_layouts(name, layout, order, profiles):
    settings = {"location": profiles(name), "layout": layout, "channel-order": order}
    for output in KINDS:
        compare(name, frames_of(name)[:2], output, **settings)


@pytest.mark.parametrize("scope", ["channel", "global"])
@pytest.mark.parametrize("method", [m for m in METHODS if m != "fixed"])
def test_profiles_of_channels(method, scope, profiles):
    """Collected in scope channel, for frames of any size; and of pixels, for frames of another size."""
    frames = frames_of("RGB")[:2, :3, :7]
    for settings in [{"scope": "channel"}, {}]:
        compare("RGB", frames, "float32", location=profiles("RGB", **settings), method=method, scope=scope)
    dark = {"dark-location": profiles("RGB", "dark", scope="channel")} if method == "flat-field" else {}
    compare("RGB", frames_of("RGB")[:2], "float32", location=profiles("RGB"), method=method,
            scope="channel" if method == "percentile" else "pixel", **dark)


@pytest.mark.parametrize("method, scope", [(m, s) for m, s in PAIRS if m != "fixed"])
def test_pixels_that_were_never_counted(method, scope, profiles):
    """Outside of a region: taken as samples that always had the mean of their channel."""
    region = {"roi": (3, 1, 9, 4)}
    dark = {"dark-location": profiles("RGB", "dark", roi=(8, 0, 13, 5))} if method == "flat-field" else {}
    for output in ["float32", "uint8"]:
        compare("RGB", frames_of("RGB")[:2], output, location=profiles("RGB", **region), method=method, scope=scope,
                **dark)


@pytest.mark.parametrize("scope", ["channel", "global"])
def test_profile_of_subsampled_frames(scope, tmp_path):
    """Collected from 4:2:0, used channel-wise for 4:4:4."""
    random = random_of("I420")
    places = DeepPlaces("I420", WIDTH, HEIGHT)
    small = (N, -(-HEIGHT // 2), -(-WIDTH // 2))
    samples = {"Y": random.integers(0, 256, (N, HEIGHT, WIDTH)), "U": random.integers(90, 160, small),
               "V": random.integers(0, 256, small)}
    path = tmp_path / "p.safetensors"
    data = buffers_of(places.pack(samples, np.zeros((N, HEIGHT, WIDTH), int), random))
    run(f"appsrc name=in format=time ! pixelstats overwrite=true location={path} ! fakesink sync=false",
        [(video_caps("I420", WIDTH, HEIGHT), data)])
    frames = random.integers(0, 256, (2, HEIGHT, WIDTH, 3)).astype(np.uint8)
    expected = np.frombuffer(b"".join(bytes_of(run(
        f"appsrc name=in format=time ! pixelnorm location={path} scope={scope} ! other/tensors,types=float32 ! "
        "appsink name=out sync=false wait-on-eos=false",
        [(video_caps("Y444", WIDTH, HEIGHT),
          buffers_of(DeepPlaces("Y444", WIDTH, HEIGHT).pack(dict(zip("YUV", np.moveaxis(frames, -1, 0))),
                                                            np.zeros((2, HEIGHT, WIDTH), int), random)))]))), "<f4")
    found = pixelnorm.Normalizer(path, scope=scope)(frames)
    same_bytes(found, expected.reshape(frames.shape), scope)
    with pytest.raises(ValueError, match="4:2:0"):
        pixelnorm.Normalizer(path)


@pytest.mark.parametrize("given", [
    {"mean": [0.5], "std": [1.0], "range-low": 0.0, "range-high": 255.0},
    {"range-low": -254 / 255, "range-high": 256 / 255},
    {"mean": [0.5], "std": [0.5], "units": "unit", "range-low": -254 / 255, "range-high": 256 / 255},
    {"mean": [5.0], "std": [26.0], "range-low": -100.0, "range-high": 155.0}], ids=str)
def test_ties(given):
    """Half a code off at every code: the table's exact rounding."""
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    for output in ["video", "uint8", "int8"]:
        compare("GRAY8", frames, output, method="fixed", **given)


@pytest.mark.parametrize("clip", [{"clip-low": 0.0}, {"clip-high": 0.0}, {"clip-low": 1e30}, {"clip-high": -70000.0}])
def test_clipping_at_the_sign_of_zero(clip):
    """Half precision rounds -1e-9 to -0, which compares as 0."""
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    for std in [1e6, 1e-5]:
        for output in ["float16", "float32", "int8", "video"]:
            compare("GRAY8", frames, output, method="fixed", std=[std], gamma=[0.001], **clip)


def write_arrays(path, **arrays):
    """A safetensors file of float32 and float64."""
    header, data = {}, b""
    for name, values in arrays.items():
        kind = {"float32": "F32", "float64": "F64"}[values.dtype.name]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return str(path)


@pytest.mark.parametrize("shapes", [("pixel", "pixel"), ("pixel", None), ("channel", "pixel"),
                                    (None, "channel"), ("one", "one")], ids=str)
@pytest.mark.parametrize("name", ["RGB", "GRAY16_LE"])
def test_learned_gamma_and_beta(name, shapes, profiles, tmp_path):
    """Of a file; with the settings' own on top."""
    random, n = random_of(name, shapes), len(letters_of(name))
    sizes = {"pixel": (HEIGHT, WIDTH, n), "channel": (n,), "one": (1,)}
    arrays = {key: random.normal(1, 1, sizes[shape]).astype(kind)
              for key, shape, kind in zip(["gamma", "beta"], shapes, ["f4", "f8"]) if shape}
    path = write_arrays(tmp_path / "affine.safetensors", **dict(reversed(arrays.items())))
    for method, scope in PAIRS:
        settings = {"method": method, "scope": scope, "affine-location": path}
        if method != "fixed":
            settings["location"] = profiles(name)
        for output in ["float32", "int8", "video"]:
            own = {"gamma": [-1.5], "beta": [.3]} if random.random() < .5 else {}
            compare(name, frames_of(name)[:2], output, **settings, **own)


@pytest.mark.parametrize("scope", ["channel", "global"])
@pytest.mark.parametrize("method", ["zscore", "center", "mean-range", "min-max"])
@pytest.mark.parametrize("name", FORMATS)
def test_statistics_of_frames(name, method, scope):
    """Each frame's own; batches are more than one frame in a tensor, see below."""
    for output in KINDS:
        settings = drawn(random_of(name, method, scope, output), name, method, output)
        for given in [{}, settings]:
            expected = of_element(name, frames_of(name)[:N], output, method=method, scope=scope, statistics="frame", **given)
            normalize = pixelnorm.Normalizer(output=output, method=method, scope=scope, statistics="frame",
                                             depth=depth_of(name), **spelled(given))
            same_bytes(normalize(frames_of(name)[:N]), expected, (name, output, given))


@pytest.mark.parametrize("scope", ["channel", "global"])
@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("name", ["RGB", "GRAY16_LE", "Y444_12LE"])
def test_statistics_of_batches(name, layout, scope):
    """Three frames a tensor."""
    given = {"scope": scope, "layout": layout, "statistics": "batch"}
    frames = frames_of(name)[:6]
    expected = of_element(name, frames, "float32", **{"batch-size": 3}, **given)
    normalize = pixelnorm.Normalizer(depth=depth_of(name), **given)
    same_bytes(np.concatenate([normalize(frames[:3]), normalize(frames[3:])]), expected, (name, given))


@pytest.fixture(scope="module", autouse=True)
def _tell_what_was_walked():
    yield
    tell("walked", f"test_package_element: {walked['comparisons']} comparisons, {walked['samples']} samples")
