# SPDX-License-Identifier: LGPL-2.1-or-later
"""gamma and beta that were learned in training (the property affine-location of the element): y becomes
y * gamma + beta, a value for all samples, one a channel, or one a sample.
"""
import os
from typing import NamedTuple

import numpy

from .safetensors import read_file, read_safetensors

TYPES = {"F32": "<f4", "F64": "<f8"}
LARGEST_VALUE = 1e6
LARGEST_SIDE = 2 ** 20


class Learned(NamedTuple):
    """Two float64 arrays [height, width, channels], [channels] or [1]."""
    gamma: numpy.ndarray
    beta: numpy.ndarray

    @classmethod
    def of(cls, given):
        """Of the path of a safetensors file, or of a mapping as {"gamma": array}; numpy's or torch's."""
        if given is None or isinstance(given, cls):
            return given
        name = "affine"
        if isinstance(given, (str, os.PathLike)):
            name = os.fspath(given)
            data = read_file(given)
        try:
            if name != "affine":
                _, given = read_safetensors(data, TYPES)
            return cls._of_arrays(given)
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from None

    @classmethod
    def _of_arrays(cls, given):
        strange = [name for name in given if name not in ("gamma", "beta")]
        if strange or not given:
            raise ValueError(f"Expected arrays gamma, beta, or both, found {', '.join(map(str, strange)) or 'none'}. Give "
                             "these, under these names.")
        arrays = {"gamma": numpy.ones(1), "beta": numpy.zeros(1)}
        for name, values in given.items():
            with numpy.errstate(invalid="ignore"):  # not-a-numbers are refused in words
                arrays[name] = check_array(name, numpy.asarray(values, float))
        found = cls(**arrays)
        found._check_together()
        return found

    def _check_together(self):
        shapes = {array.shape for array in self if array.shape != (1,)}
        sizes = {shape[:2] for shape in shapes if len(shape) == 3}
        if len(sizes) > 1 or len({shape[-1] for shape in shapes}) > 1:
            raise ValueError(f"gamma has the shape {list(self.gamma.shape)} and beta {list(self.beta.shape)}, which are not "
                             "frames of the same size and channels. Bring them into shapes that agree.")

    @property
    def size(self):
        """(height, width), or None: any."""
        return next((array.shape[:2] for array in self if array.ndim == 3), None)

    @property
    def n_channels(self):
        """Or None: any."""
        return next((array.shape[-1] for array in self if array.shape != (1,)), None)

    def channel(self, c):
        """(gamma, beta) of a channel: numbers, or arrays [height, width]."""
        return tuple(array[..., c if array.shape[-1] > 1 else 0] for array in self)


def check_array(name, array):
    if not (array.ndim in (1, 3) and array.size and array.shape[-1] in (1, 3) and max(array.shape) <= LARGEST_SIDE):
        planes = array.ndim == 3 and array.shape[0] in (1, 3)
        raise ValueError(f"{name} has the shape {list(array.shape)}, expected [height, width, channels], [channels] or [1], "
                         f"with 1 or 3 channels. {'Put the channels last' if planes else 'Bring it into one of these'}.")
    wrong = ~(numpy.abs(array) <= LARGEST_VALUE)
    if wrong.any():
        raise ValueError(f"{name} holds {array[wrong][0]:g}, expected numbers within -1e6 and 1e6. Look at how it was "
                         "trained.")
    return array
