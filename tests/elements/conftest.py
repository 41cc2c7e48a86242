# SPDX-License-Identifier: LGPL-2.1-or-later
import pytest

from pixel_streams import collect, frames_of


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    """The letters of the channels -> a profile of frames_of()."""
    directory = tmp_path_factory.mktemp("profiles")
    return {c: collect(directory / f"{c}.safetensors", name, frames_of(name), histogram="true")
            for c, name in [("RGB", "RGB"), ("Y", "GRAY8")]}
