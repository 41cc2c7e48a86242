# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much min-deviation rules: the library (through introspection) and the Python package against numpy, whose variances are
made of exact integers. Frames hold samples that never varied, some that did by less than the floor, and some by as much."""
import re
import warnings

import gi
import numpy as np
import pytest

import pixelnorm
import profile_bytes

gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm  # noqa: E402

SIZE, N = (5, 7), 8
METHODS = ["center", "zscore", "mean-range", "min-max", "flat-field", "percentile"]
DIVISORS = {"zscore": "their deviation", "mean-range": "half of their range", "min-max": "half of their range",
            "flat-field": "their light above the dark frames", "percentile": "half of the distance between their percentiles"}


def frames_of(depth, channels=3):
    """Samples move by 0, 1, 2, 3, ... codes up and down: their deviation is that very number. From channel to channel they lie
    higher, in pixel 0 at 0."""
    reach = np.arange(SIZE[0] * SIZE[1] * channels).reshape(*SIZE, channels) // (4 * channels)
    base = 40 * (1 + np.arange(channels)) + 0 * reach
    base[0, 0], reach[0, 0] = 0, 0
    signs = np.where(np.arange(N) % 2, 1, -1)[:, None, None, None]
    return (base + signs * reach).astype("u1" if depth == 8 else "u2")


def save(path, frames, depth, seen=None):
    words, arrays = profile_bytes.pixel_profile(frames, "RGB"[:frames.shape[-1]] if frames.shape[-1] == 3 else "Y", depth, seen)
    arrays["histogram"] = profile_bytes.histogram(frames, depth, seen)
    path.write_bytes(profile_bytes.build(words, arrays))
    return path


def divisors(frames, seen, method, scope, low=1, high=99):
    """[samples, channels] of what would be divided by, of samples that were counted; numpy.float64 of exact integers."""
    n, height, width, n_channels = frames.shape
    seen = np.broadcast_to(seen, frames.shape)
    columns = []
    for c in range(n_channels):
        if scope == "pixel":
            sets = [frames[:, y, x, c][seen[:, y, x, c]] for y in range(height) for x in range(width)]
        else:
            sets = [frames[..., c][seen[..., c]] if scope == "channel" else frames[seen]]
        found = []
        for samples in sets:
            if not samples.size:
                continue
            wide, count = samples.astype(object), samples.size
            mean, squares = wide.sum() / count, (wide * wide).sum()
            ends = np.percentile(samples, [low, high])
            found.append({"zscore": np.sqrt((count * squares - wide.sum() ** 2) / count ** 2), "flat-field": mean,
                          "mean-range": (wide.max() - wide.min()) / 2, "min-max": (wide.max() - wide.min()) / 2,
                          "percentile": (ends[1] - ends[0]) / 2, "center": np.inf}[method])
        columns.append(np.array(found, float))
    return columns


def settings_of(method, scope, floor):
    settings = Pixelnorm.Settings.new()
    settings.props.method = getattr(Pixelnorm.Method, method.upper().replace("-", "_"))
    settings.props.scope = getattr(Pixelnorm.Scope, scope.upper())
    settings.props.min_deviation = floor
    return settings


def python_of(path, method, scope, floor):
    """The package's shares and its warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        normalizer = pixelnorm.Normalizer(path, method=method, scope=scope, min_deviation=floor)
    assert all(str(warning.filename) == __file__ for warning in caught) and len(caught) <= 1
    return normalizer.floored(), str(caught[0].message) if caught else None


