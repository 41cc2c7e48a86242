# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile export, against numpy.

For every row of the export table the files are read back field by field, the other software's own formula is
computed with what they say, for every sample and every code value, and compared with numpy's normalization of the
same frames. The largest difference must be the error that the command names, or nothing where it names none.

Readers of each format, and so its formula, are in export_readers.py.
"""
import functools
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess

import numpy as np
import pytest

import reports
from cli_help import GLib, Pixelnorm, pixelprofile, save_profile
from export_readers import MODEL, READERS, TENSOR, evaluate, numbers, read_ppm
from profile_bytes import affine_file

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGE = (SOURCE / "docs" / "export.md").read_text()
SEED = 20240811
HEIGHT, WIDTH = 7, 9
FILE = "gate.safetensors"
export = functools.partial(pixelprofile, "export")


def all_formats():
    formats, i = [], 0
    while Pixelnorm.export_format_get(i):
        formats.append(Pixelnorm.export_format_get(i).name)
        i += 1
    return formats


FORMATS = all_formats()
METHODS = ["center", "zscore", "mean-range", "min-max", "flat-field"]


def affines(frames, method, scope, min_deviation=1.0, epsilon=0.0, max_code=255):
    """mean and scale of every sample, [height, width, channels], from exact integers."""
    wide = frames.astype(np.int64)
    axes = {"pixel": (0,), "channel": (0, 1, 2), "global": (0, 1, 2, 3)}[scope]
    n = np.prod([wide.shape[axis] for axis in axes])
    total, squares = wide.sum(axes, keepdims=True), (wide ** 2).sum(axes, keepdims=True)
    mean, variance = total / n, (n * squares - total ** 2) / n ** 2
    low, high = wide.min(axes, keepdims=True), wide.max(axes, keepdims=True)
    floor = min_deviation
    half = np.maximum(np.maximum((high - low) / 2, floor), 1e-9)
    pool = wide.mean(axis=(0, 1, 2, 3) if scope == "global" else (0, 1, 2), keepdims=True)
    center, scale = {
        "center": (mean, np.ones_like(mean)),
        "zscore": (mean, 1 / np.maximum(np.sqrt(variance + epsilon), floor)),
        "mean-range": (mean, 1 / half),
        "min-max": ((low + high) / 2, 1 / half),
        "flat-field": (np.zeros_like(mean), pool / np.maximum(mean, floor)),
    }[method]
    shape = wide.shape[1:]
    return np.broadcast_to(center, (1, *shape))[0], np.broadcast_to(scale, (1, *shape))[0]


# software that takes, or whose words we know of, color frames only
COLOR_ONLY = ["dlstreamer", "dlstreamer-info", "openvino-info", "ti"]
RGB_ONLY = ["huggingface", "tflite"]  # no other order


def test_every_row_has_a_reader():
    assert sorted(READERS) == sorted(FORMATS)


@pytest.fixture(scope="module")
def frames():
    """Noise of many strengths, and pixels that never varied."""
    rng = np.random.default_rng(SEED)
    strength = rng.uniform(0, (9, 12, 15), (HEIGHT, WIDTH, 3))
    strength[2, 3] = strength[5, 1, 1] = 0
    noise = rng.normal(rng.uniform(60, 180, (HEIGHT, WIDTH, 3)), strength, (13, HEIGHT, WIDTH, 3))
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


@pytest.fixture
def gate(tmp_path, frames):
    save_profile(tmp_path / "gate.safetensors", frames)
    save_profile(tmp_path / "grey.safetensors", frames[..., :1], "Y")
    save_profile(tmp_path / "any.safetensors", frames, scope=Pixelnorm.Scope.CHANNEL)
    return tmp_path


def named_error(stderr):
    if not stderr:
        return None
    match = re.fullmatch(r"pixelprofile export: \S+ cannot express all of this\. .*\. Largest error: (\S+) in units of y\. It counts "
                         r"every code value, .*\. If it is too large, .* python3 -m pixelnorm graft\.\n", stderr)
    return float(match[1])


def files_of(directory, before):
    new = sorted(set(os.listdir(directory)) - before, key=lambda name: ("-mean" in name, name))
    return [(directory / name).read_bytes() for name in new]


def check(directory, name, samples, method, scope, color, layout):
    """Exports, reads back and compares. Returns: whether anything was lost"""
    path = directory / ("grey.safetensors" if color == "gray" else "gate.safetensors")
    before = set(os.listdir(directory))
    order = "bgr" if color == "bgr" else "rgb"
    arguments = ["--to", name, "--method", method, "--scope", scope, "--channel-order", order, "--layout", layout,
                 "--model", MODEL, "--tensor", TENSOR, "-o", "out.txt", path.name]
    strict = export("--strict", *arguments, cwd=directory)
    assert set(os.listdir(directory)) == before or strict.returncode == 0
    done = export("--force", *arguments, cwd=directory)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    want = {"channels": samples.shape[-1], "color": color, "layout": layout, "scope": scope, "method": method,
            "height": HEIGHT, "width": WIDTH, "frames": samples,
            "identity": Pixelnorm.Profile.load(str(path)).get_identity()}
    exact = evaluate(*affines(samples, method, scope))[..., ::-1 if color == "bgr" else 1]
    told = READERS[name](files_of(directory, before), want, exact)
    largest = np.abs(told - exact).max()
    error = named_error(done.stderr)
    if error is None:
        # float32 of a mean image errs by 2^-24 of 255 at most; the rest is double, as everything here
        tolerance = 2.0 ** -24 * 256 if name == "caffe" and scope == "pixel" else 1e-12 * np.abs(exact).max()
        assert largest <= tolerance
        assert (strict.returncode, strict.stderr) == (0, "")
    else:
        assert error == pytest.approx(largest, rel=1e-6) and largest > 1e-4
        assert strict.returncode == 1 and strict.stderr == done.stderr[:-1] + " Nothing was written, as --strict asks.\n"
    for file in set(os.listdir(directory)) - before:
        os.remove(directory / file)
    return error is not None


ONE_SCALE = ["nvinfer", "nvdspreprocess", "nvinferserver", "caffe"]
ALL = ["json"]


def loses(name, scope, center, scale):
    """Whether a format has no words for these means and scales."""
    if name in ALL:
        return False
    if name == "ti" and scale.max() > 1 + 1e-9:
        return True
    one_scale = np.ptp(scale) < 1e-9
    if name in ONE_SCALE and not one_scale:
        return True
    if scope != "pixel" or name == "caffe":
        return False
    return name == "modelinfo" or np.ptp(center, (0, 1)).any() or np.ptp(scale, (0, 1)).max() > 1e-9


@pytest.mark.parametrize("scope", ["pixel", "channel", "global"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", FORMATS)
def test_the_other_software_computes_what_is_said(gate, frames, name, method, scope):
    for color, layout in [("rgb", "nhwc"), ("bgr", "nchw"), ("gray", "nchw")]:
        if (color == "gray" and name in COLOR_ONLY) or (color == "bgr" and name in RGB_ONLY):
            continue
        samples = frames[..., :1] if color == "gray" else frames
        lost = check(gate, name, samples, method, scope, color, layout)
        assert lost == loses(name, scope, *affines(samples, method, scope))


def test_what_is_said_instead(gate, frames):
    """The nearest numbers are those that the documentation promises."""
    _, scale = affines(frames, "zscore", "pixel")
    export("--to=nvinfer", "-o", "o.txt", FILE, cwd=gate)
    said = float(re.search(r"net-scale-factor=(.*)", (gate / "o.txt").read_text())[1])
    assert said == pytest.approx(1 / np.sqrt((1 / scale ** 2).mean()), rel=1e-12)
    _, scale = affines(frames, "zscore", "channel")
    done = export("--to=nvinfer", "--scope=channel", FILE, cwd=gate)
    said = float(re.search(r"net-scale-factor=(.*)", done.stdout)[1])
    assert said == pytest.approx(1 / np.sqrt((1 / scale ** 2).mean()), rel=1e-12)
    assert "mean image" not in done.stderr and "one scale for all" in done.stderr
    for name in ("torchvision", "nnstreamer", "hailo"):
        pixel, channel = (export("--to", name, "--scope", scope, FILE, cwd=gate) for scope in ("pixel", "channel"))
        assert pixel.stdout == channel.stdout and "whole channels" in pixel.stderr and channel.stderr == ""


# means and scales, the settings that make them, and what of them each software does not take
LIMITS = [
    ("ti", [300, 10, -2], [0.5, 1, 8], {"mean": [255, 10, 0], "scale": [1, 1, 0.125]}, ["R, 300.0", "B, -2.0", "R, 2.0"]),
    ("qualcomm", [256, 0, 255], [0.001, 1 / 255, 8], {"mean": [255, 0, 255], "scale": [255, 255, 0.125]},
     ["R, 256.0", "R, 1000.0"]),
    ("nvinferserver", [1, 2, 3], [1e8, 1e8, 1e8], {"mean": [1, 2, 3], "scale": [1.2e-7] * 3}, ["R, 1e-08"]),
    ("dlstreamer", [1, 2, 3], [2e-7, 1, 2], {"mean": [1, 2, 3], "scale": [1e6, 1, 0.5]}, ["R, 5000000.0"]),
]


@pytest.mark.parametrize("name, mean, std, taken, words", LIMITS, ids=[row[0] for row in LIMITS])
def test_numbers_beyond_the_limits_of_a_reader(gate, name, mean, std, taken, words):
    """They are named, the nearest are written, and --strict writes nothing."""
    gamma = [1e-3 if value > 1e6 else 10 if value < 1e-6 else 1 for value in std]  # std is 1e-6 to 1e6
    said = [value * factor for value, factor in zip(std, gamma)]
    arguments = ["--to", name, "--method=fixed", "--scope=channel", "--mean", ",".join(map(str, mean)), "--std",
                 ",".join(map(str, said)), "--gamma", ",".join(map(str, gamma)), "--model", MODEL, "--tensor", TENSOR, FILE]
    done = export(*arguments, cwd=gate)
    assert done.returncode == 0 and all(f"that of {word}, is written as" in done.stderr for word in words)
    assert "one scale" not in done.stderr
    want = {"channels": 3, "color": "rgb", "layout": "nhwc", "scope": "channel", "height": HEIGHT, "width": WIDTH}
    told, exact = READERS[name]([done.stdout.encode()], want, None), evaluate(mean, 1 / np.array(std))
    np.testing.assert_allclose(told, evaluate(taken["mean"], taken["scale"]), rtol=1e-9, atol=1e-9)
    assert named_error(done.stderr) == pytest.approx(np.abs(told - exact).max(), rel=1e-6)
    strict = export("--strict", *arguments, cwd=gate)
    assert (strict.returncode, strict.stdout) == (1, "") and words[0] in strict.stderr


def test_means_too_small_for_a_float32(gate):
    """std::stof throws at them."""
    done = export("--to=nvdspreprocess", "--strict", "--method=fixed", "--scope=channel", "--mean=1e-40", FILE, cwd=gate)
    assert done.returncode == 0 and "offsets=0.0;0.0;0.0\n" in done.stdout and done.stderr == ""


def test_min_deviation_and_epsilon(gate, frames):
    for options, keywords in [(["--min-deviation=12.5"], {"min_deviation": 12.5}),
                              (["--min-deviation=0", "--epsilon=0.25"], {"min_deviation": 0, "epsilon": 0.25})]:
        done = export("--to", "json", *options, "gate.safetensors", cwd=gate)
        floored = np.sqrt(frames.var(0) + keywords.get("epsilon", 0)) < keywords["min_deviation"]
        assert done.returncode == 0 and ("by min-deviation=12.5 instead of" in done.stderr) == (floored.mean() > .5)
        content = json.loads(done.stdout)
        assert content["floored"] == list(floored.mean((0, 1)))
        mean, scale = affines(frames, "zscore", "pixel", **keywords)
        np.testing.assert_allclose(content["mean"], mean, rtol=1e-14)
        np.testing.assert_allclose(content["scale"], scale, rtol=1e-13)


COMMENTS = {"modelinfo": "# $", "nvinfer": "# $", "nvdspreprocess": "# $", "nvinferserver": "# $", "caffe": "# $",
            "torchvision": "# $", "keras": "# $", "opencv": "# $", "openvino": "# $", "rknn": "# $",
            "dlstreamer-info": "<!-- $ -->", "openvino-info": "<!-- $ -->"}
PARSED = ["modelinfo", "nvinfer", "nvdspreprocess", "dlstreamer-info", "openvino-info"]


@pytest.mark.parametrize("name", FORMATS)
def test_where_min_deviation_rules(gate, frames, name):
    """It is said on standard error, and in the file where the format has comments; its reader reads what it read before. The
    numbers are what pixelnorm computes, so --strict writes them."""
    narrow = np.where(frames[..., :1] < 128, 100, np.where(frames[..., :1] < 129, 101, 102)).astype(np.uint8).repeat(3, -1)
    save_profile(gate / "narrow", narrow)
    deviation = narrow.std()
    assert deviation < 1
    arguments = ["--to", name, "--scope=channel", "--size", f"{WIDTH}x{HEIGHT}", "--model", MODEL, "--tensor", TENSOR]
    done = export("--strict", *arguments, "-o", "out.txt", "narrow", cwd=gate)
    words = ("Whole channels are divided by min-deviation=1 instead of their deviation, which is less ("
             + ", ".join(f"{c} {deviation:.4g}" for c in "RGB") + " code values). If differences that small matter, set "
             "min-deviation below them; if they are noise, leave it.")
    assert (done.returncode, done.stderr) == (0, f"pixelprofile export: {words}\n")
    text = (gate / "out.txt").read_text()
    comment = COMMENTS.get(name, "").replace("$", words)
    assert text.startswith(comment) and (comment or words not in text)
    exact = evaluate(*affines(narrow, "zscore", "channel"))
    want = {"channels": 3, "color": "rgb", "layout": "nhwc", "scope": "channel", "method": "zscore", "height": HEIGHT,
            "width": WIDTH, "frames": narrow, "identity": Pixelnorm.Profile.load(str(gate / "narrow")).get_identity()}
    if name not in PARSED:  # a reader here that knows no comments, which the language has
        text = text.removeprefix(comment).lstrip("\n")
    assert np.abs(READERS[name]([text.encode()], want, exact) - exact).max() <= 1e-12 * np.abs(exact).max()


def test_fixed_values_of_imagenet(gate):
    done = export("--to=torchvision", "--method=fixed", "--scope=channel", "--units=unit", "--mean=0.485,0.456,0.406",
               "--std=0.229,0.224,0.225", "gate.safetensors", cwd=gate)
    assert done.stderr == ""
    mean, std = re.findall(r"\[(.*?)\]", done.stdout)
    np.testing.assert_allclose(numbers(mean), [0.485, 0.456, 0.406], rtol=1e-15)
    np.testing.assert_allclose(numbers(std), [0.229, 0.224, 0.225], rtol=1e-15)
    # the example of NNStreamer's own users
    done = export("--to=nnstreamer", "--method=fixed", "--scope=channel", "--mean=123.675,116.28,103.53",
               "--std=58.395,57.12,57.375", "gate.safetensors", cwd=gate)
    assert done.stdout == ("tensor_transform mode=arithmetic option=typecast:float32,per-channel:true@0,add:-123.675@0,"
                           "add:-116.28@1,add:-103.53@2,div:58.395@0,div:57.12@1,div:57.375@2\n")


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_opencv_itself(gate, frames, layout, order):
    """The line as it stands, run by the cv2 that is installed: 4.8 and newer, 5 too."""
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2.dnn, "Image2BlobParams"):
        pytest.skip(f"OpenCV {cv2.__version__} has no Image2BlobParams, which is of 4.8")
    line = export("--to=opencv", "--scope=channel", "--layout", layout, "--channel-order", order, FILE, cwd=gate).stdout
    blob = cv2.dnn.blobFromImageWithParams(np.ascontiguousarray(frames[0][..., ::-1]), eval(line, {"cv2": cv2}))[0]
    exact = evaluate(*affines(frames, "zscore", "channel"))[frames[0], np.arange(HEIGHT)[:, None, None],
                                                            np.arange(WIDTH)[:, None], np.arange(3)]
    exact = exact[..., ::-1] if order == "bgr" else exact
    np.testing.assert_allclose(np.moveaxis(blob, 0, -1) if layout == "nchw" else blob, exact, rtol=0, atol=2e-6)


def test_transformers_itself(gate, frames):
    transformers = pytest.importorskip("transformers")
    try:
        load = transformers.AutoImageProcessor.from_pretrained
    except (AttributeError, ImportError, RuntimeError) as error:
        pytest.skip(f"transformers {transformers.__version__} does not run beside the other packages here: {error}")
    export("--to=huggingface", "--scope=channel", "-o", "preprocessor_config.json", FILE, cwd=gate)
    processor = load(str(gate), use_fast=False)
    [pixels] = processor(frames[0], input_data_format="channels_last", return_tensors="np")["pixel_values"]
    exact = evaluate(*affines(frames, "zscore", "channel"))[frames[0], np.arange(HEIGHT)[:, None, None],
                                                            np.arange(WIDTH)[:, None], np.arange(3)]
    np.testing.assert_allclose(np.moveaxis(pixels, 0, -1), exact, rtol=0, atol=5e-6)


def tflite_model(shape):
    """A model of float32 that does nothing: one input, one output."""
    import flatbuffers
    from tensorflow_lite_support.metadata import schema_py_generated as schema
    model, graph = schema.ModelT(), schema.SubGraphT()
    for name, dimensions in [("image", shape), ("scores", [1, 5])]:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, dimensions, schema.TensorType.FLOAT32, 0
        graph.tensors = [*(graph.tensors or []), tensor]
    graph.inputs, graph.outputs, graph.operators = [0], [1], []
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], [schema.BufferT()], []
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("channels", [3, 1])
def test_tflite_tools(gate, frames, channels):
    """flatc takes the JSON by TensorFlow's schema, its populator puts that into a model, and its displayer reads it back."""
    tools = reports.want("tflite_support").metadata
    flatc = shutil.which("flatc")
    if not flatc:
        pytest.skip("flatc is not here: tests/run installs it where it is to be had")
    import tensorflow_lite_support.metadata as schemas
    schema = pathlib.Path(schemas.__path__[0], "metadata_schema.fbs")
    export("--to=tflite", "--scope=channel", "--tensor", TENSOR, "-o", "gate.json", FILE if channels == 3 else "grey.safetensors", cwd=gate)
    done = subprocess.run([flatc, "--binary", "--strict-json", schema, "gate.json"], cwd=gate, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    (gate / "model.tflite").write_bytes(tflite_model([1, HEIGHT, WIDTH, channels]))
    populator = tools.MetadataPopulator.with_model_file(str(gate / "model.tflite"))
    populator.load_metadata_file(str(gate / "gate.tflitemeta"))
    populator.populate()
    read = json.loads(tools.MetadataDisplayer.with_model_file(str(gate / "model.tflite")).get_metadata_json())
    [tensor] = read["subgraph_metadata"][0]["input_tensor_metadata"]
    assert tensor["name"] == TENSOR and tensor["content"]["content_properties"] == {
        "color_space": "RGB" if channels == 3 else "GRAYSCALE", "default_size": {"width": WIDTH, "height": HEIGHT}}
    options = tensor["process_units"][0]["options"]
    exact = evaluate(*affines(frames[..., :channels], "zscore", "channel"))
    told = (np.arange(256)[:, None] - np.array(options["mean"])) / np.array(options["std"])
    np.testing.assert_allclose(told, exact[:, 0, 0], rtol=0, atol=2e-6 * np.abs(exact).max())


def test_model_info_without_exponents(gate):
    """DL Streamer reads digits and one point."""
    arguments = ["--method=fixed", "--scope=channel", "--mean=1e-7,1e-12,255", "--std=1e-6,3,1e6", FILE]
    for name, unit in [("dlstreamer-info", 255), ("openvino-info", 1)]:
        done = export("--to", name, "--strict", *arguments, cwd=gate)
        assert (done.returncode, done.stderr) == (0, "")
        mean, std = [[float(word) for word in re.findall(r"[-+]?\d*\.?\d+", line)] for line in done.stdout.splitlines()[1:3]]
        np.testing.assert_allclose(mean, np.array([1e-7, 1e-12, 255]) / unit, rtol=1e-14)
        np.testing.assert_allclose(std, np.array([1e-6, 3, 1e6]) / unit, rtol=1e-14)


def test_dark_frames(gate, frames):
    dark = frames[:4] // 16
    save_profile(gate / "dark.safetensors", dark)
    done = export("--to=json", "--method=flat-field", "--dark=dark.safetensors", "gate.safetensors", cwd=gate)
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    black, light = dark.mean(0), frames.mean(0)
    gain = frames.mean((0, 1, 2)) - dark.mean((0, 1, 2))
    np.testing.assert_allclose(content["mean"], black, rtol=1e-13)
    np.testing.assert_allclose(content["scale"], gain / np.maximum(light - black, 1), rtol=1e-12)


BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.split("## Arrays of numpy")[1].split("\n## ")[0], re.M | re.S)


