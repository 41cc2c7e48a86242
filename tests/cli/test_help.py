# SPDX-License-Identifier: LGPL-2.1-or-later
"""What pixelprofile says of itself: --help, the manual page made of it, and completion in bash and zsh."""
import os
import pathlib
import pty
import re
import select
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
    assert {"collect", "info", "verify", "merge", "render", "diff", "report", "export", "watch"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_scripts_need(command):
    text = run(PROGRAM, command, "--help")
    assert re.search(r"Exit status(: |, as that of diff\(1\): )0 ", text)
    assert "Example" in text and f"  pixelprofile {command} " in text
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize("command", COMMANDS)
def test_options_without_a_value_take_none(command, tmp_path):
    """--force=no would be --force. What follows "--" are names."""
    flags = {option for option, value in list_options(command).items() if not value} - {"--help"}
    assert flags
    for option in flags:
        done = subprocess.run([PROGRAM, command, f"{option}=no"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout) == (2, "") and f'found "{option}=no"' in done.stderr, done.stderr
        done = subprocess.run([PROGRAM, command, "--", f"{option}=no"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode != 0 and "without a value" not in done.stderr, done.stderr
    assert not os.listdir(tmp_path)


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
    assert complete("watch", "--scope", "=", "") == {"pixel", "channel"}
    assert complete("watch", "--channels", "") == {"auto", "native", "rgb", "gray"}
    (tmp_path / "lobby.safetensors").write_bytes(b"")
    assert complete("info", f"{tmp_path}/lo") == {f"{tmp_path}/lobby.safetensors"}


def test_completion_is_registered():
    assert "_pixelprofile pixelprofile" in run("bash", "-c", 'source "$1"; complete -p pixelprofile', "bash", COMPLETION)


ZSH = r"""
PS1= PS2= RPS1=; unsetopt prompt_sp zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste
zstyle ':completion:*' list-prompt ''; LISTMAX=1000
fpath=('{share}/zsh/site-functions' $fpath); autoload -Uz compinit; compinit -u -D
show () {{ print -r -- "<$BUFFER>" }}; zle -N show; bindkey '^Xs' show; bindkey '^Xk' kill-buffer
cd '{folder}'; path=('{programs}' $path); print rea''dy
"""


@pytest.fixture(scope="module")
def zsh(tmp_path_factory):
    """A function: what a line becomes by the Tab key. As it is installed, in a terminal."""
    if not shutil.which("zsh"):
        pytest.skip("zsh is not there")
    root = tmp_path_factory.mktemp("zsh")
    for name, place in [("pixelprofile", "bash-completion/completions"), ("_pixelprofile", "zsh/site-functions")]:
        (root / "share" / place).mkdir(parents=True)
        shutil.copy(COMPLETION.parent / name, root / "share" / place)
    (root / "lobby yard.safetensors").touch()
    master, slave = pty.openpty()
    shell = subprocess.Popen(["zsh", "-f", "-i"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                             env={**os.environ, "TERM": "dumb", "HOME": str(root)})

    def wait_for(pattern):
        found = ""
        while not (match := re.search(pattern, found)):
            assert select.select([master], [], [], 60)[0], f"zsh says nothing but {found!r}"
            found += os.read(master, 4096).decode()
        return match

    def complete_line(line):
        os.write(master, f"{line}\t\x18s\x18k".encode())
        return wait_for(r"<(.*?)>")[1]

    lines = ZSH.format(share=root / "share", folder=root, programs=pathlib.Path(PROGRAM).parent).strip()
    os.write(master, lines.replace("\n", "; ").encode() + b"\n")
    wait_for(r"\bready\b")
    yield complete_line
    shell.kill()
    shell.wait()
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("line, expected", [
    ("pixelprofile ren", "pixelprofile render "),
    ("pixelprofile export --to=nvinfers", "pixelprofile export --to=nvinferserver "),
    ("pixelprofile export --to nvinfers", "pixelprofile export --to nvinferserver "),
    ("pixelprofile export --layout=nc", "pixelprofile export --layout=nchw "),
    ("pixelprofile export --channel-o", "pixelprofile export --channel-order="),
    ("pixelprofile render --image co", "pixelprofile render --image count "),
    ("pixelprofile info lob", "pixelprofile info lobby\\ yard.safetensors "),
    ("pixelprofile export --output=lob", "pixelprofile export --output=lobby\\ yard.safetensors "),
    ("pixelprofile nothing-begins-so", "pixelprofile nothing-begins-so"),
])
def test_completion_in_zsh(zsh, line, expected):
    assert zsh(line) == expected
