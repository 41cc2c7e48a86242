# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile diff, against numpy.

Profiles are written by tests/lib/profile_bytes.py, which shares nothing with the library. Shifts and ratios are computed in
float64 from the frames; the command's come from exact integers and agree within 1e-9.
"""
import functools
import json
import os
import subprocess

import numpy as np
import pytest
from PIL import Image

import profile_bytes
from cli_help import PROGRAM, pixelprofile

SEED = 20250611
SIZE = (40, 300)
diff = functools.partial(pixelprofile, "diff")


def diff_json(*arguments, cwd, status=0):
    done = diff("--json", *arguments, cwd=cwd)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (status, "", 1)
    return json.loads(done.stdout)


def save(path, frames, channels="RGB", depth=8, **more):
    path.write_bytes(profile_bytes.build(*profile_bytes.pixel_profile(frames, channels, depth, **more)))
    return path


def save_channel(path, frames, channels="RGB", depth=8, **more):
    path.write_bytes(profile_bytes.build(*profile_bytes.channel_profile(list(frames), channels, depth, **more)))
    return path


def scene(n, seed, depth=8, n_channels=3, move=0.0, noise=4.0):
    """Frames of a gradient with noise, a part of which has moved."""
    rng = np.random.default_rng(SEED + seed)
    y, x = np.mgrid[0:SIZE[0], 0:SIZE[1]]
    still = np.stack([50 + x / 3, 80 + y / 4, 150 - x / 5][:n_channels], -1)
    still[5:15, 20:60] += move
    # of some pixels the deviation is below the floor, of some it is 0
    spread = np.full(still.shape, noise)
    spread[:, 200:250] = 0.4
    spread[:, 250:] = 0
    top = 2 ** depth - 1
    frames = (still + rng.normal(0, 1, (n, *still.shape)) * spread) * top / 255
    return np.clip(np.rint(frames), 0, top).astype(np.uint8 if depth == 8 else np.uint16)


def measure(a, b, depth=8, min_deviation=1.0, seen=None):
    """Shift, ratio of every sample, and what else rows are made of; seen: [H, W] booleans."""
    floor = min_deviation
    a, b = a.astype(np.float64), b.astype(np.float64)
    deviations = [a.std(0), b.std(0)]
    divisor = np.maximum(deviations[0], floor)
    shift = np.abs(b.mean(0) - a.mean(0)) / divisor
    return {"shift": shift, "ratio": np.maximum(deviations[1], floor) / divisor, "means": [a.mean(0), b.mean(0)],
            "deviations": deviations, "floor": floor, "seen": np.ones(shift.shape[:2], bool) if seen is None else seen}


def check_row(row, found, channel, limit):
    """channel: an index, or a slice of all."""
    seen = found["seen"]
    pick = {name: found[name][seen][:, channel] for name in ("shift", "ratio")}
    shift = pick["shift"].reshape(seen.sum(), -1).max(-1)
    deviations = [np.sqrt((values[seen][:, channel] ** 2).mean()) for values in found["deviations"]]
    expected = {
        "mean_a": found["means"][0][seen][:, channel].mean(), "mean_b": found["means"][1][seen][:, channel].mean(),
        "deviation_a": deviations[0], "deviation_b": deviations[1],
        "ratio": max(deviations[1], found["floor"]) / max(deviations[0], found["floor"]),
        "ratio_lowest": pick["ratio"].min(), "ratio_highest": pick["ratio"].max(),
        "shift": shift.mean(), "largest": shift.max(),
        "compared": seen.sum(), "beyond": (shift > limit).sum(), "share_beyond": (shift > limit).mean()}
    place = row.pop("largest_at")
    assert row == pytest.approx(expected, rel=1e-9, abs=1e-9)
    at = np.flatnonzero(seen.ravel()) == place[1] * seen.shape[1] + place[0]
    assert shift[at][0] == pytest.approx(shift.max(), rel=1e-9)
    return expected


def check_channels(object_, found, limit, channels="RGB"):
    assert list(object_["channels"]) == [*channels, "all"]
    for i, name in enumerate(channels):
        check_row(object_["channels"][name], found, i, limit)
    return check_row(object_["channels"]["all"], found, slice(None), limit)


@pytest.fixture
def gate(tmp_path):
    """A, B that has moved a little, B that has moved much."""
    save(tmp_path / "a.safetensors", scene(30, 1))
    save(tmp_path / "near.safetensors", scene(20, 2))
    save(tmp_path / "far.safetensors", scene(25, 3, move=60, noise=8))
    return tmp_path


@pytest.mark.parametrize("limit, min_deviation", [(3, 1), (0.25, 1), (0, 1), (8, 0.3), (2, 20)])
def test_numbers(gate, limit, min_deviation):
    found = measure(scene(30, 1), scene(25, 3, move=60, noise=8), min_deviation=min_deviation)
    share = (found["shift"].max(-1) > limit).mean()
    status = int(share > 0.01)
    done = diff_json(f"--limit={limit}", f"--min-deviation={min_deviation}", "a.safetensors", "far.safetensors", cwd=gate,
                     status=status)
    check_channels(done, found, limit)
    assert done["share_beyond"] == pytest.approx(share)
    assert (done["beyond_limit"], done["limit"], done["share"]) == (bool(status), limit, 0.01)
    assert (done["min_deviation"], done["scope"]) == (min_deviation, "pixel")
    for side, name, frames in (("a", "a.safetensors", 30), ("b", "far.safetensors", 25)):
        words, arrays = profile_bytes.pixel_profile({"a": scene(30, 1), "b": scene(25, 3, move=60, noise=8)}[side], "RGB", 8)
        assert done[side] == {"file": name, "frames": frames, "identity": profile_bytes.identity(words, arrays)}


@pytest.mark.parametrize("depth", [10, 16])
@pytest.mark.parametrize("channels", ["RGB", "Y"])
def test_depths(tmp_path, depth, channels):
    frames = [scene(9, seed, depth, len(channels), move=30 * seed) for seed in (0, 1)]
    save(tmp_path / "a", frames[0], channels, depth)
    save(tmp_path / "b", frames[1], channels, depth)
    check_channels(diff_json("a", "b", cwd=tmp_path, status=1), measure(*frames, depth), 3, channels)


def test_yuv_420(tmp_path):
    """U and V count for every pixel that shares them."""
    rng = np.random.default_rng(SEED)
    sides = []
    for name in "ab":
        planes = {"Y": rng.integers(16, 236, (6, 5, 7), np.uint8), "U": rng.integers(16, 241, (6, 3, 4), np.uint8),
                  "V": rng.integers(16, 241, (6, 3, 4), np.uint8)}
        (tmp_path / name).write_bytes(profile_bytes.build(*profile_bytes.subsampled_profile(planes, 8, "4:2:0")))
        sides.append(np.stack([planes["Y"], *(planes[c].repeat(2, 1).repeat(2, 2)[:, :5, :7] for c in "UV")], -1))
    found = measure(*sides)
    status = int((found["shift"].max(-1) > 0.5).mean() > 0.01)
    check_channels(diff_json("--limit=0.5", "a", "b", cwd=tmp_path, status=status), found, 0.5, "YUV")


def test_masks(tmp_path):
    """Only what both have counted is compared."""
    rng = np.random.default_rng(SEED)
    frames = [rng.integers(0, 256, (8, 10, 12, 3), np.uint8) for _ in "ab"]
    seen = [np.ones((8, 10, 12, 1), bool) for _ in "ab"]
    seen[0][:, :4] = False
    seen[1][:, :, 9:] = False
    for i, name in enumerate("ab"):
        save(tmp_path / name, frames[i], seen=seen[i])
    both = seen[0][0, :, :, 0] & seen[1][0, :, :, 0]
    found = measure(*frames, seen=both)
    status = int((found["shift"].max(-1)[both] > 0.5).mean() > 0.01)
    check_channels(diff_json("--limit=0.5", "a", "b", cwd=tmp_path, status=status), found, 0.5)
    text = diff("a", "b", cwd=tmp_path).stdout
    assert f"{120 - both.sum()} of 120 pixels are masked out of A or B" in text
    save(tmp_path / "other", frames[1], seen=~seen[0])
    done = diff("a", "other", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and "nothing in common" in done.stderr


def test_share(gate):
    """1 only when more than the share have shifted by more than the limit."""
    share = (measure(scene(30, 1), scene(25, 3, move=60, noise=8))["shift"].max(-1) > 3).mean()
    assert 0.01 < share < 0.5
    for allowed, status in [(0, 1), (share * 0.999, 1), (share * 1.001, 0), (1, 0)]:
        assert diff(f"--share={allowed}", "a.safetensors", "far.safetensors", cwd=gate).returncode == status
    assert diff("a.safetensors", "near.safetensors", cwd=gate).returncode == 0
    # exactly the share is within
    done = diff_json("a.safetensors", "far.safetensors", cwd=gate, status=1)
    assert diff(f"--share={done['share_beyond']!r}", "a.safetensors", "far.safetensors", cwd=gate).returncode == 0


def test_itself(gate):
    done = diff_json("--limit=0", "--share=0", "a.safetensors", "a.safetensors", cwd=gate)
    for row in done["channels"].values():
        assert (row["shift"], row["largest"], row["beyond"]) == (0, 0, 0)
        assert row["ratio"] == row["ratio_lowest"] == row["ratio_highest"] == 1


def test_text(gate):
    done = diff("a.safetensors", "far.safetensors", cwd=gate)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[:2] == ["A  a.safetensors, 30 frames", "B  far.safetensors, 25 frames"]
    found = measure(scene(30, 1), scene(25, 3, move=60, noise=8))
    rows = {line.split()[0]: line.split() for line in lines if line.split()[:1] in (["R"], ["G"], ["B"], ["all"])
            and line.startswith("  ")}
    for name, channel in [("R", 0), ("G", 1), ("B", 2), ("all", slice(None))]:
        shift = found["shift"][..., channel].reshape(*SIZE, -1).max(-1)
        y, x = np.unravel_index(shift.argmax(), shift.shape)
        assert rows[name][3:6] == [f"{shift.mean():.3f}", f"{shift.max():.3f}", f"{x},{y}"]
        assert rows[name][7:] == [f"{found['ratio'][..., channel].min():.3f}", f"{found['ratio'][..., channel].max():.3f}",
                                  f"{(shift > 3).mean():.5f}"]
    share = (found["shift"].max(-1) > 3).mean()
    assert lines[-1] == f"Beyond the limit: a share of {share:.5f} of the pixels has shifted by more than 3 deviations; 0.01 may."
    assert diff("a.safetensors", "near.safetensors", cwd=gate).stdout.splitlines()[-1].startswith("Within the limit: ")


@pytest.mark.parametrize("kinds", ["pixel-channel", "channel-pixel", "channel-channel"])
def test_whole_channels(tmp_path, kinds):
    frames = [scene(4, 1), scene(5, 2, move=40)]
    for name, kind, values in zip("ab", kinds.split("-"), frames):
        (save if kind == "pixel" else save_channel)(tmp_path / name, values)
    pooled = [values.reshape(-1, 1, 1, 3) for values in frames]
    found = measure(*pooled)
    largest = found["shift"].max()
    limit = np.sort(found["shift"].ravel())[1:].mean()
    done = diff_json(f"--limit={limit}", "a", "b", cwd=tmp_path, status=1)
    assert done["scope"] == "channel"
    for i, name in enumerate("RGB"):
        row = done["channels"][name]
        assert row.pop("largest_at") is None
        assert row["shift"] == row["largest"] == pytest.approx(found["shift"][0, 0, i])
        assert row["ratio"] == pytest.approx(found["ratio"][0, 0, i])
        assert (row["compared"], row["beyond"]) == (1, int(found["shift"][0, 0, i] > limit))
    assert diff(f"--limit={largest * 1.01}", "a", "b", cwd=tmp_path).returncode == 0
    text = diff(f"--limit={limit}", "a", "b", cwd=tmp_path)
    assert text.returncode == 1 and text.stdout.splitlines()[-1].startswith("Beyond the limit: the channel")
    picture = diff("--output=where.png", "a", "b", cwd=tmp_path)
    assert picture.returncode == 2 and "scope channel" in picture.stderr and not (tmp_path / "where.png").exists()


@pytest.mark.parametrize("top", [None, 6.0])
def test_picture(gate, top):
    """The colours are those that Pillow reads at the places of the scale bar; brighter where the shift is larger."""
    more = [] if top is None else [f"--max={top}"]
    assert diff("--output=where.png", *more, "a.safetensors", "far.safetensors", cwd=gate).returncode == 1
    with Image.open(gate / "where.png") as image:
        figure = np.asarray(image).astype(int)
    shift = measure(scene(30, 1), scene(25, 3, move=60, noise=8))["shift"].max(-1)
    share = np.minimum(shift / (top or shift.max()), 1)
    height, width = SIZE
    assert figure.shape == (height + 53, width, 3)
    bar = figure[height + 11, 14:-14]
    for y, x in [(0, 0), (10, 40), (39, 299), np.unravel_index(shift.argmax(), SIZE)]:
        where = np.flatnonzero((bar == figure[y, x]).all(-1))
        assert abs((where.mean() + 0.5) / len(bar) - share[y, x]) < 1 / 256 + 1 / len(bar)
    # luminance grows along viridis
    luminance = figure[:height] @ (0.2126, 0.7152, 0.0722)
    order = np.argsort(share.ravel())
    assert np.all(np.diff(luminance.ravel()[order]) > -3)


def test_existing_pictures_are_kept(gate):
    (gate / "where.png").write_text("precious")
    done = diff("--output=where.png", "a.safetensors", "far.safetensors", cwd=gate)
    assert (done.returncode, done.stdout) == (2, "") and "--force" in done.stderr
    assert (gate / "where.png").read_text() == "precious"
    assert diff("--force", "--output=where.png", "a.safetensors", "far.safetensors", cwd=gate).returncode == 1
    assert (gate / "where.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("what, words", [
    ("size", ["size", "300x40", "20x10"]), ("channels", ["channels", "RGB", "Y"]), ("depth", ["depth", "8 bits", "10 bits"]),
    ("range", ["range", "full", "limited"])])
def test_profiles_that_do_not_fit(gate, what, words):
    frames = np.zeros((2, *((10, 20) if what == "size" else SIZE), 1 if what == "channels" else 3), np.uint16)
    save(gate / "other", frames, "Y" if what == "channels" else "RGB", 10 if what == "depth" else 8,
         range_="limited" if what == "range" else "full")
    for names in [("a.safetensors", "other"), ("other", "a.safetensors")]:
        done = diff("--output=where.png", *names, cwd=gate)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert all(word in done.stderr for word in [*words, *names])
        assert not (gate / "where.png").exists()


def test_other_matrix_is_told(tmp_path):
    frames = np.random.default_rng(SEED).integers(16, 236, (3, 4, 5, 1), np.uint8)
    for name in ("bt601", "bt709"):
        save(tmp_path / name, frames, "Y", matrix=name)
    done = diff("bt601", "bt709", cwd=tmp_path)
    assert done.returncode == 0 and "bt601" in done.stderr and done.stderr.count("\n") == 1


A, B = "a.safetensors", "near.safetensors"


@pytest.mark.parametrize("arguments, words", [
    ([], "found 0"), ([A], "found 1"), ([A, B, B], "found 3"), ([A, "missing"], "missing"), (["--limit=-1", A, B], "-1"),
    (["--limit=nan", A, B], "nan"), (["--share=1.5", A, B], "0 to 1"), (["--share=nan", A, B], "nan"),
    (["--min-deviation=0", A, B], "0.001"), (["--output=where.jpg", A, B], "where.jpg"),
    (["--output=", A, B], ".png"), (["--output=none/w.png", A, B], 'no directory "none"'), (["--max=3", A, B], "--output"),
    (["--max=0", "--output=w.png", A, B], "--max"), (["--limit=much", A, B], "much"), (["--bogus", A, B], "--bogus")])
def test_bad_commands(gate, arguments, words):
    before = sorted(os.listdir(gate))
    done = diff(*arguments, cwd=gate)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("pixelprofile diff: ") and words in done.stderr
    assert sorted(os.listdir(gate)) == before


def test_a_full_disk_is_not_drift(gate):
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "diff", A, B], cwd=gate, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "disk full" in done.stderr
