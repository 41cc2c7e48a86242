# SPDX-License-Identifier: LGPL-2.1-or-later
"""What normalization does to an edge, what stands out without any network, and what a profile tells.

The edge: circle-or-empty images with a share of circles go through the elements; then the step across the circle's border is
the mean just inside minus the mean just outside, by the deviation of the difference of two pixels, one of each side: how far
beyond the noise a kernel of two pixels sees it. In a circle image it is the edge; in an empty one, where there is none, it
is a phantom.
"""
import numpy as np

from image_sets import CIRCLE_SIZE, disc, draw_circles, inputs_of
from methods import METHODS, collect, normalize

SHARES = (1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99)
N_IMAGES, RADIUS, SEED = 1000, 7, 5
INSIDE = disc(RADIUS) & ~disc(RADIUS - 2)
OUTSIDE = disc(RADIUS + 2) & ~disc(RADIUS)


def plain_methods():
    """Those without a layer of the network in them."""
    return [method for method in METHODS if not method.front]


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


def measure_alone(results, images, folder):
    """No network: the mean of the largest 5 % of |y| in each test image tells whether there is something (class 0). The profile
    is of what is normal: training images with nothing in them (class 1), or all frames of the street."""
    normal = images.train.images if images.train.places is not None else images.train.images[images.train.labels == 1]
    profile = None
    for method in plain_methods():
        what = {"kind": "alone", "set": images.key, "method": method.key}
        if results.find(**what):
            continue
        profile = profile or collect(folder, normal)
        y = normalize(folder, profile, images.test.images, method.settings)
        y = np.abs(inputs_of(images.test, y)).reshape(len(images.test.labels), -1)
        score = np.sort(y, axis=1)[:, -max(1, y.shape[1] // 20):].mean(1)
        results.add(**what, auc=rank_share(score[images.test.labels == 0], score[images.test.labels == 1]))


def measure_profile(results, images):
    """What pixelprofile report goes by, of all training images: of their variance, how much is the same in every frame; and
    how many samples deviate by less than 8 code values."""
    what = {"kind": "profile", "set": images.key}
    if not results.find(**what):
        x = images.train.images.astype(np.float64)
        results.add(**what, fixed=round(100 * x.mean(0).var() / x.var(), 1), quiet=round(100 * (x.std(0) < 8).mean(), 1))
