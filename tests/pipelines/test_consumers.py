# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scripts for what stands behind pixelnorm: each runs as it stands, or says in one sentence what is missing."""
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

from pipeline_help import PIPELINES, check_profile, frames_of, make, run, zscore

FOLDERS = ("inference", "deepstream")
# the element without which a script cannot run, or None
NEEDS = {"inference/onnxinference": "onnxinference", "inference/nnstreamer": "tensor_transform",
         "inference/dlstreamer": "gvainference", "inference/camera": None, "inference/rtsp": None,
         "deepstream/nvinfer": "nvvideoconvert", "deepstream/nvdspreprocess": "nvvideoconvert"}
MADE = {"inference/dlstreamer": {"model-proc.json"}, "deepstream/nvinfer": {"raw.txt", "raw-mean.ppm", "video.txt"},
        "deepstream/nvdspreprocess": {"raw.txt", "raw-mean.ppm", "video.txt"}}


def has(element):
    """In the version that the scripts are for: onnxinference of GStreamer 1.26 speaks another language."""
    least = {"onnxinference": "1.28"}.get(element, "0.0")
    return subprocess.run(["gst-inspect-1.0", "--exists", f"--atleast-version={least}", element],
                          stderr=subprocess.DEVNULL).returncode == 0


def test_every_script_is_tested():
    found = {f"{folder}/{path.name}" for folder in FOLDERS for path in (PIPELINES / folder).iterdir() if path.suffix != ".onnx"}
    assert found == set(NEEDS)
    for name in found:
        assert os.access(PIPELINES / name, os.X_OK), name
        assert "SPDX-License-Identifier: LGPL-2.1-or-later" in (PIPELINES / name).read_text()


@pytest.mark.parametrize("name", NEEDS)
def test_as_it_stands(name, tmp_path):
    done = run([PIPELINES / name], tmp_path)
    element = NEEDS[name]
    if element is None or has(element):
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1
        [sentence] = [line for line in done.stderr.splitlines() if "is not installed" in line]
        assert done.stderr.splitlines()[-1] == sentence
        assert sentence.startswith(f"The element {element} is not installed: ") and sentence.endswith(".")
    assert MADE.get(name, set()) <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.long  # test_as_it_stands runs them, too
@pytest.mark.parametrize("name, count", [("camera", 100), ("rtsp", 50)])
def test_live_sources(name, count, tmp_path):
    done = run([PIPELINES / "inference" / name], tmp_path)
    assert done.returncode == 0, done.stderr
    size = (tmp_path / "tensor.f32").stat().st_size
    assert done.stdout == f"profile.safetensors and tensor.f32 ({size >> 20} MiB) were made in {tmp_path}.\n"
    tensors = np.fromfile(tmp_path / "tensor.f32", "<f4").reshape(-1, 240, 320, 3)
    # on a busy machine a live queue drops any number of frames, and videorate fills in for those that come late
    assert 1 <= len(tensors) <= 2 * count
    assert np.isfinite(tensors).all() and np.abs(tensors).max() > 1


def test_a_camera_that_hangs_up(tmp_path):
    """The first try of each of the two looks fails after it has left a file, as when a server hangs up."""
    if not has("rtspsrc"):
        pytest.skip("rtspsrc is not here")
    launch = tmp_path / "bin" / "gst-launch-1.0"
    launch.parent.mkdir()
    launch.write_text(f"""#!/bin/sh
{shutil.which("gst-launch-1.0")} "$@" || exit
for word; do tried=$word; done
case "$tried" in location=*) tried=tensor ;; esac
[ -e "{tmp_path}/$tried.tried" ] && exit
touch "{tmp_path}/$tried.tried"
exit 1
""")
    launch.chmod(0o755)
    environment = dict(os.environ, PATH=f"{launch.parent}:{os.environ['PATH']}")
    done = run([PIPELINES / "inference" / "rtsp"], tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("rtsp: attempt 1 ") == 2
    tensors = np.fromfile(tmp_path / "tensor.f32", "<f4")
    assert tensors.size % (240 * 320 * 3) == 0 and np.abs(tensors).max() > 1


WRONG = [("inference/camera", ["/no/camera"], 1, "There is no camera /no/camera."),
         ("inference/rtsp", ["http://127.0.0.1/"], 2, "begins with rtsp://"),
         ("inference/nnstreamer", ["onnxruntime"], 2, "expected FRAMEWORK and MODEL")]


@pytest.mark.parametrize("name, arguments, status, words", WRONG)
def test_wrong_arguments(name, arguments, status, words, tmp_path):
    done = run([PIPELINES / name, *arguments], tmp_path)
    assert done.returncode == status and words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


ONNX = PIPELINES / "inference" / "onnxinference"
with_onnxinference = pytest.mark.skipif(not has("onnxinference"), reason="onnxinference is not here: GStreamer 1.28 and newer have it "
                                        "(tests/inference/run takes Debian sid)")


@with_onnxinference
def test_answers(tmp_path):
    """Of a model that averages |y| over squares: numpy's, but for half a step of the 8-bit video."""
    done = run([ONNX], tmp_path)
    assert done.returncode == 0, done.stderr
    frames = frames_of("videotestsrc pattern=ball num-buffers=100", tmp_path)
    check_profile(tmp_path / "profile.safetensors", frames)
    y = np.abs(np.clip(zscore(frames)[:10], -4, 127 / 32))
    expected = y.reshape(10, 3, 80, 4, 80, 3).mean((2, 4, 5)).reshape(10, 12)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    scores = np.array([row[3].split(" ") for row in rows], float)
    assert np.abs(scores - expected).max() <= 1 / 64 + 1e-5
    assert [(row[0], row[1]) for row in rows] == [(f"{i / 30:.3f}", "scores") for i in range(10)]
    assert [int(row[2]) for row in rows] == expected.argmax(1).tolist()
    assert re.search(r"^100 frames, \d+ a second$", done.stderr, re.M) and "Schema error" not in done.stderr


@with_onnxinference
@pytest.mark.parametrize("old, new, said", [("ranges=-4", "ranges=-5", "contradicts the profile"),
                                            ("dims=-1,12", "dims=-1,13", "where.onnx.modelinfo and the model disagree")])
def test_a_modelinfo_that_is_wrong(old, new, said, tmp_path):
    """It stays, since it can be corrected; what the script made beside it goes."""
    assert run([ONNX], tmp_path).returncode == 0
    info = tmp_path / "where.onnx.modelinfo"
    assert old in info.read_text()
    info.write_text(info.read_text().replace(old, new).replace("[scores]", "[others]"))
    for name in ("profile.safetensors", "profile.modelinfo"):
        (tmp_path / name).unlink()
    done = run([ONNX], tmp_path)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"where.onnx", "where.onnx.modelinfo"}


