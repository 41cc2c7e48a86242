# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every line of README.md and docs/elements.md, and every script in pipelines/, runs and makes what it says."""
import os
import re

import numpy as np
import pytest
from PIL import Image

from reports import want
from pipeline_help import (
    check_profile, check_tensors, count_frames, decoded_frames, frames_of, make_video, PIPELINES, read_profile, run,
    SOURCE, zscore)

README = SOURCE / "README.md"
ELEMENTS = SOURCE / "docs" / "elements.md"
NOT_RUN = ["./pipelines/quickstart", ". pipelines/env"]


def commands(page):
    """Without those of "Install", which tests/pipelines/test_debian.py runs."""
    text = page.read_text().split("\n## Install\n")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def run_lines(lines, directory):
    """What info and diff print."""
    said = {}
    for line in lines:
        program, command = line.split()[:2]
        assert program in ("gst-launch-1.0", "pixelprofile"), line
        # of a screen that may not be here
        done = run(["bash", "-c", line.replace("autovideosink", "fakesink")], directory)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    assert "frames          300\n" in said["info"] and "Within the limit" in said["diff"]
    return directory


@pytest.fixture(scope="module")
def first_page(tmp_path_factory):
    """The directory in which every line of README.md was run, in order, but for those that build."""
    lines = commands(README)
    assert lines[:2] == NOT_RUN
    return run_lines(lines[2:], tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def elements(tmp_path_factory):
    """The same of docs/elements.md."""
    return run_lines(commands(ELEMENTS), tmp_path_factory.mktemp("elements"))


@pytest.fixture(scope="module")
def ball(tmp_path_factory):
    return frames_of("videotestsrc pattern=ball num-buffers=300", tmp_path_factory.mktemp("ball"))


def shape_of(pattern, page, directory):
    """Of what the page says reads a file."""
    (text,) = re.findall(pattern, page.read_text())
    done = run(["/usr/bin/python3", "-c", f"import numpy\nprint({text}.shape)"], directory)
    return done.stdout.strip() or done.stderr


def test_commands_are_there():
    assert sum(line.startswith("gst-launch-1.0") for line in commands(README)) == 6
    assert sum(line.startswith("gst-launch-1.0") for line in commands(ELEMENTS)) >= 9


def test_first_page(first_page):
    """Of a video file, as decoders give it: profiles, pictures, both tensors, by numpy of the decoded frames."""
    frames = decoded_frames("video.avi", first_page)
    assert len(frames) == 300
    for name in ("scene", "today"):
        check_profile(first_page / f"{name}.safetensors", frames)
    with Image.open(first_page / "scene-mean.png") as picture:
        assert np.array_equal(np.asarray(picture), np.rint(frames.mean(0)))
    assert (first_page / "scene.html").exists()
    assert shape_of(r'`(numpy\.fromfile\("video.*?)`', README, first_page) == str(frames.shape)
    check_tensors(first_page / "video.f32", zscore(frames))
    imagenet = np.fromfile(first_page / "imagenet.f32", "<f4").reshape(-1, 3, 224, 224)
    assert len(imagenet) == 300 and imagenet.min() >= -2.2 and imagenet.max() <= 2.7


def test_line_profile(elements, ball):
    check_profile(elements / "ball.safetensors", ball)


def test_line_pictures(elements, ball):
    for name in ("mean", "std", "range"):
        with Image.open(elements / f"ball-{name}.png") as picture:
            assert picture.width == 320 and picture.height >= 240
            if name == "mean":
                assert np.array_equal(np.asarray(picture), np.rint(ball.mean(0)))


def test_line_tensor(elements, ball):
    check_tensors(elements / "ball.f32", zscore(ball[:30], ball))


def test_line_video(elements):
    assert count_frames("ball.avi", elements) == (30, 320, 240)


def test_line_running(elements):
    assert count_frames("motion.avi", elements) == (99, 320, 240)


def test_line_back(elements, ball):
    assert np.array_equal(np.fromfile(elements / "back.rgb", np.uint8).reshape(30, 240, 320, 3), ball[:30])


def test_line_imagenet(elements):
    frames = frames_of("videotestsrc num-buffers=30 ! videoscale", elements, 224, 224)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    check_tensors(elements / "imagenet.f32", (frames / 255 - mean) / std)


def flat_field_expected(cwd):
    flat = frames_of("videotestsrc pattern=gradient num-buffers=30", cwd).astype(float)
    dark = frames_of("videotestsrc pattern=solid-color foreground-color=0xff080808 num-buffers=30", cwd).mean(0)
    light = flat.mean(0) - dark
    return (flat - dark) * light.mean((0, 1)) / np.maximum(light, 1)


def test_line_flat_field(elements):
    expected = flat_field_expected(elements)
    found = np.fromfile(elements / "corrected.rgb", np.uint8).reshape(expected.shape)
    assert np.abs(found - np.clip(expected, 0, 255)).max() <= 1


def test_line_python(elements):
    blocks = re.findall(r"^```python\n(.*?)^```", ELEMENTS.read_text(), re.M | re.S)
    package, library = blocks
    done = run(["/usr/bin/python3", "-c", library + "\nprint(std.shape, std.max() > 1)"], elements)
    assert (done.returncode, done.stdout) == (0, "(240, 320, 3) True\n"), done.stderr
    want("safetensors")
    named = re.findall(r'"(\w+)"', package.split("#")[1])
    done = run(["/usr/bin/python3", "-c", package + "\nprint(*sorted(profile))"], elements)
    assert (done.returncode, done.stdout.split()) == (0, sorted(named)), done.stderr


def test_line_tables(elements):
    """What the table of outputs says reads them."""
    assert shape_of(r'`(numpy\.fromfile\("ball.*?)`', ELEMENTS, elements) == "(30, 240, 320, 3)"


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


def check_quantized(directory, frames):
    """Half to even, as numpy's rint; a tie of the exact quotient is no tie of this one."""
    wide = frames.astype(np.float64)
    y = (wide - wide.mean((0, 1, 2))) / np.maximum(wide.std((0, 1, 2)), 1)
    found = np.fromfile(directory / "tensor.i8", np.int8).reshape(frames.shape)
    steps = y / 0.03125 + 4
    near = np.abs(steps - np.floor(steps) - .5) < 1e-6
    assert (np.abs(found - np.clip(np.rint(steps), -128, 127)) <= np.where(near, 1, 0)).all()


def check_live(directory, frames):
    check_profile(directory / "day.safetensors", frames[:90])
    assert read_profile(directory / "night.safetensors")[1]["sum"].sum() < read_profile(
        directory / "day.safetensors")[1]["sum"].sum()


def running_codes(frames, momentum):
    """8-bit video of (x - mean) / deviation of the frames before, -4 to 127/32 on 0 to 255."""
    mean, variance, codes = frames[0].astype(float), np.zeros(frames[0].shape), []
    for x in frames:
        d = x - mean
        codes.append(np.clip(np.rint((d / np.maximum(np.sqrt(variance), 1) + 4) * 32), 0, 255))
        mean, variance = mean + momentum * d, (1 - momentum) * (variance + momentum * d * d)
    return np.array(codes)


def check_running(directory, frames):
    """The video went through JPEG, which spreads a moving edge a little."""
    found = frames_of(f"filesrc location={directory / 'motion.avi'} ! avidemux ! jpegdec", directory, channels=1)
    grey = frames_of("videotestsrc pattern=ball num-buffers=100", directory, channels=1)
    expected = running_codes(grey, 0.05)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 2
    assert (found[0] == 128).mean() > 0.99


def check_batches(directory, frames):
    found = np.fromfile(directory / "batches.f16", "<f2").reshape(-1, 8, 3, 224, 224)
    assert len(found) == 8 and (found[7, 4:] == 0).all()  # 60 frames
    scaled = frames_of("videotestsrc pattern=ball num-buffers=60 ! videoconvert ! videoscale", directory, 224, 224)
    x = scaled.transpose(0, 3, 1, 2).astype(float)
    axes = {"axis": (2, 3), "keepdims": True}
    expected = ((x - x.mean(**axes)) / np.maximum(x.std(**axes), 1)).astype(np.float16)
    error = np.abs(found.reshape(64, 3, 224, 224)[:60].astype(float) - expected)
    assert (error <= np.spacing(np.abs(expected))).all()


def check_streams(directory, frames):
    assert {path.name for path in directory.glob("*.*")} == {f"stream{i}.safetensors" for i in range(1, 5)}
    check_profile(directory / "stream1.safetensors", frames_of("videotestsrc pattern=ball num-buffers=300", directory))


def check_back(directory, frames):
    check_profile(directory / "profile.safetensors", frames)
    stride = -(-frames.shape[2] * 3 // 4) * 4
    for name in ("before", "after"):
        rows = np.fromfile(directory / f"{name}.rgb", np.uint8).reshape(len(frames), -1, stride)
        assert np.array_equal(rows[..., :frames.shape[2] * 3].reshape(frames.shape), frames)


SCRIPTS = {"collect": check_collect, "look-at-a-profile": check_look, "normalize-to-tensor": check_tensor,
           "imagenet": check_imagenet, "flat-field": check_flat, "way-back": check_back,
           "many-streams": check_streams, "quantized": check_quantized, "live-switch": check_live,
           "running": check_running, "batches": check_batches}


def test_every_script_is_tested():
    names = {path.name for path in PIPELINES.iterdir() if path.is_file()}
    assert names == set(SCRIPTS) | {"quickstart", "env", "setup.sh"}
    for path in map(PIPELINES.joinpath, names):
        assert os.access(path, os.X_OK) == (path.name not in ("env", "setup.sh")), path
        assert "SPDX-License-Identifier: LGPL-2.1-or-later" in path.read_text()


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_as_it_stands(name, tmp_path, ball):
    done = run([PIPELINES / name], tmp_path)
    assert done.returncode == 0, done.stderr
    made = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    done = run([PIPELINES / name], tmp_path)
    assert done.returncode == 1 and done.stderr.count("is there already, and is not overwritten. Remove") == 1, done.stderr
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == made
    SCRIPTS[name](tmp_path, ball[:100])


@pytest.mark.parametrize(
    "name", ["collect", "normalize-to-tensor", "imagenet", "way-back", "quantized", "live-switch"])
def test_script_with_a_file(name, tmp_path):
    folder = tmp_path / "it's \"a\" folder"
    folder.mkdir()
    video = make_video(folder / "v 1%20!.avi", tmp_path, "videotestsrc num-buffers=20")
    if name == "way-back":  # its frames are RGB before
        frames = frames_of(f"uridecodebin3 uri={video.as_uri()}", tmp_path)
    else:
        frames = decoded_frames(video, tmp_path)
    done = run([PIPELINES / name, f"{folder.name}/{video.name}"], tmp_path)
    assert done.returncode == 0, done.stderr
    SCRIPTS[name](tmp_path, frames)


def test_live_switch_says_what_happens(tmp_path):
    """Both identities, in order, on buffers and in messages; and the bad file."""
    done = run([PIPELINES / "live-switch"], tmp_path)
    assert done.returncode == 0, done.stderr
    day, night = (read_profile(tmp_path / f"{name}.safetensors")[0]["identity"] for name in ("day", "night"))
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("message")] == [f"message: profile {i}" for i in (day, night)]
    shown = [re.fullmatch(r"frame (\d+): profile (\w+)", line) for line in lines]
    first, second = [match for match in shown if match]
    assert first.groups() == ("1", day) and second[2] == night and 10 < int(second[1]) <= 90
    assert sum(line.startswith("warning: no-such-file.safetensors") for line in lines) == 1
    assert lines[-1] == "90 frames, 2 profiles"


def test_flat_field_with_too_few_files(tmp_path):
    done = run([PIPELINES / "flat-field", "one"], tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


# --- the quickstart
