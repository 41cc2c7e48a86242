# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples in pipelines/apps: a network in onnxruntime behind an appsink, and an appsink in C.

The frames are taken by GStreamer alone and normalized by the Python package (which test_package_element.py compares with
the element); the same onnxruntime then gives the same answers, to the last bit, and numpy in float64 the same within
float32.
"""
import configparser
import os
import pathlib
import re
import sys

import numpy as np
import pytest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "pipelines"))

import package_help  # noqa: E402
import reports  # noqa: E402
import pixelnorm  # noqa: E402
from gst_launch import make, run  # noqa: E402
from pipeline_help import frames_of  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
APPS = SOURCE / "pipelines" / "apps"
BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
WIDTH, HEIGHT, N = 52, 36, 30
PATTERN = "videotestsrc pattern=ball num-buffers=30"
SCALED = f"{PATTERN} ! videoconvert ! videoscale"  # as the example does it
SHAPES = {"nchw": [3, HEIGHT, WIDTH], "nhwc": [HEIGHT, WIDTH, 3]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """profile.safetensors of the test pattern"""
    path = tmp_path_factory.mktemp("apps")
    make(f"{SCALED} ! video/x-raw,format=RGB,width={WIDTH},height={HEIGHT} ! "
         "pixelstats location=profile.safetensors ! fakesink", path)
    return path


@pytest.fixture(scope="module")
def frames(folder):
    return frames_of(SCALED, folder, WIDTH, HEIGHT)


def write_model(path, shape, layout="nchw"):
    onnx, runtime = package_help.onnx_and_runtime()
    model = package_help.network(onnx, shape, layout)
    path.write_bytes(model.SerializeToString())
    return runtime, model


def answers_of(words, cwd):
    """Times, classes and scores."""
    done = run(["/usr/bin/python3", APPS / "appsink_onnxruntime.py", *words], cwd)
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    scores = np.array([[np.float32(score) for score in row[2].split(" ")] for row in rows])
    return [float(row[0]) for row in rows], [int(row[1]) for row in rows], scores, done.stderr


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("given", [{}, {"method": "min-max", "scope": "channel"}], ids=["pixel", "channel"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_network(layout, given, batch, folder, frames, tmp_path):
    runtime, model = write_model(tmp_path / "model.onnx", ["N", *SHAPES[layout]], layout)
    settings = " ".join(f"{key}={value}" for key, value in given.items())
    times, classes, scores, said = answers_of(
        ["--model", "model.onnx", "--profile", folder / "profile.safetensors", "--settings", settings, "--batch", batch], tmp_path)
    normalize = pixelnorm.Normalizer(folder / "profile.safetensors", layout=layout, **given)
    seen = frames[:N // batch * batch]
    y = np.concatenate([package_help.answer(runtime, model, normalize(seen[i:i + batch])) for i in range(0, len(seen), batch)])
    assert scores.shape == (len(seen), package_help.CLASSES)
    assert np.array_equal(scores, y)
    planes = pixelnorm.Normalizer(folder / "profile.safetensors", layout="nchw", **given)(seen)
    in_numpy = package_help.network_in_numpy(planes)
    assert np.abs(scores - in_numpy).max() <= 1e-5 * np.abs(in_numpy).max()
    assert classes == scores.argmax(axis=1).tolist()
    assert times == pytest.approx([i / 30 for i in range(len(seen))], abs=1e-3)
    assert said.count("PixelnormMeta") == 1 and f"method=(string){given.get('method', 'zscore')}" in said


# --- docs/inference.md

PAGE = (SOURCE / "docs" / "inference.md").read_text()
NEW = run(["gst-inspect-1.0", "--exists", "--atleast-version=1.28", "onnxinference"]).returncode == 0


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """What its blocks print, in order, in one folder. python3 is Debian's, whatever else there is."""
    package_help.onnx_and_runtime()
    path = tmp_path_factory.mktemp("page")
    (path / "pipelines").symlink_to(SOURCE / "pipelines")
    said = []
    for language, block in re.findall(r"^```(sh|python)\n(.*?)^```", PAGE, re.M | re.S):
        if "onnxinference" in block and not NEW:
            continue
        shell = ["/usr/bin/python3", "-c"] if language == "python" else ["bash", "-e", "-c"]
        done = run([*shell, block], path, env={**os.environ, "PATH": f"/usr/bin:{os.environ['PATH']}"})
        assert done.returncode == 0, block + done.stdout + done.stderr
        said.append([line.split("\t") for line in done.stdout.splitlines()])
    return path, said


