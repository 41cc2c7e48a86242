# SPDX-License-Identifier: LGPL-2.1-or-later
"""Grafted ONNX models in onnxruntime: raw frames in, the same answer as the original model gives on normalized ones.

What a model gets to see is what pixelnorm.Normalizer makes, bit for bit (a model that returns its input shows it), and
the Normalizer is compared with the element in test_package_element.py. Answers of the network are compared with the same
onnxruntime on normalized arrays: equal, since the same numbers go into the same operations.
"""
import os
import pathlib
import subprocess

import numpy as np
import pytest

import package_help
import pixelnorm
from package_help import GOOD, PYTHON, SIZED, frames_of, profile_of, refused
from pixelnorm import Normalizer

onnx, runtime = package_help.onnx_and_runtime()
from pixelnorm.graft import graft  # noqa: E402

pytestmark = pytest.mark.unsanitized("onnxruntime and a package of numpy alone")

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HEIGHT, WIDTH = 5, 9
RGB, GREY = frames_of(), frames_of(channels=1)
SHAPES = {"nchw": ["N", 3, HEIGHT, WIDTH], "nhwc": ["N", HEIGHT, WIDTH, 3]}
PAIRS = [(m, s) for m in pixelnorm.settings.METHODS for s in ["pixel", "channel", "global"]
         if (m, s) != ("percentile", "pixel")]


def raw(frames, layout, kind):
    frames = frames.astype(kind)
    return np.ascontiguousarray(np.moveaxis(frames, -1, 1)) if layout == "nchw" else frames