@pytest.mark.parametrize("settings", ['method="zscore", scope="pixel"', *(f'method="{method}", scope="{scope}"'
                                      for method in METHODS for scope in ("pixel", "channel", "global")),
                                      'scope="channel", gamma=[2, 0.5, 3], beta=[1, 7, -4]'])
def test_arrays_of_numpy(gate, frames, settings):
    """The two blocks of docs/export.md run; their numbers are numpy's, and in float32 pixelnorm's own to the bit."""
    (gate / "gate.rgb").write_bytes(frames[0].tobytes())
    write, read = BLOCKS
    write, read = write.replace('method="zscore", scope="pixel"', settings), read + 'numpy.save("tensor.npy", tensor)\n'
    if "beta" in settings:
        write = write.replace("mean=of.subtract", re.search("write `(mean=.*?)`", PAGE)[1])
    if "pixel" not in settings:
        read = read.replace('arrays["mean"].shape', str(frames[0].shape))
    environment = {**os.environ, "PYTHONPATH": f"{SOURCE / 'src' / 'python'}:{os.environ.get('PYTHONPATH', '')}"}
    for block in (write, read):
        done = subprocess.run(["/usr/bin/python3", "-c", block], cwd=gate, capture_output=True, text=True, timeout=60,
                              env=environment)
        assert done.returncode == 0, done.stderr
    arrays, tensor = np.load(gate / "gate.npz"), np.load(gate / "tensor.npy")
    given = eval(f"dict({settings})")
    mean, scale = affines(frames, given.get("method", "zscore"), given["scope"])
    gamma, beta = (np.array(given.get(name, [number] * 3), float) for name, number in (("gamma", 1), ("beta", 0)))
    scale, mean = scale * gamma, mean - beta / (scale * gamma)
    np.testing.assert_allclose(np.broadcast_to(arrays["mean"], mean.shape), mean, rtol=1e-13)
    np.testing.assert_allclose(np.broadcast_to(arrays["scale"], scale.shape), scale, rtol=1e-13)
    assert arrays["mean"].shape == ((HEIGHT, WIDTH, 3) if given["scope"] == "pixel" else (3,))
    ours = Pixelnorm.Settings.new()
    ours.props.method = getattr(Pixelnorm.Method, given.get("method", "zscore").upper().replace("-", "_"))
    ours.props.scope = getattr(Pixelnorm.Scope, given["scope"].upper())
    ours.set_values("gamma", list(gamma))
    ours.set_values("beta", list(beta))
    inputs = Pixelnorm.Inputs.new(Pixelnorm.Profile.load(str(gate / FILE)))
    normalizer = Pixelnorm.Normalizer.new(ours, inputs, Pixelnorm.Layout.new("RGB", WIDTH, HEIGHT), Pixelnorm.Output.FLOAT32)
    assert tensor.dtype == np.float32 and tensor.tobytes() == normalizer.run_data(frames[0].tobytes()).get_data()


