# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/count-results.py on files of pytest and of meson, and what tests/run says to words that it does not know."""
import os
import pathlib
import subprocess
import sys

import pytest

from reports import want

pytestmark = pytest.mark.unsanitized("a helper of the tests, nothing compiled")
TESTS = pathlib.Path(__file__).resolve().parents[1]

PYTEST = """
import pytest
def test_good(): pass
def test_bad(): assert False
@pytest.mark.skip(reason="no camera  is here")
@pytest.mark.parametrize("i", range(3))
def test_camera(i): pass
def test_late(): pytest.skip("no disk")
"""
FILE = """
import pytest
nothing = pytest.importorskip("no_such_module", reason="no_such_module is not installed")
def test_never(): pass
"""
# as meson 1.0 writes it
MESON = """<testsuites><testsuite name="s"><testcase name="a 1" classname="a"/>
<testcase name="b 1" classname="b"><skipped/><system-out>no disk</system-out></testcase>
<testcase name="c 1" classname="c"><skipped/></testcase></testsuite></testsuites>"""


def count(*runs):
    done = subprocess.run([sys.executable, TESTS / "count-results.py", *runs], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


@pytest.fixture(name="results")
def _results(tmp_path):
    """Files that pytest itself made, in one process and in two, and one as meson makes it."""
    (tmp_path / "test_one.py").write_text(PYTEST)
    (tmp_path / "test_file.py").write_text(FILE)
    (tmp_path / "meson.xml").write_text(MESON)
    want("xdist")
    for name, words in [("one", []), ("two", ["-n", "2", "--dist", "loadfile"])]:
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words,
                        f"--junitxml={tmp_path}/{name}.xml", tmp_path], capture_output=True, cwd=tmp_path,
                       env={**os.environ, "LD_PRELOAD": ""})
    return tmp_path


def test_reasons_are_grouped(results):
    status, lines = count(f"plain={results}/one.xml", f"side by side={results}/two.xml", f"c={results}/meson.xml")
    assert status == 1
    failed, skipped = lines[:2], lines[2:-1]
    assert [line.split(":")[0] for line in failed] == ["FAILED plain", "FAILED side by side"]
    assert all(line.endswith("test_bad") for line in failed)
    assert skipped == ["SKIPPED 6 (plain, side by side): no camera is here",
                       "SKIPPED 3 (plain, side by side, c): no disk",
                       "SKIPPED 2 (plain, side by side): no_such_module is not installed",
                       "SKIPPED 1 (c): it gives no reason"]
    assert lines[-1] == "3 passed, 2 failed, 12 skipped"


@pytest.mark.parametrize("text, status, last", [
    ("<testsuite><testcase name='a'/></testsuite>", 0, "1 passed, 0 failed, 0 skipped"),
    ("<testsuite><testcase name='a'><skipped message='why'/></testcase></testsuite>", 1, "0 passed, 0 failed, 1 skipped"),
    ("<testsuite><testcase name='a'><error/></testcase></testsuite>", 1, "0 passed, 1 failed, 0 skipped"),
    ("<testsuite/>", 1, "0 passed, 1 failed, 0 skipped"), ("<testsu", 1, "0 passed, 1 failed, 0 skipped"),
    (None, 1, "0 passed, 1 failed, 0 skipped")])
def test_exit_status(text, status, last, tmp_path):
    if text is not None:
        (tmp_path / "r.xml").write_text(text)
    found, lines = count(f"run={tmp_path}/r.xml")
    assert (found, lines[-1]) == (status, last)


def usage_of(script):
    """The lines of its head that show how it is called."""
    return [line for line in script.read_text().splitlines()[:40] if line.startswith("#   tests/")]


@pytest.mark.parametrize("name, words", [("run", ["--bogus"]), ("run", ["all"]), ("run", ["--sanitize", "--fuzz", "0"]),
                                         ("run", ["--matrix", "sid", "--plain"]), ("matrix/run", []),
                                         ("matrix/run", ["woody"])])
def test_words_that_it_does_not_know(name, words):
    """The usage, all of it, and nothing else is done."""
    done = subprocess.run([TESTS / name, *words], capture_output=True, text=True, timeout=30)
    usage = [line.removeprefix("# ") for line in usage_of(TESTS / name)]
    assert done.returncode == 2 and len(usage) >= 3
    assert [line for line in done.stdout.splitlines() if line.startswith("  tests/")] == usage


def test_every_flag_is_in_the_usage():
    script = (TESTS / "run").read_text()
    flags = {word for line in script.splitlines() if line.startswith("    --") for word in [line.split(")")[0].strip()]}
    assert len(flags) >= 9
    assert {line.split()[2] for line in usage_of(TESTS / "run") if len(line.split()) > 2 and line.split()[2].startswith("--")} >= flags
