# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole pipelines: every line of README.md, every script in pipelines/, bad input, and a collector that is killed.

What comes out is compared with what numpy makes of the same frames: sums, minima and maxima are equal, float32 tensors
within 1e-6 * max(1, |y|), 8-bit video within 1 of the exactly rounded value. Profiles are read by the few lines below,
which share nothing with the library, and checked with Debian's xxhash.

Needs the environment that pixelnorm_env of pipelines/setup.sh exports.
"""
import json
import os
import pty
import random
import re
import select
import shlex
import signal
import subprocess
import time
from pathlib import Path

import gi
import numpy as np
import pytest
import xxhash
from PIL import Image

gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]
PIPELINES = SOURCE / "pipelines"
TIMEOUT = 180
SEED = 20241122
KILLS = 20

builds = pytest.mark.skipif(os.environ.get("PIXELNORM_SANITIZED") == "1", reason="builds or fetches, not a test of ours")


def run(command, cwd, **keywords):
    """As subprocess.run(); what does not end in time is killed with its children."""
    words = [str(word) for word in command]
    with subprocess.Popen(words, cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True, **keywords) as process:
        try:
            stdout, stderr = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def launch(line, cwd):
    """Runs a pipeline that is written as in a shell."""
    return run(["gst-launch-1.0", *shlex.split(line)], cwd)


def make(line, cwd):
    done = launch(line, cwd)
    assert done.returncode == 0, done.stderr


def frames_of(source, cwd, width=320, height=240, channels=3):
    """The frames of a source, RGB, as GStreamer alone gives them."""
    name = Path(cwd) / "frames.raw"
    form = {3: "RGB", 1: "GRAY8"}[channels]
    # rows of RGB and GRAY8 are padded to a multiple of 4 bytes
    stride = -(-width * channels // 4) * 4
    make(f"-q {source} ! videoconvert ! video/x-raw,format={form},width={width},height={height} ! "
         f"filesink location=frames.raw", cwd)
    rows = np.fromfile(name, np.uint8).reshape(-1, height, stride)
    name.unlink()
    return rows[:, :, :width * channels].reshape(-1, height, width, channels)


def read_profile(path):
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__")
    digest = metadata["xxh3"]
    assert xxhash.xxh3_128_hexdigest(data.replace(f'"xxh3":"{digest}"'.encode(), b'"xxh3":"' + b"0" * 32 + b'"')) == digest
    types = {"U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8"}
    arrays, end = {}, 0
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        arrays[name] = np.frombuffer(data[start + begin:start + end], types[tensor["dtype"]]).reshape(tensor["shape"])
    assert max(tensor["data_offsets"][1] for tensor in header.values()) == len(data) - start
    return metadata, arrays


def check_profile(path, frames):
    metadata, arrays = read_profile(path)
    wide = frames.astype(np.uint64)
    assert metadata["channels"] == {3: "RGB", 1: "Y"}[frames.shape[3]]
    assert arrays["frames"].tolist() == [len(frames)]
    assert np.array_equal(arrays["sum"], wide.sum(0))
    assert np.array_equal(arrays["sum_squares"], (wide * wide).sum(0))
    assert np.array_equal(arrays["min"], frames.min(0))
    assert np.array_equal(arrays["max"], frames.max(0))


def zscore(frames, of=None, min_deviation=1.0):
    of = frames if of is None else of
    mean, deviation = of.mean(0, dtype=np.float64), np.maximum(of.std(0, dtype=np.float64), min_deviation)
    return (frames - mean) / deviation


def check_tensors(path, expected):
    found = np.fromfile(path, "<f4").reshape(expected.shape)
    assert (np.abs(found - expected) <= 1e-6 * np.maximum(1, np.abs(expected))).all()


def count_frames(path, cwd):
    """How many frames a video decodes to, and their size."""
    done = launch(f"-q uridecodebin3 uri={Path(cwd, path).as_uri()} ! videoconvert ! video/x-raw,format=RGB ! "
                  "pixelstats location=counted.safetensors ! fakesink", cwd)
    assert done.returncode == 0, done.stderr
    metadata, arrays = read_profile(Path(cwd) / "counted.safetensors")
    (Path(cwd) / "counted.safetensors").unlink()
    return int(arrays["frames"][0]), int(metadata["width"]), int(metadata["height"])


def make_video(path, cwd, source="videotestsrc pattern=ball num-buffers=40", size="width=320,height=240", audio=True):
    """A motion JPEG in AVI, with sound."""
    sound = "audiotestsrc num-buffers=60 ! mux." if audio else ""
    make(f"-q {source} ! video/x-raw,format=I420,framerate=30/1,{size} ! jpegenc ! avimux name=mux ! "
         f"filesink location=made.avi {sound}", cwd)
    os.rename(Path(cwd) / "made.avi", path)
    return path


# --- README.md

NOT_RUN = {"./pipelines/quickstart", "./tests/run", ". pipelines/env",
           "meson setup --prefix=/usr -Dtests=false build/install", "sudo meson install -C build/install"}


def readme_commands():
    blocks = re.findall(r"^```sh\n(.*?)^```", (SOURCE / "README.md").read_text(), re.M | re.S)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    """The directory in which every line was run, in order."""
    directory = tmp_path_factory.mktemp("readme")
    for line in readme_commands():
        if line in NOT_RUN:
            continue
        assert line.split()[0] in ("gst-launch-1.0", "pixelprofile"), line
        done = run(["bash", "-c", line], directory)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        if line.startswith("pixelprofile info"):
            assert "frames          300\n" in done.stdout
    return directory


@pytest.fixture(scope="module")
def ball(tmp_path_factory):
    return frames_of("videotestsrc pattern=ball num-buffers=300", tmp_path_factory.mktemp("ball"))


def test_readme_commands_are_there():
    lines = readme_commands()
    assert NOT_RUN <= set(lines)
    assert sum(line.startswith("gst-launch-1.0") for line in lines) >= 7


def test_readme_profile(readme, ball):
    check_profile(readme / "ball.safetensors", ball)


def test_readme_pictures(readme, ball):
    for name in ("mean", "std", "range"):
        with Image.open(readme / f"ball-{name}.png") as picture:
            assert picture.width == 320 and picture.height >= 240
            if name == "mean":
                assert np.array_equal(np.asarray(picture), np.rint(ball.mean(0)))


def test_readme_tensor(readme, ball):
    check_tensors(readme / "ball.f32", zscore(ball[:30], ball))


def test_readme_video(readme):
    assert count_frames("ball.avi", readme) == (30, 320, 240)


def test_readme_imagenet(readme):
    frames = frames_of("videotestsrc num-buffers=30 ! videoscale", readme, 224, 224)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    check_tensors(readme / "imagenet.f32", (frames / 255 - mean) / std)


def flat_field_expected(cwd):
    flat = frames_of("videotestsrc pattern=gradient num-buffers=30", cwd).astype(float)
    dark = frames_of("videotestsrc pattern=solid-color foreground-color=0xff080808 num-buffers=30", cwd).mean(0)
    light = flat.mean(0) - dark
    return (flat - dark) * light.mean((0, 1)) / np.maximum(light, 1)


def test_readme_flat_field(readme):
    expected = flat_field_expected(readme)
    found = np.fromfile(readme / "corrected.rgb", np.uint8).reshape(expected.shape)
    assert np.abs(found - np.clip(expected, 0, 255)).max() <= 1


def test_readme_python(readme):
    blocks = re.findall(r"^```python\n(.*?)^```", (SOURCE / "README.md").read_text(), re.M | re.S)
    found = [block for block in blocks if "gi" in block]
    assert len(found) == 1
    done = run(["/usr/bin/python3", "-c", found[0] + "\nprint(std.shape, std.max() > 1)"], readme)
    assert (done.returncode, done.stdout) == (0, "(240, 320, 3) True\n"), done.stderr


# --- the scripts

def check_collect(directory, frames):
    check_profile(directory / "profile.safetensors", frames)


def check_look(directory, frames):
    check_profile(directory / "test.safetensors", frames)
    for name in ("mean", "std", "range"):
        with Image.open(directory / f"test-{name}.png") as picture:
            assert picture.width == 320 and picture.height >= 240


def check_tensor(directory, frames):
    check_profile(directory / "profile.safetensors", frames)
    check_tensors(directory / "tensor.f32", zscore(frames))


def check_imagenet(directory, frames):
    found = np.fromfile(directory / "imagenet.f32", "<f4").reshape(-1, 224, 224, 3)
    assert len(found) == min(len(frames), 30) and found.min() >= -2.2 and found.max() <= 2.7


def check_flat(directory, frames):
    assert count_frames("corrected.avi", directory) == (30, 320, 240)
    check_profile(directory / "dark.safetensors", np.full((30, 240, 320, 3), 8, np.uint8))


SCRIPTS = {"collect": check_collect, "look-at-a-profile": check_look, "normalize-to-tensor": check_tensor,
           "imagenet": check_imagenet, "flat-field": check_flat}


def test_every_script_is_tested():
    names = {path.name for path in PIPELINES.iterdir()}
    assert names == set(SCRIPTS) | {"quickstart", "env", "setup.sh"}
    for path in PIPELINES.iterdir():
        assert os.access(path, os.X_OK) == (path.name not in ("env", "setup.sh")), path
        assert "SPDX-License-Identifier: LGPL-2.1-or-later" in path.read_text()


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_as_it_stands(name, tmp_path, ball):
    done = run([PIPELINES / name], tmp_path)
    assert done.returncode == 0, done.stderr
    SCRIPTS[name](tmp_path, ball[:100])


@pytest.mark.parametrize("name", ["collect", "normalize-to-tensor", "imagenet"])
def test_script_with_a_file(name, tmp_path):
    folder = tmp_path / "it's \"a\" folder"
    folder.mkdir()
    video = make_video(folder / "v 1%20!.avi", tmp_path, "videotestsrc pattern=ball num-buffers=20")
    frames = frames_of(f"uridecodebin3 uri={video.as_uri()}", tmp_path)
    done = run([PIPELINES / name, f"{folder.name}/{video.name}"], tmp_path)
    assert done.returncode == 0, done.stderr
    SCRIPTS[name](tmp_path, frames)


def test_flat_field_with_too_few_files(tmp_path):
    done = run([PIPELINES / "flat-field", "one"], tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


# --- the quickstart

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
    video = make_video(folder / "v é 1%20!.avi", tmp_path)
    done = quickstart(folder, video.name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\r" not in done.stdout and "frames/s" not in done.stdout
    assert results(folder) == RESULTS
    for name in RESULTS:
        assert name in done.stdout
    frames = frames_of(f"uridecodebin3 uri={video.as_uri()}", tmp_path)
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


@pytest.mark.parametrize("size", ["1x1", "2x2", "15x40", "321x241", "239x426"])
@pytest.mark.parametrize("form", ["GRAY8", "BGRx"])
def test_quickstart_odd_sizes_and_one_frame(size, form, tmp_path):
    width, height = map(int, size.split("x"))
    make(f"-q videotestsrc num-buffers=1 ! video/x-raw,format={form},width={width},height={height} ! videoconvert ! "
         "avenc_ffv1 ! matroskamux ! filesink location=v.mkv", tmp_path)
    done = quickstart(tmp_path, "v.mkv")
    assert done.returncode == 0, done.stderr
    assert results(tmp_path) == RESULTS
    frames = frames_of(f"uridecodebin3 uri={(tmp_path / 'v.mkv').as_uri()}", tmp_path, width, height)
    check_profile(tmp_path / "out" / "profile.safetensors", frames)
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


def processes_of(session):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


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
    end = time.monotonic() + 10
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
    assert len(calls) == 2 and calls[0].endswith(" update")
    assert calls[1].endswith(" install --no-install-recommends better removed")


def test_install_as_user(tmp_path, machine):
    done, calls = install("better", tmp_path, machine, FAKE_UID="1000")
    assert done.returncode == 0 and calls.count("sudo") == 2


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
    for _ in range(2):
        done = run([checkout / "pipelines" / "quickstart"], tmp_path, env=machine)
        assert (done.returncode, done.stderr) == (0, "")
        assert {path.name for path in (checkout / "build" / "quickstart").iterdir()} == RESULTS
        assert (checkout / "build" / "vtest.avi").read_bytes() == video.read_bytes()
    assert len((tmp_path / "calls.txt").read_text().splitlines()) == 1


def test_sample_video_cannot_be_fetched(tmp_path, machine, checkout):
    fake(tmp_path / "bin", "apt-get", "echo 'E: Could not resolve host' >&2; exit 100")
    done = run([checkout / "pipelines" / "quickstart"], tmp_path, env=machine)
    assert done.returncode == 1
    assert re.fullmatch(r"quickstart: [^\n]*E: Could not resolve host[^\n]*quickstart FILE\n", done.stderr)
    assert not (checkout / "build" / "vtest.avi").exists() and not (checkout / "build" / "quickstart").exists()


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


# --- bad input to the elements

RGB = "video/x-raw,format=RGB,width=64,height=48"


@pytest.fixture
def profile(tmp_path):
    make(f"-q videotestsrc num-buffers=5 ! {RGB} ! pixelstats location=p.safetensors ! fakesink", tmp_path)
    return tmp_path / "p.safetensors"


def errors_of(done):
    """What our elements say; GStreamer's own errors in their wake are not of interest."""
    return re.findall(r"^ERROR: from element \S*/GstPixel\w+:\S+: (.*)$", done.stderr, re.M)


