# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library by introspection: against numpy, and against the element, whose output must be the very same bytes."""
import itertools

import numpy as np
import pytest

import gi

import pixel_reference as reference
from gi_enums import enum_values
from pixel_reference import FORMATS, Places, channels_of, order_of
from pixel_streams import FORMATS as IN_TEMPLATE
from pixel_streams import TENSORS, VIDEO, buffers_of, collect, normalize

gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402


SEED = 20240825
WIDTH, HEIGHT = 13, 4
Method, Scope, Output, Error = Pixelnorm.Method, Pixelnorm.Scope, Pixelnorm.Output, Pixelnorm.Error
IMAGES = {"MEAN": lambda m: m.mean, "STD": lambda m: np.sqrt(m.variance), "RANGE": lambda m: m.range,
          "COUNT": lambda m: np.full(m.min.shape, float(m.count)), "MIN": lambda m: m.min.astype(float), "MAX": lambda m: m.max.astype(float)}


def frames_of(channels, n=12, seed=0):
    random = np.random.default_rng([SEED, seed])
    shape = (HEIGHT, WIDTH, len(channels))
    base, reach = random.integers(0, 256, shape), random.choice([0, 1, 9, 255], shape)
    return np.clip(base + random.integers(-reach, reach + 1, (n, *shape)), 0, 255).astype(np.uint8)


def accumulate(layout, name, frames, scope=Scope.PIXEL):
    """The layout knows no padding, so neither do the bytes."""
    height, width = frames.shape[1:3]
    places = Places(name, width, height, round_to=1)
    accumulator = Pixelnorm.Accumulator.new(scope, layout)
    accumulator.keep_histogram()
    noise = np.random.default_rng(SEED)
    for data in places.pack(frames, noise.integers(0, 256, frames.shape[:3]), noise):
        assert accumulator.add_data(layout, data.tobytes())
    return accumulator


def assert_statistics(found, pooled):
    assert found.count == pooled.count
    assert found.mean == pytest.approx(pooled.mean.item(), rel=1e-14)
    assert found.std == pytest.approx(np.sqrt(pooled.variance.item()), rel=1e-13, abs=1e-13)
    assert (found.min, found.max) == (pooled.min.item(), pooled.max.item())


def one_channel(moments, c):
    return reference.Moments(moments.count, *[a[..., c:c + 1] for a in (moments.sum, moments.squares, moments.min,
                                                                      moments.max)])


@pytest.mark.parametrize("scope", [Scope.PIXEL, Scope.CHANNEL])
@pytest.mark.parametrize("name", FORMATS)
def test_statistics(name, scope):
    """Also of layouts that the installed GStreamer has no format for (RBGA)."""
    channels = channels_of(name)
    frames = frames_of(channels)
    layout = Pixelnorm.Layout.new(order_of(name), WIDTH, HEIGHT)
    accumulator = accumulate(layout, name, frames, scope)
    profile = accumulator.snapshot()
    moments = reference.moments_of(frames)
    for source in [accumulator, profile]:
        for c in range(len(channels)):
            assert_statistics(source.get_statistics(c), one_channel(moments.scope("channel"), c))
        assert_statistics(source.get_statistics(-1), moments.scope("global"))
    assert (profile.get_frames(), profile.get_channels(), profile.get_depth()) == (len(frames), channels, 8)
    assert profile.get_scope() == scope
    assert (profile.get_width(), profile.get_height()) == ((WIDTH, HEIGHT) if scope == Scope.PIXEL else (0, 0))


@pytest.mark.parametrize("scope", [Scope.PIXEL, Scope.CHANNEL])
@pytest.mark.parametrize("image", enum_values(Pixelnorm.Image), ids=lambda i: i.value_nick)
@pytest.mark.parametrize("channels", ["RGB", "Y"])
def test_images(channels, image, scope):
    """float64 of every sample; the mean within one rounding more than numpy's, minimum and maximum equal."""
    frames = frames_of(channels)
    layout = Pixelnorm.Layout.new(channels, WIDTH, HEIGHT)
    profile = accumulate(layout, "RGB" if channels == "RGB" else "GRAY8", frames, scope).snapshot()
    moments = reference.moments_of(frames)
    moments = moments if scope == Scope.PIXEL else moments.scope("channel")
    expected = IMAGES[image.value_nick.upper()](moments)
    found = np.frombuffer(profile.get_image(image).get_data(), "<f8").reshape(expected.shape)
    if image in (Pixelnorm.Image.MEAN, Pixelnorm.Image.STD):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
        assert (found[moments.range == 0] == expected[moments.range == 0]).all()
    else:
        assert (found == expected).all()