def test_deep_profiles(tmp_path, frames):
    deep = frames.astype("<u2") * 3 + 40
    save_profile(tmp_path / "deep.safetensors", deep, depth=10)
    exact_mean, exact_scale = affines(deep, "zscore", "channel", max_code=1023)
    codes = np.arange(1024).reshape(-1, 1, 1, 1)
    exact = (codes - exact_mean[:1, :1]) * exact_scale[:1, :1]
    for name in FORMATS:
        limit = Pixelnorm.export_format_find(name).max_depth
        done = export("--to", name, "--scope=channel", "-o", f"{name}.out", "deep.safetensors", cwd=tmp_path)
        if limit == 8:
            assert done.returncode == 1 and "8 bits" in done.stderr and "10" in done.stderr
            assert not (tmp_path / f"{name}.out").exists()
            continue
        assert (done.returncode, done.stderr) == (0, "")
        text = (tmp_path / f"{name}.out").read_text()
        if name == "json":
            content = json.loads(text)
            assert content["max_code"] == 1023
            told = (codes - np.array(content["mean"])) * np.array(content["scale"])
        else:
            # torchvision's data are 0 to 1 whatever the depth
            lists = [numbers(values) for values in re.findall(r"\[([^\[\]]*)\]", text)]
            data = codes / 1023 if name == "torchvision" else codes
            told = (data - lists[0]) / (np.sqrt(lists[1]) if name == "keras" else lists[1])
            assert name != "openvino" or "Type.u16" in text
        np.testing.assert_allclose(told, exact, rtol=0, atol=1e-10)


