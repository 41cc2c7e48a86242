# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mean and variance of exact integers, rounded where the library rounds them (src/statistics/moments.c, src/statistics/histogram.c).

With count N, sum S and sum of squares Q the samples are first moved by c = round(S / N): S' = S - cN,
Q' = Q - 2cS + c^2 N, both exact, and the variance is Q' / N - (S' / N)^2. The same operations in the same order give
the same double, whether they are done here, on whole arrays, or in C.
"""
import math
from typing import NamedTuple

import numpy


class Moments(NamedTuple):
    """Of one set of samples, as Python integers, which never overflow."""
    count: int
    sum: int
    squares: int
    min: int
    max: int

    @property
    def mean(self):
        if self.count == 0:
            return 0.0
        return float(self.sum // self.count) + float(self.sum % self.count) / float(self.count)

    @property
    def variance(self):
        n, s, q = self.count, self.sum, self.squares
        if n == 0:
            return 0.0
        c = (s + n // 2) // n
        shift = float(s - c * n) / float(n)
        return float(q + c * c * n - 2 * c * s) / float(n) - shift * shift

    def problem(self, largest):
        """Why no set of samples of 0 to largest can have these moments, in words; None where one may. (min + max) S - Q - N min max
        is the sum of (x - min)(max - x), and Q' >= |S'|, since the samples are integers."""
        n, s, q, low, high = self
        if max(low, high) > largest:
            return "a minimum or maximum above what the depth allows"
        if n == 0:
            return "numbers without samples, where 0 is expected" if any(self) else None
        if high < low:
            return "a maximum below the minimum"
        if not n * low <= s <= n * high:
            return "a sum outside of count x [minimum, maximum]"
        if (s ^ q) & 1:
            return "a sum and a sum of squares of different parity"
        if not n * low * low <= q <= n * high * high:
            return "a sum of squares outside of count x [minimum^2, maximum^2]"
        if (low + high) * s < q + n * low * high:
            return "a sum of squares too large for the sum, minimum and maximum"
        c = (s + n // 2) // n
        return "a sum of squares too small for the sum" if q - 2 * c * s + c * c * n < abs(s - c * n) else None

    def still(self):
        """A sample that was never counted is taken as one that always had the mean of its channel."""
        mean = round(self.mean)
        return Moments(1, mean, mean * mean, mean, mean)


class MomentArrays(NamedTuple):
    """Of many samples at once: uint64 arrays of one shape. At most 2^32 frames of samples below 2^16, so sums are
    below 2^48 and sums of squares below 2^64. What wraps around on the way to Q', wraps back."""
    count: numpy.ndarray
    sum: numpy.ndarray
    squares: numpy.ndarray
    min: numpy.ndarray
    max: numpy.ndarray

    @property
    def mean(self):
        n = self.count
        return (self.sum // n).astype(float) + (self.sum % n).astype(float) / n.astype(float)

    @property
    def variance(self):
        n, two = self.count, numpy.uint64(2)
        c = (self.sum + n // two) // n
        rest = (self.sum - c * n).astype(numpy.int64).astype(float)
        squares = self.squares + c * c * n - two * c * self.sum
        shift = rest / n.astype(float)
        return squares.astype(float) / n.astype(float) - shift * shift

    def fill(self, still):
        """The same with `still` in the places of samples that were never counted."""
        counted = self.count > 0
        return MomentArrays(*[numpy.where(counted, found, numpy.uint64(other)) for found, other in zip(self, still)])

    def pool(self):
        """All samples together."""
        counted = self.count > 0
        if not counted.any():
            return Moments(0, 0, 0, 0, 0)
        low, high = self.min[counted].min(), self.max[counted].max()
        return Moments(exact_sum(self.count), exact_sum(self.sum), exact_sum(self.squares), int(low), int(high))


def possible(n, s, q, low, high):
    """Where Moments.problem() finds none below 2^62, but for the depth: booleans. Arrays of int64, or of Python integers (object)
    for larger numbers; n may be one number for all. Where a product could pass 64 bits, an earlier condition failed."""
    below = n * high - s
    good = (low <= high) & (s >= n * low) & (below >= 0) & ((s ^ q) & 1 == 0)
    good &= (n > 0) | (high == 0)
    above = high * s - q
    good &= (above >= 0) & (above >= low * below)
    c = (s + n // 2) // numpy.maximum(n, 1)
    d = s - c * n
    return good & (q - c * s >= c * d + abs(d))


def exact_sum(items):
    """Of up to 2^32 unsigned integers below 2^64, in halves that cannot overflow."""
    low = int((items & numpy.uint64(0xffffffff)).sum(dtype=numpy.uint64))
    return (int((items >> numpy.uint64(32)).sum(dtype=numpy.uint64)) << 32) + low


def pool(parts):
    """Several sets of samples together."""
    found = [part for part in parts if part.count]
    if not found:
        return Moments(0, 0, 0, 0, 0)
    return Moments(sum(m.count for m in found), sum(m.sum for m in found), sum(m.squares for m in found),
                   min(m.min for m in found), max(m.max for m in found))


def of_samples(samples):
    """Of an array of code values, at most 16 bits each."""
    wide = samples.astype(numpy.uint64)
    return Moments(samples.size, int(wide.sum()), exact_sum((wide * wide).ravel()), int(samples.min()),
                   int(samples.max()))


def of_histogram(counts):
    """Of how often each code value occurred; of none: Moments of zeros."""
    values = numpy.flatnonzero(counts).tolist()
    times = counts[values].tolist() if values else []
    return Moments(sum(times), sum(n * v for n, v in zip(times, values)), sum(n * v * v for n, v in zip(times, values)),
                   min(values, default=0), max(values, default=0))


def percentile(counts, percent):
    """Of a histogram: linear between two samples, as numpy.percentile() is."""
    ends = numpy.cumsum(counts, dtype=numpy.uint64)
    n = int(ends[-1])
    place = float(n - 1) * (percent / 100)
    whole = math.floor(place)
    part, index = place - whole, min(whole, n - 1)
    low, high = [float(numpy.searchsorted(ends, numpy.uint64(min(i, n - 1)), side="right"))
                 for i in (index, index + 1)]
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part
