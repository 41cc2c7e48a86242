# SPDX-License-Identifier: LGPL-2.1-or-later
"""What reaches a network is what numpy makes of the same frames.

A model that gives back what it is given stands behind onnxinference and tfliteinference, so their tensors show the very
numbers that a network sees. Channel-wise, from raw frames and the exported .modelinfo, they are numpy's within 1e-5;
pixel-wise, as 8-bit video of pixelnorm, within half a step of the 8-bit code plus 1e-6. Rows of the frames are padded.
And: what does not fit together ends in an error, not in wrong numbers.
"""
import shutil
import subprocess

import numpy as np
import pytest

import inference_help
from inference_help import answers_of, ask, collect, export_modelinfo, told, write_frames

if inference_help.WHY:
    pytest.skip(inference_help.WHY, allow_module_level=True)

import network  # noqa: E402

SEED, HEIGHT, WIDTH = 11, 10, 13
IMAGENET = {"method": "fixed", "units": "unit", "mean": "0.485,0.456,0.406", "std": "0.229,0.224,0.225"}
NEAR = 1e-6  # float32 of numbers below 16


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(SEED)
    noise = rng.normal(rng.uniform(60, 180, (HEIGHT, WIDTH, 3)), rng.uniform(2, 30, (HEIGHT, WIDTH, 3)),
                       (9, HEIGHT, WIDTH, 3))
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, frames):
    path = tmp_path_factory.mktemp("identity")
    collect(write_frames(path / "frames.raw", frames), path / "p.safetensors", path)
    return path


def shape_of(layout):
    return (1, 3, HEIGHT, WIDTH) if layout == "nchw" else (1, HEIGHT, WIDTH, 3)


def make_onnx(folder, layout):
    path = folder / f"{layout}.onnx"
    network.save_identity(shape_of(layout), path)
    return path


