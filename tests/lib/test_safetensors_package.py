# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profiles read by the safetensors package, which knows nothing of this project: one line, as docs/format.md says.

tests/run installs it (Debian 13 and later have python3-safetensors; before, it comes from PyPI)."""

import numpy
import pytest

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm  # noqa: E402

from reports import want  # noqa: E402

safetensors = want("safetensors.numpy")
from safetensors import safe_open  # noqa: E402

import profile_bytes  # noqa: E402
from test_joined import FORMS, MASKS, SCOPES, add, collector, frames_of, seen_through  # noqa: E402


@pytest.mark.parametrize("mask", [None, "holes"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("form", FORMS)
def test_load_file(form, scope, mask, tmp_path):
    frames = frames_of(form)
    seen = None if mask is None else seen_through(MASKS[mask])
    path = str(tmp_path / "p.safetensors")
    add(collector(form, scope, True, mask and MASKS[mask]), form, frames).snapshot().save(path)
    arrays = safetensors.load_file(path)
    with safe_open(path, "numpy") as file:
        words = file.metadata()
    channels, depth = FORMS[form]
    if scope == "pixel":
        _, expected = profile_bytes.pixel_profile(frames, channels, depth, seen)
    else:
        inside = frames if mask is None else frames[:, MASKS[mask]][:, :, None]
        _, expected = profile_bytes.channel_profile(list(inside), channels, depth)
    expected["histogram"] = profile_bytes.histogram(frames, depth, seen)
    assert arrays.keys() == expected.keys()
    for name, values in expected.items():
        assert arrays[name].dtype == values.dtype and arrays[name].shape == values.shape
        assert (arrays[name] == values).all(), name
    assert words["channels"] == channels and words["depth"] == str(depth)
    assert words["identity"] == Pixelnorm.Profile.load(path).get_identity()


def test_what_it_saves_anew_is_refused_in_words(tmp_path):
    """save_file drops the metadata: the library says so."""
    path = str(tmp_path / "p.safetensors")
    add(collector("RGB", "pixel"), "RGB", frames_of("RGB", 2)).snapshot().save(path)
    safetensors.save_file(safetensors.load_file(path), path)
    with pytest.raises(Exception, match="other software"):
        Pixelnorm.Profile.load(path)
    assert numpy.array_equal(safetensors.load_file(path)["frames"], [2])
