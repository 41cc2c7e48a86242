# SPDX-License-Identifier: LGPL-2.1-or-later
"""Normalizer: frames in, normalized arrays out, to the bits of the element pixelnorm.

Every method folds into y = (x - centre) * scale + bias with an integer centre. The coefficients are made in double from
the profile's integers, by the operations of the library in their order (methods.py, moments.py); then they are
float32, x - centre is exact, and what is left is one multiplication and one addition in float32, which numpy rounds as
the element does. Results below 1.2e-38 may be 0 in the element, which does not keep denormal numbers.
"""
import os
from typing import NamedTuple

import numpy

from . import moments as exact
from .methods import Input
from .profile import Profile
from .quantization import Quantization
from .settings import Settings

LARGEST_HALF = numpy.float32(65504)
LARGEST_FLOAT = float(numpy.finfo(numpy.float32).max)
CHANNELS = {1: "Y", 3: "RGB"}


class Affine(NamedTuple):
    """y = (x - centre) * scale + bias in double, of shape [channels], or [height, width, channels] in scope pixel, the
    channels in canonical order (R, G, B). What is asked for exactly is (x - subtract) * scale + add; bias carries what
    the integer centre leaves of subtract, and add."""
    centre: numpy.ndarray
    scale: numpy.ndarray
    bias: numpy.ndarray
    subtract: numpy.ndarray
    add: numpy.ndarray


class Plan(NamedTuple):
    """The coefficients as they are used."""
    dtype: type
    quantization: Quantization = None
    centre: numpy.ndarray = None    # all three float32
    scale: numpy.ndarray = None
    bias: numpy.ndarray = None
    table: numpy.ndarray = None     # instead of them: the code of every sample value, a row a channel
    bounds: tuple = None            # lowest and highest result


