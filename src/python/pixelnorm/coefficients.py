# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statistics -> coefficients (src/normalize/coefficients.c). The integers are pooled by the scope first, then the method makes an
affine of them, then gamma and beta scale it. All of it in double, by the operations of the library in their order.
"""
from typing import NamedTuple

import numpy

from . import moments as exact
from .methods import Input


class Coefficients(NamedTuple):
    """y = (x - centre) * scale + bias in double, of shape [channels], or [height, width, channels] where every pixel has
    its own; the channels in canonical order (R, G, B). The integer centre is the sample next to y = 0, or next to subtract where
    scale is 0. What is asked for exactly is (x - subtract) * scale + add; bias is what centre leaves of that."""
    centre: numpy.ndarray
    scale: numpy.ndarray
    bias: numpy.ndarray
    subtract: numpy.ndarray
    add: numpy.ndarray


def scaling(settings, learned, c):
    """gamma and beta of a channel, those that were learned first: (y g + b) gamma + beta."""
    gamma, beta = settings.value("gamma", c), settings.value("beta", c)
    if learned is None:
        return gamma, beta
    learned_gamma, learned_beta = learned.channel(c)
    return gamma * learned_gamma, beta + learned_beta * gamma


def method_input(settings, max_code, c, moments=None, dark=0.0, gain=0.0, ends=(0.0, 0.0)):
    unit = max_code if settings.units == "unit" else 1
    return Input(settings, settings.min_deviation, settings.value("mean", c) * unit,
                 settings.value("std", c) * unit, moments, dark, gain, *ends)


def derive(settings, given, max_code, gamma, beta):
    """The coefficients of one channel."""
    subtract, scale = settings.row.derive(given)
    scaled = numpy.asarray(scale * gamma)
    with numpy.errstate(divide="ignore", over="ignore", invalid="ignore"):
        zero = numpy.where(scaled != 0, subtract - beta / scaled, subtract)
    centre = numpy.clip(numpy.rint(zero), 0.0, float(max_code))
    return Coefficients(centre, scaled, (centre - subtract) * scale * gamma + beta, subtract, beta)


def stack(parts, shape):
    """Those of channels -> one with the channels last."""
    return Coefficients(*[numpy.stack([numpy.broadcast_to(numpy.asarray(field, float), shape) for field in fields], axis=-1)
                          for fields in zip(*parts)])


def join(settings, depth, n_channels, learned, inputs, shape=()):
    """Of all channels; inputs: for each, what method_input takes."""
    max_code = 2 ** depth - 1
    parts = [derive(settings, method_input(settings, max_code, c, *inputs[c]), max_code, *scaling(settings, learned, c))
             for c in range(n_channels)]
    return stack(parts, learned.size if learned and learned.size else shape)


def fixed_coefficients(settings, n_channels, depth, learned=None):
    return join(settings, depth, n_channels, learned, [()] * n_channels)


def frames_coefficients(settings, frames, depth, learned=None):
    """Of the frames' own statistics, all frames together."""
    n = frames.shape[-1]
    pooled = [exact.of_samples(frames[..., c]) for c in range(n)]
    if settings.scope == "global":
        pooled = [exact.pool(pooled)] * n
    return join(settings, depth, n, learned, [(moments,) for moments in pooled])


def profile_coefficients(settings, profile, dark=None, learned=None):
    shape = (profile.height, profile.width) if settings.scope == "pixel" else ()
    return join(settings, profile.depth, len(profile.channels), learned, profile_inputs(settings, profile, dark), shape)


def profile_inputs(settings, profile, dark=None):
    """For each channel what method_input() takes."""
    n = len(profile.channels)
    if settings.scope == "pixel":
        return pixel_inputs(settings, profile, dark)
    # None stands for all channels together
    pools = [None] * n if settings.scope == "global" else range(n)
    pooled = [profile.pooled(pool) for pool in pools]
    dark_means = [dark.pooled(pool).mean if dark else 0.0 for pool in pools]
    gains = [moments.mean - mean for moments, mean in zip(pooled, dark_means)]
    ends = [(0.0, 0.0)] * n
    if settings.row.needs_histogram:
        ends = [tuple(exact.percentile(profile.histogram(pool), percent)
                      for percent in (settings.percentile_low, settings.percentile_high)) for pool in pools]
    return list(zip(pooled, dark_means, gains, ends))


def pixel_inputs(settings, profile, dark):
    """Every sample has its own; one that was never counted is taken from its channel."""
    inputs = []
    for c in range(len(profile.channels)):
        found, dark_mean, gain = profile.moments(c), 0.0, 0.0
        seen = found.count.all()
        pooled = None if seen and not settings.row.takes_dark else profile.pooled(c)
        if dark:
            dark_mean = dark.pooled(c).mean
        if settings.row.takes_dark:
            gain = pooled.mean - dark_mean
        if dark and dark.scope == "pixel":
            image = dark.moments(c)
            dark_mean = numpy.where(image.count > 0, image.fill(exact.Moments(1, 0, 0, 0, 0)).mean, dark_mean)
        inputs.append((found if seen else found.fill(pooled.still()), dark_mean, gain))
    return inputs


def method_range(settings, max_code, c):
    """The bounds of the method's own results: its range, or what 0 and the largest code become."""
    if settings.row.range is None:
        subtract, scale = settings.row.derive(method_input(settings, max_code, c))
        return -subtract * scale, (max_code - subtract) * scale
    unit = max_code / 255.0 if settings.row.in_codes else 1
    return tuple(end * unit for end in settings.row.range)


def range_of(settings, max_code, n_channels, learned=None):
    """The y that become 0 and 255: those that were set, or the method's own with every gamma and beta, over all
    channels."""
    if settings.range_low != settings.range_high:
        return settings.range_low, settings.range_high
    ends = []
    for c in range(n_channels):
        gamma, beta = scaling(settings, learned, c)
        for end in method_range(settings, max_code, c):
            scaled = numpy.asarray(end * gamma + beta, float)
            ends += [float(scaled.min()), float(scaled.max())]
    low, high = min(ends), max(ends)
    return (low, high + 1) if low == high else (low, high)


def reach_of(settings, found, depth):
    """What samples of 8 bits make of the method's own range: the lowest and highest result, and how far apart those of
    neighbouring code values are, in the channel where that is least. None where it does not matter or is not known: the range was
    set, samples are deeper, every pixel has its own affine, statistics are of frames, or every result is the same."""
    if settings.range_low != settings.range_high or depth != 8 or settings.statistics != "profile" or found.scale.ndim != 1:
        return None
    code_values = numpy.abs(found.scale[found.scale != 0])
    if not code_values.size:
        return None
    ends = [-found.subtract * found.scale + found.add, (255 - found.subtract) * found.scale + found.add]
    return float(numpy.min(ends)), float(numpy.max(ends)), float(code_values.min())
