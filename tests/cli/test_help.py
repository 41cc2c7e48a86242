# SPDX-License-Identifier: LGPL-2.1-or-later
"""What pixelprofile says of itself: --help, the manual page made of it, and completion in bash."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from cli_help import PROGRAM

SOURCE = pathlib.Path(__file__).parents[2]
PAGE = SOURCE / "docs" / "man" / "pixelprofile.1"
COMPLETION = SOURCE / "src" / "cli" / "completion" / "pixelprofile"


def run(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8", timeout=120, check=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "", **more}).stdout


def list_commands():
    return re.findall(r"^  ([a-z]+) ", run(PROGRAM, "--help").split("Commands:")[1].split("Options:")[0], re.M)


def list_options(command):
    """Words that begin with --; whether a value follows."""
    return dict(re.findall(r"^  (?:-., )?(--[a-z-]+)(=?)", run(PROGRAM, command, "--help"), re.M))


COMMANDS = list_commands()


def test_commands():
    assert {"collect", "info", "verify", "merge", "render", "diff", "report", "export"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_scripts_need(command):
    text = run(PROGRAM, command, "--help")
    assert re.search(r"Exit status(: |, as that of diff\(1\): )0 ", text)
    assert "Example" in text and f"  pixelprofile {command} " in text
    assert max(map(len, text.splitlines())) <= 110


def test_the_page_is_what_help_says():
    assert run(SOURCE / "docs" / "man" / "make-man", PROGRAM) == PAGE.read_text(), \
        "run: docs/man/make-man BUILD/src/cli/pixelprofile > docs/man/pixelprofile.1"


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not there")
def test_the_page_as_it_is_read():
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", PAGE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    text = re.sub(r".\x08", "", run("mandoc", "-T", "utf8", "-O", "width=200", PAGE)).replace("‐", "-")
    for command in COMMANDS:
        section = text.split(f"\n{command.upper()}\n")[1].split("\nEXIT STATUS\n")[0]
        section = re.split(r"\n[A-Z]", section)[0]
        for option in list_options(command):
            assert re.search(rf"^ +(-., )?{option}(=| |$)", section, re.M), (command, option)


def complete(*words):
    """What bash offers for the last of the words after the program's name."""
    script = ('source "$1"; program=$2; shift 2; COMP_WORDS=("$program" "$@"); COMP_CWORD=$#; '
              '_pixelprofile "$program"; printf "%s\\n" "${COMPREPLY[@]}"')
    return set(run("bash", "-c", script, "bash", COMPLETION, PROGRAM, *words).split())


def test_completion_of_commands():
    assert complete("") == {*COMMANDS, "--help", "--version"}
    assert complete("ren") == {"render"}


@pytest.mark.parametrize("command", COMMANDS)
def test_completion_of_options(command):
    assert complete(command, "--") == {name + value for name, value in list_options(command).items()}


def test_completion_of_values(tmp_path):
    formats = set(re.findall(r"^  ([a-z0-9-]+) ", run(PROGRAM, "export", "--help").split("Formats:")[1].split("\n\n")[0],
                             re.M))
    assert len(formats) > 15 and "dlstreamer-info" in formats
    assert complete("export", "--to", "") == complete("export", "--to", "=", "") == formats
    assert complete("export", "--to", "=") == formats
    assert complete("export", "--layout", "=", "") == {"nhwc", "nchw"} and "flat-field" in complete("export", "--method", "")
    assert complete("export", "--mean", "") == complete("export", "--mean", "=") != {"nhwc"}
    assert complete("collect", "--scope", "=", "p") == {"pixel"}
    assert complete("collect", "--format", "") == {"RGB", "GRAY8", "RGB48", "GRAY16", "auto"}
    assert complete("collect", "--scaling", "=", "") == {"bilinear", "area", "nearest"}
    assert complete("collect", "--orient", "") == {"auto", "off"}
    (tmp_path / "lobby.safetensors").write_bytes(b"")
    assert complete("info", f"{tmp_path}/lo") == {f"{tmp_path}/lobby.safetensors"}


def test_completion_is_registered():
    assert "_pixelprofile pixelprofile" in run("bash", "-c", 'source "$1"; complete -p pixelprofile', "bash", COMPLETION)