def flip(data):
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


BAD_PROFILES = {"corrupt": flip, "truncated": lambda data: data[:-1], "cut-in-the-header": lambda data: data[:100],
                "empty": lambda data: b"", "foreign": lambda data: b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
                "text": lambda data: b"frames = 5\n" * 50, "longer": lambda data: data + b"\0"}


@pytest.mark.parametrize("use", ["normalize", "append"])
@pytest.mark.parametrize("name", BAD_PROFILES)
def test_bad_profile(name, use, profile):
    bad = BAD_PROFILES[name](profile.read_bytes())
    profile.write_bytes(bad)
    element = {"normalize": "pixelnorm location=p.safetensors",
               "append": "pixelstats append=true location=p.safetensors"}[use]
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! {element} ! fakesink", profile.parent)
    assert done.returncode != 0
    errors = errors_of(done)
    assert len(errors) == 1 and "p.safetensors" in errors[0], done.stderr
    assert profile.read_bytes() == bad


OTHER_STREAMS = {"size": ("video/x-raw,format=RGB,width=64,height=50", "64 x 50|64x50"),
                 "channels": ("video/x-raw,format=GRAY8,width=64,height=48", "Y"),
                 "interlaced": (RGB + ",interlace-mode=interleaved", "interleaved")}


@pytest.mark.parametrize("use", ["normalize", "append", "collect"])
@pytest.mark.parametrize("name", OTHER_STREAMS)
def test_stream_that_does_not_fit(name, use, profile):
    before = profile.read_bytes()
    caps, words = OTHER_STREAMS[name]
    element = {"normalize": "pixelnorm location=p.safetensors",
               "append": "pixelstats append=true location=p.safetensors",
               "collect": "pixelstats location=p.safetensors"}[use]
    done = launch(f"videotestsrc num-buffers=5 ! {caps} ! {element} ! fakesink", profile.parent)
    if use == "collect" and name != "interlaced":
        assert done.returncode == 0 and profile.read_bytes() != before
        return
    assert done.returncode != 0
    errors = errors_of(done)
    assert len(errors) == 1 and re.search(words, errors[0]), done.stderr
    assert profile.read_bytes() == before