@pytest.mark.parametrize("name", IN_TEMPLATE)
def test_same_profile_as_the_element(name, tmp_path):
    """Collected here and there: the same identity; loaded or new, the same again."""
    frames = frames_of(channels_of(name))
    path = collect(tmp_path / "p.safetensors", name, frames, histogram="true")
    written = Pixelnorm.Profile.load(str(path))
    layout = Pixelnorm.Layout.new(order_of(name), WIDTH, HEIGHT)
    if name == "GRAY8":
        layout.set_colorimetry(Pixelnorm.Range.FULL, reference.read_profile(path)[0].get("matrix"))
    made = accumulate(layout, name, frames).snapshot()
    assert made.get_identity() == written.get_identity() == reference.read_profile(path)[0]["identity"]
    other = Pixelnorm.Accumulator.new_from_profile(written)
    assert other.get_frames() == len(frames)
    assert other.snapshot().get_identity() == written.get_identity()
    assert Pixelnorm.Profile.parse(GLib.Bytes.new(path.read_bytes())).get_identity() == written.get_identity()


def settings_of(method, scope, **given):
    settings = Pixelnorm.Settings.new()
    settings.props.method, settings.props.scope = method, scope
    for key, value in given.items():
        if key in ("mean", "std"):
            assert settings.set_values(key, value)
        elif key == "units":
            settings.props.units = Pixelnorm.Units.UNIT if value == "unit" else Pixelnorm.Units.CODE
        else:
            settings.set_property(key, value)
    return settings


GIVEN = [{}, {"min_deviation": 0.3, "epsilon": 2.0, "range_low": -1.5, "range_high": 2.5},
         {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "units": "unit"}]


@pytest.mark.parametrize("given", GIVEN, ids=["defaults", "floors", "torchvision"])
@pytest.mark.parametrize("name", IN_TEMPLATE)
def test_same_numbers_as_the_element(name, given, tmp_path):
    """Every method, scope and output: the bytes of run_data are those of the element, and right."""
    channels = channels_of(name)
    if channels == "Y" and "mean" in given:
        given = {"mean": [0.45], "std": [0.22], "units": "unit"}
    frames = frames_of(channels)
    path = collect(tmp_path / "p.safetensors", name, frames, histogram="true")
    profile = Pixelnorm.Profile.load(str(path))
    layout = Pixelnorm.Layout.new(order_of(name), WIDTH, HEIGHT)
    packed, padded = Places(name, WIDTH, HEIGHT, round_to=1), Places(name, WIDTH, HEIGHT)
    noise = np.random.default_rng(SEED)
    some = noise.integers(0, 256, frames.shape[:3])
    inner, outer = packed.pack(frames, some, noise), padded.pack(frames, some, noise)
    for method, scope in itertools.product(enum_values(Method), enum_values(Scope)):
        if not reference.allowed(method.value_nick, scope.value_nick):
            continue
        settings = settings_of(method, scope, **given)
        words = {"location": path, "method": method.value_nick, "scope": scope.value_nick, **given}
        y = reference.values(method.value_nick, scope.value_nick, frames, reference.moments_of(frames), **given)
        for output, kind in [(Output.FLOAT32, TENSORS), (Output.VIDEO, VIDEO)]:
            normalizer = Pixelnorm.Normalizer.new(settings, Pixelnorm.Inputs.new(profile), layout, output)
            ours = b"".join(normalizer.run_data(row.tobytes()).get_data() for row in inner)
            theirs = b"".join(normalize(kind, name, (WIDTH, HEIGHT), buffers_of(outer), **words))
            if output == Output.FLOAT32:
                assert ours == theirs
                reference.check_values(np.frombuffer(ours, "<f4").reshape(y.shape), y)
                continue
            ours = packed.unpack(np.frombuffer(ours, np.uint8).reshape(inner.shape))
            theirs = padded.unpack(np.frombuffer(theirs, np.uint8).reshape(outer.shape))
            assert (ours[0] == theirs[0]).all()
            assert ours[1] is None or ((ours[1] == some) & (theirs[1] == some)).all()
            bounds = reference.range_of(method.value_nick, channels, **given)
            assert normalizer.get_range() == pytest.approx(bounds, rel=1e-12, abs=1e-12)
            reference.check_codes(ours[0], reference.codes_before_rounding(y, *bounds),
                                  reference.tie_of(method.value_nick, scope.value_nick))


