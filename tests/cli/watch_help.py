# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of pixelprofile watch share: streams of frames that numpy made, and the program as it runs."""
import contextlib
import json
import subprocess

import numpy as np

from cli_help import PROGRAM, Pixelnorm, load, pixelprofile

SEED = 20251128
WIDTH, HEIGHT = 16, 6
PATIENCE = 120  # seconds; what takes longer hangs
RAW = f"rawvideoparse format=rgb width={WIDTH} height={HEIGHT} framerate=50/1"
STDIN = f"fdsrc fd=0 blocksize={WIDTH * HEIGHT * 3} ! {RAW}"


def random_frames(n, seed, low=0, high=256):
    return np.random.default_rng(SEED + seed).integers(low, high, (n, HEIGHT, WIDTH, 3), np.uint8)


def write_frames(path, frames):
    """Returns: a source of them."""
    path.write_bytes(frames.tobytes())
    return f"filesrc location={path} ! {RAW}"


def watch(*arguments, **keywords):
    return pixelprofile("watch", *arguments, **{"timeout": PATIENCE, **keywords})


def watch_json(*arguments, status=0, **keywords):
    """Its lines."""
    done = watch("--json", *arguments, **keywords)
    assert (done.returncode, done.stderr) == (status, ""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def running(*arguments, **keywords):
    """The process, with pipes, which is killed at the end if it still runs."""
    with subprocess.Popen([PROGRAM, "watch", *map(str, arguments)], stdin=subprocess.PIPE,
                          **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **keywords}) as process:
        try:
            yield process
        finally:
            process.kill()


def feed(process, frames):
    process.stdin.write(frames.tobytes())
    process.stdin.flush()


def finish(process):
    """What it says until it ends: status, lines that nobody has read, errors."""
    out, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, out.decode().splitlines(), errors.decode()


def await_frames(process, n):
    """Reads lines of JSON until the profile has so many frames. Returns: the last"""
    for line in process.stdout:
        found = json.loads(line)
        if found["profile"]["frames"] >= n:
            return found
    raise AssertionError(process.stderr.read())


def check_profile(path, frames):
    """Count, mean, deviation, minimum and maximum of every sample, by numpy."""
    profile = load(path)
    assert profile.get_frames() == len(frames)
    wide = frames.astype(np.float64)
    for image, expected in [(Pixelnorm.Image.MEAN, wide.mean(0)), (Pixelnorm.Image.STD, wide.std(0)),
                            (Pixelnorm.Image.MIN, wide.min(0)), (Pixelnorm.Image.MAX, wide.max(0))]:
        found = np.frombuffer(profile.get_image(image).get_data()).reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
