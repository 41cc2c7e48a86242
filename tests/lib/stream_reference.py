# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statistics of a frame, of a batch, and running ones, in numpy: the plainest reading of the formulas of the guide and of torch's
documentation. Nothing here asks the library. Frames are [n, height, width, channels].
"""
import numpy as np


def moments(x, scope):
    """Mean and population variance of frames [n, H, W, C], kept as [C] arrays."""
    axes = (0, 1, 2) if scope == "channel" else (0, 1, 2, 3)
    one = np.ones(x.shape[-1])
    return x.mean(axis=axes) * one, x.var(axis=axes) * one, x.min(axis=axes) * one, x.max(axis=axes) * one


def normalize(x, method, stats, floor, epsilon):
    mean, variance, low, high = stats
    if method == "center":
        return x - mean
    if method == "zscore":
        return (x - mean) / np.maximum(np.sqrt(variance + epsilon), floor)
    return (x - (mean if method == "mean-range" else (low + high) / 2)) / np.maximum((high - low) / 2, floor)


class Reference:
    """y of batch after batch, by the formulas of the design and of torch's documentation."""

    def __init__(self, method, source, scope, depth, momentum=0.1, epsilon=0.0, floor=1.0, start=None):
        self.method, self.source, self.scope, self.momentum, self.epsilon = method, source, scope, momentum, epsilon
        self.floor = floor
        self.mean, self.variance = start or (None, None)

    def per_pixel(self, x):
        if self.mean is None:
            self.mean, self.variance = x[0].copy(), np.zeros(x[0].shape)
        y, m = [], self.momentum
        for frame in x:
            d = frame - self.mean
            y.append(normalize(frame, self.method, (self.mean, self.variance, 0, 0), self.floor, self.epsilon))
            self.mean = self.mean + m * d
            self.variance = (1 - m) * (self.variance + m * d * d)
        return np.array(y)

    def per_channel(self, x):
        if self.mean is None:
            self.mean, self.variance = moments(x[:1], self.scope)[:2]
        y, m = normalize(x, self.method, (self.mean, self.variance, 0, 0), self.floor, self.epsilon), self.momentum
        mean, variance = moments(x, self.scope)[:2]
        n = x.size if self.scope == "global" else x[..., 0].size
        self.mean = (1 - m) * self.mean + m * mean
        self.variance = (1 - m) * self.variance + m * variance * n / (n - 1)
        return y

    def batch(self, x):
        x = x.astype(float)
        if self.source == "frame":
            return np.array([normalize(f, self.method, moments(f[None], self.scope), self.floor, self.epsilon)
                             for f in x])
        if self.source == "batch":
            return normalize(x, self.method, moments(x, self.scope), self.floor, self.epsilon)
        return self.per_pixel(x) if self.scope == "pixel" else self.per_channel(x)


def check_float32(found, y):
    assert np.isfinite(found).all()
    error = np.abs(found - y) / np.maximum(1, np.abs(y))
    assert error.max() <= 1e-6, (error.max(), np.unravel_index(error.argmax(), y.shape))


def check_codes(found, exact, smallest, largest, tie):
    expected = np.clip(np.rint(exact), smallest, largest)
    near_tie = np.abs(exact - np.floor(exact) - 0.5) < tie
    assert (np.abs(found - expected) <= np.where(near_tie, 1, 0)).all()
