# SPDX-License-Identifier: LGPL-2.1-or-later
"""The quickstart, from nothing to a clip: what it makes, what it says, and what it leaves where it fails."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline_help import (
    check_profile, check_tensors, count_frames, decoded_frames, frames_of, make, make_video, PIPELINES,
    processes_of, read_profile, run, TIMEOUT, zscore)

builds = pytest.mark.unsanitized("it builds or fetches, and runs nothing of that build")
RESULTS = {"profile.safetensors", "profile-mean.png", "profile-std.png", "profile-range.png", "normalized.mp4",
           "tensors.f32"}


def quickstart(cwd, *arguments, **keywords):
    return run([PIPELINES / "quickstart", "--output", "out", *arguments], cwd, **keywords)


def results(cwd):
    return {path.name for path in (Path(cwd) / "out").iterdir()}


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """One that takes seconds."""
    directory = tmp_path_factory.mktemp("long")
    return make_video(directory / "long.avi", directory, "videotestsrc num-buffers=900", "width=960,height=720", False)


def test_quickstart(tmp_path):
    folder = tmp_path / "it's \"a\" folder\\"
    folder.mkdir()
    video = make_video(folder / "v é 1%20!.avi", tmp_path, "videotestsrc num-buffers=40")
    done = quickstart(folder, video.name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\r" not in done.stdout and "frames/s" not in done.stdout
    assert results(folder) == RESULTS
    for name in RESULTS:
        assert name in done.stdout
    frames = decoded_frames(video, tmp_path)
    assert len(frames) == 40
    check_profile(folder / "out" / "profile.safetensors", frames)
    check_tensors(folder / "out" / "tensors.f32", zscore(frames[:3], frames))
    assert count_frames("normalized.mp4", folder / "out") == (40, 320, 240)
    with Image.open(folder / "out" / "profile-mean.png") as picture:
        assert np.array_equal(np.asarray(picture), np.rint(frames.mean(0)))


def test_quickstart_prints_lines_that_run(tmp_path):
    video = make_video(tmp_path / "v.avi", tmp_path)
    done = quickstart(tmp_path, video.name)
    lines = [line.strip() for line in done.stdout.splitlines() if line.startswith("  gst-launch-1.0 ")]
    assert len(lines) == 3
    for line in lines:
        again = run(["bash", "-c", line], tmp_path)
        assert again.returncode == 0, again.stderr
    assert read_profile(tmp_path / "profile.safetensors")[0]["identity"] == \
        read_profile(tmp_path / "out" / "profile.safetensors")[0]["identity"]
    assert count_frames("normalized.mp4", tmp_path) == (40, 320, 240)
    assert (tmp_path / "tensors.f32").read_bytes().startswith((tmp_path / "out" / "tensors.f32").read_bytes())


def test_quickstart_clip_is_for_every_player(tmp_path):
    video = make_video(tmp_path / "v.avi", tmp_path, "videotestsrc num-buffers=400")
    assert quickstart(tmp_path, video).returncode == 0
    done = run(["gst-discoverer-1.0", "-v", tmp_path / "out" / "normalized.mp4"], tmp_path)
    assert "Duration: 0:00:10.0" in done.stdout
    assert "profile=(string)main" in done.stdout and "chroma-format=(string)4:4:4" not in done.stdout


# not smaller: libav's FFV1 gives memory that nobody wrote for frames of 1x1 and 2x2
@pytest.mark.parametrize("size", ["15x40", "321x241", "239x426"])
@pytest.mark.parametrize("form", ["GRAY8", "BGRx"])
def test_quickstart_odd_sizes_and_one_frame(size, form, tmp_path):
    width, height = map(int, size.split("x"))
    make(f"-q videotestsrc num-buffers=1 ! video/x-raw,format={form},width={width},height={height} ! videoconvert ! "
         "avenc_ffv1 ! matroskamux ! filesink location=v.mkv", tmp_path)
    done = quickstart(tmp_path, "v.mkv")
    assert done.returncode == 0, done.stderr
    assert results(tmp_path) == RESULTS
    channels = 1 if form == "GRAY8" else 3
    frames = frames_of(f"uridecodebin3 uri={(tmp_path / 'v.mkv').as_uri()}", tmp_path, width, height, channels)
    check_profile(tmp_path / "out" / "profile.safetensors", frames)
    check_tensors(tmp_path / "out" / "tensors.f32", zscore(frames))
    assert f"reshape(1, {height}, {width}, {channels})" in done.stdout
    assert count_frames("normalized.mp4", tmp_path / "out")[0] == 1


def on_terminal(command, cwd):
    """Runs a command on a terminal of its own; gives its status and what it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execvp(command[0], command)
    written, end = b"", time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        written += piece
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode()


