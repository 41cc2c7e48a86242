# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/matrix/run where something goes wrong: what is mended, what is skipped, and what is a failure.

A copy of the script runs with other programs in the place of those that fetch and install; nothing is fetched.
"""
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

pytestmark = pytest.mark.unsanitized("a script of the tests, nothing compiled")
SOURCE = pathlib.Path(__file__).resolve().parents[2]

# name -> what it does; the words of MENDS, MAKES, INSTALLS, MIRROR, MOUNTS and TESTS are commands of a test, those of WRITTEN
# the results that tests leave
PROGRAMS = {
    "id": "echo 0",
    "dpkg": "echo amd64",
    "apt-get": "echo no network >&2; exit 1",
    "mount": 'eval "$MOUNTS"',
    "dpkg-query": "echo 'ii '",
    "timeout": 'case "$2" in */apt-helper) eval "$MIRROR" ;; *) exec /usr/bin/timeout "$@" ;; esac',
    # what it starts has the words: debootstrap ... FOLDER, or bash -c SCRIPT FOLDER COMMAND...
    "unshare": """
while [ "${1#--}" != "$1" ]; do shift; done
if [ "$1" = debootstrap ]; then
  for folder; do :; done
  mkdir -p "$folder/etc/apt/apt.conf.d" "$folder/source/build/tests"
  echo made anew >>"$FOLDER-log"
  eval "$MAKES"; exit
fi
folder=$4
case "$*" in
  *"dpkg --configure -a"*) eval "$MENDS" ;;
  *--install*) eval "$INSTALLS" ;;
  *"env -C /source"*)
    echo "${CC:-}; $*" >"$FOLDER-ran"
    for i in $WRITTEN; do cp "$RESULTS" "$folder/source/build/tests/results-plain-$i.xml"; done
    eval "$TESTS" ;;
