# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is compared: the METHOD TABLE, and how frames go through the elements.

A row is what `pixelnorm` does (its properties) and what the network begins with: nothing, a layer of batch normalization, or
a gamma and a beta for every sample, learned. Rows with the same properties share one pass through the element.
"""
import os
import pathlib
import sys
from typing import NamedTuple

import numpy as np

sys.path[:0] = [str(pathlib.Path(__file__).parents[2] / "tests" / folder) for folder in ("elements", "lib")]
from pixel_streams import TENSORS, VIDEO, Gst, Refused, words_of  # noqa: E402

ZSCORE = {"method": "zscore", "scope": "pixel", "min_deviation": 1.0}
INT8 = "other/tensors,types=int8"
NONE = {"method": "fixed", "mean": [0.0], "std": [1.0]}


class Method(NamedTuple):
    key: str
    words: str
    short: str  # where there is little room, as in a plot
    settings: dict
    front: str = None  # what the network begins with: batchnorm, affine
    guess: float = .032  # where the search for a learning rate begins
    base: bool = True  # trained on every set; else only where a study names it


METHODS = (
    Method("none", "none: code values, 0 to 255", "code values", NONE, guess=.001),
    Method("scale", "a scale only: x / 255", "x / 255", NONE | {"std": [255.0]}, base=False),
    Method("scale-2", "a scale only: x / 127.5", "x / 127.5", NONE | {"std": [127.5]}, base=False),
    Method("fixed", "fixed: (x - 127.5) / 127.5", "fixed values", {"method": "fixed"}),
    Method("channel", "zscore, channel", "zscore, channel", {"method": "zscore", "scope": "channel"}),
    Method("image", "zscore of each image by itself", "zscore, each image",
           {"method": "zscore", "scope": "channel", "statistics": "frame"}),
    Method("center", "mean image only (center, pixel)", "mean image only", {"method": "center", "scope": "pixel"}, guess=.00032),
    # no deviation of 8 bits reaches 128, so that all are divided by the same
    Method("center-128", "mean image and one scale: (x - mean image) / 128", "mean image, / 128", ZSCORE | {"min_deviation": 128.0},
           base=False),
    Method("mean-range", "mean-range, pixel", "mean-range, pixel", {"method": "mean-range", "scope": "pixel"}),
    Method("min-max", "min-max, pixel", "min-max, pixel", {"method": "min-max", "scope": "pixel"}),
    Method("zscore-1", "zscore, pixel, floor 1", "zscore, pixel, floor 1", ZSCORE),
    Method("zscore-8", "zscore, pixel, floor 8", "zscore, pixel, floor 8", ZSCORE | {"min_deviation": 8.0}),
    Method("zscore-32", "zscore, pixel, floor 32", "zscore, pixel, floor 32", ZSCORE | {"min_deviation": 32.0}),
    Method("zscore-1-clip", "zscore, pixel, floor 1, clipped at -4 and 4", "floor 1, clipped",
           ZSCORE | {"clip_low": -4.0, "clip_high": 4.0}),
    Method("batchnorm", "batch norm first, nothing before", "batch norm first", NONE, "batchnorm"),
    Method("zscore-1-batchnorm", "zscore, pixel, floor 1, then batch norm", "floor 1, batch norm", ZSCORE, "batchnorm"),
    Method("zscore-1-affine", "zscore, pixel, floor 1, then gamma and beta of every pixel, learned", "floor 1, learned affine", ZSCORE,
           "affine"),
)
BY_KEY = {method.key: method for method in METHODS}
# what every other is compared with
REFERENCE = "channel"


def play(description):
    """Runs a pipeline, written as for gst-launch-1.0, to its end; what pixelnorm said of its tensors last, or None."""
    said = None
    pipeline = Gst.parse_launch(description)
    try:
        pipeline.set_state(Gst.State.PLAYING)
        wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT
        while (message := pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, wanted)).type != Gst.MessageType.EOS:
            if message.type == Gst.MessageType.ERROR:
                raise Refused(message)
            if message.get_structure().get_name() == "pixelnorm":
                said = message.get_structure()
        return said
    finally:
        pipeline.set_state(Gst.State.NULL)


def write_frames(path, frames):
    """uint8 [N, H, W, C] as raw video: rows padded to 4 bytes, as rawvideoparse expects."""
    n, height, width, channels = frames.shape
    row = width * channels
    padded = np.zeros((n, height, (row + 3) // 4 * 4), np.uint8)
    padded[:, :, :row] = frames.reshape(n, height, row)
    path.write_bytes(padded.tobytes())


def source_of(path, shape):
    kind = {1: "gray8", 3: "rgb"}[shape[3]]
    return f'filesrc location="{path}" ! rawvideoparse format={kind} width={shape[2]} height={shape[1]} framerate=30/1'


def collect(folder, frames, name="profile"):
    """The profile of these frames, by pixelstats; its path. Each has a name of its own, since a later one replaces it."""
    raw, profile = folder / "training.raw", folder / f"{name}.safetensors"
    write_frames(raw, frames)
    play(f'{source_of(raw, frames.shape)} ! pixelstats overwrite=true location="{profile}" ! fakesink sync=false')
    return profile


def normalize(folder, profile, frames, settings, kind=TENSORS):
    """Frames through pixelnorm: float32 of the same shape; of INT8 what its codes stand for; for VIDEO the 8-bit codes."""
    raw, out = folder / "frames.raw", folder / "normalized.raw"
    write_frames(raw, frames)
    if profile and settings["method"] != "fixed" and settings.get("statistics") != "frame":
        settings = settings | {"location": f'"{profile}"'}
    said = play(f'{source_of(raw, frames.shape)} ! pixelnorm {words_of(settings)} ! {kind} ! '
                f'filesink location="{out}"')
    if kind == TENSORS:
        return np.fromfile(out, "<f4").reshape(frames.shape)
    if kind == INT8:
        scale, zero_point = said.get_double("quant-scale")[1], said.get_int("quant-zero-point")[1]
        return ((np.fromfile(out, "i1").reshape(frames.shape) - float(zero_point)) * scale).astype(np.float32)
    n, height, width, channels = frames.shape
    rows = np.fromfile(out, np.uint8).reshape(n, height, -1)
    return rows[:, :, :width * channels].reshape(frames.shape)


# the default ranges of pixelnorm's 8-bit video, as its documentation has them
RANGES = {"center": (-128, 127), "zscore": (-4, 127 / 32), "mean-range": (-2, 127 / 64), "min-max": (-128 / 127, 1)}


def decode(codes, settings):
    """8-bit video back to y, as the consumer of such video does."""
    if settings["method"] == "fixed":
        mean, std = settings.get("mean", [127.5])[0], settings.get("std", [127.5])[0]
        low, high = (0 - mean) / std, (255 - mean) / std
    else:
        low, high = RANGES[settings["method"]]
    return (codes * ((high - low) / 255) + low).astype(np.float32)


def temporary_folder(top):
    folder = pathlib.Path(top) / f"frames-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
