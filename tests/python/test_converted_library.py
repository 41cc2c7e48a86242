# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames of Y'CbCr that are read as R'G'B' or as grey, against the same frames converted by to_rgb of the Python package, whose
numbers test_colour.py compares with fractions: the same digests, the same bits of every result."""
import itertools
from fractions import Fraction

import numpy as np
import pytest

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

from colour_frames import FORMATS, RANGES, SITES, Chroma, Site, expected_rgb, layout_of, planes_of  # noqa: E402

SIZES = [(1, 1), (5, 4), (259, 3), (801, 2)]  # tiles have 256 pixels of three channels, 768 of one
N_FRAMES = 3
OUTPUTS = ["FLOAT32", "FLOAT16", "UINT8", "INT8", "VIDEO"]
SOME = ["Y444", "Y42B", "I420", "NV12", "NV21", "YUY2", "UYVY", "Y41B", "AYUV", "P010_10LE", "I422_12LE", "P016_LE", "Y210"]


def rgb_layout(name, width, height):
    depth = FORMATS[name][3]
    layout = Pixelnorm.Layout.new("RGB", width, height)
    if depth > 8:
        layout.set_depth(depth, 0, False)
    return layout


def frames_of(name, width, height, chroma="nearest", site=None, matrix="bt601", range_="limited"):
    """Frames as they are stored, and the same converted; and a layout of each."""
    stored, converted = [], []
    for number in range(N_FRAMES):
        planes = [np.roll(plane, 7 * number, -1) for plane in planes_of(name, width, height)]
        stored.append(b"".join(plane.tobytes() for plane in planes))
        converted.append(expected_rgb(name, planes, width, matrix, range_, chroma, site).tobytes())
    layout = layout_of(name, width, height, matrix, range_).new_converted("RGB", getattr(Chroma, chroma.upper()), SITES[site])
    return (layout, stored), (rgb_layout(name, width, height), converted)


def profile_of(layout, frames, scope="PIXEL", mask=None):
    accumulator = Pixelnorm.Accumulator.new(getattr(Pixelnorm.Scope, scope), layout)
    accumulator.keep_histogram()
    if mask is not None:
        accumulator.set_mask(layout, mask.tobytes())
    for frame in frames:
        accumulator.add_data(layout, frame)
    return accumulator.snapshot()


def settings_of(**properties):
    settings = Pixelnorm.Settings.new()
    for name, value in properties.items():
        settings.set_property(name.replace("_", "-"), value)
    return settings


def results_of(settings, profile, layout, frames, output):
    normalizer = Pixelnorm.Normalizer.new(settings, Pixelnorm.Inputs.new(profile, None, None), layout,
                                          getattr(Pixelnorm.Output, output))
    return [normalizer.run_data(frame).get_data() for frame in frames]


@pytest.mark.parametrize("scope", ["PIXEL", "CHANNEL"])
@pytest.mark.parametrize("name", FORMATS)
def test_statistics(name, scope):
    for width, height in SIZES:
        pairs = frames_of(name, width, height)
        assert len({profile_of(*pair, scope).get_identity() for pair in pairs}) == 1, (width, height)


@pytest.mark.parametrize("name", ["I420", "NV21", "YUY2", "P010_10LE", "Y41B"])
@pytest.mark.parametrize("chroma", ["nearest", "linear"])
def test_masks_begin_at_any_pixel(name, chroma):
    for width, height in SIZES[1:]:
        mask = np.random.default_rng(width).integers(0, 3, (height, width), np.uint8)
        pairs = frames_of(name, width, height, chroma, "mpeg2")
        assert len({profile_of(*pair, mask=mask).get_identity() for pair in pairs}) == 1, (width, height)


@pytest.mark.parametrize("site", ["jpeg", "mpeg2", "cosited", "v-cosited"])
def test_linear(site):
    for name in ["I420", "NV12", "YUY2", "P010_10LE"]:
        pairs = frames_of(name, 801, 6, "linear", site, range_="full")
        assert len({profile_of(*pair).get_identity() for pair in pairs}) == 1, name


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", SOME)
def test_results(name, output):
    """Of a profile, of every layout and order of channels."""
    layouts, orders = Pixelnorm.TensorLayout, Pixelnorm.ChannelOrder
    for (width, height), scope, layout, order in itertools.product(
            SIZES, [Pixelnorm.Scope.PIXEL, Pixelnorm.Scope.CHANNEL], [layouts.NHWC, layouts.NCHW], [orders.RGB, orders.BGR]):
        pairs = frames_of(name, width, height)
        settings = settings_of(scope=scope, layout=layout, channel_order=order, clip_high=1.5)
        profile = profile_of(*pairs[1])
        assert results_of(settings, profile, *pairs[0], output) == results_of(settings, profile, *pairs[1], output), \
            (width, height, scope, layout, order)


@pytest.mark.parametrize("source, scope", [("RUNNING", "PIXEL"), *itertools.product(["FRAME", "BATCH", "RUNNING"], ["CHANNEL", "GLOBAL"])])
def test_statistics_of_the_stream(source, scope):
    for name, layout, output in itertools.product(["NV12", "I422_12LE"], ["NHWC", "NCHW"], ["FLOAT32", "INT8", "VIDEO"]):
        pairs = frames_of(name, 801, 3)
        settings = settings_of(statistics=getattr(Pixelnorm.StatisticsSource, source), scope=getattr(Pixelnorm.Scope, scope),
                               layout=getattr(Pixelnorm.TensorLayout, layout))
        assert results_of(settings, None, *pairs[0], output) == results_of(settings, None, *pairs[1], output), (name, layout)


@pytest.mark.parametrize("range_", RANGES)
@pytest.mark.parametrize("name", ["Y444", "I420", "NV12", "YUY2", "P010_10LE", "Y210", "P016_LE"])
def test_grey(name, range_):
    """floor (255 (Y - 16) / 219 + 1/2), clipped, of the same depth; as fractions of integers."""
    order, _, _, depth, shift = FORMATS[name]
    step, most = 1 << depth - 8, (1 << depth) - 1
    black, codes = (16 * step, 219 * step) if range_ == "limited" else (0, most)
    table = np.array([min(max(int((Fraction(most * (code - black), codes) + Fraction(1, 2)) // 1), 0), most)
                      for code in range(most + 1)])
    for width, height in SIZES:
        planes = planes_of(name, width, height)
        luma = planes[0].astype(int) >> shift
        if order.count("Y") == 2:
            luma = luma.reshape(height, -1, 4)[..., [i for i in range(4) if order[i] == "Y"]].reshape(height, -1)[:, :width]
        layout = layout_of(name, width, height, range_=range_).new_converted("Y", Chroma.AUTO, Site.UNKNOWN)
        profile = profile_of(layout, [b"".join(plane.tobytes() for plane in planes)])
        grey = Pixelnorm.Layout.new("Y", width, height)
        if depth > 8:
            grey.set_depth(depth, 0, False)
        grey.set_colorimetry(RANGES["full"], "bt601")
        data = table[luma].astype("u1" if depth == 8 else "<u2").tobytes()
        assert profile.get_identity() == profile_of(grey, [data]).get_identity(), (width, height)
        for output in OUTPUTS:
            settings = settings_of(scope=Pixelnorm.Scope.CHANNEL)
            assert results_of(settings, profile, layout, [b"".join(p.tobytes() for p in planes)], output) \
                == results_of(settings, profile, grey, [data], output), (width, height, output)


def test_a_profile_says_how_frames_were_converted():
    layout = layout_of("NV12", 6, 4, "bt709").new_converted("RGB", Chroma.NEAREST, Site.UNKNOWN)
    other = layout_of("I422_12LE", 6, 4, "bt709").new_converted("RGB", Chroma.LINEAR, Site.LEFT)
    grey = layout_of("Y444", 6, 4, "bt709", "full").new_converted("Y", Chroma.LINEAR, Site.LEFT)
    assert layout.get_conversion() == "Y'CbCr 4:2:0, bt709, limited range, chroma nearest"
    assert other.get_conversion() == "Y'CbCr 4:2:2, bt709, limited range, chroma linear"
    assert grey.get_conversion() == "luma, full range"
    assert layout_of("NV12", 6, 4).get_conversion() is None
    assert [one.get_chroma() for one in [layout, other, grey, layout_of("NV12", 6, 4)]] \
        == [Chroma.NEAREST, Chroma.LINEAR, Chroma.AUTO, Chroma.AUTO]
    assert layout.get_stored().log2_chroma_w == 1 and layout.get_geometry().log2_chroma_w == 0
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.CHANNEL, layout)
    bt601 = layout_of("NV12", 6, 4, "bt601").new_converted("RGB", Chroma.NEAREST, Site.UNKNOWN)
    for one in [layout, bt601, layout]:
        accumulator.add_data(one, bytes(36))
    expected = sorted([layout.get_conversion(), bt601.get_conversion()])
    assert accumulator.snapshot().get_conversions().split("\n") == expected
    joined = Pixelnorm.Accumulator.new_from_profile(accumulator.snapshot())
    assert joined.snapshot().get_conversions().split("\n") == expected


@pytest.mark.parametrize("layout, channels, sentence", [
    (Pixelnorm.Layout.new("RGB", 2, 2), "RGB", "channels YUV to convert to RGB, found channels RGB"),
    (Pixelnorm.Layout.new("RGB", 2, 2), "Y", "channels YUV or Y to convert to grey, found channels RGB"),
    (Pixelnorm.Layout.new("Y", 2, 2), "RGB", "found channels Y"),
    (Pixelnorm.Layout.new("Y,U,V", 2, 2), "RGB", "matrix"),
])
def test_refused(layout, channels, sentence):
    with pytest.raises(GLib.Error, match=sentence):
        layout.new_converted(channels, Chroma.AUTO, Site.UNKNOWN)


def test_not_written():
    layout = layout_of("NV12", 4, 2).new_converted("RGB", Chroma.NEAREST, Site.UNKNOWN)
    settings = settings_of(method=Pixelnorm.Method.FIXED)
    with pytest.raises(GLib.Error, match="cannot be written.*videoconvert"):
        Pixelnorm.Denormalizer.new(settings, None, layout, Pixelnorm.Output.FLOAT32)