def test_yuv(tmp_path, frames):
    save_profile(tmp_path / "yuv.safetensors", frames, "YUV")
    chroma = np.zeros((2, 4 * 6 + 2 * 2 * 3), np.uint8)
    save_profile(tmp_path / "small.safetensors", chroma, "Y,U,V", size=(6, 4), subsampling=(1, 1))
    for name in FORMATS:
        done = export("--to", name, "-o", f"{name}.out", "yuv.safetensors", cwd=tmp_path)
        assert (done.returncode == 0) == (name in ALL), name
        assert name in ALL or ("found" in done.stderr or "YUV" in done.stderr)
    np.testing.assert_allclose(json.loads((tmp_path / "json.out").read_text())["mean"], frames.mean(0), rtol=1e-13)
    done = export("--to=json", "small.safetensors", cwd=tmp_path)
    assert done.returncode == 1 and "smaller than Y" in done.stderr
    done = export("--to=json", "--scope=channel", "small.safetensors", cwd=tmp_path)
    assert json.loads(done.stdout)["channels"] == ["Y", "U", "V"]


def test_mean_images_too_large_for_their_reader(tmp_path):
    # 8 MiB hold a byte and a float of 1677721 samples: 559240 pixels of three channels
    for width, warned in [(559240, False), (559241, True)]:
        save_profile(tmp_path / "p.safetensors", np.zeros((1, 1, width, 3), np.uint8))
        for name in ("nvinfer", "nvdspreprocess", "nvinferserver"):
            done = export("--to", name, "--method=center", "--strict", "--force", "-o", "p.txt", "p.safetensors", cwd=tmp_path)
            assert done.returncode == 0
            assert ("559240 pixels" in done.stderr) == (warned and name != "nvinferserver")
            assert warned or done.stderr == ""
    assert (tmp_path / "p-mean.ppm").read_bytes() == b"P6\n559241 1\n255\n" + bytes(3 * 559241)