def normalizers(settings, inputs, depth):
    """One pass over all channels, one a channel, and 8-bit video with a sample that is no channel."""
    for order, output, tensor_layout in [("RGB", "FLOAT32", "NHWC"), ("BGR", "FLOAT32", "NCHW"), ("RGBx", "VIDEO", "NHWC")]:
        layout = Pixelnorm.Layout.new(order, SIZE[1], SIZE[0])
        assert layout.set_depth(depth, 0, False)
        settings.props.layout = getattr(Pixelnorm.TensorLayout, tensor_layout)
        yield Pixelnorm.Normalizer.new(settings, inputs, layout, getattr(Pixelnorm.Output, output))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_shares(tmp_path, method, depth, masked):
    frames = frames_of(depth)
    seen = np.ones((N, *SIZE, 1), bool)
    if masked:
        seen[:, 2:4], seen[N // 2:, 1] = False, False
    path = save(tmp_path / "p", frames, depth, seen if masked else None)
    inputs = Pixelnorm.Inputs.new(Pixelnorm.Profile.load(str(path)), None, None)
    for scope in ["channel", "global"] + ["pixel"] * (method != "percentile"):
        found = divisors(frames, seen, method, scope)
        for floor in (1e-3, 1.0, 2.0, 2.5, 81.0, 1e6):
            expected = [(column < floor).mean() for column in found]
            settings = settings_of(method, scope, floor)
            done, shares = inputs.measure_floor(settings)
            assert done and list(shares) == expected, (scope, floor)
            ours, warning = python_of(path, method, scope, floor)
            assert list(ours) == expected
            ruled = sum((column < floor).sum() for column in found) / sum(map(len, found))
            words = inputs.describe_floor(settings)
            assert (words is None) == (warning is None) == (max(expected) < 1 and ruled <= .5)
            assert all(normalizer.get_floored() == words for normalizer in normalizers(settings, inputs, depth))
            if words:
                assert words.replace("min-deviation", "min_deviation").replace("or scope=channel", "or scope to channel") == warning
                check_words(words, method, scope, floor, found, expected, ruled)


def check_words(words, method, scope, floor, found, shares, ruled):
    still = sum((column == 0).sum() for column in found) / sum(map(len, found))
    assert (f"). For {100 * still:.4g} % it is 0, which is less than any min-deviation. If" in words) == bool(still) == (" it is 0" in words)
    assert f" are divided by min-deviation={floor:g} instead of {DIVISORS[method]}, which is less (" in words
    named = re.search(r"\((.*?)\)", words)[1]
    if scope == "pixel":
        assert words.startswith(f"{100 * ruled:.4g} % of the samples are ")
        assert named == ", ".join(f"{c} {100 * share:.4g} %" for c, share in zip("RGB", shares))
    else:
        assert named == ", ".join(f"{c} {column[0]:.4g}" for c, column in zip("RGB", found) if column[0] < floor) + " code values"


def test_thermal_data(tmp_path):
    """Mono10 in words of 16 bits, of a deviation of .5: what a floor of 1 does, and that none of 12 codes rules nothing."""
    narrow = np.where(np.arange(N * 35).reshape(N, *SIZE, 1) % 2, 7600, 7601).astype("u2")
    path = save(tmp_path / "narrow", narrow, 16)
    inputs = Pixelnorm.Inputs.new(Pixelnorm.Profile.load(str(path)), None, None)
    assert "(Y 0.5 code values)" in inputs.describe_floor(settings_of("zscore", "channel", 1))
    assert inputs.describe_floor(settings_of("zscore", "channel", .5)) is None
    wide = np.where(np.arange(N * 35).reshape(N, *SIZE, 1) % 2, 7588, 7612).astype("u2")
    inputs = Pixelnorm.Inputs.new(Pixelnorm.Profile.load(str(save(tmp_path / "wide", wide, 16))), None, None)
    assert inputs.measure_floor(settings_of("zscore", "channel", 1))[1] == [0, 0, 0]


def test_dark_frames_and_epsilon(tmp_path):
    """Light is counted from the dark frames; epsilon is part of the deviation."""
    frames = frames_of(8)
    path, dark = save(tmp_path / "p", frames, 8), save(tmp_path / "dark", np.full_like(frames, 39), 8)
    light = [column - 39 for column in divisors(frames, True, "flat-field", "pixel")]
    expected = [(column < 2).mean() for column in light]
    inputs = Pixelnorm.Inputs.new(*[Pixelnorm.Profile.load(str(name)) for name in (path, dark)], None)
    assert inputs.measure_floor(settings_of("flat-field", "pixel", 2))[1] == expected
    with pytest.warns(UserWarning, match="light above") if max(expected) == 1 else warnings.catch_warnings():
        made = pixelnorm.Normalizer(path, dark=dark, method="flat-field", min_deviation=2)
    assert list(made.floored()) == expected and max(expected) > 0
    settings = settings_of("zscore", "pixel", 2)
    settings.props.epsilon = 3.0
    still = divisors(frames, True, "zscore", "pixel")
    expected = [(np.sqrt(column ** 2 + 3) < 2).mean() for column in still]
    assert Pixelnorm.Inputs.new(inputs.profile, None, None).measure_floor(settings)[1] == expected


def test_where_nothing_is_known(tmp_path):
    """No profile, statistics of the stream, the method fixed; and what is no normalizer at all."""
    path = save(tmp_path / "p", frames_of(8), 8)
    inputs, settings = Pixelnorm.Inputs.new(Pixelnorm.Profile.load(str(path)), None, None), settings_of("zscore", "channel", 1e6)
    assert Pixelnorm.Inputs.new(None, None, None).measure_floor(settings) == (True, [0, 0, 0])
    settings.props.statistics = Pixelnorm.StatisticsSource.FRAME
    assert inputs.measure_floor(settings) == (True, [0, 0, 0]) and inputs.describe_floor(settings) is None
    assert all(normalizer.get_floored() is None for normalizer in normalizers(settings, inputs, 8))
    assert inputs.measure_floor(settings_of("fixed", "pixel", 1e6)) == (True, [0, 0, 0])
    assert pixelnorm.Normalizer(method="fixed", min_deviation=1e6).floored() is None
    with pytest.raises(Exception, match="Percentiles are those of whole channels"):
        inputs.measure_floor(settings_of("percentile", "pixel", 1))
    assert inputs.describe_floor(settings_of("percentile", "pixel", 1)) is None
