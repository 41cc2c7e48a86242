# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/bench/collect runs to its end, and finds the digests of the command and of Python equal."""
import os
import pathlib
import subprocess
import sys

import pytest

PROGRAM = pathlib.Path(__file__).parent / "collect"
BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
CACHE = BUILD / "bench"  # pictures are made once


def run(*words):
    return subprocess.run([sys.executable, "-B", PROGRAM, BUILD, "--quick", "--cache", CACHE, *words], capture_output=True, text=True,
                          timeout=600)


@pytest.mark.unsanitized("nearly all of it is Pillow and numpy; tests/cli has what the command does with such pictures")
@pytest.mark.any_release("a benchmark; test_collect_formats.py compares with the Pillow of the release")
def test_digests():
    done = run("--only", "digests")
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("  ")] == ["equal", "equal"]


@pytest.mark.long
def test_all_tables():
    done = run("--markdown")
    assert done.returncode == 0, done.stderr
    tables = done.stdout.count("|---|--:|--:|---|")
    assert tables == 7 and done.stdout.count(" s |") >= 10 and "files/s" in done.stdout