def test_sizes(gate):
    shown = {"modelinfo": ("dims=-1,224,320,3", "dims=-1,-1,-1,3"), "nvinfer": ("infer-dims=3;224;320", None),
             "nvdspreprocess": ("network-input-shape=1;224;320;3", "--size"), "opencv": ("size=[320, 224]", "size=[0, 0]")}
    for name, (known, unknown) in shown.items():
        done = export("--to", name, "--size=320x224", "any.safetensors", cwd=gate)
        assert done.returncode == 0 and known in done.stdout
        done = export("--to", name, "any.safetensors", cwd=gate)
        assert (unknown or "") in done.stdout + done.stderr and ("dims" in done.stdout or "shape" in done.stdout) <= bool(unknown)
        assert done.returncode == (unknown == "--size")
        done = export("--to", name, "--size=320x224", "-o", "o.txt", "gate.safetensors", cwd=gate)
        assert done.returncode == 1 and "9x7" in done.stderr and "320x224" in done.stderr


def test_the_scope_is_that_of_the_profile(gate):
    assert json.loads(export("--to=json", "any.safetensors", cwd=gate).stdout)["scope"] == "channel"
    assert json.loads(export("--to=json", "gate.safetensors", cwd=gate).stdout)["scope"] == "pixel"
    done = export("--to=json", "--scope=pixel", "any.safetensors", cwd=gate)
    assert done.returncode == 1 and "whole channels only" in done.stderr


