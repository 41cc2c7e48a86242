# SPDX-License-Identifier: LGPL-2.1-or-later
"""The VARIANT TABLE: what is different about a training; and the JUDGE TABLE: what else a trained network is judged on.

Both change images before they are normalized: a view takes images, uint8 [N, H, W, C], and random numbers.
"""
from typing import Callable, NamedTuple

import numpy as np

from methods import INT8, VIDEO


def shift(images, dx, dy):
    """By so many pixels each ([N] or a number); what comes in at the border repeats the border."""
    n, height, width, _ = images.shape
    rows = (np.arange(height) - np.broadcast_to(dy, n)[:, None]).clip(0, height - 1)
    columns = (np.arange(width) - np.broadcast_to(dx, n)[:, None]).clip(0, width - 1)
    return images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def shifted(images, noise, most=2):
    """Up to `most` pixels each way."""
    dx, dy = noise.integers(-most, most + 1, (2, len(images)))
    return shift(images, dx, dy)


def two_off(images, noise):
    """Two pixels aside: left, right, up or down."""
    dx, dy = np.array([(2, 0), (-2, 0), (0, 2), (0, -2)])[noise.integers(0, 4, len(images))].T
    return shift(images, dx, dy)


def flipped(images, _noise):
    return images[:, :, ::-1]


def cast(images, noise):
    """Light of another colour: a gain of .5 to 1 of each channel of each image."""
    gain = noise.uniform(.5, 1, (len(images), 1, 1, images.shape[3]))
    return np.rint(images * gain).astype(np.uint8)


def augmented(images, noise):
    """Half of them flipped, all shifted up to 4 pixels, under light of another colour."""
    images = np.where(noise.integers(0, 2, (len(images), 1, 1, 1)) == 1, flipped(images, noise), images)
    return cast(shifted(images, noise, 4), noise)


class Variant(NamedTuple):
    words: str
    n_train: int = None  # instead of the set's
    view: Callable = None  # of the images that are trained on: each is there `copies` times, seen anew
    copies: int = 1
    pool_profile: bool = False  # the profile is of all of the training pool, without their labels, not of the drawn ones only
    steps: int = 1  # times those of the set
    constant: bool = False  # the learning rate


# VARIANT TABLE
VARIANTS = {
    "n100": Variant("100 images", 100),
    "n300": Variant("300 images", 300),
    "n3000": Variant("3000 images", 3000),
    "n100-pool": Variant("100 images, profile of 3000", 100, pool_profile=True),
    "n300-pool": Variant("300 images, profile of 3000", 300, pool_profile=True),
    "shifted": Variant("shifted up to 2 pixels in training and profile", view=shifted, copies=4),
    "augmented": Variant("flips, shifts and colour casts in training and profile, twice the steps", view=augmented, copies=4,
                         steps=2),
    "long": Variant("five times the steps", steps=5),
    "constant": Variant("constant learning rate", constant=True),
}


class Judge(NamedTuple):
    """The test pool seen otherwise: as another format (kind), or through a view, or by the other camera."""
    words: str
    kind: str = None
    view: Callable = None
    # behind another camera: which of its images a new profile is of, a function of its (training, validation) pools;
    # "old" keeps the profile of the first
    moved: object = None


# JUDGE TABLE: the field of a run
JUDGES = {
    "coded": Judge("8-bit video", VIDEO),
    "int8": Judge("int8 tensors", INT8),
    "off": Judge("tested 2 pixels off", view=two_off),
    "flipped": Judge("tested flipped", view=flipped),
    "cast": Judge("tested under colour casts", view=cast),
    "moved-old": Judge("old profile", moved="old"),
    "moved-new": Judge("profile of the images trained on", moved=lambda train, other, chosen: train.images[chosen]),
    "moved-100": Judge("of 100 others", moved=lambda train, other, chosen: other.images[:100]),
    "moved-30": Judge("of 30 others", moved=lambda train, other, chosen: other.images[:30]),
    "moved-one": Judge("of one class only", moved=lambda train, other, chosen: other.images[other.labels == 0]),
}
PLAIN_JUDGES = ("coded", "int8")
