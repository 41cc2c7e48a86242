# SPDX-License-Identifier: LGPL-2.1-or-later
"""The seeds of the fuzzers are what tests/fuzz/make-seeds says, and good profiles; and the runner counts."""
import os
import pathlib
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


SEEDS = runpy.run_path(str(HERE / "make-seeds"))["seeds"]()
FUZZERS = runpy.run_path(str(HERE / "run-fuzzers.py"))["FUZZERS"]


@pytest.mark.parametrize("name", SEEDS)
def test_seed_is_up_to_date(name):
    assert (HERE / "seeds" / name).read_bytes() == SEEDS[name], "run tests/fuzz/make-seeds"


@pytest.mark.parametrize("name", [name for name in SEEDS if name.startswith("profile/")])
def test_seed_is_a_profile(name):
    """One that is refused would teach the fuzzers nothing."""
    profile = Pixelnorm.Profile.parse(GLib.Bytes.new(SEEDS[name]))
    assert f'"identity":"{profile.get_identity()}"'.encode() in SEEDS[name]


@pytest.mark.parametrize("name", [name for name in SEEDS if name.startswith("affine/")])
def test_seed_is_an_affine(name):
    if name == "affine/not-a-number.safetensors":
        with pytest.raises(GLib.Error, match="nan"):
            Pixelnorm.LearnedAffine.parse(GLib.Bytes.new(SEEDS[name]))
    else:
        assert Pixelnorm.LearnedAffine.parse(GLib.Bytes.new(SEEDS[name]))


def make_fuzzer(folder, name, lines):
    """Something that looks like a fuzzer that was built."""
    path = folder / "tests" / "fuzz" / f"fuzz-{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + lines)
    path.chmod(0o755)


def run(folder, *words):
    done = subprocess.run([sys.executable, HERE / "run-fuzzers.py", folder, HERE, "1", *words], text=True,
                          capture_output=True, check=False, env={**os.environ, "LD_PRELOAD": ""})
    cases = list(ElementTree.parse(folder / "results.xml").iter("testcase"))
    return done, {case.get("name"): [child.tag for child in case] for case in cases}


def test_skipped_in_words(tmp_path):
    done, cases = run(tmp_path, "--skip", "no clang")
    assert done.returncode == 0 and done.stdout.endswith(f"0 passed, 0 failed, {len(FUZZERS)} skipped\n")
    assert set(cases) == set(FUZZERS) and all(tags == ["skipped"] for tags in cases.values())


def test_a_finding_fails(tmp_path):
    make_fuzzer(tmp_path, "profile", "echo 'Test unit written to /kept/crash-1'; exit 77")
    done, cases = run(tmp_path, "profile")
    assert done.returncode == 1 and done.stdout.endswith("0 passed, 1 failed, 0 skipped\n")
    assert "/kept/crash-1" in done.stdout and cases == {"profile": ["failure"]}


def test_a_fuzzer_that_tries_nothing_fails(tmp_path):
    make_fuzzer(tmp_path, "profile", "echo 'stat::number_of_executed_units: 0'")
    done, cases = run(tmp_path, "profile")
    assert done.returncode == 1 and cases == {"profile": ["failure"]}
