# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of inference share: what they need, how pipelines are run, and the table of what was found.

Where something is missing WHY says what, in words, and the tests are skipped: tests/inference/run installs it, or takes a
folder of Debian sid, where all of it is to be had.
"""
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np

import gst_launch
from gst_launch import run

FOLDER = pathlib.Path(__file__).resolve().parent
SOURCE = FOLDER.parents[1]
DIGITS = SOURCE / "build" / "digits.png"
MODULES = ("torch", "onnx", "onnxruntime")
OUTPUT_ID = "classification-generic-out"  # how classifiertensordecoder knows logits
ROWS = []  # of the table
MISTAKES = {}  # accuracy of each


def has_element(name):
    """Of GStreamer 1.28 or newer: before, onnxinference had no modelinfo."""
    return subprocess.run(["gst-inspect-1.0", "--exists", "--atleast-version=1.28", name],
                          stderr=subprocess.DEVNULL).returncode == 0


def find_missing():
    if os.environ.get("PIXELNORM_SANITIZED") == "1":
        return "not under sanitizers: networks, of which nothing is ours"
    if not shutil.which("gst-inspect-1.0") or not has_element("onnxinference"):
        return "onnxinference is not here: GStreamer 1.28 and newer have it (tests/inference/run takes Debian sid)"
    for name in MODULES:
        if importlib.util.find_spec(name) is None:
            return f"the Python module {name} is not here: tests/inference/run --install"
    if not DIGITS.exists():
        return "build/digits.png is not here: tests/inference/run --install"
    return None


WHY = find_missing()


def write_frames(path, frames):
    """Frames [n, height, width(, 3)] as rawvideoparse reads them: rows padded to four bytes. Returns: the source"""
    rows = frames.reshape(*frames.shape[:2], -1)
    padded = np.zeros((*rows.shape[:2], -(-rows.shape[2] // 4) * 4), np.uint8)
    padded[..., :rows.shape[2]] = rows
    path.write_bytes(padded.tobytes())
    height, width = frames.shape[1:3]
    form = "rgb" if frames.ndim == 4 else "gray8"
    return (f"filesrc location={path} ! rawvideoparse format={form} width={width} height={height} framerate=30/1 ! "
            "videoconvert ! video/x-raw,format=RGB")


def make(line, cwd):
    gst_launch.make(f"-q {line}", cwd)


def collect(source, profile, cwd):
    make(f"{source} ! pixelstats location={profile} ! fakesink", cwd)


def tensors_of(source, settings, shape, cwd):
    """What pixelnorm gives to a network. Returns: float32, [frames, 3, height, width]"""
    make(f"{source} ! pixelnorm {settings} layout=nchw ! other/tensors,types=float32 ! filesink location=tensors.f32", cwd)
    return np.fromfile(cwd / "tensors.f32", "<f4").reshape(-1, *shape)


def codes_of(source, settings, shape, cwd):
    """The 8-bit video of pixelnorm. Returns: uint8, [frames, 3, height, width]"""
    channels, height, width = shape
    make(f"{source} ! pixelnorm {settings} ! video/x-raw,format=RGB ! filesink location=codes.rgb", cwd)
    rows = np.fromfile(cwd / "codes.rgb", np.uint8).reshape(-1, height, -(-width * channels // 4) * 4)
    return rows[..., :width * channels].reshape(-1, height, width, channels).transpose(0, 3, 1, 2)


def export_modelinfo(profile, model, arguments, shape_out, cwd):
    """MODEL.modelinfo of a profile, and what the file must say of the output, which no profile knows.

    Returns: the pairs low, high, [channels, 2]
    """
    info = pathlib.Path(f"{model}.modelinfo")
    done = run(["pixelprofile", "export", "--to=modelinfo", "--tensor=input", f"--model={OUTPUT_ID}", "--force",
                f"--output={info}", *arguments, profile], cwd)
    assert done.returncode == 0, done.stderr
    text = info.read_text()
    info.write_text(text + f"\n[logits]\nid={OUTPUT_ID}\ntype=float32\ndims={','.join(map(str, shape_out))}\ndir=output\n")
    pairs = text.partition("ranges=")[2].split("\n")[0].split(";")
    return np.array([[float(number) for number in pair.split(",")] for pair in pairs])


def answers_of(pipeline, cwd):
    """What an inference element answers. Returns: tensors [frames, ...] and the decoder's labels"""
    done = ask(pipeline, cwd)
    assert done.returncode == 0, told(done)
    found = np.load(cwd / "answers.npz")
    return found["tensors"], found["labels"]


def ask(pipeline, cwd):
    return run([sys.executable, FOLDER / "answers.py", "answers.npz", f"{pipeline} ! appsink name=sink"], cwd, 120)


def told(done):
    """What a program said, without what Debian's onnxruntime says of itself when it is loaded."""
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if line and not line.startswith("Schema error: "))


def table(rows):
    """Markdown."""
    names = ["task", "normalization", "on the way to onnxinference", "PyTorch", "onnxruntime", "onnxinference",
             "largest difference", "images that differ"]
    lines = ["| " + " | ".join(names) + " |", "|---|---|---|--:|--:|--:|--:|--:|"]
    text = "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"
    if MISTAKES:
        text += "\n| digits, pixel-wise, fed with | accuracy |\n|---|--:|\n"
        text += "".join(f"| {name} | {accuracy:.2%} |\n" for name, accuracy in MISTAKES.items())
    return text
