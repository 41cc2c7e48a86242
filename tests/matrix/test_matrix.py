# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/matrix/run where something goes wrong: what is mended, what is skipped, and what is a failure.

A copy of the script runs with other programs in the place of those that fetch and install; nothing is fetched.
"""
import os
import pathlib
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

pytestmark = pytest.mark.unsanitized("a script of the tests, nothing compiled")
SOURCE = pathlib.Path(__file__).resolve().parents[2]

# name -> what it does; the words of MENDS, MAKES, INSTALLS and MIRROR are commands of a test
PROGRAMS = {
    "id": "echo 0",
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
  *"env -C /source"*) for i in c python; do cp "$RESULTS" "$folder/source/build/tests/results-plain-$i.xml"; done ;;
esac"""}


@pytest.fixture(name="matrix")
def _matrix(tmp_path):
    """matrix(HOW THINGS GO) -> exit status, the last line, the one result instead of tests if any, how often it was made."""
    for name in ("tests/matrix/run", "pipelines/setup.sh"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(SOURCE / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name, text in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "results.xml").write_text("<testsuite><testcase name='a'/></testsuite>")
    folder = tmp_path / "build" / "matrix" / "sid"
    (folder / "etc" / "apt" / "apt.conf.d").mkdir(parents=True)
    (folder / "source" / "build" / "tests").mkdir(parents=True)
    (folder / "made").touch()

    def matrix(**how):
        things = {"MENDS": "true", "MAKES": "true", "INSTALLS": "true", "MIRROR": "true", **how}
        done = subprocess.run([tmp_path / "tests/matrix/run", "sid"], capture_output=True, text=True, timeout=60, env={
            **os.environ, **things, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "FOLDER": str(folder),
            "RESULTS": str(tmp_path / "results.xml"), "LD_PRELOAD": ""})
        made, results = tmp_path / "build/matrix/sid-log", tmp_path / "build/matrix/sid-results"
        instead = None
        if (results / "instead.xml").exists():
            instead = ElementTree.parse(results / "instead.xml").find("testcase")[0].tag
        else:
            assert {path.name for path in results.iterdir()} == {"c.xml", "python.xml"}, done.stdout + done.stderr
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