class Normalizer:
    """Normalizes frames as the element pixelnorm does with the same settings.

    profile: a Profile or the path of one; dark: one of dark frames, for the method flat-field.
    method: "zscore", "center", "mean-range", "min-max", "percentile", "flat-field" or "fixed".
    scope: "pixel", "channel" or "global". statistics: "profile", "frame" (each frame's own) or "batch" (those of all frames
    of a call together); the last two need no profile.
    output: "float32", "float16", "int8", "uint8", or "video": 8-bit codes of range_low to range_high.
    layout: "nhwc" or "nchw". depth: bits of a sample, where neither the profile nor the type of the frames says it.
    The others are the properties of the element, with underscores: min_deviation, epsilon, percentile_low,
    percentile_high, mean, std, units, gamma, beta, clip_low, clip_high, channel_order, quant_scale, quant_zero_point,
    range_low, range_high.

    Raises ValueError in words for what cannot be. Can be pickled; calling it changes nothing in it.
    """

    def __init__(self, profile=None, *, dark=None, depth=None, **settings):
        try:
            self.settings = Settings(**settings)
        except TypeError as problem:
            raise TypeError(f"Normalizer: {str(problem).partition('() ')[2] or problem}") from None
        self.identity = self.width = self.height = self.channels = None
        self.depth = depth
        if depth is not None and depth not in range(8, 17):
            raise ValueError(f"depth is {depth}; a sample has 8 to 16 bits.")
        self._affine = None
        if self.settings.row.needs_profile and self.settings.statistics == "profile":
            self._take_profile(loaded(profile), loaded(dark))
        self._plans = {}

    def _take_profile(self, profile, dark):
        settings = self.settings
        if profile is None:
            raise ValueError("This method needs a profile: make one with pixelstats, or use the method fixed.")
        check_scope(profile, "profile", settings.scope)
        dark = dark if settings.row.takes_dark else None
        if dark is not None:
            scope = "channel" if dark.scope == "channel" else settings.scope
            check_scope(dark, "profile of dark frames", scope)
            check_pair(profile, dark, sizes=settings.scope == "pixel" and scope == "pixel")
        if self.depth not in (None, profile.depth):
            raise ValueError(f"depth is {self.depth}, and the profile is of {profile.depth} bits. Leave depth out.")
        if settings.channel_order == "bgr" and profile.channels == "YUV":
            raise ValueError("Channel order bgr is one of red, green and blue, and the profile has YUV. Leave the order as "
                             "it is.")
        self.depth, self.channels, self.identity = profile.depth, profile.channels, profile.identity
        if settings.scope == "pixel":
            self.width, self.height = profile.width, profile.height
        self._affine = profile_affine(settings, profile, dark)

    @property
    def max_code(self):
        return None if self.depth is None else 2 ** self.depth - 1

    def affine(self, frames=None, channels=None):
        """The Affine. Of statistics frame and batch it is that of these frames, all of them together; the method fixed
        needs to know the channels ("RGB" or "Y") where its values do not tell."""
        if self._affine is not None:
            return self._affine
        if self.settings.statistics != "profile":
            if frames is None:
                raise ValueError(f"With statistics={self.settings.statistics} the coefficients are those of frames: "
                                 "give them.")
            frames, depth = self._check_frames(frames)
            return frames_affine(self.settings, frames, depth)
        channels = channels or CHANNELS[max(len(getattr(self.settings, name)) for name in ("mean", "std", "gamma", "beta"))]
        return fixed_affine(self.settings, channels, self.depth or 8)

    def __call__(self, frames):
        """frames: uint8 (uint16 above 8 bits) of shape [H, W, C] or [N, H, W, C], channels in the order R, G, B.
        Returns an array of the type and layout that was asked for: [H, W, C] or [C, H, W], with N before where there
        was one."""
        frames, depth = self._check_frames(frames)
        if self.settings.statistics == "frame" and frames.ndim == 4:
            results = [self._order(run(self._plan(frame, depth), frame)) for frame in frames]
            return numpy.stack(results) if results else self._order(numpy.empty(frames.shape, self.dtype))
        if frames.size == 0:
            return self._order(numpy.empty(frames.shape, self.dtype))
        return self._order(run(self._plan(frames, depth), frames))

    @property
    def dtype(self):
        return numpy.dtype("uint8" if self.settings.output == "video" else self.settings.output)

    def range(self, channels="RGB"):
        """The y that become 0 and 255 in 8-bit video: (low, high)."""
        affine = self._affine
        if affine is None and self.settings.statistics == "profile":
            affine = fixed_affine(self.settings, channels, self.depth or 8)
        n = len(self.channels or channels)
        return range_of(self.settings, affine, self.max_code or 255, n)

    def quantization(self, channels="RGB"):
        """(scale, zero_point) of output int8 or uint8: y = (code - zero_point) * scale."""
        if self.settings.output not in ("int8", "uint8"):
            raise ValueError(f"Output {self.settings.output} is not quantized; int8 and uint8 are.")
        found = Quantization.of(self.settings, *self.range(channels))
        return found.step, found.zero_point

    def denormalize(self, results, affine=None):
        """The way back: what __call__ returned (or a network made of it) -> code values, uint8 or uint16 of shape
        [H, W, C] or [N, H, W, C], rounded and saturated. affine: that of the frames, for statistics frame and batch."""
        settings, y = self.settings, self._reorder(numpy.asarray(results))
        n = y.shape[-1]
        if affine is None:
            affine = self.affine(channels=CHANNELS[n] if n in CHANNELS and self.channels is None else None)
        if affine.scale.ndim == 3 and y.shape[-3:] != affine.scale.shape:
            raise ValueError(f"Another size: expected results of {affine.scale.shape}, found {y.shape[-3:]} (height, "
                             "width, channels). Give results of the size of the profile.")
        if not affine.scale.all():
            raise ValueError("gamma is 0: what was multiplied by it cannot be had back.")
        y = y.astype(float)
        if settings.output in ("int8", "uint8", "video"):
            found = Quantization.of(settings, *range_of(settings, affine, self.max_code or 255, n))
            y = (y - found.zero_point) * found.step + found.offset
        codes = numpy.rint((y - affine.bias) / affine.scale + affine.centre)
        largest = self.max_code or 255
        return numpy.clip(codes, 0, largest).astype(numpy.uint8 if largest == 255 else numpy.uint16)

    # --- what a call does

    def _check_frames(self, frames):
        """The frames as an array, and their depth."""
        frames = numpy.asarray(frames)
        if frames.dtype not in (numpy.uint8, numpy.uint16):
            raise ValueError(f"Expected raw frames of uint8 or uint16, found {frames.dtype}. Normalize frames as they were "
                             "read, in the place of a division by 255.")
        if frames.ndim not in (3, 4) or frames.shape[-1] not in CHANNELS:
            raise ValueError(f"Expected frames [height, width, channels] or [N, height, width, channels] of 1 or 3 "
                             f"channels, found shape {list(frames.shape)}. Bring the channels to the end first.")
        depth = self.depth or 8 * frames.dtype.itemsize
        if (depth > 8) != (frames.dtype == numpy.uint16):
            raise ValueError(f"Another depth: the normalizer is for samples of {depth} bits, the frames are of "
                             f"{frames.dtype}. Use frames of {'uint16' if depth > 8 else 'uint8'}, or a profile of such "
                             "frames.")
        if 8 < depth < 16 and frames.size and frames.max() >= 1 << depth:
            raise ValueError(f"A sample is {frames.max()}, and {depth} bits hold 0 to {2 ** depth - 1}. Shift samples that "
                             "are stored high, as those of P010, to the right.")
        self._check_geometry(frames)
        return frames, depth

    def _check_geometry(self, frames):
        height, width, n = frames.shape[-3:]
        if self.channels and n != len(self.channels):
            raise ValueError(f"Another set of channels: the profile has {self.channels}, the frames have {n}. Use a "
                             "profile of such frames.")
        if self.width and (width, height) != (self.width, self.height):
            raise ValueError(f"Another size: the profile is {self.width}x{self.height}, the frames are {width}x{height}. "
                             "Scale to that size first, or use scope channel.")
        for name in ("mean", "std", "gamma", "beta"):
            used = getattr(self.settings, name) if name in ("gamma", "beta") or self.settings.method == "fixed" else ()
            if len(used) > 1 and len(used) != n:
                raise ValueError(f"{name} has {len(used)} values, and the frames {n} channel. Give one value.")

    def _plan(self, frames, depth):
        """Made once, except of statistics of the frames themselves."""
        settings, n = self.settings, frames.shape[-1]
        if settings.statistics != "profile":
            return make_plan(settings, frames_affine(settings, frames, depth), depth)
        if (n, depth) not in self._plans:
            affine = self._affine if self._affine is not None else fixed_affine(settings, CHANNELS[n], depth)
            self._plans[n, depth] = make_plan(settings, affine, depth)
        return self._plans[n, depth]

    def _order(self, results):
        if self.settings.channel_order == "bgr" and results.shape[-1] > 1 and self.settings.output != "video":
            results = results[..., ::-1]
        if self.settings.layout == "nchw" and self.settings.output != "video":
            results = numpy.moveaxis(results, -1, -3)
        return numpy.ascontiguousarray(results)

    def _reorder(self, results):
        if self.settings.layout == "nchw" and self.settings.output != "video":
            results = numpy.moveaxis(results, -3, -1)
        if self.settings.channel_order == "bgr" and self.settings.output != "video":
            results = results[..., ::-1]
        return results

    def __getstate__(self):
        return {**self.__dict__, "_plans": {}}