esac"""}


@pytest.fixture(name="matrix")
def _matrix(tmp_path):
    """matrix(SUITE, HOW THINGS GO) -> exit status, the last line, the one result instead of tests if any, how often it was made."""
    for name in ("tests/matrix/run", "pipelines/setup.sh"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(SOURCE / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name, text in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "results.xml").write_text("<testsuite><testcase name='a'/></testsuite>")

    def matrix(suite="sid", words=(), **how):
        things = {"MENDS": "true", "MAKES": "true", "INSTALLS": "true", "MIRROR": "true", "MOUNTS": "false",
                  "TESTS": "true", "WRITTEN": "c python", **how}
        folder = tmp_path / "build" / "matrix" / suite
        (folder / "etc" / "apt" / "apt.conf.d").mkdir(parents=True)
        (folder / "source" / "build" / "tests").mkdir(parents=True)
        (folder / "made").touch()
        done = subprocess.run([tmp_path / "tests/matrix/run", suite, *words], capture_output=True, text=True, timeout=60, env={
            **os.environ, **things, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "FOLDER": str(folder),
            "RESULTS": str(tmp_path / "results.xml"), "PIXELNORM_BINFMT": str(tmp_path / "binfmt"), "LD_PRELOAD": ""})
        made, results = folder.with_name(f"{suite}-log"), folder.with_name(f"{suite}-results")
        instead = None
        if (results / "instead.xml").exists():
            instead = ElementTree.parse(results / "instead.xml").find("testcase")[0].tag
        else:
            assert {path.name for path in results.iterdir()} == (set() if words else {"c.xml", "python.xml"}), done.stdout + done.stderr
        return (done.returncode, done.stdout.splitlines()[-1:], instead,
                made.read_text().count("\n") if made.exists() else 0)

    return matrix


SKIPPED, FAILED = ["0 passed, 0 failed, 1 skipped"], ["0 passed, 1 failed, 0 skipped"]


def test_all_is_well(matrix):
    assert matrix() == (0, [], None, 0)


def test_what_cannot_be_mended_is_made_anew(matrix):
    status, _, instead, made = matrix(MENDS='grep -q anew "$FOLDER-log"')
    assert (status, instead, made) == (0, None, 1)


@pytest.mark.parametrize("how, expected", [
    ({"MENDS": "false"}, (1, FAILED, "failure", 1)),
    ({"MENDS": "false", "MIRROR": "false"}, (0, SKIPPED, "skipped", 0)),
    ({"MENDS": "false", "MAKES": "false"}, (0, SKIPPED, "skipped", 1)),
    ({"INSTALLS": "exit 1"}, (1, FAILED, "failure", 0)),
    ({"INSTALLS": "exit 1", "MIRROR": "false"}, (0, SKIPPED, "skipped", 0)),
    ({"INSTALLS": "echo 'E: Failed to fetch it'; exit 1"}, (0, SKIPPED, "skipped", 0)),
    ({"INSTALLS": "exit 124"}, (0, SKIPPED, "skipped", 0))], ids=str)
def test_instead(how, expected, matrix):
    assert matrix(**how) == expected


@pytest.mark.parametrize("how, expected", [({}, (0, [], None, 0)), ({"INSTALLS": "exit 124"}, (0, SKIPPED, "skipped", 0))], ids=str)
def test_only_the_folder(how, expected, matrix, tmp_path):
    """No test runs; what is in the way of the folder is told as ever."""
    assert matrix("trixie", words=["--install"], **how) == expected
    ran = tmp_path / "build/matrix/trixie-ran"
    assert ran.exists() != bool(how) and (how or ran.read_text().split()[-1] == "true")


# --- for another processor

@pytest.fixture(name="binfmt")
def _binfmt(tmp_path):
    """Stands for /proc/sys/fs/binfmt_misc, with qemu at hand."""
    (tmp_path / "binfmt").mkdir()
    (tmp_path / "binfmt" / "register").touch()
    (tmp_path / "build" / "matrix").mkdir(parents=True)
    (tmp_path / "build" / "matrix" / "qemu-aarch64-static").touch(0o755)
    return tmp_path / "binfmt"


def test_arm_is_played(matrix, binfmt, tmp_path):
    assert matrix("arm64") == (0, [], None, 0)
    name, text = re.fullmatch(r":(.*?):M::(.*)", (binfmt / "register").read_text()).groups()
    magic, mask, program, flags = text.split(":")
    # as an ELF file begins: 64 bits, little-endian, version 1; machine 183; of 20 bytes all are compared but the kind of system,
    # and the kind of file with its lowest bit left out
    assert [len(part.encode().decode("unicode_escape")) for part in (magic, mask)] == [20, 20]
    assert magic.encode().decode("unicode_escape").encode("latin-1") == (
        b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + (2).to_bytes(2, "little") + (183).to_bytes(2, "little"))
    assert (program, flags) == (str(tmp_path / "build/matrix/qemu-aarch64-static"), "PF")
    assert (binfmt / name).read_text() == "-1\n"  # taken back
    compiler, ran = (tmp_path / "build/matrix/arm64-ran").read_text().split(";", 1)
    assert "aarch64" in compiler and ran.endswith("tests/run --emulated\n")


@pytest.mark.parametrize("suite, seconds, status, result, line", [
    ("arm64", 900, 0, "skipped", SKIPPED), ("arm64", 86400, 137, "failure", FAILED), ("sid", 900, 137, "failure", FAILED)])
@pytest.mark.parametrize("written", ["c", ""])
def test_tests_that_take_too_long(written, suite, seconds, status, result, line, matrix, binfmt, tmp_path, monkeypatch):
    """What an emulator did not reach in the time that was left is skipped, in words. With all of the time it hangs, and so it does
    without an emulator."""
    monkeypatch.setenv("PIXELNORM_MATRIX_SECONDS", str(seconds))
    expected = (status, [], None, 0) if written else (min(status, 1), line, result, 0)
    found, last, instead, made = matrix(suite, TESTS="exit 137", WRITTEN=written)
    assert (found, last if instead else [], instead, made) == expected
    if written:
        results = tmp_path / f"build/matrix/{suite}-results"
        assert "took more than" in ElementTree.parse(results / "python.xml").find(f"testcase/{result}").get("message")
        assert ElementTree.parse(results / "c.xml").find("testcase").get("name") == "a"


def test_no_compiler_of_this_machine_elsewhere(matrix, tmp_path):
    assert matrix("sid") == (0, [], None, 0)
    assert (tmp_path / "build/matrix/sid-ran").read_text().endswith("tests/run --inference\n")
    assert (tmp_path / "build/matrix/sid-ran").read_text().startswith(os.environ.get("CC", "") + ";")


@pytest.mark.parametrize("missing", ["register", "a mount", "qemu"])
def test_arm_cannot_be_played(missing, matrix, binfmt, tmp_path):
    if missing == "qemu":
        (tmp_path / "build" / "matrix" / "qemu-aarch64-static").unlink()
    else:
        (binfmt / "register").unlink()
        if missing == "register":
            (binfmt / "register").mkdir()  # which takes nothing
    assert matrix("arm64") == (0, SKIPPED, "skipped", 0)
