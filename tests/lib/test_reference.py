# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reference of the library: every public function and type says since when it is there, and has a page."""
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
GIR = BUILD / "src" / "Pixelnorm-1.0.gir"
CORE, C = "{http://www.gtk.org/introspection/core/1.0}", "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"
TYPES = ["class", "record", "enumeration", "bitfield", "constant", "alias", "callback"]
FUNCTIONS = ["function", "method", "constructor"]
# how gi-docgen's names of pages begin; what is none of these is a function
PAGES = {"class": "class", "record": "struct", "enumeration": "enum", "bitfield": "flags", "constant": "const", "alias": "alias",
         "callback": "callback", "constructor": "ctor", "method": "method"}


def namespace():
    if not GIR.exists():
        pytest.skip("this build is without introspection")
    return ElementTree.parse(GIR).getroot().find(CORE + "namespace")


def types():
    """(kind, element), without the class structures that G_DECLARE_FINAL_TYPE makes."""
    return [(kind, element) for kind in TYPES for element in namespace().findall(CORE + kind)
            if element.get(GLIB + "is-gtype-struct-for") is None]


def functions():
    """(the type it belongs to or None, kind, element); not those that stand at a type as well."""
    whole = namespace()
    return [(None if parent is whole else parent, child.tag.replace(CORE, ""), child) for parent in whole.iter() for child in parent
            if child.tag.replace(CORE, "") in FUNCTIONS and child.get("moved-to") is None]


def identifier(element):
    return element.get(C + "identifier") or element.get(C + "type") or element.get("name")


def test_everything_says_since_when():
    elements = [element for _, element in types()] + [element for _, _, element in functions()]
    assert len(elements) > 100
    current = tuple(map(int, (SOURCE / "src" / "python" / "pixelnorm" / "VERSION").read_text().split(".")[:2]))
    without = [identifier(element) for element in elements if not re.fullmatch(r"\d+\.\d+", element.get("version", ""))]
    assert not without, "no Since: in their comment"
    assert not [identifier(element) for element in elements if tuple(map(int, element.get("version").split("."))) > current]


def test_every_type_says_what_it_is():
    assert not [identifier(element) for _, element in types() if element.find(CORE + "doc") is None]


@pytest.fixture(scope="module")
def pages():
    """gi-docgen's, with its warnings as errors."""
    if not shutil.which("gi-docgen"):
        pytest.skip("gi-docgen is not installed")
    if not GIR.exists():
        pytest.skip("this build is without introspection")
    plain = {**os.environ, "LD_PRELOAD": ""}
    known = subprocess.run(["ninja", "-C", BUILD, "-t", "targets", "all"], capture_output=True, text=True, env=plain, check=True)
    if "docs/api/pixelnorm-1.0:" not in known.stdout:
        pytest.skip("this build was set up before gi-docgen was installed: meson setup --reconfigure")
    shutil.rmtree(BUILD / "docs" / "api" / "pixelnorm-1.0", ignore_errors=True)
    done = subprocess.run(["ninja", "-C", BUILD, "docs/api/pixelnorm-1.0"], capture_output=True, text=True, env=plain, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout
    return BUILD / "docs" / "api" / "pixelnorm-1.0"


def test_everything_has_a_page(pages):
    names = []
    for kind, element in types():
        page = "error" if element.get(GLIB + "error-domain") else PAGES[kind]
        names.append(f"{page}.{element.get('name')}.html")
    for parent, kind, element in functions():
        if parent is None:
            names.append(f"func.{element.get('name')}.html")
        else:
            names.append(f"{PAGES.get(kind, 'type_func')}.{parent.get('name')}.{element.get('name')}.html")
    assert len(names) > 100
    assert not [name for name in names if not (pages / name).exists()]


def test_the_index_names_the_version_and_the_first_steps(pages):
    version = (SOURCE / "src" / "python" / "pixelnorm" / "VERSION").read_text().strip()
    index = (pages / "index.html").read_text()
    assert version in index and "overview.html" in index
    text = (pages / "overview.html").read_text()
    for name in ("Layout", "Accumulator", "Profile", "Settings", "Normalizer", "Denormalizer", "Export"):
        assert re.search(rf'href="(class|struct)\.{name}\.html"', text), name
    # what is GLib's is linked by its pages' addresses
    assert 'data-namespace="GLib"' in (pages / "method.Profile.save.html").read_text()
    assert "https://docs.gtk.org/glib/" in (pages / "urlmap.js").read_text()
