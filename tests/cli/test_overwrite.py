# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every subcommand of pixelprofile that writes: what is there stays without --force; with it a profile is overwritten by a profile
only, and anything else only by what is none."""
import os
import re
import resource
import signal
import socket
import stat
import subprocess

import numpy as np
import pytest
from PIL import Image

from cli_help import load, PRECIOUS, pixelprofile, PROGRAM, save_profile, wait_for, children_of

RNG = np.random.default_rng(5)
NOTES = b"notes that are no profile"

# WRITER TABLE: the words before the file that is written, those after it, and whether that is a profile
WRITERS = {
    "collect": (["collect"], ["in.png"], True),
    "merge": (["merge"], ["a.safetensors", "b.safetensors"], True),
    "render": (["render", "--image=mean", "--output"], ["a.safetensors"], False),
    "report": (["report", "--output"], ["a.safetensors"], False),
    "diff": (["diff", "--share=0", "--output"], ["a.safetensors", "b.safetensors"], False),
    "export": (["export", "--to", "torchvision", "--scope", "channel", "--output"], ["a.safetensors"], False),
}
NAMES = {"render": "out.png", "diff": "out.png"}


@pytest.fixture
def folder(tmp_path):
    frames = RNG.integers(0, 256, (2, 3, 4, 6, 3), np.uint8)
    for name, part in zip("ab", frames):
        save_profile(tmp_path / f"{name}.safetensors", part)
    Image.fromarray(frames[0, 0]).save(tmp_path / "in.png")
    return tmp_path


def write(folder, writer, *options):
    before, after, _ = WRITERS[writer]
    out = NAMES.get(writer, "out")
    return folder / out, pixelprofile(before[0], *options, *before[1:], out, *after, cwd=folder)


def test_every_subcommand_that_writes_is_here():
    for command in (line.split()[0] for line in pixelprofile("--help").stdout.splitlines() if line.startswith("  ")):
        writes = "--force" in pixelprofile(command, "--help").stdout if command.isalpha() else False
        assert writes == (command in WRITERS), command


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("content, kind", [(PRECIOUS, "profile"), (NOTES, "other"), (b"", "empty")])
def test_what_is_there(folder, writer, content, kind):
    out, done = write(folder, writer)
    assert done.returncode in (0, 1) and out.stat().st_size > 0, done.stderr  # 1: what diff finds
    out.write_bytes(content)
    names = sorted(os.listdir(folder))
    _, done = write(folder, writer)
    assert done.returncode in (1, 2) and "is there already. Overwrite it with --force" in done.stderr and done.stderr.count("\n") == 1
    assert out.read_bytes() == content
    _, done = write(folder, writer, "--force")
    if kind == "empty" or (kind == "profile") == WRITERS[writer][2]:
        assert done.returncode in (0, 1) and out.read_bytes() != content, done.stderr
    else:
        assert done.returncode in (1, 2) and done.stderr.count("\n") == 1
        assert ("only profiles are replaced" if WRITERS[writer][2] else "which only a profile may overwrite") in done.stderr
        assert out.read_bytes() == content
    assert sorted(os.listdir(folder)) == names


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def make_link_to_a_fifo(path):
    os.mkfifo(f"{path}-fifo")
    os.symlink(f"{path}-fifo", path)


@pytest.mark.parametrize("writer, make", [(writer, make) for writer in WRITERS
                                          for make in (make_fifo, make_socket, make_link_to_a_fifo, os.mkdir)
                                          if (writer, make) != ("render", os.mkdir)])  # which takes one to put pictures into
def test_what_is_no_file_stays(folder, writer, make):
    """A rename would put a file in its place, which not even --force asks for."""
    out = folder / NAMES.get(writer, "out")
    make(out)
    kind, names = stat.S_IFMT(out.lstat().st_mode), sorted(os.listdir(folder))
    for options in ([], ["--force"]):
        _, done = write(folder, writer, *options)
        assert done.returncode in (1, 2) and done.stderr.count("\n") == 1, done.stderr
        assert re.search(r"(Choose another name|or choose another name|Give another path)\.$", done.stderr), done.stderr
    assert stat.S_IFMT(out.lstat().st_mode) == kind and sorted(os.listdir(folder)) == names


@pytest.mark.parametrize("writer", WRITERS)
def test_a_link_stays_one(folder, writer):
    """What it leads to is written, beside that."""
    out = folder / NAMES.get(writer, "out")
    (folder / "elsewhere").mkdir()
    real = folder / "elsewhere" / "real"
    real.write_bytes(b"")
    out.symlink_to(real)
    _, done = write(folder, writer, "--force")
    assert done.returncode in (0, 1) and out.is_symlink() and real.stat().st_size > 0, done.stderr
    assert os.listdir(folder / "elsewhere") == ["real"]


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # which would end the program without a word
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))


@pytest.mark.parametrize("writer", WRITERS)
def test_a_limit_on_the_size_of_files(folder, writer):
    before, after, _ = WRITERS[writer]
    names = sorted(os.listdir(folder))
    done = pixelprofile(*before, NAMES.get(writer, "out"), *after, cwd=folder, preexec_fn=small_files,
                        env={**os.environ, "TMPDIR": str(folder)})
    assert done.returncode in (1, 2) and "File too large" in done.stderr.splitlines()[0], done.stderr
    assert done.stderr.splitlines()[0].endswith((" another place.", " another disk."))
    assert sorted(os.listdir(folder)) == names


def test_what_appears_while_collect_reads(folder):
    """It stays, and what was read is not lost."""
    for number in range(2000):
        os.link(folder / "in.png", folder / f"{number}.png")
    elsewhere = folder / "tmp"
    elsewhere.mkdir()
    with subprocess.Popen([PROGRAM, "collect", "--jobs=1", "out", *(f"{n}.png" for n in range(2000))], cwd=folder,
                          stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(elsewhere)}) as process:
        wait_for(lambda: children_of(process.pid))
        process.send_signal(signal.SIGSTOP)
        (folder / "out").write_bytes(PRECIOUS)
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 1 and "Another profile is there by now" in errors and errors.count("\n") == 1
    assert (folder / "out").read_bytes() == PRECIOUS
    [kept] = elsewhere.iterdir()
    assert f'It was written to "{kept}" instead' in errors
    assert load(kept).get_frames() == 2000