def loaded(profile):
    return Profile.load(profile) if isinstance(profile, (str, os.PathLike)) else profile


def check_scope(profile, name, scope):
    if scope != "pixel":
        return
    if profile.scope == "channel":
        raise ValueError(f"The {name} holds statistics of whole channels only, and scope pixel was asked for. Set scope to "
                         "channel, or collect with pixelstats scope=pixel.")
    if profile.subsampling:
        raise ValueError(f"The {name} is of {profile.subsampling} frames, whose U and V are smaller than Y, and an array "
                         "has all channels in one size. Set scope to channel, or collect after a conversion to RGB "
                         "(videoconvert).")


def check_pair(profile, dark, sizes):
    """The profile and that of dark frames."""
    for what in ["channels", "depth", "range", *(["width", "height"] if sizes else [])]:
        if getattr(profile, what) != getattr(dark, what):
            raise ValueError(f"Another {what}: {getattr(profile, what)} of the profile, {getattr(dark, what)} of the profile of "
                             "dark frames. Collect both from the same video.")


# --- coefficients

def derive(settings, given, max_code, gamma, beta):
    """The affine of one channel."""
    subtract, scale = settings.row.derive(given)
    centre = numpy.clip(numpy.rint(subtract), 0.0, float(max_code))
    bias = (centre - subtract) * scale
    return Affine(centre, scale * gamma, bias * gamma + beta, subtract, 0.0 * gamma + beta)


def stack(parts, shape):
    """Affines of channels -> one with the channels last."""
    return Affine(*[numpy.stack([numpy.broadcast_to(numpy.asarray(field, float), shape) for field in fields], axis=-1)
                    for fields in zip(*parts)])


def affine_of(settings, depth, n_channels, moments, dark=None, gains=None, ends=None, shape=()):
    """Of all channels; moments, dark and the others hold one item a channel."""
    max_code = 2 ** depth - 1
    unit = max_code if settings.units == "unit" else 1
    parts = []
    for c in range(n_channels):
        low, high = ends[c] if ends else (0.0, 0.0)
        given = Input(settings, settings.min_deviation * max_code / 255, settings.value("mean", c) * unit,
                      settings.value("std", c) * unit, moments[c] if moments else None, dark[c] if dark else 0.0,
                      gains[c] if gains else 0.0, low, high)
        parts.append(derive(settings, given, max_code, settings.value("gamma", c), settings.value("beta", c)))
    return stack(parts, shape)


def fixed_affine(settings, channels, depth):
    return affine_of(settings, depth, len(channels), None)


def frames_affine(settings, frames, depth):
    """Of the frames' own statistics, all frames together."""
    n = frames.shape[-1]
    pooled = [exact.of_samples(frames[..., c]) for c in range(n)]
    if settings.scope == "global":
        pooled = [exact.pool(pooled)] * n
    return affine_of(settings, depth, n, pooled)