def test_quickstart_shows_progress_on_a_terminal(tmp_path, long_video):
    status, written = on_terminal([str(PIPELINES / "quickstart"), "--output", "out", str(long_video)], tmp_path)
    assert status == 0, written
    steps = [int(number) for number in re.findall(r"\rCollecting: (\d+) of 900 frames, \d+ frames/s", written)]
    assert steps and steps == sorted(steps) and steps[-1] <= 900
    assert re.search(r"\rNormalizing: \d+ of 300 frames, \d+ frames/s", written)
    assert results(tmp_path) == RESULTS


@pytest.mark.parametrize("to_all", [True, False], ids=["all-as-ctrl-c", "only-the-script"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_quickstart_interrupted(number, to_all, tmp_path, long_video):
    command = subprocess.Popen([PIPELINES / "quickstart", "--output", "out", long_video], cwd=tmp_path, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    while "gst-launch-1.0" not in command.stdout.readline():
        assert command.poll() is None
    time.sleep(0.3)
    (os.killpg if to_all else os.kill)(command.pid, number)
    command.communicate(timeout=TIMEOUT)
    assert command.returncode == -number
    end = time.monotonic() + TIMEOUT
    while processes_of(command.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert processes_of(command.pid) == []
    assert not (tmp_path / "out").exists()


def make_text(directory):
    (directory / "notes.txt").write_text("This is no video.\n" * 100)
    return "notes.txt"


def make_sound(directory):
    make("-q audiotestsrc num-buffers=20 ! wavenc ! filesink location=sound.wav", directory)
    return "sound.wav"


def make_empty(directory):
    (directory / "empty.avi").touch()
    return "empty.avi"


def make_frameless(directory):
    make("-q videotestsrc num-buffers=0 ! jpegenc ! avimux ! filesink location=none.avi", directory)
    return "none.avi"


def make_cut(directory):
    whole = make_video(directory / "whole.avi", directory).read_bytes()
    (directory / "cut.avi").write_bytes(whole[:300])
    return "cut.avi"


BAD_VIDEOS = {
    "missing": (lambda directory: "no such.avi", "There is no file no such.avi."),
    "directory": (lambda directory: ".", ". is a directory"),
    "no-name": (lambda directory: "", "found an empty name"),
    "text": (make_text, "notes.txt cannot be opened as a video: "),
    "sound": (make_sound, "sound.wav cannot be opened as a video: it holds sound only"),
    "empty": (make_empty, "empty.avi cannot be opened as a video"),
    "frameless": (make_frameless, "none.avi"),
    "cut": (make_cut, "cut.avi"),
    "uri-of-nothing": (lambda directory: "file:///no/such/video.avi", "cannot be opened as a video: Resource not found"),
    "uri-refused": (lambda directory: "http://127.0.0.1:9/video.avi", "cannot be opened as a video"),
    "uri-unknown": (lambda directory: "nonsense://video", "GStreamer has no NONSENSE protocol source"),
}


@pytest.mark.parametrize("name", BAD_VIDEOS)
def test_quickstart_bad_video(name, tmp_path):
    prepare, words = BAD_VIDEOS[name]
    done = quickstart(tmp_path, prepare(tmp_path))
    assert done.returncode == 1
    assert re.fullmatch(r"quickstart: [^\n]*\.\n", done.stderr) and words in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


def test_quickstart_overwrites_nothing_unasked(tmp_path):
    video, out = make_video(tmp_path / "v.avi", tmp_path), tmp_path / "out"
    out.mkdir()
    (out / "tensors.f32").write_text("mine")
    done = quickstart(tmp_path, video)
    assert done.returncode == 1 and re.fullmatch(r"quickstart: [^\n]*tensors.f32 is there already[^\n]*--force[^\n]*\n", done.stderr)
    assert [path.name for path in out.iterdir()] == ["tensors.f32"] and (out / "tensors.f32").read_text() == "mine"
    assert quickstart(tmp_path, "--force", video).returncode == 0
    assert {path.name for path in out.iterdir()} == RESULTS and (out / "tensors.f32").stat().st_size > 4


def test_quickstart_failure_keeps_what_was_made(tmp_path):
    video = make_video(tmp_path / "v.avi", tmp_path)
    assert quickstart(tmp_path, video).returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert quickstart(tmp_path, make_text(tmp_path)).returncode == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize("arguments", [["--nonsense"], ["a.avi", "b.avi"], ["--output="], ["--output"]])
def test_quickstart_bad_command_line(arguments, tmp_path):
    done = run([PIPELINES / "quickstart", *arguments], tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(r"quickstart: [^\n]*\n", done.stderr)


def test_quickstart_output_that_cannot_be(tmp_path):
    video = make_video(tmp_path / "v.avi", tmp_path)
    (tmp_path / "out").write_text("in the way")
    done = quickstart(tmp_path, video)
    assert done.returncode == 1 and re.fullmatch(r"quickstart: [^\n]*\n", done.stderr)
    assert (tmp_path / "out").read_text() == "in the way"


def test_quickstart_help(tmp_path):
    done = run([PIPELINES / "quickstart", "--help"], tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("Usage: ") and done.stderr == ""


# --- installing and building, with an apt-get that only notes what is asked of it

def fake(directory, name, body):
    path = directory / name
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path):
    """A PATH with an apt-get that writes what it is asked to calls.txt; good is installed, better and best are not."""
    folder = tmp_path / "bin"
    folder.mkdir()
    fake(folder, "apt-get", f'echo "$@" >>"{tmp_path}/calls.txt"; exit ${{APT_STATUS:-0}}')
    fake(folder, "dpkg-query", 'case "$*" in *" good") echo "ii " ;; *" removed") echo "rc " ;; *) exit 1 ;; esac')
    fake(folder, "id", 'echo "${FAKE_UID:-0}"')
    fake(folder, "sudo", f'echo sudo >>"{tmp_path}/calls.txt"; exec "$@"')
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def install(words, cwd, environment, **more):
    done = run(["bash", "-euc", f". '{PIPELINES}/setup.sh'; pixelnorm_install {words}"], cwd, env={**environment, **more})
    calls = cwd / "calls.txt"
    return done, calls.read_text().splitlines() if calls.exists() else []


def test_install_nothing_missing(tmp_path, machine):
    done, calls = install("good good", tmp_path, machine)
    assert (done.returncode, done.stdout, done.stderr, calls) == (0, "", "", [])


def test_install_what_is_missing(tmp_path, machine):
    done, calls = install("good better removed", tmp_path, machine)
    assert done.returncode == 0 and done.stderr == "Installing with apt-get: better removed\n"
    assert len(calls) == 3 and calls[0].endswith(" update") and " --print-uris --download-only install " in calls[1]
    assert all(call.endswith(" install --no-install-recommends better removed") for call in calls[1:])


def test_install_says_how_much(tmp_path, machine):
    fake(tmp_path / "bin", "apt-get", """case "$*" in *--print-uris*) echo "Reading package lists..."
         echo "'http://example.org/a.deb' a_1_all.deb 1200000 SHA256:00"; echo "'http://example.org/b.deb' b_1_all.deb 345678 SHA256:00" ;; esac""")
    done, _ = install("better", tmp_path, machine)
    assert (done.returncode, done.stdout) == (0, "") and done.stderr.splitlines()[1:] == [
        "2 packages, 1.5 MB to fetch. This can take some minutes."]


def test_install_as_user(tmp_path, machine):
    done, calls = install("better", tmp_path, machine, FAKE_UID="1000")
    assert done.returncode == 0 and calls.count("sudo") == 3


def test_install_fails(tmp_path, machine):
    done, _ = install("good better", tmp_path, machine, APT_STATUS="100")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Install by hand, then run it again: apt-get install better")


def test_install_without_apt(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    done, _ = install("better", tmp_path, {**os.environ, "PATH": str(folder)})
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and done.stderr.endswith("run it again: better\n")


@pytest.fixture
def checkout(tmp_path):
    """A source tree of nothing but the scripts."""
    (tmp_path / "source" / "pipelines").mkdir(parents=True)
    for name in ("quickstart", "setup.sh"):
        target = tmp_path / "source" / "pipelines" / name
        target.write_text((PIPELINES / name).read_text())
        target.chmod(0o755)
    return tmp_path / "source"


def test_sample_video_is_fetched_once(tmp_path, machine, checkout):
    folder = tmp_path / "package" / "usr/share/doc/opencv-doc/examples/data"
    folder.mkdir(parents=True)
    (tmp_path / "package" / "DEBIAN").mkdir()
    (tmp_path / "package" / "DEBIAN" / "control").write_text(
        "Package: opencv-doc\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a test\n")
    video = make_video(folder / "vtest.avi", tmp_path)
    fake(tmp_path / "bin", "apt-get", f'echo "$@" >>"{tmp_path}/calls.txt"; dpkg-deb -b "{tmp_path}/package" . >/dev/null')
    for again in range(2):
        done = run([checkout / "pipelines" / "quickstart", "--force"], tmp_path, env=machine)
        assert (done.returncode, done.stderr, done.stdout.count("Fetching the sample video")) == (0, "", 1 - again)
        assert {path.name for path in (checkout / "build" / "quickstart").iterdir()} == RESULTS
        assert (checkout / "build" / "vtest.avi").read_bytes() == video.read_bytes()
    assert len((tmp_path / "calls.txt").read_text().splitlines()) == 1


def test_sample_video_cannot_be_fetched(tmp_path, machine, checkout):
    fake(tmp_path / "bin", "apt-get", "echo 'E: Could not resolve host' >&2; exit 100")
    done = run([checkout / "pipelines" / "quickstart"], tmp_path, env=machine)
    assert done.returncode == 1
    assert re.fullmatch(r"quickstart: [^\n]*E: Could not resolve host[^\n]*quickstart FILE\n", done.stderr)
    assert not (checkout / "build" / "vtest.avi").exists() and not (checkout / "build" / "quickstart").exists()


@pytest.mark.long
@builds
def test_build(tmp_path):
    build = tmp_path / "a build"
    line = f". '{PIPELINES}/setup.sh'; pixelnorm_build '{build}' -Dtests=false && pixelnorm_env '{build}' && gst-inspect-1.0 pixelnorm"
    for _ in range(2):
        done = run(["bash", "-euc", line], tmp_path)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        assert "Pixel normalization" in done.stdout


@builds
def test_build_fails(tmp_path):
    done = run(["bash", "-euc", f". '{PIPELINES}/setup.sh'; pixelnorm_build build -Dnonsense=1"], tmp_path)
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("meson could not set up the build in ")


def test_env_without_a_build(tmp_path):
    done = run(["bash", "-c", f". '{PIPELINES}/setup.sh'; pixelnorm_env nowhere"], tmp_path)
    assert done.returncode == 1 and re.fullmatch(r"There is no build in nowhere\. [^\n]*\n", done.stderr)


def test_env_finds_the_manual(tmp_path):
    """That of the command that it finds."""
    if not shutil.which("man"):
        pytest.skip("man is not here")
    done = run(["bash", "-c", f". '{PIPELINES}/env' && man -w pixelprofile && command -v pixelprofile"], tmp_path,
               env={**os.environ, "MANPATH": ""})
    page, program = done.stdout.splitlines()
    assert os.path.samefile(page, PIPELINES.parent / "docs/man/pixelprofile.1")
    assert os.path.samefile(program, os.path.join(os.environ["PIXELNORM_BUILD"], "src/cli/pixelprofile"))


def test_env_completes_in_bash(tmp_path):
    """Where one types, and nowhere else."""
    for options, found in [("-ic", True), ("-c", False)]:
        done = run(["bash", "--norc", options, f". '{PIPELINES}/env'; complete -p pixelprofile"], tmp_path)
        assert ("_pixelprofile pixelprofile" in done.stdout) == (done.returncode == 0) == found


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not there")
@pytest.mark.parametrize("lines", ["compinit -u -D; . '{env}'", ". '{env}'; compinit -u -D"])
def test_env_completes_in_zsh(lines, tmp_path):
    """Whichever comes first; and the file for bash is where the function looks for it."""
    done = run(["zsh", "-f", "-i", "-c", f"autoload -Uz compinit; {lines.format(env=PIPELINES / 'env')}; print $_comps[pixelprofile]; "
                "autoload +X _pixelprofile; print ${functions_source[_pixelprofile]:h}"], tmp_path)
    completer, folder = done.stdout.splitlines()[-2:]
    assert completer == "_pixelprofile" and (Path(folder) / "../../bash-completion/completions/pixelprofile").exists(), done.stderr


# --- bad input to the elements
