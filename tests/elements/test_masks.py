# SPDX-License-Identifier: LGPL-2.1-or-later
"""The properties mask, roi and histogram of pixelstats in pipelines, against numpy on the pixels inside."""
import numpy as np
import pytest
from PIL import Image

import pixel_reference as reference
from pixel_reference import channels_of
from pixel_streams import Gst, Refused, collect, normalize_frames, TENSORS

WIDTH, HEIGHT, N = 37, 12, 19
NAMES = ["RGB", "BGRx", "RGBP", "GRAY8"]


def frames_of(name, n=N, size=(HEIGHT, WIDTH), seed=0):
    return np.random.default_rng([3, seed]).integers(0, 256, (n, *size, len(channels_of(name))), np.uint8)


def inside_of(kind):
    inside = np.zeros((HEIGHT, WIDTH), bool)
    if kind != "roi":
        inside[np.hypot(*(np.indices((HEIGHT, WIDTH)) - [[[6]], [[15]]])) < 9] = True
    if kind != "mask":
        rectangle = np.zeros_like(inside)
        rectangle[2:9, 5:36] = True
        inside = rectangle if kind == "roi" else inside & rectangle
    return inside


def settings_of(kind, directory):
    settings = {}
    if kind != "roi":
        Image.fromarray(inside_of("mask").astype(np.uint8) * 3).save(directory / "mask.png")
        settings["mask"] = directory / "mask.png"
    if kind != "mask":
        settings["roi"] = [5, 2, 31, 7]
    return settings


@pytest.mark.parametrize("kind", ["mask", "roi", "both"])
@pytest.mark.parametrize("scope", ["pixel", "channel"])
@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_inside_counts(name, scope, kind, tmp_path):
    frames, inside = frames_of(name), inside_of(kind)
    path = collect(tmp_path / "p.safetensors", name, frames, scope=scope, histogram="true",
                   **settings_of(kind, tmp_path))
    _, found = reference.read_profile(path)
    kept = frames * inside[None, :, :, None].astype(np.int64)
    if scope == "pixel":
        assert (found["count"][..., 0] == inside * N).all()
        assert (found["sum"] == kept.sum(axis=0)).all()
        assert (found["sum_squares"] == (kept * kept).sum(axis=0)).all()
        assert (found["max"] == kept.max(axis=0)).all()
        assert (found["min"] == np.where(inside[..., None], frames.min(axis=0), 0)).all()
    else:
        assert (found["samples"] == inside.sum() * N).all()
        assert (found["sum"] == kept.sum(axis=(0, 1, 2))).all()
        assert (found["sum_squares"] == (kept * kept).sum(axis=(0, 1, 2))).all()
    for c in range(frames.shape[-1]):
        values = frames[:, inside, c].ravel()
        assert (found["histogram"][c] == np.bincount(values, minlength=256)).all()


def test_roi_of_streams_that_change_size(tmp_path):
    """Scope channel: the same rectangle of each."""
    frames = [frames_of("RGB", 4, (12, 37)), frames_of("RGB", 4, (20, 9), 1)]
    path = collect(tmp_path / "p.safetensors", "RGB", frames, scope="channel", roi=[1, 2, 6, 5])
    _, found = reference.read_profile(path)
    values = np.concatenate([f[:, 2:7, 1:7].reshape(-1, 3) for f in frames]).astype(int)
    assert (found["samples"] == len(values)).all()
    assert (found["sum"] == values.sum(axis=0)).all()


def test_append_with_another_mask(tmp_path):
    frames, path = frames_of("RGB"), tmp_path / "p.safetensors"
    collect(path, "RGB", frames[:5], **settings_of("mask", tmp_path))
    collect(path, "RGB", frames[5:], append="true", roi=[0, 0, WIDTH, 4])
    _, found = reference.read_profile(path)
    rows = np.zeros((HEIGHT, WIDTH), bool)
    rows[:4] = True
    counts = inside_of("mask") * 5 + rows * (N - 5)
    assert (found["count"][..., 0] == counts).all()
    total = (frames[:5].astype(int) * inside_of("mask")[..., None]).sum(axis=0)
    assert (found["sum"] == total + (frames[5:].astype(int) * rows[..., None]).sum(axis=0)).all()