def test_model_of_the_page(page):
    """As it is made there, it is the one that is here."""
    onnx = reports.want("onnx")
    assert onnx.load(page[0] / "where.onnx") == onnx.load(SOURCE / "pipelines/inference/where.onnx")


def squares(y):
    """The mean of |y| over 3 rows of 4 squares."""
    return np.abs(y).reshape(len(y), 3, 80, 4, 80, 3).mean((2, 4, 5)).reshape(len(y), 12)


def test_answers_of_the_page(page):
    """numpy's, in all that it prints: of tensors; then, channel-wise, of raw frames, and of 8-bit video within half a step."""
    folder, said = page
    frames = frames_of("videotestsrc pattern=ball num-buffers=300", folder).astype(float)
    pixel = (frames[:N] - frames.mean(0)) / np.maximum(frames.std(0), 1)
    channel = (frames[:N] - frames.mean((0, 1, 2))) / frames.std((0, 1, 2))
    # between raw frames and their numbers stands videoconvert, which is a code off at the edge of the ball
    answers = [(pixel, 1e-5), (channel, 1e-3), (np.clip(pixel, -4, 127 / 32), 1 / 64 + 1e-5)]
    rows = [rows for rows in said if rows and len(rows[0]) > 2]
    assert [len(found) for found in rows] == [N, 10, 10][:3 if NEW else 1]
    for found, (y, limit) in zip(rows, answers):
        expected = squares(y[:len(found)])
        scores = np.array([row[-1].split(" ") for row in found], float)
        assert np.abs(scores - expected).max() <= limit
        assert [int(row[-2]) for row in found] == expected.argmax(1).tolist()
    printed = re.findall(r"^(0\.\d+)   (\d+)   (.*) \.\.\.$", PAGE, re.M)
    assert len(printed) == 2
    for row, (time, number, scores) in zip(rows[0], printed):
        assert (row[0], row[1]) == (time, number)
        assert np.array(scores.split(), float) == pytest.approx(np.array(row[2].split()[:8], float), rel=1e-4)


def test_batch_of_the_model(folder, frames, tmp_path):
    """A batch that the model does not leave open needs no option."""
    runtime, model = write_model(tmp_path / "model.onnx", [4, *SHAPES["nchw"]])
    _, _, scores, _ = answers_of(["--model", "model.onnx", "--profile", folder / "profile.safetensors"], tmp_path)
    y = pixelnorm.Normalizer(folder / "profile.safetensors", layout="nchw")(frames[:28])
    expected = np.concatenate([package_help.answer(runtime, model, y[i:i + 4]) for i in range(0, 28, 4)])
    assert np.array_equal(scores, expected)


def test_size_of_the_video(tmp_path):
    """A model that leaves height and width open; fixed values, so no profile."""
    runtime, model = write_model(tmp_path / "model.onnx", [1, 3, "H", "W"])
    _, _, scores, _ = answers_of(["--model", "model.onnx", "--settings", "method=fixed"], tmp_path)
    y = pixelnorm.Normalizer(method="fixed", layout="nchw")(frames_of(PATTERN, tmp_path))
    assert np.array_equal(scores, np.concatenate([package_help.answer(runtime, model, frame[None]) for frame in y]))


