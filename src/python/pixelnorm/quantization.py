# SPDX-License-Identifier: LGPL-2.1-or-later
"""From values to 8-bit codes, as ONNX's QuantizeLinear does: rounded half to even, then the zero-point is added, then
saturated (src/normalize/quantization.c, src/normalize/clip.c). 8-bit video is the same with an offset instead of a zero-point.

Unless a model said the scale, halves go to the lower code where a step is one code value of the samples: there every sample of a
channel may be a half.
"""
import math
from typing import NamedTuple

import numpy

MAX_COEFFICIENT = 1e30  # times 65535 it is still a float32
NEAR = 1e-9             # no decimal setting is exact in binary
BELOW_HALF = 2.0 ** -14


class Quantization(NamedTuple):
    offset: float
    step: float
    zero_point: int
    smallest: int
    largest: int
    halves_down: bool

    @classmethod
    def of(cls, settings, low, high, reach=None):
        """Of a tensor or of video whose range is low to high; reach: what reach_of() says. All codes are for the range, which
        is widened to hold 0, since the zero-point is a code; or for the part of it that samples reach, if then less of them come
        to the same code. A step is one code value of the samples at least."""
        if settings.output == "video":
            return cls(low, (high - low) / 255, 0, 0, 255, True)
        smallest, largest = (-128, 127) if settings.output == "int8" else (0, 255)
        if settings.quant_scale:
            return cls(0.0, settings.quant_scale, int(settings.quant_zero_point), smallest, largest, False)
        lowest, highest = min(low, high, 0.0), max(low, high, 0.0)
        step = (highest - lowest) / 255
        if reach:
            first, last = max(lowest, min(reach[0], 0.0)), min(highest, max(reach[1], 0.0))
            reached = max((last - first) / 255, reach[2])
            if reached < step * (1 - NEAR):
                step, lowest = reached, first
        return cls(0.0, step, smallest - math.ceil(lowest / step - 0.5 - NEAR), smallest, largest, True)

    @property
    def dtype(self):
        return numpy.int8 if self.smallest < 0 else numpy.uint8

    def below_half(self, scale):
        """What is taken from the code before rounding, for code values of scale steps, an array."""
        return numpy.where(abs(abs(scale) - 1) < NEAR, BELOW_HALF, 0.0)

    def coefficients(self, found, max_code):
        """To codes before rounding. The centre moves next to the sample that becomes the middle code, so that what is
        not saturated is a difference of small numbers."""
        middle = (self.smallest + self.largest) / 2.0 - self.zero_point
        scale = found.scale / self.step
        bias = (found.bias - self.offset) / self.step
        with numpy.errstate(divide="ignore", over="ignore", invalid="ignore"):
            moved = numpy.clip(numpy.rint(found.centre + (middle - bias) / scale), 0, max_code)
        centre = numpy.where(scale != 0, moved, found.centre)
        bias = bias + numpy.where(scale != 0, (centre - found.centre) * scale, 0)
        if self.halves_down:
            bias = bias - self.below_half(scale)
        return found._replace(centre=centre, bias=numpy.clip(bias, -MAX_COEFFICIENT, MAX_COEFFICIENT),
                               scale=numpy.clip(scale, -MAX_COEFFICIENT, MAX_COEFFICIENT))

    def round(self, values):
        """float32 values of coefficients() -> codes."""
        codes = numpy.rint(numpy.clip(values, -1024, 1024)).astype(numpy.int16) + self.zero_point
        return numpy.clip(codes, self.smallest, self.largest).astype(self.dtype)

    def table(self, found, n_codes):
        """The exact code of every sample value: [channels, n_codes], from coefficients [channels]."""
        wide = numpy.longdouble
        x = numpy.arange(n_codes, dtype=wide)
        y = (x - found.subtract.astype(wide)[:, None]) * found.scale[:, None] + found.add[:, None]
        low, high = self.smallest - self.zero_point, self.largest - self.zero_point
        clamped = numpy.clip((y - wide(self.offset)) / wide(self.step), wide(low), wide(high))
        whole = numpy.floor(clamped)
        tie = numpy.abs(clamped - whole - wide(0.5)) < wide(NEAR)
        down = self.halves_down and self.below_half(found.scale / self.step)[:, None] > 0
        rounded = numpy.where(tie, whole + numpy.where(down, 0, whole % 2), numpy.rint(clamped))
        return (rounded.astype(numpy.int64) + self.zero_point).astype(self.dtype)

    def clip_codes(self, settings):
        """The lowest and highest code that results have; a range that is turned around turns them, too."""
        def code_of(y):
            steps = (y - self.offset) / self.step
            rounded = steps if math.isinf(steps) else round(steps) + self.zero_point
            return int(min(max(rounded, self.smallest), self.largest))

        codes = [code_of(-math.inf if settings.clip_low is None else settings.clip_low),
                 code_of(math.inf if settings.clip_high is None else settings.clip_high)]
        return min(codes), max(codes)