@pytest.mark.parametrize("method", ["zscore", "min-max"])
def test_pixels_never_seen_are_as_still_ones(method, tmp_path):
    """They normalize as one that never varied: about the channel's mean, over the floor."""
    frames, inside = frames_of("RGB"), inside_of("both")
    path = collect(tmp_path / "p.safetensors", "RGB", frames, **settings_of("both", tmp_path))
    found = normalize_frames(TENSORS, "RGB", frames, np.random.default_rng(1), location=path, method=method)
    mean = np.rint(frames[:, inside].astype(float).mean(axis=(0, 1)))
    expected = frames - mean
    assert np.abs(found - expected)[:, ~inside].max() < 1e-3


def png(path, size, mode="L"):
    Image.new(mode, size, 1).save(path)
    return path


BAD = {
    "no file": (lambda d: {"mask": d / "nowhere.png"}, ("resource", Gst.ResourceError.OPEN_READ), "nowhere.png"),
    "no image": (lambda d: (d / "m.png").write_text("x") and {"mask": d / "m.png"},
                 ("resource", Gst.ResourceError.OPEN_READ), "PNG"),
    "another size": (lambda d: {"mask": png(d / "m.png", (WIDTH, HEIGHT + 1))},
                     ("stream", Gst.StreamError.FORMAT), "37x13"),
    "black": (lambda d: {"mask": png(d / "m.png", (WIDTH, HEIGHT), "1") and Image.new("L", (WIDTH, HEIGHT)).save(
        d / "m.png") or d / "m.png"}, ("resource", Gst.ResourceError.SETTINGS), "no sample"),
    "outside": (lambda d: {"roi": [30, 0, 8, 4]}, ("stream", Gst.StreamError.FORMAT), "<30,0,8,4>"),
    "three numbers": (lambda d: {"roi": [1, 2, 3]}, ("resource", Gst.ResourceError.SETTINGS), "rectangle"),
    "no height": (lambda d: {"roi": [1, 2, 3, 0]}, ("resource", Gst.ResourceError.SETTINGS), "rectangle"),
    "negative": (lambda d: {"roi": [-1, 2, 3, 4]}, ("resource", Gst.ResourceError.SETTINGS), "rectangle"),
    "fractions": (lambda d: {"roi": [1, 2, 3.5, 4]}, ("resource", Gst.ResourceError.SETTINGS), "rectangle"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_masks(what, tmp_path):
    """One error, in words, and no file."""
    make, (domain, code), words = BAD[what]
    with pytest.raises(Refused) as refused:
        collect(tmp_path / "p.safetensors", "RGB", frames_of("RGB", 2), **make(tmp_path))
    assert (refused.value.domain, refused.value.code) == (f"gst-{domain}-error-quark", code)
    assert words in str(refused.value)
    assert not (tmp_path / "p.safetensors").exists()


def test_a_histogram_cannot_begin_late(tmp_path):
    path = collect(tmp_path / "p.safetensors", "RGB", frames_of("RGB"))
    before = path.read_bytes()
    with pytest.raises(Refused) as refused:
        collect(path, "RGB", frames_of("RGB"), append="true", histogram="true")
    assert "without a histogram" in str(refused.value) and path.read_bytes() == before


@pytest.mark.parametrize("settings, words", [
    ({"method": "percentile"}, "scope"), ({"method": "percentile", "scope": "channel"}, "histogram=true"),
    ({"method": "percentile", "scope": "channel", "percentile-low": 99.0, "percentile-high": 1.0}, "must be less"),
    ({"method": "percentile", "scope": "channel", "percentile-low": -1.0}, "percentile-low is -1")])
def test_percentiles_that_cannot_be(settings, words, tmp_path):
    frames = frames_of("RGB", 3)
    path = collect(tmp_path / "p.safetensors", "RGB", frames)
    with pytest.raises(Refused) as refused:
        normalize_frames(TENSORS, "RGB", frames, np.random.default_rng(1), location=path, **settings)
    assert words in str(refused.value)