def make_tflite(folder, layout):
    if not inference_help.has_element("tfliteinference"):
        pytest.skip("tfliteinference is not here: GStreamer 1.28 and newer have it, where it was built with TensorFlow Lite")
    program = folder / "identity-tflite"
    if not program.exists():
        done = subprocess.run(["g++", "-o", program, inference_help.FOLDER / "identity-tflite.cpp"], capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stderr
    path = folder / f"{layout}.tflite"
    subprocess.run([program, path, *map(str, shape_of(layout))], check=True)
    return path


CONSUMERS = {"onnxinference": make_onnx, "tfliteinference": make_tflite}


def exact(frames, method, axes):
    """numpy's y, with a deviation or half-range of 1 at least."""
    x = frames.astype(np.float64)
    mean, low, high = (getattr(x, name)(axes) for name in ("mean", "min", "max"))
    half = np.maximum((high - low) / 2, 1)
    return {"center": x - mean, "zscore": (x - mean) / np.maximum(x.std(axes), 1), "mean-range": (x - mean) / half,
            "min-max": (x - (high + low) / 2) / half}[method]


def found(consumer, folder, layout, order, arguments, before=""):
    """The tensors behind the element, [frames, height, width, 3] in the order R, G, B, and the exported ranges.

    The elements give R, G, B to a network whatever the format of the video is. For a network of B, G, R the video says
    BGR and is then called RGB (capssetter).
    """
    model = CONSUMERS[consumer](folder, layout)
    ranges = export_modelinfo(folder / "p.safetensors", model,
                              [*arguments, f"--layout={layout}", f"--channel-order={order}"], shape_of(layout), folder)
    source = (f"filesrc location={folder / 'frames.raw'} ! rawvideoparse format=rgb width={WIDTH} height={HEIGHT} "
              f"framerate=30/1 {before} ! videoconvert ! video/x-raw,format={order.upper()}")
    if order == "bgr":
        source += " ! capssetter caps=video/x-raw,format=RGB"
    tensors, _ = answers_of(f"{source} ! {consumer} model-file={model}", folder)
    tensors = tensors.reshape(-1, *shape_of(layout)[1:])
    if layout == "nchw":
        tensors = tensors.transpose(0, 2, 3, 1)
    return tensors[..., ::-1] if order == "bgr" else tensors, ranges


@pytest.mark.parametrize("layout, order", [("nchw", "rgb"), ("nhwc", "bgr")])
@pytest.mark.parametrize("consumer", CONSUMERS)
def test_channel_wise_by_modelinfo_alone(folder, frames, consumer, layout, order):
    for method in ("center", "zscore", "mean-range", "min-max"):
        tensors, ranges = found(consumer, folder, layout, order, [f"--method={method}", "--scope=channel"])
        assert ranges.shape == (3, 2)
        expected = exact(frames, method, (0, 1, 2))
        assert np.abs(tensors - expected).max() <= 1e-5 * max(1, np.abs(expected).max() / 16), method
    arguments = ["--scope=channel", *(f"--{name}={value}" for name, value in IMAGENET.items())]
    mean, std = (np.array(IMAGENET[name].split(","), float) for name in ("mean", "std"))
    tensors, _ = found(consumer, folder, layout, order, arguments)
    assert np.abs(tensors - (frames / 255 - mean) / std).max() <= 1e-5


@pytest.mark.parametrize("layout, order", [("nchw", "rgb"), ("nhwc", "bgr")])
@pytest.mark.parametrize("consumer", CONSUMERS)
def test_pixel_wise_as_video(folder, frames, consumer, layout, order):
    for method in ("center", "zscore", "mean-range", "min-max"):
        before = f"! pixelnorm location={folder / 'p.safetensors'} method={method} ! video/x-raw"
        tensors, ranges = found(consumer, folder, layout, order, [f"--method={method}", "--scope=pixel"], before)
        low, high = ranges[0]
        assert (ranges == ranges[0]).all()
        expected = np.clip(exact(frames, method, 0), low, high)
        step = (high - low) / 255
        assert np.abs(tensors - expected).max() <= step / 2 + NEAR * max(1, high), method
        assert np.abs(tensors - expected).max() > step / 4


def refused(folder, pipeline):
    done = ask(pipeline, folder)
    assert done.returncode == 1, told(done)
    assert told(done).startswith("ERROR: "), told(done)
    return told(done)


def test_a_model_of_another_size(folder):
    model = make_onnx(folder, "nchw")
    export_modelinfo(folder / "p.safetensors", model, ["--scope=channel", "--layout=nchw"], shape_of("nchw"), folder)
    source = f"videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width={WIDTH + 1},height={HEIGHT}"
    assert "negotiat" in refused(folder, f"{source} ! onnxinference model-file={model}")


def test_a_modelinfo_of_another_size(folder):
    model = make_onnx(folder, "nchw")
    arguments = ["--scope=channel", "--layout=nchw", f"--size={WIDTH * 2}x{HEIGHT}"]
    export_modelinfo(folder / "p.safetensors", model, arguments, shape_of("nchw"), folder)
    refused(folder, f"videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width={WIDTH},height={HEIGHT} ! "
            f"onnxinference model-file={model}")


def test_no_modelinfo(folder):
    model = folder / "alone.onnx"
    shutil.copy(make_onnx(folder, "nchw"), model)
    refused(folder, f"videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width={WIDTH},height={HEIGHT} ! "
            f"onnxinference model-file={model}")


def test_a_stream_that_changes_size(folder):
    model = make_onnx(folder, "nchw")
    export_modelinfo(folder / "p.safetensors", model, ["--scope=pixel", "--layout=nchw"], shape_of("nchw"), folder)
    sources = " ".join(f"videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width={width},height={HEIGHT} ! c."
                       for width in (WIDTH, WIDTH + 3))
    assert "what it becomes" in refused(folder, f"{sources} concat name=c ! pixelnorm location={folder / 'p.safetensors'} ! video/x-raw ! "
                                 f"onnxinference model-file={model}")


def test_bgr_video_is_turned_round_by_the_elements(folder, frames):
    """The first of the classic mistakes cannot be made here by the video's format alone."""
    model = make_onnx(folder, "nhwc")
    export_modelinfo(folder / "p.safetensors", model, ["--method=center", "--scope=channel", "--layout=nhwc"],
                     shape_of("nhwc"), folder)
    source = write_frames(folder / "frames.raw", frames).replace("RGB", "BGR")
    tensors, _ = answers_of(f"{source} ! onnxinference model-file={model}", folder)
    assert np.abs(tensors.reshape(frames.shape) - exact(frames, "center", (0, 1, 2))).max() <= 1e-4