def test_settings():
    """Defaults as documented; properties and arrays keep what they are given; a copy is another one."""
    settings = Pixelnorm.Settings.new()
    props = settings.props
    assert (props.method, props.scope, props.units) == (Method.ZSCORE, Scope.PIXEL, Pixelnorm.Units.CODE)
    assert (props.min_deviation, props.epsilon) == (1, 0)
    assert (settings.get_values("mean"), settings.get_values("std")) == ([127.5], [127.5])
    assert props.range_low == props.range_high and settings.get_word("method") == "zscore"
    copy = settings.copy()
    copy.set_values("mean", [1, 2.5, 3])
    copy.set_values("std", [4.0])
    copy.props.method = Method.FIXED
    assert (copy.get_values("mean"), copy.get_values("std"), copy.get_word("method")) == ([1, 2.5, 3], [4], "fixed")
    assert (settings.get_values("mean"), settings.props.method) == ([127.5], Method.ZSCORE)
    assert copy.set_values("mean", []) and copy.get_values("mean") == [127.5]
    assert copy.check() and settings.check()
    assert [m for m in enum_values(Method) if not Pixelnorm.method_needs_profile(m)] == [Method.FIXED]


RGB = Pixelnorm.Layout.new("RGB", WIDTH, HEIGHT)
PROFILE = accumulate(RGB, "RGB", frames_of("RGB")).snapshot()
OF_CHANNELS = accumulate(RGB, "RGB", frames_of("RGB"), Scope.CHANNEL).snapshot()
NAN = float("nan")


def make(settings=None, profile=PROFILE, layout=RGB, dark=None, output=Output.VIDEO):
    return Pixelnorm.Normalizer.new(settings or Pixelnorm.Settings.new(), Pixelnorm.Inputs.new(profile, dark), layout, output)


def set_mean(values):
    Pixelnorm.Settings.new().set_values("mean", values)


ERRORS = {
    "order": (lambda: Pixelnorm.Layout.new("RGQ", 1, 1), Error.SETTINGS),
    "width 0": (lambda: Pixelnorm.Layout.new("RGB", 0, 1), Error.SETTINGS),
    "scope global": (lambda: Pixelnorm.Accumulator.new(Scope.GLOBAL, RGB), Error.SETTINGS),
    "no frames": (lambda: Pixelnorm.Accumulator.new(Scope.PIXEL, RGB).snapshot(), Error.SETTINGS),
    "short data": (lambda: Pixelnorm.Accumulator.new(Scope.PIXEL, RGB).add_data(RGB, b"123"), Error.MISMATCH),
    "other size": (lambda: Pixelnorm.Accumulator.new(Scope.PIXEL, RGB).add_data(
        Pixelnorm.Layout.new("RGB", 1, 1), b"123"), Error.MISMATCH),
    "no file": (lambda: Pixelnorm.Profile.load("/nowhere/at/all"), Error.OPEN),
    "no profile": (lambda: Pixelnorm.Profile.parse(GLib.Bytes.new(bytes(100))), Error.CORRUPT),
    "nowhere": (lambda: PROFILE.save("/nowhere/at/all"), Error.WRITE),
    "mean of 2": (lambda: set_mean([1, 2]), Error.SETTINGS),
    "without profile": (lambda: make(profile=None), Error.SETTINGS),
    "other channels": (lambda: make(layout=Pixelnorm.Layout.new("Y", WIDTH, HEIGHT)), Error.MISMATCH),
    "other width": (lambda: make(layout=Pixelnorm.Layout.new("RGB", WIDTH + 1, HEIGHT)), Error.MISMATCH),
    "channels for pixels": (lambda: make(profile=OF_CHANNELS), Error.MISMATCH),
    "no floor": (lambda: make(settings_of(Method.ZSCORE, Scope.PIXEL, min_deviation=0.0)), Error.SETTINGS),
    "negative floor": (lambda: make(settings_of(Method.ZSCORE, Scope.PIXEL, min_deviation=-1.0)), Error.SETTINGS),
    "floor NaN": (lambda: make(settings_of(Method.ZSCORE, Scope.PIXEL, min_deviation=NAN)), Error.SETTINGS),
    "epsilon NaN": (lambda: make(settings_of(Method.ZSCORE, Scope.PIXEL, epsilon=NAN)), Error.SETTINGS),
    "std 0": (lambda: make(settings_of(Method.FIXED, Scope.PIXEL, std=[0.0])), Error.SETTINGS),
    "range inf": (lambda: make(settings_of(Method.ZSCORE, Scope.PIXEL, range_high=float("inf"))), Error.SETTINGS),
    "run of short data": (lambda: make().run_data(b"123"), Error.MISMATCH),
}