def test_missing_profile(tmp_path):
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! pixelnorm location=none.safetensors ! fakesink", tmp_path)
    assert done.returncode != 0
    assert len(errors_of(done)) == 1 and "none.safetensors" in errors_of(done)[0]


def test_no_location(tmp_path):
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! pixelnorm ! fakesink", tmp_path)
    assert done.returncode != 0
    assert len(errors_of(done)) == 1 and "location" in errors_of(done)[0]


@pytest.mark.parametrize("location", ["no/such/directory/p.safetensors", ".", "/proc/p.safetensors"])
def test_location_that_cannot_be_written(location, tmp_path):
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! pixelstats location={location} ! fakesink", tmp_path)
    assert done.returncode != 0
    assert len(errors_of(done)) == 1 and location in errors_of(done)[0], done.stderr
    assert list(tmp_path.iterdir()) == []


def test_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], tmp_path).returncode != 0:
        pytest.skip("no right to mount a small disk")
    try:
        make(f"-q videotestsrc num-buffers=5 ! {RGB} ! pixelstats scope=channel location=disk/p.safetensors ! fakesink",
             tmp_path)
        before = (disk / "p.safetensors").read_bytes()
        done = launch("videotestsrc num-buffers=5 ! video/x-raw,format=RGB,width=320,height=240 ! "
                      "pixelstats location=disk/p.safetensors ! fakesink", tmp_path)
        assert done.returncode != 0 and len(errors_of(done)) == 1, done.stderr
        assert [path.name for path in disk.iterdir()] == ["p.safetensors"]
        assert (disk / "p.safetensors").read_bytes() == before
    finally:
        run(["umount", disk], tmp_path)


