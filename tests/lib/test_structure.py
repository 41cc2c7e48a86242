# SPDX-License-Identifier: LGPL-2.1-or-later
"""The house: a folder may use those before it in its list, and no two files need each other, neither by what they include nor
by the functions that they call.
"""
import functools
import os
import pathlib
import re
import subprocess

import pytest

pytestmark = pytest.mark.unsanitized("sources, and what nm says of objects: nothing runs")
SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
# every folder may use those before it, and what stands in include/
LIBRARY = ["io", "kernels", "frame", "statistics", "profile", "normalize", "export"]
# what each folder of the elements may use; plugin.c stands above them all
ELEMENTS = {"common": [], "stats": ["common"], "norm": ["common"], ".": ["common", "stats", "norm"]}
FOLDERS = {
    "src": {folder: LIBRARY[:i] for i, folder in enumerate(LIBRARY)} | {"png": ["io"], "cli": ["png"]},
    "gst": ELEMENTS,
}


def sources(top):
    return [path.relative_to(SOURCE / top) for path in sorted((SOURCE / top).rglob("*.[ch]"))]


def folder_of(path):
    return str(path.parent)


def include_edges(top):
    """(file, file) for every #include "..." of our own files; what the build makes stands in no folder."""
    for path in sources(top):
        for name in re.findall(r'^#include "(.*)"', (SOURCE / top / path).read_text(), re.M):
            beside = path.parent / name
            found = beside if (SOURCE / top / beside).exists() else pathlib.Path(name)
            if (SOURCE / top / found).exists():
                yield path, found
            elif not (name.startswith("png/") and (SOURCE / "src" / name).exists()):  # which elements and command share
                assert re.fullmatch(r"orc-\w+\.h", name), f"{path} includes {name}, which is nowhere"


@functools.cache
def nm(path, *options):
    lines = subprocess.run(["nm", "--format=posix", *options, path], check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in lines.splitlines()}


@functools.cache
def objects(top):
    """Each source file's object in the build: DIRECTORY/TARGET.p/FILE.c.o, with an underscore for every slash in FILE."""
    made = {}
    for path in (BUILD / top).rglob("*.p/*.c.o"):
        directory = path.parent.parent.relative_to(BUILD / top)
        made[str(directory / path.stem).replace("/", "_")] = path
    return {path: made[name] for path in sources(top) if (name := str(path).replace("/", "_")) in made}


def symbol_edges(top):
    """(file that calls, file that defines)"""
    made = objects(top)
    defined = {symbol: path for path, file in made.items() for symbol in nm(file, "--defined-only", "--extern-only")}
    for path, file in made.items():
        for symbol in nm(file, "--undefined-only"):
            if defined.get(symbol, path) != path:
                yield path, defined[symbol]


@functools.cache
def edges(top, kind):
    if kind == "includes":
        return sorted(set(include_edges(top)))
    # what the command and png call is exported by the library, or it would not link
    return sorted({(one, other) for one, other in symbol_edges(top) if folder_of(one) == folder_of(other) or folder_of(one) not in ("cli", "png")})


def circles(pairs):
    """Sets of files each of which reaches all others of its set."""
    after = {}
    for one, other in pairs:
        after.setdefault(one, set()).add(other)

    def reach(start):
        seen, ahead = set(), [start]
        while ahead:
            for other in after.get(ahead.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    ahead.append(other)
        return seen

    reached = {path: reach(path) for path in after}
    return {frozenset(other for other in reached[path] if path in reached.get(other, ())) for path in reached
            if path in reached[path]}


def test_a_circle_is_found():
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]) == {frozenset("abc")}
    assert not circles([("a", "b"), ("b", "c"), ("a", "c")])


@pytest.mark.parametrize("top", FOLDERS)
def test_every_folder_has_its_place(top):
    assert {folder_of(path) for path in sources(top)} == set(FOLDERS[top])
    made = objects(top)
    assert {path for path in sources(top) if path.suffix == ".c"} == set(made), "a source without an object in the build"


@pytest.mark.parametrize("kind", ["includes", "symbols"])
@pytest.mark.parametrize("top", FOLDERS)
def test_folders_use_those_below(top, kind):
    upwards = [f"{one} -> {other}" for one, other in edges(top, kind)
               if folder_of(one) != folder_of(other) and folder_of(other) not in FOLDERS[top][folder_of(one)]]
    assert not upwards


@pytest.mark.parametrize("kind", ["includes", "symbols"])
@pytest.mark.parametrize("top", FOLDERS)
def test_no_circles(top, kind):
    assert not [sorted(str(path) for path in circle) for circle in circles(edges(top, kind))]


def test_elements_and_command_use_the_public_api():
    """They take from the library what every application can."""
    public = {path.name for path in (SOURCE / "include" / "pixelnorm").glob("*.h")} | {"enum-types.h"}
    for path in [*(SOURCE / "gst").rglob("*.[ch]"), *(SOURCE / "src" / "cli").glob("*.[ch]")]:
        assert set(re.findall(r"^#include <pixelnorm/(.*)>", path.read_text(), re.M)) <= public, path


@pytest.mark.parametrize("folder", ["io", "kernels"])
def test_the_lowest_know_little(folder):
    """Bytes without pixels know one header of ours, for errors; loops know libc and Orc alone."""
    allowed = {"io": r"pixelnorm/error\.h|g?io/.*|glib.*|jansson\.h|[a-z]+\.h|sys/\w+\.h|linux/\w+\.h",
               "kernels": r"orc/orc\.h|immintrin\.h|arm_neon\.h|[a-z]+\.h"}[folder]
    for path in (SOURCE / "src" / folder).glob("*.[ch]"):
        for name in re.findall(r"^#include <(.*)>", path.read_text(), re.M):
            assert re.fullmatch(allowed, name), f"{path} includes {name}"
