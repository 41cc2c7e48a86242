# SPDX-License-Identifier: LGPL-2.1-or-later
"""JPEG files that cost a decoder what photographs cost it: smooth noise of several octaves, with edges; always the same."""
import concurrent.futures
import functools
import os
import pathlib

import numpy as np
from PIL import Image

VERSION = 1  # of what they show
SIZES = ((500, 375), (375, 500), (500, 333), (500, 400), (480, 360))
OCTAVES = ((3, 60), (8, 34), (22, 20), (60, 13), (150, 9), (400, 8))  # points across, and how far they go from grey
N_EDGES = 14


def noise(random, width, height):
    """[height, width, 3]: colours change slowly, light does in detail, too."""
    total = np.full((height, width, 3), 118, np.float32)
    for points, reach in OCTAVES:
        small = random.normal(0, reach, (max(2, points * height // width), points, 3)).astype(np.float32)
        grey = small.mean(axis=2, keepdims=True) * 1.7
        small = grey + (small - grey) * (.5 if points < 30 else .12)
        for c in range(3):
            total[..., c] += np.asarray(Image.fromarray(np.ascontiguousarray(small[..., c])).resize((width, height), Image.BICUBIC))
    return total


def edges(random, width, height):
    """[height, width, 3]: discs that lie upon each other, and light that changes with each."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    total = np.zeros((height, width, 3), np.float32)
    for _ in range(N_EDGES):
        where = (x - random.uniform(0, width)) ** 2 + random.uniform(.3, 3) * (y - random.uniform(0, height)) ** 2
        inside = where < random.uniform(20, 180) ** 2
        total[inside] = random.normal(0, 35, 3)
    return total


def make(folder, i):
    random = np.random.default_rng([20260418, i])
    width, height = SIZES[i % len(SIZES)]
    pixels = noise(random, width, height) + edges(random, width, height)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    path = folder / f"{i:05}.jpg"
    part = path.with_suffix(".part")
    image.save(part, "JPEG", quality=88, subsampling="4:2:0")
    part.rename(path)


def pictures(cache, n):
    """The paths of n pictures, of which those that are not there yet are made."""
    folder = pathlib.Path(cache) / f"pictures-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [folder / f"{i:05}.jpg" for i in range(n)]
    missing = [i for i, path in enumerate(wanted) if not path.exists()]
    if missing:
        print(f"{len(missing)} pictures are made in {folder}", flush=True)
        with concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(functools.partial(make, folder), missing, chunksize=20))
    return wanted
