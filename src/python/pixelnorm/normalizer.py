# SPDX-License-Identifier: LGPL-2.1-or-later
"""Normalizer: frames in, normalized arrays out, to the bits of the element pixelnorm.

Every method folds into y = (x - centre) * scale + bias with an integer centre. The coefficients are made in double from
the profile's integers, by the operations of the library in their order (methods.py, moments.py); then they are
float32, x - centre is exact, and what is left is one multiplication and one addition in float32, which numpy rounds as
the element does. Results below 1.2e-38 may be 0 in the element, which does not keep denormal numbers.
"""
import dataclasses
import os
import warnings
from typing import NamedTuple

import numpy

from . import floor
from .coefficients import fixed_coefficients, frames_coefficients, profile_coefficients, range_of, reach_of
from .learned import Learned
from .profile import Profile
from .quantization import Quantization
from .settings import Settings

LARGEST_HALF = numpy.float32(65504)
LARGEST_FLOAT = float(numpy.finfo(numpy.float32).max)
CHANNELS = {1: "Y", 3: "RGB"}
SETTINGS = {field.name for field in dataclasses.fields(Settings)}


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

    profile: a Profile or the path of one; dark: one of dark frames, for the method flat-field. affine: gamma and beta that
    were learned, a safetensors file or a mapping {"gamma": array, "beta": array}, of shape [H, W, C], [C] or [1].
    method: "zscore", "center", "mean-range", "min-max", "percentile", "flat-field" or "fixed".
    scope: "pixel", "channel" or "global". statistics: "profile", "frame" (each frame's own) or "batch" (those of all frames
    of a call together); the last two need no profile.
    output: "float32", "float16", "int8", "uint8", or "video": 8-bit codes of range_low to range_high.
    layout: "nhwc" or "nchw". depth: bits of a sample, where neither the profile nor the type of the frames says it.
    The others are the properties of the element, with underscores, as pixelnorm.settings.Settings lists them.

    Raises ValueError in words for what cannot be, and warns (UserWarning) of what the element warns of: mean and std in other units
    than it looks, and min_deviation where it rules a whole channel or most samples. Can be pickled; calling it changes nothing in it.
    """

    def __init__(self, profile=None, *, dark=None, affine=None, depth=None, **settings):
        try:
            self.settings = Settings(**settings)
        except TypeError as problem:
            raise TypeError(f"Normalizer: {str(problem).partition('() ')[2] or problem}") from None
        self.identity = self.width = self.height = self.channels = None
        self.depth = depth
        if depth is not None and depth not in range(8, 17):
            raise ValueError(f"depth is {depth}; a sample has 8 to 16 bits.")
        self._floored, doubts = None, [wrong_units(self.settings)]
        self._learned = Learned.of(affine)
        self._coefficients = None
        if self._learned and self._learned.size:
            self.height, self.width = self._learned.size
        if self.settings.row.needs_profile and self.settings.statistics == "profile":
            doubts.append(self._take_profile(loaded(profile), loaded(dark)))
        self._plans = {}
        for doubt in filter(None, doubts):
            warnings.warn(doubt, stacklevel=2)

    def __setattr__(self, name, value):
        if name in SETTINGS:
            raise AttributeError(f"A Normalizer keeps the settings that it was made with: make another one, with {name}={value!r}.")
        super().__setattr__(name, value)

    def _take_profile(self, profile, dark):
        """Returns what is to be said of min_deviation, or None."""
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
            if self.width and (self.width, self.height) != (profile.width, profile.height):
                raise ValueError(f"Another size: the profile is {profile.width}x{profile.height}, the arrays of gamma and "
                                 f"beta are {self.width}x{self.height}. Use arrays of the size of the frames.")
            self.width, self.height = profile.width, profile.height
        if self._learned and self._learned.n_channels not in (None, len(profile.channels)):
            raise ValueError(f"gamma and beta are of {self._learned.n_channels} channels, the profile has "
                             f"{profile.channels}. Use arrays of such frames.")
        self._coefficients = profile_coefficients(settings, profile, dark, self._learned)
        found = floor.measure(settings, profile, dark)
        self._floored = tuple(part.share for part in found)
        return floor.describe(settings, profile, found)

    @property
    def max_code(self):
        return None if self.depth is None else 2 ** self.depth - 1

    def coefficients(self, frames=None, n_channels=None):
        """The Coefficients. Of statistics frame and batch they are those of these frames, all of them together; the
        method fixed needs the number of channels where its values do not tell."""
        if self._coefficients is not None:
            return self._coefficients
        if self.settings.statistics != "profile":
            if frames is None:
                raise ValueError(f"With statistics={self.settings.statistics} the coefficients are those of frames: "
                                 "give them.")
            frames, depth = self._check_frames(frames)
            return frames_coefficients(self.settings, frames, depth, self._learned)
        return fixed_coefficients(self.settings, n_channels or self._most_channels(), self.depth or 8, self._learned)

    def _most_channels(self):
        if self.channels:
            return len(self.channels)
        given = [len(getattr(self.settings, name)) for name in ("mean", "std", "gamma", "beta")]
        return max([*given, self._learned.n_channels or 1 if self._learned else 1])

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

    def range(self):
        """The y that become 0 and 255 in 8-bit video: (low, high)."""
        return range_of(self.settings, self.max_code or 255, self._most_channels(), self._learned)

    def floored(self):
        """Of each channel of the profile the share of its samples, 0 to 1, that are divided by min_deviation, since their
        deviation (or what else the method divides by) is less; of scope channel and global 0 or 1. None without a profile."""
        return self._floored

    def quantization(self):
        """(scale, zero_point) of output int8 or uint8: y = (code - zero_point) * scale. Where quant_scale is 0 they are such
        that the range becomes all of the codes, and samples of 8 bits share a code only where they must."""
        if self.settings.output not in ("int8", "uint8"):
            raise ValueError(f"Output {self.settings.output} is not quantized; int8 and uint8 are.")
        n = self._most_channels()
        coefficients = self.coefficients(n_channels=n) if self.settings.statistics == "profile" else None
        found = quantization_of(self.settings, coefficients, self.depth or 8, n, self._learned)
        return found.step, found.zero_point

    def denormalize(self, results, coefficients=None):
        """The way back: what __call__ returned (or a network made of it) -> code values, uint8 or uint16 of shape
        [H, W, C] or [N, H, W, C], rounded and saturated. coefficients: those of the frames, for statistics frame and
        batch."""
        settings, y = self.settings, self._reorder(numpy.asarray(results))
        n = y.shape[-1]
        if coefficients is None:
            coefficients = self.coefficients(n_channels=n)
        if coefficients.scale.ndim == 3 and y.shape[-3:] != coefficients.scale.shape:
            raise ValueError(f"Another size: expected results of {coefficients.scale.shape}, found {y.shape[-3:]} (height, "
                             "width, channels). Give results of the size of the profile.")
        if not coefficients.scale.all():
            raise ValueError("gamma is 0: what was multiplied by it cannot be had back.")
        y, largest = y.astype(float), self.max_code or 255
        if settings.output in ("int8", "uint8", "video"):
            found = quantization_of(settings, coefficients, self.depth or 8, n, self._learned)
            codes = y - found.zero_point + found.below_half(coefficients.scale / found.step)
            y = codes * found.step + found.offset
        codes = numpy.rint((y - coefficients.bias) / coefficients.scale + coefficients.centre)
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
            raise ValueError(f"Another size: the {'profile is' if self.channels else 'arrays of gamma and beta are'} {self.width}x{self.height}, the frames are {width}x{height}. "
                             "Scale to that size first, or use scope channel.")
        if self._learned and self._learned.n_channels not in (None, n):
            raise ValueError(f"gamma and beta are of {self._learned.n_channels} channels, the frames have {n}. Use arrays of "
                             "such frames.")
        for name in ("mean", "std", "gamma", "beta"):
            used = getattr(self.settings, name) if name in ("gamma", "beta") or self.settings.method == "fixed" else ()
            if len(used) > 1 and len(used) != n:
                raise ValueError(f"{name} has {len(used)} values, and the frames {n} channel. Give one value.")

    def _plan(self, frames, depth):
        """Made once, except of statistics of the frames themselves."""
        settings, n = self.settings, frames.shape[-1]
        if settings.statistics != "profile":
            return make_plan(settings, frames_coefficients(settings, frames, depth, self._learned), depth, self._learned)
        if (n, depth) not in self._plans:
            found = self._coefficients
            if found is None:
                found = fixed_coefficients(settings, n, depth, self._learned)
            self._plans[n, depth] = make_plan(settings, found, depth, self._learned)
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


def wrong_units(settings):
    """What the element says where mean and std look like those of other units; or None."""
    if settings.method != "fixed":
        return None
    largest_mean, unit = max(map(abs, settings.mean)), settings.units == "unit"
    if unit and largest_mean > 2:
        return ("mean and std look like code values, 0 to 255, and are taken as values for samples of 0 to 1. If the former is "
                "meant, set units=code.")
    # mean 0 and std 1 leave samples as they are, which may be meant
    if not unit and max(largest_mean, *settings.std) <= 1 and (settings.mean[0] > 0 or settings.std[0] < 0.5):
        return ("mean and std look like values for samples of 0 to 1, and are taken as code values, 0 to 255. If the former is "
                "meant, set units=unit.")
    return None


def loaded(profile):
    if isinstance(profile, (str, os.PathLike)):
        return Profile.load(profile)
    if profile is not None and not isinstance(profile, Profile):
        raise TypeError(f"Expected a pixelnorm.Profile or the path of one, found {type(profile).__name__}. Frames go to the "
                        "Normalizer when it is called.")
    return profile


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


# --- the plan

def make_plan(settings, found, depth, learned):
    if settings.output in ("float32", "float16"):
        return float_plan(settings, found)
    quantization = quantization_of(settings, found, depth, found.scale.shape[-1], learned)
    bounds = tuple(map(quantization.dtype, quantization.clip_codes(settings))) if settings.clips else None
    if depth == 8 and found.scale.ndim == 1:
        return Plan(quantization.dtype, quantization, table=quantization.table(found, 256), bounds=bounds)
    codes = quantization.coefficients(found, 2 ** depth - 1)
    return Plan(quantization.dtype, quantization,
                *[c.astype(numpy.float32) for c in (codes.centre, codes.scale, codes.bias)], bounds=bounds)


def quantization_of(settings, coefficients, depth, n_channels, learned):
    """coefficients: None where they are those of frames to come."""
    reach = reach_of(settings, coefficients, depth) if coefficients else None
    return Quantization.of(settings, *range_of(settings, 2 ** depth - 1, n_channels, learned), reach)


def float_plan(settings, found):
    dtype = numpy.dtype(settings.output).type
    limit = LARGEST_FLOAT if dtype is numpy.float32 else float(LARGEST_HALF)
    bounds = None
    if settings.clips:
        bounds = tuple(dtype(numpy.float32(end if given is None else min(max(given, -limit), limit)))
                       for given, end in [(settings.clip_low, -limit), (settings.clip_high, limit)])
    return Plan(dtype, None, *[c.astype(numpy.float32) for c in found[:3]], bounds=bounds)


def run(plan, frames):
    """In canonical order, channels last."""
    if plan.table is not None:
        results = numpy.empty(frames.shape, plan.dtype)
        for c, codes in enumerate(plan.table):
            numpy.take(codes, frames[..., c], out=results[..., c])
    else:
        values = scale(frames, plan.centre, plan.scale, plan.bias)
        if plan.quantization:
            results = plan.quantization.round(values)
        elif plan.dtype is numpy.float16:
            results = numpy.clip(values, -LARGEST_HALF, LARGEST_HALF).astype(numpy.float16)
        else:
            results = values
    return results if plan.bounds is None else clip(results, *plan.bounds)


def scale(frames, *coefficients):
    """float32. Coefficients of channels are repeated to a row, since loops over 3 numbers take 30 times as long."""
    shape, (height, width, n) = frames.shape, frames.shape[-3:]
    if coefficients[0].ndim == 1:
        coefficients = [numpy.tile(values, width) for values in coefficients]
        frames = frames.reshape(*shape[:-3], height, width * n)
    centre, factor, bias = coefficients
    values = numpy.subtract(frames, centre, dtype=numpy.float32)  # exact: integers below 2^16
    values *= factor
    values += bias
    return values.reshape(shape)


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