@pytest.mark.parametrize("what", ERRORS)
def test_errors(what):
    """GLib.Error with the library's domain and the code of the documentation; words, not numbers alone."""
    call, code = ERRORS[what]
    with pytest.raises(GLib.Error) as raised:
        call()
    assert raised.value.domain == "pixelnorm-error-quark"
    assert raised.value.code == code
    assert len(raised.value.message) > 20


def test_a_refused_frame_adds_nothing():
    accumulator = accumulate(RGB, "RGB", frames_of("RGB"))
    for data in [b"", b"123", bytes(WIDTH * HEIGHT * 3 + 1)]:
        with pytest.raises(GLib.Error):
            accumulator.add_data(RGB, data)
    assert accumulator.snapshot().get_identity() == PROFILE.get_identity()


def test_dark_frames():
    """flat-field with dark frames of pixels and of channels, in the library alone."""
    frames, dark_frames = frames_of("RGB"), frames_of("RGB", n=3, seed=1) // 20
    dark = accumulate(RGB, "RGB", dark_frames)
    for scope in enum_values(Scope):
        y = reference.values("flat-field", scope.value_nick, frames, reference.moments_of(frames),
                             reference.moments_of(dark_frames))
        normalizer = make(settings_of(Method.FLAT_FIELD, scope), dark=dark.snapshot(), output=Output.FLOAT32)
        found = b"".join(normalizer.run_data(frame.tobytes()).get_data() for frame in frames)
        reference.check_values(np.frombuffer(found, "<f4").reshape(y.shape), y)


@pytest.mark.parametrize("output", [Pixelnorm.Output.FLOAT32, Pixelnorm.Output.VIDEO])
def test_the_caller_keeps_its_denormals(output):
    """Orc sets the thread to flush them; whoever trains in that thread must not notice."""
    settings = Pixelnorm.Settings.new()
    settings.props.method = Pixelnorm.Method.FIXED
    layout = Pixelnorm.Layout.new("RGB", 64, 48)
    normalizer = Pixelnorm.Normalizer.new(settings, None, layout, output)
    normalizer.run_data(bytes(64 * 48 * 3))
    assert (np.array([5e-324]) * 1)[0] > 0


def test_a_very_large_frame():
    """16384 x 16384 pixels: every code to 8-bit video by channel, and the statistics of the frame, which are known."""
    side = 16384
    layout = Pixelnorm.Layout.new("Y", side, side)
    settings = Pixelnorm.Settings.new()
    settings.props.method, settings.props.scope = Method.FIXED, Scope.CHANNEL
    settings.set_values("mean", [100])
    settings.set_values("std", [50])
    settings.props.range_low, settings.props.range_high = -2, 3
    row = np.arange(side).astype(np.uint8)  # modulo 256, as all that follows
    frame = row[:, None] * np.uint8(7) + row[None, :] * np.uint8(3)
    data = frame.tobytes()
    normalizer = Pixelnorm.Normalizer.new(settings, None, layout, Output.VIDEO)
    # (x - 100) / 50 spans -2 at 0 and 3 at 250: x * 255 / 250
    codes = np.clip(np.rint(np.arange(256) * 255 / 250), 0, 255).astype(np.uint8)
    found = np.frombuffer(normalizer.run_data(data).get_data(), np.uint8).reshape(side, side)
    for y in range(0, side, 1024):
        assert (found[y:y + 1024] == codes[frame[y:y + 1024]]).all()
    del found
    accumulator = Pixelnorm.Accumulator.new(Scope.CHANNEL, layout)
    accumulator.add_data(layout, data)
    profile = accumulator.snapshot()
    # each row has every code as often as any other: 16384 is a multiple of 256, and 3 is odd
    mean, std = (np.frombuffer(profile.get_image(image).get_data())[0] for image in (Pixelnorm.Image.MEAN, Pixelnorm.Image.STD))
    assert mean == 127.5
    assert abs(std - np.sqrt((256 ** 2 - 1) / 12)) < 1e-9
