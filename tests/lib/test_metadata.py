# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the project says of itself: one version everywhere, and an origin that is its own."""
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
VERSION = (SOURCE / "src" / "python" / "pixelnorm" / "VERSION").read_text().strip()
ELEMENTS = ["pixelstats", "pixelnorm", "pixeldenorm"]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def field(text, name):
    return re.search(rf"^ *{name} +(.*)$", text, re.M)[1].strip()


def test_one_version():
    assert re.search(r"^## (\d+\.\d+\.\d+)", (SOURCE / "CHANGELOG.md").read_text(), re.M)[1] == VERSION
    assert run("pixelprofile", "--version") == f"pixelprofile {VERSION}\n"
    assert f"gst-pixelnorm {VERSION}\"" in (SOURCE / "docs" / "man" / "pixelprofile.1").read_text()
    package = (BUILD / "meson-private" / "pixelnorm-1.0.pc").read_text()
    assert re.search(r"^Version: (.*)$", package, re.M)[1] == VERSION


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_plugin_names_this_project(element):
    text = run("gst-inspect-1.0", element)
    assert field(text, "Author") == "The authors of gst-pixelnorm"
    plugin = text[text.index("Plugin Details"):]
    assert (field(plugin, "Version"), field(plugin, "Binary package")) == (VERSION, "gst-pixelnorm")
    assert field(plugin, "Origin URL") == "Unknown package origin"


def test_the_library_names_this_project():
    package = (BUILD / "meson-private" / "pixelnorm-1.0.pc").read_text()
    assert re.search(r"^Description: (.*)$", package, re.M)[1] == "Exact statistics of video frames, and normalization with them"
    assert "gstreamer.freedesktop.org" not in package
