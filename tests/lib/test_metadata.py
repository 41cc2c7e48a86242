# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the project says of itself: one version everywhere, an origin that is its own, and a manual that holds."""
import json
import os
import pathlib
import re
import struct
import subprocess

import gi
import pytest

import gst_launch

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

Gst.init(None)

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


def manual(element, heading):
    """The lines that gst-inspect-1.0 prints under a heading of the element."""
    text = run("gst-inspect-1.0", element)
    return re.search(rf"^  {heading} +(.*(?:\n {{27}}.*)*)", text, re.M)[1].split("\n" + " " * 27)


def fields_of(lines):
    return {name for line in lines for list_ in re.findall(r"(?:^|; )(?:and )?([a-z-]+(?:, [a-z-]+)*): ", line)
            for name in list_.split(", ")}


def said(line):
    """The fields of the element messages of a pipeline and of the metas of its buffers, which end at `name=end`."""
    pipeline = Gst.parse_launch(line)
    metas = set()

    def look(_pad, info):
        meta = info.get_buffer().get_custom_meta("PixelnormMeta")
        if meta:
            structure = meta.get_structure()
            metas.update(structure.nth_field_name(i) for i in range(structure.n_fields()))
        return Gst.PadProbeReturn.OK

    pipeline.get_by_name("end").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, look)
    pipeline.set_state(Gst.State.PLAYING)
    kinds, messages = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT, set()
    while True:
        message = pipeline.get_bus().timed_pop_filtered(20 * Gst.SECOND, kinds)
        assert message and message.type != Gst.MessageType.ERROR, message and message.parse_error()
        if message.type == Gst.MessageType.EOS:
            break
        structure = message.get_structure()
        messages.update(structure.nth_field_name(i) for i in range(structure.n_fields()))
    pipeline.set_state(Gst.State.NULL)
    return messages, metas


PICTURES = "videotestsrc num-buffers=3 ! video/x-raw,format={form},width=8,height=6"


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    path = tmp_path_factory.mktemp("manual") / "p.safetensors"
    said(f"{PICTURES.format(form='RGB')} ! pixelstats location={path} ! fakesink name=end")
    return path


def test_fields_of_pixelnorm(profile, tmp_path):
    """All that are listed are said by one of these lines, and no other."""
    affine = tmp_path / "affine.safetensors"
    header = json.dumps({"gamma": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    affine.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<f", 2))
    lines = [f"{PICTURES.format(form='NV12')} ! pixelnorm location={profile} affine-location={affine} ! video/x-raw ! fakesink name=end",
             f"{PICTURES.format(form='RGB')} ! pixelnorm statistics=frame scope=channel gamma=<2.0> beta=<1.0> clip-low=-3 clip-high=3 ! "
             "other/tensors,types=int8 ! fakesink name=end",
             f"{PICTURES.format(form='RGB')} ! pixelnorm statistics=running batch-size=3 ! other/tensors,types=float32 ! fakesink name=end"]
    found = [said(line) for line in lines]
    messages = set().union(*(fields for fields, _ in found))
    assert fields_of(manual("pixelnorm", "Messages")) == messages
    assert messages | fields_of(manual("pixelnorm", "Metas")) == messages | set().union(*(fields for _, fields in found))


def test_fields_of_pixelstats():
    messages, _ = said(f"{PICTURES.format(form='NV12')} ! pixelstats ! fakesink name=end")
    assert fields_of(manual("pixelstats", "Messages")) == messages


def test_actions_of_pixelstats():
    actions = set(re.findall(r'^  "([a-z]+)" (?:->|:)', run("gst-inspect-1.0", "pixelstats"), re.M))
    assert fields_of(manual("pixelstats", "Actions")) == actions != set()


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_example_runs(element, tmp_path):
    (line,) = manual(element, "Example")
    program, words = line.split(" ", 1)
    done = gst_launch.launch(words, tmp_path)
    assert program == "gst-launch-1.0" and done.returncode == 0 and "WARNING" not in done.stdout + done.stderr, done
