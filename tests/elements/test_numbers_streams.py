# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sums over many frames, runs and sizes, against exact integers.

The library adds to 16-bit sums, which are full after 257 frames of 255, and to 32-bit ones of x (255 - x), full after
264208 additions of 127 or 128; the frames here cross both bounds, with the samples that fill them fastest.
"""
import numpy as np
import pytest

import gi

import pixel_reference as reference
from pixel_streams import collect

gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm  # noqa: E402

SEED = 20240824


def random_frames(n, width, height, n_channels, seed=0):
    return np.random.default_rng([SEED, seed]).integers(0, 256, (n, height, width, n_channels), np.uint8)


def frames_with_full(n, width, height, n_channels):
    """Random frames, in which some samples are always 255, 0, 127 or 128."""
    frames = random_frames(n, width, height, n_channels)
    for i, value in enumerate([255, 0, 127, 128]):
        frames[:, :, i::7] = value
    return frames


def assert_equal(path, expected, frames, samples=None):
    metadata, arrays = reference.read_profile(path)
    assert arrays["frames"].tolist() == [frames]
    assert arrays["sum"].tolist() == expected.sum.tolist()
    assert arrays["sum_squares"].tolist() == expected.squares.tolist()
    assert arrays["min"].tolist() == expected.min.tolist()
    assert arrays["max"].tolist() == expected.max.tolist()
    assert ("samples" in arrays) == (samples is not None)
    if samples is not None:
        assert arrays["samples"].tolist() == [samples] * len(arrays["samples"])
    return metadata


@pytest.mark.parametrize("n", [1, 256, 257, 258, 513, 514, 515, 613, 1030])
@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_many_frames(n, scope, tmp_path):
    for name, width, height, channels in [("RGB", 5, 3, 3), ("GBRA", 9, 2, 3), ("GRAY8", 13, 1, 1)]:
        frames = frames_with_full(n, width, height, channels)
        whole = reference.moments_of(frames)
        path = collect(tmp_path / "p.safetensors", name, frames, scope=scope)
        if scope == "pixel":
            assert_equal(path, whole, n)
        else:
            assert_equal(path, whole.scope("channel"), n, n * width * height)


def test_many_frames_of_white(tmp_path):
    frames = np.full((700, 2, 130, 3), 255, np.uint8)
    path = collect(tmp_path / "p.safetensors", "BGR", frames)
    assert_equal(path, reference.moments_of(frames), 700)


@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_append(scope, tmp_path):
    """Two runs are one: the same integers, the same identity; in whichever order of channels they came."""
    for cut in [1, 257, 300]:
        frames = frames_with_full(601, 8, 3, 3)
        path, whole = tmp_path / f"{cut}.safetensors", tmp_path / "whole.safetensors"
        collect(path, "RGBx", frames[:cut], scope=scope, append="true")
        collect(path, "BGRP", frames[cut:], scope=scope, append="true")
        collect(whole, "RGB", frames, scope=scope)
        moments = reference.moments_of(frames)
        moments = moments.scope("channel") if scope == "channel" else moments
        samples = 601 * 24 if scope == "channel" else None
        found = assert_equal(path, moments, 601, samples)
        expected = assert_equal(whole, moments, 601, samples)
        assert found["identity"] == expected["identity"]
        collect(path, "RGB", frames[:1], scope=scope, append="true")
        assert reference.read_profile(path)[0]["identity"] != expected["identity"]


def test_frames_of_many_sizes(tmp_path):
    """Scope channel: the sizes change in the stream; rows end anywhere in a tile."""
    sizes = [(1, 1), (7, 5), (255, 2), (256, 1), (257, 3), (512, 2), (771, 1), (1000, 2), (3, 300)]
    for name, channels in [("RGB", 3), ("BGRA", 3), ("RGBP", 3), ("GRAY8", 1)]:
        stretches = [random_frames(3, w, h, channels, seed=w) for w, h in sizes]
        path = collect(tmp_path / "p.safetensors", name, stretches, scope="channel")
        every = [frame for stretch in stretches for frame in stretch]
        expected = reference.moments_of_pixels(every)
        assert_equal(path, expected, len(every), expected.count)


@pytest.mark.parametrize("step, most, taken", [
    (1, 0, slice(0, 29)), (2, 0, slice(0, 29, 2)), (7, 0, slice(0, 29, 7)), (28, 0, slice(0, 29, 28)),
    (29, 0, slice(0, 1)), (100, 0, slice(0, 1)), (1, 10, slice(0, 10)), (3, 4, slice(0, 12, 3)),
    (1, 29, slice(0, 29)), (1, 100, slice(0, 29)), (3, 1, slice(0, 1))])
def test_frame_step_and_max_frames(step, most, taken, tmp_path):
    frames = random_frames(29, 6, 4, 3)
    path = collect(tmp_path / "p.safetensors", "xBGR", frames, frame_step=step, max_frames=most)
    assert_equal(path, reference.moments_of(frames[taken]), len(frames[taken]))


# --- the second spill, through the library

def test_second_spill_of_pixels(tmp_path):
    """264208 additions fill the 32-bit sums of samples of 127 and 128."""
    frames = np.array([[255, 128, 127], [0, 1, 254]], np.uint8).reshape(2, 1, 1, 3)
    others = random_frames(40, 1, 1, 3)
    layout = Pixelnorm.Layout.new("RGB", 1, 1)
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.PIXEL, layout)
    n = 264208 * 2 + 100
    first, second = frames[0].tobytes(), frames[1].tobytes()
    add = accumulator.add_data
    for i in range(n):
        add(layout, first)
    for i in range(7):
        add(layout, second)
    for other in others:
        add(layout, other.tobytes())
    path = tmp_path / "p.safetensors"
    accumulator.snapshot().save(str(path))
    more = reference.moments_of(np.concatenate([frames[1:].repeat(7, axis=0), others]))
    one = frames[0].astype(object)
    expected = reference.Moments(n + 47, more.sum + n * one, more.squares + n * one * one,
                                 np.minimum(more.min, one), np.maximum(more.max, one))
    assert_equal(path, expected, n + 47)


@pytest.mark.parametrize("order", ["RGB", "Y"])
def test_second_spill_of_channels(order, tmp_path):
    """Scope channel: each tile of a row is an addition; snapshots in between must not disturb."""
    channels, width, height = len(order), 768 // len(order), 20000
    frame = np.zeros((height, width, channels), np.uint8)
    frame[:] = np.array([127, 255, 128], np.uint8)[:channels]
    last = random_frames(1, width, 2, channels)[0]
    layout = Pixelnorm.Layout.new(order, width, height)
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.CHANNEL, layout)
    data = frame.tobytes()
    for i in range(14):  # 280000 additions a lane
        accumulator.add_data(layout, data)
        if i == 5:
            accumulator.get_statistics(-1)
            accumulator.snapshot()
    for i in range(10):
        accumulator.add_data(layout, data)
    accumulator.add_data(Pixelnorm.Layout.new(order, width, 2), last.tobytes())
    path = tmp_path / "p.safetensors"
    accumulator.snapshot().save(str(path))
    one = frame[0, 0].astype(object)
    more = reference.moments_of_pixels([last])
    n = 24 * width * height
    expected = reference.Moments(n + 2 * width, more.sum + n * one, more.squares + n * one * one,
                                 np.minimum(more.min, one), np.maximum(more.max, one))
    assert_equal(path, expected, 25, expected.count)