@with_onnxinference
def test_a_modelinfo_that_was_just_made(tmp_path):
    """Of a model that cannot run: the file stays to be looked at."""
    (tmp_path / "model.onnx").write_bytes((ONNX.parent / "where.onnx").read_bytes().replace(b"AveragePool", b"AveragePoof"))
    done = run([ONNX, "model.onnx"], tmp_path)
    assert done.returncode == 1 and "model.onnx.modelinfo and the model disagree" in done.stderr, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "model.onnx.modelinfo"}


@pytest.mark.parametrize("pipeline, said", [("videotestsrc num-buffers=3", "A frame came without an answer."),
                                            ("nosuch", "nosuch"), ("filesrc location=none.avi ! identity", "none.avi"),
                                            ("videotestsrc ! onnxinference model-file=none.onnx", "model-file"),
                                            ("videotestsrc ! onnxinference model-file=where.onnx", "modelinfo for where.onnx")])
def test_a_pipeline_without_answers(pipeline, said, tmp_path):
    """It is said why, also where GStreamer is too old."""
    (tmp_path / "where.onnx").write_bytes((ONNX.parent / "where.onnx").read_bytes())
    done = run(["/usr/bin/python3", PIPELINES / "apps" / "show_answers.py", pipeline], tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert re.search(said if has("onnxinference") else "GStreamer 1.28 or newer", done.stderr), done.stderr


def read_keys(path):
    lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {key: value for key, _, value in lines}


@pytest.mark.parametrize("name, factor", [("nvinfer", "net-scale-factor"), ("nvdspreprocess", "pixel-normalization-factor")])
def test_what_deepstream_computes(name, factor, tmp_path):
    """y = factor * (x - mean), NVIDIA's formula, with the numbers in the files, against numpy's z-scores."""
    done = run([PIPELINES / "deepstream" / name], tmp_path)
    frames = frames_of("videotestsrc pattern=ball num-buffers=100", tmp_path)
    check_profile(tmp_path / "profile.safetensors", frames)
    exact = zscore(frames)

    raw = read_keys(tmp_path / "raw.txt")
    header = b"P6\n320 240\n255\n"
    data = (tmp_path / raw["mean-file"]).read_bytes()
    assert data.startswith(header)
    mean = np.frombuffer(data[len(header):], np.uint8).reshape(240, 320, 3)
    assert np.array_equal(mean, np.rint(frames.mean(0)))
    deviation = np.maximum(frames.std(0), 1)
    assert float(raw[factor]) == pytest.approx(1 / np.sqrt((deviation ** 2).mean()), rel=1e-9)
    # the error that is said: over every code value, also those that never came
    codes = np.array([0, 255]).reshape(2, 1, 1, 1)
    error = np.abs(float(raw[factor]) * (codes - mean) - (codes - frames.mean(0)) / deviation).max()
    said = float(done.stderr.partition("Largest error: ")[2].split()[0])
    assert said == pytest.approx(error, rel=1e-6)
    assert "rounded" in done.stderr or "8 bits" in done.stderr

    video = read_keys(tmp_path / "video.txt")
    assert video["offsets"] == "128;128;128" and "mean-file" not in video
    make("-q videotestsrc pattern=ball num-buffers=100 ! video/x-raw,format=RGB,width=320,height=240 ! "
         "pixelnorm location=profile.safetensors ! video/x-raw ! filesink location=codes.rgb", tmp_path)
    seen = np.fromfile(tmp_path / "codes.rgb", np.uint8).reshape(frames.shape)
    y = float(video[factor]) * (seen.astype(float) - 128)
    assert np.abs(y - np.clip(exact, -4, 127 / 32)).max() <= 1 / 64 + 1e-6
