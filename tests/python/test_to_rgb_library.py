# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm_to_rgb () of the library against to_rgb of the Python package, whose numbers test_colour.py compares with fractions:
the same bits, in every depth, sharing of chroma, site, matrix and range."""
import itertools

import numpy as np
import pytest

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

from colour_frames import (  # noqa: E402
    FORMATS, MATRICES, RANGES, SITES, SIZES, Chroma, Site, expected_rgb, layout_of, planes_of)


def by_library(name, planes, width, height, chroma, site, matrix, range_):
    data = b"".join(plane.tobytes() for plane in planes)
    rgb = Pixelnorm.to_rgb(layout_of(name, width, height, matrix, range_), chroma, site, data)
    return np.frombuffer(rgb.get_data(), "u1" if FORMATS[name][3] == 8 else "<u2").reshape(height, width, 3)


@pytest.mark.parametrize("name", FORMATS)
def test_nearest(name):
    for (width, height), matrix, range_ in itertools.product(SIZES, MATRICES, RANGES):
        planes = planes_of(name, width, height)
        found = by_library(name, planes, width, height, Chroma.NEAREST, Site.UNKNOWN, matrix, range_)
        expected = expected_rgb(name, planes, width, matrix, range_)
        assert np.array_equal(found, expected), (width, height, matrix, range_)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", ["Y444", "Y42B", "I420", "NV21", "YUY2", "P010_10LE", "P016_LE", "Y210"])
def test_linear(name, site):
    for (width, height), range_, chroma in itertools.product(SIZES, RANGES, ["linear", "auto"]):
        planes = planes_of(name, width, height)
        found = by_library(name, planes, width, height, getattr(Chroma, chroma.upper()), SITES[site], "bt601", range_)
        expected = expected_rgb(name, planes, width, "bt601", range_, chroma, site)
        assert np.array_equal(found, expected), (width, height, range_, chroma)


@pytest.mark.parametrize("order, chroma, site, matrix, size, domain, sentence", [
    ("RGB", Chroma.NEAREST, Site.UNKNOWN, None, 12, "MISMATCH", "channels YUV.*found channels RGB"),
    ("Y,U,V", Chroma.NEAREST, Site.UNKNOWN, None, 12, "SETTINGS", "matrix"),
    ("Y,U,V", Chroma.NEAREST, Site.UNKNOWN, "bt601", 11, "MISMATCH", "12 bytes; found 11"),
    ("Y,U,V", Chroma.NEAREST, Site.UNKNOWN, "bt601", 0, "MISMATCH", "12 bytes; found 0"),
])
def test_refused(order, chroma, site, matrix, size, domain, sentence):
    layout = Pixelnorm.Layout.new(order, 2, 2)
    layout.set_colorimetry(RANGES["full"], matrix)
    with pytest.raises(GLib.Error, match=sentence) as caught:
        Pixelnorm.to_rgb(layout, chroma, site, bytes(size))
    assert caught.value.matches(Pixelnorm.error_quark(), getattr(Pixelnorm.Error, domain))


def test_dv_has_no_linear_chroma():
    with pytest.raises(GLib.Error, match="(?i)dv"):
        Pixelnorm.to_rgb(layout_of("I420", 2, 2), Chroma.LINEAR, Site.DV, bytes(6))


@pytest.mark.parametrize("scope", ["PIXEL", "CHANNEL"])
@pytest.mark.parametrize("name, planar", [("YUY2", "Y42B"), ("UYVY", "Y42B"), ("VYUY", "Y42B"), ("Y212_LE", "I422_12LE")])
def test_pairs_have_the_statistics_of_planes(name, planar, scope):
    """To the digest of the profile: where samples lie is no part of it."""
    for width, height in SIZES:
        packed, = planes_of(name, width, height)
        order, _, _, depth, shift = FORMATS[name]
        groups = packed.reshape(height, -1, 4) >> shift
        planes = {letter: np.concatenate([groups[..., i] for i in range(4) if order[i] == letter], -1) for letter in "UV"}
        both = [i for i in range(4) if order[i] == "Y"]
        planes["Y"] = groups[..., both].reshape(height, -1)[:, :width]
        identities = []
        for layout, data in [(layout_of(name, width, height), packed.tobytes()),
                             (layout_of(planar, width, height), b"".join(planes[letter].tobytes() for letter in "YUV"))]:
            accumulator = Pixelnorm.Accumulator.new(getattr(Pixelnorm.Scope, scope), layout)
            accumulator.add_data(layout, data)
            identities.append(accumulator.snapshot().get_identity())
        assert identities[0] == identities[1], (width, height)


def test_pairs_are_not_normalized():
    settings = Pixelnorm.Settings.new()
    settings.props.method = Pixelnorm.Method.FIXED
    for output in [Pixelnorm.Output.FLOAT32, Pixelnorm.Output.VIDEO]:
        with pytest.raises(GLib.Error, match="Pairs of pixels.*statistics only"):
            Pixelnorm.Normalizer.new(settings, None, layout_of("YUY2", 4, 2), output)


@pytest.mark.parametrize("order", ["YYUV", "YUYVx", "YUY", "Y,UYV", "YUYYV", "UYVYY"])
def test_pairs_are_evenly_spaced(order):
    with pytest.raises(GLib.Error, match="is not an order of samples"):
        Pixelnorm.Layout.new(order, 4, 2)
