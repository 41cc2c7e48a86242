# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/same-bits: a build is the same as itself, a bit of difference is found, and no method goes without a case."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from same_bits import comparison, patterns, values  # noqa: E402

pytestmark = pytest.mark.any_release("a tool that compares builds, of which every release has one")
BUILD = os.environ["PIXELNORM_BUILD"]
METHODS = ["fixed", "center", "zscore", "mean-range", "min-max", "flat-field", "percentile"]
sanitized = pytest.mark.skipif("PIXELNORM_SANITIZED" in os.environ, reason="builds with sanitizers are refused")


def same_bits(*words, old=BUILD, new=BUILD):
    return subprocess.run([TESTS / "same-bits", old, new, *words], capture_output=True, text=True, timeout=600)


def result(kind="pixelnorm", **parts):
    return comparison.Result(kind, {name: list(value) for name, value in parts.items()})


@sanitized
def test_a_build_against_itself():
    """Nothing differs from run to run; every kind has cases that are not refused."""
    done = same_bits("--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"[1-9]\d\d+ same, 0 differ, 0 new", last), last
    counts = re.findall(r"^  (\S.*?) +(\d+) cases +(\d+) results +(\d+) refused$", done.stdout, re.M)
    assert {"pixelnorm", "pixeldenorm", "there and back", "pixelstats", "library", "pixelprofile", "export"} <= {
        kind for kind, *_ in counts}
    for kind, cases, _, refused in counts:
        if kind == "values":  # the quick ones lie out of range
            continue
        assert int(refused) < int(cases), f"{kind}: all {cases} cases are refused"


@sanitized
def test_every_method_has_cases():
    """Whether each method, scope and source is named, with every type of tensor that comes of it."""
    titles = same_bits("--list").stdout.splitlines()
    for method in METHODS:
        for kind in ("pixelnorm", "there and back", "pixeldenorm"):
            own = [title for title in titles if re.match(rf"{kind}: \S+ {method} ", title)]
            assert len(own) >= 20, (kind, method)
            for item in ("float32", "float16", "int8", "uint8", "video/x-raw"):
                assert any(f" {item} " in title for title in own), (kind, method, item)
        assert sum(title.startswith("library: RGB ") and f" {method} " in title for title in titles) >= 12
    assert len(titles) == len(set(titles))


@sanitized
def test_a_wrong_command_line(tmp_path):
    done = same_bits("--quick", new=tmp_path)
    assert done.returncode == 2 and "no build directory of meson" in done.stderr
    done = same_bits("--quick", "--only", "no such case")
    assert done.returncode == 2 and "no case" in done.stderr


def test_one_bit():
    """Of a digest, of a length, a part too many, a case too many, a crash."""
    old = {"a": result(bytes=("11", 4), caps=("22", 2)), "b": result(bytes=("33", 4))}
    assert comparison.compare(old, dict(old)) == []
    assert comparison.compare(old, {**old, "a": result(bytes=("10", 4), caps=("22", 2))}) == [("a", ["bytes"])]
    assert comparison.compare(old, {**old, "b": result(bytes=("33", 5))}) == [("b", ["bytes"])]
    assert comparison.compare(old, {**old, "b": result(bytes=("33", 4), said=("", 0))}) == [("b", ["said"])]
    assert comparison.compare(old, {"a": old["a"]}) == [("b", ["only the old build has the case"])]
    crashed = {**old, "b": comparison.Result("pixelnorm", {"the process ended": ["SIGSEGV", 0]})}
    assert comparison.compare(old, crashed) == [("b", ["bytes", "the process ended"])]


class Mortal(comparison.Worker):
    """A worker whose process dies in its second case, and goes on from the third when it is started again."""

    def __init__(self):
        self.name = "new"

    def start(self, *words):
        first = int(words[-1])
        program = f"""
import json, os, signal
for i in range({first}, 4):
    print(json.dumps({{"begins": str(i), "kind": "k"}}), flush=True)
    if i == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    print(json.dumps({{"results": {{"bytes": ["11", i]}}}}), flush=True)
print(json.dumps({{"all": True}}))
"""
        return subprocess.Popen([sys.executable, "-c", program], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@sanitized
def test_a_case_that_ends_the_process():
    """It has a result that says so, and the cases after it are run."""
    found = Mortal().results("plan")
    assert [found[str(i)].parts for i in range(4)] == [
        {"bytes": ["11", 0]}, {"the process ended": ["SIGSEGV", 0]}, {"bytes": ["11", 2]}, {"bytes": ["11", 3]}]


def test_a_difference_in_words():
    data = bytes(range(200))
    flipped = data[:77] + bytes([data[77] ^ 1]) + data[78:]
    assert comparison.first_difference(data, data) is None
    assert comparison.first_difference(data, flipped) == 77
    assert comparison.first_difference(data, data[:-1]) == 199
    words = comparison.tell_difference(data, flipped)
    assert words.startswith("byte 77, 1 of 200 differ: old 4d 4e ") and "new 4c 4e" in words
    assert "ends after 199 bytes" in comparison.tell_difference(data, data[:-1])
    words = comparison.tell_difference(b"one\nmean is 1.25, std", b"one\nmean is 1.24, std")
    assert "old 'mean is 1.25, std'" in words and "new 'mean is 1.24, std'" in words
    assert "not the same from run to run" in comparison.tell_difference(data, data)
    assert "only new has it" in comparison.tell_difference(None, b"text")


def test_what_only_one_build_knows():
    old = {"enums": {"method": ["a", "b"]}, "outputs": [["x", "y"]], "gone": {"z": "1"}}
    new = {"enums": {"method": ["b", "c", "a"], "source": ["d"]}, "outputs": [["x", "y"], ["x", "w"]]}
    assert values.common(old, new) == {"enums": {"method": ["a", "b"]}, "outputs": [["x", "y"]]}
    assert values.only_in(new, old) == ["enums method c", "enums source", "outputs x w"]
    assert values.only_in(old, new) == ["gone"]


def test_patterns():
    assert patterns.matches("pixelnorm: RGB zscore: meta", ["RGB*meta"])
    assert patterns.matches("library: a.b", ["a.b"]) and not patterns.matches("library: axb", ["a.b"])
    assert not patterns.matches("pixelnorm: RGB", [])