@pytest.mark.parametrize("before", [False, True], ids=["no-profile-before", "profile-before"])
def test_no_frames(before, tmp_path, request):
    data = request.getfixturevalue("profile").read_bytes() if before else None
    done = launch(f"videotestsrc num-buffers=0 ! {RGB} ! pixelstats location=p.safetensors ! fakesink", tmp_path)
    assert done.returncode == 0
    assert len(re.findall(r"^WARNING: from element \S*GstPixelStats\S* The stream ended without a new frame",
                          done.stdout + done.stderr, re.M)) == 1, done.stdout + done.stderr
    path = tmp_path / "p.safetensors"
    assert (path.read_bytes() if path.exists() else None) == data


NONSENSE = {
    "pixelnorm method=banana": "", "pixelnorm scope=galaxy location=p.safetensors": "", "pixelnorm nonsense=1": "",
    "pixelstats frame-step=often": "", "pixelstats scope=global": "",
    "pixelstats frame-step=0": "frame-step", "pixelnorm method=fixed mean=<red>": "mean",
    "pixelnorm method=fixed mean=<1,2>": "mean", "pixelnorm method=fixed std=<1,2,3,4>": "std",
    "pixelnorm method=fixed std=<0>": "std", "pixelnorm method=fixed std=<-1>": "std",
    "pixelnorm location=p.safetensors min-deviation=-1": "min-deviation",
    "pixelnorm location=p.safetensors min-deviation=0": "min-deviation",
    "pixelnorm location=p.safetensors epsilon=-1": "epsilon",
    "pixelnorm location=p.safetensors range-low=1 range-high=1.0000000001": "range-low",
    "pixelstats append=true": "location",
}