def profile_affine(settings, profile, dark):
    n = len(profile.channels)
    whole = settings.scope == "global"
    names = [None if whole else c for c in range(n)]
    pooled = [profile.pooled(name) for name in names] if not whole else [profile.pooled()] * n
    dark_means = [dark.pooled(name).mean if dark else 0.0 for name in names]
    gains = [p.mean - d for p, d in zip(pooled, dark_means)]
    ends = None
    if settings.row.needs_histogram:
        ends = [tuple(exact.percentile(profile.histogram(name), percent)
                      for percent in (settings.percentile_low, settings.percentile_high)) for name in names]
    if settings.scope != "pixel":
        return affine_of(settings, profile.depth, n, pooled, dark_means, gains, ends)
    found = [profile.moments(c).fill(pooled[c].still()) for c in range(n)]
    if dark and dark.scope == "pixel":
        images = [dark.moments(c) for c in range(n)]
        dark_means = [numpy.where(image.count > 0, image.fill(exact.Moments(1, 0, 0, 0, 0)).mean, mean)
                      for image, mean in zip(images, dark_means)]
    return affine_of(settings, profile.depth, n, found, dark_means, gains, ends, (profile.height, profile.width))


def range_of(settings, affine, max_code, n_channels):
    """The y that become 0 and 255: those that were set, or the method's own, over all channels."""
    if settings.range_low != settings.range_high:
        return settings.range_low, settings.range_high
    ends = []
    for c in range(n_channels):
        if settings.row.range is None:
            subtract, scale, add = affine.subtract[c], affine.scale[c], affine.add[c]
            ends += [float(-subtract * scale + add), float((max_code - subtract) * scale + add)]
            continue
        unit = max_code / 255.0 if settings.row.in_codes else 1
        gamma, beta = settings.value("gamma", c), settings.value("beta", c)
        ends += [end * unit * gamma + beta for end in settings.row.range]
    low, high = min(ends), max(ends)
    return (low, high + 1) if low == high else (low, high)


# --- the plan

def make_plan(settings, affine, depth):
    max_code = 2 ** depth - 1
    if settings.output in ("float32", "float16"):
        return float_plan(settings, affine)
    found = Quantization.of(settings, *range_of(settings, affine, max_code, affine.scale.shape[-1]))
    bounds = tuple(map(found.dtype, found.clip_codes(settings))) if settings.clips else None
    if depth == 8 and affine.scale.ndim == 1:
        return Plan(found.dtype, found, table=found.table(affine, 256), bounds=bounds)
    codes = found.affine(affine, max_code)
    return Plan(found.dtype, found, *[c.astype(numpy.float32) for c in (codes.centre, codes.scale, codes.bias)],
                bounds=bounds)


def float_plan(settings, affine):
    dtype = numpy.dtype(settings.output).type
    limit = LARGEST_FLOAT if dtype is numpy.float32 else float(LARGEST_HALF)
    bounds = None
    if settings.clips:
        bounds = tuple(dtype(numpy.float32(end if given is None else min(max(given, -limit), limit)))
                       for given, end in [(settings.clip_low, -limit), (settings.clip_high, limit)])
    return Plan(dtype, None, *[c.astype(numpy.float32) for c in affine[:3]], bounds=bounds)


def run(plan, frames):
    """In canonical order, channels last."""
    if plan.table is not None:
        results = numpy.empty(frames.shape, plan.dtype)
        for c, codes in enumerate(plan.table):
            numpy.take(codes, frames[..., c], out=results[..., c])
    else:
        values = numpy.subtract(frames, plan.centre, dtype=numpy.float32)  # exact: integers below 2^16
        values *= plan.scale
        values += plan.bias
        if plan.quantization:
            results = plan.quantization.round(values)
        elif plan.dtype is numpy.float16:
            results = numpy.clip(values, -LARGEST_HALF, LARGEST_HALF).astype(numpy.float16)
        else:
            results = values
    return results if plan.bounds is None else clip(results, *plan.bounds)


def clip(results, low, high):
    """Comparisons as the element makes them: half-precision numbers as integers in the same order, where -0 is below 0."""
    if results.dtype != numpy.float16:
        results = numpy.where(results < low, low, results)
        return numpy.where(results > high, high, results)
    bits, low, high = [order_half(numpy.asarray(half).view(numpy.int16)) for half in (results, low, high)]
    return order_half(numpy.minimum(numpy.maximum(bits, low), high)).view(numpy.float16)


def order_half(bits):
    """Its own inverse: of negative numbers all other bits turn."""
    return bits ^ ((bits >> 15) & numpy.int16(0x7fff))