def same_bits(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    kind = f"u{found.itemsize}"
    assert np.array_equal(np.ascontiguousarray(found).view(kind), np.ascontiguousarray(expected).view(kind))


def both(settings, model_layout, input_layout, input_type, frames=RGB, profile=None, dtype=np.float32, make=None):
    """The grafted model's answer to raw frames, and the original's to normalized ones."""
    n = frames.shape[-1]
    profile = profile or profile_of(frames, "RGB" if n == 3 else "Y")
    shape = ["N", n, HEIGHT, WIDTH] if model_layout == "nchw" else ["N", HEIGHT, WIDTH, n]
    model = make(shape) if make else package_help.identity(onnx, shape, dtype)
    normalize = Normalizer(profile, layout=model_layout, output="float16" if dtype is np.float16 else "float32", **settings)
    grafted = graft(model, normalize, input_layout=input_layout, input_type=input_type)
    onnx.checker.check_model(grafted, full_check=True)
    assert [entry.name for entry in grafted.graph.input] == ["image"]
    return (package_help.answer(runtime, grafted, raw(frames, input_layout, input_type)),
            package_help.answer(runtime, model, normalize(frames)))


@pytest.mark.parametrize("input_type", ["uint8", "float32"])
@pytest.mark.parametrize("input_layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("model_layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("method, scope", PAIRS)
def test_what_the_model_sees(method, scope, model_layout, input_layout, input_type):
    given = {"dark": profile_of(frames_of(seed=1) // 20)} if method == "flat-field" else {}
    for more in [{}, {"channel_order": "bgr", "gamma": [2, -3, 1], "beta": .1, "min_deviation": .3, "clip_low": -1.5}]:
        found, expected = both({"method": method, "scope": scope, **given, **more}, model_layout, input_layout, input_type)
        same_bits(found, expected)
        assert np.unique(found).size > 10


@pytest.mark.parametrize("clip", [{}, {"clip_low": -1, "clip_high": .5}])
def test_half_precision(clip):
    for method in ["zscore", "center"]:
        found, expected = both({"method": method, "gamma": 500, **clip}, "nchw", "nhwc", "uint8", dtype=np.float16)
        same_bits(found, expected)
        assert np.isfinite(found).all()


@pytest.mark.parametrize("scope", ["pixel", "channel"])
@pytest.mark.parametrize("depth", [10, 16])
def test_deep_frames(depth, scope):
    frames = frames_of(depth)
    for input_type in ["uint16", "float32"]:
        found, expected = both({"scope": scope}, "nchw", "nhwc", input_type, frames, profile_of(frames, depth=depth))
        same_bits(found, expected)


def test_learned_gamma_and_beta():
    """A value a sample, in scope channel too."""
    for scope in ["pixel", "channel"]:
        found, expected = both({"scope": scope, "affine": {"gamma": SIZED, "beta": [1, 2, 3]}}, "nchw", "nhwc", "uint8")
        same_bits(found, expected)


def test_grey():
    found, expected = both({}, "nchw", "nhwc", "uint8", GREY)
    same_bits(found, expected)


@pytest.mark.parametrize("input_layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("model_layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_answers(scope, model_layout, input_layout):
    """Of a network; also as numpy computes them in float64, within what float32 errs in 27 products and their mean."""
    def make(shape):
        return package_help.network(onnx, shape, model_layout)

    found, expected = both({"scope": scope}, model_layout, input_layout, "uint8", make=make)
    assert np.abs(found - expected).max() == 0
    in_numpy = package_help.network_in_numpy(Normalizer(profile_of(RGB), scope=scope, layout="nchw")(RGB))
    assert np.abs(found - in_numpy).max() <= 1e-5 * np.abs(in_numpy).max()
    assert np.ptp(found, axis=0).min() > 0, "the network gives every frame the same answer"


@pytest.mark.parametrize("opset", [7, 8, 11, 13, 17])
def test_opsets(opset):
    model = package_help.network(onnx, SHAPES["nchw"], opset=opset)
    normalize = Normalizer(profile_of(RGB), layout="nchw", **({"clip_low": -1} if opset > 7 else {}))
    grafted = graft(model, normalize)
    assert [(o.domain, o.version) for o in grafted.opset_import] == [("", opset)]
    assert np.array_equal(package_help.answer(runtime, grafted, RGB), package_help.answer(runtime, model, normalize(RGB)))


def dimensions(model):
    return [dim.dim_param or dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]


def test_dimensions():
    """The batch stays as it was; a profile of pixels makes a size where there was none, one of channels does not."""
    of_pixels, of_channels = Normalizer(profile_of(RGB)), Normalizer(profile_of(RGB), scope="channel")
    for shape, normalize, expected in [
            (["N", 3, HEIGHT, WIDTH], of_pixels, ["N", HEIGHT, WIDTH, 3]), ([4, 3, HEIGHT, WIDTH], of_pixels, [4, HEIGHT, WIDTH, 3]),
            (["N", 3, "H", "W"], of_pixels, ["N", HEIGHT, WIDTH, 3]), (["N", 3, "H", "W"], of_channels, ["N", "H", "W", 3])]:
        grafted = graft(package_help.network(onnx, shape), normalize)
        assert dimensions(grafted) == expected
        batch = RGB[:4] if shape[0] == 4 else RGB
        assert package_help.answer(runtime, grafted, batch).shape == (len(batch), package_help.CLASSES)
    assert package_help.answer(runtime, grafted, RGB[:, :4, :7]).shape == (6, package_help.CLASSES)


def test_constants_that_are_listed_as_inputs():
    """As models of IR version 3 do."""
    model = package_help.network(onnx, SHAPES["nchw"], listed=True)
    normalize = Normalizer(profile_of(RGB), layout="nchw")
    grafted = graft(model, normalize)
    expected = package_help.answer(runtime, model, {"image": normalize(RGB)})
    assert np.array_equal(package_help.answer(runtime, grafted, {"image": RGB}), expected)


def two_inputs():
    node = onnx.helper.make_node
    shape = SHAPES["nchw"]
    return package_help.finish(onnx, [node("Sub", ["image", "other"], ["difference"])],
                              [package_help.tensor(onnx, name, np.float32, shape) for name in ("image", "other")],
                              [package_help.tensor(onnx, "difference", np.float32, shape)])


def test_several_inputs():
    """One after the other: the second graft sees the first's nodes, so each needs the original."""
    normalize = Normalizer(profile_of(RGB), layout="nchw")
    y = normalize(RGB)
    for name in ["image", "other"]:
        grafted = graft(two_inputs(), normalize, input_name=name, new_name="frames")
        inputs = {"image": y, "other": y, "frames": RGB}
        del inputs[name]
        assert not package_help.answer(runtime, grafted, inputs).any()


def branches():
    """Both branches of an If read the image from outside."""
    node, shape = onnx.helper.make_node, SHAPES["nchw"]
    inner = [onnx.helper.make_graph([node(operation, ["image"], [name])], name, [],
                                    [package_help.tensor(onnx, name, np.float32, shape)])
             for operation, name in [("Neg", "negative"), ("Abs", "absolute")]]
    return package_help.finish(
        onnx, [node("If", ["condition"], ["result"], then_branch=inner[0], else_branch=inner[1])],
        [package_help.tensor(onnx, "condition", bool, []), package_help.tensor(onnx, "image", np.float32, shape)],
        [package_help.tensor(onnx, "result", np.float32, shape)])


@pytest.mark.parametrize("new_name", [None, "frames"])
def test_subgraphs(new_name):
    normalize = Normalizer(profile_of(RGB), layout="nchw")
    grafted = graft(branches(), normalize, input_name="image", new_name=new_name)
    for condition, expected in [(True, -normalize(RGB)), (False, np.abs(normalize(RGB)))]:
        found = package_help.answer(runtime, grafted, {"condition": np.array(condition), new_name or "image": RGB})
        assert np.array_equal(found, expected)


def hands_on():
    node, shape = onnx.helper.make_node, SHAPES["nchw"]
    return package_help.finish(onnx, [node("Neg", ["image"], ["negative"])], [package_help.tensor(onnx, "image", np.float32, shape)],
                              [package_help.tensor(onnx, name, np.float32, shape) for name in ("image", "negative")])


def test_an_input_that_is_an_output():
    normalize = Normalizer(profile_of(RGB), layout="nchw")
    grafted = graft(hands_on(), normalize, new_name="frames")
    assert np.array_equal(package_help.answer(runtime, grafted, RGB), normalize(RGB))


def test_what_it_says_of_itself():
    profile = profile_of(RGB)
    words = {entry.key: entry.value for entry in graft(package_help.identity(onnx, SHAPES["nchw"]), Normalizer(profile)).metadata_props}
    assert words == {"pixelnorm.method": "zscore", "pixelnorm.scope": "pixel", "pixelnorm.channel-order": "rgb",
                     "pixelnorm.identity": profile.identity}


def test_the_original_stays():
    model = package_help.network(onnx, SHAPES["nchw"])
    before = model.SerializeToString()
    graft(model, Normalizer(profile_of(RGB)))
    assert model.SerializeToString() == before


# --- what is refused

def broken():
    model = package_help.identity(onnx, SHAPES["nchw"])
    model.graph.node[0].input[0] = "nowhere"
    return model


def square(shape):
    return package_help.identity(onnx, shape)


def normal(**settings):
    return Normalizer(profile_of(RGB), **settings)


REFUSED = {
    "no model": (lambda: graft(broken(), normal()), "not valid ONNX"),
    "opset 6": (lambda: graft(package_help.identity(onnx, SHAPES["nchw"], opset=6), normal()), "opset 6"),
    "clipping in opset 7": (lambda: graft(package_help.identity(onnx, SHAPES["nchw"], opset=7), normal(clip_low=0)), "needs 8"),
    "integers": (lambda: graft(package_help.identity(onnx, SHAPES["nchw"], np.uint8), normal()), "takes uint8"),
    "a vector": (lambda: graft(square([1, 27]), normal()), "2 dimensions"),
    "four channels": (lambda: graft(square([1, 4, HEIGHT, WIDTH]), normal()), "neither first nor last"),
    "either way": (lambda: graft(square([1, 3, 9, 3]), normal(scope="channel")), "--model-layout"),
    "grey": (lambda: graft(square([1, 1, HEIGHT, WIDTH]), normal()), "1 channels"),
    "another size": (lambda: graft(square([1, 3, WIDTH, HEIGHT]), normal()), "profile is 9x5"),
    "two inputs": (lambda: graft(two_inputs(), normal()), "2 inputs: image, other"),
    "no such input": (lambda: graft(two_inputs(), normal(), input_name="frame"), "no input frame"),
    "a name that is taken": (lambda: graft(two_inputs(), normal(), input_name="image", new_name="difference"), "--new-name"),
    "input handed on": (lambda: graft(hands_on(), normal()), "--new-name"),
    "twice": (lambda: graft(graft(square(SHAPES["nchw"]), normal()), normal(), input_name="image"), "takes uint8"),
    "twice as float": (lambda: graft(graft(square(SHAPES["nchw"]), normal(), input_type="float32"), normal()), "original"),
    "layout": (lambda: graft(square(SHAPES["nchw"]), normal(), input_layout="chw"), "nhwc, nchw"),
    "deep frames of 8 bits": (lambda: graft(square(SHAPES["nchw"]), Normalizer(profile_of(frames_of(10), depth=10)),
                                            input_type="uint8"), "10 bits"),
    "statistics of frames": (lambda: graft(square(SHAPES["nchw"]), Normalizer(statistics="frame", scope="channel")), "constants"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    refused(*REFUSED[what])


def test_model_layout_is_said():
    normalize = normal(scope="channel")
    for layout in ["nchw", "nhwc"]:
        grafted = graft(square([1, 3, 9, 3]), normalize, model_layout=layout)
        assert dimensions(grafted) == ([1, 9, 3, 3] if layout == "nchw" else [1, 3, 9, 3])


# --- the command

def command(cwd, *words):
    path = f"{SOURCE / 'src' / 'python'}:{os.environ.get('PYTHONPATH', '')}"
    return subprocess.run([PYTHON, "-m", "pixelnorm", *map(str, words)], capture_output=True, text=True, cwd=cwd,
                          env={**os.environ, "PYTHONPATH": path, "LD_PRELOAD": ""})


@pytest.fixture
def folder(tmp_path):
    """model.onnx and profile.safetensors"""
    onnx.save(package_help.network(onnx, SHAPES["nchw"]), str(tmp_path / "model.onnx"))
    (tmp_path / "profile.safetensors").write_bytes(GOOD)
    return tmp_path


def test_command(folder):
    done = command(folder, "graft", "--profile", "profile.safetensors", "--model", "model.onnx", "--output", "grafted.onnx",
                   "--method", "mean-range", "--min-deviation", 2, "--gamma", "<1,2,3>", "--clip-high", 1.5, "--channel-order", "bgr",
                   "--new-name", "frames")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1)
    assert done.stderr.startswith("pixelnorm graft: 62.22 % of the samples are divided by min_deviation=2 instead of half of their range,")
    assert sorted(path.name for path in folder.iterdir()) == ["grafted.onnx", "model.onnx", "profile.safetensors"]
    grafted = onnx.load(str(folder / "grafted.onnx"))
    normalize = Normalizer(folder / "profile.safetensors", method="mean-range", min_deviation=2, gamma=[1, 2, 3], clip_high=1.5,
                           channel_order="bgr", layout="nchw")
    expected = package_help.answer(runtime, onnx.load(str(folder / "model.onnx")), normalize(RGB))
    assert np.array_equal(package_help.answer(runtime, grafted, {"frames": RGB}), expected)


def test_command_with_fixed_values(folder):
    """What nvinfer can be fed with: planes of floats, net-scale-factor=1."""
    words = {"method": "fixed", "units": "unit", "mean": "0.485,0.456,0.406", "std": "0.229,0.224,0.225"}
    done = command(folder, "graft", "--model", "model.onnx", "--output", "g.onnx", "--input-layout", "nchw", "--input-type",
                   "float32", *[word for key, value in words.items() for word in (f"--{key}", value)])
    assert (done.returncode, done.stderr) == (0, "")
    planes = np.moveaxis(RGB, -1, 1).astype(np.float32)
    y = (planes / 255 - np.float32([.485, .456, .406])[:, None, None]) / np.float32([.229, .224, .225])[:, None, None]
    found = package_help.answer(runtime, onnx.load(str(folder / "g.onnx")), planes)
    assert np.abs(found - package_help.network_in_numpy(y)).max() < 1e-4


@pytest.mark.parametrize("words, said", [
    (["--profile", "nowhere.safetensors"], "nowhere.safetensors"), (["--profile", "model.onnx"], "not a safetensors file"),
    ([], "needs a profile"), (["--model", "profile.safetensors", "--profile", "profile.safetensors"], "expected an ONNX model"),
    (["--model", "nowhere.onnx", "--profile", "profile.safetensors"], "nowhere.onnx"),
    (["--output", "nowhere/grafted.onnx", "--profile", "profile.safetensors"], "nowhere/grafted.onnx"),
    (["--model", "pipe", "--profile", "profile.safetensors"], "not a regular file"),
    (["--output", "pipe", "--force", "--profile", "profile.safetensors"], "it is not a regular file"),
    (["--method", "fixed", "--std", "0"], "std is 0")])
def test_command_refuses(folder, words, said):
    os.mkfifo(folder / "pipe")
    done = command(folder, "graft", "--model", "model.onnx", "--output", "grafted.onnx", *words)
    problem = [line for line in done.stderr.splitlines() if "min_deviation" not in line]  # a warning
    assert done.returncode == 1 and len(problem) == 1 and said in problem[0], done.stderr
    assert not (folder / "grafted.onnx").exists()


@pytest.mark.parametrize("content, forced", [(None, 0), (b"", 0), (b"a text", 1)])
def test_command_overwrites_nothing_unasked(folder, content, forced):
    """content: of what is there, None for a model; forced: the status with --force"""
    out = folder / "grafted.onnx"
    out.write_bytes((folder / "model.onnx").read_bytes() if content is None else content)
    before, names = out.read_bytes(), sorted(path.name for path in folder.iterdir())
    words = ["graft", "--profile", "profile.safetensors", "--model", "model.onnx", "--output", "grafted.onnx"]
    done = command(folder, *words)
    assert done.returncode == 1 and "grafted.onnx is there already" in done.stderr and done.stderr.count("\n") == 1
    assert out.read_bytes() == before
    done = command(folder, *words, "--force")
    assert done.returncode == forced and ("is not an ONNX model" in done.stderr) == bool(forced), done.stderr
    assert (out.read_bytes() == before) == bool(forced)
    assert sorted(path.name for path in folder.iterdir()) == names
