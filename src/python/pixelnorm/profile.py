# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profile: reads and writes a profile file as docs/format.md describes it, with numpy alone. No file is taken that the library
refuses (checks.py).
"""
import os

import numpy

from . import checks, writer
from .checks import SAMPLES, SUBSAMPLING
from .moments import MomentArrays, Moments, pool
from .safetensors import read_file, read_safetensors

TYPES = {"U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8"}


class Profile:
    """The saved statistics of a set of frames.

    metadata and arrays are what the file holds; arrays must not be changed. scope is "pixel" or "channel", width and
    height are 0 in scope channel, channels is "RGB", "YUV" or "Y". verified tells that it was read from a file whose digest was
    right.
    """

    def __init__(self, metadata, arrays, verified=False):
        self.metadata, self.arrays, self.verified = metadata, arrays, verified
        self.scope = "channel" if "samples" in arrays else "pixel"
        self.width, self.height, self.depth = [int(metadata[key]) for key in ("width", "height", "depth")]
        self.channels, self.range = metadata["channels"], metadata["range"]
        self.subsampling, self.matrix = metadata.get("subsampling"), metadata.get("matrix")
        self.frames = int(arrays["frames"][0])
        self.identity = metadata.get("identity", "")

    def __repr__(self):
        size = "any size" if self.scope == "channel" else f"{self.width}x{self.height}"
        return f"<pixelnorm.Profile of {self.frames} frames, {size}, {self.channels}, {self.depth} bits>"

    @classmethod
    def load(cls, path):
        """Reads a file. Raises OSError where it cannot be read and ValueError where it is not a profile."""
        return cls.parse(read_file(path), os.fspath(path))

    @classmethod
    def parse(cls, data, name="The profile"):
        """Reads the bytes of a file; name is what errors call it."""
        try:
            metadata, arrays = read_safetensors(data, TYPES, aligned=True)
            checks.check_version(metadata)
            checks.check_digest(data, metadata)
            checks.check_metadata(metadata, "channel" if "samples" in arrays else "pixel")
            if "frames" not in arrays or arrays["frames"].shape != (1,):
                raise ValueError('Tensor "frames", of one number, is missing. Use an undamaged copy.')
            profile = cls(metadata, arrays, verified=True)
            checks.check_arrays(profile)
            checks.check_numbers(profile)
            checks.check_identity(profile)
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from None
        return profile

    @classmethod
    def merge(cls, profiles):
        """The profile of the frames of several, as if all had been added to one: to the last integer, whatever the order.

        profiles: Profiles, or paths of files, which are read one after the other: a thousand take no more memory than two.
        Raises ValueError where they do not go together, and warns of shards of one set that are there twice."""
        from .accumulator import merge  # which makes profiles
        return merge(profiles)

    def to_bytes(self):
        """The bytes of its file."""
        return b"".join(writer.file_parts(self.metadata, self.arrays))

    def save(self, path, overwrite=False):
        """Writes a file, in one step: whoever reads meanwhile gets the old one or the new. One that is there is overwritten only
        where overwrite says so and it is a profile: else FileExistsError, or ValueError. Raises OSError where it cannot be
        written."""
        check_profile_target(path, overwrite)
        writer.write_file(path, writer.file_parts(self.metadata, self.arrays), overwrite)

    def channel_items(self, name, channel):
        """[height, width] of "sum", "sum_squares", "min", "max" or "count" as the file has them; None of counts that are those of
        all frames."""
        if self.subsampling:
            return self.arrays.get(f"{name}.{self.channels[channel]}")
        return self.arrays[name][..., 0 if name == "count" else channel] if name in self.arrays else None

    def moments(self, channel):
        """Of every sample of a channel (0, 1, ...): MomentArrays of shape [height, width], [1, 1] in scope channel,
        with a zero where the sample was never counted."""
        found = [self.channel_items(name, channel).astype(numpy.uint64) for name in SAMPLES]
        count = self.channel_items("count", channel)
        return MomentArrays(numpy.full_like(found[0], self.frames) if count is None else count.astype(numpy.uint64), *found)

    def pooled(self, channel=None):
        """Moments of a whole channel, or of all channels."""
        if channel is None:
            return pool(self.pooled(c) for c in range(len(self.channels)))
        if self.scope == "pixel":
            return self.moments(channel).pool()
        numbers = {name: int(self.arrays[name][0, 0, channel]) for name in SAMPLES}
        if "sum_squares_high" in self.arrays:
            numbers["sum_squares"] += int(self.arrays["sum_squares_high"][0, 0, channel]) << 64
        return Moments(int(self.arrays["samples"][channel]), *numbers.values())

    def histogram(self, channel=None):
        """How often each code value occurred in a channel, or in all: uint64 [2^depth]. Raises ValueError where the
        profile holds none."""
        if "histogram" not in self.arrays:
            raise ValueError("The profile holds no histogram, which percentiles need. Collect it with pixelstats "
                             "histogram=true.")
        counts = self.arrays["histogram"]
        return counts.sum(axis=0, dtype=numpy.uint64) if channel is None else counts[channel]

    def _image(self, derive):
        """[height, width, channels] from what derive makes of the moments of each channel."""
        images = []
        for channel in range(len(self.channels)):
            one = self.scope == "channel"
            found = self.pooled(channel) if one else self.moments(channel)
            image = numpy.full((1, 1), derive(found)) if one else derive(found.fill(Moments(1, 0, 0, 0, 0)))
            if self.subsampling and channel:
                columns, rows = SUBSAMPLING[self.subsampling]
                image = image.repeat(rows, 0).repeat(columns, 1)[:self.height, :self.width]
            images.append(image)
        return numpy.stack(images, axis=-1)

    def mean(self):
        """The mean image: float64 [height, width, channels], [1, 1, channels] in scope channel, in code values. U and V
        of a subsampled format are repeated; a sample that was never counted is 0."""
        return self._image(lambda moments: moments.mean)

    def std(self):
        """The population standard deviation (divided by N), likewise."""
        return self._image(lambda moments: numpy.sqrt(moments.variance))

    def dynamic_range(self):
        """Maximum - minimum, likewise."""
        return self._image(lambda moments: moments.max - moments.min).astype(float)


def check_target(path, overwrite):
    """Whether a file may be written there."""
    name = os.fspath(path)
    if not os.path.isdir(os.path.dirname(name) or "."):
        raise FileNotFoundError(f"{name} cannot be written: there is no folder {os.path.dirname(name)}. Make it first.")
    if os.path.exists(path) and not os.path.isfile(path):  # a file would take its place
        raise OSError(f"{name} cannot be written: it is {'a directory' if os.path.isdir(path) else 'not a regular file'}. Choose another "
                      "name.")
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"{name} is there already. {writer.ADVICE}")


def check_profile_target(path, overwrite):
    """Whether a profile may be written there. A damaged profile that is there is one, too, and what is empty is lost by nobody."""
    check_target(path, overwrite)
    if os.path.exists(path):
        begin = read_file(path, 8 + (1 << 20))
        header = begin[:8 + int.from_bytes(begin[:8], "little")]
        if header and b'"pixelnorm.version"' not in header:
            raise ValueError(f"{os.fspath(path)} is not a profile, so it is not overwritten. Choose another name, or remove it first.")
