# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of whole pipelines share.

What comes out is compared with what numpy makes of the same frames: sums, minima and maxima are equal, float32 tensors
within 1e-6 * max(1, |y|), 8-bit video within 1 of the exactly rounded value. Profiles are read by the few lines below,
which share nothing with the library, and checked with Debian's xxhash.

Needs the environment that pixelnorm_env of pipelines/setup.sh exports.
"""
import json
import os
from pathlib import Path

import numpy as np
import xxhash

import pixelnorm
from gst_launch import TIMEOUT, launch, make, run  # noqa: F401 - for the tests

SOURCE = Path(__file__).resolve().parents[2]
PIPELINES = SOURCE / "pipelines"
SEED = 20241122
KILLS = 20


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


def decoded_frames(path, cwd, width=320, height=240):
    """The frames of a motion JPEG of 4:2:0, as GStreamer decodes them; as RGB by to_rgb, which tests/python compares with
    fractions. Planes of these sizes have no padding."""
    make(f"-q uridecodebin3 uri={Path(cwd, path).as_uri()} ! video/x-raw,format=I420,colorimetry=1:4:0:0 ! "
         "filesink location=frames.raw", cwd)
    name = Path(cwd) / "frames.raw"
    data = np.fromfile(name, np.uint8).reshape(-1, width * height * 3 // 2)
    name.unlink()
    sizes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    ends = np.cumsum([h * w for h, w in sizes])[:-1]
    return np.stack([pixelnorm.to_rgb(*(plane.reshape(size) for plane, size in zip(np.split(frame, ends), sizes)), format="I420",
                                      matrix="bt601", range="full", chroma_site="jpeg") for frame in data])


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
    make(f"-q uridecodebin3 uri={Path(cwd, path).as_uri()} ! videoconvert ! video/x-raw,format=RGB ! "
         "pixelstats location=counted.safetensors ! fakesink", cwd)
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


def processes_of(session):
    """Those of a session that have not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found
