# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two problems that a network is to solve: grey images and their classes, the same for everybody (the seeds are fixed).

discs    32 x 32 pixels, the toy problem: class 0 has a bright filled circle (230 to 255) in the centre on dark (0 to 30),
         class 1 is empty (0 to 30), every pixel at random.
digits   20 x 20 pixels, ten classes: OpenCV's 5000 handwritten digits (digits.png of Debian's package opencv-doc) as a
         camera would see them whose pixels differ: x = gain * digit + offset + noise, gain and offset of every pixel at
         random but the same in every image.
"""
import collections

import numpy as np
from PIL import Image

SEED = 20260117
Task = collections.namedtuple("Task", "name size classes train train_labels held held_labels")
Task.__doc__ = "train and held (the stream that is held back): uint8, [images, size, size]; their labels: int64"


def make_discs(images, rng, size=32):
    labels = rng.integers(0, 2, images)
    frames = rng.integers(0, 31, (images, size, size), dtype=np.uint8)
    y, x = np.indices((size, size)) - (size - 1) / 2
    disc = x * x + y * y <= (size / 4) ** 2
    frames[np.ix_(labels == 0, range(size), range(size))] *= ~disc
    frames += ((labels == 0)[:, None, None] & disc) * rng.integers(230, 256, frames.shape, dtype=np.uint8)
    return frames, labels


def discs():
    rng = np.random.default_rng(SEED)
    return Task("discs", 32, 2, *make_discs(600, rng), *make_discs(400, rng))


def see(digits, rng, gain, offset):
    """What the camera makes of clean digits."""
    noise = rng.normal(0, 3, digits.shape)
    return np.clip(np.rint(digits * gain + offset + noise), 0, 255).astype(np.uint8)


def digits(picture):
    """picture: the path of digits.png, 50 rows of 100 digits, five rows a class."""
    rng = np.random.default_rng(SEED)
    pixels = np.asarray(Image.open(picture).convert("L"))
    cells = pixels.reshape(50, 20, 100, 20).swapaxes(1, 2)
    labels = np.repeat(np.arange(10), 5)[:, None].repeat(100, 1)
    gain, offset = rng.uniform(0.1, 0.6, (20, 20)), rng.uniform(0, 100, (20, 20))
    sets = []
    for columns in (slice(0, 80), slice(80, 100)):
        order = rng.permutation(50 * len(range(100)[columns]))
        sets += [see(cells[:, columns].reshape(-1, 20, 20)[order], rng, gain, offset), labels[:, columns].reshape(-1)[order]]
    return Task("digits", 20, 10, *sets)
