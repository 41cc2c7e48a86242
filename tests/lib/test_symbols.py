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


def headers():
    """The text of every public header, by name, without comments."""
    paths = [*(SOURCE / "include" / "pixelnorm").glob("*.h"), BUILD / "include" / "pixelnorm" / "enum-types.h"]
    return {path.name: re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S) for path in paths}


def declared():
    """The functions that are marked as public."""
    names = set()
    for text in headers().values():
        for statement in re.findall(r"^PIXELNORM_API\b\s*([^;]*?\))", text, flags=re.S | re.M):
            if statement.startswith("G_DECLARE_FINAL_TYPE"):
                names.add(re.search(r",\s*(\w+),", statement).group(1) + "_get_type")
            else:
                names.add(re.search(r"(\w+)\s*\(", statement).group(1))
    return names


def test_library_exports_what_the_headers_declare():
    exported = {name for name in symbols(LIBRARY, "--defined-only")
                if not name.startswith(("__", "_init", "_fini", "_edata", "_end"))}
    assert exported == declared()


def test_headers_declare_nothing_without_the_mark():
    """A function that a header names, in a declaration or in a macro, and that nobody could link with."""
    named = {name for text in headers().values() for name in re.findall(r"\b(pixelnorm_\w+)\s*\(", text)}
    assert len(named) > 30
    assert named <= declared()


PROGRAM = """
#include <pixelnorm/pixelnorm.h>
#include <stdio.h>

typedef void (*Function) (void);

int
main (void)
{
  static const Function functions[] = { %s };
  unsigned n = 0;

  for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++)
    n += functions[i] != 0;
  printf ("%%u\\n", n);
  return 0;
}
"""


@pytest.mark.unsanitized("the library needs its sanitizers in a program that is built here")
@pytest.mark.parametrize("compiler,ending", [("cc", "c"), ("c++", "cpp")], ids=["C", "C++"])
def test_programs_link_with_every_function(tmp_path, compiler, ending):
    """The umbrella header is enough, and what it declares has the names of C in C++, too."""
    functions = sorted(declared())
    source = tmp_path / f"program.{ending}"
    source.write_text(PROGRAM % ", ".join(f"(Function) {name}" for name in functions))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gobject-2.0", "gio-2.0"], check=True,
                           capture_output=True, text=True).stdout.split()
    built = subprocess.run([compiler, "-Wall", "-Werror", "-Wno-cast-function-type", f"-I{SOURCE}/include",
                            f"-I{BUILD}/include", "-o", tmp_path / "program", source, LIBRARY, *flags],
                           capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    printed = subprocess.run([tmp_path / "program"], check=True, capture_output=True, text=True).stdout
    assert int(printed) == len(functions) > 30


def test_plugin_exports_what_gstreamer_asks_for():
    exported = symbols(PLUGIN, "--defined-only")
    assert {name for name in exported if not name.startswith("_")} <= {
        "gst_plugin_pixelnorm_get_desc", "gst_plugin_pixelnorm_register"}
