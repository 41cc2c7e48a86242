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


RELIABILITY = "docs/reliability.md"


counted = pytest.mark.unsanitized("what programs count is the same, and takes minutes")


def said_by(program, *words):
    """Also the bytes of damaged files, which are no text."""
    return subprocess.run([pathlib.Path(os.environ["PIXELNORM_BUILD"]) / "tests" / program, *words], check=True, timeout=120,
                          capture_output=True, text=True, errors="replace").stdout


@counted
def test_counts_of_the_page_on_reliability():
    """Those that grow: the page says more than how many there are."""
    listed = said_by("kernels/test-kernels", "-l").split()
    looked_at = re.findall(r"(\d+) results were looked at", said_by("elements/test-properties-random", "--verbose"))
    exports = run(["/usr/bin/python3", "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider",
                   SOURCE / "tests/cli/test_export.py"]).stdout
    counts = {"loops in each row": (sum(name.startswith("/kernels/orc/") for name in listed), 1.2),
              "tests; the readers": (int(re.search(r"(\d+) tests collected", exports)[1]), 1.2),
              "results": (sum(map(int, looked_at)), 2)}  # that differs from run to run
    for what, (count, most) in counts.items():
        said = int(re.search(rf"more than ([\d,]+) {what}", TEXTS[RELIABILITY])[1].replace(",", ""))
        assert said < count <= most * said, (what, count)
    assert f"for each of {len(looked_at)} configurations" in TEXTS[RELIABILITY]


@counted
def test_entries_on_the_page_on_reliability():
    listed = [name.split("/")[2:] for name in said_by("elements/test-entries", "-l").split() if name.startswith("/entries/")]
    subjects, moments = map(set, zip(*(case for case in listed if len(case) == 2)))
    one = said_by("elements/test-entries", "--verbose", "-p", f"/entries/{min(subjects)}/first")
    kinds = re.findall(r"^# ([a-z-]+)$", one, re.M)
    assert (f"| {len(subjects)} configurations of elements, at {len(moments)} moments, with {len(kinds)} kinds of buffers: "
            f"{len(subjects) * len(moments) * len(kinds):,} cases |") in TEXTS[RELIABILITY]


@counted
def test_kills_on_the_page_on_reliability():
    found = re.findall(r"killed at (\d+) places of a save: (the old|no) file (\d+) times, the new one (\d+) times",
                       said_by("lib/test-profile-kill", "--verbose"))
    if not found:
        pytest.skip("test-profile-kill counts nothing here: it needs ptrace")
    said = re.findall(r"\| (\d+) places \| (the old|no) file \((\d+)\) or the new one \((\d+)\), byte for byte \|", TEXTS[RELIABILITY])
    said += re.findall(r"each of its (\d+) and (\d+) system calls", TEXTS[RELIABILITY])
    found.append((found[0][0], found[1][0]))
    # how often the system is called depends a little on the C library
    for ours, theirs in zip(said, found, strict=True):
        assert [int(one) if one.isdigit() else one for one in ours] == \
            [pytest.approx(int(one), rel=.1) if one.isdigit() else one for one in theirs]


@counted
def test_damage_on_the_page_on_reliability():
    told = said_by("lib/test-profile-file", "--verbose")
    for counted, said in [("changed bits, each refused", "| one bit of it is changed | {:,}: every bit |"),
                          ("shorter files, each refused", "| it is cut short | {:,}: every length below its own |"),
                          ("bits of data changed behind the digest", "digest is corrected | {:,}: every bit of the data |")]:
        found = re.findall(rf"counted: (\d+) {counted}", told)
        assert said.format(sum(map(int, found))) in TEXTS[RELIABILITY]
        assert f"small profiles of {len(found)} kinds" in TEXTS[RELIABILITY]
