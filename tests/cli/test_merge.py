# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile merge: the numbers are numpy's sums over all frames, and the identity that of one collection."""
import functools
import itertools
import os
import random
import re
import subprocess

import numpy as np
import pytest

from cli_help import PRECIOUS, PROGRAM, Pixelnorm, Scope, pixelprofile, save_profile

merge = functools.partial(pixelprofile, "merge")


def frames_of(n, seed=1, size=(9, 7)):
    return np.random.default_rng(seed).integers(0, 256, (n, *size, 3), np.uint8)


@pytest.mark.parametrize("scope", [Scope.PIXEL, Scope.CHANNEL], ids=["pixel", "channel"])
def test_sixteen_shards_are_one_run(scope, tmp_path):
    frames = frames_of(50)
    whole = Pixelnorm.Profile.load(str(save_profile(tmp_path / "whole.safetensors", frames, scope=scope, histogram=True)))
    shards = [save_profile(tmp_path / f"{i}.safetensors", part, scope=scope, histogram=True)
              for i, part in enumerate(np.array_split(frames, 16))]
    random.Random(5).shuffle(shards)
    first, second, out = tmp_path / "a.safetensors", tmp_path / "b.safetensors", tmp_path / "out.safetensors"
    assert merge(first, *shards[:5]).returncode == merge(second, *shards[5:]).returncode == 0
    done = merge(out, second, first)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out}: 50 frames, identity {whole.get_identity()}\n"
    merged = Pixelnorm.Profile.load(str(out))
    assert merged.get_identity() == whole.get_identity()
    for c in range(3):
        found, values = merged.get_statistics(c), frames[..., c].astype(float)
        assert (found.count, found.min, found.max) == (values.size, values.min(), values.max())
        assert (found.mean, found.std) == pytest.approx((values.mean(), values.std()), rel=1e-12)


def test_in_place(tmp_path):
    """OUT among the files: nothing without --force, both with it."""
    frames = frames_of(4)
    all_, today = save_profile(tmp_path / "all.safetensors", frames[:3]), save_profile(tmp_path / "today.safetensors", frames[3:])
    before = all_.read_bytes()
    refused = merge(all_, all_, today)
    assert refused.returncode == 1 and "--force" in refused.stderr and all_.read_bytes() == before
    assert merge("--force", all_, all_, today).returncode == 0
    expected = Pixelnorm.Profile.load(str(save_profile(tmp_path / "expected.safetensors", frames)))
    assert Pixelnorm.Profile.load(str(all_)).get_identity() == expected.get_identity()


def test_the_same_frames_twice_are_told(tmp_path):
    a = save_profile(tmp_path / "a.safetensors", frames_of(2))
    b = save_profile(tmp_path / "b.safetensors", frames_of(2))
    done = merge(tmp_path / "out.safetensors", a, b)
    assert done.returncode == 0
    assert "b.safetensors" in done.stderr and "a.safetensors" in done.stderr and "twice" in done.stderr


def test_a_lost_histogram_is_told(tmp_path):
    a = save_profile(tmp_path / "a.safetensors", frames_of(2), histogram=True)
    b = save_profile(tmp_path / "b.safetensors", frames_of(3, 2))
    done = merge(tmp_path / "out.safetensors", a, b)
    assert done.returncode == 0 and "histogram" in done.stderr


BAD = {
    "another size": (lambda d: save_profile(d / "bad.safetensors", frames_of(1, 1, (9, 8))), "Another size"),
    "another scope": (lambda d: save_profile(d / "bad.safetensors", frames_of(1), scope=Scope.CHANNEL), "Another scope"),
    "grey": (lambda d: save_profile(d / "bad.safetensors", frames_of(1)[..., :1], order="Y"), "Another set of channels"),
    "no file": (lambda d: d / "bad.safetensors", "cannot be opened"),
    "no profile": (lambda d: (d / "bad.safetensors").write_bytes(b"x" * 99) and d / "bad.safetensors", "This is not a profile"),
    "a directory": (lambda d: (d / "bad.safetensors").mkdir() or d / "bad.safetensors", "a directory"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_leaves_the_output_untouched(what, tmp_path):
    make, words = BAD[what]
    good, bad, out = save_profile(tmp_path / "good.safetensors", frames_of(3)), make(tmp_path), tmp_path / "out.safetensors"
    for there in [False, True]:
        if there:
            out.write_bytes(PRECIOUS)
        done = merge("--force", out, good, bad)
        assert done.returncode == 1 and done.stdout == ""
        assert "bad.safetensors" in done.stderr and words.lower() in done.stderr.lower(), done.stderr
        assert done.stderr.count("\n") == 1
        assert out.read_bytes() == PRECIOUS if there else not out.exists()


def test_another_subsampling_is_named(tmp_path):
    """And no subsampling, 4:4:4."""
    paths = {"4:2:0": save_profile(tmp_path / "a", np.zeros((1, 4 * 6 + 2 * 2 * 3), np.uint8), "Y,U,V", size=(6, 4), subsampling=(1, 1)),
             "4:2:2": save_profile(tmp_path / "b", np.zeros((1, 4 * 6 + 2 * 4 * 3), np.uint8), "Y,U,V", size=(6, 4), subsampling=(1, 0)),
             "4:4:4": save_profile(tmp_path / "c", frames_of(1, 1, (4, 6)), "YUV")}
    for one, other in itertools.permutations(paths, 2):
        done = merge(tmp_path / "out.safetensors", paths[one], paths[other])
        assert done.returncode == 1 and "Another subsampling" in done.stderr, done.stderr
        assert sorted(re.findall(r"6x4, channels YUV \((4:.:.)\), 8 bits", done.stderr)) == sorted([one, other])


def test_a_limit_on_the_size_of_files(tmp_path):
    """The signal that comes with it would end the program without a word."""
    paths = [save_profile(tmp_path / f"{i}.safetensors", frames_of(1, i)) for i in range(2)]
    done = subprocess.run(["bash", "-c", 'ulimit -f 1; exec "$@"', "-", PROGRAM, "merge", "out", *paths], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "File too large" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["0.safetensors", "1.safetensors"]


@pytest.mark.parametrize("arguments", [[], ["one"], ["--nothing", "a", "b"]])
def test_usage(arguments):
    done = merge(*arguments)
    assert done.returncode == 2 and "--help" in done.stderr


def test_a_directory_that_is_not_there(tmp_path):
    done = merge(tmp_path / "nowhere" / "out.safetensors", save_profile(tmp_path / "a.safetensors", frames_of(1)))
    assert done.returncode == 1 and "nowhere" in done.stderr


@pytest.mark.unsanitized("AddressSanitizer keeps what was freed")
def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    """The most that was resident, as the kernel counts it: 60 profiles of 1.4 MB take no more than 3 do."""
    paths = [save_profile(tmp_path / f"{i}.safetensors", frames_of(1, i, (200, 400))) for i in range(60)]
    code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    peaks = [int(subprocess.run(["/usr/bin/python3", "-c", code, PROGRAM, "merge", "--force",
                                 str(tmp_path / "out.safetensors"), *map(str, paths[:n])],
                                check=True, capture_output=True, text=True).stdout) for n in (3, 60)]
    assert peaks[1] < peaks[0] + 2 * paths[0].stat().st_size / 1024, peaks
