# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm ! pixeldenorm with statistics that only the buffers know, and with gamma and beta of a file.

Through float32 every 8-bit sample comes back, whatever it was divided by: four roundings of float32 err by less than
2^-21 of 255 code values.
"""
import json
import struct

import numpy as np
import pytest

import pixel_reference as reference
from pixel_streams import Gst, Refused, buffers_of, bytes_of, collect, run, video_caps, words_of

SIZE, N = (12, 7), 7


def make_frames(format_name, seed):
    """Every frame of another light and contrast."""
    random = np.random.default_rng(seed)
    channels = len(reference.channels_of(format_name))
    low = random.integers(0, 100, (N, 1, 1, channels))
    high = low + random.integers(5, 150, (N, 1, 1, channels))
    return random.integers(low, high, (N, SIZE[1], SIZE[0], channels)).astype(np.uint8)


def there_and_back(format_name, frames, forth, back="", also=""):
    places = reference.Places(format_name, *SIZE)
    data = places.pack(frames, np.zeros(frames.shape[:3], np.uint8), np.random.default_rng(1))
    out = bytes_of(run(
        f"appsrc name=in format=time ! pixelnorm {forth} ! other/tensors,types=float32 {also} ! pixeldenorm {back} ! "
        f"video/x-raw,format={format_name} ! appsink name=out sync=false wait-on-eos=false",
        [(video_caps(format_name, *SIZE), buffers_of(data))]))
    return places.unpack(np.frombuffer(b"".join(out), np.uint8).reshape(len(out), places.size))[0]


@pytest.mark.parametrize("format_name", ["RGB", "BGRx", "GRAY8"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("statistics", ["frame", "batch", "running"])
@pytest.mark.parametrize("scope", ["channel", "global"])
def test_statistics_of_the_stream(format_name, batch, layout, statistics, scope):
    """Each frame by its own values; 7 frames in tensors of 3 are padded, and the padding does not come back."""
    frames = make_frames(format_name, 5)
    for method in ["zscore", "center"] + ([] if statistics == "running" else ["min-max", "mean-range"]):
        settings = words_of({"statistics": statistics, "scope": scope, "method": method, "layout": layout,
                             "gamma": [2.5], "beta": [-1.25]})
        found = there_and_back(format_name, frames, f"{settings} batch-size={batch} last-batch=pad", f"layout={layout}")
        assert np.array_equal(found, frames), method


def test_statistics_without_their_meta(tmp_path):
    """The profile is never taken instead."""
    frames = make_frames("RGB", 6)
    profile = collect(tmp_path / "p.safetensors", "RGB", frames)
    caps = Gst.Caps.from_string(
        "other/tensors,format=static,num_tensors=1,types=float32,framerate=30/1,"
        f"dimensions=(string)3:{SIZE[0]}:{SIZE[1]}:1")
    tensor = Gst.Buffer.new_wrapped(bytes(SIZE[0] * SIZE[1] * 12))
    with pytest.raises(Refused, match="the buffer carries none"):
        run(f"appsrc name=in format=time ! pixeldenorm statistics=frame scope=channel location={profile} ! fakesink",
            [(caps, [tensor])])


def write_affine(path, arrays):
    header, data = {}, b""
    for name, array in arrays.items():
        raw = array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_affine_of_a_file(scope, tmp_path):
    frames, random = make_frames("RGB", 7), np.random.default_rng(8)
    profile = collect(tmp_path / "p.safetensors", "RGB", frames)
    shape = (SIZE[1], SIZE[0], 3)
    affine = write_affine(tmp_path / "affine.safetensors", {
        "gamma": random.choice([-1, 1], shape) * random.uniform(0.5, 2, shape), "beta": random.uniform(-1, 1, shape)})
    settings = f"location={profile} scope={scope} affine-location={affine}"
    assert np.array_equal(there_and_back("RGB", frames, settings, settings), frames)
    # and it is the file that does it: without, they do not come back
    assert not np.array_equal(there_and_back("RGB", frames, settings, f"location={profile} scope={scope}"), frames)


def test_affine_of_a_file_with_statistics_of_the_stream(tmp_path):
    affine = write_affine(tmp_path / "affine.safetensors", {"gamma": np.ones(3)})
    with pytest.raises(Refused, match="affine-location goes with statistics of a profile only, and statistics is frame"):
        there_and_back("RGB", make_frames("RGB", 9), f"statistics=frame scope=channel affine-location={affine}")
