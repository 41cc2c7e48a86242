# SPDX-License-Identifier: LGPL-2.1-or-later
"""C is formatted as .clang-format says, by the one version of clang-format that it was written for."""
import pathlib
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.unsanitized("texts, nothing compiled"), pytest.mark.any_release("texts, and one version of clang-format")]
SOURCE = pathlib.Path(__file__).resolve().parents[2]
VERSION = "14.0.6"
FOLDERS = ["src", "gst", "include", "tests", "pipelines"]


def version_of(program):
    try:
        text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    words = text.split("version ")[-1].split()
    return words[0] if words else None


def clang_format():
    """The program, of Debian or the wheel that tests/run puts into build/python; skips where neither is of the version."""
    wheel = SOURCE / "build" / "python" / "clang_format" / "data" / "bin" / "clang-format"
    found = {program: version_of(program) for program in ("clang-format", "clang-format-14", str(wheel))
             if shutil.which(program)}
    for program, version in found.items():
        if version == VERSION:
            return program
    others = ", ".join(f"{program} is {version}" for program, version in found.items()) or "there is none"
    pytest.skip(f"formatting needs clang-format {VERSION} (pip install clang-format=={VERSION}), and {others}")


def sources():
    return sorted(path for folder in FOLDERS for path in (SOURCE / folder).rglob("*.[ch]"))


def test_sources_are_formatted():
    program, files = clang_format(), sources()
    assert len(files) > 150
    done = subprocess.run([program, "--dry-run", "-Werror", "--style=file", *files], capture_output=True, text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "clang-format-violations" in line})
    assert not wrong, f"format them: {program} -i {' '.join(wrong)}"
    assert done.returncode == 0, done.stderr


def test_a_fault_is_found(tmp_path):
    """The check sees what it is for."""
    shutil.copy(SOURCE / ".clang-format", tmp_path)
    (tmp_path / "wrong.c").write_text("int f(void){return 0;}\n")
    done = subprocess.run([clang_format(), "--dry-run", "-Werror", "--style=file", tmp_path / "wrong.c"], capture_output=True,
                          text=True, check=False)
    assert done.returncode != 0 and "clang-format-violations" in done.stderr
