# SPDX-License-Identifier: LGPL-2.1-or-later
"""METHOD TABLE: how statistics become y = (x - subtract) * scale (src/normalize/methods.c). Every operation stands in the order in
which the library does it, since doubles must come out the same; each works on numbers and on whole arrays.
"""
from typing import Callable, NamedTuple

import numpy


class Input(NamedTuple):
    """What a method may look at, for one channel: numbers, or arrays [height, width] in scope pixel."""
    settings: object
    floor: float           # min_deviation
    mean: float            # fixed: in code values
    std: float
    moments: object        # Moments or MomentArrays; None for fixed
    dark: object           # flat-field: the mean of the dark frames, or 0
    gain: float            # flat-field: the channel mean of (mean - dark)
    low: float             # percentile: the two, in code values
    high: float


# --- what is divided by, where it is not less than the floor

def deviation(given):
    variance = given.moments.variance + given.settings.epsilon
    return numpy.sqrt(variance)


def half_range(given):
    return (given.moments.max - given.moments.min) / 2.0


def light(given):
    return given.moments.mean - given.dark


def half_distance(given):
    return (given.high - given.low) / 2


# --- the methods


def fixed(given):
    return given.mean, 1 / given.std


def center(given):
    return given.moments.mean, 1.0


def zscore(given):
    return given.moments.mean, 1 / numpy.maximum(deviation(given), given.floor)


def mean_range(given):
    return given.moments.mean, 1 / numpy.maximum(half_range(given), given.floor)


def min_max(given):
    return (given.moments.max + given.moments.min) / 2.0, 1 / numpy.maximum(half_range(given), given.floor)


def flat_field(given):
    return given.dark, given.gain / numpy.maximum(light(given), given.floor)


def percentile(given):
    return (given.low + given.high) / 2, 1 / numpy.maximum(half_distance(given), given.floor)


class Row(NamedTuple):
    derive: Callable
    range: tuple = None          # default at 8 bits; None: from the bounds of the result
    needs_profile: bool = True
    needs_floor: bool = False
    in_codes: bool = False       # results are code values: they grow with the depth
    takes_dark: bool = False
    needs_histogram: bool = False
    of_any_statistics: bool = False  # also of the frame or the batch itself
    divisor: Callable = None     # None: the floor has no effect
    divisor_name: str = ""


METHODS = {
    "fixed": Row(fixed, needs_profile=False),
    "center": Row(center, (-128, 127), in_codes=True, of_any_statistics=True),
    "zscore": Row(zscore, (-4, 127 / 32.0), of_any_statistics=True, divisor=deviation, divisor_name="their deviation"),
    "mean-range": Row(mean_range, (-2, 127 / 64.0), needs_floor=True, of_any_statistics=True,
                      divisor=half_range, divisor_name="half of their range"),
    "min-max": Row(min_max, (-128 / 127.0, 1), needs_floor=True, of_any_statistics=True,
                   divisor=half_range, divisor_name="half of their range"),
    "flat-field": Row(flat_field, (0, 255), needs_floor=True, in_codes=True, takes_dark=True,
                      divisor=light, divisor_name="their light above the dark frames"),
    "percentile": Row(percentile, (-128 / 127.0, 1), needs_floor=True, needs_histogram=True,
                      divisor=half_distance, divisor_name="half of the distance between their percentiles"),
}
