# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the binaries take from others, and what they give.

- GStreamer: nothing newer than 1.20, by the `version` attributes of its GIR files. (GLib: its own macro checks.)
- The library gives exactly what the public headers declare; the plugin gives only what GStreamer asks of one.
"""
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
SOURCE = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = BUILD / "src" / "libpixelnorm-1.0.so"
PLUGIN = BUILD / "gst" / "libgstpixelnorm.so"
GIRS = ["Gst-1.0", "GstBase-1.0", "GstVideo-1.0"]
OLDEST = (1, 20)
IDENTIFIER = "{http://www.gtk.org/introspection/c/1.0}identifier"


def symbols(path, *options):
    text = subprocess.run(["nm", "-D", *options, path], check=True, capture_output=True, text=True,
                          env={**os.environ, "LD_PRELOAD": ""}).stdout
    return {line.split()[-1].split("@")[0] for line in text.splitlines()}


def versions():
    """Which version each function of GStreamer came with."""
    found = {}
    for name in GIRS:
        path = pathlib.Path("/usr/share/gir-1.0") / f"{name}.gir"
        if not path.exists():
            pytest.skip(f"{path} is not there")
        for element in ElementTree.parse(path).iter():
            identifier = element.get(IDENTIFIER)
            if identifier:
                version = tuple(map(int, re.findall(r"\d+", element.get("version", "1.0"))))
                found[identifier] = max(version, found.get(identifier, version))
    return found


def test_nothing_newer_than_the_oldest_gstreamer():
    known = versions()
    used = {name for name in symbols(PLUGIN, "--undefined-only") if name.startswith("gst_")}
    assert len(used) > 50
    assert "gst_meta_register_custom" in used and known["gst_meta_register_custom"] == (1, 20)
    newer = {name: known[name] for name in used if known.get(name, (1, 0)) > OLDEST}
    assert not newer


def test_library_knows_nothing_of_gstreamer():
    assert not [name for name in symbols(LIBRARY, "--undefined-only") if name.startswith("gst_")]


def test_library_exports_what_the_headers_declare():
    declared = set()
    headers = list((SOURCE / "include" / "pixelnorm").glob("*.h"))
    headers.append(BUILD / "include" / "pixelnorm" / "enum-types.h")
    for header in headers:
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        for statement in re.findall(r"^PIXELNORM_API\b\s*([^;]*?\))", text, flags=re.S | re.M):
            if statement.startswith("G_DECLARE_FINAL_TYPE"):
                declared.add(re.search(r",\s*(\w+),", statement).group(1) + "_get_type")
            else:
                declared.add(re.search(r"(\w+)\s*\(", statement).group(1))
    exported = {name for name in symbols(LIBRARY, "--defined-only")
                if not name.startswith(("__", "_init", "_fini", "_edata", "_end"))}
    assert exported == declared


def test_plugin_exports_what_gstreamer_asks_for():
    exported = symbols(PLUGIN, "--defined-only")
    assert {name for name in exported if not name.startswith("_")} <= {
        "gst_plugin_pixelnorm_get_desc", "gst_plugin_pixelnorm_register"}
