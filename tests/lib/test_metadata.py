# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the project says of itself: one version everywhere."""
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
VERSION = (SOURCE / "src" / "python" / "pixelnorm" / "VERSION").read_text().strip()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def test_one_version():
    assert re.search(r"^## (\d+\.\d+\.\d+)", (SOURCE / "CHANGELOG.md").read_text(), re.M)[1] == VERSION
    assert run("pixelprofile", "--version") == f"pixelprofile {VERSION}\n"
    assert f"gst-pixelnorm {VERSION}\"" in (SOURCE / "docs" / "man" / "pixelprofile.1").read_text()
    package = (BUILD / "meson-private" / "pixelnorm-1.0.pc").read_text()
    assert re.search(r"^Version: (.*)$", package, re.M)[1] == VERSION