def test_a_grafted_model_answers_the_same(folder, frames, tmp_path):
    """Raw frames into the grafted model; normalized ones, by the pipeline, into the original."""
    runtime, model = write_model(tmp_path / "model.onnx", [1, *SHAPES["nchw"]])
    from pixelnorm.graft import graft

    _, _, scores, _ = answers_of(["--model", "model.onnx", "--profile", folder / "profile.safetensors"], tmp_path)
    grafted = graft(model, pixelnorm.Normalizer(folder / "profile.safetensors"))
    found = np.concatenate([package_help.answer(runtime, grafted, frame[None]) for frame in frames])
    assert np.array_equal(found, scores)


@pytest.mark.parametrize("words, said", [
    (["--model", "nowhere.onnx"], "there is no such model"), (["--model", "text.onnx"], "text.onnx"),
    (["--model", "vector.onnx"], "expected one input of float"), (["--model", "model.onnx"], "needs a profile"),
    (["--model", "model.onnx", "--profile", "profile.safetensors"], "Another size"),
    (["--model", "model.onnx", "--settings", "method=fixed", "nowhere.mkv"], "nowhere.mkv: expected a file"),
    (["--model", "model.onnx", "--settings", "metod=fixed"], "metod")])
def test_network_refuses(words, said, folder, tmp_path):
    onnx, _ = package_help.onnx_and_runtime()
    write_model(tmp_path / "model.onnx", [1, 3, 20, 20])
    (tmp_path / "vector.onnx").write_bytes(package_help.identity(onnx, [1, 20]).SerializeToString())
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "profile.safetensors").write_bytes((folder / "profile.safetensors").read_bytes())
    done = run(["/usr/bin/python3", APPS / "appsink_onnxruntime.py", *words], tmp_path)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_without_onnxruntime(tmp_path):
    """In words, and which command installs it."""
    (tmp_path / "onnxruntime.py").write_text("raise ImportError")
    done = run(["/usr/bin/python3", APPS / "appsink_onnxruntime.py", "--model", "x"], tmp_path,
               env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "pip install onnxruntime" in done.stderr


def test_in_a_virtual_environment(tmp_path):
    """Started by its name, it uses the packages of the environment that is activated."""
    done = run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", "--without-pip", "venv"], tmp_path)
    assert done.returncode == 0, done.stderr
    [packages] = (tmp_path / "venv").glob("lib/python3*/site-packages")
    (packages / "onnxruntime.py").write_text("import sys; sys.exit('that of ' + sys.prefix)")
    environment = {**os.environ, "PATH": f"{tmp_path}/venv/bin:{os.environ['PATH']}"}
    environment.pop("PYTHONPATH")
    done = run([APPS / "appsink_onnxruntime.py", "--model", "x"], tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (1, f"that of {tmp_path}/venv\n")


# shape and names of the input and of the outputs; the options that pixelprofile export needs
MODELS = [([1, 3, 36, 52], {"scores": ("float32", [1, 5])}, "--tensor image --layout nchw --size 52x36", "-1,5"),
          (["N", 36, 52, 1], {"scores": ("float16", ["N", "M", 4])}, "--tensor image --layout nhwc --size 52x36", "-1,-1,4"),
          ([1, 3, "H", "W"], {"a": ("uint8", [1, 7]), "b": ("float32", [1, 7])}, "--tensor image --layout nchw", "-1,7")]


@pytest.mark.parametrize("shape, outputs, options, dims", MODELS, ids=["nchw", "nhwc", "open"])
def test_what_a_model_says_of_itself(shape, outputs, options, dims, tmp_path):
    """The sections are read by Python's own reader of such files."""
    onnx = reports.want("onnx")
    values = [package_help.tensor(onnx, name, *value) for name, value in outputs.items()]
    image = package_help.tensor(onnx, "image", "float32", shape)
    constant = onnx.helper.make_tensor("constant", onnx.TensorProto.FLOAT, [3], [1, 1, 1])
    inputs = [package_help.tensor(onnx, "constant", "float32", [3]), image]
    graph = onnx.helper.make_graph([], "model", inputs, values, [constant])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "model.onnx")
    app = ["/usr/bin/python3", APPS / "onnx_model.py", "model.onnx"]
    done = run(app, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, options + "\n", "")
    found = configparser.ConfigParser()
    found.read_string(run([*app, "--outputs"], tmp_path).stdout)
    assert {name: dict(found[name]) for name in found.sections()} == {
        name: {"id": name, "type": kind, "dims": dims, "dir": "output"} for name, (kind, _) in outputs.items()}
    named = run([*app, "--outputs", "--id", "logits"], tmp_path)
    assert "id=logits\n" in named.stdout if len(outputs) == 1 else "of one output, and this one has 2" in named.stderr


@pytest.mark.parametrize("content, said", [(None, "No such file"), (b"no model", "model.onnx: "), (b"", "expected one input")])
def test_what_is_no_model_of_images(content, said, tmp_path):
    reports.want("onnx")
    if content is not None:
        (tmp_path / "model.onnx").write_bytes(content)
    done = run(["/usr/bin/python3", APPS / "onnx_model.py", "model.onnx"], tmp_path)
    assert done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1


NOISY = """
import os

def InferenceSession(path, providers):
    os.write(2, b"before\\n" + b"Schema error: Trying to register schema with name Abs (domain:  version: 1)\\n\\n" * 600)
    os.write(2, b"\\nSchema error: of the model\\n")
    raise ValueError("no model")
"""


def test_what_onnxruntime_says_of_itself(tmp_path):
    """Is left out, and nothing else."""
    (tmp_path / "onnxruntime.py").write_text(NOISY)
    (tmp_path / "model.onnx").touch()
    done = run(["/usr/bin/python3", APPS / "appsink_onnxruntime.py", "--model", "model.onnx"], tmp_path,
               env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (1, "before\n\nSchema error: of the model\nno model\n")


def test_the_line_for_bash_leaves_the_same_out(tmp_path):
    """The one that docs/inference.md has for a pipeline of one's own."""
    (tmp_path / "onnxruntime.py").write_text(NOISY)
    filter_of_page = re.search(r"`(2> >\(.*\))`", (APPS.parents[1] / "docs" / "inference.md").read_text())[1]
    line = f"/usr/bin/python3 -c 'import onnxruntime; onnxruntime.InferenceSession(1, 2)' {filter_of_page}; wait $!"
    done = run(["bash", "-c", line], tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.stderr.startswith("before\n\nSchema error: of the model\nTraceback"), done.stderr[:200]


def test_in_c(folder, frames):
    """Time, dimensions, minimum, mean and maximum of every tensor; the meta of the first."""
    line = (f"{SCALED} ! video/x-raw,format=RGB,width={WIDTH},height={HEIGHT} ! "
            "pixelnorm location=profile.safetensors layout=nchw")
    done = run([BUILD / "pipelines" / "apps" / "appsink", line], folder)
    assert done.returncode == 0, done.stderr
    y = pixelnorm.Normalizer(folder / "profile.safetensors")(frames)
    rows = [row.split("\t") for row in done.stdout.splitlines()]
    assert [float(row[0]) for row in rows] == pytest.approx([i / 30 for i in range(N)], abs=1e-3)
    assert {row[1] for row in rows} == {f"{WIDTH}:{HEIGHT}:3:1"}
    found = np.array([[float(number) for number in row[2:]] for row in rows])
    assert np.array_equal(found[:, [0, 2]].astype(np.float32), np.stack([y.min((1, 2, 3)), y.max((1, 2, 3))], axis=1))
    assert found[:, 1] == pytest.approx(y.astype(float).mean((1, 2, 3)), rel=1e-8, abs=1e-12)
    assert done.stderr.startswith("PixelnormMeta, ") and "method=(string)zscore" in done.stderr
    identity = pixelnorm.Profile.load(folder / "profile.safetensors").identity
    assert f"identity=(string){identity}" in done.stderr


@pytest.mark.parametrize("line, said", [("videotestsrc ! nosuch", "nosuch"), ("videotestsrc ! pixelnorm", "needs a profile")])
def test_in_c_refuses(line, said, folder):
    done = run([BUILD / "pipelines" / "apps" / "appsink", line], folder)
    assert done.returncode == 1 and said in done.stderr
