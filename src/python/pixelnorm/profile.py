# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profile: reads and writes a profile file as docs/format.md describes it, with numpy alone.

Structure, types, shapes, the digest and the identity are checked. Whether the integers can be those of real samples is left to
the library (`pixelprofile verify`).
"""
import json
import os

import numpy

from . import writer, xxh3
from .moments import MomentArrays, Moments, pool

TYPES = {"U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8"}
CHANNELS = ("RGB", "YUV", "Y")
SUBSAMPLING = {"4:2:2": (2, 1), "4:2:0": (2, 2), "4:4:0": (1, 2), "4:1:1": (4, 1), "4:1:0": (4, 4)}
# what must stand in the metadata, and how it is checked
METADATA = {"width": str.isdigit, "height": str.isdigit, "channels": CHANNELS.__contains__,
            "depth": {str(bits) for bits in range(8, 17)}.__contains__, "range": ("full", "limited").__contains__,
            "frames_skipped": lambda text: text.isdigit() and int(text) < 2 ** 64}
# the tensors, and which may be missing; those of samples are one a channel where the format is subsampled
SAMPLES = ("sum", "sum_squares", "min", "max")
OPTIONAL = ("count", "histogram", "sum_squares_high")


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
        """Reads a file. Raises OSError where it cannot be read and ValueError where it is no profile."""
        with open(path, "rb") as file:
            return cls.parse(file.read(), os.fspath(path))

    @classmethod
    def parse(cls, data, name="The profile"):
        """Reads the bytes of a file; name is what errors call it."""
        try:
            metadata, arrays = read_safetensors(data)
            check_metadata(metadata)
            if "frames" not in arrays or arrays["frames"].shape != (1,):
                raise ValueError('Tensor "frames", of one number, is missing. Use an undamaged copy.')
            check_digest(data, metadata)
            profile = cls(metadata, arrays, verified=True)
            check_arrays(profile)
            check_identity(profile)
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

    def moments(self, channel):
        """Of every sample of a channel (0, 1, ...): MomentArrays of shape [height, width], [1, 1] in scope channel,
        with a zero where the sample was never counted."""
        def items(name):
            if self.subsampling:
                return self.arrays[f"{name}.{self.channels[channel]}"]
            return self.arrays[name][..., 0 if name == "count" else channel]

        found = [items(name).astype(numpy.uint64) for name in SAMPLES]
        counted = any(name.split(".")[0] == "count" for name in self.arrays)
        count = items("count").astype(numpy.uint64) if counted else numpy.full_like(found[0], self.frames)
        return MomentArrays(count, *found)

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


def read_safetensors(data, types=TYPES):
    """(metadata, arrays) of a file's bytes."""
    if len(data) < 8 or not 2 <= (length := int.from_bytes(data[:8], "little")) <= min(len(data) - 8, 100_000_000):
        raise ValueError("Found something that is no safetensors file. Give a file that pixelstats wrote, or of gamma and "
                         "beta.")
    try:
        header = json.loads(bytes(data[8:8 + length]).decode(), object_pairs_hook=without_repeats)
        metadata, content = header.pop("__metadata__", {}), memoryview(data)[8 + length:]
        arrays = {name: read_tensor(content, types, **tensor) for name, tensor in header.items()}
    except (AttributeError, KeyError, RecursionError, TypeError, UnicodeDecodeError, ValueError) as problem:
        raise ValueError(f"The header is damaged: {problem}. Use an undamaged copy.") from None
    if sum(array.nbytes for array in arrays.values()) != len(content):
        raise ValueError(f"The tensors cover {sum(array.nbytes for array in arrays.values())} bytes, and the file has "
                         f"{len(content)}. Use an undamaged copy.")
    return metadata, arrays


