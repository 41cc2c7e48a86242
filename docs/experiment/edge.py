# SPDX-License-Identifier: LGPL-2.1-or-later
"""What normalization does to an edge, and what a profile tells.

The edge: circle-or-empty images with a share of circles go through the elements; then the step across the circle's border is
the mean just inside minus the mean just outside, by the deviation of the difference of two pixels, one of each side: how far
beyond the noise a kernel of two pixels sees it. In a circle image it is the edge; in an empty one, where there is none, it
is a phantom.
"""
import numpy as np

from image_sets import CIRCLE_SIZE, disc, draw_circles
from methods import METHODS, collect, normalize
from variants import shift

# how far the circle moves from image to image, pixels each way at most
MOVES = (0, 1, 2, 4)
SHARES = (1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99)
N_IMAGES, RADIUS, SEED = 1000, 7, 5
INSIDE = disc(RADIUS) & ~disc(RADIUS - 2)
OUTSIDE = disc(RADIUS + 2) & ~disc(RADIUS)


def plain_methods():
    """Those without a layer of the network in them."""
    return [method for method in METHODS if method.base and not method.front]


def step_of(images):
    """The mean step over [N, H, W, 1], in deviations of a difference of two pixels."""
    y = images.reshape(-1, CIRCLE_SIZE, CIRCLE_SIZE).astype(np.float64)
    inside, outside = y[:, INSIDE], y[:, OUTSIDE]
    step = inside.mean(1) - outside.mean(1)
    noise = np.sqrt((inside - inside.mean(0)).var() + (outside - outside.mean(0)).var())
    return round(float(step.mean() / noise), 3)


def measure_edge(results, folder):
    for share in SHARES:
        pool = draw_circles(N_IMAGES, share / 100, SEED)
        profile = None
        for method in plain_methods():
            what = {"kind": "edge", "method": method.key, "share": share, "seed": SEED}
            if results.find(**what):
                continue
            profile = profile or collect(folder, pool.images)
            y = normalize(folder, profile, pool.images, method.settings)
            results.add(**what, circle=step_of(y[pool.labels == 0]), empty=step_of(y[pool.labels == 1]))


def rank_share(present, absent):
    """How often something that is present scores higher than what is absent, in %: the area under the ROC curve."""
    values = np.concatenate([present, absent])
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse][:len(present)]
    n, m = len(present), len(absent)
    return round(100 * float((ranks.sum() - n * (n + 1) / 2) / (n * m)), 2)


def measure_moves(results, folder):
    """A circle in half of the images, which moves: the step across its border where it stands, and in empty images across the
    border in the middle."""
    for most in MOVES:
        pool = draw_circles(N_IMAGES, .5, SEED)
        dx, dy = np.random.default_rng(SEED).integers(-most, most + 1, (2, N_IMAGES))
        moved = shift(pool.images, dx, dy)
        profile = None
        for method in plain_methods():
            what = {"kind": "move", "method": method.key, "share": most, "seed": SEED}
            if results.find(**what):
                continue
            profile = profile or collect(folder, moved)
            y = shift(normalize(folder, profile, moved, method.settings), -dx, -dy)
            still = normalize(folder, profile, pool.images, method.settings)
            results.add(**what, circle=step_of(y[pool.labels == 0]), empty=step_of(still[pool.labels == 1]))


def measure_profile(results, images):
    """What pixelprofile report goes by, of all training images: of their variance, how much is the same in every frame; and
    how many samples deviate by less than 8 code values."""
    what = {"kind": "profile", "set": images.key}
    if not results.find(**what):
        x = images.train.images.astype(np.float64)
        results.add(**what, fixed=round(100 * x.mean(0).var() / x.var(), 1), quiet=round(100 * (x.std(0) < 8).mean(), 1))