def test_names_of_files(gate):
    (gate / "out").mkdir()
    before = set(os.listdir(gate))
    done = export("--to=nvinfer", "--output=out/gate.v2.txt", "gate.safetensors", cwd=gate)
    assert done.returncode == 0 and set(os.listdir(gate)) == before
    assert sorted(os.listdir(gate / "out")) == ["gate.v2-mean.ppm", "gate.v2.txt"]
    assert "mean-file=gate.v2-mean.ppm\n" in (gate / "out" / "gate.v2.txt").read_text()
    umask = os.umask(0)
    os.umask(umask)
    assert os.stat(gate / "out" / "gate.v2.txt").st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("there", ["c.txt", "c-mean.ppm"])
def test_existing_files_are_kept(gate, there):
    (gate / there).write_text("precious")
    before = sorted(os.listdir(gate))
    arguments = ["--to=nvinfer", "--output=c.txt", "gate.safetensors"]
    done = export(*arguments, cwd=gate)
    assert done.returncode == 1 and there in done.stderr and "--force" in done.stderr
    assert sorted(os.listdir(gate)) == before and (gate / there).read_text() == "precious"
    assert export(*arguments, "--strict", "--force", cwd=gate).returncode == 1
    assert sorted(os.listdir(gate)) == before and (gate / there).read_text() == "precious"
    assert export(*arguments, "--force", cwd=gate).returncode == 0
    assert sorted(os.listdir(gate)) == sorted({*before, "c.txt", "c-mean.ppm"})
    assert "precious" not in (gate / "c.txt").read_text()


def test_failed_write_leaves_everything_as_it_was(gate):
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    (gate / "a.json").write_text("precious")
    before = sorted(os.listdir(gate))
    done = export("--to=json", "--force", "--output=a.json", "gate.safetensors", cwd=gate, preexec_fn=small_files)
    assert done.returncode == 1 and '"a.json" was not written: File too large. Make room' in done.stderr
    assert sorted(os.listdir(gate)) == before and (gate / "a.json").read_text() == "precious"


IMAGENET = ["--method=fixed", "--scope=channel", "--units=unit", "--mean=0.485,0.456,0.406", "--std=0.229,0.224,0.225",
            "--model=resnet.onnx", "--size=224x224"]


@pytest.mark.parametrize("name", ["modelinfo", "dlstreamer", "openvino-info", "huggingface", "nnstreamer"])
def test_texts_of_the_documentation(gate, name):
    """They are what is written with the options that are said there."""
    section = PAGE.split("## The formats")[1]
    section = section[re.search(rf"^[^\n]*\*\*{name}\*\*", section, re.M).start():]
    text = re.search(r"^```\w*\n(.*?)\n```$", section, re.M | re.S)[1]
    options = ["--layout=nchw", "--tensor=input"] if name == "modelinfo" else []
    done = export(f"--to={name}", *IMAGENET, *options, "any.safetensors", cwd=gate)
    assert (done.returncode, done.stderr) == (0, "")
    if name in ("dlstreamer", "huggingface"):
        assert json.loads(done.stdout) == json.loads(text)
    else:
        assert done.stdout.rstrip() == text


def test_every_option_is_documented(gate):
    options = re.findall(r"^  (?:-., )?(--[a-z-]+)", export("--help", cwd=gate).stdout.split("Formats:")[0], re.M)
    assert len(options) > 20 and [option for option in options if f"`{option}" not in PAGE and option != "--help"] == []


