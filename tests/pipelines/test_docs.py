# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all pages name is there: files, headings, properties of our elements, options of our commands."""
import os
import pathlib
import re
import subprocess

import pytest

from gst_launch import run
from pipeline_help import SOURCE

PAGES = [SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", *sorted((SOURCE / "docs").glob("*.md")), SOURCE / "docs/api/overview.md",
         SOURCE / "src/python/README.md"]
TEXTS = {str(path.relative_to(SOURCE)): path.read_text() for path in PAGES}
SOURCES = [path.as_posix() for folder in ("src", "gst", "tests", "docs", "pipelines") for path in (SOURCE / folder).rglob("*.*")]
ELEMENTS = ("pixelstats", "pixelnorm", "pixeldenorm")
# what builds, installs or large tests make
MADE = re.compile(r"build(/|$)|.*[A-Z*]|\.ci/run")


def heading_anchor(line):
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")


def anchors(text):
    plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return {heading_anchor(line) for line in re.findall(r"^#+ .*$", plain, re.M)}


@pytest.mark.parametrize("page", TEXTS)
def test_links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (SOURCE / page).parent / name if name else SOURCE / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), target


@pytest.mark.parametrize("page", TEXTS)
def test_files(page):
    """Whatever in backticks begins with a folder of ours, and sources without the first folders."""
    for name in re.findall(r"`\.?/?((?:pipelines|tests|src|gst|docs|include)/[^`\s:]+)", TEXTS[page]):
        assert MADE.match(name) or (SOURCE / name).exists(), name
    for name in re.findall(r"`([\w/-]+\.(?:c|h|py|orc))`", TEXTS[page]):
        assert MADE.match(name) or any(path.endswith("/" + name) for path in SOURCES), name


@pytest.fixture(scope="module")
def properties():
    return {name: set(re.findall(r"^  ([a-z-]+) +: ", run(["gst-inspect-1.0", name]).stdout, re.M)) for name in ELEMENTS}


VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"']+)"""  # up to the quote behind it, where the pipeline stands in quotes


@pytest.mark.parametrize("page", TEXTS)
def test_properties(page, properties):
    """Of every element that is written with some, wherever lines are broken."""
    text = re.sub(r"\s+\\?\n\s*", " ", TEXTS[page])
    for element, words in re.findall(rf"\b({'|'.join(ELEMENTS)})((?: [a-z][a-z-]*={VALUE})+)", text):
        given = set(re.findall(r" ([a-z-]+)=", words))
        assert given <= properties[element], f"{element}{words}"


def options_of(program, command):
    words = ["/usr/bin/python3", "-m", "pixelnorm"] if program.startswith("python3") else [program]
    listed = subprocess.run([*words, command, "--help"], capture_output=True, text=True, check=True,
                            env={**os.environ, "PYTHONPATH": str(SOURCE / "src" / "python")}).stdout
    return set(re.findall(r"(?<![\w-])(--[a-z-]+)", listed))


@pytest.mark.parametrize("page", TEXTS)
def test_options(page):
    """Of our commands, up to the end of the line or of the words in backticks."""
    text = TEXTS[page].replace("\\\n", " ")
    for program, command, words in re.findall(r"\b(pixelprofile|python3 -m pixelnorm) ([a-z]+)\b([^`\n|;]*)", text):
        given = set(re.findall(r" (--[a-z-]+)", words))
        assert not given or given <= options_of(program, command), f"{program} {command}{words}"


# --- who runs the blocks of a page

RUN = {"README.md": "tests/pipelines/test_readme.py", "docs/cameras.md": "tests/pipelines/test_cameras.py",
       "docs/colour.md": "tests/pipelines/test_colour_page.py", "docs/data-sets.md": "tests/python/test_python_docs.py",
       "docs/elements.md": "tests/pipelines/test_readme.py",
       "docs/export.md": "tests/cli/test_export.py", "docs/format.md": "tests/lib/test_format.py",
       "docs/guide.md": "tests/pipelines/test_guide.py", "docs/inference.md": "tests/python/test_apps.py", "docs/install.md": "tests/lib/test_install.py",
       "docs/python.md": "tests/python/test_python_docs.py", "docs/streams.md": "tests/apps/test_many_streams.py"}
LEFT = {"CONTRIBUTING.md": "builds, as tests/run does", "docs/testing.md": "starts tests, as those of tests/elements",
        "docs/performance.md": "measures for minutes; tests/bench/test_bench_collect.py has the short form",
        "docs/api/overview.md": "what every program begins with"}


def test_somebody_runs_the_blocks():
    """Of a language; those without one are lines for software that is not here, and for hardware."""
    pages = {page for page, text in TEXTS.items() if re.search(r"^ *```\w", text, re.M)}
    assert pages == {*RUN, *LEFT}
    for page, test in RUN.items():
        assert page.rpartition("/")[2] in (SOURCE / test).read_text(), test


BEHIND = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp

Gst.init(None)
for elements in sys.argv[1:]:
    pipeline = Gst.parse_launch("appsrc name=in format=time caps=video/x-raw,format=RGB,width=64,height=48,framerate=30/1 ! "
                                f"pixelnorm method=fixed ! video/x-raw ! {elements} ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    for i in range(3):
        buffer = Gst.Buffer.new_wrapped(bytes(64 * 48 * 3))
        buffer.pts, buffer.duration, buffer.offset = i * Gst.SECOND // 30, Gst.SECOND // 30, 1000 + i
        pipeline.get_by_name("in").push_buffer(buffer)
    pipeline.get_by_name("in").end_of_stream()
    kept = [set(), set(), set()]
    for i in range(3):
        buffer = pipeline.get_by_name("out").pull_sample().get_buffer()
        kept[0].add(buffer.get_custom_meta("PixelnormMeta") is not None)
        kept[1].add(buffer.offset == 1000 + i)
        kept[2].add(buffer.pts == i * Gst.SECOND // 30)
    print(*("yes" if ways == {True} else "no" for ways in kept))
    pipeline.set_state(Gst.State.NULL)
"""


def test_what_metas_and_offsets_get_through():
    """The table of docs/streams.md."""
    table = TEXTS["docs/streams.md"].partition("| behind | ")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    expected = {elements: kept for names, *kept in rows for elements in re.findall("`([^`]+)`", names)}
    assert len(expected) > 10
    done = run(["/usr/bin/python3", "-c", BEHIND, *expected])
    assert dict(zip(expected, map(str.split, done.stdout.splitlines()))) == expected, done.stderr


def test_counts_of_the_page_on_reliability():
    """Those that grow: the page says more than how many there are."""
    build = pathlib.Path(os.environ["PIXELNORM_BUILD"])
    listed = run([build / "tests/kernels/test-kernels", "-l"]).stdout.split()
    counts = {"loops in each row": sum(name.startswith("/kernels/orc/") for name in listed)}
    for what, count in counts.items():
        said = int(re.search(rf"more than ([\d,]+) {what}", TEXTS["docs/reliability.md"])[1].replace(",", ""))
        assert said < count <= 1.2 * said, (what, count)