def without_repeats(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def read_tensor(content, types, dtype, shape, data_offsets):
    begin, end = data_offsets
    if not all(isinstance(n, int) and n >= 0 for n in [begin, end, *shape]) or not begin <= end <= len(content):
        raise ValueError(f"a tensor with the offsets {data_offsets}")
    return numpy.frombuffer(content[begin:end], types[dtype]).reshape(shape)


def check_metadata(metadata):
    version = metadata.get("pixelnorm.version")
    if version is None:
        raise ValueError('The metadata have no "pixelnorm.version", which every profile has: other software saved the '
                         "file anew, or it never was a profile. Use the original file, or make the profile anew.")
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("The metadata hold something that is no string. Use an undamaged copy.")
    if version.partition(".")[0] != "1":
        raise ValueError(f"The profile is of version {version}; this package reads versions 1.x. Use a newer one.")
    for key, fits in METADATA.items():
        if not fits(metadata.get(key, "")):
            raise ValueError(f'Metadata: "{key}" is "{metadata.get(key)}", which no profile has. Use an undamaged copy.')
    if "subsampling" in metadata and (metadata["subsampling"] not in SUBSAMPLING or metadata["channels"] != "YUV"):
        raise ValueError(f'Metadata: "subsampling" is "{metadata["subsampling"]}" of channels {metadata["channels"]}, '
                         "which no profile has. Use an undamaged copy.")


def check_digest(data, metadata):
    digest, mark = metadata.get("xxh3", ""), b'"xxh3":"'
    start = 8 + int.from_bytes(data[:8], "little")
    header = bytes(data[:start])
    place = header.find(mark + digest.encode() + b'"') + len(mark)
    if len(digest) != 32 or header.count(mark) != 1 or place < len(mark):
        raise ValueError('Header: expected exactly one "xxh3":"..." with 32 hexadecimal digits and no spaces before them. Use an '
                         "undamaged copy.")
    found = xxh3.best()
    for part in (header[:place] + b"0" * 32 + header[place + 32:], memoryview(data)[start:]):
        found.update(part)
    if found.hexdigest() != digest:
        raise ValueError(f'The content does not match its digest: "xxh3" is {digest}, the file\'s bytes give '
                         f"{found.hexdigest()}. The file is damaged or was altered: use an undamaged copy.")


def check_identity(profile):
    found = writer.identity(profile.metadata, profile.arrays)
    if profile.identity != found:
        raise ValueError(f'Metadata: "identity" is "{profile.identity}", the content gives "{found}". Use an undamaged copy.')


def check_target(path, overwrite):
    """Whether a file may be written there."""
    name = os.fspath(path)
    if not os.path.isdir(os.path.dirname(name) or "."):
        raise FileNotFoundError(f"{name} cannot be written: there is no folder {os.path.dirname(name)}. Make it first.")
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"{name} is there already. {writer.ADVICE}")


def check_profile_target(path, overwrite):
    """Whether a profile may be written there. A damaged profile that is there is one, too, and what is empty is lost by nobody."""
    check_target(path, overwrite)
    if os.path.exists(path):
        with open(path, "rb") as file:
            header = file.read(8)
            header += file.read(min(int.from_bytes(header, "little"), 1 << 20))
        if header and b'"pixelnorm.version"' not in header:
            raise ValueError(f"{os.fspath(path)} is no profile, so it is not overwritten. Choose another name, or remove it first.")


def expected_shapes(profile):
    """{name: shape} of the tensors that the profile's geometry allows."""
    n, levels = len(profile.channels), 2 ** profile.depth
    shapes = {"frames": [1], "histogram": [n, levels]}
    if profile.scope == "channel":
        shapes["samples"] = [n]
        return {**shapes, **{name: [1, 1, n] for name in (*SAMPLES, "sum_squares_high")}}
    if not profile.subsampling:
        whole = [profile.height, profile.width]
        return {**shapes, **{name: [*whole, n] for name in SAMPLES}, "count": [*whole, 1]}
    columns, rows = SUBSAMPLING[profile.subsampling]
    for name in (*SAMPLES, "count"):
        shapes[f"{name}.Y"] = [profile.height, profile.width]
        for letter in "UV":
            shapes[f"{name}.{letter}"] = [-(-profile.height // rows), -(-profile.width // columns)]
    return shapes


def item_sizes(name, depth):
    if name in ("min", "max"):
        return (1,) if depth == 8 else (2,)
    return (4, 8) if name in writer.NARROWED else (8,)


def check_arrays(profile):
    shapes = expected_shapes(profile)
    for name, array in profile.arrays.items():
        if name not in shapes:
            raise ValueError(f'Tensor "{name}" does not belong into such a profile. Use an undamaged copy, or a newer '
                             "version of this package.")
        if list(array.shape) != shapes[name]:
            raise ValueError(f'Tensor "{name}": its shape is {list(array.shape)}, expected {shapes[name]}. Use an '
                             "undamaged copy.")
        sizes = item_sizes(name.split(".")[0], profile.depth)
        if array.itemsize not in sizes:
            raise ValueError(f'Tensor "{name}": items of {array.itemsize} bytes, expected {" or ".join(map(str, sizes))}. Use an '
                             "undamaged copy.")
    missing = [name for name in shapes if name not in profile.arrays and name.split(".")[0] not in OPTIONAL]
    parts = [name for name in shapes if name.startswith("count.")]
    present = [name for name in parts if name in profile.arrays]
    if missing or present not in ([], parts):
        raise ValueError(f'Tensor "{(missing or [n for n in parts if n not in present])[0]}" is missing. Use an '
                         "undamaged copy.")
    if not 1 <= profile.frames <= 2 ** 32:
        raise ValueError(f'Tensor "frames": {profile.frames}, expected 1 to {2 ** 32}. Use an undamaged copy.')