def test_program_of_the_documentation(gate):
    block = re.search(r"^## From a program\n\n```python\n(.*?)^```", PAGE, re.M | re.S)[1]
    done = subprocess.run(["/usr/bin/python3", "-c", block], cwd=gate, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    mean = len(f"P6\n{WIDTH} {HEIGHT}\n255\n") + HEIGHT * WIDTH * 3
    assert lines[1].split()[-1] == str(mean) and float(lines[-1].split()[-1]) > 0


def test_help_lists_the_table(gate):
    listed = export("--to=help", cwd=gate)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == FORMATS
    assert listed.stdout in export("--help", cwd=gate).stdout


def test_the_documentation_has_the_table():
    words = {Pixelnorm.ExportDetail.ONE: "one", Pixelnorm.ExportDetail.CHANNEL: "channel",
             Pixelnorm.ExportDetail.PIXEL_8BIT: "pixel, 8 bits", Pixelnorm.ExportDetail.PIXEL: "pixel"}
    rows = re.findall(r"^\| `([\w-]+)` \| .* \| ([\w, ]+) \| (\w+) \| (\d+) \| .* \|$", PAGE, re.M)
    formats = [Pixelnorm.export_format_find(name) for name in FORMATS]
    assert rows == [(row.name, words[row.mean], words[row.scale], str(row.max_depth)) for row in formats]


@pytest.mark.parametrize("damage", ["short", "changed", "foreign", "empty", "missing"])
def test_bad_profiles(gate, damage):
    whole = (gate / "gate.safetensors").read_bytes()
    contents = {"short": whole[:-9], "changed": whole[:-1] + bytes([whole[-1] ^ 1]), "foreign": b"a letter" * 99, "empty": b""}
    if damage in contents:
        (gate / "bad.safetensors").write_bytes(contents[damage])
    (gate / "o.txt").write_text("precious")
    before = sorted(os.listdir(gate))
    done = export("--to=nvinfer", "--force", "-o", "o.txt", "bad.safetensors", cwd=gate)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pixelprofile export: ") and done.stderr.count("\n") == 1
    assert "bad.safetensors" in done.stderr
    assert sorted(os.listdir(gate)) == before and (gate / "o.txt").read_text() == "precious"


BAD_COMMANDS = [
    (2, [FILE], "--to"),
    (2, ["--to=tensorrt", FILE], '"tensorrt"'),
    (2, ["--to=json"], "none"),
    (2, ["--to=json", FILE, FILE], "one FILE"),
    (2, ["--to=npz", FILE], f'Expected one of {", ".join(FORMATS)} after --to, found "npz".'),
    (2, ["--to=nvinfer", FILE], "2 files"),
    (2, ["--to=json", "--output=", FILE], "nothing"),
    (2, ["--to=json", "--method=median", FILE], "mean-range"),
    (2, ["--to=json", "--scope=row", FILE], "global"),
    (2, ["--to=json", "--layout=hwc", FILE], "nchw"),
    (2, ["--to=json", "--channel-order=grb", FILE], "bgr"),
    (2, ["--to=json", "--size=224", FILE], '"224"'),
    (2, ["--to=json", "--size=0x224", FILE], '"0x224"'),
    (2, ["--to=json", "--size=-1x224", FILE], '"-1x224"'),
    (2, ["--to=json", "--min-deviation=0", FILE], "min-deviation"),
    (2, ["--to=json", "--min-deviation=nan", FILE], "min-deviation"),
    (2, ["--to=json", "--epsilon=-1", FILE], "epsilon"),
    (2, ["--to=json", "--epsilon=x", FILE], 'Expected a number after --epsilon, found "x".'),
    (2, ["--to=json", "--gamma=1,2", FILE], '"1,2"'),
    (2, ["--to=json", "--gamma=1e9", FILE], "gamma is 1e+09"),
    (2, ["--to=json", "--mean=1,2,3", FILE], "--mean, --std and --units are for the method fixed."),
    (2, ["--to=json", "--method=min-max", "--epsilon=1", FILE], "--epsilon is for the method zscore."),
    (2, ["--to=json", "--percentile-low=2", FILE], "--percentile-low and --percentile-high are for the method percentile."),
    (2, ["--to=json", "--method=fixed", "--min-deviation=2", FILE],
     "--min-deviation is for the methods zscore, mean-range, min-max, "),
    (2, ["--to=json", "--method=percentile", "--percentile-low=99", FILE], "percentile-high 99"),
    (2, ["--to=json", "--dark=d.safetensors", FILE], "flat-field"),
    (2, ["--to=json", "--method=fixed", "--mean=1,2", FILE], '"1,2"'),
    (2, ["--to=json", "--method=fixed", "--mean=1,2,x", FILE], '"1,2,x"'),
    (2, ["--to=json", "--method=fixed", "--std=0", FILE], "std"),
    (2, ["--to=json", "--method=fixed", "--units=percent", FILE], '"percent"'),
    (1, ["--to=modelinfo", "--tensor=a]b", FILE], '"a]b"'),
    (1, ["--to=modelinfo", "--tensor=a\nb", FILE], "control characters"),
    (1, ["--to=modelinfo", "--tensor=modelinfo", "--scope=channel", FILE], '"modelinfo"'),
    (1, ["--to=torchvision", "--scope=channel", "--gamma=-1", FILE], "gamma is negative. Use one above 0"),
    (1, ["--to=nvinfer", "--model=", "-o", "o.txt", FILE], "a model"),
    (1, ["--to=json", "--channel-order=bgr", "grey.safetensors"], "RGB"),
    (1, ["--to=ti", "grey.safetensors"], "RGB"),
    (1, ["--to=huggingface", "--channel-order=bgr", FILE], "cannot describe a model of B, G, R"),
    (1, ["--to=nvdspreprocess", "--scope=channel", "any.safetensors"], "--size"),
    (1, ["--to=json", "--output=none/o.json", FILE], 'no directory "none"'),
    (1, ["--to=json", "--output=folder", "--force", FILE], "is a directory"),
    (1, ["--to=json", "--method=flat-field", "--dark=none.safetensors", FILE], "none.safetensors"),
    (1, ["--to=torchvision", "--method=flat-field", "black.safetensors"], "or json with scope pixel"),
]


@pytest.mark.parametrize("status, arguments, words", BAD_COMMANDS,
                         ids=[" ".join(row[1]).replace("\n", "?") for row in BAD_COMMANDS])
def test_bad_commands(gate, status, arguments, words):
    (gate / "folder").mkdir()
    save_profile(gate / "black.safetensors", np.zeros((2, HEIGHT, WIDTH, 3), np.uint8))
    before = sorted(os.listdir(gate))
    done = export(*arguments, cwd=gate)
    assert (done.returncode, done.stdout) == (status, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("pixelprofile export: ") and words in last
    assert status == 1 or last.endswith('See "pixelprofile export --help".')
    assert sorted(os.listdir(gate)) == before


def test_json_of_large_profiles_is_refused(tmp_path):
    save_profile(tmp_path / "p.safetensors", np.zeros((1, 500, 700, 3), np.uint8))
    done = export("--to=json", "p.safetensors", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "") and "Python package" in done.stderr
    assert export("--to=json", "--scope=channel", "p.safetensors", cwd=tmp_path).returncode == 0


def test_from_python(gate, frames):
    profile = Pixelnorm.Profile.load(str(gate / FILE))
    options = Pixelnorm.ExportOptions.new()
    options.channel_order = Pixelnorm.ChannelOrder.BGR
    options.set_names("gate", None, None)
    made = Pixelnorm.Export.new("nvinfer", Pixelnorm.Settings.new(), Pixelnorm.Inputs.new(profile), options)
    assert [made.get_file_name(i) for i in range(made.get_n_files())] == ["gate.txt", "gate-mean.ppm"]
    want = {"height": HEIGHT, "width": WIDTH, "channels": 3}
    mean = np.rint(frames.sum(0, dtype=np.int64) / len(frames))
    np.testing.assert_array_equal(read_ppm(made.get_file(1).get_data(), want), mean[..., ::-1])
    assert len(made.get_losses().split("\n")) == 2 and made.get_largest_error() > 0 and made.get_notes() is None
    settings = Pixelnorm.Settings.new()
    settings.props.scope = Pixelnorm.Scope.CHANNEL
    made = Pixelnorm.Export.new("torchvision", settings, Pixelnorm.Inputs.new(profile), None)
    assert made.get_losses() is None and made.get_largest_error() < 1e-12
    with pytest.raises(GLib.Error, match="no format"):
        Pixelnorm.Export.new("nothing", settings, Pixelnorm.Inputs.new(profile), None)
    affine = Pixelnorm.LearnedAffine.parse(GLib.Bytes.new(affine_file(gamma=np.ones(3))))
    with pytest.raises(GLib.Error, match="cannot express gamma and beta of a file"):
        Pixelnorm.Export.new("json", settings, Pixelnorm.Inputs.new(profile, None, affine), None)
    row = Pixelnorm.export_format_find("nvinfer")
    assert (row.mean, row.scale) == (Pixelnorm.ExportDetail.PIXEL_8BIT, Pixelnorm.ExportDetail.ONE)


def test_gamma_and_beta_of_the_command(gate, frames):
    text = json.loads(export("--to=json", "--scope=channel", "--gamma=2,0.5,3", "--beta=1", FILE, cwd=gate).stdout)
    values = frames.reshape(-1, 3).astype(float)
    expected = (values - values.mean(0)) / values.std(0) * [2, .5, 3] + 1
    assert (values - text["mean"]) * text["scale"] == pytest.approx(expected, abs=1e-9)
    line = export("--to=modelinfo", "--gamma=2", "--epsilon=0.5", FILE, cwd=gate).stdout.splitlines()[0]
    assert line.endswith(' epsilon=0.5 gamma="<2.0>"') and "method=zscore" in line


def test_gamma_and_beta_are_in_the_numbers(gate, frames):
    """y = gamma z + beta is an affine too; what is none is refused in words."""
    profile = Pixelnorm.Profile.load(str(gate / FILE))
    settings = Pixelnorm.Settings.new()
    settings.props.scope = Pixelnorm.Scope.CHANNEL
    gamma, beta = np.array([2.0, 0.5, 3.0]), np.array([1.0, 7.0, -4.0])
    settings.set_values("gamma", list(gamma))
    settings.set_values("beta", list(beta))
    text = Pixelnorm.Export.new("torchvision", settings, Pixelnorm.Inputs.new(profile), None).get_file(0).get_data().decode()
    mean, std = (np.array([float(x) for x in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", part)])
                 for part in re.findall(r"\[(.*?)\]", text))
    values = frames.reshape(-1, 3).astype(float)
    expected = (values - values.mean(0)) / values.std(0) * gamma + beta
    assert (values / 255 - mean) / std == pytest.approx(expected, abs=1e-9)
    settings.props.clip_low = 0.0
    with pytest.raises(Exception, match="clip"):
        Pixelnorm.Export.new("torchvision", settings, Pixelnorm.Inputs.new(profile), None)