@pytest.mark.parametrize("element", NONSENSE)
def test_nonsense_settings(element, profile):
    before = profile.read_bytes()
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! {element} ! fakesink", profile.parent)
    assert done.returncode != 0, done.stdout + done.stderr
    if NONSENSE[element]:
        assert len(errors_of(done)) == 1 and NONSENSE[element] in errors_of(done)[0], done.stderr
    assert profile.read_bytes() == before


# --- kill -9

def leftovers(directory):
    return [path.name for path in Path(directory).iterdir() if path.name.endswith(".pixelnorm-tmp")]


def test_killed_while_collecting(tmp_path):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    path = tmp_path / "p.safetensors"
    outcomes = {"nothing": 0, "profile": 0, "temporary": 0}
    pipeline = shlex.split("gst-launch-1.0 -q videotestsrc pattern=snow ! video/x-raw,format=RGB,width=320,height=240 ! "
                           "pixelstats location=p.safetensors checkpoint-interval=1 ! fakesink")
    for attempt in range(KILLS):
        # every fourth time nothing is there before
        if attempt % 4 == 0:
            path.unlink(missing_ok=True)
        command = subprocess.Popen(pipeline, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.02, 0.5))
        command.kill()
        assert command.wait(timeout=TIMEOUT) == -signal.SIGKILL
        outcomes["temporary"] += bool(leftovers(tmp_path))
        if not path.exists():
            outcomes["nothing"] += 1
            continue
        outcomes["profile"] += 1
        _, arrays = read_profile(path)
        loaded = Pixelnorm.Profile.load(str(path))
        assert loaded.get_frames() == arrays["frames"][0] >= 1
    print(outcomes)
    assert outcomes["profile"] > 0
    make("-q videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width=320,height=240 ! "
         "pixelstats location=p.safetensors ! fakesink", tmp_path)
    assert leftovers(tmp_path) == []
    assert read_profile(path)[1]["frames"][0] == 3


def test_corrupt_profile_is_refused_by_the_library(profile):
    profile.write_bytes(flip(profile.read_bytes()))
    with pytest.raises(GLib.Error, match="p.safetensors"):
        Pixelnorm.Profile.load(str(profile))
