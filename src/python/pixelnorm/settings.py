# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is asked of a Normalizer: the settings of the element, with its defaults and its limits (src/normalize/settings.c)."""
import dataclasses
import math
import numbers
from typing import Optional

from .methods import METHODS

SMALLEST_DIVISOR = 1e-6  # in code values
LARGEST_VALUE = 1e6
CHOICES = {"method": tuple(METHODS), "scope": ("pixel", "channel", "global"),
           "statistics": ("profile", "frame", "batch"), "units": ("code", "unit"),
           "channel_order": ("rgb", "bgr"), "layout": ("nhwc", "nchw"),
           "output": ("float32", "float16", "int8", "uint8", "video")}
VALUES = ("mean", "std", "gamma", "beta")  # a number, or one a channel


@dataclasses.dataclass(frozen=True)
class Settings:
    method: str = "zscore"
    scope: str = "pixel"
    statistics: str = "profile"
    min_deviation: float = 1.0
    epsilon: float = 0.0
    percentile_low: float = 1.0
    percentile_high: float = 99.0
    mean: tuple = (127.5,)
    std: tuple = (127.5,)
    units: str = "code"
    gamma: tuple = (1.0,)
    beta: tuple = (0.0,)
    clip_low: Optional[float] = None
    clip_high: Optional[float] = None
    channel_order: str = "rgb"
    layout: str = "nhwc"
    output: str = "float32"
    quant_scale: float = 0.0
    quant_zero_point: int = 0
    range_low: float = 0.0
    range_high: float = 0.0

    def __post_init__(self):
        for name in VALUES:
            object.__setattr__(self, name, values_of(name, getattr(self, name)))
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be one of: {', '.join(choices)}.")
        check(self)

    @property
    def row(self):
        return METHODS[self.method]

    @property
    def clips(self):
        return self.clip_low is not None or self.clip_high is not None

    def value(self, name, channel):
        """One value for all channels, or one a channel."""
        values = getattr(self, name)
        return values[channel if len(values) > 1 else 0]


def values_of(name, given):
    """A number, or several, as a tuple of 1 or 3."""
    try:
        values = tuple(float(value) for value in (given if hasattr(given, "__iter__") else [given]))
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {given!r}; give a number, or 3, one per channel.") from None
    if len(values) not in (1, 3):
        raise ValueError(f"{name} has {len(values)} values; give 1 for all channels, or 3, one per channel, as in "
                         f"{name}=[1, 2, 3].")
    return values


def within(name, value, low, high, exception=""):
    """Not-a-number is within nothing. exception: what else it may be"""
    if not hasattr(value, "__float__") or not low <= value <= high:
        raise ValueError(f"{name} is {value}; it must lie within {low:g} and {high:g}{exception}.")


def check_ranges(s):
    within("range_low", s.range_low, -LARGEST_VALUE, LARGEST_VALUE)
    within("range_high", s.range_high, -LARGEST_VALUE, LARGEST_VALUE)
    if s.range_low != s.range_high and abs(s.range_high - s.range_low) < SMALLEST_DIVISOR:
        raise ValueError(f"range_low {s.range_low:g} and range_high {s.range_high:g} are less than "
                         f"{SMALLEST_DIVISOR:g} apart; set both to the same value for the method's own range.")
    if s.quant_scale != 0:
        within("quant_scale", s.quant_scale, SMALLEST_DIVISOR, LARGEST_VALUE, ", or be 0, the default")
    if not isinstance(s.quant_zero_point, numbers.Integral):
        raise ValueError(f"quant_zero_point is {s.quant_zero_point}; it must be a whole number.")
    within("quant_zero_point", s.quant_zero_point, -128, 255)
    if s.quant_scale == 0 and s.quant_zero_point != 0:
        raise ValueError(f"quant_zero_point is {s.quant_zero_point} and quant_scale 0, which makes both of the range. Set "
                         "quant_scale as the model says, too, or leave quant_zero_point at 0.")
    low, high = (-128, 127) if s.output == "int8" else (0, 255)
    if s.output in ("int8", "uint8") and s.quant_scale != 0 and not low <= s.quant_zero_point <= high:
        raise ValueError(f"quant_zero_point is {s.quant_zero_point}; a tensor of {s.output} has {low} to {high}.")


def check_results(s):
    for name in ("gamma", "beta"):
        for value in getattr(s, name):
            within(name, value, -LARGEST_VALUE, LARGEST_VALUE)
    low = -math.inf if s.clip_low is None else s.clip_low
    high = math.inf if s.clip_high is None else s.clip_high
    for name, value in ("clip_low", low), ("clip_high", high):
        if math.isnan(value):
            raise ValueError(f"{name} is nan; it must be a number.")
    if low > high:
        raise ValueError(f"clip_low is {low:g} and clip_high {high:g}; the first must not be more.")


def check_numbers(s):
    """Also those that have no effect with the method."""
    within("min_deviation", s.min_deviation, 0, LARGEST_VALUE)
    within("epsilon", s.epsilon, 0, LARGEST_VALUE)
    within("percentile_low", s.percentile_low, 0, 100)
    within("percentile_high", s.percentile_high, 0, 100)
    for value in s.mean:
        within("mean", value, -LARGEST_VALUE, LARGEST_VALUE)
    for value in s.std:
        within("std", value, SMALLEST_DIVISOR / (255 if s.units == "unit" else 1), LARGEST_VALUE)


def check_floor(s):
    zscore = s.method == "zscore"
    floor = max(s.min_deviation, math.sqrt(s.epsilon)) if zscore else s.min_deviation
    if (zscore or s.row.needs_floor) and floor < SMALLEST_DIVISOR:
        raise ValueError(f"min_deviation is {s.min_deviation:g}{' and epsilon no larger' if zscore else ''}: a sample "
                         "that never varied would be divided by next to nothing. Set min_deviation"
                         f"{', or the root of epsilon,' if zscore else ''} to {SMALLEST_DIVISOR:g} or more.")


def check_percentiles(s):
    if s.percentile_low >= s.percentile_high:
        raise ValueError(f"percentile_low is {s.percentile_low:g} and percentile_high {s.percentile_high:g}; the first "
                         "must be less, as 1 and 99 are.")
    if s.scope == "pixel":
        raise ValueError("Percentiles are those of whole channels, and scope pixel was asked for. Set scope to "
                         "channel or global.")


def check_statistics(s):
    if s.statistics == "profile":
        return
    if not s.row.of_any_statistics:
        fit = ", ".join(name for name, row in METHODS.items() if row.of_any_statistics)
        raise ValueError(f"statistics={s.statistics} is for the methods {fit}; the method is {s.method}.")
    if s.scope == "pixel":
        raise ValueError(f"statistics={s.statistics} are those of whole channels, and scope pixel was asked for. Set "
                         "scope to channel or global.")


def check(s):
    check_ranges(s)
    check_results(s)
    check_numbers(s)
    check_floor(s)
    if s.row.needs_histogram:
        check_percentiles(s)
    check_statistics(s)
